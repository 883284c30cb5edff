//! Orderings against the reference results in `CURRICLE_REFERENCE`: scores of loss delta, orders of GraB, and the first
//! steps of published runs with all their candidates.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::config;
use curricle_engine::checkpoint;
use curricle_engine::images::{Crops, DeviceSet};
use curricle_engine::network::Network;
use curricle_engine::network::pass::{Arithmetic, Mode};
use curricle_engine::optimizer::Sgd;
use curricle_engine::ordering::grab::Grab;
use curricle_engine::ordering::scorer::first_order::{Probe, displacement};
use curricle_engine::ordering::scorer::{self, Batch, Situation, loss, loss_delta};
use curricle_engine::ordering::strategy::{Order, Ties};
use curricle_engine::step::Stepper;
use curricle_engine::weights::Weights;
use safetensors::SafeTensors;
use serde_json::Value;
use support::parity::{batch, check, cifar10, indices, network_named, normalisation};
use tch::{Device, Kind, Tensor};

const SGD: Sgd = Sgd { momentum: 0.9, nesterov: true, weight_decay: 1e-4 };
const LR: f64 = 0.05;
/// Images that go through the network at once where they share no statistics.
const TOGETHER: usize = 16;

/// The state of the loss-delta fixture: `model.*` and `momentum.*` of one file.
fn state_of(network: &Network, path: &std::path::Path, kind: Kind) -> Weights {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let values = |name: &str| -> Vec<f64> {
        let data = file.tensor(name).unwrap().data().to_vec();
        data.chunks_exact(4).map(|four| f64::from(f32::from_le_bytes(four.try_into().unwrap()))).collect()
    };
    let (mut theta, mut velocity, mut statistics) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &network.layout.parameters {
        theta.extend(entry.from_torch_order(&values(&format!("model.{}", entry.name))));
        velocity.extend(entry.from_torch_order(&values(&format!("momentum.{}", entry.name))));
    }
    for entry in &network.layout.statistics {
        statistics.extend(values(&format!("model.{}", entry.name)));
    }
    Weights::from_host(&theta, Some(&velocity), &statistics, 12, kind, Device::Cpu).unwrap()
}

fn bits(weights: &Weights) -> Vec<Vec<f64>> {
    [&weights.theta, &weights.velocity, &weights.statistics]
        .map(|tensor| Vec::try_from(tensor.detach().to_kind(Kind::Double)).unwrap())
        .into()
}

fn loss_delta_scores(kind: Kind) {
    let folder = support::reference().join("parity");
    let path = folder.join("parity.json");
    if !support::present("loss delta", &[&path, &support::data().join("cifar-10-batches-bin")]) {
        return;
    }
    let reference = &support::json(&path)["loss_delta"];
    let network = network_named("preresnet20", config::Head::Global);
    let weights = state_of(&network, &folder.join(reference["state"].as_str().unwrap()), kind);
    let (train, test) =
        (DeviceSet::new(&cifar10().train, Device::Cpu, true).unwrap(), DeviceSet::new(&cifar10().test, Device::Cpu, true).unwrap());
    let of = |set: &DeviceSet, items: &Value| {
        let (images, labels) = batch(set, &indices(items), kind);
        Batch { images, labels }
    };
    let candidates: Vec<Batch> = reference["candidates"].as_array().unwrap().iter().map(|items| of(&train, items)).collect();
    let external = of(&test, &reference["external_test_indices"]);
    let before = bits(&weights);
    for (name, mode) in [("eval", Mode::Eval), ("train", Mode::Train)] {
        let reference = &reference[name];
        let situation = Situation {
            network: &network,
            weights: &weights,
            optimizer: SGD,
            lr: LR,
            label_smoothing: 0.0,
            arithmetic: Arithmetic::Plain,
            mode,
        };
        let hold = |field: &str, scores: &[Tensor]| {
            let scores = scorer::read(scores).unwrap();
            check(&format!("{name} {field}"), &scores, &reference[field], kind);
            scores
        };
        let winner = |field: &str, scores: &[f64]| {
            let best = Order { descending: true, ties: Ties::Last }.best(scores).unwrap();
            assert_eq!(best as u64, reference["winner"][field]["index"].as_u64().unwrap(), "{name} {field}");
        };
        hold("same_prev", &loss::scores(&situation, &candidates, TOGETHER).unwrap());
        let same = loss_delta::deltas(&situation, &candidates, None, None, TOGETHER).unwrap();
        hold("same_prev", &same.before);
        hold("same_new", &same.after);
        winner("same_absolute", &hold("same_absolute", &same.scores(false).unwrap()));
        winner("same_relative", &hold("same_relative", &same.scores(true).unwrap()));
        let other = loss_delta::deltas(&situation, &candidates, Some(&external), None, TOGETHER).unwrap();
        hold("external_prev", &other.before[..1]);
        hold("external_new", &other.after);
        winner("external_absolute", &hold("external_absolute", &other.scores(false).unwrap()));
        hold("external_relative", &other.scores(true).unwrap());
        let probe = Probe::new(&situation, &external, displacement(kind)).unwrap();
        // An affine function of the first-order delta that all candidates share: the same winner.
        winner("first_order", &hold("finite_difference", &probe.scores(&situation, &candidates, TOGETHER).unwrap()));
        if mode == Mode::Eval {
            let (images, labels) = (&candidates[0].images, &candidates[0].labels);
            let each = probe.of_images(&situation).unwrap().scores(images, labels).unwrap().mean(None::<Kind>);
            let whole = probe.scores(&situation, &candidates[..1], TOGETHER).unwrap();
            let (each, whole) = (each.double_value(&[]), whole[0].double_value(&[]));
            assert!((each - whole).abs() < 1e-4, "{each} image by image, {whole} as a batch");
        }
        assert!(bits(&weights) == before, "scoring has changed the weights, the momentum or the statistics");
    }
}

#[test]
#[ignore = "a minute: `make parity`"]
fn loss_delta_in_f64() {
    loss_delta_scores(Kind::Double);
}

#[test]
fn loss_delta_in_f32() {
    loss_delta_scores(Kind::Float);
}

#[test]
fn ties_are_decided_as_published() {
    let path = support::reference().join("parity/parity.json");
    if !support::present("tie rule", &[&path]) {
        return;
    }
    for case in support::json(&path)["loss_delta"]["tie_rule"].as_array().unwrap() {
        let best = Order { descending: true, ties: Ties::Last }.best(&support::numbers(&case["scores"])).unwrap();
        assert_eq!(best as u64, case["winner"].as_u64().unwrap(), "{case}");
    }
}

#[test]
fn grab_makes_the_orders_of_its_authors() {
    let path = support::reference().join("ordering/grab.json");
    if !support::present("grab", &[&path]) {
        return;
    }
    let file = support::json(&path);
    for (field, pairs) in [("mean_balance", false), ("pair_balance", true)] {
        let orders: Vec<Vec<u32>> = file[field].as_array().unwrap().iter().map(indices).collect();
        let mut order = indices(&file["first_order"]);
        assert_eq!(order, orders[0], "{field}");
        let mut grab = Grab::new(&Tensor::zeros([file["dimensions"].as_i64().unwrap()], (Kind::Double, Device::Cpu)), pairs).unwrap();
        for (epoch, gradients) in file["gradients"].as_array().unwrap().iter().enumerate() {
            for &item in &order {
                grab.step(item, &Tensor::from_slice(&support::numbers(&gradients[item as usize]))).unwrap();
            }
            order = grab.next_order().unwrap();
            assert_eq!(order, orders[epoch + 1], "{field}, epoch {}", epoch + 1);
        }
    }
}

/// Normalised images of recorded items under recorded flips and crops.
fn recorded(set: &DeviceSet, items: &Value, crops: &Value) -> Batch {
    let crops: Vec<Vec<u32>> = crops.as_array().unwrap().iter().map(indices).collect();
    let crops = Crops {
        flips: crops.iter().map(|crop| crop[0] == 1).collect(),
        offsets: crops.iter().map(|crop| (crop[1] as u8, crop[2] as u8)).collect(),
        padding: 4,
    };
    let (bytes, labels) = set.batch(&indices(items), Some(&crops)).unwrap();
    Batch { images: normalisation(Kind::Float).apply(&bytes).unwrap(), labels }
}

/// The published losses step by step, and where the candidates are recorded, their scores and the same winners.
fn replay(path: &std::path::Path) {
    let file = support::json(path);
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let network = network_named("preresnet56", config::Head::Window(7));
    let initial = support::reference().join("preresnet56/initial-seed0.safetensors");
    let mut weights = checkpoint::read(&initial, &network.layout).unwrap().to_device(Kind::Float, Device::Cpu).unwrap();
    let (train, test) =
        (DeviceSet::new(&cifar10().train, Device::Cpu, true).unwrap(), DeviceSet::new(&cifar10().test, Device::Cpu, true).unwrap());
    let external = indices(&file["external_test_indices"]);
    let external = (!external.is_empty()).then(|| {
        let (images, labels) = batch(&test, &external, Kind::Float);
        Batch { images, labels }
    });
    let mut stepper =
        Stepper { optimizer: SGD, label_smoothing: 0.0, arithmetic: Arithmetic::Plain, loss_scale: None, keep_gradient: false };
    let mut leftover: Option<Tensor> = None;
    let mut largest: f64 = 0.0;
    let (mut worst, mut winners) = (0.0f64, 0);
    for (number, step) in file["steps"].as_array().unwrap().iter().enumerate() {
        if let Some(recorded_candidates) = step["candidate_batches"].as_array() {
            let crops = step["candidate_flip_row_column"].as_array().unwrap();
            let candidates: Vec<Batch> =
                recorded_candidates.iter().zip(crops).map(|(items, crops)| recorded(&train, items, crops)).collect();
            let situation = Situation {
                network: &network,
                weights: &weights,
                optimizer: SGD,
                lr: LR,
                label_smoothing: 0.0,
                arithmetic: Arithmetic::Plain,
                mode: Mode::Eval,
            };
            let deltas = file["orderer"] == "max_loss_delta";
            let (scores, published, order) = if deltas {
                let deltas = loss_delta::deltas(&situation, &candidates, external.as_ref(), leftover.as_ref(), TOGETHER).unwrap();
                (deltas.scores(false).unwrap(), &step["scores_absolute"], Order { descending: true, ties: Ties::Last })
            } else {
                let losses = loss::scores(&situation, &candidates, TOGETHER).unwrap();
                (losses, &step["losses"], Order { descending: false, ties: Ties::First })
            };
            let (scores, published) = (scorer::read(&scores).unwrap(), support::numbers(published));
            let allowed = [1e-6, 5e-5, 2e-4][number.min(2)];
            // In f32, each loss is known to a few units in its last place.
            let allowed = f64::max(allowed, 4.0 * f64::from(f32::EPSILON) * 2.3);
            for (place, (ours, theirs)) in scores.iter().zip(&published).enumerate() {
                assert!((ours - theirs).abs() <= allowed, "{name}, step {number}, candidate {place}: {ours} here, {theirs} published");
            }
            let best = order.best(&scores).unwrap();
            let won = if deltas { &step["candidates"][best] } else { &Value::from(best) };
            let near = step["lead_over_second"].as_f64().is_some_and(|lead| lead < 2.0 * allowed);
            assert!(near || *won == step["winner"], "{name}, step {number}: {won} wins here, {} in the published run", step["winner"]);
            winners += usize::from(*won == step["winner"]);
        }
        let chosen = recorded(&train, &step["batch"], &step["flip_row_column"]);
        // The gradient that the published loop left behind is the training step's, in train mode.
        let theta = (weights.theta.detach().copy(), weights.velocity.copy());
        let outcome = stepper.step(&network, &mut weights, &chosen.images, &chosen.labels, LR).unwrap();
        leftover = Some(gradient_between(&theta, &weights));
        let (loss, published) = (outcome.loss.double_value(&[]), step["published_batch_loss"].as_f64().unwrap());
        largest = largest.max((step["batch_loss"].as_f64().unwrap() - published).abs());
        let allowed = [2e-6, 5e-5].get(number).copied().unwrap_or_else(|| f64::max(2e-4, 10.0 * largest));
        assert!(
            (loss - published).abs() <= allowed,
            "{name}, step {number}: loss {loss} here, {published} published ({allowed:e} allowed)"
        );
        worst = worst.max((loss - published).abs());
    }
    println!(
        "{name}: {} steps, largest difference of a loss {worst:.1e}, {winners} winners of recorded candidates met",
        file["steps"].as_array().unwrap().len()
    );
}

/// ∇L of a step, from what the step did: v′ = μ·v + ∇L + wd·θ, and v = 0 before the first.
fn gradient_between(before: &(Tensor, Tensor), after: &Weights) -> Tensor {
    let _guard = tch::no_grad_guard();
    after.velocity.copy() - &before.1 * SGD.momentum - &before.0 * SGD.weight_decay
}

#[test]
#[ignore = "minutes: `make parity`"]
fn first_steps_of_published_runs() {
    let folder = support::reference().join("published");
    if !support::present("first steps", &[&folder, &support::data().join("cifar-10-batches-bin")]) {
        return;
    }
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("first-steps-"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files.iter().for_each(|path| replay(path));
}
