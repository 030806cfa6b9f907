//! A spiking network as a description, and as what engines run.
//!
//! A [`NetworkSpec`] lists by name what there is: populations of neurons, inputs,
//! projections between them, probes. It is plain data that can be written to a
//! file. [`NetworkSpec::build`] checks all of it and gives a [`Network`]: every
//! name is an index now, every time a number of steps, every list has its
//! length, weights are drawn. Engines take a [`Network`] and check nothing.

mod build;
mod check;
mod connection;
mod plan;
mod spec;
mod synapses;

pub(crate) use check::{drive as check_drive, probes as check_probes, waveform as check_waveform};
pub use connection::{Connection, ConvolutionShape};
pub use plan::{
    Current, Delay, Input, InputKind, Network, Plasticity, Population, Probe, ProbeKind,
    Projection, Source,
};
pub use spec::{
    Connect, CurrentSpec, DelaySpec, Drive, InputSpec, NetworkSpec, PlasticitySpec, PopulationSpec,
    ProbeSpec, ProbeWhat, ProjectionSpec, Values, Waveform,
};

/// More memory than this is refused when a network is built.
pub const MOST_MB: f64 = 4096.0;

#[cfg(test)]
mod tests;
