//! The command line: one file a command.
//!
//! stdout carries data only, so that it can be piped and parsed; progress and messages go to stderr. With `--json` a
//! command prints one JSON object or array, `run` and `resume` JSON lines whose last is the summary.

mod arguments;
mod ask;
mod completions;
mod context;
mod data;
mod doctor;
mod eval;
pub mod experiment;
mod failure;
mod fork;
pub mod output;
pub mod preset;
mod progress;
mod replay;
mod resume;
mod run;
mod runs;
mod scores;
mod train;

pub use arguments::Global;
pub use context::{Color, Context};
pub use failure::Failure;

use arguments::{Arguments, Command};
use clap::{CommandFactory, FromArgMatches};
use std::io::IsTerminal;
use std::process::ExitCode;

/// The whole program: parses the arguments, does what they say, and reports what went wrong.
pub fn main() -> ExitCode {
    let command = Arguments::command().color(arguments::color_of_help());
    let parsed = command.try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody listens any more: nothing left to report to.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let context = Context::new(&arguments.global);
    match dispatch(&context, arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report(&context);
            ExitCode::from(failure.code)
        }
    }
}

fn dispatch(context: &Context, command: Option<Command>) -> Result<(), Failure> {
    match command {
        None => screen(context),
        Some(Command::Run(arguments)) => run::run(context, arguments),
        Some(Command::Resume(arguments)) => resume::run(context, arguments),
        Some(Command::Pause(arguments)) => ask::pause(context, arguments),
        Some(Command::Stop(arguments)) => ask::stop(context, arguments),
        Some(Command::Checkpoint(arguments)) => ask::checkpoint(context, arguments),
        Some(Command::Fork(arguments)) => fork::run(context, arguments),
        Some(Command::Eval(arguments)) => eval::run(context, arguments),
        Some(Command::Scores(arguments)) => scores::run(context, &arguments),
        Some(Command::Runs(command)) => runs::run(context, command),
        Some(Command::Data(command)) => data::run(&command, context),
        Some(Command::Preset(command)) => preset::run(&command, context),
        Some(Command::Doctor) => doctor::run(context),
        Some(Command::Completions(arguments)) => completions::run(&arguments),
        Some(Command::Attack(_)) => not_built("attack"),
        Some(Command::Compare(_)) => not_built("compare"),
        Some(Command::Report(_)) => not_built("report"),
        Some(Command::Sweep(_)) => not_built("sweep"),
        Some(Command::Queue(_)) => not_built("queue"),
        Some(Command::Export(_)) => not_built("export"),
        Some(Command::Import(_)) => not_built("import"),
    }
}

fn not_built(command: &str) -> Result<(), Failure> {
    Err(Failure::usage(format!("`curricle {command}` is not built yet")).hint("`curricle --help` lists what is"))
}

/// Without a command: the screen, if there is a terminal to show it on.
fn screen(context: &Context) -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return crate::tui::run(context);
    }
    Err(Failure::usage("the screen needs a terminal on standard input and output")
        .hint("without one, `curricle run quickstart` trains and prints lines; `curricle --help` lists all commands"))
}
