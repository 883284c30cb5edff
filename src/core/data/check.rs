//! Check sums of what is read.
//!
//! The public sets are checked at every load: SHA-256 of CIFAR-10's 184 MB, file by file on all cores, takes about as
//! long as reading them. A set whose contents have no published sum is checked against `SHA256SUMS` in its folder,
//! which `data fetch` and `data import` write once they have seen the official archive.

use super::error::{Error, plain};
use super::official::File;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;

/// Name of the list of check sums that an installed set carries.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// SHA-256 of bytes, as 64 hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// SHA-256 of a file.
///
/// # Errors
/// If it cannot be read.
pub fn sha256_of(path: &Path) -> Result<String, Error> {
    let mut file = std::fs::File::open(path).map_err(|error| Error::disk("read", path, &error))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(|error| Error::disk("read", path, &error))?;
        if read == 0 {
            return Ok(hexadecimal(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

/// Bytes as hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    let digits = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [digits[usize::from(byte >> 4)] as char, digits[usize::from(byte & 15)] as char]).collect()
}

/// How sure we are of a file's contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The sum is that of the official file.
    Official,
    /// The sum is that noted when the set was installed.
    Installed,
    /// No sum is known for this file; only its form was checked.
    Form,
}

/// Checks `sum`, that of the contents of `file` read from `path`, against what is known of it.
pub(crate) fn contents(file: &File, path: &Path, sum: &str, set: &str) -> Result<Trust, Error> {
    if let Some(official) = file.sha256 {
        return if official == sum { Ok(Trust::Official) } else { Err(differs(path, sum, official, "the official file", set)) };
    }
    match path.parent().and_then(|folder| noted(folder, file.name)) {
        Some(noted) if noted == sum => Ok(Trust::Installed),
        Some(noted) => Err(differs(path, sum, &noted, "the file that was installed", set)),
        None => Ok(Trust::Form),
    }
}

/// The message for a file whose bits changed.
fn differs(path: &Path, found: &str, expected: &str, what: &str, set: &str) -> Error {
    Error::damaged(format!("`{}` is not {what}: some of its bits differ", path.display()))
        .details(vec![format!("SHA-256 expected {expected}"), format!("SHA-256 found    {found}")])
        .hint(format!("fetch it anew: `curricle data fetch {set} --force`"))
}

/// The sum of `name` in the folder's list, if there is one.
fn noted(folder: &Path, name: &str) -> Option<String> {
    let text = String::from_utf8(read_at_most(&folder.join(SUMS), 1 << 16).ok()?).ok()?;
    text.lines().find_map(|line| {
        let (sum, file) = line.split_once("  ")?;
        (file == name && sum.len() == 64).then(|| sum.to_owned())
    })
}

/// Opens a file that is one, and says how long it is. A pipe or a device is refused, at once.
pub(crate) fn open(path: &Path) -> Result<(std::fs::File, u64), Error> {
    let file = crate::run::disk::open_to_read(path).map_err(|error| Error::disk("read", path, &error))?;
    let about = file.metadata().map_err(|error| Error::disk("read", path, &error))?;
    if about.is_file() { Ok((file, about.len())) } else { Err(Error::damaged(format!("`{}` is no file", path.display()))) }
}

/// Reads a file of exactly `expected` bytes; more or fewer are an error, found before anything is allocated.
pub(crate) fn read_exactly(path: &Path, expected: u64, set: &str) -> Result<Vec<u8>, Error> {
    let (mut file, found) = open(path)?;
    if found != expected {
        return Err(wrong_size(path, found, expected, set));
    }
    let mut bytes = Vec::with_capacity(expected as usize + 1);
    file.by_ref().take(expected + 1).read_to_end(&mut bytes).map_err(|error| Error::disk("read", path, &error))?;
    if bytes.len() as u64 != expected {
        return Err(wrong_size(path, bytes.len() as u64, expected, set));
    }
    Ok(bytes)
}

/// Reads a file of at most `most` bytes.
pub(crate) fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let (file, found) = open(path)?;
    let mut bytes = Vec::with_capacity(found.min(most) as usize + 1);
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| Error::disk("read", path, &error))?;
    if bytes.len() as u64 > most {
        return Err(Error::damaged(format!("`{}` is too large: more than {} bytes", path.display(), super::error::grouped(most))));
    }
    Ok(bytes)
}

/// Unpacks a gzip file of exactly `expected` bytes of content: a larger one is left off one byte beyond.
pub(crate) fn gunzip_exactly(packed: &[u8], path: &Path, expected: u64, set: &str) -> Result<Vec<u8>, Error> {
    // No byte of deflate stands for more than 1,032 bytes, so a small file gets little room whatever it should hold.
    let possible = (packed.len() as u64).saturating_mul(1032);
    let mut bytes = Vec::with_capacity(expected.saturating_add(1).min(possible) as usize);
    let outcome = flate2::read::MultiGzDecoder::new(packed).take(expected + 1).read_to_end(&mut bytes);
    if let Err(error) = outcome {
        return Err(Error::damaged(format!(
            "`{}` cannot be unpacked after {} of {} bytes: {}",
            path.display(),
            super::error::grouped(bytes.len() as u64),
            super::error::grouped(expected),
            plain(&error)
        ))
        .hint(format!("the file is truncated or damaged; fetch it anew: `curricle data fetch {set} --force`")));
    }
    if bytes.len() as u64 != expected {
        return Err(wrong_size(path, bytes.len() as u64, expected, set));
    }
    Ok(bytes)
}

/// The message for a truncated or overlong file.
fn wrong_size(path: &Path, found: u64, expected: u64, set: &str) -> Error {
    let (what, why) = if found < expected {
        ("is truncated", "the copy was cut short")
    } else {
        ("is too long", "it is another file than its name says")
    };
    Error::damaged(format!(
        "`{}` {what}: {} bytes, expected {}",
        path.display(),
        super::error::grouped(found),
        super::error::grouped(expected)
    ))
    .hint(format!("{why}; fetch it anew: `curricle data fetch {set} --force`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_sha256sum() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
