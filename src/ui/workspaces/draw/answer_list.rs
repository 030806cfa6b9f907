//! All answers in a list: one row each, grouped or sorted, so that agreement and
//! disagreement are seen at a glance.

use egui::{Align2, CornerRadius, Rect, RichText, Sense, Ui, Vec2, pos2};

use super::DrawEdit;
use super::World;
use super::settings::{AnswersOrder, AnswersView};
use crate::ann::ensemble;
use crate::ann::shipped::SETS;
use crate::core::decision::said;
use crate::core::text::{certainty, grouped};
use crate::ui::command::{Command, Outbox};
use crate::ui::desk::{Desk, Guest};
use crate::ui::theme::{self, palette};
use crate::workers::answers::Answer;
use crate::workers::models::{Model, Origin};

/// Height of a row, points.
const ROW: f32 = 26.0;

/// Who answers, and what.
pub struct Entry<'a> {
    /// [`Model::key`], or an ensemble's id.
    pub key: &'a str,
    /// For people.
    pub name: &'a str,
    /// Heading of its group.
    pub group: &'static str,
    /// Accuracy on the test set, 0 to 1.
    pub accuracy: Option<f64>,
    /// The accuracy in words, or how far a network in training is.
    pub note: String,
    /// What it answers, if it has.
    pub answer: Option<&'a Answer>,
    doc: &'a str,
    model: Option<&'a Model>,
}

/// The ensembles in the box, then all models at hand.
pub fn entries<'a>(world: &'a World<'_>) -> Vec<Entry<'a>> {
    let find = |answers: &'a [Answer], key: &str| {
        answers.iter().find(|a| a.key == key).filter(|_| !world.digit.is_blank())
    };
    let note = |accuracy: Option<f64>| {
        accuracy
            .map_or_else(|| "not tested".into(), |a| format!("test accuracy {:.2} %", a * 100.0))
    };
    let ensembles = world.set.stackings().iter().filter_map(|stacking| {
        let declared = ensemble::find(&stacking.ensemble)?;
        Some(Entry {
            key: declared.id,
            name: declared.name,
            group: "Ensembles",
            accuracy: stacking.test_accuracy,
            note: note(stacking.test_accuracy),
            answer: find(&world.answers.ensembles, declared.id),
            doc: declared.doc,
            model: None,
        })
    });
    let models = world.models.iter().map(|model| {
        let architecture = model.network.architecture();
        let accuracy = model.metadata.test_accuracy;
        Entry {
            key: &model.key,
            name: &model.name,
            group: match model.origin {
                Origin::Shipped => architecture.family().name(),
                _ => "Yours",
            },
            accuracy,
            note: match &model.origin {
                Origin::Live { epochs } => format!("after {epochs} epochs"),
                _ => note(accuracy),
            },
            answer: find(&world.answers.answers, &model.key),
            doc: architecture.doc,
            model: Some(model),
        }
    });
    let guests = world.guests.iter().filter(|_| !world.digit.is_blank()).map(guest);
    ensembles.chain(models).chain(guests).collect()
}

/// The answer of a workspace's own network.
fn guest(guest: &Guest) -> Entry<'_> {
    let note = match guest.accuracy {
        Some(a) => format!("test accuracy {:.2} %", a * 100.0),
        None => guest.note.to_owned(),
    };
    Entry {
        key: &guest.answer.key,
        name: &guest.name,
        group: guest.group,
        accuracy: guest.accuracy,
        note,
        answer: Some(&guest.answer),
        doc: guest.doc,
        model: None,
    }
}

impl Entry<'_> {
    /// As a screen reader says it.
    pub fn spoken(&self) -> String {
        match self.answer.map(Answer::best) {
            Some((Some(digit), sure)) => {
                format!("{} answers {digit}, {} sure", self.name, certainty(sure))
            }
            Some((None, _)) => {
                format!("{} answers none: no digit is ahead of the others", self.name)
            }
            None => format!("{}: no answer yet", self.name),
        }
    }

    /// What there is to know about it.
    pub fn details(&self, ui: &mut Ui) {
        ui.label(RichText::new(self.name).font(theme::strong(14.0)));
        ui.label(self.doc);
        ui.label(&self.note);
        if let Some(m) = self.model.map(|m| &m.metadata) {
            ui.label(format!(
                "Trained on {} ({} digits) for {} epochs, seed {}.",
                m.dataset,
                grouped(m.subset as u64),
                m.epochs,
                m.seed
            ));
        }
        let Some(answer) = self.answer else { return };
        ui.label(format!("This answer took {:.2} ms.", answer.took_ms));
        egui::Grid::new("probabilities").num_columns(2).spacing([14.0, 1.0]).show(ui, |ui| {
            for (digit, probability) in answer.probabilities.iter().enumerate() {
                ui.label(digit.to_string());
                ui.label(format!("{:.4} %", probability * 100.0));
                ui.end_row();
            }
        });
    }
}

/// `All 13 say 3`, or who says what.
pub fn agreement(entries: &[Entry<'_>]) -> String {
    // The last place is for no answer.
    let mut votes = [0usize; 11];
    for (digit, _) in entries.iter().filter_map(|e| e.answer.map(Answer::best)) {
        votes[digit.unwrap_or(10)] += 1;
    }
    let mut all: Vec<(usize, usize)> =
        votes.into_iter().enumerate().filter(|(_, n)| *n > 0).collect();
    all.sort_by_key(|(digit, n)| (std::cmp::Reverse(*n), *digit));
    let all: Vec<(String, usize)> =
        all.into_iter().map(|(d, n)| (said((d < 10).then_some(d)), n)).collect();
    match &all[..] {
        [] => "…".to_owned(),
        [(digit, 1)] => format!("It says {digit}"),
        [(digit, n)] => format!("All {n} say {digit}"),
        several => {
            let parts: Vec<String> = several
                .iter()
                .map(|(digit, n)| format!("{n} {} {digit}", if *n == 1 { "says" } else { "say" }))
                .collect();
            format!("They disagree: {}", parts.join(", "))
        }
    }
}

/// The buttons for the order of the list.
pub fn order(ui: &mut Ui, view: &AnswersView, out: &mut Outbox) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(RichText::new("Sort by").small());
        for (order, name, tip) in [
            (AnswersOrder::Kind, "kind", "Ensembles, dense, convolutional, recurrent, yours"),
            (AnswersOrder::Certainty, "certainty", "The most certain first"),
            (AnswersOrder::Accuracy, "accuracy", "The best on the test set first"),
        ] {
            let on = view.order == order;
            let text = RichText::new(name).small();
            if ui.selectable_label(on, text).on_hover_text(tip).clicked() {
                out.push(DrawEdit::Answers(AnswersView { order, ..view.clone() }));
            }
        }
    });
}

/// The buttons for the set of weights in the box, where there are several.
pub fn sets(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    if SETS.len() < 2 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(RichText::new("Trained on").small());
        for set in SETS {
            let on = desk.session.weight_set == set.id;
            let text = RichText::new(set.how).small();
            if ui.selectable_label(on, text).on_hover_text(set.doc).clicked() && !on {
                out.push(Command::WeightSet(set.id));
            }
        }
        ui.label(RichText::new("digits").small());
    });
}

/// Under an ensemble's card: how much each member did for its answer.
pub fn trust(ui: &mut Ui, entry: &Entry<'_>, entries: &[Entry<'_>]) {
    let Some(answer) = entry.answer.filter(|a| !a.trust.is_empty()) else { return };
    let p = palette(ui.visuals());
    let tip = "Stacking: each member's share of what sets this answer apart from the runner-up, for this digit. Below zero: it spoke for the other.";
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::new(8.0, 1.0);
        ui.label(RichText::new("Trusts").small().color(p.weak)).on_hover_text(tip);
        let mut shares: Vec<_> = answer.trust.iter().collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        for (key, share) in shares {
            let name = entries.iter().find(|e| e.key == key).map_or(&key[..], |e| e.name);
            let colour = if *share < 0.0 { p.warning } else { p.text };
            let text = format!("{name} {:.0} %", share * 100.0);
            // A name and its number stay on one line.
            let text = text.replace('-', "−").replace(' ', "\u{a0}");
            ui.label(RichText::new(text).small().color(colour)).on_hover_text(tip);
        }
    });
}

/// The rows; a click shows one large. Gives those rows that can be removed.
pub fn show(
    ui: &mut Ui,
    mut entries: Vec<Entry<'_>>,
    view: &AnswersView,
    truth: Option<u8>,
    out: &mut Outbox,
) -> Vec<(String, egui::Response)> {
    let sure = |e: &Entry<'_>| e.answer.map_or(0.0, |a| a.best().1);
    match view.order {
        AnswersOrder::Kind => {}
        AnswersOrder::Certainty => entries.sort_by(|a, b| sure(b).total_cmp(&sure(a))),
        AnswersOrder::Accuracy => {
            entries.sort_by(|a, b| b.accuracy.unwrap_or(0.0).total_cmp(&a.accuracy.unwrap_or(0.0)));
        }
    }
    ui.spacing_mut().item_spacing.y = 1.0;
    let mut removable = Vec::new();
    let mut group = "";
    for entry in &entries {
        if view.order == AnswersOrder::Kind && entry.group != group {
            group = entry.group;
            let weak = palette(ui.visuals()).weak;
            ui.label(RichText::new(group).small().color(weak));
        }
        let response = row(ui, entry, entry.key == view.large, truth);
        if response.clicked() {
            out.push(DrawEdit::Answers(AnswersView {
                large: entry.key.to_owned(),
                ..view.clone()
            }));
        }
        if entry.model.is_some_and(|m| matches!(m.origin, Origin::Run(_))) {
            removable.push((entry.key.to_owned(), response));
        }
    }
    removable
}

/// Name, ten small bars, the answer, how sure, and the test accuracy.
fn row(ui: &mut Ui, entry: &Entry<'_>, large: bool, truth: Option<u8>) -> egui::Response {
    let p = palette(ui.visuals());
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, ROW), Sense::click());
    let painter = ui.painter();
    if large || response.hovered() || response.has_focus() {
        painter.rect_filled(rect, CornerRadius::same(5), if large { p.well } else { p.card });
    }
    let middle = rect.center().y;
    let right = rect.right() - 6.0;
    if let Some(accuracy) = entry.accuracy {
        let text = format!("{:.2}", accuracy * 100.0);
        painter.text(pos2(right, middle), Align2::RIGHT_CENTER, text, theme::regular(12.0), p.weak);
    }
    let sure_at = right - 42.0;
    let digit_at = sure_at - 58.0;
    // The bars stand where the longest name and the digit leave room for them.
    let names = (width * 0.34).clamp(112.0, 150.0);
    let bars = Rect::from_min_max(
        pos2(rect.left() + names + 4.0, rect.top() + 4.0),
        pos2(digit_at - 26.0, rect.bottom() - 4.0),
    );
    let with_bars = bars.width() > 50.0;
    let end = if with_bars { bars.left() - 4.0 } else { digit_at - 14.0 };
    let name = painter.layout_no_wrap(entry.name.to_owned(), theme::regular(13.5), p.text);
    let clip = Rect::from_min_max(rect.min, pos2(end, rect.bottom()));
    let at = pos2(rect.left() + 6.0, middle - name.size().y / 2.0);
    painter.with_clip_rect(clip).galley(at, name, p.text);
    if let Some((digit, sure)) = entry.answer.map(Answer::best) {
        let wrong = truth.is_some_and(|t| Some(usize::from(t)) != digit);
        let colour = if wrong { p.warning } else { p.text };
        let text = if wrong { format!("✗ {}", said(digit)) } else { said(digit) };
        let font = theme::strong(if digit.is_some() { 19.0 } else { 12.5 });
        painter.text(pos2(digit_at, middle), Align2::RIGHT_CENTER, text, font, colour);
        let font = theme::regular(12.5);
        if digit.is_some() {
            painter.text(
                pos2(sure_at, middle),
                Align2::RIGHT_CENTER,
                certainty(sure),
                font,
                colour,
            );
        }
    }
    if with_bars {
        small_bars(ui, bars, entry.answer);
    }
    let spoken = entry.spoken();
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, large, &spoken));
    response.on_hover_ui_at_pointer(|ui| entry.details(ui))
}

fn small_bars(ui: &Ui, rect: Rect, answer: Option<&Answer>) {
    let p = palette(ui.visuals());
    let column = rect.width() / 10.0;
    let best = answer.and_then(|a| a.best().0);
    for digit in 0..10 {
        let value = answer.map_or(0.0, |a| a.probabilities[digit]);
        let left = rect.left() + digit as f32 * column;
        let well = Rect::from_min_max(
            pos2(left + 1.0, rect.top()),
            pos2(left + column - 1.0, rect.bottom()),
        );
        ui.painter().rect_filled(well, CornerRadius::same(2), p.well);
        if value > 0.004 {
            let top = rect.bottom() - rect.height() * value;
            let colour =
                if best == Some(digit) { p.accent } else { theme::blend(p.line, p.accent, 0.45) };
            let bar = Rect::from_min_max(pos2(well.left(), top), well.max);
            ui.painter().rect_filled(bar, CornerRadius::same(2), colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_counts_the_votes() {
        let answer = |digit: usize| Answer {
            key: String::new(),
            // Ten: all alike.
            probabilities: std::array::from_fn(|d| match digit {
                10 => 0.1,
                _ if d == digit => 0.91,
                _ => 0.01,
            }),
            took_ms: 0.0,
            trust: Vec::new(),
        };
        let say = |digits: &[usize]| {
            let answers: Vec<Answer> = digits.iter().map(|d| answer(*d)).collect();
            let entry = |answer| Entry {
                key: "",
                name: "",
                group: "",
                accuracy: None,
                note: String::new(),
                answer: Some(answer),
                doc: "",
                model: None,
            };
            agreement(&answers.iter().map(entry).collect::<Vec<_>>())
        };
        assert_eq!(say(&[3, 3, 3]), "All 3 say 3");
        assert_eq!(say(&[5, 3, 3]), "They disagree: 2 say 3, 1 says 5");
        assert_eq!(say(&[5]), "It says 5");
        assert_eq!(say(&[3, 10, 3]), "They disagree: 2 say 3, 1 says none");
        assert_eq!(say(&[10]), "It says none");
        assert_eq!(say(&[]), "…");
    }
}
