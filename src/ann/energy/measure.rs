//! How good imagined pictures are, by numbers that do not always agree with the eye.

use rayon::prelude::*;

use super::prior::log_sum;
use crate::ann::ops::simd::vectorised;
use crate::data::{PIXELS, Pixels};

/// Σ (a − b)² over the pixels where `known`.
fn square(a: &Pixels, b: &Pixels, known: &[f32; PIXELS]) -> f32 {
    let mut sums = [0f32; 16];
    vectorised(|| {
        let rows = a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0);
        for ((a, b), k) in rows.zip(known.as_chunks::<16>().0) {
            sums = std::array::from_fn(|i| sums[i] + k[i] * (a[i] - b[i]) * (a[i] - b[i]));
        }
    });
    sums.iter().sum()
}

/// The nearest of some pictures, by the pixels where `known`: its number, and the mean
/// squared difference there. The first of several; `None` if there is none, or nothing
/// known.
pub fn nearest(picture: &Pixels, among: &[Pixels], known: &[bool; PIXELS]) -> Option<(usize, f32)> {
    let mask: [f32; PIXELS] = std::array::from_fn(|i| f32::from(u8::from(known[i])));
    let count = mask.iter().sum::<f32>();
    if count == 0.0 {
        return None;
    }
    let distance = |(i, other): (usize, &Pixels)| (i, square(picture, other, &mask) / count);
    let less = |a: &(usize, f32), b: &(usize, f32)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
    among.par_iter().enumerate().map(distance).min_by(less)
}

/// The mean squared difference of two pictures where `known` is false.
pub fn error_outside(a: &Pixels, b: &Pixels, known: &[bool; PIXELS]) -> f32 {
    let mask: [f32; PIXELS] = std::array::from_fn(|i| f32::from(u8::from(!known[i])));
    square(a, b, &mask) / mask.iter().sum::<f32>().max(1.0)
}

/// Parzen's estimate of the log-likelihood of pictures under samples: the mean logarithm
/// of the density of a mixture of Gaussians of deviation `sigma`, one at each sample; nats.
///
/// It can fall while samples become cleaner: it counts how closely samples cover all
/// pictures, and a blurred sample is near to many.
pub fn parzen(samples: &[Pixels], pictures: &[Pixels], sigma: f64) -> f64 {
    if samples.is_empty() || pictures.is_empty() || sigma.is_nan() || sigma <= 0.0 {
        return f64::NAN;
    }
    let all = [1f32; PIXELS];
    let volume = 0.5 * PIXELS as f64 * (std::f64::consts::TAU * sigma * sigma).ln();
    let each: Vec<f64> = pictures
        .par_iter()
        .map(|picture| {
            let logs: Vec<f64> = samples
                .iter()
                .map(|s| -f64::from(square(picture, s, &all)) / (2.0 * sigma * sigma))
                .collect();
            log_sum(logs.iter().copied()) - (samples.len() as f64).ln() - volume
        })
        .collect();
    each.iter().sum::<f64>() / pictures.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parzen_is_the_density_of_one_gaussian_for_one_sample() {
        let (a, mut b) = ([0.5; PIXELS], [0.5; PIXELS]);
        b[7] = 0.9;
        let sigma: f64 = 0.2;
        let at = -0.5 * PIXELS as f64 * (std::f64::consts::TAU * sigma * sigma).ln();
        assert!((parzen(&[a], &[a], sigma) - at).abs() < 1e-6);
        let off = at - 0.16 / (2.0 * sigma * sigma);
        assert!((parzen(&[a], &[b], sigma) - off).abs() < 1e-4);
        // Two samples of which one is right: half of the density.
        assert!((parzen(&[a, [0.0; PIXELS]], &[a], sigma) - (at - 2f64.ln())).abs() < 1e-6);
        assert!(parzen(&[], &[a], sigma).is_nan() && parzen(&[a], &[a], 0.0).is_nan());
    }

    #[test]
    fn the_nearest_is_looked_for_where_something_is_known() {
        let (a, b) = ([0.0; PIXELS], [1.0; PIXELS]);
        let mut picture = [0.2; PIXELS];
        picture[0] = 1.0;
        let mut known = [true; PIXELS];
        assert_eq!(nearest(&picture, &[b, a], &known).unwrap().0, 1);
        known = std::array::from_fn(|i| i == 0);
        assert_eq!(nearest(&picture, &[a, b, b], &known), Some((1, 0.0)));
        assert_eq!(nearest(&picture, &[a], &[false; PIXELS]), None);
        assert!((error_outside(&picture, &a, &known) - 0.04).abs() < 1e-6);
    }
}
