//! The weights of a network as synapses between neurons: which are whose, and what is left
//! where some are lost.

use super::member::Member;
use super::subject::Halt;
use crate::ann::network::Network;
use crate::ann::zoo::{Layer, Spiking};
use crate::core::rng::Rng;

/// A matrix of synapses: rows are where they come from, columns where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synapses {
    /// Its number among the network's parameters.
    pub parameter: usize,
    /// Its name there.
    pub name: String,
    pub rows: usize,
    pub columns: usize,
    /// Neurons (of convolutions: maps) that the columns belong to: column `c` to neuron
    /// `c % units`.
    pub units: usize,
    /// The matrix whose neurons the rows belong to, row `r` to neuron `r % units` there;
    /// `None`: pixels.
    pub from: Option<usize>,
}

/// All synapses of a network, in the order of its parameters.
pub fn synapses(network: &Network) -> Vec<Synapses> {
    let layers = (network.architecture().layers)();
    let imagines = layers.iter().any(|l| matches!(l, Layer::Energy { .. }));
    let mut all: Vec<Synapses> = Vec::new();
    for (parameter, p) in network.parameters().into_iter().enumerate() {
        let (owner, kind) = p.name.rsplit_once('.').unwrap_or(("", &p.name));
        if !matches!(kind, "weight" | "kernel" | "recurrent") || p.shape.len() < 2 {
            continue;
        }
        let columns = p.shape.last().copied().unwrap_or(1).max(1);
        let rows = p.values.len() / columns;
        let mut before = all.len().checked_sub(1);
        // In a network that imagines, the first layer also draws the picture and answers.
        if imagines && ["decode1", "read_out"].iter().any(|end| owner.ends_with(end)) {
            before = Some(0);
        }
        let (units, from) = match kind {
            // Among themselves: the kernel's neurons, which are as many as rows.
            "recurrent" => (rows, before),
            _ => (columns, before),
        };
        if kind == "recurrent"
            && let Some(kernel) = all.last_mut()
        {
            kernel.units = rows;
        }
        all.push(Synapses { parameter, name: p.name.clone(), rows, columns, units, from });
    }
    all
}

/// Whether the last matrix leads to answers; where layers are compared, it leads to one
/// more of them.
fn answers(network: &Network) -> bool {
    !(network.architecture().layers)().iter().any(|l| matches!(l, Layer::Goodness { .. }))
}

/// The matrices whose columns are hidden neurons; those of a recurrent layer are in two.
pub fn hidden(network: &Network) -> Vec<usize> {
    let all = synapses(network);
    let layers = (network.architecture().layers)();
    if layers.iter().any(|l| matches!(l, Layer::Energy { .. })) {
        return vec![0];
    }
    let last = all.len().saturating_sub(usize::from(answers(network)));
    (0..last).collect()
}

/// `n` things of which the share `share` is gone; what is gone at a share is gone at larger
/// ones.
fn gone(seed: u64, name: &str, n: usize, share: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..n).collect();
    Rng::stream(seed, name, 0).shuffle(&mut order);
    let mut gone = vec![false; n];
    let count = (share * n as f64).round() as usize;
    order.iter().take(count).for_each(|i| gone[*i] = true);
    gone
}

/// What is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Hidden neurons, of convolutions whole maps.
    Neurons,
    /// Synapses.
    Synapses,
    /// Precision: each weight w becomes w (1 + σ n), n normal.
    Precision,
}

impl Loss {
    fn stream(self) -> &'static str {
        match self {
            Self::Neurons => "lost neurons",
            Self::Synapses => "lost synapses",
            Self::Precision => "weight noise",
        }
    }

    /// The network, damaged by so much.
    ///
    /// # Errors
    /// [`Halt::Reason`].
    pub fn of(self, member: &Member, amount: f64, seed: u64) -> Result<Member, Halt> {
        if let Member::DiehlCook(trained) = member {
            let mut cut = trained.clone();
            let neurons = cut.about.config.neurons.max(1);
            self.matrix(&mut cut.weights, (seed, 0), amount);
            if self == Self::Neurons {
                let gone = gone(seed, &format!("{} 0", self.stream()), neurons, amount);
                for row in cut.weights.chunks_exact_mut(neurons) {
                    row.iter_mut().zip(&gone).filter(|(_, g)| **g).for_each(|(w, _)| *w = 0.0);
                }
                // Who is gone has no vote, and does not lower its digit's mean.
                cut.labels.iter_mut().zip(&gone).filter(|(_, g)| **g).for_each(|(l, _)| *l = None);
            }
            return Ok(Member::DiehlCook(cut));
        }
        let Some(network) = member.network() else { return Ok(member.clone()) };
        member.with_network(self.network(network, amount, seed))
    }

    fn matrix(self, weights: &mut [f32], (seed, number): (u64, usize), amount: f64) {
        let stream = format!("{} {number}", self.stream());
        match self {
            Self::Neurons => {}
            Self::Synapses => {
                let gone = gone(seed, &stream, weights.len(), amount);
                weights.iter_mut().zip(&gone).filter(|(_, g)| **g).for_each(|(w, _)| *w = 0.0);
            }
            Self::Precision => {
                let mut rng = Rng::stream(seed, &stream, 0);
                weights.iter_mut().for_each(|w| *w *= 1.0 + amount as f32 * rng.normal());
            }
        }
    }

    /// A network of layers, damaged by so much.
    pub fn network(self, network: &Network, amount: f64, seed: u64) -> Network {
        let all = synapses(network);
        let mut values = network.values();
        if self == Self::Neurons {
            let names: Vec<String> = network.parameters().into_iter().map(|p| p.name).collect();
            let hidden = hidden(network);
            for number in &hidden {
                let own = &all[*number];
                // The recurrent weights of a layer are of the same neurons as its kernel.
                let first = if own.name.ends_with(".recurrent") { number - 1 } else { *number };
                let gone = gone(seed, &format!("{} {first}", self.stream()), own.units, amount);
                silence(&mut values[own.parameter], own.units, &gone);
                let bias = own.name.rsplit_once('.').map(|(owner, _)| format!("{owner}.bias"));
                if let Some(bias) = names.iter().position(|n| bias.as_ref() == Some(n)) {
                    silence(&mut values[bias], own.units, &gone);
                }
                for onto in all.iter().filter(|s| s.from == Some(*number)) {
                    let rows = values[onto.parameter].chunks_exact_mut(onto.columns).enumerate();
                    rows.filter(|(r, _)| gone[r % own.units]).for_each(|(_, row)| row.fill(0.0));
                }
            }
        } else {
            for (number, own) in all.iter().enumerate() {
                self.matrix(&mut values[own.parameter], (seed, number), amount);
            }
        }
        let mut cut = network.clone();
        cut.set_values(&values);
        cut
    }
}

/// Sets to zero what belongs to those that are gone.
fn silence(values: &mut [f32], units: usize, gone: &[bool]) {
    for row in values.chunks_exact_mut(units.max(1)) {
        row.iter_mut().zip(gone).filter(|(_, g)| **g).for_each(|(v, _)| *v = 0.0);
    }
}

/// Neurons, and the signs of the synapses that lead on from them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signs {
    /// Neurons with synapses that lead on.
    pub neurons: usize,
    /// Those whose synapses all have one sign.
    pub pure: usize,
    /// Their synapses.
    pub synapses: usize,
    /// Synapses of the sign that weighs less at their neuron.
    pub against: usize,
    /// Sum of the sizes of all, and of these.
    pub weight: f64,
    pub weight_against: f64,
}

/// The signs of hidden neurons' outgoing synapses; pixels are no neurons. Beside them, for
/// each weight, in the order of the network's parameters, the sign that weighs more at its
/// neuron; 0 where it is of none.
pub fn signs(network: &Network) -> (Signs, Vec<Vec<f32>>) {
    let all = synapses(network);
    let values = network.values();
    let mut main: Vec<Vec<f32>> = values.iter().map(|v| vec![0.0; v.len()]).collect();
    let mut found = Signs::default();
    for (number, own) in all.iter().enumerate() {
        if own.name.ends_with(".recurrent") {
            continue;
        }
        let is_own = |s: &&Synapses| match s.from {
            Some(from) if from == number => true,
            // From the recurrent weights, whose neurons these are.
            Some(from) => from == number + 1 && all[from].name.ends_with(".recurrent"),
            None => false,
        };
        // Synapses of a neuron may lie in several matrices.
        let onto: Vec<&Synapses> = all.iter().filter(is_own).collect();
        let shared = onto.first().is_some_and(|s| {
            s.name.rsplit('.').nth(1).is_some_and(|owner| owner.starts_with("conv"))
        });
        // Behind a convolution, a dense layer has a row for each place of a map.
        let most = onto.iter().map(|s| s.rows).max().unwrap_or(0);
        let neurons = if shared { own.units } else { most };
        for neuron in 0..neurons {
            let rows = onto.iter().flat_map(|s| {
                let step = if shared { own.units } else { s.rows };
                let rows = (neuron..s.rows).step_by(step.max(1));
                rows.map(|r| (s.parameter, r * s.columns..(r + 1) * s.columns))
            });
            let rows: Vec<(usize, std::ops::Range<usize>)> = rows.collect();
            let weights = || rows.iter().flat_map(|(p, range)| &values[*p][range.clone()]);
            let sum =
                |sign: f32| -> f64 { weights().map(|w| f64::from((w * sign).max(0.0))).sum() };
            let (plus, minus) = (sum(1.0), sum(-1.0));
            let heavier = if plus >= minus { 1.0 } else { -1.0 };
            let against = weights().filter(|w| **w * heavier < 0.0).count();
            found.neurons += 1;
            found.pure += usize::from(against == 0);
            found.synapses += weights().count();
            found.against += against;
            found.weight += plus + minus;
            found.weight_against += plus.min(minus);
            for (p, range) in rows {
                main[p][range].fill(heavier);
            }
        }
    }
    (found, main)
}

/// Sets to zero what has not the sign that it should have, by [`signs`].
pub fn obey(values: &mut [Vec<f32>], main: &[Vec<f32>]) {
    for (weight, sign) in values.iter_mut().flatten().zip(main.iter().flatten()) {
        if *weight * sign < 0.0 {
            *weight = 0.0;
        }
    }
}

/// Whether a network has connections that go both ways over the same weights.
pub fn both_ways(network: &Network) -> bool {
    (network.architecture().layers)()
        .iter()
        .any(|l| matches!(l, Layer::Settling { .. } | Layer::Spiking(Spiking::Energy { .. })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::zoo::{self, find};
    use crate::data::synthetic;

    fn network(id: &str) -> Network {
        Network::new(find(id).unwrap(), 3).unwrap()
    }

    #[test]
    fn every_network_has_its_matrices_and_hidden_neurons() {
        for architecture in zoo::all() {
            let network = Network::new(architecture, 1).unwrap();
            let all = synapses(&network);
            assert!(!all.is_empty() && !hidden(&network).is_empty(), "{}", architecture.id);
            for (i, s) in all.iter().enumerate() {
                assert_eq!(s.columns % s.units, 0, "{} {s:?}", architecture.id);
                if let Some(from) = s.from {
                    assert!(from < i, "{} {s:?}", architecture.id);
                    assert_eq!(s.rows % all[from].units, 0, "{} {s:?}", architecture.id);
                }
            }
        }
    }

    #[test]
    fn without_hidden_neurons_all_digits_get_the_same_answer() {
        let digits = crate::scoreboard::member::pictures(&synthetic::generate(2, 5), 5);
        let ids = ["mlp", "cnn3", "rnn3", "rnn4", "lif-dense", "lif-recurrent", "settling-40"];
        for id in ids {
            let whole = network(id);
            let none = Loss::Neurons.network(&whole, 1.0, 1);
            let rows = none.probabilities(&digits);
            assert!(rows.iter().all(|r| *r == rows[0]), "{id}");
            assert_eq!(Loss::Neurons.network(&whole, 0.0, 1).values(), whole.values());
        }
    }

    #[test]
    fn a_larger_loss_includes_a_smaller_one() {
        let (few, many) = (gone(1, "x", 100, 0.2), gone(1, "x", 100, 0.6));
        assert!(few.iter().zip(&many).all(|(a, b)| !*a || *b));
        assert_eq!((count(&few), count(&many)), (20, 60));
        let cut = Loss::Synapses.network(&network("mlp"), 0.5, 1);
        let zeros = cut.values()[0].iter().filter(|w| **w == 0.0).count();
        assert_eq!(zeros, 784 * 512 / 2);
    }

    fn count(gone: &[bool]) -> usize {
        gone.iter().filter(|g| **g).count()
    }

    #[test]
    fn enforced_signs_leave_no_neuron_with_two() {
        for id in ["mlp", "cnn3", "rnn3", "rnn4", "lif-dense"] {
            let mut network = network(id);
            let (before, main) = signs(&network);
            let mut values = network.values();
            obey(&mut values, &main);
            network.set_values(&values);
            // Of ten weights all have one sign now and then.
            assert!(before.against > 0 && before.pure < before.neurons / 10, "{id}: {before:?}");
            assert!(before.weight_against < 0.5 * before.weight, "{id}");
            let (after, _) = signs(&network);
            assert_eq!((after.against, after.pure), (0, after.neurons), "{id}");
        }
        // By hand: 512 and 256 hidden units.
        assert_eq!(signs(&network("mlp")).0.neurons, 768);
    }
}
