//! Which digits a run learns from, and which are held out.

use super::TrainConfig;
use crate::ann::AnnError;
use crate::core::rng::Rng;
use crate::data::{Dataset, PIXELS};

/// Draws the digits that are held out.
const SPLIT_SEED: u64 = 1;

/// How many digits are used, and how many of these are held out.
pub(super) fn sizes(config: &TrainConfig, data: &Dataset) -> (usize, usize) {
    let n = config.subset.min(data.len());
    (n, (n as f64 * config.validation_share).round() as usize)
}

/// The indices to train on and the held-out digits: of the first `subset`, a
/// share is held out, whatever the run's seed: networks that are combined must
/// have held out the same digits, or the combination could not be fitted on them.
pub(crate) fn split(config: &TrainConfig, data: &Dataset) -> Result<(Vec<u32>, Dataset), AnnError> {
    let (n, held_out) = sizes(config, data);
    if n == held_out {
        return Err(AnnError::Setting {
            what: "the number of training digits".into(),
            value: format!("{n} with {held_out} held out"),
            range: "larger".into(),
        });
    }
    let mut indices: Vec<u32> = (0..n as u32).collect();
    Rng::stream(SPLIT_SEED, "validation split", 0).shuffle(&mut indices);
    let mut training = indices.split_off(held_out);
    indices.sort_unstable();
    training.sort_unstable();
    let mut images = Vec::with_capacity(held_out * PIXELS);
    let mut labels = Vec::with_capacity(held_out);
    for i in indices {
        images.extend_from_slice(data.image(i as usize));
        labels.push(data.label(i as usize));
    }
    let validation = Dataset::new(format!("{}-validation", data.id), images, labels)
        .map_err(|e| candle_core::Error::Msg(e.to_string()))?;
    Ok((training, validation.called(data.classes().clone())))
}
