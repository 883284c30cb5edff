//! Whatever happens to a run while it is watched, the screen says so and stands, and the run is unharmed.

use super::terminal::{Home, Terminal, listed, until_listed};
use curricle_core::config;
use curricle_core::run::{Origin, RunDirectory, State, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// A screen in which a run trains.
fn training(home: &Home, script: &str) -> Terminal {
    let mut terminal = Terminal::open(home, script, 80, 24);
    terminal.wait("Enter starts quickstart");
    terminal.keys("\r");
    terminal.until("training", |screen| step(screen) > 2);
    terminal
}

/// The step that Train shows.
fn step(screen: &str) -> u64 {
    let after = screen.split(" step ").nth(1).unwrap_or_default();
    after.split_whitespace().next().unwrap_or_default().replace(',', "").parse().unwrap_or(0)
}

/// The screen's words with single spaces, so that a sentence is found where it breaks.
fn flat(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn engine(home: &Home) -> Pid {
    Pid::from_raw(listed(home)[0]["pid"].as_i64().expect("an engine") as i32)
}

#[test]
fn a_killed_engine_is_shown_within_two_seconds_and_can_go_on() {
    let home = Home::new();
    let mut terminal = training(&home, "steps=400,step_ms=15,state_every=20");
    kill(engine(&home), Signal::SIGKILL).expect("killed");
    let begun = Instant::now();
    terminal.until("the loss", |screen| flat(screen).contains("p resumes from the last saved state"));
    println!("shown after {} ms", begun.elapsed().as_millis());
    assert!(begun.elapsed() <= Duration::from_secs(2), "shown after {:?}", begun.elapsed());
    let screen = terminal.text();
    assert!(screen.contains("lost at") && screen.contains("p resume"), "{screen}");
    terminal.keys("p");
    terminal.until("training again", |screen| screen.contains("p pause") && screen.contains("training"));
    until_listed(&home, "the end", |runs| runs[0]["state"] == "done");
    terminal.until("the end", |screen| screen.contains("✓ done"));
    terminal.leave();
}

#[test]
fn a_storm_of_sizes_leaves_the_run_alone() {
    let home = Home::new();
    let mut terminal = training(&home, "steps=250,step_ms=15");
    for size in 0..100u16 {
        terminal.resize(10 + size % 20 * 6, 3 + size % 12 * 3);
    }
    terminal.resize(10, 3);
    terminal.resize(80, 24);
    terminal.until("the run", |screen| screen.contains("─ now ─") && screen.contains("p pause"));
    until_listed(&home, "the end", |runs| runs[0]["state"] == "done");
    terminal.until("the end", |screen| screen.contains("✓ done"));
    terminal.leave();
    assert!(terminal.is_cooked());
}

#[test]
fn a_run_deleted_while_it_is_watched_is_said() {
    let home = Home::new();
    let mut terminal = training(&home, "steps=30,step_ms=10");
    terminal.until("the end", |screen| screen.contains("✓ done"));
    let directory = listed(&home)[0]["directory"].as_str().map(std::path::PathBuf::from).expect("a directory");
    std::fs::remove_dir_all(directory).expect("deleted");
    terminal.until("the message", |screen| flat(screen).contains("has been deleted; 5 shows the runs that are there"));
    terminal.keys("5");
    terminal.wait("No run yet.");
    terminal.leave();
}

#[test]
fn a_screen_beyond_the_cut_of_a_resume_shows_no_ghosts() {
    let home = Home::new();
    let script = "steps=400,step_ms=10,state_every=100,epochs=8";
    let mut terminal = training(&home, &format!("{script},kill_at=190"));
    terminal.until("the loss of the engine", |screen| flat(screen).contains("p resumes from the last saved state") && step(screen) == 189);
    // A log that says epoch 3 (steps 101 to 150) was tested.
    assert!(terminal.text().contains("epoch 3: test accuracy"), "{}", terminal.text());
    let id = listed(&home)[0]["id"].as_str().expect("an id").to_string();
    home.scripted(&["resume", &id, "--detach"], "steps=400,step_ms=30,state_every=100,epochs=8");
    let screen = terminal.until("the steps after the cut", |screen| (101..180).contains(&step(screen)));
    assert!(!screen.contains("epoch 3: test accuracy") || step(&screen) >= 150, "a ghost of what was cut:\n{screen}");
    terminal.until("the end", |screen| screen.contains("✓ done") && step(screen) == 400);
    terminal.leave();
}

#[test]
fn two_screens_on_one_run_agree() {
    let home = Home::new();
    let mut one = training(&home, "steps=2000,step_ms=15");
    let mut other = Terminal::open(&home, "", 60, 20);
    other.wait("1 training");
    other.keys("\r");
    other.until("the run", |screen| step(screen) > 2);
    one.keys("p");
    other.wait("p resume");
    other.keys("p");
    one.wait("p pause");
    other.keys("x");
    other.wait("x stop");
    other.keys("x");
    one.until("the stop", |screen| flat(screen).contains("has stopped, its state is saved; p resumes it"));
    other.leave();
    one.leave();
}

#[test]
fn a_folder_that_cannot_be_written_can_be_looked_at() {
    let home = Home::new();
    home.scripted(&["run", "quickstart", "--quiet"], "steps=20");
    let mut terminal = Terminal::open_as_guest(&home, 80, 24);
    terminal.wait("test accuracy");
    for (keys, said) in
        [("tpaper\r", "you may look at this folder but not write into it"), ("d", "d delete n no"), ("d", "you may look at this folder")]
    {
        terminal.keys(keys);
        terminal.until(said, |screen| flat(screen).contains(said));
    }
    terminal.keys("\r");
    terminal.until("the run", |screen| screen.contains("✓ done") && step(screen) == 20);
    terminal.keys("1s");
    terminal.until("the refusal", |screen| screen.contains('✗') && flat(screen).contains("you may look at this folder"));
    terminal.leave();
    assert_eq!(listed(&home).len(), 1);
}

#[test]
fn a_folder_of_runs_may_be_a_link() {
    let home = Home::new();
    let real = home.config().join("elsewhere");
    std::fs::create_dir_all(&real).expect("a folder");
    std::os::unix::fs::symlink(&real, home.runs()).expect("a link");
    let mut terminal = training(&home, "steps=60,step_ms=15");
    terminal.until("the end", |screen| screen.contains("✓ done"));
    terminal.keys("5");
    terminal.until("the list", |screen| screen.lines().any(|line| line.contains("quickstart") && line.contains("done")));
    home.scripted(&["run", "quickstart", "--quiet"], "steps=20");
    terminal.wait("2 runs");
    terminal.leave();
}

#[test]
fn nothing_that_a_run_says_reaches_the_terminal_raw() {
    const EVIL: &str = "evil\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31mred\u{202e}";
    let home = Home::new();
    let text = "name = \"harmless\"\n[data]\nset = \"glyphs\"\n[network]\nkind = \"basicconv\"\n";
    let experiment = config::read(text, "test", &[]).expect("an experiment");
    let run = RunDirectory::create(&home.runs(), &experiment, text, Origin::default()).expect("a run");
    let file = run.path().join("run.json");
    let mut record: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).expect("read")).expect("a record");
    for field in ["name", "network", "set", "notes"] {
        record[field] = EVIL.into();
    }
    record["tags"] = vec![EVIL].into();
    std::fs::write(&file, record.to_string()).expect("written");
    let status = Status { state: State::Failed, message: Some(EVIL.into()), step: 3, steps: 10, ..Status::default() };
    status.write(&run.status()).expect("written");
    let message = serde_json::json!({"seq": 0, "step": 1, "epoch": 1, "time": 1.0, "type": "message", "level": "warning", "text": EVIL});
    std::fs::write(run.events(), format!("{message}\n")).expect("written");
    let mut terminal = Terminal::open(&home, "", 120, 36);
    terminal.until("the run", |screen| screen.contains("evil") && screen.contains("failed"));
    for (keys, wanted) in [
        ("y", "copied"),
        ("d", "Delete evil"),
        ("nt", "tags:"),
        ("\u{15}\r", "1 run"),
        ("\r", "✗ failed"),
        ("\u{3a}messages\r", "newest first"),
    ] {
        terminal.keys(keys);
        terminal.wait(wanted);
    }
    terminal.written_within(Duration::from_millis(800));
    for raw in ["\u{1b}]0;owned", "owned\u{7}", "\u{9b}", "\u{202e}"] {
        assert!(!terminal.has_written(raw), "{raw:?} was written");
    }
    // The first one closes the page.
    terminal.keys("q");
    terminal.wait("─ log ─");
    terminal.leave();
}
