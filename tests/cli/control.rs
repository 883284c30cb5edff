//! `pause`, `resume`, `stop`, `checkpoint`.

use crate::house::{House, said, signal, wait_for, weights};
use nix::sys::signal::Signal;
use serde_json::Value;

#[test]
fn pause_holds_and_resume_goes_on() {
    let house = House::new("steps=100000,step_ms=2");
    let id = house.detached(&[]);
    let answer = house.json(&["pause", "last"]);
    assert_eq!(
        (answer["id"].as_str(), answer["command"].as_str(), answer["state"].as_str()),
        (Some(id.as_str()), Some("pause"), Some("paused"))
    );
    let run = house.newest();
    assert_eq!(run["state"], "paused");
    assert!(run["pid"].is_u64(), "the process stays");
    let count = house.events(&id).len();
    assert_eq!(house.json(&["pause", "last"])["outcome"], "it was paused already");
    assert_eq!(house.events(&id).len(), count, "nothing happens in a pause");
    assert_eq!(house.newest()["step"], run["step"]);
    let answer = house.json(&["resume", "last"]);
    assert_eq!((answer["command"].as_str(), answer["state"].as_str()), (Some("resume"), Some("training")));
    let before = run["step"].as_u64().unwrap();
    wait_for("steps after the pause", || house.newest_step().filter(|step| *step > before));
    let answer = house.json(&["stop", &id]);
    assert_eq!((answer["command"].as_str(), answer["state"].as_str()), (Some("stop"), Some("stopped")));
    assert_eq!(house.json(&["stop", &id])["outcome"], "it had ended already");
    assert_eq!(std::fs::read_dir(house.directory(&id).join("commands")).unwrap().count(), 0, "commands are removed");
    let given: Vec<String> = house
        .events(&id)
        .iter()
        .filter(|event| event["kind"] == "command")
        .map(|event| event["command"].as_str().unwrap().to_string())
        .collect();
    assert_eq!(given, ["pause", "resume", "stop"], "and acknowledged");
}

#[test]
fn a_released_run_frees_its_process_and_starts_again() {
    let expected = {
        let house = House::new("steps=80,step_ms=3");
        house.ok(&["run", "quickstart", "-q"]);
        weights(std::path::Path::new(house.newest()["directory"].as_str().unwrap()))
    };
    let house = House::new("steps=80,step_ms=3");
    let id = house.detached(&[]);
    let answer = house.json(&["pause", "last", "--release"]);
    assert_eq!((answer["command"].as_str(), answer["state"].as_str()), (Some("release"), Some("paused")));
    let run = house.newest();
    assert_eq!((run["state"].as_str(), run["pid"].is_null()), (Some("paused"), true), "not lost, though nobody holds it");
    assert_eq!(house.json(&["pause", "last", "--release"])["outcome"], "it was paused already");
    house.refused(
        &["checkpoint", &id],
        4,
        &format!("error: no engine is at work on run `{id}`: it is paused\nhint: `curricle resume {id}` starts one"),
    );
    house.ok(&["resume", "last", "-q"]);
    assert_eq!(house.newest()["state"], "done");
    assert_eq!(weights(&house.directory(&id)), expected);
}

#[test]
fn a_paused_run_can_be_released_and_stopped() {
    let house = House::new("steps=100000,step_ms=2");
    house.detached(&[]);
    house.ok(&["pause", "last"]);
    assert_eq!(house.json(&["pause", "last", "--release"])["state"], "paused");
    house.ok(&["resume", "last", "--detach"]);
    house.until("training");
    house.ok(&["pause", "last"]);
    assert_eq!(house.json(&["stop", "last"])["state"], "stopped");
}

#[test]
fn a_checkpoint_is_there_when_the_command_returns() {
    let house = House::new("steps=100000,step_ms=2");
    let id = house.detached(&[]);
    let last = house.directory(&id).join("checkpoints/last.safetensors");
    assert!(!last.exists());
    assert_eq!(house.json(&["checkpoint", "last"])["state"], "training");
    assert!(last.exists());
    house.ok(&["pause", "last"]);
    std::fs::remove_file(&last).unwrap();
    let answer = house.json(&["checkpoint", "last"]);
    assert_eq!(answer["state"], "paused", "it stays paused");
    assert!(last.exists());
}

#[test]
fn without_an_engine_nobody_is_asked() {
    let house = House::new("steps=10");
    house.ok(&["run", "quickstart", "-q"]);
    let id = house.newest()["id"].as_str().unwrap().to_string();
    house.refused(&["pause", "last"], 4, &format!("error: no engine is at work on run `{id}`: it is done"));
    assert_eq!(house.json(&["stop", "last"])["outcome"], "it had ended already");
    assert_eq!(std::fs::read_dir(house.directory(&id).join("commands")).unwrap().count(), 0);
}

#[test]
fn an_engine_that_does_not_answer_is_waited_for_no_longer_than_asked() {
    let house = House::new("steps=100,hang_at=5");
    let (id, _) = house.hanging();
    house.refused(
        &["pause", "last", "--wait", "0.2s"],
        1,
        &format!(
            "error: run `{id}` has not answered within 0.2 s\nhint: the command stays and is obeyed at the end of the step; `--wait` waits longer"
        ),
    );
    assert_eq!(std::fs::read_dir(house.directory(&id).join("commands")).unwrap().count(), 1, "the command stays");
}

#[test]
fn an_engine_that_dies_while_asked_is_noticed() {
    let house = House::new("steps=100,hang_at=5");
    let (id, pid) = house.hanging();
    let child = house.spawn(&["pause", "last"]);
    wait_for("the command", || std::fs::read_dir(house.directory(&id).join("commands")).unwrap().next().map(drop));
    signal(pid, Signal::SIGKILL);
    let said = said(child.wait_with_output().unwrap());
    assert_eq!(said.code, 4);
    assert_eq!(said.err, format!("error: the engine of run `{id}` ended before it answered: the run is lost\n"));
}

#[test]
fn a_command_for_the_last_engine_does_not_reach_the_next() {
    let mut house = House::new("steps=100,hang_at=5");
    let (id, pid) = house.hanging();
    assert_eq!(house.call(&["stop", "last", "--wait", "0.1s"]).code, 1);
    signal(pid, Signal::SIGKILL);
    house.until("lost");
    house.plays("steps=100");
    house.ok(&["resume", &id, "-q"]);
    assert_eq!(house.newest()["state"], "done");
}

#[test]
fn many_commands_at_once_are_all_answered() {
    let house = House::new("steps=100000,step_ms=2");
    let id = house.detached(&[]);
    let children: Vec<_> = (0..8).map(|_| house.spawn(&["checkpoint", "last", "--json"])).collect();
    for child in children {
        let said = said(child.wait_with_output().unwrap());
        assert_eq!(said.code, 0, "{}", said.err);
        assert_eq!(serde_json::from_str::<Value>(&said.out).unwrap()["command"], "checkpoint");
    }
    assert_eq!(house.events(&id).iter().filter(|event| event["kind"] == "command").count(), 8);
}
