//! What stands behind the entries of a step.

use super::super::condition::{Condition, cut, is_measure};
use super::super::{Ask, Axis, Beside, Choice, Digit, Mystery, SceneText};
use crate::core::text::decimal;
use crate::data::SIDE;

/// Points of a choice's curve.
const MOST_POINTS: usize = 100;
/// Values that a hidden setting may have.
const MOST_VALUES: f64 = 1000.0;
/// Largest size of a number.
const MOST: f64 = 1e12;

/// `neuron`, or `neuron keep`.
pub fn scene(line: usize, text: &str) -> Result<SceneText, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (workspace, keep) = match words[..] {
        [workspace] => (workspace, false),
        [workspace, "keep"] => (workspace, true),
        _ => {
            return Err(format!(
                "`scene: {}` is no scene: write `scene: WORKSPACE` or `scene: WORKSPACE keep`",
                cut(text)
            ));
        }
    };
    let workspace = workspace.to_owned();
    Ok(SceneText::Settings { line, workspace, keep, set: Vec::new(), digit: None })
}

/// `drawn SEED CLASS NUMBER`, `mnist INDEX CLASS` or `blank`.
pub fn digit(text: &str) -> Result<Digit, String> {
    let usual =
        "write `digit: drawn SEED CLASS NUMBER`, `digit: mnist INDEX CLASS` or `digit: blank`";
    let words: Vec<&str> = text.split_whitespace().collect();
    let class = |text: &str| match text.parse::<u8>() {
        Ok(class) if usize::from(class) < crate::data::CLASSES => Ok(class),
        _ => Err(format!("`{}` is no digit from 0 to 9: {usual}", cut(text))),
    };
    let count = |text: &str, most: u64| match text.parse::<u64>() {
        Ok(number) if number < most => Ok(number),
        _ => Err(format!("`{}` is no number below {most}: {usual}", cut(text))),
    };
    match words[..] {
        ["blank"] => Ok(Digit::Blank),
        ["drawn", seed, of, number] => Ok(Digit::Drawn {
            seed: count(seed, 1 << 32)?,
            class: class(of)?,
            number: count(number, 1 << 32)?,
        }),
        ["mnist", index, of] => {
            Ok(Digit::Mnist { index: count(index, 10_000)? as usize, class: class(of)? })
        }
        _ => Err(format!("`digit: {}` is no digit: {usual}", cut(text))),
    }
}

/// `yes` or `no`.
pub fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("`{}` is neither `yes` nor `no`", cut(text))),
    }
}

/// `text {condition}`, with a small curve `(0,0 1,1)` or picture `[-+ -+]` behind it if asked
/// for.
pub fn choice(text: &str) -> Result<Choice, String> {
    let usual = "write `- what may happen {neuron.rate_1 > 5}`";
    let Some((words, rest)) = text.split_once('{') else {
        return Err(format!("the choice does not say when it comes true: {usual}"));
    };
    let Some((condition, rest)) = rest.split_once('}') else {
        return Err(format!("the condition of the choice has no closing brace: {usual}"));
    };
    if words.trim().is_empty() {
        return Err(format!("the choice says nothing: {usual}"));
    }
    let (holds, rest) = (Condition::parse(condition)?, rest.trim());
    let beside = match rest.chars().next() {
        None => Beside::Nothing,
        Some('[') => picture(rest)?,
        Some(_) => Beside::Curve(curve(rest)?),
    };
    Ok(Choice { text: words.trim().to_owned(), beside, holds })
}

/// `[-++ -++ -++]`, rows from top to bottom, or `[drawn SEED CLASS NUMBER]`, a digit.
fn picture(text: &str) -> Result<Beside, String> {
    let wrong = || {
        format!(
            "`{}` is no picture: write its rows, such as `[-..+ -..+ -..+]` (`.` is 0, `+` is 1, \
             `-` is −1, 1 to 9 are ninths), or `[drawn SEED CLASS NUMBER]`",
            cut(text)
        )
    };
    let inside = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).ok_or_else(wrong)?;
    if inside.trim_start().starts_with("drawn") {
        let Digit::Drawn { seed, class, number } = digit(inside)? else { return Err(wrong()) };
        let pixels = crate::data::synthetic::digit(seed, class, number);
        return Ok(Beside::Picture(SIDE, pixels.to_vec()));
    }
    let rows: Vec<&str> = inside.split_whitespace().collect();
    let columns = rows.first().map_or(0, |row| row.chars().count());
    let fits = (1..=SIDE).contains(&rows.len())
        && (1..=SIDE).contains(&columns)
        && rows.iter().all(|row| row.chars().count() == columns);
    let value = |symbol: char| match symbol {
        '.' => Some(0.0),
        '+' => Some(1.0),
        '-' => Some(-1.0),
        _ => symbol.to_digit(10).map(|ninths| ninths as f32 / 9.0),
    };
    let values = rows.iter().flat_map(|row| row.chars()).map(value).collect::<Option<Vec<f32>>>();
    values.filter(|_| fits).map(|values| Beside::Picture(columns, values)).ok_or_else(wrong)
}

/// `(0,0 0.5,1 1,1)`.
fn curve(text: &str) -> Result<Vec<[f64; 2]>, String> {
    let wrong = || {
        format!("`{}` is no curve: write points from 0 to 1, such as `(0,0 0.5,1 1,1)`", cut(text))
    };
    let points = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).ok_or_else(wrong)?;
    let coordinate = |text: &str| text.parse().ok().filter(|c| (0.0..=1.0).contains(c));
    let point = |text: &str| {
        let (x, y) = text.split_once(',')?;
        Some([coordinate(x)?, coordinate(y)?])
    };
    let points = points.split_whitespace().map(point).collect::<Option<Vec<_>>>();
    points.filter(|p| (2..=MOST_POINTS).contains(&p.len())).ok_or_else(wrong)
}

/// `0 … 100 Hz of neuron.rate_1`.
pub fn number(text: &str) -> Result<Ask, String> {
    let wrong = || {
        format!(
            "`number: {}` cannot be read: write the range, the unit and the measure, \
             such as `number: 0 … 100 Hz of neuron.rate_1`",
            cut(text)
        )
    };
    let (range, measure) = text.rsplit_once(" of ").ok_or_else(wrong)?;
    let (before, low, high, unit) = span(range).ok_or_else(wrong)?;
    if !before.is_empty() || !is_measure(measure.trim()) {
        return Err(wrong());
    }
    rising(low, high)?;
    Ok(Ask::Number { low, high, unit, measure: measure.trim().to_owned() })
}

/// `current (pA) 0 … 500; rate (Hz) 0 … 100; of neuron.rate_curve`.
pub fn sketch(text: &str) -> Result<Ask, String> {
    let wrong = || {
        format!(
            "`sketch: {}` cannot be read: write both axes and the measure, such as \
             `sketch: current (nA) 0 … 3; rate (Hz) 0 … 200; of neuron.rate_curve`",
            cut(text)
        )
    };
    let parts: Vec<&str> = text.split(';').map(str::trim).collect();
    let [x, y, measure] = parts[..] else { return Err(wrong()) };
    let measure = measure.strip_prefix("of ").map(str::trim).filter(|m| is_measure(m));
    let measure = measure.ok_or_else(wrong)?.to_owned();
    let axis = |text: &str| {
        let (name, low, high, after) = span(text).ok_or_else(wrong)?;
        if name.is_empty() || !after.is_empty() {
            return Err(wrong());
        }
        rising(low, high)?;
        Ok(Axis { name, low, high })
    };
    Ok(Ask::Sketch { x: axis(x)?, y: axis(y)?, measure })
}

/// `figure.v_th "threshold" mV -60 … -45 step 1 within 1`.
pub fn mystery(text: &str) -> Result<Mystery, String> {
    let wrong = || {
        format!(
            "`mystery: {}` cannot be read: write the setting, its label, unit, range, step and \
             tolerance, such as `mystery: figure.tau_m_ms \"τ_m\" ms 5 … 40 step 5 within 5`",
            cut(text)
        )
    };
    let mut quoted = text.splitn(3, '"').map(str::trim);
    let (Some(setting), Some(label), Some(rest)) = (quoted.next(), quoted.next(), quoted.next())
    else {
        return Err(wrong());
    };
    let (rest, within) = rest.rsplit_once("within").ok_or_else(wrong)?;
    let (range, step) = rest.rsplit_once("step").ok_or_else(wrong)?;
    let (unit, low, high, after) = span(range).ok_or_else(wrong)?;
    let (step, within) = (plain(step).ok_or_else(wrong)?, plain(within).ok_or_else(wrong)?);
    if !is_path(setting) || label.is_empty() || !after.is_empty() {
        return Err(wrong());
    }
    rising(low, high)?;
    // A step as wide as the range still leaves two values.
    if !(step > 0.0 && step <= high - low) || (high - low) / step > MOST_VALUES {
        return Err(format!(
            "from {low} to {high} there are no steps of {step}: choose 2 to {MOST_VALUES} values"
        ));
    }
    if within < 0.0 || within >= (high - low) / 2.0 {
        return Err(format!("within {within} of the value is no test: choose less"));
    }
    let (setting, label) = (setting.to_owned(), label.to_owned());
    Ok(Mystery { setting, label, unit, low, high, step, within })
}

/// Whether this can be the name of a setting: `figure.synapses.0.weight`.
pub fn is_path(path: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    path.len() <= 200 && path.split('.').all(word)
}

fn rising(low: f64, high: f64) -> Result<(), String> {
    if low < high { Ok(()) } else { Err(format!("the range from {low} to {high} is empty")) }
}

fn plain(text: &str) -> Option<f64> {
    decimal(text.trim()).filter(|n| n.abs() <= MOST)
}

/// `before LOW … HIGH after`; `...`, `..` and `to` stand for `…`.
fn span(text: &str) -> Option<(String, f64, f64, String)> {
    let text = text.replace("...", "…").replace("..", "…").replace('…', " … ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |i: usize| words.get(i).copied().and_then(plain);
    let middle =
        (1..words.len()).find(|i| ["…", "to"].contains(&words[*i]) && number(i - 1).is_some())?;
    let (low, high) = (number(middle - 1)?, number(middle + 1)?);
    Some((words[..middle - 1].join(" "), low, high, words[middle + 2..].join(" ")))
}
