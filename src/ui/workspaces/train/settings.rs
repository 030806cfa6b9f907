//! What the workspace keeps over a restart.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::form::bound_form;
use super::history::HistorySettings;
use super::wires::WiresSettings;
use crate::ann::trainer::TrainConfig;
use crate::core::bounds::{Bounded, Bounds};
use crate::ui::workspace::Settings;
use crate::workers::models::is_run_id;

/// Runs that wait, and that are not asked about.
const MOST_QUEUED: usize = 100;
const MOST_DISMISSED: usize = 1000;

/// The views beside the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainTab {
    /// Loss and accuracy.
    #[default]
    Curves,
    /// How much each layer changes.
    Layers,
    /// The confusion matrix and what it gets wrong.
    Mistakes,
    /// The chosen network.
    Network,
    /// A run as it was.
    History,
    /// Accuracies as reported, of the bundled networks and of the user's runs.
    Report,
    /// All runs.
    Runs,
    /// Connections of a small network.
    Wires,
}

/// What is kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainSettings {
    pub tab: TrainTab,
    /// The settings for the next run.
    pub training: TrainConfig,
    /// The History view.
    pub history: HistorySettings,
    /// The connections that are looked at.
    pub wires: WiresSettings,
    /// Runs that wait for their turn.
    pub queue: Vec<TrainConfig>,
    /// Whether they are begun one after another.
    pub queue_runs: bool,
    /// Interrupted runs that the user does not want to be asked about again.
    pub dismissed_runs: Vec<String>,
}

impl Bounded for TrainSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { tab: _, training, history, wires, queue, queue_runs: _, dismissed_runs } = self;
        to.inside("training", |to| bound_form(training, to));
        to.part("history", history);
        to.part("wires", wires);
        to.list("queue", queue, MOST_QUEUED, |to, i, config| {
            to.inside(i, |to| bound_form(config, to));
        });
        to.ids("dismissed_runs", dismissed_runs, MOST_DISMISSED, is_run_id);
    }
}

impl Settings for TrainSettings {
    fn former(session: &Map<String, Value>) -> Option<Value> {
        let keys = ["training", "history", "queue", "queue_runs", "dismissed_runs"];
        let found = keys.iter().filter_map(|k| Some(((*k).to_owned(), session.get(*k)?.clone())));
        Some(found.collect::<Map<_, _>>().into())
    }

    #[cfg(test)]
    fn full() -> Self {
        Self {
            wires: WiresSettings::full(),
            queue: vec![TrainConfig { model: "cnn3".into(), ..TrainConfig::default() }],
            dismissed_runs: vec!["20260131-235959-mlp-seed1-2".into()],
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::bounds;

    #[test]
    fn an_earlier_session_has_its_parts_at_the_top() {
        let session = json!({
            "theme": "dark",
            "training": { "model": "cnn2", "epochs": 0 },
            "history": { "plots": "confusion" },
            "queue": [{ "model": "rnn1", "seed": 7 }],
            "queue_runs": true,
            "dismissed_runs": ["20260131-235959"],
        });
        let former = TrainSettings::former(session.as_object().unwrap()).unwrap();
        let read = bounds::from_json::<TrainSettings>(former.to_string().as_bytes()).unwrap();
        let kept = read.settings;
        assert_eq!((kept.training.model.as_str(), kept.training.epochs), ("cnn2", 1));
        assert_eq!((kept.queue.len(), kept.queue[0].seed, kept.queue_runs), (1, 7, true));
        assert_eq!(kept.dismissed_runs, ["20260131-235959"]);
        assert_ne!(kept.history, HistorySettings::default());
        assert_eq!((read.mended, read.dropped.len()), (vec!["training.epochs".to_owned()], 0));
    }
}
