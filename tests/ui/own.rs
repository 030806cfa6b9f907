//! Data sets of the user's own: added, looked at, browsed and trained on; digits kept one by
//! one.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use spikescope::data::{ClassNames, Dataset, PIXELS, SIDE, idx, synthetic};

use super::Window;

/// A folder with digits as an IDX pair, changed.
fn folder(change: impl Fn(Dataset) -> Dataset) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let data = change(synthetic::generate(7, 400));
    // A set is called as its folder is.
    std::fs::create_dir(dir.path().join("shapes")).unwrap();
    let at = |name: &str| dir.path().join("shapes").join(name);
    idx::write_pair(&data, &at("shapes-images-idx3-ubyte"), &at("shapes-labels-idx1-ubyte"))
        .unwrap();
    dir
}

#[test]
fn a_folder_that_is_dropped_is_looked_at_named_kept_and_trained_on() {
    let transposed =
        spikescope::data::orient::Orientation { transpose: true, ..Default::default() };
    let dir = folder(|data| transposed.digits(&data, 0..data.len()));
    let mut window = Window::open();
    window.drop_file(dir.path().join("shapes"));
    window.wait_for_text("Look: the pictures look transposed");
    assert!(window.says("were held out"), "{}", window.said());
    assert!(window.says("of class 9"), "{}", window.said());
    window.click("Put them right");
    assert!(!window.says("Look: the pictures"), "{}", window.said());
    window.click("Call them kmnist");
    window.click("Keep this data set");
    window.wait_for_text("shapes was added");
    window.wait_for_text("Kept so far");
    window.key(Modifiers::NONE, Key::Escape);
    window.choose("Synthetic digits", "shapes");
    window.click("Next");
    window.wait_for_text("shapes, test picture");
    // A picture of other classes has its name, and nobody's digit is called wrong.
    assert!(
        ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
            .iter()
            .any(|name| window.says(&format!("label: {name}"))),
        "{}",
        window.said()
    );
    assert!(!window.says("✗"), "{}", window.said());

    window.click("Train");
    window.choose("Synthetic digits", "shapes");
    window.set("Epochs", 1.0);
    window.set("Validation split", 10.0);
    window.click("Start training");
    window.wait_for_text("MLP finished");
    window.click("Mistakes");
    window.wait_for_text("Confusion matrix");
    window.click("Runs");
    window.click("Use in Draw");
    window.click("Draw");
    window.wait_for_text("Not in the vote");
}

/// So many pictures of twenty-six classes: a bright square whose place is the class.
fn letters(count: usize) -> Dataset {
    let mut images = Vec::with_capacity(count * PIXELS);
    for i in 0..count {
        let (row, column) = (i % 26 / 7, i % 26 % 7);
        images.extend((0..PIXELS).map(|at| {
            let inside = at / SIDE / 4 == row && at % SIDE / 4 == column;
            (if inside { 200 } else { 0 }) + ((at * 7 + i * 13) % 50) as u8
        }));
    }
    let labels = (0..count).map(|i| (i % 26) as u8).collect();
    let data = Dataset::new("letters", images, labels).unwrap();
    data.called(ClassNames::known("emnist-letters").unwrap())
}

#[test]
fn twenty_six_classes_are_added_learned_and_told_apart_and_no_room_breaks() {
    let dir = folder(|_| letters(520));
    let mut window = Window::open();
    window.drop_file(dir.path().join("shapes"));
    window.wait_for_text("were held out");
    window.click("Call them emnist-letters");
    window.click("Keep this data set");
    window.wait_for_text("shapes was added");
    window.key(Modifiers::NONE, Key::Escape);

    window.click("Train");
    window.choose("Synthetic digits", "shapes");
    window.wait_for_combo("MLP (26 classes)");
    window.set("Epochs", 4.0);
    window.set("Validation split", 10.0);
    window.click("Start training");
    window.wait_for_text("MLP (26 classes) finished");
    window.click("Mistakes");
    window.wait_for_text("Confusion matrix");
    window.click("Structure");
    window.wait_for_text("Dense(26)");
    window.click("Runs");
    window.click("Use in Draw");
    window.click("Draw");
    window.choose("Synthetic digits", "shapes");
    window.click("Next");
    window.wait_for_text("shapes, test picture");
    window.wait_for("its answer", |h| {
        h.query_all_by_label_contains("MLP (26 classes), trained").next().is_some()
    });
    // A digit, too, and every room with it and with a picture of other classes.
    for room in ["Receptive fields", "Time", "Alternatives", "Deep spikes", "Conversion"] {
        window.click(room);
        window.harness.run_steps(20);
    }
    window.click("Conversion");
    // Networks of digits are trained on digits again.
    window.click("Train");
    window.choose("shapes", "Synthetic digits");
    window.wait_for_combo("MLP");
}

#[test]
fn what_is_no_data_set_is_said_and_can_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = Window::open();
    window.drop_file(dir.path().to_path_buf());
    window.wait_for_text("holds no data set");
    assert!(window.says("Choose folder…"), "{}", window.said());
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.says("holds no data set"), "{}", window.said());
}

#[test]
fn digits_are_kept_one_by_one_and_taken_back() {
    let mut window = Window::open();
    window.draw(3, 1);
    window.key(Modifiers::ALT, Key::Num3);
    window.wait_for_text("kept as 3: 1 of the 20 to train on");
    window.click("Keep as…");
    window.click("Keep as a 8");
    window.wait_for_text("kept as 8: 2 of the 20");
    window.click("Train");
    window.choose("Synthetic digits", "My digits");
    window.wait_for_text("There are 2 of your digits; 20 are needed to train on.");
    window.click("Draw");
    window.choose("Synthetic digits", "My digits");
    window.click("Next");
    window.wait_for_text("My digits, test picture");
    assert!(window.harness.query_all_by_label_contains("label: ").next().is_some());
}
