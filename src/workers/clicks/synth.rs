//! What a click is, and when each begins.

use std::collections::VecDeque;

/// Samples in a second.
pub const RATE_HZ: u32 = 48_000;
/// Length of a click: a tone that dies away.
const CLICK_S: f32 = 0.012;
/// In so much time it falls to 1/e.
const DECAY_S: f32 = 0.0022;
/// The tones of the neurons, in turn, Hz: a fifth apart, so that two can be told apart.
const TONES_HZ: [f32; 2] = [1100.0, 1650.0];
/// Loudness of a click, 1 is full.
const LOUDNESS: f32 = 0.32;
/// Clicks of the same tone come no closer than this.
const GAP_S: f64 = 0.012;
/// More spikes than these in a second are a noise in which none can be made out.
const MOST_PER_S: f64 = 150.0;
/// No click is kept waiting for longer: what comes later than that was held up.
const MOST_AHEAD_S: f64 = 0.15;

/// Whether so many spikes in that time can be heard as such.
pub fn can_be_heard(spikes: u64, seconds: f64) -> bool {
    // A frame with a spike or two is always heard.
    spikes as f64 <= (MOST_PER_S * seconds).max(2.0)
}

/// Makes samples, and keeps what is still to be heard.
#[derive(Debug, Default)]
pub struct Mixer {
    /// Samples made.
    now: u64,
    /// Clicks that have not ended, by their beginning: (sample, tone).
    clicks: VecDeque<(u64, usize)>,
    /// Up to where time has passed, as samples.
    until: u64,
    /// When each tone is free again.
    free: [u64; TONES_HZ.len()],
}

impl Mixer {
    /// Samples made so far.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// In the next `seconds`, clicks begin at these shares of them, rising, for these
    /// neurons.
    pub fn pass(&mut self, clicks: &[(f64, u32)], seconds: f64) {
        let samples = |s: f64| (s * f64::from(RATE_HZ)) as u64;
        // One passage follows the other without a gap, unless the window was late.
        let begin = self.until.clamp(self.now, self.now + samples(MOST_AHEAD_S));
        for (share, neuron) in clicks {
            let at = begin + samples(share * seconds);
            let tone = *neuron as usize % TONES_HZ.len();
            if at >= self.free[tone] {
                self.free[tone] = at + samples(GAP_S);
                self.clicks.push_back((at, tone));
            }
        }
        self.until = begin + samples(seconds);
    }

    /// Makes the next samples.
    pub fn fill(&mut self, out: &mut [f32]) {
        out.fill(0.0);
        let length = (CLICK_S * RATE_HZ as f32) as u64;
        let (from, to) = (self.now, self.now + out.len() as u64);
        for (at, tone) in &self.clicks {
            for n in from.max(*at)..to.min(at + length) {
                out[(n - from) as usize] += click((n - at) as f32 / RATE_HZ as f32, *tone);
            }
        }
        self.clicks.retain(|(at, _)| at + length > to);
        self.now = to;
    }
}

/// A click, so long after its beginning.
fn click(s: f32, tone: usize) -> f32 {
    LOUDNESS * (-s / DECAY_S).exp() * (std::f32::consts::TAU * TONES_HZ[tone] * s).sin()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where clicks begin: silence of some milliseconds before a sound.
    fn onsets(samples: &[f32]) -> Vec<usize> {
        let quiet = |i: usize| samples[i.saturating_sub(100)..i].iter().all(|s| s.abs() < 1e-3);
        (1..samples.len()).filter(|i| samples[*i].abs() >= 1e-3 && quiet(*i)).collect()
    }

    #[test]
    fn silence_until_a_spike_passes_and_a_click_where_it_does() {
        let mut mixer = Mixer::default();
        let mut samples = vec![1.0; 4800];
        mixer.fill(&mut samples);
        assert!(samples.iter().all(|s| *s == 0.0));
        mixer.pass(&[(0.0, 0), (0.5, 1)], 0.1);
        // However the samples are asked for.
        let mut all = Vec::new();
        for n in [1, 700, 99, 2000, 2000] {
            let mut part = vec![0.0; n];
            mixer.fill(&mut part);
            all.extend(part);
        }
        let found = onsets(&all);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0] < 20 && (2400..2420).contains(&found[1]), "{found:?}");
        assert!(all.iter().all(|s| s.abs() < 0.5));
        assert!(mixer.clicks.is_empty());
    }

    #[test]
    fn passages_follow_one_another_and_clicks_keep_their_distance() {
        let mut mixer = Mixer::default();
        // Sixty frames with a spike in the middle of each: regular, however the
        // frames come.
        for _ in 0..6 {
            (0..3).for_each(|_| mixer.pass(&[(0.5, 0)], 1.0 / 60.0));
            mixer.fill(&mut vec![0.0; 2400]);
        }
        // Far too many: never nearer than the gap.
        let mut dense = Mixer::default();
        let many: Vec<(f64, u32)> = (0..500).map(|i| (f64::from(i) / 500.0, 0)).collect();
        dense.pass(&many, 0.1);
        let beginnings: Vec<u64> = dense.clicks.iter().map(|c| c.0).collect();
        assert!(beginnings.len() <= 9, "{beginnings:?}");
        assert!(beginnings.windows(2).all(|w| w[1] - w[0] >= 576), "{beginnings:?}");
        let mut samples = vec![0.0; 9600];
        dense.fill(&mut samples);
        assert!(samples.iter().all(|s| s.abs() < 1.0));
    }

    #[test]
    fn a_window_that_was_late_does_not_leave_a_queue() {
        let mut mixer = Mixer::default();
        for _ in 0..100 {
            mixer.pass(&[(0.0, 0)], 0.1);
        }
        let latest = mixer.clicks.back().unwrap().0;
        assert!(latest <= (0.15 * f64::from(RATE_HZ)) as u64, "{latest}");
    }

    #[test]
    fn what_no_ear_could_tell_apart_is_not_heard() {
        assert!(can_be_heard(0, 0.016) && can_be_heard(2, 0.016) && can_be_heard(15, 0.1));
        assert!(!can_be_heard(10, 0.016) && !can_be_heard(1_000_000, 0.25));
    }
}
