//! How errors are printed: one clear line and an exit code.

use clap::error::ErrorKind;

use super::output::{OutputError, complain};
use crate::ann::AnnError;
use crate::data::registry::DataError;
use crate::workers::active::StartError;

/// Arguments that are each fine but make no sense together, or name something
/// that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// Reports what ended a command, and gives the exit code.
pub fn report(error: &anyhow::Error) -> u8 {
    if error.downcast_ref::<OutputError>().is_some_and(OutputError::reader_has_gone) {
        return 0;
    }
    complain(format_args!("error: {}", one_line(error)));
    if is_usage(error) { USAGE } else { FAILED }
}

/// Help and version go to stdout; everything else that clap finds is a usage
/// error, in one line.
pub fn report_clap(error: &clap::Error) -> u8 {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // Only fails when nobody reads it.
            let _ = error.print();
            0
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            USAGE
        }
        _ => {
            complain(clap_line(&error.to_string()));
            USAGE
        }
    }
}

/// A library error that the arguments alone have caused.
fn is_usage(error: &anyhow::Error) -> bool {
    let ann = error.downcast_ref::<AnnError>().or_else(|| match error.downcast_ref() {
        Some(StartError::Ann(ann)) => Some(ann),
        _ => None,
    });
    error.is::<UsageError>()
        || matches!(ann, Some(AnnError::UnknownModel { .. } | AnnError::Setting { .. }))
        || matches!(error.downcast_ref(), Some(DataError::UnknownSource { .. }))
}

/// The error with its causes. The messages of the library already contain
/// their causes; those are not said twice.
pub fn one_line(error: &anyhow::Error) -> String {
    let mut line = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    flatten(&line)
}

/// Line breaks and what surrounds them become single spaces.
fn flatten(text: &str) -> String {
    text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")
}

/// clap's message (a first paragraph, tips, the usage, a pointer to the help)
/// in one line: the paragraph, the tips, the pointer.
fn clap_line(text: &str) -> String {
    let mut line = String::new();
    for paragraph in text.split("\n\n") {
        let paragraph = flatten(paragraph);
        if paragraph.starts_with("Usage:") {
            continue;
        }
        let paragraph = paragraph.replace("For more information, try", "see");
        let paragraph = paragraph.trim_end_matches('.');
        if !line.is_empty() {
            line.push_str("; ");
        }
        line.push_str(paragraph);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::mnist::MnistError;

    #[test]
    fn a_cause_is_said_once() {
        let cause = std::io::Error::other("disk on fire");
        let error = anyhow::Error::new(cause).context("could not write x: disk on fire");
        assert_eq!(one_line(&error), "could not write x: disk on fire");
        let error = anyhow::anyhow!("disk on\n  fire").context("could not write x");
        assert_eq!(one_line(&error), "could not write x: disk on fire");
    }

    #[test]
    fn the_messages_of_the_argument_parser_become_one_line() {
        let text = "error: unexpected argument '--epoch' found\n\n  \
                    tip: a similar argument exists: '--epochs'\n\n\
                    Usage: spikescope train --epochs <N> <MODEL>\n\n\
                    For more information, try '--help'.\n";
        assert_eq!(
            clap_line(text),
            "error: unexpected argument '--epoch' found; tip: a similar argument exists: '--epochs'; see '--help'"
        );
    }

    #[test]
    fn usage_is_told_from_failure() {
        let usage = [
            anyhow::Error::new(UsageError("no".into())),
            anyhow::Error::new(AnnError::UnknownModel { id: "x".into(), known: "mlp".into() }),
            anyhow::Error::new(StartError::Ann(AnnError::Setting {
                what: "epochs".into(),
                value: "0".into(),
                range: "1 or more".into(),
            })),
        ];
        for error in usage {
            assert!(is_usage(&error), "{error}");
        }
        assert!(!is_usage(&anyhow::anyhow!("disk full")));
        assert!(!is_usage(&anyhow::Error::new(DataError::Mnist(MnistError::NotFound))));
    }
}
