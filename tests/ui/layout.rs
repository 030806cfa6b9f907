//! Every tab of every workspace, in the sizes that there are: nothing is cut, nothing
//! lies on something else, and in projector mode everything is large enough.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use egui::epaint::{ClippedShape, Shape, TextShape};
use egui::{Color32, Galley, Rect};
use serde_json::json;
use spikescope::ui::session::Session;
use spikescope::ui::theme;

use super::Window;
use super::settings::{in_tab, tabs};

/// Sizes of a window, pixels, and whether it is in projector mode.
const SIZES: [([f32; 2], bool); 5] = [
    ([1024.0, 768.0], true),
    ([1366.0, 768.0], false),
    ([1280.0, 800.0], false),
    ([2560.0, 1440.0], false),
    ([800.0, 600.0], false),
];
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

#[test]
fn every_tab_fits_in_every_size() {
    let mut usual = serde_json::to_value(Session::default()).unwrap();
    usual["strokes"] = json!([[[0.3, 0.2], [0.7, 0.2], [0.4, 0.8]]]);
    usual["without_mnist"] = true.into();
    usual["theme"] = "light".into();
    let only = std::env::var("SPIKESCOPE_LAYOUT").unwrap_or_default();
    let mut report = String::new();
    for (size, projector) in SIZES {
        for (room, tab) in tabs().filter(|(room, _)| room.contains(&only)) {
            let home = tempfile::tempdir().unwrap();
            let session = in_tab(&usual, room, tab).to_string();
            std::fs::write(home.path().join("session.json"), session).unwrap();
            let mut window = Window::open_with(size, home, |setup| {
                setup.projector = projector;
                setup.theme = None;
            });
            window.harness.run_steps(2);
            for _ in 0..40 {
                window.harness.step();
                std::thread::sleep(Duration::from_millis(25));
            }
            let zoom = if projector { theme::PROJECTOR_ZOOM } else { 1.0 };
            let well = theme::palette(&window.harness.ctx.global_style().visuals).well;
            let shapes = &window.harness.output().shapes;
            assert!(shapes.len() > 20, "{room} {tab} draws nothing");
            for fault in faults(shapes, zoom, projector, well) {
                let _ = writeln!(report, "{size:?} {room} {tab}: {fault}");
            }
        }
    }
    assert!(report.is_empty(), "{} faults:\n{report}", report.lines().count());
}
