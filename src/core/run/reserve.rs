//! Room that is kept for last words: on a full disk an engine gives it up, and can still say how the run ended.

use super::disk;
use super::error::Result;
use super::layout::RunDirectory;
use super::whole::PART;
use std::path::PathBuf;

/// Enough for a status, several times over.
const BYTES: usize = 64 << 10;

/// A file that only takes up room, until this is dropped. One that a crash left is swept like any unfinished file.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// Takes the room.
    pub fn take(directory: &RunDirectory) -> Result<Self> {
        let path = directory.path().join(format!(".reserve{PART}"));
        let mut file = disk::create(&path)?;
        let reserve = Self { path };
        // Not zeros, which some file systems store as nothing.
        let filling: Vec<u8> = (0..BYTES).map(|place| (place * 131 + place / 257) as u8).collect();
        disk::write(&mut file, &reserve.path, &filling)?;
        Ok(reserve)
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        // If it cannot be removed, the next start sweeps it.
        let _ = disk::remove(&self.path);
    }
}
