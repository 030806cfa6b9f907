//! Layers that respond to a picture together with a label (Hinton 2022): `(batch,
//! 784)` → `(batch, 10)`.
//!
//! The label is written into the first ten pixels, one of which is 1. Each layer is
//! dense with ReLU; before the next one its response is divided by its root mean
//! square, so that only its direction goes on, not how strong it was. A layer's
//! *goodness* is its mean squared response. The answer to a picture is found by trying
//! all ten labels: the logit of each is [`GAIN`] times the goodness of all layers but
//! the first (of the first, if it is the only one).

use std::ops::Range;

use super::dense::{add_bias, layer_blocks, layer_parameters, layer_place};
use super::op::{Backward, Forward, Mode, Op, Parameter, Part, Plane};
use super::simd::{dot, vectorised};
use super::sparse::{outer, times};
use crate::ann::tap::{Signal, Tapped};
use crate::ann::zoo;
use crate::core::isa::Isa;
use crate::data::CLASSES;

/// What goodness is multiplied with to become a logit.
pub const GAIN: f32 = 10.0;
/// Keeps the division finite for a silent layer.
const SILENT: f32 = 1e-4;

/// The operation. Its parameters are those of dense layers one after another.
#[derive(Clone, Debug)]
pub struct Goodness {
    isa: Isa,
    input: Plane,
    /// Units from the picture to the last layer.
    widths: Vec<usize>,
}

/// Divides each row by its root mean square.
fn normalise(rows: &mut [f32], width: usize) {
    for row in rows.chunks_exact_mut(width) {
        let by = 1.0 / (goodness(row).sqrt() + SILENT);
        vectorised(|| row.iter_mut().for_each(|v| *v *= by));
    }
}

/// The mean squared response of a row.
pub fn goodness(row: &[f32]) -> f32 {
    dot(row, row) / row.len().max(1) as f32
}

/// Writes a label into the first pixels of a picture.
pub fn put_label(picture: &mut [f32], label: u8) {
    for (class, pixel) in picture.iter_mut().take(CLASSES).enumerate() {
        *pixel = f32::from(u8::from(class == usize::from(label)));
    }
}

/// How the layers are taught.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Teaching {
    /// The goodness θ that right labels should exceed and wrong ones fall short of.
    pub threshold: f32,
    /// How sharply: the loss of a layer is `ln(1 + e^(∓slope·(goodness − θ)))`.
    pub slope: f32,
}

impl Goodness {
    /// For inputs of this plane, which must have no padding.
    pub fn new(isa: Isa, input: Plane, hidden: &[usize]) -> Self {
        let widths = zoo::widths(&[input.h * input.w * input.c], hidden, false);
        Self { isa, input, widths }
    }

    /// Units from the picture to the last layer.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// Where weights and bias of layer `l` (from 0) are.
    pub fn layer(&self, l: usize) -> (Range<usize>, Range<usize>) {
        layer_place(&self.widths, l)
    }

    /// One layer: what comes in, with how many rows, to its rectified response.
    fn respond(&self, parameters: &[f32], l: usize, n: usize, input: &[f32], out: &mut [f32]) {
        let (weight, bias) = self.layer(l);
        let (inputs, units) = (self.widths[l], self.widths[l + 1]);
        let out = &mut out[..n * units];
        times(self.isa, (n, inputs, units), input, &parameters[weight], out);
        add_bias(out, &parameters[bias], true);
    }

    /// The logits of `n` pictures, whose first ten pixels are not read.
    pub fn answer(
        &self,
        parameters: &[f32],
        n: usize,
        x: &[f32],
        logits: &mut [f32],
        scratch: &mut [f32],
    ) {
        let (inputs, first) = (self.widths[0], self.widths[1]);
        let widest = self.widths[1..].iter().max().copied().unwrap_or(0);
        let (blank, rest) = scratch.split_at_mut(n * inputs);
        let (base, rest) = rest.split_at_mut(n * first);
        let (mut response, rest) = rest.split_at_mut(n * widest);
        let mut next = &mut rest[..n * widest];
        blank.copy_from_slice(&x[..n * inputs]);
        blank.chunks_exact_mut(inputs).for_each(|p| p[..CLASSES.min(inputs)].fill(0.0));
        let (weight, bias) = self.layer(0);
        let weight = &parameters[weight];
        times(self.isa, (n, inputs, first), blank, weight, base);
        add_bias(base, &parameters[bias], false);
        logits[..n * CLASSES].fill(0.0);
        for class in 0..CLASSES {
            let of_label = &weight[class * first..(class + 1) * first];
            let rows = base.chunks_exact(first).zip(response.chunks_exact_mut(first));
            for (base, row) in rows {
                for ((r, b), w) in row.iter_mut().zip(base).zip(of_label) {
                    let sum = b + w;
                    *r = if sum < 0.0 { 0.0 } else { sum };
                }
            }
            for l in 0..self.widths.len() - 1 {
                let units = self.widths[l + 1];
                if l > 0 {
                    normalise(&mut response[..n * self.widths[l]], self.widths[l]);
                    self.respond(parameters, l, n, response, next);
                    std::mem::swap(&mut response, &mut next);
                }
                if l > 0 || self.widths.len() == 2 {
                    for (i, row) in response[..n * units].chunks_exact(units).enumerate() {
                        logits[i * CLASSES + class] += GAIN * goodness(row);
                    }
                }
            }
        }
    }

    /// What a part keeps for a picture with its right and with a wrong label: what
    /// comes into each layer, and what the layer is taught.
    fn kept(&self) -> usize {
        2 * self.widths.windows(2).map(|w| w[0] + w[1]).sum::<usize>()
    }

    /// Where layer `l` keeps what comes in and what it is taught, for `n` pictures.
    fn place(&self, n: usize, l: usize) -> (Range<usize>, Range<usize>) {
        let size = |w: &[usize]| 2 * n * (w[0] + w[1]);
        let at: usize = self.widths.windows(2).take(l).map(size).sum();
        let end = at + 2 * n * self.widths[l];
        (at..end, end..end + 2 * n * self.widths[l + 1])
    }

    /// Shows `n` pictures with their labels and with wrong ones, and keeps what each
    /// layer is taught; gives the sum of the layers' mean losses over the pictures.
    /// `batch` is the size of the whole mini-batch.
    pub fn teach(
        &self,
        parameters: &[f32],
        x: &[f32],
        (right, wrong): (&[u8], &[u8]),
        (teaching, batch): (Teaching, usize),
        keep: &mut [f32],
        tap: Tapped<'_>,
    ) -> f64 {
        let n = right.len();
        let inputs = self.widths[0];
        let pairs = &mut keep[self.place(n, 0).0];
        for (i, label) in right.iter().chain(wrong).enumerate() {
            let pair = &mut pairs[i * inputs..(i + 1) * inputs];
            pair.copy_from_slice(&x[(i % n) * inputs..][..inputs]);
            put_label(pair, *label);
        }
        tap.sent(Signal::Activity(0), pairs);
        let Teaching { threshold, slope } = teaching;
        let mut loss = 0.0;
        for l in 0..self.widths.len() - 1 {
            let units = self.widths[l + 1];
            let (input, taught) = self.place(n, l);
            let (before, after) = keep.split_at_mut(taught.start);
            let (response, after) = after.split_at_mut(taught.len());
            self.respond(parameters, l, 2 * n, &before[input], response);
            tap.sent(Signal::Activity(l + 1), response);
            if l + 2 < self.widths.len() {
                let next = &mut after[..2 * n * units];
                next.copy_from_slice(response);
                normalise(next, units);
            }
            for (i, row) in response.chunks_exact_mut(units).enumerate() {
                let sign = if i < n { 1.0 } else { -1.0 };
                let goodness = tap.number(Signal::Shared(l + 1), goodness(row));
                let margin = sign * slope * (goodness - threshold);
                // ln(1 + e^−margin), safe for large ones.
                let of_row = (-margin.abs()).exp().ln_1p() + (-margin).max(0.0);
                loss += f64::from(of_row) / batch as f64;
                let by_margin = -1.0 / (1.0 + margin.exp());
                let scale = by_margin * sign * slope * 2.0 / (units * batch) as f32;
                vectorised(|| row.iter_mut().for_each(|v| *v *= scale));
            }
        }
        loss
    }
}

impl Op for Goodness {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        Plane::new(1, 1, CLASSES)
    }

    fn parameters(&self) -> Vec<Parameter> {
        layer_parameters(&self.widths)
    }

    fn keep_len(&self) -> usize {
        self.kept()
    }

    fn scratch_len(&self, n: usize, _mode: Mode) -> usize {
        let widest = self.widths[1..].iter().max().copied().unwrap_or(0);
        n * (self.widths[0] + self.widths[1] + 2 * widest)
    }

    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        layer_blocks(&self.widths).into_iter().map(|(.., range)| vec![range]).collect()
    }

    fn forward(&self, pass: Forward<'_>) {
        self.answer(pass.parameters, pass.n, pass.x, pass.y, pass.scratch);
    }

    /// No gradient crosses a layer: the rule that trains this network is local
    /// (`ann/rules/forward_forward`).
    fn backward(&self, pass: Backward<'_>) {
        if let Some(dx) = pass.dx {
            dx.fill(0.0);
        }
    }

    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let (layer, row, range) = layer_blocks(&self.widths).swap_remove(block);
        let (inputs, units) = (self.widths[layer], self.widths[layer + 1]);
        if row.is_none() {
            out.fill(0.0);
        }
        for (i, part) in parts.iter().enumerate() {
            let (input, taught) = self.place(part.n, layer);
            let (input, taught) = (&part.keep[input], &part.keep[taught]);
            match row {
                Some(row) => {
                    let rows = (row, range.len() / units);
                    let shape = (2 * part.n, inputs, units);
                    outer(self.isa, shape, rows, input, taught, out, i > 0);
                }
                None => taught.chunks_exact(units).for_each(|row| {
                    out.iter_mut().zip(row).for_each(|(o, t)| *o += t);
                }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::ops::candle::tests::random;

    fn small() -> (Goodness, Vec<f32>, Vec<f32>) {
        let op = Goodness::new(Isa::best(), Plane::new(4, 4, 1), &[11, 9, 8]);
        let len: usize = op.parameters().iter().map(Parameter::len).sum();
        (op, random(len, 3), random(3 * 16, 5).iter().map(|v| v.abs()).collect())
    }

    /// The loss of each layer by its own weights alone, by finite differences.
    #[test]
    fn what_a_layer_is_taught_is_the_gradient_of_its_own_loss() {
        let (op, mut parameters, x) = small();
        let (right, wrong) = ([1u8, 5, 9], [2u8, 0, 3]);
        let teaching = Teaching { threshold: 0.4, slope: 3.0 };
        let mut keep = vec![0.0; 3 * op.keep_len()];
        let mut losses = |parameters: &[f32], l: usize| -> f64 {
            // A shorter network's loss is that of the layers up to its last.
            let mut of = |layers: usize| {
                let shorter =
                    Goodness::new(Isa::best(), Plane::new(4, 4, 1), &[11, 9, 8][..layers]);
                let labels = (&right[..], &wrong[..]);
                shorter.teach(parameters, &x, labels, (teaching, 3), &mut keep, Tapped::default())
            };
            of(l + 1) - if l > 0 { of(l) } else { 0.0 }
        };
        let mut kept = vec![0.0; 3 * op.keep_len()];
        op.teach(&parameters, &x, (&right, &wrong), (teaching, 3), &mut kept, Tapped::default());
        let part = Part { n: 3, x: &x, dy: &[], keep: &kept, partial: &[] };
        for (block, (layer, _, range)) in layer_blocks(op.widths()).into_iter().enumerate() {
            let mut gradient = vec![0.0; range.len()];
            op.gradient(block, &[part], &mut gradient);
            for i in (0..range.len()).step_by(5) {
                let (at, h) = (range.start + i, 1e-3);
                let before = parameters[at];
                parameters[at] = before + h;
                let above = losses(&parameters, layer);
                parameters[at] = before - h;
                let below = losses(&parameters, layer);
                parameters[at] = before;
                let slope = (above - below) / (2.0 * f64::from(h));
                assert!((slope - f64::from(gradient[i])).abs() < 2e-3, "layer {layer}, {i}");
            }
        }
    }

    #[test]
    fn the_quick_answer_is_that_of_ten_labelled_pictures() {
        let (op, parameters, x) = small();
        let mut logits = vec![0.0; 3 * CLASSES];
        let mut scratch = vec![0.0; op.scratch_len(3, Mode::Answer)];
        op.answer(&parameters, 3, &x, &mut logits, &mut scratch);
        let teaching = Teaching { threshold: 0.0, slope: 1.0 };
        let mut keep = vec![0.0; op.keep_len()];
        for (i, picture) in x.chunks_exact(16).enumerate() {
            for class in 0..CLASSES as u8 {
                // What comes into the last two layers shows the responses below; the
                // last one's are in what it is taught.
                op.teach(
                    &parameters,
                    picture,
                    (&[class], &[class]),
                    (teaching, 1),
                    &mut keep,
                    Tapped::default(),
                );
                let mut sum = 0.0;
                let mut input = keep[op.place(1, 0).0][..16].to_vec();
                for l in 0..3 {
                    let mut response = vec![0.0; op.widths()[l + 1]];
                    op.respond(&parameters, l, 1, &input, &mut response);
                    sum += if l > 0 { goodness(&response) } else { 0.0 };
                    normalise(&mut response, op.widths()[l + 1]);
                    input = response;
                }
                let quick = logits[i * CLASSES + usize::from(class)];
                assert!((quick - GAIN * sum).abs() < 1e-3, "{quick} and {}", GAIN * sum);
            }
        }
    }
}
