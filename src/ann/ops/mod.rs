//! The operations that networks are made of, as candle custom ops with their own
//! backward pass. Pictures are stored channels last: `(batch, y, x, channel)`.
//!
//! Work is split into pieces of fixed size, whatever the number of threads, and
//! partial sums are added in a fixed order: results are bit-identical on one
//! thread and on many.

pub mod conv;
pub mod dense;
pub mod dropout;
pub mod loss;
mod matrix;
pub mod pool;

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor};

/// Pictures handled together: partial sums of gradients are kept per piece.
pub(crate) const PIECE: usize = 8;

/// The values of a contiguous `f32` tensor within its storage.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout, op: &'static str) -> Result<&'a [f32]> {
    let (from, to) =
        layout.contiguous_offsets().ok_or(candle_core::Error::RequiresContiguous { op })?;
    Ok(&storage.as_slice::<f32>()?[from..to])
}

/// Calls `f` with the values of a contiguous `f32` tensor on the CPU.
///
/// # Errors
/// When the tensor is on another device, of another type or not contiguous.
pub fn with_values<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(cpu) => Ok(f(values(cpu, layout, "values")?)),
        _ => candle_core::bail!("this operation runs on the CPU only"),
    }
}

/// Adds the partial sums in order: the same result whoever computed them.
fn sum_pieces(pieces: Vec<Vec<f32>>) -> Vec<f32> {
    let mut pieces = pieces.into_iter();
    let mut total = pieces.next().unwrap_or_default();
    for piece in pieces {
        for (t, p) in total.iter_mut().zip(piece) {
            *t += p;
        }
    }
    total
}

#[cfg(test)]
pub(crate) mod check {
    //! Gradients against finite differences.

    use candle_core::{Device, Tensor, Var};

    use crate::core::rng::Rng;

    /// A tensor of normal numbers.
    pub fn random(shape: &[usize], seed: u64) -> Tensor {
        let mut rng = Rng::stream(seed, "test tensor", 0);
        let n = shape.iter().product();
        let data: Vec<f32> = (0..n).map(|_| rng.normal()).collect();
        Tensor::from_vec(data, shape, &Device::Cpu).unwrap()
    }

    /// Largest absolute difference, relative to the largest value.
    pub fn difference(a: &Tensor, b: &Tensor) -> f32 {
        let a: Vec<f32> = a.flatten_all().unwrap().to_vec1().unwrap();
        let b: Vec<f32> = b.flatten_all().unwrap().to_vec1().unwrap();
        assert_eq!(a.len(), b.len());
        let scale = b.iter().fold(1e-6f32, |m, x| m.max(x.abs()));
        a.iter().zip(&b).map(|(x, y)| (x - y).abs() / scale).fold(0.0, f32::max)
    }

    /// Compares the gradients of `f` (made scalar by fixed random weights) with
    /// central differences at some coordinates of each input.
    ///
    /// Tolerance: the step 1e-2 leaves an f32 rounding error of about
    /// 1e-7 · |f| / 1e-2 ≈ 1e-3 of the largest gradient for |f| of some tens.
    pub fn gradients(inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Tensor) {
        let vars: Vec<Var> = inputs.iter().map(|t| Var::from_tensor(t).unwrap()).collect();
        let tensors: Vec<Tensor> = vars.iter().map(|v| v.as_tensor().clone()).collect();
        let y = f(&tensors);
        let weights = random(y.dims(), 99);
        let scalar = |t: &[Tensor]| -> f64 {
            let y: Vec<f32> = f(t).flatten_all().unwrap().to_vec1().unwrap();
            let w: Vec<f32> = weights.flatten_all().unwrap().to_vec1().unwrap();
            y.iter().zip(w).map(|(y, w)| f64::from(*y) * f64::from(w)).sum()
        };
        let grads = (y * &weights).unwrap().sum_all().unwrap().backward().unwrap();
        let mut rng = Rng::stream(5, "coordinates", 0);
        for (k, var) in vars.iter().enumerate() {
            let grad: Vec<f32> =
                grads.get(var.as_tensor()).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            let scale = grad.iter().fold(1e-3f32, |m, g| m.max(g.abs()));
            for _ in 0..30 {
                let i = rng.below(grad.len());
                let h = 1e-2f32;
                let moved = |by: f32| {
                    let mut t = inputs.to_vec();
                    let mut v: Vec<f32> = t[k].flatten_all().unwrap().to_vec1().unwrap();
                    v[i] += by;
                    t[k] = Tensor::from_vec(v, inputs[k].dims(), &Device::Cpu).unwrap();
                    scalar(&t)
                };
                let numeric = (moved(h) - moved(-h)) / f64::from(2.0 * h);
                let error = (numeric - f64::from(grad[i])).abs() / f64::from(scale);
                assert!(error < 2e-2, "input {k}, coordinate {i}: {numeric} against {}", grad[i]);
            }
        }
    }
}
