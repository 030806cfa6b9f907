//! Effective receptive fields (Luo, Li, Urtasun and Zemel 2016): how strongly each
//! pixel of the theoretical field moves a unit, as the mean size of the gradient
//! over many pictures. In trained networks it is a blob, larger in the middle than
//! at the rim, because more paths lead through the middle.

use crate::ann::network::Network;
use crate::data::{Dataset, SIDE};

use super::dissection::{Dissection, Of, Trace, Unit};
use super::receptive::{self, Region};

/// The effective field of one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Effective {
    /// Size of the map: that of the theoretical field.
    pub h: usize,
    pub w: usize,
    /// Mean of |∂ unit / ∂ pixel|, row by row.
    pub map: Vec<f32>,
    /// Centre of its mass, pixels from the field's upper left pixel's centre.
    pub centre: [f32; 2],
    /// Standard deviation of its mass about the centre, pixels.
    pub sigma: [f32; 2],
}

/// Measures the fields of one layer's units, all with the same pictures.
pub struct Sampler<'a> {
    taken: Dissection<'a>,
    trace: Trace,
    layer: usize,
    region: Region,
}

impl<'a> Sampler<'a> {
    /// With the first `n` digits: of each, the part that the unit in the middle of
    /// the map sees.
    pub fn new(network: &'a Network, layer: usize, data: &Dataset, n: usize) -> Self {
        let whole = Dissection::up_to(network, layer);
        let field = receptive::fields(whole.layers())[layer];
        let n = n.min(data.len());
        let digits = (0..n).flat_map(|i| {
            let picture = data.pixels(i);
            let (y, x) = (field.units[0] / 2, field.units[1] / 2);
            if field.whole { picture.to_vec() } else { field.at(y, x).cut(&picture) }
        });
        let pictures: Vec<f32> = digits.collect();
        let taken = Dissection::of_one_field(network, layer).unwrap_or(whole);
        let trace = taken.forward(&pictures, n);
        let region = if field.whole {
            field.covered()
        } else {
            Region { y: 0, x: 0, h: field.size[0], w: field.size[1] }
        };
        Self { taken, trace, layer, region }
    }

    /// Of one feature map's units, or one unit of a vector.
    pub fn field(&self, channel: usize) -> Effective {
        let unit = Unit { layer: self.layer, y: 0, x: 0, channel };
        let gradient = self.taken.gradient(&self.trace, unit, Of::Sum);
        let Region { y, x, h, w } = self.region;
        let input = self.taken.input();
        let mut map = vec![0f32; h * w];
        for picture in gradient.chunks_exact(input.len()) {
            for (row, line) in map.chunks_exact_mut(w).enumerate() {
                let from = (y + row) * input.w + x;
                for (sum, g) in line.iter_mut().zip(&picture[from..from + w]) {
                    *sum += g.abs();
                }
            }
        }
        let n = self.trace.n.max(1) as f32;
        map.iter_mut().for_each(|v| *v /= n);
        let (centre, sigma) = moments(&map, w);
        Effective { h, w, map, centre, sigma }
    }
}

/// Centre and standard deviation of a map's mass.
fn moments(map: &[f32], w: usize) -> ([f32; 2], [f32; 2]) {
    let total: f32 = map.iter().sum();
    if total <= 0.0 {
        return ([0.0; 2], [0.0; 2]);
    }
    let place = |i: usize, axis: usize| (if axis == 0 { i / w } else { i % w }) as f32;
    let mean =
        |axis: usize| map.iter().enumerate().map(|(i, v)| v * place(i, axis)).sum::<f32>() / total;
    let centre = [mean(0), mean(1)];
    let sigma = [0, 1].map(|axis| {
        let square = |i: usize| (place(i, axis) - centre[axis]).powi(2);
        (map.iter().enumerate().map(|(i, v)| v * square(i)).sum::<f32>() / total).sqrt()
    });
    (centre, sigma)
}

impl Effective {
    /// Where it lies when its unit sits at this place of the map: the picture's
    /// region, cut off at its edges.
    pub fn region(&self, field: &receptive::Field, y: usize, x: usize) -> Region {
        let at = if field.whole { field.covered() } else { field.at(y, x) };
        Region { h: self.h.min(SIDE - at.y), w: self.w.min(SIDE - at.x), ..at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::data::synthetic;

    #[test]
    fn of_the_first_layer_it_is_the_kernel() {
        let data = synthetic::generate(3, 8);
        for loaded in REPORT.networks() {
            let (network, _) = loaded.unwrap();
            if network.architecture().id.starts_with("rnn") {
                continue;
            }
            let sampler = Sampler::new(&network, 0, &data, 8);
            let units = sampler.taken.plane(0).c;
            for channel in [0, units / 2, units - 1] {
                let field = sampler.field(channel);
                for (i, v) in field.map.iter().enumerate() {
                    let weight = network.parameters()[0].values[i * units + channel];
                    assert!((v - weight.abs()).abs() < 1e-5, "{}", network.architecture().id);
                }
            }
        }
    }

    /// More paths lead through the middle: the mass of a deep unit's field lies
    /// nearer to its centre than evenly spread mass would.
    #[test]
    fn deep_fields_are_blobs() {
        let data = synthetic::generate(3, 16);
        let (network, _) = REPORT.networks().swap_remove(3).unwrap();
        for layer in [1, 3] {
            let sampler = Sampler::new(&network, layer, &data, 16);
            let mut sigmas = 0.0;
            for channel in 0..8 {
                sigmas += sampler.field(channel).sigma.iter().sum::<f32>() / 16.0;
            }
            let size = receptive::fields(sampler.taken.layers())[layer].size[0] as f32;
            let even = ((size * size - 1.0) / 12.0).sqrt();
            assert!(sigmas < 0.95 * even, "layer {layer}: {sigmas} against {even}");
        }
    }
}
