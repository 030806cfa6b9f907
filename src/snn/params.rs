//! The values of declared parameters ([`crate::core::param`]): set by name, checked
//! against their ranges, put in the order declared.
//!
//! Values are `f64` as long as they are settings; what a kernel computes with
//! (`f32`) is derived from them once, in the model's `derive`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::SnnError;
use crate::core::bounds::Bounds;
pub use crate::core::param::Param;

/// A registered thing (neuron model, plasticity rule) with the values that
/// differ from its defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The id in its registry.
    pub id: String,
    /// Values by parameter name; what is not named has its default.
    #[serde(default)]
    pub values: BTreeMap<String, f64>,
}

impl Config {
    /// With all defaults.
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), values: BTreeMap::new() }
    }

    /// All parameters, at their usual values.
    #[cfg(test)]
    pub fn usual(id: &str, params: &[Param]) -> Self {
        params.iter().fold(Self::new(id), |c, p| c.with(p.name, p.default))
    }

    /// The same with one value set; whether it may be is checked by
    /// [`Config::resolve`].
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }

    /// Brings every value within its declared range; what is not declared goes.
    pub fn bound(&mut self, params: &[Param], to: &mut Bounds) {
        let Self { id: _, values } = self;
        to.inside("values", |to| {
            values.retain(|name, _| {
                let known = params.iter().any(|p| p.name == name);
                if !known {
                    to.mend(name);
                }
                known
            });
            for p in params {
                let Some(value) = values.get_mut(p.name) else { continue };
                to.number(p.name, value, p.range);
                if !p.allows(*value) {
                    *value = value.round();
                    to.mend(p.name);
                }
            }
        });
    }

    /// The values in the order declared, each checked. `owner` begins the
    /// message: `population "exc"`.
    ///
    /// # Errors
    /// [`SnnError::UnknownName`] and [`SnnError::Parameter`].
    pub fn resolve(&self, owner: &str, params: &[Param]) -> Result<Vec<f64>, SnnError> {
        for name in self.values.keys() {
            find(owner, params, name)?;
        }
        let value = |p: &Param| match self.values.get(p.name) {
            Some(v) => check(owner, p, *v),
            None => Ok(p.default),
        };
        params.iter().map(value).collect()
    }
}

/// The index of the parameter of this name.
///
/// # Errors
/// [`SnnError::UnknownName`].
pub fn find(owner: &str, params: &[Param], name: &str) -> Result<usize, SnnError> {
    params.iter().position(|p| p.name == name).ok_or_else(|| SnnError::UnknownName {
        owner: owner.to_owned(),
        what: "parameter",
        name: name.to_owned(),
        known: params.iter().map(|p| p.name).collect::<Vec<_>>().join(", "),
    })
}

/// `value` itself where the parameter allows it.
///
/// # Errors
/// [`SnnError::Parameter`].
pub fn check(owner: &str, p: &Param, value: f64) -> Result<f64, SnnError> {
    if p.allows(value) {
        return Ok(value);
    }
    Err(SnnError::Parameter {
        owner: owner.to_owned(),
        label: p.label.to_owned(),
        name: p.name.to_owned(),
        value,
        range: p.range_text(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMS: &[Param] = &[
        Param::number("Time constant", "ms", 10.0, (0.1, 100.0), "how slow").named("tau_m_ms"),
        Param::choice("Reset", &["subtract", "zero"], 0, "what a spike leaves").named("reset"),
    ];

    #[test]
    fn a_value_that_is_not_allowed_is_named_with_its_range() {
        for bad in [f64::NAN, f64::INFINITY, 0.0, 101.0] {
            let config = Config::new("x").with("tau_m_ms", bad);
            let text = config.resolve("population \"a\"", PARAMS).unwrap_err().to_string();
            assert!(text.contains("population \"a\"") && text.contains("tau_m_ms"), "{text}");
            assert!(text.contains("from 0.1 to 100 ms"), "{text}");
        }
        let text =
            Config::new("x").with("reset", 0.5).resolve("a", PARAMS).unwrap_err().to_string();
        assert!(text.contains("0 (subtract) or 1 (zero)"), "{text}");
        let text = Config::new("x").with("tau", 1.0).resolve("a", PARAMS).unwrap_err().to_string();
        assert!(text.contains("\"tau\"") && text.contains("tau_m_ms, reset"), "{text}");
        assert_eq!(Config::new("x").with("reset", 1.0).resolve("a", PARAMS).unwrap(), [10.0, 1.0]);
    }
}
