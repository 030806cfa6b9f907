fn main() { spikescope::ann::prepare(); if let Err(e) = spikescope::ui::run(Default::default()) { eprintln!("{e}"); } }
