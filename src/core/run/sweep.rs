//! Leftovers of crashed writes: temporary names that no rename ever made real.

use super::disk;
use super::error::Result;
use super::layout::RunDirectory;
use super::lock::Lock;
use super::whole::PART;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A command's temporary file may belong to a front end at work; so old, it does not.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Removes what crashed writes left in a run directory. The lock proves that no other engine writes there.
pub fn sweep(directory: &RunDirectory, _lock: &Lock) -> Result<()> {
    let root = directory.path();
    for folder in [root.to_path_buf(), directory.state(), directory.checkpoints(), directory.scores()] {
        sweep_folder(&folder, None)?;
    }
    sweep_folder(&directory.commands(), Some(ABANDONED))
}

pub(super) fn sweep_folder(folder: &Path, age: Option<Duration>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let Ok(facts) = entry.metadata() else { continue };
        if !(name.starts_with('.') && name.ends_with(PART) && facts.is_file()) {
            continue;
        }
        let old = |age| facts.modified().ok().and_then(|time| time.elapsed().ok()).is_some_and(|elapsed| elapsed >= age);
        if age.is_none_or(old) {
            disk::remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::layout::tests::scratch;

    #[test]
    fn only_temporary_names_go() {
        let (_keep, directory) = scratch();
        for folder in [directory.state(), directory.commands()] {
            fs::create_dir_all(folder).unwrap();
        }
        let gone = [directory.path().join(".run.json.abc.part"), directory.state().join(".step-1.safetensors.x.part")];
        let kept = [directory.path().join("mine.part"), directory.state().join(".hidden"), directory.commands().join(".1.json.x.part")];
        for path in gone.iter().chain(&kept) {
            fs::write(path, b"x").unwrap();
        }
        sweep(&directory, &Lock::acquire(&directory).unwrap()).unwrap();
        assert!(gone.iter().all(|path| !path.exists()));
        assert!(kept.iter().all(|path| path.exists()));
    }
}
