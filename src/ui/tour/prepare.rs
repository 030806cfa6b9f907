//! What the scenes of several workspaces share.

use std::time::{Duration, Instant};

use super::PATIENCE;
use crate::core::playback::PlaybackEdit;
use crate::data::synthetic;
use crate::ui::app::App;
use crate::ui::command::DigitEdit;
use crate::workers::library::Loading;

/// Whether the networks have answered, and it is known whether MNIST is there.
pub fn answered(app: &App) -> bool {
    app.desk.answers_current && !loading(app)
}

fn loading(app: &App) -> bool {
    matches!(app.desk.library.mnist, Loading::Unknown | Loading::Busy)
}

/// Draws the strokes of a generated digit, moved and scaled on the canvas.
pub fn draw(app: &mut App, class: u8, place: fn([f32; 2]) -> [f32; 2]) {
    app.apply(DigitEdit::Clear);
    for stroke in synthetic::strokes(7, class, 3) {
        for (i, point) in stroke.into_iter().enumerate() {
            let at = place(point);
            app.apply(if i == 0 { DigitEdit::PenDown(at) } else { DigitEdit::PenMove(at) });
        }
        app.apply(DigitEdit::PenUp);
    }
}

/// A three in the middle.
pub fn draw_three(app: &mut App) {
    draw(app, 3, |p| p);
}

/// Waits for digits, which may still be being read: MNIST's, without it synthetic ones.
/// Gives the id of the source.
pub fn digits(app: &mut App) -> &'static str {
    let begun = Instant::now();
    let wait = |app: &mut App, ready: fn(&mut App) -> bool| {
        while !ready(app) && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
            app.desk.refresh();
        }
    };
    wait(app, |app| !loading(app));
    wait(app, |app| app.desk.best_digits().is_some());
    if app.desk.library.mnist.split().is_some() { "mnist" } else { "synthetic" }
}

/// No workspace plays by itself: a scene that needs a run begins it.
pub fn play(app: &App) -> PlaybackEdit {
    PlaybackEdit::Play { now_s: app.desk.ctx.input(|i| i.time) }
}
