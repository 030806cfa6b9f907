//! What survives a restart: written a moment after each change, read at the
//! start. A broken file is set aside, never a reason not to start.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::conversion::ConversionSettings;
use super::diehl_cook::settings::DigitsSettings;
use super::digit::Treatment;
use super::history::HistorySettings;
use super::neuron::settings::NeuronSettings;
use super::plasticity::settings::PlasticitySettings;
use super::time::TimeSettings;
use super::workspaces::fields::view::FieldsView;
use crate::ann::trainer::TrainConfig;
use crate::core::files::read_limited;
use crate::data::strokes::Stroke;
use crate::snn::choose::Wish;

/// The largest session that is read; a drawing of a day has some megabytes.
const MOST_BYTES: u64 = 64 << 20;

/// The user's state between two starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// `light`, `dark` or `system`.
    pub theme: ThemeChoice,
    /// Projector mode.
    pub projector: bool,
    /// The theme to go back to when projector mode ends.
    pub theme_before: Option<ThemeChoice>,
    /// Id of the workspace last seen.
    pub workspace: String,
    /// Inner size of the window, points (without the projector's zoom).
    pub window: Option<[f32; 2]>,
    /// The drawing.
    pub strokes: Vec<Stroke>,
    /// How the digit is shown to the networks.
    pub treatment: Treatment,
    /// How the answers are listed.
    pub answers: AnswersView,
    /// Id of the set of weights in the box that answers.
    pub weight_set: String,
    /// The settings for the next training run.
    pub training: TrainConfig,
    /// The History view of the Train workspace.
    pub history: HistorySettings,
    /// Runs that wait for their turn.
    pub queue: Vec<TrainConfig>,
    /// Whether they are begun one after another.
    pub queue_runs: bool,
    /// Whether the network in training answers in the Draw workspace.
    pub live: bool,
    /// Runs whose networks answer in the Draw workspace.
    pub used_runs: Vec<String>,
    /// Where MNIST is, if the user chose a folder.
    pub mnist_folder: Option<PathBuf>,
    /// Whether the user does not want to be offered MNIST again.
    pub without_mnist: bool,
    /// The Time workspace.
    pub time: TimeSettings,
    /// The Conversion workspace.
    pub conversion: ConversionSettings,
    /// The Neuron lab.
    pub neuron: NeuronSettings,
    /// The Plasticity lab.
    pub plasticity: PlasticitySettings,
    /// The Spiking network workspace.
    pub digits: DigitsSettings,
    /// Interrupted runs that the user does not want to be asked about again.
    pub dismissed_runs: Vec<String>,
    /// The Receptive fields workspace.
    pub fields: FieldsView,
    /// The engine that live simulations run on.
    pub engine: Wish,
}

/// How the answers in the Draw workspace are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswersView {
    /// Key of the one that is shown large.
    pub large: String,
    /// Their order.
    pub order: AnswersOrder,
}

impl Default for AnswersView {
    fn default() -> Self {
        Self { large: "all".into(), order: AnswersOrder::default() }
    }
}

/// The order of the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswersOrder {
    /// Ensembles, dense, convolutional, recurrent, the user's own.
    #[default]
    Kind,
    /// The most certain first.
    Certainty,
    /// The best on the test set first.
    Accuracy,
}

impl Session {
    /// Projector mode on or off. A projector's room is bright, and white paper
    /// reads best there; afterwards the theme is the one from before.
    pub fn set_projector(&mut self, on: bool) {
        if on && !self.projector {
            self.theme_before = Some(std::mem::replace(&mut self.theme, ThemeChoice::Light));
        } else if let (false, Some(theme)) = (on, self.theme_before.take()) {
            self.theme = theme;
        }
        self.projector = on;
    }
}

/// Light, dark or as the system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// Dark paper, white ink.
    Dark,
    /// White paper, black ink.
    Light,
    /// As the desktop is set.
    #[default]
    System,
}

impl From<ThemeChoice> for egui::ThemePreference {
    fn from(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::Dark => Self::Dark,
            ThemeChoice::Light => Self::Light,
            ThemeChoice::System => Self::System,
        }
    }
}

impl From<egui::ThemePreference> for ThemeChoice {
    fn from(preference: egui::ThemePreference) -> Self {
        match preference {
            egui::ThemePreference::Dark => Self::Dark,
            egui::ThemePreference::Light => Self::Light,
            egui::ThemePreference::System => Self::System,
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            projector: false,
            theme_before: None,
            workspace: "draw".into(),
            window: None,
            strokes: Vec::new(),
            treatment: Treatment::default(),
            answers: AnswersView::default(),
            weight_set: crate::ann::shipped::REPORT.id.to_owned(),
            training: TrainConfig::default(),
            history: HistorySettings::default(),
            queue: Vec::new(),
            queue_runs: false,
            live: true,
            used_runs: Vec::new(),
            mnist_folder: None,
            without_mnist: false,
            time: TimeSettings::default(),
            conversion: ConversionSettings::default(),
            neuron: NeuronSettings::default(),
            plasticity: PlasticitySettings::default(),
            digits: DigitsSettings::default(),
            dismissed_runs: Vec::new(),
            fields: FieldsView::default(),
            engine: Wish::default(),
        }
    }
}

/// Where the session is kept.
pub fn path(home: &Path) -> PathBuf {
    home.join("session.json")
}

/// Reads the session. A file that cannot be understood is renamed, so that
/// nothing in it is lost, and the message says so.
pub fn read(home: &Path) -> (Session, Option<String>) {
    let path = path(home);
    let Ok(bytes) = read_limited(&path, MOST_BYTES) else { return (Session::default(), None) };
    match serde_json::from_slice::<Session>(&bytes).map_err(|e| e.to_string()).and_then(checked) {
        Ok(session) => (session, None),
        Err(reason) => {
            let aside = path.with_extension("broken.json");
            let kept = match std::fs::rename(&path, &aside) {
                Ok(()) => format!("it is kept as {}", aside.display()),
                Err(_) => "it is left where it is".into(),
            };
            let text = format!(
                "The last session could not be read from {} ({reason}); {kept}, and a fresh session begins.",
                path.display()
            );
            (Session::default(), Some(text))
        }
    }
}

/// [`read`] without setting a broken file aside: for what is needed before the
/// window is there to tell of it.
pub fn read_quietly(home: &Path) -> (Session, bool) {
    let read =
        read_limited(&path(home), MOST_BYTES).ok().and_then(|b| serde_json::from_slice(&b).ok());
    match read.map(checked) {
        Some(Ok(session)) => (session, true),
        _ => (Session::default(), false),
    }
}

/// Refuses numbers that no session of ours has.
fn checked(mut session: Session) -> Result<Session, String> {
    let t = &session.treatment;
    let finite = [t.pen, t.noise, t.shift[0], t.shift[1]].iter().all(|x| x.is_finite())
        && session.strokes.iter().flatten().flatten().all(|x| x.is_finite());
    if !finite {
        return Err("a number is not finite".into());
    }
    session.window = session.window.filter(|[w, h]| *w >= 320.0 && *h >= 240.0);
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_comes_back_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let session = Session {
            strokes: vec![vec![[0.1, 0.2], [0.3, 0.4]]],
            projector: true,
            ..Session::default()
        };
        crate::core::files::write_bytes(&path(dir.path()), &serde_json::to_vec(&session).unwrap())
            .unwrap();
        assert_eq!(read(dir.path()), (session, None));
    }

    #[test]
    fn a_broken_session_is_set_aside_and_said() {
        let dir = tempfile::tempdir().unwrap();
        crate::core::files::write_bytes(&path(dir.path()), b"{\"theme\": 3").unwrap();
        let (session, told) = read(dir.path());
        assert_eq!(session, Session::default());
        assert!(told.unwrap().contains("session.broken.json"));
        assert!(dir.path().join("session.broken.json").exists());
        assert_eq!(read(dir.path()), (Session::default(), None));
    }
}
