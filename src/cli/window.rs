//! `spikescope` without a command: the window.

use std::path::PathBuf;

use super::Outcome;
use super::args::{OpenArgs, WindowArgs};
use crate::ui::{self, LaunchOptions};

pub fn run(args: WindowArgs) -> anyhow::Result<Outcome> {
    launch(args, None)
}

/// `spikescope open`: the window with a scene.
pub fn open(args: OpenArgs) -> anyhow::Result<Outcome> {
    // A window that opens only to say that there is no such file helps nobody.
    let scene = std::path::absolute(&args.file)?;
    anyhow::ensure!(scene.is_file(), "there is no file {}", args.file.display());
    launch(args.window, Some(scene))
}

fn launch(args: WindowArgs, scene: Option<PathBuf>) -> anyhow::Result<Outcome> {
    ui::run(LaunchOptions {
        mnist: args.mnist,
        projector: args.projector,
        theme: args.theme,
        workspace: args.workspace,
        scene,
        software: args.software,
    })?;
    Ok(Outcome::Done)
}
