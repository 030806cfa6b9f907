//! What a workspace is, and how the window holds them all.
//!
//! A [`Workspace`] is one room: a folder in [`super::workspaces`] with its own
//! state, settings, edits, workers, keys and scenes. The window knows it only
//! through [`Entry`] (before it is open) and [`Rooms`] (afterwards).
//!
//! Commands go down, state comes up: [`Workspace::show`] only reads,
//! [`Workspace::apply`] carries out an edit, and [`Workspace::follow`] runs once a
//! frame.

mod rooms;

use std::any::Any;
use std::fmt::Debug;
use std::ops::Deref;
use std::path::Path;

use egui::{Key, Ui};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use super::command::Edit;
use super::command::{Command, Outbox};
pub use super::desk::Shows;
use super::desk::{Desk, Guest};
use super::keys::Keys;
use super::scene::Scene;
use super::widgets::icons::Icon;
pub use rooms::Rooms;
use rooms::{Open, Room};

use crate::core::bounds::{self, Bounded, Read};
use crate::core::playback::Playback;
use crate::lessons::Reading;
use crate::workers::Start;
use crate::workers::events::Event;

/// Name tag of a workspace.
#[derive(Debug)]
pub struct About {
    /// Stable id, as in `--workspace draw`, and where its settings are kept.
    pub id: &'static str,
    /// Name on the rail.
    pub name: &'static str,
    /// Pictogram on the rail.
    pub icon: Icon,
    /// What one does there, for the tooltip.
    pub doc: &'static str,
    /// Key that shows it, with Ctrl.
    pub key: Key,
}

/// A chapter of the story that the rail tells from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chapter {
    /// Artificial networks.
    Networks,
    /// One neuron, one synapse.
    Neurons,
    /// Networks that speak in spikes.
    Spikes,
    /// What it all comes to.
    Close,
}

impl Chapter {
    /// All, in the order of the story.
    pub const ALL: [Self; 4] = [Self::Networks, Self::Neurons, Self::Spikes, Self::Close];

    /// Its name on the rail.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Networks => "Networks",
            Self::Neurons => "Neurons and synapses",
            Self::Spikes => "Networks of spikes",
            Self::Close => "How close?",
        }
    }

    /// What it tells, in a sentence.
    pub const fn doc(self) -> &'static str {
        match self {
            Self::Networks => {
                "What artificial networks make of a digit, how they learn, and what they see."
            }
            Self::Neurons => {
                "What a neuron of the brain does instead, and how its synapses change."
            }
            Self::Spikes => "Networks of such neurons, learnt by spikes or converted.",
            Self::Close => "How close all of them come to the brain.",
        }
    }
}

/// What a workspace keeps over a restart.
pub trait Settings:
    Any + Clone + Default + PartialEq + Serialize + DeserializeOwned + Bounded
{
    /// Where a session written before 2026-12 keeps them, if not under the workspace's id
    /// at its top level.
    fn former(_session: &Map<String, Value>) -> Option<Value> {
        None
    }

    /// Every list with something in it, everything that may be missing there.
    #[cfg(test)]
    fn full() -> Self {
        Self::default()
    }
}

/// Work that goes on whether or not anybody looks, for the status line.
pub struct Work {
    /// What is done, and how far it is.
    pub text: String,
    /// Holds it or lets it go on: a button's name, of which the first word is shown,
    /// and what it does.
    pub switch: Option<(&'static str, Command)>,
}

/// Where a time bar stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The step.
    pub at: u64,
    /// The first and last step there are by now.
    pub range: (u64, u64),
    /// What is selected.
    pub selection: Option<(u64, u64)>,
}

impl Position {
    /// Of a time bar.
    pub fn of(bar: &Playback) -> Self {
        Self { at: bar.at(), range: bar.range(), selection: bar.selection() }
    }
}

/// A value that a workspace measures, by whose name lessons ask for it.
pub struct Measure<W> {
    /// Its name in the workspace: `rate`. Lessons call it `neuron.rate`.
    pub name: &'static str,
    /// Unit; empty for a plain number.
    pub unit: &'static str,
    /// What it is, in a sentence that ends with a full stop.
    pub doc: &'static str,
    /// The value, once it is known, for the settings and the digit as they are.
    pub of: fn(&W, &Desk) -> Option<Reading>,
}

/// The same without the workspace's type, for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasureDoc {
    pub name: &'static str,
    pub unit: &'static str,
    pub doc: &'static str,
}

/// A workspace.
pub trait Workspace: Sized + 'static {
    /// Its name tag.
    const ABOUT: About;
    /// Its views, by the names that its settings keep under `tab`.
    const TABS: &'static [&'static str] = &[];
    /// What survives a restart.
    type Settings: Settings;
    /// What one can do in it.
    type Edit: Edit;

    /// Opens it with the settings kept; starts its workers.
    ///
    /// # Errors
    /// When the system gives no threads.
    fn open(kept: Self::Settings, start: &Start) -> std::io::Result<Self>;

    /// The settings as they are.
    fn kept(&self) -> &Self::Settings;

    /// Draws it; changes nothing but the outbox.
    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox);

    /// Carries an edit out.
    fn apply(&mut self, edit: Self::Edit, desk: &mut Desk);

    /// Takes over other settings, as undo does.
    fn restore(&mut self, kept: Self::Settings, desk: &mut Desk);

    /// Once a frame, `shown` or not: asks workers what has changed, lets time bars
    /// follow.
    fn follow(&mut self, desk: &mut Desk, shown: bool);

    /// Whether undo takes the edit back. Not what only changes how one looks.
    fn undoes(_edit: &Self::Edit) -> bool {
        true
    }

    /// What is on its page.
    fn shows(&self) -> Shows {
        Shows::default()
    }

    /// Its keys; `keys.here` while it is shown.
    fn keys(&self, _keys: &mut Keys<'_>, _desk: &Desk, _out: &mut Outbox) {}

    /// What a worker tells once.
    fn receive(&mut self, _event: &Event, _desk: &mut Desk) {}

    /// What to do with a file that was dropped on the window, if it is one of its own.
    fn takes(_file: &Path) -> Option<Self::Edit> {
        None
    }

    /// A banner above every workspace.
    fn offer(&self, _ui: &mut Ui, _desk: &Desk, _out: &mut Outbox) {}

    /// Its work in the background.
    fn work(&self, _desk: &Desk) -> Option<Work> {
        None
    }

    /// The answer of a network of its own, to stand beside those of the models.
    fn answer(&self) -> Option<Guest> {
        None
    }

    /// Takes over the settings of a scene that was saved: [`Workspace::restore`], with the
    /// view that was in front.
    fn reopen(&mut self, kept: Self::Settings, desk: &mut Desk) {
        self.restore(kept, desk);
    }

    /// Where the time bar of the view in front stands, if it has one that a saved scene
    /// brings back.
    fn time(&self) -> Option<Position> {
        None
    }

    /// Brings that time bar to this step, or as near as it can by now; called once a frame
    /// until [`Workspace::time`] says that it is there.
    fn go(&mut self, _step: u64, _desk: &mut Desk) {}

    /// Whether what is shown is what the settings and the digit ask for: nothing is being
    /// computed, or what is goes on without end.
    fn settled(&self, _desk: &Desk) -> bool {
        true
    }

    /// Starts what the view in front runs when somebody presses its main button: a
    /// simulation, a training, a measurement. A lesson's *Run* does this.
    fn begin(&mut self, _desk: &mut Desk) {}

    /// Whether what is in view went another way than it would, were it run anew with the
    /// settings as they are: they were changed on the way. A scene brings the settings back.
    fn strayed(&self) -> bool {
        false
    }

    /// What it measures, for lessons.
    fn measures() -> &'static [Measure<Self>] {
        &[]
    }

    /// Tells its workers that the window closes, before they are waited for.
    fn leave(&self, _desk: &mut Desk) {}

    /// Its pages of the tour.
    fn scenes() -> &'static [Scene] {
        &[]
    }
}

/// What a workspace's views see: the room itself and, by its name or directly, the desk.
pub struct View<'a, R> {
    /// The workspace.
    pub room: &'a R,
    /// What all share.
    pub desk: &'a Desk,
}

impl<R> Deref for View<'_, R> {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        self.desk
    }
}

/// A line of the registry.
pub struct Entry {
    /// The name tag.
    pub about: &'static About,
    /// Where in the story it is told.
    pub chapter: Chapter,
    /// [`Workspace::TABS`].
    pub tabs: &'static [&'static str],
    /// Pages of the tour.
    pub scenes: fn() -> &'static [Scene],
    /// Reads the settings from what is kept under the id, and says what was wrong.
    pub read: fn(&Map<String, Value>, Option<&Value>) -> Read<Value>,
    /// The usual settings.
    pub usual: fn() -> Value,
    /// What it measures.
    pub measures: fn() -> Vec<MeasureDoc>,
    /// [`Settings::full`].
    #[cfg(test)]
    pub full: fn() -> Value,
    /// Brings settings within their ranges.
    #[cfg(test)]
    pub bound: fn(Value) -> (Value, bounds::Bounds),
    open: fn(&Value, &Start) -> std::io::Result<Box<dyn Room>>,
}

impl Entry {
    /// The line of a workspace in this chapter.
    pub const fn of<W: Workspace>(chapter: Chapter) -> Self {
        Self {
            about: &W::ABOUT,
            chapter,
            tabs: W::TABS,
            scenes: W::scenes,
            read: read::<W>,
            usual: || to_value(&W::Settings::default()),
            measures: || {
                let doc = |m: &Measure<W>| MeasureDoc { name: m.name, unit: m.unit, doc: m.doc };
                W::measures().iter().map(doc).collect()
            },
            #[cfg(test)]
            full: || to_value(&W::Settings::full()),
            #[cfg(test)]
            bound: |value| {
                let mut bounds = bounds::Bounds::default();
                let mut settings: W::Settings = serde_json::from_value(value).unwrap();
                settings.bound(&mut bounds);
                (to_value(&settings), bounds)
            },
            open: |kept, start| {
                let kept: W::Settings = serde_json::from_value(kept.clone()).unwrap_or_default();
                let room = W::open(kept.clone(), start)?;
                Ok(Box::new(Open::new(room, kept)))
            },
        }
    }
}

fn to_value<S: Serialize>(settings: &S) -> Value {
    serde_json::to_value(settings).unwrap_or_default()
}

fn read<W: Workspace>(session: &Map<String, Value>, kept: Option<&Value>) -> Read<Value> {
    let former = || W::Settings::former(session).or_else(|| session.get(W::ABOUT.id).cloned());
    let found = kept.cloned().or_else(former);
    let bytes = found.map_or_else(|| b"{}".to_vec(), |value| value.to_string().into_bytes());
    let read = bounds::from_json::<W::Settings>(&bytes).unwrap_or_else(|_| Read {
        settings: W::Settings::default(),
        mended: Vec::new(),
        dropped: vec!["all".into()],
    });
    Read { settings: to_value(&read.settings), mended: read.mended, dropped: read.dropped }
}
