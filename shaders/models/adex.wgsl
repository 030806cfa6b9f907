// Adaptive exponential integrate-and-fire. Twin of src/snn/models/adex.rs.

fn adex_step(c: AdexConstants, x: AdexState, current: f32, free: bool) -> AdexState {
    let distance = min(r(r(x.v - c.v_t) * c.one_over_delta_t), 20.0);
    let upstroke = r(c.delta_t * exponential(distance));
    let ionic = r(c.g_l * r(upstroke - r(x.v - c.e_l)));
    let flow = r(r(r(ionic - x.w) + current) + x.i_syn);
    let moved = r(x.v + r(c.dt_over_c * flow));
    let w = r(x.w + r(c.dt_over_tau_w * r(r(c.a * r(x.v - c.e_l)) - x.w)));
    return AdexState(select(x.v, moved, free), w, fade(x.i_syn, c.keep_i));
}

fn adex_fires(c: AdexConstants, x: AdexState) -> bool {
    return x.v > c.v_peak;
}

fn adex_reset(c: AdexConstants, x: AdexState) -> AdexState {
    return AdexState(c.v_reset, r(x.w + c.b), x.i_syn);
}
