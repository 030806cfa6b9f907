//! Leaky integrate-and-fire neurons: currents `(batch, 1 or steps, units)` → spikes
//! `(batch, steps, units)`, or what a read-out makes of them, `(batch, units)`.
//!
//! Currents of one step stay the same at all of them: what they are a product of is then
//! computed once. Going back is backpropagation through time (Werbos 1990),
//!
//! `δ(t) = ψ(v(t) − 1)·∂L/∂s(t) + a·δ(t+1)`, `∂L/∂I(t) = δ(t)`,
//!
//! with the surrogate ψ and without the path over the reset. Membranes are not kept: they
//! are computed once more, in the first-level cache, for some neurons at a time. Nothing
//! is fused or reordered, so that spikes do not depend on the instruction set.
#![allow(unsafe_code, reason = "kernels on raw pointers")]

use std::sync::Arc;

use super::surrogate::Surrogate;
use super::{MOST_STEPS, Neurons, THRESHOLD, leak};
use crate::ann::ops::op::{Backward, Forward, Mode, Op, Plane, holds};
use crate::ann::ops::simd::{Kernel, Simd, Single, launch};
use crate::core::isa::Isa;

/// The operation.
#[derive(Clone, Debug)]
pub struct Lif {
    isa: Isa,
    input: Plane,
    neurons: Neurons,
    /// What a spike at each step counts; empty where spikes come out.
    weights: Arc<[f32]>,
    /// Their mean, at each step.
    flat: Arc<[f32]>,
}

/// How currents arrive and membranes move, for `n` pictures.
#[derive(Clone, Copy)]
struct Currents {
    n: usize,
    units: usize,
    steps: usize,
    /// Whether the current of the first step is that of all.
    constant: bool,
    leak: f32,
    x: *const f32,
}

impl Currents {
    /// Moves the membranes of some units of one picture; `step` is called with the number
    /// of the step, the potentials before the reset and the spikes. Gives the potentials
    /// at the end.
    #[inline(always)]
    unsafe fn run<S: Simd>(
        self,
        (image, unit): (usize, usize),
        mut step: impl FnMut(usize, S::V, S::V),
    ) -> S::V {
        let in_steps = if self.constant { 1 } else { self.steps };
        // SAFETY: the operation checked the sizes.
        unsafe {
            let x = self.x.add(image * in_steps * self.units + unit);
            let (zero, threshold) = (S::splat(0.0), S::splat(THRESHOLD));
            let leak = S::splat(self.leak);
            let (mut v, mut current) = (zero, S::load(x));
            for t in 0..self.steps {
                if !self.constant && t > 0 {
                    current = S::load(x.add(t * self.units));
                }
                v = S::add(S::mul(leak, v), current);
                let spike = S::where_gt(v, threshold, threshold, zero);
                step(t, v, spike);
                v = S::sub(v, spike);
            }
            v
        }
    }
}

/// What is done with some units of one picture.
trait Units: Copy {
    fn currents(&self) -> Currents;
    /// # Safety
    /// As for [`Simd`]; the pointers must hold all units of all pictures.
    unsafe fn some<S: Simd>(self, at: (usize, usize));
}

/// All units of all pictures, by vectors and then one by one.
struct All<U>(U);

impl<U: Units> Kernel for All<U> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Currents { n, units, .. } = self.0.currents();
        let whole = units - units % S::LANES;
        for image in 0..n {
            // SAFETY: the operation checked the sizes.
            unsafe {
                for unit in (0..whole).step_by(S::LANES) {
                    self.0.some::<S>((image, unit));
                }
                for unit in whole..units {
                    self.0.some::<Single>((image, unit));
                }
            }
        }
    }
}

/// Currents → spikes, or what is read out.
#[derive(Clone, Copy)]
struct Spiking<'a> {
    currents: Currents,
    weights: &'a [f32],
    y: *mut f32,
}

impl Units for Spiking<'_> {
    fn currents(&self) -> Currents {
        self.currents
    }

    #[inline(always)]
    unsafe fn some<S: Simd>(self, (image, unit): (usize, usize)) {
        let Currents { units, steps, .. } = self.currents;
        // SAFETY: the operation checked the sizes.
        unsafe {
            let zero = S::splat(0.0);
            // A NaN never spikes, but is not hidden: it stays in the membrane.
            if self.weights.is_empty() {
                let y = self.y.add(image * steps * units + unit);
                let mut last = zero;
                let v = self.currents.run::<S>((image, unit), |t, _, spike| {
                    last = spike;
                    S::store(y.add(t * units), spike);
                });
                S::store(y.add((steps - 1) * units), S::add(last, S::mul(v, zero)));
            } else {
                let mut sum = zero;
                let v = self.currents.run::<S>((image, unit), |t, _, spike| {
                    sum = S::add(sum, S::mul(spike, S::splat(self.weights[t])));
                });
                let sum = S::add(sum, S::mul(v, zero));
                S::store(self.y.add(image * units + unit), sum);
            }
        }
    }
}

/// Adds the spikes of all steps and pictures to `counts`, by unit.
#[derive(Clone, Copy)]
struct Counting {
    currents: Currents,
    counts: *mut f32,
}

impl Units for Counting {
    fn currents(&self) -> Currents {
        self.currents
    }

    #[inline(always)]
    unsafe fn some<S: Simd>(self, (image, unit): (usize, usize)) {
        // SAFETY: the operation checked the sizes.
        unsafe {
            let mut sum = S::load(self.counts.add(unit));
            self.currents.run::<S>((image, unit), |_, _, spike| sum = S::add(sum, spike));
            S::store(self.counts.add(unit), sum);
        }
    }
}

/// Gradient by what comes out → gradient by the currents.
#[derive(Clone, Copy)]
struct Through<'a> {
    currents: Currents,
    weights: &'a [f32],
    surrogate: Surrogate,
    /// Gradient by each spike of a unit that its rate costs; may be null.
    cost: *const f32,
    dy: *const f32,
    dx: *mut f32,
}

impl Units for Through<'_> {
    fn currents(&self) -> Currents {
        self.currents
    }

    #[inline(always)]
    unsafe fn some<S: Simd>(self, (image, unit): (usize, usize)) {
        let Currents { units, steps, constant, leak, .. } = self.currents;
        // SAFETY: the operation checked the sizes; there are MOST_STEPS steps at most.
        unsafe {
            let zero = S::splat(0.0);
            let mut potentials = [zero; MOST_STEPS];
            self.currents.run::<S>((image, unit), |t, v, _| potentials[t] = v);
            let cost = if self.cost.is_null() { zero } else { S::load(self.cost.add(unit)) };
            let read_out = !self.weights.is_empty();
            let out = if read_out { 1 } else { steps };
            let dy = self.dy.add(image * out * units + unit);
            let dx = self.dx.add(image * if constant { 1 } else { steps } * units + unit);
            let (threshold, leak) = (S::splat(THRESHOLD), S::splat(leak));
            let of_all = S::load(dy);
            let (mut delta, mut sum) = (zero, zero);
            for t in (0..steps).rev() {
                let by_spike = if read_out {
                    S::mul(of_all, S::splat(self.weights[t]))
                } else {
                    S::load(dy.add(t * units))
                };
                let slope = self.surrogate.vector::<S>(S::sub(potentials[t], threshold));
                let arriving = S::mul(slope, S::add(by_spike, cost));
                delta = S::add(arriving, S::mul(leak, delta));
                if constant {
                    sum = S::add(sum, delta);
                } else {
                    S::store(dx.add(t * units), delta);
                }
            }
            if constant {
                S::store(dx, sum);
            }
        }
    }
}

impl Lif {
    /// For currents of this plane, which must have no padding and either one step or as
    /// many as the neurons.
    pub fn new(isa: Isa, input: Plane, neurons: Neurons) -> Self {
        assert!(input.steps == 1 || input.steps == neurons.steps, "steps");
        assert!((1..=MOST_STEPS).contains(&neurons.steps), "steps");
        assert_eq!((input.pitch, input.rows), (input.w, input.h), "no padding");
        let weights = neurons.weights();
        let mean = weights.iter().sum::<f32>() / neurons.steps as f32;
        let flat = vec![mean; weights.len()].into();
        Self { isa, input, neurons, weights: weights.into(), flat }
    }

    /// What they are.
    pub fn neurons(&self) -> Neurons {
        self.neurons
    }

    fn units(&self) -> usize {
        self.input.len() / self.input.steps
    }

    fn currents(&self, n: usize, x: &[f32]) -> Currents {
        assert!(holds(x, n, self.input.len()));
        Currents {
            n,
            units: self.units(),
            steps: self.neurons.steps,
            constant: self.input.steps == 1,
            leak: leak(self.neurons.tau),
            x: x.as_ptr(),
        }
    }

    /// Writes the share of steps with a spike, over `n` pictures, of each unit.
    pub fn rates(&self, n: usize, x: &[f32], out: &mut [f32]) {
        let out = &mut out[..self.units()];
        out.fill(0.0);
        let counting = Counting { currents: self.currents(n, x), counts: out.as_mut_ptr() };
        // SAFETY: `x` and `out` hold all units of all pictures.
        unsafe { launch(self.isa, All(counting)) }
        let by = 1.0 / (n.max(1) * self.neurons.steps) as f32;
        out.iter_mut().for_each(|v| *v *= by);
    }
}

impl Op for Lif {
    fn input(&self) -> Plane {
        self.input
    }

    fn output(&self) -> Plane {
        Plane { steps: self.neurons.out_steps(), ..self.input }
    }

    /// What each unit's rate costs.
    fn scratch_len(&self, _n: usize, mode: Mode) -> usize {
        if mode == Mode::Answer { 0 } else { self.units() }
    }

    fn forward(&self, pass: Forward<'_>) {
        assert!(holds(pass.y, pass.n, self.output().len()));
        let currents = self.currents(pass.n, pass.x);
        let spiking = Spiking { currents, weights: &self.weights, y: pass.y.as_mut_ptr() };
        // SAFETY: `x` and `y` hold all units of all pictures.
        unsafe { launch(self.isa, All(spiking)) }
    }

    fn backward(&self, pass: Backward<'_>) {
        let (n, teaching) = (pass.n, pass.teaching);
        assert!(holds(pass.dy, n, self.output().len()));
        let Some(dx) = pass.dx else { return };
        assert!(holds(dx, n, self.input.len()));
        let cost = &mut pass.scratch[..self.units()];
        if teaching.rates.is_on() {
            self.rates(n, pass.x, cost);
            let by = teaching.share / self.neurons.steps as f32;
            cost.iter_mut().for_each(|c| *c = by * teaching.rates.slope(*c));
        }
        let through = Through {
            currents: self.currents(n, pass.x),
            weights: if teaching.unfiltered { &self.flat } else { &self.weights },
            surrogate: teaching.surrogate,
            cost: if teaching.rates.is_on() { cost.as_ptr() } else { std::ptr::null() },
            dy: pass.dy.as_ptr(),
            dx: dx.as_mut_ptr(),
        };
        // SAFETY: the slices hold all units of all pictures; there are at most MOST_STEPS
        // steps, as `new` checked.
        unsafe { launch(self.isa, All(through)) }
    }
}
