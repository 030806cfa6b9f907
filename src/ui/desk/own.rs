//! Data sets of the user's own: read, named, kept, loaded, removed.

use std::sync::Arc;

use super::Desk;
use crate::core::clock::{stamp, unix_seconds};
use crate::data::PIXELS;
use crate::data::registry::SYNTHETIC;
use crate::ui::add_data::AddForm;
use crate::ui::command::DataEdit;
use crate::workers::library::{Adding, DataJob, Job};

impl Desk {
    /// Has a data set of the user's own loaded, unless it is or will be.
    pub(super) fn load_own(&mut self, id: &str) {
        if self.own_asked.insert(id.to_owned()) {
            self.job(Job::Data(DataJob::Load(id.to_owned())));
        }
    }

    /// What a data set of the user's own is called.
    pub fn own_name(&self, id: &str) -> Option<&str> {
        self.library.own.find(id).map(|about| &about.name[..])
    }

    /// Carries out what concerns data sets of the user's own.
    pub(super) fn own_data(&mut self, edit: DataEdit) {
        match edit {
            DataEdit::Add(open) => {
                self.form = AddForm { open, removing: None, ..self.form.clone() }
            }
            DataEdit::Choose { folder } => self.hub.choose_data(folder),
            DataEdit::Read { path, scale } => {
                self.form.open = true;
                self.job(Job::Data(DataJob::Read { path, scale }));
            }
            DataEdit::Forget => {
                self.hub.librarian.stop_reading();
                self.job(Job::Data(DataJob::Drop));
            }
            DataEdit::Form(form) => self.form = *form,
            DataEdit::Keep => {
                let AddForm { name, classes, turn, .. } = self.form.clone();
                self.job(Job::Data(DataJob::Keep { name, classes, turn }));
            }
            DataEdit::Remove(id) => {
                if self.picking.source == id {
                    self.data(DataEdit::Source(SYNTHETIC));
                }
                self.form.removing = None;
                self.own_asked.remove(&id);
                self.job(Job::Data(DataJob::Remove(id)));
            }
            DataEdit::Export(id) => {
                let folder = self.home.join("exports");
                let folder = folder.join(format!("{id}-{}", stamp(unix_seconds())));
                self.job(Job::Data(DataJob::Export { id, folder }));
            }
            DataEdit::KeepDigit(label) if !self.digit.is_blank() => {
                let pixels = self.digit.pixels();
                let image = pixels.map(|p| (p.clamp(0.0, 1.0) * 255.0).round() as u8);
                let image: Box<[u8; PIXELS]> = Box::new(image);
                self.job(Job::Data(DataJob::KeepDigit { image, label }));
            }
            DataEdit::TakeBackDigit => self.job(Job::Data(DataJob::TakeBackDigit)),
            _ => {}
        }
    }

    /// Proposes names for a set that was read a moment ago.
    pub(super) fn propose(&mut self) {
        let newest = match &self.library.own.adding {
            Adding::Ready(proposal) => Some(Arc::clone(proposal)),
            _ => None,
        };
        let same = match (&newest, &self.formed) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        if let Some(proposal) = &newest {
            self.form = AddForm::of(proposal);
        }
        self.formed = newest;
    }
}
