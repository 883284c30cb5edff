//! What the screen costs: nothing while nothing happens, little while a run is watched.

use super::terminal::{Home, Terminal, ticks, until_listed};
use std::time::Duration;

#[test]
fn an_idle_screen_writes_nothing_and_takes_no_time() {
    let home = Home::new();
    home.command(&["run", "quickstart", "--quiet"]);
    let mut terminal = Terminal::open(&home, "", 80, 24);
    terminal.wait("test accuracy");
    for keys in ["", "\r", "1", "3"] {
        terminal.keys(keys);
        // What the key asked for is done when nothing has come for a while.
        let mut quiet = false;
        for _ in 0..50 {
            quiet = terminal.written_within(Duration::from_millis(1_500)) == 0;
            if quiet {
                break;
            }
        }
        assert!(quiet, "after {keys:?} the screen is never still");
        let before = ticks(terminal.pid());
        assert_eq!(terminal.written_within(Duration::from_secs(3)), 0, "bytes while idle, after {keys:?}");
        assert!(ticks(terminal.pid()) - before <= 2, "more than 20 ms of processor time in 3 s, after {keys:?}");
    }
    terminal.leave();
}

#[test]
fn watching_a_run_costs_few_bytes() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, "steps=5000,epochs=12,step_ms=200", 80, 24);
    terminal.wait("Enter starts quickstart");
    terminal.keys("\r");
    terminal.until("some steps", |screen| screen.contains("images per second") && !screen.contains("no step yet"));
    terminal.keys("c c");
    terminal.written_within(Duration::from_secs(8));
    let seconds = 12;
    let before = ticks(terminal.pid());
    let bytes = terminal.written_within(Duration::from_secs(seconds));
    let used = ticks(terminal.pid()) - before;
    println!("{} bytes a second, {used} ticks in {seconds} s", bytes / seconds);
    assert!(bytes > 0, "a run that trains is seen to train");
    assert!(bytes / seconds <= 500, "{} bytes a second", bytes / seconds);
    terminal.keys("x");
    terminal.wait("x stop");
    terminal.keys("x");
    until_listed(&home, "the stop", |runs| runs[0]["state"] == "stopped");
    terminal.leave();
}
