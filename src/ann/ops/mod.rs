//! The operations that networks are made of, each with its own backward pass,
//! one file for each. Pictures are stored channels last: `(batch, y, x, channel)`.
//!
//! * [`op`]: what an operation is
//! * [`direct`], [`winograd`], [`conv`]: convolution; first layer, those with
//!   pooling after them, and all others
//! * [`convolution`], [`pooling`]: with any window; [`affine`], [`function`]
//! * [`conv_stdp`], [`settling`], [`goodness`], [`energy`]: networks that are one operation
//! * [`pool`], [`dropout`], [`dense`], [`recurrent`], [`loss`]
//! * [`spiking`]: neurons that spike, and what is there at each step
//! * [`simd`], [`product`]: vectors and products of matrices, for AVX-512, AVX2
//!   and anything else
//! * [`candle`]: all of them as custom ops in a graph of candle's
//!
//! Each is checked against finite differences and against candle's own
//! operations.

pub mod affine;
pub mod candle;
pub mod conv;
pub mod conv_stdp;
pub mod convolution;
pub mod dense;
pub mod direct;
pub mod dropout;
pub mod energy;
pub mod function;
pub mod goodness;
pub mod loss;
mod matrix;
pub mod op;
pub mod pool;
pub mod pooling;
mod product;
pub mod recurrent;
pub mod settling;
pub mod simd;
pub(in crate::ann) mod sparse;
pub mod spiking;
pub mod winograd;

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor};

/// The values of a contiguous `f32` tensor within its storage.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout, op: &'static str) -> Result<&'a [f32]> {
    let (from, to) =
        layout.contiguous_offsets().ok_or(candle_core::Error::RequiresContiguous { op })?;
    Ok(&storage.as_slice::<f32>()?[from..to])
}

/// Calls `f` with the values of a contiguous `f32` tensor on the CPU.
///
/// # Errors
/// When the tensor is on another device, of another type or not contiguous.
pub fn with_values<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(cpu) => Ok(f(values(cpu, layout, "values")?)),
        _ => candle_core::bail!("this operation runs on the CPU only"),
    }
}
