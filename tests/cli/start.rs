//! `run`: in the foreground and in the background, with changes, from presets and files.

use crate::house::{House, said, wait_for};
use serde_json::Value;

#[test]
fn a_run_in_the_foreground_prints_lines_and_a_summary() {
    let house = House::new("steps=30,epochs=3");
    let said = house.call(&["run", "quickstart"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let run = house.newest();
    assert_eq!((run["state"].as_str(), run["step"].as_u64()), (Some("done"), Some(30)));
    let id = run["id"].as_str().unwrap();
    assert!(said.err.starts_with(&format!("run {id}\n")), "{}", said.err);
    for epoch in 1..=3 {
        assert!(said.err.contains(&format!("epoch {epoch} of 3  step {}0 of 30", epoch)), "{}", said.err);
    }
    assert!(!said.err.contains('\u{1b}') && !said.err.contains('\r'), "no terminal, no control characters");
    let rows: Vec<(&str, &str)> = said.out.lines().filter_map(|line| line.split_once("  ")).map(|(a, b)| (a, b.trim())).collect();
    assert!(rows.contains(&("run", id)) && rows.contains(&("state", "done")), "{}", said.out);
    assert!(rows.contains(&("step", "30 of 30, epoch 3 of 3")), "{}", said.out);
}

#[test]
fn quiet_says_nothing_but_the_result() {
    let house = House::new("steps=10");
    let said = house.call(&["run", "quickstart", "-q"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.starts_with("run "));
}

#[test]
fn json_lines_are_the_events_and_then_the_summary() {
    let house = House::new("steps=20,epochs=2");
    let out = house.ok(&["run", "quickstart", "--json"]);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (summary, events) = lines.split_last().unwrap();
    let numbers: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    assert_eq!(events[0]["kind"], "started");
    assert_eq!(events.last().unwrap()["kind"], "finished");
    for name in ["id", "state", "step", "epoch", "loss", "accuracy", "selected", "seconds", "directory"] {
        assert!(!summary[name].is_null(), "{name}: {summary}");
    }
    for name in ["by", "epoch", "accuracy", "oracle"] {
        assert!(!summary["selected"][name].is_null(), "{name}: {summary}");
    }
    assert_eq!(&without_size(house.newest()), summary);
}

/// The list measures sizes, the summary of a run does not.
fn without_size(mut summary: Value) -> Value {
    summary["bytes"] = Value::Null;
    summary
}

#[test]
fn changes_reach_the_experiment() {
    let house = House::new("steps=10");
    house.ok(&["run", "quickstart", "--set", "training.batch=50", "--set", "optimizer.lr=0.1", "--seed", "7", "--name", "my run"]);
    let run = house.newest();
    assert_eq!((run["name"].as_str(), run["seed"].as_u64()), (Some("my run"), Some(7)));
    let id = run["id"].as_str().unwrap();
    assert!(id.contains("-my-run-"), "{id}");
    let written = house.ok(&["runs", "show", id, "--experiment"]);
    let resolved = house.ok(&["runs", "show", id, "--resolved"]);
    assert_eq!(house.json(&["runs", "show", id, "--experiment"])["experiment"], *written);
    for text in [&written, &resolved] {
        let experiment = curricle_core::config::read(text, "test", &[]).unwrap();
        assert_eq!((experiment.training.batch, experiment.optimizer.lr), (50, 0.1));
        assert_eq!((experiment.seed.weights, experiment.seed.order, experiment.seed.augmentation), (7, 7, 7));
    }
    let record = &house.json(&["runs", "show", id])["record"];
    assert_eq!(record["seeds"]["order"], 7);
    assert_eq!(record["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_file_is_as_good_as_a_preset() {
    let house = House::new("steps=10");
    let file = house.file("mine.toml", "name = \"from a file\"\n[data]\nset = \"glyphs\"\n[network]\nkind = \"preresnet\"\ndepth = 20\n");
    house.ok(&["run", file.to_str().unwrap()]);
    assert_eq!(house.newest()["name"], "from a file");
    house.ok(&["run", "mine.toml", "--name", "relative"]);
    assert_eq!(house.newest()["name"], "relative");
}

#[test]
fn a_run_in_the_background_outlives_the_command() {
    let house = House::new("steps=40,step_ms=5");
    let said = house.call(&["run", "quickstart", "--detach", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let answer: Value = serde_json::from_str(&said.out).unwrap();
    let id = answer["id"].as_str().unwrap().to_string();
    assert_eq!(answer["directory"], house.directory(&id).to_str().unwrap());
    assert!(said.err.contains(&format!("{id} trains in the background (process {})", answer["pid"])), "{}", said.err);
    assert!(said.err.contains("after logout") || said.err.contains("at logout"), "{}", said.err);
    assert_eq!(house.until("done")["step"], 40);
}

#[test]
fn a_background_engine_has_its_own_session_and_ignores_the_hang_up() {
    let house = House::new("steps=100000,step_ms=5");
    let id = house.detached(&[]);
    let pid = house.newest()["pid"].as_u64().unwrap();
    let session = nix::unistd::getsid(Some(nix::unistd::Pid::from_raw(pid as i32))).unwrap();
    assert_eq!(session.as_raw() as u64, pid);
    crate::house::signal(pid, nix::sys::signal::Signal::SIGHUP);
    let before = house.newest()["step"].as_u64().unwrap();
    wait_for("steps after the hang-up", || house.newest()["step"].as_u64().filter(|step| *step > before + 20));
    house.ok(&["stop", &id]);
}

#[test]
fn an_engine_without_libtorch_is_reported_and_the_run_marked_as_failed() {
    let house = House::new("broken=1");
    for background in [false, true] {
        let arguments: &[&str] = if background { &["run", "quickstart", "--detach"] } else { &["run", "quickstart", "-q"] };
        let said = house.call(arguments);
        assert_eq!(said.code, 1);
        let run = house.newest();
        let words = "the engine ended with code 127: scripted-engine: error while loading shared libraries: libtorch_cpu.so: cannot open shared object file";
        assert_eq!(said.err, format!("error: {words}\nhint: its log is `{}/log.txt`\n", run["directory"].as_str().unwrap()));
        assert_eq!((run["state"].as_str(), run["message"].as_str()), (Some("failed"), Some(words)));
    }
}

#[test]
fn a_refusal_of_the_engine_comes_back_with_its_code_and_leaves_no_run() {
    let house = House::new("refuse=2");
    for background in [false, true] {
        let arguments: &[&str] = if background { &["run", "quickstart", "--detach"] } else { &["run", "quickstart", "-q"] };
        let said = house.call(arguments);
        assert_eq!(said.code, 2);
        assert_eq!((said.out.as_str(), said.err.as_str()), ("", "error: there is no data in `/nowhere`: fetch it first\n"));
        assert_eq!(house.json(&["runs", "list"]), serde_json::json!([]));
    }
}

#[test]
fn the_data_folder_is_handed_on_and_remembered() {
    let mut house = House::new("steps=5,fail_at=3");
    let log = house.file("called.txt", "");
    let script = format!("#!/bin/sh\necho \"$@\" >> {}\nexec {} \"$@\"\n", log.display(), crate::engine::scripted().display());
    let wrapper = house.file("engine.sh", &script);
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let called = |house: &House, arguments: &[&str], environment: Option<&str>, code: i32| {
        let mut command = house.curricle(arguments);
        command.env("CURRICLE_ENGINE", &wrapper).envs(environment.map(|folder| ("CURRICLE_DATA", folder)));
        assert_eq!(said(command.output().unwrap()).code, code);
        std::fs::read_to_string(&log).unwrap().lines().last().unwrap().to_string()
    };
    let folder = |name: &str| format!("--data {} --foreground", log.with_file_name(name).display());
    assert!(called(&house, &["run", "quickstart", "-q", "--data", "sets"], None, 1).ends_with(&folder("sets")));
    assert!(called(&house, &["resume", "last", "-q"], None, 1).ends_with(&folder("sets")), "as it was");
    assert!(called(&house, &["resume", "last", "-q", "--data", "moved"], None, 1).ends_with(&folder("moved")), "unless told otherwise");
    house.plays("steps=5");
    let line = called(&house, &["resume", "last", "-q"], Some("/elsewhere"), 0);
    assert!(!line.contains("--data"), "the environment speaks for itself: {line}");
    called(&house, &["run", "quickstart", "-q"], Some("sets"), 0);
    let sets = log.with_file_name("sets");
    assert_eq!(house.json(&["runs", "show", "last"])["record"]["data_root"], sets.to_str().unwrap());
}
