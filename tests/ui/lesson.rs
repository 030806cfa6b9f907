use egui::{Key, Modifiers};

use super::Window;

#[test]
fn a_lesson_is_begun_from_the_list_and_ends_where_one_was() {
    let mut window = Window::open();
    window.draw(3, 1);
    window.key(Modifiers::COMMAND, Key::L);
    window.wait_for_text("Begin");
    window.click("Threshold and weight");
    window.click("Begin");
    window.wait_for_text("1 of ");
    window.key(Modifiers::NONE, Key::Space);
    window.wait_for_text("✓ Seen");
    window.key(Modifiers::NONE, Key::PageDown);
    window.wait_for_text("Lock prediction");
    // Without a choice, nothing is locked.
    window.key(Modifiers::NONE, Key::PageDown);
    assert!(window.says("Lock prediction"));
    window.key(Modifiers::NONE, Key::Num1);
    window.key(Modifiers::NONE, Key::PageDown);
    window.wait_for_text("You said:");
    // Nothing is told before it was run, though the old state is there to be measured.
    assert!(window.says("not yet measured"), "{}", window.said());
    window.key(Modifiers::NONE, Key::PageDown);
    window.wait_for_text("Press Run to see it");
    assert!(window.says("Weight"), "{}", window.said());
    window.click("More");
    window.click("End and go back");
    window.wait_for_text("Begin");
    window.key(Modifiers::COMMAND, Key::Num1);
    window.wait_for_text("All ten answers 3, ");
}

/// A clicker and the arrows are enough.
#[test]
fn the_list_is_gone_through_by_keys_and_notes_what_was_done() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("lessons");
    std::fs::create_dir(&folder).unwrap();
    let text = "# My own question\nminutes: 5\ngoal: G.\n\n## Look: See?\nscene: time\n\nWords.\n";
    std::fs::write(folder.join("mine.md"), text).unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |_| {});
    window.key(Modifiers::COMMAND, Key::L);
    window.wait_for_text("Begin");
    // One's own stand below the bundled ones.
    for _ in 0..12 {
        window.key(Modifiers::NONE, Key::ArrowDown);
    }
    window.key(Modifiers::NONE, Key::Enter);
    window.wait_for_text("1 of 1");
    window.key(Modifiers::NONE, Key::PageDown);
    window.wait_for_text("My own question (done)");
}

#[test]
fn a_lesson_of_ones_own_is_listed_with_what_is_wrong_in_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("lessons");
    std::fs::create_dir(&folder).unwrap();
    let good = "# My own question\nminutes: 5\ngoal: G.\n\n## Look: See?\nscene: time\n\nWords.\n";
    std::fs::write(folder.join("mine.md"), good).unwrap();
    std::fs::write(folder.join("zzz.md"), "nothing").unwrap();
    let mut window = Window::open_with([1280.0, 800.0], home, |_| {});
    window.key(Modifiers::COMMAND, Key::L);
    window.click("zzz");
    window.wait_for_text("is not a lesson yet");
    window.click("My own question");
    window.click("Begin");
    window.wait_for_text("1 of 1");
    window.click("Finish");
    window.click("End and stay here");
    window.wait_for("time", |h| h.ctx.memory(|_| true));
}
