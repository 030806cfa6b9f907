// What all plasticity rules have in common. Twins of src/snn/cpu/traces.rs and
// src/snn/plasticity/bounds.rs.

// What is left of a trace `age` steps after the spike that left `value`; at
// `table` in `given` are the place and the length of its table of decay.
fn decayed(since: u32, value: f32, age: u32, table: u32) -> f32 {
    if since == 0u || age >= given[table + 1u] {
        return 0.0;
    }
    return r(value * number(given[table] + age));
}

// The weight after a change, within the bounds at `bounds` in `given`: the kind
// (0 none, 1 hard, 2 soft), the smallest and the largest.
fn bounded(bounds: u32, w: f32, change: f32) -> f32 {
    let kind = given[bounds];
    if kind == 0u {
        return r(w + change);
    }
    let low = number(bounds + 1u);
    let high = number(bounds + 2u);
    var by = change;
    if kind == 2u {
        by = r(change * select(r(w - low), r(high - w), change > 0.0));
    }
    return min(max(r(w + by), low), high);
}

// A weight that was scaled, brought back within the bounds at `bounds`.
fn clipped(bounds: u32, w: f32) -> f32 {
    if given[bounds] == 0u {
        return w;
    }
    return min(max(w, number(bounds + 1u)), number(bounds + 2u));
}

// What weights that sum to `total` are multiplied by to sum to `sum`.
fn factor(sum: f32, total: f32) -> f32 {
    if total > 0.0 {
        return divide(sum, total);
    }
    return 1.0;
}
