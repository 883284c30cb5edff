//! `lock`: held by the engine of a run as long as it lives, so that two never train in one directory.
//!
//! An open-file-description lock of `fcntl`: it ends with the process however that ends, and others can ask whether it
//! is held without taking it. The file's content only says who holds it.

use super::disk;
use super::error::{Error, Result};
use super::layout::RunDirectory;
use super::status::State;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::{Duration, Instant};

/// Who holds a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    /// Process; 0 if unknown.
    pub pid: u32,
    /// Host; empty if unknown.
    pub host: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = super::plain(&self.host);
        match (self.pid, host.is_empty()) {
            (0, true) => f.write_str("it does not say which"),
            (0, false) => write!(f, "on `{host}`"),
            (pid, true) => write!(f, "process {pid}"),
            (pid, false) => write!(f, "process {pid} on `{host}`"),
        }
    }
}

/// The lock of a run directory, held until this is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or says who holds it.
    pub fn acquire(directory: &RunDirectory) -> Result<Self> {
        directory.refuse_foreign()?;
        let path = directory.lock();
        // Not truncated here: the holder's name must stay readable for those who come too late.
        let mut file = disk::open(&path, OpenOptions::new().read(true).write(true).create(true).truncate(false))?;
        match fcntl(&file, FcntlArg::F_OFD_SETLK(&whole_file(libc::F_WRLCK))) {
            Ok(_) => {}
            Err(Errno::EAGAIN | Errno::EACCES) => {
                return Err(Error::Locked { path: directory.path().to_path_buf(), holder: Self::holder(directory) });
            }
            Err(error) => return Err(Error::io("lock", &path, error.into())),
        }
        let mine = Holder { pid: std::process::id(), host: host() };
        let text = serde_json::to_vec(&mine).map_err(|error| Error::damaged(&path, error.to_string()))?;
        disk::truncate(&file, &path, 0)?;
        disk::write(&mut file, &path, &text)?;
        Ok(Self { _file: file })
    }

    /// Whether an engine holds the lock; only asks, never takes it. A lock that cannot be asked about counts as free.
    pub fn is_held(directory: &RunDirectory) -> bool {
        is_held_at(&directory.lock())
    }

    /// Who wrote his name into the lock last.
    pub fn holder(directory: &RunDirectory) -> Holder {
        disk::read(&directory.lock(), 4096).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }
}

/// Whether an engine of another host is at work on a run whose lock is free as seen from here: locks do not cross every
/// network file system, heartbeats do. Watches for up to `patience`, and calls `waits` once if it has to.
///
/// A status that says "training" by another host is either that of an engine at work or of one that is gone; which, only
/// its heartbeat tells. The clocks of the two hosts are never compared.
pub fn engine_elsewhere(directory: &RunDirectory, patience: Duration, waits: impl FnOnce(&Holder)) -> Option<Holder> {
    let read = || directory.read_status().ok().flatten();
    let first = read().filter(|status| status.state == State::Training && !status.host.is_empty() && status.host != host())?;
    let holder = Holder { pid: first.pid, host: first.host.clone() };
    waits(&holder);
    let begun = Instant::now();
    while begun.elapsed() < patience {
        std::thread::sleep(patience.min(Duration::from_millis(200)));
        match read() {
            Some(now) if now.heartbeat != first.heartbeat || now.generation != first.generation => {
                return (now.state == State::Training).then_some(holder);
            }
            _ => {}
        }
    }
    None
}

pub(super) fn is_held_at(path: &Path) -> bool {
    let Ok(file) = disk::open_to_read(path) else { return false };
    let mut probe = whole_file(libc::F_WRLCK);
    match fcntl(&file, FcntlArg::F_OFD_GETLK(&mut probe)) {
        Ok(_) => i32::from(probe.l_type) != libc::F_UNLCK,
        Err(_) => false,
    }
}

fn whole_file(kind: libc::c_int) -> libc::flock {
    libc::flock { l_type: kind as libc::c_short, l_whence: libc::SEEK_SET as libc::c_short, l_start: 0, l_len: 0, l_pid: 0 }
}

/// Name of this host.
pub fn host() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::layout::tests::scratch;

    #[test]
    fn the_second_engine_is_told_who_was_first() {
        let (_keep, directory) = scratch();
        assert!(!Lock::is_held(&directory));
        let lock = Lock::acquire(&directory).unwrap();
        assert!(Lock::is_held(&directory));
        let error = Lock::acquire(&directory).unwrap_err();
        let expected = format!("run `{}` is held by another engine (process {} on `{}`)", directory.id(), std::process::id(), host());
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.exit_code(), 4);
        assert!(Lock::is_held(&directory), "asking and failing changes nothing");
        drop(lock);
        assert!(!Lock::is_held(&directory));
        Lock::acquire(&directory).unwrap();
    }

    #[test]
    fn a_lock_without_a_readable_name_still_holds() {
        let (_keep, directory) = scratch();
        let _lock = Lock::acquire(&directory).unwrap();
        std::fs::write(directory.lock(), b"\xff\x00{").unwrap();
        let error = Lock::acquire(&directory).unwrap_err();
        assert!(error.to_string().ends_with("(it does not say which)"), "{error}");
    }

    #[test]
    fn another_hosts_heart_is_listened_for() {
        use crate::run::status::Status;
        let (_keep, directory) = scratch();
        let short = Duration::from_millis(600);
        let beat = |host: &str, heartbeat| Status { state: State::Training, host: host.into(), pid: 7, heartbeat, ..Status::default() };
        let write = |status: Status| status.write(&directory.status()).unwrap();
        assert_eq!(engine_elsewhere(&directory, short, |_| ()), None);
        // This host's own lock is to be trusted.
        write(beat(&host(), 1));
        assert_eq!(engine_elsewhere(&directory, short, |_| unreachable!()), None);
        write(beat("elsewhere", 1));
        let mut waited = false;
        assert_eq!(engine_elsewhere(&directory, short, |_| waited = true), None, "its heart stands still");
        assert!(waited);
        let alive = engine_elsewhere(&directory, Duration::from_secs(60), |_| write(beat("elsewhere", 2)));
        assert_eq!(alive, Some(Holder { pid: 7, host: "elsewhere".into() }));
    }
}
