//! Takes a set's files out of a tar archive, and nothing else.
//!
//! Files are written under the names that the set knows, never under a path from the archive; still an archive with `..`,
//! absolute names, links or devices is refused as a whole: no honest archive of images has them.

use super::error::{Error, grouped, plain};
use super::official::Official;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// More entries than this are no archive of a set.
const ENTRIES_MOST: usize = 10_000;
/// Texts that come with a set: names of classes, a page about it.
pub(super) const TEXTS: [&str; 4] = ["batches.meta.txt", "fine_label_names.txt", "coarse_label_names.txt", "readme.html"];
/// Largest of these.
const TEXT_MOST: u64 = 1 << 20;
/// Largest entry that only says something about the next one: a long name, extended attributes.
const ABOUT_MOST: u64 = 64 << 10;

/// Reads a tar archive, packed by gzip or plain.
fn open(path: &Path) -> Result<tar::Archive<Box<dyn Read>>, Error> {
    let (file, _) = super::check::open(path)?;
    let mut file = std::io::BufReader::with_capacity(1 << 20, file);
    let packed = std::io::BufRead::fill_buf(&mut file).is_ok_and(|bytes| bytes.starts_with(&[0x1f, 0x8b]));
    let reader: Box<dyn Read> = if packed { Box::new(flate2::bufread::MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(tar::Archive::new(reader))
}

/// The set whose files an archive holds, judged by the first name that any set knows.
pub(crate) fn which<'a>(path: &Path, sets: impl Iterator<Item = &'a Official> + Clone) -> Result<Option<&'a Official>, Error> {
    let mut archive = open(path)?;
    // Raw: the library would read long names whole, however long they are.
    let entries = archive.entries().map_err(|error| damaged(path, &error))?.raw(true);
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
    for (number, entry) in archive.entries().map_err(|error| damaged(path, &error))?.raw(true).enumerate() {
        if number >= ENTRIES_MOST {
            return Err(Error::damaged(format!("`{}` is refused: more than {} entries", path.display(), grouped(ENTRIES_MOST as u64))));
        }
        let mut entry = entry.map_err(|error| damaged(path, &error))?;
        let name = entry.path().map_err(|error| damaged(path, &error))?.into_owned();
        let kind = entry.header().entry_type();
        let mut names = vec![name.clone()];
        if about_the_next(kind) {
            if entry.size() > ABOUT_MOST {
                return refuse(&name, "a name without measure");
            }
            let mut words = Vec::new();
            entry.by_ref().take(ABOUT_MOST).read_to_end(&mut words).map_err(|error| damaged(path, &error))?;
            names = told(kind, &words);
        }
        for name in names {
            if name.components().any(|part| matches!(part, Component::ParentDir)) {
                return refuse(&name, "a path with `..`");
            }
            if name.is_absolute() {
                return refuse(&name, "an absolute path");
            }
        }
        if kind.is_symlink() || kind.is_hard_link() {
            return refuse(&name, "a link");
        }
        if kind.is_dir() || about_the_next(kind) {
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

/// Whether an entry is no file, but says something about the one that follows, or about all that follow.
fn about_the_next(kind: tar::EntryType) -> bool {
    kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions() || kind.is_pax_global_extensions()
}

/// The names in such an entry.
fn told(kind: tar::EntryType, words: &[u8]) -> Vec<PathBuf> {
    let name = |bytes: &[u8]| PathBuf::from(OsStr::from_bytes(bytes));
    if kind.is_gnu_longname() || kind.is_gnu_longlink() {
        let end = words.iter().position(|byte| *byte == 0).unwrap_or(words.len());
        return vec![name(&words[..end])];
    }
    // Records `length key=value\n`; what is none of them says nothing.
    let records = words.split(|byte| *byte == b'\n').filter_map(|line| {
        let line = &line[line.iter().position(|byte| *byte == b' ')? + 1..];
        line.strip_prefix(b"path=").or_else(|| line.strip_prefix(b"linkpath="))
    });
    records.map(name).collect()
}

/// The reader's own words about an archive.
fn damaged(path: &Path, error: &std::io::Error) -> Error {
    Error::damaged(format!("`{}` cannot be unpacked: {}", path.display(), plain(error)))
}

#[cfg(test)]
mod tests {
    use super::super::official;
    use super::*;
    use crate::config::SetKind;
    use tar::EntryType;

    /// An archive of single entries whose names stand in the header as they are given.
    fn archive(path: &Path, entries: &[(EntryType, &str, &[u8])]) {
        let mut bytes = Vec::new();
        for (kind, name, data) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_size(data.len() as u64);
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.as_mut_bytes()[157..168].copy_from_slice(b"/etc/passwd");
            header.set_cksum();
            bytes.extend(header.as_bytes());
            bytes.extend(*data);
            bytes.resize(bytes.len().next_multiple_of(512), 0);
        }
        bytes.resize(bytes.len() + 1024, 0);
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn whatever_leads_out_of_the_folder_is_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (path, into) = (folder.path().join("a.tar"), folder.path().join("home/into"));
        std::fs::create_dir_all(&into).unwrap();
        let set = official::find(SetKind::Cifar10).unwrap();
        let pax: &[u8] = b"30 mtime=1\n";
        let table: [(EntryType, &str, &[u8], &str); 14] = [
            (EntryType::Regular, "../data_batch_1.bin", b"x", "a path with `..`"),
            (EntryType::Regular, "a/../../test_batch.bin", b"x", "a path with `..`"),
            (EntryType::Directory, "..", b"", "a path with `..`"),
            (EntryType::Regular, "/data_batch_1.bin", b"x", "an absolute path"),
            (EntryType::Symlink, "data_batch_1.bin", b"", "a link"),
            (EntryType::Link, "test_batch.bin", b"", "a link"),
            (EntryType::Char, "data_batch_1.bin", b"", "which is neither file nor folder"),
            (EntryType::Block, "data_batch_1.bin", b"", "which is neither file nor folder"),
            (EntryType::Fifo, "data_batch_1.bin", b"", "which is neither file nor folder"),
            (EntryType::GNUSparse, "data_batch_1.bin", b"", "which is neither file nor folder"),
            (EntryType::GNULongName, "@", b"../../data_batch_1.bin\0", "a path with `..`"),
            (EntryType::GNULongLink, "@", b"/etc/passwd\0", "an absolute path"),
            (EntryType::XHeader, "@", b"11 mtime=1\n29 path=/tmp/data_batch_1.bin\n", "an absolute path"),
            (EntryType::XGlobalHeader, "@", b"20 linkpath=../../../x\n", "a path with `..`"),
        ];
        for (kind, name, data, why) in table {
            archive(&path, &[(EntryType::XHeader, "@", pax), (kind, name, data), (EntryType::Regular, "readme.html", b"hello")]);
            let error = unpack(&path, set, &into).unwrap_err();
            assert!(error.text.contains("is refused: it holds `") && error.text.ends_with(why), "{name}: {error}");
            assert_eq!(std::fs::read_dir(&into).unwrap().count(), 0, "{name}");
            assert_eq!(std::fs::read_dir(folder.path().join("home")).unwrap().count(), 1, "{name}");
        }
    }

    #[test]
    fn names_without_measure_are_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar");
        let set = official::find(SetKind::Cifar10).unwrap();
        for kind in [EntryType::GNULongName, EntryType::XHeader] {
            archive(&path, &[(kind, "@", &vec![b'a'; ABOUT_MOST as usize + 1])]);
            let error = unpack(&path, set, folder.path()).unwrap_err();
            assert!(error.text.ends_with("a name without measure"), "{error}");
        }
    }

    /// Hard disks and other programs put long names and times into archives: those are no reason to refuse them.
    #[test]
    fn what_is_said_of_a_file_does_not_keep_it_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar");
        let set = official::find(SetKind::Cifar10).unwrap();
        archive(
            &path,
            &[
                (EntryType::XGlobalHeader, "@", b"12 comment=x\n"),
                (EntryType::XHeader, "@", b"29 path=cifar/readme.html\n"),
                (EntryType::Regular, "readme.html", b"hello"),
                (EntryType::GNULongName, "@", b"cifar/other.html\0"),
                (EntryType::Regular, "other.html", b"not wanted"),
            ],
        );
        let error = unpack(&path, set, folder.path()).unwrap_err();
        assert!(error.text.ends_with("does not hold all files of CIFAR-10"), "{error}");
        assert_eq!(std::fs::read(folder.path().join("readme.html")).unwrap(), b"hello");
        assert!(!folder.path().join("other.html").exists());
    }
}
