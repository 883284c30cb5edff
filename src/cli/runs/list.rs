//! `curricle runs list`.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::words::{UNKNOWN, four, moment, thousands};
use clap::Args;
use curricle_core::run::State;
use curricle_core::run::catalogue::{self, Summary};
use curricle_core::run::disk;

/// What may stand after `runs list`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only runs in this state; may be given several times
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Vec<State>,
    /// Only runs with this tag; with several, all of them
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Only runs whose name or id contains this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

fn state(text: &str) -> Result<State, String> {
    State::ALL.into_iter().find(|state| state.word() == text).ok_or_else(|| {
        let words: Vec<&str> = State::ALL.iter().map(|state| state.word()).collect();
        format!("expected one of {}", words.join(", "))
    })
}

/// Prints all runs, newest first, with sizes; their sum goes to standard error.
pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let mut runs = catalogue::list(&context.runs)?;
    runs.retain(|run| fits(run, arguments));
    catalogue::measure(&mut runs);
    if context.json {
        return output::json(&runs);
    }
    if runs.is_empty() {
        if !context.quiet {
            output::note(&format!("no runs in `{}`", context.runs.display()));
        }
        return Ok(());
    }
    let head = ["run", "experiment", "state", "step", "accuracy", "size", "started"].map(str::to_string).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(runs.iter().map(row)).collect();
    output::print(&output::table(&rows, &[3, 4, 5]))?;
    if !context.quiet {
        let bytes: u64 = runs.iter().filter_map(|run| run.bytes).sum();
        let free = disk::free(&context.runs).map(|free| format!(", {} free", disk::size(free))).unwrap_or_default();
        let count = if runs.len() == 1 { "1 run".to_string() } else { format!("{} runs", thousands(runs.len() as u64)) };
        output::note(&format!("{count}, {}{free}", disk::size(bytes)));
        for run in runs.iter().filter(|run| run.unreadable) {
            output::note(&format!("{}: {}", run.id, run.message.as_deref().unwrap_or_default()));
        }
    }
    Ok(())
}

fn fits(run: &Summary, arguments: &Arguments) -> bool {
    let text = arguments.filter.as_ref().is_none_or(|text| run.name.contains(text.as_str()) || run.id.contains(text.as_str()));
    let state = arguments.state.is_empty() || arguments.state.contains(&run.state);
    text && state && arguments.tag.iter().all(|tag| run.tags.contains(tag))
}

fn row(run: &Summary) -> Vec<String> {
    let step = match run.steps {
        _ if run.unreadable => UNKNOWN.to_string(),
        Some(steps) if run.state != State::Done => format!("{} of {}", thousands(run.step), thousands(steps)),
        _ => thousands(run.step),
    };
    vec![
        run.id.clone(),
        run.name.clone(),
        if run.unreadable { "unreadable".to_string() } else { run.state.to_string() },
        step,
        // Whatever used test data for a choice is marked wherever it is shown.
        format!("{}{}", four(run.accuracy), if run.is_oracle() { " oracle" } else { "" }),
        run.bytes.map_or(UNKNOWN.to_string(), disk::size),
        moment(&run.created),
    ]
}
