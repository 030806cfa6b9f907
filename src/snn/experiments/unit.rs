//! Fig. 3 and eq. (1): the artificial neuron, ReLU(Σ Wᵢ xᵢ), beside an
//! integrate-and-fire neuron that is given the same products one after another,
//! Vᵢ = Vᵢ₋₁ + Wᵢ xᵢ, and fires when V reaches V_th.

use super::MakeEngine;
use crate::snn::SnnError;
use crate::snn::network::{NetworkSpec, ProbeWhat, Values, Waveform};
use crate::snn::params::Config;

/// Steps over which the rate of the sweep is counted.
const SWEEP_STEPS: u64 = 200;
/// Points of the sweep and its range, in units of V_th per step.
const SWEEP: (f64, f64, usize) = (-0.5, 1.6, 64);

/// What is to be run.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitTask {
    /// Inputs x and their weights W, in the order of presentation.
    pub products: Vec<(f32, f32)>,
    /// Threshold.
    pub v_th: f32,
    /// Whether a spike resets to zero instead of subtracting the threshold.
    pub reset_to_zero: bool,
    /// How often all inputs are presented.
    pub passes: usize,
}

impl UnitTask {
    /// Sums of the positive and of the negative products.
    pub fn halves(&self) -> [f32; 2] {
        let products = || self.products.iter().map(|(x, w)| x * w);
        [products().filter(|v| *v > 0.0).sum(), products().filter(|v| *v <= 0.0).sum()]
    }

    /// Spikes that the biological neuron should count in each pass: ReLU(Σ) / V_th.
    pub fn expected(&self, sum: f64) -> f64 {
        sum.max(0.0) / f64::from(self.v_th)
    }

    /// Mean input per step, in units of V_th.
    pub fn mean_input(&self, sum: f64) -> f64 {
        sum / self.products.len() as f64 / f64::from(self.v_th)
    }
}

/// One step of eq. (1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitStep {
    /// Voltage before it.
    pub before: f32,
    /// Voltage with the product added.
    pub charged: f32,
    /// Whether it fired.
    pub spike: bool,
}

/// A point of the input sweep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepPoint {
    /// Input per step, in units of V_th.
    pub input: f64,
    /// Spikes per step.
    pub rate: f64,
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitResult {
    /// Σ Wᵢ xᵢ of one pass.
    pub sum: f64,
    /// Every step of every pass.
    pub steps: Vec<UnitStep>,
    /// Spikes in all passes.
    pub spikes: u64,
    /// Voltage left at the end.
    pub left: f32,
    /// Spikes per step at constant inputs.
    pub sweep: Vec<SweepPoint>,
}

/// Runs both.
///
/// # Errors
/// A threshold that is out of its range.
pub fn run(task: &UnitTask, make: MakeEngine) -> Result<UnitResult, SnnError> {
    let sum = task.products.iter().map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
    let mut result = UnitResult { sum, sweep: sweep(task, make)?, ..UnitResult::default() };
    if !task.products.is_empty() {
        present(task, make, &mut result)?;
    }
    Ok(result)
}

/// A step of 1 ms takes the current for a product: dv = I dt.
fn model(task: &UnitTask) -> Config {
    Config::new("if")
        .with("v_th", f64::from(task.v_th))
        .with("reset", f64::from(u8::from(task.reset_to_zero)))
}

fn present(task: &UnitTask, make: MakeEngine, result: &mut UnitResult) -> Result<(), SnnError> {
    let n = task.products.len();
    let total = n * task.passes;
    let product = |i: usize| f64::from(task.products[i % n].0) * f64::from(task.products[i % n].1);
    let current = (0..total).map(|i| (i as f64, product(i))).collect();
    let state = ProbeWhat::State {
        of: "neuron".into(),
        variable: "v".into(),
        neurons: vec![0],
        replica: 0,
        every_ms: 1.0,
    };
    let spec = NetworkSpec::new("eq. (1)", 1.0, 1)
        .population("neuron", 1, model(task))
        .current("products", "neuron", Waveform::Steps(current))
        .probe("spikes", ProbeWhat::Spikes { of: "neuron".into() })
        .probe("v", state);
    let mut engine = make(spec.build()?)?;
    engine.run(total as u64)?;
    let fired: Vec<u64> = engine.take_spikes()?.iter().map(|s| s.step).collect();
    let voltages = engine.take_samples()?.into_iter().find(|s| s.probe == 1);
    let voltages = voltages.map(|s| s.values).unwrap_or_default();
    let mut next = fired.iter().peekable();
    result.steps = voltages
        .iter()
        .enumerate()
        .map(|(i, before)| UnitStep {
            before: *before,
            charged: *before + product(i) as f32,
            spike: next.next_if(|s| **s == i as u64).is_some(),
        })
        .collect();
    result.spikes = fired.len() as u64;
    result.left = engine.state(0, 0, 0)?.first().copied().unwrap_or(0.0);
    Ok(())
}

fn sweep(task: &UnitTask, make: MakeEngine) -> Result<Vec<SweepPoint>, SnnError> {
    let (from, to, points) = SWEEP;
    let input = |i: usize| from + (to - from) * i as f64 / (points - 1) as f64;
    let currents = (0..points).map(|i| (input(i) * f64::from(task.v_th)) as f32).collect();
    let spec = NetworkSpec::new("sweep", 1.0, 1)
        .population("neurons", points, model(task))
        .current("inputs", "neurons", Waveform::Constant(Values::Each(currents)));
    let mut engine = make(spec.build()?)?;
    engine.run(SWEEP_STEPS)?;
    let counts = engine.counts(0, 0)?;
    let rate = |count: &u32| f64::from(*count) / SWEEP_STEPS as f64;
    Ok(counts
        .iter()
        .enumerate()
        .map(|(i, c)| SweepPoint { input: input(i), rate: rate(c) })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snn::experiments::cpu_engine;

    fn unit(products: &[(f32, f32)], v_th: f32, passes: usize) -> UnitResult {
        let task = UnitTask { products: products.to_vec(), v_th, reset_to_zero: false, passes };
        run(&task, cpu_engine).unwrap()
    }

    /// Subtraction loses nothing: what went in is what was fired and what is left.
    #[test]
    fn the_spikes_of_eq_1_count_the_sum() {
        let products = [(0.9, 0.8), (0.6, -0.5), (1.0, 0.7), (0.3, 0.9), (0.8, 0.4)];
        let result = unit(&products, 0.5, 20);
        let total = 20.0 * result.sum;
        let counted = result.spikes as f64 * 0.5 + f64::from(result.left);
        assert!((total - counted).abs() < 1e-4, "{total} {counted}");
        assert!((result.sum - 1.71).abs() < 1e-6);
        assert_eq!(result.steps.len(), 100);
        assert_eq!(result.steps.iter().filter(|s| s.spike).count() as u64, result.spikes);
        // The first steps, by hand: 0.72 fires; 0.22 − 0.3 = −0.08; 0.62 fires.
        let by_hand = [(0.0, 0.72, true), (0.22, -0.08, false), (-0.08, 0.62, true)];
        for (step, (before, charged, spike)) in result.steps.iter().zip(by_hand) {
            assert!((step.before - before).abs() < 1e-6 && (step.charged - charged).abs() < 1e-6);
            assert_eq!(step.spike, spike);
        }
    }

    /// The sweep is a ReLU up to one spike per step, and stands still above.
    #[test]
    fn the_rate_is_a_relu_that_saturates() {
        for v_th in [0.5, 1.0] {
            for point in unit(&[(1.0, 1.0)], v_th, 1).sweep {
                let expected = point.input.clamp(0.0, 1.0);
                assert!((point.rate - expected).abs() <= 1.0 / 200.0 + 1e-9, "{point:?}");
            }
        }
    }

    #[test]
    fn a_negative_sum_gives_no_spike_for_long_and_no_inputs_give_nothing() {
        let result = unit(&[(1.0, -0.5), (1.0, 0.2)], 0.5, 20);
        assert_eq!(result.spikes, 0);
        assert!(result.left < -5.9);
        assert_eq!(unit(&[], 1.0, 3).steps, []);
    }
}
