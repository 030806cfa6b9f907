use std::sync::Arc;

use proptest::prelude::*;

use super::super::spelled;
use super::super::{find, own, parse, plainest, text};
use super::*;
use crate::ann::AnnError;
use crate::ann::network::Network;
use crate::ann::spiking::look::watch;
use crate::ann::trainer::{TrainConfig, Trainer};
use crate::ann::zoo::{Family, Window, cost, find as find_any};
use crate::data::{PIXELS, synthetic};

/// Presets, and how they are written.
const PRESETS: [(&str, &str); 9] = [
    ("lif-dense", "Dense(512) - LIF(T 25, tau 10) - Dense(10)"),
    (
        "lif-conv",
        "Conv[5x5](32) - MaxPool[2x2] - LIF(T 8, tau 4) - Conv[5x5](64) - MaxPool[2x2] - LIF - Dense(128) - LIF - Dense(10)",
    ),
    ("lif-recurrent", "RLIF(256, T 28, tau 4) - Dense(10)"),
    ("first-spike", "FirstSpike(800)"),
    ("lif-40-30-t9-count", "Dense(40) - LIF(T 9, tau 10) - Dense(30) - LIF - Dense(10) - LIF"),
    (
        "lif-conv-4-6-20-t5-tau7.5",
        "Conv[5x5](4) - MaxPool[2x2] - LIF(T 5, tau 7.5) - Conv[5x5](6) - MaxPool[2x2] - LIF - Dense(20) - LIF - Dense(10)",
    ),
    (
        "lif-conv-4-6-20-count",
        "Conv[5x5](4) - MaxPool[2x2] - LIF(T 8, tau 4) - Conv[5x5](6) - MaxPool[2x2] - LIF - Dense(20) - LIF - Dense(10) - LIF",
    ),
    ("lif-recurrent-24-t56-count", "RLIF(24, T 56, tau 4) - Dense(10) - LIF"),
    ("first-spike-40-20", "FirstSpike(40, 20)"),
];

/// Networks that have no other id.
const OTHERS: [&str; 7] = [
    "Conv[3x3](6) - LIF(T 5, tau 4) - Conv[3x3](8) - MaxPool[2x2] - LIF - Conv[3x3](8) - LIF(tau 2) - Dense(30) - LIF - Dense(10)",
    "Conv[5x5, stride 2, padding 2](6) - LIF(T 6, tau 3) - MaxPool[2x2] - Conv[3x3](8) - AvgPool[2x2] - LIF - Dense(10)",
    "RLIF(24, T 28, tau 4) - Dense(20) - LIF(tau 8) - Dense(10)",
    "LIF(T 7, tau 5) - Conv[4x4](5) - MaxPool[3x3, stride 2] - LIF - Dense(10) - LIF",
    "Dropout(0.2) - Dense(30) - LIF(T 9, tau 5) - Dropout(0.3) - Dense(10)",
    "MaxPool[2x2] - Dense(40) - LIF(T 6, tau 200) - Dense(10)",
    "Conv[5x5](6) - LIF(T 8, tau 4) - AvgPool[2x2] - Dense(10)",
];

/// The weights after two batches.
fn trained(model: &str) -> Vec<Vec<f32>> {
    let config = TrainConfig {
        model: model.into(),
        subset: 60,
        batch_size: 8,
        epochs: 1,
        average_epochs: 0,
        threads: 1,
        validation_share: 0.1,
        ..TrainConfig::default()
    };
    let mut trainer = Trainer::new(config, Arc::new(synthetic::generate(3, 60))).unwrap();
    for _ in 0..2 {
        trainer.step().unwrap();
    }
    trainer.network().values()
}

#[test]
fn the_presets_are_written_and_what_is_written_is_the_preset() {
    for (id, line) in PRESETS {
        let preset = find_any(id).unwrap();
        let layers = (preset.layers)();
        assert_eq!(text(&layers), line, "{id}");
        assert_eq!(plainest(&parse(line).unwrap()), layers, "{id}");
        assert!(std::ptr::eq(own(&parse(line).unwrap()).unwrap(), preset), "{id}");
    }
}

/// Also where layers are spelled, and the preset's id is not used.
#[test]
fn layers_that_are_written_learn_as_the_preset_does_to_the_last_bit() {
    for (id, line) in PRESETS.into_iter().filter(|(_, line)| !line.contains("First")) {
        let spelled = spelled::id(&plainest(&parse(line).unwrap()));
        let own = find(&spelled).unwrap();
        assert_eq!((own.layers)(), (find_any(id).unwrap().layers)(), "{spelled}");
        let fresh = |id: &str| Network::new(find_any(id).unwrap(), 4).unwrap().values();
        assert_eq!(fresh(&spelled), fresh(id), "{id}");
        let after = trained(id);
        assert_ne!(after, fresh(id));
        assert_eq!(trained(&spelled), after, "{id}");
    }
}

#[test]
fn other_orders_of_layers_are_networks_too() {
    for line in OTHERS {
        let layers = parse(line).unwrap();
        assert_eq!(text(&layers), line);
        let own = own(&layers).unwrap();
        assert_eq!((own.family(), own.id.starts_with("net-")), (Family::Spiking, true), "{line}");
        assert!(own.name.starts_with("LIF") && own.name.contains("steps"), "{}", own.name);
        assert!(std::ptr::eq(find_any(own.id).unwrap(), own), "{line}");
        let network = Network::new(own, 5).unwrap();
        let picture = synthetic::digit(4, 3, 0);
        let watched = watch(&network, &picture).unwrap();
        let logits = network.logits(&[picture])[0];
        for (forming, logit) in watched.forming.last().unwrap().iter().zip(&logits) {
            assert!((forming - logit).abs() < 1e-4 * (1.0 + logit.abs()), "{line}");
        }
        assert!(watched.layers[0].spikes.iter().any(|s| *s > 0.0), "{line}");
        let after = trained(own.id);
        assert!(after.iter().flatten().all(|w| w.is_finite()), "{line}");
        assert_ne!(after[0], Network::new(own, TrainConfig::default().seed).unwrap().values()[0]);
    }
}

#[test]
fn what_is_not_said_is_as_in_the_preset_or_in_the_layer_before() {
    for (line, id) in [
        ("Dense(30) - LIF - Dense(10)", "lif-30"),
        ("dense(30, linear) - lif(steps = 12) - Dense(10)", "lif-30-t12"),
        ("Dense(30) - LIF - Dense(20) - LIF(t12) - Dense(10)", "lif-30-20-t12"),
        ("Dense(30) - LIF(τ 3, T=9) - Dense(10)", "lif-30-t9-tau3"),
        ("RLIF(24) - Dense(10)", "lif-recurrent-24"),
        ("Recurrent LIF(24, T56) - Dense(10)", "lif-recurrent-24-t56"),
        (
            "Conv[5x5](4) - MaxPool[2] - LIF → Conv[5x5](6, linear) - MaxPool[2x2] - LIF - Dense(20) - LIF - Dense(10)",
            "lif-conv-4-6-20",
        ),
    ] {
        assert_eq!(own(&parse(line).unwrap()).unwrap().id, id, "{line}");
    }
    let taus = |line: &str| -> Vec<f32> {
        parse(line).unwrap().iter().filter_map(neurons).map(|n| n.tau).collect()
    };
    let line = "Dense(9) - LIF(tau 3) - Dense(9) - LIF - Dense(9) - LIF(tau 8) - Dense(10) - LIF";
    assert_eq!(taus(line), [3.0, 3.0, 8.0, 8.0]);
}

#[test]
fn what_does_not_work_is_said_at_its_layer() {
    for (line, layer, word) in [
        ("LIF(512) - Dense(10)", 0, "write Dense(512) - LIF"),
        ("Dense(30, LIF) - Dense(10)", 0, "Dense(128) - LIF"),
        ("ConvLIF[3x3](8) - Dense(10)", 0, "Conv[3x3](32) - LIF"),
        ("Dense(30) - LIF(T 0) - Dense(10)", 1, "1 to 128"),
        ("Dense(30) - LIF(T 129) - Dense(10)", 1, "1 to 128"),
        ("Dense(30) - LIF(T 2.5) - Dense(10)", 1, "whole number"),
        ("Dense(30) - LIF(tau 0.1) - Dense(10)", 1, "0.5 to 200"),
        ("Dense(30) - LIF(tau NaN) - Dense(10)", 1, "0.5 to 200"),
        ("Dense(30) - LIF(tau 1e1) - Dense(10)", 1, "0.5 to 200"),
        ("Dense(30) - LIF[T 25] - Dense(10)", 1, "parentheses"),
        ("Dense(30) - LIF(quick) - Dense(10)", 1, "T 25"),
        ("RLIF - Dense(10)", 0, "units"),
        ("RLIF(1025) - Dense(10)", 0, "1 to 1024"),
        ("FirstSpike", 0, "hidden"),
        ("FirstSpike(4097)", 0, "4096"),
        ("FirstSpike(1, 1, 1, 1, 1, 1, 1, 1, 1)", 0, "up to 8"),
    ] {
        let misfit = parse(line).unwrap_err();
        assert_eq!(misfit.layer, layer, "{line}: {misfit}");
        assert!(misfit.why.contains(word), "{line}: {misfit}");
    }
    for (line, layer, word) in [
        ("Dense(30) - LIF - Dense(30, ReLU) - LIF - Dense(10)", 2, "leave ReLU out"),
        ("Dense(30) - LIF - Dense(30) - Dense(10)", 2, "put LIF after it"),
        ("Conv[3x3](4) - Conv[3x3](4) - LIF - Dense(10)", 0, "put LIF after it"),
        ("Conv[3x3](4, ReLU) - MaxPool[2x2] - LIF - Dense(10)", 0, "leave ReLU out"),
        ("Dense(30) - ReLU - LIF - Dense(10)", 0, "put LIF after it"),
        ("ReLU - Dense(30) - LIF - Dense(10)", 0, "leave it out"),
        ("Affine - Dense(30) - LIF - Dense(10)", 0, "leave it out"),
        ("Dense(30) - LIF - LIF - Dense(10)", 2, "put Dense or Conv between"),
        ("Conv[5x5](4) - MaxPool[2x2] - LIF - RLIF(20) - Dense(10)", 3, "comes first"),
        ("MaxPool[2x2] - RLIF(20) - Dense(10)", 1, "comes first"),
        ("RLIF(20, T 30) - Dense(10)", 0, "56, 84 or 112"),
        ("RLIF(20) - Dense(10, tanh) - LIF(T 56)", 1, "leave tanh out"),
        ("RLIF(20, T 28) - Dense(20) - LIF(T 56) - Dense(10)", 2, "same in the whole network"),
        ("Dense(30) - LIF(T 9) - Dense(30) - LIF(T 8) - Dense(10)", 3, "8 steps"),
        ("Dense(30) - LIF - Conv[3x3](4) - LIF - Dense(10)", 2, "vector"),
        ("Dense(30) - Dropout(0.1) - LIF - Dense(10)", 0, "put LIF after it"),
        ("Dense(30) - LIF - Dropout(0.1) - Dense(20) - LIF - Dense(10)", 2, "Dropout stands"),
        ("Conv[5x5](4) - LIF - MaxPool[2x2] - Dense(10)", 2, "AvgPool"),
        ("GRU(16) - Dense(20) - LIF - Dense(10)", 0, "RLIF"),
        ("Dense(30) - LIF", 1, "ten classes"),
        ("RLIF(10)", 0, "ten classes"),
        ("FirstSpike(30) - Dense(10)", 0, "stands alone"),
        ("Conv[1x1](1024) - LIF(T 128) - Dense(10)", 1, "million"),
        ("Dense(4096) - LIF(T 128) - Dense(4096) - LIF - Dense(10)", 4, "million weights"),
    ] {
        let layers = parse(line).unwrap();
        let AnnError::Notation(misfit) = own(&layers).unwrap_err() else { panic!("{line}") };
        assert_eq!(misfit.layer, layer, "{line}: {misfit}");
        assert!(misfit.why.contains(word), "{line}: {misfit}");
    }
}

#[test]
fn ids_that_are_none_are_refused() {
    for id in [
        "net-f5l-lif-f10l",
        "net-f5l-lif25-f10l",
        "net-f5l-lif0_10-f10l",
        "net-f5l-lif129_10-f10l",
        "net-f5l-lif025_10-f10l",
        "net-f5l-lif25_010-f10l",
        "net-f5l-lif25_10.0-f10l",
        "net-f5l-lif25_1e1-f10l",
        "net-f5l-lif25_NaN-f10l",
        "net-f5l-lif25_inf-f10l",
        "net-f5l-lif25_0.4-f10l",
        "net-f5l-lif25_201-f10l",
        "net-f5l-lif25_10_3-f10l",
        "net-f5l-lif99999999999999999999_10-f10l",
        "net-f5r-lif25_10-f10l",
        "net-f5l-lif25_10-f5l-lif24_10-f10l",
        "net-f5l-f5l-lif25_10-f10l",
        "net-rlif5_27_4-f10l",
        "net-rlif1025_28_4-f10l",
        "net-rlif0_28_4-f10l",
        "net-rlif5_28-f10l",
        "net-f5l-rlif5_28_4-f10l",
        "net-c1.1024-lif128_10-f10l",
        "net-f5l-lif25_10",
        "net-x",
    ] {
        assert!(find(id).is_none(), "{id}");
    }
    assert!(find("net-f5l-lif25_7.5-f10l").is_some());
}

fn neurons_of(steps: usize) -> impl Strategy<Value = Neurons> {
    (1u32..400).prop_map(move |tau| Neurons { steps, tau: tau as f32 / 2.0, out: Out::Spikes })
}

fn window() -> impl Strategy<Value = Window> {
    (1..=4usize, 1..=2usize, 0..=1usize).prop_map(|(kernel, stride, padding)| Window {
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding.min(kernel - 1); 4],
    })
}

/// Sums, pooled or not, and their neurons; pooled again or not.
fn block(steps: usize) -> impl Strategy<Value = Vec<Layer>> {
    let linear = Activation::Linear;
    let sums = prop_oneof![
        3 => (window(), 1..6usize).prop_map(move |(window, filters)| Layer::Convolution {
            window,
            filters,
            activation: linear,
        }),
        1 => (1..20usize).prop_map(move |units| Layer::Dense { units, activation: linear }),
    ];
    let pool = || {
        let kinds = vec![PoolKind::Max, PoolKind::Average, PoolKind::AverageCounted];
        let pools = (prop::sample::select(kinds), window());
        prop::option::of(pools.prop_map(|(kind, window)| Layer::Pool { kind, window }))
    };
    (sums, pool(), neurons_of(steps), pool()).prop_map(|(sums, pooled, neurons, after)| {
        let lif = Layer::Spiking(Spiking::Lif(neurons));
        [Some(sums), pooled, Some(lif), after].into_iter().flatten().collect()
    })
}

/// Networks in an order that makes sense, though not always fits.
fn network() -> impl Strategy<Value = Vec<Layer>> {
    let first = prop_oneof![
        3 => Just(None),
        1 => (1..20usize, neurons_of(28)).prop_map(|(hidden, neurons)| {
            Some(Layer::Spiking(Spiking::Recurrent { hidden, neurons }))
        }),
        1 => neurons_of(3).prop_map(|neurons| Some(Layer::Spiking(Spiking::Lif(neurons)))),
    ];
    let steps = 1..6usize;
    (first, steps, any::<bool>())
        .prop_flat_map(|(first, steps, counted)| {
            let recurrent = matches!(first, Some(Layer::Spiking(Spiking::Recurrent { .. })));
            let steps = if recurrent { 28 } else { steps };
            let blocks = prop::collection::vec(block(steps), usize::from(first.is_none())..4);
            (Just(first), blocks, neurons_of(steps), Just((steps, counted)))
        })
        .prop_map(|(first, blocks, neurons, (steps, counted))| {
            let mut layers: Vec<Layer> = first.into_iter().chain(blocks.concat()).collect();
            layers.push(Layer::Dense { units: CLASSES, activation: Activation::Linear });
            layers.extend(counted.then_some(Layer::Spiking(Spiking::Lif(neurons))));
            set_steps(&mut layers, steps);
            plainest(&layers)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_network_of_spikes_is_written_and_read_and_works_or_says_where_not(layers in network()) {
        prop_assert_eq!(&plainest(&parse(&text(&layers)).unwrap()), &layers);
        match own(&layers) {
            Ok(architecture) => {
                prop_assert_eq!(&(architecture.layers)(), &layers);
                let network = Network::new(architecture, 1).unwrap();
                let parameters: usize = network.values().iter().map(Vec::len).sum();
                prop_assert_eq!(parameters, cost(&layers).parameters);
                let answer = network.probabilities(&[[0.5; PIXELS]])[0];
                prop_assert!(answer.iter().all(|p| p.is_finite()));
                let watched = watch(&network, &[0.5; PIXELS]).unwrap();
                prop_assert_eq!(Some(watched.layers[0].steps()), steps(&layers));
            }
            Err(AnnError::Notation(misfit)) => prop_assert!(misfit.layer < layers.len()),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
