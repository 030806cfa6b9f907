//! Pages of the tour.

use super::settings::ConversionTab;
use super::{ABOUT, Conversion, ConversionEdit};
use crate::ui::app::App;
use crate::ui::tour::{Look, Scene, draw_three};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "side-by-side",
        look: Look::Dark,
        set_up: |app| open(app, ConversionTab::Pictures),
        ready: converted,
    },
    Scene {
        name: "spikes-projector",
        look: Look::Projector,
        set_up: |app| open(app, ConversionTab::Spikes),
        ready: converted,
    },
];

fn open(app: &mut App, tab: ConversionTab) {
    draw_three(app);
    app.show(ABOUT.id);
    app.apply(ConversionEdit::Tab(tab));
}

/// Once the newest question is answered.
fn converted(app: &App) -> bool {
    app.room::<Conversion>().is_current()
}
