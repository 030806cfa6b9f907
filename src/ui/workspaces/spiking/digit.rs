//! The current digit before the frozen network: its input spikes, the membranes of
//! all neurons, who fires, and the vote, up to the moment that the time bar stands at.

use egui::{Align2, Color32, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};

use super::SpikingEdit;
use super::World;
use super::mosaic::within;
use super::settings::DT_MS;
use super::{named, spikes};
use crate::snn::diehl_cook::THRESHOLD_BASE_MV;
use crate::snn::diehl_cook::read_out::{largest, votes};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::time_bar::{self, TimeBar};
use crate::ui::widgets::{digit_view, sources};
use crate::workers::spiking::shown::{Competition, POTENTIAL_EVERY_MS};

/// Resting potential, mV.
const REST_MV: f32 = -65.0;
/// A spike is seen for so long, ms.
const GLOW_MS: f64 = 15.0;

/// Neurons on the left, vote on the right.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let shown = &world.room.shown;
    if world.digit.is_blank() {
        sources::no_digit(ui, world, out);
        return;
    }
    let Some(competition) = &shown.competition else {
        ui.label(shown.failure.as_deref().unwrap_or("The digit is being shown …"));
        return;
    };
    let step = world.room.digit.at();
    let counts = counts(competition, step);
    headline(ui, competition, &counts, step);
    let area = ui.available_rect_before_wrap();
    let right = (area.width() * 0.36).clamp(190.0, 340.0);
    let room = Rect::from_min_max(area.min, pos2(area.right() - right - 14.0, area.bottom()));
    neurons(ui, competition, &counts, step, room);
    let rect = Rect::from_min_max(pos2(area.right() - right, area.top()), area.max);
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect), |ui| {
        let neurons = competition.network.labels.len() as u32;
        let picture = spikes::flicker(&competition.recording, 2 * neurons, step);
        ui.horizontal_top(|ui| {
            let side = ((right - 12.0) / 2.0).min(130.0);
            let pixels = &competition.pixels;
            let id = ui.scope_id().with("seen");
            digit_view::show(ui, id, side, "The current digit", |i| pixels[i], Sense::hover());
            let id = ui.scope_id().with("flicker");
            let text = "Its input spikes of the last 20 ms";
            digit_view::show(ui, id, side, text, |i| picture[i], Sense::hover())
                .on_hover_text(text);
        });
        vote(ui, competition, &counts);
        contenders(ui, competition, &counts);
    });
    ui.allocate_rect(area, Sense::hover());
}

/// Spikes of each excitatory neuron up to a step.
fn counts(competition: &Competition, step: u64) -> Vec<u32> {
    let mut counts = vec![0; competition.network.labels.len()];
    for (_, neuron) in competition.recording.spikes(0..step + 1) {
        if let Some(n) = counts.get_mut(neuron as usize) {
            *n += 1;
        }
    }
    counts
}

/// Whose competition it is.
fn who(competition: &Competition) -> String {
    if competition.live {
        return competition.name.clone();
    }
    format!("{}, bundled, has learnt MNIST", competition.name)
}

fn headline(ui: &mut Ui, competition: &Competition, counts: &[u32], step: u64) {
    let p = palette(ui.visuals());
    let all: u32 = counts.iter().sum();
    ui.horizontal_wrapped(|ui| {
        let over = step + 1 >= competition.recording.steps();
        let said = match largest(&votes(&competition.network.labels, counts)) {
            _ if over && !competition.enough => {
                format!("No answer: fewer than five spikes in {} presentations", competition.times)
            }
            Some(digit) => format!("The vote says {digit}"),
            None if all == 0 => "No neuron has fired yet".to_owned(),
            None => "The vote says none: two digits are equal".to_owned(),
        };
        ui.label(RichText::new(said).font(theme::strong(17.0)));
        let text = format!("{:.1} ms, {all} spikes · {}", step as f64 * DT_MS, who(competition));
        ui.label(RichText::new(text).color(p.weak));
        if competition.times > 1 {
            let text = format!("shown {} times, brighter each time", competition.times);
            ui.label(RichText::new(text).color(p.weak)).on_hover_text(
                "A digit that raises fewer than five spikes is shown again; the last time is shown here",
            );
        }
    });
}

/// A cell per neuron: how near its threshold it is, and whether it has just fired.
fn neurons(ui: &mut Ui, competition: &Competition, counts: &[u32], step: u64, room: Rect) {
    let p = palette(ui.visuals());
    let network = &competition.network;
    let n = network.labels.len();
    let places = within(room, n);
    let response = ui.interact(places.area, egui::Id::unique("competing neurons"), Sense::hover());
    response.widget_info(|| {
        let text = format!("{n} neurons: how near each is to its threshold");
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, text)
    });
    let row = (step as f64 * DT_MS / POTENTIAL_EVERY_MS) as usize;
    let potentials = competition.potentials.get(row * n..(row + 1) * n);
    let glow = (GLOW_MS / DT_MS) as u64;
    let mut fresh = vec![0.0f32; n];
    for (at, neuron) in competition.recording.spikes(step.saturating_sub(glow)..step + 1) {
        if let Some(f) = fresh.get_mut(neuron as usize) {
            *f = 1.0 - (step - at) as f32 / glow as f32;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let tile = places.of(0).width();
    let painter = ui.painter();
    for neuron in 0..n {
        let rect = places.of(neuron).shrink(if tile > 12.0 { 1.0 } else { 0.3 });
        let hue = theme::digit_hue(ui.visuals(), network.labels[neuron]);
        let threshold = network.theta[neuron] + THRESHOLD_BASE_MV;
        let near = potentials.map_or(0.0, |v| (v[neuron] - REST_MV) / (threshold - REST_MV));
        let charged = theme::blend(p.well, hue, near.clamp(0.0, 1.0) * 0.45);
        let fired = theme::blend(charged, hue, (counts[neuron] as f32 / most.max(1) as f32) * 0.75);
        painter.rect_filled(rect, 2, theme::blend(fired, p.text, fresh[neuron]));
        if most > 0 && counts[neuron] == most {
            painter.rect_stroke(rect, 2, Stroke::new(2.0, p.text), egui::StrokeKind::Outside);
        }
        if let Some(label) = network.labels[neuron].filter(|_| tile >= 16.0) {
            let colour = if counts[neuron] > 0 { p.text } else { p.weak };
            let font = theme::regular((tile * 0.46).clamp(9.0, 14.0));
            painter.text(rect.center(), Align2::CENTER_CENTER, label.to_string(), font, colour);
        }
    }
    if let Some((neuron, ..)) = response.hover_pos().and_then(|at| places.at(at, [1, 1])) {
        let potential = potentials.map_or(String::new(), |v| format!(", V {:.1} mV", v[neuron]));
        response.on_hover_text_at_pointer(format!(
            "Neuron {neuron}, stands for {}: {} spikes{potential}, threshold {:.1} mV",
            named(network.labels[neuron]),
            counts[neuron],
            network.theta[neuron] + THRESHOLD_BASE_MV
        ));
    }
}

/// Mean spikes of the neurons of each digit.
fn vote(ui: &mut Ui, competition: &Competition, counts: &[u32]) {
    let p = palette(ui.visuals());
    let tip = "Mean spikes of the neurons that stand for each digit; the largest wins";
    ui.label(RichText::new("The vote").font(theme::strong(14.0))).on_hover_text(tip);
    let votes = votes(&competition.network.labels, counts);
    let best = largest(&votes).map(usize::from);
    let most = votes.iter().copied().fold(1e-9, f64::max);
    ui.spacing_mut().item_spacing.y = 2.0;
    for (digit, vote) in votes.iter().enumerate() {
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), 17.0), Sense::hover());
        let wins = Some(digit) == best;
        let font = if wins { theme::strong(14.0) } else { theme::regular(13.0) };
        let (middle, name) = (rect.center().y, digit.to_string());
        ui.painter().text(
            pos2(rect.left() + 6.0, middle),
            Align2::CENTER_CENTER,
            name,
            font,
            p.text,
        );
        let full = rect.width() - 70.0;
        let left = rect.left() + 18.0;
        let ground = Rect::from_min_max(
            pos2(left, rect.top() + 2.0),
            pos2(left + full, rect.bottom() - 2.0),
        );
        ui.painter().rect_filled(ground, 2, p.well);
        let mut bar = ground;
        bar.set_right(left + full * (vote / most) as f32);
        let hue: Color32 = theme::digit_hue(ui.visuals(), Some(digit as u8));
        ui.painter().rect_filled(bar, 2, hue);
        let (at, text) = (pos2(rect.right(), middle), format!("{vote:.2}"));
        ui.painter().text(at, Align2::RIGHT_CENTER, text, theme::regular(12.0), p.weak);
        response.widget_info(|| {
            let text = format!("Vote for {digit}: {vote:.2} spikes per neuron");
            egui::WidgetInfo::labeled(egui::accesskit::Role::ProgressIndicator, true, text)
        });
    }
}

/// The neurons that fired most.
fn contenders(ui: &mut Ui, competition: &Competition, counts: &[u32]) {
    let mut order: Vec<usize> = (0..counts.len()).filter(|j| counts[*j] > 0).collect();
    order.sort_by_key(|j| (std::cmp::Reverse(counts[*j]), *j));
    if order.is_empty() {
        return;
    }
    ui.add_space(4.0);
    ui.label(RichText::new("Who fired most").font(theme::strong(14.0)));
    for j in order.into_iter().take(5) {
        let label = competition.network.labels[j];
        let hue = theme::digit_hue(ui.visuals(), label);
        let text = format!("Neuron {j}, stands for {}: {} spikes", named(label), counts[j]);
        ui.label(RichText::new(text).small().color(hue));
    }
}

/// The time bar over the presentation.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(competition) = &world.room.shown.competition else { return };
    let recording = &competition.recording;
    let neurons = 0..competition.network.labels.len() as u32;
    let next = |at: u64, on: bool| {
        let neurons = neurons.clone();
        if on { recording.next_spike(at, neurons) } else { recording.previous_spike(at, neurons) }
    };
    let density = recording.activity(200);
    let axis = time_bar::Axis { unit: "ms", unit_per_step: DT_MS, decimals: 1 };
    TimeBar::new(&world.room.digit, axis)
        .density(&density, "all spikes")
        .events(&next)
        .show(ui, &mut |edit| out.push(SpikingEdit::Play(edit)));
}
