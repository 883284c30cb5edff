//! `curricle preset` as a user types it.
#![allow(clippy::expect_used, reason = "a test fails this way")]

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, diff};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

const TEXT: &str = "# Mine.\n[data]\nset = \"glyphs\"\n[network]\nkind = \"preresnet\"\ndepth = 20   # small\n[training]\nepochs = 3\n";

/// The program, with settings and data of its own.
fn curricle(home: &Path) -> Command {
    let mut command = Command::cargo_bin("curricle").expect("the program is built");
    command.env_clear().env("HOME", home).env("XDG_CONFIG_HOME", home.join("config")).env("XDG_DATA_HOME", home.join("data"));
    command.current_dir(home);
    command
}

fn home() -> TempDir {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::write(home.path().join("mine.toml"), TEXT).expect("the file is written");
    home
}

fn json(command: &mut Command) -> Value {
    let output = command.assert().success().stderr("").get_output().stdout.clone();
    serde_json::from_slice(&output).expect("one JSON value")
}

#[test]
fn presets_are_listed_and_shown() {
    let home = home();
    curricle(home.path()).args(["preset", "list"]).assert().success().stdout(contains("thesis/baseline").and(contains("preresnet 56")));
    let list = json(curricle(home.path()).args(["preset", "list", "--json"]));
    assert_eq!(list[0]["name"], "quickstart");
    assert_eq!(list[0]["own"], false);

    let shown = curricle(home.path()).args(["preset", "show", "thesis/baseline"]).assert().success().get_output().stdout.clone();
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("presets/thesis/baseline.toml")).expect("the preset");
    assert_eq!(shown, file);
    let resolved =
        curricle(home.path()).args(["preset", "show", "thesis/baseline", "--resolved"]).assert().success().get_output().stdout.clone();
    std::fs::write(home.path().join("resolved.toml"), &resolved).expect("the file is written");
    curricle(home.path())
        .args(["preset", "diff", "thesis/baseline", "resolved.toml"])
        .assert()
        .success()
        .stdout("")
        .stderr(diff("no setting differs\n"));

    let shown = json(curricle(home.path()).args(["preset", "show", "thesis/baseline", "--json"]));
    assert_eq!(shown["experiment"]["training"]["batch"], 128);
    assert_eq!(shown["summary"]["network"], "preresnet 56, window 7, 590,426 weights");
}

#[test]
fn a_preset_is_saved_compared_and_deleted() {
    let home = home();
    let file = home.path().join("config/curricle/presets/tests/mine.toml");
    curricle(home.path())
        .args(["preset", "save", "tests/mine", "mine.toml", "--set", "training.epochs=5"])
        .assert()
        .success()
        .stdout("")
        .stderr(diff(format!("saved tests/mine in {}\n", file.display())));
    assert_eq!(std::fs::read_to_string(&file).expect("the preset"), TEXT.replace("epochs = 3", "epochs = 5"));

    curricle(home.path())
        .args(["preset", "save", "tests/mine", "mine.toml"])
        .assert()
        .code(2)
        .stderr(diff("error: there is a preset `tests/mine` already\nhint: `--replace` overwrites it\n"));
    curricle(home.path())
        .args(["preset", "diff", "mine.toml", "tests/mine"])
        .assert()
        .success()
        .stdout(diff("setting          mine.toml  tests/mine\ntraining.epochs  3          5\n"));
    let differing = json(curricle(home.path()).args(["preset", "diff", "tests/mine", "tests/mine", "--set", "training.steps=9", "--json"]));
    assert_eq!(
        differing,
        serde_json::json!([{ "path": "training.epochs", "a": "5", "b": null }, { "path": "training.steps", "a": null, "b": "9" }])
    );

    curricle(home.path())
        .args(["preset", "delete", "tests/mine"])
        .assert()
        .code(2)
        .stderr(contains("nobody can be asked here").and(contains("hint: say `--yes` if it is meant")));
    let deleted = json(curricle(home.path()).args(["preset", "delete", "tests/mine", "--yes", "--json"]));
    assert_eq!(deleted["deleted"], "tests/mine");
    assert!(!file.exists());
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_written() {
    let home = home();
    curricle(home.path())
        .args(["preset", "show", "quickstrat"])
        .assert()
        .code(2)
        .stderr(diff("error: there is no preset `quickstrat`; did you mean `quickstart`?\n"));
    curricle(home.path())
        .args(["preset", "delete", "quickstart", "--yes"])
        .assert()
        .code(2)
        .stderr(diff("error: `quickstart` belongs to Curricle and stays as it is; save it under another name\n"));
    curricle(home.path())
        .args(["preset", "save", "../escape", "mine.toml"])
        .assert()
        .code(2)
        .stderr(diff("error: `../escape` is no name for a preset: each part begins with a letter or a digit\n"));
    std::fs::write(home.path().join("wrong.toml"), TEXT.replace("depth = 20", "depth = 21").replace("epochs", "epcohs"))
        .expect("is written");
    curricle(home.path()).args(["preset", "save", "wrong", "wrong.toml"]).assert().code(2).stdout("").stderr(diff(
        "error: 2 problems in `wrong.toml`
  line 6   network.depth: the depth of a preresnet with bottleneck blocks is 9n + 2, got `21`
           hint: 20 or 29?
  line 8   training.epcohs: no such key
           hint: did you mean `training.epochs`?
",
    ));
    assert!(!home.path().join("config").exists());
}
