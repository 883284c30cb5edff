//! `runs`: list, show, delete, prune, tag, note, verify.

use crate::house::House;
use serde_json::Value;
use std::time::{Duration, Instant};

fn three() -> House {
    let house = House::new("steps=5");
    for name in ["one", "two", "three"] {
        house.ok(&["run", "quickstart", "-q", "--name", name]);
    }
    house
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap()).collect()
}

#[test]
fn the_list_can_be_read_by_people_and_programs() {
    let house = three();
    let list = house.json(&["runs", "list"]);
    assert_eq!(names(&list), ["three", "two", "one"], "newest first");
    for name in ["id", "name", "state", "step", "steps", "epoch", "epochs", "seed", "loss", "accuracy", "created", "directory"] {
        assert!(!list[0][name].is_null(), "{name}");
    }
    assert!(list[0]["bytes"].as_u64().unwrap() > 0);
    let said = house.call(&["runs", "list"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with("run ") && lines[1].contains(" three ") && lines.len() == 4, "{}", said.out);
    assert!(said.err.starts_with("3 runs, ") && said.err.ends_with(" free\n"), "{}", said.err);
    assert_eq!(names(&house.json(&["runs", "list", "--filter", "tw"])), ["two"]);
    assert!(names(&house.json(&["runs", "list", "--state", "failed"])).is_empty());
    assert_eq!(names(&house.json(&["runs", "list", "--state", "failed", "--state", "done"])).len(), 3);
}

#[test]
fn an_empty_folder_is_an_empty_list() {
    let house = House::new("");
    assert_eq!(house.json(&["runs", "list"]), serde_json::json!([]));
    let said = house.call(&["runs", "list"]);
    assert_eq!((said.out.as_str(), said.err), ("", format!("no runs in `{}`\n", house.runs().display())));
}

#[test]
fn one_run_is_shown_whole() {
    let house = three();
    let id = house.newest()["id"].as_str().unwrap().to_string();
    let shown = house.json(&["runs", "show", "last"]);
    assert_eq!(shown["id"], id);
    assert_eq!(shown["checkpoints"], serde_json::json!(["best", "last"]));
    assert_eq!(shown["record"]["machine"]["device"], "cpu");
    let words = house.ok(&["runs", "show", "last"]);
    for part in [id.as_str(), "done", "best, last", "cpu (a script), f32, 1 thread"] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

#[test]
fn deleting_asks_and_never_takes_a_run_at_work() {
    let house = three();
    let id = house.newest()["id"].as_str().unwrap().to_string();
    let said = house.call(&["runs", "delete", &id]);
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with(&format!("error: delete `{id}` with all checkpoints, ")), "{}", said.err);
    assert!(said.err.ends_with(": nobody can be asked here\nhint: say `--yes` if it is meant\n"), "{}", said.err);
    assert!(house.directory(&id).exists());
    let answer = house.json(&["runs", "delete", &id, "--yes"]);
    assert_eq!(answer["deleted"], serde_json::json!([id]));
    assert!(!house.directory(&id).exists());
    assert_eq!(names(&house.json(&["runs", "list"])), ["two", "one"]);
    // One unknown name, and nothing is deleted.
    assert_eq!(house.call(&["runs", "delete", "last", "nothing", "--yes"]).code, 2);
    assert_eq!(names(&house.json(&["runs", "list"])).len(), 2);
}

#[test]
fn a_run_at_work_is_neither_deleted_nor_pruned() {
    let house = House::new("steps=100000,step_ms=2");
    let id = house.detached(&[]);
    let said = house.call(&["runs", "delete", "last", "--yes"]);
    assert_eq!(said.code, 4);
    assert!(said.err.starts_with(&format!("error: run `{id}` is held by another engine (process ")), "{}", said.err);
    assert!(said.err.ends_with(&format!("hint: `curricle stop {id}` first\n")), "{}", said.err);
    let pruned = house.json(&["runs", "prune", "--older", "0s", "--unfinished", "--yes"]);
    assert_eq!(pruned["runs"], serde_json::json!([]));
    assert!(house.directory(&id).exists());
}

#[test]
fn pruning_frees_what_it_says() {
    let house = three();
    let list = house.json(&["runs", "list"]);
    let all: u64 = list.as_array().unwrap().iter().map(|run| run["bytes"].as_u64().unwrap()).sum();
    assert_eq!(house.json(&["runs", "prune", "--older", "30d", "--dry-run"])["runs"], serde_json::json!([]), "none is that old");
    let dry = house.json(&["runs", "prune", "--older", "0s", "--keep", "best", "--dry-run"]);
    let freed = dry["bytes"].as_u64().unwrap();
    assert!(freed > 0 && freed < all && dry["runs"].as_array().unwrap().len() == 3, "{dry}");
    assert_eq!(house.json(&["runs", "list"]), list, "a dry run changes nothing");
    assert_eq!(house.call(&["runs", "prune", "--older", "0s", "--keep", "best"]).code, 2, "without an answer nothing goes");
    assert_eq!(house.json(&["runs", "prune", "--older", "0s", "--keep", "best", "--yes"])["bytes"], freed);
    let shown = house.json(&["runs", "show", "last"]);
    assert_eq!(shown["checkpoints"], serde_json::json!(["best"]));
    assert_eq!(house.json(&["eval", "last"])["correct"], 183);
    let said = house.call(&["runs", "prune", "--older", "0s", "--yes"]);
    assert_eq!(said.code, 0);
    assert_eq!(said.out.lines().count(), 3);
    assert!(said.err.starts_with("freed ") && said.err.ends_with(" in 3 runs (whole runs)\n"), "{}", said.err);
    assert_eq!(house.json(&["runs", "list"]), serde_json::json!([]));
}

#[test]
fn tags_and_notes_stay_with_the_run() {
    let house = three();
    assert_eq!(house.ok(&["runs", "tag", "last", "good", "keep"]), "good\nkeep\n");
    assert_eq!(house.json(&["runs", "tag", "last", "--remove", "keep", "better"]), serde_json::json!(["better", "good"]));
    assert_eq!(names(&house.json(&["runs", "list", "--tag", "good"])), ["three"]);
    assert!(names(&house.json(&["runs", "list", "--tag", "good", "--tag", "keep"])).is_empty());
    house.ok(&["runs", "note", "last", "looks fine\u{1b}[2J"]);
    assert_eq!(house.ok(&["runs", "note", "last"]), "looks fine[2J\n", "nothing that steers the terminal comes back");
    assert_eq!(house.newest()["notes"], "looks fine[2J");
}

#[test]
fn verifying_tells_the_same_bits_from_others() {
    let mut house = House::new("steps=20");
    house.ok(&["run", "quickstart", "-q", "--seed", "5"]);
    let id = house.newest()["id"].as_str().unwrap().to_string();
    let verdict = house.json(&["runs", "verify", "last"]);
    assert_eq!((verdict["identical"].as_bool(), verdict["values"].as_u64()), (Some(true), Some(8)));
    assert_eq!(house.ok(&["runs", "verify", "last"]), format!("{id}: identical (1 tensors, 8 values)\n"));
    house.plays("steps=20,drift=1");
    let said = house.call(&["runs", "verify", "last", "--json"]);
    assert_eq!(said.code, 1);
    let verdict: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(verdict["identical"], false);
    assert_eq!(verdict["different"][0]["tensor"], "weight");
    assert_eq!(house.json(&["runs", "list"]).as_array().unwrap().len(), 1, "the repetition leaves nothing");
}

#[test]
fn only_a_finished_run_can_be_verified() {
    let house = House::new("steps=100000,step_ms=2");
    let id = house.detached(&[]);
    house.refused(&["runs", "verify", "last"], 2, &format!("error: run `{id}` is training: only a run that is done can be verified"));
}

#[test]
fn a_thousand_runs_are_listed_at_once() {
    let house = House::new("steps=5");
    house.ok(&["run", "quickstart", "-q"]);
    let first = house.newest();
    let directory = house.directory(first["id"].as_str().unwrap());
    for number in 0..1_000 {
        let path = house.runs().join(format!("20260101-{number:06}-copy-aaaa"));
        for folder in ["commands", "checkpoints", "state"] {
            std::fs::create_dir_all(path.join(folder)).unwrap();
        }
        for file in ["run.json", "status.json", "lock", "events.jsonl", "experiment.toml", "checkpoints/best.safetensors"] {
            std::fs::copy(directory.join(file), path.join(file)).unwrap();
        }
    }
    let shortest = (0..5)
        .map(|_| {
            let start = Instant::now();
            let out = house.ok(&["runs", "list", "--json"]);
            let elapsed = start.elapsed();
            assert_eq!(serde_json::from_str::<Value>(&out).unwrap().as_array().unwrap().len(), 1_001);
            elapsed
        })
        .min()
        .unwrap();
    println!("curricle runs list --json with 1,001 runs, sizes measured: {shortest:.1?}");
    assert!(shortest < Duration::from_millis(300), "{shortest:?}");
}

/// A run directory that somebody sent: every text in it tries to steer the terminal.
#[test]
fn a_hostile_run_directory_says_nothing_to_the_terminal() {
    use curricle_core::words::steers;
    let house = House::new("");
    let run = house.runs().join("20261124-203531-a\u{1b}[2J-m4qz");
    for folder in ["commands", "checkpoints", "state"] {
        std::fs::create_dir_all(run.join(folder)).unwrap();
    }
    let odd = "\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\u{7f}\u{e0041}";
    let text = |fields: serde_json::Value| serde_json::to_vec(&fields).unwrap();
    let record = serde_json::json!({
        "format": 1, "id": odd, "name": odd, "created": odd, "version": odd, "commit": odd, "kind": odd, "set": odd, "network": odd,
        "tags": [odd], "notes": odd, "sweep": odd, "arm": odd, "parent": { "kind": odd, "id": odd, "checkpoint": odd },
        "machine": { "device": odd, "device_name": odd, "libtorch": odd, "cpu": odd }, odd: odd,
    });
    std::fs::write(run.join("run.json"), text(record)).unwrap();
    std::fs::write(run.join("status.json"), text(serde_json::json!({ "state": "failed", "host": odd, "message": odd }))).unwrap();
    std::fs::write(run.join("experiment.toml"), format!("# {odd}\nname = \"{odd}")).unwrap();
    std::fs::write(run.join("resolved.toml"), format!("name = \"{odd}")).unwrap();
    std::fs::write(run.join("log.txt"), odd).unwrap();
    std::fs::write(run.join("lock"), text(serde_json::json!({ "pid": 1, "host": odd }))).unwrap();
    std::fs::write(run.join(format!("checkpoints/{odd}.safetensors")), b"x").unwrap();
    let calls: [&[&str]; 13] = [
        &["runs", "list"],
        &["runs", "list", "--json"],
        &["runs", "show", "last"],
        &["runs", "show", "last", "--json"],
        &["runs", "show", "last", "--log"],
        &["runs", "show", "last", "--experiment"],
        &["runs", "show", "last", "--resolved"],
        &["runs", "tag", "last"],
        &["runs", "note", "last", "--json"],
        &["runs", "verify", "last"],
        &["fork", "last"],
        &["eval", "last", "--from", "none"],
        &["runs", "delete", "last"],
    ];
    for call in calls {
        let said = house.call(call);
        let all = format!("{}{}", said.out, said.err);
        assert!(!all.trim().is_empty(), "{call:?} says nothing");
        assert!(!all.chars().any(|letter| letter != '\n' && steers(letter)), "{call:?}: {all:?}");
    }
}
