// Pair STDP. Twin of src/snn/plasticity/pair.rs.

fn pair_on_pre(c: PairConstants, pre: PairPre, post: PairPost) -> f32 {
    return r(c.a_minus * post.y);
}

fn pair_on_post(c: PairConstants, pre: PairPre, post: PairPost) -> f32 {
    return r(c.a_plus * pre.x);
}
