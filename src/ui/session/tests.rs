use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::snn::models::MODELS;
use crate::snn::params::{Config, Param};
use crate::snn::plasticity::RULES;

fn write(home: &Path, session: &Value) {
    crate::core::files::write_bytes(&path(home), &serde_json::to_vec(session).unwrap()).unwrap();
}

/// Every list with something in it, everything that may be missing there.
fn full() -> Session {
    let mut session = Session {
        window: Some([1280.0, 800.0]),
        strokes: vec![vec![[0.1, 0.2], [0.3, 0.4]], vec![[0.5, 0.5]]],
        theme_before: Some(ThemeChoice::Light),
        queue: vec![TrainConfig { model: "cnn3".into(), ..TrainConfig::default() }],
        used_runs: vec!["20260131-235959-mlp-seed1".into()],
        dismissed_runs: vec!["20260131-235959-mlp-seed1-2".into()],
        mnist_folder: Some("/somewhere".into()),
        ..Session::default()
    };
    session.conversion.unit = Some((1, 2));
    session.digits.goal = Some(20_000);
    session.digits.begin = Some(crate::snn::diehl_cook::shipped::SHIPPED[0].id.to_owned());
    let fields = &mut session.fields;
    (fields.layer, fields.channel, fields.term) = (Some(0), Some(1), Some(0));
    (fields.input, fields.class) = (Some(0), Some(3));
    let usual = |id: &str, params: &[Param]| {
        params.iter().fold(Config::new(id), |c, p| c.with(p.name, p.default))
    };
    session.neuron.curve.model = usual(MODELS[0].id, MODELS[0].params);
    RULES.iter().for_each(|r| session.plasticity.rules.set(usual(r.id, r.params)));
    session
}

/// The paths of all numbers.
fn numbers(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(path.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, v)| numbers(v, &format!("{path}/{i}"), found));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(k, v)| numbers(v, &format!("{path}/{k}"), found));
        }
        Value::Null => assert!(path.is_empty(), "{path} is missing: `full` has to give it"),
        _ => {}
    }
}

/// What a number may be in a file.
fn extremes() -> Vec<Value> {
    let whole = [-1i64, 0, 1, 1_000_000_000, 2_147_483_647, 2_147_483_648, 4_294_967_296, 1 << 53];
    let fractions = [-1e300, 1e300, 0.5, -0.5, 1e-300, -1e9, 3e38, 1e19];
    let others = [json!(u64::MAX), json!(i64::MIN), json!(null), json!("7"), json!([]), json!({})];
    let numbers = whole.into_iter().map(Value::from).chain(fractions.into_iter().map(Value::from));
    numbers.chain(others).collect()
}

#[test]
fn every_number_of_the_session_has_a_range() {
    let mut session = full();
    let mut found = Vec::new();
    numbers(&serde_json::to_value(&session).unwrap(), "", &mut found);
    let mut bounds = Bounds::default();
    session.bound(&mut bounds);
    assert_eq!(session, full(), "{:?}", bounds.mended());
    let declared: BTreeSet<String> =
        bounds.declared().iter().map(|name| format!("/{}", name.replace('.', "/"))).collect();
    // Values of an optimiser are a list of pairs in the file.
    let missing: Vec<&String> =
        found.iter().filter(|p| !declared.contains(*p) && !p.contains("/optimiser/")).collect();
    assert!(missing.is_empty(), "numbers without a range: {missing:?}");
}

#[test]
fn no_number_in_a_session_file_leaves_its_range_or_takes_others_with_it() {
    let whole = serde_json::to_value(full()).unwrap();
    let mut paths = Vec::new();
    numbers(&whole, "", &mut paths);
    assert!(paths.len() > 100, "{}", paths.len());
    for path in &paths {
        for extreme in extremes() {
            let mut changed = whole.clone();
            *changed.pointer_mut(path).unwrap() = extreme.clone();
            let bytes = serde_json::to_vec(&changed).unwrap();
            let mut session = bounds::from_json::<Session>(&bytes).unwrap().settings;
            let mut bounds = Bounds::default();
            session.bound(&mut bounds);
            assert!(bounds.mended().is_empty(), "{path} = {extreme}: {:?}", bounds.mended());
            assert_eq!(session.mnist_folder, full().mnist_folder, "{path} = {extreme}");
            for config in session.queue.iter().chain([&session.training]) {
                config.validate().unwrap();
            }
        }
    }
}

#[test]
fn parameters_of_every_model_rule_and_optimiser_keep_to_their_declared_ranges() {
    let within = |config: &Config, params: &[Param]| config.resolve("test", params).unwrap();
    for extreme in [-1e300, 1e300, 0.5, 1e9, -0.0] {
        let all = |id: &str, params: &[Param]| {
            let config = Config::new(id).with("unheard_of", 1.0);
            params.iter().fold(config, |c, p| c.with(p.name, extreme))
        };
        for model in MODELS {
            let mut session = Session::default();
            session.neuron.curve.model = all(model.id, model.params);
            session.bound(&mut Bounds::default());
            assert_eq!(session.neuron.curve.model.id, model.id);
            within(&session.neuron.curve.model, model.params);
        }
        let mut session = Session::default();
        RULES.iter().for_each(|r| session.plasticity.rules.set(all(r.id, r.params)));
        session.bound(&mut Bounds::default());
        RULES.iter().for_each(|r| drop(within(&session.plasticity.rules.of(r), r.params)));
        for optimiser in crate::ann::optimiser::OPTIMISERS {
            let values: Vec<_> = optimiser.parameters.iter().map(|p| (p.name, extreme)).collect();
            let config = json!({"training": {"optimiser": {"id": optimiser.id, "values": values}}});
            let read = bounds::from_json::<Session>(config.to_string().as_bytes()).unwrap();
            assert_eq!(read.settings.training.optimiser.id(), optimiser.id);
            read.settings.training.optimiser.resolve().unwrap();
        }
    }
}

#[test]
fn ids_that_are_unknown_become_the_usual_ones() {
    let home = tempfile::tempdir().unwrap();
    let unknown = json!({
        "workspace": "kitchen", "weight_set": "x", "answers": {"large": "nobody"},
        "theme": "pink", "engine": 3, "strokes": [[[0.1, 0.2]], "x", [[0.5, 0.5]]],
        "training": {"model": "cnn99", "data": "letters", "device": "abacus",
                     "optimiser": {"id": "magic", "values": [["learning_rate", 3.0]]}},
        "time": {"network": "x", "tab": "x"}, "conversion": {"model": "../x"},
        "fields": {"model": "x", "page": "x"}, "digits": {"begin": "x", "damage": "Fire"},
        "neuron": {"curve": {"model": {"id": "cnn1", "values": {"x": 1.0}}}},
        "plasticity": {
            "rules": {"configs": [{"id": "cnn1", "values": {}}, {"id": "pair", "values": {"x": 1.0}}]},
            "windows": {"rule": "cnn1", "hidden": ["cnn1", "triplet"]}, "story": {"rule": "cnn1"}},
        "used_runs": ["../../etc", "a/b", "a\\b", "..", ".hidden", "", "20260131-235959-mlp-seed1"],
        "dismissed_runs": ["/etc/passwd", "20260131-235959-mlp-seed1"],
        "live": false,
    });
    write(home.path(), &unknown);
    let (session, told) = read(home.path());
    let told = told.unwrap();
    assert!(told.contains("answers.large") && told.contains("session.broken.json"), "{told}");
    let usual = Session::default();
    let mut expected = Session {
        strokes: vec![vec![[0.1, 0.2]], vec![[0.5, 0.5]]],
        used_runs: vec!["20260131-235959-mlp-seed1".into()],
        dismissed_runs: vec!["20260131-235959-mlp-seed1".into()],
        live: false,
        ..usual
    };
    expected.plasticity.windows.hidden.insert("triplet".into());
    let (rules, others) = (&session.plasticity.rules, &expected.plasticity.rules);
    RULES.iter().for_each(|r| assert!(r.id == "pair" || rules.of(r) == others.of(r)));
    expected.plasticity.rules = rules.clone();
    assert_eq!(session, expected);
}

#[test]
fn lists_have_a_longest_length() {
    let config = serde_json::to_value(TrainConfig::default()).unwrap();
    let many = |value: Value, n: usize| Value::Array(vec![value; n]);
    let point = json!([0.5, 0.5]);
    let long = json!({
        "strokes": many(many(point.clone(), 100), 1000),
        "queue": many(config, 5000),
        "used_runs": many("run".into(), 5000), "dismissed_runs": many("run".into(), 50_000),
        "neuron": {
            "figure": {"synapses": many(json!({}), 5000), "stimulus": {"drawn": many(0.5.into(), 50_000)}},
            "unit": {"own": many(point, 5000)}},
        "plasticity": {
            "rules": {"configs": many(json!({"id": "pair", "values": {}}), 5000)},
            "story": {"pre_ms": many(9.into(), 5000), "post_ms": many(9.into(), 5000)}},
    });
    let s = bounds::from_json::<Session>(long.to_string().as_bytes()).unwrap().settings;
    assert_eq!(s.strokes.iter().map(Vec::len).sum::<usize>(), MAX_POINTS);
    assert_eq!((s.queue.len(), s.used_runs.len()), (MOST_QUEUED, MOST_USED));
    assert_eq!(s.dismissed_runs.len(), MOST_DISMISSED);
    assert_eq!(s.neuron.figure.stimulus.drawn.len(), crate::snn::stimulus::DRAWN_POINTS);
    assert_eq!((s.neuron.figure.synapses.len(), s.neuron.unit.own.len()), (3, 8));
    assert_eq!((s.plasticity.story.pre_ms.len(), s.plasticity.story.post_ms.len()), (4, 4));
    let rules = serde_json::to_value(&s.plasticity.rules).unwrap();
    assert_eq!(rules["configs"].as_array().unwrap().len(), 1);
}

#[test]
fn a_session_comes_back_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let session = Session { projector: true, ..full() };
    write(home.path(), &serde_json::to_value(&session).unwrap());
    assert_eq!(read(home.path()), (session, None));
}

#[test]
fn broken_sessions_are_set_aside_one_beside_the_other() {
    let home = tempfile::tempdir().unwrap();
    for name in ["session.broken.json", "session.broken-2.json", "session.broken-3.json"] {
        crate::core::files::write_bytes(&path(home.path()), name.as_bytes()).unwrap();
        let (session, told) = read(home.path());
        assert_eq!(session, Session::default());
        assert!(told.unwrap().contains(name));
        assert_eq!(std::fs::read_to_string(home.path().join(name)).unwrap(), name);
    }
    assert_eq!(read(home.path()), (Session::default(), None));
}

#[test]
fn a_huge_session_and_one_that_is_no_file_are_not_read() {
    let home = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(path(home.path())).unwrap();
    file.set_len(MOST_BYTES + 1).unwrap();
    let (session, told) = read(home.path());
    assert_eq!(session, Session::default());
    assert!(told.unwrap().contains("is the most"));
    std::fs::create_dir(path(home.path())).unwrap();
    assert!(read(home.path()).1.unwrap().contains("a folder"));
}
