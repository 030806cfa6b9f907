//! Convolution + bias + ReLU: `(batch, h, w, c)` → `(batch, h−k+1, w−k+1, o)`,
//! stride 1, no padding.
//!
//! The kernel is a matrix `(k·k·c, o)`, rows by y, x, channel. A few rows of the
//! picture at a time are unrolled (im2col) into a tile that stays in the second
//! level cache, and multiplied with it.

use std::cell::RefCell;

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::matrix::{View, multiply};
use super::{PIECE, sum_pieces, values, with_values};

/// Unrolled values in a tile: 384 KiB, well within a core's second-level cache.
const TILE: usize = 96 * 1024;

/// The operation `relu(x ∗ w + b)`.
#[derive(Clone, Copy, Debug)]
pub struct ConvRelu {
    /// Side of the kernel.
    pub kernel: usize,
    /// Whether the gradient of `x` is wanted (not so for the input picture).
    pub input_gradient: bool,
}

/// Sizes of one picture's convolution.
#[derive(Clone, Copy)]
struct Sizes {
    k: usize,
    w: usize,
    c: usize,
    oh: usize,
    ow: usize,
    o: usize,
}

thread_local! {
    /// The unrolled tile, its gradient, and the gradient before the ReLU.
    static TILES: RefCell<[Vec<f32>; 3]> = const { RefCell::new([Vec::new(), Vec::new(), Vec::new()]) };
}

fn at_least(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}

impl Sizes {
    fn unrolled(&self) -> usize {
        self.k * self.k * self.c
    }

    fn rows_per_tile(&self) -> usize {
        (TILE / (self.unrolled() * self.ow)).clamp(1, self.oh)
    }

    /// First output row and number of rows of each tile.
    fn tiles(self) -> impl Iterator<Item = (usize, usize)> {
        let step = self.rows_per_tile();
        (0..self.oh).step_by(step).map(move |y| (y, step.min(self.oh - y)))
    }

    fn unroll(&self, x: &[f32], tile: &mut [f32], y0: usize, rows: usize) {
        let line = self.k * self.c;
        for (pixel, unrolled) in
            tile.chunks_exact_mut(self.unrolled()).take(rows * self.ow).enumerate()
        {
            let (y, ox) = (y0 + pixel / self.ow, pixel % self.ow);
            for (ky, part) in unrolled.chunks_exact_mut(line).enumerate() {
                part.copy_from_slice(&x[((y + ky) * self.w + ox) * self.c..][..line]);
            }
        }
    }

    /// Adds the gradient of an unrolled tile to the picture it came from.
    fn roll_up(&self, tile: &[f32], dx: &mut [f32], y0: usize, rows: usize) {
        let line = self.k * self.c;
        for (pixel, unrolled) in tile.chunks_exact(self.unrolled()).take(rows * self.ow).enumerate()
        {
            let (y, ox) = (y0 + pixel / self.ow, pixel % self.ow);
            for (ky, part) in unrolled.chunks_exact(line).enumerate() {
                let target = &mut dx[((y + ky) * self.w + ox) * self.c..][..line];
                for (d, g) in target.iter_mut().zip(part) {
                    *d += g;
                }
            }
        }
    }

    fn forward(&self, x: &[f32], w: &[f32], b: &[f32], out: &mut [f32]) {
        let n = self.unrolled();
        TILES.with_borrow_mut(|[tile, ..]| {
            for (y0, rows) in self.tiles() {
                let pixels = rows * self.ow;
                let tile = at_least(tile, pixels * n);
                self.unroll(x, tile, y0, rows);
                let out = &mut out[y0 * self.ow * self.o..][..pixels * self.o];
                multiply(out, View::new(tile, pixels, n), View::new(w, n, self.o), false);
                for pixel in out.chunks_exact_mut(self.o) {
                    for (v, b) in pixel.iter_mut().zip(b) {
                        // `max` would turn a NaN into 0 and hide it.
                        let sum = *v + b;
                        *v = if sum < 0.0 { 0.0 } else { sum };
                    }
                }
            }
        });
    }

    /// Adds one picture's gradients to `dw`, `db` and, if wanted, `dx`.
    #[allow(clippy::too_many_arguments, reason = "three inputs, their gradients, and the output's")]
    fn backward(
        &self,
        x: &[f32],
        w: &[f32],
        y: &[f32],
        dy: &[f32],
        mut dx: Option<&mut [f32]>,
        dw: &mut [f32],
        db: &mut [f32],
    ) {
        let n = self.unrolled();
        TILES.with_borrow_mut(|[tile, dtile, dsum]| {
            for (y0, rows) in self.tiles() {
                let pixels = rows * self.ow;
                let range = y0 * self.ow * self.o..(y0 * self.ow + pixels) * self.o;
                let g = at_least(dsum, pixels * self.o);
                for ((g, dy), y) in g.iter_mut().zip(&dy[range.clone()]).zip(&y[range]) {
                    *g = if *y > 0.0 { *dy } else { 0.0 };
                }
                for pixel in g.chunks_exact(self.o) {
                    for (d, g) in db.iter_mut().zip(pixel) {
                        *d += g;
                    }
                }
                let tile = at_least(tile, pixels * n);
                self.unroll(x, tile, y0, rows);
                let g = View::new(g, pixels, self.o);
                multiply(dw, View::new(tile, pixels, n).t(), g, true);
                if let Some(dx) = dx.as_deref_mut() {
                    let dtile = at_least(dtile, pixels * n);
                    multiply(dtile, g, View::new(w, n, self.o).t(), false);
                    self.roll_up(dtile, dx, y0, rows);
                }
            }
        });
    }
}

impl ConvRelu {
    /// Sizes for `x` of these dimensions and `outputs` channels out.
    fn sizes(
        &self,
        (_, h, w, c): (usize, usize, usize, usize),
        kernel: (usize, usize),
    ) -> Result<Sizes> {
        let k = self.kernel;
        if h < k || w < k || kernel.0 != k * k * c {
            candle_core::bail!(
                "a {k}×{k} kernel of shape {kernel:?} does not fit a {h}×{w}×{c} picture"
            );
        }
        Ok(Sizes { k, w, c, oh: h + 1 - k, ow: w + 1 - k, o: kernel.1 })
    }
}

impl CustomOp3 for ConvRelu {
    fn name(&self) -> &'static str {
        "conv-relu"
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
        let (x, w, b) = (values(sx, lx, "conv")?, values(sw, lw, "conv")?, values(sb, lb, "conv")?);
        let dims = lx.shape().dims4()?;
        let s = self.sizes(dims, lw.shape().dims2()?)?;
        let (batch, picture, feature) = (dims.0, dims.1 * dims.2 * dims.3, s.oh * s.ow * s.o);
        let mut out = vec![0f32; batch * feature];
        out.par_chunks_mut(feature)
            .zip(x.par_chunks(picture))
            .for_each(|(out, x)| s.forward(x, w, b, out));
        Ok((CpuStorage::F32(out), (batch, s.oh, s.ow, s.o).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        y: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let dims = x.dims4()?;
        let s = self.sizes(dims, w.dims2()?)?;
        let (picture, feature) = (dims.1 * dims.2 * dims.3, s.oh * s.ow * s.o);
        let dy = dy.contiguous()?;
        let mut dx = vec![0f32; if self.input_gradient { x.elem_count() } else { 0 }];
        let piece = |x: &[f32], w: &[f32], y: &[f32], dy: &[f32], mut dx: Option<&mut [f32]>| {
            let (mut dw, mut db) = (vec![0f32; w.len()], vec![0f32; s.o]);
            for (i, x) in x.chunks_exact(picture).enumerate() {
                let at = i * feature..(i + 1) * feature;
                let dx = dx.as_deref_mut().map(|d| &mut d[i * picture..(i + 1) * picture]);
                s.backward(x, w, &y[at.clone()], &dy[at], dx, &mut dw, &mut db);
            }
            (dw, db)
        };
        let (dw, db): (Vec<_>, Vec<_>) = with_values(x, |x| {
            with_values(w, |w| {
                with_values(y, |y| {
                    with_values(&dy, |dy| {
                        let inputs = x
                            .par_chunks(PIECE * picture)
                            .zip(y.par_chunks(PIECE * feature).zip(dy.par_chunks(PIECE * feature)));
                        if self.input_gradient {
                            inputs
                                .zip(dx.par_chunks_mut(PIECE * picture))
                                .map(|((x, (y, dy)), dx)| piece(x, w, y, dy, Some(dx)))
                                .unzip()
                        } else {
                            inputs.map(|(x, (y, dy))| piece(x, w, y, dy, None)).unzip()
                        }
                    })
                })
            })
        })????;
        let device = x.device();
        let dx = self.input_gradient.then(|| Tensor::from_vec(dx, x.dims(), device)).transpose()?;
        Ok((
            dx,
            Some(Tensor::from_vec(sum_pieces(dw), w.dims(), device)?),
            Some(Tensor::from_vec(sum_pieces(db), b.dims(), device)?),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{difference, gradients, random};
    use super::*;

    fn conv(t: &[Tensor], kernel: usize) -> Tensor {
        t[0].apply_op3(&t[1], &t[2], ConvRelu { kernel, input_gradient: true }).unwrap()
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        // A bias away from zero keeps the sums away from the ReLU's corner,
        // where a difference quotient means nothing.
        let shift = Tensor::new(&[6f32, -6.0, 6.0], &candle_core::Device::Cpu).unwrap();
        let inputs =
            [random(&[3, 6, 5, 2], 1), random(&[18, 3], 2).affine(0.3, 0.0).unwrap(), shift];
        gradients(&inputs, |t| conv(t, 3));
    }

    #[test]
    fn forward_and_backward_agree_with_stock_candle() {
        for (kernel, batch) in [(3, 1), (5, 9)] {
            let x = candle_core::Var::from_tensor(&random(&[batch, 11, 12, 4], 3)).unwrap();
            let w = candle_core::Var::from_tensor(&random(&[kernel * kernel * 4, 7], 4)).unwrap();
            let b = candle_core::Var::from_tensor(&random(&[7], 5)).unwrap();
            let ours = conv(
                &[x.as_tensor().clone(), w.as_tensor().clone(), b.as_tensor().clone()],
                kernel,
            );
            let kernels = w.reshape((kernel, kernel, 4, 7)).unwrap().permute((3, 2, 0, 1)).unwrap();
            let stock = x
                .permute((0, 3, 1, 2))
                .unwrap()
                .contiguous()
                .unwrap()
                .conv2d(&kernels.contiguous().unwrap(), 0, 1, 1, 1)
                .unwrap()
                .broadcast_add(&b.reshape((1, 7, 1, 1)).unwrap())
                .unwrap()
                .relu()
                .unwrap()
                .permute((0, 2, 3, 1))
                .unwrap();
            assert!(difference(&ours, &stock) < 1e-5);
            let weight = random(ours.dims(), 6);
            let g1 = (&ours * &weight).unwrap().sum_all().unwrap().backward().unwrap();
            let g2 = (&stock * &weight).unwrap().sum_all().unwrap().backward().unwrap();
            for v in [&x, &w, &b] {
                let (a, b) = (g1.get(v.as_tensor()).unwrap(), g2.get(v.as_tensor()).unwrap());
                assert!(difference(a, b) < 1e-5);
            }
        }
    }

    #[test]
    fn a_nan_in_the_input_is_not_hidden() {
        let x = (random(&[1, 4, 4, 1], 1) * f64::NAN).unwrap();
        let y = conv(&[x, random(&[9, 2], 2), random(&[2], 3)], 3);
        assert!(y.flatten_all().unwrap().to_vec1::<f32>().unwrap()[0].is_nan());
    }

    #[test]
    fn a_kernel_that_does_not_fit_is_an_error() {
        let x = random(&[1, 2, 2, 1], 1);
        assert!(
            x.apply_op3(
                &random(&[9, 2], 2),
                &random(&[2], 3),
                ConvRelu { kernel: 3, input_gradient: true }
            )
            .is_err()
        );
    }
}
