//! How the current digit settles: the states of all layers at each sweep, and the energy.

use egui::accesskit::Role;
use egui::{Align2, Color32, Id, Rect, RichText, Sense, Stroke, Ui, WidgetInfo, vec2};
use egui_plot::{Line, LineStyle, PlotPoint, PlotPoints, Points, Polygon, Text, VLine};

use super::settings::{SLOTS, Sweeps};
use super::{AlternativesEdit, World, back, slots};
use crate::ann::ops::loss::softmax;
use crate::ann::rules::equilibrium::Equilibrium;
use crate::ann::zoo::Kind;
use crate::core::csv::{self, row};
use crate::core::decision::unique_max;
use crate::data::CLASSES;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::Chart;
use crate::ui::widgets::field::Field;
use crate::ui::widgets::time_bar::{Axis, Mark, TimeBar};
use crate::ui::widgets::{figure, page, picture, shares, sources, tiles};
use crate::workers::passages::DigitPassages;

/// Height of the classes' bars, points.
const BARS: f32 = 74.0;

/// A digit that settles, whatever the rule.
struct Course<'a> {
    /// Units of each layer, the classes last.
    widths: &'a [usize],
    /// After each sweep, the states of all layers one after another.
    states: &'a [Vec<f32>],
    /// Likewise the errors, where cells hold them.
    errors: Option<&'a [Vec<f32>]>,
    energies: &'a [f64],
    /// Sweeps without the target, where there are two phases.
    free: Option<usize>,
    beta: f32,
}

impl<'a> Course<'a> {
    fn of(known: &'a DigitPassages) -> Option<Self> {
        if let Some(s) = &known.settled {
            return Some(Self {
                widths: &s.widths,
                states: &s.states,
                errors: None,
                energies: &s.energies,
                free: Some(s.free),
                beta: s.beta,
            });
        }
        let r = known.relaxed.as_ref()?;
        Some(Self {
            widths: &r.widths,
            states: &r.rates,
            errors: Some(&r.errors),
            energies: &r.energies,
            free: None,
            beta: 0.0,
        })
    }

    /// Where a layer lies among the states.
    fn place(&self, layer: usize) -> std::ops::Range<usize> {
        let from: usize = self.widths[..layer].iter().sum();
        from..from + self.widths[layer]
    }

    fn hidden(&self) -> usize {
        self.widths.len().saturating_sub(1)
    }

    /// The ten probabilities at a sweep.
    fn shares(&self, at: usize) -> [f32; CLASSES] {
        let classes = &self.states[at][self.place(self.hidden())];
        let mut row = [0f32; CLASSES];
        if self.free.is_some() {
            return Equilibrium::shares(classes);
        }
        row.iter_mut().zip(classes).for_each(|(r, c)| *r = *c);
        softmax(&mut row);
        row
    }

    /// The phase that a sweep belongs to.
    fn phase(&self, at: usize) -> String {
        match self.free {
            None => format!("step {at} of {}", self.states.len() - 1),
            Some(free) if at <= free => format!("sweep {at} of {free}, free"),
            Some(free) => format!(
                "sweep {} of {}, nudged with β = {:.2}",
                at - free,
                self.states.len() - 1 - free,
                self.beta
            ),
        }
    }
}

/// The rule, the sweeps, the digit.
pub fn side(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    ui.label(RichText::new("Look into").font(theme::strong(15.0)));
    back::which(ui, world, |rule| rule.relaxes, out);
    let kept = &world.room.kept;
    let phases = world.room.looked_at().and_then(|slot| kept.rule(slot));
    let phases = phases.is_none_or(|rule| rule.kind == Kind::Settling);
    let mut sweeps = kept.sweeps;
    let counted = |ui: &mut Ui, name: &str, tip: &str, value: &mut usize| {
        let mut wide = *value as f64;
        if Field::new(name, "", Sweeps::COUNT, tip).log().whole().show(ui, &mut wide) {
            *value = wide.round() as usize;
        }
    };
    if phases {
        let tip = "How strongly the target pulls at the classes; below 0 it pushes them away. For what is shown here: as it learns, the rule takes its own";
        Field::new("Nudging β", "", Sweeps::BETA, tip).show_f32(ui, &mut sweeps.beta);
        let tip = "Over all layers, from zero, before the target is shown";
        counted(ui, "Free sweeps", tip, &mut sweeps.free);
        let tip = "With the target, from where the free phase ended";
        counted(ui, "Nudged sweeps", tip, &mut sweeps.nudged);
    } else {
        let tip = "Steps in which activities relax; as it learns, the rule takes eight";
        counted(ui, "Relaxation steps", tip, &mut sweeps.free);
    }
    if sweeps != kept.sweeps {
        out.push(AlternativesEdit::Sweeps(sweeps));
    }
    ui.separator();
    back::digit(ui, world, out);
}

/// The time bar.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let course = world.room.known().and_then(Course::of);
    let colour = palette(ui.visuals()).series[1];
    let free = course.as_ref().and_then(|c| c.free);
    let marks: Vec<Mark> = free
        .map(|at| Mark { at: at as u64, label: "From here on it is nudged".into(), colour })
        .into_iter()
        .collect();
    let unit = if course.is_some() && free.is_none() { "steps" } else { "sweeps" };
    let axis = Axis { unit, unit_per_step: 1.0, decimals: 0 };
    TimeBar::new(&world.room.playback, axis)
        .marks(&marks)
        .show(ui, &mut |edit| out.push(AlternativesEdit::Play(edit)));
}

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let from = ui.next_widget_position();
    let Some(slot) = world.room.looked_at() else {
        ui.label("None of the rules settles. Equilibrium propagation and predictive coding do.");
        let tip = "It takes the place of what is in slot 4";
        if ui.button("Put equilibrium propagation into slot 4").on_hover_text(tip).clicked() {
            let id = "equilibrium_propagation".to_owned();
            out.push(AlternativesEdit::Rule(SLOTS - 1, Some(id)));
        }
        return;
    };
    slots::buttons(ui, world, out, |ui, out| {
        if ui.max_rect().width() < page::NARROW {
            back::which_of(ui, world, |rule| rule.relaxes, out);
        }
    });
    if world.digit.is_blank() {
        return sources::no_digit(ui, world, out);
    }
    let known = world.room.known().filter(|_| world.room.snapshot(slot).is_some());
    let Some(course) = known.and_then(Course::of).filter(|c| !c.states.is_empty()) else {
        ui.label(match world.room.in_hand(slot) {
            true => "The digit settles …",
            false => "Its weights are drawn when it begins: press Step or Start all.",
        });
        return;
    };
    let at = (world.room.playback.at() as usize).min(course.states.len() - 1);
    let names = back::classes(world);
    let answer = names.said(unique_max(&course.shares(at)));
    let name = world.room.kept.rule(slot).map_or(String::new(), |rule| slots::name(slot, rule));
    let target = names.name(world.room.label(world.desk));
    let text = format!("{name}, {}: it sees {answer}, the target is {target}", course.phase(at));
    ui.label(RichText::new(text).font(theme::strong(13.5)));
    let small = page::small(ui);
    let chosen = if small { page::choose(ui, "settling", &["States", "Energy"]) } else { 0 };
    let room = ui.available_height() - 42.0;
    let stamp = world.room.answer.number;
    if !small || chosen == 0 {
        let height = if small { room } else { room * 0.56 };
        states(ui, &course, (at, stamp), height);
    }
    if !small || chosen == 1 {
        let height = (ui.available_height() - 42.0).clamp(90.0, 420.0);
        energy(ui, world, &course, at, height);
    }
    figure::save_below(ui, out, "settling", from, || csv(&course));
}

/// Every layer: its hidden units as squares, with their errors, and the classes as bars.
fn states(ui: &mut Ui, course: &Course<'_>, (at, stamp): (usize, u64), height: f32) {
    let rows = if course.errors.is_some() { 2.0 } else { 1.0 };
    let text = ui.text_style_height(&egui::TextStyle::Small) + 6.0;
    let columns = course.widths.len();
    let width = ui.available_width() / columns as f32 - ui.spacing().item_spacing.x;
    let each = ((height - 6.0) / rows - text).clamp(40.0, 300.0);
    ui.horizontal_top(|ui| {
        for layer in 0..columns {
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.spacing_mut().item_spacing.y = 3.0;
                let last = layer + 1 == columns;
                let units = course.widths[layer];
                let name = if last { "Classes".into() } else { format!("Hidden {}", layer + 1) };
                let weak = palette(ui.visuals()).weak;
                ui.label(RichText::new(format!("{name}, {units}")).small().color(weak));
                if last {
                    let size = vec2(width, each.min(BARS.max(each * 0.7)));
                    shares::bars(ui, &course.shares(at), size);
                } else {
                    let what = (layer, "states");
                    mosaic(ui, course, course.states, what, (at, stamp), vec2(width, each));
                }
                if let Some(errors) = course.errors {
                    ui.label(RichText::new("errors").small().color(weak));
                    mosaic(ui, course, errors, (layer, "errors"), (at, stamp), vec2(width, each));
                }
            });
        }
    });
}

/// The units of a layer as squares, as large as fit.
fn mosaic(
    ui: &mut Ui,
    course: &Course<'_>,
    values: &[Vec<f32>],
    (layer, what): (usize, &str),
    (at, stamp): (usize, u64),
    room: egui::Vec2,
) {
    let place = course.place(layer);
    let now = &values[at][place.clone()];
    // The classes each below their bar.
    let classes = layer + 1 == course.widths.len();
    let (columns, cell) = match classes {
        true => (now.len(), vec2(room.x / now.len().max(1) as f32, room.y.min(24.0))),
        false => tiles::arrange(now.len(), 1.0, room),
    };
    let rows = now.len().div_ceil(columns.max(1)).max(1);
    let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
    let size = vec2(columns as f32, rows as f32) * cell;
    let rect = Rect::from_min_size(rect.min, size);
    // One scale for all sweeps, so that what fades is seen to fade.
    let most =
        values.iter().flat_map(|v| &v[place.clone()]).fold(0f32, |m, v| m.max(v.abs())).max(1e-12);
    let signed = what == "errors";
    let visuals = ui.visuals().clone();
    let colour = |i: usize| match now.get(i) {
        None => Color32::TRANSPARENT,
        Some(v) if signed => theme::diverging(&visuals, v / most),
        Some(v) => theme::sequential(&visuals, v / most),
    };
    let stamp = picture::stamp((stamp, at, rows, visuals.dark_mode));
    picture::paint(ui, Id::unique(("settling", layer, what)), stamp, rect, (rows, columns), colour);
    response.widget_info(|| {
        let name =
            if classes { "the classes".to_owned() } else { format!("hidden layer {}", layer + 1) };
        let strongest = now.iter().fold(0f32, |m, v| m.max(v.abs()));
        let text = format!("{what} of {name}, {} units, up to {strongest:.4}", now.len());
        WidgetInfo::labeled(Role::Image, true, text)
    });
    let cell = response.hover_pos().and_then(|at| picture::cell(rect, (rows, columns), at));
    if let Some((r, c)) = cell
        && let Some(value) = now.get(r * columns + c)
    {
        response.on_hover_text_at_pointer(format!("unit {}: {value:.4}", r * columns + c));
    }
}

/// The energy sweep by sweep; the nudged phase is shaded.
fn energy(ui: &mut Ui, world: &World<'_>, course: &Course<'_>, at: usize, height: f32) {
    let p = palette(ui.visuals());
    let last = (course.energies.len() - 1).max(1) as f64;
    let lowest = course.energies.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = course.energies.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let air = (0.08 * (highest - lowest)).max(1e-6 * highest.abs()).max(1e-12);
    let (low, top) = (lowest - air, highest + 3.0 * air);
    let chart = Chart {
        id: "energy of settling",
        axes: [if course.free.is_some() { "sweeps" } else { "steps" }, "energy"],
        bounds: [[0.0, low], [last, top]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let points: Vec<[f64; 2]> =
        course.energies.iter().enumerate().map(|(i, e)| [i as f64, *e]).collect();
    let said = || {
        let ends = course.energies.first().zip(course.energies.last());
        ends.map_or_else(String::new, |(a, b)| format!("Energy, from {a:.3} to {b:.3}"))
    };
    let small = theme::regular(12.0);
    chart.show_said(ui, said, |plot| {
        if let Some(free) = course.free {
            let (free, shade) = (free as f64, p.series[1].gamma_multiply(0.14));
            let corners = vec![[free, low], [last, low], [last, top], [free, top]];
            let shaded = Polygon::new("", PlotPoints::from(corners)).fill_color(shade);
            plot.polygon(shaded.stroke(Stroke::NONE).allow_hover(false));
            let free_text = RichText::new("free").font(small.clone()).color(p.weak);
            let nudged = format!("nudged, β = {:.2}", course.beta);
            let nudged = RichText::new(nudged).font(small).color(p.weak);
            let text = |at: f64, text, anchor| {
                Text::new("", PlotPoint::new(at, top), text).anchor(anchor).allow_hover(false)
            };
            plot.text(text(0.01 * last, free_text, Align2::LEFT_TOP));
            plot.text(text(last, nudged, Align2::RIGHT_TOP));
        }
        let line = Line::new("energy", PlotPoints::from(points.clone()));
        plot.line(line.stroke(Stroke::new(thick, p.series[0])));
        let here = vec![points[at.min(points.len() - 1)]];
        plot.points(Points::new("here", here).color(p.text).radius(thick + 2.0));
        let cursor = VLine::new("", at as f64).stroke(Stroke::new(1.0, p.text));
        plot.vline(cursor.style(LineStyle::dotted_dense()).allow_hover(false));
    });
}

/// A row for each sweep.
fn csv(course: &Course<'_>) -> String {
    let mut headings = row!["sweep", "phase", "energy"].to_vec();
    headings.extend((0..CLASSES).map(|digit| format!("p{digit}")));
    let rows = course.energies.iter().enumerate().map(|(at, energy)| {
        let phase = match course.free {
            Some(free) if at > free => "nudged",
            Some(_) => "free",
            None => "relaxing",
        };
        let mut line = row![at, phase, energy].to_vec();
        line.extend(course.shares(at).iter().map(f32::to_string));
        line
    });
    csv::text(headings, rows)
}
