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

/// What each rule reads that is not at the synapse's own place.
#[test]
fn each_rule_reads_what_its_equations_say() {
    let out = "weights ahead";
    let expected: [(&str, &[&str], bool, bool); 13] = [
        ("backpropagation", &[out], true, true),
        ("feedback_alignment", &[], true, true),
        ("direct_feedback_alignment", &[], true, true),
        ("kolen_pollack", &[], true, true),
        ("weight_mirror", &[], true, true),
        // Symmetric connections: one weight, read in both directions.
        ("equilibrium_propagation", &[out], true, false),
        ("contrastive_hebbian", &[out], true, false),
        ("predictive_coding", &[out], true, true),
        // Each layer has an aim of its own.
        ("forward_forward", &[], false, false),
        ("spike_times", &[out], true, true),
        // Encoders and decoders predict each other.
        ("energy", &[], true, false),
        ("surrogate_gradient", &[out], true, true),
        ("eprop", &[], true, true),
    ];
    for (id, far, waits, errors) in expected {
        let structure = of(find(id).unwrap());
        let found: Vec<&str> = structure.far().map(Quantity::short).collect();
        assert_eq!(found, far, "{id}");
        assert_eq!(structure.waits, waits, "{id}");
        assert_eq!(structure.errors.is_some(), errors, "{id}");
        assert!(read(&structure, Quantity::Before), "{id}");
    }
}

/// Only the last layer learns: there is nothing to look into.
#[test]
fn synapses_that_do_not_learn_have_no_structure() {
    let scene = Scene::of(find("shallow").unwrap(), &digits()).unwrap();
    assert_eq!(scene.structure(), None);
}

#[test]
fn spikes_are_told_from_numbers_and_errors_back_through_time_from_others() {
    for rule in all().filter(|r| !r.kind.spikes()) {
        let Some(structure) = Scene::of(rule, &digits()).unwrap().structure() else { continue };
        let (carrier, back) = match rule.id {
            "surrogate_gradient" => (Carrier::Spikes, Some(true)),
            "eprop" => (Carrier::Spikes, Some(false)),
            "contrastive_hebbian" => (Carrier::Spikes, None),
            "spike_times" => (Carrier::Times, None),
            _ => (Carrier::Numbers, None),
        };
        assert_eq!(structure.carrier, carrier, "{}", rule.id);
        assert_eq!(structure.back_in_time, back, "{}", rule.id);
    }
}

/// Nothing is sent back at all; neurons compete, and sums of weights are made good.
#[test]
fn stdp_reads_nothing_of_other_layers() {
    let picture = digits().pixels(0);
    let competing = competition::structure(&picture).unwrap();
    for q in [Quantity::Before, Quantity::Behind, Quantity::OwnWeight, Quantity::Beside] {
        assert!(read(&competing, q), "{q:?}");
    }
    assert_eq!(competing.far().count(), 1);
    let normalised = engine::structure(&picture).unwrap().unwrap();
    for q in [Quantity::Before, Quantity::Behind, Quantity::WeightsOnto] {
        assert!(read(&normalised, q), "{q:?}");
    }
    for q in [Quantity::Beside, Quantity::WeightsElsewhere] {
        assert!(!read(&normalised, q), "{q:?}");
    }
}

#[test]
fn what_is_found_out_is_the_same_twice() {
    for id in ["weight_mirror", "energy", "contrastive_hebbian", "eprop"] {
        let rule = find(id).unwrap();
        assert_eq!(of(rule), of(rule), "{id}");
    }
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
    let far = |s: &Structure| s.far().map(Quantity::short).collect::<Vec<_>>();
    assert!(far(&look(false, false)).is_empty());
    assert_eq!(far(&look(true, false)), ["weights ahead"]);
    assert_eq!(far(&look(false, true)), ["the label"]);
}
