//! The optimisers: how a gradient becomes a change of the weights. One file and
//! one line in [`OPTIMISERS`] each; the parameters are declared, and forms, help
//! and range checks come from the declaration.

mod adadelta;
mod adam;
mod sgd;

use std::ops::Range;

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::AnnError;
use super::ops::op::Shared;
use crate::core::bounds::{Bounded, Bounds};
use crate::core::param::{Param, Values};

/// An optimiser's declaration.
pub struct Optimiser {
    /// Stable id.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// What it does and who described it.
    pub doc: &'static str,
    /// Its parameters.
    pub parameters: &'static [Param],
    /// Numbers kept for each weight.
    pub slots: usize,
    /// Updates a block: parameter values in the order declared, number of the
    /// update (from 1), weights, gradient, kept numbers by slot.
    update: UpdateRule,
    /// The same on tensors, wherever they are; gives the new weights.
    pub(in crate::ann) update_tensors: TensorRule,
}

/// As [`UpdateRule`], on tensors.
type TensorRule = fn(&[f32], u64, &Tensor, &Tensor, &mut [Tensor]) -> candle_core::Result<Tensor>;

/// Parameter values, number of the update, weights, gradient, kept numbers.
type UpdateRule = fn(&[f32], u64, &mut [f32], &[f32], &mut [&mut [f32]]);

/// All optimisers.
pub static OPTIMISERS: &[&Optimiser] = &[&adadelta::ADADELTA, &adam::ADAM, &sgd::SGD];

/// An optimiser with its parameters' values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptimiserConfig {
    id: String,
    values: Values,
}

impl Default for OptimiserConfig {
    /// Adadelta, as in the report.
    fn default() -> Self {
        Self::of(OPTIMISERS[0])
    }
}

impl Bounded for OptimiserConfig {
    /// An unknown optimiser becomes the usual one, with its usual values; each has the
    /// values that it declares, and no others.
    fn bound(&mut self, to: &mut Bounds) {
        let declared = OPTIMISERS.iter().find(|o| o.id == self.id);
        to.id("id", &mut self.id, |_| declared.is_some(), OPTIMISERS[0].id);
        let Some(declared) = declared else {
            *self = Self::of(OPTIMISERS[0]);
            return;
        };
        self.values.bound(declared.parameters, to);
    }
}

impl OptimiserConfig {
    fn of(optimiser: &Optimiser) -> Self {
        Self { id: optimiser.id.to_owned(), values: Values::usual(optimiser.parameters) }
    }

    /// The optimiser of this id with its usual values.
    pub fn default_of(id: &str) -> Option<Self> {
        OPTIMISERS.iter().find(|o| o.id == id).map(|o| Self::of(o))
    }

    /// The optimiser's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.get(name)
    }

    /// Sets a parameter, if there is one of this name.
    pub fn set(&mut self, name: &str, value: f64) {
        self.values.set(name, value);
    }

    /// `adadelta(learning_rate 1, rho 0.95, epsilon 1e-7)`.
    pub fn describe(&self) -> String {
        let number =
            |v: f64| if v != 0.0 && v.abs() < 1e-3 { format!("{v:e}") } else { v.to_string() };
        let values: Vec<String> =
            self.values.iter().map(|(n, v)| format!("{n} {}", number(v))).collect();
        format!("{}({})", self.id, values.join(", "))
    }

    /// The declaration, with the values in its order, each checked.
    ///
    /// # Errors
    /// [`AnnError::Setting`] for an unknown id or a value out of its range.
    pub fn resolve(&self) -> Result<(&'static Optimiser, Vec<f32>), AnnError> {
        let optimiser = OPTIMISERS.iter().copied().find(|o| o.id == self.id).ok_or_else(|| {
            AnnError::Setting {
                what: "the optimiser".into(),
                value: self.id.clone(),
                range: OPTIMISERS.iter().map(|o| o.id).collect::<Vec<_>>().join(", "),
            }
        })?;
        let values =
            self.values.checked(optimiser.parameters).map_err(|(p, v)| AnnError::Setting {
                what: format!("{} of {}", p.label, optimiser.name),
                value: v.to_string(),
                range: p.range_text(),
            })?;
        Ok((optimiser, values))
    }
}

/// What an optimiser keeps for the parameters of one network.
pub struct OptimiserState {
    optimiser: &'static Optimiser,
    values: Vec<f32>,
    /// By parameter, by slot.
    kept: Vec<Vec<Vec<f32>>>,
    updates: u64,
}

impl OptimiserState {
    /// A fresh state for parameters of these sizes.
    ///
    /// # Errors
    /// [`AnnError::Setting`].
    pub fn new(config: &OptimiserConfig, sizes: &[usize]) -> Result<Self, AnnError> {
        let (optimiser, values) = config.resolve()?;
        let kept = sizes.iter().map(|n| vec![vec![0.0; *n]; optimiser.slots]).collect();
        Ok(Self { optimiser, values, kept, updates: 0 })
    }

    /// Begins the next update.
    pub fn begin_update(&mut self) -> Updater<'_> {
        self.updates += 1;
        let kept = self.kept.iter_mut();
        Updater {
            optimiser: self.optimiser,
            values: &self.values,
            updates: self.updates,
            kept: kept.map(|slots| slots.iter_mut().map(|s| Shared::new(s)).collect()).collect(),
        }
    }

    /// Number of updates and the kept numbers, for a checkpoint.
    pub fn parts(&self) -> (u64, &[Vec<Vec<f32>>]) {
        (self.updates, &self.kept)
    }

    /// Brings the parts of a checkpoint back; `false` if they do not fit.
    pub fn restore(&mut self, updates: u64, kept: Vec<Vec<Vec<f32>>>) -> bool {
        let sizes = |k: &[Vec<Vec<f32>>]| -> Vec<Vec<usize>> {
            k.iter().map(|p| p.iter().map(Vec::len).collect()).collect()
        };
        let fits = sizes(&kept) == sizes(&self.kept);
        if fits {
            (self.updates, self.kept) = (updates, kept);
        }
        fits
    }
}

/// An update in progress; parts of the parameters may be updated by several
/// threads.
pub struct Updater<'a> {
    optimiser: &'static Optimiser,
    values: &'a [f32],
    updates: u64,
    /// By parameter, by slot.
    kept: Vec<Vec<Shared<'a>>>,
}

impl Updater<'_> {
    /// Updates the numbers in `range` of parameter `index` by their gradient.
    ///
    /// # Safety
    /// No two threads may update the same numbers.
    #[allow(
        unsafe_code,
        reason = "what is kept is updated like the parameters, by several threads"
    )]
    pub unsafe fn update(
        &self,
        index: usize,
        range: Range<usize>,
        weights: &mut [f32],
        gradient: &[f32],
    ) {
        let slots = self.kept[index].iter();
        // SAFETY: handed on to the caller.
        let mut kept: Vec<_> = slots.map(|s| unsafe { s.at(range.clone()) }).collect();
        (self.optimiser.update)(self.values, self.updates, weights, gradient, &mut kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five updates by the optimiser and by a scalar reference in f64.
    fn compare(id: &str, reference: impl Fn(&[f64], &mut [f64], f64, f64, f64) -> f64) {
        let config = OptimiserConfig::default_of(id).unwrap();
        let (declared, values) = config.resolve().unwrap();
        let values: Vec<f64> =
            declared.parameters.iter().zip(values).map(|(p, _)| p.default).collect();
        let n = 37;
        let mut weights = vec![0.5f32; n];
        let mut state = OptimiserState::new(&config, &[n]).unwrap();
        let (mut w, mut kept) = (0.5f64, vec![0.0f64; declared.slots]);
        for t in 1..=5 {
            let g = [0.3, -0.1, 0.7, 0.0, 2.0][t - 1];
            let updater = state.begin_update();
            for range in [0..20, 20..n] {
                let gradient = vec![g as f32; range.len()];
                #[allow(unsafe_code, reason = "calls what is tested")]
                // SAFETY: there is one thread.
                unsafe {
                    updater.update(0, range.clone(), &mut weights[range], &gradient);
                }
            }
            w = reference(&values, &mut kept, t as f64, w, g);
        }
        for v in [weights[0], weights[n - 1]] {
            // f32 rounding of five updates of numbers near 1.
            assert!((f64::from(v) - w).abs() < 2e-6, "{id}: {v} against {w}");
        }
    }

    #[test]
    fn adadelta_follows_keras() {
        compare("adadelta", |p, kept, _, w, g| {
            let [lr, rho, eps] = [p[0], p[1], p[2]];
            kept[0] = rho * kept[0] + (1.0 - rho) * g * g;
            let delta = -((kept[1] + eps) / (kept[0] + eps)).sqrt() * g;
            kept[1] = rho * kept[1] + (1.0 - rho) * delta * delta;
            w + lr * delta
        });
    }

    #[test]
    fn adam_follows_keras() {
        compare("adam", |p, kept, t, w, g| {
            let [lr, b1, b2, eps] = [p[0], p[1], p[2], p[3]];
            kept[0] += (g - kept[0]) * (1.0 - b1);
            kept[1] += (g * g - kept[1]) * (1.0 - b2);
            let alpha = lr * (1.0 - b2.powf(t)).sqrt() / (1.0 - b1.powf(t));
            w - alpha * kept[0] / (kept[1].sqrt() + eps)
        });
    }

    #[test]
    fn sgd_with_momentum_follows_keras() {
        compare("sgd", |p, kept, _, w, g| {
            kept[0] = p[1] * kept[0] - p[0] * g;
            w + kept[0]
        });
    }

    #[test]
    fn tensors_are_updated_as_slices_are() {
        use candle_core::Device;
        let n = 50;
        let numbers = |seed| crate::ann::ops::candle::tests::random(n, seed);
        for declared in OPTIMISERS {
            let (_, values) = OptimiserConfig::of(declared).resolve().unwrap();
            let mut weights = numbers(1);
            let mut kept = vec![vec![0f32; n]; declared.slots];
            let tensor = |v: &[f32]| Tensor::from_slice(v, v.len(), &Device::Cpu).unwrap();
            let mut on_device = tensor(&weights);
            let mut kept_on_device: Vec<Tensor> = kept.iter().map(|k| tensor(k)).collect();
            for t in 1..=20 {
                let gradient = numbers(1 + t);
                let mut slots: Vec<&mut [f32]> = kept.iter_mut().map(|k| &mut k[..]).collect();
                (declared.update)(&values, t, &mut weights, &gradient, &mut slots);
                let (gradient, kept) = (tensor(&gradient), &mut kept_on_device[..]);
                on_device =
                    (declared.update_tensors)(&values, t, &on_device, &gradient, kept).unwrap();
            }
            // The same formulas with their products in another order: some units
            // in the last place of each of twenty updates.
            let near = |a: &[f32], b: &Tensor| {
                let b = b.to_vec1::<f32>().unwrap();
                a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 2e-6 * a.abs().max(1e-3))
            };
            assert!(near(&weights, &on_device), "{}", declared.id);
            assert!(kept.iter().zip(&kept_on_device).all(|(a, b)| near(a, b)), "{}", declared.id);
            assert!(weights != numbers(1));
        }
    }

    #[test]
    fn defaults_are_within_their_ranges_and_a_value_outside_is_refused() {
        for declared in OPTIMISERS {
            let mut config = OptimiserConfig::default_of(declared.id).unwrap();
            assert!(config.resolve().is_ok());
            for bad in [f64::NAN, -1.0, 1e9] {
                config.set("learning_rate", bad);
                let error = config.resolve().err().unwrap().to_string();
                assert!(error.contains("Learning rate"), "{error}");
            }
        }
    }
}
