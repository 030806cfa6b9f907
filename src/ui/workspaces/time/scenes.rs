//! Pages of the tour.

use super::settings::TimeTab;
use super::{ABOUT, Time, TimeEdit};
use crate::core::playback::PlaybackEdit;
use crate::ui::app::App;
use crate::ui::tour::{Look, Scene, digits, draw};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "answers",
        look: Look::Dark,
        set_up: |app| open(app, 3, TimeTab::Answers, 16),
        ready: read,
    },
    Scene {
        name: "hidden-units",
        look: Look::Light,
        set_up: |app| open(app, 8, TimeTab::Units, 20),
        ready: read,
    },
    Scene {
        name: "how-early",
        look: Look::Light,
        set_up: |app| {
            open(app, 3, TimeTab::Early, 14);
            let source = digits(app);
            app.apply(TimeEdit::Survey(source));
        },
        ready: |app| {
            let survey = &app.room::<Time>().survey;
            survey.total > 0 && !survey.running
        },
    },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: |app| open(app, 5, TimeTab::Reading, 14),
        ready: read,
    },
];

/// A digit read up to a step.
fn open(app: &mut App, class: u8, tab: TimeTab, step: u64) {
    draw(app, class, |p| p);
    app.show(ABOUT.id);
    app.apply(TimeEdit::Tab(tab));
    app.apply(TimeEdit::Unit("rnn2".into(), 36));
    app.apply(TimeEdit::Play(PlaybackEdit::Go(step)));
}

/// Once the newest question is answered.
fn read(app: &App) -> bool {
    app.room::<Time>().is_current()
}
