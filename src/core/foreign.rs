//! The readers of foreign bytes, each as a function of bytes alone: what fuzzing calls, and what the tests replay.
//!
//! Built in tests and under the feature `fuzzing` only. A reader may refuse whatever it likes; it may not panic, take
//! much more memory than its input, write outside its folder, or hand on what does not hold together.

pub mod memory;
#[cfg(test)]
mod tests;

use crate::{config, data, run};
use std::cell::OnceCell;
use std::path::PathBuf;

/// Something that reads bytes from anywhere.
pub type Reader = fn(&[u8]);

/// Every reader, by the name of its fuzz target.
pub const READERS: &[(&str, Reader)] = &[
    ("archive", data::foreign::archive),
    ("checkpoint", run::foreign::checkpoint),
    ("cifar10", data::foreign::cifar10),
    ("cifar100", data::foreign::cifar100),
    ("command", run::foreign::command),
    ("events", run::foreign::events),
    ("experiment", config::foreign::experiment),
    ("gzip", data::foreign::gzip),
    ("idx", data::foreign::idx),
    ("image", data::foreign::image),
    ("names", run::foreign::names),
    ("orders", run::foreign::orders),
    ("record", run::foreign::record),
    ("scores", run::foreign::scores),
    ("state", run::foreign::state),
    ("status", run::foreign::status),
    ("subset", data::foreign::subset),
];

/// What a reader may take beside the size of its input.
pub const ALLOWANCE: usize = 100_000_000;

/// Lets a reader read, and holds it to its memory.
pub fn hold(read: Reader, bytes: &[u8]) {
    let peak = memory::peak_of(|| read(bytes));
    assert!(peak <= bytes.len() + ALLOWANCE, "{peak} bytes of memory for an input of {}", bytes.len());
}

/// The reader of a target.
///
/// # Panics
/// If there is none of this name.
pub fn reader(name: &str) -> Reader {
    let found = READERS.iter().find(|(known, _)| *known == name);
    assert!(found.is_some(), "no reader is called {name}");
    found.map_or(|_| (), |(_, read)| *read)
}

/// A folder of this thread's own, in memory where there is such a place, made once and gone with the thread.
pub(crate) fn folder() -> PathBuf {
    thread_local! {
        static FOLDER: OnceCell<Option<tempfile::TempDir>> = const { OnceCell::new() };
    }
    FOLDER.with(|folder| {
        let made = folder.get_or_init(|| {
            let memory = PathBuf::from("/dev/shm");
            let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
            tempfile::Builder::new().prefix("curricle-foreign-").tempdir_in(place).ok()
        });
        assert!(made.is_some(), "no temporary folder can be made");
        made.as_ref().map(|made| made.path().to_path_buf()).unwrap_or_default()
    })
}

/// Puts bytes into a file of this thread's folder.
pub(crate) fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    let written = std::fs::write(&path, bytes);
    assert!(written.is_ok(), "{written:?}");
    path
}
