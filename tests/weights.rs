//! The bundled weights, and weights files that are not what they should be.

use proptest::prelude::*;
use spikescope::ann::bundled::{REPORT, SETS, WeightSet};
use spikescope::ann::ensemble;
use spikescope::ann::evaluate::{evaluate, judge};
use spikescope::ann::weights;
use spikescope::data::{Dataset, synthetic};

static BYTES: &[u8] = include_bytes!("../assets/weights/mlp.safetensors");

/// Networks that have only seen real handwriting read the synthetic digits.
#[test]
fn the_shipped_networks_read_synthetic_digits() {
    let data = synthetic::generate(2, 500);
    let mut seen = Vec::new();
    for loaded in REPORT.networks() {
        let (network, metadata) = loaded.unwrap();
        let never = std::sync::atomic::AtomicBool::new(false);
        let result = evaluate(&network, &data, 2, &never, &mut |_, _| {}).unwrap().unwrap();
        assert!(result.accuracy >= 0.97, "{}: {}", metadata.architecture, result.accuracy);
        seen.push(metadata.architecture);
    }
    let zoo: Vec<&str> = spikescope::ann::zoo::ZOO.iter().map(|a| a.id).collect();
    assert_eq!(seen, zoo);
}

/// What the answer cards say is what the networks reach.
#[test]
#[ignore = "needs MNIST: set SPIKESCOPE_MNIST"]
fn the_shipped_networks_reach_their_accuracy_on_mnist() {
    let folder = spikescope::data::mnist::find(None).expect("SPIKESCOPE_MNIST");
    let mnist = spikescope::data::mnist::load(&folder).unwrap();
    for set in SETS {
        reaches(set, &mnist.test);
    }
}

fn reaches(set: &WeightSet, test: &Dataset) {
    let mut answers = std::collections::BTreeMap::new();
    for loaded in set.networks() {
        let (network, metadata) = loaded.unwrap();
        let never = std::sync::atomic::AtomicBool::new(false);
        let result = evaluate(&network, test, 2, &never, &mut |_, _| {}).unwrap().unwrap();
        let said = metadata.test_accuracy.unwrap();
        // Other processors round otherwise, which may turn a digit or two.
        assert!((said - result.accuracy).abs() <= 3e-4, "{said} against {}", result.accuracy);
        answers.insert(metadata.architecture, result.probabilities);
    }
    for stacking in set.stackings() {
        let members = ensemble::find(&stacking.ensemble).unwrap().members;
        let of = |i: usize| -> Vec<_> { members.iter().map(|m| answers[*m][i].ten()).collect() };
        let all = (0..test.len()).map(|i| stacking.combine(&of(i)));
        let result = judge(all, test.labels());
        let said = stacking.test_accuracy.unwrap();
        assert!((said - result.accuracy).abs() <= 3e-4, "{said} against {}", result.accuracy);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A file cut short is an error that names it, never a panic.
    #[test]
    fn a_cut_weights_file_is_refused(keep in 0..BYTES.len()) {
        let error = weights::from_bytes(&BYTES[..keep], "cut.safetensors").err().unwrap();
        prop_assert!(error.to_string().contains("cut.safetensors"));
    }

    /// Neither is one with a bit turned in its header; in the numbers it cannot
    /// be told.
    #[test]
    fn a_bit_turned_in_the_header_is_no_panic(at in 0..1200usize, bit in 0..8u8) {
        let mut bytes = BYTES.to_vec();
        bytes[at] ^= 1 << bit;
        let _ = weights::from_bytes(&bytes, "turned.safetensors");
    }

    #[test]
    fn random_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
        prop_assert!(weights::from_bytes(&bytes, "random.safetensors").is_err());
    }
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    let mut bytes = BYTES.to_vec();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    let error = weights::from_bytes(&bytes, "nan.safetensors").err().unwrap();
    assert!(error.to_string().contains("nan.safetensors"), "{error}");
}
