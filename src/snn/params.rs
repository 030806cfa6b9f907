//! Parameters as declarations: a name, a unit, a default, a range and a line of
//! help. Sliders, help texts, files and range checks all come from here.
//!
//! Values are `f64` as long as they are settings; what a kernel computes with
//! (`f32`) is derived from them once, in the model's `derive`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::SnnError;
use crate::core::bounds::Bounds;

/// A parameter of a neuron model or a plasticity rule.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Stable name with its unit last, as in files: `tau_m_ms`.
    pub name: &'static str,
    /// For people: `Membrane time constant τₘ`.
    pub label: &'static str,
    /// `ms`, `mV`, … ; empty for a plain number.
    pub unit: &'static str,
    /// The usual value.
    pub default: f64,
    /// Smallest and largest that make sense.
    pub range: (f64, f64),
    /// For a choice: the names of its values 0, 1, …; empty for a number.
    pub choices: &'static [&'static str],
    /// What it does, in one line.
    pub doc: &'static str,
}

impl Param {
    /// A number with a unit.
    pub const fn number(
        name: &'static str,
        label: &'static str,
        unit: &'static str,
        default: f64,
        range: (f64, f64),
        doc: &'static str,
    ) -> Self {
        Self { name, label, unit, default, range, choices: &[], doc }
    }

    /// A choice; its value is the index into `choices`.
    pub const fn choice(
        name: &'static str,
        label: &'static str,
        choices: &'static [&'static str],
        default: usize,
        doc: &'static str,
    ) -> Self {
        let range = (0.0, (choices.len() - 1) as f64);
        Self { name, label, unit: "", default: default as f64, range, choices, doc }
    }

    /// Whether `value` may be set.
    pub fn allows(&self, value: f64) -> bool {
        let whole = self.choices.is_empty() || value.fract() == 0.0;
        value.is_finite() && value >= self.range.0 && value <= self.range.1 && whole
    }

    /// What may be set, for messages: `from 0.1 to 1000 ms`.
    pub fn range_text(&self) -> String {
        if self.choices.is_empty() {
            let space = if self.unit.is_empty() { "" } else { " " };
            return format!("from {} to {}{space}{}", self.range.0, self.range.1, self.unit);
        }
        let named = self.choices.iter().enumerate().map(|(i, name)| format!("{i} ({name})"));
        named.collect::<Vec<_>>().join(" or ")
    }

    /// The value with its unit, or the name of the choice.
    pub fn text(&self, value: f64) -> String {
        match self.choices.get(value as usize) {
            Some(name) => (*name).to_owned(),
            None if self.unit.is_empty() => value.to_string(),
            None => format!("{value} {}", self.unit),
        }
    }
}

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
        Param::number("tau_m_ms", "Time constant", "ms", 10.0, (0.1, 100.0), "how slow it is"),
        Param::choice("reset", "Reset", &["subtract", "zero"], 0, "what a spike leaves"),
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
