//! What an experiment's numbers come to, as far as its text alone tells: classes, images, steps.

use super::data::{Data, SetKind};
use super::experiment::Experiment;
use super::network::{Block, Network, NetworkKind};
use super::values::Interval;

impl SetKind {
    /// Classes of the whole set.
    pub fn classes(self) -> Option<u64> {
        match self {
            Self::Cifar100 => Some(100),
            Self::Folder | Self::Arrays => None,
            _ => Some(10),
        }
    }

    /// Channels of its images.
    pub fn channels(self) -> Option<u64> {
        match self {
            Self::Cifar10 | Self::Cifar100 | Self::Glyphs => Some(3),
            Self::Mnist | Self::FashionMnist => Some(1),
            Self::Folder | Self::Arrays => None,
        }
    }

    /// Side of its images.
    pub fn side(self) -> Option<u64> {
        match self {
            Self::Cifar10 | Self::Cifar100 | Self::Glyphs => Some(32),
            Self::Mnist | Self::FashionMnist => Some(28),
            Self::Folder | Self::Arrays => None,
        }
    }

    /// Whether every class has equally many training images.
    fn is_balanced(self) -> bool {
        matches!(self, Self::Cifar10 | Self::Cifar100 | Self::FashionMnist | Self::Glyphs)
    }
}

impl Data {
    /// Classes that are kept, if the text tells.
    pub fn class_count(&self) -> Option<u64> {
        if self.classes.is_empty() { self.set.classes() } else { Some(self.classes.len() as u64) }
    }

    /// Training images of the whole set, before any choice.
    fn whole_set(&self) -> Option<u64> {
        match self.set {
            SetKind::Cifar10 if !self.files.is_empty() => Some(10_000 * self.files.len() as u64),
            SetKind::Cifar10 | SetKind::Cifar100 if self.files.is_empty() => Some(50_000),
            SetKind::Mnist | SetKind::FashionMnist if self.files.is_empty() => Some(60_000),
            SetKind::Glyphs => Some(self.glyphs.train),
            _ => None,
        }
    }

    /// Training images of one class of the whole set, where all classes have as many.
    pub(crate) fn largest_class(&self) -> Option<u64> {
        let balanced = self.set.is_balanced() && self.files.is_empty();
        balanced.then(|| Some(self.whole_set()?.div_ceil(self.set.classes()?))).flatten()
    }

    /// Training images after subset, hold-out and imbalance, as far as the text tells: never fewer than there will be,
    /// and at most one a class more.
    pub fn train_images(&self) -> Option<u64> {
        if !self.subset.is_empty() {
            return None;
        }
        let chosen = if self.per_class > 0 {
            self.per_class.saturating_mul(self.class_count()?)
        } else if self.classes.is_empty() {
            self.whole_set()?
        } else {
            self.largest_class()?.saturating_mul(self.class_count()?)
        };
        let kept = chosen as f64 * (1.0 - self.holdout);
        let share = if self.imbalance > 1.0 {
            let classes = self.class_count()?.max(2) as f64;
            let each = |class: f64| self.imbalance.powf(-class / (classes - 1.0));
            (0..classes as u64).map(|class| each(class as f64)).sum::<f64>() / classes
        } else {
            return Some(kept.ceil() as u64);
        };
        Some((kept * share).ceil() as u64 + self.class_count()?)
    }
}

impl Network {
    /// Trainable weights, for images of so many channels.
    pub fn weights(&self, channels: u64, classes: u64) -> u64 {
        match self.kind {
            NetworkKind::PreResNet => self.pre_resnet_weights(channels, classes),
            NetworkKind::WideResNet => self.wide_resnet_weights(channels, classes),
            NetworkKind::BasicConv => {
                let first = channels * 16 * 4 + 16 + 2 * 16;
                let second = 16 * 32 * 4 + 32 + 2 * 32;
                first + second + 32 * classes + classes
            }
        }
    }

    /// Blocks of each stage, if the depth is one that the kind has.
    pub fn blocks(&self) -> Option<u64> {
        let (step, rest) = self.depth_rule()?;
        let over = self.depth.checked_sub(rest)?;
        (over > 0 && over % step == 0).then_some(over / step)
    }

    /// Depths are `step`·n + `rest`.
    pub(crate) fn depth_rule(&self) -> Option<(u64, u64)> {
        match (self.kind, self.block) {
            (NetworkKind::PreResNet, Block::Bottleneck) => Some((9, 2)),
            (NetworkKind::PreResNet, Block::Basic) => Some((6, 2)),
            (NetworkKind::WideResNet, _) => Some((6, 4)),
            (NetworkKind::BasicConv, _) => None,
        }
    }

    fn pre_resnet_weights(&self, channels: u64, classes: u64) -> u64 {
        let blocks = self.blocks().unwrap_or(0);
        let expansion = if self.block == Block::Bottleneck { 4 } else { 1 };
        let mut sum = channels * 16 * 9;
        let mut width = 16;
        for planes in [16, 32, 64] {
            for block in 0..blocks {
                let out = planes * expansion;
                sum += 2 * width;
                sum += if self.block == Block::Bottleneck {
                    width * planes + 2 * planes + planes * planes * 9 + 2 * planes + planes * out
                } else {
                    width * planes * 9 + 2 * planes + planes * planes * 9
                };
                if block == 0 && (width != out || planes != 16) {
                    sum += width * out;
                }
                width = out;
            }
        }
        sum + 2 * width + width * classes + classes
    }

    fn wide_resnet_weights(&self, channels: u64, classes: u64) -> u64 {
        let blocks = self.blocks().unwrap_or(0);
        let mut sum = channels * 16 * 9;
        let mut width = 16;
        for planes in [16, 32, 64].map(|planes| planes * self.width) {
            for _ in 0..blocks {
                sum += 2 * width + width * planes * 9 + 2 * planes + planes * planes * 9;
                if width != planes {
                    sum += width * planes;
                }
                width = planes;
            }
        }
        sum + 2 * width + width * classes + classes
    }
}

impl Experiment {
    /// Steps of one epoch, as far as the text tells.
    pub fn steps_per_epoch(&self) -> Option<u64> {
        let images = self.data.train_images()?;
        let steps = match self.training.last_batch {
            super::training::LastBatch::Keep => images.div_ceil(self.training.batch.max(1)),
            super::training::LastBatch::Drop => images / self.training.batch.max(1),
        };
        Some(steps.max(1))
    }

    /// Epochs of the run, as far as the text tells; parts of one count as one.
    pub fn epochs(&self) -> Option<u64> {
        match (self.training.epochs, self.training.steps) {
            (Some(epochs), _) => Some(epochs),
            (None, Some(steps)) => Some(steps.div_ceil(self.steps_per_epoch()?)),
            (None, None) => None,
        }
    }

    /// Whether an interval is longer than the run.
    pub(crate) fn outlasts(&self, interval: Interval) -> bool {
        match interval {
            Interval::Epochs(length) => self.epochs().is_some_and(|epochs| length > epochs),
            Interval::Steps(length) => {
                let steps = self.training.steps.or_else(|| Some(self.epochs()?.saturating_mul(self.steps_per_epoch()?)));
                steps.is_some_and(|steps| length > steps)
            }
        }
    }

    /// The run's length in words: `6 epochs`.
    pub(crate) fn length(&self) -> String {
        match (self.training.epochs, self.training.steps) {
            (Some(epochs), _) => Interval::Epochs(epochs).to_string(),
            (None, Some(steps)) => Interval::Steps(steps).to_string(),
            (None, None) => "a run of no length".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_the_published_networks() {
        let count = |kind, depth, block, width, channels, classes| {
            let network = Network { kind, depth, block, width, ..Network::default() };
            network.weights(channels, classes)
        };
        let bottleneck = |depth, classes| count(NetworkKind::PreResNet, depth, Block::Bottleneck, 1, 3, classes);
        assert_eq!(bottleneck(20, 10), 219_482);
        assert_eq!(bottleneck(20, 100), 242_612);
        assert_eq!(bottleneck(56, 10), 590_426);
        assert_eq!(bottleneck(101, 10), 1_054_106);
        assert_eq!(bottleneck(110, 10), 1_146_842);
        assert_eq!(bottleneck(164, 100), 1_726_388);
        let wide = |depth, width, classes| count(NetworkKind::WideResNet, depth, Block::Basic, width, 3, classes);
        assert_eq!(wide(16, 2, 10), 691_674);
        assert_eq!(wide(16, 4, 100), 2_772_020);
        assert_eq!(wide(40, 4, 10), 8_949_210);
        assert_eq!(wide(28, 10, 10), 36_479_194);
        assert_eq!(count(NetworkKind::BasicConv, 0, Block::Basic, 1, 1, 2), 2_322);
    }

    #[test]
    fn training_images_follow_from_the_choices() {
        let data = Data::default();
        assert_eq!(data.train_images(), Some(50_000));
        assert_eq!(Data { holdout: 0.1, ..data.clone() }.train_images(), Some(45_000));
        assert_eq!(Data { per_class: 100, ..data.clone() }.train_images(), Some(1_000));
        let two = vec!["cat".to_owned(), "dog".to_owned()];
        assert_eq!(Data { classes: two.clone(), ..data.clone() }.train_images(), Some(10_000));
        assert_eq!(Data { files: vec!["data_batch_1.bin".into(), "data_batch_2.bin".into()], ..data.clone() }.train_images(), Some(20_000));
        assert_eq!(Data { set: SetKind::Mnist, classes: two, ..data.clone() }.train_images(), None);
        assert_eq!(Data { set: SetKind::Folder, ..data.clone() }.train_images(), None);
        assert_eq!(Data { subset: "few.json".into(), ..data }.train_images(), None);
    }
}
