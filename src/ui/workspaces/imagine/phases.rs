//! The free phase of a network of spikes, and the two branches that its rule compares.

use egui::accesskit::Role;
use egui::{Id, Rect, RichText, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_plot::{Line, LineStyle, PlotPoints, VLine};

use super::spiking::{Spikes, SpikingEdit};
use super::{ImagineEdit, World};
use crate::ann::spiking::phases::PhaseLook;
use crate::core::csv::{self, row};
use crate::core::decision::said;
use crate::data::CLASSES;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::chart::{Chart, names};
use crate::ui::widgets::{figure, page, picture, sources};
use crate::workers::imagine::phases::ShownPhases;

/// Height of a row at least, points.
const ROW: f32 = 2.4;
/// Rows of a class.
const TALL: usize = 2;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if Spikes::network(&world.room.kept.spiking, world.desk).is_none() {
        ui.label("There is no network of spikes with connections both ways. Train one, such as “LIF energy”, and use it in Draw.");
        return;
    }
    if world.digit.is_blank() {
        return sources::no_digit(ui, world, out);
    }
    let shown = &world.room.spikes.shown;
    let Some(look) = shown.look.as_ref() else {
        ui.label("The digit is being shown …");
        return;
    };
    let from = ui.next_widget_position();
    ui.label(RichText::new(headline(look, shown)).font(theme::strong(13.5)));
    let small = page::small(ui);
    let views = ["Spikes", "One synapse"];
    let which = if small { page::choose(ui, "imagine phases", &views) } else { 0 };
    let room = ui.available_height() - 42.0;
    let at = world.room.bar().at() as usize;
    if !small || which == 0 {
        let share = if small { room } else { room * 0.68 };
        rasters(ui, (look, shown), at, share, out);
    }
    if !small || which == 1 {
        traces(ui, world, (look, shown), at, (ui.available_height() - 42.0).max(110.0));
    }
    figure::save_below(ui, out, "imagine-phases", from, || csv(look));
}

/// The answer, and what the synapse looked at learns.
fn headline(look: &PhaseLook, shown: &ShownPhases) -> String {
    let (hidden, class) = shown.pair;
    let at = hidden * CLASSES + class;
    let of = |branch: usize| look.correlations[branch].get(at).copied().unwrap_or(0.0);
    // Over twice β where one branch is pushed away, over β where it is left alone.
    let by = if look.phases.centred { "2β" } else { "β" };
    let change = look.change.get(at).copied().unwrap_or(0.0);
    format!(
        "Free, it answers {}; {} is taught. Hidden neuron {hidden} and class {class}: together {:.4} when pulled, {:.4} when pushed, so ΔW = η × ({:+.4}) / {by} = η × {change:+.4}",
        said(look.answer.and_then(|a| u8::try_from(a).ok()).map(usize::from)),
        look.label,
        of(0),
        of(1),
        of(0) - of(1),
    )
}

/// Hidden neurons that spike in a branch, in the order of how much their synapses onto the
/// class taught change; those looked at are always among them.
fn order(look: &PhaseLook, chosen: usize, most: usize) -> Vec<usize> {
    let class = usize::from(look.label);
    let change = |j: usize| look.change.get(j * CLASSES + class).map_or(0.0, |c| c.abs());
    let active = |j: &usize| look.rates.iter().any(|r| r.get(*j).is_some_and(|r| *r > 0.0));
    let mut order: Vec<usize> = (0..look.hidden).filter(|j| active(j) || *j == chosen).collect();
    order.sort_by(|a, b| change(*b).total_cmp(&change(*a)).then(a.cmp(b)));
    if let Some(place) = order.iter().position(|j| *j == chosen).filter(|p| *p >= most) {
        order.swap(place, most - 1);
    }
    order.truncate(most);
    order
}

/// Spikes of hidden neurons and classes: the free phase, then a branch; one branch above
/// the other.
fn rasters(
    ui: &mut Ui,
    (look, shown): (&PhaseLook, &ShownPhases),
    at: usize,
    height: f32,
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    let text = ui.text_style_height(&egui::TextStyle::Small) + 2.0 * ui.spacing().item_spacing.y;
    let each = (height / 2.0 - text).max(40.0);
    let most = ((each / ROW) as usize).saturating_sub(CLASSES * TALL + 2).max(8);
    let order = order(look, shown.pair.0, most);
    let (free, nudged) = (look.branches[0].steps, look.branches[1].steps);
    let steps = (free + nudged).max(1);
    let rows = order.len() + CLASSES * TALL + 2;
    let label = look.label;
    for (branch, name) in [(1, "pulled towards the target"), (2, "pushed away from it")] {
        let caption = format!(
            "{free} steps free, then {nudged} {name}: the {} hidden neurons whose synapses change most; below them classes 0 to 9",
            order.len()
        );
        let caption = if branch == 1 {
            caption
        } else {
            format!("The same, but {name}, from the same state and with the same noise")
        };
        ui.label(RichText::new(caption).small().color(p.weak));
        let size = vec2(ui.available_width(), each);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let mut cells = vec![0u8; rows * steps];
        let place = |neuron: usize| -> Option<(usize, usize)> {
            match neuron.checked_sub(look.hidden) {
                Some(class) => Some((order.len() + 2 + class * TALL, TALL)),
                None => order.iter().position(|j| *j == neuron).map(|row| (row, 1)),
            }
        };
        for course in [&look.branches[0], &look.branches[branch]] {
            for (t, fired) in course.spikes.iter().enumerate() {
                let column = course.from + t;
                for neuron in fired {
                    let Some((row, tall)) = place(*neuron as usize) else { continue };
                    let taught = *neuron as usize == look.hidden + usize::from(label);
                    for row in row..row + tall {
                        if let Some(cell) = cells.get_mut(row * steps + column) {
                            *cell = if taught { 2 } else { 1 };
                        }
                    }
                }
            }
        }
        let dark = ui.visuals().dark_mode;
        let stamp = picture::stamp((shown.number, branch, at, dark));
        picture::paint(ui, Id::unique(("phases", branch)), stamp, rect, (rows, steps), |i| {
            let (row, column) = (i / steps, i % steps);
            let colour = match cells[i] {
                0 if row == order.len() || row == order.len() + 1 => return p.background,
                0 => return p.well,
                2 => p.accent,
                _ => p.text,
            };
            if column < at { colour } else { theme::blend(p.well, colour, 0.3) }
        });
        let x = |step: f32| rect.left() + rect.width() * step / steps as f32;
        let begins = Stroke::new(1.5, p.series[3]);
        ui.painter().vline(x(free as f32), rect.y_range(), begins);
        let window = (free + nudged - look.phases.window.min(nudged)) as f32;
        let counts = Rect::from_min_max(pos2(x(window), rect.bottom() - 3.0), rect.max);
        ui.painter().rect_filled(counts, 0, p.series[1]);
        ui.painter().vline(x(at as f32), rect.y_range(), Stroke::new(1.5, p.accent));
        let row_height = rect.height() / rows as f32;
        if let Some(row) = order.iter().position(|j| *j == shown.pair.0) {
            let y = rect.top() + (row as f32 + 0.5) * row_height;
            let tip = Rect::from_center_size(pos2(rect.left() - 5.0, y), vec2(6.0, 4.0));
            ui.painter().rect_filled(tip, 1, p.accent);
        }
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Image, true, format!("Spikes, free and {name}"))
        });
        let under = response.hover_pos().and_then(|at| picture::cell(rect, (rows, steps), at));
        let Some((row, step)) = under else { continue };
        let (hidden, class) = shown.pair;
        let pair = match (order.get(row), row.checked_sub(order.len() + 2)) {
            (Some(neuron), _) => (*neuron, class),
            (None, Some(of)) => (hidden, (of / TALL).min(CLASSES - 1)),
            (None, None) => continue,
        };
        if response.clicked() {
            out.push(ImagineEdit::Spiking(SpikingEdit::Pair(Some(pair))));
        }
        let which = if order.get(row).is_some() {
            format!("hidden neuron {}", pair.0)
        } else {
            format!("class {}", pair.1)
        };
        response.on_hover_text_at_pointer(format!(
            "{which}, step {}; the orange line below is what counts. Click to look at its synapse",
            step + 1
        ));
    }
}

/// The traces of both neurons of a synapse in both branches.
fn traces(
    ui: &mut Ui,
    world: &World<'_>,
    (look, shown): (&PhaseLook, &ShownPhases),
    at: usize,
    height: f32,
) {
    let p = palette(ui.visuals());
    let (hidden, class) = shown.pair;
    let above = ui.next_widget_position().y;
    let labels = [format!("hidden {hidden}, pulled"), format!("class {class}, pulled")];
    names(
        ui,
        [(&labels[0][..], p.series[0]), (&labels[1][..], p.series[1]), ("dashed: pushed", p.weak)],
    );
    let height = height - (ui.next_widget_position().y - above);
    let steps = look.branches[0].steps + look.branches[1].steps;
    let all = shown.traces.traces.iter().flatten().flatten();
    let most = all.copied().fold(0.1f32, f32::max);
    let chart = Chart {
        id: "traces of a synapse",
        axes: ["steps", "rate r"],
        bounds: [[0.0, 0.0], [steps as f64, f64::from(most) * 1.05]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    let said = || format!("Rates of hidden neuron {hidden} and class {class}");
    chart.show_said(ui, said, |plot| {
        for (neuron, colour) in [(0, p.series[0]), (1, p.series[1])] {
            for (branch, begins) in [(0, 0), (1, look.branches[1].from), (2, look.branches[2].from)]
            {
                let each = shown.traces.traces[branch].iter().enumerate();
                let points: Vec<[f64; 2]> =
                    each.map(|(t, r)| [(begins + t) as f64 + 1.0, f64::from(r[neuron])]).collect();
                let line = Line::new("rate", PlotPoints::from(points));
                let line = line.stroke(Stroke::new(thick, colour));
                plot.line(if branch == 2 { line.style(LineStyle::dashed_dense()) } else { line });
            }
        }
        let begins = VLine::new("", look.branches[1].from as f64);
        plot.vline(begins.stroke(Stroke::new(1.5, p.series[3])).allow_hover(false));
        let cursor = VLine::new("", at as f64).stroke(Stroke::new(1.5, p.accent));
        plot.vline(cursor.style(LineStyle::dotted_dense()).allow_hover(false));
    });
}

/// A row for each synapse between a hidden neuron and a class.
fn csv(look: &PhaseLook) -> String {
    let rows = look.change.iter().enumerate().map(|(i, change)| {
        let of = |branch: usize| look.correlations[branch].get(i).copied().unwrap_or(0.0);
        row![i / CLASSES, i % CLASSES, of(0), of(1), change]
    });
    csv::text(row!["hidden", "class", "together_pulled", "together_pushed", "change"], rows)
}
