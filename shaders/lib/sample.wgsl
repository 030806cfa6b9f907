// Probes look at the state before a step. `drive` begins with the number of
// probes and six words for each: what it looks at (0: `state`, at the places in
// a list; 1: `weights`, in a row), every how many steps, how many numbers, the
// place of the list in `drive` or of the first weight, where its rows begin in
// `samples`, and the number of the portion's first row.

fn sample(lane: u32, lanes: u32) {
    for (var p = 0u; p < drive[0]; p++) {
        let probe = 1u + 6u * p;
        let every = drive[probe + 1u];
        if now % every != 0u {
            continue;
        }
        let width = drive[probe + 2u];
        let row = drive[probe + 4u] + (now / every - drive[probe + 5u]) * width;
        for (var k = lane; k < width; k += lanes) {
            if drive[probe] == 0u {
                samples[row + k] = state[drive[drive[probe + 3u] + k]];
            } else {
                samples[row + k] = weights[drive[probe + 3u] + k];
            }
        }
    }
}
