//! Which cell a recurrent layer has, which way it reads, and what made a last state.

/// Which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// No gates: the state is the tanh of one sum.
    Simple,
    /// Three gates: update z, reset r, candidate n.
    Gru,
    /// Four: input i, forget f, cell g, output o.
    Lstm,
}

impl Cell {
    /// All of them, the plainest first.
    pub const ALL: [Self; 3] = [Self::Simple, Self::Gru, Self::Lstm];

    /// As the notation has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => "RNN",
            Self::Gru => "GRU",
            Self::Lstm => "LSTM",
        }
    }

    /// Columns of the weights for each unit, gates and candidate.
    pub const fn columns(self) -> usize {
        match self {
            Self::Simple => 1,
            Self::Gru => 3,
            Self::Lstm => 4,
        }
    }

    /// Biases of each unit; the GRU has one after either product.
    pub const fn biases(self) -> usize {
        match self {
            Self::Simple => 1,
            Self::Gru => 6,
            Self::Lstm => 4,
        }
    }

    /// Numbers that a pass keeps of each unit and step; see [`super::Trace::gates`].
    pub const fn kept(self) -> usize {
        match self {
            Self::Simple => 1,
            Self::Gru | Self::Lstm => 4,
        }
    }
}

/// Which way the picture is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the top, a row at a time.
    Rows,
    /// From the left, a column at a time.
    Columns,
}

/// What made one unit's last state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastStep {
    /// Which cell.
    pub cell: Cell,
    /// z, r, n and h·Un + cn for the GRU; i, f, g, o for the LSTM; x·W + h·U + b and
    /// zeros for the simple cell.
    pub gates: [f32; 4],
    /// The state before and after.
    pub state: [f32; 2],
    /// The LSTM's cell before and after.
    pub memory: [f32; 2],
}
