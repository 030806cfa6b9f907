//! The networks in the box: trained by `spikescope simulate diehl-cook` on MNIST.

use super::trained::{About, Trained};
use crate::snn::error::SnnError;

/// A network in the box.
#[derive(Debug)]
pub struct Shipped {
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

macro_rules! shipped {
    ($neurons:literal, $published:literal) => {
        Shipped {
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
pub static SHIPPED: &[Shipped] =
    &[shipped!(100, 82.9), shipped!(400, 87.0), shipped!(1600, 91.9), shipped!(6400, 95.0)];

/// The one of this id.
pub fn find(id: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|s| s.id == id)
}

impl Shipped {
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
        for shipped in SHIPPED {
            let trained = shipped.load().unwrap();
            assert_eq!(trained.about.config.neurons, shipped.neurons);
            assert_eq!(trained.about.data, "mnist");
            let test = trained.about.test.unwrap();
            assert!(100.0 * test.vote > shipped.published, "{}: {test:?}", shipped.id);
            // A byte a synapse; the smaller ones have room for two.
            let most = if shipped.neurons <= 1600 { 2_000_000 } else { 5_500_000 };
            assert!(shipped.bytes.len() < most);
            let labelled = trained.labels.iter().flatten().count();
            assert!(labelled > shipped.neurons * 9 / 10, "{labelled}");
        }
    }
}
