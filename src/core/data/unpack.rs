//! Takes a set's files out of a tar archive, and nothing else.
//!
//! Files are written under the names that the set knows, never under a path from the archive; still an archive with `..`,
//! absolute names, links or devices is refused as a whole: no honest archive of images has them.

use super::error::{Error, grouped, plain};
use super::official::Official;
use std::io::Read;
use std::path::{Component, Path};

/// More entries than this are no archive of a set.
const ENTRIES_MOST: usize = 10_000;
/// Texts that come with a set: names of classes, a page about it.
const TEXTS: [&str; 4] = ["batches.meta.txt", "fine_label_names.txt", "coarse_label_names.txt", "readme.html"];
/// Largest of these.
const TEXT_MOST: u64 = 1 << 20;

/// Reads a tar archive, packed by gzip or plain.
fn open(path: &Path) -> Result<tar::Archive<Box<dyn Read>>, Error> {
    let file = std::fs::File::open(path).map_err(|error| Error::disk("read", path, &error))?;
    let mut file = std::io::BufReader::with_capacity(1 << 20, file);
    let packed = std::io::BufRead::fill_buf(&mut file).is_ok_and(|bytes| bytes.starts_with(&[0x1f, 0x8b]));
    let reader: Box<dyn Read> = if packed { Box::new(flate2::bufread::MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(tar::Archive::new(reader))
}

/// The set whose files an archive holds, judged by the first name that any set knows.
pub(crate) fn which<'a>(path: &Path, sets: impl Iterator<Item = &'a Official> + Clone) -> Result<Option<&'a Official>, Error> {
    let mut archive = open(path)?;
    let entries = archive.entries().map_err(|error| damaged(path, &error))?;
    for entry in entries.take(ENTRIES_MOST) {
        let entry = entry.map_err(|error| damaged(path, &error))?;
        let name = entry.path().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
        let size = entry.size();
        if let Some(set) = sets.clone().find(|set| set.files().any(|file| Some(file.name) == name.as_deref() && file.bytes == size)) {
            return Ok(Some(set));
        }
    }
    Ok(None)
}

/// Unpacks the files of `set` from `path` into the folder `into`.
pub(crate) fn unpack(path: &Path, set: &Official, into: &Path) -> Result<(), Error> {
    let mut archive = open(path)?;
    let refuse =
        |name: &Path, why: &str| Err(Error::damaged(format!("`{}` is refused: it holds `{}`, {why}", path.display(), name.display())));
    for (number, entry) in archive.entries().map_err(|error| damaged(path, &error))?.enumerate() {
        if number >= ENTRIES_MOST {
            return Err(Error::damaged(format!("`{}` is refused: more than {} entries", path.display(), grouped(ENTRIES_MOST as u64))));
        }
        let mut entry = entry.map_err(|error| damaged(path, &error))?;
        let name = entry.path().map_err(|error| damaged(path, &error))?.into_owned();
        if name.components().any(|part| matches!(part, Component::ParentDir)) {
            return refuse(&name, "a path with `..`");
        }
        if name.is_absolute() {
            return refuse(&name, "an absolute path");
        }
        let kind = entry.header().entry_type();
        if kind.is_symlink() || kind.is_hard_link() {
            return refuse(&name, "a link");
        }
        if kind.is_dir() || kind.is_pax_global_extensions() {
            continue;
        }
        if !kind.is_file() {
            return refuse(&name, "which is neither file nor folder");
        }
        let base = name.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let wanted = set.files().find(|file| file.name == base);
        let most = match wanted {
            Some(file) if entry.size() == file.bytes => file.bytes,
            Some(file) => {
                return Err(Error::damaged(format!(
                    "`{}` holds a `{base}` of {} bytes, expected {}",
                    path.display(),
                    grouped(entry.size()),
                    grouped(file.bytes)
                )));
            }
            None if TEXTS.contains(&base) => TEXT_MOST,
            None => continue,
        };
        let to = into.join(base);
        let mut file = std::fs::File::create(&to).map_err(|error| Error::disk("write", &to, &error))?;
        // The entry's own limit is its size in the header; this one does not depend on the archive.
        let copied = std::io::copy(&mut entry.by_ref().take(most + 1), &mut file);
        match copied {
            Ok(bytes) if bytes <= most => {}
            Ok(_) => return refuse(&name, "larger than it says"),
            Err(error) => return Err(damaged(path, &error)),
        }
    }
    let missing: Vec<String> =
        set.files().filter(|file| !into.join(file.name).is_file()).map(|file| format!("missing: {}", file.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::damaged(format!("`{}` does not hold all files of {}", path.display(), set.title)).details(missing))
}

/// The reader's own words about an archive.
fn damaged(path: &Path, error: &std::io::Error) -> Error {
    Error::damaged(format!("`{}` cannot be unpacked: {}", path.display(), plain(error)))
}
