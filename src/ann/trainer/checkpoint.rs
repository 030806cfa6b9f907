//! Checkpoints: everything a run needs to go on bit for bit as if it had never
//! stopped. Random numbers are addressed by epoch and step, so none are saved.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::average::Average;
use super::{BatchPoint, EpochPoint, Sums, TrainConfig, Trainer, Way};
use crate::ann::AnnError;
use crate::ann::weights::{Precision, arrays_of, read_arrays, read_file, set_from, write_arrays};
use crate::data::Dataset;
use crate::data::dataset::Fingerprint;

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
    /// Samples in the average of the weights.
    #[serde(default)]
    averaged: u64,
    /// Which digits they are; earlier versions did not keep it.
    #[serde(default)]
    fingerprint: Option<Fingerprint>,
}

impl Trainer {
    /// Writes a checkpoint, whole or not at all. A validation in progress is
    /// begun anew when the run goes on; its result is the same.
    ///
    /// # Errors
    /// [`AnnError::Write`]; the earlier checkpoint is kept.
    pub fn save_checkpoint(&self, path: &Path) -> Result<(), AnnError> {
        let (updates, kept) = match &self.way {
            Way::Own(_) => {
                let (updates, kept) = self.optimiser.parts();
                (updates, Cow::Borrowed(kept))
            }
            Way::Device(on) => {
                let (updates, kept) = on.session.kept()?;
                (updates, Cow::Owned(kept))
            }
        };
        let state = State {
            config: self.config.clone(),
            data: self.data.id.clone(),
            epoch: self.epoch,
            batch: self.batch,
            step: self.step,
            sums: self.sums,
            updates,
            epochs: self.history.epochs.clone(),
            averaged: self.average.count,
            fingerprint: Some(self.fingerprint.clone()),
        };
        let mut arrays = arrays_of(self.network(), "network/");
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
        let text = serde_json::to_string(&state).map_err(|e| AnnError::Weights {
            file: path.display().to_string(),
            reason: e.to_string(),
        })?;
        write_arrays(path, &arrays, text, Precision::Single)
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
        let file = path.display().to_string();
        let broken = |reason: String| AnnError::Weights { file: file.clone(), reason };
        let (arrays, text) = read_arrays(&read_file(path)?, &file)?;
        let mut state: State = serde_json::from_str(&text)
            .map_err(|e| broken(format!("its description cannot be understood ({e})")))?;
        if state.data != data.id {
            return Err(broken(format!("it was trained on {}, not on {}", state.data, data.id)));
        }
        if let Some(device) = device {
            state.config.device = device.to_owned();
        }
        let at_hand = data.fingerprint(state.config.subset);
        if let Some(how) = state.fingerprint.as_ref().and_then(|kept| kept.differs(&at_hand)) {
            return Err(AnnError::OtherDigits { file, how });
        }
        let mut trainer = Self::with(state.config, data, at_hand)?;
        trainer.unchecked = state.fingerprint.is_none();
        set_from(&mut trainer.network, &arrays, "network/", &file)?;
        trainer.last_good.values = trainer.network.values();
        let array = |name: &str| {
            let found = arrays.iter().find(|(n, ..)| n == name).map(|(.., values)| values.clone());
            found.ok_or_else(|| broken(format!("{name} is missing")))
        };
        let mut kept = Vec::new();
        for (i, slots) in trainer.optimiser.parts().1.iter().enumerate() {
            let slots = (0..slots.len()).map(|j| array(&format!("optimiser/{i}/{j}")));
            kept.push(slots.collect::<Result<Vec<_>, _>>()?);
        }
        if kept.iter().flatten().flatten().any(|v| !v.is_finite()) {
            return Err(broken("the optimiser's numbers are not finite".into()));
        }
        if !trainer.optimiser.restore(state.updates, kept) {
            return Err(broken("the optimiser's numbers do not fit the network".into()));
        }
        if state.averaged > 0 {
            let lens = trainer.last_good.values.iter().map(Vec::len).enumerate();
            let values = lens.map(|(i, len)| {
                let values = array(&format!("average/{i}"))?;
                let fits = values.len() == len && values.iter().all(|v| v.is_finite());
                if fits { Ok(values) } else { Err(broken(format!("average/{i} does not fit"))) }
            });
            trainer.average =
                Average { values: values.collect::<Result<_, _>>()?, count: state.averaged };
            trainer.last_good.average.clone_from(&trainer.average);
        }
        let points = array("history/loss")?.into_iter().zip(array("history/accuracy")?);
        trainer.history.batches = points
            .zip(1..)
            .map(|((loss, accuracy), step)| BatchPoint { step, loss, accuracy })
            .collect();
        let whole = trainer.history.batches.len() as u64 == state.step
            && state.epochs.len() == state.epoch
            && state.batch <= trainer.batches_per_epoch();
        if !whole {
            return Err(broken("its counters contradict each other".into()));
        }
        trainer.history.epochs = state.epochs;
        (trainer.epoch, trainer.batch) = (state.epoch, state.batch);
        (trainer.step, trainer.sums) = (state.step, state.sums);
        trainer.put_on_device()?;
        trainer.shuffle();
        Ok(trainer)
    }
}
