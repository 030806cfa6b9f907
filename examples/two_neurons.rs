//! Two leaky integrate-and-fire neurons: a constant current drives the first, and
//! its spikes drive the second.
//!
//! `cargo run --release --example two_neurons`

#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use spikescope::snn::SnnError;
use spikescope::snn::cpu::CpuEngine;
use spikescope::snn::engine::Engine as _;
use spikescope::snn::network::{Connect, NetworkSpec, ProbeWhat, ProjectionSpec, Values, Waveform};
use spikescope::snn::params::Config;

fn main() -> Result<(), SnnError> {
    let dt_ms = 0.1;
    let spikes = |of: &str| ProbeWhat::Spikes { of: of.into() };
    let network = NetworkSpec::new("two neurons", dt_ms, 1)
        .population("first", 1, Config::new("lif"))
        .population("second", 1, Config::new("lif"))
        .current("drive", "first", Waveform::Constant(Values::Same(2.5)))
        // Each spike lifts the second membrane by 12 mV.
        .projection(ProjectionSpec::new(
            "synapse",
            "first",
            "second",
            "v",
            Connect::OneToOne,
            Values::Same(12.0),
        ))
        .probe("first spikes", spikes("first"))
        .probe("second spikes", spikes("second"))
        .build()?;
    let mut engine = CpuEngine::new(&network, 1);
    engine.run(2_000)?;
    for spike in engine.take_spikes()? {
        let name = ["first", "second"][usize::from(spike.source)];
        println!("{:7.1} ms  {name}", spike.step as f64 * dt_ms);
    }
    Ok(())
}
