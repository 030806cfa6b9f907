//! All answers in a list: one row each, grouped or sorted, so that agreement and
//! disagreement are seen at a glance.

use egui::{CornerRadius, Rect, RichText, Sense, Stroke, StrokeKind, Ui, Vec2, pos2};

use super::entries::{APART, Entry, majority};
use super::settings::{AnswersOrder, AnswersView};
use super::{DrawEdit, World};
use crate::ann::bundled::SETS;
use crate::core::text::certainty;
use crate::data::ClassNames;
use crate::ui::command::{Command, Outbox};
use crate::ui::desk::Desk;
use crate::ui::theme::{self, palette};
use crate::workers::answers::Answer;
use crate::workers::models::Origin;

/// Height of a row, points.
const ROW: f32 = 26.0;
/// Tallest row where rows are in two columns, points.
const TALL_ROW: f32 = 36.0;
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
    world: &World<'_>,
    mut entries: Vec<Entry<'_>>,
    view: &AnswersView,
    truth: Option<(u8, &ClassNames)>,
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
        let truth = entry.truth(truth);
        let look = RowLook { large: entry.key == view.large, truth, differs, height };
        let response = row(ui, world, entry, &look);
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
    let tip = "What a network in training, a spiking network or one that tells other classes apart answers does not count in the headline";
    ui.label(text).on_hover_text(tip);
}

/// How a row is drawn.
struct RowLook {
    large: bool,
    truth: Option<u8>,
    /// It answers otherwise than most.
    differs: bool,
    height: f32,
}

/// Name, ten small bars, the answer, how sure, and the test accuracy; where there is
/// little room, the name and the answer.
fn row(ui: &mut Ui, world: &World<'_>, entry: &Entry<'_>, look: &RowLook) -> egui::Response {
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
    // Answer and certainty keep their place beside a name of any length.
    let most = (width - 82.0).max(100.0);
    if name.size().x > most {
        let said = name.text().to_owned();
        let mut job = egui::text::LayoutJob::simple(said, theme::regular(13.5), p.text, most);
        job.wrap = egui::text::TextWrapping::truncate_at_width(most);
        name = painter.layout_job(job);
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
        let large = digit.is_some() && entry.classes.is_digits();
        let font = theme::strong(if large { 19.0 } else { 12.5 });
        let said = text(format!("{mark}{}", entry.classes.said(digit)), font, colour);
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
        small_bars(ui, bars, entry.answer, entry.classes.count());
    }
    let spoken = entry.spoken();
    response
        .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, look.large, &spoken));
    response.on_hover_ui(|ui| entry.details(ui, world))
}

fn small_bars(ui: &Ui, rect: Rect, answer: Option<&Answer>, count: usize) {
    let p = palette(ui.visuals());
    let column = rect.width() / count as f32;
    // Many bars stand closer.
    let gap = (0.15 * column).min(1.0);
    let best = answer.and_then(|a| a.best().0);
    for digit in 0..count {
        let value = answer.map_or(0.0, |a| a.probabilities.of(digit));
        let left = rect.left() + digit as f32 * column;
        let well = Rect::from_min_max(
            pos2(left + gap, rect.top()),
            pos2(left + column - gap, rect.bottom()),
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
