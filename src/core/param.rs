//! Parameters as declarations: a name, a unit, a default, a range and a line of
//! help. Sliders, help texts, files and range checks all come from here.
//!
//! [`params!`] declares the parameters of a model, a rule or an optimiser
//! together with a struct that holds their values by name, so that nothing has
//! to know their order.

use serde::{Deserialize, Serialize};

use crate::core::bounds::Bounds;

/// A parameter of a neuron model, a plasticity rule or an optimiser.
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
    /// A number with a unit. Its name comes from [`params!`].
    pub const fn number(
        label: &'static str,
        unit: &'static str,
        default: f64,
        range: (f64, f64),
        doc: &'static str,
    ) -> Self {
        Self { name: "", label, unit, default, range, choices: &[], doc }
    }

    /// A choice; its value is the index into `choices`.
    pub const fn choice(
        label: &'static str,
        choices: &'static [&'static str],
        default: usize,
        doc: &'static str,
    ) -> Self {
        let range = (0.0, (choices.len() - 1) as f64);
        Self { name: "", label, unit: "", default: default as f64, range, choices, doc }
    }

    /// The same with this name.
    pub const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
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

/// Values of declared parameters by name, as settings and files keep them: each that is
/// declared, in its order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Values(Vec<(String, f64)>);

impl Values {
    /// The usual ones.
    pub fn usual(declared: &[Param]) -> Self {
        Self(declared.iter().map(|p| (p.name.to_owned(), p.default)).collect())
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
    }

    /// Sets a parameter, if there is one of this name.
    pub fn set(&mut self, name: &str, value: f64) {
        if let Some((_, v)) = self.0.iter_mut().find(|(n, _)| n == name) {
            *v = value;
        }
    }

    /// All of them, with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (&name[..], *value))
    }

    /// Has those that are declared, each within its range, and no others.
    pub fn bound(&mut self, declared: &[Param], to: &mut Bounds) {
        let read = std::mem::replace(self, Self::usual(declared));
        for ((name, value), p) in self.0.iter_mut().zip(declared) {
            *value = read.get(name).unwrap_or(*value);
            to.number(p.name, value, p.range);
        }
        if read.0.iter().any(|(name, _)| self.get(name).is_none()) {
            to.mend("values");
        }
    }

    /// The values in the order declared, each checked.
    ///
    /// # Errors
    /// The first that may not be set, and its value.
    pub fn checked<'a>(&self, declared: &'a [Param]) -> Result<Vec<f32>, (&'a Param, f64)> {
        let value = |p: &'a Param| {
            let v = self.get(p.name).unwrap_or(p.default);
            if p.allows(v) { Ok(v as f32) } else { Err((p, v)) }
        };
        declared.iter().map(value).collect()
    }
}

/// Declares parameters, and a struct of their values:
///
/// ```ignore
/// params! {
///     struct Params: f64 {
///         tau_ms: Param::number("Time constant τ", "ms", 20.0, (0.1, 1000.0), "How slow it is"),
///     }
/// }
/// ```
///
/// gives `Params::DECLARED`, a list of [`Param`]s, and `Params::of(values)`, which
/// takes their values in the order declared and has them by name: `p.tau_ms`.
macro_rules! params {
    ($(#[$meta:meta])* $vis:vis struct $Name:ident: $number:ty {
        $($field:ident: $param:expr),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        #[allow(dead_code, reason = "some are read from outside, by their names")]
        $vis struct $Name {
            $($field: $number),+
        }

        impl $Name {
            /// The declarations.
            const DECLARED: &'static [$crate::core::param::Param] =
                &[$($param.named(stringify!($field))),+];

            /// These values, in the order declared, by name.
            fn of(values: &[$number]) -> Self {
                let &[$($field),+] = values else { return Self { $($field: 0.0),+ } };
                Self { $($field),+ }
            }
        }
    };
}
pub(crate) use params;

#[cfg(test)]
mod tests {
    use super::*;

    params! {
        struct Params: f64 {
            tau_m_ms: Param::number("Time constant", "ms", 10.0, (0.1, 100.0), "how slow it is"),
            reset: Param::choice("Reset", &["subtract", "zero"], 0, "what a spike leaves"),
        }
    }

    #[test]
    fn values_are_read_by_the_names_they_are_declared_with() {
        let names: Vec<&str> = Params::DECLARED.iter().map(|p| p.name).collect();
        assert_eq!(names, ["tau_m_ms", "reset"]);
        let p = Params::of(&[3.0, 1.0]);
        assert_eq!((p.tau_m_ms, p.reset), (3.0, 1.0));
    }

    #[test]
    fn a_number_has_its_unit_and_a_choice_its_name() {
        let [tau, reset] = Params::DECLARED else { panic!() };
        assert_eq!((tau.text(2.5), reset.text(1.0)), ("2.5 ms".into(), "zero".into()));
        assert_eq!(tau.range_text(), "from 0.1 to 100 ms");
        assert_eq!(reset.range_text(), "0 (subtract) or 1 (zero)");
        assert!(tau.allows(0.1) && !tau.allows(f64::NAN) && !tau.allows(101.0));
        assert!(reset.allows(1.0) && !reset.allows(0.5));
    }
}
