//! The weights in the box, and weights files that are not what they should be.

use proptest::prelude::*;
use spikescope::ann::evaluate::evaluate;
use spikescope::ann::weights;
use spikescope::data::synthetic;

static BYTES: &[u8] = include_bytes!("../assets/weights/mlp.safetensors");

/// Networks that have only seen real handwriting read the synthetic digits.
#[test]
fn the_shipped_networks_read_synthetic_digits() {
    let data = synthetic::generate(2, 500);
    let mut seen = Vec::new();
    for loaded in weights::shipped() {
        let (network, metadata) = loaded.unwrap();
        let never = std::sync::atomic::AtomicBool::new(false);
        let result = evaluate(&network, &data, 2, &never, &mut |_, _| {}).unwrap().unwrap();
        assert!(result.accuracy >= 0.97, "{}: {}", metadata.architecture, result.accuracy);
        seen.push(metadata.architecture);
    }
    assert_eq!(seen, ["mlp", "cnn3"]);
}

/// What the answer cards say is what the networks reach.
#[test]
#[ignore = "needs MNIST: set SPIKESCOPE_MNIST"]
fn the_shipped_networks_reach_their_accuracy_on_mnist() {
    let folder = spikescope::data::mnist::find(None).expect("SPIKESCOPE_MNIST");
    let mnist = spikescope::data::mnist::load(&folder).unwrap();
    for (loaded, wanted) in weights::shipped().into_iter().zip([0.98, 0.992]) {
        let (network, metadata) = loaded.unwrap();
        let never = std::sync::atomic::AtomicBool::new(false);
        let result = evaluate(&network, &mnist.test, 2, &never, &mut |_, _| {}).unwrap().unwrap();
        assert!(result.accuracy >= wanted, "{}: {}", metadata.architecture, result.accuracy);
        let said = metadata.test_accuracy.unwrap();
        // Other processors round otherwise, which may turn a digit or two.
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
