//! A Gabor function fitted to a kernel of any size: a wave under a Gaussian, with
//! which simple cells of the visual cortex are described (Jones and Palmer 1987,
//! eq. 1; Daugman 1985):
//!
//! ```text
//! g(x, y) = A · exp(−(u² + γ²v²) / 2σ²) · cos(2πf u + φ)
//! u =  (x − x₀) cos θ + (y − y₀) sin θ
//! v = −(x − x₀) sin θ + (y − y₀) cos θ
//! ```
//!
//! For given θ, f, σ, γ, x₀, y₀ the best A and φ follow from two linear equations;
//! the others are found on a coarse grid and refined from its best points by
//! Nelder and Mead's simplex (1965). A kernel of 3×3 has nine numbers, so there
//! the Gaussian is held: in the middle, σ half the kernel's side. That leaves θ, f,
//! φ and A.

use std::f64::consts::{PI, TAU};

/// Side from which the Gaussian is fitted, too.
pub const FREE_FROM: usize = 5;

/// A fitted function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gabor {
    /// A, in units of the weights; not negative.
    pub amplitude: f64,
    /// θ, the way the wave goes, radians in [0, π): 0 is to the right, π/2 down.
    /// Its stripes are at right angles to it.
    pub orientation: f64,
    /// f, cycles per pixel.
    pub frequency: f64,
    /// φ, radians in (−π, π]: 0 is a bright line in the middle, ±π/2 an edge.
    pub phase: f64,
    /// σ, pixels, along the wave; across it is σ/γ.
    pub sigma: f64,
    pub gamma: f64,
    /// x₀ and y₀, pixels from the kernel's upper left pixel's centre.
    pub centre: [f64; 2],
    /// Share of the weights' variance that the function explains, at most 1; below
    /// 0 where a constant would do better.
    pub explained: f64,
}

impl Gabor {
    /// The function at each pixel of a kernel of this size.
    pub fn picture(&self, h: usize, w: usize) -> Vec<f32> {
        let shape = Shape {
            theta: self.orientation,
            f: self.frequency,
            sigma: self.sigma,
            gamma: self.gamma,
            x0: self.centre[0],
            y0: self.centre[1],
        };
        let (a, b) = (self.amplitude * self.phase.cos(), -self.amplitude * self.phase.sin());
        let pixels = (0..h * w).map(|i| shape.waves((i % w) as f64, (i / w) as f64));
        pixels.map(|(c, s)| (a * c + b * s) as f32).collect()
    }
}

/// What is not linear in it.
#[derive(Clone, Copy, Debug)]
struct Shape {
    theta: f64,
    f: f64,
    sigma: f64,
    gamma: f64,
    x0: f64,
    y0: f64,
}

impl Shape {
    /// Cosine and sine under the Gaussian.
    fn waves(&self, x: f64, y: f64) -> (f64, f64) {
        let (sin, cos) = self.theta.sin_cos();
        let (dx, dy) = (x - self.x0, y - self.y0);
        let (u, v) = (dx * cos + dy * sin, dy * cos - dx * sin);
        let hill =
            (-(u * u + self.gamma * self.gamma * v * v) / (2.0 * self.sigma * self.sigma)).exp();
        let (s, c) = (TAU * self.f * u).sin_cos();
        (hill * c, hill * s)
    }

    /// The best factors of cosine and sine, and the squares that are left.
    fn project(&self, kernel: &[f32], w: usize) -> (f64, f64, f64) {
        let (mut cc, mut ss, mut cs, mut ck, mut sk, mut kk) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (i, k) in kernel.iter().enumerate() {
            let (c, s) = self.waves((i % w) as f64, (i / w) as f64);
            let k = f64::from(*k);
            cc += c * c;
            ss += s * s;
            cs += c * s;
            ck += c * k;
            sk += s * k;
            kk += k * k;
        }
        // A little ridge keeps a wave without a sine (f near 0) solvable.
        let ridge = 1e-9 * (cc + ss) + 1e-300;
        let (cc, ss) = (cc + ridge, ss + ridge);
        let d = cc * ss - cs * cs;
        if !d.is_finite() || d <= 0.0 {
            return (0.0, 0.0, kk);
        }
        let (a, b) = ((ck * ss - sk * cs) / d, (sk * cc - ck * cs) / d);
        (a, b, kk - a * ck - b * sk)
    }
}

/// What is searched, and how its numbers become a shape.
struct Search<'a> {
    kernel: &'a [f32],
    h: usize,
    w: usize,
    /// Whether the Gaussian is searched, too.
    free: bool,
}

impl Search<'_> {
    fn side(&self) -> f64 {
        self.h.min(self.w) as f64
    }

    /// From θ, f and, where it is free, ln σ, ln γ, x₀, y₀.
    fn shape(&self, p: &[f64]) -> Shape {
        let middle = |n: usize| (n as f64 - 1.0) / 2.0;
        let held = Shape {
            theta: p[0],
            f: p[1],
            sigma: self.side() / 2.0,
            gamma: 1.0,
            x0: middle(self.w),
            y0: middle(self.h),
        };
        if self.free {
            Shape { sigma: p[2].exp(), gamma: p[3].exp(), x0: p[4], y0: p[5], ..held }
        } else {
            held
        }
    }

    /// Squares left; beyond what means anything, more the further.
    fn cost(&self, p: &[f64]) -> f64 {
        let energy: f64 = self.kernel.iter().map(|k| f64::from(*k).powi(2)).sum();
        let over = |v: f64, low: f64, high: f64| (low - v).max(v - high).max(0.0);
        // Half a cycle per pixel is the finest wave that pixels can show.
        let mut beyond = over(p[1], 0.0, 0.5);
        if self.free {
            let (low, high) = (0.4f64.ln(), (1.5 * self.side()).ln());
            beyond += over(p[2], low, high) + over(p[3], -1.4, 1.4);
            beyond += over(p[4], -0.5, self.w as f64 - 0.5) + over(p[5], -0.5, self.h as f64 - 0.5);
        }
        if beyond > 0.0 {
            return energy * (1.0 + beyond);
        }
        self.shape(p).project(self.kernel, self.w).2
    }

    /// The middle of the weights' energy.
    fn centroid(&self) -> (f64, f64) {
        let (mut total, mut x, mut y) = (0.0, 0.0, 0.0);
        for (i, k) in self.kernel.iter().enumerate() {
            let e = f64::from(*k).powi(2);
            total += e;
            x += e * (i % self.w) as f64;
            y += e * (i / self.w) as f64;
        }
        if total > 0.0 { (x / total, y / total) } else { (0.0, 0.0) }
    }

    fn starts(&self) -> Vec<Vec<f64>> {
        let side = self.side();
        let (x0, y0) = self.centroid();
        let mut grid: Vec<(f64, Vec<f64>)> = Vec::new();
        let waves: Vec<f64> = if self.free {
            // From half a cycle within the kernel to the finest.
            (0..9).map(|i| (0.5 / side) * (0.45 * side).powf(f64::from(i) / 8.0).max(1.0)).collect()
        } else {
            (1..=10).map(|i| 0.05 * f64::from(i)).collect()
        };
        let widths: &[f64] = if self.free { &[0.12, 0.25, 0.5] } else { &[0.5] };
        for turn in 0..16 {
            for f in &waves {
                for width in widths {
                    let mut p = vec![PI * f64::from(turn) / 16.0, f.min(0.49)];
                    if self.free {
                        p.extend([(width * side).ln(), 0.0, x0, y0]);
                    }
                    grid.push((self.cost(&p), p));
                }
            }
        }
        grid.sort_by(|a, b| a.0.total_cmp(&b.0));
        let starts = if self.free { 6 } else { 3 };
        grid.into_iter().take(starts).map(|g| g.1).collect()
    }
}

/// Fits a function to a kernel of `h`×`w` weights.
///
/// # Panics
/// When there are not that many.
pub fn fit(kernel: &[f32], h: usize, w: usize) -> Gabor {
    assert_eq!(kernel.len(), h * w);
    let search = Search { kernel, h, w, free: h.min(w) >= FREE_FROM };
    let steps: &[f64] =
        if search.free { &[0.15, 0.03, 0.25, 0.2, 0.6, 0.6] } else { &[0.15, 0.04] };
    let mut best: Option<(f64, Vec<f64>)> = None;
    for start in search.starts() {
        let found = simplex(&|p| search.cost(p), start, steps, 400);
        if best.as_ref().is_none_or(|b| found.0 < b.0) {
            best = Some(found);
        }
    }
    let p = best.map_or_else(|| vec![0.0; 6], |b| b.1);
    let mut shape = search.shape(&p);
    // The same function has two names; the one with θ in [0, π) is meant.
    let (a, mut b, left) = shape.project(kernel, w);
    let turns = shape.theta.rem_euclid(TAU);
    shape.theta = turns;
    if turns >= PI {
        shape.theta = turns - PI;
        b = -b;
    }
    let n = kernel.len().max(1) as f64;
    let mean = kernel.iter().map(|k| f64::from(*k)).sum::<f64>() / n;
    let variance: f64 = kernel.iter().map(|k| (f64::from(*k) - mean).powi(2)).sum();
    let explained = if variance > 0.0 { 1.0 - left / variance } else { 0.0 };
    Gabor {
        amplitude: a.hypot(b),
        orientation: shape.theta,
        frequency: shape.f,
        phase: (-b).atan2(a),
        sigma: shape.sigma,
        gamma: shape.gamma,
        centre: [shape.x0, shape.y0],
        explained,
    }
}

/// Nelder and Mead's simplex from `start`; the least cost and where it is.
fn simplex(
    cost: &dyn Fn(&[f64]) -> f64,
    start: Vec<f64>,
    steps: &[f64],
    most: usize,
) -> (f64, Vec<f64>) {
    let n = start.len();
    let mut corners: Vec<(f64, Vec<f64>)> = (0..=n)
        .map(|i| {
            let mut p = start.clone();
            if i > 0 {
                p[i - 1] += steps[i - 1];
            }
            (cost(&p), p)
        })
        .collect();
    for _ in 0..most {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (least, worst) = (corners[0].0, corners[n].0);
        if worst - least <= 1e-12 * worst.abs() {
            break;
        }
        let middle: Vec<f64> =
            (0..n).map(|k| corners[..n].iter().map(|c| c.1[k]).sum::<f64>() / n as f64).collect();
        let at = |t: f64| {
            let p: Vec<f64> =
                (0..n).map(|k| middle[k] + t * (corners[n].1[k] - middle[k])).collect();
            (cost(&p), p)
        };
        let mirrored = at(-1.0);
        let next = if mirrored.0 < least {
            let further = at(-2.0);
            if further.0 < mirrored.0 { Some(further) } else { Some(mirrored) }
        } else if mirrored.0 < corners[n - 1].0 {
            Some(mirrored)
        } else {
            let nearer = if mirrored.0 < worst { at(-0.5) } else { at(0.5) };
            (nearer.0 < worst.min(mirrored.0)).then_some(nearer)
        };
        match next {
            Some(corner) => corners[n] = corner,
            None => {
                let best = corners[0].1.clone();
                for corner in &mut corners[1..] {
                    let p: Vec<f64> =
                        corner.1.iter().zip(&best).map(|(v, b)| f64::midpoint(*v, *b)).collect();
                    *corner = (cost(&p), p);
                }
            }
        }
    }
    corners.sort_by(|a, b| a.0.total_cmp(&b.0));
    corners.swap_remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rng::Rng;

    /// Angle between two directions of a wave, whichever way they point.
    fn apart(a: f64, b: f64, turn: f64) -> f64 {
        let d = (a - b).rem_euclid(turn);
        d.min(turn - d)
    }

    fn planted(side: usize, rng: &mut Rng) -> Gabor {
        let side = side as f64;
        let uniform = |rng: &mut Rng, a: f64, b: f64| a + (b - a) * f64::from(rng.uniform());
        let sigma = side * uniform(rng, 0.14, 0.2);
        Gabor {
            amplitude: uniform(rng, 0.5, 2.0),
            orientation: uniform(rng, 0.0, PI),
            // One to two cycles within the Gaussian: neither a blob nor a texture.
            frequency: (uniform(rng, 0.8, 1.6) / (4.0 * sigma)).min(0.45) * 1.5,
            phase: uniform(rng, -3.0, 3.0),
            sigma,
            gamma: uniform(rng, 0.6, 1.2),
            centre: [0, 1].map(|_| (side - 1.0) / 2.0 + uniform(rng, -0.1, 0.1) * side),
            explained: 1.0,
        }
    }

    #[test]
    fn planted_parameters_are_recovered() {
        let mut rng = Rng::stream(4, "planted", 0);
        for side in [9, 15, 28] {
            for _ in 0..6 {
                let truth = planted(side, &mut rng);
                let found = fit(&truth.picture(side, side), side, side);
                let what = format!("{side}: {found:?}, planted {truth:?}");
                assert!(found.explained > 0.999, "{what}");
                assert!(apart(found.orientation, truth.orientation, PI) < 0.02, "{what}");
                assert!((found.frequency / truth.frequency - 1.0).abs() < 0.03, "{what}");
                // Near θ = 0 the wave may be found pointing the other way.
                let turned = (found.orientation - truth.orientation).abs() > 1.0;
                let phase = if turned { -found.phase } else { found.phase };
                assert!(apart(phase, truth.phase, TAU) < 0.1, "{what}");
            }
        }
    }

    #[test]
    fn noise_lowers_what_is_explained_and_little_else() {
        let mut rng = Rng::stream(5, "planted", 1);
        for _ in 0..4 {
            let truth = planted(28, &mut rng);
            let mut kernel = truth.picture(28, 28);
            let size = kernel.iter().map(|k| k * k).sum::<f32>() / 784.0;
            kernel.iter_mut().for_each(|k| *k += 0.7 * size.sqrt() * rng.normal());
            let found = fit(&kernel, 28, 28);
            // Signal 1 against noise 0.49 of the variance.
            assert!((found.explained - 1.0 / 1.49).abs() < 0.08, "{found:?}");
            assert!(apart(found.orientation, truth.orientation, PI) < 0.1, "{found:?} {truth:?}");
            assert!((found.frequency / truth.frequency - 1.0).abs() < 0.1, "{found:?} {truth:?}");
        }
    }

    #[test]
    fn small_kernels_with_a_held_gaussian() {
        let mut rng = Rng::stream(6, "planted", 2);
        for _ in 0..8 {
            let truth = Gabor {
                amplitude: 1.0,
                orientation: f64::from(rng.range(0.1, 3.0)),
                frequency: f64::from(rng.range(0.12, 0.4)),
                phase: f64::from(rng.range(-3.0, 3.0)),
                sigma: 1.5,
                gamma: 1.0,
                centre: [1.0, 1.0],
                explained: 1.0,
            };
            let found = fit(&truth.picture(3, 3), 3, 3);
            let what = format!("{found:?}, planted {truth:?}");
            assert!(found.explained > 0.999, "{what}");
        }
        // An edge, bright to the right: the wave goes to the right, and it is odd.
        let edge = fit(&[-1.0, 0.0, 1.0, -1.0, 0.0, 1.0, -1.0, 0.0, 1.0], 3, 3);
        assert!(apart(edge.orientation, 0.0, PI) < 0.02 && edge.explained > 0.85, "{edge:?}");
        assert!((edge.phase.abs() - PI / 2.0).abs() < 0.05, "{edge:?}");
    }

    #[test]
    fn what_cannot_be_fitted_breaks_nothing() {
        for kernel in [[0.0; 25], [1.0; 25], [f32::NAN; 25], [f32::MAX; 25]] {
            let found = fit(&kernel, 5, 5);
            assert!(found.explained.is_nan() || found.explained <= 1.0, "{found:?}");
        }
    }
}
