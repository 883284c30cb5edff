//! What an experiment will cost, and what the machine can do.

use super::{Worker, one_line, said};
use crate::launch::Engine;
use crate::tui::message::{Estimate, Machine, Message};
use curricle_core::config::{self, Experiment};
use curricle_core::passes;
use curricle_core::run::{Lock, RunDirectory, State, catalogue};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long an experiment must stay as it is before it is measured.
const REST: Duration = Duration::from_millis(700);
/// Earlier runs that are looked at, at most.
const EARLIER: usize = 30;

impl Worker {
    fn outdated(&self, generation: u64) -> bool {
        self.wanted.load(Ordering::SeqCst) != generation
    }

    /// Waits until the experiment rests, then looks for an earlier run like it, then measures. Gives up as soon as the
    /// experiment changes.
    pub(super) async fn estimate(&self, generation: u64, text: String) {
        tokio::time::sleep(REST).await;
        if self.outdated(generation) {
            return;
        }
        let runs = self.runs.clone();
        let earlier_text = text.clone();
        let (earlier, training) =
            tokio::task::spawn_blocking(move || (from_earlier(&runs, &earlier_text), anything_trains(&runs))).await.unwrap_or_default();
        if let Some(estimate) = earlier {
            self.answer(Message::Estimated(generation, Ok(estimate)));
            return;
        }
        if training || self.outdated(generation) {
            // A measurement would slow the run that trains, and be wrong itself.
            return;
        }
        self.answer(Message::Estimating(generation));
        let answer = self.measure(generation, &text).await;
        if let Some(answer) = answer {
            self.answer(Message::Estimated(generation, answer));
        }
    }

    async fn measure(&self, generation: u64, text: &str) -> Option<Result<Estimate, String>> {
        let engine = match Engine::find() {
            Ok(engine) => engine,
            Err(error) => return Some(Err(one_line(&error.to_string()))),
        };
        let file = tempfile::Builder::new().prefix("curricle-").suffix(".toml").tempfile().ok()?;
        std::fs::write(file.path(), text).ok()?;
        let mut command = tokio::process::Command::new(engine.path());
        command.arg("estimate").arg("--experiment").arg(file.path());
        if let Some(data) = &self.data {
            command.arg("--data").arg(data);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let output = command.output();
        tokio::pin!(output);
        loop {
            tokio::select! {
                output = &mut output => return Some(read_estimate(output, file.path()).map(|estimate| with_scoring(estimate, text))),
                // Only while something is being measured: does the experiment still stand?
                () = tokio::time::sleep(Duration::from_millis(200)) => if self.outdated(generation) { return None },
            }
        }
    }

    /// Gives up whatever is being measured.
    pub fn give_up_measuring(&self) {
        self.wanted.store(u64::MAX, Ordering::SeqCst);
    }
}

fn read_estimate(output: std::io::Result<std::process::Output>, file: &Path) -> Result<Estimate, String> {
    let output = output.map_err(|error| format!("the engine could not be started: {error}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr).replace(&file.display().to_string(), "experiment");
        let from = words.find("error: ").map_or(0, |place| place + "error: ".len());
        let words = one_line(words.get(from..).unwrap_or_default());
        return Err(if words.is_empty() { format!("the engine's estimate ended with {}", output.status) } else { words });
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("the engine's estimate cannot be read: {error}"))
}

/// The engine measures plain steps: what an ordering adds to them is counted.
fn with_scoring(mut estimate: Estimate, text: &str) -> Estimate {
    let experiment = config::read(text, "experiment", &[]).ok();
    let passes = experiment.and_then(|experiment| passes::of_run(&experiment, estimate.train_images));
    if let Some(passes) = passes {
        estimate.seconds += (passes.scoring + passes.preparation).plain_steps() * estimate.seconds_per_step;
    }
    estimate
}

fn anything_trains(runs: &Path) -> bool {
    catalogue::list(runs).unwrap_or_default().iter().any(|run| run.state == State::Training && run.pid.is_some())
}

/// The pace of the newest run that is done and does the same per step: same images, network, batch, precision, device.
fn from_earlier(runs: &Path, text: &str) -> Option<Estimate> {
    let wanted = config::read(text, "experiment", &[]).ok()?;
    let done = catalogue::list(runs).ok()?.into_iter().filter(|run| run.state == State::Done && run.seconds > 0.0 && run.step > 0);
    for run in done.filter(|run| run.set == wanted.data.set.word()).take(EARLIER) {
        let Ok(directory) = RunDirectory::open(&run.directory) else { continue };
        let Ok(resolved) = directory.read_resolved().map_err(|error| said(&error)) else { continue };
        let Ok(earlier) = config::read(&resolved, "resolved.toml", &[]) else { continue };
        if !same_work(&wanted, &earlier) || Lock::is_held(&directory) {
            continue;
        }
        let machine = directory.record().ok().and_then(|record| record.machine);
        let per_epoch = run.epochs.filter(|epochs| *epochs > 0).map(|epochs| run.step.div_ceil(epochs));
        let steps = wanted.training.steps.or_else(|| Some(wanted.training.epochs? * per_epoch?))?;
        let per_step = run.seconds / run.step as f64;
        return Some(Estimate {
            seconds_per_step: per_step,
            seconds: per_step * steps as f64,
            steps,
            disk_bytes: crate::launch::room::need(&wanted).total(),
            parameters: machine.as_ref().map_or(0, |machine| machine.parameters),
            device: machine.as_ref().map(|machine| machine.device.clone()).unwrap_or_default(),
            precision: machine.as_ref().map(|machine| machine.precision.clone()).unwrap_or_default(),
            source: "from an earlier run".into(),
            ..Estimate::default()
        });
    }
    None
}

fn same_work(one: &Experiment, other: &Experiment) -> bool {
    let (a, b) = (&one.training, &other.training);
    one.data == other.data
        && one.network == other.network
        && a.batch == b.batch
        && a.precision == b.precision
        && a.device == b.device
        && a.threads == b.threads
        && a.evaluate_every == b.evaluate_every
        && one.mixing == other.mixing
        && one.ordering == other.ordering
}

/// What `auto` becomes on this machine, from what the engine says of it or has said.
pub(super) fn doctor() -> Result<Machine, String> {
    let engine = Engine::find().map_err(|error| one_line(&error.to_string()))?;
    let report = engine.machine().map_err(|error| one_line(&error.to_string()))?;
    let text = |path: &[&str]| path.iter().try_fold(&report, |at, key| at.get(key)).and_then(Value::as_str).unwrap_or_default().to_string();
    let threads = report.get("threads").and_then(Value::as_u64).unwrap_or(0);
    let cuda = report.pointer("/cuda/available").and_then(Value::as_bool).unwrap_or(false);
    let gpu = report.pointer("/cuda/devices/0/name").and_then(Value::as_str).unwrap_or("cuda").to_string();
    let device = if cuda {
        gpu
    } else if threads > 0 {
        format!("cpu {threads} threads")
    } else {
        "cpu".into()
    };
    Ok(Machine { device, threads, precision: text(&["precision", "auto"]), reason: text(&["precision", "reason"]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scoring_is_part_of_the_time() {
        let text = crate::scores::testing::ORDERED;
        let measured = Estimate { seconds_per_step: 0.5, seconds: 30.0, steps: 60, train_images: 40, ..Estimate::default() };
        // 8, 8, 8, 7, …, 2 candidates in each of 6 epochs: 4 units each, and one for the loss that is compared.
        let units = 6.0 * 5.0 * (3.0 * 8.0 + 7.0 + 6.0 + 5.0 + 4.0 + 3.0 + 2.0);
        let estimate = with_scoring(measured.clone(), text);
        assert!((estimate.seconds - (30.0 + 0.5 * units / 3.0)).abs() < 1e-9, "{}", estimate.seconds);
        let plain = text.split("[ordering]").next().unwrap_or_default();
        assert_eq!(with_scoring(measured.clone(), plain), measured);
    }
}
