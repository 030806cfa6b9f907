//! What a saved scene or a lesson does with the rules.

use std::time::{Duration, Instant};

use super::{Alternatives, AlternativesEdit, SLOTS};
use crate::ann::rules::disturbance::Disturbance;
use crate::core::playback::Playback;
use crate::ui::desk::Desk;
use crate::ui::workspace::Workspace;
use crate::ui::workspaces::alternatives::settings::{AlternativesSettings, AlternativesTab};

/// Runs that were begun show themselves within this time.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);

impl Alternatives {
    /// Takes over the settings of a scene. Runs of others end, as each stays among the runs
    /// of Train; nothing is disturbed any more.
    pub(super) fn take_over(&mut self, kept: AlternativesSettings, desk: &mut Desk) {
        if kept.rules != self.kept.rules || kept.course != self.kept.course {
            self.end_held();
        }
        self.aim = None;
        self.disturb(Disturbance::default(), desk);
        (self.synapse, self.begun) = (None, None);
        (self.playback, self.fitted) = (Playback::new(0, 0, kept.playback), 0);
        self.kept = kept;
        for slot in &mut self.slots {
            slot.disturbance = Disturbance::default();
        }
        // Synthetic digits stand in once more where MNIST is missing.
        self.stands_in = false;
    }

    /// Whether no rule waits for its digits, and the digit's way is known where it is shown.
    pub(super) fn is_settled(&self, desk: &Desk) -> bool {
        let tab = self.kept.tab;
        let looks = matches!(tab, AlternativesTab::Back | AlternativesTab::Settling);
        let snapshot = self.looked_at().and_then(|slot| self.snapshot(slot));
        let known = match snapshot.filter(|_| looks && !desk.digit.is_blank()) {
            // While it learns, its weights are others each time.
            Some(_) if self.learns() => true,
            Some(snapshot) => {
                let asked = self.asked.as_ref().is_some_and(|a| {
                    std::sync::Arc::ptr_eq(&a.snapshot, snapshot)
                        && (a.version, a.label) == (desk.digit.version(), self.label(desk))
                        && a.sweeps == self.kept.sweeps
                });
                asked && self.is_current()
            }
            None => true,
        };
        known && self.slots.iter().all(|slot| slot.waiting.is_none())
    }

    /// Lets all rules learn, unless they do.
    pub(super) fn begin_rules(&mut self, desk: &mut Desk) {
        let just_begun = self.begun.is_some_and(|then| then.elapsed() < SHOWN_WITHIN);
        let waits = (0..SLOTS).any(|slot| self.slots[slot].waiting.is_some());
        if just_begun || waits || self.learns() {
            return;
        }
        desk.stand_in_for(&mut self.stands_in, &mut self.kept.course.data);
        self.begun = Some(Instant::now());
        self.apply(AlternativesEdit::Start, desk);
    }
}
