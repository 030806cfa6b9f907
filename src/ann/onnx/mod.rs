//! Networks of other programs, and ours for them: ONNX, as PyTorch, Keras and scikit-learn
//! write it and as ONNX Runtime runs it.
//!
//! * [`import`]: a chain of layers from a file; [`export`]: a file of a network
//! * `proto`: the file as bytes; `array`: constants, `fold`: arithmetic on
//!   them; `view`: numbers that are only arranged anew
//! * `flow`: what runs through the graph, as seen by a node; `walk`: node after node;
//!   `sums`, `pools`, `lines`, `scales`: the nodes that become layers; `ends`: the last ones
//! * `chain`: the layers as they grow; [`scaling`]: how the pictures come in
//!
//! **The format** is read and written by `prost`, with the messages declared by hand: no
//! `protoc`, no native library, only what is declared is read and the rest skipped, with
//! a limit on nesting; it is used by much of the Rust world and fuzzed. Its maintainer
//! mends bugs and adds nothing more, which is enough for a format that does not change.
//! `onnx-rs` 0.1.3 was tried first, since it has no dependencies: it reads graphs within
//! graphs by recursion without a limit, so a file of 234 kB overflows the stack, which ends
//! the program. `onnx-ir` is a compiler's front end, of which the reading is a small part.
//!
//! **How it works.** One picture is thought to run through the graph. Each value knows for
//! each of its numbers where our layer keeps it (`flow`), so reshapes, transposes and
//! the change between channels first and channels last need no patterns: a dense layer's
//! rows are put where its inputs are with us. Constants are computed on the way, shapes
//! too.

mod array;
mod attributes;
mod chain;
mod ends;
mod export;
mod flow;
mod fold;
mod lines;
mod pools;
mod proto;
mod scales;
pub mod scaling;
mod sums;
#[cfg(test)]
mod tests;
mod view;
mod walk;

use crate::ann::network::Network;
use crate::ann::zoo::{Layer, notation};
use crate::core::panics::caught;
use crate::data::ClassNames;

pub use export::{export, export_layers, export_named, writes};
pub use scaling::{Guess, Scaling, Tried, try_scalings, with_scaling};

/// Why a file cannot be imported, or a network not exported. Each message is a clause that
/// follows the name of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnnxError {
    /// The bytes are no such file.
    #[error("it is no whole ONNX file ({0})")]
    File(String),
    /// A node that our layers cannot express.
    #[error("the node {node} cannot be imported: {reason}")]
    Node { node: String, reason: String },
    /// What goes in or comes out does not fit.
    #[error("{0}")]
    Network(String),
    /// A network that has no such form.
    #[error("{network} cannot be written as ONNX: {reason}")]
    Export { network: String, reason: String },
}

/// A network that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// From the picture to the logits.
    pub layers: Vec<Layer>,
    /// Their weights, in the order of [`Network::parameters`](crate::ann::network::Network).
    pub values: Vec<Vec<f32>>,
    /// How pictures are to be scaled, as far as the file tells.
    pub scaling: Guess,
    /// Shape of its input, such as `n×1×28×28`.
    pub input: String,
    /// Which program wrote it, and which version.
    pub producer: String,
    /// What was changed or left out, a sentence each.
    pub notes: Vec<String>,
    /// What its classes are called: as the file says, else the digits, or numbers where they are
    /// not ten.
    pub classes: ClassNames,
}

impl Imported {
    /// The network itself.
    ///
    /// # Errors
    /// [`OnnxError::Network`] when it is larger than networks here may be, or no chain that
    /// is known here.
    pub fn network(&self) -> Result<Network, OnnxError> {
        let wrong = |e: crate::ann::AnnError| OnnxError::Network(e.to_string());
        let architecture = notation::own(&self.layers).map_err(wrong)?;
        let mut network = Network::new(architecture, 0).map_err(wrong)?;
        let lengths = network.parameters().into_iter().map(|p| p.values.len());
        if !lengths.eq(self.values.iter().map(Vec::len)) {
            return Err(OnnxError::Network("its weights do not fit its layers".into()));
        }
        network.set_values(&self.values);
        Ok(network)
    }
}

/// Reads a network.
///
/// # Errors
/// [`OnnxError`], naming the node that cannot be imported.
pub fn import(bytes: &[u8]) -> Result<Imported, OnnxError> {
    import_with(bytes, &mut |_| Err("the file beside it was not given".into()))
}

/// [`import`], where weights may lie in files beside it: `beside` gives the bytes of the
/// one of this name, which is a plain name, or says why not.
///
/// # Errors
/// [`OnnxError`].
pub fn import_with(
    bytes: &[u8],
    beside: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<Imported, OnnxError> {
    let read = || {
        let model = proto::read(bytes).map_err(OnnxError::File)?;
        walk::walk(model, beside)
    };
    caught(read).unwrap_or_else(|panic| Err(OnnxError::File(panic)))
}

/// Text from a file within a message: short, and without control characters.
fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("“{}”", short.escape_debug())
}

/// A shape within a message.
fn times(dims: &[usize]) -> String {
    if dims.is_empty() {
        return "a single number".into();
    }
    dims.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}
