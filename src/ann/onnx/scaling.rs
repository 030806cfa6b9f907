//! How pictures come into a network of somebody else's. Ours are white on black, from 0 to
//! 1; others were trained on bytes, or on pictures less their mean.

use super::{Imported, OnnxError};
use crate::ann::ops::recurrent::Cell;
use crate::ann::zoo::Layer;

/// What a network takes for a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// From 0 to 1, as here.
    Unit,
    /// From 0 to 255.
    Bytes,
    /// Less MNIST's mean, 0.1307, and divided by its standard deviation, 0.3081.
    #[serde(rename = "mnist")]
    Normalised,
}

impl Scaling {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unit, Self::Bytes, Self::Normalised];

    /// What it is called in arguments.
    pub fn id(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Bytes => "bytes",
            Self::Normalised => "mnist",
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "0 to 1",
            Self::Bytes => "0 to 255",
            Self::Normalised => "mean 0.1307, deviation 0.3081",
        }
    }

    /// What a brightness from 0 to 1 is multiplied by, and what is added.
    fn affine(self) -> (f64, f64) {
        match self {
            Self::Unit => (1.0, 0.0),
            Self::Bytes => (255.0, 0.0),
            Self::Normalised => (1.0 / 0.3081, -0.1307 / 0.3081),
        }
    }
}

/// A guess, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    pub scaling: Scaling,
    /// A clause.
    pub reason: String,
}

/// By what the file says: what it does to the picture first, and whether pixels are whole
/// numbers.
pub(super) fn guess(front: Option<(f64, f64)>, whole: bool) -> Guess {
    let of = |scaling, reason: &str| Guess { scaling, reason: reason.into() };
    if whole {
        return of(Scaling::Bytes, "its pixels are whole numbers");
    }
    let near = |a: f64, b: f64| (a - b).abs() <= 0.02 * b.abs();
    match front {
        // By 255, by twice that, or by 255 and the standard deviation.
        Some((scale, _))
            if [1.0, 0.5, 1.0 / 0.3081, 2.0].iter().any(|d| near(scale, d / 255.0)) =>
        {
            of(Scaling::Bytes, "it divides its pixels by 255 itself")
        }
        Some(_) => of(Scaling::Unit, "it scales its pixels itself, and not from bytes"),
        None => of(
            Scaling::Unit,
            "nothing in the file speaks for another; only a try on digits can tell",
        ),
    }
}

/// The network for pictures from 0 to 1: its first layer's weights are scaled, or a layer
/// that scales is put before it.
#[must_use]
pub fn with_scaling(mut imported: Imported, scaling: Scaling) -> Imported {
    let (scale, shift) = scaling.affine();
    if scaling == Scaling::Unit {
        return imported;
    }
    // Zeros around a picture stay zeros where nothing is added.
    let inside = |layer: &Layer| match layer {
        Layer::Conv { .. } | Layer::Dense { .. } | Layer::Recurrent { .. } => true,
        Layer::Convolution { window, .. } => window.is_inside() || shift == 0.0,
        _ => false,
    };
    match (imported.layers.first().copied(), &mut imported.values[..]) {
        (Some(Layer::Affine), [scales, shifts, ..]) => {
            for (s, t) in scales.iter_mut().zip(shifts) {
                *t = (f64::from(*t) + f64::from(*s) * shift) as f32;
                *s = (f64::from(*s) * scale) as f32;
            }
        }
        (Some(Layer::Recurrent { cell, .. }), [kernel, _, bias, ..]) => {
            let columns = if cell == Cell::Gru { bias.len() / 2 } else { bias.len() };
            take_in(kernel, &mut bias[..columns], (scale, shift));
        }
        (Some(layer), [weight, bias, ..]) if inside(&layer) => {
            take_in(weight, bias, (scale, shift));
        }
        _ => {
            imported.layers.insert(0, Layer::Affine);
            imported.values.splice(0..0, [vec![scale as f32], vec![shift as f32]]);
        }
    }
    imported
}

/// Weights `(inputs, units)` and biases for inputs that are not scaled yet.
fn take_in(weight: &mut [f32], bias: &mut [f32], (scale, shift): (f64, f64)) {
    let units = bias.len().max(1);
    let mut sums = vec![0f64; units];
    for row in weight.chunks_exact_mut(units) {
        for (w, sum) in row.iter_mut().zip(&mut sums) {
            *sum += f64::from(*w);
            *w = (f64::from(*w) * scale) as f32;
        }
    }
    for (b, sum) in bias.iter_mut().zip(sums) {
        *b = (f64::from(*b) + shift * sum) as f32;
    }
}

/// How a network did with one scaling.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Tried {
    pub scaling: Scaling,
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// Mean cross-entropy, nats; infinite where it cannot be told.
    pub loss: f64,
}

/// Tries each scaling: `judge` gives accuracy and loss on some digits. The best comes
/// first. Where accuracies are all but equal (a network almost without biases decides the
/// same on pictures of any scale), it is the one that the file speaks for, unless its loss
/// is far larger.
///
/// # Errors
/// That of `judge`.
pub fn try_scalings<E>(
    imported: &Imported,
    mut judge: impl FnMut(&Imported) -> Result<(f64, f64), E>,
) -> Result<Vec<Tried>, E> {
    /// Accuracies this close are taken as equal: ten digits of 200.
    const NEAR: f64 = 0.0501;
    /// Losses this far apart are not, nats.
    const FAR: f64 = 0.2;
    let mut tried = Vec::with_capacity(Scaling::ALL.len());
    for scaling in Scaling::ALL {
        let (accuracy, loss) = judge(&with_scaling(imported.clone(), scaling))?;
        let loss = if loss.is_finite() { loss } else { f64::INFINITY };
        tried.push(Tried { scaling, accuracy, loss });
    }
    let most = tried.iter().map(|t| t.accuracy).fold(0.0, f64::max);
    let best = tried.iter().filter(|t| t.accuracy >= most - NEAR);
    let least = best.map(|t| t.loss).fold(f64::MAX, f64::min);
    let rank = |t: &Tried| {
        let spoken_for = t.scaling == imported.scaling.scaling;
        (t.accuracy < most - NEAR, t.loss > least + FAR, !spoken_for)
    };
    tried.sort_by(|a, b| rank(a).cmp(&rank(b)).then(a.loss.total_cmp(&b.loss)));
    Ok(tried)
}

impl Imported {
    /// [`with_scaling`], and what was done as a note.
    ///
    /// # Errors
    /// [`OnnxError::Network`] when a weight becomes too large.
    pub fn scaled(self, scaling: Scaling) -> Result<Self, OnnxError> {
        let scaled = with_scaling(self, scaling);
        if scaled.values.iter().flatten().all(|v| v.is_finite()) {
            return Ok(scaled);
        }
        Err(OnnxError::Network("some of its weights become too large with this scaling".into()))
    }
}
