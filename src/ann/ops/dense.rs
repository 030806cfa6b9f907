//! Dense layer: `(batch, inputs)` → `(batch, units)`, `x·w + b`, with or without
//! ReLU; `w` is `(inputs, units)`. No transposed copies are made.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::matrix::{View, multiply};
use super::{PIECE, values, with_values};

/// Rows of the weight matrix whose gradient is computed together.
const ROWS: usize = 64;

/// The operation.
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    /// Whether a ReLU follows.
    pub relu: bool,
    /// Whether the gradient of `x` is wanted (not so for the input picture).
    pub input_gradient: bool,
}

impl CustomOp3 for Dense {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn cpu_fwd(
        &self,
        sx: &CpuStorage,
        lx: &Layout,
        sw: &CpuStorage,
        lw: &Layout,
        sb: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, w, b) =
            (values(sx, lx, "dense")?, values(sw, lw, "dense")?, values(sb, lb, "dense")?);
        let ((batch, inputs), (rows, units)) = (lx.shape().dims2()?, lw.shape().dims2()?);
        if inputs != rows || b.len() != units {
            candle_core::bail!(
                "{inputs} inputs do not fit weights ({rows}, {units}) and {} biases",
                b.len()
            );
        }
        let mut out = vec![0f32; batch * units];
        out.par_chunks_mut(PIECE * units).zip(x.par_chunks(PIECE * inputs)).for_each(|(out, x)| {
            let n = x.len() / inputs;
            multiply(out, View::new(x, n, inputs), View::new(w, inputs, units), false);
            for row in out.chunks_exact_mut(units) {
                for (v, b) in row.iter_mut().zip(b) {
                    let sum = *v + b;
                    *v = if self.relu && sum < 0.0 { 0.0 } else { sum };
                }
            }
        });
        Ok((CpuStorage::F32(out), (batch, units).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let ((batch, inputs), (_, units)) = (x.dims2()?, w.dims2()?);
        let dy = dy.contiguous()?;
        let (dx, dw, db) = with_values(x, |x| {
            with_values(w, |w| {
                with_values(y, |y| {
                    with_values(&dy, |dy| self.gradients(x, w, y, dy, (batch, inputs, units)))
                })
            })
        })????;
        let device = x.device();
        let dx = self.input_gradient.then(|| Tensor::from_vec(dx, x.dims(), device)).transpose()?;
        Ok((
            dx,
            Some(Tensor::from_vec(dw, w.dims(), device)?),
            Some(Tensor::from_vec(db, b.dims(), device)?),
        ))
    }
}

impl Dense {
    /// Gradients of x (empty if not wanted), w and b.
    fn gradients(
        &self,
        x: &[f32],
        w: &[f32],
        y: &[f32],
        dy: &[f32],
        (batch, inputs, units): (usize, usize, usize),
    ) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let passed = |(dy, y): (&f32, &f32)| if !self.relu || *y > 0.0 { *dy } else { 0.0 };
        let g: Vec<f32> = dy.iter().zip(y).map(passed).collect();
        let mut db = vec![0f32; units];
        for row in g.chunks_exact(units) {
            for (d, g) in db.iter_mut().zip(row) {
                *d += g;
            }
        }
        // Each block of rows is a product of its own: columns of x, read in place.
        let mut dw = vec![0f32; inputs * units];
        let columns: Vec<f32> = transposed(x, batch, inputs);
        dw.par_chunks_mut(ROWS * units).zip(columns.par_chunks(ROWS * batch)).for_each(
            |(dw, columns)| {
                let rows = dw.len() / units;
                multiply(dw, View::new(columns, rows, batch), View::new(&g, batch, units), false);
            },
        );
        let mut dx = vec![0f32; if self.input_gradient { batch * inputs } else { 0 }];
        dx.par_chunks_mut(PIECE * inputs).zip(g.par_chunks(PIECE * units)).for_each(|(dx, g)| {
            let n = g.len() / units;
            multiply(dx, View::new(g, n, units), View::new(w, inputs, units).t(), false);
        });
        (dx, dw, db)
    }
}

/// The batch is small, so turning it costs little and lets blocks of weight rows
/// be computed apart.
fn transposed(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = vec![0f32; x.len()];
    for (r, row) in x.chunks_exact(columns).enumerate() {
        for (c, v) in row.iter().enumerate() {
            out[c * rows + r] = *v;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::super::check::{difference, gradients, random};
    use super::*;

    fn dense(t: &[Tensor], relu: bool) -> Tensor {
        t[0].apply_op3(&t[1], &t[2], Dense { relu, input_gradient: true }).unwrap()
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let inputs = [random(&[11, 70], 1), random(&[70, 5], 2), random(&[5], 3)];
        gradients(&inputs, |t| dense(t, false));
    }

    #[test]
    fn forward_and_backward_agree_with_stock_candle() {
        for batch in [1, 9, 32] {
            let x = Var::from_tensor(&random(&[batch, 130], 3)).unwrap();
            let w = Var::from_tensor(&random(&[130, 7], 4)).unwrap();
            let b = Var::from_tensor(&random(&[7], 5)).unwrap();
            let ours =
                dense(&[x.as_tensor().clone(), w.as_tensor().clone(), b.as_tensor().clone()], true);
            let stock = x.matmul(&w).unwrap().broadcast_add(&b).unwrap().relu().unwrap();
            assert!(difference(&ours, &stock) < 1e-5);
            let weight = random(ours.dims(), 6);
            let g1 = (&ours * &weight).unwrap().sum_all().unwrap().backward().unwrap();
            let g2 = (&stock * &weight).unwrap().sum_all().unwrap().backward().unwrap();
            for v in [&x, &w, &b] {
                assert!(
                    difference(g1.get(v.as_tensor()).unwrap(), g2.get(v.as_tensor()).unwrap())
                        < 1e-5
                );
            }
        }
    }
}
