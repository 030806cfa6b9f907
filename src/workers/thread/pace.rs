//! When steps are due, and how fast they really run.

use std::time::{Duration, Instant};

/// Longest work between two looks at the commands.
const SLICE: Duration = Duration::from_millis(8);
/// After a longer hold-up the lost time is not made up for.
const LONGEST_GAP_S: f64 = 0.1;
/// Time between two looks at the clock, where more than one step is due in it.
const HANDFUL_S: f64 = 0.01;
/// Speeds are averages over at least this time.
const MEASURE_OVER: Duration = Duration::from_millis(500);

/// Deals out steps by the clock.
#[derive(Debug)]
pub struct Pace {
    clock: Option<Instant>,
    /// Share of the next step that has passed.
    carry: f64,
    /// Steps that fit into a slice.
    fit: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { clock: None, carry: 0.0, fit: 64.0 }
    }
}

impl Pace {
    /// Nothing runs: the clock starts anew afterwards.
    pub fn rest(&mut self) {
        self.clock = None;
        self.carry = 0.0;
    }

    /// Time until the next step is due.
    pub fn due_in(&self, steps_per_s: f64, now: Instant) -> Duration {
        if steps_per_s.is_infinite() {
            return Duration::ZERO;
        }
        let Some(clock) = self.clock else { return Duration::ZERO };
        let passed = now.saturating_duration_since(clock).as_secs_f64();
        // Faster than the window shows it, steps may as well come in handfuls.
        let mut next = (1.0 - self.carry) / steps_per_s.max(1e-3);
        if steps_per_s > 1.0 / HANDFUL_S {
            next = next.max(HANDFUL_S);
        }
        let left = next - passed;
        Duration::from_secs_f64(left.clamp(0.0, 3600.0))
    }

    /// Steps to be done now: what is due, no more than fits into a slice.
    pub fn due(&mut self, steps_per_s: f64, now: Instant) -> u64 {
        let most = self.fit.max(1.0);
        if steps_per_s.is_infinite() {
            return most as u64;
        }
        let clock = *self.clock.get_or_insert(now);
        let longest = LONGEST_GAP_S.max((1.0 - self.carry) / steps_per_s.max(1e-3));
        let passed = now.saturating_duration_since(clock).as_secs_f64().min(longest);
        self.clock = Some(now);
        let due = (self.carry + passed * steps_per_s).max(0.0);
        let steps = (due + 1e-9).floor().min(most);
        // Of what did not fit, no more is owed than a slice.
        self.carry = (due - steps).clamp(0.0, most);
        steps as u64
    }

    /// Learns how many steps fit into a slice.
    pub fn took(&mut self, steps: u64, time: Duration) {
        if steps > 0 {
            let each_s = (time.as_secs_f64() / steps as f64).max(1e-9);
            let fits = SLICE.as_secs_f64() / each_s;
            // Cautiously up, at once down.
            self.fit = if fits < self.fit { fits } else { fits.min(self.fit * 2.0) };
        }
    }
}

/// What a run has counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    pub steps: u64,
    /// Synaptic events. Another engine counts from its own beginning.
    pub events: u64,
    /// Images shown, where it is shown any.
    pub images: u64,
}

/// What it counts in a second of wall time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    pub steps: f64,
    pub events: f64,
    pub images: f64,
}

/// Measures rates over the last half second.
#[derive(Debug, Default)]
pub struct Meter {
    since: Option<(Instant, Counts)>,
    rates: Option<Rates>,
}

impl Meter {
    /// Looks at the counts.
    pub fn measure(&mut self, counts: Counts, now: Instant) {
        let Some((since, before)) = self.since.filter(|(_, c)| c.steps <= counts.steps) else {
            self.since = Some((now, counts));
            return;
        };
        let passed = now.saturating_duration_since(since);
        if passed >= MEASURE_OVER {
            let per_s = |n: u64, n0: u64| n.saturating_sub(n0) as f64 / passed.as_secs_f64();
            self.rates = Some(Rates {
                steps: per_s(counts.steps, before.steps),
                events: per_s(counts.events, before.events),
                images: per_s(counts.images, before.images),
            });
            self.since = Some((now, counts));
        }
    }

    /// The newest rates.
    pub fn rates(&self) -> Option<Rates> {
        self.rates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_steps_a_second_are_a_thousand_in_a_second_at_any_frame_length() {
        for frame_ms in [1u64, 7, 33, 90] {
            let (mut pace, begun) = (Pace { fit: 1e6, ..Pace::default() }, Instant::now());
            let mut done = 0;
            for k in 0..=990 / frame_ms {
                done += pace.due(1000.0, begun + Duration::from_millis(k * frame_ms));
            }
            let wanted = 990 / frame_ms * frame_ms;
            assert!(done.abs_diff(wanted) <= 1, "{frame_ms}: {done} {wanted}");
        }
    }

    #[test]
    fn slow_motion_takes_one_step_a_second_and_says_when() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        assert_eq!(pace.due(1.0, begun), 0);
        let at = |ms| begun + Duration::from_millis(ms);
        assert_eq!(pace.due(1.0, at(600)), 0);
        let left = pace.due_in(1.0, at(600)).as_secs_f64();
        assert!((left - 0.4).abs() < 1e-6, "{left}");
        assert_eq!(pace.due(1.0, at(1000)), 1);
        assert_eq!(pace.due(1.0, at(1100)), 0);
    }

    #[test]
    fn a_slice_never_holds_more_than_fits_and_a_hold_up_is_not_made_up_for() {
        let (mut pace, begun) = (Pace::default(), Instant::now());
        pace.due(1e9, begun);
        assert_eq!(pace.due(1e9, begun + Duration::from_millis(50)), 64);
        pace.took(64, Duration::from_millis(16));
        assert_eq!(pace.due(f64::INFINITY, begun), 32);
        let mut pace = Pace { fit: 1e6, ..Pace::default() };
        pace.due(100.0, begun);
        assert_eq!(pace.due(100.0, begun + Duration::from_secs(60)), 10);
    }
}
