//! λ: how large the activations of each layer become, on training images.

use crate::ann::inspect::dissection::Dissection;
use crate::ann::network::Network;
use crate::ann::zoo::Layer;
use crate::data::Pixels;

use super::ConvertError;
use super::recipe::Scaling;

/// Values kept of each layer; more tell no more.
const KEPT: usize = 200_000;
/// Images that are propagated at once.
const AT_ONCE: usize = 16;

/// The activations above zero of all layers that learn, on some images.
#[derive(Clone, Debug, PartialEq)]
pub struct Activations {
    /// Images they are from.
    pub images: usize,
    layers: Vec<Measured>,
}

#[derive(Clone, Debug, PartialEq)]
struct Measured {
    /// Number in the declaration.
    layer: usize,
    largest: f32,
    /// In rising order.
    values: Vec<f32>,
}

impl Activations {
    /// Shows the images to the network.
    ///
    /// # Errors
    /// [`ConvertError::NoImages`].
    pub fn measure(network: &Network, images: &[Pixels]) -> Result<Self, ConvertError> {
        let name = network.architecture().name;
        let measured = Self::measure_while(network, images, &mut || true)?;
        measured.ok_or(ConvertError::NoImages { network: name })
    }

    /// The same, as long as `go_on` says so, which is asked every few images; else `None`.
    ///
    /// # Errors
    /// [`ConvertError::NoImages`].
    pub fn measure_while(
        network: &Network,
        images: &[Pixels],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Self>, ConvertError> {
        let name = network.architecture().name;
        if images.is_empty() {
            return Err(ConvertError::NoImages { network: name });
        }
        let taken = Dissection::new(network);
        let learns = |l: &Layer| matches!(l, Layer::Conv { .. } | Layer::Dense { .. });
        let numbers = (0..taken.layers().len()).filter(|i| learns(&taken.layers()[*i]));
        let mut layers: Vec<Measured> =
            numbers.map(|layer| Measured { layer, largest: 0.0, values: Vec::new() }).collect();
        for part in images.chunks(AT_ONCE) {
            if !go_on() {
                return Ok(None);
            }
            let trace = taken.forward(part.as_flattened(), part.len());
            for measured in &mut layers {
                let values = trace.output(measured.layer);
                let every = (values.len() / part.len() * images.len()).div_ceil(KEPT).max(1);
                let largest = values.iter().copied().fold(0.0, f32::max);
                measured.largest = measured.largest.max(largest);
                // A step that shares no factor with the number of channels, so that all
                // of them are seen.
                let every = if every.is_multiple_of(2) { every + 1 } else { every };
                let picked = values.iter().step_by(every).copied();
                measured.values.extend(picked.filter(|v| *v > 0.0));
            }
        }
        for measured in &mut layers {
            measured.values.sort_by(f32::total_cmp);
        }
        Ok(Some(Self { images: images.len(), layers }))
    }

    /// λ of a layer; 1 where nothing was ever above zero.
    pub fn scale(&self, layer: usize, scaling: Scaling) -> f32 {
        let Some(measured) = self.layers.iter().find(|m| m.layer == layer) else { return 1.0 };
        let scale = match scaling {
            Scaling::Maximum => measured.largest,
            Scaling::Percentile(percent) => {
                let last = measured.values.len().saturating_sub(1) as f64;
                let place = (last * (percent / 100.0).clamp(0.0, 1.0)).round() as usize;
                measured.values.get(place).copied().unwrap_or(0.0)
            }
        };
        if scale > 0.0 && scale.is_finite() { scale } else { 1.0 }
    }
}
