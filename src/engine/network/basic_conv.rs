//! BasicConv: the small network of the ordering study (thesis 2.2).
//!
//! conv 2×2 c→16, ReLU, BN, conv 2×2 16→32, ReLU, BN, global mean, linear. PyTorch's default initialisation.

use super::Architecture;
use super::layer::{BatchNorm, Convolution, Linear, Pooling, Scheme};
use super::layout::Layout;
use super::pass::Pass;
use crate::error::Result;
use tch::Tensor;

/// The layers.
pub struct BasicConv {
    convolutions: [Convolution; 2],
    norms: [BatchNorm; 2],
    last: Linear,
}

impl BasicConv {
    /// Registers the network for images of `channels` and `classes` classes.
    pub fn new(layout: &mut Layout, channels: i64, classes: i64) -> Self {
        let first = Convolution::new(layout, "conv1", channels, 16, 2, 1, Scheme::TorchDefault);
        let first_norm = BatchNorm::new(layout, "bn1", 16, 1.0);
        let second = Convolution::new(layout, "conv2", 16, 32, 2, 1, Scheme::TorchDefault);
        let second_norm = BatchNorm::new(layout, "bn2", 32, 1.0);
        Self { convolutions: [first, second], norms: [first_norm, second_norm], last: Linear::new(layout, "fc", 32, classes, false) }
    }
}

impl Architecture for BasicConv {
    fn forward(&self, pass: &Pass, images: &Tensor) -> Result<Tensor> {
        let mut x = images.shallow_clone();
        for (convolution, norm) in self.convolutions.iter().zip(&self.norms) {
            x = norm.forward(pass, &convolution.forward(pass, &x)?.f_relu_()?)?;
        }
        self.last.forward(pass, &Pooling::Global.forward(&x)?)
    }
}
