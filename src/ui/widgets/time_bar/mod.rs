//! The time bar, the same for everything that has time: the 28 columns of a digit,
//! the snapshots of a training run, or a simulation that is still running.
//!
//! ```text
//! |◀ ◀ ▶ ▶ ▶|   12 of 28 columns   Speed − [5] + columns/s, measured 4.9   Loop [off]
//! ┌───────────────────────────────────────────────────────────────────────────┐
//! │ event density, selection, marks, position                                 │ ruler
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! # How a workspace uses it
//! The logic, and who owns it, is in [`crate::core::playback`]. In the workspace:
//!
//! ```ignore
//! TimeBar::new(&view.playback, Axis { unit: "ms", unit_per_step: 0.5, decimals: 1 })
//!     .density(&spikes_per_bin, "Spikes in all populations")
//!     .marks(&marks)
//!     .show(ui, &mut |edit| out.push(MyEdit::Play(edit)));
//! ```
//!
//! and in its `apply`, `playback.edit(&edit)`. Nothing more: while it plays, the
//! bar asks for a repaint only when the next step is due, and gives
//! [`PlaybackEdit::Tick`]s; otherwise it asks for none. Show one bar at a time: it
//! takes its keys ([`KEYS`]) wherever the pointer is, but never from a widget that
//! has the keyboard focus (a text field, the canvas, a slider or button reached by
//! Tab).

mod ruler;

use egui::{
    Align, Button, ComboBox, Context, Id, Key, Layout, Modifiers, RichText, TextEdit, Ui, Vec2,
};

use super::icons::{self, Icon};
use super::names;
use crate::core::playback::{self, Looping, Playback, PlaybackEdit};
use crate::ui::theme::{self, palette};
pub use ruler::Mark;

/// The keys, for the list of keys.
pub const KEYS: [(&str, &str); 5] = [
    ("Space", "Time bar: play, pause"),
    ("← →", "Time bar: one step; with Shift ten, with Ctrl to the next event"),
    ("Home, End", "Time bar: to the beginning; to the end, and follow what grows"),
    ("− +", "Time bar: slower, faster"),
    ("I, O, L", "Time bar: selection from here, to here; loop"),
];

/// Height of the whole bar where one row of controls is enough, points.
pub const HEIGHT: f32 = 78.0;

/// Below this width, points, words that the tooltips say as well are left out, so
/// that one row is enough.
const NARROW: f32 = 760.0;

/// Below this width, points, units are not repeated.
const TIGHT: f32 = 620.0;
/// Width of the choice of the loop, points.
const LOOP: f32 = 112.0;

/// From this width on, points, the button that saves a film has its whole name.
const WIDE: f32 = 960.0;

/// What the steps are.
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// In the plural, as in “12 of 28 columns”.
    pub unit: &'a str,
    /// How much of the unit one step is.
    pub unit_per_step: f64,
    /// Decimals that tell two steps apart.
    pub decimals: usize,
}

impl Axis<'_> {
    /// A step in the unit.
    pub fn text(&self, step: u64) -> String {
        let value = step as f64 * self.unit_per_step;
        if self.decimals == 0 && value < 1e15 {
            return crate::core::text::grouped(value.round() as u64);
        }
        format!("{value:.*}", self.decimals)
    }
}

/// Finds the next event after a step (`true`) or the one before it.
pub type NextEvent<'a> = &'a dyn Fn(u64, bool) -> Option<u64>;

/// Tells the bars of a frame whether they offer a film.
pub fn offer_film(ctx: &Context, on: bool) {
    ctx.data_mut(|d| d.insert_temp(Id::unique("film offered"), on));
}

/// Whether a film was asked for since this was asked last.
pub fn film_asked(ctx: &Context) -> bool {
    ctx.data_mut(|d| d.remove_temp(Id::unique("film asked"))).unwrap_or(false)
}

/// The button that asks for a film.
fn film(ui: &mut Ui) {
    if !ui.data(|d| d.get_temp(Id::unique("film offered"))).unwrap_or(false) {
        return;
    }
    // A second row would take the room of the plots; the menu *Scene* has it, too.
    if ui.max_rect().width() < WIDE {
        return;
    }
    let button = ui.button("Save film…");
    let tip = "Save the selection, or all of it, as a film: GIF, animated PNG or MP4";
    if button.on_hover_text(tip).clicked() {
        ui.data_mut(|d| d.insert_temp(Id::unique("film asked"), true));
    }
}

/// A time bar, to be shown.
pub struct TimeBar<'a> {
    playback: &'a Playback,
    axis: Axis<'a>,
    density: &'a [f32],
    density_is: &'a str,
    marks: &'a [Mark],
    window: Option<(u64, u64)>,
    next_event: Option<NextEvent<'a>>,
    measured_steps_per_s: Option<f64>,
}

/// What the widget itself remembers: a speed being typed, and what was wrong
/// with it.
#[derive(Clone, Debug, Default)]
struct Typing {
    text: Option<String>,
    error: Option<String>,
}

impl<'a> TimeBar<'a> {
    /// For this playback.
    pub fn new(playback: &'a Playback, axis: Axis<'a>) -> Self {
        Self {
            playback,
            axis,
            density: &[],
            density_is: "",
            marks: &[],
            window: None,
            next_event: None,
            measured_steps_per_s: None,
        }
    }

    /// How much happens when, drawn on the ruler: bins of equal width from the
    /// first step to the last, of any scale; `is` says of what.
    pub fn density(mut self, bins: &'a [f32], is: &'a str) -> Self {
        (self.density, self.density_is) = (bins, is);
        self
    }

    /// Named steps on the ruler.
    pub fn marks(mut self, marks: &'a [Mark]) -> Self {
        self.marks = marks;
        self
    }

    /// The steps that the plots show, if they show a part.
    pub fn window(mut self, window: Option<(u64, u64)>) -> Self {
        self.window = window;
        self
    }

    /// Where Ctrl+← and Ctrl+→ go.
    pub fn events(mut self, next: NextEvent<'a>) -> Self {
        self.next_event = Some(next);
        self
    }

    /// The measured speed, where somebody else makes the steps (a simulation);
    /// else it is that of the playing.
    pub fn measured(mut self, steps_per_s: Option<f64>) -> Self {
        self.measured_steps_per_s = steps_per_s;
        self
    }

    /// Draws it in the full width, and gives what the user does.
    pub fn show(self, ui: &mut Ui, edit: &mut dyn FnMut(PlaybackEdit)) {
        let id = ui.scope_id().with("time bar");
        let mut typing: Typing = ui.data_mut(|d| d.get_temp(id)).unwrap_or_default();
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(5.0, 4.0);
            let narrow = ui.available_width() < NARROW;
            ui.horizontal_wrapped(|ui| {
                ui.set_min_height(28.0);
                self.transport(ui, edit);
                self.position(ui);
                self.speed(ui, narrow, &mut typing, edit);
                self.looping(ui, narrow, edit);
                film(ui);
            });
            if let Some(error) = &typing.error {
                ui.label(RichText::new(error).small().color(palette(ui.visuals()).warning));
            }
            let ruler = self.ruler(ui, edit);
            self.keys(ui, &ruler, edit);
        });
        ui.data_mut(|d| d.insert_temp(id, typing));
        self.play(ui, edit);
    }

    /// Takes the steps that are due, or sleeps until one is.
    fn play(&self, ui: &Ui, edit: &mut dyn FnMut(PlaybackEdit)) {
        let now_s = ui.input(|i| i.time);
        match self.playback.due_in_s(now_s) {
            Some(due_s) if due_s <= 0.0 => edit(PlaybackEdit::Tick { now_s }),
            Some(due_s) => {
                ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(due_s));
            }
            None => {}
        }
    }

    fn transport(&self, ui: &mut Ui, edit: &mut dyn FnMut(PlaybackEdit)) {
        let now_s = ui.input(|i| i.time);
        let p = self.playback;
        let (first, last) = p.range();
        let moves = p.is_playing() || p.is_following();
        let end = if p.is_live() { "Follow live" } else { "To the end" };
        let buttons = [
            (Icon::ToStart, "To the beginning", "Home", p.at() > first, PlaybackEdit::Home),
            (Icon::StepBack, "Step back", "←", p.at() > first, PlaybackEdit::Step(-1)),
            if moves {
                (Icon::Pause, "Pause", "Space", true, PlaybackEdit::Pause)
            } else {
                let on = last > first || p.is_live();
                (Icon::Play, "Play", "Space", on, PlaybackEdit::Play { now_s })
            },
            (Icon::StepOn, "Step on", "→", p.at() < last || p.is_live(), PlaybackEdit::Step(1)),
            (Icon::ToEnd, end, "End", p.at() < last || p.is_live(), PlaybackEdit::End),
        ];
        for (icon, name, key, on, what) in buttons {
            let wide = matches!(icon, Icon::Play | Icon::Pause);
            let size = Vec2::new(if wide { 44.0 } else { 30.0 }, 28.0);
            if icons::button(ui, icon, name, size, on, wide && moves)
                .on_hover_text(format!("{name} ({key})"))
                .clicked()
            {
                edit(what);
            }
        }
    }

    fn position(&self, ui: &mut Ui) {
        let (_, last) = self.playback.range();
        let (at, last) = (self.axis.text(self.playback.at()), self.axis.text(last));
        let p = palette(ui.visuals());
        let text = format!("{at} of {last} {}", self.axis.unit);
        // As wide as it can become, so that nothing beside it moves.
        let widest = format!("{last} of {last} {}", self.axis.unit);
        let font = theme::strong(14.0);
        let width = ui.painter().layout_no_wrap(widest, font.clone(), p.text).size().x;
        ui.add_space(4.0);
        let label = egui::Label::new(RichText::new(text).font(font));
        ui.allocate_ui_with_layout(
            Vec2::new(width + 6.0, 28.0),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_min_width(width + 6.0);
                ui.add(label);
            },
        );
        if self.playback.is_live() {
            let (text, colour) = if self.playback.is_following() {
                ("live", p.accent)
            } else if self.playback.at() == self.playback.range().1 {
                ("held", p.weak)
            } else {
                ("behind live", p.weak)
            };
            ui.label(RichText::new(text).font(theme::strong(13.0)).color(colour));
        }
    }

    fn speed(
        &self,
        ui: &mut Ui,
        narrow: bool,
        typing: &mut Typing,
        edit: &mut dyn FnMut(PlaybackEdit),
    ) {
        let asked = self.playback.steps_per_s();
        let scale = self.axis.unit_per_step;
        let small = Vec2::new(24.0, 28.0);
        let mut change = |typing: &mut Typing, steps_per_s| {
            *typing = Typing::default();
            edit(PlaybackEdit::Speed(steps_per_s));
        };
        let label = if narrow { None } else { Some(ui.label("Speed")) };
        let tight = ui.max_rect().width() < TIGHT;
        let tip = "A step is the same at every speed. Type a number, or press − and +.";
        if icons::button(ui, Icon::Less, "Slower", small, true, false)
            .on_hover_text("Slower (−)")
            .clicked()
        {
            change(typing, playback::neighbour_speed(asked, false));
        }
        let mut text = typing.text.clone().unwrap_or_else(|| playback::plain(asked * scale));
        let field = TextEdit::singleline(&mut text)
            .desired_width(66.0)
            .align(egui::Align2::CENTER_CENTER)
            .char_limit(32);
        let response = ui.add(field).on_hover_text(tip);
        let response = names::field(response, label, "Speed", &text);
        if response.changed() || response.has_focus() {
            typing.text = Some(text.clone());
        }
        // A frame that is laid out twice loses the focus twice; what was typed is gone then.
        if response.lost_focus() && typing.text.is_some() {
            let cancelled = ui.input(|i| i.key_pressed(Key::Escape));
            *typing = Typing::default();
            match playback::parse_speed(&text, self.axis.unit, scale) {
                _ if cancelled || text == playback::plain(asked * scale) => {}
                Ok(speed) => edit(PlaybackEdit::Speed(speed)),
                Err(error) => typing.error = Some(error.to_string()),
            }
        }
        let mut change = |typing: &mut Typing, steps_per_s| {
            *typing = Typing::default();
            edit(PlaybackEdit::Speed(steps_per_s));
        };
        if icons::button(ui, Icon::More, "Faster", small, true, false)
            .on_hover_text("Faster (+)")
            .clicked()
        {
            change(typing, playback::neighbour_speed(asked, true));
        }
        let measured = self.measured_steps_per_s.or(self.playback.measured_steps_per_s());
        let measured = measured.map_or("–".into(), |s| playback::plain(s * scale));
        let unit = self.axis.unit;
        // Where it would push the rest into a second row as soon as something plays, a pointer
        // brings it.
        let text = match narrow {
            true if tight => "/s".to_owned(),
            true => format!("{unit}/s"),
            false => format!("{unit}/s, measured {measured}"),
        };
        let tip = format!("Reached over the last half second of playing: {measured} {unit}/s");
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak)).on_hover_text(tip);
    }

    fn looping(&self, ui: &mut Ui, narrow: bool, edit: &mut dyn FnMut(PlaybackEdit)) {
        let selection = self.playback.selection();
        let name = |looping| match looping {
            Looping::Off => "off",
            Looping::All => "all",
            Looping::Selection => "selection",
        };
        let chosen = self.playback.looping();
        // Rarely used, it would make a second row of a projector's bar as numbers grow: its key
        // (L) and the selection bring it.
        let idle = chosen == Looping::Off && selection.is_none();
        if idle && narrow && ui.available_size_before_wrap().x < LOOP {
            return;
        }
        let label = if narrow { None } else { Some(ui.label("Loop")) };
        let text = name(chosen);
        let list = ComboBox::from_id_salt("loop")
            .selected_text(if narrow { format!("Loop {text}") } else { text.to_owned() })
            .width(82.0)
            .show_ui(ui, |ui| {
                for looping in [Looping::Off, Looping::All, Looping::Selection] {
                    let on = looping != Looping::Selection || selection.is_some();
                    let button = Button::selectable(chosen == looping, name(looping));
                    let tip = "Drag on the ruler with Shift to select";
                    if ui.add_enabled(on, button).on_disabled_hover_text(tip).clicked() {
                        edit(PlaybackEdit::Loop(looping));
                    }
                }
            })
            .response
            .on_hover_text("What happens at the end (L)");
        names::list(list, label, "Loop", text);
        if let Some((a, b)) = selection {
            let (a, b) = (self.axis.text(a), self.axis.text(b));
            let clear = ui.button(RichText::new(format!("{a}–{b} ×")).small());
            clear.widget_info(|| {
                let text = format!("Clear the selection from {a} to {b} {}", self.axis.unit);
                egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, text)
            });
            if clear.on_hover_text("Clear the selection").clicked() {
                edit(PlaybackEdit::Select(None));
            }
        }
    }

    /// Space, arrows, Home, End and the rest, unless another widget has the
    /// keyboard.
    fn keys(&self, ui: &Ui, ruler: &egui::Response, edit: &mut dyn FnMut(PlaybackEdit)) {
        let focused = ui.memory(egui::Memory::focused);
        if focused.is_some_and(|id| id != ruler.id) || egui::Popup::is_any_open(ui.ctx()) {
            return;
        }
        if ruler.has_focus() {
            let arrows = egui::EventFilter { horizontal_arrows: true, ..Default::default() };
            ui.memory_mut(|m| m.set_focus_lock_filter(ruler.id, arrows));
        }
        let p = self.playback;
        let now_s = ui.input(|i| i.time);
        let pressed = |modifiers, key| {
            ui.input_mut(|i| i.count_and_consume_key(modifiers, key)).min(1000) as i64
        };
        for (key, on) in [(Key::ArrowLeft, false), (Key::ArrowRight, true)] {
            let sign = if on { 1 } else { -1 };
            let mut steps = 0;
            // `consume` takes Shift for what is not named: the longer ones first.
            if pressed(Modifiers::COMMAND, key) > 0
                && let Some(to) = self.next_event.and_then(|next| next(p.at(), on))
            {
                edit(PlaybackEdit::Go(to));
            }
            steps += 10 * pressed(Modifiers::SHIFT, key);
            steps += pressed(Modifiers::NONE, key);
            if steps > 0 {
                edit(PlaybackEdit::Step(sign * steps));
            }
        }
        let (from, to) = p.selection().unwrap_or(p.range());
        let next_loop = match (p.looping(), p.selection()) {
            (Looping::Off, _) => Looping::All,
            (Looping::All, Some(_)) => Looping::Selection,
            _ => Looping::Off,
        };
        let slower = PlaybackEdit::Speed(playback::neighbour_speed(p.steps_per_s(), false));
        let faster = PlaybackEdit::Speed(playback::neighbour_speed(p.steps_per_s(), true));
        for (key, what) in [
            (Key::Space, PlaybackEdit::Toggle { now_s }),
            (Key::Home, PlaybackEdit::Home),
            (Key::End, PlaybackEdit::End),
            (Key::Minus, slower),
            (Key::Plus, faster),
            (Key::Equals, faster),
            (Key::L, PlaybackEdit::Loop(next_loop)),
            (Key::I, PlaybackEdit::Select(Some((p.at(), to.max(p.at()))))),
            (Key::O, PlaybackEdit::Select(Some((from.min(p.at()), p.at())))),
        ] {
            if pressed(Modifiers::NONE, key) > 0 {
                edit(what);
            }
        }
    }
}
