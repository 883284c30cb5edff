//! Networks. A network is its layout (where each tensor lies in θ) and its forward pass, a function of (θ, running
//! statistics, images). A new one is a new file here and a line in [`Network::new`].

pub mod basic_conv_folded;
pub mod fused;
pub mod layer;
pub mod layout;
pub mod pass;

mod basic_conv;
mod pre_resnet;
mod wide_resnet;

use crate::error::{Error, Result};
use curricle_core::config;
use layer::Pooling;
use layout::Layout;
use pass::{Arithmetic, Mode, Pass};
use tch::{Kind, Tensor};

/// How images become logits.
pub trait Architecture: Send + Sync {
    /// [B, C, H, W] → [B, classes].
    ///
    /// # Errors
    /// What libtorch refuses: shapes that do not fit, memory.
    fn forward(&self, pass: &Pass, images: &Tensor) -> Result<Tensor>;
}

/// A network without its weights.
pub struct Network {
    /// Where each tensor lies.
    pub layout: Layout,
    architecture: Box<dyn Architecture>,
}

impl Network {
    /// Builds what an experiment asks for, for images of `channels`×`size`×`size` and `classes` classes.
    ///
    /// # Errors
    /// If a pooling window is larger than the last feature map, or the depth does not fit the block.
    pub fn new(network: &config::Network, channels: i64, size: i64, classes: i64) -> Result<Self> {
        let mut layout = Layout::default();
        let depth = network.depth as i64;
        let width = network.width as i64;
        let architecture: Box<dyn Architecture> = match network.kind {
            config::NetworkKind::BasicConv => Box::new(basic_conv::BasicConv::new(&mut layout, channels, classes)),
            config::NetworkKind::PreResNet => {
                let bottleneck = network.block == config::Block::Bottleneck;
                let unit = if bottleneck { 9 } else { 6 };
                if depth < unit + 2 || (depth - 2) % unit != 0 {
                    return Err(Error::Configuration(format!("network.depth: {depth} is not {unit}n + 2")));
                }
                let pooling = pooling(network.head, size)?;
                Box::new(pre_resnet::PreResNet::new(&mut layout, depth, bottleneck, pooling, channels, classes))
            }
            config::NetworkKind::WideResNet => {
                if depth < 10 || (depth - 4) % 6 != 0 {
                    return Err(Error::Configuration(format!("network.depth: {depth} is not 6n + 4")));
                }
                Box::new(wide_resnet::WideResNet::new(&mut layout, depth, width, network.dropout, channels, classes))
            }
        };
        Ok(Self { layout, architecture })
    }

    /// Classes that it tells apart.
    #[must_use]
    pub fn classes(&self) -> i64 {
        self.layout.parameters.last().map_or(0, |bias| bias.len() as i64)
    }

    /// Logits [B, classes] of normalised images [B, C, H, W], in the kind of θ.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn forward(&self, theta: &Tensor, statistics: &Tensor, images: &Tensor, mode: Mode, arithmetic: Arithmetic) -> Result<Tensor> {
        self.logits(&Pass::new(&self.layout, theta, statistics, mode, arithmetic)?, images)
    }

    /// The same in a pass that was prepared: several batches share what it has computed of the weights.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn logits(&self, pass: &Pass, images: &Tensor) -> Result<Tensor> {
        let logits = self.architecture.forward(pass, images)?;
        let kind = if pass.kind() == Kind::Double { Kind::Double } else { Kind::Float };
        Ok(if logits.kind() == kind { logits } else { logits.f_to_kind(kind)? })
    }

    /// Elements of the activations of one image that a backward pass keeps.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn activations(&self, channels: i64, height: i64, width: i64) -> Result<usize> {
        Ok(self.probe(channels, height, width)?.kept())
    }

    /// Elements of the largest activation of one image.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn largest_activation(&self, channels: i64, height: i64, width: i64) -> Result<usize> {
        Ok(self.probe(channels, height, width)?.largest())
    }

    /// A pass through which one black image went.
    fn probe(&self, channels: i64, height: i64, width: i64) -> Result<Pass> {
        let _guard = tch::no_grad_guard();
        let theta = Tensor::f_zeros([self.layout.parameter_count() as i64], (Kind::Float, tch::Device::Cpu))?;
        let statistics = Tensor::f_ones([self.layout.statistic_count() as i64], (Kind::Float, tch::Device::Cpu))?;
        let pass = Pass::new(&self.layout, &theta, &statistics, Mode::Eval, Arithmetic::Plain)?.unfolded();
        let image = Tensor::f_zeros([1, channels, height, width], (Kind::Float, tch::Device::Cpu))?;
        drop(self.architecture.forward(&pass, &image)?);
        Ok(pass)
    }
}

/// The pooling of the head, checked against the last feature map (a quarter of the image, rounded up twice).
fn pooling(head: config::Head, size: i64) -> Result<Pooling> {
    let map = (size as u64).div_ceil(4) as i64;
    match head {
        config::Head::Global => Ok(Pooling::Global),
        config::Head::Window(window) if window as i64 <= map && window > 0 => Ok(Pooling::Window(window as i64)),
        config::Head::Window(window) => Err(Error::Configuration(format!(
            "network.head: a window of {window} does not fit the last feature map of {map}×{map}; use a smaller window or `\"global\"`"
        ))),
    }
}
