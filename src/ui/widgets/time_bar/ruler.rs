//! The ruler: density, selection, marks and position. Drag to scrub, drag with Shift to
//! select.

use egui::{Align2, Color32, Mesh, Rect, Response, Sense, Shape, Stroke, Ui, Vec2, pos2};

use super::TimeBar;
use crate::core::playback::PlaybackEdit;
use crate::ui::theme::{self, palette};

/// Height of the ground on which the density stands, points.
const GROUND: f32 = 24.0;
/// The type of the numbers below it.
fn numbers() -> egui::FontId {
    theme::regular(11.5)
}

/// Room at both ends, so that the position is seen there, points.
const EDGE: f32 = 8.0;

/// A named step on the ruler.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where.
    pub at: u64,
    /// What is there, for the hover.
    pub label: String,
    /// From the theme.
    pub colour: Color32,
}

/// Steps ↔ points.
#[derive(Clone, Copy)]
struct Scale {
    first: u64,
    last: u64,
    left: f32,
    width: f32,
}

impl Scale {
    fn x(&self, step: u64) -> f32 {
        let length = (self.last - self.first).max(1) as f64;
        let share = step.saturating_sub(self.first) as f64 / length;
        self.left + (share.min(1.0) * f64::from(self.width)) as f32
    }

    /// The nearest step.
    fn step(&self, x: f32) -> u64 {
        let share = f64::from((x - self.left) / self.width.max(1.0)).clamp(0.0, 1.0);
        let offset = (share * (self.last - self.first) as f64).round() as u64;
        self.first.saturating_add(offset).min(self.last)
    }
}

impl TimeBar<'_> {
    pub(super) fn ruler(&self, ui: &mut Ui, edit: &mut dyn FnMut(PlaybackEdit)) -> Response {
        let size = Vec2::new(ui.available_width().max(60.0), GROUND + numbers().size + 3.5);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let ground = Rect::from_min_size(rect.min, Vec2::new(rect.width(), GROUND));
        let (first, last) = self.playback.range();
        let scale =
            Scale { first, last, left: ground.left() + EDGE, width: ground.width() - 2.0 * EDGE };
        self.drag(ui, &response, scale, edit);
        self.speak(ui, &response, edit);
        if ui.is_rect_visible(rect) {
            self.paint(ui, ground, &response, scale);
        }
        self.hover(response, scale)
    }

    /// Scrubs, or selects while Shift was down at the press.
    fn drag(&self, ui: &Ui, response: &Response, scale: Scale, edit: &mut dyn FnMut(PlaybackEdit)) {
        let anchor_id = response.id.with("anchor");
        let pressed = response.is_pointer_button_down_on();
        let released = response.clicked() || response.drag_stopped();
        let Some(at) = response.interact_pointer_pos().filter(|_| pressed || released) else {
            ui.data_mut(|d| d.remove::<Option<u64>>(anchor_id));
            return;
        };
        let step = scale.step(at.x);
        // Where the selection began; `None` when this drag scrubs.
        let selects = ui.input(|i| i.modifiers.shift).then_some(step);
        let anchor: Option<u64> =
            ui.data_mut(|d| *d.get_temp_mut_or_insert_with(anchor_id, || selects));
        match anchor {
            Some(anchor) if anchor != step => edit(PlaybackEdit::Select(Some((anchor, step)))),
            // A click with Shift takes the selection away.
            Some(_) if response.clicked() => edit(PlaybackEdit::Select(None)),
            Some(_) => {}
            None if self.playback.at() != step || self.playback.is_playing() => {
                edit(PlaybackEdit::Go(step));
            }
            None => {}
        }
    }

    /// What a screen reader says and may do.
    fn speak(&self, ui: &Ui, response: &Response, edit: &mut dyn FnMut(PlaybackEdit)) {
        use egui::accesskit::{Action, ActionData};
        let (first, last) = self.playback.range();
        let (at, scale) = (self.playback.at(), self.axis.unit_per_step);
        let name = format!("Time in {}", self.axis.unit);
        response.widget_info(|| egui::WidgetInfo::slider(true, at as f64 * scale, &name));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_min_numeric_value(first as f64 * scale);
            node.set_max_numeric_value(last as f64 * scale);
            node.set_numeric_value_step(scale);
            node.add_action(Action::SetValue);
            node.add_action(Action::Increment);
            node.add_action(Action::Decrement);
        });
        let (wanted, steps) = ui.input(|i| {
            let values = i.accesskit_action_requests(response.id, Action::SetValue);
            let wanted = values.filter_map(|request| match request.data {
                Some(ActionData::NumericValue(value)) => Some(value),
                _ => None,
            });
            let count = |action| i.num_accesskit_action_requests(response.id, action) as i64;
            (wanted.last(), count(Action::Increment) - count(Action::Decrement))
        });
        if let Some(value) = wanted {
            edit(PlaybackEdit::Go((value / scale).round() as u64));
        }
        if steps != 0 {
            edit(PlaybackEdit::Step(steps));
        }
    }

    fn paint(&self, ui: &Ui, ground: Rect, response: &Response, scale: Scale) {
        let p = palette(ui.visuals());
        let painter = ui.painter();
        painter.rect_filled(ground, 5, p.well);
        if let Some((a, b)) = self.playback.selection() {
            let mut part = ground;
            (part.min.x, part.max.x) = (scale.x(a) - 1.0, scale.x(b) + 1.0);
            painter.rect_filled(part, 2, p.accent.gamma_multiply(0.28));
            for x in [part.min.x, part.max.x] {
                painter.vline(x, ground.y_range(), Stroke::new(1.5, p.accent));
            }
        }
        painter.add(self.bars(ground, scale, theme::blend(p.line, p.weak, 0.55)));
        self.numbers(ui, ground, scale);
        if let Some((a, b)) = self.window {
            let stroke = Stroke::new(2.0, p.weak);
            painter.hline(
                scale.x(a)..=scale.x(b).max(scale.x(a) + 2.0),
                ground.top() + 1.0,
                stroke,
            );
        }
        for mark in self.marks {
            let x = scale.x(mark.at);
            let top = ground.top();
            let flag = vec![pos2(x - 5.0, top), pos2(x + 5.0, top), pos2(x, top + 7.0)];
            painter.vline(x, ground.y_range(), Stroke::new(1.5, mark.colour));
            painter.add(Shape::convex_polygon(flag, mark.colour, Stroke::NONE));
        }
        let x = scale.x(self.playback.at());
        painter.vline(x, ground.y_range(), Stroke::new(2.5, p.accent));
        painter.circle_filled(pos2(x, ground.bottom()), 5.5, p.accent);
        let edge = if response.has_focus() {
            Stroke::new(2.0, p.accent)
        } else {
            Stroke::new(1.0, p.line)
        };
        painter.rect_stroke(ground, 5, edge, egui::StrokeKind::Inside);
    }

    /// The density as one mesh, however many bins; no more bars than points.
    fn bars(&self, ground: Rect, scale: Scale, colour: Color32) -> Mesh {
        let mut mesh = Mesh::default();
        let bins = self.density;
        let bars = bins.len().min(scale.width.max(1.0) as usize);
        let finite = |v: &f32| if v.is_finite() { v.max(0.0) } else { 0.0 };
        let largest = bins.iter().map(finite).fold(0.0, f32::max);
        if bars == 0 || largest <= 0.0 {
            return mesh;
        }
        let width = scale.width / bars as f32;
        let gap = if width > 4.0 { 1.0 } else { 0.0 };
        for bar in 0..bars {
            // The largest of the bins that share a bar: a single spike is seen.
            let from = bar * bins.len() / bars;
            let to = ((bar + 1) * bins.len() / bars).max(from + 1);
            let value = bins[from..to].iter().map(finite).fold(0.0, f32::max) / largest;
            if value > 0.0 {
                let height = (value * (GROUND - 5.0)).max(1.0);
                let left = scale.left + bar as f32 * width;
                let min = pos2(left + gap / 2.0, ground.bottom() - height);
                let max = pos2(left + width - gap / 2.0, ground.bottom());
                mesh.add_colored_rect(Rect::from_min_max(min, max), colour);
            }
        }
        mesh
    }

    /// Round numbers in the unit, as many as have room.
    fn numbers(&self, ui: &Ui, ground: Rect, scale: Scale) {
        let p = palette(ui.visuals());
        let per_step = self.axis.unit_per_step;
        let (first, last) = (scale.first as f64 * per_step, scale.last as f64 * per_step);
        let widest = self.axis.text(scale.last).len() as f32 * 7.0 + 26.0;
        let rough = (last - first) / f64::from((scale.width / widest).max(1.0));
        if !rough.is_normal() || rough < 0.0 {
            return;
        }
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|f| f * power).find(|s| *s >= rough);
        let step = step.unwrap_or(rough).max(per_step);
        let decimals = (-(step * 1.0001).log10().floor()).clamp(0.0, 6.0) as usize;
        let mut value = (first / step).ceil() * step;
        while value <= last * (1.0 + 1e-12) {
            let share = ((value - first) / (last - first)) as f32;
            let x = scale.left + share * scale.width;
            ui.painter().vline(
                x,
                ground.bottom()..=ground.bottom() + 3.0,
                Stroke::new(1.0, p.weak),
            );
            let text = if decimals == 0 {
                crate::core::text::grouped(value.round() as u64)
            } else {
                format!("{value:.decimals$}")
            };
            let at = pos2(x, ground.bottom() + 3.0);
            // The outermost numbers stay within the bar.
            let (align, at) = if x < scale.left + 6.0 && text.len() > 1 {
                (Align2::LEFT_TOP, at - Vec2::new(EDGE - 2.0, 0.0))
            } else if x > scale.left + scale.width - 6.0 && text.len() > 1 {
                (Align2::RIGHT_TOP, at + Vec2::new(EDGE - 2.0, 0.0))
            } else {
                (Align2::CENTER_TOP, at)
            };
            ui.painter().text(at, align, text, numbers(), p.weak);
            value += step;
        }
    }

    /// What lies under the pointer.
    fn hover(&self, response: Response, scale: Scale) -> Response {
        let Some(at) = response.hover_pos() else { return response };
        let step = scale.step(at.x);
        let mut text = format!("{} {}", self.axis.text(step), self.axis.unit);
        for mark in self.marks.iter().filter(|m| (scale.x(m.at) - at.x).abs() < 7.0) {
            text += &format!("\n{}", mark.label);
        }
        if !self.density_is.is_empty() {
            text += &format!("\nBars: {}", self.density_is);
        }
        text += "\nDrag to scrub, with Shift to select";
        response.on_hover_text_at_pointer(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_points_agree_on_ranges_of_every_size() {
        for (first, last) in [(0, 28), (5, 5), (100, 3_000_000), (0, u64::MAX)] {
            let scale = Scale { first, last, left: 10.0, width: 900.0 };
            for share in [0.0, 0.25, 0.5, 1.0] {
                let x = 10.0 + 900.0 * share;
                let there = scale.x(scale.step(x));
                let coarse = 450.0 / (last - first).max(1) as f32;
                assert!(last == first || (there - x).abs() <= coarse + 0.01, "{first}–{last}: {x}");
            }
            assert_eq!((scale.step(-5.0), scale.step(5000.0)), (first, last));
        }
    }
}
