//! Runs that real engines train, and what must be equal between two of them.

#![allow(dead_code, clippy::unwrap_used)]

use curricle_core::record::{Event, What};
use curricle_core::run::{self, Follower, RunDirectory, State};
use curricle_core::{config, environment};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Makes a run directory for an experiment with changes.
pub fn create(runs: &Path, experiment: &str, changes: &[(&str, &str)]) -> RunDirectory {
    let changes: Vec<(String, String)> = changes.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let read = config::read(experiment, "test", &changes).unwrap();
    RunDirectory::create(runs, &read, experiment, run::Origin::default()).unwrap()
}

/// `curricle-engine train`, not started yet.
pub fn engine(directory: &RunDirectory) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_curricle-engine"));
    command.arg("train").arg(directory.path()).stdin(Stdio::null()).stdout(Stdio::null());
    command.envs(environment::unset_here());
    command
}

/// Starts an engine.
pub fn start(directory: &RunDirectory) -> Child {
    engine(directory).spawn().unwrap()
}

/// Runs an engine to its end and returns its exit code.
pub fn code_of(command: &mut Command) -> i32 {
    command.status().unwrap().code().unwrap_or(-1)
}

/// Trains to the end, which must be reached.
pub fn finish(directory: &RunDirectory) {
    let code = code_of(&mut engine(directory));
    assert_eq!(code, 0, "log:\n{}", std::fs::read_to_string(directory.log()).unwrap_or_default());
    assert_eq!(directory.read_status().unwrap().unwrap().state, State::Done);
}

/// All events of a run.
pub fn events(directory: &RunDirectory) -> Vec<Event> {
    let mut follower = Follower::open(directory);
    let mut events = Vec::new();
    loop {
        let update = follower.poll().unwrap();
        if update.restarted {
            events.clear();
        }
        events.extend(update.events);
        if !update.more {
            return events;
        }
    }
}

/// Waits until `found` holds of the run's events; the deadline is only for a run that hangs.
pub fn wait_for(directory: &RunDirectory, what: &str, found: impl Fn(&[Event]) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while !found(&events(directory)) {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Steps done, by the events.
pub fn steps_done(events: &[Event]) -> u64 {
    events.iter().map(|event| event.step).max().unwrap_or(0)
}

/// Unfinished files of saves in these folders: an engine was ended between opening one and giving it its name.
pub fn unfinished(folders: &[PathBuf]) -> Vec<PathBuf> {
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten()).map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "part")).collect()
}

/// What must be equal, however often a run was broken off: its own events, number and time aside, and its last tensors.
#[derive(Debug, PartialEq, Eq)]
pub struct Essence {
    /// Step, epoch and content of the `step`, `evaluation`, `scoring`, `phase`, `attack` and `permutation` events.
    pub events: Vec<(u64, u64, String)>,
    /// Name and bytes of the tensors of `last.safetensors`: θ and buffers.
    pub network: Vec<(String, Vec<u8>)>,
    /// The same of the last state (θ, momentum, buffers), where it is kept, and its counters.
    pub state: Vec<(String, Vec<u8>)>,
    /// Name and bytes of the files of an ordering: its scores, and the order trained in; the rows and the report of a study.
    pub order: Vec<(String, Vec<u8>)>,
}

impl Essence {
    /// What differs from `other`, in words.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let named = |here: &[(String, Vec<u8>)], there: &[(String, Vec<u8>)]| {
            here.iter()
                .zip(there)
                .find(|(a, b)| a != b)
                .map(|(a, _)| a.0.clone())
                .or((here.len() != there.len()).then(|| "their number".into()))
        };
        if let Some((a, b)) = self.events.iter().zip(&other.events).find(|(a, b)| a != b) {
            return Some(format!("event {a:?} instead of {b:?}"));
        }
        if self.events.len() != other.events.len() {
            return Some(format!("{} events instead of {}", self.events.len(), other.events.len()));
        }
        let tensors = named(&self.network, &other.network).map(|name| format!("`{name}` of the last checkpoint"));
        tensors
            .or_else(|| named(&self.state, &other.state).map(|name| format!("`{name}` of the last state")))
            .or_else(|| named(&self.order, &other.order).map(|name| format!("`{name}`")))
    }
}

/// The essence of a run that is done.
pub fn essence(directory: &RunDirectory) -> Essence {
    let mut kept = Vec::new();
    for mut event in events(directory) {
        if let What::Scoring(scoring) = &mut event.what {
            // A time is no result.
            scoring.seconds = 0.0;
        }
        if matches!(
            event.what,
            What::Step(_) | What::Evaluation(_) | What::Phase(_) | What::Scoring(_) | What::Attack(_) | What::Permutation(_)
        ) {
            kept.push((event.step, event.epoch, serde_json::to_string(&event.what).unwrap()));
        }
    }
    // The metadata of a checkpoint names the run, so tensors are compared, not files.
    let network = tensors(&directory.last());
    let state = run::states(directory).first().map(|path| {
        let mut parts = tensors(path);
        parts.push(("progress".into(), counters(path)));
        parts
    });
    let named = |path: PathBuf| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap());
    let mut order: Vec<_> = run::score_files(directory).into_iter().map(|(_, path)| named(path)).collect();
    let whole = [directory.order(), directory.orders(), directory.orders_report()];
    order.extend(whole.into_iter().filter(|path| path.exists()).map(named));
    Essence { events: kept, network, state: state.unwrap_or_default(), order }
}

/// Names and bytes of the tensors of a safetensors file, in order of names.
pub fn tensors(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<_> = file.tensors().into_iter().map(|(name, tensor)| (name, tensor.data().to_vec())).collect();
    tensors.sort();
    tensors
}

/// The counters of a state, without what the clock and the log decide.
fn counters(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let mut progress: serde_json::Value = serde_json::from_str(&header.metadata().as_ref().unwrap()["progress"]).unwrap();
    for name in ["seconds", "events_offset", "events_seq"] {
        assert!(progress.as_object_mut().unwrap().remove(name).is_some());
    }
    serde_json::to_vec(&progress).unwrap()
}
