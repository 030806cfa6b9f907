//! One sequence step by step: everything that a pass computes on the way.

use super::panels::WIDTH;
use super::{Cell, Recurrent, place};
use crate::ann::ops::op::{Forward, Mode, Op};
use crate::ann::tap::Tapped;

/// All states, cells and gates of one sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Time steps.
    pub steps: usize,
    /// Units.
    pub hidden: usize,
    /// Hidden states `(steps + 1, hidden)`; the first is before any step: zero.
    pub states: Vec<f32>,
    /// The LSTM's cells `(steps + 1, hidden)`; none for the others.
    pub cells: Vec<f32>,
    /// What opens and closes `(steps, kept, hidden)`, where [`Cell::kept`] is the middle
    /// size: z, r, n and h·Un + cn for the GRU; i, f, g, o for the LSTM; of the simple
    /// cell, which has no gates, x·W + h·U + b.
    pub gates: Vec<f32>,
}

impl Recurrent {
    /// Which cell.
    pub fn cell(&self) -> Cell {
        self.cell
    }

    /// Goes through one picture. The same computation as [`Op::forward`], to the
    /// bit: what it would keep for the backward pass is what is wanted here.
    pub fn trace(&self, parameters: &[f32], picture: &[f32]) -> Trace {
        let ((steps, values), h) = (self.steps(), self.hidden);
        let mut keep = vec![0f32; self.keep_len()];
        let mut scratch = vec![0f32; self.columns() + 2 * h];
        let mut y = vec![0f32; h];
        self.forward(Forward {
            parameters,
            cache: &[],
            n: 1,
            x: picture,
            y: &mut y,
            keep: &mut keep,
            scratch: &mut scratch,
            mode: Mode::Answer,
            tap: Tapped::default(),
        });
        let gates = steps * values;
        let states = gates + steps * self.gates_len();
        let cells = states + (steps + 1) * h;
        // From panels to whole rows.
        let kept = self.cell.kept() * h;
        let gate = |i: usize| keep[gates + place(steps * WIDTH, i / kept, i % kept)];
        Trace {
            steps,
            hidden: h,
            gates: (0..steps * kept).map(gate).collect(),
            states: keep[states..cells].to_vec(),
            cells: keep[cells..].to_vec(),
        }
    }
}
