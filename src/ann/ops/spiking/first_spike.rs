//! Neurons that fire once (Mostafa 2017): picture `(batch, 784)` → logits `(batch, 10)`.
//! A spike charges the neurons after it by a current that decays exponentially; they do
//! not leak. In `z = eᵗ`, t in units of the current's time constant, the time at which a
//! neuron fires is
//!
//! `z = Σ_C w·z_in / (Σ_C w − 1)`, C being the inputs that fire before it,
//!
//! which has exact derivatives: `∂z/∂w = (z_in − z) / (Σ_C w − 1)`, `∂z/∂z_in = w / (Σ_C w
//! − 1)`. Ink (pixels above ½) fires at z = 1 and paper at z = [`PAPER`]: with two input
//! times only, the first layer is one product. Whoever fires first is the answer: logits
//! are `−`[`SHARPNESS`]`·ln z`. Who never fires has [`NEVER`] as its time, and no gradient.

use std::ops::Range;

use crate::ann::ops::dense::{outer, times};
use crate::ann::ops::op::{Backward, Forward, Initial, Mode, Op, Parameter, Part, Plane};
use crate::ann::ops::simd::vectorised;
use crate::ann::tap::{Signal, Tapped};
use crate::ann::zoo;
use crate::core::isa::Isa;

/// When paper fires.
pub const PAPER: f32 = 6.0;
/// Stands for never.
pub const NEVER: f32 = 1000.0;
/// How much sooner counts.
pub const SHARPNESS: f32 = 3.0;
/// Derivatives are those of a sum of weights that is at least so far above 1: closer to it
/// they would be without bounds.
const LEAST: f32 = 0.05;
/// Neurons whose weights sum up to less are close to silence.
const ENOUGH: f32 = 1.2;
/// Rows of the weights that are updated together.
const ROWS: usize = 64;

/// The operation.
#[derive(Clone, Debug)]
pub struct FirstSpike {
    isa: Isa,
    input: Plane,
    /// Units from the picture to the classes.
    widths: Vec<usize>,
}

/// What a layer keeps of one picture, by unit.
struct Layer<'a> {
    /// When it fired, e to the time.
    z: &'a mut [f32],
    /// When the last input fired that made it fire; −1 if it did not.
    last: &'a mut [f32],
    /// Σ_C w − 1; later the gradient by z divided by that.
    excess: &'a mut [f32],
}

impl FirstSpike {
    /// For inputs of this plane, which must have no padding.
    pub fn new(isa: Isa, input: Plane, hidden: &[usize]) -> Self {
        let widths = zoo::widths(&[input.h * input.w * input.c], hidden, true);
        Self { isa, input, widths }
    }

    /// Units from the picture to the classes.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    fn layers(&self) -> usize {
        self.widths.len() - 1
    }

    /// Where the weights into layer `l` (from 0) are, `(inputs, units)`.
    pub fn weights(&self, l: usize) -> Range<usize> {
        let at: usize = self.widths.windows(2).take(l).map(|w| w[0] * w[1]).sum();
        at..at + self.widths[l] * self.widths[l + 1]
    }

    /// Where layer `l` keeps something of `n` pictures.
    fn place(&self, n: usize, l: usize) -> Range<usize> {
        let at = self.widths[0] + 3 * self.widths[1..=l].iter().sum::<usize>();
        n * at..n * (at + 3 * self.widths[l + 1])
    }

    /// Layer `l` of all pictures, one after another.
    fn layer<'a>(&self, n: usize, l: usize, keep: &'a mut [f32]) -> Layer<'a> {
        let units = n * self.widths[l + 1];
        let (z, rest) = keep[self.place(n, l)].split_at_mut(units);
        let (last, excess) = rest.split_at_mut(units);
        Layer { z, last, excess }
    }

    /// The first layer: two input times, so either ink alone makes a unit fire, or all
    /// of it with all of the paper.
    fn first(&self, parameters: &[f32], n: usize, keep: &mut [f32], scratch: &mut [f32]) {
        let (inputs, units) = (self.widths[0], self.widths[1]);
        let weights = &parameters[self.weights(0)];
        let (sums, of_all) = scratch.split_at_mut(n * units);
        times(self.isa, (n, inputs, units), &keep[..n * inputs], weights, sums);
        let of_all = column_sums(weights, units, of_all);
        let Layer { z, last, excess } = self.layer(n, 0, keep);
        for (i, ink) in sums.chunks_exact(units).enumerate() {
            let places = i * units..(i + 1) * units;
            let layer = z[places.clone()].iter_mut().zip(&mut last[places.clone()]);
            let each = layer.zip(&mut excess[places]).zip(ink).zip(of_all.iter());
            for ((((z, last), excess), ink), all) in each {
                let by_ink = ink / (ink - 1.0);
                let by_all = (ink + PAPER * (all - ink)) / (all - 1.0);
                (*z, *last, *excess) = if *ink > 1.0 && by_ink < PAPER {
                    (by_ink, 1.0, ink - 1.0)
                } else if *all > 1.0 && (PAPER..NEVER).contains(&by_all) {
                    (by_all, PAPER, all - 1.0)
                } else if ink.is_nan() {
                    (*ink, -1.0, 0.0)
                } else {
                    (NEVER, -1.0, 0.0)
                };
            }
        }
    }

    /// A later layer of one picture: inputs arrive in the order in which they fired.
    fn later(
        &self,
        weights: &[f32],
        inputs: &[f32],
        (z, last, excess): (&mut [f32], &mut [f32], &mut [f32]),
        scratch: &mut [f32],
    ) {
        let units = z.len();
        let nan = inputs.iter().find(|z| z.is_nan());
        z.fill(nan.copied().unwrap_or(NEVER));
        last.fill(-1.0);
        excess.fill(0.0);
        if nan.is_some() {
            return;
        }
        // Times are positive: their bits are in the same order.
        let (order, rest) = scratch.split_at_mut(2 * inputs.len() + 2);
        let order: &mut [u64] = {
            let (_, aligned, _) = bytemuck::pod_align_to_mut::<f32, u64>(order);
            aligned
        };
        let mut count = 0;
        for (i, z) in inputs.iter().enumerate() {
            if *z < NEVER && count < order.len() {
                order[count] = u64::from(z.to_bits()) << 32 | i as u64;
                count += 1;
            }
        }
        order[..count].sort_unstable();
        let (sums, products) = rest[..2 * units].split_at_mut(units);
        sums.fill(0.0);
        products.fill(0.0);
        let mut waiting = units;
        for k in 0..count {
            let i = (order[k] & u64::from(u32::MAX)) as usize;
            let (arrived, w) = (inputs[i], &weights[i * units..(i + 1) * units]);
            let next = order[..count].get(k + 1);
            let next = next.map_or(NEVER, |next| f32::from_bits((next >> 32) as u32));
            let mut fired = 0;
            for j in 0..units {
                sums[j] += w[j];
                products[j] += w[j] * arrived;
                let over = sums[j] - 1.0;
                // Before the next arrives: z ≤ next, without the division.
                if over > 0.0 && last[j] < 0.0 && products[j] <= next * over {
                    let at = products[j] / over;
                    if at < NEVER {
                        (z[j], last[j], excess[j]) = (at, arrived, over);
                        fired += 1;
                    }
                }
            }
            waiting -= fired;
            if waiting == 0 {
                return;
            }
        }
    }

    /// When each unit of each layer fires at one picture, in `eᵗ`; [`NEVER`] if not.
    pub fn times(&self, parameters: &[f32], picture: &[f32]) -> Vec<Vec<f32>> {
        let mut keep = vec![0f32; self.keep_len()];
        let mut scratch = vec![0f32; self.scratch_len(1, Mode::Answer)];
        self.run(parameters, 1, picture, (&mut keep, &mut scratch), Tapped::default());
        (0..self.layers()).map(|l| self.layer(1, l, &mut keep).z.to_vec()).collect()
    }

    fn run(
        &self,
        p: &[f32],
        n: usize,
        x: &[f32],
        (keep, scratch): (&mut [f32], &mut [f32]),
        tap: Tapped<'_>,
    ) {
        let inputs = self.widths[0];
        for (ink, pixel) in keep.iter_mut().zip(&x[..n * inputs]) {
            // A NaN stays one.
            *ink = if pixel.is_nan() { *pixel } else { f32::from(u8::from(*pixel > 0.5)) };
        }
        self.first(p, n, keep, scratch);
        self.tell(tap, n, 0, keep);
        for l in 1..self.layers() {
            let (below, units) = (self.widths[l], self.widths[l + 1]);
            let (before, after) = keep.split_at_mut(self.place(n, l).start);
            let inputs = &before[self.place(n, l - 1)][..n * below];
            let (z, rest) = after[..3 * n * units].split_at_mut(n * units);
            let (last, excess) = rest.split_at_mut(n * units);
            let weights = &p[self.weights(l)];
            for (i, inputs) in inputs.chunks_exact(below).enumerate() {
                let own = i * units..(i + 1) * units;
                let layer = (&mut z[own.clone()], &mut last[own.clone()], &mut excess[own]);
                self.later(weights, inputs, layer, scratch);
            }
            self.tell(tap, n, l, keep);
        }
    }

    /// Tells of the spikes of a layer.
    fn tell(&self, tap: Tapped<'_>, n: usize, l: usize, keep: &mut [f32]) {
        let Layer { z, last, excess } = self.layer(n, l, keep);
        tap.sent(Signal::Times(l + 1), z);
        tap.sent(Signal::State(l + 1), last);
        tap.sent(Signal::State(l + 1), excess);
    }

    fn kept(&self) -> usize {
        self.widths[0] + 3 * self.widths[1..].iter().sum::<usize>()
    }
}

/// The sum of each column.
fn column_sums<'a>(weights: &[f32], units: usize, out: &'a mut [f32]) -> &'a [f32] {
    let out = &mut out[..units];
    out.fill(0.0);
    for row in weights.chunks_exact(units) {
        out.iter_mut().zip(row).for_each(|(sum, w)| *sum += w);
    }
    out
}

impl Op for FirstSpike {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        Plane::new(1, 1, *self.widths.last().unwrap_or(&0))
    }

    /// Weights begin with a positive mean, or few neurons would fire, and spread so widely
    /// that they do not all fire at once.
    fn parameters(&self) -> Vec<Parameter> {
        const NAMES: [&str; 9] = [
            "dense1.weight",
            "dense2.weight",
            "dense3.weight",
            "dense4.weight",
            "dense5.weight",
            "dense6.weight",
            "dense7.weight",
            "dense8.weight",
            "dense9.weight",
        ];
        let layers = self.widths.windows(2).zip(NAMES).enumerate();
        layers
            .map(|(l, (pair, name))| {
                let inputs = pair[0] as f32;
                let initial = if l == 0 {
                    Initial::Normal { mean: 16.0 / inputs, deviation: 2.24 / inputs.sqrt() }
                } else {
                    Initial::Normal { mean: 8.0 / inputs, deviation: 2.0 / inputs.sqrt() }
                };
                Parameter { name, shape: pair.to_vec(), initial }
            })
            .collect()
    }

    /// Ink, and for each layer what [`Layer`] has.
    fn keep_len(&self) -> usize {
        self.kept()
    }

    fn scratch_len(&self, n: usize, mode: Mode) -> usize {
        let widest = self.widths.iter().max().copied().unwrap_or(0);
        let kept = if mode == Mode::Answer { n * self.kept() } else { 0 };
        (n + 4) * widest + kept + 2
    }

    /// What silence costs each unit.
    fn partial_len(&self) -> usize {
        self.widths[1..].iter().sum()
    }

    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        let blocks = (0..self.layers()).flat_map(|l| {
            let (units, all) = (self.widths[l + 1], self.weights(l));
            all.clone().step_by(ROWS * units).map(move |at| at..(at + ROWS * units).min(all.end))
        });
        blocks.map(|range| vec![range]).collect()
    }

    fn forward(&self, pass: Forward<'_>) {
        let n = pass.n;
        let widest = self.widths.iter().max().copied().unwrap_or(0);
        let (scratch, rest) = pass.scratch.split_at_mut((n + 4) * widest + 2);
        let keep = if pass.keep.is_empty() { rest } else { pass.keep };
        self.run(pass.parameters, n, pass.x, (&mut *keep, scratch), pass.tap);
        let z = self.layer(n, self.layers() - 1, keep).z;
        for (logit, z) in pass.y.iter_mut().zip(z) {
            *logit = -SHARPNESS * z.ln();
        }
    }

    fn backward(&self, pass: Backward<'_>) {
        let (n, keep) = (pass.n, pass.keep);
        let top = self.layers() - 1;
        {
            let Layer { z, last, excess } = self.layer(n, top, keep);
            let each = z.iter().zip(last).zip(&mut *excess).zip(&*pass.dy);
            each.for_each(|(((z, last), u), dy)| {
                *u = if *last < 0.0 { 0.0 } else { -SHARPNESS * dy / (z * u.max(LEAST)) };
            });
            pass.tap.sent(Signal::Error(top + 1), excess);
        }
        for l in (1..=top).rev() {
            let (inputs, units) = (self.widths[l], self.widths[l + 1]);
            let weights = &pass.parameters[self.weights(l)];
            let (before, after) = keep.split_at_mut(self.place(n, l).start);
            let below = &mut before[self.place(n, l - 1)];
            let (z_in, below) = below.split_at_mut(n * inputs);
            let (last_in, excess_in) = below.split_at_mut(n * inputs);
            let (last, u) = after[n * units..3 * n * units].split_at(n * units);
            let rows = last.chunks_exact(units).zip(u.chunks_exact(units)).enumerate();
            rows.for_each(|(i, (last, u))| {
                let own = i * inputs..(i + 1) * inputs;
                let layer = z_in[own.clone()].iter().zip(&last_in[own.clone()]);
                let each = layer.zip(&mut excess_in[own]).zip(weights.chunks_exact(units));
                vectorised(|| {
                    for (((z, fired), to), w) in each {
                        if *fired < 0.0 {
                            *to = 0.0;
                            continue;
                        }
                        let mut sum = 0.0;
                        for ((w, u), last) in w.iter().zip(u).zip(last) {
                            sum += if z <= last { w * u } else { 0.0 };
                        }
                        *to = sum / to.max(LEAST);
                    }
                });
            });
            pass.tap.sent(Signal::Error(l), excess_in);
        }
        let mut from = 0;
        for l in 0..self.layers() {
            let (inputs, units) = (self.widths[l], self.widths[l + 1]);
            let cost = &mut pass.partial[from..from + units];
            from += units;
            let teaching = pass.teaching;
            if teaching.silence == 0.0 {
                cost.fill(0.0);
                continue;
            }
            column_sums(&pass.parameters[self.weights(l)], units, cost);
            let by = -teaching.silence * teaching.share * n as f32 / inputs as f32;
            cost.iter_mut().for_each(|sum| *sum = if *sum < ENOUGH { by } else { 0.0 });
        }
        // The gradient by the times of the first layer becomes that by its two sums of
        // weights, over ink and over paper.
        let Layer { z, last, excess: u } = self.layer(n, 0, keep);
        for ((z, last), u) in z.iter_mut().zip(last).zip(u) {
            let at = *z;
            let paper = if *last == PAPER { *u * (PAPER - at) } else { 0.0 };
            let ink = if *last < 0.0 { 0.0 } else { *u * (1.0 - at) };
            (*last, *u) = (ink, paper);
        }
        if let Some(dx) = pass.dx {
            // Times of inputs are fixed; a pixel's grey is not seen.
            dx.fill(0.0);
        }
    }

    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let (mut l, mut block) = (0, block);
        while block >= self.widths[l].div_ceil(ROWS) {
            block -= self.widths[l].div_ceil(ROWS);
            l += 1;
        }
        let (inputs, units) = (self.widths[l], self.widths[l + 1]);
        let row = block * ROWS;
        let rows = ROWS.min(inputs - row);
        let costs: usize = self.widths[1..=l].iter().sum();
        out.fill(0.0);
        for part in parts {
            let n = part.n;
            let own = &part.keep[self.place(n, l)];
            let (z, rest) = own.split_at(n * units);
            let (last, u) = rest.split_at(n * units);
            let cost = &part.partial[costs..costs + units];
            out.chunks_exact_mut(units).for_each(|out| {
                out.iter_mut().zip(cost).for_each(|(o, c)| *o += c);
            });
            if l == 0 {
                // xᵀ·ink + (1 − x)ᵀ·paper.
                let mut by_ink: Vec<f32> = last.to_vec();
                by_ink.iter_mut().zip(u).for_each(|(ink, paper)| *ink -= paper);
                let x = &part.keep[..n * inputs];
                outer(self.isa, (n, inputs, units), (row, rows), x, &by_ink, out, true);
                let mut of_all = vec![0f32; units];
                column_sums(u, units, &mut of_all);
                out.chunks_exact_mut(units).for_each(|out| {
                    out.iter_mut().zip(&of_all).for_each(|(o, v)| *o += v);
                });
                continue;
            }
            let z_in = &part.keep[self.place(n, l - 1)][..n * inputs];
            vectorised(|| {
                for i in 0..n {
                    let own = i * units..(i + 1) * units;
                    let (z, last, u) = (&z[own.clone()], &last[own.clone()], &u[own]);
                    let z_in = &z_in[i * inputs + row..][..rows];
                    for (z_in, out) in z_in.iter().zip(out.chunks_exact_mut(units)) {
                        if *z_in >= NEVER {
                            continue;
                        }
                        for (((out, z), last), u) in out.iter_mut().zip(z).zip(last).zip(u) {
                            *out += if z_in <= last { (z_in - z) * u } else { 0.0 };
                        }
                    }
                }
            });
        }
    }
}
