//! The networks at hand: the bundled ones, those the user trained, and the one in
//! training.

use std::sync::Arc;

use crate::ann::bundled;
use crate::ann::ensemble;
use crate::ann::network::Network;
use crate::ann::rules;
use crate::ann::weights::Metadata;
use crate::ann::zoo;
use crate::core::clock::{day, unstamped};

/// Where a model's weights come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Bundled.
    Bundled,
    /// Trained by the user; the run's id.
    Run(String),
    /// Being trained now, after so many epochs.
    Live { epochs: String },
}

/// A network ready to answer. Its weights never change: a network in training
/// is copied.
pub struct Model {
    /// Unique among the models at hand: the architecture's id for shipped ones.
    pub key: String,
    /// For people: `CNN 3`, `CNN 3, trained 28 Nov, 98.1 %`, `CNN 3, learning`.
    pub name: String,
    /// Where its weights come from.
    pub origin: Origin,
    /// The network.
    pub network: Network,
    /// How it was trained.
    pub metadata: Metadata,
}

impl Model {
    /// A shipped or trained network.
    pub fn new(network: Network, metadata: Metadata, origin: Origin) -> Self {
        let architecture = network.architecture();
        // Which rule it learned by, unless it is backpropagation, or what its kind needs.
        let rule = bundled::unusual(architecture, &metadata.rule);
        let by = rule.map_or_else(String::new, |r| format!(" by {}", r.in_a_sentence()));
        let (key, name) = match &origin {
            Origin::Bundled => {
                // Of two of a kind, one is named after its rule.
                let name = rule.map_or(architecture.name, |rule| rule.name);
                (bundled::key(&network, &metadata).to_owned(), name.to_owned())
            }
            Origin::Run(id) => {
                let day =
                    unstamped(id).map_or_else(String::new, |began| format!(" {}", day(began)));
                let right = metadata.test_accuracy;
                let right = right.map_or_else(String::new, |a| format!(", {:.1} %", a * 100.0));
                let hand = if metadata.by_hand { ", weights set by hand" } else { "" };
                let name = match &metadata.imported {
                    Some(from) => format!("{from}, imported{day}{right}{hand}"),
                    None => format!("{}{by}, trained{day}{right}{hand}", architecture.name),
                };
                (format!("run-{id}"), name)
            }
            Origin::Live { .. } => {
                ("live".to_owned(), format!("{}{by}, learning", architecture.name))
            }
        };
        Self { key, name, origin, network, metadata }
    }

    /// One of the user's with its first weights.
    #[cfg(test)]
    pub fn untrained(id: &str) -> Self {
        let (_, metadata) = bundled::REPORT.networks().remove(0).unwrap();
        let network = Network::new(zoo::get(id).unwrap(), 1).unwrap();
        Self::new(network, metadata, Origin::Run(format!("20261129-120000-{id}-seed1")))
    }
}

/// Whether a model could have this [`Model::key`]: that of an architecture, of an
/// ensemble, of the one in training or of a run.
pub fn is_model_key(key: &str) -> bool {
    let bundled =
        zoo::find(key).is_some() || ensemble::find(key).is_some() || rules::find(key).is_some();
    bundled || key == "live" || key.strip_prefix("run-").is_some_and(is_run_id)
}

/// Whether a run could have this id: a plain name of a folder, never a path.
pub fn is_run_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..=128).contains(&id.len()) && id.chars().all(plain) && !id.starts_with('.')
}

/// The models at hand, in the order they are shown.
pub type Models = Vec<Arc<Model>>;

/// `models` with `model` put in: a live one replaces the live one, a trained
/// one replaces the earlier one of its architecture that was trained by the same rule to tell
/// the same classes apart.
pub fn with_shared(models: &Models, model: Arc<Model>) -> Models {
    let same = |other: &Model| match (&model.origin, &other.origin) {
        (Origin::Run(_), Origin::Run(_)) => {
            // Imported ones stand beside those of their structure.
            let what = |m: &Model| {
                let Metadata { rule, imported, classes, .. } = &m.metadata;
                (m.network.architecture().id, rule.clone(), imported.clone(), classes.clone())
            };
            what(&model) == what(other)
        }
        _ => other.key == model.key,
    };
    let at = models.iter().position(|m| same(m));
    let mut models = models.clone();
    match at {
        Some(i) => models[i] = model,
        None => models.push(model),
    }
    models
}

/// `models` without the one of this key.
pub fn without(models: &Models, key: &str) -> Models {
    models.iter().filter(|m| m.key != key).cloned().collect()
}
