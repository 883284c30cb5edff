//! Image sets: reading, checking, choosing, drawing and fetching them. Bytes only; tensors are the engine's.
//!
//! [`load`] gives an experiment what it trains and tests on. The seed `data.seed` fixes everything that is drawn, in this
//! order: subset, hold-out, label noise, imbalance. Noise and imbalance change the training images only; hold-out and
//! test set stay as they are.

mod check;
mod cifar;
mod column;
#[cfg(test)]
mod damaged;
mod download;
mod error;
pub mod fetch;
mod folder;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod foreign;
pub mod glyphs;
mod holdout;
mod idx;
mod imbalance;
pub mod import;
mod install;
mod label_noise;
pub mod list;
mod norms;
pub mod official;
mod place;
pub mod preview;
mod set;
mod source;
mod subset;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod unpack;
pub mod verify;

pub use check::{Trust, sha256, sha256_of};
pub use column::Column;
pub use download::Received;
pub use error::{Error, ErrorKind};
pub use set::{ImageSet, Images};

use crate::config::{Data, SetKind};
use official::Format;
use source::Source;
use std::path::{Path, PathBuf};

/// The data root of an experiment: `data.root`, else the flag, else `CURRICLE_DATA`, else the data folder of the account.
#[must_use]
pub fn root(data: &Data, flag: Option<&Path>) -> PathBuf {
    if data.root.is_empty() { default_root(flag) } else { home(&data.root) }
}

/// The data root where no experiment names one.
#[must_use]
pub fn default_root(flag: Option<&Path>) -> PathBuf {
    if let Some(flag) = flag {
        return flag.to_path_buf();
    }
    if let Some(folder) = root_in_environment() {
        return folder;
    }
    directories::BaseDirs::new().map_or_else(|| PathBuf::from("curricle-data"), |base| base.data_dir().join("curricle").join("data"))
}

/// The data root that `CURRICLE_DATA` names; set to nothing it names none.
#[must_use]
pub fn root_in_environment() -> Option<PathBuf> {
    std::env::var_os("CURRICLE_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// A path with `~/` resolved, as a shell would: a file has no shell to do it.
fn home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), directories::BaseDirs::new()) {
        (Some(rest), Some(base)) => base.home_dir().join(rest),
        _ => PathBuf::from(path),
    }
}

/// Reads, checks and prepares the image set that `data` describes. `root` is the resolved data root.
pub fn load(data: &Data, root: &Path) -> Result<Images, Error> {
    let mut source = read(data, root)?;
    let whole = source.train.index.iter().max().map_or(0, |&last| last as usize + 1);
    let whole = official::find(data.set).map_or(whole, |set| set.train.iter().map(|file| file.count).max().unwrap_or(0).max(whole));
    let kept = subset::classes(&mut source, &data.classes)?;
    let classes = source.classes.len();
    let mut train = std::mem::take(&mut source.train);
    match (data.per_class, data.subset.as_str()) {
        (0, "") => {}
        (count, "") => train = subset::per_class(&train, &source.classes, &kept, count as usize, data.seed)?,
        (0, file) => {
            let path = subset::find(file, root);
            train = subset::listed(&train, whole, &path)?;
            source.checksums.insert("subset file".to_owned(), check::sha256_of(&path)?);
        }
        _ => return Err(Error::choice("`data.per_class` and `data.subset` both choose images").hint("set one of them")),
    }
    let (mut train, holdout) = holdout::split(train, classes, data.holdout, data.seed)?;
    let before = label_noise::apply(&mut train, classes, data.label_noise, data.seed)?;
    let train_before = train.index.clone();
    let train = imbalance::apply(train, classes, data.imbalance, data.seed)?;
    // Imbalance keeps the order, so the labels before noise follow by walking along.
    let true_labels = before.map(|before| {
        let mut walk = train_before.iter().zip(before);
        train.index.iter().filter_map(|wanted| walk.find(|(number, _)| *number == wanted).map(|(_, label)| label)).collect()
    });
    for (set, what) in [(&train, "training"), (&source.test, "test")] {
        if set.is_empty() {
            return Err(Error::choice(format!("no {what} images are left")));
        }
    }
    let norms = norms::resolve(data, train.height.min(train.width), train.channels)?;
    Ok(Images {
        train,
        holdout,
        test: source.test,
        classes: source.classes,
        mean: norms.mean,
        std: norms.std,
        flip: norms.flip,
        crop: norms.crop,
        checksums: source.checksums,
        true_labels,
    })
}

/// Reads a set as its files hold it.
fn read(data: &Data, root: &Path) -> Result<Source, Error> {
    match official::find(data.set) {
        Some(set) => match set.format {
            Format::Idx => idx::read(set, root, &data.files),
            Format::Cifar { label_bytes } => cifar::read(set, label_bytes, root, &data.files),
        },
        None => match data.set {
            SetKind::Glyphs => Ok(drawn(&data.glyphs)),
            SetKind::Folder => folder::read(root, data.resize as usize),
            _ => Err(Error::new(ErrorKind::NotBuilt, "`data.set = \"arrays\"` is not built yet")
                .hint("a folder of images is read by `data.set = \"folder\"`")),
        },
    }
}

/// The generated set. Its check sum is that of the pixels drawn.
fn drawn(glyphs: &crate::config::Glyphs) -> Source {
    let split = |split, count: u64| glyphs::draw(glyphs.seed, split, count as usize, glyphs.difficulty);
    let (train, test) = (split(glyphs::Split::Train, glyphs.train), split(glyphs::Split::Test, glyphs.test));
    let checksums =
        [("glyphs train", &train), ("glyphs test", &test)].into_iter().map(|(name, set)| (name.to_owned(), sha256(&set.images))).collect();
    Source { train, test, classes: glyphs::classes(), checksums }
}
