//! `spikescope tour`: every workspace as a picture.

use super::Outcome;
use super::args::TourArgs;
use super::output::Output;
use super::report::Toured;
use crate::ui::tour::{TourOptions, render};
use crate::ui::window::{guarded, no_adapter};

pub fn run(args: &TourArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let options = TourOptions { mnist: args.mnist.clone() };
    let pictures = guarded(|| render(&args.out, &options)).map_err(|e| no_adapter(&e))??;
    for picture in &pictures {
        out.line(picture.display())?;
    }
    out.json(&Toured {
        folder: args.out.display().to_string(),
        pictures: pictures.iter().map(|p| p.display().to_string()).collect(),
    })?;
    Ok(Outcome::Done)
}
