//! What makes a glyph hard to read, and by how much: the one place with the constants of difficulty.
//!
//! Every sample has a strength s: its known difficulty times `data.glyphs.difficulty`. Each nuisance goes from its
//! value at s = 0 towards its value at s = 1, and on beyond; how far it comes is drawn, so that difficulty is a tendency
//! of many nuisances together and not one knob.

use crate::random::Stream;

/// From s = 0 to s = 1.
struct Range(f32, f32);

/// tan of half the angle of rotation, either way: 7° to 53°.
const ROTATION: Range = Range(0.06, 0.5);
/// Half the height of the glyph, in pixels.
const SIZE: Range = Range(11.0, 6.5);
/// Distance of the centre from that of the image along each axis, in pixels.
const SHIFT: Range = Range(1.0, 5.0);
/// Slant: columns moved per row.
const SHEAR: Range = Range(0.03, 0.3);
/// Bending: how far the box's middle rows move against its outer ones, in half-heights.
const BEND: Range = Range(0.02, 0.28);
/// Half the width of a stroke, in pixels.
const PEN: Range = Range(1.5, 0.85);
/// Distance of glyph and background, in [0, 1] of brightness.
const CONTRAST: Range = Range(0.62, 0.13);
/// How much of it may be colour instead of brightness.
const TINT: Range = Range(0.15, 0.10);
/// Brightness from one edge of the background to the other.
const GRADIENT: Range = Range(0.03, 0.22);
/// Standard deviation of the noise of a pixel.
const NOISE: Range = Range(0.015, 0.14);
/// Strokes that belong to no glyph.
const CLUTTER: Range = Range(0.0, 5.5);
/// Their distance from the background as a share of the glyph's.
const CLUTTER_CONTRAST: Range = Range(0.45, 0.95);
/// Beyond this strength a second class shows through …
const GHOST_FROM: f32 = 0.6;
/// … up to this share of the glyph's contrast at s = 1.
const GHOST: f32 = 0.9;
/// At most this share, however strong: beyond it the label would be a coin toss.
const GHOST_MOST: f32 = 0.92;
/// The share of its range that a nuisance covers at least.
const LEAST: f32 = 0.75;

/// The nuisances of one sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nuisance {
    pub turn: f32,
    pub size: f32,
    pub aspect: f32,
    pub shift: (f32, f32),
    pub shear: f32,
    pub bend: f32,
    pub pen: f32,
    pub contrast: f32,
    pub tint: f32,
    pub gradient: f32,
    pub noise: f32,
    pub clutter: usize,
    pub clutter_contrast: f32,
    pub ghost: f32,
}

impl Nuisance {
    /// Draws the nuisances of a sample of strength `s`.
    pub fn draw(s: f32, stream: &mut Stream) -> Self {
        let mut amount = |range: &Range| range.0 + (range.1 - range.0) * s * (LEAST + (1.0 - LEAST) * stream.unit() as f32);
        let turn = amount(&ROTATION);
        let size = amount(&SIZE).max(5.0);
        let shift = (amount(&SHIFT), amount(&SHIFT));
        let (shear, bend) = (amount(&SHEAR), amount(&BEND));
        let pen = amount(&PEN).max(0.6);
        let contrast = amount(&CONTRAST).max(0.05);
        let tint = amount(&TINT).max(0.0);
        let gradient = amount(&GRADIENT);
        let noise = amount(&NOISE);
        let clutter = amount(&CLUTTER);
        let clutter_contrast = amount(&CLUTTER_CONTRAST);
        let ghost = ((s - GHOST_FROM).max(0.0) / (1.0 - GHOST_FROM) * GHOST).min(GHOST_MOST) * (0.5 + 0.5 * stream.unit() as f32);
        let mut signed = |most: f32| most * (2.0 * stream.unit() as f32 - 1.0);
        // A rotation has its full size either way; places and slants spread over their range.
        let turn = if signed(1.0) < 0.0 { -turn } else { turn };
        let shift = (signed(shift.0), signed(shift.1));
        let (shear, bend) = (signed(shear), signed(bend));
        let aspect = 1.0 + signed(0.15);
        let clutter = (clutter + stream.unit() as f32) as usize;
        Self { turn, size, aspect, shift, shear, bend, pen, contrast, tint, gradient, noise, clutter, clutter_contrast, ghost }
    }
}
