//! What a run says at its start: of the machine, of what its bits depend on, and what begins or goes on.

use crate::error::{Error, Result};
use crate::ordering::orderer::Orderer;
use crate::plan::Plan;
use crate::recorder::Recorder;
use crate::setup::Machine;
use crate::state::{Identity, Progress};
use curricle_core::config::{self, Experiment};
use curricle_core::data::{Images, sha256_of};
use curricle_core::record::{self, Level, What};
use curricle_core::run;
use std::path::Path;

/// What `run.json` says of the machine.
pub(crate) fn machine_record(machine: &Machine, images: &Images, parameters: u64) -> run::Machine {
    run::Machine {
        libtorch: crate::device::torch_version(),
        engine: env!("CARGO_PKG_VERSION").into(),
        device: machine.device.name.clone(),
        device_name: machine.device_name(),
        threads: machine.threads,
        cpu: machine.cpu.model.clone(),
        features: machine.cpu.features.clone(),
        precision: machine.precision.name.into(),
        deterministic: machine.deterministic,
        host: run::host(),
        data: images.checksums.clone(),
        parameters,
        ..run::Machine::default()
    }
}

/// What the bits of a run depend on beside its experiment: the machine, and the files that its ordering reads.
pub(crate) fn identity(machine: &Machine, experiment: &Experiment, orderer: Option<&Orderer>) -> Result<Identity> {
    let mut files = Vec::new();
    if let Some(ordering) = &experiment.ordering {
        let column = ordering.column.as_ref().map_or("", |column| &column.file);
        let checkpoint = |network: &Option<config::Network>| network.as_ref().map_or(String::new(), |network| network.checkpoint.clone());
        for name in [column.to_owned(), checkpoint(&ordering.teacher), checkpoint(&ordering.holdout_model)] {
            if !name.is_empty() {
                let sum = sha256_of(Path::new(&name)).map_err(|error| Error::Configuration(format!("ordering: {error}")))?;
                files.push(format!("{name} {}", &sum[..16]));
            }
        }
        files.extend(orderer.and_then(Orderer::replayed).map(|sum| format!("the order of {} {}", ordering.replay, &sum[..16])));
    }
    Ok(Identity { files: files.join(", "), ..machine.identity() })
}

/// What becomes of an experiment, beside its machine, its images and its plan.
pub(crate) struct Opening<'a> {
    /// Name of the experiment.
    pub name: &'a str,
    /// Trainable weights.
    pub parameters: u64,
    /// Test images that are used.
    pub test_images: u64,
    /// By what the best checkpoint is selected.
    pub selector: &'a str,
    /// Whether test data enters a choice.
    pub oracle: bool,
    /// The epoch at work.
    pub epoch: u64,
    /// Whether it begins, or goes on.
    pub is_new: bool,
}

/// The first event: what begins, or what goes on and whether exactly.
pub(crate) fn announce(
    recorder: &Recorder,
    machine: &Machine,
    images: &Images,
    plan: &Plan,
    (progress, identity): (&Progress, &Identity),
    opening: &Opening<'_>,
) -> Result<()> {
    let &Opening { name, parameters, test_images, selector, oracle, epoch, is_new } = opening;
    if !is_new {
        let differences = identity.differences(&progress.identity);
        let what = record::Resumed { exact: differences.is_empty(), reason: differences.join("; ") };
        crate::log::line(&format!("resumed at step {}{}", progress.step, if what.exact { "" } else { ", not bit-exact" }));
        return recorder.event(progress.step, epoch, What::Resumed(what));
    }
    crate::log::line(&format!(
        "{}: {parameters} weights, {} steps, {} ({}), {} ({}), {} threads",
        name, plan.steps, machine.device.name, machine.device.reason, machine.precision.name, machine.precision.reason, machine.threads
    ));
    let started = record::Started {
        steps: plan.steps,
        epochs: plan.epochs,
        steps_per_epoch: plan.steps_per_epoch,
        batch: plan.batch as u64,
        parameters,
        device: machine.device.name.clone(),
        device_reason: machine.device.reason.clone(),
        precision: machine.precision.name.into(),
        precision_reason: machine.precision.reason.clone(),
        threads: machine.threads,
        train_images: images.train.len() as u64,
        holdout_images: images.holdout.as_ref().map_or(0, |set| set.len() as u64),
        test_images,
        classes: images.classes.clone(),
        select_on: selector.into(),
        oracle,
    };
    recorder.event(0, 0, What::Started(started))
}

/// Something that the user should know of a run that goes on: an event, and a line of the log.
pub(crate) fn warn(recorder: &Recorder, step: u64, epoch: u64, text: String) -> Result<()> {
    crate::log::line(&format!("warning: {text}"));
    recorder.event(step, epoch, What::Message(record::Message { level: Level::Warning, text }))
}
