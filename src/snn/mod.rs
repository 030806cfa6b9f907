//! The spiking side.

pub mod codes;
pub mod recording;
pub mod traces;
