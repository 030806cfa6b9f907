//! The window that nobody sees, and how a film is made in it.
//!
//! It has a data folder of its own, which goes with it: the user's runs, drawing and
//! settings stay as they are. Networks of the user's own come with the scene.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use egui::ViewportId;
use egui_kittest::Harness;
use image::RgbaImage;

use super::encode::{Apng, Encoder, Gif};
use super::mp4::{FFMPEG, Mp4};
use super::order::{FilmError, Filmed, Format, Order, Source, Watch, spread};
use crate::core::files::{read_limited, write_whole};
use crate::ui::app::{App, Setup};
use crate::ui::command::Command;
use crate::ui::house::House;
use crate::ui::tour::{headless_setup, settled};
use crate::ui::window::{guarded, no_adapter};
use crate::workers::carried::{self, Arrival, MOST_BYTES, Unpacked};
use crate::workers::models::Origin;

/// Longest wait for the scene, and for each of its steps.
const PATIENCE: Duration = Duration::from_secs(150);
/// Between two looks at a window that is still at work.
const PAUSE: Duration = Duration::from_millis(2);
/// Looks in a row at which a picture is complete, before it is taken: what the last
/// question was about is drawn one look after its answer.
const STILL: u32 = 3;

/// Makes a film, and tells how far it is. The file is there when it is complete, or not at
/// all.
///
/// # Errors
/// [`FilmError`]; without a graphics adapter (a software one will do), for a scene that
/// cannot be opened or has no time bar, when a step does not get ready.
pub fn make(order: &Order, watch: &dyn Watch) -> Result<Filmed, FilmError> {
    let home = tempfile::tempdir()?;
    let mut studio = Studio::open(order, home.path(), watch)?;
    let steps = spread(studio.stretch(order)?, order.choices.frames());
    let mut failed = None;
    let written = write_whole(&order.path, |file| {
        shoot(&mut studio, &steps, order, home.path(), file).map_err(|error| match error {
            FilmError::Write(error) => error,
            other => {
                failed = Some(other);
                std::io::Error::other("there is no film")
            }
        })
    });
    match (failed, written) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(FilmError::failed(error)),
        (None, Ok(())) => Ok(Filmed {
            frames: steps.len() as u32,
            steps: (steps[0], steps[steps.len() - 1]),
            pixels: order.pixels,
        }),
    }
}

/// Takes one frame after the other, and has each encoded at once.
fn shoot(
    studio: &mut Studio<'_>,
    steps: &[u64],
    order: &Order,
    home: &Path,
    mut file: &mut dyn Write,
) -> Result<(), FilmError> {
    let (size, fps, of) = (order.pixels, order.choices.fps, steps.len() as u32);
    let watch = studio.watch;
    let mut encoder: Box<dyn Encoder + '_> = match order.choices.format {
        Format::Gif => Box::new(Gif::new(&mut file, fps)?),
        Format::Apng => Box::new(Apng::new(&mut file, size, fps, of)?),
        Format::Mp4 => Box::new(Mp4::start(OsStr::new(FFMPEG), (size, fps), home, file, watch)?),
    };
    watch.told(0, of);
    for (step, k) in steps.iter().zip(1..) {
        let picture = studio.frame(*step)?;
        if [picture.width(), picture.height()] != size {
            return Err(FilmError::failed("a frame came out in another size than the first"));
        }
        encoder.frame(&picture)?;
        watch.told(k, of);
    }
    encoder.finish()
}

/// A window that nobody sees, with a scene.
pub struct Studio<'a> {
    harness: Harness<'static, App>,
    watch: &'a dyn Watch,
}

impl<'a> Studio<'a> {
    /// Opens it with the scene of an order, at the last step to be shown, so that the time
    /// bar has all of them.
    ///
    /// # Errors
    /// See [`make`].
    pub fn open(order: &Order, home: &Path, watch: &'a dyn Watch) -> Result<Self, FilmError> {
        watch.check()?;
        let mut unpacked = unpack(order, home)?;
        if let Some(to) = order.to {
            unpacked.scene["at"] = to.into();
        }
        let mut harness = harness(order, home)?;
        let scale = order.scale;
        let [width, height] = order.pixels.map(|n| n as f32 / scale);
        if let Some(root) = harness.input_mut().viewports.get_mut(&ViewportId::ROOT) {
            root.native_pixels_per_point = Some(scale);
        }
        harness.set_size(egui::vec2(width, height));
        let app = harness.state_mut();
        app.show_room_only(order.choices.caption.clone());
        app.house.apply(Command::Projector(order.projector));
        // Projector mode is in light colours by itself.
        app.house.apply(Command::Theme(order.theme.into()));
        let mut studio = Self { harness, watch };
        // Buttons that pick digits wait for them.
        studio.until("the digits", |house| !house.desk.awaits_digits())?;
        studio.scene(unpacked)?;
        Ok(studio)
    }

    /// Opens the scene, and waits until it is as it was.
    fn scene(&mut self, unpacked: Unpacked) -> Result<(), FilmError> {
        let mut runs = Vec::new();
        for network in &unpacked.networks {
            match network {
                Arrival::Here(id) => runs.push(id.clone()),
                Arrival::Missing(id) | Arrival::Other(id) => {
                    return Err(FilmError::failed(format!(
                        "the scene uses the network of the run {id}, which is not in it: save the scene with its networks"
                    )));
                }
            }
        }
        let House { rooms, scenes, desk, .. } = &mut self.harness.state_mut().house;
        let told = desk.toasts.failures();
        scenes.open_unpacked(unpacked, "The scene", rooms, desk);
        let loaded = |house: &House, id: &String| {
            house.desk.models.iter().any(|m| m.origin == Origin::Run(id.clone()))
        };
        self.until("the scene", |house| {
            let there = !house.scenes.is_coming() && settled(house);
            there && runs.iter().all(|id| loaded(house, id)) || house.desk.toasts.failures() > told
        })?;
        let toasts = &self.harness.state().house.desk.toasts;
        if toasts.failures() > told {
            let why = toasts.newest_failure().unwrap_or("the scene was not opened");
            return Err(FilmError::failed(why));
        }
        Ok(())
    }

    /// First and last step to be shown.
    ///
    /// # Errors
    /// Where there is no time bar, or nothing on it.
    pub fn stretch(&self, order: &Order) -> Result<(u64, u64), FilmError> {
        let Some(time) = self.harness.state().house.rooms.time() else {
            return Err(FilmError::failed(
                "the scene's view has no time bar that a film could follow: choose another view, then save the scene again",
            ));
        };
        let (first, last) = time.range;
        let to = order.to.unwrap_or(last);
        if to > last {
            return Err(FilmError::failed(format!(
                "the time bar ends at step {last}, or a simulation did not get farther in time; step {to} was asked for"
            )));
        }
        let from = order.from.map_or(first, |from| from.max(first));
        if from >= to {
            return Err(FilmError::failed(format!(
                "there is nothing to film: the time bar has the steps {first} to {last}; a simulation is filmed up to the step at which its scene was saved, or that is asked for"
            )));
        }
        Ok((from, to))
    }

    /// The picture at a step.
    ///
    /// # Errors
    /// [`FilmError`] when the step does not get ready.
    pub fn frame(&mut self, step: u64) -> Result<RgbaImage, FilmError> {
        let begun = Instant::now();
        let mut still = 0;
        while still < STILL {
            self.watch.check()?;
            if begun.elapsed() > PATIENCE {
                return Err(FilmError::failed(format!(
                    "step {step} did not get ready in {} s",
                    PATIENCE.as_secs()
                )));
            }
            let House { rooms, desk, .. } = &mut self.harness.state_mut().house;
            if rooms.time().is_some_and(|time| time.at != step) {
                rooms.go(step, desk);
                still = 0;
            }
            self.harness.step();
            if is_complete(&self.harness.state().house, step) {
                still += 1;
            } else {
                still = 0;
                std::thread::sleep(PAUSE);
            }
        }
        self.harness.render().map_err(|e| FilmError::failed(format!("it could not be drawn: {e}")))
    }

    /// Waits for something.
    fn until(&mut self, what: &str, ready: impl Fn(&House) -> bool) -> Result<(), FilmError> {
        let begun = Instant::now();
        self.harness.run_steps(2);
        while !ready(&self.harness.state().house) {
            self.watch.check()?;
            if begun.elapsed() > PATIENCE {
                let seconds = PATIENCE.as_secs();
                return Err(FilmError::failed(format!("{what} did not get ready in {seconds} s")));
            }
            std::thread::sleep(PAUSE);
            self.harness.step();
        }
        Ok(())
    }
}

/// Whether the picture at a step is complete.
pub(super) fn is_complete(house: &House, step: u64) -> bool {
    let there = house.rooms.time().is_some_and(|time| time.at == step);
    there && settled(house) && house.desk.hub.plotter.is_idle()
}

fn harness(order: &Order, home: &Path) -> Result<Harness<'static, App>, FilmError> {
    let setup = Setup {
        home: home.to_path_buf(),
        mnist: order.mnist.clone(),
        projector: false,
        theme: None,
        workspace: None,
        scene: None,
        welcome: false,
    };
    let graphics = headless_setup().map_err(|e| FilmError::failed(format!("{e:#}")))?;
    let mut failed = None;
    let built = guarded(|| {
        Harness::builder().wgpu_setup(graphics).build_eframe(|cc| {
            App::new(&cc.egui_ctx, setup).unwrap_or_else(|e| {
                failed = Some(e.to_string());
                panic!("no threads: {e}")
            })
        })
    });
    built.map_err(|what| match failed {
        Some(why) => FilmError::failed(format!("the worker threads could not start: {why}")),
        None => FilmError::failed(no_adapter(&what)),
    })
}

/// The scene of an order; networks that it carries become runs in `home`.
fn unpack(order: &Order, home: &Path) -> Result<Unpacked, FilmError> {
    let bytes = match &order.source {
        Source::Window { scene, runs, runs_root } => {
            carried::pack(scene.clone(), runs, true, runs_root)
                .map_err(FilmError::Failed)?
                .into_bytes()
        }
        Source::File(path) => read_limited(path, MOST_BYTES).map_err(|e| {
            FilmError::failed(format!("the scene {} could not be read: {e}", path.display()))
        })?,
    };
    carried::unpack(&bytes, &home.join("runs")).map_err(|why| match &order.source {
        Source::Window { .. } => FilmError::failed(why),
        Source::File(path) => {
            FilmError::failed(format!("{} was not opened: {why}", path.display()))
        }
    })
}
