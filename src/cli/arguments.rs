//! What may stand on the command line.

use super::context::Color;
use super::{ask, completions, data, eval, fork, preset, resume, run, runs, scores};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// What stands below the list of commands.
const NOTES: &str = "\
EXPERIMENT is the name of a preset or a TOML file.
RUN is the id of a run, a beginning that fits no other, or `last`.

Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 stopped on request
(state saved), 4 run locked or lost, 5 diverged, 6 disk, 128 + n ended by
signal n (state saved).";

/// A terminal workbench for research on how networks are trained.
///
/// Without a command it opens the screen.
#[derive(Debug, Parser)]
#[command(name = "curricle", version = version(), max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = NOTES)]
pub struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What holds for every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// Folder of runs [default: CURRICLE_RUNS, else the data folder of your account]
    #[arg(long, global = true, value_name = "DIR")]
    pub runs: Option<PathBuf>,
    /// Folder of image sets [default: CURRICLE_DATA, else the data folder of your account]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colours: auto, always or never
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", hide_possible_values = true, hide_default_value = true)]
    pub color: Color,
    /// Draw with ASCII alone
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Say less: no progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more; twice for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Never ask: what would need an answer fails and says so
    #[arg(long, global = true)]
    pub no_input: bool,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train an experiment
    Run(run::Arguments),
    /// Go on with a run: unpause its engine, or start one
    Resume(resume::Arguments),
    /// Pause a run; with --release also free its device
    Pause(ask::PauseArguments),
    /// Save and end a run
    Stop(ask::Arguments),
    /// Save a state and the last checkpoint of a run now
    Checkpoint(ask::Arguments),
    /// Start a new run from a checkpoint of another one, with changes
    Fork(fork::Arguments),
    /// Evaluate a checkpoint or a run
    Eval(eval::Arguments),
    /// What an ordering preferred, how that changed, what it cost
    Scores(scores::Arguments),
    /// Everything that ever ran here
    #[command(subcommand)]
    Runs(runs::Command),
    /// Image sets: what is there, fetching, checking, looking
    #[command(subcommand)]
    Data(data::DataCommand),
    /// Experiments by name
    #[command(subcommand)]
    Preset(preset::PresetCommand),
    /// Say what is here, what is missing and what to do
    Doctor,
    /// Print completions for a shell
    Completions(completions::Arguments),
    /// Evaluate attacks
    #[command(hide = true)]
    Attack(NotBuilt),
    /// Compare arms over seeds
    #[command(hide = true)]
    Compare(NotBuilt),
    /// Write a report
    #[command(hide = true)]
    Report(NotBuilt),
    /// Run an experiment over seeds and arms
    #[command(hide = true)]
    Sweep(NotBuilt),
    /// Runs that wait for a device
    #[command(hide = true)]
    Queue(NotBuilt),
    /// Write a run into one file
    #[command(hide = true)]
    Export(NotBuilt),
    /// Read a run from one file
    #[command(hide = true)]
    Import(NotBuilt),
}

/// Whatever may stand after a command that is declared, but not built yet.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct NotBuilt {
    /// Anything.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<String>,
}

fn version() -> &'static str {
    if crate::COMMIT.is_empty() { crate::VERSION } else { concat!(env!("CARGO_PKG_VERSION"), " (", env!("CURRICLE_COMMIT"), ")") }
}

/// `--color` for help and usage errors, which are printed before the arguments are known.
pub fn color_of_help() -> clap::ColorChoice {
    let arguments: Vec<_> = std::env::args_os().collect();
    let given = arguments.iter().enumerate().find_map(|(place, argument)| {
        let text = argument.to_str()?;
        if text == "--color" { arguments.get(place + 1)?.to_str() } else { text.strip_prefix("--color=") }
    });
    match given {
        Some("always") => clap::ColorChoice::Always,
        Some("never") => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    }
}
