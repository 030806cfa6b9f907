//! Measures the STDP window of a rule, pair by pair, beside its formula, and prints
//! it as CSV.
//!
//! `cargo run --release --example stdp_window -- triplet`

#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use spikescope::snn::SnnError;
use spikescope::snn::experiments::window::{WindowTask, distance, measure};
use spikescope::snn::params::Config;

fn main() -> Result<(), SnnError> {
    let rule = std::env::args().nth(1).unwrap_or_else(|| "pair".into());
    let task = WindowTask { rule: Config::new(&rule), reach_ms: 60.0, every_ms: 2.0 };
    let window = measure(&task)?;
    println!("delta_ms,measured,formula");
    for (i, [delta_ms, change]) in window.measured.iter().enumerate() {
        let formula = window.formula.get(i).map_or(String::new(), |p| p[1].to_string());
        println!("{delta_ms},{change},{formula}");
    }
    if let Some(distance) = distance(&window) {
        println!("# root mean square distance: {distance:.1e} of the largest change");
    }
    Ok(())
}
