//! A chart with fixed bounds, named axes and a legend, for all of the labs' curves.

use egui::{Id, Ui, Vec2b};
use egui_plot::{
    AxisHints, Corner, GridMark, HLine, Legend, Plot, PlotBounds, PlotResponse, PlotUi, VLine,
};

use crate::ui::theme::palette;
use crate::ui::widgets::time_axis::{mark_text, nice_step};

/// A chart lower than this has no room for the name of its vertical axis, points.
const LOW: f32 = 90.0;

/// A chart to be drawn.
pub struct Chart<'a> {
    /// Tells it from others.
    pub id: &'a str,
    /// Names of the axes, with units.
    pub axes: [&'a str; 2],
    /// Lower left and upper right corner.
    pub bounds: [[f64; 2]; 2],
    /// Height, points.
    pub height: f32,
    /// Where the legend stands, if there is one.
    pub legend: Option<Corner>,
    /// Whether x is a power of ten.
    pub log_x: bool,
}

impl Chart<'_> {
    /// Draws axes and zero lines, then what `add` adds.
    pub fn show<R>(&self, ui: &mut Ui, add: impl FnOnce(&mut PlotUi<'_>) -> R) -> PlotResponse<R> {
        let p = palette(ui.visuals());
        let log = self.log_x;
        // As many marks as have room for their numbers.
        let about = f64::from(self.height / 28.0).clamp(2.0, 6.0);
        let [low, high] = self.bounds;
        let cornered = round_marks((low[1], high[1]), about)
            .first()
            .is_some_and(|mark| near(mark.value, low[1], high[1]));
        let x = AxisHints::new_x()
            .label(self.axes[0])
            .formatter(move |mark, _| {
                let said = if log { power_text(mark) } else { text(mark) };
                // Both numbers of the corner would lie on each other.
                let lies = cornered && said.len() > 2 && near(mark.value, low[0], high[0]);
                if lies { String::new() } else { said }
            })
            .label_spacing(egui::Rangef::new(8.0, 24.0));
        let y = AxisHints::new_y()
            .label(if self.height < LOW { "" } else { self.axes[1] })
            .formatter(|mark, _| text(mark))
            .min_thickness(44.0)
            .label_spacing(egui::Rangef::new(8.0, 24.0));
        let mut plot = Plot::new(Id::unique(self.id))
            .height(self.height)
            .allow_scroll(false)
            .allow_drag(false)
            .allow_zoom(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .auto_bounds(Vec2b::new(false, false))
            .grid_spacing(egui::Rangef::new(8.0, 400.0))
            .y_grid_spacer(move |input| round_marks(input.bounds, about))
            .custom_x_axes(vec![x])
            .custom_y_axes(vec![y]);
        plot = if log { plot.x_grid_spacer(powers) } else { plot.x_grid_spacer(more_marks) };
        if let Some(corner) = self.legend {
            plot = plot.legend(Legend::default().position(corner));
        }
        // A little room on the right, or the last number is cut off.
        let [low, [right, top]] = self.bounds;
        let high = [right + 0.025 * (right - low[0]), top];
        plot.show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max(low, high));
            let zero = egui::Stroke::new(1.0, p.weak);
            if low[1] < 0.0 && high[1] > 0.0 {
                plot.hline(HLine::new("", 0.0).stroke(zero).allow_hover(false));
            }
            if !log && low[0] < 0.0 && high[0] > 0.0 {
                plot.vline(VLine::new("", 0.0).stroke(zero).allow_hover(false));
            }
            add(plot)
        })
    }

    /// The same, with words for who cannot see it.
    pub fn show_said(
        &self,
        ui: &mut Ui,
        said: impl Fn() -> String,
        add: impl FnOnce(&mut PlotUi<'_>),
    ) {
        let response = self.show(ui, add).response;
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, said()));
    }
}

/// Whether a mark stands at the low end of its axis.
fn near(mark: f64, low: f64, high: f64) -> bool {
    mark - low < 0.015 * (high - low)
}

/// Some ten, for the wider axis.
fn more_marks(input: egui_plot::GridInput) -> Vec<GridMark> {
    round_marks(input.bounds, 10.0)
}

fn round_marks((low, high): (f64, f64), about: f64) -> Vec<GridMark> {
    let step = nice_step((high - low) / about);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).take(60).map(|i| GridMark { value: i as f64 * step, step_size: step }).collect()
}

/// Powers of ten, with two and five between them.
fn powers(input: egui_plot::GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    let exponents = low.floor() as i64..=high.ceil() as i64;
    let values = exponents.flat_map(|e| [1.0f64, 2.0, 5.0].map(|f| f.log10() + e as f64));
    let within = values.filter(|v| (low..=high).contains(v));
    within.take(60).map(|value| GridMark { value, step_size: 1.0 }).collect()
}

fn text(mark: GridMark) -> String {
    mark_text(mark.value, mark.step_size)
}

fn power_text(mark: GridMark) -> String {
    let value = 10f64.powf(mark.value);
    // Long numbers would lie on each other.
    if value > 4_999.0 {
        return format!("{:.0}k", value / 1000.0);
    }
    let value = 10f64.powf(mark.value);
    if value < 0.95 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// How a line of a chart looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Key {
    pub colour: egui::Color32,
    pub dashed: bool,
}

/// What the colours of a chart mean, above it: a legend that covers no data.
pub fn names<'a>(ui: &mut Ui, of: impl IntoIterator<Item = (&'a str, egui::Color32)>) {
    let solid = |(name, colour)| (name, Key { colour, dashed: false });
    keys(ui, of.into_iter().map(solid));
}

/// The same of lines that differ by their dashes, too. Gives its height, points.
pub fn keys<'a>(ui: &mut Ui, of: impl IntoIterator<Item = (&'a str, Key)>) -> f32 {
    let response = ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        for (name, Key { colour, dashed }) in of {
            let size = egui::vec2(if dashed { 22.0 } else { 14.0 }, 12.0);
            let text = egui::WidgetText::from(egui::RichText::new(name).small());
            let wrap = Some(egui::TextWrapMode::Extend);
            let text = text.into_galley(ui, wrap, f32::INFINITY, egui::TextStyle::Small);
            // Sample and name stay on one line.
            if ui.available_size_before_wrap().x < size.x + text.size().x + 8.0 {
                ui.end_row();
            }
            let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
            let middle = rect.center().y;
            let parts: &[[f32; 2]] =
                if dashed { &[[0.0, 6.0], [8.0, 14.0], [16.0, 22.0]] } else { &[[0.0, 14.0]] };
            for [from, to] in parts {
                let x = rect.left() + from..=rect.left() + to;
                ui.painter().hline(x, middle, egui::Stroke::new(4.0, colour));
            }
            ui.label(text);
            ui.add_space(8.0);
        }
    });
    response.response.rect.height() + ui.spacing().item_spacing.y
}

/// The range of some values with a little air, zero included.
pub fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let finite = values.filter(|v| v.is_finite());
    let (low, high) = finite.fold((0.0f64, 0.0f64), |(a, b), v| (a.min(v), b.max(v)));
    let air = ((high - low) * 0.08).max(1e-9);
    [low - air, high + air]
}
