//! Pages of the tour.

use super::settings::SpikingTab;
use super::{ABOUT, Spiking, SpikingEdit};
use crate::core::playback::PlaybackEdit;
use crate::ui::app::App;
use crate::ui::tour::{Look, Scene, draw_three, play};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "learning",
        look: Look::Dark,
        set_up: learning,
        ready: |app| app.room::<Spiking>().view.images >= 3000,
    },
    Scene {
        name: "spikes",
        look: Look::Light,
        set_up: spikes,
        ready: |app| app.room::<Spiking>().view.stretch.recording.steps() > 100,
    },
    Scene { name: "digit-projector", look: Look::Projector, set_up: digit, ready: voted },
];

/// Learns at full speed.
fn learning(app: &mut App) {
    app.apply(SpikingEdit::Tab(SpikingTab::Learning));
    app.apply(SpikingEdit::Play(play(app)));
}

/// The same, held and stepped to spikes.
fn spikes(app: &mut App) {
    app.apply(SpikingEdit::Play(PlaybackEdit::Pause));
    app.apply(SpikingEdit::Tab(SpikingTab::Spikes));
    for _ in 0..8 {
        app.apply(SpikingEdit::NextSpike);
    }
}

/// A three before the network, at the end of its 350 ms.
fn digit(app: &mut App) {
    draw_three(app);
    app.show(ABOUT.id);
    app.apply(SpikingEdit::Tab(SpikingTab::Digit));
    app.apply(SpikingEdit::Play(PlaybackEdit::End));
}

/// Once the digit has been shown.
fn voted(app: &App) -> bool {
    let room = app.room::<Spiking>();
    let over = room.digit.range().1 > 0 && room.digit.at() == room.digit.range().1;
    let pixels = app.desk.digit.pixels();
    over && room.shown.competition.as_ref().is_some_and(|c| c.pixels[..] == pixels[..])
}
