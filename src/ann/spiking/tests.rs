//! What is looked at is what the network computes, and what its rules learn from.

use super::activity::{SATURATED, activity};
use super::early::{Course, accuracy_by_step, courses, stopped};
use super::look::{Aim, credit, eligibility, first_spikes, watch};
use crate::ann::network::Network;
use crate::ann::ops::spiking::surrogate::Surrogate;
use crate::ann::rules::disturbance::Disturbance;
use crate::ann::rules::probe::{Digits, update_of};
use crate::ann::rules::{RuleConfig, eprop};
use crate::ann::zoo;
use crate::data::{CLASSES, Pixels, synthetic};

fn network(id: &str) -> Network {
    Network::new(zoo::get(id).unwrap(), 5).unwrap()
}

fn picture(i: usize) -> Pixels {
    synthetic::generate(4, 20).pixels(i)
}

const IDS: [&str; 9] = [
    "lif-30-20",
    "lif-30-t9-count",
    "lif-conv-4-6-20",
    "lif-recurrent-24",
    "lif-recurrent-24-t56-count",
    "lif-conv-32-32-16-t3",
    "net-v5x5_2x2_2.2.2.2.6l-lif6_3-p2-c3.8-a2x2_2x2-lif6_3-f10l",
    "net-rlif24_28_4-f20l-lif28_8-f10l",
    "net-lif7_5-c4.5-m3x3_2x2-lif7_5-f10l-lif7_5",
];

#[test]
fn the_answer_after_the_last_step_is_the_networks() {
    for id in IDS {
        let network = network(id);
        let watched = watch(&network, &picture(0)).unwrap();
        let logits = network.logits(&[picture(0)])[0];
        let last = watched.forming.last().unwrap();
        for (own, wanted) in last.iter().zip(&logits) {
            assert!((own - wanted).abs() < 1e-4, "{id}: {last:?} {logits:?}");
        }
        for layer in &watched.layers {
            let len = layer.steps() * layer.units();
            assert_eq!((layer.currents.len(), layer.potentials.len()), (len, len), "{id}");
            assert!(layer.spikes.iter().all(|s| *s == 0.0 || *s == 1.0));
            for (v, s) in layer.potentials.iter().zip(&layer.spikes) {
                assert_eq!(*v > 1.0, *s > 0.0);
            }
            assert!(!layer.name.is_empty());
        }
        assert!(watched.layers[0].spikes.iter().any(|s| *s > 0.0), "{id}");
    }
    assert!(watch(&network("mlp"), &picture(0)).is_none());
    assert!(watch(&network("first-spike-30"), &picture(0)).is_none());
}

#[test]
fn a_network_of_fewer_steps_is_the_same_network_stopped() {
    let (long, mut short) = (network("lif-30-t12"), network("lif-30-t5"));
    short.set_values(&long.values());
    let watched = watch(&long, &picture(1)).unwrap();
    let logits = short.logits(&[picture(1)])[0];
    for (own, wanted) in watched.forming[4].iter().zip(&logits) {
        assert!((own - wanted).abs() < 1e-5);
    }
}

/// The gradient of a class by weights is what comes in times the credit.
#[test]
fn credit_is_what_backpropagation_through_time_makes_its_gradient_of() {
    for id in ["lif-30-20-t10", "lif-recurrent-24", "lif-30-t9-count"] {
        let network = network(id);
        let shown = picture(2);
        let watched = watch(&network, &shown).unwrap();
        let looked = Digits { network: &network, pictures: &shown, labels: &[3], address: (1, 0) };
        let rule = RuleConfig::default();
        let method = rule.begin(&network, &Default::default(), 1).unwrap();
        let exact = update_of(&*method, &looked, &Disturbance::default());
        // Of the loss: each class counts as its probability less what it should be.
        let answer = network.probabilities(&[shown])[0];
        let mut first = vec![0f32; exact[0].len()];
        let layer = &watched.layers[0];
        let (units, rows) = (layer.units(), exact[0].len() / layer.units());
        for (class, said) in answer.iter().enumerate() {
            let by = said - f32::from(u8::from(class == 3));
            let deltas =
                credit(&network, &shown, &watched, Aim::Class(class), Surrogate::default());
            for (t, deltas) in deltas[0].chunks_exact(units).enumerate() {
                let row = t * 28 / layer.steps() * 28;
                for i in 0..rows {
                    let x = shown[if layer.place.recurrent { row + i } else { i }];
                    for (u, d) in deltas.iter().enumerate() {
                        first[i * units + u] += by * x * d;
                    }
                }
            }
        }
        let largest = exact[0].iter().fold(0f32, |m, g| m.max(g.abs()));
        for (own, wanted) in first.iter().zip(&exact[0]) {
            assert!((own - wanted).abs() < 1e-3 * largest, "{id}: {own} {wanted} of {largest}");
        }
    }
}

#[test]
fn credit_of_a_neuron_goes_to_layers_before_it_and_nobody_else() {
    let network = network("lif-30-20");
    let watched = watch(&network, &picture(2)).unwrap();
    let of = |aim| credit(&network, &picture(2), &watched, aim, Surrogate::default());
    let deltas = of(Aim::Neuron { layer: 0, unit: 7 });
    assert!(deltas[1].is_empty());
    for (i, d) in deltas[0].iter().enumerate() {
        assert_eq!(*d == 0.0, i % 30 != 7, "{i}");
    }
    let deltas = of(Aim::Neuron { layer: 1, unit: 3 });
    assert!(deltas[0].iter().filter(|d| **d != 0.0).count() > 100);
    assert!(of(Aim::Class(10)).iter().all(Vec::is_empty));
    assert!(of(Aim::Neuron { layer: 1, unit: 20 }).iter().all(Vec::is_empty));
}

#[test]
fn dropout_is_off_where_credit_is_looked_at() {
    let plain = network("lif-30-t9-tau5");
    let mut dropping = network("net-f30l-lif9_5-d0.3-f10l");
    dropping.set_values(&plain.values());
    let of = |network: &Network| {
        let watched = watch(network, &picture(2)).unwrap();
        credit(network, &picture(2), &watched, Aim::Class(3), Surrogate::default())
    };
    assert_eq!(of(&dropping), of(&plain));
    assert!(of(&plain)[0].iter().any(|d| *d != 0.0));
}

/// Also through pooling of currents and of spikes, and from neurons that are the classes.
#[test]
fn credit_comes_back_to_the_first_neurons() {
    for id in IDS {
        let network = network(id);
        let watched = watch(&network, &picture(2)).unwrap();
        let deltas = credit(&network, &picture(2), &watched, Aim::Class(3), Surrogate::default());
        for (deltas, layer) in deltas.iter().zip(&watched.layers) {
            assert_eq!(deltas.len(), layer.spikes.len(), "{id}");
            assert!(deltas.iter().all(|d| d.is_finite()), "{id}");
        }
        assert!(deltas[0].iter().any(|d| *d != 0.0), "{id}");
    }
}

/// The mean of a synapse's trace times the learning signal is what the rule changes, though
/// the rule sums in another order.
#[test]
fn traces_times_learning_signals_are_what_eprop_learns() {
    for id in ["lif-30-t12", "lif-recurrent-24", "lif-20-16-t7"] {
        for filter in [0.0, 1.0] {
            let network = network(id);
            let mut rule = RuleConfig::of(&eprop::RULE);
            rule.set("strength", 0.0);
            rule.set("filter", filter);
            let method = rule.begin(&network, &Default::default(), 1).unwrap();
            let shown = picture(3);
            let looked =
                Digits { network: &network, pictures: &shown, labels: &[4], address: (1, 0) };
            let own = update_of(&*method, &looked, &Disturbance::default());
            let watched = watch(&network, &shown).unwrap();
            let answer = network.probabilities(&[shown])[0];
            let (layer, units) = (watched.layers.len() - 1, watched.layers.last().unwrap().units());
            let matrix = method.matrices().last().unwrap();
            for unit in [0, units / 2, units - 1] {
                let signal: f32 = (0..CLASSES)
                    .map(|c| (answer[c] - f32::from(u8::from(c == 4))) * matrix[c * units + unit])
                    .sum();
                let e = eligibility(
                    &network,
                    &shown,
                    &watched,
                    (layer, unit),
                    Surrogate::default(),
                    filter > 0.5,
                )
                .unwrap();
                let gradient = &own[layer];
                let largest = gradient.iter().fold(0f32, |m, g| m.max(g.abs()));
                for input in 0..gradient.len() / units {
                    let of_input = e.traces.iter().skip(input).step_by(e.inputs);
                    let sum: f32 = of_input.zip(&e.counts).map(|(e, c)| e * c).sum();
                    let wanted = gradient[input * units + unit];
                    assert!(
                        (signal * sum - wanted).abs() < 1e-4 * largest,
                        "{id} {filter} {unit} {input}"
                    );
                }
            }
        }
    }
}

#[test]
fn activity_counts_every_spike_and_every_operation() {
    for id in IDS {
        let network = network(id);
        let pictures: Vec<Pixels> = (0..7).map(picture).collect();
        let all = activity(&network, &pictures).unwrap();
        let spikes: f32 = pictures
            .iter()
            .map(|p| watch(&network, p).unwrap())
            .flat_map(|w| w.layers.into_iter().flat_map(|l| l.spikes))
            .sum();
        assert!((all.spikes - f64::from(spikes) / 7.0).abs() < 1e-6, "{id}");
        for layer in &all.layers {
            let mean = f64::from(layer.mean_rate());
            assert!(layer.rates.len() == layer.units && (0.0..=1.0).contains(&mean));
            assert!((0.0..=1.0).contains(&layer.silent()) && layer.saturated() <= 1.0);
        }
    }
    // 784·30 once, each spike of the first layer 20 additions, then what is read out.
    let network = network("lif-30-20");
    let all = activity(&network, &[picture(0)]).unwrap();
    let spikes = all.layers[0].spikes;
    assert_eq!((all.multiply_adds, all.additions), (784.0 * 30.0 + 200.0, 20.0 * spikes));
    assert_eq!(all.updates, 25.0 * 50.0);
    // A layer without weights is silent, one with huge ones saturated.
    let mut values = network.values();
    values[0].fill(0.0);
    values[3].fill(50.0);
    let mut network = network;
    network.set_values(&values);
    let all = activity(&network, &[picture(0)]).unwrap();
    assert_eq!(all.layers[0].silent(), 1.0);
    assert!(all.layers[1].saturated() == 1.0 && all.layers[1].mean_rate() > SATURATED);
}

#[test]
fn who_is_sure_sooner_stops_sooner() {
    let network = network("lif-30");
    let data = synthetic::generate(4, 20);
    let pictures: Vec<Pixels> = (0..20).map(|i| data.pixels(i)).collect();
    let courses = courses(&network, &pictures);
    let thresholds = [0.0, 0.2, 0.5, 1.1];
    let all = stopped(&courses, data.labels(), &thresholds);
    assert!(all.windows(2).all(|w| w[0].steps <= w[1].steps && w[0].spikes <= w[1].spikes));
    assert_eq!(all[3].steps, 25.0);
    assert_eq!(accuracy_by_step(&courses, data.labels())[24], all[3].accuracy);
    let course = Course {
        digits: vec![None, Some(3)],
        sure: vec![0.9, 0.2],
        spikes: vec![0; 2],
        ..Course::default()
    };
    assert_eq!((course.stop(0.5), course.stop(0.1)), (1, 1));
}

#[test]
fn the_class_that_fires_first_is_the_answer() {
    let network = network("first-spike-50");
    let times = first_spikes(&network, &picture(5)).unwrap();
    assert_eq!((times[0].len(), times[1].len()), (50, CLASSES));
    let logits = network.logits(&[picture(5)])[0];
    for (time, logit) in times[1].iter().zip(&logits) {
        if let Some(time) = time {
            assert!((-3.0 * time - logit).abs() < 1e-5);
        }
    }
    assert!(first_spikes(&network, &[0.0; 784]).is_some());
}
