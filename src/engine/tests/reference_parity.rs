//! Parity with the reference results in `CURRICLE_REFERENCE`: plain training, step by step, and published checkpoints.
//!
//! In f64 every step is sharp. In f32 a freshly initialised network loses rounding within a few steps, so later steps
//! have wide tolerances, which the reference states.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::config;
use curricle_core::data::ImageSet;
use curricle_engine::checkpoint;
use curricle_engine::evaluation::evaluate;
use curricle_engine::images::DeviceSet;
use curricle_engine::loss;
use curricle_engine::network::Network;
use curricle_engine::network::pass::{Arithmetic, Mode};
use curricle_engine::optimizer::Sgd;
use curricle_engine::step::Stepper;
use curricle_engine::weights::{Weights, host_f64, slice};
use serde_json::Value;
use support::parity::{batch, check, cifar10, indices, network_named, normalisation};
use tch::{Device, Kind};

fn plain_training(kind: Kind) {
    let folder = support::reference().join("parity");
    let path = folder.join("parity.json");
    if !support::present("plain training", &[&path, &support::data().join("cifar-10-batches-bin")]) {
        return;
    }
    let file = support::json(&path);
    let train = DeviceSet::new(&cifar10().train, Device::Cpu, true).unwrap();
    let test = DeviceSet::new(&cifar10().test, Device::Cpu, true).unwrap();
    let sgd = &file["sgd"];
    for (name, reference) in file["plain"].as_object().unwrap().iter().filter(|(_, value)| value.get("initial").is_some()) {
        let initial = folder.join(reference["initial"].as_str().unwrap());
        if !support::present(name, &[&initial]) {
            continue;
        }
        let network = network_named(name, config::Head::Global);
        let mut weights = checkpoint::read(&initial, &network.layout).unwrap().to_device(kind, Device::Cpu).unwrap();
        let mut stepper = Stepper {
            optimizer: Sgd {
                momentum: sgd["momentum"].as_f64().unwrap(),
                nesterov: sgd["nesterov"].as_bool().unwrap(),
                weight_decay: sgd["weight_decay"].as_f64().unwrap(),
            },
            label_smoothing: 0.0,
            arithmetic: Arithmetic::Plain,
            loss_scale: None,
            keep_gradient: false,
        };
        let lr = sgd["lr"].as_f64().unwrap();
        let (mut losses, mut sums, mut globals) = (Vec::new(), Vec::new(), Vec::new());
        for items in file["train_batches"].as_array().unwrap() {
            let (images, labels) = batch(&train, &indices(items), kind);
            let outcome = stepper.step(&network, &mut weights, &images, &labels, lr).unwrap();
            losses.push(outcome.loss.double_value(&[]));
            let (sum, global) = weights.norms(&network.layout).unwrap();
            sums.push(sum);
            globals.push(global);
        }
        check(&format!("{name} loss"), &losses, &reference["loss"], kind);
        check(&format!("{name} norm_sum"), &sums, &reference["norm_sum"], kind);
        check(&format!("{name} norm_global"), &globals, &reference["norm_global"], kind);
        check_test(name, &network, &weights, &test, &file["plain"]["test_images"], reference, kind);
        check_final(name, &network, &weights, &reference["final"], kind);
    }
}

fn check_test(name: &str, network: &Network, weights: &Weights, test: &DeviceSet, range: &Value, reference: &Value, kind: Kind) {
    let range = indices(range);
    // [first, last]
    let items: Vec<u32> = if range.len() == 2 { (range[0]..=range[1]).collect() } else { range };
    let (images, labels) = batch(test, &items, kind);
    let _guard = tch::no_grad_guard();
    let logits = network.forward(&weights.theta, &weights.statistics, &images, Mode::Eval, Arithmetic::Plain).unwrap();
    let mean = loss::cross_entropy(&logits, &labels, 0.0).unwrap().double_value(&[]);
    check(&format!("{name} test_loss"), &[mean], &reference["test_loss"], kind);
    let hits = loss::hits(&logits, &labels).unwrap().int64_value(&[]);
    check(&format!("{name} test_correct"), &[hits as f64], &reference["test_correct"], kind);
}

fn check_final(name: &str, network: &Network, weights: &Weights, reference: &Value, kind: Kind) {
    let theta = host_f64(&weights.theta).unwrap();
    let statistics = host_f64(&weights.statistics).unwrap();
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    let magnitude = |values: &[f64]| values.iter().map(|x| x.abs()).sum::<f64>();
    check(&format!("{name} sum"), &[sum(&theta)], &reference["sum"], kind);
    check(&format!("{name} abs_sum"), &[magnitude(&theta)], &reference["abs_sum"], kind);
    check(&format!("{name} running_sum"), &[sum(&statistics)], &reference["running_sum"], kind);
    check(&format!("{name} running_abs_sum"), &[magnitude(&statistics)], &reference["running_abs_sum"], kind);
    for (key, parameter) in [("conv1_first8", "conv1.weight"), ("fc_weight_first8", "fc.weight"), ("fc_bias_first8", "fc.bias")] {
        let entry = network.layout.parameters.iter().find(|entry| entry.name == parameter).unwrap();
        let values = entry.to_torch_order(slice(entry, &theta));
        check(&format!("{name} {key}"), &values[..8], &reference[key], kind);
    }
}

#[test]
fn plain_training_in_f64() {
    plain_training(Kind::Double);
}

#[test]
fn plain_training_in_f32() {
    plain_training(Kind::Float);
}

/// Every `<name>.safetensors` that `expected.json` describes, with both heads, on the first `images` test images.
fn published_checkpoints(images: Option<usize>) {
    let folder = support::reference().join("preresnet56");
    let path = folder.join("expected.json");
    if !support::present("published checkpoints", &[&path, &support::data().join("cifar-10-batches-bin")]) {
        return;
    }
    let whole = &cifar10().test;
    let count = images.unwrap_or(whole.labels.len());
    let area = whole.height * whole.width * whole.channels;
    let some = ImageSet {
        images: whole.images[..count * area].to_vec(),
        labels: whole.labels[..count].to_vec(),
        index: whole.index[..count].to_vec(),
        ..whole.clone()
    };
    let set = DeviceSet::new(&some, Device::Cpu, true).unwrap();
    for (name, expected) in support::json(&path).as_object().unwrap() {
        let file = folder.join(format!("{name}.safetensors"));
        if !support::present(name, &[&file]) {
            continue;
        }
        for (key, head) in [("upper_left_7x7", config::Head::Window(7)), ("global_8x8", config::Head::Global)] {
            let network = network_named("preresnet56", head);
            let weights = checkpoint::read(&file, &network.layout).unwrap().to_device(Kind::Float, Device::Cpu).unwrap();
            let norms = weights.norms(&network.layout).unwrap();
            assert!((norms.0 / expected["sum_of_parameter_norms"].as_f64().unwrap() - 1.0).abs() < 1e-6);
            assert!((norms.1 / expected["global_parameter_norm"].as_f64().unwrap() - 1.0).abs() < 1e-6);
            let score =
                evaluate(&network, &weights.theta, &weights.statistics, &set, &normalisation(Kind::Float), Arithmetic::Plain, 250, |_| {
                    true
                });
            let score = score.unwrap().unwrap();
            let wanted = &expected[key][if images.is_some() { "correct_first_1000" } else { "correct" }];
            println!("{name}, {key}: {} of {}, the reference says {wanted}; loss {:.6}", score.correct, score.total, score.loss);
            assert!((score.correct as i64 - wanted.as_i64().unwrap()).abs() <= 2, "{name}, {key}: {} correct, not {wanted}", score.correct);
            check_logits(&network, &weights, &set, &expected[key]["logits_of_image_0"]);
        }
    }
}

fn check_logits(network: &Network, weights: &Weights, set: &DeviceSet, wanted: &Value) {
    let (images, _) = batch(set, &[0], Kind::Float);
    let _guard = tch::no_grad_guard();
    let logits = network.forward(&weights.theta, &weights.statistics, &images, Mode::Eval, Arithmetic::Plain).unwrap();
    for (class, wanted) in support::numbers(wanted).iter().enumerate() {
        let ours = logits.double_value(&[0, class as i64]);
        assert!((ours - wanted).abs() < 1e-3, "logit of class {class}: {ours} here, {wanted} in the reference");
    }
}

#[test]
fn published_checkpoints_on_the_first_1000_images() {
    published_checkpoints(Some(1000));
}

#[test]
#[ignore = "minutes: `make parity`"]
fn published_checkpoints_on_all_images() {
    published_checkpoints(None);
}
