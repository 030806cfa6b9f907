//! What is printed about data sets of the user's own.

use serde::Serialize;

/// `data add`, and each set of `data list`
#[derive(Debug, Serialize)]
pub struct OwnSet {
    pub id: String,
    pub name: String,
    /// What the classes are called, in the order of the labels.
    pub classes: Vec<String>,
    /// Where it was read from.
    pub source: String,
    /// The options that turned its pictures when it was added.
    pub turned: Vec<String>,
    /// Whether the test part was held out, since the source has none.
    pub held_out: bool,
    /// What was left out and what was assumed.
    pub notes: Vec<String>,
    /// Pictures.
    pub train: usize,
    pub test: usize,
    /// Pictures of each class.
    pub train_by_class: Vec<usize>,
    pub test_by_class: Vec<usize>,
}

/// `data list`
#[derive(Debug, Serialize)]
pub struct OwnListed {
    pub folder: String,
    pub sets: Vec<OwnSet>,
    /// What is wrong with sets that cannot be used.
    pub broken: Vec<String>,
}

/// `data remove`
#[derive(Debug, Serialize)]
pub struct OwnRemoved {
    pub id: String,
}

/// `data export ID FOLDER`
#[derive(Debug, Serialize)]
pub struct OwnExported {
    pub id: String,
    pub files: Vec<String>,
}
