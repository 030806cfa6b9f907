//! Equilibrium propagation (Scellier and Bengio 2017): no error travels at all. The
//! network settles freely; then its classes are pushed a little towards the target, and
//! it settles again. A synapse learns from how its two cells' product has changed:
//!
//! `ΔW ∝ (s⁺ᵀs⁺ − s⁻ᵀs⁻) / 2β`, with the states pushed by +β and by −β (Laborieux et
//! al. 2021; one-sided, s⁻ is the free state and the divisor β).
//!
//! In the limit of small β this is the gradient of the squared error, if the network
//! has settled in the bottom of one valley. With weights as they are drawn here it has
//! not quite, and the update is tens of degrees off. It learns all the same.

use super::disturbance::Disturbance;
use super::probe::{Digits, angle};
use super::{Kind, Method, Recipe, Rule, sgd};
use crate::ann::learner::{Job, PartMemory};
use crate::ann::ops::loss;
use crate::ann::ops::op::Plane;
use crate::ann::ops::settling::{Kept, Phase, Settling};
use crate::ann::ops::simd::vectorised;
use crate::ann::tap::{Signal, Tapped};
use crate::ann::zoo::Layer;
use crate::core::isa::Isa;
use crate::core::param::{Param, params};
use crate::data::{CLASSES, SIDE};

params! {
    struct Params: f32 {
        beta: Param::number(
            "Nudging β", "", 1.0, (0.001, 4.0),
            "How strongly the target pulls at the classes in the second phase",
        ),
        free: Param::number(
            "Free sweeps", "", 30.0, (1.0, 200.0),
            "Sweeps over the layers, from zero, before the target is shown",
        ),
        nudged: Param::number(
            "Nudged sweeps", "", 10.0, (1.0, 200.0),
            "Sweeps with the target, from the free state",
        ),
        step: Param::number(
            "Step ε", "", 0.5, (0.01, 1.0),
            "How far a layer goes, at each sweep, to where it is pulled",
        ),
        output_rate: Param::number(
            "Rate from layer to layer", "", 0.4, (0.01, 10.0),
            "Learning rate of each layer, as a share of that of the layer below; the first has the optimiser's",
        ),
        sides: Param::choice(
            "Phases", &["one-sided", "centred"], 1,
            "Compare with the free state, or with one pushed the other way",
        ),
    }
}

/// Two phases instead of an error.
pub static RULE: Rule = Rule {
    id: "equilibrium_propagation",
    name: "Equilibrium propagation",
    doc: "The network settles freely, then with its classes pulled a little towards the target; each synapse learns from the difference (Scellier and Bengio 2017). Nothing but activity travels back, over connections that are symmetric.",
    way_back: "activity, in a second phase",
    parameters: Params::DECLARED,
    kind: Kind::Settling,
    optimisers: &[],
    why: "",
    usual: || sgd(0.3, 0.0),
    recipe: Recipe::new(&[500], 20, 15),
    sends_errors: false,
    relaxes: true,
    begin: |start| Box::new(Equilibrium::of(start.network.architecture().layers, start.values)),
};

/// The rule for one network.
#[derive(Clone)]
pub struct Equilibrium {
    op: Settling,
    beta: f32,
    free: usize,
    nudged: usize,
    step: f32,
    output_rate: f32,
    centred: bool,
}

impl Equilibrium {
    /// For a network that settles, with these values of the parameters.
    pub fn of(layers: &dyn Fn() -> Vec<Layer>, values: &[f32]) -> Self {
        let hidden = layers().into_iter().find_map(|l| match l {
            Layer::Settling { hidden } => Some(hidden),
            _ => None,
        });
        let hidden = hidden.unwrap_or_default();
        let Params { beta, free, nudged, step, output_rate, sides } = Params::of(values);
        Self {
            op: Settling::new(Isa::best(), Plane::new(SIDE, SIDE, 1), hidden),
            beta,
            free: free.round() as usize,
            nudged: nudged.round() as usize,
            step,
            output_rate,
            centred: sides > 0.5,
        }
    }

    /// The operation.
    pub fn op(&self) -> &Settling {
        &self.op
    }

    /// The free phase.
    pub fn free_phase(&self) -> Phase {
        Phase { sweeps: self.free, step: self.step, beta: 0.0 }
    }

    /// A nudged phase; `sign` is 1 or −1.
    pub fn nudged_phase(&self, sign: f32) -> Phase {
        Phase { sweeps: self.nudged, step: self.step, beta: sign * self.beta }
    }

    /// Runs both phases of `n` pictures and keeps what the gradient is made of; `batch`
    /// is the size of the whole mini-batch.
    fn phases(
        &self,
        parameters: &[f32],
        x: &[f32],
        (labels, batch): (&[u8], usize),
        keep: &mut [f32],
        scratch: &mut [f32],
        tap: Tapped<'_>,
    ) {
        let (n, op) = (labels.len(), &self.op);
        let mut targets = vec![0f32; n * CLASSES];
        for (row, label) in targets.chunks_exact_mut(CLASSES).zip(labels) {
            row[usize::from(*label)] = 1.0;
        }
        let kept = Kept::of(keep, n, op.states(), op.widths()[1]);
        op.drive(parameters, n, x, kept.drive);
        kept.free.fill(0.0);
        let moving = (&*kept.drive, &mut *kept.free);
        op.relax(parameters, n, moving, (self.free_phase(), &[]), (scratch, tap), |_| {});
        kept.plus.copy_from_slice(kept.free);
        kept.minus.copy_from_slice(kept.free);
        let moving = (&*kept.drive, &mut *kept.plus);
        op.relax(parameters, n, moving, (self.nudged_phase(1.0), &targets), (scratch, tap), |_| {});
        let mut distance = self.beta;
        if self.centred {
            distance *= 2.0;
            let moving = (&*kept.drive, &mut *kept.minus);
            op.relax(
                parameters,
                n,
                moving,
                (self.nudged_phase(-1.0), &targets),
                (scratch, tap),
                |_| {},
            );
        }
        for l in 0..op.widths().len() - 1 {
            let place = op.place(n, l);
            let share = self.output_rate.powi(l as i32);
            let by = share / (distance * batch as f32);
            let scale = |from: &[f32], to: &mut [f32], by: f32| {
                vectorised(|| to.iter_mut().zip(from).for_each(|(t, f)| *t = by * f));
            };
            scale(&kept.plus[place.clone()], &mut kept.plus_scaled[place.clone()], -by);
            scale(&kept.minus[place.clone()], &mut kept.minus_scaled[place], by);
        }
        let first = op.place(n, 0);
        let pairs = kept.plus_scaled[first.clone()].iter().zip(&kept.minus_scaled[first]);
        vectorised(|| kept.difference.iter_mut().zip(pairs).for_each(|(d, (p, m))| *d = p + m));
    }
}

impl Method for Equilibrium {
    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        let n = part.n;
        let parameters = &job.parts.parameters[0];
        let PartMemory { planes, keep, scratch, labels, .. } = part;
        job.tap.sent(Signal::Activity(0), &mut planes[0]);
        self.phases(parameters, &planes[0], (labels, job.batch), &mut keep[0], scratch, job.tap);
        let (op, free) = (&self.op, n * self.op.widths()[1]);
        let classes = op.place(n, op.widths().len() - 2);
        let states = &keep[0][free + classes.start..free + classes.end];
        Settling::logits(states, &mut planes[1][..n * CLASSES]);
        // Loss and right answers of the free phase.
        part.judge(job.batch);
    }

    fn angles(&self, looked: &Digits<'_>, _: &Disturbance) -> Vec<Option<f64>> {
        let parameters = looked.network.step_parameters(0);
        let (n, op) = (looked.labels.len(), &self.op);
        let phase = Phase { sweeps: 60, step: self.step, beta: 0.0 };
        let mut targets = vec![0f32; n * CLASSES];
        for (row, label) in targets.chunks_exact_mut(CLASSES).zip(looked.labels) {
            row[usize::from(*label)] = 1.0;
        }
        let exact = op.exact_gradient(parameters, looked.pictures, &targets, phase);
        let own = self.estimate(parameters, looked.pictures, looked.labels);
        exact.iter().zip(&own).map(|(exact, own)| angle(exact, own)).collect()
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(self.clone())
    }
}

impl Equilibrium {
    /// The rule's own estimate of the gradient by each layer's weights, averaged over
    /// the pictures.
    pub fn estimate(&self, parameters: &[f32], x: &[f32], labels: &[u8]) -> Vec<Vec<f32>> {
        use crate::ann::ops::op::{Mode, Op, Part};
        let (n, op) = (labels.len(), &self.op);
        let mut keep = vec![0f32; n * op.keep_len()];
        let mut scratch = vec![0f32; op.scratch_len(n, Mode::Answer)];
        let tap = Tapped::default();
        self.phases(parameters, x, (labels, n), &mut keep, &mut scratch, tap);
        let part = Part { n, x, dy: &[], keep: &keep, partial: &[] };
        let mut all: Vec<Vec<f32>> = Vec::new();
        let blocks = crate::ann::ops::dense::layer_blocks(op.widths());
        for (block, (layer, row, range)) in blocks.into_iter().enumerate() {
            if row.is_none() {
                continue;
            }
            all.resize(layer + 1, Vec::new());
            let mut rows = vec![0f32; range.len()];
            op.gradient(block, &[part], &mut rows);
            all[layer].extend(rows);
        }
        all
    }
}

/// How one picture settles: for the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settled {
    /// Units of each layer, the classes last.
    pub widths: Vec<usize>,
    /// After each sweep: the states of all layers one after another, the first before
    /// any sweep.
    pub states: Vec<Vec<f32>>,
    /// The energy at each of them, without the target's part.
    pub energies: Vec<f64>,
    /// Sweeps of the free phase; those after it are nudged.
    pub free: usize,
    /// Strength of the nudge.
    pub beta: f32,
}

impl Equilibrium {
    /// Settles one picture freely for so many sweeps, then with `target` pulling with
    /// `beta` (negative: pushing away).
    pub fn settle(
        &self,
        parameters: &[f32],
        picture: &[f32],
        (target, beta): (Option<u8>, f32),
        (free, nudged): (usize, usize),
    ) -> Settled {
        let op = &self.op;
        let mut drive = vec![0f32; op.widths()[1]];
        let mut scratch = vec![0f32; op.phase_scratch(1)];
        op.drive(parameters, 1, picture, &mut drive);
        let mut states = vec![0f32; op.states()];
        let mut seen = vec![states.clone()];
        let phase = Phase { sweeps: free, step: self.step, beta: 0.0 };
        let moving = (&drive[..], &mut states[..]);
        op.relax(parameters, 1, moving, (phase, &[]), (&mut scratch, Tapped::default()), |s| {
            seen.push(s.to_vec());
        });
        if let Some(target) = target {
            let mut targets = [0f32; CLASSES];
            targets[usize::from(target) % CLASSES] = 1.0;
            let phase = Phase { sweeps: nudged, step: self.step, beta };
            let moving = (&drive[..], &mut states[..]);
            op.relax(
                parameters,
                1,
                moving,
                (phase, &targets),
                (&mut scratch, Tapped::default()),
                |s| {
                    seen.push(s.to_vec());
                },
            );
        }
        let energies = seen.iter().map(|s| op.energy(parameters, &drive, s)).collect();
        Settled { widths: op.widths()[1..].to_vec(), states: seen, energies, free, beta }
    }

    /// The probabilities that some states of the classes stand for.
    pub fn shares(classes: &[f32]) -> [f32; CLASSES] {
        let mut row = [0f32; CLASSES];
        Settling::logits(classes, &mut row);
        loss::softmax(&mut row);
        row
    }
}
