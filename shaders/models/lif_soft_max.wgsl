// The same behind a max-pooling of currents. Twin of src/snn/models/lif_soft.rs.

fn lif_soft_max_step(
    c: LifSoftMaxConstants,
    x: LifSoftMaxState,
    current: f32,
    free: bool,
) -> LifSoftMaxState {
    let most = max(max(x.i1, x.i2), max(x.i3, x.i4));
    let v = r(fade(x.v, c.keep) + r(most + r(current * c.dt)));
    return LifSoftMaxState(v, 0.0, 0.0, 0.0, 0.0);
}

fn lif_soft_max_fires(c: LifSoftMaxConstants, x: LifSoftMaxState) -> bool {
    return x.v > c.v_th;
}

fn lif_soft_max_reset(c: LifSoftMaxConstants, x: LifSoftMaxState) -> LifSoftMaxState {
    return LifSoftMaxState(r(x.v - c.v_th), x.i1, x.i2, x.i3, x.i4);
}
