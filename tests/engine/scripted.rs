//! An engine that plays a script in place of training: it speaks the real engine's command line and writes run
//! directories through the same module, so that commands and screens can be tested without libtorch.
//!
//! `CURRICLE_SCRIPT` holds the script as `steps=200,step_ms=20`:
//!
//! | key | meaning | default |
//! |---|---|---|
//! | `steps`, `epochs` | length of the run | 60, 3 |
//! | `step_ms` | time of one step | 2 |
//! | `per_event` | steps that one `step` event covers | 1 |
//! | `state_every` | steps between two saved states | 10 |
//! | `start_ms` | time before anything happens | 0 |
//! | `ready_ms` | time between taking the lock and the first status | 0 |
//! | `broken` | 1: ends at once with code 127, as without libtorch | 0 |
//! | `refuse` | exit code of a refusal after the lock was taken (no data) | – |
//! | `fail_at`, `nan_at`, `full_at`, `kill_at` | step of a failure, a divergence, a full disk, a sudden end | – |
//! | `drift` | 1: computes other weights every time | 0 |
//! | `stop_early` | step of an early stop | – |
//! | `hang_at` | step that takes a minute; a message says when it begins | – |
//!
//! An experiment with `[ordering]` is given made-up scores of as many candidates as it asks for.
//!
//! Its "network" is eight numbers that every step changes depending on the seed, so a resumed run can be held against
//! an uninterrupted one bit by bit.

mod ordered;

use curricle_core::config::{self, Experiment};
use curricle_core::record::{self, Level, Selected, What};
use curricle_core::run::{self, CommandKind, EventWriter, Lock, Machine, RunDirectory, State, Status};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

static SIGNAL: AtomicI32 = AtomicI32::new(0);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let script = Script::from_environment();
    let result = match arguments.first().map(String::as_str) {
        Some("train") => train(Path::new(arguments.get(1).map_or("", String::as_str)), &script),
        Some("evaluate") => evaluate(&arguments),
        Some("doctor") => doctor(),
        Some("estimate") => estimate(&arguments, &script),
        _ => {
            eprintln!("error: usage: scripted-engine train|evaluate|doctor|estimate");
            Ok(2)
        }
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.downcast_ref::<run::Error>().map_or(1, run::Error::exit_code))
        }
    }
}

/// What is played.
#[derive(Debug, Default)]
struct Script(HashMap<String, u64>);

impl Script {
    fn from_environment() -> Self {
        let text = std::env::var("CURRICLE_SCRIPT").unwrap_or_default();
        let pair = |part: &str| part.split_once('=').and_then(|(key, value)| Some((key.trim().to_string(), value.trim().parse().ok()?)));
        Self(text.split(',').filter_map(pair).collect())
    }

    fn get(&self, key: &str) -> Option<u64> {
        self.0.get(key).copied()
    }

    fn or(&self, key: &str, default: u64) -> u64 {
        self.get(key).unwrap_or(default)
    }

    fn sleep(&self, key: &str) {
        std::thread::sleep(Duration::from_millis(self.or(key, 0)));
    }
}

/// All that changes from step to step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Progress {
    step: u64,
    weights: [f32; 8],
    loss: Vec<f64>,
    accuracy: Vec<f64>,
    test: Option<(f64, f64)>,
    best: Option<(u64, f64)>,
    seconds: f64,
    /// Candidates scored so far.
    #[serde(default)]
    candidates: u64,
    offset: u64,
    seq: u64,
}

/// How a run ends.
enum End {
    Done(&'static str),
    Stopped,
    Released,
    Signal(i32),
    Failed(u8, String),
}

struct Run<'a> {
    directory: &'a RunDirectory,
    script: &'a Script,
    experiment: Experiment,
    events: EventWriter,
    status: Status,
    progress: Progress,
    ordered: Option<ordered::Ordered>,
    steps: u64,
    epochs: u64,
    paused: bool,
    written: Instant,
}

fn train(path: &Path, script: &Script) -> Result<u8> {
    script.sleep("start_ms");
    if script.or("broken", 0) == 1 {
        eprintln!("scripted-engine: error while loading shared libraries: libtorch_cpu.so: cannot open shared object file");
        return Ok(127);
    }
    let directory = RunDirectory::open(path)?;
    let lock = Lock::acquire(&directory)?;
    watch_signals()?;
    run::sweep(&directory, &lock)?;
    run::clear(&directory)?;
    script.sleep("ready_ms");
    let experiment = config::read(&directory.read_resolved()?, "resolved.toml", &[])?;
    let before = directory.read_status()?;
    if let Some(code) = script.get("refuse") {
        let message = "there is no data in `/nowhere`: fetch it first".to_string();
        eprintln!("error: {message}");
        let code = u8::try_from(code)?;
        Status { state: State::Failed, message: Some(message), exit: Some(code), ..fresh(before.as_ref()) }
            .write_last(&directory.status())?;
        return Ok(code);
    }
    if directory.record()?.machine.is_none() {
        directory.set_machine(Machine {
            libtorch: "none".into(),
            engine: "scripted".into(),
            device: "cpu".into(),
            device_name: "a script".into(),
            threads: 1,
            precision: "f32".into(),
            deterministic: true,
            host: run::host(),
            parameters: 8,
            ..Machine::default()
        })?;
    }
    let saved = run::states(&directory).iter().find_map(|path| serde_json::from_slice::<Progress>(&std::fs::read(path).ok()?).ok());
    let resumed = saved.is_some();
    let progress = saved.unwrap_or_default();
    let events = EventWriter::open_at(&directory, progress.offset, progress.seq)?;
    let generation = before.as_ref().map_or(0, |status| status.generation + u64::from(resumed));
    let status = Status { state: State::Training, generation, message: None, exit: None, ..fresh(before.as_ref()) };
    let (steps, epochs) = (script.or("steps", 60), script.or("epochs", 3).max(1));
    let ordered = ordered::Ordered::open(&directory, &experiment, steps.div_ceil(epochs), progress.step)?;
    let mut run = Run {
        steps,
        epochs,
        ordered,
        directory: &directory,
        script,
        experiment,
        events,
        status,
        progress,
        paused: false,
        written: Instant::now(),
    };
    run.write_status(State::Training)?;
    if resumed {
        run.event(What::Resumed(record::Resumed { exact: true, reason: String::new() }))?;
    } else {
        run.begin()?;
    }
    let end = run.play()?;
    run.close(&end)
}

fn fresh(before: Option<&Status>) -> Status {
    Status { pid: std::process::id(), host: run::host(), time: run::now(), ..before.cloned().unwrap_or_default() }
}

impl Run<'_> {
    fn begin(&mut self) -> Result<()> {
        let started = record::Started {
            steps: self.steps,
            epochs: self.epochs,
            steps_per_epoch: self.steps.div_ceil(self.epochs),
            batch: self.experiment.training.batch,
            parameters: 8,
            device: "cpu".into(),
            device_reason: "a script needs no GPU".into(),
            precision: "f32".into(),
            precision_reason: "no bf16 units".into(),
            threads: 1,
            train_images: 1_000,
            holdout_images: 0,
            test_images: 200,
            classes: ["circle", "square"].map(str::to_string).to_vec(),
            select_on: "last".into(),
            oracle: false,
        };
        self.event(What::Started(started))?;
        self.save()
    }

    fn play(&mut self) -> Result<End> {
        while self.progress.step < self.steps {
            if let Some(end) = self.listen()? {
                return Ok(end);
            }
            if let Some(end) = self.mishap()? {
                return Ok(end);
            }
            self.step()?;
            if self.script.get("stop_early") == Some(self.progress.step) {
                return Ok(End::Done("early stop"));
            }
        }
        Ok(End::Done("the length was reached"))
    }

    /// What the script lets go wrong before the next step.
    fn mishap(&mut self) -> Result<Option<End>> {
        let next = self.progress.step + 1;
        let now = |key| self.script.get(key) == Some(next);
        if now("kill_at") {
            self.events.flush()?;
            nix::sys::signal::raise(Signal::SIGKILL)?;
        }
        let failed = if now("fail_at") {
            Some((1, "libtorch refused: out of memory; lower `training.batch`"))
        } else if now("nan_at") {
            Some((5, "the loss is not a number"))
        } else if now("full_at") {
            Some((6, "no space left for the state"))
        } else {
            None
        };
        Ok(failed.map(|(code, text)| End::Failed(code, format!("{text} (step {next})"))))
    }

    fn step(&mut self) -> Result<()> {
        let begun = Instant::now();
        if self.script.get("hang_at") == Some(self.progress.step + 1) {
            self.event(What::Message(record::Message { level: Level::Info, text: "the script waits".into() }))?;
            std::thread::sleep(Duration::from_secs(60));
        }
        self.script.sleep("step_ms");
        if self.script.get("step_ms").is_none() {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.progress.step += 1;
        if let Some(ordered) = &mut self.ordered {
            self.progress.candidates += ordered.candidates(self.progress.step);
            if let Some(scoring) = ordered.step(self.progress.step, begun.elapsed().as_secs_f64() * 0.9)? {
                self.event(What::Scoring(scoring))?;
            }
        }
        let progress = &mut self.progress;
        let mut noise = mix(self.experiment.seed.weights, progress.step);
        if self.script.or("drift", 0) == 1 {
            noise ^= u64::from(std::process::id());
        }
        for (place, weight) in progress.weights.iter_mut().enumerate() {
            let draw = (mix(noise, place as u64) >> 40) as f32 / (1 << 24) as f32 - 0.5;
            *weight = *weight * 0.9 + draw;
        }
        let share = progress.step as f64 / self.steps as f64;
        let wiggle = f64::from(progress.weights[0]) * 0.02;
        progress.loss.push(0.1 + 2.2 * (-4.0 * share).exp() + wiggle);
        progress.accuracy.push((0.1 + 0.85 * (1.0 - (-5.0 * share).exp()) + wiggle).clamp(0.0, 1.0));
        progress.seconds += begun.elapsed().as_secs_f64();
        let per_epoch = self.steps.div_ceil(self.epochs);
        let step = progress.step;
        let ends_epoch = step.is_multiple_of(per_epoch) || step == self.steps;
        if step.is_multiple_of(self.script.or("per_event", 1)) || ends_epoch {
            self.step_event()?;
        }
        if ends_epoch {
            self.evaluate()?;
        }
        if step.is_multiple_of(self.script.or("state_every", 10)) {
            self.save()?;
        }
        if self.written.elapsed() >= Duration::from_millis(50) {
            self.write_status(State::Training)?;
        }
        Ok(())
    }

    fn step_event(&mut self) -> Result<()> {
        let loss = std::mem::take(&mut self.progress.loss);
        let accuracy = std::mem::take(&mut self.progress.accuracy);
        let step = self.progress.step;
        let norm = self.progress.weights.iter().map(|weight| f64::from(*weight).powi(2)).sum::<f64>().sqrt();
        self.event(What::Step(record::Step {
            first: step + 1 - loss.len() as u64,
            loss,
            accuracy,
            lr: self.experiment.optimizer.lr,
            norm_sum: norm,
            norm_global: norm,
            images: step * self.experiment.training.batch,
            forward: step as f64 + 2.0 * self.progress.candidates as f64,
            backward: step as f64 + self.progress.candidates as f64,
        }))
    }

    fn evaluate(&mut self) -> Result<()> {
        let share = self.progress.step as f64 / self.steps as f64;
        let correct = (200.0 * (0.1 + 0.82 * (1.0 - (-5.0 * share).exp()))) as u64;
        let (loss, accuracy) = (0.2 + 2.0 * (-4.0 * share).exp(), correct as f64 / 200.0);
        let best = self.progress.best.is_none_or(|(_, best)| accuracy > best);
        if best {
            self.progress.best = Some((self.epoch(), accuracy));
        }
        self.progress.test = Some((loss, accuracy));
        let weights = self.weights()?;
        run::write_whole(&self.directory.best(), &weights)?;
        self.event(What::Evaluation(record::Evaluation {
            set: "test".into(),
            loss,
            accuracy,
            correct,
            total: 200,
            train_loss: Some(loss * 0.9),
            train_accuracy: Some(accuracy),
            best,
            norm_sum: 1.0,
            norm_global: 1.0,
        }))
    }

    /// Takes commands and signals; says how the run ends if it is to end.
    fn listen(&mut self) -> Result<Option<End>> {
        loop {
            let mut end = None;
            for (id, kind) in run::pending(self.directory)? {
                match kind {
                    CommandKind::Pause => self.paused = true,
                    CommandKind::Resume => self.paused = false,
                    CommandKind::Stop => end = Some(End::Stopped),
                    CommandKind::Release => end = Some(End::Released),
                    CommandKind::Checkpoint | CommandKind::Unknown => {}
                }
                let outcome = if kind == CommandKind::Unknown { "not understood" } else { "" };
                let command = record::Command { id: id.clone(), command: kind.word().into(), outcome: outcome.into() };
                self.event(What::Command(command))?;
                match kind {
                    CommandKind::Pause => {
                        self.write_status(State::Paused)?;
                        self.event(What::Paused(record::Paused { released: false }))?;
                    }
                    CommandKind::Resume => self.write_status(State::Training)?,
                    CommandKind::Checkpoint => {
                        self.save()?;
                        self.checkpoint(&self.directory.last(), "asked")?;
                    }
                    _ => {}
                }
                run::remove(self.directory, &id)?;
            }
            let signal = SIGNAL.load(Ordering::SeqCst);
            if signal != 0 {
                return Ok(Some(End::Signal(signal)));
            }
            if end.is_some() || !self.paused {
                return Ok(end);
            }
            std::thread::sleep(Duration::from_millis(5));
            if self.written.elapsed() >= Duration::from_millis(500) {
                self.write_status(State::Paused)?;
            }
        }
    }

    fn close(mut self, end: &End) -> Result<u8> {
        let (state, reason, code) = match end {
            End::Done(reason) => (State::Done, (*reason).to_string(), 0),
            End::Stopped => (State::Stopped, "asked to stop".to_string(), 3),
            End::Released => (State::Paused, "released".to_string(), 0),
            End::Signal(number) => (State::Stopped, format!("signal {number}"), u8::try_from(128 + number)?),
            End::Failed(code, text) => (State::Failed, text.clone(), *code),
        };
        let failed = state == State::Failed;
        if failed {
            let text = reason.clone();
            eprintln!("error: {text}");
            self.event(What::Message(record::Message { level: Level::Error, text }))?;
        } else {
            self.checkpoint(&self.directory.last(), "last")?;
            self.save()?;
        }
        if matches!(end, End::Released) {
            self.event(What::Paused(record::Paused { released: true }))?;
        } else {
            let finished = record::Finished {
                state: state.word().into(),
                reason: reason.clone(),
                loss: self.progress.test.map(|test| test.0),
                accuracy: self.progress.test.map(|test| test.1),
                selected: self.selected(),
                seconds: self.progress.seconds,
            };
            self.event(What::Finished(finished))?;
        }
        self.events.sync()?;
        self.status.message = failed.then_some(reason);
        self.status.exit = Some(code);
        self.stand(state);
        self.status.write_last(&self.directory.status())?;
        if state == State::Done && !self.experiment.training.keep_state {
            for path in run::states(self.directory) {
                std::fs::remove_file(path)?;
            }
        }
        Ok(code)
    }

    fn checkpoint(&mut self, path: &Path, reason: &str) -> Result<()> {
        run::write_whole(path, &self.weights()?)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.event(What::Checkpoint(record::Checkpoint { file: format!("checkpoints/{name}"), reason: reason.into() }))
    }

    fn weights(&self) -> Result<Vec<u8>> {
        let bytes: Vec<u8> = self.progress.weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
        Ok(safetensors::serialize([("weight", TensorView::new(Dtype::F32, vec![8], &bytes)?)], None)?)
    }

    fn save(&mut self) -> Result<()> {
        if let Some(ordered) = &mut self.ordered {
            ordered.save()?;
        }
        self.events.sync()?;
        self.progress.offset = self.events.offset();
        self.progress.seq = self.events.seq();
        run::save_state(self.directory, self.progress.step, &serde_json::to_vec(&self.progress)?)?;
        Ok(())
    }

    fn epoch(&self) -> u64 {
        self.progress.step.div_ceil(self.steps.div_ceil(self.epochs))
    }

    fn event(&mut self, what: What) -> Result<()> {
        self.events.append(self.progress.step, self.epoch(), what)?;
        Ok(self.events.flush()?)
    }

    fn selected(&self) -> Option<Selected> {
        self.progress.best.map(|(epoch, accuracy)| Selected { by: "last".into(), epoch, accuracy, oracle: false })
    }

    fn stand(&mut self, state: State) {
        let epoch = self.epoch();
        let selected = self.selected();
        let status = &mut self.status;
        status.state = state;
        (status.step, status.steps) = (self.progress.step, self.steps);
        (status.epoch, status.epochs) = (epoch, self.epochs);
        status.loss = self.progress.test.map(|test| test.0).or(self.progress.loss.last().copied());
        status.accuracy = self.progress.test.map(|test| test.1);
        status.selected = selected;
        status.seconds = self.progress.seconds;
        status.heartbeat += 1;
        status.time = run::now();
    }

    fn write_status(&mut self, state: State) -> Result<()> {
        self.stand(state);
        self.written = Instant::now();
        Ok(self.status.write(&self.directory.status())?)
    }
}

extern "C" fn note_signal(number: i32) {
    if SIGNAL.swap(number, Ordering::SeqCst) == Signal::SIGINT as i32 && number == Signal::SIGINT as i32 {
        // SAFETY: `_exit` may be called in a signal handler.
        unsafe { nix::libc::_exit(130) };
    }
}

fn watch_signals() -> Result<()> {
    let action = SigAction::new(SigHandler::Handler(note_signal), SaFlags::empty(), SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGHUP] {
        // SAFETY: the handler touches one atomic number only.
        let before: SigAction = unsafe { sigaction(signal, &action)? };
        if signal == Signal::SIGHUP && matches!(before.handler(), SigHandler::SigIgn) {
            // Started in the background: the hang-up of a terminal is none of its business.
            let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
            // SAFETY: nothing is called.
            unsafe { sigaction(signal, &ignore)? };
        }
    }
    Ok(())
}

fn option(arguments: &[String], name: &str) -> Result<PathBuf> {
    let place = arguments.iter().position(|argument| argument == name).ok_or_else(|| format!("{name} is missing"))?;
    Ok(PathBuf::from(arguments.get(place + 1).ok_or_else(|| format!("{name} needs a value"))?))
}

fn evaluate(arguments: &[String]) -> Result<u8> {
    let experiment = option(arguments, "--experiment")?;
    let text = std::fs::read_to_string(&experiment)?;
    config::read(&text, &experiment.display().to_string(), &[])?;
    let checkpoint = std::fs::read(option(arguments, "--checkpoint")?)?;
    let tensors = safetensors::SafeTensors::deserialize(&checkpoint)?;
    if tensors.tensor("weight").is_err() {
        eprintln!("error: the checkpoint is of another network: it has no `weight`");
        return Ok(2);
    }
    for done in [100, 200] {
        eprintln!("progress {done} 200");
    }
    println!(r#"{{"correct":183,"total":200,"accuracy":0.915,"loss":0.2831,"set":"test"}}"#);
    Ok(0)
}

fn doctor() -> Result<u8> {
    let cuda = serde_json::json!({ "available": false, "devices": [], "reason": "this is a script" });
    let cpu = serde_json::json!({ "model": "a script", "features": [], "bf16": "" });
    let precision = serde_json::json!({ "auto": "f32", "reason": "no bf16 units" });
    let report = serde_json::json!({ "libtorch": "none", "abi": "cxx11", "cuda": cuda, "cpu": cpu, "threads": 1, "precision": precision });
    println!("{report}");
    Ok(0)
}

fn estimate(arguments: &[String], script: &Script) -> Result<u8> {
    let experiment = option(arguments, "--experiment")?;
    config::read(&std::fs::read_to_string(&experiment)?, &experiment.display().to_string(), &[])?;
    let steps = script.or("steps", 60);
    let per_step = script.or("step_ms", 2) as f64 / 1000.0;
    let estimate = serde_json::json!({
        "parameters": 8, "steps": steps, "steps_per_epoch": steps.div_ceil(script.or("epochs", 3)), "seconds_per_step": per_step,
        "evaluation_seconds": 0.0, "seconds": per_step * steps as f64, "forward": steps, "memory_bytes": 1 << 20, "memory_free": 1 << 30,
        "disk_bytes": 1 << 20, "device": "cpu", "device_reason": "a script", "precision": "f32", "precision_reason": "no bf16 units",
        "threads": 1, "train_images": 1_000, "source": "scripted",
    });
    std::io::stdout().write_all(format!("{estimate}\n").as_bytes())?;
    Ok(0)
}

/// A hash of two numbers (SplitMix64).
fn mix(seed: u64, place: u64) -> u64 {
    let mut value = seed.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
