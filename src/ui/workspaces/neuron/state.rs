//! The state of the Neuron lab, and how its command changes it.
//!
//! Settings are plain data, kept over a restart. The simulation of Fig. 1 runs
//! on a thread of its own; here stands how the time bar, the sliders and that
//! thread go together:
//!
//! * While the bar follows live, playing and holding mean running and holding
//!   the simulation, and a step is a step of the engine.
//! * Anywhere in the past, the bar moves through what was recorded, and the
//!   simulation goes on, or not, as before.

mod ranges;
pub mod settings;

use std::sync::Arc;
use std::time::Instant;

use super::app::App;
use super::live;
use crate::core::playback::{Playback, PlaybackEdit};
use crate::snn::nir;
use crate::snn::recording::Recording;
use crate::workers::clicks::Passage;
use crate::workers::experiments::Experiment;
use crate::workers::library::Job;
use crate::workers::simulation::SimCommand;
use settings::{CodesSettings, CurveSettings, FigureOne, NeuronSettings, NeuronTab, UnitSettings};

use super::widgets::raster::RasterView;

/// What was passed since the last frame is heard within this time, however slow the
/// bar.
const HEARD_WITHIN_S: f64 = 0.2;
/// Speed above which the simulation runs as fast as it can, steps per second.
const UNBOUNDED_STEPS_PER_S: f64 = 1e8;

/// What the user does in the Neuron lab.
#[derive(Clone, Debug)]
pub enum NeuronEdit {
    /// Show another experiment.
    Tab(NeuronTab),
    /// The time bar.
    Play(PlaybackEdit),
    /// Fig. 1's neurons, synapses and current.
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
    /// How the imported spikes are looked at.
    ImportedPlot(Box<RasterView>),
    /// Choose a file of spikes.
    Import,
    /// Let Fig. 1's spikes be heard, or not.
    Clicks(bool),
    /// Save Fig. 1's network for other simulators.
    SaveNetwork,
    /// The neural codes.
    Codes(Box<CodesSettings>),
}

/// Spikes from a file.
pub struct Imported {
    /// The file's name.
    pub name: String,
    /// The spikes.
    pub recording: Arc<Recording>,
    /// What the file did not say and was assumed.
    pub assumed: Option<String>,
    /// How they are looked at.
    pub plot: RasterView,
}

/// The lab's own state.
pub struct Neuron {
    /// Where the time bar stands, in steps of the simulation.
    pub playback: Playback,
    /// How raster and traces are looked at.
    pub plot: RasterView,
    /// Whether the simulation has its network.
    loaded: bool,
    /// The step up to which spikes have been heard, and when.
    heard: Option<(u64, Instant)>,
    /// Step that the simulation was asked to reach while it is held.
    awaited: u64,
    /// The network that was loaded last, to notice its arrival.
    generation: u64,
    /// Spikes from a file: its name, and how they are looked at.
    pub imported: Option<Imported>,
    /// Number of the newest question to the experiments, and the question.
    asked: (u64, Option<Experiment>),
}

impl Neuron {
    /// Fresh, with the time bar's speed as kept.
    pub fn new(settings: &NeuronSettings) -> Self {
        Self {
            playback: Playback::live(settings.playback),
            plot: settings::fresh_plot(),
            loaded: false,
            heard: None,
            awaited: 0,
            generation: 0,
            imported: None,
            asked: (0, None),
        }
    }

    /// Number of the newest question to the experiments.
    pub fn asked(&self) -> u64 {
        self.asked.0
    }
}

impl App {
    /// Carries an edit of the Neuron lab out.
    pub(super) fn edit_neuron(&mut self, edit: NeuronEdit) {
        let kept = &mut self.session.neuron;
        match edit {
            NeuronEdit::Tab(tab) => kept.tab = tab,
            NeuronEdit::Play(edit) => self.play_neuron(edit),
            NeuronEdit::Figure(figure) => {
                let before = std::mem::replace(&mut kept.figure, *figure);
                self.change_figure(&before);
            }
            NeuronEdit::Plot(plot) => self.neuron.plot = *plot,
            NeuronEdit::ImportedPlot(plot) => {
                if let Some(imported) = &mut self.neuron.imported {
                    imported.plot = *plot;
                }
            }
            NeuronEdit::Import => self.hub.choose_spikes(),
            NeuronEdit::Clicks(on) => self.hub.clicks.set_on(on),
            NeuronEdit::SaveNetwork => self.save_network(),
            NeuronEdit::Restart => self.load_figure(),
            NeuronEdit::Reset => self.reset_neuron(),
            NeuronEdit::Curve(curve) => kept.curve = *curve,
            NeuronEdit::Unit(unit) => kept.unit = *unit,
            NeuronEdit::Codes(codes) => kept.codes = *codes,
        }
    }

    /// Writes Fig. 1's two neurons as NIR.
    fn save_network(&mut self) {
        let spec = self.session.neuron.figure.setup().spec;
        let written = spec.build().map_err(|e| e.to_string()).and_then(|network| {
            let weights: Vec<_> = network.projections.iter().map(|p| p.weights.clone()).collect();
            nir::file(&network, &weights).map_err(|e| e.to_string())
        });
        match written {
            Ok(bytes) => {
                let path = self.export_path("fig-1", "nir");
                self.job(Job::Export { path, bytes });
            }
            Err(reason) => self.toasts.failure(format!("The network was not saved: {reason}.")),
        }
    }

    /// Shows spikes that were read from a file.
    pub(super) fn show_spikes(
        &mut self,
        name: String,
        recording: Arc<Recording>,
        assumed: Option<String>,
    ) {
        let mut plot = settings::fresh_plot();
        plot.time.show_all(recording.duration_ms());
        self.neuron.imported = Some(Imported { name, recording, assumed, plot });
        self.session.neuron.tab = NeuronTab::Files;
        self.workspace = &super::workspaces::neuron::WORKSPACE;
    }

    fn reset_neuron(&mut self) {
        let kept = &mut self.session.neuron;
        match kept.tab {
            NeuronTab::Spikes => {
                kept.figure = FigureOne::default();
                kept.playback = settings::fresh_playback();
                let speed = kept.playback.steps_per_s;
                self.neuron.plot = settings::fresh_plot();
                self.neuron.playback = Playback::live(kept.playback);
                self.hub.simulation().set_speed(speed);
                self.load_figure();
            }
            NeuronTab::RateCurve => kept.curve = CurveSettings::default(),
            NeuronTab::Unit => kept.unit = UnitSettings::default(),
            NeuronTab::Codes => kept.codes = CodesSettings::default(),
            NeuronTab::Files => self.neuron.imported = None,
        }
    }

    /// Has Fig. 1 simulated from time 0.
    fn load_figure(&mut self) {
        let setup = self.session.neuron.figure.setup();
        self.neuron.loaded = true;
        self.neuron.awaited = setup.head_start;
        self.neuron.playback.edit(&PlaybackEdit::End);
        self.simulate(SimCommand::Load(Box::new(setup)));
    }

    fn simulate(&mut self, command: SimCommand) {
        if let Err(busy) = self.hub.simulation().send(command) {
            self.toasts.failure(busy.to_string());
        }
    }

    /// Tells the running simulation what has changed; other wiring begins anew.
    fn change_figure(&mut self, before: &FigureOne) {
        let now = self.session.neuron.figure.clone();
        if !now.same_wiring(before) {
            return self.load_figure();
        }
        for ((name, value), (_, old)) in now.parameters().into_iter().zip(before.parameters()) {
            if value != old {
                for population in 0..2 {
                    self.simulate(SimCommand::Parameter { population, name, value });
                }
            }
        }
        for (projection, (a, b)) in now.synapses.iter().zip(&before.synapses).enumerate() {
            if a.weight != b.weight {
                let weights = vec![a.weight as f32];
                self.simulate(SimCommand::Weights { projection, weights });
            }
        }
        if now.stimulus != before.stimulus {
            self.simulate(SimCommand::Stimulus(Box::new(now.stimulus)));
        }
    }

    fn play_neuron(&mut self, edit: PlaybackEdit) {
        let (bar, view) = (&mut self.neuron.playback, &mut self.neuron.plot.time);
        let steps = live::play(&edit, bar, self.hub.simulation(), view);
        if steps > 0 {
            self.neuron.awaited = self.hub.simulation().view().step + steps;
            self.simulate(SimCommand::Steps(steps));
        }
        let speed = self.neuron.playback.steps_per_s();
        let bounded = if speed >= UNBOUNDED_STEPS_PER_S { f64::INFINITY } else { speed };
        self.hub.simulation().set_speed(bounded);
        self.session.neuron.playback = self.neuron.playback.settings();
        self.neuron.plot.time.follow_bar(&self.neuron.playback, &edit, settings::DT_MS);
    }

    /// Once a frame: loads Fig. 1 when it is first looked at, lets the time bar
    /// follow the run, and asks the experiments what has changed.
    pub(super) fn follow_neuron(&mut self) {
        let shown = self.workspace.id == "neuron";
        let spikes = shown && self.session.neuron.tab == NeuronTab::Spikes;
        self.hub.simulation().set_watched(spikes);
        if spikes && !self.neuron.loaded {
            self.hub.simulation().set_speed(self.neuron.playback.steps_per_s());
            // Held: who wants to see it run presses play.
            self.load_figure();
        }
        let view = self.hub.simulation().view();
        if view.generation != self.neuron.generation {
            self.neuron.generation = view.generation;
            self.neuron.playback.set_range(0, 0, true);
            self.neuron.playback.edit(&PlaybackEdit::End);
        }
        let playback = &mut self.neuron.playback;
        playback.set_range(0, view.step.saturating_sub(1), true);
        let settled = !view.goes
            && !view.running
            && (view.step >= self.neuron.awaited || view.failure.is_some());
        if !self.hub.simulation().is_running() && playback.is_following() && settled {
            playback.edit(&PlaybackEdit::Pause);
        }
        self.hear(spikes);
        if shown {
            self.ask_experiment();
        }
    }

    /// Has the spikes clicked that the time bar has passed since the last frame.
    fn hear(&mut self, shown: bool) {
        let (playback, thread) = (&self.neuron.playback, self.hub.simulation());
        let moves = (playback.is_following() && thread.is_running()) || playback.is_playing();
        if !shown || !moves || !self.hub.clicks.is_on() {
            self.neuron.heard = None;
            return;
        }
        let (at, now) = (playback.at(), Instant::now());
        // Back at the beginning of a loop, hearing begins anew.
        if let Some((before, then)) = self.neuron.heard.filter(|(step, _)| *step <= at) {
            if before == at {
                // The next frame passes this time as well.
                return;
            }
            let seconds = (now - then).as_secs_f64().min(HEARD_WITHIN_S);
            let recording = Arc::clone(&thread.view().recording);
            self.hub.clicks.passed(Passage { recording, steps: before + 1..at + 1, seconds });
        }
        self.neuron.heard = Some((at, now));
    }

    fn ask_experiment(&mut self) {
        let kept = &self.session.neuron;
        let task = match kept.tab {
            NeuronTab::Spikes | NeuronTab::Files => return,
            NeuronTab::RateCurve => Experiment::RateCurve(kept.curve.task()),
            NeuronTab::Unit => {
                Experiment::Unit(kept.unit.task(self.digit.pixels(), &self.shown_models))
            }
            NeuronTab::Codes => {
                Experiment::Codes(Box::new(kept.codes.task(&settings::shown_digit(&self.digit))))
            }
        };
        if self.neuron.asked.1.as_ref() != Some(&task) {
            self.neuron.asked = (self.neuron.asked.0 + 1, Some(task.clone()));
            self.hub.experiments().ask(self.neuron.asked.0, task);
        }
    }
}

/// What the lab's part of the snapshot is made of.
pub struct NeuronWorld<'a> {
    /// The lab's own state.
    pub state: &'a Neuron,
    /// Fig. 1.
    pub simulation: Arc<crate::workers::simulation::SimulationView>,
    /// Whether it runs.
    pub running: bool,
    /// Whether its spikes are heard.
    pub clicks: bool,
    /// The other experiments.
    pub results: Arc<crate::workers::experiments::Results>,
}
