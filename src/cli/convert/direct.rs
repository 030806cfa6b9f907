//! `spikescope convert` of a network that was trained in spikes: nothing is converted, but
//! measured after each number of steps, shown to the general engine and written as NIR.

use std::time::Instant;

use super::{ConvertArgs, USUAL};
use crate::ann::pool;
use crate::ann::spiking::early::{Course, accuracy_by_step, courses};
use crate::cli::failure::UsageError;
use crate::cli::models::{self, Trained};
use crate::cli::output::Output;
use crate::cli::report::{Direct as Report, DirectAfter};
use crate::cli::table;
use crate::convert::direct::engine::beside;
use crate::convert::direct::{Direct, is_direct, nir};
use crate::convert::recipe::{Disturbance, Recipe};
use crate::core::csv;
use crate::core::files::write_bytes;
use crate::core::text::percent;
use crate::data::{Dataset, Pixels};

/// Whether this network is one.
pub fn is_one(model: &Trained) -> bool {
    is_direct(&(model.network.architecture().layers)())
}

/// Asks the network about the first test images.
pub fn run(
    args: &ConvertArgs,
    (recipe, disturbance): (Recipe, Disturbance),
    model: &Trained,
    test: &Dataset,
    out: &mut Output,
) -> anyhow::Result<()> {
    let direct = Direct::new(&model.network)?;
    if recipe != Recipe::default() || disturbance != Disturbance::default() {
        let text = format!(
            "{} was trained in spikes and is not converted: leave out what a conversion is made with (--scaling, --per, --reset, --input, --pooling, --read, --initial, --no-biases) and disturbances",
            model.id()
        );
        return Err(UsageError(text).into());
    }
    if let Some(file) = &args.nir {
        write_bytes(file, &nir::file(&direct)?)?;
    }
    let threads = models::threads(args.threads);
    let images = args.images.map_or(test.len(), |n| n.get().min(test.len()));
    let pictures: Vec<Pixels> = (0..images).map(|i| test.pixels(i)).collect();
    let labels = &test.labels()[..images];
    let begun = Instant::now();
    let found = pool(threads)?.install(|| courses(&model.network, &pictures));
    let seconds = begun.elapsed().as_secs_f64();
    let compared = &pictures[..args.compared.get().min(images)];
    let on_engine = args.on_engine.map(|e| beside(&model.network, compared, (e, threads)));
    let after = after(&found, labels, direct.steps);
    let report = Report {
        model: model.id().to_owned(),
        weights: model.weights.clone(),
        data: test.id.clone(),
        images,
        steps: direct.steps,
        accuracy: after.last().map_or(0.0, |a| a.accuracy),
        after,
        on_engine: on_engine.transpose()?,
        seconds,
    };
    if let Some(file) = &args.csv {
        let rows = report.after.iter().map(|a| csv::row![a.steps, a.accuracy, a.spikes]);
        write_bytes(file, csv::text(["steps", "accuracy", "spikes_per_image"], rows).as_bytes())?;
    }
    if let Some(file) = &args.logits {
        write_bytes(file, logits_csv(&found, labels, direct.steps).as_bytes())?;
    }
    print(&report, &model.name(), out)?;
    for file in args.csv.iter().chain(&args.logits).chain(&args.nir) {
        out.line(format_args!("Saved as {}", file.display()))?;
    }
    if args.nir.is_some() {
        out.line("NIR's LIF sets potentials to zero at a spike. Where the reader of the file lets you choose, choose a reset by subtraction (docs/nir.md)")?;
    }
    out.json(&report)?;
    Ok(())
}

/// Were it stopped after some numbers of steps, the last of them its own.
fn after(found: &[Course], labels: &[u8], steps: usize) -> Vec<DirectAfter> {
    let accuracies = accuracy_by_step(found, labels);
    let usual = USUAL.iter().map(|t| *t as usize).filter(|t| *t < steps);
    let of = |steps: usize| DirectAfter {
        steps,
        accuracy: accuracies.get(steps - 1).copied().unwrap_or(0.0),
        spikes: found
            .iter()
            .filter_map(|c| c.spikes.get(steps - 1))
            .map(|n| f64::from(*n))
            .sum::<f64>()
            / found.len().max(1) as f64,
    };
    usual.chain([steps]).map(of).collect()
}

/// The logits after the last step, a line for each image.
fn logits_csv(found: &[Course], labels: &[u8], steps: usize) -> String {
    let rows = found.iter().zip(labels).enumerate().map(|(image, (course, label))| {
        let values = course.logits.iter().map(f32::to_string);
        csv::row![image, label, steps].into_iter().chain(values).collect::<Vec<_>>()
    });
    csv::text("image,label,steps,0,1,2,3,4,5,6,7,8,9".split(','), rows)
}

fn print(report: &Report, name: &str, out: &mut Output) -> anyhow::Result<()> {
    out.line(format_args!(
        "{name} on {} images of {}: {} after its {} steps; trained in spikes, nothing is converted",
        report.images,
        report.data,
        percent(report.accuracy),
        report.steps
    ))?;
    out.line("\nWere it stopped earlier")?;
    let row = |a: &DirectAfter| {
        vec![a.steps.to_string(), percent(a.accuracy), format!("{:.0}", a.spikes)]
    };
    table::print(out, "", &[">steps", ">accuracy", ">spikes/image"], report.after.iter().map(row))?;
    if let Some(b) = &report.on_engine {
        out.line(format_args!(
            "\nOn the general engine ({}): {} of {} neurons did not spike at the very same steps, {} spikes in {} images, {:.0} ms each",
            b.engine, b.differ, b.neurons, b.spikes, b.pictures, b.ms
        ))?;
    }
    out.line(format_args!("The network took {:.1} s for all images", report.seconds))?;
    Ok(())
}
