//! MNIST and Fashion-MNIST: the IDX format (Y. LeCun, C. Cortes, C. J. C. Burges), plain or as gzip.
//!
//! Header, big-endian: 0, 0, the type (8 = unsigned byte), the number of dimensions, then each dimension as 4 bytes.

use super::check::{self, Trust};
use super::error::{Error, grouped};
use super::official::{File, Official};
use super::place;
use super::set::ImageSet;
use super::source::Source;
use std::path::Path;

/// Rows and columns.
const SIDE: usize = 28;

/// Reads the set from `root`.
pub(crate) fn read(set: &Official, root: &Path, listed: &[String]) -> Result<Source, Error> {
    let train = place::training_files(set, listed)?;
    if train.len() != set.train.len() {
        return Err(Error::choice(format!("{} has its training images in one file and their labels in another", set.title))
            .hint("both are needed; leave `data.files` empty"));
    }
    let paths = place::find_all(set, root, &train)?;
    let files: Vec<&File> = set.files().collect();
    let contents: Vec<Result<(Vec<u8>, String), Error>> = std::thread::scope(|scope| {
        let readers: Vec<_> = files.iter().zip(&paths).map(|(file, path)| scope.spawn(|| read_file(set, file, path))).collect();
        readers.into_iter().map(|reader| reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut source = Source { classes: set.classes.iter().map(|&name| name.to_owned()).collect(), ..Source::default() };
    let mut bodies = Vec::new();
    let mut problems = Vec::new();
    for (file, content) in files.iter().zip(contents) {
        match content {
            Ok((body, sum)) => {
                source.checksums.insert(file.name.to_owned(), sum);
                bodies.push(body);
            }
            Err(error) => problems.push(error),
        }
    }
    if !problems.is_empty() {
        return Err(Error::together(problems));
    }
    let mut bodies = bodies.into_iter();
    let mut next = || bodies.next().unwrap_or_default();
    source.train = assemble(next(), &next());
    source.test = assemble(next(), &next());
    Ok(source)
}

/// Images and labels of one split.
fn assemble(images: Vec<u8>, labels: &[u8]) -> ImageSet {
    ImageSet {
        images,
        labels: labels.iter().map(|&label| u16::from(label)).collect(),
        index: (0..labels.len() as u32).collect(),
        height: SIDE,
        width: SIDE,
        channels: 1,
        difficulty: None,
    }
}

/// Reads and checks one file; its contents without the header, and their sum.
pub(super) fn read_file(set: &Official, file: &File, path: &Path) -> Result<(Vec<u8>, String), Error> {
    let mut vouched = false;
    let mut bytes = if path.extension().is_some_and(|end| end == "gz") {
        // No set has a gzip file that is larger than its contents, so this bounds what is read.
        let packed = check::read_at_most(path, file.bytes + 4096)?;
        vouched = file.sha256.is_none() && file.packed_sha256 == Some(check::sha256(&packed).as_str());
        check::gunzip_exactly(&packed, path, file.bytes, set.name)?
    } else {
        check::read_exactly(path, file.bytes, set.name)?
    };
    let header = header(&bytes, path, file, set)?;
    let sum = check::sha256(&bytes);
    let trust = if vouched { Trust::Official } else { check::contents(file, path, &sum, set.name)? };
    bytes.drain(..header);
    if header == 8
        && trust != Trust::Official
        && let Some(place) = bytes.iter().position(|&label| usize::from(label) >= set.classes.len())
    {
        return Err(Error::damaged(format!(
            "`{}` has label {} at place {}, expected 0 to {}",
            path.display(),
            bytes[place],
            grouped(place as u64),
            set.classes.len() - 1
        )));
    }
    Ok((bytes, sum))
}

/// Checks the header; its length.
fn header(bytes: &[u8], path: &Path, file: &File, set: &Official) -> Result<usize, Error> {
    let number =
        |place: usize| bytes.get(place..place + 4).map_or(0, |four| four.iter().fold(0u32, |sum, &byte| sum << 8 | u32::from(byte)));
    let images = file.bytes > 16 + file.count as u64;
    let (magic, length, what) = if images { (0x0803, 16, "images") } else { (0x0801, 8, "labels") };
    let fail = |text: String| {
        Err(Error::damaged(format!("`{}` {text}", path.display()))
            .hint(format!("fetch it anew: `curricle data fetch {} --force`", set.name)))
    };
    if number(0) != magic {
        return fail(format!("is no IDX file of {what}: it begins with 0x{:08x}, expected 0x{magic:08x}", number(0)));
    }
    if number(4) as usize != file.count {
        return fail(format!("says that it has {} {what}, expected {}", grouped(u64::from(number(4))), grouped(file.count as u64)));
    }
    if images && (number(8), number(12)) != (SIDE as u32, SIDE as u32) {
        return fail(format!("says that its images are {}×{}, expected {SIDE}×{SIDE}", number(12), number(8)));
    }
    Ok(length)
}
