//! Carries out what the Receptive fields workspace asks for, and looks where it
//! looks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::Context;

use super::view::{FieldsEdit, FieldsState, FieldsView, Page, ReasonMap, Scale, Seek};
use crate::ann::inspect::Unit;
use crate::ann::inspect::maximise::Recipe;
use crate::data::Dataset;
use crate::ui::app::App;
use crate::ui::command::DataEdit;
use crate::workers::inspect::{Look, Part, Task};
use crate::workers::models::{Model, Origin};

/// Training digits that are searched for those that excite units.
pub const SEARCHED: usize = 4000;

/// The window's side of the workspace.
#[derive(Default)]
pub struct Fields {
    pub state: FieldsState,
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

/// The model chosen, or the nearest there is.
pub fn chosen<'a>(models: &'a [Arc<Model>], view: &FieldsView) -> Option<&'a Arc<Model>> {
    models
        .iter()
        .find(|m| m.key == view.model)
        .or_else(|| models.iter().find(|m| m.key == "cnn3"))
        .or(models.first())
}

/// The unit gone into.
pub fn unit(view: &FieldsView) -> Option<Unit> {
    let [y, x] = view.place;
    Some(Unit { layer: view.layer?, y, x, channel: view.channel? })
}

impl App {
    /// Carries one change out.
    pub(in crate::ui) fn fields(&mut self, edit: FieldsEdit) {
        let view = &mut self.session.fields;
        match edit {
            FieldsEdit::Model(key) => {
                // Another network has other layers.
                let same = chosen(&self.models, view).map(|m| m.network.architecture().id);
                let next = self.models.iter().find(|m| m.key == key);
                if next.map(|m| m.network.architecture().id) != same {
                    (view.layer, view.channel, view.term, view.input) = (None, None, None, None);
                }
                view.model = key;
            }
            FieldsEdit::Page(page) => view.page = page,
            FieldsEdit::Layer(layer) => {
                view.layer = Some(layer);
                (view.channel, view.term, view.input) = (None, None, None);
            }
            FieldsEdit::Unit(unit) => {
                if view.layer != Some(unit.layer) || view.channel != Some(unit.channel) {
                    (view.term, view.input) = (None, None);
                }
                (view.layer, view.channel) = (Some(unit.layer), Some(unit.channel));
                view.place = [unit.y, unit.x];
            }
            FieldsEdit::Place(place) => {
                self.fields.state.playing = false;
                view.place = place;
            }
            FieldsEdit::Input(input) => (view.input, view.term) = (input, None),
            FieldsEdit::Term(term) => view.term = Some(term),
            FieldsEdit::Up => {
                if view.term.take().is_none()
                    && view.channel.take().is_none()
                    && view.layer.take().is_none()
                {
                    view.page = Page::Network;
                }
                view.input = None;
                self.fields.state.playing = false;
            }
            FieldsEdit::Top => (view.layer, view.channel, view.term) = (None, None, None),
            FieldsEdit::Show(show) => view.show = show,
            FieldsEdit::Scale(scale) => view.scale = scale,
            FieldsEdit::Class(class) => view.class = class,
            FieldsEdit::Reason(map) => view.reason = map,
            FieldsEdit::Hover(unit) => self.fields.state.hover = unit,
            FieldsEdit::Play(on) => {
                self.fields.state.playing = on;
                self.fields.moved = None;
            }
            FieldsEdit::Rate(rate) => view.rate = rate.clamp(0.5, 60.0),
            FieldsEdit::Seek(seek) => self.seek(seek),
            FieldsEdit::Stop => self.hub.inspector.stop(),
            FieldsEdit::SaveArrays => self.save_arrays(),
        }
    }

    /// Digits to average over and to search, where some are loaded.
    fn digits_to_search(&self) -> Option<Arc<Dataset>> {
        let library = self.hub.library();
        let split = library.mnist.split().or(library.synthetic.split());
        split.map(|s| Arc::clone(&s.train))
    }

    /// The part of the model in view with this layer's number.
    fn part(&self, layer: usize) -> Option<Part> {
        self.hub.inspector.sight().anatomy.as_ref()?.part(layer).cloned()
    }

    fn seek(&mut self, seek: Seek) {
        let view = self.session.fields.clone();
        let world = self.snapshot();
        let kept = world.models.iter().filter(|m| !matches!(m.origin, Origin::Live { .. }));
        let models: Vec<Arc<Model>> = kept.cloned().collect();
        let Some(model) = chosen(world.models, &view).cloned() else { return };
        let part = view.layer.and_then(|l| self.part(l));
        let name = |channel: bool| {
            let part = part.as_ref().map_or("", |p| p.name.as_str());
            match view.channel.filter(|_| channel) {
                Some(unit) => format!("{part} unit {unit}"),
                None => part.to_owned(),
            }
        };
        let task = match seek {
            Seek::Occlusion => Task::Occlusion {
                models,
                pixels: Box::new(*self.digit.pixels()),
                version: self.digit.version(),
                class: view.class,
            },
            Seek::Liked => {
                let Some(unit) = unit(&view) else { return };
                Task::Liked { model, unit, name: name(true), recipe: Recipe::default() }
            }
            Seek::Exciting => {
                let (Some(layer), name) = (view.layer, name(false)) else { return };
                let Some(data) = self.digits_to_search() else {
                    self.fields.put_off = Some(seek);
                    return self.data(DataEdit::LoadSynthetic);
                };
                Task::Exciting { model, layer, name, data, count: SEARCHED }
            }
            Seek::Fields => {
                let (Some(layer), name) = (view.layer, name(false)) else { return };
                Task::Fields { model, layer, name, data: self.digits_to_search() }
            }
            Seek::Gabor => Task::Gabor { model },
        };
        if let Err(busy) = self.hub.inspector.seek(task) {
            self.toasts.failure(busy.to_string());
        }
    }

    /// Looks where the workspace looks, if anything of it has changed.
    pub(in crate::ui) fn look(&mut self, ctx: &Context) {
        if self.workspace.id != super::WORKSPACE.id {
            self.fields.state = FieldsState::default();
            return;
        }
        let data = self.digits_to_search();
        if data.is_some()
            && let Some(seek) = self.fields.put_off.take()
        {
            self.seek(seek);
        }
        self.fit_place();
        self.slide(ctx);
        let world = self.snapshot();
        let view = &self.session.fields;
        let Some(model) = chosen(world.models, view) else { return };
        let why = match (view.page, view.reason) {
            (Page::Why, _) if !self.digit.is_blank() => world.models.as_slice(),
            _ => &[],
        };
        let network = view.page == Page::Network;
        let unit = unit(view).filter(|_| network);
        let field = self.fields.state.hover.or(unit).filter(|_| network);
        let now = Looked {
            version: self.digit.version(),
            model: Arc::as_ptr(model),
            why: why.iter().map(Arc::as_ptr).collect(),
            class: view.class,
            sum: unit,
            field: field.map(|f| Unit { y: 0, x: 0, ..f }),
            data: data.is_some(),
        };
        if self.fields.looked.as_ref() == Some(&now) {
            return;
        }
        let look = Look {
            serial: self.fields.serial + 1,
            pixels: Box::new(*self.digit.pixels()),
            model: Arc::clone(model),
            sum: now.sum,
            field: now.field,
            why: why.to_vec(),
            class: now.class,
            data,
        };
        self.hub.inspector.look(look);
        self.fields.serial += 1;
        self.fields.looked = Some(now);
    }

    /// Whether what is seen is what is looked at.
    pub(in crate::ui) fn looked(&self) -> bool {
        self.fields.serial > 0 && self.hub.inspector.sight().serial == self.fields.serial
    }

    /// A session or another network may name a unit that is not there.
    fn fit_place(&mut self) {
        let sight = self.hub.inspector.sight();
        let view = &mut self.session.fields;
        let (Some(anatomy), Some(layer)) = (&sight.anatomy, view.layer) else { return };
        if chosen(&self.models, view).is_none_or(|m| !Arc::ptr_eq(m, &anatomy.model)) {
            return;
        }
        let Some(part) = anatomy.part(layer) else {
            (view.layer, view.channel, view.term) = (None, None, None);
            return;
        };
        view.channel = view.channel.map(|c| c.min(part.shape[2] - 1));
        for (v, n) in view.place.iter_mut().zip(part.shape) {
            *v = (*v).min(n - 1);
        }
        view.input = view.input.map(|i| i.min(part.before[2] - 1));
    }

    /// Moves the window on when its time has come.
    fn slide(&mut self, ctx: &Context) {
        let view = &mut self.session.fields;
        let gone = view.page != Page::Network || view.channel.is_none();
        if gone {
            self.fields.state.playing = false;
        }
        if !self.fields.state.playing {
            return;
        }
        let Some(layer) = view.layer else { return };
        let sight = self.hub.inspector.sight();
        let part = sight.anatomy.as_ref().and_then(|a| a.part(layer));
        let Some([h, w, _]) = part.map(|p| p.shape) else { return };
        let every = Duration::from_secs_f32(1.0 / view.rate.max(0.5));
        let now = Instant::now();
        let due = self.fields.moved.map_or(now, |m| m + every);
        if due <= now {
            let next = (view.place[0] * w + view.place[1] + 1) % (h * w).max(1);
            view.place = [next / w, next % w];
            self.fields.moved = Some(now);
        }
        let due = self.fields.moved.map_or(now, |m| m + every);
        ctx.request_repaint_after(due.saturating_duration_since(now));
    }
}

impl Scale {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "per unit",
            Self::Layer => "per layer",
            Self::Global => "whole network",
        }
    }
}

impl ReasonMap {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gradient => "Gradient × input",
            Self::Occlusion => "Occlusion",
        }
    }
}
