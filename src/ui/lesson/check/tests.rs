use super::*;
use crate::lessons::library::BUNDLED;
use crate::lessons::read::read;

fn found(text: &str) -> Vec<String> {
    let lesson = read("x", &format!("# T\nminutes: 5\ngoal: G.\n{text}")).unwrap();
    check(&lesson).iter().map(ToString::to_string).collect()
}

fn scene(set: &[(&str, Value)]) -> SceneText {
    let set = set.iter().map(|(path, value)| ((*path).to_owned(), value.clone(), 9)).collect();
    SceneText::Settings { line: 8, workspace: "neuron".into(), keep: true, set, digit: None }
}

#[test]
fn bundled_lessons_refer_to_what_is_there() {
    for (id, text) in BUNDLED {
        let lesson = read(id, text).unwrap();
        let problems: Vec<String> = check(&lesson).iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "lessons/{id}.md:\n{}", problems.join("\n"));
    }
}

/// Counts what a student reads.
#[test]
fn bundled_lessons_have_few_words_and_a_question_at_the_end() {
    for (id, text) in BUNDLED {
        let lesson = read(id, text).unwrap();
        for step in &lesson.steps {
            let words: usize = step.words.iter().map(|w| w.split_whitespace().count()).sum();
            assert!(words <= 60, "lessons/{id}.md:{}: {words} words, 60 at most", step.line);
        }
        let last = lesson.steps.last().unwrap();
        let asks = last.title.ends_with('?') || last.words.iter().any(|w| w.contains('?'));
        assert!(asks, "lessons/{id}.md:{}: the last step asks nothing", last.line);
        let planned: f64 = lesson.steps.iter().filter_map(|step| step.minutes).sum();
        assert!(
            (planned - f64::from(lesson.minutes)).abs() <= 1.0,
            "lessons/{id}.md: its steps take {planned} min, its head says {}",
            lesson.minutes
        );
    }
}

#[test]
fn the_list_of_measures_in_the_documentation_is_that_of_the_workspaces() {
    let mut expected = String::new();
    for entry in WORKSPACES {
        let lines = measure_lines(entry);
        if !lines.is_empty() {
            expected += &format!("\n### {}\n\n{}\n", entry.about.name, lines.join("\n"));
        }
    }
    let docs = include_str!("../../../../docs/lessons.md");
    let list = docs.split_once("## What can be measured\n").unwrap().1;
    // After a paragraph on names.
    let list = list.find("\n### ").map_or("", |at| &list[at..]);
    assert_eq!(
        list, expected,
        "docs/lessons.md is to end with what `spikescope lesson measures` prints"
    );
}

#[test]
fn what_is_not_there_is_named_with_its_line() {
    for (text, says) in [
        ("## Look: A\n", "4: the first step sets nothing up"),
        ("## Look: A\nscene: neurons\n", "5: there is no workspace `neurons`; there are draw,"),
        (
            "## Look: A\nscene: neuron\nset: figures.v_th = 1\n",
            "6: there is no setting `figures.v_th`: instead of `figures` there is ",
        ),
        ("## Look: A\nscene: neuron\nset: figure.vth = 1\n", "6: there is no setting `figure.vth`"),
        ("## Look: A\nscene: neuron\nset: figure.v_th.x = 1\n", "nothing is called `x` there"),
        ("## Look: A\nscene: neuron\nset: figure.synapses.4.weight = 1\n", "a list of 1"),
        (
            "## Look: A\nscene: neuron\nset: figure.v_th = 100\n",
            "6: `figure.v_th` cannot be 100; the nearest that it can be is 3",
        ),
        ("## Look: A\nscene: neuron\nset: figure.v_th = high\n", "cannot be high"),
        ("## Look: A\nscene: neuron\nset: tab = spike\n", "spike"),
        ("## Look: A\nscene: neuron\nseen: neuron.unheard > 1\n", "6: `neuron` measures no"),
        ("## Look: A\nscene: neuron\nseen: nowhere.rate > 1\n", "6: there is no workspace"),
        (
            "## Mystery: A\nscene: neuron\nmystery: tab \"tab\" 0 … 1 step 0.1 within 0.1\n",
            "6: `tab` of `neuron` is no number",
        ),
        (
            "## Mystery: A\nscene: neuron\nmystery: figure.v_th \"V\" 0 … 2 step 1 within 0.1\n",
            "6: `figure.v_th` cannot be 0",
        ),
        ("## Look: A\n```scene\nnothing\n```\n", "5: this is no saved scene"),
        ("## Look: A\n```scene\n{}\n```\n", "names no workspace"),
    ] {
        let found = found(text).join("\n");
        assert!(found.contains(says), "{text}: {found}");
    }
    let sound = "## Look: A\nscene: neuron\nset: tab = rate_curve\nset: figure.v_th = 0,5\n\
                 set: curve.model.values.tau_m_ms = 15\nset: unit.own = [[0.9, 0.8]]\n";
    assert_eq!(found(sound).len(), 1, "{:?}", found(sound));
    assert_eq!(found(&sound.replace("0,5", "0.5")), Vec::<String>::new());
}

#[test]
fn a_scene_that_keeps_changes_only_what_it_sets() {
    let now = settings_of(&scene(&[("figure.tau_m_ms", 25.into())]), None).unwrap();
    let scene = scene(&[("figure.v_th", serde_json::json!(0.7))]);
    let kept = settings_of(&scene, Some(&now)).unwrap();
    assert_eq!(number_at(&kept, "figure.tau_m_ms"), Some(25.0));
    assert_eq!(number_at(&kept, "figure.v_th"), Some(0.7));
    let hidden = with_number("neuron", &kept, "figure.v_th", 2.0).unwrap();
    assert_eq!(number_at(&hidden, "figure.v_th"), Some(2.0));
    assert!(with_number("neuron", &kept, "figure.v_th", f64::NAN).is_err());
    assert!(with_number("neuron", &kept, "figure.nothing", 1.0).is_err());
}

#[test]
fn every_setting_that_is_listed_can_be_set_as_it_is_listed() {
    for entry in WORKSPACES {
        let lines = setting_lines(entry);
        assert!(!lines.is_empty());
        let set: String =
            lines.iter().map(|(name, value)| format!("set: {name} = {value}\n")).collect();
        let step = |text: &str| format!("## Look: A\nscene: {}\n{text}", entry.about.id);
        for lines in set.lines().collect::<Vec<_>>().chunks(90) {
            let found = found(&step(&lines.join("\n")));
            assert!(found.is_empty(), "{}: {found:?}", entry.about.id);
        }
    }
}
