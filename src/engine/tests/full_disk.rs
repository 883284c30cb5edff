//! A disk that is really full: a small file system in memory. Needs the right to mount one; skips, and says so, without.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use curricle_core::run::{State, saved_step};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use support::running::{create, engine, essence, finish, steps_done, wait_for};

const EXPERIMENT: &str = r#"
name = "full disk"
[data]
set = "glyphs"
[data.glyphs]
train = 60
test = 10
[network]
kind = "preresnet"
block = "basic"
depth = 8
[schedule]
kind = "constant"
[training]
epochs = 60
batch = 16
device = "cpu"
threads = 1
precision = "f32"
state_every = "1 steps"
keep_every = "100 steps"
"#;

/// A file system of its own, gone with this.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(at: &'a Path, bytes: u64) -> Option<Self> {
        let options = format!("size={bytes}");
        mount(Some("curricle-test"), at, Some("tmpfs"), MsFlags::empty(), Some(options.as_str())).ok().map(|()| Self(at))
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = umount2(self.0, MntFlags::MNT_DETACH);
    }
}

#[test]
fn a_full_disk_ends_the_run_with_what_to_do_and_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let untouched = create(folder.path(), EXPERIMENT, &[]);
    finish(&untouched);
    let wanted = essence(&untouched);
    let place = folder.path().join("small");
    std::fs::create_dir(&place).unwrap();
    let Some(_small) = Small::mount(&place, 64 << 20) else {
        eprintln!("SKIPPED full disk: this user may not mount a file system (CAP_SYS_ADMIN)");
        return;
    };
    let directory = create(&place, EXPERIMENT, &[]);
    let running = engine(&directory).arg("--foreground").stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&directory, "a step", |events| steps_done(events) >= 5);
    // Somebody else takes all the room that there is, and what the run frees, too.
    let filler = place.join("somebody else's");
    let mut file = std::fs::File::create(&filler).unwrap();
    let mut process = running;
    while process.try_wait().unwrap().is_none() {
        while file.write_all(&[7; 4 << 10]).is_ok() {}
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = process.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let log = std::fs::read_to_string(directory.log()).unwrap();
    assert_eq!(output.status.code(), Some(6), "{said}{log}");
    let step = saved_step(&directory).unwrap();
    assert!(said.starts_with("error: no space left for "), "{said}");
    for part in [
        &format!("saved: everything up to step {step}; free some room"),
        " are needed, then ",
        &format!("`curricle resume {}` goes on from there", directory.id()),
    ] {
        assert!(said.contains(part), "no `{part}` in: {said}");
    }
    let status = directory.read_status().unwrap().unwrap();
    assert_eq!((status.state, status.exit), (State::Failed, Some(6)), "the reserve leaves room for the last words");
    assert!(status.message.unwrap().contains("free some room"));
    // Again without room: it says so, and loses nothing.
    while file.write_all(&[7; 16 << 10]).is_ok() {}
    assert_eq!(engine(&directory).output().unwrap().status.code(), Some(6));
    assert_eq!(saved_step(&directory), Some(step));
    // The other one makes room.
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    finish(&directory);
    assert_eq!(essence(&directory).difference(&wanted), None);
}
