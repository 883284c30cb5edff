//! `curricle-engine replay`: a published study of the orders of one epoch, run again from its own weights, batches and crops,
//! and held against its own results. Nothing is written anywhere.
//!
//! The published test loss of an order is the sum of the means of its test batches, so each batch is tested as a part of its
//! own here. A crop belongs to the place in the epoch: the published code seeded its generators anew before every run.

use super::epoch::Epoch;
use super::published::Published;
use super::study::{State, Study};
use super::tree::{self, Order};
use super::workers::{self, Wish};
use crate::checkpoint;
use crate::error::{Error, Result};
use crate::images::{Crops, DeviceSet};
use crate::ordering::ranks::{correlation, rank_correlation};
use crate::setup::{self, Machine};
use curricle_core::config::{self, CropOf, Experiment};
use curricle_core::data::ImageSet;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// One order, run again.
#[derive(Debug, Clone, Serialize)]
pub struct Replay {
    /// The batch at each place.
    pub order: Order,
    /// Test loss as published: the sum of the means of the test batches.
    pub loss: f64,
    /// Correct test images.
    pub correct: u64,
    /// What was published.
    pub published_loss: f64,
    /// What was published.
    pub published_correct: u64,
}

/// What comes out, as one JSON object.
#[derive(Debug, Clone, Serialize)]
pub struct Replayed {
    /// Orders.
    pub orders: usize,
    /// Batches of an order.
    pub batches: usize,
    /// Training steps taken: what orders begin with is shared.
    pub steps: u64,
    /// Test images.
    pub test_images: usize,
    /// Whether training images were cropped as published.
    pub crops: bool,
    /// Pearson's correlation of the test losses with the published ones; `null` where one side does not vary.
    pub loss_correlation: Option<f64>,
    /// The same of the counts of correct images.
    pub accuracy_correlation: Option<f64>,
    /// Spearman's rank correlation of the losses.
    pub loss_rank_correlation: Option<f64>,
    /// Spearman's rank correlation of the counts.
    pub accuracy_rank_correlation: Option<f64>,
    /// Largest difference of a loss.
    pub largest_loss_difference: f64,
    /// Largest difference of a count.
    pub largest_count_difference: u64,
    /// Orders whose count is the published one.
    pub equal_counts: usize,
    /// Settings of the experiment that are not those of the file.
    pub differences: Vec<String>,
    /// Device.
    pub device: String,
    /// Orders trained side by side.
    pub workers: usize,
    /// Seconds of training and testing.
    pub seconds: f64,
    /// Every order, as listed.
    pub results: Vec<Replay>,
}

/// Replays the study in `file` as the experiment in `experiment` trains.
///
/// # Errors
/// If the experiment, the file, its weights or the images do not read or fit.
pub fn run(experiment: &Path, file: &Path, data: Option<&Path>, crops: bool) -> Result<Replayed> {
    let text = std::fs::read_to_string(experiment).map_err(|error| Error::Configuration(format!("{}: {error}", experiment.display())))?;
    let experiment =
        config::read(&text, &experiment.display().to_string(), &[]).map_err(|problems| Error::Configuration(problems.to_string()))?;
    let published = Published::read(file, crops)?;
    let (study, epoch, start, workers, device) = prepare(experiment.clone(), file, &published, data, true)?;
    replay(&study, &epoch, &start, &published, workers, device, differences(&experiment, &published))
}

/// Everything that a replay needs, and how many workers there are, and on what device. `folded` says whether the kernel may
/// test a BasicConv.
///
/// # Errors
/// If the weights or the images do not read or fit.
pub fn prepare(
    mut experiment: Experiment,
    file: &Path,
    published: &Published,
    data: Option<&Path>,
    folded: bool,
) -> Result<(Study, Epoch, State, usize, String)> {
    // The file names the images, so all of the classes must be there.
    experiment.data =
        config::Data { per_class: 0, subset: String::new(), holdout: 0.0, label_noise: 0.0, imbalance: 1.0, ..experiment.data };
    let machine = Machine::prepare(&config::Training { threads: 1, ..experiment.training.clone() })?;
    let images = setup::images(&experiment, data)?;
    let network = setup::network(&experiment, &images)?;
    let (batches, tests) = published.places(file, &images.train, &images.test)?;
    let host = checkpoint::read(&published.initial, &network.layout)?;
    let mut weights = host.to_device(machine.precision.kind, machine.device.device)?;
    weights.velocity = weights.velocity.f_zeros_like()?;
    let tests = parts(&images.test.select(&tests), published.test_batch, &machine)?;
    let train = setup::device_set(&images.train, &machine)?;
    let crops = published.crops.as_ref().map(|(offsets, padding)| Crops {
        offsets: offsets.clone(),
        flips: vec![false; offsets.len()],
        padding: *padding,
    });
    let rates = vec![experiment.optimizer.lr; batches.len()];
    let epoch = Epoch::new(1, batches, crops, CropOf::Position, rates);
    let normalisation = setup::normalisation(&images, &machine)?;
    let study = Study::new(&experiment, &machine, network, train, tests, normalisation, folded)?;
    let asked = experiment.permutation.as_ref().map_or(1, |permutation| permutation.workers as usize);
    let workers = if machine.on_cuda() { 1 } else { asked };
    Ok((study, epoch, State::begin(weights), workers, machine.device.name.clone()))
}

/// A set cut into test batches, each a set of its own.
fn parts(set: &ImageSet, size: usize, machine: &Machine) -> Result<Vec<DeviceSet>> {
    let places: Vec<u32> = (0..set.len() as u32).collect();
    places.chunks(size).map(|places| setup::device_set(&set.select(places), machine)).collect()
}

/// Settings that the file names and the experiment has otherwise.
fn differences(experiment: &Experiment, published: &Published) -> Vec<String> {
    let optimizer = &experiment.optimizer;
    let ours = |name: &str| match name {
        "optimizer.lr" => Some(optimizer.lr),
        "optimizer.momentum" => Some(optimizer.momentum),
        "optimizer.weight_decay" => Some(optimizer.weight_decay),
        _ => None,
    };
    let differs = |&(name, theirs): &(&'static str, f64)| {
        let ours = ours(name).filter(|ours| *ours != theirs)?;
        Some(format!("{name} is {ours} here and {theirs} in the file"))
    };
    published.settings.iter().filter_map(differs).collect()
}

fn replay(
    study: &Study,
    epoch: &Epoch,
    start: &State,
    published: &Published,
    workers: usize,
    device: String,
    differences: Vec<String>,
) -> Result<Replayed> {
    let began = Instant::now();
    // Neighbours in the sorted list share most.
    let mut places: Vec<usize> = (0..published.orders.len()).collect();
    places.sort_by(|&a, &b| published.orders[a].cmp(&published.orders[b]));
    let sorted: Vec<Order> = places.iter().map(|&place| published.orders[place].clone()).collect();
    let total = sorted.len();
    let mut last = None;
    let outcomes = workers::run(study, epoch, start, &sorted, workers, |done| {
        if last != Some(done) {
            last = Some(done);
            eprintln!("progress {done} {total}");
        }
        Ok(Wish::Go)
    })?;
    let outcomes = outcomes.ok_or_else(|| Error::Other("the replay was broken off".into()))?;
    let mut results: Vec<Option<Replay>> = vec![None; total];
    for (&place, outcome) in places.iter().zip(&outcomes) {
        results[place] = Some(Replay {
            order: published.orders[place].clone(),
            loss: outcome.scores.iter().map(|score| score.loss).sum(),
            correct: outcome.scores.iter().map(|score| score.correct).sum(),
            published_loss: published.losses[place],
            published_correct: published.correct[place],
        });
    }
    let results: Vec<Replay> = results.into_iter().flatten().collect();
    let column = |of: fn(&Replay) -> f64| -> Vec<f64> { results.iter().map(of).collect() };
    let (losses, published_losses) = (column(|one| one.loss), column(|one| one.published_loss));
    let (counts, published_counts) = (column(|one| one.correct as f64), column(|one| one.published_correct as f64));
    // A loss that is not a number is the largest difference of all.
    let apart = losses.iter().zip(&published_losses).map(|(a, b)| (a - b).abs());
    Ok(Replayed {
        orders: total,
        batches: epoch.batches.len(),
        steps: tree::shared_steps(&sorted),
        test_images: published.test.len(),
        crops: published.crops.is_some(),
        loss_correlation: correlation(&losses, &published_losses),
        accuracy_correlation: correlation(&counts, &published_counts),
        loss_rank_correlation: rank_correlation(&losses, &published_losses),
        accuracy_rank_correlation: rank_correlation(&counts, &published_counts),
        largest_loss_difference: apart.fold(0.0, |most, one| if one > most || one.is_nan() { one } else { most }),
        largest_count_difference: results.iter().map(|one| one.correct.abs_diff(one.published_correct)).max().unwrap_or(0),
        equal_counts: results.iter().filter(|one| one.correct == one.published_correct).count(),
        differences,
        device,
        workers,
        seconds: began.elapsed().as_secs_f64(),
        results,
    })
}
