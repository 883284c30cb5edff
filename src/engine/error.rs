//! What can go wrong in the engine, said so that a user can act on it.

use std::path::PathBuf;

/// Exit codes of the command line (see `docs/commands.md`).
pub mod exit {
    /// The run did what it was asked to.
    pub const DONE: u8 = 0;
    /// Something failed.
    pub const FAILED: u8 = 1;
    /// The experiment or the command line is wrong.
    pub const CONFIGURATION: u8 = 2;
    /// Stopped on request; the state is saved.
    pub const STOPPED: u8 = 3;
    /// Another engine holds the run, or it is lost.
    pub const LOCKED: u8 = 4;
    /// The loss is not a number any more, or exploded.
    pub const DIVERGED: u8 = 5;
    /// The disk is full or failing.
    pub const DISK: u8 = 6;
}

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// libtorch refused; `what` says what was being done.
    #[error("{what}: {}", translate(.source))]
    Torch {
        /// What was being done.
        what: String,
        /// libtorch's own words.
        source: tch::TchError,
    },
    /// The experiment cannot run as written.
    #[error("{0}")]
    Configuration(String),
    /// A checkpoint does not fit.
    #[error("{}: {text}", .path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        text: String,
    },
    /// The run directory refused.
    #[error(transparent)]
    Run(#[from] curricle_core::run::Error),
    /// The image set refused.
    #[error(transparent)]
    Data(#[from] curricle_core::data::Error),
    /// The loss is not finite, or exploded.
    #[error("{0}")]
    Diverged(String),
    /// Too little disk for the run.
    #[error("{0}")]
    Disk(String),
    /// Anything else, as one sentence.
    #[error("{0}")]
    Other(String),
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;

impl From<tch::TchError> for Error {
    fn from(source: tch::TchError) -> Self {
        Self::Torch { what: "libtorch".into(), source }
    }
}

impl Error {
    /// The exit code that this error ends the process with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Configuration(_) | Self::Data(_) | Self::Checkpoint { .. } => exit::CONFIGURATION,
            Self::Run(error) => error.exit_code(),
            Self::Diverged(_) => exit::DIVERGED,
            Self::Disk(_) => exit::DISK,
            Self::Torch { .. } | Self::Other(_) => exit::FAILED,
        }
    }
}

/// Adds what was being done to an error of libtorch.
pub trait Doing<T> {
    /// Names the deed.
    ///
    /// # Errors
    /// The same failure, with `what` in front.
    fn doing(self, what: &str) -> Result<T>;
}

impl<T> Doing<T> for std::result::Result<T, tch::TchError> {
    fn doing(self, what: &str) -> Result<T> {
        self.map_err(|source| Error::Torch { what: what.into(), source })
    }
}

/// libtorch's message without its stack, and in words that say what to do where the cause is known.
fn translate(error: &tch::TchError) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("Internal torch error: ").unwrap_or(&text);
    let first = text.lines().next().unwrap_or("").trim();
    if text.contains("out of memory") || text.contains("can't allocate memory") || text.contains("not enough memory") {
        return format!("out of memory ({first}); lower `training.batch`, or choose another device with `training.device`");
    }
    first.to_string()
}
