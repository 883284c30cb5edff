//! Scoring K candidates, and trying out all orders of an epoch.

use super::{Bench, say, serve};
use curricle_core::config::Permutation;
use curricle_engine::error::{Error, Result};
use curricle_engine::network::pass::Mode;
use curricle_engine::optimizer::Sgd;
use curricle_engine::ordering::scorer::{Batch, Situation, first_order, loss, loss_delta, read};
use curricle_engine::permutation::epoch::Epoch;
use curricle_engine::permutation::study::{State, Study};
use curricle_engine::permutation::tree;
use curricle_engine::permutation::workers::{self, Wish};
use curricle_engine::setup;
use serde_json::json;
use std::path::Path;
use std::time::Instant;
use tch::Tensor;

/// Images of the external batch at most.
const EXTERNAL: usize = 512;

/// `loss`, `loss-delta`, `loss-delta-external` or `first-order` of all whole batches of the training set; the test set is the
/// external batch.
pub fn scores(bench: &Bench, folder: &Path, job: &str) -> Result<()> {
    let set = setup::device_set(&bench.images.train, &bench.machine)?;
    let size = bench.experiment.training.batch as usize;
    let test = setup::device_set(&bench.images.test, &bench.machine)?;
    let (bytes, labels) = test.range(0, test.len().min(EXTERNAL))?;
    let external = Batch { images: bench.normalisation.apply(&bytes)?, labels };
    let batch = |number: usize| -> Result<Batch> {
        let (bytes, labels) = set.range(number * size, size)?;
        Ok(Batch { images: bench.normalisation.apply(&bytes)?, labels })
    };
    let candidates = (0..set.len() / size).map(batch).collect::<Result<Vec<_>>>()?;
    let all = |of: fn(&Batch) -> &Tensor| Tensor::f_cat(&candidates.iter().chain([&external]).map(of).collect::<Vec<_>>(), 0);
    let handed = (all(|batch| &batch.images)?, all(|batch| &batch.labels)?);
    bench.hand_over(folder, &handed.0, &handed.1)?;
    say(&bench.about(&[handed])?);
    let together = bench.machine.evaluation_batch(&bench.network, &test)?;
    let situation = Situation {
        network: &bench.network,
        weights: &bench.weights,
        optimizer: Sgd::new(&bench.experiment.optimizer),
        lr: bench.experiment.optimizer.lr,
        label_smoothing: 0.0,
        arithmetic: bench.machine.precision.arithmetic,
        mode: Mode::Eval,
    };
    let once = || -> Result<Vec<f64>> {
        let scores = match job {
            "loss" => loss::scores(&situation, &candidates, together)?,
            "loss-delta" => loss_delta::deltas(&situation, &candidates, None, None, together)?.scores(false)?,
            "loss-delta-external" => loss_delta::deltas(&situation, &candidates, Some(&external), None, together)?.scores(false)?,
            _ => {
                let step = first_order::displacement(bench.weights.theta.kind());
                first_order::Probe::new(&situation, &external, step)?.scores(&situation, &candidates, together)?
            }
        };
        read(&scores)
    };
    serve(|count| {
        let began = Instant::now();
        let mut values = Vec::new();
        for _ in 0..count {
            values = once()?;
        }
        bench.settle()?;
        Ok(json!({ "seconds": began.elapsed().as_secs_f64(), "values": values }))
    })
}

/// Orders that are trained one by one in place of all: so many, evenly spread.
const ONE_BY_ONE: usize = 60;

/// All orders of the first epoch of a study, `run N` of them N times: seconds, and losses of some orders. Not `shared`, each order is
/// trained from the beginning, some of them, and the seconds are as if it had been all.
pub fn orders(bench: Bench, folder: &Path, shared: bool) -> Result<()> {
    let count = bench.images.train.len();
    let settings = Permutation { workers: bench.machine.threads, ..bench.experiment.permutation.clone().unwrap_or_default() };
    let epoch = Epoch::of(&bench.experiment, 1, count, (false, 0));
    let set = setup::device_set(&bench.images.train, &bench.machine)?;
    let tests = setup::device_set(&bench.images.test.select(&(0..settings.test_images as u32).collect::<Vec<_>>()), &bench.machine)?;
    // For the other side: the images of the batches, one batch after the other, then those of the test.
    let mut handed = Vec::new();
    for items in &epoch.batches {
        handed.push(set.batch(items, None)?);
    }
    handed.push(tests.range(0, tests.len())?);
    let bytes = Tensor::f_cat(&handed.iter().map(|(bytes, _)| bytes).collect::<Vec<_>>(), 0)?;
    let labels = Tensor::f_cat(&handed.iter().map(|(_, labels)| labels).collect::<Vec<_>>(), 0)?;
    let handed = (bench.normalisation.apply(&bytes)?, labels);
    bench.hand_over(folder, &handed.0, &handed.1)?;
    say(&bench.about(&[handed])?);
    let normalisation = setup::normalisation(&bench.images, &bench.machine)?;
    let study = Study::new(&bench.experiment, &bench.machine, bench.network, set, vec![tests], normalisation, true)?;
    let start = State::begin(bench.weights);
    let orders = tree::all(epoch.batches.len());
    serve(|rounds| {
        let began = Instant::now();
        let mut values = Vec::new();
        let mut scale = 1.0;
        for _ in 0..rounds {
            if !shared {
                let mut losses = Vec::new();
                for order in orders.iter().step_by((orders.len() / ONE_BY_ONE).max(1)) {
                    let outcome = workers::run(&study, &epoch, &start, std::slice::from_ref(order), 1, |_| Ok(Wish::Go))?;
                    let outcome = outcome.and_then(|mut outcomes| outcomes.pop());
                    losses.push(outcome.map_or(f64::NAN, |outcome| outcome.scores.iter().map(|score| score.loss).sum()));
                }
                let all = orders.len() as f64 / losses.len() as f64;
                values = losses;
                scale = all;
                continue;
            }
            let outcomes = workers::run(&study, &epoch, &start, &orders, settings.workers as usize, |_| Ok(Wish::Go))?;
            let outcomes = outcomes.ok_or_else(|| Error::Other("the orders were broken off".into()))?;
            let of =
                |place: usize| curricle_core::statistics::mean(&outcomes[place].scores.iter().map(|score| score.loss).collect::<Vec<_>>());
            values = (0..orders.len()).step_by(orders.len() / 12).map(of).collect();
        }
        Ok(json!({ "seconds": began.elapsed().as_secs_f64() * scale, "values": values }))
    })
}
