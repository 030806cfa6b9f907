//! The loops over synapses, written once for all rules and compiled for each.

use super::Bounds;
use crate::snn::constants::Constants;

/// A rule with `P` presynaptic and `Q` postsynaptic traces, in terms of one
/// synapse. Each function returns the change of the weight, before bounds.
pub trait Rule<const P: usize, const Q: usize> {
    /// What the rule computes with, derived from the parameters.
    type Constants: Constants;
    /// The postsynaptic traces without which a presynaptic spike changes nothing.
    const PRE_NEEDS: [bool; Q];
    /// The presynaptic traces without which a postsynaptic spike changes nothing.
    const POST_NEEDS: [bool; P];

    /// The constants for these parameters and dt.
    fn derive(params: &[f64], dt_ms: f64) -> Self::Constants;

    /// What a presynaptic spike (arriving at the synapse) does.
    fn on_pre(c: &Self::Constants, pre: [f32; P], post: [f32; Q]) -> f32;

    /// What a postsynaptic spike does.
    fn on_post(c: &Self::Constants, pre: [f32; P], post: [f32; Q]) -> f32;

    /// What every step does, given how much that which the rule follows has
    /// changed in it.
    fn on_step(_c: &Self::Constants, _pre: [f32; P], _change: f32) -> f32 {
        0.0
    }
}

/// The synapses that one spike may change: those at `base + targets[s]` in the
/// list of weights, and the traces of the neurons at their other ends.
pub struct Touched<'a> {
    pub base: usize,
    pub targets: &'a [u32],
    /// `[synapse][trace]`.
    pub others: &'a [f32],
}

/// Changes weights by one spike: constants, bounds, traces of the neuron that
/// spiked, synapses, weights.
type SpikeUpdate = fn(&[f32], Bounds, &[f32], &Touched, &mut [f32]);

/// Changes the weights of one presynaptic neuron in a step: constants, bounds,
/// its traces, the change at each of its targets, weights.
type StepUpdate = fn(&[f32], Bounds, &[f32], &[f32], &mut [f32]);

/// A rule's functions on many synapses.
#[derive(Clone, Copy)]
pub struct RuleKernel {
    /// Parameters and dt to constants.
    pub derive: fn(&[f64], f64) -> Vec<f32>,
    /// A presynaptic spike.
    pub pre: SpikeUpdate,
    /// A postsynaptic spike.
    pub post: SpikeUpdate,
    /// A step.
    pub step: StepUpdate,
    /// See [`Rule::PRE_NEEDS`].
    pub pre_needs: &'static [bool],
    /// See [`Rule::POST_NEEDS`].
    pub post_needs: &'static [bool],
}

impl RuleKernel {
    /// The functions of a rule.
    pub const fn of<R: Rule<P, Q>, const P: usize, const Q: usize>() -> Self {
        Self {
            derive: |params, dt_ms| R::derive(params, dt_ms).to_vec(),
            pre: pre::<R, P, Q>,
            post: post::<R, P, Q>,
            step: step::<R, P, Q>,
            pre_needs: &R::PRE_NEEDS,
            post_needs: &R::POST_NEEDS,
        }
    }
}

fn array<const N: usize>(x: &[f32]) -> [f32; N] {
    std::array::from_fn(|i| x[i])
}

fn pre<R: Rule<P, Q>, const P: usize, const Q: usize>(
    c: &[f32],
    bounds: Bounds,
    mine: &[f32],
    touched: &Touched,
    weights: &mut [f32],
) {
    let (c, mine) = (R::Constants::of(c), array(mine));
    for (t, theirs) in touched.targets.iter().zip(touched.others.chunks_exact(Q)) {
        let w = &mut weights[touched.base + *t as usize];
        *w = bounds.apply(*w, R::on_pre(&c, mine, array(theirs)));
    }
}

fn post<R: Rule<P, Q>, const P: usize, const Q: usize>(
    c: &[f32],
    bounds: Bounds,
    mine: &[f32],
    touched: &Touched,
    weights: &mut [f32],
) {
    let (c, mine) = (R::Constants::of(c), array(mine));
    for (t, theirs) in touched.targets.iter().zip(touched.others.chunks_exact(P)) {
        let w = &mut weights[touched.base + *t as usize];
        *w = bounds.apply(*w, R::on_post(&c, array(theirs), mine));
    }
}

fn step<R: Rule<P, Q>, const P: usize, const Q: usize>(
    c: &[f32],
    bounds: Bounds,
    mine: &[f32],
    changes: &[f32],
    weights: &mut [f32],
) {
    let (c, mine) = (R::Constants::of(c), array(mine));
    for (w, change) in weights.iter_mut().zip(changes) {
        *w = bounds.apply(*w, R::on_step(&c, mine, *change));
    }
}
