//! What saved scenes and lessons ask of the workspace: settings taken over whole, a time
//! bar brought to its step, whether the answer is there, and the beginning of a run.

use super::Plasticity;
use super::settings::{PlasticitySettings, PlasticityTab, fresh_plot};
use super::state::{HEAD_START, story_bar};
use crate::core::playback::{Playback, PlaybackEdit};
use crate::snn::experiments::pairing_rate::INTERVALS_MS;
use crate::snn::experiments::pattern::PatternView;
use crate::ui::desk::Desk;
use crate::ui::widgets::live;
use crate::ui::workspace::Position;
use crate::workers::plasticity::pattern::PatternCommand;

/// Steps that the run is asked for at once: it listens again a fraction of a second later.
const AT_ONCE: u64 = 10_000;
/// Steps to which it is brought at most, half an hour of simulated time: all of them are
/// recorded.
const MOST_STEPS: u64 = 3_600_000;

impl Plasticity {
    /// Takes over settings with the view in front, speeds and loops. The pattern's run
    /// begins anew: it may be far ahead.
    pub(super) fn take_over(&mut self, kept: PlasticitySettings, desk: &mut Desk) {
        self.story = story_bar(kept.story_playback);
        self.pattern_bar = Playback::live(kept.pattern_playback);
        self.plot = fresh_plot();
        live::tell_speed(&self.pattern_bar, &self.thread);
        self.thread.set_running(false);
        self.kept = kept;
        if self.loads > 0 {
            self.load_pattern(desk);
        }
    }

    /// Where the bar in front stands.
    pub(super) fn position(&self) -> Option<Position> {
        match self.kept.tab {
            PlasticityTab::Story => Some(Position::of(&self.story)),
            PlasticityTab::Pattern => Some(Position::of(&self.pattern_bar)),
            _ => None,
        }
    }

    /// Brings the bar in front to this step.
    pub(super) fn bring_to(&mut self, step: u64, desk: &mut Desk) {
        match self.kept.tab {
            PlasticityTab::Story => self.story.edit(&PlaybackEdit::Go(step)),
            PlasticityTab::Pattern => self.run_to(step, desk),
            _ => {}
        }
    }

    /// Has the run do the steps that are missing, and no more: the weights shown are those
    /// of its end.
    fn run_to(&mut self, step: u64, desk: &mut Desk) {
        let Some(done) = self.run().map(|view| view.step) else { return };
        if self.thread.is_running() || self.pattern.goes || self.pattern.running {
            return self.thread.set_running(false);
        }
        if self.pattern.failure.is_some() {
            return self.play_pattern(&PlaybackEdit::Go(step), desk);
        }
        if done < self.awaited {
            return;
        }
        let wanted = (step.min(MOST_STEPS) + 1).max(HEAD_START);
        if done > wanted {
            self.load_pattern(desk);
        } else if done < wanted {
            let steps = (wanted - done).min(AT_ONCE);
            let sent = self.thread.send(PatternCommand::Steps(steps));
            if sent.is_ok() {
                self.awaited = done + steps;
                self.pattern_bar.edit(&PlaybackEdit::End);
            }
            desk.sent(sent);
        } else {
            self.play_pattern(&PlaybackEdit::Go(step), desk);
        }
    }

    /// The pattern's run, once the newest one has begun and shows something.
    pub(super) fn run(&self) -> Option<&PatternView> {
        let newest = self.loads > 0 && self.pattern.generation == self.loads;
        let view = self.pattern.view.as_deref().filter(|_| newest)?;
        (view.step >= HEAD_START && view.task == self.kept.pattern_task()).then_some(view)
    }

    /// The answer to what the settings ask in this view, once it is there.
    pub(super) fn answered<'a, T>(
        &self,
        tab: PlasticityTab,
        answer: Option<&'a (u64, T)>,
    ) -> Option<&'a T> {
        let newest = self.asked.1.is_some() && self.asked.1 == self.question(tab);
        answer.filter(|a| newest && a.0 == self.asked.0).map(|a| &a.1)
    }

    /// Whether the view in front shows the whole answer to its settings.
    pub(super) fn is_current(&self) -> bool {
        use PlasticityTab as T;
        let found = &self.results;
        match self.kept.tab {
            T::Windows => self.answered(T::Windows, found.windows.as_deref()).is_some(),
            T::Story => self.answered(T::Story, found.story.as_deref()).is_some(),
            T::PairingRate => {
                let curves = self.answered(T::PairingRate, found.pairing_rate.as_deref());
                let whole = |n: usize| n == INTERVALS_MS.len();
                curves.is_some_and(|all| all.iter().all(|c| whole(c.measured.len())))
            }
            T::Bounds => {
                let bounds = self.answered(T::Bounds, found.bounds.as_deref());
                bounds.is_some_and(|b| b.seconds[0] >= b.seconds[1])
            }
            T::Slope => {
                let slope = self.answered(T::Slope, found.slope.as_deref());
                slope.is_some_and(|s| s.seconds[0] >= s.seconds[1])
            }
            T::Pattern => {
                // Steps that were asked for are still to come.
                let arrived = |step: u64| self.thread.is_running() || step >= self.awaited;
                self.run().is_some_and(|view| arrived(view.step)) || self.pattern.failure.is_some()
            }
        }
    }

    /// Plays the story, or has the neuron look for the pattern; the other experiments are
    /// done when they are looked at.
    pub(super) fn start(&mut self, desk: &mut Desk) {
        match self.kept.tab {
            PlasticityTab::Story if !self.story.is_playing() => {
                let now_s = desk.ctx.input(|i| i.time);
                self.story.edit(&PlaybackEdit::Play { now_s });
            }
            PlasticityTab::Pattern => {
                self.pattern_bar.edit(&PlaybackEdit::End);
                self.plot.time.follow = true;
                self.thread.set_running(true);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use serde_json::{Map, json};

    use super::*;
    use crate::ui::film::Films;
    use crate::ui::house::House;
    use crate::ui::lesson::Course;
    use crate::ui::saved::Scenes;
    use crate::ui::session::Session;
    use crate::ui::workspace::{Chapter, Entry, Rooms};
    use crate::workers::Hub;

    fn until(house: &mut House, mut act: impl FnMut(&mut House) -> bool) {
        let begun = Instant::now();
        while !act(house) {
            assert!(begun.elapsed() < Duration::from_secs(120), "it takes too long");
            std::thread::sleep(Duration::from_millis(2));
            house.desk.refresh();
            house.follow();
        }
    }

    /// Brings the bar to this step; the weights then.
    fn weights_at(house: &mut House, step: u64) -> Arc<Vec<f32>> {
        until(house, |house| {
            house.rooms.go(step, &mut house.desk);
            house.rooms.time().is_some_and(|time| time.at == step)
        });
        let view = house.room::<Plasticity>().run().unwrap();
        assert_eq!(view.step, step + 1);
        Arc::clone(&view.weights)
    }

    #[test]
    fn a_scene_finds_the_same_weights_at_its_step_wherever_the_run_was() {
        let home = tempfile::tempdir().unwrap();
        let hub = Hub::start(home.path().join("runs"), Arc::new(|| {})).unwrap();
        let start = hub.start_of_rooms(false);
        let rooms =
            Rooms::open(&[Entry::of::<Plasticity>(Chapter::Neurons)], &Map::new(), &start).unwrap();
        let at = home.path().to_path_buf();
        let desk = Desk::new(egui::Context::default(), hub, at, Session::default(), None);
        let mut house = House {
            rooms,
            scenes: Scenes::default(),
            course: Course::default(),
            films: Films::default(),
            desk,
        };
        let scene = json!({"tab": "pattern", "pattern_playback": {"steps_per_s": 1e9}});
        house.rooms.reopen("plasticity", &scene, false, &mut house.desk);
        until(&mut house, |house| house.rooms.settled(&house.desk));
        // More than is asked for at once.
        let step = 2 * AT_ONCE + 345;
        let first = weights_at(&mut house, step);
        house.rooms.begin(&mut house.desk);
        until(&mut house, |house| {
            house.room::<Plasticity>().run().is_some_and(|view| view.step > step + AT_ONCE)
        });
        assert_eq!(weights_at(&mut house, step), first);
    }
}
