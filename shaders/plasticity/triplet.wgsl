// Triplet STDP. Twin of src/snn/plasticity/triplet.rs.

fn triplet_on_pre(c: TripletConstants, pre: TripletPre, post: TripletPost) -> f32 {
    return r(-post.o1 * r(c.a2_minus + r(c.a3_minus * pre.r2)));
}

fn triplet_on_post(c: TripletConstants, pre: TripletPre, post: TripletPost) -> f32 {
    return r(pre.r1 * r(c.a2_plus + r(c.a3_plus * post.o2)));
}
