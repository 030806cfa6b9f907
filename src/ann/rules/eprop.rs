//! E-prop (Bellec et al. 2020). A synapse keeps a trace of how much it has contributed to
//! its neuron's spikes; a learning signal that says how wrong the classes are turns the
//! trace into a change:
//!
//! `Δw_ij ∝ Σ_t L_j·ē_ij(t)`, `ē` low-pass filtered `e_ij(t) = ψ_j(t)·x̄_i(t)`, x̄ low-pass
//! filtered input, ψ the surrogate at the membrane.
//!
//! Everything runs forward in time, and nothing has to be kept of the past but the traces.
//! Credit that would travel from neuron to neuron over later steps is left out; without
//! recurrent connections and with the weights themselves as feedback nothing is, and this
//! is the surrogate gradient. The sums are taken here in another order, neuron by neuron
//! from the last step to the first: the result is the same but for rounding, and a synapse
//! needs no memory of its own (`ann/spiking` has the traces themselves).

use super::{Buffer, Kind, Method, Plan, Recipe, Rule, Start, Way, adam};
use crate::ann::learner::{Job, PartMemory};
use crate::ann::network::Network;
use crate::ann::ops::dense::times;
use crate::ann::ops::spiking::surrogate::{RateCost, Shape, Surrogate, Teaching};
use crate::ann::tap::Tapped;
use crate::ann::zoo::{Layer, Spiking};
use crate::core::param::{Param, params};
use crate::core::rng::Rng;
use crate::data::CLASSES;

params! {
    struct Params: f32 {
        feedback: Param::choice(
            "Feedback", &["random", "symmetric"], 0,
            "Errors reach each neuron over weights that never change, or over those that lead from it to the classes",
        ),
        scale: Param::number(
            "Size of random feedback", "", 1.0, (0.01, 10.0),
            "Standard deviation of the random weights, times the square root of the ten classes",
        ),
        filter: Param::choice(
            "Filter κ", &["off", "on"], 1,
            "Whether traces are filtered as the read-out filters spikes; without, the timing of credit is only roughly right",
        ),
        shape: Param::choice(
            "Surrogate", &Shape::NAMES, 0,
            "The bump that stands for the derivative of a spike, 1 at the threshold",
        ),
        slope: Param::number(
            "Slope", "", 5.0, (0.5, 100.0),
            "How narrow the bump is; narrow ones starve neurons far from the threshold",
        ),
        target: Param::number(
            "Firing rate", "", 0.1, (0.0, 1.0),
            "Share of steps with a spike that each neuron is drawn to",
        ),
        strength: Param::number(
            "Pull to that rate", "", 0.01, (0.0, 100.0),
            "Cost of the squared distance from that rate, per neuron; with none, rates run away",
        ),
    }
}

/// Traces of what a synapse has done.
pub static RULE: Rule = Rule {
    id: "eprop",
    name: "E-prop",
    doc: "Each synapse keeps a trace of what it has contributed to its neuron's spikes; the classes' error, sent straight to each neuron, turns traces into changes (Bellec et al. 2020). Runs forward in time only, and keeps nothing of the past.",
    way_back: "the classes' error, over a matrix for each layer; nothing back through time",
    parameters: Params::DECLARED,
    kind: Kind::Spiking,
    optimisers: &[],
    why: "",
    usual: || adam(1e-3),
    recipe: Recipe::new(&[512], 100, 15),
    sends_errors: true,
    relaxes: false,
    begin: |start| Box::new(Eprop::of(start)),
};

#[derive(Clone)]
struct Eprop {
    teaching: Teaching,
    symmetric: bool,
    /// From the classes to what comes into a step of the plan, `(10, inputs)`, at each of
    /// its time steps as the read-out counts them.
    matrices: Vec<Buffer>,
    /// How the last layer of spiking neurons counts spikes.
    counts: Vec<f32>,
}

impl Eprop {
    fn of(start: &Start<'_>) -> Self {
        let Params { feedback, scale, filter, shape, slope, target, strength } =
            Params::of(start.values);
        let (symmetric, unfiltered) = (feedback > 0.5, filter < 0.5);
        let layers = (start.network.architecture().layers)();
        let read = layers.iter().rev().find_map(|l| match l {
            Layer::Spiking(Spiking::Lif(n) | Spiking::Recurrent { neurons: n, .. }) => {
                Some(n.weights()).filter(|w| !w.is_empty())
            }
            _ => None,
        });
        let mut counts = read.unwrap_or_default();
        if unfiltered {
            let mean = counts.iter().sum::<f32>() / counts.len().max(1) as f32;
            counts.fill(mean);
        }
        let surrogate = Surrogate { shape: Shape::of_choice(shape), slope };
        let rates = RateCost { target, strength, ..RateCost::default() };
        let teaching =
            Teaching { surrogate, rates, local: true, unfiltered, ..Teaching::default() };
        let matrices = Vec::new();
        let mut eprop = Self { teaching, symmetric, matrices, counts };
        let plan = start.network.plan();
        eprop.matrices = if symmetric {
            eprop.products(start.network)
        } else {
            eprop.by_step(plan, |number, units| {
                let mut rng = Rng::stream(start.seed, "direct feedback", number as u64);
                let by = scale / (CLASSES as f32).sqrt();
                (0..CLASSES * units).map(|_| by * rng.normal()).collect()
            })
        };
        eprop
    }

    /// A matrix for each step that learns but the first: `make` gives that of its number
    /// and the units below it, `(10, units)`.
    fn by_step(&self, plan: &Plan, mut make: impl FnMut(usize, usize) -> Vec<f32>) -> Vec<Buffer> {
        let steps = plan.steps.iter().enumerate();
        let of_step = |(number, step): (usize, &crate::ann::plan::Step)| {
            let plane = step.op.input();
            if number == 0 || step.op.parameters().is_empty() {
                return Buffer::default();
            }
            let units = plane.len() / plane.steps;
            let matrix = make(number, units);
            if plane.steps == 1 {
                return Buffer::of(&matrix);
            }
            // What comes in over time reaches the classes as the read-out counts it.
            let rows = matrix.chunks_exact(units).flat_map(|row| {
                let at = |t: usize| self.counts.get(t).copied().unwrap_or(0.0);
                (0..plane.steps).flat_map(move |t| row.iter().map(move |b| at(t) * b))
            });
            Buffer::of(&rows.collect::<Vec<f32>>())
        };
        steps.map(of_step).collect()
    }

    /// The weights from each layer to the classes, multiplied on the way.
    fn products(&self, network: &Network) -> Vec<Buffer> {
        let plan = network.plan();
        // By step that learns, from the classes down: `(10, units below it)`.
        let mut known: Vec<(usize, Vec<f32>)> = Vec::new();
        for (number, step) in plan.steps.iter().enumerate().skip(1).rev() {
            let (below, above) = (step.op.input(), step.op.output());
            let (inputs, units) = (below.len() / below.steps, above.len() / above.steps);
            if step.op.parameters().is_empty() {
                continue;
            }
            let weights = &network.step_parameters(number)[..inputs * units];
            let mut turned = vec![0f32; units * inputs];
            for (i, row) in weights.chunks_exact(units).enumerate() {
                row.iter().enumerate().for_each(|(u, w)| turned[u * inputs + i] = *w);
            }
            let matrix = match known.last() {
                None => turned,
                Some((_, over)) => {
                    let mut matrix = vec![0f32; CLASSES * inputs];
                    times(plan.isa, (CLASSES, units, inputs), over, &turned, &mut matrix);
                    matrix
                }
            };
            known.push((number, matrix));
        }
        self.by_step(plan, |number, units| {
            let found = known.iter().find(|(n, _)| *n == number);
            found.map_or_else(|| vec![0.0; CLASSES * units], |(_, m)| m.clone())
        })
    }
}

impl Method for Eprop {
    fn way(&self, step: usize) -> Way<'_> {
        self.matrices.get(step).map_or(Way::Nothing, |m| Way::FromOutput(m))
    }

    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        part.teaching = Teaching { share: 1.0 / job.batch.max(1) as f32, ..self.teaching };
        part.forward(job);
        part.judge(job.batch);
        part.back(job, |step| self.way(step));
    }

    fn renew(&mut self, network: &Network, _: (u64, u64), _: Tapped<'_>) {
        if self.symmetric {
            self.matrices = self.products(network);
        }
    }

    fn matrices(&self) -> &[Buffer] {
        &self.matrices
    }

    fn matrices_mut(&mut self) -> &mut [Buffer] {
        &mut self.matrices
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(self.clone())
    }
}
