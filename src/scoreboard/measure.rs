//! Measures subjects by criteria into a board; what is on it already is kept. Boards as
//! files.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::board::{Board, Cell, Detail, Profile, Value};
use super::cache::Cache;
use super::criteria::{CRITERIA, Criterion};
use super::member::in_parallel;
use super::subject::{Context, Subject};
use super::training::Lesson;
use crate::core::files::{self, WriteError};
use crate::data::Dataset;

/// What is measured, on what.
pub struct Task<'a> {
    /// The rows.
    pub subjects: &'a [Subject],
    /// The columns.
    pub criteria: &'a [&'static Criterion],
    /// Training digits, at least those that networks are trained on here.
    pub train: &'a Dataset,
    /// Test digits.
    pub test: &'a Dataset,
    /// Threads; they change no number.
    pub threads: usize,
    /// Set when it is to end.
    pub stop: &'a AtomicBool,
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Cells that are done, of how many.
    pub done: usize,
    pub of: usize,
    /// The subject's name, and the criterion's, that is being measured or was measured last.
    pub subject: String,
    pub criterion: &'static str,
    /// How far that is, 0 to 1.
    pub share: f64,
}

/// Measures what is not on the board yet. A cell is kept where it was measured by the same
/// version, on the same digits, of the same weights. `told` hears how far it is; `kept` has
/// the board after each cell, so that it can be written. What was stopped is left out, and
/// the rest goes on from there.
pub fn measure(
    task: &Task<'_>,
    before: &Board,
    told: &(dyn Fn(&Told) + Sync),
    kept: &(dyn Fn(&Board) + Sync),
) -> Board {
    let same = before.version == env!("CARGO_PKG_VERSION") && before.data == task.test.id;
    let mut board = if same { before.clone() } else { Board::default() };
    board.version = env!("CARGO_PKG_VERSION").into();
    board.data = task.test.id.clone();
    board.machine = machine();
    for subject in task.subjects {
        let fresh = subject.profile();
        match board.profiles.iter_mut().find(|p| p.id == subject.id) {
            Some(profile) => {
                let mut cells = std::mem::take(&mut profile.cells);
                if profile.fingerprint != fresh.fingerprint {
                    cells.clear();
                }
                *profile = Profile { cells, ..fresh };
            }
            None => board.profiles.push(fresh),
        }
    }
    order(&mut board, task.subjects);
    let has = |board: &Board, subject: &Subject, criterion: &Criterion| {
        let profile = board.profiles.iter().find(|p| p.id == subject.id);
        profile.is_some_and(|p| p.cells.contains_key(criterion.id))
    };
    let missing: Vec<(&Subject, Vec<&'static Criterion>)> = task
        .subjects
        .iter()
        .map(|s| (s, task.criteria.iter().copied().filter(|c| !has(&board, s, c)).collect()))
        .filter(|(_, criteria): &(_, Vec<_>)| !criteria.is_empty())
        .collect();
    let of = missing.iter().map(|(_, c)| c.len()).sum();
    let done = AtomicUsize::new(0);
    let cache = Cache::default();
    let all = Mutex::new(board);
    // Several subjects at a time, each on a thread, before several threads for one.
    let at_once = task.threads.clamp(1, missing.len().max(1));
    let threads = task.threads.max(1).div_ceil(at_once);
    in_parallel(missing.len(), at_once, |i| {
        let (subject, criteria) = &missing[i];
        for criterion in criteria {
            if task.stop.load(Relaxed) {
                return;
            }
            let tell = |share: f64| {
                told(&Told {
                    done: done.load(Relaxed),
                    of,
                    subject: subject.name.clone(),
                    criterion: criterion.name,
                    share,
                });
            };
            tell(0.0);
            let context = Context {
                train: task.train,
                test: task.test,
                threads,
                stop: task.stop,
                progress: &tell,
                cache: &cache,
            };
            let Some(cell) = (criterion.measure)(subject, &context) else { return };
            done.fetch_add(1, Relaxed);
            tell(0.0);
            let mut board = all.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(profile) = board.profiles.iter_mut().find(|p| p.id == subject.id) {
                profile.cells.insert(criterion.id.to_owned(), cell.rounded());
            }
            kept(&board);
        }
        cache.forget(&subject.key());
        if let Ok(lesson) = Lesson::of(subject) {
            cache.forget(&lesson.key());
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Brings the profiles of these subjects into their order, in the places that they have.
fn order(board: &mut Board, subjects: &[Subject]) {
    let rank = |p: &Profile| subjects.iter().position(|s| s.id == p.id);
    let places: Vec<usize> =
        (0..board.profiles.len()).filter(|i| rank(&board.profiles[*i]).is_some()).collect();
    let mut moved: Vec<Profile> = places.iter().map(|i| board.profiles[*i].clone()).collect();
    moved.sort_by_key(rank);
    places.into_iter().zip(moved).for_each(|(i, profile)| board.profiles[i] = profile);
}

/// The processor, and its cores.
fn machine() -> String {
    static MACHINE: OnceLock<String> = OnceLock::new();
    let of = || {
        let text = files::read_kernel("/proc/cpuinfo").unwrap_or_default();
        let name = text.lines().find_map(|l| l.strip_prefix("model name")?.split_once(": "));
        let name = name.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        format!("{name}, {cores} threads, {}", crate::core::isa::Isa::best().name())
    };
    MACHINE.get_or_init(of).clone()
}

impl Subject {
    /// Without cells.
    pub fn profile(&self) -> Profile {
        Profile {
            id: self.id.clone(),
            name: self.name.clone(),
            kind: self.kind,
            about: self.about.clone(),
            fingerprint: self.fingerprint(),
            cells: std::collections::BTreeMap::new(),
        }
    }
}

/// To six significant digits; what is left of rounding is nothing.
fn round(value: f64) -> f64 {
    if value.abs() < 1e-12 {
        return 0.0;
    }
    format!("{value:.5e}").parse().unwrap_or(value)
}

impl Cell {
    fn rounded(mut self) -> Self {
        let all = |values: &mut [f64]| values.iter_mut().for_each(|v| *v = round(*v));
        if let Some(Value::Number(number)) = &mut self.value {
            *number = round(*number);
        }
        self.spread = self.spread.map(round);
        all(&mut self.by_seed);
        match &mut self.detail {
            Some(Detail::Curve(curve)) => {
                all(&mut curve.xs);
                all(&mut curve.ys);
                all(&mut curve.spread);
            }
            Some(Detail::Histogram(histogram)) => {
                all(&mut histogram.counts);
                all(&mut histogram.untrained);
            }
            Some(Detail::Counts(counts)) => counts.iter_mut().for_each(|(_, v)| *v = round(*v)),
            Some(Detail::Reads(reads)) => reads.iter_mut().for_each(|r| r.change = round(r.change)),
            None => {}
        }
        self
    }

    /// Whether every number in it can be shown; else what is wrong.
    fn check(&self) -> Result<(), String> {
        let finite = |values: &[f64], what: &str| {
            let bad = values.iter().find(|v| !v.is_finite() || v.abs() > MOST);
            bad.map_or(Ok(()), |bad| Err(format!("its {what} contains {bad}")))
        };
        let number = match &self.value {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        };
        finite(number.as_slice(), "number")?;
        finite(self.spread.as_slice(), "spread")?;
        finite(&self.by_seed, "list of seeds")?;
        if self.spread.is_some_and(|s| s < 0.0) {
            return Err("its spread is negative".into());
        }
        match &self.detail {
            Some(Detail::Curve(c)) => {
                if c.xs.len() != c.ys.len() || c.spread.len() != c.xs.len() {
                    return Err("its curve has not as many strengths as numbers".into());
                }
                if c.xs.is_empty() || c.xs.windows(2).any(|w| w[0] >= w[1]) {
                    return Err("the strengths of its curve do not rise".into());
                }
                finite(&[&c.xs[..], &c.ys, &c.spread].concat(), "curve")?;
                let wrong = c
                    .broken
                    .iter()
                    .any(|b| b.label > 9 || b.answer.is_some_and(|a| a > 9) || b.at >= c.xs.len());
                if wrong {
                    return Err("a digit that broke it is no digit of its curve".into());
                }
            }
            Some(Detail::Histogram(h)) => {
                if h.counts.is_empty() || (h.range.0 >= h.range.1) {
                    return Err("its histogram is empty".into());
                }
                if !h.untrained.is_empty() && h.untrained.len() != h.counts.len() {
                    return Err("its histogram has other bins untrained".into());
                }
                finite(
                    &[&h.counts[..], &h.untrained, &[h.range.0, h.range.1]].concat(),
                    "histogram",
                )?;
            }
            Some(Detail::Counts(counts)) => {
                finite(&counts.iter().map(|(_, v)| *v).collect::<Vec<_>>(), "counts")?;
            }
            Some(Detail::Reads(reads)) => {
                finite(&reads.iter().map(|r| r.change).collect::<Vec<_>>(), "reads")?;
            }
            None => {}
        }
        Ok(())
    }
}

/// Beyond this no number of a board lies.
const MOST: f64 = 1e15;
/// The largest board that is read, bytes.
const MOST_BYTES: u64 = 32 << 20;
/// Most subjects, and cells of one.
const MOST_PROFILES: usize = 10_000;

/// A board that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// It cannot be read.
    #[error("could not read {file}: {source}")]
    Read { file: PathBuf, source: std::io::Error },
    /// It is none.
    #[error("{file} cannot be used: {reason}")]
    Broken { file: String, reason: String },
}

impl Board {
    /// The results that come with the program: of all that is bundled.
    pub fn bundled() -> &'static Self {
        static BOARD: OnceLock<Board> = OnceLock::new();
        // A test reads the file, so a broken one is no user's problem.
        BOARD.get_or_init(|| Self::from_json(BUNDLED, "the results").unwrap_or_default())
    }

    /// Reads one. `file` names it in messages.
    ///
    /// # Errors
    /// [`BoardError::Broken`].
    pub fn from_json(text: &str, file: &str) -> Result<Self, BoardError> {
        let broken = |reason: String| BoardError::Broken { file: file.to_owned(), reason };
        let none = |why: String| broken(format!("it holds no results of the scoreboard ({why})"));
        // A list would be taken for a board whose fields are all missing.
        if !text.trim_start().starts_with('{') {
            return Err(none("it is no object".into()));
        }
        let board: Self = serde_json::from_str(text).map_err(|e| none(e.to_string()))?;
        board.is_sound().map_err(broken)?;
        Ok(board)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`BoardError`], naming file and fault.
    pub fn read(file: &Path) -> Result<Self, BoardError> {
        let text = files::read_text(file, MOST_BYTES)
            .map_err(|source| BoardError::Read { file: file.into(), source })?;
        Self::from_json(&text, &file.display().to_string())
    }

    /// As JSON, a line for each cell.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// [`WriteError`]; an earlier file is kept.
    pub fn write(&self, file: &Path) -> Result<(), WriteError> {
        files::write_bytes(file, (self.to_json() + "\n").as_bytes())
    }

    /// Whether all in it lies where it can be shown; else what does not.
    ///
    /// # Errors
    /// What is wrong, as a sentence without its full stop.
    pub fn is_sound(&self) -> Result<(), String> {
        if self.profiles.len() > MOST_PROFILES {
            return Err(format!("it has more than {MOST_PROFILES} subjects"));
        }
        for (i, profile) in self.profiles.iter().enumerate() {
            if self.profiles[..i].iter().any(|p| p.id == profile.id) {
                return Err(format!("{} is in it twice", profile.id));
            }
            if profile.cells.len() > MOST_PROFILES {
                return Err(format!("{} has more than {MOST_PROFILES} cells", profile.id));
            }
            for (criterion, cell) in &profile.cells {
                cell.check().map_err(|e| format!("{criterion} of {}: {e}", profile.id))?;
            }
        }
        Ok(())
    }

    /// The profile of this id.
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.profiles.iter().find(|p| p.id == id)
    }
}

static BUNDLED: &str = include_str!("../../assets/scoreboard.json");

/// The criteria of these ids, in the order of the board; all, if none is named. `None` with
/// the id that there is not.
///
/// # Errors
/// That id.
pub fn criteria(ids: &[String]) -> Result<Vec<&'static Criterion>, String> {
    if let Some(id) = ids.iter().find(|id| super::criteria::find(id).is_none()) {
        return Err(id.clone());
    }
    let all = CRITERIA.iter().copied();
    Ok(all.filter(|c| ids.is_empty() || ids.iter().any(|id| id == c.id)).collect())
}
