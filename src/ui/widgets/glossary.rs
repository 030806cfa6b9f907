//! The field's terms, explained where they stand on the screen: a label that is in
//! `docs/glossary.md` has a dotted underline and says on hover what it means.

use std::collections::HashMap;
use std::sync::LazyLock;

use egui::{Response, Shape, Ui, pos2};

use crate::ui::theme::palette;

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

#[cfg(test)]
mod tests {
    use super::*;

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
