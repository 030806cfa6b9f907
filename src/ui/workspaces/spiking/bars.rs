//! The workspace's three time bars, and how they drive the run.

use super::settings::{DT_MS, FASTEST_IMAGES_PER_S, SpikingTab};
use super::state::{Spiking, fresh_plot};
use crate::core::playback::{Playback, PlaybackEdit};
use crate::ui::desk::Desk;
use crate::ui::widgets::live;
use crate::workers::spiking::SpikingCommand;

/// Speed above which the run goes as fast as it can, steps per second.
const UNBOUNDED_STEPS_PER_S: f64 = 1e8;
/// Steps of an image with its rest.
const STEPS_PER_IMAGE: f64 = 1000.0;

fn bounded(speed: f64, fastest: f64) -> f64 {
    if speed >= fastest { f64::INFINITY } else { speed }
}

impl Spiking {
    /// All of them as at the beginning.
    pub(super) fn fresh_bars(&mut self) {
        self.images = Playback::live(self.kept.images);
        self.spikes = Playback::live(self.kept.spikes);
        self.digit = Playback::new(0, 699, self.kept.digit);
        self.plot = fresh_plot();
    }

    /// Tells the thread the speed of the bar in view.
    pub(super) fn pace(&mut self) {
        self.run.set_speed(match self.kept.tab {
            SpikingTab::Spikes => bounded(self.spikes.steps_per_s(), UNBOUNDED_STEPS_PER_S),
            _ => bounded(self.images.steps_per_s(), FASTEST_IMAGES_PER_S) * STEPS_PER_IMAGE,
        });
    }

    pub(super) fn play(&mut self, edit: &PlaybackEdit, desk: &mut Desk) {
        if self.kept.tab == SpikingTab::Digit {
            self.digit.edit(edit);
            self.kept.digit = self.digit.settings();
            return;
        }
        let by_spikes = self.kept.tab == SpikingTab::Spikes;
        let playback = if by_spikes { &mut self.spikes } else { &mut self.images };
        let steps = live::play(edit, playback, &self.run, &mut self.plot.time);
        self.kept.images = self.images.settings();
        self.kept.spikes = self.spikes.settings();
        self.pace();
        if steps > 0 {
            let view = self.run.view();
            self.awaited = steps + if by_spikes { view.step } else { view.images };
            let by = if by_spikes { SpikingCommand::Steps } else { SpikingCommand::Images };
            self.tell(by(steps), desk);
        }
        if by_spikes {
            self.plot.time.follow_bar(&self.spikes, edit, DT_MS);
        }
    }

    pub(super) fn follow_bars(&mut self, desk: &mut Desk) {
        let view = std::sync::Arc::clone(&self.view);
        let running = self.run.is_running();
        let by_spikes = self.kept.tab == SpikingTab::Spikes;
        if view.generation != self.generation {
            self.generation = view.generation;
            for bar in [&mut self.images, &mut self.spikes] {
                bar.set_range(0, 0, true);
                bar.edit(&PlaybackEdit::End);
            }
        }
        let stretch = (view.generation, view.stretch.from_step);
        if stretch != self.stretch {
            self.stretch = stretch;
            self.plot = fresh_plot();
            self.spikes.set_range(0, 0, true);
            self.spikes.edit(&PlaybackEdit::End);
        }
        self.images.set_range(0, view.images, true);
        self.spikes.set_range(0, view.stretch.recording.steps().saturating_sub(1), true);
        let at = if by_spikes { view.step } else { view.images };
        let settled = !view.goes && (at >= self.awaited || view.failure.is_some());
        if !running && settled {
            for bar in [&mut self.images, &mut self.spikes] {
                if bar.is_following() {
                    bar.edit(&PlaybackEdit::Pause);
                }
            }
        }
        let bar = &self.images;
        let past = (!bar.is_following() && bar.at() < view.images).then(|| bar.at());
        if past != self.past {
            self.past = past;
            self.tell(SpikingCommand::Past(past), desk);
        }
    }

    /// Lets the bar go over a new competition; it stays where it was.
    pub(super) fn follow_competition(&mut self) {
        let Some(competition) = &self.shown.competition else { return };
        if competition.serial != self.competition {
            self.competition = competition.serial;
            let last = competition.recording.steps().saturating_sub(1);
            self.digit.set_range(0, last, false);
        }
    }
}
