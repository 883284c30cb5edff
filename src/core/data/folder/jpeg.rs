//! What the bytes of a JPEG say before a decoder is let at them.

/// Markers of the frames that a decoder may be given: baseline, extended, progressive (ITU-T T.81, table B.1).
const FRAMES: [u8; 3] = [0xc0, 0xc1, PROGRESSIVE];
const PROGRESSIVE: u8 = 0xc2;

/// Whether these bytes may be those of a JPEG.
fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xd8])
}

/// Whether a JPEG may be progressive. No other part of an honest one holds these two bytes; where a false one does, the smaller
/// limit does no harm.
pub(super) fn is_progressive(bytes: &[u8]) -> bool {
    is_jpeg(bytes) && bytes.windows(2).any(|two| two == [0xff, PROGRESSIVE])
}

/// Whether a frame samples a later component more finely than the first, or not in whole parts of it. The decoder takes its
/// buffers from the first and panics there; no camera or program writes such files.
pub(super) fn has_odd_sampling(bytes: &[u8]) -> bool {
    is_jpeg(bytes) && (0..bytes.len()).filter_map(|start| frame(bytes.get(start..)?)).any(|samplings| is_odd(&samplings))
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
