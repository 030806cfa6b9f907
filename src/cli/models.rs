//! The networks that a command asks: those in the box, or weights from files.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::bail;

use crate::ann::network::Network;
use crate::ann::weights;

/// A trained network and where its weights are from.
pub struct Trained {
    pub network: Network,
    /// `shipped`, or the file.
    pub weights: String,
}

impl Trained {
    /// The architecture's id.
    pub fn id(&self) -> &'static str {
        self.network.architecture().id
    }

    /// Whether the weights are those in the box.
    pub fn is_shipped(&self) -> bool {
        self.weights == SHIPPED
    }

    /// For people.
    pub fn name(&self) -> String {
        let name = self.network.architecture().name;
        if self.weights == SHIPPED { name.to_owned() } else { format!("{name} ({})", self.weights) }
    }
}

const SHIPPED: &str = "shipped";

/// The shipped networks of these ids and those in these files; all shipped
/// ones if nothing is named.
pub fn select(ids: &[String], files: &[PathBuf]) -> anyhow::Result<Vec<Trained>> {
    let mut selected = Vec::new();
    if !ids.is_empty() || files.is_empty() {
        selected = shipped()?;
        if selected.is_empty() {
            bail!(
                "this build contains no trained networks; train one with `spikescope train mlp` \
                 and name its weights with --weights"
            );
        }
    }
    if !ids.is_empty() {
        if let Some(id) = ids.iter().find(|id| selected.iter().all(|m| m.id() != id.as_str())) {
            let there: Vec<&str> = selected.iter().map(Trained::id).collect();
            bail!(
                "this build contains no trained weights of {id} (only of {}); train it with \
                 `spikescope train {id}` and name its weights with --weights",
                there.join(", ")
            );
        }
        selected.retain(|m| ids.iter().any(|id| id == m.id()));
    }
    for file in files {
        let (network, _) = weights::load(file)?;
        selected.push(Trained { network, weights: file.display().to_string() });
    }
    Ok(selected)
}

fn shipped() -> anyhow::Result<Vec<Trained>> {
    weights::shipped()
        .into_iter()
        .map(|loaded| {
            let (network, _) = loaded?;
            Ok(Trained { network, weights: SHIPPED.into() })
        })
        .collect()
}

/// The number asked for, else one thread per core.
pub fn threads(asked: Option<NonZeroUsize>) -> usize {
    asked.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
}
