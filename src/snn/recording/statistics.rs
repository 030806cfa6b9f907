//! Figures of chosen neurons' spike trains: interspike intervals (ISI), their
//! coefficient of variation, and rates.

use std::ops::Range;

use super::Recording;

/// Bins of the ISI histogram.
pub const ISI_BINS: usize = 40;

/// What the spike trains of some neurons look like over some time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainStatistics {
    /// Neurons chosen.
    pub neurons: u32,
    /// Their spikes.
    pub spikes: u64,
    /// Mean rate of a neuron, Hz.
    pub rate_hz: f64,
    /// Mean ISI, ms; `None` without two spikes of one neuron.
    pub mean_isi_ms: Option<f64>,
    /// Coefficient of variation of the ISIs (standard deviation over mean):
    /// the mean over the neurons that have two intervals or more.
    pub cv: Option<f64>,
    /// Number of intervals in each bin from 0 to `isi_to_ms`.
    pub isi_counts: Vec<u64>,
    /// Right end of the histogram: the 99th percentile of the intervals and a
    /// little more, ms.
    pub isi_to_ms: f64,
    /// Intervals beyond it.
    pub isi_beyond: u64,
    /// Steps of the asked range whose single spikes are no longer known.
    pub unknown_steps: u64,
}

/// Measures `neurons` over the steps of `range`, as far as single spikes are
/// known there.
pub fn measure(recording: &Recording, neurons: Range<u32>, range: Range<u64>) -> TrainStatistics {
    let end = range.end.min(recording.steps());
    let start = range.start.max(recording.kept_from()).min(end);
    let count = neurons.end.saturating_sub(neurons.start);
    let mut trains = vec![Train::default(); count as usize];
    let mut intervals = Vec::new();
    let mut spikes = 0;
    for (step, neuron) in recording.spikes(start..end) {
        if neurons.contains(&neuron) {
            spikes += 1;
            intervals.extend(trains[(neuron - neurons.start) as usize].spike(step));
        }
    }
    let dt_ms = recording.dt_ms();
    let seconds = (end - start) as f64 * dt_ms / 1000.0;
    let cvs: Vec<f64> = trains.iter().filter_map(Train::cv).collect();
    let (isi_counts, isi_to_ms, isi_beyond) = histogram(&mut intervals, dt_ms);
    TrainStatistics {
        neurons: count,
        spikes,
        rate_hz: if count > 0 && seconds > 0.0 {
            spikes as f64 / f64::from(count) / seconds
        } else {
            0.0
        },
        mean_isi_ms: mean(intervals.iter().map(|i| *i as f64 * dt_ms)),
        cv: mean(cvs.into_iter()),
        isi_counts,
        isi_to_ms,
        isi_beyond,
        unknown_steps: recording.kept_from().min(end).saturating_sub(range.start),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = values.fold((0u64, 0.0), |(n, sum), v| (n + 1, sum + v));
    (n > 0).then(|| sum / n as f64)
}

/// One neuron's intervals as they come: number, sum and sum of squares.
#[derive(Clone, Debug, Default)]
struct Train {
    last: Option<u64>,
    n: u64,
    sum: f64,
    squares: f64,
}

impl Train {
    /// Takes a spike and returns the interval that ends with it, in steps.
    fn spike(&mut self, step: u64) -> Option<u64> {
        let interval = step - self.last.replace(step)?;
        self.n += 1;
        self.sum += interval as f64;
        self.squares += (interval as f64).powi(2);
        Some(interval)
    }

    fn cv(&self) -> Option<f64> {
        if self.n < 2 || self.sum == 0.0 {
            return None;
        }
        let mean = self.sum / self.n as f64;
        let variance = (self.squares / self.n as f64 - mean * mean).max(0.0);
        Some(variance.sqrt() / mean)
    }
}

/// Counts per bin, the right end in ms, and how many lie beyond.
fn histogram(intervals: &mut [u64], dt_ms: f64) -> (Vec<u64>, f64, u64) {
    if intervals.is_empty() {
        return (vec![0; ISI_BINS], 0.0, 0);
    }
    let at = (intervals.len() - 1) * 99 / 100;
    let (_, most, _) = intervals.select_nth_unstable(at);
    // Bins of whole steps: none is favoured by rounding.
    let bin = (*most * 11 / 10 + 1).div_ceil(ISI_BINS as u64);
    let mut counts = vec![0; ISI_BINS];
    let mut beyond = 0;
    for interval in intervals.iter() {
        match counts.get_mut((interval / bin) as usize) {
            Some(count) => *count += 1,
            None => beyond += 1,
        }
    }
    (counts, (bin * ISI_BINS as u64) as f64 * dt_ms, beyond)
}
