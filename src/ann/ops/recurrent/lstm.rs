//! Long short-term memory, one step:
//!
//! ```text
//! i, f, o = σ(x·W + h·U + b)      g = tanh(x·Wg + h·Ug + bg)
//! c ← f ∘ c + i ∘ g               h ← o ∘ tanh(c)
//! ```
#![allow(unsafe_code, reason = "kernels on raw pointers")]

use super::{holds_gates, place};
use crate::ann::ops::op::holds;
use crate::ann::ops::simd::{Kernel, Simd, launch, sigmoid, tanh};
use crate::core::isa::Isa;

struct Step {
    n: usize,
    h: usize,
    /// In: x·W + h·U. Out: i, f, g, o.
    gates: *mut f32,
    /// From one panel of gates to the next.
    jump: usize,
    bias: *const f32,
    cell: *const f32,
    cell_after: *mut f32,
    after: *mut f32,
}

impl Kernel for Step {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let h = self.h;
        // SAFETY: `forward` checked the sizes.
        unsafe {
            for i in 0..self.n {
                for c in (0..h).step_by(S::LANES) {
                    let gates = |k: usize| self.gates.add(place(self.jump, i, k * h + c));
                    let sum =
                        |k: usize| S::add(S::load(gates(k)), S::load(self.bias.add(k * h + c)));
                    let (input, forget) = (sigmoid::<S>(sum(0)), sigmoid::<S>(sum(1)));
                    let (g, output) = (tanh::<S>(sum(2)), sigmoid::<S>(sum(3)));
                    let cell = S::load(self.cell.add(i * h + c));
                    let cell = S::fma(forget, cell, S::mul(input, g));
                    S::store(self.cell_after.add(i * h + c), cell);
                    S::store(self.after.add(i * h + c), S::mul(output, tanh::<S>(cell)));
                    for (k, v) in [input, forget, g, output].into_iter().enumerate() {
                        S::store(gates(k), v);
                    }
                }
            }
        }
    }
}

/// One step forward of `n` sequences.
#[allow(clippy::too_many_arguments, reason = "the state has two parts, before and after")]
pub fn forward(
    isa: Isa,
    (n, h): (usize, usize),
    (gates, jump): (&mut [f32], usize),
    bias: &[f32],
    cell: &[f32],
    cell_after: &mut [f32],
    after: &mut [f32],
) {
    assert!(h % 16 == 0 && holds_gates(gates, jump, (n, h), 4) && holds(bias, 4, h));
    assert!(holds(cell, n, h) && holds(cell_after, n, h) && holds(after, n, h));
    let step = Step {
        n,
        h,
        gates: gates.as_mut_ptr(),
        jump,
        bias: bias.as_ptr(),
        cell: cell.as_ptr(),
        cell_after: cell_after.as_mut_ptr(),
        after: after.as_mut_ptr(),
    };
    // SAFETY: sizes were just checked.
    unsafe { launch(isa, step) }
}

struct Back {
    n: usize,
    h: usize,
    /// In: i, f, g, o. Out: the gradients by the sums within them.
    gates: *mut f32,
    /// From one panel of gates to the next.
    jump: usize,
    cell: *const f32,
    cell_after: *const f32,
    dh: *const f32,
    /// In: the gradient by the cell after, from later steps. Out: by the cell.
    dc: *mut f32,
}

impl Kernel for Back {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let h = self.h;
        // SAFETY: `backward` checked the sizes.
        unsafe {
            let one = S::splat(1.0);
            for i in 0..self.n {
                for c in (0..h).step_by(S::LANES) {
                    let gates = |k: usize| self.gates.add(place(self.jump, i, k * h + c));
                    let [input, forget, g, output] = [0, 1, 2, 3].map(|k| S::load(gates(k)));
                    let dh = S::load(self.dh.add(i * h + c));
                    let squashed = tanh::<S>(S::load(self.cell_after.add(i * h + c)));
                    let slope = |s| S::mul(s, S::sub(one, s));
                    let flat = |t| S::sub(one, S::mul(t, t));
                    let dc =
                        S::fma(S::mul(dh, output), flat(squashed), S::load(self.dc.add(i * h + c)));
                    let cell = S::load(self.cell.add(i * h + c));
                    let sums = [
                        S::mul(S::mul(dc, g), slope(input)),
                        S::mul(S::mul(dc, cell), slope(forget)),
                        S::mul(S::mul(dc, input), flat(g)),
                        S::mul(S::mul(dh, squashed), slope(output)),
                    ];
                    for (k, v) in sums.into_iter().enumerate() {
                        S::store(gates(k), v);
                    }
                    S::store(self.dc.add(i * h + c), S::mul(dc, forget));
                }
            }
        }
    }
}

/// One step back.
#[allow(clippy::too_many_arguments, reason = "the state has two parts, before and after")]
pub fn backward(
    isa: Isa,
    (n, h): (usize, usize),
    (gates, jump): (&mut [f32], usize),
    cell: &[f32],
    cell_after: &[f32],
    dh: &[f32],
    dc: &mut [f32],
) {
    assert!(h % 16 == 0 && holds_gates(gates, jump, (n, h), 4));
    assert!(holds(cell, n, h) && holds(cell_after, n, h));
    assert!(holds(dh, n, h) && holds(dc, n, h));
    let back = Back {
        n,
        h,
        gates: gates.as_mut_ptr(),
        jump,
        cell: cell.as_ptr(),
        cell_after: cell_after.as_ptr(),
        dh: dh.as_ptr(),
        dc: dc.as_mut_ptr(),
    };
    // SAFETY: sizes were just checked.
    unsafe { launch(isa, back) }
}
