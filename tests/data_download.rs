//! Downloads against a local server that misbehaves in every way that real
//! ones do.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use spikescope::data::download::{DownloadError, Options, Progress, Wanted, fetch};

/// What the server does with one request.
#[derive(Clone, Debug)]
enum Act {
    /// The file, or the part that `Range` asks for.
    Serve,
    /// The whole file, whatever `Range` asks for.
    IgnoreRange,
    /// The right head, then only so many bytes of the body.
    Truncate(usize),
    /// So many bytes without telling the size, as old servers do.
    TruncateUnsized(usize),
    /// So many bytes, then silence.
    Stall(usize),
    /// Accepts, and never answers.
    Silence,
    /// The right size, wrong content.
    Corrupt,
    /// A login page.
    WebPage,
    /// This status without a body.
    Status(u16),
    /// To the same path on this server, or elsewhere.
    Redirect(String),
    /// A part of the file that nobody asked for.
    WrongRange,
    /// Offers a terabyte.
    Huge,
    /// Slowly, a kilobyte every few milliseconds.
    Slow,
}

struct Server {
    url: String,
    /// The `Range` header of each request, in order.
    ranges: Arc<Mutex<Vec<Option<String>>>>,
}

impl Server {
    /// Answers the first request by the first act and so on; the last act is
    /// repeated.
    fn start(content: &[u8], acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mnist/", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let (seen, content) = (ranges.clone(), content.to_vec());
        let mut acts: VecDeque<Act> = acts.into_iter().collect();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let act = if acts.len() > 1 { acts.pop_front() } else { acts.front().cloned() };
                let (seen, content) = (seen.clone(), content.clone());
                std::thread::spawn(move || answer(stream, &act.unwrap(), &content, &seen));
            }
        });
        Self { url, ranges }
    }

    fn ranges(&self) -> Vec<Option<String>> {
        self.ranges.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, act: &Act, content: &[u8], seen: &Mutex<Vec<Option<String>>>) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request).to_lowercase();
    let path = request.split(' ').nth(1).unwrap().to_owned();
    let range =
        request.lines().find_map(|l| l.strip_prefix("range: ")).map(|r| r.trim().to_owned());
    seen.lock().unwrap().push(range.clone());
    let first = range
        .as_ref()
        .and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok())
        .filter(|_| !matches!(act, Act::IgnoreRange));
    let (total, body) = (content.len(), &content[first.unwrap_or(0).min(content.len())..]);
    let head = match first {
        Some(first) if first >= total => format!(
            "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{total}\r\nContent-Length: 0\r\n"
        ),
        Some(first) => format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{}/{total}\r\nContent-Length: {}\r\n",
            total - 1,
            body.len()
        ),
        None => format!("HTTP/1.1 200 OK\r\nContent-Length: {total}\r\n"),
    };
    let mut send = |head: &str, body: &[u8]| {
        let head = format!("{head}Connection: close\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    };
    match act {
        Act::Serve | Act::IgnoreRange => send(&head, body),
        Act::Truncate(n) => send(&head, &body[..*n.min(&body.len())]),
        Act::TruncateUnsized(n) => send("HTTP/1.1 200 OK\r\n", &content[..*n]),
        Act::Stall(n) => {
            send(&head, &body[..*n.min(&body.len())]);
            std::thread::sleep(Duration::from_secs(20));
        }
        Act::Silence => std::thread::sleep(Duration::from_secs(20)),
        Act::Corrupt => {
            let mut wrong = body.to_vec();
            let middle = wrong.len() / 2;
            wrong[middle] ^= 0x55;
            send(&head, &wrong);
        }
        Act::WebPage => {
            send("HTTP/1.1 200 OK\r\nContent-Length: 25\r\n", b"<html>please pay</html>\r\n");
        }
        Act::Status(code) => send(&format!("HTTP/1.1 {code} X\r\nContent-Length: 0\r\n"), b""),
        Act::Redirect(to) => {
            let to = if to.is_empty() { path } else { format!("{to}file.gz") };
            send(&format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n"), b"");
        }
        Act::WrongRange => send(
            &format!("HTTP/1.1 206 X\r\nContent-Range: bytes 1-9/{total}\r\nContent-Length: 9\r\n"),
            &content[1..10],
        ),
        Act::Huge => send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n", &[0; 1000]),
        Act::Slow => {
            send(&head, &[]);
            for block in body.chunks(1024) {
                if stream.write_all(block).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// A gzipped file that does not shrink much, and what is wanted of it.
fn file() -> (Vec<u8>, Wanted) {
    let mut x = 1u32;
    let raw: Vec<u8> = (0..40_000)
        .map(|_| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (x >> 24) as u8
        })
        .collect();
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(&raw).unwrap();
    let packed = gz.finish().unwrap();
    let hex: String = Sha256::digest(&raw).iter().map(|b| format!("{b:02x}")).collect();
    let bytes = packed.len() as u64;
    (packed, Wanted { name: "file.gz", sha256: hex.leak(), bytes })
}

fn fast() -> Options {
    Options {
        connect_timeout: Duration::from_millis(300),
        stall_timeout: Duration::from_millis(300),
        resumes_per_mirror: 2,
        use_proxy: false,
        https_only: false,
        most_time: Duration::from_secs(20),
    }
}

fn get(dir: &Path, servers: &[&Server]) -> (Result<(), DownloadError>, Vec<Progress>) {
    let mirrors: Vec<String> = servers.iter().map(|s| s.url.clone()).collect();
    let mut told = Vec::new();
    let result = fetch(&[file().1], dir, &mirrors, &fast(), &AtomicBool::new(false), &mut |p| {
        told.push(p.clone());
    });
    (result, told)
}

/// The file is there, whole, and nothing else.
fn assert_whole(dir: &Path) {
    assert_eq!(std::fs::read(dir.join("file.gz")).unwrap(), file().0);
    assert!(!dir.join("file.gz.part").exists());
}

/// One mirror misbehaves, the next one helps.
fn assert_second_mirror_helps(act: Act) {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    let bad = Server::start(&content, [act.clone()]);
    let good = Server::start(&content, [Act::Serve]);
    let (result, told) = get(dir.path(), &[&bad, &good]);
    result.unwrap_or_else(|e| panic!("{act:?}: {e}"));
    assert_whole(dir.path());
    assert_eq!(told.last().unwrap().mirror, good.url, "{act:?}");
}

/// All mirrors misbehave like this; the message says how.
fn assert_message(act: Act, wanted: &str) {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    let bad = Server::start(&content, [act]);
    let message = get(dir.path(), &[&bad]).0.unwrap_err().to_string();
    for part in ["file.gz", wanted, bad.url.as_str()] {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
    assert!(!dir.path().join("file.gz").exists());
}

#[test]
fn a_good_mirror_gives_the_file_with_progress_and_only_once() {
    let (content, wanted) = file();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&content, [Act::Serve]);
    let inner = dir.path().join("made/on/the/way");
    let (result, told) = get(&inner, &[&server]);
    result.unwrap();
    assert_whole(&inner);
    let last = told.last().unwrap();
    assert_eq!((last.file, last.files, last.bytes), ("file.gz", 1, wanted.bytes));
    assert_eq!((last.total_bytes, last.resumed_from), (wanted.bytes, 0));
    assert!(told.windows(2).all(|w| w[0].bytes <= w[1].bytes));
    // What is there and right is not fetched again.
    let (result, told) = get(&inner, &[&server]);
    result.unwrap();
    assert_eq!(server.ranges(), [None]);
    assert_eq!((told[0].bytes, told[0].mirror.as_str()), (wanted.bytes, ""));
}

#[test]
fn a_broken_file_under_the_final_name_is_replaced() {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file.gz"), &content[..999]).unwrap();
    let server = Server::start(&content, [Act::Serve]);
    get(dir.path(), &[&server]).0.unwrap();
    assert_whole(dir.path());
}

#[test]
fn a_truncated_answer_is_resumed_with_a_range() {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&content, [Act::Truncate(10_000), Act::Truncate(5_000), Act::Serve]);
    let (result, told) = get(dir.path(), &[&server]);
    result.unwrap();
    assert_whole(dir.path());
    let wanted = [None, Some("bytes=10000-".to_owned()), Some("bytes=15000-".to_owned())];
    assert_eq!(server.ranges(), wanted);
    assert_eq!(told.last().unwrap().resumed_from, 15_000);
}

#[test]
fn a_later_start_and_another_mirror_go_on_where_it_broke_off() {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    let bad = Server::start(&content, [Act::Truncate(12_345), Act::Status(503)]);
    get(dir.path(), &[&bad]).0.unwrap_err();
    assert_eq!(dir.path().join("file.gz.part").metadata().unwrap().len(), 12_345);
    let good = Server::start(&content, [Act::Serve]);
    get(dir.path(), &[&good]).0.unwrap();
    assert_whole(dir.path());
    assert_eq!(good.ranges(), [Some("bytes=12345-".to_owned())]);
}

#[test]
fn a_stall_is_noticed_and_resumed() {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&content, [Act::Stall(7_000), Act::Serve]);
    let begun = Instant::now();
    get(dir.path(), &[&server]).0.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_whole(dir.path());
    assert_eq!(server.ranges()[1], Some("bytes=7000-".to_owned()));
}

#[test]
fn a_server_that_ignores_ranges_starts_the_file_anew() {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file.gz.part"), &content[..5_000]).unwrap();
    let server = Server::start(&content, [Act::IgnoreRange]);
    let (result, told) = get(dir.path(), &[&server]);
    result.unwrap();
    assert_whole(dir.path());
    assert_eq!(server.ranges(), [Some("bytes=5000-".to_owned())]);
    assert_eq!(told.last().unwrap().resumed_from, 0);
}

#[test]
fn a_part_that_is_whole_already_needs_no_network() {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file.gz.part"), &content).unwrap();
    let server = Server::start(&content, [Act::Status(500)]);
    get(dir.path(), &[&server]).0.unwrap();
    assert_whole(dir.path());
    assert!(server.ranges().is_empty());
}

#[test]
fn a_whole_part_of_unusual_size_is_recognised() {
    let (content, wanted) = file();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file.gz.part"), &content).unwrap();
    let server = Server::start(&content, [Act::Serve]);
    let larger = Wanted { bytes: wanted.bytes + 100, ..wanted };
    let (mirrors, cancel) = ([server.url.clone()], AtomicBool::new(false));
    fetch(&[larger], dir.path(), &mirrors, &fast(), &cancel, &mut |_| {}).unwrap();
    assert_whole(dir.path());
    // One question, answered by 416, and nothing sent twice.
    assert_eq!(server.ranges(), [Some(format!("bytes={}-", content.len()))]);
}

#[test]
fn a_part_that_is_too_long_or_wrong_is_thrown_away() {
    let (content, _) = file();
    let server = Server::start(&content, [Act::Serve]);
    for wrong in [vec![7; content.len() + 50], vec![7; 300]] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file.gz.part"), &wrong).unwrap();
        get(dir.path(), &[&server]).0.unwrap();
        assert_whole(dir.path());
    }
}

#[test]
fn the_next_mirror_helps_whatever_the_first_one_does() {
    for act in [
        Act::Truncate(0),
        Act::TruncateUnsized(8_000),
        Act::Stall(100),
        Act::Silence,
        Act::Corrupt,
        Act::WebPage,
        Act::Status(404),
        Act::Status(403),
        Act::Status(503),
        Act::Redirect(String::new()),
        Act::WrongRange,
        Act::Huge,
    ] {
        assert_second_mirror_helps(act);
    }
}

#[test]
fn a_refused_connection_leads_to_the_next_mirror() {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    let port = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let gone = Server { url: format!("http://127.0.0.1:{port}/"), ranges: Arc::default() };
    let good = Server::start(&content, [Act::Serve]);
    get(dir.path(), &[&gone, &good]).0.unwrap();
    assert_whole(dir.path());
    let message = get(&dir.path().join("2"), &[&gone]).0.unwrap_err().to_string();
    assert!(message.contains("refused the connection"), "{message}");
}

#[test]
fn a_redirect_is_followed() {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    let target = Server::start(&content, [Act::Serve]);
    let first = Server::start(&content, [Act::Redirect(target.url.clone())]);
    get(dir.path(), &[&first]).0.unwrap();
    assert_whole(dir.path());
    assert_eq!(target.ranges().len(), 1);
}

#[test]
fn messages_say_what_the_mirror_did() {
    assert_message(Act::Corrupt, "damaged");
    assert_message(Act::WebPage, "a web page instead of the file");
    assert_message(Act::Status(404), "404 (no such file)");
    assert_message(Act::Silence, "stalled");
    assert_message(Act::Redirect(String::new()), "circles");
    assert_message(Act::Huge, "far larger");
    assert_message(Act::Truncate(4_000), "broke");
    let dir = tempfile::tempdir().unwrap();
    let message = get(dir.path(), &[]).0.unwrap_err().to_string();
    assert!(message.contains("no mirror was given"), "{message}");
}

#[test]
fn another_file_of_the_right_format_is_not_mistaken() {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(b"something else").unwrap();
    let other = Server::start(&gz.finish().unwrap(), [Act::Serve]);
    let dir = tempfile::tempdir().unwrap();
    let message = get(dir.path(), &[&other]).0.unwrap_err().to_string();
    assert!(message.contains("SHA-256 differs"), "{message}");
    assert_eq!(dir.path().join("file.gz.part").metadata().map_or(0, |m| m.len()), 0);
}

#[test]
fn cancelling_stops_at_once_and_keeps_what_arrived() {
    let (content, wanted) = file();
    for act in [Act::Slow, Act::Silence] {
        let silent = matches!(act, Act::Silence);
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&content, [act]);
        let patient = Options { stall_timeout: Duration::from_secs(30), ..fast() };
        let cancel = Arc::new(AtomicBool::new(false));
        let trigger = cancel.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(150));
            trigger.store(true, Ordering::Relaxed);
        });
        let begun = Instant::now();
        let mirrors = [server.url.clone()];
        let result = fetch(&[wanted], dir.path(), &mirrors, &patient, &cancel, &mut |_| {});
        assert!(matches!(result, Err(DownloadError::Cancelled)));
        assert!(begun.elapsed() < Duration::from_millis(600), "{:?}", begun.elapsed());
        let kept = dir.path().join("file.gz.part").metadata().unwrap().len();
        assert!(silent || kept > 0);
        let good = Server::start(&content, [Act::Serve]);
        get(dir.path(), &[&good]).0.unwrap();
        assert_whole(dir.path());
        assert!(silent || good.ranges()[0].is_some());
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    let blocked = dir.path().join("a-file");
    std::fs::write(&blocked, b"").unwrap();
    let server = Server::start(&content, [Act::Serve]);
    let message = get(&blocked.join("mnist"), &[&server]).0.unwrap_err().to_string();
    assert!(message.contains("a-file") && message.contains("another folder"), "{message}");
}

#[test]
fn a_full_disk_is_told_as_such() {
    let source = std::io::ErrorKind::StorageFull.into();
    let message = DownloadError::Write { path: "file.gz.part".into(), source }.to_string();
    assert!(message.contains("disk is full") && message.contains("file.gz.part"), "{message}");
}

#[test]
#[cfg(unix)]
fn nothing_is_written_through_a_link_or_into_a_device() {
    let (content, _) = file();
    let dir = tempfile::tempdir().unwrap();
    let (part, precious) = (dir.path().join("file.gz.part"), dir.path().join("precious"));
    std::fs::write(&precious, b"precious").unwrap();
    let server = Server::start(&content, [Act::Serve]);
    for target in [precious.as_path(), Path::new("/dev/full"), Path::new("not there")] {
        std::os::unix::fs::symlink(target, &part).unwrap();
        let message = get(dir.path(), &[&server]).0.unwrap_err().to_string();
        assert!(message.contains("a link") && message.contains("file.gz.part"), "{message}");
        std::fs::remove_file(&part).unwrap();
    }
    assert!(server.ranges().is_empty());
    assert_eq!(std::fs::read(&precious).unwrap(), b"precious");
    assert!(!dir.path().join("not there").exists());
    get(dir.path(), &[&server]).0.unwrap();
    assert_whole(dir.path());
}

#[test]
fn plain_http_is_not_asked_nor_followed_unless_allowed() {
    let (content, wanted) = file();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&content, [Act::Serve]);
    assert!(Options::default().https_only);
    let strict = Options { https_only: true, ..fast() };
    let mirrors = [server.url.clone()];
    let cancel = AtomicBool::new(false);
    let result = fetch(&[wanted], dir.path(), &mirrors, &strict, &cancel, &mut |_| {});
    let message = result.unwrap_err().to_string();
    assert!(message.contains("not https"), "{message}");
    assert!(server.ranges().is_empty());
}

#[test]
fn a_server_that_drips_is_left_in_the_end_and_what_it_sent_is_kept() {
    let (content, wanted) = file();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&content, [Act::Slow]);
    let short = Options { most_time: Duration::from_millis(200), ..fast() };
    let (mirrors, cancel) = ([server.url.clone()], AtomicBool::new(false));
    let begun = Instant::now();
    let result = fetch(&[wanted], dir.path(), &mirrors, &short, &cancel, &mut |_| {});
    assert!(matches!(result, Err(DownloadError::TooSlow { .. })), "{result:?}");
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert!(dir.path().join("file.gz.part").metadata().unwrap().len() > 0);
    let good = Server::start(&content, [Act::Serve]);
    get(dir.path(), &[&good]).0.unwrap();
    assert_whole(dir.path());
    assert!(good.ranges()[0].is_some());
}

#[test]
fn two_downloads_into_one_folder_do_not_mix() {
    let (content, wanted) = file();
    let dir = tempfile::tempdir().unwrap();
    let slow = Server::start(&content, [Act::Slow]);
    let (path, mirrors) = (dir.path().to_path_buf(), vec![slow.url.clone()]);
    let first = std::thread::spawn(move || {
        fetch(&[wanted], &path, &mirrors, &fast(), &AtomicBool::new(false), &mut |_| {})
    });
    while !dir.path().join("file.gz.part").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(50));
    let good = Server::start(&content, [Act::Serve]);
    let message = get(dir.path(), &[&good]).0.unwrap_err().to_string();
    assert!(message.contains("another download"), "{message}");
    first.join().unwrap().unwrap();
    assert_whole(dir.path());
}
