//! Standard output; if the reader goes away (`spikescope evaluate | head -1`), the
//! program ends quietly.

use std::fmt::Display;
use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

/// How results are printed; every command takes it.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Format {
    /// Print the result as JSON (shapes: docs/json.md)
    ///
    /// Stdout then gets one JSON document and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Standard output could not be written to.
#[derive(Debug, thiserror::Error)]
#[error("could not write the output: {0}")]
pub struct OutputError(#[from] io::Error);

impl OutputError {
    /// Whether the reader has gone, which is no failure of ours.
    pub fn reader_has_gone(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Where a command prints its results.
pub struct Output {
    out: Box<dyn Write>,
    json: bool,
}

impl Output {
    /// The program's stdout.
    pub fn stdout(format: Format) -> Self {
        Self { out: Box::new(io::stdout()), json: format.json }
    }

    /// One line for people; prints nothing when JSON is wanted.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn line(&mut self, text: impl Display) -> Result<(), OutputError> {
        if !self.json {
            writeln!(self.out, "{text}")?;
            self.out.flush()?;
        }
        Ok(())
    }

    /// The result for programs; prints nothing when it is wanted for people.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn json(&mut self, report: &impl Serialize) -> Result<(), OutputError> {
        if self.json {
            let text = serde_json::to_string(report).map_err(io::Error::from)?;
            writeln!(self.out, "{text}")?;
            self.out.flush()?;
        }
        Ok(())
    }
}

/// One line on stderr. Unlike `eprintln!`, it does not panic when nobody can
/// read it.
pub fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
