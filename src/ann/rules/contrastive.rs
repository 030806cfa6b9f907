//! Contrastive Hebbian learning with spikes (in the manner of Mesnard, Gerstner and Brea
//! 2016; the constants are our own). A network of leaky integrate-and-fire neurons, connected
//! both ways, runs freely; then from that one state run two branches, in which the classes
//! are pulled towards the target and pushed away from it. A synapse learns from how the
//! traces of its neurons' spikes go together in the two:
//!
//! `ΔW_ij ∝ (⟨r_i r_j⟩⁺ − ⟨r_i r_j⟩⁻) / 2β`.
//!
//! The branches begin in one state, last equally long and have the same noise, so that what
//! is left of the difference is due to the target. Noise and a bias near the threshold keep
//! neurons from falling silent: a silent one has no slope, and learns nothing.

use super::disturbance::Disturbance;
use super::probe::Digits;
use super::{Kind, Method, Recipe, Rule, adam};
use crate::ann::learner::{Job, PartMemory};
use crate::ann::ops::op::Plane;
use crate::ann::ops::spiking::energy::{Energy, Phases, key};
use crate::ann::tap::Signal;
use crate::ann::zoo::{Layer, Spiking};
use crate::core::isa::Isa;
use crate::core::param::{Param, params};
use crate::data::{CLASSES, SIDE};

params! {
    struct Params: f32 {
        beta: Param::number(
            "Nudging β", "", 2.0, (0.01, 20.0),
            "How strongly the target pulls at the classes",
        ),
        free: Param::number(
            "Free steps", "", 60.0, (1.0, 1000.0),
            "Steps before the target is shown",
        ),
        nudged: Param::number(
            "Nudged steps", "", 60.0, (1.0, 1000.0),
            "Steps of each branch with the target, from the state of the free phase",
        ),
        window: Param::number(
            "Window", "", 0.5, (0.05, 1.0),
            "The last share of a branch that counts; before it the spikes settle",
        ),
        target: Param::number(
            "Target", "", 0.6, (0.01, 1.0),
            "Trace that the right class is taught, as a share of the highest rate; the others are taught silence",
        ),
        output_rate: Param::number(
            "Rate from layer to layer", "", 1.0, (0.01, 10.0),
            "Learning rate of the synapses at the classes, as a share of that of the pixels' synapses",
        ),
        sides: Param::choice(
            "Branches", &["one-sided", "centred"], 1,
            "Compare with a branch that is left alone, or with one that is pushed the other way",
        ),
    }
}

/// Two phases of spikes instead of an error.
pub static RULE: Rule = Rule {
    id: "contrastive_hebbian",
    name: "Contrastive Hebbian",
    doc: "Leaky integrate-and-fire neurons, connected both ways, run freely, then with the classes pulled a little towards the target; each synapse learns from how much more its two neurons' spikes go together (in the manner of Mesnard, Gerstner and Brea 2016). Nothing but spikes travels back, over connections that are symmetric.",
    way_back: "spikes, in a second phase",
    parameters: Params::DECLARED,
    kind: Kind::BothWays,
    optimisers: &[],
    why: "",
    usual: || adam(1e-3),
    recipe: Recipe::new(&[512], 20, 15),
    sends_errors: false,
    relaxes: false,
    begin: |start| Box::new(Contrastive::of(start.network.architecture().layers, start.values)),
};

/// The rule for one network.
#[derive(Clone)]
pub struct Contrastive {
    op: Energy,
    phases: Phases,
    output_rate: f32,
}

impl Contrastive {
    /// For a network of that kind, with these values of the parameters.
    pub fn of(layers: &dyn Fn() -> Vec<Layer>, values: &[f32]) -> Self {
        let hidden = layers().into_iter().find_map(|l| match l {
            Layer::Spiking(Spiking::Energy { hidden }) => Some(hidden),
            _ => None,
        });
        let Params { beta, free, nudged, window, target, output_rate, sides } = Params::of(values);
        let (free, nudged) = (free.round() as usize, nudged.round() as usize);
        let window = ((nudged as f32 * window).round() as usize).max(1);
        let phases = Phases { free, nudged, window, beta, centred: sides > 0.5, target };
        let op = Energy::new(Isa::best(), Plane::new(SIDE, SIDE, 1), hidden.unwrap_or(1));
        Self { op, phases, output_rate }
    }

    /// The operation.
    pub fn op(&self) -> &Energy {
        &self.op
    }

    /// Its phases.
    pub fn phases(&self) -> Phases {
        self.phases
    }
}

impl Method for Contrastive {
    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        let (n, first, address) = (part.n, part.first, job.address);
        let parameters = &job.parts.parameters[0];
        let share = 1.0 / job.batch.max(1) as f32;
        let shares = [share, share * self.output_rate];
        let PartMemory { planes, keep, partial, labels, .. } = part;
        let (x, logits) = planes.split_at_mut(1);
        job.tap.sent(Signal::Activity(0), &mut x[0]);
        self.op.learn(
            parameters,
            (&x[0], labels, &|p| key(address, first + p)),
            (&self.phases, shares),
            (&mut keep[0], &mut partial[0]),
            &mut logits[0][..n * CLASSES],
            job.tap,
        );
        // Loss and right answers of the free phase.
        part.judge(job.batch);
    }

    fn angles(&self, _: &Digits<'_>, _: &Disturbance) -> Vec<Option<f64>> {
        vec![None; 2]
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(self.clone())
    }
}
