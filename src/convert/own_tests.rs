//! Structures of one's own, all the way: built, trained for a batch, kept and taken up
//! again, saved and opened, converted or refused.

use std::sync::Arc;

use proptest::prelude::*;

use super::network;
use super::recipe::{Pooling, Recipe};
use super::tests::converted;
use super::window_tests::agrees;
use crate::ann::inspect::dissection::Dissection;
use crate::ann::network::Network;
use crate::ann::trainer::{TrainConfig, Trainer};
use crate::ann::weights::{self, Precision};
use crate::ann::zoo::{Activation, Architecture, Layer, PoolKind, Window, notation};
use crate::data::{CLASSES, synthetic};

/// Trained for two batches, kept and taken up again between them, saved and opened.
fn trained_and_opened(architecture: &'static Architecture) -> Result<Network, TestCaseError> {
    let home = tempfile::tempdir().unwrap();
    let data = Arc::new(synthetic::generate(3, 60));
    let config = TrainConfig {
        model: architecture.id.into(),
        subset: 60,
        batch_size: 16,
        epochs: 1,
        average_epochs: 0,
        threads: 1,
        validation_share: 0.1,
        ..TrainConfig::default()
    };
    let mut trainer = Trainer::new(config, Arc::clone(&data)).unwrap();
    trainer.step().unwrap();
    let checkpoint = home.path().join("checkpoint.safetensors");
    trainer.save_checkpoint(&checkpoint).unwrap();
    let mut resumed = Trainer::resume(&checkpoint, data).unwrap();
    for trainer in [&mut trainer, &mut resumed] {
        trainer.step().unwrap();
    }
    prop_assert_eq!(trainer.network().values(), resumed.network().values());
    let file = home.path().join("weights.safetensors");
    weights::save(&file, trainer.network(), &trainer.metadata(), Precision::Single).unwrap();
    let (opened, metadata) = weights::load(&file).unwrap();
    prop_assert_eq!(metadata.architecture.as_str(), architecture.id);
    let digits = [synthetic::digit(4, 3, 0), synthetic::digit(4, 8, 1)];
    prop_assert_eq!(opened.logits(&digits), trainer.network().logits(&digits));
    Ok(opened)
}

fn whole_way(layers: &[Layer]) -> Result<(), TestCaseError> {
    let Ok(architecture) = notation::own(layers) else { return Ok(()) };
    let opened = trained_and_opened(architecture)?;
    let digits = [synthetic::digit(4, 3, 0), synthetic::digit(4, 8, 1)];
    let answers = opened.logits(&digits);
    // Layer by layer it is the same network.
    let taken = Dissection::new(&opened).forward(digits.as_flattened(), 2);
    for (a, b) in taken.logits().iter().zip(answers.iter().flatten()) {
        prop_assert!((a - b).abs() < 1e-3 * (1.0 + b.abs()), "{} against {}", a, b);
    }
    if network::refusal(&(architecture.layers)()).is_none() {
        agrees(&converted(&opened, Recipe::default()), &digits[0], 3);
    }
    Ok(())
}

fn hidden() -> impl Strategy<Value = Layer> {
    let of = |text: &str| notation::parse(text).unwrap()[0];
    let all = [
        "Conv[3x3](5) - x",
        "Conv[3x2, stride 2x1, padding 1](4) - x",
        "Conv[5x5, stride 2, padding 2](4, tanh) - x",
        "Conv[2x3, same](6, sigmoid) - x",
        "MaxPool[2x2] - x",
        "MaxPool[3x3, stride 2, padding 1] - x",
        "AvgPool[2x2] - x",
        "AvgPool[3x3, stride 1, padding 1](with padding) - x",
        "Dropout(0.3) - x",
        "Dense(24, ReLU) - x",
        "Dense(17, LeakyReLU) - x",
        "Dense(9, sigmoid) - x",
        "Affine - x",
        "tanh - x",
    ];
    prop::sample::select(all.map(|text| of(&text.replace(" - x", " - Dense(10)"))).to_vec())
}

fn window() -> impl Strategy<Value = Window> {
    let pair = |most: usize| prop::array::uniform2(1..=most);
    (pair(4), pair(3), prop::array::uniform4(0usize..3)).prop_map(|(kernel, stride, padding)| {
        // Padding is smaller than the window.
        let padding = std::array::from_fn(|i| padding[i].min(kernel[i % 2] - 1));
        Window { kernel, stride, padding }
    })
}

/// A convolution with a ReLU, pooled or not.
fn convertible() -> impl Strategy<Value = Vec<Layer>> {
    let kinds = vec![PoolKind::Max, PoolKind::Average, PoolKind::AverageCounted];
    let pool = prop::option::of((prop::sample::select(kinds), window()));
    (window(), 1usize..6, any::<bool>(), pool).prop_map(|(window, filters, drops, pool)| {
        let mut layers = vec![Layer::Convolution { window, filters, activation: Activation::Relu }];
        layers.extend(drops.then_some(Layer::Dropout(0.3)));
        layers.extend(pool.map(|(kind, window)| Layer::Pool { kind, window }));
        layers
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn convolutions_and_pooling_of_any_window_become_spikes(
        layers in prop::collection::vec(convertible(), 1..4),
    ) {
        let mut layers = layers.concat();
        layers.push(Layer::Dense { units: CLASSES, activation: Activation::Linear });
        // Small pictures do not have room for every window.
        let Ok(architecture) = notation::own(&layers) else { return Ok(()) };
        prop_assert_eq!(network::refusal(&(architecture.layers)()), None);
        let network = Network::new(architecture, 3).unwrap();
        for pooling in [Pooling::Gated, Pooling::Largest, Pooling::Average] {
            let spiking = converted(&network, Recipe { pooling, ..Recipe::default() });
            agrees(&spiking, &synthetic::digit(4, 3, 0), 3);
        }
    }

    #[test]
    fn any_structure_is_trained_kept_opened_and_converted(
        mut layers in prop::collection::vec(hidden(), 0..5),
    ) {
        layers.push(Layer::Dense { units: CLASSES, activation: Activation::Linear });
        whole_way(&layers)?;
    }
}

/// Spikes may fall on either side of the threshold where sums are added up in another order,
/// so these are not taken apart layer by layer.
#[test]
fn networks_of_lif_neurons_are_trained_kept_and_opened_and_not_converted() {
    for text in [
        "Conv[3x3, stride 2](4) - LIF(T 4, tau 3) - MaxPool[2x2] - Conv[3x3](5) - LIF - Dense(10)",
        "RLIF(20, T 28, tau 4) - Dense(12) - LIF(tau 8) - Dense(10)",
        "Dropout(0.1) - Dense(30) - LIF(T 5, tau 4) - Dense(10) - LIF",
    ] {
        let architecture = notation::own(&notation::parse(text).unwrap()).unwrap();
        trained_and_opened(architecture).unwrap();
        let refusal = network::refusal(&(architecture.layers)()).unwrap();
        assert!(refusal.contains("spike already"), "{refusal}");
    }
}

#[test]
fn a_plain_structure_of_ones_own_is_converted() {
    let text = "Conv[3x3](4) - Conv[3x3](6) - MaxPool[2x2] - Dropout(0.1) - Dense(20) - Dense(10)";
    let layers = notation::parse(text).unwrap();
    let layers = notation::plainest(&layers);
    assert!(network::refusal(&layers).is_none());
    whole_way(&layers).unwrap();
}

#[test]
fn networks_of_other_numbers_of_classes_are_refused() {
    let layers = notation::parse("Dense(20) - Dense(26)").unwrap();
    let why = network::refusal(&layers).unwrap();
    assert!(why.contains("26 classes"), "{why}");
}
