//! A network of spikes that another program wrote as NIR, shown a digit or spikes of a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::data::Pixels;
use crate::snn::nir::plan::Plan;
use crate::snn::nir::read::{self, Described, times};
use crate::snn::nir::run::{self, Convention, Fired, Reading, Stimulus};
use crate::snn::recording::spike_times::SpikeTimes;
use crate::snn::recording::{CAP_BYTES, Recording};

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
    /// How long a step of a file of spikes is, ms; else the network's own, or 1 ms.
    pub spike_step_ms: Option<f64>,
    pub input: NirInput,
}

/// How a network is read.
#[derive(Clone, Debug, PartialEq)]
pub struct NirRead {
    pub reading: Reading,
    /// Why it is read like this, if nobody chose.
    pub why: String,
    /// What comes in, as `1×28×28`.
    pub input: String,
}

/// What a network did.
#[derive(Clone, Debug)]
pub struct NirRan {
    pub steps: u64,
    pub populations: Vec<Fired>,
    /// Neurons of all populations, one after the other.
    pub recording: Arc<Recording>,
    /// What speaks for each class, or what came out, unless that is more than can be looked at.
    pub evidence: Vec<f64>,
    /// What a file of spikes did not say and was assumed.
    pub assumed: Option<String>,
}

/// What a question is answered by: how the network is read, if it can be, and the run, or why
/// there is none.
#[derive(Clone, Debug)]
pub struct NirAnswer {
    pub read: Option<NirRead>,
    pub ran: Result<Arc<NirRan>, String>,
}

/// Outputs that can be looked at.
const MOST_OUTPUTS: usize = 64;

/// The network, and the way it is run, that was opened last.
#[derive(Default)]
pub struct Opened {
    known: Option<(PathBuf, Option<SystemTime>, Arc<Described>)>,
    plan: Option<(Arc<Described>, Arc<Plan>)>,
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
        self.plan = None;
        let described = Arc::new(read::read(path)?);
        self.known = Some((path.to_path_buf(), changed, Arc::clone(&described)));
        Ok(described)
    }

    /// The plan of a network for this reading.
    fn plan(&mut self, described: &Arc<Described>, reading: Reading) -> Result<Arc<Plan>, String> {
        if let Some((of, plan)) = &self.plan
            && Arc::ptr_eq(of, described)
            && plan.reading() == reading
        {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(Plan::new(described, reading)?);
        self.plan = Some((Arc::clone(described), Arc::clone(&plan)));
        Ok(plan)
    }

    /// Runs a network until `go` says no; `None` then.
    pub(super) fn run(&mut self, task: &NirTask, go: &dyn Fn() -> bool) -> Option<NirAnswer> {
        let name = task.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut read = None;
        let ran = self.try_run(task, &mut read, go).transpose()?;
        Some(NirAnswer { read, ran: ran.map_err(|why| format!("{name} cannot be run: {why}")) })
    }

    fn try_run(
        &mut self,
        task: &NirTask,
        told: &mut Option<NirRead>,
        go: &dyn Fn() -> bool,
    ) -> Result<Option<Arc<NirRan>>, String> {
        let described = self.read(&task.path)?;
        let (reading, why) = run::reading(&described, task.convention, task.dt_s);
        *told = Some(NirRead { reading, why: why.clone(), input: String::new() });
        let plan = self.plan(&described, reading)?;
        *told = Some(NirRead { reading, why, input: times(plan.input()) });
        let usual = run::steps_of(&described, task.steps);
        let mut assumed = None;
        let (stimulus, steps) = match &task.input {
            NirInput::Current(picture) => (Stimulus::Picture(picture.clone()), usual),
            NirInput::Chance(picture, most) => {
                let (picture, most) = (picture.clone(), *most);
                (Stimulus::Poisson { picture, most, seed: 1 }, usual)
            }
            NirInput::Spikes(path) => {
                let spikes = SpikeTimes::read(path).map_err(|e| e.to_string())?;
                let step_ms = task.spike_step_ms;
                let step_ms = step_ms.unwrap_or_else(|| run::spike_step_ms(&described, reading));
                let rows = run::entering(&spikes, step_ms)?;
                assumed = spikes.assumed;
                let steps = task.steps.unwrap_or(rows.len() as u64);
                (Stimulus::Spikes(rows), steps)
            }
        };
        let ran = run::run(&plan, &stimulus, steps, &|_| go())?;
        if ran.stopped {
            return Ok(None);
        }
        let given = ran.given.first().filter(|g| g.width <= MOST_OUTPUTS);
        let evidence = given.map(|g| g.evidence(described.read_out.as_deref()));
        Ok(Some(Arc::new(NirRan {
            steps: ran.steps,
            populations: run::fired(&plan, &ran.fired),
            recording: Arc::new(run::recording(&plan, &ran, CAP_BYTES)),
            evidence: evidence.unwrap_or_default(),
            assumed,
        })))
    }
}
