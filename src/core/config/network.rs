//! `[network]`: what is trained.

use super::declare::{choices, section};
use super::range::{below, whole};
use super::values::Head;

choices! {
    /// A family of networks.
    NetworkKind {
        /// Residual network with pre-activation, three stages.
        PreResNet = "preresnet",
        /// Wide residual network, three stages of basic blocks.
        WideResNet = "wideresnet",
        /// Two small convolutions: 2,322 weights for one channel and two classes.
        BasicConv = "basicconv",
    }
}

choices! {
    /// A residual block.
    Block {
        /// 1×1, 3×3, 1×1, expansion 4.
        Bottleneck = "bottleneck",
        /// Two 3×3.
        Basic = "basic",
    }
}

section! {
    /// The network that is trained.
    Network {
        /// Family of networks.
        kind: NetworkKind = NetworkKind::PreResNet, "kind";
        /// Layers: 9n + 2 for bottleneck blocks, 6n + 2 for basic ones, 6n + 4 for wide networks.
        depth: u64 = 56, "depth" ["layers"] in whole(8, 2000), for kind = ["preresnet", "wideresnet"];
        /// Residual block.
        block: Block = Block::Bottleneck, "block", for kind = ["preresnet"];
        /// Widening factor.
        width: u64 = 1, "width" in whole(1, 64), for kind = ["wideresnet"];
        /// Share of activations dropped between the convolutions of a block.
        dropout: f64 = 0.0, "dropout" ["share"] in below(0.0, 1.0), for kind = ["wideresnet"];
        /// Pooling of the last feature map: `"global"`, or `{ window = 7 }` for the upper left corner of that side.
        head: Head = Head::Global, "head", for kind = ["preresnet"];
        /// Checkpoint to start from. Empty: fresh weights.
        checkpoint: String = String::new(), "start from";
    }
}
