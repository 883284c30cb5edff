//! The whole way by keys alone: choose a preset, change fields, start, watch, pause, resume, save, leave, come back.

use super::terminal::{Home, Terminal, listed, until_listed};

/// Moves down until a field is under the cursor: its path is the title of the explanation.
fn down_to(terminal: &mut Terminal, path: &str) {
    terminal.keys("g");
    for _ in 0..120 {
        if terminal.text().contains(&format!("─ {path} ─")) {
            return;
        }
        let before = title(&terminal.text());
        terminal.keys("j");
        terminal.until("the cursor to move", |screen| title(screen) != before);
    }
    panic!("no field {path}:\n{}", terminal.text());
}

/// The title of the explanation, which names the field under the cursor.
fn title(screen: &str) -> String {
    let line = screen.lines().find(|line| line.contains("├─ ") && !line.contains("├─ estimate"));
    line.map(|line| line.split("├─ ").nth(1).unwrap_or_default().split(' ').next().unwrap_or_default().to_string()).unwrap_or_default()
}

/// A number after a word on the screen.
fn number_after(screen: &str, word: &str) -> Option<f64> {
    let line = screen.lines().find(|line| line.contains(word))?;
    line.split(word).nth(1)?.split_whitespace().next()?.replace(',', "").parse().ok()
}

#[test]
fn from_a_preset_to_a_finished_run() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, "steps=400,epochs=4,step_ms=15", 80, 24);
    terminal.wait("Enter starts quickstart");

    // Another preset than the first: from the list, by its filter.
    terminal.keys("\t\t");
    terminal.wait("cpu");
    terminal.keys("/glyphs-base");
    terminal.until("the filter", |screen| screen.contains("/ glyphs-base") && !screen.contains("mnist-baseline"));
    terminal.keys("\r\r");
    terminal.wait("─ glyphs-baseline ─");

    // Two fields changed, and a wrong value refused beside its field.
    terminal.keys("\t");
    down_to(&mut terminal, "training.batch");
    terminal.keys("\r0\r");
    let screen = terminal.wait("training.batch: expected a whole number from 1");
    assert!(screen.lines().any(|line| line.contains("! batch") && line.contains("! exp")), "{screen}");
    terminal.keys("\x15250\r");
    terminal.wait("1 changed");
    down_to(&mut terminal, "training.epochs");
    terminal.keys("\r7\r");
    let screen = terminal.wait("2 changed");
    assert!(screen.contains("• epochs") && screen.contains("preset: "), "{screen}");

    // Start, and watch three metrics move.
    terminal.keys("s");
    let words = ["train loss", "weight norm", "train accuracy"];
    let screen = terminal.until("three metrics", |screen| words.iter().all(|word| number_after(screen, word).is_some()));
    let first: Vec<Option<f64>> = words.iter().map(|word| number_after(&screen, word)).collect();
    terminal.until("three metrics to move", |screen| words.iter().zip(&first).all(|(word, before)| number_after(screen, word) != *before));

    // Pause, and go on.
    terminal.keys("p");
    let paused = terminal.wait("paused, device kept");
    let step = number_after(&paused, "   step ");
    assert!(step.is_some_and(|step| step > 0.0), "{paused}");
    assert_eq!(listed(&home)[0]["state"], "paused");
    terminal.keys("p");
    terminal.until("more steps", |screen| number_after(screen, "   step ") > step && !screen.contains("paused, device kept"));

    // Save the experiment as a preset of one's own.
    terminal.keys("1W\x15mine\r");
    terminal.wait("saved as preset mine");
    terminal.wait("─ mine ─");
    assert!(home.config().join("curricle/presets/mine.toml").exists());
    let saved = home.command(&["preset", "show", "mine"]);
    assert!(saved.contains("batch = 250") && saved.contains("epochs = 7"), "{saved}");

    // Leave: the run goes on and ends by itself, and the next start shows it.
    terminal.leave();
    let runs = until_listed(&home, "the run to end", |runs| runs[0]["state"] == "done");
    assert_eq!(runs.len(), 1);
    let terminal = Terminal::open(&home, "", 80, 24);
    let screen = terminal.until("the run as done", |screen| screen.contains("1 run ") || screen.contains(" done "));
    let accuracy = format!("{:.4}", runs[0]["accuracy"].as_f64().expect("an accuracy"));
    let row = screen.lines().find(|line| line.contains(" done ")).unwrap_or_default();
    assert!(row.contains(&accuracy) && row.contains(" 400 "), "the list says {runs:?}, the screen:\n{screen}");
}

#[test]
fn the_first_enter_trains_and_the_run_outlives_a_killed_screen() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, "steps=300,epochs=3,step_ms=15", 80, 24);
    terminal.wait("Enter starts quickstart");
    terminal.keys("\r");
    terminal.until("training", |screen| number_after(screen, "   step ").is_some_and(|step| step > 2.0));
    terminal.signal(nix::sys::signal::Signal::SIGKILL);
    terminal.end();
    let runs = listed(&home);
    assert_eq!(runs[0]["state"], "training", "{runs:?}");
    let mut terminal = Terminal::open(&home, "", 80, 24);
    terminal.wait("1 training");
    terminal.keys("\r");
    terminal.until("the run in Train", |screen| number_after(screen, "   step ").is_some_and(|step| step > 2.0));
    terminal.until("its end", |screen| screen.contains("is done: test accuracy") && screen.contains("✓ done"));
    assert_eq!(listed(&home)[0]["state"], "done");
}

#[test]
fn a_run_is_stopped_resumed_labelled_and_deleted() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, "steps=500,epochs=5,step_ms=15", 80, 24);
    terminal.wait("Enter starts quickstart");
    terminal.keys("\r");
    terminal.until("training", |screen| number_after(screen, "   step ").is_some_and(|step| step > 2.0));
    terminal.keys("x");
    terminal.wait("The state is saved");
    terminal.keys("\r");
    terminal.keys("x");
    terminal.wait("stopped after");
    terminal.keys("5");
    terminal.until("it in the list", |screen| screen.contains("stopped") && screen.contains("newest first"));
    terminal.keys("tpaper\r");
    terminal.wait("tags        paper");
    assert_eq!(listed(&home)[0]["tags"][0], "paper");
    terminal.keys("r");
    terminal.wait("1 training");
    terminal.keys("x");
    terminal.wait("x stop");
    terminal.keys("x");
    until_listed(&home, "the second stop", |runs| runs[0]["state"] == "stopped");
    terminal.until("the row", |screen| screen.lines().any(|line| line.contains("quickstart") && line.contains("stopped")));
    terminal.keys("d");
    terminal.wait("d delete  n no");
    terminal.keys("d");
    terminal.wait("No run yet.");
    assert!(listed(&home).is_empty());
}

#[test]
fn an_engine_that_cannot_start_is_said_in_words() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, "broken=1", 80, 24);
    terminal.wait("Enter starts quickstart");
    terminal.keys("\r");
    let screen = terminal.wait("libtorch_cpu.so");
    assert!(screen.contains('✗'), "{screen}");
    terminal.keys("5");
    terminal.until("the failed run", |screen| screen.lines().any(|line| line.contains("quickstart") && line.contains("failed")));
}
