//! What the maps of convolutions prefer that learn by STDP: now, and at earlier moments of
//! the run in hand.

use egui::accesskit::Role;
use egui::{Color32, Id, Rect, RichText, Sense, Ui, Visuals, WidgetInfo, vec2};

use super::{DeepEdit, World};
use crate::ann::ops::conv_stdp::look::Preferred;
use crate::core::csv::{self, row};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::time_bar::{Axis, TimeBar};
use crate::ui::widgets::{figure, page, picture, tiles};
use crate::workers::deep::Filters;

/// Mean of w(1 − w) below which a layer has settled (Kheradpisheh et al. 2018).
const SETTLED: f32 = 0.01;

/// The largest number of each patch.
pub fn largest(patches: &[Preferred]) -> Vec<f32> {
    patches.iter().map(|p| p.values.iter().fold(1e-12f32, |m, v| m.max(v.abs()))).collect()
}

/// The colour of a patch, whose largest number is `most`, at a place of a picture of
/// `cells`² cells.
pub fn patch_colour(
    visuals: &Visuals,
    (patch, most): (&Preferred, f32),
    (y, x): (usize, usize),
    cells: usize,
) -> Color32 {
    let at = |i: usize| i * patch.side / cells.max(1);
    let value = patch.values.get(at(y) * patch.side + at(x)).copied().unwrap_or(0.0);
    theme::diverging(visuals, value / most)
}

/// The moment looked at: that of the bar, of the network in training; of others the only
/// one.
fn shown<'a>(world: &'a World<'_>) -> Option<(&'a Filters, Option<&'a str>)> {
    let room = world.room;
    let known = room.known(world.desk)?.volley.as_ref()?;
    let live = world.room.network(world.desk).is_some_and(|(m, _)| m.key == "live");
    if live && let Some(moment) = room.moments.get(room.scrub.at() as usize) {
        return Some((&moment.filters, Some(&moment.epochs)));
    }
    Some((&known.filters, None))
}

/// The time bar: moments of the run in hand.
pub fn bar(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let axis = Axis { unit: "moments", unit_per_step: 1.0, decimals: 0 };
    TimeBar::new(&world.room.scrub, axis).show(ui, &mut |edit| out.push(DeepEdit::Scrub(edit)));
}

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    super::view::with_digit(ui, world, out, |ui, _, _, out| {
        let Some((filters, epochs)) = shown(world) else {
            ui.label("Only convolutions that learn by STDP have such filters. Choose “Conv-STDP” as the network, or train it: its filters then form here while it learns.");
            return;
        };
        let from = ui.next_widget_position();
        let when = epochs.map_or_else(String::new, |e| format!("After {e} epochs: "));
        let each = filters.unsettled.iter().enumerate().map(|(i, unsettled)| {
            let state = if *unsettled < SETTLED { "settled" } else { "learning" };
            format!("layer {} {state}, mean w(1 − w) {unsettled:.4}", i + 1)
        });
        let text = format!("{when}{}", each.collect::<Vec<_>>().join("; "));
        ui.label(RichText::new(text).font(theme::strong(13.5)));
        let small = page::small(ui);
        let names = ["Layer 1", "Layer 2"];
        let which = if small { page::choose(ui, "deep filters", &names) } else { 0 };
        let room = (ui.available_height() - 42.0).max(140.0);
        let text =
            ui.text_style_height(&egui::TextStyle::Small) + 2.0 * ui.spacing().item_spacing.y;
        for (number, share) in [(0, 0.36), (1, 0.64)] {
            if small && which != number {
                continue;
            }
            let height = if small { room } else { room * share } - text;
            patches(ui, world, (filters, number), height);
        }
        figure::save_below(ui, out, "filters", from, || csv(filters));
    });
}

/// All maps of a layer, each as the patch that it prefers.
fn patches(ui: &mut Ui, world: &World<'_>, (filters, number): (&Filters, usize), height: f32) {
    let all = &filters.patches[number];
    let weak = palette(ui.visuals()).weak;
    let side = all.first().map_or(1, |p| p.side);
    let head = format!(
        "Layer {}: {} maps, each as the {side} × {side} pixels that it prefers; orange bright, blue dark",
        number + 1,
        all.len()
    );
    ui.label(RichText::new(head).small().color(weak));
    let room = vec2(ui.available_width(), height.max(40.0));
    let (rect, response) = ui.allocate_exact_size(room, Sense::hover());
    if all.is_empty() {
        return;
    }
    // A cell between two patches.
    let grid = side + 1;
    let (columns, size) = tiles::arrange(all.len(), 1.0, room);
    let rows = all.len().div_ceil(columns);
    let painted = vec2(size.x * columns as f32, size.y * rows as f32);
    let rect = Rect::from_min_size(rect.min, painted);
    let visuals = ui.visuals().clone();
    let stamp = picture::stamp((
        std::ptr::from_ref(filters) as usize,
        world.room.scrub.at(),
        world.room.look.number,
        visuals.dark_mode,
        columns,
    ));
    let ground = palette(&visuals).background;
    let most = largest(all);
    let id = Id::unique(("preferred patches", number));
    picture::paint(ui, id, stamp, rect, (rows * grid, columns * grid), |i| {
        let (y, x) = (i / (columns * grid), i % (columns * grid));
        let map = y / grid * columns + x / grid;
        let (y, x) = (y % grid, x % grid);
        match all.get(map).filter(|_| y < side && x < side) {
            Some(patch) => theme::diverging(&visuals, patch.values[y * side + x] / most[map]),
            None => ground,
        }
    });
    response.widget_info(|| {
        let text = format!("What the {} maps of layer {} prefer", all.len(), number + 1);
        WidgetInfo::labeled(Role::Image, true, text)
    });
    let under = response.hover_pos().and_then(|at| picture::cell(rect, (rows, columns), at));
    if let Some((row, column)) = under
        && row * columns + column < all.len()
    {
        response.on_hover_text_at_pointer(format!("map {}", row * columns + column));
    }
}

/// A row for each pixel of each patch.
fn csv(filters: &Filters) -> String {
    let layers = filters.patches.iter().enumerate();
    let rows = layers.flat_map(|(layer, patches)| {
        patches.iter().enumerate().flat_map(move |(map, patch)| {
            let side = patch.side;
            let each = patch.values.iter().enumerate();
            each.map(move |(i, v)| row![layer + 1, map, i / side, i % side, v])
        })
    });
    csv::text(row!["layer", "map", "row", "column", "preference"], rows)
}
