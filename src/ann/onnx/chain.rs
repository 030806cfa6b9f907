//! The layers of a network that is being read, one behind another.

use super::array::Array;
use super::flow::Flow;
use crate::ann::ops::recurrent::{Cell, Order};
use crate::ann::zoo::{Activation, Layer, PoolKind, Window};
use crate::data::classes::FEWEST;
use crate::data::{MOST_CLASSES, SIDE};

/// Most layers; ours would take days for more.
const MOST_LAYERS: usize = 200;
/// Most weights in all; more than networks here may have.
pub const MOST_WEIGHTS: usize = 32 << 20;

/// Weighted sums: a dense layer, or a convolution if it has a window.
#[derive(Debug)]
pub struct Sum {
    pub window: Option<Window>,
    pub units: usize,
    /// `(inputs, units)`, as our operations have it.
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub activation: Activation,
}

/// A recurrent layer.
#[derive(Debug)]
pub struct Lines {
    pub cell: Cell,
    pub order: Order,
    pub hidden: usize,
    pub kernel: Vec<f32>,
    pub recurrent: Vec<f32>,
    pub bias: Vec<f32>,
}

#[derive(Debug)]
enum Piece {
    Sum(Sum),
    Pool(PoolKind, Window),
    Affine { scale: Vec<f32>, shift: Vec<f32> },
    Activate(Activation),
    Lines(Lines),
}

impl Piece {
    fn weights(&self) -> usize {
        match self {
            Self::Sum(sum) => sum.weight.len() + sum.bias.len(),
            Self::Affine { scale, shift } => scale.len() + shift.len(),
            Self::Lines(l) => l.kernel.len() + l.recurrent.len() + l.bias.len(),
            Self::Pool(..) | Self::Activate(_) => 0,
        }
    }
}

/// A scale and a shift of each number that have not become a layer yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    pub scale: Vec<f64>,
    pub shift: Vec<f64>,
}

/// What comes next, and whether it can take in what is pending.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Dense,
    /// A convolution that stays within the picture.
    Inside,
    /// Anything else.
    Other,
}

/// The layers so far.
#[derive(Debug)]
pub struct Chain {
    pieces: Vec<Piece>,
    /// Height, width and channels of what comes out; units are channels of one pixel.
    size: [usize; 3],
    /// Counts every change: what came out before belongs to an earlier state.
    at: usize,
    pending: Option<Pending>,
    /// So far.
    weights: usize,
    /// What the picture itself is scaled by, if by the same everywhere.
    pub front: Option<(f64, f64)>,
    pub notes: Vec<String>,
}

impl Chain {
    pub fn new() -> Self {
        Self {
            pieces: Vec::new(),
            size: [SIDE, SIDE, 1],
            at: 0,
            pending: None,
            weights: 0,
            front: None,
            notes: Vec::new(),
        }
    }

    /// How far it is.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Numbers that come out.
    pub fn len(&self) -> usize {
        self.size.iter().product()
    }

    /// Height, width and channels of what comes out.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// Whether nothing but scaling has come so far.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// An error if a node takes what others have gone on from.
    pub fn check(&self, flow: &Flow) -> Result<(), String> {
        if flow.at == self.at {
            return Ok(());
        }
        Err("it takes what another node has taken too: the network branches, and ours are chains"
            .into())
    }

    fn push(&mut self, piece: Piece, size: [usize; 3]) -> Result<(), String> {
        if self.pieces.len() >= MOST_LAYERS {
            return Err(format!("it is layer {}; no more are read", MOST_LAYERS + 1));
        }
        let len = size.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
        if !len.is_some_and(|n| n > 0 && n <= super::flow::MOST) {
            return Err("what comes out of it is empty, or larger than any digit needs".into());
        }
        // Zeros may be written out for groups and gaps: little becomes much.
        self.weights += piece.weights();
        if self.weights > MOST_WEIGHTS {
            return Err("the network has too many weights".into());
        }
        self.pieces.push(piece);
        self.size = size;
        self.at += 1;
        Ok(())
    }

    /// Each number of `flow`, in its order, is scaled and shifted.
    pub fn scale(&mut self, flow: &Flow, scale: &[f64], shift: &[f64]) -> Result<(), String> {
        let places = flow.settled()?;
        let (mut all, mut plus) = (vec![1.0; self.len()], vec![0.0; self.len()]);
        let mut seen = vec![false; self.len()];
        for (i, place) in places.iter().enumerate() {
            let place = *place as usize;
            if std::mem::replace(&mut seen[place], true) {
                return Err("it scales a number that was copied".into());
            }
            (all[place], plus[place]) = (scale[i], shift[i]);
        }
        if all.iter().chain(&plus).any(|v| !v.is_finite()) {
            return Err("it scales by what is no number".into());
        }
        let channels = self.size[2];
        let uniform = uniform(&all, channels) && uniform(&plus, channels);
        if uniform
            && self.pending.is_none()
            && let Some(Piece::Sum(sum)) = self.pieces.last_mut()
            && sum.activation == Activation::Linear
        {
            for row in sum.weight.chunks_exact_mut(sum.units) {
                row.iter_mut().zip(&all).for_each(|(w, s)| *w = (f64::from(*w) * s) as f32);
            }
            for (b, (s, t)) in sum.bias.iter_mut().zip(all.iter().zip(&plus)) {
                *b = (f64::from(*b) * s + t) as f32;
            }
            self.at += 1;
            return Ok(());
        }
        let ones = || Pending { scale: vec![1.0; all.len()], shift: vec![0.0; all.len()] };
        let mut pending = self.pending.take().unwrap_or_else(ones);
        for (i, (s, t)) in all.iter().zip(&plus).enumerate() {
            pending.scale[i] *= s;
            pending.shift[i] = pending.shift[i] * s + t;
        }
        if self.pieces.is_empty() {
            let same = self::uniform(&pending.scale, 1) && self::uniform(&pending.shift, 1);
            self.front = same.then(|| (pending.scale[0], pending.shift[0]));
        }
        self.pending = Some(pending);
        self.at += 1;
        Ok(())
    }

    /// What is pending becomes a layer, or is given back to be taken in by the next one.
    fn flush(&mut self, next: Next) -> Result<Option<Pending>, String> {
        let Some(pending) = self.pending.take() else { return Ok(None) };
        let channels = self.size[2];
        let uniform = uniform(&pending.scale, channels) && uniform(&pending.shift, channels);
        let first = self.pieces.is_empty();
        if next == Next::Dense && (first || !uniform) || next == Next::Inside && first && uniform {
            return Ok(Some(pending));
        }
        if !uniform {
            return Err("before it, each pixel is scaled by a number of its own; only a dense layer can take that in".into());
        }
        let of = |v: &[f64]| v[..channels].iter().map(|v| *v as f32).collect();
        let piece = Piece::Affine { scale: of(&pending.scale), shift: of(&pending.shift) };
        self.push(piece, self.size)?;
        Ok(None)
    }

    /// A dense layer on `flow`: `weight` of each of its numbers and unit.
    pub fn dense(
        &mut self,
        flow: &Flow,
        units: usize,
        weight: &dyn Fn(usize, usize) -> f32,
        bias: Vec<f32>,
    ) -> Result<(), String> {
        let (places, inputs) = (flow.settled()?, self.len());
        let cells = inputs.checked_mul(units).filter(|n| *n > 0 && *n <= MOST_WEIGHTS);
        let mut rows = vec![0f32; cells.ok_or("it has too many weights, or none")?];
        for (i, place) in places.iter().enumerate() {
            let row = &mut rows[*place as usize * units..][..units];
            row.iter_mut().enumerate().for_each(|(u, w)| *w += weight(i, u));
        }
        let mut sum =
            Sum { window: None, units, weight: rows, bias, activation: Activation::Linear };
        if let Some(pending) = self.flush(Next::Dense)? {
            sum.take_in(&pending);
        }
        self.push(Piece::Sum(sum), [1, 1, units])
    }

    /// Height, width and channels, where `flow` is the whole picture that comes out, with
    /// channels first.
    pub fn picture(&self, flow: &Flow) -> Result<[usize; 3], String> {
        let size = flow.as_picture()?;
        if size == self.size {
            return Ok(size);
        }
        Err("its picture is cut out of another; only a dense layer can take that".into())
    }

    /// A convolution of the picture that comes out.
    pub fn convolve(&mut self, mut sum: Sum, window: Window) -> Result<(), String> {
        let [h, w] = self.fits(window)?;
        let next = if window.is_inside() { Next::Inside } else { Next::Other };
        if let Some(pending) = self.flush(next)? {
            // The same for each pixel of a channel, so each row has its channel's.
            let channels = self.size[2];
            let rows = sum.weight.len() / sum.units;
            let of = |v: &[f64]| (0..rows).map(|r| v[r % channels]).collect();
            sum.take_in(&Pending { scale: of(&pending.scale), shift: of(&pending.shift) });
        }
        let size = [h, w, sum.units];
        sum.window = Some(window);
        self.push(Piece::Sum(sum), size)
    }

    fn fits(&self, window: Window) -> Result<[usize; 2], String> {
        let [h, w, _] = self.size;
        window.output([h, w]).ok_or_else(|| {
            let [a, b] = window.kernel;
            format!("its window of {a}×{b} pixels does not fit a picture of {h}×{w}, or its padding is as large as the window")
        })
    }

    /// Pooling of the picture that comes out.
    pub fn pool(&mut self, kind: PoolKind, window: Window) -> Result<(), String> {
        let [h, w] = self.fits(window)?;
        self.flush(Next::Other)?;
        self.push(Piece::Pool(kind, window), [h, w, self.size[2]])
    }

    /// A function of all numbers. All of ours grow with what goes in, so it may as well act
    /// before the largest is taken.
    pub fn activate(&mut self, activation: Activation) -> Result<(), String> {
        let before = |p: &&mut Piece| !matches!(p, Piece::Pool(PoolKind::Max, _));
        if self.pending.is_none()
            && let Some(Piece::Sum(sum)) = self.pieces.iter_mut().rev().find(before)
            && sum.activation == Activation::Linear
        {
            sum.activation = activation;
            self.at += 1;
            return Ok(());
        }
        self.flush(Next::Other)?;
        self.push(Piece::Activate(activation), self.size)
    }

    /// A recurrent layer over the picture, `(step, value)` at `pixel`.
    pub fn lines(&mut self, mut lines: Lines) -> Result<(), String> {
        let pixel = |t: usize, v: usize| match lines.order {
            Order::Rows => t * SIDE + v,
            Order::Columns => v * SIDE + t,
        };
        if let Some(pending) = self.pending.take() {
            let same = |v: &[f64]| {
                (0..SIDE).all(|value| (0..SIDE).all(|t| v[pixel(t, value)] == v[pixel(0, value)]))
            };
            if !(same(&pending.scale) && same(&pending.shift)) {
                return Err("before it, lines are scaled by different numbers".into());
            }
            let columns = lines.kernel.len() / SIDE;
            for (value, row) in lines.kernel.chunks_exact_mut(columns).enumerate() {
                let (s, t) = (pending.scale[pixel(0, value)], pending.shift[pixel(0, value)]);
                for (w, b) in row.iter_mut().zip(&mut lines.bias) {
                    *b = (f64::from(*b) + f64::from(*w) * t) as f32;
                    *w = (f64::from(*w) * s) as f32;
                }
            }
        }
        let size = [1, 1, lines.hidden];
        self.push(Piece::Lines(lines), size)
    }

    /// Ends the chain at a logit for each class.
    pub fn end(&mut self, flow: &Flow) -> Result<(), String> {
        let places = flow.settled()?;
        let classes = places.len();
        if !(FEWEST..=MOST_CLASSES).contains(&classes) || self.len() != classes {
            return Err(format!(
                "it answers with {classes} numbers; {FEWEST} to {MOST_CLASSES} are needed, one for each class"
            ));
        }
        if places.iter().enumerate().any(|(i, place)| *place as usize != i) {
            return Err("it puts its answers into another order".into());
        }
        self.flush(Next::Other)?;
        if let Some(activation) = self.drop_growing() {
            self.notes.push(format!(
                "The {} of the answers is left out: the decision is the same, but probabilities come from a softmax, as with all networks here.",
                activation.name()
            ));
        }
        if self.pieces.is_empty() {
            return Err("it has no layers".into());
        }
        self.plain_end(classes)
    }

    /// Networks here end in a dense layer without a function: one that hands on what comes in
    /// is put behind others.
    fn plain_end(&mut self, classes: usize) -> Result<(), String> {
        if let Some(Piece::Sum(sum)) = self.pieces.last()
            && sum.window.is_none()
            && sum.activation == Activation::Linear
        {
            return Ok(());
        }
        let mut weight = vec![0f32; classes * classes];
        weight.iter_mut().step_by(classes + 1).for_each(|w| *w = 1.0);
        self.notes.push(
            "A dense layer that hands on its inputs was put at the end: networks here end in one."
                .into(),
        );
        let sum = Sum {
            window: None,
            units: classes,
            weight,
            bias: vec![0.0; classes],
            activation: Activation::Linear,
        };
        self.push(Piece::Sum(sum), [1, 1, classes])
    }

    /// Takes a function off the last layer that changes no decision.
    fn drop_growing(&mut self) -> Option<Activation> {
        match self.pieces.last_mut()? {
            Piece::Sum(sum) if sum.window.is_none() && grows(sum.activation) => {
                Some(std::mem::replace(&mut sum.activation, Activation::Linear))
            }
            Piece::Activate(activation) if grows(*activation) => {
                let activation = *activation;
                self.pieces.pop();
                Some(activation)
            }
            _ => None,
        }
    }

    /// The layers, and their weights one array after another.
    pub fn into_layers(self) -> (Vec<Layer>, Vec<Vec<f32>>) {
        let (mut layers, mut values) = (Vec::new(), Vec::new());
        for piece in self.pieces {
            match piece {
                Piece::Sum(sum) => {
                    layers.push(sum.layer());
                    values.extend([sum.weight, sum.bias]);
                }
                Piece::Pool(PoolKind::Max, window) if window == Window::square(2, 2) => {
                    layers.push(Layer::MaxPool);
                }
                Piece::Pool(kind, window) => layers.push(Layer::Pool { kind, window }),
                Piece::Affine { scale, shift } => {
                    layers.push(Layer::Affine);
                    values.extend([scale, shift]);
                }
                Piece::Activate(activation) => layers.push(Layer::Activate(activation)),
                Piece::Lines(Lines { cell, order, hidden, kernel, recurrent, bias }) => {
                    layers.push(Layer::Recurrent { cell, order, hidden });
                    values.extend([kernel, recurrent, bias]);
                }
            }
        }
        (layers, values)
    }
}

/// Whether a larger sum always gives a larger answer.
fn grows(activation: Activation) -> bool {
    matches!(activation, Activation::Tanh | Activation::Sigmoid | Activation::LeakyRelu)
}

/// Whether numbers repeat every `period`.
fn uniform(values: &[f64], period: usize) -> bool {
    values.iter().zip(&values[period.min(values.len())..]).all(|(a, b)| a == b)
}

impl Sum {
    /// From a bias that may be missing.
    pub fn bias(bias: Option<&Array>, units: usize) -> Result<Vec<f32>, String> {
        let Some(bias) = bias else { return Ok(vec![0.0; units]) };
        let values = bias.as_floats()?;
        match values.len() {
            1 => Ok(vec![values[0]; units]),
            n if n == units => Ok(values),
            n => Err(format!("it has {n} biases for {units} units")),
        }
    }

    /// Each input is scaled and shifted: the weights and biases that make up for it.
    fn take_in(&mut self, inputs: &Pending) {
        let mut bias: Vec<f64> = self.bias.iter().map(|b| f64::from(*b)).collect();
        for (row, (s, t)) in
            self.weight.chunks_exact_mut(self.units).zip(inputs.scale.iter().zip(&inputs.shift))
        {
            for (w, b) in row.iter_mut().zip(&mut bias) {
                *b += f64::from(*w) * t;
                *w = (f64::from(*w) * s) as f32;
            }
        }
        self.bias = bias.iter().map(|b| *b as f32).collect();
    }

    fn layer(&self) -> Layer {
        let (units, activation) = (self.units, self.activation);
        match self.window {
            None => Layer::Dense { units, activation },
            Some(window) => convolution(window, units, activation),
        }
    }
}

/// The plainest layer that says it.
fn convolution(window: Window, filters: usize, activation: Activation) -> Layer {
    let kernel = window.kernel[0];
    if window == Window::square(kernel, 1) && activation == Activation::Relu {
        return Layer::Conv { kernel, filters };
    }
    Layer::Convolution { window, filters, activation }
}
