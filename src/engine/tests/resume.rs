//! A run that is stopped, killed or released goes on to the very bits that it would have reached.
//!
//! The engine is a real process here, and image sets are generated, so these tests always run.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::record::{Event, What};
use curricle_core::run::{self, CommandKind, RunDirectory, State};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
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

/// Commands are taken every 100 ms: what a run is asked must reach it long before its end, on a fast machine too.
const LONGER: [(&str, &str); 2] = [("training.epochs", "120"), ("training.evaluate_every", "50 steps")];

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

/// A disk may give back other bits than were written: a turned one is noticed, and the state before it is gone on from.
#[test]
fn a_turned_bit_in_the_newest_state_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = uninterrupted(folder.path(), &[]);
    let directory = create(folder.path(), &[]);
    running::code_of(running::engine(&directory).args(["--stop-at", "20"]));
    let newest = run::states(&directory).remove(0);
    let mut bytes = std::fs::read(&newest).unwrap();
    let place = bytes.len() * 3 / 4;
    bytes[place] ^= 1;
    std::fs::write(&newest, bytes).unwrap();
    // What removed folders held is made again.
    std::fs::remove_dir_all(directory.checkpoints()).unwrap();
    finish(&directory);
    assert!(essence(&directory) == wanted, "the resumed run differs");
    let warned = |event: &Event| matches!(&event.what, What::Message(message) if message.text.contains("its SHA-256 is not the one"));
    assert!(events(&directory).iter().any(warned));
}

#[test]
fn stopped_released_and_signalled_it_reaches_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = uninterrupted(folder.path(), &LONGER);
    let directory = create(folder.path(), &LONGER);
    for (kind, code, state) in
        [(Some(CommandKind::Stop), 3, State::Stopped), (Some(CommandKind::Release), 0, State::Paused), (None, 128 + 15, State::Stopped)]
    {
        // What was asked before an engine began is not meant for it: it must have gone on first.
        let asked = steps_done(&events(&directory)) + 8;
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

/// Codes as promised, the state saved, and the same bits at the end; and what the signal of a closed terminal does.
#[test]
fn every_signal_saves_and_ends_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = uninterrupted(folder.path(), &LONGER);
    let directory = create(folder.path(), &LONGER);
    let mut reached = 0;
    for (signal, foreground) in [(Signal::SIGINT, true), (Signal::SIGUSR1, false), (Signal::SIGTERM, true), (Signal::SIGHUP, true)] {
        let mut command = running::engine(&directory);
        command.args(foreground.then_some("--foreground"));
        let mut engine = command.stderr(Stdio::null()).spawn().unwrap();
        let pid = Pid::from_raw(engine.id() as i32);
        wait_for(&directory, "a step", |events| steps_done(events) >= reached + 5);
        if !foreground {
            // A detached run does not hear its terminal go.
            kill(pid, Signal::SIGHUP).unwrap();
            let now = steps_done(&events(&directory));
            wait_for(&directory, "steps after the hang-up", |events| steps_done(events) >= now + 5);
        }
        kill(pid, signal).unwrap();
        assert_eq!(engine.wait().unwrap().code(), Some(128 + signal as i32));
        let status = directory.read_status().unwrap().unwrap();
        assert_eq!((status.state, status.exit), (State::Stopped, Some(128 + signal as u8)));
        assert_eq!(run::saved_step(&directory), Some(status.step), "everything up to the signal is saved");
        reached = status.step;
    }
    finish(&directory);
    assert_eq!(essence(&directory).difference(&wanted), None);
}

#[test]
fn a_second_interrupt_does_not_wait_for_the_step() {
    let folder = tempfile::tempdir().unwrap();
    // One step takes seconds.
    let slow = [("network.kind", "preresnet"), ("network.depth", "56"), ("training.batch", "180"), ("training.evaluate_every", "4 epochs")];
    let directory = create(folder.path(), &slow);
    let mut engine = start(&directory);
    wait_for(&directory, "the first state", |events| events.iter().any(|event| matches!(event.what, What::Checkpoint(_))));
    let pid = Pid::from_raw(engine.id() as i32);
    kill(pid, Signal::SIGINT).unwrap();
    // The first one must have been taken, or the two would be one.
    std::thread::sleep(Duration::from_millis(100));
    assert!(engine.try_wait().unwrap().is_none(), "the step was over before the second signal could come");
    kill(pid, Signal::SIGINT).unwrap();
    let begun = Instant::now();
    assert_eq!(engine.wait().unwrap().code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(1), "it waited {:?}", begun.elapsed());
    assert_eq!(directory.read_status().unwrap().unwrap().state, State::Stopped);
    assert_eq!(run::saved_step(&directory), Some(0));
}

#[test]
fn a_pause_keeps_the_process_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = uninterrupted(folder.path(), &LONGER);
    let directory = create(folder.path(), &LONGER);
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
