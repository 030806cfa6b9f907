use super::passes::{Scene, architecture};
use super::*;
use crate::ann::learner::{Job, PartMemory};
use crate::ann::network::Network;
use crate::ann::rules::{Method, Rule, RuleConfig, Way, all, find};
use crate::ann::zoo;
use crate::data::{Dataset, synthetic};

fn digits() -> Dataset {
    synthetic::generate(4, 300)
}

fn of(rule: &'static Rule) -> Structure {
    Scene::of(rule, &digits()).unwrap().structure().unwrap()
}

fn read(structure: &Structure, q: Quantity) -> bool {
    structure.reads(q).unwrap()
}

#[test]
fn print_all() {
    for rule in all() {
        if rule.kind.spikes() {
            continue;
        }
        let Some(s) = Scene::of(rule, &digits()).unwrap().structure() else {
            println!("{}: none", rule.id);
            continue;
        };
        println!(
            "{}: waits {} signals {} moves {} errors {:?} spikes {} one by one {} angle {:?}",
            rule.id, s.waits, s.signals, s.moves, s.errors, s.spikes, s.one_by_one, s.angle
        );
        for (q, r) in &s.reads {
            println!("    {:20} {} {:.3e}", format!("{q:?}"), r.read, r.change);
        }
    }
    let d = digits();
    println!("{:#?}", competition::structure(&d.pixels(0)));
    println!("{:#?}", engine::structure(&d.pixels(0)));
}

/// Weights are read to send errors back, by backpropagation and by nobody who has feedback
/// weights of its own.
#[test]
fn backpropagation_reads_the_weights_ahead_and_feedback_alignment_does_not() {
    let by = |id: &str| of(find(id).unwrap());
    let backpropagation = by("backpropagation");
    assert!(read(&backpropagation, Quantity::WeightsOut));
    assert!(!read(&backpropagation, Quantity::WeightsElsewhere));
    assert!(!read(&backpropagation, Quantity::Label));
    for id in ["feedback_alignment", "direct_feedback_alignment", "kolen_pollack", "weight_mirror"]
    {
        let own = by(id);
        assert!(!read(&own, Quantity::WeightsOut), "{id}");
        assert!(read(&own, Quantity::FeedbackOnto), "{id}");
        assert!(!read(&own, Quantity::FeedbackElsewhere), "{id}");
        assert_eq!(own.far().count(), 0, "{id}: {:?}", own.far().collect::<Vec<_>>());
    }
    let signs = by("sign_symmetry");
    assert!(read(&signs, Quantity::SignsOut) && !read(&signs, Quantity::SizesOut));
}

/// Feedback alignment that cheats.
struct Cheat {
    honest: Box<dyn Method>,
    /// Takes the weights ahead, not only the feedback.
    ahead: bool,
    /// Takes the label.
    label: bool,
}

impl Method for Cheat {
    fn way(&self, step: usize) -> Way<'_> {
        self.honest.way(step)
    }

    fn pass(&self, part: &mut PartMemory, job: &Job<'_>) {
        part.forward(job);
        part.judge(job.batch);
        part.back(job, |step| self.way(step));
        let weights = &job.parts.parameters[2];
        let label = f32::from(part.labels[0]);
        for (unit, error) in part.gradients[2].iter_mut().take(16).enumerate() {
            if self.ahead {
                *error *= 1.0 + 1e-3 * weights[unit * 10 + 4];
            }
            if self.label {
                *error *= 1.0 + 1e-4 * label;
            }
        }
    }

    fn copy(&self) -> Box<dyn Method> {
        Box::new(Self { honest: self.honest.copy(), ..*self })
    }
}

#[test]
fn planted_violations_are_found_and_the_honest_one_passes() {
    let rule = find("feedback_alignment").unwrap();
    let network = || Network::new(zoo::get(&architecture(rule)).unwrap(), 1).unwrap();
    let honest = RuleConfig::of(rule).begin(&network(), &(rule.usual)(), 1).unwrap();
    let look = |ahead: bool, label: bool| {
        let cheat = Box::new(Cheat { honest: honest.copy(), ahead, label });
        let scene = Scene::with(network(), cheat, &(rule.usual)(), &digits()).unwrap();
        scene.structure().unwrap()
    };
    let far = |s: &Structure| s.far().map(|r| r.quantity.clone()).collect::<Vec<_>>();
    assert!(far(&look(false, false)).is_empty());
    assert_eq!(far(&look(true, false)), ["weights of the synapses that leave the neuron"]);
    assert_eq!(far(&look(false, true)), ["the label itself"]);
}
