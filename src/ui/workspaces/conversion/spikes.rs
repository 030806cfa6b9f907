//! Who spikes when: one band for each layer, one row for each of some of its units.

use egui::accesskit::Role;
use egui::{
    Color32, ColorImage, Id, Rect, RichText, Sense, Stroke, TextureOptions, Ui, WidgetInfo, vec2,
};

use super::ConversionEdit;
use super::World;
use super::view::at;
use crate::core::playback::PlaybackEdit;
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::picture;
use crate::workers::conversion::StageView;

/// Units of a layer that are shown.
const ROWS: usize = 64;

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let shown = &world.room.shown;
    let steps = shown.probabilities.len().max(1);
    let bands: Vec<usize> = (0..shown.stages.len())
        .filter(|s| shown.stages[*s].has_neurons() && shown.stages[*s].spikes)
        .collect();
    let gap = ui.text_style_height(&egui::TextStyle::Body) + 2.0 * ui.spacing().item_spacing.y;
    let room = ui.available_height() - 30.0;
    let height = (room / bands.len().max(1) as f32 - gap).clamp(40.0, 180.0);
    let p = palette(ui.visuals());
    for number in bands {
        let stage = &shown.stages[number];
        let units: usize = stage.output.iter().product();
        let rows = units.min(ROWS);
        let total: usize = stage.spiked.iter().map(Vec::len).sum();
        let text = format!(
            "{}: {rows} of {} units; {:.2} % of all fire in a step, on average",
            stage.name,
            grouped(units as u64),
            100.0 * total as f64 / (units * steps) as f64
        );
        ui.label(RichText::new(text.as_str()).font(theme::strong(12.5)));
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click_and_drag());
        ui.painter().rect_filled(rect, 2.0, p.well);
        let stamp = picture::stamp((shown.serial, number, ui.visuals().dark_mode));
        let (ink, paper) = (p.series[number % p.series.len()], Color32::TRANSPARENT);
        let id = Id::unique(("conversion raster", number));
        let texture = picture::texture(ui.ctx(), id, stamp, TextureOptions::NEAREST, || {
            let lit = lit(stage, rows, steps);
            let colours = lit.into_iter().map(|l| if l { ink } else { paper }).collect();
            ColorImage::new([steps, rows], colours)
        });
        picture::whole(ui, &texture, rect);
        response.widget_info(|| {
            let label = format!("Spikes of {text}. Drag to go to another step");
            WidgetInfo::labeled(Role::Image, true, label)
        });
        let x = rect.left() + rect.width() * at(world) as f32 / steps as f32;
        ui.painter().vline(x, rect.y_range(), Stroke::new(1.5, p.text));
        go(&response, rect, steps, out);
    }
    ui.label(
        RichText::new("step 1 on the left, the last on the right; drag to scrub")
            .small()
            .color(p.weak),
    );
}

/// The units that are shown, in rising order: spread over the layer by the golden
/// ratio, which hits all maps and all places in them. Every so-many-th unit would hit
/// few maps, since the number of maps divides the number of units.
fn sampled(units: usize, rows: usize) -> Vec<usize> {
    if rows >= units {
        return (0..units).collect();
    }
    let share = |k: usize| (k as f64 * 0.618_033_988_749_895).fract();
    let mut all: Vec<usize> = (0..rows).map(|k| (share(k) * units as f64) as usize).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Which of the rows spiked in which step.
fn lit(stage: &StageView, rows: usize, steps: usize) -> Vec<bool> {
    let units: usize = stage.output.iter().product();
    let mut row_of = vec![None; units];
    for (row, unit) in sampled(units, rows).into_iter().enumerate() {
        row_of[unit] = Some(row);
    }
    let mut lit = vec![false; rows * steps];
    for (step, spiked) in stage.spiked.iter().enumerate().take(steps) {
        for row in spiked.iter().filter_map(|place| row_of[*place as usize]) {
            lit[row * steps + step] = true;
        }
    }
    lit
}

/// A click or drag goes there.
fn go(response: &egui::Response, rect: Rect, steps: usize, out: &mut Outbox) {
    let pressed = response.clicked() || response.dragged();
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| pressed) {
        let share = ((pointer.x - rect.left()) / rect.width()).clamp(0.0, 1.0);
        let step = (share * steps as f32).round() as u64;
        out.push(ConversionEdit::Play(PlaybackEdit::Go(step)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_are_shown_come_from_many_maps() {
        for (units, maps) in [(36_864, 64), (8192, 128), (21_632, 32)] {
            let shown = sampled(units, ROWS);
            assert_eq!(shown.len(), ROWS);
            assert!(shown.iter().all(|u| *u < units));
            let seen: std::collections::BTreeSet<_> = shown.iter().map(|u| u % maps).collect();
            assert!(seen.len() > 20, "{units}: {} of {maps} maps", seen.len());
        }
        assert_eq!(sampled(10, 10), (0..10).collect::<Vec<_>>());
    }
}
