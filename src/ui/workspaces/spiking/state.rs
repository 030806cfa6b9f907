//! What the workspace holds while it is open, and how its edits change it.
//!
//! One run on its thread, seen along two time bars ([`super::bars`]): image by image,
//! and millisecond by millisecond of what is recorded while somebody looks. While a bar
//! follows live, playing means running; anywhere in the past, the bar moves through
//! what was kept, and the run goes on, or not, as before. A third bar plays the
//! current digit's 350 ms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Ui;

use super::settings::{SpikingSettings, SpikingTab};
use super::{ABOUT, scenes, view};
use crate::core::playback::{Playback, PlaybackEdit};
use crate::snn::choose::Wish;
use crate::ui::command::Outbox;
use crate::ui::desk::{Desk, Guest};
use crate::ui::scene::Scene;
use crate::ui::widgets::raster::RasterView;
use crate::ui::widgets::time_axis::TimeView;
use crate::ui::workspace::{About, Edit, Shows, View, Work, Workspace};
use crate::workers::Start;
use crate::workers::digits::damage::Damage;
use crate::workers::digits::fields::Look;
use crate::workers::digits::measure::{MeasureThread, Measured, Task};
use crate::workers::digits::network::{Knobs, Learnt, Setup};
use crate::workers::digits::shown::{Network, Question, Shown, ShownThread};
use crate::workers::digits::view::DigitsView;
use crate::workers::digits::{DigitsCommand, DigitsThread};

/// The network that answers where the user has trained none.
const AT_HAND: &str = "diehl-cook-400";
/// While it learns, the live network answers anew so often.
const RENEWED_EVERY: Duration = Duration::from_secs(1);
/// Training digits for labels and test digits of a test.
const TEST_IMAGES: (usize, usize) = (10_000, 10_000);
/// Test digits at each amount of damage.
const DAMAGE_IMAGES: usize = 1000;
/// Conventional networks that are damaged beside the spiking one.
const BESIDE: [&str; 2] = ["mlp", "cnn3"];

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
    Knobs(Knobs),
    /// Hold after so many images, and test.
    Goal(Option<u64>),
    /// What the next run begins with; begins it.
    Begin(Box<SpikingSettings>),
    /// The run anew from its beginning.
    Restart,
    /// Everything as at the very beginning.
    Reset,
    /// Look at this neuron, or at the last winner.
    Select(Option<usize>),
    /// How the raster is looked at.
    Plot(Box<RasterView>),
    /// How the fields are to be painted.
    Look(Arc<Look>),
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
    pub view: Arc<DigitsView>,
    /// What the current digit raised.
    pub shown: Arc<Shown>,
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
    pub(super) run: DigitsThread,
    presenter: ShownThread,
    measure: MeasureThread,
    /// The engine that the run was last told of.
    engine: Option<Wish>,
    loaded: bool,
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
    asked: (u64, Option<Network>),
    asked_at: Instant,
    serial: u64,
    pub(super) competition: u64,
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

    pub(super) fn tell(&mut self, command: DigitsCommand, desk: &mut Desk) {
        desk.sent(self.run.send(command));
    }

    /// Begins a run, as soon as there are digits.
    fn load(&mut self, desk: &mut Desk) {
        self.loaded = false;
        let Some(split) = desk.best_digits() else { return };
        let setup = Setup {
            config: self.kept.config(),
            images: split.train,
            begin: None,
            shipped: self.kept.begin.clone(),
            knobs: self.kept.knobs,
            wish: desk.session.engine,
        };
        self.loaded = true;
        self.images.edit(&PlaybackEdit::End);
        (self.awaited, self.past, self.selected) = (0, None, None);
        self.tell(DigitsCommand::Load(Box::new(setup)), desk);
        self.tell(DigitsCommand::Goal(self.kept.goal), desk);
        self.pace();
    }

    /// Shows the current digit to the newest network that can answer.
    fn show_digit(&mut self, desk: &Desk) {
        if desk.digit.is_blank() {
            return;
        }
        let live = self.view.fields.as_ref().map(|f| &f.learnt).filter(|l| l.can_answer());
        let network = match live {
            Some(learnt) => Network::Live(Arc::clone(learnt)),
            None => Network::Shipped(AT_HAND),
        };
        let version = desk.digit.version();
        let same = self.asked.1.as_ref().is_some_and(|known| known.same(&network));
        let soon = self.view.goes && self.asked_at.elapsed() < RENEWED_EVERY;
        if self.asked.1.is_some() && self.asked.0 == version && (same || soon) {
            return;
        }
        self.serial += 1;
        (self.asked, self.asked_at) = ((version, Some(network.clone())), Instant::now());
        let pixels = Box::new(*desk.digit.pixels());
        self.presenter.ask(Question { serial: self.serial, pixels, network });
    }

    /// The network that the workspace is about: the one that has learnt here, if it
    /// can answer.
    fn network_at_hand(&self, desk: &mut Desk) -> Option<Arc<Learnt>> {
        let live = self.view.fields.as_ref().map(|f| Arc::clone(&f.learnt));
        if let Some(live) = live.filter(|l| l.can_answer()) {
            return Some(live);
        }
        match Learnt::shipped(AT_HAND) {
            Ok(learnt) => Some(Arc::new(learnt)),
            Err(error) => {
                desk.toasts.failure(error.to_string());
                None
            }
        }
    }

    fn test(&mut self, desk: &mut Desk) {
        let (Some(network), Some(split)) = (self.network_at_hand(desk), desk.best_digits()) else {
            return;
        };
        let task =
            Task::Test { network, train: split.train, test: split.test, images: TEST_IMAGES };
        desk.sent(self.measure.ask(task));
    }

    fn measure_damage(&mut self, desk: &mut Desk) {
        let (Some(network), Some(split)) = (self.network_at_hand(desk), desk.best_digits()) else {
            return;
        };
        let beside = BESIDE.iter().filter_map(|id| desk.models.iter().find(|m| m.key == *id));
        let task = Task::Damage {
            damage: self.kept.damage,
            network,
            models: beside.cloned().collect(),
            test: split.test,
            images: DAMAGE_IMAGES,
            seed: self.kept.seed,
        };
        desk.sent(self.measure.ask(task));
    }
}

impl Workspace for Spiking {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] = &["learning", "spikes", "digit", "damage"];
    type Settings = SpikingSettings;
    type Edit = SpikingEdit;

    fn open(kept: SpikingSettings, start: &Start) -> std::io::Result<Self> {
        let run = DigitsThread::start(start.events.clone())?;
        let presenter = ShownThread::start(start.events.clone())?;
        let measure = MeasureThread::start(start.events.clone())?;
        Ok(Self {
            view: run.view(),
            shown: presenter.shown(),
            measured: measure.measured(),
            run,
            presenter,
            measure,
            images: Playback::live(kept.images),
            spikes: Playback::live(kept.spikes),
            digit: Playback::new(0, 699, kept.digit),
            plot: fresh_plot(),
            selected: None,
            engine: None,
            loaded: false,
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
                self.tell(DigitsCommand::Spike, desk);
            }
            SpikingEdit::Knobs(knobs) => {
                self.kept.knobs = knobs;
                self.tell(DigitsCommand::Set(knobs), desk);
            }
            SpikingEdit::Goal(goal) => {
                self.kept.goal = goal;
                self.tell(DigitsCommand::Goal(goal), desk);
            }
            SpikingEdit::Begin(settings) => {
                self.kept = *settings;
                self.load(desk);
            }
            SpikingEdit::Restart => self.load(desk),
            SpikingEdit::Reset => {
                let tab = self.kept.tab;
                self.kept = SpikingSettings { tab, ..SpikingSettings::default() };
                self.run.set_running(false);
                self.fresh_bars();
                self.load(desk);
            }
            SpikingEdit::Select(neuron) => {
                self.selected = neuron;
                if let Some(neuron) = neuron {
                    self.traced = vec![neuron as u32];
                    self.tell(DigitsCommand::Trace(self.traced.clone()), desk);
                }
            }
            SpikingEdit::Plot(plot) => self.plot = *plot,
            SpikingEdit::Look(look) => self.run.set_look(look),
            SpikingEdit::Test => self.test(desk),
            SpikingEdit::Damage(damage) => self.kept.damage = damage,
            SpikingEdit::Measure => self.measure_damage(desk),
            SpikingEdit::StopMeasuring => self.measure.stop(),
        }
    }

    fn restore(&mut self, kept: SpikingSettings, desk: &mut Desk) {
        let before = std::mem::replace(&mut self.kept, kept);
        if before.config() != self.kept.config() || before.begin != self.kept.begin {
            self.load(desk);
            return;
        }
        self.tell(DigitsCommand::Set(self.kept.knobs), desk);
        self.tell(DigitsCommand::Goal(self.kept.goal), desk);
        self.pace();
    }

    fn undoes(edit: &SpikingEdit) -> bool {
        use SpikingEdit as E;
        matches!(edit, E::Knobs(_) | E::Goal(_) | E::Begin(_) | E::Reset | E::Damage(_))
    }

    fn shows(&self) -> Shows {
        Shows { digit: self.kept.tab == SpikingTab::Digit, answers: false }
    }

    /// Begins what is first looked at, lets the bars follow, and shows the current
    /// digit to the network at hand.
    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        self.view = self.run.view();
        self.shown = self.presenter.shown();
        self.measured = self.measure.measured();
        if self.engine != Some(desk.session.engine) {
            self.engine = Some(desk.session.engine);
            self.tell(DigitsCommand::Engine(desk.session.engine), desk);
        }
        let tab = self.kept.tab;
        self.run.set_watched(shown && tab != SpikingTab::Damage);
        self.run.set_recording(shown && tab == SpikingTab::Spikes);
        if shown && !self.loaded {
            self.load(desk);
        }
        self.follow_bars(desk);
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
        let images = crate::core::text::grouped(self.view.images);
        Some(Work {
            text: format!("Spiking network: {images} images"),
            switch: Some(("Pause spiking network", SpikingEdit::Play(PlaybackEdit::Pause).into())),
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

    fn leave(&self) {
        self.run.quit();
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}
