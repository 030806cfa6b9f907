//! Surrogate gradients (Neftci, Mostafa and Zenke 2019): backpropagation through time in a
//! network of spikes, with a smooth bump in place of the derivative of a spike, which is
//! zero or infinite. What firing costs can be added.

use super::{Kind, Method, Recipe, Rule, adam};
use crate::ann::learner::{Job, PartMemory};
use crate::ann::ops::spiking::surrogate::{RateCost, Shape, Surrogate, Teaching};
use crate::core::param::{Param, params};

params! {
    struct Params: f32 {
        shape: Param::choice(
            "Surrogate", &Shape::NAMES, 0,
            "The bump that stands for the derivative of a spike, 1 at the threshold",
        ),
        slope: Param::number(
            "Slope", "", 5.0, (0.5, 100.0),
            "How narrow the bump is; narrow ones starve neurons far from the threshold",
        ),
        target: Param::number(
            "Firing rate", "", 0.05, (0.0, 1.0),
            "Share of steps with a spike that each neuron is drawn to",
        ),
        strength: Param::number(
            "Pull to that rate", "", 0.0, (0.0, 100.0),
            "Cost of the squared distance from that rate, per neuron; 0 leaves rates free",
        ),
        lower: Param::number(
            "Lowest rate", "", 0.0, (0.0, 1.0), "Rates below cost something: silent neurons wake up",
        ),
        upper: Param::number(
            "Highest rate", "", 1.0, (0.0, 1.0), "Rates above cost something",
        ),
        bounding: Param::number(
            "Cost beyond these", "", 0.0, (0.0, 100.0),
            "Cost of the squared rate below the lowest or above the highest, per neuron",
        ),
    }
}

/// A bump instead of a derivative.
pub static RULE: Rule = Rule {
    id: "surrogate_gradient",
    name: "Surrogate gradient",
    doc: "Backpropagation through the steps of a network of spikes. A spike has no useful derivative: a smooth bump around the threshold takes its place (Neftci, Mostafa and Zenke 2019). As accurate as backpropagation; the brain would need all that errors need there, and to keep what happened at every step.",
    way_back: "the transposed weights, and back through time",
    parameters: Params::DECLARED,
    kind: Kind::Spiking,
    optimisers: &[],
    why: "",
    usual: || adam(1e-3),
    recipe: Recipe::new(&[512], 100, 15),
    sends_errors: true,
    relaxes: false,
    begin: |start| {
        let Params { shape, slope, target, strength, lower, upper, bounding } =
            Params::of(start.values);
        Box::new(SurrogateGradient {
            surrogate: Surrogate { shape: Shape::of_choice(shape), slope },
            rates: RateCost { target, strength, lower, upper, bounding },
        })
    },
};

#[derive(Clone)]
struct SurrogateGradient {
    surrogate: Surrogate,
    rates: RateCost,
}

impl Method for SurrogateGradient {
    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        let (surrogate, rates) = (self.surrogate, self.rates);
        let share = 1.0 / job.batch.max(1) as f32;
        part.teaching = Teaching { surrogate, rates, share, ..Teaching::default() };
        part.forward(job);
        part.judge(job.batch);
        part.back(job, |step| self.way(step));
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(self.clone())
    }
}
