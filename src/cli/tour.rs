//! `spikescope tour`: every workspace as a picture.

use super::Outcome;
use super::args::TourArgs;
use super::output::{Output, complain};
use super::progress::{Progress, Unit};
use super::report::{MissingScene, Toured};
use crate::ui::tour::{TourOptions, render};

pub fn run(args: &TourArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let progress = Progress::new(0, Unit::Pages);
    progress.tick_steadily();
    let options =
        TourOptions { mnist: args.mnist.clone(), saved: args.scene.clone(), look: args.look };
    let pages = render(&args.out, &options, &mut |page| {
        progress.set_total(page.of as u64);
        progress.set(page.number as u64);
        progress.say(&page.name);
        if let Ok(picture) = &page.picture {
            progress.pause(|| out.line(picture.display()))?;
        }
        Ok(())
    })?;
    drop(progress);
    let (mut pictures, mut missing) = (Vec::new(), Vec::new());
    for page in pages {
        match page.picture {
            Ok(picture) => pictures.push(picture.display().to_string()),
            Err(reason) => missing.push(MissingScene { scene: page.name, reason }),
        }
    }
    for MissingScene { scene, reason } in &missing {
        complain(format_args!("error: there is no picture of {scene}: {reason}"));
    }
    let outcome = if missing.is_empty() { Outcome::Done } else { Outcome::PartlyFailed };
    out.json(&Toured { folder: args.out.display().to_string(), pictures, missing })?;
    Ok(outcome)
}
