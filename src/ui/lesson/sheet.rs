//! A lesson on paper: its questions with room for the answers, as a page to print.

use egui::{Align2, Color32, CornerRadius, Rect, RichText, Stroke, StrokeKind, Ui, pos2, vec2};

use super::ask::{plain, room_beside, show_beside, small_curve};
use super::panel::paragraph;
use crate::lessons::{Ask, Kind, Lesson};
use crate::ui::theme::{self, palette};

/// Width of a page, points: A4 at 96 per inch. It is drawn finer.
pub const WIDTH: f32 = 794.0;
/// The longest page.
pub const LONGEST: f32 = 2400.0;
const MARGIN: f32 = 48.0;

/// Draws the page; its height, points.
pub fn draw(ui: &mut Ui, lesson: &Lesson) -> f32 {
    let p = palette(ui.visuals());
    ui.painter().rect_filled(ui.max_rect(), CornerRadius::ZERO, Color32::WHITE);
    let place = Rect::from_min_size(
        ui.max_rect().min + vec2(MARGIN, MARGIN * 0.8),
        vec2(WIDTH - 2.0 * MARGIN, LONGEST),
    );
    let drawn = ui.scope_builder(egui::UiBuilder::new().max_rect(place), |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new(&lesson.title).font(theme::strong(22.0)));
            ui.label(RichText::new(&lesson.section).font(theme::regular(15.0)).color(p.weak));
        });
        ui.label(format!("{} ({} minutes)", lesson.goal, lesson.minutes));
        ui.add_space(6.0);
        for (i, step) in lesson.steps.iter().enumerate() {
            ui.horizontal_wrapped(|ui| {
                let text = format!("{}  {}", i + 1, step.title);
                ui.label(RichText::new(text).font(theme::strong(14.5)));
                ui.label(RichText::new(step.kind.name()).small().color(p.weak));
            });
            for text in &step.words {
                paragraph(ui, text, 12.5);
            }
            match &step.kind {
                Kind::Predict(ask) => asked(ui, ask),
                Kind::Compare | Kind::Vary => lines(ui, 2),
                Kind::Mystery(mystery) => {
                    ui.label(format!(
                        "{}: my value is _______ {}, the hidden one was _______ {}",
                        mystery.label, mystery.unit, mystery.unit
                    ));
                }
                Kind::Look | Kind::Play | Kind::Run { .. } => {}
            }
            ui.add_space(4.0);
        }
        if !lesson.read_on.is_empty() {
            ui.label(RichText::new("To read on").font(theme::strong(14.0)));
            for text in &lesson.read_on {
                paragraph(ui, text, 12.5);
            }
        }
    });
    (drawn.response.rect.bottom() - ui.max_rect().top() + MARGIN * 0.8).min(LONGEST)
}

fn asked(ui: &mut Ui, ask: &Ask) {
    let p = palette(ui.visuals());
    match ask {
        Ask::Choices(choices) => {
            for choice in choices {
                ui.horizontal(|ui| {
                    let (rect, _) = ui.allocate_exact_size(vec2(13.0, 13.0), egui::Sense::hover());
                    let edge = Stroke::new(1.2, p.text);
                    ui.painter().rect_stroke(rect, CornerRadius::ZERO, edge, StrokeKind::Inside);
                    if let Some(room) = room_beside(&choice.beside) {
                        let (rect, _) =
                            ui.allocate_exact_size(room + vec2(6.0, 4.0), egui::Sense::hover());
                        let place = Rect::from_center_size(rect.center(), room);
                        show_beside(ui, place, &choice.beside, p.text);
                    }
                    ui.label(&choice.text);
                });
            }
        }
        Ask::Number { unit, low, high, .. } => {
            let range = format!("({} to {})", plain(*low), plain(*high));
            ui.label(format!(
                "My prediction: _________ {unit} {range}   measured: _________ {unit}"
            ));
        }
        Ask::Sketch { x, y, .. } => {
            let (rect, _) = ui.allocate_exact_size(vec2(330.0, 150.0), egui::Sense::hover());
            let pad = Rect::from_min_max(rect.min + vec2(50.0, 8.0), rect.max - vec2(8.0, 26.0));
            let thin = Stroke::new(0.6, p.line);
            for i in 0..=8 {
                let t = i as f32 / 8.0;
                ui.painter().vline(pad.left() + t * pad.width(), pad.y_range(), thin);
                ui.painter().hline(pad.x_range(), pad.top() + t * pad.height(), thin);
            }
            small_curve(ui, pad, &[], p.text);
            let font = theme::regular(11.5);
            let text = |at, anchor, text: String| {
                ui.painter().text(at, anchor, text, font.clone(), p.text);
            };
            text(pad.left_bottom() + vec2(0.0, 3.0), Align2::LEFT_TOP, plain(x.low));
            text(pad.right_bottom() + vec2(0.0, 3.0), Align2::RIGHT_TOP, plain(x.high));
            text(pad.center_bottom() + vec2(0.0, 3.0), Align2::CENTER_TOP, x.name.clone());
            text(pos2(pad.left() - 5.0, pad.bottom()), Align2::RIGHT_BOTTOM, plain(y.low));
            text(pos2(pad.left() - 5.0, pad.top()), Align2::RIGHT_TOP, plain(y.high));
            text(pos2(pad.left() + 4.0, pad.top() + 2.0), Align2::LEFT_TOP, y.name.clone());
        }
    }
}

/// Lines to write on.
fn lines(ui: &mut Ui, count: usize) {
    let p = palette(ui.visuals());
    for _ in 0..count {
        let (rect, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), 20.0), egui::Sense::hover());
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(0.8, p.weak));
    }
}
