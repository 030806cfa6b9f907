//! The window driven as a person drives it: by what its parts are called and
//! by what it says, never by its insides.

mod alternatives;
mod close;
mod conversion;
mod deep;
mod draw;
mod fields;
mod first;
mod history;
mod imagine;
mod layout;
mod lesson;
mod neuron;
mod own;
mod pictures;
mod plasticity;
mod saved;
mod session;
mod settings;
mod spiking;
mod time;
mod train;
mod wires;

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable, by};
use egui_kittest::{Harness, Node};
use spikescope::ui::app::{App, Setup};

/// Training a small network in a test build takes seconds; this is for slow
/// machines.
const PATIENCE: Duration = Duration::from_secs(120);

/// A file that falls on the window.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

/// Does some things that mostly wait, four at a time.
fn side_by_side<T: Send>(all: impl Iterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    let all = std::sync::Mutex::new(all);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = all.lock().unwrap().next();
                    let Some(next) = next else { break };
                    work(next);
                }
            });
        }
    });
}

/// The app in a data folder of its own.
struct Window {
    harness: Harness<'static, App>,
    home: tempfile::TempDir,
}

impl Window {
    fn open() -> Self {
        Self::open_with([1280.0, 800.0], tempfile::tempdir().unwrap(), |_| {})
    }

    /// Lets a file fall on it.
    fn drop_file(&mut self, path: std::path::PathBuf) {
        self.harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(path)));
    }

    fn open_with(size: [f32; 2], home: tempfile::TempDir, change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup {
            home: home.path().to_path_buf(),
            mnist: None,
            projector: false,
            theme: Some(spikescope::ui::session::ThemeChoice::Dark),
            workspace: None,
            scene: None,
            welcome: false,
        };
        change(&mut setup);
        // Whether MNIST is there is found out meanwhile; the offer moves the canvas.
        let offered = setup.mnist.is_none() && std::fs::read_dir(home.path()).unwrap().count() == 0;
        let mut harness = Harness::builder()
            .with_size(size)
            .wgpu_setup(spikescope::ui::tour::headless_setup().unwrap())
            .build_eframe(move |cc| App::new(&cc.egui_ctx, setup).unwrap());
        harness.run_steps(3);
        let mut window = Self { harness, home };
        if offered {
            window.wait_for_text("is not on this machine yet");
        }
        window
    }

    /// Closes the window and opens it again on the same folder.
    fn reopen(self) -> Self {
        self.reopen_with(|_| {})
    }

    /// The same, as a window that shows its first screen if it has not done so yet.
    fn reopen_as_newcomer(self) -> Self {
        self.reopen_with(|setup| setup.welcome = true)
    }

    fn reopen_with(self, change: impl FnOnce(&mut Setup)) -> Self {
        let Self { mut harness, home } = self;
        eframe::App::on_exit(harness.state_mut());
        // The threads end, and the session is written, when the app is dropped.
        drop(harness);
        Self::open_with([1280.0, 800.0], home, |setup| {
            setup.theme = None;
            change(setup);
        })
    }

    /// Steps until `ready` says so.
    #[track_caller]
    fn wait_for(&mut self, what: &str, ready: impl Fn(&Harness<'static, App>) -> bool) {
        let begun = Instant::now();
        while !ready(&self.harness) {
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}; {}", self.said());
            self.harness.step();
            std::thread::sleep(Duration::from_millis(5));
        }
        self.harness.run_steps(2);
    }

    #[track_caller]
    fn wait_for_text(&mut self, text: &str) {
        self.wait_for(text, |h| h.query_all_by_label_contains(text).next().is_some());
    }

    /// Everything that the window says, for messages of failed tests.
    fn said(&self) -> String {
        let labels: Vec<String> = self
            .harness
            .root()
            .children_recursive()
            .filter_map(|n: Node<'_>| n.accesskit_node().label().or(n.accesskit_node().value()))
            .collect();
        format!("the window said: {labels:?}")
    }

    fn says(&self, text: &str) -> bool {
        self.harness.query_all_by_label_contains(text).next().is_some()
    }

    /// Waits until the workers have caught up with the last stroke: the picture stays
    /// the same for a while.
    fn settle(&mut self) {
        let mut last = self.harness.render().unwrap();
        let mut same = 0;
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(50));
            self.harness.run_steps(2);
            let now = self.harness.render().unwrap();
            same = if now == last { same + 1 } else { 0 };
            last = now;
            if same == 6 {
                return;
            }
        }
    }

    /// Presses a button, once it is there: some come when a worker is done.
    #[track_caller]
    fn click(&mut self, button: &str) {
        // One that is greyed out takes no click, and what makes it ready may take a while.
        self.wait_for(button, |h| {
            let mut found = h.query_all_by_role_and_label(Role::Button, button);
            found.next().is_some_and(|b| !b.accesskit_node().is_disabled())
        });
        self.harness.get_by_role_and_label(Role::Button, button).click();
        self.harness.run_steps(3);
    }

    /// Chooses from a drop-down list.
    #[track_caller]
    fn choose(&mut self, now: &str, wanted: &str) {
        self.harness.get(by().role(Role::ComboBox).value(now)).click();
        self.harness.run_steps(3);
        self.harness.get_by_role_and_label(Role::Button, wanted).click();
        self.harness.run_steps(3);
    }

    /// Waits until this is chosen in a drop-down list.
    #[track_caller]
    fn wait_for_combo(&mut self, chosen: &str) {
        self.wait_for(chosen, |h| {
            h.query_all(by().role(Role::ComboBox).value(chosen)).next().is_some()
        });
    }

    /// Chooses from the drop-down list of this name.
    #[track_caller]
    fn pick(&mut self, list: &str, wanted: &str) {
        self.harness.get(by().role(Role::ComboBox).label(list)).click();
        self.harness.run_steps(3);
        self.harness.get_by_role_and_label(Role::Button, wanted).click();
        self.harness.run_steps(3);
    }

    /// Puts a number into a field of the form.
    #[track_caller]
    fn set(&mut self, field: &str, value: f64) {
        self.harness.get_by_role_and_label(Role::SpinButton, field).set_value_accesskit(value);
        self.harness.run_steps(3);
    }

    /// Holds what runs, and waits until it stands where it stopped.
    #[track_caller]
    fn hold(&mut self) {
        self.key(egui::Modifiers::NONE, egui::Key::Space);
        self.wait_for_text("held");
        self.settle();
    }

    /// Draws a stroke on the canvas with the mouse; points in 0 … 1.
    fn stroke(&mut self, points: &[[f32; 2]]) {
        let rect = self.harness.get_by_role_and_label(Role::Canvas, CANVAS).rect();
        let at = |p: &[f32; 2]| rect.min + egui::vec2(p[0], p[1]) * rect.size();
        self.harness.hover_at(at(&points[0]));
        self.harness.step();
        self.harness.drag_at(at(&points[0]));
        self.harness.step();
        for point in &points[1..] {
            self.harness.hover_at(at(point));
            self.harness.step();
        }
        self.harness.drop_at(at(&points[points.len() - 1]));
        self.harness.run_steps(2);
    }

    /// Draws a generated digit stroke by stroke.
    fn draw(&mut self, class: u8, index: u64) {
        for stroke in spikescope::data::synthetic::strokes(11, class, index) {
            self.stroke(&stroke);
        }
    }

    /// Presses a key, alone or with Ctrl.
    fn key(&mut self, modifiers: egui::Modifiers, key: egui::Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run_steps(3);
    }
}

const CANVAS: &str = "Canvas: draw a digit here";
