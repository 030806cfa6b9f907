//! The network at earlier images: weights in steps of 1/255 of each neuron's largest
//! one, θ, labels and answers, within a memory cap. When the cap is reached, every
//! second moment is dropped and the distance between them doubles, so a run of any
//! length is kept from beginning to end.

use super::tally::Confusion;
use crate::data::PIXELS;

/// Memory for past moments, bytes, if that is enough for [`FEWEST`].
const CAP_BYTES: usize = 40 << 20;
/// Moments that there is always room for.
const FEWEST: usize = 16;
/// Images between two moments, at first.
const FIRST_CADENCE: u64 = 50;

/// The network after so many images.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Images learnt.
    pub images: u64,
    /// `[pixel][neuron]`, in steps of 1/255 of `scale`.
    weights: Vec<u8>,
    /// The largest weight onto each neuron.
    scale: Vec<f32>,
    /// mV.
    pub theta: Vec<f32>,
    /// The digit that each neuron stands for.
    pub labels: Vec<Option<u8>>,
    /// The running accuracy.
    pub accuracy: Option<f64>,
    /// `[truth][answer]`.
    pub confusion: Confusion,
}

impl Moment {
    /// Of these weights, `[pixel][neuron]`.
    pub fn new(images: u64, weights: &[f32], theta: Vec<f32>) -> Self {
        let neurons = theta.len().max(1);
        let mut scale = vec![0.0f32; neurons];
        for row in weights.chunks_exact(neurons) {
            scale.iter_mut().zip(row).for_each(|(s, w)| *s = if *w > *s { *w } else { *s });
        }
        let per_unit: Vec<f32> =
            scale.iter().map(|s| if *s > 0.0 { 255.0 / s } else { 0.0 }).collect();
        let mut bytes = vec![0u8; weights.len()];
        let rows = bytes.chunks_exact_mut(neurons).zip(weights.chunks_exact(neurons));
        for (bytes, row) in rows {
            for ((byte, w), k) in bytes.iter_mut().zip(row).zip(&per_unit) {
                *byte = (w * k + 0.5) as u8;
            }
        }
        let labels = vec![None; theta.len()];
        Self {
            images,
            weights: bytes,
            scale,
            theta,
            labels,
            accuracy: None,
            confusion: [[0; 11]; 10],
        }
    }

    /// The weights, `[pixel][neuron]`.
    pub fn weights(&self) -> Vec<f32> {
        let rows = self.weights.chunks_exact(self.scale.len());
        rows.flat_map(|row| row.iter().zip(&self.scale).map(|(b, s)| f32::from(*b) * (s / 255.0)))
            .collect()
    }

    fn bytes(&self) -> usize {
        self.weights.len() + self.theta.len() * 10 + 512
    }
}

/// The moments of a run.
#[derive(Debug)]
pub struct History {
    moments: Vec<Moment>,
    cadence: u64,
    bytes: usize,
    cap_bytes: usize,
}

impl History {
    /// Empty, for a network of so many neurons.
    pub fn of(neurons: usize) -> Self {
        Self::new(CAP_BYTES.max(FEWEST * moment_bytes(neurons)))
    }

    /// Empty, with so much memory to use.
    fn new(cap_bytes: usize) -> Self {
        Self { moments: Vec::new(), cadence: FIRST_CADENCE, bytes: 0, cap_bytes }
    }

    /// Whether the moment after so many images is to be kept.
    pub fn wants(&self, images: u64) -> bool {
        images.is_multiple_of(self.cadence) && self.moments.last().is_none_or(|m| m.images < images)
    }

    /// Keeps a moment.
    pub fn push(&mut self, moment: Moment) {
        self.bytes += moment.bytes();
        self.moments.push(moment);
        while self.bytes > self.cap_bytes && self.moments.len() > 2 {
            self.cadence *= 2;
            let cadence = self.cadence;
            self.moments.retain(|m| m.images % cadence == 0);
            self.bytes = self.moments.iter().map(Moment::bytes).sum();
        }
    }

    /// The newest moment at or before so many images; of a run that goes on from a later
    /// one, its first.
    pub fn at(&self, images: u64) -> Option<&Moment> {
        let after = self.moments.partition_point(|m| m.images <= images);
        self.moments.get(after.saturating_sub(1))
    }

    /// The numbers of images of all moments.
    pub fn marks(&self) -> Vec<u64> {
        self.moments.iter().map(|m| m.images).collect()
    }

    /// Memory in use, bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Bytes that a moment of so many neurons takes.
pub fn moment_bytes(neurons: usize) -> usize {
    PIXELS * neurons + neurons * 10 + 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_is_kept_from_beginning_to_end_within_the_cap() {
        let neurons = 4;
        let cap = 20 * moment_bytes(neurons);
        let mut history = History::new(cap);
        let weights: Vec<f32> = (0..PIXELS * neurons).map(|i| (i % 97) as f32 / 97.0).collect();
        for images in 0..=60_000 {
            if history.wants(images) {
                history.push(Moment::new(images, &weights, vec![20.0; neurons]));
                assert!(history.bytes() <= cap);
            }
        }
        let marks = history.marks();
        assert_eq!(marks[0], 0);
        assert!(marks.len() > 8 && *marks.last().unwrap() > 50_000, "{marks:?}");
        let found = history.at(30_000).unwrap();
        assert!(found.images <= 30_000);
        for (a, b) in found.weights().iter().zip(&weights) {
            assert!((a - b).abs() < 0.5 / 255.0 + 1e-6);
        }
        assert!(History::new(cap).at(10).is_none());
    }
}
