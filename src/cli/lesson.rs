//! `spikescope lesson`: checks lessons, and lists what they can refer to.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::output::{Format, Output};
use super::report::{
    CheckedLesson, CheckedLessons, LessonLine, LessonMeasure, LessonMeasures, LessonProblem,
    LessonSetting, LessonSettings, Lessons,
};
use super::values::workspaces;
use super::{Outcome, table};
use crate::core::folders;
use crate::lessons::library::{self, Found, Origin};
use crate::lessons::{Lesson, Problem};
use crate::ui::lesson::check::{check, measure_lines, setting_lines};
use crate::ui::workspace::Entry;
use crate::ui::workspaces::{WORKSPACES, find};

/// Check lessons of your own, and list what lessons can refer to
///
/// A lesson is a text file that leads through the workspaces; docs/lessons.md says how to write
/// one. Lessons in the folder `lessons` of the user's data folder are shown beside the bundled
/// ones.
#[derive(Args, Debug)]
pub struct LessonArgs {
    #[command(subcommand)]
    pub action: LessonAction,
}

#[derive(Subcommand, Debug)]
pub enum LessonAction {
    Check(CheckArgs),
    /// List the bundled lessons and your own
    List(ListArgs),
    /// List what workspaces measure, for conditions and predictions
    Measures(MeasuresArgs),
    /// List a workspace's settings with their usual values, for scenes
    Settings(SettingsArgs),
}

/// Say what is wrong with lessons, by file and line
///
/// Exit code 1 if something is.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope lesson check my-lesson.md
  spikescope lesson check lessons/*.md --json")]
pub struct CheckArgs {
    /// The lessons
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

// No doc comments on these: they would replace the help of the variants.
#[derive(Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    pub format: Format,
}

#[derive(Args, Debug)]
pub struct MeasuresArgs {
    /// Only of this workspace
    #[arg(value_name = "WORKSPACE", value_parser = workspaces())]
    pub workspace: Option<String>,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Args, Debug)]
pub struct SettingsArgs {
    /// The workspace
    #[arg(value_name = "WORKSPACE", value_parser = workspaces())]
    pub workspace: String,
    #[command(flatten)]
    pub format: Format,
}

pub fn run(args: &LessonArgs) -> anyhow::Result<Outcome> {
    match &args.action {
        LessonAction::Check(args) => check_files(args, &mut Output::stdout(args.format)),
        LessonAction::List(args) => list(&mut Output::stdout(args.format)),
        LessonAction::Measures(args) => measures(args, &mut Output::stdout(args.format)),
        LessonAction::Settings(args) => settings(args, &mut Output::stdout(args.format)),
    }
}

/// What is wrong with a lesson that has been read or not.
fn problems(found: &Found) -> Vec<Problem> {
    match found {
        Ok(lesson) => check(lesson),
        Err(problems) => problems.clone(),
    }
}

fn check_files(args: &CheckArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let mut lessons = Vec::new();
    for path in &args.files {
        let file = path.display().to_string();
        let found = library::open(path);
        let problems = problems(&found);
        for Problem { line, text } in &problems {
            match line {
                0 => out.line(format_args!("{file}: {text}"))?,
                line => out.line(format_args!("{file}:{line}: {text}"))?,
            }
        }
        if let (Ok(lesson), true) = (&found, problems.is_empty()) {
            let (steps, minutes) = (lesson.steps.len(), lesson.minutes);
            let steps = if steps == 1 { "1 step".into() } else { format!("{steps} steps") };
            out.line(format_args!("{file}: {}: {steps}, {minutes} min", lesson.title))?;
        }
        lessons.push(checked(file, found.ok().as_ref(), problems));
    }
    let sound = lessons.iter().all(|lesson| lesson.problems.is_empty());
    out.json(&CheckedLessons { lessons })?;
    Ok(if sound { Outcome::Done } else { Outcome::PartlyFailed })
}

fn checked(file: String, lesson: Option<&Lesson>, problems: Vec<Problem>) -> CheckedLesson {
    CheckedLesson {
        file,
        title: lesson.map(|lesson| lesson.title.clone()),
        steps: lesson.map(|lesson| lesson.steps.len()),
        minutes: lesson.map(|lesson| lesson.minutes),
        problems: problems
            .into_iter()
            .map(|Problem { line, text }| LessonProblem { line, text })
            .collect(),
    }
}

fn list(out: &mut Output) -> anyhow::Result<Outcome> {
    let all = library::all(&library::own_folder(&folders::home()));
    let lessons: Vec<LessonLine> =
        all.into_iter().map(|(origin, found)| line(&origin, &found)).collect();
    let rows = lessons.iter().map(|lesson| {
        let minutes = lesson.minutes.map_or_else(String::new, |minutes| minutes.to_string());
        let title = match (&lesson.title, lesson.problems) {
            (Some(title), 0) => title.clone(),
            (title, problems) => {
                format!("{} ({problems} problems)", title.as_deref().unwrap_or("cannot be read"))
            }
        };
        vec![lesson.id.clone(), lesson.section.clone(), minutes, title]
    });
    table::print(out, "", &["lesson", "section", ">min", "title"], rows.collect::<Vec<_>>())?;
    out.json(&Lessons { lessons })?;
    Ok(Outcome::Done)
}

fn line(origin: &Origin, found: &Found) -> LessonLine {
    let lesson = found.as_ref().ok();
    LessonLine {
        id: origin.id(),
        file: match origin {
            Origin::Bundled(_) => None,
            Origin::Own(file) => Some(file.display().to_string()),
        },
        title: lesson.map(|lesson| lesson.title.clone()),
        section: lesson.map(|lesson| lesson.section.clone()).unwrap_or_default(),
        minutes: lesson.map(|lesson| lesson.minutes),
        steps: lesson.map(|lesson| lesson.steps.len()),
        goal: lesson.map(|lesson| lesson.goal.clone()),
        problems: problems(found).len(),
    }
}

/// In the form in which docs/lessons.md has them.
fn measures(args: &MeasuresArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let mut all = Vec::new();
    let asked = |entry: &&Entry| args.workspace.as_deref().is_none_or(|id| id == entry.about.id);
    for entry in WORKSPACES.iter().filter(asked) {
        let lines = measure_lines(entry);
        if !lines.is_empty() {
            out.line(format_args!("\n### {}\n", entry.about.name))?;
        }
        lines.iter().try_for_each(|line| out.line(line))?;
        all.extend((entry.measures)().into_iter().map(|m| LessonMeasure {
            name: format!("{}.{}", entry.about.id, m.name),
            unit: m.unit.into(),
            about: m.doc.into(),
        }));
    }
    out.json(&LessonMeasures { measures: all })?;
    Ok(Outcome::Done)
}

fn settings(args: &SettingsArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let Some(entry) = find(&args.workspace) else { return Ok(Outcome::Done) };
    let lines = setting_lines(entry);
    for (name, value) in &lines {
        let tabs = entry.tabs.join(", ");
        match name.as_str() {
            "tab" if !tabs.is_empty() => out.line(format_args!("{name} = {value}  ({tabs})"))?,
            _ => out.line(format_args!("{name} = {value}"))?,
        }
    }
    let settings = lines.into_iter().map(|(name, usual)| LessonSetting { name, usual }).collect();
    out.json(&LessonSettings { workspace: args.workspace.clone(), settings })?;
    Ok(Outcome::Done)
}
