//! A network drawn as the data that flows through it, from the image on the left to the
//! ten classes on the right: the output of each layer is a block whose size follows its
//! shape. Blocks that do not fit on one line continue on the next, as text does.

use egui::{
    Align2, Color32, CornerRadius, Painter, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::digit_view;
use crate::ann::ops::recurrent::Order;
use crate::ann::zoo::{Activation, Layer, LayerSummary, PoolKind, Spiking, Window, is_current};
use crate::core::text::grouped;
use crate::data::{CLASSES, MOST_CLASSES, Pixels, SIDE};
use crate::ui::theme::{self, Palette, blend, palette};

/// What is drawn.
pub struct Structure<'a> {
    /// The network's name.
    pub name: &'a str,
    /// Its layers, and their summary.
    pub layers: &'a [Layer],
    pub lines: &'a [LayerSummary],
    /// The digit that goes in.
    pub digit: &'a Pixels,
    /// What comes out for it, if the network has answered.
    pub answer: Option<&'a [f32]>,
}

/// Points between two blocks, for the arrow.
const GAP: f32 = 20.0;
/// Height of the two lines of text under a block.
const TEXT: f32 = 34.0;
/// Points by which each sheet of a stack is moved.
const SHEET: f32 = 3.5;

/// How a block looks.
#[derive(Clone, Copy)]
enum LayerPicture {
    Picture,
    /// A stack of feature maps of this side.
    Maps {
        side: f32,
        sheets: usize,
        pooled: bool,
    },
    /// A layer of units.
    Units {
        height: f32,
    },
    Recurrent {
        order: Order,
    },
    Dropout(f32),
    Classes,
}

struct Block {
    look: LayerPicture,
    size: Vec2,
    /// The two lines under it.
    text: [String; 2],
    /// Its slot in the drawing: at least as wide as the text.
    width: f32,
}

impl LayerPicture {
    fn of(layer: Option<&Layer>, output: &[usize], last: bool, height: f32) -> Self {
        let side = |pixels: usize| (height * 0.8 * pixels as f32 / SIDE as f32).max(7.0);
        let sheets = |channels: usize| (channels.max(2).ilog2() as usize).clamp(2, 8);
        match (layer, output) {
            (None, _) => Self::Picture,
            (Some(Layer::Dropout(rate)), _) => Self::Dropout(*rate),
            (Some(Layer::Recurrent { order, .. }), _) => Self::Recurrent { order: *order },
            (Some(layer), [h, _, c]) => {
                let pooled = matches!(layer, Layer::MaxPool | Layer::Pool { .. });
                Self::Maps { side: side(*h), sheets: sheets(*c), pooled }
            }
            (Some(_), _) if last => Self::Classes,
            (Some(_), output) => {
                let units = output.first().copied().unwrap_or(1) as f32;
                Self::Units { height: (height * (units / 512.0).sqrt()).clamp(12.0, height) }
            }
        }
    }

    fn size(self, height: f32) -> Vec2 {
        match self {
            Self::Picture => Vec2::splat(height * 0.8),
            Self::Maps { side, sheets, .. } => Vec2::splat(side + (sheets - 1) as f32 * SHEET),
            Self::Units { height } => vec2(13.0, height),
            Self::Recurrent { .. } => vec2(height * 0.62, height * 0.8),
            Self::Dropout(_) => vec2(10.0, height * 0.6),
            Self::Classes => vec2(18.0, height),
        }
    }
}

/// Draws it in the full width; `height` is that of a line of blocks.
pub fn show(ui: &mut Ui, structure: &Structure<'_>, height: f32) -> egui::Response {
    let blocks = blocks(ui, structure, height);
    let rows = rows(&blocks, ui.available_width());
    let line = height + TEXT + 10.0;
    let size = vec2(ui.available_width(), rows.len() as f32 * line);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let mut number = 0;
    for (row, count) in rows.iter().enumerate() {
        let centre = rect.top() + row as f32 * line + height / 2.0;
        let mut x = rect.left();
        for _ in 0..*count {
            if number > 0 {
                let from = if x > rect.left() { x - GAP } else { x };
                arrow(ui, pos2(from, centre), GAP);
                if x <= rect.left() {
                    x += GAP;
                }
            }
            let slot = Rect::from_min_size(
                pos2(x, centre - height / 2.0),
                vec2(blocks[number].width, height + TEXT),
            );
            block(ui, structure, number, &blocks[number], slot, height);
            x = slot.right() + GAP;
            number += 1;
        }
    }
    let spoken = spoken(structure);
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Image, true, &spoken));
    response
}

/// `Structure of MLP: picture 28×28×1, Dense 1 512, …`.
fn spoken(structure: &Structure<'_>) -> String {
    let lines = structure.lines.iter().map(|l| format!("{} {}", l.name, l.shape()));
    let all: Vec<String> = std::iter::once("picture 28×28×1".to_owned()).chain(lines).collect();
    format!("Structure of {}: {}", structure.name, all.join(", "))
}

fn blocks(ui: &Ui, structure: &Structure<'_>, height: f32) -> Vec<Block> {
    let shape = |output: &[usize]| match output {
        [h, w, c] => [format!("{h}×{w}"), format!("× {c}")],
        [units] => [units.to_string(), String::new()],
        _ => Default::default(),
    };
    let picture = LayerPicture::of(None, &[], false, height);
    let mut looks = vec![(picture, [format!("{SIDE}×{SIDE}"), "digit".to_owned()])];
    let count = structure.layers.len();
    for (i, (layer, line)) in structure.layers.iter().zip(structure.lines).enumerate() {
        let look = LayerPicture::of(Some(layer), &line.output, i + 1 == count, height);
        let text = match (look, layer) {
            (LayerPicture::Dropout(rate), _) => [format!("−{:.0} %", rate * 100.0), String::new()],
            (LayerPicture::Recurrent { .. }, Layer::Recurrent { hidden, .. }) => {
                [hidden.to_string(), format!("{SIDE} times")]
            }
            (
                LayerPicture::Units { .. },
                Layer::Spiking(Spiking::Lif(neurons) | Spiking::Recurrent { neurons, .. }),
            ) => {
                let [units, _] = shape(&line.output);
                [units, format!("T {}", neurons.steps)]
            }
            _ => shape(&line.output),
        };
        looks.push((look, text));
    }
    let width = |text: &str| {
        let font = theme::regular(12.0);
        ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER).rect.width()
    };
    let block = |(look, text): (LayerPicture, [String; 2])| {
        let size = look.size(height);
        let width = size.x.max(width(&text[0])).max(width(&text[1]));
        Block { look, size, text, width }
    };
    looks.into_iter().map(block).collect()
}

/// How many blocks go into each line.
fn rows(blocks: &[Block], width: f32) -> Vec<usize> {
    let (mut rows, mut x) = (vec![0], 0.0);
    for block in blocks {
        if x + block.width > width && rows.last().is_some_and(|n| *n > 0) {
            rows.push(0);
            x = GAP;
        }
        x += block.width + GAP;
        if let Some(last) = rows.last_mut() {
            *last += 1;
        }
    }
    rows
}

fn arrow(ui: &Ui, from: Pos2, length: f32) {
    let p = palette(ui.visuals());
    let (tail, tip) = (from + vec2(4.0, 0.0), from + vec2(length - 4.0, 0.0));
    let stroke = Stroke::new(1.5, p.weak);
    ui.painter().line_segment([tail, tip - vec2(3.0, 0.0)], stroke);
    let head = vec![tip, tip + vec2(-6.0, -3.5), tip + vec2(-6.0, 3.5)];
    ui.painter().add(Shape::convex_polygon(head, p.weak, Stroke::NONE));
}

fn block(
    ui: &Ui,
    structure: &Structure<'_>,
    number: usize,
    block: &Block,
    slot: Rect,
    height: f32,
) {
    let p = palette(ui.visuals());
    let centre = pos2(slot.center().x, slot.top() + height / 2.0);
    let rect = Rect::from_center_size(centre, block.size);
    let painter = ui.painter();
    match block.look {
        LayerPicture::Picture => {
            digit_view::paint(ui, ui.scope_id().with("structure"), rect, |i| structure.digit[i]);
            painter.rect_stroke(rect, 3, Stroke::new(1.0, p.line), StrokeKind::Outside);
        }
        LayerPicture::Maps { side, sheets, pooled } => {
            maps(painter, p, rect, side, sheets, p.series[usize::from(pooled)]);
        }
        LayerPicture::Units { .. } => {
            painter.rect_filled(rect, 3, p.series[2]);
        }
        LayerPicture::Recurrent { order } => recurrent(painter, p, rect, order),
        LayerPicture::Dropout(rate) => dropout(painter, p, rect, rate),
        LayerPicture::Classes => classes(painter, p, rect, (count(structure), structure.answer)),
    }
    for (i, text) in block.text.iter().enumerate() {
        let at = pos2(slot.center().x, slot.top() + height + 3.0 + 15.0 * i as f32);
        let colour = if i == 0 { p.text } else { p.weak };
        painter.text(at, Align2::CENTER_TOP, text, theme::regular(12.0), colour);
    }
    let response = ui.interact(slot, ui.scope_id().with(("block", number)), Sense::hover());
    response.on_hover_ui(|ui| explain(ui, structure, number));
}

/// A stack of sheets, the first in front, lower left.
fn maps(painter: &Painter, p: &Palette, rect: Rect, side: f32, sheets: usize, colour: Color32) {
    for i in (0..sheets).rev() {
        let by = i as f32 * SHEET;
        let min = pos2(rect.left() + by, rect.bottom() - side - by);
        let sheet = Rect::from_min_size(min, Vec2::splat(side));
        let fade = i as f32 / sheets as f32;
        painter.rect(
            sheet,
            CornerRadius::same(1),
            blend(colour, p.card, 0.25 + 0.45 * fade),
            Stroke::new(1.0, blend(colour, p.text, 0.15)),
            StrokeKind::Inside,
        );
    }
}

/// A box whose output goes back into it, with the lines of the picture as it
/// reads them.
fn recurrent(painter: &Painter, p: &Palette, rect: Rect, order: Order) {
    let colour = p.series[3];
    let body = Rect::from_min_max(pos2(rect.left(), rect.top() + rect.height() * 0.3), rect.max);
    painter.rect(
        body,
        CornerRadius::same(6),
        blend(colour, p.card, 0.35),
        Stroke::new(1.5, colour),
        StrokeKind::Inside,
    );
    for i in 1..6 {
        let t = i as f32 / 6.0;
        let stroke = Stroke::new(1.0, colour);
        let inner = body.shrink(7.0);
        match order {
            Order::Rows => {
                painter.hline(inner.x_range(), egui::lerp(inner.y_range(), t), stroke);
            }
            Order::Columns => {
                painter.vline(egui::lerp(inner.x_range(), t), inner.y_range(), stroke);
            }
        }
    }
    let (from, to) = (body.right() - 8.0, body.left() + 8.0);
    let curve = egui::epaint::CubicBezierShape::from_points_stroke(
        [
            pos2(from, body.top()),
            pos2(from + 6.0, rect.top() - 4.0),
            pos2(to - 6.0, rect.top() - 4.0),
            pos2(to, body.top() - 3.0),
        ],
        false,
        Color32::TRANSPARENT,
        Stroke::new(1.5, p.weak),
    );
    painter.add(curve);
    let tip = pos2(to, body.top());
    let head = vec![tip, tip + vec2(-4.0, -6.0), tip + vec2(3.5, -6.0)];
    painter.add(Shape::convex_polygon(head, p.weak, Stroke::NONE));
}

/// A column of units, some of them empty, in the proportion of the rate.
fn dropout(painter: &Painter, p: &Palette, rect: Rect, rate: f32) {
    const SHOWN: usize = 10;
    let dropped = (rate * SHOWN as f32).round() as usize;
    for i in 0..SHOWN {
        let y = egui::lerp(rect.y_range(), (i as f32 + 0.5) / SHOWN as f32);
        let centre = pos2(rect.center().x, y);
        // Spread evenly: every so many units one more is due.
        let due = |i: usize| (i * dropped + SHOWN / 2) / SHOWN;
        if due(i + 1) > due(i) {
            painter.circle_stroke(centre, 2.6, Stroke::new(1.0, p.weak));
        } else {
            painter.circle_filled(centre, 2.6, p.weak);
        }
    }
}

/// How many classes come out.
fn count(structure: &Structure<'_>) -> usize {
    let last = structure.lines.last().and_then(|line| line.output.last());
    last.map_or(CLASSES, |units| (*units).clamp(1, MOST_CLASSES))
}

/// The classes; the more probable, the stronger. More than ten have no room for their numbers.
fn classes(painter: &Painter, p: &Palette, rect: Rect, (count, answer): (usize, Option<&[f32]>)) {
    let each = rect.height() / count as f32;
    for class in 0..count {
        let min = rect.min + vec2(0.0, each * class as f32);
        let cell =
            Rect::from_min_size(min, vec2(rect.width(), each)).shrink(0.7f32.min(0.2 * each));
        let share = answer.and_then(|a| a.get(class)).copied().unwrap_or(0.0);
        let ground = blend(p.well, p.accent, share);
        painter.rect(cell, 2, ground, Stroke::new(1.0, p.line), StrokeKind::Inside);
        if count > CLASSES {
            continue;
        }
        let colour = if share > 0.5 { p.on_accent } else { p.text };
        let font = theme::strong((each - 1.0).clamp(8.0, 12.0));
        painter.text(cell.center(), Align2::CENTER_CENTER, class.to_string(), font, colour);
    }
}

/// `500 and 300`.
fn layer_sizes(hidden: &[usize]) -> String {
    hidden.iter().map(usize::to_string).collect::<Vec<_>>().join(" and ")
}

/// What a block is, on hovering.
fn explain(ui: &mut Ui, structure: &Structure<'_>, number: usize) {
    let Some(i) = number.checked_sub(1) else {
        ui.label("The current digit: 28×28 pixels from 0 (paper) to 1 (ink).");
        return;
    };
    let (Some(layer), Some(line)) = (structure.layers.get(i), structure.lines.get(i)) else {
        return;
    };
    ui.label(egui::RichText::new(&line.name).font(theme::strong(14.0)));
    ui.label(match layer {
        Layer::Conv { kernel, filters } if is_current(structure.layers, i) => format!(
            "{filters} kernels of {kernel}×{kernel} pixels look at every place of what comes in; {filters} maps of sums come out, the currents of the neurons that follow."
        ),
        Layer::Dense { units, activation: Activation::Linear }
            if is_current(structure.layers, i) =>
        {
            format!(
                "{units} sums of everything that comes in: the currents of the neurons that follow."
            )
        }
        Layer::Conv { kernel, filters } => format!(
            "{filters} kernels of {kernel}×{kernel} pixels look at every place of what comes in; {filters} maps of what they found come out, negative values set to zero."
        ),
        Layer::MaxPool => "The largest of each 2×2 pixels goes on: half the side, and where exactly something was seen counts less.".into(),
        Layer::Convolution { window: Window { kernel: [h, w], .. }, filters, activation } => format!(
            "{filters} kernels of {h}×{w} pixels move over what comes in; {filters} maps of what they found come out. What becomes of each sum: {}.",
            activation.name()
        ),
        Layer::Pool { kind: PoolKind::Max, window: Window { kernel: [h, w], .. } } => format!(
            "The largest of {h}×{w} pixels at a time goes on: where exactly something was seen counts less."
        ),
        Layer::Pool { window: Window { kernel: [h, w], .. }, .. } => {
            format!("The mean of {h}×{w} pixels at a time goes on.")
        }
        Layer::Affine => "Each channel is scaled and shifted by two numbers of its own.".into(),
        Layer::Activate(activation) => {
            format!("Of each number that comes in, the function {}.", activation.name())
        }
        Layer::Dropout(rate) => format!(
            "While training, {:.0} % of the units are left out at random, others in each step, so that none relies on another. When answering, all take part.",
            rate * 100.0
        ),
        Layer::Recurrent { order, hidden, .. } => format!(
            "Reads the digit {} at a time, 28 in all. After each, {hidden} units hold what it remembers; the last state goes on.",
            if *order == Order::Rows { "a row" } else { "a column" }
        ),
        Layer::Dense { units, activation: Activation::Relu } => format!(
            "{units} units, each connected to everything that comes in; negative values set to zero."
        ),
        Layer::Dense { units, activation: Activation::Tanh } => format!(
            "{units} units, each connected to everything that comes in; the sum goes through tanh, to between −1 and 1."
        ),
        Layer::Dense { units, activation: Activation::Sigmoid } => format!(
            "{units} units, each connected to everything that comes in; the sum goes through the logistic function, to between 0 and 1."
        ),
        Layer::Dense { units, activation: Activation::LeakyRelu } => format!(
            "{units} units, each connected to everything that comes in; of negative values a hundredth remains."
        ),
        Layer::Settling { hidden } => format!(
            "{} units that are connected both ways and relax together with the ten classes until nothing moves: the state they settle in is the answer.",
            layer_sizes(hidden)
        ),
        Layer::Spiking(Spiking::Lif(neurons)) => format!(
            "Leaky integrate-and-fire neurons: what comes in charges their membranes, which forget with a time constant of {} steps; they spike at a threshold, over {} steps.",
            neurons.tau, neurons.steps
        ),
        Layer::Spiking(Spiking::Recurrent { hidden, neurons }) => format!(
            "{hidden} spiking neurons, connected among themselves, read the digit a row at a time, over {} steps.",
            neurons.steps
        ),
        Layer::Spiking(Spiking::Energy { hidden }) => format!(
            "{hidden} leaky integrate-and-fire neurons and ten classes, connected both ways by the same weights, over {} steps. Every pixel is a constant current; the class that spikes most is the answer.",
            crate::ann::ops::spiking::energy::ANSWER_STEPS
        ),
        Layer::Spiking(Spiking::FirstSpike { hidden }) => format!(
            "{} neurons that fire at most once, and the ten classes: whoever fires first is the answer.",
            layer_sizes(hidden)
        ),
        Layer::Goodness { hidden } => format!(
            "{} units that see the picture together with a label. Each of the ten labels is tried; the one that they respond to most strongly is the answer.",
            layer_sizes(hidden)
        ),
        Layer::Energy { hidden } => format!(
            "{} latent units, with encoders from the picture up and decoders back down to it; a linear read-out of the first layer answers.",
            layer_sizes(hidden)
        ),
        Layer::ConvStdp(design) => format!(
            "The picture becomes a volley of spikes, the strongest contrasts first. {} kernels of {}×{} places and then {} of {}×{} add up weights of the spikes that reach them; each neuron fires once at most, and the times of the last ones are read.",
            design.first.maps,
            design.first.kernel,
            design.first.kernel,
            design.second.maps,
            design.second.kernel,
            design.second.kernel
        ),
        Layer::Dense { units, activation: Activation::Linear } => format!(
            "{units} units, one for each class; softmax turns their values into probabilities. Blue: the bundled network on the current digit."
        ),
    });
    ui.label(format!(
        "Out come {}. {} parameters, {} multiply–adds.",
        line.shape(),
        grouped(line.parameters as u64),
        grouped(line.multiply_adds as u64)
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_fill_the_lines_in_order_and_one_that_is_too_wide_has_its_own() {
        let block = |width| Block {
            look: LayerPicture::Picture,
            size: Vec2::ZERO,
            text: Default::default(),
            width,
        };
        let blocks: Vec<Block> = [50.0, 50.0, 500.0, 20.0].map(block).into();
        assert_eq!(rows(&blocks, 130.0), [2, 1, 1]);
        assert_eq!(rows(&blocks, 1e4), [4]);
        assert_eq!(rows(&[], 100.0), [0]);
    }
}
