//! What must hold of the time bar at any speed, whatever the user does.

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
    // As the field shows it.
    assert_eq!(parse_speed("250,000", "columns", 1.0), Ok(250_000.0));
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
    assert_eq!([0.05, 1.0, 4.96, 99.6, 250_000.0].map(plain).join(" "), "0.05 1 4.96 99.6 250,000");
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

#[test]
fn a_run_that_has_just_begun_is_followed_and_can_be_paused_before_its_first_step() {
    let mut playback = Playback::live(PlaybackSettings::default());
    assert!(playback.is_following() && playback.is_live());
    playback.set_range(0, 1999, true);
    assert_eq!(playback.at(), 1999);
    playback.edit(&PlaybackEdit::Pause);
    playback.set_range(0, 2500, true);
    assert_eq!(playback.at(), 1999);
}
