//! Pages of the tour.

use super::settings::{AlternativesTab, Course, PRESETS, Quantity};
use super::{ABOUT, Alternatives, AlternativesEdit};
use crate::ann::rules::disturbance::Disturbance;
use crate::core::playback::PlaybackEdit;
use crate::ui::house::House;
use crate::ui::scene::{Look, Scene, digits, draw_three};
use crate::workers::training::Phase;

/// The pages; those after the first are of the runs that it trains, or of short ones.
pub const SCENES: &[Scene] = &[
    Scene { name: "side-by-side", look: Look::Dark, set_up: side_by_side, ready: trained },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: |house| {
            house.apply(AlternativesEdit::Look(Quantity::Accuracy, true));
            house.apply(AlternativesEdit::Tab(AlternativesTab::Side));
        },
        ready: trained,
    },
    Scene {
        name: "way-back",
        look: Look::Light,
        set_up: |house| {
            draw_three(house);
            house.apply(AlternativesEdit::Slot(1));
            house.apply(AlternativesEdit::Tab(AlternativesTab::Back));
        },
        ready: answered,
    },
    Scene { name: "break-it", look: Look::Dark, set_up: break_it, ready: trained },
    Scene { name: "settling", look: Look::Light, set_up: settle, ready: answered },
];

/// A course of seconds.
fn short(house: &mut House, hidden: &[usize], epochs: usize) -> Course {
    Course {
        hidden: hidden.to_vec(),
        data: digits(house).into(),
        subset: 2000,
        epochs,
        ..Course::default()
    }
}

fn side_by_side(house: &mut House) {
    house.show(ABOUT.id);
    house.apply(AlternativesEdit::Preset(0));
    let course = Course { subset: 8000, ..short(house, &[100, 100], 3) };
    house.apply(AlternativesEdit::Course(Box::new(course)));
    house.apply(AlternativesEdit::Look(Quantity::Accuracy, false));
    house.apply(AlternativesEdit::Tab(AlternativesTab::Side));
    house.apply(AlternativesEdit::Start);
}

/// Some batches as they should be, then with crossed wires.
fn break_it(house: &mut House) {
    let course = short(house, &[100, 100], 10);
    let epochs = course.epochs;
    // All of them are the runs of this course.
    let held = |house: &House| {
        let room = house.room::<Alternatives>();
        let begun =
            |slot| room.run(slot).is_some_and(|run| run.config.epochs == epochs && run.steps >= 40);
        room.kept.slots().all(|(slot, _)| begun(slot))
    };
    house.apply(AlternativesEdit::Course(Box::new(course)));
    house.apply(AlternativesEdit::Tab(AlternativesTab::Break));
    house.apply(AlternativesEdit::Start);
    let begun = std::time::Instant::now();
    while !held(house) && begun.elapsed() < crate::ui::scene::PATIENCE {
        std::thread::sleep(std::time::Duration::from_millis(30));
        house.desk.refresh();
        house.follow();
    }
    let crossed = Disturbance { shuffle: true, ..Disturbance::default() };
    house.apply(AlternativesEdit::Disturb(crossed));
}

fn settle(house: &mut House) {
    draw_three(house);
    let two_phases = PRESETS.iter().position(|p| p.short == "Two phases").unwrap_or(0);
    house.apply(AlternativesEdit::Preset(two_phases));
    let course = short(house, &[100], 1);
    house.apply(AlternativesEdit::Course(Box::new(course)));
    house.apply(AlternativesEdit::Tab(AlternativesTab::Settling));
    house.apply(AlternativesEdit::Start);
    house.apply(AlternativesEdit::Play(PlaybackEdit::End));
}

/// Once no rule learns any more.
fn trained(house: &House) -> bool {
    let room = house.room::<Alternatives>();
    let mut slots = room.kept.slots();
    slots.all(|(slot, _)| {
        let ended = matches!(room.slots[slot].view.phase, Phase::Finished | Phase::Failed(_));
        room.run(slot).is_some() && ended
    })
}

/// And the digit's way is known.
fn answered(house: &House) -> bool {
    trained(house) && house.room::<Alternatives>().is_current()
}
