//! placeholder
use super::{Pixels, error::DataError, strokes::normalise_grey};
use std::path::Path;
#[derive(Debug, thiserror::Error)]
pub enum PictureProblem {
    #[error("{0}")]
    Decode(#[from] image::ImageError),
}
/// Loads a picture.
pub fn load(path: &Path) -> Result<Pixels, DataError> {
    let img = image::open(path)
        .map_err(|e| DataError::Picture { path: path.into(), problem: e.into() })?
        .into_luma8();
    let (w, h) = img.dimensions();
    let grey: Vec<f32> = img.as_raw().iter().map(|b| f32::from(*b) / 255.0).collect();
    let mean = grey.iter().sum::<f32>() / grey.len().max(1) as f32;
    let grey: Vec<f32> = if mean > 0.5 { grey.iter().map(|g| 1.0 - g).collect() } else { grey };
    Ok(normalise_grey(&grey, w as usize, h as usize))
}
