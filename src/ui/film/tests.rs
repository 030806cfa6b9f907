use std::ffi::OsStr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::{AnimationDecoder, Frame, Rgba, RgbaImage};
use serde_json::{Value, json};

use super::encode::{Apng, Encoder, Gif, gif_delay_ms};
use super::mp4::{FFMPEG, Mp4};
use super::order::{Choices, Format, MOST_FRAMES, Size, Source, spread};
use super::studio::{self, is_complete};
use super::{FilmEdit, FilmError, Order, Watch};
use crate::data::synthetic;
use crate::ui::app::{App, Setup};
use crate::ui::command::Command;
use crate::ui::house::House;
use crate::ui::saved::SavedScene;
use crate::ui::session::ThemeChoice;
use crate::ui::testing::{self, until};
use crate::ui::widgets::page;

const SIZE: [u32; 2] = [40, 30];
const PATIENCE: Duration = Duration::from_secs(120);

/// Nobody minds, up to a frame.
struct Until(u32, AtomicU32);

impl Watch for Until {
    fn cancelled(&self) -> bool {
        self.1.load(Relaxed) >= self.0
    }

    fn told(&self, frame: u32, _of: u32) {
        self.1.store(frame, Relaxed);
    }
}

fn always() -> Until {
    Until(u32::MAX, AtomicU32::new(0))
}

/// A block on a ground of some colours; the third frame is as the second.
fn pictures() -> Vec<RgbaImage> {
    let place = |k: u32| [3 + 4 * k.min(1), 5 + 2 * k.min(1)].map(|n| n + 3 * k.saturating_sub(2));
    (0..6)
        .map(|k| {
            let [left, top] = place(k);
            RgbaImage::from_fn(SIZE[0], SIZE[1], |x, y| {
                let block = (left..left + 9).contains(&x) && (top..top + 7).contains(&y);
                if block { Rgba([200, 40, 7, 255]) } else { Rgba([x as u8, 9, y as u8 / 8, 255]) }
            })
        })
        .collect()
}

fn encode<'a>(mut encoder: Box<dyn Encoder + 'a>, pictures: &[RgbaImage]) {
    for picture in pictures {
        encoder.frame(picture).unwrap();
    }
    encoder.finish().unwrap();
}

fn apng(bytes: &[u8]) -> Vec<Frame> {
    let decoder = PngDecoder::new(std::io::Cursor::new(bytes)).unwrap();
    decoder.apng().unwrap().into_frames().collect_frames().unwrap()
}

#[test]
fn a_gif_has_all_frames_and_lasts_as_long_as_it_should() {
    let (mut bytes, pictures) = (Vec::new(), pictures());
    encode(Box::new(Gif::new(&mut bytes, 12).unwrap()), &pictures);
    let decoder = GifDecoder::new(std::io::Cursor::new(&bytes)).unwrap();
    let frames = decoder.into_frames().collect_frames().unwrap();
    assert_eq!(frames.len(), pictures.len());
    for (k, (frame, picture)) in frames.iter().zip(&pictures).enumerate() {
        assert_eq!(frame.buffer(), picture, "{k}");
        assert_eq!(frame.delay().numer_denom_ms(), (gif_delay_ms(k as u32, 12), 1));
    }
    for fps in 5..=30 {
        let all: u32 = (0..fps).map(|k| gif_delay_ms(k, fps)).sum();
        assert_eq!(all, 1000, "{fps}");
        assert!((0..fps).all(|k| gif_delay_ms(k, fps) >= 30));
    }
}

#[test]
fn an_animated_png_has_every_pixel() {
    let (mut bytes, pictures) = (Vec::new(), pictures());
    let size = pictures.len() as u32;
    encode(Box::new(Apng::new(&mut bytes, SIZE, 25, size).unwrap()), &pictures);
    let frames = apng(&bytes);
    assert_eq!(frames.len(), pictures.len());
    for (k, (frame, picture)) in frames.iter().zip(&pictures).enumerate() {
        assert_eq!(frame.buffer(), picture, "{k}");
        assert_eq!(frame.delay().numer_denom_ms(), (40, 1));
    }
    // Only what has changed is written.
    let (mut still, same) = (Vec::new(), vec![pictures[0].clone(); 6]);
    encode(Box::new(Apng::new(&mut still, SIZE, 25, 6).unwrap()), &same);
    assert!(still.len() < bytes.len());
}

#[test]
fn an_mp4_has_all_frames_where_there_is_ffmpeg() {
    let (folder, watch, mut out) = (tempfile::tempdir().unwrap(), always(), Vec::new());
    let pictures = pictures();
    match Mp4::start(OsStr::new(FFMPEG), (SIZE, 12), folder.path(), &mut out, &watch) {
        Ok(encoder) => encode(Box::new(encoder), &pictures),
        Err(error) => {
            assert!(error.to_string().contains("not installed"), "{error}");
            return;
        }
    }
    assert_eq!(&out[4..8], b"ftyp");
    let film = folder.path().join("again.mp4");
    std::fs::write(&film, &out).unwrap();
    let raw = std::process::Command::new(FFMPEG)
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(&film)
        .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        .output()
        .unwrap();
    let each = (3 * SIZE[0] * SIZE[1]) as usize;
    assert_eq!(raw.stdout.len(), pictures.len() * each);
    for (k, (shown, picture)) in raw.stdout.chunks(each).zip(&pictures).enumerate() {
        let off = shown.chunks(3).zip(picture.pixels()).map(|(a, b)| a[0].abs_diff(b.0[0]));
        let mean = off.map(f64::from).sum::<f64>() / (SIZE[0] * SIZE[1]) as f64;
        assert!(mean < 12.0, "frame {k} is another picture: {mean}");
    }
}

#[test]
fn without_ffmpeg_one_sentence_says_what_to_do() {
    let (folder, watch, mut out) = (tempfile::tempdir().unwrap(), always(), Vec::new());
    let missing = OsStr::new("no-ffmpeg-of-this-name");
    let error = Mp4::start(missing, (SIZE, 12), folder.path(), &mut out, &watch).err().unwrap();
    assert!(error.to_string().contains("is not installed: install it"), "{error}");
}

/// A program that takes no frame, and one that refuses to begin.
#[cfg(unix)]
#[test]
fn an_ffmpeg_that_hangs_or_fails_is_not_waited_for() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let hangs = program("hangs", "#!/bin/sh\nexec sleep 600\n");
    let fails = program("fails", "#!/bin/sh\necho no such encoder >&2\nexit 3\n");
    let large = RgbaImage::new(400, 400);
    let tried = |program: &Path, watch: &dyn Watch| {
        let (begun, mut out) = (Instant::now(), Vec::new());
        let size = ([400, 400], 12);
        let mut mp4 =
            Mp4::start(program.as_os_str(), size, folder.path(), &mut out, watch).unwrap();
        mp4.patience = Duration::from_millis(300);
        let failed = (0..20).find_map(|_| mp4.frame(&large).err());
        drop(mp4);
        assert!(begun.elapsed() < Duration::from_secs(20));
        failed.unwrap()
    };
    assert!(tried(&hangs, &always()).to_string().contains("did nothing"));
    assert!(matches!(tried(&hangs, &Until(0, AtomicU32::new(0))), FilmError::Cancelled));
    assert!(tried(&fails, &always()).to_string().contains("no such encoder"));
}

#[test]
fn steps_are_spread_from_the_first_to_the_last() {
    assert_eq!(spread((0, 28), 5), [0, 7, 14, 21, 28]);
    assert_eq!(spread((3, 5), 6), [3, 3, 4, 4, 5, 5]);
    assert_eq!(spread((7, 9), 1), [7]);
    let steps = spread((10, 1_000_000), MOST_FRAMES);
    assert_eq!((steps[0], steps[MOST_FRAMES as usize - 1]), (10, 1_000_000));
    assert!(steps.is_sorted());
    assert_eq!(*spread((0, u64::MAX), 3).last().unwrap(), u64::MAX);
}

#[test]
fn choices_stay_within_what_is_possible() {
    let wild =
        Choices { fps: 4000, seconds: f64::NAN, caption: "é".repeat(1000), ..Choices::default() };
    let choices = wild.bounded();
    assert_eq!((choices.fps, choices.seconds, choices.caption.chars().count()), (30, 10.0, 160));
    assert_eq!(Choices { fps: 30, seconds: 60.0, ..choices }.frames(), MOST_FRAMES);
    for (page, scale) in [([1000.4, 701.0], 1.0), ([5000.0, 300.0], 3.0), ([0.0, 1e9], 0.1)] {
        let ([width, height], scale) = Size::Window.pixels(page, scale);
        assert!(width % 2 == 0 && height % 2 == 0 && scale > 0.0);
        assert!((64..=1920).contains(&width) && (64..=1200).contains(&height), "{page:?}");
    }
}

/// A scene with a drawn three.
fn scene(workspace: &str, settings: Value) -> Value {
    let strokes = synthetic::strokes(7, 3, 3);
    json!({
        "spikescope": 1,
        "workspace": workspace,
        "settings": settings,
        "digit": { "strokes": strokes },
    })
}

fn order(folder: &Path, scene: &Value, format: Format, to: Option<u64>) -> Order {
    let file = folder.join("it.spikescope");
    std::fs::write(&file, scene.to_string()).unwrap();
    Order {
        path: folder.join("films").join(format!("film.{}", format.extension())),
        source: Source::File(file),
        choices: Choices { format, fps: 8, seconds: 1.0, ..Choices::default() },
        pixels: [880, 600],
        scale: 1.0,
        theme: ThemeChoice::Dark,
        projector: false,
        from: None,
        to,
        mnist: None,
    }
}

fn window(home: &Path, size: [f32; 2]) -> Harness<'static, App> {
    testing::window(Setup { theme: Some(ThemeChoice::Dark), ..testing::setup(home) }, size)
}

/// What is around a workspace.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Around {
    /// Nothing: the same pixels have the same coordinates as in a film.
    Nothing,
    /// Rail and status line, as in a user's window.
    Window,
}

/// A window of its own, whose workspace is as large as a film.
fn another(home: &Path, scene: &Value, order: &Order, around: Around) -> Harness<'static, App> {
    let [width, height] = order.pixels.map(|n| n as f32);
    let mut size = egui::vec2(width, height);
    let mut harness = window(home, size.into());
    harness.state_mut().house.desk.session.without_mnist = true;
    if around == Around::Nothing {
        harness.state_mut().show_room_only(String::new());
    }
    let scene = SavedScene { at: order.to, ..SavedScene::read(scene.clone()).unwrap() };
    until(&mut harness, "the digits", |app| !app.house.desk.awaits_digits());
    let House { rooms, scenes, desk, .. } = &mut harness.state_mut().house;
    scenes.open(scene, crate::ui::saved::Open::ByUser, rooms, desk).unwrap();
    until(&mut harness, "the scene", |app| !app.house.scenes.is_coming());
    harness.state_mut().house.desk.toasts.clear_notices();
    for _ in 0..3 {
        harness.run_steps(3);
        if around == Around::Window {
            let room = page::room(&harness.state().house.desk.ctx).unwrap();
            size += egui::vec2(width, height) - room.size();
            harness.set_size(size);
        }
    }
    harness.run_steps(3);
    harness
}

/// What its time bar shows at a step.
fn shown(
    harness: &mut Harness<'static, App>,
    step: u64,
    size: [u32; 2],
    around: Around,
) -> RgbaImage {
    let (begun, mut still) = (Instant::now(), 0);
    while still < 3 {
        assert!(begun.elapsed() < PATIENCE, "step {step}");
        let House { rooms, desk, .. } = &mut harness.state_mut().house;
        if rooms.time().unwrap().at != step {
            rooms.go(step, desk);
        }
        harness.step();
        let complete = is_complete(&harness.state().house, step);
        still = if complete { still + 1 } else { 0 };
    }
    let room = page::room(&harness.state().house.desk.ctx).unwrap_or(egui::Rect::ZERO);
    let whole = harness.render().unwrap();
    let [x, y] = match around {
        Around::Nothing => [0, 0],
        Around::Window => [room.min.x, room.min.y].map(|n| n.round() as u32),
    };
    image::imageops::crop_imm(&whole, x, y, size[0], size[1]).to_image()
}

/// Pixels that differ, and by how much the most.
fn difference(a: &RgbaImage, b: &RgbaImage) -> (usize, u8) {
    let each = a.pixels().zip(b.pixels());
    let of = |(a, b): (&Rgba<u8>, &Rgba<u8>)| {
        a.0.iter().zip(&b.0).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
    };
    each.map(of).filter(|d| *d > 0).fold((0, 0), |(count, most), d| (count + 1, most.max(d)))
}

/// A film, and another window's pictures taken in the opposite order.
#[track_caller]
fn film_is_what_the_time_bar_shows(workspace: &str, settings: Value, to: Option<u64>) {
    film_is_shown(workspace, settings, to, Around::Nothing, (48, 2));
}

/// So many pixels may differ, by so much.
#[track_caller]
fn film_is_shown(
    workspace: &str,
    settings: Value,
    to: Option<u64>,
    around: Around,
    slack: (usize, u8),
) {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(workspace, settings);
    let order = order(folder.path(), &scene, Format::Apng, to);
    let filmed = studio::make(&order, &always()).unwrap();
    let frames = apng(&std::fs::read(&order.path).unwrap());
    assert_eq!((frames.len(), filmed.frames), (8, 8));
    assert!(frames.windows(2).any(|pair| pair[0].buffer() != pair[1].buffer()), "nothing moves");
    let mut window = another(&folder.path().join("home"), &scene, &order, around);
    let steps = spread(filmed.steps, 8);
    for (step, frame) in steps.iter().zip(&frames).rev() {
        let picture = shown(&mut window, *step, order.pixels, around);
        let (pixels, most) = difference(frame.buffer(), &picture);
        if pixels > slack.0 || most > slack.1 {
            frame.buffer().save(std::env::temp_dir().join("film-frame.png")).unwrap();
            picture.save(std::env::temp_dir().join("film-window.png")).unwrap();
            panic!("{workspace}: {pixels} pixels differ at step {step}, by up to {most}");
        }
    }
}

#[test]
fn a_film_of_a_digit_read_line_by_line_is_what_the_time_bar_shows() {
    film_is_what_the_time_bar_shows("time", json!({}), None);
}

/// Beside the rail, edges lie elsewhere between pixels: they may differ by a shade.
#[test]
fn a_film_is_what_a_users_window_shows_beside_its_rail() {
    film_is_shown("time", json!({}), None, Around::Window, (5000, 3));
}

#[test]
fn a_film_of_two_neurons_is_what_the_time_bar_shows() {
    film_is_what_the_time_bar_shows("neuron", json!({ "tab": "spikes" }), Some(1000));
}

#[test]
fn a_film_of_a_converted_network_is_what_the_time_bar_shows() {
    film_is_what_the_time_bar_shows("conversion", json!({}), None);
}

#[test]
fn a_film_of_a_completed_digit_is_what_the_time_bar_shows() {
    film_is_what_the_time_bar_shows("imagine", json!({ "tab": "complete" }), None);
}

#[test]
fn a_film_of_a_synapse_is_what_the_time_bar_shows() {
    film_is_what_the_time_bar_shows("plasticity", json!({ "tab": "story" }), None);
}

#[test]
fn a_film_of_a_deep_network_of_spikes_is_what_the_time_bar_shows() {
    film_is_what_the_time_bar_shows("deep", json!({}), None);
}

#[test]
fn a_film_that_is_cancelled_or_cannot_be_made_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let films = folder.path().join("films");
    for format in [Format::Gif, Format::Mp4] {
        let order = order(folder.path(), &scene("time", json!({})), format, None);
        let made = studio::make(&order, &Until(2, AtomicU32::new(0)));
        match made.unwrap_err() {
            FilmError::Cancelled => {}
            other => assert!(other.to_string().contains("not installed"), "{other}"),
        }
        assert_eq!(std::fs::read_dir(&films).map_or(0, Iterator::count), 0);
    }
    let still = order(folder.path(), &scene("draw", json!({})), Format::Gif, None);
    let why = studio::make(&still, &always()).unwrap_err().to_string();
    assert!(why.contains("no time bar"), "{why}");
    assert_eq!(std::fs::read_dir(&films).map_or(0, Iterator::count), 0);
}

#[test]
fn a_window_makes_one_film_at_a_time_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), [1100.0, 700.0]);
    window.state_mut().films_by(studio::make);
    window.state_mut().house.apply(Command::Show("time"));
    until(&mut window, "the view", |app| app.house.films.offers(&app.house.rooms));
    let choices = Choices {
        size: Size::Small,
        fps: 5,
        seconds: 0.8,
        caption: "A three".into(),
        ..Choices::default()
    };
    window.run_steps(2);
    window.get_by_label("Save film…").click();
    window.run_steps(3);
    assert!(window.state().house.films.open);
    window.state_mut().house.apply(FilmEdit::Choose(choices));
    window.run_steps(2);
    window.get_by_role_and_label(Role::Button, "Save film").click();
    window.run_steps(3);
    let house = &mut window.state_mut().house;
    assert!(house.films.is_busy() && !house.films.open);
    let failures = house.desk.toasts.failures();
    house.apply(FilmEdit::Save);
    assert_eq!(house.desk.toasts.failures(), failures + 1, "a second film was begun");
    assert!(house.films.work().is_some());
    until(&mut window, "the film", |app| !app.house.films.is_busy());
    window.run_steps(3);
    let newest = window.state().house.desk.toasts.newest().unwrap().to_owned();
    assert!(newest.starts_with("Saved as"), "{newest}");
    let file = std::fs::read_dir(home.path().join("exports")).unwrap().next().unwrap().unwrap();
    let bytes = std::fs::read(file.path()).unwrap();
    let frames = GifDecoder::new(std::io::Cursor::new(bytes)).unwrap().into_frames();
    let frames = frames.collect_frames().unwrap();
    assert_eq!((frames.len(), frames[0].buffer().dimensions()), (4, (640, 480)));
    window.state_mut().house.apply(FilmEdit::Save);
    window.state_mut().house.apply(FilmEdit::Cancel);
    until(&mut window, "the end", |app| !app.house.films.is_busy());
    assert_eq!(std::fs::read_dir(home.path().join("exports")).unwrap().count(), 1);
}
