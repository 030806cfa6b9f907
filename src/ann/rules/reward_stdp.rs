//! STDP whose sign depends on success (Mozafari et al. 2019). Two convolutions learn
//! without labels ([`super::stdp`]); the maps of a third layer belong to classes, and its
//! neuron with the highest potential is the answer. If it is right, this neuron's synapses
//! learn by STDP (reward); if it is wrong, by the same with signs exchanged (punishment).
//! No label enters but through being right or wrong, and no other neuron learns.
//!
//! Both rates follow the share of wrong (for reward) and right answers (for punishment)
//! to the last 1000 images, so that a network that is nearly always right learns little
//! from it.

use super::disturbance::Disturbance;
use super::probe::Digits;
use super::stdp::{
    Convolutions, DOUBLING, LIMIT, PASSES_1, PASSES_2, PLUS, RADIUS_1, RADIUS_2, RATIO, WINNERS_1,
    WINNERS_2,
};
use super::{Kind, Method, Recipe, Rule, sgd};
use crate::ann::AnnError;
use crate::ann::buffer::Buffer;
use crate::ann::learner::{Job, PartMemory};
use crate::ann::network::Network;
use crate::ann::ops::conv_stdp::learn::{Rates, Recent, RewardRates, highest, reinforce};
use crate::ann::ops::conv_stdp::{Answer, read_out};
use crate::ann::ops::op::Op;
use crate::core::param::{Param, params};
use crate::core::rng::Rng;
use crate::data::CLASSES;

params! {
    struct Params: f32 {
        passes_1: PASSES_1,
        passes_2: PASSES_2,
        plus: PLUS,
        ratio: RATIO,
        limit: LIMIT,
        doubling: DOUBLING,
        winners_1: WINNERS_1,
        radius_1: RADIUS_1,
        winners_2: WINNERS_2,
        radius_2: RADIUS_2,
        reward_plus: Param::number(
            "Reward: early inputs", "", 0.008, (0.0, 0.2),
            "Change of a synapse of a right winner whose input fired",
        ),
        reward_minus: Param::number(
            "Reward: silent inputs", "", 0.008, (0.0, 0.2),
            "Change, downwards, of its other synapses",
        ),
        punish_minus: Param::number(
            "Punishment: early inputs", "", 0.008, (0.0, 0.2),
            "Change, downwards, of a synapse of a wrong winner whose input fired",
        ),
        punish_plus: Param::number(
            "Punishment: silent inputs", "", 0.004, (0.0, 0.2),
            "Change of its other synapses",
        ),
        dropout: Param::number(
            "Dropout", "", 0.4, (0.0, 0.95),
            "Share of the last layer's maps that sit out an image while learning, drawn anew for each",
        ),
        adaptive: Param::choice(
            "Rates follow success", &["no", "yes"], 1,
            "Whether reward counts by the share of wrong answers to the last 1000 images, punishment by that of right ones",
        ),
    }
}

/// Reward and punishment.
pub static RULE: Rule = Rule {
    id: "reward_stdp",
    name: "STDP with reward",
    doc: "Two convolutions learn by STDP without labels. The last layer learns only from being told right or wrong: STDP after a right answer, the same with signs exchanged after a wrong one (Mozafari et al. 2019).",
    way_back: "one number: right or wrong",
    parameters: Params::DECLARED,
    kind: Kind::ConvReward,
    optimisers: &[],
    why: "",
    usual: || sgd(0.01, 0.0),
    recipe: Recipe::new(&[32, 96], 32, 100),
    sends_errors: false,
    relaxes: false,
    begin: |start| {
        let p = Params::of(start.values);
        let Answer::Reward { per_class } =
            super::stdp::op_of(start.network.architecture().layers).design().answer
        else {
            // `Rule::fits` has refused every other network.
            return Box::new(super::backpropagation::Backpropagation);
        };
        let of_layers = &start.values[..10];
        let mut layers = Convolutions::of(start.network.architecture().layers, of_layers);
        layers.state.push(Buffer::zeros(Recent::LEN));
        Box::new(Reward {
            layers,
            maps: per_class * CLASSES,
            rates: RewardRates {
                reward: Rates { plus: p.reward_plus, minus: -p.reward_minus },
                punishment: Rates { plus: -p.punish_minus, minus: p.punish_plus },
                range: (0.0, 1.0),
            },
            dropout: p.dropout,
            adaptive: p.adaptive > 0.0,
        })
    },
};

#[derive(Clone)]
struct Reward {
    /// With the last answers ([`Recent`]) in its state.
    layers: Convolutions,
    maps: usize,
    rates: RewardRates,
    dropout: f32,
    adaptive: bool,
}

impl Reward {
    /// Learns from the pictures of a mini-batch, whose features are there, one after
    /// another; notes how many were answered rightly, each before it was learned from.
    fn learn(&mut self, network: &mut Network, parts: &mut [PartMemory], (seed, step): (u64, u64)) {
        let op = &self.layers.op;
        let weights = &mut network.parts().parameters[0][op.weights(2)];
        let mut potentials = vec![0f32; self.maps];
        let mut fired = vec![false; op.design().features()];
        let per_class = self.maps / CLASSES;
        for part in parts {
            part.right = 0;
            for (i, label) in part.labels.iter().enumerate() {
                let keep = &part.keep[0][i * op.keep_len()..][..op.keep_len()];
                let packed: &[u16] = bytemuck::cast_slice(keep);
                read_out::potentials(weights, packed, &mut potentials);
                let label = usize::from(*label);
                let mut logits = [0f32; CLASSES];
                read_out::by_class(&potentials, &mut logits);
                let right =
                    logits.iter().enumerate().all(|(d, v)| d == label || *v < logits[label]);
                part.right += usize::from(right);
                let mut rng = Rng::stream(
                    seed ^ (((part.first + i) as u64) << 32),
                    "maps that sit out",
                    step,
                );
                let out: Vec<bool> = (0..self.maps).map(|_| rng.uniform() < self.dropout).collect();
                let Some(map) = highest(&potentials, |map| !out[map]) else { continue };
                let right = map / per_class == label;
                let mut recent = Recent(&mut self.layers.state[1]);
                let share = recent.right();
                let (rates, by) = if right {
                    (self.rates.reward, 1.0 - share)
                } else {
                    (self.rates.punishment, share)
                };
                let by = if self.adaptive { by } else { 1.0 };
                recent.add(right);
                fired.fill(false);
                packed[crate::ann::ops::conv_stdp::STEPS..read_out::used(packed)]
                    .iter()
                    .for_each(|id| fired[usize::from(*id)] = true);
                let rates = Rates { plus: by * rates.plus, minus: by * rates.minus };
                reinforce(weights, (self.maps, map), &fired, rates, self.rates.range);
            }
            part.loss = (part.n - part.right) as f64;
        }
    }
}

impl Method for Reward {
    fn begin_epoch(&mut self, epoch: usize) {
        self.layers.begin_epoch(epoch);
    }

    fn has_gradient(&self) -> bool {
        false
    }

    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        match self.layers.learning() {
            Some(layer) => self.layers.measure(layer, part, job),
            None => {
                (part.loss, part.right) = (0.0, 0);
                self.layers.features(part, job, |_, _, _| {});
            }
        }
    }

    fn after(
        &mut self,
        network: &mut Network,
        parts: &mut [PartMemory],
        _: usize,
        address: (u64, u64),
    ) -> Result<(), AnnError> {
        match self.layers.learning() {
            Some(layer) => {
                self.layers.learn(layer, network, parts);
            }
            None => self.learn(network, parts, address),
        }
        Ok(())
    }

    fn matrices(&self) -> &[Buffer] {
        &self.layers.state
    }

    fn matrices_mut(&mut self) -> &mut [Buffer] {
        &mut self.layers.state
    }

    /// Nothing to compare with: no part of it goes down a slope.
    fn angles(&self, _: &Digits<'_>, _: &Disturbance) -> Vec<Option<f64>> {
        vec![None; 3]
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(self.clone())
    }
}
