//! Adadelta (Zeiler 2012), as Keras computes it, with its learning rate of 1.

use candle_core::{Result, Tensor};

use super::Optimiser;
use crate::ann::ops::simd::vectorised;
use crate::core::param::{Param, params};

params! {
    struct Params: f32 {
        learning_rate: Param::number(
            "Learning rate", "", 1.0, (1e-6, 100.0),
            "Multiplies each step; 1 as in the original",
        ),
        rho: Param::number(
            "ρ", "", 0.95, (0.0, 0.9999),
            "Memory of past gradients and steps: 0.95 is about twenty batches",
        ),
        epsilon: Param::number(
            "ε", "", 1e-7, (1e-12, 1e-2),
            "Keeps quotients finite, and gets the first steps going",
        ),
    }
}

/// The optimiser of the report.
pub static ADADELTA: Optimiser = Optimiser {
    id: "adadelta",
    name: "Adadelta",
    doc: "Each weight's step is the typical size of its past steps over the typical size of its gradients (Zeiler 2012). Needs no tuning; the report used it.",
    parameters: Params::DECLARED,
    slots: 2,
    update,
    update_tensors,
};

fn update(p: &[f32], _: u64, weights: &mut [f32], gradient: &[f32], kept: &mut [&mut [f32]]) {
    let Params { learning_rate: rate, rho, epsilon } = Params::of(p);
    let [gradients, steps] = kept else { return };
    let numbers = weights.iter_mut().zip(gradient).zip(gradients.iter_mut().zip(steps.iter_mut()));
    vectorised(|| {
        for ((w, g), (gg, ss)) in numbers {
            *gg = rho * *gg + (1.0 - rho) * g * g;
            let step = -((*ss + epsilon) / (*gg + epsilon)).sqrt() * g;
            *ss = rho * *ss + (1.0 - rho) * step * step;
            *w += rate * step;
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
    let Params { learning_rate: rate, rho, epsilon } = Params::of(p);
    let [gradients, steps] = kept else { return Ok(weights.clone()) };
    let (fresh, epsilon) = (f64::from(1.0 - rho), f64::from(epsilon));
    let [rate, rho] = [rate, rho].map(f64::from);
    *gradients = ((&*gradients * rho)? + (gradient.sqr()? * fresh)?)?;
    let ratio = ((&*steps + epsilon)? / (&*gradients + epsilon)?)?;
    let step = (ratio.sqrt()? * gradient)?.neg()?;
    *steps = ((&*steps * rho)? + (step.sqr()? * fresh)?)?;
    weights + (step * rate)?
}
