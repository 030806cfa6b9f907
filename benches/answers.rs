//! From the mouse to the bars. Nothing here is a claim by itself: the README
//! quotes these figures with the machine they were taken on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use criterion::{Criterion, criterion_group};
use spikescope::ann::bundled;
use spikescope::ann::trainer::{TrainConfig, Trainer};
use spikescope::data::synthetic;
use spikescope::ui::command::DigitEdit;
use spikescope::ui::digit::Digit;
use spikescope::workers::Hub;
use spikescope::workers::answers::ModelsQuestion;
use spikescope::workers::models::{Model, Models, Origin};

fn bundled() -> Arc<Models> {
    let models = bundled::REPORT.networks().into_iter().map(|loaded| {
        let (network, metadata) = loaded.expect("bundled weights");
        Arc::new(Model::new(network, metadata, Origin::Bundled))
    });
    Arc::new(models.collect())
}

/// One move of the mouse in the middle of a stroke: the stroke grows, becomes
/// 28×28 pixels, crosses to the answers' thread, goes through all ten networks, becomes
/// the answers of the three ensembles, and all are there to be drawn.
fn mouse_move_to_answers(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let hub = Hub::start(folder.path().join("runs"), Arc::new(|| {})).expect("threads");
    let models = bundled();
    let mut digit = Digit::restore(synthetic::strokes(7, 8, 3), Default::default());
    digit.edit(&DigitEdit::PenDown([0.3, 0.3]));
    let mut serial = 0u64;
    let mut round = |digit: &mut Digit| {
        serial += 1;
        let t = (serial % 97) as f32 / 97.0;
        digit.edit(&DigitEdit::PenMove([0.3 + 0.4 * t, 0.5 + 0.3 * (6.3 * t).sin()]));
        // A stroke of ordinary length, not one that grows through the benchmark.
        if serial.is_multiple_of(97) {
            digit.edit(&DigitEdit::PenUp);
            digit.edit(&DigitEdit::Undo);
            digit.edit(&DigitEdit::PenDown([0.3, 0.3]));
        }
        let (pixels, asked) = (Box::new(*digit.pixels()), Instant::now());
        hub.answerer.ask(ModelsQuestion {
            serial,
            pixels,
            models: Arc::clone(&models),
            set: &bundled::REPORT,
            asked,
        });
        while hub.answerer.answer().serial < serial {
            std::thread::yield_now();
        }
    };
    let mut group = c.benchmark_group("mouse move to all thirteen answers");
    group.bench_function("nothing training", |b| b.iter(|| round(&mut digit)));

    let stop = Arc::new(AtomicBool::new(false));
    let trains = {
        let stop = Arc::clone(&stop);
        std::thread::spawn(move || {
            let data = Arc::new(synthetic::generate(1, 2000));
            let config = TrainConfig { model: "cnn3".into(), threads: 1, ..TrainConfig::default() };
            let mut trainer = Trainer::new(config, data).expect("a trainer");
            while !stop.load(Relaxed) {
                trainer.step().expect("a step");
            }
        })
    };
    group.bench_function("CNN 3 training on one thread", |b| b.iter(|| round(&mut digit)));
    group.finish();
    stop.store(true, Relaxed);
    trains.join().expect("the training thread");
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(60);
    targets = mouse_move_to_answers
}

fn main() {
    spikescope::ann::prepare();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
