//! The field's terms, explained where they stand on the screen: a label that is in
//! `docs/glossary.md` has a dotted underline and says on hover what it means.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use egui::{Galley, Label, Pos2, Rect, Response, Shape, Ui, WidgetInfo, WidgetText, pos2};

use super::tip;
use crate::ui::theme::palette;

/// Words that a term has at most.
const MOST_WORDS: usize = 6;

static TEXT: &str = include_str!("../../../docs/glossary.md");

/// What each term and each synonym means, by its name in lower case.
static TERMS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let each = |(names, text): (Vec<&str>, _)| {
        names.into_iter().map(|name| (name.to_lowercase(), text)).collect::<Vec<_>>()
    };
    entries().flat_map(each).collect()
});

/// Names, the term itself first, and text of each `**term** (also: synonym, synonym): text`.
fn entries() -> impl Iterator<Item = (Vec<&'static str>, &'static str)> {
    TEXT.lines().filter_map(|line| {
        let (term, rest) = line.strip_prefix("**")?.split_once("**")?;
        let (also, text) = match rest.strip_prefix(" (also: ") {
            Some(rest) => rest.split_once("): ")?,
            None => ("", rest.strip_prefix(": ")?),
        };
        let also = also.split(", ").filter(|name| !name.is_empty());
        Some((std::iter::once(term).chain(also).collect(), text))
    })
}

/// What a term means. A symbol after it, as in `Threshold V_th`, is not part of it.
pub fn explain(term: &str) -> Option<&'static str> {
    let find = |name: &str| TERMS.get(&name.to_lowercase()).copied();
    let is_symbol = |word: &str| word.contains('_') || !word.is_ascii();
    find(term).or_else(|| {
        let (name, symbol) = term.rsplit_once(' ')?;
        is_symbol(symbol).then(|| find(name)).flatten()
    })
}

/// A label; a term is explained on hover.
pub fn term(ui: &mut Ui, text: &str) -> Response {
    let label = ui.label(text);
    explained(ui, label, text)
}

/// The same for a label that has been drawn.
pub fn explained(ui: &Ui, label: Response, text: &str) -> Response {
    let Some(meaning) = explain(text) else { return label };
    let rect = label.rect.intersect(ui.clip_rect());
    let line = [pos2(rect.left(), rect.bottom()), pos2(rect.right(), rect.bottom())];
    ui.painter().extend(Shape::dotted_line(&line, palette(ui.visuals()).weak, 4.0, 0.6));
    label.on_hover_text(meaning)
}

/// Where a text has a term for the first time, in bytes, and what it means. Of two terms
/// that begin at the same place, the longer one counts.
fn terms_in(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let starts = edges(text, false);
    let ends = edges(text, true);
    let (mut found, mut known) = (Vec::<(Range<usize>, &'static str)>::new(), Vec::new());
    let mut beyond = 0;
    for start in starts {
        if start < beyond {
            continue;
        }
        let after = ends.partition_point(|end| *end <= start);
        let longest = &ends[after..ends.len().min(after + MOST_WORDS)];
        let hit = longest.iter().rev().find_map(|end| {
            let meaning = TERMS.get(&text.get(start..*end)?.to_lowercase()).copied()?;
            Some((start..*end, meaning))
        });
        let Some((range, meaning)) = hit else { continue };
        beyond = range.end;
        if !known.contains(&meaning.as_ptr()) {
            known.push(meaning.as_ptr());
            found.push((range, meaning));
        }
    }
    found
}

/// Where words begin, or end, in bytes. A hyphen or a dash within a word does not end it.
fn edges(text: &str, end: bool) -> Vec<usize> {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '-' | '–' | '’' | '_');
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let inside = |i: Option<usize>| i.and_then(|i| chars.get(i)).is_some_and(|(_, c)| joins(*c));
    let edge = |(i, (at, c)): (usize, &(usize, char))| {
        let beside = if end { i.checked_add(1) } else { i.checked_sub(1) };
        let place = if end { at + c.len_utf8() } else { *at };
        (c.is_alphanumeric() && !inside(beside)).then_some(place)
    };
    chars.iter().enumerate().filter_map(edge).collect()
}

/// A sentence or two. Terms in it have a dotted underline where they are met first, and
/// are explained on hover.
pub fn prose(ui: &mut Ui, text: impl Into<WidgetText>) -> Response {
    let (at, galley, response) = Label::new(text).wrap().layout_in_ui(ui);
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Label, true, galley.text()));
    let p = palette(ui.visuals());
    let pointer = response.hover_pos();
    for (range, meaning) in terms_in(galley.text()) {
        for rect in places(&galley, at, &range) {
            let line = [rect.left_bottom(), rect.right_bottom()];
            ui.painter().extend(Shape::dotted_line(&line, p.weak, 4.0, 0.6));
            if pointer.is_some_and(|pos| rect.contains(pos)) {
                tip::beside(&response, rect, meaning);
            }
        }
    }
    ui.painter().galley(at, galley, ui.visuals().text_color());
    response
}

/// Where a part of a text stands, a rectangle in each of its rows.
fn places(galley: &Galley, at: Pos2, range: &Range<usize>) -> Vec<Rect> {
    let mut bytes = galley.text().char_indices().map(|(byte, _)| byte);
    let mut places = Vec::new();
    for row in &galley.rows {
        let corner = at + row.pos.to_vec2();
        let within = row.glyphs.iter().filter(|_| bytes.next().is_some_and(|b| range.contains(&b)));
        let (from, to) = within.fold((f32::INFINITY, f32::NEG_INFINITY), |(from, to), glyph| {
            (from.min(glyph.pos.x), to.max(glyph.max_x()))
        });
        if from < to {
            let height = row.rect().height();
            let sides = [corner.x + from, corner.x + to];
            places.push(Rect::from_x_y_ranges(sides[0]..=sides[1], corner.y..=corner.y + height));
        }
        if row.ends_with_newline {
            bytes.next();
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What the program says: all strings in the sources of the window and of what
    /// declares parameters, rules and criteria, without comments and tests; and lessons.
    fn said() -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut text = String::new();
        for folder in [
            "src/ui",
            "src/snn",
            "src/ann/rules",
            "src/ann/zoo",
            "src/ann/optimiser",
            "src/scoreboard",
            "src/convert",
        ] {
            walk(&root.join(folder), "rs", &mut |source| strings(source, &mut text));
        }
        walk(&root.join("lessons"), "md", &mut |lesson| text.push_str(lesson));
        text.to_lowercase()
    }

    fn walk(folder: &Path, extension: &str, see: &mut dyn FnMut(&str)) {
        // Lessons need not be there.
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.map(|e| e.unwrap().path()) {
            let is_test = entry.file_stem().is_some_and(|s| s.to_string_lossy().ends_with("tests"));
            if entry.is_dir() && !is_test {
                walk(&entry, extension, see);
            } else if !is_test && entry.extension().is_some_and(|e| e == extension) {
                see(&std::fs::read_to_string(&entry).unwrap());
            }
        }
    }

    /// Adds the strings of a source file.
    fn strings(source: &str, all: &mut String) {
        let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        for line in source.lines().filter(|l| !l.trim_start().starts_with("//")) {
            for (i, part) in line.replace("\\\"", "'").split('"').enumerate() {
                if i % 2 == 1 {
                    all.push_str(part);
                    all.push('\n');
                }
            }
        }
    }

    fn has_word(text: &str, word: &str) -> bool {
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        text.match_indices(word).any(|(at, _)| {
            edge(text[..at].chars().next_back()) && edge(text[at + word.len()..].chars().next())
        })
    }

    #[test]
    fn every_entry_is_a_word_that_the_program_says() {
        let said = said();
        assert!(said.len() > 50_000, "only {} bytes", said.len());
        let unused: Vec<&str> = entries()
            .filter(|(names, _)| !names.iter().any(|n| has_word(&said, &n.to_lowercase())))
            .map(|(names, _)| names[0])
            .collect();
        assert!(unused.is_empty(), "nobody says {unused:?}");
    }

    #[test]
    fn terms_are_found_in_sentences_the_longest_first_and_each_once() {
        let text = "STDP: a spike train, another Spike, spikes; a max-pooling gate (Dale’s law).";
        let found: Vec<&str> = terms_in(text).into_iter().map(|(r, _)| &text[r]).collect();
        assert_eq!(found, ["STDP", "spike train", "Spike", "max-pooling gate", "Dale’s law"]);
        // Not a part of another word.
        assert!(terms_in("prespike, spike-free, biases").is_empty());
        assert!(terms_in("").is_empty());
    }

    #[test]
    fn a_term_in_a_sentence_is_explained_where_the_pointer_is() {
        use egui_kittest::kittest::Queryable;
        let mut harness = egui_kittest::Harness::new_ui(|ui| {
            prose(ui, "A long sentence about one synapse.");
        });
        let rect = harness.get_by_label_contains("one synapse").rect();
        for (x, explained) in [(rect.left() + 3.0, false), (rect.right() - 20.0, true)] {
            harness.hover_at(pos2(x, rect.center().y));
            for _ in 0..60 {
                harness.step();
            }
            let tip = harness.query_by_label_contains("from one neuron to another");
            assert_eq!(tip.is_some(), explained, "{x} in {rect:?}");
        }
    }

    #[test]
    fn every_paragraph_is_a_term_with_a_text_in_its_place_and_no_name_is_there_twice() {
        let paragraphs = TEXT.split("\n\n").skip(2).count();
        assert_eq!(entries().count(), paragraphs);
        assert!(paragraphs > 90);
        let (mut before, mut all) = (String::new(), Vec::new());
        for (names, text) in entries() {
            assert!(text.ends_with('.') && !text.contains("**"), "{names:?}: {text}");
            let term = names[0].to_lowercase();
            assert!(before < term, "{term} stands after {before}");
            before = term;
            all.extend(names.iter().map(|name| name.to_lowercase()));
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!((all.len(), TERMS.len()), (count, count));
    }

    #[test]
    fn terms_on_the_screen_are_explained() {
        for label in [
            "Threshold V_th",
            "Refractory period",
            "Membrane time constant τₘ",
            "Resting potential",
            "Potentiation A₊",
            "Depression A₋",
            "Learning rate ν₊",
            "Jitter",
            "Percentile",
            "Momentum",
            "Mean rate",
            "Mean ISI",
            "CV of the ISI",
        ] {
            assert!(explain(label).is_some(), "{label}");
        }
        assert_eq!(explain("Threshold of pain"), None);
        assert_eq!(explain("LIF"), explain("leaky integrate-and-fire"));
        assert!(explain("STDP").unwrap().starts_with("A synapse changes"));
    }
}
