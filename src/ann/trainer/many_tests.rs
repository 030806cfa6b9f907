//! Networks of other numbers of classes than ten: learning, resuming, files, answers.

use super::tests::config;
use super::*;
use crate::ann::evaluate::evaluate;
use crate::ann::ops::loss;
use crate::ann::optimiser::OptimiserConfig;
use crate::ann::rules::RuleConfig;
use crate::ann::weights::{self, Precision};
use crate::ann::zoo::notation;
use crate::ann::{device, onnx};
use crate::data::{CLASSES, ClassNames, Pixels, squares};
use std::sync::atomic::AtomicBool;

/// A structure's id.
fn id(text: &str) -> String {
    notation::own(&notation::parse(text).unwrap()).unwrap().id.to_owned()
}

fn adam(model: &str, n: usize) -> TrainConfig {
    let optimiser = OptimiserConfig::default_of("adam").unwrap();
    TrainConfig { optimiser, ..config(model, n) }
}

fn trained(settings: TrainConfig, data: &Arc<Dataset>) -> Trainer {
    let mut trainer = Trainer::new(settings, Arc::clone(data)).unwrap();
    while !trainer.step().unwrap().finished {}
    trainer
}

fn pictures(data: &Dataset, n: usize) -> Vec<Pixels> {
    (0..n).map(|i| data.pixels(i)).collect()
}

#[test]
fn dense_convolutional_and_recurrent_networks_learn_any_number_of_classes() {
    // What reads line by line has to learn to wait, too: it gets more time, and less is asked.
    for (model, classes, epochs, least) in [
        ("mlp-47".to_owned(), 47, 8, 0.8),
        (id("Conv[3x3](8) - MaxPool[2x2] - Dense(26)"), 26, 10, 0.7),
        (id("GRU(64) - Dense(26)"), 26, 20, 0.25),
        (id("LSTM(32, columns) - Dense(11)"), 11, 30, 0.3),
        (id("Dense(16, tanh) - Dense(2)"), 2, 8, 0.9),
    ] {
        let data = Arc::new(squares::generate(classes, 40 * classes.max(10), 1));
        let mut settings = TrainConfig { epochs, ..adam(&model, data.len()) };
        settings.optimiser.set("learning_rate", 0.003);
        let trainer = trained(settings, &data);
        let last = trainer.history().epochs.last().unwrap();
        assert!(last.validation_accuracy.unwrap() > least, "{model}: {last:?}");
        let held_out = trainer.last_validation().unwrap();
        assert_eq!(held_out.confusion.classes(), classes, "{model}");
        assert!(held_out.probabilities.iter().all(|row| row.len() == classes));
        assert_eq!(trainer.metadata().classes.name(1u8), "place 1");
    }
}

#[test]
fn a_resumed_run_of_many_classes_ends_with_the_same_weights() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint.safetensors");
    for (model, classes) in [("mlp-47", 47), ("rnn1-26", 26), ("mlp-3", 3)] {
        let data = Arc::new(squares::generate(classes, 141, 2));
        let settings = TrainConfig { threads: 2, average_epochs: 1, ..adam(model, 141) };
        let whole = trained(settings.clone(), &data);
        let mut first = Trainer::new(settings, Arc::clone(&data)).unwrap();
        for _ in 0..3 {
            first.step().unwrap();
        }
        first.save_checkpoint(&path).unwrap();
        let mut second = Trainer::resume(&path, Arc::clone(&data)).unwrap();
        while !second.step().unwrap().finished {}
        assert!(whole.network().values() == second.network().values(), "{model}");
        assert_eq!(whole.history().batches, second.history().batches, "{model}");
    }
}

#[test]
fn files_keep_the_outputs_and_the_names() {
    let data = Arc::new(squares::generate(26, 260, 3));
    let trainer = trained(TrainConfig { epochs: 1, ..adam("cnn3-26", 130) }, &data);
    let (network, about) = (trainer.network(), trainer.metadata());
    let bytes = weights::to_bytes(network, &about, Precision::Single).unwrap();
    let (back, again) = weights::from_bytes(&bytes, "file").unwrap();
    assert_eq!(back.values(), network.values());
    assert_eq!((&again.architecture, &again.classes), (&about.architecture, &about.classes));
    assert_eq!((back.classes(), again.classes.count()), (26, 26));
    for classes in [ClassNames::default(), ClassNames::numbered(25)] {
        let lie = Metadata { classes, ..about.clone() };
        let bytes = weights::to_bytes(network, &lie, Precision::Single).unwrap();
        let error = weights::from_bytes(&bytes, "file").unwrap_err().to_string();
        assert!(error.contains("26 outputs"), "{error}");
    }

    let digits = pictures(&data, 4);
    let file = onnx::export_named(network, &about.classes).unwrap();
    let imported = onnx::import(&file).unwrap();
    assert_eq!(imported.classes, about.classes);
    assert_eq!(imported.network().unwrap().logits(&digits), network.logits(&digits));
    // Without names they are numbers.
    let imported = onnx::import(&onnx::export(network).unwrap()).unwrap();
    assert_eq!(imported.classes, ClassNames::numbered(26));
}

#[test]
fn what_does_not_fit_is_refused_with_both_numbers() {
    let data = Arc::new(squares::generate(26, 130, 4));
    let begin = |model: &str| Trainer::new(config(model, 130), Arc::clone(&data)).err().unwrap();
    for (model, parts) in [
        ("mlp", ["10 outputs", "26 classes", "mlp-26"]),
        ("rnn2-47", ["47 outputs", "26 classes", "rnn2-26"]),
        (&id("Dense(20) - Dense(30)"), ["30 outputs", "26 classes", "Dense(26)"]),
        ("lif-dense", ["10 outputs", "26 classes", "choose a dense"]),
    ] {
        let error = begin(model).to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
    // Ten outputs do for fewer classes, as they always have.
    let few = Arc::new(squares::generate(3, 130, 4));
    assert!(Trainer::new(config("mlp", 130), Arc::clone(&few)).is_ok());
    assert!(Trainer::new(config("mlp-3", 130), few).is_ok());
    for rule in crate::ann::rules::all().filter(|rule| rule.id != crate::ann::rules::RULES[0].id) {
        let settings = TrainConfig { rule: RuleConfig::of(rule), ..config("mlp-26", 130) };
        let error = settings.validate().unwrap_err().to_string();
        assert!(error.contains("ten classes") && error.contains("has 26"), "{error}");
    }
}

#[test]
fn answers_to_other_classes_are_wrong_and_no_fault() {
    let never = AtomicBool::new(false);
    let many = squares::generate(47, 94, 5);
    for (model, classes) in [("mlp", 47), ("mlp-3", 47), ("mlp-26", 47), ("mlp-47", 47)] {
        let network = Network::new(zoo::find(model).unwrap(), 1).unwrap();
        let told = evaluate(&network, &many, 1, &never, &mut |_, _| {}).unwrap().unwrap();
        assert_eq!(told.confusion.classes(), classes, "{model}");
        assert!(told.loss.is_finite() && told.answers.len() == 94, "{model}");
        let right = told.answers.iter().enumerate();
        let right = right.filter(|(i, a)| a.digit == Some(many.label(*i))).count();
        assert_eq!((told.confusion.right() as usize, told.errors()), (right, 94 - right));
        let json = serde_json::to_value(&told.confusion).unwrap();
        assert_eq!(json.as_array().unwrap().len(), classes);
    }
}

#[test]
fn the_gradient_of_the_loss_agrees_with_finite_differences() {
    let mut rng = Rng::stream(6, "logits", 0);
    for classes in [2usize, 3, 26, 47] {
        let row: Vec<f32> = (0..classes).map(|_| 2.0 * rng.normal()).collect();
        let label = (classes - 1) as u8;
        let mut gradient = vec![0.0; classes];
        loss::gradient(&row, label, 1.0, &mut gradient);
        for class in 0..classes {
            let at = |by: f32| {
                let mut moved = row.clone();
                moved[class] += by;
                loss::cross_entropy(&moved, label)
            };
            let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!((slope - gradient[class]).abs() < 2e-3, "{classes}: {slope} {gradient:?}");
        }
    }
}

/// The loss of a step is that of the answers before it, and the step goes down the gradient that
/// finite differences of that loss give.
#[test]
fn a_step_goes_down_the_loss_of_all_classes() {
    let data = Arc::new(squares::generate(26, 26, 7));
    let model = id("Dense(12, tanh) - Dense(26)");
    let mut sgd = OptimiserConfig::default_of("sgd").unwrap();
    sgd.set("learning_rate", 0.05);
    sgd.set("momentum", 0.0);
    let settings =
        TrainConfig { optimiser: sgd, batch_size: 26, validation_share: 0.0, ..config(&model, 26) };
    let mut trainer = Trainer::new(settings, Arc::clone(&data)).unwrap();
    let before = trainer.network().clone();
    let batch = trainer.step().unwrap().batch.unwrap();
    let loss_of = |network: &Network| {
        let logits = network.logits(&pictures(&data, 26));
        let each = logits.iter().zip(data.labels());
        each.map(|(row, label)| f64::from(loss::cross_entropy(row, *label))).sum::<f64>() / 26.0
    };
    assert!((loss_of(&before) - f64::from(batch.loss)).abs() < 1e-5);
    let (old, new) = (before.values(), trainer.network().values());
    // The weights and the biases of the last layer.
    for (array, at) in [(2, 5), (2, 26 * 12 - 1), (3, 0), (3, 25)] {
        let moved = |by: f32| {
            let mut values = old.clone();
            values[array][at] += by;
            let mut network = before.clone();
            network.set_values(&values);
            loss_of(&network)
        };
        let slope = (moved(1e-2) - moved(-1e-2)) / 2e-2;
        let step = f64::from(new[array][at] - old[array][at]);
        assert!((step + 0.05 * slope).abs() < 1e-5, "{array}, {at}: {step} for a slope of {slope}");
    }
}

#[test]
fn another_device_computes_the_same_losses() {
    let data = Arc::new(squares::generate(11, 66, 8));
    let losses = |device: &str| -> Vec<f32> {
        let settings = TrainConfig { device: device.into(), epochs: 1, ..adam("mlp-11", 66) };
        let trainer = trained(settings, &data);
        assert_eq!(trainer.last_validation().unwrap().probabilities[0].len(), 11);
        trainer.history().batches.iter().map(|b| b.loss).collect()
    };
    let (own, other) = (losses(device::OWN), losses("candle"));
    assert!(own.iter().zip(&other).all(|(a, b)| (a - b).abs() < 1e-3), "{own:?} {other:?}");
}

#[test]
fn networks_of_ten_classes_are_what_they_were() {
    let network = Network::new(zoo::find("mlp").unwrap(), 1).unwrap();
    let row = network.probabilities(&pictures(&squares::generate(10, 1, 9), 1))[0];
    assert_eq!((row.len(), network.classes()), (CLASSES, CLASSES));
    assert_eq!(row.ten(), row);
}
