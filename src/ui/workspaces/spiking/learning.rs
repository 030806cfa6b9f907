//! The receptive fields while they form, and what is known of their answers.

use std::sync::Arc;

use egui::{Rect, RichText, ScrollArea, Sense, Ui, Vec2, pos2, vec2};

use super::SpikingEdit;
use super::World;
use super::{charts, mosaic, neuron};
use crate::core::csv;
use crate::core::decision::said;
use crate::core::text::grouped;
use crate::data::{PIXELS, SIDE};
use crate::snn::diehl_cook::protocol::MOST_TIMES;
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::time_bar::{self, TimeBar};
use crate::ui::widgets::{digit_view, figure, picture};
use crate::workers::spiking::fields::of_neuron;
use crate::workers::spiking::run::Change;
use crate::workers::spiking::view::Fields;

/// Name of the view as a file.
const FIGURE: &str = "receptive-fields";

/// The fields on the left, figures on the right; in a narrow window one below the
/// other.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.room.view;
    let Some(fields) = view.past.as_ref().or(view.fields.as_ref()) else {
        let text = view.failure.as_deref().unwrap_or("The network is being made …");
        ui.label(text);
        return;
    };
    let wide = ui.available_width() > 620.0;
    // Where there is room for one figure, it is chosen.
    let one = !wide && ui.available_height() < 400.0;
    let from = ui.next_widget_position();
    let figures_only = headline(ui, world, fields, one, out);
    let area = ui.available_rect_before_wrap();
    let side = if wide { (area.width() - 300.0).max(area.width() * 0.5) } else { area.width() };
    let room_height = if wide || one { area.height() } else { area.height() * 0.62 };
    let room = Rect::from_min_size(area.min, vec2(side, room_height.max(160.0)));
    let p = palette(ui.visuals());
    let winner = view.last.winner.filter(|_| view.past.is_none() && !at_full_speed(world));
    let mut marked: Vec<_> = winner.map(|w| (w, p.accent)).into_iter().collect();
    marked.extend(world.room.selected.map(|s| (s, p.warning)));
    let id = egui::Id::unique("receptive fields");
    if figures_only {
        ui.scope_builder(egui::UiBuilder::new().max_rect(area), |ui| {
            ScrollArea::vertical().id_salt("figures").show(ui, |ui| {
                figures(ui, world, fields, world.room.selected.or(winner));
            });
        });
        figure::place(ui, FIGURE, Rect::from_min_max(from, area.max));
        ui.allocate_rect(area, Sense::hover());
        return;
    }
    let (places, touched) = mosaic::show(ui, id, fields, room, &marked, out);
    if let Some(clicked) = touched.clicked {
        let again = world.room.selected == Some(clicked);
        out.push(SpikingEdit::Select((!again).then_some(clicked)));
    }
    let shown = touched.hovered.or(world.room.selected).or(winner);
    let right = if wide {
        let x = places.area.right() + 14.0;
        Rect::from_min_max(pos2(x, area.top()), area.max)
    } else {
        Rect::from_min_max(pos2(area.left(), places.area.bottom() + 8.0), area.max)
    };
    if !one {
        ui.scope_builder(egui::UiBuilder::new().max_rect(right), |ui| {
            ScrollArea::vertical().id_salt("figures").show(ui, |ui| {
                figures(ui, world, fields, shown);
            });
        });
    }
    figure::place(ui, FIGURE, Rect::from_min_max(from, area.max));
    ui.allocate_rect(area, Sense::hover());
}

/// Whether the figures are to be seen instead of the fields.
fn choose_figure(ui: &mut Ui) -> bool {
    let id = egui::Id::unique("figures instead of fields");
    let mut figures = ui.data(|d| d.get_temp(id)).unwrap_or(false);
    figure::controls(ui, |ui| {
        ui.selectable_value(&mut figures, false, "Fields")
            .on_hover_text("The receptive fields of all neurons");
        ui.selectable_value(&mut figures, true, "Accuracy and more");
    });
    ui.data_mut(|d| d.insert_temp(id, figures));
    figures
}

/// Faster than one could follow, winners are not marked.
/// Images per second below which the changes of every image are known in time.
const SLOW: f64 = 3.0;

fn at_full_speed(world: &World<'_>) -> bool {
    world.room.view.goes && world.room.view.speeds.is_some_and(|s| s.images_per_s > 20.0)
}

/// Accuracy, images, speed; saving and testing; where there is room for `one` figure, the
/// choice of it. Whether the figures are to be seen instead of the fields.
fn headline(ui: &mut Ui, world: &World<'_>, fields: &Fields, one: bool, out: &mut Outbox) -> bool {
    let view = &world.room.view;
    let p = palette(ui.visuals());
    let mut figures_only = false;
    ui.horizontal_wrapped(|ui| {
        let answers =
            if view.past.is_some() { 0 } else { view.accuracy.map_or(0, |a| a.1) };
        let text = RichText::new(charts::headline(fields, answers)).font(theme::strong(17.0));
        ui.label(text).on_hover_text(charts::accuracy_tip());
        let images = format!("{} images", grouped(fields.images));
        ui.label(RichText::new(images).color(p.weak)).on_hover_text(format!(
            "{} presentations; an image that raises fewer than five spikes is shown again, brighter",
            grouped(view.presentations)
        ));
        if view.unanswered > 0 {
            let text = format!("{} without an answer", grouped(view.unanswered));
            ui.label(RichText::new(text).color(p.weak)).on_hover_text(format!(
                "Raised fewer than five spikes in {MOST_TIMES} presentations, brighter each time: given up. Nothing is learnt from such an image, and it counts neither as an image nor in the running accuracy"
            ));
        }
        if let Some(from) = view.continued {
            let text = format!("continues from image {}", grouped(from));
            ui.label(RichText::new(text).color(p.weak)).on_hover_text(
                "Weights, θ, labels and counts were kept when the program was closed. Membranes began at rest again; earlier moments and spikes were not kept",
            );
        }
        if let Some(speeds) = &view.speeds {
            let text = format!("{:.0} images/s", speeds.images_per_s);
            ui.label(RichText::new(text).color(p.weak));
        } else if view.failure.is_none() && !world.room.running() && view.images == 0 {
            figure::controls(ui, |ui| {
                ui.label(RichText::new("Press Space to let it learn").color(p.accent));
            });
        }
        test(ui, world, out);
        figure::controls(ui, |ui| save(ui, world, fields, out));
        figures_only = one && choose_figure(ui);
        if let Some(failure) = &view.failure {
            ui.label(RichText::new(failure).color(p.warning));
        }
    });
    figures_only
}

/// The accuracy on test digits, with everything frozen.
fn test(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let measured = &world.room.measured;
    match measured.running {
        Some(("Test", done, of)) => {
            let share = done as f64 / of.max(1) as f64;
            ui.label(format!("Testing: {:.0} %", share * 100.0));
            figure::controls(ui, |ui| {
                if ui.button("Stop the test").clicked() {
                    out.push(SpikingEdit::StopMeasuring);
                }
            });
        }
        _ => {
            let tip = "Freezes a copy of the network, labels its neurons on 10,000 training digits and asks it the test digits; learning goes on meanwhile";
            figure::controls(ui, |ui| {
                if ui.button("Test").on_hover_text(tip).clicked() {
                    out.push(SpikingEdit::Test);
                }
            });
        }
    }
    if let Some(tested) = &measured.tested {
        let text = format!("test {:.2} %", 100.0 * tested.accuracy);
        ui.label(RichText::new(text).font(theme::strong(14.0))).on_hover_text(format!(
            "{} neurons, frozen: {} test digits answered by the vote of neurons labelled on {} training digits, in {:.1} s; {} got no answer, which counts as wrong",
            tested.neurons,
            grouped(tested.images.0 as u64),
            grouped(tested.images.1 as u64),
            tested.seconds,
            grouped(tested.unanswered as u64)
        ));
        if let Some(images) = world.room.view.reached {
            let text = format!(
                "{} images in {:.1} s, labels and test in {:.1} s",
                grouped(images),
                world.room.view.ran_s,
                tested.seconds
            );
            ui.label(RichText::new(text).color(palette(ui.visuals()).weak));
        }
    }
}

fn save(ui: &mut Ui, world: &World<'_>, fields: &Fields, out: &mut Outbox) {
    ui.menu_button("Save…", |ui| {
        if figure::button(ui, out, "View as PNG", FIGURE) {
            ui.close();
        }
        if ui.button("Accuracy as CSV").clicked() {
            let newest = world.room.view.fields.as_ref().and_then(|f| f.tally.as_ref());
            let curve = newest.map_or(&[][..], |t| &t.curve);
            let rows = curve.iter().map(|p| csv::row![p.images, p.accuracy, p.answers]);
            let text = csv::text(["images", "running_accuracy", "answers"], rows);
            out.push(Command::SaveText { name: "running-accuracy".into(), text });
            ui.close();
        }
        if ui.button("Neurons as CSV").clicked() {
            let each = fields.learnt.labels.iter().zip(&fields.learnt.theta).enumerate();
            let rows = each.map(|(j, (label, theta))| csv::row![j, csv::optional(*label), theta]);
            let text = csv::text(["neuron", "digit", "theta_mv"], rows);
            out.push(Command::SaveText { name: "neurons".into(), text });
            ui.close();
        }
    });
}

/// What stands beside the fields.
fn figures(ui: &mut Ui, world: &World<'_>, fields: &Fields, shown: Option<usize>) {
    let view = &world.room.view;
    let newest = view.fields.as_ref().and_then(|f| f.tally.as_ref());
    if let Some(tally) = newest {
        let at = view.past.as_ref().map(|p| p.images);
        charts::accuracy(ui, tally, at, 130.0);
    }
    if let Some(neuron) = shown.filter(|n| *n < fields.learnt.labels.len()) {
        neuron::show(ui, world, fields, neuron);
        ui.separator();
    }
    if view.past.is_none() {
        last(ui, world, shown);
    }
    let title = |ui: &mut Ui, text: &str, tip: &str| {
        ui.label(RichText::new(text).font(theme::strong(13.5))).on_hover_text(tip);
    };
    title(ui, "Neurons for each digit", "By the digit whose images make them fire most; –: none");
    charts::per_class(ui, fields, 74.0);
    if let Some(tally) = &fields.tally {
        let mut text = format!("{} unassigned", tally.unassigned());
        // Spikes are counted from the beginning of this run.
        if view.images > 0 {
            text += &format!(", {} never fired", tally.dead());
        }
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
    title(
        ui,
        "Answers",
        "True digit in rows, answer in columns, over the running accuracy's images",
    );
    // Down to the edge of the page, so that what follows is not cut in half there.
    let left = ui.clip_rect().bottom() - ui.cursor().top() - 2.0;
    let side = if (150.0..=320.0).contains(&left) { left } else { 210.0 };
    charts::answers(ui, &fields.confusion, ui.available_width().min(side));
    title(ui, "Weights", "All synapses from the input");
    charts::weights(ui, fields, 110.0);
    title(ui, "θ of all neurons", "Adaptive thresholds: who wins often gets a higher one");
    charts::theta(ui, fields, 110.0);
}

/// The last image, and what it changed. At high speed the changes of one image in many
/// are known, and it is that one that is shown.
fn last(ui: &mut Ui, world: &World<'_>, shown: Option<usize>) {
    let view = &world.room.view;
    // In slow motion one waits for it.
    let slow = view.goes && view.speeds.is_some_and(|s| s.images_per_s < SLOW);
    let known = view.change.as_ref().filter(|c| !slow || c.by == view.last);
    let last = known.map_or(&view.last, |c| &c.by);
    let (Some(data), Some(winner)) = (&view.data, last.winner) else { return };
    if last.number >= data.len() {
        return;
    }
    let p = palette(ui.visuals());
    let title = if *last == view.last { "Last image" } else { "One of the last images" };
    ui.label(RichText::new(title).font(theme::strong(13.5)));
    ui.horizontal_top(|ui| {
        let pixels = data.pixels(last.number);
        let id = ui.scope_id().with("last image");
        let text = format!("Image {}, a {}", last.number, last.class);
        digit_view::show(ui, id, 72.0, &text, |i| pixels[i], Sense::hover()).on_hover_text(text);
        let changed = shown.unwrap_or(winner);
        let neurons = known.map_or(0, |c| c.weights.len() / PIXELS);
        if let Some(Change { by, weights: all }) = known.filter(|_| changed < neurons) {
            let number = by.number;
            let delta = of_neuron(all, neurons, changed);
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(72.0), Sense::hover());
            let most = delta.iter().fold(1e-6f32, |m, d| m.max(d.abs()));
            let visuals = ui.visuals().clone();
            let stamp = picture::stamp((Arc::as_ptr(all) as usize, changed, visuals.dark_mode));
            picture::paint(ui, ui.scope_id().with("delta"), stamp, rect, (SIDE, SIDE), |i| {
                theme::diverging(&visuals, delta[i] / most)
            });
            let text = if most > 1e-6 {
                format!("ΔW: by how much image {number} changed neuron {changed}’s weights, at most {most:.3}")
            } else {
                format!("ΔW: image {number} did not change neuron {changed}’s weights")
            };
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, text.as_str())
            });
            response.on_hover_text(text.as_str());
        }
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.label(format!("A {}; neuron {winner} won", last.class));
            let [all, most] = last.spikes;
            ui.label(RichText::new(format!("{most} of {all} spikes")).small().color(p.weak));
            if changed != winner && changed < neurons {
                let text = format!("ΔW of neuron {changed}");
                ui.label(RichText::new(text).small().color(p.weak))
                    .on_hover_text("Of the neuron pointed at or clicked; else of the winner");
            }
            if last.asked {
                ui.label(format!("The vote said {}", said(last.answer)));
            }
        });
    });
}

/// The time bar over images.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let view = &world.room.view;
    let axis = time_bar::Axis { unit: "images", unit_per_step: 1.0, decimals: 0 };
    let curve = view.fields.as_ref().and_then(|f| f.tally.as_ref());
    let density: Vec<f32> =
        curve.map(|t| t.curve.iter().map(|c| c.accuracy as f32).collect()).unwrap_or_default();
    let kept = Arc::clone(&view.kept.0);
    let next = |at: u64, on: bool| {
        if on {
            kept.iter().copied().find(|m| *m > at)
        } else {
            kept.iter().rev().copied().find(|m| *m < at)
        }
    };
    TimeBar::new(&world.room.images, axis)
        .density(&density, "running accuracy")
        .events(&next)
        .measured(view.speeds.map(|s| s.images_per_s))
        .show(ui, &mut |edit| out.push(SpikingEdit::Play(edit)));
}
