//! How images are shown: 350 ms of the image, 150 ms of nothing, and the same image
//! again, brighter, if it raised fewer than five spikes.
//!
//! The paper sets no limit to that. Here an image is given up after [`MOST_TIMES`]
//! presentations: a blank picture never raises a spike. It then counts as not
//! answered, and the network goes back to the state in which the image found it
//! ([`Engine::undo`]): weights, θ, membranes and traces, bit for bit; only time has
//! passed. Where several images are learnt side by side, weights and θ also hold what
//! the others have taught meanwhile, so they stay unless all were given up.
//!
//! The protocol can be stopped after any step and kept in a file; with the
//! engine's snapshot beside it, it goes on as if nothing had happened.

use serde::{Deserialize, Serialize};

use super::trained::MOST_IMAGES;
use super::{EXCITATORY, PLASTIC};
use crate::data::{PIXELS, Pixels};
use crate::snn::engine::Engine;
use crate::snn::error::SnnError;

/// Presentations of an image, brighter each time, after which it is given up. The
/// last one is shown at an intensity of 21 instead of 2, so that a picture of a tenth
/// of a digit's ink still gets its answer.
pub const MOST_TIMES: u32 = 20;

/// Where in the protocol a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    pub settings: ProtocolSettings,
    /// What each replica is shown.
    slots: Vec<Slot>,
    /// The image that comes next.
    next: u64,
    phase: Phase,
    /// Steps until the phase is over.
    left: u64,
    presentations: u64,
    /// Images given up since this was told last.
    #[serde(default)]
    gone: Vec<Unanswered>,
    /// Whether the engine remembers the state before all images under way, and none
    /// was accepted since.
    #[serde(default)]
    marked: bool,
    /// Whether the engine is to go back to it after the rest.
    #[serde(default)]
    undo: bool,
}

/// What can be chosen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProtocolSettings {
    /// How long an image is shown, ms.
    pub show_ms: f64,
    /// How long nothing is shown after it, ms.
    pub rest_ms: f64,
    /// Spikes of all excitatory neurons below which an image is shown again.
    pub least_spikes: u32,
    /// Rate of a white pixel at intensity 1, Hz.
    pub white_hz: f32,
    /// Where the intensity begins, for each image.
    pub intensity: f32,
    /// What it grows by when an image is shown again.
    pub brighter_by: f32,
    /// Presentations after which an image that raises too few spikes is given up.
    pub most_times: u32,
    /// Whether weights are normalised before each presentation.
    pub normalise: bool,
}

impl Default for ProtocolSettings {
    fn default() -> Self {
        Self {
            show_ms: 350.0,
            rest_ms: 150.0,
            least_spikes: 5,
            white_hz: 255.0 / 8.0,
            intensity: 2.0,
            brighter_by: 1.0,
            most_times: MOST_TIMES,
            normalise: true,
        }
    }
}

impl ProtocolSettings {
    /// Checks that every number lies where the protocol can use it; `owner` begins the
    /// message.
    ///
    /// # Errors
    /// [`SnnError::Description`].
    pub fn check(&self, owner: &str) -> Result<(), SnnError> {
        let within = [
            ("show_ms", self.show_ms, 1.0, 60_000.0),
            ("rest_ms", self.rest_ms, 1.0, 60_000.0),
            ("white_hz", f64::from(self.white_hz), 0.0, 10_000.0),
            ("intensity", f64::from(self.intensity), 0.0, 1000.0),
            ("brighter_by", f64::from(self.brighter_by), 0.0, 1000.0),
            ("most_times", f64::from(self.most_times), 1.0, 1000.0),
        ];
        for (name, value, least, most) in within {
            if !(least..=most).contains(&value) {
                let reason = format!("{name} is {value}; it has to lie from {least} to {most}");
                return Err(SnnError::Description { owner: owner.to_owned(), reason });
            }
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Slot {
    image: Option<u64>,
    intensity: f32,
    shown: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    /// A presentation is about to begin.
    Begin,
    Show,
    Rest,
}

/// An image that raised enough spikes.
#[derive(Clone, Debug, PartialEq)]
pub struct AcceptedImage {
    pub image: u64,
    pub replica: usize,
    /// Spikes of each excitatory neuron while it was shown (the last time).
    pub counts: Vec<u32>,
    /// How often it was shown.
    pub times: u32,
}

/// An image that raised too few spikes however bright it was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    pub image: u64,
    pub replica: usize,
    /// How often it was shown.
    pub times: u32,
}

/// What came of the images in a phase.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passed {
    /// Accepted; told when they have been shown, before their rest.
    pub shown: Vec<AcceptedImage>,
    /// Given up; told after the rest, when nothing is left of them in the network.
    pub unanswered: Vec<Unanswered>,
}

impl Passed {
    /// Images that are through, either way.
    pub fn images(&self) -> usize {
        self.shown.len() + self.unanswered.len()
    }
}

impl Protocol {
    /// Beginning with image `first`.
    pub fn new(settings: ProtocolSettings, replicas: usize, first: u64) -> Self {
        let slot = Slot { image: None, intensity: settings.intensity, shown: 0 };
        let slots = vec![slot; replicas];
        Self {
            settings,
            slots,
            next: first,
            phase: Phase::Begin,
            left: 0,
            presentations: 0,
            gone: Vec::new(),
            marked: false,
            undo: false,
        }
    }

    /// The image that each replica is shown.
    pub fn images(&self) -> impl Iterator<Item = Option<u64>> + '_ {
        self.slots.iter().map(|s| s.image)
    }

    /// Presentations so far, repeated ones included.
    pub fn presentations(&self) -> u64 {
        self.presentations
    }

    /// Checks what was read from a file: that it is a place in a row of images of which
    /// `through` are through, for so many replicas at this time step.
    ///
    /// # Errors
    /// [`SnnError::Description`]; `owner` begins the message.
    pub fn check(
        &self,
        owner: &str,
        (replicas, dt_ms): (usize, f64),
        through: u64,
    ) -> Result<(), SnnError> {
        let wrong = |reason: String| SnnError::Description { owner: owner.to_owned(), reason };
        self.settings.check(owner)?;
        if self.slots.len() != replicas || self.gone.len() > replicas {
            let slots = self.slots.len();
            return Err(wrong(format!("it shows {slots} images side by side, not {replicas}")));
        }
        let most = (self.settings.show_ms.max(self.settings.rest_ms) / dt_ms).ceil() as u64;
        if self.left > most || self.presentations > MOST_IMAGES {
            let left = self.left;
            return Err(wrong(format!("its presentation is to last {left} more steps")));
        }
        let known = |s: &Slot| {
            let times = 0.0..=1e6;
            times.contains(&s.intensity)
                && s.shown < 1 << 20
                && s.image.is_none_or(|n| n < self.next)
        };
        if !self.slots.iter().all(known) {
            return Err(wrong("it shows an image that has not begun yet".to_owned()));
        }
        let under_way = self.slots.iter().filter(|s| s.image.is_some()).count() + self.gone.len();
        if self.next != through + under_way as u64 {
            let next = self.next;
            return Err(wrong(format!(
                "image {next} comes next, but {through} are through and {under_way} under way"
            )));
        }
        Ok(())
    }

    /// Runs to the end of the phase, but at most so many steps. Images are
    /// asked for by number; `None` ends the row. Returns the images that were
    /// accepted or given up, or `None` when all have been.
    ///
    /// # Errors
    /// As the engine's.
    pub fn advance(
        &mut self,
        engine: &mut dyn Engine,
        image: &mut dyn FnMut(u64) -> Option<Pixels>,
        most: u64,
    ) -> Result<Option<Passed>, SnnError> {
        if self.phase == Phase::Begin && !self.begin(engine, image)? {
            return Ok(None);
        }
        let steps = self.left.min(most);
        engine.run(steps)?;
        self.left -= steps;
        let mut passed = Passed::default();
        if self.left == 0 {
            match self.phase {
                Phase::Show => {
                    passed.shown = self.judge(engine)?;
                    for replica in 0..self.slots.len() {
                        engine.set_rates(0, replica, &[0.0; PIXELS])?;
                    }
                    self.phase = Phase::Rest;
                    self.left = engine.network().steps(self.settings.rest_ms);
                }
                Phase::Rest | Phase::Begin => {
                    self.settle(engine)?;
                    passed.unanswered = std::mem::take(&mut self.gone);
                    self.phase = Phase::Begin;
                }
            }
        }
        Ok(Some(passed))
    }

    /// Undoes what was given up and is still to be undone: to be called before the
    /// network goes over to another engine.
    ///
    /// # Errors
    /// As the engine's.
    pub fn settle(&mut self, engine: &mut dyn Engine) -> Result<(), SnnError> {
        if std::mem::take(&mut self.undo) { engine.undo() } else { Ok(()) }
    }

    /// Tells an engine whose state was restored what it was being shown. What is under
    /// way can no longer be undone, since that engine does not remember the state before.
    ///
    /// # Errors
    /// As the engine's.
    pub fn resume(
        &mut self,
        engine: &mut dyn Engine,
        image: &mut dyn FnMut(u64) -> Option<Pixels>,
    ) -> Result<(), SnnError> {
        (self.marked, self.undo) = (false, false);
        for (replica, slot) in self.slots.iter().enumerate() {
            let shown = slot.image.filter(|_| self.phase == Phase::Show).and_then(&mut *image);
            engine.set_rates(0, replica, &self.rates(engine, slot, shown))?;
        }
        Ok(())
    }

    /// The inputs' rates for an image, Hz.
    fn rates(&self, engine: &dyn Engine, slot: &Slot, image: Option<Pixels>) -> Pixels {
        let scale = self.settings.white_hz * slot.intensity;
        let most = (1000.0 / engine.network().dt_ms) as f32;
        image.map_or([0.0; PIXELS], |p| p.map(|x| (x * scale).clamp(0.0, most)))
    }

    /// Runs until `images` more were accepted or given up (with several replicas: a
    /// few more than that), or there are no more, and rests after the last.
    ///
    /// # Errors
    /// As the engine's.
    pub fn show(
        &mut self,
        engine: &mut dyn Engine,
        image: &mut dyn FnMut(u64) -> Option<Pixels>,
        images: usize,
        accepted: &mut dyn FnMut(AcceptedImage),
    ) -> Result<(), SnnError> {
        let mut count = 0;
        while count < images || self.phase != Phase::Begin {
            let Some(passed) = self.advance(engine, image, u64::MAX)? else { return Ok(()) };
            count += passed.images();
            passed.shown.into_iter().for_each(&mut *accepted);
        }
        Ok(())
    }

    /// Begins a presentation; `false` if there is nothing left to show.
    fn begin(
        &mut self,
        engine: &mut dyn Engine,
        image: &mut dyn FnMut(u64) -> Option<Pixels>,
    ) -> Result<bool, SnnError> {
        if self.slots.iter().all(|s| s.image.is_none()) {
            engine.mark()?;
            self.marked = true;
        }
        let mut any = false;
        for replica in 0..self.slots.len() {
            let slot = &mut self.slots[replica];
            let number = slot.image.unwrap_or(self.next);
            let pixels = image(number);
            if slot.image.is_none() && pixels.is_some() {
                *slot = Slot { image: Some(number), intensity: self.settings.intensity, shown: 0 };
                self.next += 1;
            }
            slot.shown += 1;
            any |= slot.image.is_some();
            engine.set_rates(0, replica, &self.rates(engine, &self.slots[replica], pixels))?;
        }
        if !any {
            return Ok(false);
        }
        if self.settings.normalise {
            engine.normalise(PLASTIC)?;
        }
        engine.clear_counts()?;
        self.presentations += self.slots.iter().filter(|s| s.image.is_some()).count() as u64;
        self.phase = Phase::Show;
        self.left = engine.network().steps(self.settings.show_ms);
        Ok(true)
    }

    /// Which images raised enough spikes, and which never will.
    fn judge(&mut self, engine: &mut dyn Engine) -> Result<Vec<AcceptedImage>, SnnError> {
        let population = engine.network().population(EXCITATORY)?;
        let mut shown = Vec::new();
        for (replica, slot) in self.slots.iter_mut().enumerate() {
            let Some(image) = slot.image else { continue };
            let counts = engine.counts(population, replica)?;
            let spikes: u64 = counts.iter().map(|c| u64::from(*c)).sum();
            if spikes < u64::from(self.settings.least_spikes) {
                slot.intensity += self.settings.brighter_by;
                if slot.shown >= self.settings.most_times {
                    self.gone.push(Unanswered { image, replica, times: slot.shown });
                    slot.image = None;
                }
            } else {
                shown.push(AcceptedImage { image, replica, counts, times: slot.shown });
                slot.image = None;
                self.marked = false;
            }
        }
        let over = self.slots.iter().all(|s| s.image.is_none());
        self.undo = over && self.marked && !self.gone.is_empty();
        Ok(shown)
    }
}
