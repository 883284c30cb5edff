//! One side of `make bench`: does a job of the engine as often as it is told, and says how long it took.
//!
//! `measure JOB EXPERIMENT FOLDER` prepares everything, writes into FOLDER what the other side needs to do the same
//! (`weights.safetensors`, `batches.safetensors`) and prints a line of JSON. Then each line `run N` on stdin is answered
//! by one line of JSON: the seconds of N repetitions and what came out of them.
//!
//! Jobs: `step` (training steps, one after the other over the batches), `batch` (making a batch: gather, flip, crop,
//! normalise), `evaluate` (loss and hits of the test set), `record` (scoring events of eight candidates, written as a run
//! writes them; nothing is scored), `loss`, `loss-delta`, `loss-delta-external` and `first-order` (scores of all batches), `orders`
//! (every order of a study's first epoch), `orders-one-by-one` (the same, nothing shared). The first line names, beside the hardware, the SHA-256 of each batch's values.

#![allow(clippy::print_stdout, reason = "what it prints is its answer")]

mod scoring;

use curricle_core::config::{self, Experiment};
use curricle_core::data::Images;
use curricle_core::record::{Scoring, What};
use curricle_core::run::{Candidates, EventWriter, OrderedStep, Origin, RunDirectory, ScoreHeader, ScoreWriter, Status};
use curricle_engine::checkpoint::{self, HostWeights};
use curricle_engine::error::{Error, Result};
use curricle_engine::images::{Crops, DeviceSet, Normalisation};
use curricle_engine::network::Network;
use curricle_engine::network::pass::Arithmetic;
use curricle_engine::optimizer::Sgd;
use curricle_engine::precision::LossScale;
use curricle_engine::recorder::{Note, Recorder};
use curricle_engine::setup::{self, Machine};
use curricle_engine::step::{Outcome, Stepper};
use curricle_engine::weights::Weights;
use curricle_engine::{device, evaluation, plan};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

/// Batches that a job goes round in.
const BATCHES: usize = 4;

/// What all jobs share.
struct Bench {
    experiment: Experiment,
    machine: Machine,
    images: Images,
    network: Network,
    weights: Weights,
    normalisation: Normalisation,
}

impl Bench {
    fn prepare(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::Configuration(format!("{}: {error}", path.display())))?;
        let read = config::read(&text, &path.display().to_string(), &[]);
        let experiment = read.map_err(|problems| Error::Configuration(problems.to_string()))?;
        let mut machine = Machine::prepare(&experiment.training)?;
        if std::env::var_os("CURRICLE_EMULATE_BF16").is_some() && machine.precision.name == "bf16" {
            machine.precision.arithmetic = Arithmetic::EmulatedBf16;
        }
        let images = setup::images(&experiment, None)?;
        let network = setup::network(&experiment, &images)?;
        let weights = setup::weights(&experiment, &network, &machine)?;
        let normalisation = setup::normalisation(&images, &machine)?;
        Ok(Self { experiment, machine, images, network, weights, normalisation })
    }

    /// Writes the weights as they are, and images with labels, for the other side.
    fn hand_over(&self, folder: &Path, images: &Tensor, labels: &Tensor) -> Result<()> {
        let host = HostWeights::of(&self.weights)?;
        let bytes = checkpoint::to_bytes(&self.network.layout, &host, HashMap::new())?;
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).map_err(|error| Error::Other(error.to_string()));
        write("weights.safetensors", &bytes)?;
        let images = images.f_to(Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?;
        Ok(Tensor::write_safetensors(&[("images", images), ("labels", labels.f_to(Device::Cpu)?)], folder.join("batches.safetensors"))?)
    }

    /// What both sides must have alike: `batches` are the tensors that are worked on.
    fn about(&self, batches: &[(Tensor, Tensor)]) -> Result<Value> {
        let digests = batches.iter().map(|(images, labels)| Ok([digest(images, Kind::Float)?, digest(labels, Kind::Int64)?]));
        Ok(json!({
            "batches": digests.collect::<Result<Vec<_>>>()?,
            "threads": self.machine.threads,
            "precision": self.machine.precision.name,
            "emulated": self.machine.precision.arithmetic == Arithmetic::EmulatedBf16,
            "device": self.machine.device.name,
            "hardware": self.machine.device_name(),
        }))
    }

    /// Waits for what the device still has to do.
    fn settle(&self) -> Result<()> {
        if let Device::Cuda(number) = self.machine.device.device {
            tch::Cuda::synchronize(number as i64);
        }
        Ok(())
    }
}

/// SHA-256 of a tensor's values in this kind, in the order of its dimensions.
fn digest(tensor: &Tensor, kind: Kind) -> Result<String> {
    let dense = tensor.f_to(Device::Cpu)?.f_to_kind(kind)?.f_contiguous()?;
    let mut bytes = vec![0; dense.numel() * kind.elt_size_in_bytes()];
    dense.f_copy_data_u8(&mut bytes, dense.numel())?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Answers every `run N` with what `work` says of N repetitions.
fn serve(mut work: impl FnMut(usize) -> Result<Value>) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let Some(count) = line.ok().and_then(|line| line.strip_prefix("run ")?.trim().parse().ok()) else { break };
        say(&work(count)?);
    }
    Ok(())
}

fn say(value: &Value) {
    println!("{value}");
    let _ = std::io::stdout().flush();
}

fn steps(mut bench: Bench, folder: &Path) -> Result<()> {
    let set = setup::device_set(&bench.images.train, &bench.machine)?;
    let size = bench.experiment.training.batch as usize;
    let mut batches = Vec::new();
    for number in 0..BATCHES {
        let (bytes, labels) = set.range(number * size, size)?;
        batches.push((bench.normalisation.apply(&bytes)?, labels));
    }
    let all = |of: fn(&(Tensor, Tensor)) -> &Tensor| Tensor::f_cat(&batches.iter().map(of).collect::<Vec<_>>(), 0);
    bench.hand_over(folder, &all(|batch| &batch.0)?, &all(|batch| &batch.1)?)?;
    let loss_scale = match bench.machine.precision.scales_loss() {
        true => Some(LossScale::new(Default::default(), bench.machine.device.device)?),
        false => None,
    };
    let mut stepper = Stepper {
        optimizer: Sgd::new(&bench.experiment.optimizer),
        label_smoothing: bench.experiment.training.label_smoothing,
        arithmetic: bench.machine.precision.arithmetic,
        loss_scale,
        keep_gradient: false,
    };
    say(&bench.about(&batches)?);
    let mut done = 0;
    serve(|count| {
        let lr = bench.experiment.optimizer.lr;
        let began = Instant::now();
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(count);
        for _ in 0..count {
            let (images, labels) = &batches[done % BATCHES];
            outcomes.push(stepper.step(&bench.network, &mut bench.weights, images, labels, lr)?);
            done += 1;
        }
        bench.settle()?;
        let seconds = began.elapsed().as_secs_f64();
        let losses: Vec<f64> = outcomes.iter().map(|outcome| outcome.loss.double_value(&[])).collect();
        Ok(json!({ "seconds": seconds, "values": losses }))
    })
}

fn batch(bench: &Bench, folder: &Path) -> Result<()> {
    let set = setup::device_set(&bench.images.train, &bench.machine)?;
    let size = bench.experiment.training.batch as usize;
    let (bytes, labels) = set.range(0, set.len())?;
    let all = (bench.normalisation.apply(&bytes)?, labels);
    bench.hand_over(folder, &all.0, &all.1)?;
    say(&bench.about(&[all])?);
    let order = plan::epoch_order(1, 1, set.len());
    let mut step = 0u64;
    serve(|count| {
        let began = Instant::now();
        let mut last = None;
        for _ in 0..count {
            let first = step as usize * size % (set.len() - size + 1);
            let crops = Crops::draw(true, 4, size, 1, 1, step);
            let (bytes, _) = set.batch(&order[first..first + size], crops.as_ref())?;
            last = Some(bench.normalisation.apply(&bytes)?);
            step += 1;
        }
        bench.settle()?;
        let seconds = began.elapsed().as_secs_f64();
        let mean = last.map_or(f64::NAN, |images: Tensor| images.mean(Kind::Double).double_value(&[]));
        Ok(json!({ "seconds": seconds, "values": [mean] }))
    })
}

fn evaluate(bench: &Bench, folder: &Path) -> Result<()> {
    let set: DeviceSet = setup::device_set(&bench.images.test, &bench.machine)?;
    let (bytes, labels) = set.range(0, set.len())?;
    let all = (bench.normalisation.apply(&bytes)?, labels);
    bench.hand_over(folder, &all.0, &all.1)?;
    let size = bench.machine.evaluation_batch(&bench.network, &set)?;
    say(&bench.about(&[all])?);
    serve(|count| {
        let began = Instant::now();
        let mut values = Vec::new();
        for _ in 0..count {
            let score = evaluation::evaluate(
                &bench.network,
                &bench.weights.theta,
                &bench.weights.statistics,
                &set,
                &bench.normalisation,
                bench.machine.precision.arithmetic,
                size,
                |_| true,
            )?;
            values = score.map(|score| vec![score.loss, score.correct as f64]).unwrap_or_default();
        }
        Ok(json!({ "seconds": began.elapsed().as_secs_f64(), "values": values }))
    })
}

/// Scoring events and score files through the recorder of a run, up to the disk.
fn record(bench: &Bench, folder: &Path, text: &str) -> Result<()> {
    let directory = RunDirectory::create(folder, &bench.experiment, text, Origin::default())?;
    let events = EventWriter::create(&directory)?;
    let classes = bench.images.classes.clone();
    let header =
        ScoreHeader { format: ScoreHeader::FORMAT, steps_per_file: ScoreHeader::steps_per_file(8), classes, ..ScoreHeader::default() };
    let scores = ScoreWriter::open(&directory, header, 0)?;
    let recorder = Recorder::start(directory.clone(), events, Some(scores), Status::default(), false)?;
    say(&bench.about(&[])?);
    let scoring = |step: u64| Scoring {
        scorer: "loss".into(),
        // As many digits as real scores have.
        scores: (0..8).map(|candidate| f64::from((step as f32 + candidate as f32 / 7.0).sin()) + 2.0).collect(),
        candidates: 8,
        chosen: vec![(step % 8) as u32],
        classes: vec![13; bench.images.classes.len()],
        forward: 8.0,
        seconds: 1.0 / (step + 3) as f64,
        ..Scoring::default()
    };
    let ordered = |step: u64| OrderedStep {
        step,
        epoch: 1,
        items: (0..bench.experiment.training.batch as u32).collect(),
        classes: vec![13; bench.images.classes.len()],
        scored: Some(Candidates {
            numbers: (0..8).collect(),
            scores: (0..8).map(|candidate| (step as f32 + candidate as f32 / 7.0).sin()).collect(),
            chosen: vec![(step % 8) as u32],
            ..Candidates::default()
        }),
    };
    let mut step = 1;
    serve(|count| {
        let before = std::fs::metadata(directory.events()).map_or(0, |facts| facts.len());
        let began = Instant::now();
        for _ in 0..count {
            recorder.event(step, 1, What::Scoring(scoring(step)))?;
            recorder.tell(Note::Ordered(Box::new(ordered(step))))?;
            step += 1;
        }
        recorder.barrier()?;
        let seconds = began.elapsed().as_secs_f64();
        let written = std::fs::metadata(directory.events()).map_or(0, |facts| facts.len()) - before;
        Ok(json!({ "seconds": seconds, "values": [written as f64 / count as f64] }))
    })
}

fn main() -> ExitCode {
    device::begin_with_environment();
    device::keep_memory();
    device::prepare_environment();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [job, experiment, folder] = arguments.as_slice() else {
        eprintln!(
            "usage: measure step|batch|evaluate|record|loss|loss-delta|loss-delta-external|first-order|orders|orders-one-by-one EXPERIMENT FOLDER"
        );
        return ExitCode::from(2);
    };
    let folder = Path::new(folder);
    let done = Bench::prepare(Path::new(experiment)).and_then(|bench| match job.as_str() {
        "step" => steps(bench, folder),
        "batch" => batch(&bench, folder),
        "evaluate" => evaluate(&bench, folder),
        "loss" | "loss-delta" | "loss-delta-external" | "first-order" => scoring::scores(&bench, folder, job),
        "orders" | "orders-one-by-one" => scoring::orders(bench, folder, job == "orders"),
        "record" => std::fs::read_to_string(experiment)
            .map_err(|error| Error::Other(error.to_string()))
            .and_then(|text| record(&bench, folder, &text)),
        other => Err(Error::Other(format!("`{other}` is no job"))),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
