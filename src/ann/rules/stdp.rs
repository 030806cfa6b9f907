//! Layer upon layer by STDP (Kheradpisheh et al. 2018): the first convolution learns, then
//! the second, both without labels. Last a linear classifier learns to read the times of
//! their spikes; it is the only part with a gradient.
//!
//! The epochs of a run are dealt out: some for each convolution, the others for the
//! read-out. Convolutions learn picture by picture, whatever the size of the mini-batch.
//! Meanwhile the loss that is recorded is how undecided the layer's weights are, the mean
//! of `w (1 − w)`, and nothing is answered ([`Stage`]). Features of pictures that come
//! again are kept in memory, up to [`MOST_KEPT`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::disturbance::Disturbance;
use super::probe::Digits;
use super::{Kind, Method, Recipe, Rule, Stage, adam};
use crate::ann::AnnError;
use crate::ann::buffer::Buffer;
use crate::ann::learner::{Job, PartMemory};
use crate::ann::network::Network;
use crate::ann::ops::conv_stdp::learn::{self, Competition, Growth, Winner};
use crate::ann::ops::conv_stdp::{ConvStdp, Spike, Work, read_out};
use crate::ann::zoo::{self, Layer};
use crate::core::isa::Isa;
use crate::core::param::{Param, params};
use crate::data::{CLASSES, PIXELS};

/// Bytes of features that are kept at most; those of further pictures are computed anew
/// each time.
pub const MOST_KEPT: usize = 640 << 20;

params! {
    struct Params: f32 {
        passes_1: PASSES_1,
        passes_2: PASSES_2,
        plus: PLUS,
        ratio: RATIO,
        limit: LIMIT,
        doubling: DOUBLING,
        winners_1: WINNERS_1,
        radius_1: RADIUS_1,
        winners_2: WINNERS_2,
        radius_2: RADIUS_2,
    }
}

pub(super) const PASSES_1: Param = Param::number(
    "Epochs for layer 1",
    "",
    1.0,
    (0.0, 100.0),
    "Epochs in which the first convolution learns, before all others",
);
pub(super) const PASSES_2: Param = Param::number(
    "Epochs for layer 2",
    "",
    1.0,
    (0.0, 100.0),
    "Epochs in which the second convolution learns, after the first",
);
pub(super) const PLUS: Param = Param::number(
    "Potentiation a⁺",
    "",
    0.004,
    (0.0, 1.0),
    "Rate in the beginning at which a synapse grows whose input came before the spike",
);
pub(super) const RATIO: Param = Param::number(
    "Depression −a⁻ / a⁺",
    "",
    0.75,
    (0.0, 10.0),
    "Rate at which all other synapses shrink, as a share of a⁺",
);
pub(super) const LIMIT: Param =
    Param::number("Largest a⁺", "", 0.15, (0.0, 1.0), "Up to which the rates double");
pub(super) const DOUBLING: Param = Param::number(
    "Rates double after",
    "images",
    500.0,
    (1.0, 1e6),
    "Images after which both rates double, in each layer",
);
pub(super) const WINNERS_1: Param = Param::number(
    "Winners in layer 1",
    "",
    5.0,
    (1.0, 100.0),
    "Neurons of the first convolution that learn from an image",
);
pub(super) const RADIUS_1: Param = Param::number(
    "Distance in layer 1",
    "places",
    2.0,
    (0.0, 28.0),
    "No two winners are as near as this",
);
pub(super) const WINNERS_2: Param = Param::number(
    "Winners in layer 2",
    "",
    8.0,
    (1.0, 100.0),
    "Neurons of the second convolution that learn from an image",
);
pub(super) const RADIUS_2: Param = Param::number(
    "Distance in layer 2",
    "places",
    1.0,
    (0.0, 28.0),
    "No two winners are as near as this",
);

/// STDP and a read-out.
pub static RULE: Rule = Rule {
    id: "stdp",
    name: "STDP layer by layer",
    doc: "Convolutions of spiking neurons learn one after another by spike-timing-dependent plasticity, with a few winners for each image, and no labels (Kheradpisheh et al. 2018). A linear read-out learns what their spikes mean.",
    way_back: "nothing: each synapse knows only its own two cells",
    parameters: Params::DECLARED,
    kind: Kind::ConvStdp,
    optimisers: &[],
    why: "",
    usual: || adam(3e-4),
    recipe: Recipe::new(&[32, 512], 32, 30),
    sends_errors: false,
    relaxes: false,
    begin: |start| {
        let layers = Convolutions::of(start.network.architecture().layers, start.values);
        Box::new(ReadOut { layers })
    },
};

/// The convolutions, how they learn, and how far they are.
#[derive(Clone)]
pub(super) struct Convolutions {
    pub(super) op: ConvStdp,
    passes: [usize; 2],
    growth: Growth,
    by: [Competition; 2],
    /// Pictures that each layer has learned from; what else a rule has to remember.
    pub(super) state: Vec<Buffer>,
    epoch: usize,
    kept: Arc<Kept>,
}

/// Features by the fingerprint of their picture.
#[derive(Default)]
struct Kept {
    by_picture: Mutex<ByPicture>,
}

/// How many bytes they take, and the packed features.
type ByPicture = (usize, HashMap<u128, Box<[u16]>>);

/// Two streams of multiplied and mixed words: pictures that differ have the same with a
/// probability of about 2⁻¹⁰⁰.
fn fingerprint(picture: &[f32]) -> u128 {
    let (mut a, mut b) = (0x9E37_79B9_7F4A_7C15_u64, 0xC2B2_AE3D_27D4_EB4F_u64);
    for v in picture {
        let bits = u64::from(v.to_bits());
        a = (a ^ bits).wrapping_mul(0xFF51_AFD7_ED55_8CCD).rotate_left(29);
        b = (b.rotate_left(23) ^ bits).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        b ^= b >> 32;
    }
    u128::from(a) << 64 | u128::from(b)
}

impl Kept {
    fn clear(&self) {
        *self.by_picture.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }

    /// The features of a picture, from memory or computed.
    fn features(&self, picture: &[f32], out: &mut [u16], compute: impl FnOnce(&mut [u16])) {
        let key = fingerprint(picture);
        {
            let kept = self.by_picture.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = kept.1.get(&key) {
                out[..found.len()].copy_from_slice(found);
                return;
            }
        }
        compute(out);
        let used = read_out::used(out);
        let mut kept = self.by_picture.lock().unwrap_or_else(PoisonError::into_inner);
        // The numbers, and what the map takes for them.
        let bytes = 2 * used + 64;
        if kept.0 + bytes <= MOST_KEPT {
            kept.0 += bytes;
            kept.1.insert(key, out[..used].into());
        }
    }
}

/// The design of a network of spikes.
pub fn op_of(layers: &dyn Fn() -> Vec<Layer>) -> ConvStdp {
    let design = layers().into_iter().find_map(|l| match l {
        Layer::ConvStdp(design) => Some(*design),
        _ => None,
    });
    ConvStdp::new(Isa::best(), design.unwrap_or(zoo::linear_stdp(1, 1)))
}

impl Convolutions {
    /// With these values of the parameters, in the order of this rule.
    pub(super) fn of(layers: &dyn Fn() -> Vec<Layer>, values: &[f32]) -> Self {
        let p = Params::of(values);
        let by = |winners: f32, radius: f32| Competition {
            winners: winners as usize,
            radius: radius as usize,
        };
        Self {
            op: op_of(layers),
            passes: [p.passes_1 as usize, p.passes_2 as usize],
            growth: Growth { plus: p.plus, ratio: p.ratio, every: p.doubling, limit: p.limit },
            by: [by(p.winners_1, p.radius_1), by(p.winners_2, p.radius_2)],
            state: vec![Buffer::zeros(2)],
            epoch: 0,
            kept: Arc::default(),
        }
    }

    pub(super) fn begin_epoch(&mut self, epoch: usize) {
        self.epoch = epoch;
        if self.learning().is_some() {
            self.kept.clear();
        }
    }

    /// The convolution that learns in this epoch; then none does any more.
    pub(super) fn learning(&self) -> Option<usize> {
        stage_of(self.passes, self.epoch)
    }

    /// While a convolution learns: how undecided its weights are, and no answers.
    pub(super) fn measure(&self, layer: usize, part: &mut PartMemory, job: &Job<'_>) {
        let weights = &job.parts.parameters[0][self.op.weights(layer)];
        part.loss = f64::from(learn::undecided(weights)) * part.n as f64;
        part.right = 0;
    }

    /// Puts the features of a part's pictures where the read-out finds them; `false` for
    /// one that has pixels that are no numbers, and no features.
    pub(super) fn features(
        &self,
        part: &mut PartMemory,
        job: &Job<'_>,
        mut each: impl FnMut(usize, bool, &[u16]),
    ) {
        use crate::ann::ops::op::Op;
        let parameters = &job.parts.parameters[0];
        let mut work = Work::default();
        let pictures = part.planes[0].chunks_exact(PIXELS).take(part.n);
        let keep = part.keep[0].chunks_exact_mut(self.op.keep_len());
        for (number, (picture, keep)) in pictures.zip(keep).enumerate() {
            let keep: &mut [u16] = bytemuck::cast_slice_mut(keep);
            let keep = &mut keep[..self.op.packed_len()];
            let sound = picture.iter().all(|v| v.is_finite());
            if sound {
                self.kept.features(picture, keep, |out| {
                    self.op.encode(picture, &mut work);
                    self.op.features(parameters, &mut work, out);
                });
            } else {
                keep.fill(0);
            }
            each(number, sound, keep);
        }
    }

    /// Lets a convolution learn from the pictures of a mini-batch, one after another.
    pub(super) fn learn(
        &mut self,
        layer: usize,
        network: &mut Network,
        parts: &[PartMemory],
    ) -> Vec<Vec<Winner>> {
        let parameters = &mut network.parts().parameters[0];
        let op = &self.op;
        // What comes into the layer does not change while it learns.
        let pictures: Vec<&[f32]> =
            parts.iter().flat_map(|p| p.planes[0].chunks_exact(PIXELS).take(p.n)).collect();
        let weights: &[f32] = parameters;
        let inputs: Vec<Vec<Spike>> = pictures
            .par_iter()
            .with_min_len(4)
            .map_init(Work::default, |work, picture| {
                op.encode(picture, work);
                if layer == 0 {
                    return work.code.clone();
                }
                op.below_second(weights, work);
                work.pooled.clone()
            })
            .collect();
        let (shape, range) = (&op.shapes()[layer], op.weights(layer));
        let mut work = Work::default();
        let mut all = Vec::with_capacity(inputs.len());
        for spikes in &inputs {
            let weights: &[f32] = parameters;
            op.run(layer, weights, spikes, &mut work);
            let learned = &mut self.state[0][layer];
            let rates = self.growth.rates(*learned);
            *learned += 1.0;
            let own = &mut parameters[range.clone()];
            let sizes = (shape.conv.maps, shape.side());
            all.push(learn::learn(own, sizes, &work, self.by[layer], rates));
        }
        all
    }
}

/// The convolution, from 0, that learns in this epoch when so many are dealt to each.
fn stage_of(passes: [usize; 2], epoch: usize) -> Option<usize> {
    if epoch < passes[0] {
        Some(0)
    } else if epoch < passes[0] + passes[1] {
        Some(1)
    } else {
        None
    }
}

/// What an epoch is for, by the values of a rule whose first two parameters are the
/// epochs of the two convolutions.
pub(super) fn stage(values: &[f32], epoch: usize, answer: Stage) -> Stage {
    let passes = [0, 1].map(|i| values.get(i).map_or(0, |v| *v as usize));
    stage_of(passes, epoch).map_or(answer, |layer| Stage {
        name: ["layer 1", "layer 2"][layer],
        measure: "undecided weights, mean w(1 − w)",
        answers: false,
    })
}

/// The rule with a linear read-out.
#[derive(Clone)]
struct ReadOut {
    layers: Convolutions,
}

impl Method for ReadOut {
    fn begin_epoch(&mut self, epoch: usize) {
        self.layers.begin_epoch(epoch);
    }

    fn has_gradient(&self) -> bool {
        self.layers.learning().is_none()
    }

    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        if let Some(layer) = self.layers.learning() {
            return self.layers.measure(layer, part, job);
        }
        let mut logits = vec![0f32; part.n * CLASSES];
        let parameters = &job.parts.parameters[0];
        self.layers.features(part, job, |number, sound, packed| {
            let logits = &mut logits[number * CLASSES..][..CLASSES];
            if sound {
                self.layers.op.answer(parameters, packed, logits);
            } else {
                logits.fill(f32::NAN);
            }
        });
        part.planes[1][..logits.len()].copy_from_slice(&logits);
        part.judge(job.batch);
    }

    fn after(
        &mut self,
        network: &mut Network,
        parts: &mut [PartMemory],
        _: usize,
        _: (u64, u64),
    ) -> Result<(), AnnError> {
        if let Some(layer) = self.layers.learning() {
            self.layers.learn(layer, network, parts);
        }
        Ok(())
    }

    fn matrices(&self) -> &[Buffer] {
        &self.layers.state
    }

    fn matrices_mut(&mut self) -> &mut [Buffer] {
        &mut self.layers.state
    }

    /// Nothing to compare with: convolutions go down no slope, and the read-out goes down
    /// its own.
    fn angles(&self, _: &Digits<'_>, _: &Disturbance) -> Vec<Option<f64>> {
        vec![None; 3]
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(self.clone())
    }
}
