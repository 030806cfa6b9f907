//! The slots' runs: begun, held, ended, disturbed.

use super::{Alternatives, Begin, Change, SLOTS};
use crate::ann::rules::disturbance::Disturbance;
use crate::ui::desk::{Desk, Wanted};
use crate::workers::training::TrainCommand;

impl Alternatives {
    /// Begins a slot's run, from its initial weights.
    pub(super) fn begin(&mut self, slot: usize, how: Begin, desk: &mut Desk) {
        let Some(config) = self.kept.config(slot) else { return };
        if self.kept.refusal(slot).is_some() {
            return;
        }
        let of = &mut self.slots[slot];
        of.held = how != Begin::Run;
        match desk.ten_digits(&config.data, "learning rules are not compared") {
            Wanted::Coming => of.waiting = Some(how),
            Wanted::Missing(why) => desk.toasts.failure(format!(
                "The rules did not start: {why}. Choose another data set, or MNIST's folder in Draw."
            )),
            Wanted::Ready(split) => {
                let config = Box::new(config);
                let start = TrainCommand::Start { config, split, paused: of.held };
                let step = (how == Begin::Step).then_some(TrainCommand::Step);
                let disturbed = of.disturbance;
                of.changes.clear();
                let mut commands = vec![start];
                if disturbed.is_on() {
                    commands.push(TrainCommand::Disturb(disturbed));
                    of.changes.push(Change { step: 0, text: disturbed.describe() });
                }
                commands.extend(step);
                for command in commands {
                    desk.sent(of.training.send(command));
                }
            }
        }
    }

    pub(super) fn begin_all(&mut self, how: Begin, desk: &mut Desk) {
        for slot in 0..SLOTS {
            self.begin(slot, how, desk);
        }
    }

    /// How a run begins that takes the place of one in hand.
    pub(super) fn as_others(&self) -> Option<Begin> {
        let how = if self.learns() { Begin::Run } else { Begin::Held };
        self.any_in_hand().then_some(how)
    }

    /// Ends runs that are held: their settings are no longer those of the page.
    pub(super) fn end_held(&mut self) {
        for slot in &mut self.slots {
            slot.waiting = None;
            if slot.view.record.is_some() && slot.view.phase.in_hand() {
                slot.training.stop();
            }
        }
    }

    /// Ends runs whose rule has gone from its slot.
    pub(super) fn stop_others(&mut self) {
        for slot in 0..SLOTS {
            let of = &self.slots[slot];
            let held = of.view.record.is_some() && of.view.phase.in_hand();
            if held && self.run(slot).is_none() {
                of.training.stop();
            }
        }
    }

    pub(super) fn step(&mut self, desk: &mut Desk) {
        for slot in 0..SLOTS {
            if self.in_hand(slot) {
                self.slots[slot].held = true;
                let training = &self.slots[slot].training;
                desk.sent(training.send(TrainCommand::Step));
                // Who looks at its weights sees those after the step.
                desk.sent(training.send(TrainCommand::Wake));
            } else {
                self.begin(slot, Begin::Step, desk);
            }
        }
    }

    pub(super) fn disturb(&mut self, disturbance: Disturbance, desk: &mut Desk) {
        for slot in self.aimed_at().collect::<Vec<_>>() {
            let held = self.in_hand(slot);
            let of = &mut self.slots[slot];
            if of.disturbance == disturbance {
                continue;
            }
            of.disturbance = disturbance;
            if held {
                desk.sent(of.training.send(TrainCommand::Disturb(disturbance)));
                of.note();
            }
        }
    }
}
