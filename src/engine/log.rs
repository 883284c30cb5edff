//! `log.txt`: what a human reads when something went wrong, panics included.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

static LOG: Mutex<Option<File>> = Mutex::new(None);

/// Opens the log of a run for appending and sends panics there. A log that cannot be opened stops nothing.
pub fn open(path: &Path) {
    let file = OpenOptions::new().create(true).append(true).open(path).ok();
    if let Ok(mut log) = LOG.lock() {
        *log = file;
    }
    let earlier = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        line(&format!("error: the engine broke: {panic}"));
        earlier(panic);
    }));
}

/// Appends a line, with the time, to a log that is not open here.
pub fn line_to(path: &Path, text: &str) {
    if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path) {
        let _ = writeln!(file, "{} {text}", curricle_core::run::timestamp());
    }
}

/// Appends a line, with the time.
pub fn line(text: &str) {
    if let Ok(mut log) = LOG.lock()
        && let Some(file) = log.as_mut()
    {
        // A log that cannot be written stops nothing.
        let _ = writeln!(file, "{} {text}", curricle_core::run::timestamp());
    }
}
