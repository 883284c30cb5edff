//! Checks the sets that are there, file by file, and says which files are missing or changed.

use super::check::Trust;
use super::error::Error;
use super::install;
use super::official::{File, Official};
use super::place;
use std::path::{Path, PathBuf};

/// A set in the data root, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Name of the set.
    pub set: &'static str,
    /// Where it is, if it is.
    pub folder: Option<PathBuf>,
    /// Its files.
    pub files: Vec<VerifiedFile>,
}

/// A file of a set, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedFile {
    /// Its name.
    pub name: &'static str,
    /// SHA-256 of its contents, where it could be read.
    pub sha256: Option<String>,
    /// What was found.
    pub finding: Finding,
}

/// What checking a file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The official file.
    Official,
    /// The file that was installed.
    Installed,
    /// Of the right form; no sum is known to compare.
    Form,
    /// Not there.
    Missing,
    /// There, and wrong.
    Damaged(Error),
}

impl Finding {
    /// Whether the file can be used.
    #[must_use]
    pub fn usable(&self) -> bool {
        matches!(self, Self::Official | Self::Installed | Self::Form)
    }
}

impl Verified {
    /// Whether every file is there and right.
    #[must_use]
    pub fn whole(&self) -> bool {
        self.files.iter().all(|file| file.finding.usable())
    }
}

/// Checks every file of `set` under `root`, on all cores.
#[must_use]
pub fn verify(set: &'static Official, root: &Path) -> Verified {
    let folder = place::folder(set, root);
    let files: Vec<&'static File> = set.files().collect();
    let checked = std::thread::scope(|scope| {
        let folder = folder.as_deref();
        let workers: Vec<_> = files.into_iter().map(|file| scope.spawn(move || check(set, file, folder))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    Verified { set: set.name, folder, files: checked }
}

/// Checks one file.
fn check(set: &Official, file: &'static File, folder: Option<&Path>) -> VerifiedFile {
    let (sha256, finding) = match folder.and_then(|folder| place::path(folder, file)) {
        None => (None, Finding::Missing),
        Some(path) => match install::read(set, file, &path) {
            Ok((sum, trust)) => {
                let finding = match trust {
                    Trust::Official => Finding::Official,
                    Trust::Installed => Finding::Installed,
                    Trust::Form => Finding::Form,
                };
                (Some(sum), finding)
            }
            Err(error) => (None, Finding::Damaged(error)),
        },
    };
    VerifiedFile { name: file.name, sha256, finding }
}

/// The folder of a set whose files are all there and right.
pub(crate) fn complete(set: &Official, root: &Path) -> Option<PathBuf> {
    let folder = place::folder(set, root)?;
    let right = |file: &File| place::path(&folder, file).is_some_and(|path| install::read(set, file, &path).is_ok());
    set.files().all(right).then_some(folder)
}
