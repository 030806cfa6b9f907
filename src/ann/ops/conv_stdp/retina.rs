//! From a picture to a volley of spikes.
//!
//! On- and off-centre cells (maps 0 and 1) compare a spot with what is around it: a
//! difference of two Gaussians on 7×7 pixels, less its mean. Weak responses are dropped,
//! the others divided by the mean response around them. Then the strongest fire first:
//! sorted by size, responses are cut into [`STEPS`] groups of equal number, and the
//! number of its group is the step at which a cell fires.

use super::{NEVER, STEPS};
use crate::ann::ops::simd::vectorised;
use crate::data::{PIXELS, SIDE};

/// Pixels on a side of the filter.
pub const FILTER: usize = 7;
const REACH: usize = FILTER / 2;
/// Widths σ of the centre and of the surround, pixels.
const SIGMAS: (f64, f64) = (1.0, 2.0);
/// Responses up to this, for pixels from 0 to 255, are dropped.
const LEAST: f32 = 50.0;
/// Responses are divided by the mean over the square of so many pixels around.
const AROUND: usize = 8;

/// Both kinds of cells.
#[derive(Clone, Debug)]
pub struct Retina {
    pub(super) filter: [f32; FILTER * FILTER],
    /// What a filtered pixel from 0 to 1 is multiplied with, for on and off: the largest
    /// entry of either filter becomes 255.
    pub(super) scales: [f32; 2],
}

impl Retina {
    /// As published.
    pub fn new() -> Self {
        let (centre, surround) = SIGMAS;
        let gauss = |r2: f64, s: f64| (-r2 / 2.0 / s / s).exp() / s / s;
        let at = |i: usize| {
            let off = |v: usize| (v as f64 - REACH as f64).powi(2);
            let r2 = off(i / FILTER) + off(i % FILTER);
            gauss(r2, centre) - gauss(r2, surround)
        };
        let all: [f64; FILTER * FILTER] = std::array::from_fn(at);
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let filter = all.map(|v| (v - mean) as f32);
        let most = filter.iter().fold(0f32, |m, v| m.max(*v));
        let least = filter.iter().fold(0f32, |m, v| m.min(*v));
        Self { filter, scales: [255.0 / most, 255.0 / least] }
    }

    /// The filter of on-centre (0) or off-centre (1) cells, 7×7, the largest entry 1.
    pub fn filter(&self, map: usize) -> [f32; FILTER * FILTER] {
        self.filter.map(|v| v * self.scales[map] / 255.0)
    }

    /// When each cell fires, `(28, 28, 2)`: a step, or [`NEVER`].
    pub fn encode(&self, picture: &[f32], times: &mut Vec<u8>) {
        let mut strengths = [0f32; 2 * PIXELS];
        vectorised(|| {
            self.filtered(picture, &mut strengths);
            normalise(&mut strengths);
        });
        // Largest first, and of equals the first in the picture.
        let mut order = [0u64; 2 * PIXELS];
        let mut n = 0;
        for (i, s) in strengths.iter().enumerate() {
            order[n] = (u64::from(!s.to_bits()) << 32) | i as u64;
            n += usize::from(*s > 0.0);
        }
        order[..n].sort_unstable();
        let group = (n / STEPS).max(1);
        times.clear();
        times.resize(2 * PIXELS, NEVER);
        for (step, cells) in order[..n].chunks(group).enumerate() {
            for cell in cells {
                times[*cell as u32 as usize] = step.min(STEPS - 1) as u8;
            }
        }
    }

    /// Responses above the threshold, the others zero: `(28, 28, 2)`.
    #[inline(always)]
    fn filtered(&self, picture: &[f32], out: &mut [f32; 2 * PIXELS]) {
        // Columns that a filter at the last lane reads.
        const WIDTH: usize = 32 + FILTER - 1;
        let mut framed = [[0f32; WIDTH]; SIDE + 2 * REACH];
        for (row, pixels) in framed[REACH..].iter_mut().zip(picture.chunks_exact(SIDE)) {
            row[REACH..REACH + SIDE].copy_from_slice(pixels);
        }
        for (y, out) in out.chunks_exact_mut(2 * SIDE).enumerate() {
            let mut sums = [0f32; 32];
            for j in 0..FILTER {
                for i in 0..FILTER {
                    let (by, row) = (self.filter[j * FILTER + i], &framed[y + j]);
                    for (sum, pixel) in sums.iter_mut().zip(&row[i..i + 32]) {
                        *sum += by * pixel;
                    }
                }
            }
            for (sum, cells) in sums.iter().zip(out.as_chunks_mut::<2>().0) {
                *cells = self.scales.map(|s| {
                    let response = s * sum;
                    if response > LEAST { response } else { 0.0 }
                });
            }
        }
    }
}

impl Default for Retina {
    fn default() -> Self {
        Self::new()
    }
}

/// Divides each response by the mean of its map around it. Sums of `f32` of similar size
/// are exact in `f64`, so the order of adding changes nothing.
#[inline(always)]
fn normalise(responses: &mut [f32; 2 * PIXELS]) {
    const ROW: usize = 2 * SIDE;
    // Sums over columns within reach, then running sums over rows.
    let mut across = [[0f64; ROW]; SIDE];
    for (sums, row) in across.iter_mut().zip(responses.chunks_exact(ROW)) {
        let mut running = [0f64; 2];
        for x in 0..SIDE + AROUND {
            for map in 0..2 {
                if x < SIDE {
                    running[map] += f64::from(row[2 * x + map]);
                }
                if x > 2 * AROUND {
                    running[map] -= f64::from(row[2 * (x - 2 * AROUND - 1) + map]);
                }
                if x >= AROUND {
                    sums[2 * (x - AROUND) + map] = running[map];
                }
            }
        }
    }
    let mut running = [0f64; ROW];
    let count = ((2 * AROUND + 1) * (2 * AROUND + 1)) as f64;
    for y in 0..SIDE + AROUND {
        if let Some(entering) = across.get(y) {
            running.iter_mut().zip(entering).for_each(|(r, v)| *r += v);
        }
        if y > 2 * AROUND {
            let leaving = &across[y - 2 * AROUND - 1];
            running.iter_mut().zip(leaving).for_each(|(r, v)| *r -= v);
        }
        if y >= AROUND {
            let row = &mut responses[(y - AROUND) * ROW..(y - AROUND + 1) * ROW];
            for (response, sum) in row.iter_mut().zip(&running) {
                *response /= (sum / count + 1e-12) as f32;
            }
        }
    }
}
