//! The time bar of a run that is still growing. While the bar follows live, playing means
//! running; anywhere in the past it moves through the recording.

use super::time_axis::TimeView;
use crate::core::playback::{Looping, Playback, PlaybackEdit};
use crate::workers::thread::remote::Remote;

/// Speed above which a run goes as fast as it can, steps per second.
const UNBOUNDED_STEPS_PER_S: f64 = 1e8;

/// Carries an edit out on the bar and lets the run go or holds it. Returns how many
/// steps the run is to do beyond its end.
pub fn play<C: Send + 'static>(
    edit: &PlaybackEdit,
    bar: &mut Playback,
    run: &Remote<C>,
    view: &mut TimeView,
) -> u64 {
    let at_end = bar.is_following() || bar.at() == bar.range().1;
    let loops = bar.looping() != Looping::Off;
    match edit {
        // The bar follows until the thread holds, so that it stands at the very end
        // then.
        PlaybackEdit::Toggle { .. } | PlaybackEdit::Pause
            if bar.is_following() && run.is_running() =>
        {
            run.set_running(false);
        }
        PlaybackEdit::Toggle { .. } | PlaybackEdit::Play { .. } if at_end && !loops => {
            run.set_running(true);
            bar.edit(&PlaybackEdit::End);
            view.follow = true;
        }
        PlaybackEdit::Step(by) if *by > 0 && at_end => {
            run.set_running(false);
            bar.edit(&PlaybackEdit::End);
            return by.unsigned_abs();
        }
        PlaybackEdit::Step(_) if bar.is_following() => {
            // A look at a moment needs the run to stand still, or the moment runs away.
            run.set_running(false);
            bar.edit(edit);
        }
        _ => bar.edit(edit),
    }
    0
}

/// Has the run go at the bar's speed.
pub fn tell_speed<C: Send + 'static>(bar: &Playback, run: &Remote<C>) {
    let speed = bar.steps_per_s();
    run.set_speed(if speed >= UNBOUNDED_STEPS_PER_S { f64::INFINITY } else { speed });
}
