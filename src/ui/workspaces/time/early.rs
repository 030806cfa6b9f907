//! How early can each network tell? Accuracy after every step over a whole test
//! set, and after how many steps the minds are made up.

use egui::{Align2, Rect, RichText, Sense, Stroke, Ui, Vec2, pos2};

use super::chart::{Axes, Labels};
use super::view::now;
use super::{TimeEdit, World};
use crate::ann::reading::early::Count;
use crate::core::csv;
use crate::core::text::grouped;
use crate::data::SIDE;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, page, sources};
use crate::workers::reading::Survey;

/// Draws the survey, or offers one.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    controls(ui, world, out);
    let survey = &world.room.survey;
    if survey.done == 0 {
        ui.label("Press Read all of them: the four networks, and your own that you use in Draw, read every test digit, and after each column or row their answers are compared with the label. It can be stopped; what was counted until then is kept.");
        return;
    }
    let from = ui.next_widget_position();
    let right = ui.max_rect().right();
    about(ui, world, survey);
    let room = (ui.available_height() - 46.0).max(220.0);
    let width = ui.available_width();
    let table = 30.0 * (survey.counts.len() + 1) as f32;
    // A small window has one plot, and the table by choice.
    let names = ["Right answers", "Made up its mind", "Numbers"];
    let chosen = page::small(ui).then(|| page::choose(ui, "early", &names));
    let room = if chosen.is_some() { ui.available_height() - 46.0 + table } else { room };
    if chosen != Some(2) {
        let size = Vec2::new(width, (room - table).max(120.0));
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let (left, rest) = match chosen {
            Some(_) => (rect, rect),
            None => rect.split_left_right_at_fraction(0.56),
        };
        if chosen != Some(1) {
            accuracy(ui, world, survey, left, out);
        }
        if chosen != Some(0) {
            let air = if chosen.is_some() { 0.0 } else { 10.0 };
            decided(ui, survey, Rect::from_min_max(rest.min + Vec2::new(air, 0.0), rest.max));
        }
    }
    if chosen.is_none_or(|c| c == 2) {
        figures(ui, survey);
    } else {
        readers(ui, survey);
    }
    let rect = Rect::from_min_max(from, pos2(right, ui.next_widget_position().y));
    figure::save_row(ui, out, "how-early", rect, || csv(survey));
}

fn controls(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let survey = &world.room.survey;
    ui.horizontal_wrapped(|ui| {
        let waits = world.room.waits();
        if survey.running || waits {
            let share = survey.done as f32 / survey.total.max(1) as f32;
            let share = if waits { 0.0 } else { share };
            ui.add(egui::ProgressBar::new(share).desired_width(160.0).show_percentage());
            if ui.button("Stop").on_hover_text("What was counted is kept").clicked() {
                out.push(TimeEdit::StopSurvey);
            }
            return;
        }
        let source = sources::to_survey(ui, world);
        let tip = "What is hidden on the left is hidden from the networks here, too";
        if ui.button("Read all of them").on_hover_text(tip).clicked() {
            out.push(TimeEdit::Survey(source));
        }
    });
}

/// What was read, and what was hidden meanwhile.
fn about(ui: &mut Ui, world: &World<'_>, survey: &Survey) {
    let name = sources::find(world, survey.source).map_or_else(String::new, |(name, _)| name);
    let mut text = format!("{} test digits of {name}", grouped(survey.done as u64));
    let h = survey.hidden;
    if h.last > 0 {
        text += &format!(", the last {} columns or rows hidden", h.last);
    }
    let chosen = h.columns.count_ones() + h.rows.count_ones();
    if chosen > 0 {
        text += &format!(", {chosen} chosen columns and rows hidden");
    }
    if h != world.room.kept.hidden {
        text += " (what is hidden now is something else: read again)";
    }
    ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
}

/// The colour of the `i`th reader; the ensemble, which comes last, has the text's.
fn hue(ui: &Ui, survey: &Survey, i: usize) -> egui::Color32 {
    let p = palette(ui.visuals());
    if survey.ensemble && i + 1 == survey.counts.len() {
        p.text
    } else {
        p.series[i % p.series.len()]
    }
}

/// Shapes beside the hues: curves are told apart without them.
fn marker(ui: &Ui, i: usize, at: egui::Pos2, colour: egui::Color32) {
    let painter = ui.painter();
    let r = 4.5;
    match i % 5 {
        0 => {
            painter.circle_filled(at, r, colour);
        }
        1 => {
            painter.rect_filled(Rect::from_center_size(at, Vec2::splat(1.7 * r)), 0, colour);
        }
        n => {
            let corners = if n == 4 { 4 } else { 3 };
            let turn =
                if n == 3 { std::f32::consts::PI } else { 0.0 } - std::f32::consts::FRAC_PI_2;
            let points = (0..corners).map(|c| {
                let angle = turn + c as f32 * std::f32::consts::TAU / corners as f32;
                at + Vec2::angled(angle) * (r + 1.0)
            });
            let shape = egui::Shape::convex_polygon(points.collect(), colour, Stroke::NONE);
            painter.add(shape);
        }
    }
}

/// Share of right answers after every step.
fn accuracy(ui: &Ui, world: &World<'_>, survey: &Survey, rect: Rect, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let head = "Right answers after so many columns or rows";
    ui.painter().text(rect.left_top(), Align2::LEFT_TOP, head, theme::strong(13.0), p.text);
    let axes = Axes::new(Rect::from_min_max(rect.min + Vec2::new(4.0, 18.0), rect.max), 0.0, 1.0);
    let y = [(0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")];
    axes.paint(ui, &Labels { y: &y, x: "lines read" });
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    for (i, (_, count)) in survey.counts.iter().enumerate() {
        let values: Vec<f32> = (0..=SIDE).map(|k| count.accuracy(k)).collect();
        let colour = hue(ui, survey, i);
        axes.line(ui, &values, SIDE, Stroke::new(thick, colour));
        // At steps of their own, so that they do not lie on each other.
        for k in (2 + i..=SIDE).step_by(6) {
            marker(ui, i, axes.at(k as f32, values[k]), colour);
        }
    }
    let now = now(world);
    axes.position(ui, now);
    let spoken: Vec<String> = survey
        .counts
        .iter()
        .map(|(name, c)| format!("{name} {:.1} %", c.accuracy(now) * 100.0))
        .collect();
    let name = format!("Accuracy after {now} columns or rows: {}", spoken.join(", "));
    let response = axes.scrub(ui, ui.scope_id().with("accuracy"), &name, now, out);
    let Some(at) = response.hover_pos() else { return };
    let k = axes.step(at.x);
    response.on_hover_ui_at_pointer(|ui| {
        ui.label(RichText::new(format!("after {k} columns or rows")).strong());
        for (name, count) in &survey.counts {
            ui.label(format!("{name}: {:.2} % right", count.accuracy(k) * 100.0));
        }
    });
}

/// After how many steps the minds are made up, by class.
fn decided(ui: &Ui, survey: &Survey, rect: Rect) {
    let p = palette(ui.visuals());
    let (classes, digits) = (&survey.classes, survey.classes.is_digits());
    let head = match digits {
        true => "Made up its mind after, on average, by digit",
        false => "Made up its mind after, on average, by class",
    };
    let rows = classes.count() as f32;
    ui.painter().text(rect.left_top(), Align2::LEFT_TOP, head, theme::strong(13.0), p.text);
    let inner = Rect::from_min_max(rect.min + Vec2::new(0.0, 18.0), rect.max);
    let axes = match digits {
        true => Axes::new(inner, 0.0, rows),
        false => Axes::beside(inner, 0.0, rows, (0.3 * inner.width()).min(90.0)),
    };
    let names = classes.all();
    let y: Vec<(f32, &str)> =
        names.iter().enumerate().map(|(d, n)| (rows - d as f32 - 0.5, n.as_str())).collect();
    axes.paint(ui, &Labels { y: &y, x: "lines read" });
    let n = survey.counts.len() as f32;
    for (i, (_, count)) in survey.counts.iter().enumerate() {
        for class in 0..classes.count() {
            let Some(mean) = count.mean_decided_of(class) else { continue };
            // Within the class's band, one below the other.
            let low = rows - class as f32 - (i as f32 + 0.5) / n * 0.8 - 0.1;
            marker(ui, i, axes.at(mean, low), hue(ui, survey, i));
        }
    }
    let response = ui.interact(axes.ground, ui.scope_id().with("by digit"), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Figure, true, head));
    let Some(at) = response.hover_pos() else { return };
    let class = ((at.y - axes.ground.top()) / axes.ground.height() * rows) as usize;
    let class = class.min(classes.count().saturating_sub(1));
    let name = classes.name(class);
    response.on_hover_ui_at_pointer(|ui| {
        let name = if digits { format!("digit {name}") } else { name };
        ui.label(RichText::new(name).strong());
        for (name, count) in &survey.counts {
            if let Some(mean) = count.mean_decided_of(class) {
                ui.label(format!("{name}: after {mean:.1}"));
            }
        }
    });
}

/// The legend alone.
fn readers(ui: &mut Ui, survey: &Survey) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        for (i, (name, _)) in survey.counts.iter().enumerate() {
            let (rect, _) = ui.allocate_exact_size(Vec2::new(14.0, 14.0), Sense::hover());
            marker(ui, i, rect.center(), hue(ui, survey, i));
            ui.label(RichText::new(name).small());
            ui.add_space(6.0);
        }
    });
}

/// The legend, with the figures worth quoting.
fn figures(ui: &mut Ui, survey: &Survey) {
    let p = palette(ui.visuals());
    let narrow = ui.available_width() < page::NARROW;
    let spacing = if narrow { 8.0 } else { 18.0 };
    egui::Grid::new("figures").num_columns(6).spacing([spacing, 3.0]).show(ui, |ui| {
        let tips = [
            "",
            "Accuracy after 14 of 28 columns or rows",
            "Accuracy at the end",
            "The first step after which 90 % of the final accuracy is reached",
            "Mean number of steps after which the answer no longer changes",
        ];
        let headings = match narrow {
            true => ["", "half read", "all", "90 % after", "sure after"],
            false => ["", "half read", "all read", "90 % of it after", "mind made up after"],
        };
        for (text, tip) in headings.into_iter().zip(tips) {
            let label = ui.label(RichText::new(text).small().color(p.weak));
            if !tip.is_empty() {
                label.on_hover_text(tip);
            }
        }
        ui.end_row();
        for (i, (name, count)) in survey.counts.iter().enumerate() {
            let colour = hue(ui, survey, i);
            ui.horizontal(|ui| {
                let (rect, _) = ui.allocate_exact_size(Vec2::new(14.0, 14.0), Sense::hover());
                marker(ui, i, rect.center(), colour);
                ui.label(RichText::new(name).font(theme::strong(13.0)));
            });
            for text in row(count) {
                ui.label(text);
            }
            ui.end_row();
        }
    });
}

fn row(count: &Count) -> [String; 4] {
    let percent = |k| format!("{:.1} %", count.accuracy(k) * 100.0);
    [
        percent(SIDE / 2),
        format!("{:.2} %", count.accuracy(SIDE) * 100.0),
        format!("{} of 28", count.reaches(0.9)),
        format!("{:.1} of 28", count.mean_decided()),
    ]
}

/// One row per reader and step.
fn csv(survey: &Survey) -> String {
    let headings = ["reader", "step", "digits", "right", "accuracy", "made_up_their_mind_here"];
    let rows = survey.counts.iter().flat_map(|(name, count)| {
        (0..=SIDE).map(move |k| {
            let (right, accuracy) = (count.right[k], count.accuracy(k));
            csv::row![name, k, count.digits(), right, accuracy, count.decided[k]]
        })
    });
    csv::text(headings, rows)
}
