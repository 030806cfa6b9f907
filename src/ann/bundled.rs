//! The bundled weights: sets of all networks, and the ensembles of each.

use std::sync::OnceLock;

use super::AnnError;
use super::ensemble::Stacking;
use super::network::Network;
use super::rules::{self, Rule};
use super::weights::{Metadata, describe, from_bytes};
use super::zoo::Architecture;

/// All networks of the zoo, trained by one recipe.
#[derive(Debug)]
pub struct WeightSet {
    /// Stable id, as in `--set report`.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// Heading of its column in the table of accuracies.
    pub title: &'static str,
    /// After *Trained on*, in a button.
    pub how: &'static str,
    /// How they were trained.
    pub doc: &'static str,
    files: &'static [(&'static str, &'static [u8])],
    /// As `spikescope train --all` writes it.
    ensembles: &'static str,
    parsed: OnceLock<Vec<Stacking>>,
    described: OnceLock<Vec<Metadata>>,
}

macro_rules! files {
    ($($file:literal),*) => {
        &[$(($file, include_bytes!(concat!("../../assets/weights/", $file)))),*]
    };
}

/// By the report's recipe; but of the convolutional and recurrent networks, the
/// mean of the weights over the last epochs.
pub static REPORT: WeightSet = WeightSet {
    id: "report",
    name: "Report",
    title: "Bundled:\nMNIST",
    how: "MNIST as it is",
    doc: "Trained by the published recipe on MNIST's digits as they are; weights of CNNs and RNNs are means of the last five epochs",
    files: files![
        "mlp.safetensors",
        "cnn1.safetensors",
        "cnn2.safetensors",
        "cnn3.safetensors",
        "cnn4.safetensors",
        "cnn5.safetensors",
        "rnn1.safetensors",
        "rnn2.safetensors",
        "rnn3.safetensors",
        "rnn4.safetensors"
    ],
    ensembles: include_str!("../../assets/weights/ensembles.json"),
    parsed: OnceLock::new(),
    described: OnceLock::new(),
};

/// On digits that are changed a little each time they are shown.
pub static AUGMENTED: WeightSet = WeightSet {
    id: "augmented",
    name: "Augmented",
    title: "Bundled:\ndistorted",
    how: "MNIST, distorted",
    doc: "Trained on MNIST's digits, shifted, turned, scaled and bent a little each time they are shown",
    files: files![
        "augmented/mlp.safetensors",
        "augmented/cnn1.safetensors",
        "augmented/cnn2.safetensors",
        "augmented/cnn3.safetensors",
        "augmented/cnn4.safetensors",
        "augmented/cnn5.safetensors",
        "augmented/rnn1.safetensors",
        "augmented/rnn2.safetensors",
        "augmented/rnn3.safetensors",
        "augmented/rnn4.safetensors"
    ],
    ensembles: include_str!("../../assets/weights/augmented/ensembles.json"),
    parsed: OnceLock::new(),
    described: OnceLock::new(),
};

/// Deep networks of spikes, which answer beside those of either set; what made each is in
/// `docs/deep-spiking.md`.
pub static SPIKING: WeightSet = WeightSet {
    id: "spiking",
    name: "Spiking",
    title: "Bundled:\nspiking",
    how: "in spikes",
    doc: "Deep networks of spiking neurons, each trained by a rule of its own on MNIST",
    files: files![
        "spiking/lif-dense.safetensors",
        "spiking/lif-conv.safetensors",
        "spiking/lif-recurrent.safetensors",
        "spiking/eprop.safetensors",
        "spiking/first-spike.safetensors",
        "spiking/conv-stdp.safetensors"
    ],
    ensembles: "[]",
    parsed: OnceLock::new(),
    described: OnceLock::new(),
};

/// What a bundled network is asked for by: its architecture, or, where one of these has
/// learned by another rule than is usual, that rule.
pub fn key(network: &Network, metadata: &Metadata) -> &'static str {
    let architecture = network.architecture();
    unusual(architecture, &metadata.rule).map_or(architecture.id, |rule| rule.id)
}

/// The rule that a network has learned by, unless there is nothing to tell: it was
/// backpropagation, or what its kind needs.
pub fn unusual(architecture: &Architecture, rule: &str) -> Option<&'static Rule> {
    let usual = [rules::RULES[0].id, rules::usual_for(architecture).id];
    rules::find(rule).filter(|r| !usual.contains(&r.id))
}

/// Networks that imagine digits, and name them too; what made them is in
/// `docs/imagine.md`.
pub static GENERATIVE: WeightSet = WeightSet {
    id: "generative",
    name: "Generative",
    title: "Bundled:\ngenerative",
    how: "without labels",
    doc: "A network of latent variables that learned without labels, and a linear read-out of them",
    files: files!["generative/bengio2015.safetensors"],
    ensembles: "[]",
    parsed: OnceLock::new(),
    described: OnceLock::new(),
};

/// All sets of the report's networks, the report's own first.
pub static SETS: &[&WeightSet] = &[&REPORT, &AUGMENTED];

/// The networks of a set, and those that answer beside either.
pub fn beside(set: &WeightSet) -> Vec<Result<(Network, Metadata), AnnError>> {
    [set, &SPIKING, &GENERATIVE].into_iter().flat_map(WeightSet::networks).collect()
}

/// The set of this id.
pub fn find(id: &str) -> Option<&'static WeightSet> {
    SETS.iter().copied().find(|s| s.id == id)
}

impl WeightSet {
    /// Loads its networks, in the order of the zoo.
    pub fn networks(&self) -> Vec<Result<(Network, Metadata), AnnError>> {
        self.files.iter().map(|(file, bytes)| from_bytes(bytes, file)).collect()
    }

    /// Loads its network of this architecture, if there is one.
    pub fn network(&self, architecture: &str) -> Option<Result<(Network, Metadata), AnnError>> {
        let name = |f: &&(&str, &[u8])| {
            f.0.rsplit('/').next() == Some(&format!("{architecture}.safetensors"))
        };
        self.files.iter().find(name).map(|(file, bytes)| from_bytes(bytes, file))
    }

    /// How its networks were trained; those that cannot be read are left out.
    pub fn metadata(&self) -> &[Metadata] {
        self.described.get_or_init(|| {
            self.files.iter().filter_map(|(file, bytes)| describe(bytes, file).ok()).collect()
        })
    }

    /// Test accuracy of the network of this architecture, 0 to 1.
    pub fn accuracy(&self, architecture: &str) -> Option<f64> {
        self.metadata().iter().find(|m| m.architecture == architecture)?.test_accuracy
    }

    /// Its stacking learners.
    pub fn stackings(&self) -> &[Stacking] {
        // A test reads the file, so a broken one is no user's problem.
        self.parsed.get_or_init(|| serde_json::from_str(self.ensembles).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::super::ensemble::ENSEMBLES;
    use super::super::weights::{Precision, halved, load, save};
    use super::*;

    #[test]
    fn every_set_has_its_stacking_learners() {
        for set in SETS {
            for (stacking, ensemble) in set.stackings().iter().zip(ENSEMBLES) {
                assert_eq!(stacking.ensemble, ensemble.id);
                assert_eq!(stacking.weights.len(), ensemble.members.len());
            }
            assert_eq!(set.stackings().len(), ENSEMBLES.len());
            assert!(!set.doc.is_empty() && std::ptr::eq(find(set.id).unwrap(), *set));
        }
    }

    #[test]
    fn half_precision_comes_back_as_it_was_rounded() {
        let (network, metadata) = REPORT.networks().remove(0).unwrap();
        let halved = halved(&network);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("half.safetensors");
        save(&file, &halved, &metadata, Precision::Half).unwrap();
        let (back, same) = load(&file).unwrap();
        assert_eq!(back.values(), halved.values());
        assert_eq!(same, metadata);
    }
}
