//! The kernels of the engine against libtorch's own operations: values, gradients, running statistics.

#![allow(clippy::unwrap_used, missing_docs)]

use curricle_core::config::{Network, NetworkKind};
use curricle_engine::device;
use curricle_engine::network;
use curricle_engine::network::basic_conv_folded::{Folded, Prepared};
use curricle_engine::network::fused::{self, Numbers, Settings};
use curricle_engine::network::pass::{Arithmetic, Mode};
use curricle_engine::weights::Weights;
use proptest::prelude::*;
use tch::{Device, Kind, Tensor};

const MOMENTUM: f64 = 0.1;
const EPS: f64 = 1e-5;

/// A case: a map, perhaps one to add, a weighting of both results so that every gradient is asked for.
struct Case {
    a: Tensor,
    b: Option<Tensor>,
    scale: Tensor,
    shift: Tensor,
    mean: Tensor,
    variance: Tensor,
    weigh_sum: Tensor,
    weigh_y: Tensor,
    /// Whether a ReLU follows. Where it does, a value that rounding moves across zero changes a gradient by all of it, so
    /// f32 and bf16 are held against f64 without.
    relu: bool,
}

/// What comes out: sum, y, gradients of a, b, scale, shift, running mean and variance.
type Results = Vec<Tensor>;

fn last(x: &Tensor) -> Tensor {
    // Channels-last memory.
    x.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}

impl Case {
    fn new(shape: [i64; 4], added: bool, centre: f64, relu: bool, seed: i64) -> Self {
        tch::manual_seed(seed);
        let normal = |size: &[i64]| Tensor::randn(size, (Kind::Double, Device::Cpu));
        let map = || last(&normal(&shape));
        let channels = [shape[1]];
        Self {
            a: map() + centre,
            b: added.then(&map),
            scale: normal(&channels),
            shift: normal(&channels),
            mean: normal(&channels),
            variance: normal(&channels).exp(),
            weigh_sum: map(),
            weigh_y: map(),
            relu,
        }
    }

    fn leaves(&self, kind: Kind, numbers: Kind) -> (Tensor, Option<Tensor>, [Tensor; 4]) {
        let leaf = |x: &Tensor, kind| x.to_kind(kind).copy().set_requires_grad(true);
        let plain = |x: &Tensor| x.to_kind(numbers).copy();
        (
            leaf(&self.a, kind),
            self.b.as_ref().map(|b| leaf(b, kind)),
            [leaf(&self.scale, numbers), leaf(&self.shift, numbers), plain(&self.mean), plain(&self.variance)],
        )
    }

    fn gradients(&self, sum: &Tensor, y: &Tensor, inputs: &[&Tensor]) -> Vec<Tensor> {
        // The sum goes into the loss only where it is one: else nobody reads it.
        let mut loss = (y * self.weigh_y.to_kind(y.kind())).sum(Kind::Double);
        if self.b.is_some() {
            loss += (sum * self.weigh_sum.to_kind(sum.kind())).sum(Kind::Double);
        }
        Tensor::run_backward(&[loss], inputs, false, false)
    }

    /// By the kernels.
    fn fused(&self, kind: Kind, training: bool, rounded: bool) -> Results {
        let numbers = if kind == Kind::Double { Kind::Double } else { Kind::Float };
        let (a, b, [scale, shift, mean, variance]) = self.leaves(kind, numbers);
        // A leaf may not be written over.
        let own = a.f_mul_scalar(1.0).unwrap();
        let settings = Settings { momentum: MOMENTUM, eps: EPS, training, relu: self.relu, rounded, alone: false };
        let of = Numbers { scale: &scale, shift: &shift, mean: &mean, variance: &variance };
        let (sum, y) = fused::sum_norm(&own, b.as_ref(), of, settings).unwrap();
        self.collect(&sum, &y, &a, b.as_ref(), [&scale, &shift, &mean, &variance])
    }

    /// By libtorch.
    fn composed(&self, kind: Kind, training: bool, rounded: bool) -> Results {
        let numbers = if kind == Kind::Double { Kind::Double } else { Kind::Float };
        let (a, b, [scale, shift, mean, variance]) = self.leaves(kind, numbers);
        let round = |x: &Tensor| if rounded { x.to_kind(Kind::BFloat16).to_kind(kind) } else { x.shallow_clone() };
        let sum = match &b {
            Some(b) => round(&(round(&a) + round(b))),
            None => round(&a),
        };
        let y = sum.batch_norm(Some(&scale), Some(&shift), Some(&mean), Some(&variance), training, MOMENTUM, EPS, false);
        let y = round(&if self.relu { y.relu() } else { y });
        self.collect(&sum, &y, &a, b.as_ref(), [&scale, &shift, &mean, &variance])
    }

    fn collect(&self, sum: &Tensor, y: &Tensor, a: &Tensor, b: Option<&Tensor>, numbers: [&Tensor; 4]) -> Results {
        let [scale, shift, mean, variance] = numbers;
        let mut inputs = vec![a, scale, shift];
        inputs.extend(b);
        let mut results = self.gradients(sum, y, &inputs);
        results.extend([sum, y, mean, variance].map(Tensor::shallow_clone));
        results
    }
}

/// The largest difference between two lists of tensors, beside the largest value of each.
fn difference(ours: &Results, theirs: &Results) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let each = ours.iter().zip(theirs).map(|(a, b)| {
        let (a, b) = (a.to_kind(Kind::Double), b.to_kind(Kind::Double));
        assert_eq!(a.size(), b.size());
        (&a - &b).abs().max().double_value(&[]) / b.abs().max().double_value(&[]).max(1e-3)
    });
    each.fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_norm_in_f64_is_libtorchs(
        batch in 1i64..6, channels in 1i64..70, height in 1i64..9, width in 2i64..9,
        added in any::<bool>(), training in any::<bool>(), relu in any::<bool>(), seed in 0i64..1000,
    ) {
        let case = Case::new([batch, channels, height, width], added, 0.3, relu, seed);
        let far = difference(&case.fused(Kind::Double, training, false), &case.composed(Kind::Double, training, false));
        prop_assert!(far < 1e-11, "{far}");
    }

    #[test]
    fn a_norm_in_f32_and_bf16_is_near_f64(
        batch in 2i64..6, channels in 1i64..40, size in 3i64..12, added in any::<bool>(), training in any::<bool>(), seed in 0i64..1000,
    ) {
        let case = Case::new([batch, channels, size, size], added, 0.3, false, seed);
        let exact = case.composed(Kind::Double, training, false);
        let far = difference(&case.fused(Kind::Float, training, false), &exact);
        prop_assert!(far < 2e-5, "f32: {far}");
        // The inputs themselves are rounded to 8 bits.
        let theirs = difference(&case.composed(Kind::BFloat16, training, false), &exact);
        let ours = difference(&case.fused(Kind::BFloat16, training, false), &exact);
        prop_assert!(ours < theirs.max(0.02) * 1.5, "bf16: {ours}, libtorch {theirs}");
    }
}

#[test]
fn maps_of_many_blocks_and_far_from_zero_keep_their_variance() {
    let case = Case::new([16, 48, 32, 32], true, 300.0, false, 3);
    let exact = case.composed(Kind::Double, true, false);
    let far = difference(&case.fused(Kind::Double, true, false), &exact);
    assert!(far < 1e-9, "{far}");
    let far = difference(&case.fused(Kind::Float, true, false), &exact);
    let theirs = difference(&case.composed(Kind::Float, true, false), &exact);
    assert!(far < 2.0 * theirs, "{far}, libtorch {theirs}");
}

/// A row that lies far from the others costs no exactness, wherever it is: sums around it would lose thirty times as much.
#[test]
fn a_row_far_from_the_others_costs_no_variance() {
    for row in [0, 1, 8 * 16 * 16 - 1, 64, 1000] {
        for added in [false, true] {
            let case = Case::new([8, 24, 16, 16], added, 0.3, false, 19);
            let (image, y, x) = (row / 256, row / 16 % 16, row % 16);
            let _ = case.a.narrow(0, image, 1).narrow(2, y, 1).narrow(3, x, 1).fill_(1e4);
            let exact = case.composed(Kind::Double, true, false);
            let of = |results: &Results| results[results.len() - 1].to_kind(Kind::Double);
            let far = |results: &Results| ((of(results) - of(&exact)).abs() / of(&exact)).max().double_value(&[]);
            let (ours, theirs) = (far(&case.fused(Kind::Float, true, false)), far(&case.composed(Kind::Float, true, false)));
            // In f32 the square of that row hides what is small among those that are added to it, no more.
            assert!(ours < 1e-5, "row {row}, added {added}: {ours}, libtorch {theirs}");
            let doubled = far(&case.fused(Kind::Double, true, false));
            assert!(doubled < 1e-13, "row {row}, added {added}: {doubled} in f64");
        }
    }
}

#[test]
fn played_bf16_rounds_where_a_bf16_network_does() {
    for (training, added) in [(true, true), (true, false), (false, true), (false, false)] {
        let case = Case::new([4, 24, 9, 9], added, 0.3, true, 5);
        let (ours, theirs) = (case.fused(Kind::Float, training, true), case.composed(Kind::Float, training, true));
        // Rounding to 8 bits hides the last bits of f32: where both differ, it is by one place of a few values.
        let far = difference(&ours, &theirs);
        assert!(far < 1.0 / 128.0, "training {training}, added {added}: {far}");
        let count = ours[ours.len() - 3].ne_tensor(&theirs[theirs.len() - 3]).sum(Kind::Int64).int64_value(&[]);
        assert!(count < 20, "{count} of {} values of y", ours[ours.len() - 3].numel());
    }
}

/// One sum per block of rows, added in order: as many threads as there are change nothing.
#[test]
fn bits_do_not_depend_on_threads() {
    let before = tch::get_num_threads();
    let case = Case::new([16, 16, 32, 32], true, 0.3, true, 7);
    let bits = |results: Results| -> Vec<Vec<f32>> { results.iter().map(|x| Vec::try_from(x.contiguous().view(-1)).unwrap()).collect() };
    tch::set_num_threads(1);
    let one = bits(case.fused(Kind::Float, true, false));
    tch::set_num_threads(2);
    let two = bits(case.fused(Kind::Float, true, false));
    tch::set_num_threads(before);
    assert!(one == two);
}

#[test]
fn what_cannot_be_is_refused() {
    let case = Case::new([1, 3, 1, 1], false, 0.0, true, 1);
    let (a, _, [scale, shift, mean, variance]) = case.leaves(Kind::Float, Kind::Float);
    let of = Numbers { scale: &scale, shift: &shift, mean: &mean, variance: &variance };
    let settings = Settings { momentum: MOMENTUM, eps: EPS, training: true, relu: true, rounded: false, alone: false };
    let error = fused::sum_norm(&a, None, of, settings).unwrap_err().to_string();
    assert!(error.contains("a batch norm needs more than one value per channel to train"), "{error}");
    let wide = Tensor::zeros([1, 4, 2, 2], (Kind::Float, Device::Cpu));
    let error = fused::sum_norm(&wide, None, of, settings).unwrap_err().to_string();
    assert!(error.contains("one dense Float for each of 4 channels"), "{error}");
}

/// Values and both gradients of convolutions, the thin ones among them whose weight gradient is computed here.
#[test]
fn a_convolution_is_libtorchs() {
    tch::manual_seed(11);
    for (inner, out, size, stride, padding, map) in [
        (64, 16, 1, 1, 0, 32),
        (32, 16, 1, 1, 0, 33),
        (48, 20, 1, 1, 0, 32),
        (16, 4, 1, 1, 0, 40),
        (16, 64, 1, 1, 0, 8),
        (8, 12, 3, 2, 1, 9),
        (12, 8, 1, 2, 0, 9),
        // Thin but for its padding, its stride: the rows of both maps are not the same pixels.
        (64, 16, 1, 1, 1, 32),
        (64, 16, 1, 2, 0, 32),
        (64, 16, 1, 2, 1, 32),
    ] {
        let x = last(&Tensor::randn([3, inner, map, map], (Kind::Float, Device::Cpu)));
        let weight = last(&Tensor::randn([out, inner, size, size], (Kind::Float, Device::Cpu)));
        let results = |kind: Kind, by: &dyn Fn(&Tensor, &Tensor) -> Tensor| {
            let (x, weight) = (x.to_kind(kind).set_requires_grad(true), weight.to_kind(kind).set_requires_grad(true));
            let y = by(&x, &weight);
            let loss = (&y * y.sin()).sum(kind);
            let mut results = Tensor::run_backward(&[loss], &[&x, &weight], false, false);
            results.push(y);
            results
        };
        let plain = |x: &Tensor, w: &Tensor| x.conv2d(w, None::<Tensor>, [stride; 2], [padding; 2], [1, 1], 1);
        let exact = results(Kind::Double, &plain);
        let ours = difference(&results(Kind::Float, &|x, w| fused::convolution(x, w, stride, padding).unwrap()), &exact);
        let theirs = difference(&results(Kind::Float, &plain), &exact);
        assert!(
            ours < 2.0 * theirs.max(1e-6),
            "{inner} to {out}, {size}×{size}, stride {stride}, padding {padding}: {ours}, libtorch {theirs}"
        );
    }
}

/// The kernel of BasicConv beside the network's own pass in f64: even and odd edges, rows of many tiles and of none.
#[test]
fn the_test_pass_of_basic_conv() {
    let settings = Network { kind: NetworkKind::BasicConv, ..Network::default() };
    let shapes = [(1, 28, 28), (3, 32, 32), (1, 3, 3), (2, 4, 3), (1, 3, 4), (1, 5, 31), (3, 33, 6), (1, 27, 29), (2, 6, 60)];
    for (seed, (channels, height, width)) in (1..).zip(shapes) {
        tch::manual_seed(seed);
        let network = network::Network::new(&settings, channels, 32, 4).unwrap();
        let mut weights = Weights::initial(&network, 1, Kind::Float, Device::Cpu).unwrap();
        let _guard = tch::no_grad_guard();
        weights.theta = &weights.theta + Tensor::rand_like(&weights.theta) * 0.6 - 0.3;
        weights.statistics = &weights.statistics + Tensor::rand_like(&weights.statistics);
        let images = Tensor::randn([9, channels, height, width], (Kind::Float, Device::Cpu));
        let labels = Tensor::randint(4, [9], (Kind::Int64, Device::Cpu));
        let score = Folded::new(&network, &weights.theta, &weights.statistics)
            .unwrap()
            .evaluate(&Prepared::new(&images, &labels, 4).unwrap(), || true)
            .unwrap();
        let double = |x: &Tensor| x.to_kind(Kind::Double);
        let (theta, statistics) = (double(&weights.theta), double(&weights.statistics));
        let logits = network.forward(&theta, &statistics, &double(&images), Mode::Eval, Arithmetic::Plain).unwrap();
        let wanted = logits.cross_entropy_for_logits(&labels).double_value(&[]);
        let correct = logits.argmax(1, false).eq_tensor(&labels).sum(Kind::Int64).int64_value(&[]);
        assert!((score.loss - wanted).abs() < 2e-6, "{channels}×{height}×{width}: {} beside {wanted}", score.loss);
        assert_eq!((score.correct as i64, score.total), (correct, 9), "{channels}×{height}×{width}");
    }
}

/// The same tests with the vector instructions of smaller machines. What was asked for must be what computes: the kernels say
/// themselves what they were compiled for.
#[test]
fn every_set_of_vector_instructions() {
    let here = device::vector_sets();
    if let Ok(asked) = std::env::var("CURRICLE_VECTORS") {
        assert_eq!(fused::variants(), Some([asked.as_str(); 2]));
        assert!(device::kernels().unwrap().ends_with(&format!("({asked})")));
        return;
    }
    let largest = here[here.len() - 1];
    assert_eq!(fused::variants(), Some([largest; 2]));
    for vectors in &here[..here.len() - 1] {
        let done = std::process::Command::new(std::env::current_exe().unwrap()).env("CURRICLE_VECTORS", vectors).output().unwrap();
        assert!(done.status.success(), "{vectors}:\n{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn a_set_of_vector_instructions_that_is_none_is_refused() {
    for asked in ["v5", "avx2", "V3"] {
        let mut engine = std::process::Command::new(env!("CARGO_BIN_EXE_curricle-engine"));
        let done = engine.arg("doctor").env("CURRICLE_VECTORS", asked).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("CURRICLE_VECTORS: `{asked}` is no set")) && said.contains("`base`, `v3` and `v4`"), "{said}");
    }
}

/// In eval mode nothing is added, but the map itself is read again by a projection, and must be what bf16 would hold.
#[test]
fn played_bf16_rounds_the_map_itself_in_eval_mode_too() {
    for (training, added) in [(true, true), (true, false), (false, true), (false, false)] {
        let case = Case::new([2, 8, 5, 5], added, 0.3, true, 13);
        let results = case.fused(Kind::Float, training, true);
        let sum = &results[results.len() - 4];
        let rounded = sum.to_kind(Kind::BFloat16).to_kind(Kind::Float);
        assert!(sum.equal(&rounded), "training {training}, added {added}");
    }
}

/// What is not a number reaches the statistics, so that a run that diverges is seen to.
#[test]
fn what_is_not_a_number_is_not_hidden() {
    let case = Case::new([2, 3, 4, 4], false, 0.0, true, 17);
    let _ = case.a.narrow(0, 1, 1).narrow(1, 2, 1).narrow(2, 3, 1).narrow(3, 0, 1).fill_(f64::NAN);
    let results = case.fused(Kind::Float, true, false);
    let variance = &results[results.len() - 1];
    let nan: Vec<bool> = (0..3).map(|channel| variance.double_value(&[channel]).is_nan()).collect();
    assert_eq!(nan, [false, false, true]);
}
