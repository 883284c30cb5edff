//! The side thread of a run: it writes events, states and checkpoints, keeps `status.json`, and takes commands and
//! signals. The training thread hands it notes through a bounded channel and reads one atomic word at every step; it
//! waits for no file.

use crate::error::{Error, Result};
use crate::state::{Progress, Snapshot};
use curricle_core::record::{self, What};
use curricle_core::run::{self, CommandKind, EventWriter, OrderedStep, RunDirectory, ScoreWriter, Status};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// What is asked of the training thread, as bits of one word.
pub mod wish {
    /// Wait at the next step boundary.
    pub const PAUSE: u32 = 1;
    /// Save and end.
    pub const STOP: u32 = 2;
    /// Save a state and the last checkpoint now.
    pub const CHECKPOINT: u32 = 4;
    /// Save, end the process, stay paused.
    pub const RELEASE: u32 = 8;
    /// The recorder failed: its error is waiting.
    pub const FAILED: u32 = 16;
    /// A signal asks to save and end.
    pub const SIGNAL: u32 = 32;
}

/// What a checkpoint is made of, computed on the side thread.
type Bytes = Box<dyn FnOnce() -> Result<Vec<u8>> + Send>;

/// What the training thread tells the recorder.
pub enum Note {
    /// Something happened.
    Event {
        /// When, in seconds since 1970: this note may wait for a file to be written.
        time: f64,
        /// Steps done.
        step: u64,
        /// Epoch.
        epoch: u64,
        /// What.
        what: What,
    },
    /// Save a state.
    State(Box<(Snapshot, Progress)>),
    /// Write a file whole, then say so in the log.
    File {
        /// Where.
        path: PathBuf,
        /// What to write.
        bytes: Bytes,
        /// Steps done.
        step: u64,
        /// Epoch.
        epoch: u64,
        /// The event that acknowledges it.
        what: What,
    },
    /// What an ordered step trained on.
    Ordered(Box<OrderedStep>),
    /// How the run stands.
    Standing(Standing),
    /// Make everything durable and answer.
    Barrier(std::sync::mpsc::Sender<()>),
}

/// The part of `status.json` that the training thread knows.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// What it does.
    pub state: run::State,
    /// Steps done.
    pub step: u64,
    /// Steps of the whole run, where that has changed.
    pub steps: Option<u64>,
    /// Epoch.
    pub epoch: u64,
    /// Last loss.
    pub loss: Option<f64>,
    /// Last test accuracy.
    pub accuracy: Option<f64>,
    /// The network selected so far.
    pub selected: Option<record::Selected>,
    /// Seconds spent.
    pub seconds: f64,
}

/// What both threads see.
#[derive(Default)]
struct Shared {
    wishes: AtomicU32,
    signal: AtomicI32,
    error: Mutex<Option<Error>>,
}

/// The training thread's end.
pub struct Recorder {
    notes: Option<mpsc::Sender<Note>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Status>>,
}

impl Recorder {
    /// Starts the side thread. `scores` is there for an ordered run; `status` is the first standing, `foreground` whether
    /// SIGHUP ends the run.
    ///
    /// # Errors
    /// If no thread or signal handler can be had.
    pub fn start(
        directory: RunDirectory,
        events: EventWriter,
        scores: Option<ScoreWriter>,
        status: Status,
        foreground: bool,
    ) -> Result<Self> {
        let (sender, receiver) = mpsc::channel(64);
        let shared = Arc::new(Shared::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::Other(format!("the recorder cannot start: {error}")))?;
        let signals = runtime.block_on(async { Signals::listen(foreground) });
        let signals = signals.map_err(|error| Error::Other(format!("signals cannot be taken: {error}")))?;
        let side =
            Side { directory, events, scores, status, shared: Arc::clone(&shared), trainer: std::thread::current(), since_status: 0 };
        let thread = std::thread::Builder::new().name("recorder".into()).spawn(move || runtime.block_on(side.serve(receiver, signals)));
        let thread = thread.map_err(|error| Error::Other(format!("the recorder cannot start: {error}")))?;
        Ok(Self { notes: Some(sender), shared, thread: Some(thread) })
    }

    /// Hands a note over. Waits only if the side thread is 64 notes behind.
    ///
    /// # Errors
    /// The recorder's own error, if it failed.
    pub fn tell(&self, note: Note) -> Result<()> {
        let sent = self.notes.as_ref().is_some_and(|notes| notes.blocking_send(note).is_ok());
        if sent { Ok(()) } else { Err(self.take_error()) }
    }

    /// Records an event.
    ///
    /// # Errors
    /// The recorder's own error, if it failed.
    pub fn event(&self, step: u64, epoch: u64, what: What) -> Result<()> {
        self.tell(Note::Event { time: run::now(), step, epoch, what })
    }

    /// Waits until everything told so far is safe on disk.
    ///
    /// # Errors
    /// The recorder's own error, if it failed.
    pub fn barrier(&self) -> Result<()> {
        let (sender, receiver) = std::sync::mpsc::channel();
        self.tell(Note::Barrier(sender))?;
        receiver.recv().map_err(|_| self.take_error())
    }

    /// Whether something asks for the end: a command, a signal, or its own failure. Only asks; why, [`Recorder::take_error`] and
    /// the wishes say to who ends the run.
    #[must_use]
    pub fn must_end(&self) -> bool {
        self.wishes() & (wish::STOP | wish::RELEASE | wish::SIGNAL | wish::FAILED) != 0
    }

    /// Wishes that stand now, as bits of [`wish`].
    #[must_use]
    pub fn wishes(&self) -> u32 {
        self.shared.wishes.load(Ordering::Acquire)
    }

    /// Marks wishes as done.
    pub fn clear(&self, bits: u32) {
        self.shared.wishes.fetch_and(!bits, Ordering::AcqRel);
    }

    /// Number of the signal that asked to end; 0 if none did.
    #[must_use]
    pub fn signal(&self) -> i32 {
        self.shared.signal.load(Ordering::Acquire)
    }

    /// The error that the side thread stopped with.
    #[must_use]
    pub fn take_error(&self) -> Error {
        let error = self.shared.error.lock().ok().and_then(|mut error| error.take());
        error.unwrap_or_else(|| Error::Other("the recorder has ended".into()))
    }

    /// Ends the side thread and returns the last status that it knew; the caller writes the final one.
    #[must_use]
    pub fn finish(mut self) -> (Status, Option<Error>) {
        self.notes = None;
        let status = self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let error = self.shared.error.lock().ok().and_then(|mut error| error.take());
        (status, error)
    }
}

/// Signals that ask to save and end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    user: Signal,
    hang_up: Signal,
    foreground: bool,
}

impl Signals {
    fn listen(foreground: bool) -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            user: signal(SignalKind::user_defined1())?,
            hang_up: signal(SignalKind::hangup())?,
            foreground,
        })
    }

    /// The next signal that asks to end; a detached engine does not hear SIGHUP.
    async fn next(&mut self) -> i32 {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return libc::SIGINT,
                _ = self.terminate.recv() => return libc::SIGTERM,
                _ = self.user.recv() => return libc::SIGUSR1,
                _ = self.hang_up.recv() => if self.foreground { return libc::SIGHUP },
            }
        }
    }
}

/// The side thread's own.
struct Side {
    directory: RunDirectory,
    events: EventWriter,
    scores: Option<ScoreWriter>,
    status: Status,
    shared: Arc<Shared>,
    trainer: Thread,
    since_status: u32,
}

/// How often commands are looked for and events handed to readers.
const TICK: Duration = Duration::from_millis(100);
/// Ticks between two writes of `status.json`.
const STATUS_TICKS: u32 = 10;

impl Side {
    async fn serve(mut self, mut notes: mpsc::Receiver<Note>, mut signals: Signals) -> Status {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                note = notes.recv() => match note {
                    Some(note) => self.take(note),
                    None => {
                        let flushed = self.events.sync();
                        if let Err(error) = flushed { self.fail(error.into()); }
                        return self.status;
                    }
                },
                _ = ticks.tick() => self.tick(),
                number = signals.next() => { self.signalled(number); Ok(()) }
            };
            if let Err(error) = done {
                self.fail(error);
                return self.status;
            }
        }
    }

    fn take(&mut self, note: Note) -> Result<()> {
        match note {
            Note::Event { time, step, epoch, what } => self.events.append_at(time, step, epoch, what)?,
            Note::State(state) => {
                let (snapshot, mut progress) = *state;
                // Before the state that refers to them.
                self.scores.as_mut().map_or(Ok(()), ScoreWriter::save)?;
                self.events.sync()?;
                progress.events_offset = self.events.offset();
                progress.events_seq = self.events.seq();
                let path = run::save_state(&self.directory, progress.step, &snapshot.to_file(&progress)?)?;
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let what = What::Checkpoint(record::Checkpoint { file: format!("state/{name}"), reason: "state".into() });
                // The epoch of a boundary is that of its step; the event only acknowledges the file.
                self.events.append(progress.step, self.status.epoch, what)?;
                self.events.flush()?;
            }
            Note::File { path, bytes, step, epoch, what } => {
                run::write_whole(&path, &bytes()?)?;
                self.events.append(step, epoch, what)?;
                self.events.flush()?;
            }
            Note::Ordered(step) => self.scores.as_mut().map_or(Ok(()), |scores| scores.push(*step))?,
            Note::Standing(standing) => {
                // That a run is over is said once everything of it lies on the disk, by whoever ends it.
                let state = if standing.state.is_over() { self.status.state } else { standing.state };
                let changed = state != self.status.state;
                self.status = Status {
                    state,
                    step: standing.step,
                    steps: standing.steps.unwrap_or(self.status.steps),
                    epoch: standing.epoch,
                    loss: standing.loss,
                    accuracy: standing.accuracy,
                    selected: standing.selected,
                    seconds: standing.seconds,
                    ..std::mem::take(&mut self.status)
                };
                if changed {
                    self.write_status()?;
                }
            }
            Note::Barrier(answer) => {
                self.scores.as_mut().map_or(Ok(()), ScoreWriter::save)?;
                self.events.sync()?;
                let _ = answer.send(());
            }
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<()> {
        self.events.flush()?;
        self.since_status += 1;
        if self.since_status >= STATUS_TICKS {
            self.write_status()?;
        }
        for (id, command) in run::pending(&self.directory)? {
            self.obey(id, command)?;
        }
        Ok(())
    }

    fn write_status(&mut self) -> Result<()> {
        self.since_status = 0;
        self.status.heartbeat += 1;
        self.status.time = run::now();
        Ok(self.status.write(&self.directory.status())?)
    }

    fn obey(&mut self, id: String, command: CommandKind) -> Result<()> {
        let paused = self.shared.wishes.load(Ordering::Acquire) & wish::PAUSE != 0;
        let outcome = match command {
            CommandKind::Pause if paused => "already paused",
            CommandKind::Resume if !paused => "was not paused",
            CommandKind::Unknown => "not understood",
            _ => "",
        };
        match command {
            CommandKind::Pause => self.wish(wish::PAUSE),
            CommandKind::Resume => {
                self.shared.wishes.fetch_and(!wish::PAUSE, Ordering::AcqRel);
                self.trainer.unpark();
            }
            CommandKind::Stop => self.wish(wish::STOP),
            CommandKind::Checkpoint => self.wish(wish::CHECKPOINT),
            CommandKind::Release => self.wish(wish::RELEASE),
            CommandKind::Unknown => {}
        }
        let what = What::Command(record::Command { id: id.clone(), command: command.word().into(), outcome: outcome.into() });
        self.events.append(self.status.step, self.status.epoch, what)?;
        self.events.flush()?;
        Ok(run::remove(&self.directory, &id)?)
    }

    fn wish(&self, bit: u32) {
        self.shared.wishes.fetch_or(bit, Ordering::AcqRel);
        self.trainer.unpark();
    }

    /// The first signal asks to save and end; a second SIGINT ends at once: what was saved is safe already.
    fn signalled(&mut self, number: i32) {
        let earlier = self.shared.signal.swap(number, Ordering::AcqRel);
        if earlier != 0 && number == libc::SIGINT {
            let _ = self.events.flush();
            self.status.state = run::State::Stopped;
            self.status.time = run::now();
            self.status.exit = u8::try_from(128 + number).ok();
            self.status.message = Some("ended at once by a second SIGINT; steps after the last saved state will be done again".into());
            let _ = self.status.write(&self.directory.status());
            // SAFETY: always safe; and unlike `exit` it runs no destructors of libtorch, whose threads are at work.
            unsafe { libc::_exit(128 + number) }
        }
        self.wish(wish::SIGNAL);
    }

    fn fail(&mut self, error: Error) {
        if let Ok(mut place) = self.shared.error.lock() {
            *place = Some(error);
        }
        self.wish(wish::FAILED);
    }
}
