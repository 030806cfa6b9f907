//! Any operation at each of a number of steps: to it, the steps are pictures of their own.

use std::ops::Range;

use crate::ann::ops::op::{Backward, Forward, Mode, Op, Parameter, Part, Plane, Shared};

/// The operation.
#[derive(Debug)]
pub struct OverTime {
    op: Box<dyn Op>,
    steps: usize,
}

impl OverTime {
    /// An operation on single steps, at so many.
    pub fn new(op: Box<dyn Op>, steps: usize) -> Self {
        Self { op, steps }
    }

    fn with_steps(&self, plane: Plane) -> Plane {
        Plane { steps: self.steps, ..plane }
    }

    /// Pictures of the operation within.
    fn all(&self, n: usize) -> usize {
        // No slice is as long.
        n.saturating_mul(self.steps)
    }
}

impl Op for OverTime {
    fn input(&self) -> Plane {
        self.with_steps(self.op.input())
    }

    fn output(&self) -> Plane {
        self.with_steps(self.op.output())
    }

    fn pad_output(&mut self, output: Plane) -> bool {
        self.op.pad_output(Plane { steps: 1, ..output })
    }

    fn parameters(&self) -> Vec<Parameter> {
        self.op.parameters()
    }

    fn cache_len(&self) -> usize {
        self.op.cache_len()
    }

    fn keep_len(&self) -> usize {
        self.steps * self.op.keep_len()
    }

    fn scratch_len(&self, n: usize, mode: Mode) -> usize {
        self.op.scratch_len(self.all(n), mode)
    }

    fn partial_len(&self) -> usize {
        self.op.partial_len()
    }

    fn blocks(&self) -> Vec<Vec<Range<usize>>> {
        self.op.blocks()
    }

    #[allow(unsafe_code, reason = "hands on")]
    unsafe fn prepare(&self, block: usize, parameters: &[f32], cache: Shared<'_>) {
        // SAFETY: handed on to the caller.
        unsafe { self.op.prepare(block, parameters, cache) }
    }

    fn forward(&self, pass: Forward<'_>) {
        self.op.forward(Forward { n: self.all(pass.n), ..pass });
    }

    fn backward(&self, pass: Backward<'_>) {
        self.op.backward(Backward { n: self.all(pass.n), ..pass });
    }

    fn gradient(&self, block: usize, parts: &[Part<'_>], out: &mut [f32]) {
        let parts: Vec<Part<'_>> =
            parts.iter().map(|part| Part { n: self.all(part.n), ..*part }).collect();
        self.op.gradient(block, &parts, out);
    }
}
