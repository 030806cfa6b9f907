//! Numbers of a layer's neurons over the steps, as a picture: time to the right, neurons
//! from top to bottom.

use egui::accesskit::Role;
use egui::{Color32, Id, Rect, RichText, Sense, Stroke, Ui, WidgetInfo, vec2};

use super::{DeepEdit, World};
use crate::ann::spiking::look::LayerWatch;
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::theme::palette;
use crate::ui::widgets::picture;

/// Rows of a picture at most; a row then stands for several neurons.
const MOST_ROWS: usize = 400;

/// A picture to be drawn.
pub struct Heat<'a> {
    /// Tells it from others, and is read out: `spikes`.
    pub what: &'static str,
    /// Whose neurons they are, and which of the layers it is.
    pub layer: &'a LayerWatch,
    pub number: usize,
    /// `(step, unit)`.
    pub values: &'a [f32],
    /// Changes with the values.
    pub stamp: u64,
    /// Height of the picture, points.
    pub height: f32,
    /// What stands above it, after the layer's name.
    pub note: String,
    /// The neurons that are shown, from top to bottom.
    pub order: &'a [usize],
    /// Whether steps stand apart, as spikes do.
    pub apart: bool,
}

impl Heat<'_> {
    /// Rows, and neurons that each stands for.
    fn rows(&self) -> (usize, usize) {
        let shown = self.order.len().max(1);
        let most = MOST_ROWS.min(self.height.max(8.0) as usize * 2);
        let each = shown.div_ceil(most.max(1));
        (shown.div_ceil(each), each)
    }

    /// The neurons of a row.
    fn some(&self, row: usize, each: usize) -> &[usize] {
        let to = ((row + 1) * each).min(self.order.len());
        &self.order[(row * each).min(to)..to]
    }

    /// The number of largest size among those of a row at a step.
    fn of(&self, row: usize, step: usize) -> f32 {
        let (_, each) = self.rows();
        let units = self.layer.units();
        let of_step = &self.values[step * units..(step + 1) * units];
        self.some(row, each)
            .iter()
            .map(|u| of_step[*u])
            .fold(0.0, |m: f32, v| if v.abs() > m.abs() { v } else { m })
    }

    /// Draws it; a click chooses the neuron. `colour` takes a number and whether the step
    /// is done.
    pub fn show(
        &self,
        ui: &mut Ui,
        world: &World<'_>,
        out: &mut Outbox,
        colour: impl Fn(f32, bool) -> Color32,
    ) {
        let (steps, units) = (self.layer.steps(), self.layer.units());
        let p = palette(ui.visuals());
        let head = format!("{}, {} neurons{}", self.layer.name, grouped(units as u64), self.note);
        ui.label(RichText::new(head).small().color(p.weak));
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), self.height), Sense::click());
        let (rows, each) = self.rows();
        let at = world.room.at(steps);
        let stamp = picture::stamp((self.stamp, at, rows, ui.visuals().dark_mode));
        let id = Id::unique(("deep", self.what, self.number));
        // A spike takes two thirds of its step.
        let wide = if self.apart { 3 } else { 1 };
        picture::paint(ui, id, stamp, rect, (rows, steps * wide), |i| {
            let (row, column) = (i / (steps * wide), i % (steps * wide));
            let (step, gap) = (column / wide, self.apart && column % wide == 2);
            colour(if gap { 0.0 } else { self.of(row, step) }, step < at)
        });
        // Where the bar stands, and the neuron looked at.
        let x = rect.left() + rect.width() * at as f32 / steps.max(1) as f32;
        ui.painter().vline(x, rect.y_range(), Stroke::new(1.5, p.accent));
        let kept = &world.room.kept;
        let place = self.order.iter().position(|u| *u == kept.unit);
        if let Some(place) = place.filter(|_| kept.layer == self.number) {
            let mark = picture::rect(rect, (rows, 1), (place / each, 0));
            let y = mark.center().y;
            let tip = Rect::from_center_size(egui::pos2(rect.left() - 5.0, y), vec2(6.0, 4.0));
            ui.painter().rect_filled(tip, 1, p.accent);
        }
        response.widget_info(|| {
            let text = format!("{} of {head}", self.what, head = self.layer.name);
            WidgetInfo::labeled(Role::Image, true, text)
        });
        let cell = response.hover_pos().and_then(|at| picture::cell(rect, (rows, steps), at));
        let Some((row, step)) = cell else { return };
        let some = self.some(row, each);
        let Some(first) = some.first() else { return };
        if response.clicked() {
            out.push(DeepEdit::Unit(self.number, *first));
        }
        let which = match some {
            [one] => format!("neuron {one}"),
            _ => format!("strongest of {} neurons, of which one is {first}", some.len()),
        };
        let value = self.of(row, step);
        response.on_hover_text_at_pointer(format!(
            "{which}, step {}: {value:.3}\nClick to look at it",
            step + 1
        ));
    }
}

/// A height for each of some layers that adds up to `room`, points: by the square root of
/// how many neurons are shown, so that none disappears.
pub fn heights(shown: impl Iterator<Item = usize> + Clone, room: f32) -> Vec<f32> {
    let size = |neurons: usize| (neurons as f32).sqrt();
    let sum: f32 = shown.clone().map(size).sum();
    shown.map(|neurons| (room * size(neurons) / sum.max(1.0)).max(26.0)).collect()
}
