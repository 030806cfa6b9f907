// Izhikevich's simple model. Twin of src/snn/models/izhikevich.rs.

fn izhikevich_step(
    c: IzhikevichConstants,
    x: IzhikevichState,
    current: f32,
    free: bool,
) -> IzhikevichState {
    if c.integration == 0.0 {
        return izhikevich_second_order(c, x, current, free);
    }
    return izhikevich_euler(c, x, current, free);
}

fn izhikevich_parabola(v: f32) -> f32 {
    return r(r(r(r(0.04 * v) + 5.0) * v) + 140.0);
}

fn izhikevich_half(c: IzhikevichConstants, v: f32, x: IzhikevichState, current: f32) -> f32 {
    let slope = r(r(r(izhikevich_parabola(v) - x.u) + current) + x.i_syn);
    return r(v + r(c.half_dt * slope));
}

fn izhikevich_euler(
    c: IzhikevichConstants,
    x: IzhikevichState,
    current: f32,
    free: bool,
) -> IzhikevichState {
    var moved = izhikevich_half(c, x.v, x, current);
    if moved < c.v_peak {
        moved = izhikevich_half(c, moved, x, current);
    }
    let v = select(x.v, min(moved, c.v_peak), free);
    let u = r(x.u + r(c.a_dt * r(r(c.b * min(v, c.v_peak)) - x.u)));
    return IzhikevichState(v, u, fade(x.i_syn, c.keep_i), x.late);
}

fn izhikevich_second_order(
    c: IzhikevichConstants,
    x: IzhikevichState,
    current: f32,
    free: bool,
) -> IzhikevichState {
    let h = r(select(1.0, r(x.late + c.gap), x.late > 0.0) * c.dt);
    let steps_u = select(1.0, r(1.0 + x.late), free);
    let u_mid = r(x.u + r(r(0.5 * r(steps_u * c.a_dt)) * r(r(c.b * x.v) - x.u)));
    let drive = r(current + r(x.i_syn * c.mean_i));
    let slope = r(r(izhikevich_parabola(x.v) - u_mid) + drive);
    let bend = r(r(0.08 * x.v) + 5.0);
    let far = max(r(c.v_peak - x.v), 0.0);
    let pace = r(slope + r(r(0.5 * bend) * far));
    let peaks = slope > 0.0 && r(h * pace) >= far;
    // The time to the peak, or how far v gets.
    let stiff = max(r(1.0 - r(r(0.5 * bend) * h)), 0.1);
    let quotient = divide(select(r(h * slope), far, peaks), select(stiff, max(pace, 1e-6), peaks));
    let moved = select(r(x.v + quotient), c.v_peak, peaks);
    let left = select(0.0, min(max(r(r(h - quotient) * c.one_over_dt), 0.0), 1.0), peaks);
    let v = select(x.v, moved, free);
    let late = select(x.late, left, free);
    let steps = select(steps_u, r(steps_u - left), free);
    let mean = r(0.5 * r(x.v + v));
    let u = r(x.u + r(r(steps * c.a_dt) * r(r(c.b * mean) - u_mid)));
    return IzhikevichState(v, u, fade(x.i_syn, c.keep_i), late);
}

fn izhikevich_fires(c: IzhikevichConstants, x: IzhikevichState) -> bool {
    return x.v >= c.v_peak;
}

fn izhikevich_reset(c: IzhikevichConstants, x: IzhikevichState) -> IzhikevichState {
    return IzhikevichState(c.c, r(x.u + c.d), x.i_syn, x.late);
}
