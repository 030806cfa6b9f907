//! Conditions on measured values: `neuron.rate_1 >= 5 and neuron.spikes = 12`.

use std::fmt;

use crate::core::text::decimal;

/// Comparisons in one condition.
const MOST: usize = 12;

/// Values count as equal within this share of the larger one (or of 1): a value that is kept
/// in single precision equals what was typed.
const SAME: f64 = 1e-6;

/// What has to have been measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// All of them have to hold.
    pub all: Vec<Comparison>,
}

/// One value beside a bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Name of the measure: `neuron.rate_1`.
    pub measure: String,
    pub relation: Relation,
    pub bound: Bound,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    Number(f64),
    /// Another measure.
    Measure(String),
}

/// How two values are to be to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Less,
    AtMost,
    Equal,
    Differs,
    AtLeast,
    More,
}

/// As they are written; those of two signs before those of one.
const SIGNS: &[(&str, Relation)] = &[
    ("<=", Relation::AtMost),
    (">=", Relation::AtLeast),
    ("!=", Relation::Differs),
    ("==", Relation::Equal),
    ("≤", Relation::AtMost),
    ("≥", Relation::AtLeast),
    ("≠", Relation::Differs),
    ("<", Relation::Less),
    (">", Relation::More),
    ("=", Relation::Equal),
];

impl Relation {
    fn holds(self, a: f64, b: f64) -> bool {
        let equal = (a - b).abs() <= SAME * a.abs().max(b.abs()).max(1.0);
        match self {
            Self::Less => a < b && !equal,
            Self::AtMost => a < b || equal,
            Self::Equal => equal,
            Self::Differs => !equal,
            Self::AtLeast => a > b || equal,
            Self::More => a > b && !equal,
        }
    }

    /// As it is shown.
    fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "≤",
            Self::Equal => "=",
            Self::Differs => "≠",
            Self::AtLeast => "≥",
            Self::More => ">",
        }
    }
}

impl Condition {
    /// Reads `neuron.rate_1 >= 5 and neuron.spikes = 12`, or `a.b > c.d`.
    ///
    /// # Errors
    /// What cannot be read, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let parts: Vec<&[&str]> = words.split(|word| word.eq_ignore_ascii_case("and")).collect();
        if parts.len() > MOST {
            return Err(format!("a condition has at most {MOST} comparisons"));
        }
        let all = parts.into_iter().map(|part| Comparison::parse(&part.join(" ")));
        Ok(Self { all: all.collect::<Result<_, _>>()? })
    }

    /// Whether it holds; `None` while a value is not known.
    pub fn holds(&self, measure: impl Fn(&str) -> Option<f64>) -> Option<bool> {
        let mut holds = true;
        for comparison in &self.all {
            holds &= comparison.holds(&measure)?;
        }
        Some(holds)
    }

    /// Names of all measures in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().flat_map(|comparison| {
            let bound = match &comparison.bound {
                Bound::Number(_) => None,
                Bound::Measure(name) => Some(name.as_str()),
            };
            std::iter::once(comparison.measure.as_str()).chain(bound)
        })
    }
}

impl Comparison {
    fn parse(text: &str) -> Result<Self, String> {
        let usual = "such as `neuron.rate_1 >= 5`";
        if text.is_empty() {
            return Err(format!("a comparison is missing, {usual}"));
        }
        let first = SIGNS.iter().filter_map(|(sign, relation)| {
            text.find(sign).map(|at| (at, std::cmp::Reverse(sign.len()), *relation))
        });
        let Some((at, std::cmp::Reverse(length), relation)) = first.min_by_key(|f| (f.0, f.1))
        else {
            return Err(format!("`{}` compares nothing: write {usual}", cut(text)));
        };
        let (left, right) = (text[..at].trim(), text[at + length..].trim());
        if !is_measure(left) {
            return Err(format!(
                "`{}` is no name of a measure: write its workspace, a dot and its name, {usual}",
                cut(left)
            ));
        }
        let bound = match decimal(right) {
            Some(number) => Bound::Number(number),
            None if is_measure(right) => Bound::Measure(right.to_owned()),
            None => {
                return Err(format!(
                    "`{}` is neither a number nor the name of a measure: write {usual}",
                    cut(right)
                ));
            }
        };
        Ok(Self { measure: left.to_owned(), relation, bound })
    }
}

/// Whether this can be the name of a measure: `neuron.rate_2`.
pub fn is_measure(name: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    name.len() <= 80 && name.split_once('.').is_some_and(|(room, name)| word(room) && word(name))
}

/// As much of a text as a message shows.
pub(super) fn cut(text: &str) -> String {
    let mut characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let short: String = characters.by_ref().take(60).collect();
    if characters.next().is_some() { short + "…" } else { short }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, comparison) in self.all.iter().enumerate() {
            let and = if i > 0 { " and " } else { "" };
            write!(f, "{and}{comparison}")?;
        }
        Ok(())
    }
}

impl Comparison {
    /// Whether it holds; `None` while a value is not known.
    pub fn holds(&self, measure: &impl Fn(&str) -> Option<f64>) -> Option<bool> {
        let value = measure(&self.measure)?;
        let bound = match &self.bound {
            Bound::Number(number) => *number,
            Bound::Measure(name) => measure(name)?,
        };
        Some(self.relation.holds(value, bound))
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.measure, self.relation.sign())?;
        match &self.bound {
            Bound::Number(number) => write!(f, "{number}"),
            Bound::Measure(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> Option<bool> {
        let known = |name: &str| match name {
            "neuron.rate" => Some(12.5),
            "neuron.weight" => Some(f64::from(0.6f32)),
            "neuron.rate_2" => Some(0.0),
            _ => None,
        };
        Condition::parse(text).unwrap().holds(known)
    }

    #[test]
    fn comparisons_hold_together_and_wait_for_what_is_not_known() {
        for (text, is) in [
            ("neuron.rate >= 12,5", Some(true)),
            ("neuron.rate>12.5", Some(false)),
            ("neuron.rate ≥ 5 and neuron.rate_2 = 0", Some(true)),
            ("neuron.rate_2 < neuron.rate", Some(true)),
            ("neuron.weight = 0.6", Some(true)),
            ("neuron.weight <= 0.6 AND neuron.weight != 0.5", Some(true)),
            ("neuron.rate < −3", Some(false)),
            ("neuron.rate > 1 and neuron.unheard > 1", None),
        ] {
            assert_eq!(holds(text), is, "{text}");
        }
        let shown = Condition::parse("a.b<=c.d and e.f == 1e2").unwrap();
        assert_eq!(shown.to_string(), "a.b ≤ c.d and e.f = 100");
        assert_eq!(shown.names().collect::<Vec<_>>(), ["a.b", "c.d", "e.f"]);
        assert_eq!(Condition::parse(&shown.to_string()).unwrap(), shown);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, says) in [
            ("", "a comparison is missing"),
            ("a.b > 1 and", "a comparison is missing"),
            ("rate > 5", "`rate` is no name"),
            ("neuron.rate", "compares nothing"),
            ("neuron.rate > fast", "`fast` is neither"),
            ("neuron.rate > inf", "`inf` is neither"),
            ("neuron.rate > 5 or a.b < 1", "`5 or a.b < 1` is neither"),
        ] {
            let error = Condition::parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert!(Condition::parse(&"a.b > 1 and ".repeat(20)).is_err());
    }
}
