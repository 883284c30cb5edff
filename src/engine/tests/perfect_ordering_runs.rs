//! Runs of `kind = "perfect-ordering"`: however often one is broken off, and however many workers train, its rows, events,
//! report and best network are the same.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::record::What;
use curricle_core::run::{self, CommandKind, RunDirectory, State};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;
use support::running::{self, code_of, events, finish, start, wait_for};

/// Three batches have six orders; the second epoch has at most five parents.
const EXPERIMENT: &str = r#"
name = "orders"
kind = "perfect-ordering"
[data]
set = "glyphs"
per_class = 4
holdout = 0.25
[data.glyphs]
train = 200
test = 80
[data.augmentation]
crop = 2
[network]
kind = "basicconv"
[schedule]
kind = "constant"
[training]
batch = 10
device = "cpu"
precision = "f32"
[ordering]
target = "external"
external = { size = 5 }
[permutation]
epochs = 2
parents = 3
test_images = 50
selectors = ["loss", "loss-delta", "loss-delta external first-order", "rho", "difficulty descending", "grab", "grab pairs", "random"]
"#;

/// Long enough to be asked something on the way.
const LONGER: [(&str, &str); 2] = [("permutation.epochs", "10"), ("permutation.test_images", "0")];

fn create(runs: &Path, changes: &[(&str, &str)]) -> RunDirectory {
    running::create(runs, EXPERIMENT, changes)
}

/// What must be equal between two runs.
#[derive(Debug, PartialEq)]
struct Result {
    events: Vec<(u64, u64, String)>,
    rows: String,
    report: String,
    best: Vec<u8>,
}

fn result(directory: &RunDirectory) -> Result {
    let kept = |what: &What| matches!(what, What::Permutation(_) | What::Evaluation(_) | What::Message(_));
    let of_events = events(directory).into_iter().filter(|event| kept(&event.what));
    let events = of_events.map(|event| (event.step, event.epoch, serde_json::to_string(&event.what).unwrap())).collect();
    let bytes = std::fs::read(directory.best()).unwrap();
    // The metadata names the run, so the tensors' bytes are compared.
    let head = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    Result {
        events,
        rows: std::fs::read_to_string(directory.orders()).unwrap(),
        report: std::fs::read_to_string(directory.orders_report()).unwrap(),
        best: bytes[8 + head..].to_vec(),
    }
}

fn uninterrupted(runs: &Path, changes: &[(&str, &str)]) -> Result {
    let directory = create(runs, changes);
    finish(&directory);
    let found = result(&directory);
    let rows = run::read_orders(&directory, u64::MAX).unwrap();
    let status = directory.read_status().unwrap().unwrap();
    assert_eq!((status.step, status.steps), (rows.len() as u64, rows.len() as u64));
    let best = rows.iter().filter(|row| row.epoch == status.epochs).min_by(|a, b| a.loss.total_cmp(&b.loss)).unwrap();
    assert_eq!((status.loss, status.accuracy), (Some(best.loss), Some(best.accuracy)));
    assert!(run::states(&directory).is_empty(), "a run that is done keeps no states");
    found
}

fn parents_done(events: &[curricle_core::record::Event]) -> usize {
    events.iter().filter(|event| matches!(event.what, What::Permutation(_))).count()
}

#[test]
fn stopped_anywhere_and_with_any_workers_it_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = uninterrupted(folder.path(), &[("permutation.workers", "1")]);
    let lines = wanted.rows.lines().count() as u64;
    assert!((1 + 6 + 6..=1 + 6 + 30).contains(&lines), "{}", wanted.rows);
    let directory = create(folder.path(), &[("permutation.workers", "3")]);
    // Before the first, within parents, after each.
    for stop in [0, 3, 6, 8, 12, 18] {
        let code = code_of(running::engine(&directory).args(["--stop-at", &stop.to_string()]));
        assert_eq!(code, 3, "stopped at {stop}: {}", std::fs::read_to_string(directory.log()).unwrap());
        let status = directory.read_status().unwrap().unwrap();
        assert_eq!(status.state, State::Stopped);
        let rows = run::read_orders(&directory, u64::MAX).unwrap().len() as u64;
        assert!(rows == status.step && rows.is_multiple_of(6), "whole parents only: {rows} rows, step {}", status.step);
    }
    finish(&directory);
    assert!(result(&directory) == wanted, "the stopped run differs");
}

#[test]
fn killed_after_each_parent_it_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = uninterrupted(folder.path(), &[]);
    let directory = create(folder.path(), &[]);
    for parents in [1, 2, 3] {
        let mut engine = start(&directory);
        wait_for(&directory, "a parent", |events| parents_done(events) >= parents);
        engine.kill().unwrap();
        engine.wait().unwrap();
    }
    // Rows that no state knows of are cut.
    let mut rows = std::fs::read_to_string(directory.orders()).unwrap();
    rows.push_str("2,9,0,0-1");
    std::fs::write(directory.orders(), rows).unwrap();
    if directory.read_status().unwrap().unwrap().state != State::Done {
        finish(&directory);
        assert!(result(&directory) == wanted, "the killed run differs");
    }
}

#[test]
fn paused_released_and_signalled_it_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = uninterrupted(folder.path(), &LONGER);
    let directory = create(folder.path(), &LONGER);
    let mut engine = start(&directory);
    wait_for(&directory, "a parent", |events| parents_done(events) >= 2);
    run::send(&directory, CommandKind::Pause).unwrap();
    wait_for(&directory, "the pause", |events| events.iter().any(|event| matches!(event.what, What::Paused(_))));
    run::send(&directory, CommandKind::Resume).unwrap();
    let now = parents_done(&events(&directory));
    wait_for(&directory, "a parent after the pause", |events| parents_done(events) > now);
    run::send(&directory, CommandKind::Release).unwrap();
    assert_eq!(engine.wait().unwrap().code(), Some(0));
    assert_eq!(directory.read_status().unwrap().unwrap().state, State::Paused);
    let mut engine = start(&directory);
    let now = parents_done(&events(&directory));
    wait_for(&directory, "a parent more", |events| parents_done(events) > now);
    kill(Pid::from_raw(engine.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(engine.wait().unwrap().code(), Some(128 + 15));
    assert_eq!(directory.read_status().unwrap().unwrap().state, State::Stopped);
    finish(&directory);
    assert!(result(&directory) == wanted, "the resumed run differs");
}

#[test]
fn a_study_whose_last_epoch_has_no_finite_loss_diverged() {
    let folder = tempfile::tempdir().unwrap();
    let changes = [("optimizer.lr", "1e38"), ("permutation.epochs", "1")].map(|(key, value)| (key.to_string(), value.to_string()));
    let experiment = curricle_core::config::read(EXPERIMENT, "test", &changes).unwrap();
    let directory = RunDirectory::create(folder.path(), &experiment, EXPERIMENT, run::Origin::default()).unwrap();
    assert_eq!(code_of(&mut running::engine(&directory)), 5);
    assert!(std::fs::read_to_string(directory.log()).unwrap().contains("no order of epoch 1 has a finite test loss"));
}

#[test]
fn what_a_study_cannot_do_is_refused_before_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    for (change, word) in [(("schedule.kind", "plateau"), "schedule.kind"), (("network.dropout", "0.3"), "network.dropout")] {
        let changes: Vec<(String, String)> = vec![(change.0.into(), change.1.into())];
        // Where the experiment itself is refused, there is nothing to start.
        let Ok(experiment) = curricle_core::config::read(EXPERIMENT, "test", &changes) else { continue };
        let directory = RunDirectory::create(folder.path(), &experiment, EXPERIMENT, run::Origin::default()).unwrap();
        assert_eq!(code_of(&mut running::engine(&directory)), 2);
        assert!(std::fs::read_to_string(directory.log()).unwrap().contains(word));
        assert!(!directory.orders().exists());
    }
}
