//! What the workspace holds while it is open, and how its edits change it.

mod runs;
mod scene;

use std::sync::Arc;
use std::time::Instant;

use egui::{Key, Ui};

use super::settings::{AlternativesSettings, AlternativesTab, Course, PRESETS, Quantity};
use super::settings::{SLOTS, Sweeps};
use super::synapse::Synapse;
use super::{ABOUT, measures, scenes, view};
use crate::ann::rules::Rule;
use crate::ann::rules::disturbance::Disturbance;
use crate::ann::rules::passage::Snapshot;
use crate::core::playback::{Playback, PlaybackEdit};
use crate::core::text::grouped;
use crate::data::CLASSES;
use crate::ui::command::Outbox;
use crate::ui::desk::Desk;
use crate::ui::keys::{Keys, plain};
use crate::ui::scene::Scene;
use crate::ui::workspace::{About, Edit, Measure, Shows, View, Work, Workspace};
use crate::workers::Start;
use crate::workers::passages::{self, DigitPassage, DigitPassages, Passages};
use crate::workers::runs::RunRecord;
use crate::workers::training::{Phase, Training, TrainingView};

/// What the user does in the Alternatives workspace.
#[derive(Clone, Debug)]
pub enum AlternativesEdit {
    /// Show another view.
    Tab(AlternativesTab),
    /// The time bar.
    Play(PlaybackEdit),
    /// Put a rule (its id) into a slot, or none.
    Rule(usize, Option<String>),
    /// Change what all rules have in common.
    Course(Box<Course>),
    /// Ask a question.
    Preset(usize),
    /// Begin, or go on after a pause.
    Start,
    /// Hold all.
    Pause,
    /// One mini-batch each.
    Step,
    /// All from the same initial weights again.
    Anew,
    /// Look at another plot, or at all of them.
    Look(Quantity, bool),
    /// Look at another rule.
    Slot(usize),
    /// Which digit the current one is said to be.
    Label(usize),
    /// How the digit settles.
    Sweeps(Sweeps),
    /// Look at a synapse, or at none.
    Synapse(Option<Synapse>),
    /// Whose errors are disturbed; `None`: those of all rules that send any.
    Aim(Option<usize>),
    /// What is done to errors on their way back from now on.
    Disturb(Disturbance),
    /// As at the beginning.
    Reset,
}

impl Edit for AlternativesEdit {
    const ROOM: &'static str = ABOUT.id;
}

/// A moment at which a switch was changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Mini-batches trained.
    pub step: u64,
    /// What has been done since, in words.
    pub text: String,
}

/// How a run begins.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Begin {
    Run,
    Held,
    Step,
}

/// A rule that learns, or could.
pub struct Slot {
    /// The run in hand or the last one.
    pub view: Arc<TrainingView>,
    /// What is done to its errors.
    pub disturbance: Disturbance,
    /// When that was changed.
    pub changes: Vec<Change>,
    training: Training,
    /// It waits for its digits to be loaded.
    waiting: Option<Begin>,
    /// Whether it is to stand still. A run that is only just beginning does not know.
    held: bool,
}

impl Slot {
    fn note(&mut self) {
        let step = self.view.record.as_ref().map_or(0, |r| r.steps);
        let text = match self.disturbance.describe() {
            nothing if nothing.is_empty() => "mended".to_owned(),
            text => text,
        };
        // A slider that is dragged is one change.
        if self.changes.last().is_some_and(|c| c.step == step) {
            self.changes.pop();
        }
        self.changes.push(Change { step, text });
    }
}

/// What the newest question was about.
struct Asked {
    snapshot: Arc<Snapshot>,
    version: u64,
    label: u8,
    sweeps: Sweeps,
}

/// The workspace.
pub struct Alternatives {
    pub kept: AlternativesSettings,
    pub slots: [Slot; SLOTS],
    /// Position: sweeps done.
    pub playback: Playback,
    /// What is known of the current digit.
    pub answer: Arc<DigitPassages>,
    /// The synapse looked at.
    pub synapse: Option<Synapse>,
    /// Whose errors are disturbed.
    pub aim: Option<usize>,
    passages: Passages,
    asked: Option<Asked>,
    number: u64,
    /// Sweeps of the answer that the bar was set for.
    fitted: u64,
    /// Whether synthetic digits stand in for MNIST, which is missing.
    stands_in: bool,
    /// When a lesson began the rules.
    begun: Option<Instant>,
}

impl Alternatives {
    /// What there is of a slot's rule: its run, or nothing yet.
    pub fn run(&self, slot: usize) -> Option<&RunRecord> {
        let rule = self.kept.rule(slot)?;
        let record = self.slots[slot].view.record.as_deref()?;
        (record.config.rule.id() == rule.id).then_some(record)
    }

    /// Whether the rule in a slot learns, or is held.
    pub fn in_hand(&self, slot: usize) -> bool {
        let waits = self.slots[slot].waiting.is_some();
        waits || self.run(slot).is_some() && self.slots[slot].view.phase.in_hand()
    }

    /// Whether any rule is in hand.
    pub fn any_in_hand(&self) -> bool {
        (0..SLOTS).any(|slot| self.in_hand(slot))
    }

    /// Whether any rule learns just now.
    pub fn learns(&self) -> bool {
        (0..SLOTS).any(|slot| self.in_hand(slot) && !self.slots[slot].held)
    }

    /// The slot that the view in front looks into.
    pub fn looked_at(&self) -> Option<usize> {
        let kept = &self.kept;
        let fits = |rule: &Rule| kept.tab != AlternativesTab::Settling || rule.relaxes;
        let chosen = kept.rule(kept.slot).filter(|r| fits(r)).map(|_| kept.slot);
        chosen.or_else(|| kept.slots().find(|(_, rule)| fits(rule)).map(|(slot, _)| slot))
    }

    /// Network and rule in that slot.
    pub fn snapshot(&self, slot: usize) -> Option<&Arc<Snapshot>> {
        let rule = self.kept.rule(slot)?;
        self.slots[slot].view.snapshot.as_ref().filter(|s| s.rule == rule.id)
    }

    /// What is known of the current digit in the rule looked at.
    pub fn known(&self) -> Option<&DigitPassages> {
        let rule = self.kept.rule(self.looked_at()?)?;
        (self.answer.number > 0 && self.answer.rule == rule.id).then_some(&*self.answer)
    }

    /// Whether the newest question has been answered.
    pub fn is_current(&self) -> bool {
        self.number > 0 && self.answer.number == self.number
    }

    /// Slots whose errors a switch acts on.
    pub fn aimed_at(&self) -> impl Iterator<Item = usize> + '_ {
        let sends = self.kept.slots().filter(|(_, rule)| rule.sends_errors);
        sends.map(|(slot, _)| slot).filter(|slot| self.aim.is_none_or(|a| a == *slot))
    }

    /// What is done to the errors of those.
    pub fn disturbance(&self) -> Disturbance {
        self.aimed_at().next().map_or_else(Disturbance::default, |s| self.slots[s].disturbance)
    }

    /// Asks anew when the digit, the weights or the sweeps have changed.
    fn ask(&mut self, desk: &Desk) {
        let Some(slot) = self.looked_at() else { return };
        let (Some(snapshot), Some(run)) = (self.snapshot(slot), self.run(slot)) else { return };
        let (version, sweeps) = (desk.digit.version(), self.kept.sweeps);
        let label = self.label(desk);
        let same = self.asked.as_ref().is_some_and(|a| {
            Arc::ptr_eq(&a.snapshot, snapshot)
                && (a.version == version && a.label == label && a.sweeps == sweeps)
        });
        if same || desk.digit.is_blank() {
            return;
        }
        let snapshot = Arc::clone(snapshot);
        let rule = run.config.rule.clone();
        self.number += 1;
        self.passages.ask(DigitPassage {
            number: self.number,
            snapshot: Arc::clone(&snapshot),
            rule,
            picture: *desk.digit.pixels(),
            label,
            settling: sweeps.asked(),
        });
        self.asked = Some(Asked { snapshot, version, label, sweeps });
    }

    /// Which digit the current one is, or is said to be.
    pub fn label(&self, desk: &Desk) -> u8 {
        let split = desk.library.source(&self.kept.course.data).split();
        let classes = split.map_or(CLASSES, |split| split.test.classes().count());
        desk.digit.label().unwrap_or(self.kept.label as u8).min(classes.min(CLASSES) as u8 - 1)
    }

    /// Lets the bar go over the sweeps of the newest answer.
    fn fit_bar(&mut self) {
        let Some(known) = self.known() else { return };
        let settled = known.settled.as_ref().map(|s| s.states.len());
        let sweeps = settled.or(known.relaxed.as_ref().map(|r| r.rates.len())).unwrap_or(0) as u64;
        if sweeps > 0 && sweeps != self.fitted {
            let at_end = self.playback.at() + 1 >= self.fitted;
            self.playback.set_range(0, sweeps - 1, false);
            if at_end {
                self.playback.edit(&PlaybackEdit::End);
            }
            self.fitted = sweeps;
        }
    }
}

impl Workspace for Alternatives {
    const ABOUT: About = ABOUT;
    const TABS: &'static [&'static str] = &["side", "back", "break", "settling"];
    type Settings = AlternativesSettings;
    type Edit = AlternativesEdit;

    fn open(kept: AlternativesSettings, start: &Start) -> std::io::Result<Self> {
        let slot = |name| {
            let training = Training::named(name, start.runs_root.clone(), start.events.clone())?;
            Ok::<_, std::io::Error>(Slot {
                view: training.view(),
                disturbance: Disturbance::default(),
                changes: Vec::new(),
                training,
                waiting: None,
                held: false,
            })
        };
        Ok(Self {
            slots: [slot("rule 1")?, slot("rule 2")?, slot("rule 3")?, slot("rule 4")?],
            playback: Playback::new(0, 0, kept.playback),
            answer: Arc::default(),
            synapse: None,
            aim: None,
            passages: passages::start(start.events.clone())?,
            asked: None,
            number: 0,
            fitted: 0,
            stands_in: false,
            begun: None,
            kept,
        })
    }

    fn kept(&self) -> &AlternativesSettings {
        &self.kept
    }

    fn show(&self, ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
        view::show(ui, &View { room: self, desk }, out);
    }

    fn apply(&mut self, edit: AlternativesEdit, desk: &mut Desk) {
        let kept = &mut self.kept;
        match edit {
            AlternativesEdit::Tab(tab) => kept.tab = tab,
            AlternativesEdit::Play(edit) => {
                self.playback.edit(&edit);
                kept.playback = self.playback.settings();
            }
            AlternativesEdit::Rule(slot, id) => {
                let how = self.as_others();
                self.kept.rules[slot] = id;
                self.slots[slot].waiting = None;
                self.stop_others();
                if let Some(how) = how {
                    self.begin(slot, how, desk);
                }
            }
            AlternativesEdit::Course(course) => {
                kept.course = *course;
                self.end_held();
            }
            AlternativesEdit::Preset(number) => {
                let how = self.as_others();
                if let Some(preset) = PRESETS.get(number) {
                    preset.set(&mut self.kept);
                }
                for slot in &mut self.slots {
                    (slot.disturbance, slot.waiting) = (Disturbance::default(), None);
                }
                self.stop_others();
                if let Some(how) = how {
                    self.begin_all(how, desk);
                }
            }
            AlternativesEdit::Start => {
                for slot in 0..SLOTS {
                    if self.in_hand(slot) {
                        self.slots[slot].held = false;
                        self.slots[slot].training.set_paused(false);
                    } else {
                        self.begin(slot, Begin::Run, desk);
                    }
                }
            }
            AlternativesEdit::Pause => {
                for slot in &mut self.slots {
                    slot.held = true;
                    if let Some(how) = &mut slot.waiting {
                        *how = Begin::Held;
                    }
                    slot.training.set_paused(true);
                }
            }
            AlternativesEdit::Step => self.step(desk),
            AlternativesEdit::Anew => {
                let how = self.as_others().unwrap_or(Begin::Run);
                self.begin_all(how, desk);
            }
            AlternativesEdit::Look(quantity, alone) => {
                (kept.quantity, kept.alone) = (quantity, alone);
            }
            AlternativesEdit::Slot(slot) => kept.slot = slot.min(SLOTS - 1),
            AlternativesEdit::Label(label) => kept.label = label.min(9),
            AlternativesEdit::Sweeps(sweeps) => kept.sweeps = sweeps,
            AlternativesEdit::Synapse(synapse) => self.synapse = synapse,
            AlternativesEdit::Aim(aim) => self.aim = aim,
            AlternativesEdit::Disturb(disturbance) => self.disturb(disturbance, desk),
            AlternativesEdit::Reset => {
                let tab = kept.tab;
                let usual = AlternativesSettings { tab, ..AlternativesSettings::default() };
                self.restore(usual, desk);
            }
        }
    }

    /// Rules and course stay as they are while rules learn.
    fn restore(&mut self, kept: AlternativesSettings, desk: &mut Desk) {
        let same = kept.rules == self.kept.rules && kept.course == self.kept.course;
        if !same && self.learns() {
            let text = "Settings are fixed while rules learn: pause them to change something.";
            return desk.toasts.notice(text.into());
        }
        if !same {
            self.end_held();
        }
        self.playback.edit(&PlaybackEdit::Speed(kept.playback.steps_per_s));
        self.kept = AlternativesSettings { tab: self.kept.tab, ..kept };
    }

    fn reopen(&mut self, kept: AlternativesSettings, desk: &mut Desk) {
        self.take_over(kept, desk);
    }

    fn settled(&self, desk: &Desk) -> bool {
        self.is_settled(desk)
    }

    fn begin(&mut self, desk: &mut Desk) {
        self.begin_rules(desk);
    }

    fn measures() -> &'static [Measure<Self>] {
        measures::MEASURES
    }

    fn undoes(edit: &AlternativesEdit) -> bool {
        use AlternativesEdit as E;
        matches!(
            edit,
            E::Rule(..) | E::Course(_) | E::Preset(_) | E::Label(_) | E::Sweeps(_) | E::Reset
        )
    }

    fn shows(&self) -> Shows {
        let digit = matches!(self.kept.tab, AlternativesTab::Back | AlternativesTab::Settling);
        Shows { digit, answers: false }
    }

    fn follow(&mut self, desk: &mut Desk, shown: bool) {
        desk.stand_in_for(&mut self.stands_in, &mut self.kept.course.data);
        let looks =
            shown && matches!(self.kept.tab, AlternativesTab::Back | AlternativesTab::Settling);
        let looked_at = self.looked_at().filter(|_| looks);
        for slot in 0..SLOTS {
            let of = &mut self.slots[slot];
            of.view = of.training.view();
            if of.held && of.view.phase == Phase::Training {
                of.training.set_paused(true);
            }
            of.training.watch_passage(looked_at == Some(slot));
            if let Some(how) = of.waiting.take() {
                self.begin(slot, how, desk);
            }
        }
        if looks {
            self.answer = self.passages.answer();
            self.ask(desk);
            self.fit_bar();
        }
    }

    fn keys(&self, keys: &mut Keys<'_>, _desk: &Desk, out: &mut Outbox) {
        if !keys.here && !keys.lists() {
            return;
        }
        if keys.pressed(plain(Key::G), "Let all rules learn, or hold them (Alternatives)") {
            out.push(if self.learns() { AlternativesEdit::Pause } else { AlternativesEdit::Start });
        }
        if keys.pressed(plain(Key::Period), "One mini-batch for every rule (Alternatives)") {
            out.push(AlternativesEdit::Step);
        }
    }

    fn work(&self, _desk: &Desk) -> Option<Work> {
        let held: Vec<usize> = (0..SLOTS).filter(|s| self.in_hand(*s)).collect();
        let least = held.iter().filter_map(|s| self.run(*s)).min_by_key(|r| r.steps)?;
        let count = match held.len() {
            1 => "a rule".to_owned(),
            n => format!("{n} rules"),
        };
        let at = format!("batch {} of {}", grouped(least.steps), grouped(least.total_steps));
        let (text, switch) = if self.learns() {
            let learn = if held.len() == 1 { "learns" } else { "learn" };
            (
                format!("Alternatives: {count} {learn}, {at}"),
                ("Pause rules", AlternativesEdit::Pause),
            )
        } else {
            (
                format!("Alternatives: {count} held at {at}"),
                ("Resume rules", AlternativesEdit::Start),
            )
        };
        Some(Work { text, switch: Some((switch.0, switch.1.into())) })
    }

    fn leave(&self, _desk: &mut Desk) {
        self.slots.iter().for_each(|s| s.training.quit());
    }

    fn scenes() -> &'static [Scene] {
        scenes::SCENES
    }
}
