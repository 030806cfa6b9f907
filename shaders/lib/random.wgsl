// Random numbers that need no state. Twin of src/snn/rng.rs.

// pcg4d (Jarzynski and Olano, JCGT 9(3), 2020).
fn pcg4d(words: vec4<u32>) -> vec4<u32> {
    var v = words * 1664525u + 1013904223u;
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    v ^= v >> vec4<u32>(16u);
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    return v;
}

// The draw of a neuron in this step; the key is at `key` in `given`.
fn draw(key: u32, neuron: u32) -> u32 {
    let four = pcg4d(vec4<u32>(given[key], given[key + 1u], neuron, now / 4u));
    return four[now % 4u];
}
