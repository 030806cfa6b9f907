//! The guided tour: every workspace in set-up states, rendered to pictures
//! without a display. What is shown is computed, as it would be in the window.
//!
//! The scenes are the workspaces' own.
//!
//! Each scene stands alone: one that does not get ready is named in the end, and
//! the others are there.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use eframe::egui_wgpu::{WgpuSetup, wgpu};
use egui_kittest::Harness;

use super::app::{App, Setup};
use super::command::Command;
use super::scene::{Look, PATIENCE, Scene, WINDOW};
use super::window::{guarded, no_adapter, wgpu_setup};
use super::workspaces::WORKSPACES;
use crate::core::files::write_whole;

/// Longest wait for all of them. After it, a scene that is not ready at once is
/// left out.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(480);

/// All scenes, with the ids of their workspaces.
fn scenes() -> impl Iterator<Item = (&'static str, &'static Scene)> {
    WORKSPACES.iter().flat_map(|w| (w.scenes)().iter().map(|scene| (w.about.id, scene)))
}

/// What the tour shows.
#[derive(Clone, Debug, Default)]
pub struct TourOptions {
    /// Folder with MNIST, if named.
    pub mnist: Option<PathBuf>,
}

/// How far the tour is: told after each scene.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Number of the scene, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// Number, workspace, scene: `44-conversion-side-by-side`.
    pub name: String,
    /// The picture, or why there is none.
    pub picture: Result<PathBuf, String>,
}

/// Renders the tour into `out`, and tells of each scene once it is done. Scenes
/// that cannot be rendered do not keep the others from it.
///
/// # Errors
/// Without a graphics adapter (a software one will do), when the system gives no
/// threads, or when `tell` fails.
pub fn render(
    out: &Path,
    options: &TourOptions,
    tell: &mut dyn FnMut(&Page) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Page>> {
    render_scenes(&scenes().collect::<Vec<_>>(), [PATIENCE, PATIENCE_IN_ALL], out, options, tell)
}

fn render_scenes(
    scenes: &[(&'static str, &'static Scene)],
    [patience, in_all]: [Duration; 2],
    out: &Path,
    options: &TourOptions,
    tell: &mut dyn FnMut(&Page) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Page>> {
    // The tour trains and draws in a folder of its own: the user's runs and
    // drawing stay as they are.
    let home = tempfile::tempdir().context("could not make a temporary folder for the tour")?;
    let setup = Setup {
        home: home.path().to_path_buf(),
        mnist: crate::data::mnist::find(options.mnist.as_deref()),
        projector: false,
        theme: None,
        workspace: None,
        welcome: false,
    };
    let begun = Instant::now();
    let mut window = None;
    let mut pages = Vec::new();
    for (i, (room, scene)) in scenes.iter().enumerate() {
        let name = format!("{:02}-{room}-{}", i + 1, scene.name);
        let path = out.join(format!("{name}.png"));
        let left = patience.min(in_all.saturating_sub(begun.elapsed()));
        let mut harness = match window.take() {
            Some(harness) => harness,
            None => harness(setup.clone())?,
        };
        // A panic in one scene leaves the window in an unknown state: the next
        // scene gets a new one.
        let shot = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let shot = shoot(&mut harness, room, scene, left);
            let picture = shot.and_then(|image| save(&path, &image).map(|()| path));
            (harness, picture)
        }));
        let picture = shot.map_or_else(
            |_| Err("it met a bug; see the message above".to_owned()),
            |(harness, picture)| {
                window = Some(harness);
                picture.map_err(|e| format!("{e:#}"))
            },
        );
        let page = Page { number: i + 1, of: scenes.len(), name, picture };
        tell(&page)?;
        pages.push(page);
    }
    Ok(pages)
}

fn harness(setup: Setup) -> anyhow::Result<Harness<'static, App>> {
    let graphics = headless_setup()?;
    guarded(|| {
        Harness::builder().with_size(WINDOW).wgpu_setup(graphics).build_eframe(move |cc| {
            App::new(&cc.egui_ctx, setup).unwrap_or_else(|e| panic!("no threads: {e}"))
        })
    })
    .map_err(|what| no_adapter(&what))
}

/// How to draw without a display. GL is left out where another backend has an
/// adapter: its driver looks for a display and complains that there is none.
///
/// # Errors
/// Without an adapter: what to install.
pub fn headless_setup() -> anyhow::Result<WgpuSetup> {
    let mut setup = wgpu_setup(false);
    if let WgpuSetup::CreateNew(new) = &mut setup {
        new.instance_descriptor.backends = backends()?;
    }
    Ok(setup)
}

/// The backends that can draw here, those of choice if they can.
fn backends() -> anyhow::Result<wgpu::Backends> {
    for backends in [wgpu::Backends::PRIMARY, wgpu::Backends::all()] {
        let backends = backends.with_env();
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = backends;
        let instance = wgpu::Instance::new(descriptor);
        if !pollster::block_on(instance.enumerate_adapters(backends)).is_empty() {
            return Ok(backends);
        }
    }
    Err(no_adapter("none was found"))
}

fn shoot(
    harness: &mut Harness<'static, App>,
    room: &'static str,
    scene: &Scene,
    patience: Duration,
) -> anyhow::Result<image::RgbaImage> {
    harness.set_size(scene.look.size().into());
    let house = &mut harness.state_mut().house;
    house.apply(Command::Projector(scene.look == Look::Projector));
    house.apply(Command::Theme(scene.look.theme().into()));
    house.apply(Command::Show(room));
    (scene.set_up)(house);
    let begun = Instant::now();
    harness.run_steps(2);
    while !(scene.ready)(&harness.state().house) {
        anyhow::ensure!(
            begun.elapsed() < patience,
            "it did not get ready in {} s",
            begun.elapsed().as_secs()
        );
        std::thread::sleep(Duration::from_millis(20));
        harness.step();
    }
    harness.run_steps(4);
    harness.render().map_err(|e| anyhow!("it could not be drawn: {e}"))
}

fn save(path: &Path, image: &image::RgbaImage) -> anyhow::Result<()> {
    write_whole(path, |w| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, image::ImageFormat::Png).map_err(std::io::Error::other)?;
        std::io::Write::write_all(w, bytes.get_ref())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first workspace, as it opens.
    const PLAIN: Scene =
        Scene { name: "plain", look: Look::Light, set_up: |_| {}, ready: |_| true };

    static BROKEN: [Scene; 4] = [
        Scene { name: "never-ready", ready: |_| false, ..PLAIN },
        PLAIN,
        Scene { name: "bug", set_up: |_| panic!("a bug of this scene"), ..PLAIN },
        PLAIN,
    ];

    #[test]
    fn a_scene_that_fails_does_not_take_the_others_with_it() {
        let out = tempfile::tempdir().unwrap();
        let mut told = Vec::new();
        let scenes: Vec<_> = BROKEN.iter().map(|s| (WORKSPACES[0].about.id, s)).collect();
        let patience = [Duration::from_millis(300), Duration::from_secs(60)];
        let pages =
            render_scenes(&scenes, patience, out.path(), &TourOptions::default(), &mut |page| {
                told.push(page.clone());
                Ok(())
            })
            .unwrap();
        assert_eq!(told, pages);
        let there: Vec<bool> = pages.iter().map(|p| p.picture.is_ok()).collect();
        assert_eq!(there, [false, true, false, true]);
        assert!(pages[0].picture.as_ref().unwrap_err().contains("did not get ready"));
        for page in pages {
            assert_eq!(
                out.path().join(format!("{}.png", page.name)).exists(),
                page.picture.is_ok()
            );
        }
    }

    #[test]
    fn every_workspace_has_scenes_with_names_of_their_own() {
        for entry in WORKSPACES {
            let names: Vec<&str> = (entry.scenes)().iter().map(|s| s.name).collect();
            assert!(!names.is_empty(), "{}", entry.about.id);
            for (i, name) in names.iter().enumerate() {
                assert!(!names[..i].contains(name), "{} {name}", entry.about.id);
            }
        }
    }
}
