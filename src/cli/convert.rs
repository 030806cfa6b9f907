//! `spikescope convert`: a network as a spiking one: accuracy against time steps,
//! operations, energy, early decisions.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::Outcome;
use super::args;
use super::digits;
use super::failure::UsageError;
use super::models;
use super::output::{Format, Output};
use super::progress::{Progress, Unit};
use super::report::{Converted, ConvertedAfter, ConvertedDecision, ConvertedLayer};
use super::simulate::args::EngineWish;
use super::table::{self, Align};
use crate::ann::evaluate::evaluate;
use crate::convert::energy;
use crate::convert::likeness;
use crate::convert::network::Spiking;
use crate::convert::nir;
use crate::convert::on_engine;
use crate::convert::recipe::{Disturbance, Input, Pooling, Read, Recipe, Reset, Scaling};
use crate::convert::scales::Activations;
use crate::convert::sweep::{self, Sweep, Task};
use crate::core::files::write_bytes;
use crate::data::{Dataset, Pixels};

/// Steps after which the answer is read, as far as they go.
const USUAL: [u64; 9] = [1, 2, 5, 10, 20, 50, 100, 200, 500];
/// Training images that thresholds are taken from.
const SCALED_ON: usize = 500;
/// Images over which rates are compared with activations.
const COMPARED: NonZeroUsize = NonZeroUsize::new(10).unwrap();

/// Turn a network into a spiking one and measure it
///
/// Units become integrate-and-fire neurons with the same weights; each layer's threshold is taken
/// from its activations on training images. Nothing is trained again. Prints accuracy, spikes and
/// operations against time steps, the likeness of rates and activations in each layer, an estimate
/// of the energy, and what deciding early saves.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope convert mlp
  spikescope convert cnn3 --steps 50 --images 1000
  spikescope convert cnn3 --scaling maximum --reset zero --initial 0    as it was first done
  spikescope convert mlp --csv accuracy.csv
  spikescope convert cnn3 --steps 20 --images 100 --on-engine gpu
  spikescope convert cnn3 --pooling average --images 100 --nir cnn3.nir")]
pub struct ConvertArgs {
    /// The network
    #[arg(value_name = "MODEL", value_parser = args::models(), required_unless_present = "weights")]
    pub model: Option<String>,
    /// Weights from a file, instead of one in the box
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub weights: Option<PathBuf>,
    /// Of which set in the box
    #[arg(long, value_name = "SET", value_parser = args::sets(), default_value = "report")]
    pub set: String,
    /// Time steps
    #[arg(long, value_name = "T", default_value_t = 100,
        value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub steps: u64,
    /// Ask the first N test images only [default: all]
    #[arg(long, value_name = "N")]
    pub images: Option<NonZeroUsize>,
    /// The digits: training images for the thresholds, test images to ask
    #[arg(long, value_name = "SET", value_parser = args::sources(), default_value = "mnist")]
    pub data: String,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    /// A layer's threshold: its largest activation, or a percentile of those above zero
    #[arg(long, value_name = "maximum|PERCENT", default_value = "99.9", value_parser = scaling)]
    pub scaling: Scaling,
    /// What a spike leaves: what lay above the threshold, or nothing
    #[arg(long, value_enum, default_value_t = ResetArg::Subtract)]
    pub reset: ResetArg,
    /// How the picture comes in: as constant currents, or as random spikes
    #[arg(long, value_enum, default_value_t = InputArg::Analog)]
    pub input: InputArg,
    /// What becomes of max-pooling
    #[arg(long, value_enum, default_value_t = PoolingArg::Gated)]
    pub pooling: PoolingArg,
    /// Where the answer is read: in the potentials that the output units add up, or in their spikes
    #[arg(long, value_enum, default_value_t = ReadArg::Potential)]
    pub read: ReadArg,
    /// Membrane potential at the start, in thresholds
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    pub initial: f32,
    /// Leave the biases out
    #[arg(long)]
    pub no_biases: bool,
    /// Noise on the potentials, standard deviation in thresholds per step
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub noise: f32,
    /// Share of spikes that are lost
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub dropped: f32,
    /// Spikes come up to so many steps late
    #[arg(long, value_name = "STEPS", default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(0..=100))]
    pub jitter: u32,
    /// Threads to compute on [default: one per core]
    #[arg(long, value_name = "N", value_parser = args::threads())]
    pub threads: Option<NonZeroUsize>,
    /// Write accuracy, spikes and operations against steps to this file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write the spiking network to this file, as NIR for other simulators; max-pooling cannot be
    /// said there and has to be `--pooling average`
    #[arg(long, value_name = "FILE")]
    pub nir: Option<PathBuf>,
    /// Compare rates with activations over the first N test images
    #[arg(long, value_name = "N", default_value_t = COMPARED)]
    pub compared: NonZeroUsize,
    /// Show the compared images to the general spiking engine too, and tell how many neurons fire
    /// another number of times there
    #[arg(long, value_enum, value_name = "ENGINE")]
    pub on_engine: Option<EngineWish>,
    #[command(flatten)]
    pub format: Format,
}

macro_rules! choices {
    ($name:ident, $of:ident, $($variant:ident),*) => {
        /// A choice, as an argument.
        #[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($variant),* }
        impl From<$name> for $of {
            fn from(choice: $name) -> Self {
                match choice { $($name::$variant => Self::$variant),* }
            }
        }
    };
}
choices!(ResetArg, Reset, Subtract, Zero);
choices!(InputArg, Input, Analog, Poisson);
choices!(PoolingArg, Pooling, Gated, Largest, Average);
choices!(ReadArg, Read, Potential, Spikes);

fn scaling(text: &str) -> Result<Scaling, String> {
    if text == "maximum" {
        return Ok(Scaling::Maximum);
    }
    match text.parse::<f64>() {
        Ok(percent) if percent > 0.0 && percent <= 100.0 => Ok(Scaling::Percentile(percent)),
        _ => Err("it must be `maximum` or a percentile above 0 and up to 100".into()),
    }
}

pub fn run(args: &ConvertArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let disturbance = Disturbance { noise: args.noise, dropped: args.dropped, jitter: args.jitter };
    for (name, value, most) in [
        ("--noise", args.noise, 10.0),
        ("--dropped", args.dropped, 1.0),
        ("--initial", args.initial, 1.0),
    ] {
        if !(0.0..=most).contains(&value) {
            return Err(
                UsageError(format!("{name} is {value}, but must be from 0 to {most}")).into()
            );
        }
    }
    if args.on_engine.is_some()
        && (args.input == InputArg::Poisson || disturbance != Disturbance::default())
    {
        let text = "--on-engine compares spike counts, so nothing may be left to chance: no --input poisson, --noise, --dropped or --jitter";
        return Err(UsageError(text.into()).into());
    }
    let files: Vec<PathBuf> = args.weights.iter().cloned().collect();
    let ids: Vec<String> = args.model.iter().cloned().collect();
    let mut found = models::select(&ids, &files, &models::sets(Some(&args.set)))?;
    let Some(model) = found.pop() else { bail!("there is no such network") };
    let split = digits::load(&args.data, args.mnist.as_deref())?;
    let recipe = Recipe {
        scaling: args.scaling,
        reset: args.reset.into(),
        input: args.input.into(),
        pooling: args.pooling.into(),
        read: args.read.into(),
        initial: args.initial,
        biases: !args.no_biases,
    };
    let pictures = |data: &Dataset, n: usize| -> Vec<Pixels> {
        (0..n.min(data.len())).map(|i| data.pixels(i)).collect()
    };
    let activations = Activations::measure(&model.network, &pictures(&split.train, SCALED_ON))?;
    let spiking = Spiking::new(&model.network, &activations, recipe)?;
    // Before what takes minutes: a network that cannot be written says so at once.
    if let Some(file) = &args.nir {
        write_bytes(file, &nir::file(&spiking)?)?;
    }
    let threads = models::threads(args.threads);
    let images = args.images.map_or(split.test.len(), |n| n.get().min(split.test.len()));
    let original = original(&model, &split.test, images, threads)?;
    let mut steps: Vec<u64> = USUAL.into_iter().filter(|t| *t < args.steps).collect();
    steps.push(args.steps);
    let task = Task { steps, first: 0, images, disturbance, threads };
    let begun = Instant::now();
    let swept = swept(&spiking, &split.test, &task);
    let seconds = begun.elapsed().as_secs_f64();
    let compared = pictures(&split.test, args.compared.get());
    let likeness = likeness::of(&model.network, &spiking, &compared, args.steps);
    let beside = match args.on_engine {
        None => None,
        Some(wish) => {
            let engine = (wish.into(), threads);
            Some(on_engine::beside(&spiking, &compared, args.steps, engine)?)
        }
    };
    let first = if recipe.input == Input::Analog { spiking.first_multiply_adds() } else { 0 };
    let report = Converted {
        model: model.id().to_owned(),
        weights: model.weights.clone(),
        data: split.test.id.clone(),
        images,
        original_accuracy: original,
        multiply_adds: spiking.multiply_adds,
        original_uj: energy::original_uj(spiking.multiply_adds),
        after: swept.after.iter().map(|a| after(a, images, first)).collect(),
        compared: compared.len(),
        layers: likeness
            .iter()
            .map(|l| ConvertedLayer {
                name: spiking.stages[l.stage].name.clone(),
                threshold: spiking.stages[l.stage].cells().map_or(0.0, |c| c.threshold),
                r: l.r,
                error: l.error,
                saturated: l.saturated,
                silent: l.silent,
            })
            .collect(),
        decisions: decisions(&swept, images),
        on_engine: beside,
        seconds,
    };
    if let Some(file) = &args.csv {
        write_bytes(file, csv(&report).as_bytes())?;
    }
    print(&report, &model.name(), out)?;
    if let Some(file) = &args.csv {
        out.line(format_args!("Saved as {}", file.display()))?;
    }
    if let Some(file) = &args.nir {
        out.line(format_args!("Saved as {}", file.display()))?;
        if recipe.reset == Reset::Subtract {
            out.line("NIR's IF sets potentials to zero at a spike. Where the reader of the file lets you choose, choose a reset by subtraction")?;
        }
    }
    out.json(&report)?;
    Ok(Outcome::Done)
}

/// Share of right answers of the network that does not spike, on the same images.
fn original(
    model: &models::Trained,
    data: &Dataset,
    images: usize,
    threads: usize,
) -> anyhow::Result<f64> {
    let part = data.first(images, data.id.clone());
    let never = AtomicBool::new(false);
    let answers = evaluate(&model.network, &part, threads, &never, &mut |_, _| {})?;
    answers.map(|a| a.accuracy).ok_or_else(|| anyhow::anyhow!("the evaluation was cancelled"))
}

fn swept(spiking: &Spiking, data: &Dataset, task: &Task) -> Sweep {
    let progress = Progress::new(task.images as u64, Unit::Images);
    progress.say("spiking");
    let never = AtomicBool::new(false);
    sweep::sweep(spiking, data, task, &never, &|found| progress.set(found.images as u64))
}

fn after(a: &sweep::After, images: usize, first: usize) -> ConvertedAfter {
    let n = images.max(1) as f64;
    let operations = a.operations as f64 / n;
    ConvertedAfter {
        steps: a.steps,
        accuracy: a.right as f64 / n,
        unanswered: a.unanswered,
        spikes: a.spikes as f64 / n,
        operations,
        energy_uj: energy::spiking_uj(operations, first),
    }
}

fn decisions(swept: &Sweep, images: usize) -> Vec<ConvertedDecision> {
    let n = images.max(1) as f64;
    let of = |d: &sweep::Decision| ConvertedDecision {
        margin: d.margin,
        accuracy: d.right as f64 / n,
        mean_steps: d.steps as f64 / n,
        operations: d.operations as f64 / n,
    };
    swept.decisions.iter().map(of).collect()
}

fn csv(report: &Converted) -> String {
    use std::fmt::Write as _;
    let mut text =
        String::from("steps,accuracy,spikes_per_image,operations_per_image,energy_uj,unanswered\n");
    for a in &report.after {
        let _ = writeln!(
            text,
            "{},{},{},{},{},{}",
            a.steps, a.accuracy, a.spikes, a.operations, a.energy_uj, a.unanswered
        );
    }
    text
}

fn print(report: &Converted, name: &str, out: &mut Output) -> anyhow::Result<()> {
    let percent = |v: f64| format!("{:.2} %", v * 100.0);
    out.line(format_args!(
        "{name} on {} images of {}: {} as it is, with {:.2} million multiply–adds and {:.1} µJ an image",
        report.images,
        report.data,
        percent(report.original_accuracy),
        report.multiply_adds as f64 / 1e6,
        report.original_uj,
    ))?;
    let columns = [
        ("steps", Align::Right),
        ("accuracy", Align::Right),
        ("spikes/image", Align::Right),
        ("operations/image", Align::Right),
        ("µJ", Align::Right),
    ];
    let row = |a: &ConvertedAfter| {
        vec![
            a.steps.to_string(),
            match a.unanswered {
                0 => percent(a.accuracy),
                n => format!("{} ({n} none)", percent(a.accuracy)),
            },
            format!("{:.0}", a.spikes),
            format!("{:.2} million", a.operations / 1e6),
            format!("{:.2}", a.energy_uj),
        ]
    };
    let rows: Vec<_> = report.after.iter().map(row).collect();
    for line in table::lines(&columns, &rows) {
        out.line(line)?;
    }
    out.line(format_args!(
        "\nRates beside activations after the last step, on {} images",
        report.compared
    ))?;
    let columns = [
        ("layer", Align::Left),
        ("threshold", Align::Right),
        ("Pearson r", Align::Right),
        ("rms error", Align::Right),
        ("saturated", Align::Right),
        ("silent though active", Align::Right),
    ];
    let row = |l: &ConvertedLayer| {
        vec![
            l.name.clone(),
            format!("{:.3}", l.threshold),
            l.r.map_or_else(|| "–".into(), |r| format!("{r:.4}")),
            format!("{:.4}", l.error),
            percent(l.saturated),
            percent(l.silent),
        ]
    };
    let rows: Vec<_> = report.layers.iter().map(row).collect();
    for line in table::lines(&columns, &rows) {
        out.line(line)?;
    }
    out.line("\nDeciding as soon as the first digit is ahead of the second")?;
    let columns = [
        ("by (logits × steps)", Align::Right),
        ("accuracy", Align::Right),
        ("mean steps", Align::Right),
        ("operations/image", Align::Right),
    ];
    let row = |d: &ConvertedDecision| {
        vec![
            format!("{:.0}", d.margin),
            percent(d.accuracy),
            format!("{:.1}", d.mean_steps),
            format!("{:.2} million", d.operations / 1e6),
        ]
    };
    let rows: Vec<_> = report.decisions.iter().map(row).collect();
    for line in table::lines(&columns, &rows) {
        out.line(line)?;
    }
    if let Some(b) = &report.on_engine {
        out.line(format_args!(
            "\nOn the general engine ({}): {} of {} neurons fired another number of times, {} spikes in {} images, {:.0} ms each",
            b.engine, b.differ, b.neurons, b.spikes, b.pictures, b.ms
        ))?;
    }
    out.line(format_args!("\nEnergy: {}", energy::ASSUMPTIONS))?;
    out.line(format_args!("The spiking network took {:.1} s for all images", report.seconds))?;
    Ok(())
}
