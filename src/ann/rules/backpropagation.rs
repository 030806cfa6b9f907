//! Backpropagation (Rumelhart, Hinton and Williams 1986): errors go back over the same
//! weights over which activity came, transposed.

use super::{Kind, Method, Recipe, Rule, adam};

/// The measure of all the others.
pub static RULE: Rule = Rule {
    id: "backpropagation",
    name: "Backpropagation",
    doc: "Errors go back over exactly the weights over which activity went forward (Rumelhart, Hinton and Williams 1986). The true gradient; a brain would need every synapse twice, with the same weight.",
    way_back: "the transposed weights",
    parameters: &[],
    kind: Kind::Dense,
    optimisers: &[],
    why: "",
    usual: || adam(1e-3),
    recipe: Recipe::new(&[500, 500], 64, 15),
    sends_errors: true,
    relaxes: false,
    begin: |_| Box::new(Backpropagation),
};

/// Without any state.
pub struct Backpropagation;

impl Method for Backpropagation {
    fn copy(&self) -> Box<dyn Method> {
        Box::new(Self)
    }
}
