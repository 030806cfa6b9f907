//! Ink or paper? The paper is a smooth surface of brightness (a quadratic, for
//! uneven light from lamps and windows), fitted to the brightness that most of the
//! image, and most of its border, share. What departs from it on the side with
//! more weight is ink.

use super::Grey;

/// Terms of the paper's surface: 1, u, v, u², uv, v².
const TERMS: usize = 6;
/// Departures below this are hardly ink, of a brightness range of 1.
pub(super) const LEAST_CONTRAST: f32 = 0.06;
/// … and below this never: five of a byte's steps, more than JPEG adds.
pub(super) const PALE_CONTRAST: f32 = 0.02;
/// Ink must stand out of the paper's grain by so many standard deviations.
const LEAST_SIGNAL: f32 = 5.0;

/// The share of ink in each pixel, or `None` if nothing departs from the paper
/// by more than `least`.
pub(super) fn separate(grey: &Grey, least: f32) -> Option<Grey> {
    let paper = Paper::fit(grey)?;
    let mut departure: Vec<f32> = grey.cells().map(|(x, y, v)| v - paper.at(grey, x, y)).collect();
    let grain = paper.grain;
    let threshold = least.max(LEAST_SIGNAL * grain);
    let weight =
        |sign: f32| -> f32 { departure.iter().map(|d| d * sign).filter(|d| *d > threshold).sum() };
    let sign = if weight(-1.0) >= weight(1.0) { -1.0 } else { 1.0 };
    for d in &mut departure {
        *d *= sign;
    }
    let mut inked: Vec<f32> = departure.iter().copied().filter(|d| *d > threshold).collect();
    // The darkest twentieth may be dirt, and the paler half of the range edges.
    let strong = quantile(&mut inked, 0.95)?;
    let mut solid: Vec<f32> = inked.into_iter().filter(|d| *d >= 0.5 * strong).collect();
    let full = quantile(&mut solid, 0.75)?;
    // The grain becomes plain paper; on a clean picture edges stay as they are.
    let none = (3.0 * grain).min(0.5 * full);
    let values = departure.iter().map(|d| ((d - none) / (full - none)).clamp(0.0, 1.0));
    Some(Grey { width: grey.width, height: grey.height, values: values.collect() })
}

/// The brightness of the empty paper.
pub(super) struct Paper {
    terms: [f64; TERMS],
    /// Standard deviation of paper from this surface.
    pub(super) grain: f32,
}

/// A point of the picture with u, v in [-1, 1].
type Sample = (f64, f64, f64);

impl Paper {
    pub(super) fn fit(grey: &Grey) -> Option<Self> {
        let all = samples(grey);
        let border: Vec<Sample> =
            all.iter().copied().filter(|(u, v, _)| u.abs().max(v.abs()) > 0.8).collect();
        let curved = grey.width.min(grey.height) >= 16;
        // First what the border agrees on, then the rest of the paper.
        let mut values: Vec<f32> = border.iter().map(|s| s.2 as f32).collect();
        let level = f64::from(median(&mut values)?);
        let mut paper = Self { terms: [level, 0.0, 0.0, 0.0, 0.0, 0.0], grain: 0.0 };
        paper.grain = paper.spread(&border)?;
        if curved {
            for (samples, rounds) in [(&border, 6), (&all, 4)] {
                for _ in 0..rounds {
                    paper.refit(samples);
                }
            }
        }
        paper.grain = paper.spread(&all)?;
        Some(paper)
    }

    /// Least squares over the samples that lie near the present surface.
    fn refit(&mut self, samples: &[Sample]) {
        let Some(spread) = self.spread(samples) else { return };
        let limit = f64::from((2.5 * spread).max(0.02));
        let near = samples.iter().filter(|(u, v, b)| (b - self.height(*u, *v)).abs() <= limit);
        if let Some(terms) = least_squares(near) {
            self.terms = terms;
        }
    }

    /// Robust standard deviation: 1.4826 times the median of the distances
    /// (exact for a normal distribution).
    fn spread(&self, samples: &[Sample]) -> Option<f32> {
        let off = |(u, v, b): &Sample| (b - self.height(*u, *v)).abs() as f32;
        median(&mut samples.iter().map(off).collect::<Vec<f32>>()).map(|m| 1.4826 * m)
    }

    fn height(&self, u: f64, v: f64) -> f64 {
        basis(u, v).iter().zip(&self.terms).map(|(b, t)| b * t).sum()
    }

    pub(super) fn at(&self, grey: &Grey, x: usize, y: usize) -> f32 {
        self.height(unit(x, grey.width), unit(y, grey.height)) as f32
    }
}

fn basis(u: f64, v: f64) -> [f64; TERMS] {
    [1.0, u, v, u * u, u * v, v * v]
}

/// The middle of a pixel, from -1 at one side of the picture to 1 at the other.
fn unit(i: usize, n: usize) -> f64 {
    (2 * i + 1) as f64 / n as f64 - 1.0
}

/// A grid of at most about 10,000 samples.
fn samples(grey: &Grey) -> Vec<Sample> {
    let step = (grey.width.max(grey.height) / 100).max(1);
    let rows = (0..grey.height).step_by(step);
    rows.flat_map(|y| (0..grey.width).step_by(step).map(move |x| (x, y)))
        .map(|(x, y)| {
            let value = grey.values[y * grey.width + x];
            (unit(x, grey.width), unit(y, grey.height), f64::from(value))
        })
        .collect()
}

/// The surface nearest to the samples, by the normal equations; `None` if they
/// do not determine one.
fn least_squares<'a>(samples: impl Iterator<Item = &'a Sample>) -> Option<[f64; TERMS]> {
    let mut m = [[0.0; TERMS + 1]; TERMS];
    for (u, v, value) in samples {
        let b = basis(*u, *v);
        for (row, bi) in m.iter_mut().zip(b) {
            for (cell, bj) in row.iter_mut().zip(b) {
                *cell += bi * bj;
            }
            row[TERMS] += bi * value;
        }
    }
    for k in 0..TERMS {
        let pivot = (k..TERMS).max_by(|a, b| m[*a][k].abs().total_cmp(&m[*b][k].abs()))?;
        m.swap(k, pivot);
        if m[k][k].abs() < 1e-6 {
            return None;
        }
        for i in (0..TERMS).filter(|i| *i != k) {
            let factor = m[i][k] / m[k][k];
            let above = m[k];
            for (cell, a) in m[i].iter_mut().zip(above).skip(k) {
                *cell -= factor * a;
            }
        }
    }
    Some(std::array::from_fn(|k| m[k][TERMS] / m[k][k]))
}

/// The middle value; reorders the slice.
pub(super) fn median(values: &mut [f32]) -> Option<f32> {
    quantile(values, 0.5)
}

/// The value below which this share lies; reorders the slice.
pub(super) fn quantile(values: &mut [f32], share: f64) -> Option<f32> {
    let last = values.len().checked_sub(1)?;
    let (_, value, _) =
        values.select_nth_unstable_by((last as f64 * share) as usize, f32::total_cmp);
    Some(*value)
}
