//! What the bytes of a JPEG say before a decoder is let at them.

/// Markers of the frames that a decoder may be given: baseline, extended, progressive (ITU-T T.81, table B.1).
const FRAMES: [u8; 3] = [0xc0, 0xc1, PROGRESSIVE];
const PROGRESSIVE: u8 = 0xc2;
/// The marker of a scan.
const SCAN: u8 = 0xda;
/// The marker of the end of an image.
const END: u8 = 0xd9;

/// Whether these bytes may be those of a JPEG.
fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8])
}

/// Whether the decoder of a JPEG keeps all of its coefficients beside the picture, twice its size: of a progressive one, and of one
/// whose components come scan by scan. No other part of an honest JPEG holds the bytes that are looked for; where a false one does,
/// the smaller limit does no harm.
pub(super) fn keeps_coefficients(bytes: &[u8]) -> bool {
    if !is_jpeg(bytes) {
        return false;
    }
    let components = frames(bytes).map(|samplings| samplings.len()).max().unwrap_or(0);
    bytes.windows(5).any(|five| match five {
        [0xff, PROGRESSIVE, ..] => true,
        // Marker, length, count of the components in this scan (T.81, B.2.3).
        [0xff, SCAN, _, _, count] => usize::from(*count) != components,
        _ => false,
    })
}

/// Whether nothing ends the scans of a JPEG: decoders make up what is missing, most of them without a word. Segments are passed
/// over until the first scan, for a preview in one of them has an end of its own; within a scan no `FF` is followed by `D9`
/// (T.81, B.1.1.5).
pub(super) fn is_cut_off(bytes: &[u8]) -> bool {
    if !is_jpeg(bytes) {
        return false;
    }
    let mut rest = &bytes[2..];
    while let [0xff, marker, high, low, ..] = rest {
        if *marker == SCAN {
            return !rest.windows(2).any(|two| two == [0xff, END]);
        }
        let length = if *marker == 0xff { 1 } else { 2 + usize::from(u16::from_be_bytes([*high, *low])) };
        rest = rest.get(length..).unwrap_or_default();
    }
    // What has no scan at all, the decoder refuses.
    false
}

/// Whether a frame samples a later component more finely than the first, or not in whole parts of it. The decoder takes its
/// buffers from the first and panics there; no camera or program writes such files.
pub(super) fn has_odd_sampling(bytes: &[u8]) -> bool {
    is_jpeg(bytes) && frames(bytes).any(|samplings| is_odd(&samplings))
}

/// The components of all that may be a frame.
fn frames(bytes: &[u8]) -> impl Iterator<Item = Vec<(u8, u8)>> {
    (0..bytes.len()).filter_map(|start| frame(bytes.get(start..)?))
}

/// The sampling factors (across, down) of a frame that may begin here: marker, length, precision, height, width, count, and three
/// bytes a component (T.81, B.2.2).
fn frame(bytes: &[u8]) -> Option<Vec<(u8, u8)>> {
    let [0xff, marker, high, low, _, _, _, _, _, count, components @ ..] = bytes else { return None };
    if !FRAMES.contains(marker) || u16::from_be_bytes([*high, *low]) != 8 + 3 * u16::from(*count) {
        return None;
    }
    let components = components.get(..3 * usize::from(*count))?;
    Some(components.chunks_exact(3).map(|component| (component[1] >> 4, component[1] & 15)).collect())
}

fn is_odd(samplings: &[(u8, u8)]) -> bool {
    let Some((&(across, down), others)) = samplings.split_first() else { return false };
    others.iter().any(|&(x, y)| x == 0 || y == 0 || across % x != 0 || down % y != 0)
}
