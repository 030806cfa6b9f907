//! From spikes to a digit. What the neurons stand for is found on labelled
//! *training* images, with the weights frozen; three read-outs, from the plainest
//! to the most learnt, so that figures can be compared with the literature:
//!
//! * the **vote** (Diehl and Cook 2015, section 2.4): each neuron stands for the
//!   digit that it fires for most, and the neurons of a digit vote together. This
//!   is the one whose accuracy is published.
//! * **by confidence** (*proportion weighting* in BindsNET; Hazan et al. 2018):
//!   each spike counts for every digit as often as its neuron fires for it.
//! * **logistic**: a softmax regression on the spike counts ([`super::logistic`]).
//!
//! Where two digits are equal, and where nothing fired, there is no answer
//! ([`unique_max`]). Sums over classes are taken in an order of their own, so that
//! renumbering the classes renumbers the answers and changes nothing else.

use crate::core::decision::{sum_in_order, unique_max};

/// The sums from which labels follow.
#[derive(Clone, Debug, PartialEq)]
pub struct Responses {
    neurons: usize,
    /// `[class][neuron]`.
    spikes: Vec<f64>,
    images: [u64; 10],
}

impl Responses {
    /// None so far.
    pub fn new(neurons: usize) -> Self {
        Self { neurons, spikes: vec![0.0; 10 * neurons], images: [0; 10] }
    }

    /// An image of this class raised these spikes.
    pub fn add(&mut self, class: u8, counts: &[u32]) {
        let class = usize::from(class.min(9));
        self.images[class] += 1;
        let sums = &mut self.spikes[class * self.neurons..][..self.neurons];
        sums.iter_mut().zip(counts).for_each(|(s, c)| *s += f64::from(*c));
    }

    /// From what [`Responses::mean`] gave: `[class][neuron]`, each as if of one image.
    pub fn from_means(neurons: usize, means: &[f32]) -> Self {
        let spikes = means.iter().take(10 * neurons).map(|m| f64::from(*m)).collect();
        Self { neurons, spikes, images: [1; 10] }
    }

    /// Several images at once: `[class][neuron]` spikes, and the images of each class.
    pub fn add_sums(&mut self, spikes: &[u32], images: &[u32; 10]) {
        self.spikes.iter_mut().zip(spikes).for_each(|(s, n)| *s += f64::from(*n));
        self.images.iter_mut().zip(images).for_each(|(i, n)| *i += u64::from(*n));
    }

    /// Number of neurons.
    pub fn neurons(&self) -> usize {
        self.neurons
    }

    /// Images counted, all classes.
    pub fn images(&self) -> u64 {
        self.images.iter().sum()
    }

    /// The share of a neuron's response that goes to each class; zeros for one that
    /// never fired.
    pub fn confidence(&self, neuron: usize) -> [f64; 10] {
        let means: [f64; 10] = std::array::from_fn(|c| self.mean(c, neuron));
        let sum = sum_in_order(means);
        if sum > 0.0 { means.map(|m| m / sum) } else { [0.0; 10] }
    }

    /// Each spike counts for every class by its neuron's [`Responses::confidence`].
    pub fn confident_votes(&self, counts: &[u32]) -> [f64; 10] {
        let mut votes = [0.0; 10];
        for (neuron, count) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
            let confidence = self.confidence(neuron);
            votes.iter_mut().zip(confidence).for_each(|(v, p)| *v += f64::from(*count) * p);
        }
        votes
    }

    /// Mean spikes of a neuron per image of a class.
    pub fn mean(&self, class: usize, neuron: usize) -> f64 {
        match self.images[class] {
            0 => 0.0,
            n => self.spikes[class * self.neurons + neuron] / n as f64,
        }
    }

    /// The class of the largest mean; `None` for a neuron that never fired, and for
    /// one that fires for two classes alike.
    pub fn labels(&self) -> Vec<Option<u8>> {
        let label = |j: usize| {
            let means: [f64; 10] = std::array::from_fn(|class| self.mean(class, j));
            unique_max(&means).map(|class| class as u8)
        };
        (0..self.neurons).map(label).collect()
    }
}

/// Mean spikes of the neurons of each digit: the vote.
pub fn votes(labels: &[Option<u8>], counts: &[u32]) -> [f64; 10] {
    let (mut sums, mut numbers) = ([0.0; 10], [0u32; 10]);
    for (label, count) in labels.iter().zip(counts) {
        if let Some(label) = label {
            sums[usize::from(*label)] += f64::from(*count);
            numbers[usize::from(*label)] += 1;
        }
    }
    std::array::from_fn(|c| if numbers[c] == 0 { 0.0 } else { sums[c] / f64::from(numbers[c]) })
}

/// The digit with the largest vote; `None` where two are equal or nobody fired.
pub fn predict(labels: &[Option<u8>], counts: &[u32]) -> Option<u8> {
    largest(&votes(labels, counts))
}

/// The digit with the largest number; `None` where two are equal.
pub fn largest(votes: &[f64; 10]) -> Option<u8> {
    unique_max(votes).map(|digit| digit as u8)
}
