use proptest::prelude::*;

use super::super::condition::Bound;
use super::super::{Beside, Digit, SceneText};
use super::*;
use crate::data::SIDE;

const LESSON: &str = r#"# Threshold and weight
section: Fig. 1
minutes: 10
goal: Say when one neuron
  makes another one fire.
needs: Nothing.

> For the teacher: bring
> nothing.
>
> A second paragraph.

## Look: What does a spike do next door?
scene: neuron
set: tab = spikes
set: figure.synapses.0.weight = 0.3
digit: mnist 12 7
minutes: 1,5

Words that the student reads,
on two lines. The **membrane potential** rises.

- an item

A second paragraph: with a colon.

seen: neuron.spikes_1 >= 3 and neuron.rate_2 = 0

> A note.

## Predict: And with half the weight?
- It fires (again) half
  as often {neuron.rate_2 < 10} (0,0 1,0.5)
- It falls silent {neuron.spikes_2 = 0}

## Run: Press play
scene: neuron keep
begin: no

## Compare: What came out?
## Predict: How fast?
number: 0 … 100 Hz of neuron.rate_2
## Predict: Draw it
sketch: current (nA) 0 ... 3; rate (Hz) 0 to 200; of neuron.fi_curve
## Mystery: What is its threshold?
```scene
{"workspace": "neuron"}
# no heading
```
mystery: figure.v_th "threshold V_th" 0.5 … 2 step 0,1 within 0.1
## Read on:
- Ponulak and Kasiński 2011
"#;

fn problems(text: &str) -> Vec<String> {
    read("x", text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_lesson_is_read_whole() {
    let lesson = read("05-threshold", LESSON).unwrap();
    assert_eq!((&*lesson.id, &*lesson.title), ("05-threshold", "Threshold and weight"));
    assert_eq!(lesson.goal, "Say when one neuron makes another one fire.");
    assert_eq!((lesson.minutes, lesson.needs.as_str()), (10, "Nothing."));
    assert_eq!(lesson.notes, ["For the teacher: bring nothing.", "A second paragraph."]);
    assert_eq!(lesson.read_on, ["Ponulak and Kasiński 2011"]);
    let kinds: Vec<&str> = lesson.steps.iter().map(|s| s.kind.name()).collect();
    assert_eq!(kinds, ["look", "predict", "run", "compare", "predict", "predict", "mystery"]);

    let look = &lesson.steps[0];
    assert_eq!(look.words.len(), 3);
    assert_eq!(look.words[1], "• an item");
    assert_eq!((look.minutes, look.notes.len(), look.line), (Some(1.5), 1, 13));
    assert_eq!(look.seen.as_ref().unwrap().all.len(), 2);
    let Some(SceneText::Settings { workspace, keep, set, digit, .. }) = &look.scene else {
        panic!("{look:?}");
    };
    assert_eq!((workspace.as_str(), *keep), ("neuron", false));
    assert_eq!(set[0], ("tab".into(), "spikes".into(), 15));
    assert_eq!(set[1].1, 0.3);
    assert_eq!(*digit, Some(Digit::Mnist { index: 12, class: 7 }));

    let Kind::Predict(Ask::Choices(choices)) = &lesson.steps[1].kind else { panic!() };
    assert_eq!(choices[0].text, "It fires (again) half as often");
    assert_eq!(choices[0].beside, Beside::Curve(vec![[0.0, 0.0], [1.0, 0.5]]));
    assert_eq!(choices[0].holds.all[0].bound, Bound::Number(10.0));
    assert_eq!(lesson.steps[1].at.task.len(), 2);
    assert_eq!(lesson.steps[2].kind, Kind::Run { begin: false });
    let Kind::Predict(ask) = &lesson.steps[5].kind else { panic!() };
    let Ask::Sketch { x, y, .. } = ask else { panic!() };
    assert_eq!((&*x.name, x.high, &*y.name, y.high), ("current (nA)", 3.0, "rate (Hz)", 200.0));
    assert_eq!(ask.names(), ["neuron.fi_curve"]);
    let mystery = &lesson.steps[6];
    assert!(matches!(&mystery.scene, Some(SceneText::Saved(text)) if text.contains("# no")));
    let Kind::Mystery(mystery) = &mystery.kind else { panic!() };
    assert_eq!((&*mystery.label, &*mystery.unit), ("threshold V_th", ""));
    assert_eq!((mystery.low, mystery.high, mystery.step), (0.5, 2.0, 0.1));
}

#[test]
fn a_choice_may_have_a_picture() {
    let choice = |beside: &str| {
        let text = format!(
            "# T\nminutes: 5\ngoal: G.\n## Predict: A\n- x {{a.b > 1}} {beside}\n- y {{a.b < 0}}\n"
        );
        let lesson = read("t", &text).map_err(|all| all[0].to_string())?;
        let Kind::Predict(Ask::Choices(choices)) = &lesson.steps[0].kind else { panic!() };
        Ok::<_, String>(choices[0].beside.clone())
    };
    let edge = Beside::Picture(3, vec![-1.0, 0.0, 1.0, -1.0, 1.0 / 3.0, 1.0]);
    assert_eq!(choice("[-.+ -3+]"), Ok(edge));
    let Beside::Picture(columns, drawn) = choice("[drawn 7 3 1]").unwrap() else { panic!() };
    assert_eq!((columns, drawn.len()), (SIDE, SIDE * SIDE));
    assert_eq!(drawn, crate::data::synthetic::digit(7, 3, 1));
    let wide = format!("[{}]", "+".repeat(SIDE + 1));
    for wrong in ["[]", "[-+ -]", "[-x]", "[-+", "[drawn 7 12 1]", "[drawn]", "[blank]", &wide] {
        let said = choice(wrong).unwrap_err();
        assert!(said.contains("picture") || said.contains("digit"), "{wrong}: {said}");
    }
}

#[test]
fn several_problems_are_told_at_once_each_with_its_line_and_once() {
    let text = "# T\nminutes: soon\ncolour: red\n## Look: A\nset: tab = x\nscene: a b c\ndigit: 3\n\
                ## Jump: B\n## Predict: C\n- yes\n- no {x.y > 1} (0 1)\n## Mystery:\n## Compare: D\n\
                seen: rate > 1\nseen: a.b > 1\n";
    let found = problems(text);
    for says in [
        "1: `goal:` is missing",
        "2: `minutes: soon` is no time",
        "3: there is no entry `colour:`",
        "5: `set:` follows a scene",
        "6: `scene: a b c` is no scene",
        "7: `digit: 3` is no digit",
        "8: `Jump` is no kind of step",
        "10: the choice does not say when it comes true",
        "11: `(0 1)` is no curve",
        "12: the step has no heading",
        "12: a mystery needs",
        "14: `rate` is no name of a measure",
        "15: a step has one `seen:`",
    ] {
        assert!(found.iter().any(|p| p.starts_with(says)), "{says}\n{}", found.join("\n"));
    }
    assert!(found.iter().any(|p| p.starts_with("3: text before") || p.starts_with("13: there")));
    let lines: std::collections::BTreeSet<&String> = found.iter().collect();
    assert_eq!(lines.len(), found.len());
}

#[test]
fn what_is_no_lesson_gets_a_sentence() {
    for (text, says) in [
        ("", "begins with its title"),
        ("hello\n", "1: a lesson begins"),
        ("# T\nminutes: 5\ngoal: G.\n", "it has no step"),
        ("# T\nminutes: 5\ngoal: G.\n## Look: A\n```scene\n{", "5: this block does not end"),
        ("# T\nminutes: 5\ngoal: G.\n# U\n## Look: A\n", "4: a lesson has one title"),
        ("# T\nminutes: 5\ngoal: G.\n## Look: A\n## Read on\n## Look: B\n", "5: `## Read on`"),
        ("# T\nminutes: 5\ngoal: G.\n## Compare: A\n", "4: there is no prediction"),
        ("# T\nminutes: 5\ngoal: G.\n## Predict: A\n- x {a.b > 1}\n", "at least two choices"),
    ] {
        let found = problems(text).join("\n");
        assert!(found.contains(says), "{text:?}: {found}");
    }
    let long = "x".repeat(MOST_BYTES as usize + 1);
    assert!(problems(&long)[0].contains("256 KiB"));
    let many = format!("# T\nminutes: 5\ngoal: G.\n{}", "## Look: A\n".repeat(MOST_STEPS + 1));
    assert!(problems(&many)[0].contains("60 steps"));
}

proptest! {
    /// Whatever is cut out of a lesson, put into it or exchanged in it: it is read or has
    /// problems, all at lines that are there.
    #[test]
    fn a_damaged_lesson_never_panics(
        from in 0usize..2000,
        cut in 0usize..60,
        put in prop::sample::select(vec![
            "", "\n", ":", "{", "}", "…", "\"", "# ", "## ", "- ", "> ", "```", "set: a = ", "=",
            "9e999", "−", "\u{feff}", "\r\n", "\u{0}", "of", "step", "within", "(", ";", ".", "é",
        ]),
        line in 0usize..60,
        other in 0usize..60,
    ) {
        let characters: Vec<char> = LESSON.chars().collect();
        let from = from % characters.len();
        let to = (from + cut).min(characters.len());
        let mut text: String = characters[..from].iter().collect();
        text += put;
        text.extend(&characters[to..]);
        let mut lines: Vec<&str> = text.split('\n').collect();
        let count = lines.len();
        lines.swap(line % count, other % count);
        let text = lines.join("\n");
        if let Err(found) = read("x", &text) {
            prop_assert!(!found.is_empty() && found.len() <= MOST_PROBLEMS);
            prop_assert!(found.iter().all(|p| p.line <= text.lines().count().max(1)));
        }
    }

    #[test]
    fn any_text_is_read_or_has_problems(text in "(?s).{0,400}") {
        let _ = read("x", &text);
        let _ = read("x", &format!("# T\nminutes: 5\ngoal: G.\n## Mystery: A\n{text}"));
        let _ = read("x", &format!("# T\n## Mystery: A\nscene: a\nmystery: {text}"));
    }
}
