//! Pages of the tour.

use super::settings::DeepTab;
use super::{ABOUT, Deep, DeepEdit};
use crate::core::playback::PlaybackEdit;
use crate::ui::house::House;
use crate::ui::scene::{Look, Scene, digits, draw};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "spikes",
        look: Look::Dark,
        set_up: |house| open(house, 3, DeepTab::Spikes, 14),
        ready: shown,
    },
    Scene {
        name: "neuron",
        look: Look::Light,
        set_up: |house| open(house, 8, DeepTab::Neuron, 25),
        ready: shown,
    },
    Scene {
        name: "credit",
        look: Look::Dark,
        set_up: |house| open(house, 5, DeepTab::Credit, 25),
        ready: shown,
    },
    Scene {
        name: "stop-when-sure",
        look: Look::Light,
        set_up: |house| {
            open(house, 3, DeepTab::Sure, 25);
            let source = digits(house);
            house.apply(DeepEdit::Survey(source));
            // Some thousand are enough for a picture.
            let begun = std::time::Instant::now();
            let enough = |house: &House| house.room::<Deep>().survey.done >= 1000;
            while !enough(house) && begun.elapsed() < crate::ui::scene::PATIENCE {
                std::thread::sleep(std::time::Duration::from_millis(30));
                house.desk.refresh();
                house.follow();
            }
            house.apply(DeepEdit::StopSurvey);
        },
        ready: |house| {
            let survey = &house.room::<Deep>().survey;
            survey.total > 0 && !survey.running
        },
    },
    Scene {
        name: "first-spike",
        look: Look::Light,
        set_up: |house| {
            open(house, 4, DeepTab::Spikes, 0);
            house.apply(DeepEdit::Network("first-spike".into()));
            house.follow();
            go(house, 50);
        },
        ready: shown,
    },
    Scene {
        name: "volley",
        look: Look::Dark,
        set_up: |house| {
            open(house, 5, DeepTab::Wave, 7);
        },
        ready: shown,
    },
    Scene {
        name: "filters",
        look: Look::Dark,
        set_up: |house| open(house, 5, DeepTab::Filters, 7),
        ready: shown,
    },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: |house| open(house, 3, DeepTab::Spikes, 14),
        ready: shown,
    },
];

/// A digit shown up to a step.
fn open(house: &mut House, class: u8, tab: DeepTab, step: u64) {
    draw(house, class, |p| p);
    house.show(ABOUT.id);
    house.apply(DeepEdit::Network("lif-dense".into()));
    house.apply(DeepEdit::Unit(0, 36));
    house.apply(DeepEdit::Tab(tab));
    go(house, step);
}

/// Takes the bar there, once the network's steps are known.
fn go(house: &mut House, step: u64) {
    let begun = std::time::Instant::now();
    house.follow();
    while !shown(house) && begun.elapsed() < crate::ui::scene::PATIENCE {
        std::thread::sleep(std::time::Duration::from_millis(10));
        house.desk.refresh();
        house.follow();
    }
    house.apply(DeepEdit::Play(PlaybackEdit::Go(step)));
}

/// Once the newest question is answered.
fn shown(house: &House) -> bool {
    house.room::<Deep>().is_current(&house.desk)
}
