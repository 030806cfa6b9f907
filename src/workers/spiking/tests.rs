use std::sync::Arc;
use std::time::{Duration, Instant};

use super::run::{Change, Run};
use super::*;
use crate::data::dataset::Dataset;
use crate::data::synthetic;
use crate::snn::choose::Preference;
use crate::snn::diehl_cook::order::{Order, Sequence};
use crate::snn::diehl_cook::protocol::MOST_TIMES;
use crate::snn::diehl_cook::{DiehlCook, PLASTIC};

fn setup() -> Setup {
    Setup {
        config: DiehlCook { seed: 3, ..DiehlCook::of(25) },
        images: Arc::new(synthetic::generate(5, 30)),
        begin: None,
        bundled: None,
        live_settings: LiveSettings::default(),
        preference: Preference::Cpu,
    }
}

/// Weights and θ after so many images of a run that nobody looks at.
fn alone(images: u64) -> Learnt {
    let mut run = Run::new(setup()).unwrap();
    run.wants_delta = false;
    while run.tally.images < images {
        run.image(u64::MAX / 2).unwrap();
    }
    run.learnt().unwrap()
}

/// In the window learning stood still at a blank image, and θ fell with it.
#[test]
fn a_blank_image_is_passed_and_leaves_weights_and_counts_as_they_were() {
    let digits = synthetic::generate(5, 12);
    let mut pixels: Vec<u8> = (0..12).flat_map(|i| digits.image(i).to_vec()).collect();
    let blank = Sequence::new(Order::Shuffled, 3, 12, 0).at(4);
    pixels[blank * 784..][..784].fill(0);
    let images = Dataset::new("some", pixels, digits.labels().to_vec()).unwrap();
    let mut run = Run::new(Setup { images: Arc::new(images), ..setup() }).unwrap();
    for _ in 0..4 {
        run.image(u64::MAX / 2).unwrap();
    }
    run.record(Some(&[1, 2])).unwrap();
    let (before, step) = (run.learnt().unwrap(), run.started.engine.step());
    let (images, spikes) = (run.tally.images, run.tally.spikes.clone());
    run.image(u64::MAX / 2).unwrap();
    assert_eq!((run.tally.unanswered, run.now.number), (1, blank));
    assert_eq!(run.started.engine.step(), step + u64::from(MOST_TIMES) * 1000);
    assert_eq!(run.learnt().unwrap(), before);
    assert_eq!((run.tally.images, &run.tally.spikes), (images, &spikes));
    let stretch = run.stretch(true).unwrap().unwrap();
    assert_eq!(stretch.recording.steps(), u64::from(MOST_TIMES) * 1000);
    // And it learns on.
    run.image(u64::MAX / 2).unwrap();
    assert_eq!((run.tally.images, run.tally.unanswered), (images + 1, 1));
    assert_ne!(run.learnt().unwrap(), before);
}

#[test]
fn looking_stepping_and_recording_change_nothing() {
    let alone = alone(12);
    let mut run = Run::new(setup()).unwrap();
    let look = FieldColours::default();
    let mut k = 0u64;
    while run.tally.images < 12 {
        k += 1;
        match k % 5 {
            0 => run.record(Some(&[1, 2, 3])).unwrap(),
            1 => run.record(None).unwrap(),
            2 => run.wants_delta = true,
            _ => {}
        }
        run.steps(1 + k * 37 % 200).unwrap();
        Fields::now(&mut run, k, &look).unwrap();
    }
    run.record(None).unwrap();
    // To the end of the twelfth image's rest.
    while run.now.ms < 500.0 {
        run.steps(1).unwrap();
    }
    assert_eq!(run.tally.images, 12);
    assert_eq!(run.learnt().unwrap(), alone);
    let Change { by, weights: delta } = run.change.clone().unwrap();
    let number = by.number;
    assert_eq!(number, run.last.number);
    assert!(delta.iter().any(|d| *d != 0.0));
}

#[test]
fn steps_by_image_and_by_spike_stop_where_they_should() {
    let mut run = Run::new(setup()).unwrap();
    run.record(Some(&[0])).unwrap();
    run.image(u64::MAX / 2).unwrap();
    assert_eq!(run.tally.images, 1);
    // It may have been shown more than once.
    assert_eq!(run.started.engine.step() % 1000, 0);
    assert_eq!(run.started.engine.step(), 1000 * run.presentations());
    run.spike(5000).unwrap();
    let stretch = run.stretch(true).unwrap().unwrap();
    let last = stretch.recording.steps() - 1;
    let neurons = 0..50;
    assert!(stretch.recording.spikes(last..last + 1).any(|(_, n)| neurons.contains(&n)));
    assert_eq!(stretch.recording.steps(), run.started.engine.step());
    assert!(stretch.traces.value(0, last).unwrap() < 0.0);
}

#[test]
fn a_trained_network_goes_on_from_its_weights_and_answers_at_once() {
    let mut learnt = alone(10);
    learnt.labels = (0..25).map(|j| Some((j % 10) as u8)).collect();
    let parts = (learnt.config.clone(), learnt.weights.clone(), learnt.theta.clone());
    let begin = Learnt::new(parts.0, parts.1, parts.2, learnt.labels.clone()).unwrap();
    let mut run = Run::new(Setup { begin: Some(Arc::new(begin)), ..setup() }).unwrap();
    run.image(u64::MAX / 2).unwrap();
    assert!(run.last.answer.is_some() && run.tally.accuracy().is_some());
    let error = Learnt::new(DiehlCook::of(25), vec![0.0; 3], vec![], vec![]).unwrap_err();
    assert!(error.to_string().contains("3"), "{error}");
}

#[test]
fn frozen_knobs_leave_weights_and_thresholds_as_they_are() {
    let live_settings = LiveSettings { learns: false, ..LiveSettings::default() };
    let mut run = Run::new(Setup { live_settings, ..setup() }).unwrap();
    let before = run.learnt().unwrap();
    run.steps(3000).unwrap();
    assert_eq!(run.learnt().unwrap(), before);
    // Without inhibition many neurons fire for each image; with it, few do.
    run.set(LiveSettings { inhibition: 0.0, ..live_settings }).unwrap();
    run.image(u64::MAX / 2).unwrap();
    run.image(u64::MAX / 2).unwrap();
    let [all, most] = run.last.spikes;
    assert!(all > 5 * most, "{all} {most}");
    assert_eq!(run.started.engine.weights(PLASTIC).unwrap(), before.weights);
}

fn wait(
    thread: &SpikingThread,
    what: &str,
    ready: impl Fn(&SpikingView) -> bool,
) -> Arc<SpikingView> {
    let begun = Instant::now();
    loop {
        let view = thread.view();
        if ready(&view) {
            return view;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: {:?}", view.failure);
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn the_thread_runs_holds_steps_and_looks_back() {
    let (sender, _receiver) = std::sync::mpsc::sync_channel(8);
    let events = Events::new(sender, Arc::new(|| {}));
    let thread = SpikingThread::start(events).unwrap();
    thread.set_watched(true);
    thread.set_recording(true);
    thread.send(SpikingCommand::Load(Box::new(setup()))).unwrap();
    wait(&thread, "load", |v| v.generation == 1 && v.fields.is_some());
    thread.send(SpikingCommand::Images(2)).unwrap();
    let view = wait(&thread, "two images", |v| v.images == 2);
    assert!(!view.goes && view.records && view.stretch.recording.total() > 0);
    thread.set_running(true);
    wait(&thread, "sixty images", |v| v.images >= 60);
    thread.set_running(false);
    let held = wait(&thread, "hold", |v| !v.goes);
    assert_eq!(held.kept.0[..2], [0, 50]);
    thread.send(SpikingCommand::Past(Some(55))).unwrap();
    let past = wait(&thread, "past", |v| v.past.is_some()).past.clone().unwrap();
    assert_eq!(past.images, 50);
    thread.send(SpikingCommand::Past(None)).unwrap();
    let view = wait(&thread, "back", |v| v.past.is_none());
    assert_eq!(view.images, held.images);
    let live_settings = LiveSettings { rate: f64::NAN, ..LiveSettings::default() };
    thread.send(SpikingCommand::Set(live_settings)).unwrap();
    wait(&thread, "failure", |v| v.failure.is_some());
    thread.send(SpikingCommand::Load(Box::new(setup()))).unwrap();
    wait(&thread, "again", |v| v.failure.is_none() && v.generation == 2);
}

#[test]
fn a_goal_is_reached_once_and_exactly() {
    let mut run = Run::new(setup()).unwrap();
    run.goal = Some(3);
    assert!(!run.steps(900).unwrap());
    assert!(run.steps(100_000).unwrap());
    assert_eq!(run.tally.images, 3);
    assert_eq!(run.started.engine.step(), 1000 * run.presentations());
    // It can be gone on from.
    assert!(!run.steps(3000).unwrap());
    assert!(run.tally.images > 3);
}

#[test]
fn another_engine_goes_on_with_the_same_spikes() {
    let mut stays = Run::new(setup()).unwrap();
    let mut changes = Run::new(setup()).unwrap();
    for run in [&mut stays, &mut changes] {
        run.record(Some(&[0])).unwrap();
        // In the middle of an image.
        run.steps(1300).unwrap();
    }
    changes.change_engine(Preference::Gpu).unwrap();
    assert_eq!(changes.started.engine.info().kind, "GPU");
    for run in [&mut stays, &mut changes] {
        run.steps(900).unwrap();
    }
    changes.change_engine(Preference::Cpu).unwrap();
    for run in [&mut stays, &mut changes] {
        run.steps(1100).unwrap();
    }
    assert_eq!(changes.tally.labels, stays.tally.labels);
    assert_eq!(changes.last, stays.last);
    let spikes = |run: &mut Run| -> Vec<(u64, u32)> {
        run.stretch(true).unwrap().unwrap().recording.spikes(0..3300).collect()
    };
    assert!(spikes(&mut stays).len() > 1000);
    assert_eq!(spikes(&mut changes), spikes(&mut stays));
    assert!(changes.notice.is_none());
}
