//! A decision taken as soon as the network is sure of it: accuracy against time.

use rayon::prelude::*;

use super::look::{Watched, watch};
use crate::ann::network::Network;
use crate::ann::ops::loss::softmax;
use crate::core::decision::best;
use crate::data::{CLASSES, Pixels};

/// One picture, were it stopped after each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// The answer after each step; `None` where two classes are equally likely.
    pub digits: Vec<Option<u8>>,
    /// Its probability, 0 to 1.
    pub sure: Vec<f32>,
    /// Spikes of all layers until then.
    pub spikes: Vec<u32>,
    /// The logits after the last step.
    pub logits: [f32; CLASSES],
}

impl Course {
    /// Of what was watched.
    pub fn of(watched: &Watched) -> Self {
        let mut course = Self::default();
        for logits in &watched.forming {
            let mut probabilities: [f32; CLASSES] = *logits;
            softmax(&mut probabilities);
            let (digit, sure) = best(&probabilities);
            course.digits.push(digit.map(|d| d as u8));
            course.sure.push(sure);
        }
        course.logits = watched.forming.last().copied().unwrap_or_default();
        course.spikes = vec![0; course.digits.len()];
        for layer in &watched.layers {
            let until = layer.spikes_until();
            course.spikes.iter_mut().zip(until).for_each(|(sum, s)| *sum += s);
        }
        course
    }

    /// The step, from 0, after which it is as sure as `threshold`; the last if never.
    pub fn stop(&self, threshold: f32) -> usize {
        let sure = self.digits.iter().zip(&self.sure);
        let found = sure.into_iter().position(|(d, p)| d.is_some() && *p >= threshold);
        found.unwrap_or(self.digits.len().saturating_sub(1))
    }
}

/// The courses of these pictures, on the threads of the current pool; empty if the network
/// has no spiking neurons that run over steps.
pub fn courses(network: &Network, pictures: &[Pixels]) -> Vec<Course> {
    let all = pictures.par_iter().map(|p| watch(network, p).map(|w| Course::of(&w)));
    all.flatten().collect()
}

/// Many decisions, each stopped at some certainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stopped {
    /// The certainty, 0 to 1.
    pub threshold: f32,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// Mean number of steps until it stops, from 1.
    pub steps: f64,
    /// Mean number of spikes until then.
    pub spikes: f64,
}

/// Accuracy and mean time for each threshold.
pub fn stopped(courses: &[Course], labels: &[u8], thresholds: &[f32]) -> Vec<Stopped> {
    let n = courses.len().max(1) as f64;
    let each = thresholds.iter().map(|threshold| {
        let (mut right, mut steps, mut spikes) = (0usize, 0usize, 0u64);
        for (course, label) in courses.iter().zip(labels) {
            let at = course.stop(*threshold);
            right += usize::from(course.digits.get(at) == Some(&Some(*label)));
            steps += at + 1;
            spikes += u64::from(course.spikes.get(at).copied().unwrap_or(0));
        }
        Stopped {
            threshold: *threshold,
            accuracy: right as f64 / n,
            steps: steps as f64 / n,
            spikes: spikes as f64 / n,
        }
    });
    each.collect()
}

/// Accuracy after each step, for all alike: 0 to 1.
pub fn accuracy_by_step(courses: &[Course], labels: &[u8]) -> Vec<f64> {
    let steps = courses.first().map_or(0, |c| c.digits.len());
    let right = |t: usize| {
        let pairs = courses.iter().zip(labels);
        pairs.filter(|(c, label)| c.digits[t] == Some(**label)).count()
    };
    (0..steps).map(|t| right(t) as f64 / courses.len().max(1) as f64).collect()
}
