use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};

use super::Window;

/// Two rules, set to a course of a moment, and a 3 to look at.
fn open(digits: f64, epochs: f64) -> Window {
    let mut window = Window::open();
    window.draw(3, 1);
    window.click("Alternatives");
    window.wait_for_combo("Synthetic digits");
    window.set("Training digits", digits);
    window.set("Epochs", epochs);
    let hidden = |w: &Window| w.harness.get_by_role_and_label(Role::TextInput, "Hidden").rect();
    assert!(hidden(&window).is_positive());
    window.harness.get_by_role_and_label(Role::TextInput, "Hidden").focus();
    window.harness.run_steps(2);
    window.key(Modifiers::COMMAND, Key::A);
    window.harness.event(egui::Event::Text("30, x".into()));
    window.harness.run_steps(2);
    assert!(window.says("“x” is no number of units"), "{}", window.said());
    window.key(Modifiers::COMMAND, Key::A);
    window.harness.event(egui::Event::Text("30, 20".into()));
    window.key(Modifiers::NONE, Key::Enter);
    window.pick("Rule 3", "none");
    window.pick("Rule 4", "none");
    window
}

#[test]
fn two_rules_learn_side_by_side_until_they_are_tested() {
    let mut window = open(1000.0, 2.0);
    window.click("Start all");
    window.wait_for("both to be tested", |h| {
        h.query_all_by_label_contains("finished, tested").count() == 2
    });
    assert!(window.says(" %"), "{}", window.said());
    // Its curves are also said.
    assert!(window.says("Accuracy, right, %: 1 Backpropagation "));
    assert!(window.says("2 Feedback alignment, layer 1"), "{}", window.said());
    window.click("Train");
    window.click("Runs");
    window.wait_for_text("Dense 30–20, feedback alignment");
    // Both answer in Draw, now and after a restart.
    for used in 1..=2 {
        window.harness.query_all_by_label("Use in Draw").next().unwrap().click();
        window.wait_for("it to be used", |h| {
            h.query_all_by_label_contains("In Draw").count() == used
        });
    }
    let mut window = window.reopen();
    window.key(Modifiers::COMMAND, Key::Num1);
    window.wait_for("both to answer", |h| {
        let said = h.query_all_by_label_contains("Dense 30–20");
        said.filter(|n| n.accesskit_node().label().is_some_and(|l| l.contains(" answers "))).count()
            == 2
    });
}

#[test]
fn a_rule_is_swapped_broken_and_looked_into_while_it_learns() {
    let mut window = open(10_000.0, 200.0);
    window.click("Start all");
    window.wait_for("both to learn", |h| h.query_all_by_label_contains("batch ").count() >= 2);
    window.pick("Rule 2", "Direct feedback alignment");
    window.wait_for_text("Back: ");
    window.wait_for_combo("Direct feedback alignment");
    window.wait_for("both to learn", |h| h.query_all_by_label_contains("batch ").count() >= 2);

    window.key(Modifiers::NONE, Key::Num3);
    window.wait_for_text("Errors arrive as they were sent.");
    window.harness.get_by_role_and_label(Role::CheckBox, "Cross the wires").click();
    window.harness.run_steps(3);
    window.wait_for_text("Errors on their way back: wires crossed");
    window.click("Mend");
    window.wait_for_text("Errors arrive as they were sent.");
    window.click("Pause all");
    window.wait_for_text("Alternatives: 2 rules held at batch");

    window.key(Modifiers::NONE, Key::Num2);
    window.wait_for_text("The digit is a 3, the answer ");
    window.wait_for_text("a random matrix from the classes");
    window.key(Modifiers::NONE, Key::Num4);
    window.wait_for_text("None of the rules settles.");
    window.click("Put equilibrium propagation into slot 4");
    window.wait_for_text("Alternatives: 3 rules held at batch");
    window.wait_for_text("it sees ");
    window.wait_for_text("nudged with β = 1.00");
}
