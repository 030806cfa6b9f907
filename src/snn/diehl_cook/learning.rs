//! A run of learning over many images: what it was asked to do, how far it is, and
//! a checkpoint from which it goes on as if it had never stopped.

use serde::{Deserialize, Serialize};

use super::order::{Order, Sequence};
use super::protocol::{AcceptedImage, Protocol, ProtocolSettings};
use super::read_out::{Responses, predict};
use super::trained::MOST_IMAGES;
use super::{DiehlCook, PLASTIC, THETA};
use crate::data::Pixels;
use crate::data::dataset::Fingerprint;
use crate::snn::choose::{self, Preference};
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
    /// Checks every number before anything is made of it; `owner` begins the message.
    ///
    /// # Errors
    /// Says which number is out of its range.
    pub fn check(&self, owner: &str) -> Result<(), SnnError> {
        self.config.check(owner)?;
        self.protocol.check(owner)?;
        let steps = (self.protocol.show_ms + self.protocol.rest_ms) / self.config.dt_ms;
        if steps > MOST_STEPS {
            let reason = format!("an image takes {steps} steps; at most {MOST_STEPS} are read");
            return Err(SnnError::Description { owner: owner.to_owned(), reason });
        }
        let all = self.distinct.checked_add(self.held_out);
        if self.distinct == 0 || all.is_none_or(|n| n > MOST_DISTINCT) || self.images > MOST_IMAGES
        {
            let reason = format!(
                "it is to learn {} images, {} different ones and {} held out; from 1 to {MOST_DISTINCT} different ones are read",
                self.images, self.distinct, self.held_out
            );
            return Err(SnnError::Description { owner: owner.to_owned(), reason });
        }
        Ok(())
    }

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
    /// Images that raised too few spikes however bright they were shown. Nothing is
    /// learnt from them, and nothing else here counts them.
    #[serde(default)]
    pub unanswered: u64,
    /// Excitatory spikes that the images learnt raised.
    pub spikes: u64,
    /// Time spent, seconds; not in the checkpoint, so that equal runs have equal ones.
    #[serde(default, skip_serializing)]
    pub seconds: f64,
    /// Finished windows of [`WINDOW`] images.
    pub windows: Vec<Window>,
    /// Right answers in the window that is not finished.
    right: u64,
}

impl Progress {
    /// Images that are through: learnt, or given up.
    pub fn through(&self) -> u64 {
        self.images + self.unanswered
    }
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

/// Steps that a presentation may take, a hundred times as many as usual.
const MOST_STEPS: f64 = 1e5;
/// Different images that a plan may have.
const MOST_DISTINCT: usize = 10_000_000;

/// Windows from which labels are taken.
const LABEL_WINDOWS: usize = 10;

impl Learning {
    /// At the beginning.
    ///
    /// # Errors
    /// What is wrong with the plan.
    pub fn new(plan: Plan, preference: Preference, threads: usize) -> Result<Self, SnnError> {
        let started = choose::start(&plan.config.spec().build()?, preference, threads)?;
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

    /// Learns until so many images more are through, or all are. `image` gives an image
    /// of the training set and its class. Returns those that were learnt; the others
    /// are counted in [`Progress::unanswered`].
    ///
    /// # Errors
    /// As the engine's.
    pub fn learn(
        &mut self,
        image: &dyn Fn(usize) -> (Pixels, u8),
        images: u64,
    ) -> Result<Vec<AcceptedImage>, SnnError> {
        let begun = std::time::Instant::now();
        let all = self.plan.images;
        let sequence = &mut self.sequence;
        let mut source = |n: u64| (n < all).then(|| image(sequence.at(n)).0);
        let left = all.saturating_sub(self.progress.through());
        let (mut shown, mut through, goal) = (Vec::new(), 0, images.min(left));
        while through < goal {
            let passed = self.protocol.advance(&mut *self.engine, &mut source, u64::MAX)?;
            let Some(passed) = passed else { break };
            through += passed.images() as u64;
            self.progress.unanswered += passed.unanswered.len() as u64;
            shown.extend(passed.shown);
        }
        for shown in &shown {
            let number = self.sequence.at(shown.image);
            self.count(shown, image(number).1);
        }
        self.progress.seconds += begun.elapsed().as_secs_f64();
        Ok(shown)
    }

    fn count(&mut self, shown: &AcceptedImage, class: u8) {
        let class = usize::from(class.min(9));
        self.progress.images += 1;
        self.progress.spikes += shown.counts.iter().map(|c| u64::from(*c)).sum::<u64>();
        let answer = predict(&self.labels, &shown.counts).map(usize::from);
        if !self.labels.is_empty() && answer == Some(class) {
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
        preference: Preference,
        threads: usize,
    ) -> Result<Self, SnnError> {
        let (kept, state) = read(bytes, file)?;
        let mut new = Self::new(kept.plan, preference, threads)?;
        new.engine
            .restore(&state)
            .map_err(|e| SnnError::File { file: file.to_owned(), reason: e.to_string() })?;
        (new.progress, new.protocol) = (kept.progress, kept.protocol);
        (new.recent, new.labels) = (kept.recent, kept.labels);
        let (all, sequence) = (new.plan.images, &mut new.sequence);
        let mut source = |n: u64| (n < all).then(|| image(sequence.at(n)).0);
        new.protocol.resume(&mut *new.engine, &mut source)?;
        Ok(new)
    }

    /// Time spent, seconds, before this checkpoint.
    pub fn set_seconds(&mut self, seconds: f64) {
        self.progress.seconds = seconds;
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
        self.progress.through() >= self.plan.images
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
    let broken = |reason: String| SnnError::File { file: file.to_owned(), reason };
    let kept: Kept = serde_json::from_str(&text).map_err(|e| broken(e.to_string()))?;
    kept.check().map_err(|e| broken(e.to_string()))?;
    Ok((kept, state))
}

impl Kept {
    /// Checks every number.
    fn check(&self) -> Result<(), SnnError> {
        let owner = "its plan";
        let wrong = |reason: String| SnnError::Description { owner: owner.to_owned(), reason };
        self.plan.check(owner)?;
        let (config, p) = (&self.plan.config, &self.progress);
        let counts = [p.images, p.unanswered, p.spikes];
        if counts.iter().any(|n| *n > MOST_IMAGES)
            || p.right > WINDOW
            || p.windows.len() as u64 > p.images / WINDOW
            || !(0.0..=1e12).contains(&p.seconds)
        {
            return Err(wrong("its progress is no possible one".to_owned()));
        }
        let place = (config.replicas, config.dt_ms);
        self.protocol.check("its protocol", place, p.through())?;
        let neurons = config.neurons;
        let fits = |w: &Recent| {
            w.spikes.len() == 10 * neurons
                && w.spikes.iter().all(|n| *n < 1 << 28)
                && w.images.iter().all(|n| u64::from(*n) <= WINDOW)
        };
        if !(1..=LABEL_WINDOWS).contains(&self.recent.len()) || !self.recent.iter().all(fits) {
            let reason = format!("its running accuracy is not that of {neurons} neurons");
            return Err(wrong(reason));
        }
        let labelled = self.labels.is_empty() || self.labels.len() == neurons;
        if !labelled || self.labels.iter().flatten().any(|l| *l > 9) {
            return Err(wrong(format!("its labels are not {neurons} digits from 0 to 9")));
        }
        Ok(())
    }
}

impl Recent {
    fn of(neurons: usize) -> Self {
        Self { spikes: vec![0; 10 * neurons], images: [0; 10] }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{changed, replaced};
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
        let mut whole = Learning::new(plan(), Preference::Cpu, 1).unwrap();
        let all = whole.learn(&image, 100).unwrap();
        assert!(whole.finished() && all.len() == 45);
        let mut first = Learning::new(plan(), Preference::Cpu, 1).unwrap();
        let mut shown = first.learn(&image, 17).unwrap();
        let bytes = first.checkpoint().unwrap();
        let mut second = Learning::go_on(&bytes, "checkpoint", &image, Preference::Cpu, 1).unwrap();
        shown.extend(second.learn(&image, 100).unwrap());
        assert_eq!(shown, all);
        assert_eq!(second.learnt().unwrap(), whole.learnt().unwrap());
        assert_eq!(second.progress().spikes, whole.progress().spikes);
        assert_eq!(second.presentations(), whole.presentations());
        // More than all is not learnt.
        assert!(second.learn(&image, 5).unwrap().is_empty());
    }

    #[test]
    fn blank_images_are_counted_apart_and_the_run_ends_and_goes_on() {
        let data = synthetic::generate(5, 30);
        let image = |i: usize| {
            let blank = i % 7 == 3;
            (if blank { [0.0; 784] } else { data.pixels(i) }, data.labels()[i])
        };
        let mut whole = Learning::new(plan(), Preference::Cpu, 1).unwrap();
        let shown = whole.learn(&image, 100).unwrap().len() as u64;
        let progress = whole.progress().clone();
        assert!(whole.finished() && progress.unanswered > 3);
        assert_eq!((progress.images, progress.through()), (shown, 45));
        // Stopped after each image that is through, whichever way.
        let mut bytes = Learning::new(plan(), Preference::Cpu, 1).unwrap().checkpoint().unwrap();
        let learnt = loop {
            let mut part =
                Learning::go_on(&bytes, "checkpoint", &image, Preference::Cpu, 1).unwrap();
            if part.finished() {
                break part.learnt().unwrap();
            }
            part.learn(&image, 5).unwrap();
            bytes = part.checkpoint().unwrap();
        };
        assert_eq!(learnt, whole.learnt().unwrap());
        // Equal runs have equal checkpoints, however long they took.
        whole.set_seconds(99.0);
        let mut again = Learning::new(plan(), Preference::Cpu, 1).unwrap();
        again.learn(&image, 100).unwrap();
        again.learnt().unwrap();
        assert_eq!(again.checkpoint().unwrap(), whole.checkpoint().unwrap());
    }

    #[test]
    fn numbers_in_a_checkpoint_that_no_run_could_have_are_refused() {
        let data = synthetic::generate(5, 30);
        let image = |i: usize| (data.pixels(i), data.labels()[i]);
        let mut learning = Learning::new(plan(), Preference::Cpu, 1).unwrap();
        learning.learn(&image, 4).unwrap();
        let bytes = learning.checkpoint().unwrap();
        assert!(Learning::go_on(&bytes, "file", &image, Preference::Cpu, 1).is_ok());
        let nines = format!(r#"labels\\\":[{}]"#, vec!["99"; 25].join(","));
        for (from, to) in [
            (r#"labels\\\":[]"#, nines.as_str()),
            (r#"neurons\\\":25"#, r#"neurons\\\":9223372036854775808"#),
            (r#"neurons\\\":25"#, r#"neurons\\\":0"#),
            (r#"dt_ms\\\":0.5"#, r#"dt_ms\\\":1e-300"#),
            (r#"distinct\\\":25"#, r#"distinct\\\":18446744073709551615"#),
            (r#"show_ms\\\":350.0"#, r#"show_ms\\\":1e300"#),
            (r#"most_times\\\":20"#, r#"most_times\\\":0"#),
            (r#"next\\\":4"#, r#"next\\\":45"#),
            (r#"left\\\":300"#, r#"left\\\":18446744073709551615"#),
            (r#"step\":"#, r#"step\":99999999999"#),
        ] {
            let broken = replaced(&bytes, from, to);
            let found = Learning::go_on(&broken, "file", &image, Preference::Cpu, 1);
            let error = found.err().unwrap();
            assert!(error.to_string().starts_with("file cannot be used: "), "{from}: {error}");
        }
    }

    #[test]
    fn changed_checkpoints_are_refused_or_go_on_and_end() {
        let data = synthetic::generate(5, 30);
        let image = |i: usize| (data.pixels(i % 30), data.labels()[i % 30]);
        let config = DiehlCook { seed: 3, as_published: true, ..DiehlCook::of(10) };
        let mut plan = Plan { config, ..plan() };
        (plan.protocol.show_ms, plan.protocol.rest_ms) = (30.0, 10.0);
        let mut learning = Learning::new(plan, Preference::Cpu, 1).unwrap();
        learning.learn(&image, 3).unwrap();
        let bytes = learning.checkpoint().unwrap();
        let mut rng = crate::core::rng::Rng::stream(1, "changes", 0);
        let (mut read, mut gone_on) = (0, 0);
        for _ in 0..1500 {
            let broken = changed(&bytes, &mut rng);
            let Ok(plan) = Learning::plan_of(&broken, "file") else { continue };
            read += 1;
            // What is larger than the file's own is only slower.
            if plan.config.neurons > 10 || plan.config.replicas > 1 || plan.config.dt_ms < 0.4 {
                continue;
            }
            let going_on = Learning::go_on(&broken, "file", &image, Preference::Cpu, 1);
            if let Ok(mut learning) = going_on
                && read % 4 == 0
                && plan.protocol.show_ms + plan.protocol.rest_ms < 100.0
            {
                gone_on += 1;
                let before = learning.progress().through();
                learning.learn(&image, 1).unwrap();
                assert!(learning.progress().through() > before || learning.finished());
            }
        }
        assert!(read > 200 && gone_on > 20, "{read} read, {gone_on} gone on with");
    }

    #[test]
    fn a_broken_checkpoint_is_refused_and_says_why() {
        let data = synthetic::generate(5, 30);
        let image = |i: usize| (data.pixels(i), data.labels()[i]);
        let mut learning = Learning::new(plan(), Preference::Cpu, 1).unwrap();
        let bytes = learning.checkpoint().unwrap();
        for cut in [0, 9, bytes.len() / 2] {
            let found = Learning::go_on(&bytes[..cut], "some file", &image, Preference::Cpu, 1);
            let error = found.err().unwrap().to_string();
            assert!(error.starts_with("some file cannot be used: "), "{error}");
        }
    }
}
