//! What must hold of a run: determinism, resuming, divergence, odd sizes.

use super::fallback::COPY_EVERY;
use super::*;
use crate::ann::optimiser::OptimiserConfig;
use crate::data::SIDE;
use crate::data::augment::Augmentation;

/// A simple recurrent layer and the ten classes; the report has none.
const SIMPLE: &str = "net-rnn16c-f10l";

/// Ten kinds of bars, easy to learn.
pub(super) fn bars(n: usize) -> Arc<Dataset> {
    let mut rng = Rng::stream(1, "bars", 0);
    let labels: Vec<u8> = (0..n).map(|i| (i % 10) as u8).collect();
    let mut images = vec![0u8; n * PIXELS];
    for (image, label) in images.chunks_exact_mut(PIXELS).zip(&labels) {
        for y in 4..24 {
            for x in 0..3 {
                image[y * SIDE + usize::from(*label) * 2 + 3 + x] = 200 + rng.below(56) as u8;
            }
        }
    }
    Arc::new(Dataset::new("bars", images, labels).unwrap())
}

pub(super) fn config(model: &str, n: usize) -> TrainConfig {
    TrainConfig {
        model: model.into(),
        subset: n,
        epochs: 2,
        validation_share: 0.1,
        threads: 1,
        ..TrainConfig::default()
    }
}

fn finish(trainer: &mut Trainer) {
    while !trainer.step().unwrap().finished {}
}

#[test]
fn every_network_learns_bars() {
    for (model, n) in [("mlp", 600), ("cnn3", 200)] {
        let adam = OptimiserConfig::default_of("adam").unwrap();
        let settings = TrainConfig { optimiser: adam, epochs: 3, ..config(model, n) };
        let mut trainer = Trainer::new(settings, bars(n)).unwrap();
        finish(&mut trainer);
        let last = trainer.history().epochs.last().unwrap();
        assert!(last.validation_accuracy.unwrap() > 0.8, "{model}: {last:?}");
        assert_eq!(trainer.last_validation().unwrap().answers.len(), n / 10);
    }
}

#[test]
fn the_result_depends_on_seed_and_threads_and_not_on_being_watched() {
    for (model, n) in [("mlp", 150), ("cnn3", 70), ("rnn1", 70), ("rnn4", 70), (SIMPLE, 70)] {
        let augmentation = Augmentation::USUAL;
        let run = |threads: usize, seed: u64, watched: bool| {
            let settings = TrainConfig { threads, seed, augmentation, ..config(model, n) };
            let mut trainer = Trainer::new(settings, bars(n)).unwrap();
            loop {
                if watched {
                    trainer.measure_next_step();
                }
                if trainer.step().unwrap().finished {
                    break;
                }
            }
            assert_eq!(watched, !trainer.layer_stats().is_empty());
            (trainer.network().values(), trainer.history().clone())
        };
        // Every picture is changed in its own way, whichever thread does it.
        let each = [1, 2, 3].map(|threads| {
            let first = run(threads, 3, false);
            assert!(first == run(threads, 3, true), "{model} on {threads} threads");
            first
        });
        assert!(each[0] != run(1, 4, false), "{model} from another seed");
        // Sums over parts round otherwise, and no more than that.
        for other in &each[1..] {
            let losses = |i: &(_, History)| i.1.batches.iter().map(|b| b.loss).collect::<Vec<_>>();
            let (one, more) = (losses(&each[0]), losses(other));
            assert!((one[0] - more[0]).abs() < 1e-5, "{model}: {one:?} {more:?}");
        }
    }
}

#[test]
fn a_resumed_run_ends_with_the_same_weights() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint.safetensors");
    // Dropout and states over time, too.
    let models = [("mlp", "adadelta"), ("mlp", "adam"), ("mlp", "sgd")];
    for (model, optimiser) in
        models.into_iter().chain([("cnn3", "adam"), ("rnn4", "sgd"), (SIMPLE, "adam")])
    {
        let optimiser = OptimiserConfig::default_of(optimiser).unwrap();
        let (augmentation, average_epochs) = (Augmentation::USUAL, 1);
        // 160 held out are asked in two pieces.
        let settings = TrainConfig {
            optimiser,
            augmentation,
            average_epochs,
            validation_share: 0.5,
            ..config(model, 320)
        };
        let mut whole = Trainer::new(settings.clone(), bars(320)).unwrap();
        finish(&mut whole);
        // In the middle of an epoch, at its end, and while validating.
        let stops: &[usize] = if model == "mlp" { &[3, 5, 6, 9] } else { &[6] };
        for &stop_after in stops {
            let mut first = Trainer::new(settings.clone(), bars(320)).unwrap();
            for _ in 0..stop_after {
                first.step().unwrap();
            }
            assert_eq!(first.validating.is_some(), stop_after == 6, "after {stop_after}");
            first.save_checkpoint(&path).unwrap();
            let mut second = Trainer::resume(&path, bars(320)).unwrap();
            finish(&mut second);
            assert!(whole.network().values() == second.network().values());
            assert!(whole.result().values() == second.result().values());
            assert_eq!(whole.history(), second.history());
        }
    }
}

fn on_candle(n: usize) -> TrainConfig {
    TrainConfig { device: "candle".into(), batch_size: 2, ..config("dense-64", n) }
}

#[test]
fn a_run_on_a_device_is_the_same_watched_or_not_and_after_resuming() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint.safetensors");
    for optimiser in ["adadelta", "adam", "sgd"] {
        let optimiser = OptimiserConfig::default_of(optimiser).unwrap();
        let settings = TrainConfig { optimiser, batch_size: 32, ..on_candle(150) };
        let mut whole = Trainer::new(settings.clone(), bars(150)).unwrap();
        finish(&mut whole);
        for stop_after in [3, 6, 9] {
            let mut first = Trainer::new(settings.clone(), bars(150)).unwrap();
            for _ in 0..stop_after {
                first.measure_next_step();
                first.step().unwrap();
            }
            assert!(first.layer_stats().iter().all(|l| l.update_norm > 0.0));
            first.save_checkpoint(&path).unwrap();
            let mut second = Trainer::resume(&path, bars(150)).unwrap();
            finish(&mut second);
            assert!(whole.network().values() == second.network().values());
            assert_eq!(whole.history(), second.history());
        }
        // The file is the same wherever it was written.
        let mut elsewhere = Trainer::resume_on(&path, bars(150), Some("cpu")).unwrap();
        finish(&mut elsewhere);
        assert_eq!(elsewhere.progress(), whole.progress());
    }
}

#[test]
fn a_run_whose_device_fails_goes_back_to_its_last_copy_and_can_be_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint.safetensors");
    let mut whole = Trainer::new(on_candle(150), bars(150)).unwrap();
    finish(&mut whole);
    // There are 68 batches in an epoch: it fails in the second, and the last copy
    // is of the first.
    let (fails_at, kept) = (80, 50);
    let mut trainer = Trainer::new(on_candle(150), bars(150)).unwrap();
    let Backend::Device(on) = &mut trainer.backend else { panic!("no device") };
    on.session.fails_at = Some(fails_at);
    let error = loop {
        if let Err(error) = trainer.step() {
            break error.to_string();
        }
    };
    for part in
        [&format!("batch {}", fails_at + 1), &format!("after batch {kept};"), "smaller batch"]
    {
        assert!(error.contains(part), "{error}");
    }
    assert!(!error.contains("backtrace"), "{error}");
    assert!(trainer.step().is_err(), "it does not go on by itself");
    assert_eq!(trainer.progress().step, kept);
    assert_eq!(trainer.history().batches.len() as u64, kept);
    trainer.save_checkpoint(&path).unwrap();
    let mut second = Trainer::resume(&path, bars(150)).unwrap();
    finish(&mut second);
    assert!(whole.network().values() == second.network().values());
    assert_eq!(whole.history(), second.history());
}

#[test]
fn a_run_that_diverges_on_a_device_is_back_at_finite_weights() {
    let mut optimiser = OptimiserConfig::default_of("sgd").unwrap();
    optimiser.set("learning_rate", 1e6);
    let settings = TrainConfig { optimiser, model: "mlp".into(), ..on_candle(150) };
    let mut trainer = Trainer::new(settings, bars(150)).unwrap();
    let good = trainer.network().values();
    let error = (0..40).find_map(|_| trainer.step().err()).unwrap();
    assert!(matches!(error, AnnError::Diverged { .. }), "{error}");
    assert!(trainer.network().values() == good);
}

#[test]
fn the_result_is_the_mean_of_the_sampled_weights() {
    let settings = TrainConfig { average_epochs: 1, ..config("mlp", 400) };
    let mut trainer = Trainer::new(settings, bars(400)).unwrap();
    assert!(trainer.result().values() == trainer.network().values());
    let mut sampled: Vec<Vec<Vec<f32>>> = Vec::new();
    loop {
        let step = trainer.step().unwrap();
        // Twelve batches an epoch: of the second epoch, after steps 16 and 24.
        if step.batch.is_some_and(|b| [16, 24].contains(&b.step)) {
            sampled.push(trainer.network().values());
        }
        if step.finished {
            break;
        }
    }
    for (i, values) in trainer.result().values().iter().enumerate() {
        for (j, mean) in values.iter().enumerate() {
            let wanted = 0.5 * (sampled[0][i][j] + sampled[1][i][j]);
            assert!((mean - wanted).abs() < 1e-6);
        }
    }
}

#[test]
fn a_diverging_run_stops_at_finite_weights() {
    let mut trainer = Trainer::new(config("mlp", 150), bars(150)).unwrap();
    let good = trainer.network().values();
    trainer.step().unwrap();
    // As after a step that was far too long: products of these overflow.
    let huge: Vec<Vec<f32>> = good.iter().map(|v| vec![1e30; v.len()]).collect();
    trainer.network.set_values(&huge);
    let error = trainer.step().unwrap_err();
    assert!(matches!(error, AnnError::Diverged { .. }));
    assert!(error.to_string().contains("learning rate"));
    assert!(trainer.network().values() == good && !trainer.is_intact());
}

#[test]
fn weights_whose_loss_is_not_finite_are_never_the_copy_that_is_gone_back_to() {
    let settings = TrainConfig { batch_size: 2, average_epochs: 2, ..config("mlp", 150) };
    let mut trainer = Trainer::new(settings, bars(150)).unwrap();
    while trainer.progress().step < COPY_EVERY {
        trainer.step().unwrap();
    }
    // The next step is one at which a copy is taken.
    let good = trainer.last_good.values.clone();
    let huge: Vec<Vec<f32>> = good.iter().map(|v| vec![1e30; v.len()]).collect();
    trainer.network.set_values(&huge);
    trainer.average.values = huge;
    assert!(trainer.is_intact() && trainer.step().is_err() && !trainer.is_intact());
    assert!(trainer.network().values() == good);
    assert!(trainer.result().values().iter().flatten().all(|v| v.abs() < 1e3));
}

#[test]
fn a_last_short_batch_and_a_batch_of_one_are_trained() {
    for batch_size in [1, 32] {
        let settings =
            TrainConfig { batch_size, validation_share: 0.0, epochs: 1, ..config("cnn3", 33) };
        let mut trainer = Trainer::new(settings, bars(33)).unwrap();
        finish(&mut trainer);
        assert_eq!(trainer.progress().step, 33u64.div_ceil(batch_size as u64));
        assert_eq!(trainer.history().epochs[0].validation_accuracy, None);
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let wrong = [
        TrainConfig { model: "mlpp".into(), ..config("mlp", 100) },
        TrainConfig { epochs: 0, ..config("mlp", 100) },
        TrainConfig { validation_share: f64::NAN, ..config("mlp", 100) },
        TrainConfig { batch_size: 0, ..config("mlp", 100) },
        TrainConfig { average_epochs: 3, ..config("mlp", 100) },
        TrainConfig {
            augmentation: Augmentation { scale: f32::NAN, ..Augmentation::USUAL },
            ..config("mlp", 100)
        },
    ];
    for settings in wrong {
        assert!(Trainer::new(settings, bars(100)).is_err());
    }
}

#[test]
fn a_checkpoint_of_an_earlier_version_goes_on_unchecked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint.safetensors");
    let mut trainer = Trainer::new(config("mlp", 100), bars(100)).unwrap();
    trainer.step().unwrap();
    trainer.save_checkpoint(&path).unwrap();
    // Another name for the field, as long: the version before did not know it.
    let mut bytes = std::fs::read(&path).unwrap();
    let name = b"fingerprint";
    let at = bytes.windows(name.len()).position(|w| w == name).unwrap();
    bytes[at..at + name.len()].copy_from_slice(b"unknown.fld");
    std::fs::write(&path, bytes).unwrap();
    let mut second = Trainer::resume(&path, bars(100)).unwrap();
    assert!(second.has_unchecked_digits());
    // From the next checkpoint on it is known.
    second.save_checkpoint(&path).unwrap();
    assert!(!Trainer::resume(&path, bars(100)).unwrap().has_unchecked_digits());
    finish(&mut second);
}

#[test]
fn a_batch_larger_than_all_digits_takes_no_more_memory_than_they_do() {
    for threads in [1, 3] {
        let settings = TrainConfig { batch_size: 4096, threads, ..config("rnn1", 40) };
        let mut trainer = Trainer::new(settings, bars(40)).unwrap();
        let Backend::Own(backprop) = &trainer.backend else { panic!("it is computed here") };
        // 36 to train on; each thread has room for the largest share.
        assert!((36..36 + threads).contains(&backprop.pictures()), "{}", backprop.pictures());
        finish(&mut trainer);
        assert_eq!(trainer.progress().step, 2);
    }
}

#[test]
fn broken_checkpoints_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint.safetensors");
    let mut trainer = Trainer::new(config("mlp", 100), bars(100)).unwrap();
    trainer.step().unwrap();
    trainer.save_checkpoint(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let other = Arc::new(bars(100).first(100, "other digits"));
    assert!(Trainer::resume(&path, other).err().unwrap().to_string().contains("other digits"));
    // As many, of the same name and size: accuracy would fall inside the run.
    let labels = bars(100).labels().iter().map(|l| (l + 1) % 10).collect();
    let images = (0..100).flat_map(|i| bars(100).image(i).to_vec()).collect();
    let relabelled = Arc::new(Dataset::new("bars", images, labels).unwrap());
    let mut inverted = vec![255; 100 * PIXELS];
    inverted
        .iter_mut()
        .zip((0..100).flat_map(|i| bars(100).image(i).to_vec()))
        .for_each(|(n, v)| *n -= v);
    let inverted = Arc::new(Dataset::new("bars", inverted, bars(100).labels().to_vec()).unwrap());
    for (others, said) in [
        (relabelled, "labels are others"),
        (inverted, "images are others"),
        (bars(90), "there are 90 now"),
    ] {
        let error = Trainer::resume(&path, others).err().unwrap().to_string();
        assert!(error.contains(said) && error.contains("Nothing was changed"), "{error}");
    }
    // What lies beyond the digits in use does not matter.
    assert!(!Trainer::resume(&path, bars(100)).unwrap().has_unchecked_digits());
    for keep in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        crate::core::files::write_bytes(&path, &bytes[..keep]).unwrap();
        let error = Trainer::resume(&path, bars(100)).err().unwrap().to_string();
        assert!(error.contains("checkpoint.safetensors"), "{error}");
    }
}
