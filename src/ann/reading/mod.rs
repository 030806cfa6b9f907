//! The digit as a sequence: the hidden state of a recurrent network after every column
//! or row that it has read, and what it would answer if the digit ended there.
//!
//! The answers on the way come from the network's own dense layers, applied to
//! each intermediate state ([`Network::answers_from`]). They were trained on the
//! last state only; what they make of earlier ones is a reading of the state, not
//! an answer that the network was taught to give.
//!
//! * [`read`]: one digit, one network, step by step
//! * [`Hidden`]: columns and rows that are blanked before reading
//! * [`early`]: how early each network can tell, over many digits

pub mod early;

use super::network::Network;
use super::ops::op::Plane;
use super::ops::recurrent::{Recurrent, Trace};
use super::zoo::Layer;
use crate::core::decision::unique_max;
use crate::core::isa::Isa;
use crate::data::{CLASSES, Pixels, SIDE};

pub use super::ops::recurrent::{Cell, Order};

/// The ten probabilities after a step.
pub type Probabilities = [f32; CLASSES];

/// One digit read by one network.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Simple, GRU or LSTM.
    pub cell: Cell,
    /// Columns from the left or rows from the top.
    pub order: Order,
    /// States, cells and gates.
    pub trace: Trace,
    /// After `k` steps, for `k` from 0 (nothing read yet) to all of them.
    pub probabilities: Vec<Probabilities>,
}

/// What the gates of a cell are called, in the order of [`Trace::gates`], and
/// whether each lies in −1 … 1 (a candidate) or in 0 … 1 (a gate). The simple cell
/// has none.
pub fn gates(cell: Cell) -> &'static [(&'static str, bool)] {
    match cell {
        Cell::Simple => &[],
        Cell::Gru => &[("update z", false), ("reset r", false), ("candidate n", true)],
        Cell::Lstm => {
            &[("input i", false), ("forget f", false), ("candidate g", true), ("output o", false)]
        }
    }
}

impl Reading {
    /// Steps: columns or rows.
    pub fn steps(&self) -> usize {
        self.trace.steps
    }

    /// The hidden units after `k` steps.
    pub fn state(&self, k: usize) -> &[f32] {
        &self.trace.states[k * self.trace.hidden..][..self.trace.hidden]
    }

    /// The cells after `k` steps; the LSTM alone has them.
    pub fn cells(&self, k: usize) -> &[f32] {
        let h = self.trace.hidden;
        self.trace.cells.get(k * h..(k + 1) * h).unwrap_or(&[])
    }

    /// A gate (see [`gates`]) of a unit during step `k`, counted from 1.
    pub fn gate(&self, k: usize, gate: usize, unit: usize) -> f32 {
        self.trace.gates[((k - 1) * self.cell.kept() + gate) * self.trace.hidden + unit]
    }

    /// After how many steps it has made up its mind; see [`decided_after`].
    pub fn decided_after(&self) -> usize {
        decided_after(&self.probabilities)
    }
}

/// The first step after which the answer no longer changes: the smallest `k` such
/// that after `k`, `k + 1`, … and all steps the most probable digit is the same.
/// 0 if it was the last answer from the beginning, before anything was read.
pub fn decided_after(probabilities: &[Probabilities]) -> usize {
    let Some(last) = probabilities.last().map(|p| unique_max(p)) else { return 0 };
    let same = probabilities.iter().rev().take_while(|p| unique_max(*p) == last).count();
    probabilities.len() - same
}

/// The recurrent layer that a network of ten classes begins with, if it does.
pub fn reader(network: &Network) -> Option<Recurrent> {
    if network.classes() != CLASSES {
        return None;
    }
    match (network.architecture().layers)().first() {
        Some(&Layer::Recurrent { cell, order, hidden }) => {
            let plane = Plane::new(SIDE, SIDE, 1);
            Some(Recurrent::new(Isa::best(), cell, order, plane, hidden))
        }
        _ => None,
    }
}

/// Which way a network of ten classes reads, if it is recurrent.
pub fn order(network: &Network) -> Option<Order> {
    reader(network).map(|r| r.order())
}

/// Reads a picture step by step; `None` for a network that is not recurrent.
pub fn read(network: &Network, picture: &Pixels) -> Option<Reading> {
    let reader = reader(network)?;
    let trace = reader.trace(network.step_parameters(0), picture);
    let probabilities = network.answers_from(1, &trace.states);
    Some(Reading { cell: reader.cell(), order: reader.order(), trace, probabilities })
}

/// Columns and rows that the networks do not get to see: they are blank paper
/// then. (The networks still take a step for each.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Hidden {
    /// So many lines at the end of the reading: columns on the right for those
    /// that read from the left, rows at the bottom for those that read from the top.
    pub last: u8,
    /// Bit `i`: column `i` from the left, for all networks.
    pub columns: u32,
    /// Bit `i`: row `i` from the top, for all networks.
    pub rows: u32,
}

impl Hidden {
    /// Whether anything is hidden.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }

    /// Whether the pixel is hidden from a network that reads in this order.
    pub fn hides(&self, order: Order, column: usize, row: usize) -> bool {
        let line = if order == Order::Columns { column } else { row };
        line + usize::from(self.last) >= SIDE
            || self.columns >> column & 1 == 1
            || self.rows >> row & 1 == 1
    }

    /// The picture as such a network gets it.
    pub fn apply(&self, order: Order, picture: &Pixels) -> Pixels {
        std::array::from_fn(
            |i| {
                if self.hides(order, i % SIDE, i / SIDE) { 0.0 } else { picture[i] }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::ann::zoo;
    use crate::data::synthetic;

    fn rnns() -> Vec<Network> {
        let all = REPORT.networks().into_iter().map(|w| w.unwrap().0);
        let rnns: Vec<Network> = all.filter(|n| order(n).is_some()).collect();
        assert_eq!(rnns.len(), 4);
        rnns
    }

    /// Those, and a simple one that has learned nothing.
    fn readers() -> Vec<Network> {
        let simple = zoo::get("net-rnn16r-f10l").unwrap();
        rnns().into_iter().chain([Network::new(simple, 2).unwrap()]).collect()
    }

    fn picture(class: u8, index: u64) -> Pixels {
        use crate::data::strokes::{Framing, to_pixels};
        to_pixels(&synthetic::strokes(5, class, index), Some(0.08), Framing::Mnist)
    }

    #[test]
    fn the_last_step_is_the_networks_own_answer_to_the_bit() {
        for network in readers() {
            for class in 0..10 {
                let picture = picture(class, 1);
                let reading = read(&network, &picture).unwrap();
                assert_eq!(reading.probabilities.len(), SIDE + 1);
                assert_eq!(reading.probabilities[SIDE], network.probabilities(&[picture])[0]);
            }
        }
    }

    #[test]
    fn the_shipped_networks_make_up_their_minds_before_the_end_and_after_the_beginning() {
        // The ink of these digits begins some columns in and ends some before the
        // edge; a definition that is off by the whole would give 0 or 28.
        for network in rnns() {
            let decided: Vec<usize> = (0..10)
                .map(|class| read(&network, &picture(class, 2)).unwrap().decided_after())
                .collect();
            assert!(decided.iter().filter(|k| (4..=26).contains(*k)).count() >= 8, "{decided:?}");
        }
    }

    #[test]
    fn making_up_ones_mind_is_the_first_step_after_which_nothing_changes() {
        let say = |digits: &[usize]| -> usize {
            let p: Vec<Probabilities> = digits
                .iter()
                .map(|digit| std::array::from_fn(|d| if d == *digit { 0.5 } else { 0.05 }))
                .collect();
            decided_after(&p)
        };
        assert_eq!(say(&[1, 1, 3, 1, 3, 3]), 4);
        assert_eq!(say(&[1, 1, 3]), 2);
        assert_eq!(say(&[3, 3, 3]), 0);
        assert_eq!(say(&[]), 0);
    }

    #[test]
    fn hidden_lines_are_blank_for_those_who_read_them_last() {
        let all = [1.0; SIDE * SIDE];
        let hidden = Hidden { last: 3, columns: 1 << 2, rows: 1 << 7 };
        let seen = hidden.apply(Order::Columns, &all);
        let count = |p: &Pixels| p.iter().filter(|v| **v == 0.0).count();
        // Three columns and one, and what the row adds to these four.
        assert_eq!(count(&seen), 4 * SIDE + SIDE - 4);
        assert_eq!((seen[25], seen[24], seen[2], seen[7 * SIDE]), (0.0, 1.0, 0.0, 0.0));
        let seen = hidden.apply(Order::Rows, &all);
        assert_eq!((seen[25 * SIDE], seen[24 * SIDE], seen[25]), (0.0, 1.0, 1.0));
        let everything = Hidden { last: 28, ..Hidden::default() };
        assert_eq!(count(&everything.apply(Order::Rows, &all)), SIDE * SIDE);
        assert_eq!(Hidden::default().apply(Order::Rows, &all), all);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// What is read later cannot have been known earlier: with the last lines
        /// hidden, all states, gates and answers before them are the same to the bit.
        #[test]
        fn hidden_steps_do_not_change_earlier_states(last in 0u8..=28, class in 0u8..10, index in 0u64..50) {
            let picture = picture(class, index);
            let hidden = Hidden { last, ..Hidden::default() };
            for network in readers() {
                let whole = read(&network, &picture).unwrap();
                let part = read(&network, &hidden.apply(whole.order, &picture)).unwrap();
                let seen = SIDE - usize::from(last);
                for k in 0..=seen {
                    prop_assert_eq!(whole.state(k), part.state(k));
                    prop_assert_eq!(whole.cells(k), part.cells(k));
                    prop_assert_eq!(whole.probabilities[k], part.probabilities[k]);
                }
                let gates = seen * whole.cell.kept() * whole.trace.hidden;
                prop_assert_eq!(&whole.trace.gates[..gates], &part.trace.gates[..gates]);
            }
        }
    }
}
