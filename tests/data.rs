//! `curricle data` from end to end: the real program, a server on this machine, real files where they are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end so")]

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program with a data root of its own and nothing of the environment that would change what it does.
fn curricle(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_curricle"));
    for name in
        ["CURRICLE_DATA", "NO_COLOR", "COLORTERM", "LC_ALL", "LC_CTYPE", "LANG", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"]
    {
        command.env_remove(name);
    }
    command.env("XDG_DATA_HOME", root.join("home")).arg("data").args(arguments).arg("--data").arg(root).output().unwrap()
}

fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The real MNIST, with a printed line where it is not.
fn mnist() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("CURRICLE_DATA").map_or(default, PathBuf::from).join("mnist");
    if folder.join("train-images-idx3-ubyte.gz").is_file() {
        return Some(folder);
    }
    eprintln!("skipped: no MNIST in `{}` (CURRICLE_DATA names the data folder)", folder.display());
    None
}

/// Serves the files of a folder. The first answer for images of the test set ends in the middle; `broken` files have a
/// wrong byte.
fn serve(folder: PathBuf, broken: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut cut = true;
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
                request.push(byte[0]);
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let name = request.split(' ').nth(1).unwrap_or("/").trim_start_matches('/').to_string();
            let Ok(mut bytes) = std::fs::read(folder.join(&name)) else {
                let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                continue;
            };
            if broken {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
            let asked = request.lines().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok());
            let start: usize = asked.unwrap_or(0);
            let status = if asked.is_some() { "206 Partial Content" } else { "200 OK" };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nContent-Range: bytes {start}-{}/{}\r\nETag: \"v1\"\r\nConnection: close\r\n\r\n",
                bytes.len() - start,
                bytes.len() - 1,
                bytes.len()
            );
            let end = if name.starts_with("t10k-images") && std::mem::take(&mut cut) { bytes.len() / 2 } else { bytes.len() };
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes[start..end]));
        }
    });
    address
}

#[test]
fn a_set_is_fetched_from_a_mirror_listed_verified_and_shown() {
    let Some(folder) = mnist() else { return };
    let root = tempfile::tempdir().unwrap();
    let address = serve(folder, false);
    let output = curricle(root.path(), &["fetch", "mnist", "--mirror", &address, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(json(&output)["already"], false);
    let again = curricle(root.path(), &["fetch", "mnist", "--mirror", "http://127.0.0.1:1"]);
    assert!(String::from_utf8_lossy(&again.stdout).starts_with("mnist is there already, complete and checked: "));
    let sets = json(&curricle(root.path(), &["list", "--json"]));
    let set = sets["sets"].as_array().unwrap().iter().find(|set| set["set"] == "mnist").unwrap();
    assert_eq!((&set["state"], &set["train"], &set["test"]), (&"complete".into(), &60_000.into(), &10_000.into()));
    let verified = json(&curricle(root.path(), &["verify", "--json"]));
    assert_eq!(verified[0]["whole"], true);
    assert_eq!(verified[0]["files"].as_array().unwrap().len(), 4);
    let shown = json(&curricle(root.path(), &["preview", "mnist", "--index", "0", "4", "--json"]));
    assert_eq!((&shown["images"][0]["label"], &shown["images"][1]["class"]), (&5.into(), &"9".into()));
    // One byte changed on disk.
    let labels = root.path().join("mnist/t10k-labels-idx1-ubyte.gz");
    let mut bytes = std::fs::read(&labels).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&labels, bytes).unwrap();
    let output = curricle(root.path(), &["verify", "mnist"]);
    assert_eq!(output.status.code(), Some(1));
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let states: Vec<&str> = lines.lines().filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(states, ["official", "official", "official", "damaged"], "{lines}");
    assert!(stderr(&output).starts_with("error: not whole: mnist\n  `"), "{}", stderr(&output));
    assert!(stderr(&output).ends_with("hint: `curricle data fetch mnist` brings a whole one\n"), "{}", stderr(&output));
}

#[test]
fn a_wrong_file_is_refused_and_the_addresses_of_a_missing_one_are_named() {
    let Some(folder) = mnist() else { return };
    let root = tempfile::tempdir().unwrap();
    let output = curricle(root.path(), &["fetch", "mnist", "--mirror", &serve(folder.clone(), true), "--quiet"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(
        text.starts_with("error: `train-images-idx3-ubyte.gz` is not the official file, and was removed\n  SHA-256 expected "),
        "{text}"
    );
    assert!(!root.path().join("mnist").exists());
    let address = serve(folder, false);
    let output = curricle(root.path(), &["fetch", "cifar10", "--mirror", &address]);
    assert_eq!(
        stderr(&output),
        format!(
            "error: the server does not have `cifar-10-binary.tar.gz`\n  {address}/cifar-10-binary.tar.gz: 404 Not Found\n  \
             {address}/cifar-10-batches-bin/cifar-10-binary.tar.gz: 404 Not Found\n\
             hint: `--mirror URL` names another server; `curricle data import` takes files that you have\n"
        )
    );
}

#[test]
fn a_folder_with_the_files_is_imported() {
    let Some(folder) = mnist() else { return };
    let root = tempfile::tempdir().unwrap();
    // Under another name, so that only the check sums say which set it is.
    let brought = root.path().join("brought");
    std::os::unix::fs::symlink(&folder, &brought).unwrap();
    let output = curricle(root.path(), &["import", brought.to_str().unwrap(), "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(json(&output)[0]["set"], "mnist");
    assert_eq!(json(&output).as_array().unwrap().len(), 1);
    assert!(root.path().join("mnist/SHA256SUMS").is_file());
    let output = curricle(root.path(), &["import", "/nowhere"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), "error: `/nowhere` does not exist\n".into()));
}

#[test]
fn images_are_shown_in_the_colours_that_the_terminal_has() {
    let root = tempfile::tempdir().unwrap();
    let shown = |more: &[&str]| {
        let output = curricle(root.path(), &[&["preview", "glyphs", "--count", "2"], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let plain = shown(&["--color", "never"]);
    assert!(!plain.contains('\u{1b}') && plain.is_ascii());
    assert!(plain.lines().filter(|line| !line.trim().is_empty()).count() >= 14, "{plain}");
    let colours = shown(&["--color", "always"]);
    assert!(colours.contains("\u{1b}[38;5;") && colours.contains('▀'));
    assert_eq!(shown(&["--color", "always", "--ascii"]), plain);
    let object = json(&curricle(root.path(), &["preview", "glyphs", "--test", "--class", "T", "--count", "3", "--json"]));
    assert_eq!((object["split"].as_str(), object["images"].as_array().map(Vec::len)), (Some("test"), Some(3)));
    for image in object["images"].as_array().unwrap() {
        assert_eq!(image["class"], "T");
        assert!((0.0..1.0).contains(&image["difficulty"].as_f64().unwrap()));
        assert_eq!(image["pixels"].as_array().unwrap().len(), 32 * 32 * 3);
    }
}

#[test]
fn what_is_not_there_is_said_with_the_right_exit_code() {
    let root = tempfile::tempdir().unwrap();
    let code = |arguments: &[&str]| curricle(root.path(), arguments).status.code();
    assert_eq!(code(&["fetch", "imagenet"]), Some(2));
    assert_eq!(code(&["preview", "cifar10"]), Some(1));
    assert_eq!(code(&["preview", "glyphs", "--index", "10000"]), Some(2));
    assert_eq!(code(&["preview", "glyphs", "--class", "Q"]), Some(2));
    assert_eq!(code(&["verify"]), Some(0));
    assert_eq!(code(&["verify", "mnist"]), Some(1));
    let sets = json(&curricle(root.path(), &["list", "--json"]));
    assert_eq!((&sets["sets"][0]["set"], &sets["sets"][0]["state"]), (&"glyphs".into(), &"built-in".into()));
    assert!(sets["sets"].as_array().unwrap()[1..].iter().all(|set| set["state"] == "absent"));
}
