//! A run in the background: its engine has a session of its own, writes to the run's log, and ignores the hang-up of
//! the terminal, so that it goes on whatever becomes of the program that started it.

use super::Start;
use super::engine::{Engine, code_of, last_words};
use super::error::Error;
use curricle_core::run::{self, Lock, RunDirectory, State, Status};
use nix::sys::signal::{self, Signal};
use std::fs::{File, OpenOptions};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long to wait for the engine's first word.
const PATIENCE: Duration = Duration::from_secs(8);
/// What an engine ends with that found another one at work.
const LOCKED: u8 = 4;
/// How long to wait for its first status once it holds the lock.
const SETTLING: Duration = Duration::from_secs(2);

/// How long an engine may take to be gone after its last words.
const ENDING: Duration = Duration::from_secs(5);
/// Signals that ask an engine to end.
const ENDS: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGUSR1];

/// An engine that was started in the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// Its process.
    pub pid: u32,
    /// Whether it was seen at work; if not, it was still starting when we stopped waiting.
    pub seen: bool,
}

/// Starts an engine for a run in the background and waits, a few seconds at most, until it is at work or has failed.
/// Blocks: not for the thread that draws.
pub fn start_background(engine: &Engine, directory: &RunDirectory, start: &Start) -> Result<Started, Error> {
    free(directory)?;
    run::clear(directory)?;
    let log_start = std::fs::metadata(directory.log()).map_or(0, |facts| facts.len());
    let mut command = train_command(engine, directory, start)?;
    // SAFETY: between fork and exec only these two system calls are made, both safe there.
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            signal::signal(Signal::SIGHUP, signal::SigHandler::SigIgn)?;
            Ok(())
        });
    }
    let mut child = command.spawn().map_err(|error| engine.spawn_error(error))?;
    let pid = child.id();
    let begun = Instant::now();
    let mut locked_since = None;
    loop {
        if let Some(status) = child.try_wait().map_err(|error| engine.spawn_error(error))? {
            return match died(directory, status, log_start)? {
                None => Ok(Started { pid, seen: true }),
                Some(error) => Err(error),
            };
        }
        let by_this_engine =
            directory.read_status().ok().flatten().is_some_and(|status| status.pid == pid && status.state != State::Failed);
        if locked_since.is_none() && Lock::is_held(directory) {
            locked_since = Some(Instant::now());
        }
        let settled = locked_since.is_some_and(|since: Instant| since.elapsed() >= SETTLING);
        if by_this_engine || settled || begun.elapsed() >= PATIENCE {
            // Takes note of its end as long as this program lives, so that no zombie stays.
            std::thread::spawn(move || child.wait());
            return Ok(Started { pid, seen: by_this_engine || settled });
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Refuses a run that another engine holds, and one in which something that would be written is a link.
pub(super) fn free(directory: &RunDirectory) -> Result<(), Error> {
    directory.refuse_foreign().map_err(Error::Run)?;
    let begun = Instant::now();
    while Lock::is_held(directory) {
        // One that has said its last words gives the run up in a moment.
        let ends = directory.read_status()?.is_some_and(|status| status.state.is_over());
        if !ends || begun.elapsed() >= ENDING {
            return Err(held(directory));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The error that names who holds a run.
pub(super) fn held(directory: &RunDirectory) -> Error {
    Error::Run(run::Error::Locked { path: directory.path().to_path_buf(), holder: Lock::holder(directory) })
}

/// `curricle-engine train`, with its streams going to the run's log.
pub(super) fn train_command(engine: &Engine, directory: &RunDirectory, start: &Start) -> Result<Command, Error> {
    let path = directory.log();
    let open = || OpenOptions::new().append(true).create(true).open(&path);
    let streams = || -> std::io::Result<(File, File)> { Ok((open()?, open()?)) };
    let (out, err) = streams().map_err(|error| Error::Run(run::Error::io("open", &path, error)))?;
    let mut command = engine.command();
    command.arg("train").arg(directory.path());
    let in_environment = curricle_core::data::root_in_environment().is_some();
    let remembered = || if in_environment { None } else { directory.record().ok()?.data_root };
    if let Some(data) = start.data.clone().or_else(remembered) {
        command.arg("--data").arg(data);
    }
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    Ok(command)
}

/// What to say of an engine that has ended; `None` if it did what it should.
///
/// An engine that could not even start (no libtorch) leaves no status: then the one who started it writes that the run
/// failed, or was stopped by a signal that asks for it, so that it is not taken for one that waits.
pub(super) fn died(directory: &RunDirectory, ended: ExitStatus, log_start: u64) -> Result<Option<Error>, Error> {
    let code = code_of(ended);
    if code == 0 {
        return Ok(None);
    }
    if code == LOCKED && Lock::is_held(directory) {
        // Another one was a moment faster, and what the log says is its word.
        return Err(held(directory));
    }
    let log = directory.log();
    let said = words_since(directory, log_start);
    let status = directory.read_status()?;
    let message = match status.as_ref().filter(|status| status.state == State::Failed).and_then(|status| status.message.clone()) {
        Some(message) => run::plain_lines(&message),
        None => last_words(&said, ended),
    };
    if status.is_none() {
        // Whoever asks a run to end that has not begun gets what they asked for.
        let asked = ended.signal().is_some_and(|signal| ENDS.iter().any(|end| *end as i32 == signal));
        let last = Status {
            state: if asked { State::Stopped } else { State::Failed },
            host: run::host(),
            message: Some(message.clone()),
            exit: Some(code),
            time: run::now(),
            ..Status::default()
        };
        last.write_last(&directory.status())?;
    }
    Ok(Some(Error::Died { code, message, log: Some(log) }))
}

/// Lines that were added to the log, the last few kilobytes of them.
fn words_since(directory: &RunDirectory, log_start: u64) -> Vec<String> {
    let length = std::fs::metadata(directory.log()).map_or(0, |facts| facts.len());
    let new = length.saturating_sub(log_start).min(16 << 10);
    directory.read_log_end(new).unwrap_or_default().lines().map(str::to_string).collect()
}
