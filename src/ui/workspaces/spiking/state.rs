//! What the workspace holds while it is open, and how its edits change it.
//!
//! One run on its thread, seen along two time bars ([`super::bars`]): image by image,
//! and millisecond by millisecond of what is recorded while somebody looks. While a bar
//! follows live, playing means running; anywhere in the past, the bar moves through
//! what was kept, and the run goes on, or not, as before. A third bar plays the
//! current digit's 350 ms.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Ui;

use super::measures::MEASURES;
use super::settings::{SpikingSettings, SpikingTab};
use super::{ABOUT, scenes, view};
use crate::core::playback::{Playback, PlaybackEdit};
use crate::core::text::grouped;
use crate::snn::choose::Preference;
use crate::ui::command::Outbox;
use crate::ui::desk::{Desk, Guest};
use crate::ui::scene::Scene;
use crate::ui::widgets::raster::RasterView;
use crate::ui::widgets::time_axis::TimeView;
use crate::ui::workspace::{About, Edit, Measure, Position, Shows, View, Work, Workspace};
use crate::workers::Start;
use crate::workers::library::Job;
use crate::workers::spiking::damage::Damage;
use crate::workers::spiking::fields::FieldColours;
use crate::workers::spiking::keep::Kept;
use crate::workers::spiking::measure::{MeasureThread, Measured, Tested};
use crate::workers::spiking::network::{LiveSettings, Setup};
use crate::workers::spiking::shown::{DigitPresentation, Network, ShownThread};
use crate::workers::spiking::view::SpikingView;
use crate::workers::spiking::{SpikingCommand, SpikingThread};

/// The network that goes on after a restart, in the user's data folder.
const FILE: &str = "spiking-network.npz";
/// It is written so often while it learns, and so soon after it was held.
const WRITTEN_EVERY: Duration = Duration::from_secs(30);
const WRITTEN_AFTER: Duration = Duration::from_millis(700);
/// What has learnt so many images is not given up without a question.
pub(super) const WORTH_ASKING: u64 = 300;

/// What the user does in the workspace.
#[derive(Clone, Debug)]
pub enum SpikingEdit {
    /// Show another view.
    Tab(SpikingTab),
    /// The time bar of the view shown.
    Play(PlaybackEdit),
    /// To the next spike.
    NextSpike,
    /// Turn the knobs of the run.
    LiveSettings(LiveSettings),
    /// Hold after so many images, and test.
    Goal(Option<u64>),
    /// Hold the run, wherever the bars are.
    Hold,
    /// What the next run begins with; begins it.
    Begin(Box<SpikingSettings>),
    /// The run anew from its beginning.
    Restart,
    /// Everything as at the very beginning.
    Reset,
    /// Whether to give up what the network has learnt, as was asked.
    GiveUp(bool),
    /// Look at this neuron, or at the last winner.
    Select(Option<usize>),
    /// How the raster is looked at.
    Plot(Box<RasterView>),
    /// How the fields are to be painted.
    FieldColours(Arc<FieldColours>),
    /// Measure the network's accuracy.
    Test,
    /// Choose a damage.
    Damage(Damage),
    /// Measure it.
    Measure,
    /// Measure no longer.
    StopMeasuring,
}

impl Edit for SpikingEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// The workspace.
pub struct Spiking {
    pub kept: SpikingSettings,
    /// The run.
    pub view: Arc<SpikingView>,
    /// What the current digit raised.
    pub shown: Arc<DigitPresentation>,
    /// What was measured.
    pub measured: Arc<Measured>,
    /// In images.
    pub images: Playback,
    /// In steps of what is recorded.
    pub spikes: Playback,
    /// In steps of the digit's presentation.
    pub digit: Playback,
    pub plot: RasterView,
    /// The neuron that was chosen.
    pub selected: Option<usize>,
    /// The run that would begin if what the network has learnt were given up.
    pub asking: Option<Box<SpikingSettings>>,
    /// Where the network is kept, if this window keeps things; whether a file of an
    /// earlier time is still to be read; and which image of which run is in it.
    file: Option<PathBuf>,
    pub(super) resumes: bool,
    written: (u64, u64),
    written_at: Instant,
    pub(super) run: SpikingThread,
    pub(super) presenter: ShownThread,
    pub(super) measure: MeasureThread,
    /// The engine that the run was last told of.
    engine: Option<Preference>,
    pub(super) loaded: bool,
    /// Runs that were asked for.
    pub(super) loads: u64,
    /// What a scene asks for while the network of an earlier time is still to be read.
    pub(super) reopens: Option<Box<SpikingSettings>>,
    /// The step at which the run was last asked to go on towards that of a scene.
    pub(super) brought: Option<(u64, u64)>,
    pub(super) generation: u64,
    /// Step or image that the run was asked to reach while it is held.
    pub(super) awaited: u64,
    /// The moment that the thread was asked for.
    pub(super) past: Option<u64>,
    /// Run and image at which a goal was last reached, and the test was begun.
    reached: (u64, Option<u64>),
    /// Neurons that the thread traces.
    traced: Vec<u32>,
    /// The stretch that is shown, to notice another one.
    pub(super) stretch: (u64, u64),
    /// The digit's version and the network of the newest question.
    pub(super) asked: (u64, Option<Network>),
    pub(super) asked_at: Instant,
    pub(super) serial: u64,
    pub(super) competition: u64,
    /// Run and image of the network that was tested last, and what was known before.
    pub(super) tested: Option<(u64, u64, Option<Arc<Tested>>)>,
}

pub(super) fn fresh_plot() -> RasterView {
    RasterView { time: TimeView::following(500.0), ..RasterView::default() }
}

impl Spiking {
    /// Number of the newest question about the digit.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Whether the run is to go on.
    pub fn running(&self) -> bool {
        self.run.is_running()
    }

    pub(super) fn tell(&mut self, command: SpikingCommand, desk: &mut Desk) {
        desk.sent(self.run.send(command));
    }

    /// Begins a run, as soon as there are digits.
    pub(super) fn load(&mut self, desk: &mut Desk) {
        self.loaded = false;
        let Some(split) = desk.best_digits() else { return };
        let setup = Setup {
            config: self.kept.config(),
            images: split.train,
            begin: None,
            bundled: self.kept.begin.clone(),
            live_settings: self.kept.live_settings,
            preference: desk.session.engine,
        };
        self.loaded = true;
        self.asking = None;
        self.images.edit(&PlaybackEdit::End);
        (self.awaited, self.past, self.selected) = (0, None, None);
        let command = match &self.file {
            Some(file) if std::mem::take(&mut self.resumes) => {
                SpikingCommand::Resume(file.clone(), Box::new(setup))
            }
            file => {
                if let Some(file) = file.clone() {
                    desk.job(Job::Remove(file));
                }
                SpikingCommand::Load(Box::new(setup))
            }
        };
        let sent = self.run.send(command);
        self.loads += u64::from(sent.is_ok());
        desk.sent(sent);
        self.tell(SpikingCommand::Goal(self.kept.goal), desk);
        self.pace();
    }

    /// Begins anew with these settings; asks first where much would be lost.
    pub(super) fn begin_with(&mut self, settings: SpikingSettings, desk: &mut Desk) {
        if self.view.images >= WORTH_ASKING {
            self.asking = Some(Box::new(settings));
            return;
        }
        self.kept = settings;
        self.load(desk);
    }

    /// The network as it is to be kept, unless it is already.
    fn unwritten(&self) -> Option<(PathBuf, Kept)> {
        let (view, file) = (&self.view, self.file.clone()?);
        let fields = view.fields.as_ref()?;
        if self.written == (view.generation, fields.images) || fields.images == 0 {
            return None;
        }
        let kept = Kept {
            begin: view.begin.clone(),
            digits: view.digits.as_deref()?.clone(),
            presentations: view.presentations,
            learnt: Arc::clone(&fields.learnt),
            tally: Arc::clone(fields.tally.as_ref()?),
        };
        Some((file, kept))
    }

    /// Has the network written now and then while it learns, and when it is held.
    fn keep_network(&mut self, desk: &mut Desk) {
        let every = if self.view.goes { WRITTEN_EVERY } else { WRITTEN_AFTER };
        // The view may still be of the run before.
        if self.view.generation != self.generation {
            return;
        }
        let Some((path, network)) = self.unwritten() else { return };
        let waited = self.written_at.elapsed();
        if waited < every {
            return desk.ctx.request_repaint_after(every - waited);
        }
        self.written = (self.generation, network.tally.images);
        self.written_at = Instant::now();
        desk.job(Job::Keep { path, network: Box::new(network) });
    }

    /// A network that goes on brings the settings that it began with.
    fn adopt(&mut self) {
        let view = Arc::clone(&self.view);
        let (Some(images), Some(fields)) = (view.continued, &view.fields) else { return };
        self.written = (view.generation, images);
        self.kept.begin.clone_from(&view.begin);
        if view.begin.is_none() {
            let config = &fields.learnt.config;
            let known = (config.neurons, config.seed, config.as_published);
            (self.kept.neurons, self.kept.seed, self.kept.as_published) = known;
        }
    }
}

impl Workspace for Spiking {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] = &["learning", "spikes", "digit", "damage"];
    type Settings = SpikingSettings;
    type Edit = SpikingEdit;

    fn open(kept: SpikingSettings, start: &Start) -> std::io::Result<Self> {
        let run = SpikingThread::start(start.events.clone())?;
        let file = start.keeps.then(|| start.runs_root.with_file_name(FILE));
        let presenter = ShownThread::start(start.events.clone())?;
        let measure = MeasureThread::start(start.events.clone())?;
        Ok(Self {
            view: run.view(),
            shown: presenter.answer(),
            measured: measure.measured(),
            run,
            presenter,
            measure,
            images: Playback::live(kept.images),
            spikes: Playback::live(kept.spikes),
            digit: Playback::new(0, 699, kept.digit),
            plot: fresh_plot(),
            selected: None,
            asking: None,
            resumes: file.as_ref().is_some_and(|f| f.exists()),
            file,
            written: (0, 0),
            written_at: Instant::now(),
            engine: None,
            loaded: false,
            loads: 0,
            reopens: None,
            brought: None,
            generation: 0,
            awaited: 0,
            past: None,
            reached: (0, None),
            traced: vec![0],
            stretch: (0, 0),
            asked: (0, None),
            asked_at: Instant::now(),
            serial: 0,
            competition: 0,
            tested: None,
            kept,
        })
    }

    fn kept(&self) -> &SpikingSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: SpikingEdit, desk: &mut Desk) {
        match edit {
            SpikingEdit::Tab(tab) => {
                self.kept.tab = tab;
                self.pace();
            }
            SpikingEdit::Play(edit) => self.play(&edit, desk),
            SpikingEdit::NextSpike => {
                self.run.set_running(false);
                self.spikes.edit(&PlaybackEdit::End);
                self.awaited = self.run.view().step + 1;
                self.tell(SpikingCommand::Spike, desk);
            }
            SpikingEdit::LiveSettings(live_settings) => {
                self.kept.live_settings = live_settings;
                self.tell(SpikingCommand::Set(live_settings), desk);
            }
            SpikingEdit::Goal(goal) => {
                self.kept.goal = goal;
                self.tell(SpikingCommand::Goal(goal), desk);
            }
            SpikingEdit::Hold => self.run.set_running(false),
            SpikingEdit::Begin(settings) => self.begin_with(*settings, desk),
            SpikingEdit::Restart => self.begin_with(self.kept.clone(), desk),
            SpikingEdit::Reset => {
                let tab = self.kept.tab;
                self.begin_with(SpikingSettings { tab, ..SpikingSettings::default() }, desk);
                if self.asking.is_none() {
                    self.run.set_running(false);
                    self.fresh_bars();
                }
            }
            SpikingEdit::GiveUp(yes) => {
                if let Some(settings) = self.asking.take().filter(|_| yes) {
                    self.run.set_running(false);
                    self.kept = *settings;
                    self.fresh_bars();
                    self.load(desk);
                }
            }
            SpikingEdit::Select(neuron) => {
                self.selected = neuron;
                if let Some(neuron) = neuron {
                    self.traced = vec![neuron as u32];
                    self.tell(SpikingCommand::Trace(self.traced.clone()), desk);
                }
            }
            SpikingEdit::Plot(plot) => self.plot = *plot,
            SpikingEdit::FieldColours(look) => self.run.set_look(look),
            SpikingEdit::Test => self.test(desk),
            SpikingEdit::Damage(damage) => self.kept.damage = damage,
            SpikingEdit::Measure => self.measure_damage(desk),
            SpikingEdit::StopMeasuring => self.measure.stop(),
        }
    }

    fn restore(&mut self, kept: SpikingSettings, desk: &mut Desk) {
        if self.kept.config() != kept.config() || self.kept.begin != kept.begin {
            return self.begin_with(kept, desk);
        }
        self.kept = kept;
        self.tell(SpikingCommand::Set(self.kept.live_settings), desk);
        self.tell(SpikingCommand::Goal(self.kept.goal), desk);
        self.pace();
    }

    fn undoes(edit: &SpikingEdit) -> bool {
        use SpikingEdit as E;
        matches!(
            edit,
            E::LiveSettings(_) | E::Goal(_) | E::Begin(_) | E::Reset | E::GiveUp(_) | E::Damage(_)
        )
    }

    fn shows(&self) -> Shows {
        Shows { digit: self.kept.tab == SpikingTab::Digit, answers: false }
    }

    /// Begins what is first looked at, lets the bars follow, and shows the current
    /// digit to the network at hand.
    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        self.view = self.run.view();
        self.shown = self.presenter.answer();
        self.measured = self.measure.measured();
        if self.engine != Some(desk.session.engine) {
            self.engine = Some(desk.session.engine);
            self.tell(SpikingCommand::Engine(desk.session.engine), desk);
        }
        let tab = self.kept.tab;
        self.run.set_watched(shown && tab != SpikingTab::Damage);
        self.run.set_recording(shown && tab == SpikingTab::Spikes);
        // What was kept answers without being looked at.
        if (shown || self.resumes && desk.shows.answers) && !self.loaded {
            self.load(desk);
        }
        if self.view.generation != self.generation {
            self.adopt();
            self.reopen_late(desk);
        }
        self.follow_bars(desk);
        self.keep_network(desk);
        let reached = (self.view.generation, self.view.reached);
        if std::mem::replace(&mut self.reached, reached) != reached && reached.1.is_some() {
            self.test(desk);
        }
        if shown || desk.shows.answers {
            self.show_digit(desk);
        }
        self.follow_competition();
    }

    fn work(&self, _desk: &Desk) -> Option<Work> {
        let running = self.run.is_running();
        if !running {
            return None;
        }
        let images = grouped(self.view.images);
        Some(Work {
            text: format!("Spiking network: {images} images"),
            switch: Some(("Pause spiking network", SpikingEdit::Hold.into())),
        })
    }

    fn answer(&self) -> Option<Guest> {
        let competition = self.shown.competition.as_ref()?;
        Some(Guest {
            name: competition.name.clone(),
            group: "Spiking",
            accuracy: competition.accuracy,
            note: "as it learns in the Spiking network workspace",
            doc: "A network that learns by spikes alone, without labels (STDP; Diehl and Cook 2015). The bars are its vote: mean spikes of the neurons that stand for each digit, as shares.",
            answer: competition.answer.clone(),
        })
    }

    fn reopen(&mut self, kept: SpikingSettings, desk: &mut Desk) {
        self.take_over(kept, desk);
    }

    fn time(&self) -> Option<Position> {
        self.position()
    }

    fn go(&mut self, step: u64, desk: &mut Desk) {
        self.bring_to(step, desk);
    }

    fn settled(&self, desk: &Desk) -> bool {
        self.is_current(desk)
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.start(desk);
    }

    fn measures() -> &'static [Measure<Self>] {
        MEASURES
    }

    fn leave(&self, desk: &mut Desk) {
        if let Some((path, network)) = self.unwritten() {
            desk.job(Job::Keep { path, network: Box::new(network) });
        }
        self.run.quit();
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}
