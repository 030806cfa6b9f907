//! Max-pooling, 2×2 with stride 2: an odd last row or column is left out. The
//! gradient goes to the first largest value, whose place the forward pass keeps.

use super::op::{Backward, Forward, Op, Plane};

/// The operation; the usual way is to have it within the convolution
/// ([`super::winograd`]).
#[derive(Clone, Copy, Debug)]
pub struct MaxPool {
    input: Plane,
    output: Plane,
}

impl MaxPool {
    /// For pictures of this size; `None` if there is nothing to pool.
    pub fn new((h, w, c): (usize, usize, usize)) -> Option<Self> {
        let (input, output) = (Plane::new(h, w, c), Plane::new(h / 2, w / 2, c));
        (output.len() > 0).then_some(Self { input, output })
    }

    /// For each pixel out: its offset, and that of its upper left pixel in.
    fn pixels(self) -> impl Iterator<Item = (usize, usize)> {
        let (i, o) = (self.input, self.output);
        (0..o.h * o.w).map(move |p| {
            let (y, x) = (p / o.w, p % o.w);
            ((y * o.pitch + x) * o.c, (2 * y * i.pitch + 2 * x) * i.c)
        })
    }

    fn offsets(&self) -> [usize; 4] {
        let (c, row) = (self.input.c, self.input.pitch * self.input.c);
        [0, c, row, row + c]
    }
}

impl Op for MaxPool {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        self.output
    }

    fn output_mut(&mut self) -> Option<&mut Plane> {
        Some(&mut self.output)
    }

    /// Places of the maxima.
    fn keep_len(&self) -> usize {
        self.output.len()
    }

    fn forward(&self, pass: Forward<'_>) {
        let (size_in, size_out) = (self.input.len(), self.output.len());
        for image in 0..pass.n {
            let x = &pass.x[image * size_in..][..size_in];
            let y = &mut pass.y[image * size_out..][..size_out];
            for (to, from) in self.pixels() {
                for c in 0..self.output.c {
                    let (mut best, mut place) = (x[from + c], 0.0);
                    for (i, by) in self.offsets().into_iter().enumerate().skip(1) {
                        let v = x[from + by + c];
                        // A NaN counts as larger than anything, so that it is not hidden.
                        if v > best || v.is_nan() {
                            (best, place) = (v, i as f32);
                        }
                    }
                    y[to + c] = best;
                    if let Some(kept) = pass.keep.get_mut(image * size_out + to + c) {
                        *kept = place;
                    }
                }
            }
            self.output.clear_padding(y);
        }
    }

    fn backward(&self, pass: Backward<'_>) {
        let Some(dx) = pass.dx else { return };
        let (size_in, size_out) = (self.input.len(), self.output.len());
        dx[..pass.n * size_in].fill(0.0);
        let by = self.offsets();
        for image in 0..pass.n {
            for (to, from) in self.pixels() {
                for c in 0..self.output.c {
                    let at = image * size_out + to + c;
                    let place = pass.keep[at] as usize & 3;
                    dx[image * size_in + from + by[place] + c] = pass.dy[at];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::candle::tests::{gradients_are_right, run};
    use super::super::op::tests::takes_only_padding;
    use super::*;

    #[test]
    fn wrong_sizes_are_refused() {
        takes_only_padding(&mut MaxPool::new((4, 6, 2)).unwrap());
    }

    #[test]
    fn the_gradient_goes_whole_to_the_largest() {
        // Stock candle spreads it: 0.25 where it should be 1.
        let op = MaxPool::new((2, 2, 1)).unwrap();
        let (y, dx) = run(&op, &[1.0, 2.0, 3.0, 4.0], &[]);
        assert_eq!((y, dx), (vec![4.0], vec![0.0, 0.0, 0.0, 1.0]));
    }

    #[test]
    fn odd_sizes_agree_with_finite_differences() {
        gradients_are_right(&MaxPool::new((9, 11, 3)).unwrap(), 2);
        let op = MaxPool::new((3, 3, 1)).unwrap();
        let x = [1.0, 5.0, 9.0, 2.0, 3.0, 9.0, 9.0, 9.0, 9.0];
        assert_eq!(run(&op, &x, &[]).0, [5.0]);
    }

    #[test]
    fn a_nan_is_not_hidden() {
        for i in 0..4 {
            let mut x = [1f32, 2.0, 3.0, 4.0];
            x[i] = f32::NAN;
            assert!(run(&MaxPool::new((2, 2, 1)).unwrap(), &x, &[]).0[0].is_nan());
        }
    }
}
