//! Looking at a network of spikes: what one picture makes it do, and what its kernels
//! prefer. Nothing here changes or draws anything; a look takes a fraction of a
//! millisecond, so that it can be taken anew in every frame.

use super::layer::Shape;
use super::learn::{Competition, Winner, winners};
use super::retina::FILTER;
use super::{Answer, ConvStdp, STEPS, Spike, Work, layer, read_out};
use crate::data::{CLASSES, SIDE};

/// What a picture makes a network do.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// What the retina sends: maps 0 (on) and 1 (off) of 28×28 cells, in the order of
    /// their steps.
    pub code: Vec<Spike>,
    /// The convolutions.
    pub layers: Vec<LayerLook>,
    /// The logits at the end of each step, by what has fired until then.
    pub answer: Vec<[f32; CLASSES]>,
    /// Potentials of the third layer's maps at the last step; empty where a linear
    /// read-out answers.
    pub potentials: Vec<f32>,
    /// Spikes of the retina and of both convolutions.
    pub spikes: usize,
    /// Weights that these add somewhere: to neurons that have not fired, and to the
    /// read-out.
    pub additions: usize,
}

/// One convolution and the pooling behind it.
#[derive(Clone, Debug)]
pub struct LayerLook {
    /// Its sizes.
    pub shape: Shape,
    /// All spikes, in the order of steps, places and maps.
    pub spikes: Vec<Spike>,
    /// What the pooling passes on, likewise.
    pub pooled: Vec<Spike>,
    /// Neurons that would learn from this picture, the first to win first, and the pixels
    /// that each sees. While a layer learns, only the first spike of each place below
    /// reaches it.
    pub winners: Vec<(Winner, Patch)>,
}

/// A square of pixels; it may reach beyond the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Its first row and column, pixels.
    pub y: isize,
    pub x: isize,
    /// Pixels on a side.
    pub side: usize,
}

/// A picture of `side`² numbers, and what they mean: how much a pixel, from 0 to 1,
/// speaks for it. Only their relation counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Preferred {
    /// Pixels on a side.
    pub side: usize,
    /// Row by row.
    pub values: Vec<f32>,
}

impl ConvStdp {
    /// What a picture does; `by` says how many of each layer would learn from it. Empty
    /// where a pixel is no number.
    pub fn look(&self, parameters: &[f32], picture: &[f32], by: [Competition; 2]) -> Look {
        let mut work = Work::default();
        if !self.encode(picture, &mut work) {
            return Look::default();
        }
        let code = std::mem::take(&mut work.code);
        let mut look = Look { spikes: code.len(), ..Look::default() };
        let mut inputs = code.clone();
        let mut times = Vec::new();
        for (number, shape) in self.shapes.iter().enumerate() {
            work.arrivals.gather(shape, &inputs);
            let weights = self.padded(parameters, number);
            layer::run_all(self.isa, shape, weights, &work.arrivals, &mut work.times);
            look.additions += additions(shape, &work);
            let (side, maps) = (shape.side(), shape.conv.maps);
            let mut spikes = Vec::new();
            layer::spikes_of(&work.times, side, maps, &mut spikes);
            layer::pool_times(shape, &work.times, &mut times);
            layer::spikes_of(&times, shape.pooled_side(), maps, &mut inputs);
            look.spikes += spikes.len();
            let pooled = inputs.clone();
            look.layers.push(LayerLook { shape: *shape, spikes, pooled, winners: Vec::new() });
        }
        let mut packed = vec![0u16; self.packed_len()];
        read_out::pack(&times, &mut packed);
        self.answer_by_step(parameters, &packed, &mut look);
        // Who would learn: each layer on what reaches it then.
        work.code = code;
        self.below_second(parameters, &mut work);
        let first = winners(&work.firsts, self.shapes[0].side(), by[0]);
        let pooled = std::mem::take(&mut work.pooled);
        self.run(1, parameters, &pooled, &mut work);
        let second = winners(&work.firsts, self.shapes[1].side(), by[1]);
        for (number, winners) in [first, second].into_iter().enumerate() {
            let seen = |w: Winner| (w, self.patch(number, w.y, w.x));
            look.layers[number].winners = winners.into_iter().map(seen).collect();
        }
        look.code = work.code;
        look
    }

    /// Logits after each step, and the third layer's potentials after the last.
    fn answer_by_step(&self, parameters: &[f32], packed: &[u16], look: &mut Look) {
        let weights = self.answer_weights(parameters);
        let columns = match self.design.answer {
            Answer::Linear => CLASSES,
            Answer::Reward { per_class } => per_class * CLASSES,
        };
        let mut sums = vec![0f32; columns];
        if self.design.answer == Answer::Linear {
            sums.copy_from_slice(&weights[weights.len() - CLASSES..]);
        }
        for (step, ids) in read_out::steps(packed) {
            let by = match self.design.answer {
                Answer::Linear => read_out::value(step),
                Answer::Reward { .. } => 1.0,
            };
            for id in ids {
                let row = &weights[usize::from(*id) * columns..][..columns];
                sums.iter_mut().zip(row).for_each(|(s, w)| *s += by * w);
            }
            look.additions += ids.len() * columns;
            let mut logits = [0f32; CLASSES];
            match self.design.answer {
                Answer::Linear => logits.copy_from_slice(&sums),
                Answer::Reward { .. } => read_out::by_class(&sums, &mut logits),
            }
            look.answer.push(logits);
        }
        if self.design.answer != Answer::Linear {
            look.potentials = sums;
        }
    }

    /// The pixels that a neuron of convolution 0 or 1 sees.
    pub fn patch(&self, layer: usize, y: usize, x: usize) -> Patch {
        let along = |at: usize| {
            let (mut from, mut side) = (at as isize, 1);
            for number in (0..=layer).rev() {
                let conv = &self.shapes[number].conv;
                if number < layer {
                    from = from * conv.pool.stride as isize - conv.pool.padding as isize;
                    side = (side - 1) * conv.pool.stride + conv.pool.size;
                }
                from -= conv.padding as isize;
                side += conv.kernel - 1;
            }
            (from - (FILTER / 2) as isize, side + FILTER - 1)
        };
        let ((y, side), (x, _)) = (along(y), along(x));
        Patch { y, x, side }
    }

    /// The kernel of a map of convolution 0 or 1: `(kernel, kernel, maps below)`, from 0
    /// to 1.
    pub fn kernel(&self, parameters: &[f32], layer: usize, map: usize) -> Vec<f32> {
        let own = &parameters[self.weights(layer)];
        own.iter().skip(map).step_by(self.shapes[layer].conv.maps).copied().collect()
    }

    /// The patch that a map of convolution 0 or 1 prefers: each input's own patch, as
    /// strong as its weight. An input behind a pooling stands for all places of its
    /// square.
    pub fn preferred(&self, parameters: &[f32], layer: usize, map: usize) -> Preferred {
        let below: Vec<Preferred> = (0..self.shapes[layer].input_maps)
            .map(|input| match layer {
                0 => Preferred { side: FILTER, values: self.retina.filter(input).to_vec() },
                _ => self.preferred(parameters, layer - 1, input),
            })
            .collect();
        self.composed(parameters, layer, map, &below)
    }

    /// [`ConvStdp::preferred`] of all maps of a convolution.
    pub fn all_preferred(&self, parameters: &[f32], layer: usize) -> Vec<Preferred> {
        let mut below: Vec<Preferred> = (0..2)
            .map(|map| Preferred { side: FILTER, values: self.retina.filter(map).to_vec() })
            .collect();
        for number in 0..=layer {
            let maps = 0..self.shapes[number].conv.maps;
            below = maps.map(|map| self.composed(parameters, number, map, &below)).collect();
        }
        below
    }

    /// The picture that a map of the third layer prefers, 28×28; `None` where there is
    /// none. `below` is what the maps of the second prefer.
    pub fn preferred_picture(
        &self,
        parameters: &[f32],
        map: usize,
        below: &[Preferred],
    ) -> Option<Preferred> {
        let Answer::Reward { per_class } = self.design.answer else { return None };
        let (maps, second) = (per_class * CLASSES, &self.shapes[1]);
        let weights = self.answer_weights(parameters).iter().skip(map).step_by(maps);
        let (side, mut values) = (second.pooled_side(), vec![0f32; SIDE * SIDE]);
        // Weights of one map lie around the middle of their range; what tells it from the
        // others is how far they are from it.
        for (id, w) in weights.enumerate() {
            let (place, below) = (id / second.conv.maps, &below[id % second.conv.maps]);
            let middle = |square: std::ops::Range<usize>| (square.start + square.end) / 2;
            let (y, x) = (middle(second.square(place / side)), middle(second.square(place % side)));
            let patch = self.patch(1, y, x);
            for (i, v) in below.values.iter().enumerate() {
                let y = patch.y + (i / below.side) as isize;
                let x = patch.x + (i % below.side) as isize;
                if (0..SIDE as isize).contains(&y) && (0..SIDE as isize).contains(&x) {
                    values[y as usize * SIDE + x as usize] += (w - 0.5) * v;
                }
            }
        }
        Some(Preferred { side: SIDE, values })
    }

    fn composed(
        &self,
        parameters: &[f32],
        layer: usize,
        map: usize,
        below: &[Preferred],
    ) -> Preferred {
        let shape = &self.shapes[layer];
        // From one input to the next, and the places that an input stands for.
        let (stride, spread) = match layer {
            0 => (1, 1),
            _ => (self.shapes[layer - 1].conv.pool.stride, self.shapes[layer - 1].conv.pool.size),
        };
        let kernel = shape.conv.kernel;
        let side = self.patch(layer, 0, 0).side;
        let mut values = vec![0f32; side * side];
        let share = 1.0 / (spread * spread) as f32;
        for (row, weight) in self.kernel(parameters, layer, map).iter().enumerate() {
            let (k, below) = (row / shape.input_maps, &below[row % shape.input_maps]);
            if *weight == 0.0 {
                continue;
            }
            let (ky, kx) = (k / kernel * stride, k % kernel * stride);
            for place in 0..spread * spread {
                let (fy, fx) = (ky + place / spread, kx + place % spread);
                for (y, line) in below.values.chunks_exact(below.side).enumerate() {
                    let out = &mut values[(fy + y) * side + fx..][..below.side];
                    out.iter_mut().zip(line).for_each(|(o, v)| *o += share * weight * v);
                }
            }
        }
        Preferred { side, values }
    }
}

/// Additions of a layer that was just run: of each place, its arrivals times the maps that
/// have not fired before.
fn additions(shape: &Shape, work: &Work) -> usize {
    let of_place = |(place, times): (usize, &[u8])| {
        // Maps that are still adding up at each step.
        let mut open = [0usize; STEPS + 1];
        times.iter().for_each(|t| open[usize::from(*t)] += 1);
        for step in (0..STEPS).rev() {
            open[step] += open[step + 1];
        }
        work.arrivals.at(place).map(|(step, _)| open[usize::from(step)]).sum::<usize>()
    };
    work.times.chunks_exact(shape.conv.maps).enumerate().map(of_place).sum()
}
