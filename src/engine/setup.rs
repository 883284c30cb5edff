//! From an experiment to everything that training or evaluation needs on the device.

use crate::checkpoint;
use crate::device::{self, Chosen, Cuda};
use crate::error::{Error, Result};
use crate::images::{DeviceSet, Normalisation};
use crate::network::Network;
use crate::precision::{Cpu, Precision};
use crate::state::Identity;
use crate::weights::Weights;
use curricle_core::config::{self, Experiment};
use curricle_core::data::{self, Images};
use std::path::{Path, PathBuf};

/// Images of one batch when a set is evaluated on a CPU, for each thread at most.
const EVALUATION_BATCH: usize = 250;
/// Images of one batch when a set is evaluated on a CPU, for each thread at least.
const SMALLEST_EVALUATION_BATCH: usize = 16;
/// Bytes of a map that a core's caches hold between two passes over it.
const CACHED_MAP: usize = 4 << 20;
/// The same on a GPU, which wants more to do.
pub const EVALUATION_BATCH_CUDA: usize = 2000;

/// The device and what is computed on it.
pub struct Machine {
    /// What is known of CUDA.
    pub cuda: Cuda,
    /// What the CPU can do.
    pub cpu: Cpu,
    /// The device.
    pub device: Chosen,
    /// The number format.
    pub precision: Precision,
    /// Threads of the CPU.
    pub threads: u64,
    /// Whether equal runs give equal bits.
    pub deterministic: bool,
    /// Revision and vector instructions of the CPU's kernels.
    pub kernels: String,
}

impl Machine {
    /// Resolves `training.device`, `precision`, `threads` and `deterministic`.
    ///
    /// # Errors
    /// If what is asked for is not here.
    pub fn prepare(training: &config::Training) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
        let threads = if training.threads == 0 { cores } else { training.threads };
        tch::set_num_threads(i32::try_from(threads).unwrap_or(1));
        let wants_cuda = training.device != config::DeviceChoice::Cpu;
        let cuda = if wants_cuda { device::load_cuda() } else { Cuda { reason: "not looked for".into(), ..Cuda::default() } };
        let cpu = Cpu::detect();
        let kernels = device::kernels()?;
        let device = device::choose(training.device, &cuda)?;
        let precision = Precision::resolve(training.precision, device.device, &cpu)?;
        let deterministic = device::set_switches(training.deterministic, device.device);
        Ok(Self { cuda, cpu, device, precision, threads, deterministic, kernels })
    }

    /// Whether the device is a GPU.
    #[must_use]
    pub fn on_cuda(&self) -> bool {
        matches!(self.device.device, tch::Device::Cuda(_))
    }

    /// Name of the device's hardware.
    #[must_use]
    pub fn device_name(&self) -> String {
        match self.device.device {
            tch::Device::Cuda(number) => {
                self.cuda.devices.iter().find(|gpu| gpu.number == number).map_or_else(|| "GPU".into(), |gpu| gpu.name.clone())
            }
            _ => self.cpu.model.clone(),
        }
    }

    /// What a run's bits depend on beside its experiment.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity {
            version: env!("CARGO_PKG_VERSION").into(),
            libtorch: device::torch_version(),
            device: format!("{} ({})", self.device.name, self.device_name()),
            threads: self.threads,
            cpu: format!("{} {} {}", self.cpu.model, self.cpu.features.join(" "), self.kernels).trim().to_string(),
            precision: self.precision.name.into(),
            deterministic: self.deterministic,
            files: String::new(),
        }
    }

    /// Images of one batch when `set` is evaluated. On a CPU as many as let the largest map of a core stay in the cache:
    /// seen with PreResNet-56, 16 images at a time take 0.75 of the time of 500, and a fifth of the memory.
    ///
    /// # Errors
    /// If the network cannot be passed through.
    pub fn evaluation_batch(&self, network: &Network, set: &DeviceSet) -> Result<usize> {
        if self.on_cuda() {
            return Ok(EVALUATION_BATCH_CUDA);
        }
        let (channels, height, width) = set.shape();
        let element = if self.precision.kind == tch::Kind::Double { 8 } else { 4 };
        let map = network.largest_activation(channels, height, width)? * element;
        Ok((CACHED_MAP / map.max(1)).clamp(SMALLEST_EVALUATION_BATCH, EVALUATION_BATCH) * self.threads as usize)
    }
}

/// The folder of image sets.
#[must_use]
pub fn data_root(experiment: &Experiment, flag: Option<&Path>) -> PathBuf {
    data::root(&experiment.data, flag)
}

/// Loads the image sets of an experiment.
///
/// # Errors
/// Missing or damaged files; subsets that cannot be had.
pub fn images(experiment: &Experiment, flag: Option<&Path>) -> Result<Images> {
    Ok(data::load(&experiment.data, &data_root(experiment, flag))?)
}

/// The network of an experiment for these images.
///
/// # Errors
/// If it does not fit them.
pub fn network(experiment: &Experiment, images: &Images) -> Result<Network> {
    let train = &images.train;
    if train.height != train.width && experiment.network.head != config::Head::Global {
        return Err(Error::Configuration("network.head: a window needs square images".into()));
    }
    Network::new(&experiment.network, train.channels as i64, train.height as i64, images.classes.len() as i64)
}

/// Fresh weights, or those of the checkpoint that the experiment starts from.
///
/// # Errors
/// If the checkpoint is missing or belongs to another network.
pub fn weights(experiment: &Experiment, network: &Network, machine: &Machine) -> Result<Weights> {
    let (kind, device) = (machine.precision.kind, machine.device.device);
    if experiment.network.checkpoint.is_empty() {
        return Weights::initial(network, experiment.seed.weights, kind, device);
    }
    let mut host = checkpoint::read(Path::new(&experiment.network.checkpoint), &network.layout)?;
    host.velocity = None;
    host.to_device(kind, device)
}

/// Mean and deviation of an experiment's images, on the device.
///
/// # Errors
/// If the channels differ.
pub fn normalisation(images: &Images, machine: &Machine) -> Result<Normalisation> {
    Normalisation::new(&images.mean, &images.std, machine.precision.kind, machine.device.device)
}

/// Sends a set to the device, or keeps it on the host where it would take more than a third of what is free.
///
/// # Errors
/// If memory does not suffice.
pub fn device_set(set: &data::ImageSet, machine: &Machine) -> Result<DeviceSet> {
    let bytes = set.images.len() as u64;
    let resident = !machine.on_cuda() || machine.device.free == 0 || bytes < machine.device.free / 3;
    DeviceSet::new(set, machine.device.device, resident)
}
