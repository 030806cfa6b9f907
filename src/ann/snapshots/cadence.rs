//! When a snapshot is taken: after every batch in the beginning, when most
//! happens, then ever less often until the chosen distance is reached.

use serde::{Deserialize, Serialize};

use crate::ann::AnnError;
use crate::core::bounds::{Bounded, Bounds, Span};

/// While fewer than so many batches are trained, each is kept; from then on the
/// distance is this fraction of the batches trained.
const DENSE: u64 = 16;
/// Regular snapshots of a run whose distance was not chosen.
const USUAL: u64 = 90;

/// What is kept of a run to look back at. Changes nothing in the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryConfig {
    /// Whether snapshots are taken at all.
    pub on: bool,
    /// Batches from one snapshot to the next, once the dense beginning is over;
    /// 0: as the length of the run asks.
    pub every: u64,
    /// Limit on disk, MB (10⁶ bytes); when it is reached, every second snapshot
    /// goes.
    pub most_mb: u64,
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self { on: true, every: 0, most_mb: 300 }
    }
}

impl Bounded for HistoryConfig {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { on: _, every, most_mb } = self;
        to.number("every", every, Self::EVERY);
        to.number("most_mb", most_mb, Self::MOST_MB);
    }
}

impl HistoryConfig {
    /// Batches from one snapshot to the next; 0: as the length of the run asks.
    pub const EVERY: Span = (0.0, 1e5);
    /// Limit on disk, MB.
    pub const MOST_MB: Span = (20.0, 1e5);

    /// Checks the settings.
    ///
    /// # Errors
    /// [`AnnError::Setting`], naming the setting, its value and its range.
    pub fn validate(&self) -> Result<(), AnnError> {
        let (least, most) = Self::MOST_MB;
        if (least..=most).contains(&(self.most_mb as f64)) {
            return Ok(());
        }
        Err(AnnError::Setting {
            what: "the limit on a run's history, in MB".into(),
            value: self.most_mb.to_string(),
            range: format!("from {least} to {most}"),
        })
    }
}

/// The rule by which moments are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    every: u64,
    /// Grows when the history is thinned out.
    stride: u64,
}

impl Cadence {
    /// For a run of so many batches.
    pub fn new(config: &HistoryConfig, total_steps: u64) -> Self {
        let every = if config.every > 0 { config.every } else { total_steps.div_ceil(USUAL) };
        Self { every: every.max(1), stride: 1 }
    }

    /// Half as many from now on.
    pub fn thin(&mut self) {
        self.stride = self.stride.saturating_mul(2);
    }

    /// Goes on with the distance that a run which is resumed had come to:
    /// `spacing` batches between its last two snapshots.
    pub fn thin_to(&mut self, step: u64, spacing: u64) {
        while self.distance(step).saturating_mul(2) <= spacing {
            self.thin();
        }
    }

    /// Batches from the snapshot before to the one due about `step`.
    pub fn distance(&self, step: u64) -> u64 {
        (step / DENSE).clamp(1, self.every).saturating_mul(self.stride)
    }

    /// Whether to keep the weights after batch `step`, the last kept being those
    /// after batch `last`.
    pub fn due(&self, step: u64, last: u64) -> bool {
        step >= last.saturating_add(self.distance(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(cadence: Cadence, total: u64) -> Vec<u64> {
        let mut kept = vec![0];
        for step in 1..=total {
            if cadence.due(step, kept[kept.len() - 1]) {
                kept.push(step);
            }
        }
        kept
    }

    #[test]
    fn the_beginning_is_dense_and_the_whole_is_bounded() {
        // Twelve epochs of MNIST in batches of 32, 2 % held out.
        let total = 12 * 1838;
        let kept = taken(Cadence::new(&HistoryConfig::default(), total), total);
        assert_eq!(kept[..32], (0..32).collect::<Vec<u64>>()[..]);
        assert!((150..220).contains(&kept.len()), "{}", kept.len());
        let last = kept.len() - 1;
        assert_eq!(kept[last] - kept[last - 1], total.div_ceil(USUAL));
        // A run of any length has about as many.
        let long = taken(Cadence::new(&HistoryConfig::default(), 100 * total), 100 * total);
        assert!(long.len() < 300, "{}", long.len());
        assert_eq!(taken(Cadence::new(&HistoryConfig::default(), 3), 3), [0, 1, 2, 3]);
    }

    #[test]
    fn a_chosen_distance_is_kept_and_thinning_doubles_it() {
        let config = HistoryConfig { every: 5, ..HistoryConfig::default() };
        let mut cadence = Cadence::new(&config, 10_000);
        let kept = taken(cadence, 10_000);
        assert!(kept.windows(2).all(|w| w[1] - w[0] <= 5));
        cadence.thin();
        assert_eq!(cadence.distance(5000), 10);
    }
}
