//! Recurrent layers: `RNN`, `GRU` and `LSTM`, of which the last state goes on.

use super::array::Array;
use super::chain::{Chain, Lines};
use super::flow::Flow;
use super::proto::Node;
use super::times;
use crate::ann::ops::recurrent::{Cell, Order};
use crate::data::{PIXELS, SIDE};

/// Units come in whole vectors.
const VECTOR: usize = 16;
/// More units than any digit needs.
const MOST_UNITS: usize = 4096;

/// Whose node it is; the caller knows that it is a recurrent layer's.
fn cell(node: &Node) -> Cell {
    match node.op() {
        "RNN" => Cell::Simple,
        "GRU" => Cell::Gru,
        _ => Cell::Lstm,
    }
}

/// The states of all steps, and the last one.
pub fn lines(
    node: &Node,
    chain: &mut Chain,
    flow: &Flow,
    rest: &[Option<&Array>],
) -> Result<[Flow; 2], String> {
    let cell = cell(node);
    plain(node, cell, rest)?;
    let time_first = node.int("layout", 0) == 0;
    let order = order(chain, flow, time_first)?;
    let given = |i: usize| rest.get(i).copied().flatten();
    let (kernel, recurrent) = (given(0), given(1));
    let (kernel, recurrent) = kernel.zip(recurrent).ok_or("its weights are not constant")?;
    let gates: &[usize] = match cell {
        Cell::Simple => &[0],
        // z, r, n in both.
        Cell::Gru => &[0, 1, 2],
        // In the file: i, o, f, c; with us: i, f, g, o.
        Cell::Lstm => &[0, 2, 3, 1],
    };
    let units = match recurrent.dims[..] {
        [1, rows, units] if rows == gates.len() * units && (1..=MOST_UNITS).contains(&units) => {
            units
        }
        _ => {
            return Err(format!("its recurrent weights have the shape {}", times(&recurrent.dims)));
        }
    };
    let rows = gates.len() * units;
    if kernel.dims != [1, rows, SIDE] {
        return Err(format!("its weights have the shape {}", times(&kernel.dims)));
    }
    let hidden = units.next_multiple_of(VECTOR);
    let columns = gates.len() * hidden;
    // `(gate and unit, from)` in the file, `(from, gate and unit)` with us.
    let turned = |array: &Array, from: usize, all: usize| -> Result<Vec<f32>, String> {
        let values = array.as_floats()?;
        let mut out = vec![0f32; all * columns];
        for (k, gate) in gates.iter().enumerate() {
            for unit in 0..units {
                let row = &values[(gate * units + unit) * from..][..from];
                for (i, v) in row.iter().enumerate() {
                    out[i * columns + k * hidden + unit] = *v;
                }
            }
        }
        Ok(out)
    };
    let mut bias = vec![0f32; cell.biases() * hidden];
    if let Some(array) = given(2) {
        let values = array.as_floats()?;
        if array.dims != [1, 2 * rows] {
            return Err(format!("its biases have the shape {}", times(&array.dims)));
        }
        for side in 0..2 {
            for (k, gate) in gates.iter().enumerate() {
                for unit in 0..units {
                    // The GRU's second row is added after the product with the state.
                    let at = if cell == Cell::Gru { side * columns } else { 0 };
                    bias[at + k * hidden + unit] += values[side * rows + gate * units + unit];
                }
            }
        }
    }
    let kernel = turned(kernel, SIDE, SIDE)?;
    let recurrent = turned(recurrent, units, hidden)?;
    chain.lines(Lines { cell, order, hidden, kernel, recurrent, bias })?;
    if hidden != units {
        chain.notes.push(format!(
            "The {} has {units} units; ours come in sixteens, so {} without weights were added. They stay at zero and nothing listens to them.",
            node.op(),
            hidden - units
        ));
    }
    Ok(states(chain.at(), units, hidden, time_first))
}

/// All states, and the last one.
fn states(at: usize, units: usize, hidden: usize, time_first: bool) -> [Flow; 2] {
    let places = (0..SIDE * units).map(|i| (i / units * hidden + i % units) as u32).collect();
    let one = vec![1, 1, units];
    let all = if time_first { vec![SIDE, 1, 1, units] } else { vec![1, SIDE, 1, units] };
    let all = Flow { dims: all, places, states: Some((SIDE, hidden)), at, around: Vec::new() };
    [all, Flow::new(one, at)]
}

/// Refuses what ours cannot do.
fn plain(node: &Node, cell: Cell, rest: &[Option<&Array>]) -> Result<(), String> {
    let direction = node.text("direction");
    if !matches!(&direction[..], "" | "forward") {
        return Err(format!("it reads {}; ours read forward", super::quoted(&direction)));
    }
    let usual: &[&str] = match cell {
        Cell::Simple => &["tanh"],
        Cell::Gru => &["sigmoid", "tanh"],
        Cell::Lstm => &["sigmoid", "tanh", "tanh"],
    };
    let functions = node.texts("activations");
    let same = functions.iter().map(|f| f.to_lowercase()).eq(usual.iter().map(|f| (*f).to_owned()));
    if !functions.is_empty() && !same {
        return Err(format!(
            "its functions are {}, not {}",
            functions.join(", "),
            usual.join(", ")
        ));
    }
    if cell == Cell::Gru && node.int("linear_before_reset", 0) != 1 {
        return Err("its reset gate acts before the product (linear_before_reset 0); ours, like PyTorch's and Keras' with reset_after, after it".into());
    }
    if node.attribute.iter().any(|a| a.name.as_deref() == Some("clip")) {
        return Err("it clips its sums".into());
    }
    if node.int("input_forget", 0) != 0 {
        return Err("its input and forget gates are one".into());
    }
    // After weights and biases: lengths, first states, peepholes.
    for (i, array) in rest.iter().enumerate().skip(3) {
        let Some(array) = array else { continue };
        let fits = match i {
            3 => array.as_whole()?.iter().all(|steps| *steps == SIDE as i64),
            _ => array.as_floats()?.iter().all(|v| *v == 0.0),
        };
        if !fits {
            let what = ["its sequences end early", "its first state is not zero"];
            let what = what.get(i - 3).unwrap_or(
                &"its first state is not zero, or its gates look at the cell (peepholes)",
            );
            return Err((*what).into());
        }
    }
    Ok(())
}

/// What its steps are.
fn order(chain: &Chain, flow: &Flow, time_first: bool) -> Result<Order, String> {
    if !chain.is_empty() {
        return Err("it comes after other layers; ours read the picture itself".into());
    }
    let steps = if time_first { flow.dims.first() } else { flow.dims.get(1) };
    let lines = flow.dims.len() == 3 && steps == Some(&SIDE) && flow.dims.last() == Some(&SIDE);
    if !lines || flow.places.len() != PIXELS || !flow.around.is_empty() {
        return Err(format!(
            "it reads a sequence in the shape {}, not the 28 rows or columns of a picture",
            times(&flow.dims)
        ));
    }
    let all = |at: &dyn Fn(usize, usize) -> usize| {
        let right = |(i, place): (usize, &u32)| *place as usize == at(i / SIDE, i % SIDE);
        flow.places.iter().enumerate().all(right)
    };
    if all(&|t, v| t * SIDE + v) {
        return Ok(Order::Rows);
    }
    if all(&|t, v| v * SIDE + t) {
        return Ok(Order::Columns);
    }
    Err("it reads neither the rows from the top nor the columns from the left".into())
}
