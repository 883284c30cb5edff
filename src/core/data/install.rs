//! Puts a set into the data root: all of it or nothing.
//!
//! Files are gathered and checked in a staging folder inside the root (so that a rename suffices), and only a complete,
//! checked set takes the place of what was there. Files of the user's in the old folder move over.

use super::check::{self, SUMS, Trust};
use super::error::{Error, grouped};
use super::official::{File, Official};
use super::place;
use std::path::{Path, PathBuf};

/// The folder where a set is put together.
pub(crate) struct Staging {
    /// Downloads and parts of downloads: kept when something fails, so that the next call goes on.
    pub downloads: PathBuf,
    /// The set in the making: emptied at the start.
    pub made: PathBuf,
    /// Held as long as the folder is in use.
    _lock: std::fs::File,
}

impl Staging {
    /// Opens the staging folder of `set` under `root`; one process at a time.
    pub fn open(set: &Official, root: &Path) -> Result<Self, Error> {
        let home = root.join(format!(".{}.partial", set.name));
        let downloads = home.join("downloads");
        let made = home.join(set.folder);
        std::fs::create_dir_all(&downloads).map_err(|error| Error::disk("write to", &downloads, &error))?;
        let lock = home.join("lock");
        let file = std::fs::File::create(&lock).map_err(|error| Error::disk("write", &lock, &error))?;
        if file.try_lock().is_err() {
            return Err(
                Error::choice(format!("another process is bringing {} into `{}`", set.title, root.display())).hint("wait for it to end")
            );
        }
        let staging = Self { downloads, made, _lock: file };
        staging.clear()?;
        Ok(staging)
    }

    /// Empties the set in the making.
    pub fn clear(&self) -> Result<(), Error> {
        if self.made.exists() {
            std::fs::remove_dir_all(&self.made).map_err(|error| Error::disk("remove", &self.made, &error))?;
        }
        std::fs::create_dir_all(&self.made).map_err(|error| Error::disk("write to", &self.made, &error))
    }

    /// Checks the set in the making, puts it into its place under `root`, and removes the staging folder.
    pub fn install(self, set: &Official, root: &Path, vouched: bool) -> Result<PathBuf, Error> {
        let sums = self.checked(set, vouched)?;
        let list = self.made.join(SUMS);
        std::fs::write(&list, sums).map_err(|error| Error::disk("write", &list, &error))?;
        for entry in entries(&self.made)? {
            std::fs::File::open(&entry).and_then(|file| file.sync_all()).map_err(|error| Error::disk("write", &entry, &error))?;
        }
        let target = root.join(set.folder);
        let home = self.downloads.parent().unwrap_or(root).to_path_buf();
        let replaced = home.join("replaced");
        let rename = |from: &Path, to: &Path| std::fs::rename(from, to).map_err(|error| Error::disk("move into place", to, &error));
        if target.exists() {
            if replaced.exists() {
                std::fs::remove_dir_all(&replaced).map_err(|error| Error::disk("remove", &replaced, &error))?;
            }
            rename(&target, &replaced)?;
            if let Err(error) = rename(&self.made, &target) {
                // Back to what was there.
                let _ = std::fs::rename(&replaced, &target);
                return Err(error);
            }
            for entry in entries(&replaced)? {
                let Some(name) = entry.file_name() else { continue };
                let own = !set.files().any(|file| name == file.name || name.to_str() == Some(&format!("{}.gz", file.name)));
                if own && !target.join(name).exists() {
                    rename(&entry, &target.join(name))?;
                }
            }
        } else {
            rename(&self.made, &target)?;
        }
        if let Ok(folder) = std::fs::File::open(root) {
            let _ = folder.sync_all();
        }
        let _ = std::fs::remove_dir_all(&home);
        Ok(target)
    }

    /// The list of check sums of the set in the making, each checked. `vouched`: they come from the official archive, so
    /// what has no sum of its own is trusted.
    fn checked(&self, set: &Official, vouched: bool) -> Result<String, Error> {
        let mut list = String::new();
        let mut problems = Vec::new();
        for file in set.files() {
            let Some(path) = place::path(&self.made, file) else {
                problems.push(Error::damaged(format!("missing: {}", file.name)));
                continue;
            };
            match read(set, file, &path) {
                Ok((_, Trust::Form)) if !vouched => problems.push(Error::damaged(format!(
                    "`{}` is not known to be official: no published sum for its contents, and it is not the published gzip file",
                    file.name
                ))),
                Ok((sum, _)) => list.push_str(&format!("{sum}  {}\n", file.name)),
                Err(error) => problems.push(error),
            }
        }
        if problems.is_empty() { Ok(list) } else { Err(Error::together(problems)) }
    }
}

impl Drop for Staging {
    /// What was refused takes no room; downloads stay.
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.made);
    }
}

/// Reads one file of a set and checks it as a load does; the sum of its contents and what vouches for it.
pub(crate) fn read(set: &Official, file: &File, path: &Path) -> Result<(String, Trust), Error> {
    let bytes = if path.extension().is_some_and(|end| end == "gz") {
        let packed = check::read_at_most(path, file.bytes + (1 << 20))?;
        let bytes = check::gunzip_exactly(&packed, path, file.bytes, set.name)?;
        if file.packed_sha256 == Some(check::sha256(&packed).as_str()) {
            return Ok((check::sha256(&bytes), Trust::Official));
        }
        bytes
    } else {
        check::read_exactly(path, file.bytes, set.name)?
    };
    let sum = check::sha256(&bytes);
    let trust = check::contents(file, path, &sum, set.name)?;
    Ok((sum, trust))
}

/// Whether there is room for `bytes` more under `root`.
pub(crate) fn room(root: &Path, bytes: u64) -> Result<(), Error> {
    let Ok(about) = nix::sys::statvfs::statvfs(root) else { return Ok(()) };
    let free = about.blocks_available() * about.fragment_size();
    if free >= bytes {
        return Ok(());
    }
    Err(Error::new(
        super::ErrorKind::Full,
        format!("`{}` has {} MB free, {} MB are needed", root.display(), grouped(free / 1_000_000), grouped(bytes.div_ceil(1_000_000))),
    )
    .hint("`--data DIR` or `CURRICLE_DATA` names another folder"))
}

/// The entries of a folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let list = std::fs::read_dir(folder).map_err(|error| Error::disk("read", folder, &error))?;
    list.map(|entry| entry.map(|entry| entry.path()).map_err(|error| Error::disk("read", folder, &error))).collect()
}
