//! `spikescope export`: a network as ONNX, for other programs.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;

use super::Outcome;
use super::failure::UsageError;
use super::models;
use super::output::{Format, Output};
use super::report::ExportedNetwork;
use super::values::sets;
use crate::ann::network::Network;
use crate::ann::{onnx, weights, zoo};
use crate::core::files::write_bytes;
use crate::core::folders;
use crate::data::ClassNames;
use crate::workers::models::is_run_id;
use crate::workers::runs;

/// Write a network as ONNX, for PyTorch, ONNX Runtime and others
///
/// The file takes pictures `image` of the shape n×1×28×28, brightness 0 (paper) to 1 (ink), and
/// gives `probabilities` of the shape n×10, or n×26 and so on for other numbers of classes. Networks that spike, settle or imagine have no such
/// form (docs/onnx.md).
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope export cnn3 cnn3.onnx
  spikescope export 20261130-101500-cnn3-seed1 mine.onnx
  spikescope export mine.safetensors mine.onnx")]
pub struct ExportArgs {
    /// A network in the box, a run of yours by its name, or a file of weights
    #[arg(value_name = "MODEL|RUN")]
    pub network: String,
    /// The file to write
    #[arg(value_name = "FILE.onnx")]
    pub file: PathBuf,
    /// Of which set in the box
    #[arg(long, value_name = "SET", value_parser = sets(), default_value = "report")]
    pub set: String,
    #[command(flatten)]
    pub format: Format,
}

pub fn run(args: &ExportArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let (network, weights, classes) = find(args)?;
    let bytes = onnx::export_named(&network, &classes)?;
    write_bytes(&args.file, &bytes)?;
    let architecture = network.architecture();
    out.line(format_args!(
        "{} ({weights}) as ONNX: `image` n×1×28×28, brightness 0 to 1, to `probabilities` n×{}",
        architecture.name,
        network.classes()
    ))?;
    out.line(format_args!("Saved as {}", args.file.display()))?;
    out.json(&ExportedNetwork {
        model: architecture.id.to_owned(),
        weights,
        file: args.file.display().to_string(),
        bytes: bytes.len(),
    })?;
    Ok(Outcome::Done)
}

/// The network that is named, where its weights are from, and what its classes are called.
fn find(args: &ExportArgs) -> anyhow::Result<(Network, String, ClassNames)> {
    let name = &args.network;
    if models::is_spiking(name) {
        let why = "it spikes, and ONNX has no words for that; `spikescope simulate` runs it";
        return Err(anyhow!("{name} cannot be written as ONNX: {why}. Nothing was written"));
    }
    if zoo::all().any(|a| a.id == name) {
        let found =
            models::select(std::slice::from_ref(name), &[], &models::sets(Some(&args.set)))?;
        let found = found.into_iter().next().ok_or_else(|| unknown(name))?;
        return Ok((found.network, found.weights, found.classes));
    }
    let root = folders::runs();
    let run = is_run_id(name).then(|| runs::weights_path(&root, name)).transpose()?;
    let path = match run {
        Some(path) if path.is_file() => path,
        Some(_) if root.join(name).is_dir() => {
            return Err(anyhow!(
                "the run {name} has no weights yet: it has neither finished nor been stopped. Nothing was written"
            ));
        }
        _ if Path::new(name).is_file() => name.into(),
        _ => return Err(unknown(name)),
    };
    let (network, metadata) = weights::load(&path)?;
    Ok((network, path.display().to_string(), metadata.classes))
}

fn unknown(name: &str) -> anyhow::Error {
    UsageError(format!(
        "{name:?} is neither a network in the box (`spikescope models` lists them), nor a run in {}, nor a file of weights",
        folders::runs().display()
    ))
    .into()
}
