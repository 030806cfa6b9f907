//! Direct feedback alignment (Nøkland 2016): each layer gets the error of the classes,
//! over a random matrix of its own; none is handed from layer to layer.

use super::{Buffer, Fixed, Kind, Recipe, Rule, Start, Way, adam, by_step};
use crate::core::param::{Param, params};
use crate::core::rng::Rng;
use crate::data::CLASSES;

params! {
    struct Params: f32 {
        scale: Param::number(
            "Size of the feedback", "", 1.0, (0.01, 10.0),
            "Standard deviation of the random weights, times the square root of the ten classes",
        ),
    }
}

/// Errors straight to each layer.
pub static RULE: Rule = Rule {
    id: "direct_feedback_alignment",
    name: "Direct feedback alignment",
    doc: "The error of the ten classes goes straight to each layer, over a random matrix of its own (Nøkland 2016). No layer waits for the one above, so depth hurts little.",
    way_back: "the classes' error, over a random matrix for each layer",
    parameters: Params::DECLARED,
    kind: Kind::Dense,
    optimisers: &[],
    why: "",
    usual: || adam(1e-3),
    recipe: Recipe::new(&[500, 500], 64, 15).tanh(),
    sends_errors: true,
    relaxes: false,
    begin: |start| {
        let Params { scale } = Params::of(start.values);
        Box::new(Fixed { matrices: random(start, scale), way })
    },
};

/// One matrix `(10, inputs)` for each step but the first.
fn random(start: &Start<'_>, scale: f32) -> Vec<Buffer> {
    by_step(start.network.plan(), |number, inputs, _| {
        let mut rng = Rng::stream(start.seed, "direct feedback", number as u64);
        let by = scale / (CLASSES as f32).sqrt();
        (0..CLASSES * inputs).map(|_| by * rng.normal()).collect()
    })
}

/// From the classes, past all layers between.
fn way(matrices: &[Buffer], step: usize) -> Way<'_> {
    matrices.get(step).map_or(Way::Nothing, |m| Way::FromOutput(m))
}
