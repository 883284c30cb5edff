//! What a crash of the machine would take away: everything done to files that no sync has made durable.
//!
//! Watches the calls of [`super::disk`] and keeps, for each, how it was before. A sync of a file makes its bytes
//! durable, a sync of a folder its names. [`Unsynced::drop_all`] then brings the folder back to what a power failure
//! might leave at this moment, and [`Unsynced::drop_some`] to another state that it might leave: names are lost from
//! some moment on, and the bytes of each file independently. For tests, on small runs: old contents are held in memory.

use super::disk::{Call, Deed};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Names that were changed and not synced: what the paths were before.
#[derive(Debug)]
struct Names {
    folder: PathBuf,
    before: Vec<(PathBuf, Was)>,
}

#[derive(Debug)]
enum Was {
    Absent,
    Folder,
    File(Vec<u8>),
}

impl Was {
    fn of(path: &Path) -> Self {
        match fs::symlink_metadata(path) {
            Ok(facts) if facts.is_dir() => Self::Folder,
            Ok(_) => Self::File(fs::read(path).unwrap_or_default()),
            Err(_) => Self::Absent,
        }
    }

    fn restore(&self, path: &Path) {
        // Whatever cannot be undone here stays done: that, too, a failure may leave.
        let _ = match self {
            Self::Absent if path.is_dir() => fs::remove_dir(path),
            Self::Absent => fs::remove_file(path),
            Self::Folder => fs::create_dir(path),
            Self::File(bytes) => fs::write(path, bytes),
        };
    }
}

/// Everything that was done and is not durable yet.
#[derive(Debug, Default)]
pub struct Unsynced {
    names: Vec<Names>,
    /// Bytes of files as they were at their last sync.
    bytes: BTreeMap<PathBuf, Vec<u8>>,
}

impl Unsynced {
    /// Takes note of a call that is about to be done.
    pub fn before(&mut self, deed: Deed<'_>) {
        let path = deed.path;
        let parent = path.parent().unwrap_or(path).to_path_buf();
        let snapshot = |path: &Path| (path.to_path_buf(), Was::of(path));
        match deed.call {
            Call::CreateFolder | Call::Remove => self.names.push(Names { folder: parent, before: vec![snapshot(path)] }),
            Call::Open if !path.exists() => self.names.push(Names { folder: parent, before: vec![snapshot(path)] }),
            Call::Write | Call::Truncate => {
                self.bytes.entry(path.to_path_buf()).or_insert_with(|| fs::read(path).unwrap_or_default());
            }
            Call::Rename => {
                let mut before = vec![snapshot(path)];
                before.extend(deed.from.map(snapshot));
                self.names.push(Names { folder: parent, before });
            }
            Call::Open | Call::Sync | Call::SyncFolder | Call::RemoveFolder => {}
        }
    }

    /// Takes note of a call that was done.
    pub fn after(&mut self, deed: Deed<'_>) {
        match deed.call {
            Call::Sync => drop(self.bytes.remove(deed.path)),
            Call::SyncFolder => self.names.retain(|names| names.folder != deed.path),
            // Bytes belong to the file, whatever its name.
            Call::Rename => {
                let moved = deed.from.and_then(|from| self.bytes.remove(from));
                self.bytes.remove(deed.path);
                self.bytes.extend(moved.map(|bytes| (deed.path.to_path_buf(), bytes)));
            }
            Call::Remove => drop(self.bytes.remove(deed.path)),
            _ => {}
        }
    }

    /// Undoes all of it.
    pub fn drop_all(self) {
        self.undo(0, |_| true);
    }

    /// Undoes a part of it, chosen by `seed`.
    pub fn drop_some(self, seed: u64) {
        let draw = |salt: u64| (seed ^ salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let kept = (draw(0) % (self.names.len() as u64 + 1)) as usize;
        self.undo(kept, |place| draw(place + 1) & 1 == 1);
    }

    /// Undoes the bytes of the files that `loses` names by their place, and all names but the first `kept`.
    fn undo(self, kept: usize, loses: impl Fn(u64) -> bool) {
        for (place, (path, bytes)) in self.bytes.iter().enumerate() {
            if loses(place as u64) && path.exists() {
                let _ = fs::write(path, bytes);
            }
        }
        for names in self.names.iter().skip(kept).rev() {
            for (path, was) in &names.before {
                was.restore(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::{self, Judge, Verdict};
    use super::super::{replace_quick, write_whole};
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Watch(Arc<Mutex<Unsynced>>);

    impl Judge for Watch {
        fn before(&self, deed: Deed<'_>) -> Verdict {
            self.0.lock().unwrap().before(deed);
            Verdict::Go
        }
        fn after(&self, deed: Deed<'_>) {
            self.0.lock().unwrap().after(deed);
        }
    }

    #[test]
    fn what_was_synced_stays_and_the_rest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let watch = Watch::default();
        let injection = disk::watch(folder.path(), watch.clone());
        write_whole(&at("whole"), b"safe").unwrap();
        replace_quick(&at("quick"), b"not safe").unwrap();
        let mut file = disk::create(&at("new")).unwrap();
        disk::write(&mut file, &at("new"), b"never synced").unwrap();
        drop(injection);
        std::mem::take(&mut *watch.0.lock().unwrap()).drop_all();
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["whole"]);
        assert_eq!(fs::read(at("whole")).unwrap(), b"safe");
    }

    #[test]
    fn a_replaced_file_comes_back_until_its_folder_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_whole(&path, b"old").unwrap();
        let watch = Watch::default();
        let injection = disk::watch(folder.path(), watch.clone());
        replace_quick(&path, b"new").unwrap();
        drop(injection);
        std::mem::take(&mut *watch.0.lock().unwrap()).drop_all();
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn a_name_that_is_durable_may_belong_to_a_file_whose_bytes_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let watch = Watch::default();
        let injection = disk::watch(folder.path(), watch.clone());
        replace_quick(&path, b"new").unwrap();
        disk::sync_folder(folder.path()).unwrap();
        drop(injection);
        std::mem::take(&mut *watch.0.lock().unwrap()).drop_all();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }
}
