//! Kolen and Pollack (1994), as Akrout et al. (2019) use it: the way back is a second
//! matrix B that learns by itself. A synapse back sees the same two cells as the one
//! forward, so it takes the same step; and both decay:
//!
//! `W ← (1−ηλ)·W − η·h·δ`, `B ← (1−ηλ)·B − η·δ·h`, so `W − Bᵀ` shrinks by `1 − ηλ` at
//! each step, whatever the digits are.

use super::{
    Buffer, Kind, Method, OptimiserState, Recipe, Reverse, Rule, Way, matrix, random_feedback, sgd,
};
use crate::core::param::{Param, params};

params! {
    struct Params: f32 {
        decay: Param::number(
            "Decay λ", "", 1e-3, (0.0, 0.1),
            "How fast both matrices forget; all that makes them alike",
        ),
    }
}

/// Two matrices that become one.
pub static RULE: Rule = Rule {
    id: "kolen_pollack",
    name: "Kolen–Pollack",
    doc: "The way back is a second matrix that takes the same steps as the weights, since it sees the same two cells; both decay, and so forget how they began and become alike (Kolen and Pollack 1994, Akrout et al. 2019).",
    way_back: "a second matrix that learns",
    parameters: Params::DECLARED,
    kind: Kind::Dense,
    optimisers: &["sgd"],
    why: "the proof that both matrices become alike counts on steps that are proportional to the product of the two cells' activities",
    usual: || sgd(0.02, 0.9),
    recipe: Recipe::new(&[500, 500], 64, 15),
    sends_errors: true,
    relaxes: false,
    begin: |start| {
        let Params { decay } = Params::of(start.values);
        let matrices = random_feedback(start, 1.0);
        let sizes: Vec<usize> = matrices.iter().map(|m| m.len()).collect();
        let rate = start.optimiser.get("learning_rate").unwrap_or(0.0) as f32;
        Box::new(KolenPollack {
            matrices,
            optimiser: OptimiserState::new(start.optimiser, &sizes).ok(),
            keeps: 1.0 - rate * decay,
        })
    },
};

struct KolenPollack {
    matrices: Vec<Buffer>,
    /// `None` in a copy that only looks.
    optimiser: Option<OptimiserState>,
    keeps: f32,
}

impl Method for KolenPollack {
    fn way(&self, step: usize) -> Way<'_> {
        matrix(&self.matrices, step)
    }

    fn reverse(&mut self) -> Option<Reverse<'_>> {
        let optimiser = self.optimiser.as_mut()?;
        Some(Reverse { matrices: &mut self.matrices, optimiser, keeps: self.keeps })
    }

    fn matrices(&self) -> &[Buffer] {
        &self.matrices
    }

    fn matrices_mut(&mut self) -> &mut [Buffer] {
        &mut self.matrices
    }

    fn optimiser(&self) -> Option<&OptimiserState> {
        self.optimiser.as_ref()
    }

    fn optimiser_mut(&mut self) -> Option<&mut OptimiserState> {
        self.optimiser.as_mut()
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(Self { matrices: self.matrices.clone(), optimiser: None, keeps: self.keeps })
    }
}
