//! What surrounds every workspace: the rail on the left, the status line below,
//! and offers (an interrupted run, MNIST that is missing) above.

use egui::{Align, Color32, CornerRadius, Layout, Margin, Panel, RichText, Sense, Ui, Vec2};

use super::app::{App, NOT_SAVED, NOT_SAVED_WHY};
use super::command::{Command, DataEdit, Outbox, TrainEdit};
use super::snapshot::Snapshot;
use super::theme::{self, palette};
use super::widgets::icons::Icon;
use super::workspaces::{WORKSPACES, Workspace};
use crate::core::clock::duration_text;
use crate::core::text::grouped;
use crate::workers::library::Loading;
use crate::workers::training::Phase;

/// Height of the buttons at the bottom of the rail, points.
const SMALL_BUTTON: f32 = 30.0;
/// Buttons of the rail lower than this have no room for a name, points.
const NAMED: f32 = 46.0;

/// The rail of workspaces, and the switches for theme, projector and keys.
pub fn rail(ui: &mut Ui, app: &App, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let slim = ui.ctx().content_rect().width() < 900.0;
    let width = if slim { 58.0 } else { 84.0 };
    let frame = egui::Frame::new().fill(p.card).inner_margin(Margin::symmetric(6, 10));
    Panel::left("rail").exact_size(width).resizable(false).frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        // All of them above the three buttons at the bottom, however low the window is.
        let below = 3.0 * (SMALL_BUTTON + 6.0);
        let each = (ui.available_height() - below) / WORKSPACES.len() as f32 - 6.0;
        let height = each.clamp(24.0, 58.0);
        for workspace in WORKSPACES {
            let chosen = app.workspace.id == workspace.id;
            if rail_button(ui, workspace, chosen, height).clicked() {
                out.push(Command::Show(workspace.id));
            }
        }
        ui.with_layout(Layout::bottom_up(Align::Center), |ui| {
            let size = Vec2::new(ui.available_width(), SMALL_BUTTON);
            if ui
                .add_sized(size, egui::Button::new(RichText::new("?").font(theme::strong(16.0))))
                .on_hover_text("Show the keys (?)")
                .clicked()
            {
                out.push(Command::Help(!app.help));
            }
            let dark = ui.visuals().dark_mode;
            let (icon, next) = if dark {
                (Icon::Sun, egui::ThemePreference::Light)
            } else {
                (Icon::Moon, egui::ThemePreference::Dark)
            };
            if icon_button(ui, size, icon, "Light or dark").on_hover_text("Light or dark").clicked()
            {
                out.push(Command::Theme(next));
            }
            let projector = app.session.projector;
            let button = icon_button(ui, size, Icon::Projector, "Projector mode");
            if projector {
                ui.painter().rect_stroke(
                    button.rect,
                    CornerRadius::same(6),
                    egui::Stroke::new(2.0, p.accent),
                    egui::StrokeKind::Inside,
                );
            }
            if button
                .on_hover_text("Projector mode: large type, thick strokes, keys shown (Ctrl+P)")
                .clicked()
            {
                out.push(Command::Projector(!projector));
            }
        });
    });
}

fn icon_button(ui: &mut Ui, size: Vec2, icon: Icon, label: &str) -> egui::Response {
    let response = ui.add_sized(size, egui::Button::new(""));
    let square = egui::Rect::from_center_size(response.rect.center(), Vec2::splat(17.0));
    icon.paint(ui.painter(), square, palette(ui.visuals()).text);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, label));
    response
}

fn rail_button(ui: &mut Ui, workspace: &Workspace, chosen: bool, height: f32) -> egui::Response {
    let p = palette(ui.visuals());
    let size = Vec2::new(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let (fill, text) = if chosen {
        (p.accent, p.on_accent)
    } else if response.hovered() || response.has_focus() {
        (theme::blend(p.card, p.accent, 0.2), p.text)
    } else {
        (Color32::TRANSPARENT, p.weak)
    };
    let painter = ui.painter();
    painter.rect_filled(rect, CornerRadius::same(8), fill);
    let middle = rect.center();
    let icon = |centre, side| egui::Rect::from_center_size(centre, Vec2::splat(side));
    if height < NAMED {
        workspace.icon.paint(painter, icon(middle, height.min(28.0) - 8.0), text);
    } else {
        // A name of two words takes two lines; its longest word fits the button.
        let font = theme::strong(if workspace.name.contains(' ') { 11.5 } else { 12.5 });
        let wide =
            |word: &str| painter.layout_no_wrap(word.to_owned(), font.clone(), text).size().x;
        let widest = workspace.name.split(' ').map(wide).fold(1.0, f32::max);
        let size = font.size * (rect.width() / (widest + 6.0)).min(1.0);
        let name = workspace.name.to_owned();
        let mut job = egui::text::LayoutJob::simple(name, theme::strong(size), text, rect.width());
        job.halign = Align::Center;
        let galley = painter.layout_job(job);
        let lowest = rect.bottom() - 3.0 - galley.size().y;
        let top = (middle.y + 16.0 - galley.size().y / 2.0).min(lowest);
        let side = 21.0f32.min(top - rect.top() - 5.0);
        let icon_y = (middle.y - 10.0).min(top - 1.0 - side / 2.0);
        workspace.icon.paint(painter, icon(egui::pos2(middle.x, icon_y), side), text);
        painter.galley(egui::pos2(middle.x, top), galley, text);
    }
    response.widget_info(|| {
        egui::WidgetInfo::selected(egui::accesskit::Role::Button, true, chosen, workspace.name)
    });
    let key = workspace.key.name();
    response.on_hover_text(format!("{} (Ctrl+{key})", workspace.doc))
}

/// The status line: what trains, how fast the answers come, on what it runs.
pub fn status(ui: &mut Ui, app: &App, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let frame = egui::Frame::new().fill(p.card).inner_margin(Margin::symmetric(12, 4));
    Panel::bottom("status").exact_size(32.0).resizable(false).frame(frame).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            let world = app.snapshot();
            training_status(ui, &world, out);
            if !app.saves() {
                let text = format!("{NOT_SAVED} Settings are not saved here.");
                ui.label(RichText::new(text).small().color(p.warning)).on_hover_text(NOT_SAVED_WHY);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.available_width() > 250.0 && !app.adapter.is_empty() {
                    ui.label(RichText::new(&app.adapter).small().color(p.weak)).on_hover_text(
                        "What draws this window. The networks run on the processor.",
                    );
                }
                if world.answers_current && world.answers.serial > 0 && ui.available_width() > 150.0
                {
                    let text = format!("answered in {:.1} ms", world.answers.latency_ms);
                    ui.label(RichText::new(text).small().color(p.weak)).on_hover_text(
                        "From the change of the digit to the last network's answer.",
                    );
                }
            });
        });
    });
}

fn training_status(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let view = &world.training;
    let Some(record) = view.record.as_ref().filter(|_| view.phase.in_hand()) else {
        ui.label(RichText::new("Nothing is training").small().color(p.weak));
        return;
    };
    let paused = view.phase == Phase::Paused;
    let (text, label) =
        if paused { ("Resume", "Resume training") } else { ("Pause", "Pause training") };
    let button = ui.small_button(text).on_hover_text(label);
    if button.clicked() {
        out.push(Command::Train(if paused { TrainEdit::Resume } else { TrainEdit::Pause }));
    }
    let name = crate::ann::zoo::find(&record.config.model).map_or("?", |a| a.name);
    let mut text = match view.phase {
        Phase::Testing { done, total } => format!("Testing {name}: {done} of {total} digits"),
        Phase::Paused => {
            format!("{name} paused in epoch {} of {}", view.epoch + 1, record.config.epochs)
        }
        _ => format!("Training {name}: epoch {} of {}", view.epoch + 1, record.config.epochs),
    };
    if let (Phase::Training, Some(rate), Some(left)) = (&view.phase, view.images_per_s, view.left_s)
    {
        text +=
            &format!(", {} images/s, {} left", grouped(rate.round() as u64), duration_text(left));
    }
    ui.label(RichText::new(text).small());
}

/// Banners above the workspace: go on with an interrupted run; get MNIST.
pub fn offers(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
    interrupted_run(ui, world, out);
    if world.download.running {
        let d = &world.download;
        banner(ui, &format!("Fetching MNIST: {}", d.file), |ui| {
            let share = if d.total == 0 { 0.0 } else { d.done as f32 / d.total as f32 };
            ui.add(egui::ProgressBar::new(share).desired_width(160.0).show_percentage());
            if ui.button("Stop").on_hover_text("What has arrived is kept").clicked() {
                out.push(Command::Data(DataEdit::StopDownload));
            }
        });
        return;
    }
    let text = match &world.library.mnist {
        _ if world.session.without_mnist => return,
        // On one line, so that a small window has room for something else.
        Loading::Missing if ui.available_width() < 900.0 => {
            "MNIST is not on this machine yet; drawing and synthetic digits work without it."
                .to_owned()
        }
        Loading::Missing => "MNIST, the 70,000 handwritten digits, is not on this machine yet. Drawing and the synthetic digits work without it.".to_owned(),
        Loading::Failed(message) => message.clone(),
        _ => return,
    };
    banner(ui, &text, |ui| {
        if ui
            .button("Download (11 MB)")
            .on_hover_text(
                "From its public mirrors, checked by SHA-256; can be stopped and resumed",
            )
            .clicked()
        {
            out.push(Command::Data(DataEdit::Download));
        }
        if ui.button("Choose folder…").on_hover_text("If you have its four files").clicked() {
            out.push(Command::Data(DataEdit::ChooseFolder));
        }
        if ui.button("Not now").on_hover_text("Draw offers it again").clicked() {
            out.push(Command::Data(DataEdit::Offer(false)));
        }
    });
}

fn interrupted_run(ui: &mut Ui, world: &Snapshot<'_>, out: &mut Outbox) {
    let dismissed = &world.session.dismissed_runs;
    let Some(run) = world.runs.iter().find(|r| r.interrupted && !dismissed.contains(&r.id)) else {
        return;
    };
    if world.training.phase.in_hand() {
        return;
    }
    let name = crate::ann::zoo::find(&run.config.model).map_or("?", |a| a.name);
    let text = format!(
        "Training of {name} was interrupted in epoch {} of {}; everything up to its last checkpoint is kept.",
        run.epochs.len() + 1,
        run.config.epochs
    );
    banner(ui, &text, |ui| {
        if ui.button("Go on").clicked() {
            out.push(Command::Train(TrainEdit::GoOn(run.id.clone())));
        }
        if ui.button("Not now").on_hover_text("It stays in the list of runs").clicked() {
            out.push(Command::Train(TrainEdit::Dismiss));
        }
    });
}

/// Room for the buttons beside a text, points.
const BUTTONS: f32 = 365.0;

/// A text and its buttons: in one row where both fit, else the buttons below.
fn banner(ui: &mut Ui, text: &str, buttons: impl FnOnce(&mut Ui)) {
    let p = palette(ui.visuals());
    theme::card(ui.visuals())
        .inner_margin(Margin::symmetric(12, 8))
        .stroke(egui::Stroke::new(1.0, p.accent))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let font = egui::TextStyle::Body.resolve(ui.style());
            let text_width = ui.painter().layout_no_wrap(text.to_owned(), font, p.text).size().x;
            if text_width + BUTTONS < ui.available_width() {
                ui.horizontal(|ui| {
                    ui.label(text);
                    buttons(ui);
                });
            } else {
                ui.label(text);
                ui.horizontal_wrapped(buttons);
            }
        });
}
