// Integrate-and-fire without leak. Twin of src/snn/models/integrate_fire.rs.

fn if_step(c: IfConstants, x: IfState, current: f32, free: bool) -> IfState {
    return IfState(r(x.v + r(current * c.dt)));
}

fn if_fires(c: IfConstants, x: IfState) -> bool {
    return x.v >= c.v_th;
}

fn if_reset(c: IfConstants, x: IfState) -> IfState {
    return IfState(r(r(x.v - c.v_th) * c.keep));
}
