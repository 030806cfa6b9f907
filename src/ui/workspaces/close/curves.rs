//! Curves of several subjects on the same axes, with their spread.

use egui::{Color32, Stroke, Ui};
use egui_plot::{Line, LineStyle, MarkerShape, PlotPoints, Points};

use super::{World, board};
use crate::scoreboard::board::{Curve, Kind, Profile};
use crate::scoreboard::criteria::Criterion;
use crate::ui::theme::palette;
use crate::ui::widgets::chart::{Chart, names};

/// A subject's curve.
pub struct Shown<'a> {
    pub name: &'a str,
    pub colour: Color32,
    pub style: LineStyle,
    pub shape: MarkerShape,
    pub curve: &'a Curve,
}

/// Curves of these subjects in the colours of the two places, then those of controls and
/// of whoever played.
pub fn all<'a>(
    ui: &Ui,
    world: &World<'a>,
    subjects: impl IntoIterator<Item = &'a Profile>,
    criterion: &str,
) -> Vec<Shown<'a>> {
    let p = palette(ui.visuals());
    let mut shown = Vec::new();
    let mut taken = Vec::new();
    let shapes = [MarkerShape::Circle, MarkerShape::Square, MarkerShape::Up];
    for (i, profile) in subjects.into_iter().enumerate() {
        taken.push(profile.id.as_str());
        if let Some(curve) = board::curve_of(profile, criterion) {
            let (colour, shape) = (p.series[i % p.series.len()], shapes[i % shapes.len()]);
            let (name, style) = (profile.name.as_str(), LineStyle::Solid);
            shown.push(Shown { name, colour, style, shape, curve });
        }
    }
    let others = world.room.controls().filter(|p| !taken.contains(&p.id.as_str()));
    let styles = [LineStyle::dashed_loose(), LineStyle::dotted_dense()];
    let mut controls = 0;
    for profile in others {
        let Some(curve) = board::curve_of(profile, criterion) else { continue };
        let name = profile.name.as_str();
        let (colour, style, shape) = if profile.kind == Kind::You {
            (p.series[2], LineStyle::Solid, MarkerShape::Diamond)
        } else {
            controls += 1;
            (p.weak, styles[controls % 2], MarkerShape::Cross)
        };
        shown.push(Shown { name, colour, style, shape, curve });
    }
    shown
}

/// The curve of whoever plays.
pub fn own<'a>(ui: &Ui, you: &'a Profile, criterion: &str) -> Option<Shown<'a>> {
    let (colour, shape) = (palette(ui.visuals()).series[2], MarkerShape::Diamond);
    let curve = board::curve_of(you, criterion)?;
    Some(Shown { name: &you.name, colour, style: LineStyle::Solid, shape, curve })
}

/// Draws them.
pub fn chart(
    ui: &mut Ui,
    world: &World<'_>,
    (id, criterion): (&str, &Criterion),
    shown: &[Shown<'_>],
    height: f32,
) {
    let Some(first) = shown.first() else { return };
    let above = ui.next_widget_position().y;
    names(ui, shown.iter().map(|s| (s.name, s.colour)));
    let height = (height - (ui.next_widget_position().y - above)).max(120.0);
    let each = |of: fn(&Curve) -> &Vec<f64>| {
        shown.iter().flat_map(move |s| of(s.curve)).copied().filter(|v| v.is_finite())
    };
    let (left, right) = bounds(each(|c| &c.xs));
    // Numbers of labels go from 100 to 10,000.
    let log = left > 0.0 && right / left > 50.0;
    let x = |v: f64| if log { v.log10() } else { v };
    let (low, high) = bounds(each(|c| &c.ys));
    let (low, high) =
        if criterion.unit == "%" { (0.0, high.max(100.0)) } else { (low.min(0.0), high) };
    let y_name = if criterion.unit == "%" { "right answers, %" } else { criterion.unit };
    let (from, to) = (x(left), x(right).max(x(left) + 1e-9));
    // Powers of ten are long numbers, which need room at the end.
    let air = if log { 0.05 } else { 0.02 } * (to - from);
    let chart = Chart {
        id,
        axes: [&first.curve.x, y_name],
        bounds: [[from - air, low], [to + air, high + 0.04 * (high - low).max(1e-9)]],
        height,
        legend: None,
        log_x: log,
    };
    let said = || {
        let each = shown.iter().map(|s| {
            let points = s.curve.xs.iter().zip(&s.curve.ys);
            let points: Vec<String> = points
                .map(|(x, y)| format!("{} at {}", board::number(*y), board::number(*x)))
                .collect();
            format!("{}: {}", s.name, points.join(", "))
        });
        format!(
            "{} against {}. {}",
            criterion.name,
            first.curve.x,
            each.collect::<Vec<_>>().join("; ")
        )
    };
    let thick = if world.session.projector { 3.0 } else { 2.0 };
    chart.show_said(ui, said, |plot| {
        for s in shown {
            let points: Vec<[f64; 2]> =
                s.curve.xs.iter().zip(&s.curve.ys).map(|(v, y)| [x(*v), *y]).collect();
            for ([at, y], spread) in points.iter().zip(&s.curve.spread) {
                let ends = vec![[*at, y - spread], [*at, y + spread]];
                let bar = Line::new("", PlotPoints::from(ends)).allow_hover(false);
                plot.line(bar.stroke(Stroke::new(1.0, s.colour.gamma_multiply(0.7))));
            }
            let line = Line::new(s.name, PlotPoints::from(points.clone()));
            plot.line(line.stroke(Stroke::new(thick, s.colour)).style(s.style));
            let marks = Points::new(s.name, points).shape(s.shape).color(s.colour);
            plot.points(marks.radius(thick + 1.5));
        }
    });
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}
