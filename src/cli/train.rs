//! `spikescope train`: trains a network in a run folder of its own, the same kind of
//! run that the window trains, lists and resumes.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};

use super::args::TrainArgs;
use super::failure::{UsageError, one_line};
use super::output::{Output, OutputError, complain};
use super::progress::{Progress, Unit};
use super::report::{Tested, Trained, TrainedEpoch};
use super::table;
use super::{Outcome, digits, models};
use crate::ann::device;
use crate::ann::optimiser::OptimiserConfig;
use crate::ann::orientation;
use crate::ann::rules::{self, RuleConfig};
use crate::ann::snapshots::cadence::HistoryConfig;
use crate::ann::trainer::{EpochPoint, TrainConfig};
use crate::ann::weights::{self, Metadata};
use crate::ann::zoo::classes;
use crate::ann::zoo::{self, Architecture, Kind};
use crate::core::clock::duration_text;
use crate::core::folders;
use crate::core::text::{or_dash, percent};
use crate::data::orient::Orientation;
use crate::data::own::mine;
use crate::data::registry::Split;
use crate::workers::active::{ActiveRun, StartError, UNCHECKED};
use crate::workers::runs::{self, RunRecord, RunState};
use crate::workers::training::{Control, Phase, TrainingView};

/// Stands for the dense network of spikes, taught by that rule.
pub const EPROP: &str = "eprop";
/// Time between two looks at the run for the progress bar.
const SHOW_EVERY: Duration = Duration::from_millis(100);

pub fn run(args: &TrainArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let root = folders::runs();
    check_out(args.out.as_deref())?;
    let (mut run, split) = match &args.resume {
        Some(name) => go_on(&root, name, args)?,
        None => start(&root, args)?,
    };
    let record = record(&run)?;
    announce(&record, out)?;
    if let Err(error) = train(&mut run, args, out) {
        return Err(stop(&mut run, error));
    }
    if let Err(error) = test(&mut run, &split) {
        return Err(stop(&mut run, error));
    }
    run.close(RunState::Finished, None)?;
    finish(&run, &root, &split, args, out)
}

/// A mistake that is better found before hours of training than after them.
fn check_out(out: Option<&Path>) -> Result<(), UsageError> {
    match out {
        Some(path) if path.is_dir() => {
            Err(UsageError(format!("--out names a folder, not a file: {}", path.display())))
        }
        _ => Ok(()),
    }
}

fn start(root: &Path, args: &TrainArgs) -> anyhow::Result<(ActiveRun, Split)> {
    // The argument parser has checked it already.
    let architecture = zoo::get(match args.model.as_deref().unwrap_or_default() {
        EPROP => zoo::spiking::LIF_DENSE.id,
        id => id,
    })?;
    let split = digits::load(&args.data, args.mnist.as_deref())?;
    if args.data == mine::ID {
        enough(mine::read(&folders::data())?.len())?;
    }
    // Who states the number of classes means it.
    let architecture = if architecture.states_classes() {
        classes::check(architecture, split.classes())?;
        architecture
    } else {
        classes::for_classes(architecture, split.classes())?
    };
    let config = config(architecture, &split, args)?;
    let digits = split.train.classes().is_digits();
    let look = || orientation::look(&split.train, Orientation::default(), config.threads);
    if let Some(hint) = digits.then(look).transpose()?.flatten() {
        complain(format_args!(
            "warning: {}. The network learns them as they are, and will not know digits that stand upright",
            hint.text()
        ));
    }
    let run = ActiveRun::start(root, config, split.clone())?;
    Ok((run, split))
}

/// Whether there are so many of the user's own digits that a network can learn from them.
fn enough(have: usize) -> anyhow::Result<()> {
    let need = mine::FEWEST;
    if have < need {
        bail!(
            "there are {have} of your digits, and {need} are needed to train on; draw more in the window and keep them (Keep as…)"
        );
    }
    Ok(())
}

/// The settings that the arguments ask for.
pub fn config(
    architecture: &Architecture,
    split: &Split,
    args: &TrainArgs,
) -> Result<TrainConfig, UsageError> {
    let usual = rules::usual_for(architecture);
    // Networks that no other rule trains.
    let own =
        matches!(usual.kind, Kind::Spiking | Kind::FirstSpike | Kind::BothWays | Kind::Energy)
            || usual.kind.spikes();
    let asked = match (args.model.as_deref(), args.rule.as_deref()) {
        (_, Some(id)) => Some(id),
        (Some(EPROP), None) => Some(rules::eprop::RULE.id),
        (_, None) => None,
    };
    let declared = match asked {
        Some(id) => rules::find(id).ok_or_else(|| UsageError(format!("there is no rule {id}")))?,
        None if own => usual,
        None => rules::RULES[0],
    };
    let mut rule = RuleConfig::of(declared);
    let mut optimiser = match &args.optimiser {
        Some(id) => OptimiserConfig::default_of(id)
            .ok_or_else(|| UsageError(format!("there is no optimiser {id}")))?,
        None if own || !rule.is_backpropagation() => (declared.usual)(),
        None => OptimiserConfig::default(),
    };
    if let Some(rate) = args.learning_rate {
        optimiser.set("learning_rate", rate);
    }
    for (name, value) in &args.set {
        if rule.get(name).is_none() && optimiser.get(name).is_none() {
            let (rule, optimiser) = (rule.id(), optimiser.id());
            return Err(UsageError(format!("neither {rule} nor {optimiser} has a {name}")));
        }
        rule.set(name, *value);
        optimiser.set(name, *value);
    }
    let number = |asked: Option<NonZeroUsize>, usual| asked.map_or(usual, NonZeroUsize::get);
    let usual = TrainConfig::default();
    // Its read-out and prior are means over the epochs in which the maps rest.
    let average = if declared.kind == Kind::Energy { architecture.average_epochs } else { 0 };
    let average = args.epochs.map_or(average, |epochs| average.min(epochs.get()));
    let batch = if own { declared.recipe.batch } else { usual.batch_size };
    let config = TrainConfig {
        model: architecture.id.to_owned(),
        data: args.data.clone(),
        subset: number(args.subset, split.train.len()),
        batch_size: number(args.batch_size, batch),
        epochs: number(args.epochs, architecture.epochs),
        rule,
        optimiser,
        augmentation: args.augment,
        average_epochs: args.average.unwrap_or(average),
        validation_share: args.validation / 100.0,
        seed: args.seed,
        threads: models::threads(args.threads),
        device: args.device.clone().unwrap_or(usual.device),
        history: history(args),
        probe: false,
    };
    if config.subset > split.train.len() {
        let has = split.train.len();
        return Err(UsageError(format!(
            "--subset is {}, but {} has {has} images",
            config.subset, args.data
        )));
    }
    Ok(config)
}

fn history(args: &TrainArgs) -> HistoryConfig {
    let usual = HistoryConfig::default();
    HistoryConfig {
        on: args.history > 0,
        every: args.snapshot_every.map_or(usual.every, NonZeroU64::get),
        most_mb: if args.history > 0 { args.history } else { usual.most_mb },
    }
}

fn go_on(root: &Path, name: &str, args: &TrainArgs) -> anyhow::Result<(ActiveRun, Split)> {
    let record = find_run(root, name)?;
    if record.state == RunState::Finished {
        let weights = runs::weights_path(root, &record.id)?;
        bail!("the run {} is finished; its weights are in {}", record.id, weights.display());
    }
    let split = digits::load(&record.config.data, args.mnist.as_deref())?;
    let run = ActiveRun::go_on(root, &record.id, split.clone(), args.device.as_deref())?;
    if run.has_unchecked_digits() {
        complain(format_args!("warning: {UNCHECKED}"));
    }
    Ok((run, split))
}

/// The run of this name; `last` is the newest that can be gone on with.
fn find_run(root: &Path, name: &str) -> anyhow::Result<RunRecord> {
    let (records, broken) = runs::list(root);
    let mut open = records.iter().filter(|r| can_go_on(r));
    let found = match name {
        // Where there is none, the newest one tells why: it is finished, or held by
        // another process.
        "last" => open.next().or(records.first()),
        name => records.iter().find(|r| r.id == name),
    };
    if let Some(record) = found {
        return Ok(record.clone());
    }
    if let Some(error) = broken.iter().find(|e| e.is_of(name)) {
        bail!("{error}");
    }
    if name != "last" {
        runs::folder_of(root, name).map_err(|e| UsageError(e.to_string()))?;
    }
    let open: Vec<&str> = open.map(|r| &r.id[..]).collect();
    let known = match &open[..] {
        [] => format!("no run in {} can be gone on with", root.display()),
        open => format!("runs that can be gone on with: {}", open.join(", ")),
    };
    let known = match broken.len() {
        0 => known,
        n => format!("{known} ({n} cannot be read, the first because: {})", broken[0]),
    };
    Err(UsageError(format!("there is no run {name:?}; {known}")).into())
}

/// Neither finished nor being trained by another process just now.
pub fn can_go_on(record: &RunRecord) -> bool {
    match record.state {
        RunState::Finished => false,
        RunState::Running => record.interrupted,
        RunState::Stopped | RunState::Failed => true,
    }
}

fn record(run: &ActiveRun) -> anyhow::Result<Arc<RunRecord>> {
    run.view(Phase::Training).record.ok_or_else(|| anyhow!("the run has no record"))
}

fn announce(record: &RunRecord, out: &mut Output) -> anyhow::Result<()> {
    let config = &record.config;
    out.line(format_args!(
        "Run {}: {} on {} images of {}, {} epochs, batches of {}, {}, seed {}{}",
        record.id,
        config.model,
        config.subset,
        config.data,
        config.epochs,
        config.batch_size,
        config.optimiser.describe(),
        config.seed,
        match device::get(&config.device)? {
            device if device.id == device::OWN => String::new(),
            device => format!(", on {}", device.name),
        },
    ))?;
    out.line(table::header(&COLUMNS, &WIDTHS))?;
    for point in &record.epochs {
        out.line(epoch_line(config, point, None))?;
    }
    Ok(())
}

/// Trains to the end of the last epoch.
fn train(run: &mut ActiveRun, args: &TrainArgs, out: &mut Output) -> anyhow::Result<()> {
    let control = Control::default();
    let save_every = Duration::from_secs(args.checkpoint_every.get());
    let progress = Progress::new(record(run)?.total_steps, Unit::Batches);
    let (mut saved, mut shown) = (Instant::now(), Instant::now());
    loop {
        let done = run.advance(&control)?;
        if let Some(text) = &done.history_failed {
            progress.pause(|| complain(format_args!("warning: {text}")));
        }
        if done.epoch_ended {
            let view = run.view(Phase::Training);
            let last = view.record.as_ref().and_then(|r| r.epochs.last());
            if let Some(point) = last {
                let config = &record(run)?.config;
                progress.pause(|| out.line(epoch_line(config, point, view.images_per_s)))?;
            }
        }
        if done.finished {
            return Ok(());
        }
        if saved.elapsed() >= save_every {
            run.checkpoint()?;
            saved = Instant::now();
        }
        if progress.is_shown() && shown.elapsed() >= SHOW_EVERY {
            show(&progress, &run.view(Phase::Training));
            shown = Instant::now();
        }
    }
}

fn show(progress: &Progress, view: &TrainingView) {
    let Some(record) = &view.record else { return };
    progress.set(record.steps);
    let rate = view.images_per_s.map_or_else(String::new, |r| format!(" · {r:.0} images/s"));
    let left = view.left_s.map_or_else(String::new, |s| format!(" · {} left", duration_text(s)));
    progress.say(format!(
        "epoch {} of {}{rate}{left}",
        record.epochs.len() + 1,
        record.config.epochs
    ));
}

fn test(run: &mut ActiveRun, split: &Split) -> Result<(), StartError> {
    let progress = Progress::new(split.test.len() as u64, Unit::Images);
    progress.say("testing");
    run.test(&AtomicBool::new(false), &mut |done, _| progress.set(done as u64))?;
    Ok(())
}

/// Saves what there is of a run that failed, and gives the error to report.
fn stop(run: &mut ActiveRun, error: impl Into<anyhow::Error>) -> anyhow::Error {
    let error = error.into();
    // Nobody reads the output any more: that ends the run, but is no failure.
    let state = if error.is::<OutputError>() { RunState::Stopped } else { RunState::Failed };
    match run.close(state, Some(error.to_string())) {
        Ok(()) => error,
        // Nobody reads the output, but this they should hear.
        Err(second) if state == RunState::Stopped => second.into(),
        // A disk that is full is so for the last save as well: said once.
        Err(_) if error.downcast_ref().is_some_and(StartError::could_not_write) => error,
        Err(second) => anyhow!("{}; besides, {second}", one_line(&error)),
    }
}

fn finish(
    run: &ActiveRun,
    root: &Path,
    split: &Split,
    args: &TrainArgs,
    out: &mut Output,
) -> anyhow::Result<Outcome> {
    let record = record(run)?;
    let model = run.view(Phase::Finished).model.ok_or_else(|| anyhow!("the run has no network"))?;
    let mut saved = runs::weights_path(root, &record.id)?;
    let mut accuracy = record.test_accuracy.ok_or_else(|| anyhow!("the run was not tested"))?;
    if let Some(also) = &args.out {
        if args.half {
            let halved = weights::halved(&model.network);
            let threads = record.config.threads;
            accuracy = models::evaluate(&halved, &split.test, threads, &mut |_, _| {})?.accuracy;
            let metadata = Metadata { test_accuracy: Some(accuracy), ..model.metadata.clone() };
            weights::save(also, &halved, &metadata, weights::Precision::Half)?;
        } else {
            weights::save(also, &model.network, &model.metadata, weights::Precision::Single)?;
        }
        saved.clone_from(also);
    }
    let images = split.test.len();
    let test =
        Tested { images, accuracy, errors: images - (accuracy * images as f64).round() as usize };
    out.line(format_args!(
        "Test accuracy {:.2} % ({} errors in {images} images), trained in {}",
        accuracy * 100.0,
        test.errors,
        duration_text(record.seconds),
    ))?;
    out.line(format_args!("Weights: {}", saved.display()))?;
    out.json(&Trained {
        run: record.id.clone(),
        folder: root.join(&record.id).display().to_string(),
        model: record.config.model.clone(),
        data: record.config.data.clone(),
        seed: record.config.seed,
        subset: record.config.subset,
        batch_size: record.config.batch_size,
        device: record.config.device.clone(),
        optimiser: record.config.optimiser.id().to_owned(),
        epochs: record.epochs.iter().map(|p| epoch_report(&record.config, p)).collect(),
        seconds: record.seconds,
        test,
        weights: saved.display().to_string(),
    })?;
    Ok(Outcome::Done)
}

const COLUMNS: [&str; 6] =
    [">epoch", ">train loss", ">accuracy", ">validation loss", ">accuracy", ">images/s"];
const WIDTHS: [usize; 6] = [5, 10, 8, 15, 8, 8];

fn epoch_line(config: &TrainConfig, point: &EpochPoint, images_per_s: Option<f64>) -> String {
    let epoch = epoch_report(config, point);
    let stage = config.rule.stage(point.epoch - 1);
    // What has no read-out yet gives no answers.
    let answered = |share: Option<f64>| or_dash(share.filter(|_| stage.answers), percent);
    let loss = |loss: Option<f64>| or_dash(loss, |l| format!("{l:.4}"));
    let cells = [
        epoch.epoch.to_string(),
        loss(Some(epoch.train_loss)),
        answered(Some(epoch.train_accuracy)),
        loss(epoch.validation_loss.filter(|_| stage.answers)),
        answered(epoch.validation_accuracy),
        or_dash(images_per_s, |r| format!("{r:.0}")),
    ];
    let line = table::line(&COLUMNS, &WIDTHS, &cells);
    match epoch.stage {
        Some(stage) => format!("{line}  {stage}"),
        None => line,
    }
}

fn epoch_report(config: &TrainConfig, point: &EpochPoint) -> TrainedEpoch {
    let stage = config.rule.stage(point.epoch - 1);
    TrainedEpoch {
        stage: stage.text(),
        epoch: point.epoch,
        train_loss: f64::from(point.train_loss),
        train_accuracy: f64::from(point.train_accuracy),
        validation_loss: point.validation_loss.map(f64::from),
        validation_accuracy: point.validation_accuracy.map(f64::from),
    }
}
