//! Layers of spiking neurons, trained through their spikes.
//!
//! * [`lif`]: leaky integrate-and-fire neurons over a number of steps
//! * [`recurrent`]: the same with connections among themselves; the picture's rows are time
//! * [`over_time`]: any other operation, at each step
//! * [`first_spike`]: neurons that fire once, with exact gradients by the times of spikes
//! * [`energy`]: neurons connected both ways, taught by comparing two phases
//! * [`surrogate`]: what stands for the derivative of a spike, and what rates cost
//!
//! The membrane of a neuron is `v ← a·v + I` with `a = exp(−1/τ)`, τ in steps. It spikes
//! where `v > 1`, and then loses 1 (soft reset). What comes out at a step lies after what
//! came out at the step before, picture by picture: `(batch, step, y, x, channel)`.

pub mod energy;
pub mod first_spike;
pub mod lif;
pub mod over_time;
pub mod recurrent;
pub mod surrogate;
#[cfg(test)]
mod tests;

/// The membrane potential at which a neuron spikes, and what it then loses.
pub const THRESHOLD: f32 = 1.0;
/// Most steps.
pub const MOST_STEPS: usize = 128;

/// What spiking neurons pass on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Out {
    /// Their spikes, step after step.
    Spikes,
    /// What a leaky read-out makes of each neuron's spikes: the mean over all steps of a
    /// membrane of time constant `tau` (steps) that spikes charge by 1. It is linear, so a
    /// dense layer after it is computed once and not at each step.
    Membrane { tau: f32 },
    /// The same membrane as it is after the last step: what came late counts most, for
    /// neurons that have not seen the whole picture before.
    Last { tau: f32 },
    /// The share of steps with a spike, times `gain`.
    Count { gain: f32 },
}

/// Leaky integrate-and-fire neurons.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neurons {
    /// Steps, 1 to [`MOST_STEPS`].
    pub steps: usize,
    /// Time constant of the membrane, steps.
    pub tau: f32,
    /// What they pass on.
    pub out: Out,
}

/// What is left of a membrane of this time constant (steps) after a step.
pub fn leak(tau: f32) -> f32 {
    (-1.0 / tau).exp()
}

impl Neurons {
    /// How much a spike at each step counts in what comes out; empty where spikes do.
    pub fn weights(&self) -> Vec<f32> {
        let steps = self.steps;
        match self.out {
            Out::Spikes => Vec::new(),
            Out::Membrane { tau } => {
                let a = f64::from(leak(tau));
                // Σ of aᵏ over the steps that are left.
                let left = |t: usize| (1.0 - a.powi((steps - t) as i32)) / (1.0 - a);
                (0..steps).map(|t| (left(t) / steps as f64) as f32).collect()
            }
            Out::Last { tau } => {
                (0..steps).map(|t| leak(tau).powi((steps - 1 - t) as i32)).collect()
            }
            Out::Count { gain } => vec![gain / steps as f32; steps],
        }
    }

    /// Steps of what comes out.
    pub fn out_steps(&self) -> usize {
        if self.out == Out::Spikes { self.steps } else { 1 }
    }
}
