//! The state of the History view of the Train workspace, and how its command
//! changes it: which run, which moment, and what is shown of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::app::App;
use super::command::DataEdit;
use super::snapshot::Snapshot;
use crate::ann::snapshots::Moment;
use crate::core::bounds::{Bounded, Bounds};
use crate::core::playback::{Playback, PlaybackEdit, PlaybackSettings};
use crate::data::Dataset;
use crate::workers::runs::RunRecord;
use crate::workers::scrub::{FOLLOWED, Question};

/// Name of the tab.
pub const TAB: &str = "History";

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
}

/// The run that is looked back at: the one chosen, the one in hand or last
/// trained, or the newest.
pub fn record<'a>(world: &'a World<'_>) -> Option<&'a RunRecord> {
    chosen(world.room.history, world.training.record.as_deref(), world.runs)
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

impl App {
    /// Carries an edit of the History view out.
    pub(super) fn edit_history(&mut self, edit: HistoryEdit) {
        let history = &mut self.history;
        match edit {
            HistoryEdit::Play(edit) => {
                history.playback.edit(&edit);
                history.settle();
                self.session.history.playback = history.playback.settings();
            }
            HistoryEdit::Run(run) => history.chosen = Some(run),
            HistoryEdit::Bank(bank) => {
                (history.bank, history.channel, history.page) = (bank, 0, 0);
            }
            HistoryEdit::Channel(channel) => history.channel = channel,
            HistoryEdit::Page(page) => history.page = page,
            HistoryEdit::MarkHere => history.mark = history.at.unwrap_or(0),
            HistoryEdit::Follow(place) => {
                match history.followed.iter().position(|p| *p == place) {
                    Some(i) => drop(history.followed.remove(i)),
                    None => history.followed.push(place),
                }
                if history.followed.len() > FOLLOWED {
                    history.followed.remove(0);
                }
            }
            HistoryEdit::FollowNone => history.followed.clear(),
            HistoryEdit::Settings(settings) => self.session.history = settings,
        }
    }

    /// Asks for the moment that is to be shown, when it or anything else that is
    /// wanted of it has changed, while somebody looks.
    pub(super) fn look_back(&mut self) {
        if self.workspace.id != "train" || self.train_tab != TAB {
            return;
        }
        let training = self.hub.training();
        let current = training.record.as_deref();
        let Some(record) = chosen(&self.history, current, &self.runs) else { return };
        let live = training.phase.in_hand() && current.is_some_and(|c| c.id == record.id);
        let (run, config) = (record.id.clone(), Arc::new(record.config.clone()));
        let history = &mut self.history;
        if history.shown.as_ref() != Some(&run) {
            history.open(&run);
        }
        let view = self.hub.scrubbed();
        if view.run == run {
            history.count(&view.moments, live);
        }
        let wanted = self.session.history.plots == Plots::Confusion;
        let data = if wanted { self.training_digits(&config.data) } else { None };
        let history = &mut self.history;
        let following = history.playback.is_following();
        let asked = Asked {
            run,
            step: history.at.filter(|_| !following),
            mark: history.mark,
            bank: history.bank,
            digit: (!self.digit.is_blank()).then(|| self.digit.version()),
            confusion: data.is_some(),
            followed: history.followed.clone(),
            snapshots: if live { training.history.snapshots } else { 0 },
        };
        if history.asked.as_ref() == Some(&asked) {
            return;
        }
        self.hub.scrub(Question {
            run: asked.run.clone(),
            config,
            step: asked.step,
            mark: asked.mark,
            bank: asked.bank,
            digit: asked.digit.map(|_| Box::new(*self.digit.pixels())),
            confusion: data,
            followed: asked.followed.clone(),
        });
        history.asked = Some(asked);
    }

    fn training_digits(&mut self, source: &str) -> Option<Arc<Dataset>> {
        if source == "synthetic" {
            self.data(DataEdit::LoadSynthetic);
        }
        self.hub.library().source(source).split().map(|split| Arc::clone(&split.train))
    }
}
