// Diehl and Cook's excitatory neuron. Twin of `Excitatory` in
// src/snn/models/diehl_cook.rs.

fn dc_exc_step(
    c: DcExcConstants,
    x: DcExcState,
    learnt: DcExcShared,
    current: f32,
    free: bool,
) -> DcExcState {
    let membrane = Membrane(c.h, c.v_rest, c.e_exc, c.e_inh, c.integration);
    let v = conductance(membrane, x.v, x.ge, x.gi, current);
    let ge = fade_conductance(x.ge, c.keep_ge);
    return DcExcState(v, ge, fade_conductance(x.gi, c.keep_gi));
}

fn dc_exc_fires(c: DcExcConstants, x: DcExcState, learnt: DcExcShared) -> bool {
    return x.v > r(learnt.theta + r(c.v_th - c.theta_offset));
}

fn dc_exc_reset(c: DcExcConstants, x: DcExcState) -> DcExcState {
    return DcExcState(c.v_reset, x.ge, x.gi);
}

fn dc_exc_reset_shared(c: DcExcConstants, learnt: DcExcShared) -> DcExcShared {
    return DcExcShared(r(learnt.theta + c.theta_plus));
}

fn dc_exc_slow(c: DcExcConstants, learnt: DcExcShared) -> DcExcShared {
    let above = r(learnt.theta - c.theta_rest);
    return DcExcShared(r(c.theta_rest + r(above * c.keep_theta)));
}
