//! What unit tests of the whole window have in common.

use std::path::Path;
use std::time::{Duration, Instant};

use egui_kittest::Harness;

use super::app::{App, Setup};
use super::tour::headless_setup;

/// Longest wait; a step that trains takes a while in a test build, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// How a window begins in a data folder of its own: as one that was opened before.
pub fn setup(home: &Path) -> Setup {
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

/// The window, of this size in points.
pub fn window(setup: Setup, size: [f32; 2]) -> Harness<'static, App> {
    Harness::builder()
        .with_size(size)
        .wgpu_setup(headless_setup().unwrap())
        .build_eframe(move |cc| App::new(&cc.egui_ctx, setup).unwrap())
}

/// Steps until `ready` says so.
#[track_caller]
pub fn until(harness: &mut Harness<'static, App>, what: &str, ready: impl Fn(&App) -> bool) {
    let begun = Instant::now();
    while !ready(harness.state()) {
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
        harness.step();
    }
}
