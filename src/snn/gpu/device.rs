//! The graphics device that spiking networks run on.

use std::sync::{Arc, Mutex, PoisonError};

use super::BLOCK;
use crate::snn::error::SnnError;

/// Storage buffers that a program binds.
const BUFFERS: u32 = 8;
/// What to do where there is no adapter.
const INSTALL: &str = "install a graphics driver, or Mesa's software adapter (on Debian and Ubuntu the packages libvulkan1 and mesa-vulkan-drivers; `make test` and `make run` do it)";

/// A graphics device of our own, which several engines may share.
pub struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    name: String,
    software: bool,
    fault: Arc<Mutex<Option<String>>>,
}

/// What there is to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    pub name: String,
    /// Whether it computes on the processor.
    pub software: bool,
}

impl Gpu {
    /// Opens the best adapter: a graphics card of its own, one in the
    /// processor, a software one.
    ///
    /// # Errors
    /// [`SnnError::Engine`] where there is none that can compute.
    pub fn open() -> Result<Arc<Self>, SnnError> {
        let mut adapters = suitable();
        adapters.sort_by_key(|a| rank(a.get_info().device_type));
        let none = || SnnError::Engine(format!("there is no graphics adapter: {INSTALL}"));
        let adapter = adapters.first().ok_or_else(none)?;
        let info = adapter.get_info();
        let fault = Arc::new(Mutex::new(None));
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("spiking networks"),
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let opened = pollster::block_on(adapter.request_device(&descriptor));
        let (device, queue) = opened.map_err(|e| {
            SnnError::Engine(format!(
                "the graphics adapter {} could not be opened ({e}); use the CPU engine",
                info.name
            ))
        })?;
        let first = fault.clone();
        device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| {
            log::error!("spiking networks on the GPU: {e}");
            note(&first, e.to_string());
        }));
        let first = fault.clone();
        device.set_device_lost_callback(move |reason, message| {
            // Also said of a device that nobody uses any more.
            if reason == wgpu::DeviceLostReason::Unknown {
                log::error!("the graphics device for spiking networks was lost: {message}");
            }
            note(&first, format!("the graphics device was lost: {message}"));
        });
        let software = info.device_type == wgpu::DeviceType::Cpu;
        Ok(Arc::new(Self { device, queue, name: info.name, software, fault }))
    }

    /// The adapter's name, as the driver gives it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it computes on the processor.
    pub fn software(&self) -> bool {
        self.software
    }

    /// Gives the device up, as if it had been lost: for tests of what happens then.
    pub fn destroy(&self) {
        self.device.destroy();
    }

    /// The first thing that went wrong, if anything has.
    pub(super) fn check(&self) -> Result<(), SnnError> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.as_ref().map_or(Ok(()), |what| Err(SnnError::Engine(what.clone())))
    }

    /// Does something on the device whose errors are no fault of the device:
    /// they come back with `what` before them.
    pub(super) fn attempt<T>(&self, what: &str, make: impl FnOnce() -> T) -> Result<T, SnnError> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let invalid = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let made = make();
        let errors = [internal, invalid, memory].map(|scope| pollster::block_on(scope.pop()));
        match errors.into_iter().flatten().next() {
            Some(e) => Err(SnnError::Engine(format!("{what} failed on {}: {e}", self.name))),
            None => Ok(made),
        }
    }

    /// Whether buffers of these sizes (bytes) can be had, each with a name for
    /// the message.
    pub(super) fn check_sizes(&self, sizes: &[(&str, u64)]) -> Result<(), SnnError> {
        let limits = self.device.limits();
        let most = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
        match sizes.iter().find(|(_, bytes)| *bytes > most) {
            Some((what, bytes)) => Err(SnnError::Engine(format!(
                "the {what} of this network need {:.0} MB in one piece, but {} gives at most {:.0} MB; use fewer neurons or replicas, or the CPU engine",
                *bytes as f64 / 1e6,
                self.name,
                most as f64 / 1e6
            ))),
            None => Ok(()),
        }
    }
}

/// Keeps the first thing that went wrong.
fn note(fault: &Mutex<Option<String>>, what: String) {
    fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
}

/// The adapter that [`Gpu::open`] would open, without opening it; `None` where
/// there is none.
pub fn best_adapter() -> Option<AdapterInfo> {
    let mut all: Vec<_> = suitable().iter().map(wgpu::Adapter::get_info).collect();
    all.sort_by_key(|info| rank(info.device_type));
    let info = all.into_iter().next()?;
    let software = info.device_type == wgpu::DeviceType::Cpu;
    Some(AdapterInfo { name: info.name, software })
}

fn rank(kind: wgpu::DeviceType) -> u8 {
    match kind {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    }
}

/// Adapters that can run our programs: no more is needed than every WebGPU
/// device has.
fn suitable() -> Vec<wgpu::Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let mut all = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    all.retain(|adapter| {
        let limits = adapter.limits();
        limits.max_storage_buffers_per_shader_stage >= BUFFERS
            && limits.max_compute_invocations_per_workgroup >= BLOCK
            && limits.max_compute_workgroup_size_x >= BLOCK
            && limits.max_dynamic_uniform_buffers_per_pipeline_layout >= 1
    });
    all
}
