//! Every operation as a custom op of candle, to be used within a candle graph
//! with its automatic differentiation: `x.apply_op2(parameters, Candle(op))`.
//! The trainer does without the graph ([`crate::ann::plan`]): it knows beforehand
//! what comes after what, and so allocates nothing.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};

use super::op::{Backward, Forward, Mode, Op, Part, Plane, Shared};
use super::spiking::surrogate::Teaching;
use super::{values, with_values};
use crate::ann::tap::Tapped;

/// An operation on pictures `(batch, h, w, c)`, or vectors `(batch, c)` where
/// that is 1×1 pixels; parameters are one vector.
#[derive(Clone, Debug)]
pub struct Candle(pub Arc<dyn Op>);

/// Copies pictures into padded planes, or out of them.
fn repad(from: &[f32], is: Plane, to: Plane) -> Vec<f32> {
    // Steps lie as pictures do.
    let (is, to) = (Plane { steps: 1, ..is }, Plane { steps: 1, ..to });
    let n = if is.len() == 0 { 0 } else { from.len() / is.len() };
    let mut out = vec![0f32; n * to.len()];
    for i in 0..n {
        for y in 0..is.h.min(to.h) {
            let row = &from[i * is.len() + y * is.pitch * is.c..][..is.w * is.c];
            out[i * to.len() + y * to.pitch * to.c..][..row.len()].copy_from_slice(row);
        }
    }
    out
}

fn plain(p: Plane) -> Plane {
    Plane::new(p.h, p.w, p.c)
}

/// Everything of one pass over a whole batch as one part.
pub(crate) struct Whole<'a> {
    op: &'a dyn Op,
    parameters: &'a [f32],
    cache: Vec<f32>,
    pub n: usize,
    pub x: Vec<f32>,
    pub y: Vec<f32>,
    pub keep: Vec<f32>,
    scratch: Vec<f32>,
    mode: Mode,
}

impl<'a> Whole<'a> {
    /// Goes forward; `x` has no padding.
    pub fn forward(op: &'a dyn Op, n: usize, x: &[f32], parameters: &'a [f32]) -> Self {
        let mode = Mode::Train { seed: 0, step: 0, image: 0 };
        let mut cache = vec![0f32; op.cache_len()];
        let shared = Shared::new(&mut cache);
        for block in 0..op.blocks().len() {
            #[allow(unsafe_code, reason = "prepares the cache")]
            // SAFETY: this thread alone has the cache.
            unsafe {
                op.prepare(block, parameters, shared);
            }
        }
        let mut whole = Self {
            op,
            parameters,
            cache,
            n,
            x: repad(x, plain(op.input()), op.input()),
            y: vec![0.0; n * op.output().len()],
            keep: vec![0.0; n * op.keep_len()],
            scratch: vec![0.0; op.scratch_len(n, mode)],
            mode,
        };
        whole.x.resize(n * op.input().len(), 0.0);
        op.forward(Forward {
            parameters,
            cache: &whole.cache,
            n,
            x: &whole.x,
            y: &mut whole.y,
            keep: &mut whole.keep,
            scratch: &mut whole.scratch,
            mode,
            tap: Tapped::default(),
        });
        whole
    }

    /// The result without padding.
    pub fn result(&self) -> Vec<f32> {
        repad(&self.y, self.op.output(), plain(self.op.output()))
    }

    /// Gradients by x (without padding) and by the parameters.
    pub fn backward(&mut self, dy: &[f32]) -> (Vec<f32>, Vec<f32>) {
        self.backward_taught(dy, Teaching::default())
    }

    /// The same, where spiking neurons are taught in this way.
    pub fn backward_taught(&mut self, dy: &[f32], teaching: Teaching) -> (Vec<f32>, Vec<f32>) {
        let op = self.op;
        let mut dy = repad(dy, plain(op.output()), op.output());
        let mut dx = vec![0f32; self.n * op.input().len()];
        let mut partial = vec![0f32; op.partial_len()];
        op.backward(Backward {
            parameters: self.parameters,
            cache: &self.cache,
            n: self.n,
            x: &self.x,
            y: &self.y,
            dy: &mut dy,
            keep: &mut self.keep,
            scratch: &mut self.scratch,
            partial: &mut partial,
            dx: Some(&mut dx),
            mode: self.mode,
            teaching,
            tap: Tapped::default(),
        });
        let part = Part { n: self.n, x: &self.x, dy: &dy, keep: &self.keep, partial: &partial };
        let mut gradient = vec![0f32; self.parameters.len()];
        for (number, ranges) in op.blocks().iter().enumerate() {
            let mut block = vec![0f32; ranges.iter().map(ExactSizeIterator::len).sum()];
            op.gradient(number, &[part], &mut block);
            let mut from = 0;
            for range in ranges {
                let to = from + range.len();
                gradient[range.clone()].copy_from_slice(&block[from..to]);
                from = to;
            }
        }
        (repad(&dx, op.input(), plain(op.input())), gradient)
    }
}

impl CustomOp2 for Candle {
    fn name(&self) -> &'static str {
        "spikescope"
    }

    fn cpu_fwd(
        &self,
        sx: &CpuStorage,
        lx: &Layout,
        sp: &CpuStorage,
        lp: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, p) = (values(sx, lx, "x")?, values(sp, lp, "parameters")?);
        let (batch, wanted) = (lx.dims().first().copied().unwrap_or(0), plain(self.0.input()));
        if x.len() != batch * wanted.len() || p.len() != super::op::parameter_len(&*self.0) {
            candle_core::bail!(
                "{:?} and {} parameters do not fit {:?}",
                lx.shape(),
                p.len(),
                self.0
            );
        }
        let whole = Whole::forward(&*self.0, batch, x, p);
        let out = self.0.output();
        let shape: Shape = if out.h * out.w == 1 {
            (batch, out.c).into()
        } else {
            (batch, out.h, out.w, out.c).into()
        };
        Ok((CpuStorage::F32(whole.result()), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        p: &Tensor,
        _y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (x, p, dy) = (x.contiguous()?, p.contiguous()?, dy.contiguous()?);
        let (dx, dp) = with_values(&x, |xs| {
            with_values(&p, |ps| {
                with_values(&dy, |dy| Whole::forward(&*self.0, x.dims()[0], xs, ps).backward(dy))
            })
        })???;
        Ok((
            Some(Tensor::from_vec(dx, x.dims(), x.device())?),
            Some(Tensor::from_vec(dp, p.dims(), p.device())?),
        ))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    //! What the tests of all operations share.

    use candle_core::{Device, Var};

    use super::*;
    use crate::ann::ops::op::parameter_len;
    use crate::core::rng::Rng;

    /// A vector of normal numbers.
    pub fn random(n: usize, seed: u64) -> Vec<f32> {
        let mut rng = Rng::stream(seed, "test tensor", 0);
        (0..n).map(|_| rng.normal()).collect()
    }

    /// The result, and the gradient by x of its sum.
    pub fn run(op: &dyn Op, x: &[f32], parameters: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut whole = Whole::forward(op, 1, x, parameters);
        let y = whole.result();
        let dx = whole.backward(&vec![1.0; y.len()]).0;
        (y, dx)
    }

    /// Largest absolute difference, relative to the largest value.
    pub fn difference(a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len());
        let scale = b.iter().fold(1e-6f32, |m, x| m.max(x.abs()));
        a.iter().zip(b).map(|(x, y)| (x - y).abs() / scale).fold(0.0, f32::max)
    }

    /// Compares the gradients with central differences of a weighted sum of the
    /// output, at some places of each input.
    ///
    /// A ReLU or a maximum may switch within the step, where a difference means
    /// nothing: places where left and right disagree are left out, but not many.
    pub fn gradients_are_right(op: &dyn Op, n: usize) {
        let x = random(n * plain(op.input()).len(), 1);
        let scale = 0.5 / (parameter_len(op) as f32).sqrt().max(1.0).sqrt();
        let p: Vec<f32> = random(parameter_len(op), 2).iter().map(|v| v * scale).collect();
        let mut whole = Whole::forward(op, n, &x, &p);
        let weights = random(whole.result().len(), 3);
        let (dx, dp) = whole.backward(&weights);
        let value = |x: &[f32], p: &[f32]| -> f64 {
            let y = Whole::forward(op, n, x, p).result();
            y.iter().zip(&weights).map(|(y, w)| f64::from(*y) * f64::from(*w)).sum()
        };
        let mut rng = Rng::stream(5, "coordinates", 0);
        for (which, gradient) in [dx, dp].into_iter().enumerate() {
            let largest = gradient.iter().fold(1e-3f32, |m, g| m.max(g.abs()));
            let (mut tried, mut switched) = (0, 0);
            while tried < 30 && !gradient.is_empty() {
                let i = rng.below(gradient.len());
                let moved = |by: f32| {
                    let (mut x, mut p) = (x.clone(), p.clone());
                    if which == 0 {
                        x[i] += by;
                    } else {
                        p[i] += by;
                    }
                    value(&x, &p)
                };
                let h = 7e-3;
                let (below, here, above) = (moved(-h), moved(0.0), moved(h));
                let left = ((here - below) / f64::from(h)) as f32;
                let right = ((above - here) / f64::from(h)) as f32;
                // Rounding: 1e-7 of a value of some tens over a step of 7e-3.
                let near = |a: f32, b: f32, t: f32| (a - b).abs() < t * largest.max(0.3);
                if near(left, right, 1e-2) {
                    let slope = f32::midpoint(left, right);
                    assert!(
                        near(gradient[i], slope, 1e-2),
                        "input {which}, place {i}: {} against {slope}",
                        gradient[i]
                    );
                    tried += 1;
                } else {
                    switched += 1;
                    assert!(switched < 40, "too many corners to tell");
                }
            }
        }
    }

    /// Compares result and gradients with a function of candle's own operations
    /// on `(batch, h, w, c)` (or `(batch, c)`) and the vector of parameters.
    pub fn agrees_with_stock<O: Op + Clone + 'static>(
        op: &O,
        batch: usize,
        tolerance: f32,
        stock: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
    ) {
        let i = op.input();
        let shape = if i.h * i.w == 1 { vec![batch, i.c] } else { vec![batch, i.h, i.w, i.c] };
        let x = Var::from_vec(random(batch * i.h * i.w * i.c, 3), shape, &Device::Cpu).unwrap();
        let len = parameter_len(op);
        let p: Vec<f32> = random(len, 4).iter().map(|v| v * 0.2).collect();
        let p = Var::from_vec(p, len, &Device::Cpu).unwrap();
        let ours = x.apply_op2(&p, Candle(Arc::new(op.clone()))).unwrap();
        let theirs = stock(x.as_tensor(), p.as_tensor()).unwrap();
        let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let difference = |a: &Tensor, b: &Tensor| difference(&flat(a), &flat(b));
        assert_eq!(ours.dims(), theirs.dims());
        let error = difference(&ours, &theirs);
        assert!(error < tolerance, "{op:?}: {error}");
        let weights = Tensor::from_vec(random(ours.elem_count(), 6), ours.dims(), &Device::Cpu);
        let weights = weights.unwrap();
        let gradients = |y: &Tensor| (y * &weights).unwrap().sum_all().unwrap().backward().unwrap();
        let (a, b) = (gradients(&ours), gradients(&theirs));
        for (var, name) in [(&x, "x"), (&p, "parameters")] {
            let (a, b) = (a.get(var.as_tensor()).unwrap(), b.get(var.as_tensor()).unwrap());
            let error = difference(a, b);
            assert!(error < tolerance, "{op:?} by {name}: {error}");
        }
    }

    /// Convolution, bias and ReLU of candle's own.
    pub fn stock_conv(x: &Tensor, p: &Tensor, kernel: usize, o: usize) -> Result<Tensor> {
        let c = x.dims4()?.3;
        let len = kernel * kernel * c * o;
        let w = p.narrow(0, 0, len)?.reshape((kernel, kernel, c, o))?.permute((3, 2, 0, 1))?;
        let b = p.narrow(0, len, o)?.reshape((1, o, 1, 1))?;
        let x = x.permute((0, 3, 1, 2))?.contiguous()?;
        let y = x.conv2d(&w.contiguous()?, 0, 1, 1, 1)?.broadcast_add(&b)?.relu()?;
        y.permute((0, 2, 3, 1))?.contiguous()
    }

    /// Max-pooling of operations whose backward pass is right (candle's own
    /// `max_pool2d` has a wrong one).
    pub fn stock_pool(x: &Tensor) -> Result<Tensor> {
        let (n, h, w, c) = x.dims4()?;
        let x = x.narrow(1, 0, h / 2 * 2)?.narrow(2, 0, w / 2 * 2)?.contiguous()?;
        let x = x.reshape((n, h / 2, 2, w / 2, 2 * c))?.max(2)?;
        x.reshape((n, h / 2, w / 2, 2, c))?.max(3)
    }
}
