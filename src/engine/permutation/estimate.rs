//! What a study of orders will take, from some steps and a test of it.

use super::epoch::{self, Epoch};
use super::run::tested;
use super::study::{State, Study};
use super::tree;
use crate::error::{Error, Result};
use crate::estimate::Estimate;
use crate::memory;
use crate::plan::Plan;
use crate::setup::{self, Machine};
use curricle_core::config::{self, Experiment};
use curricle_core::data::Images;
use std::time::Instant;

/// Steps that are timed.
const STEPS: u32 = 4;

/// Measures with one thread, as each worker trains. Of later epochs the most parents are reckoned with that there may be.
///
/// # Errors
/// What would stop the study itself.
pub fn of(experiment: &Experiment, images: &Images) -> Result<Estimate> {
    let settings = experiment.permutation.clone().unwrap_or_default();
    let machine = Machine::prepare(&config::Training { threads: 1, ..experiment.training.clone() })?;
    let network = setup::network(experiment, images)?;
    let count = images.train.len();
    let batches = epoch::batches(experiment, count);
    if let Some(text) = settings.refusal(batches as u64) {
        return Err(Error::Configuration(format!("permutation: {text}")));
    }
    let plan = Plan::new(experiment, count, machine.on_cuda())?;
    let parameters = network.layout.parameter_count() as u64;
    let needed = memory::needed(&network, &machine, images, plan.batch)?;
    memory::check(needed, &machine, plan.batch, parameters)?;
    let (orders, runs) = (tree::orders(batches as u64), settings.runs(batches as u64));
    let disk_bytes = memory::disk_needed(experiment, &network, images, &plan).total();
    let workers = if machine.on_cuda() { 1 } else { settings.workers };
    let tests = tested(&images.test, &settings);
    let tested = tests.len() as f64;
    let weights = setup::weights(experiment, &network, &machine)?;
    let (train, tests) = (setup::device_set(&images.train, &machine)?, vec![setup::device_set(&tests, &machine)?]);
    let study = Study::new(experiment, &machine, network, train, tests, setup::normalisation(images, &machine)?, true)?;
    let first = Epoch::of(experiment, 1, count, (images.flip, images.crop));
    // The first step and the first test prepare what the others find.
    let mut state = study.step(&State::begin(weights), &first, &[0])?;
    study.test(&state.weights, || true)?;
    let began = Instant::now();
    for _ in 0..STEPS {
        state = study.step(&state, &first, &[0])?;
    }
    let seconds_per_step = began.elapsed().as_secs_f64() / f64::from(STEPS);
    let began = Instant::now();
    study.test(&state.weights, || true)?;
    let evaluation_seconds = began.elapsed().as_secs_f64();
    let parents = runs as f64 / orders.max(1) as f64;
    let steps = parents * tree::steps(batches as u64) as f64;
    Ok(Estimate {
        parameters,
        steps: runs,
        steps_per_epoch: orders,
        seconds_per_step,
        evaluation_seconds,
        seconds: (steps * seconds_per_step + runs as f64 * evaluation_seconds) / workers as f64,
        forward: steps + runs as f64 * tested / plan.batch as f64,
        memory_bytes: needed,
        memory_free: machine.device.free,
        disk_bytes,
        device: machine.device.name.clone(),
        device_reason: machine.device.reason.clone(),
        precision: machine.precision.name.into(),
        precision_reason: machine.precision.reason.clone(),
        threads: machine.threads,
        train_images: count as u64,
        source: "measured now",
    })
}
