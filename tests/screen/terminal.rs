//! A pseudo-terminal with the program in it, and an eye that reads what a user would see.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// Longest wait for a text: far more than it ever takes, also on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home of its own: runs, settings, data.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Home {
        Home(tempfile::tempdir().expect("a folder"))
    }

    pub fn runs(&self) -> PathBuf {
        self.0.path().join("runs")
    }

    pub fn config(&self) -> PathBuf {
        self.0.path().join("config")
    }

    /// Variables that keep a program within this home.
    fn variables(&self) -> Vec<(String, String)> {
        let path = |part: &str| self.0.path().join(part).display().to_string();
        vec![
            ("HOME".into(), path("")),
            ("XDG_CONFIG_HOME".into(), path("config")),
            ("XDG_DATA_HOME".into(), path("data")),
            ("CURRICLE_RUNS".into(), path("runs")),
            ("CURRICLE_ENGINE".into(), super::engine::scripted().display().to_string()),
            ("TERM".into(), "xterm-256color".into()),
            ("COLORTERM".into(), "truecolor".into()),
            ("LANG".into(), "C.UTF-8".into()),
            ("LC_ALL".into(), "C.UTF-8".into()),
            ("NO_COLOR".into(), String::new()),
            ("TMUX".into(), String::new()),
        ]
    }

    /// Runs a command line of the program without a terminal and answers what it prints.
    pub fn command(&self, arguments: &[&str]) -> String {
        self.scripted(arguments, "")
    }

    /// The same with an engine of one's own.
    pub fn real(&self, engine: &std::path::Path, arguments: &[&str]) -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_curricle"));
        let output = command.args(arguments).envs(self.variables()).env("CURRICLE_ENGINE", engine).output().expect("the program runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// The same with a script for the engine.
    pub fn scripted(&self, arguments: &[&str], script: &str) -> String {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_curricle"))
            .args(arguments)
            .envs(self.variables())
            .env("CURRICLE_SCRIPT", script)
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}

struct Seen {
    parser: vt100::Parser,
    bytes: u64,
    raw: Vec<u8>,
    ended: bool,
}

/// The program on a terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    pub started: Instant,
}

impl Terminal {
    /// Opens the screen on a terminal of this size; `script` is what the scripted engine plays.
    pub fn open(home: &Home, script: &str, columns: u16, rows: u16) -> Terminal {
        Terminal::open_with(home, script, columns, rows, CommandBuilder::new(env!("CARGO_BIN_EXE_curricle")))
    }

    /// The same with an engine that is not the scripted one.
    pub fn open_with_engine(home: &Home, engine: &std::path::Path, columns: u16, rows: u16) -> Terminal {
        let mut command = CommandBuilder::new("env");
        command.arg(format!("CURRICLE_ENGINE={}", engine.display()));
        command.arg(env!("CARGO_BIN_EXE_curricle"));
        Terminal::open_with(home, "", columns, rows, command)
    }

    /// The same as a user who may look at everything and write nothing. Root may write everywhere: it becomes nobody.
    pub fn open_as_guest(home: &Home, columns: u16, rows: u16) -> Terminal {
        use std::os::unix::fs::PermissionsExt;
        let guest = if nix::unistd::Uid::effective().is_root() {
            let mut command = CommandBuilder::new("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", env!("CARGO_BIN_EXE_curricle")]);
            command
        } else {
            CommandBuilder::new(env!("CARGO_BIN_EXE_curricle"))
        };
        let mut folders = vec![home.0.path().to_path_buf()];
        while let Some(path) = folders.pop() {
            let facts = std::fs::metadata(&path).expect("it is there");
            let mode = if facts.is_dir() || facts.permissions().mode() & 0o111 != 0 { 0o555 } else { 0o444 };
            if facts.is_dir() {
                folders.extend(std::fs::read_dir(&path).expect("a folder").flatten().map(|entry| entry.path()));
            }
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("its mode");
        }
        Terminal::open_with(home, "", columns, rows, guest)
    }

    fn open_with(home: &Home, script: &str, columns: u16, rows: u16, mut command: CommandBuilder) -> Terminal {
        let pair = native_pty_system().openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).expect("a terminal");
        for (name, value) in home.variables() {
            command.env(name, value);
        }
        command.env("CURRICLE_SCRIPT", script);
        command.cwd(home.0.path());
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let parser = vt100::Parser::new(rows, columns, 0);
        let seen = Arc::new((Mutex::new(Seen { parser, bytes: 0, raw: Vec::new(), ended: false }), Condvar::new()));
        let eye = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                let (lock, changed) = &*eye;
                let mut seen = lock.lock().expect("the eye");
                seen.bytes += read as u64;
                seen.parser.process(&buffer[..read]);
                seen.raw.extend_from_slice(&buffer[..read]);
                seen.ended = read == 0;
                changed.notify_all();
                if seen.ended {
                    return;
                }
            }
        });
        Terminal { master: pair.master, writer, child, seen, started }
    }

    /// What is on the screen.
    pub fn text(&self) -> String {
        self.seen.0.lock().expect("the eye").parser.screen().contents()
    }

    /// Waits until a sequence has been written; the eye may see the last bytes after the program has ended.
    pub fn until_written(&self, sequence: &str) {
        let begun = Instant::now();
        let (lock, changed) = &*self.seen;
        let mut seen = lock.lock().expect("the eye");
        while !String::from_utf8_lossy(&seen.raw).contains(sequence) {
            assert!(begun.elapsed() < PATIENCE, "never written: {sequence:?}");
            seen = changed.wait_timeout(seen, Duration::from_millis(500)).expect("the eye").0;
        }
    }

    /// Whether a sequence has been written at any time.
    pub fn has_written(&self, sequence: &str) -> bool {
        String::from_utf8_lossy(&self.seen.0.lock().expect("the eye").raw).contains(sequence)
    }

    /// Whether the terminal echoes and waits for whole lines, as a shell leaves it.
    pub fn is_cooked(&self) -> bool {
        let settings = self.master.get_termios().expect("its settings");
        let whole_lines = nix::libc::ICANON | nix::libc::ECHO;
        settings.local_flags.bits() & whole_lines == whole_lines
    }

    /// Waits until the screen is as wanted; answers it.
    pub fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        let (lock, changed) = &*self.seen;
        let mut seen = lock.lock().expect("the eye");
        loop {
            let text = seen.parser.screen().contents();
            if wanted(&text) {
                return text;
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            assert!(!left.is_zero() && !seen.ended, "waited in vain for {what}; the screen shows:\n{text}");
            seen = changed.wait_timeout(seen, left.min(Duration::from_millis(500))).expect("the eye").0;
        }
    }

    /// Waits for a text.
    pub fn wait(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Waits whether anything is written within a time; answers the bytes.
    pub fn written_within(&self, time: Duration) -> u64 {
        let begun = Instant::now();
        let (lock, changed) = &*self.seen;
        let mut seen = lock.lock().expect("the eye");
        let before = seen.bytes;
        while begun.elapsed() < time {
            seen = changed.wait_timeout(seen, time.saturating_sub(begun.elapsed())).expect("the eye").0;
        }
        seen.bytes - before
    }

    /// Types bytes as a keyboard would.
    pub fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).and_then(|()| self.writer.flush()).expect("the terminal takes keys");
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.seen.0.lock().expect("the eye").parser.screen_mut().set_size(rows, columns);
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).expect("a new size");
    }

    /// The program's process.
    pub fn pid(&self) -> i32 {
        self.child.process_id().expect("a process") as i32
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.pid()), signal).expect("the program is there");
    }

    /// Waits for the program's end; answers its exit code.
    pub fn end(&mut self) -> u32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                return status.exit_code();
            }
            assert!(begun.elapsed() < PATIENCE, "the program does not end; the screen shows:\n{}", self.text());
            std::thread::yield_now();
        }
    }

    /// Leaves by the key.
    pub fn leave(&mut self) {
        self.keys("q");
        assert_eq!(self.end(), 0);
    }
}

impl Drop for Home {
    /// What a guest could not write in can be deleted again.
    fn drop(&mut self) {
        use std::os::unix::fs::PermissionsExt;
        let mut folders = vec![self.0.path().to_path_buf()];
        while let Some(path) = folders.pop() {
            let _ = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755));
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            folders.extend(entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// A time of the processor that a process has used, in ticks of 10 ms.
pub fn ticks(pid: i32) -> u64 {
    let facts = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is there");
    let after_name = facts.rsplit_once(')').expect("a name").1;
    let numbers: Vec<&str> = after_name.split_whitespace().collect();
    numbers[11].parse::<u64>().expect("a number") + numbers[12].parse::<u64>().expect("a number")
}

/// The state of a process: `S` sleeps, `T` is stopped.
pub fn process_state(pid: i32) -> char {
    let facts = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is there");
    facts.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).expect("a state")
}

/// Every run as the command line lists it.
pub fn listed(home: &Home) -> Vec<serde_json::Value> {
    serde_json::from_str(&home.command(&["runs", "list", "--json"])).expect("a list")
}

/// Waits until the list of runs is as wanted.
pub fn until_listed(home: &Home, what: &str, wanted: impl Fn(&[serde_json::Value]) -> bool) -> Vec<serde_json::Value> {
    let begun = Instant::now();
    loop {
        let runs = listed(home);
        if wanted(&runs) {
            return runs;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}: {runs:?}");
        std::thread::yield_now();
    }
}
