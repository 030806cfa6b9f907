//! What every workspace may use: the current digit, the models and their answers, the
//! data sets, the training in hand, the settings that belong to no single workspace.
//!
//! A workspace that draws sees the desk and changes nothing. A workspace that acts
//! ([`super::workspace::Workspace::apply`], `follow`) has the desk to itself.
//!
//! * [`own`]: data sets of the user's own

mod own;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::add_data::AddForm;
use super::command::{Command, DataEdit, Outbox};
use super::digit::{Digit, Source};
use super::session::Session;
use super::toasts::Toasts;
use super::welcome::{self, Welcome};
use super::widgets::figure::Format;
use crate::ann::bundled::{self, WeightSet};
use crate::ann::zoo::Family;
use crate::core::clock::{stamp, unix_seconds};
use crate::data::registry::{self, SYNTHETIC, Split};
use crate::lessons::Lesson;
use crate::workers::answers::{Answer, Answers, ModelsQuestion};
use crate::workers::download::DownloadView;
use crate::workers::library::{DataJob, Job, Library, Loading};
use crate::workers::models::{self, Model, Models, Origin};
use crate::workers::own::Proposal;
use crate::workers::runs::RunRecord;
use crate::workers::search::{self, Filter, Found};
use crate::workers::training::{Phase, TrainingView};
use crate::workers::{Busy, Hub};

/// A kind of digits, and the source's id.
type Sought = (Filter, &'static str);

/// Which digits *next* and *random* pick from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picking {
    /// Id of the source.
    pub source: &'static str,
    /// The kind that is wanted, or any.
    pub filter: Option<Filter>,
    /// The only class that is wanted, 0 to 9, or any.
    pub class: Option<u8>,
}

/// What a workspace has on its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shows {
    /// The current digit: its keys work.
    pub digit: bool,
    /// What every network answers.
    pub answers: bool,
}

/// The answer of a network that is one workspace's own.
#[derive(Clone, Debug)]
pub struct Guest {
    /// For people.
    pub name: String,
    /// Heading of its group.
    pub group: &'static str,
    /// Accuracy on the test set, 0 to 1.
    pub accuracy: Option<f64>,
    /// What it is.
    pub doc: &'static str,
    /// Where it comes from, when its accuracy is not known.
    pub note: &'static str,
    /// What it answers.
    pub answer: Answer,
}

/// What all workspaces share.
pub struct Desk {
    /// Id of a lesson that was gone through to its end, until the list of lessons has noted it.
    pub lesson_ended: Option<String>,
    /// For repaints.
    pub ctx: egui::Context,
    /// The workers that several workspaces use.
    pub hub: Hub,
    /// The user's data folder.
    pub home: PathBuf,
    /// What is kept over a restart.
    pub session: Session,
    /// The current digit.
    pub digit: Digit,
    /// Who answers: bundled networks, runs that are used, the network in training.
    pub models: Arc<Models>,
    /// The same without the one in training.
    settled: Models,
    /// The set of weights that the bundled ones among them are of.
    pub set: &'static WeightSet,
    /// What they answer to the current digit; empty without one.
    pub answers: Arc<Answers>,
    /// Whether the answers are to the current digit.
    pub answers_current: bool,
    /// Answers of workspaces' own networks.
    pub guests: Vec<Guest>,
    /// The training.
    pub training: Arc<TrainingView>,
    /// The data sets.
    pub library: Arc<Library>,
    /// The download of MNIST.
    pub download: Arc<DownloadView>,
    /// All training runs, newest first.
    pub runs: Arc<Vec<RunRecord>>,
    /// What is to be kept of a data set that was read.
    pub form: AddForm,
    /// The set that the form is about.
    formed: Option<Arc<Proposal>>,
    /// Sets of the user's own that were asked for.
    own_asked: BTreeSet<String>,
    /// What *next* and *random* pick from.
    pub picking: Picking,
    /// Digits of the kind that is wanted, as far as they are known.
    pub found: Arc<Found>,
    /// What is being looked for, or was found; the number of the search.
    sought: (Option<Sought>, u64),
    /// What earlier searches found.
    searched: BTreeMap<Sought, Arc<Found>>,
    /// Whether synthetic digits stand in for MNIST, which is missing.
    stands_in: bool,
    /// What the workspace in view has on its page.
    pub shows: Shows,
    /// Whether the list of keys is open.
    pub help: bool,
    /// Whether the first screen is in front.
    pub welcome: Welcome,
    /// Messages.
    pub toasts: Toasts,
    /// The figure to be saved with the next frame.
    pub figure: Option<(&'static str, Format)>,
    /// The lesson whose sheet is to be saved with the next frame.
    pub sheet: Option<Arc<Lesson>>,
    /// What workspaces ask for while they act; carried out at the end of the frame.
    pub out: Outbox,
    /// Number of the newest question, and what it was about.
    asked: (u64, u64, Option<Arc<Models>>),
    loaded: Vec<Arc<Model>>,
    synthetic_asked: bool,
    /// Where MNIST was looked for last.
    mnist_at: PathBuf,
}

/// Digits of a data set that somebody needs now.
pub enum Wanted {
    /// Here they are.
    Ready(Split),
    /// They are being read.
    Coming,
    /// There are none: why, as a clause.
    Missing(String),
}

impl Desk {
    /// A desk with a digit and the bundled networks.
    pub fn new(
        ctx: egui::Context,
        hub: Hub,
        home: PathBuf,
        session: Session,
        mnist: Option<PathBuf>,
    ) -> Self {
        let mut toasts = Toasts::default();
        let set = bundled::find(&session.weight_set).unwrap_or(&bundled::REPORT);
        let settled = bundled(set, &mut toasts);
        let mut desk = Self {
            lesson_ended: None,
            ctx,
            home,
            digit: Digit::restore(session.strokes.clone(), session.treatment.clone()),
            models: Arc::new(settled.clone()),
            settled,
            set,
            answers: Arc::default(),
            answers_current: false,
            guests: Vec::new(),
            training: hub.trainer.view(),
            library: hub.librarian.library(),
            download: hub.downloader.view(),
            runs: Arc::default(),
            form: AddForm::default(),
            formed: None,
            own_asked: BTreeSet::new(),
            picking: Picking { source: "mnist", filter: None, class: None },
            found: Arc::default(),
            sought: (None, 0),
            searched: BTreeMap::new(),
            stands_in: false,
            shows: Shows::default(),
            help: false,
            welcome: Welcome::Away,
            toasts,
            figure: None,
            sheet: None,
            out: Outbox::default(),
            asked: (0, 0, None),
            loaded: Vec::new(),
            synthetic_asked: false,
            mnist_at: PathBuf::new(),
            session,
            hub,
        };
        desk.load_mnist(mnist.or_else(|| desk.session.mnist_folder.clone()));
        desk.job(Job::ListRuns);
        desk.job(Job::Data(DataJob::List));
        for run in desk.session.used_runs.clone() {
            desk.job(Job::LoadRun(run));
        }
        desk
    }

    /// Gives the library a job.
    pub fn job(&mut self, job: Job) {
        let sent = self.hub.librarian.send(job);
        self.sent(sent);
    }

    /// Says so if a worker was too busy to take a command.
    pub fn sent(&mut self, sent: Result<(), Busy>) {
        if let Err(busy) = sent {
            self.toasts.failure(busy.to_string());
        }
    }

    /// `exports/NAME-20260131-235959.png` in the user's data folder.
    pub fn export_path(&self, name: &str, extension: &str) -> PathBuf {
        let file = format!("{name}-{}.{extension}", stamp(unix_seconds()));
        self.home.join("exports").join(file)
    }

    /// Writes a file among the exports.
    pub fn export(&mut self, name: &str, extension: &str, bytes: Vec<u8>) {
        let path = self.export_path(name, extension);
        self.job(Job::Export { path, bytes });
    }

    /// Shows another workspace, once this frame's commands are carried out.
    pub fn show(&mut self, id: &'static str) {
        self.out.push(Command::Show(id));
    }

    /// Loads MNIST from the folder named, or the app's own.
    pub fn load_mnist(&mut self, named: Option<PathBuf>) {
        let own = self.home.join("mnist");
        self.mnist_at = named.clone().unwrap_or_else(|| own.clone());
        self.job(Job::LoadMnist { named, own });
    }

    /// Whether digits are still being read, or made to stand in for them.
    pub fn awaits_digits(&self) -> bool {
        let Library { mnist, synthetic, .. } = &*self.library;
        mnist.is_coming() || mnist.split().is_none() && synthetic.is_coming()
    }

    /// The folder from which MNIST was read, if it is here.
    pub fn mnist_folder(&self) -> Option<PathBuf> {
        self.library.mnist.split().map(|_| self.mnist_at.clone())
    }

    /// Has the synthetic digits made, unless they are or will be.
    pub fn load_synthetic(&mut self) {
        if !std::mem::replace(&mut self.synthetic_asked, true) {
            self.job(Job::LoadSynthetic);
        }
    }

    /// The digits of a data set.
    pub fn digits(&mut self, source: &str) -> Wanted {
        match source {
            SYNTHETIC => self.load_synthetic(),
            own if registry::find(own).is_none() => self.load_own(own),
            _ => {}
        }
        match self.hub.librarian.library().source(source) {
            Loading::Ready(split) => Wanted::Ready(split.clone()),
            Loading::Unknown | Loading::Busy => Wanted::Coming,
            Loading::Missing => Wanted::Missing("MNIST is not on this machine yet".into()),
            Loading::Failed(message) => Wanted::Missing(message.trim_end_matches('.').to_owned()),
        }
    }

    /// [`Desk::digits`] for what works with ten classes only; `what` ends the sentence that
    /// refuses others.
    pub fn ten_digits(&mut self, source: &str, what: &'static str) -> Wanted {
        match self.digits(source) {
            Wanted::Ready(split) => match split.of_ten(what) {
                Ok(split) => Wanted::Ready(split),
                Err(error) => Wanted::Missing(error.to_string()),
            },
            other => other,
        }
    }

    /// The best digits there are: MNIST where it is, else generated ones; `None` while
    /// they are being read.
    pub fn best_digits(&mut self) -> Option<Split> {
        let mut wanted = self.digits("mnist");
        if matches!(wanted, Wanted::Missing(_)) {
            wanted = self.digits(SYNTHETIC);
        }
        match wanted {
            Wanted::Ready(split) => Some(split),
            Wanted::Coming | Wanted::Missing(_) => None,
        }
    }

    /// Proposes the synthetic digits as the source once MNIST turns out to be missing, and
    /// MNIST again when it has come; `stands_in` keeps which of the two was the case.
    pub fn stand_in_for(&self, stands_in: &mut bool, source: &mut String) {
        let (missing, from, to) = match self.library.mnist {
            Loading::Missing | Loading::Failed(_) => (true, "mnist", SYNTHETIC),
            Loading::Ready(_) => (false, SYNTHETIC, "mnist"),
            Loading::Unknown | Loading::Busy => return,
        };
        let turned = std::mem::replace(stands_in, missing) != missing;
        if turned && source == from {
            *source = to.into();
        }
    }

    /// Carries out what concerns where digits come from.
    pub(super) fn data(&mut self, edit: DataEdit) {
        match edit {
            DataEdit::Download => {
                self.session.mnist_folder = None;
                self.mnist_at = self.home.join("mnist");
                self.hub.start_download(self.mnist_at.clone());
            }
            DataEdit::Offer(on) => self.session.without_mnist = !on,
            DataEdit::StopDownload => self.hub.downloader.stop(),
            DataEdit::ChooseFolder => self.hub.choose_folder(),
            DataEdit::Folder(folder) => {
                self.session.mnist_folder = Some(folder.clone());
                self.load_mnist(Some(folder));
            }
            DataEdit::LoadSynthetic => self.load_synthetic(),
            DataEdit::Source(source) => {
                self.picking.source = source;
                self.picking.class = None;
                let _ = self.digits(source);
            }
            DataEdit::Filter(filter) => self.picking.filter = filter,
            DataEdit::Class(class) => self.picking.class = class,
            edit => self.own_data(edit),
        }
    }

    /// Shows a digit of a data set's test part.
    pub(super) fn pick(&mut self, source: &'static str, index: usize) {
        let library = self.hub.librarian.library();
        if let Some(split) = library.source(source).split()
            && index < split.test.len()
        {
            self.digit.set_source(Source::Picked {
                source,
                index,
                label: split.test.label(index),
                classes: split.test.classes().clone(),
                pixels: Box::new(split.test.pixels(index)),
            });
        }
    }

    /// Picks from the synthetic digits once MNIST turns out to be missing, and from
    /// MNIST again when it has come.
    fn stand_in(&mut self) {
        let missing = match self.library.mnist {
            Loading::Missing | Loading::Failed(_) => true,
            Loading::Ready(_) => false,
            Loading::Unknown | Loading::Busy => return,
        };
        if std::mem::replace(&mut self.stands_in, missing) != missing {
            let source = if missing { SYNTHETIC } else { "mnist" };
            self.data(DataEdit::Source(source));
        }
    }

    /// Looks for the digits of the kind wanted, unless they are known; a search for
    /// others ends.
    fn search(&mut self) {
        let newest = self.hub.searcher.answer();
        if let Some(sought) = self.sought.0.clone()
            && newest.serial == self.sought.1
        {
            if newest.done {
                self.searched.insert(sought, Arc::clone(&newest));
            }
            self.found = newest;
        }
        let wanted = self.picking.filter.clone().map(|f| (f, self.picking.source));
        if wanted == self.sought.0 {
            return;
        }
        self.found = Arc::default();
        let serial = self.sought.1 + 1;
        let question = match &wanted {
            None => None,
            Some(sought) if self.searched.contains_key(sought) => {
                self.found = Arc::clone(&self.searched[sought]);
                None
            }
            Some((filter, source)) => {
                let Some(split) = self.library.source(source).split().cloned() else { return };
                // Who tells other classes apart is neither right nor wrong about these.
                let same = |m: &Arc<Model>| m.metadata.classes == *split.test.classes();
                let asked = |m: &&Arc<Model>| match filter {
                    _ if !same(m) => false,
                    Filter::WrongBy(key) => m.key == *key,
                    // Those that vote in the ensembles, which are the quick ones.
                    Filter::Disagree | Filter::OnlyTogether => {
                        m.origin == Origin::Bundled
                            && m.network.architecture().family() != Family::Spiking
                    }
                };
                let models = self.settled.iter().filter(asked).cloned().collect();
                let (filter, set) = (filter.clone(), self.set);
                Some(search::SearchQuestion { serial, filter, split, models, set })
            }
        };
        self.hub.searcher.ask(question);
        self.sought = (wanted, serial);
    }

    /// Forgets what was found: other networks answer now.
    fn search_anew(&mut self) {
        self.searched.clear();
        self.sought.0 = None;
        let gone = |f: &Filter| matches!(f, Filter::WrongBy(key) if self.settled.iter().all(|m| m.key != *key));
        if self.picking.filter.as_ref().is_some_and(gone) {
            self.picking.filter = None;
        }
    }

    /// Reads what the shared workers have to say.
    pub fn refresh(&mut self) {
        self.training = self.hub.trainer.view();
        self.library = self.hub.librarian.library();
        self.download = self.hub.downloader.view();
        self.install_set();
        self.install_loaded();
        self.stand_in();
        self.propose();
        self.search();
    }

    /// Takes over runs' networks that the library has read.
    fn install_loaded(&mut self) {
        let known = |model: &Arc<Model>| self.loaded.iter().any(|l| Arc::ptr_eq(l, model));
        let new: Vec<_> = self.library.loaded.iter().filter(|m| !known(m)).cloned().collect();
        if new.is_empty() {
            return;
        }
        self.loaded.clone_from(&self.library.loaded);
        for model in new {
            self.settled = models::with_shared(&self.settled, model);
        }
        self.remember_used_runs();
    }

    /// Takes over another set of the bundled networks that the library has read.
    fn install_set(&mut self) {
        let Some((set, bundled)) = &self.library.bundled else { return };
        if std::ptr::eq(*set, self.set) || set.id != self.session.weight_set {
            return;
        }
        let own = self.settled.iter().filter(|m| m.origin != Origin::Bundled);
        self.settled = bundled.iter().chain(own).cloned().collect();
        self.set = set;
        self.search_anew();
        self.asked.2 = None;
    }

    /// Lets a model answer no longer.
    pub fn remove_model(&mut self, key: &str) {
        self.settled = models::without(&self.settled, key);
        self.remember_used_runs();
    }

    /// Keeps in the session which runs answer.
    fn remember_used_runs(&mut self) {
        let run = |m: &Arc<Model>| match &m.origin {
            Origin::Run(id) => Some(id.clone()),
            _ => None,
        };
        self.session.used_runs = self.settled.iter().filter_map(run).collect();
        self.search_anew();
    }

    /// Puts the network in training among the models, and asks all of them
    /// about the digit if it or they have changed.
    pub(super) fn ask(&mut self) {
        let training = self.hub.trainer.view();
        let live =
            training.model.as_ref().filter(|_| self.session.live && training.phase.in_hand());
        let all = || self.settled.iter().chain(live);
        let same = self.models.len() == all().count()
            && self.models.iter().zip(all()).all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            self.models = Arc::new(all().cloned().collect());
        }
        let version = self.digit.version();
        let known = self.asked.2.as_ref().is_some_and(|m| Arc::ptr_eq(m, &self.models));
        let blank = self.digit.is_blank();
        if !known || self.asked.1 != version {
            self.asked = (self.asked.0 + 1, version, Some(Arc::clone(&self.models)));
            if !blank {
                self.hub.answerer.ask(ModelsQuestion {
                    serial: self.asked.0,
                    pixels: Box::new(*self.digit.pixels()),
                    models: Arc::clone(&self.models),
                    set: self.set,
                    asked: Instant::now(),
                });
            }
        }
        self.answers = if blank { Arc::default() } else { self.hub.answerer.answer() };
        self.answers_current = !blank && self.answers.serial == self.asked.0;
    }

    /// Brings the first screen in front, or takes it away.
    pub fn welcome(&mut self, welcome: Welcome) {
        if self.welcome != welcome {
            welcome::leave(&self.ctx);
        }
        self.welcome = welcome;
    }

    /// Whether training is going on right now.
    pub fn is_training(&self) -> bool {
        self.training.phase == Phase::Training
    }
}

/// The bundled networks; one that cannot be read is named and left out.
fn bundled(set: &WeightSet, toasts: &mut Toasts) -> Models {
    let mut models = Models::new();
    for loaded in bundled::beside(set) {
        match loaded {
            Ok((network, metadata)) => {
                models.push(Arc::new(Model::new(network, metadata, Origin::Bundled)));
            }
            Err(error) => toasts.failure(format!("{error} The other networks answer.")),
        }
    }
    models
}
