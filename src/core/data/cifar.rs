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

/// One file's images.
struct Part {
    pixels: Vec<u8>,
    labels: Vec<u16>,
    sum: String,
}

/// Reads the set from `root`: the training files that `listed` names, or all.
pub(crate) fn read(set: &Official, label_bytes: usize, root: &Path, listed: &[String]) -> Result<Source, Error> {
    let train = place::training_files(set, listed)?;
    let paths = place::find_all(set, root, &train)?;
    let files: Vec<&File> = train.iter().map(|(_, file)| *file).chain(set.test).collect();
    let classes = classes(set, &paths)?;
    let parts: Vec<Result<Part, Error>> = std::thread::scope(|scope| {
        let readers: Vec<_> =
            files.iter().zip(&paths).map(|(file, path)| scope.spawn(|| read_file(set, file, path, label_bytes, classes.len()))).collect();
        readers.into_iter().map(|reader| reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut source = Source { classes, ..Source::default() };
    source.train = empty(train.iter().map(|(_, file)| file.count).sum());
    source.test = empty(set.test.iter().map(|file| file.count).sum());
    let mut problems = Vec::new();
    for (number, (file, part)) in files.iter().zip(parts).enumerate() {
        let part = match part {
            Ok(part) => part,
            Err(error) => {
                problems.push(error);
                continue;
            }
        };
        source.checksums.insert(file.name.to_owned(), part.sum);
        // A canonical number counts through all training files, also through those that were left out.
        let (into, first) = match train.get(number) {
            Some((place, _)) => (&mut source.train, set.train[..*place].iter().map(|file| file.count).sum()),
            None => (&mut source.test, set.test[..number - train.len()].iter().map(|file| file.count).sum::<usize>()),
        };
        into.images.extend_from_slice(&part.pixels);
        into.index.extend((first..first + part.labels.len()).map(|place| place as u32));
        into.labels.extend_from_slice(&part.labels);
    }
    if problems.is_empty() { Ok(source) } else { Err(Error::together(problems)) }
}

/// A set of CIFAR's shape with room for `count` images.
fn empty(count: usize) -> ImageSet {
    ImageSet {
        images: Vec::with_capacity(count * 3 * PLANE),
        labels: Vec::with_capacity(count),
        index: Vec::with_capacity(count),
        height: SIDE,
        width: SIDE,
        channels: 3,
        difficulty: None,
    }
}

/// The names of the classes: from the set's own list where it is there and whole, else built in.
fn classes(set: &Official, paths: &[PathBuf]) -> Result<Vec<String>, Error> {
    let built_in = || set.classes.iter().map(|&name| name.to_owned()).collect();
    let list = set.names_file.and_then(|name| Some(paths.first()?.parent()?.join(name)));
    let Some(path) = list.filter(|path| path.is_file()) else { return Ok(built_in()) };
    if path.metadata().is_ok_and(|about| about.len() > 1 << 16) {
        return Err(Error::damaged(format!("`{}` is too long for a list of {} names", path.display(), set.classes.len())));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| Error::disk("read", &path, &error))?;
    let names: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if names.len() == set.classes.len() {
        return Ok(names);
    }
    Err(Error::damaged(format!("`{}` has {} class names, expected {}", path.display(), names.len(), set.classes.len()))
        .hint("without this file the names of the published set are used"))
}

/// Reads and checks one file.
fn read_file(set: &Official, file: &File, path: &Path, label_bytes: usize, classes: usize) -> Result<Part, Error> {
    let bytes = if path.extension().is_some_and(|end| end == "gz") {
        let packed = check::read_at_most(path, file.bytes + (1 << 20))?;
        check::gunzip_exactly(&packed, path, file.bytes, set.name)?
    } else {
        check::read_exactly(path, file.bytes, set.name)?
    };
    let sum = check::sha256(&bytes);
    let trust = check::contents(file, path, &sum, set.name)?;
    let (pixels, labels) = unpack(&bytes, label_bytes);
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
    Ok(Part { pixels, labels, sum })
}

/// Records to labels and pixels, the colours of a pixel side by side.
fn unpack(bytes: &[u8], label_bytes: usize) -> (Vec<u8>, Vec<u16>) {
    let record = label_bytes + 3 * PLANE;
    let count = bytes.len() / record;
    let mut labels = Vec::with_capacity(count);
    let mut pixels = vec![0; count * 3 * PLANE];
    for (record, image) in bytes.chunks_exact(record).zip(pixels.chunks_exact_mut(3 * PLANE)) {
        labels.push(u16::from(record[label_bytes - 1]));
        let (red, rest) = record[label_bytes..].split_at(PLANE);
        let (green, blue) = rest.split_at(PLANE);
        for (pixel, ((&red, &green), &blue)) in image.chunks_exact_mut(3).zip(red.iter().zip(green).zip(blue)) {
            pixel.copy_from_slice(&[red, green, blue]);
        }
    }
    (pixels, labels)
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
        let (pixels, labels) = unpack(&record, 2);
        assert_eq!(labels, [3]);
        assert_eq!(pixels[..6], [0, 80, 160, 1, 81, 161]);
        assert_eq!(pixels[pixels.len() - 3..], [(1023 % 80) as u8, (1023 % 80) as u8 + 80, (1023 % 80) as u8 + 160]);
    }
}
