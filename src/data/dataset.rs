//! A labelled set of digits, held as bytes as MNIST stores them.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::classes::ClassNames;
use super::{MOST_CLASSES, PIXELS, Pixels};

/// Labelled 28×28 digits. Bytes are kept (0 … 255); [`Dataset::pixels`] gives
/// the [0, 1] picture that networks take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Stable id, for example `mnist-train` or `synthetic`; stored with
    /// trained weights.
    pub id: String,
    /// Images × 784 bytes.
    images: Vec<u8>,
    /// One label per image, each below the number of classes.
    labels: Vec<u8>,
    /// What the classes are called.
    classes: ClassNames,
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
    /// A label that is no class.
    #[error("label {label} of image {index} is no class (0 to {})", MOST_CLASSES - 1)]
    Label { index: usize, label: u8 },
}

/// Which digits something was trained on: by their content, since other digits
/// may have the same name, number and files of the same size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// How many digits.
    pub digits: usize,
    /// SHA-256 of their bytes, hexadecimal.
    pub images_sha256: String,
    /// SHA-256 of their labels, a byte each, hexadecimal.
    pub labels_sha256: String,
}

impl Fingerprint {
    /// In what the digits at hand differ from those of this fingerprint, for a
    /// message; `None` if they are the same.
    pub fn differs(&self, at_hand: &Self) -> Option<String> {
        if self.digits != at_hand.digits {
            return Some(format!(
                "it used {} digits, and there are {} now",
                self.digits, at_hand.digits
            ));
        }
        let images = self.images_sha256 != at_hand.images_sha256;
        let labels = self.labels_sha256 != at_hand.labels_sha256;
        let what = match (images, labels) {
            (false, false) => return None,
            (true, false) => "the images are others",
            (false, true) => "the labels are others",
            (true, true) => "images and labels are others",
        };
        let (before, now) = if images {
            (&self.images_sha256, &at_hand.images_sha256)
        } else {
            (&self.labels_sha256, &at_hand.labels_sha256)
        };
        let short = |sha: &str| sha.chars().take(12).collect::<String>();
        Some(format!("{what} (SHA-256 {}… then, {}… now)", short(before), short(now)))
    }
}

impl Dataset {
    /// Joins images (n × 784 bytes) and labels (n).
    ///
    /// # Errors
    /// [`Mismatch`] when counts differ or a label is [`MOST_CLASSES`] or more.
    pub fn new(id: impl Into<String>, images: Vec<u8>, labels: Vec<u8>) -> Result<Self, Mismatch> {
        if !images.len().is_multiple_of(PIXELS) {
            return Err(Mismatch::Ragged { bytes: images.len() });
        }
        if images.len() / PIXELS != labels.len() {
            return Err(Mismatch::Count { images: images.len() / PIXELS, labels: labels.len() });
        }
        if let Some(index) = labels.iter().position(|l| usize::from(*l) >= MOST_CLASSES) {
            return Err(Mismatch::Label { index, label: labels[index] });
        }
        // Who has more classes than digits and no names for them has numbers.
        let count = labels.iter().max().map_or(0, |highest| usize::from(*highest) + 1);
        let digits = ClassNames::default();
        let classes = if count > digits.count() { ClassNames::numbered(count) } else { digits };
        Ok(Self { id: id.into(), images, labels, classes })
    }

    /// The same pictures, with these names of their classes; it keeps its own where there are
    /// fewer names than labels.
    #[must_use]
    pub fn called(self, classes: ClassNames) -> Self {
        let fits = self.labels.iter().all(|label| usize::from(*label) < classes.count());
        if fits { Self { classes, ..self } } else { self }
    }

    /// The same pictures under another id.
    #[must_use]
    pub fn under(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// What the classes are called; each label has a name.
    pub fn classes(&self) -> &ClassNames {
        &self.classes
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

    /// What tells the first `n` digits (all, if there are fewer) from any others.
    /// It reads them all: half a second for MNIST on an old computer.
    pub fn fingerprint(&self, n: usize) -> Fingerprint {
        let digits = n.min(self.len());
        let sha256 = |bytes: &[u8]| -> String {
            Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
        };
        Fingerprint {
            digits,
            images_sha256: sha256(&self.images[..digits * PIXELS]),
            labels_sha256: sha256(&self.labels[..digits]),
        }
    }

    /// Other pictures and labels, as many of each, under the same id.
    pub(super) fn with(&self, images: Vec<u8>, labels: Vec<u8>) -> Self {
        debug_assert_eq!(images.len(), labels.len() * PIXELS);
        Self { id: self.id.clone(), images, labels, classes: self.classes.clone() }
    }

    /// The first `n` digits (all, if there are fewer) under another id.
    pub fn first(&self, n: usize, id: impl Into<String>) -> Self {
        let n = n.min(self.len());
        Self {
            id: id.into(),
            images: self.images[..n * PIXELS].to_vec(),
            labels: self.labels[..n].to_vec(),
            classes: self.classes.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_tells_digits_apart_and_says_how() {
        let data = |pixel: u8, label: u8| {
            Dataset::new("same", [vec![0; PIXELS], vec![pixel; PIXELS]].concat(), vec![1, label])
                .unwrap()
        };
        let kept = data(7, 3).fingerprint(2);
        assert_eq!(kept.differs(&data(7, 3).fingerprint(10)), None);
        let said = |other: Fingerprint| kept.differs(&other).unwrap();
        assert!(said(data(8, 3).fingerprint(2)).contains("the images are others"));
        assert!(said(data(7, 4).fingerprint(2)).contains("the labels are others"));
        assert!(said(data(8, 4).fingerprint(2)).contains("images and labels"));
        assert!(said(data(7, 3).fingerprint(1)).contains("2 digits, and there are 1"));
        // What lies beyond is not part of it.
        assert_eq!(data(7, 3).fingerprint(1), data(8, 4).fingerprint(1));
        // FIPS 180-2: SHA-256 is that of the bytes.
        let zeros = Dataset::new("x", vec![], vec![]).unwrap().fingerprint(0);
        assert!(zeros.images_sha256.starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
    }

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
            Dataset::new("x", vec![0; PIXELS], vec![47]),
            Err(Mismatch::Label { index: 0, label: 47 })
        );
    }

    #[test]
    fn pixels_are_bytes_over_255() {
        let data = Dataset::new("x", (0..PIXELS).map(|i| i as u8).collect(), vec![3]).unwrap();
        assert_eq!(data.pixels(0)[255], 1.0);
        assert_eq!(data.pixels(0)[1], 1.0 / 255.0);
        assert_eq!(data.label(0), 3);
        assert!(data.classes().is_digits());
        let letters = Dataset::new("x", vec![0; 2 * PIXELS], vec![0, 25]).unwrap();
        assert_eq!(
            (letters.classes().count(), letters.classes().name(25u8)),
            (26, "class 25".into())
        );
    }
}
