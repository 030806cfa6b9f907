//! The `library` thread: everything that touches files and takes longer than a
//! frame (loading data sets, reading photos, saving exports and the session), one job at a
//! time.
//!
//! * [`data`]: data sets of the user's own

mod data;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::Busy;
use super::carried;
use super::events::{Event, Events};
use super::imported;
use super::models::{Model, Models, Origin};
use super::spiking::keep::Kept;
use super::thread::latest::Slot;
use crate::ann::bundled::{self, WeightSet};
use crate::ann::network::Network;
use crate::ann::onnx;
use crate::ann::orientation;
use crate::ann::trainer::TrainConfig;
use crate::ann::weights::{self, Metadata};
use crate::convert::network::Spiking;
use crate::convert::nir;
use crate::core::files::{read_limited, write_bytes};
use crate::core::npz::{self, Array};
use crate::core::panics::guarded;
use crate::data::orient::Orientation;
use crate::data::registry::{self, Split};
use crate::data::{Dataset, mnist, picture};
use crate::lessons;
use crate::snn::recording::spike_times::{self, SpikeTimes};
use crate::snn::recording::{CAP_BYTES, Recording};
use crate::snn::traces::Traces;

pub use data::{Adding, DataJob, Own};

/// Step to which imported spike times are rounded, ms.
const IMPORT_DT_MS: f64 = 0.01;

/// A job for the library.
pub enum Job {
    /// Load MNIST from the folder named, or from the app's own if it is there.
    LoadMnist {
        /// Named by the user.
        named: Option<PathBuf>,
        /// Where a download would put it.
        own: PathBuf,
    },
    /// Make the synthetic digits.
    LoadSynthetic,
    /// Read a picture of a digit.
    ReadPicture(PathBuf),
    /// Write a file that was asked for, and say where it is.
    Export { path: PathBuf, bytes: Vec<u8> },
    /// Write arrays as npz and say where they are.
    ExportArrays { path: PathBuf, arrays: Vec<(String, Array)> },
    /// Write the spikes of a recording, as the file's extension says.
    ExportSpikes { path: PathBuf, recording: Arc<Recording> },
    /// Write a converted network as NIR.
    ExportNetwork { path: PathBuf, network: Arc<Spiking> },
    /// Write traces as CSV.
    ExportTraces { path: PathBuf, traces: Arc<Traces> },
    /// Read spikes from an npz or CSV file.
    ReadSpikes(PathBuf),
    /// Write a spiking network that goes on after a restart.
    Keep { path: PathBuf, network: Box<Kept> },
    /// Delete a file of the app's own, if it is there.
    Remove(PathBuf),
    /// Write a file of the app's own.
    Save { path: PathBuf, bytes: Vec<u8> },
    /// Write a picture as PNG and say where it is; its pixels come from a function that
    /// may take its time.
    ExportPng { path: PathBuf, read: Box<dyn FnOnce() -> Result<Pixels, String> + Send> },
    /// Write a scene, with the networks that answer (ids of runs) named in it or, if asked,
    /// their weights too; without a path, tell its text.
    PackScene { path: Option<PathBuf>, scene: Value, runs: Vec<String>, weights: bool },
    /// Read a scene's file.
    ReadScene(PathBuf),
    /// Read a scene's text.
    ReadSceneText(String),
    /// Read the lessons: the bundled ones, and those of this folder.
    ReadLessons(PathBuf),
    /// Write a file whose bytes are made by a function that may take its time, and say
    /// where it is.
    ExportMade { path: PathBuf, make: Box<dyn FnOnce() -> Result<Vec<u8>, String> + Send> },
    /// List the training runs.
    ListRuns,
    /// Delete a training run.
    DeleteRun(String),
    /// Let a finished run's weights answer.
    LoadRun(String),
    /// Let another set of the bundled weights answer.
    LoadSet(&'static WeightSet),
    /// Take over a network of another program, as a run.
    ImportNetwork(PathBuf),
    /// Keep a network whose connections were set by hand as a run; what is known of it
    /// otherwise is what is known of the network that it was a copy of.
    KeepNetwork { network: Arc<Network>, of: CopyOf },
    /// Write a run's network as ONNX.
    ExportOnnx { path: PathBuf, run: String },
    /// What concerns data sets of the user's own.
    Data(DataJob),
}

/// What a network is a copy of.
pub enum CopyOf {
    /// Of a run of this id, and how that was trained.
    Run(String, Option<Box<TrainConfig>>),
    /// Of another network, of which this is known.
    Known(Box<Metadata>),
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Width and height.
    pub size: [usize; 2],
    /// Row by row, RGBA.
    pub rgba: Vec<u8>,
}

/// The state of one source of digits.
#[derive(Clone, Default)]
pub enum Loading {
    /// Not asked for yet.
    #[default]
    Unknown,
    /// Being read or made.
    Busy,
    /// Here.
    Ready(Split),
    /// Nowhere to be found: it has to be downloaded or pointed to.
    Missing,
    /// There, but broken.
    Failed(String),
}

impl Loading {
    /// Whether it is not yet known what there is.
    pub fn is_coming(&self) -> bool {
        matches!(self, Self::Unknown | Self::Busy)
    }

    /// The digits, if they are here.
    pub fn split(&self) -> Option<&Split> {
        match self {
            Self::Ready(split) => Some(split),
            _ => None,
        }
    }
}

/// What the library holds.
#[derive(Clone, Default)]
pub struct Library {
    /// Real handwriting.
    pub mnist: Loading,
    /// Generated handwriting.
    pub synthetic: Loading,
    /// Runs' networks that were asked for, ready to answer: each once, as it was read last.
    pub loaded: Vec<Arc<Model>>,
    /// The set of bundled networks that was asked for last.
    pub bundled: Option<(&'static WeightSet, Models)>,
    /// Data sets of the user's own.
    pub own: Own,
}

impl Library {
    /// The source of this id.
    pub fn source(&self, id: &str) -> &Loading {
        match id {
            "mnist" => &self.mnist,
            registry::SYNTHETIC => &self.synthetic,
            own => self.own.loaded(own),
        }
    }
}

/// Jobs that may wait.
const QUEUE: usize = 64;
/// How soon a job that only reads is let go when the window closes.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The thread, from the window's side. Dropped, it does what is still to be written,
/// ends the thread and waits for it.
pub struct LibraryThread {
    jobs: Option<SyncSender<Job>>,
    library: Arc<Slot<Library>>,
    quit: Arc<AtomicBool>,
    /// Ends the reading of a data set.
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl LibraryThread {
    /// Starts the thread, for runs below `runs_root`.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(runs_root: PathBuf, events: Events) -> std::io::Result<Self> {
        let (sender, jobs) = sync_channel::<Job>(QUEUE);
        let (library, quit) = (Arc::new(Slot::new(Library::default())), Arc::default());
        let (out, until) = (Arc::clone(&library), Arc::clone(&quit));
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let data_root = runs_root.with_file_name("data");
        let librarian =
            Arc::new(Librarian { out, events, runs_root, data_root, stop, quit: until });
        let builder = std::thread::Builder::new().name("library".into());
        let thread = builder.spawn(move || {
            while let Ok(job) = jobs.recv() {
                if job.writes() {
                    librarian.guarded(job);
                } else if !librarian.quit.load(Relaxed) {
                    reading(&librarian, job);
                }
            }
        })?;
        Ok(Self { jobs: Some(sender), library, quit, stop: stopped, thread: Some(thread) })
    }

    /// Gives it a job.
    ///
    /// # Errors
    /// [`Busy`] when its queue is full or the thread is gone.
    pub fn send(&self, job: Job) -> Result<(), Busy> {
        super::send(self.jobs.as_ref(), job, "library")
    }

    /// A sender of jobs for callbacks that outlive the frame.
    pub fn sender(&self) -> Option<SyncSender<Job>> {
        self.jobs.clone()
    }

    /// What it holds.
    pub fn library(&self) -> Arc<Library> {
        self.library.get()
    }

    /// Ends the reading of a data set that is going on.
    pub fn stop_reading(&self) {
        self.stop.store(true, Relaxed);
    }

    /// Cuts jobs that only read short; who drops this waits for the others.
    pub fn quit(&self) {
        self.quit.store(true, Relaxed);
    }
}

impl Drop for LibraryThread {
    fn drop(&mut self) {
        self.quit();
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own side.
struct Librarian {
    out: Arc<Slot<Library>>,
    events: Events,
    runs_root: PathBuf,
    data_root: PathBuf,
    stop: Arc<AtomicBool>,
    quit: Arc<AtomicBool>,
}

/// Does a job that only reads on a thread of its own, so that the window need not
/// wait for its end to close: what it would have brought is of no use then.
fn reading(librarian: &Arc<Librarian>, job: Job) {
    let (done, wait) = sync_channel::<()>(1);
    let own = Arc::clone(librarian);
    let spawned = std::thread::Builder::new().name("reading".into()).spawn(move || {
        own.guarded(job);
        drop(done);
    });
    if let Err(error) = spawned {
        return librarian
            .fail(format!("Nothing could be read: {error}. Close something else and try again."));
    }
    while wait.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        if librarian.quit.load(Relaxed) {
            return;
        }
    }
}

impl Job {
    /// Whether something is to be on disk afterwards: such jobs are done, whatever
    /// else happens.
    fn writes(&self) -> bool {
        match self {
            Self::Export { .. }
            | Self::ExportArrays { .. }
            | Self::ExportSpikes { .. }
            | Self::ExportNetwork { .. }
            | Self::ExportTraces { .. }
            | Self::ExportPng { .. }
            | Self::PackScene { .. }
            | Self::ExportMade { .. }
            | Self::ExportOnnx { .. }
            | Self::ImportNetwork(_)
            | Self::KeepNetwork { .. }
            | Self::Save { .. }
            | Self::Keep { .. }
            | Self::Remove(_)
            | Self::DeleteRun(_) => true,
            Self::Data(job) => job.writes(),
            Self::LoadMnist { .. }
            | Self::LoadSynthetic
            | Self::ReadPicture(_)
            | Self::ReadSpikes(_)
            | Self::ReadScene(_)
            | Self::ReadSceneText(_)
            | Self::ReadLessons(_)
            | Self::ListRuns
            | Self::LoadRun(_)
            | Self::LoadSet(_) => false,
        }
    }
}

impl Librarian {
    fn guarded(&self, job: Job) {
        if let Err(why) = guarded(|| self.carry_out(job)) {
            self.fail(format!("A job failed: {why}. Nothing was lost."));
        }
    }

    fn fail(&self, text: String) {
        self.events.send(Event::Failure(text));
    }

    fn update(&self, change: impl FnOnce(&mut Library)) {
        let mut library = (*self.out.get()).clone();
        change(&mut library);
        self.out.put(library);
        self.events.wake();
    }

    fn carry_out(&self, job: Job) {
        match job {
            Job::LoadMnist { named, own } => self.load_mnist(named, own),
            Job::LoadSynthetic => self.load_synthetic(),
            Job::ReadPicture(path) => match picture::load(&path) {
                Ok(picture) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    self.events.send(Event::PictureLoaded { name, picture: Arc::new(picture) });
                }
                Err(error) => self.fail(error.to_string()),
            },
            Job::Export { path, bytes } => self.export(path, &bytes),
            Job::ExportSpikes { path, recording } => self.export_spikes(path, &recording),
            Job::ExportTraces { path, traces } => {
                self.export(path, traces.to_csv(0..u64::MAX).as_bytes());
            }
            Job::ExportNetwork { path, network } => match nir::file(&network) {
                Ok(bytes) => self.export(path, &bytes),
                Err(error) => self.fail(format!("The network was not saved: {error}.")),
            },
            Job::ReadSpikes(path) => self.read_spikes(&path),
            Job::ExportArrays { path, arrays } => {
                let named: Vec<(&str, &Array)> =
                    arrays.iter().map(|(n, a)| (n.as_str(), a)).collect();
                match npz::write(&path, &named) {
                    Ok(()) => self.events.send(Event::Exported(path)),
                    Err(error) => self.fail(error.to_string()),
                }
            }
            Job::Save { path, bytes } => {
                if let Err(error) = write_bytes(&path, &bytes) {
                    self.fail(error.to_string());
                }
            }
            Job::Keep { path, network } => {
                if let Err(why) = network.write(&path) {
                    self.fail(format!("The spiking network was not kept: {why}"));
                }
            }
            Job::Remove(path) => match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    self.fail(format!("{} cannot be deleted: {error}.", path.display()));
                }
                _ => {}
            },
            Job::PackScene { path, scene, runs, weights } => {
                match (carried::pack(scene, &runs, weights, &self.runs_root), path) {
                    (Ok(text), Some(path)) => self.export(path, text.as_bytes()),
                    (Ok(text), None) => self.events.send(Event::SceneText(text)),
                    (Err(error), _) => self.fail(error),
                }
            }
            Job::ReadLessons(own) => {
                self.events.send(Event::Lessons(Arc::new(lessons::library::all(&own))));
            }
            Job::ReadScene(path) => {
                let bytes = read_limited(&path, carried::MOST_BYTES).map_err(|e| e.to_string());
                let name = path.display().to_string();
                self.scene(bytes, Some(path), &name);
            }
            Job::ReadSceneText(text) => self.scene(Ok(text.into_bytes()), None, "What was pasted"),
            Job::ExportPng { path, read } => self.export_png(path, read()),
            Job::ExportMade { path, make } => match make() {
                Ok(bytes) => self.export(path, &bytes),
                Err(error) => self.fail(format!("The figure could not be drawn: {error}.")),
            },
            Job::ListRuns => self.list_runs(true),
            Job::DeleteRun(id) => {
                if let Err(error) = super::runs::delete(&self.runs_root, &id) {
                    self.fail(error.to_string());
                }
                self.list_runs(false);
            }
            Job::LoadRun(id) => self.load_run(&id),
            Job::LoadSet(set) => self.load_set(set),
            Job::ImportNetwork(path) => self.import_network(&path),
            Job::KeepNetwork { network, of } => self.keep_network(&network, &of),
            Job::ExportOnnx { path, run } => self.export_onnx(path, &run),
            Job::Data(job) => self.data(job),
        }
    }

    /// Networks that cannot be read are named and left out.
    fn load_set(&self, set: &'static WeightSet) {
        let mut models = Models::new();
        for loaded in bundled::beside(set) {
            match loaded {
                Ok((network, metadata)) => {
                    models.push(Arc::new(Model::new(network, metadata, Origin::Bundled)));
                }
                Err(error) => self.fail(format!("{error} The other networks answer.")),
            }
        }
        self.update(|l| l.bundled = Some((set, models)));
    }

    fn load_mnist(&self, named: Option<PathBuf>, own: PathBuf) {
        let Some(dir) = mnist::find_or(named, own) else {
            return self.update(|l| l.mnist = Loading::Missing);
        };
        self.update(|l| l.mnist = Loading::Busy);
        let loaded = registry::load("mnist", Some(&dir));
        if let Ok(split) = &loaded {
            self.look_at(&split.test, &dir);
        }
        self.update(|l| {
            l.mnist = match loaded {
                Ok(split) => Loading::Ready(split),
                Err(error) => Loading::Failed(error.to_string()),
            };
        });
    }

    /// Tells of digits that look turned, as those of other sets in MNIST's format may.
    fn look_at(&self, digits: &Dataset, dir: &Path) {
        match orientation::look(digits, Orientation::default(), 1) {
            Ok(Some(hint)) => self.fail(format!(
                "{}: {}. They were loaded as they are; turn them in the files (`spikescope evaluate` has options that show what is needed), or choose another folder.",
                dir.display(),
                hint.text()
            )),
            Ok(None) => {}
            Err(error) => log::warn!("{error}"),
        }
    }

    fn load_synthetic(&self) {
        self.update(|l| l.synthetic = Loading::Busy);
        let made = registry::load("synthetic", None);
        self.update(|l| {
            l.synthetic = match made {
                Ok(split) => Loading::Ready(split),
                Err(error) => Loading::Failed(error.to_string()),
            };
        });
    }

    fn export(&self, path: PathBuf, bytes: &[u8]) {
        match write_bytes(&path, bytes) {
            Ok(()) => self.events.send(Event::Exported(path)),
            Err(error) => self.fail(error.to_string()),
        }
    }

    fn scene(&self, bytes: Result<Vec<u8>, String>, path: Option<PathBuf>, name: &str) {
        match bytes.and_then(|bytes| carried::unpack(&bytes, &self.runs_root)) {
            Ok(unpacked) => {
                let new = !unpacked.networks.is_empty();
                self.events.send(Event::SceneRead { path, unpacked: Box::new(unpacked) });
                if new {
                    self.list_runs(false);
                }
            }
            Err(why) => {
                let why = why.trim_end_matches('.');
                self.fail(format!("{name} was not opened: {why}. Everything stays as it was."));
            }
        }
    }

    fn export_spikes(&self, path: PathBuf, recording: &Recording) {
        if path.extension().is_none_or(|e| e != "npz") {
            return self.export(path, SpikeTimes::of(recording).to_csv().as_bytes());
        }
        match spike_times::to_npz(recording) {
            Ok(bytes) => self.export(path, &bytes),
            Err(error) => self.fail(format!("The spikes could not be put together: {error}. They are kept; save them as CSV instead.")),
        }
    }

    fn read_spikes(&self, path: &Path) {
        match SpikeTimes::read(path) {
            Ok(spikes) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let recording = Arc::new(spikes.to_recording(IMPORT_DT_MS, CAP_BYTES));
                let assumed = spikes.assumed;
                self.events.send(Event::SpikesRead { name, recording, assumed });
            }
            Err(error) => self.fail(error.to_string()),
        }
    }

    fn export_png(&self, path: PathBuf, read: Result<Pixels, String>) {
        let Pixels { size, rgba } = match read {
            Ok(pixels) => pixels,
            Err(error) => return self.fail(format!("The figure could not be drawn: {error}.")),
        };
        match picture::write_png(&path, size, image::ExtendedColorType::Rgba8, &rgba) {
            Ok(()) => self.events.send(Event::Exported(path)),
            Err(error) => self.fail(error.to_string()),
        }
    }

    fn list_runs(&self, tell_broken: bool) {
        let (records, broken) = super::runs::list(&self.runs_root);
        self.events.send(Event::Runs(Arc::new(records)));
        for error in broken.into_iter().filter(|_| tell_broken) {
            self.fail(format!("{error}. The other runs are listed."));
        }
    }

    /// Tried on MNIST where that is here, else on synthetic digits.
    fn import_network(&self, path: &Path) {
        let here = self.out.get().mnist.split().cloned();
        let split = here.map_or_else(|| registry::load(registry::SYNTHETIC, None), Ok);
        let taken = split
            .map_err(|e| e.to_string())
            .and_then(|split| imported::take(&self.runs_root, path, &split, &self.quit));
        match taken {
            Ok((id, told)) => {
                self.events.send(Event::Notice(told));
                self.list_runs(false);
                self.load_run(&id);
            }
            Err(why) => self.fail(format!("{why}.")),
        }
    }

    fn keep_network(&self, network: &Network, of: &CopyOf) {
        let kept = || -> Result<String, String> {
            let (metadata, config) = match of {
                CopyOf::Known(metadata) => ((**metadata).clone(), None),
                CopyOf::Run(run, config) => {
                    let path = super::runs::weights_path(&self.runs_root, run);
                    let path = path.map_err(|e| e.to_string())?;
                    (weights::load(&path).map_err(|e| e.to_string())?.1, config.as_deref())
                }
            };
            imported::keep_changed(&self.runs_root, network, &metadata, config)
                .map_err(|e| e.to_string())
        };
        match kept() {
            Ok(id) => {
                let told = "The network is kept as a run, weights set by hand. It answers in Draw and is listed in Train, Runs.";
                self.events.send(Event::Notice(told.into()));
                self.list_runs(false);
                self.load_run(&id);
            }
            Err(why) => self.fail(format!("{why}. The network was not kept.")),
        }
    }

    fn export_onnx(&self, path: PathBuf, run: &str) {
        let file = match super::runs::weights_path(&self.runs_root, run) {
            Ok(file) => file,
            Err(error) => return self.fail(error.to_string()),
        };
        let made = weights::load(&file).map_err(|e| e.to_string());
        let made = made.and_then(|(network, about)| {
            onnx::export_named(&network, &about.classes).map_err(|e| e.to_string())
        });
        match made {
            Ok(bytes) => self.export(path, &bytes),
            Err(why) => self.fail(format!("{why}. No file was written.")),
        }
    }

    fn load_run(&self, id: &str) {
        let path = match super::runs::weights_path(&self.runs_root, id) {
            Ok(path) => path,
            Err(error) => return self.fail(error.to_string()),
        };
        match weights::load(&path) {
            Ok((network, metadata)) => {
                let model = Model::new(network, metadata, Origin::Run(id.to_owned()));
                self.update(|l| {
                    l.loaded.retain(|m| m.origin != model.origin);
                    l.loaded.push(Arc::new(model));
                });
            }
            Err(error) => self.fail(error.to_string()),
        }
    }
}
