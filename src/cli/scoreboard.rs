//! `spikescope scoreboard`: networks, rules and controls measured on the same criteria.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::Context as _;
use clap::Args;

use super::failure::UsageError;
use super::models::{self, Spiking, holds_spiking};
use super::output::{Format, Output};
use super::progress::{Progress, Unit};
use super::values::{criteria, sources, threads};
use super::{Outcome, digits, table};
use crate::ann::{bundled, weights};
use crate::core::clock::duration_text;
use crate::data::CLASSES;
use crate::scoreboard::board::{Board, Cell, Kind, Profile, Value};
use crate::scoreboard::criteria::{Criterion, Group};
use crate::scoreboard::measure::{self, Task, measure};
use crate::scoreboard::subject::{self, Halt, Subject, What};

/// Measure how close networks are to the brain, criterion by criterion
///
/// Each network, learning rule and control is measured on the same digits: what it learns and from
/// how few labels, what disturbs it, what an answer takes, what its neurons do. There is no total:
/// which criterion counts is for the reader to say. Without a name, the results that come with the
/// program are printed.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope scoreboard                                  the results that come with the program
  spikescope scoreboard mlp rule:feedback_alignment      two subjects, measured now
  spikescope scoreboard mine.safetensors --criterion noise
  spikescope scoreboard --all --out board.json           everything; goes on where it was stopped")]
pub struct ScoreboardArgs {
    /// What is measured: ids of networks, rules (rule:…), converted networks (converted:…) and
    /// controls, or files of weights
    #[arg(value_name = "MODEL", conflicts_with = "all")]
    pub models: Vec<String>,
    /// Measure all that come with the program
    #[arg(long)]
    pub all: bool,
    /// Only by this criterion (may be given several times)
    #[arg(long, value_name = "ID", value_parser = criteria())]
    pub criterion: Vec<String>,
    /// Keep the results in this file, after each measurement; what is in it already is not
    /// measured again
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The digits to measure on
    #[arg(long, value_name = "SET", value_parser = sources(), default_value = "mnist")]
    pub data: String,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    /// Threads to compute on; they change no number [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub format: Format,
}

pub fn run(args: &ScoreboardArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let criteria = measure::criteria(&args.criterion).map_err(UsageError)?;
    let board = if args.all || !args.models.is_empty() {
        taken(args, &criteria)?
    } else {
        let mut board = Board::bundled().clone();
        let asked = |id: &String| criteria.iter().any(|c| c.id == *id);
        board.profiles.iter_mut().for_each(|p| p.cells.retain(|id, _| asked(id)));
        board
    };
    print(&board, &criteria, out)?;
    out.json(&board)?;
    Ok(Outcome::Done)
}

/// Measures what is asked for, and keeps it.
fn taken(args: &ScoreboardArgs, criteria: &[&'static Criterion]) -> anyhow::Result<Board> {
    let subjects = subjects(&args.models)?;
    let before = match args.out.as_deref().filter(|file| file.exists()) {
        Some(file) => Board::read(file)?,
        None => Board::default(),
    };
    let split = digits::load_ten(
        &args.data,
        args.mnist.as_deref(),
        "How close? does not compare networks",
    )?;
    let stop = AtomicBool::new(false);
    let task = Task {
        subjects: &subjects,
        criteria,
        train: &split.train,
        test: &split.test,
        threads: models::threads(args.threads),
        stop: &stop,
    };
    let progress = Progress::new((subjects.len() * criteria.len()) as u64, Unit::Cells);
    progress.tick_steadily();
    let failed = std::sync::Mutex::new(None);
    let begun = std::time::Instant::now();
    let mut board = measure(
        &task,
        &before,
        &|told| {
            progress.set_total(told.of as u64);
            progress.set(told.done as u64);
            if progress.is_shown() {
                progress.say(format!("{}: {}", told.subject, told.criterion));
            }
        },
        &|board| {
            let Some(file) = &args.out else { return };
            if let (Err(error), Ok(mut failed)) = (board.write(file), failed.lock()) {
                // Without the file there is no point in going on.
                *failed = Some(error);
                stop.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        },
    );
    if let Ok(Some(error)) = failed.into_inner() {
        return Err(error.into());
    }
    log::info!("measured in {}", duration_text(begun.elapsed().as_secs_f64()));
    if let Some(file) = &args.out {
        board.write(file)?;
    }
    // The file may have more than was asked for.
    board.profiles.retain(|p| subjects.iter().any(|s| s.id == p.id));
    for profile in &mut board.profiles {
        profile.cells.retain(|id, _| criteria.iter().any(|c| c.id == *id));
    }
    Ok(board)
}

/// Those of these names; all that come with the program, if there are none.
fn subjects(names: &[String]) -> anyhow::Result<Vec<Subject>> {
    let mut all = subject::all().map_err(told)?;
    if names.is_empty() {
        return Ok(all);
    }
    let mut chosen: Vec<Subject> = Vec::new();
    for name in names {
        if chosen.iter().any(|s| s.id == *name) {
            continue;
        }
        if let Some(at) = all.iter().position(|s| s.id == *name) {
            chosen.push(all.swap_remove(at));
        } else if Path::new(name).exists() {
            chosen.push(from_file(Path::new(name))?);
        } else {
            let known: Vec<&str> = all.iter().map(|s| &s.id[..]).collect();
            return Err(UsageError(format!(
                "there is no {name} to measure, and no file of this name; there are {}",
                known.join(", ")
            ))
            .into());
        }
    }
    Ok(chosen)
}

fn from_file(file: &Path) -> anyhow::Result<Subject> {
    let name = file.display().to_string();
    if holds_spiking(file) {
        let Spiking { id, name, trained, .. } = Spiking::load(file)?;
        let about =
            format!("{} excitatory neurons that learned by STDP.", trained.about.config.neurons);
        let what = What::DiehlCook(Box::new(trained));
        return Ok(Subject {
            id: format!("{id}:{}", file.display()),
            name,
            kind: Kind::Network,
            about,
            what,
        });
    }
    let (network, metadata) = weights::load(file)?;
    if network.classes() != CLASSES {
        anyhow::bail!(
            "{name} tells {} classes apart, and networks are compared on the ten digits; choose another file",
            network.classes()
        );
    }
    let key = bundled::key(&network, &metadata);
    Ok(Subject::network(format!("{key}:{name}"), format!("{key} ({name})"), network, metadata))
}

fn told(halt: Halt) -> anyhow::Error {
    match halt {
        Halt::Reason(reason) => anyhow::anyhow!(reason),
        Halt::Stopped => anyhow::anyhow!("it was stopped"),
    }
}

/// Why cells are empty is said of so many subjects at most.
const EXPLAINED: usize = 3;

/// A block for each group, a row for each subject.
fn print(board: &Board, criteria: &[&'static Criterion], out: &mut Output) -> anyhow::Result<()> {
    out.line(format_args!(
        "How close? {} subjects on {}, Spikescope {}; {}",
        board.profiles.len(),
        board.data,
        board.version,
        board.machine
    ))?;
    for (group, name) in Group::ALL {
        let columns: Vec<&Criterion> =
            criteria.iter().copied().filter(|c| c.group == group).collect();
        if columns.is_empty() {
            continue;
        }
        out.line(format_args!("\n{name}"))?;
        let headings: Vec<String> = columns
            .iter()
            .map(|c| match c.unit {
                "" => format!(">{}", c.name),
                unit => format!(">{}, {unit}", c.name),
            })
            .collect();
        let mut all = vec!["id"];
        all.extend(headings.iter().map(String::as_str));
        let row = |p: &Profile| {
            let cells = columns.iter().map(|c| p.cells.get(c.id).map_or_else(String::new, text));
            [p.id.clone()].into_iter().chain(cells).collect()
        };
        table::print(out, "  ", &all, board.profiles.iter().map(row))?;
    }
    if board.profiles.len() > EXPLAINED {
        return Ok(());
    }
    for profile in &board.profiles {
        let remarks = criteria.iter().filter_map(|c| {
            let cell = profile.cells.get(c.id)?;
            (!cell.remark.is_empty()).then(|| format!("  {}: {}", c.name, cell.remark))
        });
        let remarks: Vec<String> = remarks.collect();
        if !remarks.is_empty() {
            out.line(format_args!("\n{}", profile.id))?;
        }
        remarks.iter().try_for_each(|r| out.line(r)).context("remarks")?;
    }
    Ok(())
}

/// A cell: its number with its spread, or a dash.
fn text(cell: &Cell) -> String {
    let short = |v: f64| match v.abs() {
        0.0 => "0".to_owned(),
        ..10.0 => format!("{v:.2}"),
        ..1000.0 => format!("{v:.1}"),
        _ => format!("{v:.0}"),
    };
    match (&cell.value, cell.spread) {
        (Some(Value::Number(v)), Some(s)) => format!("{} ± {}", short(*v), short(s)),
        (Some(Value::Number(v)), None) => short(*v),
        (Some(Value::Word(word)), _) => word.clone(),
        (None, _) => "–".to_owned(),
    }
}
