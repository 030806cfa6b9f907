use std::sync::mpsc::sync_channel;
use std::time::Duration;

use super::*;
use crate::data::registry::Split;
use crate::data::synthetic;
use crate::workers::models::Origin;

fn model(id: &str) -> Arc<Model> {
    let bundled = crate::ann::bundled::REPORT.networks();
    let mut all = bundled.into_iter().map(|n| n.unwrap());
    let (network, metadata) = all.find(|(n, _)| n.architecture().id == id).unwrap();
    Arc::new(Model::new(network, metadata, Origin::Bundled))
}

fn start() -> Conversion {
    let (sender, _arrived) = sync_channel(8);
    Conversion::start(Events::new(sender, Arc::new(|| {}))).unwrap()
}

fn question(id: &str, serial: u64) -> ConversionQuestion {
    let images = Arc::new(synthetic::generate(3, 30));
    ConversionQuestion {
        serial,
        model: model(id),
        pixels: Box::new(images.pixels(5)),
        recipe: Recipe::default(),
        disturbance: Disturbance::default(),
        steps: 40,
        stage: 0,
        unit: Some((0, 3)),
        images,
    }
}

fn wait<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain");
}

#[test]
fn a_digit_is_shown_step_by_step_to_the_end() {
    let conversion = start();
    conversion.ask(question("mlp", 7));
    let shown = wait(|| Some(conversion.shown()).filter(|s| s.serial == 7));
    assert_eq!(shown.failure, None);
    assert_eq!((shown.probabilities.len(), shown.stages.len()), (40, 3));
    let followed = shown.followed.as_ref().unwrap();
    assert_eq!((followed.potential.len(), followed.unit), (40, (0, 3)));
    let spikes = shown.stages[0].spiked.iter().filter(|s| s.contains(&3)).count();
    assert_eq!(spikes, followed.spiked.iter().filter(|s| **s).count());
    conversion.ask(ConversionQuestion { unit: None, ..question("mlp", 8) });
    let most = wait(|| Some(conversion.shown()).filter(|s| s.serial == 8));
    let followed = most.followed.as_ref().unwrap();
    let values = most.stages[0].activations.as_ref().unwrap();
    // Of those that a rate can express.
    let wanted = |unit: usize| values[unit] / most.stages[0].scale(unit).unwrap();
    let chosen = wanted(followed.unit.1);
    assert!((0..values.len()).map(wanted).filter(|w| *w <= 1.0).all(|w| w <= chosen));
    let rate = followed.spiked.iter().filter(|s| **s).count() as f32 / 40.0;
    assert!(chosen > 0.5 && (rate - chosen).abs() < 0.05, "{rate} {chosen}");
    // The output units are read by potential and do not spike.
    assert!(!shown.stages[2].spikes && shown.stages[2].likeness.is_empty());
    assert!(shown.stages[1].likeness[39].r.unwrap() > 0.95);
    assert!(shown.spikes.windows(2).all(|w| w[0] <= w[1]));
}

#[test]
fn a_recurrent_network_says_why_not() {
    let conversion = start();
    conversion.ask(question("rnn1", 2));
    let shown = wait(|| Some(conversion.shown()).filter(|s| s.serial == 2));
    assert!(shown.failure.as_ref().unwrap().contains("cannot become"));
}

#[test]
fn a_sample_is_counted_to_its_end_and_can_be_cut_short() {
    let mut conversion = start();
    let digits = Arc::new(synthetic::generate(4, 120));
    let split = Split { train: Arc::clone(&digits), test: digits };
    let of = sample::SampleOf {
        model: model("mlp"),
        recipe: Recipe::default(),
        disturbance: Disturbance::default(),
        split,
        images: 60,
        steps: vec![5, 20],
        direct: vec![Arc::new(Model::untrained("lif-20-t7"))],
    };
    conversion.start_sample(of.clone());
    let sample = wait(|| Some(conversion.sample()).filter(|s| !s.running && s.total == 60));
    assert_eq!(sample.found.images, 60);
    assert!(sample.found.after[1].right >= 57, "{sample:?}");
    assert!(sample.original > 0.95);
    // Beside it, on the same digits, a network of spikes as it is.
    let direct = &sample.direct[0];
    assert_eq!((direct.digits, direct.steps()), (60, 7));
    assert!(direct.activity.as_ref().is_some_and(|a| a.multiply_adds >= 784.0 * 20.0));
    conversion.start_sample(sample::SampleOf { images: 100, steps: vec![3000], ..of });
    conversion.stop_sample();
    let cut = conversion.sample();
    assert!(!cut.running && cut.found.images < 100, "{cut:?}");
}

/// A session file once asked for 2³¹ − 1 steps.
#[test]
fn a_run_without_end_and_a_sample_of_them_are_ended_within_a_second() {
    let mut conversion = start();
    conversion.ask(ConversionQuestion { steps: u64::MAX, ..question("mlp", 1) });
    let digits = Arc::new(synthetic::generate(3, 30));
    conversion.start_sample(sample::SampleOf {
        model: model("mlp"),
        recipe: Recipe::default(),
        disturbance: Disturbance::default(),
        split: Split { train: Arc::clone(&digits), test: digits },
        images: 30,
        steps: vec![u64::MAX],
        direct: Vec::new(),
    });
    std::thread::sleep(Duration::from_millis(700));
    let begun = Instant::now();
    drop(conversion);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
