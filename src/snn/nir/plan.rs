//! A graph made ready to run: in which order nodes are computed, of which shape everything is,
//! and which edges take a step.
//!
//! In a step every node sees what the nodes before it give in the same step. In a loop this is
//! not possible: there, neurons are seen a step later by what they excite, as in snnTorch and
//! Norse. A delay of a step or more in the loop does the same.

use super::read::{Convolution, Described, Kind, Neurons, Node, Op, times};
use std::collections::HashSet;

use super::run::{MOST_STEPS, Reading};

/// Most numbers that all states and delays may take.
const MOST_STATE: usize = 50_000_000;
/// Largest map, and most elements that a node gives.
const MOST_ELEMENTS: usize = 10_000_000;

/// How neurons of a node move: for each neuron.
#[derive(Clone, Debug)]
pub(super) struct Population {
    pub kind: Kind,
    /// What is left of the potential after a step, and how much of what arrives is added.
    pub keep: Vec<f32>,
    pub gain: Vec<f32>,
    /// What flows from the leak's potential in a step.
    pub leak: Vec<f32>,
    /// What is left of the synaptic current, and how much of what arrives is added to it.
    pub keep_syn: Vec<f32>,
    pub gain_syn: Vec<f32>,
    pub threshold: Vec<f32>,
    pub reset: Vec<f32>,
    pub subtracts: bool,
    pub begins: Vec<f32>,
}

/// What a node computes.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Input,
    Pass,
    Dense {
        weight: Vec<f32>,
        outputs: usize,
        bias: Option<Vec<f32>>,
    },
    Scale(Vec<f32>),
    Convolution {
        of: Convolution,
        input: [usize; 3],
        output: [usize; 3],
        padding: [usize; 2],
    },
    Pool {
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
        input: [usize; 3],
        output: [usize; 3],
        scale: f32,
    },
    /// Steps for each element; whether none is 0, so that what comes out is known before what
    /// comes in.
    Delay {
        steps: Vec<usize>,
        early: bool,
    },
    Threshold(Vec<f32>),
    Neurons(Population),
}

/// A node, ready to run.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub name: String,
    pub kind: String,
    pub work: Work,
    /// What it sees of this step, and of the step before.
    pub now: Vec<usize>,
    pub before: Vec<usize>,
    pub inputs: usize,
    pub outputs: usize,
    pub shape: Vec<usize>,
    pub is_output: bool,
}

/// A graph, ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) nodes: Vec<Ready>,
    pub(super) order: Vec<usize>,
    pub(super) reading: Reading,
    /// What a spike is while it lasts a step.
    pub(super) spike: f32,
    /// Multiplications and additions in a step in which everything spikes.
    pub cost: f64,
}

impl Plan {
    /// Puts it together.
    ///
    /// # Errors
    /// A clause that names the node.
    pub fn new(described: &Described, reading: Reading) -> Result<Self, String> {
        let nodes = &described.nodes;
        let inputs = nodes.iter().filter(|n| matches!(n.op, Op::Input(_))).count();
        if inputs != 1 {
            return Err(format!("it has {inputs} nodes of the kind Input, and one is needed"));
        }
        let early = |n: usize| early(&nodes[n], reading.dt_s);
        let late = late_edges(nodes, &described.edges, &early)?;
        let is_late = |e: &(usize, usize)| late.contains(e);
        // Delays, too, come after what they delay where that is possible: their shape is known
        // then.
        let order = order(nodes.len(), &described.edges, &is_late)
            .or_else(|_| order(nodes.len(), &described.edges, &|e| is_late(e) || early(e.1)))
            .map_err(|n| format!("the node {:?} is in a loop", nodes[n].name))?;
        let mut shapes: Vec<Option<Vec<usize>>> = vec![None; nodes.len()];
        let (mut ready, mut state, mut cost): (Vec<Option<Ready>>, usize, f64) =
            (vec![None; nodes.len()], 0, 0.0);
        for n in order.iter().copied() {
            let node = &nodes[n];
            let fault = |e: String| format!("the node {:?} ({}): {e}", node.name, node.kind);
            let into = || described.edges.iter().filter(|e| e.1 == n);
            let now: Vec<usize> = into().filter(|e| !is_late(e)).map(|e| e.0).collect();
            let before: Vec<usize> = into().filter(|e| is_late(e)).map(|e| e.0).collect();
            let known = now.iter().chain(&before).find_map(|from| shapes[*from].clone());
            let (work, input, shape) = work(&node.op, known, reading).map_err(fault)?;
            let (inputs, outputs) = (count(&input).map_err(fault)?, count(&shape).map_err(fault)?);
            state = state.saturating_add(outputs + inputs).saturating_add(held(&work));
            cost += price(&work, inputs);
            if state > MOST_STATE {
                return Err(fault("from here on it takes too much memory".into()));
            }
            let is_output = node.op == Op::Output;
            let (name, kind) = (node.name.clone(), node.kind.clone());
            shapes[n] = Some(shape.clone());
            ready[n] =
                Some(Ready { name, kind, work, now, before, inputs, outputs, shape, is_output });
        }
        let nodes: Vec<Ready> = ready.into_iter().flatten().collect();
        for node in &nodes {
            for from in node.now.iter().chain(&node.before) {
                let from = &nodes[*from];
                if from.outputs != node.inputs {
                    return Err(format!(
                        "the node {:?} ({}) takes {} numbers, and {:?} gives {}",
                        node.name,
                        node.kind,
                        node.inputs,
                        from.name,
                        times(&from.shape)
                    ));
                }
            }
        }
        let spike = if described.pulses { (1.0 / reading.dt_s) as f32 } else { 1.0 };
        Ok(Self { nodes, order, reading, spike, cost })
    }

    /// How steps are made of it.
    pub fn reading(&self) -> Reading {
        self.reading
    }

    /// The shape of what comes in.
    pub fn input(&self) -> &[usize] {
        let input = self.nodes.iter().find(|n| matches!(n.work, Work::Input));
        input.map_or(&[], |n| &n.shape)
    }

    /// Nodes whose neurons spike: name, kind, how many.
    pub fn populations(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        let spiking = self.nodes.iter().filter(|n| spikes(&n.work));
        spiking.map(|n| (&n.name[..], &n.kind[..], n.outputs))
    }
}

/// Whether a node's neurons spike.
pub(super) fn spikes(work: &Work) -> bool {
    matches!(work, Work::Neurons(p) if p.kind.spikes())
}

/// Whether what a node gives is known before what comes in.
fn early(node: &Node, dt_s: f64) -> bool {
    matches!(&node.op, Op::Delay(d) if d.values.iter().all(|d| in_steps(*d, dt_s) >= 1))
}

fn in_steps(delay_s: f32, dt_s: f64) -> usize {
    (f64::from(delay_s) / dt_s).round() as usize
}

/// Most edges that take a step: each is found by going through the graph once.
const MOST_LATE: usize = 2000;

/// The edges that take a step, so that no loop is left.
fn late_edges(
    nodes: &[Node],
    edges: &[(usize, usize)],
    early: &dyn Fn(usize) -> bool,
) -> Result<HashSet<(usize, usize)>, String> {
    let mut next = followers(nodes.len(), edges, &|e| early(e.1));
    let mut late = HashSet::new();
    while let Some(cycle) = cycle(nodes, &next) {
        // The neurons nearest to where the loop closes.
        let spiking = |n: usize| matches!(&nodes[n].op, Op::Neurons(p) if p.kind.spikes());
        let stateful = |n: usize| matches!(&nodes[n].op, Op::Neurons(_));
        let from = cycle.iter().rposition(|n| spiking(*n));
        let Some(from) = from.or_else(|| cycle.iter().rposition(|n| stateful(*n))) else {
            return Err(format!(
                "the node {:?} ({}) is in a loop without neurons or a delay",
                nodes[cycle[0]].name, nodes[cycle[0]].kind
            ));
        };
        let (from, to) = (cycle[from], cycle[(from + 1) % cycle.len()]);
        next[from].retain(|n| *n != to);
        late.insert((from, to));
        if late.len() > MOST_LATE {
            return Err(format!("more than {MOST_LATE} of its edges lead back"));
        }
    }
    Ok(late)
}

/// Where the edges of each node lead, but for those that `skip` says are not there.
fn followers(
    count: usize,
    edges: &[(usize, usize)],
    skip: &dyn Fn(&(usize, usize)) -> bool,
) -> Vec<Vec<usize>> {
    let mut next = vec![Vec::new(); count];
    edges.iter().filter(|e| !skip(e)).for_each(|(from, to)| next[*from].push(*to));
    next
}

/// A loop, from where it is entered.
fn cycle(nodes: &[Node], next: &[Vec<usize>]) -> Option<Vec<usize>> {
    let input = (0..nodes.len()).filter(|n| matches!(nodes[*n].op, Op::Input(_)));
    let (mut seen, mut on_way) = (vec![false; nodes.len()], vec![false; nodes.len()]);
    for start in input.chain(0..nodes.len()) {
        if seen[start] {
            continue;
        }
        (seen[start], on_way[start]) = (true, true);
        // The way from the start, with the edge to be taken next at each node.
        let mut way = vec![(start, 0)];
        while let Some((n, at)) = way.last_mut() {
            let Some(to) = next[*n].get(*at).copied() else {
                on_way[*n] = false;
                way.pop();
                continue;
            };
            *at += 1;
            if on_way[to] {
                let from = way.iter().position(|(n, _)| *n == to).unwrap_or(0);
                return Some(way[from..].iter().map(|(n, _)| *n).collect());
            }
            if !seen[to] {
                (seen[to], on_way[to]) = (true, true);
                way.push((to, 0));
            }
        }
    }
    None
}

/// Nodes in the order in which they can be computed.
fn order(
    count: usize,
    edges: &[(usize, usize)],
    skip: &dyn Fn(&(usize, usize)) -> bool,
) -> Result<Vec<usize>, usize> {
    let next = followers(count, edges, skip);
    let mut waiting = vec![0; count];
    next.iter().flatten().for_each(|to| waiting[*to] += 1);
    let mut order: Vec<usize> = (0..count).filter(|n| waiting[*n] == 0).collect();
    let mut at = 0;
    while let Some(n) = order.get(at).copied() {
        at += 1;
        for to in &next[n] {
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                order.push(*to);
            }
        }
    }
    waiting.iter().position(|w| *w > 0).map_or(Ok(order), Err)
}

fn count(shape: &[usize]) -> Result<usize, String> {
    let all = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
    match all {
        Some(n) if (1..=MOST_ELEMENTS).contains(&n) => Ok(n),
        _ => Err(format!("{} numbers are none, or too many", times(shape))),
    }
}

/// What a node keeps between steps.
fn held(work: &Work) -> usize {
    match work {
        Work::Delay { steps, .. } => {
            let longest = steps.iter().max().copied().unwrap_or(0);
            steps.len().saturating_mul(longest.saturating_add(1))
        }
        Work::Neurons(p) => 9 * p.keep.len(),
        _ => 0,
    }
}

/// Operations in a step, if nothing that comes in is zero.
fn price(work: &Work, inputs: usize) -> f64 {
    let inputs = inputs as f64;
    match work {
        Work::Dense { outputs, .. } => inputs * *outputs as f64,
        Work::Convolution { of, .. } => {
            let [out, _, h, w] = of.shape;
            inputs * (out / of.groups * h * w) as f64
        }
        Work::Pool { kernel: [h, w], stride, .. } => {
            let seen = h.div_ceil(stride[0]) * w.div_ceil(stride[1]);
            inputs * (h + w * h.div_ceil(stride[0]) + seen) as f64
        }
        _ => inputs,
    }
}

type Made = (Work, Vec<usize>, Vec<usize>);

/// What a node computes, what comes in and what goes out; `known` is the shape of what comes in.
fn work(op: &Op, known: Option<Vec<usize>>, reading: Reading) -> Result<Made, String> {
    let shape = || known.clone().ok_or_else(|| "nothing tells of which shape it is".to_owned());
    let map = || {
        let shape = shape()?;
        // A batch of one may stand before it.
        let bare = shape.strip_prefix(&[1]).filter(|_| shape.len() == 4).unwrap_or(&shape);
        <[usize; 3]>::try_from(bare).map_err(|_| {
            format!("channels × rows × columns are needed here, and {} come", times(&shape))
        })
    };
    Ok(match op {
        Op::Input(shape) => {
            count(shape)?;
            (Work::Input, shape.clone(), shape.clone())
        }
        Op::Output | Op::Pass => {
            let shape = shape()?;
            (Work::Pass, shape.clone(), shape)
        }
        Op::Flatten => {
            let shape = shape()?;
            let flat = vec![count(&shape)?];
            (Work::Pass, shape, flat)
        }
        Op::Dense { weight, inputs, outputs, bias } => {
            let (weight, bias, outputs) = (weight.clone(), bias.clone(), *outputs);
            (Work::Dense { weight, outputs, bias }, vec![*inputs], vec![outputs])
        }
        Op::Scale(scale) => {
            let shape = known.unwrap_or_else(|| scale.shape.clone());
            (Work::Scale(scale.spread(&shape)?), shape.clone(), shape)
        }
        Op::Threshold(threshold) => {
            let shape = known.unwrap_or_else(|| threshold.shape.clone());
            (Work::Threshold(threshold.spread(&shape)?), shape.clone(), shape)
        }
        Op::Delay(delay) => {
            let shape = known.unwrap_or_else(|| delay.shape.clone());
            let delays = delay.spread(&shape)?;
            let steps: Vec<usize> = delays.iter().map(|d| in_steps(*d, reading.dt_s)).collect();
            if let Some(long) = steps.iter().find(|s| **s as u64 > MOST_STEPS) {
                return Err(format!("it waits for {long} steps, more than a run may have"));
            }
            let early = steps.iter().all(|s| *s >= 1);
            (Work::Delay { steps, early }, shape.clone(), shape)
        }
        Op::Convolution(of) => {
            let maps = of.shape[1] * of.groups;
            let input = match (&known, of.input) {
                (None, Some([h, w])) => [maps, h, w],
                (Some(flat), Some([h, w])) if flat.iter().product::<usize>() == maps * h * w => {
                    [maps, h, w]
                }
                _ => map()?,
            };
            if input[0] != maps {
                return Err(format!("it takes {maps} channels, and {} come", times(&input)));
            }
            convolution(of, input)?
        }
        Op::Pool { kernel, stride, padding, mean } => {
            let input = map()?;
            let output = pooled(input, *kernel, *stride, *padding)?;
            let scale = if *mean { 1.0 / (kernel[0] * kernel[1]) as f32 } else { 1.0 };
            let (kernel, stride, padding) = (*kernel, *stride, *padding);
            let work = Work::Pool { kernel, stride, padding, input, output, scale };
            (work, input.to_vec(), output.to_vec())
        }
        Op::Neurons(neurons) => {
            let shape = known.unwrap_or_else(|| neurons.v_threshold.shape.clone());
            let population = population(neurons, &shape, reading)?;
            (Work::Neurons(population), shape.clone(), shape)
        }
    })
}

fn convolution(of: &Convolution, input: [usize; 3]) -> Result<Made, String> {
    let [out, _, kh, kw] = of.shape;
    let padding = of
        .padding
        .unwrap_or_else(|| [(kh - 1) * of.dilation[0] / 2, (kw - 1) * of.dilation[1] / 2]);
    let along = |axis: usize, kernel: usize| {
        let span = of.dilation[axis].checked_mul(kernel - 1).and_then(|s| s.checked_add(1));
        let room = input[axis + 1] + 2 * padding[axis];
        match (span, of.padding) {
            (Some(_), None) => Ok(input[axis + 1]),
            (Some(span), _) if span <= room => Ok((room - span) / of.stride[axis] + 1),
            _ => Err(format!("its kernel is larger than {}", times(&input))),
        }
    };
    let output = [out, along(0, kh)?, along(1, kw)?];
    let of = of.clone();
    let work = Work::Convolution { of, input, output, padding };
    Ok((work, input.to_vec(), output.to_vec()))
}

fn pooled(
    [c, h, w]: [usize; 3],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
) -> Result<[usize; 3], String> {
    let along = |size: usize, axis: usize| {
        let room = size + 2 * padding[axis];
        let over = room.checked_sub(kernel[axis]);
        over.map(|over| over / stride[axis] + 1)
            .ok_or_else(|| format!("its window is larger than {}", times(&[c, h, w])))
    };
    Ok([c, along(h, 0)?, along(w, 1)?])
}

fn population(neurons: &Neurons, shape: &[usize], reading: Reading) -> Result<Population, String> {
    let n = count(shape)?;
    let spread = |param: &super::read::Param| param.spread(shape);
    let (tau, r) = (spread(&neurons.tau)?, spread(&neurons.r)?);
    let (tau_syn, w_in) = (spread(&neurons.tau_syn)?, spread(&neurons.w_in)?);
    let v_leak = spread(&neurons.v_leak)?;
    let (mut keep, mut gain, mut leak) = (vec![1.0; n], vec![1.0; n], vec![0.0; n]);
    let (mut keep_syn, mut gain_syn) = (vec![0.0; n], vec![1.0; n]);
    for i in 0..n {
        let (share, left) = reading.decay(f64::from(tau[i]));
        let resistance = f64::from(r[i]);
        if neurons.kind.leaks() {
            keep[i] = left as f32;
            gain[i] = if reading.scales() { (resistance * share) as f32 } else { r[i] };
            leak[i] = (f64::from(v_leak[i]) * share) as f32;
        } else {
            gain[i] = (resistance * reading.dt_s) as f32;
        }
        if neurons.kind.filters() {
            let (share, left) = reading.decay(f64::from(tau_syn[i]));
            keep_syn[i] = left as f32;
            gain_syn[i] =
                if reading.jumps() { w_in[i] } else { (f64::from(w_in[i]) * share) as f32 };
        }
    }
    let least = |all: &[f32]| all.iter().copied().fold(f32::MAX, f32::min);
    let shortest = match (neurons.kind.leaks(), neurons.kind.filters()) {
        (true, true) => least(&tau).min(least(&tau_syn)),
        (true, false) => least(&tau),
        _ => f32::MAX,
    };
    // Euler's steps would swing, and grow without end.
    if reading.is_euler() && f64::from(shortest) < reading.dt_s * (1.0 - 1e-6) {
        return Err(format!(
            "its time constant of {shortest} s is shorter than the step of {} s; a smaller step is needed",
            reading.dt_s
        ));
    }
    let threshold = spread(&neurons.v_threshold)?;
    let reset = spread(&neurons.v_reset)?;
    let (kind, subtracts) = (neurons.kind, neurons.subtracts);
    let begins = match neurons.v_initial {
        Some(v) => vec![v; n],
        // At rest, which is 0 in what snnTorch, Norse and Sinabs write.
        None => v_leak,
    };
    Ok(Population {
        kind,
        keep,
        gain,
        leak,
        keep_syn,
        gain_syn,
        threshold,
        reset,
        subtracts,
        begins,
    })
}
