//! PreResNet: residual networks with pre-activation (He et al. 2016, "Identity Mappings"), bottleneck blocks of depth
//! 9n+2 or basic blocks of depth 6n+2.
//!
//! First convolution c→16, three stages of n blocks with planes 16, 32, 64 (outputs ×4 with bottlenecks), stride 2 at
//! the entry of stages 2 and 3, final BN, ReLU, pooling, linear. Where shape changes, a 1×1 projection of the *raw*
//! block input is the shortcut. BN scales start at 0.5, as in the published code.

use super::Architecture;
use super::layer::{BatchNorm, Convolution, Linear, Pooling, Scheme, Unsummed};
use super::layout::Layout;
use super::pass::Pass;
use crate::error::Result;
use tch::Tensor;

const GAMMA: f64 = 0.5;

/// (BN, ReLU, convolution) two or three times, plus the shortcut.
struct Residual {
    first: (BatchNorm, Convolution),
    others: Vec<(BatchNorm, Convolution)>,
    projection: Option<Convolution>,
}

impl Residual {
    /// A block named `name`; convolutions are (in, out, size, stride).
    fn new(layout: &mut Layout, name: &str, first: (i64, i64, i64, i64), others: &[(i64, i64, i64, i64)]) -> Self {
        let mut step = |number: usize, (inner, out, size, stride)| {
            let norm = BatchNorm::new(layout, &format!("{name}.bn{number}"), inner, GAMMA);
            (norm, Convolution::new(layout, &format!("{name}.conv{number}"), inner, out, size, stride, Scheme::HeFanOut))
        };
        let steps = (step(1, first), (2..).zip(others).map(|(number, &other)| step(number, other)).collect());
        let (inner, out) = (first.0, others.last().map_or(first.1, |c| c.1));
        let stride = first.3 * others.iter().map(|c| c.3).product::<i64>();
        let projection = (stride != 1 || inner != out)
            .then(|| Convolution::new(layout, &format!("{name}.downsample.0"), inner, out, 1, stride, Scheme::HeFanOut));
        Self { first: steps.0, others: steps.1, projection }
    }

    fn forward(&self, pass: &Pass, x: Unsummed) -> Result<Unsummed> {
        let (norm, mut convolution) = (&self.first.0, self.first.1);
        let (raw, mut h) = norm.sum_relu(pass, x)?;
        for (norm, next) in &self.others {
            h = convolution.norm_relu(pass, &h, norm)?;
            convolution = *next;
        }
        convolution.beside(pass, &h, || match &self.projection {
            Some(projection) => projection.between(pass, &raw),
            None => Ok(raw),
        })
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
                    Residual::new(layout, &name, (inner, planes, 1, 1), &[(planes, planes, 3, stride), (planes, out, 1, 1)])
                } else {
                    Residual::new(layout, &name, (inner, planes, 3, stride), &[(planes, out, 3, 1)])
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
        let map = self.first.between(pass, &pass.round(images)?)?;
        let mut x = Unsummed { map, shortcut: None };
        for block in &self.blocks {
            x = block.forward(pass, x)?;
        }
        let (_, activated) = self.norm.sum_relu(pass, x)?;
        let features = self.pooling.forward(&activated)?;
        self.last.forward(pass, &features)
    }
}
