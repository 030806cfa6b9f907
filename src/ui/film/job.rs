//! Films, from the user's window's side: what is chosen, and the one that is being made.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::thread::JoinHandle;

use super::order::{Choices, FilmError, Filmed, Order, Source, Watch};
use crate::core::panics::guarded;
use crate::ui::desk::Desk;
use crate::ui::saved::{self, SavedScene};
use crate::ui::session::ThemeChoice;
use crate::ui::widgets::page;
use crate::ui::workspace::{Rooms, Work};
use crate::workers::events::{Event, Events};

/// What the user does with films.
#[derive(Clone, Debug)]
pub enum FilmEdit {
    /// Ask for one, or no longer.
    Form(bool),
    /// Choose what it is to be.
    Choose(Choices),
    /// Make it.
    Save,
    /// End the one that is being made.
    Cancel,
}

/// Makes a film.
pub type Make = fn(&Order, &dyn Watch) -> Result<Filmed, FilmError>;

/// The films of a window: one at a time.
#[derive(Default)]
pub struct Films {
    /// Who makes them; a window without one offers none.
    make: Option<Make>,
    /// Whether the form is open.
    pub open: bool,
    /// What is chosen.
    pub choices: Choices,
    job: Option<Job>,
}

impl Films {
    /// Lets films be made from now on.
    pub fn made_by(&mut self, make: Make) {
        self.make = Some(make);
    }

    /// Whether the view in front can be filmed.
    pub fn offers(&self, rooms: &Rooms) -> bool {
        self.make.is_some() && rooms.time().is_some()
    }

    /// Whether one is being made.
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// Carries an edit out.
    pub fn apply(&mut self, edit: FilmEdit, rooms: &Rooms, desk: &mut Desk) {
        match edit {
            FilmEdit::Form(open) => self.open = open,
            FilmEdit::Choose(choices) => self.choices = choices.bounded(),
            FilmEdit::Save => self.save(rooms, desk),
            FilmEdit::Cancel => {
                if let Some(job) = &self.job {
                    job.shared.cancel.store(true, Relaxed);
                }
            }
        }
    }

    fn save(&mut self, rooms: &Rooms, desk: &mut Desk) {
        let (Some(make), None) = (self.make, &self.job) else {
            return desk.toasts.failure(
                "A film is being made already: wait for it or cancel it, then save the next one."
                    .into(),
            );
        };
        match order(&self.choices, rooms, desk) {
            Ok(order) => {
                let events = desk.hub.start_of_rooms(false).events;
                match Job::start(order, make, events) {
                    Ok(job) => (self.job, self.open) = (Some(job), false),
                    Err(error) => desk
                        .toasts
                        .failure(format!("The film cannot be made: {error}. Try again later.")),
                }
            }
            Err(why) => desk.toasts.failure(why),
        }
    }

    /// Once a frame: lets go of a film that is done.
    pub fn follow(&mut self) {
        if self.job.as_ref().is_some_and(|job| job.shared.done.load(Relaxed)) {
            self.job = None;
        }
    }

    /// The film that is being made, for the status line.
    pub fn work(&self) -> Option<Work> {
        let shared = &self.job.as_ref()?.shared;
        let [frame, of] = [&shared.frame, &shared.of].map(|n| n.load(Relaxed));
        let text = match of {
            _ if shared.cancel.load(Relaxed) => "The film ends".to_owned(),
            0 => "Film: sets the scene up".to_owned(),
            _ => format!("Film: frame {frame} of {of}"),
        };
        Some(Work { text, switch: Some(("Cancel the film", FilmEdit::Cancel.into())) })
    }
}

/// The film of what is in view.
fn order(choices: &Choices, rooms: &Rooms, desk: &Desk) -> Result<Order, String> {
    let time = rooms.time().ok_or(
        "There is no film of this view: it has no time bar that can be gone through again.",
    )?;
    let (from, to) = time.selection.unwrap_or(time.range);
    if from >= to {
        return Err("There is nothing to film yet: the time bar has one step only. Let it run, or select more of it.".into());
    }
    let scene = serde_json::to_value(SavedScene::capture(rooms, desk))
        .map_err(|e| format!("The scene cannot be filmed: {e}."))?;
    let zoom = desk.ctx.zoom_factor();
    let page = page::room(&desk.ctx).unwrap_or(desk.ctx.content_rect()).size() * zoom;
    let scale = desk.ctx.pixels_per_point() / zoom;
    let (pixels, scale) = choices.size.pixels(page.into(), scale);
    let dark = desk.ctx.theme() == egui::Theme::Dark;
    Ok(Order {
        path: desk.export_path(&format!("film-{}", rooms.shown().id), choices.format.extension()),
        source: Source::Window {
            scene,
            runs: saved::runs(desk),
            runs_root: desk.home.join("runs"),
        },
        choices: choices.clone(),
        pixels,
        scale,
        theme: if dark { ThemeChoice::Dark } else { ThemeChoice::Light },
        projector: desk.session.projector,
        from: Some(from),
        to: Some(to),
        mnist: desk.mnist_folder(),
    })
}

/// A film that is being made on its thread. Dropped, it is cancelled and waited for.
struct Job {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    cancel: AtomicBool,
    frame: AtomicU32,
    of: AtomicU32,
    done: AtomicBool,
    events: Events,
}

impl Watch for Shared {
    fn cancelled(&self) -> bool {
        self.cancel.load(Relaxed)
    }

    fn told(&self, frame: u32, of: u32) {
        self.frame.store(frame, Relaxed);
        self.of.store(of, Relaxed);
        self.events.wake();
    }
}

impl Job {
    fn start(order: Order, make: Make, events: Events) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            cancel: AtomicBool::new(false),
            frame: AtomicU32::new(0),
            of: AtomicU32::new(0),
            done: AtomicBool::new(false),
            events,
        });
        let its = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("film".into()).spawn(move || {
            let made = guarded(|| make(&order, &*its));
            its.done.store(true, Relaxed);
            its.events.send(match made.unwrap_or_else(|why| Err(FilmError::Failed(why))) {
                Ok(_) => Event::Exported(order.path),
                Err(cancelled @ FilmError::Cancelled) => Event::Notice(cancelled.to_string()),
                Err(error) => Event::Failure(sentence(&error)),
            });
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }
}

/// What is told of a film that was not made.
fn sentence(error: &FilmError) -> String {
    let why = error.to_string();
    format!("The film was not made: {}. No file was written.", why.trim_end_matches('.'))
}

impl Drop for Job {
    fn drop(&mut self) {
        self.shared.cancel.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
