//! The known difficulty of a glyph tells the loss that a trained network has on it, and the set is neither easy nor
//! hopeless.

#![allow(clippy::unwrap_used, missing_docs)]

use curricle_core::config;
use curricle_engine::images::{Crops, DeviceSet, Normalisation};
use curricle_engine::network::Network;
use curricle_engine::network::pass::{Arithmetic, Mode};
use curricle_engine::optimizer::Sgd;
use curricle_engine::ordering::ranks::rank_correlation;
use curricle_engine::plan::{Plan, epoch_order};
use curricle_engine::schedule::{Place, rate};
use curricle_engine::step::Stepper;
use curricle_engine::watch::Plateau;
use curricle_engine::weights::Weights;
use tch::{Device, Kind, Reduction, Tensor};

#[test]
#[ignore = "trains for a minute: `make proof`"]
fn known_difficulty_tells_the_loss() {
    let preset = concat!(env!("CARGO_MANIFEST_DIR"), "/../../presets/quickstart.toml");
    let experiment = config::read(&std::fs::read_to_string(preset).unwrap(), preset, &[]).unwrap();
    let images = curricle_core::data::load(&experiment.data, std::path::Path::new("")).unwrap();
    let network = Network::new(&experiment.network, 3, 32, images.classes.len() as i64).unwrap();
    let mut weights = Weights::initial(&network, 0, Kind::Float, Device::Cpu).unwrap();
    let normalisation = Normalisation::new(&images.mean, &images.std, Kind::Float, Device::Cpu).unwrap();
    let train = DeviceSet::new(&images.train, Device::Cpu, true).unwrap();
    let test = DeviceSet::new(&images.test, Device::Cpu, true).unwrap();
    let plan = Plan::new(&experiment, images.train.len(), false).unwrap();
    let mut stepper = Stepper {
        optimizer: Sgd::new(&experiment.optimizer),
        label_smoothing: 0.0,
        arithmetic: Arithmetic::Plain,
        loss_scale: None,
        keep_gradient: false,
    };
    for step in 1..=plan.steps {
        let epoch = plan.epoch_of(step);
        let order = epoch_order(0, epoch, plan.images);
        let items = &order[plan.places(step)];
        let crops = Crops::draw(images.flip, images.crop, items.len(), 0, epoch, step);
        let (bytes, labels) = train.batch(items, crops.as_ref()).unwrap();
        let place = Place { step: step - 1, steps: plan.steps, steps_per_epoch: plan.steps_per_epoch };
        let lr = rate(&experiment.schedule, experiment.optimizer.lr, place, &Plateau::default());
        stepper.step(&network, &mut weights, &normalisation.apply(&bytes).unwrap(), &labels, lr).unwrap();
    }
    let _guard = tch::no_grad_guard();
    let (bytes, labels) = test.range(0, test.len()).unwrap();
    let logits =
        network.forward(&weights.theta, &weights.statistics, &normalisation.apply(&bytes).unwrap(), Mode::Eval, Arithmetic::Plain).unwrap();
    let losses = logits.f_cross_entropy_loss(&labels, None::<Tensor>, Reduction::None, -100, 0.0).unwrap();
    let losses: Vec<f64> = Vec::try_from(losses.to_kind(Kind::Double)).unwrap();
    let accuracy = logits.argmax(-1, false).eq_tensor(&labels).to_kind(Kind::Double).mean(Kind::Double).double_value(&[]);
    let difficulty: Vec<f64> = images.test.difficulty.as_ref().unwrap().iter().map(|&d| f64::from(d)).collect();
    let correlation = rank_correlation(&difficulty, &losses).unwrap();
    println!("glyphs: test accuracy {accuracy:.4}, rank correlation of difficulty and loss {correlation:.3}");
    assert!((0.88..0.99).contains(&accuracy), "accuracy {accuracy}");
    assert!(correlation >= 0.3, "rank correlation {correlation}");
}
