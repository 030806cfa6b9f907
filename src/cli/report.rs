//! What `--json` prints: one struct per command. The shapes are documented in
//! docs/json.md and are stable: fields may be added, but never renamed, removed or
//! given another meaning.

mod bench;
mod lesson;
mod own;
mod rules;

pub use bench::*;
pub use lesson::*;
pub use own::*;
pub use rules::*;
use serde::Serialize;

use crate::ann::onnx::Tried;
use crate::ann::scores::{Confusion, Scores};
use crate::ann::spiking::cost::Cost as DecisionCost;
use crate::ann::zoo::{Cost, LayerSummary};
use crate::convert::on_engine::Beside;
use crate::data::CLASSES;

/// `evaluate`
#[derive(Debug, Serialize)]
pub struct Evaluated {
    /// Images that each model was asked about.
    pub images: usize,
    /// Id of the data set: `mnist-test`, `synthetic`, or `files`.
    pub data: String,
    pub models: Vec<EvaluatedModel>,
    /// Those whose members were all asked.
    pub ensembles: Vec<EvaluatedEnsemble>,
    /// Networks that learnt by STDP.
    pub spiking: Vec<EvaluatedSpiking>,
    /// What the classes are called, where they are not the digits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// What is likely to be wrong with the pictures; null where nothing is.
    pub hint: Option<EvaluatedHint>,
}

/// Accuracies are bad, and would be good with the pictures turned.
#[derive(Debug, Serialize)]
pub struct EvaluatedHint {
    /// For people.
    pub text: String,
    /// The options that turn them: `--transpose`, `--mirror`, `--flip`, `--invert`;
    /// instead of those given.
    pub options: Vec<String>,
    /// Pictures looked at, a sample.
    pub images: usize,
    /// Share of them that the bundled MLP answers rightly as they are, 0 to 1.
    pub accuracy_as_is: f64,
    /// And with these options.
    pub accuracy_turned: f64,
}

#[derive(Debug, Serialize)]
pub struct EvaluatedSpiking {
    /// `diehl-cook-400`.
    pub id: String,
    /// `shipped`, or the file.
    pub weights: String,
    /// Excitatory ones.
    pub neurons: usize,
    /// Accuracy that Diehl and Cook published for this size, 0 to 1.
    pub published: Option<f64>,
    pub read_outs: SimulatedReadOuts,
    /// Wall time per image, several shown side by side.
    pub ms_per_image: f64,
    /// By the vote: counts, `[true digit][answer]`.
    pub confusion: Confusion,
    /// Images that the vote did not answer; they are in no place of `confusion` and
    /// count as wrong.
    pub unanswered: usize,
}

#[derive(Debug, Serialize)]
pub struct EvaluatedEnsemble {
    /// `cnns`, `rnns` or `all`.
    pub id: String,
    /// Its members' weights, as `weights` of a model.
    pub weights: String,
    /// Ids of its members.
    pub members: Vec<String>,
    /// Share of right answers by stacking, 0 to 1.
    pub accuracy: f64,
    /// Wrong answers by stacking.
    pub errors: usize,
    /// Share of right answers by averaging the members' probabilities.
    pub average_accuracy: f64,
    /// Wrong answers by averaging.
    pub average_errors: usize,
    /// By stacking: counts, `[true digit][answer]`.
    pub confusion: Confusion,
    /// Images without an answer by stacking; among the errors, not in `confusion`.
    pub unanswered: usize,
}

#[derive(Debug, Serialize)]
pub struct EvaluatedModel {
    pub id: String,
    /// `shipped` (the set `report`), `shipped-augmented`, or the file that
    /// the weights are from.
    pub weights: String,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// Wrong answers.
    pub errors: usize,
    /// Mean cross-entropy, nats.
    pub loss: f64,
    /// Wall time per image, images answered in batches on all threads.
    pub ms_per_image: f64,
    /// Counts, `[true class][answer]`: as many rows as there are classes.
    pub confusion: Confusion,
    /// Images without an answer: two digits were equal, or the outputs no numbers.
    /// Among the errors, not in `confusion`.
    pub unanswered: usize,
    /// What a decision takes, of networks that spike: means over the first images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionCost>,
}

/// `imagine`
#[derive(Debug, Serialize)]
pub struct Imagined {
    /// What was written.
    pub file: String,
    /// The steps of a completion.
    pub frames: Vec<ImaginedFrame>,
}

/// `imagine --judge`
#[derive(Debug, Serialize)]
pub struct JudgedNetwork {
    pub judged: crate::ann::energy::judge::Judged,
    /// How many samples of each kind other networks were asked about.
    pub samples: usize,
    /// How many they recognised: by class, refined once; free, refined once.
    pub recognised: [usize; 4],
}

#[derive(Debug, Serialize)]
pub struct ImaginedFrame {
    pub step: u64,
    /// J's parts, nats.
    pub objective: crate::ann::energy::Objective,
}

/// `classify`
#[derive(Debug, Serialize)]
pub struct Classified {
    /// The files that could be read, in the order they were named.
    pub inputs: Vec<ClassifiedFile>,
    /// The others.
    pub errors: Vec<FileError>,
}

#[derive(Debug, Serialize)]
pub struct FileError {
    pub file: String,
    /// As on stderr.
    pub error: String,
}

#[derive(Debug, Serialize)]
pub struct ClassifiedFile {
    pub file: String,
    /// About the first digit.
    pub models: Vec<Answer>,
    /// All of them; lines from the top, each from the left.
    pub digits: Vec<ClassifiedDigit>,
    /// Rules, frames and underlines that were left out.
    pub lines_left_out: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct ClassifiedDigit {
    /// Left, top, width and height in the picture, px; `null` for a drawing.
    #[serde(rename = "box")]
    pub bounds: Option<[u32; 4]>,
    /// Why the answers may be worth less than they look.
    pub warning: Option<String>,
    /// The PNG of what the networks saw (`--seen`).
    pub seen: Option<String>,
    pub models: Vec<Answer>,
    pub ensembles: Vec<EnsembleAnswer>,
    pub spiking: Vec<SpikingAnswer>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    pub id: String,
    /// `shipped`, or the file that the weights are from.
    pub weights: String,
    /// The most probable digit; null where two are equal, or the outputs no numbers.
    pub digit: Option<usize>,
    /// What this class is called, where the classes are not the digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Of the classes, in their order; their sum is 1.
    pub probabilities: Scores,
}

#[derive(Clone, Debug, Serialize)]
pub struct EnsembleAnswer {
    /// `cnns`, `rnns` or `all`.
    pub id: String,
    /// Its members' weights, as `weights` of a model.
    pub weights: String,
    /// By stacking.
    pub digit: Option<usize>,
    pub probabilities: [f32; CLASSES],
    /// By averaging the members' probabilities.
    pub average_digit: Option<usize>,
    pub average_probabilities: [f32; CLASSES],
}

#[derive(Clone, Debug, Serialize)]
pub struct SpikingAnswer {
    /// `diehl-cook-400`.
    pub id: String,
    /// `shipped`, or the file.
    pub weights: String,
    /// By each read-out; `null` if the spikes do not decide.
    pub vote: Option<usize>,
    pub confidence: Option<usize>,
    pub logistic: Option<usize>,
    /// Of all excitatory neurons; `null` if fewer than five came in all presentations.
    pub spikes: Option<u64>,
}

/// `train`
#[derive(Debug, Serialize)]
pub struct Trained {
    /// The run's name, for `--resume`.
    pub run: String,
    /// Where it is kept.
    pub folder: String,
    pub model: String,
    /// `mnist` or `synthetic`.
    pub data: String,
    pub seed: u64,
    /// Images of the data set that were used, those for validation included.
    pub subset: usize,
    pub batch_size: usize,
    /// Id of where it was trained: `cpu`, `candle`, `cuda` or `metal`.
    pub device: String,
    /// `adadelta`, `adam` or `sgd`.
    pub optimiser: String,
    pub epochs: Vec<TrainedEpoch>,
    /// Training time, of all sittings, without loading and testing.
    pub seconds: f64,
    pub test: Tested,
    /// The file with the trained weights.
    pub weights: String,
}

/// Losses are mean cross-entropies in nats, accuracies 0 to 1.
#[derive(Debug, Serialize)]
pub struct TrainedEpoch {
    /// Counts from 1.
    pub epoch: usize,
    pub train_loss: f64,
    pub train_accuracy: f64,
    /// `null` when no image was set aside.
    pub validation_loss: Option<f64>,
    pub validation_accuracy: Option<f64>,
    /// What learned, and what the loss is, where layers learn one after another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Tested {
    pub images: usize,
    pub accuracy: f64,
    pub errors: usize,
}

/// `models`
#[derive(Debug, Serialize)]
pub struct Modelled {
    pub models: Vec<ModelledModel>,
}

#[derive(Debug, Serialize)]
pub struct ModelledModel {
    pub id: String,
    pub name: String,
    pub about: String,
    pub layers: Vec<LayerSummary>,
    #[serde(flatten)]
    pub cost: Cost,
}

/// `devices`
#[derive(Debug, Serialize)]
pub struct Devices {
    pub devices: Vec<DescribedDevice>,
}

#[derive(Debug, Serialize)]
pub struct DescribedDevice {
    /// What `train --device` takes.
    pub id: String,
    pub name: String,
    pub about: String,
    /// Whether this build has it.
    pub built_in: bool,
    /// Whether it can be used.
    pub ready: bool,
    /// Why not, or `null`.
    pub problem: Option<String>,
}

/// `data check` and `data download`
#[derive(Debug, Serialize)]
pub struct Checked {
    pub folder: String,
    /// Whether all four files can be used.
    pub ok: bool,
    pub files: Vec<CheckedFile>,
}

#[derive(Debug, Serialize)]
pub struct CheckedFile {
    pub name: String,
    pub path: String,
    /// `ok`, `missing` or `broken`.
    pub state: &'static str,
    /// Whether its content is MNIST's, by its SHA-256.
    pub verified: bool,
    pub bytes: u64,
    /// What is wrong, or `null`.
    pub problem: Option<String>,
}

/// `data describe`
#[derive(Debug, Serialize)]
pub struct Described {
    pub sources: Vec<DescribedSource>,
}

#[derive(Debug, Serialize)]
pub struct DescribedSource {
    pub id: String,
    pub name: String,
    pub about: String,
    /// Where it is read from; `null` if it is generated or not to be found.
    pub folder: Option<String>,
    /// Why it cannot be used, or `null`.
    pub problem: Option<String>,
    /// The training and the test set; empty if it cannot be used.
    pub sets: Vec<DescribedSet>,
}

#[derive(Debug, Serialize)]
pub struct DescribedSet {
    pub id: String,
    pub images: usize,
    /// Images of each class, at least of the ten digits.
    pub classes: Vec<usize>,
}

/// `data export`
#[derive(Debug, Serialize)]
pub struct Exported {
    pub images: usize,
    pub seed: u64,
    /// The IDX file of pictures and the one of labels.
    pub images_file: String,
    pub labels_file: String,
}

/// `tour`
#[derive(Debug, Serialize)]
pub struct Toured {
    pub folder: String,
    /// The PNG files.
    pub pictures: Vec<String>,
    /// The scenes that could not be rendered.
    pub missing: Vec<MissingScene>,
}

/// `film`
#[derive(Debug, Serialize)]
pub struct MadeFilm {
    pub file: String,
    pub frames: u32,
    /// Frames per second.
    pub fps: u32,
    /// Pixels.
    pub width: u32,
    pub height: u32,
    /// First and last step of the time bar.
    pub first_step: u64,
    pub last_step: u64,
}

/// A scene of the tour without a picture.
#[derive(Debug, Serialize)]
pub struct MissingScene {
    pub scene: String,
    pub reason: String,
}

/// `simulate diehl-cook`
#[derive(Debug, Serialize)]
pub struct SimulatedDigits {
    /// Name of its folder under `simulations`.
    pub run: String,
    /// Excitatory ones.
    pub neurons: usize,
    pub data: String,
    pub seed: u64,
    pub side_by_side: usize,
    /// Images learnt, all passes.
    pub images: u64,
    /// Repeated ones included.
    pub presentations: u64,
    /// Time it took to learn them.
    pub seconds: f64,
    /// Training images that the labels are from.
    pub label_images: usize,
    /// Images given up while it learnt: they raised too few spikes however bright they
    /// were shown, and nothing was learnt from them.
    pub unanswered: u64,
    /// Neurons that stand for no digit.
    pub unassigned: usize,
    pub held_out: Option<SimulatedReadOuts>,
    pub test: Option<SimulatedReadOuts>,
    /// The file.
    pub network: String,
}

/// `simulate network`
#[derive(Debug, Serialize)]
pub struct SimulatedNetwork {
    pub network: String,
    pub seed: u64,
    pub dt_ms: f64,
    pub steps: u64,
    /// Where it was computed, and why there.
    pub engine: String,
    /// Of all populations, recorded or not.
    pub spikes: u64,
    pub synaptic_events: u64,
    pub probes: Vec<RecordedProbe>,
}

/// `simulate nir`
#[derive(Debug, Serialize)]
pub struct SimulatedNir {
    pub file: String,
    /// Whose steps are taken: `nir`, `snntorch`, `norse` or `sinabs`.
    #[serde(rename = "as")]
    pub convention: String,
    pub dt_ms: f64,
    pub steps: u64,
    pub populations: Vec<NirPopulation>,
    /// What speaks for each class, or what came out of the last node, of the last digit.
    pub evidence: Vec<f64>,
    /// Digits asked, and how many were answered right; null where nothing was labelled.
    pub digits: Option<usize>,
    pub right: Option<usize>,
}

/// Neurons of a node.
#[derive(Debug, Serialize)]
pub struct NirPopulation {
    pub name: String,
    pub kind: String,
    pub neurons: usize,
    /// Of all digits.
    pub spikes: u64,
}

/// What a probe of `simulate network` has recorded.
#[derive(Debug, Serialize)]
pub struct RecordedProbe {
    pub name: String,
    /// `spikes`, `state`, `rate` or `weights`.
    pub kind: String,
    /// What it listens to.
    pub of: String,
    /// Spikes, or rows of numbers.
    pub count: usize,
}

/// Shares of right answers, 0 to 1.
#[derive(Debug, Serialize)]
pub struct SimulatedReadOuts {
    /// Images asked.
    pub images: usize,
    /// Images that raised too few spikes however bright they were shown: not answered
    /// by any of the read-outs, and counted wrong.
    pub unanswered: usize,
    /// By the vote of the neurons assigned to each digit, as published.
    pub vote: f64,
    /// Each spike counts for every digit as often as its neuron fires for it.
    pub confidence: f64,
    /// Softmax regression on the spike counts.
    pub logistic: f64,
}

/// `import`
#[derive(Debug, Serialize)]
pub struct ImportedNetwork {
    pub file: String,
    /// The program that wrote it; empty where it does not say.
    pub producer: String,
    /// Shape of its input; `n` is left open.
    pub input: String,
    /// Id of its structure.
    pub architecture: String,
    pub layers: Vec<LayerSummary>,
    pub parameters: usize,
    /// What was changed or left out.
    pub notes: Vec<String>,
    /// The scaling that the file alone speaks for: `unit`, `bytes` or `mnist`; and why.
    pub guess: String,
    pub reason: String,
    /// What the scalings were tried on.
    pub digits: ImportedDigits,
    /// The best first.
    pub tried: Vec<Tried>,
    /// The one that was taken.
    pub scaling: String,
    /// On MNIST's test digits; null where MNIST is not there.
    pub test_accuracy: Option<f64>,
    /// The run's name; null with `--dry-run`.
    pub run: Option<String>,
}

/// Digits that scalings are tried on.
#[derive(Debug, Serialize)]
pub struct ImportedDigits {
    pub data: String,
    pub images: usize,
}

/// `export`
#[derive(Debug, Serialize)]
pub struct ExportedNetwork {
    pub model: String,
    /// As in `evaluate`.
    pub weights: String,
    pub file: String,
    pub bytes: usize,
}

/// `convert`
#[derive(Debug, Serialize)]
pub struct Converted {
    pub model: String,
    /// As in `evaluate`.
    pub weights: String,
    pub data: String,
    pub images: usize,
    /// Share of right answers of the network that does not spike, 0 to 1.
    pub original_accuracy: f64,
    /// Of the original, for an image.
    pub multiply_adds: usize,
    /// Its energy for an image, microjoules; an estimate.
    pub original_uj: f64,
    /// After some numbers of steps.
    pub after: Vec<ConvertedAfter>,
    /// Images on which rates are compared with activations.
    pub compared: usize,
    /// Rates beside activations after the last step, on those.
    pub layers: Vec<ConvertedLayer>,
    /// Answering as soon as the first digit is far enough ahead.
    pub decisions: Vec<ConvertedDecision>,
    /// The compared images on the general engine, with `--on-engine`.
    pub on_engine: Option<Beside>,
    /// Time for all images.
    pub seconds: f64,
}

/// `convert` of a network that was trained in spikes
#[derive(Debug, Serialize)]
pub struct Direct {
    pub model: String,
    /// As in `evaluate`.
    pub weights: String,
    pub data: String,
    pub images: usize,
    /// Its own.
    pub steps: usize,
    /// After them, 0 to 1.
    pub accuracy: f64,
    /// Were it stopped after some numbers of steps.
    pub after: Vec<DirectAfter>,
    /// The compared images on the general engine, with `--on-engine`.
    pub on_engine: Option<Beside>,
    /// Time for all images.
    pub seconds: f64,
}

#[derive(Debug, Serialize)]
pub struct DirectAfter {
    pub steps: usize,
    /// 0 to 1.
    pub accuracy: f64,
    /// For an image.
    pub spikes: f64,
}

#[derive(Debug, Serialize)]
pub struct ConvertedAfter {
    pub steps: u64,
    /// 0 to 1.
    pub accuracy: f64,
    /// Images for which two digits were equal, counted wrong.
    pub unanswered: usize,
    /// For an image.
    pub spikes: f64,
    #[serde(flatten)]
    pub work: ConvertedWork,
}

/// Operations for an image.
#[derive(Debug, Serialize)]
pub struct ConvertedWork {
    /// All of those below, but the energy.
    pub all_operations: f64,
    /// Multiply–adds of an analog picture with the first layer, once a picture.
    pub first_layer: f64,
    /// Times that a spike reached a synapse.
    pub operations: f64,
    /// Two for each neuron and step.
    pub neurons: f64,
    /// Four for each spike that came to a pooling gate.
    pub gates: f64,
    /// An estimate, microjoules.
    pub energy_uj: f64,
}

#[derive(Debug, Serialize)]
pub struct ConvertedLayer {
    pub name: String,
    /// What its neurons fire at, in activations: the median of its channels.
    pub threshold: f32,
    /// The least and the largest of its channels.
    pub thresholds: [f32; 2],
    /// Correlation of rates and activations (Pearson).
    pub r: Option<f64>,
    /// Root mean square of the difference, in thresholds.
    pub error: f64,
    /// Share of units that should fire more than once a step.
    pub saturated: f64,
    /// Share of units that are active and never spiked.
    pub silent: f64,
}

#[derive(Debug, Serialize)]
pub struct ConvertedDecision {
    /// How far ahead, in logits times steps.
    pub margin: f32,
    /// 0 to 1.
    pub accuracy: f64,
    pub mean_steps: f64,
    #[serde(flatten)]
    pub work: ConvertedWork,
}
