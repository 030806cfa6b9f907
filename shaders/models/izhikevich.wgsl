// Izhikevich's simple model. Twin of src/snn/models/izhikevich.rs.

fn izhikevich_half(c: IzhikevichConstants, v: f32, x: IzhikevichState, current: f32) -> f32 {
    let parabola = r(r(r(r(0.04 * v) + 5.0) * v) + 140.0);
    let slope = r(r(r(parabola - x.u) + current) + x.i_syn);
    return r(v + r(c.half_dt * slope));
}

fn izhikevich_step(
    c: IzhikevichConstants,
    x: IzhikevichState,
    current: f32,
    free: bool,
) -> IzhikevichState {
    var moved = izhikevich_half(c, x.v, x, current);
    if moved < c.v_peak {
        moved = izhikevich_half(c, moved, x, current);
    }
    let v = select(x.v, moved, free);
    let u = r(x.u + r(c.a_dt * r(r(c.b * min(v, c.v_peak)) - x.u)));
    return IzhikevichState(v, u, fade(x.i_syn, c.keep_i));
}

fn izhikevich_fires(c: IzhikevichConstants, x: IzhikevichState) -> bool {
    return x.v >= c.v_peak;
}

fn izhikevich_reset(c: IzhikevichConstants, x: IzhikevichState) -> IzhikevichState {
    return IzhikevichState(c.c, r(x.u + c.d), x.i_syn);
}
