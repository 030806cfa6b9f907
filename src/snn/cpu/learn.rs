//! Synapses learn. A spike touches only the synapses at whose other end there
//! is a trace; weights of neurons that have long been silent are left alone.

use super::deliver::{ByDelay, row};
use super::source::Ring;
use super::traces::{Decay, Traces};
use crate::snn::engine::ProjectionState;
use crate::snn::network::{Connection, Plasticity, Projection};
use crate::snn::plasticity::rule::{RuleKernel, Touched};
use crate::snn::plasticity::{BoundKind, Bounds, Follows};

/// How often traces that are gone are forgotten, in steps.
const PRUNE_EVERY: u64 = 32;
/// How often spikes of long ago are forgotten, in steps.
const FORGET_EVERY: u64 = 1 << 24;

/// The plastic side of a projection.
#[derive(Clone)]
pub(super) struct Learning {
    pub(super) on: bool,
    plasticity: Plasticity,
    kernel: RuleKernel,
    constants: Vec<f32>,
    bounds: Bounds,
    adds: bool,
    follows: Follows,
    /// Whether each synapse has a delay, and so a trace, of its own.
    per_synapse: bool,
    decay_pre: Decay,
    decay_post: Decay,
    /// By replica; of synapses, where each has a delay of its own.
    pre: Vec<Traces>,
    post: Vec<Traces>,
    columns: Columns,
    scratch: Scratch,
}

/// Lists that are filled anew for each event.
#[derive(Clone, Default)]
struct Scratch {
    targets: Vec<u32>,
    others: Vec<f32>,
    mine: Vec<f32>,
    changes: Vec<f32>,
    before: Vec<f32>,
}

/// The synapses onto each neuron.
#[derive(Clone)]
enum Columns {
    /// Of all sources.
    Dense { from: usize, to: usize },
    /// The synapse (sources and targets have the same number).
    OneToOne,
    /// Those of `offsets[j]..offsets[j + 1]`: synapse and source.
    Sparse { offsets: Vec<u32>, synapses: Vec<u32>, sources: Vec<u32> },
}

impl Columns {
    fn new(connection: &Connection, from: usize, to: usize) -> Self {
        match connection {
            Connection::Sparse { offsets, targets } => {
                let mut all: Vec<(u32, u32, u32)> = Vec::with_capacity(targets.len());
                for i in 0..from {
                    let range = offsets[i]..offsets[i + 1];
                    all.extend(range.map(|s| (targets[s as usize], i as u32, s)));
                }
                all.sort_unstable();
                let offsets = (0..=to as u32).map(|j| all.partition_point(|a| a.0 < j) as u32);
                let offsets = offsets.collect();
                let synapses = all.iter().map(|a| a.2).collect();
                Self::Sparse { offsets, synapses, sources: all.iter().map(|a| a.1).collect() }
            }
            Connection::OneToOne => Self::OneToOne,
            _ => Self::Dense { from, to },
        }
    }

    /// Calls `f` with (weight, source) of each synapse onto a neuron, sources rising.
    #[inline]
    fn for_each(&self, j: usize, mut f: impl FnMut(usize, usize)) {
        match self {
            Self::Dense { from, to } => (0..*from).for_each(|i| f(i * to + j, i)),
            Self::OneToOne => f(j, j),
            Self::Sparse { offsets, synapses, sources } => {
                for k in offsets[j] as usize..offsets[j + 1] as usize {
                    f(synapses[k] as usize, sources[k] as usize);
                }
            }
        }
    }
}

/// What one step of one replica brings.
pub(super) struct Events<'a> {
    pub(super) step: u64,
    /// Spikes of the source, and how long they travel.
    pub(super) source: &'a Ring,
    pub(super) delay: u32,
    pub(super) by_delay: Option<&'a ByDelay>,
    /// Target neurons that spiked.
    pub(super) fired: &'a [u32],
    /// The targets' membrane before and after this step.
    pub(super) membrane: Option<(&'a [f32], &'a [f32])>,
}

impl Learning {
    pub(super) fn new(
        projection: &Projection,
        plasticity: &Plasticity,
        sizes: (usize, usize),
        replicas: usize,
        dt_ms: f64,
        per_synapse: bool,
    ) -> Self {
        let rule = plasticity.rule;
        let sources = if per_synapse { projection.weights.len() } else { sizes.0 };
        let mut learning = Self {
            on: true,
            plasticity: plasticity.clone(),
            kernel: rule.kernel,
            constants: Vec::new(),
            bounds: plasticity.bounds,
            adds: false,
            follows: Follows::Spikes,
            per_synapse,
            decay_pre: Vec::new(),
            decay_post: Vec::new(),
            pre: vec![Traces::new(rule.pre.len(), sources); replicas],
            post: vec![Traces::new(rule.post.len(), sizes.1); replicas],
            columns: Columns::new(&projection.connection, sizes.0, sizes.1),
            scratch: Scratch::default(),
        };
        learning.derive(dt_ms);
        learning
    }

    /// Everything that follows from parameters.
    fn derive(&mut self, dt_ms: f64) {
        let (rule, values) = (self.plasticity.rule, &self.plasticity.values);
        self.constants = (rule.kernel.derive)(values, dt_ms);
        self.adds = (rule.adds)(values);
        self.follows = (rule.follows)(values);
        self.decay_pre = rule.pre.iter().map(|t| rule.decay(values, t, dt_ms)).collect();
        self.decay_post = rule.post.iter().map(|t| rule.decay(values, t, dt_ms)).collect();
        // Traces of synapses are looked up by the target, unless something changes
        // the weights in every step.
        let listing = !self.per_synapse || self.follows != Follows::Spikes;
        for traces in &mut self.pre {
            traces.set_needs(&self.decay_pre, self.kernel.post_needs, listing);
        }
        for traces in &mut self.post {
            traces.set_needs(&self.decay_post, self.kernel.pre_needs, true);
        }
    }

    pub(super) fn set_value(&mut self, index: usize, value: f64, dt_ms: f64) {
        self.plasticity.values[index] = value;
        self.derive(dt_ms);
    }

    /// Whether the membrane before the step is needed.
    pub(super) fn follows_membrane(&self) -> bool {
        self.on && self.follows == Follows::Membrane
    }

    /// One step of one replica. `changed` marks targets whose weights changed.
    pub(super) fn step(
        &mut self,
        connection: &Connection,
        replica: usize,
        events: &Events,
        weights: &mut [f32],
        changed: &mut [bool],
    ) {
        let follows_rate = self.follows == Follows::Rate;
        if follows_rate {
            let post = &self.post[replica];
            self.scratch.before.clear();
            let before =
                (0..changed.len()).map(|j| post.first_before(&self.decay_post, j, events.step));
            self.scratch.before.extend(before);
        }
        match events.by_delay {
            None => self.presynaptic(connection, replica, events, weights, changed),
            Some(by_delay) => {
                self.presynaptic_by_synapse(by_delay, replica, events, weights, changed);
            }
        }
        self.postsynaptic(connection, replica, events, weights, changed);
        if self.follows != Follows::Spikes {
            self.every_step(connection, replica, events, weights, changed);
        }
        if events.step.is_multiple_of(PRUNE_EVERY) {
            self.pre[replica].prune(events.step);
            self.post[replica].prune(events.step);
        }
        if events.step.is_multiple_of(FORGET_EVERY) {
            self.pre[replica].forget(&self.decay_pre, events.step);
            self.post[replica].forget(&self.decay_post, events.step);
        }
    }

    fn presynaptic(
        &mut self,
        connection: &Connection,
        replica: usize,
        events: &Events,
        weights: &mut [f32],
        changed: &mut [bool],
    ) {
        let arrivals = events.source.ago(events.step, events.delay);
        if arrivals.is_empty() {
            return;
        }
        let (step, to) = (events.step, changed.len());
        let (post, decay) = (&self.post[replica], &self.decay_post);
        let needs = self.kernel.pre_needs;
        let s = &mut self.scratch;
        let mut theirs = [0.0; MOST_TRACES];
        let theirs = &mut theirs[..post.count];
        let dense = matches!(connection, Connection::Dense);
        s.targets.clear();
        s.others.clear();
        if dense {
            for j in post.active() {
                post.now(decay, *j as usize, step, theirs);
                if needed(needs, theirs) {
                    s.targets.push(*j);
                    theirs.iter().for_each(|x| s.others.push(*x));
                    changed[*j as usize] = true;
                }
            }
        }
        let pre = &mut self.pre[replica];
        s.mine.resize(pre.count, 0.0);
        for i in arrivals.iter().map(|i| *i as usize) {
            if !dense && !post.active().is_empty() {
                s.targets.clear();
                s.others.clear();
                for (w, j) in row(connection, i, to) {
                    post.now(decay, j as usize, step, theirs);
                    if needed(needs, theirs) {
                        s.targets.push(w as u32);
                        theirs.iter().for_each(|x| s.others.push(*x));
                        changed[j as usize] = true;
                    }
                }
            }
            if !s.targets.is_empty() {
                pre.now(&self.decay_pre, i, step, &mut s.mine);
                let base = if dense { i * to } else { 0 };
                let touched = Touched { base, targets: &s.targets, others: &s.others };
                (self.kernel.pre)(&self.constants, self.bounds, &s.mine, &touched, weights);
            }
            pre.raise(&self.decay_pre, self.adds, i, step);
        }
    }

    /// Where each synapse has a delay of its own, it has traces of its own.
    fn presynaptic_by_synapse(
        &mut self,
        by_delay: &ByDelay,
        replica: usize,
        events: &Events,
        weights: &mut [f32],
        changed: &mut [bool],
    ) {
        let (pre, post) = (&mut self.pre[replica], &self.post[replica]);
        let (mut mine, mut theirs) = ([0.0; MOST_TRACES], [0.0; MOST_TRACES]);
        let (mine, theirs) = (&mut mine[..pre.count], &mut theirs[..post.count]);
        by_delay.for_each(events.source, events.step, |synapse, _, j| {
            post.now(&self.decay_post, j, events.step, theirs);
            if needed(self.kernel.pre_needs, theirs) {
                pre.now(&self.decay_pre, synapse, events.step, mine);
                let touched = Touched { base: synapse, targets: &[0], others: theirs };
                (self.kernel.pre)(&self.constants, self.bounds, mine, &touched, weights);
                changed[j] = true;
            }
            pre.raise(&self.decay_pre, self.adds, synapse, events.step);
        });
    }

    fn postsynaptic(
        &mut self,
        connection: &Connection,
        replica: usize,
        events: &Events,
        weights: &mut [f32],
        changed: &mut [bool],
    ) {
        if events.fired.is_empty() {
            return;
        }
        let (step, to) = (events.step, changed.len());
        let (pre, decay) = (&self.pre[replica], &self.decay_pre);
        let needs = self.kernel.post_needs;
        let s = &mut self.scratch;
        let mut theirs = [0.0; MOST_TRACES];
        let theirs = &mut theirs[..pre.count];
        let dense = matches!(connection, Connection::Dense) && events.by_delay.is_none();
        s.targets.clear();
        s.others.clear();
        if dense {
            for i in pre.active() {
                pre.now(decay, *i as usize, step, theirs);
                if needed(needs, theirs) {
                    s.targets.push(*i * to as u32);
                    theirs.iter().for_each(|x| s.others.push(*x));
                }
            }
        }
        let post = &mut self.post[replica];
        s.mine.resize(post.count, 0.0);
        for j in events.fired.iter().map(|j| *j as usize) {
            if !dense {
                s.targets.clear();
                s.others.clear();
                let per_synapse = events.by_delay.is_some();
                self.columns.for_each(j, |w, i| {
                    pre.now(decay, if per_synapse { w } else { i }, step, theirs);
                    if needed(needs, theirs) {
                        s.targets.push(w as u32);
                        theirs.iter().for_each(|x| s.others.push(*x));
                    }
                });
            }
            if !s.targets.is_empty() {
                post.now(&self.decay_post, j, step, &mut s.mine);
                let base = if dense { j } else { 0 };
                let touched = Touched { base, targets: &s.targets, others: &s.others };
                (self.kernel.post)(&self.constants, self.bounds, &s.mine, &touched, weights);
                changed[j] = true;
            }
            post.raise(&self.decay_post, self.adds, j, step);
        }
    }

    fn every_step(
        &mut self,
        connection: &Connection,
        replica: usize,
        events: &Events,
        weights: &mut [f32],
        changed: &mut [bool],
    ) {
        let (pre, post) = (&self.pre[replica], &self.post[replica]);
        let s = &mut self.scratch;
        s.changes.clear();
        if let (Follows::Membrane, Some((before, after))) = (self.follows, events.membrane) {
            s.changes.extend(after.iter().zip(before).map(|(a, b)| a - b));
        } else {
            // At the end of this step a trace has been raised already.
            let mut now = vec![0.0; post.count];
            for j in 0..changed.len() {
                post.now(&self.decay_post, j, events.step, &mut now);
                s.changes.push(now[0] - s.before[j]);
            }
        }
        s.mine.resize(pre.count, 0.0);
        if events.by_delay.is_some() {
            for j in 0..changed.len() {
                self.columns.for_each(j, |w, _| {
                    pre.now(&self.decay_pre, w, events.step, &mut s.mine);
                    let (change, w) = (&s.changes[j..=j], &mut weights[w..=w]);
                    (self.kernel.step)(&self.constants, self.bounds, &s.mine, change, w);
                });
            }
        } else {
            for i in pre.active() {
                let i = *i as usize;
                pre.now(&self.decay_pre, i, events.step, &mut s.mine);
                let mut each = |w: std::ops::Range<usize>, change: &[f32]| {
                    let weights = &mut weights[w];
                    (self.kernel.step)(&self.constants, self.bounds, &s.mine, change, weights);
                };
                match connection {
                    Connection::Dense => {
                        let to = changed.len();
                        each(i * to..(i + 1) * to, &s.changes);
                    }
                    _ => {
                        for (w, j) in row(connection, i, changed.len()) {
                            each(w..w + 1, &s.changes[j as usize..=j as usize]);
                        }
                    }
                }
            }
        }
        if !pre.active().is_empty() {
            changed.fill(true);
        }
    }

    /// Writes the traces into a snapshot.
    pub(super) fn save(&self, state: &mut ProjectionState) {
        for (pre, post) in self.pre.iter().zip(&self.post) {
            let (values, since) = pre.parts();
            state.pre.extend_from_slice(values);
            state.pre_since.extend_from_slice(since);
            let (values, since) = post.parts();
            state.post.extend_from_slice(values);
            state.post_since.extend_from_slice(since);
        }
    }

    /// Whether a snapshot's traces fit.
    pub(super) fn fits(&self, state: &ProjectionState) -> bool {
        let lengths = |all: &[Traces]| {
            let parts = all.iter().map(|t| (t.parts().0.len(), t.parts().1.len()));
            parts.fold((0, 0), |(a, b), (values, since)| (a + values, b + since))
        };
        lengths(&self.pre) == (state.pre.len(), state.pre_since.len())
            && lengths(&self.post) == (state.post.len(), state.post_since.len())
    }

    /// Brings the traces of a snapshot back.
    pub(super) fn load(&mut self, state: &ProjectionState) {
        let sides = [
            (&mut self.pre, &state.pre, &state.pre_since),
            (&mut self.post, &state.post, &state.post_since),
        ];
        for (traces, values, since) in sides {
            let (mut v, mut s) = (0, 0);
            for one in traces {
                let (a, b) = (one.parts().0.len(), one.parts().1.len());
                one.set_parts(&values[v..v + a], &since[s..s + b]);
                (v, s) = (v + a, s + b);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let sides = self.pre.iter().chain(&self.post);
        sides.map(|t| 4 * (t.parts().0.len() + 2 * t.parts().1.len())).sum()
    }
}

/// Traces that a side of a rule may have.
const MOST_TRACES: usize = 4;

fn needed(needs: &[bool], traces: &[f32]) -> bool {
    needs.iter().zip(traces).any(|(needed, x)| *needed && *x != 0.0)
}

/// Scales the weights onto each changed neuron to this sum, and clips them to their
/// bounds: the sum is short by what was clipped, until the next time.
pub(super) fn normalise(
    projection: &Projection,
    sizes: (usize, usize),
    sum: f32,
    weights: &mut [f32],
    changed: &mut [bool],
) {
    let (from, to) = sizes;
    let free = Bounds { kind: BoundKind::None, ..Bounds::UNIT };
    let bounds = projection.plasticity.as_ref().map_or(free, |p| p.bounds);
    if let Connection::Dense = projection.connection {
        // A list of columns, or all of them: the sums are added up in the
        // order of rows in both.
        if changed.iter().filter(|c| **c).count() * 8 < to {
            let columns: Vec<usize> = (0..to).filter(|j| changed[*j]).collect();
            let mut factors = vec![0.0f32; columns.len()];
            for row in weights.chunks_exact(to) {
                factors.iter_mut().zip(&columns).for_each(|(t, j)| *t += row[*j]);
            }
            factors.iter_mut().for_each(|f| *f = factor(sum, *f));
            for row in weights.chunks_exact_mut(to) {
                factors.iter().zip(&columns).for_each(|(f, j)| row[*j] = bounds.clip(row[*j] * f));
            }
        } else {
            let mut factors = vec![0.0f32; to];
            for row in weights.chunks_exact(to) {
                factors.iter_mut().zip(row).for_each(|(t, w)| *t += w);
            }
            for (f, changed) in factors.iter_mut().zip(&*changed) {
                *f = if *changed { factor(sum, *f) } else { 1.0 };
            }
            for row in weights.chunks_exact_mut(to) {
                for ((w, f), changed) in row.iter_mut().zip(&factors).zip(&*changed) {
                    *w = if *changed { bounds.clip(*w * f) } else { *w };
                }
            }
        }
    } else {
        let columns = Columns::new(&projection.connection, from, to);
        for j in (0..to).filter(|j| changed[*j]) {
            let mut total = 0.0;
            columns.for_each(j, |w, _| total += weights[w]);
            let factor = factor(sum, total);
            columns.for_each(j, |w, _| weights[w] = bounds.clip(weights[w] * factor));
        }
    }
    changed.fill(false);
}

/// Weights that sum to nothing stay as they are.
fn factor(sum: f32, total: f32) -> f32 {
    if total > 0.0 { sum / total } else { 1.0 }
}
