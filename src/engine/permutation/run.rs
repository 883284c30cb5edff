//! A run of `kind = "perfect-ordering"`: epoch by epoch, all orders of its batches from each of its parents.
//!
//! A parent's orders are the unit of work: their rows are appended to `orders.csv` in one go, then a state is saved. What is
//! broken off in between is done again. A step of such a run is an order, trained and tested.

use super::runner::Runner;
use super::selectors::Selectors;
use super::study::Study;
use super::{epoch, tree};
use crate::announcement::{self, Opening};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::memory;
use crate::plan::Plan;
use crate::setup::{self, Machine};
use crate::state::{self, Newest, Progress, Saved};
use crate::train_command::{self, Length};
use crate::training::StopAt;
use curricle_core::config::{self, Experiment, Permutation, ScheduleKind};
use curricle_core::data::ImageSet;
use curricle_core::random::{Purpose, Stream};
use curricle_core::run::{self, OrderRow, OrdersWriter, PermutationProgress, RunDirectory, Status, StudyParent};
use std::collections::HashMap;
use std::path::Path;

/// Tries out the orders of a run, or goes on with it, to `stop_at` orders if it is given; returns the exit code.
///
/// # Errors
/// What is wrong with the experiment, its images, or the run directory; divergence; what libtorch refuses.
pub fn run(
    directory: &RunDirectory,
    experiment: &Experiment,
    before: Option<Status>,
    data: Option<&Path>,
    foreground: bool,
    stop_at: Option<StopAt>,
) -> Result<u8> {
    let settings = experiment.permutation.clone().unwrap_or_default();
    // Each worker computes with one thread, so that the bits do not depend on how many there are.
    let machine = Machine::prepare(&config::Training { threads: 1, ..experiment.training.clone() })?;
    refuse(experiment, &machine)?;
    let images = setup::images(experiment, data)?;
    let network = setup::network(experiment, &images)?;
    let count = images.train.len();
    let batches = epoch::batches(experiment, count);
    let plan = Plan::new(experiment, count, machine.on_cuda())?;
    if let Some(text) = settings.refusal(batches as u64) {
        return Err(Error::Configuration(format!("permutation: {text}")));
    }
    if settings.test_images > images.test.len() as u64 {
        let text = format!("permutation.test_images: {} are asked for, and the test set has {}", settings.test_images, images.test.len());
        return Err(Error::Configuration(text));
    }
    let parameters = network.layout.parameter_count() as u64;
    memory::check(memory::needed(&network, &machine, &images, plan.batch)?, &machine, plan.batch, parameters)?;
    memory::check_disk(memory::disk_needed(experiment, &network, &images, &plan), directory)?;
    let found = state::newest(directory, before.as_ref(), &network.layout, machine.precision.kind, machine.device.device)?;
    let Newest { saved, warning } = found;
    let is_new = saved.is_none();
    let fresh = || -> Result<Saved> {
        Ok(Saved { weights: setup::weights(experiment, &network, &machine)?, progress: Progress::default(), extra: HashMap::new() })
    };
    let Saved { weights, progress, .. } = saved.map_or_else(fresh, Ok)?;
    let at = progress.permutation.clone().unwrap_or_else(|| PermutationProgress {
        parents: vec![vec![StudyParent { parent: 0, order: None }]],
        ..PermutationProgress::default()
    });
    let writer = OrdersWriter::open_at(directory, at.orders_offset, batches)?;
    let rows = run::read_orders(directory, progress.step + 1)?;
    if let Some(text) = misfit(&rows, progress.step, batches) {
        return Err(run::Error::damaged(&directory.orders(), text).into());
    }
    if directory.record()?.machine.is_none() {
        directory.set_machine(announcement::machine_record(&machine, &images, parameters))?;
    }
    let orders = tree::all(batches);
    let steps = expected(&settings, &at, orders.len() as u64, progress.step);
    let now = at.parents.len() as u64;
    let length = Length { steps, epoch: now, epochs: settings.epochs };
    let recorder = train_command::begin(directory, before, &progress, length, None, is_new, foreground)?;
    if let Some(text) = warning {
        announcement::warn(&recorder, progress.step, now, text)?;
    }
    let plan = Plan { steps, epochs: settings.epochs, ..plan };
    let identity = announcement::identity(&machine, experiment, None)?;
    let tests = tested(&images.test, &settings);
    let test_images = tests.len() as u64;
    // The best order is chosen by the test set.
    let opening = Opening { name: &experiment.name, parameters, test_images, selector: "test", oracle: true, epoch: now, is_new };
    announcement::announce(&recorder, &machine, &images, &plan, (&progress, &identity), &opening)?;
    let study = Study::new(
        experiment,
        &machine,
        network,
        setup::device_set(&images.train, &machine)?,
        vec![setup::device_set(&tests, &machine)?],
        setup::normalisation(&images, &machine)?,
        true,
    )?;
    let selectors = Selectors::new(experiment, &images, &machine, plan.batch)?;
    let mut runner = Runner {
        directory,
        experiment,
        selectors,
        workers: if machine.on_cuda() { 1 } else { settings.workers as usize },
        settings,
        study,
        train: ImageSet { images: Vec::new(), ..images.train },
        classes: images.classes.len(),
        augmentation: (images.flip, images.crop),
        orders,
        initial: weights,
        test_images,
        rows,
        writer,
        at,
        clock: Clock::start(progress.seconds, experiment.training.until),
        progress: Progress { identity, ..progress },
        recorder,
        stop_at: stop_at.map(|stop| stop.step),
    };
    let end = runner.study(&machine, is_new);
    runner.close(end)
}

/// Why these are not the rows of a saved state after so many orders: each parent has all orders, one after the other.
fn misfit(rows: &[OrderRow], done: u64, batches: usize) -> Option<String> {
    if rows.len() as u64 != done {
        return Some(format!(
            "it has {} rows, and the saved state knows of {done}; put the file back as it was, or start the study anew: a state holds no rows",
            rows.len()
        ));
    }
    let orders = tree::orders(batches as u64).max(1);
    let mut before = (1, 0);
    for (place, row) in (0..).zip(rows) {
        let parent = match (place % orders, row.epoch == before.0) {
            (0, true) => (before.0, before.1 + 1),
            (0, false) => (before.0 + 1, 1),
            _ => before,
        };
        before = parent;
        if ((row.epoch, row.parent), row.order) != (parent, place % orders) || row.batches != tree::decode(row.order, batches) {
            return Some(format!("row {} is not order {} of parent {} of epoch {}", place + 1, place % orders, parent.1, parent.0));
        }
    }
    None
}

/// What a study of orders cannot do.
fn refuse(experiment: &Experiment, machine: &Machine) -> Result<()> {
    let refusal = if machine.precision.scales_loss() {
        "training.precision: a study of orders does not scale its losses; use \"f32\" or \"bf16\""
    } else if experiment.network.dropout > 0.0 {
        "network.dropout: a study of orders trains the same network in every order, so nothing may be dropped at random; use 0"
    } else if experiment.schedule.kind == ScheduleKind::Plateau {
        "schedule.kind: a plateau is watched over one run; a study of orders needs rates that follow from the step, as \"constant\""
    } else {
        return Ok(());
    };
    Err(Error::Configuration(refusal.into()))
}

/// The test images: the first so many of a seeded choice, or all.
#[must_use]
pub fn tested(set: &ImageSet, settings: &Permutation) -> ImageSet {
    let all = set.len();
    let wanted = if settings.test_images == 0 { all } else { usize::try_from(settings.test_images).unwrap_or(all) };
    let mut places = Stream::new(settings.seed, Purpose::Permutation, 0, 0, 0).choose(wanted, all);
    places.sort_unstable();
    set.select(&places)
}

/// Orders of the whole run, as far as is known: how many parents a later epoch has, its runs decide.
#[must_use]
pub fn expected(settings: &Permutation, at: &PermutationProgress, orders: u64, done: u64) -> u64 {
    let mut parents = at.parents.last().map_or(1, Vec::len) as u64;
    let mut total = done + parents.saturating_sub(at.done) * orders;
    for _ in at.parents.len() as u64..settings.epochs {
        parents = settings.next_parents(parents * orders);
        total += parents * orders;
    }
    total
}
