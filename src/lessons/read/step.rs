//! A step from its section.

use serde_json::Value;

use super::super::condition::{Condition, cut};
use super::super::{Ask, Kind, Lines, Mystery, SceneText, Step};
use super::parts::{Part, Section, parts};
use super::{MOST_CHOICES, Problems, minutes, values};

/// Settings that a step may set.
const MOST_SET: usize = 100;

/// Entries of every step.
const OF_ALL: [&str; 5] = ["scene", "set", "digit", "minutes", "seen"];

/// The kinds by their names, each with the entries of its own.
const KINDS: [(&str, &[&str]); 7] = [
    ("look", &[]),
    ("play", &[]),
    ("predict", &["number", "sketch"]),
    ("run", &["begin"]),
    ("compare", &[]),
    ("vary", &[]),
    ("mystery", &["mystery"]),
];

/// What a step's section has given so far.
#[derive(Default)]
struct Draft {
    scene: Option<SceneText>,
    words: Vec<String>,
    seen: Option<Condition>,
    notes: Vec<String>,
    minutes: Option<f64>,
    begin: Option<bool>,
    ask: Option<Ask>,
    mystery: Option<Mystery>,
    at: Lines,
    /// Entries that have been there.
    keys: Vec<String>,
    /// Whether something is wrong with the task, so that its absence is not told too.
    spoilt: bool,
}

/// Reads a step; `None` where its heading is wrong.
pub fn read(section: &Section<'_>, problems: &mut Problems) -> Option<Step> {
    let names = "Look, Play, Predict, Run, Compare, Vary or Mystery";
    let (kind, title) = section.heading.split_once(':').unwrap_or((section.heading, ""));
    let (kind, title) = (kind.trim(), title.trim());
    let Some((kind, own)) = KINDS.iter().find(|(name, _)| kind.eq_ignore_ascii_case(name)) else {
        let text = format!(
            "`{}` is no kind of step: write {names}, a colon and the heading, such as `## Look: A spike`",
            cut(kind)
        );
        problems.add(section.line, text);
        return None;
    };
    if title.is_empty() {
        problems.add(section.line, format!("the step has no heading: write it behind `{kind}:`"));
    }
    let keys: Vec<&'static str> = OF_ALL.iter().chain(*own).copied().collect();
    let mut draft = Draft::default();
    for part in parts(section, &keys, problems) {
        draft.take(kind, part, problems);
    }
    let kind = draft.kind(kind, section.line, problems)?;
    let Draft { scene, words, seen, notes, minutes, at, .. } = draft;
    let title = title.to_owned();
    Some(Step { line: section.line, kind, title, scene, words, seen, notes, minutes, at })
}

impl Draft {
    fn take(&mut self, kind: &str, part: Part<'_>, problems: &mut Problems) {
        match part {
            Part::Note(text) => self.notes.push(text),
            Part::Words { text, .. } => self.words.push(text),
            Part::Item { line, text } if kind == "predict" => self.choice(line, &text, problems),
            Part::Item { line, text } => {
                if text.contains('{') {
                    problems.add(line, "choices stand in a step `## Predict: …`");
                }
                self.words.push(format!("• {text}"));
            }
            Part::Scene { line, text } => {
                if self.once("scene", line, problems) {
                    self.at.scene = line;
                    self.scene = Some(SceneText::Saved(text));
                }
            }
            Part::Entry { line, key: "set", value } => self.set(line, &value, problems),
            Part::Entry { line, key, value } => {
                if self.once(key, line, problems) {
                    self.entry(line, key, &value, problems);
                }
            }
        }
    }

    /// Notes that an entry is there; false if it has been there before.
    fn once(&mut self, key: &str, line: usize, problems: &mut Problems) -> bool {
        if self.keys.iter().any(|k| k == key) {
            problems.add(line, format!("a step has one `{key}:`, and this is the second"));
            return false;
        }
        self.keys.push(key.to_owned());
        true
    }

    fn entry(&mut self, line: usize, key: &str, value: &str, problems: &mut Problems) {
        match key {
            "scene" => {
                self.at.scene = line;
                self.scene = problems.take(line, values::scene(line, value));
            }
            "digit" => {
                let digit = problems.take(line, values::digit(value));
                match &mut self.scene {
                    Some(SceneText::Settings { digit: place, .. }) => *place = digit,
                    Some(SceneText::Saved(_)) => {
                        problems.add(line, "a saved scene has a digit of its own: leave this out");
                    }
                    None if self.keys.iter().any(|k| k == "scene") => {}
                    None => problems.add(line, before("digit:")),
                }
            }
            "minutes" => self.minutes = problems.take(line, minutes(value)),
            "seen" => {
                self.at.seen = line;
                self.seen = problems.take(line, Condition::parse(value));
            }
            "begin" => {
                self.begin = problems.take(line, values::yes_or_no(value));
            }
            "number" => self.ask(line, values::number(value), problems),
            "sketch" => self.ask(line, values::sketch(value), problems),
            _ => {
                self.at.task.push(line);
                self.mystery = problems.take(line, values::mystery(value));
                self.spoilt |= self.mystery.is_none();
            }
        }
    }

    fn set(&mut self, line: usize, value: &str, problems: &mut Problems) {
        let Some((path, value)) = value.split_once('=').map(|(p, v)| (p.trim(), v.trim())) else {
            problems.add(line, "write `set: NAME = VALUE`, such as `set: figure.v_th = 1`");
            return;
        };
        match &mut self.scene {
            Some(SceneText::Settings { set, .. }) => {
                if !values::is_path(path) {
                    let text = format!(
                        "`{}` is no name of a setting: words of small letters between dots, \
                         as `spikescope lesson settings` lists them",
                        cut(path)
                    );
                    problems.add(line, text);
                } else if set.iter().any(|(other, ..)| other == path) {
                    problems.add(line, format!("`{path}` is set twice"));
                } else if set.len() == MOST_SET {
                    problems.add(line, format!("a step sets at most {MOST_SET} values"));
                } else {
                    set.push((path.to_owned(), setting(value), line));
                }
            }
            Some(SceneText::Saved(_)) => {
                problems.add(line, "a saved scene has all its settings: leave this out");
            }
            None if self.keys.iter().any(|k| k == "scene") => {}
            None => problems.add(line, before("set:")),
        }
    }

    fn choice(&mut self, line: usize, text: &str, problems: &mut Problems) {
        self.at.task.push(line);
        let Some(choice) = problems.take(line, values::choice(text)) else {
            self.spoilt = true;
            return;
        };
        match &mut self.ask {
            Some(Ask::Choices(all)) if all.len() == MOST_CHOICES => {
                problems.add(line, format!("a prediction has at most {MOST_CHOICES} choices"));
            }
            Some(Ask::Choices(all)) => all.push(choice),
            Some(_) => problems.add(line, ONE_ASK),
            None => self.ask = Some(Ask::Choices(vec![choice])),
        }
    }

    fn ask(&mut self, line: usize, ask: Result<Ask, String>, problems: &mut Problems) {
        if self.ask.is_some() {
            problems.add(line, ONE_ASK);
            return;
        }
        self.at.task.push(line);
        self.ask = problems.take(line, ask);
        self.spoilt |= self.ask.is_none();
    }

    fn kind(&mut self, kind: &str, line: usize, problems: &mut Problems) -> Option<Kind> {
        let missing = match kind {
            "look" => return Some(Kind::Look),
            "play" => return Some(Kind::Play),
            "run" => return Some(Kind::Run { begin: self.begin.unwrap_or(true) }),
            "compare" => return Some(Kind::Compare),
            "vary" => return Some(Kind::Vary),
            "predict" => match self.ask.take() {
                Some(Ask::Choices(all)) if all.len() < 2 && !self.spoilt => {
                    "a prediction has at least two choices"
                }
                Some(ask) => return Some(Kind::Predict(ask)),
                None => {
                    "a prediction asks for something: a list of choices (`- text {condition}`), \
                     `number:` or `sketch:`"
                }
            },
            _ => match self.mystery.take() {
                Some(mystery) => return Some(Kind::Mystery(mystery)),
                None => {
                    "a mystery needs `mystery:`, such as `mystery: figure.v_th \"threshold\" \
                     0.5 … 2 step 0.1 within 0.1`"
                }
            },
        };
        if !self.spoilt {
            problems.add(line, missing);
        }
        None
    }
}

const ONE_ASK: &str = "a prediction asks for one thing: choices, `number:` or `sketch:`";

fn before(key: &str) -> String {
    format!(
        "`{key}` follows a scene: write `scene: WORKSPACE` (or `scene: WORKSPACE keep`) before it"
    )
}

/// A value as JSON; what is none is a text.
fn setting(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
