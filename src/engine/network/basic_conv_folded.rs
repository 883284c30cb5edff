//! BasicConv in eval mode on the CPU, in f32, as one kernel: what Perfect Ordering spends nearly all of its time on.
//!
//! In eval mode a batch norm is z = s·y + t with s = γ/√(σ² + ε), t = β − s·μ for each channel. The first one is linear in
//! front of the second convolution, which has no padding, so it goes into that one's weights: W′ = W·s, b′ = b + Σ W·t. The
//! second one is linear in front of the mean, so it is taken behind it, on 32 numbers an image. What is left
//! (`kernels/basic_conv_kernels.cpp`) is conv, ReLU, conv (by Winograd's algorithm), ReLU, mean; the last layer and the loss are
//! computed in f64 here.
//!
//! Equal to libtorch's pass up to rounding: the mean loss of 2,048 images agrees to about 3e-8.

use super::Network;
use super::layer::EPS;
use super::layout::{Entry, Layout};
use crate::error::{Error, Result};
use crate::evaluation::Score;
use crate::weights::slice;
use curricle_core::config;
use std::sync::Arc;
use tch::{Device, Kind, Tensor};

const INNER: usize = 16;
const OUTER: usize = 32;

/// What the kernel is told; the layout is that of `kernels/basic_conv_kernels.h`.
#[repr(C)]
struct Task {
    height: i64,
    width: i64,
    channels: i64,
    first: *const f32,
    first_bias: *const f32,
    second: *const f32,
    tiles: *const f32,
    second_bias: *const f32,
}

unsafe extern "C" {
    fn curricle_basic_conv_features(images: *const f32, count: i64, task: *const Task, scratch: *mut f32, means: *mut f64);
}

/// Whether the kernel computes what this network does on this device.
#[must_use]
pub fn takes(network: &config::Network, device: Device, kind: Kind) -> bool {
    network.kind == config::NetworkKind::BasicConv && device == Device::Cpu && kind == Kind::Float
}

/// Test images, normalised once, as the kernel reads them. Cheap to clone.
#[derive(Clone)]
pub struct Prepared {
    /// [N, H, W, C].
    images: Arc<Vec<f32>>,
    labels: Arc<Vec<i64>>,
    /// H, W, C.
    shape: (usize, usize, usize),
    classes: usize,
}

impl Prepared {
    /// From normalised images [N, C, H, W] in channels-last memory and labels `[N]`.
    ///
    /// # Errors
    /// If they are smaller than 3×3, or cannot be read.
    pub fn new(images: &Tensor, labels: &Tensor, classes: usize) -> Result<Self> {
        let (_, channels, height, width) = images.size4()?;
        if height < 3 || width < 3 {
            return Err(Error::Configuration(format!("network.kind: `basicconv` needs images of 3×3 at least, not {height}×{width}")));
        }
        let rows = images.f_permute([0, 2, 3, 1])?.f_contiguous()?.f_view([-1])?;
        Ok(Self {
            images: Arc::new(Vec::try_from(rows)?),
            labels: Arc::new(Vec::try_from(labels)?),
            shape: (height as usize, width as usize, channels as usize),
            classes,
        })
    }

    /// Images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Images `from..to` as a set of their own sums: Σ cross-entropy and correct answers.
    fn range(&self, folded: &Folded, from: usize, to: usize, scratch: &mut Vec<f32>) -> (f64, u64) {
        let (height, width, channels) = self.shape;
        let pixels = height * width * channels;
        scratch.resize((height - 1) * (width - 1) * INNER, 0.0);
        let mut means = vec![0.0f64; (to - from) * OUTER];
        let task = Task {
            height: height as i64,
            width: width as i64,
            channels: channels as i64,
            first: folded.first.as_ptr(),
            first_bias: folded.first_bias.as_ptr(),
            second: folded.second.as_ptr(),
            tiles: folded.tiles.as_ptr(),
            second_bias: folded.second_bias.as_ptr(),
        };
        // SAFETY: images, weights, scratch and means have the lengths that the kernel's header asks for: `Folded::new` and
        // the lines above see to that.
        unsafe {
            let images = self.images[from * pixels..to * pixels].as_ptr();
            curricle_basic_conv_features(images, (to - from) as i64, &raw const task, scratch.as_mut_ptr(), means.as_mut_ptr());
        }
        let (mut loss, mut correct) = (0.0, 0);
        let mut logits = vec![0.0f64; self.classes];
        for (means, &label) in means.chunks_exact(OUTER).zip(&self.labels[from..to]) {
            for (class, logit) in logits.iter_mut().enumerate() {
                let row = &folded.last[class * OUTER..(class + 1) * OUTER];
                *logit = folded.last_bias[class] + row.iter().zip(means).map(|(weight, mean)| weight * mean).sum::<f64>();
            }
            let label = usize::try_from(label).unwrap_or(0).min(self.classes - 1);
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            loss += largest + logits.iter().map(|logit| (logit - largest).exp()).sum::<f64>().ln() - logits[label];
            // The first of several largest, as argmax takes it.
            correct += u64::from(logits.iter().position(|&logit| logit >= largest) == Some(label));
        }
        (loss, correct)
    }
}

/// The weights of a BasicConv with its norms folded into its neighbours.
pub struct Folded {
    /// [2, 2, c, 16].
    first: Vec<f32>,
    first_bias: Vec<f32>,
    /// [2, 2, 16, 32].
    second: Vec<f32>,
    /// [3, 3, 16, 32]: the same in Winograd's form.
    tiles: Vec<f32>,
    second_bias: Vec<f32>,
    /// [classes, 32], the second norm inside.
    last: Vec<f64>,
    last_bias: Vec<f64>,
}

impl Folded {
    /// Folds θ and running statistics.
    ///
    /// # Errors
    /// If they belong to another network, or cannot be read.
    pub fn new(network: &Network, theta: &Tensor, statistics: &Tensor) -> Result<Self> {
        let layout = &network.layout;
        let theta: Vec<f32> = Vec::try_from(theta.f_detach()?)?;
        let statistics: Vec<f32> = Vec::try_from(statistics.f_detach()?)?;
        if theta.len() != layout.parameter_count() || statistics.len() != layout.statistic_count() {
            return Err(Error::Other("the weights are those of another network".into()));
        }
        let part = |name: &str| -> Result<&[f32]> { Ok(slice(find(&layout.parameters, name)?, &theta)) };
        let norm = |name: &str| -> Result<Vec<(f64, f64)>> { scales(layout, name, &theta, &statistics) };
        let second_norm = norm("bn2")?;
        let (first, second, last) = (part("conv1.weight")?, part("conv2.weight")?, part("fc.weight")?);
        let first_norm = norm("bn1")?;
        let mut second_bias: Vec<f64> = part("conv2.bias")?.iter().map(|&bias| f64::from(bias)).collect();
        let mut folded = vec![0.0f64; second.len()];
        // From [out, tap, in] to [tap, in, out].
        for (out, weights) in second.chunks_exact(4 * INNER).enumerate() {
            for (place, &weight) in weights.iter().enumerate() {
                let (scale, shift) = first_norm[place % INNER];
                folded[place * OUTER + out] = f64::from(weight) * scale;
                second_bias[out] += f64::from(weight) * shift;
            }
        }
        let taps = first.len() / INNER;
        let mut last_bias: Vec<f64> = part("fc.bias")?.iter().map(|&bias| f64::from(bias)).collect();
        let mut folded_last = Vec::with_capacity(last.len());
        for (bias, weights) in last_bias.iter_mut().zip(last.chunks_exact(OUTER)) {
            for (&weight, &(scale, shift)) in weights.iter().zip(&second_norm) {
                folded_last.push(f64::from(weight) * scale);
                *bias += f64::from(weight) * shift;
            }
        }
        Ok(Self {
            first: (0..first.len()).map(|place| first[place % INNER * taps + place / INNER]).collect(),
            first_bias: part("conv1.bias")?.to_vec(),
            tiles: in_tiles(&folded),
            second: folded.iter().map(|&weight| weight as f32).collect(),
            second_bias: second_bias.iter().map(|&bias| bias as f32).collect(),
            last: folded_last,
            last_bias,
        })
    }

    /// Loss and accuracy on `set`; `between` is asked after every few images and ends the evaluation early by returning
    /// false (then `None` comes back).
    pub fn evaluate(&self, set: &Prepared, mut between: impl FnMut() -> bool) -> Option<Score> {
        const AT_ONCE: usize = 512;
        let (mut loss, mut correct, mut scratch) = (0.0, 0, Vec::new());
        for from in (0..set.len()).step_by(AT_ONCE) {
            let (more, hits) = set.range(self, from, (from + AT_ONCE).min(set.len()), &mut scratch);
            loss += more;
            correct += hits;
            if !between() {
                return None;
            }
        }
        let total = set.len() as u64;
        Some(Score { loss: loss / total.max(1) as f64, correct, total })
    }
}

/// G·g·Gᵀ of weights g [2, 2, 16, 32], with G = (1 0; 1 1; 0 1): [3, 3, 16, 32].
fn in_tiles(weights: &[f64]) -> Vec<f32> {
    /// Taps of one dimension that each of three positions adds up.
    const TAPS: [&[usize]; 3] = [&[0], &[0, 1], &[1]];
    let each = INNER * OUTER;
    let sum = |down: &[usize], right: &[usize], place: usize| {
        down.iter().flat_map(|&a| right.iter().map(move |&b| (2 * a + b) * each + place)).map(|index| weights[index]).sum::<f64>() as f32
    };
    TAPS.iter().flat_map(|down| TAPS.iter().flat_map(move |right| (0..each).map(move |place| sum(down, right, place)))).collect()
}

fn find<'a>(entries: &'a [Entry], name: &str) -> Result<&'a Entry> {
    let found = entries.iter().find(|entry| entry.name == name);
    found.ok_or_else(|| Error::Other(format!("the network has no `{name}`: it is no BasicConv")))
}

/// (s, t) of each channel of a batch norm.
fn scales(layout: &Layout, name: &str, theta: &[f32], statistics: &[f32]) -> Result<Vec<(f64, f64)>> {
    let parameter = |part: &str| -> Result<&[f32]> { Ok(slice(find(&layout.parameters, &format!("{name}.{part}"))?, theta)) };
    let statistic = |part: &str| -> Result<&[f32]> { Ok(slice(find(&layout.statistics, &format!("{name}.{part}"))?, statistics)) };
    let (gamma, beta) = (parameter("weight")?, parameter("bias")?);
    let (mean, variance) = (statistic("running_mean")?, statistic("running_var")?);
    let of = |channel: usize| {
        let scale = f64::from(gamma[channel]) / (f64::from(variance[channel]) + EPS).sqrt();
        (scale, f64::from(beta[channel]) - scale * f64::from(mean[channel]))
    };
    Ok((0..gamma.len()).map(of).collect())
}
