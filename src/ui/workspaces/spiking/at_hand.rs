//! The network that the workspace is about, the one that learns here or a bundled one:
//! shown the current digit, tested, damaged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Spiking;
use crate::core::text::grouped;
use crate::ui::desk::Desk;
use crate::workers::spiking::measure::MeasureTask;
use crate::workers::spiking::network::Learnt;
use crate::workers::spiking::shown::{DigitQuestion, Network};

/// The network that answers where the user has trained none.
const AT_HAND: &str = "diehl-cook-400";
/// While it learns, the live network answers anew so often.
const RENEWED_EVERY: Duration = Duration::from_secs(1);
/// Training digits for labels and test digits of a test.
const TEST_IMAGES: (usize, usize) = (10_000, 10_000);
/// Test digits at each amount of damage.
const DAMAGE_IMAGES: usize = 1000;
/// Conventional networks that are damaged beside the spiking one.
const BESIDE: [&str; 2] = ["mlp", "cnn3"];

impl Spiking {
    /// The network that is tested, damaged and shown digits, for people.
    pub fn named_at_hand(&self) -> String {
        let live = self.view.fields.as_ref().filter(|f| f.learnt.can_answer());
        match live {
            Some(fields) => format!(
                "the network that learns here ({} neurons, {} images)",
                grouped(fields.learnt.theta.len() as u64),
                grouped(fields.images)
            ),
            None => "STDP 400, a bundled network of 400 neurons that has learnt MNIST (the one here has no labels yet)".into(),
        }
    }

    /// Shows the current digit to the newest network that can answer.
    pub(super) fn show_digit(&mut self, desk: &Desk) {
        if desk.digit.is_blank() {
            return;
        }
        let live = self.view.fields.as_ref().map(|f| &f.learnt).filter(|l| l.can_answer());
        let network = match live {
            Some(learnt) => Network::Live(Arc::clone(learnt)),
            None => Network::Bundled(AT_HAND),
        };
        let version = desk.digit.version();
        let same = self.asked.1.as_ref().is_some_and(|known| known.same(&network));
        let soon = self.view.goes && self.asked_at.elapsed() < RENEWED_EVERY;
        if self.asked.1.is_some() && self.asked.0 == version && (same || soon) {
            return;
        }
        self.serial += 1;
        (self.asked, self.asked_at) = ((version, Some(network.clone())), Instant::now());
        let pixels = Box::new(*desk.digit.pixels());
        self.presenter.ask(DigitQuestion { serial: self.serial, pixels, network });
    }

    /// The network that the workspace is about: the one that has learnt here, if it
    /// can answer.
    fn network_at_hand(&self, desk: &mut Desk) -> Option<Arc<Learnt>> {
        let live = self.view.fields.as_ref().map(|f| Arc::clone(&f.learnt));
        if let Some(live) = live.filter(|l| l.can_answer()) {
            return Some(live);
        }
        match Learnt::bundled(AT_HAND) {
            Ok(learnt) => Some(Arc::new(learnt)),
            Err(error) => {
                desk.toasts.failure(error.to_string());
                None
            }
        }
    }

    pub(super) fn test(&mut self, desk: &mut Desk) {
        let (Some(network), Some(split)) = (self.network_at_hand(desk), desk.best_digits()) else {
            return;
        };
        let images = self.view.fields.as_ref().map_or(0, |f| f.images);
        self.tested = Some((self.view.generation, images, self.measured.tested.clone()));
        let task = MeasureTask::Test {
            network,
            train: split.train,
            test: split.test,
            images: TEST_IMAGES,
        };
        desk.sent(self.measure.ask(task));
    }

    pub(super) fn measure_damage(&mut self, desk: &mut Desk) {
        let (Some(network), Some(split)) = (self.network_at_hand(desk), desk.best_digits()) else {
            return;
        };
        let beside = BESIDE.iter().filter_map(|id| desk.models.iter().find(|m| m.key == *id));
        let task = MeasureTask::Damage {
            damage: self.kept.damage,
            network,
            models: beside.cloned().collect(),
            test: split.test,
            images: DAMAGE_IMAGES,
            seed: self.kept.seed,
        };
        desk.sent(self.measure.ask(task));
    }
}
