//! Reads a lesson from the text of a file; docs/lessons.md describes the format.
//!
//! * here: the file as a whole, its head and its sections
//! * `parts`: what the lines of a section are
//! * `step`: a step from its parts
//! * `values`: what stands behind `number:`, `digit:` and the like

mod parts;
mod step;
#[cfg(test)]
mod tests;
mod values;

use std::fmt;

use super::condition::cut;
use super::{Ask, Kind, Lesson, Step};
use parts::{Part, Section, parts, sections};

/// Bytes of a lesson.
pub const MOST_BYTES: u64 = 256 << 10;
/// Steps of a lesson.
pub const MOST_STEPS: usize = 60;
/// Choices of a prediction.
pub const MOST_CHOICES: usize = 12;
/// Minutes that a lesson, or a step of one, may take.
const MOST_MINUTES: f64 = 240.0;
/// Problems that are told; who has mended these sees the next.
const MOST_PROBLEMS: usize = 50;

/// Something in a lesson's file that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What, and what to write instead: a sentence without its full stop.
    pub text: String,
}

impl Problem {
    /// At a line.
    pub fn new(line: usize, text: impl Into<String>) -> Self {
        Self { line, text: text.into() }
    }
}

/// `12: there is no workspace `neurons``.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.text),
            line => write!(f, "{line}: {}", self.text),
        }
    }
}

/// What has been found to be wrong so far.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, line: usize, text: impl Into<String>) {
        if self.0.len() < MOST_PROBLEMS {
            self.0.push(Problem::new(line, text));
        }
    }

    /// The value, or `None` with what is wrong noted.
    fn take<T>(&mut self, line: usize, result: Result<T, String>) -> Option<T> {
        result.map_err(|text| self.add(line, text)).ok()
    }
}

/// Reads a lesson; `id` is the file's name without its extension.
///
/// # Errors
/// Everything that is wrong with it, by lines.
pub fn read(id: &str, text: &str) -> Result<Lesson, Vec<Problem>> {
    if text.len() as u64 > MOST_BYTES {
        let size = crate::core::text::grouped(text.len() as u64);
        let text = format!("it has {size} bytes; a lesson has at most {} KiB", MOST_BYTES >> 10);
        return Err(vec![Problem::new(0, text)]);
    }
    let mut problems = Problems::default();
    let lesson = whole(id, text, &mut problems);
    let Problems(mut problems) = problems;
    problems.sort_by_key(|problem| problem.line);
    match lesson {
        Some(lesson) if problems.is_empty() => Ok(lesson),
        _ => Err(problems),
    }
}

fn whole(id: &str, text: &str, problems: &mut Problems) -> Option<Lesson> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut sections = sections(text, problems).into_iter().peekable();
    let title = match sections.next() {
        Some(first) if first.level == 1 => first,
        first => {
            let line = first.map_or(0, |first| first.line);
            problems.add(line, "a lesson begins with its title, such as `# Threshold and weight`");
            return None;
        }
    };
    let mut lesson = head(id, &title, problems);
    let mut read_on_at = None;
    for section in sections {
        if let Some(line) = read_on_at {
            problems.add(line, "`## Read on` comes last, after all steps");
            return None;
        }
        if section.level == 1 {
            problems.add(section.line, "a lesson has one title: begin steps with `##`");
        } else if section.heading.trim_end_matches(':').trim().eq_ignore_ascii_case("read on") {
            read_on_at = Some(section.line);
            lesson.read_on = read_on(&section, problems);
        } else if lesson.steps.len() == MOST_STEPS {
            problems.add(section.line, format!("a lesson has at most {MOST_STEPS} steps"));
            return None;
        } else if let Some(step) = step::read(&section, problems) {
            lesson.steps.push(step);
        }
    }
    if lesson.steps.is_empty() && problems.0.is_empty() {
        problems.add(title.line, "it has no step: write one, such as `## Look: A spike`");
    }
    order(&lesson.steps, problems);
    Some(lesson)
}

/// What the order of the steps asks for.
fn order(steps: &[Step], problems: &mut Problems) {
    let mut predicted = false;
    for step in steps {
        match step.kind {
            Kind::Predict(_) => predicted = true,
            Kind::Compare if !predicted => {
                problems.add(step.line, "there is no prediction to compare with: put a step `## Predict: …` before this one");
            }
            _ => {}
        }
    }
}

/// Title and head.
fn head(id: &str, section: &Section<'_>, problems: &mut Problems) -> Lesson {
    let mut lesson = Lesson {
        id: id.to_owned(),
        title: section.heading.to_owned(),
        section: String::new(),
        minutes: 0,
        goal: String::new(),
        needs: String::new(),
        notes: Vec::new(),
        steps: Vec::new(),
        read_on: Vec::new(),
    };
    if section.heading.is_empty() {
        problems.add(section.line, "the title is missing: write it behind `#`");
    }
    let mut seen: Vec<&str> = Vec::new();
    for part in parts(section, &["section", "minutes", "goal", "needs"], problems) {
        let (line, key, value) = match part {
            Part::Entry { line, key, value } => (line, key, value),
            Part::Note(text) => {
                lesson.notes.push(text);
                continue;
            }
            Part::Words { line, .. } | Part::Item { line, .. } | Part::Scene { line, .. } => {
                problems.add(
                    line,
                    "text before the first step is for the teacher: begin its lines with `> `",
                );
                continue;
            }
        };
        if seen.contains(&key) {
            problems.add(line, format!("`{key}:` is there twice"));
            continue;
        }
        seen.push(key);
        match key {
            "section" => lesson.section = value,
            "goal" => lesson.goal = value,
            "needs" => lesson.needs = value,
            _ => {
                if let Some(minutes) = problems.take(line, minutes(&value)) {
                    lesson.minutes = minutes.ceil() as u32;
                }
            }
        }
    }
    for (key, usual) in [("minutes", "10"), ("goal", "Say when one neuron makes another one fire.")]
    {
        if !seen.contains(&key) {
            problems.add(
                section.line,
                format!("`{key}:` is missing: write it below the title, such as `{key}: {usual}`"),
            );
        }
    }
    lesson
}

/// The last section.
fn read_on(section: &Section<'_>, problems: &mut Problems) -> Vec<String> {
    let mut all = Vec::new();
    for part in parts(section, &[], problems) {
        match part {
            Part::Item { text, .. } | Part::Words { text, .. } => all.push(text),
            Part::Note(_) => {}
            Part::Entry { line, .. } | Part::Scene { line, .. } => {
                problems.add(line, "`## Read on` is a list of what to read");
            }
        }
    }
    all
}

/// Minutes of a lesson or a step.
fn minutes(text: &str) -> Result<f64, String> {
    match crate::core::text::decimal(text) {
        Some(minutes) if minutes > 0.0 && minutes <= MOST_MINUTES => Ok(minutes),
        _ => Err(format!(
            "`minutes: {}` is no time: write a number up to {MOST_MINUTES}, such as `minutes: 10`",
            cut(text)
        )),
    }
}

/// The measure that a prediction is compared with, where it is one.
impl Ask {
    /// Names of all measures in it.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Choices(all) => all.iter().flat_map(|choice| choice.holds.names()).collect(),
            Self::Number { measure, .. } | Self::Sketch { measure, .. } => vec![measure],
        }
    }
}
