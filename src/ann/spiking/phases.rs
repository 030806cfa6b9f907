//! One picture in a network of spikes with connections both ways: its free phase and the two
//! branches that its rule compares, spike by spike.
//!
//! All of it is computed from the spikes alone, by the definitions; that it is what the rule
//! learns is a test.

use crate::ann::network::Network;
use crate::ann::ops::op::Plane;
use crate::ann::ops::spiking::energy::{Branch, Energy, Phases, TAU, gain};
use crate::ann::ops::spiking::leak;
use crate::ann::zoo::{Layer, Spiking};
use crate::data::{CLASSES, Pixels, SIDE};

/// What a picture does.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseLook {
    /// Hidden neurons; the classes are numbered after them.
    pub hidden: usize,
    /// The phases.
    pub phases: Phases,
    /// The class that was taught.
    pub label: u8,
    /// The free phase, the branch that is pulled, the one that is pushed (or left alone).
    pub branches: [Course; 3],
    /// Correlation of each hidden neuron with each class, `⟨r_i r_j⟩` over the window, in
    /// the branch that is pulled and in the other; `[hidden][class]`.
    pub correlations: [Vec<f32>; 2],
    /// What each synapse between them learns at a rate of 1: their difference over 2β (or
    /// β).
    pub change: Vec<f32>,
    /// Mean rate r of each neuron over the window, likewise.
    pub rates: [Vec<f32>; 2],
    /// The class with the largest mean rate in the last two thirds of the free phase; `None`
    /// where two are as large.
    pub answer: Option<usize>,
}

/// What happens in one of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Its first step; the branches begin after the free phase, both at the same step.
    pub from: usize,
    /// Steps.
    pub steps: usize,
    /// Neurons that spike, by step.
    pub spikes: Vec<Vec<u32>>,
    /// Rates r of the classes after each step.
    pub classes: Vec<[f32; CLASSES]>,
}

/// One synapse between a hidden neuron and a class in both branches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairLook {
    /// Rates r of the hidden neuron and of the class after each step of the free phase and
    /// of the branches.
    pub traces: [Vec<[f32; 2]>; 3],
    /// Lag t_class − t_hidden (steps) and share of the correlation of each pair of spikes
    /// that counts, in the branches.
    pub pairs: [Vec<(i32, f32)>; 2],
}

impl PhaseLook {
    /// The traces and pairs of one synapse.
    pub fn pair(&self, hidden: usize, class: usize) -> PairLook {
        let (i, j) = (hidden as u32, (self.hidden + class) as u32);
        let mut look = PairLook::default();
        let (pair, _) = self.phases.scales();
        let keep = leak(TAU);
        let mut after_free = [0f32; 2];
        let mut free_times: [Vec<i32>; 2] = Default::default();
        for (b, course) in self.branches.iter().enumerate() {
            let mut s = if b == 0 { [0.0; 2] } else { after_free };
            let mut times = free_times.clone();
            let first = course.steps.saturating_sub(self.phases.window);
            for (t, fired) in course.spikes.iter().enumerate() {
                let now = (course.from + t) as i32;
                for (k, neuron) in [i, j].into_iter().enumerate() {
                    s[k] *= keep;
                    if !fired.contains(&neuron) {
                        continue;
                    }
                    // The other side's earlier spikes; the hidden neuron's come first.
                    if b > 0 && t >= first {
                        let share = |then: &i32| pair * keep.powi(now - then);
                        let lag = |then: &i32| if k == 0 { then - now } else { now - then };
                        look.pairs[b - 1].extend(times[1 - k].iter().map(|t| (lag(t), share(t))));
                    }
                    s[k] += 1.0;
                    times[k].push(now);
                }
                look.traces[b].push(s.map(|s| gain() * s));
            }
            if b == 0 {
                (after_free, free_times) = (s, times);
            }
        }
        look
    }
}

/// The operation of a network of this kind; `None` for others.
pub fn operation(network: &Network) -> Option<Energy> {
    match (network.architecture().layers)()[..] {
        [Layer::Spiking(Spiking::Energy { hidden })] => {
            Some(Energy::new(network.plan().isa, Plane::new(SIDE, SIDE, 1), hidden))
        }
        _ => None,
    }
}

/// Shows a picture with a target, with the noise of `key`; `None` for other networks.
pub fn look(
    network: &Network,
    picture: &Pixels,
    label: u8,
    phases: &Phases,
    key: u64,
) -> Option<PhaseLook> {
    let op = operation(network)?;
    let hidden = op.hidden();
    let phases = Phases { window: phases.window.clamp(1, phases.nudged.max(1)), ..*phases };
    let course = |from, steps| Course { from, steps, ..Course::default() };
    let (free, nudged) = (phases.free, phases.nudged);
    let mut branches = [course(0, free), course(free, nudged), course(free, nudged)];
    let parameters = network.step_parameters(0);
    let label = label.min(CLASSES as u8 - 1);
    op.watch(parameters, picture, (key, Some(label)), &phases, |branch, state, fired| {
        let course = &mut branches[match branch {
            Branch::Free => 0,
            Branch::Plus => 1,
            Branch::Minus => 2,
        }];
        let filled = state.hidden() as u32;
        let number = |j: &u32| if *j < filled { *j } else { j - filled + hidden as u32 };
        course.spikes.push(fired.iter().map(number).collect());
        let s = state.classes_of(&state.s);
        course.classes.push(std::array::from_fn(|k| gain() * s[k]));
    });
    let mut look = PhaseLook {
        hidden,
        phases,
        label,
        branches,
        correlations: [vec![0.0; hidden * CLASSES], vec![0.0; hidden * CLASSES]],
        change: Vec::new(),
        rates: [vec![0.0; hidden + CLASSES], vec![0.0; hidden + CLASSES]],
        answer: None,
    };
    look.correlate();
    look.answer = look.answered();
    Some(look)
}

impl PhaseLook {
    /// Correlations and rates, by the definition: what a spike adds to each pair that it
    /// completes.
    fn correlate(&mut self) {
        let hidden = self.hidden;
        let (pair, step) = self.phases.scales();
        let keep = leak(TAU);
        let advance = |s: &mut [f32]| s.iter_mut().for_each(|s| *s *= keep);
        let mut free = vec![0f32; hidden + CLASSES];
        for fired in &self.branches[0].spikes {
            advance(&mut free);
            fired.iter().for_each(|j| free[*j as usize] += 1.0);
        }
        for b in 0..2 {
            let (course, sums) = (&self.branches[b + 1], &mut self.correlations[b]);
            let mut s = free.clone();
            for (t, fired) in course.spikes.iter().enumerate() {
                advance(&mut s);
                let counts = t + self.phases.window >= self.phases.nudged;
                let classes = fired.partition_point(|j| (*j as usize) < hidden);
                // In one step hidden neurons come first.
                for j in fired[..classes].iter().map(|j| *j as usize) {
                    let row = sums[j * CLASSES..][..CLASSES].iter_mut();
                    row.zip(&s[hidden..]).filter(|_| counts).for_each(|(c, s)| *c += pair * s);
                }
                fired[..classes].iter().for_each(|j| s[*j as usize] += 1.0);
                for k in fired[classes..].iter().map(|j| *j as usize - hidden) {
                    let column = sums.iter_mut().skip(k).step_by(CLASSES);
                    column.zip(&s).filter(|_| counts).for_each(|(c, s)| *c += pair * s);
                }
                fired[classes..].iter().for_each(|j| s[*j as usize] += 1.0);
                if counts {
                    self.rates[b].iter_mut().zip(&s).for_each(|(r, s)| *r += step * s);
                }
            }
        }
        let by = 1.0 / self.phases.distance();
        let both = self.correlations[0].iter().zip(&self.correlations[1]);
        self.change = both.map(|(plus, minus)| by * (plus - minus)).collect();
    }

    fn answered(&self) -> Option<usize> {
        let mut sums = [0f32; CLASSES];
        for row in self.branches[0].classes.iter().skip(self.phases.free / 3) {
            sums.iter_mut().zip(row).for_each(|(sum, r)| *sum += r);
        }
        crate::core::decision::unique_max(&sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::ops::op::{Op, Part};
    use crate::ann::ops::spiking::energy::key;
    use crate::ann::tap::Tapped;
    use crate::ann::zoo;
    use crate::data::synthetic;

    #[test]
    fn what_is_shown_is_what_the_rule_learns() {
        let network = Network::new(zoo::get("lif-chl-50").unwrap(), 2).unwrap();
        let op = operation(&network).unwrap();
        let data = synthetic::generate(3, 2);
        for centred in [true, false] {
            let phases =
                Phases { free: 40, nudged: 33, window: 21, beta: 1.5, centred, target: 0.6 };
            let (picture, label, key) = (data.pixels(1), data.label(1), key((4, 9), 1));
            let look = look(&network, &picture, label, &phases, key).unwrap();
            assert_eq!(look.branches[0].spikes.len(), 40);
            assert_eq!(look.branches[2].spikes.len(), 33);
            let mut keep = vec![0.0; op.keep_len()];
            let mut partial = vec![0.0; op.partial_len()];
            let mut logits = [0.0; CLASSES];
            op.learn(
                network.step_parameters(0),
                (&picture, &[label], &|_| key),
                (&phases, [1.0, 1.0]),
                (&mut keep, &mut partial),
                &mut logits,
                Tapped::default(),
            );
            let part = Part { n: 1, x: &picture, dy: &[], keep: &keep, partial: &partial };
            let mut change = Vec::new();
            for (number, ranges) in op.blocks().into_iter().enumerate() {
                if op.layer(1).0.contains(&ranges[0].start) {
                    let mut rows = vec![0.0; ranges[0].len()];
                    op.gradient(number, &[part], &mut rows);
                    change.extend(rows);
                }
            }
            assert!(change.iter().any(|c| *c != 0.0));
            for (shown, gradient) in look.change.iter().zip(&change) {
                assert!((shown + gradient).abs() < 1e-5, "{shown} {gradient}");
            }
            let biases = keep[..50].iter().zip(look.rates[0].iter().zip(&look.rates[1]));
            for (gradient, (plus, minus)) in biases {
                assert!((gradient + (plus - minus) / phases.distance()).abs() < 1e-5);
            }
            // Pairs add up to the correlation.
            for (i, k) in [(3, 4), (17, 0), (49, 9)] {
                let pair = look.pair(i, k);
                for b in 0..2 {
                    let sum: f32 = pair.pairs[b].iter().map(|p| p.1).sum();
                    assert!((sum - look.correlations[b][i * CLASSES + k]).abs() < 1e-5);
                    assert_eq!(pair.traces[b + 1].len(), 33);
                    let class = look.branches[b + 1].classes[32][k];
                    assert!((pair.traces[b + 1][32][1] - class).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn a_target_pulls_its_class_up_and_down_and_blank_digits_are_no_trouble() {
        let network = Network::new(zoo::get("lif-chl-50").unwrap(), 2).unwrap();
        let phases =
            Phases { free: 60, nudged: 60, window: 40, beta: 2.0, centred: true, target: 0.6 };
        for picture in [[0.0; 784], [1.0; 784], synthetic::generate(3, 1).pixels(0)] {
            for label in [0, 7] {
                let look = look(&network, &picture, label, &phases, 5).unwrap();
                let rate = |b: usize| look.rates[b][50 + usize::from(label)];
                assert!(rate(0) > rate(1), "{} {}", rate(0), rate(1));
                assert!(look.change.iter().all(|c| c.is_finite()));
            }
        }
        let other = Network::new(zoo::get("mlp").unwrap(), 1).unwrap();
        assert!(look(&other, &[0.0; 784], 1, &phases, 1).is_none());
    }
}
