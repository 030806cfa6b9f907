//! Layers computed as they are defined, in double precision and without any of the
//! operations that networks use: what imported networks are held to.

use crate::ann::ops::recurrent::{Cell, Order};
use crate::ann::zoo::{Activation, Layer, PoolKind, Window};
use crate::data::{Pixels, SIDE};

/// The logits of one picture.
pub fn logits(layers: &[Layer], values: &[Vec<f32>], picture: &Pixels) -> Vec<f64> {
    let mut values = values.iter();
    let mut next = || values.next().unwrap().iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
    let mut size = [SIDE, SIDE, 1];
    let mut x: Vec<f64> = picture.iter().map(|v| f64::from(*v)).collect();
    for layer in layers {
        match *layer {
            Layer::Conv { kernel, filters } => {
                let (w, b) = (next(), next());
                (x, size) = convolve(
                    &x,
                    size,
                    Window::square(kernel, 1),
                    filters,
                    &w,
                    &b,
                    Activation::Relu,
                );
            }
            Layer::Convolution { window, filters, activation } => {
                let (w, b) = (next(), next());
                (x, size) = convolve(&x, size, window, filters, &w, &b, activation);
            }
            Layer::MaxPool => (x, size) = pool(&x, size, Window::square(2, 2), PoolKind::Max),
            Layer::Pool { kind, window } => (x, size) = pool(&x, size, window, kind),
            Layer::Dense { units, activation } => {
                let (w, b) = (next(), next());
                assert_eq!((w.len(), b.len()), (x.len() * units, units));
                let sum = |u: usize| (0..x.len()).map(|i| x[i] * w[i * units + u]).sum::<f64>();
                x = (0..units).map(|u| of(activation, b[u] + sum(u))).collect();
                size = [1, 1, units];
            }
            Layer::Affine => {
                let (s, t) = (next(), next());
                assert_eq!((s.len(), t.len()), (size[2], size[2]));
                x.iter_mut()
                    .enumerate()
                    .for_each(|(i, v)| *v = *v * s[i % size[2]] + t[i % size[2]]);
            }
            Layer::Activate(activation) => x.iter_mut().for_each(|v| *v = of(activation, *v)),
            Layer::Recurrent { cell, order, hidden } => {
                x = lines(&x, cell, order, hidden, &next(), &next(), &next());
                size = [1, 1, hidden];
            }
            Layer::Dropout(_) => {}
            _ => panic!("no plain layer"),
        }
    }
    assert!(values.next().is_none());
    x
}

/// Softmax.
pub fn probabilities(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|v| (v - most).exp()).sum();
    logits.iter().map(|v| (v - most).exp() / sum).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn of(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Linear => x,
        Activation::Relu => x.max(0.0),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => sigmoid(x),
        Activation::LeakyRelu => {
            if x < 0.0 {
                0.01 * x
            } else {
                x
            }
        }
    }
}

/// Each pixel of a window: its place in the picture, `None` in the padding.
fn taps([h, w, _]: [usize; 3], window: Window, y: usize, x: usize) -> Vec<Option<usize>> {
    let [kh, kw] = window.kernel;
    let inside = |v: usize, pad: usize, n: usize| v.checked_sub(pad).filter(|v| *v < n);
    (0..kh * kw)
        .map(|k| {
            let row = inside(y * window.stride[0] + k / kw, window.padding[0], h)?;
            let column = inside(x * window.stride[1] + k % kw, window.padding[1], w)?;
            Some(row * w + column)
        })
        .collect()
}

fn convolve(
    x: &[f64],
    size: [usize; 3],
    window: Window,
    filters: usize,
    weight: &[f64],
    bias: &[f64],
    activation: Activation,
) -> (Vec<f64>, [usize; 3]) {
    let [oh, ow] = window.output([size[0], size[1]]).unwrap();
    let c = size[2];
    assert_eq!(weight.len(), window.kernel[0] * window.kernel[1] * c * filters);
    let mut out = Vec::new();
    for p in 0..oh * ow {
        let taps = taps(size, window, p / ow, p % ow);
        for f in 0..filters {
            let mut sum = bias[f];
            for (k, tap) in taps.iter().enumerate() {
                let Some(tap) = tap else { continue };
                for ci in 0..c {
                    sum += x[tap * c + ci] * weight[(k * c + ci) * filters + f];
                }
            }
            out.push(of(activation, sum));
        }
    }
    (out, [oh, ow, filters])
}

fn pool(x: &[f64], size: [usize; 3], window: Window, kind: PoolKind) -> (Vec<f64>, [usize; 3]) {
    let [oh, ow] = window.output([size[0], size[1]]).unwrap();
    let c = size[2];
    let mut out = Vec::new();
    for p in 0..oh * ow {
        let taps = taps(size, window, p / ow, p % ow);
        for ci in 0..c {
            let seen: Vec<f64> = taps.iter().flatten().map(|t| x[t * c + ci]).collect();
            let sum: f64 = seen.iter().sum();
            out.push(match kind {
                PoolKind::Max => seen.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                PoolKind::Average => sum / seen.len() as f64,
                PoolKind::AverageCounted => sum / taps.len() as f64,
            });
        }
    }
    (out, [oh, ow, c])
}

fn lines(
    x: &[f64],
    cell: Cell,
    order: Order,
    hidden: usize,
    kernel: &[f64],
    recurrent: &[f64],
    bias: &[f64],
) -> Vec<f64> {
    let columns = cell.columns() * hidden;
    let (mut h, mut c) = (vec![0.0; hidden], vec![0.0; hidden]);
    for t in 0..SIDE {
        let pixel = |v: usize| if order == Order::Rows { t * SIDE + v } else { v * SIDE + t };
        let sum_x = |k: usize| {
            (0..SIDE).map(|v| x[pixel(v)] * kernel[v * columns + k]).sum::<f64>() + bias[k]
        };
        let sum_h = |k: usize| (0..hidden).map(|u| h[u] * recurrent[u * columns + k]).sum::<f64>();
        let mut after = vec![0.0; hidden];
        for u in 0..hidden {
            let k = |gate: usize| gate * hidden + u;
            if cell == Cell::Simple {
                after[u] = (sum_x(u) + sum_h(u)).tanh();
            } else if cell == Cell::Gru {
                let sum_h = |gate: usize| sum_h(k(gate)) + bias[columns + k(gate)];
                let z = sigmoid(sum_x(k(0)) + sum_h(0));
                let r = sigmoid(sum_x(k(1)) + sum_h(1));
                let n = (sum_x(k(2)) + r * sum_h(2)).tanh();
                after[u] = z * h[u] + (1.0 - z) * n;
            } else {
                let sum = |gate: usize| sum_x(k(gate)) + sum_h(k(gate));
                c[u] = sigmoid(sum(1)) * c[u] + sigmoid(sum(0)) * sum(2).tanh();
                after[u] = sigmoid(sum(3)) * c[u].tanh();
            }
        }
        h = after;
    }
    h
}
