//! The control: only the last layer learns, the hidden ones stay as they were drawn. A
//! rule that is not clearly better than this does not teach depth.

use super::{Kind, Method, Recipe, Rule, Way, adam};

/// Hidden layers stay random.
pub static RULE: Rule = Rule {
    id: "shallow",
    name: "Shallow control",
    doc: "Nothing goes back: only the last layer learns, the hidden layers stay random. Whatever is no better than this has not learned to use its depth.",
    way_back: "nothing",
    parameters: &[],
    kind: Kind::Dense,
    optimisers: &[],
    why: "",
    usual: || adam(1e-3),
    recipe: Recipe::new(&[500, 500], 64, 10),
    sends_errors: false,
    relaxes: false,
    begin: |_| Box::new(Shallow),
};

struct Shallow;

impl Method for Shallow {
    fn way(&self, _: usize) -> Way<'_> {
        Way::Nothing
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(Self)
    }
}
