//! What the parity tests share: CIFAR-10, networks and batches as the reference names them, and its tolerances.

#![allow(dead_code, clippy::unwrap_used)]

use curricle_core::config;
use curricle_core::data::Images;
use curricle_engine::images::{DeviceSet, Normalisation};
use curricle_engine::network::Network;
use serde_json::Value;
use std::sync::OnceLock;
use tch::{Device, Kind, Tensor};

/// The whole set.
pub fn cifar10() -> &'static Images {
    static IMAGES: OnceLock<Images> = OnceLock::new();
    IMAGES.get_or_init(|| curricle_core::data::load(&config::Data::default(), &super::data()).unwrap())
}

/// `preresnet20` or `wideresnet16x2` as the reference names its networks.
pub fn network_named(name: &str, head: config::Head) -> Network {
    let network = if let Some(depth) = name.strip_prefix("preresnet") {
        config::Network { depth: depth.parse().unwrap(), head, ..config::Network::default() }
    } else {
        let (depth, width) = name.strip_prefix("wideresnet").unwrap().split_once('x').unwrap();
        let (depth, width) = (depth.parse().unwrap(), width.parse().unwrap());
        config::Network { kind: config::NetworkKind::WideResNet, depth, width, ..config::Network::default() }
    };
    Network::new(&network, 3, 32, 10).unwrap()
}

/// As published for CIFAR-10.
pub fn normalisation(kind: Kind) -> Normalisation {
    Normalisation::new(&[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225], kind, Device::Cpu).unwrap()
}

/// Normalised images and labels of some items, as they are.
pub fn batch(set: &DeviceSet, indices: &[u32], kind: Kind) -> (Tensor, Tensor) {
    let (bytes, labels) = set.batch(indices, None).unwrap();
    (normalisation(kind).apply(&bytes).unwrap(), labels)
}

/// A list of sample numbers.
pub fn indices(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|index| index.as_u64().unwrap() as u32).collect()
}

/// Holds one quantity against `{f64, tolerance, tolerance_f64}` of the reference.
pub fn check(what: &str, ours: &[f64], reference: &Value, kind: Kind) {
    let exact = super::numbers(&reference["f64"]);
    let tolerance = super::numbers(&reference[if kind == Kind::Double { "tolerance_f64" } else { "tolerance" }]);
    assert_eq!(ours.len(), exact.len(), "{what}: number of values");
    for (place, (ours, exact)) in ours.iter().zip(&exact).enumerate() {
        let tolerance = tolerance.get(place).or(tolerance.last()).unwrap();
        let error = (ours - exact).abs();
        assert!(error <= *tolerance, "{what}[{place}]: {ours} here, {exact} in the reference: {error:e} > {tolerance:e}");
    }
}
