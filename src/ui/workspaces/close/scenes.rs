//! Pages of the tour.

use super::settings::CloseTab;
use super::{ABOUT, Close, CloseEdit};
use crate::ui::house::House;
use crate::ui::scene::{self, Look, PATIENCE, Scene};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "profiles",
        look: Look::Dark,
        set_up: |house| open(house, CloseTab::Profiles),
        ready: shown,
    },
    Scene {
        name: "beside",
        look: Look::Light,
        set_up: |house| open(house, CloseTab::Beside),
        ready: shown,
    },
    Scene {
        name: "measurement",
        look: Look::Dark,
        set_up: |house| open(house, CloseTab::Measurement),
        ready: shown,
    },
    Scene {
        name: "weigh",
        look: Look::Light,
        set_up: |house| {
            open(house, CloseTab::Weigh);
            for (criterion, weight) in [("noise", 1.0), ("accuracy", 0.5)] {
                house.apply(CloseEdit::Weigh(criterion.into(), weight));
            }
        },
        ready: shown,
    },
    Scene {
        name: "you",
        look: Look::Dark,
        set_up: |house| {
            open(house, CloseTab::You);
            scene::digits(house);
            house.apply(CloseEdit::Play);
        },
        ready: |house| house.room::<Close>().playing().is_some(),
    },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: |house| open(house, CloseTab::Profiles),
        ready: shown,
    },
];

/// Shows the tab once the results that come with the program are read.
fn open(house: &mut House, tab: CloseTab) {
    house.show(ABOUT.id);
    house.apply(CloseEdit::Tab(tab));
    let begun = std::time::Instant::now();
    house.follow();
    while !shown(house) && begun.elapsed() < PATIENCE {
        std::thread::sleep(std::time::Duration::from_millis(10));
        house.follow();
    }
}

fn shown(house: &House) -> bool {
    house.room::<Close>().read
}
