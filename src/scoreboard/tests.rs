//! What holds for the board as a whole.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use super::board::{Board, Cell, Curve, Detail, Histogram, Value};
use super::cache::Cache;
use super::criteria::{CRITERIA, Criterion, Group, find};
use super::measure::{Task, measure};
use super::subject::{Context, Subject};
use crate::ann::bundled::REPORT;
use crate::data::{Dataset, synthetic};

/// What is measured with, on two threads.
pub fn with_context(train: &Dataset, test: &Dataset, use_it: impl FnOnce(&Context<'_>)) {
    let (stop, cache) = (AtomicBool::new(false), Cache::default());
    use_it(&Context { train, test, threads: 2, stop: &stop, progress: &|_| {}, cache: &cache });
}

fn mlp() -> Subject {
    let (network, metadata) = REPORT.network("mlp").unwrap().unwrap();
    Subject::network("mlp".into(), "MLP".into(), network, metadata)
}

fn some() -> Vec<&'static Criterion> {
    ["accuracy", "noise", "neurons-lost", "time", "operations", "sparseness", "dale", "spikes"]
        .map(|id| find(id).unwrap())
        .into()
}

fn digits() -> Dataset {
    synthetic::generate(5, 60)
}

fn run(threads: usize, before: &Board, stop_after: usize) -> Board {
    let data = digits();
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let subjects = [mlp()];
    let task = Task {
        subjects: &subjects,
        criteria: &some(),
        train: &data,
        test: &data,
        threads,
        stop: &stop,
    };
    measure(&task, before, &|_| {}, &|_| {
        if done.fetch_add(1, Relaxed) + 1 >= stop_after {
            stop.store(true, Relaxed);
        }
    })
}

#[test]
fn two_runs_stopped_or_not_on_any_threads_give_the_same_board() {
    let whole = run(1, &Board::default(), usize::MAX);
    let profile = whole.profile("mlp").unwrap();
    assert_eq!(profile.cells.len(), some().len());
    assert!(profile.cells["spikes"].value.is_none());
    assert!(profile.cells["spikes"].remark.contains("not spikes"));
    let Some(Value::Number(accuracy)) = profile.cells["accuracy"].value else { panic!() };
    assert!(accuracy > 80.0, "{accuracy}");
    assert_eq!(run(3, &Board::default(), usize::MAX), whole);
    let part = run(1, &Board::default(), 3);
    assert_eq!(part.profile("mlp").unwrap().cells.len(), 3);
    assert_eq!(run(2, &part, usize::MAX), whole);
    // As a file, too.
    let read = Board::from_json(&part.to_json(), "part").unwrap();
    assert_eq!(run(1, &read, usize::MAX), whole);
}

#[test]
fn other_weights_or_another_version_are_measured_anew() {
    let mut before = run(1, &Board::default(), 1);
    let marked = Cell { remark: "kept".into(), ..Cell::default() };
    before.profiles[0].cells.insert("accuracy".into(), marked.clone());
    let kept = |before: &Board| run(1, before, 1).profiles[0].cells["accuracy"] == marked;
    assert!(kept(&before));
    let mut other = before.clone();
    other.profiles[0].fingerprint = "0".repeat(64);
    assert!(!kept(&other));
    let mut other = before.clone();
    other.version = "0.0.0".into();
    assert!(!kept(&other));
    let mut other = before;
    other.data = "mnist-test".into();
    assert!(!kept(&other));
}

#[test]
fn a_broken_file_is_one_clear_sentence() {
    let whole = run(1, &Board::default(), usize::MAX);
    let said = |text: &str| Board::from_json(text, "b.json").unwrap_err().to_string();
    for text in ["", "[]", "{\"profiles\":3}", "{\"profiles\":[{\"kind\":\"boat\"}]}"] {
        let said = said(text);
        assert!(said.starts_with("b.json cannot be used: it holds no results"), "{said}");
        assert_eq!(said.lines().count(), 1);
    }
    let wrong = |change: &dyn Fn(&mut Board)| {
        let mut board = whole.clone();
        change(&mut board);
        board.is_sound().unwrap_err()
    };
    let curve = |xs: &[f64]| {
        let (xs, ys) = (xs.to_vec(), vec![0.0; 2]);
        Some(Detail::Curve(Curve { xs, spread: ys.clone(), ys, ..Curve::default() }))
    };
    let cell = |change: &dyn Fn(&mut Cell)| {
        wrong(&|b| change(b.profiles[0].cells.get_mut("noise").unwrap()))
    };
    assert!(cell(&|c| c.value = Some(Value::Number(f64::NAN))).contains("noise of mlp"));
    assert!(cell(&|c| c.spread = Some(-1.0)).contains("negative"));
    assert!(cell(&|c| c.by_seed = vec![1e300]).contains("seeds"));
    assert!(cell(&|c| c.detail = curve(&[1.0, 1.0])).contains("do not rise"));
    assert!(cell(&|c| c.detail = curve(&[1.0])).contains("as many"));
    let histogram = Some(Detail::Histogram(Histogram::default()));
    assert!(cell(&|c| c.detail.clone_from(&histogram)).contains("empty"));
    assert!(wrong(&|b| b.profiles.push(b.profiles[0].clone())).contains("twice"));
}

#[test]
fn what_comes_with_the_program_was_measured_in_full_and_of_these_weights() {
    let text = include_str!("../../assets/scoreboard.json");
    assert!(text.len() < 1_500_000, "{}", text.len());
    let board = Board::from_json(text, "the results").unwrap();
    let all = super::subject::all().unwrap();
    let ids = |ids: Vec<&str>| ids.join(" ");
    assert_eq!(
        ids(board.profiles.iter().map(|p| &p.id[..]).collect()),
        ids(all.iter().map(|s| &s.id[..]).collect())
    );
    for subject in &all {
        let profile = board.profile(&subject.id).unwrap();
        assert_eq!(profile.fingerprint, subject.fingerprint(), "{}", subject.id);
        for criterion in CRITERIA {
            let cell = profile.cells.get(criterion.id);
            let cell = cell.unwrap_or_else(|| panic!("{}: no {}", subject.id, criterion.id));
            assert!(cell.value.is_some() || !cell.remark.is_empty(), "{}", subject.id);
        }
    }
}

#[test]
fn profiles_are_in_the_order_of_their_subjects_and_others_stay_where_they_are() {
    let data = digits();
    let stop = AtomicBool::new(false);
    let of = |ids: &[&str], before: &Board| {
        let subjects: Vec<Subject> = ids
            .iter()
            .map(|id| {
                let (network, metadata) = REPORT.network("mlp").unwrap().unwrap();
                Subject::network((*id).into(), (*id).into(), network, metadata)
            })
            .collect();
        let criteria = [find("time").unwrap()];
        let task = Task {
            subjects: &subjects,
            criteria: &criteria,
            train: &data,
            test: &data,
            threads: 2,
            stop: &stop,
        };
        measure(&task, before, &|_| {}, &|_| {})
    };
    let ids = |board: &Board| board.profiles.iter().map(|p| p.id.clone()).collect::<String>();
    let first = of(&["c", "x", "a"], &Board::default());
    assert_eq!(ids(&first), "cxa");
    assert_eq!(ids(&of(&["a"], &first)), "cxa");
    assert_eq!(ids(&of(&["a", "b", "c"], &first)), "axbc");
}

#[test]
fn criteria_have_ids_of_their_own_and_say_what_they_are() {
    for (i, c) in CRITERIA.iter().enumerate() {
        assert!(std::ptr::eq(find(c.id).unwrap(), *c), "{} twice", c.id);
        assert!(c.doc.ends_with('.') && c.doc.len() > 40 && !c.name.is_empty(), "{}", c.id);
        // Groups are not torn apart.
        let rank = |group: Group| Group::ALL.iter().position(|(g, _)| *g == group).unwrap();
        if let Some(next) = CRITERIA.get(i + 1) {
            assert!(rank(c.group) <= rank(next.group), "{}", next.id);
        }
    }
}
