//! The command line: one file a command.
//!
//! stdout carries data only, so that it can be piped and parsed; progress and messages go to stderr. With `--json` a
//! command prints one JSON object or array, `run` and `resume` JSON lines whose last is the summary.

mod arguments;
mod context;
mod failure;
pub mod output;

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
    }
}

/// Without a command: the screen, if there is a terminal to show it on.
fn screen(context: &Context) -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return crate::tui::run(context);
    }
    Err(Failure::usage("the screen needs a terminal on standard input and output")
        .hint("without one, `curricle run quickstart` trains and prints lines; `curricle --help` lists all commands"))
}
