//! What the workspace keeps over a restart, and questions to begin with.

use serde::{Deserialize, Serialize};

use crate::ann::rules::{self, Rule, RuleConfig};
use crate::ann::snapshots::cadence::HistoryConfig;
use crate::ann::spare_threads;
use crate::ann::trainer::TrainConfig;
use crate::ann::zoo::{Activation, MOST_LAYERS, MOST_UNITS, Widths};
use crate::core::bounds::{ANY, Bounded, Bounds, Span};
use crate::core::playback::PlaybackSettings;
use crate::data::CLASSES;
use crate::data::registry;
use crate::ui::workspace::Settings;
use crate::workers::passages::Settling;

/// Rules that can learn at once.
pub const SLOTS: usize = 4;

/// The views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlternativesTab {
    /// Rules beside one another.
    #[default]
    Side,
    /// What travels forward and back.
    Back,
    /// Errors disturbed on their way.
    Break,
    /// A digit settles.
    Settling,
}

/// What a plot shows over the batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Right answers on held-out digits.
    #[default]
    Accuracy,
    /// Cross-entropy of the batches.
    Loss,
    /// Between a rule's update and the true gradient.
    Update,
    /// Between the weights and what stands for them on the way back.
    Feedback,
}

/// What all rules have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Course {
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Whether hidden units are tanh instead of ReLU.
    pub tanh: bool,
    /// Id of the data set.
    pub data: String,
    /// Digits to train on, the held-out ones included.
    pub subset: usize,
    /// Digits per update.
    pub batch_size: usize,
    /// Passes over the digits.
    pub epochs: usize,
    /// Seed of weights and order.
    pub seed: u64,
}

impl Default for Course {
    fn default() -> Self {
        Self {
            hidden: vec![500, 500],
            tanh: false,
            data: "mnist".into(),
            subset: 60_000,
            batch_size: 32,
            epochs: 10,
            seed: 1,
        }
    }
}

impl Course {
    /// Units of a hidden layer.
    pub const UNITS: Span = (1.0, MOST_UNITS as f64);
    /// Digits to train on.
    pub const SUBSET: Span = (1000.0, 60_000.0);
    /// Digits per update.
    pub const BATCH: Span = (1.0, 512.0);
    /// Passes over the digits.
    pub const EPOCHS: Span = (1.0, 200.0);

    /// The hidden layers as they are typed: `500, 500`.
    pub fn hidden_text(&self) -> String {
        self.hidden.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
    }

    /// Reads hidden layers that were typed.
    ///
    /// # Errors
    /// What is wrong with them, as a sentence.
    pub fn read_hidden(typed: &str) -> Result<Vec<usize>, String> {
        let parts = typed.split([',', ' ', ';', '–', '-']).filter(|p| !p.is_empty());
        let units = |part: &str| {
            let number = part.parse::<usize>().ok();
            number.filter(|n| (1..=MOST_UNITS).contains(n)).ok_or_else(|| {
                let part: String = part.chars().take(12).collect();
                format!("“{part}” is no number of units: type 1 to {MOST_UNITS} for each layer.")
            })
        };
        let hidden: Vec<usize> = parts.map(units).collect::<Result<_, _>>()?;
        if (1..=MOST_LAYERS).contains(&hidden.len()) {
            return Ok(hidden);
        }
        Err(format!("Type the units of 1 to {MOST_LAYERS} hidden layers, such as 500, 500."))
    }
}

impl Bounded for Course {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { hidden, tanh: _, data, subset, batch_size, epochs, seed } = self;
        let usual = Self::default();
        to.list("hidden", hidden, MOST_LAYERS, |to, i, n| to.number(i, n, Self::UNITS));
        if hidden.is_empty() {
            *hidden = usual.hidden;
            to.mend("hidden");
        }
        to.id("data", data, registry::is_possible, &usual.data);
        to.number("subset", subset, Self::SUBSET);
        to.number("batch_size", batch_size, Self::BATCH);
        to.number("epochs", epochs, Self::EPOCHS);
        to.number("seed", seed, ANY);
    }
}

/// How the current digit settles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sweeps {
    /// Without the target; for predictive coding, relaxation steps.
    pub free: usize,
    /// With it.
    pub nudged: usize,
    /// How strongly it pulls; below 0 it pushes away.
    pub beta: f32,
}

impl Default for Sweeps {
    fn default() -> Self {
        Self { free: 30, nudged: 10, beta: 1.0 }
    }
}

impl Sweeps {
    /// Of one phase.
    pub const COUNT: Span = (1.0, 200.0);
    /// Strength of the target.
    pub const BETA: Span = (-0.9, 2.0);

    /// For the worker.
    pub fn asked(self) -> Settling {
        Settling { free: self.free, nudged: self.nudged, beta: self.beta }
    }
}

impl Bounded for Sweeps {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { free, nudged, beta } = self;
        to.number("free", free, Self::COUNT);
        to.number("nudged", nudged, Self::COUNT);
        to.number("beta", beta, Self::BETA);
    }
}

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlternativesSettings {
    pub tab: AlternativesTab,
    /// Ids of the rules that learn beside one another.
    pub rules: [Option<String>; SLOTS],
    pub course: Course,
    /// The plot that has the room to itself where there is room for all.
    pub alone: bool,
    pub quantity: Quantity,
    /// The rule looked at.
    pub slot: usize,
    /// Which digit the current one is said to be, where it is not known.
    pub label: usize,
    pub sweeps: Sweeps,
    pub playback: PlaybackSettings,
}

impl Default for AlternativesSettings {
    fn default() -> Self {
        Self {
            tab: AlternativesTab::default(),
            rules: named(&[
                "backpropagation",
                "feedback_alignment",
                "direct_feedback_alignment",
                "shallow",
            ]),
            course: Course::default(),
            alone: false,
            quantity: Quantity::default(),
            slot: 1,
            label: 3,
            sweeps: Sweeps::default(),
            playback: PlaybackSettings { steps_per_s: 5.0, ..PlaybackSettings::default() },
        }
    }
}

/// Slots with these rules, the rest empty.
fn named(ids: &[&str]) -> [Option<String>; SLOTS] {
    std::array::from_fn(|i| ids.get(i).map(|id| (*id).to_owned()))
}

impl AlternativesSettings {
    /// Number of a slot.
    const SLOT: Span = (0.0, SLOTS as f64 - 1.0);
    /// A digit.
    const LABEL: Span = (0.0, CLASSES as f64 - 1.0);

    /// The rule in a slot.
    pub fn rule(&self, slot: usize) -> Option<&'static Rule> {
        rules::find(self.rules.get(slot)?.as_deref()?)
    }

    /// Slots with a rule, and their rules.
    pub fn slots(&self) -> impl Iterator<Item = (usize, &'static Rule)> + '_ {
        (0..SLOTS).filter_map(|slot| Some((slot, self.rule(slot)?)))
    }

    /// The run that a slot begins.
    pub fn config(&self, slot: usize) -> Option<TrainConfig> {
        let rule = self.rule(slot)?;
        let Course { hidden, tanh, data, subset, batch_size, epochs, seed } = self.course.clone();
        let activation = if tanh { Activation::Tanh } else { Activation::Relu };
        Some(TrainConfig {
            model: Widths { kind: rule.kind, hidden, activation }.id(),
            data,
            subset,
            validation_share: 0.02,
            batch_size,
            epochs,
            rule: RuleConfig::of(rule),
            optimiser: (rule.usual)(),
            average_epochs: 0,
            seed,
            threads: (spare_threads() / self.slots().count().max(1)).max(1),
            history: HistoryConfig { on: false, ..HistoryConfig::default() },
            probe: true,
            ..TrainConfig::default()
        })
    }

    /// Why a slot cannot begin, as a sentence.
    pub fn refusal(&self, slot: usize) -> Option<String> {
        self.config(slot)?.validate().err().map(|e| format!("{e}."))
    }
}

impl Bounded for AlternativesSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { tab: _, rules, course, alone: _, quantity: _, slot, label, sweeps, playback } =
            self;
        for (i, id) in rules.iter_mut().enumerate() {
            if let Some(id) = id {
                to.id(format!("rules.{i}"), id, |id| rules::find(id).is_some(), rules::RULES[0].id);
            }
        }
        to.part("course", course);
        to.number("slot", slot, Self::SLOT);
        to.number("label", label, Self::LABEL);
        to.part("sweeps", sweeps);
        to.part("playback", playback);
    }
}

impl Settings for AlternativesSettings {}

/// A question, and rules that answer it.
pub struct Preset {
    pub name: &'static str,
    /// The same in two or three words.
    pub short: &'static str,
    /// What to see.
    pub doc: &'static str,
    rules: &'static [&'static str],
    hidden: &'static [usize],
    pub tab: AlternativesTab,
    /// The plot to look at.
    quantity: Quantity,
    /// The slot to look at.
    slot: usize,
}

impl Preset {
    /// Sets rules, layers and tab.
    pub fn set(&self, kept: &mut AlternativesSettings) {
        kept.rules = named(self.rules);
        kept.course.hidden = self.hidden.to_vec();
        kept.tab = self.tab;
        (kept.quantity, kept.slot) = (self.quantity, self.slot);
    }

    /// The one that is on.
    pub fn on(kept: &AlternativesSettings) -> Option<&'static Self> {
        let same = |p: &&Self| kept.rules == named(p.rules) && kept.course.hidden == p.hidden;
        PRESETS.iter().find(same)
    }
}

/// All of them.
pub static PRESETS: &[Preset] = &[
    Preset {
        name: "Feedback through random wires: will it learn?",
        short: "Random wires",
        doc: "Errors come back over random matrices that never change. The forward weights turn towards them: watch the angle to the gradient fall below 90°, while the shallow network stays behind.",
        rules: &["backpropagation", "feedback_alignment", "direct_feedback_alignment", "shallow"],
        hidden: &[500, 500],
        tab: AlternativesTab::Side,
        quantity: Quantity::Accuracy,
        slot: 1,
    },
    Preset {
        name: "Sleep to align",
        short: "Sleep to align",
        doc: "The matrices on the way back learn as well, from both ends of each synapse or from noise between the batches: their angle to the weights falls towards zero.",
        rules: &["feedback_alignment", "kolen_pollack", "weight_mirror", "backpropagation"],
        hidden: &[500, 500],
        tab: AlternativesTab::Side,
        quantity: Quantity::Feedback,
        slot: 2,
    },
    Preset {
        name: "Two phases instead of an error",
        short: "Two phases",
        doc: "The network settles freely, then once more with its classes pulled towards the target. Each synapse learns from the difference; no error travels.",
        rules: &["equilibrium_propagation", "backpropagation"],
        hidden: &[500],
        tab: AlternativesTab::Settling,
        quantity: Quantity::Accuracy,
        slot: 0,
    },
    Preset {
        name: "Where does the error live?",
        short: "Cells for errors",
        doc: "In cells of its own: each holds what the layer below failed to predict, and activities relax until all of them are as silent as can be.",
        rules: &["predictive_coding", "backpropagation"],
        hidden: &[500, 500],
        tab: AlternativesTab::Settling,
        quantity: Quantity::Accuracy,
        slot: 0,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_begins_runs_that_can_be_trained() {
        for preset in PRESETS {
            let mut kept = AlternativesSettings::default();
            preset.set(&mut kept);
            assert_eq!(kept.slots().count(), preset.rules.len(), "{}", preset.name);
            let models: Vec<_> = kept.slots().filter_map(|(s, _)| kept.config(s)).collect();
            for (config, (slot, rule)) in models.iter().zip(kept.slots()) {
                config.validate().unwrap();
                assert_eq!(kept.refusal(slot), None);
                assert_eq!(config.rule.id(), rule.id);
                assert!(config.probe && !config.history.on && config.threads >= 1);
                assert_eq!((config.seed, config.subset), (models[0].seed, models[0].subset));
            }
            assert!(Preset::on(&kept).is_some_and(|p| p.name == preset.name));
            let mut bounds = Bounds::default();
            kept.bound(&mut bounds);
            assert!(bounds.mended().is_empty());
        }
    }

    #[test]
    fn every_rule_can_be_put_into_a_slot() {
        let mut kept = AlternativesSettings::default();
        for rule in rules::RULES {
            kept.rules[3] = Some(rule.id.to_owned());
            for (hidden, tanh) in [(vec![500, 500], false), (vec![1], true), (vec![4096; 8], true)]
            {
                (kept.course.hidden, kept.course.tanh) = (hidden, tanh);
                assert_eq!(kept.refusal(3), None, "{}", rule.id);
            }
        }
        kept.rules[3] = None;
        assert!(kept.config(3).is_none() && kept.config(17).is_none());
    }

    #[test]
    fn hidden_layers_are_read_as_they_are_typed() {
        let read = |text: &str| Course::read_hidden(text);
        assert_eq!(read("500, 500").unwrap(), [500, 500]);
        assert_eq!(read("100 50–20").unwrap(), [100, 50, 20]);
        assert_eq!(read("4096").unwrap(), [4096]);
        for wrong in ["", "0", "4097", "x", "1,2,3,4,5,6,7,8,9", "5.5"] {
            assert!(read(wrong).unwrap_err().ends_with('.'), "{wrong}");
        }
        let course = Course { hidden: vec![300, 100], ..Course::default() };
        assert_eq!(read(&course.hidden_text()).unwrap(), course.hidden);
    }

    #[test]
    fn what_is_out_of_range_is_put_right() {
        let mut kept = AlternativesSettings::default();
        kept.rules[0] = Some("magic".into());
        (kept.course.hidden, kept.course.epochs, kept.slot) = (Vec::new(), 0, 99);
        kept.sweeps.beta = -5.0;
        kept.bound(&mut Bounds::default());
        assert_eq!(kept.rules[0].as_deref(), Some("backpropagation"));
        assert_eq!((kept.course.hidden.len(), kept.course.epochs, kept.slot), (2, 1, SLOTS - 1));
        assert_eq!(kept.sweeps.beta, -0.9);
        assert!((0..SLOTS).all(|slot| kept.config(slot).is_none_or(|c| c.validate().is_ok())));
    }
}
