//! `spikescope` without a command: the window.

use super::Outcome;
use super::args::WindowArgs;
use crate::ui::{self, LaunchOptions};

pub fn run(args: WindowArgs) -> anyhow::Result<Outcome> {
    ui::run(LaunchOptions {
        mnist: args.mnist,
        projector: args.projector,
        theme: args.theme,
        workspace: args.workspace,
        software: args.software,
    })?;
    Ok(Outcome::Done)
}
