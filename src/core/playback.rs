//! A position in time that is played, stepped and scrubbed: the logic of the
//! time bar (`ui/widgets/time_bar`), without a window and without a clock.
//!
//! Time is counted in whole **steps** from `first` to `last`: a column of a digit,
//! a snapshot of a training run, one dt of a simulation. A step is the same at
//! every speed; speed only says how many of them pass per second of wall time.
//!
//! # How a workspace uses it
//! * Its state owns a [`Playback`]; its views only read it.
//! * The widget gives [`PlaybackEdit`]s. The workspace wraps each in an edit of its
//!   own, and its `apply` calls `playback.edit(&edit)`. Nothing else changes a
//!   `Playback`.
//! * When the range changes (new data, a growing recording), it calls
//!   [`Playback::set_range`]. A `live` range still grows: *End* then follows it,
//!   and playback waits at its end for more.
//! * It shows the state at [`Playback::at`].
//! * [`Playback::settings`] (speed, loop) may be kept over a restart.
//!
//! Wall time is an argument of the edits that need it: seconds on any clock that
//! only goes forward. The same edits give the same positions.

use serde::{Deserialize, Serialize};

use super::bounds::{Bounded, Bounds};
use super::text;

/// Slowest speed that can be asked for, steps per second.
pub const SLOWEST_STEPS_PER_S: f64 = 0.1;
/// Fastest speed that can be asked for, steps per second.
pub const FASTEST_STEPS_PER_S: f64 = 1e9;
/// A frame that comes later than this does not make up for all that it missed:
/// after a hold-up nobody wants a leap. (Slow motion waits as long as it must.)
const LONGEST_GAP_S: f64 = 0.25;
/// The measured speed is an average over at least this time.
const MEASURED_OVER_S: f64 = 0.5;

/// What happens at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looping {
    /// Stop.
    #[default]
    Off,
    /// Go on at the beginning.
    All,
    /// Stay within the selection.
    Selection,
}

/// What the user does to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlaybackEdit {
    /// Play, or pause what plays or follows. `now_s` is the wall clock, s.
    Toggle { now_s: f64 },
    /// Play; from the beginning, if it stands at the end.
    Play { now_s: f64 },
    /// Hold.
    Pause,
    /// So many steps on, or back if negative; pauses.
    Step(i64),
    /// To this step; pauses.
    Go(u64),
    /// To the first step; pauses.
    Home,
    /// To the last step; pauses, or follows a range that grows.
    End,
    /// Steps per second; what is out of bounds is refused (see [`checked_speed`]).
    Speed(f64),
    /// What happens at the end.
    Loop(Looping),
    /// Selects the steps from one to the other, both included, or none.
    Select(Option<(u64, u64)>),
    /// Wall time has passed: takes the steps that are due.
    Tick { now_s: f64 },
}

/// A speed that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "“{typed}” is no speed: type a number from {slowest} to {fastest} {unit}. The speed stays as it was."
)]
pub struct SpeedError {
    typed: String,
    slowest: String,
    fastest: String,
    unit: String,
}

/// Reads a typed speed in `unit`s per second, of which one step is `unit_per_step`
/// (a step of 0.5 ms: `unit_per_step` 0.5, unit `ms`). Gives steps per second.
///
/// # Errors
/// [`SpeedError`], made to be shown, for what is no number or out of bounds.
pub fn parse_speed(typed: &str, unit: &str, unit_per_step: f64) -> Result<f64, SpeedError> {
    // From 10,000 on, `plain` itself puts commas between groups of three.
    let shown = text::is_grouped(typed) && typed.trim().len() > "9,999".len();
    let number = if shown { text::whole(typed) } else { text::decimal(typed) };
    number.and_then(|n| checked_speed(n / unit_per_step)).ok_or_else(|| {
        let bound = |steps: f64| plain(steps * unit_per_step);
        SpeedError {
            typed: typed.trim().chars().take(24).collect(),
            slowest: bound(SLOWEST_STEPS_PER_S),
            fastest: bound(FASTEST_STEPS_PER_S),
            unit: format!("{unit}/s"),
        }
    })
}

/// The speed, if it is one: finite and within the bounds. A hair's breadth
/// beyond them is a rounded bound.
pub fn checked_speed(steps_per_s: f64) -> Option<f64> {
    let hair = 1e-9;
    let fits = steps_per_s >= SLOWEST_STEPS_PER_S * (1.0 - hair)
        && steps_per_s <= FASTEST_STEPS_PER_S * (1.0 + hair);
    fits.then(|| steps_per_s.clamp(SLOWEST_STEPS_PER_S, FASTEST_STEPS_PER_S))
}

/// A speed for people: three digits, and no more than there are.
pub fn plain(value: f64) -> String {
    if value != 0.0 && value.abs() < 100.0 {
        let decimals = (2 - value.abs().log10().floor() as i32).clamp(0, 6) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') {
            return text.trim_end_matches('0').trim_end_matches('.').to_owned();
        }
        return text;
    }
    text::grouped(value.round().max(0.0) as u64)
}

/// The next speed of the series 1, 2, 5, 10, … above or below.
pub fn neighbour_speed(steps_per_s: f64, faster: bool) -> f64 {
    let exponent = steps_per_s.log10().floor() as i32;
    let series = (exponent - 1..=exponent + 1)
        .flat_map(|e| [1.0, 2.0, 5.0].map(|f| f * 10f64.powi(e)))
        .collect::<Vec<_>>();
    let apart = 1e-6 * steps_per_s;
    let next = if faster {
        series.iter().find(|s| **s > steps_per_s + apart)
    } else {
        series.iter().rev().find(|s| **s < steps_per_s - apart)
    };
    next.map_or(steps_per_s, |s| s.clamp(SLOWEST_STEPS_PER_S, FASTEST_STEPS_PER_S))
}

/// What is worth keeping over a restart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlaybackSettings {
    /// Asked speed, steps per second.
    pub steps_per_s: f64,
    /// What happens at the end.
    pub looping: Looping,
}

impl Default for PlaybackSettings {
    fn default() -> Self {
        Self { steps_per_s: 5.0, looping: Looping::Off }
    }
}

impl Bounded for PlaybackSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { steps_per_s, looping: _ } = self;
        to.number("steps_per_s", steps_per_s, (SLOWEST_STEPS_PER_S, FASTEST_STEPS_PER_S));
    }
}

/// How fast it really goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Meter {
    since_s: f64,
    steps: u64,
    steps_per_s: Option<f64>,
}

/// A position in time; see the module's text.
#[derive(Clone, Debug, PartialEq)]
pub struct Playback {
    first: u64,
    last: u64,
    live: bool,
    at: u64,
    steps_per_s: f64,
    looping: Looping,
    selection: Option<(u64, u64)>,
    playing: bool,
    following: bool,
    /// Wall time of the last tick, s.
    clock_s: f64,
    /// Share of the next step that has passed, 0 to 1.
    carry: f64,
    meter: Meter,
}

impl Default for Playback {
    fn default() -> Self {
        Self::new(0, 0, PlaybackSettings::default())
    }
}

impl Playback {
    /// At the first of the steps `first` to `last`, both included. Settings that
    /// cannot be are replaced by the default.
    pub fn new(first: u64, last: u64, settings: PlaybackSettings) -> Self {
        let default = PlaybackSettings::default();
        // A loop over the selection has none to begin with.
        let kept = settings.looping != Looping::Selection;
        Self {
            first,
            last: last.max(first),
            live: false,
            at: first,
            steps_per_s: checked_speed(settings.steps_per_s).unwrap_or(default.steps_per_s),
            looping: if kept { settings.looping } else { Looping::Off },
            selection: None,
            playing: false,
            following: false,
            clock_s: 0.0,
            carry: 0.0,
            meter: Meter::default(),
        }
    }

    /// A run that has just begun and is followed: what is done before its first
    /// step arrives (a pause) is done to it.
    pub fn live(settings: PlaybackSettings) -> Self {
        let mut new = Self::new(0, 0, settings);
        (new.live, new.following) = (true, true);
        new
    }

    /// The step it stands at.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// First and last step.
    pub fn range(&self) -> (u64, u64) {
        (self.first, self.last)
    }

    /// Whether the range still grows.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Whether it moves by itself.
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Whether it stays at the end of a growing range.
    pub fn is_following(&self) -> bool {
        self.following
    }

    /// Asked speed, steps per second.
    pub fn steps_per_s(&self) -> f64 {
        self.steps_per_s
    }

    /// Measured speed, steps per second of wall time, while it plays.
    pub fn measured_steps_per_s(&self) -> Option<f64> {
        self.meter.steps_per_s.filter(|_| self.playing)
    }

    /// What happens at the end.
    pub fn looping(&self) -> Looping {
        self.looping
    }

    /// First and last step of the selection.
    pub fn selection(&self) -> Option<(u64, u64)> {
        self.selection
    }

    /// What is worth keeping over a restart.
    pub fn settings(&self) -> PlaybackSettings {
        PlaybackSettings { steps_per_s: self.steps_per_s, looping: self.looping }
    }

    /// The steps there are now. A growing range may also lose its oldest steps.
    pub fn set_range(&mut self, first: u64, last: u64, live: bool) {
        (self.first, self.last, self.live) = (first, last.max(first), live);
        self.following &= live;
        self.at = if self.following { self.last } else { self.at.clamp(self.first, self.last) };
        let selection = self.selection.filter(|(a, b)| *b >= self.first && *a <= self.last);
        self.select(selection);
    }

    /// Seconds of wall time until the next step is due; `None` if none ever is.
    /// Not above zero means: now.
    pub fn due_in_s(&self, now_s: f64) -> Option<f64> {
        let waits = self.looping == Looping::Off && self.at == self.last;
        let left = (1.0 - self.carry) / self.steps_per_s - (now_s - self.clock_s).max(0.0);
        (self.playing && !waits).then_some(left)
    }

    /// Carries an edit out.
    pub fn edit(&mut self, edit: &PlaybackEdit) {
        match *edit {
            PlaybackEdit::Toggle { .. } if self.playing || self.following => self.pause(),
            PlaybackEdit::Toggle { now_s } | PlaybackEdit::Play { now_s } => self.play(now_s),
            PlaybackEdit::Pause => self.pause(),
            PlaybackEdit::Step(by) => {
                let to = if by < 0 {
                    self.at.saturating_sub(by.unsigned_abs())
                } else {
                    self.at.saturating_add(by.unsigned_abs())
                };
                self.go(to);
            }
            PlaybackEdit::Go(to) => self.go(to),
            PlaybackEdit::Home => self.go(self.first),
            PlaybackEdit::End => {
                self.go(self.last);
                self.following = self.live;
            }
            PlaybackEdit::Speed(steps_per_s) => {
                if let Some(speed) = checked_speed(steps_per_s) {
                    self.steps_per_s = speed;
                    self.meter = Meter { since_s: self.clock_s, ..Meter::default() };
                }
            }
            PlaybackEdit::Loop(Looping::Selection) if self.selection.is_none() => {}
            PlaybackEdit::Loop(looping) => self.looping = looping,
            PlaybackEdit::Select(selection) => {
                self.select(selection.map(|(a, b)| (a.min(b), a.max(b))));
            }
            PlaybackEdit::Tick { now_s } => self.tick(now_s),
        }
    }

    fn pause(&mut self) {
        (self.playing, self.following) = (false, false);
        self.carry = 0.0;
    }

    fn go(&mut self, to: u64) {
        self.pause();
        self.at = to.clamp(self.first, self.last);
    }

    fn play(&mut self, now_s: f64) {
        if !now_s.is_finite() {
            return;
        }
        if self.at == self.last && self.looping == Looping::Off && !self.live {
            self.at = self.first;
        }
        (self.playing, self.following) = (true, false);
        (self.clock_s, self.carry) = (now_s, 0.0);
        self.meter = Meter { since_s: now_s, ..Meter::default() };
    }

    fn select(&mut self, selection: Option<(u64, u64)>) {
        let within = |step: u64| step.clamp(self.first, self.last);
        self.selection = selection.map(|(a, b)| (within(a), within(b)));
        if self.selection.is_none() && self.looping == Looping::Selection {
            self.looping = Looping::Off;
        }
    }

    fn tick(&mut self, now_s: f64) {
        if !self.playing || !now_s.is_finite() {
            return;
        }
        // Slow motion may take its whole second; anything else no leap.
        let longest_s = ((1.0 - self.carry) / self.steps_per_s).max(LONGEST_GAP_S);
        let gap_s = (now_s - self.clock_s).clamp(0.0, longest_s);
        self.clock_s = self.clock_s.max(now_s);
        let due = gap_s * self.steps_per_s + self.carry;
        // A step that is due but for rounding is due.
        let steps = (due + 1e-9).floor();
        self.carry = (due - steps).max(0.0);
        self.advance(steps as u64);
        self.measure(steps as u64);
    }

    fn advance(&mut self, steps: u64) {
        let (low, high) = match self.looping {
            Looping::Selection => self.selection.unwrap_or((self.first, self.last)),
            _ => (self.first, self.last),
        };
        if self.looping == Looping::Off {
            self.at = self.at.saturating_add(steps).min(self.last);
            if self.at == self.last {
                self.carry = 0.0;
                self.playing = self.live;
            }
        } else if steps > 0 && !(low..=high).contains(&self.at) {
            self.at = low;
        } else {
            let length = u128::from(high - low) + 1;
            let offset = u128::from(self.at.saturating_sub(low)) + u128::from(steps);
            self.at = low + (offset % length) as u64;
        }
    }

    fn measure(&mut self, steps: u64) {
        let meter = &mut self.meter;
        meter.steps = meter.steps.saturating_add(steps);
        let passed = self.clock_s - meter.since_s;
        if passed >= MEASURED_OVER_S && meter.steps > 0 {
            let steps_per_s = Some(meter.steps as f64 / passed);
            *meter = Meter { since_s: self.clock_s, steps: 0, steps_per_s };
        }
    }
}

#[cfg(test)]
mod tests;
