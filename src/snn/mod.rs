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
//! * [`experiments`]: experiments with plastic synapses
//! * [`nir`]: networks for other simulators
//! * [`rng`]: random numbers that CPU and GPU draw alike
//! * [`recording`]: spikes, [`traces`]: values over time; kept under a memory cap
//! * [`stimulus`]: currents that a person shapes
//! * [`codes`]: ways to say an intensity in spikes

pub mod choose;
pub mod codes;
mod constants;
pub mod cpu;
pub mod diehl_cook;
pub mod engine;
mod error;
pub mod experiments;
pub mod gpu;
pub mod models;
pub mod network;
pub mod nir;
pub mod params;
pub mod plasticity;
pub mod recording;
pub mod rng;
pub mod state_file;
pub mod stimulus;
pub mod traces;

pub use error::SnnError;
pub use models::rate_curve;
