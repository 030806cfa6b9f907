//! The workspace's three time bars, and how they drive the run.

use crate::ui::workspaces::app::App;
use crate::ui::workspaces::live;
use super::fresh_plot;
use super::settings::{DT_MS, DigitsTab, FASTEST_IMAGES_PER_S};
use crate::core::playback::PlaybackEdit;
use crate::workers::digits::DigitsCommand;
use crate::workers::digits::view::DigitsView;

/// Speed above which the run goes as fast as it can, steps per second.
const UNBOUNDED_STEPS_PER_S: f64 = 1e8;
/// Steps of an image with its rest.
const STEPS_PER_IMAGE: f64 = 1000.0;
fn bounded(speed: f64, fastest: f64) -> f64 {
    if speed >= fastest { f64::INFINITY } else { speed }
}

impl App {
    /// Tells the thread the speed of the bar in view.
    pub(super) fn pace_digits(&mut self) {
        let state = &self.digits;
        let speed = match self.session.digits.tab {
            DigitsTab::Spikes => bounded(state.spikes.steps_per_s(), UNBOUNDED_STEPS_PER_S),
            _ => bounded(state.images.steps_per_s(), FASTEST_IMAGES_PER_S) * STEPS_PER_IMAGE,
        };
        self.hub.digits.set_speed(speed);
    }

    pub(super) fn play_digits(&mut self, edit: PlaybackEdit) {
        let tab = self.session.digits.tab;
        if tab == DigitsTab::Digit {
            self.digits.digit.edit(&edit);
            self.session.digits.digit = self.digits.digit.settings();
            return;
        }
        let by_spikes = tab == DigitsTab::Spikes;
        let state = &mut self.digits;
        let playback = if by_spikes { &mut state.spikes } else { &mut state.images };
        let steps = live::play(&edit, playback, &self.hub.digits, &mut state.plot.time);
        self.session.digits.images = self.digits.images.settings();
        self.session.digits.spikes = self.digits.spikes.settings();
        self.pace_digits();
        if steps > 0 {
            let view = self.hub.digits.view();
            let now = if by_spikes { view.step } else { view.images };
            self.digits.awaited = now + steps;
            self.tell_digits(if by_spikes {
                DigitsCommand::Steps(steps)
            } else {
                DigitsCommand::Images(steps)
            });
        }
        if by_spikes {
            self.digits.plot.time.follow_bar(&self.digits.spikes, &edit, DT_MS);
        }
    }

    pub(super) fn follow_bars(&mut self, view: &DigitsView) {
        let running = self.hub.digits.is_running();
        let by_spikes = self.session.digits.tab == DigitsTab::Spikes;
        let state = &mut self.digits;
        if view.generation != state.generation {
            state.generation = view.generation;
            for bar in [&mut state.images, &mut state.spikes] {
                bar.set_range(0, 0, true);
                bar.edit(&PlaybackEdit::End);
            }
        }
        let stretch = (view.generation, view.stretch.from_step);
        if stretch != state.stretch {
            state.stretch = stretch;
            state.plot = fresh_plot();
            state.spikes.set_range(0, 0, true);
            state.spikes.edit(&PlaybackEdit::End);
        }
        state.images.set_range(0, view.images, true);
        state.spikes.set_range(0, view.stretch.recording.steps().saturating_sub(1), true);
        let at = if by_spikes { view.step } else { view.images };
        let settled = !view.goes && (at >= state.awaited || view.failure.is_some());
        if !running && settled {
            for bar in [&mut state.images, &mut state.spikes] {
                if bar.is_following() {
                    bar.edit(&PlaybackEdit::Pause);
                }
            }
        }
        let bar = &state.images;
        let past = (!bar.is_following() && bar.at() < view.images).then(|| bar.at());
        if past != state.past {
            state.past = past;
            self.tell_digits(DigitsCommand::Past(past));
        }
    }

    /// Lets the bar go over a new competition; it stays where it was.
    pub(super) fn follow_competition(&mut self) {
        let shown = self.hub.shown_digit.shown();
        let Some(competition) = &shown.competition else { return };
        if competition.serial != self.digits.competition {
            self.digits.competition = competition.serial;
            let last = competition.recording.steps().saturating_sub(1);
            self.digits.digit.set_range(0, last, false);
        }
    }
}
