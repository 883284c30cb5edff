//! `training.on_end`: a command of the user's own, called when the run has ended.

use curricle_core::run::RunDirectory;
use std::process::{Command, Stdio};

/// Starts the command through the shell; its environment names the run and how it ended. It is not waited for: the
/// run's own end must not depend on it.
pub fn call(command: &str, directory: &RunDirectory, state: &str) {
    if command.trim().is_empty() {
        return;
    }
    let started = Command::new("/bin/sh")
        .args(["-c", command])
        .env("CURRICLE_ID", directory.id())
        .env("CURRICLE_STATE", state)
        .env("CURRICLE_DIRECTORY", directory.path())
        .stdin(Stdio::null())
        .spawn();
    if let Err(error) = started {
        crate::log::line(&format!("training.on_end: `{command}` could not be started: {error}"));
    }
}
