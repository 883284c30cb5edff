//! How large a network is, from its description alone: enough to say what a run takes on disk without starting an
//! engine. The engine counts the real tensors; the test holds both against the published counts.

use curricle_core::config::{Block, Experiment, Network, NetworkKind, SetKind};

/// Size of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Trainable weights.
    pub weights: u64,
    /// Running statistics of batch norm.
    pub buffers: u64,
}

/// Size of an experiment's network. Where the number of classes is known only from the data (a folder of images), 1,000
/// are assumed.
pub fn size_of(experiment: &Experiment) -> Size {
    let data = &experiment.data;
    let (channels, classes) = match data.set {
        SetKind::Cifar10 | SetKind::Glyphs => (3, 10),
        SetKind::Cifar100 => (3, 100),
        SetKind::Mnist | SetKind::FashionMnist => (1, 10),
        SetKind::Folder | SetKind::Arrays => (3, 1_000),
    };
    let classes = if data.classes.is_empty() { classes } else { data.classes.len() as u64 };
    count(&experiment.network, channels, classes)
}

/// Adds up layers.
#[derive(Default)]
struct Count {
    weights: u64,
    buffers: u64,
}

impl Count {
    fn conv(&mut self, from: u64, to: u64, side: u64) {
        self.add(from.saturating_mul(to).saturating_mul(side * side));
    }

    fn norm(&mut self, channels: u64) {
        self.add(channels.saturating_mul(2));
        self.buffers = self.buffers.saturating_add(channels.saturating_mul(2));
    }

    fn linear(&mut self, from: u64, to: u64) {
        self.add(from.saturating_mul(to).saturating_add(to));
    }

    fn add(&mut self, weights: u64) {
        self.weights = self.weights.saturating_add(weights);
    }
}

fn count(network: &Network, channels: u64, classes: u64) -> Size {
    let mut count = Count::default();
    match network.kind {
        NetworkKind::PreResNet => {
            let (expansion, blocks) = match network.block {
                Block::Bottleneck => (4, network.depth.saturating_sub(2) / 9),
                Block::Basic => (1, network.depth.saturating_sub(2) / 6),
            };
            count.conv(channels, 16, 3);
            let mut from = 16;
            for planes in [16, 32, 64] {
                for block in 0..blocks {
                    let to = planes * expansion;
                    count.norm(from);
                    if network.block == Block::Bottleneck {
                        count.conv(from, planes, 1);
                        count.norm(planes);
                        count.conv(planes, planes, 3);
                        count.norm(planes);
                        count.conv(planes, to, 1);
                    } else {
                        count.conv(from, planes, 3);
                        count.norm(planes);
                        count.conv(planes, planes, 3);
                    }
                    if block == 0 && from != to {
                        count.conv(from, to, 1);
                    }
                    from = to;
                }
            }
            count.norm(from);
            count.linear(from, classes);
        }
        NetworkKind::WideResNet => {
            count.conv(channels, 16, 3);
            let mut from = 16;
            for to in [16, 32, 64].map(|planes: u64| planes.saturating_mul(network.width)) {
                for _ in 0..network.depth.saturating_sub(4) / 6 {
                    count.norm(from);
                    count.conv(from, to, 3);
                    count.norm(to);
                    count.conv(to, to, 3);
                    if from != to {
                        count.conv(from, to, 1);
                    }
                    from = to;
                }
            }
            count.norm(from);
            count.linear(from, classes);
        }
        NetworkKind::BasicConv => {
            count.conv(channels, 16, 2);
            count.add(16);
            count.norm(16);
            count.conv(16, 32, 2);
            count.add(32);
            count.norm(32);
            count.linear(32, classes);
        }
    }
    Size { weights: count.weights, buffers: count.buffers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_the_published_ones() {
        let preresnet = |depth, block| Network { kind: NetworkKind::PreResNet, depth, block, ..Network::default() };
        let wide = |depth, width| Network { kind: NetworkKind::WideResNet, depth, width, ..Network::default() };
        let table = [
            (preresnet(20, Block::Bottleneck), 219_482, 242_612),
            (preresnet(56, Block::Bottleneck), 590_426, 613_556),
            (preresnet(101, Block::Bottleneck), 1_054_106, 1_077_236),
            (preresnet(110, Block::Bottleneck), 1_146_842, 1_169_972),
            (preresnet(164, Block::Bottleneck), 1_703_258, 1_726_388),
            (wide(16, 2), 691_674, 703_284),
            (wide(16, 4), 2_748_890, 2_772_020),
            (wide(40, 4), 8_949_210, 8_972_340),
            (wide(28, 10), 36_479_194, 36_536_884),
        ];
        for (network, ten, hundred) in table {
            assert_eq!(count(&network, 3, 10).weights, ten, "{network:?}");
            assert_eq!(count(&network, 3, 100).weights, hundred, "{network:?}");
        }
        let basic = Network { kind: NetworkKind::BasicConv, ..Network::default() };
        assert_eq!(count(&basic, 1, 2).weights, 2_322);
        assert_eq!(count(&basic, 1, 2).buffers, 96);
    }
}
