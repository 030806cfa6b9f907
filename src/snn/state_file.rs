//! The state of an engine in a file: safetensors, with everything else as JSON in its
//! header. A run goes on from it on either engine, bit for bit.

use std::collections::HashMap;

use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};

use super::engine::{EngineState, PopulationState, ProjectionState};
use super::error::SnnError;

const KEY: &str = "spikescope-state";
/// Steps that a state may be at: some thousand years of simulated time.
const MOST_STEPS: u64 = 1 << 48;
/// Spikes of a neuron that may have been counted.
const MOST_COUNTED: u32 = 1 << 24;
/// The largest file that is read, bytes.
pub const MOST_BYTES: u64 = 1 << 30;

/// What is no array.
#[derive(Serialize, Deserialize)]
struct Header {
    step: u64,
    populations: usize,
    projections: usize,
    under_way: Vec<Vec<Vec<(u16, u32)>>>,
    /// The caller's.
    text: String,
}

/// The file's bytes. `text` is kept with the state.
///
/// # Errors
/// [`SnnError::File`] where it cannot be written as safetensors.
pub fn to_bytes(state: &EngineState, text: String) -> Result<Vec<u8>, SnnError> {
    let failed = |reason: String| SnnError::File { file: "the state".into(), reason };
    let mut arrays: Vec<(String, Dtype, usize, Vec<u8>)> = Vec::new();
    let mut floats = |name: String, values: &[f32]| {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        arrays.push((name, Dtype::F32, values.len(), bytes));
    };
    for (i, p) in state.populations.iter().enumerate() {
        floats(format!("population.{i}.own"), &p.own);
        floats(format!("population.{i}.shared"), &p.shared);
    }
    for (i, p) in state.projections.iter().enumerate() {
        floats(format!("projection.{i}.weights"), &p.weights);
        floats(format!("projection.{i}.pre"), &p.pre);
        floats(format!("projection.{i}.post"), &p.post);
    }
    let mut whole = |name: String, values: &[u32]| {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        arrays.push((name, Dtype::U32, values.len(), bytes));
    };
    for (i, p) in state.populations.iter().enumerate() {
        whole(format!("population.{i}.refractory"), &p.refractory);
        whole(format!("population.{i}.counts"), &p.counts);
    }
    for (i, p) in state.projections.iter().enumerate() {
        whole(format!("projection.{i}.pre_since"), &p.pre_since);
        whole(format!("projection.{i}.post_since"), &p.post_since);
        let changed: Vec<u32> = p.changed.iter().map(|c| u32::from(*c)).collect();
        whole(format!("projection.{i}.changed"), &changed);
    }
    let header = Header {
        step: state.step,
        populations: state.populations.len(),
        projections: state.projections.len(),
        under_way: state.under_way.clone(),
        text,
    };
    let header = serde_json::to_string(&header).map_err(|e| failed(e.to_string()))?;
    let mut views = Vec::with_capacity(arrays.len());
    for (name, kind, length, bytes) in &arrays {
        let view = TensorView::new(*kind, vec![*length], bytes);
        views.push((name.clone(), view.map_err(|e| failed(e.to_string()))?));
    }
    let metadata = HashMap::from([(KEY.to_owned(), header)]);
    safetensors::serialize(views, Some(metadata)).map_err(|e| failed(e.to_string()))
}

/// What [`to_bytes`] wrote: the state and the text. `file` names it in messages.
///
/// # Errors
/// [`SnnError::File`] with what is wrong.
pub fn from_bytes(bytes: &[u8], file: &str) -> Result<(EngineState, String), SnnError> {
    let broken = |reason: String| SnnError::File { file: file.to_owned(), reason };
    let whole = |e: &dyn std::fmt::Display| broken(format!("it is no whole file ({e})"));
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| whole(&e))?;
    let text = metadata.metadata().as_ref().and_then(|m| m.get(KEY));
    let text = text.ok_or_else(|| broken("it holds no state of a simulation".into()))?;
    let header: Header = serde_json::from_str(text).map_err(|e| whole(&e))?;
    if header.step > MOST_STEPS {
        return Err(broken(format!(
            "it is at step {}; at most {MOST_STEPS} are read",
            header.step
        )));
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| whole(&e))?;
    let words = |name: String, kind: Dtype| -> Result<Vec<[u8; 4]>, SnnError> {
        let view = tensors.tensor(&name).map_err(|_| broken(format!("{name} is missing")))?;
        if view.dtype() != kind {
            return Err(broken(format!("{name} is {:?}, not {kind:?}", view.dtype())));
        }
        Ok(view.data().as_chunks().0.to_vec())
    };
    let floats = |name: String| -> Result<Vec<f32>, SnnError> {
        let words = words(name.clone(), Dtype::F32)?;
        let values: Vec<f32> = words.into_iter().map(f32::from_le_bytes).collect();
        match values.iter().find(|v| !v.is_finite()) {
            Some(bad) => Err(broken(format!("{name} contains {bad}"))),
            None => Ok(values),
        }
    };
    let numbers = |name: String| -> Result<Vec<u32>, SnnError> {
        Ok(words(name, Dtype::U32)?.into_iter().map(u32::from_le_bytes).collect())
    };
    let population = |i: usize| -> Result<PopulationState, SnnError> {
        let counts = numbers(format!("population.{i}.counts"))?;
        if let Some(bad) = counts.iter().find(|n| **n > MOST_COUNTED) {
            return Err(broken(format!(
                "population.{i}.counts contains {bad}; at most {MOST_COUNTED} are read"
            )));
        }
        Ok(PopulationState {
            own: floats(format!("population.{i}.own"))?,
            shared: floats(format!("population.{i}.shared"))?,
            refractory: numbers(format!("population.{i}.refractory"))?,
            counts,
        })
    };
    let projection = |i: usize| -> Result<ProjectionState, SnnError> {
        let changed = numbers(format!("projection.{i}.changed"))?;
        Ok(ProjectionState {
            weights: floats(format!("projection.{i}.weights"))?,
            pre: floats(format!("projection.{i}.pre"))?,
            post: floats(format!("projection.{i}.post"))?,
            pre_since: numbers(format!("projection.{i}.pre_since"))?,
            post_since: numbers(format!("projection.{i}.post_since"))?,
            changed: changed.into_iter().map(|c| c != 0).collect(),
        })
    };
    let state = EngineState {
        step: header.step,
        populations: (0..header.populations).map(population).collect::<Result<_, _>>()?,
        projections: (0..header.projections).map(projection).collect::<Result<_, _>>()?,
        under_way: header.under_way,
    };
    Ok((state, header.text))
}
