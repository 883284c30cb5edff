//! `curricle-engine estimate`: what a run will take, from a few steps on made-up images.

use crate::error::{Error, Result};
use crate::memory;
use crate::optimizer::Sgd;
use crate::permutation;
use crate::plan::Plan;
use crate::setup::{self, Machine};
use crate::step::Stepper;
use crate::weights::Weights;
use curricle_core::config;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;
use tch::{Kind, Tensor};

/// What comes out, as one JSON object.
#[derive(Debug, Serialize)]
pub struct Estimate {
    /// Trainable weights.
    pub parameters: u64,
    /// Steps of the run.
    pub steps: u64,
    /// Steps of one epoch.
    pub steps_per_epoch: u64,
    /// Seconds of one step, measured.
    pub seconds_per_step: f64,
    /// Seconds of one evaluation of the test set, measured on a part of it.
    pub evaluation_seconds: f64,
    /// Seconds of the whole run.
    pub seconds: f64,
    /// Forward passes of the run, in batches.
    pub forward: f64,
    /// Bytes of memory on the device.
    pub memory_bytes: u64,
    /// Bytes that are free there; 0 if unknown.
    pub memory_free: u64,
    /// Bytes on disk at most.
    pub disk_bytes: u64,
    /// Device.
    pub device: String,
    /// Why this one.
    pub device_reason: String,
    /// Precision.
    pub precision: String,
    /// Why this one.
    pub precision_reason: String,
    /// Threads of the CPU.
    pub threads: u64,
    /// Images of the training set.
    pub train_images: u64,
    /// Where the times are from.
    pub source: &'static str,
}

/// Measures. Takes a few steps' time; steps of a large network on a CPU are measured on a smaller batch.
///
/// # Errors
/// What would stop the run itself: configuration, data, memory.
pub fn run(experiment: &Path, data: Option<&Path>) -> Result<Estimate> {
    let text = std::fs::read_to_string(experiment).map_err(|error| Error::Configuration(format!("{}: {error}", experiment.display())))?;
    let experiment =
        config::read(&text, &experiment.display().to_string(), &[]).map_err(|problems| Error::Configuration(problems.to_string()))?;
    let images = setup::images(&experiment, data)?;
    if experiment.kind == config::Kind::PerfectOrdering {
        return permutation::estimate::of(&experiment, &images);
    }
    let machine = Machine::prepare(&experiment.training)?;
    let network = setup::network(&experiment, &images)?;
    let plan = Plan::new(&experiment, images.train.len(), machine.on_cuda())?;
    let parameters = network.layout.parameter_count() as u64;
    let needed = memory::needed(&network, &machine, &images, plan.batch)?;
    memory::check(needed, &machine, plan.batch, parameters)?;
    let (kind, device) = (machine.precision.kind, machine.device.device);
    let mut weights = Weights::initial(&network, 0, kind, device)?;
    let mut stepper = Stepper {
        optimizer: Sgd::new(&experiment.optimizer),
        label_smoothing: 0.0,
        arithmetic: machine.precision.arithmetic,
        loss_scale: None,
        keep_gradient: false,
    };
    let (height, width, channels) = (images.train.height as i64, images.train.width as i64, images.train.channels as i64);
    let batch = if machine.on_cuda() { plan.batch } else { plan.batch.min(32) };
    let shape = [batch as i64, height, width, channels];
    let pixels = Tensor::f_rand(shape, (kind, device))?.f_permute([0, 3, 1, 2])?;
    let labels = Tensor::f_zeros([batch as i64], (Kind::Int64, device))?;
    let mut timed_step = || -> Result<f64> {
        let began = Instant::now();
        // Reading the loss waits for the device.
        stepper.step(&network, &mut weights, &pixels, &labels, 1e-6)?.loss.f_double_value(&[])?;
        Ok(began.elapsed().as_secs_f64())
    };
    let warm = timed_step()?;
    let mut times = vec![timed_step()?];
    if warm < 1.0 {
        times.push(timed_step()?);
        times.push(timed_step()?);
    }
    times.sort_by(f64::total_cmp);
    let seconds_per_step = times[times.len() / 2] * plan.batch as f64 / batch as f64;
    // An eval-mode forward costs about a third of a step.
    let evaluated = images.test.len() + images.holdout.as_ref().map_or(0, |set| set.len());
    let evaluation_seconds = seconds_per_step * 0.3 * evaluated as f64 / plan.batch as f64;
    let evaluations = plan.steps.div_ceil(plan.evaluate_every) as f64;
    Ok(Estimate {
        parameters,
        steps: plan.steps,
        steps_per_epoch: plan.steps_per_epoch,
        seconds_per_step,
        evaluation_seconds,
        seconds: seconds_per_step * plan.steps as f64 + evaluation_seconds * evaluations,
        forward: plan.steps as f64 + evaluations * evaluated as f64 / plan.batch as f64,
        memory_bytes: needed,
        memory_free: machine.device.free,
        disk_bytes: memory::disk_needed(&experiment, &network, &images, &plan).total(),
        device: machine.device.name.clone(),
        device_reason: machine.device.reason.clone(),
        precision: machine.precision.name.into(),
        precision_reason: machine.precision.reason.clone(),
        threads: machine.threads,
        train_images: images.train.len() as u64,
        source: "measured now",
    })
}
