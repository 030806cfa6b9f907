//! The gated recurrent unit, one step:
//!
//! ```text
//! z = σ(x·Wz + bz + h·Uz + cz)      r = σ(x·Wr + br + h·Ur + cr)
//! n = tanh(x·Wn + bn + r ∘ (h·Un + cn))
//! h ← z ∘ h + (1 − z) ∘ n
//! ```
#![allow(unsafe_code, reason = "kernels on raw pointers")]

use super::{holds_gates, place};
use crate::ann::ops::op::holds;
use crate::ann::ops::simd::{Kernel, Simd, launch, sigmoid, tanh};
use crate::core::isa::Isa;

struct Step {
    n: usize,
    h: usize,
    /// In: x·W. Out: z, r, n, and h·Un + cn.
    gates: *mut f32,
    /// From one panel of gates to the next.
    jump: usize,
    /// h·U.
    state: *const f32,
    bias: *const f32,
    before: *const f32,
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
                    let state = self.state.add(i * 3 * h + c);
                    let bias = self.bias.add(c);
                    let x = |k: usize| S::add(S::load(gates(k)), S::load(bias.add(k * h)));
                    let a = |k: usize| {
                        S::add(S::load(state.add(k * h)), S::load(bias.add((3 + k) * h)))
                    };
                    let z = sigmoid::<S>(S::add(x(0), a(0)));
                    let r = sigmoid::<S>(S::add(x(1), a(1)));
                    let inner = a(2);
                    let n = tanh::<S>(S::fma(r, inner, x(2)));
                    let before = S::load(self.before.add(i * h + c));
                    // n + z (h − n)
                    let after = S::fma(z, S::sub(before, n), n);
                    S::store(self.after.add(i * h + c), after);
                    for (k, v) in [z, r, n, inner].into_iter().enumerate() {
                        S::store(gates(k), v);
                    }
                }
            }
        }
    }
}

/// One step forward of `n` sequences.
pub fn forward(
    isa: Isa,
    (n, h): (usize, usize),
    (gates, jump): (&mut [f32], usize),
    state: &[f32],
    bias: &[f32],
    before: &[f32],
    after: &mut [f32],
) {
    // The gates are checked first: with four for each unit, 3·h cannot overflow.
    assert!(h % 16 == 0 && holds_gates(gates, jump, (n, h), 4));
    assert!(holds(state, n, 3 * h) && holds(bias, 6, h));
    assert!(holds(before, n, h) && holds(after, n, h));
    let step = Step {
        n,
        h,
        gates: gates.as_mut_ptr(),
        jump,
        state: state.as_ptr(),
        bias: bias.as_ptr(),
        before: before.as_ptr(),
        after: after.as_mut_ptr(),
    };
    // SAFETY: sizes were just checked.
    unsafe { launch(isa, step) }
}

struct Back {
    n: usize,
    h: usize,
    /// In: z, r, n, inner. Out: the gradients by the sums within them.
    gates: *mut f32,
    /// From one panel of gates to the next.
    jump: usize,
    /// Out: the gradient by h·U.
    state: *mut f32,
    before: *const f32,
    /// In: the gradient by the state after. Out: the part that goes on directly.
    dh: *mut f32,
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
                    let state = self.state.add(i * 3 * h + c);
                    let [z, r, n, inner] = [0, 1, 2, 3].map(|k| S::load(gates(k)));
                    let dh = S::load(self.dh.add(i * h + c));
                    let before = S::load(self.before.add(i * h + c));
                    let slope = |s| S::mul(s, S::sub(one, s));
                    let dz = S::mul(S::mul(dh, S::sub(before, n)), slope(z));
                    let dn = S::mul(S::mul(dh, S::sub(one, z)), S::sub(one, S::mul(n, n)));
                    let dr = S::mul(S::mul(dn, inner), slope(r));
                    let dinner = S::mul(dn, r);
                    for (k, v) in [dz, dr, dn, dinner].into_iter().enumerate() {
                        S::store(gates(k), v);
                    }
                    for (k, v) in [dz, dr, dinner].into_iter().enumerate() {
                        S::store(state.add(k * h), v);
                    }
                    S::store(self.dh.add(i * h + c), S::mul(dh, z));
                }
            }
        }
    }
}

/// One step back.
pub fn backward(
    isa: Isa,
    (n, h): (usize, usize),
    (gates, jump): (&mut [f32], usize),
    state: &mut [f32],
    before: &[f32],
    dh: &mut [f32],
) {
    assert!(h % 16 == 0 && holds_gates(gates, jump, (n, h), 4));
    assert!(holds(state, n, 3 * h) && holds(before, n, h) && holds(dh, n, h));
    let back = Back {
        n,
        h,
        gates: gates.as_mut_ptr(),
        jump,
        state: state.as_mut_ptr(),
        before: before.as_ptr(),
        dh: dh.as_mut_ptr(),
    };
    // SAFETY: sizes were just checked.
    unsafe { launch(isa, back) }
}
