use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::ask::Prediction;
use super::{LessonEdit, check};
use crate::lessons::condition::Condition;
use crate::lessons::library::BUNDLED;
use crate::lessons::{Ask, Kind, Lesson, read};
use crate::ui::app::{App, Setup};
use crate::ui::scene::draw_three;
use crate::ui::testing::{self, PATIENCE};
use crate::ui::workspaces::WORKSPACES;
use crate::workers::library::Loading;

fn lessons() -> impl Iterator<Item = Lesson> {
    BUNDLED.iter().map(|(id, text)| read::read(id, text).unwrap())
}

fn window(home: &Path) -> Harness<'static, App> {
    let setup = Setup { projector: true, ..testing::setup(home) };
    let mut harness = testing::window(setup, [1024.0, 768.0]);
    until(&mut harness, "the data", |app| {
        !matches!(app.house.desk.library.mnist, Loading::Unknown | Loading::Busy)
    });
    harness
}

#[track_caller]
fn until(harness: &mut Harness<'static, App>, what: &str, ready: impl Fn(&App) -> bool) {
    let begun = Instant::now();
    while !ready(harness.state()) {
        let seen: Vec<String> = harness.state().house.course.running().map_or_else(Vec::new, |r| {
            let names = r.current().seen.iter().flat_map(Condition::names);
            let house = &harness.state().house;
            names.map(|n| format!("{n} {:?}", house.rooms.measure(n, &house.desk))).collect()
        });
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}: {seen:?}");
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
    harness.run_steps(2);
}

fn press(harness: &mut Harness<'static, App>, key: Key) {
    harness.key_press_modifiers(Modifiers::NONE, key);
    harness.run_steps(2);
}

/// Goes through a lesson with the keys that a clicker and a keyboard have.
fn play(harness: &mut Harness<'static, App>, lesson: Lesson) {
    let (id, steps) = (lesson.id.clone(), lesson.steps.clone());
    harness.state_mut().house.apply(LessonEdit::Start(Arc::new(lesson)));
    harness.run_steps(2);
    for (i, step) in steps.iter().enumerate() {
        let what = format!("{id}, step {} ({})", i + 1, step.kind.name());
        let at = |app: &App| app.house.course.running().map(|r| r.step);
        assert_eq!(at(harness.state()), Some(i), "{what}");
        until(harness, &what, |app| !app.house.scenes.is_coming());
        match &step.kind {
            Kind::Predict(ask) => {
                // Locked before there is something to lock: nothing happens.
                press(harness, Key::PageDown);
                assert!(harness.state().house.course.locks(), "{what}");
                predict(harness, ask);
                press(harness, Key::PageDown);
                assert!(!harness.state().house.course.locks(), "{what}");
            }
            Kind::Run { .. } => {
                let running = harness.state().house.course.running().unwrap();
                assert!(!running.measured(), "{what}: it is told before it is run");
                press(harness, Key::PageDown);
            }
            Kind::Play | Kind::Vary | Kind::Look => {
                let running = harness.state().house.course.running();
                if running.is_some_and(|r| !r.seen[i]) {
                    press(harness, Key::Space);
                }
            }
            Kind::Mystery(_) => press(harness, Key::PageDown),
            Kind::Compare => {}
        }
        let seen = |app: &App| app.house.course.running().is_some_and(|r| r.seen[i]);
        if !matches!(step.kind, Kind::Mystery(_)) {
            until(harness, &what, seen);
        }
        if matches!(step.kind, Kind::Compare) {
            let running = harness.state().house.course.running().unwrap();
            let Some((_, ask, _)) = running.predicted() else { panic!("{what}: no prediction") };
            match ask {
                Ask::Choices(_) => {
                    let came = running.true_choices.iter().filter(|t| **t == Some(true)).count();
                    assert!(came > 0, "{what}: none of the choices has come true");
                }
                _ => assert!(running.outcome.is_some(), "{what}: nothing was measured"),
            }
        }
        assert!(
            harness.state().house.desk.toasts.failures() == 0,
            "{what}: {:?}",
            harness.state().house.desk.toasts.newest()
        );
        press(harness, Key::PageDown);
    }
    assert!(harness.state().house.course.running().is_none(), "{id} did not end");
}

fn predict(harness: &mut Harness<'static, App>, ask: &Ask) {
    match ask {
        Ask::Choices(_) => press(harness, Key::Num2),
        Ask::Number { .. } => press(harness, Key::ArrowUp),
        Ask::Sketch { .. } => {
            for key in [Key::ArrowUp, Key::ArrowRight, Key::ArrowUp, Key::ArrowRight] {
                press(harness, key);
            }
        }
    }
}

fn plays(number: usize) {
    let lesson = lessons().nth(number - 1).unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut harness = window(home.path());
    draw_three(&mut harness.state_mut().house);
    harness.run_steps(3);
    let before = harness.state().house.capture();
    play(&mut harness, lesson);
    // What was there before is there again.
    until(&mut harness, "the way back", |app| !app.house.scenes.is_coming());
    let mut after = harness.state().house.capture();
    after.at = before.at;
    assert_eq!(after, before);
}

macro_rules! lessons_run {
    ($($name:ident $number:literal),*) => { $(
        #[test]
        fn $name() {
            plays($number);
        }
    )* };
}

lessons_run!(
    lesson_1_runs_by_keyboard_alone 1,
    lesson_2_runs_by_keyboard_alone 2,
    lesson_3_runs_by_keyboard_alone 3,
    lesson_4_runs_by_keyboard_alone 4,
    lesson_5_runs_by_keyboard_alone 5,
    lesson_6_runs_by_keyboard_alone 6,
    lesson_7_runs_by_keyboard_alone 7,
    lesson_8_runs_by_keyboard_alone 8,
    lesson_9_runs_by_keyboard_alone 9,
    lesson_10_runs_by_keyboard_alone 10,
    lesson_11_runs_by_keyboard_alone 11
);

#[test]
fn every_bundled_lesson_refers_to_what_is_there_and_fits_its_time() {
    assert_eq!(lessons().count(), 11);
    for lesson in lessons() {
        let problems: Vec<String> = check::check(&lesson).iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "lessons/{}.md:\n{}", lesson.id, problems.join("\n"));
        assert!((8..=12).contains(&lesson.minutes), "{}: {} minutes", lesson.id, lesson.minutes);
        let planned: f64 = lesson.steps.iter().filter_map(|s| s.minutes).sum();
        assert!(planned <= f64::from(lesson.minutes) + 0.01, "{}: {planned}", lesson.id);
        let asks = lesson.steps.iter().filter(|s| matches!(s.kind, Kind::Predict(_))).count();
        assert!(asks > 0, "{} asks for no prediction", lesson.id);
    }
}

#[test]
fn measures_have_names_and_sentences() {
    for entry in WORKSPACES {
        let measures = (entry.measures)();
        for (i, m) in measures.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(!m.name.is_empty() && m.name.chars().all(plain), "{}", m.name);
            assert!(m.doc.ends_with('.'), "{}.{}: {}", entry.about.id, m.name, m.doc);
            assert!(measures[..i].iter().all(|other| other.name != m.name), "{}", m.name);
        }
    }
}

#[test]
fn nothing_moves_until_the_prediction_is_locked_and_a_wrong_click_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = window(home.path());
    draw_three(&mut harness.state_mut().house);
    let lesson = lessons().find(|l| l.id.starts_with("05")).unwrap();
    let asks = lesson.steps.iter().position(|s| matches!(s.kind, Kind::Predict(_))).unwrap();
    harness.state_mut().house.apply(LessonEdit::Start(Arc::new(lesson)));
    harness.state_mut().house.apply(LessonEdit::Go(asks));
    harness.run_steps(3);
    let before = harness.state().house.capture();
    // Play, another workspace, undo.
    press(&mut harness, Key::Space);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num1);
    harness.run_steps(3);
    assert_eq!(harness.state().house.capture(), before);
    assert!(harness.query_all_by_label_contains("Lock prediction").next().is_some());
    press(&mut harness, Key::Num1);
    let running = harness.state().house.course.running().unwrap();
    assert_eq!(running.draft, Some(Prediction::Choice(0)));
    press(&mut harness, Key::PageDown);
    harness.state_mut().house.apply(LessonEdit::Leave { stay: false });
    harness.run_steps(3);
    assert_eq!(harness.state().house.rooms.shown().id, "draw");
    assert!(!harness.state().house.desk.digit.is_blank());
}
