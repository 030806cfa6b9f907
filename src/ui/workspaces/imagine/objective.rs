//! J and its parts over the steps.

use egui::{Stroke, Ui};
use egui_plot::{Line, LineStyle, PlotPoints, VLine};

use crate::ann::energy::Objective;
use crate::ui::theme::palette;
use crate::ui::widgets::chart::{Chart, names, range};

/// J or one of its parts.
type Part = (&'static str, fn(&Objective) -> f64);

/// J, and what it is the sum of.
const PARTS: [Part; 5] = [
    ("J", Objective::total),
    ("log p(x|h1)", |o| o.pixels),
    ("log p(h1|h2)", |o| o.hidden),
    ("c · log p(z2)", |o| o.prior),
    ("regulariser", |o| o.regulariser),
];

/// Columns of a file, and the numbers in them.
pub const HEADINGS: [&str; 5] =
    ["J", "log_p_x_given_h1", "log_p_h1_given_h2", "log_p_h2", "regulariser"];

/// The numbers for [`HEADINGS`].
pub fn numbers(of: &Objective) -> [f64; 5] {
    PARTS.map(|(_, value)| value(of))
}

/// Where the chart is.
pub struct Course<'a> {
    /// J at the beginning and after each step.
    pub all: &'a [Objective],
    /// The first of them that is shown.
    pub from: usize,
    /// Steps that there is room for, at least.
    pub room: usize,
    /// The one that the bar is at.
    pub at: usize,
    /// What is counted along the axis.
    pub unit: &'a str,
    /// Steps at which weights change.
    pub marks: &'a [usize],
    /// Height, points.
    pub height: f32,
    /// Whether lines are thick.
    pub projector: bool,
}

/// Draws the chart. Parts that stay zero are left out.
pub fn chart(ui: &mut Ui, course: &Course<'_>) {
    let p = palette(ui.visuals());
    let all = &course.all[course.from.min(course.all.len())..];
    let parts: Vec<(Part, egui::Color32)> = PARTS
        .iter()
        .zip([p.text, p.series[0], p.series[1], p.series[2], p.series[3]])
        .filter(|((_, value), _)| all.iter().any(|o| value(o) != 0.0))
        .map(|(part, colour)| (*part, colour))
        .collect();
    let above = ui.next_widget_position().y;
    names(ui, parts.iter().map(|((name, _), colour)| (*name, *colour)));
    let height = course.height - (ui.next_widget_position().y - above);
    let values = parts.iter().flat_map(|((_, value), _)| all.iter().map(*value));
    let [low, high] = range(values);
    let left = course.from as f64;
    let right = left + all.len().max(course.room).saturating_sub(1).max(1) as f64;
    let chart = Chart {
        id: "objective",
        axes: [course.unit, "nats"],
        bounds: [[left, low], [right, high]],
        height,
        legend: None,
        log_x: false,
    };
    let thick = if course.projector { 3.0 } else { 2.0 };
    let said = || {
        let now = course.all.get(course.at).map_or(0.0, Objective::total);
        format!("J and its parts; J is {now:.1} nats now")
    };
    chart.show_said(ui, said, |plot| {
        for mark in course.marks {
            let line = VLine::new("", *mark as f64).stroke(Stroke::new(1.0, p.series[3]));
            plot.vline(line.style(LineStyle::dashed_dense()).allow_hover(false));
        }
        for ((name, value), colour) in &parts {
            let points: Vec<[f64; 2]> =
                all.iter().enumerate().map(|(i, o)| [left + i as f64, value(o)]).collect();
            let width = if *name == "J" { thick + 1.0 } else { thick };
            let line = Line::new(*name, PlotPoints::from(points));
            plot.line(line.stroke(Stroke::new(width, *colour)));
        }
        let cursor = VLine::new("", course.at as f64).stroke(Stroke::new(1.5, p.accent));
        plot.vline(cursor.style(LineStyle::dotted_dense()).allow_hover(false));
    });
}
