//! The key of a plot as a row above it: in a low or narrow plot a legend inside lies on the
//! curves that it names.

use egui::{Align2, Color32, Sense, Shape, Stroke, Ui, Vec2, vec2};

use crate::ui::theme::{self, palette};

/// A plot lower or narrower than this has its key above it, points.
const SMALL: Vec2 = Vec2::new(420.0, 300.0);
/// Length of the line that stands before a name, points.
const SAMPLE: f32 = 18.0;

/// One line of the plot.
pub struct Named<'a> {
    pub name: &'a str,
    pub colour: Color32,
    pub dashed: bool,
}

/// Whether a plot of this height, points, is too small for a legend of its own here.
pub fn is_above(ui: &Ui, height: f32) -> bool {
    ui.available_width() < SMALL.x || height < SMALL.y
}

/// Draws the row; gives the height that it took, points.
pub fn row<'a>(ui: &mut Ui, lines: impl IntoIterator<Item = Named<'a>>) -> f32 {
    let top = ui.cursor().top();
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(14.0, 2.0);
        for line in lines {
            entry(ui, &line);
        }
    });
    ui.cursor().top() - top
}

fn entry(ui: &mut Ui, line: &Named<'_>) {
    let p = palette(ui.visuals());
    let font = theme::regular(13.0);
    // A long name takes a row of its own and ends there.
    let most = (ui.max_rect().width() - SAMPLE - 6.0).max(40.0);
    let mut job = egui::text::LayoutJob::simple_singleline(line.name.to_owned(), font, p.text);
    job.wrap = egui::text::TextWrapping::truncate_at_width(most);
    let galley = ui.painter().layout_job(job);
    let size = vec2(SAMPLE + 6.0 + galley.size().x, galley.size().y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let ends = [rect.left_center(), rect.left_center() + vec2(SAMPLE, 0.0)];
    let stroke = Stroke::new(2.5, line.colour);
    if line.dashed {
        ui.painter().extend(Shape::dashed_line(&ends, stroke, 4.0, 3.0));
    } else {
        ui.painter().line_segment(ends, stroke);
    }
    let at = Align2::RIGHT_CENTER.anchor_size(rect.right_center(), galley.size()).min;
    ui.painter().galley(at, galley, p.text);
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, line.name));
}
