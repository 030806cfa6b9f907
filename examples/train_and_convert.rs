//! Trains the MLP on generated digits, then runs the same network in spikes.
//!
//! `cargo run --release --example train_and_convert`

#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use std::sync::Arc;

use spikescope::ann;
use spikescope::ann::trainer::{TrainConfig, Trainer};
use spikescope::convert::network::Spiking;
use spikescope::convert::recipe::{Disturbance, Recipe};
use spikescope::convert::run::Run;
use spikescope::convert::scales::Activations;
use spikescope::data::{Pixels, synthetic};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Stops candle's own thread pool; call it before any thread starts.
    ann::prepare();
    let digits = Arc::new(synthetic::generate(1, 4_000));
    let config = TrainConfig {
        model: "mlp".into(),
        data: "synthetic".into(),
        subset: digits.len(),
        epochs: 2,
        ..TrainConfig::default()
    };
    let mut trainer = Trainer::new(config, Arc::clone(&digits))?;
    loop {
        let step = trainer.step()?;
        if let Some(epoch) = step.epoch_end {
            let share = epoch.validation_accuracy.unwrap_or(f32::NAN);
            println!("epoch {}: {:.1} % of the held-out digits right", epoch.epoch, 100.0 * share);
        }
        if step.finished {
            break;
        }
    }

    let network = trainer.result();
    let seen: Vec<Pixels> = (0..200).map(|i| digits.pixels(i)).collect();
    let activations = Activations::measure(&network, &seen)?;
    let spiking = Spiking::new(&network, &activations, Recipe::default())?;
    let unseen = synthetic::generate(2, 100);
    for steps in [2, 5, 10, 20] {
        let mut right = 0;
        for i in 0..unseen.len() {
            let mut run = Run::new(&spiking, &unseen.pixels(i), Disturbance::default(), 1);
            (0..steps).for_each(|_| run.advance());
            right += usize::from(run.answer().0 == Some(unseen.label(i)));
        }
        println!("in spikes, after {steps:2} steps: {right} of {} right", unseen.len());
    }
    Ok(())
}
