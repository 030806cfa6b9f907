//! Lessons: what is wrong with a file, and what files can refer to.

use super::json::check;
use super::*;

const GOOD: &str = "# Own\nminutes: 5\ngoal: Know.\n\n## Look: What is this?\nscene: neuron\n\
                    set: tab = rate_curve\n\nWords.\n";

#[test]
fn a_lesson_is_checked_by_file_and_line() {
    let home = home();
    let good = write(home.path(), "good.md", GOOD).display().to_string();
    let printed = run_text(home.path(), &format!("lesson check {good}")).succeeds();
    assert_eq!(printed.trim(), format!("{good}: Own: 1 step, 5 min"));
    let bad = GOOD.replace("rate_curve", "rate").replace("Words.", "colour: red");
    let bad = write(home.path(), "bad.md", bad).display().to_string();
    let ran = run_text(home.path(), &format!("lesson check {good} {bad} missing.md"));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    for says in [&format!("{bad}:9: there is no entry `colour:`"), "missing.md: it could not"] {
        assert!(ran.stdout.contains(says), "{says}\n{}", ran.stdout);
    }
    let unread = GOOD.replace("rate_curve", "rate");
    let unread = write(home.path(), "tab.md", unread).display().to_string();
    let ran = run_text(home.path(), &format!("lesson check {unread} --json"));
    assert_eq!(ran.code, Some(1));
    let value = check("lesson check", &ran.stdout);
    assert_eq!(value["lessons"][0]["problems"][0]["line"], 7);
}

#[test]
fn lessons_measures_and_settings_are_listed() {
    let home = home();
    std::fs::create_dir(home.path().join("lessons")).unwrap();
    write(&home.path().join("lessons"), "mine.md", GOOD);
    write(&home.path().join("lessons"), "broken.md", "nothing");
    let value = check("lesson list", &run_text(home.path(), "lesson list --json").succeeds());
    let lessons = value["lessons"].as_array().unwrap();
    let own = &lessons[lessons.len() - 2..];
    assert_eq!((&own[0]["id"], &own[1]["id"]), (&"broken".into(), &"mine".into()));
    assert!(own[0]["problems"] == 1 && own[1]["problems"] == 0);
    let printed = run_text(home.path(), "lesson list").succeeds();
    assert!(printed.contains("cannot be read") && printed.contains("Own"), "{printed}");

    let measures = "lesson measures neuron --json";
    check("lesson measures", &run_text(home.path(), measures).succeeds());
    let settings = "lesson settings neuron --json";
    let value = check("lesson settings", &run_text(home.path(), settings).succeeds());
    let settings = value["settings"].as_array().unwrap();
    let v_th = settings.iter().find(|s| s["name"] == "figure.v_th").unwrap();
    assert_eq!(v_th["usual"], "1");
    let printed = run_text(home.path(), "lesson settings neuron").succeeds();
    assert!(printed.contains("figure.synapses.0.weight = 0.6"), "{printed}");
    assert!(run_text(home.path(), "lesson settings nowhere").fails(2).contains("nowhere"));
}
