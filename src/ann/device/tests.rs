//! candle's operations against our own: the same step from the same weights, the
//! same answers, and the same course of a run. All on candle's CPU, to which the
//! code is the same as to a graphics card. What happens when a device fails is
//! tested with the trainer.

use std::sync::Arc;

use super::session::{Kept, Session};
use super::*;
use crate::ann::learner::Learner;
use crate::ann::network::Network;
use crate::ann::ops::candle::tests::{difference, random};
use crate::ann::ops::op::parameter_len;
use crate::ann::optimiser::{OPTIMISERS, OptimiserConfig, OptimiserState};
use crate::ann::rules::backpropagation::Backpropagation;
use crate::ann::trainer::{TrainConfig, Trainer};
use crate::ann::zoo::{self, Architecture, ZOO};
use crate::data::{Dataset, Pixels, synthetic};

/// A network whose biases are not zero either, so that values tie above zero.
fn network(architecture: &'static Architecture) -> Network {
    let mut network = Network::new(architecture, 3).unwrap();
    let mut values = network.values();
    for (parameter, values) in network.parameters().iter().zip(&mut values) {
        if parameter.name.ends_with("bias") {
            let noise = random(values.len(), 7);
            values.iter_mut().zip(noise).for_each(|(v, by)| *v += 0.05 * by);
        }
    }
    network.set_values(&values);
    network
}

/// Those of the report, and a simple recurrent layer, of which it has none.
fn architectures() -> impl Iterator<Item = &'static Architecture> {
    ZOO.iter().copied().chain([zoo::get("net-rnn32r-f16t-f10l").unwrap()])
}

fn fresh(network: &Network, config: &OptimiserConfig) -> OptimiserState {
    let steps = network.plan().steps.iter();
    let sizes: Vec<usize> = steps.map(|s| parameter_len(&*s.op)).collect();
    OptimiserState::new(config, &sizes).unwrap()
}

fn kept(state: &OptimiserState) -> Kept {
    (state.parts().0, state.parts().1.to_vec())
}

fn pictures(data: &Dataset) -> Vec<Pixels> {
    (0..data.len()).map(|i| data.pixels(i)).collect()
}

/// One step each way; after it, what the optimisers keep.
fn one_step(architecture: &'static Architecture, config: &OptimiserConfig, n: usize) -> [Kept; 2] {
    let data = synthetic::generate(5, n);
    let pictures = pictures(&data);
    let digits = (pictures.as_flattened(), data.labels());
    let mut own = network(architecture);
    let mut state = fresh(&own, config);
    let candle = get("candle").unwrap();
    let start = (config, kept(&state));
    let mut session =
        Session::new(candle, candle.open().unwrap().unwrap(), &own, start, 0).unwrap();
    let mut learner = Learner::new(&own, Box::new(Backpropagation), n, 1);
    let a = learner.step(&mut own, &mut state, digits, (9, 4)).unwrap();
    let b = session.step(digits, (9, 4)).unwrap();
    assert_eq!(a.right, b.right, "{}", architecture.id);
    assert!((a.loss - b.loss).abs() < 1e-5 * a.loss, "{}: {a:?} {b:?}", architecture.id);
    [kept(&state), session.kept().unwrap()]
}

#[test]
fn every_architecture_has_the_same_gradients() {
    // With this rule and rate, what is kept is the gradient itself.
    let mut plain = OptimiserConfig::default_of("sgd").unwrap();
    plain.set("learning_rate", 1.0);
    plain.set("momentum", 0.0);
    for architecture in architectures() {
        let [(_, own), (updates, candle)] = one_step(architecture, &plain, 6);
        assert_eq!(updates, 1);
        for (step, (own, candle)) in own.iter().zip(&candle).enumerate() {
            let error = difference(&candle[0], &own[0]);
            // Winograd's rounding is up to 5e-6 for a layer; some more where a
            // rectifier or a maximum switches because of it.
            assert!(error < 2e-4, "{}, step {step}: {error}", architecture.id);
            assert!(own[0].is_empty() || own[0].iter().any(|g| *g != 0.0));
        }
    }
}

#[test]
fn every_optimiser_keeps_the_same_numbers() {
    for declared in OPTIMISERS {
        let config = OptimiserConfig::default_of(declared.id).unwrap();
        let [own, candle] = one_step(ZOO[0], &config, 8);
        for (own, candle) in own.1.iter().flatten().zip(candle.1.iter().flatten()) {
            assert!(difference(candle, own) < 1e-4, "{}", declared.id);
        }
    }
}

#[test]
fn every_architecture_gives_the_same_answers() {
    let data = synthetic::generate(6, 5);
    let pictures = pictures(&data);
    for architecture in architectures() {
        let own = network(architecture);
        let config = OptimiserConfig::default();
        let start = (&config, kept(&fresh(&own, &config)));
        let candle = get("candle").unwrap();
        let device = candle.open().unwrap().unwrap();
        let mut session = Session::new(candle, device, &own, start, 0).unwrap();
        assert_eq!(session.network().values(), own.values());
        let answers = session.probabilities(&pictures).unwrap();
        for (a, b) in answers.iter().zip(own.probabilities(&pictures)) {
            assert!(difference(a, &b) < 1e-4, "{}", architecture.id);
        }
    }
}

#[test]
fn a_run_takes_the_same_course_on_both() {
    let data = Arc::new(synthetic::generate(1, 500));
    for model in ["mlp", "rnn3"] {
        let run = |device: &str| {
            let config = TrainConfig {
                model: model.into(),
                device: device.into(),
                subset: 500,
                epochs: 3,
                optimiser: OptimiserConfig::default_of("adam").unwrap(),
                validation_share: 0.2,
                threads: 1,
                ..TrainConfig::default()
            };
            let mut trainer = Trainer::new(config, Arc::clone(&data)).unwrap();
            while !trainer.step().unwrap().finished {}
            trainer.history().clone()
        };
        let (own, candle) = (run(OWN), run("candle"));
        // Each update hands the rounding of those before it on: what is equal to
        // 1e-5 at first is equal to a few per cent after 39 updates.
        assert!((own.batches[0].loss - candle.batches[0].loss).abs() < 1e-4);
        for (a, b) in own.epochs.iter().zip(&candle.epochs) {
            assert!((a.train_loss - b.train_loss).abs() < 0.03 * a.train_loss, "{a:?} {b:?}");
            let (a, b) = (a.validation_loss.unwrap(), b.validation_loss.unwrap());
            assert!((a - b).abs() < 0.05 * a, "{model}: {a} {b}");
        }
        assert!(own.epochs[2].train_loss < 0.9 * own.epochs[0].train_loss);
    }
}

#[test]
fn every_device_is_described_and_one_that_is_not_there_says_what_to_do() {
    for (i, device) in DEVICES.iter().enumerate() {
        assert!(!device.doc.is_empty() && DEVICES[i + 1..].iter().all(|d| d.id != device.id));
        match (device.status(), device.open()) {
            (Status::Ready, opened) => assert!(opened.is_ok()),
            (Status::NotBuiltIn(how), Err(error)) => {
                assert!(how.contains("--features"));
                assert!(error.to_string().contains("choose the device `cpu`"), "{error}");
            }
            (Status::Absent(_), Err(error)) => assert!(error.to_string().contains("driver")),
            (status, _) => panic!("{}: {status:?}, and yet it opens", device.id),
        }
    }
    assert_eq!(DEVICES[0].id, TrainConfig::default().device);
    assert!(get("abacus").err().unwrap().to_string().contains("cpu, candle, cuda, metal"));
    look();
    assert!(present().iter().any(|d| d.id == "candle"));
}
