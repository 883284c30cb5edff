//! What can be seen without a run: help, versions, completions, what is not built.

use crate::house::{House, said};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn help_names_every_command_and_is_there_at_once() {
    let house = House::new("");
    let help = house.ok(&["--help"]);
    for command in ["run", "resume", "pause", "stop", "checkpoint", "fork", "eval", "scores", "runs", "doctor", "completions"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))), "{command}: {help}");
    }
    let shortest = (0..10)
        .map(|_| {
            let start = Instant::now();
            house.ok(&["--help"]);
            start.elapsed()
        })
        .min()
        .unwrap();
    println!("curricle --help: {shortest:.1?}");
    assert!(shortest < Duration::from_millis(50), "{shortest:?}");
}

#[test]
fn every_command_has_help_of_its_own() {
    let house = House::new("");
    let commands: &[&[&str]] = &[
        &["run"],
        &["resume"],
        &["pause"],
        &["stop"],
        &["checkpoint"],
        &["fork"],
        &["eval"],
        &["scores"],
        &["doctor"],
        &["completions"],
        &["runs"],
        &["runs", "list"],
        &["runs", "show"],
        &["runs", "delete"],
        &["runs", "prune"],
        &["runs", "tag"],
        &["runs", "note"],
        &["runs", "verify"],
    ];
    for command in commands {
        let help = house.ok(&[command, &["--help"][..]].concat());
        assert!(help.contains("Usage: curricle") && help.contains("--json"), "{command:?}: {help}");
    }
}

#[test]
fn without_a_terminal_the_screen_says_what_to_use_instead() {
    House::new("").refused(
        &[],
        2,
        "error: the screen needs a terminal on standard input and output\n\
         hint: without one, `curricle run quickstart` trains and prints lines; `curricle --help` lists all commands",
    );
}

#[test]
fn commands_of_later_work_say_so() {
    let house = House::new("");
    for command in ["attack", "compare", "report", "sweep", "queue", "export", "import"] {
        let words = format!("error: `curricle {command}` is not built yet\nhint: `curricle --help` lists what is");
        house.refused(&[command], 2, &words);
        house.refused(&[command, "last", "--step", "3"], 2, &words);
    }
    let words = "error: `quickstart` has `kind = \"training\"`, and only orders can be replayed\nhint: `thesis/table-2.1` is the published study's preset";
    house.refused(&["run", "quickstart", "--replay", "orders.json"], 2, words);
}

#[test]
fn wrong_usage_ends_with_code_2() {
    let house = House::new("");
    for arguments in
        [&["frobnicate"][..], &["run"], &["--colour"], &["runs", "list", "--state", "happy"], &["run", "x", "--set", "nonsense"]]
    {
        let said = house.call(arguments);
        assert_eq!(said.code, 2, "{arguments:?}");
        assert!(said.err.starts_with("error: "), "{}", said.err);
        assert_eq!(said.out, "");
    }
}

#[test]
fn completions_know_the_commands() {
    let house = House::new("");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = house.ok(&["completions", shell]);
        assert!(script.contains("checkpoint") && script.contains("no-input"), "{shell}");
    }
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let house = House::new("");
    let mut child = house.curricle(&["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let said = said(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}

#[test]
fn doctor_reports_and_survives_a_missing_engine() {
    let house = House::new("");
    let report = house.json(&["doctor"]);
    assert_eq!(report["healthy"], true);
    assert_eq!(report["engine"]["facts"]["precision"]["auto"], "f32");
    assert_eq!(report["runs"]["directory"], house.runs().to_str().unwrap());
    assert!(report["logout"]["survives"].is_boolean() || report["logout"]["survives"].is_null());
    let words = house.ok(&["doctor"]);
    for what in ["curricle", "libtorch", "CPU", "CUDA", "precision", "runs", "data", "terminal", "logout"] {
        assert!(words.lines().any(|line| line.contains(&format!(" {what} "))), "{what}: {words}");
    }
    let missing = house.curricle(&["doctor", "--json"]).env("CURRICLE_ENGINE", "/nowhere/engine").output().unwrap();
    let missing = said(missing);
    assert_eq!(missing.code, 1);
    let report: serde_json::Value = serde_json::from_str(&missing.out).unwrap();
    assert_eq!(report["healthy"], false);
    assert_eq!(report["engine"]["error"], "there is no engine at `/nowhere/engine`");
}
