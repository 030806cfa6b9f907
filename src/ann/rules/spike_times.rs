//! Gradients through the times of spikes (Mostafa 2017): exact, since when a neuron fires
//! is a smooth function of weights and of when its inputs fire, as long as the same ones
//! come first. A neuron that does not fire has no gradient and would stay silent for good;
//! a cost on weights that sum up to too little wakes it up.

use super::{Kind, Method, Recipe, Rule, adam};
use crate::ann::learner::{Job, PartMemory};
use crate::ann::ops::spiking::surrogate::Teaching;
use crate::core::param::{Param, params};

params! {
    struct Params: f32 {
        silence: Param::number(
            "Cost of silence", "", 30.0, (0.0, 1000.0),
            "How strongly weights into a neuron are raised where their sum is hardly enough to make it fire",
        ),
    }
}

/// Exact gradients by times.
pub static RULE: Rule = Rule {
    id: "spike_times",
    name: "Gradient of spike times",
    doc: "When a neuron first fires is a smooth function of its weights and of its inputs' times, so the gradient is exact without any surrogate (Mostafa 2017). One spike per neuron at most; neurons that fall silent are woken by a cost on their weights.",
    way_back: "the transposed weights of those who fired before",
    parameters: Params::DECLARED,
    kind: Kind::FirstSpike,
    optimisers: &[],
    why: "",
    // Faster, or with a lower cost, neurons drop out for good once the training digits are
    // learned: without augmentation a run at 5e-4 and 1 fell to chance after ten epochs.
    usual: || adam(2e-4),
    recipe: Recipe::new(&[800], 100, 20),
    sends_errors: false,
    relaxes: false,
    begin: |start| Box::new(SpikeTimes { silence: Params::of(start.values).silence }),
};

#[derive(Clone)]
struct SpikeTimes {
    silence: f32,
}

impl Method for SpikeTimes {
    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        let share = 1.0 / job.batch.max(1) as f32;
        part.teaching = Teaching { silence: self.silence, share, ..Teaching::default() };
        part.forward(job);
        part.judge(job.batch);
        part.back(job, |step| self.way(step));
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(self.clone())
    }
}
