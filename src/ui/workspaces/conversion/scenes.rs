//! Pages of the tour.

use super::settings::ConversionTab;
use super::{ABOUT, Conversion, ConversionEdit};
use crate::ui::house::House;
use crate::ui::scene::{Look, Scene, draw_three};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene {
        name: "side-by-side",
        look: Look::Dark,
        set_up: |house| open(house, ConversionTab::Pictures),
        ready: converted,
    },
    Scene {
        name: "spikes-projector",
        look: Look::Projector,
        set_up: |house| open(house, ConversionTab::Spikes),
        ready: converted,
    },
];

fn open(house: &mut House, tab: ConversionTab) {
    draw_three(house);
    house.show(ABOUT.id);
    house.apply(ConversionEdit::Tab(tab));
}

/// Once the newest question is answered.
fn converted(house: &House) -> bool {
    house.room::<Conversion>().is_current(&house.desk)
}
