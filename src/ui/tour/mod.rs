//! The guided tour: every workspace in set-up states, rendered to pictures
//! without a display. What is shown is computed, as it would be in the window.
//!
//! * [`scenes`]: the pictures, in order
//! * [`prepare`]: what sets them up, and tells when they are ready

mod prepare;
mod scenes;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use eframe::egui_wgpu::wgpu;
use egui_kittest::Harness;
use scenes::SCENES;

use super::app::{App, Setup};
use super::command::Command;
use super::session::ThemeChoice;
use super::window::wgpu_setup;
use crate::core::files::write_whole;

/// Longest wait for a scene to be ready; a slow machine trains for a while.
const PATIENCE: Duration = Duration::from_secs(300);

/// One picture of the tour.
struct Scene {
    name: &'static str,
    size: [f32; 2],
    theme: ThemeChoice,
    projector: bool,
    set_up: fn(&mut App, &egui::Context),
    ready: fn(&App) -> bool,
}

const WINDOW: [f32; 2] = [1280.0, 800.0];
const PROJECTOR: [f32; 2] = [1024.0, 768.0];

/// What the tour shows.
#[derive(Clone, Debug, Default)]
pub struct TourOptions {
    /// Folder with MNIST, if named.
    pub mnist: Option<PathBuf>,
}

/// Renders the tour into `out` and returns the files written.
///
/// # Errors
/// Without a graphics adapter (a software one will do), or when a file cannot
/// be written.
pub fn render(out: &Path, options: &TourOptions) -> anyhow::Result<Vec<PathBuf>> {
    check_adapter()?;
    // The tour trains and draws in a folder of its own: the user's runs and
    // drawing stay as they are.
    let home = tempfile::tempdir().context("could not make a temporary folder for the tour")?;
    let setup = Setup {
        home: home.path().to_path_buf(),
        mnist: crate::data::mnist::find(options.mnist.as_deref()),
        projector: false,
        theme: None,
        workspace: None,
    };
    let mut files = Vec::new();
    let mut harness = harness(setup)?;
    for scene in SCENES {
        files.push(shoot(&mut harness, scene, out)?);
    }
    Ok(files)
}

fn harness(setup: Setup) -> anyhow::Result<Harness<'static, App>> {
    let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Harness::builder().with_size(WINDOW).wgpu_setup(wgpu_setup(false)).build_eframe(move |cc| {
            App::new(&cc.egui_ctx, setup).unwrap_or_else(|e| panic!("no threads: {e}"))
        })
    }));
    built.map_err(|_| anyhow!("the tour could not start rendering; see the message above"))
}

/// The renderer would panic without an adapter; this says it instead.
pub fn check_adapter() -> anyhow::Result<()> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    anyhow::ensure!(
        !adapters.is_empty(),
        "there is no graphics adapter. Install a driver, or Mesa's software one (mesa-vulkan-drivers and libvulkan1 on Debian and Ubuntu; `make run` does it)"
    );
    Ok(())
}

fn shoot(
    harness: &mut Harness<'static, App>,
    scene: &Scene,
    out: &Path,
) -> anyhow::Result<PathBuf> {
    harness.set_size(scene.size.into());
    let ctx = harness.ctx.clone();
    let app = harness.state_mut();
    app.apply(&ctx, Command::Projector(scene.projector));
    app.apply(&ctx, Command::Theme(scene.theme.into()));
    (scene.set_up)(app, &ctx);
    let begun = Instant::now();
    harness.run_steps(2);
    while !(scene.ready)(harness.state()) {
        anyhow::ensure!(
            begun.elapsed() < PATIENCE,
            "scene {} did not get ready in {} s",
            scene.name,
            PATIENCE.as_secs()
        );
        std::thread::sleep(Duration::from_millis(20));
        harness.step();
    }
    harness.run_steps(4);
    let image = harness.render().map_err(|e| anyhow!("could not render {}: {e}", scene.name))?;
    let path = out.join(format!("{}.png", scene.name));
    write_whole(&path, |w| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, image::ImageFormat::Png).map_err(std::io::Error::other)?;
        std::io::Write::write_all(w, bytes.get_ref())
    })?;
    Ok(path)
}
