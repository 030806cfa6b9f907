//! What saved scenes and lessons ask of the workspace: settings taken over whole, a time
//! bar brought to its step, whether the answer is there, and the beginning of a run.

use super::Spiking;
use super::settings::{SpikingSettings, SpikingTab};
use super::state::WORTH_ASKING;
use crate::core::playback::PlaybackEdit;
use crate::ui::desk::Desk;
use crate::ui::workspace::Position;
use crate::workers::spiking::SpikingCommand;

/// Images, and steps, to which a run is brought at most.
const MOST_IMAGES: u64 = 20_000;
const MOST_STEPS: u64 = 1_000_000;
/// Steps after which a run is not brought on: it gives images up instead of learning them.
const GIVE_UP: u64 = 3_000 * MOST_IMAGES;
/// Images times neurons, and steps times neurons, that a run is asked for at once: it
/// listens again a fraction of a second later.
const IMAGES_AT_ONCE: u64 = 20_000;
const STEPS_AT_ONCE: u64 = 4_000_000;

impl Spiking {
    /// Takes over settings with the view in front. A run of another network begins anew,
    /// after a question where much would be lost; a short one in any case.
    pub(super) fn take_over(&mut self, kept: SpikingSettings, desk: &mut Desk) {
        self.run.set_running(false);
        (self.asking, self.brought) = (None, None);
        if self.resumes {
            self.reopens = Some(Box::new(kept.clone()));
        }
        if self.loads == 0 {
            self.kept = kept;
            return self.fresh_bars();
        }
        let other = self.kept.config() != kept.config() || self.kept.begin != kept.begin;
        if other || self.view.images < WORTH_ASKING {
            self.begin_with(kept, desk);
            if self.asking.is_none() {
                self.fresh_bars();
            }
            return;
        }
        self.kept = kept;
        self.fresh_bars();
        self.tell(SpikingCommand::Set(self.kept.live_settings), desk);
        self.tell(SpikingCommand::Goal(self.kept.goal), desk);
        self.pace();
    }

    /// Once the network of an earlier time has been read: what a scene asked for before.
    pub(super) fn reopen_late(&mut self, desk: &mut Desk) {
        if let Some(kept) = self.reopens.take()
            && *kept != self.kept
        {
            self.take_over(*kept, desk);
        }
    }

    /// Where the bar in front stands. What is recorded spike by spike can be brought back
    /// where it began with the run.
    pub(super) fn position(&self) -> Option<Position> {
        match self.kept.tab {
            SpikingTab::Learning => Some(Position::of(&self.images)),
            SpikingTab::Spikes => {
                (self.view.stretch.from_step == 0).then(|| Position::of(&self.spikes))
            }
            SpikingTab::Digit => Some(Position::of(&self.digit)),
            SpikingTab::Damage => None,
        }
    }

    /// Brings the bar in front to this step.
    pub(super) fn bring_to(&mut self, step: u64, desk: &mut Desk) {
        match self.kept.tab {
            SpikingTab::Learning => self.run_to(step, desk),
            SpikingTab::Spikes if self.view.stretch.from_step == 0 => self.run_to(step, desk),
            SpikingTab::Digit if self.is_current(desk) => {
                self.digit.edit(&PlaybackEdit::Go(step));
            }
            _ => {}
        }
    }

    /// Has the run do what is missing, and no more; the bar then stands there.
    fn run_to(&mut self, step: u64, desk: &mut Desk) {
        if !self.is_loaded() {
            return;
        }
        if self.run.is_running() || self.view.goes {
            return self.run.set_running(false);
        }
        let by_spikes = self.kept.tab == SpikingTab::Spikes;
        let view = &self.view;
        // Of images, so many are learnt; of steps, the last one is shown.
        let (done, wanted) = if by_spikes {
            (view.step, step.min(MOST_STEPS) + 1)
        } else {
            (view.images, step.min(MOST_IMAGES))
        };
        let over = view.failure.is_some() || view.step > GIVE_UP;
        if done >= wanted || over {
            return self.play(&PlaybackEdit::Go(step), desk);
        }
        let here = (self.generation, view.step);
        if self.brought == Some(here) {
            return;
        }
        let neurons = view.fields.as_ref().map_or(self.kept.neurons, |f| f.learnt.theta.len());
        let at_once = |all: u64| (all / neurons.max(1) as u64).max(1);
        let missing = wanted - done;
        let command = if by_spikes {
            SpikingCommand::Steps(missing.min(at_once(STEPS_AT_ONCE)))
        } else {
            SpikingCommand::Images(missing.min(at_once(IMAGES_AT_ONCE)))
        };
        let sent = self.run.send(command);
        if sent.is_ok() {
            self.brought = Some(here);
            let bar = if by_spikes { &mut self.spikes } else { &mut self.images };
            bar.edit(&PlaybackEdit::End);
        }
        desk.sent(sent);
    }

    /// Whether the newest run has begun.
    pub(super) fn is_loaded(&self) -> bool {
        let begun = self.loaded && self.view.generation == self.loads;
        self.loads > 0 && begun && self.reopens.is_none()
    }

    /// Whether the view in front shows what settings and digit ask for.
    pub(super) fn is_current(&self, desk: &Desk) -> bool {
        match self.kept.tab {
            SpikingTab::Learning | SpikingTab::Spikes => {
                let coming = self.brought == Some((self.generation, self.view.step));
                let there = self.is_loaded() && (self.run.is_running() || !coming);
                there || self.view.failure.is_some()
            }
            SpikingTab::Digit => desk.digit.is_blank() || self.is_voted(desk),
            SpikingTab::Damage => self.measured.running.is_none(),
        }
    }

    /// Whether the competition shown is the current digit's, in the newest network.
    pub(super) fn is_voted(&self, desk: &Desk) -> bool {
        let newest = self.asked.0 == desk.digit.version() && self.serial == self.competition;
        let shown = self.shown.competition.as_ref();
        let voted = shown.is_some_and(|c| newest && c.serial == self.serial);
        self.serial > 0 && (voted || self.shown.failure.is_some())
    }

    /// Has the network learn, plays the digit's presentation, or measures the damage.
    pub(super) fn start(&mut self, desk: &mut Desk) {
        match self.kept.tab {
            SpikingTab::Learning | SpikingTab::Spikes => {
                for bar in [&mut self.images, &mut self.spikes] {
                    bar.edit(&PlaybackEdit::End);
                }
                self.plot.time.follow = true;
                self.run.set_running(true);
            }
            SpikingTab::Digit if !self.digit.is_playing() => {
                let now_s = desk.ctx.input(|i| i.time);
                self.digit.edit(&PlaybackEdit::Play { now_s });
            }
            SpikingTab::Damage if self.measured.running.is_none() => self.measure_damage(desk),
            SpikingTab::Digit | SpikingTab::Damage => {}
        }
    }
}
