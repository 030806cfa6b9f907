//! Inference on one picture, every step kept; and walks between two.

use std::sync::Arc;

use crate::ann::energy::film::{Depth, Imagining, Motion, walk};
use crate::ann::energy::{Dynamics, Given, Model as Generative, Objective};
use crate::data::{PIXELS, Pixels};
use crate::workers::events::Events;
use crate::workers::models::Model;
use crate::workers::thread::answering::{Answer, Answering, Reply};

/// What a film is to show.
#[derive(Clone)]
pub struct FilmQuestion {
    /// Counts the questions; the answer carries its question's number.
    pub number: u64,
    /// The network.
    pub model: Arc<Model>,
    /// What is known of the picture.
    pub given: Given,
    /// Steps.
    pub steps: usize,
    /// Pictures imagined side by side.
    pub chains: usize,
    /// What a step does.
    pub motion: Motion,
    /// How causes move.
    pub dynamics: Dynamics,
    /// What is drawn at random.
    pub seed: u64,
}

/// A moment.
#[derive(Clone)]
pub struct Shot {
    /// What the network sees: what is known, and what it imagines for the rest.
    pub seen: Pixels,
    /// What its causes draw, over the whole picture.
    pub drawn: Pixels,
    /// Causes of the first of the pictures.
    pub h1: Vec<f32>,
    pub h2: Vec<f32>,
    /// J and its parts.
    pub objective: Objective,
}

/// A film.
#[derive(Clone, Default)]
pub struct Film {
    /// [`FilmQuestion::number`]; 0 before the first.
    pub number: u64,
    /// Key of the network.
    pub key: String,
    /// The beginning, and each step.
    pub shots: Arc<Vec<Shot>>,
}

impl Answer<FilmQuestion> for Film {
    fn failure(why: &str) -> String {
        format!("The digit could not be completed: {why}. The last film stays.")
    }
}

fn shot(model: &Generative<'_>, film: &Imagining) -> Shot {
    let frame = film.frame(model);
    let drawn = model.drawn(&film.state);
    let mut mean = [0f32; PIXELS];
    for row in drawn.as_chunks::<PIXELS>().0 {
        mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / film.state.n.max(1) as f32);
    }
    Shot {
        seen: frame.picture,
        drawn: mean,
        h1: frame.h1,
        h2: frame.h2,
        objective: frame.objective,
    }
}

/// Makes a film; stops early when `goes_on` says so.
pub fn make(question: &FilmQuestion, goes_on: impl Fn() -> bool) -> Option<Film> {
    let FilmQuestion { number, model, given, steps, chains, motion, dynamics, seed } = question;
    let network = Generative::of(&model.network)?;
    let mut film = Imagining::of(&network, given.clone(), *chains, *seed);
    (film.motion, film.dynamics) = (*motion, dynamics.bounded());
    let mut shots = vec![shot(&network, &film)];
    for _ in 0..*steps {
        if !goes_on() {
            return None;
        }
        film.advance(&network);
        shots.push(shot(&network, &film));
    }
    Some(Film { number: *number, key: model.key.clone(), shots: Arc::new(shots) })
}

/// Starts the thread.
pub(super) fn start(events: Events) -> std::io::Result<Answering<FilmQuestion, Film>> {
    Answering::spawn("imagination", events, || {
        |question: &FilmQuestion, reply: &Reply<FilmQuestion, Film>| {
            Ok(make(question, || reply.is_newest()))
        }
    })
}

/// From one digit to another.
#[derive(Clone)]
pub struct WalkQuestion {
    /// Counts the questions.
    pub number: u64,
    /// The network.
    pub model: Arc<Model>,
    /// Both ends.
    pub from: Pixels,
    pub to: Pixels,
    /// Frames, both ends included.
    pub frames: usize,
}

/// The depths at which one can walk, from the picture up.
pub const DEPTHS: [Depth; 3] = [Depth::Pixels, Depth::First, Depth::Second];

/// The same way at three depths.
#[derive(Clone, Default)]
pub struct Walk {
    /// [`WalkQuestion::number`]; 0 before the first.
    pub number: u64,
    /// Key of the network.
    pub key: String,
    /// Pictures, by depth as in [`DEPTHS`].
    pub ways: [Vec<Pixels>; 3],
}

impl Answer<WalkQuestion> for Walk {
    fn failure(why: &str) -> String {
        format!("The walk could not be made: {why}. The last one stays.")
    }
}

pub(super) fn start_walks(events: Events) -> std::io::Result<Answering<WalkQuestion, Walk>> {
    Answering::spawn("walk", events, || {
        |question: &WalkQuestion, _: &Reply<WalkQuestion, Walk>| {
            let Some(model) = Generative::of(&question.model.network) else { return Ok(None) };
            let WalkQuestion { number, from, to, frames, .. } = question;
            let ways = DEPTHS.map(|depth| {
                let state = walk(&model, from, to, *frames, depth);
                (0..state.n).map(|i| state.picture(i)).collect()
            });
            Ok(Some(Walk { number: *number, key: question.model.key.clone(), ways }))
        }
    })
}
