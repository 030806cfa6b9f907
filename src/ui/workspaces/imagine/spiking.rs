//! The part of the workspace with spikes: what it holds, and how its edits change it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ann::ops::spiking::energy::Phases;
use crate::ann::spiking::phases::operation;
use crate::core::bounds::{ANY, Bounded, Bounds, Span};
use crate::core::playback::{Playback, PlaybackEdit, PlaybackSettings};
use crate::data::CLASSES;
use crate::snn::experiments::regression::{Curve, FAILURES, Failure, Fit, RegressionTask};
use crate::ui::desk::Desk;
use crate::ui::widgets::live;
use crate::ui::widgets::time_axis::TimeView;
use crate::workers::events::Events;
use crate::workers::imagine::Imagination;
use crate::workers::imagine::phases::{PhaseQuestion, ShownPhases};
use crate::workers::imagine::regression::{
    RegressionCommand, RegressionThread, RegressionView, USUAL_SPEED,
};
use crate::workers::models::{Model, is_model_key};

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpikingSettings {
    /// Key of the network whose phases are shown.
    pub network: String,
    /// The class that is taught; the digit's own, or the one answered, if none.
    pub target: Option<u8>,
    /// Strength of the target.
    pub beta: f32,
    /// What noise follows from.
    pub seed: u64,
    /// The synapse looked at: hidden neuron and class; the one that changes most, if none.
    pub pair: Option<(usize, usize)>,
    /// The curve that is learned, by its place in [`Curve::ALL`].
    pub curve: usize,
    /// Hidden neurons.
    pub hidden: usize,
    /// How it is to fail, by its place in [`FAILURES`].
    pub failure: Option<usize>,
    /// The hidden neuron whose pairs of spikes with the output are counted.
    pub neuron: usize,
    /// The regression's speed.
    pub playback: PlaybackSettings,
}

impl SpikingSettings {
    /// Strengths of the target.
    pub const BETA: Span = (0.1, 10.0);
    /// Hidden neurons of the regression.
    pub const HIDDEN: Span = (10.0, 200.0);

    /// The phases as the rule usually has them, with the strength chosen.
    pub fn phases(&self) -> Phases {
        Phases { free: 60, nudged: 60, window: 30, beta: self.beta, centred: true, target: 0.6 }
    }

    /// What the regression learns, and how it is to fail.
    pub fn task(&self) -> RegressionTask {
        let curve = Curve::ALL.get(self.curve).map_or(Curve::Sine, |(curve, _)| *curve);
        let task = RegressionTask {
            seed: self.seed,
            curve,
            hidden: self.hidden,
            ..RegressionTask::default()
        };
        match self.fails() {
            Some(failure) => (failure.spoil)(task),
            None => task,
        }
    }

    /// How it is to fail.
    pub fn fails(&self) -> Option<&'static Failure> {
        self.failure.and_then(|i| FAILURES.get(i))
    }
}

impl Bounded for SpikingSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { network, target, beta, seed, pair, curve, hidden, failure, neuron, playback } =
            self;
        to.id("network", network, is_model_key, &Self::default().network);
        to.optional("target", target, (0.0, CLASSES as f64 - 1.0));
        to.number("beta", beta, Self::BETA);
        to.number("seed", seed, ANY);
        if let Some((neuron, class)) = pair {
            to.inside("pair", |to| {
                to.number(0, neuron, (0.0, 4096.0));
                to.number(1, class, (0.0, CLASSES as f64 - 1.0));
            });
        }
        to.number("curve", curve, (0.0, Curve::ALL.len() as f64 - 1.0));
        to.number("hidden", hidden, Self::HIDDEN);
        to.optional("failure", failure, (0.0, FAILURES.len() as f64 - 1.0));
        to.number("neuron", neuron, (0.0, Self::HIDDEN.1));
        to.part("playback", playback);
    }
}

impl Default for SpikingSettings {
    fn default() -> Self {
        Self {
            network: "lif-chl".into(),
            target: None,
            beta: 2.0,
            seed: 1,
            pair: None,
            curve: 0,
            hidden: 80,
            failure: None,
            neuron: 0,
            playback: PlaybackSettings { steps_per_s: USUAL_SPEED, ..PlaybackSettings::default() },
        }
    }
}

/// What the user does with spikes.
#[derive(Clone, Debug)]
pub enum SpikingEdit {
    /// Show the phases of the network of this key.
    Network(String),
    /// Teach this class.
    Target(Option<u8>),
    /// Pull so strongly.
    Beta(f32),
    /// Look at this synapse, or at the one that changes most.
    Pair(Option<(usize, usize)>),
    /// Learn this curve with so many hidden neurons.
    Curve(usize),
    Hidden(usize),
    /// Fail in this way, or in none.
    Fail(Option<usize>),
    /// Count the pairs of spikes of this hidden neuron with the output.
    Neuron(usize),
    /// Begin the regression anew.
    Again,
}

/// An earlier run, to compare with.
#[derive(Clone)]
pub struct Earlier {
    /// How it was to fail; `None`: it was not.
    pub failed: Option<&'static str>,
    pub fits: Arc<Vec<Fit>>,
}

/// The part with spikes.
pub struct Spikes {
    /// What happens in the phases.
    pub shown: Arc<ShownPhases>,
    /// The regression.
    pub regression: Arc<RegressionView>,
    /// Its time bar, presentations.
    pub bar: Playback,
    /// The run before it, if that learned the same curve.
    pub earlier: Option<Earlier>,
    view: TimeView,
    thread: RegressionThread,
    asked: Option<(u64, Arc<Model>, u64, SpikingSettings)>,
    loaded: Option<RegressionTask>,
    chosen: Option<usize>,
    generation: u64,
    awaited: u64,
    /// Runs that were asked for.
    loads: u64,
}

/// Presentations that the run is asked for at once: it listens again a moment later.
const AT_ONCE: u64 = 200;

impl Spikes {
    /// Starts the regression's thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn open(kept: &SpikingSettings, events: &Events) -> std::io::Result<Self> {
        let thread = RegressionThread::start(events.clone())?;
        let bar = Playback::live(kept.playback);
        live::tell_speed(&bar, &thread);
        Ok(Self {
            shown: Arc::default(),
            regression: thread.view(),
            bar,
            earlier: None,
            view: TimeView::default(),
            thread,
            asked: None,
            loaded: None,
            chosen: None,
            generation: 0,
            awaited: 0,
            loads: 0,
        })
    }

    /// The networks with phases.
    pub fn networks(desk: &Desk) -> impl Iterator<Item = &Arc<Model>> + Clone {
        desk.models.iter().filter(|m| operation(&m.network).is_some())
    }

    /// The one shown: that chosen, or the first.
    pub fn network<'a>(kept: &SpikingSettings, desk: &'a Desk) -> Option<&'a Arc<Model>> {
        let mut all = Self::networks(desk);
        let chosen = all.clone().find(|m| m.key == kept.network);
        chosen.or_else(|| all.next())
    }

    /// What the phases depend on.
    fn of_phases(kept: &SpikingSettings, desk: &Desk) -> SpikingSettings {
        SpikingSettings {
            target: kept
                .target
                .or(desk.digit.label().filter(|label| usize::from(*label) < CLASSES)),
            beta: kept.beta,
            seed: kept.seed,
            pair: kept.pair,
            ..SpikingSettings::default()
        }
    }

    /// Number of the newest question about phases, if it is what is asked now.
    fn phases_asked(&self, kept: &SpikingSettings, desk: &Desk) -> Option<u64> {
        let (number, model, version, about) = self.asked.as_ref()?;
        let same = Self::network(kept, desk).is_some_and(|m| Arc::ptr_eq(m, model))
            && *version == desk.digit.version()
            && *about == Self::of_phases(kept, desk);
        same.then_some(*number)
    }

    /// Whether the phases shown are those that settings and digit ask for.
    pub fn phases_current(&self, kept: &SpikingSettings, desk: &Desk) -> bool {
        self.phases_asked(kept, desk) == Some(self.shown.number)
    }

    /// The regression, once the newest run of these settings has begun.
    pub fn run(&self, kept: &SpikingSettings) -> Option<&RegressionView> {
        let view = &*self.regression;
        let newest = self.loads > 0 && view.generation == self.loads;
        (newest && view.task == Some(kept.task()) && !view.fits.is_empty()).then_some(view)
    }

    /// Whether the regression is what the settings ask for, with all presentations that were
    /// asked for, or cannot be.
    pub fn run_current(&self, kept: &SpikingSettings) -> bool {
        let awaited = self.awaited.min(kept.task().presentations as u64);
        let arrived = |done: u64| self.thread.is_running() || done >= awaited;
        self.run(kept).is_some_and(|run| arrived(run.done)) || self.regression.failure.is_some()
    }

    /// What is known of the curve at the moment the bar is at.
    pub fn fit(&self) -> Option<&Fit> {
        let at = self.bar.at();
        let fits = &self.regression.fits;
        fits.iter().rev().find(|f| f.presentations as u64 <= at).or(fits.first())
    }

    /// Carries an edit out.
    pub fn apply(&mut self, kept: &mut SpikingSettings, edit: SpikingEdit, desk: &mut Desk) {
        use SpikingEdit as E;
        match edit {
            E::Network(key) => (kept.network, kept.pair) = (key, None),
            E::Target(target) => kept.target = target,
            E::Beta(beta) => kept.beta = beta,
            E::Pair(pair) => kept.pair = pair,
            E::Curve(curve) => kept.curve = curve,
            E::Hidden(hidden) => {
                kept.hidden = hidden;
                kept.neuron = kept.neuron.min(hidden.saturating_sub(1));
            }
            E::Fail(failure) => kept.failure = failure,
            E::Neuron(hidden) => kept.neuron = hidden,
            E::Again => self.load(kept, desk),
        }
    }

    /// Takes over other settings, as undo does.
    pub fn restore(&mut self, kept: &SpikingSettings) {
        self.bar.edit(&PlaybackEdit::Speed(kept.playback.steps_per_s));
        self.bar.edit(&PlaybackEdit::Loop(kept.playback.looping));
        live::tell_speed(&self.bar, &self.thread);
    }

    /// Takes over the settings of a scene: the regression begins anew, for it may be far
    /// ahead, and bars stand where they do in the beginning.
    pub fn take_over(&mut self, kept: &SpikingSettings, desk: &mut Desk) {
        self.thread.set_running(false);
        self.bar = Playback::live(kept.playback);
        self.asked = None;
        live::tell_speed(&self.bar, &self.thread);
        if self.loads > 0 {
            self.load(kept, desk);
        }
    }

    /// Has the regression make the presentations that are missing, and no more: what is
    /// shown beside the curve is of its end.
    pub fn run_to(&mut self, kept: &mut SpikingSettings, step: u64, desk: &mut Desk) {
        let Some(view) = self.run(kept) else { return };
        let (done, most) = (view.done, view.task.map_or(0, |t| t.presentations as u64));
        let (moves, failed) = (view.goes || view.running, view.failure.is_some());
        if self.thread.is_running() || moves {
            return self.thread.set_running(false);
        }
        let wanted = step.min(most);
        if done == wanted || failed {
            self.play(kept, &PlaybackEdit::Go(wanted), desk);
        } else if done > wanted {
            self.load(kept, desk);
        } else if done >= self.awaited {
            let steps = (wanted - done).min(AT_ONCE);
            let sent = self.thread.send(RegressionCommand::Steps(steps));
            if sent.is_ok() {
                self.awaited = done + steps;
                self.bar.edit(&PlaybackEdit::End);
            }
            desk.sent(sent);
        }
    }

    /// Has the regression learn on, from where it is.
    pub fn start(&mut self) {
        self.bar.edit(&PlaybackEdit::End);
        self.thread.set_running(true);
    }

    /// Plays, steps, or scrubs the regression.
    pub fn play(&mut self, kept: &mut SpikingSettings, edit: &PlaybackEdit, desk: &mut Desk) {
        let steps = live::play(edit, &mut self.bar, &self.thread, &mut self.view);
        live::tell_speed(&self.bar, &self.thread);
        kept.playback = self.bar.settings();
        if steps > 0 {
            self.awaited = self.regression.done + steps;
            desk.sent(self.thread.send(RegressionCommand::Steps(steps)));
        }
    }

    fn load(&mut self, kept: &SpikingSettings, desk: &mut Desk) {
        let task = kept.task();
        let before = self.regression.task.filter(|t| t.curve == task.curve);
        self.earlier = before.filter(|_| self.regression.fits.len() > 2).map(|before| Earlier {
            failed: failure_of(&before).map(|f| f.name),
            fits: Arc::clone(&self.regression.fits),
        });
        self.awaited = 0;
        let sent = self.thread.send(RegressionCommand::Load(Box::new(task)));
        self.loads += u64::from(sent.is_ok());
        self.loaded = sent.is_ok().then_some(task);
        desk.sent(sent);
    }

    /// Follows the regression while it is looked at.
    pub fn follow_regression(&mut self, kept: &SpikingSettings, desk: &mut Desk, shown: bool) {
        self.thread.set_watched(shown);
        self.regression = self.thread.view();
        if !shown {
            return;
        }
        // A slider that is dragged is one change.
        if self.loaded != Some(kept.task()) && !desk.ctx.input(|i| i.pointer.any_down()) {
            self.load(kept, desk);
        }
        if self.chosen != Some(kept.neuron) && self.loaded.is_some() {
            let sent = self.thread.send(RegressionCommand::Choose(kept.neuron));
            self.chosen = sent.is_ok().then_some(kept.neuron);
            desk.sent(sent);
        }
        let (state, bar) = (&self.regression, &mut self.bar);
        if state.generation != self.generation {
            self.generation = state.generation;
            bar.set_range(0, 0, true);
            bar.edit(&PlaybackEdit::End);
        }
        bar.set_range(0, state.done, true);
        let over = state.task.is_some_and(|t| state.done >= t.presentations as u64);
        if over && self.thread.is_running() {
            self.thread.set_running(false);
        }
        let settled = !state.goes && !state.running && state.done >= self.awaited;
        if !self.thread.is_running() && bar.is_following() && (settled || state.failure.is_some()) {
            bar.edit(&PlaybackEdit::Pause);
        }
    }

    /// Follows the phases while they are looked at.
    pub fn follow_phases(
        &mut self,
        kept: &SpikingSettings,
        desk: &Desk,
        (worker, number): (&Imagination, &mut u64),
        steps: &mut Playback,
    ) {
        self.shown = worker.phases();
        let Some(model) = Self::network(kept, desk).cloned() else { return };
        if desk.digit.is_blank() {
            return;
        }
        if self.phases_asked(kept, desk).is_some() {
            return;
        }
        let (version, about) = (desk.digit.version(), Self::of_phases(kept, desk));
        let first = self.asked.is_none();
        *number += 1;
        let phases = kept.phases();
        worker.ask_phases(PhaseQuestion {
            number: *number,
            model: Arc::clone(&model),
            picture: *desk.digit.pixels(),
            target: about.target,
            phases,
            seed: about.seed,
            pair: about.pair,
        });
        steps.set_range(0, (phases.free + phases.nudged) as u64, false);
        if first {
            steps.edit(&PlaybackEdit::End);
        }
        self.asked = Some((*number, model, version, about));
    }
}

/// The way in which a task fails, if it does.
pub fn failure_of(task: &RegressionTask) -> Option<&'static Failure> {
    FAILURES.iter().find(|f| (f.spoil)(*task) == *task)
}
