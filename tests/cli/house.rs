//! A home of its own for each test: folders, environment, and ways to call the program.

use crate::engine;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a test waits for something that takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Folders of one test.
pub struct House {
    folder: tempfile::TempDir,
    script: String,
}

/// What a call left.
pub struct Said {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl House {
    /// With an engine that plays `script`.
    pub fn new(script: &str) -> Self {
        // In memory where there is such a place: nothing here is about the speed of a disk.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self { folder: folder.unwrap(), script: script.into() }
    }

    /// The same folders with another script.
    pub fn plays(&mut self, script: &str) {
        self.script = script.into();
    }

    /// Where runs are.
    pub fn runs(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    /// A file in the home folder.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program, with nothing of the caller's own settings.
    pub fn curricle(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_curricle"));
        let home = self.folder.path();
        command
            .args(arguments)
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TMPDIR", home)
            .env("CURRICLE_RUNS", self.runs())
            .env("CURRICLE_ENGINE", engine::scripted())
            .env("CURRICLE_SCRIPT", &self.script)
            .stdin(Stdio::null());
        command
    }

    /// Calls it and waits for its end.
    pub fn call(&self, arguments: &[&str]) -> Said {
        said(self.curricle(arguments).output().unwrap())
    }

    /// Calls it; it must end well. Standard output comes back.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let said = self.call(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.err);
        said.out
    }

    /// The same with `--json`.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
    }

    /// Calls it; it must end with this code and say exactly this on standard error, and nothing on standard output.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str], code: i32, words: &str) {
        let said = self.call(arguments);
        assert_eq!((said.err.trim_end(), said.code), (words, code), "{arguments:?}");
        assert_eq!(said.out, "");
    }

    /// Starts it and lets it run.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.curricle(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts a run in the background; gives its id.
    pub fn detached(&self, arguments: &[&str]) -> String {
        let said = self.json(&[&["run", "quickstart", "--detach"], arguments].concat());
        said["id"].as_str().unwrap().to_string()
    }

    /// Starts a run in the background that hangs in a step, which no command interrupts; gives its id and process.
    pub fn hanging(&self) -> (String, u64) {
        assert!(self.script.contains("hang_at"));
        let id = self.detached(&[]);
        wait_for("the script to hang", || self.events(&id).iter().any(|event| event["text"] == "the script waits").then_some(()));
        let pid = self.newest()["pid"].as_u64().unwrap();
        (id, pid)
    }

    /// The newest run's summary.
    pub fn newest(&self) -> Value {
        self.json(&["runs", "list"])[0].clone()
    }

    /// Waits until the newest run is in a state; gives its summary.
    #[track_caller]
    pub fn until(&self, state: &str) -> Value {
        wait_for(&format!("state {state}"), || Some(self.newest()).filter(|run| run["state"] == state))
    }

    /// The directory of a run.
    pub fn directory(&self, id: &str) -> PathBuf {
        self.runs().join(id)
    }

    /// The events of a run.
    pub fn events(&self, id: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.directory(id).join("events.jsonl")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for House {
    /// Engines in the background end with the test, also when it fails: each by its own number, which only it can have
    /// as long as it holds its lock.
    fn drop(&mut self) {
        for entry in std::fs::read_dir(self.runs()).into_iter().flatten().flatten() {
            let Ok(directory) = curricle_core::run::RunDirectory::open(&entry.path()) else { continue };
            if curricle_core::run::Lock::is_held(&directory) {
                let pid = i32::try_from(curricle_core::run::Lock::holder(&directory).pid).unwrap_or(0);
                if pid > 0 && pid != std::process::id() as i32 {
                    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
                }
            }
        }
    }
}

/// What a finished process left.
pub fn said(output: Output) -> Said {
    use std::os::unix::process::ExitStatusExt;
    let code = output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or(999));
    Said { code, out: String::from_utf8(output.stdout).unwrap(), err: String::from_utf8(output.stderr).unwrap() }
}

/// Waits until something is there.
#[track_caller]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited {PATIENCE:?} in vain for {what}");
}

/// Sends a signal to a process.
pub fn signal(pid: u64, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(pid).unwrap()), signal).unwrap();
}

/// The last weights that a run wrote.
pub fn weights(directory: &Path) -> Vec<u8> {
    std::fs::read(directory.join("checkpoints/last.safetensors")).unwrap()
}
