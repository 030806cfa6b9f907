//! Numbers that are dragged or typed. All number fields use this, so a decimal comma
//! is understood everywhere, and input that is not understood is reported instead
//! of dropped (see [`not_understood`]).

use std::cell::RefCell;
use std::ops::RangeInclusive;

use egui::emath::Numeric;
use egui::{Context, DragValue, Id, Slider};

use crate::core::text;

thread_local! {
    /// The text of the field in hand, while it is no number. Fields are typed in
    /// on the window's thread, one at a time.
    static REFUSED: RefCell<Option<Refused>> = const { RefCell::new(None) };
}

#[derive(Clone)]
struct Refused {
    text: String,
    whole: bool,
}

/// A number to drag or type.
#[expect(clippy::disallowed_methods, reason = "this is what all others use")]
pub fn drag<N: Numeric>(value: &mut N) -> DragValue<'_> {
    DragValue::new(value).custom_parser(if N::INTEGRAL { whole } else { decimal })
}

/// A slider with its number beside it.
#[expect(clippy::disallowed_methods, reason = "this is what all others use")]
pub fn slider<N: Numeric>(value: &mut N, range: RangeInclusive<N>) -> Slider<'_> {
    Slider::new(value, range).custom_parser(if N::INTEGRAL { whole } else { decimal })
}

/// [`text::decimal`] for a field.
pub fn decimal(typed: &str) -> Option<f64> {
    noted(typed, text::decimal(typed), false)
}

/// [`text::whole`] for a field.
pub fn whole(typed: &str) -> Option<f64> {
    noted(typed, text::whole(typed), true)
}

fn noted(typed: &str, number: Option<f64>, whole: bool) -> Option<f64> {
    let refused = number.is_none() && !typed.trim().is_empty();
    let refused = refused.then(|| Refused { text: typed.trim().chars().take(24).collect(), whole });
    REFUSED.with(|kept| *kept.borrow_mut() = refused);
    number
}

/// What was typed into a field that has been left, and is no number; to be asked
/// once a frame, after everything is drawn. While somebody types, a number may be
/// unfinished.
pub fn not_understood(ctx: &Context) -> Option<String> {
    let in_hand = Id::unique("number in hand");
    let waiting = REFUSED.with(|kept| kept.borrow().is_some());
    let focused = ctx.memory(egui::Memory::focused);
    if !waiting {
        ctx.data_mut(|d| d.remove::<Id>(in_hand));
        return None;
    }
    let before: Option<Id> = ctx.data(|d| d.get_temp(in_hand));
    if let Some(focused) = focused
        && before.is_none_or(|b| b == focused)
    {
        ctx.data_mut(|d| d.insert_temp(in_hand, focused));
        return None;
    }
    let refused = REFUSED.with(|kept| kept.borrow_mut().take())?;
    ctx.data_mut(|d| d.remove::<Id>(in_hand));
    let (what, example) =
        if refused.whole { ("a whole number", "17") } else { ("a number", "1.7 or 1,7") };
    let text = refused.text;
    Some(format!("“{text}” is not {what}, so the last one stays. Type it as {example}."))
}

#[cfg(test)]
mod tests {
    use egui::Key;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;

    /// Types into a field, leaves it, and gives its value and what was said.
    fn typed(text: &str, leave: Key) -> (f64, Option<String>) {
        let state = (5.0, None);
        let mut harness = Harness::new_ui_state(
            |ui, (value, said): &mut (f64, Option<String>)| {
                let label = ui.label("Length");
                ui.add(drag(value).range(0.0..=100.0)).labelled_by(label.id);
                if let Some(text) = not_understood(ui.ctx()) {
                    *said = Some(text);
                }
            },
            state,
        );
        harness.get_by_role(egui::accesskit::Role::SpinButton).focus();
        harness.run();
        harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
        for c in text.chars() {
            harness.event(egui::Event::Text(c.to_string()));
            harness.run();
            assert_eq!(harness.state().1, None, "said while typing");
        }
        harness.key_press(leave);
        harness.run();
        harness.run();
        harness.state().clone()
    }

    #[test]
    fn a_decimal_comma_is_taken_and_what_is_no_number_is_said() {
        assert_eq!(typed("1,7", Key::Enter), (1.7, None));
        assert_eq!(typed("1.7", Key::Enter), (1.7, None));
        let (_, said) = typed("x7", Key::Enter);
        assert!(said.unwrap().contains("“x7” is not a number"));
        let (_, said) = typed("1,2,3", Key::Enter);
        assert!(said.unwrap().contains("“1,2,3”"));
        assert_eq!(typed("", Key::Enter), (5.0, None));
    }
}
