//! Pages of the tour.

use super::history::{HistoryEdit, HistorySettings, Pictures, Plots};
use super::settings::TrainTab;
use super::wires::{Chosen, SMALL, WiresEdit};
use super::{Train, TrainEdit};
use crate::ann::trainer::TrainConfig;
use crate::ann::zoo::notation;
use crate::core::playback::PlaybackEdit;
use crate::ui::house::House;
use crate::ui::scene::{Look, Scene, answered, digits};
use crate::workers::scrub::Confusion;
use crate::workers::training::Phase;

/// The pages; all but the first are of the run that the first one trains.
pub const SCENES: &[Scene] = &[
    Scene { name: "curves", look: Look::Dark, set_up: train, ready: trained },
    Scene {
        name: "layers",
        look: Look::Light,
        set_up: |house| house.apply(TrainEdit::Tab(TrainTab::Layers)),
        ready: trained,
    },
    Scene {
        name: "mistakes",
        look: Look::Light,
        set_up: |house| house.apply(TrainEdit::Tab(TrainTab::Mistakes)),
        ready: trained,
    },
    Scene {
        name: "runs",
        look: Look::Dark,
        set_up: |house| house.apply(TrainEdit::Tab(TrainTab::Runs)),
        ready: trained,
    },
    Scene { name: "network", look: Look::Light, set_up: network, ready: answered },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: |house| house.apply(TrainEdit::Tab(TrainTab::Curves)),
        ready: trained,
    },
    Scene {
        name: "history",
        look: Look::Dark,
        set_up: |house| look_back(house, Pictures::Weights, Plots::Curves),
        ready: looked_back,
    },
    Scene {
        name: "history-change",
        look: Look::Light,
        set_up: |house| {
            look_back(house, Pictures::Since, Plots::Movement);
            let (_, last) = house.room::<Train>().history.playback.range();
            house.apply(HistoryEdit::Play(PlaybackEdit::Go(last / 2)));
        },
        ready: looked_back,
    },
    Scene {
        name: "history-projector",
        look: Look::Projector,
        set_up: |house| look_back(house, Pictures::Since, Plots::Confusion),
        ready: looked_back,
    },
    // Last: the others are of the run before.
    Scene { name: "wires", look: Look::Dark, set_up: wires, ready: wired },
    Scene {
        name: "wires-projector",
        look: Look::Projector,
        set_up: |house| house.apply(WiresEdit::Carried(true)),
        ready: wired,
    },
];

fn train(house: &mut House) {
    let config = TrainConfig {
        data: digits(house).into(),
        subset: 10_000,
        validation_share: 0.1,
        epochs: 5,
        ..TrainConfig::default()
    };
    house.apply(TrainEdit::Configure(Box::new(config)));
    house.apply(TrainEdit::Tab(TrainTab::Curves));
    house.apply(TrainEdit::Start);
}

fn trained(house: &House) -> bool {
    matches!(house.desk.training.phase, Phase::Finished | Phase::Failed(_))
}

fn network(house: &mut House) {
    let config =
        TrainConfig { model: "cnn1".into(), ..house.room::<Train>().kept.training.clone() };
    house.apply(TrainEdit::Configure(Box::new(config)));
    house.apply(TrainEdit::Tab(TrainTab::Network));
}

/// A small network is trained, and one of its connections looked at.
fn wires(house: &mut House) {
    let layers = notation::parse(SMALL).unwrap_or_default();
    let model = notation::own(&layers).map_or("mlp", |own| own.id);
    let config = TrainConfig {
        model: model.into(),
        data: digits(house).into(),
        subset: 10_000,
        validation_share: 0.1,
        epochs: 6,
        ..TrainConfig::default()
    };
    house.apply(TrainEdit::Configure(Box::new(config)));
    house.apply(TrainEdit::Tab(TrainTab::Wires));
    house.apply(WiresEdit::Choose(Some(Chosen { layer: 2, from: 1, to: 3 })));
    house.apply(TrainEdit::Start);
}

fn wired(house: &House) -> bool {
    trained(house) && house.room::<Train>().wires.shown.is_some()
}

/// The History view, at the moment where it was left.
fn look_back(house: &mut House, pictures: Pictures, plots: Plots) {
    let settings = HistorySettings { pictures, plots, ..HistorySettings::default() };
    house.apply(HistoryEdit::Settings(settings));
    house.apply(TrainEdit::Tab(TrainTab::History));
}

/// Whether the moment that is asked for is shown, and all that was asked of it.
fn looked_back(house: &House) -> bool {
    let room = house.room::<Train>();
    let (at, view) = (room.history.at(), &room.scrubbed);
    let there = view.shown.as_ref().is_some_and(|s| Some(s.step) == at);
    let judged = matches!(&view.confusion, Confusion::Ready { step, .. } if Some(*step) == at);
    there && (judged || room.kept.history.plots != Plots::Confusion)
}
