//! What the data root holds, at a glance: names and sizes only, contents are not read.

use super::glyphs;
use super::official::{OFFICIAL, Official};
use super::place;
use std::path::{Path, PathBuf};

/// Whether a set can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Needs no files.
    BuiltIn,
    /// All its files are there.
    Complete,
    /// Some are, or some have the wrong size.
    Partial,
    /// None is.
    Absent,
}

impl Presence {
    /// One word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Absent => "absent",
        }
    }
}

/// One set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in experiments.
    pub set: &'static str,
    /// Its name in sentences.
    pub title: &'static str,
    /// Whether it is there.
    pub presence: Presence,
    /// Where.
    pub folder: Option<PathBuf>,
    /// Files that are missing.
    pub missing: Vec<&'static str>,
    /// Files whose size is not that of the set: cut or overwritten.
    pub damaged: Vec<&'static str>,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes to download.
    pub download: u64,
    /// Training images, test images, classes; of a partial set those that are there.
    pub train: usize,
    /// Test images.
    pub test: usize,
    /// Classes.
    pub classes: usize,
}

/// All sets that need no folder of the user's own.
#[must_use]
pub fn list(root: &Path) -> Vec<Entry> {
    let mut entries = vec![drawn()];
    entries.extend(OFFICIAL.iter().map(|set| entry(set, root)));
    entries
}

/// The generated set, in its default size.
fn drawn() -> Entry {
    let sizes = crate::config::Glyphs::default();
    Entry {
        set: "glyphs",
        title: "Glyphs",
        presence: Presence::BuiltIn,
        folder: None,
        missing: Vec::new(),
        damaged: Vec::new(),
        bytes: 0,
        download: 0,
        train: sizes.train as usize,
        test: sizes.test as usize,
        classes: glyphs::CLASSES,
    }
}

/// A public set.
fn entry(set: &'static Official, root: &Path) -> Entry {
    let folder = place::folder(set, root);
    let at = |file: &super::official::File| folder.as_deref().and_then(|folder| place::path(folder, file));
    let there: Vec<_> = set.files().filter_map(|file| Some((file, at(file)?))).collect();
    let missing: Vec<&str> = set.files().filter(|file| at(file).is_none()).map(|file| file.name).collect();
    let damaged: Vec<&str> =
        set.files().filter(|file| at(file).is_some_and(|path| unpacked_size(&path) != Some(file.bytes))).map(|file| file.name).collect();
    let presence = match (there.is_empty(), missing.is_empty() && damaged.is_empty()) {
        (true, _) => Presence::Absent,
        (false, true) => Presence::Complete,
        (false, false) => Presence::Partial,
    };
    // Labels are counted where they lie apart from the images.
    let count = |files: &[super::official::File]| {
        let images = files.iter().filter(|file| presence == Presence::Absent || at(file).is_some());
        images.filter(|file| file.bytes > 100 * file.count as u64).map(|file| file.count).sum()
    };
    let (train, test) = (count(set.train), count(set.test));
    Entry {
        set: set.name,
        title: set.title,
        presence,
        bytes: there.iter().filter_map(|(_, path)| path.metadata().ok()).map(|about| about.len()).sum(),
        folder,
        missing,
        damaged,
        download: set.download_bytes(),
        train,
        test,
        classes: set.classes.len(),
    }
}

/// Bytes of a file once unpacked. A gzip file ends with that number.
fn unpacked_size(path: &Path) -> Option<u64> {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    if path.extension().is_none_or(|ending| ending != "gz") {
        return Some(length);
    }
    let mut end = [0; 4];
    file.read_exact_at(&mut end, length.checked_sub(4)?).ok()?;
    Some(u64::from(u32::from_le_bytes(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_follows_the_files() {
        let root = tempfile::tempdir().unwrap();
        let of = |name: &str| list(root.path()).into_iter().find(|entry| entry.set == name).unwrap();
        assert_eq!(of("glyphs").presence, Presence::BuiltIn);
        assert_eq!((of("cifar10").presence, of("cifar10").train), (Presence::Absent, 50_000));
        let folder = root.path().join("cifar-10-batches-bin");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("data_batch_2.bin"), "12345").unwrap();
        let entry = of("cifar10");
        assert_eq!((entry.presence, entry.bytes, entry.train, entry.test), (Presence::Partial, 5, 10_000, 0));
        assert_eq!(entry.missing.len(), 5);
        let folder = root.path().join("mnist");
        std::fs::create_dir(&folder).unwrap();
        let packed = |bytes: u32| bytes.to_le_bytes().to_vec();
        std::fs::write(folder.join("train-images-idx3-ubyte.gz"), packed(47_040_016)).unwrap();
        std::fs::write(folder.join("t10k-labels-idx1-ubyte.gz"), packed(10_008)).unwrap();
        for (name, bytes) in [("train-labels-idx1-ubyte", 60_008), ("t10k-images-idx3-ubyte", 7_840_016)] {
            std::fs::File::create(folder.join(name)).unwrap().set_len(bytes).unwrap();
        }
        assert_eq!((of("mnist").presence, of("mnist").train, of("mnist").test), (Presence::Complete, 60_000, 10_000));
        std::fs::write(folder.join("train-labels-idx1-ubyte"), "cut").unwrap();
        assert_eq!((of("mnist").presence, of("mnist").damaged), (Presence::Partial, vec!["train-labels-idx1-ubyte"]));
    }
}
