use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::{Value, json};

use std::path::Path;

use super::train::wires::WiresSettings;
use super::*;
use crate::core::bounds::{Bounded, Bounds};
use crate::ui::digit::MAX_POINTS;
use crate::ui::session::{MOST_BYTES, MOST_USED, ThemeChoice, from_json, path};

use crate::ann::trainer::TrainConfig;
use crate::core::param::Param;
use crate::snn::models::MODELS;
use crate::snn::params::Config;
use crate::snn::plasticity::RULES;

/// All as at the very beginning.
fn usual() -> Session {
    parse(&json!({}))
}

/// What a window finds in its folder.
fn found(home: &Path) -> (Session, Option<String>) {
    crate::ui::session::read(home, read)
}

fn write(home: &Path, session: &Value) {
    crate::core::files::write_bytes(&path(home), &serde_json::to_vec(session).unwrap()).unwrap();
}

/// Every list with something in it, everything that may be missing there.
fn full() -> Session {
    Session {
        window: Some([1280.0, 800.0]),
        strokes: vec![vec![[0.1, 0.2], [0.3, 0.4]], vec![[0.5, 0.5]]],
        theme_before: Some(ThemeChoice::Light),
        used_runs: vec!["20260131-235959-mlp-seed1".into()],
        mnist_folder: Some("/somewhere".into()),
        rooms: WORKSPACES.iter().map(|w| (w.about.id.to_owned(), (w.full)())).collect(),
        ..Session::default()
    }
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

/// Brings all within range; names of what was not, and of all numbers that have one.
fn bound(session: &Session) -> (Session, Vec<String>, Vec<String>) {
    let (mut session, mut bounds) = (session.clone(), Bounds::default());
    session.bound(&mut bounds);
    let (mut mended, mut declared) = (bounds.mended().to_vec(), bounds.declared().to_vec());
    for entry in WORKSPACES {
        let id = entry.about.id;
        let (room, bounds) = (entry.bound)(session.rooms[id].clone());
        session.rooms.insert(id.into(), room);
        mended.extend(bounds.mended().iter().map(|n| format!("rooms.{id}.{n}")));
        declared.extend(bounds.declared().iter().map(|n| format!("rooms.{id}.{n}")));
    }
    (session, mended, declared)
}

fn parse(value: &Value) -> Session {
    from_json(value.to_string().as_bytes(), read).unwrap().settings
}

#[test]
fn every_number_of_the_session_has_a_range() {
    let mut found = Vec::new();
    numbers(&serde_json::to_value(full()).unwrap(), "", &mut found);
    let (session, mended, declared) = bound(&full());
    assert_eq!(session, full(), "{mended:?}");
    let declared: BTreeSet<String> =
        declared.iter().map(|name| format!("/{}", name.replace('.', "/"))).collect();
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
            let session = parse(&changed);
            let mended = bound(&session).1;
            assert!(mended.is_empty(), "{path} = {extreme}: {mended:?}");
            assert_eq!(session.mnist_folder, full().mnist_folder, "{path} = {extreme}");
            let train = &session.rooms["train"];
            let queue = train["queue"].as_array().unwrap();
            for config in queue.iter().chain([&train["training"]]) {
                TrainConfig::deserialize(config).unwrap().validate().unwrap();
            }
        }
    }
}

#[test]
fn parameters_of_every_model_rule_and_optimiser_keep_to_their_declared_ranges() {
    let within = |config: &Value, id: &str, params: &[Param]| {
        let config = Config::deserialize(config).unwrap();
        assert_eq!(config.id, id);
        config.resolve("test", params).unwrap();
    };
    for extreme in [-1e300, 1e300, 0.5, 1e9, -0.0] {
        let all = |id: &str, params: &[Param]| {
            let config = Config::new(id).with("unheard_of", 1.0);
            params.iter().fold(config, |c, p| c.with(p.name, extreme))
        };
        for model in MODELS {
            let config = all(model.id, model.params);
            let read = parse(&json!({"neuron": {"curve": {"model": config}}}));
            within(&read.rooms["neuron"]["curve"]["model"], model.id, model.params);
        }
        let configs: Vec<_> = RULES.iter().map(|r| all(r.id, r.params)).collect();
        let read = parse(&json!({"plasticity": {"rules": {"configs": configs}}}));
        let configs = read.rooms["plasticity"]["rules"]["configs"].as_array().unwrap();
        assert_eq!(configs.len(), RULES.len());
        configs.iter().zip(RULES).for_each(|(c, r)| within(c, r.id, r.params));
        for optimiser in crate::ann::optimiser::OPTIMISERS {
            let values: Vec<_> = optimiser.parameters.iter().map(|p| (p.name, extreme)).collect();
            let config = json!({"optimiser": {"id": optimiser.id, "values": values}});
            let read = parse(&json!({"training": config}));
            let config = TrainConfig::deserialize(&read.rooms["train"]["training"]).unwrap();
            assert_eq!(config.optimiser.id(), optimiser.id);
            config.optimiser.resolve().unwrap();
        }
    }
}

/// As the version before wrote it: everything at the top level.
fn former(whole: &Value) -> Value {
    let mut former = whole.clone();
    let rooms = former["rooms"].take();
    let top = former.as_object_mut().unwrap();
    top.remove("rooms");
    for (id, room) in rooms.as_object().unwrap() {
        match id.as_str() {
            "draw" => drop(top.insert("answers".into(), room.clone())),
            "spiking" => drop(top.insert("digits".into(), room.clone())),
            "train" => top.extend(room.as_object().unwrap().clone()),
            _ => drop(top.insert(id.clone(), room.clone())),
        }
    }
    former
}

#[test]
fn a_session_of_the_version_before_is_read() {
    let mut wanted = full();
    // There were none then.
    wanted.rooms.get_mut("train").unwrap()["wires"] = json!(WiresSettings::default());
    let whole = serde_json::to_value(full()).unwrap();
    assert_eq!(parse(&former(&whole)), wanted);
    let file = include_str!("former.json");
    let read = from_json(file.as_bytes(), read).unwrap();
    assert_eq!((read.mended, read.dropped), (Vec::new(), Vec::new()));
    let rooms = &read.settings.rooms;
    assert_eq!(rooms["draw"]["order"], "certainty");
    assert_eq!(rooms["train"]["training"]["model"], "cnn3");
    assert_eq!(rooms["train"]["history"]["plots"], "confusion");
    assert_eq!(rooms["spiking"]["neurons"], 100);
    assert_eq!(rooms["spiking"]["live_settings"]["learns"], false);
    assert_eq!(rooms["conversion"]["how"]["steps"], 50);
    assert_eq!(rooms["neuron"]["tab"], "codes");
    assert_eq!(rooms["time"]["unit"], 36);
    assert_eq!(rooms["fields"]["model"], "cnn2");
    assert_eq!(rooms["plasticity"]["pairs"], 60);
    assert_eq!(read.settings.strokes.len(), 1);
}

#[test]
fn ids_that_are_unknown_become_the_usual_ones() {
    let home = tempfile::tempdir().unwrap();
    let unknown = json!({
        "workspace": "kitchen", "weight_set": "x", "answers": {"large": "nobody"},
        "theme": "pink", "engine": 3, "strokes": [[[0.1, 0.2]], "x", [[0.5, 0.5]]],
        "training": {"model": "cnn99", "data": "../letters", "device": "abacus",
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
    let (mut session, notice) = found(home.path());
    let notice = notice.unwrap();
    assert!(notice.contains("draw.large") && notice.contains("session.broken.json"), "{notice}");
    let mut expected = Session {
        strokes: vec![vec![[0.1, 0.2]], vec![[0.5, 0.5]]],
        used_runs: vec!["20260131-235959-mlp-seed1".into()],
        live: false,
        ..usual()
    };
    expected.rooms["train"]["dismissed_runs"] = json!(["20260131-235959-mlp-seed1"]);
    let hidden = session.rooms["plasticity"]["windows"]["hidden"].take();
    assert!(hidden.as_array().unwrap().contains(&"triplet".into()), "{hidden}");
    expected.rooms["plasticity"]["windows"]["hidden"] = Value::Null;
    let rules = session.rooms["plasticity"]["rules"].take();
    let ids: Vec<_> = rules["configs"].as_array().unwrap().iter().map(|c| &c["id"]).collect();
    assert_eq!(ids, ["pair"]);
    expected.rooms["plasticity"]["rules"] = Value::Null;
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
    let s = parse(&long);
    assert_eq!(s.strokes.iter().map(Vec::len).sum::<usize>(), MAX_POINTS);
    assert_eq!(s.used_runs.len(), MOST_USED);
    let length = |path: &str| {
        let room = Value::Object(s.rooms.clone());
        room.pointer(path).unwrap().as_array().unwrap().len()
    };
    assert_eq!((length("/train/queue"), length("/train/dismissed_runs")), (100, 1000));
    let drawn = length("/neuron/figure/stimulus/drawn");
    assert_eq!(drawn, crate::snn::stimulus::DRAWN_POINTS);
    assert_eq!((length("/neuron/figure/synapses"), length("/neuron/unit/own")), (3, 8));
    assert_eq!(length("/plasticity/story/pre_ms"), 4);
    assert_eq!(length("/plasticity/story/post_ms"), 4);
    assert_eq!(length("/plasticity/rules/configs"), 1);
}

#[test]
fn a_session_comes_back_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let session = Session { projector: true, ..full() };
    write(home.path(), &serde_json::to_value(&session).unwrap());
    assert_eq!(found(home.path()), (session, None));
}

#[test]
fn broken_sessions_are_set_aside_one_beside_the_other() {
    let home = tempfile::tempdir().unwrap();
    for name in ["session.broken.json", "session.broken-2.json", "session.broken-3.json"] {
        crate::core::files::write_bytes(&path(home.path()), name.as_bytes()).unwrap();
        let (session, report) = found(home.path());
        assert_eq!(session, Session::default());
        assert!(report.unwrap().contains(name));
        assert_eq!(std::fs::read_to_string(home.path().join(name)).unwrap(), name);
    }
    assert_eq!(found(home.path()), (Session::default(), None));
}

#[test]
fn a_huge_session_and_one_that_is_no_file_are_not_read() {
    let home = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(path(home.path())).unwrap();
    file.set_len(MOST_BYTES + 1).unwrap();
    let (session, report) = found(home.path());
    assert_eq!(session, Session::default());
    assert!(report.unwrap().contains("is the most"));
    std::fs::create_dir(path(home.path())).unwrap();
    assert!(found(home.path()).1.unwrap().contains("a folder"));
}
