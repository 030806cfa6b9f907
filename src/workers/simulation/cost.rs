//! What it costs a run to be watched: the same network on the same engine, once
//! left alone and once with all spikes and some traces recorded and a complete
//! view handed up thirty times a second, in turns, in processor time of this
//! thread.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::run::Run;
use super::{PUBLISH_EVERY, Setup, SimulationView, THREADS};
use crate::core::clock::thread_seconds;
use crate::snn::SnnError;
use crate::snn::choose::{self, Wish};
use crate::snn::engine::Engine;
use crate::workers::latest::Slot;

/// Length of a turn: the system counts processor time in ticks of some
/// milliseconds.
const BLOCK: Duration = Duration::from_millis(200);
/// Rounds that are not counted.
const WARMING: usize = 3;

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WatchingCost {
    /// Processor time of the run that was left alone, seconds.
    pub alone_s: f64,
    /// Of the one that was watched.
    pub watched_s: f64,
    /// Spikes recorded.
    pub spikes: u64,
    /// Views handed up.
    pub views: u64,
}

impl WatchingCost {
    /// How much longer it takes, as a share.
    pub fn share(&self) -> f64 {
        self.watched_s / self.alone_s - 1.0
    }
}

/// Has `advance` run either engine a little further, in turns, for so long.
/// `advance` is given 0 for the run left alone and 1 for the other, and must do
/// the same with both.
///
/// # Errors
/// What is wrong with the network, and the engine's.
pub fn measure(
    setup: Setup,
    seconds: f64,
    advance: &mut dyn FnMut(usize, &mut dyn Engine) -> Result<(), SnnError>,
) -> Result<WatchingCost, SnnError> {
    let network = setup.spec.build()?;
    let mut alone = choose::start_anyhow(&network, Wish::Cpu, THREADS).0;
    let mut watched = Run::new(setup, Wish::Cpu)?.0;
    let slot = Slot::new(SimulationView::default());
    let mut cost = WatchingCost { alone_s: 0.0, watched_s: 0.0, spikes: 0, views: 0 };
    // Where the system does not tell processor time, the clock has to do.
    let begun = Instant::now();
    let now_s = || thread_seconds().unwrap_or_else(|| begun.elapsed().as_secs_f64());
    // The first rounds touch all memory.
    for _ in 0..WARMING {
        advance(0, alone.engine.as_mut())?;
        watched.record(|engine| advance(1, engine))?;
    }
    let (mut blocks, mut due_s) = (0, 0.0);
    while begun.elapsed().as_secs_f64() < seconds || blocks < 2 {
        let (from_s, from, mut rounds) = (now_s(), Instant::now(), 0);
        while from.elapsed() < BLOCK {
            advance(0, alone.engine.as_mut())?;
            rounds += 1;
        }
        let between_s = now_s();
        let paced = Instant::now();
        for _ in 0..rounds {
            watched.record(|engine| advance(1, engine))?;
            if paced.elapsed().as_secs_f64() >= due_s {
                due_s = paced.elapsed().as_secs_f64() + PUBLISH_EVERY.as_secs_f64();
                cost.views += 1;
                slot.put(view(&watched));
            }
        }
        due_s = 0.0;
        cost.alone_s += between_s - from_s;
        cost.watched_s += now_s() - between_s;
        blocks += 1;
    }
    cost.spikes = watched.recording.total();
    Ok(cost)
}

fn view(run: &Run) -> SimulationView {
    SimulationView {
        generation: 1,
        engine: Some(run.started.in_use()),
        step: run.step(),
        recording: Arc::new(run.recording.clone()),
        traces: Arc::new(run.traces.clone()),
        goes: true,
        running: true,
        speeds: None,
        failure: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::setup;
    use super::*;
    use crate::snn::network::{Values, Waveform};

    #[test]
    fn both_runs_are_advanced_alike_and_what_is_watched_is_recorded() {
        let mut steps = [0, 0];
        let cost = measure(setup(0.6, 0), 0.0, &mut |side, engine| {
            steps[side] += 500;
            engine.set_current(0, Waveform::Constant(Values::Same(2.0)))?;
            engine.run(500)
        });
        let cost = cost.unwrap();
        assert!(steps[0] > 500 * WARMING && steps[0] == steps[1], "{steps:?}");
        assert!(cost.alone_s > 0.0 && cost.watched_s > 0.0 && cost.views > 0, "{cost:?}");
        assert!(cost.spikes > 0);
    }
}
