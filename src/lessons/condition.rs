//! Conditions on measured values: `neuron.rate >= 5 and neuron.spikes = 12`.

/// What has to have been measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// All of them have to hold.
    pub all: Vec<Comparison>,
}

/// One value beside a bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Name of the measure: `neuron.rate`.
    pub measure: String,
    pub relation: Relation,
    pub bound: Bound,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    Number(f64),
    /// Another measure.
    Measure(String),
}

/// How two values are to be to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Less,
    AtMost,
    Equal,
    Differs,
    AtLeast,
    More,
}
