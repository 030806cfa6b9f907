//! The parts of a step that concern plasticity, and normalisation.
//!
//! Each weight is changed by one invocation alone, which goes through the
//! replicas in order: so the changes come in the order in which the CPU makes
//! them, and nothing is added by atomic operations.

use super::Part;
use super::neurons::{bits, head};
use super::structs::camel;
use crate::snn::engine::source_number;
use crate::snn::gpu::BLOCK;
use crate::snn::gpu::layout::{Columns, Layout, LearningPlaces, ProjectionPlaces, SidePlaces};
use crate::snn::network::{Connection, Delay, Network, Plasticity, Projection};
use crate::snn::plasticity::Trace;

/// How often traces that are gone are forgotten, in steps; as on the CPU.
const PRUNE_EVERY: u32 = 32;
/// How often spikes of long ago are forgotten, in steps; as in `cpu/learn.rs`.
const FORGET_EVERY: u32 = 1 << 24;

/// A plastic projection with everything about it.
struct Plastic<'a> {
    index: usize,
    network: &'a Network,
    layout: &'a Layout,
    projection: &'a Projection,
    plasticity: &'a Plasticity,
    places: &'a ProjectionPlaces,
    learning: &'a LearningPlaces,
}

fn plastic<'a>(network: &'a Network, layout: &'a Layout) -> Vec<Plastic<'a>> {
    let all = network.projections.iter().zip(&layout.projections).enumerate();
    all.filter_map(|(index, (projection, places))| {
        let plasticity = projection.plasticity.as_ref()?;
        let learning = places.learning.as_ref()?;
        Some(Plastic { index, network, layout, projection, plasticity, places, learning })
    })
    .collect()
}

impl Plastic<'_> {
    fn per_synapse(&self) -> bool {
        matches!(self.projection.delay, Delay::Each(_))
    }

    /// Bits of the source as they arrive; `delay` is an expression.
    fn arriving(&self, replica: &str, delay: Option<&str>) -> String {
        let source =
            &self.layout.sources[usize::from(source_number(self.network, self.projection.from))];
        let text = bits(self.layout, source, self.projection.delay.most(), replica);
        match delay {
            None => text,
            Some(delay) => {
                let fixed = format!("(now - {}u)", self.projection.delay.most());
                text.replace(&fixed, &format!("(now - {delay})"))
            }
        }
    }

    fn firing(&self, replica: &str) -> String {
        bits(self.layout, &self.layout.sources[self.projection.to], 0, replica)
    }

    /// A structure of the traces of neuron `neuron`, from `values`.
    fn traces(&self, side: &str, places: &SidePlaces, values: u32, neuron: &str) -> String {
        let (count, n) = (places.count, places.neurons);
        let each: Vec<String> = (0..count)
            .map(|t| format!("state[{values}u + (replica * {count}u + {t}u) * {n}u + {neuron}]"))
            .collect();
        format!("{}{side}({})", camel(self.plasticity.rule.id), each.join(", "))
    }
}

/// Traces that must not be zero for anything to change.
fn needed(of: &str, traces: &[Trace], needs: &[bool]) -> String {
    let each = traces.iter().zip(needs).filter(|(_, n)| **n);
    let each: Vec<String> = each.map(|(t, _)| format!("{of}.{} != 0.0", t.name)).collect();
    if each.is_empty() { "false".to_owned() } else { each.join(" || ") }
}

/// Phase 2: traces, and which neurons spiked in any replica.
pub(super) fn settle(network: &Network, layout: &Layout) -> Vec<Part> {
    let mut parts = Vec::new();
    for p in plastic(network, layout) {
        parts.push(raise(&p, true));
        parts.push(raise(&p, false));
        if let Some((pre, post)) = p.learning.any {
            parts.push(any(&p, "pre", pre, &p.arriving("replica", None), p.from()));
            parts.push(any(&p, "post", post, &p.firing("replica"), p.to()));
        }
    }
    parts
}

impl Plastic<'_> {
    fn from(&self) -> usize {
        self.network.describe(self.projection.from).1
    }

    fn to(&self) -> usize {
        self.network.populations[self.projection.to].size
    }
}

/// Which of `n` neurons spiked in any replica.
fn any(p: &Plastic, side: &str, at: u32, bits: &str, n: usize) -> Part {
    let name = format!("any_{side}_{}", p.index);
    let (words, replicas) = (n.div_ceil(32), p.layout.replicas);
    let code = format!(
        "
fn {name}(block: u32, lane: u32) {{
    let word = block * {BLOCK}u + lane;
    if word >= {words}u {{
        return;
    }}
    var all = 0u;
    for (var replica = 0u; replica < {replicas}u; replica++) {{
        all |= spikes[{bits} + word];
    }}
    spikes[{at}u + word] = all;
}}
"
    );
    let blocks = words.div_ceil(BLOCK as usize) as u32;
    Part { name, blocks, per_replica: false, rounds: u64::from(replicas), code }
}

/// The traces of one side, in this step: before a spike, and after it.
fn raise(p: &Plastic, pre: bool) -> Part {
    let (side, places) = if pre { ("pre", &p.learning.pre) } else { ("post", &p.learning.post) };
    let SidePlaces { neurons: n, count, values, before, after, since, tables } = places;
    let name = format!("raise_{side}_{}", p.index);
    let blocks = n.div_ceil(BLOCK);
    let LearningPlaces { on, adds, .. } = p.learning;
    let (spiked, neuron) = match (&p.places.columns, pre) {
        (Some(c), true) if p.per_synapse() => {
            let delay = format!("given[{}u + j]", c.delays);
            (p.arriving("replica", Some(&delay)), format!("given[{}u + j]", c.source_of))
        }
        (_, true) => (p.arriving("replica", None), "j".to_owned()),
        (_, false) => (p.firing("replica"), "j".to_owned()),
    };
    let mut code = head(&name, blocks);
    code += &format!(
        "    if j >= {n}u || given[{on}u] == 0u {{
        return;
    }}
    let hit = spiked({spiked}, {neuron});
    let since_at = {since}u + replica * {n}u + j;
    var since = cells[since_at];
    let age = now + 1u - since;
"
    );
    for t in 0..*count {
        let table = tables + 2 * t;
        code += &format!(
            "    let at_{t} = (replica * {count}u + {t}u) * {n}u + j;
    let value_{t} = state[{values}u + at_{t}];
    let x_{t} = decayed(since, value_{t}, age, {table}u);
    var y_{t} = x_{t};
    if hit {{
        y_{t} = r(select(0.0, x_{t}, given[{adds}u] == 1u) + 1.0);
        state[{values}u + at_{t}] = y_{t};
    }}
    state[{before}u + at_{t}] = x_{t};
    state[{after}u + at_{t}] = y_{t};
"
        );
    }
    if let (Some(change), false) = (p.learning.change, pre) {
        code += &format!(
            "    let earlier = decayed(since, value_0, age - 1u, {tables}u);
    state[{change}u + replica * {n}u + j] = r(y_0 - earlier);
"
        );
    }
    code += "    if hit {\n        since = max(now + 1u, 1u);\n    }\n";
    let longest = tables + 2 * count;
    if let (Some(active), true) = (p.learning.active, pre) {
        let all = p.places.all_changed;
        // Those whose traces are gone are left out only now and then.
        code += &format!(
            "    let live_at = {active}u + replica * {n}u + j;
    let live = hit || cells[live_at] == 1u;
    if live {{
        atomicStore(&marks[{all}u], 1u);
    }}
    let gone = now % {PRUNE_EVERY}u == 0u && now + 1u - since >= given[{longest}u];
    cells[live_at] = select(0u, 1u, live && !gone);
"
        );
    }
    code += &format!(
        "    if now % {FORGET_EVERY}u == 0u && since != 0u && now + 1u - since >= given[{longest}u] {{
        since = 0u;
    }}
    cells[since_at] = since;
}}
"
    );
    Part { name, blocks, per_replica: true, rounds: 1, code }
}

/// Phase 3.
pub(super) fn learn(network: &Network, layout: &Layout) -> Vec<Part> {
    let mut parts = Vec::new();
    for p in plastic(network, layout) {
        let synapse = synapse(&p);
        match p.learning.any {
            Some((pre, post)) => {
                let mut rows = rows(&p, pre);
                rows.code.insert_str(0, &synapse);
                parts.push(rows);
                parts.push(columns(&p, pre, post));
            }
            None => {
                let mut sweep = sweep(&p);
                sweep.code.insert_str(0, &synapse);
                parts.push(sweep);
            }
        }
    }
    parts
}

/// The weight of a synapse after this step: `i` is its source, `trace` the
/// place of the presynaptic traces, `delay` the steps its spikes travel.
fn synapse(p: &Plastic) -> String {
    let (k, rule) = (p.index, p.plasticity.rule);
    let (id, replicas) = (rule.id, p.layout.replicas);
    let LearningPlaces { constants, bounds, pre, post, membrane, .. } = p.learning;
    let changed = p.places.changed;
    let post_before = p.traces("Post", post, post.before, "j");
    let post_needed = needed("post", rule.post, rule.kernel.pre_needs);
    let pre_before = p.traces("Pre", pre, pre.before, "trace");
    let pre_after = p.traces("Pre", pre, pre.after, "trace");
    let pre_needed = needed("pre", rule.pre, rule.kernel.post_needs);
    let (arriving, firing) = (p.arriving("replica", Some("delay")), p.firing("replica"));
    let every = match (p.learning.change, p.learning.active) {
        (Some(rate), Some(active)) => {
            let (n, to) = (pre.neurons, p.to());
            let v = p.layout.populations[p.projection.to].change.unwrap_or(0);
            let active = if p.per_synapse() {
                "true".to_owned()
            } else {
                format!("cells[{active}u + replica * {n}u + trace] == 1u")
            };
            format!(
                "        if {active} {{
            let place = select({rate}u, {v}u, given[{membrane}u] == 1u);
            let change = state[place + replica * {to}u + j];
            w = bounded({bounds}u, w, {id}_on_step(c, {pre_after}, change));
        }}
"
            )
        }
        _ => String::new(),
    };
    format!(
        "
fn synapse_{k}(start: f32, i: u32, trace: u32, delay: u32, j: u32) -> f32 {{
    let c = {id}_constants({constants}u);
    var w = start;
    for (var replica = 0u; replica < {replicas}u; replica++) {{
        if spiked({arriving}, i) {{
            let post = {post_before};
            if {post_needed} {{
                w = bounded({bounds}u, w, {id}_on_pre(c, {pre_before}, post));
                atomicStore(&marks[{changed}u + j], 1u);
            }}
        }}
        if spiked({firing}, j) {{
            let pre = {pre_after};
            if {pre_needed} {{
                w = bounded({bounds}u, w, {id}_on_post(c, pre, {post_before}));
                atomicStore(&marks[{changed}u + j], 1u);
            }}
        }}
{every}    }}
    return w;
}}
"
    )
}

/// The rows of sources whose spikes arrive: 32 sources and 256 targets a block.
fn rows(p: &Plastic, pre: u32) -> Part {
    let (k, n, on) = (p.index, p.to(), p.learning.on);
    let (first, delay) = (p.places.weights, p.projection.delay.most());
    let across = n.div_ceil(BLOCK as usize) as u32;
    let name = format!("rows_{k}");
    let code = format!(
        "
fn {name}(block: u32, lane: u32) {{
    let word = block / {across}u;
    let j = (block % {across}u) * BLOCK + lane;
    var bits = spikes[{pre}u + word];
    if bits == 0u || j >= {n}u || given[{on}u] == 0u {{
        return;
    }}
    while bits != 0u {{
        let i = word * 32u + firstTrailingBit(bits);
        bits &= bits - 1u;
        let at = {first}u + i * {n}u + j;
        weights[at] = synapse_{k}(weights[at], i, i, {delay}u, j);
    }}
}}
"
    );
    let rounds = 32 * (1 + u64::from(p.layout.replicas));
    let blocks = across * p.from().div_ceil(32) as u32;
    Part { name, blocks, per_replica: false, rounds, code }
}

/// The columns of targets that spiked, but for what [`rows`] did: 32 targets
/// and 256 sources a block.
fn columns(p: &Plastic, pre: u32, post: u32) -> Part {
    let (k, n, from, on) = (p.index, p.to(), p.from(), p.learning.on);
    let (first, delay) = (p.places.weights, p.projection.delay.most());
    let across = from.div_ceil(BLOCK as usize) as u32;
    let name = format!("columns_{k}");
    let code = format!(
        "
fn {name}(block: u32, lane: u32) {{
    let word = block / {across}u;
    let i = (block % {across}u) * BLOCK + lane;
    var bits = spikes[{post}u + word];
    if bits == 0u || i >= {from}u || given[{on}u] == 0u || spiked({pre}u, i) {{
        return;
    }}
    while bits != 0u {{
        let j = word * 32u + firstTrailingBit(bits);
        bits &= bits - 1u;
        let at = {first}u + i * {n}u + j;
        weights[at] = synapse_{k}(weights[at], i, i, {delay}u, j);
    }}
}}
"
    );
    let rounds = 32 * (1 + u64::from(p.layout.replicas));
    let blocks = across * n.div_ceil(32) as u32;
    Part { name, blocks, per_replica: false, rounds, code }
}

/// All synapses of a projection that is not dense, has delays for each synapse
/// or learns in every step.
fn sweep(p: &Plastic) -> Part {
    let (k, on, first) = (p.index, p.learning.on, p.places.weights);
    let (synapses, n) = (p.projection.weights.len(), p.to());
    let fixed = format!("{}u", p.projection.delay.most());
    let of = match (&p.projection.connection, &p.places.columns) {
        (_, Some(Columns { source_of, target_of, delays, .. })) => {
            let source = format!("given[{source_of}u + s]");
            let (trace, delay) = if p.per_synapse() {
                ("s".to_owned(), format!("given[{delays}u + s]"))
            } else {
                (source.clone(), fixed)
            };
            format!("{source}, {trace}, {delay}, given[{target_of}u + s]")
        }
        (Connection::OneToOne, None) => format!("s, s, {fixed}, s"),
        (_, None) => format!("s / {n}u, s / {n}u, {fixed}, s % {n}u"),
    };
    let name = format!("sweep_{k}");
    let code = format!(
        "
fn {name}(block: u32, lane: u32) {{
    let s = block * {BLOCK}u + lane;
    if s >= {synapses}u || given[{on}u] == 0u {{
        return;
    }}
    weights[{first}u + s] = synapse_{k}(weights[{first}u + s], {of});
}}
"
    );
    let (rounds, blocks) = (u64::from(p.layout.replicas), synapses.div_ceil(BLOCK as usize) as u32);
    Part { name, blocks, per_replica: false, rounds, code }
}

/// Normalisation, one part for each projection that has a sum.
pub(super) fn normalise(network: &Network, layout: &Layout) -> Vec<Part> {
    let all = network.projections.iter().zip(&layout.projections).enumerate();
    let part = |(k, (p, places)): (usize, (&Projection, &ProjectionPlaces))| {
        p.normalise_to?;
        let (from, n) = (network.describe(p.from).1, network.populations[p.to].size);
        let ProjectionPlaces { weights, changed, all_changed, sum, columns, .. } = places;
        let (range, at, longest) = match (columns, &p.connection) {
            (Some(c), _) => (
                format!("k = given[{}u + j]; k < given[{}u + j]; k++", c.offsets, c.offsets + 1),
                format!("{weights}u + given[{}u + k]", c.by_source),
                c.longest,
            ),
            (None, Connection::OneToOne) => {
                ("k = j; k <= j; k++".to_owned(), format!("{weights}u + k"), 1)
            }
            (None, _) => {
                (format!("k = 0u; k < {from}u; k++"), format!("{weights}u + k * {n}u + j"), from)
            }
        };
        let scaled = format!("r(weights[{at}] * by)");
        let scaled = match &places.learning {
            Some(l) => format!("clipped({}u, {scaled})", l.bounds),
            None => scaled,
        };
        let name = format!("normalise_{k}");
        let code = format!(
            "
fn {name}(block: u32, lane: u32) {{
    let j = block * {BLOCK}u + lane;
    if j >= {n}u {{
        return;
    }}
    if atomicLoad(&marks[{changed}u + j]) == 0u && atomicLoad(&marks[{all_changed}u]) == 0u {{
        return;
    }}
    atomicStore(&marks[{changed}u + j], 0u);
    var total = 0.0;
    for (var {range}) {{
        total = r(total + weights[{at}]);
    }}
    let by = factor(number({sum}u), total);
    for (var {range}) {{
        weights[{at}] = {scaled};
    }}
}}
"
        );
        let blocks = n.div_ceil(BLOCK as usize) as u32;
        Some(Part { name, blocks, per_replica: false, rounds: 1 + 2 * longest as u64, code })
    };
    all.filter_map(part).collect()
}
