//! Fetching against a server on this machine that misbehaves as told.

use super::super::ErrorKind;
use super::super::official::File;
use super::*;
use crate::config::SetKind;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// A server that answers each request by a script.
struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What to send: all of it, but only so many bytes of it.
struct Answer {
    head: String,
    body: Vec<u8>,
    sent: usize,
}

impl Answer {
    fn whole(body: &[u8], tag: &str) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nETag: {tag}\r\nConnection: close\r\n\r\n", body.len());
        Self { head, body: body.to_vec(), sent: body.len() }
    }

    fn cut(body: &[u8], tag: &str, sent: usize) -> Self {
        Self { sent, ..Self::whole(body, tag) }
    }

    fn rest(body: &[u8], from: usize) -> Self {
        let (rest, all) = (&body[from..], body.len());
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{all}\r\nConnection: close\r\n\r\n",
            rest.len(),
            all - 1
        );
        Self { head, body: rest.to_vec(), sent: rest.len() }
    }

    fn absent() -> Self {
        Self { head: "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into(), body: Vec::new(), sent: 0 }
    }
}

impl Server {
    /// Serves until the test ends. `answer` sees the request and its number.
    fn start(answer: impl Fn(usize, &str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
                    request.push(byte[0]);
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let answer = answer(number, &request);
                seen.lock().unwrap().push(request);
                // The client may have left already.
                let _ = stream.write_all(answer.head.as_bytes()).and_then(|()| stream.write_all(&answer.body[..answer.sent]));
            }
        });
        Self { address, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The contents of the made-up set's two files.
fn contents() -> [(&'static str, Vec<u8>); 2] {
    let noise = |seed: u32| (0..40_000u32).map(|place| (place.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 24) as u8).collect();
    [("first.bin", noise(1)), ("second.bin", noise(2))]
}

/// A tar archive of files, packed at `level`.
fn archive(files: &[(&str, Vec<u8>)], level: u32) -> Vec<u8> {
    let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(level)));
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("made-up-bin/{name}"), bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// A set that exists in these tests only. It lives as long as the program, as the real ones do.
fn made_up(archive: &[u8]) -> &'static Official {
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let files: Vec<File> = contents()
        .iter()
        .map(|(name, bytes)| File {
            name,
            count: 10,
            bytes: bytes.len() as u64,
            sha256: Some(leak(check::sha256(bytes))),
            packed_sha256: None,
        })
        .collect();
    let archives = vec![Archive { name: "made-up.tar.gz", bytes: archive.len() as u64, sha256: leak(check::sha256(archive)) }];
    Box::leak(Box::new(Official {
        set: SetKind::Cifar10,
        name: "made-up",
        title: "Made-up",
        folder: "made-up-bin",
        format: Format::Cifar { label_bytes: 1 },
        train: Box::leak(files[..1].to_vec().into_boxed_slice()),
        test: Box::leak(files[1..].to_vec().into_boxed_slice()),
        names_file: None,
        classes: &["a", "b"],
        archives: Box::leak(archives.into_boxed_slice()),
        base: "http://127.0.0.1:1",
    }))
}

fn fetch(set: &'static Official, root: &Path, mirror: &str, force: bool) -> (Result<Installed, Error>, Vec<Progress>) {
    let mut seen = Vec::new();
    let fetch = Fetch { set, root, mirror: Some(mirror), force, pause: Duration::from_millis(1) };
    let outcome = fetch.run(&mut |progress| seen.push(progress));
    (outcome, seen)
}

/// Names in the root, hidden ones too.
fn names(root: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_set_is_fetched_once_checked_and_left_alone_then() {
    let bytes = archive(&contents(), 6);
    let set = made_up(&bytes);
    let server = Server::start(move |_, _| Answer::whole(&bytes, "\"1\""));
    let root = tempfile::tempdir().unwrap();
    let (outcome, seen) = fetch(set, root.path(), &server.address, false);
    let folder = root.path().join("made-up-bin");
    assert_eq!(outcome.unwrap(), Installed { set: "made-up", folder: folder.clone(), already: false });
    assert_eq!(names(root.path()), ["made-up-bin"]);
    assert_eq!(names(&folder), ["SHA256SUMS", "first.bin", "second.bin"]);
    assert_eq!(std::fs::read(folder.join("second.bin")).unwrap(), contents()[1].1);
    assert!(matches!(seen.last(), Some(Progress::Checking { .. })));
    let (outcome, _) = fetch(set, root.path(), &server.address, false);
    assert!(outcome.unwrap().already);
    assert_eq!(server.requests().len(), 1);
    assert!(server.requests()[0].starts_with("GET /made-up.tar.gz HTTP/1.1"));
    assert!(verify::verify(set, root.path()).whole());
    // With force it comes again; what the user keeps in the folder stays.
    std::fs::write(folder.join("notes.txt"), "mine").unwrap();
    fetch(set, root.path(), &server.address, true).0.unwrap();
    assert_eq!(server.requests().len(), 2);
    assert_eq!(names(&folder), ["SHA256SUMS", "first.bin", "notes.txt", "second.bin"]);
}

#[test]
fn a_broken_connection_is_taken_up_where_it_broke() {
    let bytes = archive(&contents(), 6);
    let set = made_up(&bytes);
    let half = bytes.len() / 2;
    let server = Server::start(move |number, _| match number {
        0 => Answer::cut(&bytes, "\"7\"", half),
        _ => Answer::rest(&bytes, half),
    });
    let root = tempfile::tempdir().unwrap();
    fetch(set, root.path(), &server.address, false).0.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    let second = requests[1].to_lowercase();
    assert!(second.contains(&format!("range: bytes={half}-\r\n")), "{second}");
    assert!(second.contains("if-range: \"7\"\r\n"), "{second}");
}

#[test]
fn a_later_call_goes_on_from_what_is_kept() {
    let bytes = archive(&contents(), 6);
    let set = made_up(&bytes);
    let half = bytes.len() / 2;
    let root = tempfile::tempdir().unwrap();
    // Half of it, then a server that accepts and hangs up, then one that is well again.
    let server = Server::start({
        move |number, request| match (number, request.contains("bytes=")) {
            (0, false) => Answer::cut(&bytes, "\"7\"", half),
            (1..=4, true) => Answer { head: String::new(), body: Vec::new(), sent: 0 },
            _ => Answer::rest(&bytes, half),
        }
    });
    let (outcome, _) = fetch(set, root.path(), &server.address, false);
    let error = outcome.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network);
    assert!(error.text.starts_with(&format!("the download of {}/made-up.tar.gz broke off: ", server.address)), "{error}");
    let kept = super::super::error::grouped(half as u64);
    assert_eq!(error.hint, Some(format!("{kept} bytes are kept; the same command goes on from there")));
    assert_eq!(names(root.path()), [".made-up.partial"]);
    fetch(set, root.path(), &server.address, false).0.unwrap();
    assert_eq!(names(root.path()), ["made-up-bin"]);
    let whole = server.requests().iter().filter(|request| !request.contains("bytes=")).count();
    assert_eq!(whole, 1, "the first half came once");
}

#[test]
fn a_file_that_changed_on_the_server_is_taken_whole() {
    let bytes = archive(&contents(), 6);
    let set = made_up(&bytes);
    let server = Server::start(move |number, _| match number {
        0 => Answer::cut(b"an older version of the file", "\"1\"", 10),
        _ => Answer::whole(&bytes, "\"2\""),
    });
    let root = tempfile::tempdir().unwrap();
    fetch(set, root.path(), &server.address, false).0.unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_wrong_check_sum_is_refused_and_removed() {
    let bytes = archive(&contents(), 6);
    let set = made_up(&bytes);
    let mut other = contents();
    other[1].1[17] ^= 4;
    let wrong = archive(&other, 6);
    let sum = check::sha256(&wrong);
    let server = Server::start(move |_, _| Answer::whole(&wrong, "\"1\""));
    let root = tempfile::tempdir().unwrap();
    let error = fetch(set, root.path(), &server.address, false).0.unwrap_err();
    assert_eq!(error.text, "`made-up.tar.gz` is not the official file, and was removed");
    assert_eq!(error.details[..2], [format!("SHA-256 expected {}", set.archives[0].sha256), format!("SHA-256 found    {sum}")]);
    assert!(error.details[2].contains("second.bin` is not the official file: some of its bits differ"), "{error}");
    assert_eq!(names(&root.path().join(".made-up.partial/downloads")), Vec::<String>::new());
    assert!(!root.path().join("made-up-bin").exists());
}

#[test]
fn what_a_mirror_packed_anew_is_judged_by_its_contents() {
    let bytes = archive(&contents(), 6);
    let set = made_up(&bytes);
    let anew = archive(&contents(), 1);
    assert_ne!(anew, bytes);
    let server = Server::start(move |_, request| {
        if request.starts_with("GET /made-up-bin/made-up.tar.gz ") { Answer::whole(&anew, "\"1\"") } else { Answer::absent() }
    });
    let root = tempfile::tempdir().unwrap();
    let (outcome, seen) = fetch(set, root.path(), &format!("{}/", server.address), false);
    outcome.unwrap();
    assert_eq!(seen.last(), Some(&Progress::Note("made-up.tar.gz was packed anew; its contents are the official ones".into())));
}

#[test]
fn a_missing_file_names_the_addresses_tried() {
    let set = made_up(b"");
    let server = Server::start(|_, _| Answer::absent());
    let root = tempfile::tempdir().unwrap();
    let error = fetch(set, root.path(), &server.address, false).0.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the server does not have `made-up.tar.gz`\n  {0}/made-up.tar.gz: 404 Not Found\n  {0}/made-up-bin/made-up.tar.gz: 404 Not Found\n  \
             hint: `--mirror URL` names another server; `curricle data import` takes files that you have",
            server.address
        )
    );
}

#[test]
fn no_server_and_no_address_are_told_apart() {
    let set = made_up(b"");
    let root = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = fetch(set, root.path(), &closed, false).0.unwrap_err();
    assert_eq!(error.text, format!("the download of {closed}/made-up.tar.gz broke off: connection refused"));
    assert_eq!(error.hint.as_deref(), Some("the same command goes on from there"));
    let error = fetch(set, root.path(), "not an address", false).0.unwrap_err();
    assert_eq!(error.text, "`not an address/made-up.tar.gz` is no address to download from");
}

#[test]
fn archives_that_reach_out_of_their_folder_are_refused() {
    let set = made_up(b"");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made-up.tar");
    let into = folder.path().join("into");
    std::fs::create_dir(&into).unwrap();
    let refused = |name: &str, kind: tar::EntryType| {
        let mut header = tar::Header::new_gnu();
        // The library refuses to write such names, so they are put in by hand.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(0);
        if kind.is_symlink() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        let mut builder = tar::Builder::new(Vec::new());
        builder.append(&header, std::io::empty()).unwrap();
        std::fs::write(&path, builder.into_inner().unwrap()).unwrap();
        unpack::unpack(&path, set, &into).unwrap_err().text
    };
    let said = |what: &str| format!("`{}` is refused: it holds {what}", folder.path().join("made-up.tar").display());
    assert_eq!(refused("made-up-bin/../../first.bin", tar::EntryType::Regular), said("`made-up-bin/../../first.bin`, a path with `..`"));
    assert_eq!(refused("/tmp/first.bin", tar::EntryType::Regular), said("`/tmp/first.bin`, an absolute path"));
    assert_eq!(refused("made-up-bin/first.bin", tar::EntryType::Symlink), said("`made-up-bin/first.bin`, a link"));
    assert_eq!(refused("made-up-bin/first.bin", tar::EntryType::Fifo), said("`made-up-bin/first.bin`, which is neither file nor folder"));
    assert_eq!(names(&into), Vec::<String>::new());
}
