// Leaky integrate-and-fire. Twin of src/snn/models/lif.rs.

fn lif_step(c: LifConstants, x: LifState, current: f32, free: bool) -> LifState {
    let v_end = r(c.v_rest + r(c.r * current));
    let moved = r(r(v_end + r(r(x.v - v_end) * c.keep_v)) + r(c.syn_to_v * x.i_syn));
    return LifState(select(x.v, moved, free), fade(x.i_syn, c.keep_i));
}

fn lif_fires(c: LifConstants, x: LifState) -> bool {
    return x.v > c.v_th;
}

fn lif_reset(c: LifConstants, x: LifState) -> LifState {
    return LifState(c.v_reset, x.i_syn);
}
