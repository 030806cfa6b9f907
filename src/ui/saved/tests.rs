use std::path::Path;

use egui_kittest::Harness;
use serde_json::{Value, json};

use super::*;
use crate::core::rng::Rng;
use crate::lessons::Reading;
use crate::ui::app::{App, Setup};
use crate::ui::command::Command;
use crate::ui::house::House;
use crate::ui::scene::{draw, draw_three};
use crate::ui::testing;
use crate::ui::workspaces::WORKSPACES;
use crate::workers::carried;

fn window(home: &Path, size: [f32; 2], projector: bool) -> Harness<'static, App> {
    testing::window(Setup { projector, ..testing::setup(home) }, size)
}

#[track_caller]
fn until(harness: &mut Harness<'static, App>, what: &str, ready: impl Fn(&App) -> bool) {
    testing::until(harness, what, ready);
    harness.run_steps(2);
}

fn settled(app: &App) -> bool {
    app.house.rooms.settled(&app.house.desk) && !app.house.scenes.is_coming()
}

/// What a workspace measures, by name.
fn measured(app: &App, id: &str) -> Vec<(String, Reading)> {
    let entry = WORKSPACES.iter().find(|w| w.about.id == id).unwrap();
    let of = |name: &str| {
        let name = format!("{id}.{name}");
        app.house.rooms.measure(&name, &app.house.desk).map(|reading| (name, reading))
    };
    (entry.measures)().iter().filter_map(|m| of(m.name)).collect()
}

fn open(app: &mut App, text: &str) {
    let unpacked = carried::unpack(text.as_bytes(), &app.house.desk.home.join("runs")).unwrap();
    let House { rooms, scenes, desk, .. } = &mut app.house;
    scenes.open_unpacked(unpacked, "it", rooms, desk);
}

#[test]
fn every_workspace_is_the_same_on_another_machine() {
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut here = window(homes[0].path(), [1280.0, 800.0], false);
    let mut there = window(homes[1].path(), [1024.0, 768.0], true);
    draw(&mut here.state_mut().house, 5, |[x, y]| [0.1 + 0.7 * x, y]);
    for window in [&mut here, &mut there] {
        until(window, "the data", |app| {
            !matches!(app.house.desk.library.mnist, Loading::Unknown | Loading::Busy)
        });
    }
    for entry in WORKSPACES {
        let id = entry.about.id;
        here.state_mut().house.apply(Command::Show(id));
        here.run_steps(2);
        until(&mut here, id, settled);
        // Somewhere in the middle of its time.
        if let Some(time) = here.state().house.rooms.time() {
            let at = time.range.0 + (time.range.1 - time.range.0) / 3 + 3;
            until(&mut here, id, settled);
            for _ in 0..400 {
                let House { rooms, desk, .. } = &mut here.state_mut().house;
                if rooms.time().is_some_and(|t| t.at == at) {
                    break;
                }
                rooms.go(at, desk);
                here.step();
                std::thread::sleep(Duration::from_millis(2));
            }
            until(&mut here, id, settled);
        }
        let scene = here.state().house.capture();
        let text = serde_json::to_string(&scene).unwrap();
        open(there.state_mut(), &text);
        until(&mut there, id, settled);
        let again = serde_json::to_string(&there.state().house.capture()).unwrap();
        assert_eq!(text, again, "{id}");
        let [a, b] = [measured(here.state(), id), measured(there.state(), id)];
        for (one, other) in a.iter().zip(&b) {
            assert_eq!(one, other);
        }
        assert_eq!(a.len(), b.len(), "{id}");
    }
}

#[test]
fn what_was_there_comes_back_by_undo_and_by_going_back() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), [1280.0, 800.0], false);
    draw_three(&mut window.state_mut().house);
    window.run_steps(3);
    let before = window.state().house.capture();
    let other = json!({
        "spikescope": 1,
        "workspace": "time",
        "digit": { "strokes": [[[0.5, 0.2], [0.5, 0.8]]] },
        "treatment": { "noise": 0.25 },
    });
    open(window.state_mut(), &other.to_string());
    until(&mut window, "the scene", settled);
    let house = &mut window.state_mut().house;
    assert_eq!(house.rooms.shown().id, "time");
    assert_eq!((house.desk.digit.strokes().len(), house.desk.digit.treatment.noise), (1, 0.25));
    house.apply(SceneEdit::Back);
    window.run_steps(3);
    let mut back = window.state().house.capture();
    assert_eq!(back.digit, before.digit);
    back.at = before.at;
    assert_eq!(back, before);
    open(window.state_mut(), &other.to_string());
    window.run_steps(3);
    window.state_mut().house.apply(Command::Undo);
    window.run_steps(3);
    assert_eq!(window.state().house.capture().digit, before.digit);
}

#[test]
fn a_picture_keeps_all_its_bits_and_a_strange_one_is_refused() {
    let mut rng = Rng::stream(1, "bits", 0);
    let mut pixels = Box::new([0.0; PIXELS]);
    pixels.iter_mut().for_each(|p| *p = rng.uniform());
    let name = "a photo".to_owned();
    let source = Source::Picture { name, label: Some(3), classes: ClassNames::default(), pixels };
    let text = serde_json::to_string(&SavedDigit::of(&source, &[])).unwrap();
    let back: SavedDigit = serde_json::from_str(&text).unwrap();
    assert_eq!(back.content().unwrap().source, source);
    for bits in ["", "AAAA", "?", &"A".repeat(4181), &BASE64.encode([255; 4 * PIXELS])] {
        let digit = SavedDigit::Pixels { name: String::new(), label: None, bits: bits.into() };
        assert!(digit.content().is_err(), "{bits}");
    }
}

#[test]
fn broken_scenes_change_nothing_or_are_put_right() {
    const EACH: u64 = 60;
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), [1280.0, 800.0], false);
    draw_three(&mut window.state_mut().house);
    window.run_steps(2);
    for entry in WORKSPACES {
        let id = entry.about.id;
        let mut scene = serde_json::to_value(window.state().house.capture()).unwrap();
        scene["workspace"] = json!(id);
        scene["settings"] = (entry.usual)();
        for i in 0..EACH {
            let mut rng = Rng::stream(i, id, 0);
            let mut broken = scene.clone();
            damage(&mut broken, &mut rng);
            let before = window.state().house.capture();
            let App { house, .. } = window.state_mut();
            let House { rooms, scenes, desk, .. } = house;
            let read = SavedScene::read(broken.clone());
            match read.and_then(|scene| scenes.open(scene, Open::ByUser, rooms, desk)) {
                Ok(_) => {
                    let kept = rooms.kept(rooms.shown().id).unwrap();
                    let entry = WORKSPACES.iter().find(|w| w.about.id == rooms.shown().id);
                    let (again, bounds) = (entry.unwrap().bound)(kept.clone());
                    assert!(bounds.mended().is_empty(), "{id} {i}: {:?}", bounds.mended());
                    assert_eq!(again, kept, "{id} {i}");
                }
                Err(why) => {
                    assert!(!why.is_empty() && why.len() < 400, "{why}");
                    assert_eq!(house.capture(), before, "{id} {i}");
                }
            }
        }
    }
    window.run_steps(2);
}

/// Puts something strange into some place of a scene.
fn damage(value: &mut Value, rng: &mut Rng) {
    let strange = [
        json!(null),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!("x".repeat(1000)),
        json!([[[1e30, "a"]]]),
        json!({ "a": { "b": [] } }),
        json!(true),
        json!([]),
    ];
    let mut place = value;
    for _ in 0..8 {
        let inside = match &*place {
            Value::Object(fields) => fields.len(),
            Value::Array(items) => items.len(),
            _ => 0,
        };
        if inside == 0 || rng.below(5) == 0 {
            break;
        }
        let i = rng.below(inside);
        place = match place {
            Value::Object(fields) => match fields.values_mut().nth(i) {
                Some(value) => value,
                None => return,
            },
            Value::Array(items) => &mut items[i],
            _ => return,
        };
    }
    *place = strange[rng.below(strange.len())].clone();
}
