// Bengio's rule. Twin of src/snn/plasticity/slope.rs.

fn slope_on_pre(c: SlopeConstants, pre: SlopePre, post: SlopePost) -> f32 {
    return 0.0;
}

fn slope_on_post(c: SlopeConstants, pre: SlopePre, post: SlopePost) -> f32 {
    return 0.0;
}

fn slope_on_step(c: SlopeConstants, pre: SlopePre, change: f32) -> f32 {
    return r(r(c.eta * pre.x) * change);
}
