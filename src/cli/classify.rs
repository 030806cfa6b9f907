//! `spikescope classify`: what the networks answer to photos and drawings.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::Outcome;
use super::args::ClassifyArgs;
use super::classify_ask::Panel;
use super::failure;
use super::output::{Output, OutputError, complain};
use super::report::{Answer, Classified, ClassifiedDigit, ClassifiedFile, FileError};
use super::table;
use crate::core::decision::{leading, said};
use crate::data::strokes::{self, Framing};
use crate::data::{CLASSES, ClassNames, Pixels, SIDE, picture};

pub fn run(args: &ClassifyArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let panel = Panel::select(args)?;
    let (mut inputs, mut errors) = (Vec::new(), Vec::new());
    let mut seen = args.seen.as_deref().map(Seen::new);
    for file in &args.files {
        // One broken file does not keep the others from being answered.
        match answer(file, &panel, seen.as_mut()) {
            Ok(input) => {
                if !inputs.is_empty() {
                    out.line("")?;
                }
                print(&panel, &input, out)?;
                inputs.push(input);
            }
            Err(error) => {
                let error = failure::one_line(&error);
                complain(format_args!("error: {error}"));
                errors.push(FileError { file: file.display().to_string(), error });
            }
        }
    }
    let outcome = if errors.is_empty() { Outcome::Done } else { Outcome::PartlyFailed };
    out.json(&Classified { inputs, errors })?;
    Ok(outcome)
}

/// What a file shows.
struct Input {
    digits: Vec<Digit>,
    lines_left_out: usize,
}

struct Digit {
    pixels: Pixels,
    bounds: Option<[u32; 4]>,
    warning: Option<String>,
}

/// The 28×28 pictures that the networks see. A drawing goes the way of the
/// window's canvas.
fn read(file: &Path) -> anyhow::Result<Input> {
    let is_drawing = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    if is_drawing {
        let strokes = strokes::load(file)?;
        let pixels = strokes::to_pixels(&strokes, None, Framing::Mnist);
        let warning = strokes::warning(&strokes, 0.0).map(str::to_owned);
        let digits = vec![Digit { pixels, bounds: None, warning }];
        return Ok(Input { digits, lines_left_out: 0 });
    }
    let picture = picture::load(file)?;
    let digit = |d: picture::FoundDigit| Digit {
        pixels: *d.pixels,
        bounds: Some(d.bounds),
        warning: d.note.map(|n| n.text().to_owned()),
    };
    Ok(Input {
        digits: picture.digits.into_iter().map(digit).collect(),
        lines_left_out: picture.lines_left_out,
    })
}

fn answer(
    file: &Path,
    panel: &Panel,
    seen: Option<&mut Seen<'_>>,
) -> anyhow::Result<ClassifiedFile> {
    let input = read(file)?;
    let pixels: Vec<Pixels> = input.digits.iter().map(|d| d.pixels).collect();
    let saved = match seen {
        Some(seen) => seen.save(file, &pixels)?.into_iter().map(Some).collect(),
        None => vec![None; pixels.len()],
    };
    let digits: Vec<ClassifiedDigit> = panel
        .ask(&pixels)?
        .into_iter()
        .zip(input.digits)
        .zip(saved)
        .map(|((answers, digit), seen)| ClassifiedDigit {
            bounds: digit.bounds,
            warning: digit.warning,
            seen,
            models: answers.models,
            ensembles: answers.ensembles,
            spiking: answers.spiking,
        })
        .collect();
    Ok(ClassifiedFile {
        file: file.display().to_string(),
        models: digits.first().map(|d| d.models.clone()).unwrap_or_default(),
        digits,
        lines_left_out: input.lines_left_out,
    })
}

/// Where `--seen` puts what the networks see.
struct Seen<'a> {
    folder: &'a Path,
    names: HashSet<String>,
}

impl<'a> Seen<'a> {
    fn new(folder: &'a Path) -> Self {
        Self { folder, names: HashSet::new() }
    }

    /// Writes the pictures of one file: `NAME-seen.png`, and `NAME-seen-2.png`
    /// and so on where there are several.
    fn save(&mut self, file: &Path, digits: &[Pixels]) -> anyhow::Result<Vec<String>> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let name =
            |n: usize| if n == 1 { format!("{stem}-seen") } else { format!("{stem}-seen-{n}") };
        let mut saved = Vec::new();
        let mut n = 0;
        for pixels in digits {
            // Files of the same name may come from several folders.
            let name = loop {
                n += 1;
                if self.names.insert(name(n)) {
                    break name(n);
                }
            };
            let path: PathBuf = self.folder.join(format!("{name}.png"));
            // Light on dark, as MNIST has it.
            let grey = pixels.map(|p| (p.clamp(0.0, 1.0) * 255.0).round() as u8);
            picture::write_png(&path, [SIDE; 2], image::ExtendedColorType::L8, &grey)?;
            saved.push(path.display().to_string());
        }
        Ok(saved)
    }
}

/// A table for each digit: one row per network, one column per class, in percent.
fn print(panel: &Panel, input: &ClassifiedFile, out: &mut Output) -> Result<(), OutputError> {
    let count = input.digits.len();
    if count == 1 {
        out.line(format_args!("{} (probabilities in %)", input.file))?;
    } else {
        let what = "from left to right, from top to bottom; probabilities in %";
        out.line(format_args!("{}: {count} digits ({what})", input.file))?;
    }
    if input.lines_left_out > 0 {
        out.line("  Ruled lines or a frame were left out.")?;
    }
    for (i, digit) in input.digits.iter().enumerate() {
        if count > 1 {
            let [x, y, width, height] = digit.bounds.unwrap_or_default();
            out.line(format_args!("  digit {}, {width}×{height} px at {x}, {y}", i + 1))?;
        }
        if let Some(warning) = &digit.warning {
            out.line(format_args!("  Warning: {warning}"))?;
        }
        print_answers(panel, digit, out)?;
    }
    Ok(())
}

fn print_answers(
    panel: &Panel,
    digit: &ClassifiedDigit,
    out: &mut Output,
) -> Result<(), OutputError> {
    let mut columns = vec!["model", ">answer"];
    columns.extend(table::DIGITS);
    let row = |name: String, answer: Option<usize>, probabilities: &[f32]| {
        let mut row = vec![name, said(answer)];
        row.extend(probabilities.iter().map(|p| format!("{:.1}", p * 100.0)));
        row
    };
    let mut rows: Vec<Vec<String>> = digit
        .models
        .iter()
        .zip(panel.model_names().zip(panel.model_classes()))
        .filter(|(_, (_, classes))| classes.is_digits())
        .map(|(a, (name, _))| row(name, a.digit, &a.probabilities))
        .collect();
    for (a, name) in digit.ensembles.iter().zip(panel.ensemble_names()) {
        rows.push(row(format!("{name}, stacking"), a.digit, &a.probabilities));
        let average = &a.average_probabilities;
        rows.push(row(format!("{name}, averaging"), a.average_digit, average));
    }
    if !rows.is_empty() {
        table::print(out, "  ", &columns, rows)?;
    }
    for (a, (name, classes)) in
        digit.models.iter().zip(panel.model_names().zip(panel.model_classes()))
    {
        if !classes.is_digits() {
            print_named(a, name, classes, out)?;
        }
    }
    let columns = ["spiking network", ">vote", ">by confidence", ">logistic", ">spikes"];
    let row = |(a, name): (&super::report::SpikingAnswer, String)| {
        vec![
            name,
            said(a.vote),
            said(a.confidence),
            said(a.logistic),
            a.spikes.map_or_else(|| "too few".to_owned(), |n| n.to_string()),
        ]
    };
    let rows: Vec<_> = digit.spiking.iter().zip(panel.spiking_names()).map(row).collect();
    if !rows.is_empty() {
        table::print(out, "  ", &columns, rows)?;
    }
    Ok(())
}

/// The answer of a network whose classes have names: a table of its own.
fn print_named(
    answer: &Answer,
    name: String,
    classes: &ClassNames,
    out: &mut Output,
) -> Result<(), OutputError> {
    // Of many, the most probable ones.
    let count = classes.count().min(answer.probabilities.len());
    let shown = leading(&answer.probabilities[..count], CLASSES);
    let names: Vec<String> = shown.iter().map(|c| format!(">{}", classes.name(*c))).collect();
    let mut columns = vec!["model", ">answer"];
    columns.extend(names.iter().map(String::as_str));
    let mut row = vec![name, classes.said(answer.digit)];
    row.extend(shown.iter().map(|c| format!("{:.1}", answer.probabilities.of(*c) * 100.0)));
    table::print(out, "  ", &columns, [row])
}
