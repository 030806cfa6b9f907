//! `spikescope data add`, `list`, `remove` and `export ID`: data sets of the user's own.

use std::path::Path;

use super::Outcome;
use super::args::{AddArgs, RemoveArgs, Turn};
use super::failure::UsageError;
use super::output::{Output, complain};
use super::progress::{Progress, Unit};
use super::report::{DescribedSet, DescribedSource, OwnExported, OwnListed, OwnRemoved, OwnSet};
use super::{models, table};
use crate::core::folders;
use crate::core::text::grouped;
use crate::data::own::store::{self, About};
use crate::data::own::{Options, OwnError};
use crate::data::{CLASSES, ClassNames};
use crate::workers::own::{Proposal, propose};

pub fn add(args: &AddArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let classes = args.classes.as_deref().map(class_names).transpose()?;
    let root = folders::data();
    let progress = Progress::new(0, Unit::Images);
    progress.say("reading");
    progress.tick_steadily();
    // Before anything is read, which may take a while.
    if let Some(name) = &args.name {
        crate::data::own::id_of(name)?;
    }
    let options = Options { classes, scale: args.scale };
    let go = &mut |done, total| {
        progress.set_total(total as u64);
        progress.set(done as u64);
        true
    };
    let read = propose(&args.path, &options, models::threads(None), go);
    drop(progress);
    let proposal = read.map_err(anyhow::Error::msg)?;
    let turned = turn(proposal, args);
    let (id, name) = match &args.name {
        Some(name) => (crate::data::own::id_of(name)?, name.clone()),
        None => (store::free_id(&root, &turned.found.name)?, turned.found.name.clone()),
    };
    let about = store::keep(&root, &id, &name, &turned.found)?;
    let set = described(&about);
    out.line(format_args!("Added {} as {id}: {}", about.name, about.doc()))?;
    for note in turned.said.iter().chain(&about.notes) {
        out.line(format_args!("  {note}"))?;
    }
    print_classes(&[&about], out)?;
    out.line(format_args!("Train on it with `spikescope train mlp --data {id}`."))?;
    out.json(&set)?;
    Ok(Outcome::Done)
}

/// `A,B,C`, or the name of a set whose classes are known.
fn class_names(text: &str) -> Result<ClassNames, UsageError> {
    if let Some(known) = ClassNames::known(text) {
        return Ok(known);
    }
    let names: Vec<&str> = text.split(',').collect();
    ClassNames::new(&names).map_err(|e| UsageError(format!("--classes: {e}")))
}

/// A set with its pictures turned as they are to be, and what was done.
struct Turned {
    found: crate::data::own::Found,
    said: Vec<String>,
}

fn turn(proposal: Proposal, args: &AddArgs) -> Turned {
    let asked = args.turn.orientation();
    let hint = proposal.hint;
    if !asked.is_none() {
        let said = vec![format!("The pictures were turned: {}.", Turn::options(asked).join(" "))];
        return Turned { found: proposal.found.turned(asked), said };
    }
    match hint {
        Some(hint) if !args.as_is => {
            let said = format!(
                "They were put right ({}); --as-is keeps them as they are: {}.",
                Turn::options(hint.cure).join(" "),
                hint.text()
            );
            Turned { found: proposal.found.turned(hint.cure), said: vec![said] }
        }
        Some(hint) => {
            complain(format_args!("warning: {}. They were kept as they are", hint.text()));
            Turned { found: proposal.found, said: Vec::new() }
        }
        None if proposal.emnist && !args.as_is => {
            let cure = proposal.cure().unwrap_or_default();
            let said = format!(
                "They were put right ({}), since EMNIST's pictures lie transposed; --as-is keeps them as they are.",
                Turn::options(cure).join(" ")
            );
            Turned { found: proposal.found.turned(cure), said: vec![said] }
        }
        None => {
            if proposal.inverted && !args.as_is {
                complain(
                    "warning: the pictures lie on a light ground, where those of other sets lie on a dark one. They were kept as they are; remove the set and add it again with --invert to exchange dark and light",
                );
            }
            Turned { found: proposal.found, said: Vec::new() }
        }
    }
}

/// What JSON says of a set.
fn described(about: &About) -> OwnSet {
    OwnSet {
        id: about.id.clone(),
        name: about.name.clone(),
        classes: about.classes.all(),
        source: about.source.clone(),
        turned: Turn::options(about.orientation),
        held_out: about.held_out,
        notes: about.notes.clone(),
        train: about.train.fingerprint.digits,
        test: about.test.fingerprint.digits,
        train_by_class: about.train.by_class.clone(),
        test_by_class: about.test.by_class.clone(),
    }
}

/// The user's own sets, as `data describe` tells of those that are built in.
pub fn described_sources() -> Vec<DescribedSource> {
    let root = folders::data();
    let set = |about: &About, which: &str, part: &store::Part| {
        let mut classes = part.by_class.clone();
        classes.resize(classes.len().max(CLASSES), 0);
        let images = part.fingerprint.digits;
        DescribedSet { id: format!("{}-{which}", about.id), images, classes }
    };
    let source = |about: About| DescribedSource {
        folder: Some(root.join(&about.id).display().to_string()),
        problem: None,
        sets: vec![set(&about, "train", &about.train), set(&about, "test", &about.test)],
        about: about.doc(),
        id: about.id,
        name: about.name,
    };
    store::list(&root).0.into_iter().map(source).collect()
}

/// A table of how many pictures of each class there are, where classes have names.
fn print_classes(sets: &[&About], out: &mut Output) -> anyhow::Result<()> {
    for about in sets {
        let rows = about.classes.all().into_iter().enumerate().map(|(class, name)| {
            let count = |by: &[usize]| grouped(by.get(class).copied().unwrap_or(0) as u64);
            vec![name, count(&about.train.by_class), count(&about.test.by_class)]
        });
        table::print(out, "  ", &["class", ">training", ">test"], rows)?;
    }
    Ok(())
}

pub fn list(out: &mut Output) -> anyhow::Result<Outcome> {
    let root = folders::data();
    let (sets, broken) = store::list(&root);
    for error in &broken {
        complain(format_args!("warning: {error}"));
    }
    if sets.is_empty() {
        out.line(format_args!(
            "There are no data sets of your own in {}; `spikescope data add PATH` adds one.",
            root.display()
        ))?;
    } else {
        let rows = sets.iter().map(|about| {
            let count = |part: &store::Part| grouped(part.fingerprint.digits as u64);
            let classes = match about.classes.is_digits() {
                true => "0 to 9".to_owned(),
                false => about.classes.brief(12),
            };
            vec![
                about.id.clone(),
                about.name.clone(),
                count(&about.train),
                count(&about.test),
                classes,
            ]
        });
        table::print(out, "", &["id", "name", ">training", ">test", "classes"], rows)?;
    }
    out.json(&OwnListed {
        folder: root.display().to_string(),
        sets: sets.iter().map(described).collect(),
        broken: broken.iter().map(OwnError::to_string).collect(),
    })?;
    Ok(if broken.is_empty() { Outcome::Done } else { Outcome::PartlyFailed })
}

pub fn remove(args: &RemoveArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    store::remove(&folders::data(), &args.id)?;
    out.line(format_args!("Removed {}. Runs that were trained on it stay.", args.id))?;
    out.json(&OwnRemoved { id: args.id.clone() })?;
    Ok(Outcome::Done)
}

pub fn export(id: &str, folder: &Path, out: &mut Output) -> anyhow::Result<Outcome> {
    let files = store::export(&folders::data(), id, folder)?;
    out.line(format_args!("{id} written to:"))?;
    for file in &files {
        out.line(file.display())?;
    }
    let files = files.iter().map(|f| f.display().to_string()).collect();
    out.json(&OwnExported { id: id.to_owned(), files })?;
    Ok(Outcome::Done)
}
