//! What the workspace holds while it is open, and how its edits change it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Ui;

use super::settings::{FieldsSettings, FieldsTab, ReasonMap, Scale, Show, refusal};
use super::{ABOUT, measures, save, scenes, view};
use crate::ann::inspect::Unit;
use crate::ann::inspect::maximise::Recipe;
use crate::core::text::grouped;
use crate::data::Dataset;
use crate::ui::command::Outbox;
use crate::ui::desk::Desk;
use crate::ui::scene::Scene;
use crate::ui::workspace::{About, Edit, Measure, Shows, View, Work, Workspace};
use crate::workers::Start;
use crate::workers::inspect::{
    Findings, Inspection, InspectionQuestion, Inspector, Part, SeekTask,
};
use crate::workers::library::Job;
use crate::workers::models::{Model, Origin};

/// Training digits that are searched for those that excite units.
pub const SEARCHED: usize = 4000;

/// What the user does in the Receptive fields workspace.
#[derive(Clone, Debug)]
pub enum FieldsEdit {
    Model(String),
    Tab(FieldsTab),
    /// Into a layer.
    Layer(usize),
    /// Into a unit: layer, channel, place.
    Unit(Unit),
    /// Another place in the unit's map.
    Place([usize; 2]),
    Input(Option<usize>),
    /// Into one product.
    Term(usize),
    /// One level back.
    Up,
    /// Back to the whole network.
    Top,
    Show(Show),
    Scale(Scale),
    Class(Option<usize>),
    Reason(ReasonMap),
    Hover(Option<Unit>),
    Play(bool),
    Rate(f32),
    /// Begin what takes longer.
    Seek(Seek),
    /// End it.
    Stop,
    /// Everything in view as arrays.
    SaveArrays,
}

/// What takes longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    Occlusion,
    Liked,
    Exciting,
    Fields,
    Gabor,
}

impl Edit for FieldsEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// The workspace.
pub struct Fields {
    pub kept: FieldsSettings,
    /// The unit under the pointer.
    pub hover: Option<Unit>,
    /// Whether the window slides by itself.
    pub playing: bool,
    /// What is seen of the network in view.
    pub inspection: Arc<Inspection>,
    /// What was found so far, and what is being searched.
    pub findings: Arc<Findings>,
    inspector: Inspector,
    /// What the newest look was about.
    looked: Option<Looked>,
    serial: u64,
    moved: Option<Instant>,
    /// A search that waits for digits to be loaded.
    put_off: Option<Seek>,
}

/// What a look depends on.
#[derive(Clone, PartialEq)]
struct Looked {
    version: u64,
    model: *const Model,
    why: Vec<*const Model>,
    class: Option<usize>,
    sum: Option<Unit>,
    field: Option<Unit>,
    data: bool,
}

/// Digits to average over and to search, where some are loaded.
fn digits_to_search(desk: &Desk) -> Option<Arc<Dataset>> {
    let split = desk.library.mnist.split().or(desk.library.synthetic.split());
    split.map(|s| Arc::clone(&s.train))
}

/// Whether two networks can be asked about the same class.
fn compares(one: &Model, other: &Model) -> bool {
    one.metadata.classes == other.metadata.classes
}

impl Fields {
    /// Whether what is seen is what is looked at.
    pub fn looked(&self) -> bool {
        self.serial > 0 && self.inspection.serial == self.serial
    }

    /// Whether what is seen is the digit as it is, in the model chosen.
    pub fn sees(&self, desk: &Desk) -> bool {
        let of = |model: &Arc<Model>| {
            let asked = |l: &Looked| {
                l.version == desk.digit.version() && std::ptr::eq(l.model, Arc::as_ptr(model))
            };
            self.looked.as_ref().is_some_and(asked)
        };
        self.looked() && self.kept.chosen(&desk.models).is_some_and(of)
    }

    /// Whether a search waits for its digits.
    pub fn waits(&self) -> bool {
        self.put_off.is_some()
    }

    /// The part of the model in view with this layer's number.
    pub(super) fn part(&self, layer: usize) -> Option<&Part> {
        self.inspection.anatomy.as_ref()?.part(layer)
    }

    /// The class that is asked about, if the network has it: a session may name another.
    fn class(&self, desk: &Desk) -> Option<usize> {
        let network = &self.kept.chosen(&desk.models)?.network;
        self.kept.class.filter(|class| *class < network.classes())
    }

    pub(super) fn seek(&mut self, seek: Seek, desk: &mut Desk) {
        let kept = &self.kept;
        let settled = desk.models.iter().filter(|m| !matches!(m.origin, Origin::Live { .. }));
        let Some(model) = kept.chosen(&desk.models).cloned() else { return };
        let able = settled.filter(|m| refusal(m).is_none() && compares(m, &model));
        let models: Vec<Arc<Model>> = able.cloned().collect();
        let part = kept.layer.and_then(|l| self.part(l)).map_or("", |p| p.name.as_str());
        let task = match seek {
            Seek::Occlusion => SeekTask::Occlusion {
                models,
                pixels: Box::new(*desk.digit.pixels()),
                version: desk.digit.version(),
                class: self.class(desk),
            },
            Seek::Liked => {
                let Some(unit) = kept.unit() else { return };
                let name = format!("{part} unit {}", unit.channel);
                SeekTask::Liked { model, unit, name, recipe: Recipe::default() }
            }
            Seek::Exciting => {
                let Some(layer) = kept.layer else { return };
                let Some(data) = digits_to_search(desk) else {
                    self.put_off = Some(seek);
                    return desk.load_synthetic();
                };
                SeekTask::Exciting { model, layer, name: part.into(), data, count: SEARCHED }
            }
            Seek::Fields => {
                let Some(layer) = kept.layer else { return };
                SeekTask::Fields { model, layer, name: part.into(), data: digits_to_search(desk) }
            }
            Seek::Gabor => SeekTask::Gabor { model },
        };
        desk.sent(self.inspector.seek(task));
    }

    /// Looks where the workspace looks, if anything of it has changed.
    fn look(&mut self, desk: &Desk, data: Option<Arc<Dataset>>) {
        let kept = &self.kept;
        let Some(model) = kept.chosen(&desk.models) else { return };
        let asks = kept.tab == FieldsTab::Why && !desk.digit.is_blank();
        let able = |m: &&Arc<Model>| asks && refusal(m).is_none() && compares(m, model);
        let able = desk.models.iter().filter(able);
        let why: Vec<Arc<Model>> = able.cloned().collect();
        let network = kept.tab == FieldsTab::Network;
        let unit = kept.unit().filter(|_| network);
        let field = self.hover.or(unit).filter(|_| network);
        let now = Looked {
            version: desk.digit.version(),
            model: Arc::as_ptr(model),
            why: why.iter().map(Arc::as_ptr).collect(),
            class: self.class(desk),
            sum: unit,
            field: field.map(|f| Unit { y: 0, x: 0, ..f }),
            data: data.is_some(),
        };
        if self.looked.as_ref() == Some(&now) {
            return;
        }
        self.serial += 1;
        self.inspector.look(InspectionQuestion {
            serial: self.serial,
            pixels: Box::new(*desk.digit.pixels()),
            model: Arc::clone(model),
            sum: now.sum,
            field: now.field,
            why,
            class: now.class,
            data,
        });
        self.looked = Some(now);
    }

    /// A session or another network may name a unit that is not there.
    fn fit_place(&mut self, desk: &Desk) {
        let kept = &mut self.kept;
        let (Some(anatomy), Some(layer)) = (&self.inspection.anatomy, kept.layer) else { return };
        if kept.chosen(&desk.models).is_none_or(|m| !Arc::ptr_eq(m, &anatomy.model)) {
            return;
        }
        let Some(part) = anatomy.part(layer) else {
            (kept.layer, kept.channel, kept.term) = (None, None, None);
            return;
        };
        kept.channel = kept.channel.map(|c| c.min(part.shape[2] - 1));
        for (v, n) in kept.place.iter_mut().zip(part.shape) {
            *v = (*v).min(n - 1);
        }
        kept.input = kept.input.map(|i| i.min(part.before[2] - 1));
    }

    /// Moves the window on when its time has come.
    fn slide(&mut self, desk: &Desk) {
        if self.kept.tab != FieldsTab::Network || self.kept.channel.is_none() {
            self.playing = false;
        }
        if !self.playing {
            return;
        }
        let part = self.kept.layer.and_then(|l| self.part(l));
        let Some([h, w, _]) = part.map(|p| p.shape) else { return };
        let kept = &mut self.kept;
        let every = Duration::from_secs_f32(1.0 / kept.rate.max(0.5));
        let now = Instant::now();
        let due = self.moved.map_or(now, |m| m + every);
        if due <= now {
            let next = (kept.place[0] * w + kept.place[1] + 1) % (h * w).max(1);
            kept.place = [next / w, next % w];
            self.moved = Some(now);
        }
        let due = self.moved.map_or(now, |m| m + every);
        desk.ctx.request_repaint_after(due.saturating_duration_since(now));
    }
}

impl Workspace for Fields {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] = &["network", "why", "gabor"];
    type Settings = FieldsSettings;
    type Edit = FieldsEdit;

    fn open(kept: FieldsSettings, start: &Start) -> std::io::Result<Self> {
        let inspector = Inspector::start(start.events.clone())?;
        Ok(Self {
            kept,
            hover: None,
            playing: false,
            inspection: inspector.inspection(),
            findings: inspector.findings(),
            inspector,
            looked: None,
            serial: 0,
            moved: None,
            put_off: None,
        })
    }

    fn kept(&self) -> &FieldsSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: FieldsEdit, desk: &mut Desk) {
        let kept = &mut self.kept;
        match edit {
            FieldsEdit::Model(key) => {
                // Another network has other layers.
                let same = kept.chosen(&desk.models).map(|m| m.network.architecture().id);
                let next = desk.models.iter().find(|m| m.key == key);
                if next.map(|m| m.network.architecture().id) != same {
                    (kept.layer, kept.channel, kept.term, kept.input) = (None, None, None, None);
                }
                let of = |m: &Arc<Model>| m.metadata.classes.clone();
                if next.map(of) != kept.chosen(&desk.models).map(of) {
                    kept.class = None;
                }
                kept.model = key;
            }
            FieldsEdit::Tab(page) => kept.tab = page,
            FieldsEdit::Layer(layer) => {
                kept.layer = Some(layer);
                (kept.channel, kept.term, kept.input) = (None, None, None);
            }
            FieldsEdit::Unit(unit) => {
                if kept.layer != Some(unit.layer) || kept.channel != Some(unit.channel) {
                    (kept.term, kept.input) = (None, None);
                }
                (kept.layer, kept.channel) = (Some(unit.layer), Some(unit.channel));
                kept.place = [unit.y, unit.x];
            }
            FieldsEdit::Place(place) => {
                self.playing = false;
                kept.place = place;
            }
            FieldsEdit::Input(input) => (kept.input, kept.term) = (input, None),
            FieldsEdit::Term(term) => kept.term = Some(term),
            FieldsEdit::Up => {
                if kept.term.take().is_none()
                    && kept.channel.take().is_none()
                    && kept.layer.take().is_none()
                {
                    kept.tab = FieldsTab::Network;
                }
                kept.input = None;
                self.playing = false;
            }
            FieldsEdit::Top => (kept.layer, kept.channel, kept.term) = (None, None, None),
            FieldsEdit::Show(show) => kept.show = show,
            FieldsEdit::Scale(scale) => kept.scale = scale,
            FieldsEdit::Class(class) => kept.class = class,
            FieldsEdit::Reason(map) => kept.reason = map,
            FieldsEdit::Hover(unit) => self.hover = unit,
            FieldsEdit::Play(on) => {
                self.playing = on;
                self.moved = None;
            }
            FieldsEdit::Rate(rate) => kept.rate = rate.clamp(0.5, 60.0),
            FieldsEdit::Seek(seek) => self.seek(seek, desk),
            FieldsEdit::Stop => self.inspector.stop(),
            FieldsEdit::SaveArrays => {
                let key =
                    self.inspection.anatomy.as_ref().map_or("network", |a| a.model.key.as_str());
                let path = desk.export_path(&format!("fields-{key}"), "npz");
                match save::arrays(&self.inspection, &self.findings) {
                    Ok(arrays) => desk.job(Job::ExportArrays { path, arrays }),
                    Err(reason) => desk.toasts.failure(format!("Nothing was saved: {reason}")),
                }
            }
        }
    }

    fn restore(&mut self, kept: FieldsSettings, _desk: &mut Desk) {
        self.kept = kept;
    }

    fn reopen(&mut self, kept: FieldsSettings, _desk: &mut Desk) {
        (self.hover, self.playing) = (None, false);
        self.kept = kept;
    }

    fn settled(&self, desk: &Desk) -> bool {
        let nothing = self.kept.chosen(&desk.models).is_none();
        let searches = self.findings.running.is_some() || self.waits();
        (self.sees(desk) || nothing) && !searches
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.begin_searches(desk);
    }

    fn measures() -> &'static [Measure<Self>] {
        measures::MEASURES
    }

    fn undoes(edit: &FieldsEdit) -> bool {
        matches!(edit, FieldsEdit::Model(_) | FieldsEdit::Class(_))
    }

    fn shows(&self) -> Shows {
        Shows { digit: true, answers: false }
    }

    /// Looks where the workspace looks, begins a search whose digits have come, and
    /// lets the window slide, while somebody looks.
    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        (self.inspection, self.findings) = (self.inspector.inspection(), self.inspector.findings());
        if !shown {
            (self.hover, self.playing) = (None, false);
            return;
        }
        let data = digits_to_search(desk);
        if data.is_some()
            && let Some(seek) = self.put_off.take()
        {
            self.seek(seek, desk);
        }
        self.fit_place(desk);
        self.slide(desk);
        self.look(desk, data);
    }

    fn work(&self, _desk: &Desk) -> Option<Work> {
        let (what, done, total) = self.findings.running.as_ref()?;
        let (done, total) = (grouped(*done as u64), grouped(*total as u64));
        Some(Work {
            text: format!("{what}: {done} of {total}"),
            switch: Some(("Stop search", FieldsEdit::Stop.into())),
        })
    }

    fn leave(&self, _desk: &mut Desk) {
        self.inspector.leave();
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}
