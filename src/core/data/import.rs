//! Takes a public set from files that the user has: an official archive, or a folder with the files or archives in it.

use super::check::Trust;
use super::error::Error;
use super::fetch::{Installed, Progress};
use super::install::{self, Staging, room};
use super::official::{File, OFFICIAL, Official};
use super::{check, place, unpack};
use std::path::{Path, PathBuf};

/// Imports every set that `from` holds into `root`; `only` names one set, where names leave it open (MNIST and
/// Fashion-MNIST have the same file names).
pub fn import(
    from: &Path,
    root: &Path,
    only: Option<&'static Official>,
    report: &mut dyn FnMut(Progress),
) -> Result<Vec<Installed>, Error> {
    if !from.exists() {
        return Err(Error::missing(format!("`{}` does not exist", from.display())));
    }
    std::fs::create_dir_all(root).map_err(|error| Error::disk("write to", root, &error))?;
    let sets = || OFFICIAL.iter().filter(move |set| only.is_none_or(|only| only.set == set.set));
    let mut done = Vec::new();
    if from.is_file() {
        match unpack::which(from, sets()) {
            Ok(Some(set)) => done.push(archive(set, from, root, report)?),
            Ok(None) | Err(_) => return Err(unknown(from)),
        }
        return Ok(done);
    }
    for set in sets() {
        let official = set.archives.iter().map(|archive| from.join(archive.name)).find(|path| path.is_file());
        match (files(set, from, only.is_some())?, official) {
            (Some(paths), _) => done.push(folder(set, &paths, root, report)?),
            (None, Some(path)) if path.to_string_lossy().ends_with(".tar.gz") => done.push(archive(set, &path, root, report)?),
            _ => {}
        }
    }
    if done.is_empty() { Err(unknown(from)) } else { Ok(done) }
}

/// Nothing known was found.
fn unknown(from: &Path) -> Error {
    let names: Vec<String> = OFFICIAL
        .iter()
        .map(|set| {
            let files: Vec<&str> = set.archives.iter().map(|archive| archive.name).collect();
            format!("{}: {}", set.title, files.join(", "))
        })
        .collect();
    Error::choice(format!("`{}` holds no complete public image set", from.display()))
        .details(names)
        .hint("give the official archive, or a folder with all files of a set; your own images need no import: `data.set = \"folder\"`")
}

/// The files of `set` in `from`, if all are there and are this set's. Names alone do not tell MNIST from Fashion-MNIST.
fn files(set: &Official, from: &Path, named: bool) -> Result<Option<Vec<(&'static str, PathBuf)>>, Error> {
    let Some(folder) = place::folder(set, from) else { return Ok(None) };
    let Some(paths) = set.files().map(|file| Some((file.name, place::path(&folder, file)?))).collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let own_name = folder.file_name().is_some_and(|name| name == set.folder);
    let shared = OFFICIAL.iter().any(|other| other.set != set.set && other.train[0].name == set.train[0].name);
    if shared && !named && !own_name {
        let (first, path) = (&set.train[0], &paths[0].1);
        return Ok(matches!(install::read(set, first, path), Ok((_, Trust::Official))).then_some(paths));
    }
    Ok(Some(paths))
}

/// Imports files that lie in a folder.
fn folder(
    set: &'static Official,
    paths: &[(&'static str, PathBuf)],
    root: &Path,
    report: &mut dyn FnMut(Progress),
) -> Result<Installed, Error> {
    room(root, paths.iter().filter_map(|(_, path)| path.metadata().ok()).map(|about| about.len()).sum())?;
    let staging = Staging::open(set, root)?;
    for (name, path) in paths {
        report(Progress::Checking { file: (*name).to_owned() });
        let to = staging.made.join(path.file_name().unwrap_or_default());
        std::fs::copy(path, &to).map_err(|error| Error::disk("copy", path, &error))?;
    }
    let names = set.names_file.and_then(|name| Some((name, paths.first()?.1.parent()?.join(name)))).filter(|(_, path)| path.is_file());
    if let Some((name, path)) = names {
        std::fs::copy(&path, staging.made.join(name)).map_err(|error| Error::disk("copy", &path, &error))?;
    }
    let folder = staging.install(set, root, false)?;
    Ok(Installed { set: set.name, folder, already: false })
}

/// Imports an archive.
fn archive(set: &'static Official, path: &Path, root: &Path, report: &mut dyn FnMut(Progress)) -> Result<Installed, Error> {
    room(root, set.files().map(|file: &File| file.bytes).sum())?;
    let staging = Staging::open(set, root)?;
    report(Progress::Checking { file: path.file_name().unwrap_or_default().to_string_lossy().into_owned() });
    let vouched = set.archives.iter().any(|archive| check::sha256_of(path).is_ok_and(|sum| sum == archive.sha256));
    unpack::unpack(path, set, &staging.made)?;
    let folder = staging.install(set, root, vouched)?;
    Ok(Installed { set: set.name, folder, already: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::real_data;
    use crate::data::{Data, load};

    #[test]
    fn an_archive_of_cifar_is_known_by_what_it_holds() {
        let Some(real) = real_data("cifar-10-batches-bin/data_batch_5.bin") else { return };
        let folder = tempfile::tempdir().unwrap();
        // Under a name that says nothing, and not packed: `which` looks inside.
        let path = folder.path().join("download(1)");
        let mut builder = tar::Builder::new(std::fs::File::create(&path).unwrap());
        builder.append_dir_all("cifar-10-batches-bin", real.join("cifar-10-batches-bin")).unwrap();
        builder.finish().unwrap();
        let root = folder.path().join("root");
        let installed = import(&path, &root, None, &mut |_| {}).unwrap();
        assert_eq!(installed, [Installed { set: "cifar10", folder: root.join("cifar-10-batches-bin"), already: false }]);
        let data = Data { files: vec!["data_batch_5.bin".into()], ..Data::default() };
        assert_eq!(load(&data, &root).unwrap().train.index[0], 40_000);
        // An archive that ends in the middle leaves what is there as it is.
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let error = import(&path, &root, None, &mut |_| {}).unwrap_err();
        assert!(error.text.contains("download(1)"), "{error}");
        assert!(load(&data, &root).is_ok());
    }

    #[test]
    fn what_holds_no_set_is_told_what_would() {
        let folder = tempfile::tempdir().unwrap();
        let error = import(folder.path(), &folder.path().join("root"), None, &mut |_| {}).unwrap_err();
        assert_eq!(error.text, format!("`{}` holds no complete public image set", folder.path().display()));
        assert_eq!(error.details.len(), OFFICIAL.len());
    }
}
