//! The engine of Curricle: one process is one run, or one evaluation. The front end starts it and talks to it through
//! the run directory; by hand it is of use for debugging.

use clap::{Parser, Subcommand};
use curricle_engine::error::{Error, Result};
use curricle_engine::permutation::replay;
use curricle_engine::training::StopAt;
use curricle_engine::{device, doctor, estimate, evaluate_command, train_command};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains the run in a run directory, or goes on with it.
    Train {
        /// The run directory.
        run: PathBuf,
        /// Folder of image sets.
        #[arg(long)]
        data: Option<PathBuf>,
        /// Say errors on stderr, and end with the terminal.
        #[arg(long)]
        foreground: bool,
        /// Save and end after so many steps, as if asked to at that moment.
        #[arg(long, value_name = "STEP")]
        stop_at: Option<u64>,
        /// With `--stop-at`: before what follows the step (evaluation, selection, checkpoints), not after it.
        #[arg(long, requires = "stop_at")]
        before_boundary: bool,
    },
    /// Evaluates a checkpoint and prints one JSON object.
    Evaluate {
        /// The experiment that describes the network and the images.
        #[arg(long)]
        experiment: PathBuf,
        /// The checkpoint.
        #[arg(long)]
        checkpoint: PathBuf,
        /// Folder of image sets.
        #[arg(long)]
        data: Option<PathBuf>,
        /// `test`, `train` or `holdout`.
        #[arg(long, default_value = "test")]
        set_name: String,
    },
    /// Runs a published study of orders again and prints one JSON object.
    Replay {
        /// The experiment that describes the network, the images and the update rule.
        #[arg(long)]
        experiment: PathBuf,
        /// The published study.
        #[arg(long)]
        study: PathBuf,
        /// Folder of image sets.
        #[arg(long)]
        data: Option<PathBuf>,
        /// Train on whole images, not on the study's crops.
        #[arg(long)]
        no_crops: bool,
    },
    /// Says what libtorch and the hardware can do, as one JSON object.
    Doctor,
    /// Says what a run will take, as one JSON object.
    Estimate {
        /// The experiment.
        #[arg(long)]
        experiment: PathBuf,
        /// Folder of image sets.
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    device::begin_with_environment();
    device::keep_memory();
    device::prepare_environment();
    let code = match Arguments::parse().command {
        Command::Train { run, data, foreground, stop_at, before_boundary } => {
            let stop = stop_at.map(|step| StopAt { step, before_boundary });
            train_command::train(&run, data.as_deref(), foreground, stop)
        }
        Command::Evaluate { experiment, checkpoint, data, set_name } => {
            print(evaluate_command::run(&experiment, &checkpoint, data.as_deref(), &set_name))
        }
        Command::Replay { experiment, study, data, no_crops } => print(replay::run(&experiment, &study, data.as_deref(), !no_crops)),
        Command::Doctor => print(doctor::look()),
        Command::Estimate { experiment, data } => print(estimate::run(&experiment, data.as_deref())),
    };
    ExitCode::from(code)
}

/// Prints a result as one line of JSON, or an error on stderr, and says the exit code.
fn print<T: Serialize>(result: Result<T>) -> u8 {
    let text = result.and_then(|value| serde_json::to_string(&value).map_err(|error| Error::Other(error.to_string())));
    match text {
        Ok(text) => {
            println!("{text}");
            0
        }
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_code()
        }
    }
}
