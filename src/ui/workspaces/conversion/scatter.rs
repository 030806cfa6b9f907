//! Activation against rate, a point for each unit.

use egui::accesskit::Role;
use egui::{Sense, Ui, Vec2, WidgetInfo};
use egui_plot::{Line, MarkerShape, PlotPoint, PlotPoints, PlotUi, Points};

use super::pictures::unit_text;
use crate::ui::theme::palette;
use crate::ui::widgets::chart::Chart;
use crate::workers::conversion::StageView;

/// Points of the scatter at most; every so-many-th unit of a larger layer.
const SCATTERED: usize = 1500;
/// How near the pointer has to be to a point, in points of the screen.
const NEAR: f32 = 12.0;

/// Draws it, with the unit that is pointed at elsewhere marked; returns the unit
/// pointed at, here or there.
pub fn show(
    ui: &mut Ui,
    (stage, rates, step): (&StageView, &[f32], usize),
    pointed: Option<usize>,
    (height, radius): (f32, f32),
) -> Option<usize> {
    let p = palette(ui.visuals());
    let (Some(activations), true) = (&stage.activations, stage.has_neurons() && stage.spikes)
    else {
        ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
        return pointed;
    };
    let every = activations.len().div_ceil(SCATTERED).max(1);
    // Odd, so that all channels are seen.
    let every = if every.is_multiple_of(2) { every + 1 } else { every };
    let at = |unit: usize| {
        let scale = stage.scale(unit).unwrap_or(1.0);
        [f64::from(activations[unit].max(0.0) / scale), f64::from(rates[unit])]
    };
    let units = (0..activations.len()).step_by(every);
    let points: Vec<[f64; 2]> = units.clone().map(at).collect();
    let right = points.iter().map(|q| q[0]).fold(1.0f64, f64::max);
    let chart = Chart {
        id: "activation against rate",
        axes: ["activation (λ)", "rate"],
        bounds: [[0.0, 0.0], [right, 1.05]],
        height,
        legend: None,
        log_x: false,
    };
    let shown = chart.show(ui, |plot| {
        let identity = PlotPoints::from(vec![[0.0, 0.0], [1.0, 1.0], [right.max(1.0), 1.0]]);
        plot.line(Line::new("activation = rate", identity).color(p.weak).allow_hover(false));
        let here = nearest(plot, units.zip(&points));
        let all = Points::new("units", PlotPoints::from(points.clone()));
        plot.points(all.color(p.series[0]).radius(radius).allow_hover(false));
        let unit = pointed.or(here);
        if let Some(unit) = unit.filter(|u| *u < activations.len()) {
            let one = Points::new("marked", PlotPoints::from(vec![at(unit)]));
            let one = one.color(p.accent).radius(radius.max(2.0) * 3.0).allow_hover(false);
            plot.points(one.shape(MarkerShape::Circle).filled(false));
        }
        unit
    });
    let like = step.checked_sub(1).and_then(|k| stage.likeness.get(k));
    shown.response.widget_info(|| {
        let of = like.map_or_else(String::new, |l| {
            let r = l.r.map_or_else(|| "–".into(), |r| format!("{r:.3}"));
            format!(", correlation {r}, rms error {:.3} λ", l.error)
        });
        let text = format!("Activation against rate in {} after {step} steps{of}", stage.name);
        WidgetInfo::labeled(Role::Image, true, text)
    });
    let unit = shown.inner;
    if let Some(unit) = unit.filter(|_| pointed.is_none()) {
        shown.response.on_hover_text_at_pointer(unit_text(stage, unit, rates, step));
    }
    unit
}

/// The unit whose point is nearest to the pointer, if one is near.
fn nearest<'a>(
    plot: &PlotUi<'_>,
    points: impl Iterator<Item = (usize, &'a [f64; 2])>,
) -> Option<usize> {
    let pointer = plot.response().hover_pos()?;
    let apart = |q: &[f64; 2]| plot.screen_from_plot(PlotPoint::new(q[0], q[1])).distance(pointer);
    let near = points.map(|(unit, q)| (unit, apart(q))).filter(|(_, d)| *d < NEAR);
    near.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(unit, _)| unit)
}
