//! Parameter counts of the published networks, names of their tensors, checkpoints there and back, and the two ways through
//! a network in eval mode.

#![allow(clippy::unwrap_used, missing_docs)]

use curricle_core::config::{Block, Head, Network as Settings, NetworkKind};
use curricle_engine::checkpoint::{self, HostWeights};
use curricle_engine::network::Network;
use curricle_engine::network::layout::Layout;
use curricle_engine::network::pass::{Arithmetic, Mode, Pass};
use curricle_engine::weights::Weights;
use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

fn layout(kind: NetworkKind, depth: u64, width: u64, classes: i64) -> Layout {
    let settings = Settings { kind, depth, width, ..Settings::default() };
    Network::new(&settings, 3, 32, classes).unwrap().layout
}

#[test]
fn published_parameter_counts() {
    for (depth, ten, hundred) in [
        (20, 219_482, 242_612),
        (56, 590_426, 613_556),
        (101, 1_054_106, 1_077_236),
        (110, 1_146_842, 1_169_972),
        (164, 1_703_258, 1_726_388),
    ] {
        assert_eq!(layout(NetworkKind::PreResNet, depth, 1, 10).parameter_count(), ten, "PreResNet-{depth}");
        assert_eq!(layout(NetworkKind::PreResNet, depth, 1, 100).parameter_count(), hundred, "PreResNet-{depth}");
    }
    for (depth, width, ten, hundred) in
        [(16, 2, 691_674, 703_284), (16, 4, 2_748_890, 2_772_020), (40, 4, 8_949_210, 8_972_340), (28, 10, 36_479_194, 36_536_884)]
    {
        assert_eq!(layout(NetworkKind::WideResNet, depth, width, 10).parameter_count(), ten, "WideResNet-{depth}-{width}");
        assert_eq!(layout(NetworkKind::WideResNet, depth, width, 100).parameter_count(), hundred, "WideResNet-{depth}-{width}");
    }
    let basic = Settings { kind: NetworkKind::BasicConv, ..Settings::default() };
    assert_eq!(Network::new(&basic, 1, 28, 2).unwrap().layout.parameter_count(), 2_322);
}

#[test]
fn initial_weights_have_the_published_spread() {
    let layout = layout(NetworkKind::PreResNet, 56, 1, 10);
    let theta = layout.initial_parameters(0);
    for entry in &layout.parameters {
        let values = &theta[entry.offset..entry.offset + entry.len()];
        if entry.name.contains("conv") && entry.len() > 2000 {
            let out_fan = entry.shape[0] * entry.shape[2] * entry.shape[3];
            let wanted = (2.0 / out_fan as f64).sqrt();
            let spread = (values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
            assert!((spread / wanted - 1.0).abs() < 0.1, "{}: {spread} instead of {wanted}", entry.name);
        }
        if entry.name.contains("bn") && entry.name.ends_with("weight") {
            assert!(values.iter().all(|&x| x == 0.5), "{}", entry.name);
        }
    }
    assert_eq!(theta, layout.initial_parameters(0));
    assert_ne!(theta, layout.initial_parameters(1));
}

#[test]
fn a_window_larger_than_the_map_is_refused() {
    let settings = Settings { head: Head::Window(9), ..Settings::default() };
    let error = Network::new(&settings, 3, 32, 10).err().unwrap().to_string();
    assert_eq!(error, "network.head: a window of 9 does not fit the last feature map of 8×8; use a smaller window or `\"global\"`");
}

/// Where nothing goes backward, norms go into the convolutions before them and additions into those behind: the same function.
#[test]
fn a_pass_without_a_backward_gives_the_same_logits() {
    let networks = [
        Settings { depth: 11, ..Settings::default() },
        Settings { depth: 14, block: Block::Basic, ..Settings::default() },
        Settings { kind: NetworkKind::WideResNet, depth: 10, width: 2, ..Settings::default() },
        Settings { kind: NetworkKind::BasicConv, ..Settings::default() },
    ];
    tch::manual_seed(5);
    for (settings, (kind, allowed)) in networks.iter().flat_map(|one| [(one, (Kind::Double, 1e-12)), (one, (Kind::Float, 1e-4))]) {
        let network = Network::new(settings, 3, 16, 10).unwrap();
        let mut weights = Weights::initial(&network, 1, kind, Device::Cpu).unwrap();
        // Every norm has something to do: scales, shifts, means and deviations of its own.
        let noise = Tensor::rand_like(&weights.theta) * 0.4 - 0.2;
        weights.theta = (weights.theta.detach() + noise).set_requires_grad(true);
        weights.statistics = &weights.statistics + Tensor::rand_like(&weights.statistics);
        let before = weights.theta.copy();
        let images = Tensor::randn([7, 3, 16, 16], (kind, Device::Cpu));
        let recorded = network.forward(&weights.theta, &weights.statistics, &images, Mode::Eval, Arithmetic::Plain).unwrap();
        let _guard = tch::no_grad_guard();
        // One pass over batches of several sizes.
        let pass = Pass::new(&network.layout, &weights.theta, &weights.statistics, Mode::Eval, Arithmetic::Plain).unwrap();
        let parts: Vec<Tensor> =
            [(0, 4), (4, 1), (5, 2)].map(|(first, count)| network.logits(&pass, &images.narrow(0, first, count)).unwrap()).into();
        let apart = (Tensor::cat(&parts, 0) - recorded.detach()).abs().max().double_value(&[]);
        let scale = recorded.abs().max().double_value(&[]);
        assert!(apart <= allowed * scale && scale > 0.1, "{settings:?} in {kind:?}: {apart} apart, of {scale}");
        assert!(weights.theta.equal(&before), "the pass has changed the weights");
    }
}

fn small() -> Layout {
    let settings = Settings { depth: 8, block: Block::Basic, ..Settings::default() };
    Network::new(&settings, 3, 32, 10).unwrap().layout
}

fn weights(layout: &Layout) -> HostWeights {
    let widen = |values: Vec<f32>| values.into_iter().map(f64::from).collect();
    HostWeights {
        theta: widen(layout.initial_parameters(3)),
        velocity: None,
        statistics: widen(layout.initial_statistics()),
        batches_tracked: 17,
    }
}

#[test]
fn checkpoints_lead_there_and_back() {
    let layout = small();
    let weights = weights(&layout);
    let bytes = checkpoint::to_bytes(&layout, &weights, HashMap::new()).unwrap();
    assert_eq!(checkpoint::from_bytes(&bytes, &layout).unwrap(), weights);
}

#[test]
fn a_checkpoint_of_another_network_is_refused_with_what_differs() {
    let bytes = checkpoint::to_bytes(&small(), &weights(&small()), HashMap::new()).unwrap();
    let other = layout(NetworkKind::PreResNet, 20, 1, 10);
    let message = checkpoint::from_bytes(&bytes, &other).unwrap_err();
    assert_eq!(
        message,
        "belongs to another network: `layer1.0.conv1.weight` has shape [16, 16, 3, 3], the network needs [16, 16, 1, 1]; \
         `layer1.0.bn3.weight` is missing; `layer1.0.bn3.bias` is missing; `layer1.0.conv3.weight` is missing; 75 more differences. \
         Set `network` to the one it was trained with"
    );
    let message = checkpoint::from_bytes(b"not a checkpoint", &other).unwrap_err();
    assert!(message.starts_with("is no safetensors file ("), "{message}");
}
