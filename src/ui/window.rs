//! Opening the window, and what to say when there is none to be had.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use eframe::egui_wgpu::{self, wgpu};

use super::app::Setup;
use super::session::{self, ThemeChoice};
use super::start::{self, Start};
use crate::core::folders;

/// How the window is opened.
#[derive(Clone, Debug, Default)]
pub struct LaunchOptions {
    /// Folder with MNIST, if named.
    pub mnist: Option<PathBuf>,
    /// Projector mode.
    pub projector: bool,
    /// Light, dark or system, if asked for.
    pub theme: Option<ThemeChoice>,
    /// Id of the workspace to begin in.
    pub workspace: Option<String>,
    /// Draw with the software adapter, even if there is a better one.
    pub software: bool,
}

/// Smallest window in which everything can be reached.
const SMALLEST: [f32; 2] = [640.0, 480.0];

/// Opens the window and returns when it is closed.
///
/// # Errors
/// When there is no display or no graphics adapter; the message says what to do.
pub fn run(options: LaunchOptions) -> anyhow::Result<()> {
    let home = folders::home();
    let session = session::read_quietly(&home);
    let native = native_options(session.window.unwrap_or([1280.0, 800.0]), options.software);
    let setup = Setup {
        home,
        mnist: crate::data::mnist::named(options.mnist.as_deref()),
        projector: options.projector,
        theme: options.theme,
        workspace: options.workspace,
    };
    // winit panics, for example, when libxkbcommon-x11 is missing.
    let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        eframe::run_native("Spikescope", native, Box::new(|cc| create(cc, setup)))
    }));
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(explain(&error)),
        Err(_) => Err(anyhow!(
            "the window could not go on. The drawing and the settings were saved as of a moment before, a training run as of its last checkpoint. \
             If it never opened, a system library is missing: on Debian or Ubuntu, `make run` installs it"
        )),
    }
}

fn create(
    cc: &eframe::CreationContext<'_>,
    setup: Setup,
) -> Result<Box<dyn eframe::App>, Box<dyn std::error::Error + Send + Sync>> {
    let mut start =
        Start::new(&cc.egui_ctx, setup).context("could not start the worker threads")?;
    if let Some(state) = &cc.wgpu_render_state {
        let info = state.adapter.get_info();
        let kind = if info.device_type == wgpu::DeviceType::Cpu { " (software)" } else { "" };
        start.set_adapter(format!("{}{kind}", short_name(&info.name)));
        watch_device(&state.device);
    }
    Ok(Box::new(start))
}

/// `llvmpipe (LLVM 15.0.6, 256 bits)` → `llvmpipe`.
fn short_name(name: &str) -> &str {
    name.split(" (").next().unwrap_or(name)
}

/// Errors of the graphics device are logged instead of ending the program; when
/// the device is lost, the window starts anew on the software adapter.
fn watch_device(device: &wgpu::Device) {
    device.on_uncaptured_error(Arc::new(|error| log::error!("graphics: {error}")));
    device.set_device_lost_callback(|reason, message| {
        if reason == wgpu::DeviceLostReason::Unknown {
            log::error!("The graphics device was lost ({message}). Starting anew with software graphics; the drawing was saved, training goes on from its last checkpoint.");
            restart_in_software();
        }
    });
}

/// Replaces this process by one that draws in software.
fn restart_in_software() {
    // It was the device that ended this start, not the session.
    let _ = std::fs::remove_file(start::mark(&folders::home()));
    let already = std::env::args().any(|a| a == "--software");
    let started = (!already)
        .then(std::env::current_exe)
        .and_then(Result::ok)
        .and_then(|exe| std::process::Command::new(exe).arg("--software").spawn().ok());
    #[allow(clippy::disallowed_methods, reason = "the event loop cannot go on without its device")]
    std::process::exit(i32::from(started.is_none()));
}

fn native_options(size: [f32; 2], software: bool) -> eframe::NativeOptions {
    eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Spikescope")
            .with_app_id("spikescope")
            .with_inner_size(size)
            .with_min_inner_size(SMALLEST),
        wgpu_options: egui_wgpu::WgpuConfiguration {
            wgpu_setup: wgpu_setup(software),
            ..Default::default()
        },
        ..Default::default()
    }
}

/// The adapter's own limits are asked for: on the GL fallback the defaults have
/// no storage buffers and so no compute shaders.
pub fn wgpu_setup(software: bool) -> egui_wgpu::WgpuSetup {
    let mut setup = egui_wgpu::WgpuSetupCreateNew::without_display_handle();
    setup.device_descriptor = Arc::new(|adapter| wgpu::DeviceDescriptor {
        label: Some("spikescope"),
        required_limits: adapter.limits(),
        ..Default::default()
    });
    if software {
        setup.native_adapter_selector = Some(Arc::new(|adapters, surface| {
            adapters
                .iter()
                .filter(|a| surface.is_none_or(|s| a.is_surface_supported(s)))
                .find(|a| a.get_info().device_type == wgpu::DeviceType::Cpu)
                .cloned()
                .ok_or_else(|| {
                    "there is no software adapter; install Mesa's (mesa-vulkan-drivers)".into()
                })
        }));
    }
    egui_wgpu::WgpuSetup::CreateNew(setup)
}

/// winit's errors name the line of its source, which tells a user nothing:
/// `… os error at FILE:LINE: what` → `what`.
fn without_place(error: &str) -> &str {
    let what = error.split_once(" os error at ").map_or(error, |(_, place)| {
        place.split_once(".rs:").and_then(|(_, rest)| rest.split_once(": ")).map_or(error, |t| t.1)
    });
    what.trim_end_matches('.')
}

/// What a failed start means and what to do.
fn explain(error: &eframe::Error) -> anyhow::Error {
    let advice = match error {
        eframe::Error::WinitEventLoop(_) => {
            "there is no display to open a window on. `spikescope tour --out DIR` renders the workspaces to pictures without one; `spikescope classify`, `train` and `evaluate` need none either"
        }
        eframe::Error::Wgpu(_) => {
            "there is no graphics adapter. Install a driver, or Mesa's software one (mesa-vulkan-drivers and libvulkan1 on Debian and Ubuntu; `make run` does it)"
        }
        _ => "the window could not be opened",
    };
    anyhow!("{advice} ({})", without_place(&error.to_string()))
}
