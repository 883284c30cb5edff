//! `[data]`: what is trained on.

use super::declare::{choices, section};
use super::range::{above_to, at_least, below, between, from, whole};
use super::values::{ChannelValues, Crop};

choices! {
    /// An image set.
    SetKind {
        /// CIFAR-10: 50,000 and 10,000 colour images of 32×32, 10 classes.
        Cifar10 = "cifar10",
        /// CIFAR-100: the same with 100 classes.
        Cifar100 = "cifar100",
        /// MNIST: 60,000 and 10,000 grey digits of 28×28.
        Mnist = "mnist",
        /// Fashion-MNIST: clothes in the format of MNIST.
        FashionMnist = "fashion-mnist",
        /// Generated on the spot: 32×32 colour images of known difficulty, 10 classes.
        Glyphs = "glyphs",
        /// A folder of images, one folder a class.
        Folder = "folder",
        /// Arrays of images and labels in one file.
        Arrays = "arrays",
    }
}

choices! {
    /// On, off, or what suits.
    Switch {
        /// What suits.
        Auto = "auto",
        /// On.
        On = "true",
        /// Off.
        Off = "false",
    }
}

section! {
    /// What is trained on, and which part of it. Subset, hold-out, label noise and imbalance are applied in this order.
    Data {
        /// Image set.
        set: SetKind = SetKind::Cifar10, "image set";
        /// Folder that holds the set. Empty: `--data`, `CURRICLE_DATA`, or the data folder of your account.
        root: String = String::new(), "folder";
        /// Seed of the subset, the hold-out, label noise and imbalance.
        seed: u64 = 0, "seed";
        /// Classes to keep, by name or number. Empty: all.
        classes: Vec<String> = Vec::new(), "classes";
        /// Training images kept of each class, drawn by the seed. 0: all.
        per_class: u64 = 0, "images per class" ["images"];
        /// JSON file with the indices of the training images to keep, in place of `per_class`; looked for in the data folder too.
        subset: String = String::new(), "subset file";
        /// Training files to read where the set comes in several; empty: all of them.
        files: Vec<String> = Vec::new(), "training files", for set = ["cifar10", "cifar100", "mnist", "fashion-mnist"];
        /// Share of the training images kept aside, for selection and for scorers.
        holdout: f64 = 0.0, "hold-out" ["share"] in below(0.0, 1.0);
        /// Share of the training labels changed, uniformly to another class.
        label_noise: f64 = 0.0, "label noise" ["share"] in between(0.0, 1.0);
        /// Largest class over smallest class of a long-tailed training set; 1: balanced as it is.
        imbalance: f64 = 1.0, "imbalance" ["ratio"] in at_least(1.0);
        /// Mean of each channel, taken off after scaling pixels to [0, 1].
        mean: ChannelValues = ChannelValues::Published, "mean";
        /// Standard deviation of each channel, divided by.
        std: ChannelValues = ChannelValues::Published, "standard deviation" in above_to(0.0, f64::MAX);
        /// Side to which images of other sizes are scaled. 0: all must have one size.
        resize: u64 = 0, "resize to" ["pixels"] in whole(0, 1024), for set = ["folder"];
        /// The generated set.
        glyphs: Glyphs = Glyphs::default(), "glyphs", for set = ["glyphs"];
        /// Changes to training images that keep their label.
        augmentation: Augmentation = Augmentation::default(), "augmentation";
    }
}

section! {
    /// The generated set: images drawn by the seed, each with a known difficulty.
    Glyphs {
        /// Training images.
        train: u64 = 10_000, "training images" ["images"] in whole(10, 10_000_000);
        /// Test images.
        test: u64 = 2_000, "test images" ["images"] in whole(10, 10_000_000);
        /// Seed of the pixels.
        seed: u64 = 0, "seed";
        /// How far rotation, scale, clutter, noise and contrast may go: 0 leaves plain glyphs, 1 is the usual set.
        difficulty: f64 = 1.0, "difficulty" in between(0.0, 2.0);
    }
}

section! {
    /// Changes to training images that keep their label.
    Augmentation {
        /// Mirror half of the images, left to right. `auto`: colour sets yes, digits no.
        flip: Switch = Switch::Auto, "flip";
        /// Zeros added on each side before a random crop of the original size; 0: no crops. `auto`: 4 for 32×32, 3 for 28×28.
        crop: Crop = Crop::Auto, "crop" ["pixels"] in from(0);
    }
}
