//! Settings of a workspace as JSON, and the values in them by their paths:
//! `figure.stimulus.amplitude`, `synapses.0.weight`.

use serde_json::{Number, Value};

/// Names that a message lists.
const MOST_NAMES: usize = 20;

/// Puts a value in its place, by names and places in lists between dots.
///
/// # Errors
/// That there is no such place, and what there is instead.
pub fn put(root: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let mut place = root;
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        let missing = |there: String| match there.as_str() {
            "" => format!("there is no setting `{path}`: nothing is called `{part}` there"),
            there => format!("there is no setting `{path}`: instead of `{part}` there is {there}"),
        };
        place = match place {
            Value::Object(fields) => {
                // What is last may be missing: a map holds only what differs from the usual.
                if parts.peek().is_some() && !fields.contains_key(part) {
                    return Err(missing(names(fields.keys().map(String::as_str))));
                }
                fields.entry(part).or_insert(Value::Null)
            }
            Value::Array(items) => {
                let count = items.len();
                let item = part.parse::<usize>().ok().and_then(|i| items.get_mut(i));
                item.ok_or_else(|| missing(format!("a list of {count}, counted from 0")))?
            }
            _ => return Err(missing(String::new())),
        };
    }
    *place = value;
    Ok(())
}

/// What stands at a place in settings.
pub fn at<'a>(settings: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(settings, |place, part| match place {
        Value::Object(fields) => fields.get(part),
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

/// A count where it is one, so that it fits settings of both kinds.
pub fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The first names of a list, for messages.
pub fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = all.collect();
    let mut text = all.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    if all.len() > MOST_NAMES {
        text.push_str(", …");
    }
    if text.is_empty() { "nothing".into() } else { text }
}
