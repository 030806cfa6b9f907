//! What the workspace holds while it is open, and how its edits change it.
//!
//! The simulation of two neurons runs on a thread of its own. How the time bar, the sliders
//! and that thread go together:
//!
//! * While the bar follows live, playing and holding mean running and holding
//!   the simulation, and a step is a step of the engine.
//! * Anywhere in the past, the bar moves through what was recorded, and the
//!   simulation goes on, or not, as before.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use egui::Ui;

use super::network::{Entering, NirNetwork};
use super::settings::{
    self, CodesSettings, CurveSettings, FigureOne, NeuronSettings, NeuronTab, UnitInputs,
    UnitSettings,
};
use super::{ABOUT, measures, scenes, view};
use crate::core::playback::{Playback, PlaybackEdit};
use crate::snn::choose::Preference;
use crate::snn::experiments::cpu_engine;
use crate::snn::nir;
use crate::snn::nir::run::Fired;
use crate::snn::recording::Recording;
use crate::snn::recording::spike_times::EXTENSIONS;
use crate::ui::command::Outbox;
use crate::ui::desk::Desk;
use crate::ui::scene::Scene;
use crate::ui::widgets::live;
use crate::ui::widgets::raster::{BINS_MS, Group, RasterView};
use crate::ui::workspace::{About, Edit, Measure, Position, Shows, View, Workspace};
use crate::workers::Start;
use crate::workers::clicks::{Clicks, Passage};
use crate::workers::events::Event;
use crate::workers::experiments::{Experiment, Experiments, NirAnswer, Results};
use crate::workers::library::Job;
use crate::workers::simulation::{SimCommand, Simulation, SimulationView};

/// What was passed since the last frame is heard within this time, however slow the
/// bar.
const HEARD_WITHIN_S: f64 = 0.2;

/// What the user does in the Neuron lab.
#[derive(Clone, Debug)]
pub enum NeuronEdit {
    /// Show another experiment.
    Tab(NeuronTab),
    /// The time bar.
    Play(PlaybackEdit),
    /// The two neurons, their synapses and current.
    Figure(Box<FigureOne>),
    /// How raster and traces are looked at.
    Plot(Box<RasterView>),
    /// From time 0 again, with the settings as they are.
    Restart,
    /// Everything in the experiment shown as at the very beginning.
    Reset,
    /// The f–I curve's model and parameters.
    Curve(Box<CurveSettings>),
    /// The artificial and the biological neuron.
    Unit(Box<UnitSettings>),
    /// Look at another input of eq. (1), counted over all passes.
    UnitStep(usize),
    /// How the imported spikes are looked at.
    ImportedPlot(Box<RasterView>),
    /// Choose a file of spikes.
    Import,
    /// Open this file of spikes, or this network.
    Open(PathBuf),
    /// How the network that is open is run.
    Network(Box<NirNetwork>),
    /// Close it.
    CloseNetwork,
    /// Let the two neurons' spikes be heard, or not.
    Clicks(bool),
    /// Save the two neurons for other simulators.
    SaveNetwork,
    /// The neural codes.
    Codes(Box<CodesSettings>),
}

impl Edit for NeuronEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// Spikes from a file.
pub struct Imported {
    /// The file's name.
    pub name: String,
    /// The spikes.
    pub recording: Arc<Recording>,
    /// What the file did not say and was assumed.
    pub assumed: Option<String>,
    /// Neurons that belong together.
    pub groups: Vec<Group>,
    /// How they are looked at.
    pub plot: RasterView,
}

/// The workspace.
pub struct Neuron {
    pub kept: NeuronSettings,
    /// Where the time bar stands, in steps of the simulation.
    pub playback: Playback,
    /// How raster and traces are looked at.
    pub plot: RasterView,
    /// Spikes from a file.
    pub imported: Option<Imported>,
    /// A network from a file, whose spikes these are.
    pub network: Option<NirNetwork>,
    /// The two neurons.
    pub simulation: Arc<SimulationView>,
    /// Whether it is to run.
    pub running: bool,
    /// What the other experiments have found.
    pub results: Arc<Results>,
    /// Lets spikes be heard.
    pub clicks: Clicks,
    pub(super) thread: Simulation,
    experiments: Experiments,
    /// The engine that the thread was told of last.
    engine: Preference,
    /// How many networks the simulation was given, and how many changes of the newest.
    pub(super) loads: u64,
    pub(super) changes: u64,
    /// The step up to which spikes have been heard, and when.
    heard: Option<(u64, Instant)>,
    /// Step that the simulation was asked to reach while it is held.
    pub(super) awaited: u64,
    /// The network that was loaded last, to notice its arrival.
    generation: u64,
    /// Number of the newest question to the experiments, and the question.
    pub(super) asked: (u64, Option<Experiment>),
}

impl Neuron {
    /// Writes the two neurons as NIR.
    fn save_network(&self, desk: &mut Desk) {
        let spec = self.kept.figure.setup().spec;
        let written = spec.build().map_err(|e| e.to_string()).and_then(|network| {
            let weights: Vec<_> = network.projections.iter().map(|p| p.weights.clone()).collect();
            nir::file(&network, &weights).map_err(|e| e.to_string())
        });
        match written {
            Ok(bytes) => desk.export("two-neurons", "nir", bytes),
            Err(reason) => desk.toasts.failure(format!("The network was not saved: {reason}.")),
        }
    }

    /// Opens a network, or spikes: to be looked at, or as what comes into the network that is
    /// open.
    fn open_file(&mut self, path: PathBuf, desk: &mut Desk) {
        self.kept.tab = NeuronTab::Files;
        desk.show(ABOUT.id);
        // The same file may have changed: it is asked about anew.
        self.asked.1 = None;
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("nir")) {
            self.network = Some(NirNetwork::new(path, self.asked.0 + 1));
            self.imported = None;
        } else if let Some(network) = &mut self.network {
            network.input = Entering::Spikes(path);
        } else {
            desk.job(Job::ReadSpikes(path));
        }
    }

    /// Shows what the network that is open has done since.
    fn follow_network(&mut self, desk: &mut Desk) {
        let (Some(network), Some(answer)) = (&mut self.network, &self.results.nir) else { return };
        let (serial, answer) = &**answer;
        if network.shown == Some(*serial) || *serial < network.since {
            return;
        }
        network.shown = Some(*serial);
        let NirAnswer { read, ran } = answer;
        network.read = read.clone();
        match ran {
            Ok(ran) => {
                let plot = self.imported.take().map_or_else(
                    || {
                        let mut plot = whole_run();
                        // Such a run may be shorter than the usual bin.
                        let bin = ran.recording.duration_ms() / 25.0;
                        plot.bin_ms =
                            bin.clamp(*BINS_MS.start(), plot.bin_ms.max(*BINS_MS.start()));
                        plot
                    },
                    |before| before.plot,
                );
                let group = |p: &Fired| Group { name: p.name.clone(), size: p.neurons as u32 };
                self.imported = Some(Imported {
                    name: network.name(),
                    recording: Arc::clone(&ran.recording),
                    assumed: ran.assumed.clone(),
                    groups: ran.populations.iter().map(group).collect(),
                    plot,
                });
                (network.ran, network.failure) = (Some(Arc::clone(ran)), None);
            }
            Err(why) => {
                // Said once, and again where it stands.
                if network.failure.as_ref() != Some(why) {
                    desk.toasts.failure(format!("{why}."));
                }
                (network.ran, network.failure) = (None, Some(why.clone()));
                self.imported = None;
            }
        }
    }

    /// Shows neither spikes nor a network of a file any more.
    fn close_file(&mut self) {
        (self.imported, self.network) = (None, None);
        self.asked.1 = None;
    }

    fn reset(&mut self, desk: &mut Desk) {
        let kept = &mut self.kept;
        match kept.tab {
            NeuronTab::Spikes => {
                kept.figure = FigureOne::default();
                kept.playback = settings::fresh_playback();
                self.plot = settings::fresh_plot();
                self.playback = Playback::live(kept.playback);
                live::tell_speed(&self.playback, &self.thread);
                self.load_figure(desk);
            }
            NeuronTab::RateCurve => kept.curve = CurveSettings::default(),
            NeuronTab::Unit => kept.unit = UnitSettings::default(),
            NeuronTab::Codes => kept.codes = CodesSettings::default(),
            NeuronTab::Files => self.close_file(),
        }
    }

    /// Has the two neurons simulated from time 0.
    pub(super) fn load_figure(&mut self, desk: &mut Desk) {
        let setup = self.kept.figure.setup();
        self.awaited = setup.head_start;
        self.playback.edit(&PlaybackEdit::End);
        let sent = self.thread.send(SimCommand::Load(Box::new(setup)));
        if sent.is_ok() {
            (self.loads, self.changes) = (self.loads + 1, 0);
        }
        desk.sent(sent);
    }

    /// Takes over another figure and tells the running simulation what has changed;
    /// other wiring begins anew.
    fn change_figure(&mut self, figure: FigureOne, desk: &mut Desk) {
        let before = std::mem::replace(&mut self.kept.figure, figure);
        let now = &self.kept.figure;
        if !now.same_wiring(&before) {
            return self.load_figure(desk);
        }
        let changes = &mut self.changes;
        let mut tell = |command| {
            let sent = self.thread.send(command);
            *changes += u64::from(sent.is_ok());
            desk.sent(sent);
        };
        for ((name, value), (_, old)) in now.parameters().into_iter().zip(before.parameters()) {
            if value != old {
                for population in 0..2 {
                    tell(SimCommand::Parameter { population, name, value });
                }
            }
        }
        for (projection, (a, b)) in now.synapses.iter().zip(&before.synapses).enumerate() {
            if a.weight != b.weight {
                let weights = vec![a.weight as f32];
                tell(SimCommand::Weights { projection, weights });
            }
        }
        if now.stimulus != before.stimulus {
            tell(SimCommand::Stimulus(Box::new(now.stimulus.clone())));
        }
    }

    pub(super) fn play(&mut self, edit: &PlaybackEdit, desk: &mut Desk) {
        let steps = live::play(edit, &mut self.playback, &self.thread, &mut self.plot.time);
        if steps > 0 {
            self.awaited = self.thread.view().step + steps;
            desk.sent(self.thread.send(SimCommand::Steps(steps)));
        }
        live::tell_speed(&self.playback, &self.thread);
        self.kept.playback = self.playback.settings();
        self.plot.time.follow_bar(&self.playback, edit, settings::DT_MS);
    }

    /// Lets the time bar follow the run.
    fn follow_run(&mut self) {
        let (view, playback) = (&self.simulation, &mut self.playback);
        if view.generation != self.generation {
            self.generation = view.generation;
            playback.set_range(0, 0, true);
            playback.edit(&PlaybackEdit::End);
        }
        playback.set_range(0, view.step.saturating_sub(1), true);
        let settled =
            !view.goes && !view.running && (view.step >= self.awaited || view.failure.is_some());
        if !self.thread.is_running() && playback.is_following() && settled {
            playback.edit(&PlaybackEdit::Pause);
        }
    }

    /// Has the spikes clicked that the time bar has passed since the last frame.
    fn hear(&mut self, shown: bool) {
        let playback = &self.playback;
        let moves = (playback.is_following() && self.running) || playback.is_playing();
        if !shown || !moves || !self.clicks.is_on() {
            self.heard = None;
            return;
        }
        let (at, now) = (playback.at(), Instant::now());
        // Back at the beginning of a loop, hearing begins anew.
        if let Some((before, then)) = self.heard.filter(|(step, _)| *step <= at) {
            if before == at {
                // The next frame passes this time as well.
                return;
            }
            let seconds = (now - then).as_secs_f64().min(HEARD_WITHIN_S);
            let recording = Arc::clone(&self.simulation.recording);
            self.clicks.passed(Passage { recording, steps: before + 1..at + 1, seconds });
        }
        self.heard = Some((at, now));
    }

    /// What the view in front asks the experiments for.
    pub(super) fn task(&self, desk: &Desk) -> Option<Experiment> {
        let kept = &self.kept;
        Some(match kept.tab {
            NeuronTab::Spikes => return None,
            NeuronTab::Files => {
                let task = self.network.as_ref()?.task(desk.digit.pixels());
                Experiment::Nir(Box::new(task))
            }
            NeuronTab::RateCurve => Experiment::RateCurve(kept.curve.task()),
            NeuronTab::Unit => Experiment::Unit(kept.unit.task(desk.digit.pixels(), &desk.models)),
            NeuronTab::Codes => {
                Experiment::Codes(Box::new(kept.codes.task(&settings::shown_digit(&desk.digit))))
            }
        })
    }

    /// Asks the experiments what has changed.
    fn ask(&mut self, desk: &Desk) {
        let Some(task) = self.task(desk) else { return };
        if self.asked.1.as_ref() != Some(&task) {
            self.asked = (self.asked.0 + 1, Some(task.clone()));
            self.experiments.ask((self.asked.0, task));
        }
    }
}

impl Workspace for Neuron {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] = &["spikes", "rate_curve", "unit", "codes", "files"];
    type Settings = NeuronSettings;
    type Edit = NeuronEdit;

    fn open(kept: NeuronSettings, start: &Start) -> std::io::Result<Self> {
        let thread = Simulation::start("simulation", start.events.clone())?;
        let experiments = Experiments::start(cpu_engine, start.events.clone())?;
        let playback = Playback::live(kept.playback);
        live::tell_speed(&playback, &thread);
        Ok(Self {
            kept,
            playback,
            plot: settings::fresh_plot(),
            imported: None,
            network: None,
            simulation: thread.view(),
            running: false,
            results: experiments.answer(),
            clicks: Clicks::start(start.events.clone())?,
            thread,
            experiments,
            engine: Preference::default(),
            loads: 0,
            changes: 0,
            heard: None,
            awaited: 0,
            generation: 0,
            asked: (0, None),
        })
    }

    fn kept(&self) -> &NeuronSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: NeuronEdit, desk: &mut Desk) {
        let kept = &mut self.kept;
        match edit {
            NeuronEdit::Tab(tab) => kept.tab = tab,
            NeuronEdit::Play(edit) => self.play(&edit, desk),
            NeuronEdit::Figure(figure) => self.change_figure(*figure, desk),
            NeuronEdit::Plot(plot) => self.plot = *plot,
            NeuronEdit::ImportedPlot(plot) => {
                if let Some(imported) = &mut self.imported {
                    imported.plot = *plot;
                }
            }
            NeuronEdit::Import => desk.hub.choose_spikes(),
            NeuronEdit::Open(path) => self.open_file(path, desk),
            NeuronEdit::Network(network) => self.network = Some(*network),
            NeuronEdit::CloseNetwork => self.close_file(),
            NeuronEdit::Clicks(on) => self.clicks.set_on(on),
            NeuronEdit::SaveNetwork => self.save_network(desk),
            NeuronEdit::Restart => self.load_figure(desk),
            NeuronEdit::Reset => self.reset(desk),
            NeuronEdit::Curve(curve) => kept.curve = *curve,
            NeuronEdit::Unit(unit) => kept.unit = *unit,
            NeuronEdit::UnitStep(step) => kept.unit.step = step,
            NeuronEdit::Codes(codes) => kept.codes = *codes,
        }
    }

    fn restore(&mut self, kept: NeuronSettings, desk: &mut Desk) {
        self.playback.edit(&PlaybackEdit::Speed(kept.playback.steps_per_s));
        live::tell_speed(&self.playback, &self.thread);
        self.change_figure(kept.figure.clone(), desk);
        self.kept = NeuronSettings { playback: self.playback.settings(), ..kept };
    }

    /// A scene begins at time 0, as a simulation does whose sliders were not moved.
    fn reopen(&mut self, kept: NeuronSettings, desk: &mut Desk) {
        self.thread.set_running(false);
        (self.playback, self.plot) = (Playback::live(kept.playback), settings::fresh_plot());
        live::tell_speed(&self.playback, &self.thread);
        self.kept = kept;
        if self.loads > 0 {
            self.load_figure(desk);
        }
    }

    fn time(&self) -> Option<Position> {
        (self.kept.tab == NeuronTab::Spikes).then(|| Position::of(&self.playback))
    }

    fn go(&mut self, step: u64, desk: &mut Desk) {
        self.go_to(step, desk);
    }

    fn settled(&self, desk: &Desk) -> bool {
        self.is_settled(desk)
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.let_run(desk);
    }

    fn measures() -> &'static [Measure<Self>] {
        measures::MEASURES
    }

    fn undoes(edit: &NeuronEdit) -> bool {
        use NeuronEdit as E;
        matches!(edit, E::Figure(_) | E::Curve(_) | E::Unit(_) | E::Codes(_) | E::Reset)
    }

    fn shows(&self) -> Shows {
        let digit = match self.kept.tab {
            NeuronTab::Unit => self.kept.unit.inputs == UnitInputs::Digit,
            NeuronTab::Codes => true,
            NeuronTab::Files => {
                let of = self.network.as_ref();
                of.is_some_and(|n| !matches!(n.input, Entering::Spikes(_)))
            }
            NeuronTab::Spikes | NeuronTab::RateCurve => false,
        };
        Shows { digit, answers: false }
    }

    /// Loads the two neurons when they are first looked at, lets the time bar follow the run, and
    /// asks the experiments what has changed.
    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        self.simulation = self.thread.view();
        self.running = self.thread.is_running();
        self.results = self.experiments.answer();
        self.follow_network(desk);
        if self.engine != desk.session.engine {
            self.engine = desk.session.engine;
            desk.sent(self.thread.send(SimCommand::Engine(self.engine)));
        }
        let spikes = shown && self.kept.tab == NeuronTab::Spikes;
        self.thread.set_watched(spikes);
        if spikes && self.loads == 0 {
            // Held: who wants to see it run presses play.
            self.load_figure(desk);
        }
        self.follow_run();
        self.hear(spikes);
        if shown {
            self.ask(desk);
        }
    }

    /// Shows spikes that were read from a file.
    fn receive(&mut self, event: &Event, desk: &mut Desk) {
        match event {
            Event::SpikesChosen(path) => self.open_file(path.clone(), desk),
            Event::SpikesRead { name, recording, assumed } => {
                let plot = whole_run();
                let (name, recording) = (name.clone(), Arc::clone(recording));
                let (assumed, groups) = (assumed.clone(), Vec::new());
                self.imported = Some(Imported { name, recording, assumed, groups, plot });
                self.kept.tab = NeuronTab::Files;
                desk.show(ABOUT.id);
            }
            _ => {}
        }
    }

    fn takes(file: &Path) -> Option<NeuronEdit> {
        let extension = file.extension()?;
        let mut known = EXTENSIONS.iter().chain(&["nir"]);
        let opens = known.any(|known| extension.eq_ignore_ascii_case(known));
        opens.then(|| NeuronEdit::Open(file.to_path_buf()))
    }

    fn strayed(&self) -> bool {
        self.kept.tab == NeuronTab::Spikes && self.changes > 0
    }

    fn leave(&self, _desk: &mut Desk) {
        self.thread.quit();
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}

/// A view of all there is.
fn whole_run() -> RasterView {
    let mut plot = settings::fresh_plot();
    plot.time.whole = true;
    plot
}
