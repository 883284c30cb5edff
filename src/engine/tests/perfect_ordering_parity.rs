//! The published study of all 720 orders of one epoch (thesis, table 2.1, epoch 1), from its own weights, batches and crops.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use curricle_core::config;
use curricle_engine::checkpoint;
use curricle_engine::error::Error;
use curricle_engine::evaluation::evaluate;
use curricle_engine::images::{Crops, DeviceSet, Normalisation};
use curricle_engine::network::Network;
use curricle_engine::network::pass::Arithmetic;
use curricle_engine::optimizer::Sgd;
use curricle_engine::permutation::tree;
use curricle_engine::step::Stepper;
use curricle_engine::weights::Weights;
use serde_json::Value;
use support::parity::indices;
use tch::{Device, Kind, Tensor};

/// Everything of the published study that a run needs.
struct Study {
    file: Value,
    network: Network,
    initial: Weights,
    train: DeviceSet,
    test: DeviceSet,
    batches: Vec<Vec<u32>>,
    normalisation: Normalisation,
}

impl Study {
    /// `None` where the reference or MNIST is absent.
    fn open() -> Option<Self> {
        let folder = support::reference().join("perfect-ordering");
        if !support::present("perfect ordering", &[&folder.join("published.json"), &support::data().join("mnist")]) {
            return None;
        }
        let file = support::json(&folder.join("published.json"));
        let data = "[data]\nset = \"mnist\"\nclasses = [\"0\", \"1\"]\n[network]\nkind = \"basicconv\"\n";
        let experiment = config::read(data, "test", &[]).unwrap();
        let network = Network::new(&experiment.network, 1, 28, 2).unwrap();
        let initial = folder.join(file["initial"].as_str().unwrap());
        let initial = checkpoint::read(&initial, &network.layout).unwrap().to_device(Kind::Float, Device::Cpu).unwrap();
        let images = curricle_core::data::load(&experiment.data, &support::data()).unwrap();
        // Numbers of the files to places among the zeros and ones.
        let places = |set: &curricle_core::data::ImageSet, wanted: &[u32]| -> Vec<u32> {
            wanted.iter().map(|number| set.index.iter().position(|index| index == number).unwrap() as u32).collect()
        };
        let batches: Vec<Vec<u32>> =
            file["batches"].as_array().unwrap().iter().map(|batch| places(&images.train, &indices(batch))).collect();
        let test = images.test.select(&places(&images.test, &indices(&file["test_indices"])));
        Some(Self {
            network,
            initial,
            train: DeviceSet::new(&images.train, Device::Cpu, true).unwrap(),
            test: DeviceSet::new(&test, Device::Cpu, true).unwrap(),
            batches,
            normalisation: Normalisation::new(&[0.1307], &[0.3081], Kind::Float, Device::Cpu).unwrap(),
            file,
        })
    }

    /// Images and labels of a batch at a place: the published crop belongs to the place in the epoch, not to the sample.
    fn batch(&self, batch: usize, place: usize, crops: bool) -> (Tensor, Tensor) {
        let items = &self.batches[batch];
        let offsets = self.file["training_crop"]["offsets_row_column"].as_array().unwrap();
        let crops = crops.then(|| Crops {
            offsets: offsets[place * items.len()..(place + 1) * items.len()]
                .iter()
                .map(indices)
                .map(|offset| (offset[0] as u8, offset[1] as u8))
                .collect(),
            flips: vec![false; items.len()],
            padding: self.file["training_crop"]["padding"].as_u64().unwrap() as u8,
        });
        let (bytes, labels) = self.train.batch(items, crops.as_ref()).unwrap();
        (self.normalisation.apply(&bytes).unwrap(), labels)
    }

    fn step(&self, before: &Weights, place: usize, batch: usize, crops: bool) -> Weights {
        let mut weights = copy(before);
        let optimizer = Sgd { momentum: 0.9, nesterov: true, weight_decay: 1e-4 };
        let mut stepper =
            Stepper { optimizer, label_smoothing: 0.0, arithmetic: Arithmetic::Plain, loss_scale: None, keep_gradient: false };
        let (images, labels) = self.batch(batch, place, crops);
        stepper.step(&self.network, &mut weights, &images, &labels, 0.05).unwrap();
        weights
    }

    /// Published test loss (the sum of four batch means of 512) and correct answers.
    fn tested(&self, weights: &Weights) -> (f64, u64) {
        let (theta, statistics) = (&weights.theta, &weights.statistics);
        let score =
            evaluate(&self.network, theta, statistics, &self.test, &self.normalisation, Arithmetic::Plain, 64, |_| true).unwrap().unwrap();
        (4.0 * score.loss, score.correct)
    }

    /// All orders over a shared prefix tree.
    fn replay(&self, crops: bool) -> Vec<(f64, u64)> {
        let mut results = Vec::new();
        let mut step = |before: &Weights, place: usize, batch: usize| Ok::<_, Error>(self.step(before, place, batch, crops));
        let mut end = |_: u64, _: &[usize], weights: &Weights| {
            results.push(self.tested(weights));
            Ok(())
        };
        tree::walk(self.batches.len(), &self.initial, &mut step, &mut end).unwrap();
        results
    }
}

fn copy(weights: &Weights) -> Weights {
    Weights {
        theta: weights.theta.detach().copy().set_requires_grad(true),
        velocity: weights.velocity.copy(),
        statistics: weights.statistics.copy(),
        batches_tracked: weights.batches_tracked,
    }
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let product = |x: &[f64], mx: f64, y: &[f64], my: f64| x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>();
    product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
}

#[test]
#[ignore = "minutes: `make parity`"]
fn the_published_table_of_720_orders() {
    let Some(study) = Study::open() else { return };
    let published_losses = support::numbers(&study.file["test_loss"]);
    let published_counts = support::numbers(&study.file["test_correct"]);
    for crops in [true, false] {
        let results = study.replay(crops);
        let losses: Vec<f64> = results.iter().map(|(loss, _)| *loss).collect();
        let counts: Vec<f64> = results.iter().map(|(_, count)| *count as f64).collect();
        assert_eq!(losses.len(), 720);
        let (of_losses, of_counts) = (correlation(&losses, &published_losses), correlation(&counts, &published_counts));
        let largest = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let (of_loss, of_count) = (largest(&losses, &published_losses), largest(&counts, &published_counts));
        let equal = counts.iter().zip(&published_counts).filter(|(a, b)| a == b).count();
        println!(
            "{} crops: correlation of losses {of_losses:.8}, of counts {of_counts:.8}; largest difference of a loss {of_loss:.1e}, of a count {of_count}; {equal} counts equal",
            if crops { "with" } else { "without" }
        );
        if crops {
            assert!(of_loss <= 2e-4 && of_count <= 3.0 && equal >= 700);
        } else {
            assert!(of_losses >= 0.985 && of_counts >= 0.995);
        }
    }
}

/// The tree and single runs, bit by bit, on a few orders.
#[test]
fn shared_prefixes_and_single_runs_are_equal() {
    let Some(study) = Study::open() else { return };
    let bits = |weights: &Weights| -> Vec<f32> { Vec::try_from(weights.theta.detach()).unwrap() };
    let few = 3;
    let mut step = |before: &Weights, place: usize, batch: usize| Ok::<_, Error>(study.step(before, place, batch, true));
    let mut end = |_: u64, order: &[usize], shared: &Weights| {
        let mut single = copy(&study.initial);
        for (place, &batch) in order.iter().enumerate() {
            single = study.step(&single, place, batch, true);
        }
        assert!(bits(&single) == bits(shared), "order {order:?}");
        Ok(())
    };
    tree::walk(few, &study.initial, &mut step, &mut end).unwrap();
}
