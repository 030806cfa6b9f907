//! Networks from other programs as runs: they lie in the user's folder as if they had been
//! trained here, and everything that takes a run takes them.

use std::path::Path;

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use super::runs::{self, RunError, RunRecord};
use crate::ann::evaluate::evaluate;
use crate::ann::network::Network;
use crate::ann::onnx::{self, Imported};
use crate::ann::rules::{self, RuleConfig};
use crate::ann::trainer::TrainConfig;
use crate::ann::weights::{self, Metadata, Precision};
use crate::ann::{AnnError, optimiser::OptimiserConfig};
use crate::core::clock::stamp;
use crate::core::files::read_limited;
use crate::data::registry::Split;
use crate::data::{ClassNames, Dataset};

/// Where a network came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Name of its file, without the folder.
    pub file: &'a str,
    /// The program that wrote it, as far as it says.
    pub producer: &'a str,
    /// Accuracy on MNIST's test digits, 0 to 1, if it was tested.
    pub test_accuracy: Option<f64>,
    /// What its classes are called.
    pub classes: &'a ClassNames,
}

/// The largest file that is read.
const MOST_BYTES: u64 = 256 << 20;
/// Digits that each scaling is tried on.
pub const TRIED_ON: usize = 200;

/// Reads a network's file; of its weights in a second one beside it, that too.
///
/// # Errors
/// What is wrong with it, as the beginning of a sentence.
pub fn read(file: &Path) -> Result<Imported, String> {
    let name = file.display();
    let bytes =
        read_limited(file, MOST_BYTES).map_err(|e| format!("could not read {name}: {e}"))?;
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    // All weights are usually in one file beside it, which is asked for once for each of them.
    let mut last: Option<(String, Vec<u8>)> = None;
    let mut beside = |name: &str| {
        if last.as_ref().is_none_or(|(of, _)| of != name) {
            last = None;
            let bytes = read_limited(&folder.join(name), MOST_BYTES).map_err(|e| {
                format!("{e}; put it into the same folder, or export with external_data=False")
            })?;
            last = Some((name.to_owned(), bytes));
        }
        Ok(last.as_ref().map(|(_, bytes)| bytes.clone()).unwrap_or_default())
    };
    onnx::import_with(&bytes, &mut beside)
        .map_err(|error| format!("{name}: {error}. Nothing was imported"))
}

/// Takes a file's network over, with the scaling of pictures that does best on some digits
/// of `split`; gives the run's id and what to tell of it.
///
/// # Errors
/// Why nothing was imported, as a sentence without its full stop.
pub fn take(
    root: &Path,
    file: &Path,
    split: &Split,
    stop: &AtomicBool,
) -> Result<(String, String), String> {
    let imported = read(file)?;
    let name = file.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let refused = |error: &dyn std::fmt::Display| format!("{name}: {error}. Nothing was imported");
    let few = split.train.first(TRIED_ON.min(split.train.len()), split.train.id.clone());
    let judged = |network: &Network, data: &Dataset| {
        let done = evaluate(network, data, 1, stop, &mut |_, _| {})?;
        Ok::<_, AnnError>(done.map_or((0.0, f64::INFINITY), |e| (e.accuracy, e.loss)))
    };
    // Only who tells the digits apart can be tried on digits.
    let digits = imported.classes.is_digits();
    let tried = match digits {
        true => onnx::try_scalings(&imported, |scaled| {
            let network = scaled.network().map_err(|e| e.to_string())?;
            judged(&network, &few).map_err(|e| e.to_string())
        }),
        false => Ok(Vec::new()),
    };
    let tried = tried.map_err(|e: String| refused(&e))?;
    let classes = imported.classes.clone();
    let scaling = tried.first().map_or(imported.scaling.scaling, |best| best.scaling);
    let producer = imported.producer.clone();
    let scaled = imported.scaled(scaling).map_err(|e| refused(&e))?;
    let network = scaled.network().map_err(|e| refused(&e))?;
    let accuracy = match digits {
        true => Some(judged(&network, &split.test).map_err(|e| refused(&e))?.0),
        false => None,
    };
    if stop.load(Relaxed) {
        return Err(refused(&"the window was closed before it was tried"));
    }
    let real = split.test.id.starts_with("mnist");
    let test_accuracy = accuracy.filter(|_| real);
    let origin = Origin { file: &name, producer: &producer, test_accuracy, classes: &classes };
    let id = keep(root, &network, origin).map_err(|e| refused(&e))?;
    let judged = match accuracy {
        Some(right) => format!(
            "{:.1} % of {} test digits right",
            100.0 * right,
            if real { "MNIST's" } else { "the synthetic" }
        ),
        None => format!("not tested, since its {} classes are not the digits", classes.count()),
    };
    let told = format!(
        "{name} is imported: {}. Pixels {}; {judged}. It answers in Draw and is listed in Train, Runs.",
        network.architecture().name,
        scaling.name(),
    );
    Ok((id, told))
}

/// A network could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Its weights cannot be packed.
    #[error(transparent)]
    Weights(#[from] AnnError),
    /// There is no room for the run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Makes a finished run of a network; gives the run's id.
///
/// # Errors
/// [`KeepError`]: nothing was kept.
pub fn keep(root: &Path, network: &Network, origin: Origin<'_>) -> Result<String, KeepError> {
    let architecture = network.architecture();
    let config = TrainConfig {
        model: architecture.id.to_owned(),
        epochs: 1,
        average_epochs: 0,
        ..TrainConfig::default()
    };
    let from = match origin.producer {
        "" => short(origin.file),
        producer => format!("{} ({})", short(origin.file), short(producer)),
    };
    let metadata = Metadata {
        architecture: architecture.id.to_owned(),
        seed: 0,
        dataset: config.data.clone(),
        subset: 0,
        epochs: 0,
        optimiser: OptimiserConfig::default().describe(),
        rule: config.rule.id().to_owned(),
        batch_size: config.batch_size,
        validation_share: 0.0,
        augmentation: config.augmentation.to_string(),
        averaged_epochs: 0,
        validation_accuracy: None,
        test_accuracy: origin.test_accuracy,
        last_test_accuracy: None,
        fingerprint: None,
        imported: Some(from.clone()),
        classes: origin.classes.clone(),
        by_hand: false,
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let bytes = weights::to_bytes(network, &metadata, Precision::Single)?;
    let mut record = RunRecord::new(config, 0);
    record.id = format!("{}-{}", stamp(record.started_unix), plain(origin.file));
    record.test_accuracy = origin.test_accuracy;
    record.imported = Some(from);
    record.classes = origin.classes.clone();
    Ok(runs::adopt(root, record, &bytes)?)
}

/// Makes a finished run of a copy in which connections were set by hand; gives the run's id.
/// `metadata` is that of the original: what was measured of it holds no longer. `config`: how it
/// was trained, where its run is known.
///
/// # Errors
/// [`KeepError`]: nothing was kept.
pub fn keep_changed(
    root: &Path,
    network: &Network,
    metadata: &Metadata,
    config: Option<&TrainConfig>,
) -> Result<String, KeepError> {
    let metadata = Metadata {
        validation_accuracy: None,
        test_accuracy: None,
        last_test_accuracy: None,
        by_hand: true,
        ..metadata.clone()
    };
    let named = TrainConfig {
        model: metadata.architecture.clone(),
        average_epochs: 0,
        ..TrainConfig::default()
    };
    let known = TrainConfig {
        data: metadata.dataset.clone(),
        subset: metadata.subset,
        epochs: metadata.epochs,
        batch_size: metadata.batch_size,
        rule: rules::find(&metadata.rule).map(RuleConfig::of).unwrap_or_default(),
        seed: metadata.seed,
        ..named.clone()
    };
    // Of one that was itself taken over, little is known.
    let config = match config {
        Some(config) => config.clone(),
        None if known.validate().is_ok() => known,
        None => named,
    };
    let bytes = weights::to_bytes(network, &metadata, Precision::Single)?;
    let mut record = RunRecord::new(config, 0);
    record.id += "-by-hand";
    record.by_hand = true;
    record.classes = metadata.classes.clone();
    record.imported = metadata.imported;
    Ok(runs::adopt(root, record, &bytes)?)
}

/// Text of somebody else's, for one line.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    text.chars().filter(|c| !c.is_control()).take(MOST).collect()
}

/// A file's name as a part of a run's.
fn plain(file: &str) -> String {
    const MOST: usize = 40;
    let stem = Path::new(file).file_stem().map_or_else(String::new, |s| s.to_string_lossy().into());
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = stem.chars().take(MOST).map(letter).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "onnx".into() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::zoo;
    use crate::workers::models::{Model, Origin as From, is_run_id};

    #[test]
    fn a_network_becomes_a_finished_run() {
        let root = tempfile::tempdir().unwrap();
        let network = Network::new(zoo::get("dense-20").unwrap(), 1).unwrap();
        let origin = Origin {
            file: "my net.v2.onnx",
            producer: "pytorch 2.9",
            test_accuracy: Some(0.97),
            classes: &ClassNames::default(),
        };
        let id = keep(root.path(), &network, origin).unwrap();
        assert!(is_run_id(&id) && id.ends_with("-my-net-v2"), "{id}");
        let (listed, errors) = runs::list(root.path());
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(
            (listed[0].state, listed[0].test_accuracy),
            (runs::RunState::Finished, Some(0.97))
        );
        assert_eq!(listed[0].imported.as_deref(), Some("my net.v2.onnx (pytorch 2.9)"));
        let path = runs::weights_path(root.path(), &id).unwrap();
        let (back, metadata) = weights::load(&path).unwrap();
        assert_eq!(back.values(), network.values());
        let model = Model::new(back, metadata, From::Run(id.clone()));
        assert!(
            model.name.starts_with("my net.v2.onnx (pytorch 2.9), imported "),
            "{}",
            model.name
        );
        // A second one stands beside it, whichever second of the clock it is.
        let other = keep(root.path(), &network, origin).unwrap();
        assert!(is_run_id(&other) && other != id, "{other}");
        assert_eq!(runs::list(root.path()).0.len(), 2);
    }

    #[test]
    fn a_copy_with_weights_set_by_hand_is_a_run_of_which_nothing_was_measured() {
        let root = tempfile::tempdir().unwrap();
        let mut network = Network::new(zoo::get("dense-20").unwrap(), 1).unwrap();
        let origin = Origin {
            file: "a.onnx",
            producer: "",
            test_accuracy: Some(0.97),
            classes: &ClassNames::default(),
        };
        let first = keep(root.path(), &network, origin).unwrap();
        let loaded = |id| weights::load(&runs::weights_path(root.path(), id).unwrap()).unwrap();
        let (_, metadata) = loaded(&first);
        network.set_in_step(1, [(3, 0.75)]);
        let id = keep_changed(root.path(), &network, &metadata, None).unwrap();
        let (back, metadata) = loaded(&id);
        assert_eq!(back.values(), network.values());
        assert_eq!((metadata.test_accuracy, metadata.by_hand), (None, true));
        let (listed, errors) = runs::list(root.path());
        assert!(errors.is_empty(), "{errors:?}");
        let kept = listed.iter().find(|r| r.id == id).unwrap();
        assert_eq!((kept.by_hand, kept.test_accuracy), (true, None));
        assert_eq!(kept.config.model, "dense-20");
    }

    #[test]
    fn names_of_files_become_names_of_folders() {
        for (file, name) in [
            ("lenet.onnx", "lenet"),
            ("../x/ä ö.onnx", "onnx"),
            ("", "onnx"),
            ("..", "onnx"),
            ("a/b:c.onnx", "b-c"),
        ] {
            assert_eq!(plain(file), name, "{file}");
        }
        assert!(plain(&"x".repeat(300)).len() <= 40);
    }
}
