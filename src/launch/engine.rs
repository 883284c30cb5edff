//! Where the engine is, and the questions that it answers without a run.

use super::error::Error;
use curricle_core::environment;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// Longest answer that is read.
const LIMIT: u64 = 16 << 20;

/// The engine's executable.
#[derive(Debug, Clone)]
pub struct Engine {
    path: PathBuf,
}

/// What an evaluation found: the engine's JSON object.
pub type Evaluated = serde_json::Map<String, Value>;

impl Engine {
    /// Finds it: `CURRICLE_ENGINE`, else `curricle-engine` beside this program.
    pub fn find() -> Result<Self, Error> {
        let given = std::env::var_os("CURRICLE_ENGINE").filter(|value| !value.is_empty());
        let from_environment = given.is_some();
        let path = match given {
            Some(path) => {
                let path = PathBuf::from(path);
                std::path::absolute(&path).unwrap_or(path)
            }
            None => std::env::current_exe().unwrap_or_default().with_file_name("curricle-engine"),
        };
        if path.is_file() { Ok(Self { path }) } else { Err(Error::NoEngine { path, from_environment }) }
    }

    /// The executable.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A command that starts it, without arguments.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        // Set here, it need not start itself again, which loads libtorch twice.
        command.envs(environment::unset_here());
        command
    }

    pub(super) fn spawn_error(&self, source: std::io::Error) -> Error {
        Error::Spawn { path: self.path.clone(), source }
    }

    /// What it finds on this machine: libtorch, devices, the CPU.
    pub fn doctor(&self) -> Result<Value, Error> {
        let mut command = self.command();
        command.arg("doctor");
        self.ask("doctor", command, |_, _| ()).map(Value::Object)
    }

    /// What an experiment will take: time, memory, disk, from a measurement of a few steps.
    pub fn estimate(&self, experiment: &Path, data: Option<&Path>) -> Result<Value, Error> {
        let mut command = self.command();
        command.arg("estimate").arg("--experiment").arg(experiment);
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        self.ask("estimate", command, |_, _| ()).map(Value::Object)
    }

    /// Evaluates a checkpoint on `test` or `train`; `progress` is told images done and images in all.
    pub fn evaluate(
        &self,
        experiment: &Path,
        checkpoint: &Path,
        data: Option<&Path>,
        set: &str,
        progress: impl FnMut(u64, u64),
    ) -> Result<Evaluated, Error> {
        let mut command = self.command();
        command.arg("evaluate").arg("--experiment").arg(experiment).arg("--checkpoint").arg(checkpoint).arg("--set-name").arg(set);
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        self.ask("evaluate", command, progress)
    }

    /// Runs a published study of orders again; `progress` is told orders done and orders in all.
    pub fn replay(
        &self,
        experiment: &Path,
        study: &Path,
        data: Option<&Path>,
        crops: bool,
        progress: impl FnMut(u64, u64),
    ) -> Result<Evaluated, Error> {
        let mut command = self.command();
        command.arg("replay").arg("--experiment").arg(experiment).arg("--study").arg(study);
        if !crops {
            command.arg("--no-crops");
        }
        if let Some(data) = data {
            command.arg("--data").arg(data);
        }
        self.ask("replay", command, progress)
    }

    /// Runs a command that prints one JSON object on standard output and `progress DONE TOTAL` lines, or what went
    /// wrong, on standard error.
    fn ask(&self, question: &'static str, mut command: Command, mut progress: impl FnMut(u64, u64)) -> Result<Evaluated, Error> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.spawn_error(error))?;
        let broken = |text: String| Error::Answer { path: self.path.clone(), question, text };
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(broken("no streams".into()));
        };
        // Both streams at once, or a full pipe would stop the engine.
        let answer = std::thread::spawn(move || {
            let mut text = Vec::new();
            stdout.take(LIMIT).read_to_end(&mut text).map(|_| text)
        });
        let mut words = Vec::new();
        let mut lines = BufReader::new(stderr.take(LIMIT));
        let mut line = Vec::new();
        while matches!(lines.read_until(b'\n', &mut line), Ok(count) if count > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_string();
            line.clear();
            match parse_progress(&text) {
                Some((done, total)) => progress(done, total),
                None => words.push(curricle_core::run::plain(&text)),
            }
        }
        let status = child.wait().map_err(|error| broken(error.to_string()))?;
        let answer = answer.join().map_err(|_| broken("the reader failed".into()))?.map_err(|error| broken(error.to_string()))?;
        if !status.success() {
            return Err(Error::Died { code: code_of(status), message: last_words(&words, status), log: None });
        }
        serde_json::from_slice(&answer).map_err(|error| broken(error.to_string()))
    }
}

fn parse_progress(line: &str) -> Option<(u64, u64)> {
    let (done, total) = line.strip_prefix("progress ")?.split_once(' ')?;
    Some((done.parse().ok()?, total.parse().ok()?))
}

/// The code to end with after an engine ended so: its own where it means something, else 1 (127 without libtorch, 101
/// after a panic).
pub(super) fn code_of(status: ExitStatus) -> u8 {
    match (status.code(), status.signal()) {
        (Some(code), _) => u8::try_from(code).ok().filter(|code| matches!(code, 0..=6 | 129..=192)).unwrap_or(1),
        (None, Some(signal)) => 128_u8.saturating_add(u8::try_from(signal).unwrap_or(0)),
        (None, None) => 1,
    }
}

/// What the engine said before it ended: from its `error:` line on, else its last line, else how it ended.
pub(super) fn last_words(lines: &[String], status: ExitStatus) -> String {
    // In the log a line may begin with its time.
    let said = |line: &String| line.starts_with("error: ") || line.split_once(' ').is_some_and(|(_, rest)| rest.starts_with("error: "));
    if let Some(place) = lines.iter().rposition(said) {
        let text = lines[place..].join("\n");
        return text.split_once("error: ").map_or(text.as_str(), |(_, rest)| rest).trim_end().to_string();
    }
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("the engine ended with code {code}"),
        (None, Some(signal)) => format!("the engine was ended by signal {signal}"),
        (None, None) => "the engine ended".to_string(),
    };
    match lines.iter().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("{how}: {}", line.trim()),
        None => how,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_those_after_error() {
        let status = ExitStatus::from_raw(2 << 8);
        let lines = |text: &str| text.lines().map(str::to_string).collect::<Vec<_>>();
        assert_eq!(last_words(&lines("warning: x\nerror: no data\nhint: fetch it"), status), "no data\nhint: fetch it");
        assert_eq!(last_words(&lines("cannot open libtorch.so\n"), status), "the engine ended with code 2: cannot open libtorch.so");
        assert_eq!(last_words(&lines("2026-11-24T20:00:00Z error: no data"), status), "no data");
        assert_eq!(last_words(&[], ExitStatus::from_raw(9)), "the engine was ended by signal 9");
        assert_eq!(code_of(ExitStatus::from_raw(9)), 137);
        assert_eq!(code_of(status), 2);
        assert_eq!(code_of(ExitStatus::from_raw(127 << 8)), 1);
        assert_eq!(code_of(ExitStatus::from_raw(130 << 8)), 130);
    }

    #[test]
    fn progress_lines_are_told_from_words() {
        assert_eq!(parse_progress("progress 500 10000"), Some((500, 10_000)));
        assert_eq!(parse_progress("progress soon"), None);
        assert_eq!(parse_progress("error: progress 1 2"), None);
    }
}
