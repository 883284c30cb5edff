//! What `run`, `resume`, `fork` and `verify` share: giving a run to an engine, and saying how it ended.

use super::context::Context;
use super::failure::Failure;
use super::output;
use super::progress::Progress;
use crate::launch::{self, Engine, Start, run_foreground, start_background, survival};
use crate::words::{UNKNOWN, duration, four, thousands};
use curricle_core::config::Experiment;
use curricle_core::data;
use curricle_core::run::catalogue::{self, Summary};
use curricle_core::run::{Origin, RunDirectory, State};
use serde::Serialize;
use std::path::PathBuf;

/// A run that was started in the background.
#[derive(Debug, Serialize)]
struct Detached {
    id: String,
    directory: PathBuf,
    pid: u32,
}

/// The folder of image sets for what is made from a run: a flag or the environment, else the one that the run had.
pub fn data_of(context: &Context, run: &RunDirectory) -> Result<Option<PathBuf>, Failure> {
    if context.data.is_some() || data::root_in_environment().is_some() {
        return Ok(context.data.clone());
    }
    Ok(run.record()?.data_root)
}

/// Creates a run directory, after asking whether the disk can hold the run.
pub fn create(context: &Context, experiment: &Experiment, text: &str, origin: Origin) -> Result<RunDirectory, Failure> {
    launch::room::check(experiment, &context.runs)?;
    let origin = Origin { version: crate::VERSION.into(), commit: crate::COMMIT.into(), ..origin };
    Ok(RunDirectory::create(&context.runs, experiment, text, origin)?)
}

/// How an engine is to be started for a run.
pub fn start(context: &Context) -> Start {
    Start { data: context.data.clone() }
}

/// Starts an engine in the background and says where the run is. A run that is `new` and refused leaves nothing behind.
pub fn detached(context: &Context, engine: &Engine, directory: &RunDirectory, new: bool) -> Result<(), Failure> {
    let started = start_background(engine, directory, &start(context));
    let started = started.map_err(|error| if new { launch::withdraw(directory, error) } else { error })?;
    if !context.quiet {
        let how = if started.seen { "trains" } else { "is starting" };
        output::note(&format!("{} {how} in the background (process {})", directory.id(), started.pid));
        let logout = survival::check();
        output::note(&logout.sentence());
        if let Some(advice) = &logout.advice {
            output::note_marked(&output::muted("hint:", context.paints_stderr()), advice);
        }
    }
    if context.json {
        let said = Detached { id: directory.id(), directory: directory.path().to_path_buf(), pid: started.pid };
        output::json(&said)
    } else {
        output::print(&directory.id())
    }
}

/// Trains in the foreground to the end, shows progress, and prints the summary. A run that is `new` and refused leaves
/// nothing behind; `heading` names it on standard error once it has begun.
pub fn foreground(context: &Context, engine: &Engine, directory: &RunDirectory, new: bool, heading: String) -> Result<(), Failure> {
    let mut progress = Progress::new(context, directory, heading);
    let ended = run_foreground(engine, directory, &start(context), || progress.look());
    progress.clear();
    let mut ended = ended?;
    if new {
        ended.error = ended.error.map(|error| launch::withdraw(directory, error));
        if let Some(error) = ended.error.take_if(|_| !directory.path().exists()) {
            return Err(error.into());
        }
    }
    let summary = catalogue::summary(directory)?;
    let printed = print_summary(context, &summary);
    // An end that was asked for is no error, though the engine has a code for it.
    let asked = matches!(ended.code, 3 | 129..=192) && !matches!(summary.state, State::Failed | State::Queued);
    if let Some(error) = ended.error.filter(|_| !asked) {
        return Err(Failure { code: ended.code, ..Failure::from(error) });
    }
    match ended.code {
        0 => printed,
        code => {
            if !context.quiet {
                output::note(&format!("{} ended {}; `curricle resume {}` goes on", summary.id, how(code), summary.id));
            }
            Err(Failure::silent(code))
        }
    }
}

fn how(code: u8) -> String {
    match code {
        3 => "on request, state saved".to_string(),
        129..=192 => format!("by signal {}", code - 128),
        code => format!("with code {code}"),
    }
}

/// The data root that a run reads: for `doctor` and messages.
pub fn data_root(context: &Context) -> PathBuf {
    data::default_root(context.data.as_deref())
}

/// Prints how a run stands: one line of JSON, or a few lines.
pub fn print_summary(context: &Context, summary: &Summary) -> Result<(), Failure> {
    if context.json { output::json_line(summary) } else { output::print(&in_words(summary)) }
}

/// How a run stands, in a few lines.
fn in_words(summary: &Summary) -> String {
    output::table(&rows(summary), &[])
}

/// The same as rows of a table.
pub fn rows(summary: &Summary) -> Vec<Vec<String>> {
    let of = |number: u64, all: Option<u64>| match all {
        Some(all) => format!("{} of {}", thousands(number), thousands(all)),
        None => thousands(number),
    };
    let mut rows = vec![
        vec!["run".to_string(), summary.id.clone()],
        vec!["experiment".to_string(), format!("{} · {} on {} · seed {}", summary.name, summary.network, summary.set, summary.seed)],
        vec!["state".to_string(), if summary.unreadable { "unreadable".to_string() } else { summary.state.to_string() }],
        vec!["step".to_string(), format!("{}, epoch {}", of(summary.step, summary.steps), of(summary.epoch, summary.epochs))],
        vec!["loss".to_string(), four(summary.loss)],
        vec!["test accuracy".to_string(), four(summary.accuracy)],
    ];
    if let Some(selected) = &summary.selected {
        let oracle = if selected.oracle { ", oracle" } else { "" };
        rows.push(vec![
            "selected".to_string(),
            format!("{:.4} at epoch {}, by {}{oracle}", selected.accuracy, selected.epoch, selected.by),
        ]);
    }
    rows.push(vec!["time".to_string(), if summary.seconds > 0.0 { duration(summary.seconds) } else { UNKNOWN.to_string() }]);
    rows.push(vec!["directory".to_string(), summary.directory.display().to_string()]);
    if let Some(message) = &summary.message {
        rows.push(vec!["message".to_string(), message.clone()]);
    }
    rows
}
