//! However the screen ends, the shell gets its terminal as it was.

use super::terminal::{Home, Terminal, process_state};
use nix::sys::signal::Signal;

/// The sequences that give the terminal back: pasted text plain, the cursor, the screen of before.
const BACK: &str = "\x1b[?2004l\x1b[?25h\x1b[?1049l";

#[test]
fn a_key_and_every_signal_restore_the_terminal() {
    let home = Home::new();
    for (signal, code) in [(None, 0), (Some(Signal::SIGTERM), 143), (Some(Signal::SIGHUP), 129), (Some(Signal::SIGINT), 130)] {
        let mut terminal = Terminal::open(&home, "", 80, 24);
        terminal.wait("quickstart");
        match signal {
            None => terminal.keys("q"),
            Some(signal) => terminal.signal(signal),
        }
        assert_eq!(terminal.end(), code, "{signal:?}");
        terminal.until_written(BACK);
        assert!(terminal.is_cooked(), "{signal:?}");
    }
}

#[test]
fn it_stops_for_the_shell_and_comes_back() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, "", 80, 24);
    terminal.wait("quickstart");
    terminal.keys("\x1a");
    let begun = std::time::Instant::now();
    while process_state(terminal.pid()) != 'T' {
        assert!(begun.elapsed().as_secs() < 30, "not stopped");
        std::thread::yield_now();
    }
    terminal.until_written(BACK);
    assert!(terminal.is_cooked(), "the shell has its terminal");
    terminal.signal(Signal::SIGCONT);
    // The whole picture comes again without a key, and keys are read one by one as before.
    terminal.until_written(&format!("{BACK}\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?2026h\x1b[m\x1b[H\x1b[2J"));
    terminal.wait("quickstart");
    assert!(!terminal.is_cooked());
    terminal.keys("5");
    terminal.wait("No run yet.");
    terminal.leave();
    assert!(terminal.is_cooked());
}

#[test]
fn a_storm_of_sizes_ends_in_the_right_picture() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, "", 80, 24);
    terminal.wait("quickstart");
    for step in 0..100u16 {
        terminal.resize(10 + step % 50 * 3, 3 + step % 40);
    }
    terminal.resize(10, 3);
    terminal.resize(40, 10);
    terminal.wait("this needs 60 × 20");
    terminal.resize(120, 36);
    terminal.until("the wide picture", |screen| screen.contains("difference to the preset") && screen.lines().count() >= 36);
    terminal.resize(60, 20);
    terminal.until("the small picture", |screen| screen.contains("─ quickstart ─") && !screen.contains("Presets"));
    terminal.leave();
}

#[test]
fn a_wrong_keymap_is_said_and_a_right_one_holds() {
    let home = Home::new();
    let folder = home.config().join("curricle");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("keymap.toml"), "[everywhere]\nleave = \"Q\"\nhelp = \"hyper-x\"\n").expect("written");
    let mut terminal = Terminal::open(&home, "", 80, 24);
    terminal.wait("quickstart");
    terminal.keys("j:messages\r");
    terminal.wait("`hyper-x`");
    // Esc and a letter at once would be Alt and the letter.
    terminal.keys("\x1b");
    terminal.wait("─ quickstart ─");
    terminal.keys("Q");
    assert_eq!(terminal.end(), 0);
}
