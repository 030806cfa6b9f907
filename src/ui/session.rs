//! What survives a restart: written a moment after each change, read at the start. A
//! broken file is set aside; it never prevents a start.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use serde_json::{Map, Value};

use super::digit::{MAX_POINTS, POINT, Treatment};
use super::saved::MOST_RECENT;
use super::widgets::figure::Look;
use crate::ann::bundled;
use crate::core::aside::{copy_aside, set_aside};
use crate::core::bounds::{self, Bounded, Bounds, Read, Span};
use crate::core::files::read_limited;
use crate::data::strokes::Stroke;
use crate::snn::choose::Preference;
use crate::workers::models::is_run_id;

/// The user's state between two starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// `light`, `dark` or `system`.
    pub theme: ThemeChoice,
    /// Projector mode.
    pub projector: bool,
    /// The theme to go back to when projector mode ends.
    pub theme_before: Option<ThemeChoice>,
    /// Id of the workspace last seen.
    pub workspace: String,
    /// Inner size of the window, points (without the projector's zoom).
    pub window: Option<[f32; 2]>,
    /// The drawing.
    pub strokes: Vec<Stroke>,
    /// How the digit is shown to the networks.
    pub treatment: Treatment,
    /// Id of the set of bundled weights that answers.
    pub weight_set: String,
    /// Whether the network in training answers in the Draw workspace.
    pub live: bool,
    /// Runs whose networks answer in the Draw workspace.
    pub used_runs: Vec<String>,
    /// Where MNIST is, if the user chose a folder.
    pub mnist_folder: Option<PathBuf>,
    /// Whether the user does not want to be offered MNIST again.
    pub without_mnist: bool,
    /// Whether the first screen has been shown.
    pub welcomed: bool,
    /// The engine that live simulations run on.
    pub engine: Preference,
    /// Scenes that were saved or opened last, the newest first.
    pub recent_scenes: Vec<PathBuf>,
    /// What saved figures look like.
    pub figures: Look,
    /// What each workspace keeps, by its id.
    pub rooms: Map<String, Value>,
}

impl Session {
    /// Puts a scene in front of those used last.
    pub fn recent_scene(&mut self, path: PathBuf) {
        self.recent_scenes.retain(|known| *known != path);
        self.recent_scenes.insert(0, path);
        self.recent_scenes.truncate(MOST_RECENT);
    }

    /// Projector mode on or off. A projector's room is bright, and white paper
    /// reads best there; afterwards the theme is the one from before.
    pub fn set_projector(&mut self, on: bool) {
        if on && !self.projector {
            self.theme_before = Some(std::mem::replace(&mut self.theme, ThemeChoice::Light));
        } else if let (false, Some(theme)) = (on, self.theme_before.take()) {
            self.theme = theme;
        }
        self.projector = on;
    }
}

/// Light, dark or as the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// Dark paper, white ink.
    Dark,
    /// White paper, black ink.
    Light,
    /// As the desktop is set.
    #[default]
    System,
}

impl From<ThemeChoice> for egui::ThemePreference {
    fn from(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::Dark => Self::Dark,
            ThemeChoice::Light => Self::Light,
            ThemeChoice::System => Self::System,
        }
    }
}

impl From<egui::ThemePreference> for ThemeChoice {
    fn from(preference: egui::ThemePreference) -> Self {
        match preference {
            egui::ThemePreference::Dark => Self::Dark,
            egui::ThemePreference::Light => Self::Light,
            egui::ThemePreference::System => Self::System,
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            projector: false,
            theme_before: None,
            workspace: "draw".into(),
            window: None,
            strokes: Vec::new(),
            treatment: Treatment::default(),
            weight_set: bundled::REPORT.id.to_owned(),
            live: true,
            used_runs: Vec::new(),
            mnist_folder: None,
            without_mnist: false,
            welcomed: false,
            engine: Preference::default(),
            recent_scenes: Vec::new(),
            figures: Look::default(),
            rooms: Map::new(),
        }
    }
}

/// A session file with the longest drawing has a megabyte; larger ones are not read.
pub(super) const MOST_BYTES: u64 = 16 << 20;
/// Sizes of a window, points.
const WIDTH: Span = (320.0, 16_384.0);
const HEIGHT: Span = (240.0, 16_384.0);
/// Runs that answer.
pub(super) const MOST_USED: usize = 100;

impl Bounded for Session {
    fn bound(&mut self, to: &mut Bounds) {
        let Self {
            theme: _,
            projector: _,
            theme_before: _,
            workspace: _,
            window,
            strokes,
            treatment,
            weight_set,
            live: _,
            used_runs,
            mnist_folder: _,
            without_mnist: _,
            welcomed: _,
            engine: _,
            recent_scenes,
            figures: _,
            rooms: _,
        } = self;
        if recent_scenes.len() > MOST_RECENT {
            recent_scenes.truncate(MOST_RECENT);
            to.mend("recent_scenes");
        }
        if let Some([width, height]) = window {
            to.number("window.0", width, WIDTH);
            to.number("window.1", height, HEIGHT);
        }
        let mut left = MAX_POINTS;
        to.list("strokes", strokes, MAX_POINTS, |to, i, stroke| {
            to.list(i, stroke, left, |to, k, [x, y]| {
                to.number(format_args!("{k}.0"), x, POINT);
                to.number(format_args!("{k}.1"), y, POINT);
            });
            left -= stroke.len();
        });
        to.part("treatment", treatment);
        to.id("weight_set", weight_set, |id| bundled::find(id).is_some(), bundled::REPORT.id);
        to.ids("used_runs", used_runs, MOST_USED, is_run_id);
    }
}

/// Where the session is kept.
pub fn path(home: &Path) -> PathBuf {
    home.join("session.json")
}

/// Reads the session. What cannot be read in it, or is out of its range, is put
/// right, and the message says so. Where anything is lost by that, the file as it
/// was is kept under another name.
pub fn read(home: &Path, rooms: ReadRooms) -> (Session, Option<String>) {
    let path = path(home);
    if !path.exists() {
        return (Session::default(), None);
    }
    match from_file(&path, rooms) {
        Ok(found) => {
            let report = report(&path, &found);
            (found.settings, report)
        }
        Err(reason) => {
            let kept = match set_aside(&path, "broken") {
                Ok(aside) => format!("it is kept as {}", aside.display()),
                Err(_) => "it is left where it is".into(),
            };
            let text = format!(
                "The last session could not be read from {} ({reason}); {kept}, and a fresh session begins.",
                path.display()
            );
            (Session::default(), Some(text))
        }
    }
}

fn from_file(path: &Path, rooms: ReadRooms) -> Result<Read<Session>, String> {
    from_json(&read_limited(path, MOST_BYTES).map_err(|e| e.to_string())?, rooms)
}

/// Reads each workspace's part of a session, of which the shared part has been read.
pub type ReadRooms = fn(&Map<String, Value>, &mut Read<Session>);

/// What all share first, then each workspace's part by itself.
pub(super) fn from_json(bytes: &[u8], rooms: ReadRooms) -> Result<Read<Session>, String> {
    let mut read = bounds::from_json::<Session>(bytes)?;
    let whole: Map<String, Value> = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    // Whoever has a session from before there was a first screen needs none.
    read.settings.welcomed |= !whole.contains_key("welcomed");
    rooms(&whole, &mut read);
    Ok(read)
}

/// What is said of a session that had to be put right.
fn report(path: &Path, found: &Read<Session>) -> Option<String> {
    if found.mended.is_empty() && found.dropped.is_empty() {
        return None;
    }
    let mut text = String::new();
    if !found.dropped.is_empty() {
        text += &format!(
            "These settings of the last session could not be read and are as at the very beginning: {}. ",
            named(&found.dropped)
        );
    }
    if !found.mended.is_empty() {
        text += &format!(
            "These settings of the last session were out of range and now have the nearest value that can be set: {}. ",
            named(&found.mended)
        );
    }
    // It stays, too, until it is written anew: should this start end badly, the next
    // one asks.
    text += &match copy_aside(path, "broken") {
        Ok(aside) => format!("The file as it was is kept as {}.", aside.display()),
        Err(_) => format!("Everything else in {} was taken over.", path.display()),
    };
    Some(text)
}

/// The first few names.
fn named(names: &[String]) -> String {
    const SAID: usize = 4;
    let more = names.len().saturating_sub(SAID);
    let said = names.iter().take(SAID).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{said} and {more} more") } else { said }
}

/// [`read`] without setting anything aside or saying so: for what is needed before
/// the window is there to tell of it, and for a window that only looks.
pub fn read_quietly(home: &Path, rooms: ReadRooms) -> Session {
    from_file(&path(home), rooms).map_or_else(|_| Session::default(), |found| found.settings)
}
