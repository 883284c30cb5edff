//! A picture as a function of its file. See [`crate::foreign`].

use super::Shape;
use super::decode::{decode, header};
use std::path::Path;

/// Larger pictures are only read small.
const MOST: usize = 1 << 22;

/// Reads the header, then the pixels as they are, then scaled.
pub(crate) fn image(path: &Path) {
    let Ok(header) = header(path) else { return };
    let channels = if header.colour { 3 } else { 1 };
    let shape = Shape { height: header.height, width: header.width, channels };
    if header.width * header.height * channels <= MOST {
        let mut pixels = vec![0; header.width * header.height * channels];
        // A picture may still be broken behind its header.
        let _ = decode(path, shape, false, &mut pixels);
    }
    let mut pixels = vec![0; 8 * 8 * channels];
    let _ = decode(path, Shape { height: 8, width: 8, channels }, true, &mut pixels);
}
