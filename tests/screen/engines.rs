//! How often the screen starts an engine, and for what.

use super::terminal::{Home, Terminal};
use std::os::unix::fs::PermissionsExt;

/// Who looks at runs starts no engine. Configure asks one what the machine can do, and the next start knows it still.
#[test]
fn an_engine_is_started_only_where_its_answer_is_seen_and_asked_once_what_the_machine_can_do() {
    let home = Home::new();
    home.command(&["run", "quickstart", "--quiet"]);
    let (engine, log) = (home.runs().with_file_name("engine"), home.runs().with_file_name("asked"));
    let script = format!("#!/bin/sh\necho \"$1\" >> '{}'\nexec '{}' \"$@\"\n", log.display(), super::engine::scripted().display());
    std::fs::write(&engine, script).expect("an engine");
    std::fs::set_permissions(&engine, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    let asked = |question: &str| std::fs::read_to_string(&log).unwrap_or_default().lines().filter(|line| *line == question).count();
    for _ in 0..2 {
        let mut terminal = Terminal::open_with_engine(&home, &engine, 80, 24);
        terminal.wait("test accuracy");
        terminal.keys("\r");
        terminal.wait("done");
        let before = asked("doctor");
        terminal.keys("1");
        terminal.wait("cpu 1 threads");
        assert_eq!((before, asked("doctor")), if before == 0 { (0, 1) } else { (1, 1) });
        terminal.leave();
    }
    assert_eq!(asked("doctor"), 1, "the second start has kept the answer");
    assert_eq!(asked("train"), 0);
}
