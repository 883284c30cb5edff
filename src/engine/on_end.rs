//! `training.on_end`: a command of the user's own, called when the run has ended.

use curricle_core::run::RunDirectory;
use std::process::{Command, Stdio};

/// Starts the command through the shell; its environment names the run and how it ended. It is not waited for: the
/// run's own end must not depend on it.
pub fn call(command: &str, directory: &RunDirectory, state: &str) {
    if command.trim().is_empty() {
        return;
    }
    if !is_ours(directory) {
        crate::log::line("training.on_end: not called, because another user wrote this run's experiment");
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

/// Whether this user wrote the experiment: somebody else's run may be resumed, but what it says is not executed.
fn is_ours(directory: &RunDirectory) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(directory.resolved()).is_ok_and(|facts| facts.uid() == nix::unistd::geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;
    use curricle_core::{config, run};
    use std::time::{Duration, Instant};

    /// A run whose last command leaves a file.
    fn leaves_a_file(owner: Option<u32>) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let experiment = config::read("[data]\nset = \"glyphs\"\n[network]\nkind = \"basicconv\"", "test", &[]).unwrap();
        let directory = RunDirectory::create(folder.path(), &experiment, "", run::Origin::default()).unwrap();
        if owner.is_some() {
            nix::unistd::chown(&directory.resolved(), owner.map(Into::into), None).unwrap();
        }
        let proof = folder.path().join("called");
        call(&format!("touch '{}'", proof.display()), &directory, "done");
        let begun = Instant::now();
        let patience = Duration::from_secs(if owner.is_some() { 1 } else { 30 });
        while !proof.exists() && begun.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(10));
        }
        proof.exists()
    }

    #[test]
    fn a_command_is_called_and_another_users_is_not() {
        assert!(leaves_a_file(None));
        match nix::unistd::geteuid().is_root() {
            true => assert!(!leaves_a_file(Some(65_534))),
            false => eprintln!("SKIPPED another user's command: only root can give files away"),
        }
    }
}
