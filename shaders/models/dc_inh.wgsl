// Diehl and Cook's inhibitory neuron. Twin of `Inhibitory` in
// src/snn/models/diehl_cook.rs.

fn dc_inh_step(c: DcInhConstants, x: DcInhState, current: f32, free: bool) -> DcInhState {
    let membrane = Membrane(c.h, c.v_rest, c.e_exc, c.e_inh, c.integration);
    let moved = conductance(membrane, x.v, x.ge, x.gi, current);
    let ge = fade_conductance(x.ge, c.keep_ge);
    return DcInhState(select(x.v, moved, free), ge, fade_conductance(x.gi, c.keep_gi));
}

fn dc_inh_fires(c: DcInhConstants, x: DcInhState) -> bool {
    return x.v > c.v_th;
}

fn dc_inh_reset(c: DcInhConstants, x: DcInhState) -> DcInhState {
    return DcInhState(c.v_reset, x.ge, x.gi);
}
