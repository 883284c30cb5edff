//! CIFAR-10 and CIFAR-100, the binary version (A. Krizhevsky 2009).
//!
//! A file is a row of records without a header: label bytes (CIFAR-100: coarse, then fine), then 1,024 bytes each of
//! red, green and blue, row by row. Every file is read, checked and rearranged on its own thread.

use super::check::{self, Trust};
use super::error::{Error, grouped};
use super::official::{File, Official};
use super::place;
use super::set::ImageSet;
use super::source::Source;
use std::path::{Path, PathBuf};

/// Rows and columns.
const SIDE: usize = 32;
/// Pixels of one colour.
const PLANE: usize = SIDE * SIDE;

/// What one file says beside its pixels.
pub(super) struct Part {
    pub labels: Vec<u16>,
    pub sum: String,
}

/// Reads the set from `root`: the training files that `listed` names, or all.
pub(crate) fn read(set: &Official, label_bytes: usize, root: &Path, listed: &[String]) -> Result<Source, Error> {
    let train = place::training_files(set, listed)?;
    let paths = place::find_all(set, root, &train)?;
    let classes = classes(set, &paths)?;
    let train_files: Vec<&File> = train.iter().map(|(_, file)| *file).collect();
    let test_files: Vec<&File> = set.test.iter().collect();
    // Every file has its own part of the pixels, so that its thread puts them where they stay.
    let (mut train_pixels, mut test_pixels) = (pixels(&train_files), pixels(&test_files));
    let places = parts(&train_files, &mut train_pixels).into_iter().chain(parts(&test_files, &mut test_pixels));
    let outcomes: Vec<Result<Part, Error>> = std::thread::scope(|scope| {
        let classes = classes.len();
        let readers: Vec<_> = places
            .zip(&paths)
            .map(|((file, into), path)| scope.spawn(move || read_file(set, file, path, label_bytes, classes, into)))
            .collect();
        readers.into_iter().map(|reader| reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut source = Source { classes, train: shaped(train_pixels), test: shaped(test_pixels), ..Source::default() };
    let mut problems = Vec::new();
    for (number, (file, outcome)) in train_files.iter().chain(&test_files).zip(outcomes).enumerate() {
        let part = match outcome {
            Ok(part) => part,
            Err(error) => {
                problems.push(error);
                continue;
            }
        };
        source.checksums.insert(file.name.to_owned(), part.sum);
        // A canonical number counts through all training files, also through those that were left out.
        let (into, before) = match train.get(number) {
            Some((place, _)) => (&mut source.train, &set.train[..*place]),
            None => (&mut source.test, &set.test[..number - train.len()]),
        };
        let first: usize = before.iter().map(|file| file.count).sum();
        into.index.extend((first..first + part.labels.len()).map(|place| place as u32));
        into.labels.extend_from_slice(&part.labels);
    }
    if problems.is_empty() { Ok(source) } else { Err(Error::together(problems)) }
}

/// Room for the pixels of files.
fn pixels(files: &[&File]) -> Vec<u8> {
    vec![0; files.iter().map(|file| file.count * 3 * PLANE).sum()]
}

/// Each file with its part of the pixels.
fn parts<'a>(files: &[&'a File], mut pixels: &'a mut [u8]) -> Vec<(&'a File, &'a mut [u8])> {
    let mut parts = Vec::with_capacity(files.len());
    for file in files {
        let (part, rest) = pixels.split_at_mut(file.count * 3 * PLANE);
        parts.push((*file, part));
        pixels = rest;
    }
    parts
}

/// A set of CIFAR's shape, its labels still to come.
fn shaped(images: Vec<u8>) -> ImageSet {
    ImageSet { images, height: SIDE, width: SIDE, channels: 3, ..ImageSet::default() }
}

/// The names of the classes: from the set's own list where it is there and whole, else built in.
pub(super) fn classes(set: &Official, paths: &[PathBuf]) -> Result<Vec<String>, Error> {
    let built_in = || set.classes.iter().map(|&name| name.to_owned()).collect();
    let list = set.names_file.and_then(|name| Some(paths.first()?.parent()?.join(name)));
    let Some(path) = list.filter(|path| path.is_file()) else { return Ok(built_in()) };
    if path.metadata().is_ok_and(|about| about.len() > 1 << 16) {
        return Err(Error::damaged(format!("`{}` is too long for a list of {} names", path.display(), set.classes.len())));
    }
    let text = String::from_utf8(check::read_at_most(&path, 1 << 16)?)
        .map_err(|_| Error::damaged(format!("`{}` is no text: it is not UTF-8", path.display())))?;
    let names: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if names.len() == set.classes.len() {
        return Ok(names);
    }
    Err(Error::damaged(format!("`{}` has {} class names, expected {}", path.display(), names.len(), set.classes.len()))
        .hint("without this file the names of the published set are used"))
}

/// Reads and checks one file, and puts its pixels into their place.
pub(super) fn read_file(
    set: &Official,
    file: &File,
    path: &Path,
    label_bytes: usize,
    classes: usize,
    into: &mut [u8],
) -> Result<Part, Error> {
    let bytes = if path.extension().is_some_and(|end| end == "gz") {
        let packed = check::read_at_most(path, file.bytes + (1 << 20))?;
        check::gunzip_exactly(&packed, path, file.bytes, set.name)?
    } else {
        check::read_exactly(path, file.bytes, set.name)?
    };
    let sum = check::sha256(&bytes);
    let trust = check::contents(file, path, &sum, set.name)?;
    let labels = unpack(&bytes, label_bytes, into);
    // Of files with the official sum all labels are known to be in range.
    if trust != Trust::Official
        && let Some(place) = labels.iter().position(|&label| usize::from(label) >= classes)
    {
        return Err(Error::damaged(format!(
            "`{}` has label {} at record {}, expected 0 to {}",
            path.display(),
            labels[place],
            grouped(place as u64),
            classes - 1
        )));
    }
    Ok(Part { labels, sum })
}

/// Records to labels and pixels, the colours of a pixel side by side.
fn unpack(bytes: &[u8], label_bytes: usize, pixels: &mut [u8]) -> Vec<u16> {
    let record = label_bytes + 3 * PLANE;
    let mut labels = Vec::with_capacity(bytes.len() / record);
    for (record, image) in bytes.chunks_exact(record).zip(pixels.chunks_exact_mut(3 * PLANE)) {
        labels.push(u16::from(record[label_bytes - 1]));
        let (red, rest) = record[label_bytes..].split_at(PLANE);
        let (green, blue) = rest.split_at(PLANE);
        for (pixel, ((&red, &green), &blue)) in image.chunks_exact_mut(3).zip(red.iter().zip(green).zip(blue)) {
            pixel.copy_from_slice(&[red, green, blue]);
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_of_a_pixel_come_to_lie_side_by_side() {
        let mut record = vec![9, 3];
        for colour in 0..3u8 {
            record.extend((0..PLANE).map(|place| (place % 80) as u8 + colour * 80));
        }
        let mut pixels = vec![0; 3 * PLANE];
        let labels = unpack(&record, 2, &mut pixels);
        assert_eq!(labels, [3]);
        assert_eq!(pixels[..6], [0, 80, 160, 1, 81, 161]);
        assert_eq!(pixels[pixels.len() - 3..], [(1023 % 80) as u8, (1023 % 80) as u8 + 80, (1023 % 80) as u8 + 160]);
    }
}
