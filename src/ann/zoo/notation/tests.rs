use proptest::prelude::*;

use super::super::{cost, find as find_any};
use super::*;
use crate::ann::network::Network;
use crate::ann::ops::spiking::{Neurons, Out};
use crate::ann::zoo::Spiking;

const REPORT: [(&str, &str); 5] = [
    (
        "cnn1",
        "Conv[3x3](32) - Conv[5x5](128) - MaxPool[2x2] - Conv[3x3](128) - MaxPool[2x2] - Dropout(0.2) - Dense(128) - Dropout(0.3) - Dense(10)",
    ),
    (
        "cnn2",
        "Conv[3x3](32) - Conv[3x3](64) - MaxPool[2x2] - Conv[5x5](128) - MaxPool[2x2] - Conv[3x3](64) - MaxPool[2x2] - Dropout(0.2) - Dense(128) - Dropout(0.5) - Dense(10)",
    ),
    (
        "cnn3",
        "Conv[3x3](32) - Conv[3x3](64) - MaxPool[2x2] - Conv[5x5](128) - MaxPool[2x2] - Dropout(0.2) - Dense(128) - Dropout(0.5) - Dense(10)",
    ),
    (
        "cnn4",
        "Conv[3x3](32) - Conv[3x3](64) - MaxPool[2x2] - Conv[5x5](128) - MaxPool[2x2] - Conv[3x3](64) - MaxPool[2x2] - Dropout(0.2) - Dense(128) - Dense(10)",
    ),
    (
        "cnn5",
        "Conv[3x3](32) - Conv[5x5](128) - MaxPool[2x2] - Conv[3x3](128) - MaxPool[2x2] - Dropout(0.2) - Dense(128) - Dropout(0.3) - Dense(10)",
    ),
];

#[test]
fn the_reports_own_lines_are_the_presets() {
    for (id, line) in REPORT {
        let layers = plainest(&parse(line).unwrap());
        let preset = find_any(id).unwrap();
        // CNN 1 and 5 have the same layers in the report, and so have these.
        assert_eq!(layers, (preset.layers)(), "{id}");
        assert_eq!(text(&layers), line);
        let typed = Network::new(own(&layers).unwrap(), 7).unwrap();
        assert_eq!(typed.values(), Network::new(preset, 7).unwrap().values(), "{id}");
    }
    for architecture in super::super::ZOO {
        let layers = (architecture.layers)();
        let read = parse(&text(&layers)).unwrap();
        assert_eq!(plainest(&read), layers);
    }
}

#[test]
fn what_people_write_is_read() {
    let read = |text: &str| parse(text).unwrap();
    let dense = read("dense(30,tanh) → Dense( 10 )");
    assert_eq!(own(&dense).unwrap().id, "dense-30-tanh");
    let lenet = read(
        "conv[5x5, padding 2](6, tanh) - AvgPool[2x2]\nConv [5×5] (16, sigmoid); avgpool[2] - Linear(120, leaky relu) - Dense(10)",
    );
    let window = Window { kernel: [5, 5], stride: [1, 1], padding: [2; 4] };
    assert_eq!(lenet[0], Layer::Convolution { window, filters: 6, activation: Activation::Tanh });
    assert_eq!(lenet.len(), 6);
    let lenet = own(&lenet).unwrap();
    assert_eq!(lenet.id, "net-v5x5_1x1_2.2.2.2.6t-a2x2_2x2-v5x5.16s-a2x2_2x2-f120k-f10l");
    assert_eq!(lenet.name, "Conv 6–16, dense 120");
    assert!(std::ptr::eq(find_any(lenet.id).unwrap(), lenet), "made once");
    let same = read("Conv[4x4, stride 2, same](3) - Dense(10)");
    let Layer::Convolution { window, .. } = same[0] else { panic!() };
    assert_eq!((window.padding, window.stride), ([1, 1, 2, 2], [2, 2]));
    for (line, id, name) in [
        ("RNN(32, columns)", "net-rnn32c-f10l", "RNN 32"),
        ("simple rnn (64, rows)", "net-rnn64r-f10l", "RNN 64"),
        ("GRU(32, columns)", "net-gru32c-f10l", "GRU 32"),
    ] {
        let layers = read(&format!("{line} - Dense(10)"));
        let own = own(&layers).unwrap();
        assert_eq!((own.id, own.name, read(&text(&layers))), (id, name, layers));
    }
    own(&read("Affine - MaxPool[3x2, stride 2x1] - ReLU - Dense(10)")).unwrap();
}

#[test]
fn what_does_not_work_is_said_at_its_layer() {
    for (text, layer, word) in [
        ("Dense(10", 0, "missing"),
        ("Dense(5) - Dens(10)", 1, "Conv, MaxPool"),
        ("Conv(32) - Dense(10)", 0, "[3x3]"),
        ("Conv[3x3] - Dense(10)", 0, "filters"),
        ("Conv[3x3](0) - Dense(10)", 0, "1 to 1024"),
        ("Conv[99x3](4) - Dense(10)", 0, "28x28"),
        ("Conv[3x3, wide](4) - Dense(10)", 0, "stride"),
        ("Dense(5, cosine) - Dense(10)", 0, "tanh"),
        ("Dropout(1.0) - Dense(10)", 0, "0.95"),
        ("GRU(17) - Dense(10)", 0, "32"),
        ("Flatten - Dense(10)", 0, "not needed"),
        ("Dense(10) - Softmax", 1, "by themselves"),
        ("Dense(10) Dense(10)", 0, "mean"),
        ("BatchNorm - Dense(10)", 0, "Affine"),
    ] {
        let misfit = parse(text).unwrap_err();
        assert_eq!(misfit.layer, layer, "{text}: {misfit}");
        assert!(misfit.why.contains(word), "{text}: {misfit}");
    }
    for (text, layer, word) in [
        ("", 0, "needs a layer"),
        ("Dense(48)", 0, "Dense(10)"),
        ("Dense(20) - Dense(1)", 1, "at most Dense(47)"),
        ("Dense(26, tanh)", 0, "no function"),
        ("Dense(10, tanh)", 0, "no function"),
        ("Dense(30) - Conv[3x3](4) - Dense(10)", 1, "vector"),
        ("MaxPool[28x28] - Conv[3x3](4) - Dense(10)", 1, "1×1"),
        ("Conv[3x3, padding 3](4) - Dense(10)", 0, "smaller"),
        ("Dense(30) - GRU(16) - Dense(10)", 1, "first"),
        ("Conv[3x3](1024) - Conv[3x3](1024) - Dense(10)", 2, "million"),
    ] {
        let layers = parse(text).unwrap();
        let AnnError::Notation(misfit) = own(&layers).unwrap_err() else { panic!("{text}") };
        assert_eq!(misfit.layer, layer, "{text}: {misfit}");
        assert!(misfit.why.contains(word), "{text}: {misfit}");
    }
    let long = "Dropout(0.1) - ".repeat(30) + "Dense(10)";
    assert_eq!(parse(&long).unwrap_err().layer, MOST_LAYERS);
    assert!(parse(&"x".repeat(3000)).is_err());
}

#[test]
fn ids_that_are_none_are_refused() {
    for id in [
        "net",
        "net-",
        "net-f10",
        "net-f48l",
        "net-f1l",
        "net-c0.5-f10l",
        "net-c03.5-f10l",
        "net-c3.9999-f10l",
        "net-d0.20-f10l",
        "net-d2-f10l",
        "net-v3x3_1x1.4r-f10l",
        "net-v3x3_0x1.4r-f10l",
        "net-x-f10l",
        "net-gru17r-f10l",
        "net-rnn16-f10l",
        "net-é-f10l",
        "net-f99999999999999999999l",
        "net-m28x28-m2x2-f10l",
    ] {
        assert!(find(id).is_none(), "{id}");
    }
    assert!(find("net-c3.4-f10l").is_some());
}

fn window() -> impl Strategy<Value = Window> {
    let two = |most| (1..=most, 1..=most);
    (two(6usize), two(3usize), prop::array::uniform4(0..3usize))
        .prop_map(|(k, s, padding)| Window { kernel: [k.0, k.1], stride: [s.0, s.1], padding })
}

fn activation() -> impl Strategy<Value = Activation> {
    prop::sample::select(vec![
        Activation::Linear,
        Activation::Relu,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::LeakyRelu,
    ])
}

pub(crate) fn layer() -> impl Strategy<Value = Layer> {
    let kind =
        prop::sample::select(vec![PoolKind::Max, PoolKind::Average, PoolKind::AverageCounted]);
    prop_oneof![
        (1..6usize, 1..8usize).prop_map(|(kernel, filters)| Layer::Conv { kernel, filters }),
        Just(Layer::MaxPool),
        (0..950u32).prop_map(|r| Layer::Dropout(r as f32 / 1000.0)),
        (1..40usize, activation())
            .prop_map(|(units, activation)| Layer::Dense { units, activation }),
        (window(), 1..8usize, activation()).prop_map(|(window, filters, activation)| {
            Layer::Convolution { window, filters, activation }
        }),
        (kind, window()).prop_map(|(kind, window)| Layer::Pool { kind, window }),
        Just(Layer::Affine),
        (1..5usize, 1..9u32).prop_map(|(steps, tau)| {
            let neurons = Neurons { steps, tau: tau as f32, out: Out::Spikes };
            Layer::Spiking(Spiking::Lif(neurons))
        }),
        activation().prop_map(Layer::Activate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_structure_is_written_and_read_and_either_works_or_says_where_not(
        mut layers in prop::collection::vec(layer(), 0..7),
    ) {
        layers.push(Layer::Dense { units: CLASSES, activation: Activation::Linear });
        let layers = plainest(&layers);
        let read = plainest(&parse(&text(&layers)).unwrap());
        prop_assert_eq!(&read, &layers);
        match own(&layers) {
            Ok(architecture) => {
                prop_assert_eq!((architecture.layers)(), layers.clone());
                let network = Network::new(architecture, 1).unwrap();
                let parameters: usize = network.values().iter().map(Vec::len).sum();
                prop_assert_eq!(parameters, cost(&layers).parameters);
                let answer = network.probabilities(&[[0.5; crate::data::PIXELS]])[0];
                prop_assert!(answer.iter().all(|p| p.is_finite()));
            }
            Err(AnnError::Notation(misfit)) => prop_assert!(misfit.layer < layers.len()),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn no_text_ends_in_a_panic(text in ".{0,60}") {
        let _ = parse(&text).map(|layers| own(&layers));
        let _ = find(&format!("net-{text}"));
    }
}
