//! The `scoreboard` thread: measures networks of the user's against all criteria, one
//! cell after another. What was measured is kept in a file of the data folder, written
//! whole after each cell, so a measurement that was stopped goes on where it ended.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Busy;
use super::events::{Event, Events};
use super::models::{Model, Origin};
use super::thread::latest::Slot;
use crate::ann::{spare_threads, weights};
use crate::core::aside::set_aside;
use crate::core::panics::guarded;
use crate::core::text::grouped;
use crate::data::CLASSES;
use crate::data::registry::Split;
use crate::scoreboard::board::{Board, Kind, Profile};
use crate::scoreboard::criteria::Criterion;
use crate::scoreboard::measure::{BoardError, Task, Told, measure};
use crate::scoreboard::subject::Subject;

/// The file, beside the folder of runs.
pub const FILE: &str = "scoreboard.json";
/// How often it reports how far it is.
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// What is to be done.
pub enum ScoreTask {
    /// Measures the network of this run, on these digits.
    Measure { run: String, digits: Split },
    /// Keeps a profile that was measured elsewhere: of whoever plays.
    Keep(Box<Profile>),
    /// Removes the profile of this id.
    Forget(String),
}

/// What is being measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measuring {
    /// The subject's id and name.
    pub id: String,
    pub name: String,
    /// The criterion's name.
    pub criterion: &'static str,
    /// Cells that are there, of how many.
    pub done: usize,
    pub of: usize,
    /// How far the one in hand is, from 0 to 1.
    pub within: f64,
}

/// What the window sees.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    /// What comes with the program.
    pub bundled: Option<&'static Board>,
    /// The user's own profiles.
    pub own: Arc<Board>,
    /// Whether both were read.
    pub read: bool,
    /// What goes on.
    pub running: Option<Measuring>,
}

/// The thread, from the window's side. Dropped, it ends the measurement, whose finished
/// cells are on disk, and waits for the thread.
pub struct Scoreboard {
    tasks: Option<SyncSender<ScoreTask>>,
    stop: Arc<AtomicBool>,
    scores: Arc<Slot<Scores>>,
    thread: Option<JoinHandle<()>>,
}

impl Scoreboard {
    /// Starts the thread. Runs are in `runs_root`; `keeps`: whether results are written.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        runs_root: PathBuf,
        keeps: bool,
        criteria: &'static [&'static Criterion],
        events: Events,
    ) -> std::io::Result<Self> {
        let (sender, tasks) = sync_channel(8);
        let scores = Arc::new(Slot::new(Scores::default()));
        let stop = Arc::<AtomicBool>::default();
        let file = runs_root.with_file_name(FILE);
        let own = Own {
            file,
            keeps,
            runs_root,
            criteria,
            events,
            out: Arc::clone(&scores),
            stop: Arc::clone(&stop),
            reported: Mutex::new(None),
        };
        let builder = std::thread::Builder::new().name("scoreboard".into());
        let thread = Some(builder.spawn(move || own.work(&tasks))?);
        Ok(Self { tasks: Some(sender), stop, scores, thread })
    }

    /// Gives it a task.
    ///
    /// # Errors
    /// [`Busy`] when too many wait already.
    pub fn ask(&self, task: ScoreTask) -> Result<(), Busy> {
        if matches!(task, ScoreTask::Measure { .. }) {
            self.stop.store(false, Relaxed);
        }
        super::send(self.tasks.as_ref(), task, "scoreboard")
    }

    /// Ends the measurement in hand, keeping the cells that are finished.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    /// What was measured.
    pub fn scores(&self) -> Arc<Scores> {
        self.scores.get()
    }
}

impl Drop for Scoreboard {
    fn drop(&mut self) {
        self.stop();
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own side.
struct Own {
    file: PathBuf,
    keeps: bool,
    runs_root: PathBuf,
    criteria: &'static [&'static Criterion],
    events: Events,
    out: Arc<Slot<Scores>>,
    stop: Arc<AtomicBool>,
    reported: Mutex<Option<Instant>>,
}

impl Own {
    fn work(&self, tasks: &Receiver<ScoreTask>) {
        self.publish(|s| s.bundled = Some(Board::bundled()));
        match guarded(|| read(&self.file)) {
            Ok(Ok(Some(board))) => self.publish(|s| s.own = Arc::new(board)),
            Ok(Ok(None)) => {}
            Ok(Err(why)) | Err(why) => self.set_aside(&why),
        }
        self.publish(|s| s.read = true);
        while let Ok(task) = tasks.recv() {
            let done = guarded(|| self.carry_out(task));
            if let Err(why) = done.and_then(|done| done) {
                let text =
                    format!("The measurement ended early: {why}. What was measured is kept.");
                self.events.send(Event::Failure(text));
            }
            self.publish(|s| s.running = None);
        }
    }

    /// A file that cannot be read is not overwritten.
    fn set_aside(&self, why: &str) {
        let aside = match self.keeps.then(|| set_aside(&self.file, "broken")) {
            Some(Ok(aside)) => format!(" It is kept as {}.", aside.display()),
            Some(Err(_)) | None => String::new(),
        };
        let text = format!("Your results for How close?: {why}.{aside}");
        self.events.send(Event::Failure(text));
    }

    fn carry_out(&self, task: ScoreTask) -> Result<(), String> {
        match task {
            ScoreTask::Measure { run, digits } => self.measure(&run, &digits),
            ScoreTask::Keep(profile) => self.change(|board| place(board, *profile)),
            ScoreTask::Forget(id) => self.change(|board| board.profiles.retain(|p| p.id != id)),
        }
    }

    fn measure(&self, run: &str, digits: &Split) -> Result<(), String> {
        let path = super::runs::weights_path(&self.runs_root, run).map_err(|e| e.to_string())?;
        let (network, metadata) = weights::load(&path).map_err(|e| e.to_string())?;
        if network.classes() != CLASSES {
            return Err(format!(
                "it tells {} classes apart, and networks are compared on the ten digits",
                network.classes()
            ));
        }
        let model = Model::new(network, metadata, Origin::Run(run.to_owned()));
        let Model { key, name, network, metadata, .. } = model;
        let about = format!(
            "Trained by you: {} epochs on {} digits, seed {}.",
            metadata.epochs,
            grouped(metadata.subset as u64),
            metadata.seed
        );
        let mut subject = Subject::network(key, name, network, metadata);
        subject.about = format!("{} {about}", subject.about);
        self.cells(&subject, digits)
    }

    /// Measures what is not there yet.
    fn cells(&self, subject: &Subject, digits: &Split) -> Result<(), String> {
        let own = Arc::clone(&self.out.get().own);
        let before = Board {
            profiles: own.profiles.iter().filter(|p| p.id == subject.id).cloned().collect(),
            version: own.version.clone(),
            machine: own.machine.clone(),
            data: own.data.clone(),
        };
        let task = Task {
            subjects: std::slice::from_ref(subject),
            criteria: self.criteria,
            train: &digits.train,
            test: &digits.test,
            threads: spare_threads(),
            stop: &self.stop,
        };
        let failed = Mutex::new(None);
        let kept = |board: &Board| {
            if let Err(why) = self.put(board) {
                *lock(&failed) = Some(why);
                self.stop.store(true, Relaxed);
            }
        };
        let told = |told: &Told| self.report(&subject.id, told);
        let after = measure(&task, &before, &told, &kept);
        if let Some(why) = lock(&failed).take() {
            return Err(why);
        }
        let done = after.profile(&subject.id).map_or(0, |p| p.cells.len());
        if done >= self.criteria.len() {
            self.events.send(Event::Notice(format!("{} is on the scoreboard.", subject.name)));
        }
        Ok(())
    }

    /// Says how far a cell is, now and then; a new cell at once.
    fn report(&self, id: &str, told: &Told) {
        let mut reported = lock(&self.reported);
        let new = told.share == 0.0;
        if new || reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY) {
            *reported = Some(Instant::now());
            let done = self.out.get().own.profile(id).map_or(0, |p| p.cells.len());
            let now = Measuring {
                id: id.to_owned(),
                name: told.subject.clone(),
                criterion: told.criterion,
                done,
                of: self.criteria.len(),
                within: told.share,
            };
            self.publish(|s| s.running = Some(now));
        }
    }

    fn publish(&self, change: impl FnOnce(&mut Scores)) {
        let mut scores = (*self.out.get()).clone();
        change(&mut scores);
        self.out.put(scores);
        self.events.wake();
    }

    /// Changes the user's profiles, and writes them.
    fn change(&self, change: impl FnOnce(&mut Board)) -> Result<(), String> {
        let mut board = (*self.out.get().own).clone();
        change(&mut board);
        let written = if self.keeps { board.write(&self.file) } else { Ok(()) };
        self.publish(|s| s.own = Arc::new(board));
        written.map_err(|e| e.to_string())
    }

    /// Takes over what was measured. What another version has measured, or what was
    /// measured on other digits, does not stand beside it.
    fn put(&self, measured: &Board) -> Result<(), String> {
        self.change(|board| {
            if (&board.version, &board.data) != (&measured.version, &measured.data) {
                board.profiles.retain(|p| p.kind == Kind::You);
            }
            board.version.clone_from(&measured.version);
            board.machine.clone_from(&measured.machine);
            board.data.clone_from(&measured.data);
            measured.profiles.iter().for_each(|p| place(board, p.clone()));
        })
    }
}

/// Puts a profile where the one of its id was, or at the end.
fn place(board: &mut Board, profile: Profile) {
    match board.profiles.iter_mut().find(|p| p.id == profile.id) {
        Some(before) => *before = profile,
        None => board.profiles.push(profile),
    }
}

/// The user's own profiles; none where there is no file.
fn read(file: &Path) -> Result<Option<Board>, String> {
    match Board::read(file) {
        Ok(board) => Ok(Some(board)),
        Err(BoardError::Read { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// A poisoned lock means that a thread panicked while it held a plain value, which is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::ann::weights::Precision;
    use crate::data::registry;
    use crate::scoreboard::board::{Cell, Value};
    use crate::scoreboard::criteria::Group;

    static MEASURED: AtomicUsize = AtomicUsize::new(0);
    static OPEN: AtomicBool = AtomicBool::new(false);

    fn one() -> Option<Cell> {
        Some(Cell { value: Some(Value::Number(1.0)), ..Cell::default() })
    }

    static QUICK: Criterion = Criterion {
        id: "quick",
        name: "Quick",
        unit: "",
        doc: "",
        group: Group::Learning,
        better: None,
        measure: |_, _| {
            MEASURED.fetch_add(1, Relaxed);
            one()
        },
    };
    /// Goes on until it is stopped, or the test lets it end.
    static SLOW: Criterion = Criterion {
        id: "slow",
        name: "Slow",
        measure: |_, context| {
            while !OPEN.load(Relaxed) {
                if context.stop.load(Relaxed) {
                    return None;
                }
                (context.progress)(0.5);
                std::thread::sleep(Duration::from_millis(1));
            }
            one()
        },
        ..QUICK
    };
    static BOTH: &[&Criterion] = &[&QUICK, &SLOW];

    fn start(runs: &Path) -> Scoreboard {
        let (sender, _) = sync_channel(8);
        let events = Events::new(sender, Arc::new(|| {}));
        Scoreboard::start(runs.to_path_buf(), true, BOTH, events).unwrap()
    }

    #[track_caller]
    fn wait(thread: &Scoreboard, ready: impl Fn(&Scores) -> bool) -> Arc<Scores> {
        let begun = Instant::now();
        while !ready(&thread.scores()) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", thread.scores());
            std::thread::sleep(Duration::from_millis(2));
        }
        thread.scores()
    }

    #[test]
    fn what_was_stopped_goes_on_where_it_ended_and_measures_nothing_twice() {
        let home = tempfile::tempdir().unwrap();
        let (runs, run) = (home.path().join("runs"), "20261129-120000-mlp-seed1");
        std::fs::create_dir_all(runs.join(run)).unwrap();
        let Model { network, metadata, .. } = Model::untrained("mlp");
        let weights = super::super::runs::weights_path(&runs, run).unwrap();
        weights::save(&weights, &network, &metadata, Precision::Single).unwrap();
        let digits = registry::load(registry::SYNTHETIC, None).unwrap();
        let task = || ScoreTask::Measure { run: run.into(), digits: digits.clone() };
        let id = format!("run-{run}");
        let cells = |s: &Scores| s.own.profile(&id).map_or(0, |p| p.cells.len());

        let thread = start(&runs);
        thread.ask(task()).unwrap();
        let slow = |s: &Scores| s.running.as_ref().is_some_and(|r| r.criterion == "Slow");
        let scores = wait(&thread, |s| slow(s) && s.running.as_ref().unwrap().within == 0.5);
        assert_eq!((cells(&scores), scores.running.as_ref().unwrap().of), (1, 2));
        thread.stop();
        wait(&thread, |s| s.running.is_none());
        drop(thread);

        // Read from the file.
        let thread = start(&runs);
        let scores = wait(&thread, |s| s.read);
        assert_eq!(cells(&scores), 1);
        OPEN.store(true, Relaxed);
        thread.ask(task()).unwrap();
        wait(&thread, |s| cells(s) == 2 && s.running.is_none());
        assert_eq!(MEASURED.load(Relaxed), 1);
        // Whoever plays stands beside it, and it can be forgotten.
        let you = Profile { id: "you".into(), kind: Kind::You, ..Profile::default() };
        thread.ask(ScoreTask::Keep(Box::new(you))).unwrap();
        wait(&thread, |s| s.own.profiles.len() == 2);
        thread.ask(ScoreTask::Forget(id.clone())).unwrap();
        wait(&thread, |s| s.own.profiles.len() == 1);
        drop(thread);
        assert_eq!(Board::read(&home.path().join(FILE)).unwrap().profiles.len(), 1);
    }

    #[test]
    fn a_broken_file_is_set_aside() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(FILE), b"{\"profiles\": 3}").unwrap();
        let thread = start(&home.path().join("runs"));
        wait(&thread, |s| s.read);
        assert!(!home.path().join(FILE).exists());
        assert!(home.path().join("scoreboard.broken.json").exists());
    }
}
