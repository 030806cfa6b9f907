//! Digits out of nothing, step by step, and who judges them.

use std::sync::Arc;

use crate::ann::bundled;
use crate::ann::energy::film::Imagining;
use crate::ann::energy::measure::nearest;
use crate::ann::energy::prior::Wish;
use crate::ann::energy::{Dynamics, Model as Generative};
use crate::ann::network::Network;
use crate::ann::spare_threads;
use crate::data::{CLASSES, Dataset, PIXELS, Pixels};
use crate::workers::events::Events;
use crate::workers::models::Model;
use crate::workers::thread::answering::{Answer, Answering, Reply};

/// What is to be dreamed.
#[derive(Clone)]
pub struct DreamQuestion {
    /// Counts the questions; the answer carries its question's number.
    pub number: u64,
    /// The network.
    pub model: Arc<Model>,
    /// Of which digit.
    pub wish: Wish,
    /// How many pictures, in how many steps.
    pub count: usize,
    pub steps: usize,
    /// How far samples are from the middle of the prior.
    pub temperature: f32,
    /// Noise in each step, and the prior's pull.
    pub noise: f32,
    pub pull: f32,
    /// What is drawn at random.
    pub seed: u64,
}

/// Dreams.
#[derive(Clone, Default)]
pub struct Dreams {
    /// [`DreamQuestion::number`]; 0 before the first.
    pub number: u64,
    /// Key of the network.
    pub key: String,
    /// All pictures, by step.
    pub steps: Vec<Arc<Vec<Pixels>>>,
}

impl Answer<DreamQuestion> for Dreams {
    fn failure(why: &str) -> String {
        format!("Nothing could be dreamed: {why}. The last dreams stay.")
    }
}

fn dream(question: &DreamQuestion, goes_on: impl Fn() -> bool) -> Option<Dreams> {
    let DreamQuestion { number, model, wish, count, steps, temperature, noise, pull, seed } =
        question;
    let network = Generative::of(&model.network)?;
    let mut film = Imagining::dream(&network, *wish, *count, *temperature, *seed);
    film.dynamics =
        Dynamics { noise: *noise, pull: *pull, wish: *wish, ..Dynamics::default() }.bounded();
    let pictures = |film: &Imagining| {
        Arc::new((0..film.state.n).map(|i| film.state.picture(i)).collect::<Vec<_>>())
    };
    let mut all = vec![pictures(&film)];
    for _ in 0..*steps {
        if !goes_on() {
            return None;
        }
        film.advance(&network);
        all.push(pictures(&film));
    }
    Some(Dreams { number: *number, key: model.key.clone(), steps: all })
}

pub(super) fn start(events: Events) -> std::io::Result<Answering<DreamQuestion, Dreams>> {
    Answering::spawn("dreams", events, || {
        |question: &DreamQuestion, reply: &Reply<DreamQuestion, Dreams>| {
            Ok(dream(question, || reply.is_newest()))
        }
    })
}

/// Dreams to be judged.
#[derive(Clone)]
pub struct JudgeQuestion {
    /// Counts the questions.
    pub number: u64,
    /// The dreams' number, and their step.
    pub of: (u64, usize),
    /// The pictures.
    pub pictures: Arc<Vec<Pixels>>,
    /// What they are compared with.
    pub training: Arc<Dataset>,
}

/// What networks and training digits say about a dream.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// What the ensemble takes it for, and how sure it is.
    pub class: u8,
    pub certainty: f32,
    /// The nearest training digit.
    pub nearest: Option<Nearest>,
}

/// A training digit near to a dream.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// Its number, and its label.
    pub number: usize,
    pub label: u8,
    /// The mean squared difference.
    pub far: f32,
    /// The digit.
    pub picture: Box<Pixels>,
}

/// Judgements of all dreams of a step.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// [`JudgeQuestion::number`]; 0 before the first.
    pub number: u64,
    /// The dreams' number, and their step.
    pub of: (u64, usize),
    /// By picture.
    pub verdicts: Vec<Verdict>,
}

impl Answer<JudgeQuestion> for Judged {
    fn failure(why: &str) -> String {
        format!("The dreams could not be judged: {why}.")
    }
}

/// Training digits that are compared at a time.
const CHUNK: usize = 1000;

/// What an ensemble says: its members' mean probabilities.
fn ensemble(members: &[Network], pictures: &[Pixels]) -> Vec<(u8, f32)> {
    let mut sums = vec![[0f32; CLASSES]; pictures.len()];
    for member in members {
        for (sum, shares) in sums.iter_mut().zip(member.probabilities(pictures)) {
            sum.iter_mut().zip(shares.iter()).for_each(|(s, p)| *s += p / members.len() as f32);
        }
    }
    let best = |shares: &[f32; CLASSES]| {
        let first = |best: usize, i: usize| if shares[i] > shares[best] { i } else { best };
        let class = (1..CLASSES).fold(0, first);
        (class as u8, shares[class])
    };
    sums.iter().map(best).collect()
}

fn judge(
    question: &JudgeQuestion,
    members: &[Network],
    goes_on: impl Fn() -> bool,
) -> Option<Judged> {
    let JudgeQuestion { number, of, pictures, training } = question;
    let mut verdicts: Vec<Verdict> = ensemble(members, pictures)
        .into_iter()
        .map(|(class, certainty)| Verdict { class, certainty, nearest: None })
        .collect();
    let known = [true; PIXELS];
    for from in (0..training.len()).step_by(CHUNK) {
        if !goes_on() {
            return None;
        }
        let to = (from + CHUNK).min(training.len());
        let chunk: Vec<Pixels> = (from..to).map(|i| training.pixels(i)).collect();
        for (picture, verdict) in pictures.iter().zip(&mut verdicts) {
            let Some((i, far)) = nearest(picture, &chunk, &known) else { continue };
            if verdict.nearest.as_ref().is_none_or(|near| far < near.far) {
                let (number, label) = (from + i, training.label(from + i));
                let picture = Box::new(chunk[i]);
                verdict.nearest = Some(Nearest { number, label, far, picture });
            }
        }
    }
    Some(Judged { number: *number, of: *of, verdicts })
}

pub(super) fn start_judging(events: Events) -> std::io::Result<Answering<JudgeQuestion, Judged>> {
    Answering::spawn("judges", events, || {
        // Read when they are first needed.
        let mut members: Vec<Network> = Vec::new();
        move |question: &JudgeQuestion, reply: &Reply<JudgeQuestion, Judged>| {
            if members.is_empty() {
                let read = bundled::AUGMENTED.networks().into_iter().map(|l| l.map(|(n, _)| n));
                members = read.collect::<Result<_, _>>().map_err(|e| e.to_string())?;
            }
            let pool = crate::ann::pool(spare_threads()).map_err(|e| e.to_string())?;
            Ok(pool.install(|| judge(question, &members, || reply.is_newest())))
        }
    })
}
