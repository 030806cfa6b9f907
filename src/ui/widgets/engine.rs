//! The engine of a live simulation: which one, why, how fast, and the switch; the same
//! widget wherever something is simulated.

use egui::{Button, ComboBox, Label, RichText, Ui};

use super::names;
use crate::core::text::grouped;
use crate::snn::choose::{InUse, Preference};
use crate::ui::command::{Command, Outbox};
use crate::ui::theme::{self, palette};
use crate::workers::simulation::Speeds;

/// Below this width, points, speed and reason are only on hovering and in the
/// list; the time bar tells the speed as well.
const NARROW: f32 = 600.0;

/// What is known of the simulation that runs.
pub struct EngineRow<'a> {
    /// What the user asks for.
    pub preference: Preference,
    /// The engine in use; `None` before the first network.
    pub used: Option<&'a InUse>,
    /// Measured speed, while it runs.
    pub speeds: Option<Speeds>,
    /// Whether it is to run.
    pub running: bool,
}

impl EngineRow<'_> {
    /// Draws the switch in a row that wraps, and below it, where there is room, speed and
    /// reason.
    pub fn show(&self, ui: &mut Ui, out: &mut Outbox) {
        let narrow = ui.max_rect().width() < NARROW;
        let why = self.why();
        let label = if narrow { None } else { Some(ui.label("Engine")) };
        let list = ComboBox::from_id_salt("engine")
            .selected_text(self.chosen())
            .width(if narrow { 112.0 } else { 128.0 })
            .show_ui(ui, |ui| self.choices(ui, &why, out))
            .response
            .on_hover_text(format!("{}. {why}", self.speed()));
        names::list(list, label, "Engine", &self.chosen());
        if narrow {
            return;
        }
        let weak = palette(ui.visuals()).weak;
        ui.end_row();
        let text = RichText::new(format!("{}; {why}", self.speed()));
        ui.label(text.font(theme::regular(11.5)).color(weak));
    }

    /// Whether the engine in use is what was asked for last.
    fn settled(&self) -> bool {
        self.used.is_none_or(|used| used.preference == self.preference)
    }

    fn chosen(&self) -> String {
        match self.used {
            _ if !self.settled() => format!("{} …", self.preference.name()),
            Some(used) if used.info.kind != self.preference.name() => {
                format!("{}: {}", self.preference.name(), used.info.kind)
            }
            _ => self.preference.name().to_owned(),
        }
    }

    /// `CPU engine (AVX-512, 1 thread): 2 neurons are too few …`
    fn why(&self) -> String {
        let Some(used) = self.used.filter(|_| self.settled()) else {
            return format!("the {} engine is being made", self.preference.name());
        };
        let reason = used.reason.split_once(": ").map_or("", |(_, reason)| reason);
        format!("{} engine ({}): {reason}", used.info.kind, used.info.detail)
    }

    fn speed(&self) -> String {
        let rounded = |x: f64| grouped(x.round() as u64);
        match self.speeds {
            Some(s) => format!(
                "{} ms/s simulated, {} steps/s, {} synaptic events/s",
                rounded(s.ms_per_s),
                rounded(s.steps_per_s),
                rounded(s.events_per_s)
            ),
            None if self.running => "measuring the speed …".to_owned(),
            None => "held".to_owned(),
        }
    }

    fn choices(&self, ui: &mut Ui, why: &str, out: &mut Outbox) {
        ui.set_min_width(280.0);
        for preference in Preference::ALL {
            let tip = match preference {
                Preference::Automatic => {
                    "The CPU for small networks and where the graphics adapter is a software one, the GPU else"
                }
                Preference::Cpu => "The processor; one thread, event by event",
                Preference::Gpu => {
                    "The graphics adapter, by shaders. The result is the same; a small network is slower there"
                }
            };
            let button = Button::selectable(preference == self.preference, preference.name());
            if ui.add(button).on_hover_text(tip).clicked() && preference != self.preference {
                out.push(Command::Engine(preference));
            }
        }
        ui.separator();
        let weak = palette(ui.visuals()).weak;
        let text = format!("Runs now on the {why}. A change keeps the run and what is recorded.");
        ui.add(Label::new(RichText::new(text).small().color(weak)).wrap());
    }
}
