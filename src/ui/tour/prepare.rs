//! What sets the scenes up, and tells when they are ready to be rendered.

use std::time::{Duration, Instant};

use super::super::app::App;
use super::super::command::{Command, DataEdit, DigitEdit, TrainEdit};
use super::super::conversion::{ConversionEdit, ConversionTab};
use super::super::diehl_cook::DigitsEdit;
use super::super::diehl_cook::settings::DigitsTab;
use super::super::history::{self, HistoryEdit, HistorySettings, Pictures, Plots};
use super::super::neuron::NeuronEdit;
use super::super::neuron::settings::{CurveSettings, NeuronTab, UnitInputs, UnitSettings};
use super::super::plasticity::PlasticityEdit;
use super::super::plasticity::settings::PlasticityTab;
use super::super::time::{TimeEdit, TimeTab};
use super::super::workspaces::fields::view::{FieldsEdit, Page, ReasonMap, Show};
use super::PATIENCE;
use crate::ann::inspect::Unit;
use crate::ann::trainer::TrainConfig;
use crate::core::playback::PlaybackEdit;
use crate::data::synthetic;
use crate::snn::params::Config;
use crate::workers::inspect::Findings;
use crate::workers::library::Loading;
use crate::workers::scrub::Confusion;
use crate::workers::training::Phase;

pub(super) fn answered(app: &App) -> bool {
    let world = app.snapshot();
    world.answers_current && !matches!(world.library.mnist, Loading::Unknown | Loading::Busy)
}

pub(super) fn trained(app: &App) -> bool {
    matches!(app.snapshot().training.phase, Phase::Finished | Phase::Failed(_))
}

/// Draws the strokes of a generated digit, moved and scaled on the canvas.
pub(super) fn draw(app: &mut App, ctx: &egui::Context, class: u8, place: fn([f32; 2]) -> [f32; 2]) {
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

pub(super) fn draw_three(app: &mut App, ctx: &egui::Context) {
    draw(app, ctx, 3, |p| p);
}

pub(super) fn draw_eight(app: &mut App, ctx: &egui::Context) {
    draw(app, ctx, 8, |p| p);
}

pub(super) fn draw_five(app: &mut App, ctx: &egui::Context) {
    draw(app, ctx, 5, |p| p);
}

pub(super) fn draw_in_a_corner(app: &mut App, ctx: &egui::Context) {
    app.apply(ctx, Command::Digit(DigitEdit::PenWidth(0.04)));
    draw(app, ctx, 2, |[x, y]| [0.04 + 0.35 * x, 0.6 + 0.35 * y]);
    app.apply(ctx, Command::Digit(DigitEdit::Centre(false)));
}

pub(super) fn pick(app: &mut App, ctx: &egui::Context) {
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

pub(super) fn train(app: &mut App, ctx: &egui::Context) {
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

pub(super) fn network(app: &mut App, ctx: &egui::Context) {
    let config = TrainConfig { model: "cnn1".into(), ..app.snapshot().session.training.clone() };
    app.apply(ctx, Command::Train(TrainEdit::Configure(Box::new(config))));
    tab(app, ctx, "Network");
}

/// A digit read up to a step.
pub(super) fn time(app: &mut App, ctx: &egui::Context, class: u8, tab: TimeTab, step: u64) {
    draw(app, ctx, class, |p| p);
    app.apply(ctx, Command::Show("time"));
    app.apply(ctx, Command::Time(TimeEdit::Tab(tab)));
    app.apply(ctx, Command::Time(TimeEdit::Unit("rnn2".into(), 36)));
    app.apply(ctx, Command::Time(TimeEdit::Play(PlaybackEdit::Go(step))));
}

pub(super) fn read_in_time(app: &App) -> bool {
    let world = app.snapshot();
    world.time.asked() > 0 && world.sweeps.serial == world.time.asked()
}

pub(super) fn survey(app: &mut App, ctx: &egui::Context) {
    let source = if app.snapshot().library.mnist.split().is_some() { "mnist" } else { "synthetic" };
    time(app, ctx, 3, TimeTab::Early, 14);
    app.apply(ctx, Command::Time(TimeEdit::Survey(source)));
}

pub(super) fn surveyed(app: &App) -> bool {
    let survey = app.snapshot().survey;
    survey.total > 0 && !survey.running
}

/// The History view, at the moment where it was left.
pub(super) fn look_back(app: &mut App, ctx: &egui::Context, pictures: Pictures, plots: Plots) {
    let settings = HistorySettings { pictures, plots, ..HistorySettings::default() };
    app.apply(ctx, Command::History(HistoryEdit::Settings(settings)));
    tab(app, ctx, history::TAB);
}

/// Goes to a part of the way through the run, whose history is open.
pub(super) fn go_back(app: &mut App, ctx: &egui::Context, part: u64) {
    let (_, last) = app.snapshot().history.playback.range();
    let edit = PlaybackEdit::Go(last / part);
    app.apply(ctx, Command::History(HistoryEdit::Play(edit)));
}

/// Whether the moment that is asked for is shown, and all that was asked of it.
pub(super) fn looked_back(app: &App) -> bool {
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
pub(super) fn fields(app: &mut App, ctx: &egui::Context, edits: &[FieldsEdit]) {
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
pub(super) fn into_unit() -> FieldsEdit {
    FieldsEdit::Unit(Unit { layer: 1, y: 9, x: 12, channel: 17 })
}

pub(super) fn looked(app: &App) -> bool {
    app.looked() && answered(app)
}

pub(super) fn found(app: &App, what: fn(&Findings) -> bool) -> bool {
    let world = app.snapshot();
    looked(app) && what(&world.findings) && world.findings.running.is_none()
}

pub(super) fn tab(app: &mut App, ctx: &egui::Context, name: &'static str) {
    app.apply(ctx, Command::Show("train"));
    app.apply(ctx, Command::TrainTab(name));
}

pub(super) fn neuron(app: &mut App, ctx: &egui::Context, tab: NeuronTab) {
    app.apply(ctx, Command::Show("neuron"));
    app.apply(ctx, Command::Neuron(NeuronEdit::Tab(tab)));
    if tab == NeuronTab::Spikes && !simulated(app) {
        app.apply(ctx, Command::Neuron(NeuronEdit::Play(play(ctx))));
    }
}

/// No workspace plays by itself: a scene that needs a run begins it.
fn play(ctx: &egui::Context) -> PlaybackEdit {
    PlaybackEdit::Play { now_s: ctx.input(|i| i.time) }
}

pub(super) fn simulated(app: &App) -> bool {
    app.snapshot().neuron.simulation.step >= 2_500
}

pub(super) fn curve_of_adex(app: &mut App, ctx: &egui::Context) {
    app.apply(ctx, Command::Neuron(NeuronEdit::Play(PlaybackEdit::Pause)));
    neuron(app, ctx, NeuronTab::RateCurve);
    let settings = CurveSettings { model: Config::new("adex"), ..CurveSettings::default() };
    app.apply(ctx, Command::Neuron(NeuronEdit::Curve(Box::new(settings))));
}

pub(super) fn unit_of_the_digit(app: &mut App, ctx: &egui::Context) {
    neuron(app, ctx, NeuronTab::Unit);
    let inputs = UnitInputs::Digit;
    let settings = UnitSettings { inputs, unit: 3, v_th: 1.0, ..UnitSettings::default() };
    app.apply(ctx, Command::Neuron(NeuronEdit::Unit(Box::new(settings))));
}

pub(super) fn plasticity(app: &mut App, ctx: &egui::Context, tab: PlasticityTab) {
    app.apply(ctx, Command::Show("plasticity"));
    app.apply(ctx, Command::Plasticity(PlasticityEdit::Tab(tab)));
}

/// As fast as it can, until it has learned.
pub(super) fn pattern_at_full_speed(app: &mut App, ctx: &egui::Context) {
    plasticity(app, ctx, PlasticityTab::Pattern);
    for edit in [PlaybackEdit::Speed(1e9), play(ctx)] {
        app.apply(ctx, Command::Plasticity(PlasticityEdit::PlayPattern(edit)));
    }
}

pub(super) fn learned(app: &App) -> bool {
    let pattern = app.snapshot().plasticity.pattern;
    pattern.view.as_ref().is_some_and(|v| v.score.learned_ms.is_some())
}

/// The Spiking network workspace: learns at full speed.
pub(super) fn spiking(app: &mut App, ctx: &egui::Context) {
    app.apply(ctx, Command::Show("spiking"));
    app.apply(ctx, Command::Digits(DigitsEdit::Tab(DigitsTab::Learning)));
    app.apply(ctx, Command::Digits(DigitsEdit::Play(play(ctx))));
}

pub(super) fn spiking_learned(app: &App) -> bool {
    app.snapshot().digits.view.images >= 3000
}

/// The same, held and stepped to spikes.
pub(super) fn spiking_spikes(app: &mut App, ctx: &egui::Context) {
    app.apply(ctx, Command::Digits(DigitsEdit::Play(PlaybackEdit::Pause)));
    app.apply(ctx, Command::Digits(DigitsEdit::Tab(DigitsTab::Spikes)));
    for _ in 0..8 {
        app.apply(ctx, Command::Digits(DigitsEdit::NextSpike));
    }
}

pub(super) fn spiking_recorded(app: &App) -> bool {
    app.snapshot().digits.view.stretch.recording.steps() > 100
}

/// A three before the network, at the end of its 350 ms.
pub(super) fn spiking_digit(app: &mut App, ctx: &egui::Context) {
    draw_three(app, ctx);
    app.apply(ctx, Command::Show("spiking"));
    app.apply(ctx, Command::Digits(DigitsEdit::Tab(DigitsTab::Digit)));
    app.apply(ctx, Command::Digits(DigitsEdit::Play(PlaybackEdit::End)));
}

/// Once the digit has been shown.
pub(super) fn spiking_voted(app: &App) -> bool {
    let world = app.snapshot();
    let bar = &world.digits.state.digit;
    let over = bar.range().1 > 0 && bar.at() == bar.range().1;
    over && world
        .digits
        .shown
        .competition
        .as_ref()
        .is_some_and(|c| c.pixels[..] == world.digit.pixels()[..])
}

pub(super) fn conversion(app: &mut App, ctx: &egui::Context) {
    draw_three(app, ctx);
    app.apply(ctx, Command::Show("conversion"));
}

pub(super) fn conversion_spikes(app: &mut App, ctx: &egui::Context) {
    conversion(app, ctx);
    app.apply(ctx, Command::Conversion(ConversionEdit::Tab(ConversionTab::Spikes)));
}

/// Once the newest question is answered.
pub(super) fn converted(app: &App) -> bool {
    let world = app.snapshot();
    world.conversion.state.is_current(&world.conversion.shown)
}
