//! The command line: what `spikescope` and its subcommands take, do and print.
//!
//! One file per subcommand. Each gets its parsed arguments and an
//! [`output::Output`], and returns an [`Outcome`] or an error. Errors become one
//! line on stderr and an exit code here:
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | it failed, or a part of it did |
//! | 2 | the arguments make no sense |
//!
//! Results go to stdout, everything else (progress, errors, logs) to stderr.
//! With `--json`, stdout gets one JSON document and nothing else; its shapes
//! are in [`report`] and docs/json.md.

pub mod args;
mod bench;
mod bench_rules;
mod bench_spiking;
mod bench_spiking_training;
mod classify;
mod classify_ask;
mod convert;
mod data;
mod data_own;
mod describe;
mod devices;
mod digits;
mod evaluate;
mod evaluate_spiking;
mod export;
mod failure;
mod film;
mod imagine;
mod import;
mod lesson;
mod models;
mod output;
mod panic_message;
mod progress;
pub mod report;
mod rules;
mod scoreboard;
mod simulate;
mod table;
mod tour;
mod train;
mod train_all;
mod values;
mod window;

use std::ffi::OsString;
use std::process::ExitCode;

use args::Command;
use output::Output;

/// How a command ended that did not fail altogether.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// Something failed and has been reported; the rest is done.
    PartlyFailed,
}

/// The whole program. Call it first thing in `main`.
pub fn main() -> ExitCode {
    crate::ann::prepare();
    // Mesa looks for a Wayland socket there and complains, again and again, where
    // the variable is missing. A folder without such a socket keeps it quiet.
    crate::core::environment::set_defaults(&[("XDG_RUNTIME_DIR", std::env::temp_dir())]);
    start_log();
    panic_message::install();
    // The hook has told what happened; this only turns it into our exit code.
    let code = std::panic::catch_unwind(|| run(std::env::args_os())).unwrap_or(1);
    ExitCode::from(code)
}

/// What packages log about a display or an adapter that is not there, or goes
/// away, is told by our own message.
const USUAL_LOG: &str =
    "error,arboard=off,eframe::native::run=off,wgpu_hal::gles=off,spikescope=warn";

/// Our own warnings and everybody's errors, unless `RUST_LOG` says otherwise.
fn start_log() {
    let filter = env_logger::Env::default().default_filter_or(USUAL_LOG);
    // It fails only when a logger is there already, which then does as well.
    let _ = env_logger::Builder::from_env(filter).try_init();
}

fn run(arguments: impl Iterator<Item = OsString>) -> u8 {
    let args = match args::parse(arguments) {
        Ok(args) => args,
        Err(error) => return failure::report_clap(&error),
    };
    let result = match args.command {
        None => window::run(args.window),
        Some(Command::Open(args)) => window::open(args),
        Some(Command::Train(args)) if args.all => {
            train_all::run(&args, &mut Output::stdout(args.format))
        }
        Some(Command::Train(args)) => train::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Evaluate(args)) => evaluate::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Classify(args)) => classify::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Imagine(args)) => imagine::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Data(args)) => data::run(&args),
        Some(Command::Models(args)) => describe::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Rules(args)) => rules::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Devices(args)) => devices::run(&mut Output::stdout(args.format)),
        Some(Command::Simulate(args)) => match args.what {
            simulate::args::SimulateWhat::DiehlCook(args) => {
                simulate::diehl_cook(&args, &mut Output::stdout(args.format))
            }
            simulate::args::SimulateWhat::Network(args) => {
                simulate::network::simulate(&args, &mut Output::stdout(args.format))
            }
            simulate::args::SimulateWhat::Nir(args) => {
                simulate::nir::simulate(&args, &mut Output::stdout(args.format))
            }
            simulate::args::SimulateWhat::Regression(args) => {
                simulate::regression::simulate(&args, &mut Output::stdout(args.format))
            }
        },
        Some(Command::Convert(args)) => convert::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Bench(args)) => match args.what {
            args::BenchWhat::Train(args) => bench::train(&args, &mut Output::stdout(args.format)),
            args::BenchWhat::Rules(args) => {
                bench_rules::run(&args, &mut Output::stdout(args.format))
            }
            args::BenchWhat::SpikingTraining(args) => {
                bench_spiking_training::run(&args, &mut Output::stdout(args.format))
            }
            args::BenchWhat::Spiking(args) => {
                bench_spiking::run(&args, &mut Output::stdout(args.format))
            }
        },
        Some(Command::Import(args)) => import::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Export(args)) => export::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Scoreboard(args)) => scoreboard::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Lesson(args)) => lesson::run(&args),
        Some(Command::Film(args)) => film::run(&args, &mut Output::stdout(args.format)),
        Some(Command::Tour(args)) => tour::run(&args, &mut Output::stdout(args.format)),
    };
    match result {
        Ok(Outcome::Done) => 0,
        Ok(Outcome::PartlyFailed) => 1,
        Err(error) => failure::report(&error),
    }
}
