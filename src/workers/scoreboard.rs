//! The `scoreboard` thread: measures networks of the user's against all criteria, one
//! cell after another. What was measured is kept in a file of the data folder, written
//! whole after each cell, so a measurement that was stopped goes on where it ended.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Busy;
use super::events::{Event, Events};
use super::models::{Model, Origin};
use super::thread::latest::Slot;
use crate::ann::{spare_threads, weights};
use crate::core::aside::set_aside;
use crate::core::files::{read_limited, write_bytes};
use crate::core::panics::guarded;
use crate::data::registry::Split;
use crate::scoreboard::board::{Board, Kind, Profile};
use crate::scoreboard::criteria::Criterion;
use crate::scoreboard::subject::{Context, Subject, What};

/// The file, beside the folder of runs.
pub const FILE: &str = "scoreboard.json";
/// The largest file that is read: a profile has some 60 kB.
const MOST_BYTES: u64 = 64 << 20;
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
    pub bundled: Arc<Board>,
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
        self.publish(|s| s.bundled = Arc::new(bundled()));
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
        let text = format!("Your results in {} cannot be used: {why}.{aside}", self.file.display());
        self.events.send(Event::Failure(text));
    }

    fn carry_out(&self, task: ScoreTask) -> Result<(), String> {
        match task {
            ScoreTask::Measure { run, digits } => self.measure(&run, &digits),
            ScoreTask::Keep(profile) => {
                self.put(*profile);
                self.write()
            }
            ScoreTask::Forget(id) => {
                self.change(|board| board.profiles.retain(|p| p.id != id));
                self.write()
            }
        }
    }

    fn measure(&self, run: &str, digits: &Split) -> Result<(), String> {
        let path = super::runs::weights_path(&self.runs_root, run).map_err(|e| e.to_string())?;
        let (network, metadata) = weights::load(&path).map_err(|e| e.to_string())?;
        let model = Model::new(network, metadata, Origin::Run(run.to_owned()));
        let Model { key, name, network, metadata, .. } = model;
        let about = format!(
            "{}, trained by you: {} epochs on {} digits, seed {}",
            network.architecture().name,
            metadata.epochs,
            metadata.subset,
            metadata.seed
        );
        let subject = Subject {
            id: key,
            name,
            kind: Kind::Network,
            about,
            what: What::Network(Box::new((network, metadata))),
        };
        let pool = crate::ann::pool(spare_threads()).map_err(|e| e.to_string())?;
        pool.install(|| self.cells(&subject, digits))
    }

    /// Measures what is not there yet.
    fn cells(&self, subject: &Subject, digits: &Split) -> Result<(), String> {
        let own = self.out.get().own.clone();
        let mut profile = match own.profiles.iter().find(|p| p.id == subject.id) {
            Some(before) => before.clone(),
            None => Profile {
                id: subject.id.clone(),
                name: subject.name.clone(),
                kind: subject.kind,
                about: subject.about.clone(),
                ..Profile::default()
            },
        };
        for criterion in self.criteria {
            if profile.cells.contains_key(criterion.id) {
                continue;
            }
            let now = Measuring {
                id: subject.id.clone(),
                name: subject.name.clone(),
                criterion: criterion.name,
                done: profile.cells.len(),
                of: self.criteria.len(),
                within: 0.0,
            };
            self.publish(|s| s.running = Some(now));
            let context = Context {
                train: &digits.train,
                test: &digits.test,
                threads: spare_threads(),
                stop: &self.stop,
                progress: &|within| self.report(within),
            };
            let cell = (criterion.measure)(subject, &context);
            if self.stop.load(Relaxed) {
                return Ok(());
            }
            let Some(cell) = cell else { return Ok(()) };
            profile.cells.insert(criterion.id.to_owned(), cell);
            self.put(profile.clone());
            self.write()?;
        }
        self.events.send(Event::Notice(format!("{} is on the scoreboard.", subject.name)));
        Ok(())
    }

    /// Says how far a cell is, now and then.
    fn report(&self, within: f64) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY) {
            *reported = Some(Instant::now());
            self.publish(|s| {
                if let Some(running) = &mut s.running {
                    running.within = within;
                }
            });
        }
    }

    fn publish(&self, change: impl FnOnce(&mut Scores)) {
        let mut scores = (*self.out.get()).clone();
        change(&mut scores);
        self.out.put(scores);
        self.events.wake();
    }

    fn change(&self, change: impl FnOnce(&mut Board)) {
        let mut board = (*self.out.get().own).clone();
        env!("CARGO_PKG_VERSION").clone_into(&mut board.version);
        change(&mut board);
        self.publish(|s| s.own = Arc::new(board));
    }

    fn put(&self, profile: Profile) {
        self.change(|board| match board.profiles.iter_mut().find(|p| p.id == profile.id) {
            Some(before) => *before = profile,
            None => board.profiles.push(profile),
        });
    }

    fn write(&self) -> Result<(), String> {
        if !self.keeps {
            return Ok(());
        }
        let text = serde_json::to_vec(&*self.out.get().own).map_err(|e| e.to_string())?;
        write_bytes(&self.file, &text).map_err(|e| e.to_string())
    }
}

/// What comes with the program.
fn bundled() -> Board {
    Board::default()
}

/// The user's own profiles; none where there is no file.
fn read(file: &Path) -> Result<Option<Board>, String> {
    let bytes = match read_limited(file, MOST_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| e.to_string())
}
