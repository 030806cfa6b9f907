//! Reading golden files; what is missing fails with its name.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A golden file, or an object inside one.
pub struct File {
    path: PathBuf,
    value: Value,
}

impl File {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path);
        let text = text.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let value = serde_json::from_str(&text);
        let value = value.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { path: path.to_owned(), value }
    }

    fn value(&self, key: &str) -> &Value {
        self.value.get(key).unwrap_or_else(|| panic!("{}: no {key:?}", self.path.display()))
    }

    pub fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    pub fn at(&self, key: &str) -> File {
        File { path: self.path.join(key), value: self.value(key).clone() }
    }

    pub fn text(&self, key: &str) -> &str {
        self.value(key).as_str().unwrap_or_else(|| panic!("{}: {key}", self.path.display()))
    }

    pub fn number(&self, key: &str) -> f64 {
        self.value(key).as_f64().unwrap_or_else(|| panic!("{}: {key}", self.path.display()))
    }

    /// A list of numbers; a missing value is NaN.
    pub fn numbers(&self, key: &str) -> Vec<f64> {
        let list = self.value(key).as_array();
        let list = list.unwrap_or_else(|| panic!("{}: {key}", self.path.display()));
        list.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
    }

    /// This value itself, as a list of numbers.
    pub fn list(&self) -> Vec<f64> {
        let list = self.value.as_array();
        let list = list.unwrap_or_else(|| panic!("{}: no list", self.path.display()));
        list.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
    }

    pub fn singles(&self, key: &str) -> Vec<f32> {
        self.numbers(key).into_iter().map(|x| x as f32).collect()
    }

    /// A list of [index, time] pairs.
    pub fn events(&self, key: &str) -> Vec<(u32, f64)> {
        let list = self.value(key).as_array();
        let list = list.unwrap_or_else(|| panic!("{}: {key}", self.path.display()));
        list.iter()
            .map(|pair| {
                (pair[0].as_u64().expect("an index") as u32, pair[1].as_f64().expect("a time"))
            })
            .collect()
    }

    /// The members of an object or the entries of a list.
    pub fn members(&self, key: &str) -> Vec<(String, File)> {
        let member = |name: String, value: &Value| {
            let path = self.path.join(&name);
            (name, File { path, value: value.clone() })
        };
        match self.value(key) {
            Value::Object(all) => all.iter().map(|(k, v)| member(k.clone(), v)).collect(),
            Value::Array(all) => {
                all.iter().enumerate().map(|(i, v)| member(i.to_string(), v)).collect()
            }
            _ => panic!("{}: {key}", self.path.display()),
        }
    }

    /// The number that follows `word` in a line of text: `v_exc=-105, …`.
    pub fn number_in(&self, key: &str, word: &str) -> f64 {
        self.number_after(key, "", word)
    }

    /// The number that follows `word` somewhere after `mark`.
    pub fn number_after(&self, key: &str, mark: &str, word: &str) -> f64 {
        let text = self.text(key);
        let marked = text.split_once(mark).and_then(|(_, rest)| rest.split_once(word));
        let number = marked.and_then(|(_, rest)| {
            let rest = rest.trim_start_matches([' ', '=']);
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
            rest[..end.unwrap_or(rest.len())].parse().ok()
        });
        let path = self.path.display();
        number.unwrap_or_else(|| panic!("{path}: no number after {word:?} in {text:?}"))
    }
}

/// Times to steps.
pub fn steps(times_ms: &[f64], dt_ms: f64) -> Vec<u64> {
    times_ms.iter().map(|t| (t / dt_ms).round() as u64).collect()
}
