//! Adam (Kingma and Ba 2015), as Keras computes it.

use candle_core::{Result, Tensor};

use super::{Optimiser, Parameter};
use crate::ann::ops::simd::vectorised;

/// Adaptive moments.
pub static ADAM: Optimiser = Optimiser {
    id: "adam",
    name: "Adam",
    doc: "Steps along the mean gradient, divided by its typical size (Kingma and Ba 2015). The usual choice today.",
    parameters: &[
        Parameter {
            name: "learning_rate",
            label: "Learning rate",
            default: 1e-3,
            range: (1e-7, 1.0),
            doc: "Size of a step",
        },
        Parameter {
            name: "beta_1",
            label: "β₁",
            default: 0.9,
            range: (0.0, 0.9999),
            doc: "Memory of the mean gradient",
        },
        Parameter {
            name: "beta_2",
            label: "β₂",
            default: 0.999,
            range: (0.0, 0.999_999),
            doc: "Memory of the gradient's square",
        },
        Parameter {
            name: "epsilon",
            label: "ε",
            default: 1e-7,
            range: (1e-12, 1e-2),
            doc: "Keeps quotients finite",
        },
    ],
    slots: 2,
    update,
    update_tensors,
};

fn update(p: &[f32], t: u64, weights: &mut [f32], gradient: &[f32], kept: &mut [&mut [f32]]) {
    let (&[rate, beta_1, beta_2, epsilon], [mean, square]) = (p, kept) else { return };
    let power = |beta: f32| 1.0 - f64::from(beta).powf(t as f64);
    let alpha = (f64::from(rate) * power(beta_2).sqrt() / power(beta_1)) as f32;
    let numbers = weights.iter_mut().zip(gradient).zip(mean.iter_mut().zip(square.iter_mut()));
    vectorised(|| {
        for ((w, g), (m, v)) in numbers {
            *m += (g - *m) * (1.0 - beta_1);
            *v += (g * g - *v) * (1.0 - beta_2);
            *w -= alpha * *m / (v.sqrt() + epsilon);
        }
    });
}

fn update_tensors(
    p: &[f32],
    t: u64,
    weights: &Tensor,
    gradient: &Tensor,
    kept: &mut [Tensor],
) -> Result<Tensor> {
    let (&[rate, beta_1, beta_2, epsilon], [mean, square]) = (p, kept) else {
        return Ok(weights.clone());
    };
    let power = |beta: f32| 1.0 - f64::from(beta).powf(t as f64);
    let alpha = f64::from(rate) * power(beta_2).sqrt() / power(beta_1);
    *mean = (&*mean + ((gradient - &*mean)? * f64::from(1.0 - beta_1))?)?;
    *square = (&*square + ((gradient.sqr()? - &*square)? * f64::from(1.0 - beta_2))?)?;
    weights - ((&*mean * alpha)? / (square.sqrt()? + f64::from(epsilon))?)?
}
