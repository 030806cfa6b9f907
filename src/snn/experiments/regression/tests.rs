use super::*;

fn short(presentations: usize) -> RegressionTask {
    RegressionTask { presentations, hidden: 40, ..RegressionTask::default() }
}

#[test]
fn the_same_seed_learns_the_same_in_pieces_and_the_curve_becomes_known() {
    let mut whole = Regression::new(&short(1200)).unwrap();
    while whole.advance(400).unwrap() {}
    let mut pieces = Regression::new(&short(1200)).unwrap();
    while pieces.advance(7).unwrap() {}
    assert_eq!(whole.fits(), pieces.fits());
    assert_eq!(whole.weights().unwrap(), pieces.weights().unwrap());
    assert_eq!(whole.last(), pieces.last());
    let (first, last) = (&whole.fits()[0], whole.fits().last().unwrap());
    assert!(last.error < 0.3 * first.error, "{} {}", first.error, last.error);
    // There and back: the same pairs.
    let [_, up, down] = whole.weights().unwrap();
    for (j, row) in up.chunks_exact(OUTPUTS).enumerate() {
        for (k, w) in row.iter().enumerate() {
            assert!((w - down[k * 40 + j]).abs() < 1e-3);
        }
    }
}

#[test]
fn what_the_lags_say_is_what_the_synapses_learned() {
    lags_say_what_is_learned(short(30));
    lags_say_what_is_learned((FAILURES[0].spoil)(short(30)));
}

fn lags_say_what_is_learned(task: RegressionTask) {
    let mut run = Regression::new(&task).unwrap();
    run.choose(5);
    let before = run.weights().unwrap();
    run.advance(30).unwrap();
    let after = run.weights().unwrap();
    let learned = |at: usize| f64::from(after[1][at] - before[1][at]);
    let sum = |lags: &Lags| lags.changes().iter().map(|c| c[1]).sum::<f64>();
    let (one, all) = run.lags();
    let (found, wanted) = (sum(one), learned(5 * OUTPUTS));
    assert!((found - wanted).abs() < 0.05 * wanted.abs().max(0.01), "{found} {wanted}");
    let (found, wanted) = (sum(all), (0..40 * OUTPUTS).map(learned).sum::<f64>());
    assert!((found - wanted).abs() < 0.1 * wanted.abs().max(0.1), "{found} {wanted}");
    assert!(all.plus.iter().sum::<u64>() > 100);
}

#[test]
fn numbers_out_of_range_are_mended_or_refused() {
    let task = RegressionTask { free_ms: f64::NAN, hidden: 0, presentations: 1, ..short(1) };
    let mut run = Regression::new(&task).unwrap();
    assert!(!run.advance(5).unwrap());
    assert!(Regression::new(&RegressionTask { noise: f64::NAN, ..short(1) }).is_err());
}

/// What is claimed of the experiment.
#[test]
#[ignore = "takes half a minute"]
fn the_curve_is_learned() {
    let done = run(&RegressionTask::default(), &mut |_| true).unwrap();
    let last = done.fits().last().unwrap();
    assert!(last.error < 0.05, "{}", last.error);
}

/// A third of the presentations tells them from the cure.
#[test]
#[ignore = "takes half a minute"]
fn the_failures_fail_where_the_cure_learns() {
    let error = |spoil: fn(RegressionTask) -> RegressionTask| {
        let task = RegressionTask { presentations: 4000, ..RegressionTask::default() };
        run(&spoil(task), &mut |_| true).unwrap().fits().last().unwrap().error
    };
    let cured = error(|task| task);
    assert!(cured < 0.2, "{cured}");
    for failure in FAILURES {
        let failed = error(failure.spoil);
        assert!(failed > 0.3, "{}: {failed}", failure.id);
    }
}

#[test]
fn every_failure_says_what_helps_and_changes_the_task() {
    for failure in FAILURES {
        assert!(!failure.why.is_empty() && !failure.cure.is_empty());
        assert_ne!((failure.spoil)(short(1)), short(1), "{}", failure.id);
    }
}
