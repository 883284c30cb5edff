//! `pause`, `stop`, `checkpoint`, and `resume` of a paused engine: a command is put into the run directory, and what
//! came of it is read from the run's own log.

use super::context::Context;
use super::failure::Failure;
use super::output;
use crate::words::{parse_duration, thousands};
use clap::Args;
use curricle_core::record::What;
use curricle_core::run::catalogue::{self, Summary};
use curricle_core::run::{self, CommandKind, Follower, Lock, RunDirectory, State};
use serde::Serialize;
use std::time::{Duration, Instant};

/// How long to wait for an engine's answer.
#[derive(Debug, Clone, Args)]
pub struct Wait {
    /// How long to wait for the engine, which answers at the end of a step
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub wait: f64,
}

/// A run to ask something of.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The run
    pub run: String,
    /// How long to wait.
    #[command(flatten)]
    pub wait: Wait,
}

/// What may stand after `pause`.
#[derive(Debug, Args)]
pub struct PauseArguments {
    /// The run
    pub run: String,
    /// Save, end the process and free the device; `resume` starts it again
    #[arg(long)]
    pub release: bool,
    /// How long to wait.
    #[command(flatten)]
    pub wait: Wait,
}

/// What came of a command.
#[derive(Debug, Serialize)]
struct Answer {
    id: String,
    command: &'static str,
    state: State,
    step: u64,
    outcome: String,
}

/// `curricle pause`.
pub fn pause(context: &Context, arguments: PauseArguments) -> Result<(), Failure> {
    let kind = if arguments.release { CommandKind::Release } else { CommandKind::Pause };
    let directory = catalogue::find(&context.runs, &arguments.run)?;
    let summary = catalogue::summary(&directory)?;
    if summary.state == State::Paused && (kind == CommandKind::Pause || !Lock::is_held(&directory)) {
        return answer(context, &summary, kind, "it was paused already");
    }
    command(context, &directory, kind, &arguments.wait)
}

/// `curricle stop`.
pub fn stop(context: &Context, arguments: Arguments) -> Result<(), Failure> {
    let directory = catalogue::find(&context.runs, &arguments.run)?;
    let summary = catalogue::summary(&directory)?;
    if matches!(summary.state, State::Stopped | State::Done) && !Lock::is_held(&directory) {
        return answer(context, &summary, CommandKind::Stop, "it had ended already");
    }
    command(context, &directory, CommandKind::Stop, &arguments.wait)
}

/// `curricle checkpoint`.
pub fn checkpoint(context: &Context, arguments: Arguments) -> Result<(), Failure> {
    let directory = catalogue::find(&context.runs, &arguments.run)?;
    command(context, &directory, CommandKind::Checkpoint, &arguments.wait)
}

/// Asks the run's engine for something and waits until it is done.
pub fn command(context: &Context, directory: &RunDirectory, kind: CommandKind, wait: &Wait) -> Result<(), Failure> {
    let before = catalogue::summary(directory)?;
    let here = run::host();
    let elsewhere = before.host != here && matches!(before.state, State::Training | State::Paused);
    if !Lock::is_held(directory) && !elsewhere {
        let failure = Failure::new(4, format!("no engine is at work on run `{}`: it is {}", before.id, before.state));
        return Err(match before.state {
            State::Done => failure,
            _ => failure.hint(format!("`curricle resume {}` starts one", before.id)),
        });
    }
    let mut follower = Follower::open(directory);
    while follower.poll().map(|update| update.more)? {}
    let id = run::send(directory, kind)?;
    let begun = Instant::now();
    let mut taken: Option<String> = None;
    let mut written = false;
    while begun.elapsed().as_secs_f64() < wait.wait {
        while let Ok(update) = follower.poll() {
            for event in &update.events {
                match &event.what {
                    What::Command(command) if command.id == id => taken = Some(run::plain(&command.outcome)),
                    What::Checkpoint(checkpoint) if taken.is_some() && checkpoint.reason == "asked" => written = true,
                    _ => {}
                }
            }
            if !update.more {
                break;
            }
        }
        let state = directory.read_status()?.map_or(State::Queued, |status| status.state);
        let held = elsewhere || Lock::is_held(directory);
        let done = match kind {
            CommandKind::Pause => state == State::Paused,
            CommandKind::Resume => state == State::Training,
            CommandKind::Checkpoint => written,
            CommandKind::Stop | CommandKind::Release => !held || (elsewhere && state != State::Training),
            CommandKind::Unknown => true,
        };
        let ended = !held && (state.is_over() || state == State::Paused);
        if (taken.is_some() && done) || (ended && matches!(kind, CommandKind::Stop | CommandKind::Release)) {
            return answer(context, &catalogue::summary(directory)?, kind, taken.as_deref().unwrap_or(""));
        }
        if ended || (!held && state == State::Training) {
            let now = catalogue::summary(directory)?;
            return Err(Failure::new(4, format!("the engine of run `{}` ended before it answered: the run is {}", now.id, now.state)));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(Failure::failed(format!("run `{}` has not answered within {} s", before.id, wait.wait))
        .hint("the command stays and is obeyed at the end of the step; `--wait` waits longer"))
}

fn answer(context: &Context, summary: &Summary, kind: CommandKind, outcome: &str) -> Result<(), Failure> {
    if context.json {
        let said =
            Answer { id: summary.id.clone(), command: kind.word(), state: summary.state, step: summary.step, outcome: outcome.to_string() };
        return output::json(&said);
    }
    if !context.quiet {
        let extra = if outcome.is_empty() { String::new() } else { format!(": {outcome}") };
        let did = if kind == CommandKind::Checkpoint { "checkpoint written, " } else { "" };
        output::note(&format!("{}: {did}{} at step {}{extra}", summary.id, summary.state, thousands(summary.step)));
    }
    Ok(())
}
