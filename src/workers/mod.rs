//! Named threads that own the slow things, and the messages to and from them.
//!
//! # The protocol on one page
//!
//! | thread | owns | takes (bounded) | gives |
//! |---|---|---|---|
//! | `answers` | nothing | [`answers::Question`], the newest only | [`answers::Answers`] slot |
//! | `sweep` | nothing | [`sweep::Question`], the newest only | [`sweep::Sweeps`] slot |
//! | `survey` | one survey | a cancel flag | [`sweep::Survey`] slot, events |
//! | `combine` | one ensemble | a cancel flag | [`combine::Combinations`] slot, events |
//! | `trainer` | the run in hand | [`training::TrainCommand`] queue; pause and stop are atomics | [`training::TrainingView`] slot, events |
//! | `recorder` | the history of the run in hand | the trainer's snapshots, queue | [`recorder::HistoryStatus`] |
//! | `library` | nothing | [`library::Job`] queue | [`library::Library`] slot, events |
//! | `devices` | nothing | nothing; ends by itself | [`crate::ann::device::present`] |
//! | `scrub` | the run looked back at | [`scrub::Question`], the newest only | [`scrub::View`] slot |
//! | `inspect` | nothing | [`inspect::Look`], the newest only | [`inspect::Sight`] slot |
//! | `seek` | nothing | [`inspect::Task`] queue; stop is atomic | [`inspect::Findings`] slot |
//! | `simulation` | an engine and its recording | [`simulation::SimCommand`] queue; pause and speed are atomics | [`simulation::SimulationView`] slot, events |
//! | `experiments` | nothing | [`experiments::Experiment`], the newest only | [`experiments::Results`] slot, events |
//! | `plasticity` | nothing | [`plasticity::Experiment`], the newest only | [`plasticity::Results`] slot, events |
//! | `pattern` | a neuron that learns a pattern | [`plasticity::pattern::PatternCommand`] queue; pause and speed are atomics | [`plasticity::pattern::PatternState`] slot, events |
//! | `conversion` | nothing | [`conversion::Question`], the newest only | [`conversion::Shown`] slot |
//! | `sample` | one row of digits | a cancel flag | [`conversion::sample::Sample`] slot |
//! | `digits` | the spiking network that learns digits | [`digits::DigitsCommand`] queue; pause and speed are atomics | [`digits::view::DigitsView`] slot, events |
//! | `shown digit` | a frozen spiking network | [`digits::shown::Question`], the newest only | [`digits::shown::Shown`] slot, events |
//! | `measure` | nothing | [`digits::measure::Task`] queue; stop is atomic | [`digits::measure::Measured`] slot, events |
//! | `clicks` | the sound card | what the time bar passed, queue; the switch is atomic | events |
//! | `plotter` | nothing | [`plotter::Question`], the newest of each view | [`plotter::Answered`], one per view |
//! | `download` | one download | a cancel flag | [`download::DownloadView`] slot, events |
//!
//! Slots hold the latest value as an `Arc` (bulk state; a reader may miss
//! values, never the newest). [`events::Event`]s each arrive, in order. After
//! either, the worker calls [`events::Wake`], so the window repaints when, and
//! only when, there is something new. Commands are sent with `try_send`: the
//! window never waits, and says so should a queue be full.

pub mod active;
pub mod answers;
pub mod clicks;
pub mod combine;
pub mod conversion;
pub mod curve;
pub mod devices;
pub mod digits;
pub mod download;
pub mod events;
pub mod experiments;
pub mod inspect;
pub mod latest;
pub mod library;
pub mod models;
pub mod plasticity;
pub mod plotter;
pub mod recorder;
pub mod remote;
pub mod runs;
pub mod scrub;
pub mod simulation;
pub mod sweep;
pub mod training;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed, Ordering::Release};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use crate::snn::experiments::cpu_engine;
use crate::snn::recording::spike_times::EXTENSIONS;
use answers::{Answers, Question};
use clicks::Clicks;
use combine::{Combinations, CombineOf};
use digits::DigitsThread;
use digits::measure::MeasureThread;
use digits::shown::ShownThread;
use download::DownloadView;
use events::{Event, Events, QUEUE, Wake};
use experiments::Experiments;
use latest::{Inbox, Slot};
use library::{Job, Library};
use plasticity::Questions;
use plasticity::pattern::PatternThread;
use plotter::Plotter;
use simulation::Simulation;
use sweep::{Survey, SurveyOf, Sweeps};
use training::{Control, TrainCommand, TrainingView};

/// All workers, from the window's side.
pub struct Hub {
    questions: Arc<Inbox<Question>>,
    answers: Arc<Slot<Answers>>,
    to_sweep: Arc<Inbox<sweep::Question>>,
    sweeps: Arc<Slot<Sweeps>>,
    survey: Arc<Slot<Survey>>,
    cancel_survey: Arc<AtomicBool>,
    combinations: Arc<Slot<Combinations>>,
    cancel_combining: Arc<AtomicBool>,
    runs_root: PathBuf,
    scrubs: Arc<Inbox<scrub::Question>>,
    scrubbed: Arc<Slot<scrub::View>>,
    train: Option<SyncSender<TrainCommand>>,
    control: Arc<Control>,
    training: Arc<Slot<TrainingView>>,
    jobs: Option<SyncSender<Job>>,
    library: Arc<Slot<Library>>,
    /// Looks inside networks.
    pub inspector: inspect::Inspector,
    /// Shows digits to networks in spikes.
    pub conversion: conversion::Conversion,
    plotter: Plotter,
    simulation: Simulation,
    /// Lets spikes be heard.
    pub clicks: Clicks,
    experiments: Experiments,
    plasticity: Questions,
    pattern: PatternThread,
    /// The spiking network that learns digits.
    pub digits: DigitsThread,
    /// Shows the current digit to it.
    pub shown_digit: ShownThread,
    /// Measures it.
    pub measure: MeasureThread,
    download: Arc<Slot<DownloadView>>,
    cancel_download: Arc<AtomicBool>,
    quit: Arc<AtomicBool>,
    events: Events,
    arrived: Receiver<Event>,
    threads: Vec<JoinHandle<()>>,
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
        let (questions, answers) = (Arc::default(), Arc::new(Slot::new(Answers::default())));
        let (to_sweep, sweeps) = (Arc::default(), Arc::new(Slot::new(Sweeps::default())));
        let (scrubs, scrubbed) = (Arc::default(), Arc::new(Slot::new(scrub::View::default())));
        let (train, commands) = sync_channel(16);
        let (jobs, job_queue) = sync_channel(64);
        let control = Arc::<Control>::default();
        let training = Arc::new(Slot::new(TrainingView::default()));
        let library = Arc::new(Slot::new(Library::default()));
        let quit = Arc::<AtomicBool>::default();
        devices::look(&events)?;
        let plotter = Plotter::default();
        let threads = vec![
            answers::spawn(Arc::clone(&questions), Arc::clone(&answers), events.clone())?,
            sweep::spawn(Arc::clone(&to_sweep), Arc::clone(&sweeps), events.clone())?,
            scrub::spawn(
                Arc::clone(&scrubs),
                Arc::clone(&scrubbed),
                events.clone(),
                runs_root.clone(),
            )?,
            training::spawn(
                Arc::clone(&control),
                commands,
                Arc::clone(&training),
                events.clone(),
                runs_root.clone(),
            )?,
            library::spawn(
                job_queue,
                Arc::clone(&library),
                events.clone(),
                runs_root.clone(),
                Arc::clone(&quit),
            )?,
            plotter::spawn(plotter.clone(), events.clone())?,
        ];
        let simulation = Simulation::start("simulation", events.clone())?;
        let clicks = Clicks::start(events.clone())?;
        let experiments = Experiments::start(cpu_engine, events.clone())?;
        let plasticity = Questions::start(events.clone())?;
        let pattern = PatternThread::start(events.clone())?;
        let digits = DigitsThread::start(events.clone())?;
        let shown_digit = ShownThread::start(events.clone())?;
        let measure = MeasureThread::start(events.clone())?;
        Ok(Self {
            questions,
            answers,
            to_sweep,
            sweeps,
            survey: Arc::new(Slot::new(Survey::default())),
            cancel_survey: Arc::default(),
            combinations: Arc::new(Slot::new(Combinations::default())),
            cancel_combining: Arc::default(),
            runs_root,
            scrubs,
            scrubbed,
            train: Some(train),
            control,
            training,
            jobs: Some(jobs),
            library,
            inspector: inspect::Inspector::start(&events)?,
            conversion: conversion::Conversion::start(events.clone())?,
            plotter,
            simulation,
            clicks,
            experiments,
            plasticity,
            pattern,
            digits,
            shown_digit,
            measure,
            download: Arc::new(Slot::new(DownloadView::default())),
            cancel_download: Arc::default(),
            quit,
            events,
            arrived,
            threads,
        })
    }

    /// Asks the models at hand about a digit; an earlier question that was not
    /// begun is forgotten.
    pub fn ask(&self, question: Question) {
        self.questions.put(question);
    }

    /// The newest answers.
    pub fn answers(&self) -> Arc<Answers> {
        self.answers.get()
    }

    /// Has a digit read step by step; an earlier question that was not begun is
    /// forgotten.
    pub fn sweep(&self, question: sweep::Question) {
        self.to_sweep.put(question);
    }

    /// The newest readings.
    pub fn sweeps(&self) -> Arc<Sweeps> {
        self.sweeps.get()
    }

    /// Begins a survey, unless one is going on.
    pub fn start_survey(&self, of: SurveyOf) {
        if self.survey.get().running {
            return;
        }
        let (cancel, view) = (Arc::clone(&self.cancel_survey), Arc::clone(&self.survey));
        if let Err(error) = sweep::survey(of, cancel, view, self.events.clone()) {
            self.survey.put(Survey::default());
            self.events.send(Event::Failure(format!("The survey could not start: {error}")));
        }
    }

    /// Ends the survey, keeping what it has counted.
    pub fn stop_survey(&self) {
        self.cancel_survey.store(true, Relaxed);
    }

    /// How far the survey is, and what it counted.
    pub fn survey(&self) -> Arc<Survey> {
        self.survey.get()
    }

    /// Puts an ensemble of the user's runs together, unless one is in hand.
    pub fn start_combining(&self, of: CombineOf) {
        if self.combinations.get().in_hand.is_some() {
            return;
        }
        let (cancel, view) = (Arc::clone(&self.cancel_combining), Arc::clone(&self.combinations));
        let root = self.runs_root.clone();
        if let Err(error) = combine::combine(of, root, cancel, view, self.events.clone()) {
            self.combinations
                .put(Combinations { in_hand: None, ..(*self.combinations.get()).clone() });
            self.events.send(Event::Failure(format!("The ensemble has no thread: {error}")));
        }
    }

    /// The ensembles of the user's runs.
    pub fn combinations(&self) -> Arc<Combinations> {
        self.combinations.get()
    }

    /// Asks for a moment of a run's history; an earlier question that was not
    /// begun is forgotten.
    pub fn scrub(&self, question: scrub::Question) {
        self.scrubs.put(question);
    }

    /// What the newest question about a history has brought.
    pub fn scrubbed(&self) -> Arc<scrub::View> {
        self.scrubbed.get()
    }

    /// Sends a command to the trainer.
    ///
    /// # Errors
    /// [`Busy`] when its queue is full or the thread is gone.
    pub fn train(&self, command: TrainCommand) -> Result<(), Busy> {
        send(self.train.as_ref(), command, "trainer")
    }

    /// Holds training before the next mini-batch, or lets it go on.
    pub fn set_paused(&self, paused: bool) {
        self.control.paused.store(paused, Relaxed);
        self.nudge();
    }

    /// Ends the run in hand.
    pub fn stop_training(&self) {
        self.control.stop.store(true, Relaxed);
        self.nudge();
    }

    /// Whether anybody looks at the layers, and whether the network in training
    /// answers in the Draw workspace.
    pub fn watch(&self, layers: bool, live: bool) {
        self.control.watched.store(layers, Relaxed);
        self.control.live.store(live, Relaxed);
    }

    /// Makes a sleeping trainer look at the atomics. A full queue needs none:
    /// whoever works through it looks after each command.
    fn nudge(&self) {
        let _ = self.train(TrainCommand::Wake);
    }

    /// The newest view of the training.
    pub fn training(&self) -> Arc<TrainingView> {
        self.training.get()
    }

    /// Gives the library a job.
    ///
    /// # Errors
    /// [`Busy`] when its queue is full or the thread is gone.
    pub fn job(&self, job: Job) -> Result<(), Busy> {
        send(self.jobs.as_ref(), job, "library")
    }

    /// A sender of jobs for callbacks that outlive the frame.
    pub fn job_sender(&self) -> Option<SyncSender<Job>> {
        self.jobs.clone()
    }

    /// What the library holds.
    pub fn library(&self) -> Arc<Library> {
        self.library.get()
    }

    /// The simulation of the Neuron lab.
    pub fn simulation(&self) -> &Simulation {
        &self.simulation
    }

    /// The experiments of the Plasticity lab.
    pub fn plasticity(&self) -> &Questions {
        &self.plasticity
    }

    /// The neuron that finds a pattern.
    pub fn pattern(&self) -> &PatternThread {
        &self.pattern
    }

    /// The Neuron lab's other experiments.
    pub fn experiments(&self) -> &Experiments {
        &self.experiments
    }

    /// Who draws long recordings.
    pub fn plotter(&self) -> &Plotter {
        &self.plotter
    }

    /// How far the download has come.
    pub fn download(&self) -> Arc<DownloadView> {
        self.download.get()
    }

    /// Fetches MNIST into `folder`, then loads it.
    pub fn start_download(&self, folder: PathBuf) {
        if self.download.get().running {
            return;
        }
        let jobs = self.jobs.clone();
        let then = move |dir| {
            if let Some(jobs) = jobs {
                let _ = jobs.send(Job::LoadMnist { named: None, own: dir });
            }
        };
        let (cancel, view) = (Arc::clone(&self.cancel_download), Arc::clone(&self.download));
        if let Err(error) = download::spawn(folder, cancel, view, self.events.clone(), then) {
            self.events.send(Event::Failure(format!("The download could not start: {error}")));
        }
    }

    /// Stops the download, keeping what has arrived.
    pub fn stop_download(&self) {
        self.cancel_download.store(true, Relaxed);
    }

    /// Opens the system's folder dialog on a thread of its own.
    pub fn choose_folder(&self) {
        let events = self.events.clone();
        let spawned = std::thread::Builder::new().name("folder dialog".into()).spawn(move || {
            if let Some(path) = rfd::FileDialog::new().set_title("Folder with MNIST").pick_folder()
            {
                events.send(Event::FolderChosen(path));
            }
        });
        if let Err(error) = spawned {
            self.events.send(Event::Failure(format!("The dialog could not open: {error}")));
        }
    }

    /// Opens the system's dialog for a file of spikes, and has it read.
    pub fn choose_spikes(&self) {
        let jobs = self.jobs.clone();
        let spawned = std::thread::Builder::new().name("spikes dialog".into()).spawn(move || {
            let dialog = rfd::FileDialog::new()
                .set_title("Spikes as npz or CSV")
                .add_filter("Spikes", &EXTENSIONS);
            if let (Some(path), Some(jobs)) = (dialog.pick_file(), jobs) {
                let _ = jobs.send(Job::ReadSpikes(path));
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
    /// Ends the workers and waits for them: a run in hand writes its checkpoint.
    fn drop(&mut self) {
        self.quit.store(true, Relaxed);
        self.cancel_download.store(true, Relaxed);
        self.cancel_survey.store(true, Relaxed);
        self.cancel_combining.store(true, Relaxed);
        self.questions.close();
        self.to_sweep.close();
        self.scrubs.close();
        self.plotter.close();
        // All of them at once: each is waited for afterwards.
        self.simulation.quit();
        self.pattern.quit();
        self.digits.quit();
        // The flag to leave goes up first: a stopped run would count as ended.
        self.control.quit.store(true, Release);
        self.control.stop.store(true, Release);
        self.train = None;
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
