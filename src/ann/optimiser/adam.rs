//! Adam (Kingma and Ba 2015), as Keras computes it.

use candle_core::{Result, Tensor};

use super::Optimiser;
use crate::ann::ops::simd::vectorised;
use crate::core::param::{Param, params};

params! {
    struct Params: f32 {
        learning_rate: Param::number("Learning rate", "", 1e-3, (1e-7, 1.0), "Size of a step"),
        beta_1: Param::number("β₁", "", 0.9, (0.0, 0.9999), "Memory of the mean gradient"),
        beta_2: Param::number("β₂", "", 0.999, (0.0, 0.999_999), "Memory of the gradient's square"),
        epsilon: Param::number("ε", "", 1e-7, (1e-12, 1e-2), "Keeps quotients finite"),
    }
}

/// Adaptive moments.
pub static ADAM: Optimiser = Optimiser {
    id: "adam",
    name: "Adam",
    doc: "Steps along the mean gradient, divided by its typical size (Kingma and Ba 2015). The usual choice today.",
    parameters: Params::DECLARED,
    slots: 2,
    update,
    update_tensors,
};

fn update(p: &[f32], t: u64, weights: &mut [f32], gradient: &[f32], kept: &mut [&mut [f32]]) {
    let Params { learning_rate: rate, beta_1, beta_2, epsilon } = Params::of(p);
    let [mean, square] = kept else { return };
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
    let Params { learning_rate: rate, beta_1, beta_2, epsilon } = Params::of(p);
    let [mean, square] = kept else {
        return Ok(weights.clone());
    };
    let power = |beta: f32| 1.0 - f64::from(beta).powf(t as f64);
    let alpha = f64::from(rate) * power(beta_2).sqrt() / power(beta_1);
    *mean = (&*mean + ((gradient - &*mean)? * f64::from(1.0 - beta_1))?)?;
    *square = (&*square + ((gradient.sqr()? - &*square)? * f64::from(1.0 - beta_2))?)?;
    weights - ((&*mean * alpha)? / (square.sqrt()? + f64::from(epsilon))?)?
}
