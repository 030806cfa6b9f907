//! Reads settings from JSON; a value that cannot be read leaves the others alone.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use super::{Bounded, Bounds};

/// Readings of the whole that are tried to find what is wrong with it; beyond,
/// what has not been tried has its usual value.
const MOST_TRIALS: usize = 2000;

/// Items of a list that are tried one by one; what follows them is left out.
const MOST_ITEMS: usize = 20_000;

/// Settings, and what had to be put right.
pub struct Read<T> {
    /// All within their ranges.
    pub settings: T,
    /// Names of values that were out of their ranges; they are now the nearest ones.
    pub mended: Vec<String>,
    /// Names of values that could not be read; they are the usual ones.
    pub dropped: Vec<String>,
}

/// Reads settings. What cannot be read is left as in the default, field by field;
/// of a list, what can be read stays; and all is brought within its range.
///
/// # Errors
/// When it is no JSON, or no object.
pub fn from_json<T>(bytes: &[u8]) -> Result<Read<T>, String>
where
    T: Bounded + Default + Serialize + DeserializeOwned,
{
    let root: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    // A list would be read as the fields in their order.
    let Value::Object(fields) = &root else { return Err("it is no JSON object".into()) };
    let (mut settings, dropped) = match serde_json::from_value::<T>(root.clone()) {
        Ok(settings) => (settings, Vec::new()),
        Err(_) => {
            let usual = serde_json::to_value(T::default()).map_err(|e| e.to_string())?;
            let reads = |value: &Value| serde_json::from_value::<T>(value.clone()).is_ok();
            let mut healing = Healing { good: usual, reads, trials: 0, dropped: Vec::new() };
            healing.fields(&mut Vec::new(), fields);
            let settings = serde_json::from_value(healing.good).unwrap_or_default();
            (settings, healing.dropped)
        }
    };
    let mut bounds = Bounds::default();
    settings.bound(&mut bounds);
    let Bounds { mended, .. } = bounds;
    Ok(Read { settings, mended, dropped })
}

/// Takes a tree over piece by piece; what is there can be read at any time.
struct Healing<F> {
    good: Value,
    reads: F,
    trials: usize,
    dropped: Vec<String>,
}

impl<F: Fn(&Value) -> bool> Healing<F> {
    fn fields(&mut self, path: &mut Vec<String>, fields: &Map<String, Value>) {
        for (name, value) in fields {
            path.push(name.clone());
            self.lay(path, value);
            path.pop();
        }
    }

    /// Puts a value in its place, or as much of it as can be read.
    fn lay(&mut self, path: &mut Vec<String>, value: &Value) {
        let before = self.good.pointer(&pointer(path)).cloned();
        if self.fits(path, value.clone()) {
            return;
        }
        match (&before, value) {
            (Some(Value::Object(_)), Value::Object(fields)) => {
                self.put(path, before);
                return self.fields(path, fields);
            }
            (Some(Value::Array(_)), Value::Array(items))
                if self.fits(path, Value::Array(Vec::new())) =>
            {
                // Each alone: together, every trial would read all those before it again.
                let mut sound: Vec<Value> = Vec::new();
                for item in items.iter().take(MOST_ITEMS) {
                    self.put(path, Some(Value::Array(vec![item.clone()])));
                    if (self.reads)(&self.good) {
                        sound.push(item.clone());
                    }
                }
                self.put(path, Some(sound.into()));
            }
            (_, Value::Number(number)) if self.counts(path, number) => return,
            _ => self.put(path, before),
        }
        self.dropped.push(path.join("."));
    }

    /// A fraction, below zero or too large, where a count is expected: the nearest
    /// count; its range comes later.
    fn counts(&mut self, path: &[String], number: &Number) -> bool {
        let Some(count) = number.as_f64().map(|n| n.round() as u64) else { return false };
        [count, count.min(u64::from(u32::MAX))].iter().any(|n| self.fits(path, (*n).into()))
    }

    /// Puts a value in its place; whether all can be read then.
    fn fits(&mut self, path: &[String], value: Value) -> bool {
        self.trials += 1;
        self.put(path, Some(value));
        self.trials <= MOST_TRIALS && (self.reads)(&self.good)
    }

    fn put(&mut self, path: &[String], value: Option<Value>) {
        let Some((last, folders)) = path.split_last() else { return };
        let Some(Value::Object(fields)) = self.good.pointer_mut(&pointer(folders)) else { return };
        match value {
            Some(value) => drop(fields.insert(last.clone(), value)),
            None => drop(fields.remove(last)),
        }
    }
}

/// As JSON pointers are written (RFC 6901).
fn pointer(path: &[String]) -> String {
    path.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        #[default]
        Plain,
        Other,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Inner {
        count: u64,
        kind: Kind,
        share: f64,
    }

    impl Default for Inner {
        fn default() -> Self {
            Self { count: 7, kind: Kind::Other, share: 0.5 }
        }
    }

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Outer {
        inner: Inner,
        points: Vec<[f32; 2]>,
        name: String,
    }

    impl Bounded for Outer {
        fn bound(&mut self, to: &mut Bounds) {
            let Self { inner, points: _, name: _ } = self;
            to.number("count", &mut inner.count, (1.0, 10.0));
        }
    }

    fn read(text: &str) -> Read<Outer> {
        from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn one_bad_value_takes_nothing_else_with_it() {
        let text = r#"{"inner": {"count": "many", "kind": "unheard of", "share": 0.25, "new": 1},
            "points": [[1, 2], [3], [5, 6], "x"], "name": "kept"}"#;
        let found = read(text);
        let inner = Inner { share: 0.25, ..Inner::default() };
        let points = vec![[1.0, 2.0], [5.0, 6.0]];
        assert_eq!(found.settings, Outer { inner, points, name: "kept".into() });
        assert_eq!(found.dropped, ["inner.count", "inner.kind", "points"]);
    }

    #[test]
    fn a_count_that_is_a_fraction_or_below_zero_becomes_the_nearest() {
        for (count, is) in [("-3", 1), ("2.6", 3), ("1e300", 10), ("-1e300", 1), ("4294967296", 10)]
        {
            let found = read(&format!(r#"{{"inner": {{"count": {count}}}, "name": "kept"}}"#));
            assert_eq!(
                (found.settings.inner.count, &*found.settings.name),
                (is, "kept"),
                "{count}"
            );
        }
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for text in ["", "[]", "3", "{\"inner\": {", "null"] {
            assert!(from_json::<Outer>(text.as_bytes()).is_err(), "{text}");
        }
    }
}
