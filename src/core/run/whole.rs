//! Files that are there whole or not at all.
//!
//! Written under a temporary name in the same folder, synced, renamed over the old one, and the folder synced: whenever
//! the machine stops, a reader finds the old file or the new one, never a part.

use super::disk;
use super::error::{Error, Result};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Ending of temporary names; [`super::sweep`] removes what a crash left of them.
pub(super) const PART: &str = ".part";

/// Replaces a file durably: when this returns, the new bytes survive a power failure.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole_with(path, |writer| writer.write_all(bytes))
}

/// Replaces a file durably with what `fill` writes. Writes pass through in the sizes that `fill` gives them: buffer small
/// ones.
pub fn write_whole_with(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let part = part_name(path);
    let result = fill_part(&part, fill, true).and_then(|()| disk::rename(&part, path));
    if result.is_err() {
        // The first error counts; what cannot be removed now is swept at the next start.
        let _ = disk::remove(&part);
    }
    result?;
    disk::sync_folder(folder_of(path))
}

/// Replaces a file by rename alone, without waiting for the disk: readers see the old bytes or the new ones, but a power
/// failure may lose both. For `status.json` and commands, which mean nothing once the machine is down.
pub fn replace_quick(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = part_name(path);
    let result = fill_part(&part, |writer| writer.write_all(bytes), false).and_then(|()| disk::rename(&part, path));
    if result.is_err() {
        let _ = disk::remove(&part);
    }
    result
}

fn fill_part(part: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>, sync: bool) -> Result<()> {
    let mut file = disk::create(part)?;
    fill(&mut Through { file: &mut file, path: part }).map_err(|error| Error::io("write", part, error))?;
    if sync { disk::sync(&file, part) } else { Ok(()) }
}

/// Writes through the disk layer.
struct Through<'a> {
    file: &'a mut File,
    path: &'a Path,
}

impl Write for Through<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        disk::write_plain(self.file, self.path, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A name in the same folder that no other writer uses: hidden, with random letters.
fn part_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}{PART}", super::layout::letters(8)));
    path.with_file_name(name)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
