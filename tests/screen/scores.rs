//! The Scores pane while a run goes on: with the scripted engine, and with the real one.

use super::terminal::{Home, Terminal, listed, until_listed};
use std::path::PathBuf;
use std::process::Command;

/// The newest step whose scores are shown.
fn shown_step(screen: &str) -> Option<u64> {
    let rest = screen.split("scores at step ").nth(1)?;
    rest.split(':').next()?.replace(',', "").parse().ok()
}

#[test]
fn scores_follow_a_run_and_go_back_in_it() {
    let home = Home::new();
    let start = ["run", "quickstart", "--detach", "--set", "ordering.candidates=4", "--set", "training.batch=100"];
    home.scripted(&start, "steps=400,epochs=4,step_ms=15");
    let mut terminal = Terminal::open(&home, "", 80, 24);
    terminal.wait("1 training");
    terminal.keys("3");
    terminal.wait("scoring every step · K = 4");
    let first = terminal.until("scores", |screen| shown_step(screen).is_some());
    let first = shown_step(&first);
    terminal.until("newer scores", |screen| shown_step(screen) > first);
    terminal.until("images of saved steps", |screen| screen.contains("images chosen, to step"));
    // Back, and the step stays while the run goes on.
    terminal.keys("t7\r");
    terminal.until("step 7", |screen| {
        ["scores at step 7:", "batch of step 7", "7 scorings, 28 candidates"].iter().all(|text| screen.contains(text))
    });
    terminal.keys(",,");
    terminal.wait("scores at step 5:");
    terminal.keys(".");
    terminal.wait("scores at step 6:");
    terminal.keys("i");
    terminal.until("its images", |screen| screen.contains("images of step 6") && screen.contains('▀'));
    terminal.keys("i");
    terminal.wait("batch of step 6");
    terminal.keys("r");
    terminal.wait("rank of the chosen over steps");
    terminal.keys("rv");
    terminal.wait("all scores over steps");
    terminal.keys("v");
    terminal.keys("y");
    let id = listed(&home)[0]["id"].as_str().expect("an id").to_string();
    terminal.wait(&format!("copied: curricle scores {id} --step 6"));
    terminal.keys("\x1b");
    terminal.until("the newest step again", |screen| shown_step(screen) > Some(6));
    until_listed(&home, "the end", |runs| runs[0]["state"] == "done");
    terminal.until("the last step that was scored", |screen| shown_step(screen) == Some(399));
    terminal.leave();
}

#[test]
fn a_resume_leaves_no_ghosts() {
    let home = Home::new();
    let start = ["run", "quickstart", "--detach", "--set", "ordering.candidates=4", "--set", "training.batch=100"];
    home.scripted(&start, "steps=400,epochs=4,step_ms=10,state_every=100,kill_at=150");
    let mut terminal = Terminal::open(&home, "steps=400,epochs=4,step_ms=20,state_every=100", 80, 24);
    terminal.keys("3");
    terminal.until("the lost run", |screen| screen.contains("✗ lost") && shown_step(screen) == Some(149));
    terminal.keys("5");
    terminal.until("the lost run in the list", |screen| screen.contains("newest first") && screen.contains(" lost "));
    terminal.keys("r");
    terminal.wait("1 training");
    terminal.keys("3");
    terminal.until("steps from the saved state on", |screen| shown_step(screen).is_some_and(|step| (101..149).contains(&step)));
    terminal.until("the steps that were lost, again", |screen| shown_step(screen) > Some(149));
    terminal.leave();
}

/// The real engine beside the tests: built if it is not there.
fn engine() -> PathBuf {
    let test = std::env::current_exe().expect("tests know where they are");
    let profile = test.ancestors().nth(2).expect("target/<profile>/deps/test");
    let path = profile.join("curricle-engine");
    if !path.is_file() {
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet", "--workspace"]);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "the engine does not build");
    }
    path
}

#[test]
fn a_real_ordered_run_is_shown_and_counted() {
    let home = Home::new();
    let sets = [
        "data.glyphs.train=60",
        "data.glyphs.test=20",
        "data.holdout=0",
        "network.kind=basicconv",
        "training.batch=10",
        "training.epochs=2",
        "training.threads=1",
        "ordering.candidates=4",
        "ordering.compare=[\"loss\"]",
    ];
    let mut arguments = vec!["run", "quickstart", "--quiet"];
    sets.iter().for_each(|set| arguments.extend(["--set", set]));
    home.real(&engine(), &arguments);
    let mut terminal = Terminal::open(&home, "", 80, 24);
    terminal.wait("test accuracy");
    terminal.keys("3");
    let wanted = [
        "scores at step 11: loss delta",
        // Six batches an epoch: 4, 4, 4, 3, 2 candidates, and the last one unscored.
        "10 scorings, 34 candidates",
        "with loss",
        // Two epochs of six steps; 17 candidates of two forward passes and a backward one each, and one for the loss compared.
        " forward 114  backward 46",
        // What was planned is what it took.
        "of the whole run  forward 114  backward 46",
    ];
    terminal.until("the numbers", |screen| wanted.iter().all(|text| screen.contains(text)));
    terminal.leave();
    let scores: serde_json::Value = serde_json::from_str(&home.command(&["scores", "last", "--json"])).expect("an object");
    assert_eq!(scores["cost"]["planned"]["scoring"]["forward"], 102.0);
    assert_eq!(scores["cost"]["scoring_forward"], 102.0);
}
