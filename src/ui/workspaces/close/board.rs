//! Rows, columns, and how cells are written.

use std::cmp::Ordering;

use super::settings::CloseSettings;
use crate::core::csv::{self, optional};
use crate::core::text::{grouped, millions};
use crate::scoreboard::board::{Cell, Curve, Detail, Kind, Profile, Value};
use crate::scoreboard::criteria::{Criterion, Group};

/// Kinds of subjects, in the order of the board.
pub const KINDS: [(Kind, &str); 5] = [
    (Kind::Network, "networks"),
    (Kind::Rule, "learning rules"),
    (Kind::Converted, "converted to spikes"),
    (Kind::Control, "controls"),
    (Kind::You, "you"),
];

/// The columns shown.
pub fn columns(
    criteria: &'static [&'static Criterion],
    group: usize,
) -> impl Iterator<Item = &'static Criterion> + Clone {
    let chosen = group.checked_sub(1).and_then(|i| Group::ALL.get(i)).map(|g| g.0);
    let of = move |group: Group| criteria.iter().copied().filter(move |c| c.group == group);
    let shown = move |group: &Group| chosen.is_none_or(|c| c == *group);
    Group::ALL.into_iter().map(|g| g.0).filter(shown).flat_map(of)
}

/// The rows shown, sorted.
pub fn rows<'a>(profiles: &'a [Profile], kept: &CloseSettings) -> Vec<&'a Profile> {
    let find = kept.find.trim().to_lowercase();
    let shown = |p: &&Profile| {
        kept.kind.is_none_or(|k| k == p.kind)
            && (p.name.to_lowercase().contains(&find) || p.id.contains(&find))
    };
    let mut rows: Vec<&Profile> = profiles.iter().filter(shown).collect();
    if !kept.sort.is_empty() {
        // The sort keeps the order of the story among equals.
        rows.sort_by(|a, b| compare(value(a, &kept.sort), value(b, &kept.sort), kept.rising));
    }
    rows
}

/// Numbers by size, words by the alphabet, empty cells last.
fn compare(a: Option<&Value>, b: Option<&Value>, rising: bool) -> Ordering {
    let order = match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => a.total_cmp(b),
        (Some(Value::Word(a)), Some(Value::Word(b))) => b.cmp(a),
        (Some(Value::Number(_)), Some(Value::Word(_))) => Ordering::Greater,
        (Some(Value::Word(_)), Some(Value::Number(_))) => Ordering::Less,
        (a, b) => return b.is_some().cmp(&a.is_some()),
    };
    if rising { order } else { order.reverse() }
}

/// What a cell says, if it says something.
pub fn value<'a>(profile: &'a Profile, criterion: &str) -> Option<&'a Value> {
    profile.cells.get(criterion)?.value.as_ref()
}

/// The number in a cell.
pub fn number_of(profile: &Profile, criterion: &str) -> Option<f64> {
    match value(profile, criterion)? {
        Value::Number(number) => Some(*number),
        Value::Word(_) => None,
    }
}

/// The curve behind a cell.
pub fn curve_of<'a>(profile: &'a Profile, criterion: &str) -> Option<&'a Curve> {
    match profile.cells.get(criterion)?.detail.as_ref()? {
        Detail::Curve(curve) => Some(curve),
        _ => None,
    }
}

/// Decimals that a number of this size is written with.
fn decimals(size: f64) -> usize {
    match size.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    }
}

/// A number in a few letters: `97.8`, `0.17`, `12,345`, `1.07 M`.
pub fn number(value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "" };
    let size = value.abs();
    if size >= 1e6 {
        return format!("{sign}{} M", millions(size as usize));
    }
    if size >= 1e4 {
        return format!("{sign}{}", grouped(size.round() as u64));
    }
    format!("{sign}{size:.0$}", if size.fract() == 0.0 { 0 } else { decimals(size) })
}

/// A text cut to so many letters.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// What a cell says, without its unit; empty where nothing was measured.
pub fn text(cell: Option<&Cell>) -> String {
    match cell.and_then(|c| c.value.as_ref()) {
        Some(Value::Number(value)) => number(*value),
        Some(Value::Word(word)) => word.clone(),
        None => String::new(),
    }
}

/// `± 0.3`, as precise as the number beside it; empty where the spread is not known.
pub fn spread(cell: Option<&Cell>) -> String {
    let Some(Cell { value: Some(Value::Number(value)), spread: Some(spread), .. }) = cell else {
        return String::new();
    };
    if value.abs() >= 1e4 {
        return format!("± {}", number(*spread));
    }
    let places = decimals(*value).max(usize::from(*spread < 0.95));
    format!("± {spread:.places$}")
}

/// The same with unit and spread: `97.8 ± 0.1 %`.
pub fn full(criterion: &Criterion, cell: Option<&Cell>) -> String {
    let mut text = text(cell);
    if text.is_empty() {
        return "not measured".into();
    }
    let spread = spread(cell);
    if !spread.is_empty() {
        text = format!("{text} {spread}");
    }
    if matches!(cell.and_then(|c| c.value.as_ref()), Some(Value::Number(_)))
        && !criterion.unit.is_empty()
    {
        text = format!("{text} {}", criterion.unit);
    }
    text
}

/// Why a cell is empty, or what one should know about its number.
pub fn remark(cell: Option<&Cell>) -> String {
    let Some(cell) = cell else { return "Not measured yet.".into() };
    let mut parts = Vec::new();
    if let Some(digits) = cell.digits {
        parts.push(format!("{} digits.", grouped(digits as u64)));
    }
    if cell.by_seed.len() > 1 {
        let all: Vec<String> = cell.by_seed.iter().map(|v| number(*v)).collect();
        parts.push(format!("By seed: {}.", all.join(", ")));
    }
    if !cell.remark.is_empty() {
        // A clause, made a sentence.
        let mut letters = cell.remark.trim_end_matches('.').chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        parts.push(format!("{first}{}.", letters.as_str()));
    } else if cell.value.is_none() {
        parts.push("Not measured.".into());
    }
    parts.join(" ")
}

/// From where to where an axis of the criterion goes: from zero, percentages to 100.
pub fn axis<'a>(
    criterion: &Criterion,
    profiles: impl IntoIterator<Item = &'a Profile>,
) -> (f64, f64) {
    let numbers = profiles.into_iter().filter_map(|p| number_of(p, criterion.id));
    let finite = numbers.filter(|n| n.is_finite());
    let (low, high) = finite.fold((0.0f64, 0.0f64), |(a, b), n| (a.min(n), b.max(n)));
    let high = if criterion.unit == "%" { high.max(100.0) } else { high };
    if high > low { (low, high) } else { (low, low + 1.0) }
}

/// The table as CSV: a line for each cell that says something.
pub fn csv(rows: &[&Profile], columns: &[&'static Criterion]) -> String {
    let headings =
        ["id", "subject", "criterion", "value", "unit", "spread", "digits", "seeds", "remark"];
    let lines = rows.iter().flat_map(|profile| {
        columns.iter().filter_map(|criterion| {
            let cell = profile.cells.get(criterion.id)?;
            let value = match &cell.value {
                Some(Value::Number(number)) => number.to_string(),
                Some(Value::Word(word)) => word.clone(),
                None => String::new(),
            };
            Some([
                profile.id.clone(),
                profile.name.clone(),
                criterion.id.to_owned(),
                value,
                criterion.unit.to_owned(),
                optional(cell.spread),
                optional(cell.digits),
                cell.by_seed.len().to_string(),
                cell.remark.clone(),
            ])
        })
    });
    csv::text(headings, lines)
}

/// A word for a narrow place: of several quantities, how many there are.
pub fn short(word: &str) -> String {
    match word.split("; ").count() {
        1 => word.to_owned(),
        several => format!("{several} quantities"),
    }
}
