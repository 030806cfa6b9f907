//! `spikescope simulate diehl-cook`: a spiking network learns digits, is labelled
//! and tested.

pub mod args;
pub mod network;
pub mod nir;
pub mod regression;
mod run;

use std::time::{Duration, Instant};

use anyhow::bail;

use super::failure::UsageError;
use super::output::{Output, complain};
use super::progress::{Progress, Unit};
use super::report::{SimulatedDigits, SimulatedReadOuts};
use super::table;
use super::{Outcome, digits, models};
use crate::core::clock::duration_text;
use crate::core::files::write_bytes;
use crate::core::text::{or_dash, percent};
use crate::data::Dataset;
use crate::data::registry::Split;
use crate::snn::diehl_cook::DiehlCook;
use crate::snn::diehl_cook::assess::{Frozen, sparse};
use crate::snn::diehl_cook::learning::{self, Learning, Plan};
use crate::snn::diehl_cook::order::Order;
use crate::snn::diehl_cook::protocol::{MOST_TIMES, ProtocolSettings};
use crate::snn::diehl_cook::trained::{About, Accuracies, Response, Trained};
use args::DiehlCookArgs;
use run::SimulationRun;

pub fn diehl_cook(args: &DiehlCookArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    if args.out.as_deref().is_some_and(std::path::Path::is_dir) {
        return Err(UsageError("--out names a folder, not a file".into()).into());
    }
    let threads = models::threads(args.threads);
    let (run, mut learning, split) = begin(args, threads)?;
    announce(&run, &learning, out)?;
    learn(&run, &mut learning, &split, args, out)?;
    let trained = assess(&mut learning, &split, args, threads, out)?;
    let file = args.out.clone().unwrap_or_else(|| run.network());
    write_bytes(&file, &trained.to_bytes()?)?;
    print(&trained, learning.progress().seconds, out)?;
    out.line(format_args!("Network: {}", file.display()))?;
    let about = &trained.about;
    out.json(&SimulatedDigits {
        run: run.id.clone(),
        neurons: about.config.neurons,
        data: about.data.clone(),
        seed: about.config.seed,
        side_by_side: about.config.replicas,
        images: about.images,
        presentations: about.presentations,
        seconds: learning.progress().seconds,
        label_images: about.label_images,
        unanswered: learning.progress().unanswered,
        unassigned: trained.labels.iter().filter(|l| l.is_none()).count(),
        held_out: about.held_out.map(read_outs),
        test: about.test.map(read_outs),
        network: file.display().to_string(),
    })?;
    Ok(Outcome::Done)
}

/// Begins the sentence that refuses data sets of more classes.
const TEN: &str = "spiking networks do not learn";

pub(super) fn read_outs(a: Accuracies) -> SimulatedReadOuts {
    let (vote, confidence, logistic) = (a.vote, a.confidence, a.logistic);
    let (images, unanswered) = (a.images, a.unanswered);
    SimulatedReadOuts { images, unanswered, vote, confidence, logistic }
}

/// How many images were given up, and why.
pub(super) fn too_faint(images: u64) -> String {
    format!(
        "{images} raised fewer than five spikes in {MOST_TIMES} presentations, brighter each time"
    )
}

/// A run, new or gone on with.
fn begin(args: &DiehlCookArgs, threads: usize) -> anyhow::Result<(SimulationRun, Learning, Split)> {
    if let Some(name) = &args.resume {
        let (run, bytes) = SimulationRun::open(name)?;
        let file = run.checkpoint().display().to_string();
        let plan = Learning::plan_of(&bytes, &file)?;
        let split = digits::load_ten(&plan.data, args.mnist.as_deref(), TEN)?;
        let has = split.train.len();
        let needs = plan.distinct + plan.held_out;
        if needs > has {
            bail!("{file} needs {needs} images of {}, but it has {has}", plan.data);
        }
        check_images(&plan, &split, &file)?;
        let image = |i: usize| (split.train.pixels(i), split.train.labels()[i]);
        let mut learning = Learning::go_on(&bytes, &file, &image, args.engine, threads)?;
        if let Some(seconds) = run.seconds() {
            learning.set_seconds(seconds);
        }
        if let Some(images) = args.images {
            learning.extend(images.get());
        }
        if let Some(rate) = args.learning_rate {
            learning.set_rate(rate)?;
        }
        return Ok((run, learning, split));
    }
    let split = digits::load_ten(&args.data, args.mnist.as_deref(), TEN)?;
    let distinct = split.train.len().saturating_sub(args.held_out);
    if distinct == 0 {
        let has = split.train.len();
        return Err(UsageError(format!("--held-out leaves none of {has} images to learn")).into());
    }
    let images = args.images.map_or(distinct as u64, std::num::NonZeroU64::get);
    let config = config(args);
    let order = args.order.unwrap_or_else(|| Order::of(&config));
    let plan = Plan {
        config,
        protocol: ProtocolSettings::default(),
        data: args.data.clone(),
        distinct,
        held_out: split.train.len() - distinct,
        order,
        images,
        fingerprint: Some(split.train.fingerprint(split.train.len())),
    };
    let learning = Learning::new(plan, args.engine, threads)?;
    let run = SimulationRun::create(args.neurons, args.seed, &args.data)?;
    Ok((run, learning, split))
}

/// A simulation goes on with the images that it was begun with.
fn check_images(plan: &Plan, split: &Split, file: &str) -> anyhow::Result<()> {
    let Some(kept) = &plan.fingerprint else {
        complain(format_args!(
            "warning: {file} is of an earlier version, which did not keep which images it learns: whether these are the same could not be checked"
        ));
        return Ok(());
    };
    if let Some(how) = kept.differs(&split.train.fingerprint(plan.distinct + plan.held_out)) {
        bail!(
            "{file} goes on only with the images that it was begun with, and those at hand are not these: {how}. Nothing was changed; name the folder with the images of before (--mnist), or begin a new simulation"
        );
    }
    Ok(())
}

fn config(args: &DiehlCookArgs) -> DiehlCook {
    let mut config = DiehlCook {
        seed: args.seed,
        replicas: args.side_by_side,
        as_published: args.as_published,
        ..DiehlCook::of(args.neurons)
    };
    config.tau_theta_ms = args.tau_theta.unwrap_or(config.tau_theta_ms);
    config.theta_plus_mv = args.theta_plus.unwrap_or(config.theta_plus_mv);
    config.theta_rest_mv = args.theta_rest.unwrap_or(config.theta_rest_mv);
    if let Some(rate) = args.learning_rate {
        config.rule = config.rule.clone().with("nu_post", rate);
    }
    config
}

fn announce(run: &SimulationRun, learning: &Learning, out: &mut Output) -> anyhow::Result<()> {
    let plan = learning.plan();
    let c = &plan.config;
    out.line(format_args!(
        "Run {}: {} + {} neurons, {} images of {} ({} different ones, {}){}, seed {}; θ: τ {:.3e} ms, {} mV a spike",
        run.id,
        c.neurons,
        c.neurons,
        plan.images,
        plan.data,
        plan.distinct,
        match plan.order {
            Order::File => "in file order",
            Order::Shuffled => "shuffled",
        },
        if c.replicas > 1 { format!(", {} side by side", c.replicas) } else { String::new() },
        c.seed,
        c.tau_theta_ms,
        c.theta_plus_mv,
    ))?;
    let (info, reason) = learning.engine();
    out.line(format_args!("{}; {reason}", info.detail))?;
    out.line(table::header(&COLUMNS, &WIDTHS))?;
    Ok(())
}

const COLUMNS: [&str; 5] =
    [">images", ">running accuracy", ">spikes/image", ">shown/image", ">ms/image"];
const WIDTHS: [usize; 5] = [8, 16, 12, 11, 8];

/// Learns to the end, with a checkpoint once in a while.
fn learn(
    run: &SimulationRun,
    learning: &mut Learning,
    split: &Split,
    args: &DiehlCookArgs,
    out: &mut Output,
) -> anyhow::Result<()> {
    let image = |i: usize| (split.train.pixels(i), split.train.labels()[i]);
    let every = Duration::from_secs(args.checkpoint_every.get());
    let progress = Progress::new(learning.plan().images, Unit::Images);
    let (mut saved, begun) = (Instant::now(), Instant::now());
    let first = learning.progress().through();
    run.keep(&learning.checkpoint()?, learning.progress().seconds)?;
    let mut last = (learning.progress().clone(), learning.presentations());
    while !learning.finished() {
        let before = learning.progress().through();
        learning.learn(&image, 50)?;
        let now = learning.progress().clone();
        if now.through() == before && !learning.finished() {
            bail!(
                "the run has no image left to learn, though {before} of {} are through; its checkpoint is broken",
                learning.plan().images
            );
        }
        let done = now.through() - first;
        let left = learning.plan().images.saturating_sub(now.through()) as f64;
        let left = left / done.max(1) as f64;
        progress.set(now.through());
        progress.say(format!("{} left", duration_text(left * begun.elapsed().as_secs_f64())));
        if now.windows.len() > last.0.windows.len() {
            let line = line(&last, &now, learning.presentations());
            progress.pause(|| out.line(line))?;
            last = (now, learning.presentations());
        }
        if saved.elapsed() >= every {
            run.keep(&learning.checkpoint()?, learning.progress().seconds)?;
            saved = Instant::now();
        }
    }
    run.keep(&learning.checkpoint()?, learning.progress().seconds)?;
    Ok(())
}

type Past = (learning::Progress, u64);

fn line((before, shown): &Past, now: &learning::Progress, presentations: u64) -> String {
    let images = (now.images - before.images).max(1) as f64;
    let accuracy = now.windows.last().and_then(|w| w.accuracy);
    table::line(
        &COLUMNS,
        &WIDTHS,
        &[
            now.images.to_string(),
            or_dash(accuracy, |a| format!("{:.1} %", a * 100.0)),
            format!("{:.1}", (now.spikes - before.spikes) as f64 / images),
            format!("{:.3}", (presentations - shown) as f64 / images),
            format!("{:.2}", (now.seconds - before.seconds) * 1e3 / images),
        ],
    )
}

/// Labels the neurons and asks what was kept from learning.
fn assess(
    learning: &mut Learning,
    split: &Split,
    args: &DiehlCookArgs,
    threads: usize,
    out: &mut Output,
) -> anyhow::Result<Trained> {
    let (weights, theta) = learning.learnt()?;
    let plan = learning.plan();
    let about = About {
        config: plan.config.clone(),
        data: plan.data.clone(),
        distinct: plan.distinct,
        order: plan.order,
        images: learning.progress().images,
        presentations: learning.presentations(),
        label_images: 0,
        held_out: None,
        test: None,
        app_version: env!("CARGO_PKG_VERSION").into(),
    };
    let sequence = learning.sequence();
    let (learnt, held_out) = (sequence.learnt(), sequence.held_out());
    let mut trained = Trained::new(about, &weights, theta);
    let labelled = args.label_images.map_or(learnt.len(), |n| n.get().min(learnt.len()));
    let asked = show(&trained, &split.train, &learnt[..labelled], threads, "labelling")?;
    let unlabelled = asked.iter().filter(|(counts, _)| counts.is_none()).count();
    trained.label(&asked);
    if !held_out.is_empty() {
        let asked = show(&trained, &split.train, held_out, threads, "held-out images")?;
        trained.about.held_out = Some(trained.judge(&asked));
    }
    if !args.no_test {
        let asked = show(&trained, &split.test, &all_of(&split.test), threads, "testing")?;
        trained.about.test = Some(trained.judge(&asked));
    }
    let unassigned = trained.labels.iter().filter(|l| l.is_none()).count();
    if unassigned > 0 {
        out.line(format_args!(
            "{unassigned} neurons stand for no digit: they never fired, or for two digits alike"
        ))?;
    }
    let given_up = [
        ("learning", learning.progress().unanswered, "nothing was learnt from them"),
        ("labelling", unlabelled as u64, "they label no neuron"),
        ("held-out", trained.about.held_out.map_or(0, |a| a.unanswered as u64), "counted wrong"),
        ("test", trained.about.test.map_or(0, |a| a.unanswered as u64), "counted wrong"),
    ];
    for (of, number, what) in given_up.into_iter().filter(|g| g.1 > 0) {
        out.line(format_args!("No answer in {of}: {}; {what}", too_faint(number)))?;
    }
    Ok(trained)
}

/// The numbers of all images.
pub(super) fn all_of(data: &Dataset) -> Vec<u32> {
    (0..data.len() as u32).collect()
}

/// The spikes that images raise in a network that has learnt.
pub(super) fn show(
    trained: &Trained,
    data: &Dataset,
    images: &[u32],
    threads: usize,
    what: &str,
) -> anyhow::Result<Vec<Response>> {
    let progress = Progress::new(images.len() as u64, Unit::Images);
    progress.say(what.to_owned());
    let config = &trained.about.config;
    let mut frozen = Frozen::new(config, &trained.weights, &trained.theta, threads)?;
    let mut shown = vec![None; images.len()];
    frozen.show(
        ProtocolSettings::default(),
        (images.len(), &|i| data.pixels(images[i] as usize)),
        &mut |i, counts| shown[i] = counts.map(sparse),
        &mut |done| {
            progress.set(done as u64);
            true
        },
    )?;
    let labels = images.iter().map(|i| data.labels()[*i as usize]);
    Ok(shown.into_iter().zip(labels).collect())
}

fn print(trained: &Trained, seconds: f64, out: &mut Output) -> anyhow::Result<()> {
    let about = &trained.about;
    out.line(format_args!(
        "Learnt {} images ({} presentations) in {}; labels from {} training images",
        about.images,
        about.presentations,
        duration_text(seconds),
        about.label_images,
    ))?;
    let columns = ["read-out", ">held-out images", ">test images"];
    let share = |a: Option<f64>| or_dash(a, percent);
    let row = |name: &str, of: fn(Accuracies) -> f64| {
        vec![name.to_owned(), share(about.held_out.map(of)), share(about.test.map(of))]
    };
    let rows = [
        row("vote of the assigned neurons (as published)", |a| a.vote),
        row("weighted by confidence", |a| a.confidence),
        row("logistic regression", |a| a.logistic),
    ];
    Ok(table::print(out, "", &columns, rows)?)
}
