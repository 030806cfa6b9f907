//! A network that has learnt, in a file of at most two megabytes: weights, θ, what
//! each neuron fires for, and what is to be known about it.
//!
//! Safetensors with a description under `spikescope-digits`. A neuron's weights are
//! stored in steps of 1/255 of its largest one (`weights`, bytes, and `scale`), or,
//! where there is room, in half precision. What is stored is what was labelled and
//! tested.

use std::collections::HashMap;

use half::f16;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use super::DiehlCook;
use super::assess::Counts;
use super::logistic::Logistic;
use super::order::Order;
use super::read_out::{Responses, largest, predict};
use crate::data::PIXELS;
use crate::snn::error::SnnError;

const KEY: &str = "spikescope-digits";
/// Up to so many neurons there is room for half precision.
const HALF_UP_TO: usize = 400;

/// A network that has learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    pub about: About,
    /// `[pixel][neuron]`.
    pub weights: Vec<f32>,
    /// mV.
    pub theta: Vec<f32>,
    /// What each neuron fires for; empty before it was labelled.
    pub responses: Responses,
    pub logistic: Logistic,
    /// From `responses`: the digit that each neuron stands for.
    pub labels: Vec<Option<u8>>,
}

/// How it came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    pub config: DiehlCook,
    /// Id of the images learnt from.
    pub data: String,
    /// Different images learnt from.
    pub distinct: usize,
    /// In which order.
    #[serde(default)]
    pub order: Order,
    /// Images learnt, all passes.
    pub images: u64,
    /// Presentations, repeated ones included.
    pub presentations: u64,
    /// Time it took to learn, seconds.
    pub seconds: f64,
    /// Training images that the labels are from.
    pub label_images: usize,
    /// On training images that were neither learnt nor labelled from.
    pub held_out: Option<Accuracies>,
    /// On the test images, asked once at the end.
    pub test: Option<Accuracies>,
    pub app_version: String,
}

/// Shares of right answers by each read-out, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Accuracies {
    /// Images asked.
    pub images: usize,
    pub vote: f64,
    pub confidence: f64,
    pub logistic: f64,
}

/// The answers of the three read-outs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    pub vote: u8,
    pub confidence: u8,
    pub logistic: u8,
}

impl Trained {
    /// Not labelled yet. The weights become what a file will hold.
    pub fn new(about: About, weights: &[f32], theta: Vec<f32>) -> Self {
        let neurons = about.config.neurons;
        let weights = if neurons <= HALF_UP_TO {
            weights.iter().map(|w| f16::from_f32(*w).to_f32()).collect()
        } else {
            let scale = scales(weights, neurons);
            coarse(&bytes(weights, &scale), &scale)
        };
        Self {
            about,
            weights,
            theta,
            responses: Responses::new(neurons),
            logistic: Logistic::default(),
            labels: vec![None; neurons],
        }
    }

    /// Labels the neurons and fits the logistic read-out on training images.
    pub fn label(&mut self, images: &[(Counts, u8)]) {
        let neurons = self.about.config.neurons;
        self.responses = Responses::new(neurons);
        for (counts, class) in images {
            self.responses.add(*class, &super::assess::dense(counts, neurons));
        }
        self.labels = self.responses.labels();
        self.logistic = Logistic::fit(neurons, images);
        // As a file holds it.
        self.logistic.weights.iter_mut().for_each(|w| *w = f16::from_f32(*w).to_f32());
        self.about.label_images = images.len();
    }

    /// What the spikes of an image say.
    pub fn answers(&self, counts: &Counts) -> Answers {
        let all = super::assess::dense(counts, self.about.config.neurons);
        Answers {
            vote: predict(&self.labels, &all),
            confidence: largest(&self.responses.confident_votes(&all)),
            logistic: largest(&self.logistic.scores(counts)),
        }
    }

    /// How many of these images are answered rightly.
    pub fn judge(&self, images: &[(Counts, u8)]) -> Accuracies {
        let mut right = [0usize; 3];
        for (counts, class) in images {
            let a = self.answers(counts);
            for (right, answer) in right.iter_mut().zip([a.vote, a.confidence, a.logistic]) {
                *right += usize::from(answer == *class);
            }
        }
        let share = |n: usize| n as f64 / images.len().max(1) as f64;
        let [vote, confidence, logistic] = right.map(share);
        Accuracies { images: images.len(), vote, confidence, logistic }
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`SnnError::File`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, SnnError> {
        let failed = |reason: String| SnnError::File { file: "the network".into(), reason };
        let neurons = self.about.config.neurons;
        let halves = |values: &[f32]| -> Vec<u8> {
            values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect()
        };
        let singles =
            |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
        let means: Vec<f32> = (0..10)
            .flat_map(|c| (0..neurons).map(move |j| (c, j)))
            .map(|(c, j)| self.responses.mean(c, j) as f32)
            .collect();
        let mut arrays = vec![
            ("theta", Dtype::F32, vec![neurons], singles(&self.theta)),
            ("responses", Dtype::F32, vec![10, neurons], singles(&means)),
            (
                "logistic",
                Dtype::F16,
                vec![self.logistic.weights.len() / 10, 10],
                halves(&self.logistic.weights),
            ),
        ];
        if neurons <= HALF_UP_TO {
            arrays.push(("weights", Dtype::F16, vec![PIXELS, neurons], halves(&self.weights)));
        } else {
            let scale = scales(&self.weights, neurons);
            let coarse = bytes(&self.weights, &scale);
            arrays.push(("weights", Dtype::U8, vec![PIXELS, neurons], coarse));
            arrays.push(("scale", Dtype::F32, vec![neurons], singles(&scale)));
        }
        let text = serde_json::to_string(&self.about).map_err(|e| failed(e.to_string()))?;
        let mut views = Vec::new();
        for (name, kind, shape, bytes) in &arrays {
            let view = TensorView::new(*kind, shape.clone(), bytes);
            views.push(((*name).to_owned(), view.map_err(|e| failed(e.to_string()))?));
        }
        let metadata = HashMap::from([(KEY.to_owned(), text)]);
        safetensors::serialize(views, Some(metadata)).map_err(|e| failed(e.to_string()))
    }

    /// How the network in a file came to be. `file` names it in messages.
    ///
    /// # Errors
    /// [`SnnError::File`] with what is wrong.
    pub fn describe(bytes: &[u8], file: &str) -> Result<About, SnnError> {
        let broken = |reason: String| SnnError::File { file: file.to_owned(), reason };
        let (_, header) = SafeTensors::read_metadata(bytes)
            .map_err(|e| broken(format!("it is no whole safetensors file ({e})")))?;
        let text = header.metadata().as_ref().and_then(|m| m.get(KEY));
        let text =
            text.ok_or_else(|| broken("it holds no spiking network that learnt digits".into()))?;
        serde_json::from_str(text).map_err(|e| broken(format!("its description is broken ({e})")))
    }

    /// Reads what [`Trained::to_bytes`] wrote. `file` names it in messages.
    ///
    /// # Errors
    /// [`SnnError::File`] with what is wrong.
    pub fn from_bytes(bytes: &[u8], file: &str) -> Result<Self, SnnError> {
        let broken = |reason: String| SnnError::File { file: file.to_owned(), reason };
        let about = Self::describe(bytes, file)?;
        let neurons = about.config.neurons;
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|e| broken(format!("it is no whole safetensors file ({e})")))?;
        let array = |name: &str, length: usize| -> Result<Vec<f32>, SnnError> {
            let view = tensors.tensor(name).map_err(|_| broken(format!("{name} is missing")))?;
            let values: Vec<f32> = match view.dtype() {
                Dtype::F32 => {
                    view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
                }
                Dtype::F16 => {
                    let halves = view.data().as_chunks().0.iter();
                    halves.map(|b| f16::from_le_bytes(*b).to_f32()).collect()
                }
                Dtype::U8 => view.data().iter().map(|b| f32::from(*b)).collect(),
                other => return Err(broken(format!("{name} is {other:?}"))),
            };
            if values.len() != length {
                let found = values.len();
                return Err(broken(format!("{name} has {found} values, not {length}")));
            }
            match values.iter().find(|v| !v.is_finite()) {
                Some(bad) => Err(broken(format!("{name} contains {bad}"))),
                None => Ok(values),
            }
        };
        let mut weights = array("weights", PIXELS * neurons)?;
        if tensors.tensor("scale").is_ok() {
            let scale = array("scale", neurons)?;
            for row in weights.chunks_exact_mut(neurons.max(1)) {
                row.iter_mut().zip(&scale).for_each(|(w, s)| *w *= s / 255.0);
            }
        }
        let responses = Responses::from_means(neurons, &array("responses", 10 * neurons)?);
        let fitted = tensors.tensor("logistic").map_or(0, |t| t.shape().iter().product());
        let logistic = Logistic { weights: array("logistic", fitted)? };
        if fitted != 0 && fitted != (neurons + 1) * 10 {
            return Err(broken(format!("its logistic read-out is not one of {neurons} neurons")));
        }
        let labels = responses.labels();
        Ok(Self { theta: array("theta", neurons)?, about, weights, responses, logistic, labels })
    }
}

/// The largest weight onto each neuron.
fn scales(weights: &[f32], neurons: usize) -> Vec<f32> {
    let mut most = vec![0.0f32; neurons];
    for row in weights.chunks_exact(neurons.max(1)) {
        most.iter_mut().zip(row).for_each(|(m, w)| *m = m.max(*w));
    }
    most
}

fn bytes(weights: &[f32], scale: &[f32]) -> Vec<u8> {
    let byte = |(w, s): (&f32, &f32)| if *s > 0.0 { (w / s * 255.0).round() as u8 } else { 0 };
    let rows = weights.chunks_exact(scale.len().max(1));
    rows.flat_map(|row| row.iter().zip(scale).map(byte)).collect()
}

fn coarse(bytes: &[u8], scale: &[f32]) -> Vec<f32> {
    let rows = bytes.chunks_exact(scale.len().max(1));
    rows.flat_map(|row| row.iter().zip(scale).map(|(b, s)| f32::from(*b) * (s / 255.0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(neurons: usize) -> Trained {
        let mut rng = crate::core::rng::Rng::stream(1, "trained", neurons as u64);
        let about = About {
            config: DiehlCook::of(neurons),
            data: "synthetic".into(),
            distinct: 10,
            order: Order::Shuffled,
            images: 20,
            presentations: 21,
            seconds: 0.5,
            label_images: 0,
            held_out: None,
            test: Some(Accuracies { images: 2, vote: 0.5, confidence: 1.0, logistic: 0.5 }),
            app_version: "0".into(),
        };
        let weights: Vec<f32> = (0..PIXELS * neurons).map(|_| rng.uniform()).collect();
        let mut new = Trained::new(about, &weights, vec![21.5; neurons]);
        for (found, wanted) in new.weights.iter().zip(&weights) {
            assert!((found - wanted).abs() < 0.003, "{found} {wanted}");
        }
        let images: Vec<_> = (0..20u32).map(|k| (vec![(k % 10, 3 + k)], (k % 10) as u8)).collect();
        new.label(&images);
        assert_eq!(new.judge(&images).vote, 1.0);
        new
    }

    #[test]
    fn a_file_holds_exactly_what_was_labelled() {
        for neurons in [12, 401] {
            let network = network(neurons);
            let bytes = network.to_bytes().unwrap();
            let read = Trained::from_bytes(&bytes, "file").unwrap();
            assert_eq!(read.about, network.about);
            let largest = |a: &[f32], b: &[f32]| {
                a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
            };
            assert_eq!(largest(&read.weights, &network.weights), 0.0);
            assert_eq!((&read.theta, &read.labels), (&network.theta, &network.labels));
            assert_eq!(read.logistic, network.logistic);
            assert_eq!(read.answers(&vec![(3, 4)]), network.answers(&vec![(3, 4)]));
        }
    }

    #[test]
    fn broken_files_are_refused_and_say_why() {
        let bytes = network(12).to_bytes().unwrap();
        for cut in [0, 7, 60, bytes.len() - 1] {
            let error = Trained::from_bytes(&bytes[..cut], "some.safetensors").unwrap_err();
            assert!(error.to_string().starts_with("some.safetensors cannot be used"), "{error}");
        }
        let mut other = network(12);
        other.theta[3] = f32::NAN;
        let error = Trained::from_bytes(&other.to_bytes().unwrap(), "f").unwrap_err();
        assert!(error.to_string().contains("theta contains NaN"), "{error}");
    }
}
