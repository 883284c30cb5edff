//! `labels.json`: tags and notes that the user gave a run afterwards. Front ends write it, the engine never reads it.

use super::disk;
use super::error::{Error, Result};
use super::whole::write_whole;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Largest `labels.json` that is read.
const LIMIT: u64 = 1 << 20;

/// What the user says about a run. Where the file is absent, the experiment's own tags and notes hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Labels {
    /// Tags, sorted, each once.
    pub tags: Vec<String>,
    /// Notes.
    pub notes: String,
}

impl Labels {
    /// Reads `labels.json`; `None` if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = match disk::read(path, LIMIT) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::damaged(path, error.to_string()))
    }

    /// Replaces it.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let mut sorted = self.clone();
        sorted.tags.sort();
        sorted.tags.dedup();
        let mut bytes = serde_json::to_vec_pretty(&sorted).map_err(|error| Error::damaged(path, error.to_string()))?;
        bytes.push(b'\n');
        write_whole(path, &bytes)
    }
}
