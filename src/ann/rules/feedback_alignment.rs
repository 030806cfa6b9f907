//! Feedback alignment (Lillicrap, Cownden, Tweed and Akerman 2016): errors go back over
//! a random matrix that never changes. The forward weights come to fit it.

#[cfg(test)]
use super::{Buffer, Method};
use super::{Fixed, Kind, Recipe, Rule, adam, matrix, random_feedback};
use crate::core::param::{Param, params};

params! {
    struct Params: f32 {
        scale: Param::number(
            "Size of the feedback", "", 1.0, (0.01, 10.0),
            "Standard deviation of the random weights, times the square root of the units they reach",
        ),
    }
}

/// Errors through random wires.
pub static RULE: Rule = Rule {
    id: "feedback_alignment",
    name: "Feedback alignment",
    doc: "Errors go back over a random matrix that never changes (Lillicrap et al. 2016). At first they are noise; then the forward weights turn so that the random errors point the right way. Depth weakens it.",
    way_back: "a fixed random matrix",
    parameters: Params::DECLARED,
    kind: Kind::Dense,
    optimisers: &[],
    why: "",
    usual: || adam(1e-3),
    recipe: Recipe::new(&[500], 64, 15),
    sends_errors: true,
    relaxes: false,
    begin: |start| {
        let Params { scale } = Params::of(start.values);
        Box::new(Fixed { matrices: random_feedback(start, scale), way: matrix })
    },
};

/// Feedback alignment over given matrices, by step of the plan.
#[cfg(test)]
pub fn over(matrices: Vec<Buffer>) -> Box<dyn Method> {
    Box::new(Fixed { matrices, way: matrix })
}
