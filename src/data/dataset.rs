//! A labelled set of digits, held as bytes as MNIST stores them.

use super::{CLASSES, PIXELS, Pixels};

/// Labelled 28×28 digits. Bytes are kept (0 … 255); [`Dataset::pixels`] gives
/// the [0, 1] picture that networks take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Stable id, for example `mnist-train` or `synthetic`; stored with
    /// trained weights.
    pub id: String,
    /// Images × 784 bytes.
    images: Vec<u8>,
    /// One label per image, each below 10.
    labels: Vec<u8>,
}

/// Images and labels that do not make a data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The image bytes are no whole number of pictures.
    #[error("{bytes} image bytes are no whole number of 28×28 pictures")]
    Ragged { bytes: usize },
    /// Different counts.
    #[error("{images} images, but {labels} labels")]
    Count { images: usize, labels: usize },
    /// A label that is no digit.
    #[error("label {label} of image {index} is not a digit (0 to 9)")]
    Label { index: usize, label: u8 },
}

impl Dataset {
    /// Joins images (n × 784 bytes) and labels (n).
    ///
    /// # Errors
    /// [`Mismatch`] when counts differ or a label is not a digit.
    pub fn new(id: impl Into<String>, images: Vec<u8>, labels: Vec<u8>) -> Result<Self, Mismatch> {
        if !images.len().is_multiple_of(PIXELS) {
            return Err(Mismatch::Ragged { bytes: images.len() });
        }
        if images.len() / PIXELS != labels.len() {
            return Err(Mismatch::Count { images: images.len() / PIXELS, labels: labels.len() });
        }
        if let Some(index) = labels.iter().position(|l| usize::from(*l) >= CLASSES) {
            return Err(Mismatch::Label { index, label: labels[index] });
        }
        Ok(Self { id: id.into(), images, labels })
    }

    /// Number of digits.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The 784 bytes of one picture. Panics beyond the end, like a slice.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.images[index * PIXELS..][..PIXELS]
    }

    /// The class of one picture.
    pub fn label(&self, index: usize) -> u8 {
        self.labels[index]
    }

    /// All labels.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// One picture in [0, 1].
    pub fn pixels(&self, index: usize) -> Pixels {
        let image = self.image(index);
        std::array::from_fn(|i| f32::from(image[i]) / 255.0)
    }

    /// The first `n` digits (all, if there are fewer) under another id.
    pub fn first(&self, n: usize, id: impl Into<String>) -> Self {
        let n = n.min(self.len());
        Self {
            id: id.into(),
            images: self.images[..n * PIXELS].to_vec(),
            labels: self.labels[..n].to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_together_is_refused() {
        assert_eq!(
            Dataset::new("x", vec![0; PIXELS + 1], vec![0]),
            Err(Mismatch::Ragged { bytes: PIXELS + 1 })
        );
        assert_eq!(
            Dataset::new("x", vec![0; PIXELS], vec![0, 1]),
            Err(Mismatch::Count { images: 1, labels: 2 })
        );
        assert_eq!(
            Dataset::new("x", vec![0; PIXELS], vec![10]),
            Err(Mismatch::Label { index: 0, label: 10 })
        );
    }

    #[test]
    fn pixels_are_bytes_over_255() {
        let data = Dataset::new("x", (0..PIXELS).map(|i| i as u8).collect(), vec![3]).unwrap();
        assert_eq!(data.pixels(0)[255], 1.0);
        assert_eq!(data.pixels(0)[1], 1.0 / 255.0);
        assert_eq!(data.label(0), 3);
    }
}
