//! What watching costs: three runs of the same network over the same digits, in turns.
//!
//! * *alone*: engine and protocol and nothing else, as `simulate` runs them
//! * *unwatched*: on the `digits` thread while nobody looks, with labels, running
//!   accuracy and history
//! * *watched*: also recording all spikes and the state of some neurons, painting the
//!   receptive fields, and making a view and a raster sixty times a second

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use super::network::{LiveSettings, Setup};
use super::spikes::MOST_TRACED;
use super::view::{SpikingView, Worked};
use super::{SpikingCommand, SpikingThread};
use crate::core::clock::thread_seconds;
use crate::data::dataset::Dataset;
use crate::snn::SnnError;
use crate::snn::choose::Preference;
use crate::snn::cpu::CpuEngine;
use crate::snn::diehl_cook::DiehlCook;
use crate::snn::diehl_cook::protocol::{Protocol, ProtocolSettings};
use crate::snn::engine::Engine;
use crate::snn::recording::View;
use crate::workers::events::Events;

/// A frame of the window.
const FRAME: Duration = Duration::from_nanos(16_666_667);
/// Length of a turn.
const TURN: Duration = Duration::from_millis(500);
/// A thread that tells nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);
/// Steps of a presentation of 350 + 150 ms.
const PRESENTATION: f64 = 1000.0;
/// Columns and rows of the raster that is counted for each frame, and its length in
/// steps.
const RASTER: (usize, usize, f64) = (900, 300, 1000.0);

/// Time for a presentation, ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Times {
    /// By the clock.
    pub wall_ms: f64,
    /// Processor time of the thread that simulates.
    pub cpu_ms: f64,
}

/// What was measured: medians over the turns.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WatchingCost {
    pub alone: Times,
    pub unwatched: Times,
    pub watched: Times,
    /// Spikes that were recorded.
    pub spikes: u64,
    /// Views taken.
    pub views: u64,
}

impl WatchingCost {
    /// How much longer than alone it takes when watched, as shares: by the clock, and
    /// of processor time.
    pub fn shares(&self) -> [f64; 2] {
        let share = |of: fn(&Times) -> f64| of(&self.watched) / of(&self.alone) - 1.0;
        [share(|t| t.wall_ms), share(|t| t.cpu_ms)]
    }
}

/// Lets all three learn, in turns, for so long in all.
///
/// # Errors
/// What is wrong with the network; and where a thread fails, what it says.
pub fn measure(
    config: &DiehlCook,
    images: &Arc<Dataset>,
    seconds: f64,
) -> Result<WatchingCost, SnnError> {
    let mut alone = Alone::new(config, images)?;
    let mut unwatched = Threaded::new(config, images, false)?;
    let mut watched = Threaded::new(config, images, true)?;
    let mut turns: [Vec<Times>; 3] = Default::default();
    let begun = Instant::now();
    // The first round touches all memory.
    while begun.elapsed().as_secs_f64() < seconds || turns[0].len() < 3 {
        turns[0].push(alone.turn()?);
        turns[1].push(unwatched.turn()?);
        turns[2].push(watched.turn()?);
    }
    let median = |of: &[Times]| {
        let one = |get: fn(&Times) -> f64| {
            let mut all: Vec<f64> = of.iter().skip(1).map(get).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        Times { wall_ms: one(|t| t.wall_ms), cpu_ms: one(|t| t.cpu_ms) }
    };
    Ok(WatchingCost {
        alone: median(&turns[0]),
        unwatched: median(&turns[1]),
        watched: median(&turns[2]),
        spikes: watched.thread.view().stretch.recording.total(),
        views: watched.views,
    })
}

fn per_presentation(steps: u64, wall_s: f64, cpu_s: Option<f64>) -> Times {
    let each = 1e3 * PRESENTATION / steps.max(1) as f64;
    // Where the system does not tell processor time, the clock has to do.
    Times { wall_ms: wall_s * each, cpu_ms: cpu_s.unwrap_or(wall_s) * each }
}

/// Engine and protocol.
struct Alone {
    engine: CpuEngine,
    protocol: Protocol,
    images: Arc<Dataset>,
}

impl Alone {
    fn new(config: &DiehlCook, images: &Arc<Dataset>) -> Result<Self, SnnError> {
        let mut engine = CpuEngine::new(&config.spec().build()?, 1);
        let mut protocol = Protocol::new(ProtocolSettings::default(), 1, 0);
        LiveSettings::default().set(&mut engine, &mut protocol)?;
        Ok(Self { engine, protocol, images: Arc::clone(images) })
    }

    fn turn(&mut self) -> Result<Times, SnnError> {
        let images = &self.images;
        let mut image = |n: u64| Some(images.pixels((n % images.len() as u64) as usize));
        let (begun, cpu, first) = (Instant::now(), thread_seconds(), self.engine.step());
        while begun.elapsed() < TURN {
            self.protocol.show(&mut self.engine, &mut image, 1, &mut |_| {})?;
        }
        let cpu_s = thread_seconds().zip(cpu).map(|(end, begin)| end - begin);
        let steps = self.engine.step() - first;
        Ok(per_presentation(steps, begun.elapsed().as_secs_f64(), cpu_s))
    }
}

/// A `digits` thread of its own.
struct Threaded {
    thread: SpikingThread,
    watched: bool,
    views: u64,
    cells: Vec<f32>,
}

impl Threaded {
    fn new(config: &DiehlCook, images: &Arc<Dataset>, watched: bool) -> Result<Self, SnnError> {
        let (events, _) = sync_channel(8);
        let failed = |e: std::io::Error| SnnError::Engine(e.to_string());
        let thread =
            SpikingThread::start_at(Events::new(events, Arc::new(|| {})), FRAME).map_err(failed)?;
        let setup = Setup {
            config: config.clone(),
            images: Arc::clone(images),
            begin: None,
            bundled: None,
            live_settings: LiveSettings::default(),
            preference: Preference::Cpu,
        };
        let traced = (0..MOST_TRACED as u32).filter(|n| (*n as usize) < config.neurons);
        let busy = |_| SnnError::Engine("the thread takes no commands".to_owned());
        thread.send(SpikingCommand::Load(Box::new(setup))).map_err(busy)?;
        if watched {
            thread.send(SpikingCommand::Trace(traced.collect())).map_err(busy)?;
        }
        thread.set_watched(watched);
        thread.set_recording(watched);
        let cells = vec![0.0; RASTER.0 * RASTER.1];
        Ok(Self { thread, watched, views: 0, cells })
    }

    fn turn(&mut self) -> Result<Times, SnnError> {
        self.thread.set_running(true);
        let first = self.wait(|view| view.goes)?;
        let begun = Instant::now();
        while begun.elapsed() < TURN {
            self.frame();
        }
        let last = self.thread.view();
        self.thread.set_running(false);
        self.wait(|view| !view.goes)?;
        let (Worked { wall_s, cpu_s }, before) = (last.worked, first.worked);
        let cpu_s = cpu_s.zip(before.cpu_s).map(|(end, begin)| end - begin);
        Ok(per_presentation(last.step - first.step, wall_s - before.wall_s, cpu_s))
    }

    /// What the window does in a frame.
    fn frame(&mut self) {
        let due = Instant::now() + FRAME;
        if self.watched {
            let view = self.thread.view();
            let recording = &view.stretch.recording;
            let (columns, rows, length) = RASTER;
            let to_step = recording.steps() as f64;
            let from_step = (to_step - length).max(0.0);
            let (first, count) = (0, recording.neurons());
            let shown = View { from_step, to_step, first, count, columns, rows };
            recording.count_cells(&shown, &mut self.cells);
            self.views += 1;
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }

    fn wait(&self, ready: impl Fn(&SpikingView) -> bool) -> Result<Arc<SpikingView>, SnnError> {
        let begun = Instant::now();
        loop {
            let view = self.thread.view();
            if let Some(failure) = &view.failure {
                return Err(SnnError::Engine(failure.clone()));
            }
            if ready(&view) {
                return Ok(view);
            }
            if begun.elapsed() > PATIENCE {
                return Err(SnnError::Engine("the thread no longer answers".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic;

    #[test]
    fn all_three_are_measured_and_the_watched_one_is_recorded() {
        let images = Arc::new(synthetic::generate(5, 30));
        let cost = measure(&DiehlCook { seed: 3, ..DiehlCook::of(25) }, &images, 0.0).unwrap();
        for times in [cost.alone, cost.unwatched, cost.watched] {
            assert!(times.wall_ms > 0.0 && times.cpu_ms > 0.0, "{cost:?}");
        }
        assert!(cost.spikes > 0 && cost.views > 0, "{cost:?}");
        assert!(cost.shares().iter().all(|s| s.is_finite()));
    }
}
