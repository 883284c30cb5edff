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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::layout::tests::scratch;
    use proptest::prelude::*;

    #[test]
    fn a_status_comes_back_and_numbers_that_are_none_are_null() {
        let (_keep, directory) = scratch();
        let status = Status { state: State::Paused, step: 7, loss: Some(f64::NAN), accuracy: Some(0.5), ..Status::default() };
        status.write(&directory.status()).unwrap();
        let text = std::fs::read_to_string(directory.status()).unwrap();
        assert!(text.starts_with(r#"{"state":"paused","pid":0,"#) && text.contains(r#""loss":null,"accuracy":0.5"#), "{text}");
        let back = Status::read(&directory.status()).unwrap().unwrap();
        assert_eq!(back, Status { loss: None, ..status });
        back.write_last(&directory.status()).unwrap();
        assert_eq!(Status::read(&directory.status()).unwrap().unwrap(), back);
    }

    /// The whole table of what is concluded from a status and a lock.
    #[test]
    fn lost_is_concluded_and_nothing_else_is_changed() {
        let status = |state| Some(Status { state, host: "here".into(), ..Status::default() });
        let shown = |state, held| shown_state(status(state).as_ref(), held, "here", Duration::ZERO);
        for state in State::ALL {
            let free = if state == State::Training { State::Lost } else { state };
            assert_eq!(shown(state, false), free);
            let taken = if state == State::Queued { State::Training } else { state };
            assert_eq!(shown(state, true), taken);
        }
        assert_eq!(shown_state(None, false, "here", Duration::ZERO), State::Queued);
        assert_eq!(shown_state(None, true, "here", Duration::ZERO), State::Training);
        // Another host's lock may not be visible here: only a heartbeat that stands still speaks against its engine.
        let far = |silent| shown_state(status(State::Training).as_ref(), false, "there", Duration::from_secs(silent));
        assert_eq!(far(119), State::Training);
        assert_eq!(far(120), State::Lost);
        let paused = shown_state(status(State::Paused).as_ref(), false, "there", Duration::from_secs(9999));
        assert_eq!(paused, State::Paused);
    }

    #[test]
    fn a_pulse_counts_only_time_without_change() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let beat = |heartbeat, generation| Status { heartbeat, generation, ..Status::default() };
        let mut pulse = Pulse::default();
        assert_eq!(pulse.silent(&beat(1, 0), at(0)).as_secs(), 0);
        assert_eq!(pulse.silent(&beat(1, 0), at(100)).as_secs(), 100);
        assert_eq!(pulse.silent(&beat(2, 0), at(130)).as_secs(), 0);
        assert_eq!(pulse.silent(&beat(2, 0), at(200)).as_secs(), 70);
        assert_eq!(pulse.silent(&beat(2, 1), at(300)).as_secs(), 0);
    }

    proptest! {
        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (_keep, directory) = scratch();
            std::fs::write(directory.status(), &bytes).unwrap();
            let _ = Status::read(&directory.status());
        }
    }
}
