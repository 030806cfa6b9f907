//! What the workspace holds while it is open, and how its edits change it.
//!
//! What the settings ask for is asked of the `plasticity` thread once a frame, when it
//! has changed and is looked at. The hidden pattern runs on a thread of its own and goes
//! together with its time bar: followed live, playing and holding mean running and
//! holding the run; in the past, the bar moves through what was recorded.

use std::sync::Arc;

use egui::Ui;

use super::measures::MEASURES;
use super::settings::{
    BoundsSettings, PatternSettings, PlasticitySettings, PlasticityTab, RuleSettings, STORY_END_MS,
    SlopeSettings, StorySettings, WindowSettings, fresh_plot,
};
use super::{ABOUT, scenes, view};
use crate::core::playback::{Playback, PlaybackEdit, PlaybackSettings};
use crate::snn::choose::Preference;
use crate::snn::experiments::pattern::DT_MS;
use crate::snn::experiments::story;
use crate::snn::params::Config;
use crate::ui::command::Outbox;
use crate::ui::desk::Desk;
use crate::ui::scene::Scene;
use crate::ui::widgets::live;
use crate::ui::widgets::raster::RasterView;
use crate::ui::workspace::{About, Edit, Measure, Position, View, Workspace};
use crate::workers::Start;
use crate::workers::plasticity::pattern::{PatternCommand, PatternState, PatternThread};
use crate::workers::plasticity::{Experiment, Experiments, Results};

/// What the pattern experiment shows at once, steps: half a second.
pub(super) const HEAD_START: u64 = 1000;

/// What the user does in the Plasticity lab.
#[derive(Clone, Debug)]
pub enum PlasticityEdit {
    /// Show another experiment.
    Tab(PlasticityTab),
    /// The parameters of a rule.
    Rule(Config),
    /// Which STDP windows are shown, and how.
    Windows(Box<WindowSettings>),
    /// The spikes of the story, and what they are told of.
    Story(Box<StorySettings>),
    /// The time bar of the story.
    PlayStory(PlaybackEdit),
    /// Pairing rates: |Δt| in ms and number of pairs.
    PairingRate(f64, u32),
    /// Bounds.
    Bounds(BoundsSettings),
    /// Bengio's rule.
    Slope(SlopeSettings),
    /// The pattern's settings.
    Pattern(PatternSettings),
    /// The pattern's time bar.
    PlayPattern(PlaybackEdit),
    /// How the pattern's raster and traces are looked at.
    Plot(Box<RasterView>),
    /// The experiment shown, once more from its beginning.
    Again,
    /// The experiment shown with other chance.
    NewSeed,
    /// Everything in the experiment shown as at the very beginning.
    Reset,
}

impl Edit for PlasticityEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// The workspace.
pub struct Plasticity {
    pub kept: PlasticitySettings,
    /// Where the story's time bar stands, in its steps.
    pub story: Playback,
    /// Where the pattern's time bar stands, in its steps.
    pub pattern_bar: Playback,
    /// How the pattern's raster and traces are looked at.
    pub plot: RasterView,
    /// What the experiments have found.
    pub results: Arc<Results>,
    /// The hidden pattern.
    pub pattern: Arc<PatternState>,
    /// Whether its run is to go on.
    pub running: bool,
    questions: Experiments,
    pub(super) thread: PatternThread,
    /// The engine that the thread was told of last.
    engine: Preference,
    /// Runs of the pattern experiment that were asked for.
    pub(super) loads: u64,
    /// Step that the run was asked to reach while it is held.
    pub(super) awaited: u64,
    /// The run that was begun last, to notice its arrival.
    generation: u64,
    /// Number of the newest question, and the question.
    pub(super) asked: (u64, Option<Experiment>),
}

/// The story's time bar at its end: everything has happened.
pub(super) fn story_bar(settings: PlaybackSettings) -> Playback {
    let mut bar = Playback::new(0, (STORY_END_MS / story::DT_MS) as u64, settings);
    bar.edit(&PlaybackEdit::End);
    bar
}

impl Plasticity {
    fn new_seed(&mut self, desk: &mut Desk) {
        let kept = &mut self.kept;
        match kept.tab {
            PlasticityTab::Bounds => kept.bounds.seed = kept.bounds.seed.wrapping_add(1),
            PlasticityTab::Slope => kept.slope.seed = kept.slope.seed.wrapping_add(1),
            PlasticityTab::Pattern => {
                kept.pattern.seed = kept.pattern.seed.wrapping_add(1);
                self.load_pattern(desk);
            }
            PlasticityTab::Windows | PlasticityTab::Story | PlasticityTab::PairingRate => {}
        }
    }

    fn reset(&mut self, desk: &mut Desk) {
        let kept = &mut self.kept;
        let fresh = PlasticitySettings::default();
        self.asked.1 = None;
        match kept.tab {
            PlasticityTab::Windows => {
                (kept.windows, kept.rules) = (WindowSettings::default(), RuleSettings::default());
            }
            PlasticityTab::Story => {
                (kept.story, kept.rules) = (StorySettings::default(), RuleSettings::default());
                kept.story_playback = fresh.story_playback;
                self.story = story_bar(kept.story_playback);
            }
            PlasticityTab::PairingRate => {
                (kept.pairing_delta_ms, kept.pairs) = (fresh.pairing_delta_ms, fresh.pairs);
                kept.rules = RuleSettings::default();
            }
            PlasticityTab::Bounds => kept.bounds = BoundsSettings::default(),
            PlasticityTab::Slope => kept.slope = SlopeSettings::default(),
            PlasticityTab::Pattern => {
                kept.pattern = PatternSettings::default();
                kept.pattern_playback = fresh.pattern_playback;
                self.pattern_bar = Playback::live(kept.pattern_playback);
                self.plot = fresh_plot();
                live::tell_speed(&self.pattern_bar, &self.thread);
                self.load_pattern(desk);
            }
        }
    }

    /// Has the pattern experiment begin.
    pub(super) fn load_pattern(&mut self, desk: &mut Desk) {
        self.awaited = HEAD_START;
        self.plot.time.follow = true;
        let task = self.kept.pattern_task();
        let sent = self.thread.send(PatternCommand::Load { task, head_start: HEAD_START });
        self.loads += u64::from(sent.is_ok());
        desk.sent(sent);
    }

    pub(super) fn play_pattern(&mut self, edit: &PlaybackEdit, desk: &mut Desk) {
        let steps = live::play(edit, &mut self.pattern_bar, &self.thread, &mut self.plot.time);
        live::tell_speed(&self.pattern_bar, &self.thread);
        self.kept.pattern_playback = self.pattern_bar.settings();
        if steps > 0 {
            let now = self.thread.state().view.as_ref().map_or(0, |v| v.step);
            self.awaited = now + steps;
            desk.sent(self.thread.send(PatternCommand::Steps(steps)));
        }
        self.plot.time.follow_bar(&self.pattern_bar, edit, DT_MS);
    }

    /// Lets the pattern's time bar follow the run.
    fn follow_run(&mut self) {
        let (state, bar) = (&self.pattern, &mut self.pattern_bar);
        if state.generation != self.generation {
            self.generation = state.generation;
            bar.set_range(0, 0, true);
            bar.edit(&PlaybackEdit::End);
        }
        let step = state.view.as_ref().map_or(0, |v| v.step);
        bar.set_range(0, step.saturating_sub(1), true);
        let settled = !state.goes && !state.running && step >= self.awaited;
        if !self.running && bar.is_following() && (settled || state.failure.is_some()) {
            bar.edit(&PlaybackEdit::Pause);
        }
    }

    /// What the settings ask in a view; nothing of the pattern, which runs by itself.
    pub(super) fn question(&self, tab: PlasticityTab) -> Option<Experiment> {
        let kept = &self.kept;
        Some(match tab {
            PlasticityTab::Windows => Experiment::Windows(kept.window_tasks()),
            PlasticityTab::Story => Experiment::Story(Box::new(kept.story_task())),
            PlasticityTab::PairingRate => {
                Experiment::PairingRate(Box::new(kept.pairing_rate_task()))
            }
            PlasticityTab::Bounds => Experiment::Bounds(Box::new(kept.bounds_task())),
            PlasticityTab::Slope => Experiment::Slope(kept.slope_task()),
            PlasticityTab::Pattern => return None,
        })
    }

    /// Asks what has changed.
    fn ask(&mut self) {
        let Some(experiment) = self.question(self.kept.tab) else { return };
        if self.asked.1.as_ref() != Some(&experiment) {
            self.asked = (self.asked.0 + 1, Some(experiment.clone()));
            self.questions.ask((self.asked.0, experiment));
        }
    }
}

impl Workspace for Plasticity {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] =
        &["windows", "story", "pairing_rate", "bounds", "slope", "pattern"];
    type Settings = PlasticitySettings;
    type Edit = PlasticityEdit;

    fn open(kept: PlasticitySettings, start: &Start) -> std::io::Result<Self> {
        let questions = Experiments::start(start.events.clone())?;
        let thread = PatternThread::start(start.events.clone())?;
        let pattern_bar = Playback::live(kept.pattern_playback);
        live::tell_speed(&pattern_bar, &thread);
        Ok(Self {
            story: story_bar(kept.story_playback),
            pattern_bar,
            plot: fresh_plot(),
            results: questions.answer(),
            pattern: thread.state(),
            running: false,
            questions,
            thread,
            engine: Preference::default(),
            loads: 0,
            awaited: 0,
            generation: 0,
            asked: (0, None),
            kept,
        })
    }

    fn kept(&self) -> &PlasticitySettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: PlasticityEdit, desk: &mut Desk) {
        let kept = &mut self.kept;
        match edit {
            PlasticityEdit::Tab(tab) => kept.tab = tab,
            PlasticityEdit::Rule(config) => kept.rules.set(config),
            PlasticityEdit::Windows(windows) => kept.windows = *windows,
            PlasticityEdit::Story(story) => kept.story = *story,
            PlasticityEdit::PlayStory(edit) => {
                self.story.edit(&edit);
                kept.story_playback = self.story.settings();
            }
            PlasticityEdit::PairingRate(delta_ms, pairs) => {
                (kept.pairing_delta_ms, kept.pairs) = (delta_ms, pairs);
            }
            PlasticityEdit::Bounds(bounds) => kept.bounds = bounds,
            PlasticityEdit::Slope(slope) => kept.slope = slope,
            PlasticityEdit::Pattern(pattern) => {
                kept.pattern = pattern;
                self.load_pattern(desk);
            }
            PlasticityEdit::PlayPattern(edit) => self.play_pattern(&edit, desk),
            PlasticityEdit::Plot(plot) => self.plot = *plot,
            PlasticityEdit::Again if kept.tab == PlasticityTab::Pattern => self.load_pattern(desk),
            PlasticityEdit::Again => self.asked.1 = None,
            PlasticityEdit::NewSeed => self.new_seed(desk),
            PlasticityEdit::Reset => self.reset(desk),
        }
    }

    fn restore(&mut self, kept: PlasticitySettings, desk: &mut Desk) {
        self.story.edit(&PlaybackEdit::Speed(kept.story_playback.steps_per_s));
        self.pattern_bar.edit(&PlaybackEdit::Speed(kept.pattern_playback.steps_per_s));
        live::tell_speed(&self.pattern_bar, &self.thread);
        let story_playback = self.story.settings();
        let pattern_playback = self.pattern_bar.settings();
        let now = PlasticitySettings { story_playback, pattern_playback, ..kept };
        let before = std::mem::replace(&mut self.kept, now);
        if self.kept.pattern != before.pattern {
            self.load_pattern(desk);
        }
    }

    fn undoes(edit: &PlasticityEdit) -> bool {
        use PlasticityEdit as E;
        !matches!(edit, E::Tab(_) | E::PlayStory(_) | E::PlayPattern(_) | E::Plot(_) | E::Again)
    }

    /// Begins what is first looked at, lets the time bar follow the run, and asks what
    /// has changed.
    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        (self.results, self.pattern) = (self.questions.answer(), self.thread.state());
        self.running = self.thread.is_running();
        if self.engine != desk.session.engine {
            self.engine = desk.session.engine;
            desk.sent(self.thread.send(PatternCommand::Engine(self.engine)));
        }
        let pattern = shown && self.kept.tab == PlasticityTab::Pattern;
        self.thread.set_watched(pattern);
        if pattern && self.loads == 0 {
            // Held: who wants to see it run presses play.
            self.load_pattern(desk);
        }
        self.follow_run();
        if shown {
            self.ask();
        }
    }

    fn reopen(&mut self, kept: PlasticitySettings, desk: &mut Desk) {
        self.take_over(kept, desk);
    }

    fn time(&self) -> Option<Position> {
        self.position()
    }

    fn go(&mut self, step: u64, desk: &mut Desk) {
        self.bring_to(step, desk);
    }

    fn settled(&self, _desk: &Desk) -> bool {
        self.is_current()
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.start(desk);
    }

    fn measures() -> &'static [Measure<Self>] {
        MEASURES
    }

    fn leave(&self, _desk: &mut Desk) {
        self.thread.quit();
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}
