//! What saved scenes and lessons ask of the workspace: settings taken over whole, a time
//! bar brought to its step, whether the answer is there, and the beginning of a run.

use super::Deep;
use super::settings::{DeepSettings, DeepTab};
use crate::core::playback::{Playback, PlaybackEdit};
use crate::data::registry::SYNTHETIC;
use crate::ui::desk::Desk;
use crate::ui::workspace::Position;
use crate::workers::library::Loading;

impl Deep {
    /// Takes over settings with the view in front; the bar stands where it does in the
    /// beginning.
    pub(super) fn take_over(&mut self, kept: DeepSettings) {
        (self.playback, self.fitted) = (Playback::new(0, 0, kept.playback), 0);
        self.chosen = (kept.layer, kept.unit) != (0, 0);
        self.kept = kept;
    }

    /// Whether what is known is the answer to settings and digit.
    pub fn is_current(&self, desk: &Desk) -> bool {
        self.number > 0 && self.look.number == self.number && self.is_asked(desk)
    }

    /// Where the bar stands, in the views of the current digit.
    pub(super) fn position(&self) -> Option<Position> {
        let other = matches!(self.kept.tab, DeepTab::Sure | DeepTab::Filters);
        (!other).then(|| Position::of(&self.playback))
    }

    /// Brings the bar to this step, once it goes over those of the answer.
    pub(super) fn bring_to(&mut self, step: u64, desk: &Desk) {
        let other = matches!(self.kept.tab, DeepTab::Sure | DeepTab::Filters);
        if !other && self.is_current(desk) && self.fitted > 0 {
            self.playback.edit(&PlaybackEdit::Go(step));
        }
    }

    /// Surveys the best test digits there are, or plays the current digit.
    pub(super) fn start(&mut self, desk: &mut Desk) {
        match self.kept.tab {
            DeepTab::Sure => {
                if self.waits.is_none() && !self.survey.running {
                    let mnist = desk.library.source("mnist");
                    let missing = matches!(mnist, Loading::Missing | Loading::Failed(_));
                    self.survey_of(if missing { SYNTHETIC } else { "mnist" }, desk);
                }
            }
            DeepTab::Filters => {}
            _ => {
                if !self.playback.is_playing() {
                    let now_s = desk.ctx.input(|i| i.time);
                    self.playback.edit(&PlaybackEdit::Play { now_s });
                }
            }
        }
    }
}
