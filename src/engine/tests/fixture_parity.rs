//! Training of every network, step by step, against values that PyTorch computed (`tests/fixtures/generate.py`).

#![allow(clippy::unwrap_used, missing_docs)]

use curricle_core::config;
use curricle_engine::checkpoint::HostWeights;
use curricle_engine::images::Normalisation;
use curricle_engine::loss;
use curricle_engine::network::Network;
use curricle_engine::network::layout::Layout;
use curricle_engine::network::pass::{Arithmetic, Mode};
use curricle_engine::optimizer::Sgd;
use curricle_engine::step::Stepper;
use serde_json::Value;
use tch::{Device, Kind, Tensor};

fn fixture() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/parity.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The weights of the fixture: a formula of the tensor's place among the sorted names and the element's place.
fn formula_weights(layout: &Layout) -> HostWeights {
    let mut names: Vec<&str> = layout.parameters.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    let mut theta = Vec::new();
    for entry in &layout.parameters {
        let tensor = names.iter().position(|name| *name == entry.name).unwrap() as f64;
        let plane: i64 = entry.shape.iter().skip(2).product();
        let torch: Vec<f64> = (0..entry.len())
            .map(|element| {
                let wave = (0.7 * element as f64 + 1.3 * tensor + 0.1 * (element % 7) as f64).sin();
                if entry.shape.len() == 1 { 0.5 + 0.25 * wave } else { wave * (2.0 / (entry.shape[0] * plane) as f64).sqrt() }
            })
            .collect();
        theta.extend(entry.from_torch_order(&torch));
    }
    let statistics = layout.initial_statistics().into_iter().map(f64::from).collect();
    HostWeights { theta, velocity: None, statistics, batches_tracked: 0 }
}

fn formula_batch(indices: std::ops::Range<u64>, size: u64) -> (Tensor, Tensor) {
    let mut bytes = Vec::new();
    for index in indices.clone() {
        bytes.extend((0..size * size * 3).map(|place| ((index * 37 + place * place * 11 + place * 5 + (place * index) % 101) % 256) as u8));
    }
    let count = indices.end - indices.start;
    let labels: Vec<i64> = indices.map(|index| (index * 7 % 10) as i64).collect();
    let bytes = Tensor::from_slice(&bytes).view([count as i64, size as i64, size as i64, 3]);
    let normalisation = Normalisation::new(&[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225], Kind::Double, Device::Cpu).unwrap();
    (normalisation.apply(&bytes).unwrap(), Tensor::from_slice(&labels))
}

fn close(what: &str, ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap();
    let error = (ours - theirs).abs() / theirs.abs().max(1.0);
    assert!(error < 1e-9, "{what}: {ours} here, {theirs} in PyTorch");
}

fn check(name: &str, network: config::Network) {
    let fixture = &fixture()[name];
    let size = fixture["size"].as_u64().unwrap();
    let network = Network::new(&network, 3, size as i64, 10).unwrap();
    let mut weights = formula_weights(&network.layout).to_device(Kind::Double, Device::Cpu).unwrap();
    let mut stepper = Stepper {
        optimizer: Sgd { momentum: 0.9, nesterov: fixture["nesterov"].as_bool().unwrap(), weight_decay: 1e-4 },
        label_smoothing: fixture["label_smoothing"].as_f64().unwrap(),
        arithmetic: Arithmetic::Plain,
        loss_scale: None,
        keep_gradient: false,
    };
    for step in 0..4usize {
        let first = 8 * step as u64;
        let (images, labels) = formula_batch(first..first + 8, size);
        let outcome = stepper.step(&network, &mut weights, &images, &labels, 0.05).unwrap();
        let (norm_sum, norm_global) = weights.norms(&network.layout).unwrap();
        close(&format!("{name}, loss of step {step}"), outcome.loss.double_value(&[]), &fixture["loss"][step]);
        close(&format!("{name}, norm_sum of step {step}"), norm_sum, &fixture["norm_sum"][step]);
        close(&format!("{name}, norm_global of step {step}"), norm_global, &fixture["norm_global"][step]);
    }
    let (images, labels) = formula_batch(40..56, size);
    let logits = network.forward(&weights.theta, &weights.statistics, &images, Mode::Eval, Arithmetic::Plain).unwrap();
    close("test loss", loss::cross_entropy(&logits, &labels, 0.0).unwrap().double_value(&[]), &fixture["test_loss"]);
    for class in 0..10 {
        close("logit", logits.double_value(&[0, class]), &fixture["logits_of_first"][class as usize]);
    }
    close("running statistics", weights.statistics.sum(Kind::Double).double_value(&[]), &fixture["running_sum"]);
}

#[test]
fn preresnet_with_bottlenecks() {
    let network = config::Network { depth: 11, ..config::Network::default() };
    check("preresnet-11-bottleneck", network);
}

#[test]
fn preresnet_with_basic_blocks_window_head_and_label_smoothing() {
    let network = config::Network { depth: 8, block: config::Block::Basic, head: config::Head::Window(2), ..config::Network::default() };
    check("preresnet-8-basic-window-2", network);
}

#[test]
fn wideresnet() {
    let network = config::Network { kind: config::NetworkKind::WideResNet, depth: 10, width: 1, ..config::Network::default() };
    check("wideresnet-10-1", network);
}

#[test]
fn basicconv() {
    check("basicconv", config::Network { kind: config::NetworkKind::BasicConv, ..config::Network::default() });
}
