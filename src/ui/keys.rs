//! The keyboard. Each workspace declares its keys once ([`Keys::pressed`]): the same
//! lines act on them and list them (`?`). Projector mode shows the keys pressed.

use std::time::{Duration, Instant};

use egui::{Align2, Context, Event, Id, Key, KeyboardShortcut, Modifiers, RichText};

use super::theme::{self, palette};

/// A tapped key is shown so long.
const SHOWN_FOR: Duration = Duration::from_millis(1500);
/// Taps shown at once.
const MOST_SHOWN: usize = 4;

/// A key alone.
pub const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

/// A key with Ctrl.
pub const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

/// Notes, before anything is drawn, whether text is being typed.
pub fn note_typing(ctx: &Context) {
    let (pass, typing) = (ctx.cumulative_pass_nr(), ctx.text_edit_focused());
    ctx.data_mut(|d| d.insert_temp(Id::unique("typing"), (pass, typing)));
}

/// Whether text is being typed, or was when this frame began: what a field has taken with the
/// key that ends it, in one slow frame, is nobody else's.
pub fn typing(ctx: &Context) -> bool {
    let noted: Option<(u64, bool)> = ctx.data(|d| d.get_temp(Id::unique("typing")));
    ctx.text_edit_focused() || noted == Some((ctx.cumulative_pass_nr(), true))
}

/// Acts on keys, or lists them.
pub struct Keys<'a> {
    ctx: &'a Context,
    /// Whether the workspace asked is the one that is shown.
    pub here: bool,
    typing: bool,
    list: Option<Vec<(String, &'static str)>>,
}

impl<'a> Keys<'a> {
    /// To act on keys.
    pub fn new(ctx: &'a Context) -> Self {
        Self { ctx, here: false, typing: typing(ctx), list: None }
    }

    /// To list them.
    pub fn to_list(ctx: &'a Context) -> Self {
        Self { list: Some(Vec::new()), ..Self::new(ctx) }
    }

    /// Those listed.
    pub fn listed(self) -> Vec<(String, &'static str)> {
        self.list.unwrap_or_default()
    }

    /// Whether the key was pressed. While text is being typed, what belongs to the
    /// text is not taken.
    pub fn pressed(&mut self, key: KeyboardShortcut, what: &'static str) -> bool {
        if self.list.is_some() {
            let name = name(self.ctx, &key);
            self.row(name, what);
            return false;
        }
        let of_text = key.modifiers == Modifiers::NONE
            || matches!(key.logical_key, Key::Z | Key::Y | Key::Delete);
        !(self.typing && of_text) && self.ctx.input_mut(|i| i.consume_shortcut(&key))
    }

    /// Whether no button or field has the keyboard.
    pub fn free(&self) -> bool {
        self.ctx.memory(egui::Memory::focused).is_none()
    }

    /// Whether the keys are being listed.
    pub fn lists(&self) -> bool {
        self.list.is_some()
    }

    /// Adds a line to the list.
    pub fn row(&mut self, key: String, what: &'static str) {
        let Some(rows) = &mut self.list else { return };
        match rows.iter_mut().find(|row| row.1 == what) {
            Some(row) => row.0 = format!("{}, {key}", row.0),
            None => rows.push((key, what)),
        }
    }
}

/// `Ctrl+Z`, and `[` for what egui calls `OpenBracket`.
fn name(ctx: &Context, shortcut: &KeyboardShortcut) -> String {
    let key = shortcut.logical_key;
    let symbol = key.symbol_or_name();
    let name = ctx.format_shortcut(shortcut);
    if symbol.is_ascii() { name.replace(key.name(), symbol) } else { name }
}

/// The keys tapped last, for those who watch a projector.
#[derive(Default)]
pub struct Taps(Vec<(String, Instant)>);

impl Taps {
    /// Notes this frame's taps; of a key that is held, only the first counts.
    pub fn note(&mut self, ctx: &Context) {
        let now = Instant::now();
        self.0.retain(|(_, at)| now - *at < SHOWN_FOR);
        if ctx.text_edit_focused() {
            return;
        }
        // Naming a key asks the context again.
        let events = ctx.input(|i| i.events.clone());
        let tapped = tapped(ctx, &events);
        self.0.extend(tapped.into_iter().map(|name| (name, now)));
        let more = self.0.len().saturating_sub(MOST_SHOWN);
        self.0.drain(..more);
    }

    /// Shows them in the status line, where they cover nothing.
    pub fn show(&self, ctx: &Context) {
        let Some((_, oldest)) = self.0.first() else { return };
        ctx.request_repaint_after(SHOWN_FOR.saturating_sub(oldest.elapsed()));
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        egui::Area::new(Id::unique("pressed keys"))
            .anchor(Align2::CENTER_BOTTOM, [0.0, -2.0])
            .order(egui::Order::Tooltip)
            .interactable(false)
            .show(ctx, |ui| {
                let p = palette(ui.visuals());
                egui::Frame::new()
                    .fill(p.text)
                    .corner_radius(8)
                    .inner_margin(egui::Margin::symmetric(14, 2))
                    .show(ui, |ui| {
                        let text = RichText::new(names.join("   ")).font(theme::strong(17.0));
                        ui.add(egui::Label::new(text.color(p.card)).extend());
                    });
            });
    }
}

/// Keys that are held for others.
const MODIFIERS: [Key; 8] = [
    Key::ShiftLeft,
    Key::ShiftRight,
    Key::ControlLeft,
    Key::ControlRight,
    Key::AltLeft,
    Key::AltRight,
    Key::SuperLeft,
    Key::SuperRight,
];

/// What was tapped, as it is said: the text that a key gives (`?`), else its name.
fn tapped(ctx: &Context, events: &[Event]) -> Vec<String> {
    let mut names = Vec::new();
    for (i, event) in events.iter().enumerate() {
        let Event::Key { key, pressed: true, repeat: false, modifiers, .. } = event else {
            continue;
        };
        // With the key that they are held for they are named.
        if MODIFIERS.contains(key) {
            continue;
        }
        let text = events[i + 1..].iter().find_map(|e| match e {
            Event::Text(text) if !text.trim().is_empty() => Some(text.to_uppercase()),
            _ => None,
        });
        let with = modifiers.command || modifiers.ctrl || modifiers.alt;
        names.push(match text.filter(|_| !with) {
            Some(text) => text,
            None => name(ctx, &KeyboardShortcut::new(*modifiers, *key)),
        });
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: Key, modifiers: Modifiers) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }
    }

    #[test]
    fn a_tap_is_said_as_it_is_read() {
        let ctx = Context::default();
        let question = [press(Key::Questionmark, Modifiers::SHIFT), Event::Text("?".into())];
        assert_eq!(tapped(&ctx, &question), ["?"]);
        assert_eq!(tapped(&ctx, &[press(Key::N, Modifiers::NONE), Event::Text("n".into())]), ["N"]);
        assert_eq!(tapped(&ctx, &[press(Key::Space, Modifiers::NONE)]), ["Space"]);
        assert!(tapped(&ctx, &[press(Key::ControlLeft, Modifiers::COMMAND)]).is_empty());
        let four = tapped(&ctx, &[press(Key::Num4, Modifiers::COMMAND)]);
        assert_eq!(four.len(), 1);
        assert!(four[0].ends_with("+4"), "{four:?}");
    }

    #[test]
    fn a_key_whose_release_is_missed_is_forgotten() {
        let ctx = Context::default();
        let mut taps = Taps::default();
        taps.0.push(("+".into(), Instant::now() - SHOWN_FOR));
        taps.note(&ctx);
        assert!(taps.0.iter().all(|(_, at)| at.elapsed() < SHOWN_FOR));
    }
}
