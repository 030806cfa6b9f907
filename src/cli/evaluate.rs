//! `spikescope evaluate`: accuracies on digits that the networks never saw.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::args::EvaluateArgs;
use super::models::{self, Trained};
use super::output::Output;
use super::progress::{Progress, Unit};
use super::report::{Evaluated, EvaluatedModel};
use super::table::{self, Align};
use super::{Outcome, digits};
use crate::ann::evaluate::evaluate;
use crate::data::{Dataset, idx};

pub fn run(args: &EvaluateArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let models = models::select(&args.models, &args.weights)?;
    let data = test_digits(args)?;
    let threads = models::threads(args.threads);
    let mut evaluated = Vec::with_capacity(models.len());
    for model in &models {
        evaluated.push(judge(model, &data, threads)?);
    }
    print(&models, &evaluated, &data, out)?;
    out.json(&Evaluated { images: data.len(), data: data.id.clone(), models: evaluated })?;
    Ok(Outcome::Done)
}

/// The digits that the arguments name.
fn test_digits(args: &EvaluateArgs) -> anyhow::Result<Arc<Dataset>> {
    if let (Some(images), Some(labels)) = (&args.images, &args.labels) {
        return Ok(Arc::new(idx::load_pair(images, labels, "files")?));
    }
    Ok(digits::load(&args.data, args.mnist.as_deref())?.test)
}

fn judge(model: &Trained, data: &Dataset, threads: usize) -> anyhow::Result<EvaluatedModel> {
    let progress = Progress::new(data.len() as u64, Unit::Images);
    progress.say(model.name());
    progress.tick_steadily();
    let begun = Instant::now();
    let never = AtomicBool::new(false);
    let evaluation = evaluate(&model.network, data, threads, &never, &mut |done, _| {
        progress.set(done as u64);
    })?
    .ok_or_else(|| anyhow::anyhow!("the evaluation was cancelled"))?;
    let seconds = begun.elapsed().as_secs_f64();
    let right: u32 = (0..evaluation.confusion.len()).map(|d| evaluation.confusion[d][d]).sum();
    Ok(EvaluatedModel {
        id: model.id().to_owned(),
        weights: model.weights.clone(),
        accuracy: evaluation.accuracy,
        errors: data.len() - right as usize,
        loss: evaluation.loss,
        ms_per_image: seconds * 1e3 / data.len().max(1) as f64,
        confusion: evaluation.confusion,
    })
}

fn print(
    models: &[Trained],
    evaluated: &[EvaluatedModel],
    data: &Dataset,
    out: &mut Output,
) -> anyhow::Result<()> {
    let columns = [
        ("id", Align::Left),
        ("model", Align::Left),
        ("accuracy", Align::Right),
        ("errors", Align::Right),
        ("ms/image", Align::Right),
    ];
    let rows: Vec<Vec<String>> = models
        .iter()
        .zip(evaluated)
        .map(|(model, e)| {
            vec![
                e.id.clone(),
                model.name(),
                format!("{:.2} %", e.accuracy * 100.0),
                e.errors.to_string(),
                format!("{:.3}", e.ms_per_image),
            ]
        })
        .collect();
    out.line(format_args!("{} images of {}", data.len(), data.id))?;
    for line in table::lines(&columns, &rows) {
        out.line(line)?;
    }
    Ok(())
}
