//! Scenes as files, from the worker's side: their size, their version, and the networks of
//! one's own that they name or carry. What a scene sets up is the window's business.
//!
//! A scene is a JSON object. Its `networks` are a list of [`Carried`], one for each run that
//! answers: its id, the SHA-256 of its weights and, if that was asked for, its record and
//! the weights themselves.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::models::is_run_id;
use super::runs::{self, RunRecord};
use crate::ann::weights;
use crate::core::files::read_limited;

/// Extension of the files.
pub const EXTENSION: &str = "spikescope";
/// The version that is written; older ones are read.
pub const VERSION: u64 = 1;
/// The largest scene that is read: with the weights of a few large networks.
pub const MOST_BYTES: u64 = 256 << 20;
/// The longest text that is pasted.
pub const MOST_PASTED: usize = 64 << 20;
/// Networks in a scene.
const MOST_NETWORKS: usize = 100;
/// Weights of one network.
const MOST_WEIGHTS: u64 = 128 << 20;

/// A network of somebody's own, in a scene.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Carried {
    run: String,
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<RunRecord>,
    /// The weights' file, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weights: Option<String>,
}

/// A network that a scene names, as it is on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It was here, or came with the scene: the run's id here.
    Here(String),
    /// There is no such run here.
    Missing(String),
    /// There is one of this id, with other weights.
    Other(String),
}

/// A scene that was read, without its networks.
#[derive(Clone, Debug)]
pub struct Unpacked {
    pub scene: Value,
    pub networks: Vec<Arrival>,
}

/// An error that may repeat what was in the file, cut to a clause.
pub fn brief(error: &serde_json::Error) -> String {
    const MOST: usize = 160;
    let text = error.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The scene's text with its networks named, and their weights in it if asked for.
///
/// # Errors
/// When the weights of a run cannot be read; a sentence.
pub fn pack(
    mut scene: Value,
    runs: &[String],
    with_weights: bool,
    runs_root: &Path,
) -> Result<String, String> {
    let carried = |id: &String| -> Result<Carried, String> {
        let path = runs::weights_path(runs_root, id).map_err(|e| e.to_string())?;
        let bytes = read_limited(&path, MOST_WEIGHTS).map_err(|e| {
            format!("The weights of the run {id} cannot be read: {e}. The scene was not saved; take the run out of the answers, or train it anew.")
        })?;
        let record = runs::RunFolder::open(runs_root, id).and_then(|f| f.read_record()).ok();
        let record = record.filter(|_| with_weights);
        let weights = record.is_some().then(|| BASE64.encode(&bytes));
        Ok(Carried { run: id.clone(), sha256: sha256(&bytes), record, weights })
    };
    let networks = runs.iter().take(MOST_NETWORKS).map(carried).collect::<Result<Vec<_>, _>>()?;
    if !networks.is_empty() {
        let networks = serde_json::to_value(networks).map_err(|e| e.to_string())?;
        scene["networks"] = networks;
    }
    Ok(scene.to_string())
}

/// Reads a scene's text. Networks that it carries become runs here.
///
/// # Errors
/// One sentence on what is wrong with it.
pub fn unpack(bytes: &[u8], runs_root: &Path) -> Result<Unpacked, String> {
    let mut scene: Value =
        serde_json::from_slice(bytes).map_err(|e| format!("it is no scene ({})", brief(&e)))?;
    let Some(fields) = scene.as_object_mut() else {
        return Err("it is no scene (a scene is a JSON object)".into());
    };
    match fields.get("spikescope") {
        Some(version) if version.as_u64().is_some_and(|v| (1..=VERSION).contains(&v)) => {}
        Some(version) if version.is_u64() => {
            return Err(format!(
                "it was saved by a newer Spikescope (version {version} of scenes; this one reads up to {VERSION})"
            ));
        }
        _ => return Err("it is no scene (it has no version under “spikescope”)".into()),
    }
    let carried = match fields.remove("networks") {
        None => Vec::new(),
        Some(list) => serde_json::from_value::<Vec<Carried>>(list)
            .map_err(|e| format!("its list of networks cannot be read ({})", brief(&e)))?,
    };
    if carried.len() > MOST_NETWORKS {
        return Err(format!("it names more than {MOST_NETWORKS} networks"));
    }
    let mut networks = Vec::with_capacity(carried.len());
    for network in carried {
        if !is_run_id(&network.run) {
            return Err("it names a network that no run could be".into());
        }
        let named = network.run.clone();
        let arrival = arrive(network, runs_root)?;
        if let Arrival::Here(id) = &arrival
            && *id != named
        {
            rename(&mut scene, &format!("run-{named}"), &format!("run-{id}"));
        }
        networks.push(arrival);
    }
    Ok(Unpacked { scene, networks })
}

/// Looks for a network, or takes over the one that came.
fn arrive(network: Carried, runs_root: &Path) -> Result<Arrival, String> {
    let id = network.run;
    let here = runs::weights_path(runs_root, &id).map_err(|e| e.to_string())?;
    let found = read_limited(&here, MOST_WEIGHTS).ok();
    if found.as_ref().is_some_and(|bytes| sha256(bytes) == network.sha256) {
        return Ok(Arrival::Here(id));
    }
    let (Some(text), Some(record)) = (network.weights, network.record) else {
        return Ok(if found.is_some() { Arrival::Other(id) } else { Arrival::Missing(id) });
    };
    let broken = |why: String| format!("the network {id} in it cannot be used ({why})");
    let bytes = BASE64.decode(text).map_err(|e| broken(e.to_string()))?;
    if bytes.len() as u64 > MOST_WEIGHTS || sha256(&bytes) != network.sha256 {
        return Err(broken("its weights are not those that were saved".into()));
    }
    // One that was taken over before under another name.
    if let Some(known) = taken_over(runs_root, &id, &network.sha256) {
        return Ok(Arrival::Here(known));
    }
    let record = RunRecord { id: id.clone(), ..record };
    let new = runs::adopt(runs_root, record, &bytes).map_err(|e| broken(e.to_string()))?;
    let path = runs::weights_path(runs_root, &new).map_err(|e| e.to_string())?;
    if let Err(error) = weights::load(&path) {
        let _ = runs::delete(runs_root, &new);
        return Err(broken(error.to_string()));
    }
    Ok(Arrival::Here(new))
}

/// The names that a second and a third run of the same second get.
fn taken_over(runs_root: &Path, id: &str, hash: &str) -> Option<String> {
    const TRIED: usize = 20;
    (2..TRIED).map(|n| format!("{id}-{n}")).find(|name| {
        let path = runs::weights_path(runs_root, name).ok();
        let bytes = path.and_then(|path| read_limited(&path, MOST_WEIGHTS).ok());
        bytes.is_some_and(|bytes| sha256(&bytes) == hash)
    })
}

/// Puts another name in all places of one. Serde has read the value, so its depth is limited.
fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(list) => list.iter_mut().for_each(|v| rename(v, from, to)),
        Value::Object(fields) => fields.values_mut().for_each(|v| rename(v, from, to)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ann::network::Network;
    use crate::ann::trainer::TrainConfig;
    use crate::ann::weights::Precision;
    use crate::ann::zoo;

    /// A run with weights below a root.
    fn run(root: &Path, seed: u64) -> String {
        let config = TrainConfig { seed, ..TrainConfig::default() };
        let mut record = RunRecord::new(config, 10);
        let folder = runs::RunFolder::create(root, &mut record).unwrap();
        folder.write_record(&record).unwrap();
        let network = Network::new(zoo::get("mlp").unwrap(), seed).unwrap();
        let (_, metadata) = crate::ann::bundled::REPORT.networks().remove(0).unwrap();
        weights::save(&folder.weights(), &network, &metadata, Precision::Single).unwrap();
        record.id
    }

    #[test]
    fn a_network_travels_in_a_scene_and_a_name_that_is_taken_does_no_harm() {
        let [home, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let id = run(home.path(), 1);
        let key = format!("run-{id}");
        let scene = json!({ "spikescope": 1, "settings": { "network": key } });
        let named = pack(scene.clone(), std::slice::from_ref(&id), false, home.path()).unwrap();
        let found = |text: &str, root: &Path| unpack(text.as_bytes(), root).unwrap();
        assert_eq!(found(&named, home.path()).networks, [Arrival::Here(id.clone())]);
        assert_eq!(found(&named, other.path()).networks, [Arrival::Missing(id.clone())]);
        let whole = pack(scene, std::slice::from_ref(&id), true, home.path()).unwrap();
        assert_eq!(found(&whole, other.path()).networks, [Arrival::Here(id.clone())]);
        // Again: it is known.
        assert_eq!(found(&whole, other.path()).networks, [Arrival::Here(id.clone())]);
        assert_eq!(runs::list(other.path()).0.len(), 1);
        // Another network of the same name.
        let third = tempfile::tempdir().unwrap();
        let there = runs::weights_path(third.path(), &id).unwrap();
        std::fs::create_dir_all(there.parent().unwrap()).unwrap();
        std::fs::write(&there, b"others").unwrap();
        assert_eq!(found(&named, third.path()).networks, [Arrival::Other(id.clone())]);
        for _ in 0..2 {
            let came = found(&whole, third.path());
            assert_eq!(came.networks, [Arrival::Here(format!("{id}-2"))]);
            assert_eq!(came.scene["settings"]["network"], format!("run-{id}-2"));
        }
    }

    #[test]
    fn what_is_no_scene_is_told_in_a_clause() {
        let root = tempfile::tempdir().unwrap();
        let whole = {
            let id = run(root.path(), 1);
            pack(json!({ "spikescope": 1 }), &[id], true, root.path()).unwrap()
        };
        let elsewhere = tempfile::tempdir().unwrap();
        for (text, why) in [
            ("", "no scene"),
            ("{", "no scene"),
            ("[1]", "no scene"),
            ("{}", "no scene"),
            (r#"{"spikescope": "1"}"#, "no scene"),
            (r#"{"spikescope": 2}"#, "newer"),
            (r#"{"spikescope": 1, "networks": 3}"#, "networks"),
            (r#"{"spikescope": 1, "networks": [{"run": "../x", "sha256": ""}]}"#, "no run"),
            (&whole.replacen("\"weights\":\"", "\"weights\":\"AAAA", 1), "cannot be used"),
            (&whole.replacen("\"weights\":\"", "\"weights\":\"?", 1), "cannot be used"),
            (&"[".repeat(100_000), "no scene"),
        ] {
            let error = unpack(text.as_bytes(), elsewhere.path()).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert!(runs::list(elsewhere.path()).0.is_empty());
    }
}
