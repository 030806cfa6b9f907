//! The data sets that can be chosen by id, on the command line and in the app.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::CLASSES;
use super::dataset::Dataset;
use super::mnist::{self, MnistError};
use super::own::{self, OwnError, store};
use super::synthetic;
use crate::core::folders;

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

impl Split {
    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.train.classes().count().max(self.test.classes().count())
    }

    /// The same, for what works with at most ten classes.
    ///
    /// # Errors
    /// [`DataError::Classes`]; `what` is the clause that ends it.
    pub fn of_ten(self, what: &'static str) -> Result<Self, DataError> {
        let (id, classes) = (self.test.id.trim_end_matches("-test"), self.classes());
        if classes > CLASSES {
            return Err(DataError::Classes { what, id: id.to_owned(), classes });
        }
        Ok(self)
    }
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
    /// More classes than something can work with.
    #[error("{id} has {classes} classes, and with more than {CLASSES} {what}")]
    Classes { what: &'static str, id: String, classes: usize },
    /// MNIST's files.
    #[error(transparent)]
    Mnist(#[from] MnistError),
    /// A set of the user's own.
    #[error(transparent)]
    Own(#[from] OwnError),
}

/// Whether a data set could have this id: it is built in, or one that the user may have
/// added. A run keeps the id of its set even when that is gone.
pub fn is_possible(id: &str) -> bool {
    find(id).is_some() || own::is_id(id)
}

/// Most ids that are kept for the life of the program; more than anyone adds sets.
const MOST_INTERNED: usize = 10_000;

/// The id of a possible data set as a text that lives as long as the program, as the ids of
/// the built-in sets do: what refers to a digit is copied every frame. `None` for what is no
/// id.
pub fn interned(id: &str) -> Option<&'static str> {
    static IDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    if let Some(source) = find(id) {
        return Some(source.id);
    }
    let mut ids = IDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = ids.get(id) {
        return Some(known);
    }
    if !own::is_id(id) || ids.len() >= MOST_INTERNED {
        return None;
    }
    let kept: &'static str = Box::leak(id.into());
    ids.insert(kept);
    Some(kept)
}

/// Loads a data set by its id: a built-in one, or one of the user's own in the user's data
/// folder. `mnist_dir` is the folder that somebody named for MNIST, if any; see
/// [`mnist::find`].
///
/// # Errors
/// [`DataError`].
pub fn load(id: &str, mnist_dir: Option<&Path>) -> Result<Split, DataError> {
    if let Some(source) = find(id) {
        return (source.load)(mnist_dir);
    }
    let root = folders::data();
    store::load(&root, id).map_err(|error| match error {
        OwnError::Unknown(_) => {
            let own = store::list(&root).0.into_iter().map(|about| about.id);
            let known: Vec<String> = SOURCES.iter().map(|s| s.id.to_owned()).chain(own).collect();
            DataError::UnknownSource { id: id.into(), known: known.join(", ") }
        }
        other => other.into(),
    })
}

fn load_mnist(dir: Option<&Path>) -> Result<Split, DataError> {
    let dir = mnist::find(dir).ok_or(MnistError::NotFound)?;
    let mnist::Mnist { train, test } = mnist::load(&dir)?;
    Ok(Split { train, test })
}

/// Drawn once in the life of the program: a second window, as that of a film, has the same.
fn load_synthetic(_: Option<&Path>) -> Result<Split, DataError> {
    static DRAWN: OnceLock<Split> = OnceLock::new();
    let draw = || Split {
        train: Arc::new(synthetic::generate(1, SYNTHETIC_TRAIN)),
        test: Arc::new(synthetic::generate(2, SYNTHETIC_TEST)),
    };
    Ok(DRAWN.get_or_init(draw).clone())
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
