//! The current digit: drawn, picked from a data set or read from a photo. All
//! workspaces show the same one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::bounds::{Bounded, Bounds, Number, SHARE, Span};
use crate::data::picture::{Note, Picture};
use crate::data::strokes::{Framing, Stroke, erase, to_pixels, warning};
use crate::data::{ClassNames, PIXELS, Pixels, perturb};

/// A point of the canvas, each coordinate in 0 … 1 (x right, y down).
pub type Point = [f32; 2];

/// Changes of the current digit.
#[derive(Clone, Debug)]
pub enum DigitEdit {
    /// The pen touches the paper.
    PenDown(Point),
    /// The pen moves on the paper.
    PenMove(Point),
    /// The pen is lifted.
    PenUp,
    /// The eraser rubs along this path; `first` begins a new undo step.
    Erase { path: Vec<Point>, first: bool },
    /// Take the last change back.
    Undo,
    /// Do it again.
    Redo,
    /// An empty canvas.
    Clear,
    /// A digit of a data set's test part.
    Pick { source: &'static str, index: usize },
    /// A labelled digit from elsewhere (a mistake of a run).
    Show { name: String, label: u8, classes: ClassNames, pixels: Box<Pixels> },
    /// Another digit of the picture that is shown.
    Choose(usize),
    /// Centre as MNIST does, or not.
    Centre(bool),
    /// Width of the pen, share of the canvas.
    PenWidth(f32),
    /// Standard deviation of the noise, in units of the full ink.
    Noise(f32),
    /// Shift in pixels of the 28×28 picture.
    Shift([f32; 2]),
    /// The tool in hand.
    Eraser(bool),
}

/// Undo steps kept.
const HISTORY: usize = 200;
/// Radius of the eraser, share of the canvas.
pub const ERASER_RADIUS: f32 = 0.045;
/// Points that a drawing may have; more than anyone draws, few enough to stay
/// quick.
pub(super) const MAX_POINTS: usize = 20_000;
/// Where a point of a stroke can be, in sizes of the canvas: a pen may leave it.
pub(super) const POINT: Span = (-4.0, 5.0);

/// The nearest point that a stroke can have.
fn reachable(point: Point) -> Point {
    point.map(|x| x.clamp(POINT.0 as f32, POINT.1 as f32))
}

/// Where the current digit comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Source {
    /// The strokes on the canvas.
    #[default]
    Drawn,
    /// The test part of a data set.
    Picked {
        source: &'static str,
        index: usize,
        label: u8,
        classes: ClassNames,
        pixels: Box<Pixels>,
    },
    /// A labelled digit from elsewhere.
    Picture { name: String, label: Option<u8>, classes: ClassNames, pixels: Box<Pixels> },
    /// A picture file, and which of its digits.
    Photo { name: String, picture: Arc<Picture>, chosen: usize },
}

impl Source {
    /// The 28×28 picture of what was not drawn.
    pub fn pixels(&self) -> Option<&Pixels> {
        match self {
            Self::Drawn => None,
            Self::Picked { pixels, .. } | Self::Picture { pixels, .. } => Some(pixels),
            Self::Photo { picture, chosen, .. } => {
                picture.digits.get(*chosen).map(|digit| &*digit.pixels)
            }
        }
    }

    /// What to say of a photo beside the answers.
    fn warning(&self) -> Option<&'static str> {
        let Self::Photo { picture, chosen, .. } = self else { return None };
        picture.digits.get(*chosen)?.note.map(Note::text)
    }
}

/// The part of the digit that undo brings back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// Empty for what was not drawn.
    pub strokes: Vec<Stroke>,
    /// Where it comes from.
    pub source: Source,
}

/// How the digit is shown to the networks; kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Treatment {
    /// Crop, scale and centre as MNIST was made.
    pub centre: bool,
    /// Width of the pen, share of the canvas.
    pub pen: f32,
    /// Standard deviation of added noise, 1 = full ink.
    pub noise: f32,
    /// Shift of the 28×28 picture, pixels.
    pub shift: [f32; 2],
}

impl Treatment {
    pub const PEN: Span = (0.02, 0.2);
    pub const NOISE: Span = SHARE;
    pub const SHIFT_PX: Span = (-10.0, 10.0);
}

impl Bounded for Treatment {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { centre: _, pen, noise, shift: [right, down] } = self;
        to.number("pen", pen, Self::PEN);
        to.number("noise", noise, Self::NOISE);
        to.number("shift.0", right, Self::SHIFT_PX);
        to.number("shift.1", down, Self::SHIFT_PX);
    }
}

impl Default for Treatment {
    fn default() -> Self {
        Self { centre: true, pen: 0.08, noise: 0.0, shift: [0.0; 2] }
    }
}

/// The current digit with its history.
#[derive(Clone, Debug)]
pub struct Digit {
    content: Content,
    undo: Vec<Content>,
    redo: Vec<Content>,
    /// How it is shown to the networks.
    pub treatment: Treatment,
    /// Whether the eraser is in hand.
    pub eraser: bool,
    pen_down: bool,
    pixels: Box<Pixels>,
    version: u64,
    /// Changes made that can be taken back, in all.
    changes: u64,
}

impl Default for Digit {
    fn default() -> Self {
        Self::restore(Vec::new(), Treatment::default())
    }
}

impl Digit {
    /// What to say beside the answers; nothing while the pen is down.
    pub fn warning(&self) -> Option<&'static str> {
        match self.source() {
            Source::Drawn if self.pen_down => None,
            Source::Drawn => warning(self.strokes(), self.treatment.pen),
            source => source.warning(),
        }
    }

    /// A digit with these strokes, and nothing to undo.
    pub fn restore(strokes: Vec<Stroke>, treatment: Treatment) -> Self {
        let mut digit = Self {
            content: Content { strokes, source: Source::Drawn },
            undo: Vec::new(),
            redo: Vec::new(),
            treatment,
            eraser: false,
            pen_down: false,
            pixels: Box::new([0.0; PIXELS]),
            version: 0,
            changes: 0,
        };
        digit.refresh();
        digit
    }

    /// The 28×28 picture that the networks see.
    pub fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    /// Grows with every change of the picture.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The strokes on the canvas.
    pub fn strokes(&self) -> &[Stroke] {
        &self.content.strokes
    }

    /// Where it comes from.
    pub fn source(&self) -> &Source {
        &self.content.source
    }

    /// The right digit, where it is known; `None` for pictures of other classes.
    pub fn label(&self) -> Option<u8> {
        self.truth().filter(|(_, classes)| classes.is_digits()).map(|(label, _)| label)
    }

    /// The right class, where it is known, and what its classes are called.
    pub fn truth(&self) -> Option<(u8, &ClassNames)> {
        match &self.content.source {
            Source::Drawn | Source::Photo { .. } => None,
            Source::Picked { label, classes, .. } => Some((*label, classes)),
            Source::Picture { label, classes, .. } => Some(((*label)?, classes)),
        }
    }

    /// Whether there is nothing to recognise.
    pub fn is_blank(&self) -> bool {
        self.content.source == Source::Drawn && self.content.strokes.is_empty()
    }

    /// Whether there is something to take back.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Changes made so far that can be taken back.
    pub fn undo_steps(&self) -> u64 {
        self.changes
    }

    /// Whether there is something to do again.
    pub fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }

    /// What undo brings back.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Whether it is this one of a data set.
    pub fn is_picked(&self, from: &str, number: usize) -> bool {
        matches!(&self.content.source, Source::Picked { source, index, .. } if *source == from && *index == number)
    }

    /// Takes over a digit, if there is one, and how it is shown; whether there is now
    /// something more to take back.
    pub fn take_over(&mut self, content: Option<Content>, treatment: Treatment) -> bool {
        let other = content.filter(|content| *content != self.content);
        let changes = other.is_some();
        if let Some(content) = other {
            self.remember();
            self.content = content;
        }
        self.pen_down = false;
        self.treatment = treatment;
        self.refresh();
        changes
    }

    /// Shows a digit that was not drawn.
    pub fn set_source(&mut self, source: Source) {
        self.remember();
        self.content = Content { strokes: Vec::new(), source };
        self.refresh();
    }

    /// Carries an edit out. [`DigitEdit::Pick`] is left to the caller, who has
    /// the data: see [`Digit::set_source`].
    pub fn edit(&mut self, edit: &DigitEdit) {
        match edit {
            DigitEdit::PenDown(point) => self.pen_down_at(*point),
            DigitEdit::PenMove(point) => self.pen_move_to(*point),
            DigitEdit::PenUp => self.pen_down = false,
            DigitEdit::Erase { path, first } => self.rub(path, *first),
            DigitEdit::Undo => self.travel(true),
            DigitEdit::Redo => self.travel(false),
            DigitEdit::Clear => {
                if !self.is_blank() {
                    self.set_source(Source::Drawn);
                }
            }
            DigitEdit::Centre(on) => self.treatment.centre = *on,
            DigitEdit::PenWidth(width) => self.treatment.pen = width.within(Treatment::PEN),
            DigitEdit::Noise(sigma) => self.treatment.noise = sigma.within(Treatment::NOISE),
            DigitEdit::Shift(shift) => {
                self.treatment.shift = shift.map(|s| s.within(Treatment::SHIFT_PX));
            }
            DigitEdit::Eraser(on) => self.eraser = *on,
            DigitEdit::Show { name, label, classes, pixels } => self.set_source(Source::Picture {
                name: name.clone(),
                label: Some(*label),
                classes: classes.clone(),
                pixels: pixels.clone(),
            }),
            DigitEdit::Choose(digit) => {
                if let Source::Photo { picture, chosen, .. } = &mut self.content.source
                    && *digit < picture.digits.len()
                {
                    *chosen = *digit;
                }
            }
            DigitEdit::Pick { .. } => {}
        }
        self.refresh();
    }

    fn remember(&mut self) {
        self.changes += 1;
        self.undo.push(self.content.clone());
        if self.undo.len() > HISTORY {
            self.undo.remove(0);
        }
        self.redo.clear();
    }

    fn pen_down_at(&mut self, point: Point) {
        self.remember();
        // Drawing on a picked digit starts a new drawing; undo brings it back.
        if self.content.source != Source::Drawn {
            self.content = Content::default();
        }
        self.content.strokes.push(vec![reachable(point)]);
        self.pen_down = true;
    }

    fn pen_move_to(&mut self, point: Point) {
        let point = reachable(point);
        let drawn: usize = self.content.strokes.iter().map(Vec::len).sum();
        if let Some(stroke) = self.content.strokes.last_mut()
            && self.pen_down
            && drawn < MAX_POINTS
            && stroke.last() != Some(&point)
        {
            stroke.push(point);
        }
    }

    fn rub(&mut self, path: &[Point], first: bool) {
        if first {
            self.remember();
        }
        self.content.strokes = erase(&self.content.strokes, path, ERASER_RADIUS);
    }

    fn travel(&mut self, back: bool) {
        self.pen_down = false;
        let (from, to) =
            if back { (&mut self.undo, &mut self.redo) } else { (&mut self.redo, &mut self.undo) };
        if let Some(content) = from.pop() {
            to.push(std::mem::replace(&mut self.content, content));
        }
    }

    /// Makes the picture anew and counts the version up if it has changed.
    fn refresh(&mut self) {
        let t = &self.treatment;
        let mut pixels = match self.content.source.pixels() {
            None => {
                let framing = if t.centre {
                    Framing::Mnist
                } else {
                    Framing::AsDrawn { width: 1.0, height: 1.0 }
                };
                to_pixels(&self.content.strokes, Some(t.pen), framing)
            }
            Some(pixels) => *pixels,
        };
        if t.shift != [0.0; 2] {
            pixels = perturb::shift(&pixels, t.shift[0], t.shift[1]);
        }
        if t.noise > 0.0 {
            pixels = perturb::noise(&pixels, t.noise, 0);
        }
        if pixels != *self.pixels || self.version == 0 {
            *self.pixels = pixels;
            self.version += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(digit: &mut Digit, from: Point, to: Point) {
        for edit in [DigitEdit::PenDown(from), DigitEdit::PenMove(to), DigitEdit::PenUp] {
            digit.edit(&edit);
        }
    }

    #[test]
    fn nothing_drawn_is_lost_by_a_wrong_click() {
        let mut digit = Digit::default();
        line(&mut digit, [0.5, 0.2], [0.5, 0.8]);
        let drawn = digit.strokes().to_vec();
        digit.edit(&DigitEdit::Clear);
        assert!(digit.is_blank());
        digit.edit(&DigitEdit::Undo);
        assert_eq!(digit.strokes(), drawn);
        digit.set_source(Source::Picture {
            name: "x".into(),
            label: None,
            classes: ClassNames::default(),
            pixels: Box::new([0.5; PIXELS]),
        });
        assert_eq!(digit.pixels()[0], 0.5);
        line(&mut digit, [0.1, 0.1], [0.2, 0.2]);
        digit.edit(&DigitEdit::Undo);
        digit.edit(&DigitEdit::Undo);
        assert_eq!(digit.strokes(), drawn);
        digit.edit(&DigitEdit::Redo);
        assert_eq!(digit.pixels()[0], 0.5);
    }

    #[test]
    fn the_version_changes_with_the_picture_and_only_then() {
        let mut digit = Digit::default();
        let v = digit.version();
        digit.edit(&DigitEdit::PenUp);
        digit.edit(&DigitEdit::Eraser(true));
        assert_eq!(digit.version(), v);
        line(&mut digit, [0.5, 0.2], [0.5, 0.8]);
        assert!(digit.version() > v);
    }

    #[test]
    fn moving_without_a_pen_down_draws_nothing() {
        let mut digit = Digit::default();
        digit.edit(&DigitEdit::PenMove([0.5, 0.5]));
        assert!(digit.is_blank());
    }
}
