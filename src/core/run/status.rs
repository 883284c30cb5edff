//! `status.json`: how a run stands, replaced whole by the engine at most once a second.

use super::disk;
use super::error::{Error, Result};
use super::whole::{replace_quick, write_whole};
use crate::record::Selected;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{Duration, Instant};

/// Largest `status.json` that is read.
const LIMIT: u64 = 1 << 20;

/// How long another host's heartbeat may stand still before its run counts as lost.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// What a run is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Created, and no engine has begun yet.
    #[default]
    Queued,
    /// An engine trains.
    Training,
    /// It waits; with the lock free, the process has ended and the state is saved.
    Paused,
    /// It reached its end.
    Done,
    /// It was stopped on request, state saved.
    Stopped,
    /// It ended with an error.
    Failed,
    /// The engine is gone without a word. Never written: readers conclude it.
    Lost,
}

impl State {
    /// All of them, in the order of a run's life.
    pub const ALL: [Self; 7] = [Self::Queued, Self::Training, Self::Paused, Self::Done, Self::Stopped, Self::Failed, Self::Lost];

    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Training => "training",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Lost => "lost",
        }
    }

    /// Whether nothing more will happen unless somebody resumes it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Stopped | Self::Failed | Self::Lost)
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

/// The contents of `status.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// What the run is doing, by its engine's word.
    pub state: State,
    /// Process of the engine.
    pub pid: u32,
    /// Host of the engine.
    pub host: String,
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run; 0 while unknown.
    pub steps: u64,
    /// Epoch that the last step belonged to.
    pub epoch: u64,
    /// Epochs of the whole run.
    pub epochs: u64,
    /// Counts up as long as the engine lives.
    pub heartbeat: u64,
    /// When this was written, seconds since 1970 by the engine's clock. For display only.
    pub time: f64,
    /// How often the event log was cut: readers beyond a cut read again.
    pub generation: u64,
    /// Last training loss, or the test loss of a run that is over.
    pub loss: Option<f64>,
    /// Last accuracy on the test set.
    pub accuracy: Option<f64>,
    /// The network selected so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected: Option<Selected>,
    /// Seconds spent training, pauses taken off.
    pub seconds: f64,
    /// Why it failed, or what else the user should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Exit code that the engine ended with; absent while it lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<u8>,
}

impl Status {
    /// Reads `status.json`; `None` if no engine has written one yet.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let bytes = match disk::read(path, LIMIT) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::damaged(path, error.to_string()))
    }

    /// Replaces `status.json` by rename, without waiting for the disk.
    pub fn write(&self, path: &Path) -> Result<()> {
        replace_quick(path, &self.bytes(path)?)
    }

    /// Replaces it durably: for the last word of an engine.
    pub fn write_last(&self, path: &Path) -> Result<()> {
        write_whole(path, &self.bytes(path)?)
    }

    fn bytes(&self, path: &Path) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self).map_err(|error| Error::damaged(path, error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// The state to show, from the engine's last word and what can be seen of the engine.
///
/// `held` says whether the lock is held as seen from `here`, this host; `silent` how long the heartbeat was watched
/// without a change (zero, if it was looked at once). Clocks of two hosts are never compared.
pub fn shown_state(status: Option<&Status>, held: bool, here: &str, silent: Duration) -> State {
    let Some(status) = status else { return if held { State::Training } else { State::Queued } };
    match status.state {
        State::Queued if held => State::Training,
        State::Training if !held && status.host == here => State::Lost,
        State::Training if !held && silent >= PATIENCE => State::Lost,
        state => state,
    }
}

/// Watches one run's heartbeat, to notice that another host's engine is gone.
#[derive(Debug, Default)]
pub struct Pulse(Option<(u64, u64, Instant)>);

impl Pulse {
    /// Takes note of a status and says how long its heartbeat has not changed.
    pub fn silent(&mut self, status: &Status, at: Instant) -> Duration {
        match self.0 {
            Some((generation, heartbeat, since)) if generation == status.generation && heartbeat == status.heartbeat => {
                at.saturating_duration_since(since)
            }
            _ => {
                self.0 = Some((status.generation, status.heartbeat, at));
                Duration::ZERO
            }
        }
    }
}
