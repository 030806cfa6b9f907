//! Pages of the tour.

use super::settings::{DreamSettings, ImagineTab, Seen};
use super::{ABOUT, Imagine, ImagineEdit, Mask};
use crate::core::playback::PlaybackEdit;
use crate::ui::house::House;
use crate::ui::scene::{Look, Scene, draw};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "complete",
        look: Look::Dark,
        set_up: |house| open(house, 3, ImagineTab::Complete, 40),
        ready: shown,
    },
    Scene {
        name: "dream",
        look: Look::Dark,
        set_up: |house| open(house, 3, ImagineTab::Dream, 10),
        ready: shown,
    },
    Scene {
        name: "dream-threes",
        look: Look::Light,
        set_up: |house| {
            open(house, 3, ImagineTab::Dream, 10);
            let dream = DreamSettings { class: Some(3), ..DreamSettings::default() };
            house.apply(ImagineEdit::Dream(dream));
            wait(house);
        },
        ready: shown,
    },
    Scene {
        name: "walk",
        look: Look::Light,
        set_up: |house| open(house, 3, ImagineTab::Walk, 6),
        ready: shown,
    },
    Scene {
        name: "learning",
        look: Look::Dark,
        set_up: |house| open(house, 5, ImagineTab::Learning, 47),
        ready: shown,
    },
    Scene {
        name: "units",
        look: Look::Light,
        set_up: |house| {
            open(house, 3, ImagineTab::Units, 0);
            house.apply(ImagineEdit::Seen(Seen::Draws));
        },
        ready: shown,
    },
    Scene {
        name: "phases",
        look: Look::Dark,
        set_up: |house| open(house, 4, ImagineTab::Phases, 120),
        ready: shown,
    },
    Scene {
        name: "curve",
        look: Look::Light,
        set_up: |house| {
            open(house, 3, ImagineTab::Regression, 0);
            house.apply(ImagineEdit::Play(PlaybackEdit::Step(2000)));
            let begun = std::time::Instant::now();
            while house.room::<Imagine>().spikes.regression.done < 2000
                && begun.elapsed() < crate::ui::scene::PATIENCE
            {
                std::thread::sleep(std::time::Duration::from_millis(10));
                house.desk.refresh();
                house.follow();
            }
            house.apply(ImagineEdit::Play(PlaybackEdit::End));
        },
        ready: shown,
    },
    Scene {
        name: "window",
        look: Look::Dark,
        set_up: |house| open(house, 3, ImagineTab::Window, 2000),
        ready: shown,
    },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: |house| open(house, 8, ImagineTab::Complete, 40),
        ready: shown,
    },
];

/// A digit whose right half is covered.
fn open(house: &mut House, class: u8, tab: ImagineTab, at: u64) {
    draw(house, class, |p| p);
    house.show(ABOUT.id);
    house.apply(ImagineEdit::Network("bengio2015".into()));
    house.apply(ImagineEdit::Cover(Mask::RIGHT));
    house.apply(ImagineEdit::Tab(tab));
    wait(house);
    house.apply(ImagineEdit::Play(PlaybackEdit::Go(at)));
    wait(house);
}

/// Until the newest question is answered.
fn wait(house: &mut House) {
    let begun = std::time::Instant::now();
    house.follow();
    while !shown(house) && begun.elapsed() < crate::ui::scene::PATIENCE {
        std::thread::sleep(std::time::Duration::from_millis(10));
        house.desk.refresh();
        house.follow();
    }
}

fn shown(house: &House) -> bool {
    house.room::<Imagine>().is_current(&house.desk)
}
