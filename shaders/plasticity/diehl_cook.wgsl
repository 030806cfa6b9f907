// Diehl and Cook's STDP. Twin of src/snn/plasticity/diehl_cook.rs.

fn diehl_cook_on_pre(c: DiehlCookConstants, pre: DiehlCookPre, post: DiehlCookPost) -> f32 {
    return r(-c.nu_pre * post.post1);
}

fn diehl_cook_on_post(c: DiehlCookConstants, pre: DiehlCookPre, post: DiehlCookPost) -> f32 {
    return r(r(c.nu_post * pre.pre) * post.post2);
}
