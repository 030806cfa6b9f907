//! The digits that a command works on.

use std::path::Path;

use anyhow::anyhow;

use crate::data::mnist::MnistError;
use crate::data::registry::{self, DataError, Split};

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
