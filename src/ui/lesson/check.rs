//! Whether what a lesson refers to is there: workspaces, their settings, what they
//! measure. And the settings that a step's scene asks for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::lessons::condition::{Condition, is_measure};
use crate::lessons::settings::{at, names, number, put};
use crate::lessons::{Ask, Kind, Lesson, Mystery, Problem, SceneText, Step};
use crate::ui::workspace::{Entry, MeasureDoc};
use crate::ui::workspaces::{WORKSPACES, find};

/// Numbers are the same within this share: many settings are of single precision.
const SAME: f64 = 1e-6;

/// Everything that a lesson refers to and that is not there, by lines.
pub fn check(lesson: &Lesson) -> Vec<Problem> {
    let mut check = Check::default();
    for (i, step) in lesson.steps.iter().enumerate() {
        if i == 0 && step.scene.is_none() {
            let text = "the first step sets nothing up: write `scene: WORKSPACE` below its heading";
            check.problems.push(Problem::new(step.line, text));
        }
        check.step(step);
    }
    let mut problems = check.problems;
    problems.sort_by_key(|problem| problem.line);
    problems.dedup();
    problems
}

/// The settings of the workspace that a scene asks for; `now` are those it has, which stay
/// where the scene keeps them.
///
/// # Errors
/// What is not there or cannot be set; for the text of a saved scene, which has to be
/// opened as one.
pub fn settings_of(scene: &SceneText, now: Option<&Value>) -> Result<Value, Vec<Problem>> {
    let SceneText::Settings { line, workspace, keep, set, .. } = scene else {
        return Err(vec![Problem::new(0, "a saved scene has settings of its own")]);
    };
    let entry = entry(workspace).map_err(|text| vec![Problem::new(*line, text)])?;
    let mut problems = Vec::new();
    let mut settings = match now {
        Some(now) if *keep => now.clone(),
        _ => (entry.usual)(),
    };
    // All first: one value may be possible only with another.
    let mut placed = Vec::new();
    for (path, value, line) in set {
        match put(&mut settings, path, value.clone()) {
            Ok(()) => placed.push((path, value, line)),
            Err(text) => problems.push(Problem::new(*line, text)),
        }
    }
    let settings = (entry.read)(&Map::new(), Some(&settings)).settings;
    for (path, value, line) in placed {
        if let Err(text) = taken(entry, &settings, path, value) {
            problems.push(Problem::new(*line, text));
        }
    }
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// Settings of a workspace with one number changed.
///
/// # Errors
/// When there is no such setting, or it cannot have this value.
pub fn with_number(
    workspace: &str,
    settings: &Value,
    path: &str,
    value: f64,
) -> Result<Value, String> {
    let entry = entry(workspace)?;
    let (mut changed, value) = (settings.clone(), number(value));
    put(&mut changed, path, value.clone())?;
    let changed = (entry.read)(&Map::new(), Some(&changed)).settings;
    taken(entry, &changed, path, &value)?;
    Ok(changed)
}

/// The number at a place in settings.
pub fn number_at(settings: &Value, path: &str) -> Option<f64> {
    at(settings, path)?.as_f64()
}

/// Whether the text of a saved scene can be opened.
///
/// # Errors
/// What is wrong with it.
pub fn scene_text(text: &str) -> Result<(), String> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| format!("this is no saved scene (copy it once more): {error}"))?;
    match value.get("workspace").and_then(Value::as_str) {
        Some(workspace) => entry(workspace).map(|_| ()),
        None => Err("this is no saved scene: it names no workspace".into()),
    }
}

/// What a measure is, by the name that lessons call it: `neuron.rate_1`.
///
/// # Errors
/// That there is none, and which there are.
pub fn measure(name: &str) -> Result<MeasureDoc, String> {
    let Some((room, last)) = name.split_once('.').filter(|_| is_measure(name)) else {
        return Err(format!("`{name}` is no name of a measure, such as `neuron.rate_1`"));
    };
    let measures = (entry(room)?.measures)();
    let found = measures.iter().find(|m| m.name == last).copied();
    found.ok_or_else(|| {
        let names = names(measures.iter().map(|m| m.name));
        format!("`{room}` measures no `{last}`; it measures {names}")
    })
}

/// A line for each measure of a workspace: ``- `neuron.rate_1` (Hz): What it is.``
pub fn measure_lines(entry: &Entry) -> Vec<String> {
    let line = |m: MeasureDoc| match m.unit {
        "" => format!("- `{}.{}`: {}", entry.about.id, m.name, m.doc),
        unit => format!("- `{}.{}` ({unit}): {}", entry.about.id, m.name, m.doc),
    };
    (entry.measures)().into_iter().map(line).collect()
}

/// Names of all settings of a workspace, with what stands behind `=` for their usual value.
pub fn setting_lines(entry: &Entry) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    leaves(&mut String::new(), &(entry.usual)(), &mut lines);
    lines
}

fn leaves(path: &mut String, value: &Value, lines: &mut Vec<(String, String)>) {
    let length = path.len();
    let mut inside = |name: &str, value: &Value, lines: &mut Vec<_>| {
        if length > 0 {
            path.push('.');
        }
        path.push_str(name);
        leaves(path, value, lines);
        path.truncate(length);
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| inside(name, value, lines));
        }
        Value::Array(items) if items.first().is_some_and(Value::is_object) => {
            items.iter().enumerate().for_each(|(i, item)| inside(&i.to_string(), item, lines));
        }
        _ => lines.push((path.clone(), shown(value))),
    }
}

/// What is known while one goes through the steps.
#[derive(Default)]
struct Check {
    problems: Vec<Problem>,
    /// The workspace in view, if the lesson has set one up.
    workspace: Option<String>,
    /// Settings of the workspaces that the lesson has set up.
    settings: BTreeMap<String, Value>,
}

impl Check {
    fn step(&mut self, step: &Step) {
        if let Some(scene) = &step.scene {
            self.scene(scene, step.at.scene);
        }
        if let Some(seen) = &step.seen {
            self.condition(seen, step.at.seen);
        }
        let line = |i: usize| step.at.task.get(i).copied().unwrap_or(step.line);
        match &step.kind {
            Kind::Predict(Ask::Choices(all)) => {
                for (i, choice) in all.iter().enumerate() {
                    self.condition(&choice.holds, line(i));
                }
            }
            Kind::Predict(Ask::Number { measure, .. } | Ask::Sketch { measure, .. }) => {
                self.measure(measure, line(0));
            }
            Kind::Mystery(mystery) => self.mystery(mystery, line(0)),
            Kind::Look | Kind::Play | Kind::Run { .. } | Kind::Compare | Kind::Vary => {}
        }
    }

    fn scene(&mut self, scene: &SceneText, line: usize) {
        match scene {
            SceneText::Saved(text) => {
                if let Err(text) = scene_text(text) {
                    self.problems.push(Problem::new(line, text));
                }
                let saved: Option<Value> = serde_json::from_str(text).ok();
                let field = |name: &str| saved.as_ref().and_then(|saved| saved.get(name));
                self.workspace = field("workspace").and_then(Value::as_str).map(str::to_owned);
                if let (Some(workspace), Some(settings)) = (&self.workspace, field("settings")) {
                    self.settings.insert(workspace.clone(), settings.clone());
                }
            }
            SceneText::Settings { workspace, .. } => {
                match settings_of(scene, self.settings.get(workspace)) {
                    Ok(settings) => drop(self.settings.insert(workspace.clone(), settings)),
                    Err(problems) => self.problems.extend(problems),
                }
                self.workspace = Some(workspace.clone());
            }
        }
    }

    fn condition(&mut self, condition: &Condition, line: usize) {
        for name in condition.names() {
            self.measure(name, line);
        }
    }

    fn measure(&mut self, name: &str, line: usize) {
        if let Err(text) = measure(name) {
            self.problems.push(Problem::new(line, text));
        }
    }

    fn mystery(&mut self, mystery: &Mystery, line: usize) {
        // Without a scene, the first step has been told already.
        let Some(entry) = self.workspace.as_deref().and_then(find) else { return };
        let id = entry.about.id;
        let settings = self.settings.get(id).cloned().unwrap_or_else(|| (entry.usual)());
        let Mystery { setting, low, high, .. } = mystery;
        if at(&settings, setting).is_some_and(|found| !found.is_number()) {
            let text = format!("`{setting}` of `{id}` is no number, which a mystery needs");
            self.problems.push(Problem::new(line, text));
            return;
        }
        for value in [low, high] {
            if let Err(text) = with_number(id, &settings, setting, *value) {
                self.problems.push(Problem::new(line, text));
                return;
            }
        }
    }
}

fn entry(workspace: &str) -> Result<&'static Entry, String> {
    find(workspace).ok_or_else(|| {
        let ids = names(WORKSPACES.iter().map(|entry| entry.about.id));
        format!("there is no workspace `{workspace}`; there are {ids}")
    })
}

/// Whether the workspace has taken a value over.
fn taken(entry: &Entry, settings: &Value, path: &str, value: &Value) -> Result<(), String> {
    let Some(found) = at(settings, path) else {
        let (folder, last) = path.rsplit_once('.').unwrap_or(("", path));
        let there = if folder.is_empty() { Some(settings) } else { at(settings, folder) };
        let there = there.and_then(Value::as_object);
        let names = there.map_or_else(String::new, |f| names(f.keys().map(String::as_str)));
        return Err(format!("there is no setting `{path}`: instead of `{last}` there is {names}"));
    };
    if same(value, found) {
        return Ok(());
    }
    let value = shown(value);
    if path == "tab" && !entry.tabs.is_empty() {
        let tabs = names(entry.tabs.iter().copied());
        return Err(format!("`{}` has no tab {value}; it has {tabs}", entry.about.id));
    }
    Err(format!("`{path}` cannot be {value}; the nearest that it can be is {}", shown(found)))
}

/// Whether what was asked for is what is there; objects may have more.
fn same(asked: &Value, found: &Value) -> bool {
    match (asked, found) {
        (Value::Number(a), Value::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= SAME * a.abs().max(b.abs()),
            _ => false,
        },
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// A value as it stands behind `set: NAME =`.
fn shown(value: &Value) -> String {
    match value {
        // What would be read as something else keeps its quotation marks.
        Value::String(text) if serde_json::from_str::<Value>(text).is_err() => text.clone(),
        Value::Number(n) if n.is_f64() => short(n.as_f64().unwrap_or_default()),
        Value::Array(items) if items.iter().any(|item| item.is_number() || item.is_array()) => {
            // Texts within a list keep theirs, or the list could not be read.
            let item = |item: &Value| if item.is_string() { item.to_string() } else { shown(item) };
            format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

/// As single precision would be written, where it is the same number.
fn short(value: f64) -> String {
    let single = value as f32;
    if f64::from(single) == value { single.to_string() } else { value.to_string() }
}

#[cfg(test)]
mod tests;
