//! A position in time that is played, stepped and scrubbed: the logic of the
//! time bar (`ui/widgets/time_bar.rs`), without a window and without a clock.
//!
//! Time is counted in whole **steps** from `first` to `last`: a column of a digit,
//! a snapshot of a training run, one dt of a simulation. A step is the same at
//! every speed; speed only says how many of them pass in a second of wall time.
//!
//! # How a workspace uses it
//! * Its view state owns a [`Playback`]; its snapshot shows it, read-only.
//! * The widget gives [`PlaybackEdit`]s. The workspace passes them on in its own
//!   command, and where that command is carried out stands
//!   `playback.edit(&edit)`. Nothing else changes a `Playback`.
//! * When the range changes (new data, a growing recording), it calls
//!   [`Playback::set_range`] there. A range that is `live` still grows: *End*
//!   then follows it, and playing waits at its end for more.
//! * It shows the state at [`Playback::at`].
//! * [`Playback::settings`] (speed, loop) may be kept over a restart.
//!
//! Wall time comes in as seconds on any clock that only goes forward, with the
//! edits that need it. With the same edits, the same positions follow.

use serde::{Deserialize, Serialize};

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
    // Some keyboards and people have a decimal comma.
    let number = typed.trim().replace(',', ".").parse::<f64>();
    number.ok().and_then(|n| checked_speed(n / unit_per_step)).ok_or_else(|| {
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
    super::text::grouped(value.round().max(0.0) as u64)
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn digit() -> Playback {
        Playback::new(0, 28, PlaybackSettings::default())
    }

    #[test]
    fn it_plays_at_the_asked_speed_and_stops_at_the_end() {
        let mut p = digit();
        p.edit(&PlaybackEdit::Speed(10.0));
        p.edit(&PlaybackEdit::Play { now_s: 100.0 });
        for frame in 1..=60 {
            p.edit(&PlaybackEdit::Tick { now_s: 100.0 + f64::from(frame) / 60.0 });
        }
        assert_eq!(p.at(), 10);
        assert!((p.measured_steps_per_s().unwrap() - 10.0).abs() < 1.1);
        for frame in 61..=600 {
            p.edit(&PlaybackEdit::Tick { now_s: 100.0 + f64::from(frame) / 60.0 });
        }
        assert_eq!((p.at(), p.is_playing()), (28, false));
        assert_eq!(p.due_in_s(200.0), None);
        // Played again, it begins anew.
        p.edit(&PlaybackEdit::Toggle { now_s: 200.0 });
        assert_eq!((p.at(), p.is_playing()), (0, true));
    }

    #[test]
    fn slow_motion_waits_a_second_for_each_step() {
        let mut p = digit();
        p.edit(&PlaybackEdit::Speed(1.0));
        p.edit(&PlaybackEdit::Play { now_s: 0.0 });
        assert_eq!(p.due_in_s(0.25), Some(0.75));
        for second in 1..=5 {
            p.edit(&PlaybackEdit::Tick { now_s: f64::from(second) - 0.01 });
            assert_eq!(p.at(), second as u64 - 1);
            p.edit(&PlaybackEdit::Tick { now_s: f64::from(second) });
            assert_eq!(p.at(), second as u64);
        }
        assert!((p.measured_steps_per_s().unwrap() - 1.0).abs() < 0.05);
    }

    #[test]
    fn a_hold_up_is_no_leap() {
        let mut p = Playback::new(0, 1_000_000, PlaybackSettings::default());
        p.edit(&PlaybackEdit::Speed(1000.0));
        p.edit(&PlaybackEdit::Play { now_s: 0.0 });
        p.edit(&PlaybackEdit::Tick { now_s: 60.0 });
        assert_eq!(p.at(), 250);
        // … and the measured speed tells of it.
        assert!(p.measured_steps_per_s().unwrap() < 10.0);
    }

    #[test]
    fn dragging_and_stepping_pause() {
        for edit in [
            PlaybackEdit::Go(7),
            PlaybackEdit::Step(1),
            PlaybackEdit::Step(-1),
            PlaybackEdit::Home,
            PlaybackEdit::End,
        ] {
            let mut p = digit();
            p.edit(&PlaybackEdit::Play { now_s: 0.0 });
            p.edit(&edit);
            assert!(!p.is_playing(), "{edit:?}");
        }
    }

    #[test]
    fn end_follows_a_growing_range_until_something_else_is_asked() {
        let mut p = Playback::new(0, 10, PlaybackSettings::default());
        p.set_range(0, 10, true);
        p.edit(&PlaybackEdit::End);
        p.set_range(0, 5000, true);
        assert_eq!((p.at(), p.is_following()), (5000, true));
        p.edit(&PlaybackEdit::Step(-1));
        p.set_range(0, 6000, true);
        assert_eq!((p.at(), p.is_following()), (4999, false));
        // Old steps may be dropped; the position stays within what is left.
        p.set_range(5500, 7000, true);
        assert_eq!(p.at(), 5500);
        p.edit(&PlaybackEdit::End);
        p.set_range(5500, 7000, false);
        assert_eq!((p.at(), p.is_following()), (7000, false));
    }

    #[test]
    fn playing_waits_at_the_end_of_a_growing_range() {
        let mut p = Playback::new(0, 2, PlaybackSettings::default());
        p.set_range(0, 2, true);
        p.edit(&PlaybackEdit::Speed(100.0));
        p.edit(&PlaybackEdit::Play { now_s: 0.0 });
        p.edit(&PlaybackEdit::Tick { now_s: 0.1 });
        assert_eq!((p.at(), p.is_playing(), p.due_in_s(0.1)), (2, true, None));
        p.set_range(0, 1000, true);
        p.edit(&PlaybackEdit::Tick { now_s: 0.2 });
        assert_eq!(p.at(), 12);
    }

    #[test]
    fn loops_stay_where_they_should() {
        let mut p = digit();
        p.edit(&PlaybackEdit::Loop(Looping::Selection));
        assert_eq!(p.looping(), Looping::Off, "there is no selection yet");
        p.edit(&PlaybackEdit::Select(Some((12, 8))));
        assert_eq!(p.selection(), Some((8, 12)));
        p.edit(&PlaybackEdit::Loop(Looping::Selection));
        p.edit(&PlaybackEdit::Speed(10.0));
        p.edit(&PlaybackEdit::Play { now_s: 0.0 });
        let mut seen = Vec::new();
        for tenth in 1..=8 {
            p.edit(&PlaybackEdit::Tick { now_s: f64::from(tenth) / 10.0 + 0.001 });
            seen.push(p.at());
        }
        assert_eq!(seen, [8, 9, 10, 11, 12, 8, 9, 10]);
        p.edit(&PlaybackEdit::Select(None));
        assert_eq!(p.looping(), Looping::Off);
    }

    #[test]
    fn typed_speeds_are_read_or_refused_with_a_message() {
        assert_eq!(parse_speed(" 12 ", "columns", 1.0), Ok(12.0));
        assert_eq!(parse_speed("0,5", "ms", 0.5), Ok(1.0));
        // One step a second in slow motion, whatever a step is.
        assert_eq!(parse_speed("0.05", "ms", 0.5), Ok(0.1));
        for bad in ["", "fast", "NaN", "inf", "-3", "0", "1e300", "0.01", "12 13"] {
            let text = parse_speed(bad, "ms", 0.5).unwrap_err().to_string();
            assert!(text.contains("from 0.05 to 500,000,000 ms/s"), "{text}");
            assert!(text.contains("stays as it was"), "{text}");
        }
        let mut p = digit();
        for bad in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
            p.edit(&PlaybackEdit::Speed(bad));
            assert_eq!(p.steps_per_s(), 5.0);
        }
    }

    #[test]
    fn speeds_go_up_and_down_in_round_numbers() {
        let mut speed = 1.0;
        let mut up = Vec::new();
        for _ in 0..4 {
            speed = neighbour_speed(speed, true);
            up.push(plain(speed));
        }
        assert_eq!(up, ["2", "5", "10", "20"]);
        assert_eq!(neighbour_speed(3.7, false), 2.0);
        assert_eq!(neighbour_speed(SLOWEST_STEPS_PER_S, false), SLOWEST_STEPS_PER_S);
        assert_eq!(neighbour_speed(FASTEST_STEPS_PER_S, true), FASTEST_STEPS_PER_S);
        assert_eq!(
            [0.05, 1.0, 4.96, 99.6, 250_000.0].map(plain).join(" "),
            "0.05 1 4.96 99.6 250,000"
        );
    }

    #[test]
    fn kept_settings_that_cannot_be_do_no_harm() {
        let settings = PlaybackSettings { steps_per_s: f64::NAN, looping: Looping::Selection };
        assert_eq!(Playback::new(3, 1, settings).settings(), PlaybackSettings::default());
        assert_eq!(Playback::new(3, 1, settings).range(), (3, 3));
    }

    fn any_edit() -> impl Strategy<Value = PlaybackEdit> {
        let number = prop_oneof![any::<f64>(), -1.0..2e9, 0.0..100.0];
        let step = prop_oneof![any::<u64>(), 0u64..50];
        prop_oneof![
            number.clone().prop_map(|now_s| PlaybackEdit::Toggle { now_s }),
            number.clone().prop_map(|now_s| PlaybackEdit::Play { now_s }),
            Just(PlaybackEdit::Pause),
            any::<i64>().prop_map(PlaybackEdit::Step),
            (-3i64..4).prop_map(PlaybackEdit::Step),
            step.clone().prop_map(PlaybackEdit::Go),
            Just(PlaybackEdit::Home),
            Just(PlaybackEdit::End),
            number.clone().prop_map(PlaybackEdit::Speed),
            prop_oneof![Just(Looping::Off), Just(Looping::All), Just(Looping::Selection)]
                .prop_map(PlaybackEdit::Loop),
            proptest::option::of((step.clone(), step)).prop_map(PlaybackEdit::Select),
            number.prop_map(|now_s| PlaybackEdit::Tick { now_s }),
        ]
    }

    proptest! {
        /// Whatever is done, and whatever the clock says.
        #[test]
        fn it_never_leaves_the_range(
            first in 0u64..40,
            length in prop_oneof![0u64..40, any::<u64>()],
            edits in proptest::collection::vec((any_edit(), any::<Option<(u64, u64, bool)>>()), 0..60),
        ) {
            let mut p = Playback::new(first, first.saturating_add(length), PlaybackSettings::default());
            for (edit, range) in edits {
                p.edit(&edit);
                if let Some((a, b, live)) = range {
                    p.set_range(a, b, live);
                }
                let (low, high) = p.range();
                prop_assert!(low <= p.at() && p.at() <= high);
                prop_assert!(checked_speed(p.steps_per_s()).is_some());
                if let Some((a, b)) = p.selection() {
                    prop_assert!(low <= a && a <= b && b <= high);
                }
                prop_assert!(p.looping() != Looping::Selection || p.selection().is_some());
                prop_assert!(!p.is_following() || (p.is_live() && p.at() == high));
                prop_assert!(p.due_in_s(0.0).is_none_or(f64::is_finite));
            }
        }

        /// At whatever speed and frame rate, the number of steps taken is speed ×
        /// time to within one step: none is longer than another, none is lost.
        #[test]
        fn a_step_is_the_same_at_every_speed(
            speed in prop_oneof![0.1f64..10.0, 10.0..1e5],
            frames in proptest::collection::vec(0.001f64..0.2, 1..200),
        ) {
            let mut p = Playback::new(0, u64::MAX, PlaybackSettings::default());
            p.edit(&PlaybackEdit::Speed(speed));
            p.edit(&PlaybackEdit::Play { now_s: 0.0 });
            let mut now_s = 0.0;
            for frame in frames {
                now_s += frame;
                p.edit(&PlaybackEdit::Tick { now_s });
                prop_assert!((p.at() as f64 - speed * now_s).abs() < 1.0 + 1e-6 * speed);
            }
            let before = p.at();
            p.edit(&PlaybackEdit::Step(1));
            prop_assert_eq!(p.at(), before + 1);
        }
    }
}
