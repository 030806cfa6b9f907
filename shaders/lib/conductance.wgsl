// The membrane of both of Diehl and Cook's neurons. Twin of `membrane` in
// src/snn/models/diehl_cook.rs.

struct Membrane {
    h: f32,
    v_rest: f32,
    e_exc: f32,
    e_inh: f32,
    // 0 backward Euler, 1 forward Euler, 2 exponential Euler.
    integration: f32,
}

fn conductance(c: Membrane, v: f32, ge: f32, gi: f32, current: f32) -> f32 {
    if c.integration == 1.0 {
        let excitation = r(ge * r(c.e_exc - v));
        let inhibition = r(gi * r(c.e_inh - v));
        let pull = r(r(r(r(c.v_rest - v) + excitation) + inhibition) + current);
        return r(v + r(c.h * pull));
    }
    if c.integration == 2.0 {
        let g = r(r(1.0 + ge) + gi);
        let pull = r(r(r(c.v_rest + r(ge * c.e_exc)) + r(gi * c.e_inh)) + current);
        let v_end = divide(pull, g);
        return r(v_end + r(r(v - v_end) * exponential(r(-c.h * g))));
    }
    let pull = r(r(c.v_rest + current) + r(r(ge * c.e_exc) + r(gi * c.e_inh)));
    return divide(r(v + r(c.h * pull)), r(r(1.0 + c.h) + r(c.h * r(ge + gi))));
}
