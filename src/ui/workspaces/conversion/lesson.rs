//! What saved scenes and lessons ask of the workspace: settings taken over whole, a time
//! bar brought to its step, whether the answer is there, and the beginning of a run.

use std::sync::Arc;

use super::Conversion;
use super::settings::{ConversionSettings, ConversionTab};
use crate::core::playback::{Playback, PlaybackEdit};
use crate::ui::desk::Desk;
use crate::ui::workspace::Position;

impl Conversion {
    /// Takes over settings with the view in front; the bar stands where it does in the
    /// beginning.
    pub(super) fn take_over(&mut self, kept: ConversionSettings) {
        (self.playback, self.fitted) = (Playback::new(0, 0, kept.playback), 0);
        self.kept = kept;
    }

    /// Whether what is shown is the answer to settings and digit.
    pub fn is_current(&self, desk: &Desk) -> bool {
        self.serial > 0 && self.shown.serial == self.serial && self.is_asked(desk)
    }

    /// Whether many digits are being asked, or are about to be.
    pub(super) fn is_sampling(&self) -> bool {
        let before = self.sampled.as_ref().map(|(_, before)| before);
        let begins = before.is_some_and(|before| Arc::ptr_eq(before, &self.sample));
        self.waits.is_some() || self.sample.running || begins
    }

    /// Where the bar stands, in the views that have one.
    pub(super) fn position(&self) -> Option<Position> {
        (self.kept.tab != ConversionTab::Sample).then(|| Position::of(&self.playback))
    }

    /// Brings the bar to this step, once it goes over those of the answer.
    pub(super) fn bring_to(&mut self, step: u64, desk: &Desk) {
        let fits = self.fitted == self.shown.probabilities.len() as u64;
        if self.kept.tab != ConversionTab::Sample && self.is_current(desk) && fits {
            self.playback.edit(&PlaybackEdit::Go(step));
        }
    }

    /// Asks many digits, or plays the current one from its beginning.
    pub(super) fn start(&mut self, desk: &Desk) {
        if self.kept.tab == ConversionTab::Sample {
            if !self.sample.running && self.waits.is_none() {
                self.waits = Some(self.kept.sample);
            }
        } else if !self.playback.is_playing() {
            let now_s = desk.ctx.input(|i| i.time);
            self.playback.edit(&PlaybackEdit::Play { now_s });
        }
    }
}
