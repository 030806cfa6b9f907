//! The buffers on the device: making them, binding them, waiting for what is read.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::GpuEngine;
use super::device::Gpu;
use super::layout::{Layout, MOST_PORTION};
use super::record::Recorder;
use crate::snn::error::SnnError;
use crate::snn::network::Network;

/// After this without an answer the device counts as lost.
// In tests a driver in software shares two cores with everything else.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 180 } else { 30 });
/// Uniforms of successive dispatches are so many bytes apart: what every
/// device allows.
pub(super) const STRIDE: u32 = 256;

/// The buffers, in the order of their bindings.
pub(super) struct Buffers {
    pub(super) run: wgpu::Buffer,
    pub(super) state: wgpu::Buffer,
    pub(super) weights: wgpu::Buffer,
    pub(super) spikes: wgpu::Buffer,
    pub(super) cells: wgpu::Buffer,
    pub(super) marks: wgpu::Buffer,
    pub(super) given: wgpu::Buffer,
    pub(super) drive: wgpu::Buffer,
    pub(super) samples: wgpu::Buffer,
}

/// Listed in messages when a buffer is too large.
const NAMES: [&str; 6] =
    ["neurons' states", "weights", "recent spikes", "spike counts", "marks", "connections"];

/// A storage buffer of zeros.
pub(super) fn buffer(gpu: &Gpu, name: &str, bytes: u64) -> Result<wgpu::Buffer, SnnError> {
    gpu.attempt(&format!("making room for the {name}"), || {
        gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(name),
            size: bytes.max(16),
            usage: wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::COPY_DST
                | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        })
    })
}

/// A buffer that the host reads.
pub(super) fn staging(gpu: &Gpu, bytes: u64) -> Result<wgpu::Buffer, SnnError> {
    gpu.attempt("making room for results", || {
        gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("results"),
            size: bytes.max(16),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    })
}

impl Buffers {
    /// All buffers of a network.
    pub(super) fn new(
        gpu: &Gpu,
        network: &Network,
        layout: &Layout,
        recorder: &Recorder,
    ) -> Result<Self, SnnError> {
        let words = [
            layout.state.words(),
            layout.weights.words(),
            layout.spikes.words(),
            layout.cells.words(),
            layout.marks.words(),
            layout.given.len() as u64,
        ];
        let sizes: Vec<(&str, u64)> = NAMES.into_iter().zip(words.map(|w| w * 4)).collect();
        gpu.check_sizes(&sizes)?;
        let samples = recorder.room(network) * 4;
        gpu.check_sizes(&[("samples", samples)])?;
        let run = gpu.attempt("making room for uniforms", || {
            gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("run"),
                size: u64::from(STRIDE * MOST_PORTION),
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        })?;
        let make = |i: usize| buffer(gpu, NAMES[i], words[i] * 4);
        Ok(Self {
            run,
            state: make(0)?,
            weights: make(1)?,
            spikes: make(2)?,
            cells: make(3)?,
            marks: make(4)?,
            given: make(5)?,
            drive: buffer(gpu, "drive", 4096)?,
            samples: buffer(gpu, "samples", samples)?,
        })
    }
}

/// The bindings of shaders/lib/frame.wgsl.
pub(super) fn group_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry = |binding: u32| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: match binding {
                0 => wgpu::BufferBindingType::Uniform,
                _ => wgpu::BufferBindingType::Storage { read_only: matches!(binding, 6 | 7) },
            },
            has_dynamic_offset: binding == 0,
            min_binding_size: None,
        },
        count: None,
    };
    let entries: Vec<_> = (0..9).map(entry).collect();
    let label = Some("spiking network");
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries })
}

/// Binds the buffers.
pub(super) fn bind(
    gpu: &Gpu,
    layout: &wgpu::BindGroupLayout,
    b: &Buffers,
) -> Result<wgpu::BindGroup, SnnError> {
    let storage =
        [&b.state, &b.weights, &b.spikes, &b.cells, &b.marks, &b.given, &b.drive, &b.samples];
    let uniform = wgpu::BindGroupEntry {
        binding: 0,
        resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &b.run,
            offset: 0,
            size: std::num::NonZeroU64::new(32),
        }),
    };
    let others = storage.iter().zip(1..).map(|(buffer, binding)| wgpu::BindGroupEntry {
        binding,
        resource: buffer.as_entire_binding(),
    });
    let entries: Vec<_> = std::iter::once(uniform).chain(others).collect();
    let label = Some("spiking network");
    gpu.attempt("binding the network's buffers", || {
        gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label,
            layout,
            entries: &entries,
        })
    })
}

impl GpuEngine {
    /// Binds the buffers anew, after one was replaced.
    pub(super) fn rebind(&mut self) -> Result<(), SnnError> {
        self.group = bind(&self.gpu, &self.group_layout, &self.buffers)?;
        Ok(())
    }
}

/// Waits until a submission is done and its staging buffer is mapped.
pub(super) fn await_map(
    gpu: &Gpu,
    submission: &wgpu::SubmissionIndex,
    mapped: &OnceLock<Result<(), wgpu::BufferAsyncError>>,
) -> Result<(), SnnError> {
    let waited = gpu.device.poll(wgpu::PollType::Wait {
        submission_index: Some(submission.clone()),
        timeout: Some(PATIENCE),
    });
    gpu.check()?;
    waited.map_err(|e| SnnError::Engine(format!("the GPU {} does not answer: {e}", gpu.name())))?;
    // Whoever polls the device meanwhile, another engine on it say, may have taken
    // our answer up, and be about to hand it over.
    let begun = Instant::now();
    while mapped.get().is_none() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_micros(50));
    }
    match mapped.get() {
        Some(Ok(())) => Ok(()),
        Some(Err(e)) => Err(SnnError::Engine(format!("reading from the GPU failed: {e}"))),
        None => Err(SnnError::Engine("the GPU did not give what was asked for".to_owned())),
    }
}
