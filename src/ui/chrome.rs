//! What surrounds every workspace: the rail on the left, the status line below, and
//! banners (such as the offer of MNIST) above.

use egui::{Align, Color32, CornerRadius, Layout, Margin, Panel, RichText, Sense, Ui, Vec2};

use super::command::{Command, DataEdit, Outbox};
use super::desk::Desk;
use super::house::House;
use super::scene_menu;
use super::theme::{self, palette};
use super::widgets::banner;
use super::widgets::icons::Icon;
use super::workspace::About;
use super::workspaces::WORKSPACES;
use crate::workers::library::Loading;

/// What a second window on the same folder says, and why.
pub(super) const NOT_SAVED: &str = "Another window of Spikescope is open.";
pub(super) const NOT_SAVED_WHY: &str = "This one began with the settings and the drawing saved last and keeps its changes of them to itself: they are gone when it is closed. What is trained or exported here stays.";

/// Height of the buttons at the bottom of the rail, points.
const SMALL_BUTTON: f32 = 30.0;
/// Buttons of the rail lower than this have no room for a name, points.
const NAMED: f32 = 46.0;

/// The rail of workspaces, and the switches for theme, projector and keys.
pub fn rail(ui: &mut Ui, house: &House, out: &mut Outbox) {
    let House { rooms, desk, .. } = house;
    let p = palette(ui.visuals());
    let slim = ui.ctx().content_rect().width() < 900.0;
    let width = if slim { 58.0 } else { 84.0 };
    let frame = egui::Frame::new().fill(p.card).inner_margin(Margin::symmetric(6, 10));
    Panel::left("rail").exact_size(width).resizable(false).frame(frame).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        // All of them above the four buttons at the bottom, however low the window is.
        let below = 4.0 * (SMALL_BUTTON + 6.0);
        let each = (ui.available_height() - below) / WORKSPACES.len() as f32 - 6.0;
        let height = each.clamp(24.0, 58.0);
        for about in WORKSPACES.iter().map(|entry| entry.about) {
            let chosen = rooms.shown().id == about.id;
            if rail_button(ui, about, chosen, height).clicked() {
                out.push(Command::Show(about.id));
            }
        }
        ui.with_layout(Layout::bottom_up(Align::Center), |ui| {
            let size = Vec2::new(ui.available_width(), SMALL_BUTTON);
            if ui
                .add_sized(size, egui::Button::new(RichText::new("?").font(theme::strong(16.0))))
                .on_hover_text("Show the keys (?)")
                .clicked()
            {
                out.push(Command::Help(!desk.help));
            }
            let text = RichText::new("Scene").font(theme::strong(12.5));
            let scene = ui
                .add_sized(size, egui::Button::new(text))
                .on_hover_text("Save what you see, share it, open it again");
            scene_menu::show(&scene, house, out);
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
            let projector = desk.session.projector;
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

fn rail_button(ui: &mut Ui, workspace: &About, chosen: bool, height: f32) -> egui::Response {
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

/// The status line: what goes on in the background, how fast the answers come, what
/// draws the window.
pub fn status(ui: &mut Ui, house: &House, adapter: &str, saves: bool, out: &mut Outbox) {
    let House { rooms, desk, .. } = house;
    let p = palette(ui.visuals());
    let frame = egui::Frame::new().fill(p.card).inner_margin(Margin::symmetric(12, 4));
    Panel::bottom("status").exact_size(32.0).resizable(false).frame(frame).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            let work = rooms.work(desk);
            if work.is_empty() {
                ui.label(RichText::new("Nothing is running").small().color(p.weak));
            }
            for (i, work) in work.into_iter().enumerate() {
                if i > 0 {
                    ui.separator();
                }
                if let Some((name, command)) = work.switch {
                    let shown = name.split(' ').next().unwrap_or(name);
                    let button = ui.small_button(shown);
                    button.widget_info(|| {
                        egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, name)
                    });
                    if button.on_hover_text(format!("{name}: {}", work.text)).clicked() {
                        out.push(command);
                    }
                }
                ui.add(egui::Label::new(RichText::new(work.text).small()).truncate());
            }
            if !saves {
                let text = format!("{NOT_SAVED} Settings are not saved here.");
                ui.label(RichText::new(text).small().color(p.warning)).on_hover_text(NOT_SAVED_WHY);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.available_width() > 250.0 && !adapter.is_empty() {
                    ui.label(RichText::new(adapter).small().color(p.weak)).on_hover_text(
                        "What draws this window. The networks run on the processor.",
                    );
                }
                if desk.answers_current && desk.answers.serial > 0 && ui.available_width() > 150.0 {
                    let text = format!("answered in {:.1} ms", desk.answers.latency_ms);
                    ui.label(RichText::new(text).small().color(p.weak)).on_hover_text(
                        "From the change of the digit to the last network's answer.",
                    );
                }
            });
        });
    });
}

/// A banner above the workspace: get MNIST.
pub fn offers(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    if desk.download.running {
        let d = &desk.download;
        banner::show(ui, &format!("Fetching MNIST: {}", d.file), |ui| {
            let share = if d.total == 0 { 0.0 } else { d.done as f32 / d.total as f32 };
            ui.add(egui::ProgressBar::new(share).desired_width(160.0).show_percentage());
            if ui.button("Stop").on_hover_text("What has arrived is kept").clicked() {
                out.push(DataEdit::StopDownload);
            }
        });
        return;
    }
    let text = match &desk.library.mnist {
        _ if desk.session.without_mnist => return,
        // On one line, so that a small window has room for something else.
        Loading::Missing if ui.available_width() < 900.0 => {
            "MNIST is not on this machine yet; drawing and synthetic digits work without it."
                .to_owned()
        }
        Loading::Missing => "MNIST, the 70,000 handwritten digits, is not on this machine yet. Drawing and the synthetic digits work without it.".to_owned(),
        Loading::Failed(message) => message.clone(),
        _ => return,
    };
    banner::show(ui, &text, |ui| {
        if ui
            .button("Download (11 MB)")
            .on_hover_text(
                "From its public mirrors, checked by SHA-256; can be stopped and resumed",
            )
            .clicked()
        {
            out.push(DataEdit::Download);
        }
        if ui.button("Choose folder…").on_hover_text("If you have its four files").clicked() {
            out.push(DataEdit::ChooseFolder);
        }
        if ui.button("Not now").on_hover_text("Draw offers it again").clicked() {
            out.push(DataEdit::Offer(false));
        }
    });
}

/// What there is to say, above the status line: it takes room and covers nothing.
pub fn messages(ui: &mut Ui, desk: &Desk, out: &mut Outbox) {
    if desk.toasts.is_empty() {
        return;
    }
    let frame = egui::Frame::new().inner_margin(Margin { left: 10, right: 10, bottom: 8, top: 0 });
    Panel::bottom("messages").resizable(false).show_separator_line(false).frame(frame).show(
        ui,
        |ui| desk.toasts.show(ui, out),
    );
}
