//! The Plasticity lab's settings: what each experiment is set to, and the task
//! that follows from it. Defaults are what *Reset* goes back to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::core::bounds::{ANY, Bounded, Bounds, SHARE, Span};
use crate::core::playback::PlaybackSettings;
use crate::snn::experiments::bounds::BoundsTask;
use crate::snn::experiments::pairing::Learner;
use crate::snn::experiments::pairing_rate::{DELTA_RANGE_MS, PairingRateTask};
use crate::snn::experiments::pattern::PatternTask;
use crate::snn::experiments::slope_window::SlopeTask;
use crate::snn::experiments::story::StoryTask;
use crate::snn::experiments::window::WindowTask;
use crate::snn::params::Config;
use crate::snn::plasticity::{self, BoundKind, PlasticityRule, RULES};
use crate::ui::widgets::raster::RasterView;
use crate::ui::widgets::time_axis::TimeView;
use crate::ui::workspace::Settings;

/// The moments that spikes can be dragged to, ms.
pub const STORY_MS: (f64, f64) = (5.0, 115.0);
/// Until when a pair's story is told, ms.
pub const STORY_END_MS: f64 = 120.0;
/// Spikes of one kind in a story.
pub const MOST_SPIKES: usize = 4;

/// The experiments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlasticityTab {
    /// STDP windows of the rules.
    #[default]
    Windows,
    /// One synapse, step by step.
    Story,
    /// How often a pair is repeated.
    PairingRate,
    /// Bounds and normalisation.
    Bounds,
    /// Bengio's rule.
    Slope,
    /// The hidden pattern.
    Pattern,
}

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlasticitySettings {
    /// The experiment shown.
    pub tab: PlasticityTab,
    /// Parameters of the rules, for windows, story and pairing rates.
    pub rules: RuleSettings,
    /// STDP windows.
    pub windows: WindowSettings,
    /// The story of a pair.
    pub story: StorySettings,
    /// Pairing rates: |Δt|, ms.
    pub pairing_delta_ms: f64,
    /// Pairing rates: number of pairs.
    pub pairs: u32,
    /// Bounds: seed, A₊ and |A₋|/A₊.
    pub bounds: BoundsSettings,
    /// Bengio's rule.
    pub slope: SlopeSettings,
    /// The hidden pattern.
    pub pattern: PatternSettings,
    /// Speed and loop of the story's time bar.
    pub story_playback: PlaybackSettings,
    /// Speed and loop of the pattern's time bar.
    pub pattern_playback: PlaybackSettings,
}

impl PlasticitySettings {
    /// Pairs, how often repeated.
    pub const PAIRS: Span = (1.0, 100.0);
}

impl Bounded for PlasticitySettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self {
            tab: _,
            rules,
            windows,
            story,
            pairing_delta_ms,
            pairs,
            bounds,
            slope,
            pattern,
            story_playback,
            pattern_playback,
        } = self;
        to.part("rules", rules);
        to.part("windows", windows);
        to.part("story", story);
        to.number("pairing_delta_ms", pairing_delta_ms, DELTA_RANGE_MS);
        to.number("pairs", pairs, Self::PAIRS);
        to.part("bounds", bounds);
        to.part("slope", slope);
        to.part("pattern", pattern);
        to.part("story_playback", story_playback);
        to.part("pattern_playback", pattern_playback);
    }
}

impl Settings for PlasticitySettings {
    #[cfg(test)]
    fn full() -> Self {
        let mut full = Self::default();
        RULES.iter().for_each(|r| full.rules.set(Config::usual(r.id, r.params)));
        full
    }
}

impl Default for PlasticitySettings {
    fn default() -> Self {
        Self {
            tab: PlasticityTab::default(),
            rules: RuleSettings::default(),
            windows: WindowSettings::default(),
            story: StorySettings::default(),
            pairing_delta_ms: 10.0,
            pairs: 60,
            bounds: BoundsSettings::default(),
            slope: SlopeSettings::default(),
            pattern: PatternSettings::default(),
            // Ten milliseconds a second.
            story_playback: PlaybackSettings { steps_per_s: 20.0, ..Default::default() },
            // Twice as fast as life: it has learned in half a minute.
            pattern_playback: PlaybackSettings { steps_per_s: 4000.0, ..Default::default() },
        }
    }
}

/// The rules' parameters, in the order of the registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleSettings {
    configs: Vec<Config>,
}

impl Bounded for RuleSettings {
    /// Rules that are not (or no longer) known go, and a second set for one rule.
    fn bound(&mut self, to: &mut Bounds) {
        let mut seen = BTreeSet::new();
        let before = self.configs.len();
        self.configs.retain(|c| is_rule(&c.id) && seen.insert(c.id.clone()));
        if self.configs.len() != before {
            to.mend("configs");
        }
        to.list("configs", &mut self.configs, RULES.len(), |to, i, config| {
            let params = rule(&config.id).params;
            to.inside(i, |to| config.bound(params, to));
        });
    }
}

impl Default for RuleSettings {
    fn default() -> Self {
        Self { configs: RULES.iter().map(|r| fresh(r)).collect() }
    }
}

/// A rule as the lab begins with it: Bengio's follows the rate of spikes, whose
/// window has a formula.
pub fn fresh(rule: &PlasticityRule) -> Config {
    let config = Config::new(rule.id);
    let signal = rule.params.iter().find(|p| p.name == "signal");
    if signal.is_some() { config.with("signal", 1.0) } else { config }
}

impl RuleSettings {
    /// The parameters of a rule.
    pub fn of(&self, rule: &PlasticityRule) -> Config {
        let known = self.configs.iter().find(|c| c.id == rule.id);
        known.cloned().unwrap_or_else(|| fresh(rule))
    }

    /// Changes the parameters of one rule.
    pub fn set(&mut self, config: Config) {
        match self.configs.iter_mut().find(|c| c.id == config.id) {
            Some(known) => *known = config,
            None => self.configs.push(config),
        }
    }
}

/// The rule of this id, or the first.
pub fn rule(id: &str) -> &'static PlasticityRule {
    RULES.iter().copied().find(|r| r.id == id).unwrap_or(RULES[0])
}

fn is_rule(id: &str) -> bool {
    RULES.iter().any(|r| r.id == id)
}

/// Which STDP windows are shown, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowSettings {
    /// The rule whose parameters are at hand.
    pub rule: String,
    /// Rules that are not shown; a session without them shows all.
    #[serde(default)]
    pub hidden: BTreeSet<String>,
    /// Whether each window is scaled to its largest change.
    pub relative: bool,
    /// Largest |Δt|, ms.
    pub reach_ms: f64,
}

impl WindowSettings {
    /// Largest |Δt|, ms.
    pub const REACH_MS: Span = (20.0, 200.0);
}

impl Bounded for WindowSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { rule, hidden, relative: _, reach_ms } = self;
        to.id("rule", rule, is_rule, &Self::default().rule);
        if hidden.iter().any(|id| !is_rule(id)) {
            hidden.retain(|id| is_rule(id));
            to.mend("hidden");
        }
        to.number("reach_ms", reach_ms, Self::REACH_MS);
    }
}

impl Default for WindowSettings {
    fn default() -> Self {
        let hidden = RULES.iter().skip(1).map(|r| r.id.to_owned()).collect();
        Self { rule: RULES[0].id.into(), hidden, relative: true, reach_ms: 80.0 }
    }
}

/// What the story is told of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StorySettings {
    /// The rule.
    pub rule: String,
    /// Presynaptic spikes, ms.
    pub pre_ms: Vec<f64>,
    /// Postsynaptic spikes, ms.
    pub post_ms: Vec<f64>,
    /// Weight to begin with.
    pub weight: f64,
    /// Bounds 0 … 1 of this kind.
    pub bounds: BoundKind,
}

impl Bounded for StorySettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { rule, pre_ms, post_ms, weight, bounds: _ } = self;
        to.id("rule", rule, is_rule, &Self::default().rule);
        for (name, times) in [("pre_ms", pre_ms), ("post_ms", post_ms)] {
            to.list(name, times, MOST_SPIKES, |to, i, t_ms| to.number(i, t_ms, STORY_MS));
        }
        to.number("weight", weight, SHARE);
    }
}

impl Default for StorySettings {
    fn default() -> Self {
        Self {
            rule: "pair".into(),
            pre_ms: vec![40.0],
            post_ms: vec![50.0],
            weight: 0.5,
            bounds: BoundKind::Hard,
        }
    }
}

/// The experiment on bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BoundsSettings {
    /// All chance follows from it.
    pub seed: u64,
    /// Potentiation A₊.
    pub a_plus: f64,
    /// Depression over potentiation.
    pub ratio: f64,
}

impl BoundsSettings {
    pub const A_PLUS: Span = (0.001, 0.1);
    pub const RATIO: Span = (0.8, 1.4);
}

impl Bounded for BoundsSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { seed, a_plus, ratio } = self;
        to.number("seed", seed, ANY);
        to.number("a_plus", a_plus, Self::A_PLUS);
        to.number("ratio", ratio, Self::RATIO);
    }
}

impl Default for BoundsSettings {
    fn default() -> Self {
        let ratio = -BoundsTask::default().rule.values.get("a_minus").copied().unwrap_or(-1.05)
            / BoundsTask::default().rule.values.get("a_plus").copied().unwrap_or(1.0);
        let a_plus = BoundsTask::default().rule.values.get("a_plus").copied().unwrap_or(0.01);
        Self { seed: 1, a_plus, ratio }
    }
}

/// The experiment on Bengio's rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlopeSettings {
    /// All chance follows from it.
    pub seed: u64,
    /// Time constant of the presynaptic trace, ms.
    pub tau_x_ms: f64,
    /// Time constant of the postsynaptic membrane, ms.
    pub tau_m_ms: f64,
    /// Mean time between rises and falls, ms.
    pub hold_ms: f64,
}

impl SlopeSettings {
    pub const TAU_X_MS: Span = (1.0, 40.0);
    pub const TAU_M_MS: Span = (0.5, 20.0);
    pub const HOLD_MS: Span = (5.0, 100.0);
}

impl Bounded for SlopeSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { seed, tau_x_ms, tau_m_ms, hold_ms } = self;
        to.number("seed", seed, ANY);
        to.number("tau_x_ms", tau_x_ms, Self::TAU_X_MS);
        to.number("tau_m_ms", tau_m_ms, Self::TAU_M_MS);
        to.number("hold_ms", hold_ms, Self::HOLD_MS);
    }
}

impl Default for SlopeSettings {
    fn default() -> Self {
        let SlopeTask { seed, tau_x_ms, tau_m_ms, hold_ms, .. } = SlopeTask::default();
        Self { seed, tau_x_ms, tau_m_ms, hold_ms }
    }
}

/// The experiment with the hidden pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatternSettings {
    /// All chance follows from it.
    pub seed: u64,
    /// Share of time with the pattern.
    pub share: f64,
    /// Jitter, ms.
    pub jitter_ms: f64,
    /// Potentiation A₊.
    pub a_plus: f64,
    /// Depression over potentiation.
    pub ratio: f64,
    /// Threshold.
    pub threshold: f64,
}

impl PatternSettings {
    pub const SHARE_OF_PATTERN: Span = (0.05, 0.5);
    pub const JITTER_MS: Span = (0.0, 8.0);
    pub const A_PLUS: Span = (0.001, 0.02);
    pub const RATIO: Span = (0.4, 0.8);
    pub const THRESHOLD: Span = (40.0, 400.0);
}

impl Bounded for PatternSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { seed, share, jitter_ms, a_plus, ratio, threshold } = self;
        to.number("seed", seed, ANY);
        to.number("share", share, Self::SHARE_OF_PATTERN);
        to.number("jitter_ms", jitter_ms, Self::JITTER_MS);
        to.number("a_plus", a_plus, Self::A_PLUS);
        to.number("ratio", ratio, Self::RATIO);
        to.number("threshold", threshold, Self::THRESHOLD);
    }
}

impl Default for PatternSettings {
    fn default() -> Self {
        let t = PatternTask::default();
        Self {
            seed: t.seed,
            share: t.share,
            jitter_ms: t.jitter_ms,
            a_plus: t.a_plus,
            ratio: t.ratio,
            threshold: t.threshold,
        }
    }
}

impl PlasticitySettings {
    /// The windows to be measured: of every rule, so that hiding one costs nothing.
    pub fn window_tasks(&self) -> Vec<WindowTask> {
        let task = |r: &'static PlasticityRule| WindowTask {
            rule: self.rules.of(r),
            reach_ms: self.windows.reach_ms,
            every_ms: (self.windows.reach_ms / 40.0 * 10.0).round() / 10.0,
        };
        RULES.iter().copied().map(task).collect()
    }

    /// The story to be told.
    pub fn story_task(&self) -> StoryTask {
        let s = &self.story;
        let bounds = plasticity::Bounds { kind: s.bounds, ..plasticity::Bounds::UNIT };
        StoryTask {
            learner: Learner { rule: self.rules.of(rule(&s.rule)), bounds, weight: s.weight },
            pre_ms: s.pre_ms.clone(),
            post_ms: s.post_ms.clone(),
            duration_ms: STORY_END_MS,
        }
    }

    /// The pairings to be repeated.
    pub fn pairing_rate_task(&self) -> PairingRateTask {
        PairingRateTask {
            triplet: self.rules.of(rule("triplet")),
            pair: self.rules.of(rule("pair")),
            pairs: self.pairs,
            delta_ms: self.pairing_delta_ms,
        }
    }

    /// The experiment on bounds.
    pub fn bounds_task(&self) -> BoundsTask {
        let BoundsSettings { seed, a_plus, ratio } = self.bounds;
        let rule = Config::new("pair").with("a_plus", a_plus).with("a_minus", -ratio * a_plus);
        BoundsTask { seed, rule, ..BoundsTask::default() }
    }

    /// The experiment on Bengio's rule.
    pub fn slope_task(&self) -> SlopeTask {
        let SlopeSettings { seed, tau_x_ms, tau_m_ms, hold_ms } = self.slope;
        SlopeTask { seed, tau_x_ms, tau_m_ms, hold_ms, ..SlopeTask::default() }
    }

    /// The run with the hidden pattern.
    pub fn pattern_task(&self) -> PatternTask {
        let PatternSettings { seed, share, jitter_ms, a_plus, ratio, threshold } = self.pattern;
        PatternTask { seed, share, jitter_ms, a_plus, ratio, threshold }
    }
}

/// Half a second of the pattern experiment, following it.
pub fn fresh_plot() -> RasterView {
    RasterView { time: TimeView::following(500.0), ..RasterView::default() }
}
