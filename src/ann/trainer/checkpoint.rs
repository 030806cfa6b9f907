//! Checkpoints: everything a run needs to go on bit for bit as if it had never
//! stopped. Random numbers are addressed by epoch and step, so none are saved.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::average::{self, Average};
use super::wires::{MOST_HELD, Wire};
use super::{Backend, BatchPoint, EpochPoint, RatePoint, Sums, TrainConfig, Trainer, sizes};
use crate::ann::AnnError;
use crate::ann::learner::Learner;
use crate::ann::rules::disturbance::{Disturbance, Late};
use crate::ann::rules::probe::ProbePoint;
use crate::ann::weights::{
    Arrays, Precision, arrays_of, read_arrays, read_file, set_from, write_arrays,
};
use crate::data::Dataset;
use crate::data::dataset::Fingerprint;

/// The largest checkpoint that is read. The record of the longest run that is
/// allowed has 400 MB, the largest network with its optimiser a tenth of that.
const MOST_BYTES: u64 = 1 << 30;

/// The part of a checkpoint that is no array.
#[derive(Serialize, Deserialize)]
struct State {
    config: TrainConfig,
    data: String,
    epoch: usize,
    batch: usize,
    step: u64,
    sums: Sums,
    updates: u64,
    epochs: Vec<EpochPoint>,
    /// Measurements of how far updates were from the gradient.
    #[serde(default)]
    probes: Vec<ProbePoint>,
    /// Firing rates of a network of spikes.
    #[serde(default)]
    rates: Vec<RatePoint>,
    /// What was done to errors, and from which step on.
    #[serde(default)]
    disturbances: Vec<(u64, Disturbance)>,
    /// Updates of the optimiser of the matrices on the way back.
    #[serde(default)]
    rule_updates: u64,
    /// Samples in the average of the weights.
    #[serde(default)]
    averaged: u64,
    /// Connections that are held, and at which weights.
    #[serde(default)]
    held: Vec<(Wire, f32)>,
    /// Whether a connection was ever set or held by hand.
    #[serde(default)]
    by_hand: bool,
    /// Which digits they are; earlier versions did not keep it.
    #[serde(default)]
    fingerprint: Option<Fingerprint>,
}

impl State {
    /// Whether settings, counters and records are possible and belong together,
    /// and to these digits; if not, what is wrong.
    fn check(&self, data: &Dataset, loss: &[f32], accuracy: &[f32]) -> Result<(), String> {
        let config = &self.config;
        config.validate().map_err(|e| e.to_string())?;
        if self.data != data.id {
            return Err(format!("it was trained on {}, not on {}", self.data, data.id));
        }
        let (digits, held_out) = sizes(config, data);
        let training = digits.saturating_sub(held_out);
        let per_epoch = training.div_ceil(config.batch_size);
        // `validate` keeps the products far below overflow.
        let steps = self.epoch.min(config.epochs) * per_epoch + self.batch.min(per_epoch);
        let seen = (self.batch.min(per_epoch) * config.batch_size).min(training);
        let counters = self.epoch <= config.epochs
            && self.batch <= per_epoch
            && !(self.epoch == config.epochs && self.batch > 0)
            && self.step == steps as u64
            && [loss.len(), accuracy.len()] == [steps; 2]
            && self.updates <= self.step
            && self.epochs.len() == self.epoch
            && self.epochs.iter().zip(1..).all(|(point, number)| point.epoch == number)
            && self.averaged <= self.step / average::EVERY
            && self.sums.images == seen as u64
            && self.sums.right <= self.sums.images
            && self.rule_updates <= self.step
            && self.probes.len() <= self.step as usize + 1
            && self.probes.iter().all(|p| p.step <= self.step)
            && self.rates.len() <= self.step as usize + 1
            && self.rates.iter().all(|r| r.step <= self.step)
            && self.disturbances.iter().all(|(step, _)| *step <= self.step);
        if !counters {
            return Err("its counters contradict each other, or these digits".into());
        }
        let is_loss = |v: f64| v.is_finite() && v >= 0.0;
        let records = self.epochs.iter().all(EpochPoint::is_sound)
            && self.probes.iter().all(ProbePoint::is_sound)
            && self.rates.iter().all(RatePoint::is_sound)
            && self.disturbances.iter().all(|(_, d)| d.is_sound())
            && is_loss(self.sums.loss)
            && loss.iter().all(|v| is_loss(f64::from(*v)))
            && accuracy.iter().all(|v| (0.0..=1.0).contains(v));
        if records { Ok(()) } else { Err("a loss or an accuracy in it is out of range".into()) }
    }
}

impl Trainer {
    /// Writes a checkpoint, whole or not at all. A validation in progress is
    /// begun anew when the run goes on; its result is the same.
    ///
    /// # Errors
    /// [`AnnError::Write`]; the earlier checkpoint is kept.
    pub fn save_checkpoint(&self, path: &Path) -> Result<(), AnnError> {
        let (updates, kept) = match &self.backend {
            Backend::Own(_) => {
                let (updates, kept) = self.optimiser.parts();
                (updates, Cow::Borrowed(kept))
            }
            Backend::Device(on) => {
                let (updates, kept) = on.session.kept()?;
                (updates, Cow::Owned(kept))
            }
        };
        let mut of_rule = Vec::new();
        let mut rule_updates = 0;
        if let Backend::Own(learner) = &self.backend {
            let mut keep = |name: String, values: &[f32]| {
                of_rule.push((name, vec![values.len()], values.to_vec()));
            };
            for (i, matrix) in learner.method().matrices().iter().enumerate() {
                keep(format!("rule/matrix/{i}"), matrix);
            }
            if let Some(optimiser) = learner.method().optimiser() {
                let (updates, kept) = optimiser.parts();
                rule_updates = updates;
                for (i, slots) in kept.iter().enumerate() {
                    for (j, values) in slots.iter().enumerate() {
                        keep(format!("rule/optimiser/{i}/{j}"), values);
                    }
                }
            }
            for (part, late) in learner.late().into_iter().enumerate() {
                for (number, queue) in late.iter().enumerate() {
                    for (i, errors) in queue.iter().enumerate() {
                        keep(format!("rule/late/{part}/{number}/{i}"), errors);
                    }
                }
            }
        }
        let state = State {
            config: self.config.clone(),
            data: self.data.id.clone(),
            epoch: self.epoch,
            batch: self.batch,
            step: self.step,
            sums: self.sums,
            updates,
            epochs: self.history.epochs.clone(),
            probes: self.history.probes.clone(),
            rates: self.history.rates.clone(),
            disturbances: self.history.disturbances.clone(),
            rule_updates,
            averaged: self.average.count,
            held: self.held.iter().map(|(wire, weight)| (*wire, *weight)).collect(),
            by_hand: self.by_hand,
            fingerprint: Some(self.fingerprint.clone()),
        };
        let mut arrays = arrays_of(self.network(), "network/");
        arrays.extend(of_rule);
        for (i, slots) in kept.iter().enumerate() {
            for (j, values) in slots.iter().enumerate() {
                arrays.push((format!("optimiser/{i}/{j}"), vec![values.len()], values.clone()));
            }
        }
        for (i, values) in self.average.values.iter().enumerate() {
            arrays.push((format!("average/{i}"), vec![values.len()], values.clone()));
        }
        let batches = &self.history.batches;
        for (name, values) in [
            ("history/loss", batches.iter().map(|b| b.loss).collect::<Vec<_>>()),
            ("history/accuracy", batches.iter().map(|b| b.accuracy).collect()),
        ] {
            arrays.push((name.into(), vec![values.len()], values));
        }
        write_arrays(path, &arrays, &state, Precision::Single)
    }

    /// Goes on from a checkpoint, on the same data, where the run was computed.
    ///
    /// # Errors
    /// [`AnnError::OtherDigits`]; [`AnnError::Read`] or [`AnnError::Weights`], naming file and fault;
    /// [`AnnError::NoDevice`].
    pub fn resume(path: &Path, data: Arc<Dataset>) -> Result<Self, AnnError> {
        Self::resume_on(path, data, None)
    }

    /// [`Trainer::resume`] on another device, if one is named.
    ///
    /// # Errors
    /// As above.
    pub fn resume_on(
        path: &Path,
        data: Arc<Dataset>,
        device: Option<&str>,
    ) -> Result<Self, AnnError> {
        let bytes = read_file(path, MOST_BYTES)?;
        Self::resume_from(&bytes, &path.display().to_string(), data, device)
    }

    /// [`Trainer::resume_on`] for bytes that are at hand; `file` names them in
    /// messages. Nothing in them is believed before it is checked.
    fn resume_from(
        bytes: &[u8],
        file: &str,
        data: Arc<Dataset>,
        device: Option<&str>,
    ) -> Result<Self, AnnError> {
        let broken = |reason: String| AnnError::Weights { file: file.to_owned(), reason };
        let (arrays, text) = read_arrays(bytes, file)?;
        let mut state: State = serde_json::from_str(&text)
            .map_err(|e| broken(format!("its description cannot be understood ({e})")))?;
        let array = |name: &str| -> Result<&Vec<f32>, AnnError> {
            let found = arrays.iter().find(|(n, ..)| n == name).map(|(.., values)| values);
            let values = found.ok_or_else(|| broken(format!("{name} is missing")))?;
            match values.iter().find(|v| !v.is_finite()) {
                Some(bad) => Err(broken(format!("{name} contains {bad}"))),
                None => Ok(values),
            }
        };
        let (loss, accuracy) = (array("history/loss")?, array("history/accuracy")?);
        // Other digits are named before anything is said of counters that follow from
        // them.
        let at_hand = data.fingerprint(state.config.subset);
        if let Some(how) = state.fingerprint.as_ref().and_then(|kept| kept.differs(&at_hand)) {
            return Err(AnnError::OtherDigits { file: file.to_owned(), how });
        }
        // Before memory is made for what it asks for.
        state.check(&data, loss, accuracy).map_err(broken)?;
        if let Some(device) = device {
            state.config.device = device.to_owned();
        }
        let mut trainer = Self::with(state.config.clone(), data, at_hand)?;
        trainer.unchecked = state.fingerprint.is_none();
        set_from(&mut trainer.network, &arrays, "network/", file)?;
        let held = |(wire, weight): &(Wire, f32)| wire.weight(&trainer.network) == Some(*weight);
        if state.held.len() > MOST_HELD || !state.held.iter().all(held) {
            let why = "a connection in it is held at a weight that it does not have";
            return Err(broken(why.into()));
        }
        if !state.held.is_empty() && matches!(trainer.backend, Backend::Device(_)) {
            let why = "connections are held by hand in it, which works on the CPU only";
            return Err(broken(why.into()));
        }
        trainer.held = state.held.iter().copied().collect();
        trainer.by_hand = state.by_hand;
        trainer.last_good.values = trainer.network.values();
        let mut kept = Vec::new();
        for (i, slots) in trainer.optimiser.parts().1.iter().enumerate() {
            let slots = (0..slots.len()).map(|j| array(&format!("optimiser/{i}/{j}")).cloned());
            kept.push(slots.collect::<Result<Vec<_>, _>>()?);
        }
        if !trainer.optimiser.restore(state.updates, kept) {
            return Err(broken("the optimiser's numbers do not fit the network".into()));
        }
        if let Backend::Own(learner) = &mut trainer.backend {
            restore_rule(learner, &state, &arrays).map_err(broken)?;
            trainer.last_good.matrices = trainer.backend.matrices();
        }
        trainer.history.probes.clone_from(&state.probes);
        trainer.history.rates.clone_from(&state.rates);
        trainer.probed = state.probes.last().map(|p| p.step);
        trainer.history.disturbances.clone_from(&state.disturbances);
        if state.averaged > 0 {
            let lens = trainer.last_good.values.iter().map(Vec::len).enumerate();
            let values = lens.map(|(i, len)| {
                let values = array(&format!("average/{i}"))?.clone();
                let fits = values.len() == len;
                if fits { Ok(values) } else { Err(broken(format!("average/{i} does not fit"))) }
            });
            trainer.average =
                Average { values: values.collect::<Result<_, _>>()?, count: state.averaged };
            trainer.last_good.average.clone_from(&trainer.average);
        }
        let points = loss.iter().zip(accuracy).zip(1..);
        trainer.history.batches = points
            .map(|((loss, accuracy), step)| BatchPoint { step, loss: *loss, accuracy: *accuracy })
            .collect();
        trainer.history.epochs = state.epochs;
        (trainer.epoch, trainer.batch) = (state.epoch, state.batch);
        (trainer.step, trainer.sums) = (state.step, state.sums);
        trainer.put_on_device()?;
        trainer.shuffle();
        Ok(trainer)
    }
}

/// Brings a rule's state back from a checkpoint, or says what does not fit.
fn restore_rule(learner: &mut Learner, state: &State, arrays: &Arrays) -> Result<(), String> {
    let find = |name: &str| arrays.iter().find(|(n, ..)| n == name).map(|(.., values)| values);
    let array = |name: String, len: usize| -> Result<&Vec<f32>, String> {
        let values = find(&name).ok_or_else(|| format!("{name} is missing"))?;
        if values.len() != len || values.iter().any(|v| !v.is_finite()) {
            return Err(format!("{name} does not fit, or is not finite"));
        }
        Ok(values)
    };
    for (i, matrix) in learner.method_mut().matrices_mut().iter_mut().enumerate() {
        let values = array(format!("rule/matrix/{i}"), matrix.len())?;
        matrix.copy_from_slice(values);
    }
    if let Some(optimiser) = learner.method_mut().optimiser_mut() {
        let mut kept = optimiser.parts().1.to_vec();
        for (i, slots) in kept.iter_mut().enumerate() {
            for (j, values) in slots.iter_mut().enumerate() {
                *values = array(format!("rule/optimiser/{i}/{j}"), values.len())?.clone();
            }
        }
        optimiser.restore(state.rule_updates, kept);
    }
    if let Some((_, disturbance)) = state.disturbances.last() {
        learner.disturbance = *disturbance;
    }
    let (parts, most) = (learner.late().len(), learner.disturbance.delay);
    let mut late: Vec<Late> = vec![Late::default(); parts];
    for (part, late) in late.iter_mut().enumerate() {
        for number in 0..MOST_STEPS_BACK {
            for i in 0..most {
                let Some(values) = find(&format!("rule/late/{part}/{number}/{i}")) else { break };
                if values.len() > MOST_LATE || values.iter().any(|v| !v.is_finite()) {
                    return Err("errors on their way in it are not finite or too many".into());
                }
                late.resize(late.len().max(number + 1), VecDeque::new());
                late[number].push_back(values.clone());
            }
        }
    }
    learner.set_late(late);
    Ok(())
}

/// Steps of a plan that errors may be on their way to.
const MOST_STEPS_BACK: usize = 32;
/// Errors of a part of a mini-batch at one layer.
const MOST_LATE: usize = 4096 * 4096;

#[cfg(test)]
mod tests;
