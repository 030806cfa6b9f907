//! What is behind a cell: its curve, histogram, counts, or the synapse and what it read;
//! and the workspace where one can play with it.

use egui::{Align, ComboBox, Id, Layout, RichText, Sense, Stroke, Ui, vec2};
use egui_plot::{Bar, BarChart, Line, LineStyle, PlotPoints};

use super::{CloseEdit, World, board, curves, form, synapse};
use crate::core::csv::{self, row};
use crate::core::decision::said;
use crate::data::dataset::Dataset;
use crate::data::registry::SYNTHETIC;
use crate::scoreboard::board::{Broken, Cell, Curve, Detail, Histogram, Kind, Profile};
use crate::scoreboard::criteria::{Criterion, Group};
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, names as legend};
use crate::ui::widgets::{digit_view, figure, names, page};

/// A workspace by its id, and what one does there.
type Room = (&'static str, &'static str);

/// Where one can play with what was measured.
fn room_of(profile: &Profile, criterion: &Criterion) -> Room {
    let is = |part: &str| criterion.id.contains(part);
    match criterion.group {
        _ if profile.kind == Kind::Converted => ("conversion", "Convert one yourself"),
        _ if profile.id.starts_with("diehl") => ("spiking", "See it learn by spikes"),
        Group::Structure if is("time") || is("carrier") => {
            ("deep", "See spikes and their credit in time")
        }
        Group::Structure => ("alternatives", "Cut wires, change weights: Alternatives"),
        Group::Learning if is("accuracy") => ("draw", "Draw a digit for it"),
        Group::Learning => ("train", "Train one yourself"),
        Group::Robustness if is("neuron") || is("synapse") || is("weight") => {
            ("spiking", "Damage a network of spikes")
        }
        Group::Robustness => ("draw", "Disturb a digit of your own: Draw"),
        Group::Cost if is("time") => ("deep", "Stop it when it is sure: Deep spikes"),
        Group::Cost => ("conversion", "Count spikes and operations: Conversion"),
        Group::Code if is("spars") => ("deep", "See how much layers fire"),
        Group::Code => ("fields", "Look at the fields of its neurons"),
    }
}

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !form::has_board(ui, world) {
        return;
    }
    let Some((profile, criterion)) = world.room.looked_at() else { return };
    let from = ui.next_widget_position();
    figure::controls(ui, |ui| chooser(ui, world, profile, criterion, out));
    let cell = profile.cells.get(criterion.id);
    let p = palette(ui.visuals());
    let title = format!("{} · {}: {}", profile.name, criterion.name, board::full(criterion, cell));
    let title = ui.label(RichText::new(title).font(theme::strong(16.0)));
    // How it is measured comes on hovering where the figure needs the room.
    if page::small(ui) && !figure::saving(ui.ctx()) {
        title.on_hover_text(criterion.doc);
    } else {
        ui.label(RichText::new(criterion.doc).color(p.weak));
    }
    let remark = board::remark(cell);
    if !remark.is_empty() {
        ui.label(remark);
    }
    let below = if figure::saving(ui.ctx()) { 8.0 } else { 42.0 };
    let height = (ui.available_height() - below).clamp(170.0, 460.0);
    match cell.and_then(|c| c.detail.as_ref()) {
        Some(Detail::Curve(curve)) => curve_of(ui, world, (profile, criterion), curve, height),
        Some(Detail::Histogram(histogram)) => bars(ui, profile, histogram, height),
        // It is as high as it has quantities; what does not fit is scrolled to, and nothing lies
        // on the buttons.
        Some(Detail::Reads(reads)) if !figure::saving(ui.ctx()) => {
            let room = (ui.available_height() - below).max(170.0);
            egui::ScrollArea::vertical()
                .id_salt("synapse")
                .max_height(room)
                .auto_shrink([false, true])
                .show(ui, |ui| synapse::show(ui, reads));
        }
        Some(Detail::Reads(reads)) => synapse::show(ui, reads),
        Some(Detail::Counts(counts)) => count(ui, counts),
        None if cell.is_some_and(|c| c.value.is_some()) => {
            ui.label(
                RichText::new(
                    "This number is counted, or measured as a whole: there is no curve behind it.",
                )
                .color(p.weak),
            );
        }
        None => {}
    }
    figure::save_below(ui, out, "measurement", from, || text(profile, criterion, cell));
}

/// Which cell, and the way to play with it.
fn chooser(
    ui: &mut Ui,
    world: &World<'_>,
    profile: &Profile,
    criterion: &'static Criterion,
    out: &mut Outbox,
) {
    let look =
        |subject: &str, criterion: &str| CloseEdit::Look(subject.to_owned(), criterion.to_owned());
    ui.horizontal_wrapped(|ui| {
        let list = ("looked at", "Subject");
        if let Some(id) = form::subjects(ui, list, &world.room.table, Some(profile), 180.0) {
            out.push(look(&id, criterion.id));
        }
        let list = ComboBox::from_id_salt("criterion looked at")
            .selected_text(criterion.name)
            .width(180.0)
            .show_ui(ui, |ui| {
                for (group, name) in Group::ALL {
                    let mut of = world.room.criteria.iter().filter(|c| c.group == group).peekable();
                    if of.peek().is_some() {
                        ui.label(RichText::new(name).small().color(palette(ui.visuals()).weak));
                    }
                    for other in of {
                        if ui.selectable_label(other.id == criterion.id, other.name).clicked() {
                            out.push(look(&profile.id, other.id));
                        }
                    }
                }
            });
        names::list(list.response, None, "Criterion", criterion.name);
        let (room, what) = room_of(profile, criterion);
        if ui.button(what).on_hover_text("Shows the workspace where one can play with it").clicked()
        {
            out.push(Command::Show(room));
        }
    });
}

fn curve_of(
    ui: &mut Ui,
    world: &World<'_>,
    (profile, criterion): (&Profile, &'static Criterion),
    curve: &Curve,
    height: f32,
) {
    let tiles = if curve.broken.is_empty() { 0.0 } else { 104.0 };
    let shown = curves::all(ui, world, world.room.profile(&profile.id), criterion.id);
    let height = (height - tiles).max(150.0);
    curves::chart(ui, world, ("close measurement", criterion), &shown, height);
    if !curve.broken.is_empty() {
        broken(ui, world, profile, curve);
    }
}

/// Digits that were read rightly as they are, and wrongly there.
fn broken(ui: &mut Ui, world: &World<'_>, profile: &Profile, curve: &Curve) {
    let p = palette(ui.visuals());
    let made = profile.kind == Kind::You && world.library.mnist.split().is_none();
    let digits = world.library.source(if made { SYNTHETIC } else { "mnist" }).split();
    let test: Option<&Dataset> = digits.map(|split| &*split.test);
    let text = if test.is_some() {
        "Digits that broke it, as they are: the class, what was answered, and at which strength"
    } else {
        "Digits that broke it: the class, what was answered, and at which strength. Their pictures are MNIST’s, which is not here."
    };
    ui.label(RichText::new(text).small().color(p.weak));
    let most = ((ui.available_width() / 62.0) as usize).max(1);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        for (i, digit) in curve.broken.iter().take(most).enumerate() {
            tile(ui, i, digit, curve, test);
        }
    });
}

fn tile(ui: &mut Ui, i: usize, digit: &Broken, curve: &Curve, test: Option<&Dataset>) {
    let p = palette(ui.visuals());
    let at = curve.xs.get(digit.at).map_or_else(String::new, |x| board::number(*x));
    let words = format!("{} → {}", digit.label, said(digit.answer));
    ui.allocate_ui_with_layout(vec2(56.0, 82.0), Layout::top_down(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        if let Some(test) = test.filter(|t| digit.digit < t.len()) {
            let pixels = test.pixels(digit.digit);
            let label = format!("Test digit {}, a {words} at {at}", digit.digit);
            let id = Id::unique(("broken", i));
            let response = digit_view::show(ui, id, 46.0, &label, |k| pixels[k], Sense::hover());
            response.on_hover_text(label);
        }
        let words = match digit.answer {
            Some(_) => words,
            None => format!("{} → ?", digit.label),
        };
        ui.label(RichText::new(words).font(theme::strong(12.0)));
        ui.label(RichText::new(at).small().color(p.weak));
    });
}

/// How often a number came out, beside the untrained network's.
fn bars(ui: &mut Ui, profile: &Profile, histogram: &Histogram, height: f32) {
    let p = palette(ui.visuals());
    let (low, high) = histogram.range;
    let n = histogram.counts.len().max(1) as f64;
    let width = (high - low) / n;
    let most = histogram.counts.iter().chain(&histogram.untrained).fold(0.0f64, |a, b| a.max(*b));
    let mut of = vec![(profile.name.as_str(), p.series[0])];
    if !histogram.untrained.is_empty() {
        of.push(("the same network untrained (outline)", p.series[1]));
    }
    let above = ui.next_widget_position().y;
    legend(ui, of);
    let height = height - (ui.next_widget_position().y - above);
    let chart = Chart {
        id: "close histogram",
        axes: [&histogram.x, "how many"],
        bounds: [[low, 0.0], [high, most.max(1e-9) * 1.05]],
        height: height.max(120.0),
        legend: None,
        log_x: false,
    };
    let said = || {
        let all: Vec<String> = histogram.counts.iter().map(|c| board::number(*c)).collect();
        format!("Histogram of {}: {}", histogram.x, all.join(", "))
    };
    chart.show_said(ui, said, |plot| {
        let bar = |(i, count): (usize, &f64)| {
            Bar::new(low + (i as f64 + 0.5) * width, *count).width(0.9 * width)
        };
        let all = histogram.counts.iter().enumerate().map(bar).collect();
        plot.bar_chart(BarChart::new(&profile.name, all).color(p.series[0]).allow_hover(false));
        // An outline, so that neither hides the other.
        let corners: Vec<[f64; 2]> = histogram
            .untrained
            .iter()
            .enumerate()
            .flat_map(|(i, count)| {
                let left = low + i as f64 * width;
                [[left, *count], [left + width, *count]]
            })
            .collect();
        let line = Line::new("untrained", PlotPoints::from(corners)).allow_hover(false);
        plot.line(line.stroke(Stroke::new(2.0, p.series[1])).style(LineStyle::Solid));
    });
}

/// Names and numbers, with bars of powers of ten.
fn count(ui: &mut Ui, counts: &[(String, f64)]) {
    let p = palette(ui.visuals());
    let most = counts.iter().fold(0.0f64, |a, c| a.max(c.1));
    let log = most > 1000.0;
    let scale = |v: f64| if log { (v.max(0.0) + 1.0).log10() } else { v.max(0.0) };
    let name = (0.4 * ui.available_width()).min(300.0);
    for (what, number) in counts {
        ui.horizontal(|ui| {
            ui.allocate_ui_with_layout(
                vec2(name, 20.0),
                Layout::left_to_right(Align::Center),
                |ui| {
                    ui.set_min_width(name);
                    ui.add(egui::Label::new(what).wrap());
                },
            );
            let text = RichText::new(board::number(*number)).font(theme::strong(13.5));
            ui.allocate_ui_with_layout(
                vec2(86.0, 20.0),
                Layout::right_to_left(Align::Center),
                |ui| {
                    ui.set_min_width(86.0);
                    ui.label(text);
                },
            );
            let room = (ui.available_width() - 4.0).clamp(20.0, 360.0);
            let (rect, _) = ui.allocate_exact_size(vec2(room, 14.0), Sense::hover());
            ui.painter().rect_filled(rect, 2, p.well);
            let share = (scale(*number) / scale(most).max(1e-12)).clamp(0.0, 1.0) as f32;
            let mut bar = rect;
            bar.set_width(rect.width() * share);
            ui.painter().rect_filled(bar, 2, p.series[0]);
        });
    }
    if log {
        let note = "The bars are logarithmic: each tenth part of a bar is far more than it looks.";
        ui.label(RichText::new(note).small().color(p.weak));
    }
}

/// The measurement as CSV.
fn text(profile: &Profile, criterion: &'static Criterion, cell: Option<&Cell>) -> String {
    let what = format!("{}: {}", profile.name, criterion.name);
    match cell.and_then(|c| c.detail.as_ref()) {
        Some(Detail::Curve(c)) => {
            let rows =
                c.xs.iter().enumerate().map(|(i, x)| {
                    row![x, csv::optional(c.ys.get(i)), csv::optional(c.spread.get(i))]
                });
            csv::commented(&what, [c.x.as_str(), criterion.name, "standard error"], rows)
        }
        Some(Detail::Histogram(h)) => {
            let width = (h.range.1 - h.range.0) / h.counts.len().max(1) as f64;
            let rows = h.counts.iter().enumerate().map(|(i, count)| {
                row![h.range.0 + i as f64 * width, count, csv::optional(h.untrained.get(i))]
            });
            csv::commented(&what, [format!("{} from", h.x).as_str(), "count", "untrained"], rows)
        }
        Some(Detail::Reads(reads)) => {
            let rows = reads.iter().map(|r| row![r.quantity, r.local, r.read, r.change]);
            csv::commented(&what, ["quantity", "local", "read", "change"], rows)
        }
        Some(Detail::Counts(counts)) => {
            csv::commented(&what, ["what", "number"], counts.iter().map(|c| row![c.0, c.1]))
        }
        None => board::csv(&[profile], &[criterion]),
    }
}
