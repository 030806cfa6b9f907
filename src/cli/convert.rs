//! `spikescope convert`: a network converted to spikes: accuracy against time steps,
//! operations, energy, early decisions.

mod direct;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::bail;
use clap::Args;

use super::Outcome;
use super::digits;
use super::failure::UsageError;
use super::models;
use super::output::{Format, Output};
use super::progress::{Progress, Unit};
use super::report::{Converted, ConvertedAfter, ConvertedDecision, ConvertedLayer, ConvertedWork};
use super::table;
use super::values::{
    choice, convertible, count, engine, scaling, sets, share_to, sources, threads,
};
use crate::convert::energy::{self, Work};
use crate::convert::likeness::{self, Likeness};
use crate::convert::network::{Cells, Spiking};
use crate::convert::nir;
use crate::convert::on_engine;
use crate::convert::recipe::{Disturbance, Input, Per, Pooling, Read, Recipe, Reset, Scaling};
use crate::convert::scales::Activations;
use crate::convert::sweep::{self, Sweep, SweepTask};
use crate::core::csv;
use crate::core::files::write_bytes;
use crate::core::text::{or_dash, percent};
use crate::data::{Dataset, PIXELS, Pixels};
use crate::snn::choose::Preference;

/// Steps after which the answer is read, as far as they go.
const USUAL: [u64; 9] = [1, 2, 5, 10, 20, 50, 100, 200, 500];
/// Training images that thresholds are taken from.
const SCALED_ON: usize = 500;
/// Images over which rates are compared with activations.
const COMPARED: NonZeroUsize = NonZeroUsize::new(10).unwrap();

/// Turn a network into a spiking one and measure it
///
/// Units become integrate-and-fire neurons with the same weights; the threshold of each channel is
/// taken from its activations on training images. Nothing is trained again. Prints accuracy, spikes
/// and operations against time steps, the likeness of rates and activations in each layer, an
/// estimate of the energy, and what deciding early saves.
///
/// Networks that were trained in spikes (lif-dense, lif-conv, lif-recurrent) stay as they are and
/// run for their own number of steps; they can be compared with the general engine and written as
/// NIR in the same way.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope convert mlp
  spikescope convert cnn3 --steps 50 --images 1000
  spikescope convert cnn3 --scaling maximum --per layer --reset zero --initial 0    as it was first done
  spikescope convert mlp --csv accuracy.csv
  spikescope convert cnn3 --steps 20 --images 100 --on-engine gpu
  spikescope convert cnn3 --pooling average --images 100 --nir cnn3.nir --evidence cnn3.csv
  spikescope convert lif-dense --images 300 --on-engine cpu --nir lif-dense.nir --evidence lif-dense.csv")]
pub struct ConvertArgs {
    /// The network
    #[arg(value_name = "MODEL", value_parser = convertible(), required_unless_present = "weights")]
    pub model: Option<String>,
    /// Weights from a file, instead of one in the box
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub weights: Option<PathBuf>,
    /// Of which set in the box
    #[arg(long, value_name = "SET", value_parser = sets(), default_value = "report")]
    pub set: String,
    /// Time steps, 1 to 10000
    #[arg(long, value_name = "T", default_value_t = 100,
        value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub steps: u64,
    /// Ask the first N test images only, 1 or more [default: all]
    #[arg(long, value_name = "N", value_parser = count)]
    pub images: Option<NonZeroUsize>,
    /// The digits: training images for the thresholds, test images to ask
    #[arg(long, value_name = "SET", value_parser = sources(), default_value = "mnist")]
    pub data: String,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    /// What a threshold is taken from: the largest activation, or a percentile of those above zero,
    /// above 0 and up to 100
    #[arg(long, value_name = "maximum|PERCENT", default_value = "97", value_parser = scaling)]
    pub scaling: Scaling,
    /// What has a threshold of its own: each channel of a convolution and unit of a dense layer, or
    /// a layer
    #[arg(long, default_value = "channel",
        value_parser = choice(&[("layer", "", Per::Layer), ("channel", "", Per::Channel)]))]
    pub per: Per,
    /// What a spike leaves: what lay above the threshold, or nothing
    #[arg(long, default_value = "subtract",
        value_parser = choice(&[("subtract", "", Reset::Subtract), ("zero", "", Reset::Zero)]))]
    pub reset: Reset,
    /// How the picture comes in: as constant currents, or as random spikes
    #[arg(long, default_value = "analog",
        value_parser = choice(&[("analog", "", Input::Analog), ("poisson", "", Input::Poisson)]))]
    pub input: Input,
    /// What becomes of max-pooling
    #[arg(long, default_value = "gated",
        value_parser = choice(&[("gated", "", Pooling::Gated), ("largest", "", Pooling::Largest), ("average", "", Pooling::Average)]))]
    pub pooling: Pooling,
    /// Where the answer is read: in the potentials that the output units add up, or in their spikes
    #[arg(long, default_value = "potential",
        value_parser = choice(&[("potential", "", Read::Potential), ("spikes", "", Read::Spikes)]))]
    pub read: Read,
    /// Membrane potential at the start, in thresholds, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = share_to::<1>)]
    pub initial: f32,
    /// Leave the biases out
    #[arg(long)]
    pub no_biases: bool,
    /// Noise on the potentials, standard deviation in thresholds per step, 0 to 10
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share_to::<10>)]
    pub noise: f32,
    /// Share of spikes that are lost, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share_to::<1>)]
    pub dropped: f32,
    /// Spikes come up to so many steps late, 0 to 100
    #[arg(long, value_name = "STEPS", default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(0..=100))]
    pub jitter: u32,
    /// Threads to compute on [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<NonZeroUsize>,
    /// Write accuracy, spikes and operations against steps to this file
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write what speaks for each digit, of each image after each number of steps, to this file
    #[arg(long = "evidence", value_name = "FILE")]
    pub logits: Option<PathBuf>,
    /// Write the spiking network to this file, as NIR for other simulators (docs/nir.md);
    /// max-pooling cannot be said there: `--pooling average`, or no lif-conv
    #[arg(long, value_name = "FILE")]
    pub nir: Option<PathBuf>,
    /// Compare rates with activations over the first N test images, 1 or more
    #[arg(long, value_name = "N", default_value_t = COMPARED, value_parser = count)]
    pub compared: NonZeroUsize,
    /// Show the compared images to the general spiking engine too, and tell how many neurons fire
    /// another number of times there
    #[arg(long, value_name = "ENGINE", value_parser = engine())]
    pub on_engine: Option<Preference>,
    #[command(flatten)]
    pub format: Format,
}

pub fn run(args: &ConvertArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let disturbance = Disturbance { noise: args.noise, dropped: args.dropped, jitter: args.jitter };
    if args.on_engine.is_some()
        && (args.input == Input::Poisson || disturbance != Disturbance::default())
    {
        let text = "--on-engine compares spike counts, so nothing may be left to chance: no --input poisson, --noise, --dropped or --jitter";
        return Err(UsageError(text.into()).into());
    }
    let files: Vec<PathBuf> = args.weights.iter().cloned().collect();
    let ids: Vec<String> = args.model.iter().cloned().collect();
    let mut found = models::select(&ids, &files, &models::sets(Some(&args.set)))?;
    let Some(model) = found.pop() else { bail!("there is no such network") };
    let split = digits::load_ten(
        &args.data,
        args.mnist.as_deref(),
        "networks are not converted to spikes",
    )?;
    let recipe = Recipe {
        scaling: args.scaling,
        per: args.per,
        reset: args.reset,
        input: args.input,
        pooling: args.pooling,
        read: args.read,
        initial: args.initial,
        biases: !args.no_biases,
    };
    if direct::is_one(&model) {
        direct::run(args, (recipe, disturbance), &model, &split.test, out)?;
        return Ok(Outcome::Done);
    }
    let pictures = |data: &Dataset, n: usize| -> Vec<Pixels> {
        (0..n.min(data.len())).map(|i| data.pixels(i)).collect()
    };
    let activations = Activations::measure(&model.network, &pictures(&split.train, SCALED_ON))?;
    let spiking = Spiking::new(&model.network, &activations, recipe)?;
    // Before what takes minutes: a network that cannot be written, or that the general
    // engines cannot run, says so at once.
    if let Some(file) = &args.nir {
        write_bytes(file, &nir::file(&spiking)?)?;
    }
    if args.on_engine.is_some() {
        on_engine::describe(&spiking, &[0.0; PIXELS], 0)?;
    }
    let threads = models::threads(args.threads);
    let images = args.images.map_or(split.test.len(), |n| n.get().min(split.test.len()));
    let original = original(&model, &split.test, images, threads)?;
    let mut steps: Vec<u64> = USUAL.into_iter().filter(|t| *t < args.steps).collect();
    steps.push(args.steps);
    let logits = args.logits.is_some();
    let task = SweepTask { steps, first: 0, images, disturbance, threads, logits };
    let begun = Instant::now();
    let swept = swept(&spiking, &split.test, &task);
    let seconds = begun.elapsed().as_secs_f64();
    let compared = pictures(&split.test, args.compared.get());
    let likeness = likeness::of(&model.network, &spiking, &compared, args.steps);
    let beside = match args.on_engine {
        None => None,
        Some(preference) => {
            let engine = (preference, threads);
            Some(on_engine::beside(&spiking, &compared, args.steps, engine)?)
        }
    };
    let report = Converted {
        model: model.id().to_owned(),
        weights: model.weights.clone(),
        data: split.test.id.clone(),
        images,
        original_accuracy: original,
        multiply_adds: spiking.multiply_adds,
        original_uj: energy::original_uj(spiking.multiply_adds),
        after: swept.after.iter().map(|a| after(a, images)).collect(),
        compared: compared.len(),
        layers: likeness.iter().map(|l| layer(l, &spiking)).collect(),
        decisions: decisions(&swept, images),
        on_engine: beside,
        seconds,
    };
    if let Some(file) = &args.csv {
        write_bytes(file, accuracy_csv(&report).as_bytes())?;
    }
    if let Some(file) = &args.logits {
        write_bytes(file, logits_csv(&swept).as_bytes())?;
    }
    print(&report, &model.name(), out)?;
    for file in args.csv.iter().chain(&args.logits) {
        out.line(format_args!("Saved as {}", file.display()))?;
    }
    if let Some(file) = &args.nir {
        out.line(format_args!("Saved as {}", file.display()))?;
        if recipe.reset == Reset::Subtract {
            out.line("NIR's IF sets potentials to zero at a spike. Where the reader of the file lets you choose, choose a reset by subtraction (docs/nir.md)")?;
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
    Ok(models::evaluate(&model.network, &part, threads, &mut |_, _| {})?.accuracy)
}

fn swept(spiking: &Spiking, data: &Dataset, task: &SweepTask) -> Sweep {
    let progress = Progress::new(task.images as u64, Unit::Images);
    progress.say("spiking");
    let never = AtomicBool::new(false);
    sweep::sweep(spiking, data, task, &never, &|found| progress.set(found.images as u64))
}

fn layer(l: &Likeness, spiking: &Spiking) -> ConvertedLayer {
    let stage = &spiking.stages[l.stage];
    let [least, median, largest] = stage.cells().map_or([0.0; 3], Cells::scale_range);
    ConvertedLayer {
        name: stage.name.clone(),
        threshold: median,
        thresholds: [least, largest],
        r: l.r,
        error: l.error,
        saturated: l.saturated,
        silent: l.silent,
    }
}

fn work(all: &Work, images: f64) -> ConvertedWork {
    let [all_operations, first_layer, operations, neurons, gates] = all.each(images);
    let energy_uj = all.energy_uj() / images;
    ConvertedWork { all_operations, first_layer, operations, neurons, gates, energy_uj }
}

fn after(a: &sweep::After, images: usize) -> ConvertedAfter {
    let n = images.max(1) as f64;
    ConvertedAfter {
        steps: a.steps,
        accuracy: a.right as f64 / n,
        unanswered: a.unanswered,
        spikes: a.spikes as f64 / n,
        work: work(&a.work, n),
    }
}

fn decisions(swept: &Sweep, images: usize) -> Vec<ConvertedDecision> {
    let n = images.max(1) as f64;
    let of = |d: &sweep::Decision| ConvertedDecision {
        margin: d.margin,
        accuracy: d.right as f64 / n,
        mean_steps: d.steps as f64 / n,
        work: work(&d.work, n),
    };
    swept.decisions.iter().map(of).collect()
}

fn accuracy_csv(report: &Converted) -> String {
    let row = |a: &ConvertedAfter| {
        let w = &a.work;
        csv::row![
            a.steps,
            a.accuracy,
            a.spikes,
            w.all_operations,
            w.first_layer,
            w.operations,
            w.neurons,
            w.gates,
            w.energy_uj,
            a.unanswered
        ]
    };
    let headings = ["steps", "accuracy", "spikes_per_image"].into_iter();
    let headings = headings.chain(Work::COLUMNS.split(',')).chain(["energy_uj", "unanswered"]);
    csv::text(headings, report.after.iter().map(row))
}

/// The logits, a line for each image and number of steps.
fn logits_csv(swept: &Sweep) -> String {
    let rows = swept.logits.iter().map(|l| {
        let values = l.values.iter().map(f32::to_string);
        csv::row![l.image, l.label, l.steps].into_iter().chain(values)
    });
    csv::text("image,label,steps,0,1,2,3,4,5,6,7,8,9".split(','), rows)
}

/// Columns of [`operations`].
const OPERATIONS: [&str; 6] = [">first layer", ">synapses", ">neurons", ">gates", ">all", ">µJ"];

/// Operations by kind and in all, in millions, and the energy.
fn operations(work: &ConvertedWork) -> impl Iterator<Item = String> {
    let millions =
        [work.first_layer, work.operations, work.neurons, work.gates, work.all_operations]
            .map(|n| format!("{:.2}", n / 1e6));
    millions.into_iter().chain([format!("{:.2}", work.energy_uj)])
}

/// The thresholds of a layer: one, or from the least to the largest.
fn thresholds(l: &ConvertedLayer) -> String {
    let [least, largest] = l.thresholds;
    if least == largest { format!("{least:.3}") } else { format!("{least:.3} to {largest:.3}") }
}

fn print(report: &Converted, name: &str, out: &mut Output) -> anyhow::Result<()> {
    out.line(format_args!(
        "{name} on {} images of {}: {} as it is, with {:.2} million multiply–adds and {:.1} µJ an image",
        report.images,
        report.data,
        percent(report.original_accuracy),
        report.multiply_adds as f64 / 1e6,
        report.original_uj,
    ))?;
    out.line("\nIn spikes; operations for an image, in millions (what is counted: below)")?;
    let columns = [&[">steps", ">accuracy", ">spikes/image"], &OPERATIONS[..]].concat();
    let row = |a: &ConvertedAfter| {
        let right = match a.unanswered {
            0 => percent(a.accuracy),
            n => format!("{} ({n} none)", percent(a.accuracy)),
        };
        let mut row = vec![a.steps.to_string(), right, format!("{:.0}", a.spikes)];
        row.extend(operations(&a.work));
        row
    };
    table::print(out, "", &columns, report.after.iter().map(row))?;
    out.line(format_args!(
        "\nRates beside activations after the last step, on {} images",
        report.compared
    ))?;
    let columns =
        ["layer", ">thresholds", ">Pearson r", ">rms error", ">saturated", ">silent though active"];
    let row = |l: &ConvertedLayer| {
        vec![
            l.name.clone(),
            thresholds(l),
            or_dash(l.r, |r| format!("{r:.4}")),
            format!("{:.4}", l.error),
            percent(l.saturated),
            percent(l.silent),
        ]
    };
    table::print(out, "", &columns, report.layers.iter().map(row))?;
    out.line("\nDeciding as soon as the first digit is ahead of the second")?;
    let columns = [&[">by (logits × steps)", ">accuracy", ">mean steps"], &OPERATIONS[..]].concat();
    let row = |d: &ConvertedDecision| {
        let mut row =
            vec![format!("{:.0}", d.margin), percent(d.accuracy), format!("{:.1}", d.mean_steps)];
        row.extend(operations(&d.work));
        row
    };
    table::print(out, "", &columns, report.decisions.iter().map(row))?;
    if let Some(b) = &report.on_engine {
        out.line(format_args!(
            "\nOn the general engine ({}): {} of {} neurons fired another number of times, {} spikes in {} images, {:.0} ms each",
            b.engine, b.differ, b.neurons, b.spikes, b.pictures, b.ms
        ))?;
    }
    out.line(format_args!("\nOperations. {}", energy::COUNTED))?;
    out.line(format_args!("Energy: {}", energy::ASSUMPTIONS))?;
    out.line(format_args!("The spiking network took {:.1} s for all images", report.seconds))?;
    Ok(())
}
