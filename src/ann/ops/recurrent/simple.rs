//! The simple recurrent layer (Elman 1990), one step:
//!
//! ```text
//! h ← tanh(x·W + h·U + b)
//! ```
#![allow(unsafe_code, reason = "kernels on raw pointers")]

use super::{holds_gates, place};
use crate::ann::ops::op::holds;
use crate::ann::ops::simd::{Kernel, Simd, launch, tanh};
use crate::core::isa::Isa;

struct Step {
    n: usize,
    h: usize,
    /// In: x·W + h·U. Out: the same with the bias.
    sums: *mut f32,
    /// From one panel of sums to the next.
    jump: usize,
    bias: *const f32,
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
                    let at = self.sums.add(place(self.jump, i, c));
                    let sum = S::add(S::load(at), S::load(self.bias.add(c)));
                    S::store(at, sum);
                    S::store(self.after.add(i * h + c), tanh::<S>(sum));
                }
            }
        }
    }
}

/// One step forward of `n` sequences.
pub fn forward(
    isa: Isa,
    (n, h): (usize, usize),
    (sums, jump): (&mut [f32], usize),
    bias: &[f32],
    after: &mut [f32],
) {
    assert!(h % 16 == 0 && holds_gates(sums, jump, (n, h), 1));
    assert!(holds(bias, 1, h) && holds(after, n, h));
    let step = Step {
        n,
        h,
        sums: sums.as_mut_ptr(),
        jump,
        bias: bias.as_ptr(),
        after: after.as_mut_ptr(),
    };
    // SAFETY: sizes were just checked.
    unsafe { launch(isa, step) }
}

struct Back {
    n: usize,
    h: usize,
    /// Out: the gradient by the sums within the tanh.
    sums: *mut f32,
    /// From one panel of sums to the next.
    jump: usize,
    /// Out: the same gradient, in rows: 16 units are half a panel, and products read
    /// whole ones.
    rows: *mut f32,
    after: *const f32,
    dh: *const f32,
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
                    let after = S::load(self.after.add(i * h + c));
                    let slope = S::sub(one, S::mul(after, after));
                    let sum = S::mul(S::load(self.dh.add(i * h + c)), slope);
                    S::store(self.sums.add(place(self.jump, i, c)), sum);
                    S::store(self.rows.add(i * h + c), sum);
                }
            }
        }
    }
}

/// One step back.
pub fn backward(
    isa: Isa,
    (n, h): (usize, usize),
    (sums, jump): (&mut [f32], usize),
    rows: &mut [f32],
    after: &[f32],
    dh: &[f32],
) {
    assert!(h % 16 == 0 && holds_gates(sums, jump, (n, h), 1));
    assert!(holds(rows, n, h) && holds(after, n, h) && holds(dh, n, h));
    let back = Back {
        n,
        h,
        sums: sums.as_mut_ptr(),
        jump,
        rows: rows.as_mut_ptr(),
        after: after.as_ptr(),
        dh: dh.as_ptr(),
    };
    // SAFETY: sizes were just checked.
    unsafe { launch(isa, back) }
}
