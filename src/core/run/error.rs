//! What can go wrong with a run directory: where, what, and what to do about it.

use super::lock::Holder;
use std::io;
use std::path::{Path, PathBuf};

/// Result of everything in this module.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure with its place. `Display` is one line; [`Error::hint`] says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("cannot {action} `{}`: {}", path.display(), reason(source))]
    Io {
        /// What was tried, as a verb: `read`, `write`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No room is left, or a quota is reached.
    #[error("no space left for `{}`{}", path.display(), room(*free))]
    Full {
        /// What could not be written.
        path: PathBuf,
        /// Bytes that are free there, if known.
        free: Option<u64>,
        /// What the system said.
        source: io::Error,
    },
    /// The directory was written by a newer version.
    #[error("run directory `{}` has format {found}; this version reads formats up to {known}", path.display())]
    Newer {
        /// The run directory.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format that is known here.
        known: u32,
    },
    /// Something in a run is a link.
    #[error("`{}` is a link: a run writes only into its own folder", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// Something in a run is of another kind than it should be: a folder in place of a file, a pipe.
    #[error("`{}` is no {wanted}: something else lies in its place", path.display())]
    Foreign {
        /// What lies there.
        path: PathBuf,
        /// `file` or `folder`.
        wanted: &'static str,
    },
    /// A file holds what does not belong there.
    #[error("`{}` is damaged: {text}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// Another engine holds the run.
    #[error("run `{}` is held by another engine ({holder})", super::layout::id_of(path))]
    Locked {
        /// The run directory.
        path: PathBuf,
        /// Who holds it.
        holder: Holder,
    },
    /// There is no run directory.
    #[error("`{}` is not a run directory: it has no `run.json`", path.display())]
    NoRun {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// No run has this name.
    #[error("no run `{wanted}` in `{}`", runs.display())]
    UnknownRun {
        /// What was asked for.
        wanted: String,
        /// Where it was looked for.
        runs: PathBuf,
        /// Runs whose names come near, newest first.
        near: Vec<String>,
    },
    /// Several runs have names that begin so.
    #[error("`{wanted}` may be any of {} runs", candidates.len())]
    AmbiguousRun {
        /// What was asked for.
        wanted: String,
        /// The runs that fit, newest first.
        candidates: Vec<String>,
    },
}

impl Error {
    /// Wraps what the system said, and tells a full disk from the rest.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        if is_full(&source) {
            let folder = path.parent().unwrap_or(path);
            return Self::Full { path: path.to_path_buf(), free: super::disk::free(folder).ok(), source };
        }
        Self::Io { action, path: path.to_path_buf(), source }
    }

    /// A file that holds what does not belong there.
    pub fn damaged(path: &Path, text: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), text: text.into() }
    }

    /// Whether no room was left: the program ends with code 6 then.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    /// Whether a file holds what does not belong there.
    pub fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    /// Whether a file or folder was not there.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == io::ErrorKind::NotFound,
            Self::NoRun { .. } | Self::UnknownRun { .. } => true,
            _ => false,
        }
    }

    /// The exit code of a program that ends because of this.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Full { .. } => 6,
            Self::Locked { .. } => 4,
            Self::UnknownRun { .. } | Self::AmbiguousRun { .. } | Self::NoRun { .. } | Self::Newer { .. } => 2,
            Self::Io { .. } | Self::Damaged { .. } | Self::Link { .. } | Self::Foreign { .. } => 1,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { action: "read" | "list", source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("ask its owner to let you read it, or choose another folder with `--runs DIR`".into())
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("you may look at this folder but not write into it; choose another with `--runs DIR`".into())
            }
            Self::Io { source, .. } if source.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                Some("the file system is mounted read-only; choose another folder with `--runs DIR`".into())
            }
            Self::Io { .. } => None,
            Self::Full { .. } => {
                Some("free some room (`curricle runs prune --older 30d --dry-run` says what could go), then resume".into())
            }
            Self::Newer { .. } => Some("open it with the version of Curricle that wrote it, or a later one".into()),
            Self::Damaged { .. } => None,
            Self::Foreign { .. } => Some("remove it, if this run is yours: what belongs there is made again".into()),
            Self::Link { .. } => Some("put in its place what it leads to, or remove it, if this run is yours".into()),
            Self::Locked { .. } => Some("two engines never train in one run directory; stop the other one first, or fork the run".into()),
            Self::NoRun { .. } => Some("`curricle runs list` shows the runs that are there".into()),
            Self::UnknownRun { near, .. } if near.is_empty() => Some("`curricle runs list` shows the runs that are there".into()),
            Self::UnknownRun { near, .. } => Some(format!("did you mean {}?", quoted(near))),
            Self::AmbiguousRun { candidates, .. } => Some(format!("write more of the name: {}", quoted(candidates))),
        }
    }
}

/// At most ten names in backticks.
fn quoted(names: &[String]) -> String {
    let mut text = names.iter().take(10).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > 10 {
        text.push_str(&format!(" and {} more", names.len() - 10));
    }
    text
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The system's words without the number that Rust appends.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

fn room(free: Option<u64>) -> String {
    match free {
        Some(bytes) => format!(": {} free", super::disk::size(bytes)),
        None => String::new(),
    }
}
