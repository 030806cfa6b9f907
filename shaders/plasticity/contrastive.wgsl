// Contrastive Hebbian learning. Twin of src/snn/plasticity/contrastive.rs.

fn contrastive_on_pre(c: ContrastiveConstants, pre: ContrastivePre, post: ContrastivePost) -> f32 {
    return r(c.step * post.y);
}

fn contrastive_on_post(c: ContrastiveConstants, pre: ContrastivePre, post: ContrastivePost) -> f32 {
    return r(c.step * pre.x);
}
