//! The engine on the graphics card: WGSL programs that do what [`super::cpu`]
//! does, spike for spike.
//!
//! * [`device`]: the adapter, and what can go wrong with it
//! * `layout`: where everything lies in the buffers
//! * [`program`]: the WGSL program of a network
//! * `buffers`: the buffers, and waiting for what is read from them
//! * `run`: steps are submitted in portions, results come back behind them
//! * `record`: from bits and rows to what probes promise
//! * `state`: reading and writing what is on the device; snapshots
//! * `engine`: the [`Engine`](super::engine::Engine)
//! * [`fallback`]: a lost device is replaced by the CPU engine
//!
//! **A device of its own.** The window draws on a device that belongs to the
//! window's toolkit; we open a second one. A submission of many steps would hold
//! frames up on a shared queue; a device that is lost by a long computation
//! should not take the window with it; and everything below the window works
//! without one. The price is that results pass through memory on their way to
//! the screen, which they do anyway: both engines give the same records.
//!
//! **The same spikes as the CPU.** Random numbers are whole-number hashes.
//! Weights are added in the order of neurons, by gathering; nothing is added
//! atomically but whole numbers. Every operation on floating-point numbers is
//! kept by itself (`shaders/lib/rounding.wgsl`), division and exponential are
//! our own. What remains: the CPU engine computes with subnormal numbers, where
//! graphics cards may put zero; weights, traces and conductances end far above
//! them, so that no spike depends on it.

mod buffers;
pub mod device;
mod engine;
pub mod fallback;
mod layout;
mod program;
mod record;
mod run;
mod state;

use std::collections::VecDeque;
use std::sync::Arc;

use super::error::SnnError;
use super::network::{InputKind, Network};
use buffers::Buffers;
use device::Gpu;
use layout::Layout;
use program::Program;
use record::Recorder;
use run::{Flight, Pace};

/// Neurons that a workgroup takes.
pub(super) const BLOCK: u32 = 256;

/// The software adapter leaves loops after 65,535 rounds of an invocation,
/// without a word. We stay below it everywhere.
const MOST_ROUNDS: u64 = 60_000;

/// Blocks of work per step up to which one workgroup does it all.
const SMALL: u32 = 48;

/// How the steps of a network are dispatched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// Many steps in one workgroup, where the network is small.
    Automatic,
    /// Many steps in one workgroup (or one for each replica).
    Whole,
    /// A dispatch for each phase of each step.
    Phases,
}

/// A network on the graphics card.
pub struct GpuEngine {
    gpu: Arc<Gpu>,
    network: Network,
    layout: Layout,
    program: Program,
    pipelines: Pipelines,
    buffers: Buffers,
    group: wgpu::BindGroup,
    group_layout: wgpu::BindGroupLayout,
    dispatch: Dispatch,
    /// The step that is submitted next.
    step: u64,
    /// By input and replica.
    inputs: Vec<Vec<InputKind>>,
    /// By projection.
    learning: Vec<bool>,
    recorder: Recorder,
    flights: VecDeque<Flight>,
    /// Staging buffers that are not in use.
    staging: Vec<wgpu::Buffer>,
    pace: Pace,
    tallies: Vec<u32>,
    counts: Vec<u64>,
    steps_done: u64,
    /// The state that is remembered.
    mark: Option<state::Mark>,
}

/// The entry points.
struct Pipelines {
    look: wgpu::ComputePipeline,
    advance: wgpu::ComputePipeline,
    settle: wgpu::ComputePipeline,
    learn: Option<wgpu::ComputePipeline>,
    whole: wgpu::ComputePipeline,
    normalise: Option<wgpu::ComputePipeline>,
}

impl GpuEngine {
    /// At the beginning of a run.
    ///
    /// # Errors
    /// [`SnnError::Engine`] for a network that does not fit the adapter, or
    /// whose program does not compile.
    pub fn new(gpu: &Arc<Gpu>, network: &Network) -> Result<Self, SnnError> {
        Self::with_dispatch(gpu, network, Dispatch::Automatic)
    }

    /// The same with a given way to dispatch steps (which changes the speed alone).
    ///
    /// # Errors
    /// As [`GpuEngine::new`].
    pub fn with_dispatch(
        gpu: &Arc<Gpu>,
        network: &Network,
        dispatch: Dispatch,
    ) -> Result<Self, SnnError> {
        gpu.check()?;
        let network = network.clone();
        let layout = Layout::new(&network)?;
        let program = program::write(&network, &layout);
        check_rounds(gpu, &program)?;
        let recorder = Recorder::new(&network);
        let buffers = Buffers::new(gpu, &network, &layout, &recorder)?;
        let (pipelines, group_layout) = compile(gpu, &program)?;
        let group = buffers::bind(gpu, &group_layout, &buffers)?;
        let inputs = network.inputs.iter().map(|i| vec![i.kind.clone(); network.replicas]);
        let tallies = layout.sources.len() + layout.projections.len();
        let mut engine = Self {
            gpu: gpu.clone(),
            inputs: inputs.collect(),
            learning: network.projections.iter().map(|p| p.plasticity.is_some()).collect(),
            dispatch,
            step: 0,
            recorder,
            flights: VecDeque::new(),
            staging: Vec::new(),
            pace: Pace::default(),
            tallies: vec![0; tallies],
            counts: vec![0; tallies],
            steps_done: 0,
            mark: None,
            network,
            layout,
            program,
            pipelines,
            buffers,
            group,
            group_layout,
        };
        engine.begin()?;
        Ok(engine)
    }

    /// Whether one workgroup goes through many steps.
    fn is_whole(&self) -> bool {
        let blocks = self.program.advance + self.program.settle + self.program.learn;
        let fits = self.program.rounds_of_step + self.recorder.rounds(&self.network) <= MOST_ROUNDS;
        match self.dispatch {
            Dispatch::Whole => fits,
            Dispatch::Phases => false,
            Dispatch::Automatic => fits && blocks <= SMALL * self.groups(),
        }
    }

    /// Workgroups of `whole`: one for each replica where these need nothing of
    /// one another.
    fn groups(&self) -> u32 {
        let learns = self.learning.iter().any(|on| *on);
        let adapts = self.network.populations.iter().any(|p| (p.model.adapts)(&p.values));
        if learns || adapts || self.recorder.samples() { 1 } else { self.layout.replicas }
    }
}

fn check_rounds(gpu: &Gpu, program: &Program) -> Result<(), SnnError> {
    let rounds = program.rounds_of_phase.max(program.rounds_of_normalisation);
    if rounds <= MOST_ROUNDS || !gpu.software() {
        return Ok(());
    }
    Err(SnnError::Engine(format!(
        "a neuron of this network may have to gather {rounds} spikes in a step; the software adapter {} loses count after {MOST_ROUNDS}. Use the CPU engine",
        gpu.name()
    )))
}

/// Compiles the program.
fn compile(gpu: &Gpu, program: &Program) -> Result<(Pipelines, wgpu::BindGroupLayout), SnnError> {
    gpu.attempt("compiling the network's program", || {
        let device = &gpu.device;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("spiking network"),
            source: wgpu::ShaderSource::Wgsl(program.wgsl.as_str().into()),
        });
        let group_layout = buffers::group_layout(device);
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("spiking network"),
            bind_group_layouts: &[Some(&group_layout)],
            immediate_size: 0,
        });
        let pipeline = |entry: &str| {
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(entry),
                layout: Some(&layout),
                module: &module,
                entry_point: Some(entry),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
        };
        let pipelines = Pipelines {
            look: pipeline("look"),
            advance: pipeline("advance"),
            settle: pipeline("settle"),
            learn: (program.learn > 0).then(|| pipeline("learn")),
            whole: pipeline("whole"),
            normalise: (program.rounds_of_normalisation > 0).then(|| pipeline("normalise")),
        };
        (pipelines, group_layout)
    })
}

#[cfg(test)]
mod tests;
