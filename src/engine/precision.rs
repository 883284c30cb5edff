//! Number formats: what `auto` becomes and why, and the dynamic loss scale of f16.

pub use curricle_core::run::LossScaleState;

use crate::error::{Error, Result};
use crate::network::pass::Arithmetic;
use curricle_core::config;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

/// A precision, resolved for a device.
#[derive(Debug, Clone, PartialEq)]
pub struct Precision {
    /// `f32`, `bf16`, `f16` or `f64`.
    pub name: &'static str,
    /// Why, for `doctor` and the run's header.
    pub reason: String,
    /// Kind of θ, v, statistics and loss.
    pub kind: Kind,
    /// How convolutions and the last layer compute.
    pub arithmetic: Arithmetic,
}

impl Precision {
    /// Resolves what an experiment asks for.
    ///
    /// # Errors
    /// f16 on a CPU.
    pub fn resolve(choice: config::Precision, device: Device, cpu: &Cpu) -> Result<Self> {
        let cuda = matches!(device, Device::Cuda(_));
        let bf16 = |reason: String| {
            let native = cuda || cpu.bf16.is_some();
            let arithmetic = if native { Arithmetic::Low(Kind::BFloat16) } else { Arithmetic::EmulatedBf16 };
            Self { name: "bf16", reason, kind: Kind::Float, arithmetic }
        };
        let f32 = |reason: String| Self { name: "f32", reason, kind: Kind::Float, arithmetic: Arithmetic::Plain };
        Ok(match choice {
            config::Precision::F32 => f32("asked for".into()),
            config::Precision::F64 => {
                Self { name: "f64", reason: "asked for; slow, for checks".into(), kind: Kind::Double, arithmetic: Arithmetic::Plain }
            }
            config::Precision::Bf16 if cuda => bf16("asked for".into()),
            config::Precision::Bf16 => match cpu.bf16 {
                Some(unit) => bf16(format!("asked for; computed by {unit}")),
                None => bf16("asked for; this CPU has no bf16 units, so values are rounded to bf16 and computed in f32".into()),
            },
            config::Precision::F16 if cuda => {
                Self { name: "f16", reason: "asked for".into(), kind: Kind::Float, arithmetic: Arithmetic::Low(Kind::Half) }
            }
            config::Precision::F16 => {
                return Err(Error::Configuration(
                    "training.precision: f16 needs CUDA, and this run is on the CPU; use `\"bf16\"`, which CPUs compute too".into(),
                ));
            }
            config::Precision::Auto if cuda => bf16("the GPU computes in it".into()),
            config::Precision::Auto => match cpu.bf16 {
                Some(unit) => bf16(format!("the CPU computes in it ({unit})")),
                None => f32("this CPU has no bf16 units".into()),
            },
        })
    }

    /// Whether steps need a loss scale.
    #[must_use]
    pub fn scales_loss(&self) -> bool {
        self.arithmetic == Arithmetic::Low(Kind::Half)
    }
}

/// What the CPU can do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cpu {
    /// As it calls itself.
    pub model: String,
    /// Vector extensions that matter here.
    pub features: Vec<String>,
    /// The unit that computes in bf16, if any.
    #[serde(skip)]
    pub bf16: Option<&'static str>,
}

impl Cpu {
    /// Reads `/proc/cpuinfo`.
    #[must_use]
    pub fn detect() -> Self {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let value = |key: &str| {
            let line = text.lines().find(|line| line.split(':').next().is_some_and(|name| name.trim() == key));
            line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_string()).unwrap_or_default()
        };
        let flags = value("flags");
        let flags: Vec<&str> = flags.split_whitespace().collect();
        let wanted = ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16"];
        let bf16 = [("amx_bf16", "AMX"), ("avx512_bf16", "AVX512-BF16")].into_iter().find(|(flag, _)| flags.contains(flag));
        Self {
            model: value("model name"),
            features: wanted.iter().filter(|flag| flags.contains(flag)).map(ToString::to_string).collect(),
            bf16: bf16.map(|(_, name)| name),
        }
    }
}

/// Dynamic loss scaling for f16 (Micikevicius et al. 2018), kept on the device so that no step waits for the host:
/// a step whose gradient overflowed is skipped and the scale halved; after 2,000 good steps it doubles.
pub struct LossScale {
    scale: Tensor,
    good_steps: Tensor,
}

impl LossScale {
    /// On a device, from a state.
    ///
    /// # Errors
    /// If memory does not suffice.
    pub fn new(state: LossScaleState, device: Device) -> Result<Self> {
        Ok(Self {
            scale: Tensor::f_full([1], state.scale, (Kind::Float, device))?,
            good_steps: Tensor::f_full([1], state.good_steps, (Kind::Int, device))?,
        })
    }

    /// Reads the state; waits for the device.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn state(&self) -> Result<LossScaleState> {
        Ok(LossScaleState { scale: self.scale.f_double_value(&[0])?, good_steps: self.good_steps.f_int64_value(&[0])? })
    }

    /// The loss to go backward from.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn scaled(&self, loss: &Tensor) -> Result<Tensor> {
        Ok(loss.f_mul(&self.scale.f_squeeze()?)?)
    }

    /// Divides the gradient by the scale, says on the device whether it overflowed (1.0) or not (0.0), and moves the
    /// scale on.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn unscale(&mut self, gradient: &mut Tensor) -> Result<Tensor> {
        let mut overflowed = Tensor::f_zeros([1], (Kind::Float, self.scale.device()))?;
        gradient.f_internal_amp_non_finite_check_and_unscale(&mut overflowed, &self.scale.f_reciprocal()?)?;
        let _ = self.scale.f_internal_amp_update_scale_(&self.good_steps, &overflowed, 2.0, 0.5, 2000)?;
        Ok(overflowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(bf16: Option<&'static str>) -> Cpu {
        Cpu { model: "test".into(), features: Vec::new(), bf16 }
    }

    #[test]
    fn f16_on_a_cpu_is_refused_and_names_bf16() {
        let error = Precision::resolve(config::Precision::F16, Device::Cpu, &cpu(None)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "training.precision: f16 needs CUDA, and this run is on the CPU; use `\"bf16\"`, which CPUs compute too"
        );
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn auto_takes_bf16_only_where_the_hardware_computes_in_it() {
        let with = Precision::resolve(config::Precision::Auto, Device::Cpu, &cpu(Some("AMX"))).unwrap();
        assert_eq!((with.name, with.arithmetic), ("bf16", Arithmetic::Low(Kind::BFloat16)));
        let without = Precision::resolve(config::Precision::Auto, Device::Cpu, &cpu(None)).unwrap();
        assert_eq!((without.name, without.reason.as_str()), ("f32", "this CPU has no bf16 units"));
        let asked = Precision::resolve(config::Precision::Bf16, Device::Cpu, &cpu(None)).unwrap();
        assert_eq!(asked.arithmetic, Arithmetic::EmulatedBf16);
    }

    #[test]
    fn an_overflow_halves_the_scale_and_is_reported() {
        let mut scale = LossScale::new(LossScaleState { scale: 8.0, good_steps: 5 }, Device::Cpu).unwrap();
        let mut gradient = Tensor::from_slice(&[16.0f32, f32::INFINITY]);
        let overflowed = scale.unscale(&mut gradient).unwrap();
        assert_eq!(overflowed.double_value(&[0]), 1.0);
        assert_eq!(scale.state().unwrap(), LossScaleState { scale: 4.0, good_steps: 0 });
        let mut gradient = Tensor::from_slice(&[16.0f32, 2.0]);
        assert_eq!(scale.unscale(&mut gradient).unwrap().double_value(&[0]), 0.0);
        assert_eq!(gradient.double_value(&[0]), 4.0);
        assert_eq!(scale.state().unwrap(), LossScaleState { scale: 4.0, good_steps: 1 });
    }
}
