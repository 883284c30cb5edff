//! The one thin layer through which `run/` changes anything on disk: create, write, sync, rename, remove.
//!
//! Every function is one call of the system and one question to the injected faults, so that a test can let the n-th
//! call fail as a full, broken or protected disk would. Without an injection the question costs one atomic load.

use super::error::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// A folder is created.
    CreateFolder,
    /// A file is created or opened for writing.
    Open,
    /// Bytes are written.
    Write,
    /// A file is made durable.
    Sync,
    /// A folder's entries are made durable.
    SyncFolder,
    /// A file or folder gets another name.
    Rename,
    /// A file is removed.
    Remove,
    /// A folder and all in it is removed.
    RemoveFolder,
    /// A file is cut.
    Truncate,
}

/// What an injected fault does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Go,
    /// The call fails with this error number of the system, and does nothing.
    Fail(i32),
    /// A write stores only so many bytes, then fails with this error number.
    Short(usize, i32),
}

/// One call, as faults see it.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// What is done.
    pub call: Call,
    /// On what; of a rename the new name.
    pub path: &'a Path,
    /// Of a rename the old name.
    pub from: Option<&'a Path>,
}

/// Sees every call below a folder before it is done, and after it was.
pub trait Judge: Send + Sync {
    /// What is to become of it.
    fn before(&self, deed: Deed<'_>) -> Verdict;
    /// It was done, whether it succeeded or not.
    fn after(&self, _deed: Deed<'_>) {}
}

impl<F: Fn(Call, &Path) -> Verdict + Send + Sync> Judge for F {
    fn before(&self, deed: Deed<'_>) -> Verdict {
        self(deed.call, deed.path)
    }
}

/// Faults for every call below one folder, until it is dropped. For tests.
pub struct Injection(u64);

static NEXT: AtomicU64 = AtomicU64::new(1);
static ACTIVE: AtomicU64 = AtomicU64::new(0);
static JUDGES: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

/// Number of the injection, folder, and who judges what happens there.
type Watched = (u64, PathBuf, Arc<dyn Judge>);

/// Asks `judge` before every call on a path below `folder`.
pub fn inject(folder: &Path, judge: impl Fn(Call, &Path) -> Verdict + Send + Sync + 'static) -> Injection {
    watch(folder, judge)
}

/// Lets `judge` see every call on a path below `folder`, before and after.
pub fn watch(folder: &Path, judge: impl Judge + 'static) -> Injection {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    JUDGES.lock().unwrap_or_else(PoisonError::into_inner).push((id, folder.to_path_buf(), Arc::new(judge)));
    ACTIVE.fetch_add(1, Ordering::Release);
    Injection(id)
}

impl Drop for Injection {
    fn drop(&mut self) {
        JUDGES.lock().unwrap_or_else(PoisonError::into_inner).retain(|(id, ..)| *id != self.0);
        ACTIVE.fetch_sub(1, Ordering::Release);
    }
}

fn judge_of(path: &Path) -> Option<Arc<dyn Judge>> {
    if ACTIVE.load(Ordering::Acquire) == 0 {
        return None;
    }
    let judges = JUDGES.lock().unwrap_or_else(PoisonError::into_inner);
    judges.iter().find(|(_, folder, _)| path.starts_with(folder)).map(|(.., judge)| judge.clone())
}

/// Does one call, unless its judge lets it fail; `short` does a part of it.
fn judged<T>(deed: Deed<'_>, short: impl FnOnce(usize) -> io::Result<()>, whole: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let Some(judge) = judge_of(deed.path) else { return whole() };
    let done = match judge.before(deed) {
        Verdict::Go => whole(),
        Verdict::Fail(number) => Err(io::Error::from_raw_os_error(number)),
        Verdict::Short(count, number) => short(count).and(Err(io::Error::from_raw_os_error(number))),
    };
    judge.after(deed);
    done
}

fn ask<T>(call: Call, path: &Path, whole: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    judged(Deed { call, path, from: None }, |_| Ok(()), whole)
}

/// Creates one folder; it must not be there yet.
pub fn create_folder(path: &Path) -> Result<()> {
    ask(Call::CreateFolder, path, || fs::create_dir(path)).map_err(|error| Error::io("create", path, error))
}

/// Creates a folder and those above it where they are missing.
pub fn create_folders(path: &Path) -> Result<()> {
    ask(Call::CreateFolder, path, || fs::create_dir_all(path)).map_err(|error| Error::io("create", path, error))
}

/// Creates a file that must not be there yet.
pub fn create(path: &Path) -> Result<File> {
    open(path, OpenOptions::new().write(true).create_new(true))
}

/// Opens a file for writing in the manner given.
pub fn open(path: &Path, options: &OpenOptions) -> Result<File> {
    ask(Call::Open, path, || options.open(path)).map_err(|error| Error::io("open", path, error))
}

/// Writes all the bytes.
pub fn write(file: &mut File, path: &Path, bytes: &[u8]) -> Result<()> {
    write_plain(file, path, bytes).map_err(|error| Error::io("write", path, error))
}

pub(super) fn write_plain(file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let deed = Deed { call: Call::Write, path, from: None };
    let mut part = &*file;
    judged(deed, |count| part.write_all(&bytes[..count.min(bytes.len())]), || (&*file).write_all(bytes))
}

/// Makes a file durable.
pub fn sync(file: &File, path: &Path) -> Result<()> {
    ask(Call::Sync, path, || file.sync_all()).map_err(|error| Error::io("sync", path, error))
}

/// Makes the entries of a folder durable.
pub fn sync_folder(path: &Path) -> Result<()> {
    ask(Call::SyncFolder, path, || File::open(path)?.sync_all()).map_err(|error| Error::io("sync", path, error))
}

/// Gives a file or folder another name; a file of that name is replaced.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    let deed = Deed { call: Call::Rename, path: to, from: Some(from) };
    judged(deed, |_| Ok(()), || fs::rename(from, to)).map_err(|error| Error::io("rename", to, error))
}

/// Removes a file.
pub fn remove(path: &Path) -> Result<()> {
    ask(Call::Remove, path, || fs::remove_file(path)).map_err(|error| Error::io("remove", path, error))
}

/// Removes a folder with all that is in it; links are removed, never followed.
pub fn remove_folder(path: &Path) -> Result<()> {
    ask(Call::RemoveFolder, path, || fs::remove_dir_all(path)).map_err(|error| Error::io("remove", path, error))
}

/// Cuts a file.
pub fn truncate(file: &File, path: &Path, length: u64) -> Result<()> {
    ask(Call::Truncate, path, || file.set_len(length)).map_err(|error| Error::io("cut", path, error))
}

/// Bytes that this user may still write to the file system of `path`.
pub fn free(path: &Path) -> io::Result<u64> {
    let facts = nix::sys::statvfs::statvfs(path)?;
    if facts.blocks() == 0 {
        // Not a disk at all, such as /proc: writing there fails with a reason of its own.
        return Err(io::ErrorKind::Unsupported.into());
    }
    Ok(facts.blocks_available().saturating_mul(facts.fragment_size()))
}

/// Bytes that a folder takes, all below it counted; what cannot be read counts as nothing. Links are not followed.
pub fn used(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let size = |facts: &fs::Metadata| facts.blocks().saturating_mul(512).min(facts.len().next_multiple_of(4096));
    let mut bytes = match fs::symlink_metadata(path) {
        Ok(facts) if !facts.is_dir() => return size(&facts),
        _ => 0,
    };
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(facts) = entry.metadata() else { continue };
            if facts.is_dir() {
                folders.push(entry.path());
            } else {
                bytes += size(&facts);
            }
        }
    }
    bytes
}

/// A number of bytes in words: `292 MB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.5 { format!("{value:.0} {}", UNITS[unit]) } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Opens a file for reading, at once: nobody may ever write into a pipe that lies where a file should.
pub(crate) fn open_to_read(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)
}

/// Reads a whole file that may not be larger than `limit`.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    use std::io::Read;
    let wrap = |error| Error::io("read", path, error);
    let file = open_to_read(path).map_err(wrap)?;
    let facts = file.metadata().map_err(wrap)?;
    if !facts.is_file() {
        return Err(Error::damaged(path, "not a plain file"));
    }
    let too_large = || Error::damaged(path, format!("larger than {}", size(limit)));
    if facts.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(facts.len() as usize);
    // It may grow meanwhile.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(wrap)?;
    if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) }
}
