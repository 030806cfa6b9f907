// What every program is given. One set of bindings serves all entry points; the
// buffers are divided by src/snn/gpu/layout.rs, and places in them are numbers
// that the generated part of a program (src/snn/gpu/program) is full of.

// The uniform of one dispatch: src/snn/gpu/run.rs.
struct Run {
    // Always 0, which the compiler cannot know: see lib/rounding.wgsl.
    zero: u32,
    // The dispatch begins with this step and does so many.
    first: u32,
    steps: u32,
    // The first step of the portion: rows of `drive` and `samples` count from it.
    begin: u32,
    // 1: each workgroup takes one replica through all steps.
    apart: u32,
    // Which projection is normalised.
    projection: u32,
    // Where the varying currents are in `drive`, `[step][current]`.
    currents: u32,
    // Where the bits of listed spikes are, `[step][word]`; 0: there are none.
    listed: u32,
}

@group(0) @binding(0) var<uniform> run: Run;
// Variables of neurons, traces, injected currents.
@group(0) @binding(1) var<storage, read_write> state: array<f32>;
@group(0) @binding(2) var<storage, read_write> weights: array<f32>;
// Spikes: as bits for the last steps, and as lists.
@group(0) @binding(3) var<storage, read_write> spikes: array<u32>;
// Refractory steps, spike counts, the steps of last spikes.
@group(0) @binding(4) var<storage, read_write> cells: array<u32>;
// Changed columns of weights; tallies.
@group(0) @binding(5) var<storage, read_write> marks: array<atomic<u32>>;
// Constants, tables and connections, which the host alone writes.
@group(0) @binding(6) var<storage, read> given: array<u32>;
// Probes, and the currents and listed spikes of this portion of steps.
@group(0) @binding(7) var<storage, read> drive: array<u32>;
// What probes recorded in this portion of steps.
@group(0) @binding(8) var<storage, read_write> samples: array<f32>;

// Neurons that a workgroup takes: a block.
const BLOCK = 256u;

// The step that is being done.
var<private> now: u32;

fn number(at: u32) -> f32 {
    return bitcast<f32>(given[at]);
}

// What a current brings to a neuron: its own number (kind 0), what all get in this
// step (kind 1), or its own from a time on, before which all get 0 times it, then
// once (kind 2).
fn injected(kind: u32, each: f32, of_all: f32) -> f32 {
    return select(select(each, of_all, kind == 1u), r(each * of_all), kind == 2u);
}
