//! The digits that a command works on.

use std::path::Path;

use anyhow::anyhow;

use crate::data::error::DataError;
use crate::data::registry::{self, Split};

/// Loads a data set by its id. Where MNIST is wanted but nowhere to be found,
/// the error also names the digits that need no download.
pub fn load(id: &str, mnist: Option<&Path>) -> anyhow::Result<Split> {
    registry::load(id, mnist).map_err(|error| match error {
        DataError::NoMnist => anyhow!("{error}; or use generated digits with --data synthetic"),
        error => error.into(),
    })
}
