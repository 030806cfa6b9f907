//! What is expected of the second layer before any picture is seen: a mixture of
//! Gaussians over the sums `z` that go into h2, `h2 = sigmoid(z)`.
//!
//! The first ten components are those of the classes, fitted to the codes of pictures with
//! that label; the free ones know no labels, and are fitted by expectation–maximisation. A
//! component has a mean and the Cholesky factor of its covariance, row after row of the
//! lower triangle, with the logarithm on its diagonal; so zeros are a sphere of variance
//! one. Shares are logarithms, up to a constant.

use rayon::prelude::*;

use crate::ann::ops::energy::{COMPONENTS, Energy, FREE, triangle};
use crate::ann::ops::simd::{dot, vectorised};
use crate::core::rng::Rng;
use crate::data::CLASSES;

/// Added to the variance of each sum, so that no direction is without any.
const LEAST_VARIANCE: f64 = 0.01;
/// What is left of older codes at each mini-batch.
const KEPT: f32 = 0.998;
/// Mini-batches from one fit to the next.
pub const EVERY: u64 = 16;
/// Largest logarithm of a factor's diagonal, either way.
const MOST_LOG: f32 = 10.0;

/// Which digits are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Any: from the components that know no labels.
    #[default]
    Free,
    /// Those of a class, 0 to 9.
    Class(u8),
}

impl Wish {
    /// Its components.
    pub fn components(self) -> std::ops::Range<usize> {
        match self {
            Self::Free => CLASSES..COMPONENTS,
            Self::Class(class) => {
                let class = usize::from(class).min(CLASSES - 1);
                class..class + 1
            }
        }
    }
}

/// A prior within a network's parameters.
#[derive(Clone, Copy, Debug)]
pub struct Prior<'a> {
    width: usize,
    means: &'a [f32],
    factors: &'a [f32],
    shares: &'a [f32],
}

/// `ln Σ exp`; −∞ of nothing.
pub fn log_sum(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return most;
    }
    most + values.map(|v| (v - most).exp()).sum::<f64>().ln()
}

impl<'a> Prior<'a> {
    /// That of a network with these parameters.
    pub fn of(op: &Energy, parameters: &'a [f32]) -> Self {
        let [means, factors, shares] = op.prior().map(|range| &parameters[range]);
        Self { width: op.widths()[2], means, factors, shares }
    }

    /// The mean of a component, `(h2)`.
    pub fn mean(&self, component: usize) -> &'a [f32] {
        &self.means[component * self.width..][..self.width]
    }

    fn factor(&self, component: usize) -> &'a [f32] {
        let len = triangle(self.width);
        &self.factors[component * len..][..len]
    }

    /// Logarithms of the shares of some components, which add up to one.
    pub fn shares(&self, of: std::ops::Range<usize>) -> Vec<f64> {
        let shares = self.shares[of].iter().map(|s| f64::from(*s));
        let all = log_sum(shares.clone());
        shares.map(|s| s - all).collect()
    }

    /// The logarithm of a component's density at `z`, nats.
    pub fn log_density_of(&self, component: usize, z: &[f32]) -> f64 {
        let (mean, factor) = (self.mean(component), self.factor(component));
        let mut solved = vec![0f32; self.width];
        let (mut square, mut log_volume, mut at) = (0f64, 0f64, 0);
        for i in 0..self.width {
            let log_diagonal = factor[at + i].clamp(-MOST_LOG, MOST_LOG);
            let off = z[i] - mean[i] - dot(&factor[at..at + i], &solved[..i]);
            solved[i] = off / log_diagonal.exp();
            square += f64::from(solved[i]).powi(2);
            log_volume += f64::from(log_diagonal);
            at += i + 1;
        }
        -0.5 * square - log_volume - 0.5 * self.width as f64 * std::f64::consts::TAU.ln()
    }

    /// `ln p(z)` under what is wished for, nats; and the components' posterior shares.
    pub fn log_density(&self, wish: Wish, z: &[f32]) -> (f64, Vec<f64>) {
        let components = wish.components();
        let shares = self.shares(components.clone());
        let each: Vec<f64> =
            components.zip(shares).map(|(c, share)| share + self.log_density_of(c, z)).collect();
        let all = log_sum(each.iter().copied());
        (all, each.iter().map(|v| (v - all).exp()).collect())
    }

    /// What h2 is expected to be, given what it is: the components' means by their
    /// posterior shares.
    pub fn expected(&self, wish: Wish, z: &[f32], out: &mut [f32]) {
        let (_, posterior) = self.log_density(wish, z);
        out.fill(0.0);
        for (component, share) in wish.components().zip(posterior) {
            if share > 1e-6 {
                let mean = self.mean(component);
                out.iter_mut().zip(mean).for_each(|(o, m)| *o += share as f32 * m);
            }
        }
    }

    /// A sample: the component, and the sums of h2. `temperature` scales the deviations
    /// from the mean: 1 as fitted, 0 the mean itself.
    pub fn sample(&self, wish: Wish, temperature: f32, rng: &mut Rng) -> (usize, Vec<f32>) {
        let components = wish.components();
        let mut left = f64::from(rng.uniform());
        let mut chosen = components.end - 1;
        for (component, share) in components.clone().zip(self.shares(components)) {
            left -= share.exp();
            if left < 0.0 {
                chosen = component;
                break;
            }
        }
        let normal: Vec<f32> = (0..self.width).map(|_| temperature * rng.normal()).collect();
        let (mean, factor) = (self.mean(chosen), self.factor(chosen));
        let mut at = 0;
        let z = (0..self.width).map(|i| {
            let below = dot(&factor[at..at + i], &normal[..i]);
            let diagonal = factor[at + i].clamp(-MOST_LOG, MOST_LOG).exp();
            at += i + 1;
            mean[i] + below + diagonal * normal[i]
        });
        (chosen, z.collect())
    }
}

/// Numbers that [`Fit`] remembers: the epoch of the last seeds, then for each component
/// weight, sums, and sums of products.
pub fn fit_len(width: usize) -> usize {
    1 + COMPONENTS * (1 + width + triangle(width))
}

/// Fits a prior to codes as they come, older ones counting less and less.
pub struct Fit<'a> {
    width: usize,
    sums: &'a mut [f32],
}

impl<'a> Fit<'a> {
    /// With what is remembered in `memory`, of [`fit_len`] numbers; zeros are nothing.
    pub fn new(width: usize, memory: &'a mut [f32]) -> Self {
        Self { width, sums: memory }
    }

    fn each(&self) -> usize {
        1 + self.width + triangle(self.width)
    }

    /// Takes in the codes of a mini-batch, `(n, width)`. Free components begin anew at
    /// codes of this batch when `seeds` is a number other than that at the last time.
    pub fn take(&mut self, prior: Prior<'_>, codes: &[f32], labels: &[u8], seeds: usize) {
        let (width, each) = (self.width, self.each());
        let codes: Vec<&[f32]> = codes
            .chunks_exact(width)
            .take(labels.len())
            .filter(|c| c.iter().all(|v| v.is_finite()))
            .collect();
        if codes.len() < labels.len() || codes.is_empty() {
            return;
        }
        let [epoch, components @ ..] = &mut *self.sums else { return };
        let fresh = *epoch != (seeds + 1) as f32;
        *epoch = (seeds + 1) as f32;
        // Which free component each code belongs to; for seeds, the nearest.
        let free: Vec<Vec<f64>> = if fresh {
            let seeds: Vec<&[f32]> = (0..FREE).map(|k| codes[k * codes.len() / FREE]).collect();
            let nearest = |code: &&[f32]| {
                let far = |seed: &&[f32]| -> f32 {
                    seed.iter().zip(*code).map(|(a, b)| (a - b) * (a - b)).sum()
                };
                let distances: Vec<f32> = seeds.iter().map(far).collect();
                let least = distances.iter().copied().fold(f32::INFINITY, f32::min);
                let at = distances.iter().position(|d| *d == least).unwrap_or(0);
                (0..FREE).map(|k| f64::from(u8::from(k == at))).collect()
            };
            codes.iter().map(nearest).collect()
        } else {
            codes.par_iter().map(|code| prior.log_density(Wish::Free, code).1).collect()
        };
        components.par_chunks_exact_mut(each).enumerate().for_each(|(component, sums)| {
            let is_new = fresh && component >= CLASSES;
            let kept = if is_new { 0.0 } else { KEPT };
            vectorised(|| sums.iter_mut().for_each(|s| *s *= kept));
            for ((code, label), free) in codes.iter().zip(labels).zip(&free) {
                let weight = match component.checked_sub(CLASSES) {
                    None => f32::from(u8::from(usize::from(*label) == component)),
                    Some(k) => free[k] as f32,
                };
                if weight < 1e-4 {
                    continue;
                }
                let (count, rest) = sums.split_at_mut(1);
                let (sum, mut products) = rest.split_at_mut(width);
                count[0] += weight;
                sum.iter_mut().zip(*code).for_each(|(s, z)| *s += weight * z);
                for (i, z) in code.iter().enumerate() {
                    let (row, others) = products.split_at_mut(i + 1);
                    let by = weight * z;
                    vectorised(|| row.iter_mut().zip(*code).for_each(|(p, z)| *p += by * z));
                    products = others;
                }
            }
        });
    }

    /// Writes the prior that fits best into a network's parameters. A component with few
    /// codes borrows the covariance of all.
    pub fn write(&self, op: &Energy, parameters: &mut [f32]) {
        let (width, each) = (self.width, self.each());
        let triangle = triangle(width);
        let all = &self.sums[1..];
        // Of all codes, by the classes' components.
        let mut whole = vec![0f64; each];
        for sums in all.chunks_exact(each).take(CLASSES) {
            whole.iter_mut().zip(sums).for_each(|(w, s)| *w += f64::from(*s));
        }
        if whole[0] < 1.0 {
            return;
        }
        let covariance = |sums: &[f64]| -> (Vec<f64>, Vec<f64>) {
            let n = sums[0].max(1e-6);
            let mean: Vec<f64> = sums[1..=width].iter().map(|s| s / n).collect();
            let mut products = sums[1 + width..].iter();
            let mut of = Vec::with_capacity(triangle);
            for i in 0..width {
                for j in 0..=i {
                    of.push(products.next().map_or(0.0, |p| p / n) - mean[i] * mean[j]);
                }
            }
            (mean, of)
        };
        let (_, shared) = covariance(&whole);
        let fitted: Vec<(f64, Vec<f64>, Vec<f64>)> = all
            .par_chunks_exact(each)
            .map(|sums| {
                let sums: Vec<f64> = sums.iter().map(|s| f64::from(*s)).collect();
                let (mean, mut own) = covariance(&sums);
                // As if `width` / 2 codes had come from the shared covariance.
                let lent = 0.5 * width as f64;
                let share = sums[0] / (sums[0] + lent);
                own.iter_mut().zip(&shared).for_each(|(o, s)| *o = share * *o + (1.0 - share) * s);
                (sums[0], mean, cholesky(own, width))
            })
            .collect();
        let [means, factors, shares] = op.prior();
        for (k, (count, mean, factor)) in fitted.into_iter().enumerate() {
            let to = &mut parameters[means.clone()][k * width..][..width];
            to.iter_mut().zip(&mean).for_each(|(t, m)| *t = *m as f32);
            let to = &mut parameters[factors.clone()][k * triangle..][..triangle];
            to.iter_mut().zip(&factor).for_each(|(t, f)| *t = *f as f32);
            parameters[shares.clone()][k] = ((count + 1e-3) / (whole[0] + 1e-3)).ln() as f32;
        }
    }
}

/// The Cholesky factor of a covariance, both as lower triangles, with the logarithm on the
/// diagonal.
fn cholesky(mut a: Vec<f64>, width: usize) -> Vec<f64> {
    let at = |i: usize, j: usize| i * (i + 1) / 2 + j;
    for i in 0..width {
        for j in 0..=i {
            let (row, other) = (at(i, 0), at(j, 0));
            let below: f64 = (0..j).map(|k| a[row + k] * a[other + k]).sum();
            let left = a[row + j] - below;
            a[row + j] = if i == j {
                (left + LEAST_VARIANCE).max(LEAST_VARIANCE).sqrt()
            } else {
                left / a[other + j]
            };
        }
    }
    (0..width).for_each(|i| a[at(i, i)] = a[at(i, i)].ln());
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::ops::op::Plane;
    use crate::core::isa::Isa;

    /// Codes around two places for each class, with a correlation.
    fn codes(n: usize, width: usize) -> (Vec<f32>, Vec<u8>) {
        let mut rng = Rng::stream(3, "codes", 0);
        let labels: Vec<u8> = (0..n).map(|i| (i % CLASSES) as u8).collect();
        let rows = labels.iter().flat_map(|label| {
            let common = rng.normal();
            let row: Vec<f32> = (0..width)
                .map(|i| {
                    let centre = if i == usize::from(*label) % width { 4.0 } else { 0.0 };
                    centre + common + 0.3 * rng.normal()
                })
                .collect();
            row
        });
        (rows.collect(), labels)
    }

    fn fitted(op: &Energy, parameters: &mut [f32], n: usize) -> (Vec<f32>, Vec<u8>) {
        let width = op.widths()[2];
        let mut memory = vec![0f32; fit_len(width)];
        let (codes, labels) = codes(n, width);
        let mut fit = Fit::new(width, &mut memory);
        for (some, their) in codes.chunks(100 * width).zip(labels.chunks(100)) {
            fit.take(Prior::of(op, parameters), some, their, 0);
            fit.write(op, parameters);
        }
        (codes, labels)
    }

    #[test]
    fn the_fitted_prior_has_the_codes_means_and_covariance_and_samples_like_them() {
        let op = Energy::new(Isa::best(), Plane::new(4, 4, 1), &[6, 5]);
        let mut parameters = vec![0f32; op.parameters_len()];
        let (codes, _) = fitted(&op, &mut parameters, 6000);
        let prior = Prior::of(&op, &parameters);
        assert!((prior.mean(2)[2] - 4.0).abs() < 0.2 && prior.mean(2)[0].abs() < 0.2);
        let mut rng = Rng::stream(1, "sample", 0);
        let samples: Vec<Vec<f32>> =
            (0..4000).map(|_| prior.sample(Wish::Class(2), 1.0, &mut rng).1).collect();
        let mean = |i: usize| samples.iter().map(|z| z[i]).sum::<f32>() / 4000.0;
        let product = |i: usize, j: usize| {
            samples.iter().map(|z| (z[i] - mean(i)) * (z[j] - mean(j))).sum::<f32>() / 4000.0
        };
        assert!((mean(2) - 4.0).abs() < 0.2);
        assert!((product(0, 1) - 1.0).abs() < 0.25, "{}", product(0, 1));
        assert!((product(0, 0) - 1.09).abs() < 0.25, "{}", product(0, 0));
        // Codes are likelier than what is far from all; a free sample is likely, too.
        let likely = prior.log_density(Wish::Free, &codes[..5]).0;
        let odd = prior.log_density(Wish::Free, &[9.0, -9.0, 9.0, -9.0, 9.0]).0;
        let free = prior.log_density(Wish::Free, &prior.sample(Wish::Free, 1.0, &mut rng).1);
        assert!(likely > odd + 10.0 && free.0 > odd + 10.0);
        assert!((free.1.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_prior_of_zeros_is_a_sphere_and_its_density_adds_up() {
        let op = Energy::new(Isa::best(), Plane::new(4, 4, 1), &[6, 1]);
        let parameters = vec![0f32; op.parameters_len()];
        let prior = Prior::of(&op, &parameters);
        for wish in [Wish::Free, Wish::Class(3), Wish::Class(200)] {
            let sum: f64 = (-800..800)
                .map(|i| prior.log_density(wish, &[i as f32 / 100.0]).0.exp() / 100.0)
                .sum();
            assert!((sum - 1.0).abs() < 1e-3, "{wish:?} {sum}");
        }
    }

    #[test]
    fn codes_that_are_no_numbers_change_nothing() {
        let op = Energy::new(Isa::best(), Plane::new(4, 4, 1), &[6, 2]);
        let mut parameters = vec![0f32; op.parameters_len()];
        let mut memory = vec![0f32; fit_len(2)];
        let mut fit = Fit::new(2, &mut memory);
        fit.take(Prior::of(&op, &parameters), &[f32::NAN, 1.0], &[3], 0);
        fit.write(&op, &mut parameters);
        assert!(parameters.iter().all(|p| *p == 0.0));
    }
}
