//! Pages of the tour.

use super::history::{HistoryEdit, HistorySettings, Pictures, Plots};
use super::settings::TrainTab;
use super::{Train, TrainEdit};
use crate::ann::trainer::TrainConfig;
use crate::core::playback::PlaybackEdit;
use crate::ui::app::App;
use crate::ui::tour::{Look, Scene, answered, digits};
use crate::workers::scrub::Confusion;
use crate::workers::training::Phase;

/// The pages; all but the first are of the run that the first one trains.
pub const SCENES: &[Scene] = &[
    Scene { name: "curves", look: Look::Dark, set_up: train, ready: trained },
    Scene {
        name: "layers",
        look: Look::Light,
        set_up: |app| app.apply(TrainEdit::Tab(TrainTab::Layers)),
        ready: trained,
    },
    Scene {
        name: "mistakes",
        look: Look::Light,
        set_up: |app| app.apply(TrainEdit::Tab(TrainTab::Mistakes)),
        ready: trained,
    },
    Scene {
        name: "runs",
        look: Look::Dark,
        set_up: |app| app.apply(TrainEdit::Tab(TrainTab::Runs)),
        ready: trained,
    },
    Scene { name: "network", look: Look::Light, set_up: network, ready: answered },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: |app| app.apply(TrainEdit::Tab(TrainTab::Curves)),
        ready: trained,
    },
    Scene {
        name: "history",
        look: Look::Dark,
        set_up: |app| look_back(app, Pictures::Weights, Plots::Curves),
        ready: looked_back,
    },
    Scene {
        name: "history-change",
        look: Look::Light,
        set_up: |app| {
            look_back(app, Pictures::Since, Plots::Movement);
            let (_, last) = app.room::<Train>().history.playback.range();
            app.apply(HistoryEdit::Play(PlaybackEdit::Go(last / 2)));
        },
        ready: looked_back,
    },
    Scene {
        name: "history-projector",
        look: Look::Projector,
        set_up: |app| look_back(app, Pictures::Since, Plots::Confusion),
        ready: looked_back,
    },
];

fn train(app: &mut App) {
    let config = TrainConfig {
        data: digits(app).into(),
        subset: 10_000,
        validation_share: 0.1,
        epochs: 5,
        ..TrainConfig::default()
    };
    app.apply(TrainEdit::Configure(Box::new(config)));
    app.apply(TrainEdit::Tab(TrainTab::Curves));
    app.apply(TrainEdit::Start);
}

fn trained(app: &App) -> bool {
    matches!(app.desk.training.phase, Phase::Finished | Phase::Failed(_))
}

fn network(app: &mut App) {
    let config = TrainConfig { model: "cnn1".into(), ..app.room::<Train>().kept.training.clone() };
    app.apply(TrainEdit::Configure(Box::new(config)));
    app.apply(TrainEdit::Tab(TrainTab::Network));
}

/// The History view, at the moment where it was left.
fn look_back(app: &mut App, pictures: Pictures, plots: Plots) {
    let settings = HistorySettings { pictures, plots, ..HistorySettings::default() };
    app.apply(HistoryEdit::Settings(settings));
    app.apply(TrainEdit::Tab(TrainTab::History));
}

/// Whether the moment that is asked for is shown, and all that was asked of it.
fn looked_back(app: &App) -> bool {
    let room = app.room::<Train>();
    let (at, view) = (room.history.at(), &room.scrubbed);
    let there = view.shown.as_ref().is_some_and(|s| Some(s.step) == at);
    let judged = matches!(&view.confusion, Confusion::Ready { step, .. } if Some(*step) == at);
    there && (judged || room.kept.history.plots != Plots::Confusion)
}
