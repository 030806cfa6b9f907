//! Pages of the tour.

use super::settings::PlasticityTab;
use super::{Plasticity, PlasticityEdit};
use crate::core::playback::PlaybackEdit;
use crate::ui::house::House;
use crate::ui::scene::{Look, Scene, play};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "windows",
        look: Look::Light,
        set_up: |house| open(house, PlasticityTab::Windows),
        ready: |house| house.room::<Plasticity>().results.windows.is_some(),
    },
    Scene {
        name: "pair",
        look: Look::Dark,
        set_up: |house| open(house, PlasticityTab::Story),
        ready: |house| house.room::<Plasticity>().results.story.is_some(),
    },
    Scene {
        name: "rates",
        look: Look::Light,
        set_up: |house| open(house, PlasticityTab::PairingRate),
        ready: |house| {
            let rates = &house.room::<Plasticity>().results.pairing_rate;
            rates.as_ref().is_some_and(|r| r.1[0].measured.len() == 13)
        },
    },
    Scene {
        name: "bounds",
        look: Look::Dark,
        set_up: |house| open(house, PlasticityTab::Bounds),
        ready: |house| {
            let bounds = &house.room::<Plasticity>().results.bounds;
            bounds.as_ref().is_some_and(|b| b.1.seconds[0] >= b.1.seconds[1])
        },
    },
    Scene {
        name: "bengio",
        look: Look::Light,
        set_up: |house| open(house, PlasticityTab::Slope),
        ready: |house| {
            let slope = &house.room::<Plasticity>().results.slope;
            slope.as_ref().is_some_and(|s| s.1.seconds[0] >= s.1.seconds[1])
        },
    },
    Scene { name: "pattern", look: Look::Light, set_up: pattern_at_full_speed, ready: learned },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: pattern_at_full_speed,
        ready: learned,
    },
];

fn open(house: &mut House, tab: PlasticityTab) {
    house.apply(PlasticityEdit::Tab(tab));
}

/// As fast as it can, until it has learned.
fn pattern_at_full_speed(house: &mut House) {
    open(house, PlasticityTab::Pattern);
    for edit in [PlaybackEdit::Speed(1e9), play(house)] {
        house.apply(PlasticityEdit::PlayPattern(edit));
    }
}

fn learned(house: &House) -> bool {
    let pattern = &house.room::<Plasticity>().pattern;
    pattern.view.as_ref().is_some_and(|v| v.score.learned_ms.is_some())
}
