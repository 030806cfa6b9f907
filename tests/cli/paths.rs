//! Paths that lead to something else than one expects, and numbers far too large.

use super::*;

/// A path with what is there: it is looked at at the end of a test.
#[cfg(unix)]
fn pipe(folder: &Path) -> String {
    let path = folder.join("pipe").display().to_string();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[test]
fn too_many_threads_are_refused_in_one_line() {
    let home = home();
    for command in [
        "train mlp --data synthetic",
        "train --all",
        "evaluate",
        "convert mlp",
        "simulate diehl-cook",
        "bench train",
        "bench rules",
        "scoreboard mlp",
    ] {
        for number in ["5000", "257", "0", "-1", "99999999999999999999", "x"] {
            let line = run_text(home.path(), &format!("{command} --threads={number}")).fails(2);
            assert!(line.contains("--threads"), "{command}: {line}");
            assert!(number.len() > 9 || number == "x" || line.contains("1..=256"), "{line}");
        }
    }
    for seconds in ["-1", "nan", "inf", "1e300"] {
        run_text(home.path(), &format!("bench train --seconds={seconds}")).fails(2);
        run_text(home.path(), &format!("bench spiking --seconds={seconds}")).fails(2);
    }
}

#[test]
fn numbers_that_would_fill_the_memory_are_refused() {
    let home = home();
    for arguments in
        ["--batch-size 5000", "--epochs 10000 --batch-size 1", "--history 18446744073709551615"]
    {
        let line = run_text(home.path(), &format!("train mlp --data synthetic {arguments}"));
        line.fails(2);
    }
    assert!(!home.path().join("runs").exists());
}

#[test]
#[cfg(unix)]
fn what_is_no_file_is_not_read() {
    let home = home();
    let drawing = write(home.path(), "drawing.json", r#"{"strokes": [[[0, 0], [0, 9]]]}"#);
    let drawing = drawing.display().to_string();
    let folder = home.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let pipe = pipe(home.path());
    for path in ["/dev/zero", "/dev/null", &pipe, &folder.display().to_string(), "nowhere"] {
        for command in ["evaluate --data synthetic", "convert --data synthetic"] {
            let line = run_text(home.path(), &format!("{command} --weights {path}")).fails(1);
            assert!(line.contains(path), "{command}: {line}");
        }
        let line = run_text(home.path(), &format!("classify {drawing} --weights {path}")).fails(1);
        assert!(line.contains(path), "{line}");
    }
    // A file that is there and has too much.
    let large = home.path().join("large.safetensors");
    std::fs::File::create(&large).unwrap().set_len(1 << 40).unwrap();
    let large = large.display().to_string();
    let line = run_text(home.path(), &format!("classify {drawing} --weights {large}")).fails(1);
    assert!(line.contains(&large) && line.contains("is the most"), "{line}");
}

#[test]
fn weights_of_an_unknown_network_are_a_broken_file_not_a_wrong_argument() {
    let home = home();
    let drawing = write(home.path(), "drawing.json", r#"{"strokes": [[[0, 0], [0, 9]]]}"#);
    let whole = std::fs::read(weights()).unwrap();
    let text = String::from_utf8_lossy(&whole[..2000]).into_owned();
    for (from, to) in [
        (r#"\"architecture\":\"mlp\""#, r#"\"architecture\":\"mlq\""#),
        (r#"\"validation_share\":0."#, r#"\"validation_share\":7."#),
    ] {
        let at = text.find(from).unwrap_or_else(|| panic!("{from} in {text}"));
        let mut changed = whole.clone();
        changed[at..at + to.len()].copy_from_slice(to.as_bytes());
        let path = write(home.path(), "changed.safetensors", changed).display().to_string();
        let drawing = drawing.display();
        for command in [format!("classify {drawing}"), "evaluate --data synthetic".into()] {
            let line = run_text(home.path(), &format!("{command} --weights {path}")).fails(1);
            assert!(line.contains("changed.safetensors"), "{line}");
        }
    }
}

#[test]
fn a_name_that_leads_out_of_the_folder_of_runs_is_refused() {
    let home = home();
    std::fs::create_dir_all(home.path().join("elsewhere")).unwrap();
    for name in ["../elsewhere", "../../x", "/etc", "..", ".", "a/b", "a/"] {
        let line = run(home.path(), &["train", "--resume", name]).fails(2);
        assert!(line.contains("not the name of a run"), "{line}");
        let line = run(home.path(), &["simulate", "diehl-cook", "--resume", name]);
        assert_ne!(line.code, Some(0));
    }
    assert_eq!(std::fs::read_dir(home.path().join("elsewhere")).unwrap().count(), 0);
}

#[test]
fn a_run_folder_without_its_record_is_told_of() {
    let home = home();
    let lost = home.path().join("runs/lost");
    std::fs::create_dir_all(&lost).unwrap();
    write(&lost, "checkpoint.safetensors", "");
    let line = run_text(home.path(), "train --resume lost").fails(1);
    assert!(line.contains("no run.json") && line.contains("delete the folder"), "{line}");
    let line = run_text(home.path(), "train --resume last").fails(2);
    assert!(line.contains("no run.json"), "{line}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_or_a_pipe_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let home = home();
    let pipe = pipe(home.path());
    let train = |out: &str| {
        let text = format!(
            "train mlp --data synthetic --subset 64 --epochs 1 --threads 1 --history 0 --json --out {out}"
        );
        run_text(home.path(), &text)
    };
    let line = train("/dev/full").fails(1);
    assert!(line.contains("/dev/full") && line.matches("pace left").count() == 1, "{line}");
    let device = Path::new("/dev/full").symlink_metadata().unwrap().file_type();
    assert!(device.is_char_device());
    let line = train(&pipe).fails(1);
    assert!(line.contains("nobody reads this pipe"), "{line}");
    assert!(Path::new(&pipe).symlink_metadata().unwrap().file_type().is_fifo());
}

#[test]
#[cfg(unix)]
fn saved_files_have_the_permissions_that_the_umask_leaves() {
    use std::os::unix::fs::PermissionsExt;
    let home = home();
    let program = env!("CARGO_BIN_EXE_spikescope");
    let script = format!(
        "umask 027; exec {program} train mlp --data synthetic --subset 64 --epochs 1 --threads 1 --out {}/out/new.safetensors",
        home.path().display()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env("SPIKESCOPE_HOME", home.path()).stdin(Stdio::null());
    assert!(shell.output().unwrap().status.success());
    let mut folders = vec![home.path().join("out"), home.path().join("runs")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        let mode = folder.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o750, "{folder:?}");
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let kind = entry.metadata().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
                continue;
            }
            files += 1;
            assert_eq!(kind.permissions().mode() & 0o777, 0o640, "{entry:?}");
        }
    }
    assert!(files >= 5, "{files}");
}

#[test]
#[cfg(unix)]
fn an_output_that_is_a_link_stays_one() {
    let home = home();
    let (link, target) = (home.path().join("link.safetensors"), home.path().join("target"));
    std::os::unix::fs::symlink("target", &link).unwrap();
    let text = format!(
        "train mlp --data synthetic --subset 64 --epochs 1 --threads 1 --history 0 --out {}",
        link.display()
    );
    run_text(home.path(), &text).succeeds();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(target.symlink_metadata().unwrap().is_file());
}
