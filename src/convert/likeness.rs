//! How closely spike rates match activations, layer by layer.

use crate::ann::inspect::dissection::Dissection;
use crate::ann::network::Network;
use crate::data::Pixels;

use super::network::Spiking;
use super::run::Run;

/// A layer of the original beside its spiking counterpart, for one or more pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    /// Number of the stage.
    pub stage: usize,
    /// Correlation of activations and rates (Pearson); `None` where one of them does
    /// not vary.
    pub r: Option<f64>,
    /// Root mean square of rate − activation / λ.
    pub error: f64,
    /// Share of units at one spike a step whose activation asks for more.
    pub saturated: f64,
    /// Share of units that are active and never spiked.
    pub silent: f64,
}

/// The activations of the stages that have neurons, `None` for pooling.
pub fn activations(
    network: &Network,
    spiking: &Spiking,
    picture: &Pixels,
) -> Vec<Option<Vec<f32>>> {
    let trace = Dissection::new(network).forward(picture, 1);
    let of = |s: &super::network::Stage| s.cells().map(|_| trace.output(s.layer).to_vec());
    spiking.stages.iter().map(of).collect()
}

/// Sums from which a [`Likeness`] follows, so that several pictures can be taken
/// together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    n: f64,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
    off: f64,
    saturated: f64,
    silent: f64,
}

impl Sums {
    /// Takes a stage of a run in. Activations below zero (of output units) count as
    /// zero, as the rate does.
    pub fn add(&mut self, run: &Run<'_>, stage: usize, activations: &[f32]) {
        let Some(cells) = run.spiking().stages[stage].cells() else { return };
        let steps = run.step().max(1) as f64;
        for (place, (a, count)) in activations.iter().zip(run.counts(stage)).enumerate() {
            let x = f64::from(a.max(0.0) / cells.scale(place));
            let y = f64::from(*count) / steps;
            self.n += 1.0;
            self.x += x;
            self.y += y;
            self.xx += x * x;
            self.yy += y * y;
            self.xy += x * y;
            self.off += (y - x) * (y - x);
            self.saturated += f64::from(x > 1.0);
            self.silent += f64::from(x > 0.0 && *count == 0);
        }
    }

    /// What follows.
    pub fn likeness(&self, stage: usize) -> Likeness {
        let n = self.n.max(1.0);
        let (vx, vy) = (self.xx - self.x * self.x / n, self.yy - self.y * self.y / n);
        let covariance = self.xy - self.x * self.y / n;
        let varies = vx > 1e-12 && vy > 1e-12;
        Likeness {
            stage,
            r: varies.then(|| (covariance / (vx * vy).sqrt()).clamp(-1.0, 1.0)),
            error: (self.off / n).sqrt(),
            saturated: self.saturated / n,
            silent: self.silent / n,
        }
    }
}

/// Likeness of all spiking stages over some pictures after so many steps.
pub fn of(network: &Network, spiking: &Spiking, pictures: &[Pixels], steps: u64) -> Vec<Likeness> {
    let mut sums = vec![Sums::default(); spiking.stages.len()];
    for (number, picture) in pictures.iter().enumerate() {
        let mut run = Run::new(spiking, picture, Default::default(), number as u64);
        (0..steps).for_each(|_| run.advance());
        for (stage, values) in activations(network, spiking, picture).iter().enumerate() {
            if let Some(values) = values {
                sums[stage].add(&run, stage, values);
            }
        }
    }
    let spiking_stages = spiking.stages.iter().enumerate();
    spiking_stages
        .filter(|(_, s)| s.cells().is_some_and(|c| c.spikes))
        .map(|(stage, _)| sums[stage].likeness(stage))
        .collect()
}
