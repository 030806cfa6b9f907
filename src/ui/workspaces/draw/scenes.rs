//! Pages of the tour.

use crate::ui::command::{DataEdit, DigitEdit};
use crate::ui::house::House;
use crate::ui::scene::{Look, Scene, answered, digits, draw, draw_three};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene { name: "dark", look: Look::Dark, set_up: draw_three, ready: answered },
    Scene {
        name: "light",
        look: Look::Light,
        set_up: |house| draw(house, 8, |p| p),
        ready: answered,
    },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: |house| draw(house, 5, |p| p),
        ready: answered,
    },
    Scene { name: "not-centred", look: Look::Dark, set_up: in_a_corner, ready: answered },
    Scene { name: "picked", look: Look::Light, set_up: pick, ready: answered },
];

fn in_a_corner(house: &mut House) {
    house.apply(DigitEdit::PenWidth(0.04));
    draw(house, 2, |[x, y]| [0.04 + 0.35 * x, 0.6 + 0.35 * y]);
    house.apply(DigitEdit::Centre(false));
}

fn pick(house: &mut House) {
    house.apply(DigitEdit::Centre(true));
    house.apply(DigitEdit::PenWidth(0.08));
    let source = digits(house);
    house.apply(DataEdit::Source(source));
    house.apply(DigitEdit::Pick { source, index: 149 });
}
