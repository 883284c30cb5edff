//! One forward pass: a function of (θ, running statistics, images), in a mode and an arithmetic.

use super::fused;
use super::layout::{Layout, ParameterId, StatisticId};
use crate::error::Result;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use tch::{Kind, Tensor};

/// Whether batch norms use the batch's statistics (and update the running ones) or the running ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Batch statistics; running statistics are updated; dropout is on.
    Train,
    /// Running statistics; nothing changes.
    Eval,
}

/// In which numbers convolutions and the last layer compute. θ, v, batch norm's statistics, the loss and the update
/// are in the kind of θ always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// In the kind of θ itself: f32, or f64 for checks.
    Plain,
    /// In bf16 or f16: one cast of the flat θ a pass.
    Low(Kind),
    /// As bf16 rounds, but computed in f32: for CPUs without bf16 units, where libtorch's bf16 convolution takes about
    /// ten times as long as f32.
    EmulatedBf16,
}

/// What the layers of one forward pass share.
pub struct Pass {
    weights: Vec<Tensor>,
    low_weights: Option<Vec<Tensor>>,
    statistics: Vec<Tensor>,
    mode: Mode,
    arithmetic: Arithmetic,
    /// Where nothing goes backward: the convolutions as they are computed then, made when first asked for.
    folded: Option<RefCell<HashMap<usize, Folded>>>,
    activations: Cell<usize>,
    largest: Cell<usize>,
}

/// A convolution of a pass that nothing goes backward through. With a batch norm behind it, in eval mode:
/// W′ = W·γ/√(σ² + ε) per output channel, b′ = β − μ·γ/√(σ² + ε).
#[derive(Debug)]
pub struct Folded {
    /// [out, in, kh, kw], packed.
    pub weight: Tensor,
    /// `[out]`; none without a norm.
    pub bias: Option<Tensor>,
}

impl Folded {
    fn shallow(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.as_ref().map(Tensor::shallow_clone) }
    }
}

impl Pass {
    /// Prepares passes over θ and the running statistics (both flat): one of them, or several where nothing is recorded for a
    /// backward pass and θ stays.
    ///
    /// # Errors
    /// If the lengths do not fit the layout.
    pub fn new(layout: &Layout, theta: &Tensor, statistics: &Tensor, mode: Mode, arithmetic: Arithmetic) -> Result<Self> {
        let low_weights = match arithmetic {
            Arithmetic::Plain => None,
            Arithmetic::Low(kind) => Some(layout.parameter_views(&theta.f_to_kind(kind)?)?),
            Arithmetic::EmulatedBf16 => Some(layout.parameter_views(&round_to_bf16(theta)?)?),
        };
        Ok(Self {
            weights: layout.parameter_views(theta)?,
            low_weights,
            statistics: layout.statistic_views(statistics)?,
            mode,
            arithmetic,
            folded: (mode == Mode::Eval && arithmetic == Arithmetic::Plain && !fused::records()).then(RefCell::default),
            activations: Cell::new(0),
            largest: Cell::new(0),
        })
    }

    /// The same pass with each layer on its own, as a pass that is recorded would go.
    #[must_use]
    pub fn unfolded(self) -> Self {
        Self { folded: None, ..self }
    }

    /// Whether a convolution that reads `x` takes in what stands behind it.
    pub fn folds(&self, x: &Tensor) -> bool {
        self.folded.is_some() && fused::takes(x)
    }

    /// A convolution as [`Self::folds`] means it, made by `fold` when it is asked for first.
    pub fn folded(&self, id: ParameterId, fold: impl FnOnce() -> Result<Folded>) -> Result<Folded> {
        let Some(known) = &self.folded else { return fold() };
        if let Some(folded) = known.borrow().get(&id.0) {
            return Ok(folded.shallow());
        }
        let folded = fold()?;
        known.borrow_mut().insert(id.0, folded.shallow());
        Ok(folded)
    }

    /// Whether the pass trains.
    #[must_use]
    pub fn training(&self) -> bool {
        self.mode == Mode::Train
    }

    /// Whether bf16 is computed in f32.
    #[must_use]
    pub fn is_emulated(&self) -> bool {
        self.arithmetic == Arithmetic::EmulatedBf16
    }

    /// The kind of θ.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.weights.first().map_or(Kind::Float, Tensor::kind)
    }

    /// A weight in the kind of θ.
    pub fn weight(&self, id: ParameterId) -> &Tensor {
        &self.weights[id.0]
    }

    /// A weight as convolutions and the last layer read it.
    pub fn low_weight(&self, id: ParameterId) -> &Tensor {
        self.low_weights.as_ref().map_or(&self.weights[id.0], |weights| &weights[id.0])
    }

    /// A running statistic.
    pub fn statistic(&self, id: StatisticId) -> &Tensor {
        &self.statistics[id.0]
    }

    /// Notes a value that a backward pass would keep.
    pub fn keep(&self, x: &Tensor) {
        self.activations.set(self.activations.get() + x.numel());
        self.largest.set(self.largest.get().max(x.numel()));
    }

    /// Elements that a backward pass would keep.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.activations.get()
    }

    /// Elements of the largest value that a backward pass would keep.
    #[must_use]
    pub fn largest(&self) -> usize {
        self.largest.get()
    }

    /// Rounds a value where a low-precision network would: a cast, nothing, or an emulated cast.
    pub fn round(&self, x: &Tensor) -> Result<Tensor> {
        match self.arithmetic {
            Arithmetic::Plain => Ok(x.shallow_clone()),
            Arithmetic::Low(kind) if x.kind() == kind => Ok(x.shallow_clone()),
            Arithmetic::Low(kind) => Ok(x.f_to_kind(kind)?),
            Arithmetic::EmulatedBf16 => round_to_bf16(x),
        }
    }

    /// Dropout with probability `p`, off in eval mode. The caller seeds the device's generator.
    pub fn dropout(&self, x: Tensor, p: f64) -> Result<Tensor> {
        if p > 0.0 && self.training() { Ok(x.f_dropout(p, true)?) } else { Ok(x) }
    }
}

/// Rounds to the nearest bf16 and stays f32; the gradient is rounded the same way on its way back.
fn round_to_bf16(x: &Tensor) -> Result<Tensor> {
    Ok(x.f_to_kind(Kind::BFloat16)?.f_to_kind(Kind::Float)?)
}
