//! `spikescope import`: a network of another program becomes a run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::Args;

use super::Outcome;
use super::models;
use super::output::{Format, Output};
use super::report::{ImportedDigits, ImportedNetwork};
use super::table;
use super::values::choice;
use crate::ann::evaluate::Evaluation;
use crate::ann::onnx::{Imported, OnnxError, Scaling, Tried, try_scalings};
use crate::ann::zoo::{cost, summary};
use crate::core::folders;
use crate::core::text::{grouped, percent};
use crate::data::mnist::MnistError;
use crate::data::registry::{self, DataError};
use crate::data::{Dataset, synthetic};
use crate::workers::imported::{Origin, TRIED_ON, keep, read};

/// Below this accuracy something is likely to be wrong.
const POOR: f64 = 0.6;

/// Which scaling is taken.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// The one that does best.
    Best,
    This(Scaling),
}

/// Take over a network that PyTorch, Keras or scikit-learn has written as ONNX
///
/// Chains of layers are read: convolutions, pooling, dense layers, RNN, GRU and LSTM, normalisation and
/// the usual functions, for pictures of 28×28 and 2 to 47 classes (docs/onnx.md). The network becomes a
/// run of yours: it answers in the window, is looked into, compared and converted like any other.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope import lenet.onnx
  spikescope import lenet.onnx --dry-run           only say what is in it
  spikescope import lenet.onnx --scaling mnist     trained on pictures less MNIST's mean")]
pub struct ImportArgs {
    /// The file; weights in a second file beside it are read too
    #[arg(value_name = "FILE.onnx")]
    pub file: PathBuf,
    /// What the network takes for a pixel
    #[arg(long, value_name = "SCALING", default_value = "auto", value_parser = choice(&[
        ("auto", "Whichever does best on 200 digits", Wanted::Best),
        ("unit", "From 0 to 1", Wanted::This(Scaling::Unit)),
        ("bytes", "From 0 to 255", Wanted::This(Scaling::Bytes)),
        ("mnist", "Less 0.1307, divided by 0.3081", Wanted::This(Scaling::Normalised)),
    ]))]
    pub scaling: Wanted,
    /// Keep nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

pub fn run(args: &ImportArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let file = args.file.display().to_string();
    let imported = read(&args.file).map_err(|why| anyhow!(why))?;
    // Whether it can be used at all, before anything is measured.
    let about = |e: OnnxError| refused(&file, &e);
    let architecture = imported.network().map_err(about)?.architecture();
    let digits = digits(args.mnist.as_deref())?;
    let classes = imported.classes.clone();
    // Only who tells the digits apart can be tried on digits.
    let tried = match classes.is_digits() {
        true => tries(&imported, &digits.few)?,
        false => Vec::new(),
    };
    let guess = imported.scaling.clone();
    let scaling = match (args.scaling, &tried[..]) {
        (Wanted::This(scaling), _) => scaling,
        (Wanted::Best, [best, ..]) => best.scaling,
        (Wanted::Best, []) => guess.scaling,
    };
    let (input, producer) = (imported.input.clone(), imported.producer.clone());
    let scaled = imported.scaled(scaling).map_err(about)?;
    let network = scaled.network().map_err(about)?;
    let structure = network.architecture();
    let test_accuracy = match &digits.test {
        Some(test) if classes.is_digits() => Some(judge(&network, test)?.accuracy),
        _ => None,
    };
    let mut report = ImportedNetwork {
        file: file.clone(),
        producer,
        input,
        architecture: structure.id.to_owned(),
        layers: summary(&scaled.layers),
        parameters: cost(&scaled.layers).parameters,
        notes: scaled.notes.clone(),
        guess: guess.scaling.id().to_owned(),
        reason: guess.reason,
        digits: ImportedDigits { data: digits.few.id.clone(), images: digits.few.len() },
        tried,
        scaling: scaling.id().to_owned(),
        test_accuracy,
        run: None,
    };
    if !args.dry_run {
        let name = args.file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into());
        let producer = &report.producer;
        let origin = Origin { file: &name, producer, test_accuracy, classes: &classes };
        let kept = keep(&folders::runs(), &network, origin);
        report.run = Some(kept.with_context(|| format!("{file} was read, but not kept"))?);
    }
    print(&report, architecture.name, out)?;
    out.json(&report)?;
    Ok(Outcome::Done)
}

fn refused(file: &str, error: &OnnxError) -> anyhow::Error {
    anyhow!("{file}: {error}. Nothing was imported")
}

/// Digits to try a network on.
struct Digits {
    few: Dataset,
    /// MNIST's test digits, if they are there.
    test: Option<Arc<Dataset>>,
}

fn digits(mnist: Option<&Path>) -> anyhow::Result<Digits> {
    match registry::load("mnist", mnist) {
        Ok(split) => {
            let few = split.train.first(TRIED_ON, split.train.id.clone());
            Ok(Digits { few, test: Some(split.test) })
        }
        Err(DataError::Mnist(MnistError::NotFound)) => {
            Ok(Digits { few: synthetic::generate(1, TRIED_ON), test: None })
        }
        Err(error) => Err(error.into()),
    }
}

fn judge(network: &crate::ann::network::Network, data: &Dataset) -> anyhow::Result<Evaluation> {
    models::evaluate(network, data, models::threads(None), &mut |_, _| {})
}

fn tries(imported: &Imported, digits: &Dataset) -> anyhow::Result<Vec<Tried>> {
    try_scalings(imported, |scaled| {
        let evaluation = judge(&scaled.network()?, digits)?;
        Ok((evaluation.accuracy, evaluation.loss))
    })
}

fn print(report: &ImportedNetwork, name: &str, out: &mut Output) -> anyhow::Result<()> {
    let by = if report.producer.is_empty() { "" } else { ", written by " };
    out.line(format_args!("{}{by}{}; input {}", report.file, report.producer, report.input))?;
    out.line(format_args!("{name}: {} weights\n", grouped(report.parameters as u64)))?;
    let columns = ["layer", "output", ">weights"];
    let row = |l: &crate::ann::zoo::LayerSummary| {
        vec![l.name.clone(), l.shape(), grouped(l.parameters as u64)]
    };
    table::print(out, "", &columns, report.layers.iter().map(row))?;
    for note in &report.notes {
        out.line(format_args!("Note: {note}"))?;
    }
    let ImportedDigits { data, images } = &report.digits;
    if report.tried.is_empty() {
        out.line("\nIts classes are not the digits, so it was not tried on any. The scaling is what the file suggests; --scaling takes another")?;
    } else {
        out.line(format_args!("\nScalings of the pictures, tried on {images} digits of {data}"))?;
    }
    let columns = ["scaling", "pixels", ">accuracy", ">loss"];
    let row = |t: &Tried| {
        let loss = if t.loss < 1e3 { format!("{:.3}", t.loss) } else { "–".into() };
        vec![t.scaling.id().into(), t.scaling.name().into(), percent(t.accuracy), loss]
    };
    if !report.tried.is_empty() {
        table::print(out, "", &columns, report.tried.iter().map(row))?;
    }
    out.line(format_args!(
        "Taken: {}. By the file alone: {} ({})",
        report.scaling, report.guess, report.reason
    ))?;
    let taken = report.tried.iter().find(|t| t.scaling.id() == report.scaling);
    if taken.is_some_and(|t| t.accuracy < POOR) {
        out.line("That is poor. Was it trained on black ink on white, on other pictures, or with its classes in another order? Digits here are white on black")?;
    }
    if let Some(accuracy) = report.test_accuracy {
        out.line(format_args!("Accuracy on MNIST's test digits: {}", percent(accuracy)))?;
    }
    match &report.run {
        Some(run) => out.line(format_args!(
            "Kept as the run {run}: the window lists it in Train → Runs, and `spikescope evaluate --weights` takes {}",
            folders::runs().join(run).join("weights.safetensors").display()
        ))?,
        None => out.line("Nothing was kept (--dry-run)")?,
    }
    Ok(())
}
