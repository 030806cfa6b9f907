//! Vectors of `f32`, so that each kernel is written once and runs as AVX-512,
//! AVX2 or plain Rust, chosen when the program starts: one binary is fast
//! everywhere.
//!
//! A kernel is a struct with a [`Kernel::run`] that is generic over [`Simd`] and
//! inlined into a function compiled for the instruction set; [`launch`] picks it.
#![allow(unsafe_code, reason = "kernels work on raw pointers whose bounds their callers checked")]
#![allow(clippy::missing_safety_doc, reason = "the contract is that of the module")]

use crate::core::isa::{Isa, Set};

/// Operations on a vector of [`Simd::LANES`] numbers.
///
/// # Safety
/// The instruction set must be there, and each pointer must be valid for
/// `LANES` numbers.
pub trait Simd: Copy + 'static {
    /// Numbers in a vector.
    const LANES: usize;
    /// Rows of two vectors that the registers hold in a product of matrices.
    const ROWS: usize;
    /// The vector.
    type V: Copy;
    unsafe fn load(p: *const f32) -> Self::V;
    unsafe fn store(p: *mut f32, v: Self::V);
    /// The first `n ≤ LANES` numbers, and zeros; `p` need be valid for these only.
    unsafe fn load_first(p: *const f32, n: usize) -> Self::V;
    /// Stores the first `n ≤ LANES` numbers; `p` need be valid for these only.
    unsafe fn store_first(p: *mut f32, n: usize, v: Self::V);
    unsafe fn splat(x: f32) -> Self::V;
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    /// 1 / x to within two units in the last place.
    #[inline(always)]
    unsafe fn reciprocal(x: Self::V) -> Self::V {
        // SAFETY: handed on to the caller.
        unsafe { Self::div(Self::splat(1.0), x) }
    }
    /// `a · b + c`.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `x` where `a > b`, else `y` (also where either is NaN).
    unsafe fn where_gt(a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V;
    /// A bit for each number, from the lowest: whether `a > b`.
    unsafe fn gt_mask(a: Self::V, b: Self::V) -> u32;
    /// `x` where `a == b`, else `y`.
    unsafe fn where_eq(a: Self::V, b: Self::V, x: Self::V, y: Self::V) -> Self::V;
    /// A bit for each lane that is not zero (a NaN is not).
    unsafe fn nonzero(a: Self::V) -> u32;
    /// The nearest whole number.
    unsafe fn round(a: Self::V) -> Self::V;
    /// 2 to the power of a whole number from −126 to 127.
    unsafe fn power_of_two(n: Self::V) -> Self::V;
}

/// A function of vectors, with its arguments.
pub trait Kernel {
    /// # Safety
    /// As for [`Simd`]; the arguments' pointers must be valid as the kernel says.
    unsafe fn run<S: Simd>(self);
}

/// Runs a kernel compiled for `isa`.
///
/// # Safety
/// As for [`Kernel::run`], but that the instruction set is there: an [`Isa`]
/// is the proof.
#[inline]
pub unsafe fn launch<K: Kernel>(isa: Isa, kernel: K) {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx2,fma")]
    unsafe fn avx512<K: Kernel>(kernel: K) {
        // SAFETY: handed on to the caller.
        unsafe { kernel.run::<Avx512>() }
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2<K: Kernel>(kernel: K) {
        // SAFETY: handed on to the caller.
        unsafe { kernel.run::<Avx2>() }
    }
    // SAFETY: the instruction set is there; the pointers are the caller's.
    unsafe {
        match isa.set() {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => avx512(kernel),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => avx2(kernel),
            Set::Portable => kernel.run::<Portable>(),
        }
    }
}

/// Runs `work`, a loop in plain Rust, as compiled for the instruction set in use: the
/// compiler turns it into vectors of that width. Each number goes through the same
/// operations, so the result is the same on every instruction set.
#[inline]
pub fn vectorised(work: impl FnOnce()) {
    struct Plain<F>(F);
    impl<F: FnOnce()> Kernel for Plain<F> {
        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            (self.0)();
        }
    }
    // SAFETY: the instruction set is there, and safe code needs nothing else.
    unsafe { launch(Isa::best(), Plain(work)) }
}

/// The sum, taken in sixteen interleaved parts.
pub fn sum(values: &[f32]) -> f32 {
    let mut parts = [0.0; 16];
    vectorised(|| {
        let (whole, rest) = values.as_chunks::<16>();
        // In registers.
        let mut sums = [0.0; 16];
        for chunk in whole {
            sums = std::array::from_fn(|i| sums[i] + chunk[i]);
        }
        sums.iter_mut().zip(rest).for_each(|(p, v)| *p += v);
        parts = sums;
    });
    parts.iter().sum()
}

/// The sum of products, taken in sixteen interleaved parts.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut parts = [0.0; 16];
    vectorised(|| {
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
        let mut sums = [0.0; 16];
        for (a, b) in a.iter().zip(b) {
            sums = std::array::from_fn(|i| sums[i] + a[i] * b[i]);
        }
        sums.iter_mut().zip(a_rest.iter().zip(b_rest)).for_each(|(s, (a, b))| *s += a * b);
        parts = sums;
    });
    parts.iter().sum()
}

/// exp(x); below −87 it is that of −87, above 88 that of 88. NaN stays NaN.
#[inline(always)]
pub unsafe fn exp<S: Simd>(x: S::V) -> S::V {
    // SAFETY: handed on to the caller.
    unsafe {
        let (low, high) = (S::splat(-87.0), S::splat(88.0));
        let x = S::where_gt(low, x, low, S::where_gt(x, high, high, x));
        // x = n·ln 2 + r with |r| ≤ ln 2 / 2; ln 2 in two parts keeps r exact.
        let n = S::round(S::mul(x, S::splat(std::f32::consts::LOG2_E)));
        let r = S::fma(n, S::splat(-0.693_359_4), x);
        let r = S::fma(n, S::splat(2.121_944_4e-4), r);
        // Taylor's series to r⁷: a relative error of 3e-8 at the ends.
        let mut sum = S::splat(1.0 / 5040.0);
        for c in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
            sum = S::fma(sum, r, S::splat(c));
        }
        S::mul(sum, S::power_of_two(n))
    }
}

/// The logistic function, 1 / (1 + exp(−x)).
#[inline(always)]
pub unsafe fn sigmoid<S: Simd>(x: S::V) -> S::V {
    // SAFETY: handed on to the caller.
    unsafe { S::reciprocal(S::add(S::splat(1.0), exp::<S>(S::sub(S::splat(0.0), x)))) }
}

/// tanh(x), by the logistic function; absolute error below 2e-7.
#[inline(always)]
pub unsafe fn tanh<S: Simd>(x: S::V) -> S::V {
    // SAFETY: handed on to the caller.
    unsafe {
        let s = sigmoid::<S>(S::add(x, x));
        S::sub(S::add(s, s), S::splat(1.0))
    }
}

/// The operations of a [`Simd`], one line for each; all but the first three take and
/// give vectors.
macro_rules! operations {
    (
        load($from:ident) = $load:expr;
        store($to:ident, $value:ident) = $store:expr;
        splat($x:ident) = $splat:expr;
        $($(#[$remark:meta])* $name:ident($($v:ident),+) = $result:expr;)+
    ) => {
        #[inline(always)]
        unsafe fn load($from: *const f32) -> Self::V {
            // SAFETY: the caller's.
            unsafe { $load }
        }
        #[inline(always)]
        unsafe fn store($to: *mut f32, $value: Self::V) {
            // SAFETY: the caller's.
            unsafe { $store }
        }
        #[inline(always)]
        #[allow(unused_unsafe, reason = "plain Rust is safe")]
        unsafe fn splat($x: f32) -> Self::V {
            // SAFETY: the caller's.
            unsafe { $splat }
        }
        $(
            $(#[$remark])*
            #[inline(always)]
            #[allow(unused_unsafe, reason = "plain Rust is safe")]
            unsafe fn $name($($v: Self::V),+) -> Self::V {
                // SAFETY: the caller's.
                unsafe { $result }
            }
        )+
    };
}

/// Plain Rust.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Simd for Portable {
    const LANES: usize = 4;
    const ROWS: usize = 4;
    type V = [f32; 4];

    #[inline(always)]
    unsafe fn load_first(p: *const f32, n: usize) -> Self::V {
        // SAFETY: the caller's.
        std::array::from_fn(|i| if i < n { unsafe { *p.add(i) } } else { 0.0 })
    }

    #[inline(always)]
    unsafe fn store_first(p: *mut f32, n: usize, v: Self::V) {
        for (i, v) in v.iter().enumerate().take(n) {
            // SAFETY: the caller's.
            unsafe { *p.add(i) = *v };
        }
    }

    #[inline(always)]
    unsafe fn nonzero(a: Self::V) -> u32 {
        a.iter().enumerate().fold(0, |bits, (i, v)| bits | u32::from(*v != 0.0) << i)
    }

    operations! {
        load(p) = p.cast::<[f32; 4]>().read_unaligned();
        store(p, v) = p.cast::<[f32; 4]>().write_unaligned(v);
        splat(x) = [x; 4];
        add(a, b) = std::array::from_fn(|i| a[i] + b[i]);
        sub(a, b) = std::array::from_fn(|i| a[i] - b[i]);
        mul(a, b) = std::array::from_fn(|i| a[i] * b[i]);
        div(a, b) = std::array::from_fn(|i| a[i] / b[i]);
        // ARM has the fused instruction always; on old x86 it would be a call.
        fma(a, b, c) = if cfg!(target_arch = "aarch64") {
            std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
        } else {
            std::array::from_fn(|i| a[i] * b[i] + c[i])
        };
        where_gt(a, b, x, y) = std::array::from_fn(|i| if a[i] > b[i] { x[i] } else { y[i] });
        #[allow(clippy::float_cmp, reason = "marks are compared, set by splat and never computed")]
        where_eq(a, b, x, y) = std::array::from_fn(|i| if a[i] == b[i] { x[i] } else { y[i] });
        round(a) = a.map(f32::round_ties_even);
        power_of_two(n) = n.map(|n| f32::from_bits((((n as i32) + 127) as u32) << 23));
    }
    #[inline(always)]
    unsafe fn gt_mask(a: Self::V, b: Self::V) -> u32 {
        (0..4).fold(0, |mask, i| mask | (u32::from(a[i] > b[i]) << i))
    }
}

/// One number at a time, for what fills no vector.
#[derive(Clone, Copy, Debug)]
pub struct Single;

impl Simd for Single {
    const LANES: usize = 1;
    const ROWS: usize = 4;
    type V = f32;

    #[inline(always)]
    unsafe fn load_first(p: *const f32, n: usize) -> Self::V {
        // SAFETY: the caller's.
        if n > 0 { unsafe { p.read_unaligned() } } else { 0.0 }
    }

    #[inline(always)]
    unsafe fn store_first(p: *mut f32, n: usize, v: Self::V) {
        if n > 0 {
            // SAFETY: the caller's.
            unsafe { p.write_unaligned(v) };
        }
    }

    #[inline(always)]
    unsafe fn nonzero(a: Self::V) -> u32 {
        u32::from(a != 0.0)
    }

    #[inline(always)]
    unsafe fn gt_mask(a: Self::V, b: Self::V) -> u32 {
        u32::from(a > b)
    }

    operations! {
        load(p) = p.read_unaligned();
        store(p, v) = p.write_unaligned(v);
        splat(x) = x;
        add(a, b) = a + b;
        sub(a, b) = a - b;
        mul(a, b) = a * b;
        div(a, b) = a / b;
        fma(a, b, c) = a * b + c;
        where_gt(a, b, x, y) = if a > b { x } else { y };
        #[allow(clippy::float_cmp, reason = "as above")]
        where_eq(a, b, x, y) = if a == b { x } else { y };
        round(a) = a.round_ties_even();
        power_of_two(n) = f32::from_bits((((n as i32) + 127) as u32) << 23);
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Simd;

    /// 16 lanes, 32 registers.
    #[derive(Clone, Copy, Debug)]
    pub struct Avx512;

    impl Simd for Avx512 {
        const LANES: usize = 16;
        const ROWS: usize = 12;
        type V = __m512;

        #[inline(always)]
        unsafe fn load_first(p: *const f32, n: usize) -> Self::V {
            // SAFETY: the caller's.
            unsafe { _mm512_maskz_loadu_ps(first(n), p) }
        }

        #[inline(always)]
        unsafe fn store_first(p: *mut f32, n: usize, v: Self::V) {
            // SAFETY: the caller's.
            unsafe { _mm512_mask_storeu_ps(p, first(n), v) }
        }

        #[inline(always)]
        unsafe fn nonzero(a: Self::V) -> u32 {
            // SAFETY: the caller's.
            unsafe { _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(a, _mm512_setzero_ps()).into() }
        }

        operations! {
            load(p) = _mm512_loadu_ps(p);
            store(p, v) = _mm512_storeu_ps(p, v);
            splat(x) = _mm512_set1_ps(x);
            add(a, b) = _mm512_add_ps(a, b);
            sub(a, b) = _mm512_sub_ps(a, b);
            mul(a, b) = _mm512_mul_ps(a, b);
            div(a, b) = _mm512_div_ps(a, b);
            /// Fourteen bits, doubled by a step of Newton's: several times faster than
            /// the division.
            reciprocal(x) = {
                let r = _mm512_rcp14_ps(x);
                let error = _mm512_fnmadd_ps(x, r, _mm512_set1_ps(1.0));
                _mm512_fmadd_ps(r, error, r)
            };
            fma(a, b, c) = _mm512_fmadd_ps(a, b, c);
            where_gt(a, b, x, y) =
                _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b), x);
            where_eq(a, b, x, y) =
                _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b), x);
            round(a) = _mm512_roundscale_ps::<0>(a);
            power_of_two(n) = _mm512_scalef_ps(_mm512_set1_ps(1.0), n);
        }
        #[inline(always)]
        unsafe fn gt_mask(a: Self::V, b: Self::V) -> u32 {
            // SAFETY: the caller's.
            u32::from(unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b) })
        }
    }

    /// A bit for each of the first `n` of 16 lanes.
    #[inline(always)]
    fn first(n: usize) -> __mmask16 {
        ((1u32 << n.min(16)) - 1) as __mmask16
    }

    /// A sign bit in each of the first `n` of 8 lanes.
    #[inline(always)]
    unsafe fn first_signs(n: usize) -> __m256i {
        // SAFETY: the caller's.
        unsafe {
            let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            _mm256_cmpgt_epi32(_mm256_set1_epi32(n.min(8) as i32), lanes)
        }
    }

    /// 8 lanes, 16 registers.
    #[derive(Clone, Copy, Debug)]
    pub struct Avx2;

    impl Simd for Avx2 {
        const LANES: usize = 8;
        const ROWS: usize = 6;
        type V = __m256;

        #[inline(always)]
        unsafe fn load_first(p: *const f32, n: usize) -> Self::V {
            // SAFETY: the caller's.
            unsafe { _mm256_maskload_ps(p, first_signs(n)) }
        }

        #[inline(always)]
        unsafe fn store_first(p: *mut f32, n: usize, v: Self::V) {
            // SAFETY: the caller's.
            unsafe { _mm256_maskstore_ps(p, first_signs(n), v) }
        }

        #[inline(always)]
        unsafe fn nonzero(a: Self::V) -> u32 {
            // SAFETY: the caller's.
            unsafe {
                let bits = _mm256_cmp_ps::<_CMP_NEQ_UQ>(a, _mm256_setzero_ps());
                _mm256_movemask_ps(bits) as u32
            }
        }

        operations! {
            load(p) = _mm256_loadu_ps(p);
            store(p, v) = _mm256_storeu_ps(p, v);
            splat(x) = _mm256_set1_ps(x);
            add(a, b) = _mm256_add_ps(a, b);
            sub(a, b) = _mm256_sub_ps(a, b);
            mul(a, b) = _mm256_mul_ps(a, b);
            div(a, b) = _mm256_div_ps(a, b);
            fma(a, b, c) = _mm256_fmadd_ps(a, b, c);
            where_gt(a, b, x, y) = _mm256_blendv_ps(y, x, _mm256_cmp_ps::<_CMP_GT_OQ>(a, b));
            where_eq(a, b, x, y) = _mm256_blendv_ps(y, x, _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b));
            round(a) = _mm256_round_ps::<0>(a);
            power_of_two(n) = {
                let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(exponent))
            };
        }
        #[inline(always)]
        unsafe fn gt_mask(a: Self::V, b: Self::V) -> u32 {
            // SAFETY: the caller's.
            unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(a, b)) as u32 }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Squash<'a>(&'a [f32], &'a mut [[f32; 3]]);

    impl Kernel for Squash<'_> {
        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            for (x, y) in self.0.iter().zip(self.1.iter_mut()) {
                let mut lanes = [0f32; 16];
                // SAFETY: 16 numbers hold a vector of any width.
                unsafe {
                    let x = S::splat(*x);
                    for (i, v) in [exp::<S>(x), sigmoid::<S>(x), tanh::<S>(x)].iter().enumerate() {
                        S::store(lanes.as_mut_ptr(), *v);
                        y[i] = lanes[S::LANES - 1];
                    }
                }
            }
        }
    }

    /// Copies the first numbers of a vector.
    struct First<'a>(&'a [f32], &'a mut [f32]);

    impl Kernel for First<'_> {
        #[inline(always)]
        unsafe fn run<S: Simd>(self) {
            let n = self.0.len().min(S::LANES);
            // SAFETY: both slices hold n numbers, and `lanes` a vector of any width.
            unsafe {
                let v = S::load_first(self.0.as_ptr(), n);
                let mut lanes = [7f32; 16];
                S::store(lanes.as_mut_ptr(), v);
                assert_eq!(S::nonzero(v), (1 << n) - 1);
                assert!(lanes[..n] == self.0[..n] && lanes[n..S::LANES].iter().all(|v| *v == 0.0));
                S::store_first(self.1.as_mut_ptr(), n, v);
            }
        }
    }

    #[test]
    fn the_first_numbers_of_a_vector_are_read_and_written_alone() {
        let from: Vec<f32> = (1..17).map(|v| v as f32).collect();
        for isa in Isa::available() {
            for n in 0..=16 {
                let mut to = [-1f32; 17];
                // SAFETY: the instruction set is available.
                unsafe { launch(isa, First(&from[..n], &mut to)) };
                let copied = to.iter().take_while(|v| **v > 0.0).count();
                assert!(copied <= n && to[..copied] == from[..copied]);
                assert!(to[copied..].iter().all(|v| *v < 0.0), "{isa:?} {n}: {to:?}");
            }
        }
    }

    #[test]
    fn a_sum_takes_every_number_and_shows_what_is_not_finite() {
        for n in [0usize, 1, 15, 16, 17, 100] {
            let mut values: Vec<f32> = (1..=n).map(|v| v as f32).collect();
            assert_eq!(sum(&values), (n * (n + 1) / 2) as f32);
            for i in 0..n {
                let before = std::mem::replace(&mut values[i], f32::NAN);
                assert!(sum(&values).is_nan(), "{i} of {n}");
                values[i] = before;
            }
        }
    }

    #[test]
    fn exp_sigmoid_and_tanh_are_right_on_every_engine() {
        let x: Vec<f32> = (-2000..2000).map(|i| i as f32 * 0.021).collect();
        for isa in Isa::available() {
            let mut y = vec![[0f32; 3]; x.len()];
            // SAFETY: the instruction set is available, the kernel's slices are whole.
            unsafe { launch(isa, Squash(&x, &mut y)) };
            for (x, y) in x.iter().zip(&y) {
                let x = f64::from(*x);
                let wanted = [x.exp(), 1.0 / (1.0 + (-x).exp()), x.tanh()];
                assert!((f64::from(y[0]) / wanted[0] - 1.0).abs() < 4e-7, "{x}: {y:?}");
                assert!((f64::from(y[1]) - wanted[1]).abs() < 1e-6);
                assert!((f64::from(y[2]) - wanted[2]).abs() < 3e-7);
            }
            let mut y = [[0f32; 3]; 3];
            let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
            // SAFETY: as above.
            unsafe { launch(isa, Squash(&x, &mut y)) };
            assert!(y[0].iter().all(|v| v.is_nan()));
            assert_eq!((y[1][2], y[2][2]), (1.0, -1.0));
        }
    }
}
