//! The arguments of `spikescope simulate`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::network::NetworkArgs;
use super::nir::NirArgs;
use super::regression::RegressionArgs;
use crate::cli::output::Format;
use crate::cli::values::{choice, count, engine, number, sources, threads};
use crate::snn::choose::Preference;
use crate::snn::diehl_cook::order::Order;

/// Simulate a spiking network: one that learns, or any that a file describes
#[derive(Args, Debug)]
pub struct SimulateArgs {
    #[command(subcommand)]
    pub what: SimulateWhat,
}

#[derive(Subcommand, Debug)]
pub enum SimulateWhat {
    DiehlCook(Box<DiehlCookArgs>),
    Network(Box<NetworkArgs>),
    Nir(Box<NirArgs>),
    Regression(Box<RegressionArgs>),
}

/// Diehl and Cook's network (2015): learns digits by spikes alone, without labels
///
/// Each thousand images print a line. The run is kept in a folder of its own with a checkpoint
/// every minute, so that one that was interrupted can be gone on with by --resume; the result is
/// the same. An image that raises fewer than five spikes in 20 presentations, brighter each time, is
/// given up: nothing is learnt from it, and it counts as not answered. At the end the neurons are labelled on training images, the weights frozen, and the
/// test images are asked once.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope simulate diehl-cook --neurons 100 --data synthetic --images 3000
  spikescope simulate diehl-cook --neurons 400 --out my-network.safetensors
  spikescope simulate diehl-cook --resume last")]
pub struct DiehlCookArgs {
    /// Excitatory neurons; there are as many inhibitory ones
    #[arg(long, value_name = "N", default_value_t = 400,
        value_parser = number(25..=6400))]
    pub neurons: usize,
    /// Images to learn in all; more than there are means several passes. With --resume, to go on
    /// further than was planned [default: one pass]
    #[arg(long, value_name = "M")]
    pub images: Option<NonZeroU64>,
    /// Go on with this run (its name as printed at its start, or `last`)
    #[arg(long, value_name = "RUN", conflicts_with_all =
        ["neurons", "data", "seed", "side_by_side", "as_published", "tau_theta",
         "theta_plus", "theta_rest", "held_out", "order"])]
    pub resume: Option<String>,
    /// The digits to learn from
    #[arg(long, value_name = "SET", value_parser = sources(), default_value = "mnist")]
    pub data: String,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    /// In which order the images are learnt [default: shuffled; with --as-published as in the file]
    #[arg(long, value_parser = choice(&[
        ("shuffled", "Shuffled anew before every pass", Order::Shuffled),
        ("file", "As in the file, pass after pass (as published)", Order::File),
    ]))]
    pub order: Option<Order>,
    /// Training images that are neither learnt nor labelled from, to choose constants on: drawn by
    /// chance, the same ones for every seed; with --order file the last ones
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub held_out: usize,
    /// Training images to label the neurons on [default: all that are learnt from]
    #[arg(long, value_name = "COUNT", value_parser = count)]
    pub label_images: Option<NonZeroUsize>,
    /// Do not ask the test images
    #[arg(long)]
    pub no_test: bool,
    /// Where the random numbers begin: initial weights, the inputs' spikes
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Images shown side by side, their changes of the weights summed (minibatch STDP; Saunders
    /// et al. 2019)
    #[arg(long, value_name = "COUNT", default_value_t = 1,
        value_parser = number(1..=256))]
    pub side_by_side: usize,
    /// Forward Euler and input delays, as the authors' program has them: slow, and with some
    /// hundred neurons it runs away
    #[arg(long)]
    pub as_published: bool,
    /// How slowly θ decays, ms of simulated time [default: as suits the number of neurons]
    #[arg(long, value_name = "MS")]
    pub tau_theta: Option<f64>,
    /// What a spike adds to θ, mV [default: as suits the number of neurons]
    #[arg(long, value_name = "MV")]
    pub theta_plus: Option<f64>,
    /// What θ decays towards, mV: 0 as in the authors' program, 20 as in their paper
    #[arg(long, value_name = "MV")]
    pub theta_rest: Option<f64>,
    /// ν₊ of the plasticity rule; with --resume, from here on
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f64>,
    /// Which engine learns
    #[arg(long, value_parser = engine(), default_value = "automatic")]
    pub engine: Preference,
    /// Threads to compute on [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<NonZeroUsize>,
    /// Save a checkpoint at least this often
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    pub checkpoint_every: NonZeroU64,
    /// Write the network that has learnt to this file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}
