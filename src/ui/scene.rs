//! A scene: a state of a workspace that is set up by itself, for the tour, and what
//! several scenes have in common.

use std::time::{Duration, Instant};

use super::command::DigitEdit;
use super::house::House;
use super::session::ThemeChoice;
use crate::core::playback::PlaybackEdit;
use crate::data::synthetic;
use crate::workers::library::Loading;

/// Longest wait for a scene to be ready; a busy machine trains for a while.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// One picture of the tour.
#[derive(Debug)]
pub struct Scene {
    /// What is to be seen, in the workspace: `spikes`.
    pub name: &'static str,
    /// How large and how bright.
    pub look: Look,
    /// Sets it up; the workspace is in view already.
    pub set_up: fn(&mut House),
    /// Whether it is there.
    pub ready: fn(&House) -> bool,
}

/// How large and how bright a scene is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// A laptop's window, dark.
    Dark,
    /// The same, light.
    #[default]
    Light,
    /// A projector.
    Projector,
}

impl Look {
    /// Size of the window, points.
    pub fn size(self) -> [f32; 2] {
        if self == Self::Projector { [1024.0, 768.0] } else { WINDOW }
    }

    /// Its theme.
    pub fn theme(self) -> ThemeChoice {
        if self == Self::Dark { ThemeChoice::Dark } else { ThemeChoice::Light }
    }
}

/// A laptop's window.
pub const WINDOW: [f32; 2] = [1280.0, 800.0];

/// Whether the networks have answered, and it is known whether MNIST is there.
pub fn answered(house: &House) -> bool {
    house.desk.answers_current && !loading(house)
}

fn loading(house: &House) -> bool {
    matches!(house.desk.library.mnist, Loading::Unknown | Loading::Busy)
}

/// Draws the strokes of a generated digit, moved and scaled on the canvas.
pub fn draw(house: &mut House, class: u8, place: fn([f32; 2]) -> [f32; 2]) {
    house.apply(DigitEdit::Clear);
    for stroke in synthetic::strokes(7, class, 3) {
        for (i, point) in stroke.into_iter().enumerate() {
            let at = place(point);
            house.apply(if i == 0 { DigitEdit::PenDown(at) } else { DigitEdit::PenMove(at) });
        }
        house.apply(DigitEdit::PenUp);
    }
}

/// A three in the middle.
pub fn draw_three(house: &mut House) {
    draw(house, 3, |p| p);
}

/// Waits for digits, which may still be being read: MNIST's, without it synthetic ones.
/// Gives the id of the source.
pub fn digits(house: &mut House) -> &'static str {
    let begun = Instant::now();
    let wait = |house: &mut House, ready: fn(&mut House) -> bool| {
        while !ready(house) && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
            house.desk.refresh();
        }
    };
    wait(house, |house| !loading(house));
    wait(house, |house| house.desk.best_digits().is_some());
    if house.desk.library.mnist.split().is_some() { "mnist" } else { "synthetic" }
}

/// No workspace plays by itself: a scene that needs a run begins it.
pub fn play(house: &House) -> PlaybackEdit {
    PlaybackEdit::Play { now_s: house.desk.ctx.input(|i| i.time) }
}
