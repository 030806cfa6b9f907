//! Drives the built program as people and scripts do: arguments in; exit code,
//! stdout and stderr out.

mod all_scenes;
mod convert;
mod files;
mod film;
mod imagine;
mod json;
mod lesson;
mod onnx;
mod own;
mod paths;
mod scene;
mod scoreboard;
mod simulate;
mod train;
mod turned;
mod usage;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// What a run of the program gave.
struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("stdout is text"),
            stderr: String::from_utf8(output.stderr).expect("stderr is text"),
        }
    }

    /// It did what it was asked to, and had nothing to complain about.
    #[track_caller]
    fn succeeds(self) -> String {
        assert_eq!(self.code, Some(0), "{}\n{}", self.stdout, self.stderr);
        assert_eq!(self.stderr, "");
        self.stdout
    }

    /// It ended with this code, one line on stderr and nothing on stdout.
    #[track_caller]
    fn fails(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        let line = self.stderr.trim_end();
        assert!(line.starts_with("error: ") && !line.contains('\n'), "{line}");
        line.to_owned()
    }
}

/// The program, with a home of its own and nothing of the machine's: no
/// MNIST, no display, no log settings.
fn spikescope(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spikescope"));
    command.env("SPIKESCOPE_HOME", home).stdin(Stdio::null());
    for name in ["SPIKESCOPE_MNIST", "DISPLAY", "WAYLAND_DISPLAY", "RUST_LOG", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command
}

/// Runs it with these arguments.
fn run<S: AsRef<std::ffi::OsStr>>(home: &Path, arguments: &[S]) -> Ran {
    Ran::of(spikescope(home).args(arguments).output().expect("the program starts"))
}

/// Arguments as one text, split at spaces.
fn run_text(home: &Path, arguments: &str) -> Ran {
    run(home, &arguments.split_whitespace().collect::<Vec<_>>())
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Weights of an MLP that has seen a few synthetic digits; trained once.
fn weights() -> &'static Path {
    static WEIGHTS: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = WEIGHTS.get_or_init(|| {
        let home = home();
        let path = home.path().join("mlp.safetensors");
        let out = path.display();
        let arguments = format!(
            "train mlp --data synthetic --subset 600 --epochs 1 --optimiser adam --out {out}"
        );
        run_text(home.path(), &arguments).succeeds();
        (home, path)
    });
    path
}

/// A drawing that every reader of stroke files takes.
const DRAWING: &str = r#"{"strokes": [[[10, 0], [10, 40]], [[5, 0], [10, 0]]]}"#;

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("the temporary folder can be written to");
    path
}
