//! Opening the window, and what to say when none can be opened.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use eframe::egui_wgpu::{self, wgpu};

use super::app::Setup;
use super::session::{self, ThemeChoice};
use super::start::{self, Start};
use super::workspaces;
use crate::core::{files, folders};

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
    /// A scene to open.
    pub scene: Option<PathBuf>,
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
    // What a killed process left half written; never what another is writing.
    files::sweep(&home);
    let session = session::read_quietly(&home, workspaces::read);
    let native = native_options(session.window.unwrap_or([1280.0, 800.0]), options.software);
    let setup = Setup {
        home,
        mnist: crate::data::mnist::named(options.mnist.as_deref()),
        projector: options.projector,
        theme: options.theme,
        // Whoever names a workspace knows what it is for.
        welcome: options.workspace.is_none() && options.scene.is_none(),
        workspace: options.workspace,
        scene: options.scene,
    };
    // winit and wgpu panic, for example, when libxkbcommon-x11 is missing or the
    // display goes away.
    let ended =
        guarded(|| eframe::run_native("Spikescope", native, Box::new(|cc| create(cc, setup))));
    let was_open = WAS_OPEN.take();
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if was_open => Err(gone(without_place(&error.to_string()))),
        Ok(Err(error)) => Err(explain(&error)),
        Err(what) if was_open => Err(gone(&what)),
        Err(what) => Err(never_opened(&what)),
    }
}

thread_local! {
    /// Whether this thread is within [`guarded`].
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// What an outside package said when it panicked there.
    static PANIC: Cell<Option<String>> = const { Cell::new(None) };
    /// Whether the window has been open.
    static WAS_OPEN: Cell<bool> = const { Cell::new(false) };
}

/// Does what outside packages may give up on by a panic, as winit, wgpu and
/// `egui_kittest` do when there is no display or no graphics adapter.
///
/// # Errors
/// What they said, or that it was an error of our own (its full text is printed).
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    GUARDED.set(true);
    PANIC.set(None);
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    GUARDED.set(false);
    done.map_err(|_| PANIC.take().unwrap_or_else(|| "an error in the program".into()))
}

/// For the panic hook: whether a package that is not ours gave up within
/// [`guarded`], which then says so in one line; a bug of our own has its full text.
pub fn takes(info: &std::panic::PanicHookInfo) -> bool {
    let ours = info.location().is_none_or(|l| is_ours(l.file()));
    if ours || !GUARDED.get() {
        return false;
    }
    PANIC.set(Some(said(info.payload_as_str().unwrap_or("no further information"))));
    true
}

/// The sources of this package are named relative to it, those of others by
/// where cargo keeps them.
fn is_ours(file: &str) -> bool {
    Path::new(file).starts_with("src")
}

/// The error that was unwrapped, in one line, as far as it is short.
fn said(panic: &str) -> String {
    let error = panic.split_once("on an `Err` value: ").map_or(panic, |(_, error)| error);
    let line = one_line(error);
    match line.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

const KEPT: &str = "The drawing and the settings were saved as of a moment before, a training run as of its last checkpoint";

fn gone(what: &str) -> anyhow::Error {
    anyhow!(
        "the window could not go on: its display or its graphics adapter has gone ({what}). {KEPT}; start Spikescope again"
    )
}

fn never_opened(what: &str) -> anyhow::Error {
    anyhow!(
        "the window could not be opened ({what}). A system library may be missing: on Debian or Ubuntu, `make run` installs it. \
         `spikescope tour --out DIR` renders the workspaces to pictures without a window"
    )
}

/// What to do without an adapter; `what` is what was said.
pub fn no_adapter(what: &str) -> anyhow::Error {
    let what = one_line(what);
    match std::env::var("WGPU_BACKEND") {
        Ok(asked) => anyhow!(
            "there is no graphics adapter of the kind that WGPU_BACKEND={asked} asks for; unset it, or choose vulkan or gl ({what})"
        ),
        Err(_) => anyhow!(
            "there is no graphics adapter. Install a driver, or Mesa's software one (mesa-vulkan-drivers and libvulkan1 on Debian and Ubuntu; `make run` does it) ({what})"
        ),
    }
}

fn create(
    cc: &eframe::CreationContext<'_>,
    setup: Setup,
) -> Result<Box<dyn eframe::App>, Box<dyn std::error::Error + Send + Sync>> {
    let mut start =
        Start::new(&cc.egui_ctx, setup).context("could not start the worker threads")?;
    WAS_OPEN.set(true);
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
        eframe::Error::Wgpu(_) => return no_adapter(&error.to_string()),
        _ => "the window could not be opened",
    };
    anyhow!("{advice} ({})", one_line(without_place(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_packages_say_when_they_give_up_becomes_one_short_line() {
        let unwrapped = "called `Result::unwrap()` on an `Err` value: Io(\n  Broken\n)";
        assert_eq!(said(unwrapped), "Io( Broken )");
        assert_eq!(said("no display."), "no display");
        assert_eq!(said(&"é".repeat(500)).chars().count(), 101);
        assert!(is_ours("src/ui/app.rs") && !is_ours("/home/me/.cargo/registry/winit/src/lib.rs"));
        assert!(!is_ours("/rustc/5980/library/core/src/option.rs"));
    }

    #[test]
    fn a_panic_within_a_guard_is_an_error_and_the_guard_ends() {
        assert_eq!(guarded(|| 7), Ok(7));
        // Our own: the hook prints it.
        assert_eq!(guarded(|| panic!("here")), Err::<(), _>("an error in the program".into()));
        assert!(!GUARDED.get());
    }
}
