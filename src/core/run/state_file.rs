//! `state/`: the two newest whole states of a run, from which it goes on exactly. What is in them is the engine's own.

use super::disk;
use super::error::Result;
use super::layout::RunDirectory;
use super::whole::write_whole_with;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// States kept: should the newest be unreadable, the one before still is.
const KEPT: usize = 2;

/// Saves a state durably and removes all but the two newest. Sync the events it refers to before.
pub fn save_state(directory: &RunDirectory, step: u64, bytes: &[u8]) -> Result<PathBuf> {
    save_state_with(directory, step, |writer| writer.write_all(bytes))
}

/// The same, with what `fill` writes.
pub fn save_state_with(directory: &RunDirectory, step: u64, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<PathBuf> {
    let folder = directory.state();
    if !folder.is_dir() {
        disk::create_folders(&folder)?;
        disk::sync_folder(directory.path())?;
    }
    let path = folder.join(name(step));
    write_whole_with(&path, fill)?;
    // States beyond this step belong to a future that was cut when the run went on from an older one.
    let (beyond, mut before): (Vec<_>, Vec<_>) = numbered(&folder).into_iter().partition(|(other, _)| *other > step);
    before.retain(|(_, other)| *other != path);
    for (_, old) in beyond.into_iter().chain(before.into_iter().skip(KEPT - 1)) {
        // Too many states are no reason to end a run.
        let _ = disk::remove(&old);
    }
    Ok(path)
}

/// States that are there, newest first. Unfinished ones are not among them.
pub fn states(directory: &RunDirectory) -> Vec<PathBuf> {
    numbered(&directory.state()).into_iter().map(|(_, path)| path).collect()
}

/// Step of the newest state, if there is one.
pub fn saved_step(directory: &RunDirectory) -> Option<u64> {
    numbered(&directory.state()).first().map(|(step, _)| *step)
}

/// Files of a folder that are named by a step, with it, the highest step first.
pub(super) fn numbered(folder: &Path) -> Vec<(u64, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<(u64, PathBuf)> =
        entries.flatten().filter_map(|entry| Some((step_of(entry.file_name().to_str()?)?, entry.path()))).collect();
    found.sort_by(|a, b| b.cmp(a));
    found
}

/// The name of a file of tensors that belongs to a step.
pub(super) fn name(step: u64) -> String {
    format!("step-{step:012}.safetensors")
}

fn step_of(name: &str) -> Option<u64> {
    name.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::disk::{Call, Verdict};
    use crate::run::layout::tests::scratch;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn the_two_newest_stay() {
        let (_keep, directory) = scratch();
        assert!(states(&directory).is_empty());
        for step in [0, 9, 10, 1_000_000_000_000] {
            save_state(&directory, step, step.to_string().as_bytes()).unwrap();
        }
        let found = states(&directory);
        assert_eq!(found.len(), 2);
        assert_eq!(std::fs::read(&found[0]).unwrap(), b"1000000000000");
        assert_eq!(std::fs::read(&found[1]).unwrap(), b"10");
    }

    /// After a resume from step 10 the state of step 20, which was cut away, must not be resumed from later.
    #[test]
    fn states_of_a_cut_future_go() {
        let (_keep, directory) = scratch();
        for step in [10, 20] {
            save_state(&directory, step, b"old").unwrap();
        }
        save_state(&directory, 15, b"new").unwrap();
        let found = states(&directory);
        assert_eq!(found.len(), 2);
        assert_eq!(std::fs::read(&found[0]).unwrap(), b"new");
        assert_eq!(std::fs::read(&found[1]).unwrap(), b"old");
        save_state(&directory, 15, b"again").unwrap();
        assert_eq!(states(&directory).len(), 2);
    }

    #[test]
    fn whatever_call_fails_the_older_state_is_whole() {
        for n in 1.. {
            let (_keep, directory) = scratch();
            save_state(&directory, 1, b"first").unwrap();
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = calls.clone();
            let fault = disk::inject(directory.path(), move |call, _| {
                if counted.fetch_add(1, Ordering::Relaxed) + 1 < n {
                    return Verdict::Go;
                }
                if call == Call::Write { Verdict::Short(2, 28) } else { Verdict::Fail(5) }
            });
            let result = save_state(&directory, 2, b"second");
            drop(fault);
            let found = states(&directory);
            assert!(found.iter().any(|path| std::fs::read(path).unwrap() == b"first"));
            for path in &found {
                assert!([&b"first"[..], b"second"].contains(&&*std::fs::read(path).unwrap()), "{path:?}");
            }
            if calls.load(Ordering::Relaxed) < n {
                result.unwrap();
                assert!(n > 4, "create, write, sync, rename and sync of the folder are all reached");
                return;
            }
            result.unwrap_err();
        }
    }
}
