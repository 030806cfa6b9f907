//! Pages of the tour.

use std::time::{Duration, Instant};

use super::settings::{FieldsTab, ReasonMap, Show};
use super::{ABOUT, Fields, FieldsEdit, Seek};
use crate::ann::inspect::Unit;
use crate::ann::zoo::ZOO;
use crate::ui::house::House;
use crate::ui::scene::{Look, PATIENCE, Scene, answered, draw_three};
use crate::workers::inspect::Findings;

/// A unit of CNN 3's second layer, in the middle of the digit.
const INTO_UNIT: FieldsEdit = FieldsEdit::Unit(Unit { layer: 1, y: 9, x: 12, channel: 17 });

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene { name: "network", look: Look::Dark, set_up: |house| open(house, &[]), ready: looked },
    Scene {
        name: "layer",
        look: Look::Light,
        set_up: |house| open(house, &[FieldsEdit::Layer(1)]),
        ready: looked,
    },
    Scene {
        name: "kernels",
        look: Look::Dark,
        set_up: |house| open(house, &[FieldsEdit::Layer(1), FieldsEdit::Show(Show::Kernels)]),
        ready: looked,
    },
    Scene {
        name: "effective",
        look: Look::Dark,
        set_up: |house| {
            let show = FieldsEdit::Show(Show::Fields);
            open(house, &[FieldsEdit::Layer(3), show, FieldsEdit::Seek(Seek::Fields)]);
        },
        ready: |house| found(house, |f| !f.fields.is_empty()),
    },
    Scene {
        name: "unit",
        look: Look::Dark,
        set_up: |house| {
            let [liked, exciting] = [Seek::Liked, Seek::Exciting].map(FieldsEdit::Seek);
            open(house, &[INTO_UNIT, liked, exciting]);
        },
        ready: |house| found(house, |f| !f.liked.is_empty() && !f.exciting.is_empty()),
    },
    Scene {
        name: "product",
        look: Look::Projector,
        set_up: |house| open(house, &[INTO_UNIT, FieldsEdit::Term(4)]),
        ready: looked,
    },
    Scene {
        name: "why",
        look: Look::Light,
        set_up: |house| open(house, &[FieldsEdit::Tab(FieldsTab::Why)]),
        ready: |house| looked(house) && !house.room::<Fields>().inspection.why.is_empty(),
    },
    Scene {
        name: "occlusion",
        look: Look::Dark,
        set_up: |house| {
            let map = FieldsEdit::Reason(ReasonMap::Occlusion);
            open(house, &[FieldsEdit::Tab(FieldsTab::Why), map, FieldsEdit::Seek(Seek::Occlusion)]);
        },
        ready: |house| found(house, |f| f.occlusion.len() >= ZOO.len()),
    },
    Scene {
        name: "gabor",
        look: Look::Dark,
        set_up: |house| {
            open(house, &[FieldsEdit::Tab(FieldsTab::Gabor), FieldsEdit::Seek(Seek::Gabor)]);
        },
        ready: |house| found(house, |f| !f.gabor.is_empty()),
    },
    Scene {
        name: "rnn-projector",
        look: Look::Projector,
        set_up: |house| open(house, &[FieldsEdit::Model("rnn1".into())]),
        ready: looked,
    },
];

/// The workspace from its beginning, with a digit and these edits.
fn open(house: &mut House, edits: &[FieldsEdit]) {
    draw_three(house);
    house.show(ABOUT.id);
    for edit in [
        FieldsEdit::Model("cnn3".into()),
        FieldsEdit::Tab(FieldsTab::Network),
        FieldsEdit::Show(Show::Maps),
        FieldsEdit::Reason(ReasonMap::Gradient),
        FieldsEdit::Top,
    ] {
        house.apply(edit);
    }
    // What a search is about is known once the network has been taken apart.
    let begun = Instant::now();
    house.follow();
    while house.room::<Fields>().inspection.anatomy.is_none() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
        house.follow();
    }
    for edit in edits {
        house.apply(edit.clone());
    }
}

fn looked(house: &House) -> bool {
    house.room::<Fields>().looked() && answered(house)
}

fn found(house: &House, what: fn(&Findings) -> bool) -> bool {
    let findings = &house.room::<Fields>().findings;
    looked(house) && what(findings) && findings.running.is_none()
}
