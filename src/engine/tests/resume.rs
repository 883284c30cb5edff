//! A run that is stopped, killed or released goes on to the very bits that it would have reached.
//!
//! The engine is a real process here, and image sets are generated, so these tests always run.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::record::{Event, What};
use curricle_core::run::{self, CommandKind, RunDirectory, State};
use std::path::Path;
use std::process::Command;
use support::running::{self, Essence, essence, events, finish, start, steps_done, wait_for};

const EXPERIMENT: &str = r#"
name = "resume"
[data]
set = "glyphs"
holdout = 0.1
[data.glyphs]
train = 220
test = 60
[data.augmentation]
crop = 2
[network]
kind = "basicconv"
[schedule]
kind = "plateau"
patience = 0
[training]
epochs = 4
batch = 16
device = "cpu"
threads = 1
precision = "f32"
state_every = "1 steps"
evaluate_every = "7 steps"
keep_every = "2 epochs"
"#;

fn create(runs: &Path, changes: &[(&str, &str)]) -> RunDirectory {
    running::create(runs, EXPERIMENT, changes)
}

fn uninterrupted(runs: &Path, changes: &[(&str, &str)]) -> Essence {
    let directory = create(runs, changes);
    finish(&directory);
    essence(&directory)
}

#[test]
fn killed_again_and_again_it_reaches_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = uninterrupted(folder.path(), &[]);
    let directory = create(folder.path(), &[]);
    for kill_after in [1, 9, 13, 14, 27, 40] {
        let mut engine = start(&directory);
        wait_for(&directory, "a step", |events| steps_done(events) >= kill_after);
        engine.kill().unwrap();
        engine.wait().unwrap();
    }
    finish(&directory);
    assert!(essence(&directory) == wanted, "the resumed run differs");
    assert!(run::states(&directory).is_empty(), "a run that is done keeps no states");
}

#[test]
fn stopped_released_and_signalled_it_reaches_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    // Commands are taken every 100 ms: the run must last longer than three of them.
    let longer = [("training.epochs", "40")];
    let wanted = uninterrupted(folder.path(), &longer);
    let directory = create(folder.path(), &longer);
    let mut asked = 0;
    for (kind, code, state) in
        [(Some(CommandKind::Stop), 3, State::Stopped), (Some(CommandKind::Release), 0, State::Paused), (None, 128 + 15, State::Stopped)]
    {
        asked += 8;
        let mut engine = start(&directory);
        wait_for(&directory, "a step", |events| steps_done(events) >= asked);
        match kind {
            Some(kind) => drop(run::send(&directory, kind).unwrap()),
            None => nix::sys::signal::kill(nix::unistd::Pid::from_raw(engine.id() as i32), nix::sys::signal::Signal::SIGTERM).unwrap(),
        }
        let ended = engine.wait().unwrap().code();
        let done_already = directory.read_status().unwrap().unwrap().state == State::Done;
        assert!(!done_already, "the run was over before it could be asked: make it longer");
        assert_eq!(ended, Some(code));
        assert_eq!(directory.read_status().unwrap().unwrap().state, state);
        assert!(!run::Lock::is_held(&directory));
    }
    finish(&directory);
    assert!(essence(&directory) == wanted, "the resumed run differs");
}

#[test]
fn a_pause_keeps_the_process_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = uninterrupted(folder.path(), &[]);
    let directory = create(folder.path(), &[]);
    let mut engine = start(&directory);
    wait_for(&directory, "a step", |events| steps_done(events) >= 3);
    run::send(&directory, CommandKind::Pause).unwrap();
    wait_for(&directory, "the pause", |events| events.iter().any(|event| matches!(event.what, What::Paused(_))));
    assert!(run::Lock::is_held(&directory));
    run::send(&directory, CommandKind::Checkpoint).unwrap();
    let asked = |event: &Event| matches!(&event.what, What::Checkpoint(checkpoint) if checkpoint.reason == "asked");
    wait_for(&directory, "the checkpoint", |events| events.iter().any(asked));
    assert!(directory.last().exists());
    run::send(&directory, CommandKind::Resume).unwrap();
    assert_eq!(engine.wait().unwrap().code(), Some(0));
    assert!(essence(&directory) == wanted, "the paused run differs");
}

#[test]
fn a_second_engine_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let directory = create(folder.path(), &[("training.epochs", "400")]);
    let mut first = start(&directory);
    wait_for(&directory, "a step", |events| steps_done(events) >= 1);
    let second = Command::new(env!("CARGO_BIN_EXE_curricle-engine")).arg("train").arg(directory.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(4));
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(message.contains(&format!("run `{}` is held by another engine", directory.id())), "{message}");
    run::send(&directory, CommandKind::Stop).unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(3));
}

#[test]
fn a_loss_that_is_no_number_ends_the_run_as_diverged() {
    let folder = tempfile::tempdir().unwrap();
    let directory = create(folder.path(), &[("optimizer.lr", "1e30"), ("schedule.factor", "0.5")]);
    let code = start(&directory).wait().unwrap().code();
    assert_eq!(code, Some(5));
    let status = directory.read_status().unwrap().unwrap();
    assert_eq!(status.state, State::Failed);
    let message = status.message.unwrap();
    assert!(message.starts_with("the training loss is ") && message.contains("the run diverged; lower `optimizer.lr`"), "{message}");
    assert!(matches!(&events(&directory).last().unwrap().what, What::Finished(finished) if finished.state == "failed"));
}
