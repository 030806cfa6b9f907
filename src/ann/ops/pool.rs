//! Max-pooling, 2×2 with stride 2: `(batch, h, w, c)` → `(batch, h/2, w/2, c)`;
//! an odd last row or column is left out. The gradient goes to the first largest
//! value, whose place the forward pass remembers.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{values, with_values};

/// The operation; one value serves one forward pass and its backward pass.
#[derive(Debug, Default)]
pub struct MaxPool {
    /// For each output, which of its four inputs was the largest.
    largest: Mutex<Vec<u8>>,
}

/// One picture: values and places of the maxima.
fn forward(x: &[f32], (w, c): (usize, usize), out: &mut [f32], place: &mut [u8]) {
    let ow = w / 2;
    let pixels = out.chunks_exact_mut(c).zip(place.chunks_exact_mut(c)).enumerate();
    for (pixel, (out, place)) in pixels {
        let corner = (2 * (pixel / ow) * w + 2 * (pixel % ow)) * c;
        let [q0, q1, q2, q3] = [0, c, w * c, w * c + c].map(|by| &x[corner + by..][..c]);
        for j in 0..c {
            let (mut best, mut at) = (q0[j], 0u8);
            for (i, q) in [(1u8, q1), (2, q2), (3, q3)] {
                // A NaN counts as larger than anything, so that it is not hidden.
                if q[j] > best || q[j].is_nan() {
                    (best, at) = (q[j], i);
                }
            }
            (out[j], place[j]) = (best, at);
        }
    }
}

fn backward(dy: &[f32], place: &[u8], (w, c): (usize, usize), dx: &mut [f32]) {
    let ow = w / 2;
    for (pixel, (dy, place)) in dy.chunks_exact(c).zip(place.chunks_exact(c)).enumerate() {
        let corner = (2 * (pixel / ow) * w + 2 * (pixel % ow)) * c;
        for j in 0..c {
            let by = [0, c, w * c, w * c + c][usize::from(place[j] & 3)];
            dx[corner + by + j] = dy[j];
        }
    }
}

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        "max-pool"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout, "max-pool")?;
        let (batch, h, w, c) = layout.shape().dims4()?;
        let feature = (h / 2) * (w / 2) * c;
        if feature == 0 {
            candle_core::bail!("a {h}×{w} picture is too small to pool");
        }
        let (mut out, mut place) = (vec![0f32; batch * feature], vec![0u8; batch * feature]);
        out.par_chunks_mut(feature)
            .zip(place.par_chunks_mut(feature))
            .zip(x.par_chunks(h * w * c))
            .for_each(|((out, place), x)| forward(x, (w, c), out, place));
        *self.largest.lock().unwrap_or_else(PoisonError::into_inner) = place;
        Ok((CpuStorage::F32(out), (batch, h / 2, w / 2, c).into()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (_, h, w, c) = x.dims4()?;
        let (picture, feature) = (h * w * c, (h / 2) * (w / 2) * c);
        let place = self.largest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut dx = vec![0f32; x.elem_count()];
        with_values(&dy.contiguous()?, |dy| {
            dx.par_chunks_mut(picture)
                .zip(dy.par_chunks(feature).zip(place.par_chunks(feature)))
                .for_each(|(dx, (dy, place))| backward(dy, place, (w, c), dx));
        })?;
        Ok(Some(Tensor::from_vec(dx, x.dims(), x.device())?))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::super::check::{difference, gradients, random};
    use super::*;

    #[test]
    fn the_gradient_goes_whole_to_the_largest() {
        // Stock candle spreads it: 0.25 where it should be 1.
        let x = Var::new(&[[[[1f32], [2.0]], [[3.0], [4.0]]]], &Device::Cpu).unwrap();
        let y = x.apply_op1(MaxPool::default()).unwrap();
        let g = y.sum_all().unwrap().backward().unwrap();
        let dx: Vec<f32> = g.get(x.as_tensor()).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        assert_eq!(dx, [0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn odd_sizes_agree_with_finite_differences_and_with_stock_forward() {
        let x = (random(&[2, 9, 11, 3], 1) * 8.0).unwrap();
        gradients(std::slice::from_ref(&x), |t| t[0].apply_op1(MaxPool::default()).unwrap());
        let stock = x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap().max_pool2d(2).unwrap();
        let ours = x.apply_op1(MaxPool::default()).unwrap();
        assert_eq!(difference(&ours, &stock.permute((0, 2, 3, 1)).unwrap()), 0.0);
    }

    #[test]
    fn a_nan_is_not_hidden() {
        for i in 0..4 {
            let mut values = [1f32, 2.0, 3.0, 4.0];
            values[i] = f32::NAN;
            let x = Tensor::from_slice(&values, (1, 2, 2, 1), &Device::Cpu).unwrap();
            let y = x.apply_op1(MaxPool::default()).unwrap();
            assert!(y.flatten_all().unwrap().to_vec1::<f32>().unwrap()[0].is_nan());
        }
    }
}
