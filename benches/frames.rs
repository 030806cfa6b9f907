//! Work of the UI thread for one frame: layout and tessellation of a whole
//! workspace, without the graphics card's part.

use criterion::{Criterion, criterion_group};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use spikescope::ui::app::{App, Setup};

fn frames(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame");
    for workspace in ["draw", "train"] {
        let home = tempfile::tempdir().expect("a temporary folder");
        let setup = Setup {
            home: home.path().to_path_buf(),
            mnist: None,
            projector: false,
            theme: None,
            workspace: Some(workspace.into()),
        };
        let mut harness = Harness::builder()
            .with_size([1280.0, 800.0])
            .build_eframe(move |cc| App::new(&cc.egui_ctx, setup).expect("threads"));
        harness.run_steps(5);
        if workspace == "draw" {
            let rect = harness.get_by_label("Canvas: draw a digit here").rect();
            harness.drag_at(rect.center());
            let mut t = 0u32;
            group.bench_function("draw, while drawing", |b| {
                b.iter(|| {
                    t += 1;
                    let way = egui::Vec2::angled(t as f32 * 0.05) * 120.0;
                    if t.is_multiple_of(120) {
                        harness.drop_at(rect.center());
                        harness.drag_at(rect.center());
                    }
                    harness.hover_at(rect.center() + way);
                    harness.step();
                });
            });
        } else {
            group.bench_function("train, at rest", |b| b.iter(|| harness.step()));
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(60);
    targets = frames
}

fn main() {
    spikescope::ann::prepare();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
