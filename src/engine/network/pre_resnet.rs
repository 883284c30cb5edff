//! PreResNet: residual networks with pre-activation (He et al. 2016, "Identity Mappings"), bottleneck blocks of depth
//! 9n+2 or basic blocks of depth 6n+2.
//!
//! First convolution c→16, three stages of n blocks with planes 16, 32, 64 (outputs ×4 with bottlenecks), stride 2 at
//! the entry of stages 2 and 3, final BN, ReLU, pooling, linear. Where shape changes, a 1×1 projection of the *raw*
//! block input is the shortcut. BN scales start at 0.5, as in the published code.

use super::Architecture;
use super::layer::{BatchNorm, Convolution, Linear, Pooling, Scheme};
use super::layout::Layout;
use super::pass::Pass;
use crate::error::Result;
use tch::Tensor;

const GAMMA: f64 = 0.5;

/// (BN, ReLU, convolution) two or three times, plus the shortcut.
struct Residual {
    steps: Vec<(BatchNorm, Convolution)>,
    projection: Option<Convolution>,
}

impl Residual {
    /// A block named `name`; `convolutions` are (in, out, size, stride).
    fn new(layout: &mut Layout, name: &str, convolutions: &[(i64, i64, i64, i64)]) -> Self {
        let mut steps = Vec::new();
        for (number, &(inner, out, size, stride)) in (1..).zip(convolutions) {
            let norm = BatchNorm::new(layout, &format!("{name}.bn{number}"), inner, GAMMA);
            let convolution = Convolution::new(layout, &format!("{name}.conv{number}"), inner, out, size, stride, Scheme::HeFanOut);
            steps.push((norm, convolution));
        }
        let inner = convolutions.first().map_or(0, |c| c.0);
        let out = convolutions.last().map_or(0, |c| c.1);
        let stride: i64 = convolutions.iter().map(|c| c.3).product();
        let projection = (stride != 1 || inner != out)
            .then(|| Convolution::new(layout, &format!("{name}.downsample.0"), inner, out, 1, stride, Scheme::HeFanOut));
        Self { steps, projection }
    }

    fn forward(&self, pass: &Pass, x: &Tensor) -> Result<Tensor> {
        let mut h = x.shallow_clone();
        for (norm, convolution) in &self.steps {
            h = convolution.forward(pass, &norm.forward_relu(pass, &h)?)?;
        }
        let sum = match &self.projection {
            Some(projection) => h.f_add_(&projection.forward(pass, x)?)?,
            None => h.f_add_(x)?,
        };
        pass.round(&sum)
    }
}

/// The layers.
pub struct PreResNet {
    first: Convolution,
    blocks: Vec<Residual>,
    norm: BatchNorm,
    pooling: Pooling,
    last: Linear,
}

impl PreResNet {
    /// Registers a network of `depth` for images of `channels` and `classes` classes. `depth` must be 9n+2
    /// (bottleneck) or 6n+2 (basic); the experiment's check sees to that.
    pub fn new(layout: &mut Layout, depth: i64, bottleneck: bool, pooling: Pooling, channels: i64, classes: i64) -> Self {
        let per_stage = (depth - 2) / if bottleneck { 9 } else { 6 };
        let expansion = if bottleneck { 4 } else { 1 };
        let first = Convolution::new(layout, "conv1", channels, 16, 3, 1, Scheme::HeFanOut);
        let mut blocks = Vec::new();
        let mut inner = 16;
        for (stage, planes) in (1..).zip([16, 32, 64]) {
            for block in 0..per_stage {
                let stride = if stage > 1 && block == 0 { 2 } else { 1 };
                let name = format!("layer{stage}.{block}");
                let out = planes * expansion;
                blocks.push(if bottleneck {
                    Residual::new(layout, &name, &[(inner, planes, 1, 1), (planes, planes, 3, stride), (planes, out, 1, 1)])
                } else {
                    Residual::new(layout, &name, &[(inner, planes, 3, stride), (planes, out, 3, 1)])
                });
                inner = out;
            }
        }
        let norm = BatchNorm::new(layout, "bn", inner, GAMMA);
        Self { first, blocks, norm, pooling, last: Linear::new(layout, "fc", inner, classes, false) }
    }
}

impl Architecture for PreResNet {
    fn forward(&self, pass: &Pass, images: &Tensor) -> Result<Tensor> {
        let mut x = self.first.forward(pass, images)?;
        for block in &self.blocks {
            x = block.forward(pass, &x)?;
        }
        let features = self.pooling.forward(&self.norm.forward_relu(pass, &x)?)?;
        self.last.forward(pass, &features)
    }
}
