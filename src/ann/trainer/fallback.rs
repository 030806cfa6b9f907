//! What a run goes back to when a step fails: copies of good weights, taken now and
//! then.

use super::average::Average;
use super::wires::put_back;
use super::{Backend, Trainer};
use crate::ann::AnnError;

/// Batches between two copies of the weights that a diverged run returns to.
pub(super) const COPY_EVERY: u64 = 50;

/// What a run that diverged goes back to: weights whose loss was finite, and the
/// average at that time.
#[derive(Clone, Default)]
pub(super) struct LastGood {
    pub(super) values: Vec<Vec<f32>>,
    pub(super) average: Average,
    /// On the way back.
    pub(super) matrices: Vec<Vec<f32>>,
}

impl Trainer {
    /// Takes the copy that a run goes back to, when its time has come; it is good once
    /// a step from it has a finite loss. A device keeps its own.
    pub(super) fn keep(&mut self) -> Result<Option<LastGood>, AnnError> {
        if !self.step.is_multiple_of(COPY_EVERY) {
            return Ok(None);
        }
        match &mut self.backend {
            Backend::Own(_) => {
                let (values, average) = (self.network.values(), self.average.clone());
                let matrices = self.backend.matrices();
                Ok(Some(LastGood { values, average, matrices }))
            }
            Backend::Device(on) => {
                on.session.keep(self.step)?;
                (on.epoch, on.batch, on.sums) = (self.epoch, self.batch, self.sums);
                on.average.clone_from(&self.average);
                Ok(None)
            }
        }
    }

    /// After a checkpoint was read: a run on a device goes on there.
    pub(super) fn put_on_device(&mut self) -> Result<(), AnnError> {
        let Backend::Device(on) = &mut self.backend else { return Ok(()) };
        let (updates, kept) = self.optimiser.parts();
        on.session.load(&self.network, (updates, kept.to_vec()), self.step)?;
        (on.epoch, on.batch, on.sums) = (self.epoch, self.batch, self.sums);
        on.average.clone_from(&self.average);
        Ok(())
    }

    /// A run that diverged is back at its last good weights, one whose device failed
    /// where it was when they were copied.
    pub(super) fn go_back(&mut self, error: &AnnError) {
        match &self.backend {
            Backend::Own(_) => self.fall_back(),
            Backend::Device(on) if matches!(error, AnnError::Device { .. }) => {
                self.intact = true;
                (self.epoch, self.batch, self.sums) = (on.epoch, on.batch, on.sums);
                self.average.clone_from(&on.average);
                self.step = on.session.kept_step();
                self.history.batches.truncate(self.step as usize);
                self.history.epochs.truncate(self.epoch);
                self.validating = None;
                self.shuffle();
            }
            // The session is at its last good weights already.
            Backend::Device(on) => self.average.clone_from(&on.average),
        }
    }

    /// After a step that was broken off, as by a panic: back to the last good weights.
    pub fn fall_back(&mut self) {
        if let (Backend::Own(learner), false) = (&mut self.backend, self.intact) {
            self.network.set_values(&self.last_good.values);
            let matrices = learner.method_mut().matrices_mut().iter_mut();
            matrices.zip(&self.last_good.matrices).for_each(|(m, kept)| m.copy_from_slice(kept));
            self.average.clone_from(&self.last_good.average);
            // Some may have been set since.
            put_back(&mut self.network, &self.held);
        }
    }

    /// Whether the run can be gone on with from where it is: not after a step that
    /// diverged or was broken off. Its weights are good even then.
    pub fn is_intact(&self) -> bool {
        self.intact
    }
}
