//! The weight mirror (Akrout et al. 2019): the way back is a second matrix B that learns
//! while the network "sleeps". Noise ξ goes into one layer alone; what comes out is
//! `y = ξ·W`, and B moves by Hebb's rule, `B ← (1−m)·B + m·yᵀ·ξ/n`. Since the noise is
//! uncorrelated, the mean of yᵀξ is Wᵀ.

use rayon::prelude::*;

use super::{Buffer, Kind, Method, Network, Recipe, Rule, Way, adam, matrix, random_feedback};
use crate::ann::ops::dense::{outer, times};
use crate::ann::tap::{Signal, Tapped};
use crate::core::param::{Param, params};
use crate::core::rng::Rng;

params! {
    struct Params: f32 {
        share: Param::number(
            "Share m", "", 0.05, (0.001, 1.0),
            "How much of the matrix each noise phase replaces: small is slow, large is noisy",
        ),
        every: Param::number(
            "A noise phase every", "batches", 4.0, (1.0, 1000.0),
            "Mini-batches from one noise phase to the next",
        ),
    }
}

/// Sleep to align.
pub static RULE: Rule = Rule {
    id: "weight_mirror",
    name: "Weight mirror",
    doc: "Every few batches the network sleeps: noise goes through each layer alone, and a second matrix learns from it, by Hebb's rule, what the weights are (Akrout et al. 2019).",
    way_back: "a second matrix that learns from noise",
    parameters: Params::DECLARED,
    kind: Kind::Dense,
    optimisers: &[],
    why: "",
    usual: || adam(1e-3),
    recipe: Recipe::new(&[500, 500], 64, 15),
    sends_errors: true,
    relaxes: false,
    begin: |start| {
        let Params { share, every } = Params::of(start.values);
        let every = (every.round() as u64).max(1);
        Box::new(WeightMirror { matrices: random_feedback(start, 1.0), share, every })
    },
};

/// Rows of a matrix that one thread works on at a time.
const ROWS: usize = 64;
/// Rows of noise: enough for a mean, whatever the size of the mini-batch.
const NOISE: usize = 64;

struct WeightMirror {
    matrices: Vec<Buffer>,
    share: f32,
    every: u64,
}

impl WeightMirror {
    /// A noise phase of each layer.
    fn sleep(&mut self, network: &Network, (seed, step): (u64, u64), tap: Tapped<'_>) {
        let plan = network.plan();
        for (number, matrix) in self.matrices.iter_mut().enumerate() {
            if matrix.is_empty() {
                continue;
            }
            let op = &plan.steps[number].op;
            let (inputs, units) = (op.input().len(), op.output().len());
            let weights = &network.step_parameters(number)[..inputs * units];
            let name = format!("noise into {number}");
            let mut noise = vec![0f32; NOISE * inputs];
            let mut response = vec![0f32; NOISE * units];
            noise
                .par_chunks_mut(8 * inputs)
                .zip(response.par_chunks_mut(8 * units))
                .enumerate()
                .for_each(|(i, (noise, response))| {
                    let mut rng = Rng::stream(seed, &name, step * 1024 + i as u64);
                    pairs(&mut rng, noise);
                    times(
                        plan.isa,
                        (noise.len() / inputs, inputs, units),
                        noise,
                        weights,
                        response,
                    );
                });
            tap.sent(Signal::Activity(number), &mut noise);
            tap.sent(Signal::Activity(number + 1), &mut response);
            let (share, by) = (self.share, self.share / NOISE as f32);
            matrix.par_chunks_mut(ROWS * units).enumerate().for_each(|(i, rows)| {
                let mut seen = vec![0f32; rows.len()];
                let which = (i * ROWS, rows.len() / units);
                let shape = (NOISE, inputs, units);
                outer(plan.isa, shape, which, &noise, &response, &mut seen, false);
                for (b, s) in rows.iter_mut().zip(&seen) {
                    *b = (1.0 - share) * *b + by * s;
                }
            });
        }
    }
}

/// Fills with standard normal numbers, two from each draw (Box and Muller).
fn pairs(rng: &mut Rng, out: &mut [f32]) {
    for pair in out.chunks_mut(2) {
        let length = (-2.0 * (1.0 - rng.uniform()).ln()).sqrt();
        let (sin, cos) = (std::f32::consts::TAU * rng.uniform()).sin_cos();
        pair[0] = length * cos;
        if let Some(second) = pair.get_mut(1) {
            *second = length * sin;
        }
    }
}

impl Method for WeightMirror {
    fn way(&self, step: usize) -> Way<'_> {
        matrix(&self.matrices, step)
    }

    fn renew(&mut self, network: &Network, address: (u64, u64), tap: Tapped<'_>) {
        if address.1.is_multiple_of(self.every) {
            self.sleep(network, address, tap);
        }
    }

    fn matrices(&self) -> &[Buffer] {
        &self.matrices
    }

    fn matrices_mut(&mut self) -> &mut [Buffer] {
        &mut self.matrices
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(Self { matrices: self.matrices.clone(), share: self.share, every: self.every })
    }
}
