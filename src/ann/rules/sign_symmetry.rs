//! Sign-symmetry (Liao, Leibo and Poggio 2016): the way back has the weights' signs,
//! all of one size.

use super::{Buffer, Kind, Method, Network, Recipe, Rule, Way, adam, by_step, matrix};
use crate::ann::tap::{Signal, Tapped};

/// Errors over the signs.
pub static RULE: Rule = Rule {
    id: "sign_symmetry",
    name: "Sign-symmetry",
    doc: "Errors go back over the signs of the weights, all of their mean size (Liao, Leibo and Poggio 2016). A synapse back still has to know whether the one forward excites or inhibits: half a solution.",
    way_back: "the signs of the weights",
    parameters: &[],
    kind: Kind::Dense,
    optimisers: &[],
    why: "",
    usual: || adam(1e-3),
    recipe: Recipe::new(&[500, 500], 64, 15),
    sends_errors: true,
    relaxes: false,
    begin: |start| {
        let mut method = SignSymmetry { matrices: by_step(start.network.plan(), zeros) };
        method.follow(start.network, Tapped::default());
        Box::new(method)
    },
};

fn zeros(_: usize, inputs: usize, units: usize) -> Vec<f32> {
    vec![0.0; inputs * units]
}

struct SignSymmetry {
    matrices: Vec<Buffer>,
}

/// Numbers that are added together: enough lanes for vectors of any instruction set, in
/// a fixed order.
const LANES: usize = 16;

/// The mean size of some weights.
fn mean_size(weights: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    let (chunks, rest) = weights.as_chunks::<LANES>();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(s, w)| *s += w.abs());
    }
    let rest: f32 = rest.iter().map(|w| w.abs()).sum();
    (sums.iter().sum::<f32>() + rest) / weights.len().max(1) as f32
}

impl SignSymmetry {
    fn follow(&mut self, network: &Network, tap: Tapped<'_>) {
        for (step, signs) in self.matrices.iter_mut().enumerate() {
            let weights = &network.step_parameters(step)[..signs.len()];
            let size = tap.number(Signal::Shared(step), mean_size(weights));
            for (sign, w) in signs.iter_mut().zip(weights) {
                *sign = if *w > 0.0 { size } else { -size };
            }
        }
    }
}

impl Method for SignSymmetry {
    fn way(&self, step: usize) -> Way<'_> {
        matrix(&self.matrices, step)
    }

    fn renew(&mut self, network: &Network, _: (u64, u64), tap: Tapped<'_>) {
        self.follow(network, tap);
    }

    fn matrices(&self) -> &[Buffer] {
        &self.matrices
    }

    fn matrices_mut(&mut self) -> &mut [Buffer] {
        &mut self.matrices
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(Self { matrices: self.matrices.clone() })
    }
}
