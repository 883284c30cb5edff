//! WideResNet of depth 6n+4 and a width factor (Zagoruyko & Komodakis 2016).
//!
//! First convolution c→16, three stages of n basic blocks with widths 16w, 32w, 64w, final BN, ReLU, global mean,
//! linear. Where the shape changes, BN and ReLU are *shared* by both branches and a 1×1 convolution is the shortcut.
//! Dropout between the two convolutions of a block. The last layer's bias starts at 0.

use super::Architecture;
use super::layer::{BatchNorm, Convolution, Linear, Pooling, Scheme, Unsummed};
use super::layout::Layout;
use super::pass::Pass;
use crate::error::Result;
use tch::Tensor;

/// BN-ReLU-conv3×3 twice, plus the shortcut.
struct WideBlock {
    norms: [BatchNorm; 2],
    convolutions: [Convolution; 2],
    shortcut: Option<Convolution>,
    dropout: f64,
}

impl WideBlock {
    fn new(layout: &mut Layout, name: &str, inner: i64, out: i64, stride: i64, dropout: f64) -> Self {
        let first_norm = BatchNorm::new(layout, &format!("{name}.bn1"), inner, 1.0);
        let first = Convolution::new(layout, &format!("{name}.conv1"), inner, out, 3, stride, Scheme::HeFanOut);
        let second_norm = BatchNorm::new(layout, &format!("{name}.bn2"), out, 1.0);
        let second = Convolution::new(layout, &format!("{name}.conv2"), out, out, 3, 1, Scheme::HeFanOut);
        let shortcut =
            (inner != out).then(|| Convolution::new(layout, &format!("{name}.convShortcut"), inner, out, 1, stride, Scheme::HeFanOut));
        Self { norms: [first_norm, second_norm], convolutions: [first, second], shortcut, dropout }
    }

    fn forward(&self, pass: &Pass, x: Unsummed) -> Result<Unsummed> {
        let (raw, activated) = self.norms[0].sum_relu(pass, x)?;
        let mut h = self.convolutions[0].norm_relu(pass, &activated, &self.norms[1])?;
        if self.dropout > 0.0 {
            h = pass.round(&pass.dropout(h, self.dropout)?)?;
        }
        self.convolutions[1].beside(pass, &h, || match &self.shortcut {
            Some(shortcut) => shortcut.between(pass, &activated),
            None => Ok(raw),
        })
    }
}

/// The layers.
pub struct WideResNet {
    first: Convolution,
    blocks: Vec<WideBlock>,
    norm: BatchNorm,
    last: Linear,
}

impl WideResNet {
    /// Registers a network for images of `channels` and `classes` classes. `depth` must be 6n+4.
    pub fn new(layout: &mut Layout, depth: i64, width: i64, dropout: f64, channels: i64, classes: i64) -> Self {
        let per_stage = (depth - 4) / 6;
        let first = Convolution::new(layout, "conv1", channels, 16, 3, 1, Scheme::HeFanOut);
        let mut blocks = Vec::new();
        let mut inner = 16;
        for (stage, planes) in (1..).zip([16 * width, 32 * width, 64 * width]) {
            for block in 0..per_stage {
                let stride = if stage > 1 && block == 0 { 2 } else { 1 };
                blocks.push(WideBlock::new(layout, &format!("block{stage}.layer.{block}"), inner, planes, stride, dropout));
                inner = planes;
            }
        }
        let norm = BatchNorm::new(layout, "bn1", inner, 1.0);
        Self { first, blocks, norm, last: Linear::new(layout, "fc", inner, classes, true) }
    }
}

impl Architecture for WideResNet {
    fn forward(&self, pass: &Pass, images: &Tensor) -> Result<Tensor> {
        let map = self.first.between(pass, &pass.round(images)?)?;
        let mut x = Unsummed { map, shortcut: None };
        for block in &self.blocks {
            x = block.forward(pass, x)?;
        }
        let (_, activated) = self.norm.sum_relu(pass, x)?;
        let features = Pooling::Global.forward(&activated)?;
        self.last.forward(pass, &features)
    }
}
