//! The parts of a step that concern neurons and inputs: advancing them,
//! delivering spikes to them, resetting them.

use super::structs::camel;
use super::{Part, counts_arrivals};
use crate::snn::engine::source_number;
use crate::snn::gpu::BLOCK;
use crate::snn::gpu::layout::{Layout, PopulationPlaces, SourcePlaces};
use crate::snn::network::{Connection, ConvolutionShape, Delay, Network, Population, Projection};

/// What each function of a part that belongs to replicas begins with.
pub(super) fn head(name: &str, blocks: u32) -> String {
    format!(
        "
fn {name}(block: u32, lane: u32) {{
    let replica = block / {blocks}u;
    let j = (block % {blocks}u) * BLOCK + lane;
"
    )
}

/// Where the bits of a source begin, `delay` steps ago.
pub(super) fn bits(layout: &Layout, source: &SourcePlaces, delay: u32, replica: &str) -> String {
    let SourcePlaces { bits, words, .. } = source;
    let (mask, replicas) = (layout.ring_mask, layout.replicas);
    format!("{bits}u + (((now - {delay}u) & {mask}u) * {replicas}u + {replica}) * {words}u")
}

/// Where the lists of a source begin, and their lengths.
fn lists(layout: &Layout, source: &SourcePlaces, delay: u32) -> (String, String) {
    let Some((list, count)) = source.list else {
        return ("0u".to_owned(), "NO_LIST".to_owned());
    };
    let (mask, replicas, blocks) = (layout.list_mask, layout.replicas, source.blocks);
    let slot = format!("(((now - {delay}u) & {mask}u) * {replicas}u + replica) * {blocks}u");
    (format!("{list}u + {slot} * BLOCK"), format!("{count}u + {slot}"))
}

/// A structure of variables `[variable][neuron]`, loaded from `state[at …]`.
fn load(kind: &str, variables: usize, n: usize) -> String {
    let each: Vec<String> = (0..variables).map(|v| format!("state[at + {}u]", v * n)).collect();
    format!("{kind}({})", each.join(", "))
}

fn store(from: &str, names: &[&str], n: usize, indent: &str) -> String {
    let line =
        |(v, name): (usize, &&str)| format!("{indent}state[at + {}u] = {from}.{name};\n", v * n);
    names.iter().enumerate().map(line).collect()
}

fn names(population: &Population, shared: bool) -> Vec<&'static str> {
    population.model.state.iter().filter(|s| s.shared == shared).map(|s| s.name).collect()
}

/// The end of a function that found out whether a neuron fired.
fn note(layout: &Layout, s: &SourcePlaces) -> String {
    let (list, count) = lists(layout, s, 0);
    let (words, blocks, tally) = (s.words, s.blocks, s.tally);
    let bits = bits(layout, s, 0, "replica");
    let (list, count) = match s.list {
        Some(_) => (format!("{list} + part * BLOCK"), format!("{count} + part")),
        None => (list, count),
    };
    format!(
        "    let part = block % {blocks}u;
    note_spikes(
        lane,
        j,
        fired,
        {bits} + part * 8u,
        min(8u, {words}u - part * 8u),
        {list},
        {count},
        {tally}u,
    );
}}
"
    )
}

/// Phase 1.
pub(super) fn advance(network: &Network, layout: &Layout) -> Vec<Part> {
    let mut parts = Vec::new();
    for (p, population) in network.populations.iter().enumerate() {
        let source = &layout.sources[p];
        let name = format!("advance_{p}");
        let body = advance_body(network, layout, p, population);
        let code = head(&name, source.blocks) + &body + &note(layout, source);
        let rounds = 8 + u64::from(layout.replicas);
        parts.push(Part { name, blocks: source.blocks, per_replica: true, rounds, code });
    }
    let row: u32 = layout.sources[network.populations.len()..].iter().map(|s| s.words).sum();
    let mut before = 0;
    for (i, places) in layout.inputs.iter().enumerate() {
        let source = &layout.sources[network.populations.len() + i];
        let name = format!("emit_{i}");
        let n = source.neurons;
        let (listed, keys, thresholds) = (places.listed, places.keys, places.thresholds);
        let body = format!(
            "    var fired = false;
    if j < {n}u {{
        if given[{listed}u + replica] == 1u {{
            let word = run.listed + (now - run.begin) * {row}u + {before}u + (j >> 5u);
            fired = run.listed > 0u && ((drive[word] >> (j & 31u)) & 1u) == 1u;
        }} else {{
            let below = given[{thresholds}u + replica * {n}u + j];
            fired = below > 0u && draw({keys}u + 2u * replica, j) < below;
        }}
    }}
"
        );
        let code = head(&name, source.blocks) + &body + &note(layout, source);
        parts.push(Part { name, blocks: source.blocks, per_replica: true, rounds: 8, code });
        before += source.words;
    }
    parts
}

fn advance_body(network: &Network, layout: &Layout, p: usize, population: &Population) -> String {
    let places = &layout.populations[p];
    let (model, n) = (population.model, population.size);
    let (id, kind) = (model.id, camel(model.id));
    let own = names(population, false);
    let PopulationPlaces { own: first, shared: at_shared, refractory, constants, .. } = places;
    let width = own.len() * n;
    let mut current = "0.0".to_owned();
    for (k, _) in network.currents.iter().enumerate().filter(|(_, c)| c.to == p) {
        let of = &layout.currents[k];
        let all = network.currents.len();
        current = format!(
            "r({current} + injected(given[{}u], state[{}u + j], bitcast<f32>(drive[run.currents + (now - run.begin) * {all}u + {k}u])))",
            of.varies, of.each
        );
    }
    let shared = names(population, true);
    let (learnt, argument) = if shared.is_empty() {
        (String::new(), "")
    } else {
        let each: Vec<String> =
            (0..shared.len()).map(|s| format!("state[{at_shared}u + {}u + j]", s * n)).collect();
        let (every, replicas, each) = (layout.slow_every, layout.replicas, each.join(", "));
        let text = format!(
            "        var learnt = {kind}Shared({each});
        if now > 0u && now % {every}u == 0u {{
            for (var k = 0u; k < {replicas}u; k++) {{
                learnt = {id}_slow(c, learnt);
            }}
        }}
"
        );
        (text, "learnt, ")
    };
    let fires = if shared.is_empty() { "c, y" } else { "c, y, learnt" };
    let keep = places.change.map_or(String::new(), |at| {
        format!("        state[{at}u + replica * {n}u + j] = x.{};\n", own[0])
    });
    let load = load(&format!("{kind}State"), own.len(), n);
    let store = store("y", &own, n, "        ");
    format!(
        "    var fired = false;
    if j < {n}u {{
        let c = {id}_constants({constants}u);
        let at = {first}u + replica * {width}u + j;
        let x = {load};
        let rest_at = {refractory}u + replica * {n}u + j;
        let rest = max(cells[rest_at], 1u) - 1u;
        cells[rest_at] = rest;
        let current = {current};
{keep}{learnt}        let y = {id}_step(c, x, {argument}current, rest == 0u);
        fired = rest == 0u && {id}_fires({fires});
{store}    }}
"
    )
}

/// Phase 2, where it concerns what each replica has for itself.
pub(super) fn settle(network: &Network, layout: &Layout) -> Vec<Part> {
    let part = |(p, population): (usize, &Population)| {
        let source = &layout.sources[p];
        let places = &layout.populations[p];
        let n = population.size;
        let (id, kind) = (population.model.id, camel(population.model.id));
        let own = names(population, false);
        let width = own.len() * n;
        let name = format!("settle_{p}");
        let mut code = head(&name, source.blocks);
        code += &format!(
            "    if j >= {n}u {{
        return;
    }}
    let at = {}u + replica * {width}u + j;
",
            places.own
        );
        let mut rounds = 0;
        for (k, q) in network.projections.iter().enumerate().filter(|(_, q)| q.to == p) {
            let (text, most) = arrivals(network, layout, k, q);
            code += &text;
            rounds += most;
        }
        if let Some(change) = places.change {
            code += &format!(
                "    let change_at = {change}u + replica * {n}u + j;
    state[change_at] = r(state[at] - state[change_at]);
"
            );
        }
        let bits = bits(layout, source, 0, "replica");
        let load = load(&format!("{kind}State"), own.len(), n);
        let store = store("y", &own, n, "        ");
        let PopulationPlaces { constants, refractory, counts, rest, .. } = places;
        code += &format!(
            "    if spiked({bits}, j) {{
        let y = {id}_reset({id}_constants({constants}u), {load});
{store}        cells[{refractory}u + replica * {n}u + j] = given[{rest}u];
        cells[{counts}u + replica * {n}u + j] += 1u;
    }}
}}
"
        );
        Part { name, blocks: source.blocks, per_replica: true, rounds, code }
    };
    network.populations.iter().enumerate().map(part).collect()
}

/// The spikes of one projection arrive at neuron `j`; the rounds of loops that
/// this takes at most.
fn arrivals(network: &Network, layout: &Layout, k: usize, q: &Projection) -> (String, u64) {
    let places = &layout.projections[k];
    let source = &layout.sources[usize::from(source_number(network, q.from))];
    let n = network.populations[q.to].size;
    let onto = q.onto * n;
    let first = places.weights;
    let delay = q.delay.most();
    let bits = bits(layout, source, delay, "replica");
    let (list, count) = lists(layout, source, delay);
    let SourcePlaces { blocks, neurons, words, .. } = source;
    let (sources, lists) = (u64::from(*neurons), u64::from(*blocks));
    let x = format!("state[at + {onto}u]");
    let (call, rounds) = match (&q.connection, &q.delay, &places.columns) {
        (_, Delay::Each(_), Some(c)) => {
            let (replicas, mask, ring) = (layout.replicas, layout.ring_mask, source.bits);
            let stride = replicas * words;
            let call = format!(
                "delayed({x}, {ring}u + replica * {words}u, {mask}u, {stride}u, {}u, {}u, {}u, {}u, {first}u, j)",
                c.offsets, c.sources, c.synapses, c.delays
            );
            (call, c.longest as u64)
        }
        (Connection::Sparse { .. }, _, Some(c)) => {
            let call = format!(
                "sparse({x}, {bits}, {list}, {count}, {blocks}u, {}u, {}u, {}u, {first}u, j)",
                c.offsets, c.sources, c.synapses
            );
            // At most an eighth as many searches as there are synapses.
            (call, 2 * lists + 5 * c.longest as u64)
        }
        (Connection::OneToOne, ..) => (format!("one_to_one({x}, {bits}, {first}u, j)"), 0),
        (Connection::AllButSelf, ..) => {
            let call = format!("all_but_self({x}, {bits}, {count}, {blocks}u, {first}u, j)");
            (call, lists)
        }
        (Connection::Convolution(shape), ..) => convolution(shape, &x, &bits, first),
        _ => {
            let call = format!("dense({x}, {list}, {count}, {blocks}u, {first}u, {n}u, j)");
            (call, lists + sources)
        }
    };
    let events = places.events;
    let tally = if counts_arrivals(q) {
        format!(
            "    if j == 0u {{
        atomicAdd(&marks[{events}u], listed({count}, {blocks}u));
    }}
"
        )
    } else {
        format!(
            "    if events > 0u {{
        atomicAdd(&marks[{events}u], events);
        events = 0u;
    }}
"
        )
    };
    (format!("    {x} = {call};\n{tally}"), rounds + lists)
}

fn convolution(shape: &ConvolutionShape, x: &str, bits: &str, first: u32) -> (String, u64) {
    let [channels, height, width] = shape.input;
    let [kernel_height, kernel_width] = shape.kernel;
    let (stride, padding) = (shape.stride, shape.padding);
    let [_, out_height, out_width] = shape.output().unwrap_or([1; 3]);
    let each = [
        channels,
        height,
        width,
        kernel_height,
        kernel_width,
        stride,
        padding,
        out_height,
        out_width,
    ];
    let each = each.map(|v| format!("{v}u")).join(", ");
    let call = format!("convolution({x}, {bits}, {first}u, Convolution({each}), j)");
    (call, (channels * (1 + kernel_height * (1 + kernel_width))) as u64)
}

/// Phase 2, where it concerns what all replicas share: decay, and the spikes of
/// each.
pub(super) fn shared(network: &Network, layout: &Layout) -> Vec<Part> {
    let part = |(p, population): (usize, &Population)| {
        let shared = names(population, true);
        if shared.is_empty() {
            return None;
        }
        let (source, places, n) = (&layout.sources[p], &layout.populations[p], population.size);
        let (id, kind) = (population.model.id, camel(population.model.id));
        let load = load(&format!("{kind}Shared"), shared.len(), n);
        let store = store("learnt", &shared, n, "    ");
        let (every, replicas) = (layout.slow_every, layout.replicas);
        let bits = bits(layout, source, 0, "replica");
        let name = format!("shared_{p}");
        let code = format!(
            "
fn {name}(block: u32, lane: u32) {{
    let j = block * {BLOCK}u + lane;
    if j >= {n}u {{
        return;
    }}
    let c = {id}_constants({}u);
    let at = {}u + j;
    var learnt = {load};
    if now > 0u && now % {every}u == 0u {{
        for (var k = 0u; k < {replicas}u; k++) {{
            learnt = {id}_slow(c, learnt);
        }}
    }}
    for (var replica = 0u; replica < {replicas}u; replica++) {{
        if spiked({bits}, j) {{
            learnt = {id}_reset_shared(c, learnt);
        }}
    }}
{store}}}
",
            places.constants, places.shared
        );
        let rounds = 2 * u64::from(replicas);
        Some(Part { name, blocks: source.blocks, per_replica: false, rounds, code })
    };
    network.populations.iter().enumerate().filter_map(part).collect()
}
