//! All workspaces, open: each with its undo, behind one trait that knows no room's type.

use std::any::Any;
use std::path::Path;

use egui::Ui;
use serde_json::{Map, Value};

use super::{About, Entry, Position, Shows, Work, Workspace, read, to_value};
use crate::core::bounds::Read;
use crate::lessons::Reading;
use crate::ui::command::{Command, Outbox};
use crate::ui::desk::{Desk, Guest};
use crate::ui::keys::Keys;
use crate::ui::undo::Undo;
use crate::workers::Start;
use crate::workers::events::Event;

/// A workspace that is open, whatever its type.
pub(super) trait Room {
    fn about(&self) -> &'static About;
    fn as_any(&self) -> &dyn Any;
    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox);
    /// Carries an edit out; whether undo takes it back.
    fn apply(&mut self, edit: Box<dyn Any>, desk: &mut Desk) -> bool;
    fn follow(&mut self, desk: &mut Desk, shown: bool);
    fn shows(&self) -> Shows;
    fn keys(&self, keys: &mut Keys<'_>, desk: &Desk, out: &mut Outbox);
    fn receive(&mut self, event: &Event, desk: &mut Desk);
    fn takes(&self, file: &Path) -> Option<Command>;
    fn offer(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox);
    fn work(&self, desk: &Desk) -> Option<Work>;
    fn answer(&self) -> Option<Guest>;
    fn leave(&self, desk: &mut Desk);
    /// The settings as they are.
    fn kept(&self) -> Value;
    /// Brings settings within their ranges.
    fn read(&self, kept: &Value) -> Read<Value>;
    /// Takes over settings of a scene; whether undo takes that back.
    fn reopen(&mut self, kept: &Value, undoes: bool, desk: &mut Desk);
    fn time(&self) -> Option<Position>;
    fn go(&mut self, step: u64, desk: &mut Desk);
    fn settled(&self, desk: &Desk) -> bool;
    fn begin(&mut self, desk: &mut Desk);
    fn strayed(&self) -> bool;
    fn measure(&self, name: &str, desk: &Desk) -> Option<Reading>;
    /// The settings, if they are others than when they were last asked for.
    fn changed(&mut self) -> Option<Value>;
    /// Notes a change of the digit, made here, that undo takes back.
    fn digit_changed(&mut self);
    /// Takes the last change in view back, or does it again.
    fn travel(&mut self, back: bool, desk: &mut Desk);
}

/// A workspace with what it can take back.
pub(super) struct Open<W: Workspace> {
    room: W,
    undo: Undo<W::Settings>,
    /// The settings as the session has them.
    written: W::Settings,
}

impl<W: Workspace> Open<W> {
    /// With the settings that it was opened with.
    pub(super) fn new(room: W, kept: W::Settings) -> Self {
        Self { room, undo: Undo::default(), written: kept }
    }
}

impl<W: Workspace> Room for Open<W> {
    fn about(&self) -> &'static About {
        &W::ABOUT
    }

    fn as_any(&self) -> &dyn Any {
        &self.room
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        self.room.show(ui, desk, out);
    }

    fn apply(&mut self, edit: Box<dyn Any>, desk: &mut Desk) -> bool {
        let Ok(edit) = edit.downcast::<W::Edit>() else { return false };
        let kind = W::undoes(&edit).then(|| std::mem::discriminant(&*edit));
        let before = self.room.kept().clone();
        self.room.apply(*edit, desk);
        if let Some(kind) = kind
            && *self.room.kept() != before
        {
            self.undo.changed(before, &kind);
        }
        kind.is_some()
    }

    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        self.room.follow(desk, shown);
    }

    fn shows(&self) -> Shows {
        self.room.shows()
    }

    fn keys(&self, keys: &mut Keys<'_>, desk: &Desk, out: &mut Outbox) {
        self.room.keys(keys, desk, out);
    }

    fn receive(&mut self, event: &Event, desk: &mut Desk) {
        self.room.receive(event, desk);
    }

    fn takes(&self, file: &Path) -> Option<Command> {
        W::takes(file).map(Command::from)
    }

    fn offer(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        self.room.offer(ui, desk, out);
    }

    fn work(&self, desk: &Desk) -> Option<Work> {
        self.room.work(desk)
    }

    fn answer(&self) -> Option<Guest> {
        self.room.answer()
    }

    fn leave(&self, desk: &mut Desk) {
        self.room.leave(desk);
    }

    fn kept(&self) -> Value {
        to_value(self.room.kept())
    }

    fn read(&self, kept: &Value) -> Read<Value> {
        read::<W>(&Map::new(), Some(kept))
    }

    fn reopen(&mut self, kept: &Value, undoes: bool, desk: &mut Desk) {
        let read = read::<W>(&Map::new(), Some(kept)).settings;
        let Ok(settings) = serde_json::from_value::<W::Settings>(read) else { return };
        let before = self.room.kept().clone();
        if settings == before {
            return;
        }
        self.room.reopen(settings, desk);
        if undoes {
            self.undo.replaced(before);
        } else {
            self.undo = Undo::default();
        }
    }

    fn time(&self) -> Option<Position> {
        self.room.time()
    }

    fn go(&mut self, step: u64, desk: &mut Desk) {
        self.room.go(step, desk);
    }

    fn settled(&self, desk: &Desk) -> bool {
        self.room.settled(desk)
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.room.begin(desk);
    }

    fn strayed(&self) -> bool {
        self.room.strayed()
    }

    fn measure(&self, name: &str, desk: &Desk) -> Option<Reading> {
        let measure = W::measures().iter().find(|m| m.name == name)?;
        (measure.of)(&self.room, desk)
    }

    fn changed(&mut self) -> Option<Value> {
        if *self.room.kept() == self.written {
            return None;
        }
        self.written = self.room.kept().clone();
        Some(to_value(&self.written))
    }

    fn digit_changed(&mut self) {
        self.undo.digit_changed();
    }

    fn travel(&mut self, back: bool, desk: &mut Desk) {
        let digit = self.room.shows().digit.then_some(&mut desk.digit);
        if let Some(kept) = self.undo.travel(back, self.room.kept(), digit) {
            self.room.restore(kept, desk);
        }
    }
}

/// All workspaces, open.
pub struct Rooms {
    all: Vec<Box<dyn Room>>,
    shown: usize,
}

impl Rooms {
    /// Opens those of the registry, each with what the session keeps of it.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn open(
        entries: &[Entry],
        kept: &Map<String, Value>,
        start: &Start,
    ) -> std::io::Result<Self> {
        let open = |e: &Entry| (e.open)(kept.get(e.about.id).unwrap_or(&Value::Null), start);
        Ok(Self { all: entries.iter().map(open).collect::<Result<_, _>>()?, shown: 0 })
    }

    /// The one that is shown.
    pub fn shown(&self) -> &'static About {
        self.all[self.shown].about()
    }

    /// What it has on its page.
    pub fn shows(&self) -> Shows {
        self.all[self.shown].shows()
    }

    /// Shows the one of this id, if there is one.
    pub fn enter(&mut self, id: &str) {
        if let Some(place) = self.all.iter().position(|r| r.about().id == id) {
            self.shown = place;
        }
    }

    /// Shows the first one, where digits are drawn.
    pub fn enter_first(&mut self) {
        self.shown = 0;
    }

    /// The workspace of this type.
    ///
    /// # Panics
    /// When it is not in the registry.
    pub fn get<W: Workspace>(&self) -> &W {
        let found = self.all.iter().find_map(|r| r.as_any().downcast_ref());
        found.unwrap_or_else(|| unreachable!("{} is in the registry", W::ABOUT.id))
    }

    /// The name tag of the one of this id.
    pub fn about(&self, id: &str) -> Option<&'static About> {
        self.all.iter().map(|r| r.about()).find(|about| about.id == id)
    }

    /// Settings of the one of this id as it reads them, with the names of those that were
    /// out of range, and of those that could not be read.
    pub fn read(&self, id: &str, kept: &Value) -> Option<(Value, Vec<String>, Vec<String>)> {
        let read = self.all.iter().find(|r| r.about().id == id)?.read(kept);
        Some((read.settings, read.mended, read.dropped))
    }

    /// The settings of the one of this id as at the very beginning.
    pub fn usual(&self, id: &str) -> Option<Value> {
        self.read(id, &Value::Object(Map::new())).map(|read| read.0)
    }

    /// Has the one that is shown be as at the very beginning.
    pub fn anew(&mut self, desk: &mut Desk) {
        let room = &mut self.all[self.shown];
        let usual = room.read(&Value::Object(Map::new())).settings;
        room.reopen(&usual, true, desk);
    }

    /// The settings of the one of this id, as they are.
    pub fn kept(&self, id: &str) -> Option<Value> {
        self.all.iter().find(|r| r.about().id == id).map(|r| r.kept())
    }

    /// Has the one of this id take over settings of a scene; whether undo takes that back.
    pub fn reopen(&mut self, id: &str, kept: &Value, undoes: bool, desk: &mut Desk) {
        if let Some(room) = self.all.iter_mut().find(|r| r.about().id == id) {
            room.reopen(kept, undoes, desk);
        }
    }

    /// Where the time bar in view stands.
    pub fn time(&self) -> Option<Position> {
        self.all[self.shown].time()
    }

    /// Brings the time bar in view to this step, or nearer.
    pub fn go(&mut self, step: u64, desk: &mut Desk) {
        self.all[self.shown].go(step, desk);
    }

    /// Whether what is shown is what the settings and the digit ask for.
    pub fn settled(&self, desk: &Desk) -> bool {
        self.all[self.shown].settled(desk)
    }

    /// Starts what the view in front runs.
    pub fn begin(&mut self, desk: &mut Desk) {
        self.all[self.shown].begin(desk);
    }

    /// [`Workspace::strayed`] of the one that is shown.
    pub fn strayed(&self) -> bool {
        self.all[self.shown].strayed()
    }

    /// What was measured, by the workspace's id and the measure's name: `neuron.rate`.
    pub fn measure(&self, name: &str, desk: &Desk) -> Option<Reading> {
        let (id, name) = name.split_once('.')?;
        self.all.iter().find(|r| r.about().id == id)?.measure(name, desk)
    }

    /// Draws the one that is shown.
    pub fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        self.all[self.shown].show(ui, desk, out);
    }

    /// Banners of all.
    pub fn offers(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        self.all.iter().for_each(|r| r.offer(ui, desk, out));
    }

    /// Carries an edit out in the workspace of this id; whether it was one that undo takes
    /// back.
    pub fn apply(&mut self, id: &str, edit: Box<dyn Any>, desk: &mut Desk) -> bool {
        let room = self.all.iter_mut().find(|r| r.about().id == id);
        room.is_some_and(|room| room.apply(edit, desk))
    }

    /// Once a frame.
    pub fn follow(&mut self, desk: &mut Desk) {
        desk.shows = self.shows();
        for (i, room) in self.all.iter_mut().enumerate() {
            room.follow(desk, i == self.shown);
        }
        desk.guests = self.all.iter().filter_map(|r| r.answer()).collect();
    }

    /// Has the keys of all looked at, or listed.
    pub fn keys(&self, keys: &mut Keys<'_>, desk: &Desk, out: &mut Outbox) {
        for (i, room) in self.all.iter().enumerate() {
            keys.here = i == self.shown;
            room.keys(keys, desk, out);
        }
    }

    /// Hands an event to all.
    pub fn receive(&mut self, event: &Event, desk: &mut Desk) {
        self.all.iter_mut().for_each(|r| r.receive(event, desk));
    }

    /// What to do with a dropped file.
    pub fn takes(&self, file: &Path) -> Option<Command> {
        self.all.iter().find_map(|r| r.takes(file))
    }

    /// All work in the background.
    pub fn work(&self, desk: &Desk) -> Vec<Work> {
        self.all.iter().filter_map(|r| r.work(desk)).collect()
    }

    /// Puts settings that have changed into the session; whether there were any.
    pub fn keep(&mut self, kept: &mut Map<String, Value>) -> bool {
        let mut any = false;
        for room in &mut self.all {
            if let Some(settings) = room.changed() {
                kept.insert(room.about().id.to_owned(), settings);
                any = true;
            }
        }
        any
    }

    /// Notes a change of the digit, made in the workspace shown.
    pub fn digit_changed(&mut self) {
        self.all[self.shown].digit_changed();
    }

    /// Takes the last change in view back, or does it again.
    pub fn travel(&mut self, back: bool, desk: &mut Desk) {
        self.all[self.shown].travel(back, desk);
    }

    /// The window closes.
    pub fn leave(&self, desk: &mut Desk) {
        self.all.iter().for_each(|r| r.leave(desk));
    }
}
