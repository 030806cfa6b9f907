//! Ensembles: several networks' answers become one, by averaging or by stacking.
//!
//! **Averaging** takes the mean of the members' probabilities.
//!
//! **Stacking** (Wolpert 1992) learns how much to trust each member. The learner
//! is a logistic regression over the members' log-probabilities with one weight
//! for each member, `log p(d) = Σₘ wₘ log pₘ(d) + const`: a weighted vote that
//! can also make the whole more or less certain. It is fitted on the digits that
//! all members held out of their training (2 %, 1,200 of MNIST's), never on the
//! test set. At most ten numbers, drawn towards equal trust by a ridge whose
//! strength is chosen by cross-validation, cannot learn 1,200 digits by heart. Where
//! members are about equally good, 1,200 digits hold too few mistakes to tell them
//! apart, and the weights come out nearly equal: within 3 % in the box, but for all
//! ten by the report's recipe.

use serde::{Deserialize, Serialize};

use super::evaluate::{Evaluation, judge};
use super::scores::Scores;
use crate::core::decision::sum_in_order;
use crate::data::CLASSES;

/// An ensemble's declaration.
#[derive(Debug)]
pub struct Ensemble {
    /// Stable id.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Ids of its members.
    pub members: &'static [&'static str],
    /// Test accuracy that the report states, in percent.
    pub report: Option<f64>,
}

/// All ensembles.
pub static ENSEMBLES: &[Ensemble] = &[
    Ensemble {
        id: "cnns",
        name: "CNN ensemble",
        doc: "CNN 1 to 5 together, by stacking; the held-out digits give no ground to trust one much more than another, so that all count nearly alike.",
        members: &["cnn1", "cnn2", "cnn3", "cnn4", "cnn5"],
        report: Some(99.60),
    },
    Ensemble {
        id: "rnns",
        name: "RNN ensemble",
        doc: "RNN 1 to 4 together, by stacking, nearly alike: the digit read from the left and from the top.",
        members: &["rnn1", "rnn2", "rnn3", "rnn4"],
        report: Some(99.38),
    },
    Ensemble {
        id: "all",
        name: "All ten",
        doc: "All ten networks together, by stacking: one weight for each, fitted on held-out digits.",
        members: &["mlp", "cnn1", "cnn2", "cnn3", "cnn4", "cnn5", "rnn1", "rnn2", "rnn3", "rnn4"],
        report: None,
    },
];

/// The ensemble of this id.
pub fn find(id: &str) -> Option<&'static Ensemble> {
    ENSEMBLES.iter().find(|e| e.id == id)
}

/// The ten probabilities of one answer.
pub type Probabilities = [f32; CLASSES];

/// Smallest probability whose logarithm is told apart.
const FLOOR: f32 = 1e-7;
/// Strengths of the ridge to choose from, for the mean cross-entropy in nats.
const RIDGES: [f64; 8] = [1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0];
/// Parts of the cross-validation that chooses.
const FOLDS: usize = 10;

/// What a member answers to the digits that it held out, and to the test digits.
#[derive(Clone, Debug)]
pub struct Tested {
    /// To those held out of its training.
    pub held_out: Evaluation,
    /// To the test set.
    pub test: Evaluation,
}

/// The mean of the members' probabilities.
pub fn average(members: &[Probabilities]) -> Probabilities {
    let n = members.len().max(1) as f32;
    std::array::from_fn(|d| members.iter().map(|p| p[d]).sum::<f32>() / n)
}

/// A fitted stacking learner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stacking {
    /// [`Ensemble::id`].
    pub ensemble: String,
    /// By member, in the ensemble's order.
    pub weights: Vec<f32>,
    /// Digits that it was fitted on.
    pub fitted_on: usize,
    /// Strength of the pull towards equal trust, chosen by cross-validation.
    #[serde(default)]
    pub ridge: f32,
    /// Accuracy on the test set, 0 to 1, and that of averaging.
    pub test_accuracy: Option<f64>,
    /// Likewise, by averaging.
    pub average_test_accuracy: Option<f64>,
}

fn logs(p: &Probabilities) -> [f64; CLASSES] {
    p.map(|v| f64::from(v.max(FLOOR)).ln())
}

/// Softmax of the weighted sum of logarithms, and its logarithm's normaliser.
fn mix(weights: &[f64], logs: &[[f64; CLASSES]]) -> ([f64; CLASSES], f64) {
    let sums: [f64; CLASSES] =
        std::array::from_fn(|d| weights.iter().zip(logs).map(|(w, l)| w * l[d]).sum());
    let largest = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers = sums.map(|s| (s - largest).exp());
    let total = sum_in_order(powers);
    (powers.map(|p| p / total), largest + total.ln())
}

/// A digit that a stacking learner is fitted on: the logarithms of each member's
/// probabilities, and the label.
type Known = (Vec<[f64; CLASSES]>, u8);

/// The weights with the least mean cross-entropy plus ridge, by Newton's method.
fn fit(digits: &[&Known], members: usize, ridge: f64) -> Vec<f64> {
    let start = 1.0 / members.max(1) as f64;
    let loss = |w: &[f64]| -> f64 {
        let pull: f64 = w.iter().map(|w| (w - start) * (w - start)).sum();
        cross_entropy(w, digits) + 0.5 * ridge * pull
    };
    let mut w = vec![start; members];
    let mut best = loss(&w);
    for _ in 0..50 {
        let step = newton(&w, (start, ridge), digits);
        let mut length = 1.0;
        let next = loop {
            let next: Vec<f64> = w.iter().zip(&step).map(|(w, s)| w - length * s).collect();
            if loss(&next) <= best || length < 1e-6 {
                break next;
            }
            length *= 0.5;
        };
        let now = loss(&next);
        let done = best - now < 1e-12;
        if now <= best {
            (w, best) = (next, now);
        }
        if done {
            break;
        }
    }
    w
}

/// Mean cross-entropy of the mixed answers, nats.
fn cross_entropy(w: &[f64], digits: &[&Known]) -> f64 {
    let each = digits.iter().map(|(logs, label)| {
        let right: f64 = w.iter().zip(logs).map(|(w, l)| w * l[usize::from(*label)]).sum();
        mix(w, logs).1 - right
    });
    each.sum::<f64>() / digits.len().max(1) as f64
}

impl Stacking {
    /// Fits to the members' answers (by member, by digit) to digits that none of
    /// them was trained on. The ridge is the strongest of [`RIDGES`] that, in
    /// cross-validation over [`FOLDS`] parts of these digits, comes within a standard
    /// error of the best (Breiman et al. 1984): a dozen mistakes in 1,200 digits
    /// are no ground to trust one member much more than another.
    pub fn fit(ensemble: &Ensemble, members: &[Vec<Probabilities>], labels: &[u8]) -> Self {
        let m = members.len();
        let digits: Vec<Known> = (0..labels.len())
            .map(|i| (members.iter().map(|p| logs(&p[i])).collect(), labels[i]))
            .collect();
        let part = |keep: &dyn Fn(usize) -> bool| -> Vec<&Known> {
            digits.iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, d)| d).collect()
        };
        let missed = |ridge: f64| -> [f64; FOLDS] {
            std::array::from_fn(|fold| {
                let w = fit(&part(&|i| i % FOLDS != fold), m, ridge);
                cross_entropy(&w, &part(&|i| i % FOLDS == fold))
            })
        };
        let scored = RIDGES.map(|ridge| (mean_and_error(&missed(ridge)), ridge));
        let best = scored.iter().map(|s| s.0).min_by(|a, b| a.0.total_cmp(&b.0));
        let enough = best.map_or(f64::INFINITY, |(mean, error)| mean + error);
        let strong = scored.iter().rev().find(|s| s.0.0 <= enough);
        let ridge = strong.map_or(1.0, |s| s.1);
        let w = fit(&part(&|_| true), m, ridge);
        Self {
            ensemble: ensemble.id.to_owned(),
            weights: w.iter().map(|w| *w as f32).collect(),
            fitted_on: labels.len(),
            ridge: ridge as f32,
            test_accuracy: None,
            average_test_accuracy: None,
        }
    }

    /// Fits to the held-out digits, and tests this and averaging on the test set.
    pub fn fit_and_test(
        ensemble: &Ensemble,
        members: &[&Tested],
        held_out: &[u8],
        test: &[u8],
    ) -> Self {
        let answers: Vec<Vec<Probabilities>> = members
            .iter()
            .map(|t| t.held_out.probabilities.iter().map(Scores::ten).collect())
            .collect();
        let mut stacking = Self::fit(ensemble, &answers, held_out);
        let of = |i: usize| -> Vec<Probabilities> {
            members.iter().map(|t| t.test.probabilities[i].ten()).collect()
        };
        let stacked = judge((0..test.len()).map(|i| stacking.combine(&of(i))), test);
        let averaged = judge((0..test.len()).map(|i| average(&of(i))), test);
        stacking.test_accuracy = Some(stacked.accuracy);
        stacking.average_test_accuracy = Some(averaged.accuracy);
        stacking
    }

    /// One answer of the members' answers.
    pub fn combine(&self, members: &[Probabilities]) -> Probabilities {
        let weights: Vec<f64> = self.weights.iter().map(|w| f64::from(*w)).collect();
        let logs: Vec<_> = members.iter().map(logs).collect();
        mix(&weights, &logs).0.map(|p| p as f32)
    }

    /// How much each member did for this answer: its share of what sets the
    /// answer apart from the runner-up. Below zero for those that spoke against.
    pub fn trust(&self, members: &[Probabilities]) -> Vec<f32> {
        let answer = self.combine(members);
        let mut order: Vec<usize> = (0..CLASSES).collect();
        order.sort_by(|a, b| answer[*b].total_cmp(&answer[*a]));
        let (first, second) = (order[0], order[1]);
        let each: Vec<f64> = self
            .weights
            .iter()
            .zip(members)
            .map(|(w, p)| f64::from(*w) * (logs(p)[first] - logs(p)[second]))
            .collect();
        let total: f64 = each.iter().map(|v| v.abs()).sum();
        each.iter().map(|v| if total > 0.0 { (v / total) as f32 } else { 0.0 }).collect()
    }
}

/// The mean of some numbers, and its standard error.
fn mean_and_error(values: &[f64; FOLDS]) -> (f64, f64) {
    let n = FOLDS as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// The inverse Hessian times the gradient of the loss.
fn newton(w: &[f64], (start, ridge): (f64, f64), digits: &[&Known]) -> Vec<f64> {
    let (m, n) = (w.len(), digits.len().max(1) as f64);
    let mut gradient: Vec<f64> = w.iter().map(|w| ridge * (w - start)).collect();
    let mut hessian = vec![vec![0.0; m]; m];
    for (i, row) in hessian.iter_mut().enumerate() {
        row[i] = ridge;
    }
    for (logs, label) in digits {
        let (p, _) = mix(w, logs);
        let mean: Vec<f64> =
            logs.iter().map(|l| l.iter().zip(&p).map(|(l, p)| l * p).sum()).collect();
        for i in 0..m {
            gradient[i] += (mean[i] - logs[i][usize::from(*label)]) / n;
            for j in 0..m {
                let both: f64 = (0..CLASSES).map(|d| p[d] * logs[i][d] * logs[j][d]).sum();
                hessian[i][j] += (both - mean[i] * mean[j]) / n;
            }
        }
    }
    solve(hessian, gradient)
}

/// Solves a symmetric positive definite system by elimination.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        for j in i + 1..n {
            let factor = a[j][i] / a[i][i];
            let row = a[i].clone();
            a[j].iter_mut().zip(&row).skip(i).for_each(|(x, y)| *x -= factor * y);
            b[j] -= factor * b[i];
        }
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| a[i][j] * b[j]).sum();
        b[i] = (b[i] - known) / a[i][i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::zoo;
    use crate::core::rng::Rng;

    #[test]
    fn every_ensemble_has_members_that_exist() {
        for (i, e) in ENSEMBLES.iter().enumerate() {
            assert!(e.members.iter().all(|m| zoo::find(m).is_some()), "{}", e.id);
            assert!(zoo::find(e.id).is_none() && !e.doc.is_empty());
            assert!(ENSEMBLES[i + 1..].iter().all(|o| o.id != e.id && o.name != e.name));
        }
    }

    /// Answers that are right with this probability, and sure of themselves.
    fn answers(labels: &[u8], right: f32, seed: u64) -> Vec<Probabilities> {
        let mut rng = Rng::stream(seed, "answers", 0);
        labels
            .iter()
            .map(|label| {
                let digit = if rng.uniform() < right { usize::from(*label) } else { rng.below(10) };
                std::array::from_fn(|d| if d == digit { 0.91 } else { 0.01 })
            })
            .collect()
    }

    fn accuracy(labels: &[u8], answer: impl Fn(usize) -> Probabilities) -> f64 {
        let right = labels.iter().enumerate().filter(|(i, label)| {
            let p = answer(*i);
            (0..CLASSES).all(|d| p[d] <= p[usize::from(**label)])
        });
        right.count() as f64 / labels.len() as f64
    }

    #[test]
    fn stacking_trusts_the_better_member_and_beats_averaging_on_other_digits() {
        let labels = |seed| -> Vec<u8> {
            let mut rng = Rng::stream(seed, "labels", 0);
            (0..1200).map(|_| rng.below(10) as u8).collect()
        };
        let draw = |labels: &[u8], seed| {
            vec![
                answers(labels, 0.95, seed),
                answers(labels, 0.4, seed + 1),
                answers(labels, 0.4, seed + 2),
            ]
        };
        let (known, new) = (labels(1), labels(2));
        let stacking = Stacking::fit(&ENSEMBLES[0], &draw(&known, 10), &known);
        assert!(stacking.weights[0] > 2.0 * stacking.weights[1].max(stacking.weights[2]));
        let members = draw(&new, 20);
        let of = |i: usize| -> Vec<Probabilities> { members.iter().map(|m| m[i]).collect() };
        let stacked = accuracy(&new, |i| stacking.combine(&of(i)));
        assert!(stacked > accuracy(&new, |i| average(&of(i))));
        assert!(stacked > 0.94);
    }

    proptest::proptest! {
        #[test]
        fn renumbering_the_digits_renumbers_what_an_ensemble_answers(
            logits in proptest::collection::vec(proptest::array::uniform10(-3i8..4), 1..6),
            seed: u64,
        ) {
            use crate::core::decision::unique_max;
            let mut order: Vec<usize> = (0..CLASSES).collect();
            Rng::stream(seed, "order", 0).shuffle(&mut order);
            // Whole logits, so that ties are common; the sum's order must not matter.
            let softmax = |l: &[i8; CLASSES]| -> Probabilities {
                let powers = l.map(|v| f64::from(v).exp());
                let total = sum_in_order(powers);
                powers.map(|p| (p / total) as f32)
            };
            let members: Vec<Probabilities> = logits.iter().map(softmax).collect();
            let renumbered: Vec<Probabilities> =
                members.iter().map(|p| std::array::from_fn(|d| p[order[d]])).collect();
            let stacking = Stacking {
                ensemble: "cnns".into(),
                weights: members.iter().map(|_| 0.2).collect(),
                fitted_on: 0,
                ridge: 0.0,
                test_accuracy: None,
                average_test_accuracy: None,
            };
            let answers = |p: &[Probabilities]| {
                [unique_max(&average(p)), unique_max(&stacking.combine(p))]
            };
            let found = answers(&renumbered).map(|a| a.map(|d| order[d]));
            proptest::prop_assert_eq!(found, answers(&members));
        }
    }

    #[test]
    fn trust_is_shared_out_and_opposition_shows() {
        let stacking = Stacking {
            ensemble: "cnns".into(),
            weights: vec![1.0, 1.0],
            fitted_on: 0,
            ridge: 0.0,
            test_accuracy: None,
            average_test_accuracy: None,
        };
        let sure = |digit: usize, p: f32| -> Probabilities {
            std::array::from_fn(|d| if d == digit { p } else { (1.0 - p) / 9.0 })
        };
        let trust = stacking.trust(&[sure(3, 0.99), sure(5, 0.6)]);
        assert!(trust[0] > 0.0 && trust[1] < 0.0);
        assert!((trust.iter().map(|t| t.abs()).sum::<f32>() - 1.0).abs() < 1e-6);
        let certain = stacking.combine(&[sure(3, 1.0), sure(3, 1.0)]);
        assert!(certain.iter().all(|p| p.is_finite()));
    }
}
