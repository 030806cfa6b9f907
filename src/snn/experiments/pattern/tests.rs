use super::*;

fn after(task: &PatternTask, seconds: u64) -> PatternView {
    let mut run = PatternRun::new(task, Preference::Cpu).unwrap().0;
    run.advance(seconds * 2000).unwrap();
    run.view().unwrap()
}

fn mean_latency(presentations: &[Presentation]) -> f64 {
    let answered: Vec<f64> = presentations.iter().filter_map(|p| p.latency_ms).collect();
    answered.iter().sum::<f64>() / answered.len().max(1) as f64
}

#[test]
fn the_neuron_finds_the_pattern_with_the_usual_seed_and_two_others() {
    for seed in [2, 3, 4] {
        let view = after(&PatternTask { seed, ..PatternTask::default() }, 60);
        let score = view.score;
        assert!(score.hits > 0.9, "seed {seed}: {score:?}");
        assert!(score.false_alarms_hz < 0.5, "seed {seed}: {score:?}");
        let learned = score.learned_ms.expect("it says that it has learned");
        assert!(learned <= 60_000.0, "seed {seed}: {learned}");
        // It fires early in the pattern.
        let newest = &view.presentations[view.presentations.len() - 40..];
        assert!(mean_latency(newest) < 30.0, "seed {seed}: {} ms", mean_latency(newest));
        // What grew belongs to the pattern.
        let strong = |half: &[f32]| half.iter().filter(|w| **w > 0.5).count();
        let (inside, outside) = view.weights.split_at(AFFERENTS / 2);
        assert!(strong(inside) > 10 * strong(outside).max(1), "seed {seed}");
    }
}

#[test]
fn a_run_does_not_depend_on_how_it_is_stepped_or_looked_at() {
    let task = PatternTask::default();
    let whole = after(&task, 1);
    let mut run = PatternRun::new(&task, Preference::Cpu).unwrap().0;
    for steps in [1, 2, 97, 100, 250, 1, 549, 1000] {
        run.advance(steps).unwrap();
        run.view().unwrap();
    }
    let parts = run.view().unwrap();
    assert_eq!(parts.step, whole.step);
    assert_eq!(parts.weights, whole.weights);
    assert_eq!(parts.presentations, whole.presentations);
    assert_eq!(parts.score, whole.score);
    let spikes = |v: &PatternView| v.recording.spikes(0..v.step).collect::<Vec<_>>();
    assert_eq!(spikes(&parts), spikes(&whole));
    assert_eq!(parts.traces.to_csv(0..2000), whole.traces.to_csv(0..2000));
    let other = after(&PatternTask { seed: 3, ..task }, 1);
    assert_ne!(other.weights, whole.weights);
}

#[test]
fn a_run_that_changes_engines_within_a_segment_is_the_same_run() {
    let task = PatternTask::default();
    let mut run = PatternRun::new(&task, Preference::Automatic).unwrap().0;
    for (steps, preference) in
        [(330, Preference::Gpu), (245, Preference::Cpu), (125, Preference::Automatic)]
    {
        run.advance(steps).unwrap();
        assert_eq!(run.change_engine(preference).unwrap(), None);
        assert_eq!(run.view().unwrap().engine.preference, preference);
    }
    run.advance(1300).unwrap();
    let (changed, whole) = (run.view().unwrap(), after(&task, 1));
    assert_eq!(changed.weights, whole.weights);
    let spikes = |v: &PatternView| v.recording.spikes(0..v.step).collect::<Vec<_>>();
    assert_eq!(spikes(&changed), spikes(&whole));
    assert_eq!(changed.traces.to_csv(0..2000), whole.traces.to_csv(0..2000));
}

#[test]
fn the_pattern_has_its_share_and_never_comes_twice_in_succession() {
    let mut run = PatternRun::new(&PatternTask::default(), Preference::Cpu).unwrap().0;
    run.advance(40_000).unwrap();
    let view = run.view().unwrap();
    let n = view.presentations.len() as f64;
    // Of 400 segments a third; fewer than 9 more or less in two of three runs.
    assert!((n - 132.0).abs() < 38.0, "{n}");
    for pair in view.presentations.windows(2) {
        assert!(pair[1].begin_ms - pair[0].begin_ms >= 2.0 * PATTERN_MS);
    }
    // Nothing but the times tells the pattern: all afferents fire alike.
    let mut counts = [0.0f64; 2];
    for (_, row) in view.recording.spikes(0..view.step).filter(|s| s.1 < 2 * SHOWN) {
        counts[usize::from(row >= SHOWN)] += 1.0;
    }
    let rates = counts.map(|c| c / f64::from(SHOWN) / 20.0);
    for rate in rates {
        assert!((rate - RATE_HZ - SPONTANEOUS_HZ).abs() < 4.0, "{rates:?}");
    }
}

#[test]
fn an_unusable_setting_is_said() {
    let task = PatternTask { threshold: f64::NAN, ..PatternTask::default() };
    let error =
        PatternRun::new(&task, Preference::Cpu).err().expect("a threshold must be a number");
    assert!(error.to_string().contains("v_th_mv"), "{error}");
}
