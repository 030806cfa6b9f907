//! The sum of one unit at one place: its inputs, its weights, their products, and
//! the formula with this digit's numbers.

use egui::{Align2, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};

use super::World;
use super::state::FieldsEdit;
use super::tint;
use crate::ann::inspect::Unit;
use crate::ann::inspect::product::{Formula, Sum, Term};
use crate::ann::ops::recurrent::{Cell, LastStep};
use crate::ann::zoo::Activation;
use crate::core::decision::first_max;
use crate::core::text::short;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, number, picture, tip};
use crate::workers::inspect::{Inspection, Part};

/// Draws the sum.
pub fn show(
    ui: &mut Ui,
    world: &World<'_>,
    inspection: &Inspection,
    (part, unit): (&Part, Unit),
    out: &mut Outbox,
) {
    ui.label(RichText::new("How this number comes about").font(theme::strong(14.0)));
    let Some((_, formula)) = inspection.sum.as_ref().filter(|(of, _)| *of == unit) else { return };
    match &**formula {
        Formula::Weighted(sum) => weighted(ui, world, part, sum, out),
        Formula::Largest { inputs, chosen, y, x } => largest(ui, inputs, *chosen, (*y, *x)),
        Formula::Gated(step) => gated(ui, step),
    }
}

/// A sum of products.
fn weighted(ui: &mut Ui, world: &World<'_>, part: &Part, sum: &Sum, out: &mut Outbox) {
    let parts = sum.by_channel();
    let strongest = first_max(parts.iter().map(|v| v.abs())).unwrap_or(0);
    let view = &world.room.kept;
    let input = view.input.unwrap_or(strongest).min(parts.len().saturating_sub(1));
    formula(ui, sum, parts.len());
    if parts.len() > 1 {
        channels(ui, &parts, input, view.input.is_some(), out);
    }
    let terms: Vec<Term> = sum.terms.iter().filter(|t| t.channel == input).copied().collect();
    let chosen = view.term.filter(|t| *t < terms.len());
    grids(ui, part, sum, (input, &terms), chosen, parts.len() > 1, out);
    match chosen {
        Some(chosen) => one(ui, part, sum, &terms[chosen], input),
        None if figure::saving(ui.ctx()) => {}
        None => {
            let text = "Click a square for one product of the sum.";
            ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
        }
    }
}

/// The formula, with its numbers under it.
fn formula(ui: &mut Ui, sum: &Sum, channels: usize) {
    let p = palette(ui.visuals());
    let products = sum.sum - sum.bias;
    let strong = |text: String| RichText::new(text).font(theme::strong(15.0));
    theme::card(ui.visuals()).inner_margin(8).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let linear = sum.activation == Activation::Linear;
        let name = sum.activation.name();
        let general = if linear {
            "out = Σ input · weight + bias".to_owned()
        } else {
            format!("out = {name}(Σ input · weight + bias)")
        };
        ui.label(RichText::new(general).color(p.weak));
        let bias = if sum.bias < 0.0 {
            format!("− {}", short(-sum.bias))
        } else {
            format!("+ {}", short(sum.bias))
        };
        let inner = format!("{} {bias}", short(products));
        if !linear {
            ui.label(strong(format!(
                "{name}({inner}) = {name}({}) = {}",
                short(sum.sum),
                short(sum.output())
            )));
        } else {
            ui.label(strong(format!("{inner} = {}", short(sum.sum))));
        }
        let count = sum.terms.len();
        let over = if channels > 1 { format!(" over {channels} inputs") } else { String::new() };
        ui.label(RichText::new(format!("Σ of {count} products{over}")).small().color(p.weak));
        if sum.activation == Activation::Relu && sum.sum <= 0.0 {
            ui.label(RichText::new("Below zero: the unit is silent here.").small());
        }
    });
}

/// What each input channel adds to the sum; one of them is looked at.
fn channels(ui: &mut Ui, parts: &[f32], input: usize, fixed: bool, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 64.0), Sense::click());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::accesskit::Role::ListBox,
            true,
            "What each input adds to the sum",
        )
    });
    let painter = ui.painter();
    painter.rect_filled(rect, 3, p.well);
    let most = parts.iter().fold(1e-9f32, |m, v| m.max(v.abs()));
    let zero = rect.center().y;
    let step = rect.width() / parts.len() as f32;
    for (i, v) in parts.iter().enumerate() {
        let left = rect.left() + i as f32 * step;
        let end = zero - v / most * (rect.height() / 2.0 - 3.0);
        let gap = if step > 4.0 { 0.8 } else { 0.0 };
        let bar = Rect::from_two_pos(pos2(left + gap, zero), pos2(left + step - gap, end));
        painter.rect_filled(bar, 0, tint::colour(ui.visuals(), true, v.signum(), 1.0));
        if i == input {
            let frame =
                Rect::from_min_max(pos2(left, rect.top()), pos2(left + step, rect.bottom()));
            let frame = frame.expand2(vec2(1.0, 0.0));
            painter.rect_stroke(frame, 1, Stroke::new(1.6, p.accent), egui::StrokeKind::Middle);
        }
    }
    painter.hline(rect.x_range(), zero, Stroke::new(1.0, p.weak));
    let at = |pos| picture::cell(rect, (1, parts.len()), pos).map(|(_, i)| i);
    if response.clicked() {
        let next = response.interact_pointer_pos().and_then(at);
        out.push(FieldsEdit::Input(next));
    }
    if let Some(i) = response.hover_pos().and_then(at) {
        let text = format!("input {i} adds {}. Click to see its products.", short(parts[i]));
        let left = rect.left() + i as f32 * step;
        tip::beside(&response, Rect::from_x_y_ranges(left..=left + step, rect.y_range()), text);
    }
    ui.horizontal(|ui| {
        let mut chosen = input;
        let label = ui.label(RichText::new("Input").small());
        let saving = figure::saving(ui.ctx());
        let field = number::drag(&mut chosen).range(0..=parts.len() - 1);
        if saving {
            ui.label(RichText::new(input.to_string()).small());
        } else if ui.add(field).labelled_by(label.id).changed() {
            out.push(FieldsEdit::Input(Some(chosen)));
        }
        ui.label(RichText::new(format!("adds {}", short(parts[input]))).small());
        if fixed
            && !saving
            && ui
                .small_button("Strongest")
                .on_hover_text("Always the input that adds or takes most")
                .clicked()
        {
            out.push(FieldsEdit::Input(None));
        }
    });
}

/// Inputs, weights and products of one input channel, as three pictures.
fn grids(
    ui: &mut Ui,
    part: &Part,
    sum: &Sum,
    (input, terms): (usize, &[Term]),
    chosen: Option<usize>,
    several: bool,
    out: &mut Outbox,
) {
    let p = palette(ui.visuals());
    let Some((first, last)) = terms.first().zip(terms.last()) else { return };
    let (h, w) = (last.y - first.y + 1, last.x - first.x + 1);
    let most = |of: fn(&Term) -> f32| sum.terms.iter().fold(0f32, |m, t| m.max(of(t).abs()));
    let (inputs, weights) = (most(|t| t.input), most(|t| t.weight));
    let products = most(Term::product);
    let signed = sum.terms.iter().any(|t| t.input < 0.0);
    let sign = 20.0;
    let across = ui.available_width() - 2.0 * sign;
    let side = (across / 3.0).min(150.0);
    let size = vec2(side, side * h as f32 / w as f32);
    let (rect, response) =
        ui.allocate_exact_size(vec2(3.0 * side + 2.0 * sign, size.y + 18.0), Sense::click());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::accesskit::Role::Image,
            true,
            "Inputs times weights: click for one product",
        )
    });
    let grid = |i: usize| {
        let left = rect.left() + i as f32 * (side + sign);
        Rect::from_min_size(pos2(left, rect.top() + 18.0), size)
    };
    let heads = [
        if part.layer == 0 {
            "pixels".to_owned()
        } else if several {
            format!("input {input}")
        } else {
            "inputs".to_owned()
        },
        "weights".to_owned(),
        "products".to_owned(),
    ];
    type Value = fn(&Term) -> f32;
    let grids: [(Value, f32, bool); 3] = [
        (|t| t.input, inputs, signed),
        (|t| t.weight, weights, true),
        (Term::product, products, true),
    ];
    let visuals = ui.visuals().clone();
    for (i, (of, limit, signed)) in grids.into_iter().enumerate() {
        let area = grid(i);
        let above = pos2(area.center().x, rect.top() + 7.0);
        ui.painter().text(above, Align2::CENTER_CENTER, &heads[i], theme::regular(12.0), p.weak);
        cells(ui, area, (h, w), chosen, |at| {
            let v = of(&terms[at]);
            (tint::colour(&visuals, signed, v, limit), v)
        });
    }
    for (i, text) in ["×", "="].into_iter().enumerate() {
        let at = pos2(grid(i).right() + sign / 2.0, grid(0).center().y);
        ui.painter().text(at, Align2::CENTER_CENTER, text, theme::strong(17.0), p.text);
    }
    let cell_at = |pos| {
        let (i, (y, x)) = (0..3).find_map(|i| Some((i, picture::cell(grid(i), (h, w), pos)?)))?;
        Some((y * w + x, picture::rect(grid(i), (h, w), (y, x))))
    };
    let at = |pos| cell_at(pos).map(|(i, _)| i);
    if response.clicked()
        && let Some(i) = response.interact_pointer_pos().and_then(at)
    {
        out.push(FieldsEdit::Term(i));
    }
    if let Some((i, cell)) = response.hover_pos().and_then(cell_at) {
        let t = &terms[i];
        let text = format!("{} × {} = {}", short(t.input), short(t.weight), short(t.product()));
        tip::beside(&response, cell, text);
    }
}

/// A picture of a few numbers, which are written where there is room.
fn cells(
    ui: &Ui,
    rect: Rect,
    (h, w): (usize, usize),
    chosen: Option<usize>,
    of: impl Fn(usize) -> (egui::Color32, f32),
) {
    let p = palette(ui.visuals());
    let cell = vec2(rect.width() / w as f32, rect.height() / h as f32);
    for i in 0..h * w {
        let corner = rect.min + vec2((i % w) as f32, (i / w) as f32) * cell;
        let square = Rect::from_min_size(corner, cell);
        let (fill, value) = of(i);
        ui.painter().rect_filled(square.shrink(if cell.x > 8.0 { 0.75 } else { 0.0 }), 1, fill);
        if cell.x > 27.0 {
            let light = u32::from(fill.r()) * 2 + u32::from(fill.g()) * 5 + u32::from(fill.b());
            let ink = if light > 1050 { egui::Color32::BLACK } else { egui::Color32::WHITE };
            let font = theme::regular((cell.x * 0.3).clamp(8.5, 13.0));
            ui.painter().text(square.center(), Align2::CENTER_CENTER, short(value), font, ink);
        }
        if chosen == Some(i) {
            ui.painter().rect_stroke(
                square,
                1,
                Stroke::new(2.2, p.accent),
                egui::StrokeKind::Outside,
            );
        }
    }
    ui.painter().rect_stroke(rect, 1, Stroke::new(1.0, p.line), egui::StrokeKind::Outside);
}

/// One product, in words.
fn one(ui: &mut Ui, part: &Part, sum: &Sum, term: &Term, input: usize) {
    let what = if part.layer == 0 {
        format!("The pixel in column {}, row {}", term.x, term.y)
    } else if part.before[0] * part.before[1] > 1 {
        format!("Input {input} in column {}, row {}", term.x, term.y)
    } else {
        format!("Input {input}")
    };
    theme::card(ui.visuals()).inner_margin(8).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(format!("{what} is {}; its weight is {}.", short(term.input), short(term.weight)));
        let product = term.product();
        let text = format!("{} × {} = {}", short(term.input), short(term.weight), short(product));
        ui.label(RichText::new(text).font(theme::strong(17.0)));
        let size: f32 = sum.terms.iter().map(|t| t.product().abs()).sum();
        if size > 0.0 {
            let share = 100.0 * product.abs() / size;
            let way = if product < 0.0 { "lowers" } else { "raises" };
            let text = if product == 0.0 {
                "It adds nothing.".to_owned()
            } else {
                format!("It {way} the sum; {share:.0} % of the size of all products.")
            };
            ui.label(RichText::new(text).small());
        }
    });
}

/// A recurrent unit's last step: a sum, or old state and new candidate weighed by gates.
fn gated(ui: &mut Ui, step: &LastStep) {
    let p = palette(ui.visuals());
    let [before, after] = step.state;
    let [a, b, c, d] = step.gates;
    let strong = |text: String| RichText::new(text).font(theme::strong(15.0));
    let small = |text: String| RichText::new(text).small();
    theme::card(ui.visuals()).inner_margin(8).show(ui, |ui| {
        ui.set_width(ui.available_width());
        match step.cell {
            Cell::Simple => {
                ui.label(RichText::new("h ← tanh(a)     a = x·W + h·U + b").color(p.weak));
                ui.label(strong(format!("tanh({}) = {}", short(a), short(after))));
                ui.label(small(format!(
                    "a {}: the last line x and the old states h of all units, weighed and added up; no gate decides what stays",
                    short(a)
                )));
                ui.label(small(format!("the unit's own old state was {}", short(before))));
            }
            Cell::Gru => {
                ui.label(RichText::new("h ← (1 − z) · n + z · h").color(p.weak));
                let text =
                    format!("{} · {} + {} · {}", short(1.0 - a), short(c), short(a), short(before));
                ui.label(strong(format!("{text} = {}", short(after))));
                ui.label(small(format!(
                    "update gate z {}: how much of the old state {} stays",
                    short(a),
                    short(before)
                )));
                ui.label(small(format!("candidate n {}: what would replace it", short(c))));
                ui.label(small(format!(
                    "reset gate r {}: how much of the old state the candidate sees",
                    short(b)
                )));
            }
            Cell::Lstm => {
                let [old, new] = step.memory;
                ui.label(RichText::new("c ← f · c + i · g     h ← o · tanh(c)").color(p.weak));
                let text = format!("{} · {} + {} · {}", short(b), short(old), short(a), short(c));
                ui.label(strong(format!("{text} = {}", short(new))));
                ui.label(strong(format!("{} · tanh({}) = {}", short(d), short(new), short(after))));
                ui.label(small(format!(
                    "forget gate f {}: how much of the cell {} stays",
                    short(b),
                    short(old)
                )));
                ui.label(small(format!(
                    "input gate i {}: how much of the candidate g {} comes in",
                    short(a),
                    short(c)
                )));
                ui.label(small(format!("output gate o {}: how much of the cell shows", short(d))));
            }
        }
    });
    ui.label(small("The last of 28 steps, one for each line of the digit.".into()));
}

/// Max-pooling: the largest of four.
fn largest(ui: &mut Ui, inputs: &[f32; 4], chosen: usize, (y, x): (usize, usize)) {
    let texts = inputs.map(short);
    theme::card(ui.visuals()).inner_margin(8).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new("out = the largest of 2×2").color(palette(ui.visuals()).weak));
        let text = format!("max({}) = {}", texts.join(", "), texts[chosen]);
        ui.label(RichText::new(text).font(theme::strong(15.0)));
    });
    let side = ui.available_width().min(170.0);
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(
            egui::accesskit::Role::Image,
            true,
            "The four inputs; the largest is marked",
        )
    });
    let most = inputs.iter().fold(0f32, |m, v| m.max(v.abs()));
    let visuals = ui.visuals().clone();
    cells(ui, rect, (2, 2), Some(chosen), |i| {
        (tint::colour(&visuals, false, inputs[i], most), inputs[i])
    });
    ui.label(
        RichText::new(format!(
            "Columns {x} and {}, rows {y} and {} of the map before.",
            x + 1,
            y + 1
        ))
        .small(),
    );
}
