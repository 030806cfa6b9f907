//! Work of the UI thread for one frame: layout, accessibility tree and
//! tessellation of a whole workspace, without the graphics card's part. The mean
//! is criterion's; the slowest frames, which are what a hand feels, are printed
//! beside it, by the clock and by the time that the thread had a core.

use std::io::Write;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{Queryable, by};
use rustix::time::{ClockId, clock_gettime};
use spikescope::ui::app::{App, Setup};

/// How long a frame took: by the clock, and on a core.
type Took = (Duration, Duration);
type Window = Harness<'static, App>;

fn open(home: &tempfile::TempDir) -> Window {
    let setup = Setup {
        home: home.path().to_path_buf(),
        mnist: None,
        projector: false,
        theme: None,
        workspace: Some("draw".into()),
        scene: None,
        welcome: false,
    };
    let mut window = Harness::builder()
        .with_size([1280.0, 800.0])
        .build_eframe(move |cc| App::new(&cc.egui_ctx, setup).expect("threads"));
    window.run_steps(5);
    window
}

fn click(window: &mut Window, role: Role, name: &str) {
    window.get_by_role_and_label(role, name).click();
    window.run_steps(3);
}

/// Starts CNN 3 on synthetic digits and waits until it learns.
fn train(window: &mut Window) {
    click(window, Role::Button, "Train");
    for (now, wanted) in [("MLP", "CNN 3"), ("MNIST", "Synthetic digits")] {
        window.get(by().role(Role::ComboBox).value(now)).click();
        window.run_steps(3);
        click(window, Role::Button, wanted);
    }
    click(window, Role::Button, "Start training");
    let begun = Instant::now();
    while window.query_all_by_label_contains("CNN 3 training").next().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the run did not start");
        std::thread::sleep(Duration::from_millis(20));
        window.step();
    }
}

/// One frame, as the window makes it.
fn frame(window: &mut Window) -> Took {
    let (begun, worked) = (Instant::now(), on_core());
    window.step();
    let output = window.output();
    std::hint::black_box(window.ctx.tessellate(output.shapes.clone(), output.pixels_per_point));
    (begun.elapsed(), on_core().saturating_sub(worked))
}

/// Time that this thread had a core so far.
fn on_core() -> Duration {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
}

/// Measures `next` with criterion, and the slowest of some hundred frames at the
/// pace of a screen, where other threads have the time between to interfere.
fn measure(c: &mut Criterion, name: &str, mut next: impl FnMut() -> Took) {
    c.benchmark_group("frame").bench_function(name, |b| {
        b.iter_custom(|n| (0..n).map(|_| next().0).sum());
    });
    let times: Vec<Took> = (0..600)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(12));
            next()
        })
        .collect();
    for (by, mut times) in [
        ("by the clock", times.iter().map(|t| t.0).collect::<Vec<_>>()),
        ("on a core", times.iter().map(|t| t.1).collect()),
    ] {
        times.sort_unstable();
        writeln!(
            std::io::stdout(),
            "frame/{name}, at 60 a second, {by}: median {:.2?}, 99th percentile {:.2?}, slowest {:.2?}",
            times[300],
            times[593],
            times[599]
        )
        .expect("standard output");
    }
}

fn drawing(window: &mut Window) -> impl FnMut() -> Took {
    let rect = window.get_by_label("Canvas: draw a digit here").rect();
    window.drag_at(rect.center());
    let mut t = 0u32;
    move || {
        t += 1;
        let way = egui::Vec2::angled(t as f32 * 0.05) * 120.0;
        if t.is_multiple_of(120) {
            // A digit of some strokes at most, not one that grows for ever.
            window.drop_at(rect.center());
            frame(window);
            if t.is_multiple_of(360) {
                window.key_press(egui::Key::Delete);
                frame(window);
            }
            window.drag_at(rect.center());
            frame(window);
        }
        window.hover_at(rect.center() + way);
        frame(window)
    }
}

/// Whether the filter given on the command line lets this through.
fn wanted(name: &str) -> bool {
    std::env::args().skip(1).filter(|a| !a.starts_with('-')).all(|filter| name.contains(&filter))
}

/// A digit in spikes, stepped through at 60 steps a second: each frame shows another
/// step, which is what costs most.
fn conversion(c: &mut Criterion) {
    let name = "conversion, CNN 3 at 100 steps, a new step in each frame";
    if !wanted(name) {
        return;
    }
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut window = open(&home);
    let rect = window.get_by_label("Canvas: draw a digit here").rect();
    let at = |x: f32, y: f32| rect.min + egui::vec2(x, y) * rect.size();
    window.drag_at(at(0.3, 0.25));
    for (x, y) in [(0.5, 0.25), (0.7, 0.25), (0.6, 0.5), (0.5, 0.8)] {
        window.hover_at(at(x, y));
        window.step();
    }
    window.drop_at(at(0.5, 0.8));
    window.run_steps(3);
    click(&mut window, Role::Button, "Conversion");
    let begun = Instant::now();
    while window.query_all_by_label_contains("in spikes after 100 steps").next().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(120), "the digit was not converted");
        std::thread::sleep(Duration::from_millis(20));
        window.step();
    }
    for tab in ["Side by side", "Spikes", "One unit"] {
        click(&mut window, Role::Button, tab);
        if tab == "Side by side" {
            // The largest layer.
            let mut layers = window.query_all_by_label_contains("Conv 2 3×3");
            layers.next().expect("the second layer").click();
            drop(layers);
            window.run_steps(3);
        }
        let mut step = 0u32;
        measure(c, &format!("{name}, {tab}"), || {
            step += 1;
            let key =
                if step.is_multiple_of(100) { egui::Key::Home } else { egui::Key::ArrowRight };
            window.key_press(key);
            frame(&mut window)
        });
    }
}

fn frames(c: &mut Criterion) {
    if !wanted("draw, receptive fields, train") {
        return;
    }
    let home = tempfile::tempdir().expect("a temporary folder");
    let mut window = open(&home);
    measure(c, "draw, drawing", drawing(&mut window));
    click(&mut window, Role::Button, "Receptive fields");
    measure(c, "receptive fields, drawing", drawing(&mut window));
    train(&mut window);
    measure(c, "train, CNN 3 in training", || frame(&mut window));
    click(&mut window, Role::Button, "Draw");
    measure(c, "draw, drawing, CNN 3 in training", drawing(&mut window));
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = frames, conversion
}

fn main() {
    spikescope::ann::prepare();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
