//! What can go wrong with an image set, said so that a reader knows what, where and what to do.

use std::fmt;
use std::path::Path;

/// What sort of trouble it is: decides exit codes, and whether `data fetch` would help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Files or folders are not there.
    Missing,
    /// Files are there, but not what they should be: truncated, changed, of another kind.
    Damaged,
    /// The experiment asks for something that this set cannot give.
    Choice,
    /// The disk is full.
    Full,
    /// The disk refused.
    Disk,
    /// The network or the server refused.
    Network,
    /// Part of the schema, not of this version.
    NotBuilt,
}

/// One or several things wrong with an image set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What sort of trouble.
    pub kind: ErrorKind,
    /// What is wrong, and where. One line.
    pub text: String,
    /// Single findings, one a line; empty if `text` says it all.
    pub details: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Error {
    /// An error of `kind` that `text` says in full.
    #[must_use]
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), details: Vec::new(), hint: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with single findings.
    #[must_use]
    pub fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// The exit code that a command ends with: 1 failed, 2 usage or configuration, 6 disk.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            ErrorKind::Choice | ErrorKind::NotBuilt => 2,
            ErrorKind::Full => 6,
            ErrorKind::Missing | ErrorKind::Damaged | ErrorKind::Disk | ErrorKind::Network => 1,
        }
    }

    /// The error without its advice: what, then the details.
    #[must_use]
    pub fn message(&self) -> String {
        Self { hint: None, ..self.clone() }.to_string()
    }

    /// Several errors as one, so that nobody repairs them one by one.
    pub(crate) fn together(mut errors: Vec<Self>) -> Self {
        if errors.len() == 1 {
            return errors.swap_remove(0);
        }
        let kind = errors.first().map_or(ErrorKind::Damaged, |error| error.kind);
        let hint = errors.iter().find_map(|error| error.hint.clone());
        let mut details = Vec::new();
        for error in &errors {
            details.push(error.text.clone());
            details.extend(error.details.iter().map(|detail| format!("  {detail}")));
        }
        Self { kind, text: format!("{} problems", errors.len()), details, hint }
    }

    pub(crate) fn missing(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Missing, text)
    }

    pub(crate) fn damaged(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Damaged, text)
    }

    pub(crate) fn choice(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Choice, text)
    }

    pub(crate) fn network(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Network, text)
    }

    /// The disk's own words about `path`.
    pub(crate) fn disk(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::Missing,
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::Full,
            _ => ErrorKind::Disk,
        };
        Self::new(kind, format!("cannot {doing} `{}`: {}", path.display(), plain(error)))
    }
}

/// An I/O error without "(os error 2)": the number helps nobody.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.text)?;
        for detail in &self.details {
            write!(out, "\n  {detail}")?;
        }
        if let Some(hint) = &self.hint {
            write!(out, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

pub(crate) use crate::words::thousands as grouped;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_then_details_then_what_to_do() {
        let error = Error::missing("two files are missing").details(vec!["a".into(), "b".into()]).hint("fetch them");
        assert_eq!(error.to_string(), "two files are missing\n  a\n  b\n  hint: fetch them");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 30_730_000].map(grouped), ["0", "999", "1,000", "30,730,000"]);
    }
}
