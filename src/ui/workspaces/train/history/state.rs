//! The state of the view, and how its edits change it: which run, which moment, and
//! what is shown of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ann::snapshots::Moment;
use crate::core::bounds::{Bounded, Bounds};
use crate::core::playback::{Playback, PlaybackEdit, PlaybackSettings};
use crate::ui::desk::{Desk, Wanted};
use crate::ui::workspaces::train::World;
use crate::workers::runs::RunRecord;
use crate::workers::scrub::{FOLLOWED, MomentQuestion, Scrubber};

/// What the user does in the History view.
#[derive(Clone, Debug)]
pub enum HistoryEdit {
    /// Play, step, scrub.
    Play(PlaybackEdit),
    /// Look back at this run.
    Run(String),
    /// Pictures of this array of weights, or of what comes out of its layer.
    Bank(usize),
    /// The kernels for this channel of what comes before.
    Channel(usize),
    /// Another page of pictures.
    Page(usize),
    /// Sum changes from the moment shown.
    MarkHere,
    /// Follow this weight, or no longer.
    Follow(usize),
    /// Follow none.
    FollowNone,
    /// Views, scales: what is kept over a restart.
    Settings(HistorySettings),
}

/// What is shown as pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pictures {
    /// The weights.
    #[default]
    Weights,
    /// Their last update.
    Update,
    /// Their change since the mark.
    Since,
    /// What comes out of the layer for the current digit.
    Maps,
}

/// What is shown as plots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plots {
    /// Loss and accuracy.
    #[default]
    Curves,
    /// Norm and direction of each layer.
    Movement,
    /// Single weights.
    Followed,
    /// Confusion on the held-out digits.
    Confusion,
}

/// A figure of each layer over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// ‖W‖.
    #[default]
    Norm,
    /// ‖W − W₀‖.
    Distance,
    /// ‖ΔW‖ of the last update.
    Update,
    /// Cosine to the weights at the snapshot before.
    CosinePrevious,
    /// Cosine to the initial weights.
    CosineInitial,
}

/// The magnitude that has the full colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// The largest of the layer: of its newest weights, so that it stays the same
    /// over the run; of the moment's changes and feature maps.
    #[default]
    Layer,
    /// The largest of each picture.
    Unit,
}

/// What is kept over a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HistorySettings {
    /// The pictures chosen.
    pub pictures: Pictures,
    /// The plots chosen.
    pub plots: Plots,
    /// Where there is room for one of the two: the plots?
    pub plots_first: bool,
    /// The figure chosen.
    pub figure: Figure,
    /// Colours.
    pub scale: Scale,
    /// Speed and loop.
    pub playback: PlaybackSettings,
}

impl Bounded for HistorySettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { pictures: _, plots: _, plots_first: _, figure: _, scale: _, playback } = self;
        to.part("playback", playback);
    }
}

/// The view's own state.
#[derive(Default)]
pub struct History {
    /// Position: number of the snapshot.
    pub playback: Playback,
    /// Batches trained at the mark that changes are summed from.
    pub mark: u64,
    /// Number of the array of weights.
    pub bank: usize,
    /// Channel of what comes before.
    pub channel: usize,
    /// Page of pictures.
    pub page: usize,
    /// Weights that are followed, in the order of their colours.
    pub followed: Vec<usize>,
    /// The run that the user has chosen, and the one that is shown.
    chosen: Option<String>,
    shown: Option<String>,
    /// The moments that the position counts; batches trained at the position.
    moments: Arc<Vec<Moment>>,
    at: Option<u64>,
    asked: Option<Asked>,
}

/// What the newest question was about.
#[derive(PartialEq)]
struct Asked {
    run: String,
    step: Option<u64>,
    mark: u64,
    bank: usize,
    digit: Option<u64>,
    confusion: bool,
    followed: Vec<usize>,
    /// Snapshots of a run in hand: more of them are to be listed.
    snapshots: usize,
}

impl History {
    /// As the last session had set speed and loop.
    pub fn new(settings: &HistorySettings) -> Self {
        Self { playback: Playback::new(0, 0, settings.playback), ..Self::default() }
    }

    /// Takes over speed and loop of other settings; the run and the moment stay.
    pub fn reopen(&mut self, settings: &HistorySettings) {
        self.playback.edit(&PlaybackEdit::Speed(settings.playback.steps_per_s));
        self.playback.edit(&PlaybackEdit::Loop(settings.playback.looping));
    }

    /// Batches trained at the moment shown, if it is one gone back to.
    pub fn at(&self) -> Option<u64> {
        self.at
    }

    /// Begins with another run, at its newest moment.
    fn open(&mut self, run: &str) {
        let settings = self.playback.settings();
        *self = Self {
            playback: Playback::new(0, 0, settings),
            chosen: self.chosen.take(),
            shown: Some(run.to_owned()),
            ..Self::default()
        };
    }

    /// Takes over the moments there are; the position stays where it was in the
    /// run, though its number may be another when snapshots were thinned out.
    fn count(&mut self, moments: &Arc<Vec<Moment>>, live: bool) {
        if moments.is_empty() {
            return;
        }
        let first = self.moments.is_empty();
        let last = moments.len() as u64 - 1;
        let news = !Arc::ptr_eq(&self.moments, moments);
        if !news && self.playback.is_live() == live {
            return;
        }
        self.moments = Arc::clone(moments);
        self.playback.set_range(0, last, live);
        match self.at {
            Some(step) if !self.playback.is_following() => {
                let after = moments.partition_point(|m| m.step <= step);
                let number = after.saturating_sub(1) as u64;
                if number != self.playback.at() {
                    self.playback.edit(&PlaybackEdit::Go(number));
                }
            }
            _ if first => self.playback.edit(&PlaybackEdit::End),
            _ => {}
        }
        self.settle();
    }

    /// Keeps which moment the position is at.
    fn settle(&mut self) {
        let at = usize::try_from(self.playback.at()).unwrap_or(usize::MAX);
        self.at = self.moments.get(at).map(|m| m.step);
    }

    /// Carries an edit out; `kept` is what survives a restart.
    pub fn apply(&mut self, edit: HistoryEdit, kept: &mut HistorySettings) {
        match edit {
            HistoryEdit::Play(edit) => {
                self.playback.edit(&edit);
                self.settle();
                kept.playback = self.playback.settings();
            }
            HistoryEdit::Run(run) => self.chosen = Some(run),
            HistoryEdit::Bank(bank) => (self.bank, self.channel, self.page) = (bank, 0, 0),
            HistoryEdit::Channel(channel) => self.channel = channel,
            HistoryEdit::Page(page) => self.page = page,
            HistoryEdit::MarkHere => self.mark = self.at.unwrap_or(0),
            HistoryEdit::Follow(place) => {
                match self.followed.iter().position(|p| *p == place) {
                    Some(i) => drop(self.followed.remove(i)),
                    None => self.followed.push(place),
                }
                if self.followed.len() > FOLLOWED {
                    self.followed.remove(0);
                }
            }
            HistoryEdit::FollowNone => self.followed.clear(),
            HistoryEdit::Settings(settings) => *kept = settings,
        }
    }

    /// Asks for the moment that is to be shown, when it or anything else that is
    /// wanted of it has changed.
    pub fn follow(&mut self, desk: &mut Desk, kept: &HistorySettings, scrubber: &Scrubber) {
        let view = scrubber.answer();
        let training = desk.hub.trainer.view();
        let current = training.record.as_deref();
        let Some(record) = chosen(self, current, &desk.runs) else { return };
        let live = training.phase.in_hand() && current.is_some_and(|c| c.id == record.id);
        let (run, config) = (record.id.clone(), Arc::new(record.config.clone()));
        if self.shown.as_ref() != Some(&run) {
            self.open(&run);
        }
        if view.run == run {
            self.count(&view.moments, live);
        }
        let data = match kept.plots {
            Plots::Confusion => desk.digits(&config.data),
            _ => Wanted::Coming,
        };
        let confusion = match data {
            Wanted::Ready(split) => Some(split.train),
            Wanted::Coming | Wanted::Missing(_) => None,
        };
        let following = self.playback.is_following();
        let asked = Asked {
            run,
            step: self.at.filter(|_| !following),
            mark: self.mark,
            bank: self.bank,
            digit: (!desk.digit.is_blank()).then(|| desk.digit.version()),
            confusion: confusion.is_some(),
            followed: self.followed.clone(),
            snapshots: if live { training.history.snapshots } else { 0 },
        };
        if self.asked.as_ref() == Some(&asked) {
            return;
        }
        scrubber.ask(MomentQuestion {
            run: asked.run.clone(),
            config,
            step: asked.step,
            mark: asked.mark,
            bank: asked.bank,
            digit: asked.digit.map(|_| Box::new(*desk.digit.pixels())),
            confusion,
            followed: asked.followed.clone(),
        });
        self.asked = Some(asked);
    }
}

/// The run that is looked back at: the one chosen, the one in hand or last
/// trained, or the newest.
pub fn record<'a>(world: &'a World<'_>) -> Option<&'a RunRecord> {
    chosen(&world.room.history, world.training.record.as_deref(), &world.runs)
}

fn chosen<'a>(
    history: &History,
    current: Option<&'a RunRecord>,
    runs: &'a [RunRecord],
) -> Option<&'a RunRecord> {
    let find =
        |id: &str| current.filter(|r| r.id == id).or_else(|| runs.iter().find(|r| r.id == id));
    let named = history.chosen.as_deref().and_then(find);
    named.or(current).or(runs.first())
}
