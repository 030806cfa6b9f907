//! A digit of which a part is covered, and how the network finishes it.

use egui::accesskit::Role;
use egui::{
    ComboBox, Id, Rect, Response, RichText, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2,
    vec2,
};

use super::objective::{self, Course};
use super::view::has_network;
use super::{ImagineEdit, Mask, World};
use crate::ann::energy::Objective;
use crate::ann::energy::film::Motion;
use crate::ann::energy::measure::error_outside;
use crate::core::csv::{self, row};
use crate::data::{PIXELS, Pixels, SIDE};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{digit_view, figure, page, picture, sources};
use crate::workers::imagine::film::{Film, Shot};

/// Half the width of what covers, pixels.
pub const RADIUS: f32 = 1.6;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !has_network(ui, world) {
        return;
    }
    if world.digit.is_blank() {
        return sources::no_digit(ui, world, out);
    }
    let film = &world.room.film;
    let last = film.shots.len().saturating_sub(1);
    let at = (world.room.bars[0].at() as usize).min(last);
    let from = ui.next_widget_position();
    ui.label(RichText::new(headline(world, film, at)).font(theme::strong(13.5)));
    let small = page::small(ui);
    let names = ["Digit", "Causes", "J"];
    let mut which = 0;
    if small {
        // In one row: a projector has no room for two.
        let size = vec2(ui.available_width(), ui.spacing().interact_size.y);
        let right = egui::Layout::right_to_left(egui::Align::Center);
        ui.allocate_ui_with_layout(size, right, |ui| {
            mask_list(ui, world, out);
            let left = egui::Layout::left_to_right(egui::Align::Center);
            ui.with_layout(left, |ui| which = page::choose(ui, "imagine complete", &names));
        });
    } else {
        masks(ui, world, out);
    }
    let room = ui.available_height() - 42.0;
    let shot = film.shots.get(at);
    if small {
        match which {
            0 => pictures(ui, world, shot, room, out),
            1 => causes(ui, shot, vec2(ui.available_width(), room)),
            _ => course(ui, world, film, at, room),
        }
    } else {
        let upper = (room * 0.56).min(ui.available_width() * 0.36);
        ui.horizontal_top(|ui| {
            let side = (upper - 24.0).min(ui.available_width() * 0.33);
            ui.allocate_ui(vec2(side * 2.0 + 14.0, upper), |ui| {
                pictures(ui, world, shot, upper, out);
            });
            let size = vec2(ui.available_width(), upper);
            ui.allocate_ui(size, |ui| causes(ui, shot, size));
        });
        course(ui, world, film, at, ui.available_height() - 42.0);
    }
    figure::save_below(ui, out, "imagine-complete", from, || csv(film));
}

/// What has become of the covered part, in words.
fn headline(world: &World<'_>, film: &Film, at: usize) -> String {
    let covered = world.room.kept.mask.count();
    let Some(shot) = film.shots.get(at) else { return "The digit is being looked at …".into() };
    let last = film.shots.len() - 1;
    let j = j(world, shot.objective.total());
    if covered == 0 {
        let known = [false; PIXELS];
        let error = error_outside(&shot.drawn, world.digit.pixels(), &known);
        return format!(
            "Step {at} of {last}: nothing is covered; its causes draw the digit with a mean squared error of {error:.4}, {j}"
        );
    }
    let known = world.room.kept.mask.known();
    let digit = world.digit.pixels();
    if !digit.iter().zip(&known).any(|(ink, known)| !known && *ink > 0.1) {
        // Half a digit was drawn: nobody knows what the rest would have been.
        let centred = if world.digit.treatment.centre {
            ". Half a digit is drawn? Switch “Centre digit” off in the settings"
        } else {
            ""
        };
        return format!("Step {at} of {last}: {covered} covered pixels are imagined, {j}{centred}");
    }
    let error = error_outside(&shot.seen, digit, &known);
    format!(
        "Step {at} of {last}: mean squared error of the {covered} covered pixels {error:.4}, {j}"
    )
}

/// J, and why it need not rise where causes are drawn at random.
fn j(world: &World<'_>, j: f64) -> String {
    let kept = &world.room.kept;
    let climbs = kept.motion == Motion::Settle && kept.dynamics.noise == 0.0;
    let why = if climbs { "" } else { " (drawn at random, causes do not climb it)" };
    format!("J {j:.1} nats{why}")
}

/// Parts that can be covered at once.
fn masks(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    figure::controls(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label("Cover");
            for (name, mask) in Mask::NAMED {
                let on = world.room.kept.mask == mask;
                if ui.selectable_label(on, name).clicked() {
                    out.push(ImagineEdit::Cover(mask));
                }
            }
        });
    });
}

/// The same as a list.
fn mask_list(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    figure::controls(ui, |ui| {
        let now = world.room.kept.mask;
        let name = Mask::NAMED.iter().find(|(_, mask)| *mask == now).map_or("By hand", |n| n.0);
        let list = ComboBox::from_id_salt("what is covered")
            .selected_text(name)
            .width(110.0)
            .height(420.0);
        let list = list.show_ui(ui, |ui| {
            for (name, mask) in Mask::NAMED {
                if ui.selectable_label(now == mask, name).clicked() {
                    out.push(ImagineEdit::Cover(mask));
                }
            }
        });
        let label = ui.label("Cover");
        list.response.labelled_by(label.id);
    });
}

/// The digit with what is covered, and what the network makes of it.
fn pictures(ui: &mut Ui, world: &World<'_>, shot: Option<&Shot>, height: f32, out: &mut Outbox) {
    ui.horizontal_top(|ui| {
        let side = (height - 24.0).min(ui.available_width() / 2.0 - 8.0).max(60.0);
        ui.vertical(|ui| {
            caption(
                ui,
                if page::small(ui) {
                    "Drag to cover"
                } else {
                    "Drag to cover, right button to uncover"
                },
            );
            covered(ui, world, side, out);
        });
        ui.vertical(|ui| {
            caption(ui, "What the network sees");
            let seen = shot.map(|s| s.seen);
            let pixels = seen.unwrap_or([0.0; PIXELS]);
            let label = "The digit as the network completes it";
            let id = Id::unique("completed digit");
            let response = digit_view::show(ui, id, side, label, |i| pixels[i], Sense::hover());
            outline(ui, response.rect, &world.room.kept.mask);
        });
    });
}

fn caption(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
}

/// A thin line around what is covered.
fn outline(ui: &Ui, rect: Rect, mask: &Mask) {
    let p = palette(ui.visuals());
    let cell = rect.width() / SIDE as f32;
    let stroke = Stroke::new(1.5, p.accent);
    let at = |x: usize, y: usize| rect.min + vec2(x as f32, y as f32) * cell;
    let covers = |x: isize, y: isize| {
        let inside = (0..SIDE as isize).contains(&x) && (0..SIDE as isize).contains(&y);
        inside && mask.covers(y as usize * SIDE + x as usize)
    };
    for y in 0..=SIDE {
        for x in 0..=SIDE {
            let (i, j) = (x as isize, y as isize);
            let here = covers(i, j);
            if x < SIDE && here != covers(i, j - 1) {
                ui.painter().line_segment([at(x, y), at(x + 1, y)], stroke);
            }
            if y < SIDE && here != covers(i - 1, j) {
                ui.painter().line_segment([at(x, y), at(x, y + 1)], stroke);
            }
        }
    }
}

/// The digit, to be covered with the mouse or, with the keyboard, by the buttons above.
fn covered(ui: &mut Ui, world: &World<'_>, side: f32, out: &mut Outbox) {
    let given = world.room.given(world.desk);
    let mask = world.room.kept.mask;
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click_and_drag());
    let p = palette(ui.visuals());
    let visuals = ui.visuals().clone();
    let cover = theme::blend(p.well, p.accent, 0.28);
    let stamp = picture::stamp((given.picture().map(f32::to_bits), mask, visuals.dark_mode));
    picture::paint(ui, Id::unique("covered digit"), stamp, rect, (SIDE, SIDE), |i| {
        if mask.covers(i) { cover } else { theme::ink(&visuals, given.picture()[i]) }
    });
    ui.painter().rect_stroke(rect, 3, Stroke::new(1.0, p.line), StrokeKind::Inside);
    brush(ui, &response, rect, out);
    response.widget_info(|| {
        let text =
            format!("The digit, of which {} pixels are covered; drag to cover", mask.count());
        WidgetInfo::labeled(Role::Canvas, true, text)
    });
}

/// Covers or uncovers along the pointer's way.
fn brush(ui: &Ui, response: &Response, rect: Rect, out: &mut Outbox) {
    let id = response.id.with("brush");
    let before: Option<[f32; 2]> = ui.data(|d| d.get_temp(id));
    let down = response.is_pointer_button_down_on();
    let Some(at) = response.interact_pointer_pos().filter(|_| down) else {
        if before.is_some() {
            ui.data_mut(|d| d.remove::<[f32; 2]>(id));
        }
        return;
    };
    let cell = rect.width() / SIDE as f32;
    let to = [(at.x - rect.left()) / cell, (at.y - rect.top()) / cell];
    if before == Some(to) {
        return;
    }
    let cover = !ui.input(|i| i.pointer.secondary_down());
    out.push(ImagineEdit::Brush { from: before.unwrap_or(to), to, cover });
    ui.data_mut(|d| d.insert_temp(id, to));
}

/// Both layers of causes.
fn causes(ui: &mut Ui, shot: Option<&Shot>, size: Vec2) {
    let Some(shot) = shot else { return };
    ui.vertical(|ui| {
        let text = ui.text_style_height(&egui::TextStyle::Small) + ui.spacing().item_spacing.y;
        let room = size.y - 2.0 * text - 6.0;
        for (name, values, share, number) in [("h1", &shot.h1, 0.62, 1), ("h2", &shot.h2, 0.38, 2)]
        {
            let active = values.iter().filter(|v| **v > 0.5).count();
            let most = values.iter().copied().fold(1e-6f32, f32::max);
            let most = if number == 2 { 1.0 } else { most };
            caption(ui, &format!("{name}: {} causes, {active} above 0.5", values.len()));
            let room = vec2(size.x, (room * share).max(20.0));
            grid(ui, Id::unique(("causes", number)), name, values, most, room);
        }
    });
}

/// Numbers from 0 to `most` as a grid of cells.
pub(super) fn grid(ui: &mut Ui, id: Id, name: &str, values: &[f32], most: f32, room: Vec2) {
    let n = values.len().max(1);
    let columns = ((n as f32 * room.x / room.y.max(1.0)).sqrt().ceil() as usize).clamp(1, n);
    let rows = n.div_ceil(columns);
    let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
    let visuals = ui.visuals().clone();
    let bits = values.iter().fold(0u64, |h, v| h.rotate_left(5) ^ u64::from(v.to_bits()));
    let stamp = picture::stamp((bits, columns, visuals.dark_mode));
    let ground = palette(&visuals).background;
    picture::paint(ui, id, stamp, rect, (rows, columns), |i| match values.get(i) {
        Some(v) => theme::sequential(&visuals, v / most),
        None => ground,
    });
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Rates of {name}")));
    let under = response.hover_pos().and_then(|at| picture::cell(rect, (rows, columns), at));
    if let Some(value) =
        under.and_then(|(y, x)| Some((y * columns + x, *values.get(y * columns + x)?)))
    {
        response.on_hover_text_at_pointer(format!("{name}, unit {}: {:.3}", value.0, value.1));
    }
}

fn course(ui: &mut Ui, world: &World<'_>, film: &Film, at: usize, height: f32) {
    let all: Vec<Objective> = film.shots.iter().map(|s| s.objective).collect();
    if all.is_empty() {
        return;
    }
    objective::chart(
        ui,
        &Course {
            all: &all,
            from: 0,
            room: 0,
            at,
            unit: "steps",
            marks: &[],
            height: height.max(110.0),
            projector: world.session.projector,
        },
    );
}

/// A row for each step: J, its parts, the picture.
fn csv(film: &Film) -> String {
    let mut headings = row!["step"].to_vec();
    headings.extend(objective::HEADINGS.map(String::from));
    headings.extend((0..PIXELS).map(|i| format!("x{i}")));
    let rows = film.shots.iter().enumerate().map(|(step, shot)| {
        let mut line = row![step].to_vec();
        line.extend(objective::numbers(&shot.objective).map(|v| v.to_string()));
        line.extend(shot.seen.iter().map(f32::to_string));
        line
    });
    csv::text(headings, rows)
}

/// Where a picture of `SIDE` pixels stands in a row of several.
pub(super) fn place(rect: Rect, number: usize, side: f32, gap: f32) -> Rect {
    let left = rect.left() + number as f32 * (side + gap);
    Rect::from_min_size(pos2(left, rect.top()), Vec2::splat(side))
}

/// Paints a picture of ink.
pub(super) fn ink(ui: &Ui, id: Id, rect: Rect, pixels: &Pixels) {
    digit_view::paint(ui, id, rect, |i| pixels[i]);
}
