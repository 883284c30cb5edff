//! The public image sets as their authors publish them: files, sizes, check sums, addresses, names of classes.
//!
//! The sums of the CIFAR-10 and MNIST contents are those of files that carry the MD5 sums published with the sets;
//! those of CIFAR-100 and of the archives are the ones that other libraries pin, too.

use crate::config::SetKind;

/// How the files of a set are laid out inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// IDX: big-endian header, then bytes; images and labels in two files.
    Idx,
    /// CIFAR's binary version: records of label bytes and 3,072 bytes of pixels, red, green, blue.
    Cifar {
        /// Bytes before the pixels; the last of them is the label used.
        label_bytes: usize,
    },
}

/// A public image set.
#[derive(Debug, Clone, Copy)]
pub struct Official {
    /// Its name in experiments.
    pub set: SetKind,
    /// The same as text.
    pub name: &'static str,
    /// Its name in sentences.
    pub title: &'static str,
    /// Its folder under the data root.
    pub folder: &'static str,
    /// How its files are laid out.
    pub format: Format,
    /// Training files. IDX: images, labels.
    pub train: &'static [File],
    /// Test files.
    pub test: &'static [File],
    /// Text file with a class name a line, if the set brings one.
    pub names_file: Option<&'static str>,
    /// Names of the classes.
    pub classes: &'static [&'static str],
    /// What is downloaded.
    pub archives: &'static [Archive],
    /// Where it is downloaded from.
    pub base: &'static str,
}

/// A file of a set, unpacked.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// Images or labels in it.
    pub count: usize,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its contents, where known.
    pub sha256: Option<&'static str>,
    /// SHA-256 of the gzip file that its authors publish, where they do.
    pub packed_sha256: Option<&'static str>,
}

/// A file that is downloaded: a tar archive of the set, or one gzip file of it.
#[derive(Debug, Clone, Copy)]
pub struct Archive {
    /// Its name.
    pub name: &'static str,
    /// Its size.
    pub bytes: u64,
    /// Its check sum.
    pub sha256: &'static str,
}

impl Official {
    /// Training and test files.
    pub fn files(&self) -> impl Iterator<Item = &'static File> {
        self.train.iter().chain(self.test)
    }

    /// Bytes to download.
    #[must_use]
    pub fn download_bytes(&self) -> u64 {
        self.archives.iter().map(|archive| archive.bytes).sum()
    }
}

/// The public set behind a name in an experiment; none for sets that are generated or the user's own.
#[must_use]
pub fn find(set: SetKind) -> Option<&'static Official> {
    OFFICIAL.iter().find(|official| official.set == set)
}

/// The public set of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Official> {
    OFFICIAL.iter().find(|official| official.name == name)
}

/// All public sets.
pub static OFFICIAL: [Official; 4] = [
    Official {
        set: SetKind::Cifar10,
        name: "cifar10",
        title: "CIFAR-10",
        folder: "cifar-10-batches-bin",
        format: Format::Cifar { label_bytes: 1 },
        train: &[
            cifar("data_batch_1.bin", 10_000, 3_073, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
            cifar("data_batch_2.bin", 10_000, 3_073, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
            cifar("data_batch_3.bin", 10_000, 3_073, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
            cifar("data_batch_4.bin", 10_000, 3_073, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
            cifar("data_batch_5.bin", 10_000, 3_073, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
        ],
        test: &[cifar("test_batch.bin", 10_000, 3_073, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b")],
        names_file: Some("batches.meta.txt"),
        classes: &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
        archives: &[Archive {
            name: "cifar-10-binary.tar.gz",
            bytes: 170_052_171,
            sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        }],
        base: "https://www.cs.toronto.edu/~kriz",
    },
    Official {
        set: SetKind::Cifar100,
        name: "cifar100",
        title: "CIFAR-100",
        folder: "cifar-100-binary",
        format: Format::Cifar { label_bytes: 2 },
        train: &[cifar("train.bin", 50_000, 3_074, "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29")],
        test: &[cifar("test.bin", 10_000, 3_074, "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a")],
        names_file: Some("fine_label_names.txt"),
        classes: &CIFAR_100,
        archives: &[Archive {
            name: "cifar-100-binary.tar.gz",
            bytes: 168_513_733,
            sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        }],
        base: "https://www.cs.toronto.edu/~kriz",
    },
    Official {
        set: SetKind::Mnist,
        name: "mnist",
        title: "MNIST",
        folder: "mnist",
        format: Format::Idx,
        train: &[
            File {
                name: "train-images-idx3-ubyte",
                count: 60_000,
                bytes: 47_040_016,
                sha256: Some("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
                packed_sha256: Some("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            },
            File {
                name: "train-labels-idx1-ubyte",
                count: 60_000,
                bytes: 60_008,
                sha256: Some("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
                packed_sha256: Some("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            },
        ],
        test: &[
            File {
                name: "t10k-images-idx3-ubyte",
                count: 10_000,
                bytes: 7_840_016,
                sha256: Some("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
                packed_sha256: Some("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            },
            File {
                name: "t10k-labels-idx1-ubyte",
                count: 10_000,
                bytes: 10_008,
                sha256: Some("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
                packed_sha256: Some("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
            },
        ],
        names_file: None,
        classes: &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        archives: &[
            Archive {
                name: "train-images-idx3-ubyte.gz",
                bytes: 9_912_422,
                sha256: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            },
            Archive {
                name: "train-labels-idx1-ubyte.gz",
                bytes: 28_881,
                sha256: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            },
            Archive {
                name: "t10k-images-idx3-ubyte.gz",
                bytes: 1_648_877,
                sha256: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            },
            Archive {
                name: "t10k-labels-idx1-ubyte.gz",
                bytes: 4_542,
                sha256: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            },
        ],
        base: "https://ossci-datasets.s3.amazonaws.com/mnist",
    },
    Official {
        set: SetKind::FashionMnist,
        name: "fashion-mnist",
        title: "Fashion-MNIST",
        folder: "fashion-mnist",
        format: Format::Idx,
        train: &[
            File {
                name: "train-images-idx3-ubyte",
                count: 60_000,
                bytes: 47_040_016,
                sha256: None,
                packed_sha256: Some("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            },
            File {
                name: "train-labels-idx1-ubyte",
                count: 60_000,
                bytes: 60_008,
                sha256: None,
                packed_sha256: Some("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            },
        ],
        test: &[
            File {
                name: "t10k-images-idx3-ubyte",
                count: 10_000,
                bytes: 7_840_016,
                sha256: None,
                packed_sha256: Some("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            },
            File {
                name: "t10k-labels-idx1-ubyte",
                count: 10_000,
                bytes: 10_008,
                sha256: None,
                packed_sha256: Some("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
            },
        ],
        names_file: None,
        classes: &["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
        archives: &[
            Archive {
                name: "train-images-idx3-ubyte.gz",
                bytes: 26_421_880,
                sha256: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            },
            Archive {
                name: "train-labels-idx1-ubyte.gz",
                bytes: 29_515,
                sha256: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            },
            Archive {
                name: "t10k-images-idx3-ubyte.gz",
                bytes: 4_422_102,
                sha256: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            },
            Archive {
                name: "t10k-labels-idx1-ubyte.gz",
                bytes: 5_148,
                sha256: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            },
        ],
        base: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    },
];

/// A file of CIFAR: `count` records of `record` bytes.
const fn cifar(name: &'static str, count: usize, record: u64, sha256: &'static str) -> File {
    File { name, count, bytes: count as u64 * record, sha256: Some(sha256), packed_sha256: None }
}

/// The fine labels of CIFAR-100.
static CIFAR_100: [&str; 100] = [
    "apple",
    "aquarium_fish",
    "baby",
    "bear",
    "beaver",
    "bed",
    "bee",
    "beetle",
    "bicycle",
    "bottle",
    "bowl",
    "boy",
    "bridge",
    "bus",
    "butterfly",
    "camel",
    "can",
    "castle",
    "caterpillar",
    "cattle",
    "chair",
    "chimpanzee",
    "clock",
    "cloud",
    "cockroach",
    "couch",
    "crab",
    "crocodile",
    "cup",
    "dinosaur",
    "dolphin",
    "elephant",
    "flatfish",
    "forest",
    "fox",
    "girl",
    "hamster",
    "house",
    "kangaroo",
    "keyboard",
    "lamp",
    "lawn_mower",
    "leopard",
    "lion",
    "lizard",
    "lobster",
    "man",
    "maple_tree",
    "motorcycle",
    "mountain",
    "mouse",
    "mushroom",
    "oak_tree",
    "orange",
    "orchid",
    "otter",
    "palm_tree",
    "pear",
    "pickup_truck",
    "pine_tree",
    "plain",
    "plate",
    "poppy",
    "porcupine",
    "possum",
    "rabbit",
    "raccoon",
    "ray",
    "road",
    "rocket",
    "rose",
    "sea",
    "seal",
    "shark",
    "shrew",
    "skunk",
    "skyscraper",
    "snail",
    "snake",
    "spider",
    "squirrel",
    "streetcar",
    "sunflower",
    "sweet_pepper",
    "table",
    "tank",
    "telephone",
    "television",
    "tiger",
    "tractor",
    "train",
    "trout",
    "tulip",
    "turtle",
    "wardrobe",
    "whale",
    "willow_tree",
    "wolf",
    "woman",
    "worm",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_sum_is_64_hexadecimal_digits_and_every_name_is_there_once() {
        for set in &OFFICIAL {
            let sums = set.files().flat_map(|file| [file.sha256, file.packed_sha256]).flatten();
            for sum in sums.chain(set.archives.iter().map(|archive| archive.sha256)) {
                assert!(sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()), "{}: {sum}", set.name);
            }
            let mut names = set.classes.to_vec();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), set.classes.len(), "{}", set.name);
            assert_eq!(by_name(set.name).map(|found| found.set), Some(set.set));
        }
    }
}
