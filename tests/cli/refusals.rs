//! Bad input, each with its exact message.

use crate::house::{House, said};

#[test]
fn unknown_experiments_name_the_nearest_preset() {
    let house = House::new("");
    house.refused(
        &["run", "quickstrat"],
        2,
        "error: `quickstrat` is neither a preset nor a file\nhint: did you mean the preset `quickstart`?",
    );
    house.refused(
        &["run", "./nothing-here.toml"],
        2,
        "error: `./nothing-here.toml` is neither a preset nor a file\nhint: `curricle preset list` shows the presets",
    );
    assert!(!house.runs().exists());
}

#[test]
fn every_mistake_of_a_file_is_named_at_once() {
    let house = House::new("");
    house.file(
        "wrong.toml",
        "[data]\nset = \"glyphs\"\n\n[network]\nkind = \"preresnet\"\ndept = 20\n\n[training]\nbatch = \"many\"\n\n[data.augmentation]\nflip = 3\n",
    );
    let said = house.call(&["run", "wrong.toml"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.starts_with("error: 3 problems in `wrong.toml`\n"), "{}", said.err);
    for part in ["line 6", "network.dept", "did you mean", "line 9", "training.batch", "line 12", "data.augmentation.flip"] {
        assert!(said.err.contains(part), "{part}: {}", said.err);
    }
    let said = house.call(&["run", "quickstart", "--set", "training.batch=0", "--set", "optimizer.speed=3"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("training.batch") && said.err.contains("optimizer.speed"), "{}", said.err);
    assert!(!house.runs().exists());
}

#[test]
fn what_is_not_built_is_said_before_anything_starts() {
    let house = House::new("");
    house.file("mixed.toml", "[data]\nset = \"glyphs\"\n[network]\nkind = \"preresnet\"\ndepth = 20\n[mixing]\nk = 4\n");
    house.refused(&["run", "mixed.toml"], 2, "error: `[mixing]` is not built yet\nhint: leave the section out to train without it");
    assert!(!house.runs().exists());
}

#[test]
fn too_little_disk_is_said_with_the_figures() {
    let house = House::new("");
    let said = house.call(&["run", "quickstart", "--set", "training.epochs=1000000000", "--set", "training.keep_every=1 epoch"]);
    assert_eq!((said.code, said.out.as_str()), (6, ""));
    let mut lines = said.err.lines().filter(|line| !line.starts_with("warning:"));
    let (error, hint) = (lines.next().unwrap(), lines.next().unwrap());
    assert!(error.starts_with("error: too little disk for this run: it takes "), "{error}");
    assert!(error.contains("1,000,000,000 kept checkpoints") && error.ends_with(" free"), "{error}");
    assert!(error.contains(&format!("`{}` has ", house.runs().display())), "{error}");
    assert_eq!(
        hint,
        "hint: keep fewer checkpoints (`training.keep_every`), free some room (`curricle runs prune --older 30d --dry-run` says what could go), or choose another disk with `--runs DIR`"
    );
    assert!(!house.runs().exists());
}

#[test]
fn unknown_and_ambiguous_runs_list_candidates() {
    let house = House::new("steps=3");
    let runs = house.runs();
    house.refused(
        &["runs", "show", "last"],
        2,
        &format!("error: no run `last` in `{}`\nhint: `curricle runs list` shows the runs that are there", runs.display()),
    );
    house.ok(&["run", "quickstart", "-q", "--name", "one"]);
    house.ok(&["run", "quickstart", "-q", "--name", "two"]);
    let list = house.json(&["runs", "list"]);
    let ids: Vec<&str> = list.as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    house.refused(
        &["resume", "2"],
        2,
        &format!("error: `2` may be any of 2 runs\nhint: write more of the name: {}", sorted(&ids).map(|id| format!("`{id}`")).join(", ")),
    );
    let one = ids.iter().find(|id| id.contains("-one-")).unwrap();
    house.refused(&["eval", "one"], 2, &format!("error: no run `one` in `{}`\nhint: did you mean `{one}`?", runs.display()));
}

fn sorted<'a>(ids: &[&'a str]) -> [&'a str; 2] {
    let mut ids = [ids[0], ids[1]];
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}

#[test]
fn a_run_of_a_newer_version_is_refused_and_still_listed() {
    let house = House::new("steps=3");
    house.ok(&["run", "quickstart", "-q"]);
    let id = house.newest()["id"].as_str().unwrap().to_string();
    std::fs::write(house.directory(&id).join("run.json"), r#"{"format": 2, "everything": "else"}"#).unwrap();
    let words = format!(
        "error: run directory `{}` has format 2; this version reads formats up to 1\nhint: open it with the version of Curricle that wrote it, or a later one",
        house.directory(&id).display()
    );
    for arguments in
        [&["resume", "last"][..], &["stop", &id], &["runs", "show", &id], &["eval", &id], &["fork", &id], &["runs", "verify", &id]]
    {
        house.refused(arguments, 2, &words);
    }
    let run = house.newest();
    assert_eq!((run["id"].as_str(), run["unreadable"].as_bool()), (Some(id.as_str()), Some(true)));
    let said = house.call(&["runs", "list"]);
    assert!(said.out.contains("unreadable") && said.err.contains("has format 2"), "{} {}", said.out, said.err);
}

#[test]
fn two_engines_never_train_in_one_directory() {
    let house = House::new("steps=100000,step_ms=2");
    let id = house.detached(&[]);
    let pid = house.newest()["pid"].as_u64().unwrap();
    let host = curricle_core::run::host();
    let words = format!("run `{id}` is held by another engine (process {pid} on `{host}`)");
    let hint = "two engines never train in one run directory; stop the other one first, or fork the run";
    house.refused(&["resume", "last"], 4, &format!("error: {words}\nhint: {hint}"));
    house.refused(&["resume", "last", "--detach"], 4, &format!("error: {words}\nhint: {hint}"));
    // The engine itself refuses as well, should somebody start it by hand.
    let by_hand = std::process::Command::new(crate::engine::scripted()).arg("train").arg(house.directory(&id)).output().unwrap();
    let by_hand = said(by_hand);
    assert_eq!((by_hand.code, by_hand.err.as_str()), (4, format!("error: {words}\n").as_str()));
    assert_eq!(house.newest()["pid"], pid, "the first one goes on");
}

#[test]
fn a_missing_engine_is_named() {
    let house = House::new("");
    let output = house.curricle(&["run", "quickstart"]).env("CURRICLE_ENGINE", "/nowhere/engine").output().unwrap();
    let missing = said(output);
    assert_eq!((missing.code, missing.out.as_str()), (1, ""));
    assert_eq!(
        missing.err,
        "error: there is no engine at `/nowhere/engine`\nhint: `CURRICLE_ENGINE` names it; unset it, or name an executable\n"
    );
    assert!(!house.runs().exists(), "nothing was created");
}
