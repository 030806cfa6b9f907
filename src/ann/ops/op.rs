//! What an operation is: forward, backward and gradient on plain slices, with all
//! memory given by the caller, so that a training step allocates nothing.
//!
//! A mini-batch is cut into parts, one for each thread. Each part goes forward and
//! backward on its own ([`Op::forward`], [`Op::backward`]); then the gradient of
//! each block of parameters is gathered from the parts, in order ([`Op::gradient`]).

use std::marker::PhantomData;
use std::ops::Range;

use super::spiking::surrogate::Teaching;
use crate::ann::tap::Tapped;

/// What lies between two operations: `h`×`w` pixels of `c` channels, channels
/// last. Rows may be longer (`pitch` pixels) and more (`rows`) than the picture;
/// what is beyond it is zero. A vector is 1×1 pixels. Where there is time, one such
/// picture comes after another, a step each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    pub h: usize,
    pub w: usize,
    pub c: usize,
    pub pitch: usize,
    pub rows: usize,
    /// Time steps; 1 where it is the same at all times.
    pub steps: usize,
}

#[allow(clippy::len_without_is_empty, reason = "a size, not a collection")]
impl Plane {
    /// Without padding.
    pub fn new(h: usize, w: usize, c: usize) -> Self {
        Self { h, w, c, pitch: w, rows: h, steps: 1 }
    }

    /// Numbers of one picture, padding and all steps included.
    pub fn len(&self) -> usize {
        self.pitch * self.rows * self.c * self.steps
    }

    /// Whether this is `inner` with nothing or some padding.
    pub fn pads(&self, inner: Self) -> bool {
        let len = self.pitch.checked_mul(self.rows).and_then(|n| n.checked_mul(self.c));
        let len = len.and_then(|n| n.checked_mul(self.steps));
        (self.h, self.w, self.c, self.steps) == (inner.h, inner.w, inner.c, inner.steps)
            && self.pitch >= self.w
            && self.rows >= self.h
            // No slice is longer.
            && len.is_some_and(|n| n <= isize::MAX as usize / size_of::<f32>())
    }

    /// Sets the padding of one picture to zero.
    pub fn clear_padding(&self, picture: &mut [f32]) {
        if self.pitch == self.w && self.rows == self.h {
            return;
        }
        for (y, row) in picture.chunks_exact_mut(self.pitch * self.c).enumerate() {
            let from = if y < self.h { self.w * self.c } else { 0 };
            row[from..].fill(0.0);
        }
    }
}

/// Whether `slice` holds `n` times `each` numbers; false where that overflows.
pub(super) fn holds(slice: &[f32], n: usize, each: usize) -> bool {
    n.checked_mul(each).is_some_and(|len| len <= slice.len())
}

/// How initial values are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Uniform in ±√(6 / (fan in + fan out)) (Glorot and Bengio 2010).
    Glorot { fan_in: usize, fan_out: usize },
    /// Rows that are orthogonal to each other and of length one (Saxe et al. 2014).
    Orthogonal,
    /// Normal numbers, cut off at 0 and 1.
    Share { mean: f32, deviation: f32 },
    /// Normal.
    Normal { mean: f32, deviation: f32 },
    /// Zero.
    Zero,
    /// Zero, but one in this range: the forget gate's bias (Jozefowicz et al. 2015).
    Ones { from: usize, to: usize },
}

/// A named array among an operation's parameters, which lie one after another.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// `weight`, `bias`, …
    pub name: &'static str,
    /// Rows and columns, or the length of a vector.
    pub shape: Vec<usize>,
    /// How it begins.
    pub initial: Initial,
}

#[allow(clippy::len_without_is_empty, reason = "a size, not a collection")]
impl Parameter {
    /// Numbers in it.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

/// How a forward pass is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Answering: no dropout, nothing kept for a backward pass.
    Answer,
    /// Training: dropout by this seed and step; `image` is the number within the
    /// mini-batch of the part's first picture.
    Train { seed: u64, step: u64, image: usize },
}

/// Arguments of [`Op::forward`].
pub struct Forward<'a> {
    /// The parameters, and what [`Op::prepare`] made of them.
    pub parameters: &'a [f32],
    pub cache: &'a [f32],
    /// Pictures.
    pub n: usize,
    pub x: &'a [f32],
    pub y: &'a mut [f32],
    /// What the backward pass will need, besides x and y; empty when answering.
    pub keep: &'a mut [f32],
    pub scratch: &'a mut [f32],
    pub mode: Mode,
    /// Who listens, where an operation has several layers.
    pub tap: Tapped<'a>,
}

/// Arguments of [`Op::backward`].
pub struct Backward<'a> {
    pub parameters: &'a [f32],
    pub cache: &'a [f32],
    pub n: usize,
    pub x: &'a [f32],
    pub y: &'a [f32],
    /// Gradient of the loss by y; may be changed into what `gradient` needs.
    pub dy: &'a mut [f32],
    pub keep: &'a mut [f32],
    pub scratch: &'a mut [f32],
    /// This part's share of the gradient, in the operation's own form.
    pub partial: &'a mut [f32],
    /// Gradient by x, to be overwritten; `None` if nobody wants it.
    pub dx: Option<&'a mut [f32]>,
    pub mode: Mode,
    /// How spiking neurons are taught.
    pub teaching: Teaching,
    /// As in [`Forward`].
    pub tap: Tapped<'a>,
}

/// What a part of the batch left for the gradient.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    pub n: usize,
    pub x: &'a [f32],
    pub dy: &'a [f32],
    pub keep: &'a [f32],
    pub partial: &'a [f32],
}

/// A slice that several threads write to, each at its own places.
#[derive(Clone, Copy)]
#[allow(clippy::len_without_is_empty, reason = "a size, not a collection")]
pub struct Shared<'a> {
    start: *mut f32,
    len: usize,
    of: PhantomData<&'a mut [f32]>,
}

#[allow(unsafe_code, reason = "who writes says in a safety comment why places are disjoint")]
// SAFETY: it gives access only through `at`, whose callers promise disjoint places.
unsafe impl Send for Shared<'_> {}
#[allow(unsafe_code, reason = "as above")]
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// Of a slice that is borrowed for as long.
    pub fn new(values: &'a mut [f32]) -> Self {
        Self { start: values.as_mut_ptr(), len: values.len(), of: PhantomData }
    }

    /// Numbers in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// All of it, to read.
    ///
    /// # Safety
    /// Nobody may write to it meanwhile.
    #[allow(unsafe_code, reason = "as above")]
    pub unsafe fn read(&self) -> &'a [f32] {
        // SAFETY: in bounds; unchanging by the caller's promise.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }

    /// Where a part of it begins, for who writes to some places within it.
    ///
    /// # Panics
    /// When the range is out of bounds.
    pub fn pointer(&self, range: Range<usize>) -> *mut f32 {
        assert!(range.start <= range.end && range.end <= self.len);
        self.start.wrapping_add(range.start)
    }

    /// A part of it.
    ///
    /// # Safety
    /// No two parts that are in use at the same time may overlap.
    ///
    /// # Panics
    /// When the range is out of bounds.
    #[allow(unsafe_code, reason = "as above")]
    #[allow(clippy::mut_from_ref, reason = "that is what it is for")]
    pub unsafe fn at(&self, range: Range<usize>) -> &'a mut [f32] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: in bounds as just checked; disjoint by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}

/// An operation with its sizes. Its parameters lie in one slice, one array after
/// another.
pub trait Op: Send + Sync + std::fmt::Debug {
    /// What goes in.
    fn input(&self) -> Plane;
    /// What comes out.
    fn output(&self) -> Plane;
    /// What comes out, of an operation that can pad it.
    fn output_mut(&mut self) -> Option<&mut Plane> {
        None
    }
    /// Takes the padding that the next operation needs; `false` if it cannot, or if
    /// that is no padding of what comes out.
    fn pad_output(&mut self, output: Plane) -> bool {
        let own = self.output_mut().filter(|own| output.pads(**own));
        own.map(|own| *own = output).is_some()
    }
    /// Its parameters; none for most.
    fn parameters(&self) -> Vec<Parameter> {
        Vec::new()
    }
    /// Numbers that [`Op::prepare`] derives from the parameters.
    fn cache_len(&self) -> usize {
        0
    }
    /// Numbers kept for the backward pass, for each picture.
    fn keep_len(&self) -> usize {
        0
    }
    /// Numbers of scratch memory for a part of up to `n` pictures.
    fn scratch_len(&self, _n: usize, _mode: Mode) -> usize {
        0
    }
    /// Numbers of a part's share of the gradient.
    fn partial_len(&self) -> usize {
        0
    }
    /// The parameters in blocks that are updated apart from each other: the
    /// ranges of each.
    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        Vec::new()
    }
    /// Derives the cache from one block of the parameters.
    ///
    /// # Safety
    /// Nobody may prepare the same block of the same cache, or read the cache,
    /// meanwhile.
    ///
    /// # Panics
    /// When parameters or cache are too small.
    #[allow(unsafe_code, reason = "several threads write to the cache, each to its own places")]
    unsafe fn prepare(&self, _block: usize, _parameters: &[f32], _cache: Shared<'_>) {}
    /// Computes y.
    fn forward(&self, pass: Forward<'_>);
    /// Computes dx and this part's share of the gradient.
    fn backward(&self, pass: Backward<'_>);
    /// The gradient of a block, its ranges one after another.
    fn gradient(&self, _block: usize, _parts: &[Part<'_>], _out: &mut [f32]) {}
}

/// Numbers of all parameters.
pub fn parameter_len(op: &dyn Op) -> usize {
    op.parameters().iter().map(Parameter::len).sum()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// No operation takes what is no padding of its output.
    pub fn takes_only_padding(op: &mut dyn Op) {
        let out = op.output();
        let wrong = [
            Plane { pitch: out.w - 1, ..out },
            Plane { rows: out.h - 1, ..out },
            Plane { c: out.c + 1, ..out },
            Plane { h: out.h + 1, rows: out.rows + 1, ..out },
            Plane { w: out.w + 1, pitch: out.pitch + 1, ..out },
            Plane { rows: usize::MAX / 2, ..out },
            Plane { pitch: usize::MAX / out.rows / out.c + 1, ..out },
        ];
        for plane in wrong {
            assert!(!op.pad_output(plane), "{plane:?}");
            assert_eq!(op.output(), out);
        }
        let padded = Plane { pitch: out.pitch + 2, rows: out.rows + 1, ..out };
        assert!(op.pad_output(padded) && op.output() == padded);
    }

    /// An operation on raw pointers refuses slices that hold fewer pictures than
    /// it is told, also where the sizes overflow.
    pub fn refuses_short_slices(op: &dyn Op) {
        let numbers = |len: usize| vec![0f32; len];
        let mode = Mode::Train { seed: 0, step: 0, image: 0 };
        let (parameters, cache) = (numbers(parameter_len(op)), numbers(op.cache_len()));
        for n in [2, usize::MAX / 2 + 1, usize::MAX] {
            let (x, mut y) = (numbers(op.input().len()), numbers(op.output().len()));
            let (mut dy, mut keep) = (y.clone(), numbers(op.keep_len()));
            let (mut scratch, mut partial) =
                (numbers(op.scratch_len(2, mode)), numbers(op.partial_len()));
            let forward = std::panic::AssertUnwindSafe(|| {
                op.forward(Forward {
                    parameters: &parameters,
                    cache: &cache,
                    n,
                    x: &x,
                    y: &mut y,
                    keep: &mut keep,
                    scratch: &mut scratch,
                    mode,
                    tap: Tapped::default(),
                });
            });
            assert!(std::panic::catch_unwind(forward).is_err(), "{op:?} {n}");
            let backward = std::panic::AssertUnwindSafe(|| {
                op.backward(Backward {
                    parameters: &parameters,
                    cache: &cache,
                    n,
                    x: &x,
                    y: &y,
                    dy: &mut dy,
                    keep: &mut keep,
                    scratch: &mut scratch,
                    partial: &mut partial,
                    dx: None,
                    mode,
                    teaching: Teaching::default(),
                    tap: Tapped::default(),
                });
            });
            assert!(std::panic::catch_unwind(backward).is_err(), "{op:?} {n}");
        }
    }

    #[test]
    fn a_part_beyond_the_slice_is_refused() {
        let mut numbers = [0f32; 4];
        let shared = Shared::new(&mut numbers);
        for range in [0..5, 4..5, usize::MAX - 1..usize::MAX, Range { start: 3, end: 2 }] {
            let refused = std::panic::catch_unwind(|| shared.pointer(range.clone()));
            assert!(refused.is_err(), "{range:?}");
        }
        assert!(!shared.pointer(4..4).is_null());
    }
}
