//! `spikescope classify`: what the networks say about pictures and drawings.

use std::path::Path;

use super::Outcome;
use super::args::ClassifyArgs;
use super::failure;
use super::models::{self, Trained};
use super::output::{Output, OutputError, complain};
use super::report::{Answer, Classified, ClassifiedFile};
use super::table::{self, Align};
use crate::core::decision::{said, unique_max};
use crate::data::strokes::{self, Framing};
use crate::data::{CLASSES, Pixels, picture};

pub fn run(args: &ClassifyArgs, out: &mut Output) -> anyhow::Result<Outcome> {
    let models = models::select(&args.models, &args.weights, &models::sets(Some(&args.set)))?;
    let mut outcome = Outcome::Done;
    let mut inputs = Vec::new();
    for file in &args.files {
        // One broken file does not keep the others from being answered.
        match read(file) {
            Ok(pixels) => {
                let input = ClassifiedFile {
                    file: file.display().to_string(),
                    models: ask(&models, &pixels)?,
                };
                if !inputs.is_empty() {
                    out.line("")?;
                }
                print(&models, &input, out)?;
                inputs.push(input);
            }
            Err(error) => {
                complain(format_args!("error: {}", failure::one_line(&error)));
                outcome = Outcome::PartlyFailed;
            }
        }
    }
    out.json(&Classified { inputs })?;
    Ok(outcome)
}

/// The 28×28 picture that the networks see. A drawing goes the way of the
/// window's canvas.
fn read(file: &Path) -> anyhow::Result<Pixels> {
    let is_drawing = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    if is_drawing {
        let strokes = strokes::load(file)?;
        return Ok(strokes::to_pixels(&strokes, None, Framing::Mnist));
    }
    Ok(picture::load(file)?)
}

fn ask(models: &[Trained], pixels: &Pixels) -> anyhow::Result<Vec<Answer>> {
    let ask_one = |model: &Trained| {
        let answers = model.network.probabilities(std::slice::from_ref(pixels));
        let probabilities = *answers
            .first()
            .ok_or_else(|| anyhow::anyhow!("the network {} gave no answer", model.id()))?;
        Ok(Answer {
            id: model.id().to_owned(),
            weights: model.weights.clone(),
            digit: unique_max(&probabilities),
            probabilities,
        })
    };
    models.iter().map(ask_one).collect()
}

/// One row per network, one column per digit, in percent.
fn print(models: &[Trained], input: &ClassifiedFile, out: &mut Output) -> Result<(), OutputError> {
    const DIGITS: [&str; CLASSES] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let mut columns = vec![("model", Align::Left), ("answer", Align::Right)];
    columns.extend(DIGITS.map(|d| (d, Align::Right)));
    let rows: Vec<Vec<String>> = models
        .iter()
        .zip(&input.models)
        .map(|(model, answer)| {
            let mut row = vec![model.name(), said(answer.digit)];
            row.extend(answer.probabilities.iter().map(|p| format!("{:.1}", p * 100.0)));
            row
        })
        .collect();
    out.line(format_args!("{} (probabilities in %)", input.file))?;
    for line in table::lines(&columns, &rows) {
        out.line(format_args!("  {line}"))?;
    }
    Ok(())
}
