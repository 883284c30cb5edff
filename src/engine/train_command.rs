//! `curricle-engine train RUN`: trains a run, or goes on with it.

use crate::announcement::{self, Opening};
use crate::error::{Error, Result, exit};
use crate::memory;
use crate::ordering::orderer::Orderer;
use crate::permutation;
use crate::plan::Plan;
use crate::recorder::Recorder;
use crate::setup::{self, Machine};
use crate::state::{self, Newest, Progress, Saved};
use crate::training::{End, Parts, StopAt, Training};
use curricle_core::config::{self, Experiment, Kind, SelectOn};
use curricle_core::data::Images;
use curricle_core::record::{self, Level, What};
use curricle_core::run::{self, EventWriter, Lock, Reserve, RunDirectory, ScoreWriter, State, Status};
use std::collections::HashMap;
use std::path::Path;

/// Trains or resumes the run in `path`, to `stop_at` if it is given, and returns the exit code.
pub fn train(path: &Path, data: Option<&Path>, foreground: bool, stop_at: Option<StopAt>) -> u8 {
    let directory = match RunDirectory::open(path) {
        Ok(directory) => directory,
        Err(error) => return report(None, &error.into(), foreground),
    };
    let log = directory.log();
    let faults = run::fault::from_environment(directory.path(), move |text| crate::log::line_to(&log, text));
    let _faults = match faults {
        Ok(faults) => faults,
        Err(text) => return report(None, &Error::Configuration(text), foreground),
    };
    let lock = match Lock::acquire(&directory) {
        Ok(lock) => lock,
        Err(error) => return report(None, &error.into(), foreground),
    };
    let waits = |holder: &run::Holder| {
        let text =
            format!("the status says that an engine trains ({holder}): listening for its heart for up to {} s", run::PATIENCE.as_secs());
        crate::log::line_to(&directory.log(), &text);
    };
    if let Some(holder) = run::engine_elsewhere(&directory, run::PATIENCE, waits) {
        return report(None, &run::Error::Locked { path: directory.path().to_path_buf(), holder }.into(), foreground);
    }
    crate::log::open(&directory.log());
    let code = match work(&directory, &lock, data, foreground, stop_at) {
        Ok(code) => code,
        Err(error) => {
            let code = report(Some(&directory), &error, foreground);
            fail(&directory, &error, code);
            code
        }
    };
    // Never dropped: the system frees it when the process is gone, and with it the device. Who sees the lock free may
    // start the next run.
    std::mem::forget(lock);
    code
}

/// Says an error on stderr and in the log.
fn report(directory: Option<&RunDirectory>, error: &Error, foreground: bool) -> u8 {
    let hint = match error {
        Error::Run(run) => directory.and_then(|directory| how_to_go_on(directory, error)).or_else(|| run.hint()),
        _ => None,
    };
    let text = hint.map_or_else(|| error.to_string(), |hint| format!("{error}\n  {hint}"));
    if foreground || directory.is_none() {
        eprintln!("error: {text}");
    }
    crate::log::line(&format!("error: {text}"));
    error.exit_code()
}

/// After a full disk: what is saved, how much room the rest of the run needs, and how to go on.
fn how_to_go_on(directory: &RunDirectory, error: &Error) -> Option<String> {
    if !matches!(error, Error::Run(error) if error.is_disk_full()) {
        return None;
    }
    let id = directory.id();
    let free = "free some room (`curricle runs prune --older 30d --dry-run` says what could go)";
    let Some(step) = run::saved_step(directory) else {
        return Some(format!("nothing is saved yet; {free}, then `curricle resume {id}` begins"));
    };
    let Some(left) = memory::disk_left(directory) else { return Some(format!("saved: everything up to step {step}; {free}")) };
    let needed = run::disk::size(left + (1 << 20));
    Some(format!("saved: everything up to step {step}; {free}, about {needed} are needed, then `curricle resume {id}` goes on from there"))
}

/// The last word of a run that failed: its status. What is saved stays.
fn fail(directory: &RunDirectory, error: &Error, code: u8) {
    let before = directory.read_status().ok().flatten().unwrap_or_default();
    let hint = how_to_go_on(directory, error);
    let status = Status {
        state: State::Failed,
        pid: std::process::id(),
        host: run::host(),
        time: run::now(),
        message: Some(hint.map_or_else(|| error.to_string(), |hint| format!("{error}; {hint}"))),
        exit: Some(code),
        ..before
    };
    if let Err(error) = status.write_last(&directory.status()) {
        crate::log::line(&format!("error: the status could not be written: {error}"));
    }
}

fn work(directory: &RunDirectory, lock: &Lock, data: Option<&Path>, foreground: bool, stop_at: Option<StopAt>) -> Result<u8> {
    run::sweep(directory, lock)?;
    // Given up when this ends, in whatever way: then the last words find room.
    let _reserve = Reserve::take(directory)?;
    let before = directory.read_status().ok().flatten();
    let text = directory.read_resolved()?;
    let experiment = config::read(&text, "resolved.toml", &[]).map_err(|problems| Error::Configuration(problems.to_string()))?;
    if before.as_ref().is_some_and(|status| status.state == State::Done) {
        crate::log::line("the run is done already");
        if experiment.ordering.is_some() && !directory.order().exists() {
            write_order(directory)?;
        }
        remove_states(directory, &experiment);
        return Ok(exit::DONE);
    }
    refuse_what_is_not_built(&experiment)?;
    if experiment.kind == Kind::PerfectOrdering {
        return permutation::run::run(directory, &experiment, before, data, foreground, stop_at);
    }
    let machine = Machine::prepare(&experiment.training)?;
    let images = setup::images(&experiment, data)?;
    let network = setup::network(&experiment, &images)?;
    let plan = Plan::new(&experiment, images.train.len(), machine.on_cuda())?;
    let parameters = network.layout.parameter_count() as u64;
    memory::check(memory::needed(&network, &machine, &images, plan.batch)?, &machine, plan.batch, parameters)?;
    memory::check_disk(memory::disk_needed(&experiment, &network, &images, &plan), directory)?;
    let (kind, device) = (machine.precision.kind, machine.device.device);
    let Newest { saved, warning } = state::newest(directory, before.as_ref(), &network.layout, kind, device)?;
    if let Some(beyond) = saved.as_ref().map(|saved| saved.progress.step).filter(|step| *step > plan.steps) {
        return Err(run::Error::damaged(&directory.state(), format!("it stands at step {beyond}, and the run has {}", plan.steps)).into());
    }
    let is_new = saved.is_none();
    let Saved { weights, progress, extra } = match saved {
        Some(found) => found,
        None => Saved { weights: setup::weights(&experiment, &network, &machine)?, progress: Progress::default(), extra: HashMap::new() },
    };
    let selector = selector(&experiment, &images)?;
    let orderer = Orderer::new(&experiment, &images, &network, &machine, &plan, directory, extra)?;
    if directory.record()?.machine.is_none() {
        directory.set_machine(announcement::machine_record(&machine, &images, parameters))?;
    }
    let scores = orderer.as_ref().map(|orderer| ScoreWriter::open(directory, orderer.header().clone(), progress.step)).transpose()?;
    let gap = scores.as_ref().and_then(|scores| scores.gap().map(str::to_owned));
    let length = Length { steps: plan.steps, epoch: plan.epoch_of(progress.step), epochs: plan.epochs };
    let recorder = begin(directory, before, &progress, length, scores, is_new, foreground)?;
    let gap = gap.map(|gap| {
        format!("{gap}: which images the steps before were trained on cannot be told, and `order.safetensors` will not be written")
    });
    for text in warning.into_iter().chain(gap) {
        announcement::warn(&recorder, progress.step, plan.epoch_of(progress.step), text)?;
    }
    let identity = announcement::identity(&machine, &experiment, orderer.as_ref())?;
    let oracle = selector == "test" || experiment.orders_by_test_data() || orderer.as_ref().is_some_and(Orderer::is_oracle);
    let (epoch, test_images) = (plan.epoch_of(progress.step), images.test.len() as u64);
    let opening = Opening { name: &experiment.name, parameters, test_images, selector, oracle, epoch, is_new };
    announcement::announce(&recorder, &machine, &images, &plan, (&progress, &identity), &opening)?;
    let sets = (
        setup::device_set(&images.train, &machine)?,
        images.holdout.as_ref().map(|set| setup::device_set(set, &machine)).transpose()?,
        setup::device_set(&images.test, &machine)?,
    );
    let normalisation = setup::normalisation(&images, &machine)?;
    let augmentation = (images.flip, images.crop);
    drop(images);
    let keeps_state = experiment.training.keep_state;
    let mut training = Training::new(Parts {
        experiment: &experiment,
        directory,
        machine: &machine,
        network: &network,
        plan,
        sets,
        normalisation,
        augmentation,
        weights,
        progress: Progress { identity, ..progress },
        recorder,
        orderer,
        selector,
        stop_at,
    })?;
    let mut end = training.run();
    if keeps_state
        && matches!(end, Ok(End::Done(_)))
        && let Err(error) = training.save_state()
    {
        end = Err(error);
    }
    close(training, end)
}

/// How long a run is, and where it stands.
pub(crate) struct Length {
    /// Steps of the run.
    pub steps: u64,
    /// The epoch that it stands in.
    pub epoch: u64,
    /// Epochs of the run.
    pub epochs: u64,
}

/// Opens the log where the state stood, says in the status that an engine is there, and starts the recorder.
pub(crate) fn begin(
    directory: &RunDirectory,
    before: Option<Status>,
    progress: &Progress,
    length: Length,
    scores: Option<ScoreWriter>,
    is_new: bool,
    foreground: bool,
) -> Result<Recorder> {
    let events = EventWriter::open_at(directory, progress.events_offset, progress.events_seq)?;
    let status = Status {
        state: State::Training,
        pid: std::process::id(),
        host: run::host(),
        step: progress.step,
        steps: length.steps,
        epoch: length.epoch,
        epochs: length.epochs,
        heartbeat: 0,
        time: run::now(),
        generation: before.as_ref().map_or(0, |status| status.generation + u64::from(!is_new)),
        message: None,
        exit: None,
        ..before.unwrap_or_default()
    };
    directory.make_folders()?;
    // Before anybody can know that this engine is there: what is asked from now on is meant for it.
    run::clear(directory)?;
    // Between the cut of the log and its first new line, so that readers beyond the cut start again.
    status.write(&directory.status())?;
    Recorder::start(directory.clone(), events, scores, status, foreground)
}

/// Sections and settings whose method is not built say so here too, should an engine be started by hand.
fn refuse_what_is_not_built(experiment: &Experiment) -> Result<()> {
    let problems = experiment.not_built();
    if problems.is_empty() { Ok(()) } else { Err(Error::Configuration(config::Problems(problems).to_string())) }
}

/// What selects the best network.
fn selector(experiment: &Experiment, images: &Images) -> Result<&'static str> {
    match (experiment.training.select_on, images.holdout.is_some()) {
        (SelectOn::Holdout | SelectOn::Auto, true) => Ok("holdout"),
        (SelectOn::Holdout, false) => {
            Err(Error::Configuration("training.select_on: there is no hold-out; set `data.holdout`, or select on `\"last\"`".into()))
        }
        (SelectOn::Auto | SelectOn::Last, _) => Ok("last"),
        (SelectOn::Test, _) => Ok("test"),
    }
}

/// The last words of a run: checkpoints, the `finished` event, the status.
fn close(training: Training, end: Result<End>) -> Result<u8> {
    let Ending { state, reason, .. } = Ending::of(&end);
    let words = last_words(&training, &end, state, &reason);
    let standing = training.stand(state);
    conclude(training.directory, training.experiment, training.recorder, end, words.and(standing))
}

/// What an end means: the state, the reason in words, the exit code.
pub(crate) struct Ending {
    /// The state that the run is left in.
    pub state: State,
    /// Why, in words.
    pub reason: String,
    /// What the process ends with.
    pub code: u8,
}

impl Ending {
    /// What this end means.
    pub fn of(end: &Result<End>) -> Self {
        let (state, reason, code) = match end {
            Ok(End::Done(reason)) => (State::Done, reason.clone(), exit::DONE),
            Ok(End::Stopped(reason)) => (State::Stopped, reason.clone(), exit::STOPPED),
            Ok(End::Released) => (State::Paused, "released".into(), exit::DONE),
            Ok(End::Signal(number)) => (State::Stopped, format!("signal {number}"), 128 + *number as u8),
            Err(error) => (State::Failed, error.to_string(), error.exit_code()),
        };
        Self { state, reason, code }
    }
}

/// Ends the recorder, writes the last status and says the exit code. `words` is what came of the last words.
pub(crate) fn conclude(
    directory: &RunDirectory,
    experiment: &Experiment,
    recorder: Recorder,
    end: Result<End>,
    words: Result<()>,
) -> Result<u8> {
    let Ending { state, reason, code } = Ending::of(&end);
    let (mut status, recorder_error) = recorder.finish();
    let error = end.err().or(recorder_error).or(words.err());
    let (state, code) = match &error {
        Some(error) => (State::Failed, error.exit_code()),
        None => (state, code),
    };
    status.state = state;
    status.time = run::now();
    status.exit = Some(code);
    status.message = error.as_ref().map(ToString::to_string);
    if let Some(error) = error {
        // Where this fails, too, the caller says it again, once the reserve is given up.
        let _ = status.write(&directory.status());
        crate::log::line(&format!("{}: {reason}", state.word()));
        crate::on_end::call(&experiment.training.on_end, directory, state.word());
        return Err(error);
    }
    if matches!(state, State::Done | State::Stopped | State::Paused) && experiment.ordering.is_some() {
        status.message = write_order(directory)?;
    }
    // The status first, then the states go: a run that is killed in between is done, or still has its state.
    status.write_last(&directory.status())?;
    if state == State::Done {
        remove_states(directory, experiment);
    }
    crate::log::line(&format!("{}: {reason}", state.word()));
    crate::on_end::call(&experiment.training.on_end, directory, state.word());
    Ok(code)
}

/// Writes the order that was trained in. What score files lack is no reason to call a run failed whose network is whole: it is
/// said, and there is no order.
fn write_order(directory: &RunDirectory) -> Result<Option<String>> {
    match run::write_order(directory) {
        Err(error) if error.is_damaged() => {
            let text = format!("`order.safetensors` is not written: {error}");
            crate::log::line(&text);
            Ok(Some(text))
        }
        outcome => Ok(outcome.map(|()| None)?),
    }
}

/// A run that is done needs its states no more. One that stays does no harm.
fn remove_states(directory: &RunDirectory, experiment: &Experiment) {
    if experiment.training.keep_state {
        return;
    }
    for path in run::states(directory) {
        if let Err(error) = run::disk::remove(&path) {
            crate::log::line(&format!("a state that is needed no more stays: {error}"));
        }
    }
}

fn last_words(training: &Training, end: &Result<End>, state: State, reason: &str) -> Result<()> {
    let directory = training.directory;
    match end {
        Ok(End::Done(_)) => {
            training.write_checkpoint(directory.last(), "last")?;
            if training.selector == "last" || training.progress.best.is_none() {
                training.write_checkpoint(directory.best(), "best")?;
            }
        }
        Ok(End::Stopped(_) | End::Signal(_)) => training.write_checkpoint(directory.last(), "last")?,
        Ok(End::Released) => {
            training.event(What::Paused(record::Paused { released: true }))?;
            return training.recorder.barrier();
        }
        Err(error) => training.event(What::Message(record::Message { level: Level::Error, text: error.to_string() }))?,
    }
    training.event(What::Finished(record::Finished {
        state: state.word().into(),
        reason: reason.into(),
        loss: training.progress.test.map(|test| test.loss),
        accuracy: training.progress.test.map(|test| test.accuracy),
        selected: training.selected(),
        seconds: training.seconds(),
    }))?;
    training.recorder.barrier()
}
