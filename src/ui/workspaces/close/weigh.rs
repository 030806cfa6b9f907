//! The reader's own weights. All begin at zero, and the app has no order of its own.

use egui::{
    Color32, ComboBox, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo, accesskit::Role, pos2,
    vec2,
};

use super::settings::CloseSettings;
use super::{CloseEdit, World, board, form, grid};
use crate::core::csv::{self, row};
use crate::scoreboard::board::{Profile, Value};
use crate::scoreboard::criteria::{Better, Criterion, Group};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::{figure, names, page};

/// A row of the order: the subject, its weighted mean from 0 to 1, and what each
/// criterion adds to it.
pub struct Placed<'a> {
    pub profile: &'a Profile,
    pub mean: f64,
    pub parts: Vec<f64>,
}

/// What is closer to a brain.
#[derive(Clone, Debug, PartialEq)]
enum Closer {
    More,
    Less,
    Word(String),
}

/// What the reader may take for closer where the criterion does not say: words that were
/// measured, or more and less.
fn choices(table: &[Profile], criterion: &Criterion) -> Vec<String> {
    if criterion.better.is_some() {
        return Vec::new();
    }
    let words = table.iter().filter_map(|p| match board::value(p, criterion.id)? {
        Value::Word(word) => Some(word.clone()),
        Value::Number(_) => None,
    });
    let words: std::collections::BTreeSet<String> = words.collect();
    if words.is_empty() { vec!["more".into(), "less".into()] } else { words.into_iter().collect() }
}

/// What is closer, if that is said by the criterion or by the reader.
fn closer(criterion: &Criterion, kept: &CloseSettings) -> Option<Closer> {
    match criterion.better {
        Some(Better::High) => Some(Closer::More),
        Some(Better::Low) => Some(Closer::Less),
        None => match kept.weight(criterion.id)?.closer.as_str() {
            "" => None,
            "more" => Some(Closer::More),
            "less" => Some(Closer::Less),
            word => Some(Closer::Word(word.to_owned())),
        },
    }
}

/// A cell as a number: how much of what is closer there is.
fn size(profile: &Profile, criterion: &str, closer: &Closer) -> Option<f64> {
    match (board::value(profile, criterion)?, closer) {
        (Value::Number(number), Closer::More) => number.is_finite().then_some(*number),
        (Value::Number(number), Closer::Less) => number.is_finite().then_some(-number),
        (Value::Word(word), Closer::Word(wanted)) => Some(f64::from(u8::from(word == wanted))),
        _ => None,
    }
}

/// From this factor on, a quantity is compared by its logarithm.
const WIDE: f64 = 50.0;

/// What a criterion's sizes span over all subjects.
struct Range {
    low: f64,
    high: f64,
    /// Whether they are compared by their logarithm; all have one sign then.
    wide: bool,
}

impl Range {
    /// Where a size stands, from 0 at the low end to 1 at the high one.
    fn share(&self, size: f64) -> f64 {
        let scale = |v: f64| if self.wide { v.signum() * v.abs().ln() } else { v };
        let (low, high) = (scale(self.low), scale(self.high));
        if high > low { (scale(size) - low) / (high - low) } else { 1.0 }
    }
}

/// The criteria that count, what is closer in each, and how much they count.
fn weighed(
    criteria: &'static [&'static Criterion],
    kept: &CloseSettings,
) -> Vec<(&'static Criterion, Closer, f64)> {
    let each = criteria.iter().filter_map(|c| {
        let weight = kept.weight(c.id)?.weight;
        Some((*c, closer(c, kept)?, weight)).filter(|w| w.2 > 0.0)
    });
    each.collect()
}

/// The order by these weights, and who is left out because a weighed criterion was not
/// measured. Each criterion goes from 0, the farthest of all subjects, to 1, the closest;
/// quantities without an upper end that span more than a factor of [`WIDE`], such as
/// operations, do so by their logarithm: else one row would make all others the same.
pub fn order<'a>(
    table: &'a [Profile],
    criteria: &'static [&'static Criterion],
    kept: &CloseSettings,
) -> (Vec<Placed<'a>>, Vec<&'a Profile>) {
    let weighed = weighed(criteria, kept);
    let all: f64 = weighed.iter().map(|w| w.2).sum();
    if all <= 0.0 {
        return (Vec::new(), Vec::new());
    }
    let range = |(c, closer, _): &(&Criterion, Closer, f64)| {
        let sizes = table.iter().filter_map(|p| size(p, c.id, closer));
        let (low, high) = sizes.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
        let (least, most) = (low.abs().min(high.abs()), low.abs().max(high.abs()));
        let wide = c.unit != "%" && low * high > 0.0 && most > WIDE * least;
        Range { low, high, wide }
    };
    let ranges: Vec<Range> = weighed.iter().map(range).collect();
    let (mut placed, mut left) = (Vec::new(), Vec::new());
    for profile in table {
        let each = weighed.iter().zip(&ranges);
        let parts: Option<Vec<f64>> = each
            .map(|((c, closer, weight), range)| {
                Some(weight / all * range.share(size(profile, c.id, closer)?))
            })
            .collect();
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
    if !weighed(world.room.criteria, &world.room.kept).is_empty() {
        figure::save_below(ui, out, "my-order", from, || text(world));
    }
}

/// What stands beside it: the weights.
pub fn side(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    sliders(ui, world, out);
}

fn sliders(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept;
    if ui.add_enabled(!kept.weights.is_empty(), egui::Button::new("All to zero")).clicked() {
        out.push(CloseEdit::NoWeights);
    }
    let mut group: Option<Group> = None;
    for criterion in board::columns(world.room.criteria, 0) {
        if group.replace(criterion.group) != Some(criterion.group) {
            let name = Group::ALL.iter().find(|g| g.0 == criterion.group).map_or("", |g| g.1);
            ui.label(RichText::new(name).font(theme::strong(13.5)));
        }
        let closer = closer(criterion, kept);
        let doc = match &closer {
            Some(Closer::More) => format!("{} Closer: more.", criterion.doc),
            Some(Closer::Less) => format!("{} Closer: less.", criterion.doc),
            Some(Closer::Word(word)) => format!("{} Closer: {word}.", criterion.doc),
            None => format!("{} Say first what is closer.", criterion.doc),
        };
        let mut weight = kept.weight(criterion.id).map_or(0.0, |w| w.weight);
        ui.add_enabled_ui(closer.is_some(), |ui| {
            let field = Field::new(criterion.name, "", CloseSettings::WEIGHT, &doc);
            if field.show(ui, &mut weight) {
                out.push(CloseEdit::Weigh(criterion.id.to_owned(), weight));
            }
        });
        say(ui, world, criterion, out);
    }
}

/// What the reader takes for closer, of a criterion that does not say.
fn say(ui: &mut Ui, world: &World<'_>, criterion: &'static Criterion, out: &mut Outbox) {
    let choices = choices(&world.room.table, criterion);
    if choices.is_empty() {
        return;
    }
    let chosen = world.room.kept.weight(criterion.id).map_or("", |w| w.closer.as_str());
    let text = if chosen.is_empty() { "say what is closer" } else { chosen };
    let list = ComboBox::from_id_salt(("closer", criterion.id))
        .selected_text(board::cut(text, 22))
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            for choice in &choices {
                if ui.selectable_label(chosen == choice, choice).clicked() {
                    out.push(CloseEdit::Closer(criterion.id.to_owned(), choice.clone()));
                }
            }
        });
    names::list(list.response, None, &format!("Closer in {}", criterion.name), text);
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
    ui.label(RichText::new("Your order, by your weights. Each criterion goes from 0, the farthest of all rows from a brain, to 1, the closest (by their logarithm where rows differ more than fifty-fold, as in operations); a bar is their weighted mean.").color(p.weak));
    let weighed = weighed(room.criteria, &room.kept);
    let all: f64 = weighed.iter().map(|w| w.2).sum();
    ui.horizontal_wrapped(|ui| {
        for (i, (criterion, _, weight)) in weighed.iter().enumerate() {
            let share = 100.0 * weight / all.max(1e-12);
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
    static WORD: Criterion = Criterion { id: "word", better: None, ..LARGE };
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
    fn one_row_far_away_does_not_make_the_others_the_same() {
        static COST: Criterion =
            Criterion { id: "cost", unit: "k", better: Some(Better::Low), ..LARGE };
        static COSTS: &[&Criterion] = &[&COST];
        let costs = [("a", 10.0), ("b", 1000.0), ("c", 100_000.0)];
        let table = costs.map(|(id, cost)| profile(id, &[("cost", Value::Number(cost))]));
        let mut kept = CloseSettings::default();
        kept.weight_mut("cost").weight = 1.0;
        let (placed, _) = order(&table, COSTS, &kept);
        let means: Vec<f64> = placed.iter().map(|p| p.mean).collect();
        for (mean, expected) in means.iter().zip([1.0, 0.5, 0.0]) {
            assert!((mean - expected).abs() < 1e-9, "{means:?}");
        }
    }

    #[test]
    fn weights_make_the_order_and_whoever_lacks_a_cell_has_no_place() {
        let mut kept = CloseSettings::default();
        kept.weight_mut("large").weight = 0.5;
        assert_eq!(ids(&kept), ["a", "c", "b"]);
        kept.weight_mut("small").weight = 1.0;
        assert_eq!(ids(&kept), ["b", "a"]);
        let table = table();
        let (placed, left) = order(&table, ALL, &kept);
        assert_eq!(left.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["c"]);
        // One is the farthest in both.
        assert!((placed[0].mean - 2.0 / 3.0).abs() < 1e-12);
        assert!((placed[1].mean - 1.0 / 3.0).abs() < 1e-12);
        kept.weight_mut("small").weight = 0.0;
        assert_eq!(ids(&kept), ["a", "c", "b"]);
    }

    #[test]
    fn words_count_only_once_the_reader_has_said_which_is_closer() {
        let mut kept = CloseSettings::default();
        kept.weight_mut("word").weight = 1.0;
        assert!(ids(&kept).is_empty());
        assert_eq!(choices(&table(), &WORD), ["not read", "read"]);
        kept.weight_mut("word").closer = "not read".into();
        assert_eq!(ids(&kept), ["b", "a"]);
        kept.weight_mut("word").closer = "read".into();
        assert_eq!(ids(&kept), ["a", "b"]);
    }
}
