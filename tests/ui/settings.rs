//! Session files as nobody would write them: the window opens, shows each
//! workspace, answers, and closes.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use serde_json::{Value, json};
use spikescope::core::rng::Rng;
use spikescope::ui::app::{App, Setup};
use spikescope::ui::session::Session;
use spikescope::ui::start::Start;
use spikescope::ui::workspaces::WORKSPACES;

use super::{PATIENCE, Window, side_by_side};

/// Ending all workers takes about a second; what cannot be stopped takes for ever.
/// The rest is for a machine that has other things to do.
const CLOSED_WITHIN: Duration = Duration::from_secs(10);

/// Replaces a part of the numbers by what no slider gives.
fn spoil(value: &mut Value, rng: &mut Rng) {
    let extremes = [
        json!(-1),
        json!(0),
        json!(0.5),
        json!(1_000_000_000),
        json!(2_147_483_647),
        json!(1u64 << 53),
        json!(u64::MAX),
        json!(-1e300),
        json!(1e300),
        json!("x"),
        json!(null),
    ];
    match value {
        Value::Number(_) if rng.uniform() < 0.4 => {
            let at = (rng.uniform() * extremes.len() as f32) as usize;
            *value = extremes[at.min(extremes.len() - 1)].clone();
        }
        Value::Array(items) => items.iter_mut().for_each(|v| spoil(v, rng)),
        Value::Object(fields) => fields.values_mut().for_each(|v| spoil(v, rng)),
        _ => {}
    }
}

/// Every tab of every workspace: the workspace's id and the tab's, if it has any.
fn tabs() -> impl Iterator<Item = (&'static str, &'static str)> {
    WORKSPACES.iter().flat_map(|w| {
        let none: &[&str] = &[""];
        let tabs = if w.tabs.is_empty() { none } else { w.tabs };
        tabs.iter().map(|tab| (w.about.id, *tab))
    })
}

/// A session that begins there.
fn in_tab(session: &Value, room: &str, tab: &str) -> Value {
    let mut session = session.clone();
    session["workspace"] = room.into();
    if !tab.is_empty() {
        session["rooms"][room]["tab"] = tab.into();
    }
    session
}

/// Opens the window on this session, looks for a while, and closes it.
#[track_caller]
fn opens_and_closes(session: &Value, what: &str) {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("session.json"), session.to_string()).unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |_| {});
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1500) {
        window.harness.step();
        std::thread::sleep(Duration::from_millis(10));
    }
    for text in ["mistake in the program", "error in the program"] {
        assert!(!window.says(text), "{what}: {}", window.said());
    }
    let Window { mut harness, home: _home } = window;
    let begun = Instant::now();
    eframe::App::on_exit(harness.state_mut());
    drop(harness);
    let took = begun.elapsed();
    assert!(took < CLOSED_WITHIN, "{what}: closing took {took:?}");
}

#[test]
fn a_session_of_impossible_numbers_opens_and_closes_in_every_workspace() {
    let mut usual = serde_json::to_value(Session::default()).unwrap();
    usual["strokes"] = json!([[[0.3, 0.2], [0.7, 0.2], [0.4, 0.8]], [[0.3, 0.5], [0.7, 0.5]]]);
    usual["window"] = json!([1280.0, 800.0]);
    usual["rooms"]["conversion"]["unit"] = json!([0, 0]);
    usual["rooms"]["spiking"]["goal"] = json!(20_000);
    for name in ["layer", "channel", "term", "input", "class"] {
        usual["rooms"]["fields"][name] = json!(1);
    }
    side_by_side(tabs().enumerate(), |(seed, (room, tab))| {
        let mut session = in_tab(&usual, room, tab);
        spoil(&mut session, &mut Rng::stream(seed as u64, room, 0));
        opens_and_closes(&session, &format!("{room} {tab}: {session}"));
    });
}

/// The Neuron lab once played by itself: a core and a half in software drawing.
#[test]
fn nothing_is_drawn_at_rest_in_any_tab() {
    let mut usual = serde_json::to_value(Session::default()).unwrap();
    usual["strokes"] = json!([[[0.3, 0.2], [0.7, 0.2], [0.4, 0.8]]]);
    let restless = Mutex::new(Vec::new());
    side_by_side(tabs(), |(room, tab)| {
        let session = in_tab(&usual, room, tab);
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("session.json"), session.to_string()).unwrap();
        let mut window = Window::open_with([1280.0, 800.0], home, |_| {});
        let (begun, mut rested) = (Instant::now(), 0);
        while rested < 40 {
            if begun.elapsed() > PATIENCE {
                let causes = window.harness.ctx.repaint_causes();
                restless.lock().unwrap().push(format!("{room} {tab}: {causes:?}"));
                break;
            }
            window.harness.step();
            let viewports = &window.harness.output().viewport_output;
            let next = viewports.values().map(|v| v.repaint_delay).min().unwrap();
            rested = if next > Duration::from_secs(5) { rested + 1 } else { 0 };
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let restless = restless.into_inner().unwrap();
    assert!(restless.is_empty(), "never at rest: {restless:#?}");
}

#[test]
fn two_billion_steps_of_a_converted_network_open_and_close() {
    let mut session = serde_json::to_value(Session::default()).unwrap();
    session["strokes"] = json!([[[0.3, 0.2], [0.7, 0.2], [0.4, 0.8]]]);
    session["workspace"] = "conversion".into();
    session["rooms"]["conversion"]["how"]["steps"] = json!(2_147_483_647);
    opens_and_closes(&session, "conversion");
}

fn setup(home: &Path) -> Setup {
    Setup {
        home: home.to_path_buf(),
        mnist: None,
        projector: false,
        theme: None,
        workspace: None,
        scene: None,
        welcome: false,
    }
}

#[track_caller]
fn wait_for<T>(harness: &mut Harness<'static, T>, text: &str) {
    let begun = Instant::now();
    while harness.query_all_by_label_contains(text).next().is_none() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {text}");
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn start(home: &Path) -> Harness<'static, Start> {
    let setup = setup(home);
    let mut harness = Harness::builder()
        .with_size([1280.0, 800.0])
        .wgpu_setup(spikescope::ui::tour::headless_setup().unwrap())
        .build_eframe(move |cc| Start::new(&cc.egui_ctx, setup).unwrap());
    harness.run_steps(3);
    harness
}

fn close(mut harness: Harness<'static, Start>) {
    eframe::App::on_exit(harness.state_mut());
}

#[test]
fn after_a_start_that_ended_badly_a_fresh_session_is_offered() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| home.path().join(name);
    let session = r#"{"workspace": "time", "strokes": [[[0.5, 0.1], [0.5, 0.9]]]}"#;
    std::fs::write(file("session.json"), session).unwrap();
    // A start under way says so, and one that is closed well does not.
    let harness = start(home.path());
    assert!(file("starting").exists());
    close(harness);
    assert!(!file("starting").exists());
    // One that was killed.
    std::fs::write(file("starting"), b"").unwrap();
    let mut harness = start(home.path());
    wait_for(&mut harness, "did not start well");
    close(harness);
    // Who only closes the window is asked again.
    let mut harness = start(home.path());
    wait_for(&mut harness, "did not start well");
    harness.get_by_label("Go on with the last session").click();
    wait_for(&mut harness, "Nothing is running");
    assert!(!file("session.kept.json").exists());
    close(harness);
    assert!(std::fs::read_to_string(file("session.json")).unwrap().contains("0.9"));
    std::fs::write(file("starting"), b"").unwrap();
    let mut harness = start(home.path());
    wait_for(&mut harness, "did not start well");
    harness.get_by_label("Begin a fresh session").click();
    wait_for(&mut harness, "Nothing is running");
    assert!(std::fs::read_to_string(file("session.kept.json")).unwrap().contains("time"));
    close(harness);
    let now = std::fs::read_to_string(file("session.json")).unwrap();
    assert!(now.contains("\"workspace\":\"draw\""), "{now}");
    assert!(!file("starting").exists());
}

/// The second window used to bring back what had been deleted in the first.
#[test]
fn a_second_window_says_so_and_keeps_its_changes_to_itself() {
    let home = tempfile::tempdir().unwrap();
    let session = r#"{"strokes": [[[0.5, 0.1], [0.5, 0.9]]]}"#;
    std::fs::write(home.path().join("session.json"), session).unwrap();
    let open = |path: &Path| -> Harness<'static, App> {
        let setup = setup(path);
        Harness::builder()
            .with_size([1280.0, 800.0])
            .wgpu_setup(spikescope::ui::tour::headless_setup().unwrap())
            .build_eframe(move |cc| App::new(&cc.egui_ctx, setup).unwrap())
    };
    let mut first = open(home.path());
    let mut second = open(home.path());
    wait_for(&mut second, "Another window of Spikescope is open. Settings are not saved here.");
    wait_for(&mut second, "All ten answers 1, ");
    assert!(first.query_by_label_contains("Another window").is_none());
    wait_for(&mut first, "Clear");
    first.get_by_label("Clear").click();
    first.run_steps(3);
    // Whoever is closed first, what the first has done is kept.
    eframe::App::on_exit(first.state_mut());
    drop(first);
    second.get_by_label("Light or dark").click();
    second.run_steps(3);
    std::thread::sleep(Duration::from_millis(900));
    second.run_steps(3);
    eframe::App::on_exit(second.state_mut());
    drop(second);
    let kept: Session =
        serde_json::from_slice(&std::fs::read(home.path().join("session.json")).unwrap()).unwrap();
    assert!(kept.strokes.is_empty() && kept.theme == Session::default().theme);
}
