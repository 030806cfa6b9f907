//! The one place where commands become actions.

use std::path::PathBuf;

use egui::Context;

use super::app::App;
use super::command::{Command, DataEdit, DigitEdit, TrainEdit};
use super::digit::Source;
use super::session::ThemeChoice;
use super::workspaces;
use crate::ann::shipped;
use crate::core::bounds::Bounds;
use crate::core::clock::{stamp, unix_seconds};
use crate::data::registry::{SYNTHETIC, Split};
use crate::workers::combine::CombineOf;
use crate::workers::digits::DigitsCommand;
use crate::workers::library::{Job, Loading};
use crate::workers::models;
use crate::workers::plasticity::pattern::PatternCommand;
use crate::workers::simulation::SimCommand;
use crate::workers::training::{Phase, TrainCommand};

impl App {
    /// Carries one command out.
    pub(super) fn apply(&mut self, ctx: &Context, command: Command) {
        match command {
            Command::Digit(DigitEdit::Pick { source, index }) => self.pick(source, index),
            Command::Digit(edit) => self.digit.edit(&edit),
            Command::Show(id) => {
                if let Some(workspace) = workspaces::find(id) {
                    self.workspace = workspace;
                }
            }
            Command::Theme(preference) => self.session.theme = ThemeChoice::from(preference),
            Command::Projector(on) => self.session.set_projector(on),
            Command::TrainTab(name) => self.train_tab = name,
            Command::Help(open) => self.help = open,
            Command::WeightSet(id) => {
                if let Some(set) = shipped::find(id) {
                    set.id.clone_into(&mut self.session.weight_set);
                    self.job(Job::LoadSet(set));
                }
            }
            Command::Answers(view) => self.session.answers = view,
            Command::Train(edit) => self.train(edit),
            Command::Data(edit) => self.data(edit),
            Command::Time(edit) => self.edit_time(edit),
            Command::History(edit) => self.edit_history(edit),
            Command::Fields(edit) => self.fields(edit),
            Command::Neuron(edit) => self.edit_neuron(edit),
            Command::Conversion(edit) => self.edit_conversion(edit),
            Command::Plasticity(edit) => self.edit_plasticity(edit),
            Command::Engine(wish) => {
                self.session.engine = wish;
                self.tell_engine();
            }
            Command::Digits(edit) => self.edit_digits(edit),
            Command::SavePicture { name, rect } => self.save_picture(ctx, name, rect),
            Command::SaveText { name, text } => {
                let path = self.export_path(&name, "csv");
                self.job(Job::Export { path, bytes: text.into_bytes() });
            }
            Command::SaveSpikes { name, extension, recording } => {
                let path = self.export_path(name, extension);
                self.job(Job::ExportSpikes { path, recording });
            }
            Command::SaveTraces { name, traces } => {
                let path = self.export_path(name, "csv");
                self.job(Job::ExportTraces { path, traces });
            }
            Command::OpenSpikes(path) => self.job(Job::ReadSpikes(path)),
            Command::OpenPicture(path) => self.job(Job::ReadPicture(path)),
        }
    }

    /// Tells the live simulations which engine to run on.
    pub(super) fn tell_engine(&mut self) {
        let wish = self.session.engine;
        let told = [
            self.hub.simulation().send(SimCommand::Engine(wish)),
            self.hub.pattern().send(PatternCommand::Engine(wish)),
            self.hub.digits.send(DigitsCommand::Engine(wish)),
        ];
        for busy in told.into_iter().filter_map(Result::err) {
            self.toasts.failure(busy.to_string());
        }
    }

    fn pick(&mut self, source: &'static str, index: usize) {
        let library = self.hub.library();
        if let Some(split) = library.source(source).split()
            && index < split.test.len()
        {
            self.digit.set_source(Source::Picked {
                source,
                index,
                label: split.test.label(index),
                pixels: Box::new(split.test.pixels(index)),
            });
        }
    }

    /// `exports/NAME-20260131-235959.png` in the user's data folder.
    pub(super) fn export_path(&self, name: &str, extension: &str) -> PathBuf {
        let file = format!("{name}-{}.{extension}", stamp(unix_seconds()));
        self.home.join("exports").join(file)
    }

    /// Takes the next frame's picture and saves the part within `rect` (points).
    fn save_picture(&mut self, ctx: &Context, name: &'static str, rect: egui::Rect) {
        let path = self.export_path(name, "png");
        let scale = ctx.pixels_per_point();
        let Some(jobs) = self.hub.job_sender() else { return };
        let waker = ctx.clone();
        ctx.request_screenshot(move |image| {
            let part = image.region(&rect.expand(4.0), Some(scale));
            let rgba = part.pixels.iter().flat_map(egui::Color32::to_array).collect();
            let _ = jobs.try_send(Job::ExportPng { path, size: part.size, rgba });
            waker.request_repaint();
        });
    }

    fn train(&mut self, edit: TrainEdit) {
        match edit {
            TrainEdit::Configure(config) => self.session.training = *config,
            TrainEdit::NewSeed => {
                self.session.training.seed = self.session.training.seed.wrapping_add(1);
            }
            TrainEdit::Start => self.start_training(false),
            TrainEdit::Step if !self.hub.training().phase.in_hand() => self.start_training(true),
            TrainEdit::Step => self.send(TrainCommand::Step),
            TrainEdit::Reset => self.send(TrainCommand::Reset),
            TrainEdit::Pause => self.hub.set_paused(true),
            TrainEdit::Resume => self.hub.set_paused(false),
            TrainEdit::Stop => {
                // Who stops a run does not want the next one instead.
                self.session.queue_runs = false;
                self.hub.stop_training();
            }
            TrainEdit::Enqueue(config) => self.session.queue.push(*config),
            TrainEdit::Unqueue(i) if i < self.session.queue.len() => {
                self.session.queue.remove(i);
            }
            TrainEdit::Unqueue(_) => {}
            TrainEdit::RunQueue(on) => self.session.queue_runs = on,
            TrainEdit::GoOn(id) => self.go_on(&id),
            TrainEdit::Use(id) => self.job(Job::LoadRun(id)),
            TrainEdit::Remove(key) => {
                self.models = models::without(&self.models, &key);
                self.remember_used_runs();
            }
            TrainEdit::Delete(id) => {
                self.compared.remove(&id);
                self.models = models::without(&self.models, &format!("run-{id}"));
                self.remember_used_runs();
                self.job(Job::DeleteRun(id));
            }
            TrainEdit::Compare(id, true) => {
                self.compared.insert(id);
            }
            TrainEdit::Compare(id, false) => {
                self.compared.remove(&id);
            }
            TrainEdit::Live(on) => self.session.live = on,
            TrainEdit::Combine(ensemble, runs) => {
                let Some((_, first)) = runs.first() else { return };
                let (source, again) =
                    (first.data.clone(), TrainEdit::Combine(ensemble, runs.clone()));
                if let Some(split) = self.digits(&source, again) {
                    self.hub.start_combining(CombineOf { ensemble, runs, split });
                }
            }
            TrainEdit::Dismiss => {
                let left: Vec<String> =
                    self.runs.iter().filter(|r| r.interrupted).map(|r| r.id.clone()).collect();
                self.session.dismissed_runs = left;
            }
        }
    }

    fn send(&mut self, command: TrainCommand) {
        if let Err(busy) = self.hub.train(command) {
            self.toasts.failure(busy.to_string());
        }
    }

    fn start_training(&mut self, paused: bool) {
        let config = self.session.training.clone();
        if let Err(error) = config.validate() {
            return self.toasts.failure(error.to_string());
        }
        let again = if paused { TrainEdit::Step } else { TrainEdit::Start };
        if let Some(split) = self.digits(&config.data, again) {
            self.send(TrainCommand::Start { config: Box::new(config), split, paused });
            if paused {
                self.send(TrainCommand::Step);
            }
        }
    }

    /// Begins the next run of the queue when its turn has come.
    pub(super) fn try_queue(&mut self) {
        let training = self.hub.training();
        let newest = training.record.as_ref().map(|r| r.id.clone());
        if matches!(training.phase, Phase::Failed(_)) && self.queue_after.take().is_some() {
            // The next would most likely fail as well.
            self.session.queue_runs = false;
        }
        // The run begun last may not have shown itself yet.
        let begun = self.queue_after.as_ref().is_some_and(|before| *before == newest);
        if !self.session.queue_runs || training.phase.in_hand() || begun {
            return;
        }
        let Some(config) = self.session.queue.first().cloned() else {
            self.session.queue_runs = false;
            return;
        };
        match self.hub.library().source(&config.data) {
            Loading::Unknown | Loading::Busy if config.data == "mnist" => return,
            _ => {}
        }
        if let Some(split) = self.digits(&config.data, TrainEdit::RunQueue(true)) {
            self.session.queue.remove(0);
            self.queue_after = Some(newest);
            let config = Box::new(config);
            self.send(TrainCommand::Start { config, split, paused: false });
        } else if self.put_off.is_none() {
            // A message has told why.
            self.session.queue_runs = false;
        }
    }

    fn go_on(&mut self, id: &str) {
        let Some(run) = self.runs.iter().find(|r| r.id == id) else { return };
        let mut config = run.config.clone();
        if let Some(split) = self.digits(&config.data, TrainEdit::GoOn(id.to_owned())) {
            // The command line allows more than the form has.
            workspaces::train::bound_form(&mut config, &mut Bounds::default());
            self.session.training = config;
            self.workspace = &workspaces::train::WORKSPACE;
            self.send(TrainCommand::GoOn { id: id.to_owned(), split });
        }
    }

    /// The digits to train on. While they are still being loaded, `again` is put
    /// off until they are here; without any, a message says what to do.
    fn digits(&mut self, source: &str, again: TrainEdit) -> Option<Split> {
        if source == SYNTHETIC {
            self.data(DataEdit::LoadSynthetic);
        }
        let (not_done, or) = match &again {
            TrainEdit::Combine(..) => ("The ensemble was not put together", ""),
            _ => ("Training did not start", ", or train on the synthetic digits"),
        };
        let problem = match self.hub.library().source(source) {
            Loading::Ready(split) => return Some(split.clone()),
            Loading::Unknown | Loading::Busy => {
                self.put_off = Some(again);
                return None;
            }
            Loading::Missing => {
                format!("MNIST is not on this machine yet. Download it or choose its folder{or}.")
            }
            Loading::Failed(message) => message.clone(),
        };
        self.toasts.failure(format!("{not_done}: {problem}"));
        None
    }

    /// Carries out what waited for digits to be loaded.
    pub(super) fn try_put_off(&mut self) {
        if let Some(edit) = self.put_off.take() {
            self.train(edit);
        }
    }

    pub(super) fn data(&mut self, edit: DataEdit) {
        match edit {
            DataEdit::Download => {
                self.session.mnist_folder = None;
                self.hub.start_download(self.home.join("mnist"));
            }
            DataEdit::Offer(on) => self.session.without_mnist = !on,
            DataEdit::StopDownload => self.hub.stop_download(),
            DataEdit::ChooseFolder => self.hub.choose_folder(),
            DataEdit::Folder(folder) => {
                self.session.mnist_folder = Some(folder.clone());
                self.load_mnist(Some(folder));
            }
            DataEdit::LoadSynthetic => {
                if !std::mem::replace(&mut self.synthetic_asked, true) {
                    self.job(Job::LoadSynthetic);
                }
            }
            DataEdit::Source(source) => {
                self.picking.source = source;
                if source == "synthetic" {
                    self.data(DataEdit::LoadSynthetic);
                }
            }
            DataEdit::OnlyWrong(model) => self.picking.only_wrong = model,
        }
    }

    /// Looks for the digits that the chosen model gets wrong, unless known.
    pub(super) fn find_wrong(&mut self) {
        let Some(key) = self.picking.only_wrong.clone() else { return };
        let source = self.picking.source;
        let entry = (key.clone(), source.to_owned());
        if self.wrong.contains_key(&entry) {
            return;
        }
        let library = self.hub.library();
        let Some(split) = library.source(source).split().cloned() else { return };
        let Some(model) = self.models.iter().find(|m| m.key == key).cloned() else { return };
        if let std::collections::btree_map::Entry::Vacant(unknown) = self.wrong.entry(entry) {
            unknown.insert(None);
            self.job(Job::FindWrong { model, source, split });
        }
    }

    /// Whether training is going on right now.
    pub(super) fn is_training(&self) -> bool {
        self.hub.training().phase == Phase::Training
    }
}
