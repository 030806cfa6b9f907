//! With the operations that networks really use.

use super::*;
use crate::ann::network::Network;
use crate::ann::zoo::{self, ZOO};

/// The largest difference, relative to the largest logit.
fn apart(a: &[f32], b: &[f32]) -> f32 {
    let most = a.iter().fold(1f32, |m, v| m.max(v.abs()));
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / most
}

#[test]
fn every_network_of_the_zoo_comes_back() {
    let digits = digits();
    for architecture in ZOO {
        let network = Network::new(architecture, 3).unwrap();
        let back = import(&export(&network).unwrap()).unwrap();
        assert_eq!(back.values, network.values(), "{}", architecture.id);
        let answered = |l: &Layer| !matches!(l, Layer::Dropout(_));
        let layers: Vec<Layer> = (architecture.layers)().into_iter().filter(answered).collect();
        assert_eq!(back.layers, layers, "{}", architecture.id);
        let again = back.network().unwrap();
        // The same operations in the same order, so to the last bit.
        assert_eq!(again.logits(&digits[..2]), network.logits(&digits[..2]), "{}", architecture.id);
    }
}

#[test]
fn imported_networks_compute_what_their_layers_say() {
    let digits = digits();
    for name in MADE {
        let imported = read(name).unwrap();
        let network = imported.network().unwrap();
        for (digit, logits) in digits.iter().zip(network.logits(&digits)) {
            let wanted: Vec<f32> = plain::logits(&imported.layers, &imported.values, digit)
                .iter()
                .map(|v| *v as f32)
                .collect();
            assert!(apart(&wanted, &logits) < 1e-4, "{name}: {logits:?}, not {wanted:?}");
        }
        // And once more through a file.
        let back = import(&export(&network).unwrap()).unwrap();
        assert_eq!((back.layers, back.values), (imported.layers, imported.values), "{name}");
    }
}

#[test]
fn networks_that_spike_settle_or_imagine_are_refused() {
    for id in ["lif-dense", "lif-conv", "first-spike", "settling-20", "goodness-20", "energy-20-10"]
    {
        let Some(architecture) = zoo::find(id) else { continue };
        let said = export(&Network::new(architecture, 1).unwrap()).unwrap_err().to_string();
        assert!(said.contains(architecture.name) && said.contains("no words"), "{said}");
    }
}
