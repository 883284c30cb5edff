//! Where a public set lies, and which of its files are there.

use super::error::Error;
use super::official::{File, Official};
use std::path::{Path, PathBuf};

/// The folder of `set` under `root`: its own folder, or `root` itself if the files lie there directly.
pub(crate) fn folder(set: &Official, root: &Path) -> Option<PathBuf> {
    [root.join(set.folder), root.to_path_buf()].into_iter().find(|folder| set.files().any(|file| path(folder, file).is_some()))
}

/// Where `file` is in `folder`: plain, else as `.gz`.
pub(crate) fn path(folder: &Path, file: &File) -> Option<PathBuf> {
    [folder.join(file.name), folder.join(format!("{}.gz", file.name))].into_iter().find(|path| path.is_file())
}

/// The training files to read: all, or those that `listed` names; in canonical order, each with its place.
pub(crate) fn training_files(set: &Official, listed: &[String]) -> Result<Vec<(usize, &'static File)>, Error> {
    let all: Vec<(usize, &File)> = set.train.iter().enumerate().collect();
    if listed.is_empty() {
        return Ok(all);
    }
    let names: Vec<&str> = set.train.iter().map(|file| file.name).collect();
    let unknown: Vec<String> = listed.iter().filter(|name| !names.contains(&name.as_str())).map(|name| format!("`{name}`")).collect();
    if !unknown.is_empty() {
        return Err(Error::choice(format!("`data.files` names what is no training file of {}: {}", set.title, unknown.join(", ")))
            .hint(format!("its training files are {}", quoted(&names))));
    }
    let chosen: Vec<(usize, &File)> = all.into_iter().filter(|(_, file)| listed.iter().any(|name| name == file.name)).collect();
    if chosen.len() != listed.len() {
        return Err(Error::choice("`data.files` names a file twice"));
    }
    Ok(chosen)
}

/// The paths of `files`; all that are missing are named in one error.
pub(crate) fn find_all(set: &Official, root: &Path, train: &[(usize, &'static File)]) -> Result<Vec<PathBuf>, Error> {
    let fetch = format!("`curricle data fetch {}` downloads it, `curricle data import` takes files that you have", set.name);
    if !root.is_dir() {
        return Err(Error::missing(format!("the data folder `{}` does not exist, so {} is not there", root.display(), set.title))
            .hint(format!("{fetch}; `--data DIR` or `CURRICLE_DATA` names another folder")));
    }
    let Some(folder) = folder(set, root) else {
        return Err(Error::missing(format!("{} is not in `{}`: no `{}` there", set.title, root.display(), set.folder))
            .hint(format!("{fetch}; `--data DIR` or `CURRICLE_DATA` names another folder")));
    };
    let wanted: Vec<&File> = train.iter().map(|(_, file)| *file).chain(set.test).collect();
    let found: Vec<Option<PathBuf>> = wanted.iter().map(|file| path(&folder, file)).collect();
    let missing: Vec<String> =
        wanted.iter().zip(&found).filter(|(_, path)| path.is_none()).map(|(file, _)| format!("missing: {}", file.name)).collect();
    if missing.is_empty() {
        return Ok(found.into_iter().flatten().collect());
    }
    let present: Vec<&str> = train.iter().zip(&found).filter(|(_, path)| path.is_some()).map(|((_, file), _)| file.name).collect();
    let tests_there = missing.len() + present.len() == train.len();
    let shorter = if tests_there && !present.is_empty() && present.len() < train.len() && set.train.len() > 2 {
        format!(
            "; or train on what is there: `data.files = [{}]`",
            present.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        )
    } else {
        String::new()
    };
    Err(Error::missing(format!(
        "{} in `{}` is not complete: {} of {} files missing",
        set.title,
        folder.display(),
        missing.len(),
        wanted.len()
    ))
    .details(missing)
    .hint(format!("{fetch}{shorter}")))
}

/// Names in backticks, with commas.
pub(crate) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
