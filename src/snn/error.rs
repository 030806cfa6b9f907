//! What can go wrong with spiking networks; every message says what to change.

/// An error of this module.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SnnError {
    /// A name that nothing has.
    #[error("{owner}: there is no {what} {name:?}; known are {known}")]
    UnknownName { owner: String, what: &'static str, name: String, known: String },
    /// Two things of one name.
    #[error("two {what}s are called {name:?}; rename one")]
    Twice { what: &'static str, name: String },
    /// A parameter out of its range, or not a number.
    #[error("{owner}: {label} ({name}) is {value}, but must be {range}")]
    Parameter { owner: String, label: String, name: String, value: f64, range: String },
    /// A list of another length than is needed.
    #[error("{owner}: {what} has {found} values, but must have {expected}")]
    Size { owner: String, what: &'static str, found: usize, expected: String },
    /// A single number in a list that cannot be used.
    #[error("{owner}: {what} {index} is {value}, but must be {range}")]
    Value { owner: String, what: &'static str, index: usize, value: f64, range: String },
    /// A combination that makes no sense.
    #[error("{owner}: {reason}")]
    Description { owner: String, reason: String },
    /// More memory than is allowed.
    #[error(
        "{owner} needs {needed_mb:.0} MB; at most {most_mb:.0} MB are allowed. Use fewer neurons, sparser connections or fewer replicas"
    )]
    Memory { owner: String, needed_mb: f64, most_mb: f64 },
    /// A snapshot of another network.
    #[error("this snapshot belongs to another network: {0}")]
    Snapshot(String),
    /// A file that cannot be used.
    #[error("{file} cannot be used: {reason}")]
    File { file: String, reason: String },
    /// The engine cannot go on.
    #[error("{0}")]
    Engine(String),
}
