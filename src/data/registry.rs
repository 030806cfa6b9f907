//! The data sets that can be chosen by id, on the command line and in the app.

use std::path::Path;
use std::sync::Arc;

use super::dataset::Dataset;
use super::mnist::{self, MnistError};
use super::synthetic;

/// A data set that can be chosen.
#[derive(Debug)]
pub struct Source {
    /// What is typed and stored: `mnist`.
    pub id: &'static str,
    /// What is shown.
    pub name: &'static str,
    /// One sentence about it.
    pub doc: &'static str,
    load: fn(Option<&Path>) -> Result<Split, DataError>,
}

/// Digits to learn from and digits to be tested on.
#[derive(Clone, Debug)]
pub struct Split {
    pub train: Arc<Dataset>,
    pub test: Arc<Dataset>,
}

/// Id of the generated digits, which are always to be had.
pub const SYNTHETIC: &str = "synthetic";
/// Digits in the synthetic training set.
pub const SYNTHETIC_TRAIN: usize = 12_000;
/// Digits in the synthetic test set.
pub const SYNTHETIC_TEST: usize = 2_000;

/// Every data set, the most used first.
pub const SOURCES: &[Source] = &[
    Source {
        id: "mnist",
        name: "MNIST",
        doc: "60,000 training and 10,000 test digits written by 500 people \
              (LeCun, Cortes and Burges, 1998); read from the MNIST folder.",
        load: load_mnist,
    },
    Source {
        id: SYNTHETIC,
        name: "Synthetic digits",
        doc: "12,000 training and 2,000 test digits drawn by a seeded generator \
              and framed as MNIST's; always there, without any download.",
        load: load_synthetic,
    },
];

/// The data set with this id.
pub fn find(id: &str) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.id == id)
}

/// A data set could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// There is none of this id.
    #[error("there is no data set \"{id}\"; choose one of: {known}")]
    UnknownSource { id: String, known: String },
    /// MNIST's files.
    #[error(transparent)]
    Mnist(#[from] MnistError),
}

/// Loads a data set by its id. `mnist_dir` is the folder that somebody named
/// for MNIST, if any; see [`mnist::find`].
///
/// # Errors
/// [`DataError`].
pub fn load(id: &str, mnist_dir: Option<&Path>) -> Result<Split, DataError> {
    let source = find(id).ok_or_else(|| {
        let known: Vec<&str> = SOURCES.iter().map(|s| s.id).collect();
        DataError::UnknownSource { id: id.into(), known: known.join(", ") }
    })?;
    (source.load)(mnist_dir)
}

fn load_mnist(dir: Option<&Path>) -> Result<Split, DataError> {
    let dir = mnist::find(dir).ok_or(MnistError::NotFound)?;
    let mnist::Mnist { train, test } = mnist::load(&dir)?;
    Ok(Split { train, test })
}

fn load_synthetic(_: Option<&Path>) -> Result<Split, DataError> {
    Ok(Split {
        train: Arc::new(synthetic::generate(1, SYNTHETIC_TRAIN)),
        test: Arc::new(synthetic::generate(2, SYNTHETIC_TEST)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_has_its_own_id_a_name_and_a_doc() {
        for (i, source) in SOURCES.iter().enumerate() {
            assert!(SOURCES[..i].iter().all(|other| other.id != source.id));
            assert!(!source.name.is_empty() && source.doc.ends_with('.'));
            assert!(source.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        }
    }

    #[test]
    fn an_unknown_id_is_answered_with_the_known_ones() {
        let message = load("nmist", None).unwrap_err().to_string();
        assert!(message.contains("\"nmist\"") && message.contains("mnist, synthetic"), "{message}");
    }
}
