//! The WGSL program of a network: the library in `shaders/lib`, what models and
//! rules declare, with structures of their constants and variables, and a
//! generated part with the places and sizes of this network in it.
//!
//! A step has three phases, with all of one done before the next begins:
//!
//! 1. `advance`: neurons are advanced, inputs spike
//! 2. `settle`: spikes arrive, traces are raised, neurons that spiked are reset
//! 3. `learn`: weights change (only where something is plastic)
//!
//! Each phase consists of parts, and each part of blocks of 256 neurons or
//! synapses. Large networks run a phase as one dispatch, a workgroup for each
//! block. In small ones a single workgroup goes through all blocks, phases and
//! many steps in one dispatch (`whole`), which spares the dispatches. Both run
//! the same functions.

mod learning;
mod neurons;
mod structs;

use std::fmt::Write as _;

use super::BLOCK;
use super::layout::Layout;
use crate::snn::network::{Connection, Delay, Network, Projection};

/// The library: what every program contains.
pub(super) const LIBRARY: &[(&str, &str)] = &[
    ("frame", include_str!("../../../../shaders/lib/frame.wgsl")),
    ("rounding", include_str!("../../../../shaders/lib/rounding.wgsl")),
    ("random", include_str!("../../../../shaders/lib/random.wgsl")),
    ("spikes", include_str!("../../../../shaders/lib/spikes.wgsl")),
    ("deliver", include_str!("../../../../shaders/lib/deliver.wgsl")),
    ("learn", include_str!("../../../../shaders/lib/learn.wgsl")),
    ("sample", include_str!("../../../../shaders/lib/sample.wgsl")),
    ("conductance", include_str!("../../../../shaders/lib/conductance.wgsl")),
];

/// Blocks of a phase that one function works on.
pub(super) struct Part {
    /// The function's name; it takes a block and a lane.
    name: String,
    /// Blocks of one replica, or of all together.
    blocks: u32,
    /// Whether each replica has blocks of its own (and needs nothing of the others).
    per_replica: bool,
    /// Rounds of loops that an invocation does in a block, at most.
    rounds: u64,
    code: String,
}

/// A program, and what a host has to know of it.
pub(super) struct Program {
    pub(super) wgsl: String,
    /// Workgroups of each phase.
    pub(super) advance: u32,
    pub(super) settle: u32,
    pub(super) learn: u32,
    /// Rounds of loops that one invocation does at most: in a phase's dispatch,
    /// and in one step of `whole`. Probes come on top.
    pub(super) rounds_of_phase: u64,
    pub(super) rounds_of_step: u64,
    /// Rounds of a normalisation.
    pub(super) rounds_of_normalisation: u64,
}

/// Whether the events of a projection are counted as spikes that arrive, each
/// of which reaches as many synapses as the others.
pub(super) fn counts_arrivals(projection: &Projection) -> bool {
    let alike = matches!(projection.connection, Connection::Dense | Connection::AllButSelf);
    alike && matches!(projection.delay, Delay::Steps(_))
}

/// Writes the program of a network.
pub(super) fn write(network: &Network, layout: &Layout) -> Program {
    let mut wgsl: String = LIBRARY.iter().map(|(_, text)| *text).collect::<Vec<_>>().join("\n");
    structs::twins(&mut wgsl, network);
    let advance = neurons::advance(network, layout);
    let mut settle = neurons::settle(network, layout);
    settle.extend(learning::settle(network, layout));
    settle.extend(neurons::shared(network, layout));
    let learn = learning::learn(network, layout);
    let normalise = learning::normalise(network, layout);
    for part in advance.iter().chain(&settle).chain(&learn).chain(&normalise) {
        wgsl.push_str(&part.code);
    }
    let replicas = layout.replicas;
    for (name, parts) in [("advance", &advance), ("settle", &settle), ("learn", &learn)] {
        phase(&mut wgsl, name, parts, replicas);
    }
    wgsl.push_str(SAMPLE);
    whole(&mut wgsl, &[&advance, &settle, &learn], replicas);
    normalisation(&mut wgsl, network, &normalise);
    let all = || advance.iter().chain(&settle).chain(&learn);
    let most = |parts: &mut dyn Iterator<Item = &Part>| parts.map(|p| p.rounds).max().unwrap_or(0);
    Program {
        advance: blocks(&advance, replicas),
        settle: blocks(&settle, replicas),
        learn: blocks(&learn, replicas),
        rounds_of_phase: most(&mut all()),
        rounds_of_step: all().map(|p| p.rounds_of_step(replicas)).sum::<u64>() + 1,
        rounds_of_normalisation: most(&mut normalise.iter()),
        wgsl,
    }
}

impl Part {
    fn all_blocks(&self, replicas: u32) -> u32 {
        self.blocks * if self.per_replica { replicas } else { 1 }
    }

    fn rounds_of_step(&self, replicas: u32) -> u64 {
        u64::from(self.all_blocks(replicas)) * (self.rounds + 1)
    }
}

fn blocks(parts: &[Part], replicas: u32) -> u32 {
    parts.iter().map(|p| p.all_blocks(replicas)).sum()
}

/// An entry point that does one phase of one step.
fn phase(wgsl: &mut String, name: &str, parts: &[Part], replicas: u32) {
    if parts.is_empty() {
        return;
    }
    let _ = write!(
        wgsl,
        "
@compute @workgroup_size({BLOCK})
fn {name}(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {{
    now = run.first;
    let block = group.y * groups.x + group.x;
    "
    );
    let mut first = 0;
    for part in parts {
        let end = first + part.all_blocks(replicas);
        let name = &part.name;
        let _ = write!(
            wgsl,
            "if block < {end}u {{
        {name}(block - {first}u, lane);
    }} else "
        );
        first = end;
    }
    wgsl.push_str("{\n    }\n}\n");
}

const SAMPLE: &str = "
@compute @workgroup_size(256)
fn look(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    now = run.first;
    sample(id.x, groups.x * BLOCK);
}
";

/// The entry point that does many steps in one workgroup; where replicas go
/// apart, in one workgroup for each.
fn whole(wgsl: &mut String, phases: &[&Vec<Part>], replicas: u32) {
    let _ = write!(
        wgsl,
        "
@compute @workgroup_size({BLOCK})
fn whole(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {{
    let begin = select(0u, group.x, run.apart == 1u);
    let end = select({replicas}u, group.x + 1u, run.apart == 1u);
    for (var step = 0u; step < run.steps; step++) {{
        now = run.first + step;
        if run.apart == 0u {{
            sample(lane, BLOCK);
        }}
        storageBarrier();
        workgroupBarrier();
"
    );
    for parts in phases.iter().filter(|p| !p.is_empty()) {
        for part in *parts {
            let (name, blocks) = (&part.name, part.blocks);
            let range = if part.per_replica {
                format!("var block = begin * {blocks}u; block < end * {blocks}u; block++")
            } else {
                format!("var block = run.apart * {blocks}u; block < {blocks}u; block++")
            };
            let _ = write!(
                wgsl,
                "        for ({range}) {{
            {name}(block, lane);
        }}
"
            );
        }
        wgsl.push_str("        storageBarrier();\n        workgroupBarrier();\n");
    }
    wgsl.push_str("    }\n}\n");
}

/// The entry point that normalises the weights of one projection.
fn normalisation(wgsl: &mut String, network: &Network, parts: &[Part]) {
    let plastic = network.projections.iter().enumerate().filter(|(_, p)| p.normalise_to.is_some());
    if parts.is_empty() {
        return;
    }
    let _ = write!(
        wgsl,
        "
@compute @workgroup_size({BLOCK})
fn normalise(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {{
    let block = group.y * groups.x + group.x;
"
    );
    for ((index, _), part) in plastic.zip(parts) {
        let name = &part.name;
        let _ = write!(
            wgsl,
            "    if run.projection == {index}u {{
        {name}(block, lane);
    }}
"
        );
    }
    wgsl.push_str("}\n");
}
