//! The networks that a command asks: the bundled ones, or weights from files.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context as _, bail};

use crate::ann::bundled::{self, GENERATIVE, SETS, SPIKING, WeightSet};
use crate::ann::evaluate::{self, Evaluation};
use crate::ann::network::Network;
use crate::ann::rules;
use crate::ann::trainer::config::MOST_THREADS;
use crate::ann::weights;
use crate::core::files::read_limited;
use crate::data::{ClassNames, Dataset};
use crate::snn::diehl_cook::bundled::{BUNDLED, Bundled};
use crate::snn::diehl_cook::trained::{self, MOST_BYTES};

/// A trained network and where its weights are from.
pub struct Trained {
    pub network: Network,
    /// What it is asked for by.
    pub key: &'static str,
    /// The set in the box that they are of, if any.
    pub set: Option<&'static WeightSet>,
    /// `shipped`, `shipped-augmented`, or the file.
    pub weights: String,
    /// What the classes are called that it tells apart.
    pub classes: ClassNames,
}

impl Trained {
    /// The architecture's id, or that of the rule it learned by ([`bundled::key`]).
    pub fn id(&self) -> &'static str {
        self.key
    }

    /// For people.
    pub fn name(&self) -> String {
        let rule = rules::find(self.key);
        let name = rule.map_or(self.network.architecture().name, |rule| rule.name);
        match self.set {
            Some(_) => name.to_owned(),
            None => format!("{name} ({})", self.weights),
        }
    }
}

/// A spiking network that has learnt.
pub struct Spiking {
    pub id: String,
    /// For people.
    pub name: String,
    /// `shipped`, or the file.
    pub weights: String,
    /// Accuracy that was published for one of this size, percent.
    pub published: Option<f64>,
    pub trained: trained::Trained,
}

impl Spiking {
    /// One in the box.
    pub fn bundled(bundled: &Bundled) -> anyhow::Result<Self> {
        Ok(Self {
            id: bundled.id.into(),
            name: bundled.name.into(),
            weights: "shipped".into(),
            published: Some(bundled.published),
            trained: bundled.load()?,
        })
    }

    /// One from a file.
    pub fn load(file: &Path) -> anyhow::Result<Self> {
        let weights = file.display().to_string();
        let bytes =
            read_limited(file, MOST_BYTES).with_context(|| format!("could not read {weights}"))?;
        let trained = trained::Trained::from_bytes(&bytes, &weights)?;
        let neurons = trained.about.config.neurons;
        let (id, name) = (format!("diehl-cook-{neurons}"), format!("STDP {neurons} ({weights})"));
        Ok(Self { id, name, weights, published: None, trained })
    }
}

/// Whether this file holds a spiking network.
pub fn holds_spiking(file: &Path) -> bool {
    read_limited(file, MOST_BYTES).is_ok_and(|bytes| trained::Trained::holds_one(&bytes))
}

/// Whether this is the id of a spiking bundled network.
pub fn is_spiking(id: &str) -> bool {
    BUNDLED.iter().any(|s| s.id == id)
}

/// What JSON calls the weights of a set.
pub fn label(set: &WeightSet) -> String {
    if ["report", SPIKING.id, GENERATIVE.id].contains(&set.id) {
        return "shipped".into();
    }
    format!("shipped-{}", set.id)
}

/// The networks of these ids of these sets in the box and those in these files;
/// all of the sets if nothing is named.
pub fn select(
    ids: &[String],
    files: &[PathBuf],
    sets: &[&'static WeightSet],
) -> anyhow::Result<Vec<Trained>> {
    let mut selected = Vec::new();
    if !ids.is_empty() || files.is_empty() {
        selected = of_sets(sets)?;
        // They are asked only by name: most questions are about the report's networks.
        if !ids.is_empty() {
            selected.extend(of_sets(&[&SPIKING, &GENERATIVE])?);
        }
        if selected.is_empty() {
            bail!(
                "this build contains no trained networks; train one with `spikescope train mlp` \
                 and name its weights with --weights"
            );
        }
    }
    if !ids.is_empty() {
        if let Some(id) = ids.iter().find(|id| selected.iter().all(|m| m.id() != id.as_str())) {
            let there: Vec<&str> = selected.iter().map(Trained::id).collect();
            bail!(
                "this build contains no trained weights of {id} (only of {}); train it with \
                 `spikescope train {id}` and name its weights with --weights",
                there.join(", ")
            );
        }
        selected.retain(|m| ids.iter().any(|id| id == m.id()));
    }
    for file in files {
        let (network, metadata) = weights::load(file)?;
        let (key, classes) = (network.architecture().id, metadata.classes);
        let weights = file.display().to_string();
        selected.push(Trained { network, key, set: None, weights, classes });
    }
    Ok(selected)
}

fn of_sets(sets: &[&'static WeightSet]) -> anyhow::Result<Vec<Trained>> {
    let mut all = Vec::new();
    for set in sets {
        for loaded in set.networks() {
            let (network, metadata) = loaded?;
            let key = bundled::key(&network, &metadata);
            let classes = metadata.classes;
            all.push(Trained { network, key, set: Some(set), weights: label(set), classes });
        }
    }
    Ok(all)
}

/// The set of this id, or all.
pub fn sets(id: Option<&str>) -> Vec<&'static WeightSet> {
    SETS.iter().copied().filter(|s| id.is_none_or(|id| s.id == id)).collect()
}

/// Asks a network about all digits; `progress` hears how many are answered.
pub fn evaluate(
    network: &Network,
    data: &Dataset,
    threads: usize,
    progress: &mut (dyn FnMut(usize, usize) + Send),
) -> anyhow::Result<Evaluation> {
    let never = AtomicBool::new(false);
    evaluate::evaluate(network, data, threads, &never, progress)?
        .context("the evaluation was cancelled")
}

/// The number asked for, else one thread per core.
pub fn threads(asked: Option<NonZeroUsize>) -> usize {
    let cores = || std::thread::available_parallelism().ok();
    asked.or_else(cores).map_or(1, NonZeroUsize::get).min(MOST_THREADS)
}
