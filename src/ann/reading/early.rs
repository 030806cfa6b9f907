//! How early can each network tell? Over many labelled digits: the accuracy after every
//! step, and the step from which the answer no longer changes.

use super::{Probabilities, decided_after};
use crate::ann::ensemble::Stacking;
use crate::core::decision::unique_max;
use crate::data::{CLASSES, SIDE};

/// Places in time: before the first step and after each of the 28.
pub const PLACES: usize = SIDE + 1;

/// The ensemble's answer after every step, of its members' answers after as many
/// steps each: those who read from the left and those who read from the top.
pub fn together(stacking: &Stacking, members: &[&[Probabilities]]) -> Vec<Probabilities> {
    let steps = members.iter().map(|m| m.len()).min().unwrap_or(0);
    (0..steps)
        .map(|k| {
            let now: Vec<Probabilities> = members.iter().map(|m| m[k]).collect();
            stacking.combine(&now)
        })
        .collect()
}

/// What one reader (a network or the ensemble) did so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Right answers after `k` steps.
    pub right: [u32; PLACES],
    /// Digits for which the mind was made up after `k` steps.
    pub decided: [u32; PLACES],
    /// The same, by class: sums of steps, and digits.
    by_class: [(u32, u32); CLASSES],
}

impl Default for Count {
    fn default() -> Self {
        Self { right: [0; PLACES], decided: [0; PLACES], by_class: [(0, 0); CLASSES] }
    }
}

impl Count {
    /// Counts one digit, of which these were the answers after every step.
    pub fn add(&mut self, answers: &[Probabilities], label: u8) {
        for (right, answer) in self.right.iter_mut().zip(answers) {
            *right += u32::from(unique_max(answer) == Some(usize::from(label)));
        }
        let decided = decided_after(answers);
        self.decided[decided.min(SIDE)] += 1;
        let (steps, digits) = &mut self.by_class[usize::from(label) % CLASSES];
        *steps += decided as u32;
        *digits += 1;
    }

    /// Digits counted.
    pub fn digits(&self) -> u32 {
        self.decided.iter().sum()
    }

    /// Share of right answers after `k` steps, 0 to 1.
    pub fn accuracy(&self, k: usize) -> f32 {
        self.right[k] as f32 / self.digits().max(1) as f32
    }

    /// Mean number of steps after which the mind was made up.
    pub fn mean_decided(&self) -> f32 {
        let steps: usize = self.decided.iter().enumerate().map(|(k, n)| k * *n as usize).sum();
        steps as f32 / self.digits().max(1) as f32
    }

    /// The same for the digits of one class, if there were any.
    pub fn mean_decided_of(&self, class: usize) -> Option<f32> {
        let (steps, digits) = self.by_class[class];
        (digits > 0).then(|| steps as f32 / digits as f32)
    }

    /// The first step after which this share of the final accuracy is reached.
    pub fn reaches(&self, share: f32) -> usize {
        let wanted = share * self.right[SIDE] as f32;
        self.right.iter().position(|r| *r as f32 >= wanted).unwrap_or(SIDE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{order, read};
    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::ann::ensemble;
    use crate::data::synthetic;

    fn sure(digit: usize) -> Probabilities {
        std::array::from_fn(|d| if d == digit { 0.91 } else { 0.01 })
    }

    #[test]
    fn right_answers_and_decisions_are_counted_step_by_step() {
        let mut count = Count::default();
        let say = |from: usize, digit: usize| -> Vec<Probabilities> {
            (0..PLACES).map(|k| if k < from { sure(1) } else { sure(digit) }).collect()
        };
        count.add(&say(10, 7), 7);
        count.add(&say(20, 7), 7);
        count.add(&say(5, 3), 8);
        assert_eq!(count.digits(), 3);
        assert_eq!([9, 10, 19, 20, 28].map(|k| count.right[k]), [0, 1, 1, 2, 2]);
        assert!((count.mean_decided() - 35.0 / 3.0).abs() < 1e-5);
        assert_eq!(count.mean_decided_of(7), Some(15.0));
        assert_eq!(count.mean_decided_of(0), None);
        assert_eq!((count.reaches(0.5), count.reaches(1.0)), (10, 20));
        assert!((count.accuracy(28) - 2.0 / 3.0).abs() < 1e-6);
    }

    /// The shipped networks on synthetic digits: nobody knows before reading, all
    /// know in the end, and together they are no worse.
    #[test]
    fn the_shipped_networks_come_to_know() {
        let digits = synthetic::generate(3, 60);
        let networks: Vec<_> = REPORT
            .networks()
            .into_iter()
            .map(|w| w.unwrap().0)
            .filter(|n| order(n).is_some())
            .collect();
        let stacking = REPORT.stackings().iter().find(|s| s.ensemble == "rnns").unwrap();
        let members = ensemble::find("rnns").unwrap().members;
        assert!(networks.iter().map(|n| n.architecture().id).eq(members.iter().copied()));
        let mut counts = vec![Count::default(); 5];
        for i in 0..digits.len() {
            let readings: Vec<_> =
                networks.iter().map(|n| read(n, &digits.pixels(i)).unwrap()).collect();
            let answers: Vec<&[Probabilities]> =
                readings.iter().map(|s| &s.probabilities[..]).collect();
            let all = together(stacking, &answers);
            // The end is the ensemble's own answer.
            let last: Vec<Probabilities> = answers.iter().map(|a| a[SIDE]).collect();
            assert_eq!(all[SIDE], stacking.combine(&last));
            for (count, answers) in counts.iter_mut().zip(answers.into_iter().chain([&all[..]])) {
                count.add(answers, digits.label(i));
            }
        }
        for count in &counts {
            assert!(count.accuracy(0) < 0.3 && count.accuracy(SIDE) > 0.85, "{count:?}");
            assert!(count.accuracy(14) < count.accuracy(SIDE));
        }
    }
}
