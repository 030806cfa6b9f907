//! `spikescope film`: a saved scene along its time bar.

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use super::failure::UsageError;
use super::output::{Format, Output};
use super::progress::{Progress, Unit};
use super::report::MadeFilm;
use super::values::choice;
use crate::ui::film::order::{self, Choices, Size, Source};
use crate::ui::film::{Order, Watch, studio};
use crate::ui::scene::Look;

/// Film a saved scene along its time bar; needs no display
///
/// The film shows what the time bar shows, from its first step to its last one, spread evenly
/// over the frames. A simulation goes up to the step at which the scene was saved, unless --to
/// says otherwise. Scenes are saved in the window (Ctrl+S). MP4 needs ffmpeg.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope film walk.spikescope --out walk.gif
  spikescope film walk.spikescope --out walk.mp4 --look projector --caption \"A three becomes an eight\"
  spikescope film neuron.spikescope --out neuron.png --to 2000 --seconds 5 --size small")]
pub struct FilmArgs {
    /// The scene
    #[arg(value_name = "FILE")]
    pub scene: PathBuf,
    /// The film: .gif, .png (animated) or .mp4
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Frames per second
    #[arg(long, value_name = "N", default_value_t = 12,
        value_parser = clap::value_parser!(u32).range(i64::from(order::FPS.0)..=i64::from(order::FPS.1)))]
    pub fps: u32,
    /// How long it is
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    pub seconds: f64,
    /// How large the picture is
    #[arg(long, value_name = "SIZE", default_value = "medium", value_parser = choice(&[
        ("small", "640 × 480", Size::Small),
        ("medium", "1024 × 768", Size::Medium),
        ("window", "A laptop's window, 1280 × 800", Size::Window),
    ]))]
    pub size: Size,
    /// A line below the picture
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub caption: String,
    /// How bright it is
    #[arg(long, value_name = "LOOK", default_value = "light", value_parser = choice(&[
        ("light", "", Look::Light),
        ("dark", "", Look::Dark),
        ("projector", "In large type", Look::Projector),
    ]))]
    pub look: Look,
    /// The first step [default: the first of the time bar]
    #[arg(long, value_name = "STEP")]
    pub from: Option<u64>,
    /// The last step [default: the last of the time bar]
    #[arg(long, value_name = "STEP")]
    pub to: Option<u64>,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

fn seconds(text: &str) -> Result<f64, String> {
    let (least, most) = order::SECONDS;
    let seconds: Option<f64> = text.parse().ok();
    seconds
        .filter(|s| (least..=most).contains(s))
        .ok_or_else(|| format!("a film has {least} to {most} seconds"))
}

impl Watch for Progress {
    fn cancelled(&self) -> bool {
        false
    }

    fn told(&self, frame: u32, of: u32) {
        self.set_total(of.into());
        self.set(frame.into());
    }
}

pub fn run(args: &FilmArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let order = order(args)?;
    let progress = Progress::new(order.choices.frames().into(), Unit::Frames);
    progress.tick_steadily();
    let filmed = studio::make(&order, &progress);
    drop(progress);
    let filmed = filmed?;
    let file = args.out.display().to_string();
    out.line(&file)?;
    out.json(&MadeFilm {
        file,
        frames: filmed.frames,
        fps: args.fps,
        width: filmed.pixels[0],
        height: filmed.pixels[1],
        first_step: filmed.steps.0,
        last_step: filmed.steps.1,
    })?;
    Ok(Outcome::Done)
}

fn order(args: &FilmArgs) -> Result<Order, UsageError> {
    let format = order::Format::of(&args.out).ok_or_else(|| {
        UsageError(format!(
            "--out {}: a film is a file .gif, .png (animated) or .mp4",
            args.out.display()
        ))
    })?;
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from >= to
    {
        return Err(UsageError(format!("--from {from} has to be before --to {to}")));
    }
    if args.caption.chars().count() > order::MOST_CAPTION {
        let most = order::MOST_CAPTION;
        return Err(UsageError(format!("--caption: {most} characters are the most")));
    }
    let choices = Choices {
        format,
        size: args.size,
        fps: args.fps,
        seconds: args.seconds,
        caption: args.caption.clone(),
    };
    let (pixels, scale) = args.size.pixels(Look::Light.size(), 1.0);
    Ok(Order {
        path: args.out.clone(),
        source: Source::File(args.scene.clone()),
        choices,
        pixels,
        scale,
        theme: args.look.theme(),
        projector: args.look == Look::Projector,
        from: args.from,
        to: args.to,
        mnist: crate::data::mnist::find(args.mnist.as_deref()),
    })
}
