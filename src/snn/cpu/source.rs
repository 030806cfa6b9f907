//! Where spikes come from: the spikes of the last steps of each population and
//! input, and how inputs make theirs.
#![allow(
    unsafe_code,
    reason = "calls functions compiled for the instruction set that was found, and packs spikes by it"
)]

use crate::core::isa::{Isa, Set};
use crate::snn::network::InputKind;
use crate::snn::rng::{Key, threshold};

/// The spikes of the last few steps, as many as the longest delay needs.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    /// Neurons that spiked, by step modulo the number of slots, rising.
    slots: Vec<Vec<u32>>,
}

impl Ring {
    /// For delays of up to `most` steps.
    pub(super) fn new(most: u32) -> Self {
        Self { slots: vec![Vec::new(); most as usize + 1] }
    }

    fn slot(&self, step: u64) -> usize {
        if self.slots.len() == 1 { 0 } else { (step % self.slots.len() as u64) as usize }
    }

    /// The emptied list of this step.
    pub(super) fn begin(&mut self, step: u64) -> &mut Vec<u32> {
        let slot = self.slot(step);
        self.slots[slot].clear();
        &mut self.slots[slot]
    }

    /// What spiked in this step.
    pub(super) fn now(&self, step: u64) -> &[u32] {
        &self.slots[self.slot(step)]
    }

    /// What spiked so many steps before this one.
    pub(super) fn ago(&self, step: u64, steps: u32) -> &[u32] {
        match step.checked_sub(u64::from(steps)) {
            Some(then) => &self.slots[self.slot(then)],
            None => &[],
        }
    }

    /// The lists that later steps still need, the oldest first, before `step`.
    pub(super) fn past(&self, step: u64) -> Vec<Vec<u32>> {
        let kept = self.slots.len() as u64 - 1;
        (step.saturating_sub(kept)..step).map(|s| self.slots[self.slot(s)].clone()).collect()
    }

    /// Steps before the present one whose spikes are kept.
    pub(super) fn kept(&self) -> usize {
        self.slots.len() - 1
    }

    /// Brings [`Ring::past`] back.
    pub(super) fn set_past(&mut self, step: u64, past: &[Vec<u32>]) {
        self.slots.iter_mut().for_each(Vec::clear);
        for (i, list) in past.iter().rev().enumerate() {
            if let Some(then) = step.checked_sub(i as u64 + 1) {
                let slot = self.slot(then);
                self.slots[slot].clone_from(list);
            }
        }
    }
}

/// One input of one replica.
#[derive(Clone, Debug)]
pub(super) struct Emitter {
    key: Key,
    /// Inputs with a rate, rising, padded to whole groups of 16.
    neurons: Vec<u32>,
    thresholds: Vec<u32>,
    rated: usize,
    /// Listed spikes.
    listed: Vec<(u64, u32)>,
    next: usize,
    /// The Poisson spikes of four successive steps, and which four.
    four: [Vec<u32>; 4],
    quad: Option<u64>,
}

impl Emitter {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            neurons: Vec::new(),
            thresholds: Vec::new(),
            rated: 0,
            listed: Vec::new(),
            next: 0,
            four: std::array::from_fn(|_| Vec::new()),
            quad: None,
        }
    }

    /// From this step on, spikes come as `kind` says.
    pub(super) fn set(&mut self, kind: &InputKind, dt_ms: f64, step: u64) {
        self.neurons.clear();
        self.thresholds.clear();
        self.listed.clear();
        self.quad = None;
        match kind {
            InputKind::Silent => {}
            InputKind::Listed(listed) => self.listed.clone_from(listed),
            InputKind::Poisson(rates) => {
                for (neuron, rate) in rates.iter().enumerate().filter(|(_, r)| **r > 0.0) {
                    self.neurons.push(neuron as u32);
                    self.thresholds.push(threshold(f64::from(*rate) * dt_ms / 1000.0));
                }
            }
        }
        self.rated = self.neurons.len();
        let padded = self.rated.next_multiple_of(LANES);
        self.neurons.resize(padded, 0);
        self.thresholds.resize(padded, 0);
        self.seek(step);
    }

    /// The next step is this one.
    pub(super) fn seek(&mut self, step: u64) {
        self.next = self.listed.partition_point(|(s, _)| *s < step);
    }

    /// Appends the spikes of a step.
    pub(super) fn emit(&mut self, isa: Isa, step: u64, spikes: &mut Vec<u32>) {
        while let Some((at, neuron)) = self.listed.get(self.next) {
            if *at > step {
                break;
            }
            if *at == step {
                spikes.push(*neuron);
            }
            self.next += 1;
        }
        if self.rated == 0 {
            return;
        }
        if self.quad != Some(step / 4) {
            self.quad = Some(step / 4);
            self.draw(isa, (step / 4) as u32);
        }
        // So few that a call to copy them would take longer.
        for neuron in &self.four[(step % 4) as usize] {
            spikes.push(*neuron);
        }
    }

    fn draw(&mut self, isa: Isa, quad: u32) {
        self.four.iter_mut().for_each(Vec::clear);
        match isa.set() {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: there is an `Isa` of this set only where the processor has these instructions.
            Set::Avx512 => unsafe { self.draw_avx512(quad) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Set::Avx2 => unsafe { self.draw_avx2(quad) },
            Set::Portable => self.draw_lanes(quad),
        }
    }

    /// The same as [`Self::draw_lanes`], but that spikes are picked without a
    /// branch: whether one comes is what no processor can predict.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
    fn draw_avx512(&mut self, quad: u32) {
        use std::arch::x86_64::*;
        let splat = |x: u32| _mm512_set1_epi32(x as i32);
        let times = |a, b| _mm512_mullo_epi32(a, b);
        let plus = |a, b| _mm512_add_epi32(a, b);
        let mixed = |a| _mm512_xor_si512(a, _mm512_srli_epi32::<16>(a));
        let first = |a: u32| a.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [x, y, w] = [self.key.0, self.key.1, quad].map(first);
        let x = x.wrapping_add(y.wrapping_mul(w));
        let (x, y, w) = (splat(x), splat(y), splat(w));
        let (multiplier, increment) = (splat(1_664_525), splat(1_013_904_223));
        for list in &mut self.four {
            list.reserve(self.neurons.len() + LANES);
        }
        let mut lengths = [0usize; 4];
        let groups = self.neurons.as_chunks::<LANES>().0.iter();
        for (neurons, thresholds) in groups.zip(self.thresholds.as_chunks::<LANES>().0) {
            // SAFETY: both are 16 words.
            let (neurons, below) = unsafe {
                (
                    _mm512_loadu_si512(neurons.as_ptr().cast()),
                    _mm512_loadu_si512(thresholds.as_ptr().cast()),
                )
            };
            let z = plus(times(neurons, multiplier), increment);
            let y = plus(y, times(z, x));
            let z = plus(z, times(x, y));
            let w = plus(w, times(y, z));
            let [x, y, z, w] = [mixed(x), mixed(y), mixed(z), mixed(w)];
            let x = plus(x, times(y, w));
            let y = plus(y, times(z, x));
            let z = plus(z, times(x, y));
            let w = plus(w, times(y, z));
            for (s, word) in [x, y, z, w].into_iter().enumerate() {
                let hits = _mm512_cmplt_epu32_mask(word, below);
                let picked = _mm512_maskz_compress_epi32(hits, neurons);
                // SAFETY: there is room for all neurons and 16 more.
                unsafe {
                    let end = self.four[s].as_mut_ptr().add(lengths[s]);
                    _mm512_storeu_si512(end.cast(), picked);
                }
                lengths[s] += hits.count_ones() as usize;
            }
        }
        for (list, length) in self.four.iter_mut().zip(lengths) {
            // SAFETY: so many have been written, and there is room for them.
            unsafe { list.set_len(length) };
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn draw_avx2(&mut self, quad: u32) {
        self.draw_lanes(quad);
    }

    #[inline(always)]
    fn draw_lanes(&mut self, quad: u32) {
        let groups = self.neurons.chunks_exact(LANES).zip(self.thresholds.chunks_exact(LANES));
        for (neurons, thresholds) in groups {
            // A byte for each input, with a bit for each of the four steps.
            let mut hits = [0u8; LANES];
            for l in 0..LANES {
                let [a, b, c, d] = self.key.four(neurons[l], quad);
                let below = thresholds[l];
                hits[l] = u8::from(a < below)
                    | u8::from(b < below) << 1
                    | u8::from(c < below) << 2
                    | u8::from(d < below) << 3;
            }
            for (half, neurons) in hits.as_chunks::<8>().0.iter().zip(neurons.chunks_exact(8)) {
                let mut hits = u64::from_le_bytes(*half);
                while hits != 0 {
                    let bit = hits.trailing_zeros() as usize;
                    self.four[bit % 8].push(neurons[bit / 8]);
                    hits &= hits - 1;
                }
            }
        }
    }
}

/// Inputs that are drawn side by side.
const LANES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_those_of_the_generator_in_any_order_of_steps() {
        let key = Key::new(3, "poisson/in", 1);
        let rates: Vec<f32> =
            (0..50).map(|i| if i % 3 == 0 { 0.0 } else { i as f32 * 8.0 }).collect();
        let mut emitter = Emitter::new(key);
        emitter.set(&InputKind::Poisson(rates.clone()), 0.5, 0);
        for isa in Isa::available() {
            for step in [0, 1, 2, 3, 4, 9, 8, 1001, 7] {
                let mut got = Vec::new();
                emitter.emit(isa, step, &mut got);
                let p = |i: u32| threshold(f64::from(rates[i as usize]) * 0.0005);
                let want: Vec<u32> = (0..50).filter(|i| key.draw(*i, step) < p(*i)).collect();
                assert_eq!(got, want, "step {step}");
            }
        }
    }

    #[test]
    fn a_ring_remembers_as_far_back_as_the_longest_delay() {
        let mut ring = Ring::new(3);
        for step in 0..10u64 {
            ring.begin(step).push(step as u32);
        }
        assert_eq!(ring.ago(9, 3), [6]);
        assert_eq!(ring.ago(1, 3), [0u32; 0]);
        let past = ring.past(10);
        assert_eq!(past, [[7], [8], [9]]);
        let mut other = Ring::new(3);
        other.set_past(10, &past);
        assert_eq!(other.ago(10, 3), [7]);
        assert_eq!(other.ago(10, 1), [9]);
    }
}
