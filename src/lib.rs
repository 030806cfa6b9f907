//! Spikescope: how close are artificial neural networks to the brain?
//!
//! The library behind the desktop app and its command line. Modules form
//! layers, and a module may only use the ones below it
//! (`tests/layering` reads the paths in the source and fails on a breach):
//!
//! ```text
//! core  ←  data  ←  ann, snn  ←  convert  ←  lessons  ←  workers  ←  ui, cli
//! ```
//!
//! * [`core`]: plain vocabulary: seeded random numbers, files written whole, folders
//! * [`data`]: data sets, and the strokes and photos that become 28×28 digits
//! * [`ann`]: the networks, their operations, optimisers and trainer
//! * [`snn`]: spiking networks: neuron models, plasticity rules and the engines that run them
//! * [`convert`]: trained networks as spiking ones
//! * [`lessons`]: the text files of lessons, and what they ask for
//! * [`workers`]: named threads that own a trainer or an engine, and the messages to them
//! * [`ui`]: the window; sees only snapshots and sends only commands
//! * [`cli`]: the subcommands of the same binary
//!
//! # Where to begin
//!
//! Everything below [`workers`] is plain functions and structs, to be called from any
//! program.
//!
//! **A spiking network.** Describe it with a [`NetworkSpec`](snn::network::NetworkSpec):
//! populations, inputs, projections, probes, all by name.
//! [`build`](snn::network::NetworkSpec::build) checks the description, and an
//! [`Engine`](snn::engine::Engine) such as [`CpuEngine`](snn::cpu::CpuEngine) runs it.
//! The neuron models are in [`MODELS`](snn::models::MODELS), the plasticity rules in
//! [`RULES`](snn::plasticity::RULES).
//!
//! ```
//! use spikescope::snn::cpu::CpuEngine;
//! use spikescope::snn::engine::Engine;
//! use spikescope::snn::network::{NetworkSpec, ProbeWhat, Values, Waveform};
//! use spikescope::snn::params::Config;
//!
//! // A leaky integrate-and-fire neuron at a constant 2.5 nA, dt 0.1 ms.
//! let network = NetworkSpec::new("one neuron", 0.1, 1)
//!     .population("neuron", 1, Config::new("lif"))
//!     .current("drive", "neuron", Waveform::Constant(Values::Same(2.5)))
//!     .probe("spikes", ProbeWhat::Spikes { of: "neuron".into() })
//!     .build()?;
//! let mut engine = CpuEngine::new(&network, 1);
//! engine.run(2_000)?;
//! let spikes = engine.take_spikes()?;
//! assert_eq!(spikes.len(), 6);
//! # Ok::<(), spikescope::snn::SnnError>(())
//! ```
//!
//! **A trained network.** Choose settings in a
//! [`TrainConfig`](ann::trainer::TrainConfig) and call
//! [`Trainer::step`](ann::trainer::Trainer::step), one mini-batch at a time. Bundled
//! networks are in [`shipped`](ann::bundled). Call [`ann::prepare`] before the first
//! thread starts: it stops candle's own thread pool.
//!
//! **The same network in spikes.** [`Activations`](convert::scales::Activations) measures
//! the thresholds, [`Spiking`](convert::network::Spiking) converts,
//! [`Run`](convert::run::Run) runs it on a digit.
//!
//! ```
//! use spikescope::ann::bundled::REPORT;
//! use spikescope::convert::network::Spiking;
//! use spikescope::convert::recipe::{Disturbance, Recipe};
//! use spikescope::convert::run::Run;
//! use spikescope::convert::scales::Activations;
//! use spikescope::data::{Pixels, synthetic};
//!
//! spikescope::ann::prepare();
//! let (network, _) = REPORT.network("mlp").expect("it is bundled")?;
//! let seen: Vec<Pixels> = (0..50).map(|i| synthetic::digit(1, i as u8, i)).collect();
//! let activations = Activations::measure(&network, &seen)?;
//! let spiking = Spiking::new(&network, &activations, Recipe::default())?;
//!
//! let three = synthetic::digit(2, 3, 0);
//! let mut run = Run::new(&spiking, &three, Disturbance::default(), 1);
//! (0..20).for_each(|_| run.advance());
//! assert_eq!(run.answer().0, Some(3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **An experiment of the report**, without a window: [`snn::experiments`], one file each.
//!
//! Larger programs are in `examples/`: two neurons, an STDP window as CSV, an MLP trained
//! and then run in spikes (`cargo run --release --example two_neurons`).

// Bans that hold for the product alone: a test may unwrap, and writes broken
// files on purpose. clippy.toml gives the reason for each banned function;
// the lints that hold everywhere are in Cargo.toml.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::disallowed_methods))]
// The documentation is read with the source at hand, and names what is private too.
#![allow(rustdoc::private_intra_doc_links, reason = "see above")]

pub mod ann;
pub mod cli;
pub mod convert;
pub mod core;
pub mod data;
pub mod lessons;
pub mod scoreboard;
pub mod snn;
pub mod ui;
pub mod workers;
