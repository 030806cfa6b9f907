//! Graded rows against numpy: `check.py` has noisy pictures and weights, and works out
//! accuracy under noise, sparseness and Dale's law by itself, for three networks.
//!
//! Python is `SPIKESCOPE_PYTHON`, else `python3`; without numpy the test says so and does
//! nothing.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use spikescope::ann::network::Network;
use spikescope::core::npz::{self, Array, Values};
use spikescope::data::synthetic;
use spikescope::scoreboard::board::{Board, Cell, Detail, Value};
use spikescope::scoreboard::criteria::{find, pictures};
use spikescope::scoreboard::measure::{Task, measure};
use spikescope::scoreboard::subject::{self, Subject, What};

/// Networks: dense, dense untrained, and one of spikes.
const NETWORKS: [&str; 3] = ["mlp", "untrained", "lif-dense"];
const CRITERIA: [&str; 3] = ["noise", "sparseness", "dale"];
const DIGITS: usize = 200;

fn python() -> Option<String> {
    let python = std::env::var("SPIKESCOPE_PYTHON").unwrap_or_else(|_| "python3".into());
    let there = Command::new(&python).args(["-c", "import numpy"]).output();
    there.is_ok_and(|o| o.status.success()).then_some(python)
}

/// The network whose numbers are checked: the first, where there are several.
fn network(subject: &Subject) -> Network {
    match &subject.what {
        What::Network(both) => both.0.clone(),
        What::Untrained(architecture) => Network::new(architecture, 1).unwrap(),
        _ => panic!("{}", subject.id),
    }
}

fn first(cell: &Cell) -> f64 {
    match (cell.by_seed.first(), &cell.value) {
        (Some(number), _) => *number,
        (None, Some(Value::Number(number))) => *number,
        other => panic!("{other:?}"),
    }
}

fn lighter(cell: &Cell) -> f64 {
    let Some(Detail::Counts(counts)) = &cell.detail else { panic!("{cell:?}") };
    counts.iter().find(|(name, _)| name == "synapses of the lighter sign, %").unwrap().1
}

#[test]
fn numpy_finds_the_same_noise_curve_sparseness_and_signs() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with numpy (set SPIKESCOPE_PYTHON)");
        return;
    };
    let digits = synthetic::generate(9, DIGITS);
    let all = subject::all().unwrap();
    let subjects: Vec<Subject> =
        all.into_iter().filter(|s| NETWORKS.contains(&&s.id[..])).collect();
    let stop = AtomicBool::new(false);
    let task = Task {
        subjects: &subjects,
        criteria: &CRITERIA.map(|id| find(id).unwrap()),
        train: &digits,
        test: &digits,
        threads: 2,
        stop: &stop,
    };
    let board = measure(&task, &Board::default(), &|_| {}, &|_| {});
    let folder = tempfile::tempdir().unwrap();
    let noisy: Vec<f32> = pictures::SIGMAS
        .iter()
        .enumerate()
        .flat_map(|(at, sigma)| {
            (0..DIGITS)
                .flat_map(|i| pictures::noisy(&digits.pixels(i), *sigma, at, i))
                .collect::<Vec<_>>()
        })
        .collect();
    let noisy = Array::new(&[pictures::SIGMAS.len(), DIGITS, 784], Values::F32(noisy)).unwrap();
    let labels = Array::list(Values::U8(digits.labels().to_vec()));
    let sigmas = Array::list(Values::F64(pictures::SIGMAS.to_vec()));
    for id in NETWORKS {
        let subject = subjects.iter().find(|s| s.id == id).unwrap();
        let network = network(subject);
        let parameters: Vec<(String, Array)> = network
            .parameters()
            .into_iter()
            .map(|p| (p.name, Array::new(&p.shape, Values::F32(p.values.to_vec())).unwrap()))
            .collect();
        let mut arrays = vec![("noisy", &noisy), ("labels", &labels), ("sigmas", &sigmas)];
        arrays.extend(parameters.iter().map(|(name, array)| (&name[..], array)));
        let file = folder.path().join("data.npz");
        npz::write(&file, &arrays).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scoreboard/check.py");
        let kind = if id == "lif-dense" { "lif" } else { "relu" };
        let out = Command::new(&python).arg(script).arg(&file).arg(kind).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let theirs: BTreeMap<String, f64> = serde_json::from_slice(&out.stdout).unwrap();
        let profile = board.profile(id).unwrap();
        // A sum in another order may turn a digit at the border: two at one strength.
        let near = |ours: f64, theirs: f64, by: f64, what: &str| {
            assert!((ours - theirs).abs() <= by, "{id}, {what}: {ours} and {theirs}");
        };
        near(first(&profile.cells["noise"]), theirs["noise"], 0.2, "noise");
        near(first(&profile.cells["sparseness"]), theirs["sparseness"], 1e-3, "sparseness");
        near(lighter(&profile.cells["dale"]), theirs["lighter"], 1e-3, "signs");
    }
}
