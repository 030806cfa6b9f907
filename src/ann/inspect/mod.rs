//! Looking inside a network: what its units sense, and why it answers as it does.
//!
//! * [`dissection`]: a network taken apart, one operation for each layer of its
//!   declaration, forward and backward to the pixels
//! * [`receptive`]: theoretical receptive fields, from the declaration alone
//! * [`effective`]: effective ones, from gradients over many pictures
//! * [`attribution`]: gradient × input; [`occlusion`]: what happens when a part of
//!   the picture is covered
//! * [`maximise`]: a picture that a unit likes; [`exciting`]: those among many
//!   that it likes best
//! * [`product`]: one number of a feature map, product by product
//! * [`filters`]: kernels as pictures; [`gabor`]: Gabor functions fitted to them
//!
//! Nothing here changes a network or draws from its random numbers.

pub mod attribution;
pub mod dissection;
pub mod effective;
pub mod exciting;
pub mod filters;
pub mod gabor;
pub mod maximise;
pub mod occlusion;
pub mod product;
pub mod receptive;

pub use dissection::{Dissection, Trace, Unit};

/// Whether to go on with something that takes long: told how much of it is done
/// and how much there is.
pub type GoOn<'a> = dyn FnMut(usize, usize) -> bool + 'a;
