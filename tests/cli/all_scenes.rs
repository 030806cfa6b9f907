//! The whole tour, as `make run` renders it on a machine without a display.

use super::{Ran, home, spikescope};

/// Every scene in a test build, with a processor that other tests use too: the
/// scenes that learn and train take most of it.
#[test]
fn every_scene_gets_ready_without_display_and_data() {
    let home = home();
    let out = home.path().join("pages");
    let mut command = spikescope(home.path());
    // A driver that misses it would complain, page after page.
    command.env_remove("XDG_RUNTIME_DIR");
    command.args(["tour", "--out"]).arg(&out);
    let printed = Ran::of(command.output().expect("the program starts")).succeeds();
    let pages: Vec<&str> = printed.lines().collect();
    assert!(pages.len() > 40, "{printed}");
    for workspace in
        ["draw", "train", "fields", "time", "neuron", "plasticity", "spiking", "deep", "conversion"]
    {
        assert!(pages.iter().any(|p| p.contains(workspace)), "{workspace}: {printed}");
    }
    for page in pages {
        let picture = image::open(page).expect("a page is a picture").to_luma8();
        let tones = picture.pixels().map(|p| p.0[0]).collect::<std::collections::BTreeSet<_>>();
        assert!(tones.len() > 20, "{page} is empty");
    }
}
