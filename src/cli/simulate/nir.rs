//! `spikescope simulate nir`: a network of spikes that another program wrote.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;

use super::network::{Recorded, Time, plain, write};
use crate::cli::failure::UsageError;
use crate::cli::output::{Format, Output};
use crate::cli::progress::{Progress, Unit};
use crate::cli::report::{NirPopulation, SimulatedNir};
use crate::cli::values::{choice, number, sources};
use crate::cli::{Outcome, digits, table};
use crate::core::decision::unique_max;
use crate::core::text::{grouped, percent};
use crate::data::{CLASSES, Dataset};
use crate::snn::engine::Spike;
use crate::snn::nir::plan::Plan;
use crate::snn::nir::read::{self, Described, times};
use crate::snn::nir::run::{self, Convention, Fired, MOST_STEPS, Ran, Reading, Stimulus};
use crate::snn::recording::spike_times::SpikeTimes;

/// A network of spikes that snnTorch, Norse, Sinabs or another program wrote as NIR
///
/// It is run step by step as the program does that wrote it, which is guessed from the file
/// unless --as says it (docs/nir.md). A digit is shown as a current, its brightness from 0 to 1; or
/// spikes come from a file, numbered as the inputs are, from 0 on.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope simulate nir network.nir --digits 100
  spikescope simulate nir network.nir --spikes input.csv --as snntorch --out result.npz")]
pub struct NirArgs {
    /// The network
    #[arg(value_name = "FILE.nir")]
    pub file: PathBuf,
    /// The first test digits to show it
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = number(1..=10_000))]
    pub digits: usize,
    /// Where digits are from
    #[arg(long, value_name = "SET", value_parser = sources(), default_value = "mnist")]
    pub data: String,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    /// Instead of a digit: a file of spikes (docs/spikes.md)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["digits", "data", "poisson"])]
    pub spikes: Option<PathBuf>,
    /// Pixels spike by chance, in each step with at most this probability, instead of being
    /// currents
    #[arg(long, value_name = "P")]
    pub poisson: Option<f32>,
    /// Steps [default: as the file says, as long as the spikes last, or 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_STEPS))]
    pub steps: Option<u64>,
    /// The length of a step [default: guessed from the file]
    #[arg(long, value_name = "MS")]
    pub dt_ms: Option<f64>,
    /// How long a step of the file of spikes is [default: a step of the network, or 1 ms where
    /// its steps are counted, not timed]
    #[arg(long, value_name = "MS", requires = "spikes")]
    pub spike_step: Option<f64>,
    /// Whose steps are taken; a step is as long as that program has it, unless --dt-ms says
    /// otherwise [default: guessed from the file]
    #[arg(long = "as", value_parser = choice(&[
        ("nir", "NIR's equations by forward Euler; a spike sets the potential back", Convention::Nir),
        ("snntorch", "The threshold is subtracted a step after the spike", Convention::SnnTorch),
        ("norse", "Synaptic currents jump before they act; steps of 1 µs", Convention::Norse),
        ("sinabs", "Exact leaks, several spikes in a step, the threshold subtracted", Convention::Sinabs),
    ]))]
    pub convention: Option<Convention>,
    /// Where the random numbers of --poisson begin
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    /// Write spikes and outputs of the last digit as one npz file
    #[arg(long, value_name = "FILE.npz")]
    pub out: Option<PathBuf>,
    /// Write them as a CSV file for each node into this folder
    #[arg(long, value_name = "DIR")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

/// Runs it.
///
/// # Errors
/// When the file is no NIR graph or holds what cannot be run, and when what comes in does not fit.
pub fn simulate(args: &NirArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let file = args.file.display().to_string();
    let because = |e: String| anyhow!("{file} cannot be run: {e}");
    let described = read::read(&args.file).map_err(because)?;
    let (reading, why) = reading(args, &described)?;
    let plan = Plan::new(&described, reading).map_err(because)?;
    // Told only once it has run.
    let mut told: Vec<String> = why.into_iter().collect();
    told.push(format!(
        "{file}: {} in, {} nodes, as {} in steps of {} ms",
        times(plan.input()),
        described.nodes.len(),
        reading.convention.name(),
        1000.0 * reading.dt_s
    ));
    let asked = match &args.spikes {
        Some(path) => {
            let spikes = SpikeTimes::read(path)?;
            told.extend(spikes.assumed.clone());
            let step_ms =
                args.spike_step.unwrap_or_else(|| run::spike_step_ms(&described, reading));
            let rows =
                run::entering(&spikes, step_ms).map_err(|e| anyhow!("{}: {e}", path.display()))?;
            let steps = args.steps.unwrap_or(rows.len() as u64);
            told.push(format!("{steps} steps, one for each {step_ms} ms of the spikes"));
            let ran = run::run(&plan, &Stimulus::Spikes(rows), steps, &|_| true);
            Asked { fired: Vec::new(), right: None, last: ran.map_err(because)? }
        }
        None => {
            let test = digits::load_ten(
                &args.data,
                args.mnist.as_deref(),
                "spiking networks are not simulated",
            )?
            .test;
            show(args, &described, &plan, &test).context(file.clone())?
        }
    };
    told.iter().try_for_each(|line| out.line(line))?;
    print(args, &described, &plan, asked, out)
}

/// How steps are made, as asked or as guessed; why, if guessed.
fn reading(args: &NirArgs, described: &Described) -> anyhow::Result<(Reading, Option<String>)> {
    let step = |name: &str, ms: Option<f64>| match ms {
        Some(ms) if !(ms > 0.0 && ms <= 1e6) => {
            Err(UsageError(format!("{name} must be above 0 and at most 1000000")))
        }
        _ => Ok(()),
    };
    step("--dt-ms", args.dt_ms)?;
    step("--spike-step", args.spike_step)?;
    let dt_s = args.dt_ms.map(|ms| ms / 1000.0);
    let (reading, why) = run::reading(described, args.convention, dt_s);
    let guessed = args.convention.is_none() && args.dt_ms.is_none();
    Ok((reading, guessed.then_some(why)))
}

/// What was asked of a network.
struct Asked {
    /// Spikes of each population, of all digits.
    fired: Vec<u64>,
    right: Option<(usize, usize)>,
    last: Ran,
}

/// Shows it digits.
fn show(
    args: &NirArgs,
    described: &Described,
    plan: &Plan,
    test: &Dataset,
) -> anyhow::Result<Asked> {
    if args.poisson.is_some_and(|p| !(p > 0.0 && p <= 1.0)) {
        return Err(UsageError("--poisson must be above 0 and at most 1".into()).into());
    }
    let count = args.digits.min(test.len());
    let steps = run::steps_of(described, args.steps);
    let progress = Progress::new(count as u64, Unit::Images);
    let mut asked = Asked { fired: Vec::new(), right: Some((0, count)), last: Ran::default() };
    for i in 0..count {
        let picture = Box::new(test.pixels(i));
        let stimulus = match args.poisson {
            Some(most) => Stimulus::Poisson { picture, most, seed: args.seed + i as u64 },
            None => Stimulus::Picture(picture),
        };
        let ran = run::run(plan, &stimulus, steps, &|_| true).map_err(|e| anyhow!(e))?;
        asked.fired.resize(ran.fired.len(), 0);
        asked.fired.iter_mut().zip(&ran.fired).for_each(|(all, one)| *all += one);
        let evidence = evidence(described, &ran);
        match &mut asked.right {
            Some((right, _)) if evidence.len() == CLASSES => {
                *right += usize::from(unique_max(&evidence) == Some(usize::from(test.label(i))));
            }
            none => *none = None,
        }
        asked.last = ran;
        progress.set(i as u64 + 1);
    }
    Ok(asked)
}

/// What speaks for each class, where something comes out.
fn evidence(described: &Described, ran: &Ran) -> Vec<f64> {
    ran.given.first().map(|g| g.evidence(described.read_out.as_deref())).unwrap_or_default()
}

fn print(
    args: &NirArgs,
    described: &Described,
    plan: &Plan,
    asked: Asked,
    out: &mut Output,
) -> anyhow::Result<Outcome> {
    let ran = &asked.last;
    let fired = if asked.fired.is_empty() { &ran.fired } else { &asked.fired };
    let populations: Vec<NirPopulation> = run::fired(plan, fired)
        .into_iter()
        .map(|Fired { name, kind, neurons, spikes }| NirPopulation { name, kind, neurons, spikes })
        .collect();
    let rows = populations.iter().map(|p| {
        vec![p.name.clone(), p.kind.clone(), grouped(p.neurons as u64), grouped(p.spikes)]
    });
    table::print(out, "", &["node", "kind", ">neurons", ">spikes"], rows)?;
    let evidence = evidence(described, ran);
    if let Some((right, count)) = asked.right {
        let share = percent(right as f64 / count.max(1) as f64);
        out.line(format_args!("{right} of {count} digits right ({share})"))?;
    } else if !evidence.is_empty() && evidence.len() <= 64 {
        let numbers: Vec<String> = evidence.iter().map(|e| format!("{e:.4}")).collect();
        out.line(format_args!("What came out: {}", numbers.join(" ")))?;
    }
    let (names, recorded) = recorded(plan, ran)?;
    let reading = plan.reading();
    let time = Time { dt_ms: 1000.0 * reading.dt_s, replicas: 1 };
    write(time, &names, &recorded, args.out.as_deref(), args.csv.as_deref(), out)?;
    out.json(&SimulatedNir {
        file: args.file.display().to_string(),
        convention: reading.convention.id().into(),
        dt_ms: time.dt_ms,
        steps: ran.steps,
        populations,
        evidence,
        digits: asked.right.map(|(_, count)| count),
        right: asked.right.map(|(right, _)| right),
    })?;
    Ok(Outcome::Done)
}

/// Spikes of each population and what came out, with names of their own.
fn recorded(plan: &Plan, ran: &Ran) -> anyhow::Result<(Vec<String>, Vec<Recorded>)> {
    let (mut names, mut all) = (Vec::new(), Vec::new());
    let mut add = |name: &str, recorded| {
        let plain = plain(name);
        let numbered = (2..).map(|i| format!("{plain}-{i}"));
        let own = std::iter::once(plain.clone()).chain(numbered);
        let mut free = own.filter(|n| !n.is_empty() && !names.contains(n));
        names.extend(free.next());
        all.push(recorded);
    };
    let mut first = 0;
    for (name, _, size) in plan.populations() {
        let range = first..first + u32::try_from(size)?;
        let own = ran.spikes.iter().filter(|s| range.contains(&s.1));
        let spike = |(step, neuron): &(u64, u32)| Spike {
            step: *step,
            replica: 0,
            source: 0,
            neuron: neuron - range.start,
        };
        add(name, Recorded::Spikes(own.map(spike).collect()));
        first = range.end;
    }
    for given in &ran.given {
        let (width, values) = (given.width, given.rows.clone());
        add(&given.name, Recorded::Rows { width, steps: (0..ran.steps).collect(), values });
    }
    Ok((names, all))
}
