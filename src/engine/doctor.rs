//! `curricle-engine doctor`: what libtorch, the CPU and the GPUs can do here.

use crate::device::{self, Cuda};
use crate::error::Result;
use crate::precision::{Cpu, Precision};
use curricle_core::config;
use serde::Serialize;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

/// What comes out, as one JSON object.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Version of libtorch.
    pub libtorch: String,
    /// Folder that it was loaded from.
    pub folder: String,
    /// C++ ABI.
    pub abi: &'static str,
    /// CUDA.
    pub cuda: Cuda,
    /// The CPU.
    pub cpu: CpuReport,
    /// Cores that this process may use.
    pub threads: u64,
    /// Threads that libtorch uses by itself.
    pub libtorch_threads: i32,
    /// What `auto` becomes.
    pub precision: PrecisionReport,
    /// Bytes of main memory that are free.
    pub memory_free: u64,
}

/// The CPU.
#[derive(Debug, Serialize)]
pub struct CpuReport {
    /// As it calls itself.
    pub model: String,
    /// Vector extensions that matter.
    pub features: Vec<String>,
    /// Revision of the kernels of the engine's own, and the vector instructions that they use.
    pub kernels: String,
    /// The unit that computes in bf16; empty if there is none.
    pub bf16: String,
    /// Time of a bf16 convolution over that of the same in f32, measured now.
    pub bf16_over_f32: f64,
}

/// What `auto` becomes.
#[derive(Debug, Serialize)]
pub struct PrecisionReport {
    /// Precision.
    pub auto: String,
    /// Why.
    pub reason: String,
}

/// Looks around. CUDA is loaded first, as libtorch demands.
///
/// # Errors
/// If `CURRICLE_VECTORS` names what there is not.
pub fn look() -> Result<Report> {
    let kernels = device::kernels()?;
    let cuda = device::load_cuda();
    let cpu = Cpu::detect();
    let best = if cuda.available { Device::Cuda(0) } else { Device::Cpu };
    let precision = Precision::resolve(config::Precision::Auto, best, &cpu);
    let (auto, reason) = precision.map_or_else(|error| ("f32".into(), error.to_string()), |p| (p.name.to_string(), p.reason));
    Ok(Report {
        libtorch: device::torch_version(),
        folder: loaded_from().unwrap_or_default(),
        abi: "cxx11",
        cpu: CpuReport {
            bf16_over_f32: bf16_over_f32().unwrap_or(f64::NAN),
            bf16: cpu.bf16.unwrap_or("").to_string(),
            model: cpu.model,
            features: cpu.features,
            kernels,
        },
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64,
        libtorch_threads: tch::get_num_threads(),
        precision: PrecisionReport { auto, reason },
        memory_free: device::free_memory(),
        cuda,
    })
}

/// The folder of `libtorch_cpu.so` in this process.
fn loaded_from() -> Option<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| line.ends_with("libtorch_cpu.so"))?;
    let path = line.split_whitespace().last()?;
    Some(std::path::Path::new(path).parent()?.display().to_string())
}

/// How long a bf16 convolution takes beside f32: says whether this CPU really computes in it.
fn bf16_over_f32() -> Option<f64> {
    let _guard = tch::no_grad_guard();
    let seconds = |kind: Kind| -> Option<f64> {
        let images = Tensor::f_ones([32, 32, 32, 32], (kind, Device::Cpu)).ok()?;
        let weight = Tensor::f_ones([32, 32, 3, 3], (kind, Device::Cpu)).ok()?;
        let once = || images.f_conv2d(&weight, None::<&Tensor>, [1, 1], [1, 1], [1, 1], 1);
        drop(once().ok()?);
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let began = Instant::now();
            drop(once().ok()?);
            best = best.min(began.elapsed().as_secs_f64());
        }
        Some(best)
    };
    Some(seconds(Kind::BFloat16)? / seconds(Kind::Float)?)
}
