//! One volley: the latency code as a wave over the digit, what fires behind it, the
//! neurons that would learn, and the answer.

use egui::accesskit::Role;
use egui::{Color32, Id, Rect, RichText, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

use super::filters::{largest, patch_colour};
use super::view::with_digit;
use super::{DeepEdit, World};
use crate::ann::ops::conv_stdp::look::{LayerLook, Look};
use crate::ann::ops::conv_stdp::{STEPS, Spike};
use crate::ann::ops::loss::softmax;
use crate::core::csv::{self, row};
use crate::core::decision::{said, unique_max};
use crate::core::text::grouped;
use crate::data::{CLASSES, SIDE};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::names;
use crate::ui::widgets::time_bar::{Axis, Mark, TimeBar};
use crate::ui::widgets::{figure, picture, shares};
use crate::workers::deep::{DeepLook, Volley};

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    with_digit(ui, world, out, |ui, known, _, out| match &known.volley {
        Some(volley) => volley_of(ui, world, (known, volley), out),
        None => {
            ui.label("Only convolutions that learned by STDP send one volley through. Choose “Conv-STDP” as the network.");
        }
    });
}

/// The time bar: how many fire when.
pub fn bar(ui: &mut Ui, world: &World<'_>, volley: &Volley, out: &mut Outbox) {
    let look = &volley.look;
    let mut density = vec![0f32; STEPS + 1];
    let layers = look.layers.iter().flat_map(|l| &l.spikes);
    for spike in look.code.iter().chain(layers) {
        density[usize::from(spike.step) + 1] += 1.0;
    }
    let answers: Vec<_> = look.answer.iter().map(unique_max_of).collect();
    let mut marks = Vec::new();
    if let Some(last) = answers.last().filter(|a| a.is_some()) {
        let stands = answers.iter().rposition(|a| a != last).map_or(0, |t| t + 1);
        let colour = palette(ui.visuals()).series[1];
        let label = format!("From here on it answers {}", said(*last));
        marks.push(Mark { at: stands as u64 + 1, label, colour });
    }
    let axis = Axis { unit: "steps", unit_per_step: 1.0, decimals: 0 };
    TimeBar::new(&world.room.playback, axis)
        .density(&density, "spikes at this step, in all layers")
        .marks(&marks)
        .show(ui, &mut |edit| out.push(DeepEdit::Play(edit)));
}

fn unique_max_of(logits: &[f32; CLASSES]) -> Option<usize> {
    unique_max(logits)
}

fn volley_of(
    ui: &mut Ui,
    world: &World<'_>,
    (known, volley): (&DeepLook, &Volley),
    out: &mut Outbox,
) {
    let from = ui.next_widget_position();
    let look = &*volley.look;
    let at = world.room.at(STEPS);
    let mut now = at.checked_sub(1).and_then(|t| look.answer.get(t)).copied().unwrap_or_default();
    let answer = if at == 0 { None } else { unique_max(&now) };
    softmax(&mut now);
    let fired = |spikes: &[Spike]| {
        grouped(spikes.iter().filter(|s| usize::from(s.step) < at).count() as u64)
    };
    let layers: Vec<String> = look.layers.iter().map(|l| fired(&l.spikes)).collect();
    let text = format!(
        "Step {at} of {STEPS}: {} spikes of the retina, {} behind it; it answers {}",
        fired(&look.code),
        layers.join(" and "),
        said(answer)
    );
    ui.label(RichText::new(text).font(theme::strong(13.5)));
    let p = palette(ui.visuals());
    names(
        ui,
        [
            ("on: brighter than around", p.series[1]),
            ("off: darker than around", p.series[0]),
            ("would learn", p.text),
        ],
    );
    let room = (ui.available_height() - 42.0).max(150.0);
    let bars = 84.0;
    let text_height = ui.text_style_height(&egui::TextStyle::Small) + 8.0;
    let each = ((ui.available_width() - 24.0) / 3.0).min(room - bars - text_height).max(60.0);
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| retina(ui, world, (known, look), (at, each)));
        for (number, layer) in look.layers.iter().enumerate() {
            ui.vertical(|ui| maps(ui, (known, volley), (number, layer), (at, each)));
        }
    });
    let height = (ui.available_height() - 42.0).clamp(60.0, bars + 60.0);
    shares::bars(ui, &now, vec2(ui.available_width().min(3.0 * each + 16.0), height));
    figure::save_below(ui, out, "one-volley", from, || csv(look));
}

/// A square for a picture, below its name.
fn square(ui: &mut Ui, name: &str, side: f32) -> (Rect, egui::Response) {
    ui.set_width(side);
    let weak = palette(ui.visuals()).weak;
    ui.add(egui::Label::new(RichText::new(name).small().color(weak)).truncate());
    ui.allocate_exact_size(Vec2::splat(side), Sense::hover())
}

/// The latency code over the digit, with the patches of those that would learn.
fn retina(
    ui: &mut Ui,
    world: &World<'_>,
    (known, look): (&DeepLook, &Look),
    (at, side): (usize, f32),
) {
    let p = palette(ui.visuals());
    let (rect, response) = square(ui, "retina", side);
    // The later a cell fires, the paler.
    let mut cells: Vec<Option<(bool, u8)>> = vec![None; SIDE * SIDE];
    for spike in look.code.iter().filter(|s| usize::from(s.step) < at) {
        let place = usize::from(spike.y) * SIDE + usize::from(spike.x);
        if cells[place].is_none_or(|(_, step)| spike.step < step) {
            cells[place] = Some((spike.map == 0, spike.step));
        }
    }
    let visuals = ui.visuals().clone();
    let pixels = world.digit.pixels();
    let stamp = picture::stamp((known.number, at, visuals.dark_mode));
    picture::paint(ui, Id::unique("latency code"), stamp, rect, (SIDE, SIDE), |i| match cells[i] {
        Some((on, step)) => {
            let hue = if on { p.series[1] } else { p.series[0] };
            let newest = usize::from(step) + 1 == at;
            let pale = if newest { 0.0 } else { 0.25 + 0.5 * f32::from(step) / STEPS as f32 };
            theme::blend(hue, p.well, pale)
        }
        None => theme::blend(p.well, theme::ink(&visuals, pixels[i]), 0.18),
    });
    let stroke = Stroke::new(2.0, p.text);
    let painter = ui.painter().with_clip_rect(rect);
    for (winner, patch) in look.layers.first().map_or(&[][..], |l| &l.winners[..]) {
        if usize::from(winner.first.step) < at {
            let corner = picture_place(rect, patch.y as f32, patch.x as f32);
            let size = Vec2::splat(rect.width() * patch.side as f32 / SIDE as f32);
            let patch = Rect::from_min_size(corner, size);
            painter.rect_stroke(patch, 0, stroke, StrokeKind::Inside);
        }
    }
    response.widget_info(|| {
        let count = look.code.iter().filter(|s| usize::from(s.step) < at).count();
        WidgetInfo::labeled(Role::Image, true, format!("The retina: {count} cells have fired"))
    });
    let cell = response.hover_pos().and_then(|at| picture::cell(rect, (SIDE, SIDE), at));
    if let Some((y, x)) = cell {
        let text = match cells[y * SIDE + x] {
            Some((true, step)) => format!("on cell ({x}, {y}): step {}", step + 1),
            Some((false, step)) => format!("off cell ({x}, {y}): step {}", step + 1),
            None => format!("({x}, {y}): has not fired"),
        };
        response.on_hover_text_at_pointer(text);
    }
}

/// Where a place of the digit, also one beyond it, is on the screen.
fn picture_place(rect: Rect, y: f32, x: f32) -> egui::Pos2 {
    rect.min + vec2(x, y) * (rect.width() / SIDE as f32)
}

/// Who fired first at each place of a layer, as the patch that this map prefers.
fn maps(
    ui: &mut Ui,
    (known, volley): (&DeepLook, &Volley),
    (number, layer): (usize, &LayerLook),
    (at, side): (usize, f32),
) {
    let p = palette(ui.visuals());
    let places = layer.shape.side();
    let name = format!("layer {}: {} maps", number + 1, layer.shape.conv.maps);
    let (rect, response) = square(ui, &name, side);
    let mut first: Vec<Option<(u16, u8)>> = vec![None; places * places];
    for spike in layer.spikes.iter().filter(|s| usize::from(s.step) < at) {
        let place = usize::from(spike.y) * places + usize::from(spike.x);
        if first[place].is_none_or(|(_, step)| spike.step < step) {
            first[place] = Some((spike.map, spike.step));
        }
    }
    let visuals = ui.visuals().clone();
    // Each place is a small picture: as many of the patch's pixels as it has.
    let patches = &volley.filters.patches[number];
    let most = largest(patches);
    let cell = 6usize;
    let stamp = picture::stamp((known.number, at, number, visuals.dark_mode));
    let width = places * cell;
    let id = Id::unique(("first maps", number));
    picture::paint(ui, id, stamp, rect, (width, width), |i| {
        let (y, x) = (i / width, i % width);
        match first[y / cell * places + x / cell] {
            None => p.well,
            Some((map, _)) => patches.get(usize::from(map)).map_or(Color32::TRANSPARENT, |patch| {
                let most = most[usize::from(map)];
                patch_colour(&visuals, (patch, most), (y % cell, x % cell), cell)
            }),
        }
    });
    for (winner, _) in layer.winners.iter().filter(|(w, _)| usize::from(w.first.step) < at) {
        let place = picture::rect(rect, (places, places), (winner.y, winner.x));
        ui.painter().rect_stroke(place, 0, Stroke::new(2.0, p.text), StrokeKind::Outside);
    }
    response.widget_info(|| {
        let count = first.iter().flatten().count();
        let text = format!("Layer {}: neurons at {count} places have fired", number + 1);
        WidgetInfo::labeled(Role::Image, true, text)
    });
    let under = response.hover_pos().and_then(|at| picture::cell(rect, (places, places), at));
    if let Some((y, x)) = under
        && let Some((map, step)) = first[y * places + x]
    {
        let text = format!("({x}, {y}): map {map} was first, at step {}", step + 1);
        response.on_hover_text_at_pointer(text);
    }
}

/// A row for each spike.
fn csv(look: &Look) -> String {
    let code = look.code.iter().map(|s| ("retina", s));
    let names = ["layer_1", "layer_2"];
    let layers = look.layers.iter().zip(names);
    let behind = layers.flat_map(|(l, name)| l.spikes.iter().map(move |s| (name, s)));
    let rows = code.chain(behind).map(|(layer, s)| row![layer, s.step + 1, s.map, s.y, s.x]);
    csv::text(row!["layer", "step", "map", "row", "column"], rows)
}
