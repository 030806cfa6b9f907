// Spikes arrive: each target gathers the weights of those that spiked, in the
// order of their numbers. Twin of src/snn/cpu/deliver.rs.
//
// `list` and `count` say where the lists of the source are and how long, `bits`
// where its bits are, each for the step in which the spikes that arrive now
// were fired. `first` is where the projection's weights begin.

// Times that a spike reached a synapse of this invocation.
var<private> events: u32;

fn dense(start: f32, list: u32, count: u32, blocks: u32, first: u32, n: u32, j: u32) -> f32 {
    var x = start;
    for (var b = 0u; b < blocks; b++) {
        let spikes_of_block = spikes[count + b];
        for (var s = 0u; s < spikes_of_block; s++) {
            let i = spikes[list + b * BLOCK + s];
            x = r(x + weights[first + i * n + j]);
        }
    }
    return x;
}

fn one_to_one(start: f32, bits: u32, first: u32, j: u32) -> f32 {
    if !spiked(bits, j) {
        return start;
    }
    events += 1u;
    return r(start + weights[first + j]);
}

fn all_but_self(start: f32, bits: u32, count: u32, blocks: u32, first: u32, j: u32) -> f32 {
    let all = listed(count, blocks);
    if all == 0u {
        return start;
    }
    let others = select(f32(all), f32(all) - 1.0, spiked(bits, j));
    return r(start + r(weights[first] * others));
}

// Synapses by target: those of `offsets[j]` to `offsets[j + 1]`, each a source
// and the number of its weight, sources rising. Few spikes are looked for among
// them; for many spikes, all of them are gone through.
fn sparse(
    start: f32,
    bits: u32,
    list: u32,
    count: u32,
    blocks: u32,
    offsets: u32,
    sources: u32,
    synapses: u32,
    first: u32,
    j: u32,
) -> f32 {
    let begin = given[offsets + j];
    let end = given[offsets + j + 1u];
    var x = start;
    let all = listed(count, blocks);
    if all == 0u {
        return x;
    }
    if all * 8u >= end - begin {
        for (var k = begin; k < end; k++) {
            if spiked(bits, given[sources + k]) {
                x = r(x + weights[first + given[synapses + k]]);
                events += 1u;
            }
        }
        return x;
    }
    for (var b = 0u; b < blocks; b++) {
        let spikes_of_block = spikes[count + b];
        for (var s = 0u; s < spikes_of_block; s++) {
            let i = spikes[list + b * BLOCK + s];
            var low = begin;
            var high = end;
            while low < high {
                let middle = (low + high) / 2u;
                if given[sources + middle] < i {
                    low = middle + 1u;
                } else {
                    high = middle;
                }
            }
            if low < end && given[sources + low] == i {
                x = r(x + weights[first + given[synapses + low]]);
                events += 1u;
            }
        }
    }
    return x;
}

// Synapses with delays of their own, by target, then delay, then source. The
// bits of step s are at `ring + (s & mask) * stride`.
fn delayed(
    start: f32,
    ring: u32,
    mask: u32,
    stride: u32,
    offsets: u32,
    sources: u32,
    synapses: u32,
    delays: u32,
    first: u32,
    j: u32,
) -> f32 {
    var x = start;
    for (var k = given[offsets + j]; k < given[offsets + j + 1u]; k++) {
        let synapse = given[synapses + k];
        let bits = ring + ((now - given[delays + synapse]) & mask) * stride;
        if spiked(bits, given[sources + k]) {
            x = r(x + weights[first + synapse]);
            events += 1u;
        }
    }
    return x;
}

struct Convolution {
    channels: u32,
    height: u32,
    width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride: u32,
    padding: u32,
    out_height: u32,
    out_width: u32,
}

fn convolution(start: f32, bits: u32, first: u32, s: Convolution, j: u32) -> f32 {
    let out = j / (s.out_height * s.out_width);
    let top = (j / s.out_width) % s.out_height * s.stride;
    let left = j % s.out_width * s.stride;
    var x = start;
    for (var c = 0u; c < s.channels; c++) {
        for (var ky = 0u; ky < s.kernel_height; ky++) {
            let row = top + ky;
            if row < s.padding || row - s.padding >= s.height {
                continue;
            }
            for (var kx = 0u; kx < s.kernel_width; kx++) {
                let column = left + kx;
                if column < s.padding || column - s.padding >= s.width {
                    continue;
                }
                let i = (c * s.height + row - s.padding) * s.width + column - s.padding;
                if spiked(bits, i) {
                    let kernel = (out * s.channels + c) * s.kernel_height + ky;
                    x = r(x + weights[first + kernel * s.kernel_width + kx]);
                    events += 1u;
                }
            }
        }
    }
    return x;
}
