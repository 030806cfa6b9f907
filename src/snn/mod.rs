//! Spiking networks: what they are made of, and the engines that run them.
//!
//! * [`models`]: the neuron models, [`plasticity`]: the learning rules; both are
//!   declarations in a registry
//! * [`network`]: populations, projections, inputs and probes, checked when built
//! * [`engine`]: what an engine can do, and the order of events inside a step
//! * [`cpu`]: the engine in plain Rust
//! * [`gpu`]: the engine on the graphics card
//! * [`choose`]: which of them runs a network
//! * [`diehl_cook`]: the network of Diehl and Cook (2015), how it is shown images, how it answers
//! * [`rng`]: random numbers that CPU and GPU draw alike

pub mod choose;
pub mod cpu;
pub mod diehl_cook;
pub mod engine;
mod error;
pub mod gpu;
pub mod models;
pub mod network;
pub mod params;
pub mod plasticity;
pub mod rng;

pub use error::SnnError;
