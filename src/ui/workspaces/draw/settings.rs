//! How the answers are listed: kept over a restart.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::core::bounds::{Bounded, Bounds};
use crate::ui::workspace::Settings;
use crate::workers::models::is_model_key;
use crate::workers::spiking::shown;

/// How the answers are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswersView {
    /// Key of the one that is shown large.
    pub large: String,
    /// Their order.
    pub order: AnswersOrder,
}

impl Default for AnswersView {
    fn default() -> Self {
        Self { large: "all".into(), order: AnswersOrder::default() }
    }
}

/// The order of the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswersOrder {
    /// Ensembles, dense, convolutional, recurrent, the user's own.
    #[default]
    Kind,
    /// The most certain first.
    Certainty,
    /// The best on the test set first.
    Accuracy,
}

impl Settings for AnswersView {
    fn former(session: &Map<String, Value>) -> Option<Value> {
        session.get("answers").cloned()
    }
}

impl Bounded for AnswersView {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { large, order: _ } = self;
        let known = |id: &str| is_model_key(id) || id == shown::KEY;
        to.id("large", large, known, &Self::default().large);
    }
}
