//! Arguments that make no sense, help, and readers that go away.

use super::*;

#[test]
fn wrong_arguments_give_one_line_and_code_2() {
    let home = home();
    let out = home.path().display().to_string();
    for (arguments, parts) in [
        ("paint", &["'paint'", "--help"][..]),
        ("train", &["<MODEL>"]),
        ("train mpl", &["'mpl'", "mlp", "cnn3"]),
        ("train mlp --data nmist", &["'nmist'", "mnist", "synthetic"]),
        ("train mlp --epoch 3", &["'--epoch'", "'--epochs'"]),
        ("train mlp --epochs 0", &["'0'", "--epochs"]),
        ("train mlp --epochs many", &["'many'"]),
        ("train mlp --batch-size -4", &["-4"]),
        ("train mlp --data synthetic --batch-size 100000", &["batch size", "100000", "4096"]),
        ("train mlp --data synthetic --subset 60000", &["--subset", "60000", "12000"]),
        ("train mlp --data synthetic --subset 1", &["digits", "10"]),
        ("train mlp --data synthetic --learning-rate nan", &["NaN"]),
        ("train mlp --data synthetic --learning-rate -1", &["-1"]),
        ("train mlp --optimiser adamant", &["'adamant'", "adadelta", "adam", "sgd"]),
        ("train mlp --resume last", &["--resume", "MODEL"]),
        ("train --resume last", &["no run", "runs"]),
        ("train --resume ../../etc", &["../../etc"]),
        (&format!("train mlp --data synthetic --out {out}"), &["--out", "folder"]),
        ("evaluate --images a", &["--labels"]),
        ("evaluate --labels a", &["--images"]),
        ("evaluate --images a --labels b --data synthetic", &["--images", "--data"]),
        ("evaluate cnn9", &["'cnn9'", "cnn3"]),
        ("classify", &["<FILE>"]),
        ("data export --count 5", &["--out"]),
        ("data export --out x --count 0", &["'0'"]),
        ("--theme blue", &["'blue'", "light", "dark", "system"]),
        ("--workspace kitchen", &["'kitchen'", "draw", "train"]),
        ("--json", &["'--json'"]),
    ] {
        let line = run_text(home.path(), arguments).fails(2);
        for part in parts {
            assert!(line.contains(part), "{arguments}: {part} is not in {line}");
        }
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "nothing was begun");
}

#[test]
fn help_and_version_go_to_stdout() {
    let home = home();
    let help = run_text(home.path(), "--help").succeeds();
    for part in ["train", "evaluate", "classify", "data", "tour", "--projector", "SPIKESCOPE_HOME"]
    {
        assert!(help.contains(part), "{part} is not in\n{help}");
    }
    for command in ["train", "evaluate", "classify", "data", "data download", "data check", "tour"]
    {
        let help = run_text(home.path(), &format!("{command} --help")).succeeds();
        assert!(help.contains("Usage: spikescope"), "{help}");
        let widest = help.lines().map(|l| l.chars().count()).max().unwrap_or_default();
        assert!(widest <= 100, "a line of {command} --help has {widest} characters\n{help}");
    }
    let version = run_text(home.path(), "--version").succeeds();
    assert_eq!(version.trim_end(), concat!("spikescope ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn without_mnist_the_way_to_get_it_is_told() {
    let home = home();
    let weights = weights().display().to_string();
    for arguments in [format!("evaluate --weights {weights}"), "train mlp".into()] {
        let line = run_text(home.path(), &arguments).fails(1);
        for part in ["spikescope data download", "--mnist", "SPIKESCOPE_MNIST"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(line.contains("--data synthetic"), "{line}");
    }
}

#[test]
fn a_download_that_fails_says_what_to_do() {
    let home = home();
    // Nobody listens on port 9 (discard) of this machine.
    let ran = run_text(home.path(), "data download --mirror http://127.0.0.1:9/ --json");
    let line = ran.fails(1);
    assert!(line.contains("127.0.0.1:9") && line.contains("try again"), "{line}");
}

#[test]
fn the_environment_names_the_folder_and_may_be_wrong() {
    let home = home();
    let output = spikescope(home.path())
        .args(["train", "mlp"])
        .env("SPIKESCOPE_MNIST", "/nowhere/at/all")
        .output()
        .unwrap();
    let line = Ran::of(output).fails(1);
    assert!(line.contains("/nowhere/at/all") && line.contains("train-images-idx3-ubyte"), "{line}");
}

#[test]
fn a_home_that_cannot_be_written_to_is_named() {
    let folder = home();
    let file = write(folder.path(), "a-file", "not a folder");
    let line = run_text(&file, "train mlp --data synthetic --subset 100 --epochs 1").fails(1);
    assert!(line.contains("a-file"), "{line}");
}

#[test]
fn a_log_filter_that_makes_no_sense_does_no_harm() {
    let home = home();
    let mut command = spikescope(home.path());
    let output = command.args(["data", "describe"]).env("RUST_LOG", "=,=/[").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!output.stdout.is_empty());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = home();
    for arguments in ["data describe", "data check", "--help", "data describe --json"] {
        // Gone before the program begins, so that every write fails.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output =
            spikescope(home.path()).args(arguments.split(' ')).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_is_told() {
    let home = home();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = spikescope(home.path()).args(["data", "describe"]).stdout(full).output().unwrap();
    let line = Ran::of(output).fails(1);
    assert!(line.contains("No space left"), "{line}");
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_display_the_window_says_so() {
    let home = home();
    let line = run::<&str>(home.path(), &[]).fails(1);
    assert!(!line.contains("bug"), "{line}");
}
