//! A scale and a shift for each channel, `y = s·x + t`: what batch normalisation comes to
//! once its means and deviations are fixed (Ioffe and Szegedy 2015), or the normalisation
//! of a picture.

use std::ops::Range;

use super::dense::sum_rows;
use super::op::{Backward, Forward, Initial, Op, Parameter, Part, Plane};

/// The operation.
#[derive(Clone, Copy, Debug)]
pub struct Affine {
    plane: Plane,
}

impl Affine {
    /// On pictures without padding.
    pub fn new(plane: Plane) -> Self {
        Self { plane }
    }
}

impl Op for Affine {
    fn input(&self) -> Plane {
        self.plane
    }

    fn output(&self) -> Plane {
        self.plane
    }

    /// It begins by changing nothing.
    fn parameters(&self) -> Vec<Parameter> {
        let c = self.plane.c;
        vec![
            Parameter { name: "scale", shape: vec![c], initial: Initial::Ones { from: 0, to: c } },
            Parameter { name: "shift", shape: vec![c], initial: Initial::Zero },
        ]
    }

    fn partial_len(&self) -> usize {
        2 * self.plane.c
    }

    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        vec![vec![0..self.partial_len()]]
    }

    fn forward(&self, pass: Forward<'_>) {
        let (scale, shift) = pass.parameters.split_at(self.plane.c);
        let all = pass.n * self.plane.len();
        let pixels = pass.x[..all].chunks_exact(self.plane.c);
        for (x, y) in pixels.zip(pass.y.chunks_exact_mut(self.plane.c)) {
            for ((y, x), (s, t)) in y.iter_mut().zip(x).zip(scale.iter().zip(shift)) {
                *y = s * x + t;
            }
        }
    }

    fn backward(&self, mut pass: Backward<'_>) {
        let c = self.plane.c;
        let (ds, dt) = pass.partial.split_at_mut(c);
        ds.fill(0.0);
        dt.fill(0.0);
        let all = pass.n * self.plane.len();
        let pixels = pass.x[..all].chunks_exact(c).zip(pass.dy[..all].chunks_exact(c));
        for (number, (x, dy)) in pixels.enumerate() {
            for ((x, dy), (ds, dt)) in x.iter().zip(dy).zip(ds.iter_mut().zip(dt.iter_mut())) {
                *ds += x * dy;
                *dt += dy;
            }
            if let Some(dx) = pass.dx.as_deref_mut() {
                let dx = &mut dx[number * c..][..c];
                for ((dx, dy), s) in dx.iter_mut().zip(dy).zip(pass.parameters) {
                    *dx = s * dy;
                }
            }
        }
    }

    fn gradient(&self, _block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        sum_rows(parts.iter().map(|p| p.partial), out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::candle::tests::{gradients_are_right, run};
    use super::*;

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradients_are_right(&Affine::new(Plane::new(3, 4, 5)), 3);
    }

    #[test]
    fn each_channel_has_its_own_scale_and_shift() {
        let op = Affine::new(Plane::new(1, 2, 2));
        let (y, dx) = run(&op, &[1.0, 2.0, 3.0, 4.0], &[2.0, -1.0, 10.0, 0.5]);
        assert_eq!(y, [12.0, -1.5, 16.0, -3.5]);
        assert_eq!(dx, [2.0, -1.0, 2.0, -1.0]);
    }
}
