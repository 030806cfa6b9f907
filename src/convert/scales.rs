//! λ: how large the activations of each layer and channel become, on training images.

use crate::ann::inspect::dissection::Dissection;
use crate::ann::network::Network;
use crate::ann::zoo::Layer;
use crate::data::Pixels;

use super::ConvertError;
use super::network::check;
use super::recipe::{Per, Scaling};

/// Values kept of each layer; more tell no more.
const KEPT: usize = 400_000;
/// Images that are propagated at once.
const AT_ONCE: usize = 16;
/// λ of a channel is at least this share of the median of its layer: a channel that
/// was hardly ever active on these images would else saturate wherever it is.
const LEAST: f32 = 0.25;

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
    channels: Vec<Channel>,
}

/// Of a channel of a convolution, or a unit of a dense layer.
#[derive(Clone, Debug, Default, PartialEq)]
struct Channel {
    largest: f32,
    /// Some of the values above zero, in rising order.
    values: Vec<f32>,
}

impl Activations {
    /// Shows the images to the network.
    ///
    /// # Errors
    /// [`ConvertError::NoImages`]; [`ConvertError::Layer`] where no scale would help.
    pub fn measure(network: &Network, images: &[Pixels]) -> Result<Self, ConvertError> {
        let name = network.architecture().name;
        let measured = Self::measure_while(network, images, &mut || true)?;
        measured.ok_or(ConvertError::NoImages { network: name })
    }

    /// The same, as long as `go_on` says so, which is asked every few images; else `None`.
    ///
    /// # Errors
    /// [`ConvertError::NoImages`]; [`ConvertError::Layer`] where no scale would help.
    pub fn measure_while(
        network: &Network,
        images: &[Pixels],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Self>, ConvertError> {
        let name = network.architecture().name;
        if images.is_empty() {
            return Err(ConvertError::NoImages { network: name });
        }
        check(network)?;
        let taken = Dissection::new(network);
        let learns = |l: &Layer| {
            matches!(l, Layer::Conv { .. } | Layer::Convolution { .. } | Layer::Dense { .. })
        };
        let numbers = (0..taken.layers().len()).filter(|i| learns(&taken.layers()[*i]));
        let empty =
            |layer| Measured { layer, channels: vec![Channel::default(); taken.plane(layer).c] };
        let mut layers: Vec<Measured> = numbers.map(empty).collect();
        for part in images.chunks(AT_ONCE) {
            if !go_on() {
                return Ok(None);
            }
            let trace = taken.forward(part.as_flattened(), part.len());
            for measured in &mut layers {
                let values = trace.output(measured.layer);
                let all = values.len() / part.len() * images.len();
                measured.take(values, all.div_ceil(KEPT).max(1));
            }
        }
        for channel in layers.iter_mut().flat_map(|l| &mut l.channels) {
            channel.values.sort_unstable_by(f32::total_cmp);
        }
        Ok(Some(Self { images: images.len(), layers }))
    }

    /// λ of each of the layer's `channels`; 1 where nothing was ever above zero.
    pub fn scales(&self, layer: usize, channels: usize, scaling: Scaling, per: Per) -> Vec<f32> {
        let Some(measured) = self.layers.iter().find(|m| m.layer == layer) else {
            return vec![1.0; channels];
        };
        let whole = measured.whole(scaling).unwrap_or(1.0);
        if per == Per::Layer {
            return vec![whole; channels];
        }
        let mut each: Vec<Option<f32>> =
            measured.channels.iter().map(|c| c.scale(scaling)).collect();
        each.resize(channels, None);
        let mut known: Vec<f32> = each.iter().copied().flatten().collect();
        known.sort_unstable_by(f32::total_cmp);
        let least = LEAST * known.get(known.len() / 2).copied().unwrap_or(0.0);
        each.iter().map(|scale| scale.unwrap_or(whole).max(least)).collect()
    }
}

impl Measured {
    /// Takes the values of some images in, in the order image, y, x, channel: of all
    /// the largest, of every so-many-th place those above zero.
    fn take(&mut self, values: &[f32], every: usize) {
        for (place, row) in values.chunks_exact(self.channels.len().max(1)).enumerate() {
            for (channel, value) in self.channels.iter_mut().zip(row) {
                channel.largest = channel.largest.max(*value);
                if *value > 0.0 && place.is_multiple_of(every) {
                    channel.values.push(*value);
                }
            }
        }
    }

    /// λ of all channels together.
    fn whole(&self, scaling: Scaling) -> Option<f32> {
        let largest = self.channels.iter().map(|c| c.largest).fold(0.0, f32::max);
        let values = self.channels.iter().flat_map(|c| &c.values).copied();
        let mut values: Vec<f32> = match scaling {
            Scaling::Maximum => Vec::new(),
            Scaling::Percentile(_) => values.collect(),
        };
        values.sort_unstable_by(f32::total_cmp);
        scale(largest, &values, scaling)
    }
}

impl Channel {
    fn scale(&self, scaling: Scaling) -> Option<f32> {
        scale(self.largest, &self.values, scaling)
    }
}

/// λ from the largest value and those above zero in rising order; `None` where there
/// is none.
fn scale(largest: f32, values: &[f32], scaling: Scaling) -> Option<f32> {
    let scale = match scaling {
        Scaling::Maximum => largest,
        Scaling::Percentile(percent) => {
            let last = values.len().saturating_sub(1) as f64;
            let place = (last * (percent / 100.0).clamp(0.0, 1.0)).round() as usize;
            values.get(place).copied().unwrap_or(0.0)
        }
    };
    (scale > 0.0 && scale.is_finite()).then_some(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A layer of three channels: quiet, loud, never active.
    fn layer() -> Activations {
        let mut measured = Measured { layer: 2, channels: vec![Channel::default(); 3] };
        let values: Vec<f32> =
            (1..=1000).flat_map(|k| [k as f32 / 1000.0, k as f32 / 10.0, -1.0]).collect();
        measured.take(&values, 1);
        Activations { images: 1, layers: vec![measured] }
    }

    #[test]
    fn a_loud_channel_does_not_raise_the_threshold_of_a_quiet_one() {
        let of = |scaling, per| layer().scales(2, 3, scaling, per);
        assert_eq!(of(Scaling::Maximum, Per::Layer), [100.0; 3]);
        // The median of those known is the loud one's: a quarter of it is the least. One
        // that was never active has the layer's.
        assert_eq!(of(Scaling::Maximum, Per::Channel), [25.0, 100.0, 100.0]);
        let half = of(Scaling::Percentile(50.0), Per::Channel);
        assert_eq!((half[1], half[0]), (50.1, 0.25 * 50.1));
    }

    #[test]
    fn without_activations_the_threshold_is_one() {
        let nothing = Measured { layer: 2, channels: vec![Channel::default(); 3] };
        let nothing = Activations { images: 1, layers: vec![nothing] };
        for per in [Per::Layer, Per::Channel] {
            assert_eq!(nothing.scales(2, 3, Scaling::Percentile(99.9), per), [1.0; 3]);
            assert_eq!(layer().scales(7, 2, Scaling::Maximum, per), [1.0; 2]);
        }
    }
}
