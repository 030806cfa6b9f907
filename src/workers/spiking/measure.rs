//! The `measure` thread: how many test digits a network answers correctly, intact and
//! damaged ([`super::damage`]), for the spiking network and conventional ones. Damaged
//! networks see each image once, however few spikes it raises; intact ones see it again,
//! brighter, up to a limit. A missing answer counts as wrong.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::damage::{Damage, cut_network, cut_spiking, noisy};
use super::network::Learnt;
use crate::ann::evaluate::CHUNK;
use crate::ann::network::Network;
use crate::core::panics::guarded;
use crate::data::Pixels;
use crate::data::dataset::Dataset;
use crate::snn::SnnError;
use crate::snn::diehl_cook::assess::Frozen;
use crate::snn::diehl_cook::protocol::ProtocolSettings;
use crate::snn::diehl_cook::read_out::{Responses, predict};
use crate::workers::Busy;
use crate::workers::events::{Event, Events};
use crate::workers::models::Model;
use crate::workers::thread::latest::Slot;

/// How often it reports how far it is.
const REPORT_EVERY: Duration = Duration::from_millis(60);

/// What to measure.
pub enum MeasureTask {
    /// Labels from training digits, with the weights frozen, then the test digits.
    Test { network: Arc<Learnt>, train: Arc<Dataset>, test: Arc<Dataset>, images: (usize, usize) },
    /// Accuracy at every amount of a damage, on the first `images` test digits.
    Damage {
        damage: Damage,
        network: Arc<Learnt>,
        models: Vec<Arc<Model>>,
        test: Arc<Dataset>,
        images: usize,
        seed: u64,
    },
}

/// Accuracy of a frozen network.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// 0 to 1.
    pub accuracy: f64,
    /// Test digits asked, and training digits that the labels are from.
    pub images: (usize, usize),
    /// Test digits without an answer: two digits were equal, or too little fired.
    pub unanswered: usize,
    /// Neurons of the network.
    pub neurons: usize,
    /// Time it took.
    pub seconds: f64,
}

/// Accuracy of networks by amount of damage.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    pub damage: Damage,
    /// Digits asked at every point.
    pub images: usize,
    /// (name, accuracy at each of [`Damage::amounts`], as far as measured); the
    /// spiking network first.
    pub of: Vec<(String, Vec<f64>)>,
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// What is being measured: done, of how much.
    pub running: Option<(&'static str, usize, usize)>,
    pub tested: Option<Arc<Tested>>,
    /// In the order of [`Damage::ALL`].
    pub curves: [Option<Arc<Curves>>; 3],
}

/// The thread, from the window's side.
pub struct MeasureThread {
    tasks: Option<SyncSender<MeasureTask>>,
    cancel: Arc<AtomicBool>,
    measured: Arc<Slot<Measured>>,
    thread: Option<JoinHandle<()>>,
}

impl MeasureThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let (sender, tasks) = sync_channel(2);
        let measured = Arc::new(Slot::new(Measured::default()));
        let cancel = Arc::<AtomicBool>::default();
        let measurer = Measurer {
            out: Arc::clone(&measured),
            cancel: Arc::clone(&cancel),
            events,
            reported: Cell::default(),
        };
        let builder = std::thread::Builder::new().name("measure".into());
        let thread = Some(builder.spawn(move || measurer.work(&tasks))?);
        Ok(Self { tasks: Some(sender), cancel, measured, thread })
    }

    /// Gives it a task.
    ///
    /// # Errors
    /// [`Busy`] when others wait already.
    pub fn ask(&self, task: MeasureTask) -> Result<(), Busy> {
        self.cancel.store(false, Relaxed);
        crate::workers::send(self.tasks.as_ref(), task, "measuring thread")
    }

    /// Ends the task in hand, keeping what it has measured.
    pub fn stop(&self) {
        self.cancel.store(true, Relaxed);
    }

    /// What was measured.
    pub fn measured(&self) -> Arc<Measured> {
        self.measured.get()
    }
}

impl Drop for MeasureThread {
    fn drop(&mut self) {
        self.stop();
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own side.
struct Measurer {
    out: Arc<Slot<Measured>>,
    cancel: Arc<AtomicBool>,
    events: Events,
    reported: Cell<Option<Instant>>,
}

impl Measurer {
    fn work(&self, tasks: &Receiver<MeasureTask>) {
        while let Ok(task) = tasks.recv() {
            let done = guarded(|| self.carry_out(task));
            if let Err(why) = done.and_then(|done| done.map_err(|error| error.to_string())) {
                let text =
                    format!("The measurement ended early: {why}. What was measured is kept.");
                self.events.send(Event::Failure(text));
            }
            self.reported.set(None);
            self.publish(|m| m.running = None);
        }
    }

    fn publish(&self, change: impl FnOnce(&mut Measured)) {
        let mut measured = (*self.out.get()).clone();
        change(&mut measured);
        self.out.put(measured);
        self.events.wake();
    }

    fn cancelled(&self) -> bool {
        self.cancel.load(Relaxed)
    }

    fn carry_out(&self, task: MeasureTask) -> Result<(), SnnError> {
        match task {
            MeasureTask::Test { network, train, test, images } => {
                let begun = Instant::now();
                let images = (images.0.min(test.len()), images.1.min(train.len()));
                let all = images.0 + images.1;
                let name = "Test";
                let settings = ProtocolSettings::default();
                let mut responses = Responses::new(network.config.neurons);
                let mut frozen = frozen(&network)?;
                let labelled = frozen.show(
                    settings.clone(),
                    (images.1, &|i| train.pixels(i)),
                    &mut |i, counts| {
                        // What was given up says nothing about any neuron.
                        counts.iter().for_each(|counts| responses.add(train.label(i), counts));
                    },
                    &mut |done| self.report(name, done, all),
                )?;
                let (labels, mut right, mut unanswered) = (responses.labels(), 0, 0);
                let asked = labelled
                    && frozen.show(
                        settings,
                        (images.0, &|i| test.pixels(i)),
                        &mut |i, counts| {
                            let answer = counts.and_then(|c| predict(&labels, c));
                            right += usize::from(answer == Some(test.label(i)));
                            unanswered += usize::from(answer.is_none());
                        },
                        &mut |done| self.report(name, images.1 + done, all),
                    )?;
                if asked {
                    let accuracy = right as f64 / images.0.max(1) as f64;
                    let (neurons, seconds) =
                        (network.config.neurons, begun.elapsed().as_secs_f64());
                    let tested =
                        Arc::new(Tested { accuracy, images, unanswered, neurons, seconds });
                    self.publish(|m| m.tested = Some(tested));
                }
                Ok(())
            }
            MeasureTask::Damage { damage, network, models, test, images, seed } => {
                let images = images.min(test.len());
                let name = format!("STDP {}", network.config.neurons);
                let mut of = vec![(name, Vec::new())];
                of.extend(models.iter().map(|m| (m.name.clone(), Vec::new())));
                let mut curves = Curves { damage, images, of };
                let all = damage.amounts().len() * (1 + models.len());
                for amount in damage.amounts() {
                    let pixels = |i: usize| noisy(&test, i, damage, *amount, seed);
                    for which in 0..=models.len() {
                        let done = curves.of.iter().map(|c| c.1.len()).sum();
                        if !self.report("Damage", done, all) {
                            return Ok(());
                        }
                        let right = match which.checked_sub(1) {
                            None => {
                                let cut = cut_spiking(&network, damage, *amount, seed);
                                self.ask_spiking(&cut, &test, images, &pixels)?
                            }
                            Some(m) => {
                                let cut = cut_network(&models[m].network, damage, *amount, seed);
                                self.ask_network(&cut, &test, images, &pixels)
                            }
                        };
                        let Some(right) = right else { return Ok(()) };
                        curves.of[which].1.push(right as f64 / images.max(1) as f64);
                        let now = Arc::new(curves.clone());
                        self.publish(|m| m.curves[damage as usize] = Some(now));
                    }
                }
                Ok(())
            }
        }
    }

    /// Reports how far it is, now and then; `false` to end.
    fn report(&self, name: &'static str, done: usize, of: usize) -> bool {
        if self.reported.get().is_none_or(|at| at.elapsed() >= REPORT_EVERY) {
            self.reported.set(Some(Instant::now()));
            self.publish(|m| m.running = Some((name, done, of)));
        }
        !self.cancelled()
    }

    fn ask_spiking(
        &self,
        network: &Learnt,
        test: &Dataset,
        images: usize,
        pixels: &dyn Fn(usize) -> Pixels,
    ) -> Result<Option<usize>, SnnError> {
        let settings = ProtocolSettings { least_spikes: 0, ..ProtocolSettings::default() };
        let mut frozen = frozen(network)?;
        let mut right = 0;
        let mut count = |i: usize, counts: Option<&[u32]>| {
            let answer = counts.and_then(|c| predict(&network.labels, c));
            right += usize::from(answer == Some(test.label(i)));
        };
        let whole =
            frozen.show(settings, (images, pixels), &mut count, &mut |_| !self.cancelled())?;
        Ok(whole.then_some(right))
    }

    fn ask_network(
        &self,
        network: &Network,
        test: &Dataset,
        images: usize,
        pixels: &dyn Fn(usize) -> Pixels,
    ) -> Option<usize> {
        let mut right = 0;
        for first in (0..images).step_by(CHUNK) {
            if self.cancelled() {
                return None;
            }
            let last = (first + CHUNK).min(images);
            let pictures: Vec<Pixels> = (first..last).map(pixels).collect();
            for (i, p) in network.probabilities(&pictures).iter().enumerate() {
                let answer = crate::core::decision::unique_max(p);
                right += usize::from(answer == Some(usize::from(test.label(first + i))));
            }
        }
        Some(right)
    }
}

/// The network with weights and θ that stand still, as they are.
fn frozen(network: &Learnt) -> Result<Frozen, SnnError> {
    let threads = crate::ann::spare_threads();
    Frozen::as_is(&network.config, &network.weights, &network.theta, threads)
}
