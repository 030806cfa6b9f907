// Leaky integrate-and-fire with a pull towards a target. Twin of src/snn/models/lif_energy.rs.

fn lif_energy_step(c: LifEnergyConstants, x: LifEnergyState, current: f32, free: bool) -> LifEnergyState {
    let synaptic = r(fade(x.i, c.keep) + r(c.gain * x.a));
    let push = r(r(x.n * r(c.sigma + c.sigma)) - c.sigma);
    let all = r(r(r(synaptic + current) + push) - r(c.pull * x.s));
    let moved = r(fade(x.v, c.keep) + r(c.moves * all));
    return LifEnergyState(select(x.v, moved, free), synaptic, 0.0, 0.0, fade(x.s, c.keep));
}

fn lif_energy_fires(c: LifEnergyConstants, x: LifEnergyState) -> bool {
    return x.v > 1.0;
}

fn lif_energy_reset(c: LifEnergyConstants, x: LifEnergyState) -> LifEnergyState {
    return LifEnergyState(0.0, x.i, x.n, x.a, r(x.s + 1.0));
}
