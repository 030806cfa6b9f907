//! The lesson that is being gone through.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::ask::{self, Prediction};
use super::edit::LessonEdit;
use crate::core::rng::Rng;
use crate::data::synthetic;
use crate::lessons::condition::{Comparison, Condition};
use crate::lessons::settings::{at, number as json, put};
use crate::lessons::{Ask, Digit, Kind, Lesson, Mystery, Reading, SceneText, Step};
use crate::ui::desk::Desk;
use crate::ui::digit::{Content, Treatment};
use crate::ui::saved::{Open, SavedDigit, SavedScene, Scenes};
use crate::ui::widgets::{page, veil};
use crate::ui::workspace::Rooms;
use crate::workers::carried::{VERSION, brief};
use crate::workers::library::Loading;

/// The state of lessons in a window.
#[derive(Default)]
pub struct Course {
    running: Option<Running>,
    /// Whether the notes are shown.
    pub presenter: bool,
    /// Where a hidden value comes from; another one each time.
    seed: u64,
}

/// A lesson that was begun.
pub struct Running {
    pub lesson: Arc<Lesson>,
    /// The step, from 0.
    pub step: usize,
    /// What was predicted, locked, by step.
    pub predictions: Vec<Option<Prediction>>,
    /// The prediction that is being made.
    pub draft: Option<Prediction>,
    /// Whether *Run* was pressed, by step.
    pub ran: Vec<bool>,
    /// Whether what is to be seen has been seen, by step.
    pub seen: Vec<bool>,
    /// The hidden value.
    pub riddle: Option<Riddle>,
    /// What came out, for the prediction before this step.
    pub outcome: Option<Reading>,
    /// Which choices have come true.
    pub true_choices: Vec<Option<bool>>,
    /// Whether the experiment begins as soon as what the step sets up is there.
    begins: bool,
    pub began: Instant,
    pub step_began: Instant,
    before: Before,
}

/// A value that is to be found out.
pub struct Riddle {
    /// The hidden value.
    value: f64,
    pub guess: f64,
    /// Whether the guess was compared.
    pub compared: bool,
    /// Whether the setting still has the hidden value.
    pub intact: bool,
}

impl Riddle {
    /// The hidden value, once the guess was compared.
    pub fn truth(&self) -> Option<f64> {
        self.compared.then_some(self.value)
    }
}

/// What there was before the lesson.
struct Before {
    workspace: &'static str,
    /// Settings of the workspaces by their ids, as the lesson found them.
    rooms: Map<String, Value>,
    content: Content,
    treatment: Treatment,
    weight_set: String,
}

impl Running {
    /// The step that is shown.
    pub fn current(&self) -> &Step {
        &self.lesson.steps[self.step]
    }

    /// The newest prediction before the step shown, or of it once it is locked: step, what
    /// was asked, what was predicted.
    pub fn predicted(&self) -> Option<(usize, &Ask, &Prediction)> {
        let steps = self.lesson.steps.iter().zip(&self.predictions).enumerate();
        steps.take(self.step + 1).rev().find_map(|(i, (step, made))| match (&step.kind, made) {
            (Kind::Predict(ask), Some(made)) => Some((i, ask, made)),
            _ => None,
        })
    }

    /// Whether the step waits for a prediction.
    pub fn asks(&self) -> Option<&Ask> {
        match &self.current().kind {
            Kind::Predict(ask) if self.predictions[self.step].is_none() => Some(ask),
            _ => None,
        }
    }

    /// Whether the step has a *Run* that was not yet pressed.
    pub fn runs(&self) -> bool {
        matches!(self.current().kind, Kind::Run { .. }) && !self.ran[self.step]
    }

    /// Whether what was predicted has been measured: not before a later step has set up what
    /// it is about, and not before its *Run*.
    pub fn measured(&self) -> bool {
        let Some((asked, ..)) = self.predicted() else { return false };
        let run = matches!(self.current().kind, Kind::Run { .. });
        self.step > asked && !self.runs() && !self.begins && (!run || self.seen[self.step])
    }

    /// Whether it is the last step.
    pub fn is_last(&self) -> bool {
        self.step + 1 == self.lesson.steps.len()
    }

    fn mystery(&self) -> Option<&Mystery> {
        match &self.current().kind {
            Kind::Mystery(mystery) => Some(mystery),
            _ => None,
        }
    }
}

/// The number that a measure has.
fn number(rooms: &Rooms, desk: &Desk, name: &str) -> Option<f64> {
    match rooms.measure(name, desk) {
        Some(Reading::Number(value)) => Some(value),
        _ => None,
    }
}

impl Course {
    /// The lesson that runs.
    pub fn running(&self) -> Option<&Running> {
        self.running.as_ref()
    }

    /// Whether the workspace has to wait for a prediction.
    pub fn locks(&self) -> bool {
        self.running.as_ref().is_some_and(|r| r.asks().is_some())
    }

    /// What is kept over a restart in place of what the lesson has set up: workspace,
    /// settings, strokes, treatment.
    pub fn kept(&self) -> Option<Kept<'_>> {
        self.running.as_ref().map(|r| {
            let Before { workspace, rooms, content, treatment, weight_set } = &r.before;
            Kept { workspace, rooms, content, treatment, weight_set }
        })
    }

    /// Carries an edit out.
    pub fn apply(
        &mut self,
        edit: LessonEdit,
        rooms: &mut Rooms,
        scenes: &mut Scenes,
        desk: &mut Desk,
    ) {
        match edit {
            LessonEdit::Start(lesson) => return self.start(lesson, rooms, scenes, desk),
            LessonEdit::Leave { stay } => return self.leave(stay, rooms, scenes, desk),
            LessonEdit::Presenter(on) => self.presenter = on,
            _ => {}
        }
        let Some(running) = &mut self.running else { return };
        let step = running.step;
        match edit {
            LessonEdit::Advance => {
                if running.asks().is_some() {
                    lock(running);
                } else if running.runs() {
                    self.run(rooms, scenes, desk);
                } else if running.riddle.as_ref().is_some_and(|r| !r.compared) {
                    compare(running);
                } else {
                    self.go(step + 1, rooms, scenes, desk);
                }
            }
            LessonEdit::Next => self.go(step + 1, rooms, scenes, desk),
            LessonEdit::Back => self.go(step.saturating_sub(1), rooms, scenes, desk),
            LessonEdit::Go(to) => self.go(to, rooms, scenes, desk),
            LessonEdit::Again => self.set_up(rooms, scenes, desk),
            LessonEdit::Draft(draft) if running.asks().is_some() => running.draft = Some(draft),
            LessonEdit::Lock if running.asks().is_some() => lock(running),
            LessonEdit::Run => self.run(rooms, scenes, desk),
            LessonEdit::Guess(guess) => {
                if let Some(riddle) = running.riddle.as_mut().filter(|r| !r.compared) {
                    riddle.guess = guess;
                }
            }
            LessonEdit::Compare => compare(running),
            LessonEdit::Another => {
                self.seed += 1;
                self.set_up(rooms, scenes, desk);
            }
            _ => {}
        }
    }

    fn start(
        &mut self,
        lesson: Arc<Lesson>,
        rooms: &mut Rooms,
        scenes: &mut Scenes,
        desk: &mut Desk,
    ) {
        // One after another: what was there before the first one is what comes back.
        if self.running.is_some() {
            self.leave(false, rooms, scenes, desk);
        }
        let steps = lesson.steps.len();
        if steps == 0 {
            return;
        }
        let mut kept = desk.session.rooms.clone();
        rooms.keep(&mut kept);
        let before = Before {
            workspace: rooms.shown().id,
            rooms: kept,
            content: desk.digit.content().clone(),
            treatment: desk.digit.treatment.clone(),
            weight_set: desk.session.weight_set.clone(),
        };
        self.seed += 1;
        // A lesson's figures need the room.
        page::fold_anew(&desk.ctx);
        self.running = Some(Running {
            lesson,
            step: 0,
            predictions: vec![None; steps],
            draft: None,
            ran: vec![false; steps],
            seen: vec![false; steps],
            riddle: None,
            outcome: None,
            true_choices: Vec::new(),
            begins: false,
            began: Instant::now(),
            step_began: Instant::now(),
            before,
        });
        self.set_up(rooms, scenes, desk);
    }

    fn leave(&mut self, stay: bool, rooms: &mut Rooms, scenes: &mut Scenes, desk: &mut Desk) {
        let Some(running) = self.running.take() else { return };
        veil::lift(&desk.ctx);
        desk.lesson_ended = running.is_last().then(|| running.lesson.id.clone());
        self.presenter = false;
        if stay {
            return;
        }
        let Before { workspace, rooms: kept, content, treatment, weight_set } = running.before;
        for (id, settings) in &kept {
            rooms.reopen(id, settings, false, desk);
        }
        let back = SavedScene {
            workspace: workspace.to_owned(),
            weight_set: Some(weight_set),
            ..empty(workspace)
        };
        // It is of this window: nothing in it can be wrong.
        let _ = scenes.open(back, Open::Back, rooms, desk);
        desk.digit.take_over(Some(content), treatment);
    }

    fn go(&mut self, to: usize, rooms: &mut Rooms, scenes: &mut Scenes, desk: &mut Desk) {
        let Some(running) = &mut self.running else { return };
        if to >= running.lesson.steps.len() || to == running.step {
            return;
        }
        running.step = to;
        running.draft = None;
        running.begins = false;
        running.step_began = Instant::now();
        self.set_up(rooms, scenes, desk);
    }

    /// Sets up what a *Run* is about, which would tell what comes out were it there before, and
    /// begins as soon as it is there.
    fn run(&mut self, rooms: &mut Rooms, scenes: &mut Scenes, desk: &mut Desk) {
        let Some(running) = self.running.as_mut().filter(|r| r.runs()) else { return };
        let step = running.step;
        running.ran[step] = true;
        running.begins = matches!(running.current().kind, Kind::Run { begin: true });
        let step = running.current().clone();
        self.open_scene(&step, None, rooms, scenes, desk);
    }

    /// Sets up what the step begins with.
    fn set_up(&mut self, rooms: &mut Rooms, scenes: &mut Scenes, desk: &mut Desk) {
        let Some(running) = &mut self.running else { return };
        veil::lift(&desk.ctx);
        running.riddle = None;
        running.begins = false;
        running.ran[running.step] = false;
        // What is run is set up when it is.
        if running.runs() {
            return;
        }
        let step = running.current().clone();
        let mystery = match &step.kind {
            Kind::Mystery(mystery) => Some(mystery.clone()),
            _ => None,
        };
        self.open_scene(&step, mystery, rooms, scenes, desk);
    }

    /// Opens the scene of a step, with a value hidden in it if one is to be found out.
    fn open_scene(
        &mut self,
        step: &Step,
        mystery: Option<Mystery>,
        rooms: &mut Rooms,
        scenes: &mut Scenes,
        desk: &mut Desk,
    ) {
        let Some(running) = &mut self.running else { return };
        let (number, title) = (running.step + 1, running.lesson.title.clone());
        let failed = |why: String| {
            format!(
                "Step {number} of “{title}” cannot be set up: {why}. Everything stays as it was; the lesson goes on."
            )
        };
        let mut scene = match step.scene.as_ref().map(|text| scene_of(text, rooms, desk)) {
            Some(Ok(scene)) => Some(scene),
            Some(Err(why)) => {
                desk.toasts.failure(failed(why));
                None
            }
            None => None,
        };
        if let Some(mystery) = mystery {
            let mut scene_with = scene.take().unwrap_or_else(|| {
                let id = rooms.shown().id;
                SavedScene { settings: rooms.kept(id).unwrap_or_default(), ..empty(id) }
            });
            let value = hidden(&mystery, self.seed);
            match put(&mut scene_with.settings, &mystery.setting, json(value)) {
                Ok(()) => {
                    veil::hide(&desk.ctx, &mystery.label);
                    let guess = (mystery.low + mystery.high) / 2.0;
                    running.riddle = Some(Riddle { value, guess, compared: false, intact: true });
                }
                Err(why) => desk.toasts.failure(format!("Nothing can be hidden: {why}.")),
            }
            scene = Some(scene_with);
        }
        match scene.map(|scene| scenes.open(scene, Open::ByLesson, rooms, desk)) {
            Some(Err(why)) => desk.toasts.failure(failed(why)),
            Some(Ok(told)) => told.into_iter().for_each(|text| {
                desk.toasts.failure(format!("Step {number} of the lesson: {text}"));
            }),
            None => {}
        }
        desk.ctx.request_repaint();
    }

    /// Once a frame: looks whether what is to be seen has been seen, and what came out.
    pub fn follow(&mut self, rooms: &mut Rooms, scenes: &Scenes, desk: &mut Desk) {
        let Some(running) = &mut self.running else { return };
        if running.begins && !scenes.is_coming() {
            running.begins = false;
            rooms.begin(desk);
        }
        let (rooms, desk): (&Rooms, &Desk) = (rooms, desk);
        let of = |name: &str| number(rooms, desk, name);
        let step = running.step;
        if !scenes.is_coming() && !running.seen[step] {
            let condition = running.current().seen.as_ref();
            let ran = !running.runs() && !running.begins && running.asks().is_none();
            running.seen[step] = ran && condition.is_none_or(|c| holds(c, &of) == Some(true));
        }
        let (outcome, true_choices) = match running.predicted() {
            _ if !running.measured() => (None, Vec::new()),
            Some((_, Ask::Choices(choices), _)) => {
                (None, choices.iter().map(|c| holds(&c.holds, &of)).collect())
            }
            Some((_, Ask::Number { measure, .. } | Ask::Sketch { measure, .. }, _)) => {
                (rooms.measure(measure, desk), Vec::new())
            }
            None => (None, Vec::new()),
        };
        (running.outcome, running.true_choices) = (outcome, true_choices);
        if let Some(mystery) = running.mystery().cloned()
            && let Some(riddle) = &mut running.riddle
        {
            let now = rooms.kept(rooms.shown().id).unwrap_or_default();
            let now = at(&now, &mystery.setting).and_then(Value::as_f64);
            riddle.intact =
                now.is_some_and(|v| (v - riddle.value).abs() <= 1e-6 * v.abs().max(1.0));
        }
    }

    /// Time of the lesson and of its step so far.
    pub fn times(&self) -> Option<[Duration; 2]> {
        self.running.as_ref().map(|r| [r.began.elapsed(), r.step_began.elapsed()])
    }
}

/// What is kept over a restart while a lesson runs.
pub struct Kept<'a> {
    pub workspace: &'static str,
    pub rooms: &'a Map<String, Value>,
    pub content: &'a Content,
    pub treatment: &'a Treatment,
    pub weight_set: &'a str,
}

fn lock(running: &mut Running) {
    let step = running.step;
    if let Some(draft) = running.draft.take().filter(Prediction::is_whole) {
        running.predictions[step] = Some(draft);
    }
}

fn compare(running: &mut Running) {
    let step = running.step;
    if let Some(riddle) = &mut running.riddle {
        riddle.compared = true;
        running.seen[step] = true;
    }
}

/// Whether a condition holds; `None` while a value is not known.
fn holds(condition: &Condition, of: &impl Fn(&str) -> Option<f64>) -> Option<bool> {
    condition.holds(of)
}

/// The hidden value of a seed.
fn hidden(mystery: &Mystery, seed: u64) -> f64 {
    let Mystery { low, high, step, .. } = *mystery;
    let count = ((high - low) / step).floor().clamp(0.0, 1e6) as usize + 1;
    // The clock: nobody is to know it from the last time.
    let clock = crate::core::clock::unix_seconds();
    let mut rng = Rng::stream(seed.wrapping_add(clock), "mystery", 0);
    let value = low + step * rng.below(count) as f64;
    // As few digits as the step has.
    (value * 1e9).round() / 1e9
}

fn empty(workspace: &str) -> SavedScene {
    SavedScene {
        version: VERSION,
        program: String::new(),
        workspace: workspace.to_owned(),
        settings: Value::Null,
        digit: None,
        treatment: Treatment::default(),
        weight_set: None,
        engine: None,
        mnist: false,
        at: None,
    }
}

/// The scene that a step asks for.
///
/// # Errors
/// A clause on what cannot be set up.
fn scene_of(text: &SceneText, rooms: &Rooms, desk: &Desk) -> Result<SavedScene, String> {
    match text {
        SceneText::Saved(text) => {
            let value = serde_json::from_str(text)
                .map_err(|e| format!("it is no scene ({})", brief(&e)))?;
            SavedScene::read(value)
        }
        SceneText::Settings { workspace, keep, set, digit, .. } => {
            let mut settings = if *keep { rooms.kept(workspace) } else { rooms.usual(workspace) }
                .ok_or_else(|| format!("there is no workspace “{workspace}”"))?;
            for (path, value, _) in set {
                put(&mut settings, path, value.clone())?;
            }
            let treatment = if *keep { desk.digit.treatment.clone() } else { Treatment::default() };
            let digit = digit.map(|digit| saved_digit(digit, desk));
            Ok(SavedScene { settings, treatment, digit, ..empty(workspace) })
        }
    }
}

fn saved_digit(digit: Digit, desk: &Desk) -> SavedDigit {
    match digit {
        Digit::Blank => SavedDigit::Strokes(Vec::new()),
        Digit::Drawn { seed, class, number } => {
            SavedDigit::Strokes(synthetic::strokes(seed, class, number))
        }
        Digit::Mnist { index, class } => match desk.library.mnist {
            Loading::Ready(_) => SavedDigit::Picked { source: "mnist".into(), index, label: class },
            _ => SavedDigit::Strokes(synthetic::strokes(7, class, index as u64 % 10)),
        },
    }
}

/// What is still to be seen of a comparison, with the value as it is: `Rate of neuron 1 ≥ 5 (now
/// 3.2)`; `doc` says what is measured.
pub fn still(comparison: &Comparison, doc: &str, value: Option<f64>) -> String {
    let now =
        value.map_or_else(|| "not yet measured".to_owned(), |v| format!("now {}", ask::plain(v)));
    // The first clause says enough.
    let what = doc.split([':', ';', ',', '.']).next().unwrap_or(doc);
    let wanted = comparison.to_string();
    let wanted = wanted.strip_prefix(&comparison.measure).unwrap_or(&wanted);
    format!("{what} {} ({now})", wanted.trim())
}
