//! A folder of images: `train/<class>/*.png|jpg|jpeg` and `test/<class>/…`.
//!
//! Classes are the folders under `train`, images their files, both in the order of their names (by bytes), so that the
//! same folder gives the same numbers on every machine. Two passes: headers first, so that a wrong size is found before
//! anything is decoded; then pixels, on all cores, straight to their place.

mod decode;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod foreign;
mod jpeg;
mod walk;

use super::check::sha256;
use super::error::{Error, grouped};
use super::set::ImageSet;
use super::source::Source;
use decode::{Header, decode, header};
use std::path::{Path, PathBuf};
use walk::Listing;

/// The shape that all images are brought to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    height: usize,
    width: usize,
    channels: usize,
}

/// Reads the folder. `resize` is the side to scale images to; 0 wants them all of one size.
pub(crate) fn read(root: &Path, resize: usize) -> Result<Source, Error> {
    let listing = Listing::of(root)?;
    let files: Vec<&PathBuf> = listing.train.iter().chain(&listing.test).map(|(path, _)| path).collect();
    let headers = gather(each(&files, header), root)?;
    let shape = shape(&files, &headers, resize, root)?;
    let mut source = Source { classes: listing.classes, ..Source::default() };
    for (name, entries) in [("train", listing.train), ("test", listing.test)] {
        let (set, sum) = pixels(&entries, shape, resize > 0, root)?;
        source.checksums.insert(format!("folder {name}"), sum);
        if name == "train" { source.train = set } else { source.test = set }
    }
    Ok(source)
}

/// The common shape, or an error that names two files of different sizes.
fn shape(files: &[&PathBuf], headers: &[Header], resize: usize, root: &Path) -> Result<Shape, Error> {
    let channels = if headers.iter().any(|header| header.colour) { 3 } else { 1 };
    if resize > 0 {
        return Ok(Shape { height: resize, width: resize, channels });
    }
    let size = |header: &Header| (header.width, header.height);
    let Some(first) = headers.first().map(size) else { return Err(Error::missing(format!("no images in `{}`", root.display()))) };
    if let Some(other) = headers.iter().position(|header| size(header) != first) {
        let different = headers.iter().filter(|header| size(header) != first).count();
        let (width, height) = size(&headers[other]);
        return Err(Error::choice(format!("the images in `{}` have different sizes", root.display()))
            .details(vec![
                format!("`{}` is {}×{}", inside(files[0], root), first.0, first.1),
                format!("`{}` is {width}×{height}", inside(files[other], root)),
                format!("{} of {} images are not {}×{}", grouped(different as u64), grouped(headers.len() as u64), first.0, first.1),
            ])
            .hint(format!("`data.resize = {}` scales all of them to {0}×{0}", first.0.min(first.1))));
    }
    Ok(Shape { height: first.1, width: first.0, channels })
}

/// Decodes one split; the set, and one check sum over all its files and their names.
fn pixels(entries: &[(PathBuf, u16)], shape: Shape, resize: bool, root: &Path) -> Result<(ImageSet, String), Error> {
    let bytes = shape.height * shape.width * shape.channels;
    let mut images = Vec::new();
    images.try_reserve_exact(entries.len() * bytes).map_err(|_| {
        Error::choice(format!(
            "{} images of {}×{} do not fit into memory ({} MB)",
            grouped(entries.len() as u64),
            shape.width,
            shape.height,
            grouped((entries.len() * bytes / 1_000_000) as u64)
        ))
        .hint("`data.resize` makes them smaller")
    })?;
    images.resize(entries.len() * bytes, 0);
    let targets: Vec<(&PathBuf, &mut [u8])> = entries.iter().map(|(path, _)| path).zip(images.chunks_exact_mut(bytes)).collect();
    let sums = gather(each_mut(targets, |path, into| decode(path, shape, resize, into)), root)?;
    let list: String = entries.iter().zip(sums).map(|((path, _), sum)| format!("{sum}  {}\n", inside(path, root))).collect();
    let set = ImageSet {
        images,
        labels: entries.iter().map(|(_, label)| *label).collect(),
        index: (0..entries.len() as u32).collect(),
        height: shape.height,
        width: shape.width,
        channels: shape.channels,
        difficulty: None,
    };
    Ok((set, sha256(list.as_bytes())))
}

/// A path as the user sees it: from the folder on.
fn inside(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// Runs `work` over all files on all cores; the results in order.
fn each<T: Send>(files: &[&PathBuf], work: impl Fn(&Path) -> Result<T, Error> + Sync) -> Vec<Result<T, Error>> {
    each_mut(files.iter().map(|path| (*path, &mut [][..])).collect(), |path, _| work(path))
}

/// The same with a place for each file's pixels.
fn each_mut<T: Send>(
    mut tasks: Vec<(&PathBuf, &mut [u8])>,
    work: impl Fn(&Path, &mut [u8]) -> Result<T, Error> + Sync,
) -> Vec<Result<T, Error>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = tasks.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = tasks
            .chunks_mut(share)
            .map(|chunk| scope.spawn(|| chunk.iter_mut().map(|(path, into)| work(path, into)).collect::<Vec<_>>()))
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// All results, or one error with the first ten that failed.
fn gather<T>(results: Vec<Result<T, Error>>, root: &Path) -> Result<Vec<T>, Error> {
    let count = results.len();
    let mut good = Vec::with_capacity(count);
    let mut bad = Vec::new();
    for result in results {
        match result {
            Ok(value) => good.push(value),
            Err(error) => bad.push(error.text),
        }
    }
    if bad.is_empty() {
        return Ok(good);
    }
    let text = format!("{} of {} images in `{}` cannot be read", grouped(bad.len() as u64), grouped(count as u64), root.display());
    let more = bad.len().saturating_sub(10);
    bad.truncate(10);
    if more > 0 {
        bad.push(format!("and {} more", grouped(more as u64)));
    }
    Err(Error::damaged(text).details(bad))
}

#[cfg(test)]
mod tests;
