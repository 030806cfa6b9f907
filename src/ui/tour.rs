//! The guided tour: every workspace in set-up states, rendered to pictures
//! without a display. What is shown is computed, as it would be in the window.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use eframe::egui_wgpu::wgpu;
use egui_kittest::Harness;

use super::app::{App, Setup};
use super::command::{Command, DataEdit, DigitEdit, TrainEdit};
use super::history::{self, HistoryEdit, HistorySettings, Pictures, Plots};
use super::neuron::NeuronEdit;
use super::neuron::settings::{CurveSettings, NeuronTab, UnitInputs, UnitSettings};
use super::plasticity::PlasticityEdit;
use super::plasticity::settings::PlasticityTab;
use super::session::ThemeChoice;
use super::time::{TimeEdit, TimeTab};
use super::window::wgpu_setup;
use super::workspaces::fields::view::{FieldsEdit, Page, ReasonMap, Seek, Show};
use crate::ann::inspect::Unit;
use crate::ann::trainer::TrainConfig;
use crate::ann::zoo::ZOO;
use crate::core::files::write_whole;
use crate::core::playback::PlaybackEdit;
use crate::data::synthetic;
use crate::snn::params::Config;
use crate::workers::inspect::Findings;
use crate::workers::library::Loading;
use crate::workers::scrub::Confusion;
use crate::workers::training::Phase;

/// Longest wait for a scene to be ready; a slow machine trains for a while.
const PATIENCE: Duration = Duration::from_secs(300);

/// One picture of the tour.
struct Scene {
    name: &'static str,
    size: [f32; 2],
    theme: ThemeChoice,
    projector: bool,
    set_up: fn(&mut App, &egui::Context),
    ready: fn(&App) -> bool,
}

const WINDOW: [f32; 2] = [1280.0, 800.0];
const PROJECTOR: [f32; 2] = [1024.0, 768.0];

const SCENES: &[Scene] = &[
    Scene {
        name: "01-draw",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: draw_three,
        ready: answered,
    },
    Scene {
        name: "02-draw-light",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: draw_eight,
        ready: answered,
    },
    Scene {
        name: "03-draw-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: draw_five,
        ready: answered,
    },
    Scene {
        name: "04-draw-not-centred",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: draw_in_a_corner,
        ready: answered,
    },
    Scene {
        name: "05-draw-picked",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: pick,
        ready: answered,
    },
    Scene {
        name: "06-train-curves",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: train,
        ready: trained,
    },
    Scene {
        name: "07-train-layers",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| tab(a, c, "Layers"),
        ready: trained,
    },
    Scene {
        name: "08-train-mistakes",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| tab(a, c, "Mistakes"),
        ready: trained,
    },
    Scene {
        name: "09-train-runs",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| tab(a, c, "Runs"),
        ready: trained,
    },
    Scene {
        name: "09b-train-network",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: network,
        ready: answered,
    },
    Scene {
        name: "10-train-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| tab(a, c, "Curves"),
        ready: trained,
    },
    Scene {
        name: "11-train-history",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| look_back(a, c, Pictures::Weights, Plots::Curves),
        ready: looked_back,
    },
    Scene {
        name: "12-train-history-change",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| {
            look_back(a, c, Pictures::Since, Plots::Movement);
            go_back(a, c, 2);
        },
        ready: looked_back,
    },
    Scene {
        name: "13-train-history-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| look_back(a, c, Pictures::Since, Plots::Confusion),
        ready: looked_back,
    },
    Scene {
        name: "21-time-answers",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| time(a, c, 3, TimeTab::Answers, 16),
        ready: read_in_time,
    },
    Scene {
        name: "22-time-hidden-units",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| time(a, c, 8, TimeTab::Units, 20),
        ready: read_in_time,
    },
    Scene {
        name: "23-time-how-early",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: survey,
        ready: surveyed,
    },
    Scene {
        name: "24-time-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| time(a, c, 5, TimeTab::Answers, 14),
        ready: read_in_time,
    },
    Scene {
        name: "11-fields-network",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| fields(a, c, &[]),
        ready: looked,
    },
    Scene {
        name: "12-fields-layer",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| fields(a, c, &[FieldsEdit::Layer(1)]),
        ready: looked,
    },
    Scene {
        name: "13-fields-kernels",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| fields(a, c, &[FieldsEdit::Layer(1), FieldsEdit::Show(Show::Kernels)]),
        ready: looked,
    },
    Scene {
        name: "14-fields-effective",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| {
            let show = FieldsEdit::Show(Show::Fields);
            fields(a, c, &[FieldsEdit::Layer(3), show, FieldsEdit::Seek(Seek::Fields)]);
        },
        ready: |a| found(a, |f| !f.fields.is_empty()),
    },
    Scene {
        name: "15-fields-unit",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| {
            let edits = [FieldsEdit::Seek(Seek::Liked), FieldsEdit::Seek(Seek::Exciting)];
            fields(a, c, &[&[into_unit()], &edits[..]].concat());
        },
        ready: |a| found(a, |f| !f.liked.is_empty() && !f.exciting.is_empty()),
    },
    Scene {
        name: "16-fields-product",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| fields(a, c, &[into_unit(), FieldsEdit::Term(4)]),
        ready: looked,
    },
    Scene {
        name: "17-fields-why",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| fields(a, c, &[FieldsEdit::Page(Page::Why)]),
        ready: |a| looked(a) && !a.snapshot().sight.why.is_empty(),
    },
    Scene {
        name: "18-fields-occlusion",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| {
            let map = FieldsEdit::Reason(ReasonMap::Occlusion);
            let page = FieldsEdit::Page(Page::Why);
            fields(a, c, &[page, map, FieldsEdit::Seek(Seek::Occlusion)]);
        },
        ready: |a| found(a, |f| f.occlusion.len() >= ZOO.len()),
    },
    Scene {
        name: "19-fields-gabor",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| {
            fields(a, c, &[FieldsEdit::Page(Page::Gabor), FieldsEdit::Seek(Seek::Gabor)]);
        },
        ready: |a| found(a, |f| !f.gabor.is_empty()),
    },
    Scene {
        name: "20-fields-rnn-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| fields(a, c, &[FieldsEdit::Model("rnn1".into())]),
        ready: looked,
    },
    Scene {
        name: "20-neuron-spikes",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| neuron(a, c, NeuronTab::Spikes),
        ready: simulated,
    },
    Scene {
        name: "21-neuron-curve",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: curve_of_adex,
        ready: |app| {
            app.snapshot()
                .neuron
                .results
                .curve
                .as_ref()
                .is_some_and(|c| c.1.model == "adex" && c.1.done_ms >= c.1.whole_ms)
        },
    },
    Scene {
        name: "22-neuron-unit",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: unit_of_the_digit,
        ready: |app| {
            app.snapshot().neuron.results.unit.as_ref().is_some_and(|u| u.1.steps.len() > 784)
        },
    },
    Scene {
        name: "23-neuron-codes",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| neuron(a, c, NeuronTab::Codes),
        ready: |app| app.snapshot().neuron.results.codes.is_some(),
    },
    Scene {
        name: "24-neuron-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: |a, c| neuron(a, c, NeuronTab::Spikes),
        ready: simulated,
    },
    Scene {
        name: "30-plasticity-windows",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| plasticity(a, c, PlasticityTab::Windows),
        ready: |app| app.snapshot().plasticity.results.windows.is_some(),
    },
    Scene {
        name: "31-plasticity-pair",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| plasticity(a, c, PlasticityTab::Story),
        ready: |app| app.snapshot().plasticity.results.story.is_some(),
    },
    Scene {
        name: "32-plasticity-rates",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| plasticity(a, c, PlasticityTab::PairingRate),
        ready: |app| {
            let results = app.snapshot().plasticity.results;
            results.pairing_rate.as_ref().is_some_and(|r| r.1[0].measured.len() == 13)
        },
    },
    Scene {
        name: "33-plasticity-bounds",
        size: WINDOW,
        theme: ThemeChoice::Dark,
        projector: false,
        set_up: |a, c| plasticity(a, c, PlasticityTab::Bounds),
        ready: |app| {
            let results = app.snapshot().plasticity.results;
            results.bounds.as_ref().is_some_and(|b| b.1.seconds[0] >= b.1.seconds[1])
        },
    },
    Scene {
        name: "34-plasticity-bengio",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: |a, c| plasticity(a, c, PlasticityTab::Slope),
        ready: |app| {
            let results = app.snapshot().plasticity.results;
            results.slope.as_ref().is_some_and(|s| s.1.seconds[0] >= s.1.seconds[1])
        },
    },
    Scene {
        name: "35-plasticity-pattern",
        size: WINDOW,
        theme: ThemeChoice::Light,
        projector: false,
        set_up: pattern_at_full_speed,
        ready: learned,
    },
    Scene {
        name: "36-plasticity-projector",
        size: PROJECTOR,
        theme: ThemeChoice::Light,
        projector: true,
        set_up: pattern_at_full_speed,
        ready: learned,
    },
];

/// What the tour shows.
#[derive(Clone, Debug, Default)]
pub struct TourOptions {
    /// Folder with MNIST, if named.
    pub mnist: Option<PathBuf>,
}

/// Renders the tour into `out` and returns the files written.
///
/// # Errors
/// Without a graphics adapter (a software one will do), or when a file cannot
/// be written.
pub fn render(out: &Path, options: &TourOptions) -> anyhow::Result<Vec<PathBuf>> {
    check_adapter()?;
    // The tour trains and draws in a folder of its own: the user's runs and
    // drawing stay as they are.
    let home = tempfile::tempdir().context("could not make a temporary folder for the tour")?;
    let setup = Setup {
        home: home.path().to_path_buf(),
        mnist: crate::data::mnist::find(options.mnist.as_deref()),
        projector: false,
        theme: None,
        workspace: None,
    };
    let mut files = Vec::new();
    let mut harness = harness(setup)?;
    for scene in SCENES {
        files.push(shoot(&mut harness, scene, out)?);
    }
    Ok(files)
}

fn harness(setup: Setup) -> anyhow::Result<Harness<'static, App>> {
    let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Harness::builder().with_size(WINDOW).wgpu_setup(wgpu_setup(false)).build_eframe(move |cc| {
            App::new(&cc.egui_ctx, setup).unwrap_or_else(|e| panic!("no threads: {e}"))
        })
    }));
    built.map_err(|_| anyhow!("the tour could not start rendering; see the message above"))
}

/// The renderer would panic without an adapter; this says it instead.
pub fn check_adapter() -> anyhow::Result<()> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    anyhow::ensure!(
        !adapters.is_empty(),
        "there is no graphics adapter. Install a driver, or Mesa's software one (mesa-vulkan-drivers and libvulkan1 on Debian and Ubuntu; `make run` does it)"
    );
    Ok(())
}

fn shoot(
    harness: &mut Harness<'static, App>,
    scene: &Scene,
    out: &Path,
) -> anyhow::Result<PathBuf> {
    harness.set_size(scene.size.into());
    let ctx = harness.ctx.clone();
    let app = harness.state_mut();
    app.apply(&ctx, Command::Projector(scene.projector));
    app.apply(&ctx, Command::Theme(scene.theme.into()));
    (scene.set_up)(app, &ctx);
    let begun = Instant::now();
    harness.run_steps(2);
    while !(scene.ready)(harness.state()) {
        anyhow::ensure!(
            begun.elapsed() < PATIENCE,
            "scene {} did not get ready in {} s",
            scene.name,
            PATIENCE.as_secs()
        );
        std::thread::sleep(Duration::from_millis(20));
        harness.step();
    }
    harness.run_steps(4);
    let image = harness.render().map_err(|e| anyhow!("could not render {}: {e}", scene.name))?;
    let path = out.join(format!("{}.png", scene.name));
    write_whole(&path, |w| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, image::ImageFormat::Png).map_err(std::io::Error::other)?;
        std::io::Write::write_all(w, bytes.get_ref())
    })?;
    Ok(path)
}

fn answered(app: &App) -> bool {
    let world = app.snapshot();
    world.answers_current && !matches!(world.library.mnist, Loading::Unknown | Loading::Busy)
}

fn trained(app: &App) -> bool {
    matches!(app.snapshot().training.phase, Phase::Finished | Phase::Failed(_))
}

/// Draws the strokes of a generated digit, moved and scaled on the canvas.
fn draw(app: &mut App, ctx: &egui::Context, class: u8, place: fn([f32; 2]) -> [f32; 2]) {
    app.apply(ctx, Command::Show("draw"));
    app.apply(ctx, Command::Digit(DigitEdit::Clear));
    for stroke in synthetic::strokes(7, class, 3) {
        for (i, point) in stroke.into_iter().enumerate() {
            let at = place(point);
            app.apply(
                ctx,
                Command::Digit(if i == 0 {
                    DigitEdit::PenDown(at)
                } else {
                    DigitEdit::PenMove(at)
                }),
            );
        }
        app.apply(ctx, Command::Digit(DigitEdit::PenUp));
    }
}

fn draw_three(app: &mut App, ctx: &egui::Context) {
    draw(app, ctx, 3, |p| p);
}

fn draw_eight(app: &mut App, ctx: &egui::Context) {
    draw(app, ctx, 8, |p| p);
}

fn draw_five(app: &mut App, ctx: &egui::Context) {
    draw(app, ctx, 5, |p| p);
}

fn draw_in_a_corner(app: &mut App, ctx: &egui::Context) {
    app.apply(ctx, Command::Digit(DigitEdit::PenWidth(0.04)));
    draw(app, ctx, 2, |[x, y]| [0.04 + 0.35 * x, 0.6 + 0.35 * y]);
    app.apply(ctx, Command::Digit(DigitEdit::Centre(false)));
}

fn pick(app: &mut App, ctx: &egui::Context) {
    app.apply(ctx, Command::Digit(DigitEdit::Centre(true)));
    app.apply(ctx, Command::Digit(DigitEdit::PenWidth(0.08)));
    // MNIST may still be loading; without it, a synthetic digit.
    let begun = Instant::now();
    let loading =
        |app: &App| matches!(app.snapshot().library.mnist, Loading::Unknown | Loading::Busy);
    while loading(app) && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    let source = if app.snapshot().library.mnist.split().is_some() { "mnist" } else { "synthetic" };
    app.apply(ctx, Command::Data(DataEdit::LoadSynthetic));
    while app.snapshot().library.source(source).split().is_none() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    app.apply(ctx, Command::Data(DataEdit::Source(source)));
    app.apply(ctx, Command::Digit(DigitEdit::Pick { source, index: 149 }));
}

fn train(app: &mut App, ctx: &egui::Context) {
    let data = if app.snapshot().library.mnist.split().is_some() { "mnist" } else { "synthetic" };
    let begun = Instant::now();
    while app.snapshot().library.source(data).split().is_none() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(20));
    }
    let config = TrainConfig {
        data: data.into(),
        subset: 10_000,
        validation_share: 0.1,
        epochs: 5,
        ..TrainConfig::default()
    };
    app.apply(ctx, Command::Train(TrainEdit::Configure(Box::new(config))));
    app.apply(ctx, Command::Show("train"));
    app.apply(ctx, Command::TrainTab("Curves"));
    app.apply(ctx, Command::Train(TrainEdit::Start));
}

fn network(app: &mut App, ctx: &egui::Context) {
    let config = TrainConfig { model: "cnn1".into(), ..app.snapshot().session.training.clone() };
    app.apply(ctx, Command::Train(TrainEdit::Configure(Box::new(config))));
    tab(app, ctx, "Network");
}

/// A digit read up to a step.
fn time(app: &mut App, ctx: &egui::Context, class: u8, tab: TimeTab, step: u64) {
    draw(app, ctx, class, |p| p);
    app.apply(ctx, Command::Show("time"));
    app.apply(ctx, Command::Time(TimeEdit::Tab(tab)));
    app.apply(ctx, Command::Time(TimeEdit::Unit("rnn2".into(), 36)));
    app.apply(ctx, Command::Time(TimeEdit::Play(PlaybackEdit::Go(step))));
}

fn read_in_time(app: &App) -> bool {
    let world = app.snapshot();
    world.time.asked() > 0 && world.sweeps.serial == world.time.asked()
}

fn survey(app: &mut App, ctx: &egui::Context) {
    let source = if app.snapshot().library.mnist.split().is_some() { "mnist" } else { "synthetic" };
    time(app, ctx, 3, TimeTab::Early, 14);
    app.apply(ctx, Command::Time(TimeEdit::Survey(source)));
}

fn surveyed(app: &App) -> bool {
    let survey = app.snapshot().survey;
    survey.total > 0 && !survey.running
}

/// The History view, at the moment where it was left.
fn look_back(app: &mut App, ctx: &egui::Context, pictures: Pictures, plots: Plots) {
    let settings = HistorySettings { pictures, plots, ..HistorySettings::default() };
    app.apply(ctx, Command::History(HistoryEdit::Settings(settings)));
    tab(app, ctx, history::TAB);
}

/// Goes to a part of the way through the run, whose history is open.
fn go_back(app: &mut App, ctx: &egui::Context, part: u64) {
    let (_, last) = app.snapshot().history.playback.range();
    let edit = PlaybackEdit::Go(last / part);
    app.apply(ctx, Command::History(HistoryEdit::Play(edit)));
}

/// Whether the moment that is asked for is shown, and all that was asked of it.
fn looked_back(app: &App) -> bool {
    let world = app.snapshot();
    let at = world.history.at();
    let shown = world.scrubbed.shown.as_ref();
    let there = shown.is_some_and(|s| Some(s.step) == at);
    let wants = world.session.history.plots == Plots::Confusion;
    let judged =
        matches!(&world.scrubbed.confusion, Confusion::Ready { step, .. } if Some(*step) == at);
    there && (judged || !wants)
}

/// The Receptive fields workspace from its beginning, with a digit and these edits.
fn fields(app: &mut App, ctx: &egui::Context, edits: &[FieldsEdit]) {
    draw(app, ctx, 3, |p| p);
    app.apply(ctx, Command::Show("fields"));
    let reset = [
        FieldsEdit::Model("cnn3".into()),
        FieldsEdit::Page(Page::Network),
        FieldsEdit::Show(Show::Maps),
        FieldsEdit::Reason(ReasonMap::Gradient),
        FieldsEdit::Top,
    ];
    // What a search is about is known once the network has been taken apart.
    for edit in reset {
        app.apply(ctx, Command::Fields(edit));
    }
    app.look(ctx);
    let begun = Instant::now();
    while app.snapshot().sight.anatomy.is_none() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
    }
    for edit in edits {
        app.apply(ctx, Command::Fields(edit.clone()));
    }
}

/// A unit of CNN 3's second layer, in the middle of the digit.
fn into_unit() -> FieldsEdit {
    FieldsEdit::Unit(Unit { layer: 1, y: 9, x: 12, channel: 17 })
}

fn looked(app: &App) -> bool {
    app.looked() && answered(app)
}

fn found(app: &App, what: fn(&Findings) -> bool) -> bool {
    let world = app.snapshot();
    looked(app) && what(&world.findings) && world.findings.running.is_none()
}

fn tab(app: &mut App, ctx: &egui::Context, name: &'static str) {
    app.apply(ctx, Command::Show("train"));
    app.apply(ctx, Command::TrainTab(name));
}

fn neuron(app: &mut App, ctx: &egui::Context, tab: NeuronTab) {
    app.apply(ctx, Command::Show("neuron"));
    app.apply(ctx, Command::Neuron(NeuronEdit::Tab(tab)));
}

fn simulated(app: &App) -> bool {
    app.snapshot().neuron.simulation.step >= 2_500
}

fn curve_of_adex(app: &mut App, ctx: &egui::Context) {
    app.apply(ctx, Command::Neuron(NeuronEdit::Play(PlaybackEdit::Pause)));
    neuron(app, ctx, NeuronTab::RateCurve);
    let settings = CurveSettings { model: Config::new("adex"), ..CurveSettings::default() };
    app.apply(ctx, Command::Neuron(NeuronEdit::Curve(Box::new(settings))));
}

fn unit_of_the_digit(app: &mut App, ctx: &egui::Context) {
    neuron(app, ctx, NeuronTab::Unit);
    let inputs = UnitInputs::Digit;
    let settings = UnitSettings { inputs, unit: 3, v_th: 1.0, ..UnitSettings::default() };
    app.apply(ctx, Command::Neuron(NeuronEdit::Unit(Box::new(settings))));
}

fn plasticity(app: &mut App, ctx: &egui::Context, tab: PlasticityTab) {
    app.apply(ctx, Command::Show("plasticity"));
    app.apply(ctx, Command::Plasticity(PlasticityEdit::Tab(tab)));
}

/// As fast as it can, until it has learned.
fn pattern_at_full_speed(app: &mut App, ctx: &egui::Context) {
    plasticity(app, ctx, PlasticityTab::Pattern);
    let speed = PlaybackEdit::Speed(1e9);
    app.apply(ctx, Command::Plasticity(PlasticityEdit::PlayPattern(speed)));
}

fn learned(app: &App) -> bool {
    let pattern = app.snapshot().plasticity.pattern;
    pattern.view.as_ref().is_some_and(|v| v.score.learned_ms.is_some())
}
