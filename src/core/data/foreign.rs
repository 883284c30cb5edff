//! The readers of image sets as functions of bytes. See [`crate::foreign`].
//!
//! Sets of two images stand in for the public ones: the code is the same, the sizes come from the set's description.

use super::folder::foreign as pictures;
use super::official::{File, Format, Official};
use super::set::ImageSet;
use super::{check, cifar as cifar_files, idx as idx_files, subset as subsets, unpack};
use crate::config::SetKind;
use crate::foreign::{file, folder};
use std::path::Path;

const CLASSES: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

const fn small(name: &'static str, count: usize, bytes: u64) -> File {
    File { name, count, bytes, sha256: None, packed_sha256: None }
}

static IDX: Official = Official {
    set: SetKind::Mnist,
    name: "mnist",
    title: "MNIST",
    folder: "mnist",
    format: Format::Idx,
    train: &[small("images", 2, 16 + 2 * 784), small("labels", 2, 8 + 2)],
    test: &[],
    names_file: None,
    classes: &CLASSES,
    archives: &[],
    base: "",
};

static CIFAR_10: Official = Official {
    set: SetKind::Cifar10,
    name: "cifar10",
    title: "CIFAR-10",
    folder: "cifar-10-batches-bin",
    format: Format::Cifar { label_bytes: 1 },
    train: &[small("data_batch_1.bin", 2, 2 * 3073)],
    test: &[small("test_batch.bin", 1, 3073)],
    names_file: Some("batches.meta.txt"),
    ..IDX
};

static CIFAR_100: Official = Official {
    set: SetKind::Cifar100,
    name: "cifar100",
    title: "CIFAR-100",
    format: Format::Cifar { label_bytes: 2 },
    train: &[small("train.bin", 2, 2 * 3074)],
    test: &[],
    names_file: Some("fine_label_names.txt"),
    ..CIFAR_10
};

/// The first byte, which says how to take the rest.
fn manner(bytes: &[u8]) -> (u8, &[u8]) {
    bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest))
}

/// An IDX file of images or labels, plain or packed.
pub(crate) fn idx(bytes: &[u8]) {
    let (manner, bytes) = manner(bytes);
    let described = &IDX.train[usize::from(manner & 1)];
    let path = file(if manner & 2 == 0 { "idx" } else { "idx.gz" }, bytes);
    if let Ok((body, _)) = idx_files::read_file(&IDX, described, &path) {
        if manner & 1 == 0 {
            assert_eq!(body.len(), 2 * 784);
        } else {
            assert!(body.len() == 2 && body.iter().all(|label| *label < 10));
        }
    }
}

/// A gzip file whose contents should have as many bytes as the first two bytes say.
pub(crate) fn gzip(bytes: &[u8]) {
    let Some((size, packed)) = bytes.split_first_chunk() else { return };
    let expected = u64::from(u16::from_be_bytes(*size));
    if let Ok(contents) = check::gunzip_exactly(packed, Path::new("file.gz"), expected, "mnist") {
        assert_eq!(contents.len() as u64, expected);
    }
}

/// A file of CIFAR-10: records, or the list of class names.
pub(crate) fn cifar10(bytes: &[u8]) {
    cifar(bytes, &CIFAR_10, 1);
}

/// A file of CIFAR-100.
pub(crate) fn cifar100(bytes: &[u8]) {
    cifar(bytes, &CIFAR_100, 2);
}

fn cifar(bytes: &[u8], set: &Official, label_bytes: usize) {
    let (manner, bytes) = manner(bytes);
    if manner & 1 == 1 {
        let list = file(set.names_file.unwrap_or_default(), bytes);
        if let Ok(names) = cifar_files::classes(set, std::slice::from_ref(&list)) {
            assert_eq!(names.len(), set.classes.len());
        }
        return;
    }
    let path = file(if manner & 2 == 0 { "records" } else { "records.gz" }, bytes);
    let mut pixels = vec![0; 2 * 3072];
    if let Ok(part) = cifar_files::read_file(set, &set.train[0], &path, label_bytes, set.classes.len(), &mut pixels) {
        assert!(part.labels.len() == 2 && part.labels.iter().all(|label| usize::from(*label) < set.classes.len()));
    }
}

/// A picture: its header, its pixels, and a small copy of them.
pub(crate) fn image(bytes: &[u8]) {
    pictures::image(&file("picture", bytes));
}

/// A list of image numbers.
pub(crate) fn subset(bytes: &[u8]) {
    let set =
        ImageSet { images: vec![0; 16], labels: vec![0; 16], index: (0..16).collect(), height: 1, width: 1, channels: 1, difficulty: None };
    if let Ok(chosen) = subsets::listed(&set, 16, &file("subset.json", bytes)) {
        assert!(!chosen.is_empty() && chosen.len() <= 16 && chosen.images.len() == chosen.len());
    }
}

/// A tar archive, packed or plain. Whatever is in it, only files that the set knows come to lie in the folder, and none
/// beside it.
pub(crate) fn archive(bytes: &[u8]) {
    let home = folder().join("archive");
    let into = home.join("into");
    // What was there before is gone, if it was there.
    let _ = std::fs::remove_dir_all(&home);
    assert!(std::fs::create_dir_all(&into).is_ok());
    let path = file("archive.tar", bytes);
    let found = unpack::which(&path, std::iter::once(&CIFAR_10));
    let unpacked = unpack::unpack(&path, &CIFAR_10, &into);
    let names = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(names(&home), ["into"]);
    for name in names(&into) {
        assert!(CIFAR_10.files().any(|file| file.name == name) || unpack::TEXTS.contains(&name.as_str()), "{name}");
        assert!(std::fs::symlink_metadata(into.join(&name)).is_ok_and(|about| about.is_file()), "{name}");
    }
    if unpacked.is_ok() {
        assert!(found.is_ok_and(|set| set.is_some()));
    }
}
