//! A learning rule looked at while it learns: how far its updates are from the true
//! gradient, what one digit sends where; and the errors on their way, disturbed.

use super::history::{LayerRate, RatePoint};
use super::{Backend, Trainer};
use crate::ann::evaluate::Tally;
use crate::ann::rules::disturbance::Disturbance;
use crate::ann::rules::passage::Snapshot;
use crate::ann::rules::probe;
use crate::ann::spiking::activity::activity;
use crate::data::Pixels;

/// Times in an epoch that it is measured how far updates are from the gradient.
const PROBES: usize = 8;
/// Training digits that this is measured on: always the same.
const PROBE_DIGITS: usize = 250;
/// Held-out digits that are asked then.
const PROBE_HELD_OUT: usize = 512;

/// Times in an epoch that firing rates are measured.
const RATES: usize = 16;
/// Training digits that this is measured on: always the same.
const RATE_DIGITS: usize = 64;

impl Trainer {
    /// Whether it is the turn of this step: the first few, then [`PROBES`] times in an
    /// epoch.
    pub(super) fn probe_is_due(&self) -> bool {
        let every = (self.batches_per_epoch() / PROBES).max(1) as u64;
        let early = self.step < 64 && (self.step == 0 || self.step.is_power_of_two());
        (early || self.step.is_multiple_of(every)) && self.probed != Some(self.step)
    }

    /// Whether firing rates are to be measured at this step, of a network that has some.
    pub(super) fn rates_are_due(&self) -> bool {
        let every = (self.batches_per_epoch() / RATES).max(1) as u64;
        let early = self.step < 64 && (self.step == 0 || self.step.is_power_of_two());
        let known = self.history.rates.last().is_some_and(|r| r.step == self.step);
        self.spikes && (early || self.step.is_multiple_of(every)) && !known
    }

    /// Measures firing rates on training digits that stay the same. Looks only.
    pub(super) fn measure_rates(&mut self) {
        let chosen = &self.training[..RATE_DIGITS.min(self.training.len())];
        let pictures: Vec<Pixels> = chosen.iter().map(|i| self.data.pixels(*i as usize)).collect();
        let measured = self.pool.install(|| activity(self.network(), &pictures));
        let Some(measured) = measured else { return };
        let layers = measured.layers.into_iter().map(|layer| {
            let count = |share: f32| (share * layer.units as f32).round() as usize;
            LayerRate {
                rate: layer.mean_rate(),
                silent: count(layer.silent()),
                saturated: count(layer.saturated()),
                units: layer.units,
                name: layer.name,
            }
        });
        let point = RatePoint { step: self.step, layers: layers.collect() };
        self.history.rates.push(point);
    }

    /// Measures how far the rule's update is from the true gradient, on digits that
    /// stay the same. Looks only: the run stays as it is.
    pub(super) fn probe(&mut self) {
        self.probed = Some(self.step);
        let Backend::Own(learner) = &self.backend else { return };
        let chosen: &[u32] = &self.training[..PROBE_DIGITS.min(self.training.len())];
        let pictures: Vec<f32> =
            chosen.iter().flat_map(|i| self.data.pixels(*i as usize)).collect();
        let labels: Vec<u8> = chosen.iter().map(|i| self.data.label(*i as usize)).collect();
        let looked = probe::Digits {
            network: &self.network,
            pictures: &pictures,
            labels: &labels,
            address: (self.config.seed, self.step),
        };
        // What is late does not arrive at digits that are shown once.
        let disturbance = Disturbance { delay: 0, ..learner.disturbance };
        let method = learner.method();
        let shown = self.validation.len().min(PROBE_HELD_OUT);
        let point = self.pool.install(|| {
            let narrow = |angles: Vec<Option<f64>>| -> Vec<Option<f32>> {
                angles.into_iter().map(|a| a.map(|a| a as f32)).collect()
            };
            let mut tally = Tally::default();
            while tally.done() < shown {
                tally.advance(&self.network, &self.validation);
            }
            probe::ProbePoint {
                step: self.step,
                accuracy: (shown > 0).then(|| tally.finish().accuracy as f32),
                gradient_angles: narrow(method.angles(&looked, &disturbance)),
                feedback_angles: narrow(probe::feedback_angles(method, &self.network)),
            }
        });
        self.history.probes.push(point);
    }

    /// What is done to errors on their way back from now on; the run's history keeps
    /// when it was changed.
    pub fn disturb(&mut self, disturbance: Disturbance) {
        if let Backend::Own(learner) = &mut self.backend {
            if learner.disturbance == disturbance || !disturbance.is_sound() {
                return;
            }
            learner.disturbance = disturbance;
            self.history.disturbances.push((self.step, disturbance));
        }
    }

    /// What is done to errors now.
    pub fn disturbance(&self) -> Disturbance {
        match &self.backend {
            Backend::Own(learner) => learner.disturbance,
            Backend::Device(_) => Disturbance::default(),
        }
    }

    /// Network and rule as they are now, to look at; `None` on a device.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let Backend::Own(learner) = &self.backend else { return None };
        Some(Snapshot {
            network: self.network.clone(),
            method: learner.method().copy(),
            disturbance: learner.disturbance,
            rule: self.config.rule.id().to_owned(),
            step: self.step,
            seed: self.config.seed,
        })
    }
}
