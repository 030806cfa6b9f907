//! What saved scenes and lessons ask of the workspace: settings taken over whole, a time
//! bar brought to its step, whether the answer is there, and the beginning of a run.

use std::sync::Arc;

use super::Imagine;
use super::ask::Asked;
use super::settings::{ImagineSettings, ImagineTab};
use super::spiking::Spikes;
use crate::core::playback::{Playback, PlaybackEdit};
use crate::ui::desk::Desk;
use crate::ui::workspace::Position;

impl Imagine {
    /// Takes over settings with the view in front. All is asked anew, and bars stand where
    /// they do in the beginning.
    pub(super) fn take_over(&mut self, kept: ImagineSettings, desk: &mut Desk) {
        self.bars = [(); 5].map(|()| Playback::new(0, 0, kept.playback));
        let measured = self.asked.measured;
        self.asked = Asked { measured, ..Asked::default() };
        self.kept = kept;
        self.spikes.take_over(&self.kept.spiking, desk);
    }

    /// Where the bar in front stands.
    pub(super) fn position(&self) -> Option<Position> {
        let timeless = matches!(self.kept.tab, ImagineTab::Units | ImagineTab::Measured);
        (!timeless).then(|| Position::of(self.bar()))
    }

    /// Brings the bar in front to this step, once it goes over those of the newest
    /// question.
    pub(super) fn bring_to(&mut self, step: u64, desk: &mut Desk) {
        let known = match self.kept.tab {
            ImagineTab::Complete => self.film_asked(desk).is_some(),
            ImagineTab::Dream => self.dream_asked(desk) == Some(self.dreams.number),
            ImagineTab::Walk => self.walk_asked(desk).is_some(),
            ImagineTab::Learning => {
                self.fit_lesson();
                true
            }
            ImagineTab::Phases => self.spikes.phases_current(&self.kept.spiking, desk),
            ImagineTab::Regression | ImagineTab::Window => {
                return self.spikes.run_to(&mut self.kept.spiking, step, desk);
            }
            ImagineTab::Units | ImagineTab::Measured => return,
        };
        if let Some(place) = self.place().filter(|_| known) {
            self.bars[place].edit(&PlaybackEdit::Go(step));
        }
    }

    /// Whether the view in front shows the answer to settings and digit; also where there
    /// is none to come.
    pub fn is_current(&self, desk: &Desk) -> bool {
        let blank = desk.digit.is_blank();
        let network = self.network(desk);
        let answered = |asked: Option<u64>, answer: u64| asked == Some(answer);
        match self.kept.tab {
            ImagineTab::Complete => {
                blank || network.is_none() || answered(self.film_asked(desk), self.film.number)
            }
            ImagineTab::Dream => network.is_none() || self.is_judged(desk),
            ImagineTab::Walk => {
                blank || network.is_none() || answered(self.walk_asked(desk), self.walk.number)
            }
            ImagineTab::Learning => {
                let nothing = if self.kept.many { self.without.is_some() } else { blank };
                nothing
                    || network.is_none()
                    || answered(self.lesson_asked(desk), self.lesson.number)
            }
            ImagineTab::Units => network.is_none_or(|network| {
                self.units.model.as_ref().is_some_and(|m| Arc::ptr_eq(m, network))
            }),
            ImagineTab::Measured => !self.is_measuring(),
            ImagineTab::Phases => {
                blank
                    || Spikes::network(&self.kept.spiking, desk).is_none()
                    || self.spikes.phases_current(&self.kept.spiking, desk)
            }
            ImagineTab::Regression | ImagineTab::Window => {
                self.spikes.run_current(&self.kept.spiking)
            }
        }
    }

    /// Whether the newest dreams are there, and judged where there is something to judge
    /// them by.
    fn is_judged(&self, desk: &Desk) -> bool {
        let dreamed = self.dream_asked(desk) == Some(self.dreams.number);
        let judged = self.dreamed().is_some_and(|(step, _)| {
            let of = (self.dreams.number, step);
            self.judged.of == of && self.asked.judge.as_ref().is_some_and(|j| (j.0, j.1) == of)
        });
        dreamed && (judged || self.without.is_some())
    }

    /// Whether a measurement goes on or is about to.
    pub(super) fn is_measuring(&self) -> bool {
        let asked = self.asked.measured.is_some_and(|number| number != self.measured.number);
        self.measures || self.measured.running || asked
    }

    /// Plays the film in front from its beginning, learns the curve, or measures.
    pub(super) fn start(&mut self, desk: &mut Desk) {
        match self.kept.tab {
            ImagineTab::Units => {}
            ImagineTab::Measured => self.measures |= !self.is_measuring(),
            ImagineTab::Regression | ImagineTab::Window => self.spikes.start(),
            _ => {
                let now_s = desk.ctx.input(|i| i.time);
                if let Some(place) = self.place().filter(|p| !self.bars[*p].is_playing()) {
                    self.bars[place].edit(&PlaybackEdit::Play { now_s });
                }
            }
        }
    }
}
