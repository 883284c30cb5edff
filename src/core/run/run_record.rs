//! `run.json`: what a run is, written once; the engine adds the facts of its machine at the first start.

use super::disk;
use super::error::{Error, Result};
use super::whole::write_whole;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Format of run directories that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Largest `run.json` that is read. Its unknown fields are kept, in many times their size.
const LIMIT: u64 = 1 << 20;

/// The contents of `run.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunRecord {
    /// Format of the run directory.
    pub format: u32,
    /// Name of the run directory when it was created.
    pub id: String,
    /// Name of the experiment.
    pub name: String,
    /// When it was created, RFC 3339 in UTC.
    pub created: String,
    /// Version of Curricle that created it.
    pub version: String,
    /// Commit that this version was built from; empty if unknown.
    pub commit: String,
    /// Kind of the experiment: `training` or `perfect-ordering`.
    pub kind: String,
    /// Image set.
    pub set: String,
    /// Network, in few words: `preresnet 56`.
    pub network: String,
    /// Seeds of the three kinds of draws.
    pub seeds: Seeds,
    /// Epochs planned, where the length is given in epochs.
    pub epochs: Option<u64>,
    /// Steps planned, where the length is given in steps.
    pub steps: Option<u64>,
    /// Tags, as the experiment gave them.
    pub tags: Vec<String>,
    /// Notes, as the experiment gave them.
    pub notes: String,
    /// The run it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The sweep it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<String>,
    /// Its arm in that sweep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// Folder of image sets, where one was named when the run was created: a run that goes on from another shell, or
    /// after a reboot, still finds its data. Another one may be named then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_root: Option<PathBuf>,
    /// Where it trains: added by the engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// Fields of later versions of the same format, kept when the file is written again.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Seeds of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seeds {
    /// Initial weights.
    pub weights: u64,
    /// Order of the items.
    pub order: u64,
    /// Crops, flips, mixing.
    pub augmentation: u64,
}

/// The run that another one came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parent {
    /// How: `fork`, `resume`, `replay` or `verify`.
    pub kind: String,
    /// Id of that run.
    pub id: String,
    /// Checkpoint it began from, where that was one; else empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub checkpoint: String,
}

/// Where a run trains: what its bits depend on beside the experiment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// Version of libtorch.
    pub libtorch: String,
    /// Version of the engine.
    pub engine: String,
    /// Device: `cpu`, `cuda:0`.
    pub device: String,
    /// Name of the device.
    pub device_name: String,
    /// Threads of the CPU.
    pub threads: u64,
    /// Model of the CPU.
    pub cpu: String,
    /// Features of the CPU that change results or speed.
    pub features: Vec<String>,
    /// Precision that is computed in.
    pub precision: String,
    /// Whether the device was told to be deterministic.
    pub deterministic: bool,
    /// Host.
    pub host: String,
    /// Checksums of the data read, by file.
    pub data: BTreeMap<String, String>,
    /// Trainable weights.
    pub parameters: u64,
    /// Facts of later versions.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl RunRecord {
    /// Reads `run.json`; `directory` is the run directory, for messages.
    pub fn read(path: &Path, directory: &Path) -> Result<Self> {
        let bytes = disk::read(path, LIMIT)?;
        // The format first: a newer file may be anything else.
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            format: Option<u64>,
        }
        let head: Head = serde_json::from_slice(&bytes).map_err(|error| Error::damaged(path, error.to_string()))?;
        match head.format {
            None | Some(0) => return Err(Error::damaged(path, "no format is named")),
            Some(found) if found > u64::from(FORMAT) => {
                return Err(Error::Newer { path: directory.to_path_buf(), found, known: FORMAT });
            }
            Some(_) => {}
        }
        serde_json::from_slice(&bytes).map_err(|error| Error::damaged(path, error.to_string()))
    }

    /// Writes it, whole.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|error| Error::damaged(path, error.to_string()))?;
        if bytes.len() as u64 >= LIMIT {
            // Unknown fields may take less room as they were.
            bytes = serde_json::to_vec(self).map_err(|error| Error::damaged(path, error.to_string()))?;
        }
        bytes.push(b'\n');
        if bytes.len() as u64 > LIMIT {
            return Err(Error::damaged(path, format!("it would be larger than {}", disk::size(LIMIT))));
        }
        write_whole(path, &bytes)
    }
}
