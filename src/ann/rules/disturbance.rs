//! What can be done to errors on their way back, while a network learns: what survives
//! it, and what does not?
//!
//! The errors that a hidden layer receives are changed one after the other in the order
//! of the fields of [`Disturbance`]. The classes' own error stays as it is.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::core::bounds::{Bounded, Bounds, Span};
use crate::core::rng::Rng;

/// What is done to errors on their way back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disturbance {
    /// They arrive so many batches late, at a layer that sees other digits by then.
    pub delay: usize,
    /// They arrive at the wrong units of the layer, always the same ones.
    pub shuffle: bool,
    /// Normal noise is added, this times as large as they are (root mean square).
    pub noise: f32,
    /// What is below zero is lost, as where cells can only be excited.
    pub rectify: bool,
    /// They arrive as whole numbers of spikes, of one sign or the other; the mean error
    /// of a digit is [`SPIKES`] spikes.
    pub spikes: bool,
    /// They have only this many bits; 1: the sign alone. 0: exact.
    pub bits: usize,
    /// Nothing arrives at this hidden layer, counted from 1, nor below it where errors
    /// are handed on; 0: all arrive.
    pub cut: usize,
}

/// Spikes that stand for the mean size of a digit's errors.
pub const SPIKES: f32 = 2.0;

/// Errors that have not arrived yet: by step of the plan, the oldest first.
pub type Late = Vec<VecDeque<Vec<f32>>>;

impl Bounded for Disturbance {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { delay, shuffle: _, noise, rectify: _, spikes: _, bits, cut } = self;
        to.number("delay", delay, Self::DELAY);
        to.number("noise", noise, Self::NOISE);
        to.number("bits", bits, Self::BITS);
        to.number("cut", cut, Self::CUT);
    }
}

impl Disturbance {
    /// Batches.
    pub const DELAY: Span = (0.0, 16.0);
    /// Times the size of the errors.
    pub const NOISE: Span = (0.0, 10.0);
    /// Of an error.
    pub const BITS: Span = (0.0, 8.0);
    /// A hidden layer.
    pub const CUT: Span = (0.0, 8.0);

    /// Whether anything is done.
    pub fn is_on(&self) -> bool {
        *self != Self::default()
    }

    /// Whether all of it is possible.
    pub fn is_sound(&self) -> bool {
        let mut bounded = *self;
        bounded.bound(&mut Bounds::default());
        bounded == *self
    }

    /// In words: `4 bits, noise 0.5`; empty where nothing is done.
    pub fn describe(&self) -> String {
        let Self { delay, shuffle, noise, rectify, spikes, bits, cut } = *self;
        let words = [
            (delay > 0).then(|| format!("{delay} batches late")),
            shuffle.then(|| "wires crossed".to_owned()),
            (noise > 0.0).then(|| format!("noise {noise}")),
            rectify.then(|| "only above zero".to_owned()),
            spikes.then(|| "as spikes".to_owned()),
            (bits > 1).then(|| format!("{bits} bits")),
            (bits == 1).then(|| "signs only".to_owned()),
            (cut > 0).then(|| format!("cut at layer {cut}")),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Changes the errors that arrive at the layer before step `number` of the plan:
    /// rows of `width`. `late` has those on their way.
    pub fn apply(
        &self,
        number: usize,
        errors: &mut [f32],
        width: usize,
        ((seed, step), first): ((u64, u64), usize),
        late: &mut Late,
    ) {
        if self.delay > 0 {
            if late.len() <= number {
                late.resize(number + 1, VecDeque::new());
            }
            let queue = &mut late[number];
            queue.push_back(errors.to_vec());
            let arrived = if queue.len() > self.delay { queue.pop_front() } else { None };
            // Where the wait has become shorter, what is older is lost.
            while queue.len() > self.delay {
                queue.pop_front();
            }
            errors.fill(0.0);
            if let Some(arrived) = arrived {
                errors.iter_mut().zip(arrived).for_each(|(e, a)| *e = a);
            }
        } else if let Some(queue) = late.get_mut(number) {
            queue.clear();
        }
        if self.shuffle {
            let mut order: Vec<u32> = (0..width as u32).collect();
            Rng::stream(seed, "crossed wires", number as u64).shuffle(&mut order);
            let mut row_before = vec![0f32; width];
            for row in errors.chunks_exact_mut(width) {
                row_before.copy_from_slice(row);
                row.iter_mut().zip(&order).for_each(|(e, from)| *e = row_before[*from as usize]);
            }
        }
        if !(self.noise > 0.0 || self.rectify || self.spikes || self.bits > 0 || self.cut > 0) {
            return;
        }
        if self.cut == number {
            errors.fill(0.0);
            return;
        }
        let name = format!("errors {number}");
        for (i, row) in errors.chunks_exact_mut(width).enumerate() {
            let random = self.noise > 0.0 || self.spikes;
            let mut rng = random.then(|| Rng::stream(seed ^ (first + i) as u64, &name, step));
            if let (true, Some(rng)) = (self.noise > 0.0, &mut rng) {
                let size = (row.iter().map(|e| e * e).sum::<f32>() / width as f32).sqrt();
                row.iter_mut().for_each(|e| *e += self.noise * size * rng.normal());
            }
            if self.rectify {
                row.iter_mut().for_each(|e| *e = e.max(0.0));
            }
            if let (true, Some(rng)) = (self.spikes, &mut rng) {
                let mean = row.iter().map(|e| e.abs()).sum::<f32>() / width as f32;
                if mean > 0.0 {
                    let quantum = mean / SPIKES;
                    // A fraction of a spike is one with that probability.
                    row.iter_mut().for_each(|e| {
                        let count = (e.abs() / quantum + rng.uniform()).floor();
                        *e = (count * quantum).copysign(*e);
                    });
                }
            }
            match self.bits {
                0 => {}
                1 => {
                    let mean = row.iter().map(|e| e.abs()).sum::<f32>() / width as f32;
                    row.iter_mut().for_each(|e| {
                        *e = if *e == 0.0 { 0.0 } else { mean.copysign(*e) };
                    });
                }
                bits => {
                    let largest = row.iter().fold(0f32, |m, e| m.max(e.abs()));
                    let levels = ((1u32 << (bits - 1)) - 1) as f32;
                    if largest > 0.0 {
                        let unit = largest / levels;
                        row.iter_mut().for_each(|e| *e = (*e / unit).round() * unit);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(disturbance: Disturbance) -> Vec<f32> {
        let mut errors = vec![0.5, -1.0, 0.1, 0.0, 0.3, -0.2, 0.0, 0.9];
        disturbance.apply(1, &mut errors, 4, ((7, 3), 0), &mut Late::default());
        errors
    }

    #[test]
    fn each_does_what_it_says() {
        let off = Disturbance::default();
        assert!(!off.is_on() && off.describe().is_empty());
        assert_eq!(changed(Disturbance { rectify: true, ..off })[1], 0.0);
        assert_eq!(changed(Disturbance { cut: 1, ..off }), [0.0; 8]);
        assert_eq!(changed(Disturbance { cut: 2, bits: 0, ..off })[1], -1.0);
        let signs = changed(Disturbance { bits: 1, ..off });
        assert_eq!(signs[..4], [0.4, -0.4, 0.4, 0.0]);
        // Three bits: seven levels between −1 and 1.
        let three = changed(Disturbance { bits: 3, ..off });
        assert!((three[0] - 2.0 / 3.0).abs() < 1e-6 && three[1] == -1.0 && three[2] == 0.0);
        let mut crossed = changed(Disturbance { shuffle: true, ..off });
        assert_ne!(crossed[..4], [0.5, -1.0, 0.1, 0.0]);
        crossed[..4].sort_by(f32::total_cmp);
        assert_eq!(crossed[..4], [-1.0, 0.0, 0.1, 0.5]);
        let spikes = changed(Disturbance { spikes: true, ..off });
        let quantum = 0.4 / SPIKES;
        assert!(spikes[..4].iter().all(|e| ((e / quantum).round() - e / quantum).abs() < 1e-5));
        assert!(spikes[1] < 0.0);
    }

    #[test]
    fn spikes_are_right_on_average() {
        let mut sum = 0.0;
        for step in 0..4000 {
            let mut errors = vec![0.13, 1.0, -0.7, 0.2];
            let disturbance = Disturbance { spikes: true, ..Disturbance::default() };
            disturbance.apply(1, &mut errors, 4, ((1, step), 0), &mut Late::default());
            sum += f64::from(errors[0]);
        }
        // The standard error of the mean is about 0.002.
        assert!((sum / 4000.0 - 0.13).abs() < 0.01, "{}", sum / 4000.0);
    }

    #[test]
    fn what_is_late_arrives_in_its_order() {
        let disturbance = Disturbance { delay: 2, ..Disturbance::default() };
        let mut late = Late::default();
        let mut seen = Vec::new();
        for step in 0..5 {
            let mut errors = vec![step as f32 + 1.0; 2];
            disturbance.apply(1, &mut errors, 2, ((1, step), 0), &mut late);
            seen.push(errors[0]);
        }
        assert_eq!(seen, [0.0, 0.0, 1.0, 2.0, 3.0]);
    }
}
