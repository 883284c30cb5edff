//! `curricle-engine evaluate`: loss and accuracy of a checkpoint on a whole set. Nothing is written anywhere.

use crate::checkpoint;
use crate::error::{Error, Result};
use crate::evaluation;
use crate::setup::{self, Machine};
use curricle_core::config::{self, Precision};
use serde::Serialize;
use std::path::Path;

/// What comes out, as one JSON object.
#[derive(Debug, Serialize)]
pub struct Evaluated {
    /// Correct images.
    pub correct: u64,
    /// Images.
    pub total: u64,
    /// Share of correct images.
    pub accuracy: f64,
    /// Mean cross-entropy per image.
    pub loss: f64,
    /// `test`, `train` or `holdout`.
    pub set: String,
    /// Image set.
    pub data: String,
    /// Trainable weights.
    pub parameters: u64,
    /// Σ over parameter tensors of their L2 norms.
    pub norm_sum: f64,
    /// L2 norm of all parameters.
    pub norm_global: f64,
    /// Device.
    pub device: String,
    /// Precision.
    pub precision: String,
    /// Seconds of the evaluation alone.
    pub seconds: f64,
}

/// Evaluates `checkpoint` as the experiment in `experiment` describes it. f32 unless the experiment names a precision.
///
/// # Errors
/// If the experiment, the checkpoint or the images do not read or fit.
pub fn run(experiment: &Path, checkpoint: &Path, data: Option<&Path>, set: &str) -> Result<Evaluated> {
    let text = std::fs::read_to_string(experiment).map_err(|error| Error::Configuration(format!("{}: {error}", experiment.display())))?;
    let origin = experiment.display().to_string();
    let mut experiment = config::read(&text, &origin, &[]).map_err(|problems| Error::Configuration(problems.to_string()))?;
    if experiment.training.precision == Precision::Auto {
        experiment.training.precision = Precision::F32;
    }
    let machine = Machine::prepare(&experiment.training)?;
    let images = setup::images(&experiment, data)?;
    let network = setup::network(&experiment, &images)?;
    let host = checkpoint::read(checkpoint, &network.layout)?;
    let weights = host.to_device(machine.precision.kind, machine.device.device)?;
    let chosen = match set {
        "test" => &images.test,
        "train" => &images.train,
        "holdout" => images.holdout.as_ref().ok_or_else(|| Error::Configuration("there is no hold-out: set `data.holdout`".into()))?,
        other => return Err(Error::Configuration(format!("`{other}` is no set: test, train or holdout"))),
    };
    let device_set = setup::device_set(chosen, &machine)?;
    let normalisation = setup::normalisation(&images, &machine)?;
    let total = device_set.len();
    let began = std::time::Instant::now();
    let score = evaluation::evaluate(
        &network,
        &weights.theta,
        &weights.statistics,
        &device_set,
        &normalisation,
        machine.precision.arithmetic,
        machine.evaluation_batch(&network, &device_set)?,
        |done| {
            eprintln!("progress {done} {total}");
            true
        },
    )?;
    let score = score.ok_or_else(|| Error::Other("the evaluation was broken off".into()))?;
    let seconds = began.elapsed().as_secs_f64();
    let (norm_sum, norm_global) = weights.norms(&network.layout)?;
    Ok(Evaluated {
        correct: score.correct,
        total: score.total,
        accuracy: score.accuracy(),
        loss: score.loss,
        set: set.into(),
        data: experiment.data.set.word().to_string(),
        parameters: network.layout.parameter_count() as u64,
        norm_sum,
        norm_global,
        device: machine.device.name.clone(),
        precision: machine.precision.name.into(),
        seconds,
    })
}
