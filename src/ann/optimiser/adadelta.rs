//! Adadelta (Zeiler 2012), as Keras computes it, with its learning rate of 1.

use candle_core::{Result, Tensor};

use super::{Optimiser, Parameter};
use crate::ann::ops::simd::vectorised;

/// The optimiser of the report.
pub static ADADELTA: Optimiser = Optimiser {
    id: "adadelta",
    name: "Adadelta",
    doc: "Each weight's step is the typical size of its past steps over the typical size of its gradients (Zeiler 2012). Needs no tuning; the report used it.",
    parameters: &[
        Parameter {
            name: "learning_rate",
            label: "Learning rate",
            default: 1.0,
            range: (1e-6, 100.0),
            doc: "Multiplies each step; 1 as in the original",
        },
        Parameter {
            name: "rho",
            label: "ρ",
            default: 0.95,
            range: (0.0, 0.9999),
            doc: "Memory of past gradients and steps: 0.95 is about twenty batches",
        },
        Parameter {
            name: "epsilon",
            label: "ε",
            default: 1e-7,
            range: (1e-12, 1e-2),
            doc: "Keeps quotients finite, and gets the first steps going",
        },
    ],
    slots: 2,
    update,
    update_tensors,
};

fn update(p: &[f32], _: u64, weights: &mut [f32], gradient: &[f32], kept: &mut [&mut [f32]]) {
    let (&[rate, rho, epsilon], [gradients, steps]) = (p, kept) else { return };
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
    let (&[rate, rho, epsilon], [gradients, steps]) = (p, kept) else { return Ok(weights.clone()) };
    let (fresh, epsilon) = (f64::from(1.0 - rho), f64::from(epsilon));
    let [rate, rho] = [rate, rho].map(f64::from);
    *gradients = ((&*gradients * rho)? + (gradient.sqr()? * fresh)?)?;
    let ratio = ((&*steps + epsilon)? / (&*gradients + epsilon)?)?;
    let step = (ratio.sqrt()? * gradient)?.neg()?;
    *steps = ((&*steps * rho)? + (step.sqr()? * fresh)?)?;
    weights + (step * rate)?
}
