//! `spikescope imagine`: a generative network completes pictures and dreams up others.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Outcome;
use super::failure::UsageError;
use super::output::{Format, Output, complain};
use super::report::{Imagined, ImaginedFrame, JudgedNetwork};
use super::values::{number, share_to};
use super::{digits, models, table};
use crate::ann::bundled;
use crate::ann::energy::film::{Completion, Depth, Imagining, complete, walk};
use crate::ann::energy::judge::{Judged, judge, samples};
use crate::ann::energy::prior::Wish;
use crate::ann::energy::{Given, Model, Objective};
use crate::ann::network::Network;
use crate::ann::trainer::{self, TrainConfig};
use crate::ann::weights;
use crate::data::picture::{gif, load_mask, load_plain, write_png};
use crate::data::{CLASSES, Dataset, PIXELS, Pixels, SIDE};

/// The network that is asked where no weights are named.
const USUAL: &str = "bengio2015";
/// How many pixels of a film one of the picture's becomes.
const ZOOM: usize = 8;
/// Dark pixels between the pictures of a sheet.
const GAP: usize = 2;
/// Samples that the other networks are asked about.
const ASKED: usize = 1000;
/// What they have to be sure of to recognise one.
const SURE: f32 = 0.5;
/// Less ink than this is none.
const LEAST_INK: f32 = 0.1;

/// Let a generative network complete a picture, or dream up digits
///
/// Bengio, Lee, Bornschein and Lin's network infers what lies behind a picture of which a part is
/// missing, and draws the rest; or it draws digits from its prior, with no picture at all.
/// A picture is taken as it is, scaled to 28×28 pixels; what is transparent is missing.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope imagine --in half.png --out film.gif          complete the half that is blank
  spikescope imagine --in five.png --cover left --out film.png   what covers, step by step
  spikescope imagine --in three.png --to eight.png --out walk.gif
  spikescope imagine --dream --out sheet.png               a hundred digits
  spikescope imagine --dream --digit 7 --refine 5 --out sevens.png")]
pub struct ImagineArgs {
    /// The picture (.png, .jpg)
    #[arg(long = "in", value_name = "FILE", required_unless_present_any = ["dream", "judge"])]
    pub input: Option<PathBuf>,
    /// The film (.gif) or the sheet (.png) to write
    #[arg(long, value_name = "FILE", required_unless_present = "judge")]
    pub out: Option<PathBuf>,
    /// The part that is missing [default: the half that is blank, if one is]
    #[arg(long, value_enum, conflicts_with_all = ["mask", "dream", "to"])]
    pub cover: Option<Cover>,
    /// A picture that is white where the other is known, and black where it is missing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dream", "to"])]
    pub mask: Option<PathBuf>,
    /// Walk from one picture to this one in latent space
    #[arg(long, value_name = "FILE", requires = "input", conflicts_with = "dream")]
    pub to: Option<PathBuf>,
    /// Dream up digits
    #[arg(long, conflicts_with = "input")]
    pub dream: bool,
    /// Only this digit: dreamed, or expected of what is missing
    #[arg(long, value_name = "DIGIT", value_parser = clap::value_parser!(u8).range(0..=9))]
    pub digit: Option<u8>,
    /// How many digits are dreamed
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = number(1..=256))]
    pub count: usize,
    /// Sweeps up and down by which each dream is refined
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = number(0..=1000))]
    pub refine: usize,
    /// How far dreams may be from the usual: 0 not at all, 1 as digits are
    #[arg(long, value_name = "T", default_value_t = 1.0, value_parser = share_to::<3>)]
    pub temperature: f32,
    /// Noise on the latent variables [default: some while completing, none while dreaming]
    #[arg(long, value_name = "SHARE", value_parser = share_to::<2>)]
    pub noise: Option<f32>,
    /// Steps of a completion or a walk
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = number(2..=500))]
    pub steps: usize,
    /// Measure the network by so many of MNIST's test images: J, completions, samples
    #[arg(long, value_name = "N", conflicts_with_all = ["input", "dream", "out"],
        value_parser = number(1..=10_000))]
    pub judge: Option<usize>,
    /// With --judge: by the training images that `train --validation 2` holds out instead
    #[arg(long, requires = "judge")]
    pub held_out: bool,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    /// Weights of a generative network [default: the bundled ones]
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Where the random numbers begin
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub format: Format,
}

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Cover {
    Left,
    Right,
    Top,
    Bottom,
    /// Nothing: the picture is only inferred
    None,
}

impl Cover {
    const HALVES: [Self; 4] = [Self::Right, Self::Left, Self::Bottom, Self::Top];

    fn hides(self, i: usize) -> bool {
        let (y, x) = (i / SIDE, i % SIDE);
        match self {
            Self::Left => x < SIDE / 2,
            Self::Right => x >= SIDE / 2,
            Self::Top => y < SIDE / 2,
            Self::Bottom => y >= SIDE / 2,
            Self::None => false,
        }
    }
}

pub fn run(args: &ImagineArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let network = network(args.weights.as_deref())?;
    let model = Model::of(&network).ok_or_else(|| {
        UsageError(format!(
            "{} has no latent variables; weights of bengio2015 or such as energy-500-100 are needed",
            network.architecture().name
        ))
    })?;
    let Some(file) = &args.out else {
        return judged(&model, args, out);
    };
    let film = film_of(file)?;
    let mut frames = Vec::new();
    let shown = match (&args.input, &args.to) {
        (Some(from), Some(to)) => walked(&model, args, [from, to], &mut frames)?,
        (Some(file), None) => completed(&model, args, file, &mut frames)?,
        (None, _) => dreamed(&model, args, film),
    };
    write(file, film, &shown)?;
    out.line(file.display())?;
    for ImaginedFrame { step, objective, .. } in frames.first().into_iter().chain(frames.last()) {
        let (j, pixels, hidden) = (objective.total(), objective.pixels, objective.hidden);
        let prior = match objective.prior {
            0.0 => String::new(),
            prior => format!(", the prior's pull {prior:.1}"),
        };
        out.line(format_args!(
            "after {step} steps: J {j:.1} nats, of it log p(x|h1) {pixels:.1}, log p(h1|h2) {hidden:.1}{prior}"
        ))?;
    }
    if !frames.is_empty() {
        out.line("causes are drawn at random here, sweep by sweep, and do not climb J")?;
    }
    out.json(&Imagined { file: file.display().to_string(), frames })?;
    Ok(Outcome::Done)
}

/// Measures the network.
fn judged(model: &Model<'_>, args: &ImagineArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let split = digits::load("mnist", args.mnist.as_deref())?;
    let count = args.judge.unwrap_or(1000);
    let all = |set: &Dataset| (0..set.len()).map(|i| set.pixels(i)).collect::<Vec<Pixels>>();
    let (training, pictures) = if args.held_out {
        let config = TrainConfig { validation_share: 0.02, ..TrainConfig::default() };
        let (learned, held_out) = trainer::split(&config, &split.train)?;
        let learned = learned.iter().map(|i| split.train.pixels(*i as usize));
        (learned.collect(), all(&held_out))
    } else {
        (all(&split.train), all(&split.test))
    };
    let pictures = &pictures[..count.min(pictures.len())];
    let pool = crate::ann::pool(models::threads(None))?;
    let judged = pool.install(|| judge(model, &training, pictures, args.seed));
    let networks: Vec<Network> =
        bundled::AUGMENTED.networks().into_iter().filter_map(|n| n.ok().map(|(n, _)| n)).collect();
    let known = pool.install(|| {
        [(true, 0), (true, 1), (false, 0), (false, 1)].map(|(by_class, sweeps)| {
            let samples = samples(model, ASKED, by_class, sweeps, args.seed);
            recognised(&networks, &samples, by_class)
        })
    });
    print_judged(&judged, out)?;
    let [class, class_refined, free, free_refined] = known;
    let share = |n: usize| format!("{:.1}", 100.0 * n as f64 / ASKED as f64);
    out.line(format_args!(
        "of {ASKED} samples, recognised with at least {:.0} % by the networks that saw distorted digits, %: by class {}, refined once {}; free {}, refined once {}",
        100.0 * SURE, share(class), share(class_refined), share(free), share(free_refined)
    ))?;
    out.json(&JudgedNetwork { judged, samples: ASKED, recognised: known })?;
    Ok(Outcome::Done)
}

/// How many samples the mean of some networks is sure of; of those asked for by class, only
/// such as are taken for that class.
fn recognised(networks: &[Network], samples: &[Pixels], by_class: bool) -> usize {
    let mut sums = vec![[0f32; CLASSES]; samples.len()];
    for network in networks {
        for (sum, answer) in sums.iter_mut().zip(network.probabilities(samples)) {
            sum.iter_mut().zip(answer.iter()).for_each(|(s, p)| *s += p / networks.len() as f32);
        }
    }
    let is_sure = |(i, p): &(usize, &[f32; CLASSES])| match by_class {
        true => p[i % CLASSES] >= SURE,
        false => p.iter().any(|p| *p >= SURE),
    };
    sums.iter().enumerate().filter(is_sure).count()
}

fn print_judged(j: &Judged, out: &mut Output) -> anyhow::Result<()> {
    let row = |what: &str, values: &[(&str, f64)], digits: usize| {
        let text: Vec<String> = values.iter().map(|(of, v)| format!("{of} {v:.digits$}")).collect();
        vec![what.to_owned(), text.join("; ")]
    };
    let parts = |o: &Objective| {
        [
            ("J", o.total()),
            ("log p(x|h1)", o.pixels),
            ("log p(h1|h2)", o.hidden),
            ("regulariser", o.regulariser),
        ]
    };
    let rows = vec![
        row("as proposed, nats", &parts(&j.before), 1),
        row("after 15 steps, nats", &parts(&j.after), 1),
        row("largest fall of J in a step, nats", &[("", j.largest_fall)], 3),
        row(
            "reconstruction, mean squared error",
            &[
                ("h1", j.error_h1.into()),
                ("h2", j.error_h2.into()),
                ("mean picture", j.error_mean.into()),
            ],
            4,
        ),
        row(
            "right half completed, mean squared error",
            &[
                ("network", j.completed.into()),
                ("at once", j.completed_at_once.into()),
                ("mean picture", j.completed_mean.into()),
                ("nearest neighbour", j.completed_nearest.into()),
            ],
            4,
        ),
        row(
            "Parzen log-likelihood, sigma 0.2, nats",
            &[
                ("samples", j.parzen),
                ("refined once", j.parzen_refined[0]),
                ("ten times", j.parzen_refined[1]),
                ("training pictures", j.parzen_training),
            ],
            1,
        ),
        row(
            "to the nearest training picture, mean squared difference",
            &[("samples", j.sample_nearest.into()), ("test pictures", j.picture_nearest.into())],
            4,
        ),
    ];
    Ok(table::print(out, "", &["what", "value"], rows)?)
}

/// Whether a film is wanted, by the file's name.
fn film_of(path: &Path) -> Result<bool, UsageError> {
    let is = |wanted: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(wanted));
    match (is("gif"), is("png")) {
        (false, false) => {
            Err(UsageError(format!("--out must end in .gif or .png: {}", path.display())))
        }
        (film, _) => Ok(film),
    }
}

fn network(file: Option<&Path>) -> anyhow::Result<Network> {
    if let Some(file) = file {
        return Ok(weights::load(file)?.0);
    }
    match bundled::GENERATIVE.network(USUAL) {
        Some(found) => Ok(found?.0),
        None => anyhow::bail!("no weights of {USUAL} are bundled; name some with --weights"),
    }
}

/// Pictures side by side, and how many in a row; or, in a film, one after another.
struct Shown {
    pictures: Vec<Pixels>,
    columns: usize,
    /// Whether those of a film are sheets of so many pictures.
    sheet: usize,
}

/// What is known of a picture, and what of that the arguments say.
fn given(args: &ImagineArgs, file: &Path) -> anyhow::Result<Given> {
    let plain = load_plain(file)?;
    let ink = |hidden: &dyn Fn(usize) -> bool| {
        (0..PIXELS).filter(|i| hidden(*i)).map(|i| plain.pixels[i]).fold(0f32, f32::max)
    };
    let mut known = *plain.opaque;
    if let Some(mask) = &args.mask {
        let mask = load_mask(mask)?;
        known.iter_mut().zip(&mask).for_each(|(k, m)| *k &= m);
        if !known.contains(&true) {
            complain("warning: the mask is black, so nothing is known and all is imagined");
        }
    }
    let transparent = known.contains(&false);
    let cover = args.cover.unwrap_or_else(|| {
        let blank = |cover: &Cover| ink(&|i| cover.hides(i)) < LEAST_INK;
        let found = Cover::HALVES.into_iter().find(blank);
        found.filter(|_| !transparent).unwrap_or(Cover::None)
    });
    known.iter_mut().enumerate().for_each(|(i, k)| *k &= !cover.hides(i));
    let given = if ink(&|i| known[i]) < LEAST_INK && args.cover.is_none() && args.mask.is_none() {
        complain("warning: the picture is blank, so all of it is imagined");
        Given::nothing()
    } else {
        Given::part(&plain.pixels, &known)
    };
    if given.count() == PIXELS && args.cover.is_none() {
        complain("warning: nothing is missing; --cover right hides the right half");
    }
    Ok(given)
}

fn completed(
    model: &Model<'_>,
    args: &ImagineArgs,
    file: &Path,
    frames: &mut Vec<ImaginedFrame>,
) -> anyhow::Result<Shown> {
    let given = given(args, file)?;
    let mut how = Completion::default();
    how.before = args.steps / 2;
    how.over = args.steps - how.before;
    how.dynamics.noise = args.noise.unwrap_or(how.dynamics.noise);
    if let Some(digit) = args.digit {
        (how.dynamics.wish, how.dynamics.pull) = (Wish::Class(digit), 0.5);
    }
    let mut pictures = Vec::new();
    complete(model, &given, &how, args.seed, |film, mean| {
        pictures.push(*mean);
        let objective = film.objective(model);
        frames.push(ImaginedFrame { step: film.step(), objective });
    });
    Ok(Shown { columns: 11, pictures, sheet: 1 })
}

fn walked(
    model: &Model<'_>,
    args: &ImagineArgs,
    [from, to]: [&Path; 2],
    _: &mut Vec<ImaginedFrame>,
) -> anyhow::Result<Shown> {
    let [from, to] = [load_plain(from)?, load_plain(to)?];
    let state = walk(model, &from.pixels, &to.pixels, args.steps, Depth::Second);
    Ok(Shown { pictures: (0..state.n).map(|i| state.picture(i)).collect(), columns: 10, sheet: 1 })
}

/// Each digit in its turn, or one kind, or what comes.
fn dreamed(model: &Model<'_>, args: &ImagineArgs, film: bool) -> Shown {
    let wish = args.digit.map_or(Wish::Free, Wish::Class);
    let mut dream = Imagining::dream(model, wish, args.count, args.temperature, args.seed);
    dream.dynamics.noise = args.noise.unwrap_or(0.0);
    let mut pictures = Vec::new();
    for step in 0..=args.refine {
        if film || step == args.refine {
            pictures.extend((0..dream.state.n).map(|i| dream.state.picture(i)));
        }
        if step < args.refine {
            dream.advance(model);
        }
    }
    Shown { pictures, columns: CLASSES.min(args.count), sheet: args.count }
}

/// Bytes of pictures side by side, with the size of the sheet.
fn sheet(pictures: &[Pixels], columns: usize, zoom: usize) -> ([usize; 2], Vec<u8>) {
    let columns = columns.clamp(1, pictures.len().max(1));
    let rows = pictures.len().div_ceil(columns).max(1);
    let place = SIDE * zoom + GAP;
    let size = [columns * place + GAP, rows * place + GAP];
    let mut bytes = vec![40u8; size[0] * size[1]];
    for (number, picture) in pictures.iter().enumerate() {
        let (top, left) = (number / columns * place + GAP, number % columns * place + GAP);
        for y in 0..SIDE * zoom {
            for x in 0..SIDE * zoom {
                let v = picture[y / zoom * SIDE + x / zoom].clamp(0.0, 1.0);
                bytes[(top + y) * size[0] + left + x] = (v * 255.0).round() as u8;
            }
        }
    }
    (size, bytes)
}

fn write(path: &Path, film: bool, shown: &Shown) -> anyhow::Result<()> {
    if !film {
        let zoom = if shown.pictures.len() > 25 { 2 } else { 4 };
        let (size, bytes) = sheet(&shown.pictures, shown.columns, zoom);
        write_png(path, size, image::ExtendedColorType::L8, &bytes)?;
        return Ok(());
    }
    let zoom = if shown.sheet > 1 { 2 } else { ZOOM };
    let mut size = [0usize; 2];
    let count = shown.pictures.len().div_ceil(shown.sheet.max(1));
    let mut frames = Vec::new();
    for (number, pictures) in shown.pictures.chunks(shown.sheet.max(1)).enumerate() {
        let (of, bytes) = sheet(pictures, shown.columns, zoom);
        size = of;
        frames.push((bytes, if number + 1 == count { 150 } else { 12 }));
    }
    gif::write(path, size.map(|n| n.min(usize::from(u16::MAX)) as u16), &frames)?;
    Ok(())
}
