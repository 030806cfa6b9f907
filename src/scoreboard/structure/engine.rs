//! Rules of the spiking engines: between two steps the whole state is replaced but for one
//! synapse's place, and the next step is compared.

use super::{Carrier, Quantity, Structure, compare, other};
use crate::data::PIXELS;
use crate::snn::SnnError;
use crate::snn::cpu::CpuEngine;
use crate::snn::diehl_cook::{DiehlCook, PLASTIC, set_training};
use crate::snn::engine::{Engine, EngineState};

/// Excitatory neurons of the network that is looked at.
const NEURONS: usize = 12;
/// Steps in which something has to be learned, at most.
const STEPS: u64 = 4000;
/// Rate of a white pixel, Hz.
const RATE_HZ: f32 = 120.0;

/// What the synapses of Diehl and Cook's network read: in a step, and when their sum is
/// made good after each picture. `None` if nothing is learned from this picture.
///
/// # Errors
/// None that a test has not seen.
pub fn structure(picture: &[f32]) -> Result<Option<Structure>, SnnError> {
    let config = DiehlCook::of(NEURONS);
    let mut engine = CpuEngine::new(&config.spec().build()?, 1);
    set_training(&mut engine, true)?;
    engine.normalise(PLASTIC)?;
    let rates: Vec<f32> = picture.iter().take(PIXELS).map(|p| RATE_HZ * p).collect();
    engine.set_rates(0, 0, &rates)?;
    // The state before a step in which a synapse grows, with its place.
    let mut found = None;
    for _ in 0..STEPS {
        let before = engine.snapshot()?;
        engine.run(1)?;
        let after = engine.weights(PLASTIC)?;
        let grown = after.iter().zip(&before.projections[PLASTIC].weights);
        // The one that grows least: its pixel has not just spiked, so its trace counts.
        let changes = grown.map(|(a, b)| a - b).enumerate().filter(|c| c.1 > 0.0);
        if let Some((at, _)) = changes.min_by(|a, b| a.1.total_cmp(&b.1)) {
            found = Some((before, at));
            break;
        }
    }
    let Some((state, at)) = found else { return Ok(None) };
    let (pre, post) = (at / NEURONS, at % NEURONS);
    let mut step = |state: &EngineState, normalise: bool| -> Result<f32, SnnError> {
        engine.restore(state)?;
        engine.run(1)?;
        if normalise {
            engine.normalise(PLASTIC)?;
        }
        Ok(engine.weights(PLASTIC)?[at] - state.projections[PLASTIC].weights[at])
    };
    let change = step(&state, true)?;
    let has = |q: Quantity| {
        use Quantity as Q;
        matches!(
            q,
            Q::Before
                | Q::Behind
                | Q::OwnWeight
                | Q::OtherInputs
                | Q::Beside
                | Q::WeightsOnto
                | Q::WeightsElsewhere
        )
    };
    let mut failed = None;
    let reads = compare(change, has, |q| {
        let state = replaced(&state, (pre, post), q);
        step(&state, true).unwrap_or_else(|error| {
            failed = Some(error);
            f32::NAN
        })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    Ok(Some(Structure {
        reads,
        waits: false,
        signals: 1.0,
        moves: false,
        errors: None,
        carrier: Carrier::Spikes,
        back_in_time: None,
        one_by_one: true,
        angle: None,
    }))
}

/// The state with a quantity replaced.
fn replaced(state: &EngineState, (pre, post): (usize, usize), q: Quantity) -> EngineState {
    let mut new = state.clone();
    let plastic = &mut new.projections[PLASTIC];
    for (i, w) in plastic.weights.iter_mut().enumerate() {
        let (onto, itself) = (i % NEURONS == post, i == pre * NEURONS + post);
        let replace = match q {
            Quantity::OwnWeight => itself,
            Quantity::WeightsOnto => onto && !itself,
            Quantity::WeightsElsewhere => !onto,
            _ => false,
        };
        if replace {
            *w = other(*w, i);
        }
    }
    // Traces and last spikes of pixels and of neurons, `[trace][neuron]`.
    let swap = |values: &mut [f32], since: &mut [u32], which: &dyn Fn(usize) -> bool, n: usize| {
        let at = |i: usize| which(i % n);
        values.iter_mut().enumerate().filter(|(i, _)| at(*i)).for_each(|(i, v)| *v = other(*v, i));
        // A spike came where there was none, or none came.
        let others = since.iter_mut().enumerate().filter(|(i, _)| at(*i));
        others.for_each(|(_, s)| *s = if *s == 0 { state.step.max(1) as u32 } else { 0 });
    };
    match q {
        Quantity::Before => {
            swap(&mut plastic.pre, &mut plastic.pre_since, &|i| i == pre, PIXELS);
        }
        Quantity::OtherInputs => {
            swap(&mut plastic.pre, &mut plastic.pre_since, &|i| i != pre, PIXELS);
        }
        Quantity::Behind => {
            swap(&mut plastic.post, &mut plastic.post_since, &|i| i == post, NEURONS);
            let of = |i: usize| i % NEURONS == post;
            let own = new.populations[0].own.iter_mut().enumerate();
            own.filter(|(i, _)| of(*i)).for_each(|(i, v)| *v = other(*v, i) - 40.0);
        }
        Quantity::Beside => {
            swap(&mut plastic.post, &mut plastic.post_since, &|i| i != post, NEURONS);
            let of = |i: usize| i % NEURONS != post;
            let own = new.populations[0].own.iter_mut().enumerate();
            own.filter(|(i, _)| of(*i)).for_each(|(i, v)| *v = other(*v, i));
        }
        _ => {}
    }
    new
}
