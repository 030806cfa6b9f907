//! The window: holds the state, drains what the workers tell, shows one
//! workspace, and hands the frame's commands to [`super::apply`].

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Context;

use super::command::{Outbox, TrainEdit};
use super::conversion::{ConversionState, ConversionWorld};
use super::diehl_cook::{Digits, DigitsWorld};
use super::digit::{Digit, Source};
use super::history::History;
use super::home::Home;
use super::neuron::{Neuron, NeuronWorld};
use super::plasticity::{Plasticity, PlasticityWorld};
use super::session::{self, Session};
use super::snapshot::{Picking, Snapshot, WrongLists};
use super::time::Time;
use super::toasts::Toasts;
use super::workspaces::fields::apply::Fields;
use super::workspaces::{self, Workspace};
use super::{chrome, keys, theme};
use crate::ann::shipped::{self, WeightSet};
use crate::workers::Hub;
use crate::workers::answers::{Answers, Question};
use crate::workers::events::Event;
use crate::workers::library::{Job, Library};
use crate::workers::models::{self, Model, Models, Origin};
use crate::workers::runs::RunRecord;

/// Time from a change to its being written to the session file.
const AUTOSAVE_AFTER: Duration = Duration::from_millis(700);

/// What a second window on the same folder says, and why.
pub(super) const NOT_SAVED: &str = "Another window of Spikescope is open.";
pub(super) const NOT_SAVED_WHY: &str = "This one began with the settings and the drawing saved last and keeps its changes of them to itself: they are gone when it is closed. What is trained or exported here stays.";

/// Where the app keeps its things and how it starts.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The user's data folder.
    pub home: PathBuf,
    /// MNIST's folder, if named.
    pub mnist: Option<PathBuf>,
    /// Projector mode, if asked for.
    pub projector: bool,
    /// Theme, if asked for.
    pub theme: Option<session::ThemeChoice>,
    /// Workspace to begin in.
    pub workspace: Option<String>,
}

/// The application.
pub struct App {
    pub(super) hub: Hub,
    pub(super) home: PathBuf,
    /// Given back after the workers have written what they have to: declared after them.
    taken: Home,
    pub(super) digit: Digit,
    /// The models that answer, the one in training not counted.
    pub(super) models: Models,
    /// The set that the shipped ones among them are of.
    pub(super) set: &'static WeightSet,
    /// With the one in training: what the workspaces see.
    pub(super) shown_models: Arc<Models>,
    /// Number of the newest question, and what it was about.
    asked: (u64, u64, Option<Arc<Models>>),
    answers_current: bool,
    pub(super) session: Session,
    pub(super) workspace: &'static Workspace,
    pub(super) picking: Picking,
    pub(super) wrong: WrongLists,
    pub(super) runs: Arc<Vec<RunRecord>>,
    pub(super) compared: BTreeSet<String>,
    pub(super) train_tab: &'static str,
    pub(super) time: Time,
    pub(super) history: History,
    /// The Neuron lab.
    pub(super) neuron: Neuron,
    /// The Plasticity lab.
    pub(super) plasticity: Plasticity,
    /// The Conversion workspace.
    pub(super) conversion: ConversionState,
    /// The Spiking network workspace.
    pub(super) digits: Digits,
    pub(super) help: bool,
    pub(super) toasts: Toasts,
    /// Name of the graphics adapter and whether it is software.
    pub(super) adapter: String,
    saved: (Session, Instant),
    loaded: Option<Arc<Model>>,
    /// Whether the synthetic digits have been asked for.
    pub(super) synthetic_asked: bool,
    /// What waits for digits to be loaded.
    pub(super) put_off: Option<TrainEdit>,
    /// The run before the one that the queue began last.
    pub(super) queue_after: Option<Option<String>>,
    themed: Option<(session::ThemeChoice, bool)>,
    /// What the Receptive fields workspace does just now.
    pub(super) fields: Fields,
}

impl App {
    /// Starts the workers and brings the last session back.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(ctx: &Context, setup: Setup) -> std::io::Result<Self> {
        let home = Home::take(&setup.home);
        Self::in_home(ctx, setup, home)
    }

    /// The same, in a folder that was asked for before.
    pub(super) fn in_home(ctx: &Context, setup: Setup, taken: Home) -> std::io::Result<Self> {
        theme::install(ctx);
        let (mut session, told) = if taken.is_ours() {
            session::read(&setup.home)
        } else {
            let mut session = session::read_quietly(&setup.home);
            // The queue is the other window's: it would be trained twice.
            session.queue.clear();
            session.queue_runs = false;
            (session, None)
        };
        if setup.projector {
            session.set_projector(true);
        }
        if let Some(choice) = setup.theme {
            session.theme = choice;
        }
        let wanted = setup.workspace.as_deref().unwrap_or(&session.workspace);
        let workspace = workspaces::find(wanted).unwrap_or(workspaces::WORKSPACES[0]);
        let waker = ctx.clone();
        let wake = Arc::new(move || waker.request_repaint());
        let hub = Hub::start(setup.home.join("runs"), wake)?;
        // What had to be put right is written anew, not only when it changes.
        let on_disk = if told.is_some() { Session::default() } else { session.clone() };
        let mut toasts = Toasts::default();
        if let Some(text) = told {
            toasts.failure(text);
        }
        if !taken.is_ours() {
            toasts.notice(format!("{NOT_SAVED} {NOT_SAVED_WHY}"));
        }
        let set = shipped::find(&session.weight_set).unwrap_or(&shipped::REPORT);
        let mut app = Self {
            hub,
            home: setup.home,
            taken,
            digit: Digit::restore(session.strokes.clone(), session.treatment.clone()),
            models: in_the_box(set, &mut toasts),
            set,
            shown_models: Arc::default(),
            asked: (0, 0, None),
            answers_current: false,
            workspace,
            picking: Picking { source: "mnist", only_wrong: None },
            wrong: WrongLists::new(),
            runs: Arc::default(),
            compared: BTreeSet::new(),
            train_tab: workspaces::train::TABS[0].name,
            time: Time::new(&session.time),
            history: History::new(&session.history),
            neuron: Neuron::new(&session.neuron),
            plasticity: Plasticity::new(&session.plasticity),
            conversion: ConversionState::new(&session.conversion),
            digits: Digits::new(&session.digits),
            help: false,
            toasts,
            adapter: String::new(),
            saved: (on_disk, Instant::now()),
            session,
            loaded: None,
            synthetic_asked: false,
            put_off: None,
            queue_after: None,
            themed: None,
            fields: Fields::default(),
        };
        app.shown_models = Arc::new(app.models.clone());
        let mnist = setup.mnist.or_else(|| app.session.mnist_folder.clone());
        let used = app.session.used_runs.clone();
        app.load_mnist(mnist);
        app.tell_engine();
        app.job(Job::ListRuns);
        used.into_iter().for_each(|run| app.job(Job::LoadRun(run)));
        Ok(app)
    }

    /// Whether settings and drawing are kept over a restart.
    pub(super) fn saves(&self) -> bool {
        self.taken.is_ours()
    }

    /// Names the graphics adapter in the status line.
    pub fn set_adapter(&mut self, adapter: String) {
        self.adapter = adapter;
    }

    pub(super) fn job(&mut self, job: Job) {
        if let Err(busy) = self.hub.job(job) {
            self.toasts.failure(busy.to_string());
        }
    }

    /// Loads MNIST from the folder named, or the app's own.
    pub(super) fn load_mnist(&mut self, named: Option<PathBuf>) {
        let own = self.home.join("mnist");
        self.job(Job::LoadMnist { named, own });
    }

    /// The world as it is now, to read.
    pub(super) fn snapshot(&self) -> Snapshot<'_> {
        Snapshot {
            digit: &self.digit,
            models: &self.shown_models,
            set: self.set,
            answers: if self.digit.is_blank() {
                Arc::new(Answers::default())
            } else {
                self.hub.answers()
            },
            answers_current: self.answers_current,
            training: self.hub.training(),
            library: self.hub.library(),
            download: self.hub.download(),
            plotter: self.hub.plotter(),
            neuron: NeuronWorld {
                state: &self.neuron,
                simulation: self.hub.simulation().view(),
                running: self.hub.simulation().is_running(),
                clicks: self.hub.clicks.is_on(),
                results: self.hub.experiments().results(),
            },
            plasticity: PlasticityWorld {
                state: &self.plasticity,
                results: self.hub.plasticity().results(),
                pattern: self.hub.pattern().state(),
                running: self.hub.pattern().is_running(),
            },
            conversion: ConversionWorld {
                state: &self.conversion,
                shown: self.hub.conversion.shown(),
                sample: self.hub.conversion.sample(),
            },
            digits: DigitsWorld {
                state: &self.digits,
                view: self.hub.digits.view(),
                running: self.hub.digits.is_running(),
                shown: self.hub.shown_digit.shown(),
                measured: self.hub.measure.measured(),
            },
            picking: &self.picking,
            wrong: &self.wrong,
            runs: &self.runs,
            combinations: self.hub.combinations(),
            compared: &self.compared,
            train_tab: self.train_tab,
            time: &self.time,
            sweeps: self.hub.sweeps(),
            survey: self.hub.survey(),
            history: &self.history,
            scrubbed: self.hub.scrubbed(),
            sight: self.hub.inspector.sight(),
            findings: self.hub.inspector.findings(),
            fields_state: &self.fields.state,
            session: &self.session,
        }
    }

    fn receive(&mut self) {
        while let Some(event) = self.hub.next_event() {
            match event {
                Event::Notice(text) => self.toasts.notice(text),
                Event::Failure(text) => self.toasts.failure(text),
                Event::PictureLoaded { name, picture } => {
                    self.digit.set_source(Source::Photo { name, picture, chosen: 0 });
                }
                Event::SpikesRead { name, recording, assumed } => {
                    self.show_spikes(name, recording, assumed);
                }
                Event::Exported(path) => {
                    self.toasts.notice(format!("Saved as {}", path.display()));
                }
                Event::WrongAnswers { model, source, indices } => {
                    self.wrong.insert((model, source), Some(indices));
                }
                Event::Runs(runs) => self.runs = runs,
                Event::FolderChosen(path) => {
                    self.session.mnist_folder = Some(path.clone());
                    self.load_mnist(Some(path));
                }
            }
        }
        self.install_loaded();
    }

    /// Takes over a run's network that the library has read.
    fn install_loaded(&mut self) {
        let library = self.hub.library();
        self.install_set(&library);
        let Some(model) = library.loaded.clone() else { return };
        if self.loaded.as_ref().is_some_and(|l| Arc::ptr_eq(l, &model)) {
            return;
        }
        self.loaded = Some(Arc::clone(&model));
        self.models = models::with_shared(&self.models, model);
        self.remember_used_runs();
    }

    /// Takes over another set of the networks in the box that the library has read.
    fn install_set(&mut self, library: &Library) {
        let Some((set, shipped)) = &library.shipped else { return };
        if std::ptr::eq(*set, self.set) || set.id != self.session.weight_set {
            return;
        }
        let own = self.models.iter().filter(|m| m.origin != Origin::Shipped);
        self.models = shipped.iter().chain(own).cloned().collect();
        self.set = set;
        self.wrong.retain(|(key, _), _| shipped.iter().all(|m| m.key != *key));
        self.asked.2 = None;
    }

    /// Keeps in the session which runs answer.
    pub(super) fn remember_used_runs(&mut self) {
        self.session.used_runs = self
            .models
            .iter()
            .filter_map(|m| match &m.origin {
                Origin::Run(id) => Some(id.clone()),
                _ => None,
            })
            .collect();
        let keys: BTreeSet<&str> = self.models.iter().map(|m| m.key.as_str()).collect();
        self.wrong.retain(|(model, _), _| keys.contains(model.as_str()));
    }

    /// Puts the network in training among the models, and asks all of them
    /// about the digit if it or they have changed.
    fn ask(&mut self) {
        let training = self.hub.training();
        let live =
            training.model.as_ref().filter(|_| self.session.live && training.phase.in_hand());
        let same = self.shown_models.len() == self.models.len() + usize::from(live.is_some())
            && self
                .shown_models
                .iter()
                .zip(self.models.iter().chain(live))
                .all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            self.shown_models = Arc::new(self.models.iter().chain(live).cloned().collect());
        }
        let version = self.digit.version();
        let known = self.asked.2.as_ref().is_some_and(|m| Arc::ptr_eq(m, &self.shown_models));
        if !known || self.asked.1 != version {
            self.asked = (self.asked.0 + 1, version, Some(Arc::clone(&self.shown_models)));
            if !self.digit.is_blank() {
                self.hub.ask(Question {
                    serial: self.asked.0,
                    pixels: Box::new(*self.digit.pixels()),
                    models: Arc::clone(&self.shown_models),
                    set: self.set,
                    asked: Instant::now(),
                });
            }
        }
        self.answers_current = !self.digit.is_blank() && self.hub.answers().serial == self.asked.0;
    }

    /// Writes the session a moment after it has changed.
    fn autosave(&mut self, ctx: &Context) {
        if self.session.strokes != self.digit.strokes() {
            self.session.strokes = self.digit.strokes().to_vec();
        }
        self.session.treatment = self.digit.treatment.clone();
        if self.session.workspace != self.workspace.id {
            self.session.workspace = self.workspace.id.to_owned();
        }
        if self.session == self.saved.0 || !self.taken.is_ours() {
            return;
        }
        let waited = self.saved.1.elapsed();
        if waited < AUTOSAVE_AFTER {
            ctx.request_repaint_after(AUTOSAVE_AFTER - waited);
            return;
        }
        self.saved = (self.session.clone(), Instant::now());
        match serde_json::to_vec(&self.session) {
            Ok(bytes) => self.job(Job::Save { path: session::path(&self.home), bytes }),
            Err(error) => self.toasts.failure(format!("The session cannot be saved: {error}")),
        }
    }

    fn apply_theme(&mut self, ctx: &Context) {
        let wanted = (self.session.theme, self.session.projector);
        if self.themed == Some(wanted) {
            return;
        }
        self.themed = Some(wanted);
        ctx.set_theme(egui::ThemePreference::from(self.session.theme));
        ctx.set_zoom_factor(if self.session.projector { theme::PROJECTOR_ZOOM } else { 1.0 });
    }

    fn remember_window(&mut self, ctx: &Context) {
        let zoom = ctx.zoom_factor();
        let size = ctx.input(|i| i.viewport().inner_rect.map(|r| r.size() * zoom));
        if let Some(size) = size.filter(|s| s.x > 0.0 && s.y > 0.0) {
            self.session.window = Some([size.x.round(), size.y.round()]);
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.receive();
        self.try_put_off();
        self.try_queue();
        self.apply_theme(ctx);
        self.ask();
        self.read_in_time();
        self.look_back();
        self.look(ctx);
        // What it is about may only just have come.
        self.find_wrong();
        self.remember_window(ctx);
        self.follow_neuron();
        self.follow_plasticity();
        self.follow_conversion();
        self.follow_digits();
        self.hub.watch(self.workspace.id == "train", self.session.live);
        self.autosave(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let mut outbox = Outbox::new();
        keys::collect(ui.ctx(), self, &mut outbox);
        chrome::rail(ui, self, &mut outbox);
        chrome::status(ui, self, &mut outbox);
        let frame = egui::Frame::new()
            .fill(theme::palette(ui.visuals()).background)
            .inner_margin(egui::Margin::same(10));
        egui::CentralPanel::default().frame(frame).show(ui, |ui| {
            let world = self.snapshot();
            chrome::offers(ui, &world, &mut outbox);
            (self.workspace.show)(ui, &world, &mut outbox);
        });
        if let Some(text) = super::widgets::number::not_understood(ui.ctx()) {
            self.toasts.failure(text);
        }
        self.toasts.show(ui.ctx());
        keys::overlay(ui.ctx(), self, &mut outbox);
        if !outbox.is_empty() {
            for command in outbox {
                self.apply(ui.ctx(), command);
            }
            // What follows from a command is seen in the next frame; the
            // question about a new stroke goes out now.
            self.ask();
            self.read_in_time();
            self.look_back();
            self.look(ui.ctx());
            ui.ctx().request_repaint();
        }
    }

    fn on_exit(&mut self) {
        // The hub's threads end when it is dropped; the last job they do is
        // writing the session.
        if !self.taken.is_ours() {
            return;
        }
        if let Ok(bytes) = serde_json::to_vec(&self.session) {
            self.job(Job::Save { path: session::path(&self.home), bytes });
        }
    }
}

/// The networks in the box; one that cannot be read is named and left out.
fn in_the_box(set: &WeightSet, toasts: &mut Toasts) -> Models {
    let mut models = Models::new();
    for loaded in set.networks() {
        match loaded {
            Ok((network, metadata)) => {
                models.push(Arc::new(Model::new(network, metadata, Origin::Shipped)));
            }
            Err(error) => toasts.failure(format!("{error} The other networks answer.")),
        }
    }
    models
}
