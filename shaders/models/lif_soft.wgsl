// Leaky integrate-and-fire with a soft reset. Twin of src/snn/models/lif_soft.rs.

fn lif_soft_step(c: LifSoftConstants, x: LifSoftState, current: f32, free: bool) -> LifSoftState {
    return LifSoftState(r(fade(x.v, c.keep) + r(x.i + r(current * c.dt))), 0.0);
}

fn lif_soft_fires(c: LifSoftConstants, x: LifSoftState) -> bool {
    return x.v > c.v_th;
}

fn lif_soft_reset(c: LifSoftConstants, x: LifSoftState) -> LifSoftState {
    return LifSoftState(r(x.v - c.v_th), x.i);
}
