//! Watching files: the folder of runs, and the directories of runs that live. By inotify where it sees changes, by
//! looking once a second where it is blind (network file systems).

use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often files are looked at where changes are not told.
const LOOK: Duration = Duration::from_secs(1);

/// Watches directories and collects which of them have changed. The wake function is called once for any number of
/// changes, until they are taken.
pub struct Watch {
    watcher: Option<Box<dyn Watcher + Send>>,
    watched: BTreeSet<PathBuf>,
    changed: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Watch {
    /// A watcher for files near `folder`. Where no watcher can be had, nothing is told, and the screen looks by itself.
    pub fn new(folder: &Path, wake: impl Fn() + Send + 'static) -> Watch {
        let changed: Arc<Mutex<BTreeSet<PathBuf>>> = Arc::default();
        let collected = Arc::clone(&changed);
        let handler = move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            if matches!(event.kind, EventKind::Access(_)) {
                return;
            }
            let Ok(mut changed) = collected.lock() else { return };
            let first = changed.is_empty();
            changed.extend(event.paths);
            if first && !changed.is_empty() {
                wake();
            }
        };
        let watcher: Option<Box<dyn Watcher + Send>> = if is_blind(folder) {
            PollWatcher::new(handler, Config::default().with_poll_interval(LOOK)).ok().map(|watcher| Box::new(watcher) as _)
        } else {
            RecommendedWatcher::new(handler, Config::default()).ok().map(|watcher| Box::new(watcher) as _)
        };
        Watch { watcher, watched: BTreeSet::new(), changed }
    }

    /// Watches exactly these directories.
    pub fn set(&mut self, wanted: BTreeSet<PathBuf>) {
        if self.watched == wanted {
            return;
        }
        let Some(watcher) = &mut self.watcher else { return };
        for gone in self.watched.difference(&wanted) {
            // A directory that was deleted is not watched any more anyway.
            let _ = watcher.unwatch(gone);
        }
        let kept: BTreeSet<PathBuf> = self.watched.intersection(&wanted).cloned().collect();
        let added = wanted.difference(&self.watched).filter(|new| watcher.watch(new, RecursiveMode::NonRecursive).is_ok()).cloned();
        self.watched = kept.iter().cloned().chain(added.collect::<Vec<_>>()).collect();
    }

    /// Takes what has changed.
    pub fn take(&self) -> BTreeSet<PathBuf> {
        self.changed.lock().map(|mut changed| std::mem::take(&mut *changed)).unwrap_or_default()
    }
}

/// Whether inotify sees only what this machine does: network file systems, and folders shared into virtual machines.
fn is_blind(folder: &Path) -> bool {
    const BLIND: [i64; 9] = [
        0x6969,      // NFS
        0xff53_4d42, // CIFS
        0xfe53_4d42, // SMB2
        0x517b,      // SMB
        0x0102_1997, // 9p
        0x6573_5546, // FUSE
        0x5346_414f, // AFS
        0x0bd0_0bd0, // Lustre
        0x00c3_6400, // Ceph
    ];
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    nix::sys::statfs::statfs(there).is_ok_and(|facts| BLIND.contains(&facts.filesystem_type().0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_change_wakes_once_and_names_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (sender, receiver) = mpsc::channel();
        let mut watch = Watch::new(folder.path(), move || _ = sender.send(()));
        watch.set(BTreeSet::from([folder.path().to_path_buf()]));
        std::fs::write(folder.path().join("status.json"), "{}").expect("written");
        receiver.recv_timeout(Duration::from_secs(10)).expect("told of the change");
        assert!(watch.take().iter().any(|path| path.ends_with("status.json")));
        watch.set(BTreeSet::new());
    }
}
