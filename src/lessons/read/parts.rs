//! What the lines of a lesson's file are.

use super::super::condition::cut;
use super::Problems;

/// A heading, and the lines below it.
pub struct Section<'a> {
    /// Line of the heading, from 1.
    pub line: usize,
    /// Its number of `#`; 0 for what stands before the first heading.
    pub level: usize,
    pub heading: &'a str,
    /// Line numbers and lines.
    pub lines: Vec<(usize, &'a str)>,
}

/// Something below a heading.
pub enum Part<'a> {
    /// `key: value`.
    Entry { line: usize, key: &'a str, value: String },
    /// A paragraph.
    Words { line: usize, text: String },
    /// `- item`.
    Item { line: usize, text: String },
    /// `> note for the teacher`, a paragraph.
    Note(String),
    /// The text of a saved scene.
    Scene { line: usize, text: String },
}

impl Part<'_> {
    fn text(&mut self) -> Option<&mut String> {
        match self {
            Self::Entry { value: text, .. }
            | Self::Words { text, .. }
            | Self::Item { text, .. }
            | Self::Note(text) => Some(text),
            Self::Scene { .. } => None,
        }
    }
}

/// Divides a file at its headings. Blank lines before the first one are left out.
pub fn sections<'a>(text: &'a str, problems: &mut Problems) -> Vec<Section<'a>> {
    let mut all: Vec<Section<'a>> = Vec::new();
    let mut fenced = false;
    for (i, raw) in text.lines().enumerate() {
        let line = i + 1;
        if raw.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let level = raw.bytes().take_while(|b| *b == b'#').count();
        let rest = &raw[level..];
        let heading = !fenced && level > 0 && (rest.is_empty() || rest.starts_with(' '));
        if heading && level > 2 {
            problems.add(line, "a heading has one `#` (the title) or two (a step)");
        } else if heading {
            all.push(Section { line, level, heading: rest.trim(), lines: Vec::new() });
        } else if let Some(section) = all.last_mut() {
            section.lines.push((line, raw));
        } else if !raw.trim().is_empty() {
            all.push(Section { line, level: 0, heading: "", lines: Vec::new() });
        }
    }
    all
}

/// What stands below a heading. `keys` are the entries that may be there.
pub fn parts<'a>(
    section: &Section<'a>,
    keys: &[&'static str],
    problems: &mut Problems,
) -> Vec<Part<'a>> {
    let mut all: Vec<Part<'a>> = Vec::new();
    // Whether the next line may go on with the last part.
    let mut open = false;
    let mut lines = section.lines.iter();
    while let Some(&(line, raw)) = lines.next() {
        let text = raw.trim();
        if text.is_empty() || text.starts_with("<!--") && text.ends_with("-->") {
            open = false;
        } else if let Some(language) = text.strip_prefix("```") {
            let (body, closed) = fence(&mut lines);
            open = false;
            if !closed {
                problems.add(line, "this block does not end: put a line of ``` after it");
            } else if language.trim() != "scene" {
                problems.add(line, "only scenes stand in such a block: begin it with ```scene");
            } else {
                all.push(Part::Scene { line, text: body });
            }
        } else if let Some(note) = text.strip_prefix('>') {
            note_line(note.trim(), &mut all, &mut open);
        } else if let Some(item) = text.strip_prefix("- ") {
            all.push(Part::Item { line, text: item.trim().to_owned() });
            open = true;
        } else if let Some((key, value)) = entry(text, keys) {
            all.push(Part::Entry { line, key, value: value.to_owned() });
            open = true;
        } else if goes_on(all.last(), open, raw) {
            if let Some(last) = all.last_mut().and_then(Part::text) {
                last.push(' ');
                last.push_str(text);
            }
        } else {
            if let Some(word) = unknown_entry(text) {
                problems.add(line, unknown(word, keys));
            }
            all.push(Part::Words { line, text: text.to_owned() });
            open = true;
        }
    }
    all
}

/// The lines up to the end of a block, and whether it has one.
fn fence<'a>(lines: &mut std::slice::Iter<'_, (usize, &'a str)>) -> (String, bool) {
    let mut body: Vec<&'a str> = Vec::new();
    for (_, raw) in lines {
        if raw.trim() == "```" {
            return (body.join("\n"), true);
        }
        body.push(raw);
    }
    (String::new(), false)
}

fn note_line(note: &str, all: &mut Vec<Part<'_>>, open: &mut bool) {
    match all.last_mut() {
        Some(Part::Note(text)) if *open && !note.is_empty() => {
            text.push(' ');
            text.push_str(note);
        }
        _ if note.is_empty() => *open = false,
        _ => {
            all.push(Part::Note(note.to_owned()));
            *open = true;
        }
    }
}

/// Paragraphs go on in the next line; entries and items only in one that is indented.
fn goes_on(last: Option<&Part<'_>>, open: bool, raw: &str) -> bool {
    let indented = raw.starts_with([' ', '\t']);
    open && match last {
        Some(Part::Words { .. }) => true,
        Some(Part::Item { .. } | Part::Entry { .. }) => indented,
        _ => false,
    }
}

fn entry<'a>(text: &'a str, keys: &[&'static str]) -> Option<(&'a str, &'a str)> {
    let (key, value) = text.split_once(':')?;
    keys.contains(&key).then(|| (key, value.trim()))
}

/// A word in small letters and a colon begin an entry, of which there is none.
fn unknown_entry(text: &str) -> Option<&str> {
    let (word, rest) = text.split_once(':')?;
    let small = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    (small && (rest.is_empty() || rest.starts_with(' '))).then_some(word)
}

fn unknown(word: &str, keys: &[&'static str]) -> String {
    let word = cut(word);
    if keys.is_empty() {
        return format!("there is no entry `{word}:` here; begin a sentence with a capital letter");
    }
    let list = keys.iter().map(|key| format!("`{key}:`")).collect::<Vec<_>>().join(", ");
    format!("there is no entry `{word}:` here, but {list}; begin a sentence with a capital letter")
}
