//! `spikescope simulate regression`: a curve is learned in spikes.

use clap::Args;

use crate::cli::failure::UsageError;
use crate::cli::output::{Format, Output};
use crate::cli::report::LearnedCurve;
use crate::cli::rules::assignment;
use crate::cli::values::choice;
use crate::cli::{Outcome, table};
use crate::core::text::percent;
use crate::snn::experiments::regression::{Curve, FAILURES, Failure, Fit, RegressionTask, run};

/// A curve, learned by contrastive Hebbian learning between spiking neurons
///
/// One number goes in and one comes out, as rates of spikes; hidden neurons lie between them.
/// Every 200 presentations print a line: the squared error as a share of the curve's variance,
/// mean rates as shares of the highest, and hidden neurons that never spike.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope simulate regression
  spikescope simulate regression --curve bump --presentations 20000
  spikescope simulate regression --failure silent-neurons")]
pub struct RegressionArgs {
    /// The curve
    #[arg(long, value_parser = choice(&[
        ("sine", "A period of a sine", Curve::Sine),
        ("bump", "A bump in the middle", Curve::Bump),
        ("steps", "Low, high, low, high", Curve::Steps),
        ("square", "The square", Curve::Square)]), default_value = "sine")]
    pub curve: Curve,
    /// A way to fail, instead of the usual constants
    #[arg(long, value_parser = choice(&[
        ("unequal-windows", "Phases of different lengths are compared", 0usize),
        ("silent-neurons", "No noise, and a bias far below the threshold", 1),
        ("small-gain", "Spikes of one neuron hardly change the rate of another", 2)]))]
    pub failure: Option<usize>,
    /// Presentations in all
    #[arg(long, value_name = "N")]
    pub presentations: Option<usize>,
    /// Seed of weights, noise and values
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub seed: u64,
    /// A constant, NAME=VALUE (hidden, free_ms, nudged_ms, window_ms, beta, eta, noise,
    /// bias, gain, scale); may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, f64)>,
    #[command(flatten)]
    pub format: Format,
}

fn task(args: &RegressionArgs) -> Result<RegressionTask, UsageError> {
    let mut task =
        RegressionTask { curve: args.curve, seed: args.seed, ..RegressionTask::default() };
    if let Some(presentations) = args.presentations {
        task.presentations = presentations;
    }
    for (name, value) in &args.set {
        let number = match name.as_str() {
            "hidden" => {
                task.hidden = value.max(1.0) as usize;
                continue;
            }
            "free_ms" => &mut task.free_ms,
            "nudged_ms" => &mut task.nudged_ms,
            "window_ms" => &mut task.window_ms,
            "beta" => &mut task.beta,
            "eta" => &mut task.eta,
            "noise" => &mut task.noise,
            "bias" => &mut task.bias,
            "gain" => &mut task.gain,
            "scale" => &mut task.scale,
            _ => return Err(UsageError(format!("there is no constant {name}"))),
        };
        *number = *value;
    }
    let failure: Option<&Failure> = args.failure.map(|i| &FAILURES[i]);
    Ok(failure.map_or(task, |failure| (failure.spoil)(task)))
}

pub fn simulate(args: &RegressionArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let task = task(args)?;
    if let Some(failure) = args.failure.map(|i| &FAILURES[i]) {
        out.line(format_args!("{}: {}", failure.name, failure.why))?;
    }
    out.line("presentations  error/variance  hidden r  output r  silent")?;
    let mut broken = None;
    let done = run(&task, &mut |fit: Fit| {
        let line = format!(
            "{:>13}  {:>14}  {:>8.3}  {:>8.3}  {:>6}",
            fit.presentations,
            percent(fit.error),
            fit.rates[0],
            fit.rates[1],
            percent(fit.silent)
        );
        broken = out.line(line).err();
        broken.is_none()
    })?;
    if let Some(error) = broken {
        return Err(error.into());
    }
    let Some(last) = done.fits().last() else { return Ok(Outcome::Done) };
    let rows = last.places.iter().map(|p| p.map(|v| format!("{v:.3}")).to_vec());
    table::print(out, "", &[">input", ">target", ">output"], rows)?;
    let (one, all) = done.lags();
    out.json(&LearnedCurve {
        presentations: last.presentations,
        error: last.error,
        errors: done.fits().iter().map(|f| (f.presentations, f.error)).collect(),
        places: last.places.clone(),
        window: one.changes(),
        window_of_all: all.changes(),
    })?;
    Ok(Outcome::Done)
}
