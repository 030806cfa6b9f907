//! Stochastic gradient descent with momentum (Polyak 1964), as Keras computes it.

use candle_core::{Result, Tensor};

use super::Optimiser;
use crate::ann::ops::simd::vectorised;
use crate::core::param::{Param, params};

params! {
    struct Params: f32 {
        learning_rate: Param::number("Learning rate", "", 0.01, (1e-7, 1e6), "Size of a step"),
        momentum: Param::number(
            "Momentum", "", 0.9, (0.0, 0.9999),
            "Share of the last step that goes on",
        ),
    }
}

/// The plainest of them.
pub static SGD: Optimiser = Optimiser {
    id: "sgd",
    name: "SGD with momentum",
    doc: "Steps down the gradient, with inertia (Polyak 1964). Plain, and sensitive to the learning rate.",
    parameters: Params::DECLARED,
    slots: 1,
    update,
    update_tensors,
};

fn update(p: &[f32], _: u64, weights: &mut [f32], gradient: &[f32], kept: &mut [&mut [f32]]) {
    let Params { learning_rate: rate, momentum } = Params::of(p);
    let [velocity] = kept else { return };
    let numbers = weights.iter_mut().zip(gradient).zip(velocity.iter_mut());
    vectorised(|| {
        for ((w, g), v) in numbers {
            *v = momentum * *v - rate * g;
            *w += *v;
        }
    });
}

fn update_tensors(
    p: &[f32],
    _: u64,
    weights: &Tensor,
    gradient: &Tensor,
    kept: &mut [Tensor],
) -> Result<Tensor> {
    let Params { learning_rate: rate, momentum } = Params::of(p);
    let [velocity] = kept else { return Ok(weights.clone()) };
    *velocity = ((&*velocity * f64::from(momentum))? - (gradient * f64::from(rate))?)?;
    weights + &*velocity
}
