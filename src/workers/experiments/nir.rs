//! A network of spikes that another program wrote as NIR, shown a digit or spikes of a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::data::Pixels;
use crate::snn::nir::plan::Plan;
use crate::snn::nir::read::{self, Described, times};
use crate::snn::nir::run::{self, Convention, Reading, Stimulus};
use crate::snn::recording::spike_times::SpikeTimes;
use crate::snn::recording::{CAP_BYTES, Recording};

/// Steps for a digit, where the file does not say how many.
const USUAL_STEPS: u64 = 100;

/// What comes in.
#[derive(Clone, Debug, PartialEq)]
pub enum NirInput {
    /// Brightness from 0 to 1, as a current.
    Current(Box<Pixels>),
    /// Pixels that spike, at most with this probability in a step.
    Chance(Box<Pixels>, f32),
    /// A file of spikes.
    Spikes(PathBuf),
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct NirTask {
    pub path: PathBuf,
    /// Whose steps are taken, how long they are (s), and how many; else what the file tells.
    pub convention: Option<Convention>,
    pub dt_s: Option<f64>,
    pub steps: Option<u64>,
    pub input: NirInput,
}

/// Neurons of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct NirPopulation {
    pub name: String,
    pub kind: String,
    pub neurons: usize,
    pub spikes: u64,
}

/// What a network did.
#[derive(Clone, Debug)]
pub struct NirRan {
    pub reading: Reading,
    /// Why it is read like this, if nobody chose.
    pub why: String,
    pub steps: u64,
    /// What comes in, as `1×28×28`.
    pub input: String,
    pub populations: Vec<NirPopulation>,
    /// Neurons of all populations, one after the other.
    pub recording: Arc<Recording>,
    /// What speaks for each class, or what came out.
    pub evidence: Vec<f64>,
}

/// What a question is answered by: the run, or why there is none.
pub type NirAnswer = Result<NirRan, String>;

/// The network that was opened last.
#[derive(Default)]
pub struct Opened {
    known: Option<(PathBuf, Option<SystemTime>, Arc<Described>)>,
}

impl Opened {
    fn read(&mut self, path: &Path) -> Result<Arc<Described>, String> {
        let changed = std::fs::metadata(path).and_then(|m| m.modified()).ok();
        if let Some((known, at, described)) = &self.known
            && known == path
            && *at == changed
        {
            return Ok(Arc::clone(described));
        }
        let described = Arc::new(read::read(path)?);
        self.known = Some((path.to_path_buf(), changed, Arc::clone(&described)));
        Ok(described)
    }

    /// Runs a network until `go` says no; `None` then.
    pub(super) fn run(&mut self, task: &NirTask, go: &dyn Fn() -> bool) -> Option<NirAnswer> {
        let name = task.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.try_run(task, go).map_err(|why| format!("{name} cannot be run: {why}")).transpose()
    }

    fn try_run(&mut self, task: &NirTask, go: &dyn Fn() -> bool) -> Result<Option<NirRan>, String> {
        let described = self.read(&task.path)?;
        let (mut reading, why) = run::guess(&described);
        reading.convention = task.convention.unwrap_or(reading.convention);
        reading.dt_s = task.dt_s.unwrap_or(reading.dt_s);
        let plan = Plan::new(&described, reading)?;
        let usual = task.steps.or(described.steps).unwrap_or(USUAL_STEPS);
        let (stimulus, steps) = match &task.input {
            NirInput::Current(picture) => (Stimulus::Picture(picture.clone()), usual),
            NirInput::Chance(picture, most) => {
                let (picture, most) = (picture.clone(), *most);
                (Stimulus::Poisson { picture, most, seed: 1 }, usual)
            }
            NirInput::Spikes(path) => {
                let spikes = SpikeTimes::read(path).map_err(|e| e.to_string())?;
                let rows = run::entering(&spikes, reading.dt_s)?;
                let steps = task.steps.unwrap_or(rows.len() as u64);
                (Stimulus::Spikes(rows), steps)
            }
        };
        let ran = run::run(&plan, &stimulus, steps, &|_| go())?;
        if ran.stopped {
            return Ok(None);
        }
        let populations =
            plan.populations().zip(&ran.fired).map(|((name, kind, neurons), spikes)| {
                NirPopulation { name: name.into(), kind: kind.into(), neurons, spikes: *spikes }
            });
        let evidence = ran.given.first().map(|g| g.evidence(described.read_out.as_deref()));
        Ok(Some(NirRan {
            reading,
            why,
            steps: ran.steps,
            input: times(plan.input()),
            populations: populations.collect(),
            recording: Arc::new(run::recording(&plan, &ran, CAP_BYTES)),
            evidence: evidence.unwrap_or_default(),
        }))
    }
}
