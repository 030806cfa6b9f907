//! What `spikescope rules` prints.

use serde::Serialize;

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
