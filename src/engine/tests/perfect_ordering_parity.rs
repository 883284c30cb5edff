//! The published study of all 720 orders of one epoch (thesis, table 2.1, epoch 1), from its own weights, batches and crops.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::config::{self, presets};
use curricle_engine::permutation::epoch::Epoch;
use curricle_engine::permutation::published::Published;
use curricle_engine::permutation::replay::{self, Replayed};
use curricle_engine::permutation::study::{State, Study};
use curricle_engine::permutation::tree::{self, Order};
use curricle_engine::permutation::workers::{self, Outcome, Wish};
use std::path::PathBuf;

/// The published file, where it and MNIST are there.
fn file() -> Option<PathBuf> {
    let file = support::reference().join("perfect-ordering/published.json");
    support::present("perfect ordering", &[&file, &support::data().join("mnist")]).then_some(file)
}

fn preset() -> String {
    presets::find("thesis/table-2.1", std::path::Path::new("/nowhere")).unwrap().text
}

fn replay(crops: bool) -> Option<Replayed> {
    let file = file()?;
    let folder = tempfile::tempdir().unwrap();
    let experiment = folder.path().join("experiment.toml");
    std::fs::write(&experiment, preset()).unwrap();
    let found = replay::run(&experiment, &file, Some(&support::data()), crops).unwrap();
    println!(
        "{} crops: correlation of losses {:.8}, of counts {:.8}; largest difference of a loss {:.1e}, of a count {}; {} counts equal; {:.1} s",
        if crops { "with" } else { "without" },
        found.loss_correlation.unwrap(),
        found.accuracy_correlation.unwrap(),
        found.largest_loss_difference,
        found.largest_count_difference,
        found.equal_counts,
        found.seconds
    );
    assert_eq!((found.orders, found.steps, found.crops), (720, 1956, crops));
    Some(found)
}

#[test]
#[ignore = "a minute: `make parity`"]
fn the_published_table_of_720_orders() {
    let Some(found) = replay(true) else { return };
    assert!(found.largest_loss_difference <= 2e-4 && found.largest_count_difference <= 3 && found.equal_counts >= 700);
    let found = replay(false).unwrap();
    assert!(found.loss_correlation.unwrap() >= 0.985 && found.accuracy_correlation.unwrap() >= 0.995);
}

/// A few orders of the published study, under each combination of what must not matter.
fn outcomes(folded: bool, shared: bool, workers: usize) -> Option<Vec<Outcome>> {
    let file = file()?;
    let experiment = config::read(&preset(), "preset", &[]).unwrap();
    let published = Published::read(&file, true).unwrap();
    let (study, epoch, start, ..) = replay::prepare(experiment, &file, &published, Some(&support::data()), folded).unwrap();
    let orders: Vec<Order> = tree::all(6).into_iter().step_by(47).take(12).chain([vec![5, 4, 3, 2, 1, 0]]).collect();
    Some(if shared {
        all(&study, &epoch, &start, &orders, workers)
    } else {
        orders.iter().flat_map(|order| all(&study, &epoch, &start, std::slice::from_ref(order), workers)).collect()
    })
}

fn all(study: &Study, epoch: &Epoch, start: &State, orders: &[Order], workers: usize) -> Vec<Outcome> {
    workers::run(study, epoch, start, orders, workers, |_| Ok(Wish::Go)).unwrap().unwrap()
}

/// The tree and single runs, one worker and two: bit by bit.
#[test]
fn shared_prefixes_and_single_runs_are_equal() {
    let Some(single) = outcomes(true, false, 1) else { return };
    assert_eq!(outcomes(true, true, 1).unwrap(), single);
    assert_eq!(outcomes(true, true, 2).unwrap(), single);
}

#[test]
fn the_kernel_tests_as_libtorch_does() {
    let (Some(kernel), Some(plain)) = (outcomes(true, true, 2), outcomes(false, true, 2)) else { return };
    let mut largest = 0.0f64;
    for (kernel, plain) in kernel.iter().zip(&plain) {
        assert_eq!(kernel.losses, plain.losses, "training knows nothing of the kernel");
        for (kernel, plain) in kernel.scores.iter().zip(&plain.scores) {
            largest = largest.max((kernel.loss - plain.loss).abs());
            assert!(kernel.correct.abs_diff(plain.correct) <= 1);
        }
    }
    println!("largest difference of a loss of 512 images: {largest:.1e}");
    assert!(largest <= 2.5e-7, "{largest:e}: the sum of four would differ by more than 1e-6");
}
