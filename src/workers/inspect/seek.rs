//! The `seek` thread: searches that take longer than the next stroke of the pen.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Switches;
use super::live::{self, PATCHES};
use crate::ann::inspect::effective::Effective;
use crate::ann::inspect::exciting::{self, Exciting};
use crate::ann::inspect::filters::Filters;
use crate::ann::inspect::gabor::{self, Gabor};
use crate::ann::inspect::maximise::{self, Liked, Recipe};
use crate::ann::inspect::occlusion::{self, Occlusion};
use crate::ann::inspect::{Dissection, Unit};
use crate::core::decision::unique_max;
use crate::core::panics::guarded;
use crate::data::{Dataset, Pixels, synthetic};
use crate::workers::events::{Event, Events};
use crate::workers::models::Model;
use crate::workers::thread::latest::Slot;

/// Time between two reports of progress.
const REPORT: Duration = Duration::from_millis(60);
/// Findings of one kind that are kept.
const KEPT: usize = 40;

/// What to seek.
pub enum SeekTask {
    /// Occlusion maps of these models, for a class or each one's own answer.
    Occlusion { models: Vec<Arc<Model>>, pixels: Box<Pixels>, version: u64, class: Option<usize> },
    /// A picture that the unit likes.
    Liked { model: Arc<Model>, unit: Unit, name: String, recipe: Recipe },
    /// The pictures that excite a layer's units most, among the first `count`.
    Exciting { model: Arc<Model>, layer: usize, name: String, data: Arc<Dataset>, count: usize },
    /// The effective fields of all units of a layer.
    Fields { model: Arc<Model>, layer: usize, name: String, data: Option<Arc<Dataset>> },
    /// Gabor functions for the first layer's kernels.
    Gabor { model: Arc<Model> },
}

/// Something found, and of which model.
pub struct Found<T> {
    /// Whose.
    pub model: Arc<Model>,
    /// Layer, and unit where it matters (else 0).
    pub layer: usize,
    pub channel: usize,
    /// What.
    pub what: T,
}

/// The occlusion map of a digit.
pub struct Covered {
    /// The digit's version.
    pub version: u64,
    /// The class that was asked about, if one was.
    pub asked: Option<usize>,
    /// The map.
    pub occlusion: Occlusion,
}

/// Exciting pictures, and where they are from.
pub struct Excited {
    pub data: Arc<Dataset>,
    pub exciting: Exciting,
}

/// All that was found, newest last.
pub type List<T> = Vec<Arc<Found<T>>>;

/// What is going on, and what was found.
#[derive(Clone, Default)]
pub struct Findings {
    /// The task in hand: what it is, how much is done, of how much.
    pub running: Option<(String, usize, usize)>,
    /// Counts what was found.
    pub revision: u64,
    pub occlusion: List<Covered>,
    pub liked: List<Liked>,
    pub exciting: List<Excited>,
    pub fields: List<Vec<Effective>>,
    pub gabor: List<Vec<Gabor>>,
}

/// The newest finding of this model, layer and channel.
pub fn find<'a, T>(
    list: &'a List<T>,
    model: &Arc<Model>,
    layer: usize,
    channel: usize,
) -> Option<&'a Found<T>> {
    let same = |f: &&Arc<Found<T>>| {
        Arc::ptr_eq(&f.model, model) && (f.layer, f.channel) == (layer, channel)
    };
    list.iter().rev().find(same).map(AsRef::as_ref)
}

struct Seeker {
    out: Arc<Slot<Findings>>,
    switches: Arc<Switches>,
    events: Events,
    own: Option<Arc<Dataset>>,
    reported: Instant,
}

/// Starts the thread. It ends when the sender of `tasks` is dropped.
pub(super) fn spawn(
    tasks: Receiver<SeekTask>,
    out: Arc<Slot<Findings>>,
    switches: Arc<Switches>,
    events: Events,
) -> std::io::Result<JoinHandle<()>> {
    let mut seeker = Seeker { out, switches, events, own: None, reported: Instant::now() };
    std::thread::Builder::new().name("seek".into()).spawn(move || {
        while let Ok(task) = tasks.recv() {
            if seeker.switches.stop.swap(false, Relaxed) {
                // Stopped with others waiting: those are ended, too.
                while tasks.try_recv().is_ok() {}
                continue;
            }
            if let Err(why) = guarded(|| seeker.carry_out(task)) {
                seeker.events.send(Event::Failure(format!(
                    "A search ended early: {why}. What was found before is kept."
                )));
            }
            if seeker.switches.stop.swap(false, Relaxed) {
                while tasks.try_recv().is_ok() {}
            }
            seeker.update(|f| f.running = None);
        }
    })
}

impl Seeker {
    fn update(&self, change: impl FnOnce(&mut Findings)) {
        let mut findings = (*self.out.get()).clone();
        change(&mut findings);
        self.out.put(findings);
        self.events.wake();
    }

    fn found<T>(
        &self,
        list: fn(&mut Findings) -> &mut List<T>,
        model: &Arc<Model>,
        (layer, channel): (usize, usize),
        what: T,
    ) {
        let found = Found { model: Arc::clone(model), layer, channel, what };
        self.update(|findings| {
            findings.revision += 1;
            let list = list(findings);
            list.retain(|f| {
                !Arc::ptr_eq(&f.model, model) || (f.layer, f.channel) != (layer, channel)
            });
            list.push(Arc::new(found));
            if list.len() > KEPT {
                list.remove(0);
            }
        });
    }

    /// Reports progress, and says whether to go on.
    fn go_on(&mut self, what: &str, done: usize, total: usize) -> bool {
        if done == 0 || self.reported.elapsed() > REPORT {
            self.reported = Instant::now();
            let what = what.to_owned();
            self.update(|f| f.running = Some((what, done, total)));
        }
        !self.switches.stop.load(Relaxed) && !self.switches.quit.load(Relaxed)
    }

    fn carry_out(&mut self, task: SeekTask) {
        match task {
            SeekTask::Occlusion { models, pixels, version, class } => {
                self.occlusion(&models, &pixels, version, class);
            }
            SeekTask::Liked { model, unit, name, recipe } => {
                let what = format!("A picture that {name} likes");
                let network = &model.network;
                let liked = maximise::maximise(network, unit, recipe, &mut |done, total| {
                    self.go_on(&what, done, total)
                });
                self.found(|f| &mut f.liked, &model, (unit.layer, unit.channel), liked);
            }
            SeekTask::Exciting { model, layer, name, data, count } => {
                let what = format!("Digits that excite {name}");
                let exciting =
                    exciting::search(&model.network, layer, &data, count, &mut |done, total| {
                        self.go_on(&what, done, total)
                    });
                self.found(|f| &mut f.exciting, &model, (layer, 0), Excited { data, exciting });
            }
            SeekTask::Fields { model, layer, name, data } => {
                self.fields(&model, layer, &name, data);
            }
            SeekTask::Gabor { model } => self.gabor(&model),
        }
    }

    fn occlusion(
        &mut self,
        models: &[Arc<Model>],
        pixels: &Pixels,
        version: u64,
        asked: Option<usize>,
    ) {
        for (i, model) in models.iter().enumerate() {
            let what = format!("Occlusion, {}", model.name);
            let class = asked.unwrap_or_else(|| {
                let answers = model.network.probabilities(std::slice::from_ref(pixels));
                answers.first().and_then(|p| unique_max(p)).unwrap_or(0)
            });
            let map = occlusion::map(&model.network, pixels, class, &mut |done, total| {
                self.go_on(&what, i * total + done, models.len() * total)
            });
            let Some(occlusion) = map else { return };
            let covered = Covered { version, asked, occlusion };
            self.found(|f| &mut f.occlusion, model, (0, 0), covered);
        }
    }

    fn fields(&mut self, model: &Arc<Model>, layer: usize, name: &str, data: Option<Arc<Dataset>>) {
        let what = format!("Effective fields of {name}");
        if !self.go_on(&what, 0, 1) {
            return;
        }
        let data = data.unwrap_or_else(|| {
            let own = self.own.get_or_insert_with(|| Arc::new(synthetic::generate(1, PATCHES)));
            Arc::clone(own)
        });
        let sampler = live::sampler(model, layer, &data);
        let units = Dissection::up_to(&model.network, layer).plane(layer).c;
        let mut fields = Vec::with_capacity(units);
        for channel in 0..units {
            if !self.go_on(&what, channel, units) {
                return;
            }
            fields.push(sampler.field(channel));
        }
        self.found(|f| &mut f.fields, model, (layer, 0), fields);
    }

    fn gabor(&mut self, model: &Arc<Model>) {
        let what = format!("Gabor functions for {}", model.name);
        let Some(filters) = Filters::of(&Dissection::up_to(&model.network, 0), 0) else { return };
        let mut fits = Vec::with_capacity(filters.units);
        for unit in 0..filters.units {
            if !self.go_on(&what, unit, filters.units) {
                return;
            }
            fits.push(gabor::fit(filters.kernel(unit, 0), filters.h, filters.w));
        }
        self.found(|f| &mut f.gabor, model, (0, 0), fits);
    }
}
