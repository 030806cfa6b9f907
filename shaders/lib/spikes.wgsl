// Who spiked. Each step has a bit for every neuron, which stay for as long as
// delays and records need them. Where many neurons listen to all of a source,
// there are lists as well: one for each block of 256, in rising order, so that
// weights are added in the order in which the CPU adds them.

var<workgroup> flags: array<atomic<u32>, 8>;

// Whether a neuron spiked, given where the bits of that step begin.
fn spiked(bits: u32, neuron: u32) -> bool {
    return ((spikes[bits + (neuron >> 5u)] >> (neuron & 31u)) & 1u) == 1u;
}

fn ones(word: u32) -> u32 {
    return countOneBits(atomicLoad(&flags[word]));
}

// Writes down which neurons of a block spiked: `words` words of bits at `bits`,
// the list at `list` and its length at `count` (none where that is `NO_LIST`),
// and their number to the tally. All lanes of the workgroup come here.
fn note_spikes(
    lane: u32,
    neuron: u32,
    fired: bool,
    bits: u32,
    words: u32,
    list: u32,
    count: u32,
    tally: u32,
) {
    if lane < 8u {
        atomicStore(&flags[lane], 0u);
    }
    workgroupBarrier();
    let word = lane >> 5u;
    if fired {
        atomicOr(&flags[word], 1u << (lane & 31u));
    }
    workgroupBarrier();
    if lane < words {
        spikes[bits + lane] = atomicLoad(&flags[lane]);
    }
    if fired && count != NO_LIST {
        var place = countOneBits(atomicLoad(&flags[word]) & ((1u << (lane & 31u)) - 1u));
        for (var w = 0u; w < word; w++) {
            place += ones(w);
        }
        spikes[list + place] = neuron;
    }
    if lane == 0u {
        let all = ones(0u) + ones(1u) + ones(2u) + ones(3u) + ones(4u) + ones(5u) + ones(6u) + ones(7u);
        if all > 0u {
            atomicAdd(&marks[tally], all);
        }
        if count != NO_LIST {
            spikes[count] = all;
        }
    }
    workgroupBarrier();
}

const NO_LIST = 0xffffffffu;

// Spikes in the lists of a source in one step.
fn listed(count: u32, blocks: u32) -> u32 {
    var all = 0u;
    for (var b = 0u; b < blocks; b++) {
        all += spikes[count + b];
    }
    return all;
}
