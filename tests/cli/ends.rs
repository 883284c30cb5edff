//! How runs end: failures, signals, sudden ends; and how they go on from there.

use crate::house::{House, said, signal, wait_for, weights};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::path::Path;

/// The weights of a run that nothing interrupted.
fn uninterrupted(script: &str) -> (Vec<u8>, Vec<Value>) {
    let house = House::new(script);
    house.ok(&["run", "quickstart", "-q"]);
    let run = house.newest();
    (weights(Path::new(run["directory"].as_str().unwrap())), steps(&house, &run))
}

/// Step and evaluation events without what the clock and the count add.
fn steps(house: &House, run: &Value) -> Vec<Value> {
    let mut events = house.events(run["id"].as_str().unwrap());
    events.retain(|event| matches!(event["kind"].as_str(), Some("step" | "evaluation")));
    for event in &mut events {
        event.as_object_mut().unwrap().retain(|key, _| key != "seq" && key != "time");
    }
    events
}

fn numbered_without_gaps(house: &House, id: &str) {
    let numbers: Vec<u64> = house.events(id).iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
}

#[test]
fn every_failure_has_its_code_and_its_words() {
    let table = [
        ("fail_at=7", 1, "libtorch refused: out of memory; lower `training.batch` (step 7)"),
        ("nan_at=7", 5, "the loss is not a number (step 7)"),
        ("full_at=7", 6, "no space left for the state (step 7)"),
    ];
    for (script, code, words) in table {
        let house = House::new(script);
        let said = house.call(&["run", "quickstart", "--json", "-q"]);
        assert_eq!(said.code, code);
        assert!(said.err.starts_with(&format!("error: {words}\nhint: its log is `")), "{}", said.err);
        let summary: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
        assert_eq!((summary["state"].as_str(), summary["message"].as_str()), (Some("failed"), Some(words)));
        assert_eq!(summary["step"], 6);
    }
}

#[test]
fn a_killed_engine_leaves_a_lost_run_that_goes_on_to_the_same_bits() {
    let (expected, expected_steps) = uninterrupted("steps=45,state_every=10");
    let mut house = House::new("steps=45,state_every=10,kill_at=37");
    let said = house.call(&["run", "quickstart", "-q"]);
    assert_eq!(said.code, 137, "{}", said.err);
    let run = house.newest();
    let id = run["id"].as_str().unwrap().to_string();
    assert_eq!((run["state"].as_str(), run["pid"].is_null()), (Some("lost"), true));
    assert_eq!(house.events(&id).last().unwrap()["step"], 36, "beyond the state of step 30");
    house.plays("steps=45,state_every=10");
    let out = house.ok(&["resume", "last", "--json"]);
    let events: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((events[0]["kind"].as_str(), events[0]["step"].as_u64()), (Some("resumed"), Some(30)), "only what is new is printed");
    let run = house.newest();
    assert_eq!(run["state"], "done");
    assert_eq!(weights(&house.directory(&id)), expected);
    assert_eq!(steps(&house, &run), expected_steps, "no step lost, none twice");
    numbered_without_gaps(&house, &id);
}

#[test]
fn signals_in_the_foreground_save_and_end() {
    let (expected, expected_steps) = uninterrupted("steps=60,step_ms=4");
    for (number, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGUSR1, 138)] {
        let house = House::new("steps=60,step_ms=4");
        let child = house.spawn(&["run", "quickstart", "--json"]);
        wait_for("a few steps", || house.newest_step().filter(|step| *step > 5));
        signal(u64::from(child.id()), number);
        let said = said(child.wait_with_output().unwrap());
        assert_eq!(said.code, code, "{}", said.err);
        let run = house.newest();
        let id = run["id"].as_str().unwrap();
        assert_eq!(run["state"], "stopped", "{number}");
        assert!(said.err.ends_with(&format!("{id} ended by signal {}; `curricle resume {id}` goes on\n", number as i32)), "{}", said.err);
        let summary: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
        assert_eq!((summary["id"].as_str(), summary["state"].as_str()), (Some(id), Some("stopped")));
        house.ok(&["resume", id, "-q"]);
        assert_eq!(weights(&house.directory(id)), expected, "{number}");
        assert_eq!(steps(&house, &house.newest()), expected_steps, "{number}");
    }
}

#[test]
fn a_signal_before_an_engine_can_hear_it_stops_the_run() {
    let (expected, _) = uninterrupted("steps=30");
    let mut house = House::new("steps=30,start_ms=60000");
    let child = house.spawn(&["run", "quickstart", "--json"]);
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    wait_for("the engine", || std::fs::read_to_string(&children).ok().filter(|pids| !pids.trim().is_empty()));
    signal(u64::from(child.id()), Signal::SIGUSR1);
    let said = said(child.wait_with_output().unwrap());
    assert_eq!(said.code, 138, "{}", said.err);
    let run = house.newest();
    let id = run["id"].as_str().unwrap();
    assert_eq!(run["state"], "stopped");
    assert!(said.err.ends_with(&format!("{id} ended by signal 10; `curricle resume {id}` goes on\n")), "{}", said.err);
    house.plays("steps=30");
    house.ok(&["resume", id, "-q"]);
    assert_eq!(weights(&house.directory(id)), expected);
}

#[test]
fn an_engine_in_the_foreground_ends_when_its_command_is_killed() {
    let house = House::new("steps=100000,step_ms=4");
    let mut child = house.spawn(&["run", "quickstart"]);
    wait_for("a few steps", || house.newest_step().filter(|step| *step > 5));
    signal(u64::from(child.id()), Signal::SIGKILL);
    child.wait().unwrap();
    assert_eq!(house.until("stopped")["pid"], Value::Null);
}

#[test]
fn a_stopped_run_goes_on_and_a_done_one_is_summed_up() {
    let (expected, _) = uninterrupted("steps=50,step_ms=4");
    let house = House::new("steps=50,step_ms=4");
    let child = house.spawn(&["run", "quickstart"]);
    wait_for("a few steps", || house.newest_step().filter(|step| *step > 5));
    house.ok(&["stop", "last"]);
    let first = said(child.wait_with_output().unwrap());
    assert_eq!(first.code, 3);
    let id = house.newest()["id"].as_str().unwrap().to_string();
    assert!(first.err.ends_with(&format!("{id} ended on request, state saved; `curricle resume {id}` goes on\n")), "{}", first.err);
    assert!(std::fs::read_dir(house.directory(&id).join("state")).unwrap().count() > 0);
    house.ok(&["resume", &id[..id.len() - 1], "--detach"]);
    house.until("done");
    assert_eq!(weights(&house.directory(&id)), expected);
    assert_eq!(std::fs::read_dir(house.directory(&id).join("state")).unwrap().count(), 0, "a finished run keeps no state");
    let summary = house.ok(&["resume", &id, "--json"]);
    assert_eq!(summary.lines().count(), 1);
    assert_eq!(serde_json::from_str::<Value>(&summary).unwrap()["state"], "done");
    numbered_without_gaps(&house, &id);
}

impl House {
    /// Steps of the newest run, if there is one.
    pub fn newest_step(&self) -> Option<u64> {
        self.json(&["runs", "list"])[0]["step"].as_u64()
    }
}
