use std::time::Instant;

use super::*;
use crate::data::synthetic;

fn models(ids: &[&str]) -> Models {
    ids.iter().map(|id| Arc::new(Model::untrained(id))).collect()
}

fn question(model: &Arc<Model>) -> DeepQuestion {
    DeepQuestion {
        number: 3,
        model: Arc::clone(model),
        picture: synthetic::generate(3, 2).pixels(1),
        class: None,
        unit: (0, 7),
        of_unit: false,
        surrogate: Surrogate::default(),
        filtered: true,
    }
}

#[test]
fn a_look_has_what_its_family_has() {
    let ids = ["lif-30-20", "lif-conv-4-6-20", "lif-recurrent-24", "first-spike-40", "conv-stdp"];
    let all = models(&ids);
    for model in &all {
        let look = look(&question(model), &None);
        assert_eq!((look.number, &look.key), (3, &model.key));
        let family = family(&model.network).unwrap();
        assert_eq!(look.times.is_some(), family == Family::FirstSpike);
        assert_eq!(look.volley.is_some(), family == Family::ConvStdp);
        assert_eq!(look.watched.is_some(), family == Family::Steps);
        if let Some(watched) = &look.watched {
            assert_eq!(look.credit.len(), watched.layers.len());
            assert_eq!(look.course.digits.len(), watched.forming.len());
        }
    }
    let of_unit = look(&DeepQuestion { of_unit: true, ..question(&all[0]) }, &None);
    assert!(of_unit.credit[1].values.is_empty() && !of_unit.credit[0].values.is_empty());
    // A unit that is not there.
    let beyond = look(&DeepQuestion { unit: (9, 9999), of_unit: true, ..question(&all[0]) }, &None);
    assert!(beyond.traces.is_none() && beyond.watched.is_some());
    assert_eq!(family(&models(&["mlp"])[0].network), None);
}

#[test]
fn a_survey_counts_every_digit_once_and_can_be_stopped() {
    let (sender, _arrived) = std::sync::mpsc::sync_channel(8);
    let worker = DeepSpikes::start(Events::new(sender, Arc::new(|| {}))).unwrap();
    let digits = Arc::new(synthetic::generate(3, 250));
    let split = Split { train: Arc::clone(&digits), test: digits };
    let all = models(&["lif-20-t6", "mlp", "lif-recurrent-12"]);
    let begun = Instant::now();
    worker.start_survey("synthetic", &split, &all);
    while worker.survey().running {
        assert!(begun.elapsed().as_secs() < 120);
        std::thread::yield_now();
    }
    let survey = worker.survey();
    assert_eq!((survey.done, survey.networks.len()), (250, 2));
    for network in &survey.networks {
        let steps = network.right.len();
        let last = THRESHOLDS.len() - 1;
        assert_eq!(network.digits, 250);
        // Never sure is stopped at the end.
        assert_eq!(network.at(last)[1], steps as f64);
        assert_eq!(network.at(last)[0], network.accuracy(steps));
        assert!(network.activity.is_some() && network.accuracy(0) == 0.0);
    }
    worker.start_survey("synthetic", &split, &all);
    worker.stop_survey();
    while worker.survey().running {
        assert!(begun.elapsed().as_secs() < 120);
        std::thread::yield_now();
    }
    let stopped = worker.survey();
    assert!(stopped.networks.iter().all(|n| n.digits as usize == stopped.done));
}
