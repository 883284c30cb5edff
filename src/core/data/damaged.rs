//! Files that are cut short, changed or missing: what is said about them.

use super::testing::real_data;
use super::*;
use std::os::unix::fs::symlink;

/// A folder for `set` in a root of its own, with links to the real files but those named.
fn copy(real: &Path, set: &str, without: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join(set);
    std::fs::create_dir(&folder).unwrap();
    for entry in std::fs::read_dir(real.join(set)).unwrap() {
        let entry = entry.unwrap();
        if !without.iter().any(|name| entry.file_name() == *name) {
            symlink(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
    root
}

fn cifar_first_file() -> Data {
    Data { set: SetKind::Cifar10, files: vec!["data_batch_1.bin".into()], ..Data::default() }
}

fn message(data: &Data, root: &Path) -> String {
    load(data, root).unwrap_err().to_string()
}

#[test]
fn a_truncated_file_says_by_how_much() {
    let Some(real) = real_data("cifar-10-batches-bin/data_batch_1.bin") else { return };
    let root = copy(&real, "cifar-10-batches-bin", &["data_batch_1.bin"]);
    let path = root.path().join("cifar-10-batches-bin/data_batch_1.bin");
    let bytes = std::fs::read(real.join("cifar-10-batches-bin/data_batch_1.bin")).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1000]).unwrap();
    assert_eq!(
        message(&cifar_first_file(), root.path()),
        format!(
            "`{}` is truncated: 30,729,000 bytes, expected 30,730,000\n  \
             hint: the copy was cut short; fetch it anew: `curricle data fetch cifar10 --force`",
            path.display()
        )
    );
}

#[test]
fn a_flipped_bit_is_found_by_the_check_sum() {
    let Some(real) = real_data("cifar-10-batches-bin/data_batch_1.bin") else { return };
    let root = copy(&real, "cifar-10-batches-bin", &["data_batch_1.bin"]);
    let path = root.path().join("cifar-10-batches-bin/data_batch_1.bin");
    let mut bytes = std::fs::read(real.join("cifar-10-batches-bin/data_batch_1.bin")).unwrap();
    bytes[12_345_678] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(
        message(&cifar_first_file(), root.path()),
        format!(
            "`{}` is not the official file: some of its bits differ\n  \
             SHA-256 expected cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5\n  \
             SHA-256 found    {}\n  hint: fetch it anew: `curricle data fetch cifar10 --force`",
            path.display(),
            sha256(&bytes)
        )
    );
    let verified = verify::verify(official::by_name("cifar10").unwrap(), root.path());
    assert!(!verified.whole());
    assert!(matches!(verified.files[0].finding, verify::Finding::Damaged(_)));
    assert_eq!(verified.files[5].finding, verify::Finding::Official);
}

#[test]
fn missing_files_are_all_named_with_the_ways_out() {
    let Some(real) = real_data("cifar-10-batches-bin/test_batch.bin") else { return };
    let root = copy(&real, "cifar-10-batches-bin", &["data_batch_2.bin", "data_batch_5.bin"]);
    let whole = Data { set: SetKind::Cifar10, ..Data::default() };
    assert_eq!(
        message(&whole, root.path()),
        format!(
            "CIFAR-10 in `{}` is not complete: 2 of 6 files missing\n  missing: data_batch_2.bin\n  missing: data_batch_5.bin\n  \
             hint: `curricle data fetch cifar10` downloads it, `curricle data import` takes files that you have; or train on what is \
             there: `data.files = [\"data_batch_1.bin\", \"data_batch_3.bin\", \"data_batch_4.bin\"]`",
            root.path().join("cifar-10-batches-bin").display()
        )
    );
}

#[test]
fn a_missing_data_folder_is_said_plainly() {
    let data = Data { set: SetKind::Mnist, ..Data::default() };
    assert_eq!(
        message(&data, Path::new("/nowhere/data")),
        "the data folder `/nowhere/data` does not exist, so MNIST is not there\n  hint: `curricle data fetch mnist` downloads it, \
         `curricle data import` takes files that you have; `--data DIR` or `CURRICLE_DATA` names another folder"
    );
    let root = tempfile::tempdir().unwrap();
    assert!(message(&data, root.path()).starts_with(&format!("MNIST is not in `{}`: no `mnist` there\n", root.path().display())));
}

#[test]
fn a_gzip_file_that_is_cut_or_changed_cannot_be_unpacked() {
    let Some(real) = real_data("mnist/t10k-labels-idx1-ubyte.gz") else { return };
    let data = Data { set: SetKind::Mnist, ..Data::default() };
    let root = copy(&real, "mnist", &["t10k-labels-idx1-ubyte.gz"]);
    let path = root.path().join("mnist/t10k-labels-idx1-ubyte.gz");
    let mut bytes = std::fs::read(real.join("mnist/t10k-labels-idx1-ubyte.gz")).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let text = message(&data, root.path());
    assert!(text.starts_with(&format!("`{}` cannot be unpacked after ", path.display())), "{text}");
    assert!(text.ends_with("the file is truncated or damaged; fetch it anew: `curricle data fetch mnist --force`"), "{text}");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 16;
    std::fs::write(&path, &bytes).unwrap();
    assert!(message(&data, root.path()).contains("t10k-labels-idx1-ubyte.gz` "));
}

#[test]
fn headers_of_idx_files_are_checked_and_all_problems_reported() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("fashion-mnist");
    std::fs::create_dir(&folder).unwrap();
    let write = |name: &str, header: &[u32], bytes: usize| {
        let mut content: Vec<u8> = header.iter().flat_map(|number| number.to_be_bytes()).collect();
        content.resize(bytes, 0);
        std::fs::write(folder.join(name), content).unwrap();
    };
    write("train-images-idx3-ubyte", &[0x0803, 60_000, 28, 28], 47_040_016);
    write("train-labels-idx1-ubyte", &[0x0803, 60_000], 60_008);
    write("t10k-images-idx3-ubyte", &[0x0803, 10_000, 32, 28], 7_840_016);
    write("t10k-labels-idx1-ubyte", &[0x0801, 9_999], 10_008);
    let data = Data { set: SetKind::FashionMnist, ..Data::default() };
    let at = |name: &str| folder.join(name).display().to_string();
    assert_eq!(
        message(&data, root.path()),
        format!(
            "3 problems\n  `{}` is no IDX file of labels: it begins with 0x00000803, expected 0x00000801\n  \
             `{}` says that its images are 28×32, expected 28×28\n  `{}` says that it has 9,999 labels, expected 10,000\n  \
             hint: fetch it anew: `curricle data fetch fashion-mnist --force`",
            at("train-labels-idx1-ubyte"),
            at("t10k-images-idx3-ubyte"),
            at("t10k-labels-idx1-ubyte")
        )
    );
    write("train-labels-idx1-ubyte", &[0x0801, 60_000, 0x0102_0b00], 60_008);
    write("t10k-images-idx3-ubyte", &[0x0803, 10_000, 28, 28], 7_840_016);
    write("t10k-labels-idx1-ubyte", &[0x0801, 10_000], 10_008);
    assert_eq!(message(&data, root.path()), format!("`{}` has label 11 at place 2, expected 0 to 9", at("train-labels-idx1-ubyte")));
    // A list of check sums, as an installed set has, finds a single changed bit.
    write("train-labels-idx1-ubyte", &[0x0801, 60_000], 60_008);
    assert_eq!(load(&data, root.path()).unwrap().train.len(), 60_000);
    let sum = sha256(&std::fs::read(folder.join("train-labels-idx1-ubyte")).unwrap());
    std::fs::write(folder.join("SHA256SUMS"), format!("{sum}  train-labels-idx1-ubyte\n")).unwrap();
    assert!(load(&data, root.path()).is_ok());
    write("train-labels-idx1-ubyte", &[0x0801, 60_000, 1], 60_008);
    assert!(message(&data, root.path()).contains("is not the file that was installed: some of its bits differ"));
}

#[test]
fn class_names_come_from_the_set_itself_if_they_are_whole() {
    let Some(real) = real_data("cifar-10-batches-bin/data_batch_1.bin") else { return };
    let root = copy(&real, "cifar-10-batches-bin", &["batches.meta.txt"]);
    let names = root.path().join("cifar-10-batches-bin/batches.meta.txt");
    assert_eq!(load(&cifar_first_file(), root.path()).unwrap().classes[0], "airplane");
    std::fs::write(&names, "a\nb\n").unwrap();
    assert!(message(&cifar_first_file(), root.path()).starts_with(&format!("`{}` has 2 class names, expected 10", names.display())));
}
