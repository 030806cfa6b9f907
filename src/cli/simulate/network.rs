//! `spikescope simulate network`: any network of spiking neurons, described in a file.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;

use crate::cli::failure::UsageError;
use crate::cli::output::{Format, Output};
use crate::cli::progress::{Progress, Unit};
use crate::cli::report::{RecordedProbe, SimulatedNetwork};
use crate::cli::values::{engine, threads};
use crate::cli::{Outcome, models, table};
use crate::core::csv;
use crate::core::files::{read_limited, write_bytes};
use crate::core::npz::{self, Array, Values};
use crate::core::text::grouped;
use crate::snn::choose::{Preference, start};
use crate::snn::engine::{Samples, Spike, source_number};
use crate::snn::network::{Network, NetworkSpec, ProbeSpec, ProbeWhat};

/// The largest description that is read.
const MOST_BYTES: u64 = 512 << 20;
/// Steps between two readings of what was recorded.
const PORTION: u64 = 1000;
/// Most steps of a run.
const MOST_STEPS: f64 = 1e10;
/// Most memory for what is recorded, bytes.
const MOST_RECORDED: usize = 2 << 30;

/// Any network of spiking neurons, described in a JSON file
///
/// Populations, inputs, currents, projections and probes are those of the engine
/// (docs/simulate.md has all of them, with an example). Where the file has no probes, all spikes
/// of all populations are recorded.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope simulate network network.json --ms 1000 --out result.npz
  spikescope simulate network network.json --ms 500 --csv results")]
pub struct NetworkArgs {
    /// The description
    #[arg(value_name = "FILE.json")]
    pub file: PathBuf,
    /// How long, in the network's time
    #[arg(long, value_name = "MS", default_value_t = 1000.0)]
    pub ms: f64,
    /// Instead of the seed in the file
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// Write everything that was recorded as one npz file
    #[arg(long, value_name = "FILE.npz")]
    pub out: Option<PathBuf>,
    /// Write a CSV file for each probe into this folder
    #[arg(long, value_name = "DIR")]
    pub csv: Option<PathBuf>,
    /// Where it is computed
    #[arg(long, value_parser = engine(), default_value = "automatic")]
    pub engine: Preference,
    /// Threads; the result does not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub format: Format,
}

/// What one probe has recorded.
pub(super) enum Recorded {
    Spikes(Vec<Spike>),
    Rows { width: usize, steps: Vec<u64>, values: Vec<f32> },
}

impl Recorded {
    fn bytes(&self) -> usize {
        match self {
            Self::Spikes(spikes) => size_of_val(&spikes[..]),
            Self::Rows { steps, values, .. } => size_of_val(&steps[..]) + size_of_val(&values[..]),
        }
    }
}

/// Simulates it.
///
/// # Errors
/// When the file is no description, or what it describes cannot be built or run; and when
/// results cannot be written.
pub fn simulate(args: &NetworkArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let spec = read(args)?;
    let network = spec.build().with_context(|| args.file.display().to_string())?;
    if !(args.ms > 0.0 && args.ms / spec.dt_ms <= MOST_STEPS) {
        let longest = MOST_STEPS * spec.dt_ms;
        return Err(UsageError(format!("--ms must be above 0 and at most {longest}")).into());
    }
    let names = file_names(&spec.probes)?;
    let steps = (args.ms / spec.dt_ms).round().max(1.0) as u64;
    let started = start(&network, args.engine, models::threads(args.threads))?;
    out.line(format_args!(
        "{}: {} steps of {} ms on {}",
        spec.name,
        grouped(steps),
        spec.dt_ms,
        started.reason
    ))?;
    let mut engine = started.engine;
    let progress = Progress::new(steps, Unit::Batches);
    let mut recorded = empty(&spec);
    let mut done = 0;
    while done < steps {
        let portion = PORTION.min(steps - done);
        engine.run(portion)?;
        done += portion;
        let (spikes, samples) = (engine.take_spikes()?, engine.take_samples()?);
        keep(&mut recorded, &network, &spec.probes, &spikes, &samples);
        engine.recycle(spikes, samples);
        progress.set(done);
        let bytes: usize = recorded.iter().map(Recorded::bytes).sum();
        if bytes > MOST_RECORDED {
            bail!(
                "after {} ms what was recorded takes more than {} MB. Nothing was written; record less, or for a shorter time",
                done as f64 * spec.dt_ms,
                MOST_RECORDED >> 20
            );
        }
    }
    drop(progress);
    let counters = engine.counters();
    print(&spec, &recorded, out)?;
    let time = Time { dt_ms: spec.dt_ms, replicas: spec.replicas };
    write(time, &names, &recorded, args.out.as_deref(), args.csv.as_deref(), out)?;
    let probes = spec.probes.iter().zip(&recorded);
    out.json(&SimulatedNetwork {
        network: spec.name.clone(),
        seed: spec.seed,
        dt_ms: spec.dt_ms,
        steps,
        engine: started.reason,
        spikes: counters.spikes,
        synaptic_events: counters.synaptic_events,
        probes: probes.map(|(probe, recorded)| about(probe, recorded)).collect(),
    })?;
    Ok(Outcome::Done)
}

/// The description, with probes.
fn read(args: &NetworkArgs) -> anyhow::Result<NetworkSpec> {
    let file = args.file.display();
    let bytes =
        read_limited(&args.file, MOST_BYTES).with_context(|| format!("could not read {file}"))?;
    let mut spec: NetworkSpec = serde_json::from_slice(&bytes).map_err(|error| {
        anyhow!("{file} is no description of a network: {error}. docs/simulate.md has an example")
    })?;
    if let Some(seed) = args.seed {
        spec.seed = seed;
    }
    if spec.probes.is_empty() {
        let spikes = |name: &str| ProbeSpec {
            name: name.to_owned(),
            what: ProbeWhat::Spikes { of: name.to_owned() },
        };
        spec.probes = spec.populations.iter().map(|p| spikes(&p.name)).collect();
    }
    Ok(spec)
}

/// A name without what files cannot be called by: letters, digits, and the rest as `_`.
pub(super) fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    name.chars().take(80).map(plain).collect()
}

/// A name for each probe's file.
fn file_names(probes: &[ProbeSpec]) -> Result<Vec<String>, UsageError> {
    let names: Vec<String> = probes.iter().map(|p| plain(&p.name)).collect();
    for (i, name) in names.iter().enumerate() {
        let same = names[..i].iter().any(|other| other.eq_ignore_ascii_case(name));
        if same || name.is_empty() {
            let probe = &probes[i].name;
            let why = format!(
                "the probe {probe:?} needs a name of its own, by which its results are called"
            );
            return Err(UsageError(why));
        }
    }
    Ok(names)
}

fn empty(spec: &NetworkSpec) -> Vec<Recorded> {
    let each = spec.probes.iter().map(|probe| match probe.what {
        ProbeWhat::Spikes { .. } => Recorded::Spikes(Vec::new()),
        _ => Recorded::Rows { width: 1, steps: Vec::new(), values: Vec::new() },
    });
    each.collect()
}

fn keep(
    recorded: &mut [Recorded],
    network: &Network,
    probes: &[ProbeSpec],
    spikes: &[Spike],
    samples: &[Samples],
) {
    for (probe, recorded) in probes.iter().zip(recorded.iter_mut()) {
        if let (ProbeWhat::Spikes { of }, Recorded::Spikes(kept)) = (&probe.what, recorded)
            && let Ok(source) = network.source(of)
        {
            let number = source_number(network, source);
            kept.extend(spikes.iter().filter(|s| s.source == number));
        }
    }
    for part in samples {
        if let Some(Recorded::Rows { width, steps, values }) = recorded.get_mut(part.probe) {
            *width = part.width.max(1);
            let rows = part.values.len() / *width;
            steps.extend((0..rows as u64).map(|row| part.first_step + row * part.every));
            values.extend_from_slice(&part.values[..rows * *width]);
        }
    }
}

fn about(probe: &ProbeSpec, recorded: &Recorded) -> RecordedProbe {
    let (kind, of) = match &probe.what {
        ProbeWhat::Spikes { of } => ("spikes", of.clone()),
        ProbeWhat::State { of, variable, .. } => ("state", format!("{variable} of {of}")),
        ProbeWhat::Rate { of, .. } => ("rate", of.clone()),
        ProbeWhat::Weights { of, .. } => ("weights", of.clone()),
    };
    let count = match recorded {
        Recorded::Spikes(spikes) => spikes.len(),
        Recorded::Rows { steps, .. } => steps.len(),
    };
    RecordedProbe { name: probe.name.clone(), kind: kind.into(), of, count }
}

fn print(spec: &NetworkSpec, recorded: &[Recorded], out: &mut Output) -> anyhow::Result<()> {
    let rows = spec.probes.iter().zip(recorded).map(|(probe, recorded)| {
        let RecordedProbe { name, kind, of, count } = about(probe, recorded);
        let what = if kind == "spikes" { "spikes" } else { "rows" };
        vec![name, kind, of, format!("{} {what}", grouped(count as u64))]
    });
    Ok(table::print(out, "", &["probe", "records", "of", ">recorded"], rows)?)
}

/// What a step is, and how many copies ran side by side.
#[derive(Clone, Copy)]
pub(super) struct Time {
    pub dt_ms: f64,
    pub replicas: usize,
}

/// Writes what was recorded where it is asked for.
pub(super) fn write(
    time: Time,
    names: &[String],
    recorded: &[Recorded],
    npz: Option<&Path>,
    folder: Option<&Path>,
    out: &mut Output,
) -> anyhow::Result<()> {
    if let Some(path) = npz {
        write_npz(path, time, names, recorded)?;
        out.line(format_args!("Saved as {}", path.display()))?;
    }
    if let Some(folder) = folder {
        write_csv(folder, time, names, recorded)?;
        out.line(format_args!("Saved in {}", folder.display()))?;
    }
    Ok(())
}

fn write_npz(
    path: &Path,
    Time { dt_ms, replicas }: Time,
    names: &[String],
    recorded: &[Recorded],
) -> anyhow::Result<()> {
    let mut arrays: Vec<(String, Array)> = Vec::new();
    let time = |step: u64| step as f64 * dt_ms;
    for (name, recorded) in names.iter().zip(recorded) {
        let mut add = |what: &str, array: Array| arrays.push((format!("{name}/{what}"), array));
        match recorded {
            Recorded::Spikes(spikes) => {
                let times = spikes.iter().map(|s| time(s.step)).collect();
                add("time_ms", Array::list(Values::F64(times)));
                add("neuron", Array::list(Values::U32(spikes.iter().map(|s| s.neuron).collect())));
                if replicas > 1 {
                    let replicas = spikes.iter().map(|s| u32::from(s.replica)).collect();
                    add("replica", Array::list(Values::U32(replicas)));
                }
            }
            Recorded::Rows { width, steps, values } => {
                add("time_ms", Array::list(Values::F64(steps.iter().map(|s| time(*s)).collect())));
                let values = Array::new(&[steps.len(), *width], Values::F32(values.clone()));
                add("values", values.map_err(|e| anyhow!(e))?);
            }
        }
    }
    let named: Vec<(&str, &Array)> = arrays.iter().map(|(n, a)| (n.as_str(), a)).collect();
    Ok(npz::write(path, &named)?)
}

fn write_csv(
    folder: &Path,
    Time { dt_ms, replicas }: Time,
    names: &[String],
    recorded: &[Recorded],
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("could not make the folder {}", folder.display()))?;
    let time = |step: u64| (step as f64 * dt_ms).to_string();
    for (name, recorded) in names.iter().zip(recorded) {
        let text = match recorded {
            Recorded::Spikes(spikes) if replicas > 1 => csv::text(
                ["time_ms", "neuron", "replica"],
                spikes.iter().map(|s| [time(s.step), s.neuron.to_string(), s.replica.to_string()]),
            ),
            Recorded::Spikes(spikes) => csv::text(
                ["time_ms", "neuron"],
                spikes.iter().map(|s| [time(s.step), s.neuron.to_string()]),
            ),
            Recorded::Rows { width, steps, values } => {
                let headings =
                    std::iter::once("time_ms".to_owned()).chain((0..*width).map(|i| i.to_string()));
                let rows = steps.iter().zip(values.chunks_exact(*width)).map(|(step, row)| {
                    let numbers = row.iter().map(f32::to_string);
                    std::iter::once(time(*step)).chain(numbers).collect::<Vec<_>>()
                });
                csv::text(headings.collect::<Vec<_>>(), rows)
            }
        };
        write_bytes(&folder.join(format!("{name}.csv")), text.as_bytes())?;
    }
    Ok(())
}
