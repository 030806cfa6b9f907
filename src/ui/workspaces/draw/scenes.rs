//! Pages of the tour.

use crate::ui::app::App;
use crate::ui::command::{DataEdit, DigitEdit};
use crate::ui::tour::{Look, Scene, answered, digits, draw, draw_three};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene { name: "dark", look: Look::Dark, set_up: draw_three, ready: answered },
    Scene { name: "light", look: Look::Light, set_up: |app| draw(app, 8, |p| p), ready: answered },
    Scene {
        name: "projector",
        look: Look::Projector,
        set_up: |app| draw(app, 5, |p| p),
        ready: answered,
    },
    Scene { name: "not-centred", look: Look::Dark, set_up: in_a_corner, ready: answered },
    Scene { name: "picked", look: Look::Light, set_up: pick, ready: answered },
];

fn in_a_corner(app: &mut App) {
    app.apply(DigitEdit::PenWidth(0.04));
    draw(app, 2, |[x, y]| [0.04 + 0.35 * x, 0.6 + 0.35 * y]);
    app.apply(DigitEdit::Centre(false));
}

fn pick(app: &mut App) {
    app.apply(DigitEdit::Centre(true));
    app.apply(DigitEdit::PenWidth(0.08));
    let source = digits(app);
    app.apply(DataEdit::Source(source));
    app.apply(DigitEdit::Pick { source, index: 149 });
}
