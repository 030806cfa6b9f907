//! What must hold of the rules exactly, and of each of them in the trainer's loop.

use std::sync::Arc;

use super::disturbance::Disturbance;
use super::equilibrium::Equilibrium;
use super::predictive::Predictive;
use super::probe::{Digits, angle, update_of};
use super::*;
use crate::ann::ops::settling::Phase;
use crate::ann::tap::Tapped;
use crate::ann::trainer::{TrainConfig, Trainer};
use crate::ann::zoo;
use crate::data::{Dataset, synthetic};

fn data(n: usize) -> Arc<Dataset> {
    Arc::new(synthetic::generate(4, n))
}

fn digits(n: usize) -> (Vec<f32>, Vec<u8>) {
    let data = data(n);
    ((0..n).flat_map(|i| data.pixels(i)).collect(), data.labels().to_vec())
}

fn network(id: &str) -> Network {
    Network::new(zoo::get(id).unwrap(), 5).unwrap()
}

/// The true gradient by each layer's weights.
fn exact(network: &Network, (pictures, labels): (&[f32], &[u8])) -> Vec<Vec<f32>> {
    let looked = Digits { network, pictures, labels, address: (1, 0) };
    update_of(&backpropagation::Backpropagation, &looked, &Disturbance::default())
}

fn of_method(
    method: &dyn Method,
    network: &Network,
    (pictures, labels): (&[f32], &[u8]),
) -> Vec<Vec<f32>> {
    let looked = Digits { network, pictures, labels, address: (1, 0) };
    update_of(method, &looked, &Disturbance::default())
}

#[test]
fn feedback_alignment_over_the_weights_is_backpropagation() {
    for id in ["dense-40-30", "dense-40-30-tanh", "dense-30", "mlp"] {
        let network = network(id);
        let (pictures, labels) = digits(12);
        let weights = by_step(network.plan(), |step, inputs, units| {
            network.step_parameters(step)[..inputs * units].to_vec()
        });
        let over = feedback_alignment::over(weights);
        let own = of_method(&*over, &network, (&pictures, &labels));
        assert_eq!(own, exact(&network, (&pictures, &labels)), "{id}");
    }
}

/// `W − B` has to shrink by `1 − ηλ` at each step, whatever the digits are.
#[test]
fn kolen_and_pollacks_matrices_become_alike_at_the_rate_that_was_proved() {
    let mut rule = RuleConfig::of(&kolen_pollack::RULE);
    rule.set("decay", 0.02);
    let config = TrainConfig {
        model: "dense-24-16".into(),
        data: "synthetic".into(),
        subset: 300,
        batch_size: 20,
        epochs: 2,
        rule,
        optimiser: sgd(0.5, 0.0),
        threads: 2,
        ..TrainConfig::default()
    };
    let mut trainer = Trainer::new(config, data(300)).unwrap();
    let apart = |trainer: &Trainer| -> Vec<Vec<f32>> {
        let snapshot = trainer.snapshot().unwrap();
        let pairs = snapshot.method.matrices().iter().enumerate();
        let of_step = |(step, back): (usize, &Buffer)| {
            let weights = snapshot.network.step_parameters(step);
            back.iter().zip(weights).map(|(b, w)| w - b).collect()
        };
        pairs.map(of_step).collect()
    };
    let before = apart(&trainer);
    while trainer.progress().step < 25 {
        trainer.step().unwrap();
    }
    let shrunk = (1.0f32 - 0.5 * 0.02).powi(25);
    for (now, before) in apart(&trainer).iter().zip(&before) {
        for (now, before) in now.iter().zip(before) {
            // f32 rounding of 25 steps of numbers below 1.
            assert!((now - shrunk * before).abs() < 5e-6, "{now} of {before}");
        }
    }
    assert!(before.iter().any(|m| !m.is_empty()));
}

#[test]
fn the_mean_of_what_the_mirror_sees_is_the_weights() {
    let network = network("dense-30-20");
    let mut config = RuleConfig::of(&weight_mirror::RULE);
    config.set("share", 1.0);
    config.set("every", 1.0);
    let mut mirror = config.begin(&network, &adam(1e-3), 3).unwrap();
    let mut means: Vec<Vec<f64>> = mirror.matrices().iter().map(|m| vec![0.0; m.len()]).collect();
    let phases = 400;
    for step in 0..phases {
        mirror.renew(&network, (3, step), Tapped::default());
        for (mean, seen) in means.iter_mut().zip(mirror.matrices()) {
            let pairs = mean.iter_mut().zip(seen.iter());
            pairs.for_each(|(m, s)| *m += f64::from(*s) / phases as f64);
        }
    }
    for (step, mean) in means.iter().enumerate().filter(|(_, m)| !m.is_empty()) {
        let narrow: Vec<f32> = mean.iter().map(|m| *m as f32).collect();
        let off = angle(&narrow, &network.step_parameters(step)[..mean.len()]).unwrap();
        // 25,600 samples of noise with 20 to 30 inputs: the angle is about
        // atan(√(30 / 25,600)).
        assert!(off < 4.0, "step {step}: {off}°");
    }
}

fn predictive(network: &Network, values: &[f32]) -> Predictive {
    Predictive::of(network.architecture().layers, values)
}

/// Song et al. (2020): the layer k below the classes learns at step k, with dt = 1.
#[test]
fn predictive_coding_layer_by_layer_is_backpropagation() {
    for id in ["dense-40-30-tanh", "dense-40-30", "dense-30-20-15-10-tanh"] {
        let network = network(id);
        let (pictures, labels) = digits(8);
        let rule = predictive(&network, &[10.0, 1.0, 1.0, 1.0]);
        let own = of_method(&rule, &network, (&pictures, &labels));
        for (own, exact) in own.iter().zip(&exact(&network, (&pictures, &labels))) {
            let off = angle(own, exact).unwrap();
            let size = |v: &[f32]| v.iter().map(|v| v * v).sum::<f32>().sqrt();
            // An error is the difference of two activities: f32 leaves some 10⁻⁴ of it.
            assert!(off < 0.1, "{id}: {off}°");
            assert!((size(own) / size(exact) - 1.0).abs() < 2e-3, "{id}");
        }
    }
}

/// After n small steps the layer n below the classes gets dtⁿ times what
/// backpropagation gives it, and no layer further below anything.
#[test]
fn a_few_small_steps_of_predictive_coding_are_backpropagation() {
    let network = network("dense-40-30-tanh");
    let (pictures, labels) = digits(8);
    let exact = exact(&network, (&pictures, &labels));
    for (steps, dt) in [(1usize, 0.02f32), (2, 0.02)] {
        let rule = predictive(&network, &[steps as f32, dt, 1.0, 0.0]);
        let own = of_method(&rule, &network, (&pictures, &labels));
        let layer = 2 - steps;
        let off = angle(&own[layer], &exact[layer]).unwrap();
        assert!(off < 1.5, "{steps} steps: {off}°");
        let size = |v: &[f32]| v.iter().map(|v| v * v).sum::<f32>().sqrt();
        let ratio = size(&own[layer]) / size(&exact[layer]) / dt.powi(steps as i32);
        assert!((ratio - 1.0).abs() < 0.05, "{steps} steps: {ratio}");
        assert!(steps == 2 || own[0].iter().all(|g| *g == 0.0), "nothing has arrived there");
    }
}

#[test]
fn the_energy_of_predictive_coding_falls_at_each_step() {
    let network = network("dense-40-30-tanh");
    let (pictures, labels) = digits(3);
    for (i, picture) in pictures.chunks_exact(crate::data::PIXELS).enumerate() {
        let rule = predictive(&network, &[8.0, 0.2, 10.0, 0.0]);
        let seen = rule.watch(&network, picture, labels[i], 40);
        for pair in seen.energies.windows(2) {
            assert!(pair[1] <= pair[0] + 1e-6, "{pair:?}");
        }
        assert!(seen.energies[40] < seen.energies[0]);
    }
}

/// Where the coupling between layers is weak, the energy has one valley, and the
/// contrast of two phases is the gradient.
#[test]
fn equilibrium_propagation_is_the_gradient_where_coupling_is_weak() {
    let mut network = network("settling-60");
    let mut values = network.values();
    // The weights from hidden units to classes: a quarter; classes start half active.
    values[2].iter_mut().for_each(|w| *w *= 0.25);
    values[3].iter_mut().for_each(|b| *b = 0.5);
    network.set_values(&values);
    let (pictures, labels) = digits(20);
    // β, free sweeps, nudged sweeps, ε, the same rate everywhere, both sides.
    let rule = Equilibrium::of(network.architecture().layers, &[0.02, 100.0, 60.0, 0.7, 1.0, 1.0]);
    let parameters = network.step_parameters(0);
    let mut targets = vec![0f32; 200];
    labels.iter().enumerate().for_each(|(i, l)| targets[i * 10 + usize::from(*l)] = 1.0);
    let phase = Phase { sweeps: 100, step: 0.7, beta: 0.0 };
    let exact = rule.op().exact_gradient(parameters, &pictures, &targets, phase);
    let own = rule.estimate(parameters, &pictures, &labels);
    for (layer, (own, exact)) in own.iter().zip(&exact).enumerate() {
        let off = angle(own, exact).unwrap();
        assert!(off < 1.0, "layer {layer}: {off}°");
    }
}

#[test]
fn the_shallow_control_teaches_only_the_last_layer() {
    let network = network("dense-40-30");
    let (pictures, labels) = digits(8);
    let shallow = RuleConfig::of(&shallow::RULE).begin(&network, &adam(1e-3), 1).unwrap();
    let own = of_method(&*shallow, &network, (&pictures, &labels));
    let exact = exact(&network, (&pictures, &labels));
    assert!(own[..2].iter().flatten().all(|g| *g == 0.0));
    assert_eq!(own[2], exact[2]);
}

/// The settings of a short run of a rule.
fn short(rule: &Rule) -> TrainConfig {
    let hidden = if rule.kind == Kind::BothWays { vec![40] } else { vec![40, 30] };
    let widths = zoo::Widths { kind: rule.kind, hidden, activation: Activation::Relu };
    TrainConfig {
        model: widths.id(),
        data: "synthetic".into(),
        subset: 600,
        validation_share: 0.2,
        batch_size: 20,
        epochs: 2,
        rule: RuleConfig::of(rule),
        optimiser: (rule.usual)(),
        threads: 2,
        probe: true,
        ..TrainConfig::default()
    }
}

fn finish(trainer: &mut Trainer) {
    while !trainer.step().unwrap().finished {}
}

#[test]
fn every_rule_is_described_and_its_usual_settings_are_allowed() {
    for (i, rule) in all().enumerate() {
        assert!(!rule.doc.is_empty() && !rule.way_back.is_empty(), "{}", rule.id);
        assert!(all().skip(i + 1).all(|o| o.id != rule.id && o.name != rule.name));
        short(rule).validate().unwrap();
        let recipe = rule.recipe;
        let widths = zoo::Widths {
            kind: rule.kind,
            hidden: recipe.hidden.to_vec(),
            activation: recipe.activation,
        };
        assert!(zoo::find(&widths.id()).is_some() && recipe.average <= recipe.epochs);
    }
}

#[test]
fn every_rule_goes_on_bit_for_bit_and_is_not_changed_by_being_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(600);
    for rule in all() {
        let path = folder.path().join(rule.id);
        let mut whole = Trainer::new(short(rule), Arc::clone(&data)).unwrap();
        let blind = TrainConfig { probe: false, ..short(rule) };
        let mut first = Trainer::new(blind, Arc::clone(&data)).unwrap();
        let disturbance = Disturbance { delay: 2, noise: 0.1, bits: 6, ..Disturbance::default() };
        for step in 0..17 {
            if step == 9 {
                whole.disturb(disturbance);
                first.disturb(disturbance);
            }
            whole.step().unwrap();
            first.step().unwrap();
        }
        first.save_checkpoint(&path).unwrap();
        let mut second = Trainer::resume(&path, Arc::clone(&data)).unwrap();
        assert_eq!(second.disturbance(), disturbance);
        finish(&mut whole);
        finish(&mut second);
        assert!(whole.network().values() == second.network().values(), "{}", rule.id);
        assert_eq!(whole.history().batches, second.history().batches, "{}", rule.id);
        let probes = &whole.history().probes;
        assert!(probes.len() > 8, "{}: {}", rule.id, probes.len());
        assert!(probes.iter().all(probe::ProbePoint::is_sound));
        assert_eq!(whole.history().disturbances, [(9, disturbance)]);
    }
}

#[test]
fn every_rule_learns_and_those_that_use_depth_point_downhill() {
    let data = data(2000);
    for rule in all() {
        let epochs = match rule.kind {
            // The slowest to learn, by far, but for those whose first epochs are for
            // layers that answer nothing.
            Kind::Goodness | Kind::ConvReward => 12,
            Kind::ConvStdp => 6,
            Kind::Dense
            | Kind::Settling
            | Kind::Energy
            | Kind::Spiking
            | Kind::FirstSpike
            | Kind::BothWays => 4,
        };
        let mut config = TrainConfig { subset: 2000, epochs, validation_share: 0.1, ..short(rule) };
        // Layers of spikes are to settle on 1800 digits, not on 60,000.
        config.rule.set("doubling", 60.0);
        let mut trainer = Trainer::new(config, Arc::clone(&data)).unwrap();
        finish(&mut trainer);
        let accuracy = trainer.history().epochs.last().unwrap().validation_accuracy.unwrap();
        // Random hidden layers of 40 and 30 units leave the control little to read.
        let least = if rule.id == shallow::RULE.id { 0.2 } else { 0.5 };
        assert!(accuracy > least, "{}: {accuracy}", rule.id);
        let last = trainer.history().probes.last().unwrap();
        let angles = last.gradient_angles.iter().flatten();
        assert!(angles.clone().all(|a| *a < 90.0), "{}: {last:?}", rule.id);
    }
}

#[test]
fn a_run_that_diverges_says_so_and_goes_back_with_its_matrices() {
    for rule in [&kolen_pollack::RULE, &weight_mirror::RULE, &equilibrium::RULE] {
        let optimiser = sgd(1e5, 0.9);
        let config = TrainConfig { optimiser, epochs: 20, ..short(rule) };
        let mut trainer = Trainer::new(config, data(600)).unwrap();
        let error = loop {
            match trainer.step() {
                Ok(step) if step.finished => break None,
                Ok(_) => {}
                Err(error) => break Some(error),
            }
        };
        // Clipped states cannot diverge; whatever can says so.
        if rule.id != equilibrium::RULE.id {
            assert!(matches!(error, Some(AnnError::Diverged { .. })), "{}", rule.id);
        }
        let snapshot = trainer.snapshot().unwrap();
        let all = snapshot.network.values().into_iter().flatten();
        let matrices = snapshot.method.matrices().iter().flat_map(|m| m.iter().copied());
        assert!(all.chain(matrices).all(f32::is_finite), "{}", rule.id);
    }
}

#[test]
fn a_rule_that_cannot_train_a_network_says_why() {
    let why = |rule: &Rule, model: &str, optimiser: &OptimiserConfig, device: &str| {
        let architecture = zoo::get(model).unwrap();
        RuleConfig::of(rule).check(architecture, optimiser, device).unwrap_err().to_string()
    };
    let (fa, kp) = (&feedback_alignment::RULE, &kolen_pollack::RULE);
    assert!(why(fa, "rnn1", &adam(1e-3), "cpu").contains("recurrent"));
    assert!(why(fa, "cnn3", &adam(1e-3), "cpu").contains("convolutions"));
    assert!(why(fa, "settling-20", &adam(1e-3), "cpu").contains("equilibrium"));
    assert!(why(kp, "mlp", &adam(1e-3), "cpu").contains("sgd"));
    assert!(why(fa, "mlp", &adam(1e-3), "candle").contains("device"));
    assert!(why(&equilibrium::RULE, "mlp", &sgd(0.1, 0.0), "cpu").contains("settling-500"));
    assert!(why(&forward_forward::RULE, "mlp", &adam(1e-3), "cpu").contains("goodness-500-500"));
    assert!(why(&backpropagation::RULE, "goodness-9", &adam(1e-3), "cpu").contains("labels"));
    let (surrogate, eprop) = (&surrogate_gradient::RULE, &eprop::RULE);
    assert!(why(surrogate, "mlp", &adam(1e-3), "cpu").contains("lif-512"));
    assert!(why(surrogate, "lif-20", &adam(1e-3), "candle").contains("device"));
    assert!(why(&backpropagation::RULE, "lif-20", &adam(1e-3), "candle").contains("device"));
    assert!(why(fa, "lif-20", &adam(1e-3), "cpu").contains("surrogate gradient"));
    assert!(why(fa, "first-spike", &adam(1e-3), "cpu").contains("spike times"));
    assert!(why(eprop, "lif-conv", &adam(1e-3), "cpu").contains("convolutions"));
    let strided = "net-v5x5_2x2.6l-lif6_3-f10l";
    assert!(why(eprop, strided, &adam(1e-3), "cpu").contains("convolutions"));
    assert!(why(&spike_times::RULE, "lif-20", &adam(1e-3), "cpu").contains("first-spike"));
    for model in ["lif-dense", "lif-conv", "lif-recurrent", "first-spike", "mlp", "settling-9"] {
        let architecture = zoo::get(model).unwrap();
        let rule = RuleConfig::of(usual_for(architecture));
        rule.check(architecture, &adam(1e-3), "cpu").unwrap();
        let plain = RuleConfig::default().check(architecture, &adam(1e-3), "cpu");
        assert_eq!(plain.is_ok(), model != "settling-9");
    }
    for model in ["cnn3", "rnn1", "mlp"] {
        let fits = RuleConfig::default().check(zoo::get(model).unwrap(), &adam(1e-3), "candle");
        fits.unwrap();
    }
}

#[test]
fn symmetric_eprop_of_one_layer_is_the_surrogate_gradient() {
    for id in ["lif-40", "lif-40-t9-tau3"] {
        let network = network(id);
        let (pictures, labels) = digits(12);
        let mut rule = RuleConfig::of(&eprop::RULE);
        rule.set("feedback", 1.0);
        rule.set("strength", 0.0);
        let eprop = rule.begin(&network, &adam(1e-3), 1).unwrap();
        let own = of_method(&*eprop, &network, (&pictures, &labels));
        let exact = exact(&network, (&pictures, &labels));
        for (own, exact) in own.iter().zip(&exact) {
            let largest = exact.iter().fold(0f32, |m, g| m.max(g.abs()));
            for (a, b) in own.iter().zip(exact) {
                // Sums of ten classes in another order.
                assert!((a - b).abs() < 1e-6 * largest, "{id}: {a} {b}");
            }
        }
        // Without the filter it is another direction, though not a wrong one.
        rule.set("filter", 0.0);
        let rough = rule.begin(&network, &adam(1e-3), 1).unwrap();
        let rough = of_method(&*rough, &network, (&pictures, &labels));
        let off = angle(&rough[0], &exact[0]).unwrap();
        assert!(off > 1.0 && off < 60.0, "{id}: {off}");
    }
}

#[test]
fn backpropagation_takes_the_usual_surrogate() {
    let network = network("lif-40-30");
    let (pictures, labels) = digits(8);
    let rule = RuleConfig::of(&surrogate_gradient::RULE);
    let own = rule.begin(&network, &adam(1e-3), 1).unwrap();
    let own = of_method(&*own, &network, (&pictures, &labels));
    assert_eq!(own, exact(&network, (&pictures, &labels)));
}

#[test]
fn symmetric_feedback_follows_the_weights() {
    let mut rule = RuleConfig::of(&eprop::RULE);
    rule.set("feedback", 1.0);
    let config = TrainConfig { rule, model: "lif-20-16".into(), ..short(&eprop::RULE) };
    let mut trainer = Trainer::new(config, data(600)).unwrap();
    for _ in 0..3 {
        trainer.step().unwrap();
    }
    let snapshot = trainer.snapshot().unwrap();
    let steps = snapshot.network.plan().steps.len();
    let weights = &snapshot.network.step_parameters(steps - 1)[..160];
    let matrix = &snapshot.method.matrices()[steps - 1];
    for (i, row) in weights.chunks_exact(10).enumerate() {
        row.iter().enumerate().for_each(|(c, w)| assert_eq!(matrix[c * 16 + i], *w));
    }
}

#[test]
fn a_silent_network_of_spikes_trains_without_nan_and_wakes_where_it_costs() {
    for (id, rule, cost) in [
        ("lif-30-20", &surrogate_gradient::RULE, "bounding"),
        ("lif-recurrent-20", &surrogate_gradient::RULE, "bounding"),
        ("lif-20", &eprop::RULE, "strength"),
        ("first-spike-20", &spike_times::RULE, "silence"),
    ] {
        let mut network = network(id);
        let silent: Vec<Vec<f32>> = network.values().iter().map(|v| vec![-1e-3; v.len()]).collect();
        network.set_values(&silent);
        let mut config = RuleConfig::of(rule);
        config.set(cost, 1.0);
        config.set("lower", 0.1);
        let method = config.begin(&network, &adam(1e-3), 1).unwrap();
        let (pictures, labels) = digits(6);
        let update = of_method(&*method, &network, (&pictures, &labels));
        assert!(update.iter().flatten().all(|g| g.is_finite()), "{id}");
        // Weights into silent neurons grow.
        assert!(update[0].iter().sum::<f32>() < 0.0, "{id}");
    }
}

#[test]
fn what_one_digit_sends_back_is_what_the_rule_learns_from() {
    let mut trainer = Trainer::new(short(&feedback_alignment::RULE), data(600)).unwrap();
    for _ in 0..5 {
        trainer.step().unwrap();
    }
    let snapshot = trainer.snapshot().unwrap();
    let picture = data(1).pixels(0);
    let passage = snapshot.passage(&picture, 3);
    assert_eq!(passage.layers.len(), 3);
    for layer in &passage.layers {
        for (i, j) in [(0, 0), (layer.inputs / 2, layer.units / 2)] {
            let product = layer.activity[i] * layer.error[j];
            assert!((layer.gradient[i * layer.units + j] - product).abs() < 1e-6);
        }
    }
    assert!(matches!(passage.layers[1].back, passage::Back::Matrix(_)));
    // The classes' error is what they say less what they should.
    for class in 0..10 {
        let should = f32::from(u8::from(class == 3));
        assert!((passage.layers[2].error[class] - (passage.answer[class] - should)).abs() < 1e-5);
    }
}

/// Picture by picture, whatever the threads and the mini-batches are.
#[test]
fn spikes_learn_the_same_on_any_number_of_threads() {
    let data = data(160);
    for rule in LAYERED {
        let run = |threads: usize| {
            let config = TrainConfig { threads, epochs: 4, subset: 160, ..short(rule) };
            let mut trainer = Trainer::new(config, Arc::clone(&data)).unwrap();
            finish(&mut trainer);
            (trainer.network().values(), trainer.history().epochs.clone())
        };
        let (one, three) = (run(1), run(3));
        assert!(one.0 == three.0, "{}", rule.id);
        for (a, b) in one.1.iter().zip(&three.1) {
            assert_eq!(a.train_accuracy, b.train_accuracy);
            assert!((a.train_loss - b.train_loss).abs() < 1e-6 * a.train_loss.abs());
        }
    }
}

#[test]
fn a_layer_that_learns_without_labels_records_how_undecided_it_is_and_no_answers() {
    let data = data(400);
    for rule in LAYERED {
        let config = TrainConfig { subset: 400, epochs: 4, ..short(rule) };
        let stages: Vec<Stage> = (0..4).map(|e| config.rule.stage(e)).collect();
        assert_eq!([0, 1, 2, 3].map(|i: usize| stages[i].answers), [false, false, true, true]);
        let mut trainer = Trainer::new(config, Arc::clone(&data)).unwrap();
        finish(&mut trainer);
        let history = trainer.history();
        // 0.8 · 0.2, less the variance 0.05².
        assert!((history.batches[0].loss - 0.1575).abs() < 0.003, "{:?}", history.batches[0]);
        for (point, stage) in history.epochs.iter().zip(&stages) {
            assert_eq!(point.train_accuracy > 0.0, stage.answers, "{} {point:?}", rule.id);
            assert!(stage.text().is_some());
        }
    }
}

#[test]
fn spikes_need_their_own_rules_and_these_need_spikes() {
    let refuse = |rule: &Rule, model: &str| {
        let architecture = zoo::get(model).unwrap();
        RuleConfig::of(rule).check(architecture, &adam(1e-3), "cpu").unwrap_err().to_string()
    };
    assert!(refuse(RULES[0], "conv-stdp").contains(stdp::RULE.name));
    assert!(refuse(RULES[0], "conv-stdp-reward").contains(reward_stdp::RULE.name));
    assert!(refuse(&stdp::RULE, "mlp").contains("conv-stdp"));
    assert!(refuse(&stdp::RULE, "conv-stdp-reward").contains("linear"));
    assert!(refuse(&reward_stdp::RULE, "conv-stdp").contains("conv-stdp-reward"));
    assert!(refuse(RULES[0], "lif-chl").contains(&contrastive::RULE.in_a_sentence()));
    assert!(refuse(&contrastive::RULE, "lif-dense").contains("lif-chl"));
    for architecture in zoo::SPIKING {
        let rule = usual_for(architecture);
        RuleConfig::of(rule).check(architecture, &(rule.usual)(), "cpu").unwrap();
        let error = RuleConfig::of(rule).check(architecture, &(rule.usual)(), "candle");
        assert!(error.unwrap_err().to_string().contains("device"));
    }
}
