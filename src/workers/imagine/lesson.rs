//! E and M steps one by one, on a copy of a network.
//!
//! A round is one picture: its causes are proposed, move for some E steps, and then the
//! weights change once, by an M step. Moments are counted from the first proposal:
//! proposal, E steps, M step, next proposal.

use std::sync::Arc;

use crate::ann::energy::{Dynamics, Given, Model as Generative, Objective, State, Synapse, learn};
use crate::ann::network::Network;
use crate::ann::ops::energy::Map;
use crate::data::{Dataset, PIXELS, Pixels};
use crate::workers::events::Events;
use crate::workers::models::Model;
use crate::workers::thread::answering::{Answer, Answering, Reply};

/// Rounds at most.
pub const MOST_ROUNDS: u64 = 50;
/// Rounds between two copies of the weights, to go back to.
const KEPT_EVERY: u64 = 10;
/// Synapses that are named, of each map.
const NAMED: usize = 6;

/// What is learned from.
#[derive(Clone)]
pub enum Digits {
    /// One picture, again and again.
    One(Box<Pixels>),
    /// Training digits, one after another.
    Many(Arc<Dataset>),
}

impl Digits {
    fn of_round(&self, round: u64) -> Pixels {
        match self {
            Self::One(picture) => **picture,
            Self::Many(data) if data.is_empty() => [0.0; PIXELS],
            Self::Many(data) => data.pixels((round % data.len() as u64) as usize),
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(a), Self::One(b)) => a == b,
            (Self::Many(a), Self::Many(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// Where E and M steps are to lead.
#[derive(Clone)]
pub struct LessonQuestion {
    /// Counts the questions.
    pub number: u64,
    /// The network at the beginning.
    pub model: Arc<Model>,
    /// What is learned from.
    pub digits: Digits,
    /// E steps of a round.
    pub e_steps: usize,
    /// Learning rate.
    pub rate: f32,
    /// How causes move.
    pub dynamics: Dynamics,
    /// The moment asked for.
    pub moment: u64,
    /// A unit of h1 whose weights are shown.
    pub unit: usize,
}

impl LessonQuestion {
    /// Moments of a round.
    pub fn round(&self) -> u64 {
        moments(self.e_steps)
    }

    fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.model, &other.model)
            && self.digits.same(&other.digits)
            && self.e_steps == other.e_steps
            && self.rate.to_bits() == other.rate.to_bits()
            && self.dynamics == other.dynamics
    }
}

/// Moments of a round of so many E steps: proposal, E steps, M step.
pub fn moments(e_steps: usize) -> u64 {
    e_steps as u64 + 2
}

/// What happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happens {
    /// Encoders propose causes of a new picture.
    Proposal,
    /// This E step, from 1 on.
    EStep(u64),
    /// Weights change.
    MStep,
}

/// What happens at a moment of rounds with so many E steps.
pub fn happens(moment: u64, e_steps: usize) -> Happens {
    match moment % moments(e_steps) {
        0 => Happens::Proposal,
        step if step > e_steps as u64 => Happens::MStep,
        step => Happens::EStep(step),
    }
}

/// The four maps' strongest lessons.
pub type Strongest = [Vec<Synapse>; 4];

/// A moment.
#[derive(Clone, Default)]
pub struct Lesson {
    /// [`LessonQuestion::number`]; 0 before the first.
    pub number: u64,
    /// Key of the network.
    pub key: String,
    /// The moment it is.
    pub moment: u64,
    /// J at each moment up to it.
    pub course: Arc<Vec<Objective>>,
    /// The picture with its causes.
    pub state: State,
    /// What its causes draw.
    pub drawn: Vec<f32>,
    /// The synapses that an M step changes most now (or has just changed), by map.
    pub strongest: Strongest,
    /// The chosen unit's encoder and decoder, and how far each has come since the beginning.
    pub fields: Vec<[Pixels; 2]>,
    /// Root mean square of all changes of weights since the beginning, by map.
    pub moved: [f64; 4],
}

impl Answer<LessonQuestion> for Lesson {
    fn failure(why: &str) -> String {
        format!("The step could not be taken: {why}. The network itself is as it was.")
    }
}

/// A copy of the network on its way.
struct Course {
    question: LessonQuestion,
    network: Network,
    state: State,
    moment: u64,
    objectives: Vec<Objective>,
    strongest: Strongest,
    /// Networks at the beginning of some rounds.
    kept: Vec<(u64, Network)>,
}

impl Course {
    fn new(question: &LessonQuestion) -> Option<Self> {
        let network = question.model.network.clone();
        Generative::of(&network)?;
        let mut course = Self {
            question: question.clone(),
            kept: vec![(0, network.clone())],
            network,
            state: State::default(),
            moment: 0,
            objectives: Vec::new(),
            strongest: Strongest::default(),
        };
        course.propose();
        Some(course)
    }

    /// A new picture, and J at its proposal.
    fn propose(&mut self) {
        let round = self.moment / self.question.round();
        let picture = self.question.digits.of_round(round);
        if let Some(model) = Generative::of(&self.network) {
            self.state = model.begin(&Given::all(&picture), 1);
        }
        self.look();
    }

    /// Notes J, and what an M step would change.
    fn look(&mut self) {
        let given = Given::all(&self.state.picture(0));
        let Some(model) = Generative::of(&self.network) else { return };
        self.objectives.push(model.objective(&self.state, &given, &self.question.dynamics));
        self.strongest = Map::LATENT.map(|map| model.changes(&self.state, 0, map, NAMED));
    }

    /// The next moment.
    fn advance(&mut self) {
        self.moment += 1;
        let (round, e_steps) = (self.question.round(), self.question.e_steps);
        match happens(self.moment, e_steps) {
            Happens::Proposal => {
                let number = self.moment / round;
                if number.is_multiple_of(KEPT_EVERY) && self.kept.iter().all(|k| k.0 != self.moment)
                {
                    self.kept.push((self.moment, self.network.clone()));
                }
                self.propose();
            }
            Happens::EStep(_) => {
                let given = Given::all(&self.state.picture(0));
                if let Some(model) = Generative::of(&self.network) {
                    let address = (1, self.moment);
                    model.settle(&mut self.state, &given, &self.question.dynamics, address);
                }
                self.look();
            }
            Happens::MStep => {
                // What is learned from is what was before.
                let taught = std::mem::take(&mut self.strongest);
                learn(&mut self.network, &self.state, self.question.rate);
                self.look();
                self.strongest = taught;
            }
        }
    }

    /// Back to a moment not after the one asked for.
    fn back(&mut self, to: u64) {
        let Some((moment, network)) = self.kept.iter().rev().find(|(m, _)| *m <= to) else {
            return;
        };
        (self.moment, self.network) = (*moment, network.clone());
        self.objectives.truncate(*moment as usize);
        self.propose();
    }

    fn answer(&self, question: &LessonQuestion) -> Option<Lesson> {
        let model = Generative::of(&self.network)?;
        let first = Generative::of(&question.model.network)?;
        let fields = [Map::Encode1, Map::Decode1].into_iter().filter_map(|map| {
            let (now, then) = (model.field(map, question.unit)?, first.field(map, question.unit)?);
            Some([now, std::array::from_fn(|i| now[i] - then[i])])
        });
        let (now, then) =
            (self.network.step_parameters(0), question.model.network.step_parameters(0));
        let moved = Map::LATENT.map(|map| {
            let (weights, _) = model.op().place(map);
            let pairs = now[weights.clone()].iter().zip(&then[weights.clone()]);
            let sum: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
            (sum / weights.len().max(1) as f64).sqrt()
        });
        Some(Lesson {
            number: question.number,
            key: question.model.key.clone(),
            moment: self.moment,
            course: Arc::new(self.objectives.clone()),
            state: self.state.clone(),
            drawn: model.drawn(&self.state),
            strongest: self.strongest.clone(),
            fields: fields.collect(),
            moved,
        })
    }
}

pub(super) fn start(events: Events) -> std::io::Result<Answering<LessonQuestion, Lesson>> {
    Answering::spawn("E and M steps", events, || {
        let mut course: Option<Course> = None;
        move |question: &LessonQuestion, reply: &Reply<LessonQuestion, Lesson>| {
            if course.as_ref().is_none_or(|c| !c.question.same(question)) {
                course = Course::new(question);
            }
            let Some(course) = course.as_mut() else { return Ok(None) };
            let last = MOST_ROUNDS * question.round();
            let to = question.moment.min(last);
            if to < course.moment {
                course.back(to);
            }
            while course.moment < to {
                if !reply.is_newest() {
                    return Ok(None);
                }
                course.advance();
            }
            Ok(course.answer(question))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic;

    fn question(moment: u64) -> LessonQuestion {
        LessonQuestion {
            number: 1,
            model: Arc::new(Model::untrained("energy-40-20")),
            digits: Digits::One(Box::new(synthetic::digit(1, 3, 0))),
            e_steps: 3,
            rate: 0.05,
            dynamics: Dynamics::default(),
            moment,
            unit: 7,
        }
    }

    fn at(course: &mut Course, moment: u64) {
        while course.moment < moment {
            course.advance();
        }
    }

    #[test]
    fn going_back_and_forth_leads_to_the_same_weights() {
        let question = question(0);
        let mut there = Course::new(&question).unwrap();
        at(&mut there, 33);
        let mut back = Course::new(&question).unwrap();
        at(&mut back, 140);
        back.back(33);
        assert!(back.moment <= 33);
        at(&mut back, 33);
        assert_eq!(there.network.values(), back.network.values());
        assert_eq!(there.state, back.state);
        assert_eq!(there.objectives, back.objectives);
        assert_eq!(there.objectives.len(), 34);
    }

    #[test]
    fn e_steps_leave_weights_alone_and_m_steps_raise_j_at_the_same_causes() {
        let question = question(0);
        let mut course = Course::new(&question).unwrap();
        let first = course.network.values();
        at(&mut course, 3);
        assert_eq!(happens(3, 3), Happens::EStep(3));
        assert_eq!(course.network.values(), first);
        at(&mut course, 4);
        assert_eq!(happens(4, 3), Happens::MStep);
        assert_ne!(course.network.values(), first);
        let [.., before, after] = &course.objectives[..] else { panic!() };
        assert!(after.total() > before.total(), "{before:?} {after:?}");
        // What was shown as the lesson is what changed.
        let synapse = course.strongest[3][0];
        let model = Generative::of(&course.network).unwrap();
        let of = (synapse.map, synapse.input, synapse.unit);
        let now = model.synapse(&course.state, 0, of).unwrap().weight;
        assert!((now - synapse.weight - synapse.change(question.rate)).abs() < 1e-6);
        let lesson = course.answer(&question).unwrap();
        assert!(lesson.moved.iter().all(|m| *m > 0.0) && lesson.fields.len() == 2);
    }
}
