// Adaptive exponential integrate-and-fire. Twin of src/snn/models/adex.rs.

fn adex_step(c: AdexConstants, x: AdexState, current: f32, free: bool) -> AdexState {
    if c.integration == 0.0 {
        return adex_second_order(c, x, current, free);
    }
    return adex_euler(c, x, current, free);
}

fn adex_euler(c: AdexConstants, x: AdexState, current: f32, free: bool) -> AdexState {
    let distance = min(r(r(x.v - c.v_t) * c.one_over_delta_t), 20.0);
    let upstroke = r(c.delta_t * exponential(distance));
    let ionic = r(c.g_l * r(upstroke - r(x.v - c.e_l)));
    let flow = r(r(r(ionic - x.w) + current) + x.i_syn);
    let moved = r(x.v + r(c.dt_over_c * flow));
    let w = r(x.w + r(c.dt_over_tau_w * r(r(c.a * r(x.v - c.e_l)) - x.w)));
    return AdexState(select(x.v, moved, free), w, fade(x.i_syn, c.keep_i), x.late);
}

fn adex_second_order(c: AdexConstants, x: AdexState, current: f32, free: bool) -> AdexState {
    let h = r(select(1.0, r(x.late + c.gap), x.late > 0.0) * c.dt_over_c);
    let steps_w = select(1.0, r(1.0 + x.late), free);
    let from_rest = r(x.v - c.e_l);
    let pull = r(r(c.a * from_rest) - x.w);
    let w_mid = r(x.w + r(r(0.5 * r(steps_w * c.dt_over_tau_w)) * pull));
    let distance = min(r(r(x.v - c.v_t) * c.one_over_delta_t), 20.0);
    let rise = exponential(distance);
    let drive = r(current + r(x.i_syn * c.mean_i));
    let push = r(r(drive - w_mid) - r(c.g_l * from_rest));
    let slope = r(push + r(c.g_l * r(c.delta_t * rise)));
    let bend = r(c.g_l * r(rise - 1.0));
    // From V_T on, along y.
    let y = exponential(-distance);
    let steep = x.v >= c.v_t;
    let far = max(select(r(c.v_peak - x.v), r(y - c.y_peak), steep), 0.0);
    let along_y = r(c.g_l + r(r(0.5 * r(y + c.y_peak)) * r(push * c.one_over_delta_t)));
    let pace = select(r(slope + r(r(0.5 * bend) * far)), along_y, steep);
    let peaks = slope > 0.0 && r(h * pace) >= far;
    // The time to the peak, or how far v gets.
    let stiff = max(r(1.0 - r(r(0.5 * bend) * h)), 0.1);
    let quotient = divide(select(r(h * slope), far, peaks), select(stiff, max(pace, 1e-6), peaks));
    let moved = select(r(x.v + quotient), r(c.v_peak + 1.0), peaks);
    let left = select(0.0, min(max(r(r(h - quotient) * c.steps_per_h), 0.0), 1.0), peaks);
    let v = select(x.v, moved, free);
    let late = select(x.late, left, free);
    let steps = select(steps_w, r(steps_w - left), free);
    let mean = r(0.5 * r(x.v + min(v, c.v_peak)));
    let w = r(x.w + r(r(steps * c.dt_over_tau_w) * r(r(c.a * r(mean - c.e_l)) - w_mid)));
    return AdexState(v, w, fade(x.i_syn, c.keep_i), late);
}

fn adex_fires(c: AdexConstants, x: AdexState) -> bool {
    return x.v > c.v_peak;
}

fn adex_reset(c: AdexConstants, x: AdexState) -> AdexState {
    return AdexState(c.v_reset, r(x.w + c.b), x.i_syn, x.late);
}
