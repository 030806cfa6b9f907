//! Every tab of every workspace, in the sizes that there are: nothing is cut, nothing
//! lies on something else, and in projector mode everything is large enough.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use egui::epaint::{ClippedShape, Shape, TextShape};
use egui::{Color32, Galley, Key, Modifiers, Rect};
use serde_json::json;
use spikescope::ui::theme;
use spikescope::ui::workspace::Entry;
use spikescope::ui::workspaces::WORKSPACES;

use super::{Window, side_by_side};

/// The keys of the tabs, from left to right.
const NUMBERS: [Key; 7] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];
/// What is still computing then is looked at as it is.
const LONGEST: Duration = Duration::from_millis(1500);
/// Text in projector mode is at least so high, pixels.
const LEGIBLE: f32 = 19.9;
/// What may be cut off or overlap without being seen, points.
const SLACK: f32 = 2.5;

/// A text on the screen.
struct Text {
    at: Rect,
    clip: Rect,
    galley: Arc<Galley>,
}

impl Text {
    fn said(&self) -> String {
        self.galley.text().chars().take(40).collect()
    }

    fn seen(&self) -> Rect {
        self.at.intersect(self.clip)
    }
}

fn each(shape: &Shape, clip: Rect, see: &mut dyn FnMut(&Shape, Rect)) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|s| each(s, clip, see)),
        shape => see(shape, clip),
    }
}

fn bounds(text: &TextShape) -> Rect {
    if text.angle != 0.0 {
        return text.visual_bounding_rect();
    }
    text.galley.mesh_bounds.translate(text.pos.to_vec2())
}

/// What is wrong with a frame.
fn faults(shapes: &[ClippedShape], zoom: f32, projector: bool, well: Color32) -> Vec<String> {
    let (mut texts, mut plots) = (Vec::new(), Vec::new());
    for ClippedShape { clip_rect, shape, .. } in shapes {
        each(shape, *clip_rect, &mut |shape, clip| match shape {
            Shape::Text(text) if !text.galley.text().trim().is_empty() => {
                let (at, galley) = (bounds(text), Arc::clone(&text.galley));
                texts.push(Text { at, clip, galley });
            }
            Shape::Rect(rect) if rect.fill == well && rect.rect.size().min_elem() > 60.0 => {
                plots.push((rect.rect, clip));
            }
            _ => {}
        });
    }
    let mut faults = Vec::new();
    let beyond =
        |inner: Rect, outer: Rect| (outer.left() - inner.left()).max(inner.right() - outer.right());
    for text in &texts {
        let seen = text.seen();
        let rows = seen.height() > 0.5 * text.at.height().min(12.0);
        if rows && beyond(text.at, text.clip) > SLACK {
            faults.push(format!("cut at the side: {:?} {:?}", text.said(), text.at));
        }
        if rows && text.galley.elided {
            faults.push(format!("shortened: {:?}", text.said()));
        }
        let least =
            text.galley.job.sections.iter().map(|s| s.format.font_id.size).fold(f32::MAX, f32::min);
        if projector && seen.is_positive() && least * zoom < LEGIBLE {
            faults.push(format!("{:.1} pixels high: {:?}", least * zoom, text.said()));
        }
    }
    for (i, a) in texts.iter().enumerate() {
        for b in &texts[i + 1..] {
            let both = a.seen().intersect(b.seen());
            if both.width() > SLACK && both.height() > SLACK {
                faults.push(format!("{:?} lies on {:?} at {both:?}", a.said(), b.said()));
            }
        }
    }
    for (plot, clip) in plots {
        let seen = plot.intersect(clip);
        let cut = plot.height() - seen.height();
        if seen.is_positive() && (cut > SLACK || beyond(plot, clip) > SLACK) {
            faults.push(format!("a plot is cut: {plot:?} within {clip:?}"));
        }
    }
    faults
}

/// Goes through all tabs by their keys in windows of this size.
#[track_caller]
fn every_tab_fits(size: [f32; 2], projector: bool) {
    let only = std::env::var("SPIKESCOPE_LAYOUT").unwrap_or_default();
    let all: Vec<_> = WORKSPACES.iter().filter(|w| w.about.id.contains(&only)).collect();
    let report = Mutex::new(String::new());
    side_by_side(all.chunks(4), |some| {
        let found = faults_of(some, size, projector);
        report.lock().unwrap().push_str(&found);
    });
    let report = report.into_inner().unwrap();
    assert!(report.is_empty(), "{} faults:\n{report}", report.lines().count());
}

/// What is wrong in the tabs of these workspaces.
fn faults_of(workspaces: &[&Entry], size: [f32; 2], projector: bool) -> String {
    let home = tempfile::tempdir().unwrap();
    let session = json!({
        "strokes": [[[0.3, 0.2], [0.7, 0.2], [0.4, 0.8]]],
        "without_mnist": true,
        "theme": "light",
    });
    std::fs::write(home.path().join("session.json"), session.to_string()).unwrap();
    let mut window = Window::open_with(size, home, |setup| {
        setup.projector = projector;
        setup.theme = None;
    });
    // With the button beside the time bars.
    window.harness.state_mut().films_by(spikescope::ui::film::studio::make);
    let mut report = String::new();
    for entry in workspaces {
        window.harness.key_press_modifiers(Modifiers::COMMAND, entry.about.key);
        window.harness.run_steps(2);
        let only_view: &[&str] = &["the only view"];
        let tabs = if entry.tabs.is_empty() { only_view } else { entry.tabs };
        for (tab, key) in tabs.iter().zip(NUMBERS) {
            window.harness.key_press(key);
            let begun = Instant::now();
            let mut still = 0;
            while still < 8 && begun.elapsed() < LONGEST {
                window.harness.step();
                let viewports = &window.harness.output().viewport_output;
                let next = viewports.values().map(|v| v.repaint_delay).min().unwrap();
                still = if next > Duration::from_millis(300) { still + 1 } else { 0 };
                std::thread::sleep(Duration::from_millis(20));
            }
            let zoom = if projector { theme::PROJECTOR_ZOOM } else { 1.0 };
            let well = theme::palette(&window.harness.ctx.global_style().visuals).well;
            let shapes = &window.harness.output().shapes;
            assert!(shapes.len() > 20, "{} {tab} draws nothing", entry.about.id);
            for fault in faults(shapes, zoom, projector, well) {
                let _ = writeln!(report, "{size:?} {} {tab}: {fault}", entry.about.id);
            }
        }
    }
    report
}

#[test]
fn every_tab_fits_on_a_projector() {
    every_tab_fits([1024.0, 768.0], true);
}

#[test]
fn every_tab_fits_on_a_laptop() {
    every_tab_fits([1366.0, 768.0], false);
}

#[test]
fn every_tab_fits_in_the_window_at_first() {
    every_tab_fits([1280.0, 800.0], false);
}

#[test]
fn every_tab_fits_on_a_large_screen() {
    every_tab_fits([2560.0, 1440.0], false);
}

#[test]
fn every_tab_fits_in_a_small_window() {
    every_tab_fits([800.0, 600.0], false);
}
