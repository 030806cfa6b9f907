//! The game: twenty test digits, noisy or covered in part, and how soon and how well
//! somebody reads them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::board;
use crate::core::rng::Rng;
use crate::data::dataset::Dataset;
use crate::data::{PIXELS, Pixels, SIDE};
use crate::scoreboard::board::{Broken, Cell, Curve, Detail, Kind, Profile, Value};
use crate::scoreboard::criteria::pictures;
use crate::scoreboard::stats;

/// Digits of a game.
pub const DIGITS: usize = 20;
/// They are among the first of the test digits, which networks are measured on, too.
const FIRST: usize = 1000;
/// Id of whoever plays.
pub const YOU: &str = "you";
/// Id of the cell that has the times to answer; no criterion, since networks have no
/// seconds of their own.
pub const SECONDS: &str = "seconds";

/// What is done to a digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Gaussian noise on each pixel.
    Noise,
    /// A part is covered.
    Occlusion,
}

impl Harm {
    /// Both, by the ids of their criteria; names and units of their strengths, and
    /// strengths, where no network's curve says them.
    pub const ALL: [(Self, &'static str, &'static str, [f64; 5]); 2] = [
        (Self::Noise, "noise", "Noise σ", [0.0, 0.25, 0.5, 0.75, 1.0]),
        (Self::Occlusion, "occlusion", "covered, %", [0.0, 8.0, 16.0, 32.0, 50.0]),
    ];

    /// The digit of this number, harmed so much: the very picture that networks get.
    fn on(self, pixels: &Pixels, strength: f64, at: usize, digit: usize) -> Pixels {
        match self {
            Self::Noise => pictures::noisy(pixels, strength, at, digit),
            Self::Occlusion => {
                let covered = strength.clamp(0.0, 100.0) / 100.0 * PIXELS as f64;
                let side = (covered.sqrt().round() as usize).min(SIDE);
                pictures::covered(pixels, side, at, digit)
            }
        }
    }
}

/// One digit of the game.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What is done to it, and the place of its strength on the curve.
    pub harm: Harm,
    pub at: usize,
    /// Its number among the test digits, and its class.
    pub digit: usize,
    pub label: u8,
    /// What is seen.
    pub pixels: Pixels,
}

/// A game, from its first digit to its last.
#[derive(Clone, Debug)]
pub struct Game {
    pub seed: u64,
    /// The digits' data set, for people.
    pub data: String,
    /// Strengths of both harms.
    pub strengths: [(String, Vec<f64>); 2],
    pub trials: Vec<Trial>,
    /// What was answered, and after how many seconds.
    pub answers: Vec<(u8, f64)>,
    /// When the digit in view came, in seconds of the window's clock.
    since_s: f64,
}

impl Game {
    /// A game. Strengths are those of the networks' curves, so that the player's stand on
    /// the same axes. The same seed gives the same digits.
    pub fn new(
        seed: u64,
        data: String,
        test: &Arc<Dataset>,
        table: &[Profile],
        now_s: f64,
    ) -> Self {
        let strengths = Harm::ALL.map(|(_, id, x, usual)| {
            let curve =
                table.iter().filter(|p| p.kind != Kind::You).find_map(|p| board::curve_of(p, id));
            curve
                .filter(|c| !c.xs.is_empty() && c.xs.len() <= DIGITS)
                .map_or_else(|| (x.to_owned(), usual.to_vec()), |c| (c.x.clone(), c.xs.clone()))
        });
        let mut rng = Rng::stream(seed, "game", 0);
        let mut trials = Vec::with_capacity(DIGITS);
        for n in 0..DIGITS {
            let (which, place) = (n % 2, n / 2);
            let (harm, strengths) = (Harm::ALL[which].0, &strengths[which].1);
            // From the strongest on, so that none is left out before the digit as it is.
            let at = strengths.len() - 1 - place % strengths.len();
            let digit = rng.below(test.len().clamp(1, FIRST));
            let pixels = harm.on(&test.pixels(digit), strengths[at], at, digit);
            trials.push(Trial { harm, at, digit, label: test.label(digit), pixels });
        }
        rng.shuffle(&mut trials);
        Self { seed, data, strengths, trials, answers: Vec::new(), since_s: now_s }
    }

    /// The digit in view; none once all are answered.
    pub fn trial(&self) -> Option<&Trial> {
        self.trials.get(self.answers.len())
    }

    /// Takes an answer.
    pub fn answer(&mut self, digit: u8, now_s: f64) {
        if self.trial().is_some() && digit < 10 {
            self.answers.push((digit, (now_s - self.since_s).max(0.0)));
            self.since_s = now_s;
        }
    }

    /// How many were right.
    pub fn right(&self) -> usize {
        self.trials.iter().zip(&self.answers).filter(|(t, a)| t.label == a.0).count()
    }

    /// The median time to answer, s.
    pub fn median_s(&self) -> f64 {
        let mut all: Vec<f64> = self.answers.iter().map(|a| a.1).collect();
        all.sort_by(f64::total_cmp);
        let n = all.len();
        if n == 0 {
            return 0.0;
        }
        (all[(n - 1) / 2] + all[n / 2]) / 2.0
    }

    /// What the player did, as a row of the board.
    pub fn profile(&self) -> Profile {
        let mut cells = BTreeMap::new();
        for (which, (harm, id, ..)) in Harm::ALL.iter().enumerate() {
            cells.insert((*id).to_owned(), self.cell(*harm, &self.strengths[which]));
        }
        let times = self.answers.iter().zip(&self.trials);
        let seconds = Cell {
            value: Some(Value::Number(self.median_s())),
            digits: Some(self.answers.len()),
            remark: "Median time to answer, s; networks have no seconds of their own.".into(),
            detail: Some(Detail::Counts(
                times.map(|(a, t)| (format!("a {}, answered {}", t.label, a.0), a.1)).collect(),
            )),
            ..Cell::default()
        };
        cells.insert(SECONDS.to_owned(), seconds);
        Profile {
            id: YOU.into(),
            name: "You".into(),
            kind: Kind::You,
            about: format!(
                "{} of {} digits of {} read right, each in {:.1} s (median); game of seed {}",
                self.right(),
                self.answers.len(),
                self.data,
                self.median_s(),
                self.seed
            ),
            fingerprint: String::new(),
            cells,
        }
    }

    fn cell(&self, harm: Harm, (x, xs): &(String, Vec<f64>)) -> Cell {
        let mut counts = vec![(0usize, 0usize); xs.len()];
        let mut broken = Vec::new();
        for (trial, (answer, _)) in self.trials.iter().zip(&self.answers) {
            if trial.harm != harm {
                continue;
            }
            let (right, of) = &mut counts[trial.at];
            *of += 1;
            if *answer == trial.label {
                *right += 1;
            } else {
                let (digit, label, at) = (trial.digit, trial.label, trial.at);
                broken.push(Broken { digit, label, answer: Some(*answer), at });
            }
        }
        let asked: Vec<usize> = (0..xs.len()).filter(|i| counts[*i].1 > 0).collect();
        let share = |i: &usize| counts[*i].0 as f64 / counts[*i].1 as f64;
        let curve = Curve {
            x: x.clone(),
            xs: asked.iter().map(|i| xs[*i]).collect(),
            ys: asked.iter().map(|i| 100.0 * share(i)).collect(),
            spread: asked.iter().map(|i| 100.0 * error(counts[*i])).collect(),
            broken: broken
                .into_iter()
                .map(|b| Broken { at: asked.iter().position(|i| *i == b.at).unwrap_or(0), ..b })
                .collect(),
        };
        let digits = counts.iter().map(|c| c.1).sum();
        let (value, spread) = area(&curve);
        Cell {
            value: value.map(Value::Number),
            spread,
            digits: Some(digits),
            remark: "One person, one game: so few digits say little.".into(),
            detail: Some(Detail::Curve(curve)),
            ..Cell::default()
        }
    }
}

/// The standard error of a share of so few: with one right and one wrong more, so that
/// two of two are not taken for certain (Agresti and Coull 1998).
fn error((right, of): (usize, usize)) -> f64 {
    let n = of as f64 + 2.0;
    let share = (right as f64 + 1.0) / n;
    (share * (1.0 - share) / n).sqrt()
}

/// The mean height of a curve as the networks' has it, and its standard error.
fn area(curve: &Curve) -> (Option<f64>, Option<f64>) {
    let (xs, n) = (&curve.xs, curve.xs.len());
    if n < 2 {
        return (curve.ys.first().copied(), curve.spread.first().copied());
    }
    // What each point weighs in the sum of trapezoids.
    let weight = |i: usize| {
        let (before, after) = (xs[i.saturating_sub(1)], xs[(i + 1).min(n - 1)]);
        (after - before) / (2.0 * (xs[n - 1] - xs[0]))
    };
    let variance: f64 = (0..n).map(|i| (weight(i) * curve.spread[i]).powi(2)).sum();
    (Some(stats::area(xs, &curve.ys)), Some(variance.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic;

    fn digits() -> Arc<Dataset> {
        let mut images = Vec::new();
        let mut labels = Vec::new();
        for class in 0..10 {
            images.extend(synthetic::digit(1, class, 0).iter().map(|p| (p * 255.0) as u8));
            labels.push(class);
        }
        Arc::new(Dataset::new("made", images, labels).unwrap())
    }

    #[test]
    fn the_same_seed_shows_the_same_digits_and_every_strength_comes_up() {
        let (a, b) = (
            Game::new(3, "made".into(), &digits(), &[], 0.0),
            Game::new(3, "made".into(), &digits(), &[], 9.0),
        );
        assert_eq!(a.trials.len(), DIGITS);
        assert!(a.trials.iter().zip(&b.trials).all(|(a, b)| a.pixels == b.pixels));
        for (harm, ..) in Harm::ALL {
            for at in 0..5 {
                assert_eq!(a.trials.iter().filter(|t| t.harm == harm && t.at == at).count(), 2);
            }
        }
    }

    #[test]
    fn who_reads_all_has_a_hundred_percent_and_who_reads_none_has_nothing() {
        for right in [true, false] {
            let mut game = Game::new(1, "made".into(), &digits(), &[], 10.0);
            let mut now = 10.0;
            while let Some(label) = game.trial().map(|t| t.label) {
                now += 1.5;
                game.answer(if right { label } else { (label + 1) % 10 }, now);
            }
            assert_eq!((game.right(), game.median_s()), (if right { DIGITS } else { 0 }, 1.5));
            let profile = game.profile();
            for id in ["noise", "occlusion"] {
                let cell = &profile.cells[id];
                let wanted = if right { 100.0 } else { 0.0 };
                assert_eq!(cell.value, Some(Value::Number(wanted)));
                // Ten digits are never certain.
                assert!(cell.spread.unwrap() > 5.0);
                let curve = board::curve_of(&profile, id).unwrap();
                assert_eq!(curve.broken.len(), if right { 0 } else { 10 });
            }
            // What comes after the last digit changes nothing.
            game.answer(3, 99.0);
            assert_eq!(game.answers.len(), DIGITS);
        }
    }
}
