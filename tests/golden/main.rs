//! Golden traces: networks that Brian2 computed in f64 (the scripts and the
//! tolerances are beside the files), met by our engines spike for spike.
//!
//! Every JSON file in the folder that `SPIKESCOPE_GOLDEN` names (default:
//! tests/golden) is read; all parameters, spike times and weights come from
//! the file, so that other sets of the same format can be run.

mod diehl_cook;
mod file;
mod neurons;
mod stdp;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use file::File;
use spikescope::core::isa::Isa;
use spikescope::snn::cpu::CpuEngine;
use spikescope::snn::engine::{Engine, Samples, Spike};
use spikescope::snn::gpu::device::Gpu;
use spikescope::snn::gpu::{Dispatch, GpuEngine};
use spikescope::snn::network::{Network, NetworkSpec, Source};

/// Checks one kind of file.
type Check = fn(&File);

fn folder() -> PathBuf {
    std::env::var_os("SPIKESCOPE_GOLDEN")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden"), Into::into)
}

#[test]
fn every_file_is_met_by_every_engine() {
    let folder = folder();
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "json"));
    paths.sort();
    assert!(!paths.is_empty(), "no golden file in {}", folder.display());
    for path in paths {
        let file = File::read(&path);
        let checks: &[(&str, Check)] = &[
            ("two_neuron_threshold", neurons::two_neurons),
            ("lif_fI_curve", neurons::rate_against_current),
            ("stdp_pair", stdp::pairs),
            ("dc_exc_neuron", diehl_cook::one_neuron),
            ("dc_small_network", diehl_cook::small_network),
            ("if_relu", neurons::integrate_and_fire),
        ];
        let name = file.text("name");
        let check = checks.iter().find(|(kind, _)| name.ends_with(kind));
        let (_, check) = check.unwrap_or_else(|| panic!("{}: unknown kind {name}", path.display()));
        check(&file);
    }
}

/// Every engine there is, with a name for messages.
fn engines(spec: &NetworkSpec) -> Vec<(String, Box<dyn Engine>)> {
    let network: Network = spec.build().expect("a network from a golden file");
    let cpu = Isa::available().into_iter().map(|isa| {
        let engine: Box<dyn Engine> = Box::new(CpuEngine::with_isa(&network, 1, isa));
        (format!("CPU, {}", isa.name()), engine)
    });
    let gpu = [Dispatch::Whole, Dispatch::Phases].into_iter().map(|dispatch| {
        let engine = GpuEngine::with_dispatch(gpu(), &network, dispatch).expect("a GPU engine");
        let engine: Box<dyn Engine> = Box::new(engine);
        (format!("GPU, {dispatch:?}"), engine)
    });
    cpu.chain(gpu).collect()
}

/// One device for all files.
fn gpu() -> &'static Arc<Gpu> {
    static GPU: OnceLock<Arc<Gpu>> = OnceLock::new();
    GPU.get_or_init(|| Gpu::open().expect("this test runs on a graphics adapter"))
}

/// The result of a run: all recorded spikes and samples.
struct Run {
    name: String,
    engine: Box<dyn Engine>,
    spikes: Vec<Spike>,
    samples: Vec<Samples>,
}

/// Runs a network on every engine. It is asked for in uneven portions, which
/// must not show.
fn run(spec: &NetworkSpec, steps: u64) -> Vec<Run> {
    let finish = |(name, mut engine): (String, Box<dyn Engine>)| {
        let mut left = steps;
        for portion in [1, 7, 64].into_iter().cycle() {
            let portion = portion.min(left);
            engine.run(portion).expect("a run");
            left -= portion;
            if left == 0 {
                break;
            }
        }
        let spikes = engine.take_spikes().expect("spikes");
        let samples = engine.take_samples().expect("samples");
        Run { name, engine, spikes, samples }
    };
    engines(spec).into_iter().map(finish).collect()
}

impl Run {
    /// Steps in which a neuron of a population or an input spiked.
    fn steps_of(&self, of: &str, neuron: u32) -> Vec<u64> {
        self.all(of).into_iter().filter(|(_, j)| *j == neuron).map(|(k, _)| k).collect()
    }

    /// (step, neuron) of all spikes of a population or an input.
    fn all(&self, of: &str) -> Vec<(u64, u32)> {
        let network = self.engine.network();
        let place = match network.source(of).expect("a source") {
            Source::Population(p) => p,
            Source::Input(i) => network.populations.len() + i,
        };
        let mine = self.spikes.iter().filter(|s| s.source as usize == place);
        mine.map(|s| (s.step, s.neuron)).collect()
    }

    /// Number `column` of each row of a probe.
    fn column(&self, probe: usize, column: usize) -> Vec<f32> {
        let samples = self.samples.iter().find(|s| s.probe == probe).expect("samples");
        samples.values.chunks(samples.width).map(|row| row[column]).collect()
    }
}

/// Each number within `tolerance` of the golden one.
fn close(what: &str, got: &[f32], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}: number of values");
    for (k, (g, w)) in got.iter().zip(want).enumerate() {
        let off = (f64::from(*g) - w).abs();
        assert!(off <= tolerance, "{what}, value {k}: {g}, not {w} (off by {off:.2e})");
    }
}
