//! Inside: the hidden units of every network as heat maps over the steps, for the
//! LSTM its cells too, and one unit's state and gates as curves.

use egui::{Align2, ComboBox, Id, Rect, RichText, Sense, Stroke, Ui, UiBuilder, Vec2, pos2};

use super::chart::{Axes, Labels, scale};
use super::view::{kind, now};
use super::{TimeEdit, World};
use crate::ann::reading::{self, Cell, Order};
use crate::core::csv;
use crate::core::decision::first_max;
use crate::data::SIDE;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::page::NARROW;
use crate::ui::widgets::{figure, number};
use crate::workers::reading::Reading;

/// Draws the heat maps and the chosen unit.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let readings = &world.room.readings.readings;
    let kept = &world.room.kept;
    let Some(chosen) = readings.iter().find(|r| r.key == kept.network).or(readings.first()) else {
        ui.label("There is no recurrent network at hand. Train one, such as “RNN 3”, and use it in Draw.");
        return;
    };
    let unit = kept.unit.min(chosen.sweep.trace.hidden.saturating_sub(1));
    let from = ui.next_widget_position();
    let right = ui.max_rect().right();
    ui.horizontal_wrapped(|ui| {
        let text = "One row per unit: below zero, zero, above zero";
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak)).on_hover_text(
            "One row for each unit, one column for each step; zero is neutral. States lie within ±1. Cells have no bound: their scale goes to the largest of that network, written above the map. A click chooses a unit.",
        );
        scale(ui, "1");
    });
    let room = (ui.available_height() - 84.0).max(240.0);
    let maps = room * 0.56;
    let start = ui.next_widget_position();
    let gap = 8.0;
    let width = ui.available_width();
    // In a narrow window there is room for one; which, is chosen below.
    let shown = if width < NARROW { std::slice::from_ref(chosen) } else { &readings[..] };
    let each = (width - gap * (shown.len() as f32 - 1.0)) / shown.len() as f32;
    for (i, reading) in shown.iter().enumerate() {
        let min = pos2(start.x + i as f32 * (each + gap), start.y);
        let rect = Rect::from_min_size(min, Vec2::new(each, maps));
        let mark = (reading.key == chosen.key).then_some(unit);
        ui.scope_builder(UiBuilder::new().max_rect(rect).id_salt(&reading.key), |ui| {
            card(ui, world, reading, rect, mark, out);
        });
    }
    ui.allocate_rect(Rect::from_min_size(start, Vec2::new(width, maps)), Sense::hover());
    choose(ui, readings, chosen, unit, out);
    let size = Vec2::new(width, (room - maps).max(100.0));
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    gates(ui, world, chosen, unit, rect, out);
    let rect = Rect::from_min_max(from, pos2(right, ui.next_widget_position().y));
    figure::save_row(ui, out, "hidden-units", rect, || csv(chosen));
}

/// One network's maps.
fn card(
    ui: &mut Ui,
    world: &World<'_>,
    reading: &Reading,
    rect: Rect,
    mark: Option<usize>,
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    let stroke = if mark.is_some() { Stroke::new(2.0, p.accent) } else { Stroke::new(1.0, p.line) };
    ui.painter().rect(rect, 8, p.card, stroke, egui::StrokeKind::Inside);
    let inner = rect.shrink2(Vec2::new(6.0, 6.0));
    let title = format!("{} · {}", reading.name, kind(reading));
    ui.painter().text(inner.left_top(), Align2::LEFT_TOP, title, theme::strong(13.0), p.text);
    let body = Rect::from_min_max(inner.min + Vec2::new(0.0, 18.0), inner.max);
    let sweep = &reading.sweep;
    let units = sweep.trace.hidden;
    let states = Map { what: "state h", most: 1.0, rect: body, mark };
    if sweep.cell != Cell::Lstm {
        return states.show(ui, world, reading, |k, unit| sweep.state(k)[unit], out);
    }
    let (above, below) = body.split_top_bottom_at_fraction(0.5);
    let most = sweep.trace.cells.iter().fold(0f32, |m, v| m.max(v.abs())).max(1e-6);
    let cells = Map { what: "cell c", most, rect: below, mark };
    debug_assert_eq!(sweep.cells(0).len(), units);
    Map { rect: above, ..states }.show(ui, world, reading, |k, unit| sweep.state(k)[unit], out);
    cells.show(ui, world, reading, |k, unit| sweep.cells(k)[unit], out);
}

/// A heat map of all units.
struct Map {
    what: &'static str,
    most: f32,
    rect: Rect,
    mark: Option<usize>,
}

impl Map {
    fn show(
        self,
        ui: &Ui,
        world: &World<'_>,
        reading: &Reading,
        value: impl Fn(usize, usize) -> f32,
        out: &mut Outbox,
    ) {
        let p = palette(ui.visuals());
        let (now, units) = (now(world), reading.sweep.trace.hidden);
        // Room for the heading.
        let rect = Rect::from_min_max(self.rect.min + Vec2::new(0.0, 12.0), self.rect.max);
        let axes = Axes::new(rect, 0.0, units as f32);
        let x = if reading.sweep.order == Order::Columns { "columns" } else { "rows" };
        let last = units.to_string();
        axes.paint(ui, &Labels { y: &[(units as f32, "1"), (0.0, &last)], x });
        let most = if self.most == 1.0 { "1".to_owned() } else { format!("{:.1}", self.most) };
        let at = pos2(axes.ground.left(), axes.ground.top() - 1.0);
        let text = format!("{}, ±{most}", self.what);
        ui.painter().text(at, Align2::LEFT_BOTTOM, text, theme::regular(11.5), p.weak);
        let id: Id = ui.scope_id().with(self.what);
        axes.heat(ui, id, units, |k, unit| value(k, unit) / self.most);
        axes.veil(ui, now);
        axes.position(ui, now);
        let row = axes.ground.height() / units as f32;
        if let Some(unit) = self.mark {
            let y = axes.ground.top() + (unit as f32 + 0.5) * row;
            let band = Rect::from_x_y_ranges(axes.ground.x_range(), y - row..=y + row);
            ui.painter().rect_stroke(band, 1, Stroke::new(1.5, p.text), egui::StrokeKind::Outside);
        }
        let name = format!("{} of {}, {units} units over 28 {x}", self.what, reading.name);
        let response = axes.scrub(ui, id.with("scrub"), &name, now, out);
        let Some(at) = response.hover_pos().or(response.interact_pointer_pos()) else { return };
        let unit = (((at.y - axes.ground.top()) / row).max(0.0) as usize).min(units - 1);
        let share = (at.x - axes.ground.left()) / axes.ground.width();
        let k = ((share * SIDE as f32).max(0.0) as usize + 1).min(SIDE);
        if response.clicked() {
            out.push(TimeEdit::Unit(reading.key.clone(), unit));
        }
        let text = format!(
            "unit {} after {k} {x}: {} = {:+.3}\nClick to see its {}, drag to scrub",
            unit + 1,
            self.what,
            value(k, unit),
            heading(reading).to_lowercase()
        );
        response.on_hover_text_at_pointer(text.replace("= -", "= −"));
    }
}

/// Which unit's gates are shown.
fn choose(ui: &mut Ui, readings: &[Reading], chosen: &Reading, unit: usize, out: &mut Outbox) {
    let mut pick = |network: &str, unit| {
        out.push(TimeEdit::Unit(network.to_owned(), unit));
    };
    if figure::saving(ui.ctx()) {
        let text = format!("{} of {}, unit {}", heading(chosen), chosen.name, unit + 1);
        ui.label(RichText::new(text).font(theme::strong(14.0)));
        return;
    }
    ui.horizontal_wrapped(|ui| {
        let label =
            ui.label(RichText::new(format!("{} of", heading(chosen))).font(theme::strong(14.0)));
        ComboBox::from_id_salt("network")
            .selected_text(&chosen.name)
            .show_ui(ui, |ui| {
                for reading in readings {
                    if ui.selectable_label(reading.key == chosen.key, &reading.name).clicked() {
                        pick(&reading.key, unit);
                    }
                }
            })
            .response
            .labelled_by(label.id);
        let label = ui.label("unit");
        let mut number = unit + 1;
        let most = chosen.sweep.trace.hidden;
        let field = number::drag(&mut number).range(1..=most).speed(0.3);
        if ui.add(field).labelled_by(label.id).on_hover_text("Or click on a heat map").changed() {
            pick(&chosen.key, number - 1);
        }
        let least = most_active(&chosen.sweep);
        if ui
            .button("Most moved")
            .on_hover_text("The unit whose state moves most while this digit is read")
            .clicked()
        {
            pick(&chosen.key, least);
        }
    });
}

/// What a unit's curves are of.
fn heading(reading: &Reading) -> &'static str {
    if reading::gates(reading.sweep.cell).is_empty() { "State" } else { "Gates" }
}

/// The unit whose state goes the longest way.
fn most_active(sweep: &reading::Reading) -> usize {
    let way = |unit: usize| -> f32 {
        (1..=sweep.steps()).map(|k| (sweep.state(k)[unit] - sweep.state(k - 1)[unit]).abs()).sum()
    };
    first_max((0..sweep.trace.hidden).map(way)).unwrap_or(0)
}

/// The chosen unit: its gates, its state and its cell.
fn gates(ui: &Ui, world: &World<'_>, reading: &Reading, unit: usize, rect: Rect, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let (now, sweep) = (now(world), &reading.sweep);
    let steps = sweep.steps();
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    // The names stand beside the curves' plot.
    let names = if world.session.projector { 176.0 } else { 142.0 };
    let plot = Rect::from_min_max(rect.min, rect.max - Vec2::new(names, 0.0));
    let cells: Vec<f32> = (0..=steps).filter_map(|k| sweep.cells(k).get(unit).copied()).collect();
    let most = cells.iter().fold(1f32, |m, v| m.max(v.abs()));
    let axes = Axes::new(plot, -most, most);
    let marks = [(-most, format!("−{most:.1}")), (0.0, "0".into()), (most, format!("{most:.1}"))];
    let marks: Vec<(f32, &str)> = marks.iter().map(|(v, t)| (*v, t.as_str())).collect();
    let x = if sweep.order == Order::Columns { "columns" } else { "rows" };
    axes.paint(ui, &Labels { y: &marks, x });
    let mut curves: Vec<(&str, Vec<f32>)> = reading::gates(sweep.cell)
        .iter()
        .enumerate()
        .map(|(gate, (name, _))| (*name, (1..=steps).map(|k| sweep.gate(k, gate, unit)).collect()))
        .collect();
    if !cells.is_empty() {
        curves.push(("cell c", cells));
    }
    curves.push(("state h", (0..=steps).map(|k| sweep.state(k)[unit]).collect()));
    let last = curves.len() - 1;
    let row = (rect.height() / curves.len() as f32).min(19.0);
    for (i, (name, mut values)) in curves.into_iter().enumerate() {
        let colour = if i == last { p.text } else { p.series[i % p.series.len()] };
        let width = if i == last { thick + 1.0 } else { thick };
        // States begin before the first step, gates open during it.
        let before = values.len() - steps;
        let value = (now + before).checked_sub(1).and_then(|i| values.get(i)).copied();
        if before == 0 {
            values.insert(0, values[0]);
        }
        axes.line(ui, &values, now, Stroke::new(width, colour));
        let at = pos2(plot.right() + 8.0, rect.top() + (i as f32 + 0.5) * row + 4.0);
        let ends = [at, at + Vec2::new(16.0, 0.0)];
        ui.painter().line_segment(ends, Stroke::new(width, colour));
        let at = at + Vec2::new(21.0, 0.0);
        let value = value.map_or(String::new(), |v| format!(" {v:+.2}").replace('-', "−"));
        let text = format!("{name}{value}");
        ui.painter().text(at, Align2::LEFT_CENTER, text, theme::regular(12.0), p.text);
    }
    axes.position(ui, now);
    let name = format!("{} of unit {} of {}", heading(reading), unit + 1, reading.name);
    let id = ui.scope_id().with("scrub gates");
    axes.scrub(ui, id, &name, now, out).on_hover_text(equations(sweep.cell));
}

/// What the curves are in, as text.
fn equations(cell: Cell) -> &'static str {
    match cell {
        Cell::Simple => {
            "h ← tanh(x·W + h·U + b): the state, of a line and of the state before, without gates"
        }
        Cell::Gru => {
            "z = σ(x·Wz + bz + h·Uz + cz): how much of the old state stays\nr = σ(x·Wr + br + h·Ur + cr): how much of it the candidate sees\nn = tanh(x·Wn + bn + r ∘ (h·Un + cn)): the candidate\nh ← z ∘ h + (1 − z) ∘ n"
        }
        Cell::Lstm => {
            "i, f, o = σ(x·W + h·U + b): what enters, stays, and shows\ng = tanh(x·Wg + h·Ug + bg): the candidate\nc ← f ∘ c + i ∘ g: the cell\nh ← o ∘ tanh(c): the state"
        }
    }
}

/// One row per step and unit of one network; before the first step there are no
/// gates.
fn csv(reading: &Reading) -> String {
    let sweep = &reading.sweep;
    let gates = reading::gates(sweep.cell);
    let headings = ["network", "step", "unit", "state", "cell"];
    let headings = headings.into_iter().chain(gates.iter().map(|g| g.0));
    let rows = (0..=sweep.steps()).flat_map(|k| {
        sweep.state(k).iter().enumerate().map(move |(unit, state)| {
            let cell = csv::optional(sweep.cells(k).get(unit));
            let gates = (0..gates.len())
                .map(move |gate| csv::optional((k > 0).then(|| sweep.gate(k, gate, unit))));
            csv::row![reading.name, k, unit + 1, state, cell].into_iter().chain(gates)
        })
    });
    csv::text(headings, rows)
}
