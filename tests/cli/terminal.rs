//! What is different on a terminal: a line that is drawn over, questions, the interrupt key.

use crate::house::{House, wait_for};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

/// The program on a terminal of its own.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    seen: Arc<Mutex<Vec<u8>>>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn open(house: &House, arguments: &[&str]) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        let plain = house.curricle(arguments);
        let mut command = CommandBuilder::new(plain.get_program());
        command.args(plain.get_args());
        command.cwd(plain.get_current_dir().unwrap());
        command.env_clear();
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 {
                    return;
                }
                sink.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, keys, seen, _master: pair.master }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned()
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        wait_for(text, || self.text().contains(text).then_some(()));
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn end(mut self) -> (u32, String) {
        let code = self.child.wait().unwrap().exit_code();
        // What is left in the terminal's own buffer.
        wait_for("the last words", || {
            let before = self.text();
            std::thread::sleep(std::time::Duration::from_millis(30));
            (self.text() == before).then_some(())
        });
        (code, self.text())
    }
}

#[test]
fn progress_is_one_line_that_is_drawn_over() {
    let house = House::new("steps=60,epochs=2,step_ms=25");
    let terminal = Terminal::open(&house, &["run", "quickstart"]);
    terminal.wait_for("\repoch 1 of 2  step ");
    terminal.wait_for(" left\u{1b}[K");
    let (code, text) = terminal.end();
    assert_eq!(code, 0);
    let drawn: Vec<&str> = text.split(['\r', '\n']).filter_map(|line| line.strip_suffix("\u{1b}[K")).collect();
    assert!(drawn.len() > 5, "{drawn:?}");
    assert!(drawn.iter().all(|line| line.chars().count() < 80), "a progress line never wraps: {drawn:?}");
    let shown = after_drawing(&text);
    assert!(shown.iter().any(|line| line.starts_with("state ") && line.ends_with("done")), "{shown:?}");
    assert!(!shown.iter().any(|line| line.contains(" left") && !line.contains("accuracy")), "the line is taken away: {shown:?}");
}

/// The lines that stay on the screen.
fn after_drawing(text: &str) -> Vec<String> {
    let mut parser = vt100::Parser::new(60, 200, 0);
    parser.process(text.as_bytes());
    parser.screen().contents().lines().map(|line| line.trim_end().to_string()).collect()
}

#[test]
fn the_interrupt_key_saves_and_ends() {
    let house = House::new("steps=100000,step_ms=4");
    let mut terminal = Terminal::open(&house, &["run", "quickstart"]);
    terminal.wait_for("step 1");
    terminal.press("\u{3}");
    let (code, text) = terminal.end();
    assert_eq!(code, 130, "{text}");
    let run = house.newest();
    assert_eq!(run["state"], "stopped");
    assert_eq!(house.events(run["id"].as_str().unwrap()).last().unwrap()["reason"], "signal 2", "once, and saved");
}

#[test]
fn a_suspended_command_holds_its_engine_and_both_go_on() {
    let house = House::new("steps=100000,step_ms=4");
    let mut terminal = Terminal::open(&house, &["run", "quickstart"]);
    let id = wait_for("a run", || house.newest()["id"].as_str().map(str::to_string));
    let engine = wait_for("its engine", || house.newest()["pid"].as_u64());
    let command = u64::from(terminal.child.process_id().unwrap());
    wait_for("steps", || house.newest_step().filter(|step| *step > 5));
    let state = |pid: u64| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
    };
    terminal.press("\u{1a}");
    wait_for("both to be stopped", || (state(command) == Some('T') && state(engine) == Some('T')).then_some(()));
    assert_eq!(house.newest()["state"], "training", "not lost");
    let count = house.events(&id).len();
    crate::house::signal(command, nix::sys::signal::Signal::SIGCONT);
    wait_for("steps after it", || (house.events(&id).len() > count + 5).then_some(()));
    terminal.press("\u{3}");
    assert_eq!(terminal.end().0, 130);
    assert_eq!(house.newest()["state"], "stopped");
}

#[test]
fn a_question_is_answered_by_a_letter() {
    let house = House::new("steps=3");
    house.ok(&["run", "quickstart", "-q"]);
    let id = house.newest()["id"].as_str().unwrap().to_string();
    for (answer, stays) in [("\n", true), ("n\n", true), ("y\n", false)] {
        let mut terminal = Terminal::open(&house, &["runs", "delete", "last"]);
        terminal.wait_for("? [y/N] ");
        terminal.press(answer);
        let (code, text) = terminal.end();
        assert_eq!((code, house.directory(&id).exists()), (u32::from(stays), stays), "{answer:?}");
        assert_eq!(text.contains("nothing was changed"), stays, "{text}");
    }
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let house = House::new("");
    let painted = |arguments: &[&str]| Terminal::open(&house, arguments).end().1;
    assert!(painted(&["runs", "show", "last"]).contains("\u{1b}[1;31merror:\u{1b}[0m "));
    assert!(painted(&["runs", "show", "last", "--color", "never"]).starts_with("error: "));
    assert!(house.call(&["runs", "show", "last"]).err.starts_with("error: "));
    assert!(house.call(&["runs", "show", "last", "--color=always"]).err.starts_with("\u{1b}[1;31merror:"));
}
