//! The state of the Spiking network workspace, and how its command changes it.
//!
//! One run on the `digits` thread, seen along two time bars: image by image, and
//! millisecond by millisecond of what is recorded while somebody looks. While a bar
//! follows live, playing means running; anywhere in the past, the bar moves through
//! what was kept, and the run goes on, or not, as before. A third bar plays the
//! current digit's 350 ms.

mod bars;
pub mod settings;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::app::App;
use super::command::DataEdit;
use super::widgets::raster::RasterView;
use super::widgets::time_axis::TimeView;
use crate::core::playback::{Playback, PlaybackEdit};
use crate::data::Pixels;
use crate::data::registry::Split;
use crate::workers::digits::DigitsCommand;
use crate::workers::digits::damage::Damage;
use crate::workers::digits::fields::Look;
use crate::workers::digits::measure::{Measured, Task};
use crate::workers::digits::network::{Knobs, Learnt, Setup};
use crate::workers::digits::shown::{Network, Question, Shown};
use crate::workers::digits::view::DigitsView;
use crate::workers::library::Loading;
use settings::{DigitsSettings, DigitsTab};

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
pub enum DigitsEdit {
    /// Show another view.
    Tab(DigitsTab),
    /// The time bar of the view shown.
    Play(PlaybackEdit),
    /// To the next spike.
    NextSpike,
    /// Turn the knobs of the run.
    Knobs(Knobs),
    /// Hold after so many images, and test.
    Goal(Option<u64>),
    /// What the next run begins with; begins it.
    Begin(Box<DigitsSettings>),
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

/// The workspace's own state.
pub struct Digits {
    /// In images.
    pub images: Playback,
    /// In steps of what is recorded.
    pub spikes: Playback,
    /// In steps of the digit's presentation.
    pub digit: Playback,
    pub plot: RasterView,
    /// The neuron that was chosen.
    pub selected: Option<usize>,
    loaded: bool,
    generation: u64,
    /// Step or image that the run was asked to reach while it is held.
    awaited: u64,
    /// The moment that the thread was asked for.
    past: Option<u64>,
    /// Run and image at which a goal was last reached, and the test was begun.
    reached: (u64, Option<u64>),
    /// Neurons that the thread traces.
    traced: Vec<u32>,
    /// The stretch that is shown, to notice another one.
    stretch: (u64, u64),
    /// The digit's version and the network of the newest question.
    asked: (u64, Option<Network>),
    asked_at: Instant,
    serial: u64,
    competition: u64,
}

impl Digits {
    /// Fresh, with the speeds as kept.
    pub fn new(settings: &DigitsSettings) -> Self {
        Self {
            images: Playback::live(settings.images),
            spikes: Playback::live(settings.spikes),
            digit: Playback::new(0, 699, settings.digit),
            plot: fresh_plot(),
            selected: None,
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
        }
    }

    /// Number of the newest question about the digit.
    pub fn serial(&self) -> u64 {
        self.serial
    }
}

fn fresh_plot() -> RasterView {
    RasterView { time: TimeView::following(500.0), ..RasterView::default() }
}

impl App {
    /// Carries an edit of the workspace out.
    pub(super) fn edit_digits(&mut self, edit: DigitsEdit) {
        match edit {
            DigitsEdit::Tab(tab) => {
                self.session.digits.tab = tab;
                self.pace_digits();
            }
            DigitsEdit::Play(edit) => self.play_digits(edit),
            DigitsEdit::NextSpike => {
                self.hub.digits.set_running(false);
                self.digits.spikes.edit(&PlaybackEdit::End);
                self.digits.awaited = self.hub.digits.view().step + 1;
                self.tell_digits(DigitsCommand::Spike);
            }
            DigitsEdit::Knobs(knobs) => {
                self.session.digits.knobs = knobs;
                self.tell_digits(DigitsCommand::Set(knobs));
            }
            DigitsEdit::Goal(goal) => {
                self.session.digits.goal = goal;
                self.tell_digits(DigitsCommand::Goal(goal));
            }
            DigitsEdit::Begin(settings) => {
                self.session.digits = *settings;
                self.load_digits();
            }
            DigitsEdit::Restart => self.load_digits(),
            DigitsEdit::Reset => {
                let tab = self.session.digits.tab;
                self.session.digits = DigitsSettings { tab, ..DigitsSettings::default() };
                self.hub.digits.set_running(false);
                self.digits = Digits::new(&self.session.digits);
                self.load_digits();
            }
            DigitsEdit::Select(neuron) => {
                self.digits.selected = neuron;
                if let Some(neuron) = neuron {
                    self.digits.traced = vec![neuron as u32];
                    self.tell_digits(DigitsCommand::Trace(self.digits.traced.clone()));
                }
            }
            DigitsEdit::Plot(plot) => self.digits.plot = *plot,
            DigitsEdit::Look(look) => self.hub.digits.set_look(look),
            DigitsEdit::Test => self.test_digits(),
            DigitsEdit::Damage(damage) => self.session.digits.damage = damage,
            DigitsEdit::Measure => self.measure_damage(),
            DigitsEdit::StopMeasuring => self.hub.measure.stop(),
        }
    }

    fn tell_digits(&mut self, command: DigitsCommand) {
        if let Err(busy) = self.hub.digits.send(command) {
            self.toasts.failure(busy.to_string());
        }
    }

    /// The digits to learn from: MNIST where it is, else generated ones; `None`
    /// while they are being read.
    fn digits_to_learn(&mut self) -> Option<Split> {
        let library = self.hub.library();
        match &library.mnist {
            Loading::Ready(split) => return Some(split.clone()),
            Loading::Unknown | Loading::Busy => return None,
            Loading::Missing | Loading::Failed(_) => {}
        }
        if let Some(split) = library.synthetic.split() {
            return Some(split.clone());
        }
        self.data(DataEdit::LoadSynthetic);
        None
    }

    /// Begins a run, as soon as there are digits.
    fn load_digits(&mut self) {
        self.digits.loaded = false;
        let Some(split) = self.digits_to_learn() else { return };
        let kept = &self.session.digits;
        let setup = Setup {
            config: kept.config(),
            images: split.train,
            begin: None,
            shipped: kept.begin.clone(),
            knobs: kept.knobs,
            wish: self.session.engine,
        };
        self.digits.loaded = true;
        self.digits.images.edit(&PlaybackEdit::End);
        (self.digits.awaited, self.digits.past, self.digits.selected) = (0, None, None);
        self.tell_digits(DigitsCommand::Load(Box::new(setup)));
        self.tell_digits(DigitsCommand::Goal(self.session.digits.goal));
        self.pace_digits();
    }

    /// Once a frame: begins what is first looked at, lets the bars follow, and shows
    /// the current digit to the network at hand.
    pub(super) fn follow_digits(&mut self) {
        let shown = self.workspace.id == "spiking";
        let tab = self.session.digits.tab;
        self.hub.digits.set_watched(shown && tab != DigitsTab::Damage);
        self.hub.digits.set_recording(shown && tab == DigitsTab::Spikes);
        if shown && !self.digits.loaded {
            self.load_digits();
        }
        let view = self.hub.digits.view();
        self.follow_bars(&view);
        let reached = (view.generation, view.reached);
        if std::mem::replace(&mut self.digits.reached, reached) != reached && reached.1.is_some() {
            self.test_digits();
        }
        if shown || self.workspace.id == "draw" {
            self.show_digit(&view);
        }
        self.follow_competition();
    }

    /// Shows the current digit to the newest network that can answer.
    fn show_digit(&mut self, view: &DigitsView) {
        if self.digit.is_blank() {
            return;
        }
        let live = view.fields.as_ref().map(|f| &f.learnt).filter(|l| l.can_answer());
        let network = match live {
            Some(learnt) => Network::Live(Arc::clone(learnt)),
            None => Network::Shipped(AT_HAND),
        };
        let state = &mut self.digits;
        let version = self.digit.version();
        let same = state.asked.1.as_ref().is_some_and(|known| known.same(&network));
        let soon = view.goes && state.asked_at.elapsed() < RENEWED_EVERY;
        if state.asked.1.is_some() && state.asked.0 == version && (same || soon) {
            return;
        }
        state.serial += 1;
        (state.asked, state.asked_at) = ((version, Some(network.clone())), Instant::now());
        let pixels: Box<Pixels> = Box::new(*self.digit.pixels());
        self.hub.shown_digit.ask(Question { serial: self.digits.serial, pixels, network });
    }

    /// The network that the workspace is about: the one that has learnt here, if it
    /// can answer.
    fn network_at_hand(&mut self) -> Option<Arc<Learnt>> {
        let live = self.hub.digits.view().fields.as_ref().map(|f| Arc::clone(&f.learnt));
        if let Some(live) = live.filter(|l| l.can_answer()) {
            return Some(live);
        }
        match Learnt::shipped(AT_HAND) {
            Ok(learnt) => Some(Arc::new(learnt)),
            Err(error) => {
                self.toasts.failure(error.to_string());
                None
            }
        }
    }

    fn test_digits(&mut self) {
        let (Some(network), Some(split)) = (self.network_at_hand(), self.digits_to_learn()) else {
            return;
        };
        let task =
            Task::Test { network, train: split.train, test: split.test, images: TEST_IMAGES };
        if let Err(busy) = self.hub.measure.ask(task) {
            self.toasts.failure(busy.to_string());
        }
    }

    fn measure_damage(&mut self) {
        let (Some(network), Some(split)) = (self.network_at_hand(), self.digits_to_learn()) else {
            return;
        };
        let beside = BESIDE.iter().filter_map(|id| self.models.iter().find(|m| m.key == *id));
        let task = Task::Damage {
            damage: self.session.digits.damage,
            network,
            models: beside.cloned().collect(),
            test: split.test,
            images: DAMAGE_IMAGES,
            seed: self.session.digits.seed,
        };
        if let Err(busy) = self.hub.measure.ask(task) {
            self.toasts.failure(busy.to_string());
        }
    }
}

/// What the workspace's part of the snapshot is made of.
pub struct DigitsWorld<'a> {
    /// The workspace's own state.
    pub state: &'a Digits,
    /// The run.
    pub view: Arc<DigitsView>,
    /// Whether it is to run.
    pub running: bool,
    /// What the current digit raised.
    pub shown: Arc<Shown>,
    /// What was measured.
    pub measured: Arc<Measured>,
}
