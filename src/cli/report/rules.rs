//! What `spikescope rules` prints.

use serde::Serialize;

/// `simulate regression`
#[derive(Debug, Serialize)]
pub struct LearnedCurve {
    pub presentations: usize,
    /// Mean squared error as a share of the curve's variance.
    pub error: f64,
    /// The same after so many presentations.
    pub errors: Vec<(usize, f64)>,
    /// Input, target, output.
    pub places: Vec<[f64; 3]>,
    /// By lag t_post − t_pre in ms: what the pairs of spikes of one synapse onto the output
    /// have changed.
    pub window: Vec<[f64; 2]>,
    /// The same of all synapses onto the output.
    pub window_of_all: Vec<[f64; 2]>,
}

/// `rules`
#[derive(Debug, Serialize)]
pub struct ComparedRules {
    pub data: String,
    /// `test`, or `held out` with --held-out.
    pub judged_on: String,
    pub rules: Vec<ComparedRule>,
}

#[derive(Debug, Serialize)]
pub struct ComparedRule {
    pub rule: String,
    pub name: String,
    pub model: String,
    pub optimiser: String,
    pub batch_size: usize,
    pub epochs: usize,
    /// Mean of the runs, 0 to 1.
    pub mean: f64,
    /// Standard deviation between seeds; with two runs or more.
    pub deviation: Option<f64>,
    pub runs: Vec<RuleRun>,
}

#[derive(Debug, Serialize)]
pub struct RuleRun {
    pub seed: u64,
    /// 0 to 1.
    pub accuracy: f64,
    pub seconds: f64,
    /// On the held-out digits after each epoch, with --held-out.
    pub by_epoch: Vec<f64>,
}
