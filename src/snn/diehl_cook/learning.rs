//! A run of learning over many images: what it was asked to do, how far it is, and
//! a checkpoint from which it goes on as if it had never stopped.

use serde::{Deserialize, Serialize};

use super::order::{Order, Sequence};
use super::protocol::{Protocol, ProtocolSettings, Shown};
use super::read_out::{Responses, predict};
use super::{DiehlCook, PLASTIC, THETA};
use crate::data::Pixels;
use crate::data::dataset::Fingerprint;
use crate::snn::choose::{self, Wish};
use crate::snn::engine::{Engine, EngineInfo, EngineState};
use crate::snn::error::SnnError;
use crate::snn::state_file;

/// Images over which the running accuracy is taken.
pub const WINDOW: u64 = 1000;

/// What is to be learnt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub config: DiehlCook,
    pub protocol: ProtocolSettings,
    /// Id of the images.
    pub data: String,
    /// So many images are learnt from, again and again.
    pub distinct: usize,
    /// So many are neither learnt nor labelled from.
    #[serde(default)]
    pub held_out: usize,
    #[serde(default)]
    pub order: Order,
    /// Images to be learnt in all.
    pub images: u64,
    /// Which images they are, learnt and held out; earlier versions did not keep it.
    #[serde(default)]
    pub fingerprint: Option<Fingerprint>,
}

impl Plan {
    /// Its images, in their order.
    pub fn sequence(&self) -> Sequence {
        Sequence::new(self.order, self.config.seed, self.distinct, self.held_out)
    }
}

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Images learnt.
    pub images: u64,
    /// Excitatory spikes that they raised.
    pub spikes: u64,
    /// Time spent, seconds.
    pub seconds: f64,
    /// Finished windows of [`WINDOW`] images.
    pub windows: Vec<Window>,
    /// Right answers in the window that is not finished.
    right: u64,
}

/// Running accuracy: the images of a window are answered, while they are learnt, by
/// the vote of neurons labelled on the ten windows before it. It costs nothing and
/// lies below the final accuracy, since weights change between labels and answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Images learnt at its end.
    pub images: u64,
    /// 0 to 1; `None` in the first, which has no labels yet.
    pub accuracy: Option<f64>,
}

/// What stands in a checkpoint beside the engine's state.
#[derive(Serialize, Deserialize)]
struct Kept {
    plan: Plan,
    progress: Progress,
    protocol: Protocol,
    recent: Vec<Recent>,
    labels: Vec<Option<u8>>,
}

/// Summed spikes of a window: `[class][neuron]`, and the number of images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Recent {
    spikes: Vec<u32>,
    images: [u32; 10],
}

/// A network that learns.
pub struct Learning {
    plan: Plan,
    sequence: Sequence,
    progress: Progress,
    protocol: Protocol,
    engine: Box<dyn Engine>,
    /// The newest window, which is being filled, last.
    recent: Vec<Recent>,
    labels: Vec<Option<u8>>,
    reason: String,
}

/// Windows from which labels are taken.
const LABEL_WINDOWS: usize = 10;

impl Learning {
    /// At the beginning.
    ///
    /// # Errors
    /// What is wrong with the plan.
    pub fn new(plan: Plan, wish: Wish, threads: usize) -> Result<Self, SnnError> {
        let started = choose::start(&plan.config.spec().build()?, wish, threads)?;
        Ok(Self {
            progress: Progress::default(),
            protocol: Protocol::new(plan.protocol.clone(), plan.config.replicas, 0),
            engine: started.engine,
            recent: vec![Recent::of(plan.config.neurons)],
            labels: Vec::new(),
            reason: started.reason,
            sequence: plan.sequence(),
            plan,
        })
    }

    /// Learns until so many images more were accepted, or all have been. `image`
    /// gives an image of the training set and its class. Returns what was shown.
    ///
    /// # Errors
    /// As the engine's.
    pub fn learn(
        &mut self,
        image: &dyn Fn(usize) -> (Pixels, u8),
        images: u64,
    ) -> Result<Vec<Shown>, SnnError> {
        let begun = std::time::Instant::now();
        let all = self.plan.images;
        let sequence = &mut self.sequence;
        let mut source = |n: u64| (n < all).then(|| image(sequence.at(n)).0);
        let (mut shown, goal) = (Vec::new(), images.min(all - self.progress.images.min(all)));
        while (shown.len() as u64) < goal {
            let accepted = self.protocol.advance(&mut *self.engine, &mut source, u64::MAX)?;
            let Some(accepted) = accepted else { break };
            shown.extend(accepted);
        }
        for shown in &shown {
            let number = self.sequence.at(shown.image);
            self.count(shown, image(number).1);
        }
        self.progress.seconds += begun.elapsed().as_secs_f64();
        Ok(shown)
    }

    fn count(&mut self, shown: &Shown, class: u8) {
        let class = usize::from(class.min(9));
        self.progress.images += 1;
        self.progress.spikes += shown.counts.iter().map(|c| u64::from(*c)).sum::<u64>();
        if !self.labels.is_empty() && usize::from(predict(&self.labels, &shown.counts)) == class {
            self.progress.right += 1;
        }
        if let Some(window) = self.recent.last_mut() {
            window.images[class] += 1;
            let sums = &mut window.spikes[class * shown.counts.len()..];
            sums.iter_mut().zip(&shown.counts).for_each(|(s, c)| *s += c);
        }
        if self.progress.images.is_multiple_of(WINDOW) {
            let right = std::mem::take(&mut self.progress.right) as f64;
            let accuracy = (!self.labels.is_empty()).then_some(right / WINDOW as f64);
            let images = self.progress.images;
            self.progress.windows.push(Window { images, accuracy });
            self.label();
            if self.recent.len() >= LABEL_WINDOWS {
                self.recent.remove(0);
            }
            self.recent.push(Recent::of(self.plan.config.neurons));
        }
    }

    /// Labels from the finished windows.
    fn label(&mut self) {
        let mut responses = Responses::new(self.plan.config.neurons);
        for window in self.recent.iter().filter(|w| w.images.iter().any(|n| *n > 0)) {
            responses.add_sums(&window.spikes, &window.images);
        }
        self.labels = responses.labels();
    }

    /// Everything, as a file's bytes.
    ///
    /// # Errors
    /// As the engine's.
    pub fn checkpoint(&mut self) -> Result<Vec<u8>, SnnError> {
        let kept = Kept {
            plan: self.plan.clone(),
            progress: self.progress.clone(),
            protocol: self.protocol.clone(),
            recent: self.recent.clone(),
            labels: self.labels.clone(),
        };
        let failed = |e: serde_json::Error| SnnError::File {
            file: "the checkpoint".into(),
            reason: e.to_string(),
        };
        state_file::to_bytes(
            &self.engine.snapshot()?,
            serde_json::to_string(&kept).map_err(failed)?,
        )
    }

    /// The plan in a checkpoint.
    ///
    /// # Errors
    /// [`SnnError::File`].
    pub fn plan_of(bytes: &[u8], file: &str) -> Result<Plan, SnnError> {
        read(bytes, file).map(|(kept, _)| kept.plan)
    }

    /// Goes on from a checkpoint. `file` names it in messages.
    ///
    /// # Errors
    /// [`SnnError::File`] and whatever the engine says to it.
    pub fn go_on(
        bytes: &[u8],
        file: &str,
        image: &dyn Fn(usize) -> (Pixels, u8),
        wish: Wish,
        threads: usize,
    ) -> Result<Self, SnnError> {
        let (kept, state) = read(bytes, file)?;
        let mut new = Self::new(kept.plan, wish, threads)?;
        let neurons = new.plan.config.neurons;
        if kept.recent.is_empty() || kept.recent.iter().any(|w| w.spikes.len() != 10 * neurons) {
            let reason = format!("its running accuracy is not that of {neurons} neurons");
            return Err(SnnError::File { file: file.to_owned(), reason });
        }
        new.engine.restore(&state)?;
        (new.progress, new.protocol) = (kept.progress, kept.protocol);
        (new.recent, new.labels) = (kept.recent, kept.labels);
        let (all, sequence) = (new.plan.images, &mut new.sequence);
        let mut source = |n: u64| (n < all).then(|| image(sequence.at(n)).0);
        new.protocol.resume(&mut *new.engine, &mut source)?;
        Ok(new)
    }

    /// Goes on to more images than were planned.
    pub fn extend(&mut self, images: u64) {
        self.plan.images = images.max(self.plan.images);
    }

    /// Another learning rate ν₊ from here on.
    ///
    /// # Errors
    /// As the engine's.
    pub fn set_rate(&mut self, rate: f64) -> Result<(), SnnError> {
        self.engine.set_rule_parameter(PLASTIC, "nu_post", rate)?;
        self.plan.config.rule = self.plan.config.rule.clone().with("nu_post", rate);
        Ok(())
    }

    /// What it was asked to do.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Its images, in their order.
    pub fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    /// How far it is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Whether all has been learnt.
    pub fn finished(&self) -> bool {
        self.progress.images >= self.plan.images
    }

    /// Presentations so far, repeated ones included.
    pub fn presentations(&self) -> u64 {
        self.protocol.presentations()
    }

    /// The engine in use, and why it is.
    pub fn engine(&self) -> (EngineInfo, &str) {
        (self.engine.info(), &self.reason)
    }

    /// The weights `[pixel][neuron]` and θ, mV.
    ///
    /// # Errors
    /// As the engine's.
    pub fn learnt(&mut self) -> Result<(Vec<f32>, Vec<f32>), SnnError> {
        self.engine.normalise(PLASTIC)?;
        Ok((self.engine.weights(PLASTIC)?, self.engine.state(0, THETA, 0)?))
    }
}

fn read(bytes: &[u8], file: &str) -> Result<(Kept, EngineState), SnnError> {
    let (state, text) = state_file::from_bytes(bytes, file)?;
    let kept = serde_json::from_str(&text)
        .map_err(|e| SnnError::File { file: file.to_owned(), reason: e.to_string() })?;
    Ok((kept, state))
}

impl Recent {
    fn of(neurons: usize) -> Self {
        Self { spikes: vec![0; 10 * neurons], images: [0; 10] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic;

    fn plan() -> Plan {
        let config = DiehlCook { seed: 3, ..DiehlCook::of(25) };
        let protocol = ProtocolSettings::default();
        Plan {
            config,
            protocol,
            data: "synthetic".into(),
            distinct: 25,
            held_out: 5,
            order: Order::Shuffled,
            images: 45,
            fingerprint: None,
        }
    }

    #[test]
    fn a_checkpoint_goes_on_as_if_it_had_never_stopped() {
        let data = synthetic::generate(5, 30);
        let image = |i: usize| (data.pixels(i), data.labels()[i]);
        let mut whole = Learning::new(plan(), Wish::Cpu, 1).unwrap();
        let all = whole.learn(&image, 100).unwrap();
        assert!(whole.finished() && all.len() == 45);
        let mut first = Learning::new(plan(), Wish::Cpu, 1).unwrap();
        let mut shown = first.learn(&image, 17).unwrap();
        let bytes = first.checkpoint().unwrap();
        let mut second = Learning::go_on(&bytes, "checkpoint", &image, Wish::Cpu, 1).unwrap();
        shown.extend(second.learn(&image, 100).unwrap());
        assert_eq!(shown, all);
        assert_eq!(second.learnt().unwrap(), whole.learnt().unwrap());
        assert_eq!(second.progress().spikes, whole.progress().spikes);
        assert_eq!(second.presentations(), whole.presentations());
        // More than all is not learnt.
        assert!(second.learn(&image, 5).unwrap().is_empty());
    }

    #[test]
    fn a_broken_checkpoint_is_refused_and_says_why() {
        let data = synthetic::generate(5, 30);
        let image = |i: usize| (data.pixels(i), data.labels()[i]);
        let mut learning = Learning::new(plan(), Wish::Cpu, 1).unwrap();
        let bytes = learning.checkpoint().unwrap();
        for cut in [0, 9, bytes.len() / 2] {
            let found = Learning::go_on(&bytes[..cut], "some file", &image, Wish::Cpu, 1);
            let error = found.err().unwrap().to_string();
            assert!(error.starts_with("some file cannot be used: "), "{error}");
        }
    }
}
