//! A run in the foreground: its engine ends with this program and its terminal.
//!
//! The engine has a process group of its own, so that a Ctrl-C reaches it exactly once, from here: two of them would
//! tell it to end without saving.

use super::Start;
use super::background::{died, free, train_command};
use super::engine::{Engine, code_of};
use super::error::Error;
use curricle_core::run::{self, RunDirectory};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How often progress is looked at.
const TICK: Duration = Duration::from_millis(100);

/// How a run in the foreground ended.
#[derive(Debug)]
pub struct Ended {
    /// The engine's exit code, or 128 + n after signal n.
    pub code: u8,
    /// What to say, if that was not its plan.
    pub error: Option<Error>,
}

/// Trains a run to its end, passing on signals, and calls `tick` ten times a second and once at the end.
pub fn run_foreground(engine: &Engine, directory: &RunDirectory, start: &Start, tick: impl FnMut()) -> Result<Ended, Error> {
    free(directory)?;
    run::clear(directory)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| engine.spawn_error(error))?;
    runtime.block_on(train(engine, directory, start, tick))
}

async fn train(engine: &Engine, directory: &RunDirectory, start: &Start, mut tick: impl FnMut()) -> Result<Ended, Error> {
    let wrap = |error| engine.spawn_error(error);
    let log_start = std::fs::metadata(directory.log()).map_or(0, |facts| facts.len());
    // Before the engine starts, or a signal in between would end this program alone.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(wrap)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(wrap)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(wrap)?;
    let mut warning = signal(SignalKind::user_defined1()).map_err(wrap)?;
    let mut suspend = signal(SignalKind::from_raw(Signal::SIGTSTP as i32)).map_err(wrap)?;
    let mut command = train_command(engine, directory, start)?;
    command.arg("--foreground");
    let mut command = tokio::process::Command::from(command);
    command.process_group(0);
    // SAFETY: between fork and exec only this system call is made, which is safe there.
    unsafe {
        // Should this program be killed, the engine saves and ends as well.
        command.pre_exec(|| Ok(nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?));
    }
    let mut child = command.spawn().map_err(wrap)?;
    let group = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
    let pass_on = |signal: Signal| {
        // It may have ended this very moment.
        let _ = group.map(|group| killpg(group, signal));
    };
    let mut clock = tokio::time::interval(TICK);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(wrap)?,
            _ = interrupt.recv() => pass_on(Signal::SIGINT),
            _ = terminate.recv() => pass_on(Signal::SIGTERM),
            _ = hangup.recv() => pass_on(Signal::SIGHUP),
            _ = warning.recv() => pass_on(Signal::SIGUSR1),
            _ = suspend.recv() => {
                pass_on(Signal::SIGSTOP);
                // Stops this program until `fg`.
                let _ = nix::sys::signal::raise(Signal::SIGSTOP);
                pass_on(Signal::SIGCONT);
            }
            _ = clock.tick() => tick(),
        }
    };
    tick();
    Ok(Ended { code: code_of(status), error: died(directory, status, log_start)? })
}
