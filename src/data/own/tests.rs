//! Sets as people have them, whole and broken, from reading to keeping.

use std::io::Write;
use std::path::Path;

use proptest::prelude::*;

use super::store::{about, export, free_id, keep, list, load, remove};
use super::*;
use crate::data::{PIXELS, SIDE, idx, picture, synthetic};

fn packed(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    let file = std::fs::File::create(format!("{}.gz", path.display())).unwrap();
    let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gz.write_all(&bytes).unwrap();
    gz.finish().unwrap();
    std::fs::remove_file(path).unwrap();
}

/// Four files as MNIST's, whose names begin with `prefix`.
fn four(dir: &Path, prefix: &str, train: &Dataset, test: &Dataset, pack: bool) {
    for (data, part) in [(train, "train"), (test, "t10k")] {
        let images = dir.join(format!("{prefix}{part}-images-idx3-ubyte"));
        let labels = dir.join(format!("{prefix}{part}-labels-idx1-ubyte"));
        idx::write_pair(data, &images, &labels).unwrap();
        if pack {
            packed(&images);
            packed(&labels);
        }
    }
}

fn get(path: &Path) -> Result<Found, String> {
    read(path, &Options::default(), &mut |_, _| true).map_err(|e| e.to_string())
}

fn images(data: &Dataset) -> Vec<u8> {
    (0..data.len()).flat_map(|i| data.image(i).to_vec()).collect()
}

fn picture_of(path: &Path, image: &[u8], side: usize) {
    let kind = image::ExtendedColorType::L8;
    picture::write_png(path, [side; 2], kind, image).unwrap();
}

#[test]
fn four_files_are_read_kept_listed_loaded_exported_and_removed() {
    let (dir, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (train, test) = (synthetic::generate(5, 60), synthetic::generate(6, 20));
    four(dir.path(), "shapes-", &train, &test, true);
    std::fs::write(dir.path().join("README.txt"), "hello").unwrap();
    let found = get(dir.path()).unwrap();
    assert_eq!((found.name.as_str(), found.held_out, found.named), ("shapes", false, false));
    assert_eq!(images(&found.train), images(&train));
    assert_eq!(found.test.labels(), test.labels());
    let names = ClassNames::known("fashion-mnist").unwrap();
    let found = found.called(&names).unwrap();
    let root = home.path().join("data");
    assert!(list(&root).0.is_empty() && load(&root, "shapes").is_err());
    let id = free_id(&root, "My Shapes!").unwrap();
    assert_eq!(id, "my-shapes");
    let kept = keep(&root, &id, "My Shapes!", &found).unwrap();
    assert_eq!(list(&root).0, std::slice::from_ref(&kept));
    assert!(kept.doc().contains("60 training and 20 test pictures of 10 classes (T-shirt"));
    assert_eq!(free_id(&root, "my shapes").unwrap(), "my-shapes-2");
    assert!(matches!(keep(&root, &id, "x", &found), Err(OwnError::Taken { .. })));
    let split = load(&root, &id).unwrap();
    assert_eq!((split.train.id.as_str(), split.train.classes()), ("my-shapes-train", &names));
    assert_eq!(images(&split.train), images(&train));

    // What is exported is the same set again, names and all.
    let out = tempfile::tempdir().unwrap();
    assert_eq!(export(&root, &id, out.path()).unwrap().len(), 5);
    let again = get(out.path()).unwrap();
    assert_eq!((again.classes(), images(&again.test)), (&names, images(&test)));

    // A file that has been changed is noticed.
    let file = root.join("my-shapes/t10k-labels-idx1-ubyte");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[8] = (bytes[8] + 1) % 10;
    std::fs::write(&file, &bytes).unwrap();
    let error = load(&root, &id).unwrap_err().to_string();
    assert!(error.contains("has been changed: the labels are others"), "{error}");
    remove(&root, &id).unwrap();
    assert!(list(&root).0.is_empty() && matches!(remove(&root, &id), Err(OwnError::Unknown(_))));
    assert_eq!(std::fs::read_dir(&root).unwrap().count(), 0);
}

#[test]
fn a_pair_of_files_gets_a_test_part_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let data = synthetic::generate(5, 100);
    let (a, b) = (dir.path().join("my-images.idx3-ubyte"), dir.path().join("my-labels.idx1-ubyte"));
    idx::write_pair(&data, &a, &b).unwrap();
    for path in [&a, &b, dir.path()] {
        let found = get(path).unwrap();
        assert!(found.held_out && found.notes[0].contains("were held out"), "{:?}", found.notes);
        assert_eq!(found.train.len() + found.test.len(), 100);
        assert_eq!(found.test.len(), by_class(&data).iter().map(|n| n / 10).sum::<usize>());
    }
    std::fs::remove_file(&b).unwrap();
    assert!(get(&a).unwrap_err().contains("has no partner: the labels"));
}

#[test]
fn several_sets_in_a_folder_are_told_apart_by_the_file_that_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (train, test) = (synthetic::generate(5, 40), synthetic::generate(6, 20));
    four(dir.path(), "emnist-digits-", &train, &test, true);
    four(dir.path(), "emnist-mnist-", &test, &train, true);
    std::fs::write(dir.path().join("emnist-digits-mapping.txt"), "0 48\n1 49\n").unwrap();
    let error = get(dir.path()).unwrap_err();
    assert!(error.contains("emnist-digits, emnist-mnist"), "{error}");
    let path = dir.path().join("emnist-digits-train-images-idx3-ubyte.gz");
    // A mapping for two classes does not do for ten.
    assert!(get(&path).unwrap_err().contains("there are 2 names, but label"));
    let lines: String = (0..10).map(|i| format!("{i} {}\n", 48 + i)).collect();
    std::fs::write(dir.path().join("emnist-digits-mapping.txt"), lines).unwrap();
    let found = get(&path).unwrap();
    assert!(found.named && found.classes().is_digits());
    assert_eq!((found.name.as_str(), found.train.len()), ("emnist-digits", 40));
}

#[test]
fn turning_and_inverting_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (train, test) = (synthetic::generate(5, 40), synthetic::generate(6, 20));
    let wrong = Orientation { transpose: true, invert: true, ..Orientation::default() };
    let all = |d: &Dataset| wrong.digits(d, 0..d.len());
    four(dir.path(), "", &all(&train), &all(&test), false);
    let found = get(dir.path()).unwrap();
    assert!(found.looks_inverted());
    let found = found.turned(wrong);
    assert!(!found.looks_inverted() && images(&found.train) == images(&train));
    assert_eq!(found.orientation, wrong);
}

#[test]
fn tables_are_read_and_a_test_table_without_labels_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let data = synthetic::generate(5, 100);
    let heading: Vec<String> = (0..PIXELS).map(|i| format!("pixel{i}")).collect();
    let heading = heading.join(",");
    let row = |i: usize| data.image(i).iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    let mut train = format!("label,{heading}\n");
    let mut test = format!("{heading}\n");
    for i in 0..100 {
        train += &format!("{},{}\n", data.label(i), row(i));
        test += &format!("{}\n", row(i));
    }
    std::fs::write(dir.path().join("train.csv"), &train).unwrap();
    std::fs::write(dir.path().join("test.csv"), &test).unwrap();
    let found = get(dir.path()).unwrap();
    assert!(found.notes.iter().any(|n| n.contains("test.csv has no labels")), "{:?}", found.notes);
    assert!(found.held_out && found.train.len() + found.test.len() == 100);
    let error = get(&dir.path().join("test.csv")).unwrap_err();
    assert!(error.contains("no label") && error.contains("train.csv"), "{error}");
    std::fs::write(dir.path().join("test.csv"), &train).unwrap();
    packed(&dir.path().join("train.csv"));
    let found = get(dir.path()).unwrap();
    assert!(!found.held_out && images(&found.test) == images(&data));
    assert_eq!(found.train.labels(), data.labels());
}

#[test]
fn a_folder_of_pictures_for_each_class_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let data = synthetic::generate(5, 60);
    let folder = |label: u8| dir.path().join(["zebra", "apple", "mouse"][usize::from(label % 3)]);
    (0..3).for_each(|l| std::fs::create_dir(folder(l)).unwrap());
    for i in 0..60 {
        picture_of(&folder(data.label(i)).join(format!("{i}.png")), data.image(i), SIDE);
    }
    std::fs::write(folder(0).join("notes.txt"), "no picture").unwrap();
    std::fs::write(folder(0).join("empty.png"), "").unwrap();
    std::fs::write(folder(0).join(".hidden"), "").unwrap();
    let found = get(dir.path()).unwrap();
    assert_eq!(found.classes().all(), ["apple", "mouse", "zebra"]);
    assert_eq!(found.train.len() + found.test.len(), 60);
    let notes = found.notes.join(" ");
    assert!(notes.contains("2 of 62 files could not be read") && notes.contains("notes.txt"));
    assert!(notes.contains("random order"), "{notes}");
    // Every picture is one of those, with the class of its folder.
    for part in [&found.train, &found.test] {
        for i in 0..part.len() {
            let at = (0..60).find(|k| data.image(*k) == part.image(i)).unwrap();
            let class = ["apple", "mouse", "zebra"][usize::from(part.label(i))];
            assert!(folder(data.label(at)).ends_with(class));
        }
    }
    // The same, in parts.
    let parts = tempfile::tempdir().unwrap();
    for part in ["train", "test"] {
        std::fs::create_dir(parts.path().join(part)).unwrap();
        for class in ["0", "1"] {
            let to = parts.path().join(part).join(class);
            std::fs::create_dir(&to).unwrap();
            (0..4).for_each(|i| picture_of(&to.join(format!("{i}.png")), data.image(i), SIDE));
        }
    }
    // A folder of the test part that is no class to learn is named.
    let stranger = parts.path().join("test/crab");
    std::fs::create_dir(&stranger).unwrap();
    picture_of(&stranger.join("1.png"), data.image(0), SIDE);
    let found = get(parts.path()).unwrap();
    assert!(!found.held_out && (found.train.len(), found.test.len()) == (8, 8));
    assert!(found.notes.iter().any(|n| n.ends_with("left out: crab.")), "{:?}", found.notes);
}

#[test]
fn larger_pictures_are_framed_or_scaled() {
    let dir = tempfile::tempdir().unwrap();
    for class in ["a", "b"] {
        std::fs::create_dir(dir.path().join(class)).unwrap();
        for n in 0..3 {
            // A dark stroke on light paper, away from the middle.
            let side = 100;
            let ink = |i: usize| (20..32).contains(&(i % side)) && (10..70).contains(&(i / side));
            let image: Vec<u8> = (0..side * side).map(|i| if ink(i) { 10 } else { 240 }).collect();
            picture_of(&dir.path().join(class).join(format!("{n}.png")), &image, side);
        }
    }
    let found = get(dir.path()).unwrap();
    let centre = 14 * SIDE + 14;
    assert!(found.train.image(0)[centre] > 200 && found.train.image(0)[0] == 0);
    let options = Options { scale: true, ..Options::default() };
    let found = read(dir.path(), &options, &mut |_, _| true).unwrap();
    let image = found.train.image(0);
    assert!(image[10 * SIDE + 7] > 200 && image[centre] < 60, "{image:?}");
}

/// `each` pictures of each of `classes` classes, with labels from `first` on: EMNIST's letters
/// begin with 1.
fn letters(classes: u8, each: usize, first: u8) -> Dataset {
    let count = usize::from(classes) * each;
    let images = (0..count).flat_map(|i| vec![(i % 200) as u8; PIXELS]).collect();
    let labels = (0..count).map(|i| (i % usize::from(classes)) as u8 + first).collect();
    Dataset::new("x", images, labels).unwrap()
}

#[test]
fn some_classes_of_a_set_have_their_own_of_its_names() {
    let dir = tempfile::tempdir().unwrap();
    // Capitals from K on, as EMNIST balanced numbers them.
    let capitals = letters(5, 8, 20);
    four(dir.path(), "", &capitals, &capitals, false);
    let options = Options { classes: ClassNames::known("emnist-balanced"), ..Options::default() };
    let found = read(dir.path(), &options, &mut |_, _| true).unwrap();
    assert_eq!(found.classes().all().concat(), "KLMNO");
}

#[test]
fn letters_and_the_balanced_set_are_read_kept_and_listed() {
    let (dir, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let all = letters(26, 4, 1);
    four(dir.path(), "emnist-letters-", &all, &letters(26, 1, 1), false);
    let lines: String = (1..=26).map(|n| format!("{n} {} {}\n", n + 64, n + 96)).collect();
    std::fs::write(dir.path().join("emnist-letters-mapping.txt"), lines).unwrap();
    let found = get(dir.path()).unwrap();
    assert_eq!(Some(found.classes().clone()), ClassNames::known("emnist-letters"));
    assert_eq!(found.test.labels(), (0..26).collect::<Vec<u8>>());
    let kept = keep(root.path(), "letters", "Letters", &found).unwrap();
    assert_eq!((kept.train.by_class.len(), kept.train.by_class[25]), (26, 4));
    assert!(kept.doc().contains("pictures of 26 classes (A, B, C,"), "{}", kept.doc());
    let split = load(root.path(), "letters").unwrap();
    assert_eq!((split.train.classes(), images(&split.train)), (found.classes(), images(&all)));
    // Somebody has put other labels there.
    let labels = root.path().join("letters").join(crate::data::mnist::FILES[1].name);
    let mut bytes = std::fs::read(&labels).unwrap();
    *bytes.last_mut().unwrap() = 47;
    std::fs::write(&labels, bytes).unwrap();
    let error = load(root.path(), "letters").unwrap_err().to_string();
    assert!(error.contains("is 47, and classes are numbered from 0 to 46"), "{error}");

    let dir = tempfile::tempdir().unwrap();
    four(dir.path(), "", &letters(47, 2, 0), &letters(47, 1, 0), true);
    let found = get(dir.path()).unwrap();
    assert_eq!((found.classes().count(), found.classes().name(46u8)), (47, "46".into()));
    let called = found.called(&ClassNames::known("emnist-balanced").unwrap()).unwrap();
    assert_eq!(called.classes().name(46u8), "t");
    assert!(called.called(&ClassNames::known("emnist-letters").unwrap()).is_err());
}

#[test]
fn broken_and_hostile_sources_are_refused_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    assert!(get(&dir.path().join("nowhere")).unwrap_err().contains("could not read"));
    assert!(get(dir.path()).unwrap_err().contains("holds no data set"));
    let (images, labels) = (dir.path().join("images"), dir.path().join("labels"));
    let data = synthetic::generate(5, 30);
    idx::write_pair(&data, &images, &labels).unwrap();
    let good = std::fs::read(&images).unwrap();
    std::fs::write(&images, &good[..good.len() - 5]).unwrap();
    assert!(get(dir.path()).unwrap_err().contains("cut short"));
    std::fs::write(&images, [&good[..], b"x"].concat()).unwrap();
    assert!(get(dir.path()).unwrap_err().contains("goes on after"));
    std::fs::write(&images, [&[0, 0, 9, 3], &good[4..]].concat()).unwrap();
    assert!(get(dir.path()).unwrap_err().contains("signed bytes"));
    std::fs::write(&images, &good).unwrap();
    let of = |values: Vec<u8>| [&[0, 0, 8, 1, 0, 0, 0, 30][..], &values].concat();
    let many = synthetic::generate(5, 48);
    let pair = [0, 0, 8, 1, 0, 0, 0, 48];
    idx::write_pair(&many, &images, &labels).unwrap();
    std::fs::write(&labels, [&pair[..], &(0..48).collect::<Vec<u8>>()].concat()).unwrap();
    assert!(get(dir.path()).unwrap_err().contains("48 classes, and 47 is the most"));
    std::fs::write(&images, &good).unwrap();
    std::fs::write(&labels, of(vec![4; 30])).unwrap();
    assert!(get(dir.path()).unwrap_err().contains("only one class (4)"));
    std::fs::write(&labels, of((0..30).map(|i| 9 + i % 2).collect())).unwrap();
    assert_eq!(get(dir.path()).unwrap().classes().all(), ["9", "10"]);

    let many = tempfile::tempdir().unwrap();
    (0..50).for_each(|i| std::fs::create_dir(many.path().join(i.to_string())).unwrap());
    assert!(get(many.path()).unwrap_err().contains("50 classes"));
    let empty = tempfile::tempdir().unwrap();
    ["a", "b"].iter().for_each(|c| std::fs::create_dir(empty.path().join(c)).unwrap());
    assert!(get(empty.path()).unwrap_err().contains("holds no data set"));
}

#[test]
fn very_many_empty_files_are_counted_and_refused() {
    let dir = tempfile::tempdir().unwrap();
    for class in ["a", "b"] {
        std::fs::create_dir(dir.path().join(class)).unwrap();
        for i in 0..50_000 {
            std::fs::File::create(dir.path().join(class).join(format!("{i}.png"))).unwrap();
        }
    }
    let error = get(dir.path()).unwrap_err();
    assert!(error.contains("none of the 100,000 files") && error.contains("is empty"), "{error}");
    let stopped = read(dir.path(), &Options::default(), &mut |done, _| done < 100).unwrap_err();
    assert!(matches!(stopped, OwnError::Stopped));
}

#[test]
fn what_is_on_disk_and_not_ours_is_told_and_not_touched() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    std::fs::create_dir(root.join("other")).unwrap();
    std::fs::write(root.join("other/file"), "x").unwrap();
    assert!(matches!(remove(root, "other"), Err(OwnError::Unknown(_))));
    for id in ["", "..", "../x", "mnist", "A", "a/b", "-a", "a\0"] {
        assert!(load(root, id).is_err() && remove(root, id).is_err() && about(root, id).is_err());
    }
    assert_eq!(list(root).1.len(), 1);
    std::fs::write(root.join("other/about.json"), "{\"id\":").unwrap();
    assert!(list(root).1[0].to_string().contains("cannot be understood"));
    assert_eq!(free_id(root, "other").unwrap(), "other-2");
    for name in ["", "  ", "mnist", "Synthetic", "数字", "--"] {
        assert!(free_id(root, name).is_err(), "{name}");
    }
}

#[test]
fn own_digits_are_kept_one_by_one_and_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path();
    let data = synthetic::generate(5, 40);
    assert_eq!(mine::take_back(root).unwrap(), None);
    assert!(load(root, mine::ID).is_err() && list(root).0.is_empty());
    for i in 0..40 {
        let image: [u8; PIXELS] = data.image(i).try_into().unwrap();
        assert_eq!(mine::add(root, &image, data.label(i)).unwrap(), i + 1);
        if i == 0 {
            let one = load(root, mine::ID).unwrap();
            assert_eq!((one.train.len(), one.test.len()), (1, 1));
        }
    }
    let before = load(root, mine::ID).unwrap();
    assert_eq!(before.train.len() + before.test.len(), 40);
    assert_eq!(images(&mine::read(root).unwrap()), images(&data));
    // What is for testing stays so.
    let image: [u8; PIXELS] = data.image(0).try_into().unwrap();
    mine::add(root, &image, 3).unwrap();
    let after = load(root, mine::ID).unwrap();
    assert!(images(&after.test).starts_with(&images(&before.test)));
    assert!((6..11).contains(&before.test.len()));
    assert_eq!(mine::take_back(root).unwrap(), Some((3, 40)));
    assert_eq!(list(root).0[0].name, "My digits");
    let out = tempfile::tempdir().unwrap();
    export(root, mine::ID, out.path()).unwrap();
    assert_eq!(get(out.path()).unwrap().train.labels(), before.train.labels());
    assert!(matches!(
        keep(root, mine::ID, "x", &get(out.path()).unwrap()),
        Err(OwnError::BadName(_))
    ));
    remove(root, mine::ID).unwrap();
    assert!(list(root).0.is_empty());
}

proptest! {
    /// Ids are safe as the names of folders, whatever they are made of.
    #[test]
    fn ids_are_plain(name in "\\PC{0,80}") {
        if let Ok(id) = id_of(&name) {
            prop_assert!(is_id(&id), "{}", id);
            prop_assert_eq!(id_of(&id).unwrap(), id);
        }
    }

    #[test]
    fn whatever_lies_in_a_file_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        let dir = tempfile::tempdir().unwrap();
        for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "about.json"] {
            std::fs::write(dir.path().join(name), &bytes).unwrap();
        }
        prop_assert!(get(dir.path()).is_err());
    }
}
