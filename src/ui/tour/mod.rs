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
use super::command::{Command, SceneEdit};
use super::house::House;
use super::scene::{Look, PATIENCE, Scene, WINDOW};
use super::window::{guarded, no_adapter, wgpu_setup};
use super::workspaces::WORKSPACES;
use crate::core::files::write_whole;

/// Longest wait for all of them. After it, a scene that is not ready at once is
/// left out.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(480);

/// All scenes, with the ids of their workspaces.
fn scenes() -> impl Iterator<Item = Shot> {
    WORKSPACES.iter().flat_map(|w| (w.scenes)().iter().map(|scene| Shot::Of(w.about.id, scene)))
}

/// What the tour shows.
#[derive(Clone, Debug, Default)]
pub struct TourOptions {
    /// Folder with MNIST, if named.
    pub mnist: Option<PathBuf>,
    /// Saved scenes to draw in place of the workspaces' own, and how large and bright.
    pub saved: Vec<PathBuf>,
    /// Of saved scenes.
    pub look: Look,
}

/// A picture to be made.
#[derive(Clone, Debug)]
enum Shot {
    /// A workspace's own scene.
    Of(&'static str, &'static Scene),
    /// A saved one.
    Saved(PathBuf, Look),
}

impl Shot {
    /// Without its number.
    fn name(&self) -> String {
        match self {
            Self::Of(room, scene) => format!("{room}-{}", scene.name),
            Self::Saved(path, _) => {
                path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
            }
        }
    }
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
    let saved = |path: &PathBuf| Shot::Saved(path.clone(), options.look);
    let shots: Vec<Shot> = if options.saved.is_empty() {
        scenes().collect()
    } else {
        options.saved.iter().map(saved).collect()
    };
    render_scenes(&shots, [PATIENCE, PATIENCE_IN_ALL], out, options, tell)
}

fn render_scenes(
    shots: &[Shot],
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
        scene: None,
        welcome: false,
    };
    let begun = Instant::now();
    let mut window = None;
    let mut pages = Vec::new();
    for (i, shot) in shots.iter().enumerate() {
        let name = format!("{:02}-{}", i + 1, shot.name());
        let path = out.join(format!("{name}.png"));
        let left = patience.min(in_all.saturating_sub(begun.elapsed()));
        let mut harness = match window.take() {
            Some(harness) => harness,
            None => harness(setup.clone())?,
        };
        // A panic in one scene leaves the window in an unknown state: the next
        // scene gets a new one.
        let shot = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let shot = match shot {
                Shot::Of(room, scene) => shoot(&mut harness, room, scene, left),
                Shot::Saved(path, look) => shoot_saved(&mut harness, path, *look, left),
            };
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
        let page = Page { number: i + 1, of: shots.len(), name, picture };
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
    dress(harness, scene.look);
    let house = &mut harness.state_mut().house;
    house.apply(Command::Show(room));
    (scene.set_up)(house);
    wait(harness, patience, scene.ready)?;
    harness.render().map_err(|e| anyhow!("it could not be drawn: {e}"))
}

fn dress(harness: &mut Harness<'static, App>, look: Look) {
    harness.set_size(look.size().into());
    let house = &mut harness.state_mut().house;
    house.apply(Command::Projector(look == Look::Projector));
    house.apply(Command::Theme(look.theme().into()));
}

fn wait(
    harness: &mut Harness<'static, App>,
    patience: Duration,
    ready: impl Fn(&House) -> bool,
) -> anyhow::Result<()> {
    let begun = Instant::now();
    harness.run_steps(2);
    while !ready(&harness.state().house) {
        anyhow::ensure!(
            begun.elapsed() < patience,
            "it did not get ready in {} s",
            begun.elapsed().as_secs()
        );
        std::thread::sleep(Duration::from_millis(20));
        harness.step();
    }
    harness.run_steps(4);
    Ok(())
}

/// Opens a saved scene and draws it once it is as it was saved.
fn shoot_saved(
    harness: &mut Harness<'static, App>,
    path: &Path,
    look: Look,
    patience: Duration,
) -> anyhow::Result<image::RgbaImage> {
    dress(harness, look);
    let house = &mut harness.state_mut().house;
    let (opened, failed) = (house.scenes.opened(), house.desk.toasts.failures());
    house.apply(SceneEdit::File(path.to_path_buf()));
    wait(harness, patience, |house| {
        let there = house.scenes.opened() > opened && !house.scenes.is_coming();
        there && settled(house) || house.desk.toasts.failures() > failed
    })?;
    let house = &mut harness.state_mut().house;
    if house.scenes.opened() == opened {
        anyhow::bail!("{}", house.desk.toasts.newest().unwrap_or("it was not opened"));
    }
    // That it was opened need not be in the picture; what is missing is.
    house.desk.toasts.clear_notices();
    harness.run_steps(4);
    harness.render().map_err(|e| anyhow!("it could not be drawn: {e}"))
}

/// Whether what is shown is what was asked for.
pub(super) fn settled(house: &House) -> bool {
    let answers = !house.desk.shows.answers || house.desk.answers_current;
    house.rooms.settled(&house.desk) && (answers || house.desk.digit.is_blank())
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
        let scenes: Vec<_> = BROKEN.iter().map(|s| Shot::Of(WORKSPACES[0].about.id, s)).collect();
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
