//! Whole loads, from real files and from the generator.

use super::testing::{real_data, reference};
use super::*;
use crate::config::{ChannelValues, Glyphs};

fn cifar() -> Data {
    Data { set: SetKind::Cifar10, ..Data::default() }
}

fn small_glyphs() -> Data {
    let glyphs = Glyphs { train: 600, test: 100, ..Glyphs::default() };
    Data { set: SetKind::Glyphs, glyphs, ..Data::default() }
}

/// The pixels of an image as the reference counts them: all red, then green, then blue.
fn planes(image: &[u8]) -> Vec<u8> {
    (0..3).flat_map(|channel| image.iter().skip(channel).step_by(3).copied()).collect()
}

#[test]
fn cifar_images_are_those_of_the_reference() {
    let (Some(root), Some(reference)) = (real_data("cifar-10-batches-bin/test_batch.bin"), reference("parity/parity.json")) else { return };
    let started = std::time::Instant::now();
    let images = match load(&cifar(), &root) {
        Ok(images) => images,
        Err(error) if error.kind == ErrorKind::Missing => {
            eprintln!("skipped: {error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    eprintln!("CIFAR-10 read and checked in {:.0} ms", started.elapsed().as_secs_f64() * 1e3);
    assert_eq!((images.train.len(), images.test.len(), images.checksums.len()), (50_000, 10_000, 6));
    assert_eq!(images.train.counts(10), [5_000; 10]);
    assert_eq!(images.classes[6], "frog");
    let text = std::fs::read_to_string(reference.join("parity/parity.json")).unwrap();
    let parity: serde_json::Value = serde_json::from_str(&text).unwrap();
    let checks = parity["image_check"].as_array().unwrap();
    assert!(!checks.is_empty());
    for check in checks {
        let set = if check["split"] == "train" { &images.train } else { &images.test };
        let place = check["index"].as_u64().unwrap() as usize;
        assert_eq!(u64::from(set.labels[place]), check["label"].as_u64().unwrap(), "{check}");
        assert_eq!(sha256(&planes(set.image(place))), check["sha256_of_3072_bytes"].as_str().unwrap(), "{check}");
        let Some(expected) = check["normalised_sum_f64"].as_f64() else { continue };
        let pixels = set.image(place).iter().enumerate();
        let sum: f64 = pixels.map(|(at, &byte)| (f64::from(byte) / 255.0 - images.mean[at % 3]) / images.std[at % 3]).sum();
        assert!((sum - expected).abs() < 1e-6, "{sum} {expected}");
    }
}

#[test]
fn a_shorter_list_of_files_keeps_canonical_numbers() {
    let Some(root) = real_data("cifar-10-batches-bin/data_batch_4.bin") else { return };
    let mut data = cifar();
    data.files = vec!["data_batch_4.bin".into(), "data_batch_2.bin".into()];
    let images = load(&data, &root).unwrap();
    assert_eq!(images.train.len(), 20_000);
    assert_eq!((images.train.index[0], images.train.index[10_000]), (10_000, 30_000));
    data.files = vec!["data_batch_6.bin".into()];
    assert_eq!(
        load(&data, &root).unwrap_err().to_string(),
        "`data.files` names what is no training file of CIFAR-10: `data_batch_6.bin`\n  hint: its training files are \
         `data_batch_1.bin`, `data_batch_2.bin`, `data_batch_3.bin`, `data_batch_4.bin`, `data_batch_5.bin`"
    );
}

#[test]
fn the_published_subsets_are_balanced() {
    let Some(root) = real_data("subsets/cifar10-5000.json") else { return };
    if real_data("cifar-10-batches-bin/data_batch_1.bin").is_none() {
        return;
    }
    let mut data = cifar();
    // Seen from the data root.
    data.subset = "subsets/cifar10-5000.json".into();
    let images = load(&data, &root).unwrap();
    assert_eq!(images.train.counts(10), [500; 10]);
    let listed: Vec<u32> = serde_json::from_str(&std::fs::read_to_string(root.join(&data.subset)).unwrap()).unwrap();
    assert_eq!(images.train.index, listed);
    assert_eq!(images.checksums["subset file"], "b58ecbfa91cf2f791da573e0c0bb86ec562bcd7c7cc43cd730bcb66ec5c4aaaf");
}

#[test]
fn mnist_is_read_from_gzip_files_made_anew() {
    let Some(root) = real_data("mnist/train-images-idx3-ubyte.gz") else { return };
    let data = Data { set: SetKind::Mnist, ..Data::default() };
    let images = load(&data, &root).unwrap();
    assert_eq!((images.train.len(), images.test.len()), (60_000, 10_000));
    assert_eq!((images.train.height, images.train.width, images.train.channels), (28, 28, 1));
    assert_eq!(images.train.labels[..8], [5, 0, 4, 1, 9, 2, 1, 3]);
    assert_eq!(images.train.counts(10), [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    assert_eq!(images.checksums["train-images-idx3-ubyte"], "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db");
    // The mean of the training pixels is the published one.
    let sum: u64 = images.train.images.iter().map(|&byte| u64::from(byte)).sum();
    assert!((sum as f64 / images.train.images.len() as f64 / 255.0 - 0.1307).abs() < 1e-4);
    // Found directly in the root, too.
    assert_eq!(load(&data, &root.join("mnist")).unwrap().test.labels, images.test.labels);
}

#[test]
fn every_step_of_the_preparation_is_fixed_by_the_seed() {
    let mut data = small_glyphs();
    data.per_class = 50;
    data.holdout = 0.2;
    data.label_noise = 0.25;
    data.imbalance = 4.0;
    let root = Path::new("/nowhere");
    let images = load(&data, root).unwrap();
    assert_eq!(images, load(&data, root).unwrap());
    let holdout = images.holdout.as_ref().unwrap();
    assert_eq!(holdout.counts(10), [10; 10]);
    assert!(holdout.index.iter().all(|number| !images.train.index.contains(number)));
    assert_eq!(images.test.len(), 100);
    let truth = images.true_labels.as_ref().unwrap();
    assert_eq!(truth.len(), images.train.len());
    let whole = load(&small_glyphs(), root).unwrap();
    for (place, &number) in images.train.index.iter().enumerate() {
        assert_eq!(truth[place], whole.train.labels[number as usize]);
        assert_eq!(images.train.image(place), whole.train.image(number as usize));
        let known = |set: &ImageSet, place: usize| set.difficulty.as_ref().unwrap()[place];
        assert_eq!(known(&images.train, place), known(&whole.train, number as usize));
    }
    data.seed = 1;
    assert_ne!(load(&data, root).unwrap().train.index, images.train.index);
}

#[test]
fn classes_of_the_test_set_follow() {
    let mut data = small_glyphs();
    data.classes = vec!["T".into(), "C".into(), "9".into()];
    let images = load(&data, Path::new("/nowhere")).unwrap();
    assert_eq!(images.classes, ["T", "C", "Z"]);
    assert_eq!((images.train.counts(3), images.test.counts(3)), (vec![60; 3], vec![10; 3]));
}

#[test]
fn what_suits_glyphs() {
    let images = load(&small_glyphs(), Path::new("/nowhere")).unwrap();
    assert_eq!((images.flip, images.crop), (false, 2));
    let (sum, square) = images.train.images.iter().fold((0.0, 0.0), |(sum, square), &byte| {
        let value = f64::from(byte) / 255.0;
        (sum + value, square + value * value)
    });
    let count = images.train.images.len() as f64;
    let (mean, std) = (sum / count, (square / count - (sum / count).powi(2)).sqrt());
    assert!((mean - images.mean[0]).abs() < 0.03 && (std - images.std[0]).abs() < 0.05, "mean {mean} std {std}");
    let given = Data { mean: ChannelValues::Given(vec![0.0]), ..small_glyphs() };
    assert_eq!(load(&given, Path::new("/nowhere")).unwrap().mean, [0.0; 3]);
}

#[test]
fn arrays_say_that_they_are_not_built() {
    let data = Data { set: SetKind::Arrays, ..Data::default() };
    let error = load(&data, Path::new("/nowhere")).unwrap_err();
    assert_eq!((error.kind, error.text.as_str()), (ErrorKind::NotBuilt, "`data.set = \"arrays\"` is not built yet"));
}
