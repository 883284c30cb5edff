//! The device: which one, why, how much memory it has, and the switches that must be set before libtorch is used.

use crate::error::{Error, Result};
use crate::network::fused;
use curricle_core::config::{DeviceChoice, Switch};
use curricle_core::environment;
use serde::Serialize;
use std::ffi::{CStr, c_char};
use tch::Device;

unsafe extern "C" {
    fn curricle_torch_version() -> *const c_char;
    fn curricle_supported_level() -> i32;
    fn curricle_set_deterministic(on: bool);
    fn curricle_set_flush_denormal(on: bool) -> bool;
}

/// The version of libtorch that this program was compiled against.
#[must_use]
pub fn torch_version() -> String {
    // SAFETY: the function returns a string literal of the C++ side.
    unsafe { CStr::from_ptr(curricle_torch_version()) }.to_string_lossy().into_owned()
}

/// The sets of vector instructions that this processor has kernels for, the largest last: `base`, `v3`, `v4`.
#[must_use]
pub fn vector_sets() -> &'static [&'static str] {
    const SETS: [&str; 3] = ["base", "v3", "v4"];
    // SAFETY: the function only reads the processor's features.
    let count = match unsafe { curricle_supported_level() } {
        4 => 3,
        3 => 2,
        _ => 1,
    };
    &SETS[..count]
}

/// The set of vector instructions that the kernels compute with: the largest, or what `CURRICLE_VECTORS` asks for.
///
/// # Errors
/// If it asks for what there is not, or not here.
pub fn vectors() -> Result<&'static str> {
    fused::variants().map(|[norms, _]| norms).ok_or_else(|| {
        let asked = std::env::var_os("CURRICLE_VECTORS").unwrap_or_default();
        Error::Configuration(format!(
            "CURRICLE_VECTORS: `{}` is no set of vector instructions that can be had here; there are `base`, `v3` and `v4`, of which \
             this processor has {}; unset it for the largest",
            asked.display(),
            vector_sets().iter().map(|set| format!("`{set}`")).collect::<Vec<_>>().join(", ")
        ))
    })
}

/// The kernels that a CPU computes with: their revision, which changes with every bit that they change, and the set of vector
/// instructions.
///
/// # Errors
/// As [`vectors`].
pub fn kernels() -> Result<String> {
    Ok(format!("kernels 4 ({})", vectors()?))
}

/// Tells glibc's allocator to keep what it has: a training step takes and gives back hundreds of megabytes, and with the
/// defaults a third of its time goes into the kernel's page faults. Call before anything else.
pub fn keep_memory() {
    // SAFETY: mallopt only sets numbers of the allocator; no other thread runs yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TOP_PAD, 64 << 20);
    }
}

/// Environment that libraries read when they are loaded. Call before any thread and any other call of libtorch.
pub fn prepare_environment() {
    let defaults = [
        // f32 means IEEE f32, on every GPU.
        ("NVIDIA_TF32_OVERRIDE", "0"),
        // NVML and CUDA number the GPUs alike.
        ("CUDA_DEVICE_ORDER", "PCI_BUS_ID"),
        // What deterministic cuBLAS needs; harmless otherwise.
        ("CUBLAS_WORKSPACE_CONFIG", ":4096:8"),
    ];
    for (name, value) in defaults {
        if std::env::var_os(name).is_none() {
            // SAFETY: called first in main, while there is one thread.
            unsafe { std::env::set_var(name, value) };
        }
    }
}

/// Begins the program again, once, with what it wants in its environment (`curricle_core::environment`) where who started
/// it has set nothing.
pub fn begin_with_environment() {
    use std::os::unix::process::CommandExt;
    let unset: Vec<_> = environment::unset_here().collect();
    if unset.is_empty() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    // Comes back only if the program cannot be started again; then it goes on slower.
    let error = std::process::Command::new(program).args(std::env::args_os().skip(1)).envs(unset).exec();
    eprintln!("warning: the engine could not begin again with its environment: {error}");
}

/// One GPU as seen from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gpu {
    /// Number under which CUDA knows it (after `CUDA_VISIBLE_DEVICES`).
    pub number: usize,
    /// Name.
    pub name: String,
    /// Bytes of memory.
    pub total: u64,
    /// Bytes that are free.
    pub free: u64,
}

/// What is known of CUDA on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cuda {
    /// Whether libtorch can compute on a GPU.
    pub available: bool,
    /// Why not, or what to do about it.
    pub reason: String,
    /// The GPUs that may be used.
    pub devices: Vec<Gpu>,
}

/// Loads the CUDA half of libtorch if a driver is here, and lists the GPUs. Must come before any other call of libtorch
/// but `set_num_threads`: the first one decides for the life of the process whether there is CUDA.
#[must_use]
pub fn load_cuda() -> Cuda {
    if !std::path::Path::new("/dev/nvidiactl").exists() && !std::path::Path::new("/proc/driver/nvidia/version").exists() {
        return Cuda { reason: "no NVIDIA driver on this machine".into(), ..Cuda::default() };
    }
    // SAFETY: loading a shared library of libtorch; its initialisers are meant to run like this.
    let handle = unsafe { libc::dlopen(c"libtorch_cuda.so".as_ptr(), libc::RTLD_LAZY | libc::RTLD_GLOBAL) };
    if handle.is_null() {
        // SAFETY: dlerror returns a string of the C library, or null.
        let text = unsafe { libc::dlerror().as_ref() }.map(|text| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned());
        let text = text.unwrap_or_else(|| "no reason given".into());
        return Cuda { reason: format!("a driver is here, but the CUDA libraries are not: {text}; call `make setup`"), ..Cuda::default() };
    }
    if !tch::Cuda::is_available() {
        return Cuda { reason: "libtorch finds no usable GPU: see `nvidia-smi`, and CUDA_VISIBLE_DEVICES".into(), ..Cuda::default() };
    }
    let count = usize::try_from(tch::Cuda::device_count()).unwrap_or(0);
    Cuda { available: count > 0, reason: format!("{count} GPUs"), devices: gpus(count) }
}

/// The visible GPUs with their memory, from NVML; without NVML only their numbers.
fn gpus(count: usize) -> Vec<Gpu> {
    let unknown = |number| Gpu { number, name: "GPU".into(), total: 0, free: 0 };
    let Ok(nvml) = nvml_wrapper::Nvml::init() else { return (0..count).map(unknown).collect() };
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
    let names: Vec<String> = match &visible {
        Some(list) if !list.trim().is_empty() => list.split(',').map(|name| name.trim().to_string()).collect(),
        _ => (0..count).map(|number| number.to_string()).collect(),
    };
    (0..count)
        .map(|number| {
            let name = names.get(number).cloned().unwrap_or_else(|| number.to_string());
            let device = match name.parse::<u32>() {
                Ok(index) => nvml.device_by_index(index),
                Err(_) => nvml.device_by_uuid(name.as_str()),
            };
            let Ok(device) = device else { return unknown(number) };
            let (total, free) = device.memory_info().map_or((0, 0), |memory| (memory.total, memory.free));
            Gpu { number, name: device.name().unwrap_or_else(|_| "GPU".into()), total, free }
        })
        .collect()
}

/// A device, and why it was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// For tensors.
    pub device: Device,
    /// `cpu` or `cuda:0`.
    pub name: String,
    /// Why this one.
    pub reason: String,
    /// Bytes of memory that are free on it; 0 if unknown.
    pub free: u64,
}

/// Chooses what an experiment asks for.
///
/// # Errors
/// CUDA asked for where there is none, or a number that does not exist.
pub fn choose(choice: DeviceChoice, cuda: &Cuda) -> Result<Chosen> {
    let cpu = |reason: String| Chosen { device: Device::Cpu, name: "cpu".into(), reason, free: free_memory() };
    let gpu = |gpu: &Gpu, reason: String| Chosen {
        device: Device::Cuda(gpu.number),
        name: format!("cuda:{}", gpu.number),
        reason,
        free: gpu.free,
    };
    let most_free = || {
        let best = cuda.devices.iter().max_by_key(|gpu| (gpu.free, std::cmp::Reverse(gpu.number)))?;
        Some((best, format!("most free memory of {} ({} of {})", cuda.devices.len(), gigabytes(best.free), gigabytes(best.total))))
    };
    match choice {
        DeviceChoice::Cpu => Ok(cpu("asked for".into())),
        DeviceChoice::Auto => Ok(match most_free() {
            Some((best, reason)) if cuda.available => gpu(best, reason),
            _ => cpu(cuda.reason.clone()),
        }),
        DeviceChoice::Cuda(number) if !cuda.available => {
            let asked = number.map_or_else(|| "cuda".to_string(), |number| format!("cuda:{number}"));
            Err(Error::Configuration(format!(
                "training.device: `{asked}` is asked for, but there is no CUDA here: {}; use `\"auto\"` or `\"cpu\"`",
                cuda.reason
            )))
        }
        DeviceChoice::Cuda(None) => most_free()
            .map(|(best, reason)| gpu(best, reason))
            .ok_or_else(|| Error::Configuration("training.device: no GPU is visible".into())),
        DeviceChoice::Cuda(Some(number)) => {
            let found = cuda.devices.iter().find(|gpu| gpu.number as u64 == number);
            found.map(|found| gpu(found, "asked for".into())).ok_or_else(|| {
                let known: Vec<String> = cuda.devices.iter().map(|gpu| format!("cuda:{}", gpu.number)).collect();
                Error::Configuration(format!("training.device: there is no `cuda:{number}`; here are {}", known.join(", ")))
            })
        }
    }
}

/// Switches of libtorch that hold for the whole process.
pub fn set_switches(deterministic: Switch, device: Device) -> bool {
    let cuda = matches!(device, Device::Cuda(_));
    let deterministic = match deterministic {
        Switch::On => true,
        Switch::Off => false,
        Switch::Auto => !cuda,
    };
    // SAFETY: both only set flags of libtorch's context.
    unsafe {
        if cuda {
            curricle_set_deterministic(deterministic);
        }
        curricle_set_flush_denormal(false);
    }
    deterministic || !cuda
}

/// Seeds the device's generator for one step's dropout: a function of (seed, epoch, step) alone.
pub fn seed_generator(seed: u64, epoch: u64, step: u64) {
    use curricle_core::random::{Purpose, Stream};
    tch::manual_seed((Stream::new(seed, Purpose::Dropout, epoch, step, 0).bits() >> 1) as i64);
}

/// Bytes of main memory that are free.
#[must_use]
pub fn free_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("MemAvailable:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|number| number.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// `12.3 GiB`.
#[must_use]
pub fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / (1u64 << 30) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_gpus() -> Cuda {
        let gpu = |number, free| Gpu { number, name: "G".into(), total: 80 << 30, free };
        Cuda { available: true, reason: "2 GPUs".into(), devices: vec![gpu(0, 10 << 30), gpu(1, 70 << 30)] }
    }

    #[test]
    fn auto_takes_the_gpu_with_most_free_memory_and_says_why() {
        let chosen = choose(DeviceChoice::Auto, &two_gpus()).unwrap();
        assert_eq!(chosen.name, "cuda:1");
        assert_eq!(chosen.reason, "most free memory of 2 (70.0 GiB of 80.0 GiB)");
    }

    #[test]
    fn cuda_where_there_is_none_is_refused() {
        let none = Cuda { reason: "no NVIDIA driver on this machine".into(), ..Cuda::default() };
        let error = choose(DeviceChoice::Cuda(Some(1)), &none).unwrap_err();
        assert_eq!(
            error.to_string(),
            "training.device: `cuda:1` is asked for, but there is no CUDA here: no NVIDIA driver on this machine; use `\"auto\"` or `\"cpu\"`"
        );
        let error = choose(DeviceChoice::Cuda(Some(7)), &two_gpus()).unwrap_err();
        assert_eq!(error.to_string(), "training.device: there is no `cuda:7`; here are cuda:0, cuda:1");
        assert_eq!(choose(DeviceChoice::Auto, &none).unwrap().name, "cpu");
    }
}
