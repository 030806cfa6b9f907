//! Rate, time to first spike and burst: the same intensity and the same digit in
//! each, and what jitter takes from them.

use egui::{Align2, RichText, Sense, Stroke, Ui, vec2};
use egui_plot::{Corner, Line, PlotPoints, VLine};

use super::settings::CodesSettings;
use super::{NeuronEdit, World};
use crate::core::bounds::SHARE;
use crate::core::csv::{self, row};
use crate::core::text::grouped;
use crate::snn::codes::CODES;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::Chart;
use crate::ui::widgets::digit_view;
use crate::ui::widgets::field::Field;
use crate::ui::widgets::number;
use crate::ui::widgets::{figure, page};
use crate::workers::experiments::{CodeResult, CodesResult};

/// Below this width of a column, points, it does without what can be read elsewhere.
const NARROW: f32 = 230.0;

/// Intensity, jitter, and what the codes are set to.
pub fn form(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    page::heading(ui, "Codes", NeuronEdit::Reset, out);
    let mut codes = world.room.kept.codes.clone();
    Field::new("Intensity of the pixel", "", SHARE, "0 is paper, 1 is full ink")
        .show_f32(ui, &mut codes.intensity);
    let tip = "Each spike comes early or late by a normal deviate of this standard deviation";
    Field::new("Jitter", "ms", CodesSettings::JITTER_MS, tip).show_f32(ui, &mut codes.jitter_ms);
    ui.separator();
    let tip = "How long the reader listens before it decides";
    Field::new("Time for one message", "ms", CodesSettings::WINDOW_MS, tip)
        .log()
        .show_f32(ui, &mut codes.window_ms);
    let tip = "Rate code: spikes per second at full intensity";
    Field::new("Top rate", "Hz", CodesSettings::TOP_RATE_HZ, tip)
        .log()
        .show_f32(ui, &mut codes.top_rate_hz);
    let mut spikes = codes.burst_spikes as f64;
    if Field::new(
        "Spikes in a burst",
        "",
        CodesSettings::BURST_SPIKES,
        "Burst code: how many spikes a volley has",
    )
    .show(ui, &mut spikes)
    {
        codes.burst_spikes = spikes.round() as usize;
    }
    let tip = "Burst code: the interval at full intensity; at zero it is five times as long";
    Field::new("Shortest interval", "ms", CodesSettings::BURST_ISI_MS, tip)
        .show_f32(ui, &mut codes.burst_isi_ms);
    ui.horizontal(|ui| {
        let label = ui.label("Seed");
        ui.add(number::drag(&mut codes.seed).speed(0.1)).labelled_by(label.id);
        if ui.button("New").on_hover_text("Other chance: another seed").clicked() {
            codes.seed = codes.seed.wrapping_add(1);
        }
    });
    if codes != world.room.kept.codes {
        out.push(NeuronEdit::Codes(Box::new(codes)));
    }
}

/// A column per code, and the errors below or, in a small window, by choice.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(answer) = world.room.results.codes.as_ref() else {
        ui.label("The messages are being sent …");
        return;
    };
    let result = &answer.1;
    let from = ui.next_widget_position();
    let small = page::small(ui);
    let chosen = small.then(|| page::choose(ui, "codes", &["Messages", "Error against jitter"]));
    let room = ui.available_height() - 40.0;
    let lower = if small { room } else { (room * 0.36).clamp(120.0, 260.0) };
    if chosen != Some(1) {
        let upper = if small { room } else { room - lower - 8.0 };
        ui.columns(CODES.len(), |columns| {
            for (i, (ui, coded)) in columns.iter_mut().zip(&result.codes).enumerate() {
                ui.vertical(|ui| column(ui, world, i, coded, (upper, small)));
            }
        });
    }
    if chosen != Some(0) {
        errors(ui, world, result, lower);
    }
    figure::save_below(ui, out, "codes", from, || csv(result));
}

/// A code; `alone` if nothing stands below it.
fn column(
    ui: &mut Ui,
    world: &World<'_>,
    i: usize,
    coded: &CodeResult,
    (height, alone): (f32, bool),
) {
    let p = palette(ui.visuals());
    let settings = &world.room.kept.codes;
    let code = &CODES[i];
    let (top, narrow) = (ui.next_widget_position().y, ui.available_width() < NARROW);
    let colour = p.series[i % p.series.len()];
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.label(RichText::new(code.name).font(theme::strong(15.0)).color(colour))
        .on_hover_text(code.doc);
    if !narrow {
        ui.add(egui::Label::new(RichText::new(code.doc).small()).wrap());
    }
    let [mean, deviation] = coded.read();
    let sent = if narrow { String::new() } else { format!("sent {:.2}, ", settings.intensity) };
    let text = format!("{sent}read {mean:.2} ± {deviation:.2}");
    ui.label(RichText::new(text).font(theme::strong(13.5)))
        .on_hover_text("Mean and standard deviation over the messages below");
    let used = ui.next_widget_position().y - top;
    // Words beside a picture would be broken in a narrow column: they stand below it, where
    // there is room.
    let stacked = narrow && alone;
    let below = if stacked { 56.0 } else { 0.0 };
    let least = if stacked { 44.0 } else { 60.0 };
    let most = if stacked { (height - used - below - least - 8.0).max(24.0) } else { 150.0 };
    let picture = (height * 0.34).clamp(64.0, 150.0).min(most).min(ui.available_width());
    let trains = (height - used - picture - below - 8.0).clamp(least, 260.0);
    trials(ui, settings, coded, colour, trains);
    let picture_and_words = |ui: &mut Ui| {
        let label = format!("The digit as read from the {} code", code.name);
        let id = egui::Id::unique(("code picture", i));
        digit_view::show(ui, id, picture, &label, |k| coded.picture[k], Sense::hover());
        ui.vertical(|ui| {
            let name =
                if world.digit.is_blank() { "a sample as read" } else { "the digit as read" };
            if !narrow {
                ui.label(RichText::new(name).small());
            }
            ui.label(
                RichText::new(format!("error {:.3}", coded.picture_error))
                    .font(theme::strong(13.5)),
            )
            .on_hover_text("Root mean square over the pixels with ink, 1 = full ink");
            let spikes = grouped(coded.picture_spikes as u64);
            ui.label(RichText::new(format!("{spikes} spikes")).small());
        });
    };
    if stacked {
        ui.vertical(picture_and_words);
    } else {
        ui.horizontal(picture_and_words);
    }
}

/// Some messages of the same intensity, one below the other: faint where the
/// spikes were sent, full where jitter has moved them.
fn trials(
    ui: &mut Ui,
    settings: &CodesSettings,
    coded: &CodeResult,
    colour: egui::Color32,
    height: f32,
) {
    let p = palette(ui.visuals());
    let size = vec2(ui.available_width(), height);
    let (outer, response) = ui.allocate_exact_size(size, Sense::hover());
    let rect = outer.with_max_y(outer.bottom() - 15.0);
    let painter = ui.painter().with_clip_rect(rect);
    painter.rect_filled(rect, 3, p.well);
    let x_of =
        |ms: f32| rect.left() + 4.0 + (rect.width() - 8.0) * ms / settings.window_ms.max(1.0);
    let row = rect.height() / coded.trials.len().max(1) as f32;
    for (i, (sent, moved, _)) in coded.trials.iter().enumerate() {
        let y = rect.top() + i as f32 * row;
        let span = y + 0.15 * row..=y + 0.85 * row;
        for ms in sent {
            painter.vline(x_of(*ms), span.clone(), Stroke::new(1.0, p.weak.gamma_multiply(0.5)));
        }
        for ms in moved {
            painter.vline(x_of(*ms), span.clone(), Stroke::new(2.0, colour));
        }
    }
    let small = theme::regular(11.5);
    let painter = ui.painter();
    painter.text(outer.left_bottom(), Align2::LEFT_BOTTOM, "0", small.clone(), p.weak);
    painter.text(
        outer.right_bottom(),
        Align2::RIGHT_BOTTOM,
        format!("{:.0} ms", settings.window_ms),
        small.clone(),
        p.weak,
    );
    if outer.width() > 150.0 {
        painter.text(outer.center_bottom(), Align2::CENTER_BOTTOM, "time", small, p.weak);
    }
    let text =
        format!("{} messages of the same intensity, one below the other", coded.trials.len());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, text.as_str())
    });
    response.on_hover_text(format!("{text}; faint: before jitter"));
}

/// What each code loses: error against jitter.
fn errors(ui: &mut Ui, world: &World<'_>, result: &CodesResult, height: f32) {
    let p = palette(ui.visuals());
    let thick = if world.session.projector { 3.2 } else { 2.2 };
    let top = result.codes.iter().flat_map(|c| &c.curve).map(|q| q[1]).fold(0.1f32, f32::max);
    ui.horizontal_top(|ui| {
        let width = ui.available_width();
        // A small window has the plot alone.
        let beside = if width < page::NARROW { 0.0 } else { (width * 0.32).min(300.0) };
        ui.allocate_ui(vec2(width - beside - 10.0, height), |ui| {
            let top = f64::from(top);
            let chart = Chart {
                id: "code errors",
                axes: ["jitter (ms)", "r.m.s. error (full ink = 1)"],
                bounds: [[0.0, top * -0.03], [16.0, top * 1.1]],
                height,
                legend: Some(Corner::LeftTop),
                log_x: false,
            };
            chart.show(ui, |plot| {
                for (i, coded) in result.codes.iter().enumerate() {
                    let points: PlotPoints<'_> =
                        coded.curve.iter().map(|q| q.map(f64::from)).collect();
                    let stroke = Stroke::new(thick, p.series[i % p.series.len()]);
                    plot.line(Line::new(CODES[i].name, points).stroke(stroke));
                }
                let jitter_ms = f64::from(world.room.kept.codes.jitter_ms);
                let now = VLine::new("jitter set", jitter_ms);
                plot.vline(now.stroke(Stroke::new(1.6, p.weak)));
            });
        });
        if beside == 0.0 {
            return;
        }
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 3.0;
            ui.label(RichText::new("What each loses").font(theme::strong(14.0)));
            for code in CODES {
                ui.add(
                    egui::Label::new(
                        RichText::new(format!("{}: {}", code.name, code.loses)).small(),
                    )
                    .wrap(),
                );
            }
        });
    });
}

fn csv(result: &CodesResult) -> String {
    let codes = || CODES.iter().zip(&result.codes);
    let errors = codes().flat_map(|(code, coded)| {
        coded.curve.iter().map(|[jitter, error]| row![code.id, jitter, error])
    });
    let spikes = codes().flat_map(|(code, coded)| {
        let trials = coded.trials.iter().zip(1..);
        trials.flat_map(move |((sent, moved, _), i)| {
            sent.iter().zip(moved).map(move |(a, b)| row![code.id, i, a, b])
        })
    });
    let headings = ["code", "message", "spike_sent_ms", "spike_arrived_ms"];
    csv::text(["code", "jitter_ms", "rms_error"], errors) + "\n" + &csv::text(headings, spikes)
}
