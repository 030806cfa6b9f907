// The gate that stands for max-pooling. Twin of src/snn/models/max_gate.rs.

fn max_gate_step(k: MaxGateConstants, x: MaxGateState, current: f32, free: bool) -> MaxGateState {
    let most = max(max(x.n1, x.n2), max(x.n3, x.n4));
    let before = max(max(x.seen1, x.seen2), max(x.seen3, x.seen4));
    let last = select(x.n4 > x.seen4, x.n3 > x.seen3, x.n3 == most);
    let later = select(last, x.n2 > x.seen2, x.n2 == most);
    let busiest = select(later, x.n1 > x.seen1, x.n1 == most);
    let passes = select(most > before, busiest, k.largest == 0.0);
    let v = r(r(x.v + r(current * k.dt)) + select(0.0, 1.0, passes));
    return MaxGateState(v, x.n1, x.n2, x.n3, x.n4, x.n1, x.n2, x.n3, x.n4);
}

fn max_gate_fires(k: MaxGateConstants, x: MaxGateState) -> bool {
    return x.v >= 1.0;
}

fn max_gate_reset(k: MaxGateConstants, x: MaxGateState) -> MaxGateState {
    return MaxGateState(
        r(x.v - 1.0),
        x.n1,
        x.n2,
        x.n3,
        x.n4,
        x.seen1,
        x.seen2,
        x.seen3,
        x.seen4,
    );
}
