//! Axes over the 28 steps, for curves and heat maps: `x` is the number of columns
//! or rows read. Dragging on them scrubs the time.

use egui::{Align2, Color32, Id, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, Vec2, pos2};

use super::TimeEdit;
use crate::core::playback::PlaybackEdit;
use crate::data::SIDE;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};

/// Room left of the ground for the numbers of y, points.
const LEFT: f32 = 32.0;
/// Room below it for the numbers of x, points.
const BELOW: f32 = 15.0;

/// A plot's ground with its scales.
#[derive(Clone, Copy)]
pub struct Axes {
    /// Where it is drawn.
    pub ground: Rect,
    low: f32,
    high: f32,
    /// Room left of the ground for what stands at y, points.
    left: f32,
}

/// What goes beside the axes.
pub struct Labels<'a> {
    /// Numbers of y and their texts.
    pub y: &'a [(f32, &'a str)],
    /// What x counts.
    pub x: &'a str,
}

impl Axes {
    /// Axes within `rect` for values from `low` to `high`.
    pub fn new(rect: Rect, low: f32, high: f32) -> Self {
        Self::beside(rect, low, high, LEFT)
    }

    /// The same, with names at y that take so much room, points.
    pub fn beside(rect: Rect, low: f32, high: f32, left: f32) -> Self {
        let min = pos2(rect.left() + left, rect.top() + 4.0);
        let max = pos2(rect.right() - 5.0, rect.bottom() - BELOW);
        Self { ground: Rect::from_min_max(min, max), low, high, left }
    }

    /// Where a value after `k` steps is drawn.
    pub fn at(&self, k: f32, value: f32) -> Pos2 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        pos2(self.x(k), self.ground.bottom() - share * self.ground.height())
    }

    /// Where `k` steps are.
    pub fn x(&self, k: f32) -> f32 {
        self.ground.left() + k / SIDE as f32 * self.ground.width()
    }

    /// The number of steps nearest to a place.
    pub fn step(&self, x: f32) -> usize {
        let share = (x - self.ground.left()) / self.ground.width().max(1.0);
        (share.clamp(0.0, 1.0) * SIDE as f32).round() as usize
    }

    /// Ground, lines and numbers.
    pub fn paint(&self, ui: &Ui, labels: &Labels<'_>) {
        let p = palette(ui.visuals());
        let painter = ui.painter();
        painter.rect_filled(self.ground, 2, p.well);
        let faint = Stroke::new(0.7, p.line);
        for (value, text) in labels.y {
            let at = self.at(0.0, *value);
            painter.hline(self.ground.x_range(), at.y, faint);
            // A class may have a long name.
            let font = theme::regular(11.0);
            let mut job = egui::text::LayoutJob::simple_singleline((*text).into(), font, p.weak);
            if self.left > LEFT {
                job.wrap = egui::text::TextWrapping::truncate_at_width(self.left - 6.0);
            }
            let text = painter.layout_job(job);
            let place = Align2::RIGHT_CENTER.anchor_size(at - Vec2::new(4.0, 0.0), text.size());
            painter.galley(place.min, text, p.weak);
        }
        // In a narrow plot the name has no room beside the numbers.
        let narrow = self.ground.width() < 130.0;
        for k in (0..=SIDE).step_by(7) {
            let x = self.x(k as f32);
            painter.vline(x, self.ground.y_range(), faint);
            if narrow && k % (SIDE / 2) != 0 {
                continue;
            }
            let text = if k == SIDE / 2 { labels.x.to_owned() } else { k.to_string() };
            let at = pos2(x, self.ground.bottom() + 2.0);
            painter.text(at, Align2::CENTER_TOP, text, theme::regular(11.0), p.weak);
        }
    }

    /// Values after 0, 1, … steps as a line: strong up to `now`, faint beyond.
    pub fn line(&self, ui: &Ui, values: &[f32], now: usize, stroke: Stroke) {
        let points: Vec<Pos2> =
            values.iter().enumerate().map(|(k, v)| self.at(k as f32, *v)).collect();
        let now = now.min(points.len().saturating_sub(1));
        let faint = Stroke::new(stroke.width, stroke.color.gamma_multiply(0.25));
        ui.painter().add(Shape::line(points[now..].to_vec(), faint));
        ui.painter().add(Shape::line(points[..=now].to_vec(), stroke));
    }

    /// Covers what has not been read yet.
    pub fn veil(&self, ui: &Ui, now: usize) {
        let p = palette(ui.visuals());
        let min = pos2(self.x(now as f32), self.ground.top());
        ui.painter().rect_filled(
            Rect::from_min_max(min, self.ground.max),
            0,
            p.well.gamma_multiply(0.72),
        );
    }

    /// The line of the position.
    pub fn position(&self, ui: &Ui, now: usize) {
        let stroke = Stroke::new(2.0, palette(ui.visuals()).accent);
        ui.painter().vline(self.x(now as f32), self.ground.y_range(), stroke);
    }

    /// A dashed line where a mind was made up.
    pub fn decision(&self, ui: &Ui, k: usize) {
        let p = palette(ui.visuals());
        let x = self.x(k as f32);
        let ends = [pos2(x, self.ground.top()), pos2(x, self.ground.bottom())];
        ui.painter().extend(Shape::dashed_line(&ends, Stroke::new(2.0, p.series[1]), 5.0, 4.0));
        let (top, colour) = (self.ground.top(), p.series[1]);
        let flag = vec![pos2(x - 5.0, top - 3.0), pos2(x + 5.0, top - 3.0), pos2(x, top + 5.0)];
        ui.painter().add(Shape::convex_polygon(flag, colour, Stroke::NONE));
    }

    /// Dragging scrubs. `name` is what a screen reader says of the plot.
    pub fn scrub(&self, ui: &Ui, id: Id, name: &str, now: usize, out: &mut Outbox) -> Response {
        let response = ui.interact(self.ground, id, Sense::click_and_drag());
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Figure, true, name));
        if (response.dragged() || response.clicked())
            && let Some(at) = response.interact_pointer_pos()
            && self.step(at.x) != now
        {
            let to = PlaybackEdit::Go(self.step(at.x) as u64);
            out.push(TimeEdit::Play(to));
        }
        response
    }

    /// A heat map of `rows` values for each of the steps 1 to 28 (`value(k, row)`
    /// in −1 … 1), the first row on top. Uploaded only when it changes.
    pub fn heat(&self, ui: &Ui, id: Id, rows: usize, value: impl Fn(usize, usize) -> f32) {
        let pixels: Vec<Color32> = (0..rows)
            .flat_map(|row| (1..=SIDE).map(move |k| (k, row)))
            .map(|(k, row)| theme::diverging(ui.visuals(), value(k, row)))
            .collect();
        let image = egui::ColorImage::new([SIDE, rows], pixels);
        let options = egui::TextureOptions::NEAREST;
        let texture = ui.ctx().load_texture_cached("states", id, image, options);
        egui::Image::new((texture.id(), self.ground.size())).paint_at(ui, self.ground);
    }
}

/// The scale of the heat maps, as a small picture with its numbers.
pub fn scale(ui: &mut Ui, most: &str) {
    let p = palette(ui.visuals());
    let (rect, _) = ui.allocate_exact_size(Vec2::new(150.0, 16.0), Sense::hover());
    let bar = rect.shrink2(Vec2::new(34.0, 2.0));
    let mut mesh = egui::Mesh::default();
    let bands = 41;
    for i in 0..bands {
        let (from, to) = (i as f32 / bands as f32, (i + 1) as f32 / bands as f32);
        let value = 2.0 * i as f32 / (bands - 1) as f32 - 1.0;
        let min = pos2(bar.left() + from * bar.width(), bar.top());
        let max = pos2(bar.left() + to * bar.width(), bar.bottom());
        mesh.add_colored_rect(Rect::from_min_max(min, max), theme::diverging(ui.visuals(), value));
    }
    ui.painter().add(mesh);
    let font = theme::regular(11.5);
    let text = |at, align, text: String| {
        ui.painter().text(at, align, text, font.clone(), p.weak);
    };
    text(bar.left_center() - Vec2::new(4.0, 0.0), Align2::RIGHT_CENTER, format!("−{most}"));
    text(bar.right_center() + Vec2::new(4.0, 0.0), Align2::LEFT_CENTER, format!("+{most}"));
}
