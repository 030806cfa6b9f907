//! Pooling with any window: the largest or the mean of its pixels. The usual window, 2×2
//! without overlap, is [`super::pool`]'s.

use super::op::{Backward, Forward, Op, Plane};
use crate::ann::zoo::{PoolKind, Window};

/// The operation.
#[derive(Clone, Copy, Debug)]
pub struct Pooling {
    kind: PoolKind,
    window: Window,
    input: Plane,
    output: Plane,
}

/// The pixels of a window that lie in the picture: rows and columns.
type Seen = [std::ops::Range<usize>; 2];

impl Pooling {
    /// For pictures of this size; `None` if the window does not fit.
    pub fn new((h, w, c): (usize, usize, usize), kind: PoolKind, window: Window) -> Option<Self> {
        let [out_h, out_w] = window.output([h, w])?;
        let (input, output) = (Plane::new(h, w, c), Plane::new(out_h, out_w, c));
        (c > 0).then_some(Self { kind, window, input, output })
    }

    /// For each pixel out: the offset of its values, and what its window sees.
    fn pixels(self) -> impl Iterator<Item = (usize, Seen)> {
        let (i, o) = (self.input, self.output);
        (0..o.h * o.w).map(move |p| {
            let (y, x) = (p / o.w, p % o.w);
            (p * o.c, [self.window.pixels(0, y, i.h), self.window.pixels(1, x, i.w)])
        })
    }

    /// Offsets of the pixels that a window sees.
    fn offsets(&self, [rows, columns]: &Seen) -> impl Iterator<Item = usize> {
        let (pitch, c, columns) = (self.input.pitch, self.input.c, columns.clone());
        rows.clone().flat_map(move |y| columns.clone().map(move |x| (y * pitch + x) * c))
    }

    /// What each pixel of the window counts in the mean.
    fn share(&self, [rows, columns]: &Seen) -> f32 {
        let pixels = match self.kind {
            PoolKind::AverageCounted => self.window.kernel[0] * self.window.kernel[1],
            _ => rows.len() * columns.len(),
        };
        1.0 / pixels.max(1) as f32
    }
}

impl Op for Pooling {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        self.output
    }

    fn forward(&self, pass: Forward<'_>) {
        let pictures = pass.x.chunks_exact(self.input.len());
        for (x, y) in pictures.zip(pass.y.chunks_exact_mut(self.output.len())).take(pass.n) {
            for (to, seen) in self.pixels() {
                for c in 0..self.output.c {
                    let values = self.offsets(&seen).map(|at| x[at + c]);
                    y[to + c] = match self.kind {
                        PoolKind::Max => values.fold(f32::NEG_INFINITY, larger),
                        _ => values.sum::<f32>() * self.share(&seen),
                    };
                }
            }
        }
    }

    fn backward(&self, pass: Backward<'_>) {
        let Some(dx) = pass.dx else { return };
        let (size_in, size_out) = (self.input.len(), self.output.len());
        dx[..pass.n * size_in].fill(0.0);
        for image in 0..pass.n {
            let x = &pass.x[image * size_in..][..size_in];
            let dx = &mut dx[image * size_in..][..size_in];
            let (y, dy) = (&pass.y[image * size_out..], &pass.dy[image * size_out..]);
            for (to, seen) in self.pixels() {
                for c in 0..self.output.c {
                    let (y, dy) = (y[to + c], dy[to + c]);
                    if self.kind == PoolKind::Max {
                        // The first largest; a NaN has no place, and no gradient worth one.
                        let first = self.offsets(&seen).find(|at| x[at + c] == y);
                        if let Some(at) = first {
                            dx[at + c] += dy;
                        }
                        continue;
                    }
                    let share = dy * self.share(&seen);
                    for at in self.offsets(&seen) {
                        dx[at + c] += share;
                    }
                }
            }
        }
    }
}

/// A NaN counts as larger than anything, so that it is not hidden.
fn larger(best: f32, value: f32) -> f32 {
    if value > best || value.is_nan() { value } else { best }
}

#[cfg(test)]
mod tests {
    use super::super::candle::tests::{gradients_are_right, run};
    use super::super::pool::MaxPool;
    use super::*;

    const KINDS: [PoolKind; 3] = [PoolKind::Max, PoolKind::Average, PoolKind::AverageCounted];

    #[test]
    fn gradients_agree_with_finite_differences() {
        for kind in KINDS {
            for (kernel, stride, padding) in
                [([2, 2], [2, 2], [0; 4]), ([3, 2], [2, 1], [1, 1, 1, 0]), ([7, 6], [1, 1], [0; 4])]
            {
                let window = Window { kernel, stride, padding };
                gradients_are_right(&Pooling::new((7, 6, 3), kind, window).unwrap(), 2);
            }
        }
    }

    #[test]
    fn the_usual_window_gives_the_usual_maxima() {
        let x: Vec<f32> = (0..9 * 7 * 2).map(|i| (i * 37 % 101) as f32).collect();
        let usual = MaxPool::new((9, 7, 2)).unwrap();
        let general = Pooling::new((9, 7, 2), PoolKind::Max, Window::square(2, 2)).unwrap();
        assert_eq!(run(&usual, &x, &[]), run(&general, &x, &[]));
    }

    #[test]
    fn means_leave_padding_out_or_count_it() {
        let window = Window { kernel: [2, 2], stride: [2, 2], padding: [1, 1, 0, 0] };
        let x = [4.0, 1.0, 2.0, 3.0];
        let mean = |kind| run(&Pooling::new((2, 2, 1), kind, window).unwrap(), &x, &[]).0;
        assert_eq!(mean(PoolKind::Average), [4.0]);
        assert_eq!(mean(PoolKind::AverageCounted), [1.0]);
    }

    #[test]
    fn a_nan_is_not_hidden() {
        for kind in KINDS {
            for i in 0..4 {
                let mut x = [1f32, 2.0, 3.0, 4.0];
                x[i] = f32::NAN;
                let op = Pooling::new((2, 2, 1), kind, Window::square(2, 2)).unwrap();
                assert!(run(&op, &x, &[]).0[0].is_nan(), "{kind:?}");
            }
        }
    }
}
