//! MP4, by ffmpeg: frames go to it over a pipe as they come. It never keeps anybody waiting
//! without end, and it ends with the film, whatever happens.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use image::RgbaImage;

use super::encode::Encoder;
use super::order::{FilmError, Watch};
use crate::core::files::open_regular;

/// The program.
pub const FFMPEG: &str = "ffmpeg";
/// Frames that wait for it.
const WAITING: usize = 2;
/// The longest that it may take over a frame, or over the end.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at it.
const PAUSE: Duration = Duration::from_millis(2);
/// What it says is read up to here.
const MOST_SAID: u64 = 4096;

/// A film that ffmpeg makes.
pub struct Mp4<'a> {
    child: Child,
    frames: Option<SyncSender<Vec<u8>>>,
    pipe: Option<JoinHandle<()>>,
    /// What ffmpeg says.
    said: File,
    /// The film as ffmpeg writes it.
    film: PathBuf,
    out: &'a mut dyn Write,
    watch: &'a dyn Watch,
    size: [u32; 2],
    pub(super) patience: Duration,
}

impl<'a> Mp4<'a> {
    /// Starts `program`, which is ffmpeg; it writes into `folder`, and the finished film
    /// goes to `out`.
    ///
    /// # Errors
    /// [`FilmError::Failed`] where it is not installed or does not start.
    pub fn start(
        program: &OsStr,
        (size, fps): ([u32; 2], u32),
        folder: &Path,
        out: &'a mut dyn Write,
        watch: &'a dyn Watch,
    ) -> Result<Self, FilmError> {
        // Its colours are shared by two pixels each way.
        let size = size.map(|n| n / 2 * 2);
        let film = folder.join("film.mp4");
        let said = tempfile::tempfile_in(folder)?;
        let mut child = Command::new(program)
            .args(arguments(size, fps))
            .arg(&film)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(said.try_clone()?)
            .spawn()
            .map_err(not_started)?;
        let (sender, receiver) = sync_channel(WAITING);
        let pipe = child.stdin.take().map(|stdin| {
            let builder = std::thread::Builder::new().name("film pipe".into());
            builder.spawn(move || feed(stdin, &receiver))
        });
        let mut new = Self {
            child,
            frames: Some(sender),
            pipe: None,
            said,
            film,
            out,
            watch,
            size,
            patience: PATIENCE,
        };
        new.pipe = pipe.transpose()?;
        Ok(new)
    }

    /// What it said last, as a reason.
    fn reason(&mut self) -> FilmError {
        let mut text = Vec::new();
        let read =
            self.said.rewind().and_then(|()| (&self.said).take(MOST_SAID).read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
        let last: String = last.unwrap_or("it does not say why").chars().take(200).collect();
        if let Err(error) = read {
            log::warn!("what ffmpeg said cannot be read: {error}");
        }
        FilmError::failed(format!(
            "ffmpeg could not make the film ({last}); a GIF or an animated PNG needs no ffmpeg"
        ))
    }

    /// Waits for it to end.
    fn ended(&mut self) -> Result<ExitStatus, FilmError> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            self.wait(begun)?;
        }
    }

    /// A moment, if there is still time.
    fn wait(&self, begun: Instant) -> Result<(), FilmError> {
        self.watch.check()?;
        if begun.elapsed() > self.patience {
            let seconds = self.patience.as_secs();
            return Err(FilmError::failed(format!("ffmpeg did nothing for {seconds} s")));
        }
        std::thread::sleep(PAUSE);
        Ok(())
    }
}

impl Encoder for Mp4<'_> {
    fn frame(&mut self, picture: &RgbaImage) -> Result<(), FilmError> {
        let mut frame = cropped(picture, self.size);
        let begun = Instant::now();
        loop {
            let sent = self.frames.as_ref().map(|frames| frames.try_send(frame));
            match sent {
                Some(Ok(())) => return Ok(()),
                Some(Err(TrySendError::Full(back))) => frame = back,
                Some(Err(TrySendError::Disconnected(_))) | None => {
                    // It has closed the pipe.
                    self.ended()?;
                    return Err(self.reason());
                }
            }
            self.wait(begun)?;
        }
    }

    fn finish(mut self: Box<Self>) -> Result<(), FilmError> {
        // The thread hands on what is left and closes the pipe.
        self.frames = None;
        if !self.ended()?.success() {
            return Err(self.reason());
        }
        let mut film = open_regular(&self.film)?;
        std::io::copy(&mut film, self.out)?;
        Ok(())
    }
}

impl Drop for Mp4<'_> {
    /// Ends what still runs.
    fn drop(&mut self) {
        self.frames = None;
        // Both fail where it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(pipe) = self.pipe.take() {
            let _ = pipe.join();
        }
    }
}

/// Raw frames in, a film out that every player knows.
fn arguments([width, height]: [u32; 2], fps: u32) -> Vec<OsString> {
    let (size, fps) = (format!("{width}x{height}"), fps.to_string());
    let given = ["-hide_banner", "-nostdin", "-loglevel", "error", "-y"];
    let input = ["-f", "rawvideo", "-pix_fmt", "rgba", "-s", &size, "-r", &fps, "-i", "pipe:0"];
    let output = ["-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt"];
    let last = ["yuv420p", "-movflags", "+faststart", "-f", "mp4"];
    [&given[..], &input, &output, &last].concat().into_iter().map(OsString::from).collect()
}

fn not_started(error: std::io::Error) -> FilmError {
    if error.kind() == std::io::ErrorKind::NotFound {
        return FilmError::failed(
            "an MP4 needs ffmpeg, which is not installed: install it (package ffmpeg), or choose GIF or animated PNG",
        );
    }
    FilmError::failed(format!("ffmpeg could not be started: {error}"))
}

/// Hands frames on until there are no more, or nobody takes them.
fn feed(mut stdin: ChildStdin, frames: &Receiver<Vec<u8>>) {
    while let Ok(frame) = frames.recv() {
        if stdin.write_all(&frame).is_err() {
            return;
        }
    }
}

/// The pixels of the upper left part, row by row, RGBA.
fn cropped(picture: &RgbaImage, [width, height]: [u32; 2]) -> Vec<u8> {
    let row = 4 * picture.width() as usize;
    let lines = picture.as_raw().chunks(row.max(1)).take(height as usize);
    lines.flat_map(|line| &line[..4 * width as usize]).copied().collect()
}
