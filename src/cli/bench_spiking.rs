//! `spikescope bench spiking`: how fast the spiking engine simulates Diehl and Cook's
//! network on this machine while it learns; beside Brian2 and BindsNET, measured in the
//! same minutes, if a Python with them is named.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::Outcome;
use super::args::{BenchEngine, BenchSpikingArgs};
use super::bench::{self, PeersAnswer, memory, peak_mb};
use super::output::Output;
use super::report::{BenchmarkedNetwork, BenchmarkedSpiking, SpikingPeer, Watched};
use super::table;
use crate::core::clock::thread_seconds;
use crate::core::isa::Isa;
use crate::data::{Dataset, Pixels, synthetic};
use crate::snn::cpu::CpuEngine;
use crate::snn::diehl_cook::DiehlCook;
use crate::snn::diehl_cook::protocol::{Protocol, ProtocolSettings};
use crate::snn::engine::Engine;
use crate::snn::gpu::GpuEngine;
use crate::snn::gpu::device::Gpu;
use crate::workers::spiking::cost::{self, WatchingCost};

/// The peers' side; also in benches/peers.
static SCRIPT: &str = include_str!("../../benches/peers/spiking.py");
/// Images for a peer that takes a second for each, times five for compiled code.
const PEER_IMAGES: usize = 10;

pub fn run(args: &BenchSpikingArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let data = Arc::new(synthetic::generate(1, 500));
    let isa = Isa::best().name();
    out.line(format_args!(
        "784 Poisson inputs, N excitatory and N inhibitory neurons, STDP on; dt 0.5 ms, 350 + 150 ms per image; {isa}"
    ))?;
    let mut networks = Vec::new();
    let mut versions = None;
    let gpu = if args.engine == BenchEngine::Cpu { None } else { Some(Gpu::open()?) };
    for n in &args.neurons {
        let config = DiehlCook { replicas: args.replicas, ..DiehlCook::of(*n) };
        let network = config.spec().build()?;
        if args.engine != BenchEngine::Gpu {
            let mut engine = CpuEngine::new(&network, 1);
            let mut measured = measure(*n, &mut engine, &data, args.seconds)?;
            if args.watched {
                measured.watching = Some(watching(&config, &data, args.seconds)?);
            }
            networks.push(measured);
        }
        if let Some(gpu) = &gpu {
            let mut engine = GpuEngine::new(gpu, &network)?;
            networks.push(measure(*n, &mut engine, &data, args.seconds)?);
        }
        if let (Some(python), Some(last)) = (&args.peers, networks.last_mut()) {
            let answer = ask_peers(python, *n, &data)?;
            last.peers = answer.results;
            versions = Some(answer.versions);
        }
    }
    print(&networks, out)?;
    for pair in networks.windows(2).filter(|p| p[0].engine == "CPU" && p[1].engine == "GPU") {
        let ratio = pair[0].wall_ms_per_image / pair[1].wall_ms_per_image;
        out.line(format_args!(
            "N = {}, {} side by side: the GPU ({}) is {ratio:.2} times as fast as the CPU, by the clock",
            pair[0].neurons, pair[0].replicas, pair[1].detail
        ))?;
    }
    for network in &networks {
        if let Some(cost) = &network.watching {
            out.line(format_args!(
                "N = {}: watched as in the window (all spikes and three neurons recorded, fields painted, 60 views a second) it takes {:+.1} % of time by the clock, {:+.1} % of its thread's processor time: {:.3} ms for a presentation alone, {:.3} on its thread unwatched, {:.3} watched",
                network.neurons,
                100.0 * cost.wall_share,
                100.0 * cost.cpu_share,
                cost.alone.wall_ms,
                cost.unwatched.wall_ms,
                cost.watched.wall_ms
            ))?;
        }
    }
    bench::print_versions(versions.as_ref(), out)?;
    out.line(format_args!(
        "Times are processor times, so that other programs hardly change them (on the GPU: by the clock); peak memory of all of it: {}",
        memory(peak_mb())
    ))?;
    out.json(&BenchmarkedSpiking { isa: isa.into(), networks, peak_mb: peak_mb(), versions })?;
    Ok(Outcome::Done)
}

/// Trains on the images for so long.
fn measure(
    neurons: usize,
    engine: &mut dyn Engine,
    data: &Dataset,
    seconds: f64,
) -> anyhow::Result<BenchmarkedNetwork> {
    let replicas = engine.network().replicas;
    let mut protocol = Protocol::new(ProtocolSettings::default(), replicas, 0);
    let mut image = |i: u64| Some(data.pixels((i % data.len() as u64) as usize));
    // The first presentations normalise all weights and touch all memory.
    protocol.show(engine, &mut image, 3, &mut |_| {})?;
    let (begun, cpu, before) = (Instant::now(), thread_seconds(), engine.counters());
    let (shown, mut images, mut spikes) = (protocol.presentations(), 0u64, 0u64);
    // Images that are given up end it as well: nobody waits for digits on blank paper.
    let mut rounds = 0;
    while begun.elapsed().as_secs_f64() < seconds || (images < 5 && rounds < 50) {
        rounds += 1;
        protocol.show(engine, &mut image, 1, &mut |s| {
            images += 1;
            spikes += s.counts.iter().map(|c| u64::from(*c)).sum::<u64>();
        })?;
    }
    let wall_s = begun.elapsed().as_secs_f64();
    // Where the system does not tell processor time, the clock has to do.
    let thread_s = thread_seconds().zip(cpu).map_or(wall_s, |(end, begin)| end - begin);
    let (info, counters) = (engine.info(), engine.counters());
    // What the graphics card does is no time of this thread.
    let cpu_s = if info.kind == "GPU" { wall_s } else { thread_s };
    let presentations = (protocol.presentations() - shown) as f64;
    Ok(BenchmarkedNetwork {
        neurons,
        replicas,
        engine: info.kind.to_owned(),
        ms_per_image: 1e3 * cpu_s / presentations,
        wall_ms_per_image: 1e3 * wall_s / presentations,
        spikes_per_image: spikes as f64 / images.max(1) as f64,
        steps_per_s: (counters.steps - before.steps) as f64 / cpu_s,
        synaptic_events_per_s: (counters.synaptic_events - before.synaptic_events) as f64 / cpu_s,
        times_real_time: presentations * 0.5 / cpu_s,
        memory_mb: info.bytes as f64 / 1e6,
        watching: None,
        detail: info.detail,
        peers: Vec::new(),
    })
}

/// What it costs to be watched.
fn watching(config: &DiehlCook, data: &Arc<Dataset>, seconds: f64) -> anyhow::Result<Watched> {
    let config = DiehlCook { replicas: 1, ..config.clone() };
    let cost = cost::measure(&config, data, 3.0 * seconds)?;
    let [wall_share, cpu_share] = cost.shares();
    let WatchingCost { alone, unwatched, watched, .. } = cost;
    Ok(Watched { alone, unwatched, watched, wall_share, cpu_share })
}

/// Measures the peers on a network of this size and the same images.
fn ask_peers(
    python: &Path,
    neurons: usize,
    data: &Dataset,
) -> anyhow::Result<PeersAnswer<SpikingPeer>> {
    let mut images = tempfile::NamedTempFile::new()?;
    for i in 0..5 * PEER_IMAGES {
        let pixels: Pixels = data.pixels(i);
        images.write_all(&pixels.map(|x| (x * 255.0).round() as u8))?;
    }
    let (neurons, count) = (neurons.to_string(), PEER_IMAGES.to_string());
    let mut arguments =
        ["--neurons", &neurons, "--count", &count, "--images"].map(OsStr::new).to_vec();
    arguments.push(images.path().as_os_str());
    bench::ask_peers(python, SCRIPT, &arguments)
}

fn print(networks: &[BenchmarkedNetwork], out: &mut Output) -> anyhow::Result<()> {
    let columns = [
        ">N",
        "by",
        ">ms per image",
        ">we are faster by",
        ">spikes per image",
        ">synaptic events/s",
        ">memory",
    ];
    let mut rows = Vec::new();
    for network in networks {
        rows.push(vec![
            network.neurons.to_string(),
            format!("Spikescope, {}", network.engine),
            format!("{:.3}", network.ms_per_image),
            String::new(),
            format!("{:.1}", network.spikes_per_image),
            format!("{:.1e}", network.synaptic_events_per_s),
            memory(Some(network.memory_mb)),
        ]);
        for peer in &network.peers {
            rows.push(vec![
                String::new(),
                peer.framework.clone(),
                format!("{:.1}", peer.ms_per_image),
                format!("{:.0}", peer.ms_per_image / network.ms_per_image),
                format!("{:.1}", peer.spikes_per_image),
                String::new(),
                memory(Some(peer.peak_mb)),
            ]);
        }
    }
    Ok(table::print(out, "", &columns, rows)?)
}
