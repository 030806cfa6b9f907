//! The bundled networks: trained by `spikescope simulate diehl-cook` on MNIST.

use super::trained::{About, Trained};
use crate::snn::error::SnnError;

/// A bundled network.
#[derive(Debug)]
pub struct Bundled {
    /// Stable id, as in `spikescope evaluate diehl-cook-400`.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// Excitatory neurons.
    pub neurons: usize,
    /// Test accuracy that Diehl and Cook published for this size, percent.
    pub published: f64,
    bytes: &'static [u8],
}

macro_rules! bundled {
    ($neurons:literal, $published:literal) => {
        Bundled {
            id: concat!("diehl-cook-", $neurons),
            name: concat!("STDP ", $neurons),
            neurons: $neurons,
            published: $published,
            bytes: include_bytes!(concat!(
                "../../../assets/spiking/diehl-cook-",
                $neurons,
                ".safetensors"
            )),
        }
    };
}

/// All, the smallest first.
pub static BUNDLED: &[Bundled] =
    &[bundled!(100, 82.9), bundled!(400, 87.0), bundled!(1600, 91.9), bundled!(6400, 95.0)];

/// The one of this id.
pub fn find(id: &str) -> Option<&'static Bundled> {
    BUNDLED.iter().find(|s| s.id == id)
}

impl Bundled {
    /// Reads it.
    ///
    /// # Errors
    /// [`SnnError::File`].
    pub fn load(&self) -> Result<Trained, SnnError> {
        Trained::from_bytes(self.bytes, self.id)
    }

    /// How it came to be.
    ///
    /// # Errors
    /// [`SnnError::File`].
    pub fn about(&self) -> Result<About, SnnError> {
        Trained::describe(self.bytes, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_networks_in_the_box_can_be_read_and_are_what_they_say() {
        for bundled in BUNDLED {
            let trained = bundled.load().unwrap();
            assert_eq!(trained.about.config.neurons, bundled.neurons);
            assert_eq!(trained.about.data, "mnist");
            let test = trained.about.test.unwrap();
            assert!(100.0 * test.vote > bundled.published, "{}: {test:?}", bundled.id);
            // A byte a synapse; the smaller ones have room for two.
            let most = if bundled.neurons <= 1600 { 2_000_000 } else { 5_500_000 };
            assert!(bundled.bytes.len() < most);
            let labelled = trained.labels.iter().flatten().count();
            assert!(labelled > bundled.neurons * 9 / 10, "{labelled}");
        }
    }
}
