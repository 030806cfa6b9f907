//! A curve of bounded size: when it is full, neighbouring points are merged, so a run
//! of any length costs the same to keep, send and draw.

use serde::{Deserialize, Serialize};

/// Points kept before neighbours are merged.
const CAPACITY: usize = 2048;

/// A series over training steps, each point the mean over an equal number of
/// steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    points: Vec<[f64; 2]>,
    /// Steps per point.
    stride: u32,
    /// Sum of x, of y and their number in the point being filled.
    filling: ([f64; 2], u32),
}

impl Default for Curve {
    fn default() -> Self {
        Self { points: Vec::new(), stride: 1, filling: ([0.0; 2], 0) }
    }
}

/// The largest step of a run.
const LAST_STEP: f64 = 1e12;

impl Curve {
    /// Whether it is one that [`Curve::push`] could have made: what is read from
    /// a file may be anything.
    pub fn is_sound(&self) -> bool {
        let (sum, count) = &self.filling;
        // A run that diverges has any loss up to the largest single. NaN is within nothing.
        let most = [LAST_STEP, f64::from(f32::MAX)];
        let within = |values: &[f64; 2], times: f64| {
            values.iter().zip(most).all(|(v, most)| v.abs() <= most * times)
        };
        self.points.iter().all(|point| within(point, 1.0))
            && within(sum, f64::from(self.stride))
            && self.points.len() <= CAPACITY
            && (1..=1 << 30).contains(&self.stride)
            && *count <= self.stride
    }

    /// Appends the value `y` at `x` (x grows from call to call).
    pub fn push(&mut self, x: f64, y: f64) {
        let (sum, count) = &mut self.filling;
        sum[0] += x;
        sum[1] += y;
        *count += 1;
        if *count < self.stride {
            return;
        }
        let n = f64::from(*count);
        self.points.push([sum[0] / n, sum[1] / n]);
        self.filling = ([0.0; 2], 0);
        if self.points.len() >= CAPACITY {
            self.points = self
                .points
                .chunks(2)
                .map(|pair| {
                    let n = pair.len() as f64;
                    [0, 1].map(|i| pair.iter().map(|p| p[i]).sum::<f64>() / n)
                })
                .collect();
            self.stride = self.stride.saturating_mul(2);
        }
    }

    /// `[x, mean y]`, by growing x.
    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }

    /// An exponential moving average over `window` points: the trend under the
    /// noise of single batches. Starts at the first point, without bias to 0.
    pub fn smoothed(&self, window: f64) -> Vec<[f64; 2]> {
        let keep = 1.0 - 1.0 / window.max(1.0);
        let (mut sum, mut weight) = (0.0, 0.0);
        self.points
            .iter()
            .map(|[x, y]| {
                sum = keep * sum + y;
                weight = keep * weight + 1.0;
                [*x, sum / weight]
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_stays_bounded_and_keeps_its_shape() {
        let mut curve = Curve::default();
        for i in 0..100_000 {
            curve.push(f64::from(i), 2.0 * f64::from(i));
        }
        assert!(curve.points().len() <= CAPACITY && curve.points().len() > CAPACITY / 4);
        for [x, y] in curve.points() {
            assert!((y - 2.0 * x).abs() < 1e-6 * y.max(1.0));
        }
        assert!(curve.points().windows(2).all(|w| w[0][0] < w[1][0]));
    }

    #[test]
    fn what_no_run_draws_is_not_sound() {
        let mut curve = Curve::default();
        (0..5000).for_each(|i| curve.push(f64::from(i), 1.0));
        assert!(curve.is_sound() && Curve::default().is_sound());
        // A diverging run was thought to be damaged.
        curve.push(5000.0, f64::from(f32::MAX));
        assert!(curve.is_sound());
        for bad in [
            Curve { stride: 0, ..curve.clone() },
            Curve { stride: u32::MAX, ..curve.clone() },
            Curve { filling: ([0.0; 2], u32::MAX), ..curve.clone() },
            Curve { points: vec![[0.0, f64::INFINITY]], ..curve.clone() },
            Curve { points: vec![[1e300, 0.0]], ..curve.clone() },
            Curve { filling: ([f64::NAN, 0.0], 0), ..curve.clone() },
            Curve { points: vec![[0.0; 2]; CAPACITY + 1], ..curve.clone() },
        ] {
            assert!(!bad.is_sound());
        }
    }

    #[test]
    fn smoothing_keeps_a_constant() {
        let mut curve = Curve::default();
        (0..50).for_each(|i| curve.push(f64::from(i), 3.0));
        assert!(curve.smoothed(20.0).iter().all(|p| (p[1] - 3.0).abs() < 1e-12));
    }
}
