//! Rules on optimiser, schedule and training.

use super::super::data::SetKind;
use super::super::experiment::Experiment;
use super::super::range::grouped;
use super::super::read::Reader;
use super::super::schedule::ScheduleKind;
use super::super::training::{Precision, SelectOn, Watch};
use super::super::values::{DeviceChoice, Interval, Period};

pub(super) fn check(experiment: &Experiment, reader: &mut Reader) {
    optimizer(experiment, reader);
    schedule(experiment, reader);
    batch(experiment, reader);
    holdout(experiment, reader);
    let training = &experiment.training;
    if training.precision == Precision::F16 && training.device == DeviceChoice::Cpu {
        let text = "f16 runs on CUDA only, and `training.device` is `\"cpu\"`".to_owned();
        let hint = "write `precision = \"bf16\"`, the half precision of CPUs".to_owned();
        reader.conflict(&["training.precision", "training.device"], text, Some(hint));
    }
    if let Period::Seconds(seconds) = training.state_every
        && seconds < 1.0
    {
        let text = format!("expected at least 1 s, got `{}`", training.state_every);
        reader.conflict(&["training.state_every"], text, None);
    }
}

fn optimizer(experiment: &Experiment, reader: &mut Reader) {
    let optimizer = &experiment.optimizer;
    if optimizer.nesterov && optimizer.momentum == 0.0 {
        let text = "Nesterov looks ahead along the momentum, and `optimizer.momentum` is 0".to_owned();
        let hint = "write `nesterov = false`, or a momentum above 0".to_owned();
        reader.conflict(&["optimizer.momentum", "optimizer.nesterov"], text, Some(hint));
    }
}

fn schedule(experiment: &Experiment, reader: &mut Reader) {
    let schedule = &experiment.schedule;
    let lr = experiment.optimizer.lr;
    if schedule.kind == ScheduleKind::Milestones {
        if schedule.milestones.is_empty() {
            let hint = Some("write `kind = \"constant\"` for a learning rate that never changes".to_owned());
            reader.conflict(&["schedule.milestones"], "expected at least one milestone".to_owned(), hint);
        }
        if let Some(pair) = schedule.milestones.windows(2).find(|pair| pair.first() >= pair.last()) {
            let text = format!("expected ascending epochs, got `{}` after `{}`", pair.last().unwrap_or(&0), pair.first().unwrap_or(&0));
            reader.conflict(&["schedule.milestones"], text, None);
        }
    }
    if matches!(schedule.kind, ScheduleKind::Cosine | ScheduleKind::Plateau) && schedule.minimum > lr {
        let text = format!("the lowest learning rate, `{}`, is above the highest, `optimizer.lr = {lr}`", schedule.minimum);
        reader.conflict(&["schedule.minimum", "optimizer.lr"], text, None);
    }
}

fn batch(experiment: &Experiment, reader: &mut Reader) {
    let batch = experiment.training.batch;
    if let Some(images) = experiment.data.train_images()
        && batch > images
    {
        let text = format!("the training set has {} images, a batch of `{batch}` is larger", grouped(images));
        let paths = ["training.batch", "data.per_class", "data.glyphs.train", "data.holdout", "data.set"];
        reader.conflict(&paths, text, None);
    }
}

fn holdout(experiment: &Experiment, reader: &mut Reader) {
    let training = &experiment.training;
    let needed = Some("write `holdout = 0.1` in `[data]`".to_owned());
    if experiment.data.holdout == 0.0 {
        if training.select_on == SelectOn::Holdout {
            let text = "there is no hold-out to select on: `data.holdout` is 0".to_owned();
            reader.conflict(&["training.select_on", "data.holdout"], text, needed.clone());
        }
        if training.watch == Watch::HoldoutLoss {
            let text = "there is no hold-out to watch: `data.holdout` is 0".to_owned();
            reader.conflict(&["training.watch", "data.holdout"], text, needed);
        }
    } else if let Some(images) = experiment.data.whole_or_chosen()
        && experiment.data.holdout * (images as f64) < 1.0
    {
        let text = format!("a share of {} of {} images is less than one image", experiment.data.holdout, grouped(images));
        reader.conflict(&["data.holdout"], text, None);
    }
    // The loss that a plateau or an early stop watches is looked at once an epoch, where the network is evaluated.
    let watches = training.early_stop > 0 || experiment.schedule.kind == ScheduleKind::Plateau;
    if watches && training.watch == Watch::HoldoutLoss && training.evaluate_every != Interval::Epochs(1) {
        let text = "the hold-out loss is watched once an epoch: expected `evaluate_every = \"1 epoch\"`".to_owned();
        reader.conflict(&["training.evaluate_every", "training.watch"], text, None);
    }
}

impl super::super::data::Data {
    /// Training images before the hold-out is taken off, as far as the text tells.
    fn whole_or_chosen(&self) -> Option<u64> {
        let all = Self { holdout: 0.0, imbalance: 1.0, ..self.clone() };
        if self.set == SetKind::Folder { None } else { all.train_images() }
    }
}
