//! The state of the Plasticity lab, and how its command changes it.
//!
//! Settings are plain data, kept over a restart. What they ask for is asked of
//! the `plasticity` thread once a frame, when it has changed and is looked at.
//! The hidden pattern runs on a thread of its own and goes together with the time
//! bar as Fig. 1 of the Neuron lab does: followed live, playing and holding mean
//! running and holding the run; in the past, the bar moves through what was
//! recorded.

pub mod settings;

use std::sync::Arc;

use super::app::App;
use super::live;
use super::widgets::raster::RasterView;
use crate::core::playback::{Playback, PlaybackEdit};
use crate::snn::experiments::pattern::DT_MS;
use crate::snn::experiments::story;
use crate::snn::params::Config;
use crate::workers::plasticity::pattern::{PatternCommand, PatternState};
use crate::workers::plasticity::{Experiment, Results};
use settings::{
    BoundsSettings, PatternSettings, PlasticitySettings, PlasticityTab, RuleSettings, STORY_END_MS,
    SlopeSettings, StorySettings, WindowSettings, fresh_plot,
};

/// Speed above which the pattern runs as fast as it can, steps per second.
const UNBOUNDED_STEPS_PER_S: f64 = 1e8;
/// What the pattern experiment shows at once, steps: half a second.
const HEAD_START: u64 = 1000;

/// What the user does in the Plasticity lab.
#[derive(Clone, Debug)]
pub enum PlasticityEdit {
    /// Show another experiment.
    Tab(PlasticityTab),
    /// The parameters of a rule.
    Rule(Config),
    /// What Fig. 2 shows.
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

/// The lab's own state.
pub struct Plasticity {
    /// Where the story's time bar stands, in its steps.
    pub story: Playback,
    /// Where the pattern's time bar stands, in its steps.
    pub pattern: Playback,
    /// How the pattern's raster and traces are looked at.
    pub plot: RasterView,
    /// Whether the pattern experiment has begun.
    loaded: bool,
    /// Step that the run was asked to reach while it is held.
    awaited: u64,
    /// The run that was begun last, to notice its arrival.
    generation: u64,
    /// Number of the newest question, and the question.
    asked: (u64, Option<Experiment>),
}

impl Plasticity {
    /// Fresh, with the time bars' speeds as kept.
    pub fn new(settings: &PlasticitySettings) -> Self {
        let mut story =
            Playback::new(0, (STORY_END_MS / story::DT_MS) as u64, settings.story_playback);
        // The end of the story: everything has happened.
        story.edit(&PlaybackEdit::End);
        Self {
            story,
            pattern: Playback::live(settings.pattern_playback),
            plot: fresh_plot(),
            loaded: false,
            awaited: 0,
            generation: 0,
            asked: (0, None),
        }
    }

    /// Number of the newest question.
    pub fn asked(&self) -> u64 {
        self.asked.0
    }
}

impl App {
    /// Carries an edit of the Plasticity lab out.
    pub(super) fn edit_plasticity(&mut self, edit: PlasticityEdit) {
        let kept = &mut self.session.plasticity;
        match edit {
            PlasticityEdit::Tab(tab) => kept.tab = tab,
            PlasticityEdit::Rule(config) => kept.rules.set(config),
            PlasticityEdit::Windows(windows) => kept.windows = *windows,
            PlasticityEdit::Story(story) => kept.story = *story,
            PlasticityEdit::PlayStory(edit) => {
                self.plasticity.story.edit(&edit);
                kept.story_playback = self.plasticity.story.settings();
            }
            PlasticityEdit::PairingRate(delta_ms, pairs) => {
                (kept.pairing_delta_ms, kept.pairs) = (delta_ms, pairs);
            }
            PlasticityEdit::Bounds(bounds) => kept.bounds = bounds,
            PlasticityEdit::Slope(slope) => kept.slope = slope,
            PlasticityEdit::Pattern(pattern) => {
                kept.pattern = pattern;
                self.load_pattern();
            }
            PlasticityEdit::PlayPattern(edit) => self.play_pattern(edit),
            PlasticityEdit::Plot(plot) => self.plasticity.plot = *plot,
            PlasticityEdit::Again if kept.tab == PlasticityTab::Pattern => self.load_pattern(),
            PlasticityEdit::Again => self.plasticity.asked.1 = None,
            PlasticityEdit::NewSeed => self.new_plasticity_seed(),
            PlasticityEdit::Reset => self.reset_plasticity(),
        }
    }

    fn new_plasticity_seed(&mut self) {
        let kept = &mut self.session.plasticity;
        match kept.tab {
            PlasticityTab::Bounds => kept.bounds.seed = kept.bounds.seed.wrapping_add(1),
            PlasticityTab::Slope => kept.slope.seed = kept.slope.seed.wrapping_add(1),
            PlasticityTab::Pattern => {
                kept.pattern.seed = kept.pattern.seed.wrapping_add(1);
                self.load_pattern();
            }
            PlasticityTab::Windows | PlasticityTab::Story | PlasticityTab::PairingRate => {}
        }
    }

    fn reset_plasticity(&mut self) {
        let kept = &mut self.session.plasticity;
        let fresh = PlasticitySettings::default();
        self.plasticity.asked.1 = None;
        match kept.tab {
            PlasticityTab::Windows => {
                (kept.windows, kept.rules) = (WindowSettings::default(), RuleSettings::default());
            }
            PlasticityTab::Story => {
                (kept.story, kept.rules) = (StorySettings::default(), RuleSettings::default());
                kept.story_playback = fresh.story_playback;
                self.plasticity.story = Plasticity::new(&fresh).story;
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
                self.plasticity.pattern = Playback::live(kept.pattern_playback);
                self.plasticity.plot = fresh_plot();
                self.hub.pattern().set_speed(kept.pattern_playback.steps_per_s);
                self.load_pattern();
            }
        }
    }

    /// Has the pattern experiment begin.
    fn load_pattern(&mut self) {
        let task = self.session.plasticity.pattern_task();
        self.plasticity.loaded = true;
        self.plasticity.awaited = HEAD_START;
        self.plasticity.plot.time.follow = true;
        self.tell_pattern(PatternCommand::Load { task, head_start: HEAD_START });
    }

    fn tell_pattern(&mut self, command: PatternCommand) {
        if let Err(busy) = self.hub.pattern().send(command) {
            self.toasts.failure(busy.to_string());
        }
    }

    fn play_pattern(&mut self, edit: PlaybackEdit) {
        let thread = self.hub.pattern();
        let (playback, view) = (&mut self.plasticity.pattern, &mut self.plasticity.plot.time);
        let steps = live::play(&edit, playback, thread, view);
        let speed = playback.steps_per_s();
        thread.set_speed(if speed >= UNBOUNDED_STEPS_PER_S { f64::INFINITY } else { speed });
        self.session.plasticity.pattern_playback = playback.settings();
        if steps > 0 {
            let now = self.hub.pattern().state().view.as_ref().map_or(0, |v| v.step);
            self.plasticity.awaited = now + steps;
            self.tell_pattern(PatternCommand::Steps(steps));
        }
        self.plasticity.plot.time.follow_bar(&self.plasticity.pattern, &edit, DT_MS);
    }

    /// Once a frame: begins what is first looked at, lets the time bar follow the
    /// run, and asks what has changed.
    pub(super) fn follow_plasticity(&mut self) {
        let shown = self.workspace.id == "plasticity";
        let pattern = shown && self.session.plasticity.tab == PlasticityTab::Pattern;
        self.hub.pattern().set_watched(pattern);
        if pattern && !self.plasticity.loaded {
            self.hub.pattern().set_speed(self.plasticity.pattern.steps_per_s());
            // Held: who wants to see it run presses play.
            self.load_pattern();
        }
        self.follow_pattern();
        if shown {
            self.ask_plasticity();
        }
    }

    fn follow_pattern(&mut self) {
        let state = self.hub.pattern().state();
        let running = self.hub.pattern().is_running();
        let lab = &mut self.plasticity;
        if state.generation != lab.generation {
            lab.generation = state.generation;
            lab.pattern.set_range(0, 0, true);
            lab.pattern.edit(&PlaybackEdit::End);
        }
        let step = state.view.as_ref().map_or(0, |v| v.step);
        lab.pattern.set_range(0, step.saturating_sub(1), true);
        let settled = !state.goes && !state.running && step >= lab.awaited;
        if !running && lab.pattern.is_following() && (settled || state.failure.is_some()) {
            lab.pattern.edit(&PlaybackEdit::Pause);
        }
    }

    fn ask_plasticity(&mut self) {
        let kept = &self.session.plasticity;
        let experiment = match kept.tab {
            PlasticityTab::Windows => Experiment::Windows(kept.window_tasks()),
            PlasticityTab::Story => Experiment::Story(Box::new(kept.story_task())),
            PlasticityTab::PairingRate => {
                Experiment::PairingRate(Box::new(kept.pairing_rate_task()))
            }
            PlasticityTab::Bounds => Experiment::Bounds(Box::new(kept.bounds_task())),
            PlasticityTab::Slope => Experiment::Slope(kept.slope_task()),
            PlasticityTab::Pattern => return,
        };
        let asked = &mut self.plasticity.asked;
        if asked.1.as_ref() != Some(&experiment) {
            *asked = (asked.0 + 1, Some(experiment.clone()));
            self.hub.plasticity().ask(asked.0, experiment);
        }
    }
}

/// What the lab's part of the snapshot is made of.
pub struct PlasticityWorld<'a> {
    /// The lab's own state.
    pub state: &'a Plasticity,
    /// What the experiments have found.
    pub results: Arc<Results>,
    /// The hidden pattern.
    pub pattern: Arc<PatternState>,
    /// Whether its run goes on.
    pub running: bool,
}
