//! `spikescope evaluate`: accuracy on digits that the networks have never seen.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::bail;

use super::args::{EvaluateArgs, Turn};
use super::models::{self, Trained};
use super::output::Output;
use super::progress::{Progress, Unit};
use super::report::{Evaluated, EvaluatedEnsemble, EvaluatedHint, EvaluatedModel};
use super::table;
use super::{Outcome, digits, evaluate_spiking as spiking};
use crate::ann::Scores;
use crate::ann::bundled::SETS;
use crate::ann::ensemble::{self, average};
use crate::ann::evaluate::judge;
use crate::ann::orientation;
use crate::ann::spiking::cost::{Cost, cost};
use crate::ann::zoo;
use crate::core::text::{grouped, or_dash, percent};
use crate::data::{CLASSES, Dataset, Pixels, idx, own};

/// Images on which it is counted what a decision takes.
const COUNTED: usize = 500;

pub fn run(args: &EvaluateArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let networks = spiking::select(args)?;
    let models = others(args)?;
    let given = test_digits(args)?;
    let data = match args.turn.orientation() {
        turn if turn.is_none() => Arc::clone(&given),
        turn => Arc::new(turn.digits(&given, 0..given.len())),
    };
    check_classes(&models, !networks.is_empty(), &data)?;
    let threads = models::threads(args.threads);
    let (mut evaluated, mut answers) = (Vec::new(), Vec::new());
    for model in &models {
        let (report, probabilities) = ask(model, &data, threads)?;
        evaluated.push(report);
        answers.push(probabilities);
    }
    let ensembles = combine(&models, &answers, &data);
    let by_spikes = spiking::ask(&networks, &data, threads)?;
    print(&models, &evaluated, &ensembles, &data, out)?;
    spiking::print(&networks, &by_spikes, out)?;
    let best = evaluated.iter().map(|e| e.accuracy);
    let best = best.chain(by_spikes.iter().map(|e| e.read_outs.vote)).fold(0.0, f64::max);
    by_class(&models, &evaluated, &data, out)?;
    let bad = best < orientation::BAD && data.classes().is_digits();
    let hint = if bad { hint(&given, args, threads)? } else { None };
    if let Some(hint) = &hint {
        out.line(format_args!("\nHint: {}", hint.text))?;
    }
    let (images, id) = (data.len(), data.id.clone());
    out.json(&Evaluated {
        images,
        data: id,
        models: evaluated,
        ensembles,
        spiking: by_spikes,
        classes: if data.classes().is_digits() { Vec::new() } else { data.classes().all() },
        hint,
    })?;
    Ok(Outcome::Done)
}

/// Refuses networks that have other outputs than the pictures have classes.
fn check_classes(models: &[Trained], spiking: bool, data: &Dataset) -> anyhow::Result<()> {
    let classes = data.classes().count();
    if spiking && classes > CLASSES {
        bail!(
            "spiking networks tell ten classes apart, and {} has {classes}; choose other pictures",
            data.id
        );
    }
    let misfit = models.iter().find(|m| !zoo::classes::fits(m.network.classes(), classes));
    if let Some(model) = misfit {
        bail!(
            "{} has {} outputs, and {} has {classes} classes; train a network on that data set and name its weights with --weights",
            model.name(),
            model.network.classes(),
            data.id
        );
    }
    Ok(())
}

/// Of classes that have names, how many of each were answered rightly; and who was trained on
/// others, so that nobody takes its accuracy for anything.
fn by_class(
    models: &[Trained],
    evaluated: &[EvaluatedModel],
    data: &Dataset,
    out: &mut Output,
) -> anyhow::Result<()> {
    let classes = data.classes();
    let (same, others): (Vec<_>, Vec<_>) =
        models.iter().zip(evaluated).partition(|(model, _)| model.classes == *classes);
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().map(|(_, e)| &e.id[..]).collect();
        out.line(format_args!(
            "\nTrained on other classes than these pictures have, so that their accuracy says nothing: {}",
            names.join(", ")
        ))?;
    }
    if classes.is_digits() || same.is_empty() {
        return Ok(());
    }
    out.line("\nAnswered rightly, by class:")?;
    let counts = own::by_class(data);
    let share = |e: &EvaluatedModel, class: usize| match counts[class] {
        0 => "–".to_owned(),
        n => percent(f64::from(e.confusion.at(class, class)) / n as f64),
    };
    if classes.count() > CLASSES {
        // Too many for a line: a line for each.
        let ids: Vec<String> = same.iter().map(|(_, e)| format!(">{}", e.id)).collect();
        let columns: Vec<&str> =
            ["class"].into_iter().chain(ids.iter().map(|id| &id[..])).collect();
        let rows = (0..classes.count()).map(|class| {
            let shares = same.iter().map(|(_, e)| share(e, class));
            std::iter::once(classes.name(class)).chain(shares).collect()
        });
        return Ok(table::print(out, "", &columns, rows)?);
    }
    let names: Vec<String> = classes.all().into_iter().map(|class| format!(">{class}")).collect();
    let mut columns = vec!["id"];
    columns.extend(names.iter().map(String::as_str));
    let rows = same.iter().map(|(_, e)| {
        let shares = (0..classes.count()).map(|class| share(e, class));
        std::iter::once(e.id.clone()).chain(shares).collect()
    });
    table::print(out, "", &columns, rows)?;
    Ok(())
}

/// What makes a bad result likely to be the pictures' fault, if something does.
fn hint(
    given: &Dataset,
    args: &EvaluateArgs,
    threads: usize,
) -> anyhow::Result<Option<EvaluatedHint>> {
    let now = args.turn.orientation();
    let Some(hint) = orientation::look(given, now, threads)? else { return Ok(None) };
    let options = Turn::options(hint.cure);
    let remedy = match (&options[..], now.is_none()) {
        ([], _) => "leave the options that turn them out".to_owned(),
        (options, true) => format!("add {}", options.join(" ")),
        (options, false) => format!("say {} instead", options.join(" ")),
    };
    let text = hint.text();
    Ok(Some(EvaluatedHint {
        text: format!("{text}. To turn them, {remedy}"),
        options,
        images: hint.digits,
        accuracy_as_is: hint.as_is,
        accuracy_turned: hint.turned,
    }))
}

/// A sentence within another one.
fn uncapitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_lowercase().chain(letters).collect())
}

/// The networks that do not spike.
fn others(args: &EvaluateArgs) -> anyhow::Result<Vec<Trained>> {
    let ids: Vec<String> =
        args.models.iter().filter(|id| !models::is_spiking(id)).cloned().collect();
    let files: Vec<PathBuf> =
        args.weights.iter().filter(|f| !models::holds_spiking(f)).cloned().collect();
    let named = !args.models.is_empty() || !args.weights.is_empty();
    if named && ids.is_empty() && files.is_empty() {
        return Ok(Vec::new());
    }
    models::select(&ids, &files, &models::sets(args.set.as_deref()))
}

/// The bundled ensembles whose members were all asked.
fn combine(models: &[Trained], answers: &[Vec<Scores>], data: &Dataset) -> Vec<EvaluatedEnsemble> {
    let mut found = Vec::new();
    let of_sets = SETS.iter().flat_map(|set| set.stackings().iter().map(move |s| (*set, s)));
    for (set, stacking) in of_sets {
        let Some(ensemble) = ensemble::find(&stacking.ensemble) else { continue };
        let same = |m: &Trained| m.set.is_some_and(|s| s.id == set.id);
        let member = |id: &&str| models.iter().position(|m| same(m) && m.id() == *id);
        let Some(members) = ensemble.members.iter().map(member).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let of = |i: usize| -> Vec<_> { members.iter().map(|m| answers[*m][i].ten()).collect() };
        let stacked = judge((0..data.len()).map(|i| stacking.combine(&of(i))), data.labels());
        let averaged = judge((0..data.len()).map(|i| average(&of(i))), data.labels());
        found.push(EvaluatedEnsemble {
            id: ensemble.id.to_owned(),
            weights: models::label(set),
            members: ensemble.members.iter().map(|m| (*m).to_owned()).collect(),
            accuracy: stacked.accuracy,
            errors: stacked.errors(),
            average_accuracy: averaged.accuracy,
            average_errors: averaged.errors(),
            unanswered: stacked.unanswered(),
            confusion: stacked.confusion,
        });
    }
    found
}

/// The digits that the arguments name.
fn test_digits(args: &EvaluateArgs) -> anyhow::Result<Arc<Dataset>> {
    if let (Some(images), Some(labels)) = (&args.images, &args.labels) {
        return Ok(Arc::new(idx::load_pair(images, labels, "files")?));
    }
    Ok(digits::load(&args.data, args.mnist.as_deref())?.test)
}

fn ask(
    model: &Trained,
    data: &Dataset,
    threads: usize,
) -> anyhow::Result<(EvaluatedModel, Vec<Scores>)> {
    let progress = Progress::new(data.len() as u64, Unit::Images);
    progress.say(model.name());
    progress.tick_steadily();
    let begun = Instant::now();
    let told = &mut |done, _| progress.set(done as u64);
    let evaluation = models::evaluate(&model.network, data, threads, told)?;
    let seconds = begun.elapsed().as_secs_f64();
    let first: Vec<Pixels> = (0..data.len().min(COUNTED)).map(|i| data.pixels(i)).collect();
    let decision = crate::ann::pool(threads)?.install(|| cost(&model.network, &first));
    let report = EvaluatedModel {
        id: model.id().to_owned(),
        weights: model.weights.clone(),
        accuracy: evaluation.accuracy,
        errors: evaluation.errors(),
        loss: evaluation.loss,
        ms_per_image: seconds * 1e3 / data.len().max(1) as f64,
        unanswered: evaluation.unanswered(),
        decision,
        confusion: evaluation.confusion,
    };
    Ok((report, evaluation.probabilities))
}

fn print(
    models: &[Trained],
    evaluated: &[EvaluatedModel],
    ensembles: &[EvaluatedEnsemble],
    data: &Dataset,
    out: &mut Output,
) -> anyhow::Result<()> {
    let columns = ["id", "model", ">report", ">accuracy", ">errors", ">ms/image"];
    out.line(format_args!("{} images of {}", data.len(), data.id))?;
    let mut kinds: Vec<&str> = evaluated.iter().map(|e| &e.weights[..]).collect();
    kinds.dedup();
    for kind in kinds {
        if let Some(set) = SETS.iter().find(|s| models::label(s) == kind) {
            out.line(format_args!("\n{}: {}", set.name, uncapitalised(set.doc)))?;
        }
        let rows = rows(models, evaluated, ensembles, kind);
        table::print(out, "", &columns, rows)?;
    }
    decisions(evaluated, data, out)?;
    for e in evaluated.iter().filter(|e| e.unanswered > 0) {
        out.line(format_args!(
            "{}: {} of {} images without an answer (two digits equal, or no numbers), counted wrong",
            e.id,
            e.unanswered,
            data.len()
        ))?;
    }
    Ok(())
}

/// What decisions take, of networks that spike.
fn decisions(evaluated: &[EvaluatedModel], data: &Dataset, out: &mut Output) -> anyhow::Result<()> {
    let whole = |v: f64| grouped(v.round().max(0.0) as u64);
    let rows: Vec<Vec<String>> = evaluated
        .iter()
        .filter_map(|e| {
            let Cost { time, spikes, multiply_adds, additions, updates } = e.decision?;
            let counts = [spikes, multiply_adds, additions, updates].map(whole);
            let time = format!("{time:.1}");
            Some([e.id.clone(), percent(e.accuracy), time].into_iter().chain(counts).collect())
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let columns =
        ["id", ">accuracy", ">time", ">spikes", ">multiply–adds", ">additions", ">updates"];
    let n = data.len().min(COUNTED);
    out.line(format_args!(
        "\nA decision takes (means over the first {n} images; steps, or time constants where neurons fire once)"
    ))?;
    table::print(out, "", &columns, rows)?;
    Ok(())
}

/// Of the weights of one kind.
fn rows(
    models: &[Trained],
    evaluated: &[EvaluatedModel],
    ensembles: &[EvaluatedEnsemble],
    kind: &str,
) -> Vec<Vec<String>> {
    let report = |r: Option<f64>| or_dash(r, |r| percent(r / 100.0));
    let mut rows: Vec<Vec<String>> = models
        .iter()
        .zip(evaluated)
        .filter(|(_, e)| e.weights == kind)
        .map(|(model, e)| {
            vec![
                e.id.clone(),
                model.name(),
                report(model.network.architecture().report),
                percent(e.accuracy),
                e.errors.to_string(),
                format!("{:.3}", e.ms_per_image),
            ]
        })
        .collect();
    for e in ensembles.iter().filter(|e| e.weights == kind) {
        let declared = ensemble::find(&e.id);
        let name = declared.map_or("", |d| d.name);
        let figures = [
            (report(declared.and_then(|d| d.report)), "stacking", e.accuracy, e.errors),
            ("–".into(), "averaging", e.average_accuracy, e.average_errors),
        ];
        for (report, kind, accuracy, errors) in figures {
            let name = format!("{name}, {kind}");
            let cells = [e.id.clone(), name, report, percent(accuracy), errors.to_string()];
            rows.push(cells.into_iter().chain([String::new()]).collect());
        }
    }
    rows
}
