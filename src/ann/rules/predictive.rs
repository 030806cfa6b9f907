//! Predictive coding (Whittington and Bogacz 2017): each layer predicts the next one,
//! and cells apart from these hold what the prediction missed, `ε_l = v_l − μ_l` with
//! `μ_l = f(v_{l−1})·W_l + b_l`. With the classes held at the target, the activities v
//! relax until the errors are as small as can be,
//!
//! `v_l ← v_l + dt·(−ε_l + f'(v_l)·(ε_{l+1}·W_{l+1}ᵀ))`,
//!
//! and then each synapse learns from the two cells at its ends, `ΔW_l ∝ f(v_{l−1})ᵀ·ε_l`.
//! The energy `Σ½|ε_l|²` falls at each step (the classes' part is their cross-entropy
//! over the variance σ², which keeps a certain error from pulling the rest apart).
//!
//! Relaxed for few, small steps it is backpropagation; updating the layer k below the
//! classes at step k with dt = 1 (*Z-IL*; Song et al. 2020) is so exactly. Relaxed
//! further it is a rule of its own.

use super::{Kind, Method, Recipe, Rule, adam};
use crate::ann::learner::{Job, PartMemory};
use crate::ann::ops::dense::{add_bias, back, back_scratch};
use crate::ann::ops::loss;
use crate::ann::ops::simd::{dot, vectorised};
use crate::ann::ops::sparse::times;
use crate::ann::plan::Plan;
use crate::ann::tap::{Signal, Tapped};
use crate::ann::zoo::{Activation, Layer};
use crate::core::param::{Param, params};
use crate::data::CLASSES;

params! {
    struct Params: f32 {
        steps: Param::number(
            "Relaxation steps T", "", 8.0, (1.0, 200.0),
            "Steps in which activities relax before synapses learn; each costs a pass forward and back",
        ),
        dt: Param::number(
            "Step dt", "", 0.05, (0.001, 1.0),
            "Size of a step; a smaller one is taken where large weights would make activities swing",
        ),
        variance: Param::number(
            "Output variance σ²", "", 10.0, (0.1, 1000.0),
            "What the classes' error is divided by",
        ),
        schedule: Param::choice(
            "Synapses learn", &["after relaxing", "layer by layer (Z-IL)"], 0,
            "Z-IL with dt = 1 is backpropagation exactly",
        ),
    }
}

/// Errors have cells of their own.
pub static RULE: Rule = Rule {
    id: "predictive_coding",
    name: "Predictive coding",
    doc: "Each layer predicts the next; cells of their own hold what was missed, and activities relax until it is least. Then synapses learn from the cells at their two ends (Whittington and Bogacz 2017).",
    way_back: "prediction errors, while activities relax",
    parameters: Params::DECLARED,
    kind: Kind::Dense,
    optimisers: &[],
    why: "",
    usual: || adam(5e-4),
    recipe: Recipe::new(&[500, 500], 64, 15),
    sends_errors: false,
    relaxes: true,
    begin: |start| Box::new(Predictive::of(start.network.architecture().layers, start.values)),
};

/// The rule for one network.
#[derive(Clone)]
pub struct Predictive {
    steps: usize,
    dt: f32,
    variance: f32,
    layer_by_layer: bool,
    /// Units from the picture to the classes.
    widths: Vec<usize>,
    activation: Activation,
}

/// Activities and errors of the layers of `n` pictures, one layer after another, the
/// classes' included.
struct Nodes<'a> {
    value: &'a mut [f32],
    rate: &'a mut [f32],
    error: &'a mut [f32],
    arriving: &'a mut [f32],
    /// What the picture predicts in the first layer: the same at every step.
    drive: &'a mut [f32],
}

impl Predictive {
    /// For a network of dense layers, with these values of the parameters.
    pub fn of(layers: &dyn Fn() -> Vec<Layer>, values: &[f32]) -> Self {
        let Params { steps, dt, variance, schedule } = Params::of(values);
        let mut widths = vec![crate::data::PIXELS];
        let mut hidden = Activation::Relu;
        for layer in layers() {
            if let Layer::Dense { units, activation } = layer {
                widths.push(units);
                if activation != Activation::Linear {
                    hidden = activation;
                }
            }
        }
        Self {
            steps: steps.round() as usize,
            dt,
            variance,
            layer_by_layer: schedule > 0.5,
            widths,
            activation: hidden,
        }
    }

    fn layers(&self) -> usize {
        self.widths.len() - 1
    }

    fn units(&self) -> usize {
        self.widths[1..].iter().sum()
    }

    /// Where layer `l` (1 is the first hidden one) lies among the nodes of `n` pictures.
    fn place(&self, n: usize, l: usize) -> std::ops::Range<usize> {
        let at = n * self.widths[1..l].iter().sum::<usize>();
        at..at + n * self.widths[l]
    }

    fn nodes<'a>(&self, n: usize, own: &'a mut [f32]) -> (Nodes<'a>, &'a mut [f32]) {
        let size = n * self.units();
        let (value, rest) = own.split_at_mut(size);
        let (rate, rest) = rest.split_at_mut(size);
        let (error, rest) = rest.split_at_mut(size);
        let (arriving, rest) = rest.split_at_mut(size);
        let (drive, rest) = rest.split_at_mut(n * self.widths[1]);
        (Nodes { value, rate, error, arriving, drive }, rest)
    }

    /// Predicts layer `l` from below: into `to`.
    fn predict(
        &self,
        parts: &Weights<'_>,
        n: usize,
        x: &[f32],
        rate: &[f32],
        l: usize,
        to: &mut [f32],
    ) {
        let (inputs, units) = (self.widths[l - 1], self.widths[l]);
        let below = if l == 1 { x } else { &rate[self.place(n, l - 1)] };
        let (w, b) = parts.of(l).split_at(inputs * units);
        times(parts.isa, (n, inputs, units), below, w, to);
        add_bias(to, &b[..units], false);
    }

    /// `rate = f(value)` of layer `l`.
    fn fire(&self, n: usize, nodes: &mut Nodes<'_>, l: usize) {
        let place = self.place(n, l);
        let rates = nodes.rate[place.clone()].iter_mut().zip(&nodes.value[place]);
        vectorised(|| rates.for_each(|(r, v)| *r = self.activation.of(*v)));
    }

    /// The forward pass: all values are as predicted.
    fn forward(
        &self,
        parts: &Weights<'_>,
        n: usize,
        x: &[f32],
        nodes: &mut Nodes<'_>,
        tap: Tapped<'_>,
    ) {
        for l in 1..=self.layers() {
            let place = self.place(n, l);
            self.predict(parts, n, x, nodes.rate, l, &mut nodes.value[place]);
            self.fire(n, nodes, l);
            self.tell(tap, (n, l), nodes);
        }
        nodes.drive.copy_from_slice(&nodes.value[self.place(n, 1)]);
    }

    /// What each layer's prediction misses. The classes' error is that of their
    /// probabilities, over the variance.
    fn miss(&self, parts: &Weights<'_>, x: &[f32], labels: &[u8], nodes: &mut Nodes<'_>) {
        let n = labels.len();
        for l in 1..=self.layers() {
            let place = self.place(n, l);
            let predicted = &mut nodes.error[place.clone()];
            match l {
                1 => predicted.copy_from_slice(nodes.drive),
                _ => self.predict(parts, n, x, nodes.rate, l, predicted),
            }
            if l < self.layers() {
                let values = &nodes.value[place];
                vectorised(|| predicted.iter_mut().zip(values).for_each(|(e, v)| *e = v - *e));
                continue;
            }
            for (row, label) in predicted.as_chunks_mut::<CLASSES>().0.iter_mut().zip(labels) {
                let logits = *row;
                loss::gradient(&logits, *label, -1.0 / self.variance, row);
            }
        }
    }

    /// The step that is taken: the one asked for, or as much as these weights bear. The
    /// energy's steepest curvature is at most `(1 + s)² + s_L²/2σ²`, with s the largest
    /// spectral norm between hidden layers and s_L that of the classes' weights; a step
    /// beyond two over it could raise the energy. (One layer at a time needs no such
    /// care.)
    fn bearable(&self, parts: &Weights<'_>) -> f32 {
        if self.layer_by_layer {
            return self.dt;
        }
        let norm = |l: usize| spectral_norm(parts.of(l), self.widths[l - 1], self.widths[l]);
        let hidden = (2..self.layers()).map(norm).fold(0.0, f32::max);
        let classes = norm(self.layers());
        let curvature = (1.0 + hidden).powi(2) + classes * classes / (2.0 * self.variance);
        self.dt.min(1.5 / curvature)
    }

    /// One relaxation step of every hidden layer, of size `dt`.
    fn relax(
        &self,
        parts: &Weights<'_>,
        (n, dt): (usize, f32),
        nodes: &mut Nodes<'_>,
        scratch: &mut [f32],
    ) {
        for l in 1..self.layers() {
            let (units, above) = (self.widths[l], self.widths[l + 1]);
            let (own, upper) = (self.place(n, l), self.place(n, l + 1));
            let arriving = &mut nodes.arriving[own.clone()];
            let shape = (n, units, above);
            back(parts.isa, shape, parts.of(l + 1), &nodes.error[upper], arriving, scratch);
        }
        for l in 1..self.layers() {
            let place = self.place(n, l);
            let values = nodes.value[place.clone()].iter_mut().zip(&nodes.rate[place.clone()]);
            let errors = nodes.arriving[place.clone()].iter().zip(&nodes.error[place]);
            vectorised(|| {
                for ((value, rate), (arriving, error)) in values.zip(errors) {
                    *value += dt * (self.activation.slope(*rate) * arriving - error);
                }
            });
            self.fire(n, nodes, l);
        }
    }

    /// Tells of the activities of a layer.
    fn tell(&self, tap: Tapped<'_>, (n, l): (usize, usize), nodes: &mut Nodes<'_>) {
        let place = self.place(n, l);
        tap.sent(Signal::State(l), &mut nodes.value[place.clone()]);
        tap.sent(Signal::Activity(l), &mut nodes.rate[place]);
    }

    /// The energy of one picture: half the squared errors, and the classes'
    /// cross-entropy over the variance.
    fn energy(&self, parts: &Weights<'_>, x: &[f32], label: u8, nodes: &Nodes<'_>) -> f64 {
        let hidden = 0..self.place(1, self.layers()).start;
        let squares = nodes.error[hidden].iter().map(|e| f64::from(*e) * f64::from(*e));
        let mut logits = [0f32; CLASSES];
        self.predict(parts, 1, x, nodes.rate, self.layers(), &mut logits);
        squares.sum::<f64>() / 2.0
            + f64::from(loss::cross_entropy(&logits, label)) / f64::from(self.variance)
    }
}

/// The largest singular value of a matrix `(inputs, units)`, from below, by power
/// iteration: within some percent of it.
fn spectral_norm(weights: &[f32], inputs: usize, units: usize) -> f32 {
    let unit = |v: &mut Vec<f32>| {
        let length = dot(v, v).sqrt();
        v.iter_mut().for_each(|x| *x /= length.max(f32::MIN_POSITIVE));
        length
    };
    // No weights are at right angles to this by chance.
    let mut to: Vec<f32> = (0..units).map(|i| 1.0 + (i as f32 * 0.7).sin()).collect();
    unit(&mut to);
    let rows = || weights[..inputs * units].chunks_exact(units);
    let mut norm = 0.0;
    for _ in 0..8 {
        let from: Vec<f32> = rows().map(|row| dot(row, &to)).collect();
        to.fill(0.0);
        vectorised(|| {
            for (row, f) in rows().zip(&from) {
                to.iter_mut().zip(row).for_each(|(t, w)| *t += f * w);
            }
        });
        norm = unit(&mut to).sqrt();
    }
    norm
}

/// The weights of dense layers, by layer.
struct Weights<'a> {
    isa: crate::core::isa::Isa,
    /// Of the steps that learn, in order.
    layers: Vec<&'a [f32]>,
}

impl<'a> Weights<'a> {
    /// Of a network of dense layers; where there is dropout it drops nothing.
    fn of_plan(plan: &Plan, parameters: impl Iterator<Item = &'a [f32]>) -> Self {
        let layers = parameters.filter(|p| !p.is_empty()).collect();
        Self { isa: plan.isa, layers }
    }

    /// Of layer `l`, counted from 1.
    fn of(&self, l: usize) -> &'a [f32] {
        self.layers[l - 1]
    }
}

impl Method for Predictive {
    fn memory(&self, _: &Plan, n: usize) -> usize {
        let pairs = self.widths.windows(2).skip(1);
        let back = pairs.map(|w| back_scratch((n, w[0], w[1]))).max().unwrap_or(0);
        n * (4 * self.units() + self.widths[1]) + back
    }

    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        let (n, plan) = (part.n, job.parts.plan);
        let parts = Weights::of_plan(plan, job.parts.parameters.iter().map(|p| &p[..]));
        let PartMemory { planes, gradients, labels, own, .. } = part;
        let (mut nodes, scratch) = self.nodes(n, own);
        job.tap.sent(Signal::Activity(0), &mut planes[0]);
        let x = &planes[0].to_vec();
        self.forward(&parts, n, x, &mut nodes, job.tap);
        let logits = self.place(n, self.layers());
        if let Some(last) = planes.last_mut() {
            last[..n * CLASSES].copy_from_slice(&nodes.value[logits]);
        }
        let by = -self.variance / job.batch as f32;
        // The steps that learn are the layers; what lies between them passes on.
        let learns: Vec<usize> =
            (0..plan.steps.len()).filter(|i| !plan.steps[*i].op.parameters().is_empty()).collect();
        let keep = |l: usize, nodes: &Nodes<'_>, planes: &mut [_], gradients: &mut [_]| {
            let step = learns[l - 1];
            keep_layer((self, n, l), nodes, step, (planes, gradients), by);
        };
        let dt = job.tap.number(Signal::Shared(0), self.bearable(&parts));
        for t in 0..=self.steps {
            self.miss(&parts, x, labels, &mut nodes);
            for l in 1..=self.layers() {
                job.tap.sent(Signal::Error(l), &mut nodes.error[self.place(n, l)]);
            }
            if self.layer_by_layer && t < self.layers() {
                keep(self.layers() - t, &nodes, planes, gradients);
            }
            if t < self.steps {
                self.relax(&parts, (n, dt), &mut nodes, scratch);
                (1..=self.layers()).for_each(|l| self.tell(job.tap, (n, l), &mut nodes));
            }
        }
        if !self.layer_by_layer {
            (1..=self.layers()).for_each(|l| keep(l, &nodes, planes, gradients));
        }
        let kept = gradients.last().map(|g| g[..n * CLASSES].to_vec()).unwrap_or_default();
        part.judge(job.batch);
        if let Some(last) = part.gradients.last_mut() {
            last[..n * CLASSES].copy_from_slice(&kept);
        }
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(self.clone())
    }
}

/// Keeps what layer `l` learns from: the rates below and its errors.
fn keep_layer(
    (rule, n, l): (&Predictive, usize, usize),
    nodes: &Nodes<'_>,
    step: usize,
    (planes, gradients): (&mut [super::Buffer], &mut [super::Buffer]),
    by: f32,
) {
    if l > 1 {
        let below = &nodes.rate[rule.place(n, l - 1)];
        planes[step][..below.len()].copy_from_slice(below);
    }
    let errors = &nodes.error[rule.place(n, l)];
    for (g, e) in gradients[step + 1].iter_mut().zip(errors) {
        *g = by * e;
    }
}

/// How one picture's activities relax: for the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relaxed {
    /// Units of each layer, the classes last.
    pub widths: Vec<usize>,
    /// At each step, from the forward pass on: activities f(v) of all layers one after
    /// another; the classes' as they are predicted.
    pub rates: Vec<Vec<f32>>,
    /// The errors ε of all layers.
    pub errors: Vec<Vec<f32>>,
    /// The energy.
    pub energies: Vec<f64>,
}

impl Predictive {
    /// Relaxes one picture for so many steps, with the classes held at `label`.
    pub fn watch(
        &self,
        network: &crate::ann::network::Network,
        picture: &[f32],
        label: u8,
        steps: usize,
    ) -> Relaxed {
        let plan = network.plan();
        let parameters = (0..plan.steps.len()).map(|i| network.step_parameters(i));
        let parts = Weights::of_plan(plan, parameters);
        let mut memory = vec![0f32; self.memory(plan, 1)];
        let (mut nodes, scratch) = self.nodes(1, &mut memory);
        self.forward(&parts, 1, picture, &mut nodes, Tapped::default());
        let mut seen = Relaxed { widths: self.widths[1..].to_vec(), ..Relaxed::default() };
        let dt = self.bearable(&parts);
        for t in 0..=steps {
            self.miss(&parts, picture, &[label], &mut nodes);
            let mut rates = nodes.rate.to_vec();
            let classes = self.place(1, self.layers());
            self.predict(&parts, 1, picture, nodes.rate, self.layers(), &mut rates[classes]);
            seen.rates.push(rates);
            seen.errors.push(nodes.error.to_vec());
            seen.energies.push(self.energy(&parts, picture, label, &nodes));
            if t < steps {
                self.relax(&parts, (1, dt), &mut nodes, scratch);
            }
        }
        seen
    }
}
