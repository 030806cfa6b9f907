//! The `shown digit` thread: shows the current digit to a trained network, with weights
//! and θ frozen, and keeps everything: every spike and every membrane potential of the
//! 350 ms, to be played back slowly.
//!
//! Each digit starts from the same state with the same random numbers: the same digit
//! gets the same answer.

use std::sync::Arc;
use std::time::Instant;

use super::network::Learnt;
use crate::data::{CLASSES, Pixels};
use crate::snn::SnnError;
use crate::snn::cpu::CpuEngine;
use crate::snn::diehl_cook::protocol::{MOST_TIMES, Protocol, ProtocolSettings};
use crate::snn::diehl_cook::read_out::votes;
use crate::snn::diehl_cook::{EXCITATORY, INHIBITORY, INPUT, PLASTIC, THETA, set_training};
use crate::snn::engine::{Engine, EngineState};
use crate::snn::network::{ProbeSpec, ProbeWhat};
use crate::snn::recording::Recording;
use crate::workers::answers::Answer;
use crate::workers::events::Events;
use crate::workers::thread::answering::{self, Answering, Reply};

/// Key of the network's answer among the other models'.
pub const KEY: &str = "spiking";
/// Membrane potentials are kept so often, ms.
pub const POTENTIAL_EVERY_MS: f64 = 1.0;
/// More neurons than these keep no potentials.
const MOST_POTENTIALS: usize = 1600;

/// A digit to be shown.
pub struct DigitQuestion {
    /// Counts the questions.
    pub serial: u64,
    pub pixels: Box<Pixels>,
    pub network: Network,
}

/// Whom a digit is shown to.
#[derive(Clone, Debug)]
pub enum Network {
    /// A bundled network, by its id.
    Bundled(&'static str),
    /// The one that learns, as it is.
    Live(Arc<Learnt>),
}

impl Network {
    /// Whether it is the very same.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bundled(a), Self::Bundled(b)) => a == b,
            (Self::Live(a), Self::Live(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// What the digit raised in the network.
#[derive(Clone, Debug)]
pub struct Competition {
    /// [`DigitQuestion::serial`].
    pub serial: u64,
    pub pixels: Box<Pixels>,
    /// For people: `STDP 400`, or that it is the live one.
    pub name: String,
    /// Whether it is the one that learns.
    pub live: bool,
    /// Accuracy of its vote on the test digits, 0 to 1, where it was tested.
    pub accuracy: Option<f64>,
    pub network: Arc<Learnt>,
    /// The presentation that counts: excitatory neurons, then inhibitory ones, then
    /// inputs.
    pub recording: Arc<Recording>,
    /// Membrane potentials, mV, a row of all excitatory neurons every
    /// [`POTENTIAL_EVERY_MS`]; empty in large networks.
    pub potentials: Arc<Vec<f32>>,
    /// How often it was shown, brighter each time.
    pub times: u32,
    /// Whether it raised as many spikes as it must.
    pub enough: bool,
    /// The vote, as shares.
    pub answer: Answer,
}

/// The newest competition, if any, and why there is none.
#[derive(Clone, Debug, Default)]
pub struct DigitPresentation {
    pub competition: Option<Arc<Competition>>,
    pub failure: Option<String>,
}

impl answering::Answer<DigitQuestion> for DigitPresentation {
    fn failure(why: &str) -> String {
        format!(
            "The digit could not be shown to the spiking network: {why}. Nothing else is affected."
        )
    }

    fn failed(_question: &DigitQuestion, failure: String) -> Option<Self> {
        Some(Self { competition: None, failure: Some(failure) })
    }
}

/// The thread, from the window's side.
pub type ShownThread = Answering<DigitQuestion, DigitPresentation>;

impl ShownThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        Answering::spawn("shown digit", events, || {
            let mut arena = None;
            move |question: &DigitQuestion, reply: &Reply<DigitQuestion, DigitPresentation>| {
                let found = answer(&mut arena, question, &|| reply.is_awaited());
                let found = found.map_err(|error| error.to_string())?;
                Ok(found.map(|found| DigitPresentation {
                    competition: Some(Arc::new(found)),
                    failure: None,
                }))
            }
        })
    }
}

/// A frozen network, and the state in which each digit finds it.
struct Arena {
    of: Network,
    accuracy: Option<f64>,
    network: Arc<Learnt>,
    engine: CpuEngine,
    rest: EngineState,
}

impl Arena {
    fn new(of: Network) -> Result<Self, SnnError> {
        let network = match &of {
            Network::Bundled(id) => Arc::new(Learnt::bundled(id)?),
            Network::Live(learnt) => Arc::clone(learnt),
        };
        let mut engine = CpuEngine::new(&network.config.spec().build()?, 1);
        engine.set_weights(PLASTIC, &network.weights)?;
        engine.set_state(0, THETA, 0, &network.theta)?;
        engine.normalise(PLASTIC)?;
        set_training(&mut engine, false)?;
        // The membranes begin far below rest; they get there first.
        engine.run(engine.network().steps(500.0))?;
        let rest = engine.snapshot()?;
        let accuracy = match &of {
            Network::Bundled(id) => Learnt::tested(id),
            Network::Live(_) => None,
        };
        Ok(Self { of, accuracy, network, engine, rest })
    }

    fn probes(&self) -> Vec<ProbeSpec> {
        let mut all: Vec<ProbeSpec> = [EXCITATORY, INHIBITORY, INPUT]
            .map(|of| {
                let what = ProbeWhat::Spikes { of: of.to_owned() };
                ProbeSpec { name: format!("spikes of {of}"), what }
            })
            .into();
        if self.network.config.neurons <= MOST_POTENTIALS {
            let what = ProbeWhat::State {
                of: EXCITATORY.to_owned(),
                variable: "v".to_owned(),
                neurons: Vec::new(),
                replica: 0,
                every_ms: POTENTIAL_EVERY_MS,
            };
            all.push(ProbeSpec { name: "potentials".to_owned(), what });
        }
        all
    }
}

/// Shows the digit; `None` where `go_on`, which is asked before each presentation,
/// said no.
fn answer(
    arena: &mut Option<Arena>,
    question: &DigitQuestion,
    go_on: &dyn Fn() -> bool,
) -> Result<Option<Competition>, SnnError> {
    let begun = Instant::now();
    let arena = match arena {
        Some(known) if known.of.same(&question.network) => known,
        _ => arena.insert(Arena::new(question.network.clone())?),
    };
    let network = Arc::clone(&arena.network);
    let live = matches!(arena.of, Network::Live(_));
    let neurons = network.config.neurons;
    let probes = arena.probes();
    let engine = &mut arena.engine;
    engine.restore(&arena.rest)?;
    let settings = ProtocolSettings { normalise: false, ..ProtocolSettings::default() };
    let mut protocol = Protocol::new(settings, 1, 0);
    let pixels = *question.pixels;
    let mut source = |_: u64| Some(pixels);
    let mut times = 0;
    let (counts, enough, from) = loop {
        if !go_on() {
            return Ok(None);
        }
        // Only the presentation that counts is kept.
        engine.set_probes(&probes)?;
        times += 1;
        let from = engine.step();
        let passed = protocol.advance(engine, &mut source, u64::MAX)?.unwrap_or_default();
        if let Some(shown) = passed.shown.into_iter().next() {
            break (shown.counts, true, from);
        }
        if times >= MOST_TIMES {
            break (engine.counts(0, 0)?, false, from);
        }
        // The rest, before it is shown once more.
        protocol.advance(engine, &mut source, u64::MAX)?;
    };
    let offsets = [0, neurons as u32, 2 * neurons as u32];
    let total = (2 * neurons + crate::data::PIXELS) as u32;
    let mut recording = Recording::new(total, engine.network().dt_ms, usize::MAX);
    for spike in engine.take_spikes()? {
        let first = offsets.get(usize::from(spike.source)).copied().unwrap_or(0);
        recording.push(spike.step.saturating_sub(from), &[first + spike.neuron]);
    }
    recording.advance(engine.step() - from);
    let potentials = engine.take_samples()?.into_iter().next().map(|s| s.values);
    engine.set_probes(&[])?;
    engine.set_rates(0, 0, &[0.0; crate::data::PIXELS])?;
    let took_ms = begun.elapsed().as_secs_f32() * 1e3;
    Ok(Some(Competition {
        serial: question.serial,
        answer: shares(&network, enough.then_some(&counts[..]), took_ms),
        pixels: question.pixels.clone(),
        name: format!("STDP {neurons}{}", if live { " · live" } else { "" }),
        live,
        accuracy: arena.accuracy,
        network,
        recording: Arc::new(recording),
        potentials: Arc::new(potentials.unwrap_or_default()),
        times,
        enough,
    }))
}

/// The votes as shares that sum to 1; even ones, which is no answer, where too little
/// fired to ask.
fn shares(network: &Learnt, counts: Option<&[u32]>, took_ms: f32) -> Answer {
    let votes = counts.map_or([0.0; CLASSES], |counts| votes(&network.labels, counts));
    let sum: f64 = votes.iter().sum();
    let even = 1.0 / CLASSES as f64;
    let probabilities = votes.map(|v| (if sum > 0.0 { v / sum } else { even }) as f32);
    Answer { key: KEY.to_owned(), probabilities: probabilities.into(), took_ms, trust: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic;
    use crate::snn::diehl_cook::DiehlCook;

    #[test]
    fn the_same_digit_gets_the_same_answer_whatever_came_before() {
        let data = synthetic::generate(3, 12);
        let config = DiehlCook::of(25);
        let engine = CpuEngine::new(&config.spec().build().unwrap(), 1);
        let weights = engine.network().projections[PLASTIC].weights.clone();
        let labels = (0..25).map(|j| Some((j % 10) as u8)).collect();
        let learnt = Arc::new(Learnt::new(config, weights, vec![20.0; 25], labels).unwrap());
        let ask = |i: usize, serial| DigitQuestion {
            serial,
            pixels: Box::new(data.pixels(i)),
            network: Network::Live(Arc::clone(&learnt)),
        };
        let mut arena = None;
        let mut answer = |question| answer(&mut arena, &question, &|| true).unwrap().unwrap();
        let first = answer(ask(0, 1));
        answer(ask(5, 2));
        let again = answer(ask(0, 3));
        assert_eq!(first.answer.probabilities, again.answer.probabilities);
        assert_eq!(first.recording.total(), again.recording.total());
        assert_eq!(first.recording.steps(), 700);
        assert_eq!(first.potentials.len(), 350 * 25);
        assert_eq!(*first.potentials, *again.potentials);
        assert!(first.enough && first.recording.total() > 500);
    }

    #[test]
    fn an_empty_picture_is_given_up_after_some_presentations() {
        let config = DiehlCook::of(25);
        let weights = vec![0.1; 25 * crate::data::PIXELS];
        let learnt = Learnt::new(config, weights, vec![20.0; 25], vec![Some(1); 25]).unwrap();
        let question = DigitQuestion {
            serial: 1,
            pixels: Box::new([0.0; crate::data::PIXELS]),
            network: Network::Live(Arc::new(learnt)),
        };
        let found = answer(&mut None, &question, &|| true).unwrap().unwrap();
        assert!(!found.enough && found.times == MOST_TIMES);
        assert!((found.answer.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(found.answer.best().0, None);
    }
}
