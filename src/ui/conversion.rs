//! The state of the Conversion workspace, and how its command changes it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::app::App;
use super::command::DataEdit;
use crate::convert::recipe::{Disturbance, Per, Recipe, Scaling};
use crate::core::bounds::{Bounded, Bounds, Span};
use crate::core::playback::{Playback, PlaybackEdit, PlaybackSettings};
use crate::data::registry::Split;
use crate::workers::conversion::sample::{Sample, SampleOf};
use crate::workers::conversion::{Question, Shown};
use crate::workers::library::{Job, Loading};
use crate::workers::models::{Model, is_model_key};

/// Steps after which a sample's answers are read.
const READ_AFTER: [u64; 8] = [1, 2, 5, 10, 20, 50, 100, 200];

/// What the user does in the Conversion workspace.
#[derive(Clone, Debug)]
pub enum ConversionEdit {
    /// The time bar.
    Play(PlaybackEdit),
    /// Show another view.
    Tab(ConversionTab),
    /// Convert another network (its key).
    Model(String),
    /// How it is converted, what disturbs it, how many steps are made.
    How(How),
    /// Look at another stage.
    Stage(usize),
    /// Follow a unit: its stage and place.
    Unit(usize, usize),
    /// Ask so many test digits.
    Sample(usize),
    /// End the row of digits.
    StopSample,
    /// Write the converted network as NIR.
    SaveNetwork,
    /// As at the beginning.
    Reset,
}

/// The views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversionTab {
    /// Activations beside rates.
    #[default]
    Pictures,
    /// Who spikes when, in all layers.
    Spikes,
    /// One unit.
    Unit,
    /// Many digits.
    Sample,
}

/// How a network is converted and run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct How {
    pub recipe: Recipe,
    pub disturbance: Disturbance,
    pub steps: u64,
}

impl How {
    /// Steps of a run: more take memory and time that nobody sees.
    pub const STEPS: Span = (5.0, 500.0);
}

impl Bounded for How {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { recipe, disturbance, steps } = self;
        to.part("recipe", recipe);
        to.part("disturbance", disturbance);
        to.number("steps", steps, Self::STEPS);
    }
}

impl Default for How {
    fn default() -> Self {
        Self { recipe: Recipe::default(), disturbance: Disturbance::default(), steps: 100 }
    }
}

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversionSettings {
    pub tab: ConversionTab,
    /// Key of the network.
    pub model: String,
    pub how: How,
    /// The stage looked at.
    pub stage: usize,
    /// The unit followed: stage and place; before one is chosen, the most active one.
    pub unit: Option<(usize, usize)>,
    /// Test digits of a sample.
    pub sample: usize,
    pub playback: PlaybackSettings,
}

impl Default for ConversionSettings {
    fn default() -> Self {
        Self {
            tab: ConversionTab::default(),
            model: "cnn3".into(),
            how: How::default(),
            stage: 0,
            unit: None,
            sample: 500,
            playback: PlaybackSettings { steps_per_s: 20.0, ..PlaybackSettings::default() },
        }
    }
}

impl ConversionSettings {
    /// How many test digits can be asked.
    pub const SIZES: [usize; 4] = [100, 500, 2000, 10_000];
    /// Stages, and places in one, of any network.
    const STAGE: Span = (0.0, 63.0);
    const PLACE: Span = (0.0, 1e6);
}

impl Bounded for ConversionSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { tab: _, model, how, stage, unit, sample, playback } = self;
        let usual = Self::default();
        to.id("model", model, is_model_key, &usual.model);
        to.part("how", how);
        to.number("stage", stage, Self::STAGE);
        if let Some((stage, place)) = unit {
            to.number("unit.0", stage, Self::STAGE);
            to.number("unit.1", place, Self::PLACE);
        }
        to.one_of("sample", sample, &Self::SIZES);
        to.part("playback", playback);
    }
}

/// The workspace's own state.
pub struct ConversionState {
    /// Position: steps done.
    pub playback: Playback,
    asked: Option<Asked>,
    serial: u64,
    /// Steps of the answer that the bar was set for.
    fitted: u64,
    /// A sample that waits for its digits.
    waits: Option<usize>,
}

/// What the newest question was about.
#[derive(Clone)]
struct Asked {
    version: u64,
    model: Arc<Model>,
    how: How,
    unit: Option<(usize, usize)>,
    images: Arc<crate::data::Dataset>,
}

impl ConversionState {
    /// Fresh, with the bar's speed as kept.
    pub fn new(settings: &ConversionSettings) -> Self {
        Self {
            playback: Playback::new(0, 0, settings.playback),
            asked: None,
            serial: 0,
            fitted: 0,
            waits: None,
        }
    }

    /// Whether this is the answer to the newest question.
    pub fn is_current(&self, shown: &Shown) -> bool {
        shown.serial == self.serial && self.serial > 0
    }

    /// Whether a sample waits for its digits.
    pub fn waits(&self) -> bool {
        self.waits.is_some()
    }
}

/// What the workspace's part of the snapshot is made of.
pub struct ConversionWorld<'a> {
    pub state: &'a ConversionState,
    pub shown: Arc<Shown>,
    pub sample: Arc<Sample>,
}

impl App {
    /// Carries an edit of the Conversion workspace out.
    pub(super) fn edit_conversion(&mut self, edit: ConversionEdit) {
        let kept = &mut self.session.conversion;
        match edit {
            ConversionEdit::Play(edit) => {
                self.conversion.playback.edit(&edit);
                kept.playback = self.conversion.playback.settings();
            }
            ConversionEdit::Tab(tab) => kept.tab = tab,
            ConversionEdit::Model(key) => {
                (kept.model, kept.stage, kept.unit) = (key, 0, None);
            }
            ConversionEdit::How(how) => kept.how = how,
            ConversionEdit::Stage(stage) => kept.stage = stage,
            ConversionEdit::Unit(stage, place) => kept.unit = Some((stage, place)),
            ConversionEdit::Sample(images) => {
                kept.sample = images;
                self.conversion.waits = Some(images);
            }
            ConversionEdit::StopSample => {
                self.conversion.waits = None;
                self.hub.conversion.stop_sample();
            }
            ConversionEdit::SaveNetwork => {
                let shown = self.hub.conversion.shown();
                if let Some(network) = &shown.network {
                    let path = self.export_path("spiking-network", "nir");
                    self.job(Job::ExportNetwork { path, network: Arc::clone(network) });
                }
            }
            ConversionEdit::Reset => {
                let tab = kept.tab;
                *kept = ConversionSettings { tab, ..ConversionSettings::default() };
                self.conversion.playback.edit(&PlaybackEdit::Speed(kept.playback.steps_per_s));
            }
        }
    }

    /// The digits that thresholds are from: MNIST's where they are, else generated ones.
    fn digits_to_scale_on(&mut self) -> Option<Split> {
        let library = self.hub.library();
        match &library.mnist {
            Loading::Ready(split) => return Some(split.clone()),
            Loading::Unknown | Loading::Busy => return None,
            Loading::Missing | Loading::Failed(_) => {}
        }
        match &library.synthetic {
            Loading::Ready(split) => Some(split.clone()),
            Loading::Unknown => {
                self.data(DataEdit::LoadSynthetic);
                None
            }
            _ => None,
        }
    }

    /// Asks anew when the digit, the network or the recipe has changed, while
    /// somebody looks; and begins a sample whose digits have come.
    pub(super) fn follow_conversion(&mut self) {
        if self.workspace.id != "conversion" {
            return;
        }
        let Some(split) = self.digits_to_scale_on() else { return };
        let kept = &self.session.conversion;
        let named = self.models.iter().find(|m| m.key == kept.model);
        let Some(model) = named.or_else(|| self.models.first()).cloned() else { return };
        let (how, unit) = (kept.how, kept.unit);
        let version = self.digit.version();
        let same = self.conversion.asked.as_ref().is_some_and(|a| {
            a.version == version
                && Arc::ptr_eq(&a.model, &model)
                && (a.how == how && a.unit == unit)
                && Arc::ptr_eq(&a.images, &split.train)
        });
        if !same && !self.digit.is_blank() {
            self.conversion.serial += 1;
            self.hub.conversion.ask(Question {
                serial: self.conversion.serial,
                model: Arc::clone(&model),
                pixels: Box::new(*self.digit.pixels()),
                recipe: how.recipe,
                disturbance: how.disturbance,
                steps: how.steps,
                unit,
                images: Arc::clone(&split.train),
            });
            let images = Arc::clone(&split.train);
            self.conversion.asked =
                Some(Asked { version, model: Arc::clone(&model), how, unit, images });
        }
        self.fit_bar();
        if let Some(images) = self.conversion.waits.take() {
            let mut steps: Vec<u64> = READ_AFTER.into_iter().filter(|s| *s < how.steps).collect();
            steps.push(how.steps);
            let (recipe, disturbance) = (how.recipe, how.disturbance);
            let of = SampleOf { model, recipe, disturbance, split, images, steps };
            self.hub.conversion.start_sample(of);
        }
    }

    /// Lets the bar go over the steps of the newest answer.
    fn fit_bar(&mut self) {
        let steps = self.hub.conversion.shown().probabilities.len() as u64;
        let state = &mut self.conversion;
        if steps > 0 && steps != state.fitted {
            let at_end = state.playback.at() == state.fitted;
            state.playback.set_range(0, steps, false);
            if at_end {
                state.playback.edit(&PlaybackEdit::End);
            }
            state.fitted = steps;
        }
    }
}

/// What goes wrong, and what cures it: a setting that shows it, one that does not.
pub struct Preset {
    pub name: &'static str,
    /// What to see.
    pub doc: &'static str,
    /// The name of the cure.
    pub cure: &'static str,
    pub wrong: fn() -> How,
    pub cured: fn() -> How,
}

fn with(steps: u64, change: impl FnOnce(&mut Recipe)) -> How {
    let mut how = How { steps, ..How::default() };
    change(&mut how.recipe);
    how
}

/// All of them.
pub static PRESETS: &[Preset] = &[
    Preset {
        name: "Saturation",
        doc: "Thresholds so low that many units should fire more than once a step: the upper right of the scatter bends flat.",
        cure: "a higher percentile",
        wrong: || with(100, |r| r.scaling = Scaling::Percentile(80.0)),
        cured: || with(100, |r| r.scaling = Scaling::Percentile(99.9)),
    },
    Preset {
        name: "Dead units",
        doc: "One threshold for a layer, at its maximum, and only ten steps: units that are a little active never get to fire.",
        cure: "a threshold for each channel, a lower percentile, more steps",
        wrong: || with(10, |r| (r.scaling, r.per, r.initial) = (Scaling::Maximum, Per::Layer, 0.0)),
        cured: || with(100, |r| r.initial = 0.0),
    },
    Preset {
        name: "Transient",
        doc: "Everything begins empty, so that deep layers hear nothing at first and lag behind.",
        cure: "beginning half full",
        wrong: || with(20, |r| r.initial = 0.0),
        cured: || with(20, |r| r.initial = 0.5),
    },
    Preset {
        name: "Quantisation",
        doc: "In eight steps a rate can be one of nine: the scatter shows stairs.",
        cure: "more steps",
        wrong: || with(8, |_| {}),
        cured: || with(200, |_| {}),
    },
    Preset {
        name: "Reset to zero",
        doc: "What lies above the threshold at a spike is lost: strong units fire too seldom, however long one waits.",
        cure: "reset by subtraction",
        wrong: || with(200, |r| r.reset = crate::convert::recipe::Reset::Zero),
        cured: || with(200, |_| {}),
    },
    Preset {
        name: "No biases",
        doc: "Without the constant currents that stand for biases, rates are those of another network.",
        cure: "bias currents",
        wrong: || with(100, |r| r.biases = false),
        cured: || with(100, |_| {}),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preset_differs_from_its_cure() {
        for preset in PRESETS {
            assert!((preset.wrong)() != (preset.cured)(), "{}", preset.name);
        }
    }
}
