use super::*;

#[test]
fn a_failed_write_keeps_the_old_file_and_leaves_no_litter() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kept.txt");
    write_bytes(&path, b"old").unwrap();
    let error = write_whole(&path, |w| {
        w.write_all(b"half of the new")?;
        Err(std::io::Error::other("disk full"))
    })
    .unwrap_err();
    assert!(error.to_string().contains("kept.txt") && error.to_string().contains("disk full"));
    assert_eq!(error.kept, Kept::Earlier);
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn only_regular_files_within_the_limit_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ten.bin");
    write_bytes(&path, &[7; 10]).unwrap();
    assert_eq!(read_limited(&path, 10).unwrap(), [7; 10]);
    let error = read_limited(&path, 9).unwrap_err().to_string();
    assert!(error.contains("10 bytes") && error.contains("9 is the most"), "{error}");
    let error = read_limited(dir.path(), 9).unwrap_err().to_string();
    assert!(error.contains("a folder"), "{error}");
    #[cfg(unix)]
    {
        let error = read_limited(Path::new("/dev/zero"), 9).unwrap_err().to_string();
        assert!(error.contains("a device"), "{error}");
    }
}

#[test]
fn missing_folders_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/c.bin");
    write_bytes(&path, b"x").unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"x");
}

#[test]
fn a_folder_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let error = write_bytes(dir.path(), b"x").unwrap_err();
    assert!(error.to_string().contains("a folder"), "{error}");
    assert!(dir.path().is_dir());
}

#[test]
fn litter_is_swept_but_not_what_somebody_is_writing() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".writing-abc123"), b"half").unwrap();
    std::fs::write(dir.path().join(".writing"), b"another's").unwrap();
    std::fs::create_dir(dir.path().join(".writing-folder")).unwrap();
    let path = dir.path().join("file");
    write_whole(&path, |w| {
        w.write_all(b"whole")?;
        assert_eq!(sweep(dir.path()), 1);
        assert_eq!(sweep(dir.path()), 0);
        Ok(())
    })
    .unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    assert_eq!(sweep(dir.path()), 0);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 3);
    assert_eq!(sweep(Path::new("/no/such/folder")), 0);
}

#[test]
fn writing_and_sweeping_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                sweep(dir.path());
            }
        });
        let path = dir.path().join("file");
        for i in 0..100u8 {
            write_bytes(&path, &[i; 100]).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), [i; 100]);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    /// What the umask leaves of `asked`, found out with a file.
    fn masked(dir: &Path) -> u32 {
        let path = dir.join("plain");
        std::fs::write(&path, b"").unwrap();
        mode(&path)
    }

    fn pipe(path: &Path) {
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    }

    #[test]
    fn a_new_file_has_the_permissions_that_the_umask_leaves() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new");
        write_bytes(&path, b"x").unwrap();
        assert_eq!(mode(&path), masked(dir.path()));
    }

    #[test]
    fn a_replaced_file_hands_its_permissions_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for wanted in [0o600, 0o640, 0o664, 0o666, 0o755, 0o444] {
            std::fs::write(&path, b"old").unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(wanted)).unwrap();
            let owner = path.metadata().unwrap().uid();
            write_bytes(&path, b"new").unwrap();
            assert_eq!(mode(&path), wanted, "{wanted:o}");
            assert_eq!(path.metadata().unwrap().uid(), owner);
            assert_eq!(std::fs::read(&path).unwrap(), b"new");
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn links_are_followed_and_stay() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("sub/target"), b"old").unwrap();
        symlink("sub/target", at("relative")).unwrap();
        symlink(at("relative"), at("chain")).unwrap();
        symlink("../new", at("sub/dangling")).unwrap();
        symlink("sub", at("folder")).unwrap();
        for (name, target) in
            [("chain", "sub/target"), ("sub/dangling", "new"), ("folder/dangling", "new")]
        {
            write_bytes(&at(name), name.as_bytes()).unwrap();
            assert!(at(name).symlink_metadata().unwrap().is_symlink(), "{name}");
            assert!(at(target).symlink_metadata().unwrap().is_file(), "{name}");
            assert_eq!(std::fs::read(at(target)).unwrap(), name.as_bytes());
        }
        assert!(at("relative").symlink_metadata().unwrap().is_symlink());
    }

    #[test]
    fn links_in_a_circle_or_into_nowhere_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        symlink("b", at("a")).unwrap();
        symlink("a", at("b")).unwrap();
        symlink("itself", at("itself")).unwrap();
        symlink("not-mounted/file", at("nowhere")).unwrap();
        symlink(".", at("here")).unwrap();
        for (name, why) in [
            ("a", "in a circle"),
            ("itself", "in a circle"),
            ("nowhere", "folder is missing"),
            ("here", "a folder"),
        ] {
            let error = write_bytes(&at(name), b"x").unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert_eq!(error.kept, Kept::Nothing);
        }
        assert!(!at("not-mounted").exists());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 5);
    }

    #[test]
    fn a_device_is_written_to_and_stays_one() {
        let dir = tempfile::tempdir().unwrap();
        symlink("/dev/full", dir.path().join("link")).unwrap();
        for path in [PathBuf::from("/dev/full"), dir.path().join("link")] {
            let error = write_bytes(&path, &[0; 100_000]).unwrap_err();
            assert_eq!(error.kept, Kept::Part);
            assert!(error.to_string().to_lowercase().contains("space"), "{error}");
            // What fits the buffer fails when it is flushed.
            assert!(write_bytes(&path, b"x").is_err());
        }
        write_bytes(Path::new("/dev/null"), b"x").unwrap();
        for device in ["/dev/full", "/dev/null"] {
            let kind = Path::new(device).symlink_metadata().unwrap().file_type();
            assert!(kind.is_char_device(), "{device}");
        }
    }

    #[test]
    fn a_pipe_is_written_through_and_refused_when_nobody_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        pipe(&path);
        let error = write_bytes(&path, b"x").unwrap_err();
        assert!(error.to_string().contains("nobody reads this pipe"), "{error}");
        let reader = std::thread::spawn({
            let path = path.clone();
            move || std::fs::read(path).unwrap()
        });
        let content = vec![42; 300_000];
        // Until the reader is there.
        let begun = std::time::Instant::now();
        while write_bytes(&path, &content).is_err() {
            assert!(begun.elapsed().as_secs() < 20);
            std::thread::yield_now();
        }
        assert_eq!(reader.join().unwrap(), content);
        assert!(path.symlink_metadata().unwrap().file_type().is_fifo());
    }

    #[test]
    fn an_open_file_that_only_linux_shows_is_written_to() {
        use std::os::fd::AsRawFd;
        if !Path::new("/proc/self/fd").exists() {
            return;
        }
        let (mut reader, writer) = std::io::pipe().unwrap();
        for folder in ["/proc/self/fd", "/dev/fd"] {
            let path = format!("{folder}/{}", writer.as_raw_fd());
            write_bytes(Path::new(&path), b"through").unwrap();
            let mut got = [0; 7];
            reader.read_exact(&mut got).unwrap();
            assert_eq!(&got, b"through");
        }
        let file = tempfile::tempfile().unwrap();
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        write_bytes(Path::new(&path), b"no name").unwrap();
        assert_eq!(read_limited(Path::new(&path), 100).unwrap(), b"no name");
    }

    #[test]
    fn a_file_cannot_be_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), b"x").unwrap();
        let error = write_bytes(&dir.path().join("file/new"), b"x").unwrap_err().to_string();
        assert!(error.contains("file is not a folder"), "{error}");
    }

    #[test]
    fn a_pipe_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        pipe(&path);
        let error = read_limited(&path, 9).unwrap_err().to_string();
        assert!(error.contains("a pipe"), "{error}");
    }

    #[test]
    fn a_file_of_our_own_is_not_looked_for_behind_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("others"), b"precious").unwrap();
        symlink("others", at("link")).unwrap();
        symlink("new", at("dangling")).unwrap();
        pipe(&at("pipe"));
        for (name, why) in [("link", "a link"), ("dangling", "a link"), ("pipe", "a pipe")] {
            let error = open_own(&at(name)).unwrap_err().to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
        assert!(!at("new").exists());
        let (mut first, mut again) = (open_own(&at("own")).unwrap(), open_own(&at("own")).unwrap());
        first.write_all(b"one ").unwrap();
        again.write_all(b"two").unwrap();
        assert_eq!(std::fs::read(at("own")).unwrap(), b"one two");
    }

    #[test]
    fn a_socket_is_neither_written_nor_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let error = write_bytes(&path, b"x").unwrap_err().to_string();
        assert!(error.contains("a socket"), "{error}");
        assert!(open_regular(&path).is_err());
    }
}
