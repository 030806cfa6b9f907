//! What `spikescope bench` prints.

use serde::{Deserialize, Serialize};

use crate::workers::spiking::cost::Times;

/// `bench train`
#[derive(Debug, Serialize)]
pub struct Benchmarked {
    pub threads: usize,
    /// `AVX-512`, `AVX2` or `portable`.
    pub engine: String,
    pub nets: Vec<BenchmarkedNet>,
    /// Largest resident memory of the process, MB; null where the system does not tell.
    pub peak_mb: Option<f64>,
    /// Of Python and its packages; null without `--peers`.
    pub versions: Option<serde_json::Value>,
}

#[derive(Debug, Serialize)]
pub struct BenchmarkedNet {
    pub id: String,
    /// Training at batches of 32, median step.
    pub train_images_per_s: f64,
    /// One image answered on one thread, median, ms.
    pub single_ms: f64,
    /// 256 images answered together, median.
    pub batch256_images_per_s: f64,
    /// The same network elsewhere, measured in the same minutes.
    pub peers: Vec<Peer>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Peer {
    /// `pytorch` or `keras`.
    pub framework: String,
    pub train_images_per_s: f64,
    pub single_ms: f64,
    pub batch256_images_per_s: f64,
    /// Largest resident memory of its process, MB.
    pub peak_mb: f64,
    /// The variant that was the faster.
    #[serde(default)]
    pub note: String,
}

/// `bench rules`
#[derive(Debug, Serialize)]
pub struct BenchmarkedRules {
    pub threads: usize,
    /// `AVX-512`, `AVX2` or `portable`.
    pub engine: String,
    pub rules: Vec<BenchmarkedRule>,
    /// Of Python and its packages; null without `--peers`.
    pub versions: Option<serde_json::Value>,
}

#[derive(Debug, Serialize)]
pub struct BenchmarkedRule {
    pub rule: String,
    /// Id of the network.
    pub model: String,
    pub batch_size: usize,
    /// Training, median step.
    pub train_images_per_s: f64,
    /// The same rule elsewhere, measured in the same minutes.
    pub peers: Vec<RulePeer>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct RulePeer {
    /// `pytorch`.
    pub framework: String,
    pub train_images_per_s: f64,
}

/// `bench spiking-training`
#[derive(Debug, Serialize)]
pub struct BenchmarkedSpikingTraining {
    pub threads: usize,
    /// `AVX-512`, `AVX2` or `portable`.
    pub engine: String,
    pub nets: Vec<BenchmarkedSpikingNet>,
    /// Of Python and its packages; null without `--peers`.
    pub versions: Option<serde_json::Value>,
}

#[derive(Debug, Serialize)]
pub struct BenchmarkedSpikingNet {
    pub id: String,
    pub rule: String,
    pub batch_size: usize,
    /// Training, median step.
    pub train_images_per_s: f64,
    /// The same network elsewhere, measured in the same minutes.
    pub peers: Vec<SpikingNetPeer>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct SpikingNetPeer {
    /// `pytorch` or `snntorch`.
    pub framework: String,
    pub train_images_per_s: f64,
    /// The variant that was the faster.
    pub note: String,
}

/// `bench spiking`
#[derive(Debug, Serialize)]
pub struct BenchmarkedSpiking {
    /// `AVX-512`, `AVX2` or `portable`.
    pub isa: String,
    pub networks: Vec<BenchmarkedNetwork>,
    /// Largest resident memory of the process, MB; null where the system does not tell.
    pub peak_mb: Option<f64>,
    /// Of Python and its packages; null without `--peers`.
    pub versions: Option<serde_json::Value>,
}

#[derive(Debug, Serialize)]
pub struct BenchmarkedNetwork {
    /// Excitatory neurons.
    pub neurons: usize,
    /// Images shown side by side.
    pub replicas: usize,
    /// `CPU` or `GPU`.
    pub engine: String,
    /// The instruction set and threads, or the graphics adapter.
    pub detail: String,
    /// For a presentation of 350 + 150 ms: processor time of one thread on the
    /// CPU, time by the clock on the GPU.
    pub ms_per_image: f64,
    /// Time by the clock.
    pub wall_ms_per_image: f64,
    /// Of the excitatory neurons.
    pub spikes_per_image: f64,
    pub steps_per_s: f64,
    pub synaptic_events_per_s: f64,
    /// Simulated seconds in a second.
    pub times_real_time: f64,
    /// State and weights.
    pub memory_mb: f64,
    /// What it costs to be watched; null without `--watched`.
    pub watching: Option<Watched>,
    /// The same network elsewhere, measured in the same minutes.
    pub peers: Vec<SpikingPeer>,
}

/// Medians over the turns of a measurement.
#[derive(Debug, Serialize)]
pub struct Watched {
    /// Engine and protocol and nothing else.
    pub alone: Times,
    /// On the window's thread, while nobody looks.
    pub unwatched: Times,
    /// While all of it is looked at.
    pub watched: Times,
    /// How much longer it takes than alone, by the clock, as a share.
    pub wall_share: f64,
    /// The same in processor time of the thread that simulates.
    pub cpu_share: f64,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct SpikingPeer {
    /// `brian2-cpp`, `brian2-cython` or `bindsnet`.
    pub framework: String,
    pub images: usize,
    /// Processor time.
    pub ms_per_image: f64,
    pub spikes_per_image: f64,
    /// Largest resident memory of its process, MB.
    pub peak_mb: f64,
}
