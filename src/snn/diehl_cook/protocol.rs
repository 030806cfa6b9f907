//! How images are shown: 350 ms of the image, 150 ms of nothing, and the same
//! image again, brighter, if fewer than five neurons' spikes came of it.
//!
//! The protocol can be stopped after any step and kept in a file; with the
//! engine's snapshot beside it, it goes on as if nothing had happened.

use serde::{Deserialize, Serialize};

use super::{EXCITATORY, PLASTIC};
use crate::data::{PIXELS, Pixels};
use crate::snn::engine::Engine;
use crate::snn::error::SnnError;

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
}

/// What can be chosen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
            normalise: true,
        }
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
pub struct Shown {
    pub image: u64,
    pub replica: usize,
    /// Spikes of each excitatory neuron while it was shown (the last time).
    pub counts: Vec<u32>,
    /// How often it was shown.
    pub times: u32,
}

impl Protocol {
    /// Beginning with image `first`.
    pub fn new(settings: ProtocolSettings, replicas: usize, first: u64) -> Self {
        let slot = Slot { image: None, intensity: settings.intensity, shown: 0 };
        let slots = vec![slot; replicas];
        Self { settings, slots, next: first, phase: Phase::Begin, left: 0, presentations: 0 }
    }

    /// The image that each replica is shown.
    pub fn images(&self) -> impl Iterator<Item = Option<u64>> + '_ {
        self.slots.iter().map(|s| s.image)
    }

    /// Presentations so far, repeated ones included.
    pub fn presentations(&self) -> u64 {
        self.presentations
    }

    /// Runs to the end of the phase, but at most so many steps. Images are
    /// asked for by number; `None` ends the row. Returns the images that were
    /// accepted, or `None` when all have been.
    ///
    /// # Errors
    /// As the engine's.
    pub fn advance(
        &mut self,
        engine: &mut dyn Engine,
        image: &mut dyn FnMut(u64) -> Option<Pixels>,
        most: u64,
    ) -> Result<Option<Vec<Shown>>, SnnError> {
        if self.phase == Phase::Begin && !self.begin(engine, image)? {
            return Ok(None);
        }
        let steps = self.left.min(most);
        engine.run(steps)?;
        self.left -= steps;
        let mut shown = Vec::new();
        if self.left == 0 {
            match self.phase {
                Phase::Show => {
                    shown = self.judge(engine)?;
                    for replica in 0..self.slots.len() {
                        engine.set_rates(0, replica, &[0.0; PIXELS])?;
                    }
                    self.phase = Phase::Rest;
                    self.left = engine.network().steps(self.settings.rest_ms);
                }
                Phase::Rest | Phase::Begin => self.phase = Phase::Begin,
            }
        }
        Ok(Some(shown))
    }

    /// Tells an engine whose state was restored what it was being shown.
    ///
    /// # Errors
    /// As the engine's.
    pub fn resume(
        &self,
        engine: &mut dyn Engine,
        image: &mut dyn FnMut(u64) -> Option<Pixels>,
    ) -> Result<(), SnnError> {
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

    /// Runs until `images` more were accepted (with several replicas: a few
    /// more than that), or there are no more, and rests after the last.
    ///
    /// # Errors
    /// As the engine's.
    pub fn show(
        &mut self,
        engine: &mut dyn Engine,
        image: &mut dyn FnMut(u64) -> Option<Pixels>,
        images: usize,
        accepted: &mut dyn FnMut(Shown),
    ) -> Result<(), SnnError> {
        let mut count = 0;
        while count < images || self.phase != Phase::Begin {
            let Some(shown) = self.advance(engine, image, u64::MAX)? else { return Ok(()) };
            count += shown.len();
            shown.into_iter().for_each(&mut *accepted);
        }
        Ok(())
    }

    /// Begins a presentation; `false` if there is nothing left to show.
    fn begin(
        &mut self,
        engine: &mut dyn Engine,
        image: &mut dyn FnMut(u64) -> Option<Pixels>,
    ) -> Result<bool, SnnError> {
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

    /// Which images raised enough spikes.
    fn judge(&mut self, engine: &mut dyn Engine) -> Result<Vec<Shown>, SnnError> {
        let population = engine.network().population(EXCITATORY)?;
        let mut shown = Vec::new();
        for (replica, slot) in self.slots.iter_mut().enumerate() {
            let Some(image) = slot.image else { continue };
            let counts = engine.counts(population, replica)?;
            if counts.iter().sum::<u32>() < self.settings.least_spikes {
                slot.intensity += self.settings.brighter_by;
            } else {
                shown.push(Shown { image, replica, counts, times: slot.shown });
                slot.image = None;
            }
        }
        Ok(shown)
    }
}
