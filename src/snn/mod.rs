//! The spiking side.

pub mod recording;
pub mod traces;
