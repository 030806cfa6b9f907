//! Weights, their changes and feature maps as pictures, one tile for each filter
//! or unit. Hovering tells the number under the pointer; a click on a weight
//! follows it.

use egui::{
    Color32, ColorImage, ComboBox, Rect, RichText, Sense, Stroke, StrokeKind, TextureOptions, Ui,
    Vec2,
};

use super::{HistoryEdit, PICTURES, Pictures, Scale, Scene, chooser};
use crate::ann::inspect::filters::largest;
use crate::core::csv::{self, row};
use crate::core::text::grouped;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::tiles::{self, Tiles};
use crate::ui::widgets::{figure, number, picture, tip};
use crate::workers::scrub::MomentView;
use crate::workers::scrub::bank::{Bank, near_square};

/// From this width on, scale and buttons are in one row, points.
const ONE_ROW: f32 = 560.0;
/// Space between tiles, points.
const GAP: f32 = 3.0;

/// Values laid out as tiles.
struct Values<'a> {
    /// Rows and columns of a tile.
    tile: [usize; 2],
    units: usize,
    /// What a unit is called.
    unit: &'static str,
    values: &'a [f32],
    /// Place among the values of a unit's row and column.
    place: &'a dyn Fn(usize, usize, usize) -> usize,
    /// The magnitude of full colour, if it is not each tile's own.
    most: Option<f32>,
    /// Whether zero is in the middle of the colours.
    signed: bool,
    /// Weights can be followed; their place among all numbers of the network.
    from: Option<usize>,
}

pub fn show(ui: &mut Ui, scene: &Scene<'_, '_>, out: &mut Outbox) {
    let Some(shown) = &scene.view.shown else { return };
    let Some(bank) = scene.view.banks.get(shown.bank) else { return };
    controls(ui, scene, bank, out);
    let settings = scene.settings;
    if settings.pictures == Pictures::Maps {
        return maps(ui, scene, shown, bank, out);
    }
    let channel = scene.world.room.history.channel.min(bank.channels - 1);
    let place = |unit, y, x| bank.index(unit, channel, y, x);
    let (values, most) = match settings.pictures {
        Pictures::Update => match &shown.update {
            Some(update) => (update, largest(update)),
            None => {
                ui.label(if shown.step == 0 {
                    "These are the initial weights: no step has been taken yet."
                } else {
                    "The step before this moment was not kept: the run was stopped or gone on with here."
                });
                return;
            }
        },
        Pictures::Since => (&shown.since.1, largest(&shown.since.1)),
        Pictures::Weights | Pictures::Maps => (&shown.weights, shown.most),
    };
    let drawn = Values {
        tile: bank.tile,
        units: bank.units,
        unit: bank.unit,
        values,
        place: &place,
        most: (settings.scale == Scale::Layer).then_some(most),
        signed: true,
        from: Some(bank.from),
    };
    draw(ui, scene, shown, bank, &drawn, channel, out);
}

fn maps(ui: &mut Ui, scene: &Scene<'_, '_>, shown: &MomentView, bank: &Bank, out: &mut Outbox) {
    let step = bank.name.split('.').next().unwrap_or_default();
    let maps = shown.answer.as_ref().and_then(|(_, maps)| maps.iter().find(|m| m.step == step));
    let Some(maps) = maps else {
        ui.label("Draw a digit, or press N for one of the data set, to see what comes out of this layer for it.");
        return;
    };
    let [h, w, c] = maps.size;
    let vector = h * w == 1;
    let (tile, units) = if vector { (near_square(c), 1) } else { ([h, w], c) };
    let place = |unit: usize, y: usize, x: usize| {
        if vector { y * tile[1] + x } else { (y * w + x) * c + unit }
    };
    ui.label(RichText::new(format!("Out of {}: {h}×{w}, {c} channels", maps.name)).small());
    let drawn = Values {
        tile,
        units,
        unit: if vector { "layer" } else { "map" },
        values: &maps.values,
        place: &place,
        most: (scene.settings.scale == Scale::Layer).then(|| largest(&maps.values)),
        signed: maps.values.iter().any(|v| *v < 0.0),
        from: None,
    };
    draw(ui, scene, shown, bank, &drawn, 0, out);
}

/// Layer, channel, scale, mark.
fn controls(ui: &mut Ui, scene: &Scene<'_, '_>, bank: &Bank, out: &mut Outbox) {
    let history = &scene.world.room.history;
    ui.horizontal_wrapped(|ui| {
        chooser(ui, scene, false, out);
        let layer = ComboBox::from_id_salt("layer looked at")
            .selected_text(&bank.title)
            .width(110.0)
            .show_ui(ui, |ui| {
                for (i, other) in scene.view.banks.iter().enumerate() {
                    if ui.selectable_label(other == bank, &other.title).clicked() {
                        out.push(HistoryEdit::Bank(i));
                    }
                }
            })
            .response;
        layer.widget_info(|| {
            egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, "Layer looked at")
        });
        if bank.channels > 1 && scene.settings.pictures != Pictures::Maps {
            let mut channel = history.channel.min(bank.channels - 1) + 1;
            let label = ui.label("channel");
            let field = number::drag(&mut channel).range(1..=bank.channels).speed(0.1);
            let tip = "Each filter has a kernel for every channel of what comes before";
            if ui.add(field).labelled_by(label.id).on_hover_text(tip).changed() {
                out.push(HistoryEdit::Channel(channel - 1));
            }
        }
        let mut unit = scene.settings.scale == Scale::Unit;
        let tip = "Full colour is the largest of each picture instead of the whole layer's";
        if ui.checkbox(&mut unit, "own scale").on_hover_text(tip).changed() {
            let scale = if unit { Scale::Unit } else { Scale::Layer };
            scene.set(out, |s| s.scale = scale);
        }
        if scene.settings.pictures == Pictures::Since {
            let tip = "Sum the changes from the moment shown now on";
            if ui.button("Mark here").on_hover_text(tip).clicked() {
                out.push(HistoryEdit::MarkHere);
            }
            let mark = scene.view.shown.as_ref().map_or(0, |s| s.since.0);
            ui.label(RichText::new(format!("since batch {}", grouped(mark))).small());
        }
    });
}

/// Where tiles go: points per value, columns, rows.
struct Grid {
    scale: f32,
    columns: usize,
    rows: usize,
}

impl Grid {
    /// As large as all tiles fit, but legible: where they do not, there are pages.
    fn new(tile: [usize; 2], units: usize, room: Vec2) -> Self {
        let side = tile[0].max(tile[1]) as f32;
        let least = match side as usize {
            0..10 => 30.0,
            // Several dozen on a page, also where there is little room.
            10..64 => ((room.x * room.y / 80.0).sqrt() - GAP).clamp(24.0, 56.0),
            _ => side,
        };
        let least = (least / side).min(room.x / tile[1] as f32).max(0.25);
        let fit = |scale: f32| {
            let count = |room: f32, n: usize| ((room + GAP) / (n as f32 * scale + GAP)) as usize;
            (count(room.x, tile[1]).max(1), count(room.y, tile[0]).max(1))
        };
        let mut scale = (110.0 / side).max(least);
        loop {
            let (columns, rows) = fit(scale);
            if columns * rows >= units || scale <= least {
                return Self { scale, columns, rows };
            }
            scale = (scale * 0.96).max(least);
        }
    }

    fn per_page(&self) -> usize {
        self.columns * self.rows
    }
}

fn draw(
    ui: &mut Ui,
    scene: &Scene<'_, '_>,
    shown: &MomentView,
    bank: &Bank,
    drawn: &Values<'_>,
    channel: usize,
    out: &mut Outbox,
) {
    // The colour scale and the buttons stand in one row where there is room for that.
    let one_row = ui.available_width() > ONE_ROW;
    let taken = if one_row { 34.0 } else { 68.0 };
    let room = Vec2::new(ui.available_width(), (ui.available_height() - taken).max(60.0));
    let grid = Grid::new(drawn.tile, drawn.units, room);
    let pages = drawn.units.div_ceil(grid.per_page()).max(1);
    let page = scene.world.room.history.page.min(pages - 1);
    let units = page * grid.per_page()..((page + 1) * grid.per_page()).min(drawn.units);
    let from = ui.next_widget_position();
    let (rect, response) = ui.allocate_exact_size(room, Sense::click());
    let what = PICTURES.iter().find(|p| p.0 == scene.settings.pictures).map_or("", |p| p.1);
    response.widget_info(|| {
        let text = format!("{what} of {}, {} {}s", bank.title, drawn.units, drawn.unit);
        egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, text)
    });
    let key = (&scene.view.run, shown.serial, page, channel, grid.columns);
    let look = (scene.settings.pictures, scene.settings.scale, ui.visuals().dark_mode);
    let (id, stamp) = (egui::Id::unique("history pictures"), picture::stamp((key, look)));
    let [h, w] = drawn.tile;
    let texture = picture::texture(ui.ctx(), id, stamp, TextureOptions::NEAREST, || {
        paint(ui, drawn, units.clone(), grid.columns)
    });
    let step = Vec2::new(w as f32, h as f32) * grid.scale + Vec2::splat(GAP);
    let places = Tiles::new(rect.min, step, GAP, grid.columns, units.len());
    places.paint(ui, &texture);
    let cell = |i: usize, y: usize, x: usize| {
        let min = places.of(i).min + Vec2::new(x as f32, y as f32) * grid.scale;
        Rect::from_min_size(min, Vec2::splat(grid.scale))
    };
    let p = palette(ui.visuals());
    if let Some(first) = drawn.from {
        for (n, place) in scene.world.room.history.followed.iter().enumerate() {
            if !(first..first + bank.len).contains(place) {
                continue;
            }
            let [unit, of, y, x] = bank.place(place - first);
            if of == channel && units.contains(&unit) {
                let cell = cell(unit - units.start, y, x).expand(2.0);
                ui.painter().rect_stroke(
                    cell,
                    1,
                    Stroke::new(4.0, p.background),
                    StrokeKind::Middle,
                );
                let stroke = Stroke::new(2.5, p.series[n % p.series.len()]);
                ui.painter().rect_stroke(cell, 1, stroke, StrokeKind::Middle);
            }
        }
    }
    let under = response.hover_pos().and_then(|pos| places.at(pos, [h, w]));
    if let Some((i, y, x)) = under {
        let place = (drawn.place)(units.start + i, y, x);
        ui.painter().rect_stroke(cell(i, y, x), 0, Stroke::new(1.5, p.text), StrokeKind::Outside);
        if let (true, Some(first)) = (response.clicked(), drawn.from) {
            out.push(HistoryEdit::Follow(first + place));
            scene.set(out, |s| s.plots = super::Plots::Followed);
        }
        let unit = units.start + i + 1;
        let (row, column) = (y + 1, x + 1);
        let value = drawn.values.get(place).copied().unwrap_or(f32::NAN);
        let mut text = format!("{} {unit}, row {row}, column {column}: {value:.5}", drawn.unit);
        if drawn.from.is_some() {
            text += "\nClick to follow this weight over the run";
        }
        tip::beside(&response, cell(i, y, x), text);
    }
    let rect = Rect::from_min_max(from, rect.max);
    let table = || csv(bank, shown, drawn, &units, channel);
    ui.horizontal(|ui| {
        below(ui, drawn, &units, (page, pages), out);
        if one_row {
            figure::save_row(ui, out, "history-pictures", rect, table);
        }
    });
    if !one_row {
        figure::save_row(ui, out, "history-pictures", rect, table);
    }
}

/// The colour scale, and which units are shown.
fn below(
    ui: &mut Ui,
    drawn: &Values<'_>,
    units: &std::ops::Range<usize>,
    (page, pages): (usize, usize),
    out: &mut Outbox,
) {
    let most = drawn.most.map_or("largest".to_owned(), short);
    let low = if drawn.signed { format!("−{most}") } else { "0".into() };
    ui.label(RichText::new(low).small());
    let (bar, response) = ui.allocate_exact_size(Vec2::new(70.0, 12.0), Sense::hover());
    for i in 0..35 {
        let t = i as f32 / 34.0;
        let part = Rect::from_min_size(
            bar.min + Vec2::new(2.0 * i as f32, 0.0),
            Vec2::new(2.0, bar.height()),
        );
        let t = if drawn.signed { 2.0 * t - 1.0 } else { t };
        ui.painter().rect_filled(part, 0, colour(ui, drawn.signed, t));
    }
    response.on_hover_text("The colours of the values; both hues fade to the ground at zero");
    ui.label(RichText::new(most).small());
    if pages > 1 {
        let mut turn = |ui: &mut Ui, text: &str, tip: &str, on: bool, to: usize| {
            if ui.add_enabled(on, egui::Button::new(text)).on_hover_text(tip).clicked() {
                out.push(HistoryEdit::Page(to));
            }
        };
        turn(ui, "‹", "The pictures before", page > 0, page.saturating_sub(1));
        turn(ui, "›", "More pictures", page + 1 < pages, page + 1);
    }
    let text = if units.len() == 1 {
        format!("1 {}", drawn.unit)
    } else {
        format!("{}s {}–{} of {}", drawn.unit, units.start + 1, units.end, drawn.units)
    };
    ui.label(RichText::new(text).small());
}

fn paint(ui: &Ui, drawn: &Values<'_>, units: std::ops::Range<usize>, columns: usize) -> ColorImage {
    let [h, w] = drawn.tile;
    let shades: Vec<Color32> =
        (0..=254).map(|i| colour(ui, drawn.signed, (i as f32 - 127.0) / 127.0)).collect();
    let value = |unit, y, x| drawn.values.get((drawn.place)(unit, y, x)).copied().unwrap_or(0.0);
    let scale = |unit: usize| {
        let all = (0..h).flat_map(|y| (0..w).map(move |x| (y, x)));
        let own = || all.fold(0f32, |m, (y, x)| m.max(value(unit, y, x).abs()));
        let most = drawn.most.unwrap_or_else(own);
        if most > 0.0 { 1.0 / most } else { 0.0 }
    };
    let scales: Vec<f32> = units.clone().map(scale).collect();
    tiles::image([h, w], columns, units.len(), |i, y, x| {
        let t = (value(units.start + i, y, x) * scales[i]).clamp(-1.0, 1.0);
        let shade = (t * 127.0).round() as i32 + 127;
        shades[shade.clamp(0, 254) as usize]
    })
}

fn colour(ui: &Ui, signed: bool, t: f32) -> Color32 {
    if signed { theme::diverging(ui.visuals(), t) } else { theme::sequential(ui.visuals(), t) }
}

/// Three digits.
fn short(value: f32) -> String {
    if value == 0.0 || value >= 0.01 { format!("{value:.3}") } else { format!("{value:.1e}") }
}

/// The pictures shown: a line for each row of a tile.
fn csv(
    bank: &Bank,
    shown: &MomentView,
    drawn: &Values<'_>,
    units: &std::ops::Range<usize>,
    channel: usize,
) -> String {
    let [h, w] = drawn.tile;
    let mut headings = row!["step", "layer", "channel", drawn.unit, "row"].to_vec();
    headings.extend((1..=w).map(|x| format!("column_{x}")));
    let rows = units.clone().flat_map(|unit| {
        (0..h).map(move |y| {
            let mut row = row![shown.step, bank.name, channel + 1, unit + 1, y + 1].to_vec();
            let values = (0..w).map(|x| drawn.values.get((drawn.place)(unit, y, x)));
            row.extend(values.map(|v| v.copied().unwrap_or(f32::NAN).to_string()));
            row
        })
    });
    csv::text(headings, rows)
}
