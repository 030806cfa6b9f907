//! The digits that a command works on.

use std::path::Path;

use anyhow::anyhow;

use crate::data::mnist::MnistError;
use crate::data::registry::{self, DataError, Split};

/// [`load`] for what works with ten classes only; `what` ends the sentence that refuses others.
pub fn load_ten(id: &str, mnist: Option<&Path>, what: &'static str) -> anyhow::Result<Split> {
    load(id, mnist)?.of_ten(what).map_err(|error| anyhow!("{error}; choose another data set"))
}

/// Loads a data set by its id. Where MNIST is wanted but nowhere to be found,
/// the error also names the digits that need no download.
pub fn load(id: &str, mnist: Option<&Path>) -> anyhow::Result<Split> {
    registry::load(id, mnist).map_err(|error| match error {
        DataError::Mnist(MnistError::NotFound) => {
            anyhow!("{error}; or use generated digits with --data synthetic")
        }
        error => error.into(),
    })
}
