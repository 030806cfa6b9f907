//! Named threads that do everything slow, and the messages to and from them.
//!
//! # The protocol on one page
//!
//! | thread | owns | takes (bounded) | gives |
//! |---|---|---|---|
//! | `answers` | nothing | [`answers::ModelsQuestion`], the newest only | [`answers::Answers`] slot |
//! | `search` | nothing | [`search::SearchQuestion`], the newest only | [`search::Found`] slot |
//! | `line by line` | nothing | [`reading::ReadingQuestion`], the newest only | [`reading::Readings`] slot |
//! | `survey` | one survey | a cancel flag | [`reading::Survey`] slot, events |
//! | `combine` | one ensemble | a cancel flag | [`combine::Combinations`] slot, events |
//! | `trainer` | the run in hand | [`training::TrainCommand`] queue; pause and stop are atomics | [`training::TrainingView`] slot, events |
//! | `rule 1` … `rule 4` | a run of the Alternatives workspace each | as `trainer` | as `trainer` |
//! | `passage` | nothing | [`passages::DigitPassage`], the newest only | [`passages::DigitPassages`] slot |
//! | `deep spikes` | nothing | [`deep::DeepQuestion`], the newest only | [`deep::DeepLook`] slot |
//! | `filters` | nothing | the network in training, the newest only | [`deep::LiveFilters`] slot |
//! | `deep survey` | one survey | a cancel flag | [`deep::DeepSurvey`] slot, events |
//! | `imagination` | nothing | [`imagine::film::FilmQuestion`], the newest only | [`imagine::film::Film`] slot |
//! | `walk` | nothing | [`imagine::film::WalkQuestion`], the newest only | [`imagine::film::Walk`] slot |
//! | `dreams` | nothing | [`imagine::dream::DreamQuestion`], the newest only | [`imagine::dream::Dreams`] slot |
//! | `judges` | ten networks | [`imagine::dream::JudgeQuestion`], the newest only | [`imagine::dream::Judged`] slot |
//! | `units` | nothing | a network, the newest only | [`imagine::units::Units`] slot |
//! | `E and M steps` | a copy of a network | [`imagine::lesson::LessonQuestion`], the newest only | [`imagine::lesson::Lesson`] slot |
//! | `measuring` | nothing | [`imagine::measured::MeasureQuestion`], the newest only | [`imagine::measured::Measured`] slot |
//! | `phases` | nothing | [`imagine::phases::PhaseQuestion`], the newest only | [`imagine::phases::ShownPhases`] slot |
//! | `regression` | a network of spikes that learns a curve | [`imagine::regression::RegressionCommand`] queue; pause and speed are atomics | [`imagine::regression::RegressionView`] slot, events |
//! | `recorder` | the history of the run in hand | the trainer's snapshots, queue | [`recorder::HistoryStatus`] |
//! | `library` | nothing | [`library::Job`] queue | [`library::Library`] slot, events |
//! | `devices` | nothing | nothing; ends by itself | [`crate::ann::device::present`] |
//! | `scrub` | the run looked back at | [`scrub::MomentQuestion`], the newest only | [`scrub::View`] slot |
//! | `inspect` | nothing | [`inspect::InspectionQuestion`], the newest only | [`inspect::Inspection`] slot |
//! | `seek` | nothing | [`inspect::SeekTask`] queue; stop is atomic | [`inspect::Findings`] slot |
//! | `simulation` | an engine and its recording | [`simulation::SimCommand`] queue; pause and speed are atomics | [`simulation::SimulationView`] slot, events |
//! | `experiments` | nothing | [`experiments::Experiment`], the newest only | [`experiments::Results`] slot, events |
//! | `plasticity` | nothing | [`plasticity::Experiment`], the newest only | [`plasticity::Results`] slot, events |
//! | `pattern` | a neuron that learns a pattern | [`plasticity::pattern::PatternCommand`] queue; pause and speed are atomics | [`plasticity::pattern::PatternState`] slot, events |
//! | `conversion` | nothing | [`conversion::ConversionQuestion`], the newest only | [`conversion::ConversionView`] slot |
//! | `sample` | one sample of test digits | a cancel flag | [`conversion::sample::Sample`] slot |
//! | `spiking network` | the spiking network that learns digits | [`spiking::SpikingCommand`] queue; pause and speed are atomics | [`spiking::view::SpikingView`] slot, events |
//! | `shown digit` | a frozen spiking network | [`spiking::shown::DigitQuestion`], the newest only | [`spiking::shown::DigitPresentation`] slot, events |
//! | `measure` | nothing | [`spiking::measure::MeasureTask`] queue; stop is atomic | [`spiking::measure::Measured`] slot, events |
//! | `scoreboard` | the user's profiles, a file | [`scoreboard::ScoreTask`] queue; stop is atomic | [`scoreboard::Scores`] slot, events |
//! | `clicks` | the sound card | what the time bar passed, queue; the switch is atomic | events |
//! | `plotter` | nothing | [`plotter::PlotQuestion`], the newest of each view | [`plotter::Answered`], one per view |
//! | `download` | one download | a cancel flag | [`download::DownloadView`] slot, events |
//!
//! Slots hold the latest value as an `Arc` (bulk state; a reader may miss values,
//! but never the newest). [`events::Event`]s all arrive, in order. After either, the
//! worker calls [`events::Wake`], so the window repaints when there is something new,
//! and only then. Commands are sent with `try_send`: the window never waits, and says
//! so when a queue is full.
//!
//! Threads that take only the newest question are [`thread::answering`], those with a
//! speed are [`thread::paced`]. Each worker is started with [`Events`] and has a
//! handle; dropping the handle ends the thread. Workers of one workspace belong to it;
//! [`Hub`] has those that several use. A panic ends the task in hand, is reported as
//! an event, and leaves the thread ready for the next question or run.

pub mod active;
pub mod answers;
pub mod carried;
pub mod clicks;
pub mod combine;
pub mod conversion;
pub mod curve;
pub mod deep;
pub mod devices;
pub mod download;
pub mod events;
pub mod experiments;
pub mod imagine;
pub mod imported;
pub mod inspect;
pub mod library;
pub mod models;
pub mod own;
pub mod passages;
pub mod plasticity;
pub mod plotter;
pub mod progress;
pub mod reading;
pub mod recorder;
pub mod runs;
pub mod scoreboard;
pub mod scrub;
pub mod search;
pub mod simulation;
pub mod spiking;
pub mod thread;
pub mod training;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use crate::snn::recording::spike_times::EXTENSIONS;
use answers::Answerer;
use download::Downloader;
use events::{Event, Events, QUEUE, Wake};
use library::{DataJob, Job, LibraryThread};
use plotter::Plotter;
use search::Searcher;
use training::Training;

/// A dialog that ended sooner without a choice was never seen.
const NO_DIALOG: Duration = Duration::from_millis(400);

/// The workers that several workspaces use, from the window's side.
pub struct Hub {
    runs_root: PathBuf,
    /// Asks the models at hand about a digit.
    pub answerer: Answerer,
    /// Looks for digits of one kind.
    pub searcher: Searcher,
    /// Fetches MNIST.
    pub downloader: Downloader,
    /// Trains the run in hand.
    pub trainer: Training,
    /// Reads and writes files.
    pub librarian: LibraryThread,
    /// Draws long recordings.
    pub plotter: Plotter,
    events: Events,
    arrived: Receiver<Event>,
}

/// What a workspace needs to start workers of its own.
#[derive(Clone)]
pub struct Start {
    /// Where they tell what happens once.
    pub events: Events,
    /// The folder of training runs.
    pub runs_root: PathBuf,
    /// Whether this window is the one that keeps the user's state.
    pub keeps: bool,
}

/// A worker is too busy to take another command just now.
#[derive(Debug, thiserror::Error)]
#[error("The {0} is still busy with earlier commands; nothing was lost, try again in a moment.")]
pub struct Busy(&'static str);

impl Hub {
    /// Starts the workers. Training runs live below `runs_root`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(runs_root: PathBuf, wake: Wake) -> std::io::Result<Self> {
        let (sender, arrived) = sync_channel(QUEUE);
        let events = Events::new(sender, wake);
        devices::look(&events)?;
        Ok(Self {
            answerer: Answerer::start(events.clone())?,
            searcher: Searcher::start(events.clone())?,
            downloader: Downloader::new(events.clone()),
            trainer: Training::start(runs_root.clone(), events.clone())?,
            librarian: LibraryThread::start(runs_root.clone(), events.clone())?,
            plotter: Plotter::start(events.clone())?,
            runs_root,
            events,
            arrived,
        })
    }

    /// What workspaces need to start workers of their own.
    pub fn start_of_rooms(&self, keeps: bool) -> Start {
        Start { events: self.events.clone(), runs_root: self.runs_root.clone(), keeps }
    }

    /// Fetches MNIST into `folder`, then loads it.
    pub fn start_download(&self, folder: PathBuf) {
        let jobs = self.librarian.sender();
        self.downloader.start(folder, move |dir| {
            if let Some(jobs) = jobs {
                let _ = jobs.send(Job::LoadMnist { named: None, own: dir });
            }
        });
    }

    /// Opens the system's dialog for the folder with MNIST's files.
    pub fn choose_folder(&self) {
        let events = self.events.clone();
        let pick = || rfd::FileDialog::new().set_title("Folder with MNIST").pick_folder();
        self.dialog("folder dialog", pick, move |path| events.send(Event::FolderChosen(path)));
    }

    /// Opens the system's dialog for a data set: a folder, or a file.
    pub fn choose_data(&self, folder: bool) {
        let title = "Folder with IDX files, or with a folder for each class";
        let pick = move || match folder {
            true => rfd::FileDialog::new().set_title(title).pick_folder(),
            false => rfd::FileDialog::new().set_title("CSV or IDX file").pick_file(),
        };
        let job = |path| Job::Data(DataJob::Read { path, scale: false });
        self.dialog("data dialog", pick, self.have_done(job));
    }

    /// Opens the system's dialog for a network of another program, and has it imported.
    pub fn choose_network(&self) {
        let pick = || {
            let dialog = rfd::FileDialog::new().set_title("Network as ONNX");
            dialog.add_filter("ONNX", &["onnx"]).pick_file()
        };
        self.dialog("network dialog", pick, self.have_done(Job::ImportNetwork));
    }

    /// Opens the system's dialog for a file of spikes or a network of spikes.
    pub fn choose_spikes(&self) {
        let events = self.events.clone();
        let pick = || {
            rfd::FileDialog::new()
                .set_title("Spikes as npz, CSV or HDF5; a network as NIR")
                .add_filter("Spikes and networks", &[&EXTENSIONS[..], &["nir"]].concat())
                .pick_file()
        };
        self.dialog("spikes dialog", pick, move |path| events.send(Event::SpikesChosen(path)));
    }

    /// Opens the system's dialog for a scene, and has it read.
    pub fn choose_scene(&self) {
        let pick = || {
            let dialog = rfd::FileDialog::new().set_title("Scene");
            dialog.add_filter("Scenes", &[carried::EXTENSION]).pick_file()
        };
        self.dialog("scene dialog", pick, self.have_done(Job::ReadScene));
    }

    /// Gives the librarian what a chosen file is to be done with.
    fn have_done<F>(&self, job: F) -> impl FnOnce(PathBuf) + Send + use<F>
    where
        F: FnOnce(PathBuf) -> Job + Send + 'static,
    {
        let jobs = self.librarian.sender();
        move |path| {
            if let Some(jobs) = jobs {
                let _ = jobs.send(job(path));
            }
        }
    }

    /// Opens a dialog of the system's on a thread of its own, and hands on what is chosen there.
    fn dialog(
        &self,
        name: &str,
        pick: impl FnOnce() -> Option<PathBuf> + Send + 'static,
        chosen: impl FnOnce(PathBuf) + Send + 'static,
    ) {
        let events = self.events.clone();
        let spawned = std::thread::Builder::new().name(name.into()).spawn(move || {
            let begun = Instant::now();
            match pick() {
                Some(path) => chosen(path),
                // Nobody closes a dialog so soon: there was none.
                None if begun.elapsed() < NO_DIALOG => {
                    let text = "The system's file dialog did not open (on Linux it needs xdg-desktop-portal or zenity). Drop the file on the window instead.";
                    events.send(Event::Failure(text.into()));
                }
                None => {}
            }
        });
        if let Err(error) = spawned {
            self.events.send(Event::Failure(format!("The dialog could not open: {error}")));
        }
    }

    /// The next event, if one is waiting.
    pub fn next_event(&self) -> Option<Event> {
        self.arrived.try_recv().ok()
    }
}

fn send<T>(queue: Option<&SyncSender<T>>, value: T, name: &'static str) -> Result<(), Busy> {
    match queue.map(|q| q.try_send(value)) {
        Some(Ok(())) => Ok(()),
        Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => Err(Busy(name)),
    }
}

impl Drop for Hub {
    /// Lets all workers end at once; each is waited for as it is dropped, and a run in
    /// hand writes its checkpoint.
    fn drop(&mut self) {
        self.librarian.quit();
        self.downloader.stop();
        self.trainer.quit();
    }
}
