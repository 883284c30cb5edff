//! What can go wrong when an engine is started or asked.

use curricle_core::run;
use std::path::PathBuf;

/// A failure to start or ask an engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no engine.
    #[error("there is no engine at `{}`", path.display())]
    NoEngine {
        /// Where it should be.
        path: PathBuf,
        /// Whether `CURRICLE_ENGINE` says so.
        from_environment: bool,
    },
    /// The system refused to start it.
    #[error("cannot start the engine `{}`: {source}", path.display())]
    Spawn {
        /// The executable.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ended before it had begun to train.
    #[error("{message}")]
    Died {
        /// The exit code to end with.
        code: u8,
        /// Its own last words.
        message: String,
        /// Where more is written.
        log: Option<PathBuf>,
    },
    /// It answered something that is no answer.
    #[error("the engine `{}` gave no answer to `{question}`: {text}", path.display())]
    Answer {
        /// The executable.
        path: PathBuf,
        /// What it was asked.
        question: &'static str,
        /// What is wrong with the answer.
        text: String,
    },
    /// The disk cannot hold what the run will take.
    #[error("{0}")]
    Room(super::room::TooLittle),
    /// The run directory cannot be read or written.
    #[error(transparent)]
    Run(#[from] run::Error),
}

impl Error {
    /// The exit code of a program that ends because of this.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoEngine { .. } | Self::Spawn { .. } | Self::Answer { .. } => 1,
            Self::Died { code, .. } => *code,
            Self::Room(_) => 6,
            Self::Run(error) => error.exit_code(),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoEngine { from_environment: true, .. } => Some("`CURRICLE_ENGINE` names it; unset it, or name an executable".into()),
            Self::NoEngine { from_environment: false, .. } => Some("build it with `make build`, or name it in `CURRICLE_ENGINE`".into()),
            Self::Spawn { .. } | Self::Answer { .. } => Some("`curricle doctor` looks at the engine and its libraries".into()),
            Self::Died { log: Some(log), .. } => Some(format!("its log is `{}`", log.display())),
            Self::Died { log: None, .. } => None,
            Self::Room(too_little) => Some(too_little.hint()),
            Self::Run(error) => error.hint(),
        }
    }
}
