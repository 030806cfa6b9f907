//! The pictograms, drawn as lines so that they are sharp at every size and in every theme.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2};

use crate::ui::theme::palette;

/// A pictogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// A pencil: draw.
    Pencil,
    /// A rising curve on axes: train.
    Curve,
    /// Fields within fields, down to one unit: receptive fields.
    Fields,
    /// An hourglass: time.
    Hourglass,
    /// A voltage that rises, spikes and falls: a neuron.
    Spike,
    /// A window of spike timing: plasticity.
    Window,
    /// A line with the stairs that count it: conversion.
    Stairs,
    /// Neurons that compete, one of them lit: a spiking network.
    Network,
    /// Layers of spikes, one below the other: deep networks of spikes.
    Rasters,
    /// A thought: what a network imagines.
    Cloud,
    /// One way forward, several back: other learning rules.
    Ways,
    /// Bars from one axis: profiles to be compared.
    Profiles,
    /// An open book: lessons.
    Book,
    /// Four squares: all workspaces.
    Tiles,
    /// A picture in its frame: a scene.
    Scene,
    /// A screen with a beam: projector mode.
    Projector,
    /// Light theme.
    Sun,
    /// Dark theme.
    Moon,
    /// Time bar: play.
    Play,
    /// Time bar: hold.
    Pause,
    /// Time bar: one step back.
    StepBack,
    /// Time bar: one step on.
    StepOn,
    /// Time bar: to the beginning.
    ToStart,
    /// Time bar: to the end.
    ToEnd,
    /// A minus.
    Less,
    /// A plus.
    More,
}

impl Icon {
    /// Draws it into the square `rect`.
    pub fn paint(self, painter: &Painter, rect: Rect, colour: Color32) {
        let stroke = Stroke::new((rect.width() / 12.0).max(1.4), colour);
        let at =
            |x: f32, y: f32| pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height());
        let line = |points: &[Pos2]| {
            painter.add(Shape::line(points.to_vec(), stroke));
        };
        match self {
            Self::Pencil => {
                line(&[
                    at(0.1, 0.9),
                    at(0.16, 0.66),
                    at(0.7, 0.12),
                    at(0.88, 0.3),
                    at(0.34, 0.84),
                    at(0.1, 0.9),
                ]);
                line(&[at(0.58, 0.24), at(0.76, 0.42)]);
            }
            Self::Curve => {
                line(&[at(0.1, 0.08), at(0.1, 0.9), at(0.95, 0.9)]);
                let curve = (0..=12).map(|i| {
                    let x = i as f32 / 12.0;
                    at(0.22 + 0.7 * x, 0.78 - 0.62 * (1.0 - (-3.2 * x).exp()))
                });
                line(&curve.collect::<Vec<_>>());
            }
            Self::Hourglass => {
                for y in [0.06, 0.94] {
                    line(&[at(0.14, y), at(0.86, y)]);
                }
                line(&[at(0.24, 0.06), at(0.24, 0.26), at(0.76, 0.74), at(0.76, 0.94)]);
                line(&[at(0.76, 0.06), at(0.76, 0.26), at(0.24, 0.74), at(0.24, 0.94)]);
            }
            Self::Fields => {
                // A large field on the left narrows to one unit on the right.
                let field = |x: f32, y0: f32, y1: f32, slant: f32| {
                    line(&[
                        at(x, y0),
                        at(x + slant, y0 + 0.1),
                        at(x + slant, y1 + 0.1),
                        at(x, y1),
                        at(x, y0),
                    ]);
                };
                field(0.06, 0.06, 0.8, 0.2);
                field(0.46, 0.26, 0.62, 0.14);
                painter.circle_filled(at(0.9, 0.51), rect.width() * 0.085, colour);
                for (y0, y1) in [(0.16, 0.36), (0.9, 0.72)] {
                    let faint = Stroke::new(stroke.width * 0.7, colour);
                    painter.line_segment([at(0.26, y0), at(0.6, y1)], faint);
                    let end = if y0 < 0.5 { 0.43 } else { 0.59 };
                    painter.line_segment([at(0.6, y1), at(0.86, end)], faint);
                }
            }
            Self::Spike => line(&[
                at(0.04, 0.8),
                at(0.3, 0.68),
                at(0.42, 0.56),
                at(0.5, 0.08),
                at(0.58, 0.94),
                at(0.7, 0.82),
                at(0.96, 0.78),
            ]),
            // Falls below the axis left of the middle, rises above it right of it.
            Self::Window => {
                line(&[at(0.04, 0.5), at(0.96, 0.5)]);
                line(&[at(0.06, 0.56), at(0.24, 0.64), at(0.38, 0.76), at(0.48, 0.95)]);
                line(&[at(0.52, 0.05), at(0.62, 0.24), at(0.76, 0.36), at(0.94, 0.44)]);
            }
            Self::Stairs => {
                line(&[at(0.04, 0.9), at(0.96, 0.1)]);
                let mut stairs = vec![at(0.06, 0.96)];
                for k in 0..4 {
                    let x = 0.28 + 0.22 * k as f32;
                    let y = 0.96 - 0.22 * k as f32;
                    stairs.extend([at(x, y), at(x, y - 0.22)]);
                }
                line(&stairs);
            }
            Self::Network => {
                for (x, y) in [(0.2, 0.2), (0.5, 0.2), (0.8, 0.2), (0.2, 0.5), (0.8, 0.5)] {
                    painter.circle_stroke(at(x, y), rect.width() * 0.09, stroke);
                }
                for x in [0.2, 0.5, 0.8] {
                    painter.circle_stroke(at(x, 0.8), rect.width() * 0.09, stroke);
                }
                painter.circle_filled(at(0.5, 0.5), rect.width() * 0.15, colour);
            }
            // Three rows of spikes that get fewer.
            Self::Rasters => {
                let rows: [&[f32]; 3] =
                    [&[0.1, 0.24, 0.38, 0.58, 0.72, 0.9], &[0.2, 0.46, 0.62, 0.84], &[0.56, 0.78]];
                for (row, places) in rows.iter().enumerate() {
                    let top = 0.08 + 0.32 * row as f32;
                    for x in *places {
                        line(&[at(*x, top), at(*x, top + 0.2)]);
                    }
                }
            }
            Self::Cloud => {
                let around = (0..=24).map(|i| {
                    let turn = std::f32::consts::TAU * i as f32 / 24.0;
                    at(0.5 + 0.44 * turn.cos(), 0.36 + 0.31 * turn.sin())
                });
                line(&around.collect::<Vec<_>>());
                painter.circle_stroke(at(0.25, 0.8), rect.width() * 0.08, stroke);
                painter.circle_filled(at(0.1, 0.95), rect.width() * 0.05, colour);
            }
            // Forward along the bottom, back over two arcs that do not meet it.
            Self::Ways => {
                line(&[at(0.06, 0.86), at(0.9, 0.86)]);
                line(&[at(0.76, 0.72), at(0.92, 0.86), at(0.76, 0.98)]);
                for (high, low) in [(0.06, 0.62), (0.36, 0.66)] {
                    let arc = (0..=12).map(|i| {
                        let x = i as f32 / 12.0;
                        let rise = (std::f32::consts::PI * x).sin();
                        at(0.86 - 0.72 * x, low - (low - high) * rise)
                    });
                    line(&arc.collect::<Vec<_>>());
                }
                line(&[at(0.04, 0.44), at(0.14, 0.66), at(0.34, 0.6)]);
            }
            Self::Profiles => {
                line(&[at(0.1, 0.06), at(0.1, 0.94)]);
                for (y, to) in [(0.12, 0.92), (0.35, 0.5), (0.58, 0.72), (0.81, 0.34)] {
                    let bar = Rect::from_min_max(at(0.16, y), at(to, y + 0.12));
                    painter.rect_filled(bar, 0, colour);
                }
            }
            Self::Book => {
                for side in [-1.0, 1.0] {
                    let x = |from_spine: f32| 0.5 + side * from_spine;
                    let page = [(0.0, 0.2), (0.24, 0.1), (0.46, 0.16), (0.46, 0.82), (0.24, 0.76)];
                    let page = page.into_iter().chain([(0.0, 0.88), (0.0, 0.2)]);
                    line(&page.map(|(from_spine, y)| at(x(from_spine), y)).collect::<Vec<_>>());
                }
            }
            Self::Tiles => {
                for (x, y) in [(0.1, 0.1), (0.56, 0.1), (0.1, 0.56), (0.56, 0.56)] {
                    let tile = Rect::from_min_max(at(x, y), at(x + 0.34, y + 0.34));
                    painter.rect_stroke(tile, 2, stroke, egui::StrokeKind::Inside);
                }
            }
            Self::Scene => {
                line(&[
                    at(0.08, 0.16),
                    at(0.92, 0.16),
                    at(0.92, 0.84),
                    at(0.08, 0.84),
                    at(0.08, 0.16),
                ]);
                line(&[
                    at(0.08, 0.72),
                    at(0.36, 0.42),
                    at(0.58, 0.68),
                    at(0.7, 0.56),
                    at(0.92, 0.76),
                ]);
            }
            Self::Projector => {
                line(&[
                    at(0.08, 0.12),
                    at(0.92, 0.12),
                    at(0.92, 0.66),
                    at(0.08, 0.66),
                    at(0.08, 0.12),
                ]);
                line(&[at(0.3, 0.92), at(0.5, 0.66), at(0.7, 0.92)]);
            }
            Self::Sun => {
                painter.circle_stroke(rect.center(), rect.width() * 0.2, stroke);
                for i in 0..8 {
                    let way = Vec2::angled(i as f32 * std::f32::consts::FRAC_PI_4) * rect.width();
                    painter.line_segment(
                        [rect.center() + way * 0.33, rect.center() + way * 0.47],
                        stroke,
                    );
                }
            }
            Self::Moon => line(&crescent(rect)),
            Self::Play | Self::StepOn | Self::StepBack | Self::ToStart | Self::ToEnd => {
                self.paint_arrow(painter, rect, colour);
            }
            Self::Pause => {
                for x in [0.2, 0.6] {
                    painter.rect_filled(
                        Rect::from_min_max(at(x, 0.1), at(x + 0.2, 0.9)),
                        1,
                        colour,
                    );
                }
            }
            Self::Less => line(&[at(0.15, 0.5), at(0.85, 0.5)]),
            Self::More => {
                line(&[at(0.15, 0.5), at(0.85, 0.5)]);
                line(&[at(0.5, 0.15), at(0.5, 0.85)]);
            }
        }
    }

    /// The arrows of a time bar: filled, with a bar behind or before them.
    fn paint_arrow(self, painter: &Painter, rect: Rect, colour: Color32) {
        let back = matches!(self, Self::StepBack | Self::ToStart);
        let at = |x: f32, y: f32| {
            let x = if back { 1.0 - x } else { x };
            pos2(rect.left() + x * rect.width(), rect.top() + y * rect.height())
        };
        let (from, to, bar) = match self {
            Self::Play => (0.12, 0.95, None),
            Self::StepOn | Self::StepBack => (0.34, 0.9, Some(0.1)),
            _ => (0.08, 0.68, Some(0.76)),
        };
        let arrow = vec![at(from, 0.08), at(to, 0.5), at(from, 0.92)];
        painter.add(Shape::convex_polygon(arrow, colour, Stroke::NONE));
        if let Some(x) = bar {
            let bar = Rect::from_two_pos(at(x, 0.08), at(x + 0.15, 0.92));
            painter.rect_filled(bar, 0, colour);
        }
    }
}

/// A crescent: the rim of one disc, back along that of another, up and to the
/// right of it, both as large.
fn crescent(rect: Rect) -> Vec<Pos2> {
    use std::f32::consts::PI;
    const STEPS: usize = 24;
    let r = rect.width() * 0.42;
    let apart = rect.width() * 0.34;
    let towards = -0.2 * PI;
    // The rims cross where both are `r` from their centres.
    let half = (apart / (2.0 * r)).acos();
    let arc = |centre: Pos2, from: f32, to: f32| {
        (0..=STEPS)
            .map(move |i| centre + r * Vec2::angled(from + (to - from) * i as f32 / STEPS as f32))
    };
    let centre = rect.center() - Vec2::angled(towards) * rect.width() * 0.04;
    let other = centre + apart * Vec2::angled(towards);
    arc(centre, towards + half, towards - half + 2.0 * PI)
        .chain(arc(other, towards + PI + half, towards + PI - half))
        .collect()
}

/// A button with a pictogram, named for a screen reader; `lit` while what it
/// does is going on.
pub fn button(
    ui: &mut egui::Ui,
    icon: Icon,
    name: &str,
    size: Vec2,
    on: bool,
    lit: bool,
) -> egui::Response {
    let p = palette(ui.visuals());
    let mut button = egui::Button::new("").min_size(size);
    if lit {
        button = button.fill(p.accent);
    }
    let response = ui.add_enabled(on, button);
    let square = Rect::from_center_size(response.rect.center(), Vec2::splat(14.0));
    let colour = match (on, lit) {
        (_, true) => p.on_accent,
        (true, _) => p.text,
        (false, _) => p.weak.gamma_multiply(0.5),
    };
    icon.paint(ui.painter(), square, colour);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, on, name));
    response
}
