//! The run over its epochs, with a cursor at the moment shown: loss and accuracy,
//! how far and where to each layer moves, and single weights.

use egui::{ComboBox, RichText, Stroke, Ui, Vec2b};
use egui_plot::{AxisHints, Legend, Line, Plot, PlotBounds, VLine};

use super::{Figure, HistoryEdit, Scene, chooser};
use crate::ann::snapshots::Moved;
use crate::core::csv::{self, row};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::figure;
use crate::ui::widgets::key::{self, Named};
use crate::ui::workspaces::train::curves::{self, Quantity};

/// Figures of a layer: name, axis, what it is.
const FIGURES: [(Figure, &str, &str, &str); 5] = [
    (Figure::Norm, "Norm", "‖W‖", "Euclidean norm of the weights"),
    (
        Figure::Distance,
        "Distance from the start",
        "‖W − W₀‖",
        "How far the weights are from the initial ones",
    ),
    (Figure::Update, "Size of the last step", "‖ΔW‖", "Euclidean norm of the last update"),
    (
        Figure::CosinePrevious,
        "Direction, to the snapshot before",
        "cosine to the snapshot before",
        "1: the direction is the same; lower: the weights have turned",
    ),
    (
        Figure::CosineInitial,
        "Direction, to the start",
        "cosine to the initial weights",
        "1: the direction is the same; lower: the weights have turned",
    ),
];

/// Loss and accuracy, one above the other.
pub fn curves(ui: &mut Ui, scene: &Scene<'_, '_>, out: &mut Outbox) {
    ui.horizontal(|ui| chooser(ui, scene, true, out));
    let height = ((ui.available_height() - 96.0) / 2.0).max(90.0);
    let from = ui.next_widget_position();
    let cursor = scene.cursor();
    for quantity in [Quantity::Loss, Quantity::Accuracy] {
        curves::plot(ui, scene.world, &[scene.record], quantity, height, cursor);
    }
    figure::save_below(ui, out, "history-curves", from, || curves::csv(&[scene.record]));
}

/// A figure of each layer over the run.
pub fn movement(ui: &mut Ui, scene: &Scene<'_, '_>, out: &mut Outbox) {
    let chosen = FIGURES.iter().find(|f| f.0 == scene.settings.figure).unwrap_or(&FIGURES[0]);
    ui.horizontal_wrapped(|ui| {
        chooser(ui, scene, true, out);
        let response = ComboBox::from_id_salt("figure of each layer")
            .selected_text(chosen.1)
            .width(150.0)
            .show_ui(ui, |ui| {
                for (figure, name, _, tip) in &FIGURES {
                    let on = *figure == chosen.0;
                    if ui.selectable_label(on, *name).on_hover_text(*tip).clicked() {
                        scene.set(out, |s| s.figure = *figure);
                    }
                }
            })
            .response
            .on_hover_text(chosen.3);
        response.widget_info(|| {
            let role = egui::accesskit::Role::ComboBox;
            egui::WidgetInfo::labeled(role, true, "Figure of each layer")
        });
    });
    let (arrays, moments) = (&scene.view.arrays, &scene.view.moments);
    let lines: Vec<(String, Vec<[f64; 2]>)> = scene
        .view
        .banks
        .iter()
        .zip(arrays.iter())
        .map(|(bank, array)| {
            let points = moments.iter().filter_map(|m| {
                let y = value(chosen.0, m.moved.get(*array)?);
                y.is_finite().then_some([scene.epochs(m.step), f64::from(y)])
            });
            (bank.title.clone(), points.collect())
        })
        .collect();
    let height = (ui.available_height() - 66.0).max(120.0);
    let rect = plot(ui, scene, "movement plot", chosen.2, &lines, height);
    figure::save_row(ui, out, "layers-over-time", rect, || movement_csv(scene));
}

fn value(figure: Figure, moved: &Moved) -> f32 {
    match figure {
        Figure::Norm => moved.norm,
        Figure::Distance => moved.distance,
        Figure::Update => moved.update,
        Figure::CosinePrevious => moved.cosine_previous,
        Figure::CosineInitial => moved.cosine_initial,
    }
}

/// The course of the weights that were clicked.
pub fn followed(ui: &mut Ui, scene: &Scene<'_, '_>, out: &mut Outbox) {
    let tracks = &scene.view.tracks;
    ui.horizontal_wrapped(|ui| {
        chooser(ui, scene, true, out);
        let some = !scene.world.room.history.followed.is_empty();
        if ui.add_enabled(some, egui::Button::new("Follow none")).clicked() {
            out.push(HistoryEdit::FollowNone);
        }
    });
    if tracks.places.is_empty() {
        ui.label("Click a weight in one of the pictures, and its course over the run is drawn here; click it again to let it go. Six can be followed.");
        return;
    }
    if tracks.points.len() < tracks.of {
        let share = tracks.points.len() as f32 / tracks.of.max(1) as f32;
        ui.add(egui::ProgressBar::new(share).desired_height(6.0));
    }
    let lines: Vec<(String, Vec<[f64; 2]>)> = tracks
        .places
        .iter()
        .enumerate()
        .map(|(i, place)| {
            let points = tracks.points.iter().filter_map(|(step, values)| {
                let y = f64::from(*values.get(i)?);
                y.is_finite().then_some([scene.epochs(*step), y])
            });
            (weight_name(scene, *place), points.collect())
        })
        .collect();
    let height = (ui.available_height() - 66.0).max(120.0);
    let rect = plot(ui, scene, "followed plot", "weight", &lines, height);
    figure::save_row(ui, out, "single-weights", rect, || {
        let rows = tracks.points.iter().flat_map(|(step, values)| {
            let of = tracks.places.iter().zip(values);
            of.map(|(place, value)| {
                row![step, scene.epochs(*step), weight_name(scene, *place), value]
            })
        });
        csv::text(["step", "epoch", "weight", "value"], rows)
    });
}

fn weight_name(scene: &Scene<'_, '_>, place: usize) -> String {
    let bank = scene.view.banks.iter().find(|b| (b.from..b.from + b.len).contains(&place));
    bank.map_or_else(String::new, |b| format!("{}: {}", b.title, b.weight_name(place - b.from)))
}

/// Lines over the epochs with the cursor; gives the rectangle to save.
fn plot(
    ui: &mut Ui,
    scene: &Scene<'_, '_>,
    id: &str,
    title: &str,
    lines: &[(String, Vec<[f64; 2]>)],
    height: f32,
) -> egui::Rect {
    let from = ui.next_widget_position();
    ui.label(RichText::new(title).font(theme::regular(14.0)));
    let thick = if scene.world.session.projector { 3.0 } else { 2.0 };
    let all = || lines.iter().flat_map(|(_, points)| points.iter());
    let longest = all().map(|p| p[0]).fold(0.01, f64::max);
    let low = all().map(|p| p[1]).fold(f64::INFINITY, f64::min);
    let high = all().map(|p| p[1]).fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
    let room = (0.06 * (high - low)).max(1e-3 * high.abs()).max(1e-9);
    let (mut frame, mut height) = (Plot::new(id), height);
    if key::is_above(ui, height) {
        let series = palette(ui.visuals()).series;
        let named = lines.iter().zip(series.iter().cycle());
        let taken = key::row(
            ui,
            named.map(|((name, _), colour)| Named { name, colour: *colour, dashed: false }),
        );
        height = (height - taken).max(100.0);
    } else {
        frame = frame.legend(Legend::default());
    }
    let response = frame
        .height(height)
        .allow_scroll(false)
        .auto_bounds(Vec2b::new(false, false))
        .x_grid_spacer(curves::marks)
        .y_grid_spacer(curves::marks)
        .custom_x_axes(vec![curves::axis(AxisHints::new_x()).label("epochs")])
        .custom_y_axes(vec![curves::axis(AxisHints::new_y()).min_thickness(44.0)])
        .grid_spacing(egui::Rangef::new(8.0, 400.0))
        .show(ui, |plot| {
            let p = palette(&plot.ctx().global_style().visuals);
            if !curves::moved_by_user(plot) {
                let (x, y) = ([-0.02 * longest, low - room], [1.03 * longest, high + room]);
                plot.set_plot_bounds(PlotBounds::from_min_max(x, y));
            }
            for (i, (name, points)) in lines.iter().enumerate() {
                let colour = p.series[i % p.series.len()];
                let line = Line::new(name.clone(), points.clone());
                plot.line(line.stroke(Stroke::new(thick, colour)));
            }
            if let Some(at) = scene.cursor() {
                plot.vline(VLine::new("", at).stroke(Stroke::new(thick, p.text)));
            }
        });
    egui::Rect::from_min_max(from, response.response.rect.max)
}

fn movement_csv(scene: &Scene<'_, '_>) -> String {
    let headings = "step,epoch,layer,norm,distance_from_start,last_update,cosine_to_snapshot_before,snapshot_before,cosine_to_start";
    let rows = scene.view.moments.iter().flat_map(|moment| {
        scene.view.banks.iter().zip(scene.view.arrays.iter()).filter_map(|(bank, array)| {
            let m = moment.moved.get(*array)?;
            Some(row![
                moment.step,
                scene.epochs(moment.step),
                bank.name,
                m.norm,
                m.distance,
                m.update,
                m.cosine_previous,
                moment.previous,
                m.cosine_initial,
            ])
        })
    });
    csv::text(headings.split(','), rows)
}
