//! Gradients against finite differences of plain loops in f64, spikes against loops by
//! hand.

use super::first_spike::{FirstSpike, NEVER, PAPER, SHARPNESS};
use super::lif::Lif;
use super::over_time::OverTime;
use super::recurrent::RecurrentLif;
use super::surrogate::{RateCost, Shape, Surrogate, Teaching};
use super::{Neurons, Out};
use crate::ann::ops::candle::Whole;
use crate::ann::ops::candle::tests::{random, run};
use crate::ann::ops::dense::Dense;
use crate::ann::ops::op::tests::refuses_short_slices;
use crate::ann::ops::op::{Op, Plane};
use crate::ann::zoo::Activation;
use crate::core::isa::Isa;

/// A smooth function whose derivative the surrogate is.
fn smooth(surrogate: Surrogate, u: f64) -> f64 {
    let k = f64::from(surrogate.slope);
    match surrogate.shape {
        Shape::FastSigmoid => u / (1.0 + k * u.abs()),
        Shape::Arctan => (k * u).atan() / k,
        Shape::Triangle => {
            let u = u.clamp(-1.0 / k, 1.0 / k);
            u - 0.5 * k * u * u.abs()
        }
        Shape::Logistic => 4.0 / k / (1.0 + (-k * u).exp()),
    }
}

/// What comes out where spikes are replaced by a smooth function, and only the reset, which
/// gradients do not follow, stays a step. Currents are `(step, unit)`, `arriving` adds to
/// them what spikes of the step before send.
fn smooth_out(
    neurons: Neurons,
    surrogate: Surrogate,
    units: usize,
    current: impl Fn(usize, usize) -> f64,
    arriving: impl Fn(&[f64], usize) -> f64,
) -> Vec<f64> {
    let a = (-1.0 / f64::from(neurons.tau)).exp();
    let (mut left, mut before) = (vec![0f64; units], vec![0f64; units]);
    let weights = neurons.weights();
    let mut out = vec![0f64; units * neurons.out_steps()];
    for t in 0..neurons.steps {
        let mut spikes = vec![0f64; units];
        for u in 0..units {
            let v = a * left[u] + current(t, u) + arriving(&before, u);
            spikes[u] = smooth(surrogate, v - 1.0);
            left[u] = v - f64::from(u8::from(v > 1.0));
            match weights.get(t) {
                Some(w) => out[u] += f64::from(*w) * spikes[u],
                None => out[t * units + u] = spikes[u],
            }
        }
        before = spikes;
    }
    out
}

/// Gradients by x and parameters, taught this way.
fn gradients(
    op: &dyn Op,
    n: usize,
    x: &[f32],
    p: &[f32],
    dy: &[f32],
    t: Teaching,
) -> [Vec<f32>; 2] {
    let (dx, dp) = Whole::forward(op, n, x, p).backward_taught(dy, t);
    [dx, dp]
}

fn outs() -> [Out; 4] {
    [Out::Spikes, Out::Membrane { tau: 3.0 }, Out::Count { gain: 2.0 }, Out::Last { tau: 2.0 }]
}

#[test]
fn surrogates_are_the_derivatives_of_smooth_steps_on_every_engine() {
    struct Vector<'a>(Surrogate, f32, &'a mut f32);
    impl crate::ann::ops::simd::Kernel for Vector<'_> {
        #[inline(always)]
        #[allow(unsafe_code, reason = "a vector of one number")]
        unsafe fn run<S: crate::ann::ops::simd::Simd>(self) {
            let mut lanes = [0f32; 16];
            // SAFETY: 16 numbers hold a vector of any width.
            unsafe { S::store(lanes.as_mut_ptr(), self.0.vector::<S>(S::splat(self.1))) };
            *self.2 = lanes[0];
        }
    }
    for shape in Shape::ALL {
        for slope in [1.0, 5.0, 25.0] {
            let surrogate = Surrogate { shape, slope };
            assert!((surrogate.at(0.0) - 1.0).abs() < 1e-6);
            for u in [-2.0f32, -0.31, -0.03, 0.011, 0.17, 1.4] {
                let h = 1e-6;
                let up = smooth(surrogate, f64::from(u) + h);
                let slope = (up - smooth(surrogate, f64::from(u) - h)) / (2.0 * h);
                assert!((slope - f64::from(surrogate.at(u))).abs() < 1e-4, "{surrogate:?} {u}");
                for isa in Isa::available() {
                    let mut out = 0.0;
                    #[allow(unsafe_code, reason = "calls what is tested")]
                    // SAFETY: the instruction set is there; no pointer leaves.
                    unsafe {
                        crate::ann::ops::simd::launch(isa, Vector(surrogate, u, &mut out));
                    }
                    assert!((out - surrogate.at(u)).abs() < 2e-6, "{surrogate:?} {u} {isa:?}");
                }
            }
        }
    }
}

#[test]
fn gradients_of_lif_layers_agree_with_finite_differences_of_smooth_spikes() {
    let (n, units) = (2, 21);
    for (shape, slope) in Shape::ALL.into_iter().zip([5.0, 2.0, 0.7, 3.0]) {
        let surrogate = Surrogate { shape, slope };
        for out in outs() {
            for in_steps in [1, 6] {
                let neurons = Neurons { steps: 6, tau: 2.5, out };
                let plane = Plane { steps: in_steps, ..Plane::new(1, 1, units) };
                let x: Vec<f32> = random(n * plane.len(), 3).iter().map(|v| v * 0.8).collect();
                let value = |x: &[f32], weights: &[f32]| -> f64 {
                    let pictures = x.chunks_exact(plane.len());
                    let outs = pictures.flat_map(|x| {
                        let at = |t: usize, u: usize| {
                            f64::from(x[if in_steps == 1 { u } else { t * units + u }])
                        };
                        smooth_out(neurons, surrogate, units, at, |_, _| 0.0)
                    });
                    outs.zip(weights).map(|(o, w)| o * f64::from(*w)).sum()
                };
                for isa in Isa::available() {
                    let op = Lif::new(isa, plane, neurons);
                    let dy = random(n * op.output().len(), 4);
                    let teaching = Teaching { surrogate, ..Teaching::default() };
                    let [dx, _] = gradients(&op, n, &x, &[], &dy, teaching);
                    let largest = dx.iter().fold(0f32, |m, g| m.max(g.abs()));
                    let mut far = 0;
                    for i in (0..x.len()).step_by(3) {
                        let moved = |by: f32| {
                            let mut x = x.clone();
                            x[i] += by;
                            value(&x, &dy)
                        };
                        let h = 2e-4f32;
                        let slope = (moved(h) - moved(-h)) / (2.0 * f64::from(h));
                        // A hard reset may fall within the step, a triangle has corners.
                        far += usize::from(
                            (slope - f64::from(dx[i])).abs() > 2e-3 * f64::from(largest),
                        );
                    }
                    assert!(far <= 1, "{shape:?} {out:?} {in_steps} {isa:?}: {far}");
                }
            }
        }
    }
}

#[test]
fn spikes_and_read_outs_are_the_same_on_every_engine_and_as_by_hand() {
    let units = 37;
    for out in outs() {
        let neurons = Neurons { steps: 11, tau: 4.0, out };
        let x: Vec<f32> = random(3 * units, 8).iter().map(|v| v.abs() * 0.6).collect();
        let plane = Plane::new(1, 1, units);
        let a = super::leak(4.0);
        let weights = neurons.weights();
        let mut wanted = Vec::new();
        for x in x.chunks_exact(units) {
            let mut of_picture = vec![0f32; units * neurons.out_steps()];
            for (u, current) in x.iter().enumerate() {
                let mut v = 0f32;
                for t in 0..11 {
                    v = a * v + current;
                    let spike = f32::from(u8::from(v > 1.0));
                    v -= spike;
                    match weights.get(t) {
                        Some(w) => of_picture[u] += spike * w,
                        None => of_picture[t * units + u] = spike,
                    }
                }
            }
            wanted.extend(of_picture);
        }
        for isa in Isa::available() {
            let op = Lif::new(isa, plane, neurons);
            let result = Whole::forward(&op, 3, &x, &[]);
            assert_eq!(result.y, wanted, "{isa:?} {out:?}");
            refuses_short_slices(&op);
        }
        assert!(wanted.iter().any(|v| *v > 0.0) && wanted.contains(&0.0));
    }
}

#[test]
fn an_operation_over_time_is_the_operation_at_each_step() {
    let (n, steps, inputs, units) = (3, 4, 10, 7);
    let dense = |plane| Dense::new(Isa::best(), plane, units, Activation::Linear);
    let plane = Plane::new(1, 1, inputs);
    let op = OverTime::new(Box::new(dense(plane)), steps);
    assert_eq!(op.input(), Plane { steps, ..plane });
    let p = random(inputs * units + units, 2);
    let (x, dy) = (random(n * steps * inputs, 3), random(n * steps * units, 4));
    let mut whole = Whole::forward(&op, n, &x, &p);
    let y = whole.y.clone();
    let (dx, dp) = whole.backward(&dy);
    let mut sum = vec![0f32; p.len()];
    for i in 0..n * steps {
        let alone = dense(plane);
        let mut one = Whole::forward(&alone, 1, &x[i * inputs..(i + 1) * inputs], &p);
        assert_eq!(one.y, y[i * units..(i + 1) * units]);
        let (back, by) = one.backward(&dy[i * units..(i + 1) * units]);
        assert_eq!(back, dx[i * inputs..(i + 1) * inputs]);
        sum.iter_mut().zip(by).for_each(|(s, b)| *s += b);
    }
    // Sums of twelve in another order.
    assert!(sum.iter().zip(&dp).all(|(a, b)| (a - b).abs() < 1e-5));
}

#[test]
fn gradients_of_recurrent_neurons_agree_with_finite_differences_of_smooth_spikes() {
    let (n, rows, w, hidden) = (2, 5, 4, 18);
    let surrogate = Surrogate { shape: Shape::Arctan, slope: 1.5 };
    let plane = Plane::new(rows, w, 1);
    for (steps, out) in [(5, Out::Membrane { tau: 3.0 }), (10, Out::Spikes), (5, outs()[3])] {
        let neurons = Neurons { steps, tau: 2.5, out };
        for isa in Isa::available() {
            let op = RecurrentLif::new(isa, plane, hidden, neurons);
            let [recurrent, bias, end] = op.places();
            let x: Vec<f32> = random(n * rows * w, 5).iter().map(|v| v.abs()).collect();
            let p: Vec<f32> = random(end, 6).iter().map(|v| v * 0.4).collect();
            let dy = random(n * op.output().len(), 7);
            // Emitted spikes drive the others: where these are smooth, so is the drive. The
            // operation sends hard ones, so the two agree where weights among neurons are 0,
            // and in the gradient by these weights not at all; without them all is exact.
            let mut p = p;
            p[recurrent..bias].fill(0.0);
            let value = |x: &[f32], p: &[f32]| -> f64 {
                let outs = x.chunks_exact(rows * w).flat_map(|x| {
                    let current = |t: usize, u: usize| {
                        let row = &x[t * rows / steps * w..][..w];
                        let sum = row.iter().enumerate();
                        let sum = sum.map(|(i, v)| f64::from(*v) * f64::from(p[i * hidden + u]));
                        sum.sum::<f64>() + f64::from(p[bias + u])
                    };
                    smooth_out(neurons, surrogate, hidden, current, |_, _| 0.0)
                });
                outs.zip(&dy).map(|(o, d)| o * f64::from(*d)).sum()
            };
            let teaching = Teaching { surrogate, ..Teaching::default() };
            let [dx, dp] = gradients(&op, n, &x, &p, &dy, teaching);
            let mut far = 0;
            let largest = f64::from(dp.iter().fold(0f32, |m, g| m.max(g.abs())));
            let h = 2e-4f32;
            let places = (0..recurrent).step_by(5).chain(bias..end);
            for i in places {
                let moved = |by: f32| {
                    let mut p = p.clone();
                    p[i] += by;
                    value(&x, &p)
                };
                let slope = (moved(h) - moved(-h)) / (2.0 * f64::from(h));
                far += usize::from((slope - f64::from(dp[i])).abs() > 3e-3 * largest);
            }
            for i in 0..x.len() {
                let moved = |by: f32| {
                    let mut x = x.clone();
                    x[i] += by;
                    value(&x, &p)
                };
                let slope = (moved(h) - moved(-h)) / (2.0 * f64::from(h));
                far += usize::from((slope - f64::from(dx[i])).abs() > 3e-3 * largest);
            }
            assert!(far <= 2, "{steps} {out:?}: {far}");
        }
    }
}

/// With connections among the neurons: against the same sums by plain loops.
#[test]
fn recurrent_credit_is_that_of_plain_loops_and_taught_locally_has_none() {
    let (rows, w, hidden) = (6, 3, 16);
    let neurons = Neurons { steps: 6, tau: 3.0, out: Out::Membrane { tau: 4.0 } };
    let op = RecurrentLif::new(Isa::best(), Plane::new(rows, w, 1), hidden, neurons);
    let [recurrent, bias, end] = op.places();
    let x: Vec<f32> = random(rows * w, 5).iter().map(|v| v.abs()).collect();
    let p: Vec<f32> = random(end, 6).iter().map(|v| v * 0.5).collect();
    let dy = random(hidden, 7);
    let [currents, potentials, spikes] = op.watch(&p, &x);
    assert!(spikes.iter().any(|s| *s > 0.0));
    let surrogate = Surrogate::default();
    for local in [false, true] {
        let teaching = Teaching { local, ..Teaching::default() };
        let [_, dp] = gradients(&op, 1, &x, &p, &dy, teaching);
        let (a, weights) = (super::leak(3.0), neurons.weights());
        let mut next = vec![0f32; hidden];
        let mut wanted = vec![0f32; end];
        for t in (0..6).rev() {
            let mut now = vec![0f32; hidden];
            for u in 0..hidden {
                let row = &p[recurrent + u * hidden..][..hidden];
                let over: f32 = row.iter().zip(&next).map(|(w, d)| w * d).sum();
                let by = weights[t] * dy[u] + if local { 0.0 } else { over };
                now[u] = surrogate.at(potentials[t * hidden + u] - 1.0) * by + a * next[u];
                wanted[bias + u] += now[u];
                for i in 0..w {
                    wanted[i * hidden + u] += x[t * w + i] * now[u];
                }
                for from in (0..hidden).filter(|_| t > 0) {
                    wanted[recurrent + from * hidden + u] +=
                        spikes[(t - 1) * hidden + from] * now[u];
                }
            }
            next = now;
        }
        for (own, wanted) in dp.iter().zip(&wanted) {
            assert!((own - wanted).abs() < 1e-4, "{local}: {own} {wanted}");
        }
    }
    // Currents are what makes the potentials.
    assert!((currents[0] - potentials[0]).abs() < 1e-6);
}

#[test]
fn rates_cost_what_they_should() {
    let cost = RateCost { target: 0.2, strength: 2.0, lower: 0.1, upper: 0.5, bounding: 3.0 };
    let value = |r: f64| {
        let beyond = (r - 0.5).max(0.0).powi(2) + (0.1 - r).max(0.0).powi(2);
        2.0 * (r - 0.2).powi(2) + 3.0 * beyond
    };
    for rate in [0.0, 0.05, 0.15, 0.3, 0.8] {
        let slope = (value(rate + 1e-6) - value(rate - 1e-6)) / 2e-6;
        assert!((slope - f64::from(cost.slope(rate as f32))).abs() < 1e-5);
    }
    // A unit that spikes at every step is pushed down, a silent one up.
    let neurons = Neurons { steps: 5, tau: 3.0, out: Out::Count { gain: 1.0 } };
    let op = Lif::new(Isa::best(), Plane::new(1, 1, 2), neurons);
    let teaching = Teaching { rates: cost, share: 1.0, ..Teaching::default() };
    let [dx, _] = gradients(&op, 1, &[1.5, 0.2], &[], &[0.0, 0.0], teaching);
    assert!(dx[0] > 0.0 && dx[1] < 0.0, "{dx:?}");
}

#[test]
fn a_nan_is_not_hidden_and_silence_is_finite() {
    for out in outs() {
        let neurons = Neurons { steps: 4, tau: 3.0, out };
        let op = Lif::new(Isa::best(), Plane::new(1, 1, 3), neurons);
        assert!(run(&op, &[0.5, f32::NAN, 0.0], &[]).0.iter().any(|v| v.is_nan()));
        let (y, dx) = run(&op, &[0.0; 3], &[]);
        assert!(y.iter().all(|v| *v == 0.0) && dx.iter().all(|v| v.is_finite()));
        let op = RecurrentLif::new(Isa::best(), Plane::new(2, 2, 1), 3, neurons);
        let p = vec![0.1f32; op.places()[2]];
        assert!(run(&op, &[0.5, 0.1, f32::NAN, 0.0], &p).0.iter().any(|v| v.is_nan()));
    }
    let op = FirstSpike::new(Isa::best(), Plane::new(1, 1, 4), &[5]);
    let p = vec![0.6f32; 4 * 5 + 5 * 10];
    assert!(run(&op, &[0.9, f32::NAN, 0.0, 1.0], &p).0.iter().all(|v| v.is_nan()));
    let (y, dx) = run(&op, &[0.0; 4], &vec![-1.0; p.len()]);
    assert!(y.iter().chain(&dx).all(|v| v.is_finite()));
}

/// When a unit fires, by trying all causal sets, in f64.
fn fires(inputs: &[(f64, f64)]) -> f64 {
    let mut order: Vec<&(f64, f64)> = inputs.iter().filter(|(z, _)| *z < 1000.0).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut sum, mut product) = (0.0, 0.0);
    for (k, (z, w)) in order.iter().enumerate() {
        sum += w;
        product += w * z;
        let next = order.get(k + 1).map_or(f64::from(NEVER), |n| n.0);
        if sum > 1.0 && product / (sum - 1.0) <= next {
            return product / (sum - 1.0);
        }
    }
    f64::from(NEVER)
}

#[test]
fn gradients_through_spike_times_agree_with_finite_differences_to_six_digits() {
    let widths = [14usize, 12, 9, 10];
    for isa in Isa::available() {
        let op = FirstSpike::new(isa, Plane::new(1, 1, widths[0]), &widths[1..3]);
        let n = 3;
        let x: Vec<f32> =
            random(n * widths[0], 1).iter().map(|v| f32::from(u8::from(*v > 0.0))).collect();
        let len = (0..3).map(|l| widths[l] * widths[l + 1]).sum::<usize>();
        let p: Vec<f32> = random(len, 12).iter().map(|v| 0.28 + 0.4 * v).collect();
        let dy = random(n * 10, 3);
        let logits = |p: &[f64], x: &[f32]| -> Vec<f64> {
            let mut z: Vec<f64> =
                x.iter().map(|v| if *v > 0.5 { 1.0 } else { f64::from(PAPER) }).collect();
            for l in 0..3 {
                let weights = &p[op.weights(l)];
                let units = widths[l + 1];
                let of = |j: usize| {
                    let all: Vec<(f64, f64)> =
                        z.iter().enumerate().map(|(i, z)| (*z, weights[i * units + j])).collect();
                    fires(&all)
                };
                z = (0..units).map(of).collect();
            }
            z.iter().map(|z| -f64::from(SHARPNESS) * z.ln()).collect()
        };
        let value = |p: &[f64]| -> f64 {
            let all = x.chunks_exact(widths[0]).flat_map(|x| logits(p, x));
            all.zip(&dy).map(|(l, d)| l * f64::from(*d)).sum()
        };
        let mut whole = Whole::forward(&op, n, &x, &p);
        let exact: Vec<f64> = p.iter().map(|v| f64::from(*v)).collect();
        let wanted: Vec<f64> = x.chunks_exact(widths[0]).flat_map(|x| logits(&exact, x)).collect();
        for (own, wanted) in whole.y.iter().zip(&wanted) {
            assert!((f64::from(*own) - wanted).abs() < 1e-4, "{own} {wanted}");
        }
        assert!(wanted.iter().filter(|l| **l > -20.0).count() > 20, "most fire");
        let (_, dp) = whole.backward(&dy);
        let largest = f64::from(dp.iter().fold(0f32, |m, g| m.max(g.abs())));
        let mut switched = 0;
        for (i, own) in dp.iter().enumerate() {
            let moved = |by: f64| {
                let mut p = exact.clone();
                p[i] += by;
                value(&p)
            };
            let slope = |h: f64| (moved(h) - moved(-h)) / (2.0 * h);
            let (fine, coarse) = (slope(1e-6), slope(2e-6));
            if (fine - coarse).abs() > 1e-5 * largest {
                // The set of those who fired before changes within the step.
                switched += 1;
                continue;
            }
            let off = (fine - f64::from(*own)).abs();
            assert!(off < 2e-6 * largest, "{i}: {own} against {fine} of {largest}");
        }
        assert!(switched < 5);
    }
}
