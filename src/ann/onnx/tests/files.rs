//! Files of other programs.

use super::*;
use crate::ann::ops::recurrent::{Cell, Order};
use crate::ann::zoo::{Activation, PoolKind, Window};
use crate::core::decision::best;

struct Made {
    imported: Imported,
    /// Ten probabilities of each of the 20 digits.
    digits: Vec<Vec<f64>>,
    /// Answers to MNIST's first test digits, and their probabilities.
    answers: Vec<usize>,
    probabilities: Vec<f64>,
    scaling: Scaling,
}

/// What the 20 digits are.
const LABELS: [usize; 20] = [3, 6, 3, 4, 0, 5, 7, 4, 2, 9, 7, 6, 9, 1, 8, 1, 5, 8, 0, 2];

fn made(name: &str) -> Made {
    let about: serde_json::Value = serde_json::from_slice(&bytes(&format!("{name}.json"))).unwrap();
    let numbers = |v: &serde_json::Value| -> Vec<f64> {
        v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    };
    let scaling = Scaling::ALL.into_iter().find(|s| s.id() == about["scaling"]).unwrap();
    Made {
        imported: read(name).unwrap(),
        digits: about["digits"].as_array().unwrap().iter().map(numbers).collect(),
        answers: about["mnist_answers"]
            .as_str()
            .unwrap()
            .bytes()
            .map(|b| usize::from(b - b'0'))
            .collect(),
        probabilities: numbers(&about["mnist_probabilities"]),
        scaling,
    }
}

fn asked(imported: &Imported, picture: &Pixels) -> Vec<f64> {
    plain::probabilities(&plain::logits(&imported.layers, &imported.values, picture))
}

#[test]
fn files_of_other_programs_answer_as_their_makers_do() {
    for name in MADE {
        let Made { imported, digits: wanted, scaling, .. } = made(name);
        let imported = with_scaling(imported, scaling);
        for (digit, wanted) in digits().iter().zip(wanted) {
            let answer = asked(&imported, digit);
            let apart = answer.iter().zip(&wanted).map(|(a, b)| (a - b).abs());
            assert!(apart.fold(0.0, f64::max) < 1e-5, "{name}: {answer:?}, not {wanted:?}");
        }
    }
}

#[test]
#[ignore = "needs MNIST: set SPIKESCOPE_MNIST"]
fn they_do_on_a_thousand_digits() {
    let folder = crate::data::mnist::find(None).expect("SPIKESCOPE_MNIST");
    let test = crate::data::mnist::load(&folder).unwrap().test;
    for name in MADE {
        let Made { imported, answers, probabilities, scaling, .. } = made(name);
        let imported = with_scaling(imported, scaling);
        assert_eq!((answers.len(), probabilities.len()), (1000, 1000));
        for (i, (wanted, probability)) in answers.iter().zip(probabilities).enumerate() {
            let answer: Vec<f32> =
                asked(&imported, &test.pixels(i)).iter().map(|p| *p as f32).collect();
            let (digit, certain) = best(&answer);
            assert_eq!(digit, Some(*wanted), "{name}, digit {i}");
            // Stored in thousandths.
            assert!((f64::from(certain) - probability).abs() < 6e-4, "{name}, digit {i}");
        }
    }
}

#[test]
fn layers_are_the_plainest_that_say_it() {
    let dense = |units, activation| Layer::Dense { units, activation };
    let [linear, relu] = [Activation::Linear, Activation::Relu];
    let basic = read("basic").unwrap();
    let wanted = [
        Layer::Conv { kernel: 3, filters: 8 },
        Layer::Conv { kernel: 3, filters: 12 },
        Layer::MaxPool,
        dense(18, relu),
        dense(10, linear),
    ];
    assert_eq!(basic.layers, wanted);
    assert_eq!(basic.input, "1×1×28×28");
    assert!(basic.producer.starts_with("pytorch 2."), "{}", basic.producer);
    let window = Window { padding: [2; 4], ..Window::square(5, 1) };
    let lenet = read("lenet").unwrap();
    let first = Layer::Convolution { window, filters: 6, activation: Activation::Tanh };
    let pool = Layer::Pool { kind: PoolKind::Average, window: Window::square(2, 2) };
    assert_eq!(lenet.layers[..2], [first, pool]);
    assert_eq!(lenet.input, "n×1×28×28");
    // Twenty units become 32.
    let rows = read("rows").unwrap();
    let gru = Layer::Recurrent { cell: Cell::Gru, order: Order::Rows, hidden: 32 };
    assert_eq!(rows.layers, [gru, dense(10, linear)]);
    assert!(rows.notes[0].contains("12 without weights"), "{:?}", rows.notes);
    let simple = Layer::Recurrent { cell: Cell::Simple, order: Order::Rows, hidden: 32 };
    assert_eq!(read("elman").unwrap().layers, [simple, dense(10, linear)]);
    assert_eq!(read("mlp").unwrap().layers, [dense(36, relu), dense(10, linear)]);
    // The first normalisation follows a sum, the second a ReLU.
    let keras = read("keras").unwrap();
    assert_eq!(keras.layers[2..], [Layer::Affine, Layer::MaxPool, dense(10, linear)]);
    let lstm = read("lstm").unwrap();
    assert_eq!(lstm.layers[1..], [dense(24, Activation::Sigmoid), dense(10, linear)]);
}

#[test]
fn what_cannot_be_imported_says_why() {
    for (name, parts) in [
        ("bad_cut", &["no whole ONNX file"][..]),
        ("bad_operator", &["“bend” (Gelu)", "no such layer"]),
        ("bad_inputs", &["2 inputs", "“image”, “mask”"]),
        ("bad_size", &["n×1×32×32", "28×28"]),
    ] {
        let said = read(name).unwrap_err().to_string();
        assert!(parts.iter().all(|p| said.contains(p)), "{name}: {said}");
    }
    let alone = import(&bytes("rows.onnx")).unwrap_err().to_string();
    assert!(alone.contains("second file, “rows.onnx.data”"), "{alone}");
    let mut short = |_: &str| Ok(vec![0; 100]);
    let said = import_with(&bytes("rows.onnx"), &mut short).unwrap_err().to_string();
    assert!(said.contains("too short"), "{said}");
}

#[test]
fn the_scaling_is_found_by_trying() {
    let digits = digits();
    for name in MADE {
        let Made { imported, scaling, .. } = made(name);
        let most = |p: &[f64]| (0..10).max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap();
        let judge = |imported: &Imported| {
            let (mut right, mut loss) = (0, 0.0);
            for (digit, label) in digits.iter().zip(LABELS) {
                let answer = asked(imported, digit);
                right += usize::from(most(&answer) == label);
                loss -= answer[label].max(1e-30).ln();
            }
            Ok::<_, ()>((right as f64 / 20.0, loss / 20.0))
        };
        let tried = try_scalings(&imported, judge).unwrap();
        assert_eq!(tried[0].scaling, scaling, "{name}: {tried:?}");
        assert_eq!(tried.len(), 3);
    }
}
