//! One request for one file, and the `.part` file that receives the answer.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::{DownloadError, Options, Progress, Wanted};
use crate::core::files::open_own;
use crate::data::mnist;

/// No file of MNIST is nearly as large: a server that sends more sends
/// something else, and must not fill the disk with it.
const MOST_BYTES: u64 = 64 << 20;
/// How often a waiting download looks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);
/// How often progress is told.
const TELL: Duration = Duration::from_millis(100);

/// Why one request did not give the file.
pub(super) enum Failure {
    /// No other mirror will help.
    Fatal(DownloadError),
    /// What arrived is not the file.
    Corrupt(String),
    /// Broken off; what arrived can be continued.
    Broken(String),
    /// This mirror does not give it.
    Refused(String),
}

impl From<DownloadError> for Failure {
    fn from(error: DownloadError) -> Self {
        Self::Fatal(error)
    }
}

/// A file on its way.
pub(super) struct Transfer<'a> {
    file: &'a Wanted,
    target: &'a Path,
    part_path: PathBuf,
    /// Open and locked for as long as the transfer lives.
    part: File,
    pub options: &'a Options,
    cancel: &'a AtomicBool,
    /// When the download of all files began.
    begun: Instant,
    agent: ureq::Agent,
}

/// What the network thread sends to the one that writes.
enum Message {
    Answer(Answer),
    Bytes(Vec<u8>),
    End,
    Failed(String),
}

/// The head of an answer.
struct Answer {
    status: u16,
    /// From `Content-Length`.
    length: Option<u64>,
    /// First byte and size of the whole file, from `Content-Range`.
    range: Option<(u64, Option<u64>)>,
}

impl<'a> Transfer<'a> {
    pub fn new(
        file: &'a Wanted,
        target: &'a Path,
        options: &'a Options,
        cancel: &'a AtomicBool,
        begun: Instant,
    ) -> Result<Self, DownloadError> {
        let mut part_path = target.as_os_str().to_owned();
        part_path.push(".part");
        let part_path = PathBuf::from(part_path);
        let part = open_own(&part_path)
            .map_err(|source| DownloadError::Write { path: part_path.clone(), source })?;
        // Not every file system has locks; without one, the check of the
        // content still keeps a mixed-up file from being used.
        if matches!(part.try_lock(), Err(std::fs::TryLockError::WouldBlock)) {
            return Err(DownloadError::Busy { path: part_path });
        }
        let mut config = ureq::Agent::config_builder()
            .timeout_connect(Some(options.connect_timeout))
            .timeout_recv_response(Some(options.stall_timeout))
            .timeout_per_read(Some(options.stall_timeout))
            .http_status_as_error(false)
            .https_only(options.https_only)
            .user_agent(concat!("spikescope/", env!("CARGO_PKG_VERSION")));
        if !options.use_proxy {
            config = config.proxy(None);
        }
        let agent = config.build().into();
        Ok(Self { file, target, part_path, part, options, cancel, begun, agent })
    }

    /// Looks whether the caller wants to stop, and at the time.
    pub fn may_go_on(&self) -> Result<(), DownloadError> {
        if self.cancel.load(Ordering::Relaxed) {
            return Err(DownloadError::Cancelled);
        }
        let limit = self.options.most_time;
        if self.begun.elapsed() > limit { Err(DownloadError::TooSlow { limit }) } else { Ok(()) }
    }

    /// Bytes that have arrived so far.
    pub fn length(&self) -> Result<u64, DownloadError> {
        self.part.metadata().map(|m| m.len()).map_err(|e| self.cannot_write(e))
    }

    /// Forgets what has arrived.
    pub fn discard(&mut self) -> Result<(), DownloadError> {
        if self.length()? > 0 {
            self.part.set_len(0).map_err(|e| self.cannot_write(e))?;
        }
        Ok(())
    }

    fn cannot_write(&self, source: std::io::Error) -> DownloadError {
        DownloadError::Write { path: self.part_path.clone(), source }
    }

    /// One request: asks for what is missing, writes it, and puts the file in
    /// its place when it is right.
    pub fn run(
        &mut self,
        mirror: &str,
        now: &mut Progress,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<(), Failure> {
        let have = self.length()?;
        // All of it may be there, from a download that died just before the end.
        if have >= self.file.bytes && have > 0 && self.is_right() {
            return Ok(self.finish()?);
        }
        let messages = self.request(mirror, have)?;
        let answer = match self.next(&messages)? {
            Message::Answer(answer) => answer,
            Message::Failed(reason) => return Err(Failure::Refused(reason)),
            Message::Bytes(_) | Message::End => {
                return Err(Failure::Refused("the answer has no head".into()));
            }
        };
        // "Nothing beyond that": all of it is there, if this mirror's file is
        // packed more tightly than usual.
        if answer.status == 416 && self.is_right() {
            return Ok(self.finish()?);
        }
        let from = self.accept(&answer, have)?;
        now.resumed_from = from;
        now.bytes = from;
        let announced = match answer.range {
            Some((_, total)) => total,
            None => answer.length,
        };
        now.total_bytes = announced.unwrap_or(self.file.bytes.max(from));
        progress(now);
        let ended = self.collect(&messages, now, progress);
        progress(now);
        ended?;
        self.check(announced)?;
        Ok(self.finish()?)
    }

    /// Sends the request from a thread of its own: whatever the network is
    /// waiting for, this side stays able to stop.
    fn request(&self, mirror: &str, have: u64) -> Result<Receiver<Message>, Failure> {
        let slash = if mirror.ends_with('/') { "" } else { "/" };
        let url = format!("{mirror}{slash}{}", self.file.name);
        let mut request = self.agent.get(&url).header("Accept-Encoding", "identity");
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        // A few blocks ahead of the disk, no more.
        let (sender, messages) = sync_channel(4);
        std::thread::Builder::new()
            .name("download".into())
            .spawn(move || {
                // When nobody listens any more, there is nobody to tell.
                let _ = talk(request, &sender);
            })
            .map_err(|e| Failure::Refused(format!("could not start a thread: {e}")))?;
        Ok(messages)
    }

    /// Waits for the next message, looking out for cancellation and stalls.
    fn next(&self, messages: &Receiver<Message>) -> Result<Message, Failure> {
        let patience = self.options.stall_timeout + self.options.connect_timeout;
        let begun = Instant::now();
        loop {
            self.may_go_on()?;
            match messages.recv_timeout(LOOK) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Broken("the connection ended".into()));
                }
                Err(RecvTimeoutError::Timeout) if begun.elapsed() > patience => {
                    return Err(Failure::Broken("nothing more arrived".into()));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Looks at the head of the answer and readies the `.part` file for its
    /// body. Returns the position at which that begins.
    fn accept(&mut self, answer: &Answer, have: u64) -> Result<u64, Failure> {
        let size = answer.range.and_then(|(_, total)| total).or(answer.length);
        if size.is_some_and(|s| s > MOST_BYTES) {
            return Err(Failure::Refused("it offers a file far larger than MNIST's".into()));
        }
        match (answer.status, answer.range) {
            (206, Some((first, _))) if first == have => Ok(have),
            // Another part than the one that was asked for.
            (206, _) => {
                Err(Failure::Corrupt("it sent another part of the file than asked for".into()))
            }
            // The whole file: this server does not resume.
            (200, _) => {
                self.discard()?;
                Ok(0)
            }
            // There is nothing beyond what we have, so that must be wrong.
            (416, _) => Err(Failure::Corrupt("it has no more than what arrived before".into())),
            (status, _) => Err(Failure::Refused(format!("it answered {}", meaning(status)))),
        }
    }

    /// Writes the body to the `.part` file as it comes.
    fn collect(
        &mut self,
        messages: &Receiver<Message>,
        now: &mut Progress,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<(), Failure> {
        let mut told = Instant::now();
        loop {
            match self.next(messages)? {
                Message::Bytes(bytes) => {
                    self.part.write_all(&bytes).map_err(|e| self.cannot_write(e))?;
                    now.bytes += bytes.len() as u64;
                }
                Message::End => return Ok(()),
                Message::Failed(reason) => return Err(Failure::Broken(reason)),
                Message::Answer(_) => {}
            }
            if now.bytes > MOST_BYTES {
                return Err(Failure::Corrupt("it sent far more than MNIST's file".into()));
            }
            if told.elapsed() > TELL {
                told = Instant::now();
                progress(now);
            }
        }
    }

    /// Whether the `.part` file is complete and right.
    fn check(&mut self, announced: Option<u64>) -> Result<(), Failure> {
        let have = self.length()?;
        if let Some(total) = announced
            && have < total
        {
            return Err(Failure::Broken(format!("it broke off after {have} of {total} bytes")));
        }
        match mnist::content_sha256(&self.part_path) {
            Ok(found) if found == self.file.sha256 => Ok(()),
            Ok(_) if self.is_web_page() => Err(Failure::Corrupt(
                "it sent a web page instead of the file (does this network ask for a login?)"
                    .into(),
            )),
            Ok(_) => {
                Err(Failure::Corrupt("what it sent is not MNIST's file (SHA-256 differs)".into()))
            }
            // Only without an announced size can an end come unnoticed.
            Err(e) if e.kind() == ErrorKind::UnexpectedEof && announced.is_none() => {
                Err(Failure::Broken(format!("it broke off after {have} bytes")))
            }
            Err(e) => Err(Failure::Corrupt(format!("what it sent is damaged ({e})"))),
        }
    }

    fn is_right(&self) -> bool {
        mnist::content_sha256(&self.part_path).is_ok_and(|found| found == self.file.sha256)
    }

    fn is_web_page(&mut self) -> bool {
        let mut start = [0; 1];
        self.part.rewind().and_then(|()| self.part.read_exact(&mut start)).is_ok() && start == *b"<"
    }

    /// Onto the disk, then under its final name.
    fn finish(&mut self) -> Result<(), DownloadError> {
        self.part.sync_all().map_err(|e| self.cannot_write(e))?;
        std::fs::rename(&self.part_path, self.target)
            .map_err(|source| DownloadError::Write { path: self.target.into(), source })?;
        // The new name lives in the folder. Not every file system lets a
        // folder be synced; then it is left to its own time.
        if let Some(Ok(folder)) = self.target.parent().map(File::open) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

/// The network's side: sends the head, then the body block by block. Returns
/// `None` when nobody listens any more.
fn talk(
    request: ureq::RequestBuilder<ureq::typestate::WithoutBody>,
    sender: &SyncSender<Message>,
) -> Option<()> {
    let mut response = match request.call() {
        Ok(response) => response,
        Err(error) => return sender.send(Message::Failed(in_words(&error))).ok(),
    };
    let header = |name: &str| response.headers().get(name)?.to_str().ok();
    let answer = Answer {
        status: response.status().as_u16(),
        length: header("content-length").and_then(|v| v.trim().parse().ok()),
        range: header("content-range").and_then(content_range),
    };
    sender.send(Message::Answer(answer)).ok()?;
    let mut body = response.body_mut().as_reader();
    loop {
        let mut block = vec![0; 1 << 15];
        match body.read(&mut block) {
            Ok(0) => return sender.send(Message::End).ok(),
            Ok(n) => {
                block.truncate(n);
                sender.send(Message::Bytes(block)).ok()?;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => {
                let reason = match e.downcast::<ureq::Error>() {
                    Ok(error) => in_words(&error),
                    Err(e) => format!("the connection broke ({e})"),
                };
                return sender.send(Message::Failed(reason)).ok();
            }
        }
    }
}

/// First byte and whole size from `bytes 100-199/500` (or `/*`).
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (span, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let first = span.split_once('-')?.0.trim().parse().ok()?;
    Some((first, total.trim().parse().ok()))
}

fn in_words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "it stalled".into(),
        ureq::Error::HostNotFound => "its name was not found (is there a network?)".into(),
        ureq::Error::ConnectionFailed => "no connection".into(),
        ureq::Error::RequireHttpsOnly(_) => {
            "it is not asked, since it (or where it leads to) is not https".into()
        }
        ureq::Error::TooManyRedirects => "it redirects in circles".into(),
        ureq::Error::Io(e) if e.kind() == ErrorKind::ConnectionRefused => {
            "it refused the connection".into()
        }
        other => other.to_string(),
    }
}

fn meaning(status: u16) -> String {
    let words = match status {
        401 | 403 => "access denied",
        404 | 410 => "no such file",
        429 => "too many requests",
        500..=599 => "an error on its side",
        _ => "something unexpected",
    };
    format!("{status} ({words})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read_strictly() {
        assert_eq!(content_range("bytes 100-199/500"), Some((100, Some(500))));
        assert_eq!(content_range("bytes 7-9/*"), Some((7, None)));
        for nonsense in ["", "bytes", "bytes */500", "bytes -5/9", "items 1-2/3"] {
            assert_eq!(content_range(nonsense), None, "{nonsense}");
        }
    }
}
