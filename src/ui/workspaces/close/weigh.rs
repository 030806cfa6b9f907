//! The reader's own weights. All begin at zero, and the app has no order of its own.

use egui::{
    Color32, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::settings::CloseSettings;
use super::{CloseEdit, World, board, form, grid};
use crate::core::csv::{self, row};
use crate::scoreboard::board::{Profile, Value};
use crate::scoreboard::criteria::{Better, Criterion, Group};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::{figure, page};

/// A row of the order: the subject, its weighted mean from 0 to 1, and what each
/// criterion adds to it.
pub struct Placed<'a> {
    pub profile: &'a Profile,
    pub mean: f64,
    pub parts: Vec<f64>,
}

/// What one can weigh: criteria of which it can be said what is closer to a brain.
pub fn weighable(
    criteria: &'static [&'static Criterion],
) -> impl Iterator<Item = (&'static Criterion, Better)> + Clone {
    criteria.iter().filter_map(|c| Some((*c, c.better?)))
}

/// A cell as a number. Of words, those that deny come first: `not read`, `no`.
fn size(profile: &Profile, criterion: &str) -> Option<f64> {
    match board::value(profile, criterion)? {
        Value::Number(number) => number.is_finite().then_some(*number),
        Value::Word(word) => {
            let denies = word == "no" || word == "none" || word.starts_with("not ");
            Some(if denies { 0.0 } else { 1.0 })
        }
    }
}

/// The order by these weights, and who is left out because a weighed criterion was not
/// measured. Each criterion goes from 0, the farthest of all subjects, to 1, the closest.
pub fn order<'a>(
    table: &'a [Profile],
    criteria: &'static [&'static Criterion],
    kept: &CloseSettings,
) -> (Vec<Placed<'a>>, Vec<&'a Profile>) {
    let weighed: Vec<(&Criterion, Better, f64)> = weighable(criteria)
        .map(|(c, better)| (c, better, kept.weight(c.id)))
        .filter(|w| w.2 > 0.0)
        .collect();
    let all: f64 = weighed.iter().map(|w| w.2).sum();
    if all <= 0.0 {
        return (Vec::new(), Vec::new());
    }
    let ranges: Vec<(f64, f64)> = weighed
        .iter()
        .map(|(c, ..)| {
            let sizes = table.iter().filter_map(|p| size(p, c.id));
            sizes.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)))
        })
        .collect();
    let (mut placed, mut left) = (Vec::new(), Vec::new());
    for profile in table {
        let part =
            |((c, better, weight), (low, high)): (&(&Criterion, Better, f64), &(f64, f64))| {
                let size = size(profile, c.id)?;
                let share = if high > low { (size - low) / (high - low) } else { 1.0 };
                let share = if *better == Better::Low && high > low { 1.0 - share } else { share };
                Some(weight / all * share)
            };
        let parts: Option<Vec<f64>> = weighed.iter().zip(&ranges).map(part).collect();
        match parts {
            Some(parts) => placed.push(Placed { profile, mean: parts.iter().sum(), parts }),
            None => left.push(profile),
        }
    }
    placed.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    (placed, left)
}

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if !form::has_board(ui, world) {
        return;
    }
    let from = ui.next_widget_position();
    let below = if figure::saving(ui.ctx()) { 8.0 } else { 42.0 };
    // Beside a folded side, sliders and order take turns.
    if ui.available_width() < page::NARROW {
        let which = page::choose(ui, "close weigh", &["Weights", "Order"]);
        let height = (ui.available_height() - below).max(140.0);
        if which == 0 {
            ScrollArea::vertical()
                .id_salt("weights")
                .max_height(height)
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    sliders(ui, world, out);
                });
            return;
        }
        ranking(ui, world, height);
    } else {
        let height = (ui.available_height() - below).max(200.0);
        ranking(ui, world, height);
    }
    figure::save_below(ui, out, "my-order", from, || text(world));
}

/// What stands beside it: the weights.
pub fn side(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    sliders(ui, world, out);
}

fn sliders(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    if page::small(ui) {
        ui.label("What matters to you? The app does not know.");
    }
    let any = !world.room.kept.weights.is_empty();
    if ui.add_enabled(any, egui::Button::new("All to zero")).clicked() {
        out.push(CloseEdit::NoWeights);
    }
    let mut group: Option<Group> = None;
    for (criterion, better) in weighable(world.room.criteria) {
        if group.replace(criterion.group) != Some(criterion.group) {
            let name = Group::ALL.iter().find(|g| g.0 == criterion.group).map_or("", |g| g.1);
            ui.label(RichText::new(name).font(theme::strong(13.5)));
        }
        let way = if better == Better::High { "more" } else { "less" };
        let doc = format!("{} Closer: {way}.", criterion.doc);
        let mut weight = world.room.kept.weight(criterion.id);
        if Field::new(criterion.name, "", CloseSettings::WEIGHT, &doc).show(ui, &mut weight) {
            out.push(CloseEdit::Weigh(criterion.id.to_owned(), weight));
        }
    }
}

/// The colour of the `i`th criterion that is weighed.
fn hue(ui: &Ui, i: usize) -> Color32 {
    let p = palette(ui.visuals());
    p.series[i % p.series.len()]
}

fn ranking(ui: &mut Ui, world: &World<'_>, height: f32) {
    let room = world.room;
    let (placed, left) = order(&room.table, room.criteria, &room.kept);
    let p = palette(ui.visuals());
    if placed.is_empty() && left.is_empty() {
        ui.label(
            RichText::new("All weights are zero, so there is no order.").font(theme::strong(15.0)),
        );
        ui.label("The app gives none of its own: which of these criteria makes a network close to a brain is not a measurement but a choice. Move sliders to make yours, and see which networks come first by it.");
        return;
    }
    ui.label(RichText::new("Your order, by your weights. Each criterion goes from 0, the farthest of all rows from a brain, to 1, the closest; a bar is their weighted mean.").color(p.weak));
    let weighed = weighable(room.criteria).filter(|(c, _)| room.kept.weight(c.id) > 0.0);
    let all: f64 = weighed.clone().map(|(c, _)| room.kept.weight(c.id)).sum();
    ui.horizontal_wrapped(|ui| {
        for (i, (criterion, _)) in weighed.enumerate() {
            let share = 100.0 * room.kept.weight(criterion.id) / all.max(1e-12);
            let text = format!("■ {} {share:.0} %", criterion.name);
            ui.label(RichText::new(text).small().color(hue(ui, i)));
        }
    });
    ScrollArea::vertical()
        .id_salt("order")
        .max_height(height - 60.0)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for (i, row) in placed.iter().enumerate() {
                line(ui, i + 1, row);
            }
            if !left.is_empty() {
                let names: Vec<&str> = left.iter().map(|p| p.name.as_str()).collect();
                let text = format!(
                    "Without a place, since something that you weigh was not measured of them: {}.",
                    names.join(", ")
                );
                ui.label(RichText::new(text).small().color(p.weak));
            }
        });
}

fn line(ui: &mut Ui, place: usize, row: &Placed<'_>) {
    let p = palette(ui.visuals());
    let width = ui.available_width() - 8.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, 26.0), Sense::hover());
    let said = format!("{place}. {}: {:.2}", row.profile.name, row.mean);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, said.as_str()));
    let name = (0.36 * width).clamp(120.0, 240.0);
    let middle = rect.center().y;
    let text = format!("{place}. {}", row.profile.name);
    let text = grid::fitting(ui, &text, theme::regular(13.5), p.text, (name - 8.0, 26.0));
    ui.painter().galley(pos2(rect.left(), middle - text.size().y / 2.0), text, p.text);
    let number =
        ui.painter().layout_no_wrap(format!("{:.2}", row.mean), theme::strong(13.0), p.text);
    let end = rect.right() - number.size().x;
    ui.painter().galley(pos2(end, middle - number.size().y / 2.0), number, p.text);
    let axis = Rect::from_x_y_ranges(rect.left() + name..=end - 8.0, middle - 7.0..=middle + 7.0);
    ui.painter().rect_filled(axis, 2, p.well);
    let mut left = axis.left();
    for (i, part) in row.parts.iter().enumerate() {
        let right = left + axis.width() * *part as f32;
        let bar = Rect::from_x_y_ranges(left..=right, axis.y_range());
        ui.painter().rect_filled(bar, 0, hue(ui, i));
        left = right;
    }
}

fn text(world: &World<'_>) -> String {
    let (placed, _) = order(&world.room.table, world.room.criteria, &world.room.kept);
    let rows = placed.iter().enumerate();
    let rows = rows.map(|(i, r)| row![i + 1, r.profile.id, r.profile.name, r.mean]);
    csv::text(row!["place", "id", "subject", "weighted mean"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoreboard::board::Cell;

    static LARGE: Criterion = Criterion {
        id: "large",
        name: "Large",
        unit: "%",
        doc: "",
        group: Group::Robustness,
        better: Some(Better::High),
        measure: |_, _| None,
    };
    static SMALL: Criterion = Criterion { id: "small", better: Some(Better::Low), ..LARGE };
    static WORD: Criterion = Criterion { id: "word", better: Some(Better::Low), ..LARGE };
    static ALL: &[&Criterion] = &[&LARGE, &SMALL, &WORD];

    fn profile(id: &str, values: &[(&str, Value)]) -> Profile {
        let cells = values.iter().map(|(id, value)| {
            ((*id).to_owned(), Cell { value: Some(value.clone()), ..Cell::default() })
        });
        Profile { id: id.into(), name: id.into(), cells: cells.collect(), ..Profile::default() }
    }

    fn table() -> Vec<Profile> {
        use Value::{Number, Word};
        vec![
            profile(
                "a",
                &[("large", Number(90.0)), ("small", Number(5.0)), ("word", Word("read".into()))],
            ),
            profile(
                "b",
                &[
                    ("large", Number(50.0)),
                    ("small", Number(1.0)),
                    ("word", Word("not read".into())),
                ],
            ),
            profile("c", &[("large", Number(70.0))]),
        ]
    }

    fn ids(kept: &CloseSettings) -> Vec<String> {
        let table = table();
        order(&table, ALL, kept).0.iter().map(|r| r.profile.id.clone()).collect()
    }

    #[test]
    fn without_weights_there_is_no_order() {
        assert!(ids(&CloseSettings::default()).is_empty());
    }

    #[test]
    fn weights_make_the_order_and_whoever_lacks_a_cell_has_no_place() {
        let mut kept = CloseSettings::default();
        kept.weigh("large", 0.5);
        assert_eq!(ids(&kept), ["a", "c", "b"]);
        kept.weigh("small", 1.0);
        assert_eq!(ids(&kept), ["b", "a"]);
        let table = table();
        let (placed, left) = order(&table, ALL, &kept);
        assert_eq!(left.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["c"]);
        // One is the farthest in both.
        assert!((placed[0].mean - 2.0 / 3.0).abs() < 1e-12);
        assert!((placed[1].mean - 1.0 / 3.0).abs() < 1e-12);
        kept.weigh("small", 0.0);
        assert_eq!(ids(&kept), ["a", "c", "b"]);
    }

    #[test]
    fn what_is_not_read_is_less_than_what_is() {
        let mut kept = CloseSettings::default();
        kept.weigh("word", 1.0);
        assert_eq!(ids(&kept), ["b", "a"]);
    }
}
