//! How a command fails: an exit code, a message, and what to do.

use super::context::Context;
use super::output;
use crate::launch;
use curricle_core::{config, run};

/// Why a command ends with another code than 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Exit code: 1 failed, 2 usage or configuration, 3 stopped, 4 locked or lost, 5 diverged, 6 disk, 128 + n signal n.
    pub code: u8,
    /// What went wrong and where; empty if all was said already.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Failure {
    /// With a code of one's own.
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// Something went wrong: code 1.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(1, message)
    }

    /// The command line or the configuration is wrong: code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(2, message)
    }

    /// Ends with this code, without a word.
    pub fn silent(code: u8) -> Self {
        Self::new(code, "")
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says it on standard error.
    pub fn report(&self, context: &Context) {
        if self.message.is_empty() {
            return;
        }
        let paint = context.paints_stderr();
        output::note_marked(&output::bad("error:", paint), &self.message);
        if let Some(hint) = &self.hint {
            output::note_marked(&output::muted("hint:", paint), hint);
        }
    }
}

impl From<run::Error> for Failure {
    fn from(error: run::Error) -> Self {
        Self { code: error.exit_code(), message: error.to_string(), hint: error.hint() }
    }
}

impl From<launch::Error> for Failure {
    fn from(error: launch::Error) -> Self {
        Self { code: error.exit_code(), message: error.to_string(), hint: error.hint() }
    }
}

impl From<config::Problems> for Failure {
    fn from(problems: config::Problems) -> Self {
        Self::usage(problems.to_string())
    }
}

/// Standard output is gone: whoever read it had enough, and that is no error.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::silent(0),
            std::io::ErrorKind::StorageFull => Self::new(6, format!("cannot write to standard output: {error}")),
            _ => Self::failed(format!("cannot write to standard output: {error}")),
        }
    }
}
