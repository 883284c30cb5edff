//! How large a network is, from its description alone: enough to say what a run takes on disk without starting an
//! engine.

use curricle_core::config::{Block, Experiment, Network, NetworkKind};

/// Size of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Trainable weights.
    pub weights: u64,
    /// Running statistics of batch norm.
    pub buffers: u64,
}

/// Size of an experiment's network. Where channels or classes are known only from the data (a folder of images), three
/// and 1,000 are assumed.
pub fn size_of(experiment: &Experiment) -> Size {
    let channels = experiment.data.set.channels().unwrap_or(3);
    let classes = experiment.data.class_count().unwrap_or(1_000);
    Size { weights: experiment.network.weights(channels, classes), buffers: 2 * normed_channels(&experiment.network) }
}

/// Channels of all batch norms together: each has a running mean and a running variance.
fn normed_channels(network: &Network) -> u64 {
    let (blocks, expansion, planes) = match (network.kind, network.block) {
        (NetworkKind::BasicConv, _) => return 16 + 32,
        (NetworkKind::PreResNet, Block::Bottleneck) => (network.depth.saturating_sub(2) / 9, 4, [16, 32, 64]),
        (NetworkKind::PreResNet, Block::Basic) => (network.depth.saturating_sub(2) / 6, 1, [16, 32, 64]),
        (NetworkKind::WideResNet, _) => {
            (network.depth.saturating_sub(4) / 6, 1, [16, 32, 64].map(|planes: u64| planes.saturating_mul(network.width)))
        }
    };
    let mut from = 16_u64;
    let mut channels = 0_u64;
    for planes in planes {
        let to = planes.saturating_mul(expansion);
        // Within a block: two norms of the bottleneck's width, or one of the basic block's.
        let inner = if expansion == 4 { 2 * planes } else { planes };
        for _ in 0..blocks {
            channels = channels.saturating_add(from).saturating_add(inner);
            from = to;
        }
    }
    channels.saturating_add(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_are_counted_layer_by_layer() {
        let network = |kind, depth, block, width| Network { kind, depth, block, width, ..Network::default() };
        // Two blocks a stage: 16 + 16·2, 64 + 16·2, 64 + 32·2, 128 + 32·2, 128 + 64·2, 256 + 64·2, and 256 at the end.
        let bottleneck = network(NetworkKind::PreResNet, 20, Block::Bottleneck, 1);
        assert_eq!(normed_channels(&bottleneck), 48 + 96 + 128 + 192 + 256 + 384 + 256);
        // One block a stage: 16 + 16, 16 + 32, 32 + 64, and 64 at the end.
        assert_eq!(normed_channels(&network(NetworkKind::PreResNet, 8, Block::Basic, 1)), 32 + 48 + 96 + 64);
        assert_eq!(normed_channels(&network(NetworkKind::WideResNet, 10, Block::Basic, 2)), (16 + 32) + (32 + 64) + (64 + 128) + 128);
        assert_eq!(normed_channels(&network(NetworkKind::BasicConv, 0, Block::Basic, 1)), 48);
    }
}
