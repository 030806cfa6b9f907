//! The step of a lesson, above the workspace. Its height is the same in all steps but those
//! that ask, so that buttons stay where they are.

use egui::{
    Align, Key, KeyboardShortcut, Layout, Modifiers, Panel, RichText, ScrollArea, Ui, vec2,
};

use super::ask;
use super::check;
use super::course::{Course, Running, still};
use super::edit::LessonEdit;
use crate::lessons::{Ask, Kind, Mystery};
use crate::ui::command::{Command, FilmEdit, Outbox};
use crate::ui::house::House;
use crate::ui::keys::Keys;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{glossary, number};

/// Height of the panel, points: a heading and some sixty words.
const HEIGHT: f32 = 140.0;
/// The same where something is chosen, said, compared or found out.
const TALLER: f32 = 186.0;
/// The same where a curve is drawn.
const TALLEST: f32 = 244.0;
/// Height of the heading, points: two lines, should there be no room for one.
const HEADING: f32 = 34.0;
/// Size of the button that goes on, points.
const MAIN: egui::Vec2 = vec2(136.0, 30.0);

/// Height of a step's panel. It depends on what the step is and on nothing that changes while
/// one is at it, so that nothing moves below.
fn height(ui: &Ui, running: &Running) -> f32 {
    let of = |ask: &Ask| match ask {
        Ask::Sketch { .. } => TALLEST,
        Ask::Choices(_) | Ask::Number { .. } => TALLER,
    };
    match &running.current().kind {
        Kind::Predict(ask) => of(ask),
        Kind::Compare => running.predicted().map_or(TALLER, |(_, ask, _)| of(ask)),
        Kind::Mystery(_) => TALLER,
        _ => said(ui, running).clamp(HEIGHT, TALLEST),
    }
}

/// Height of a step that only says something, points: all of its words are in view.
fn said(ui: &Ui, running: &Running) -> f32 {
    let width = (ui.available_width() - 36.0).max(100.0);
    let font = theme::regular(14.5);
    let line = |text: &String| {
        let text = text.replace("**", "");
        ui.painter().layout(text, font.clone(), egui::Color32::WHITE, width).size().y + 6.0
    };
    let words: f32 = running.current().words.iter().map(line).sum();
    // With what is still to be seen, below.
    HEADING + words + 44.0
}

/// Draws the step, while a lesson runs.
pub fn show(ui: &mut Ui, house: &House, out: &mut Outbox) {
    let Some(running) = house.course.running() else { return };
    let p = palette(ui.visuals());
    let frame = egui::Frame::new()
        .fill(theme::blend(p.card, p.accent, 0.06))
        .inner_margin(egui::Margin { left: 14, right: 10, top: 6, bottom: 6 });
    Panel::top("lesson").exact_size(height(ui, running)).resizable(false).frame(frame).show(
        ui,
        |ui| {
            ui.spacing_mut().item_spacing.y = 5.0;
            heading(ui, running, house.course.presenter, out);
            words(ui, house, running, out);
        },
    );
}

/// What the step is and asks, and the buttons that lead on.
fn heading(ui: &mut Ui, running: &Running, presenter: bool, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let step = running.current();
    let size = vec2(ui.available_width(), HEADING);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_height(HEADING);
        ui.spacing_mut().item_spacing.x = 6.0;
        main_button(ui, running, out);
        let back = egui::Button::new("Back").min_size(vec2(52.0, MAIN.y));
        let tip = "The step before (Page Up)";
        if ui.add_enabled(running.step > 0, back).on_hover_text(tip).clicked() {
            out.push(LessonEdit::Back);
        }
        let more = ui.add(egui::Button::new("More").min_size(vec2(52.0, MAIN.y)));
        egui::Popup::menu(&more).width(260.0).show(|ui| menu(ui, running, presenter, out));
        let end = ui.add(egui::Button::new("×").min_size(vec2(26.0, MAIN.y)));
        end.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, "End the lesson")
        });
        egui::Popup::menu(&end).width(260.0).show(|ui| leave(ui, out));
        end.on_hover_text("End the lesson");
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let (at, of) = (running.step + 1, running.lesson.steps.len());
            ui.label(RichText::new(format!("{at} of {of}")).color(p.weak));
            let kind = RichText::new(name(&step.kind)).font(theme::strong(12.5)).color(p.accent);
            ui.label(kind);
            let title = RichText::new(&step.title).font(theme::strong(17.0));
            ui.add(egui::Label::new(title).wrap());
        });
    });
}

fn words(ui: &mut Ui, house: &House, running: &Running, out: &mut Outbox) {
    let step = running.current();
    ScrollArea::vertical().id_salt((running.step, "words")).auto_shrink(false).show(ui, |ui| {
        for text in &step.words {
            paragraph(ui, text, 14.5);
        }
        match &step.kind {
            Kind::Predict(asked) => {
                if running.asks().is_some() {
                    ask::show(ui, asked, running, out);
                } else {
                    ask::compare(ui, running);
                }
            }
            Kind::Compare if ask::compare(ui, running) => {}
            Kind::Compare => {
                ui.label("Nothing was predicted before this step.");
            }
            Kind::Mystery(mystery) => riddle(ui, running, mystery, out),
            _ => {}
        }
        seen(ui, house, running);
    });
}

/// What is still to be seen.
fn seen(ui: &mut Ui, house: &House, running: &Running) {
    let p = palette(ui.visuals());
    let Some(condition) = &running.current().seen else { return };
    if running.asks().is_some() {
        return;
    }
    if running.seen[running.step] {
        ui.label(RichText::new("✓ Seen").color(p.accent));
        return;
    }
    let value = |name: &str| match house.rooms.measure(name, &house.desk) {
        Some(crate::lessons::Reading::Number(v)) => Some(v),
        _ => None,
    };
    if running.runs() {
        ui.label(RichText::new("Press Run to see it (Page Down)").small().color(p.weak));
        return;
    }
    let missing = condition.all.iter().filter(|c| c.holds(&value) != Some(true));
    let parts: Vec<String> = missing
        .map(|c| {
            let doc = check::measure(&c.measure).map_or("", |m| m.doc);
            still(c, doc, value(&c.measure))
        })
        .collect();
    if !parts.is_empty() {
        let text = format!("Still to be seen: {}", parts.join(" and "));
        ui.label(RichText::new(text).small().color(p.weak));
    }
}

fn riddle(ui: &mut Ui, running: &Running, mystery: &Mystery, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let Some(riddle) = &running.riddle else { return };
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(format!("Your guess at “{}”", mystery.label));
        let mut guess = riddle.guess;
        let space = if mystery.unit.is_empty() { "" } else { " " };
        let field = number::drag(&mut guess)
            .range(mystery.low..=mystery.high)
            .speed(mystery.step / 4.0)
            .max_decimals(4)
            .suffix(format!("{space}{}", mystery.unit));
        let enabled = !riddle.compared;
        let mut changed = ui.add_enabled(enabled, field).labelled_by(label.id).changed();
        if enabled {
            // Nobody has to find the field with Tab first.
            let [less, more] = ask::free_arrows(ui);
            let nudge = mystery.step * (f64::from(more) - f64::from(less));
            guess = (guess + nudge).clamp(mystery.low, mystery.high);
            changed |= nudge != 0.0;
        }
        if changed {
            out.push(LessonEdit::Guess(guess));
        }
        if let Some(truth) = riddle.truth() {
            let found = (truth - riddle.guess).abs() <= mystery.within * (1.0 + 1e-9);
            let verdict = if found { "found" } else { "not yet" };
            let text = format!("It is {}{space}{}: {verdict}", ask::plain(truth), mystery.unit);
            ui.label(RichText::new(text).font(theme::strong(14.5)).color(p.text));
            if ui.button("Another one").on_hover_text("Hides another value").clicked() {
                out.push(LessonEdit::Another);
            }
        }
        if !riddle.intact && !riddle.compared {
            ui.label(RichText::new("The hidden value was replaced.").color(p.warning));
            if ui.button("Hide one anew").clicked() {
                out.push(LessonEdit::Another);
            }
        }
    });
}

/// A paragraph: what stands between two pairs of stars is strong and, where it is a term,
/// explained on hover.
pub fn paragraph(ui: &mut Ui, text: &str, size: f32) {
    ui.horizontal_wrapped(|ui| {
        // Lines of text, not of buttons.
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.spacing_mut().interact_size.y = 0.0;
        for (i, part) in text.split("**").enumerate().filter(|(_, part)| !part.is_empty()) {
            let strong = i % 2 == 1;
            let font = if strong { theme::strong(size) } else { theme::regular(size) };
            let label = ui.add(egui::Label::new(RichText::new(part).font(font)).wrap());
            if strong {
                glossary::explained(ui, label, part);
            }
        }
    });
}

/// What the step asks for next.
fn main_button(ui: &mut Ui, running: &Running, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let strong = |text: &str| RichText::new(text).font(theme::strong(14.5)).color(p.on_accent);
    let mut main = |enabled: bool, text: &str, tip: &str| {
        let button = egui::Button::new(strong(text)).fill(p.accent);
        let add = |ui: &mut Ui| ui.add_sized(MAIN, button);
        ui.add_enabled_ui(enabled, add).inner.on_hover_text(tip)
    };
    if running.asks().is_some() {
        let whole = running.draft.as_ref().is_some_and(ask::Prediction::is_whole);
        let tip = "Holds on to your prediction; then the experiment can run (Page Down)";
        if main(whole, "Lock prediction", tip).clicked() {
            out.push(LessonEdit::Lock);
        }
    } else if running.runs() {
        if main(true, "Run", "Start the experiment (Page Down)").clicked() {
            out.push(LessonEdit::Run);
        }
    } else if running.riddle.as_ref().is_some_and(|r| !r.compared) {
        if main(true, "Compare", "Your guess with the hidden value (Page Down)").clicked() {
            out.push(LessonEdit::Compare);
        }
    } else if running.is_last() {
        let end = main(true, "Finish", "End the lesson (Page Down ends it and goes back)");
        egui::Popup::menu(&end).width(260.0).show(|ui| leave(ui, out));
    } else if main(true, "Next", "The next step (Page Down)").clicked() {
        out.push(LessonEdit::Next);
    }
}

/// What else can be done.
fn menu(ui: &mut Ui, running: &Running, presenter: bool, out: &mut Outbox) {
    let mut entry = |ui: &mut Ui, enabled: bool, name: &str, tip: &str, edit: LessonEdit| {
        if ui.add_enabled(enabled, egui::Button::new(name)).on_hover_text(tip).clicked() {
            out.push(edit);
            ui.close();
        }
    };
    let again = running.current().scene.is_some();
    let tip = "The step's state as it was at its beginning";
    entry(ui, again, "Set up anew", tip, LessonEdit::Again);
    let name = if presenter { "Close the notes (F2)" } else { "Notes and time (F2)" };
    let tip = "For the teacher, in a window of their own";
    entry(ui, true, name, tip, LessonEdit::Presenter(!presenter));
    ui.separator();
    leave(ui, out);
}

/// How a lesson can end.
fn leave(ui: &mut Ui, out: &mut Outbox) {
    for (name, tip, stay) in [
        ("End and go back", "Workspaces and digit as they were before the lesson", false),
        ("End and stay here", "Keep what the lesson has set up", true),
    ] {
        if ui.button(name).on_hover_text(tip).clicked() {
            out.push(LessonEdit::Leave { stay });
            ui.close();
        }
    }
}

/// What one does in a step, as a heading.
fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Look => "LOOK",
        Kind::Play => "PLAY",
        Kind::Predict(_) => "PREDICT",
        Kind::Run { .. } => "RUN",
        Kind::Compare => "COMPARE",
        Kind::Vary => "VARY",
        Kind::Mystery(_) => "MYSTERY",
    }
}

const F2: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F2);
const ON: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::PageDown);
const BACK: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::PageUp);

/// The keys of a lesson.
pub fn keys(keys: &mut Keys<'_>, course: &Course, out: &mut Outbox) {
    let running = course.running();
    if running.is_none() && !keys.lists() {
        return;
    }
    if keys.pressed(ON, "Lesson: lock, run, next step (clickers send it)") {
        let ends = running.is_some_and(|r| {
            r.is_last()
                && !r.runs()
                && r.asks().is_none()
                && r.riddle.as_ref().is_none_or(|k| k.truth().is_some())
        });
        out.push(if ends { LessonEdit::Leave { stay: false } } else { LessonEdit::Advance });
    }
    if keys.pressed(BACK, "Lesson: the step before") {
        out.push(LessonEdit::Back);
    }
    if keys.pressed(F2, "Lesson: notes and time in a window of their own") {
        out.push(LessonEdit::Presenter(!course.presenter));
    }
}

/// Whether a command is carried out while a prediction is waited for.
pub fn passes(command: &Command) -> bool {
    matches!(
        command,
        Command::Lesson(_)
            | Command::Theme(_)
            | Command::Projector(_)
            | Command::FullScreen
            | Command::Help(_)
            | Command::CloseMessage(_)
            | Command::Data(_)
            | Command::Film(FilmEdit::Cancel)
    )
}
