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
/// The largest file that is read, bytes: four times a network of 20,000 neurons.
pub const MOST_BYTES: u64 = 256 << 20;
/// The largest weight that is read. Learning keeps them up to 1; what was normalised
/// before weights were clipped after it lies a little above.
const MOST_WEIGHT: f32 = 100.0;
/// Where θ may lie, mV.
pub(super) const THETA_RANGE_MV: (f32, f32) = (-1e4, 1e4);
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
    /// Training images that the labels are from.
    pub label_images: usize,
    /// On training images that were neither learnt nor labelled from.
    pub held_out: Option<Accuracies>,
    /// On the test images, asked once at the end.
    pub test: Option<Accuracies>,
    pub app_version: String,
}

/// What came of a labelled image: its spikes, or `None` where it was given up.
pub type Response = (Option<Counts>, u8);

/// Shares of right answers by each read-out, 0 to 1. No answer is counted wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Accuracies {
    /// Images asked.
    pub images: usize,
    /// Those that raised too few spikes however bright they were shown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unanswered: usize,
    pub vote: f64,
    pub confidence: f64,
    pub logistic: f64,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// The answers of the three read-outs; `None` where two digits are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    pub vote: Option<u8>,
    pub confidence: Option<u8>,
    pub logistic: Option<u8>,
}

impl About {
    /// Checks every number.
    fn check(&self) -> Result<(), String> {
        self.config.check("its description").map_err(|e| e.to_string())?;
        for a in self.held_out.iter().chain(&self.test) {
            let shares = [a.vote, a.confidence, a.logistic];
            if a.unanswered > a.images || !shares.iter().all(|s| (0.0..=1.0).contains(s)) {
                return Err(format!("its accuracies are no shares of its images ({a:?})"));
            }
        }
        let counts = [self.images, self.presentations, self.distinct as u64];
        if counts.iter().chain([&(self.label_images as u64)]).any(|n| *n > MOST_IMAGES) {
            return Err(format!("it counts more than {MOST_IMAGES} images"));
        }
        Ok(())
    }
}

/// Images that anything may count.
pub(super) const MOST_IMAGES: u64 = 1 << 48;

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

    /// Labels the neurons and fits the logistic read-out on training images. Those that
    /// were given up say nothing about any neuron, and are left out.
    pub fn label(&mut self, images: &[Response]) {
        let neurons = self.about.config.neurons;
        self.responses = Responses::new(neurons);
        let answered = images.iter().filter_map(|(c, class)| Some((c.clone()?, *class)));
        let images: Vec<(Counts, u8)> = answered.collect();
        for (counts, class) in &images {
            self.responses.add(*class, &super::assess::dense(counts, neurons));
        }
        self.labels = self.responses.labels();
        self.logistic = Logistic::fit(neurons, &images);
        // As a file holds it.
        self.logistic.weights.iter_mut().for_each(|w| *w = f16::from_f32(*w).to_f32());
        self.about.label_images = images.len();
    }

    /// What the spikes of an image say; nothing, of one that was given up.
    pub fn answers(&self, counts: Option<&Counts>) -> Answers {
        let Some(counts) = counts else { return Answers::default() };
        let all = super::assess::dense(counts, self.about.config.neurons);
        Answers {
            vote: predict(&self.labels, &all),
            confidence: largest(&self.responses.confident_votes(&all)),
            logistic: largest(&self.logistic.scores(counts)),
        }
    }

    /// How many of these images are answered rightly.
    pub fn judge(&self, images: &[Response]) -> Accuracies {
        let mut right = [0usize; 3];
        for (counts, class) in images {
            let a = self.answers(counts.as_ref());
            for (right, answer) in right.iter_mut().zip([a.vote, a.confidence, a.logistic]) {
                *right += usize::from(answer == Some(*class));
            }
        }
        let unanswered = images.iter().filter(|(counts, _)| counts.is_none()).count();
        let share = |n: usize| n as f64 / images.len().max(1) as f64;
        let [vote, confidence, logistic] = right.map(share);
        Accuracies { images: images.len(), unanswered, vote, confidence, logistic }
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

    /// Whether a file's bytes hold a network that learnt digits, whole or not.
    pub fn holds_one(bytes: &[u8]) -> bool {
        SafeTensors::read_metadata(bytes)
            .is_ok_and(|(_, h)| h.metadata().as_ref().is_some_and(|m| m.contains_key(KEY)))
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
        let about: About = serde_json::from_str(text)
            .map_err(|e| broken(format!("its description is broken ({e})")))?;
        about.check().map_err(broken)?;
        Ok(about)
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
        let within = |name: &str, values: &[f32], (least, most): (f32, f32)| match values
            .iter()
            .find(|v| !(least..=most).contains(*v))
        {
            Some(bad) => {
                Err(broken(format!("{name} contains {bad}; it has to lie from {least} to {most}")))
            }
            None => Ok(()),
        };
        let mut weights = array("weights", PIXELS * neurons)?;
        if tensors.tensor("scale").is_ok() {
            let scale = array("scale", neurons)?;
            within("scale", &scale, (0.0, MOST_WEIGHT))?;
            for row in weights.chunks_exact_mut(neurons.max(1)) {
                row.iter_mut().zip(&scale).for_each(|(w, s)| *w *= s / 255.0);
            }
        }
        within("weights", &weights, (0.0, MOST_WEIGHT))?;
        let means = array("responses", 10 * neurons)?;
        within("responses", &means, (0.0, 1e6))?;
        let responses = Responses::from_means(neurons, &means);
        let theta = array("theta", neurons)?;
        within("theta", &theta, THETA_RANGE_MV)?;
        let fitted = match tensors.tensor("logistic") {
            Ok(view) => view.data().len() / view.dtype().bitsize().div_ceil(8).max(1),
            Err(_) => return Err(broken("logistic is missing".into())),
        };
        let logistic = Logistic { weights: array("logistic", fitted)? };
        if fitted != 0 && fitted != (neurons + 1) * 10 {
            return Err(broken(format!("its logistic read-out is not one of {neurons} neurons")));
        }
        let labels = responses.labels();
        Ok(Self { about, weights, theta, responses, logistic, labels })
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
            label_images: 0,
            held_out: None,
            test: Some(Accuracies {
                images: 2,
                unanswered: 0,
                vote: 0.5,
                confidence: 1.0,
                logistic: 0.5,
            }),
            app_version: "0".into(),
        };
        let weights: Vec<f32> = (0..PIXELS * neurons).map(|_| rng.uniform()).collect();
        let mut new = Trained::new(about, &weights, vec![21.5; neurons]);
        for (found, wanted) in new.weights.iter().zip(&weights) {
            assert!((found - wanted).abs() < 0.003, "{found} {wanted}");
        }
        let images: Vec<_> =
            (0..20u32).map(|k| (Some(vec![(k % 10, 3 + k)]), (k % 10) as u8)).collect();
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
            let spikes = vec![(3, 4)];
            assert_eq!(read.answers(Some(&spikes)), network.answers(Some(&spikes)));
            assert_eq!(read.answers(None), Answers::default());
        }
    }

    /// Counts and classes of some images, of few neurons and with few spikes, so that
    /// equal votes are common; some were given up.
    fn responses(seed: u64, images: usize) -> Vec<Response> {
        let mut rng = crate::core::rng::Rng::stream(seed, "responses", 0);
        (0..images)
            .map(|_| {
                let counts = (0..12u32).map(|j| (j, rng.below(3) as u32)).filter(|c| c.1 > 0);
                let counts = counts.collect::<Counts>();
                ((rng.below(9) > 0).then_some(counts), rng.below(10) as u8)
            })
            .collect()
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

        /// Which number a class has decides nothing: renumbered labels give renumbered
        /// answers, and the same accuracies, by all three read-outs.
        #[test]
        fn renumbering_the_labels_renumbers_the_answers_of_all_read_outs(seed: u64) {
            let mut order: Vec<u8> = (0..10).collect();
            crate::core::rng::Rng::stream(seed, "order", 0).shuffle(&mut order);
            let renumber = |class: u8| order[usize::from(class)];
            let (known, asked) = (responses(seed, 60), responses(seed ^ 1, 60));
            let of = |images: &[Response], by: &dyn Fn(u8) -> u8| -> Vec<Response> {
                images.iter().map(|(counts, class)| (counts.clone(), by(*class))).collect()
            };
            let mut plain = network(12);
            plain.label(&known);
            let mut other = network(12);
            other.label(&of(&known, &renumber));
            for (counts, _) in &asked {
                let Answers { vote, confidence, logistic } = plain.answers(counts.as_ref());
                let [vote, confidence, logistic] =
                    [vote, confidence, logistic].map(|a| a.map(renumber));
                let wanted = Answers { vote, confidence, logistic };
                proptest::prop_assert_eq!(other.answers(counts.as_ref()), wanted);
            }
            proptest::prop_assert_eq!(plain.judge(&asked), other.judge(&of(&asked, &renumber)));
        }
    }

    /// Files that somebody changed: a byte, a number of the description, a tensor.
    /// Each is refused or can be shown a digit, in a time that has an end.
    #[test]
    fn changed_files_are_refused_or_present_a_digit_and_end() {
        use super::super::assess::Frozen;
        use super::super::protocol::ProtocolSettings;
        use super::super::tests::changed;
        use crate::core::rng::Rng;
        let bytes = network(12).to_bytes().unwrap();
        let digit = crate::data::synthetic::generate(3, 1).pixels(0);
        let settings = ProtocolSettings { show_ms: 20.0, rest_ms: 5.0, ..Default::default() };
        let (mut rng, mut read, mut shown) = (Rng::stream(1, "changes", 0), 0, 0);
        for _ in 0..6000 {
            let changed = changed(&bytes, &mut rng);
            let Ok(found) = Trained::from_bytes(&changed, "file") else { continue };
            read += 1;
            let spikes = vec![(0, 3), (1, 1)];
            found.answers(Some(&spikes));
            if read % 20 == 0 && found.about.config.neurons == 12 {
                shown += 1;
                let about = &found.about.config;
                let Ok(mut frozen) = Frozen::new(about, &found.weights, &found.theta, 1) else {
                    continue;
                };
                let mut through = 0;
                let images: (usize, &dyn Fn(usize) -> crate::data::Pixels) = (1, &|_| digit);
                frozen
                    .show(settings.clone(), images, &mut |_, _| through += 1, &mut |_| true)
                    .unwrap();
                assert_eq!(through, 1);
            }
        }
        assert!(read > 500 && shown > 20, "{read} read, {shown} shown");
    }

    #[test]
    fn a_network_of_2_to_the_63_neurons_is_refused_before_anything_is_multiplied() {
        let bytes = network(12).to_bytes().unwrap();
        let new = super::super::tests::replaced(
            &bytes,
            r#"neurons\":12"#,
            r#"neurons\":9223372036854775808"#,
        );
        let error = Trained::from_bytes(&new, "f").unwrap_err().to_string();
        assert!(error.contains("number of neurons is 9223372036854776000"), "{error}");
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
