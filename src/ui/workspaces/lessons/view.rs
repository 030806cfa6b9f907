//! The list of lessons on the left, the one that is looked at on the right.

use egui::{RichText, ScrollArea, Ui, vec2};

use super::World;
use super::state::{LessonsEdit, Listed};
use crate::lessons::library::{Origin, own_folder};
use crate::lessons::{Kind, Lesson};
use crate::ui::command::{LessonEdit, Outbox};
use crate::ui::lesson::panel::paragraph;
use crate::ui::theme::{self, palette};

/// Width of the list, points, in a narrow and in a wide window.
const LIST: [f32; 2] = [230.0, 320.0];
/// Windows less wide than this are narrow, points.
const NARROW: f32 = 800.0;

pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let list = LIST[usize::from(ui.available_width() >= NARROW)];
    egui::Panel::left("lessons list")
        .exact_size(list)
        .resizable(false)
        .show_separator_line(false)
        .frame(egui::Frame::new())
        .show(ui, |ui| {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| all(ui, world, out));
        });
    let left = egui::Margin { left: 12, ..egui::Margin::ZERO };
    egui::CentralPanel::default().frame(egui::Frame::new().inner_margin(left)).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| match world.room.chosen() {
            Some(Listed { lesson: Ok(lesson), .. }) => one(ui, lesson, out),
            Some(Listed { lesson: Err(problems), origin, .. }) => broken(ui, origin, problems),
            None => {
                ui.label(if world.room.read { "There are no lessons." } else { "Reading…" });
            }
        });
    });
}

fn all(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let room = world.room;
    let chosen = room.chosen().map(|l| l.id.as_str());
    ui.spacing_mut().item_spacing.y = 4.0;
    let mut own = false;
    for listed in &room.all {
        if matches!(listed.origin, Origin::Own(_)) && !std::mem::replace(&mut own, true) {
            ui.add_space(6.0);
            ui.label(RichText::new("Your own").small().color(p.weak));
        }
        let (title, below) = match &listed.lesson {
            Ok(lesson) => {
                let dot = if lesson.section.is_empty() { "" } else { " · " };
                let done = if room.kept.done.contains(&listed.id) { " · done" } else { "" };
                let below = format!("{}{dot}{} min{done}", lesson.section, lesson.minutes);
                (lesson.title.clone(), below)
            }
            Err(_) => (listed.id.clone(), "cannot be read".to_owned()),
        };
        let on = chosen == Some(listed.id.as_str());
        if card(ui, &title, &below, on).clicked() {
            out.push(LessonsEdit::Choose(listed.id.clone()));
        }
    }
    ui.add_space(8.0);
    let folder = own_folder(&world.desk.home);
    let text = format!("Lessons of your own are text files in {}.", folder.display());
    ui.add(egui::Label::new(RichText::new(text).small().color(p.weak)).wrap());
    if ui.button("Read again").on_hover_text("After a file has changed").clicked() {
        out.push(LessonsEdit::Again);
    }
}

fn card(ui: &mut Ui, title: &str, below: &str, on: bool) -> egui::Response {
    let p = palette(ui.visuals());
    let width = ui.available_width() - 8.0;
    let galley = ui.painter().layout(title.to_owned(), theme::strong(14.0), p.text, width - 20.0);
    let small = ui.painter().layout_no_wrap(below.to_owned(), theme::regular(12.0), p.weak);
    let size = vec2(width, galley.size().y + small.size().y + 12.0);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::click());
    let hot = response.hovered() || response.has_focus();
    let share = if on {
        0.25
    } else if hot {
        0.12
    } else {
        0.0
    };
    let fill = theme::blend(p.card, p.accent, share);
    let edge = egui::Stroke::new(if on { 2.0 } else { 1.0 }, if on { p.accent } else { p.line });
    let corner = egui::CornerRadius::same(8);
    ui.painter().rect(rect, corner, fill, edge, egui::StrokeKind::Inside);
    let top = rect.min + vec2(10.0, 5.0);
    let next = top + vec2(0.0, galley.size().y + 1.0);
    ui.painter().galley(top, galley, p.text);
    ui.painter().galley(next, small, p.weak);
    // A mark beside the title is said as well.
    let done = below.ends_with("done");
    let spoken = if done { format!("{title} (done)") } else { title.to_owned() };
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::accesskit::Role::Button, true, on, &spoken)
    });
    response
}

fn one(ui: &mut Ui, lesson: &std::sync::Arc<Lesson>, out: &mut Outbox) {
    let p = palette(ui.visuals());
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&lesson.title).font(theme::strong(22.0)));
        ui.label(RichText::new(&lesson.section).color(p.weak));
    });
    paragraph(ui, &lesson.goal, 16.0);
    let mut about = format!("{} minutes, {} steps.", lesson.minutes, lesson.steps.len());
    if !lesson.needs.is_empty() {
        about += &format!(" You need: {}", lesson.needs);
    }
    ui.label(RichText::new(about).color(p.weak));
    ui.horizontal(|ui| {
        let text = RichText::new("Begin").font(theme::strong(16.0)).color(p.on_accent);
        let button = egui::Button::new(text).fill(p.accent).min_size(vec2(140.0, 36.0));
        if ui
            .add(button)
            .on_hover_text("What you have in the workspaces comes back at its end")
            .clicked()
        {
            out.push(LessonEdit::Start(std::sync::Arc::clone(lesson)));
        }
        let tip = "Its questions with room for answers, as a page to print (PNG)";
        if ui.button("Save sheet").on_hover_text(tip).clicked() {
            out.push(LessonEdit::Sheet(std::sync::Arc::clone(lesson)));
        }
    });
    ui.add_space(6.0);
    for (i, step) in lesson.steps.iter().enumerate() {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(format!("{}", i + 1)).font(theme::strong(14.0)));
            ui.label(RichText::new(step.kind.name()).small().color(p.accent));
            // What came out is not told before it has.
            let told = step.kind == Kind::Compare;
            ui.label(if told { "What came out" } else { step.title.as_str() });
        });
    }
    if !lesson.read_on.is_empty() {
        ui.add_space(6.0);
        ui.label(RichText::new("To read on").font(theme::strong(14.0)));
        for text in &lesson.read_on {
            paragraph(ui, text, 13.5);
        }
    }
    if !lesson.notes.is_empty() {
        ui.add_space(6.0);
        egui::CollapsingHeader::new("Notes for the teacher").show(ui, |ui| {
            for text in &lesson.notes {
                paragraph(ui, text, 13.5);
            }
        });
    }
}

fn broken(ui: &mut Ui, origin: &Origin, problems: &[String]) {
    let p = palette(ui.visuals());
    let name = match origin {
        Origin::Own(path) => path.display().to_string(),
        Origin::Bundled(id) => (*id).to_owned(),
    };
    ui.label(RichText::new(format!("{name} is not a lesson yet")).font(theme::strong(18.0)));
    for problem in problems {
        ui.label(RichText::new(problem).color(p.warning));
    }
    ui.label("`spikescope lesson check FILE` says more about settings and measures.");
}
