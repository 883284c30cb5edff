//! Training in bf16, computed and played, beside f32: the same batches of CIFAR-10, one epoch of PreResNet-20.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::config;
use curricle_engine::evaluation::evaluate;
use curricle_engine::images::{Crops, DeviceSet, Normalisation};
use curricle_engine::network::Network;
use curricle_engine::network::pass::Arithmetic;
use curricle_engine::optimizer::Sgd;
use curricle_engine::plan::epoch_order;
use curricle_engine::step::Stepper;
use curricle_engine::weights::Weights;
use tch::{Device, Kind};

const BATCH: usize = 128;
const EXPERIMENT: &str = r#"
[data]
set = "cifar10"
[network]
kind = "preresnet"
depth = 20
[training]
epochs = 1
batch = 128
[optimizer]
lr = 0.1
"#;

/// Mean losses of tenths of an epoch, and the test accuracy at its end.
fn train(images: &curricle_core::data::Images, experiment: &config::Experiment, seed: u64, arithmetic: Arithmetic) -> (Vec<f64>, f64) {
    let network = Network::new(&experiment.network, 3, 32, 10).unwrap();
    let mut weights = Weights::initial(&network, seed, Kind::Float, Device::Cpu).unwrap();
    let normalisation = Normalisation::new(&images.mean, &images.std, Kind::Float, Device::Cpu).unwrap();
    let train = DeviceSet::new(&images.train, Device::Cpu, true).unwrap();
    let test = DeviceSet::new(&images.test, Device::Cpu, true).unwrap();
    let mut stepper =
        Stepper { optimizer: Sgd::new(&experiment.optimizer), label_smoothing: 0.0, arithmetic, loss_scale: None, keep_gradient: false };
    let order = epoch_order(seed, 1, train.len());
    let outcomes: Vec<_> = (1u64..)
        .zip(order.chunks_exact(BATCH))
        .map(|(step, items)| {
            let crops = Crops::draw(true, 4, items.len(), seed, 1, step);
            let (bytes, labels) = train.batch(items, crops.as_ref()).unwrap();
            stepper.step(&network, &mut weights, &normalisation.apply(&bytes).unwrap(), &labels, experiment.optimizer.lr).unwrap()
        })
        .collect();
    let losses: Vec<f64> = outcomes.iter().map(|outcome| outcome.loss.double_value(&[])).collect();
    let tenths = losses.chunks(losses.len() / 10).take(10).map(|part| part.iter().sum::<f64>() / part.len() as f64).collect();
    let score = evaluate(&network, &weights.theta, &weights.statistics, &test, &normalisation, arithmetic, 100, |_| true).unwrap().unwrap();
    (tenths, score.accuracy())
}

#[test]
#[ignore = "takes minutes: `make proof ONLY=bf16`"]
fn an_epoch_in_bf16_goes_as_in_f32() {
    if !support::present("bf16_quality", &[&support::data().join("cifar-10-batches-bin")]) {
        return;
    }
    let experiment = config::read(EXPERIMENT, "test", &[]).unwrap();
    let images = curricle_core::data::load(&experiment.data, &support::data()).unwrap();
    let show = |name: &str, (losses, accuracy): &(Vec<f64>, f64)| {
        let losses: Vec<String> = losses.iter().map(|loss| format!("{loss:.3}")).collect();
        println!("{name:<14} {}  test accuracy {accuracy:.4}", losses.join(" "));
    };
    let plain = train(&images, &experiment, 1, Arithmetic::Plain);
    show("f32", &plain);
    // What another seed changes is the scale on which bf16 is judged.
    let other = train(&images, &experiment, 2, Arithmetic::Plain);
    show("f32, seed 2", &other);
    let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let scale = distance(&plain.0, &other.0).max(0.02);
    for (name, arithmetic) in [("bf16", Arithmetic::Low(Kind::BFloat16)), ("bf16, played", Arithmetic::EmulatedBf16)] {
        let low = train(&images, &experiment, 1, arithmetic);
        show(name, &low);
        let far = distance(&plain.0, &low.0);
        println!("  largest distance to f32 {far:.4}; another seed's is {scale:.4}");
        assert!(far <= 2.0 * scale, "{name}: {far}");
    }
}
