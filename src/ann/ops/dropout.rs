//! Dropout (Srivastava et al. 2014), inverted: a unit is dropped with probability
//! `rate`, the others are scaled by `1 / (1 − rate)`, so that nothing has to be
//! scaled when answering.

use super::op::{Backward, Forward, Mode, Op, Plane};
use crate::core::rng::Rng;

/// The operation. Which units are dropped follows from seed, layer, step and the
/// picture's number in the mini-batch, so it does not depend on how the batch is
/// cut into parts.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    plane: Plane,
    rate: f32,
    layer: usize,
}

impl Dropout {
    /// `rate` is in [0, 1); `layer` tells the network's dropouts apart.
    pub fn new(plane: Plane, rate: f32, layer: usize) -> Self {
        Self { plane, rate, layer }
    }
}

/// Draws the factor of each unit, 0 or `1 / (1 − rate)`, of one picture of the
/// mini-batch.
pub fn factors(rate: f32, layer: usize, (seed, step): (u64, u64), image: usize, out: &mut [f32]) {
    let scale = 1.0 / (1.0 - rate);
    let mut rng = Rng::stream(seed, &format!("dropout {layer} {image}"), step);
    for f in out {
        *f = if rng.uniform() < rate { 0.0 } else { scale };
    }
}

impl Op for Dropout {
    fn input(&self) -> Plane {
        self.plane
    }

    fn output(&self) -> Plane {
        self.plane
    }

    /// The factor of each unit.
    fn keep_len(&self) -> usize {
        self.plane.len()
    }

    fn forward(&self, pass: Forward<'_>) {
        let size = self.plane.len();
        let all = pass.n * size;
        let Mode::Train { seed, step, image } = pass.mode else {
            return pass.y[..all].copy_from_slice(&pass.x[..all]);
        };
        for (i, out) in pass.keep.chunks_exact_mut(size).take(pass.n).enumerate() {
            factors(self.rate, self.layer, (seed, step), image + i, out);
        }
        for ((y, x), f) in pass.y.iter_mut().zip(&pass.x[..all]).zip(pass.keep.iter()) {
            // A NaN that is dropped would be hidden, were it set to zero.
            *y = x * f;
        }
    }

    fn backward(&self, pass: Backward<'_>) {
        let Some(dx) = pass.dx else { return };
        let all = pass.n * self.plane.len();
        for ((dx, dy), f) in dx.iter_mut().zip(&pass.dy[..all]).zip(pass.keep.iter()) {
            *dx = dy * f;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::tap::Tapped;

    fn masked(step: u64, image: usize) -> Vec<f32> {
        let op = Dropout::new(Plane::new(1, 1, 10_000), 0.5, 2);
        let (x, mut y) = (vec![1f32; 10_000], vec![0f32; 10_000]);
        op.forward(Forward {
            parameters: &[],
            cache: &[],
            n: 1,
            x: &x,
            y: &mut y,
            keep: &mut vec![0.0; 10_000],
            scratch: &mut [],
            mode: Mode::Train { seed: 1, step, image },
            tap: Tapped::default(),
        });
        y
    }

    #[test]
    fn half_are_dropped_the_mean_stays_and_the_mask_follows_step_and_picture() {
        let y = masked(0, 0);
        assert!(y.iter().all(|v| *v == 0.0 || *v == 2.0));
        // Five standard errors of a fair coin thrown 10,000 times.
        assert!((y.iter().sum::<f32>() / 1e4 - 1.0).abs() < 0.05);
        assert_eq!(y, masked(0, 0));
        assert_ne!(y, masked(1, 0));
        assert_ne!(y, masked(0, 1));
    }
}
