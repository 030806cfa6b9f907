//! `spikescope data`: fetches, checks, describes and exports digits.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::args::{DataAction, DataArgs, DownloadArgs, ExportArgs, FolderArgs};
use super::output::{Output, complain};
use super::progress::{Progress, Unit};
use super::report::{Checked, CheckedFile, Described, DescribedSet, DescribedSource, Exported};
use super::table;
use super::{Outcome, data_own};
use crate::core::{files, folders};
use crate::data::download::{self, MIRRORS};
use crate::data::mnist::{self, FileReport, FileState};
use crate::data::registry::{self, SOURCES, Source};
use crate::data::{CLASSES, Dataset, idx, own, synthetic};

pub fn run(args: &DataArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        DataAction::Download(args) => fetch(args, &mut Output::stdout(args.format)),
        DataAction::Check(args) => check(args, &mut Output::stdout(args.format)),
        DataAction::Describe(args) => describe(args, &mut Output::stdout(args.format)),
        DataAction::Export(args) => export(args, &mut Output::stdout(args.format)),
        DataAction::Add(args) => data_own::add(args, &mut Output::stdout(args.format)),
        DataAction::List(args) => data_own::list(&mut Output::stdout(args.format)),
        DataAction::Remove(args) => data_own::remove(args, &mut Output::stdout(args.format)),
    }
}

fn fetch(args: &DownloadArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let folder = args.to.clone().unwrap_or_else(folders::mnist);
    let mirrors = match &args.mirror[..] {
        [] => MIRRORS.iter().map(|m| (*m).to_owned()).collect(),
        named => named.to_vec(),
    };
    out.line(format_args!("Fetching MNIST into {}", folder.display()))?;
    let bar = Progress::new(0, Unit::Bytes);
    let never = AtomicBool::new(false);
    download::download(&folder, &mirrors, &download::Options::default(), &never, &mut |p| {
        bar.set_total(p.total_bytes);
        bar.set(p.bytes);
        if bar.is_shown() {
            bar.say(format!("{} from {}", p.file, p.mirror));
        }
    })?;
    drop(bar);
    report_files(&folder, out)
}

fn check(args: &FolderArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let folder = mnist::find(args.mnist.as_deref()).unwrap_or_else(folders::mnist);
    report_files(&folder, out)
}

/// Reports the four files of a folder; files that cannot be used are a failure.
fn report_files(folder: &Path, out: &mut Output) -> anyhow::Result<Outcome> {
    let checked: Vec<CheckedFile> = mnist::check(folder).iter().map(checked_file).collect();
    let ok = checked.iter().all(|f| f.state == "ok");
    let columns = ["file", ">bytes", "state"];
    let rows: Vec<Vec<String>> =
        checked.iter().map(|f| vec![f.name.clone(), f.bytes.to_string(), state_text(f)]).collect();
    out.line(folder.display())?;
    table::print(out, "  ", &columns, rows)?;
    out.json(&Checked { folder: folder.display().to_string(), ok, files: checked })?;
    if ok {
        return Ok(Outcome::Done);
    }
    complain(
        "error: MNIST is not complete there; `spikescope data download` fetches what is missing",
    );
    Ok(Outcome::PartlyFailed)
}

fn checked_file(report: &FileReport) -> CheckedFile {
    let (state, verified, problem) = match &report.state {
        FileState::Missing => ("missing", false, Some("the file is not there".to_owned())),
        FileState::Ok { verified } => ("ok", *verified, None),
        FileState::Broken(what) => ("broken", false, Some(what.clone())),
    };
    CheckedFile {
        name: report.name.to_owned(),
        path: report.path.display().to_string(),
        state,
        verified,
        bytes: report.bytes,
        problem,
    }
}

fn state_text(file: &CheckedFile) -> String {
    match (&file.problem, file.verified) {
        (None, true) => "ok, its content is MNIST's".into(),
        (None, false) => "ok, but its content is not MNIST's".into(),
        (Some(_), _) if file.state == "missing" => "missing".into(),
        (Some(problem), _) => format!("broken: {problem}"),
    }
}

fn describe(args: &FolderArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let sources: Vec<DescribedSource> =
        SOURCES.iter().map(|s| describe_source(s, args.mnist.as_deref())).collect();
    let own = data_own::described_sources();
    let sources: Vec<DescribedSource> = sources.into_iter().chain(own).collect();
    for source in &sources {
        print_source(source, out)?;
    }
    // Digits that are not there are what was asked about, unless somebody named
    // the folder.
    let unusable = args.mnist.is_some() && sources.iter().any(|s| s.problem.is_some());
    out.json(&Described { sources })?;
    Ok(if unusable { Outcome::PartlyFailed } else { Outcome::Done })
}

fn describe_source(source: &Source, mnist_folder: Option<&Path>) -> DescribedSource {
    let folder = if source.id == "mnist" { mnist::find(mnist_folder) } else { None };
    let (problem, sets) = match registry::load(source.id, mnist_folder) {
        Ok(split) => (None, vec![describe_set(&split.train), describe_set(&split.test)]),
        Err(error) => (Some(error.to_string()), Vec::new()),
    };
    DescribedSource {
        id: source.id.to_owned(),
        name: source.name.to_owned(),
        about: source.doc.to_owned(),
        folder: folder.map(|f| f.display().to_string()),
        problem,
        sets,
    }
}

fn describe_set(data: &Dataset) -> DescribedSet {
    let classes = own::by_class(data)[..CLASSES].to_vec();
    DescribedSet { id: data.id.clone(), images: data.len(), classes }
}

fn print_source(source: &DescribedSource, out: &mut Output) -> anyhow::Result<()> {
    out.line(format_args!("{} (--data {}): {}", source.name, source.id, source.about))?;
    if let Some(folder) = &source.folder {
        out.line(format_args!("  folder: {folder}"))?;
    }
    if let Some(problem) = &source.problem {
        out.line(format_args!("  not usable: {problem}"))?;
        return Ok(out.line("")?);
    }
    let mut columns = vec!["set", ">images"];
    // Columns for more classes have no room: `data list --json` has them all.
    let many = source.sets.iter().any(|set| set.classes.len() > CLASSES);
    if !many {
        columns.extend(table::DIGITS);
    }
    let row = |set: &DescribedSet| {
        let mut row = vec![set.id.clone(), set.images.to_string()];
        row.extend(set.classes.iter().filter(|_| !many).map(usize::to_string));
        row
    };
    table::print(out, "  ", &columns, source.sets.iter().map(row))?;
    Ok(out.line("")?)
}

fn export(args: &ExportArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    if let (Some(id), Some(folder)) = (&args.id, &args.folder) {
        return data_own::export(id, folder, out);
    }
    let folder = args.out.clone().unwrap_or_default();
    let data = synthetic::generate(args.seed, args.count as usize);
    let images = folder.join("synthetic-images-idx3-ubyte");
    let labels = folder.join("synthetic-labels-idx1-ubyte");
    files::sweep(&folder);
    idx::write_pair(&data, &images, &labels)?;
    out.line(format_args!("{} digits written to:", data.len()))?;
    out.line(images.display())?;
    out.line(labels.display())?;
    out.json(&Exported {
        images: data.len(),
        seed: args.seed,
        images_file: images.display().to_string(),
        labels_file: labels.display().to_string(),
    })?;
    Ok(Outcome::Done)
}
