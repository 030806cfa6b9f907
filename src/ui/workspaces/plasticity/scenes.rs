//! Pages of the tour.

use super::settings::PlasticityTab;
use super::{Plasticity, PlasticityEdit};
use crate::core::playback::PlaybackEdit;
use crate::ui::app::App;
use crate::ui::tour::{Look, Scene, play};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "windows",
        look: Look::Light,
        set_up: |app| open(app, PlasticityTab::Windows),
        ready: |app| app.room::<Plasticity>().results.windows.is_some(),
    },
    Scene {
        name: "pair",
        look: Look::Dark,
        set_up: |app| open(app, PlasticityTab::Story),
        ready: |app| app.room::<Plasticity>().results.story.is_some(),
    },
    Scene {
        name: "rates",
        look: Look::Light,
        set_up: |app| open(app, PlasticityTab::PairingRate),
        ready: |app| {
            let rates = &app.room::<Plasticity>().results.pairing_rate;
            rates.as_ref().is_some_and(|r| r.1[0].measured.len() == 13)
        },
    },
    Scene {
        name: "bounds",
        look: Look::Dark,
        set_up: |app| open(app, PlasticityTab::Bounds),
        ready: |app| {
            let bounds = &app.room::<Plasticity>().results.bounds;
            bounds.as_ref().is_some_and(|b| b.1.seconds[0] >= b.1.seconds[1])
        },
    },
    Scene {
        name: "bengio",
        look: Look::Light,
        set_up: |app| open(app, PlasticityTab::Slope),
        ready: |app| {
            let slope = &app.room::<Plasticity>().results.slope;
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

fn open(app: &mut App, tab: PlasticityTab) {
    app.apply(PlasticityEdit::Tab(tab));
}

/// As fast as it can, until it has learned.
fn pattern_at_full_speed(app: &mut App) {
    open(app, PlasticityTab::Pattern);
    for edit in [PlaybackEdit::Speed(1e9), play(app)] {
        app.apply(PlasticityEdit::PlayPattern(edit));
    }
}

fn learned(app: &App) -> bool {
    let pattern = &app.room::<Plasticity>().pattern;
    pattern.view.as_ref().is_some_and(|v| v.score.learned_ms.is_some())
}
