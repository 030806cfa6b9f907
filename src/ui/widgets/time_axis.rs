//! The time axis that plots share: the stretch of a run that is shown, where a moment
//! lies on the screen, panning and zooming.

use egui::{Align2, Button, Painter, Rangef, Rect, Response, Stroke, Ui, pos2};
use serde::{Deserialize, Serialize};

use crate::core::playback::{Playback, PlaybackEdit};
use crate::ui::theme::{self, palette};

/// Room left of every plot for its numbers, so that plots on one axis line up.
pub const GUTTER: f32 = 58.0;
/// Height of the axis with its numbers below the plots.
pub const AXIS_HEIGHT: f32 = 34.0;

/// Which stretch of a run is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimeView {
    /// Left edge, ms; followed live, the right edge is the newest moment.
    pub from_ms: f64,
    /// Length of the stretch, ms.
    pub span_ms: f64,
    /// Whether it moves along with the run.
    pub follow: bool,
    /// Whether the whole run is shown instead, however long it becomes.
    pub whole: bool,
}

impl Default for TimeView {
    fn default() -> Self {
        Self { from_ms: 0.0, span_ms: 200.0, follow: true, whole: false }
    }
}

impl TimeView {
    /// Shows `span_ms` and follows the run.
    pub fn following(span_ms: f64) -> Self {
        Self { span_ms, ..Self::default() }
    }

    /// Shows the first `span_ms`.
    pub fn first(span_ms: f64) -> Self {
        Self { span_ms, follow: false, ..Self::default() }
    }

    /// The axis across `x` for a run that has come to `now_ms`.
    pub fn axis(&self, x: Rangef, now_ms: f64) -> Axis {
        if self.whole {
            return Axis { x, from_ms: 0.0, to_ms: now_ms.max(1.0) };
        }
        let from_ms = if self.follow { (now_ms - self.span_ms).max(0.0) } else { self.from_ms };
        Axis { x, from_ms, to_ms: from_ms + self.span_ms.max(1e-6) }
    }

    /// From the whole run to the stretch in view, which stays where it is.
    fn hold(&mut self, axis: &Axis) {
        if self.whole {
            *self = Self { from_ms: axis.from_ms, ..Self::first(axis.span_ms()) };
        }
    }

    /// Zooms by `factor` (above 1: closer) around `at_ms`, between ten steps and
    /// somewhat more than the whole run.
    pub fn zoom(&mut self, factor: f64, at_ms: f64, axis: &Axis, now_ms: f64, dt_ms: f64) {
        self.hold(axis);
        let longest = (now_ms * 1.05).max(200.0);
        let span_ms = (axis.span_ms() / factor).clamp(10.0 * dt_ms, longest.max(20.0 * dt_ms));
        let share = (at_ms - axis.from_ms) / axis.span_ms();
        self.from_ms = (at_ms - share * span_ms).max(0.0);
        self.span_ms = span_ms;
        // Followed live, the newest moment stays at the right edge.
    }

    /// Keeps the moment that a time bar went to in view, and follows the run again
    /// where the bar goes to its end.
    pub fn follow_bar(&mut self, bar: &Playback, edit: &PlaybackEdit, dt_ms: f64) {
        match edit {
            PlaybackEdit::End => self.follow = true,
            _ if bar.is_following() || self.whole => {}
            PlaybackEdit::Go(_)
            | PlaybackEdit::Step(_)
            | PlaybackEdit::Home
            | PlaybackEdit::Tick { .. } => {
                if self.follow {
                    let end_ms = (bar.range().1 + 1) as f64 * dt_ms;
                    (self.follow, self.from_ms) = (false, (end_ms - self.span_ms).max(0.0));
                }
                self.reveal(bar.at() as f64 * dt_ms);
            }
            _ => {}
        }
    }

    /// Shows the stretch of the same length that has `at_ms` in view.
    pub fn reveal(&mut self, at_ms: f64) {
        if !self.follow && !(self.from_ms..self.from_ms + self.span_ms).contains(&at_ms) {
            self.from_ms = (at_ms - self.span_ms / 2.0).max(0.0);
        }
    }
}

/// Where moments lie on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// From the left edge to the right one, points.
    pub x: Rangef,
    /// The moment at the left edge, ms.
    pub from_ms: f64,
    /// The moment at the right edge, ms.
    pub to_ms: f64,
}

impl Axis {
    /// Length of the stretch shown, ms.
    pub fn span_ms(&self) -> f64 {
        self.to_ms - self.from_ms
    }

    /// Where a moment lies, points.
    pub fn x_of(&self, ms: f64) -> f32 {
        let share = (ms - self.from_ms) / self.span_ms();
        // What is far outside must not overflow the renderer's numbers.
        self.x.min + self.x.span() * share.clamp(-10.0, 11.0) as f32
    }

    /// Which moment lies there, ms.
    pub fn ms_of(&self, x: f32) -> f64 {
        let share = f64::from((x - self.x.min) / self.x.span().max(1.0));
        self.from_ms + share * self.span_ms()
    }

    /// Moments with numbers: multiples of 1, 2 or 5 times a power of ten,
    /// some 90 points apart.
    fn marks(&self) -> (f64, Vec<f64>) {
        let rough = self.span_ms() * 90.0 / f64::from(self.x.span().max(90.0));
        let step = nice_step(rough);
        let first = (self.from_ms / step).ceil() as i64;
        let last = (self.to_ms / step).floor() as i64;
        (step, (first..=last).take(100).map(|i| i as f64 * step).collect())
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `rough`.
pub fn nice_step(rough: f64) -> f64 {
    if !rough.is_finite() || rough <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|f| f * power >= rough * 0.999);
    factor.unwrap_or(10.0) * power
}

/// A number with as many decimals as the step between marks needs.
pub fn mark_text(value: f64, step: f64) -> String {
    let decimals = (-(step * 1.0001).log10().floor()).clamp(0.0, 9.0) as usize;
    // Adding zero makes −0 plain.
    format!("{:.decimals$}", value + 0.0)
}

/// Drags, wheel and double click on a plot of the axis. Returns whether the
/// view has changed.
pub fn pan_and_zoom(
    ui: &Ui,
    response: &Response,
    axis: &Axis,
    view: &mut TimeView,
    now_ms: f64,
    dt_ms: f64,
) {
    let dragged = response.drag_delta().x;
    if response.dragged() && dragged != 0.0 {
        let by = f64::from(dragged) / f64::from(axis.x.span().max(1.0)) * axis.span_ms();
        let most = (now_ms - axis.span_ms() * 0.1).max(0.0);
        view.hold(axis);
        view.from_ms = (axis.from_ms - by).clamp(0.0, most);
        view.follow = false;
    }
    if response.double_clicked() {
        view.whole = !view.whole;
    }
    let Some(pointer) = response.hover_pos().filter(|_| response.hovered()) else { return };
    let (zoom, scroll) = ui.input_mut(|i| {
        let scroll = std::mem::take(&mut i.smooth_scroll_delta);
        (i.zoom_delta(), scroll)
    });
    let factor = f64::from(zoom) * f64::from(scroll.y / 200.0).exp();
    if factor != 1.0 {
        view.zoom(factor, axis.ms_of(pointer.x), axis, now_ms, dt_ms);
    }
    if scroll.x != 0.0 {
        let by = f64::from(scroll.x) / f64::from(axis.x.span().max(1.0)) * axis.span_ms();
        view.hold(axis);
        view.from_ms = (axis.from_ms - by).clamp(0.0, now_ms);
        view.follow = false;
    }
}

/// The switch between the whole run and the stretch that was shown before.
pub fn whole_run(ui: &mut Ui, view: &mut TimeView) {
    let tip = "All of the run, also as it goes on; once more: back to where you were. Also with a double click on a plot";
    if ui.add(Button::selectable(view.whole, "Whole run")).on_hover_text(tip).clicked() {
        view.whole = !view.whole;
    }
}

/// Faint lines through a plot at the axis's numbers.
pub fn grid(painter: &Painter, axis: &Axis, rect: Rect, colour: egui::Color32) {
    for ms in axis.marks().1 {
        painter.vline(axis.x_of(ms), rect.y_range(), Stroke::new(1.0, colour));
    }
}

/// Draws the numbers below the plots, in ms or, for long stretches, in s.
pub fn show(ui: &mut Ui, axis: &Axis) {
    let p = palette(ui.visuals());
    let size = egui::vec2(ui.available_width(), AXIS_HEIGHT);
    let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    let painter = ui.painter();
    let (step, marks) = axis.marks();
    let (unit, scale) = if step >= 1000.0 { ("s", 1e-3) } else { ("ms", 1.0) };
    painter.hline(axis.x, rect.top(), Stroke::new(1.0, p.weak));
    for ms in marks {
        let x = axis.x_of(ms);
        painter.vline(x, rect.top()..=rect.top() + 4.0, Stroke::new(1.0, p.weak));
        let text = mark_text(ms * scale, step * scale);
        let at = pos2(x, rect.top() + 5.0);
        painter.text(at, Align2::CENTER_TOP, text, theme::regular(12.0), p.weak);
    }
    painter.text(
        pos2(axis.x.center(), rect.bottom()),
        Align2::CENTER_BOTTOM,
        format!("time ({unit})"),
        theme::regular(12.0),
        p.text,
    );
}

/// The line of the moment that is looked at.
pub fn cursor(painter: &Painter, axis: &Axis, rect: Rect, ms: f64, colour: egui::Color32) {
    if (axis.from_ms..=axis.to_ms).contains(&ms) {
        painter.vline(axis.x_of(ms), rect.y_range(), Stroke::new(1.5, colour));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_places_are_inverse_and_the_newest_is_at_the_right_when_followed() {
        let view = TimeView::following(100.0);
        let axis = view.axis(Rangef::new(50.0, 250.0), 1000.0);
        assert_eq!((axis.from_ms, axis.to_ms), (900.0, 1000.0));
        for ms in [900.0, 933.3, 1000.0] {
            assert!((axis.ms_of(axis.x_of(ms)) - ms).abs() < 1e-3);
        }
        // A run shorter than the stretch begins at the left edge.
        assert_eq!(view.axis(Rangef::new(0.0, 10.0), 30.0).from_ms, 0.0);
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer_and_has_limits() {
        let mut view = TimeView { from_ms: 100.0, ..TimeView::first(100.0) };
        let axis = view.axis(Rangef::new(0.0, 100.0), 1000.0);
        view.zoom(2.0, 150.0, &axis, 1000.0, 0.1);
        assert_eq!((view.from_ms, view.span_ms), (125.0, 50.0));
        for _ in 0..60 {
            let axis = view.axis(Rangef::new(0.0, 100.0), 1000.0);
            view.zoom(2.0, 150.0, &axis, 1000.0, 0.1);
        }
        assert_eq!(view.span_ms, 1.0);
        for _ in 0..60 {
            let axis = view.axis(Rangef::new(0.0, 100.0), 1000.0);
            view.zoom(0.5, 150.0, &axis, 1000.0, 0.1);
        }
        assert!(view.span_ms <= 1050.0 && view.from_ms >= 0.0);
    }

    #[test]
    fn the_whole_run_is_shown_as_it_grows_and_left_for_what_was_shown_before() {
        let x = Rangef::new(0.0, 100.0);
        let mut view = TimeView { whole: true, ..TimeView::following(100.0) };
        for now_ms in [200.0, 5000.0] {
            let axis = view.axis(x, now_ms);
            assert_eq!((axis.from_ms, axis.to_ms), (0.0, now_ms));
        }
        let back = TimeView { whole: false, ..view };
        assert_eq!(back.axis(x, 5000.0).from_ms, 4900.0);
        view.zoom(2.0, 1000.0, &view.axis(x, 5000.0), 5000.0, 0.1);
        let axis = view.axis(x, 9000.0);
        assert_eq!((axis.from_ms, axis.to_ms), (500.0, 3000.0));
    }

    #[test]
    fn marks_are_round_and_numbers_have_the_decimals_they_need() {
        for (rough, step) in [(0.9, 1.0), (1.0, 1.0), (1.1, 2.0), (30.0, 50.0), (0.06, 0.1)] {
            assert!((nice_step(rough) - step).abs() < 1e-12, "{rough}");
        }
        assert_eq!(nice_step(f64::NAN), 1.0);
        assert_eq!(mark_text(0.30000000000000004, 0.1), "0.3");
        assert_eq!(mark_text(250.0, 50.0), "250");
        assert_eq!(mark_text(-0.0, 1.0), "0");
    }
}
