//! `curricle completions`: completion for a shell.

use super::arguments;
use super::failure::Failure;
use super::output;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// What may stand after `completions`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell
    pub shell: Shell,
}

/// Prints a script that teaches the shell all commands and flags.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut arguments::Arguments::command(), "curricle", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
