//! Pages of the tour.

use super::settings::SpikingTab;
use super::{ABOUT, Spiking, SpikingEdit};
use crate::core::playback::PlaybackEdit;
use crate::ui::house::House;
use crate::ui::scene::{Look, Scene, draw_three, play};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "learning",
        look: Look::Dark,
        set_up: learning,
        ready: |house| house.room::<Spiking>().view.images >= 3000,
    },
    Scene {
        name: "spikes",
        look: Look::Light,
        set_up: spikes,
        ready: |house| house.room::<Spiking>().view.stretch.recording.steps() > 100,
    },
    Scene { name: "digit-projector", look: Look::Projector, set_up: digit, ready: voted },
];

/// Learns at full speed.
fn learning(house: &mut House) {
    house.apply(SpikingEdit::Tab(SpikingTab::Learning));
    house.apply(SpikingEdit::Play(play(house)));
}

/// The same, held and stepped to spikes.
fn spikes(house: &mut House) {
    house.apply(SpikingEdit::Play(PlaybackEdit::Pause));
    house.apply(SpikingEdit::Tab(SpikingTab::Spikes));
    for _ in 0..8 {
        house.apply(SpikingEdit::NextSpike);
    }
}

/// A three before the network, at the end of its 350 ms.
fn digit(house: &mut House) {
    draw_three(house);
    house.show(ABOUT.id);
    house.apply(SpikingEdit::Tab(SpikingTab::Digit));
    house.apply(SpikingEdit::Play(PlaybackEdit::End));
}

/// Once the digit has been shown.
fn voted(house: &House) -> bool {
    let room = house.room::<Spiking>();
    let over = room.digit.range().1 > 0 && room.digit.at() == room.digit.range().1;
    let pixels = house.desk.digit.pixels();
    over && room.shown.competition.as_ref().is_some_and(|c| c.pixels[..] == pixels[..])
}
