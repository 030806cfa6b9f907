//! All answers in a list: one row each, grouped or sorted, so that agreement and
//! disagreement are seen at a glance. Networks that are learning stand apart: what
//! they answer changes no headline.

use egui::{CornerRadius, Rect, RichText, Sense, Stroke, StrokeKind, Ui, Vec2, pos2};

use super::DrawEdit;
use super::World;
use super::settings::{AnswersOrder, AnswersView};
use crate::ann::bundled::SETS;
use crate::ann::ensemble;
use crate::core::csv::{self, optional, row as cells};
use crate::core::decision::said;
use crate::core::text::{certainty, grouped};
use crate::data::registry::{self, SYNTHETIC};
use crate::ui::command::{Command, Outbox};
use crate::ui::desk::{Desk, Guest};
use crate::ui::theme::{self, palette};
use crate::workers::answers::Answer;
use crate::workers::models::{Model, Origin};

/// Height of a row, points.
const ROW: f32 = 26.0;
/// Tallest row where rows are in two columns, points.
const TALL_ROW: f32 = 36.0;
/// Names in a headline; beyond it, networks are counted.
const NAMED: usize = 2;
/// Heading of those that do not vote.
const APART: &str = "Not in the vote: learning, or spiking";

/// Who answers, and what.
pub struct Entry<'a> {
    /// [`Model::key`], or an ensemble's id.
    pub key: &'a str,
    /// For people.
    pub name: &'a str,
    /// Heading of its group.
    pub group: &'static str,
    /// Whether its answer counts: it is not being trained just now.
    pub votes: bool,
    /// Accuracy on the test set, 0 to 1.
    pub accuracy: Option<f64>,
    /// Digits of that test set.
    pub tested_on: &'a str,
    /// The accuracy in words, or how far a network in training is.
    pub note: String,
    /// What it answers, if it has.
    pub answer: Option<&'a Answer>,
    doc: &'a str,
    model: Option<&'a Model>,
}

/// A data set, as in `test accuracy on …`.
fn data_name(id: &str) -> &str {
    match registry::find(id) {
        Some(_) if id == SYNTHETIC => "synthetic digits",
        Some(source) => source.name,
        None => id,
    }
}

fn note(accuracy: Option<f64>, on: &str) -> String {
    accuracy.map_or_else(
        || "not tested".into(),
        |a| format!("test accuracy {:.2} % on {on}", a * 100.0),
    )
}

/// The bundled ensembles, then all models at hand, then those that do not vote.
pub fn entries<'a>(world: &'a World<'_>) -> Vec<Entry<'a>> {
    let find = |answers: &'a [Answer], key: &str| {
        answers.iter().find(|a| a.key == key).filter(|_| !world.digit.is_blank())
    };
    let mnist = data_name("mnist");
    let ensembles = world.set.stackings().iter().filter_map(|stacking| {
        let declared = ensemble::find(&stacking.ensemble)?;
        Some(Entry {
            key: declared.id,
            name: declared.name,
            group: "Ensembles",
            votes: true,
            accuracy: stacking.test_accuracy,
            tested_on: mnist,
            note: note(stacking.test_accuracy, mnist),
            answer: find(&world.answers.ensembles, declared.id),
            doc: declared.doc,
            model: None,
        })
    });
    let models = world.models.iter().map(|model| {
        let architecture = model.network.architecture();
        let accuracy = model.metadata.test_accuracy;
        let tested_on = data_name(&model.metadata.dataset);
        let votes = !matches!(model.origin, Origin::Live { .. });
        Entry {
            key: &model.key,
            name: &model.name,
            group: match model.origin {
                Origin::Bundled => architecture.family().name(),
                Origin::Run(_) => "Trained here",
                Origin::Live { .. } => APART,
            },
            votes,
            accuracy: accuracy.filter(|_| votes),
            tested_on,
            note: match &model.origin {
                Origin::Live { epochs } => format!("learning, after {epochs} epochs"),
                _ => note(accuracy, tested_on),
            },
            answer: find(&world.answers.answers, &model.key),
            doc: architecture.doc,
            model: Some(model),
        }
    });
    let guests = world.guests.iter().filter(|_| !world.digit.is_blank()).map(guest);
    let mut all: Vec<Entry<'a>> = ensembles.chain(models).chain(guests).collect();
    all.sort_by_key(|e| !e.votes);
    all
}

/// The answer of a workspace's own network.
fn guest(guest: &Guest) -> Entry<'_> {
    let tested_on = "its test digits";
    Entry {
        key: &guest.answer.key,
        name: &guest.name,
        group: APART,
        votes: false,
        accuracy: guest.accuracy,
        tested_on,
        note: match guest.accuracy {
            Some(_) => note(guest.accuracy, tested_on),
            None => guest.note.to_owned(),
        },
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
                "Trained on {} of {} for {} epochs, seed {}.",
                grouped(m.subset as u64),
                data_name(&m.dataset),
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

/// What each of those that vote answers: the digit, or ten for none; and their names.
/// The most frequent first.
fn votes<'a>(entries: &'a [Entry<'_>]) -> Vec<(usize, Vec<&'a str>)> {
    let mut votes: Vec<(usize, Vec<&str>)> = (0..11).map(|digit| (digit, Vec::new())).collect();
    for entry in entries.iter().filter(|e| e.votes) {
        if let Some((digit, _)) = entry.answer.map(Answer::best) {
            votes[digit.unwrap_or(10)].1.push(entry.name);
        }
    }
    votes.retain(|(_, names)| !names.is_empty());
    votes.sort_by_key(|(digit, names)| (std::cmp::Reverse(names.len()), *digit));
    votes
}

/// What most answer, if that is one digit.
fn majority(entries: &[Entry<'_>]) -> Option<usize> {
    match &votes(entries)[..] {
        [(digit, _)] => Some(*digit),
        [(digit, first), (_, second), ..] if first.len() > second.len() => Some(*digit),
        _ => None,
    }
}

/// `All 13 say 3`, or who says what.
pub fn agreement(entries: &[Entry<'_>]) -> String {
    let votes = votes(entries);
    let digit = |digit: usize| said((digit < 10).then_some(digit));
    match &votes[..] {
        [] => "…".to_owned(),
        [(d, names)] if names.len() == 1 => format!("It says {}", digit(*d)),
        [(d, names)] => format!("All {} say {}", names.len(), digit(*d)),
        several => {
            let part = |(i, (d, names)): (usize, &(usize, Vec<&str>))| {
                let verb = if names.len() == 1 { "says" } else { "say" };
                let who = match names.len() {
                    // Whoever differs from most is named; a name stays on one line.
                    n if i > 0 && n <= NAMED => names
                        .iter()
                        .map(|n| n.replace(' ', "\u{a0}"))
                        .collect::<Vec<_>>()
                        .join(" and "),
                    n => n.to_string(),
                };
                format!("{who} {verb} {}", digit(*d))
            };
            let parts: Vec<String> = several.iter().enumerate().map(part).collect();
            format!("They disagree: {}", parts.join(", "))
        }
    }
}

/// All answers as a table.
pub fn csv(entries: &[Entry<'_>]) -> String {
    let headings =
        "network,votes,answer,p0,p1,p2,p3,p4,p5,p6,p7,p8,p9,took_ms,test_accuracy,tested_on";
    let rows = entries.iter().filter_map(|e| {
        let answer = e.answer?;
        let mut row = cells![e.name, e.votes, said(answer.best().0)].to_vec();
        row.extend(answer.probabilities.iter().map(f32::to_string));
        let on = if e.accuracy.is_some() { e.tested_on } else { "" };
        row.extend(cells![answer.took_ms, optional(e.accuracy), on]);
        Some(row)
    });
    csv::text(headings.split(','), rows)
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

/// The buttons for the bundled set of weights, where there are several.
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

/// Height of the rows in two columns, so many high at least, points.
pub fn height(entries: &[Entry<'_>], view: &AnswersView, columns: usize) -> f32 {
    let voting = entries.iter().filter(|e| e.votes).count();
    let apart = entries.len() - voting;
    let heading = if apart > 0 { 20.0 } else { 0.0 };
    let mut groups: Vec<&str> = entries.iter().filter(|e| e.votes).map(|e| e.group).collect();
    groups.dedup();
    let headed = columns == 1 && view.order == AnswersOrder::Kind;
    let headings = if headed { 20.0 * groups.len() as f32 } else { 0.0 };
    let rows = voting.div_ceil(columns) + apart.div_ceil(columns);
    rows as f32 * (ROW + 1.0) + heading + headings
}

/// The rows; a click shows one large. Where they are not all in view in one column,
/// there are two. Gives those rows that can be removed.
pub fn show(
    ui: &mut Ui,
    mut entries: Vec<Entry<'_>>,
    view: &AnswersView,
    truth: Option<u8>,
    out: &mut Outbox,
) -> Vec<(String, egui::Response)> {
    let sure = |e: &Entry<'_>| e.answer.map_or(0.0, |a| a.best().1);
    let most = majority(&entries);
    match view.order {
        AnswersOrder::Kind => {}
        AnswersOrder::Certainty => {
            entries.sort_by(|a, b| b.votes.cmp(&a.votes).then(sure(b).total_cmp(&sure(a))));
        }
        AnswersOrder::Accuracy => {
            let known = |e: &Entry<'_>| e.accuracy.unwrap_or(0.0);
            entries.sort_by(|a, b| b.votes.cmp(&a.votes).then(known(b).total_cmp(&known(a))));
        }
    }
    ui.spacing_mut().item_spacing.y = 1.0;
    let mut removable = Vec::new();
    let mut one = |ui: &mut Ui, entry: &Entry<'_>, height: f32| {
        let differs = entry.votes
            && most
                .is_some_and(|most| entry.answer.is_some_and(|a| a.best().0.unwrap_or(10) != most));
        let look = Look { large: entry.key == view.large, truth, differs, height };
        let response = row(ui, entry, &look);
        if response.clicked() {
            out.push(DrawEdit::Answers(AnswersView {
                large: entry.key.to_owned(),
                ..view.clone()
            }));
        }
        if entry.model.is_some_and(|m| matches!(m.origin, Origin::Run(_))) {
            removable.push((entry.key.to_owned(), response));
        }
    };
    let columns = if height(&entries, view, 1) > ui.available_height() { 2 } else { 1 };
    let spare = ui.available_height() - height(&entries, view, columns);
    let (voting, apart) = entries.split_at(entries.iter().filter(|e| e.votes).count());
    let rows = voting.len().div_ceil(2) + apart.len().div_ceil(2);
    let tall = match columns {
        1 => ROW,
        _ => (ROW + spare / rows.max(1) as f32 - 1.0).clamp(ROW, TALL_ROW),
    };
    let mut group = "";
    for (entries, votes) in [(voting, true), (apart, false)] {
        if columns == 2 {
            if !votes && !entries.is_empty() {
                heading(ui, APART);
            }
            let half = entries.len().div_ceil(2);
            ui.columns(2, |ui| {
                for (i, entry) in entries.iter().enumerate() {
                    one(&mut ui[usize::from(i >= half)], entry, tall);
                }
            });
            continue;
        }
        for entry in entries {
            if (view.order == AnswersOrder::Kind || !votes) && entry.group != group {
                group = entry.group;
                heading(ui, group);
            }
            one(ui, entry, tall);
        }
    }
    removable
}

fn heading(ui: &mut Ui, text: &str) {
    let weak = palette(ui.visuals()).weak;
    let text = RichText::new(text).small().color(weak);
    let tip =
        "What a network in training or a spiking network answers does not count in the headline";
    ui.label(text).on_hover_text(tip);
}

/// How a row is drawn.
struct Look {
    large: bool,
    truth: Option<u8>,
    /// It answers otherwise than most.
    differs: bool,
    height: f32,
}

/// Name, ten small bars, the answer, how sure, and the test accuracy; where there is
/// little room, the name and the answer.
fn row(ui: &mut Ui, entry: &Entry<'_>, look: &Look) -> egui::Response {
    let p = palette(ui.visuals());
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, look.height), Sense::click());
    let painter = ui.painter();
    if look.large || response.hovered() || response.has_focus() {
        let fill = if look.large { p.well } else { p.card };
        painter.rect_filled(rect, CornerRadius::same(5), fill);
    }
    if look.differs {
        let stroke = Stroke::new(1.5, p.warning);
        painter.rect_stroke(rect.shrink(0.5), CornerRadius::same(5), stroke, StrokeKind::Inside);
    }
    let middle = rect.center().y;
    let text = |text: String, font, colour| painter.layout_no_wrap(text, font, colour);
    let put = |galley: std::sync::Arc<egui::Galley>, right: f32| {
        let size = galley.size();
        painter.galley(pos2(right - size.x, middle - size.y / 2.0), galley, p.text);
        right - size.x
    };
    let mut name = text(entry.name.to_owned(), theme::regular(13.5), p.text);
    // `MLP, trained 28 Nov, 98.1 %` loses what comes last.
    for (end, _) in entry.name.rmatch_indices(", ") {
        if name.size().x + 48.0 < width {
            break;
        }
        name = text(entry.name[..end].to_owned(), theme::regular(13.5), p.text);
    }
    let names = (width * 0.34).clamp(112.0, 150.0).max(name.size().x + 4.0);
    let left = rect.left() + 6.0;
    let name_end = left + name.size().x + 8.0;
    painter.galley(pos2(left, middle - name.size().y / 2.0), name, p.text);
    let mut right = rect.right() - 6.0;
    let answer = entry.answer.map(Answer::best);
    let wide = width > 260.0 && right - 42.0 - 58.0 - 40.0 > name_end;
    if wide {
        if let Some(accuracy) = entry.accuracy {
            let number = format!("{:.2}", accuracy * 100.0);
            put(text(number, theme::regular(12.0), p.weak), right);
        }
        right -= 42.0;
    }
    let mut bars_end = right - 58.0 - 26.0;
    if let Some((digit, sure)) = answer {
        let wrong = look.truth.is_some_and(|t| Some(usize::from(t)) != digit);
        let colour = if wrong || look.differs { p.warning } else { p.text };
        let mark = match (wrong, look.differs) {
            (true, _) => "✗ ",
            (_, true) => "≠ ",
            _ => "",
        };
        let font = theme::strong(if digit.is_some() { 19.0 } else { 12.5 });
        let said = text(format!("{mark}{}", said(digit)), font, colour);
        // Without decimals where there is no room for them, and never 100.
        let short = || format!("{:.0} %", (sure * 100.0).floor().min(99.0));
        let (sure, room) = if wide { (certainty(sure), 58.0) } else { (short(), 40.0) };
        if digit.is_some() && right - room - said.size().x > name_end - 4.0 {
            put(text(sure, theme::regular(12.5), colour), right);
            right -= room;
        }
        bars_end = put(said, right).min(bars_end);
    }
    let bars = Rect::from_min_max(
        pos2(rect.left() + names + 4.0, rect.top() + 4.0),
        pos2(bars_end - 6.0, rect.bottom() - 4.0),
    );
    if wide && bars.width() > 50.0 {
        small_bars(ui, bars, entry.answer);
    }
    let spoken = entry.spoken();
    response
        .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, look.large, &spoken));
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

    fn entry<'a>(answer: &'a Answer, name: &'a str, votes: bool) -> Entry<'a> {
        Entry {
            key: "",
            name,
            group: "",
            votes,
            accuracy: None,
            tested_on: "",
            note: String::new(),
            answer: Some(answer),
            doc: "",
            model: None,
        }
    }

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
            let names = ["A", "B", "C", "D", "E", "F"];
            let mut all: Vec<_> =
                answers.iter().zip(names).map(|(a, name)| entry(a, name, true)).collect();
            // What is learning changes nothing.
            let learning = answer(7);
            all.push(entry(&learning, "G", false));
            agreement(&all)
        };
        assert_eq!(say(&[3, 3, 3]), "All 3 say 3");
        assert_eq!(say(&[5, 3, 3]), "They disagree: 2 say 3, A says 5");
        assert_eq!(say(&[5, 3, 3, 3, 5]), "They disagree: 3 say 3, A and E say 5");
        assert_eq!(say(&[5, 5, 5, 3, 3, 3]), "They disagree: 3 say 3, 3 say 5");
        assert_eq!(say(&[5]), "It says 5");
        assert_eq!(say(&[3, 10, 3]), "They disagree: 2 say 3, B says none");
        assert_eq!(say(&[10]), "It says none");
        assert_eq!(say(&[]), "…");
    }
}
