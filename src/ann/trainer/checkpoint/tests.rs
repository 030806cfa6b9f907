//! What a checkpoint may say: it comes from a disk, and may have been damaged or
//! made up.

use serde_json::{Value, json};

use super::*;
use crate::ann::trainer::tests::{bars, config};
use crate::ann::weights::pack;
use crate::core::rng::Rng;

/// A checkpoint in the middle of the second epoch, as arrays and text.
fn checkpoint() -> (Vec<u8>, Arc<Dataset>) {
    let data = bars(40);
    let settings = TrainConfig { batch_size: 8, average_epochs: 2, ..config("rnn1", 40) };
    let mut trainer = Trainer::new(settings, Arc::clone(&data)).unwrap();
    while trainer.progress().step < 8 {
        trainer.step().unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint.safetensors");
    trainer.save_checkpoint(&path).unwrap();
    (std::fs::read(&path).unwrap(), data)
}

/// Either it is refused in one line, or the run goes on.
fn survives(bytes: &[u8], data: &Arc<Dataset>) -> bool {
    match Trainer::resume_from(bytes, "crafted", Arc::clone(data), None) {
        Ok(mut trainer) => {
            // A run that diverges says so.
            let _ = trainer.step();
            true
        }
        Err(error) => {
            let text = error.to_string();
            let said = ["crafted cannot be used: ", "crafted goes on only with the digits"];
            assert!(said.iter().any(|s| text.starts_with(s)), "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
            false
        }
    }
}

/// Calls `visit` with the text in which each value in turn is replaced.
fn each_replaced(state: &Value, with: &[Value], mut visit: impl FnMut(&str, &str)) {
    fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
        all.push(at.to_owned());
        match value {
            Value::Object(map) => {
                map.iter().for_each(|(k, v)| pointers(v, &format!("{at}/{k}"), all));
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(i, v)| pointers(v, &format!("{at}/{i}"), all));
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    pointers(state, "", &mut all);
    for place in all {
        for value in with {
            let mut changed = state.clone();
            *changed.pointer_mut(&place).unwrap() = value.clone();
            visit(&place, &changed.to_string());
        }
    }
}

#[test]
fn any_value_in_place_of_any_other_is_refused_or_goes_on() {
    let (bytes, data) = checkpoint();
    let (arrays, text) = read_arrays(&bytes, "x").unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    let with = [
        json!(0),
        json!(1),
        json!(-1),
        json!(7),
        json!(i32::MAX),
        json!(1u64 << 53),
        json!(u64::MAX),
        json!(0.5),
        json!(1e39),
        json!(1e308),
        Value::Null,
        json!("x"),
        json!([]),
        json!({}),
    ];
    let mut tried = 0;
    each_replaced(&state, &with, |_, text| {
        survives(&pack(&arrays, text.to_owned(), Precision::Single).unwrap(), &data);
        tried += 1;
    });
    assert!(tried > 400, "{tried}");
}

#[test]
fn counters_that_contradict_each_other_or_the_digits_are_refused() {
    let (bytes, data) = checkpoint();
    assert!(survives(&bytes, &data));
    let (arrays, text) = read_arrays(&bytes, "x").unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    for (place, value) in [
        ("/epoch", json!(0)),
        ("/epoch", json!(u64::MAX)),
        ("/batch", json!(4)),
        ("/batch", json!(u64::MAX)),
        ("/step", json!(9)),
        ("/updates", json!(u64::MAX)),
        ("/averaged", json!(2)),
        ("/averaged", json!(u64::MAX)),
        ("/sums/images", json!(0)),
        ("/sums/right", json!(25)),
        ("/sums/loss", json!(-1.0)),
        ("/epochs/0/epoch", json!(2)),
        ("/epochs/0/train_accuracy", json!(1.5)),
        ("/epochs", json!([])),
        ("/config/epochs", json!(1)),
        ("/config/batch_size", json!(4096)),
        ("/config/batch_size", json!(0)),
        ("/config/threads", json!(5000)),
        ("/config/subset", json!(u64::MAX)),
        ("/config/validation_share", json!(-0.5)),
        ("/config/model", json!("mlp")),
        ("/config/model", json!("../x")),
        ("/config/optimiser/id", json!("sgd+")),
        ("/data", json!("other")),
    ] {
        let mut changed = state.clone();
        *changed.pointer_mut(place).unwrap() = value.clone();
        let bytes = pack(&arrays, changed.to_string(), Precision::Single).unwrap();
        assert!(!survives(&bytes, &data), "{place} = {value}");
    }
    // Digits of the same name, but so few that its epochs would be shorter.
    assert!(!survives(&bytes, &bars(30)));
}

#[test]
fn numbers_that_are_none_are_refused_in_every_array() {
    let (bytes, data) = checkpoint();
    let (arrays, text) = read_arrays(&bytes, "x").unwrap();
    for i in 0..arrays.len() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut changed = arrays.clone();
            changed[i].2[0] = bad;
            let bytes = pack(&changed, text.clone(), Precision::Single).unwrap();
            assert!(!survives(&bytes, &data), "{}", arrays[i].0);
        }
        let mut fewer = arrays.clone();
        let (name, ..) = fewer.remove(i);
        let bytes = pack(&fewer, text.clone(), Precision::Single).unwrap();
        assert!(!survives(&bytes, &data), "without {name}");
        let mut shorter = arrays.clone();
        shorter[i].1 = vec![shorter[i].2.len() - 1];
        shorter[i].2.pop();
        let bytes = pack(&shorter, text.clone(), Precision::Single).unwrap();
        assert!(!survives(&bytes, &data), "{name} too short");
    }
}

#[test]
fn thousands_of_damaged_checkpoints_are_refused_or_go_on() {
    let (bytes, data) = checkpoint();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut rng = Rng::stream(1, "damage", 0);
    for i in 0..3000 {
        let mut bytes = bytes.clone();
        // Mostly where the structure is; half the time, one digit for another.
        let reach = if i % 8 == 0 { bytes.len() } else { header };
        for _ in 0..=rng.below(3) {
            let at = rng.below(reach);
            if i % 2 == 0 && bytes[at].is_ascii_digit() {
                bytes[at] = b'0' + rng.below(10) as u8;
            } else if i % 16 == 1 {
                bytes.truncate(at);
                break;
            } else if i % 16 == 3 {
                bytes.insert(at, rng.below(256) as u8);
            } else {
                bytes[at] = rng.below(256) as u8;
            }
        }
        survives(&bytes, &data);
    }
}
