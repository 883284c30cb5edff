//! Work that waits, off the loop. Each piece answers with a message; a failed one answers with what, where, what to do.

mod cost;
mod follow;
mod scores;
mod start;

use super::history::History;
use super::images::{self, Preview};
use super::message::{Experiment, Message, Preset};
use super::sentences;
use super::task::{Taken, Task};
use curricle_core::config::{self, presets};
use curricle_core::run::{self, Follower, Labels, Lock, RunDirectory, catalogue};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::UnboundedSender;

/// Events that are read of a run whose course is wanted, in one go.
const CHUNK: usize = 20_000;
/// How long an engine that has ended its run may hold it still: so many looks, so far apart.
const LOOKS: u32 = 40;
const LOOK: std::time::Duration = std::time::Duration::from_millis(50);

/// Does the work.
#[derive(Clone)]
pub struct Worker {
    sender: UnboundedSender<Message>,
    runs: PathBuf,
    data: Option<PathBuf>,
    presets: PathBuf,
    followed: Arc<Mutex<Option<follow::Reader>>>,
    scored: Arc<Mutex<Option<scores::Scored>>>,
    looked_at: Arc<Mutex<Option<scores::Set>>>,
    /// The measurement that is wanted now; older ones give up.
    wanted: Arc<AtomicU64>,
}

impl Worker {
    /// A worker that answers to this sender.
    pub fn new(sender: UnboundedSender<Message>, runs: PathBuf, data: Option<PathBuf>, presets: PathBuf) -> Worker {
        Worker {
            sender,
            runs,
            data,
            presets,
            followed: Arc::default(),
            scored: Arc::default(),
            looked_at: Arc::default(),
            wanted: Arc::default(),
        }
    }

    /// Begins a piece of work. Must be called within the runtime.
    pub fn begin(&self, task: Task) {
        let worker = self.clone();
        match task {
            Task::Estimate { generation, text } => {
                self.wanted.store(generation, Ordering::SeqCst);
                tokio::spawn(async move { worker.estimate(generation, text).await });
            }
            task => {
                tokio::task::spawn_blocking(move || {
                    if let Some(message) = worker.wait_for(task) {
                        worker.answer(message);
                    }
                });
            }
        }
    }

    fn answer(&self, message: Message) {
        // Nobody listens any more only when the screen is being left.
        let _ = self.sender.send(message);
    }

    /// Does a piece of work and waits for it.
    pub fn wait_for(&self, task: Task) -> Option<Message> {
        Some(match task {
            Task::Catalogue => Message::Catalogue(catalogue::list(&self.runs).map_err(|error| said(&error))),
            Task::Summary(directory) => {
                let summary = RunDirectory::open(&directory).and_then(|run| catalogue::summary(&run)).ok();
                Message::Summary(directory, summary.map(Box::new))
            }
            Task::Follow(directory) => {
                if let Ok(mut followed) = self.followed.lock() {
                    *followed = Some(follow::Reader::new(directory));
                }
                return self.wait_for(Task::Read);
            }
            Task::Read => {
                let mut followed = self.followed.lock().ok()?;
                Message::Read(Box::new(followed.as_mut()?.read()))
            }
            Task::Course(directory) => {
                let course = course(&directory);
                Message::Course(directory, course)
            }
            Task::Presets => Message::Presets(presets::list(&self.presets).into_iter().map(Preset::from).collect()),
            Task::Start(start) => self.start(&start),
            Task::Resume(directory) => self.resume(&directory),
            Task::Send(directory, kind) => match RunDirectory::open(&directory).and_then(|run| run::send(&run, kind)) {
                Ok(_) => Message::Changed(directory, String::new()),
                Err(error) => Message::Failed(said(&error)),
            },
            Task::Delete(directory) => match RunDirectory::open(&directory).and_then(|run| delete(&run)) {
                Ok(()) => Message::Changed(directory, "deleted".into()),
                Err(error) => Message::Failed(said(&error)),
            },
            Task::Label(directory, labels) => label(directory, &labels),
            Task::Take(directory, taken) => match take(&directory, taken) {
                Ok(experiment) => Message::Taken(Box::new(experiment)),
                Err(problem) => Message::Failed(problem),
            },
            Task::Compare(directories) => {
                let differences = compare(&directories);
                Message::Compared(directories, differences)
            }
            Task::SavePreset { name, text, replace } => match presets::save(&name, &text, &self.presets, replace) {
                Ok(_) => Message::PresetSaved(name),
                Err(presets::Error::Exists(name)) => Message::PresetExists(name, text),
                Err(presets::Error::Name { name, why }) => Message::Failed(sentences::no_name(&name, &why)),
                Err(error) => Message::Failed(format!("not saved: {}", one_line(&error.to_string()))),
            },
            Task::Doctor => Message::Doctor(cost::doctor()),
            Task::Images(text) => Message::Images(self.images(&text)),
            Task::Scores { directory, step, known } => return self.scores(directory, step, known),
            Task::BatchImages { directory, step, items } => {
                let images = self.batch_images(&directory, step, &items);
                Message::BatchImages(directory, images)
            }
            Task::DropImages => {
                self.drop_images();
                return None;
            }
            // Measured by `begin`, which can be given up.
            Task::Estimate { .. } => return None,
        })
    }

    fn images(&self, text: &str) -> Result<Box<Preview>, String> {
        let experiment = config::read(text, "experiment", &[]).map_err(|problems| one_line(&problems.to_string()))?;
        images::read(&experiment.data, self.data.as_deref()).map(Box::new)
    }
}

/// Deletes a run. An engine that has said how it ended holds the lock a moment longer, and is waited for.
fn delete(run: &RunDirectory) -> run::Result<()> {
    let over = run::Status::read(&run.status()).is_ok_and(|status| status.is_some_and(|status| status.state.is_over()));
    for _ in 0..LOOKS {
        match catalogue::delete(run) {
            Err(run::Error::Locked { .. }) if over => std::thread::sleep(LOOK),
            done => return done,
        }
    }
    catalogue::delete(run)
}

/// An error of the run directory with its hint, on one line.
fn said(error: &run::Error) -> String {
    one_line(&match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    })
}

/// A text of several lines on one.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

/// The whole course of a run.
fn course(directory: &Path) -> Result<Box<History>, String> {
    let run = RunDirectory::open(directory).map_err(|error| said(&error))?;
    let mut follower = Follower::open(&run);
    let mut history = Box::<History>::default();
    loop {
        let update = follower.poll_at_most(CHUNK).map_err(|error| said(&error))?;
        if update.restarted {
            *history = History::default();
        }
        update.events.iter().for_each(|event| history.apply(event));
        if !update.more {
            return Ok(history);
        }
    }
}

fn label(directory: PathBuf, labels: &Labels) -> Message {
    match RunDirectory::open(&directory).and_then(|run| run.set_labels(labels)) {
        Ok(()) => Message::Changed(directory, "kept".into()),
        Err(error) => Message::Failed(said(&error)),
    }
}

/// A run's experiment, to be changed and started again; for a fork with the checkpoint to go on from.
fn take(directory: &Path, taken: Taken) -> Result<Experiment, String> {
    let run = RunDirectory::open(directory).map_err(|error| said(&error))?;
    let record = run.record().map_err(|error| said(&error))?;
    let text = run.read_experiment().map_err(|error| said(&error))?;
    let checkpoint = match taken {
        Taken::Duplicate => None,
        Taken::Fork => {
            let there = [run.last(), run.best()].into_iter().find(|path| path.is_file());
            let asks = if Lock::is_held(&run) { "; K asks the engine for one" } else { "" };
            let path = there.ok_or_else(|| format!("{} has no checkpoint to fork from yet{asks}", record.name))?;
            Some(path.display().to_string())
        }
    };
    Ok(Experiment { run: record.id, name: record.name, text, taken, checkpoint })
}

/// Settings in which runs differ, with the value of each.
fn compare(directories: &[PathBuf]) -> Result<Vec<(String, Vec<String>)>, String> {
    let mut all: Vec<Vec<(String, String)>> = Vec::new();
    for directory in directories {
        let run = RunDirectory::open(directory).map_err(|error| said(&error))?;
        let text = run.read_resolved().map_err(|error| said(&error))?;
        let experiment =
            config::read(&text, &run.resolved().display().to_string(), &[]).map_err(|problems| one_line(&problems.to_string()))?;
        all.push(experiment.settings());
    }
    let mut paths: Vec<&String> = Vec::new();
    for (path, _) in all.iter().flatten() {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    let value = |settings: &Vec<(String, String)>, path: &str| {
        settings.iter().find(|(known, _)| known == path).map_or_else(|| "–".to_string(), |(_, value)| value.clone())
    };
    let rows = paths.into_iter().filter(|path| *path != "name" && *path != "notes").map(|path| {
        let values: Vec<String> = all.iter().map(|settings| value(settings, path)).collect();
        (path.clone(), values)
    });
    Ok(rows.filter(|(_, values)| values.iter().any(|value| Some(value) != values.first())).collect())
}
