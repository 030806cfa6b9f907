//! The program: everything is in the library, so that tests and benchmarks can
//! use it too.

fn main() -> std::process::ExitCode {
    spikescope::cli::main()
}
