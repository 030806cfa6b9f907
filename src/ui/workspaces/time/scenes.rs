//! Pages of the tour.

use super::settings::TimeTab;
use super::{ABOUT, Time, TimeEdit};
use crate::core::playback::PlaybackEdit;
use crate::ui::house::House;
use crate::ui::scene::{Look, Scene, digits, draw};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "answers",
        look: Look::Dark,
        set_up: |house| open(house, 3, TimeTab::Answers, 16),
        ready: read,
    },
    Scene {
        name: "hidden-units",
        look: Look::Light,
        set_up: |house| open(house, 8, TimeTab::Units, 20),
        ready: read,
    },
    Scene {
        name: "how-early",
        look: Look::Light,
        set_up: |house| {
            open(house, 3, TimeTab::Early, 14);
            let source = digits(house);
            house.apply(TimeEdit::Survey(source));
        },
        ready: |house| {
            let survey = &house.room::<Time>().survey;
            survey.total > 0 && !survey.running
        },
    },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: |house| open(house, 5, TimeTab::Reading, 14),
        ready: read,
    },
];

/// A digit read up to a step.
fn open(house: &mut House, class: u8, tab: TimeTab, step: u64) {
    draw(house, class, |p| p);
    house.show(ABOUT.id);
    house.apply(TimeEdit::Tab(tab));
    house.apply(TimeEdit::Unit("rnn2".into(), 36));
    house.apply(TimeEdit::Play(PlaybackEdit::Go(step)));
}

/// Once the newest question is answered.
fn read(house: &House) -> bool {
    house.room::<Time>().is_current()
}
