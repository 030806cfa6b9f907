//! The recurrent layers against finite differences and candle's own operations.

use super::super::candle::tests::{
    agrees_with_stock, difference, gradients_are_right, random, run,
};
use super::*;
use candle_core::{D, Device, Result, Tensor};

fn op(isa: Isa, cell: Cell, order: Order) -> Recurrent {
    // One and a half panels of sums, in each of them.
    let hidden = if cell == Cell::Simple { 48 } else { 16 };
    Recurrent::new(isa, cell, order, Plane::new(4, 5, 1), hidden)
}

#[test]
fn gradients_agree_with_finite_differences() {
    for isa in Isa::available() {
        for cell in Cell::ALL {
            gradients_are_right(&op(isa, cell, Order::Rows), 3);
            gradients_are_right(&op(isa, cell, Order::Columns), 2);
        }
    }
}

/// States, cells and gates of a step, in the order of [`Trace::gates`].
pub type StockStep = (Tensor, Tensor, Vec<Tensor>);

/// The equations, step by step, in candle's own operations.
pub fn stock(x: &Tensor, p: &Tensor, op: &Recurrent) -> Result<Vec<StockStep>> {
    let (batch, ..) = x.dims4()?;
    let (h, columns, [_, recurrent, bias, end]) = (op.hidden, op.columns(), op.places());
    let (steps, values) = op.steps();
    let x = x.reshape((batch, op.input.h, op.input.w))?;
    let x = if op.order == Order::Rows { x } else { x.transpose(1, 2)?.contiguous()? };
    let w = p.narrow(0, 0, recurrent)?.reshape((values, columns))?;
    let u = p.narrow(0, recurrent, bias - recurrent)?.reshape((h, columns))?;
    let b = p.narrow(0, bias, end - bias)?.reshape(((), columns))?;
    let mut state = Tensor::zeros((batch, h), x.dtype(), x.device())?;
    let mut cell = state.clone();
    let mut all = vec![(state.clone(), cell.clone(), Vec::new())];
    let sigmoid = |t: Tensor| candle_nn::ops::sigmoid(&t);
    for t in 0..steps {
        let ax = x.narrow(1, t, 1)?.squeeze(1)?.matmul(&w)?.broadcast_add(&b.get(0)?)?;
        let ah = state.matmul(&u)?;
        let gate = |a: &Tensor, i: usize| a.narrow(D::Minus1, i * h, h)?.contiguous();
        let gates = if op.cell == Cell::Simple {
            let sum = (ax + ah)?;
            state = sum.tanh()?;
            vec![sum]
        } else if op.cell == Cell::Gru {
            let ah = ah.broadcast_add(&b.get(1)?)?;
            let z = sigmoid((gate(&ax, 0)? + gate(&ah, 0)?)?)?;
            let r = sigmoid((gate(&ax, 1)? + gate(&ah, 1)?)?)?;
            let inner = gate(&ah, 2)?;
            let n = (gate(&ax, 2)? + (&r * &inner)?)?.tanh()?;
            state = ((&z * &state)? + (z.affine(-1.0, 1.0)? * &n)?)?;
            vec![z, r, n, inner]
        } else {
            let a = (ax + ah)?;
            let (i, f) = (sigmoid(gate(&a, 0)?)?, sigmoid(gate(&a, 1)?)?);
            let (g, o) = (gate(&a, 2)?.tanh()?, sigmoid(gate(&a, 3)?)?);
            cell = ((&f * &cell)? + (&i * &g)?)?;
            state = (&o * cell.tanh()?)?;
            vec![i, f, g, o]
        };
        all.push((state.clone(), cell.clone(), gates));
    }
    Ok(all)
}

#[test]
fn forward_and_backward_agree_with_the_equations_in_stock_candle() {
    for isa in Isa::available() {
        for cell in Cell::ALL {
            for (order, batch) in [(Order::Rows, 1), (Order::Columns, 9)] {
                let op = op(isa, cell, order);
                agrees_with_stock(&op, batch, 2e-5, |x, p| {
                    let steps = stock(x, p, &op)?;
                    Ok(steps[steps.len() - 1].0.clone())
                });
            }
        }
    }
}

#[test]
fn every_state_cell_and_gate_on_the_way_is_that_of_the_equations() {
    let shape = (1, 4, 5, 1);
    let x = random(20, 8);
    for isa in Isa::available() {
        for cell in Cell::ALL {
            for order in [Order::Rows, Order::Columns] {
                let op = op(isa, cell, order);
                let p: Vec<f32> = random(op.places()[3], 9).iter().map(|v| v * 0.3).collect();
                let trace = op.trace(&p, &x);
                let tensor = |v: &[f32]| Tensor::from_slice(v, v.len(), &Device::Cpu).unwrap();
                let steps = stock(&tensor(&x).reshape(shape).unwrap(), &tensor(&p), &op).unwrap();
                assert_eq!(steps.len(), trace.steps + 1);
                let h = trace.hidden;
                let near = |ours: &[f32], theirs: &Tensor| {
                    let theirs = theirs.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                    assert!(difference(ours, &theirs) < 1e-5, "{ours:?} {theirs:?}");
                };
                for (t, (state, cells, gates)) in steps.iter().enumerate() {
                    near(&trace.states[t * h..][..h], state);
                    if cell == Cell::Lstm {
                        near(&trace.cells[t * h..][..h], cells);
                    }
                    for (g, gate) in gates.iter().enumerate() {
                        near(&trace.gates[((t - 1) * cell.kept() + g) * h..][..h], gate);
                    }
                }
                assert_eq!(trace.cells.is_empty(), cell != Cell::Lstm);
                assert_eq!(run(&op, &x, &p).0, trace.states[trace.steps * h..]);
            }
        }
    }
}

#[test]
fn a_sequence_of_no_steps_ends_in_the_first_state() {
    let op = Recurrent::new(Isa::best(), Cell::Gru, Order::Rows, Plane::new(0, 5, 1), 16);
    let weights = vec![0.3; op.places()[3]];
    assert_eq!(run(&op, &[], &weights).0, [0.0; 16]);
}
