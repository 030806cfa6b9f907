//! Two subjects on common axes, with their numbers; controls and whoever played beside
//! them.

use egui::{
    ComboBox, Rect, RichText, ScrollArea, Sense, Stroke, Ui, WidgetInfo, accesskit::Role, pos2,
    vec2,
};

use super::{Close, CloseEdit, World, board, curves, form, grid};
use crate::scoreboard::board::{Kind, Profile, Value};
use crate::scoreboard::criteria::{Criterion, Group};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, names, page, tip};

/// The places of the two.
pub const PLACES: [&str; 2] = ["A", "B"];
/// Height of a criterion's row, points.
const ROW: f32 = 42.0;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !form::has_board(ui, world) {
        return;
    }
    let pair = world.room.pinned();
    let from = ui.next_widget_position();
    figure::controls(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            for (place, profile) in pair.iter().enumerate() {
                let colour = palette(ui.visuals()).series[place];
                ui.label(RichText::new(PLACES[place]).font(theme::strong(15.0)).color(colour));
                let name = ["Subject A", "Subject B"][place];
                let width = if page::small(ui) { 150.0 } else { 200.0 };
                if let Some(id) =
                    form::subjects(ui, (name, name), &world.room.table, *profile, width)
                {
                    out.push(CloseEdit::PinAt(place, id));
                }
            }
        });
    });
    let [Some(a), Some(b)] = pair else {
        ui.label("There is one row only: nothing to compare it with. Train a network of your own, and have it measured in the settings.");
        return;
    };
    if figure::saving(ui.ctx()) {
        legend(ui, [a, b]);
    }
    let small = ui.available_width() < page::NARROW;
    let below = if figure::saving(ui.ctx()) { 8.0 } else { 42.0 };
    if small {
        let which = page::choose(ui, "close beside", &["Numbers", "Curves"]);
        let height = (ui.available_height() - below).max(140.0);
        if which == 0 {
            bars(ui, world, [a, b], height);
        } else {
            curve(ui, world, [a, b], height, out);
        }
    } else {
        let height = (ui.available_height() - below).max(200.0);
        let width = ui.available_width();
        ui.horizontal_top(|ui| {
            let size = vec2(0.56 * width, height);
            let down = egui::Layout::top_down(egui::Align::LEFT);
            ui.allocate_ui_with_layout(size, down, |ui| bars(ui, world, [a, b], height));
            ui.add_space(6.0);
            let size = vec2(ui.available_width(), height);
            ui.allocate_ui_with_layout(size, down, |ui| curve(ui, world, [a, b], height, out));
        });
    }
    let columns: Vec<_> = board::columns(world.room.criteria, world.room.kept.group).collect();
    figure::save_below(ui, out, "side-by-side", from, || board::csv(&[a, b], &columns));
}

fn legend(ui: &mut Ui, pair: [&Profile; 2]) {
    let p = palette(ui.visuals());
    ui.horizontal(|ui| {
        for (place, profile) in pair.into_iter().enumerate() {
            let text = RichText::new(format!("{} {}", PLACES[place], profile.name));
            ui.label(text.font(theme::strong(14.0)).color(p.series[place]));
        }
    });
}

/// The profiles, criterion by criterion.
fn bars(ui: &mut Ui, world: &World<'_>, pair: [&Profile; 2], height: f32) {
    let room = world.room;
    ScrollArea::vertical()
        .id_salt("close bars")
        .max_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            marks(ui, room);
            let mut group: Option<Group> = None;
            for criterion in board::columns(room.criteria, room.kept.group) {
                if pair.iter().all(|p| board::value(p, criterion.id).is_none()) {
                    continue;
                }
                if group.replace(criterion.group) != Some(criterion.group) {
                    let name =
                        Group::ALL.iter().find(|g| g.0 == criterion.group).map_or("", |g| g.1);
                    ui.label(RichText::new(name).font(theme::strong(13.0)));
                }
                row(ui, world, pair, criterion);
            }
        });
}

/// What the marks on the axes are.
fn marks(ui: &mut Ui, room: &Close) {
    let weak = palette(ui.visuals()).weak;
    let mut parts = Vec::new();
    let mut controls = 0;
    for profile in room.controls() {
        if profile.kind == Kind::You {
            parts.push(format!("◆ {}", profile.name));
        } else {
            parts.push(format!("{} {}", ["|", "¦"][controls % 2], profile.name));
            controls += 1;
        }
    }
    if !parts.is_empty() {
        ui.label(RichText::new(parts.join("   ")).small().color(weak));
    }
}

fn row(ui: &mut Ui, world: &World<'_>, pair: [&Profile; 2], criterion: &'static Criterion) {
    let p = palette(ui.visuals());
    let width = ui.available_width() - 8.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
    let each =
        pair.map(|q| format!("{} {}", q.name, board::full(criterion, q.cells.get(criterion.id))));
    let said = format!("{}: {}", criterion.name, each.join(", "));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, said.as_str()));
    if response.hovered() {
        let mut text = criterion.doc.to_owned();
        for profile in pair {
            let remark = board::remark(profile.cells.get(criterion.id));
            if !remark.is_empty() {
                text += &format!("\n{}: {remark}", profile.name);
            }
        }
        tip::beside(&response, rect, text);
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let painter = ui.painter();
    let (name, numbers) = ((0.3 * width).clamp(110.0, 170.0), (0.27 * width).clamp(96.0, 130.0));
    let unit =
        if criterion.unit.is_empty() { String::new() } else { format!(", {}", criterion.unit) };
    let font = theme::regular(13.0);
    let title =
        grid::fitting(ui, &format!("{}{unit}", criterion.name), font, p.text, (name - 8.0, ROW));
    painter.galley(pos2(rect.left(), rect.center().y - title.size().y / 2.0), title, p.text);
    let axis = Rect::from_x_y_ranges(
        rect.left() + name..=rect.right() - numbers - 8.0,
        rect.top() + 4.0..=rect.bottom() - 4.0,
    );
    let (low, high) = board::axis(criterion, world.room.table.iter());
    let place =
        |v: f64| axis.left() + axis.width() * ((v - low) / (high - low)).clamp(0.0, 1.0) as f32;
    let words = pair.iter().any(|q| matches!(board::value(q, criterion.id), Some(Value::Word(_))));
    if !words {
        painter.rect_filled(axis, 3, p.well);
        mark_controls(ui, world.room, criterion, axis, &place);
    }
    for (i, profile) in pair.into_iter().enumerate() {
        let middle = axis.top() + axis.height() * (0.25 + 0.5 * i as f32);
        let cell = profile.cells.get(criterion.id);
        if let Some(number) = board::number_of(profile, criterion.id) {
            let (a, b) = (place(0.0f64.clamp(low, high)), place(number));
            let bar = Rect::from_x_y_ranges(
                a.min(b)..=a.max(b).max(a.min(b) + 1.0),
                middle - 5.0..=middle + 5.0,
            );
            painter.rect_filled(bar, 1, p.series[i]);
            if let Some(spread) = cell.and_then(|c| c.spread) {
                let line = Stroke::new(1.5, p.text);
                painter.hline(place(number - spread)..=place(number + spread), middle, line);
            }
        }
        let text = match board::text(cell) {
            none if none.is_empty() => "–".to_owned(),
            text if words => board::short(&text),
            text => format!("{text} {}", board::spread(cell)).trim_end().to_owned(),
        };
        let left = if words { axis.left() } else { axis.right() + 8.0 };
        let room = rect.right() - left;
        let text = format!("{} {text}", PLACES[i]);
        let text = grid::fitting(ui, &text, theme::strong(12.0), p.series[i], (room, ROW / 2.0));
        painter.galley(pos2(left, middle - text.size().y / 2.0), text, p.text);
    }
}

/// Where controls and whoever played stand on an axis.
fn mark_controls(
    ui: &Ui,
    room: &Close,
    criterion: &Criterion,
    axis: Rect,
    place: &dyn Fn(f64) -> f32,
) {
    let p = palette(ui.visuals());
    let mut controls = 0;
    for profile in room.controls() {
        let number = board::number_of(profile, criterion.id);
        if profile.kind == Kind::You {
            if let Some(x) = number.map(place) {
                let at = pos2(x, axis.center().y);
                let corners = [vec2(0.0, -6.0), vec2(5.0, 0.0), vec2(0.0, 6.0), vec2(-5.0, 0.0)];
                let shape = corners.map(|c| at + c).to_vec();
                ui.painter().add(egui::Shape::convex_polygon(shape, p.series[2], Stroke::NONE));
            }
            continue;
        }
        controls += 1;
        let Some(x) = number.map(place) else { continue };
        let ends = [pos2(x, axis.top()), pos2(x, axis.bottom())];
        let stroke = Stroke::new(1.5, p.weak);
        if controls % 2 == 1 {
            ui.painter().line_segment(ends, stroke);
        } else {
            ui.painter().extend(egui::Shape::dashed_line(&ends, stroke, 4.0, 3.0));
        }
    }
}

/// Criteria with a curve of one of the two.
fn with_curves<'a>(
    room: &'a Close,
    pair: [&'a Profile; 2],
) -> impl Iterator<Item = &'static Criterion> + Clone + use<'a> {
    let has = move |c: &&Criterion| pair.iter().any(|p| board::curve_of(p, c.id).is_some());
    room.criteria.iter().copied().filter(has)
}

/// The one whose curves are shown: that chosen, or the first.
pub fn chosen_curve(room: &Close, pair: [&Profile; 2]) -> Option<&'static Criterion> {
    let mut all = with_curves(room, pair);
    let chosen = all.clone().find(|c| c.id == room.kept.curve);
    chosen.or_else(|| all.next())
}

/// The curves of one criterion.
fn curve(ui: &mut Ui, world: &World<'_>, pair: [&Profile; 2], height: f32, out: &mut Outbox) {
    let room = world.room;
    let mut all = with_curves(room, pair);
    let Some(chosen) = chosen_curve(room, pair) else {
        ui.label("No curve was measured of these two. Choose others above.");
        return;
    };
    let above = ui.next_widget_position().y;
    figure::controls(ui, |ui| {
        let list = ComboBox::from_id_salt("curve beside")
            .selected_text(chosen.name)
            .width(190.0)
            .show_ui(ui, |ui| {
                for criterion in all.by_ref() {
                    if ui.selectable_label(criterion.id == chosen.id, criterion.name).clicked() {
                        out.push(CloseEdit::Curve(criterion.id.to_owned()));
                    }
                }
            });
        names::list(list.response, None, "Curve of", chosen.name);
    });
    if figure::saving(ui.ctx()) {
        ui.label(RichText::new(chosen.name).font(theme::strong(13.5)));
    }
    let shown = curves::all(ui, world, pair, chosen.id);
    let height = height - (ui.next_widget_position().y - above);
    curves::chart(ui, world, ("close beside", chosen), &shown, height.min(420.0));
}
