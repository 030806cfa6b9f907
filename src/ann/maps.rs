//! What a network computes on the way to its answer: feature maps and the activations
//! of units, for one picture.

use super::network::Network;
use super::ops::op::{Forward, Mode};
use super::zoo::summary;
use crate::ann::tap::Tapped;
use crate::data::Pixels;

/// What comes out of one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Maps {
    /// The layers it stands for: `Conv 2 5×5 + Max-pool 2×2`.
    pub name: String,
    /// Name of its weights in files, `conv2`; empty where nothing is learned.
    pub step: String,
    /// Rows, columns and channels; a vector is one pixel of many channels.
    pub size: [usize; 3],
    /// By row, column, channel.
    pub values: Vec<f32>,
}

/// The output of each operation for one picture, the last being the logits.
pub fn maps(network: &mut Network, picture: &Pixels) -> Vec<Maps> {
    let lines = summary(&(network.architecture().layers)());
    let parts = network.parts();
    let mut x = picture.to_vec();
    let mut all = Vec::with_capacity(parts.plan.steps.len());
    for (i, step) in parts.plan.steps.iter().enumerate() {
        let plane = step.op.output();
        let mut y = vec![0.0; plane.len()];
        let mut scratch = vec![0.0; step.op.scratch_len(1, Mode::Answer)];
        step.op.forward(Forward {
            parameters: &parts.parameters[i],
            cache: &parts.caches[i],
            n: 1,
            x: &x,
            y: &mut y,
            keep: &mut [],
            scratch: &mut scratch,
            mode: Mode::Answer,
            tap: Tapped::default(),
        });
        let names: Vec<&str> =
            lines[step.layers.0..step.layers.1].iter().map(|l| &l.name[..]).collect();
        // Without the padding that the next operation asked for.
        let rows = y.chunks_exact(plane.pitch * plane.c).take(plane.h);
        all.push(Maps {
            name: names.join(" + "),
            step: step.name.clone(),
            size: [plane.h, plane.w, plane.c],
            values: rows.flat_map(|row| &row[..plane.w * plane.c]).copied().collect(),
        });
        x = y;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::ops::loss::softmax;
    use super::super::zoo::ZOO;
    use super::*;
    use crate::data::CLASSES;

    #[test]
    fn the_last_map_is_the_answer_and_the_first_follows_from_the_kernels() {
        let pixels = crate::data::synthetic::generate(5, 1).pixels(0);
        for architecture in ZOO {
            let mut network = Network::new(architecture, 1).unwrap();
            let maps = maps(&mut network, &pixels);
            let mut last: [f32; CLASSES] = maps.last().unwrap().values[..].try_into().unwrap();
            softmax(&mut last);
            let answer = network.probabilities(&[pixels])[0];
            for (a, b) in last.iter().zip(answer) {
                assert!((a - b).abs() < 1e-6, "{}", architecture.id);
            }
            let layers = summary(&(architecture.layers)());
            if !layers[0].name.starts_with("Conv") {
                continue;
            }
            let [h, w, c] = maps[0].size;
            assert_eq!([h, w, c], layers[0].output[..], "{}", architecture.id);
            // Pixel (9, 12) of every map by hand: Σ w·x, rectified (biases are 0).
            let kernel = &network.parameters()[0];
            let side = kernel.shape[0].isqrt();
            for unit in 0..c {
                let sum: f32 = (0..side * side)
                    .map(|i| {
                        let (y, x) = (9 + i / side, 12 + i % side);
                        kernel.values[i * c + unit] * pixels[y * crate::data::SIDE + x]
                    })
                    .sum();
                let shown = maps[0].values[(9 * w + 12) * c + unit];
                assert!((shown - sum.max(0.0)).abs() < 1e-5, "{}", architecture.id);
            }
        }
    }
}
