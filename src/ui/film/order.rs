//! What a film is to be, and what became of it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::ui::session::ThemeChoice;

/// Frames per second: fewer are no film, and more are not seen.
pub const FPS: (u32, u32) = (5, 30);
/// Length, s.
pub const SECONDS: (f64, f64) = (0.5, 60.0);
/// Frames of the longest film.
pub const MOST_FRAMES: u32 = 1800;
/// Characters of the longest caption.
pub const MOST_CAPTION: usize = 160;
/// The largest picture, pixels.
const LARGEST: [f32; 2] = [1920.0, 1200.0];
/// The smallest one.
const SMALLEST: f32 = 64.0;

/// The formats of a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Shown everywhere, in 256 colours per frame.
    Gif,
    /// Every pixel as it was drawn.
    Apng,
    /// Small; needs ffmpeg.
    Mp4,
}

impl Format {
    /// Each with its name and what it is good for.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Gif, "GIF", "Plays everywhere, slides and chats included; 256 colours per frame"),
        (Self::Apng, "Animated PNG", "Every pixel as it was drawn; for browsers"),
        (Self::Mp4, "MP4", "The smallest file; needs ffmpeg on this machine"),
    ];

    /// Extension of the file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Apng => "png",
            Self::Mp4 => "mp4",
        }
    }

    /// The format of a file of this name.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "gif" => Some(Self::Gif),
            "png" | "apng" => Some(Self::Apng),
            "mp4" => Some(Self::Mp4),
            _ => None,
        }
    }
}

/// How large the picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// For a page or a chat.
    Small,
    /// For a slide.
    Medium,
    /// As large as the workspace is in the window, and as fine.
    Window,
}

impl Size {
    /// Each with its name and what it is.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Small, "Small", "640 × 480, for a page or a chat"),
        (Self::Medium, "Medium", "1024 × 768, for a slide"),
        (Self::Window, "As the window", "As large as the workspace is in the window"),
    ];

    /// Pixels, and pixels per point, where the workspace has `page` points in a window with
    /// `scale` pixels each.
    pub fn pixels(self, page: [f32; 2], scale: f32) -> ([u32; 2], f32) {
        match self {
            Self::Small => ([640, 480], 1.0),
            Self::Medium => ([1024, 768], 1.0),
            Self::Window => {
                let least = |scale: f32, i: usize| scale.min(LARGEST[i] / page[i].max(1.0));
                let scale = least(least(scale, 0), 1).clamp(0.25, 4.0);
                // Even, as films have to be.
                let side = |i: usize| (page[i] * scale).clamp(SMALLEST, LARGEST[i]) as u32 / 2 * 2;
                ([side(0), side(1)], scale)
            }
        }
    }
}

/// What the user chooses.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    pub format: Format,
    pub size: Size,
    /// Frames per second, within [`FPS`].
    pub fps: u32,
    /// Length, s, within [`SECONDS`].
    pub seconds: f64,
    /// A line below the picture; none if empty.
    pub caption: String,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            format: Format::Gif,
            size: Size::Medium,
            fps: 12,
            seconds: 10.0,
            caption: String::new(),
        }
    }
}

impl Choices {
    /// The same within what is possible.
    pub fn bounded(mut self) -> Self {
        self.fps = self.fps.clamp(FPS.0, FPS.1);
        let usual = Self::default().seconds;
        let seconds = if self.seconds.is_finite() { self.seconds } else { usual };
        self.seconds = seconds.clamp(SECONDS.0, SECONDS.1);
        if let Some((end, _)) = self.caption.char_indices().nth(MOST_CAPTION) {
            self.caption.truncate(end);
        }
        self
    }

    /// How many frames that makes.
    pub fn frames(&self) -> u32 {
        let frames = (f64::from(self.fps) * self.seconds).round() as u32;
        frames.clamp(1, MOST_FRAMES)
    }
}

/// Where the scene of a film comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// From a window: the scene, the runs whose networks answer, and where runs are.
    Window { scene: Value, runs: Vec<String>, runs_root: PathBuf },
    /// From a file.
    File(PathBuf),
}

/// A film to be made.
#[derive(Clone, Debug)]
pub struct Order {
    /// The file.
    pub path: PathBuf,
    pub source: Source,
    pub choices: Choices,
    /// Size of the picture.
    pub pixels: [u32; 2],
    /// Pixels per point, without the projector's zoom.
    pub scale: f32,
    pub theme: ThemeChoice,
    pub projector: bool,
    /// First and last step, where they are not those of the whole time bar.
    pub from: Option<u64>,
    pub to: Option<u64>,
    /// Folder with MNIST.
    pub mnist: Option<PathBuf>,
}

/// A film that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filmed {
    pub frames: u32,
    /// First and last step shown.
    pub steps: (u64, u64),
    /// Size of the picture.
    pub pixels: [u32; 2],
}

/// Why there is no film.
#[derive(Debug, thiserror::Error)]
pub enum FilmError {
    /// Somebody wanted no more.
    #[error("The film was cancelled; no file was written.")]
    Cancelled,
    /// A clause.
    #[error("{0}")]
    Failed(String),
    /// The file, or what stands in for it, could not be written.
    #[error("{0}")]
    Write(#[from] std::io::Error),
}

impl FilmError {
    /// With a reason.
    pub fn failed(why: impl ToString) -> Self {
        Self::Failed(why.to_string())
    }
}

/// Whoever waits for a film.
pub trait Watch {
    /// Whether nobody wants it any more.
    fn cancelled(&self) -> bool;
    /// So many frames of so many are there.
    fn told(&self, frame: u32, of: u32);

    /// [`Watch::cancelled`] as an error.
    ///
    /// # Errors
    /// [`FilmError::Cancelled`].
    fn check(&self) -> Result<(), FilmError> {
        if self.cancelled() { Err(FilmError::Cancelled) } else { Ok(()) }
    }
}

/// The steps of `frames` frames, spread evenly from the first to the last.
pub fn spread((first, last): (u64, u64), frames: u32) -> Vec<u64> {
    let (span, gaps) = (u128::from(last.saturating_sub(first)), u128::from(frames.max(2) - 1));
    let step = |k: u32| first + ((u128::from(k) * span + gaps / 2) / gaps) as u64;
    (0..frames).map(step).collect()
}
