//! Spikescope: how close are artificial neural networks to the brain?
//!
//! The library behind the desktop app and its command line. Modules form
//! layers, and a module may only use the ones below it
//! (`tests/layering` reads the paths in the source and fails on a breach):
//!
//! ```text
//! core  ←  data  ←  ann, snn  ←  convert  ←  workers  ←  ui, cli
//! ```
//!
//! * [`core`]: plain vocabulary: seeded random numbers, files written whole, folders
//! * [`data`]: datasets, the drawn strokes and pictures that become 28×28 digits
//! * [`ann`]: the networks, their operations, optimisers and trainer
//! * [`snn`]: spiking networks: neuron models, plasticity rules and the engines that run them
//! * [`convert`]: trained networks as spiking ones
//! * [`workers`]: named threads that own a trainer or networks, and the messages to them
//! * [`ui`]: the window; sees only snapshots and sends only commands
//! * [`cli`]: the subcommands of the same binary

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
pub mod snn;
pub mod ui;
pub mod workers;
