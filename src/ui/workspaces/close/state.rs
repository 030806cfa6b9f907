//! What the workspace holds while it is open, and how its edits change it.

use std::sync::{Arc, OnceLock};

use egui::{Key, Ui};

use super::game::{Game, YOU};
use super::measures::MEASURES;
use super::settings::{CloseSettings, CloseTab};
use super::you::ANSWERS;
use super::{ABOUT, board, handout, scenes, view};
use crate::data::registry::Split;
use crate::scoreboard::board::{Board, Kind, Profile};
use crate::scoreboard::criteria::{CRITERIA, Criterion};
use crate::ui::command::Outbox;
use crate::ui::desk::{Desk, Wanted};
use crate::ui::keys::{Keys, plain};
use crate::ui::scene::Scene;
use crate::ui::workspace::{About, Edit, Measure, View, Work, Workspace};
use crate::workers::Start;
use crate::workers::scoreboard::{ScoreTask, Scoreboard, Scores};

/// What the user does in the workspace.
#[derive(Clone, Debug)]
pub enum CloseEdit {
    /// Show another view.
    Tab(CloseTab),
    /// Show these criteria: a place in the list, 0 for all.
    Group(usize),
    /// Show these rows.
    Kind(Option<Kind>),
    /// Show rows with this text.
    Find(String),
    /// Sort by this criterion, the other way round, or (third, or without) no more.
    Sort(String),
    /// Pin a subject, or unpin it.
    Pin(String),
    /// Pin it at this place.
    PinAt(usize, String),
    /// Look at the cell of this subject and criterion.
    Look(String, String),
    /// Show curves of this criterion.
    Curve(String),
    /// Let a criterion count so much.
    Weigh(String, f64),
    /// Take this of a criterion for closer to a brain.
    Closer(String, String),
    /// No criterion counts.
    NoWeights,
    /// Which digits the game shows.
    Seed(u64),
    /// Begin a game.
    Play,
    /// Answer.
    Answer(u8),
    /// End the game without a result, or drop the result.
    GiveUp,
    /// Keep the result.
    Keep,
    /// Measure the network of this run.
    Measure(String),
    /// Stop that.
    StopMeasuring,
    /// Forget what was measured of this subject.
    Forget(String),
    /// Write the page to print.
    HandOut,
}

impl Edit for CloseEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// The workspace.
pub struct Close {
    pub kept: CloseSettings,
    pub criteria: &'static [&'static Criterion],
    /// What was measured: what comes with the program, and the user's own.
    pub bundled: &'static Board,
    pub scores: Arc<Scores>,
    /// Whether both were read.
    pub read: bool,
    /// Both, in the order of the story.
    pub table: Vec<Profile>,
    /// The game that is played, or whose result is looked at.
    pub game: Option<Game>,
    /// Whether one begins as soon as there are digits.
    pub begins: bool,
    /// The run that is measured as soon as there are digits.
    pub wanted: Option<String>,
    /// Why nothing is measured, if so.
    pub waits: Option<String>,
    worker: Scoreboard,
}

impl Close {
    /// The subject of this id.
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.table.iter().find(|p| p.id == id)
    }

    /// The two side by side: those pinned; else the first network and the last, which are
    /// the farthest apart in the story.
    pub fn pinned(&self) -> [Option<&Profile>; 2] {
        let [a, b] = &self.kept.pins;
        let networks = || self.table.iter().filter(|p| p.kind == Kind::Network);
        let mut all = networks().chain(&self.table);
        let a = self.profile(a).or_else(|| all.find(|p| p.id != *b));
        let other = |p: &&Profile| a.is_none_or(|a| a.id != p.id);
        let last = || networks().rev().chain(&self.table).find(other);
        [a, self.profile(b).filter(other).or_else(last)]
    }

    /// The controls, and whoever played.
    pub fn controls(&self) -> impl Iterator<Item = &Profile> {
        self.table.iter().filter(|p| matches!(p.kind, Kind::Control | Kind::You))
    }

    /// The cell looked at.
    pub fn looked_at(&self) -> Option<(&Profile, &'static Criterion)> {
        let profile = self.profile(&self.kept.subject).or_else(|| self.table.first())?;
        let mut all = self.criteria.iter();
        let chosen = all.clone().find(|c| c.id == self.kept.criterion);
        // Else one that has something to look at.
        let told =
            || all.clone().find(|c| profile.cells.get(c.id).is_some_and(|c| c.detail.is_some()));
        let criterion = chosen.or_else(told).or_else(|| all.next())?;
        Some((profile, criterion))
    }

    /// The game, if a digit is to be answered.
    pub fn playing(&self) -> Option<&Game> {
        self.game.as_ref().filter(|g| g.trial().is_some())
    }

    fn digits(&self, desk: &mut Desk) -> Option<(String, Split)> {
        let split = desk.best_digits()?;
        let name = match desk.digits("mnist") {
            Wanted::Ready(_) => "MNIST",
            Wanted::Coming | Wanted::Missing(_) => "the synthetic digits",
        };
        Some((name.to_owned(), split))
    }

    pub(super) fn new_game(&mut self, desk: &mut Desk) {
        let Some((data, split)) = self.digits(desk) else { return };
        self.begins = false;
        let now = desk.ctx.input(|i| i.time);
        self.game = Some(Game::new(self.kept.seed, data, &split.test, &self.table, now));
    }

    /// Measures the run that is wanted, on the digits that it was judged by.
    fn measure(&mut self, desk: &mut Desk) {
        let Some(run) = self.wanted.clone() else { return };
        match desk.digits("mnist") {
            Wanted::Coming => self.waits = Some("The digits are being read.".into()),
            Wanted::Missing(why) => {
                self.wanted = None;
                self.waits = Some(format!("Networks are compared on MNIST. {why}."));
            }
            Wanted::Ready(digits) => {
                (self.wanted, self.waits) = (None, None);
                desk.sent(self.worker.ask(ScoreTask::Measure { run, digits }));
            }
        }
    }

    fn sort(&mut self, criterion: String) {
        let kept = &mut self.kept;
        match (kept.sort == criterion, kept.rising) {
            (false, _) => (kept.sort, kept.rising) = (criterion, false),
            (true, false) => kept.rising = true,
            (true, true) => (kept.sort, kept.rising) = (String::new(), false),
        }
    }

    fn pin(&mut self, id: String) {
        let [a, b] = &mut self.kept.pins;
        if *a == id {
            a.clear();
        } else if *b == id {
            b.clear();
        } else if a.is_empty() {
            *a = id;
        } else {
            *b = id;
        }
    }

    /// Takes over what the thread has measured.
    fn take(&mut self) {
        let scores = self.worker.scores();
        let bundled = scores.bundled.unwrap_or(self.bundled);
        let same =
            Arc::ptr_eq(&scores.own, &self.scores.own) && std::ptr::eq(bundled, self.bundled);
        self.read = scores.read;
        self.bundled = bundled;
        self.scores = scores;
        if !same {
            self.table = merged(self.bundled, &self.scores.own);
        }
    }
}

/// Before the results that come with the program are read.
fn empty() -> &'static Board {
    static EMPTY: OnceLock<Board> = OnceLock::new();
    EMPTY.get_or_init(Board::default)
}

/// Bundled profiles, the user's own after the networks, and the user.
fn merged(bundled: &Board, own: &Board) -> Vec<Profile> {
    let mut table: Vec<Profile> = bundled.profiles.iter().chain(&own.profiles).cloned().collect();
    // The sort is stable.
    table.sort_by_key(|p| board::KINDS.iter().position(|k| k.0 == p.kind));
    table
}

impl Workspace for Close {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] = &["profiles", "beside", "measurement", "weigh", "you"];
    type Settings = CloseSettings;
    type Edit = CloseEdit;

    fn open(kept: CloseSettings, start: &Start) -> std::io::Result<Self> {
        let worker = Scoreboard::start(
            start.runs_root.clone(),
            start.keeps,
            CRITERIA,
            start.events.clone(),
        )?;
        Ok(Self {
            kept,
            criteria: CRITERIA,
            bundled: empty(),
            scores: Arc::default(),
            read: false,
            table: Vec::new(),
            game: None,
            begins: false,
            wanted: None,
            waits: None,
            worker,
        })
    }

    fn kept(&self) -> &CloseSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: CloseEdit, desk: &mut Desk) {
        use CloseEdit as E;
        match edit {
            E::Tab(tab) => self.kept.tab = tab,
            E::Group(group) => self.kept.group = group,
            E::Kind(kind) => self.kept.kind = kind,
            E::Find(text) => self.kept.find = text,
            E::Sort(criterion) => self.sort(criterion),
            E::Pin(id) => self.pin(id),
            E::PinAt(place, id) => {
                // A place may be empty and show what is first: that stays.
                let shown = self.pinned().map(|p| p.map_or_else(String::new, |p| p.id.clone()));
                self.kept.pins = shown;
                if self.kept.pins[1 - place] == id {
                    self.kept.pins.swap(0, 1);
                } else {
                    self.kept.pins[place] = id;
                }
            }
            E::Look(subject, criterion) => {
                (self.kept.subject, self.kept.criterion) = (subject, criterion);
            }
            E::Curve(criterion) => self.kept.curve = criterion,
            E::Weigh(criterion, weight) => self.kept.weight_mut(&criterion).weight = weight,
            E::Closer(criterion, closer) => self.kept.weight_mut(&criterion).closer = closer,
            E::NoWeights => self.kept.weights.clear(),
            E::Seed(seed) => self.kept.seed = seed,
            E::Play => {
                self.begins = true;
                self.new_game(desk);
            }
            E::Answer(digit) => {
                let now = desk.ctx.input(|i| i.time);
                if let Some(game) = &mut self.game {
                    game.answer(digit, now);
                }
            }
            E::GiveUp => (self.game, self.begins) = (None, false),
            E::Keep => {
                if let Some(game) = self.game.take() {
                    desk.sent(self.worker.ask(ScoreTask::Keep(Box::new(game.profile()))));
                }
            }
            E::Measure(run) => {
                self.wanted = Some(run);
                self.measure(desk);
            }
            E::StopMeasuring => {
                self.wanted = None;
                self.worker.stop();
            }
            E::Forget(id) => desk.sent(self.worker.ask(ScoreTask::Forget(id))),
            E::HandOut => {
                let rows = board::rows(&self.table, &self.kept);
                let columns: Vec<_> = board::columns(self.criteria, self.kept.group).collect();
                let text = handout::page(self.bundled, &rows, &columns);
                desk.export("how-close-hand-out", "svg", text.into_bytes());
            }
        }
    }

    fn restore(&mut self, kept: CloseSettings, _desk: &mut Desk) {
        self.kept = CloseSettings { tab: self.kept.tab, ..kept };
    }

    fn undoes(edit: &CloseEdit) -> bool {
        !matches!(edit, CloseEdit::Tab(_) | CloseEdit::Look(..))
    }

    fn keys(&self, keys: &mut Keys<'_>, _desk: &Desk, out: &mut Outbox) {
        if keys.lists() {
            keys.row("0 … 9".into(), "Answer (How close?, You)");
        }
        let plays = keys.here && self.kept.tab == CloseTab::You && self.playing().is_some();
        if !plays && !keys.lists() {
            return;
        }
        if keys.pressed(plain(Key::Escape), "Give up the game (How close?, You)") {
            out.push(CloseEdit::GiveUp);
        }
        if plays {
            for (digit, key) in ANSWERS.into_iter().enumerate() {
                if keys.pressed(plain(key), "Answer") {
                    out.push(CloseEdit::Answer(digit as u8));
                }
            }
        }
    }

    fn follow(&mut self, desk: &mut Desk, _shown: bool) {
        self.take();
        if self.wanted.is_some() {
            self.measure(desk);
        }
        if self.begins {
            self.new_game(desk);
        }
    }

    fn work(&self, _desk: &Desk) -> Option<Work> {
        let now = self.scores.running.as_ref()?;
        Some(Work {
            text: format!("{}: {} of {} measured", now.name, now.done, now.of),
            switch: Some(("Stop measuring", CloseEdit::StopMeasuring.into())),
        })
    }

    fn reopen(&mut self, kept: CloseSettings, _desk: &mut Desk) {
        self.kept = kept;
    }

    fn settled(&self, _desk: &Desk) -> bool {
        self.is_current()
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.start(desk);
    }

    fn measures() -> &'static [Measure<Self>] {
        MEASURES
    }

    fn leave(&self, _desk: &mut Desk) {
        self.worker.stop();
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}

/// Whether whoever plays is on the board.
pub fn has_played(room: &Close) -> bool {
    room.profile(YOU).is_some()
}
