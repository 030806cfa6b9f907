//! Where a run is computed. By default it uses this program's own operations on the
//! CPU; the other devices go through candle, on its CPU or on a graphics card.
//!
//! * [`DEVICES`]: the registry; which of them are there
//! * [`graph`]: a network in candle's operations
//! * [`session`]: a run's weights and optimiser on a device, and the step there
//!
//! Initial weights, the order of the digits and the dropout masks are drawn on
//! the host, so they are the same everywhere; what comes out differs by rounding
//! alone. CUDA and Metal are built in by the Cargo features of these names.

pub mod graph;
pub mod session;

#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use candle_core::Device;

use super::AnnError;

/// A place to compute in.
pub struct ComputeDevice {
    /// Stable id, as in `--device ID` and in files.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// What it is, in a sentence or two.
    pub doc: &'static str,
    /// Whether this build has it.
    pub built_in: bool,
    /// How to get a build that has it; empty for those that always are.
    build: &'static str,
    open: fn() -> candle_core::Result<Option<Device>>,
}

/// Id of this program's own operations.
pub const OWN: &str = "cpu";

/// All devices; the first is the usual one.
pub static DEVICES: &[ComputeDevice] = &[
    ComputeDevice {
        id: OWN,
        name: "Own operations (CPU)",
        doc: "Spikescope's own operations on the processor, on as many threads as chosen. The usual choice.",
        built_in: true,
        build: "",
        open: || Ok(None),
    },
    ComputeDevice {
        id: "candle",
        name: "candle (CPU)",
        doc: "The operations of the candle library on one thread of the processor: much slower, for comparison.",
        built_in: true,
        build: "",
        open: || Ok(Some(Device::Cpu)),
    },
    ComputeDevice {
        id: "cuda",
        name: "CUDA",
        doc: "The first graphics card of NVIDIA's, through candle.",
        built_in: cfg!(feature = "cuda"),
        build: "cargo build --release --features cuda",
        open: || Device::new_cuda(0).map(Some),
    },
    ComputeDevice {
        id: "metal",
        name: "Metal",
        doc: "The graphics processor of a Mac, through candle.",
        built_in: cfg!(feature = "metal"),
        build: "cargo build --release --features metal",
        open: || Device::new_metal(0).map(Some),
    },
];

/// Whether a device can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is built in and there.
    Ready,
    /// This build does not have it; the text tells how to get one that does.
    NotBuiltIn(String),
    /// It is built in, but cannot be used; the text says why.
    Absent(String),
}

impl ComputeDevice {
    /// Whether it can be used. Opens it to find out, which takes a moment.
    pub fn status(&self) -> Status {
        if !self.built_in {
            return Status::NotBuiltIn(format!("this build does without; `{}`", self.build));
        }
        match (self.open)() {
            Ok(_) => Status::Ready,
            Err(error) => Status::Absent(reason(&error)),
        }
    }

    /// Opens it; `None` for the own operations, which need no tensors.
    ///
    /// # Errors
    /// [`AnnError::NoDevice`], with the reason and what to do.
    pub fn open(&self) -> Result<Option<Device>, AnnError> {
        let unusable = |reason, remedy| AnnError::NoDevice { device: self.name, reason, remedy };
        if !self.built_in {
            return Err(unusable(
                "this build does not have it".into(),
                format!("choose the device `{OWN}`, or build with `{}`", self.build),
            ));
        }
        (self.open)().map_err(|error| {
            let remedy = "check the card and its driver, or choose the device";
            unusable(reason(&error), format!("{remedy} `{OWN}`"))
        })
    }
}

/// The first line of candle's message: the others are a backtrace.
pub(super) fn reason(error: &candle_core::Error) -> String {
    let text = error.to_string();
    let line = text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("no reason given");
    line.trim_end_matches('.').to_owned()
}

/// The device of this id, or an error that names all of them.
///
/// # Errors
/// [`AnnError::Setting`].
pub fn get(id: &str) -> Result<&'static ComputeDevice, AnnError> {
    DEVICES.iter().find(|d| d.id == id).ok_or_else(|| AnnError::Setting {
        what: "the device".into(),
        value: id.to_owned(),
        range: format!("one of {}", DEVICES.iter().map(|d| d.id).collect::<Vec<_>>().join(", ")),
    })
}

static PRESENT: OnceLock<Vec<&'static ComputeDevice>> = OnceLock::new();

/// Whether [`look`] would have to wait for a driver.
pub fn slow_to_look() -> bool {
    PRESENT.get().is_none() && DEVICES.iter().any(|d| d.built_in && !d.build.is_empty())
}

/// Finds out which devices are there; may take a second.
pub fn look() {
    PRESENT.get_or_init(|| DEVICES.iter().filter(|d| d.status() == Status::Ready).collect());
}

/// The devices that can be used, as far as is known by now; never waits.
pub fn present() -> Vec<&'static ComputeDevice> {
    PRESENT
        .get()
        .cloned()
        .unwrap_or_else(|| DEVICES.iter().filter(|d| d.built_in && d.build.is_empty()).collect())
}
