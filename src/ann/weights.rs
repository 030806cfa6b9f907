//! Weights in files: safetensors with a description of how they were trained.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use half::f16;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use super::AnnError;
use super::network::Network;
use super::zoo;
use crate::core::files::{read_limited, write_whole};
use crate::data::ClassNames;
use crate::data::dataset::Fingerprint;

/// How a network was trained; stored in the file under `spikescope`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// [`zoo::Architecture::id`].
    pub architecture: String,
    /// Seed of weights, order and dropout.
    pub seed: u64,
    /// Id of the training data.
    pub dataset: String,
    /// Digits trained on, the validation split included.
    pub subset: usize,
    /// Epochs trained.
    pub epochs: usize,
    /// The optimiser with its parameters.
    pub optimiser: String,
    /// Id of the learning rule; earlier versions knew only one.
    #[serde(default = "backpropagation")]
    pub rule: String,
    /// Digits per update.
    pub batch_size: usize,
    /// Share held out.
    pub validation_share: f64,
    /// The augmentation, as [`crate::data::augment::Augmentation`] writes it.
    #[serde(default = "off")]
    pub augmentation: String,
    /// Epochs at the end over which the weights were averaged; 0: the last weights.
    #[serde(default)]
    pub averaged_epochs: usize,
    /// Accuracy on the held-out split, 0 to 1.
    pub validation_accuracy: Option<f64>,
    /// Accuracy on the test set, 0 to 1, measured once at the end.
    pub test_accuracy: Option<f64>,
    /// Likewise, of the last weights where these are averaged ones.
    #[serde(default)]
    pub last_test_accuracy: Option<f64>,
    /// Which digits `subset` of `dataset` were; earlier versions did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// The file that it was imported from, and the program that wrote it: then what is
    /// said of training is not known, and `dataset` is what it was tested on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<String>,
    /// What its classes are called; the digits, unless they have names.
    #[serde(default, skip_serializing_if = "ClassNames::is_digits")]
    pub classes: ClassNames,
    /// Whether connections were set or held by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
    /// Version of this app.
    pub app_version: String,
}

fn backpropagation() -> String {
    super::rules::RULES[0].id.to_owned()
}

fn off() -> String {
    crate::data::augment::Augmentation::default().to_string()
}

const KEY: &str = "spikescope";

/// The largest file of weights that is read: many times the largest network's.
const MOST_BYTES: u64 = 256 << 20;

/// Named arrays with their shapes.
pub(super) type Arrays = Vec<(String, Vec<usize>, Vec<f32>)>;

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits: exactly.
    Single,
    /// 16 bits, three decimal digits: half the size.
    Half,
}

impl Precision {
    fn bytes(self, values: &[f32]) -> Vec<u8> {
        match self {
            Self::Single => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Half => values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect(),
        }
    }
}

/// Writes arrays and what there is to know about them, as JSON, as safetensors, whole
/// or not at all.
pub(super) fn write_arrays(
    path: &Path,
    arrays: &Arrays,
    about: &impl Serialize,
    precision: Precision,
) -> Result<(), AnnError> {
    let broken = |reason| AnnError::Weights { file: path.display().to_string(), reason };
    let text = serde_json::to_string(about).map_err(|e| broken(e.to_string()))?;
    let file = pack(arrays, text, precision).map_err(|e| broken(e.to_string()))?;
    write_whole(path, |w| w.write_all(&file))?;
    Ok(())
}

/// What [`write_arrays`] writes.
pub(super) fn pack(
    arrays: &Arrays,
    text: String,
    precision: Precision,
) -> Result<Vec<u8>, safetensors::SafeTensorError> {
    let bytes: Vec<Vec<u8>> = arrays.iter().map(|(.., v)| precision.bytes(v)).collect();
    let kind = if precision == Precision::Half { Dtype::F16 } else { Dtype::F32 };
    let mut views = Vec::with_capacity(arrays.len());
    for ((name, shape, _), bytes) in arrays.iter().zip(&bytes) {
        let view = TensorView::new(kind, shape.clone(), bytes)?;
        views.push((name.clone(), view));
    }
    let metadata = HashMap::from([(KEY.to_owned(), text)]);
    safetensors::serialize(views, Some(metadata))
}

/// The text that [`write_arrays`] wrote. `file` names it in messages.
fn read_text(bytes: &[u8], file: &str) -> Result<String, AnnError> {
    let broken = |reason: String| AnnError::Weights { file: file.to_owned(), reason };
    let (_, header) = SafeTensors::read_metadata(bytes)
        .map_err(|e| broken(format!("it is no whole safetensors file ({e})")))?;
    let text = header.metadata().as_ref().and_then(|m| m.get(KEY));
    text.cloned()
        .ok_or_else(|| broken("it was not written by Spikescope (no such metadata)".into()))
}

/// Reads what [`write_arrays`] wrote. `file` names it in messages.
pub(super) fn read_arrays(bytes: &[u8], file: &str) -> Result<(Arrays, String), AnnError> {
    let broken = |reason: String| AnnError::Weights { file: file.to_owned(), reason };
    let text = read_text(bytes, file)?;
    let tensors = SafeTensors::deserialize(bytes)
        .map_err(|e| broken(format!("it is no whole safetensors file ({e})")))?;
    let mut arrays = Arrays::new();
    for (name, view) in tensors.iter() {
        let values = match view.dtype() {
            Dtype::F32 => {
                view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
            }
            Dtype::F16 => {
                let halves = view.data().as_chunks().0.iter();
                halves.map(|b| f16::from_le_bytes(*b).to_f32()).collect()
            }
            other => return Err(broken(format!("{name} is {other:?}, not F32 or F16"))),
        };
        arrays.push((name.to_owned(), view.shape().to_vec(), values));
    }
    Ok((arrays, text))
}

/// Reads a file of at most `most` bytes.
pub(super) fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, AnnError> {
    read_limited(path, most).map_err(|source| AnnError::Read { path: path.into(), source })
}

/// The parameters of a network as arrays, each name after `prefix`.
pub(super) fn arrays_of(network: &Network, prefix: &str) -> Arrays {
    let parameters = network.parameters().into_iter();
    parameters.map(|p| (format!("{prefix}{}", p.name), p.shape, p.values.to_vec())).collect()
}

/// Sets a network's parameters from arrays of these names; each must be there,
/// of its shape and finite.
pub(super) fn set_from(
    network: &mut Network,
    arrays: &Arrays,
    prefix: &str,
    file: &str,
) -> Result<(), AnnError> {
    let broken = |reason: String| AnnError::Weights { file: file.to_owned(), reason };
    let mut values = Vec::new();
    for parameter in network.parameters() {
        let wanted = format!("{prefix}{}", parameter.name);
        let (_, shape, array) = arrays
            .iter()
            .find(|(n, ..)| *n == wanted)
            .ok_or_else(|| broken(format!("{wanted} is missing")))?;
        if *shape != parameter.shape {
            return Err(broken(format!(
                "{wanted} has shape {shape:?}, but {:?} is needed",
                parameter.shape
            )));
        }
        if let Some(bad) = array.iter().find(|v| !v.is_finite()) {
            return Err(broken(format!("{wanted} contains {bad}")));
        }
        values.push(array.clone());
    }
    network.set_values(&values);
    Ok(())
}

/// Saves a network.
///
/// # Errors
/// [`AnnError::Write`]; an earlier file is kept.
pub fn save(
    path: &Path,
    network: &Network,
    metadata: &Metadata,
    precision: Precision,
) -> Result<(), AnnError> {
    write_arrays(path, &arrays_of(network, ""), metadata, precision)
}

/// What [`save`] writes.
///
/// # Errors
/// [`AnnError::Weights`]: a mistake of ours.
pub fn to_bytes(
    network: &Network,
    metadata: &Metadata,
    precision: Precision,
) -> Result<Vec<u8>, AnnError> {
    let name = || network.architecture().name.to_owned();
    let broken = |reason: String| AnnError::Weights { file: name(), reason };
    let text = serde_json::to_string(metadata).map_err(|e| broken(e.to_string()))?;
    pack(&arrays_of(network, ""), text, precision).map_err(|e| broken(e.to_string()))
}

/// Loads a network.
///
/// # Errors
/// [`AnnError::Read`] or [`AnnError::Weights`], naming file and fault.
pub fn load(path: &Path) -> Result<(Network, Metadata), AnnError> {
    from_bytes(&read_file(path, MOST_BYTES)?, &path.display().to_string())
}

/// [`load`] for bytes that are at hand; `file` names them in messages.
///
/// # Errors
/// [`AnnError::Weights`].
pub fn from_bytes(bytes: &[u8], file: &str) -> Result<(Network, Metadata), AnnError> {
    let (arrays, text) = read_arrays(bytes, file)?;
    let metadata = understand(&text, file)?;
    let broken = |e: AnnError| AnnError::Weights { file: file.to_owned(), reason: e.to_string() };
    let architecture = zoo::get(&metadata.architecture).map_err(broken)?;
    let (outputs, named) = (architecture.classes(), metadata.classes.count());
    if !zoo::classes::fits(outputs, named) {
        let reason = format!("it has {outputs} outputs, and names {named} classes");
        return Err(AnnError::Weights { file: file.to_owned(), reason });
    }
    let mut network = Network::blank(architecture)?;
    set_from(&mut network, &arrays, "", file)?;
    Ok((network, metadata))
}

/// What [`from_bytes`] gives as metadata, without reading the weights.
pub(super) fn describe(bytes: &[u8], file: &str) -> Result<Metadata, AnnError> {
    understand(&read_text(bytes, file)?, file)
}

fn understand(text: &str, file: &str) -> Result<Metadata, AnnError> {
    let broken = |reason: String| AnnError::Weights { file: file.to_owned(), reason };
    let metadata: Metadata = serde_json::from_str(text)
        .map_err(|e| broken(format!("its description cannot be understood ({e})")))?;
    let shares = [
        Some(metadata.validation_share),
        metadata.validation_accuracy,
        metadata.test_accuracy,
        metadata.last_test_accuracy,
    ];
    if !shares.into_iter().flatten().all(|s| (0.0..=1.0).contains(&s)) {
        return Err(broken("a share in its description is not between 0 and 1".into()));
    }
    Ok(metadata)
}

/// The network with its weights as they are after saving in half precision.
pub fn halved(network: &Network) -> Network {
    let round = |v: &f32| f16::from_f32(*v).to_f32();
    let values: Vec<Vec<f32>> =
        network.values().iter().map(|v| v.iter().map(round).collect()).collect();
    let mut halved = network.clone();
    halved.set_values(&values);
    halved
}
