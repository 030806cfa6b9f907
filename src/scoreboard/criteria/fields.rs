//! Receptive fields of the first layer that Gabor functions explain.

use super::sparse::untrained;
use super::{Better, Criterion, Group, cell};
use crate::ann::inspect::gabor::{FREE_FROM, Gabor, fit};
use crate::ann::network::Network;
use crate::ann::zoo::Layer;
use crate::core::rng::Rng;
use crate::core::text::percent;
use crate::data::{PIXELS, SIDE};
use crate::scoreboard::board::{Cell, Detail, Histogram, Value};
use crate::scoreboard::circuit::synapses;
use crate::scoreboard::member::{Member, in_parallel};
use crate::scoreboard::stats::mean;
use crate::scoreboard::subject::{Context, Halt, Subject, What};

/// The criterion.
pub static FIELDS: Criterion = Criterion {
    id: "gabor",
    name: "Gabor fields",
    unit: "%",
    doc: "Share of the first layer's neurons (48 of them, evenly spread) whose weights a Gabor function explains: at least a quarter of their variance, with stripes (σ f of at least 0.1; Ringach 2002), as simple cells in the visual cortex are described (Jones and Palmer 1987). The histogram has the variance explained, beside the same network untrained, which scores too. Digits are no natural images, and weights of pixels at the rim, which no digit lights, stay as they began. The first seed; spread: standard error over neurons.",
    group: Group::Code,
    better: Some(Better::High),
    measure: |subject, context| cell(measure(subject, context)),
};

/// Neurons looked at.
const LOOKED_AT: usize = 48;
/// Share of the variance that has to be explained.
const EXPLAINED: f64 = 0.25;
/// σ f, cycles within the Gaussian's width, of what has stripes.
const STRIPES: f64 = 0.1;
const BINS: usize = 20;

/// Whether such a function is a receptive field of a simple cell, and explains the weights.
pub fn is_simple_cell(g: &Gabor) -> bool {
    g.explained >= EXPLAINED && g.sigma * g.frequency >= STRIPES
}

/// Weights onto some neurons of the first layer, and the side of the square that they
/// come from.
fn fields(network: &Network) -> Result<(Vec<Vec<f32>>, usize), Halt> {
    let layers = (network.architecture().layers)();
    let first = synapses(network).into_iter().next();
    let first = first.ok_or_else(|| Halt::reason("it has no weights"))?;
    let side = match layers.first() {
        Some(Layer::Conv { kernel, .. }) if *kernel < FREE_FROM => {
            return Err(Halt::reason(format!(
                "its first kernels are {kernel}×{kernel}: a Gabor function has as many constants as they have weights"
            )));
        }
        Some(Layer::Conv { kernel, .. }) => *kernel,
        Some(Layer::ConvStdp(_)) => {
            return Err(Halt::reason("its kernels see on and off cells of a retina, not pixels"));
        }
        Some(Layer::Convolution { window, .. }) if window.kernel[0] != window.kernel[1] => {
            return Err(Halt::reason("its first kernels are no squares"));
        }
        Some(Layer::Convolution { window, .. }) if window.kernel[0] < FREE_FROM => {
            let kernel = window.kernel[0];
            return Err(Halt::reason(format!(
                "its first kernels are {kernel}×{kernel}: a Gabor function has as many constants as they have weights"
            )));
        }
        Some(Layer::Convolution { window, .. }) => window.kernel[0],
        _ if first.rows == PIXELS => SIDE,
        _ => return Err(Halt::reason("its neurons see a line of the picture at a time")),
    };
    let values = network.parameters()[first.parameter].values;
    Ok((columns(values, first.columns), side))
}

/// Some columns of a matrix, evenly spread.
fn columns(values: &[f32], all: usize) -> Vec<Vec<f32>> {
    let n = all.min(LOOKED_AT);
    let column = |i: usize| values.iter().skip(i * all / n.max(1)).step_by(all).copied().collect();
    (0..n).map(column).collect()
}

fn fits(fields: &[Vec<f32>], side: usize, context: &Context<'_>) -> Result<Vec<Gabor>, Halt> {
    let each = in_parallel(fields.len(), context.threads, |i| {
        context.go_on()?;
        Ok(fit(&fields[i], side, side))
    });
    each.into_iter().collect()
}

fn bins(fits: &[Gabor]) -> Vec<f64> {
    let mut counts = vec![0f64; BINS];
    for g in fits {
        let bin = (g.explained.max(0.0) * BINS as f64) as usize;
        counts[bin.min(BINS - 1)] += 1.0;
    }
    counts
}

fn share(fits: &[Gabor]) -> f64 {
    mean(&fits.iter().map(|g| f64::from(u8::from(is_simple_cell(g)))).collect::<Vec<_>>())
}

fn measure(subject: &Subject, context: &Context<'_>) -> Result<Cell, Halt> {
    let members = subject.members(context)?;
    let member = members.first().ok_or_else(|| Halt::reason("it has no network"))?;
    let (found, before) = match member {
        Member::Converted(_) => {
            return Err(Halt::reason("its weights are those of the original"));
        }
        Member::DiehlCook(trained) => {
            let fields = columns(&trained.weights, trained.about.config.neurons);
            // It begins with uniform weights.
            let mut rng = Rng::stream(1, "untrained fields", 0);
            let fresh: Vec<Vec<f32>> =
                fields.iter().map(|f| f.iter().map(|_| rng.uniform()).collect()).collect();
            (fits(&fields, SIDE, context)?, Some(fits(&fresh, SIDE, context)?))
        }
        Member::Network(network) => {
            let (own, side) = fields(network)?;
            let before = match untrained(subject)? {
                Some(fresh) => {
                    let id = fresh.architecture().id;
                    let key = format!("untrained fields {id}");
                    let known =
                        context.cache.get(&key, || fits(&fields(&fresh)?.0, side, context))?;
                    Some(known.to_vec())
                }
                None => None,
            };
            (fits(&own, side, context)?, before)
        }
    };
    let number = share(&found);
    let error = (number * (1.0 - number) / found.len().max(1) as f64).sqrt();
    let mut explained: Vec<f64> = found.iter().map(|g| g.explained.max(0.0)).collect();
    explained.sort_by(f64::total_cmp);
    let median = explained.get(explained.len() / 2).copied().unwrap_or(0.0);
    let mut remark = format!("half of the neurons are explained by less than {}", percent(median));
    if let Some(before) = &before {
        remark += &format!("; untrained, {} have such fields", percent(share(before)));
    }
    if matches!(subject.what, What::Network(ref both) if matches!((both.0.architecture().layers)().first(), Some(Layer::Conv { .. })))
    {
        remark += "; small kernels are easily explained";
    }
    Ok(Cell {
        value: Some(Value::Number(100.0 * number)),
        spread: Some(100.0 * error),
        by_seed: Vec::new(),
        digits: None,
        remark,
        detail: Some(Detail::Histogram(Histogram {
            x: "variance explained, %".into(),
            range: (0.0, 100.0),
            counts: bins(&found),
            untrained: before.as_deref().map(bins).unwrap_or_default(),
        })),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_gabor_is_found_and_noise_is_not() {
        let made = Gabor {
            amplitude: 1.0,
            orientation: 0.7,
            frequency: 0.12,
            phase: 0.3,
            sigma: 4.0,
            gamma: 0.8,
            centre: [13.0, 15.0],
            explained: 1.0,
        };
        let found = fit(&made.picture(SIDE, SIDE), SIDE, SIDE);
        assert!(is_simple_cell(&found) && found.explained > 0.99, "{found:?}");
        assert!((found.orientation - made.orientation).abs() < 0.02, "{found:?}");
        let mut rng = Rng::stream(3, "noise", 0);
        let noise: Vec<f32> = (0..PIXELS).map(|_| rng.normal()).collect();
        assert!(!is_simple_cell(&fit(&noise, SIDE, SIDE)));
        // A blob has no stripes.
        let blob = Gabor { frequency: 0.0, phase: 0.0, ..made };
        assert!(!is_simple_cell(&fit(&blob.picture(SIDE, SIDE), SIDE, SIDE)));
    }
}
