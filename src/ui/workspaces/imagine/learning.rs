//! E and M steps one after another: J, the synapses that change, and what from.

use egui::{Grid, Id, RichText, Sense, Ui, Vec2, vec2};

use super::complete::grid;
use super::objective::{self, Course};
use super::units::largest;
use super::view::has_network;
use super::{ImagineEdit, World};
use crate::ann::energy::{Objective, Synapse};
use crate::ann::ops::energy::Map;
use crate::core::csv::{self, row};
use crate::data::{PIXELS, SIDE};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::time_bar::{Axis, Mark, TimeBar};
use crate::ui::widgets::{digit_view, figure, page, picture, sources};
use crate::workers::imagine::lesson::{Happens, Lesson, happens, moments};

/// The four maps, in the order of [`Map::LATENT`]: name, and the layers on both sides.
const MAPS: [(&str, &str, &str); 4] =
    [("f1", "x", "h1"), ("f2", "h1", "h2"), ("g2", "h2", "h1"), ("g1", "h1", "x")];

/// Rounds of which J is shown.
const ROUNDS: u64 = 6;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !has_network(ui, world) {
        return;
    }
    if !world.room.kept.many && world.digit.is_blank() {
        return sources::no_digit(ui, world, out);
    }
    let lesson = &world.room.lesson;
    if lesson.course.is_empty() {
        let text = world.room.without.as_deref().unwrap_or("The first causes are being proposed …");
        ui.label(text);
        return;
    }
    let from = ui.next_widget_position();
    ui.label(RichText::new(headline(world, lesson)).font(theme::strong(13.5)));
    if world.room.kept.dynamics.noise > 0.0 {
        let text = "With noise on causes an E step need not raise J: set it to 0 at the left to see J climb.";
        ui.colored_label(palette(ui.visuals()).warning, text);
    }
    let small = page::small(ui);
    let names = ["State", "J", "Synapses"];
    let which = if small { page::choose(ui, "imagine learning", &names) } else { 0 };
    // A little less than there is: a scroll bar would take width, wrap lines, and come and go.
    let room = ui.available_height() - 70.0;
    if small {
        match which {
            0 => state(ui, world, lesson, vec2(ui.available_width(), room)),
            1 => course(ui, world, lesson, room),
            _ => synapses(ui, world, lesson, 1, out),
        }
    } else {
        let upper = room * 0.58;
        ui.horizontal_top(|ui| {
            let half = ui.available_width() * 0.52;
            ui.allocate_ui(vec2(half, upper), |ui| {
                state(ui, world, lesson, vec2(half, upper));
            });
            let size = vec2(ui.available_width(), upper);
            ui.allocate_ui(size, |ui| ui.vertical(|ui| course(ui, world, lesson, upper)));
        });
        synapses(ui, world, lesson, 2, out);
    }
    figure::save_below(ui, out, "imagine-learning", from, || csv(lesson));
}

/// Where in the course it is.
fn headline(world: &World<'_>, lesson: &Lesson) -> String {
    let e_steps = world.room.kept.e_steps;
    let round = lesson.moment / moments(e_steps) + 1;
    let j = lesson.course.last().map_or(0.0, Objective::total);
    let before = lesson.course.len().checked_sub(2).map(|i| lesson.course[i].total());
    let by = before.map_or_else(String::new, |b| format!(" ({:+.2})", j - b));
    match happens(lesson.moment, e_steps) {
        Happens::Proposal => {
            format!("Round {round}: encoders propose causes; J {j:.1} nats. Step on for an E step.")
        }
        Happens::EStep(step) if step == e_steps as u64 => {
            format!(
                "Round {round}, E step {step} of {e_steps}: J {j:.1} nats{by}. The M step is next."
            )
        }
        Happens::EStep(step) => {
            format!(
                "Round {round}, E step {step} of {e_steps}: causes have moved, J {j:.1} nats{by}"
            )
        }
        Happens::MStep => {
            format!("Round {round}, M step: weights have changed, causes stay; J {j:.1} nats{by}")
        }
    }
}

/// The moments, with M steps marked.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let round = moments(world.room.kept.e_steps);
    let colour = palette(ui.visuals()).series[3];
    let at = world.room.bar().at();
    // Those near by: a mark for each of hundreds would hide the bar.
    let first = (at / round).saturating_sub(2);
    let marks: Vec<Mark> = (first..first + 6)
        .map(|r| Mark {
            at: (r + 1) * round - 1,
            label: format!("M step of round {}", r + 1),
            colour,
        })
        .collect();
    let axis = Axis { unit: "steps", unit_per_step: 1.0, decimals: 0 };
    TimeBar::new(world.room.bar(), axis)
        .marks(&marks)
        .show(ui, &mut |edit| out.push(ImagineEdit::Play(edit)));
}

/// The picture, what its causes draw, the causes, and the chosen unit's weights.
fn state(ui: &mut Ui, world: &World<'_>, lesson: &Lesson, size: Vec2) {
    let weak = palette(ui.visuals()).weak;
    let caption = |ui: &mut Ui, text: &str| ui.label(RichText::new(text).small().color(weak));
    let text = ui.text_style_height(&egui::TextStyle::Small) + 2.0 * ui.spacing().item_spacing.y;
    let side = ((size.x - 24.0) / 4.0).min(size.y * 0.6 - text).max(40.0);
    ui.vertical(|ui| {
        ui.horizontal_top(|ui| {
            let drawn = &lesson.drawn;
            let picture = lesson.state.picture(0);
            ui.vertical(|ui| {
                caption(ui, "x");
                let id = Id::unique("learned picture");
                digit_view::show(ui, id, side, "The picture", |i| picture[i], Sense::hover());
            });
            ui.vertical(|ui| {
                caption(ui, "g1(h1)");
                let id = Id::unique("picture drawn");
                let of = |i: usize| drawn.get(i).copied().unwrap_or(0.0);
                digit_view::show(ui, id, side, "The picture as its causes draw it", of, Sense::hover());
            });
            let unit = world.room.kept.unit;
            for ([now, change], (name, which)) in
                lesson.fields.iter().zip([("looks for", "f1"), ("draws", "g1")])
            {
                ui.vertical(|ui| {
                    let most = largest(change).max(1e-6);
                    let changed = change.iter().any(|c| *c != 0.0);
                    let text = if changed {
                        format!("{which} of unit {unit}, changed")
                    } else {
                        format!("{which} of unit {unit}")
                    };
                    caption(ui, &text);
                    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
                    let shown = if changed { change } else { now };
                    let most = if changed { most } else { largest(now) };
                    let visuals = ui.visuals().clone();
                    let stamp = picture::stamp((lesson.number, unit, visuals.dark_mode));
                    let id = Id::unique(("learned field", which));
                    picture::paint(ui, id, stamp, rect, (SIDE, SIDE), |i| {
                        theme::diverging(&visuals, shown[i] / most)
                    });
                    response.on_hover_text(format!(
                        "What unit {unit} of h1 {name}: how its weights have changed since the beginning, or the weights themselves before the first M step. Choose the unit in the list below or under Units"
                    ));
                });
            }
        });
        let room = vec2(size.x - 8.0, (size.y - side - 3.0 * text - 10.0).max(24.0));
        let h1 = &lesson.state.h1;
        let most = h1.iter().copied().fold(1e-6f32, f32::max);
        caption(ui, "h1, and below it h2");
        grid(ui, Id::unique(("causes", 3)), "h1", h1, most, vec2(room.x, room.y * 0.62));
        grid(ui, Id::unique(("causes", 4)), "h2", &lesson.state.h2, 1.0, vec2(room.x, room.y * 0.38));
    });
}

/// J over the last rounds.
fn course(ui: &mut Ui, world: &World<'_>, lesson: &Lesson, height: f32) {
    let round = moments(world.room.kept.e_steps);
    let first = (lesson.moment / round).saturating_sub(ROUNDS - 1) * round;
    let marks: Vec<usize> = (first / round..=lesson.moment / round)
        .map(|r| ((r + 1) * round - 1) as usize)
        .filter(|m| *m < lesson.course.len())
        .collect();
    objective::chart(
        ui,
        &Course {
            all: &lesson.course,
            from: first as usize,
            room: (ROUNDS * round) as usize,
            at: lesson.moment as usize,
            unit: "steps; dashed: an M step",
            marks: &marks,
            height: height.max(110.0),
            projector: world.session.projector,
        },
    );
}

/// How a unit of a layer is called: a pixel by its row and column.
fn called(layer: &str, number: usize) -> String {
    if layer == "x" && number < PIXELS {
        format!("pixel {}, {}", number / SIDE, number % SIDE)
    } else {
        format!("{layer} {number}")
    }
}

/// The synapses that change most, and the two numbers that each change is made of.
fn synapses(ui: &mut Ui, world: &World<'_>, lesson: &Lesson, columns: usize, out: &mut Outbox) {
    let kept = &world.room.kept;
    let done = happens(lesson.moment, kept.e_steps) == Happens::MStep;
    let text =
        if done { "These have just changed most" } else { "An M step now would change these most" };
    let text = format!("{text}: rate × before × (behind − predicted), {:.3} × …", kept.rate);
    ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    let rows =
        ((ui.available_height() - 50.0) / 24.0 / (4 / columns) as f32 - 1.0).max(1.0) as usize;
    ui.columns(columns, |uis| {
        for (number, ((name, below, behind), all)) in MAPS.iter().zip(&lesson.strongest).enumerate()
        {
            let ui = &mut uis[number % columns];
            let of = format!(
                "{name}: {below} → {behind}, changed by {:.4} so far",
                lesson.moved[number]
            );
            ui.label(RichText::new(of).font(theme::strong(12.5)));
            if all.iter().all(|s| s.change(kept.rate) == 0.0) {
                ui.label(RichText::new("nothing: what it predicts is what is there").small());
                continue;
            }
            Grid::new(("synapses", number)).num_columns(5).spacing([12.0, 2.0]).show(ui, |ui| {
                for synapse in all.iter().filter(|s| s.change(kept.rate) != 0.0).take(rows) {
                    line(ui, (below, behind), synapse, kept.rate, out);
                    ui.end_row();
                }
            });
        }
    });
}

fn line(ui: &mut Ui, (below, behind): (&str, &str), s: &Synapse, rate: f32, out: &mut Outbox) {
    let small = |text: String| RichText::new(text).small();
    // The unit of h1 that the synapse belongs to.
    let unit = match s.map {
        Map::Encode1 | Map::Decode2 => s.unit,
        Map::Encode2 | Map::Decode1 | Map::ReadOut => s.input,
    };
    let name = format!("{} → {}", called(below, s.input), called(behind, s.unit));
    let tip = "Look at this unit of h1";
    if ui.link(small(name)).on_hover_text(tip).clicked() {
        out.push(ImagineEdit::Unit(unit));
    }
    ui.label(small(format!("{:.2}", s.before)));
    ui.label(small(format!("× ({:.2} − {:.2})", s.target, s.prediction)));
    ui.label(small(format!("→ {:+.4}", s.change(rate))));
    ui.label(small(format!("weight {:.3}", s.weight)));
}

/// A row for each moment.
fn csv(lesson: &Lesson) -> String {
    let mut headings = row!["step"].to_vec();
    headings.extend(objective::HEADINGS.map(String::from));
    let rows = lesson.course.iter().enumerate().map(|(step, o)| {
        let mut line = row![step].to_vec();
        line.extend(objective::numbers(o).map(|v| v.to_string()));
        line
    });
    csv::text(headings, rows)
}
