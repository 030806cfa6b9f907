//! One run: the network in its engine, the protocol that shows it images, and what is
//! known of it. It advances in steps; looking at it changes nothing.

use std::sync::Arc;

use super::history::{History, Moment};
use super::keep::Kept;
use super::network::{Learnt, LiveSettings, Setup};
use super::spikes::{Recorder, Stretch};
use super::tally::Tally;
use crate::data::Pixels;
use crate::data::dataset::Dataset;
use crate::snn::SnnError;
use crate::snn::choose::{self, Preference, Started};
use crate::snn::diehl_cook::order::Sequence;
use crate::snn::diehl_cook::protocol::{AcceptedImage, Unanswered};
use crate::snn::diehl_cook::protocol::{Passed, Protocol, ProtocolSettings};
use crate::snn::diehl_cook::read_out::predict;
use crate::snn::diehl_cook::{PLASTIC, THETA};

/// What is being shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Now {
    /// Place of the image in the training set.
    pub number: usize,
    pub class: u8,
    /// How often it has been shown by now; more than once where it raised too few
    /// spikes.
    pub times: u32,
    /// Time since it is shown, ms.
    pub ms: f64,
    /// Whether it is still there; else the network rests.
    pub showing: bool,
}

/// What came of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Place of the image in the training set.
    pub number: usize,
    pub class: u8,
    /// Whether the neurons stand for digits, and so were asked.
    pub asked: bool,
    /// What they voted; `None` where two digits were equal.
    pub answer: Option<u8>,
    /// Who fired most.
    pub winner: Option<usize>,
    /// Spikes of all excitatory neurons, and of the winner.
    pub spikes: [u32; 2],
}

/// The newest change of the weights that somebody wanted to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The image that changed them; at high speed not the last one.
    pub by: Outcome,
    /// By how much, `[pixel][neuron]`.
    pub weights: Arc<Vec<f32>>,
}

/// A run.
pub struct Run {
    /// The engine, and why it is this one.
    pub started: Started,
    /// Why it is not the one that was asked for, to be told once.
    pub notice: Option<String>,
    pub tally: Tally,
    pub now: Now,
    pub last: Outcome,
    pub change: Option<Change>,
    pub history: History,
    protocol: Protocol,
    setup: Setup,
    sequence: Sequence,
    /// Step at which the presentation began; `None` before its first step.
    begun: Option<u64>,
    accepted: bool,
    show_steps: u64,
    all_steps: u64,
    recorder: Option<Recorder>,
    /// The last stretch recorded.
    stretch: Option<Stretch>,
    /// Whether the change of the weights is wanted of the next image.
    pub wants_delta: bool,
    /// Images after which [`Run::steps`] does no more, once.
    pub goal: Option<u64>,
    before: Option<Vec<f32>>,
    /// Image from which it goes on, where an earlier run was kept, and what that had
    /// presented.
    continued: Option<u64>,
    presented: u64,
}

impl Run {
    /// At the beginning.
    ///
    /// # Errors
    /// What is wrong with the description.
    pub fn new(setup: Setup) -> Result<Self, SnnError> {
        if setup.images.is_empty() {
            let reason = "there are no digits to learn from".to_owned();
            return Err(SnnError::Description { owner: "the run".into(), reason });
        }
        let network = setup.config.spec().build()?;
        let threads = crate::ann::spare_threads();
        let (mut started, notice) = choose::start_anyhow(&network, setup.preference, threads);
        let engine = &mut *started.engine;
        let settings = ProtocolSettings::default();
        let (show, rest) = (network.steps(settings.show_ms), network.steps(settings.rest_ms));
        let mut protocol = Protocol::new(settings, 1, 0);
        let mut tally = Tally::new(setup.config.neurons);
        if let Some(learnt) = &setup.begin {
            engine.set_weights(PLASTIC, &learnt.weights)?;
            engine.set_state(0, THETA, 0, &learnt.theta)?;
            engine.normalise(PLASTIC)?;
            tally = Tally::labelled(learnt.labels.clone());
        }
        setup.live_settings.set(engine, &mut protocol)?;
        let history = History::of(setup.config.neurons);
        let mut run = Self {
            started,
            notice,
            tally,
            now: Now::default(),
            last: Outcome::default(),
            change: None,
            history,
            protocol,
            sequence: setup.sequence(),
            setup,
            begun: None,
            accepted: false,
            show_steps: show,
            all_steps: show + rest,
            recorder: None,
            stretch: None,
            wants_delta: true,
            goal: None,
            before: None,
            continued: None,
            presented: 0,
        };
        run.remember()?;
        Ok(run)
    }

    /// Goes on with a network that was kept, from its next image.
    ///
    /// # Errors
    /// What is wrong with the description.
    pub fn resume(mut setup: Setup, kept: Kept) -> Result<Self, SnnError> {
        setup.config = kept.learnt.config.clone();
        setup.begin = None;
        let mut run = Self::new(setup)?;
        let engine = &mut *run.started.engine;
        engine.set_weights(PLASTIC, &kept.learnt.weights)?;
        engine.set_state(0, THETA, 0, &kept.learnt.theta)?;
        run.tally = Arc::unwrap_or_clone(kept.tally);
        let next = run.tally.images + run.tally.unanswered;
        run.protocol = Protocol::new(run.protocol.settings.clone(), 1, next);
        (run.continued, run.presented) = (Some(run.tally.images), kept.presentations);
        run.history = History::of(run.setup.config.neurons);
        run.remember()?;
        Ok(run)
    }

    /// Image from which it goes on, where an earlier run was kept.
    pub fn continued(&self) -> Option<u64> {
        self.continued
    }

    /// What the run is.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Length of a step, ms.
    pub fn dt_ms(&self) -> f64 {
        self.started.engine.network().dt_ms
    }

    /// Presentations so far, repeated ones included.
    pub fn presentations(&self) -> u64 {
        self.presented + self.protocol.presentations()
    }

    /// Turns the knobs, from the next step on.
    ///
    /// # Errors
    /// As the engine's.
    pub fn set(&mut self, live_settings: LiveSettings) -> Result<(), SnnError> {
        self.setup.live_settings = live_settings;
        live_settings.set(&mut *self.started.engine, &mut self.protocol)
    }

    /// Goes on on the engine that suits another wish. What is recorded up to here is
    /// kept.
    ///
    /// # Errors
    /// As the engine's; it stays then.
    pub fn change_engine(&mut self, preference: Preference) -> Result<(), SnnError> {
        if let Some(recorder) = &mut self.recorder {
            recorder.take(&mut *self.started.engine)?;
        }
        self.protocol.settle(&mut *self.started.engine)?;
        self.notice = self.started.change(preference, crate::ann::spare_threads())?;
        self.setup.preference = preference;
        let (images, sequence) = (&self.setup.images, &mut self.sequence);
        let mut source = |n: u64| -> Option<Pixels> { Some(images.pixels(sequence.at(n))) };
        self.protocol.resume(&mut *self.started.engine, &mut source)?;
        self.setup.live_settings.set(&mut *self.started.engine, &mut self.protocol)
    }

    /// Records spikes and the state of some neurons, or no longer.
    ///
    /// # Errors
    /// As the engine's.
    pub fn record(&mut self, traced: Option<&[u32]>) -> Result<(), SnnError> {
        match (traced, &self.recorder) {
            (Some(traced), Some(recorder)) if recorder.traced() == traced => {}
            (Some(traced), _) => {
                self.recorder = Some(Recorder::begin(&mut *self.started.engine, traced)?);
            }
            (None, Some(_)) => {
                self.stretch = self.stretch(true)?;
                self.recorder = None;
                self.started.engine.set_probes(&[])?;
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Whether spikes are recorded.
    pub fn records(&self) -> bool {
        self.recorder.is_some()
    }

    /// What is recorded, or was last: up to this step, or, without a wait, up to a moment
    /// ago.
    ///
    /// # Errors
    /// As the engine's.
    pub fn stretch(&mut self, wait: bool) -> Result<Option<Stretch>, SnnError> {
        match &mut self.recorder {
            Some(recorder) if wait => recorder.stretch(&mut *self.started.engine).map(Some),
            Some(recorder) => recorder.newest(&mut *self.started.engine).map(Some),
            None => Ok(self.stretch.clone()),
        }
    }

    /// Does so many steps, or fewer where it reaches its goal; returns whether it
    /// has just done so.
    ///
    /// # Errors
    /// As the engine's; what was done before is kept.
    pub fn steps(&mut self, steps: u64) -> Result<bool, SnnError> {
        let end = self.started.engine.step() + steps;
        while self.started.engine.step() < end {
            self.part(end - self.started.engine.step())?;
            // An image's rest belongs to it.
            let images = if self.begun.is_none() { self.tally.images } else { 0 };
            if self.goal.take_if(|goal| *goal <= images).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes on until one more image has been accepted, or given up, and its rest is
    /// over, or for so many steps if it takes longer.
    ///
    /// # Errors
    /// As the engine's.
    pub fn image(&mut self, most: u64) -> Result<(), SnnError> {
        let through = |tally: &Tally| tally.images + tally.unanswered;
        let (images, end) = (through(&self.tally), self.started.engine.step() + most);
        // An image counts from the beginning of its rest: one that rests now is not
        // the next one, or the step would change nothing that is counted.
        while (through(&self.tally) == images || self.begun.is_some())
            && self.started.engine.step() < end
        {
            self.part(end - self.started.engine.step())?;
        }
        Ok(())
    }

    /// Goes on until a neuron spikes, or for so many steps if none does.
    ///
    /// # Errors
    /// As the engine's.
    pub fn spike(&mut self, most: u64) -> Result<(), SnnError> {
        let spikes = self.started.engine.counters().spikes;
        for _ in 0..most {
            self.part(1)?;
            if self.started.engine.counters().spikes > spikes {
                break;
            }
        }
        Ok(())
    }

    /// Does at most so many steps, and no more than to the end of a phase.
    fn part(&mut self, most: u64) -> Result<(), SnnError> {
        let images = Arc::clone(&self.setup.images);
        if self.begun.is_none() {
            // Begins the presentation, and does no step of it.
            self.advance(&images, 0)?;
            self.begin()?;
        }
        let shown = self.advance(&images, most);
        if let Some(recorder) = &mut self.recorder {
            recorder.follow(&mut *self.started.engine)?;
        }
        let passed = shown?.unwrap_or_default();
        passed.shown.iter().for_each(|shown| self.count(shown));
        passed.unanswered.iter().for_each(|given_up| self.give_up(given_up));
        let passed = self.started.engine.step() - self.begun.unwrap_or_default();
        self.now.ms = passed as f64 * self.dt_ms();
        self.now.showing = passed < self.show_steps;
        if passed >= self.all_steps {
            self.end()?;
        }
        Ok(())
    }

    fn advance(&mut self, images: &Dataset, most: u64) -> Result<Option<Passed>, SnnError> {
        let sequence = &mut self.sequence;
        let mut source = |n: u64| -> Option<Pixels> { Some(images.pixels(sequence.at(n))) };
        self.protocol.advance(&mut *self.started.engine, &mut source, most)
    }

    fn begin(&mut self) -> Result<(), SnnError> {
        let image = self.protocol.images().flatten().next().unwrap_or_default();
        let number = self.sequence.at(image);
        // An image that was not accepted is shown again.
        let again = self.presentations() > 1 && !self.accepted && self.now.number == number;
        let times = if again { self.now.times + 1 } else { 1 };
        let class = self.setup.images.label(number);
        self.now = Now { number, class, times, ms: 0.0, showing: true };
        self.begun = Some(self.started.engine.step());
        self.accepted = false;
        if self.wants_delta {
            self.before = Some(self.started.engine.weights(PLASTIC)?);
            self.wants_delta = false;
        }
        Ok(())
    }

    /// The image was accepted.
    fn count(&mut self, shown: &AcceptedImage) {
        let Now { number, class, .. } = self.now;
        let labelled = self.tally.labels.iter().any(Option::is_some);
        let answer = predict(&self.tally.labels, &shown.counts).filter(|_| labelled);
        let winner = self.tally.add(shown, number as u32, class);
        let most = winner.map_or(0, |w| shown.counts[w]);
        let spikes = [shown.counts.iter().sum(), most];
        self.last = Outcome { number, class, asked: labelled, answer, winner, spikes };
        self.accepted = true;
    }

    /// The image raised too few spikes, however bright it was shown. The network is as
    /// it was before it, so there is no change to be shown, and nothing else is counted.
    fn give_up(&mut self, _: &Unanswered) {
        self.tally.unanswered += 1;
        self.accepted = false;
        self.wants_delta |= self.before.take().is_some();
        // The next image is another one even if it is the same picture.
        self.now.times = 0;
    }

    /// The rest after a presentation is over.
    fn end(&mut self) -> Result<(), SnnError> {
        self.begun = None;
        if let Some(before) = self.before.take()
            && self.accepted
        {
            let mut change = before;
            self.with_weights(|after| {
                change.iter_mut().zip(after).for_each(|(change, after)| *change = after - *change);
            })?;
            self.change = Some(Change { by: self.last, weights: Arc::new(change) });
        }
        if self.accepted && self.history.wants(self.tally.images) {
            self.remember()?;
        }
        Ok(())
    }

    /// Keeps the moment.
    fn remember(&mut self) -> Result<(), SnnError> {
        let (theta, images) = (self.theta()?, self.tally.images);
        let mut moment = self.with_weights(|weights| Moment::new(images, weights, theta))?;
        let tally = &self.tally;
        moment.labels.clone_from(&tally.labels);
        (moment.accuracy, moment.confusion) = (tally.accuracy(), tally.confusion());
        self.history.push(moment);
        Ok(())
    }

    /// Has a look at the weights, `[pixel][neuron]`.
    fn with_weights<T>(&mut self, look: impl FnOnce(&[f32]) -> T) -> Result<T, SnnError> {
        if let Some(weights) = self.started.engine.weights_here(PLASTIC) {
            return Ok(look(weights));
        }
        Ok(look(&self.started.engine.weights(PLASTIC)?))
    }

    /// θ of all neurons, mV.
    ///
    /// # Errors
    /// As the engine's.
    pub fn theta(&mut self) -> Result<Vec<f32>, SnnError> {
        self.started.engine.state(0, THETA, 0)
    }

    /// The network as it is now.
    ///
    /// # Errors
    /// As the engine's.
    pub fn learnt(&mut self) -> Result<Learnt, SnnError> {
        Ok(Learnt {
            config: self.setup.config.clone(),
            weights: self.started.engine.weights(PLASTIC)?,
            theta: self.theta()?,
            labels: self.tally.labels.clone(),
        })
    }
}
