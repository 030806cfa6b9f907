//! A network in candle's operations, to be differentiated by candle. Pictures
//! are `(batch, channel, y, x)` here, as candle's convolution wants them; the
//! weights are those of [`crate::ann::plan`], one vector for each of its steps.
//!
//! Two of candle's operations are not used. The backward pass of `max_pool2d` is
//! wrong, and that of `relu` lets the gradient pass where the value is exactly
//! zero, as on the empty paper around a digit; both are written here with
//! selections, whose backward pass is right and sends each gradient to where our
//! own operations send it.

use candle_core::{D, Device, Result, Tensor, Var};
use candle_nn::ops::sigmoid;

use crate::ann::ops::dropout;
use crate::ann::ops::recurrent::{Cell, Order};
use crate::ann::plan::Plan;
use crate::ann::zoo::{Activation, Layer};
use crate::data::SIDE;

/// Dropout for this seed and step while training; none when answering.
pub type Training = Option<(u64, u64)>;

/// The layers, each with the number of the plan's step that has its weights.
pub struct Graph {
    layers: Vec<(Layer, usize)>,
    zero: Tensor,
}

/// Takes arrays from a vector of parameters, one after another.
struct Parameters<'a> {
    all: &'a Tensor,
    at: usize,
}

impl Parameters<'_> {
    fn take(&mut self, shape: &[usize]) -> Result<Tensor> {
        let len = shape.iter().product();
        let array = self.all.narrow(0, self.at, len)?.reshape(shape)?;
        self.at += len;
        Ok(array)
    }
}

impl Graph {
    /// Of these layers, whose operations are those of the plan.
    pub fn new(layers: &[Layer], plan: &Plan, device: &Device) -> Result<Self> {
        let owner =
            |i: usize| plan.steps.iter().position(|s| (s.layers.0..s.layers.1).contains(&i));
        let layers = layers.iter().enumerate();
        Ok(Self {
            layers: layers.map(|(i, layer)| (*layer, owner(i).unwrap_or(0))).collect(),
            zero: Tensor::zeros((), candle_core::DType::F32, device)?,
        })
    }

    /// Logits `(batch, 10)` of pictures `(batch, 28, 28)`; weights by step of the
    /// plan.
    pub fn logits(
        &self,
        pictures: &Tensor,
        weights: &[Option<Var>],
        training: Training,
    ) -> Result<Tensor> {
        let batch = pictures.dims()[0];
        let mut x = pictures.reshape((batch, 1, SIDE, SIDE))?;
        for (i, (layer, step)) in self.layers.iter().enumerate() {
            let missing = || candle_core::Error::Msg(format!("layer {i} has no weights"));
            let parameters = || -> Result<Parameters<'_>> {
                let all = weights.get(*step).and_then(Option::as_ref).ok_or_else(missing)?;
                Ok(Parameters { all: all.as_tensor(), at: 0 })
            };
            x = match *layer {
                Layer::Conv { kernel, filters } => {
                    self.conv(&x, &mut parameters()?, kernel, filters)?
                }
                Layer::MaxPool => max_pool(&x)?,
                Layer::Dropout(rate) => match training {
                    Some(address) => dropped(&x, rate, i, address)?,
                    None => x,
                },
                Layer::Recurrent { cell, order, hidden } => {
                    recurrent(&x, &mut parameters()?, cell, order, hidden)?
                }
                Layer::Dense { units, activation } => {
                    let y = dense(&x, &mut parameters()?, units)?;
                    match activation {
                        Activation::Linear => y,
                        Activation::Relu => self.relu(&y)?,
                        Activation::Tanh => y.tanh()?,
                        Activation::Sigmoid | Activation::LeakyRelu => {
                            candle_core::bail!("this function is computed on the CPU")
                        }
                    }
                }
                // Structures of one's own, and networks that learn by rules of their own, run
                // on the CPU only.
                Layer::Convolution { .. }
                | Layer::Pool { .. }
                | Layer::Affine
                | Layer::Activate(_)
                | Layer::Settling { .. }
                | Layer::Goodness { .. }
                | Layer::Energy { .. }
                | Layer::Spiking(_)
                | Layer::ConvStdp(_) => {
                    candle_core::bail!("this kind of network is computed on the CPU")
                }
            };
        }
        Ok(x)
    }

    /// `max(x, 0)`; a NaN stays one, and where x is zero no gradient passes.
    fn relu(&self, x: &Tensor) -> Result<Tensor> {
        let zero = self.zero.broadcast_as(x.shape())?;
        x.le(&zero)?.where_cond(&zero, x)
    }

    fn conv(&self, x: &Tensor, p: &mut Parameters<'_>, kernel: usize, o: usize) -> Result<Tensor> {
        let c = x.dims4()?.1;
        let w = p.take(&[kernel, kernel, c, o])?.permute((3, 2, 0, 1))?.contiguous()?;
        let b = p.take(&[1, o, 1, 1])?;
        self.relu(&x.conv2d(&w, 0, 1, 1, 1)?.broadcast_add(&b)?)
    }
}

/// The larger of two, the first where they are equal.
fn larger(first: &Tensor, second: &Tensor) -> Result<Tensor> {
    first.ge(second)?.where_cond(first, second)
}

/// The largest of each 2×2 pixels, the first in row order where several are; an
/// odd last row or column is left out.
fn max_pool(x: &Tensor) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    let x = x.narrow(2, 0, h / 2 * 2)?.narrow(3, 0, w / 2 * 2)?.contiguous()?;
    // Neighbours along an axis are apart by one in its last, new axis of two.
    let halves = |x: &Tensor, axis: usize| -> Result<Tensor> {
        let half = |i: usize| x.narrow(axis, i, 1)?.squeeze(axis)?.contiguous();
        larger(&half(0)?, &half(1)?)
    };
    let rows = halves(&x.reshape((n, c, h / 2 * 2, w / 2, 2))?, 4)?;
    halves(&rows.reshape((n, c, h / 2, 2, w / 2))?, 3)
}

/// Pictures become vectors by y, x, channel, as the weights expect them.
fn flattened(x: &Tensor) -> Result<Tensor> {
    if x.rank() == 2 {
        return Ok(x.clone());
    }
    x.permute((0, 2, 3, 1))?.contiguous()?.flatten_from(1)
}

fn dense(x: &Tensor, p: &mut Parameters<'_>, units: usize) -> Result<Tensor> {
    let x = flattened(x)?;
    let w = p.take(&[x.dims()[1], units])?;
    x.matmul(&w)?.broadcast_add(&p.take(&[1, units])?)
}

/// With the same masks as our own operation, drawn on the host.
fn dropped(x: &Tensor, rate: f32, layer: usize, address: (u64, u64)) -> Result<Tensor> {
    let batch = x.dims()[0];
    let size = x.elem_count() / batch.max(1);
    let mut factors = vec![0f32; batch * size];
    for (image, out) in factors.chunks_exact_mut(size).enumerate() {
        dropout::factors(rate, layer, address, image, out);
    }
    let factors = match *x.dims() {
        [n, c, h, w] => {
            let factors = Tensor::from_vec(factors, (n, h, w, c), x.device())?;
            factors.permute((0, 3, 1, 2))?.contiguous()?
        }
        _ => Tensor::from_vec(factors, x.shape(), x.device())?,
    };
    x * factors
}

/// The equations of [`crate::ann::ops::recurrent`], step by step.
fn recurrent(
    x: &Tensor,
    p: &mut Parameters<'_>,
    cell: Cell,
    order: Order,
    hidden: usize,
) -> Result<Tensor> {
    let x = x.squeeze(1)?;
    let x = if order == Order::Rows { x } else { x.transpose(1, 2)?.contiguous()? };
    let (batch, steps, values) = x.dims3()?;
    let columns = hidden * cell.columns();
    let (kernel, recurrent) = (p.take(&[values, columns])?, p.take(&[hidden, columns])?);
    let bias = p.take(&[1, columns])?;
    // The GRU has another, added after the product with the state.
    let second = if cell == Cell::Gru { Some(p.take(&[1, columns])?) } else { None };
    let mut state = Tensor::zeros((batch, hidden), x.dtype(), x.device())?;
    let mut memory = state.clone();
    for t in 0..steps {
        let from_x = x.narrow(1, t, 1)?.squeeze(1)?.contiguous()?;
        let from_x = from_x.matmul(&kernel)?.broadcast_add(&bias)?;
        let from_state = state.matmul(&recurrent)?;
        let gate = |a: &Tensor, i: usize| a.narrow(D::Minus1, i * hidden, hidden)?.contiguous();
        if let Some(second) = &second {
            let from_state = from_state.broadcast_add(second)?;
            let z = sigmoid(&(gate(&from_x, 0)? + gate(&from_state, 0)?)?)?;
            let r = sigmoid(&(gate(&from_x, 1)? + gate(&from_state, 1)?)?)?;
            let n = (gate(&from_x, 2)? + (r * gate(&from_state, 2)?)?)?.tanh()?;
            // n + z (h − n)
            state = (&n + (z * (&state - &n)?)?)?;
        } else {
            let sum = (from_x + from_state)?;
            if cell == Cell::Simple {
                state = sum.tanh()?;
                continue;
            }
            let (input, forget) = (sigmoid(&gate(&sum, 0)?)?, sigmoid(&gate(&sum, 1)?)?);
            let (g, output) = (gate(&sum, 2)?.tanh()?, sigmoid(&gate(&sum, 3)?)?);
            memory = ((forget * &memory)? + (input * g)?)?;
            state = (output * memory.tanh()?)?;
        }
    }
    Ok(state)
}

/// Mean cross-entropy (nats) of logits `(batch, classes)`.
pub fn cross_entropy(logits: &Tensor, labels: &[u8]) -> Result<Tensor> {
    let classes = logits.dim(1)?;
    let mut wanted = vec![0f32; labels.len() * classes];
    for (row, label) in wanted.chunks_exact_mut(classes).zip(labels) {
        row[usize::from(*label)] = 1.0;
    }
    let wanted = Tensor::from_vec(wanted, logits.shape(), logits.device())?;
    // Taking the largest away changes nothing but the range of the numbers.
    let shifted = logits.broadcast_sub(&logits.detach().max_keepdim(1)?)?;
    let normal = shifted.exp()?.sum_keepdim(1)?.log()?;
    let chosen = (shifted.broadcast_sub(&normal)? * wanted)?.sum_all()?;
    chosen * (-1.0 / labels.len().max(1) as f64)
}
