//! Scenes: a state of the window that is kept in a small file, shared and opened again.
//!
//! A scene has the workspace with its settings, the digit, what answers and where the time
//! bar stands. What is shown follows from these: seeds and settings give the same numbers
//! bit for bit. What a scene opens waits for what is slow (digits, networks, a film or a
//! simulation up to its place) in [`Scenes::follow`]; the first thing that the user does
//! ends the waiting.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::desk::{Desk, Wanted};
use super::digit::{Content, MAX_POINTS, POINT, Source, Treatment};
use super::workspace::Rooms;
use crate::ann::bundled;
use crate::core::bounds::{Bounded, Bounds};
use crate::data::strokes::Stroke;
use crate::data::{ClassNames, PIXELS, Pixels, registry};
use crate::snn::choose::Preference;
use crate::workers::carried::{Arrival, EXTENSION, MOST_PASTED, Unpacked, VERSION, brief};
use crate::workers::library::{Job, Loading};
use crate::workers::models::Origin;

/// Scenes that are offered again.
pub const MOST_RECENT: usize = 8;
/// The longest name of a picture.
const MOST_NAME: usize = 200;
/// Longest wait for a scene's place in time.
const PATIENCE: Duration = Duration::from_secs(120);
/// Frames that a view has to stay settled without coming nearer to its place before that is
/// taken for the last one there is.
const STILL: u32 = 30;

/// What the user does with scenes.
#[derive(Clone, Debug)]
pub enum SceneEdit {
    /// Write a file, with the weights of one's own networks or without.
    Save { weights: bool },
    /// Put the scene's text on the clipboard.
    Copy,
    /// Ask the clipboard for a text.
    Paste,
    /// Open this text.
    Text(String),
    /// Choose a file.
    Open,
    /// Open this file.
    File(PathBuf),
    /// What was there before the last scene.
    Back,
    /// The workspace in view as at the very beginning.
    Anew,
}

/// A scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedScene {
    /// Version of the format.
    #[serde(rename = "spikescope")]
    pub version: u64,
    /// Version of the program that wrote it.
    #[serde(default)]
    pub program: String,
    /// Id of the workspace.
    pub workspace: String,
    /// Its settings.
    #[serde(default)]
    pub settings: Value,
    /// The digit; without one, that on the screen stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digit: Option<SavedDigit>,
    /// How the digit is shown to the networks.
    #[serde(default)]
    pub treatment: Treatment,
    /// Id of the set of bundled weights that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_set: Option<String>,
    /// The engine of live simulations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<Preference>,
    /// Whether the digits that networks learned from and were tested on were MNIST's.
    #[serde(default)]
    pub mnist: bool,
    /// The step at which the time bar stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
}

/// The digit of a scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SavedDigit {
    /// As it was drawn; no strokes for an empty canvas.
    Strokes(Vec<Stroke>),
    /// Of a data set's test part, with what it looks like should that be missing here.
    Picked { source: String, index: usize, label: u8 },
    /// From elsewhere: 784 numbers of 32 bits, little-endian, base64.
    Pixels { name: String, label: Option<u8>, bits: String },
}

impl SavedDigit {
    fn of(source: &Source, strokes: &[Stroke]) -> Self {
        let packed = |pixels: &Pixels| {
            BASE64.encode(pixels.iter().flat_map(|p| p.to_le_bytes()).collect::<Vec<u8>>())
        };
        match source {
            Source::Drawn => Self::Strokes(strokes.to_vec()),
            Source::Picked { source, index, label, .. } if registry::find(source).is_some() => {
                Self::Picked { source: (*source).to_owned(), index: *index, label: *label }
            }
            // Another machine does not have the user's own sets.
            Source::Picked { source, index, label, classes, pixels } => {
                let label = classes.is_digits().then_some(*label);
                Self::Pixels { name: format!("{source} {index}"), label, bits: packed(pixels) }
            }
            Source::Picture { name, label, classes, pixels } => {
                let label = label.filter(|_| classes.is_digits());
                Self::Pixels { name: name.clone(), label, bits: packed(pixels) }
            }
            Source::Photo { name, .. } => {
                let bits = source.pixels().map(packed).unwrap_or_default();
                Self::Pixels { name: name.clone(), label: None, bits }
            }
        }
    }

    /// The strokes, or the picture, within what can be drawn.
    fn content(self) -> Result<Content, String> {
        match self {
            Self::Strokes(mut strokes) => {
                let (mut bounds, mut left) = (Bounds::default(), MAX_POINTS);
                bounds.list("strokes", &mut strokes, MAX_POINTS, |to, i, stroke| {
                    to.list(i, stroke, left, |to, k, [x, y]| {
                        to.number(format_args!("{k}.0"), x, POINT);
                        to.number(format_args!("{k}.1"), y, POINT);
                    });
                    left -= stroke.len();
                });
                strokes.retain(|stroke| !stroke.is_empty());
                Ok(Content { strokes, source: Source::Drawn })
            }
            Self::Pixels { name, label, bits } => {
                let bytes = BASE64.decode(bits).map_err(|e| format!("its picture: {e}"))?;
                let (chunks, rest) = bytes.as_chunks::<4>();
                if chunks.len() != PIXELS || !rest.is_empty() {
                    return Err("its picture does not have 28×28 pixels".into());
                }
                let mut pixels = Box::new([0.0; PIXELS]);
                for (to, bytes) in pixels.iter_mut().zip(chunks) {
                    *to = f32::from_le_bytes(*bytes);
                }
                if !pixels.iter().all(|p| (0.0..=1.0).contains(p)) {
                    return Err("its picture has ink outside 0 to 1".into());
                }
                let name = name.chars().take(MOST_NAME).collect();
                let label = label.filter(|l| *l < 10);
                let classes = ClassNames::default();
                let source = Source::Picture { name, label, classes, pixels };
                Ok(Content { strokes: Vec::new(), source })
            }
            Self::Picked { .. } => Err("it is of a data set".into()),
        }
    }
}

impl SavedScene {
    /// The state of the window.
    pub fn capture(rooms: &Rooms, desk: &Desk) -> Self {
        let id = rooms.shown().id;
        Self {
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            workspace: id.to_owned(),
            settings: rooms.kept(id).unwrap_or_default(),
            digit: Some(SavedDigit::of(desk.digit.source(), desk.digit.strokes())),
            treatment: desk.digit.treatment.clone(),
            weight_set: Some(desk.session.weight_set.clone()),
            engine: Some(desk.session.engine),
            mnist: desk.library.mnist.split().is_some(),
            at: rooms.time().map(|time| time.at),
        }
    }

    /// Reads a scene whose text has been unpacked.
    ///
    /// # Errors
    /// One clause on what is wrong with it.
    pub fn read(value: Value) -> Result<Self, String> {
        let scene: Self =
            serde_json::from_value(value).map_err(|e| format!("it is no scene ({})", brief(&e)))?;
        if !scene.settings.is_object() && !scene.settings.is_null() {
            return Err("its settings are no JSON object".into());
        }
        Ok(scene)
    }
}

/// What is still to come of a scene that was opened.
struct Coming {
    /// A digit of a data set: id of the source, index, label.
    digit: Option<(&'static str, usize, u8)>,
    /// Whether to say so if MNIST is not here.
    mnist: bool,
    /// The step of the time bar.
    at: Option<u64>,
    /// Frames without coming nearer, and the nearest step.
    still: (u32, Option<u64>),
    until: Instant,
}

/// The scenes of a window.
#[derive(Default)]
pub struct Scenes {
    coming: Option<Coming>,
    /// What was there before the scene that was opened last, with the workspace's settings
    /// that the scene replaced.
    before: Option<Box<Before>>,
    /// Scenes opened so far.
    opened: u64,
}

struct Before {
    /// The view that one came from.
    from: SavedScene,
    /// The workspace that the scene is of, and its settings before.
    replaced: (String, Value),
    content: Content,
}

impl Scenes {
    /// Whether a scene that was opened is not yet as it was saved.
    pub fn is_coming(&self) -> bool {
        self.coming.is_some()
    }

    /// Whether there is something to go back to.
    pub fn can_go_back(&self) -> bool {
        self.before.is_some()
    }

    /// How many scenes have been opened, to notice another one.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// The user did something: nothing moves by itself any more.
    pub fn let_go(&mut self) {
        if let Some(coming) = &mut self.coming {
            coming.at = None;
        }
    }

    /// Opens a scene that the library has read; says what is missing.
    pub fn open_unpacked(
        &mut self,
        unpacked: Unpacked,
        name: &str,
        rooms: &mut Rooms,
        desk: &mut Desk,
    ) {
        let opened = SavedScene::read(unpacked.scene)
            .and_then(|scene| self.open(scene, Open::ByUser, rooms, desk));
        let told = match opened {
            Ok(told) => told,
            Err(why) => {
                return desk
                    .toasts
                    .failure(format!("{name} was not opened: {why}. Everything stays as it was."));
            }
        };
        for arrival in unpacked.networks {
            match arrival {
                Arrival::Here(id) => desk.job(Job::LoadRun(id)),
                Arrival::Missing(id) => desk.toasts.failure(format!(
                    "{name} uses the network of the run {id}, which is not on this machine: save the scene with its networks where it was made. All else is as it was saved."
                )),
                Arrival::Other(id) => desk.toasts.failure(format!(
                    "{name} uses a network of the run {id}; the run of this name here has other weights and does not answer. Save the scene with its networks where it was made."
                )),
            }
        }
        for text in told {
            desk.toasts.failure(format!("{name}: {text}"));
        }
        desk.toasts.scene(format!("Opened {name}."));
    }

    /// Takes a scene over. Gives what had to be put right, in sentences.
    ///
    /// # Errors
    /// One clause on what is wrong with it; then nothing has changed.
    pub fn open(
        &mut self,
        scene: SavedScene,
        how: Open,
        rooms: &mut Rooms,
        desk: &mut Desk,
    ) -> Result<Vec<String>, String> {
        let Some(about) = rooms.about(&scene.workspace) else {
            let id: String = scene.workspace.chars().take(40).collect();
            return Err(format!("there is no workspace “{id}” in this version"));
        };
        let mut told = Vec::new();
        let settings = if scene.settings.is_null() {
            None
        } else {
            let read = rooms.read(about.id, &scene.settings).unwrap_or_default();
            if !(read.1.is_empty() && read.2.is_empty()) {
                let names: Vec<String> = read.1.into_iter().chain(read.2).take(6).collect();
                told.push(format!(
                    "these settings in it cannot be set here and have the nearest or usual value: {}.",
                    names.join(", ")
                ));
            }
            Some(read.0)
        };
        let (digit, content) = match scene.digit {
            Some(SavedDigit::Picked { source, index, label }) => {
                let source = registry::find(&source)
                    .ok_or("its digit is of a data set that this version does not know")?;
                (Some((source.id, index, label)), None)
            }
            Some(digit) => (None, Some(digit.content()?)),
            None => (None, None),
        };
        if how == Open::ByUser {
            self.before = Some(Box::new(Before {
                from: SavedScene::capture(rooms, desk),
                replaced: (about.id.to_owned(), rooms.kept(about.id).unwrap_or_default()),
                content: desk.digit.content().clone(),
            }));
        }
        rooms.enter(about.id);
        let mut treatment = scene.treatment;
        let mut bounds = Bounds::default();
        treatment.bound(&mut bounds);
        if desk.digit.take_over(content, treatment) && how == Open::ByUser {
            rooms.digit_changed();
        }
        if let Some(set) = scene.weight_set.as_deref() {
            match bundled::find(set) {
                Some(set) if set.id != desk.session.weight_set => {
                    set.id.clone_into(&mut desk.session.weight_set);
                    desk.job(Job::LoadSet(set));
                }
                Some(_) => {}
                None => told.push("its set of weights is not known in this version.".into()),
            }
        }
        if let Some(engine) = scene.engine {
            desk.session.engine = engine;
        }
        if let Some(settings) = settings {
            rooms.reopen(about.id, &settings, how == Open::ByUser, desk);
        }
        if let Some((registry::SYNTHETIC, ..)) = digit {
            desk.load_synthetic();
        }
        self.opened += 1;
        self.coming = Some(Coming {
            digit,
            mnist: scene.mnist && how == Open::ByUser,
            at: scene.at,
            still: (0, None),
            until: Instant::now() + PATIENCE,
        });
        desk.ctx.request_repaint();
        Ok(told)
    }

    /// What was there before the last scene.
    pub fn back(&mut self, rooms: &mut Rooms, desk: &mut Desk) {
        let Some(before) = self.before.take() else { return };
        let Before { from, replaced: (id, settings), content } = *before;
        let treatment = from.treatment.clone();
        rooms.reopen(&id, &settings, true, desk);
        let from = SavedScene { digit: None, ..from };
        // It is of this window: nothing in it can be wrong.
        let _ = self.open(from, Open::Back, rooms, desk);
        if desk.digit.take_over(Some(content), treatment) {
            rooms.digit_changed();
        }
    }

    /// Once a frame: brings what was opened nearer to what was saved.
    pub fn follow(&mut self, rooms: &mut Rooms, desk: &mut Desk) {
        let Some(coming) = &mut self.coming else { return };
        let late = Instant::now() > coming.until;
        if coming.mnist {
            match desk.library.mnist {
                Loading::Unknown | Loading::Busy => {}
                Loading::Ready(_) => coming.mnist = false,
                Loading::Missing | Loading::Failed(_) => {
                    coming.mnist = false;
                    if coming.digit.is_none_or(|(source, ..)| source != "mnist") {
                        desk.toasts.notice("The scene was saved with MNIST, which is not on this machine: where networks learn or are tested, synthetic digits stand in.".into());
                    }
                }
            }
        }
        if let Some((source, index, label)) = coming.digit {
            match desk.digits(source) {
                Wanted::Coming if !late => return,
                Wanted::Ready(split) if index < split.test.len() => {
                    if !desk.digit.is_picked(source, index) {
                        desk.pick(source, index);
                        rooms.digit_changed();
                    }
                    coming.digit = None;
                }
                Wanted::Ready(split) => {
                    let count = split.test.len();
                    desk.toasts.failure(format!("The scene's digit is number {index} of a set that has {count} here. The digit stays as it was."));
                    coming.digit = None;
                }
                Wanted::Coming | Wanted::Missing(_) => {
                    desk.toasts.failure(format!("The scene shows digit {index} of MNIST's test set, a {label}; MNIST is not on this machine. Download it (Draw offers it) or choose its folder, then open the scene again. The digit stays as it was."));
                    coming.digit = None;
                }
            }
            // The views have not yet seen the digit.
            return desk.ctx.request_repaint();
        }
        if desk.set.id != desk.session.weight_set && !late {
            return;
        }
        self.go(late, rooms, desk);
    }

    /// Brings the time bar to its place.
    fn go(&mut self, late: bool, rooms: &mut Rooms, desk: &mut Desk) {
        let Some(coming) = &mut self.coming else { return };
        let (Some(at), Some(time)) = (coming.at, rooms.time()) else {
            // A view without a time bar, or the user has moved it.
            if rooms.settled(desk) || coming.at.is_none() || late {
                self.coming = None;
            }
            return;
        };
        let settled = rooms.settled(desk);
        if late || (settled && time.at == at && time.range.1 >= at) {
            self.coming = None;
            return;
        }
        let nearest = Some(time.range.1);
        if settled && coming.still.1 == nearest {
            coming.still.0 += 1;
        } else {
            coming.still = (0, nearest);
        }
        rooms.go(at, desk);
        if coming.still.0 > STILL && time.range.1 < at {
            // It has become shorter since it was saved: its end is the nearest there is.
            self.coming = None;
            return;
        }
        desk.ctx.request_repaint();
    }
}

/// Who opens a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// The user: undo, and *Back*, bring back what was there.
    ByUser,
    /// A lesson's step, which has its own way back.
    ByLesson,
    /// The way back itself.
    Back,
}

/// Ids of the runs that answer.
pub fn runs(desk: &Desk) -> Vec<String> {
    let id = |origin: &Origin| match origin {
        Origin::Run(id) => Some(id.clone()),
        Origin::Bundled | Origin::Live { .. } => None,
    };
    desk.models.iter().filter_map(|m| id(&m.origin)).collect()
}

/// Whether a text that was pasted is meant as a scene.
pub fn is_scene(text: &str) -> bool {
    let text = text.trim_start();
    text.len() <= MOST_PASTED && text.starts_with('{') && text.contains("\"spikescope\"")
}

/// Whether a file is a scene by its name.
pub fn is_scene_file(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(EXTENSION))
}

#[cfg(test)]
mod tests;
