//! Training runs: what is printed, what is kept, and going on after a crash.

use super::*;
use std::time::{Duration, Instant};

/// A run that takes long enough to be killed in the middle, and its end.
const LONG: &str = "train mlp --data synthetic --subset 2000 --epochs 8 --optimiser adam --seed 5";

fn only_run(home: &Path) -> PathBuf {
    let runs: Vec<PathBuf> =
        std::fs::read_dir(home.join("runs")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].clone()
}

/// The numbers of the epochs, as they were printed.
fn epochs(stdout: &str) -> Vec<usize> {
    stdout.lines().filter_map(|l| l.split_whitespace().next()?.parse().ok()).collect()
}

/// What is told of each epoch but the speed.
fn results(stdout: &str) -> Vec<String> {
    let is_epoch = |l: &&str| l.split_whitespace().next().is_some_and(|w| w.parse::<u32>().is_ok());
    let without_speed = |l: &str| l.rsplit_once(' ').map(|(l, _)| l.trim_end().to_owned());
    stdout.lines().filter(is_epoch).filter_map(without_speed).collect()
}

#[test]
fn each_epoch_prints_a_line_and_a_pipe_gets_no_progress_bar() {
    let home = home();
    let text = "train mlp --data synthetic --subset 500 --epochs 3 --optimiser adam";
    let stdout = run_text(home.path(), text).succeeds();
    assert_eq!(epochs(&stdout), [1, 2, 3]);
    assert!(stdout.contains("Test accuracy"), "{stdout}");
    assert!(!stdout.contains(['\r', '\x1b']), "{stdout:?}");
    assert!(only_run(home.path()).join("weights.safetensors").is_file());
}

#[test]
fn a_killed_run_goes_on_to_the_same_weights() {
    let whole = home();
    let unbroken = run_text(whole.path(), LONG).succeeds();

    let home = home();
    let mut child = spikescope(home.path())
        .args(LONG.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for_an_epoch(home.path());
    child.kill().unwrap();
    child.wait().unwrap();

    let folder = only_run(home.path());
    assert!(!folder.join("weights.safetensors").exists(), "it was killed too late for this test");
    let resumed = run_text(home.path(), "train --resume last").succeeds();
    assert_eq!(results(&resumed), results(&unbroken));
    let weights = |folder: &Path| std::fs::read(folder.join("weights.safetensors")).unwrap();
    assert!(weights(&folder) == weights(&only_run(whole.path())), "the weights differ");

    let name = folder.file_name().unwrap().to_str().unwrap();
    let line = run_text(home.path(), &format!("train --resume {name}")).fails(1);
    assert!(line.contains("finished") && line.contains("weights.safetensors"), "{line}");
}

/// Waits until the only run's record tells of a finished epoch.
pub fn wait_for_an_epoch(home: &Path) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(10));
        let Ok(mut runs) = std::fs::read_dir(home.join("runs")) else { continue };
        let Some(Ok(run)) = runs.next() else { continue };
        let record = std::fs::read_to_string(run.path().join("run.json")).unwrap_or_default();
        if record.contains("\"train_loss\"") {
            return;
        }
    }
    panic!("no epoch was finished within two minutes");
}

#[test]
fn a_checkpoint_that_is_broken_is_named() {
    let home = home();
    let folder = home.path().join("runs/broken");
    std::fs::create_dir_all(&folder).unwrap();
    write(&folder, "run.json", "{\"id\": ");
    let line = run_text(home.path(), "train --resume broken").fails(1);
    assert!(line.contains("run.json"), "{line}");
}

#[test]
fn the_number_of_threads_changes_nothing_that_is_printed() {
    let lines = ["1", "2"].map(|threads| {
        let home = home();
        let text =
            format!("train mlp --data synthetic --subset 400 --epochs 2 --threads {threads}");
        results(&run_text(home.path(), &text).succeeds())
    });
    // Weights differ by rounding.
    assert_eq!(lines[0], lines[1]);
}

#[test]
fn a_loss_that_explodes_ends_the_run_with_a_message() {
    let home = home();
    // At 100 the units may die first, with a loss that is large but finite;
    // at a million the third forward pass overflows, whatever the rounding.
    let text =
        "train mlp --data synthetic --subset 500 --epochs 3 --optimiser sgd --learning-rate 1e6";
    let ran = run_text(home.path(), text);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stderr.contains("learning rate"), "{}", ran.stderr);
    assert!(only_run(home.path()).join("weights.safetensors").is_file(), "the last good weights");
}

#[test]
fn a_full_output_file_is_told_at_the_end_and_the_run_is_kept() {
    let home = home();
    let blocked = write(home.path(), "a-file", "").join("weights.safetensors");
    let text =
        format!("train mlp --data synthetic --subset 100 --epochs 1 --out {}", blocked.display());
    let ran = run_text(home.path(), &text);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("a-file"), "{}", ran.stderr);
    assert!(only_run(home.path()).join("weights.safetensors").is_file());
}

#[test]
fn a_run_keeps_its_history_unless_told_not_to() {
    let text = "train rnn1 --data synthetic --subset 100 --epochs 2 --threads 1";
    for (option, kept) in [("--snapshot-every 2", true), ("--history 0", false)] {
        let home = home();
        run_text(home.path(), &format!("{text} {option}")).succeeds();
        let segment = only_run(home.path()).join("snapshots/0000000000.seg");
        assert_eq!(segment.is_file(), kept, "{option}");
    }
    let error = run_text(home().path(), &format!("{text} --history 3")).fails(2);
    assert!(error.contains("history") && error.contains("20"), "{error}");
}

#[test]
fn ensembles_are_only_fitted_to_networks_that_held_out_the_same_digits() {
    let home = home();
    let folder = home.path().join("zoo");
    std::fs::create_dir(&folder).unwrap();
    let text = format!("train --all --fit-only --data synthetic --out {}", folder.display());
    let line = run_text(home.path(), &text).fails(1);
    assert!(line.contains("mlp.safetensors"), "{line}");
    // It was trained on a few of the digits.
    std::fs::copy(weights(), folder.join("mlp.safetensors")).unwrap();
    let line = run_text(home.path(), &text).fails(1);
    assert!(line.contains("held out the same digits"), "{line}");
}
