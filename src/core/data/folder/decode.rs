//! One image file to bytes, within limits: a file from anywhere must not take the memory of the machine.

use super::super::check::{open, read_at_most, sha256};
use super::super::error::{Error, grouped, plain};
use super::{Shape, jpeg};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use std::io::Cursor;
use std::panic::AssertUnwindSafe;
use std::path::Path;

/// Largest file that is opened.
const FILE_MOST: u64 = 64 << 20;
/// Largest width and height.
const SIDE_MOST: u32 = 16_384;
/// Largest picture, in bytes as decoded: 16 megapixels in colour. It may stand in memory twice.
const PICTURE_MOST: u64 = 48_000_000;
/// Largest JPEG whose decoder keeps the coefficients: they take twice the picture beside it.
const COEFFICIENTS_MOST: u64 = 30_000_000;
/// Most memory that a decoder may take for what comes with the picture, as a colour profile.
const MEMORY_MOST: u64 = 50_000_000;

/// What the header of an image says, as it is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub width: usize,
    pub height: usize,
    /// Whether it has colours.
    pub colour: bool,
}

/// Reads a header.
pub(super) fn header(path: &Path) -> Result<Header, Error> {
    let (orientation, size, colour) = {
        let mut decoder = decoder(read(path)?, path)?;
        let orientation = decoder.orientation().map_err(|error| wrong(path, &error))?;
        (orientation, decoder.dimensions(), decoder.color_type().has_color())
    };
    use image::metadata::Orientation;
    let turned =
        matches!(orientation, Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH);
    let (width, height) = if turned { (size.1, size.0) } else { size };
    Ok(Header { width: width as usize, height: height as usize, colour })
}

/// Decodes an image into its place; the check sum of the file.
pub(super) fn decode(path: &Path, shape: Shape, resize: bool, into: &mut [u8]) -> Result<String, Error> {
    let bytes = read(path)?;
    let sum = sha256(&bytes);
    let mut decoder = decoder(bytes, path)?;
    let orientation = decoder.orientation().map_err(|error| wrong(path, &error))?;
    // The decoder of JPEG has panicked on odd files before: one picture that cannot be read ends nothing.
    let image = std::panic::catch_unwind(AssertUnwindSafe(|| DynamicImage::from_decoder(decoder)))
        .map_err(|_| Error::damaged(format!("`{}`: the decoder gave up on it", path.display())))?
        .map_err(|error| wrong(path, &error))?;
    let mut image = opaque(image);
    image.apply_orientation(orientation);
    // Scaled to cover the square, the rest cut off evenly: objects keep their shape.
    let size = (shape.width as u32, shape.height as u32);
    let image = if resize && (image.width(), image.height()) != size {
        image.resize_to_fill(size.0, size.1, image::imageops::FilterType::Triangle)
    } else {
        image
    };
    let pixels = if shape.channels == 1 { image.into_luma8().into_raw() } else { image.into_rgb8().into_raw() };
    if pixels.len() != into.len() {
        return Err(Error::damaged(format!("`{}` changed while it was read", path.display())));
    }
    into.copy_from_slice(&pixels);
    Ok(sum)
}

/// The file's bytes, if it is not too large.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let (_, length) = open(path)?;
    if length > FILE_MOST {
        return Err(Error::damaged(format!("`{}` has {} bytes, at most {} are read", path.display(), grouped(length), grouped(FILE_MOST))));
    }
    read_at_most(path, FILE_MOST)
}

/// A decoder chosen by the file's contents, with limits. It takes the bytes along: one that copies them frees them first.
fn decoder(bytes: Vec<u8>, path: &Path) -> Result<impl ImageDecoder + use<>, Error> {
    let coefficients = jpeg::keeps_coefficients(&bytes);
    if jpeg::has_odd_sampling(&bytes) {
        let text = format!("`{}` is a JPEG whose colours are finer than its brightness; save it anew with another program", path.display());
        return Err(Error::damaged(text));
    }
    if jpeg::is_cut_off(&bytes) {
        return Err(Error::damaged(format!("`{}` is a JPEG without its end: get it again, or take it out", path.display())));
    }
    let most = if coefficients { COEFFICIENTS_MOST } else { PICTURE_MOST };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| Error::damaged(format!("`{}`: {}", path.display(), plain(&error))))?;
    if reader.format().is_none() {
        return Err(Error::damaged(format!("`{}` is neither PNG nor JPEG", path.display())));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MOST);
    limits.max_image_height = Some(SIDE_MOST);
    limits.max_alloc = Some(MEMORY_MOST);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| wrong(path, &error))?;
    let bytes = decoder.total_bytes();
    if bytes > most {
        let (width, height) = decoder.dimensions();
        return Err(Error::damaged(format!(
            "`{}` is too large: {width}×{height} pixels take {} bytes, at most {} are decoded{}",
            path.display(),
            grouped(bytes),
            grouped(most),
            if coefficients { " of a JPEG that is progressive or has several scans" } else { "" }
        )));
    }
    Ok(decoder)
}

/// An image without transparency: what shows through is black, as the padding of crops is.
fn opaque(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image;
    }
    let grey = !image.color().has_color();
    let mut rgba = image.into_rgba8();
    for pixel in rgba.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let over = |channel: u8| ((u16::from(channel) * u16::from(alpha) + 127) / 255) as u8;
        pixel.0 = [over(red), over(green), over(blue), 255];
    }
    let opaque = DynamicImage::ImageRgba8(rgba);
    if grey { DynamicImage::ImageLuma8(opaque.into_luma8()) } else { opaque }
}

/// The decoder's own words about a file.
fn wrong(path: &Path, error: &image::ImageError) -> Error {
    Error::damaged(format!("`{}`: {error}", path.display()))
}
