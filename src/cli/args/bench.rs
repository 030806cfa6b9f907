//! The arguments of `spikescope bench`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::output::Format;
use crate::cli::values::{models, number, rules, seconds, spiking_models, threads};

/// Measure how fast this machine trains and answers
#[derive(Args, Debug)]
pub struct BenchArgs {
    #[command(subcommand)]
    pub what: BenchWhat,
}

#[derive(Subcommand, Debug)]
pub enum BenchWhat {
    Train(BenchTrainArgs),
    Spiking(BenchSpikingArgs),
    Rules(BenchRulesArgs),
    SpikingTraining(BenchSpikingTrainingArgs),
}

/// Diehl and Cook's spiking network, learning: processor time for each image
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope bench spiking
  spikescope bench spiking 400 --peers ./venv/bin/python   beside Brian2 and BindsNET
  spikescope bench spiking 6400 --replicas 16 --engine both   the graphics card beside the processor")]
pub struct BenchSpikingArgs {
    /// Numbers of excitatory neurons
    #[arg(value_name = "N", default_values_t = [100, 400, 1600, 6400],
        value_parser = number(1..=100_000))]
    pub neurons: Vec<usize>,
    /// The engine: the processor's, the graphics card's, or one after the other
    #[arg(long, value_enum, default_value_t = BenchEngine::Cpu)]
    pub engine: BenchEngine,
    /// Images shown side by side
    #[arg(long, value_name = "COUNT", default_value_t = 1,
        value_parser = number(1..=4096))]
    pub replicas: usize,
    /// Time for each measurement
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = seconds)]
    pub seconds: f64,
    /// Also measure what it costs to be watched as in the window: all spikes and three neurons
    /// recorded, fields painted, sixty views a second
    #[arg(long)]
    pub watched: bool,
    /// A Python with brian2 or bindsnet, to measure them in the same minutes
    #[arg(long, value_name = "PYTHON")]
    pub peers: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

/// Which engine is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchEngine {
    Cpu,
    Gpu,
    Both,
}

/// Training at batches of 32, one image answered, 256 images answered
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope bench train
  spikescope bench train cnn1 --peers ./venv/bin/python   beside Keras and PyTorch")]
pub struct BenchTrainArgs {
    /// The networks [default: one of each structure: mlp, cnn1, cnn2, cnn3, rnn3, rnn4]
    #[arg(value_name = "MODEL", value_parser = models())]
    pub models: Vec<String>,
    /// Threads to compute on [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<NonZeroUsize>,
    /// Time for each measurement
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    pub seconds: f64,
    /// A Python with torch and tensorflow, to measure them in the same minutes
    #[arg(long, value_name = "PYTHON")]
    pub peers: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

/// The learning rules: training by each rule's recipe, and what it costs beside backpropagation
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope bench rules
  spikescope bench rules --threads 1 --peers ./venv/bin/python   beside the same rules in PyTorch")]
pub struct BenchRulesArgs {
    /// The rules [default: all]
    #[arg(value_name = "RULE", value_parser = rules())]
    pub rules: Vec<String>,
    /// Threads to compute on [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<NonZeroUsize>,
    /// Time for each measurement
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = seconds)]
    pub seconds: f64,
    /// A Python with torch, to measure it in the same minutes
    #[arg(long, value_name = "PYTHON")]
    pub peers: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

/// Deep networks of spikes: training by their usual rules
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope bench spiking-training
  spikescope bench spiking-training lif-dense lif-conv --threads 1 --peers ./venv/bin/python   beside snnTorch")]
pub struct BenchSpikingTrainingArgs {
    /// The networks [default: lif-dense, lif-conv, lif-recurrent, first-spike]
    #[arg(value_name = "MODEL", value_parser = spiking_models())]
    pub models: Vec<String>,
    /// Threads to compute on [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<NonZeroUsize>,
    /// Time for each measurement
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = seconds)]
    pub seconds: f64,
    /// A Python with torch or snntorch, to measure them in the same minutes
    #[arg(long, value_name = "PYTHON")]
    pub peers: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}
