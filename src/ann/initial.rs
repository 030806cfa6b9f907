//! Initial weights, each array from a random stream of its own name.

use super::ops::op::{Initial, Parameter};
use crate::core::rng::Rng;

/// Draws an array. `name` addresses the stream.
pub fn draw(parameter: &Parameter, seed: u64, name: &str) -> Vec<f32> {
    let mut rng = Rng::stream(seed, &format!("init {name}"), 0);
    let n = parameter.len();
    match parameter.initial {
        Initial::Normal { mean, deviation } => {
            (0..n).map(|_| mean + deviation * rng.normal()).collect()
        }
        Initial::Share { mean, deviation } => {
            (0..n).map(|_| (mean + deviation * rng.normal()).clamp(0.0, 1.0)).collect()
        }
        Initial::Zero => vec![0.0; n],
        Initial::Ones { from, to } => {
            (0..n).map(|i| f32::from(u8::from((from..to).contains(&i)))).collect()
        }
        Initial::Glorot { fan_in, fan_out } => {
            let limit = (6.0 / (fan_in + fan_out) as f32).sqrt();
            (0..n).map(|_| rng.range(-limit, limit)).collect()
        }
        Initial::Orthogonal => orthogonal(parameter.shape[0], n / parameter.shape[0], &mut rng),
    }
}

/// Orthonormal rows, by Gram and Schmidt's process (twice, for accuracy) on rows
/// of normal numbers.
fn orthogonal(rows: usize, columns: usize, rng: &mut Rng) -> Vec<f32> {
    let mut all: Vec<Vec<f64>> = Vec::with_capacity(rows);
    for _ in 0..rows {
        let mut row: Vec<f64> = (0..columns).map(|_| f64::from(rng.normal())).collect();
        for _ in 0..2 {
            for other in &all {
                let along: f64 = row.iter().zip(other).map(|(a, b)| a * b).sum();
                row.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
        }
        let length = row.iter().map(|v| v * v).sum::<f64>().sqrt();
        row.iter_mut().for_each(|v| *v /= length);
        all.push(row);
    }
    all.iter().flatten().map(|v| *v as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthogonal_rows_are_orthonormal() {
        let rows = orthogonal(16, 48, &mut Rng::stream(1, "test", 0));
        for (i, a) in rows.chunks_exact(48).enumerate() {
            for (j, b) in rows.chunks_exact(48).enumerate() {
                let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                assert!((product - f32::from(u8::from(i == j))).abs() < 1e-5);
            }
        }
    }
}
