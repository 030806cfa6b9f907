//! What is measured, and with what.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use sha2::{Digest, Sha256};

use super::board::Kind;
use super::cache::Cache;
use crate::ann::AnnError;
use crate::ann::bundled::{self, GENERATIVE, REPORT, SPIKING};
use crate::ann::network::Network;
use crate::ann::rules::{self, RULES};
use crate::ann::weights::Metadata;
use crate::ann::zoo::{self, Architecture};
use crate::convert::ConvertError;
use crate::core::text::grouped;
use crate::data::Dataset;
use crate::snn::SnnError;
use crate::snn::diehl_cook::bundled::{BUNDLED, Bundled};
use crate::snn::diehl_cook::trained::Trained;

/// What is measured.
pub struct Subject {
    /// Stable id: `cnn1`, `rule:feedback_alignment`, `converted:mlp`, `untrained`, `run-…`.
    pub id: String,
    /// For people.
    pub name: String,
    /// What kind of subject.
    pub kind: Kind,
    /// What it is, in a sentence.
    pub about: String,
    /// What answers.
    pub what: What,
}

/// What answers.
pub enum What {
    /// A network with its weights.
    Network(Box<(Network, Metadata)>),
    /// The rule of this id, with networks trained on the spot.
    Rule(&'static str),
    /// Networks with the weights that they begin with.
    Untrained(&'static Architecture),
    /// A trained network, converted into spikes.
    Converted(Box<(Network, Metadata)>),
    /// A network of Diehl and Cook that learned by STDP.
    DiehlCook(Box<Trained>),
}

/// What subjects are measured with.
pub struct Context<'a> {
    /// Training digits.
    pub train: &'a Dataset,
    /// Test digits.
    pub test: &'a Dataset,
    /// Threads to measure on; they change no number.
    pub threads: usize,
    /// Set when it is to end.
    pub stop: &'a AtomicBool,
    /// Told how far a measurement is, from 0 to 1.
    pub progress: &'a (dyn Fn(f64) + Sync),
    /// What several measurements use.
    pub cache: &'a Cache,
}

/// Why there is no number.
#[derive(Debug)]
pub enum Halt {
    /// It was stopped.
    Stopped,
    /// It cannot be measured; a sentence without its full stop.
    Reason(String),
}

impl Halt {
    /// For this reason.
    pub fn reason(text: impl Into<String>) -> Self {
        Self::Reason(text.into())
    }
}

impl From<AnnError> for Halt {
    fn from(error: AnnError) -> Self {
        Self::Reason(error.to_string())
    }
}

impl From<SnnError> for Halt {
    fn from(error: SnnError) -> Self {
        Self::Reason(error.to_string())
    }
}

impl From<ConvertError> for Halt {
    fn from(error: ConvertError) -> Self {
        Self::Reason(error.to_string())
    }
}

impl Context<'_> {
    /// Goes on, unless it was stopped.
    ///
    /// # Errors
    /// [`Halt::Stopped`].
    pub fn go_on(&self) -> Result<(), Halt> {
        if self.stop.load(Relaxed) { Err(Halt::Stopped) } else { Ok(()) }
    }
}

/// The seeds of what is trained on the spot.
pub const SEEDS: [u64; 3] = [1, 2, 3];

/// The networks that are converted.
const CONVERTED: [&str; 2] = ["mlp", "cnn3"];

/// All subjects that come with the program: controls, rules, networks.
///
/// # Errors
/// When a bundled network cannot be read.
pub fn all() -> Result<Vec<Subject>, Halt> {
    let mut all = vec![Subject::untrained(zoo::ZOO[0])];
    let shallow = &rules::shallow::RULE;
    let others = RULES.iter().filter(|rule| rule.id != shallow.id);
    all.extend([shallow].into_iter().chain(others.copied()).map(Subject::rule));
    for loaded in REPORT.networks() {
        all.push(Subject::bundled(loaded?));
    }
    for loaded in REPORT.networks() {
        let (network, metadata) = loaded?;
        if CONVERTED.contains(&network.architecture().id) {
            all.push(Subject::converted(network, metadata));
        }
    }
    for loaded in SPIKING.networks().into_iter().chain(GENERATIVE.networks()) {
        all.push(Subject::bundled(loaded?));
    }
    for bundled in BUNDLED {
        all.push(Subject::diehl_cook(bundled)?);
    }
    Ok(all)
}

impl Subject {
    /// A network of this id and name.
    pub fn network(id: String, name: String, network: Network, metadata: Metadata) -> Self {
        let about = network.architecture().doc.to_owned();
        let what = What::Network(Box::new((network, metadata)));
        Self { id, name, kind: Kind::Network, about, what }
    }

    fn bundled((network, metadata): (Network, Metadata)) -> Self {
        let key = bundled::key(&network, &metadata);
        let name = rules::find(key).map_or(network.architecture().name, |rule| rule.name);
        Self::network(key.to_owned(), name.to_owned(), network, metadata)
    }

    fn converted(network: Network, metadata: Metadata) -> Self {
        let architecture = network.architecture();
        Self {
            id: format!("converted:{}", architecture.id),
            name: format!("{} in spikes", architecture.name),
            kind: Kind::Converted,
            about: format!(
                "{}, converted: its units have become integrate-and-fire neurons with the same weights, and rates of spikes stand for activations.",
                architecture.name
            ),
            what: What::Converted(Box::new((network, metadata))),
        }
    }

    fn diehl_cook(bundled: &Bundled) -> Result<Self, Halt> {
        Ok(Self {
            id: bundled.id.to_owned(),
            name: bundled.name.to_owned(),
            kind: Kind::Network,
            about: format!(
                "{} excitatory neurons that compete and learn by STDP, without labels (Diehl and Cook 2015); labels are given to neurons afterwards, and they vote.",
                grouped(bundled.neurons as u64)
            ),
            what: What::DiehlCook(Box::new(bundled.load()?)),
        })
    }

    fn untrained(architecture: &'static Architecture) -> Self {
        Self {
            id: "untrained".into(),
            name: "Untrained".into(),
            kind: Kind::Control,
            about: format!("{} with the random weights that it begins with.", architecture.name),
            what: What::Untrained(architecture),
        }
    }

    /// A rule, with networks trained on the spot. That which teaches the last layer alone
    /// is a control.
    pub fn rule(rule: &'static rules::Rule) -> Self {
        let control = rule.id == rules::shallow::RULE.id;
        Self {
            id: if control { rule.id.to_owned() } else { format!("rule:{}", rule.id) },
            name: rule.name.to_owned(),
            kind: if control { Kind::Control } else { Kind::Rule },
            about: rule.doc.to_owned(),
            what: What::Rule(rule.id),
        }
    }

    /// The architecture that answers; of a rule none yet, of STDP's networks none at all.
    pub fn architecture(&self) -> Option<&'static Architecture> {
        match &self.what {
            What::Network(both) | What::Converted(both) => Some(both.0.architecture()),
            What::Untrained(architecture) => Some(architecture),
            What::Rule(_) | What::DiehlCook(_) => None,
        }
    }

    /// SHA-256 of its weights; empty where weights are made on the spot.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut take = |values: &[f32]| values.iter().for_each(|v| hash.update(v.to_le_bytes()));
        match &self.what {
            What::Network(both) | What::Converted(both) => {
                both.0.parameters().iter().for_each(|p| take(p.values));
            }
            What::DiehlCook(trained) => {
                take(&trained.weights);
                take(&trained.theta);
            }
            What::Rule(_) | What::Untrained(_) => return String::new(),
        }
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}
